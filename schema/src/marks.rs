//! What the journal of a host says: only what cannot be observed later.

use alloc::{collections::BTreeMap, string::String, vec::Vec};
use core::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    BootId, Build, Code, ComponentName, Database, Durations, Period, Phase, RunId, Sha256, Step, Store, by_store,
    shown_at,
};

/// One entry of the journal: something that cannot be observed later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "mark", deny_unknown_fields)]
pub enum Mark {
    /// A run begins.
    RunBegan {
        /// The build that Core Components must reach.
        target: Build,
        /// The builds that other components must reach.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        components: BTreeMap<ComponentName, Build>,
        /// The version of `reconcile`.
        version: String,
        /// Who runs it.
        by: String,
    },
    /// An operator repaired the cause: attempts and restarts count from zero again.
    Forgiven,
    /// A manifest with a serial was accepted.
    Accepted {
        /// Its serial.
        serial: u64,
        /// Its SHA-256.
        sha256: Sha256,
        /// Where it lay.
        manifest: String,
    },
    /// Nothing is to be done to the host, until it is released.
    Held {
        /// Why.
        reason: String,
        /// Who says so.
        by: String,
    },
    /// The host may be worked on again.
    Released {
        /// Who says so.
        by: String,
    },
    /// Somebody has looked into what of the journal could not be read before this entry.
    DamageAcknowledged {
        /// What was found, or why it does not matter.
        reason: String,
        /// Who says so.
        by: String,
    },
    /// What an older part of the journal came to, which is no longer kept.
    Carried {
        /// The marks as they were then.
        marks: alloc::boxed::Box<Marks>,
    },
    /// Services are about to be stopped; these ran.
    TakingDown {
        /// The services that ran, and the web server if it did.
        running: Vec<String>,
        /// The boot in which they are stopped, and how long it has lasted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        up: Option<Uptime>,
    },
    /// A step begins.
    Began {
        /// The step.
        step: Step,
        /// What the plan calls it: the command. Earlier versions did not write it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        command: Option<String>,
    },
    /// A step ended.
    Ended {
        /// The step.
        step: Step,
        /// What it said, in words; evidence, not state.
        said: String,
        /// Whether it reported failure.
        #[serde(default, skip_serializing_if = "is_false")]
        failed: bool,
        /// How long it took, by a clock that nobody can set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        took: Option<Period>,
        /// The services that it started, whether they have ended again or not, and that the run had not started before.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        started: Vec<String>,
    },
    /// A step could not be done.
    Failed {
        /// The step.
        step: Step,
        /// Why not, in its own words.
        said: String,
    },
    /// The update was copied into a folder of its own, and checked there.
    Staged(StagedCopy),
    /// The pool is about to be claimed for this server.
    Claiming,
    /// The claim was released.
    Unclaimed {
        /// The build of Core Components that the other servers of the pool were told of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        told: Option<Build>,
    },
    /// The pool is about to be asked to take over for this server.
    FailingOver,
    /// The server was given back to its pool.
    FailedBack,
    /// The services were stopped, all of them.
    Stopped,
    /// The installer is about to be started.
    Installing {
        /// The build that it should bring.
        target: Build,
        /// The boot in which it starts.
        boot: Option<BootId>,
        /// The files that waited for a restart already; none where they were too many, or in earlier versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        queued: Option<Vec<String>>,
    },
    /// The installer has ended.
    Installed {
        /// Its exit code.
        code: u32,
        /// Whether any component moved.
        moved: bool,
        /// Where its log lies.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        log: Option<String>,
    },
    /// A restart was asked for.
    RebootAsked {
        /// The boot that it should end.
        #[serde(default)]
        boot: Option<BootId>,
        /// The files that waited for it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        queued: Vec<String>,
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
        /// How, as a code that does not change between versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<Code>,
        /// How, in words.
        outcome: String,
        /// Whether the host is at its goal.
        at_goal: bool,
        /// How long services were down because of it, or of an earlier run that it finished.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outage: Option<Period>,
    },
}

/// What the journal tells: only what cannot be observed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Marks {
    /// The services that ran before they were stopped, while the outage lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// The last start of the installer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Attempt>,
    /// How often the installer was started for the target of the last attempt, without reaching a goal.
    #[serde(default)]
    pub attempts: u32,
    /// How often the machine was restarted for that target.
    #[serde(default)]
    pub reboots: u32,
    /// The boot that the last of these restarts should end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebooting: Option<BootId>,
    /// The files that waited for the last restart: one that still waits after it asks for no other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub awaited: Vec<String>,
    /// The last look at databases, by store.
    #[serde(default, with = "by_store", skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "Vec<by_store::Entry<Checked>>")]
    pub checked: BTreeMap<Store, Checked>,
    /// What the last run that did something was to bring the host to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aim: Option<Aim>,
    /// What the host was last brought to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached: Option<Reached>,
    /// How often services were taken down for the target of the last run, without reaching a goal.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub outages: u32,
    /// Why nothing is to be done to the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// What of the journal could not be read, until somebody acknowledges it: a hold may have been among it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damaged: Option<Damage>,
    /// The step that was begun and has not ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<Begun>,
    /// How long the parts of an outage took here.
    #[serde(default, skip_serializing_if = "Durations::is_empty")]
    pub durations: Durations,
    /// The services that runs have started, by name, since they were last found running before an outage.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub started: BTreeMap<String, Started>,
    /// The last copy of an update that was made and checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staged: Option<StagedCopy>,
    /// Whether the pool was claimed for this server, and not released since.
    #[serde(default, skip_serializing_if = "is_false")]
    pub claimed: bool,
    /// The build that the other servers of the pool were last told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Build>,
    /// The manifest with the highest serial that was accepted, in the content that was accepted last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Accepted>,
    /// The latest time that any entry of the journal was written at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<Timestamp>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// A moment as the machine counts it: nobody can set this clock, and a restart ends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Uptime {
    /// The boot.
    pub boot: BootId,
    /// How long it had lasted.
    pub lasted: Period,
}

/// A manifest that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// Its serial.
    pub serial: u64,
    /// Its SHA-256.
    pub sha256: Sha256,
    /// Where it lay.
    pub manifest: String,
    /// When it was accepted first, in this content.
    pub at: Timestamp,
}

/// Why nothing is to be done to a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// The reason that was given.
    pub reason: String,
    /// Who gave it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What of a journal could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Damage {
    /// How many lines, as far as that can be told.
    pub lines: u32,
    /// When the last line before them was written; none where they are the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Timestamp>,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.lines {
            1 => f.write_str("1 line cannot be read")?,
            lines => write!(f, "{lines} lines cannot be read")?,
        }
        match self.after {
            Some(after) => write!(f, ", the last one before was written on {}", shown_at(after, None)),
            None => f.write_str(", at the beginning of the journal"),
        }
    }
}

/// The starts of one service: one that stays up is started once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Started {
    /// How many runs have started it.
    pub runs: u32,
    /// When the first of them did.
    pub since: Timestamp,
}

/// A copy of an update in the private folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StagedCopy {
    /// The name of its folder, which nobody could foresee.
    pub folder: String,
    /// Its hash.
    pub sha256: Sha256,
}

/// A step that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Begun {
    /// The step.
    pub step: Step,
    /// When it began.
    pub at: Timestamp,
    /// The part of an outage that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
}

/// The builds that a run is to bring a host to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Aim {
    /// The build of Core Components.
    pub core: Build,
    /// The builds of other components.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub components: BTreeMap<ComponentName, Build>,
}

impl Aim {
    /// The build that a component was to reach.
    #[must_use]
    pub fn of(&self, component: &ComponentName) -> Option<&Build> {
        if component.is_core() { Some(&self.core) } else { self.components.get(component) }
    }
}

/// What a run brought a host to, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reached {
    /// When the run ended.
    pub at: Timestamp,
    /// The builds.
    pub aim: Aim,
}

/// What ran before the outage, and since when it lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Baseline {
    /// The services, and the web server if it ran.
    pub running: Vec<String>,
    /// When the first of them was stopped.
    pub since: Timestamp,
    /// The same moment as the machine counts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up: Option<Uptime>,
    /// Whether the installer was started since then.
    pub installing: bool,
    /// Whether the pool was asked to take over for this server, and it was not given back since.
    #[serde(default, skip_serializing_if = "is_false")]
    pub failed_over: bool,
}

/// A start of the installer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// The run that started it.
    pub run: RunId,
    /// The build that it should bring.
    pub target: Build,
    /// The boot in which it started.
    pub boot: Option<BootId>,
    /// Its exit code, once it was seen to end; a run that was killed never learnt it.
    pub code: Option<u32>,
    /// Whether any component moved.
    pub moved: bool,
    /// The files that waited for a restart before it; none where nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued: Option<Vec<String>>,
    /// Where its log lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// Whether the services were stopped since it started.
    pub stopped_since: bool,
}

impl Attempt {
    /// Whether it was seen to end well: with success, or with success and a restart that is still to come.
    ///
    /// Nothing else proves an installation. It may patch its components in any order and stop at any of them, and the builds
    /// of most of them are published nowhere.
    #[must_use]
    pub const fn ended_well(&self) -> bool {
        matches!(self.code, Some(0 | 3010 | 1641))
    }
}

/// A look at databases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
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
        self.latest = self.latest.max(Some(at));
        match mark {
            Mark::RunBegan { target, components, .. } => {
                let aim = Aim { core: target.clone(), components: components.clone() };
                if self.aim.as_ref() != Some(&aim) {
                    self.outages = 0;
                }
                self.aim = Some(aim);
            }
            Mark::Began { step, .. } => {
                if self.damaged.is_some() {
                    self.make_up_for(run, at, step);
                }
                if let Step::UpdateDatabases(store) = step {
                    self.checked.remove(store);
                }
                let again = self.attempt.as_ref().is_some_and(|attempt| !attempt.stopped_since);
                self.begun = Some(Begun { step: step.clone(), at, phase: step.phase(again) });
            }
            Mark::Ended { step, took, started, .. } => {
                for service in started {
                    self.started.entry(service.clone()).or_insert(Started { runs: 0, since: at }).runs += 1;
                }
                if let (Step::FailOver, Some(baseline)) = (step, &mut self.baseline) {
                    // Until then the server served: the outage begins now.
                    let passed = |up: Uptime| took.map(|took| Uptime { lasted: up.lasted + took, ..up });
                    (baseline.since, baseline.up) = (at, baseline.up.take().and_then(passed));
                }
                let begun = self.begun.take().filter(|begun| begun.step == *step).and_then(|begun| begun.phase);
                // An installer that moved nothing says nothing of one that does.
                let vain = *step == Step::Install && self.attempt.as_ref().is_some_and(|attempt| !attempt.moved);
                if let (Some(phase), Some(took), false) = (begun, took, vain) {
                    self.durations.push(phase, *took);
                }
            }
            Mark::Failed { .. } => {} // What it was begun for is not done.
            Mark::Forgiven => {
                (self.attempts, self.reboots, self.rebooting, self.outages) = (0, 0, None, 0);
                self.started.clear();
                self.told = None; // The record on the share may be another one: it is told again.
                self.latest = Some(at); // Anyone who says so has looked at the clock.
            }
            Mark::Accepted { serial, sha256, manifest } => {
                // An older one may be followed where nobody signs, but the highest is what the next is compared with.
                if self.accepted.as_ref().is_none_or(|accepted| accepted.serial <= *serial) {
                    let (serial, sha256, manifest) = (*serial, sha256.clone(), manifest.clone());
                    self.accepted = Some(Accepted { serial, sha256, manifest, at });
                }
            }
            Mark::Held { reason, by } => self.hold = Some(Hold { reason: reason.clone(), by: by.clone(), at }),
            Mark::Released { .. } => self.hold = None,
            Mark::DamageAcknowledged { .. } => self.damaged = None,
            Mark::Carried { marks } => {
                let before = self.damaged.take();
                *self = (**marks).clone();
                self.damaged = self.damaged.take().or(before);
            }
            Mark::TakingDown { running, up } => {
                self.outages += 1;
                self.started.retain(|service, _| !running.contains(service)); // Until now they stayed up.
                match &mut self.baseline {
                    None => {
                        let (running, up) = (running.clone(), up.clone());
                        self.baseline =
                            Some(Baseline { running, since: at, up, installing: false, failed_over: false });
                    }
                    // That all services ran again in between may have stood in a line that is lost.
                    Some(baseline) if self.damaged.is_some() => {
                        (baseline.since, baseline.up) = (at, up.clone());
                        baseline.running.extend(running.iter().cloned());
                        baseline.running.sort();
                        baseline.running.dedup();
                    }
                    Some(_) => {}
                }
            }
            Mark::Staged(copy) => self.staged = Some(copy.clone()),
            Mark::Claiming => self.claimed = true,
            Mark::Unclaimed { told } => {
                self.claimed = false;
                self.told = told.clone().or(self.told.take());
            }
            Mark::FailingOver => {
                if self.damaged.is_some() {
                    self.make_up_for(run, at, &Step::FailOver);
                }
                self.baseline.iter_mut().for_each(|baseline| baseline.failed_over = true);
            }
            Mark::FailedBack => self.baseline.iter_mut().for_each(|baseline| baseline.failed_over = false),
            Mark::Stopped => {
                if let Some(attempt) = &mut self.attempt {
                    attempt.stopped_since = true;
                }
            }
            Mark::Installing { target, boot, queued } => {
                self.installs(run, target.clone(), boot.clone(), queued.clone());
            }
            Mark::Installed { code, moved, log } => {
                if let Some(attempt) = &mut self.attempt {
                    (attempt.code, attempt.moved, attempt.log) = (Some(*code), *moved, log.clone());
                }
            }
            Mark::RebootAsked { boot, queued } => {
                self.awaited.clone_from(queued);
                // Asked twice in one boot, it has not happened in between.
                if boot.is_none() || self.rebooting != *boot {
                    self.reboots += 1;
                    self.outages = self.outages.saturating_sub(1); // Not without effect, and counted as a restart.
                }
                self.rebooting.clone_from(boot);
            }
            Mark::Checked { store, core, databases } => {
                let checked = Checked { at, core: core.clone(), databases: databases.clone() };
                self.checked.insert(store.clone(), checked);
            }
            Mark::Up => self.baseline = None,
            Mark::RunEnded { at_goal, .. } => {
                self.begun = None;
                if *at_goal {
                    (self.attempt, self.attempts, self.reboots, self.rebooting) = (None, 0, 0, None);
                    self.outages = 0;
                    self.reached = self.aim.take().map(|aim| Reached { at, aim });
                }
            }
        }
    }

    /// The installer is about to be started.
    fn installs(&mut self, run: &RunId, target: Build, boot: Option<BootId>, queued: Option<Vec<String>>) {
        (self.attempts, self.reboots) = match &self.attempt {
            Some(last) if last.target != target => (1, 0),
            Some(_) | None => (self.attempts + 1, self.reboots),
        };
        self.checked.clear(); // The new binaries may expect other versions.
        if let Some(baseline) = &mut self.baseline {
            baseline.installing = true;
        }
        let (run, code, moved, log, stopped_since) = (run.clone(), None, false, None, false);
        self.attempt = Some(Attempt { run, target, boot, code, moved, queued, log, stopped_since });
    }

    /// Takes in that `lines` of the journal could not be read.
    pub fn lose(&mut self, lines: u32) {
        if lines == 0 {
            return;
        }
        let damage = self.damaged.get_or_insert(Damage { lines: 0, after: self.latest });
        damage.lines = damage.lines.saturating_add(lines);
        // In an outage of ours nobody else takes the server out of its pool: where it is found so, it is given back.
        self.baseline.iter_mut().for_each(|baseline| baseline.failed_over = true);
    }

    /// Takes in what must have stood in lost lines before a step could begin, so that what was stopped comes back and an
    /// installation that was cut off is not taken for a whole one.
    fn make_up_for(&mut self, run: &RunId, at: Timestamp, step: &Step) {
        if self.baseline.is_none() && step.takes_down() {
            // Which services ran is lost: those come back that start by themselves.
            self.outages += 1;
            self.baseline =
                Some(Baseline { running: Vec::new(), since: at, up: None, installing: false, failed_over: false });
        }
        if *step == Step::FailOver {
            self.baseline.iter_mut().for_each(|baseline| baseline.failed_over = true);
        }
        let known = self.attempt.as_ref().is_some_and(|attempt| attempt.code.is_none() && attempt.run == *run);
        if let (Step::Install, false, Some(target)) = (step, known, self.aim.as_ref().map(|aim| aim.core.clone())) {
            self.installs(run, target, None, None);
        }
    }
}
