//! `reconcile explain`: what a word of a manifest, a message, a report or the event log means; and which values count for
//! a server of a manifest, each with its place.

use std::path::Path;

use crate::commands::args::Explain;
use crate::manifest::{exit::Exit, input::Input, problem::Problem};
use crate::show::{out::print, reference, resolved};
use crate::work::explain::report;

/// Explains the word in each of its meanings, or the values of a server.
///
/// # Errors
/// When the word has no meaning, or the manifest cannot be used or does not name the server.
pub fn run(args: &Explain) -> Result<Exit, Problem> {
    let path = Path::new(&args.word);
    let Some(server) = &args.server else {
        return print(&reference::explain(&args.word).map_err(|unknown| no_server(path).unwrap_or(unknown))?);
    };
    // The errors are those of `validate`: another server's, too.
    let (input, _) = Input::validate(path)?;
    input.goals(&[])?;
    args.output.print(&report(&input, server)?, resolved::text)
}

/// A manifest was named, and no server.
fn no_server(path: &Path) -> Option<Problem> {
    let is_named = path.extension().is_some_and(|end| ["yaml", "yml", "json"].iter().any(|known| end == *known));
    (is_named || path.is_file()).then(|| {
        let path = path.display();
        Problem::usage(format!(
            "`{path}` is a manifest: name the server whose values you want to see\n\
             reconcile explain {path} --server NAME"
        ))
    })
}
