//! The difference between a goal and what is seen, finding by finding.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use reconcile_schema::{Cause, DatabaseState, Fact};

use crate::{Blocker, Goal, Seen, gate::refusal, next::reboot_due};

/// One difference, or one thing that cannot be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind of difference it is.
    pub kind: FindingKind,
    /// What it is about: a component, a service, a database.
    pub subject: String,
    /// What is desired.
    pub desired: String,
    /// What is observed.
    pub observed: String,
}

/// The kinds of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    /// A component is below its build.
    ComponentBehind,
    /// A database is below the version that the binaries expect.
    DatabaseBehind,
    /// A service should run and does not.
    ServiceDown,
    /// The installer asked for a restart that has not happened.
    RestartDue,
    /// Core Components is above the declared build.
    Ahead,
    /// Another product, or none, is installed.
    WrongProduct,
    /// A fact could not be read, or was not looked at.
    Unknown,
}

impl FindingKind {
    /// A code that does not change between versions.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ComponentBehind => "component-behind",
            Self::DatabaseBehind => "database-behind",
            Self::ServiceDown => "service-down",
            Self::RestartDue => "restart-due",
            Self::Ahead => "ahead",
            Self::WrongProduct => "wrong-product",
            Self::Unknown => "unknown",
        }
    }
}

/// Everything in which `seen` differs from `goal`, and everything that cannot be told.
#[must_use]
pub fn drift(goal: &Goal, seen: &Seen) -> Vec<Finding> {
    let finding = |kind, subject: &str, desired: String, observed: String| Finding {
        kind,
        subject: subject.to_string(),
        desired,
        observed,
    };
    let mut found = Vec::new();
    match &seen.host.components {
        Fact::Known(components) => match refusal(goal, components) {
            Some(Blocker::Newer { declared, found: newer }) => {
                found.push(finding(FindingKind::Ahead, "core-components", declared.to_string(), newer.to_string()));
            }
            Some(blocker) => {
                found.push(finding(FindingKind::WrongProduct, "product", goal.product.to_string(), blocker.to_string()))
            }
            None => found.extend(goal.behind(components).into_iter().map(|behind| {
                let (desired, observed) = (behind.desired.to_string(), behind.found.to_string());
                finding(FindingKind::ComponentBehind, behind.component.as_str(), desired, observed)
            })),
        },
        unread @ (Fact::Unknown(_) | Fact::NotLooked) => {
            found.push(finding(FindingKind::Unknown, "components", goal.core.to_string(), why(unread)));
        }
    }
    if let unread @ (Fact::Unknown(_) | Fact::NotLooked) = &seen.host.services {
        found.push(finding(FindingKind::Unknown, "services", "running".into(), why(unread)));
    }
    let down = goal.should_run(&seen.host, seen.baseline()).filter(|service| !service.is_running());
    found.extend(
        down.map(|service| {
            finding(FindingKind::ServiceDown, &service.name, "running".into(), service.state.to_string())
        }),
    );
    if seen.attempt_in_this_boot().is_some()
        && let Some(Cause::RebootPending(who)) = reboot_due(seen)
    {
        let who = format!("asked for by {}", who.join(", "));
        found.push(finding(FindingKind::RestartDue, "restart", "none pending".into(), who));
    }
    for store in &goal.stores {
        match seen.host.databases(store) {
            Fact::Known(databases) => found.extend(databases.iter().filter_map(|database| {
                let version = |version: Option<reconcile_schema::DbVersion>| {
                    version.map_or_else(|| "unknown".to_string(), |version| version.to_string())
                };
                let (desired, observed) = (version(database.expected), version(database.installed));
                match database.state() {
                    DatabaseState::Current => None,
                    DatabaseState::Behind => {
                        Some(finding(FindingKind::DatabaseBehind, &database.name, desired, observed))
                    }
                    DatabaseState::Unknown(why) => {
                        Some(finding(FindingKind::Unknown, &database.name, desired, why.into()))
                    }
                }
            })),
            Fact::Unknown(why) => {
                found.push(finding(FindingKind::Unknown, &store.to_string(), "current".into(), why.clone()));
            }
            Fact::NotLooked => {}
        }
    }
    found
}

fn why<T>(fact: &Fact<T>) -> String {
    match fact {
        Fact::Unknown(why) => why.clone(),
        Fact::NotLooked | Fact::Known(_) => "not looked at".into(),
    }
}
