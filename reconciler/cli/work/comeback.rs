//! Who continues where a run must wait: the scheduled task, or the person who started it.

use std::path::Path;

use reconcile_schema::{Mode, NextStart, TaskStanding};

use crate::work::{task::standing, words::coming};

/// The one who waits, and the place.
#[derive(Debug, Clone, Copy)]
pub enum Waiter<'a> {
    /// The scheduled task of simulated servers.
    Task,
    /// A person on this machine, with this manifest.
    Person(&'a Path),
    /// A person with simulated servers, which have no tasks.
    Lab,
    /// A person who reads about a server elsewhere.
    Elsewhere,
}

/// Who starts the next run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comeback {
    /// A scheduled task, at this time if it is known.
    Task(Option<NextStart>),
    /// Nobody, unless a person does it or registers a task.
    Nobody,
    /// Nobody, unless a person does it: there are no tasks here.
    Person,
    /// It is unknown here.
    Unknown,
}

impl<'a> Waiter<'a> {
    /// Who waits for a run of `apply` or a plan, in a lab or on this machine.
    pub const fn of(lab: bool, manifest: &'a Path) -> Self {
        if lab { Self::Lab } else { Self::Person(manifest) }
    }

    /// Who starts the next run. On a server this asks the Task Scheduler, so only messages that need the answer call
    /// it.
    pub fn comeback(self) -> Comeback {
        match self {
            Self::Task => Comeback::Task(None),
            Self::Lab => Comeback::Person,
            Self::Elsewhere => Comeback::Unknown,
            Self::Person(manifest) => match (standing(), std::path::absolute(manifest)) {
                (Ok(standing), Ok(manifest)) => by_task(&standing, &manifest.display().to_string()),
                (Err(_), _) | (_, Err(_)) => Comeback::Unknown,
            },
        }
    }
}

/// Whether the task of this machine applies the manifest at this path. A task that only observes continues nothing.
fn by_task(standing: &TaskStanding, manifest: &str) -> Comeback {
    let applies = standing
        .task
        .as_ref()
        .is_some_and(|task| task.mode == Mode::Apply && task.manifest.eq_ignore_ascii_case(manifest));
    if applies { Comeback::Task(standing.next) } else { Comeback::Nobody }
}

impl Comeback {
    /// What a person must do so that the work continues, `when` it can.
    pub fn goes_on(self, when: &str) -> String {
        match self {
            Self::Task(Some(next)) => {
                format!("nothing has to be done: the scheduled task goes on {when}; it starts next {}", coming(&next))
            }
            Self::Task(None) => format!("nothing has to be done: the scheduled task goes on {when}"),
            Self::Nobody => {
                format!(
                    "no scheduled task goes on here: run apply again {when}, or register one with reconcile schedule install"
                )
            }
            Self::Person => format!("run apply again {when}: it goes on from here"),
            Self::Unknown => format!("run apply again {when}, unless a scheduled task of the server does"),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use reconcile_schema::{Period, ScheduledTask};

    use super::*;

    #[test]
    fn nothing_has_to_be_done_only_where_a_task_will_do_it() {
        let at = |time: &str| format!("2026-11-02T{time}Z").parse().unwrap();
        let next = NextStart { from: at("02:00:00"), until: at("02:00:00") };
        let standing = |mode, manifest: &str| TaskStanding {
            installed: true,
            task: Some(ScheduledTask {
                mode,
                manifest: manifest.into(),
                program: r"C:\reconcile.exe".into(),
                account: "SYSTEM".into(),
                every: Period::hours(1),
                jitter: Period::minutes(0),
                limit: Period::hours(6),
            }),
            next: Some(next),
        };
        let here = r"C:\m.yaml";
        let none = TaskStanding { installed: false, task: None, next: None };
        let somebody_elses = TaskStanding { installed: true, ..none.clone() };
        let table = [
            (standing(Mode::Apply, here), Comeback::Task(Some(next))),
            (standing(Mode::Apply, r"c:\M.yaml"), Comeback::Task(Some(next))),
            (standing(Mode::Observe, here), Comeback::Nobody),
            (standing(Mode::Apply, r"D:\other.yaml"), Comeback::Nobody),
            (none, Comeback::Nobody),
            (somebody_elses, Comeback::Nobody),
        ];
        for (standing, expected) in table {
            let found = by_task(&standing, here);
            assert_eq!(found, expected, "{standing:?}");
            let nothing = found.goes_on("on Sunday").contains("nothing has to be done");
            assert_eq!(nothing, matches!(found, Comeback::Task(_)), "{standing:?}");
        }
        for waiter in [Waiter::Lab, Waiter::Elsewhere] {
            let said = waiter.comeback().goes_on("on Sunday");
            assert!(said.contains("run apply again on Sunday"), "{said}");
        }
    }
}
