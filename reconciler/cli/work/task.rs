//! The scheduled task of this machine.

#[cfg(windows)]
use reconcile_hosts::{
    task::Request,
    windows::{Scheduler, is_administrator},
};
use reconcile_schema::TaskStanding;

use crate::manifest::problem::Problem;

/// Reads the scheduled task: what it runs, and when it starts next.
///
/// # Errors
/// When the Task Scheduler cannot be used.
#[cfg(windows)]
pub fn standing() -> Result<TaskStanding, Problem> {
    let Some(found) = scheduler()?.registered().map_err(Problem::failed)? else {
        return Ok(TaskStanding { installed: false, task: None, next: None });
    };
    let request = Request::of(&found).ok();
    let next = request.as_ref().map(|request| request.next(crate::work::clock::now()));
    Ok(TaskStanding { installed: true, task: request.map(|request| request.report()), next })
}

/// The Task Scheduler, for an administrator.
///
/// # Errors
/// When it cannot be used.
#[cfg(windows)]
pub fn scheduler() -> Result<Scheduler, Problem> {
    if !is_administrator().map_err(Problem::failed)? {
        return Err(Problem::of(
            reconcile_schema::Code::RightsMissing,
            "the scheduled task is for administrators of this server: run this as one of them, elevated",
        ));
    }
    Scheduler::open().map_err(Problem::failed)
}

/// The task of this machine.
///
/// # Errors
/// Always: there is none here.
#[cfg(not(windows))]
pub fn standing() -> Result<TaskStanding, Problem> {
    elsewhere()
}

/// Without Windows, there is no Task Scheduler.
///
/// # Errors
/// Always.
#[cfg(not(windows))]
pub fn elsewhere<T>() -> Result<T, Problem> {
    Err(Problem::usage(
        "the Task Scheduler is a part of Windows: run this on the server.\n\
         Here, `reconcile schedule install MANIFEST --print` shows the definition of the task",
    ))
}
