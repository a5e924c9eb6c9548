//! What a decision sees: the host as observed, what only we can remember of it, and how this run has gone so far.

use alloc::{string::String, vec::Vec};
use core::fmt;

use jiff::Timestamp;
use reconcile_schema::{
    Attempt, Build, FRONT_END_SERVICE, Marks, Observed, Period, RunId, Service, ServiceStarts, StartType, Started, Step,
};

use crate::{approved::Deviation, clock::CLOCK_TOLERANCE};

/// Everything that a decision may look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub host: Observed,
    /// What cannot be observed.
    pub marks: Marks,
    /// This run so far.
    pub run: Run,
}

/// How this run has gone so far. It lives in memory only: the next run starts from nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub id: RunId,
    /// Steps that this run will not take again, and why.
    pub spent: Vec<(Step, Spent)>,
    /// Why nothing more is taken down in this run.
    pub halt: Option<Halt>,
    /// How long it has waited for open shells, or for the pool.
    pub waited: Period,
    /// When it saw the pool ready again, or still not, after it had seen it otherwise.
    pub ready_again: Option<Timestamp>,
    /// Whether it has taken services down.
    pub taken_down: bool,
    /// The longest outage that it has seen, its own or one that an earlier run left behind.
    pub outage: Option<Period>,
}

impl Run {
    /// A run that has not done anything.
    #[must_use]
    pub const fn new(id: RunId) -> Self {
        Self {
            id,
            spent: Vec::new(),
            halt: None,
            waited: Period::seconds(0),
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
        /// Its own words, where it reported failure.
        refused: Option<String>,
        /// What it should have brought about and has not.
        in_the_way: Vec<String>,
    },
    /// It could not be done.
    Failed(String),
    /// Somebody else uses what it changes, and goes on: nothing was done.
    Busy(String),
    /// These services were started by it, or by a step before it, and ended again by themselves.
    Died(Vec<String>),
}

/// Why nothing more is taken down in this run. Bringing up goes on, but where the run ends at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Halt {
    /// Somebody interrupted it.
    Interrupted,
    /// The manifest cannot be used: there is nothing to work towards.
    NoManifest,
    /// It ends at once, for this reason, and leaves the services as they are: there is no time to bring them back.
    Forced(Forced),
    /// The approved plan says something else.
    Deviated(Deviation),
}

/// Why a run ends at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forced {
    /// Somebody asked twice.
    Asked,
    /// Somebody pressed Ctrl-Break.
    Break,
    /// Its console was closed.
    Closed,
    /// Its user logs off.
    Logoff,
    /// The machine shuts down.
    Shutdown,
    /// The system told it to end.
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

    /// The installer's last start, when it was for this target and was not seen to end well: whatever the builds say that
    /// are known, components may be missing.
    #[must_use]
    pub fn unproven(&self, target: &Build) -> Option<&Attempt> {
        self.marks.attempt.as_ref().filter(|attempt| attempt.target == *target && !attempt.ended_well())
    }

    /// The installer's last start, when it was for a later target, may have moved something and was not seen to end well:
    /// components may be newer than declared, until an operator says with `--retry` that they are not.
    pub(crate) fn begun_later(&self, target: &Build) -> Option<&Attempt> {
        let later = |attempt: &&Attempt| {
            let moved = attempt.moved || attempt.code.is_none();
            attempt.target != *target && attempt.target.reaches(target) && moved && !attempt.ended_well()
        };
        self.marks.attempt.as_ref().filter(later).filter(|_| self.marks.attempts > 0)
    }

    /// How many of the restarts that were asked for have happened: one that was asked for in this boot has not.
    #[must_use]
    pub fn restarts(&self) -> u32 {
        let asked = self.marks.rebooting.is_some() && self.marks.rebooting.as_ref() == self.host.boot.known();
        self.marks.reboots.saturating_sub(u32::from(asked))
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

    /// Whether the pool has taken over for this server. A failover disables the services that it stops (Microsoft Learn:
    /// Invoke-CsComputerFailOver). Somebody may have disabled one of them before; nobody disables the one that makes it a
    /// Front End Server.
    #[must_use]
    pub fn is_failed_over(&self) -> bool {
        self.disabled().any(|service| service.name.eq_ignore_ascii_case(FRONT_END_SERVICE))
    }

    /// Whether we had the pool take over, and something is still disabled by that.
    #[must_use]
    pub fn is_failed_over_by_us(&self) -> bool {
        let baseline = self.marks.baseline.as_ref().filter(|baseline| baseline.failed_over);
        baseline.is_some_and(|baseline| {
            // Where the line is lost that says what ran, each of them may have.
            let lost = self.marks.damaged.is_some() && baseline.running.is_empty();
            let ours = |service: &Service| lost || baseline.running.contains(&service.name);
            self.is_failed_over() || self.disabled().any(ours)
        })
    }

    /// Whether it works as a Front End Server of its pool.
    #[must_use]
    pub fn is_active(&self) -> bool {
        let mut services = self.host.services.known().into_iter().flatten();
        services.any(|service| service.name.eq_ignore_ascii_case(FRONT_END_SERVICE) && service.is_running())
    }

    /// The services that somebody disabled, or a failover.
    pub(crate) fn disabled(&self) -> impl Iterator<Item = &Service> {
        let services = self.host.services.known().into_iter().flatten();
        services.filter(|service| service.is_products() && service.start == StartType::Disabled)
    }

    /// Whether a step that takes services down begins an outage: the first, or another one of a later run that finds
    /// services up although an earlier outage is not over, since one of them did not come back.
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
            (Some(up), Some(now)) => now - up.lasted, // Somebody may have set the clock meanwhile.
            (None, _) | (_, None) => Period::between(baseline.since, self.host.at),
        })
    }

    /// What the clock says, and when the journal was last written, where that is more than a correction later.
    pub(crate) fn clock_behind(&self) -> Option<(Timestamp, Timestamp)> {
        let (now, latest) = (self.host.at, self.marks.latest?);
        (Period::between(now, latest) > CLOCK_TOLERANCE).then_some((now, latest))
    }

    /// How often runs have started this service; none where the journal does not know of a start.
    #[must_use]
    pub fn starts(&self, service: &str) -> Option<ServiceStarts> {
        let Started { runs, since } = self.marks.started.get(service)?;
        Some(ServiceStarts { service: service.into(), runs: *runs, since: *since })
    }

    /// Whether any service of the product is up.
    pub(crate) fn is_up(&self) -> bool {
        let mut services = self.host.services.known().into_iter().flatten();
        services.any(|service| service.is_products() && !service.is_stopped())
    }

    /// The services that run, the web server among them.
    pub(crate) fn running(&self) -> Vec<String> {
        let services = self.host.services.known().into_iter().flatten();
        services.filter(|service| !service.is_stopped()).map(|service| service.name.clone()).collect()
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
