//! Acting on this machine: each step as the documents have it, and then a wait for what it should bring about.

use std::ffi::OsString;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use reconcile_core::{Act, Acted, Goal, Seen};
use reconcile_schema::{Mark, Period, RunId, ServiceState, Step, Store, WEB_SERVICE};

use super::clock::{moment, now, wait};
use super::environment::system_root;
use super::logs::log_folder;
use super::observe::found_services;
use super::package::{find, stage};
use super::powershell::{PowerShellError, said};
use super::process::{Child, Ended, Ending, Lifetime, Pulse};
use super::services::{Found, Services};
use super::settle::{left, settle};
use super::shells::close;
use super::{ActingHost, WindowsError, WindowsHost};

/// How often services are looked at while they are on their way, and a pause looks for an interrupt.
const LOOK: Duration = Duration::from_secs(1);

impl Act for ActingHost<'_> {
    fn act(&mut self, goal: &Goal, seen: &Seen, step: &Step) -> Result<Acted, WindowsError> {
        let acted = self.take(goal, seen, step);
        self.host.dear.forget(step);
        acted
    }

    fn mark(&mut self, run: &RunId, mark: &Mark) -> Result<(), WindowsError> {
        Ok(self.journal.append(run, now(), mark)?)
    }

    fn pause(&mut self, period: Period) {
        self.host.dear.forget_after_pause();
        let (began, period) = (moment(), Duration::from(period));
        while !self.host.interrupted() && began.elapsed() < period {
            wait(LOOK.min(period));
        }
    }
}

impl ActingHost<'_> {
    fn take(&mut self, goal: &Goal, seen: &Seen, step: &Step) -> Result<Acted, WindowsError> {
        let said = match step {
            Step::Stage => self.host.stage(goal)?,
            Step::StopServices => self.host.stop_services(goal)?,
            Step::StopWeb => self.host.web("stop", ServiceState::Stopped, goal.rules.stop.into())?,
            Step::CloseShells => {
                let shells = seen.host.shells.known().map_or(&[][..], Vec::as_slice);
                shells.iter().try_for_each(close)?;
                format!("{} processes were ended", shells.len())
            }
            Step::Install => return self.host.install(goal),
            Step::StartWeb => self.host.web("start", ServiceState::Running, goal.rules.start.into())?,
            Step::UpdateDatabases(store) => self.host.update_databases(goal, store)?,
            Step::StartServices => self.host.start_services(goal, seen)?,
            Step::Reboot => {
                (self.restart)(&format!("reconcile brings {} to {}.", goal.product, goal.core))?;
                return Ok(Acted::GoingDown);
            }
        };
        Ok(Acted::Ended(said))
    }
}

impl WindowsHost {
    fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    fn stage(&mut self, goal: &Goal) -> Result<String, WindowsError> {
        self.staged = None; // It would keep its own file from being replaced.
        let staged = stage(self.private()?, goal.product.installer(), &goal.installer)?;
        let said = format!("{} has the declared SHA-256 and publisher", staged.path.display());
        self.staged = Some(staged);
        Ok(said)
    }

    fn stop_services(&mut self, goal: &Goal) -> Result<String, WindowsError> {
        let (began, limit) = (moment(), goal.rules.stop.into());
        let ran = self.shell(goal.product, "stop-services", limit, |shell, call| shell.stop_services(call));
        let remaining = self.wait_for(ServiceState::Stopped, began, limit, true, &|service| !is_web(service))?;
        Ok(told(ended(ran)?, &remaining))
    }

    /// Starts the services that should run and do not, in their start order.
    fn start_services(&mut self, goal: &Goal, seen: &Seen) -> Result<String, WindowsError> {
        let should = goal.should_run(&seen.host, seen.baseline());
        let names: Vec<_> = should.filter(|service| !service.is_web() && !service.is_running()).collect();
        let ours = |found: &Found| names.iter().any(|service| service.name == found.name);
        let stopping = |found: &Found| ours(found) && found.state == ServiceState::StopPending;
        // A service that is stopping takes no command until it has stopped.
        self.wait_for(ServiceState::Stopped, moment(), goal.rules.stop.into(), false, &stopping)?;
        // Nor does one that is starting: it is waited for, and does not keep the cmdlet from the others.
        let stopped = found_services()?.into_iter().filter(|found| ours(found) && found.state == ServiceState::Stopped);
        let stopped: Vec<String> = stopped.map(|found| found.name).collect();
        let (began, limit) = (moment(), goal.rules.start.into());
        let ran = if stopped.is_empty() {
            Ok(())
        } else {
            self.shell(goal.product, "start-services", limit, |shell, call| shell.start_services(&stopped, call))
        };
        let started = |found: &Found| ours(found) && !stopping(found);
        let remaining = self.wait_for(ServiceState::Running, began, limit, false, &started)?;
        Ok(told(ended(ran)?, &remaining))
    }

    fn update_databases(&mut self, goal: &Goal, store: &Store) -> Result<String, WindowsError> {
        let limit = goal.rules.database.into();
        self.shell(goal.product, "update-databases", limit, |shell, call| shell.update_databases(store, call))?;
        Ok("the cmdlet ended; it says nothing of what it did".to_owned())
    }

    /// `net stop w3svc` or `net start w3svc`. Its text is for people, its exit code for the log: the service manager says
    /// what became of it.
    fn web(&mut self, verb: &'static str, wanted: ServiceState, limit: Duration) -> Result<String, WindowsError> {
        let began = moment();
        let folder = log_folder(self.private()?, &format!("net-{verb}-w3svc"))?;
        let program = system_root().map_err(WindowsError::Folders)?.join(r"System32\net.exe");
        let arguments = [verb, "w3svc"].map(OsString::from);
        // Bringing the server back up is not interrupted: it is what an interrupted run ends with.
        let lifetime = if wanted == ServiceState::Running { Lifetime::Finishes } else { Lifetime::Ours };
        let child = Child { program: &program, arguments: &arguments, input: b"", folder: &folder, limit, lifetime };
        let ended = self.run(&child)?;
        let found = match ended.ending {
            Ending::Exited(0) => Ok(()),
            Ending::Exited(_) | Ending::TimedOut | Ending::Interrupted | Ending::StillRunning { .. } => {
                let needed = Services::open()?.dependents(WEB_SERVICE)?;
                let needed =
                    if needed.is_empty() { String::new() } else { format!("; it is needed by {}", needed.join(", ")) };
                Err(format!("{} ({}){needed}", ended.ending, said(&ended.output.tail())))
            }
        };
        let remaining = self.wait_for(wanted, began, limit, wanted == ServiceState::Stopped, &is_web)?;
        Ok(told(found, &remaining))
    }

    fn install(&mut self, goal: &Goal) -> Result<Acted, WindowsError> {
        let program = goal.product.installer();
        let staged = match self.staged.take() {
            Some(staged) if staged.sha256 == goal.installer.sha256 => staged,
            Some(_) | None => find(self.private()?, program, &goal.installer)?
                .ok_or_else(|| WindowsError::NotStaged(goal.installer.path.clone()))?,
        };
        let folder = log_folder(self.private()?, "install")?;
        let arguments = ["/silentmode"].map(OsString::from);
        let child = Child {
            program: &staged.path,
            arguments: &arguments,
            input: b"",
            folder: &folder,
            limit: goal.rules.install.into(),
            lifetime: Lifetime::Survives,
        };
        let ended = self.run(&child);
        // Held until here, and for the looks that follow: what was checked is what ran.
        self.staged = Some(staged);
        let ended = ended?;
        match ended.ending {
            Ending::Exited(code) => Ok(Acted::Installed { code, log: Some(folder.display().to_string()) }),
            ending @ (Ending::TimedOut | Ending::Interrupted | Ending::StillRunning { .. }) => {
                let said = format!(" ({})", said(&ended.output.tail()));
                Err(WindowsError::Unfinished { program, ending, said, folder })
            }
        }
    }

    fn run(&mut self, child: &Child<'_>) -> Result<Ended, WindowsError> {
        let interrupted = || self.interrupted.load(Ordering::Relaxed);
        Ok(self.runner.run(child, &mut *self.watch, &interrupted)?)
    }

    /// Waits until the services are where a command should have brought them, and gives those that are not there when
    /// the time since `began` is over. An interrupt ends the wait for a stop that `may_be_left`: the run goes back up.
    fn wait_for(
        &mut self,
        wanted: ServiceState,
        began: Instant,
        limit: Duration,
        may_be_left: bool,
        which: &dyn Fn(&Found) -> bool,
    ) -> Result<Vec<Found>, WindowsError> {
        let mut moved_at = moment();
        let mut look = || Ok(found_services()?.into_iter().filter(|found| which(found)).collect());
        let mut pause = |moved: bool| {
            if moved {
                moved_at = moment();
            }
            (self.watch)(Pulse { elapsed: began.elapsed(), quiet: moved_at.elapsed() });
            wait(LOOK);
            let leave = may_be_left && self.interrupted.load(Ordering::Relaxed);
            (!leave).then(|| began.elapsed())
        };
        Ok(settle(wanted, limit, &mut look, &mut pause)?)
    }
}

/// How a cmdlet ended. One that could not be run at all is an error, whatever the services do.
fn ended(ran: Result<(), WindowsError>) -> Result<Result<(), String>, WindowsError> {
    match ran {
        Ok(()) => Ok(Ok(())),
        Err(WindowsError::PowerShell(error @ PowerShellError::Ended { .. })) => Ok(Err(error.to_string())),
        Err(error) => Err(error),
    }
}

/// What is to be told of a command and of the services after it. Both are evidence: what comes next is decided by a look.
fn told(ran: Result<(), String>, remaining: &[Found]) -> String {
    let said = ran.err().unwrap_or_else(|| "reported success".to_owned());
    if remaining.is_empty() { said } else { format!("{said}, and then {}", left(remaining)) }
}

fn is_web(service: &Found) -> bool {
    service.name.eq_ignore_ascii_case(WEB_SERVICE)
}
