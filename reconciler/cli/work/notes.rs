//! What a person writes into the journals of servers.

use reconcile_core::{Act, Goal, Observe};
use reconcile_schema::{Mark, Marks, RunId, ServerName};

use crate::manifest::{input::Input, problem::Problem};
use crate::work::session::{Patience, opened, run_name, user};
use crate::work::site::Site;

/// A mark for one server, and what its journal had said before.
pub struct Noted {
    pub mark: Mark,
    pub before: Marks,
}

/// Makes a mark from the user's name and what the journal says so far.
pub type MakeMark<'a> = dyn Fn(String, &Marks) -> Mark + 'a;

/// Writes a mark into the journals of servers, except where they say the same already.
///
/// # Errors
/// When a server, its journal or the lock cannot be used, and the errors of `then`.
pub fn note(
    input: &Input,
    servers: &[ServerName],
    mark: &MakeMark<'_>,
    mut then: impl FnMut(&Goal, Noted) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let run = RunId(run_name());
    let (mut site, goals, _lock) = opened(input, servers, &run, Patience::NONE)?;
    for goal in &goals {
        let noted = match &mut site {
            Site::Lab(lab) => one(&mut lab.host(&goal.server).map_err(Problem::input)?, &run, mark)?,
            #[cfg(windows)]
            Site::Machine(host) => {
                let interrupt = reconcile_hosts::Interrupt::default();
                one(&mut host.to_act(interrupt).map_err(Problem::failed)?, &run, mark)?
            }
        };
        then(goal, noted)?;
    }
    Ok(())
}

fn one<H: Act>(host: &mut H, run: &RunId, mark: &MakeMark<'_>) -> Result<Noted, Problem> {
    let before = Observe::marks(host).map_err(Problem::failed)?;
    let mark = mark(user(), &before);
    let known = match (&mark, &before.hold) {
        (Mark::Held { reason, .. }, Some(hold)) => hold.reason == *reason,
        (Mark::Released { .. }, None) => true,
        (Mark::DamageAcknowledged { .. }, _) => before.damaged.is_none(),
        _ => false,
    };
    if !known {
        host.mark(run, &mark).map_err(Problem::failed)?;
    }
    Ok(Noted { mark, before })
}
