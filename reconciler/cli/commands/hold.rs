//! `reconcile hold`, `unhold` and `acknowledge`: what a person writes into the journal of a server.

use reconcile_core::{Act, Goal, Observe};
use reconcile_schema::{Damage, Mark, RunId, ZoneName, shown_at};

use crate::commands::args::{Acknowledge, Concern, Hold, Unhold};
use crate::manifest::{diagnostic::escape, exit::Exit, input::Input, problem::Problem};
use crate::show::out::print;
use crate::show::status::held;
use crate::work::session::{opened, run_name, user};
use crate::work::site::Site;

/// Puts servers on hold.
///
/// # Errors
/// When the manifest, a journal or the lock cannot be used.
pub fn hold(args: &Hold) -> Result<Exit, Problem> {
    if args.reason.trim().is_empty() {
        return Err(Problem::usage("a hold needs a reason: anyone who meets it must know what to wait for"));
    }
    say(&args.manifest, &args.servers, &|by| Mark::Held { reason: args.reason.trim().into(), by })
}

/// Ends the hold of servers.
///
/// # Errors
/// As [`hold`].
pub fn unhold(args: &Unhold) -> Result<Exit, Problem> {
    say(&args.manifest, &args.servers, &|by| Mark::Released { by })
}

/// Acknowledges what no run ignores by itself.
///
/// # Errors
/// As [`hold`].
pub fn acknowledge(args: &Acknowledge) -> Result<Exit, Problem> {
    if args.reason.trim().is_empty() {
        return Err(Problem::usage("an acknowledgement needs a reason: say what you found"));
    }
    let mark = |by| match args.what {
        Concern::Journal => Mark::DamageAcknowledged { reason: args.reason.trim().into(), by },
    };
    say(&args.manifest, &args.servers, &mark)
}

fn say(
    manifest: &std::path::Path,
    servers: &[reconcile_schema::ServerName],
    mark: &dyn Fn(String) -> Mark,
) -> Result<Exit, Problem> {
    let input = Input::read(manifest)?;
    let run = RunId(run_name());
    let (mut site, goals, _lock) = opened(&input, servers, &run)?;
    for goal in &goals {
        let told = match &mut site {
            Site::Lab(lab) => note(&mut lab.host(&goal.server).map_err(Problem::input)?, goal, &run, mark(user()))?,
            #[cfg(windows)]
            Site::Machine(host) => {
                let interrupt = reconcile_hosts::Interrupt::default();
                note(&mut host.to_act(interrupt).map_err(Problem::failed)?, goal, &run, mark(user()))?
            }
        };
        print(&format!("{}: {told}\n", goal.server))?;
    }
    Ok(Exit::Done)
}

/// Writes the mark, unless the journal says the same already.
fn note<H: Act>(host: &mut H, goal: &Goal, run: &RunId, mark: Mark) -> Result<String, Problem> {
    let marks = Observe::marks(host).map_err(Problem::failed)?;
    let known = match (&mark, &marks.hold) {
        (Mark::Held { reason, .. }, Some(hold)) => hold.reason == *reason,
        (Mark::Released { .. }, None) => true,
        (Mark::DamageAcknowledged { .. }, _) => marks.damaged.is_none(),
        _ => false,
    };
    if !known {
        host.mark(run, &mark).map_err(Problem::failed)?;
    }
    let zone = goal.zone();
    let down = match &marks.baseline {
        Some(baseline) => format!(
            "; a run stopped its services on {}, and the next run brings them back, hold or no hold",
            shown_at(baseline.since, zone)
        ),
        None => String::new(),
    };
    let damaged = match &marks.damaged {
        Some(damage) => format!("\n  its journal is damaged: {damage}; see reconcile acknowledge"),
        None => String::new(),
    };
    Ok(match (&mark, &marks.hold) {
        (Mark::DamageAcknowledged { .. }, hold) => acknowledged(marks.damaged.as_ref(), hold.as_ref(), zone),
        (Mark::Held { reason, .. }, _) => format!("held: {}{down}{damaged}", escape(reason)),
        (_, Some(hold)) => format!("no longer held; it was {}{damaged}", held(hold, zone)),
        (_, None) => format!("was not held{damaged}"),
    })
}

/// The answer to an acknowledgement.
fn acknowledged(damage: Option<&Damage>, hold: Option<&reconcile_schema::Hold>, zone: Option<&ZoneName>) -> String {
    let Some(damage) = damage else { return "its journal is not damaged: nothing was written".into() };
    let held = match hold {
        Some(hold) => format!("it is {}", held(hold, zone)),
        None => "it is not held: where it must not be touched, say so with reconcile hold".into(),
    };
    format!("acknowledged: {damage}; {held}")
}
