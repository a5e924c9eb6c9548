//! What the journal of a host records: only what cannot be observed later.

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
    /// An operator repaired the cause: attempts and restarts are counted from zero again.
    Forgiven,
    /// A manifest with a serial was accepted.
    Accepted {
        /// Its serial.
        serial: u64,
        /// Its SHA-256.
        sha256: Sha256,
        /// Its path.
        manifest: String,
    },
    /// Nothing may be done to the host until the hold is released.
    Held {
        /// Why.
        reason: String,
        /// Who set the hold.
        by: String,
    },
    /// The host may be worked on again.
    Released {
        /// Who released it.
        by: String,
    },
    /// Somebody has looked into the lines of the journal that could not be read before this entry.
    DamageAcknowledged {
        /// How many lines could not be read so far. If more cannot be read later, that is new. Earlier versions did not
        /// write it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lines: Option<u32>,
        /// What was found, or why it does not matter.
        reason: String,
        /// Who acknowledged it.
        by: String,
    },
    /// The result of an older part of the journal, which is no longer kept.
    Carried {
        /// The marks as they were then.
        marks: alloc::boxed::Box<Marks>,
    },
    /// Services are about to be stopped; these are running.
    TakingDown {
        /// The services that are running, and the web server if it is.
        running: Vec<String>,
        /// The boot in which they are stopped, and how long that boot has lasted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        up: Option<Uptime>,
    },
    /// A step begins.
    Began {
        /// The step.
        step: Step,
        /// The command, as the plan names it. Earlier versions did not write it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        command: Option<String>,
        /// Why the step was taken, where a reason of the manifest belongs to that: servers that it does not wait for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        because: Option<String>,
    },
    /// A step ended.
    Ended {
        /// The step.
        step: Step,
        /// What it reported, in words: evidence, not state.
        said: String,
        /// Whether it reported failure.
        #[serde(default, skip_serializing_if = "core::ops::Not::not")]
        failed: bool,
        /// How long it took, by a clock that nobody can set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        took: Option<Period>,
        /// The services that it started, even if they have ended again, without those that the run had started before.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        started: Vec<String>,
    },
    /// A step could not be done.
    Failed {
        /// The step.
        step: Step,
        /// The reason, in its own words.
        said: String,
    },
    /// The update was copied into a folder of its own and verified there.
    Staged(StagedCopy),
    /// The pool is about to be claimed for this server.
    Claiming,
    /// The claim was released.
    Unclaimed {
        /// The build of Core Components that the other servers of the pool received.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        told: Option<Build>,
    },
    /// The pool is about to be asked to take over for this server.
    FailingOver,
    /// The server was given back to its pool.
    FailedBack,
    /// All services were stopped.
    Stopped,
    /// The installer is about to be started.
    Installing {
        /// The build that it should bring.
        target: Build,
        /// The boot in which it starts.
        boot: Option<BootId>,
        /// The files that already waited for a restart; none where they were too many, or in earlier versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        queued: Option<Vec<String>>,
    },
    /// The installer has ended.
    Installed {
        /// Its exit code.
        code: u32,
        /// Whether any component moved.
        moved: bool,
        /// The path of its log.
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
    /// The versions of the databases were read with these binaries.
    Checked {
        /// Which databases.
        store: Store,
        /// The build of Core Components that asked.
        core: Build,
        /// What was observed.
        databases: Vec<Database>,
    },
    /// Every service of the baseline is running again.
    Up,
    /// The run ended.
    RunEnded {
        /// Its result, as a code that does not change between versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<Code>,
        /// Its result, in words.
        outcome: String,
        /// Whether the host is at its goal.
        at_goal: bool,
        /// How long services were down because of this run, or of an earlier run that it finished.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outage: Option<Period>,
    },
}

/// What the journal records: only what cannot be observed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Marks {
    /// The services that ran before they were stopped, while the outage lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// The last start of the installer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Attempt>,
    /// How often the installer was started for the target of the last attempt without reaching a goal.
    pub attempts: u32,
    /// How often the machine was restarted for that target.
    pub reboots: u32,
    /// The boot that the last of these restarts was to end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rebooting: Option<BootId>,
    /// The files that waited for the last restart. A file that still waits afterwards is no reason for another one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub awaited: Vec<String>,
    /// The last check of databases, by store.
    #[serde(with = "by_store", skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "Vec<by_store::Entry<Checked>>")]
    pub checked: BTreeMap<Store, Checked>,
    /// The target of the last run that did something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aim: Option<Aim>,
    /// The goal that the host reached last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reached: Option<Reached>,
    /// How often services were taken down for the target of the last run without reaching a goal.
    #[serde(skip_serializing_if = "is_zero")]
    pub outages: u32,
    /// The hold that is set on the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// The lines of the journal that could not be read, until somebody acknowledges it: a hold may have been among
    /// them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damaged: Option<Damage>,
    /// How many lines of the journal could not be read, acknowledged or not.
    #[serde(skip_serializing_if = "is_zero")]
    pub lost: u32,
    /// The step that has begun and not ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begun: Option<Begun>,
    /// How long the parts of an outage took on this host.
    #[serde(skip_serializing_if = "Durations::is_empty")]
    pub durations: Durations,
    /// The services that runs have started, by name, since each was last found running before an outage.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub started: BTreeMap<String, Started>,
    /// The last copy of an update that was made and verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staged: Option<StagedCopy>,
    /// Whether the pool is claimed for this server.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub claimed: bool,
    /// The build that the other servers of the pool received last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told: Option<Build>,
    /// The manifest with the highest serial that was accepted, with the content that was accepted last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Accepted>,
    /// The latest time of any entry of the journal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest: Option<Timestamp>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A moment as the machine counts it. Nobody can set this clock; a restart ends it.
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
    /// Its path.
    pub manifest: String,
    /// When it was first accepted with this content.
    pub at: Timestamp,
}

/// A hold on a host: the reason why nothing may be done to it.
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

/// Lines of a journal that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Damage {
    /// Their number, as far as it is known.
    pub lines: u32,
    /// When the last line before them was written; none where they come first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Timestamp>,
    /// Why no line of the journal can be read, where its file cannot be used at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Damage {
    /// What may stand in lines that cannot be read, and forbids a step.
    pub const MAY_BE_LOST: &str = "a hold, or the serial of a manifest, may be lost";
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(why) = &self.why {
            return f.write_str(why);
        }
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

/// The starts of one service. A service that stays up is started once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Started {
    /// How many runs have started it.
    pub runs: u32,
    /// When the first of those runs did.
    pub since: Timestamp,
}

/// A copy of an update in the private folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StagedCopy {
    /// The name of its folder, which nobody could predict.
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
    /// The part of an outage that it belongs to.
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

/// The builds that a run brought a host to, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reached {
    /// When the run ended.
    pub at: Timestamp,
    /// The builds.
    pub aim: Aim,
}

/// What ran before the outage, and when the outage began.
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
    /// Whether the pool was asked to take over for this server, without a failback since.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
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
    /// Its exit code, if a run saw it end; a run that was killed did not.
    pub code: Option<u32>,
    /// Whether any component moved.
    pub moved: bool,
    /// The files that waited for a restart before it; none where this is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued: Option<Vec<String>>,
    /// The path of its log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// Whether the services were stopped since it started.
    pub stopped_since: bool,
}

impl Attempt {
    /// Whether a run saw it end successfully: with success, or with success and a restart that is still to come.
    ///
    /// Nothing else proves an installation. It may patch its components in any order and stop at any of them, and the
    /// builds of most of them are not published.
    #[must_use]
    pub const fn ended_well(&self) -> bool {
        matches!(self.code, Some(0 | 3010 | 1641))
    }
}

/// The result of a check of databases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// When.
    pub at: Timestamp,
    /// The build of Core Components at that time: it decides which versions are expected.
    pub core: Build,
    /// What was observed.
    pub databases: Vec<Database>,
}

impl Marks {
    /// Adds one entry of the journal, written by `run` at `at`.
    pub fn take(&mut self, run: &RunId, at: Timestamp, mark: &Mark) {
        self.latest = self.latest.max(Some(at));
        match mark {
            Mark::RunBegan { target, components, .. } => {
                let aim = Aim { core: target.clone(), components: components.clone() };
                // Without an earlier aim, none was counted; or its line is lost, and they may have been for this one.
                if self.aim.as_ref().is_some_and(|before| *before != aim) {
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
                    // The server still served until the failover ended, so the outage begins now.
                    let passed = |up: Uptime| took.map(|took| Uptime { lasted: up.lasted + took, ..up });
                    (baseline.since, baseline.up) = (at, baseline.up.take().and_then(passed));
                }
                let begun = self.begun.take().filter(|begun| begun.step == *step).and_then(|begun| begun.phase);
                // An installer that moved nothing gives no estimate for one that does.
                let vain = *step == Step::Install && self.attempt.as_ref().is_some_and(|attempt| !attempt.moved);
                if let (Some(phase), Some(took), false) = (begun, took, vain) {
                    self.durations.push(phase, *took);
                }
            }
            Mark::Failed { .. } => {} // The purpose of the step is not achieved.
            Mark::Forgiven => {
                (self.attempts, self.reboots, self.rebooting, self.outages) = (0, 0, None, 0);
                self.started.clear();
                self.told = None; // The share may hold another record now, so the build is reported again.
                self.latest = Some(at); // An operator who does this has checked the clock.
            }
            Mark::Accepted { serial, sha256, manifest } => {
                // Without signatures, an older manifest may be followed, but the next one is still compared with the
                // highest.
                if self.accepted.as_ref().is_none_or(|accepted| accepted.serial <= *serial) {
                    let (serial, sha256, manifest) = (*serial, sha256.clone(), manifest.clone());
                    self.accepted = Some(Accepted { serial, sha256, manifest, at });
                }
            }
            Mark::Held { reason, by } => self.hold = Some(Hold { reason: reason.clone(), by: by.clone(), at }),
            Mark::Released { .. } => self.hold = None,
            Mark::DamageAcknowledged { lines, .. } => {
                // A line before this entry may have been damaged after it.
                let new = lines.map_or(0, |known| self.lost.saturating_sub(known));
                self.damaged = self.damaged.take().filter(|_| new > 0).map(|damage| Damage { lines: new, ..damage });
            }
            Mark::Carried { marks } => {
                let before = self.damaged.take();
                *self = (**marks).clone();
                self.damaged = self.damaged.take().or(before);
            }
            Mark::TakingDown { running, up } => {
                self.outages += 1;
                self.started.retain(|service, _| !running.contains(service)); // They stayed up until now.
                match &mut self.baseline {
                    None => {
                        let (running, up) = (running.clone(), up.clone());
                        self.baseline =
                            Some(Baseline { running, since: at, up, installing: false, failed_over: false });
                    }
                    // The lost lines may have recorded that all services ran again in between.
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
            Mark::Claiming => (self.claimed, self.told) = (true, None), // A claim withdraws the build.
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
                // Two requests in one boot mean that no restart happened in between.
                if boot.is_none() || self.rebooting != *boot {
                    self.reboots += 1;
                    self.outages = self.outages.saturating_sub(1); // It had an effect, and counts as a restart.
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

    /// Records that `lines` of the journal could not be read.
    pub fn lose(&mut self, lines: u32) {
        if lines == 0 {
            return;
        }
        let damage = self.damaged.get_or_insert(Damage { lines: 0, after: self.latest, why: None });
        damage.lines = damage.lines.saturating_add(lines);
        self.lost = self.lost.saturating_add(lines);
        // During our own outage nobody else fails the server over: if it is found failed over, it is failed back.
        self.baseline.iter_mut().for_each(|baseline| baseline.failed_over = true);
    }

    /// Reconstructs what the lost lines must have recorded before a step could begin. So stopped services come back,
    /// and an interrupted installation does not pass for a complete one.
    fn make_up_for(&mut self, run: &RunId, at: Timestamp, step: &Step) {
        if self.baseline.is_none() && step.takes_down() {
            // The list of services that ran is lost, so those that start automatically come back.
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
