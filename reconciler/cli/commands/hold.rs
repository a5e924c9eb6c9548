//! `reconcile hold`, `unhold` and `acknowledge`: what a person writes into the journal of a server.

use std::path::Path;

use reconcile_schema::{Mark, Marks, ServerName};

use crate::commands::args::{Acknowledge, Concern, Hold, Unhold};
use crate::manifest::{exit::Exit, input::Input, problem::Problem};
use crate::show::{notes, out::print};
use crate::work::notes::{MakeMark, note};

/// Puts servers on hold.
///
/// # Errors
/// When the manifest, a journal or the lock cannot be used.
pub fn hold(args: &Hold) -> Result<Exit, Problem> {
    if args.reason.trim().is_empty() {
        return Err(Problem::usage("a hold needs a reason: anyone who meets it must know what to wait for"));
    }
    say(&args.manifest, &args.servers, &|by, _| Mark::Held { reason: args.reason.trim().into(), by })
}

/// Ends the hold of servers.
///
/// # Errors
/// As [`hold`].
pub fn unhold(args: &Unhold) -> Result<Exit, Problem> {
    say(&args.manifest, &args.servers, &|by, _| Mark::Released { by })
}

/// Acknowledges what no run ignores by itself.
///
/// # Errors
/// As [`hold`].
pub fn acknowledge(args: &Acknowledge) -> Result<Exit, Problem> {
    if args.reason.trim().is_empty() {
        return Err(Problem::usage("an acknowledgement needs a reason: say what you found"));
    }
    let mark = |by, before: &Marks| match args.what {
        Concern::Journal => {
            Mark::DamageAcknowledged { lines: Some(before.lost), reason: args.reason.trim().into(), by }
        }
    };
    say(&args.manifest, &args.servers, &mark)
}

fn say(manifest: &Path, servers: &[ServerName], mark: &MakeMark<'_>) -> Result<Exit, Problem> {
    note(&Input::read(manifest)?, servers, mark, |goal, noted| print(&notes::said(goal, &noted)).map(drop))?;
    Ok(Exit::Done)
}
