//! `reconcile observe`: what is seen of servers, as JSON.

use reconcile_core::{Ask, Goal, Observe};
use reconcile_schema::Observed;

use crate::{args, exit::Exit, input::Input, plan::json, print, problem::Problem, site::Site};

/// Looks at everything there is to see, dear facts too, and prints one JSON document per server.
///
/// # Errors
/// When the manifest or a host cannot be used.
pub fn run(args: &args::Observe) -> Result<Exit, Problem> {
    let input = Input::read(&args.manifest)?;
    let (mut site, goals) = Site::open(&input, &args.servers)?;
    for goal in &goals {
        let seen = match &mut site {
            Site::Lab(lab) => look(&mut lab.host(&goal.server).map_err(Problem::input)?, goal)?,
            #[cfg(windows)]
            Site::Machine(host) => look(host.as_mut(), goal)?,
        };
        print(&json(&seen)?)?;
    }
    Ok(Exit::Done)
}

fn look<H: Observe>(host: &mut H, goal: &Goal) -> Result<Observed, Problem> {
    let stores = goal.stores.iter().cloned().map(Ask::Databases);
    for ask in [Ask::Rights, Ask::Package, Ask::Disk, Ask::Shells].into_iter().chain(stores) {
        host.look(goal, &ask).map_err(Problem::failed)?;
    }
    host.observe().map_err(Problem::failed)
}
