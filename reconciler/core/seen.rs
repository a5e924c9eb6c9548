//! What a decision sees: the host as observed, what only we can remember of it, and how this run has gone so far.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use jiff::Timestamp;
use reconcile_schema::{BootId, Build, Database, Observed, Period, Step, Store};
use serde::{Deserialize, Serialize};

/// Everything that a decision may look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The host.
    pub host: Observed,
    /// What cannot be observed.
    pub marks: Marks,
    /// This run so far.
    pub run: Run,
}

/// A run of `reconcile` on one host.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub String);

/// How this run has gone so far. It lives in memory only: the next run starts anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Which run it is.
    pub id: RunId,
    /// Steps that this run will not take again, and why.
    pub spent: Vec<(Step, Spent)>,
    /// Why nothing more is taken down in this run.
    pub halt: Option<Halt>,
    /// How long it has waited for open shells.
    pub waited: Period,
    /// The longest outage that it has seen, its own or one that an earlier run left behind.
    pub outage: Option<Period>,
}

impl Run {
    /// A run that has not done anything.
    #[must_use]
    pub const fn new(id: RunId) -> Self {
        Self { id, spent: Vec::new(), halt: None, waited: Period::seconds(0), outage: None }
    }
}

/// Why a step is not taken again in this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spent {
    /// It reported success, and nothing that it should change changed.
    Stuck,
    /// It could not be done.
    Failed(String),
}

/// Why nothing more is taken down in this run; bringing up goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Halt {
    /// Somebody interrupted it.
    Interrupted,
    /// The approved plan says something else.
    Deviated {
        /// The step that comes next in the approved plan, if any is left.
        approved: Option<Step>,
        /// The step that was decided.
        decided: Step,
    },
}

/// One entry of the journal: something that cannot be observed later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "mark", deny_unknown_fields)]
pub enum Mark {
    /// A run begins.
    RunBegan {
        /// The build that Core Components must reach.
        target: Build,
        /// The version of `reconcile`.
        version: String,
        /// Who runs it.
        by: String,
    },
    /// An operator repaired the cause: attempts and restarts count from zero again.
    Forgiven,
    /// Services are about to be stopped; these ran.
    TakingDown {
        /// The services that ran, and the web server if it did.
        running: Vec<String>,
    },
    /// A step begins.
    Began {
        /// The step.
        step: Step,
    },
    /// A step ended.
    Ended {
        /// The step.
        step: Step,
        /// What it said, in words; evidence, not state.
        said: String,
    },
    /// The services were stopped, all of them.
    Stopped,
    /// The installer is about to be started.
    Installing {
        /// The build that it should bring.
        target: Build,
        /// The boot in which it starts.
        boot: Option<BootId>,
    },
    /// The installer has ended.
    Installed {
        /// Its exit code.
        code: u32,
        /// Whether any component moved.
        moved: bool,
    },
    /// A restart was asked for.
    RebootAsked {
        /// The boot that it should end.
        #[serde(default)]
        boot: Option<BootId>,
    },
    /// The databases were looked at with these binaries.
    Checked {
        /// Which databases.
        store: Store,
        /// The build of Core Components that asked.
        core: Build,
        /// What was seen.
        databases: Vec<Database>,
    },
    /// Every service of the baseline runs again.
    Up,
    /// The run ended.
    RunEnded {
        /// How, in words.
        outcome: String,
        /// Whether the host is at its goal.
        at_goal: bool,
    },
}

/// What the journal tells: only what cannot be observed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marks {
    /// The services that ran before they were stopped, while the outage lasts.
    pub baseline: Option<Baseline>,
    /// The last start of the installer.
    pub attempt: Option<Attempt>,
    /// How often the installer was started for the target of the last attempt, without reaching a goal.
    pub attempts: u32,
    /// How often the machine was restarted for that target.
    pub reboots: u32,
    /// The boot that the last of these restarts should end.
    pub rebooting: Option<BootId>,
    /// The last look at databases, by store.
    pub checked: BTreeMap<Store, Checked>,
}

/// What ran before the outage, and since when it lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    /// The services, and the web server if it ran.
    pub running: Vec<String>,
    /// When the first of them was stopped.
    pub since: Timestamp,
    /// Whether the installer was started since then.
    pub installing: bool,
}

/// A start of the installer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The run that started it.
    pub run: RunId,
    /// The build that it should bring.
    pub target: Build,
    /// The boot in which it started.
    pub boot: Option<BootId>,
    /// Its exit code, once it has ended; a run that was killed never learnt it.
    pub code: Option<u32>,
    /// Whether any component moved.
    pub moved: bool,
    /// Whether the services were stopped since it started.
    pub stopped_since: bool,
}

/// A look at databases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// When.
    pub at: Timestamp,
    /// The build of Core Components that asked: it decides which versions are expected.
    pub core: Build,
    /// What was seen.
    pub databases: Vec<Database>,
}

impl Marks {
    /// Takes in one entry of the journal, written by `run` at `at`.
    pub fn take(&mut self, run: &RunId, at: Timestamp, mark: &Mark) {
        match mark {
            Mark::Began { step: Step::UpdateDatabases(store) } => drop(self.checked.remove(store)),
            Mark::RunBegan { .. } | Mark::Began { .. } | Mark::Ended { .. } => {}
            Mark::Forgiven => (self.attempts, self.reboots, self.rebooting) = (0, 0, None),
            Mark::TakingDown { running } => {
                if self.baseline.is_none() {
                    self.baseline = Some(Baseline { running: running.clone(), since: at, installing: false });
                }
            }
            Mark::Stopped => {
                if let Some(attempt) = &mut self.attempt {
                    attempt.stopped_since = true;
                }
            }
            Mark::Installing { target, boot } => {
                (self.attempts, self.reboots) = match &self.attempt {
                    Some(last) if last.target != *target => (1, 0),
                    Some(_) | None => (self.attempts + 1, self.reboots),
                };
                self.checked.clear(); // The new binaries may expect other versions.
                if let Some(baseline) = &mut self.baseline {
                    baseline.installing = true;
                }
                self.attempt = Some(Attempt {
                    run: run.clone(),
                    target: target.clone(),
                    boot: boot.clone(),
                    code: None,
                    moved: false,
                    stopped_since: false,
                });
            }
            Mark::Installed { code, moved } => {
                if let Some(attempt) = &mut self.attempt {
                    (attempt.code, attempt.moved) = (Some(*code), *moved);
                }
            }
            Mark::RebootAsked { boot } => {
                // Asked twice in one boot, it has not happened in between.
                if boot.is_none() || self.rebooting != *boot {
                    self.reboots += 1;
                }
                self.rebooting.clone_from(boot);
            }
            Mark::Checked { store, core, databases } => {
                let checked = Checked { at, core: core.clone(), databases: databases.clone() };
                self.checked.insert(store.clone(), checked);
            }
            Mark::Up => self.baseline = None,
            Mark::RunEnded { at_goal, .. } => {
                if *at_goal {
                    (self.attempt, self.attempts, self.reboots, self.rebooting) = (None, 0, 0, None);
                }
            }
        }
    }
}

impl Seen {
    /// The installer's last start, when it happened in the boot that the host is in.
    ///
    /// A restart puts new assemblies into every process, and carries out what the installer left for it.
    #[must_use]
    pub fn attempt_in_this_boot(&self) -> Option<&Attempt> {
        let attempt = self.marks.attempt.as_ref()?;
        match (&attempt.boot, self.host.boot.known()) {
            (Some(then), Some(now)) => (then == now).then_some(attempt),
            (None, _) | (_, None) => Some(attempt),
        }
    }

    /// Whether running services may hold assemblies that an installer replaced since they were last stopped.
    #[must_use]
    pub fn holds_assemblies(&self) -> bool {
        let replaced = |attempt: &Attempt| attempt.moved || attempt.code.is_none();
        self.attempt_in_this_boot().is_some_and(|attempt| !attempt.stopped_since && replaced(attempt))
    }

    /// The services that ran before they were stopped.
    #[must_use]
    pub fn baseline(&self) -> Option<&[String]> {
        self.marks.baseline.as_ref().map(|baseline| baseline.running.as_slice())
    }

    /// How long the outage has lasted.
    #[must_use]
    pub fn outage(&self) -> Option<Period> {
        self.marks.baseline.as_ref().map(|baseline| Period::between(baseline.since, self.host.at))
    }

    /// Why `step` is not taken again in this run.
    #[must_use]
    pub fn spent(&self, step: &Step) -> Option<&Spent> {
        self.run.spent.iter().find(|(spent, _)| spent == step).map(|(_, why)| why)
    }
}
