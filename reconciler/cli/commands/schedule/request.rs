//! The request for a scheduled task, and what to expect of the task.

use reconcile_core::{Goal, product_steps};
use reconcile_hosts::task::{Account, Place, Request, longest};
use reconcile_schema::{Mode, Period, ServerName, Store};

use crate::commands::{args::Install, schedule::unattended};
use crate::manifest::{input::Input, problem::Problem};
use crate::work::clock::now;

/// Writes this for the person at the console.
pub fn tell(text: &str) {
    use std::io::Write;
    let _ = write!(anstream::stderr(), "{text}"); // Nobody may be reading it, which is not a failure.
}

/// The request for the task, and what to expect of the task.
///
/// # Errors
/// When the manifest cannot be used, or the task could not do this.
pub fn request(args: &Install) -> Result<(Request, String), Problem> {
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
        Mode::Observe => String::new(),
        Mode::Apply => {
            unattended::may(&request, &input, &goals)?;
            unattended::outlook(&goals, now())
        }
    };
    Ok((request.checked().map_err(Problem::usage)?, outlook))
}

/// The goals of the servers of the task: those that are named, else this server, else all of the manifest.
///
/// # Errors
/// When the manifest belongs to a lab, or makes no goals.
pub fn goals(input: &Input, servers: &[ServerName]) -> Result<Vec<Goal>, Problem> {
    if input.manifest.lab.is_some() {
        let path = input.path.display();
        return Err(Problem::usage(format!(
            "{path} is for a lab: its servers are simulated and have no Task Scheduler"
        )));
    }
    #[cfg(windows)]
    if servers.is_empty() {
        let name = reconcile_hosts::windows::name().map_err(Problem::failed)?;
        return crate::work::site::goals_here(input, &name);
    }
    input.goals(servers)
}

/// The longest time of a run on any of the servers.
pub fn limit(goals: &[Goal], mode: Mode) -> Period {
    goals.iter().map(|goal| longest(goal, mode)).max().unwrap_or_default()
}

/// The path of the manifest for the task.
fn manifest(args: &Install) -> Result<Place, Problem> {
    let path = &args.manifest;
    #[cfg(windows)]
    let path = &std::path::absolute(path).map_err(|error| Problem::input(format!("{}: {error}", path.display())))?;
    let named = path.display().to_string();
    named.parse().map_err(|error| {
        let help = if args.print { "; --as gives the path that the manifest has on the server" } else { "" };
        Problem::usage(format!("{error}{help}"))
    })
}

/// The path of the program for the task: this one or, without Windows, the one that it would have there.
fn program() -> Result<Place, Problem> {
    #[cfg(windows)]
    let path = std::env::current_exe().map_err(Problem::failed)?.display().to_string();
    #[cfg(not(windows))]
    let path = reconcile_hosts::task::PROGRAM;
    path.parse().map_err(Problem::usage)
}

/// Checks that an account without access to the network finds everything on the server itself.
///
/// # Errors
/// When it would not.
pub fn reachable(request: &Request, goals: &[Goal]) -> Result<(), Problem> {
    if request.account.reaches_the_network() {
        return Ok(());
    }
    let far = request.manifest.is_on_a_share().then(|| format!("the manifest, {}", request.manifest));
    let far = far.or_else(|| {
        goals.iter().find_map(|goal| {
            let installer = &goal.installer.path;
            let share = installer.starts_with(r"\\").then(|| format!("the installer, {installer}"));
            share.or_else(|| goal.all_stores().find_map(|store| elsewhere_than(goal, store)))
        })
    });
    let of_the_domain = request.mode == Mode::Apply && goals.iter().any(|goal| product_steps(goal).next().is_some());
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
