//! The trace, as lines of JSON that the engine of DSC reads: `{"warn":"what is to be said"}`.

use std::fmt::{self, Write};

use serde_json::json;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

use crate::manifest::harmless::Trace;

/// The engine sets here how much it wants to read.
const LEVEL: &str = "DSC_TRACE_LEVEL";

/// Writes the trace to standard error from now on: as much as the engine requested, otherwise warnings; with `verbose`,
/// at least the work that is done.
pub fn listen(verbose: bool) {
    let asked = std::env::var(LEVEL).ok().and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::WARN);
    let level = if verbose { asked.max(LevelFilter::INFO) } else { asked };
    let _ = tracing_subscriber::fmt() // It fails if there is a subscriber already, and there is none here.
        .with_writer(|| Trace::json(std::io::stderr()))
        .with_max_level(level)
        .event_format(Lines)
        .try_init();
}

struct Lines;

impl<S: Subscriber + for<'a> LookupSpan<'a>, N: for<'a> FormatFields<'a> + 'static> FormatEvent<S, N> for Lines {
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut to: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut said = Said::default();
        event.record(&mut said);
        let level = event.metadata().level().as_str().to_lowercase();
        writeln!(to, "{}", json!({ level: said.text() }))
    }
}

/// The content of an event: the engine shows only a text.
#[derive(Default)]
struct Said {
    server: String,
    message: String,
    rest: String,
}

impl Said {
    fn text(&self) -> String {
        format!("{}{}{}", self.server, self.message, self.rest)
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            "server" => write!(self.server, "{value:?}: "),
            name => write!(self.rest, "; {name}: {value:?}"),
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}
