//! The request for the task, its definition, and the request from which a definition was made.

use jiff::Timestamp;
use reconcile_schema::{Mode, NextStart, Period, ScheduledTask};

use super::account::Account;
use super::document::Element;
use super::duration::{read, written};
use super::place::{PATH, Place, PlaceError};

/// The shortest time between two starts (Microsoft Learn: repetitionType Complex Type).
const OFTENEST: Period = Period::minutes(1);
const RAREST: Period = Period::hours(31 * 24);

/// The first start: 2020-01-01, in UTC (its text ends with `Z`), so that daylight saving time does not move the starts
/// (Microsoft Learn: `ITrigger::put_StartBoundary`).
const START: Timestamp = Timestamp::constant(1_577_836_800, 0);

/// The default of `--every`.
const EVERY: Period = Period::hours(1);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What it does.
    pub mode: Mode,
    /// The path of the manifest on the server.
    pub manifest: Place,
    /// The path of the program on the server.
    pub program: Place,
    /// The account that it runs as.
    pub account: Account,
    /// How often it starts, in addition to every boot.
    pub every: Period,
    /// The longest random delay of its start.
    pub jitter: Period,
    /// How long one run may take.
    pub limit: Period,
}

/// Why a task cannot have this request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It would start too often or too rarely.
    #[error("a task can start every 1 min to 31 days, not every {0}")]
    Every(Period),
    /// Its starts would be random.
    #[error("a start can be put off by less than the time between two starts, {every}, not by {jitter}")]
    Jitter {
        /// The longest random delay.
        jitter: Period,
        /// The time between two starts.
        every: Period,
    },
}

/// A definition that this program does not write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
    /// It runs something else.
    #[error("the task runs something else: {0}")]
    Action(String),
    /// It names a file in a form that this program does not write.
    #[error(transparent)]
    Place(#[from] PlaceError),
}

impl Request {
    /// The same request, if it is valid for a task.
    ///
    /// # Errors
    /// See [`RequestError`].
    pub fn checked(self) -> Result<Self, RequestError> {
        if self.every < OFTENEST || self.every > RAREST {
            return Err(RequestError::Every(self.every));
        }
        if self.jitter >= self.every {
            return Err(RequestError::Jitter { jitter: self.jitter, every: self.every });
        }
        Ok(self)
    }

    /// The definition of the task. The same request always gives the same definition.
    ///
    /// - Windows Server 2008 R2 and all later versions support version 1.2 of the schema.
    /// - A `TimeTrigger` accepts a `Repetition` without an end ("if no value is specified, the pattern is repeated
    ///   indefinitely") and a `RandomDelay` (Microsoft Learn: repetitionType, timeTriggerType). The configuration
    ///   manager of PowerShell DSC registers itself with the same three (microsoft/PowerShell-DSC-for-Linux,
    ///   `LocalConfigManagerTaskStrings.h`). Its start is in the past, so the time of registration has no effect. After
    ///   a boot, one minute passes first, in which the services start.
    /// - Nothing ends a run before its limit: neither battery power nor a user who returns to the machine. At its limit
    ///   the run is asked to end, not terminated. A missed start is made up for. While a run lasts, no other one
    ///   begins.
    /// - Priority 4 is that of a program which a person starts. The default, 7, lowers the priority of the process and
    ///   of its disk access (Microsoft Learn: `Priority (settingsType) Element`). The installer would inherit both, so
    ///   the outage would be longer.
    #[must_use]
    pub fn definition(&self) -> Element {
        let leaf = |name, text: &str| Element::leaf(name, text);
        let does = match self.mode {
            Mode::Apply => "Brings this server to the cumulative update that its manifest declares.",
            Mode::Observe => "Reports what is seen of this server, and changes nothing.",
        };
        let registration = Element::of(
            "RegistrationInfo",
            [
                leaf("Author", "reconcile"),
                leaf(
                    "Description",
                    &format!("{does} Written by reconcile schedule install; change it by that command."),
                ),
                leaf("URI", PATH),
            ],
        );
        let boot = Element::of("BootTrigger", [leaf("Enabled", "true"), leaf("Delay", "PT1M")]);
        let repetition =
            Element::of("Repetition", [leaf("Interval", &written(self.every)), leaf("StopAtDurationEnd", "false")]);
        let time = Element::of(
            "TimeTrigger",
            [
                leaf("Enabled", "true"),
                leaf("StartBoundary", &START.to_string()),
                repetition,
                leaf("RandomDelay", &written(self.jitter)),
            ],
        );
        let logon = self.account.logon_type().map(|logon| leaf("LogonType", logon));
        let principal: Vec<_> = [leaf("UserId", self.account.user_id())]
            .into_iter()
            .chain(logon)
            .chain([leaf("RunLevel", "HighestAvailable")])
            .collect();
        let action = [leaf("Command", self.program.as_str()), leaf("Arguments", &self.arguments())];
        Element::of(
            "Task",
            [
                registration,
                Element::of("Triggers", [boot, time]),
                Element::of("Principals", [Element::of("Principal", principal).with("id", "Author")]),
                self.settings(),
                Element::of("Actions", [Element::of("Exec", action)]).with("Context", "Author"),
            ],
        )
        .with("version", "1.2")
        .with("xmlns", "http://schemas.microsoft.com/windows/2004/02/mit/task")
    }

    fn settings(&self) -> Element {
        let idle = Element::of(
            "IdleSettings",
            [Element::leaf("StopOnIdleEnd", "false"), Element::leaf("RestartOnIdle", "false")],
        );
        let mut settings = Element::of("Settings", []);
        let mut add = |name, value: &str| settings.elements.push(Element::leaf(name, value));
        add("MultipleInstancesPolicy", "IgnoreNew");
        add("DisallowStartIfOnBatteries", "false");
        add("StopIfGoingOnBatteries", "false");
        add("AllowHardTerminate", "false");
        add("StartWhenAvailable", "true");
        add("RunOnlyIfNetworkAvailable", "false");
        add("AllowStartOnDemand", "true");
        add("Enabled", "true");
        add("Hidden", "false");
        add("RunOnlyIfIdle", "false");
        add("WakeToRun", "false");
        add("ExecutionTimeLimit", &written(self.limit));
        add("Priority", "4");
        settings.elements.push(idle);
        settings
    }

    fn arguments(&self) -> String {
        format!("{} \"{}\" --unattended", self.mode.key(), self.manifest)
    }

    /// The request from which a definition was made. A part other than the action that cannot be read gets its default:
    /// comparing the two definitions then shows the difference.
    ///
    /// # Errors
    /// See [`NotOurs`].
    pub fn of(task: &Element) -> Result<Self, NotOurs> {
        let text = |path: &str| task.text_at(path).unwrap_or_default();
        let period = |path: &str, default| read(text(path)).unwrap_or(default);
        let (command, arguments) = (text("Actions/Exec/Command"), text("Actions/Exec/Arguments"));
        let action = Mode::ALL.into_iter().find_map(|mode| {
            let quoted = arguments.strip_prefix(mode.key())?.strip_prefix(" \"")?;
            Some((mode, quoted.strip_suffix("\" --unattended")?))
        });
        let Some((mode, manifest)) = action else {
            return Err(NotOurs::Action(format!("{command} {arguments}").trim().to_owned()));
        };
        Ok(Self {
            mode,
            manifest: manifest.parse()?,
            program: command.parse()?,
            account: Account::of(text("Principals/Principal/UserId"), text("Principals/Principal/LogonType")),
            every: period("Triggers/TimeTrigger/Repetition/Interval", EVERY),
            jitter: period("Triggers/TimeTrigger/RandomDelay", Period::default()),
            limit: period("Settings/ExecutionTimeLimit", Period::default()),
        })
    }

    /// The next start of the task after `now`, unless the machine boots before.
    #[must_use]
    pub fn next(&self, now: Timestamp) -> NextStart {
        let every = i64::from(self.every.as_seconds()).max(1);
        let since = now.duration_since(START).as_secs();
        let after = every - since.rem_euclid(every);
        let from = Period::seconds(u32::try_from(after).unwrap_or_default()).after(now);
        NextStart { from, until: self.jitter.after(from) }
    }

    /// The request in the form of reports.
    #[must_use]
    pub fn report(&self) -> ScheduledTask {
        ScheduledTask {
            mode: self.mode,
            manifest: self.manifest.to_string(),
            program: self.program.to_string(),
            account: self.account.to_string(),
            every: self.every,
            jitter: self.jitter,
            limit: self.limit,
        }
    }
}
