//! The input of a decision: the observed host, what only the journal can record, and this run so far.

use alloc::{string::String, vec::Vec};
use core::fmt;

use jiff::Timestamp;
use reconcile_schema::{
    Attempt, Build, FRONT_END_SERVICE, Marks, Observed, Period, RunId, Service, ServiceStarts, StartType, Started, Step,
};

use crate::{approved::Deviation, clock::CLOCK_TOLERANCE};

/// Everything that a decision may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub host: Observed,
    /// The facts that cannot be observed.
    pub marks: Marks,
    /// This run so far.
    pub run: Run,
}

/// This run so far. It exists in memory only; the next run starts empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub id: RunId,
    /// Steps that this run will not take again, and why.
    pub spent: Vec<(Step, Spent)>,
    /// Why nothing more is taken down in this run.
    pub halt: Option<Halt>,
    /// How long it has waited for open shells, or for the pool.
    pub waited: Period,
    /// When the run first saw the state of the pool.
    pub asked: Option<Timestamp>,
    /// When the run saw the pool ready again, or still not ready, after it had seen it otherwise.
    pub ready_again: Option<Timestamp>,
    /// Whether it has taken services down.
    pub taken_down: bool,
    /// The longest outage that this run has seen: its own, or one that an earlier run left.
    pub outage: Option<Period>,
}

impl Run {
    /// A run that has not done anything yet.
    #[must_use]
    pub const fn new(id: RunId) -> Self {
        Self {
            id,
            spent: Vec::new(),
            halt: None,
            waited: Period::seconds(0),
            asked: None,
            ready_again: None,
            taken_down: false,
            outage: None,
        }
    }
}

/// Why a step is not taken again in this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spent {
    /// Nothing that it should change changed.
    Stuck {
        /// Its own words, if it reported failure.
        refused: Option<String>,
        /// What it should have changed and did not.
        in_the_way: Vec<String>,
        /// When the run asked for this change, if all that is in the way are services that neither stop nor start.
        since: Option<Timestamp>,
    },
    /// It could not be done.
    Failed(String),
    /// Somebody else uses what it would change and does not stop, so nothing was done.
    Busy(String),
    /// These services were started by this step, or by one before it, and then ended by themselves.
    Died(Vec<String>),
}

/// Why this run takes nothing more down. It still starts services, unless it ends at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Halt {
    /// Somebody interrupted it.
    Interrupted,
    /// The manifest cannot be used, so there is no goal.
    NoManifest,
    /// The run ends at once, for this reason, and leaves the services as they are, because there is no time to start
    /// them.
    Forced(Forced),
    /// The decision deviates from the approved plan.
    Deviated(Deviation),
}

/// Why a run ends at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forced {
    /// Somebody asked for it a second time.
    Asked,
    /// Somebody pressed Ctrl-Break.
    Break,
    /// Its console was closed.
    Closed,
    /// Its user logged off.
    Logoff,
    /// The machine is shutting down.
    Shutdown,
    /// The system asked it to end.
    Told,
}

impl fmt::Display for Forced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Asked => "Ctrl-C was pressed twice",
            Self::Break => "Ctrl-Break was pressed",
            Self::Closed => "its console was closed",
            Self::Logoff => "its user logged off",
            Self::Shutdown => "the machine is shutting down",
            Self::Told => "the system told it to end",
        })
    }
}

impl Seen {
    /// The installer's last start, if it happened in the current boot of the host.
    ///
    /// A restart loads new assemblies into every process, and completes what the installer left for it.
    #[must_use]
    pub fn attempt_in_this_boot(&self) -> Option<&Attempt> {
        let attempt = self.marks.attempt.as_ref()?;
        match (&attempt.boot, self.host.boot.known()) {
            (Some(then), Some(now)) => (then == now).then_some(attempt),
            (None, _) | (_, None) => Some(attempt),
        }
    }

    /// The installer's last start, if it was for this target and no run saw it end successfully. Whatever the known
    /// builds are, components may be missing.
    #[must_use]
    pub fn unproven(&self, target: &Build) -> Option<&Attempt> {
        self.marks.attempt.as_ref().filter(|attempt| attempt.target == *target && !attempt.ended_well())
    }

    /// The installer's last start, if it was for a later target, may have moved a component, and no run saw it end
    /// successfully. Components may be newer than declared, until an operator states with `--retry` that they are not.
    pub(crate) fn begun_later(&self, target: &Build) -> Option<&Attempt> {
        let later = |attempt: &&Attempt| {
            let moved = attempt.moved || attempt.code.is_none();
            attempt.target != *target && attempt.target.reaches(target) && moved && !attempt.ended_well()
        };
        self.marks.attempt.as_ref().filter(later).filter(|_| self.marks.attempts > 0)
    }

    /// Whether a restart was requested in this boot, and so has not happened yet.
    pub(crate) fn is_restarting(&self) -> bool {
        self.marks.rebooting.is_some() && self.marks.rebooting.as_ref() == self.host.boot.known()
    }

    /// How many of the requested restarts have happened.
    #[must_use]
    pub fn restarts(&self) -> u32 {
        self.marks.reboots.saturating_sub(u32::from(self.is_restarting()))
    }

    /// Whether running services can hold assemblies that an installer replaced since they were last stopped.
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

    /// Whether the pool has taken over for this server. A failover disables the services that it stops (Microsoft
    /// Learn: Invoke-CsComputerFailOver). Somebody may have disabled one of them before, but nobody disables the one
    /// that makes the server a Front End Server.
    #[must_use]
    pub fn is_failed_over(&self) -> bool {
        self.disabled().any(|service| service.name.eq_ignore_ascii_case(FRONT_END_SERVICE))
    }

    /// Whether we failed the server over, and services are still disabled because of that.
    #[must_use]
    pub fn is_failed_over_by_us(&self) -> bool {
        let baseline = self.marks.baseline.as_ref().filter(|baseline| baseline.failed_over);
        baseline.is_some_and(|baseline| {
            // If the line with the services that ran is lost, each of these may have run.
            let lost = self.marks.damaged.is_some() && baseline.running.is_empty();
            let ours = |service: &Service| lost || baseline.running.contains(&service.name);
            self.is_failed_over() || self.disabled().any(ours)
        })
    }

    /// Whether it works as a Front End Server in its pool.
    #[must_use]
    pub fn is_active(&self) -> bool {
        let front_end = |service: &Service| service.name.eq_ignore_ascii_case(FRONT_END_SERVICE);
        self.host.known_services().any(|service| front_end(service) && service.is_running())
    }

    /// The services that somebody, or a failover, disabled.
    pub(crate) fn disabled(&self) -> impl Iterator<Item = &Service> {
        self.host.known_services().filter(|service| service.is_products() && service.start == StartType::Disabled)
    }

    /// Whether a step that takes services down begins an outage. It does if it is the first one, or if a later run
    /// finds services running although an earlier outage is not over because a service did not come back.
    #[must_use]
    pub fn begins_outage(&self) -> bool {
        self.marks.baseline.is_none() || self.is_up() && !self.run.taken_down
    }

    /// How long the outage has lasted.
    #[must_use]
    pub fn outage(&self) -> Option<Period> {
        let baseline = self.marks.baseline.as_ref()?;
        let same_boot = baseline.up.as_ref().filter(|up| self.host.boot.known() == Some(&up.boot));
        Some(match (same_boot, self.host.uptime) {
            (Some(up), Some(now)) => now - up.lasted, // Somebody may have changed the time meanwhile.
            (None, _) | (_, None) => Period::between(baseline.since, self.host.at),
        })
    }

    /// The time of the clock and that of the last journal entry, if the entry is later by more than a clock correction.
    pub(crate) fn clock_behind(&self) -> Option<(Timestamp, Timestamp)> {
        let (now, latest) = (self.host.at, self.marks.latest?);
        (Period::between(now, latest) > CLOCK_TOLERANCE).then_some((now, latest))
    }

    /// How often runs have started this service; none where the journal has no start of it.
    #[must_use]
    pub fn starts(&self, service: &str) -> Option<ServiceStarts> {
        let Started { runs, since } = self.marks.started.get(service)?;
        Some(ServiceStarts { service: service.into(), runs: *runs, since: *since })
    }

    /// Whether any service of the product is running.
    pub(crate) fn is_up(&self) -> bool {
        self.host.known_services().any(|service| service.is_products() && !service.is_stopped())
    }

    /// The services that are running, including the web server.
    pub(crate) fn running(&self) -> Vec<String> {
        let running = self.host.known_services().filter(|service| !service.is_stopped());
        running.map(|service| service.name.clone()).collect()
    }

    /// The files that wait for a restart.
    pub(crate) fn queued(&self) -> Vec<String> {
        let pending = self.host.reboot.known().into_iter().flatten();
        pending.flat_map(|pending| &pending.files).map(|file| file.path.clone()).collect()
    }

    /// Why `step` is not taken again in this run.
    #[must_use]
    pub fn spent(&self, step: &Step) -> Option<&Spent> {
        self.run.spent.iter().find(|(spent, _)| spent == step).map(|(_, why)| why)
    }
}
