//! `reconcile schedule`: the scheduled task that runs us unattended.

#[cfg(windows)]
mod register;
#[cfg(any(windows, test))]
mod text;
mod unattended;

use reconcile_core::{Goal, product_steps};
use reconcile_hosts::task::{Account, Place, Request, longest};
#[cfg(not(windows))]
use reconcile_schema::TaskStanding;
use reconcile_schema::{Period, ServerName, Store, TaskMode};

use crate::{args, exit::Exit, input::Input, print, problem::Problem};

/// Registers, shows or removes the task.
///
/// # Errors
/// When the task cannot be asked for, or the Task Scheduler cannot be used.
pub fn run(command: &args::Schedule) -> Result<Exit, Problem> {
    match command {
        args::Schedule::Install(args) if args.print => {
            let (request, outlook) = request(args)?;
            tell(&outlook);
            print(&request.definition().to_xml(None).map_err(Problem::failed)?)
        }
        args::Schedule::Install(args) => install(args),
        args::Schedule::Show { output } => show(*output),
        args::Schedule::Remove => remove(),
    }
}

#[cfg(windows)]
pub use register::standing;
#[cfg(windows)]
use register::{install, remove, show};

#[cfg(not(windows))]
fn install(_: &args::Install) -> Result<Exit, Problem> {
    elsewhere()
}

#[cfg(not(windows))]
fn show(_: args::Output) -> Result<Exit, Problem> {
    elsewhere()
}

#[cfg(not(windows))]
fn remove() -> Result<Exit, Problem> {
    elsewhere()
}

/// The task of this machine.
///
/// # Errors
/// There are none here.
#[cfg(not(windows))]
pub fn standing() -> Result<TaskStanding, Problem> {
    elsewhere()
}

#[cfg(not(windows))]
fn elsewhere<T>() -> Result<T, Problem> {
    Err(Problem::usage(
        "the Task Scheduler is a part of Windows: run this on the server.\n\
         Here, `reconcile schedule install MANIFEST --print` shows the definition of the task",
    ))
}

/// Says this to the person at the console.
fn tell(text: &str) {
    use std::io::Write;
    let _ = write!(anstream::stderr(), "{text}"); // Nobody may be reading it, which is no failure.
}

/// What the task is asked to do, and what is to be expected of it.
fn request(args: &args::Install) -> Result<(Request, String), Problem> {
    let input = Input::read(&args.manifest)?;
    let goals = goals(&input, &args.servers)?;
    let request = Request {
        mode: args.mode,
        manifest: match &args.named {
            Some(named) => named.clone(),
            None => manifest(args)?,
        },
        program: match &args.program {
            Some(program) => program.clone(),
            None => program()?,
        },
        account: match (&args.account, args.password) {
            (account, false) => account.clone(),
            (Account::Local(name), true) => Account::WithPassword(name.clone()),
            (other, true) => return Err(Problem::usage(format!("{other} has no password that somebody knows"))),
        },
        every: args.every,
        jitter: args.jitter,
        limit: limit(&goals, args.mode),
    };
    reachable(&request, &goals)?;
    let outlook = match request.mode {
        TaskMode::Observe => String::new(),
        TaskMode::Apply => {
            unattended::may(&request, &input, &goals)?;
            unattended::outlook(&goals, now())
        }
    };
    Ok((request.checked().map_err(Problem::usage)?, outlook))
}

#[expect(clippy::disallowed_methods, reason = "the edge: when the first outage can be is told as of now")]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// The goals of the servers that the task is for: those that are named, else this server, else all of the manifest.
fn goals(input: &Input, servers: &[ServerName]) -> Result<Vec<Goal>, Problem> {
    if input.manifest.lab.is_some() {
        let path = input.path.display();
        return Err(Problem::usage(format!(
            "{path} is for a lab: its servers are simulated and have no Task Scheduler"
        )));
    }
    #[cfg(windows)]
    if servers.is_empty() {
        let name = reconcile_hosts::windows::name().map_err(Problem::failed)?;
        return crate::site::goals_here(input, &name);
    }
    input.goals(servers)
}

/// The longest that a run can take on any of the servers.
fn limit(goals: &[Goal], mode: TaskMode) -> Period {
    goals.iter().map(|goal| longest(goal, mode)).max().unwrap_or_default()
}

/// The path of the manifest that the task gets.
fn manifest(args: &args::Install) -> Result<Place, Problem> {
    let path = &args.manifest;
    #[cfg(windows)]
    let path = &std::path::absolute(path).map_err(|error| Problem::input(format!("{}: {error}", path.display())))?;
    let named = path.display().to_string();
    named.parse().map_err(|error| {
        let help = if args.print { "; --as gives the path that the manifest has on the server" } else { "" };
        Problem::usage(format!("{error}{help}"))
    })
}

/// The path of the program that the task runs: this one, or where there is no Windows the one that it would have there.
fn program() -> Result<Place, Problem> {
    #[cfg(windows)]
    let path = std::env::current_exe().map_err(Problem::failed)?.display().to_string();
    #[cfg(not(windows))]
    let path = reconcile_hosts::task::PROGRAM;
    path.parse().map_err(Problem::usage)
}

/// An account without access to the network must find everything on the server itself.
fn reachable(request: &Request, goals: &[Goal]) -> Result<(), Problem> {
    if request.account.reaches_the_network() {
        return Ok(());
    }
    let far = request.manifest.is_on_a_share().then(|| format!("the manifest, {}", request.manifest));
    let far = far.or_else(|| {
        goals.iter().find_map(|goal| {
            let installer = &goal.installer.path;
            let share = installer.starts_with(r"\\").then(|| format!("the installer, {installer}"));
            share.or_else(|| goal.stores.iter().find_map(|store| elsewhere_than(goal, store)))
        })
    });
    let of_the_domain =
        request.mode == TaskMode::Apply && goals.iter().any(|goal| product_steps(goal).next().is_some());
    far.map_or(Ok(()), |far| Err(Problem::usage(no_network(&request.account, &far, of_the_domain))))
}

/// The SQL Server of a store, where it is not the server itself.
fn elsewhere_than(goal: &Goal, store: &Store) -> Option<String> {
    match store {
        Store::Local => None,
        Store::Configured { sql_server, .. } | Store::CentralManagement { sql_server, .. } => {
            let here = sql_server.as_str().eq_ignore_ascii_case(goal.server.as_str());
            (!here).then(|| format!("the SQL Server {sql_server}"))
        }
    }
}

fn no_network(account: &Account, far: &str, of_the_domain: bool) -> String {
    let choose = if of_the_domain {
        "choose a managed service account (DOMAIN\\name$) that is a member of RTCUniversalServerAdmins, or add --password, with which \
         the Task Scheduler asks for the account's password"
    } else {
        "choose SYSTEM or a managed service account (DOMAIN\\name$), or add --password, with which the Task Scheduler asks for the \
         account's password"
    };
    format!(
        "without its password, which reconcile does not take, {account} has no access to the network in a task, and {far}, \
         is there: {choose}"
    )
}
