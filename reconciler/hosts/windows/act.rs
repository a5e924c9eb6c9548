//! Acting on this machine: each step as the documentation describes it, and then a wait for its effect.

use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use reconcile_core::{Account, Act, Acted, Goal, Seen, layers};
use reconcile_schema::{Mark, Period, RunId, Service, ServiceState, StagedCopy, Step, Store, WEB_SERVICE, Whose};

use super::clock::{moment, now, wait};
use super::discover::{again, discover};
use super::environment::system_root;
use super::layered::{Left, Orders, down, up};
use super::logs::log_folder;
use super::machine::restart;
use super::observe::{refused, services};
use super::own::unforeseen;
use super::package::stage;
use super::pool_share::{record as pool_record, tell_pool};
use super::pools::Direction;
use super::powershell::{Call, Change, PowerShell, hold, said};
use super::process::{Child, Ended, Ending, Lifetime, Outliving};
use super::record;
use super::services::{Found, ServiceError, Services, heads_for, needed_by};
use super::settle::{left, settle};
use super::shells::close;
use super::state::private_folder;
use super::{ActingHost, WindowsError, WindowsHost};

/// How often pending services are checked, and how often a pause checks for an interrupt.
const LOOK: Duration = Duration::from_millis(250);

/// How often a start that failed, because a process holds the program of a service, is tried again.
const HELD: Duration = Duration::from_secs(1);

/// How long a failover or a failback may take: longer than the hour that `Move-Computer.ps1` gives the cmdlets
/// (`-WaitTime`), so that they can report how it ended.
const MOVING: Duration = Duration::from_secs(90 * 60);

/// How long a service that accepted an order may show no reaction: that is the time that its handler may take
/// (Microsoft Learn: Service control handler function).
const HEARING: Duration = Duration::from_secs(30);

impl Act for ActingHost<'_> {
    fn act(
        &mut self,
        goal: &Goal,
        seen: &Seen,
        step: &Step,
        quiet: &mut dyn FnMut(Period),
    ) -> Result<Acted, WindowsError> {
        let acted = self.take(goal, seen, step, quiet);
        self.host.expensive.forget(step);
        if *step == Step::Claim {
            self.host.expensive.claim = pool_record(goal);
        }
        acted
    }

    fn mark(&mut self, run: &RunId, mark: &Mark) -> Result<(), WindowsError> {
        if matches!(mark, Mark::Installing { .. }) {
            record::forget(private_folder()?); // How the last attempt ended does not matter for this one.
        }
        Ok(self.journal.append(run, now(), mark)?)
    }

    fn pause(&mut self, period: Period) {
        self.host.expensive.forget_after_pause();
        let (began, period) = (moment(), Duration::from(period));
        let at_work = |private: &Path| record::last(private).is_some_and(|recorded| recorded.at_work);
        let private = private_folder().ok().filter(|private| at_work(private));
        while !self.host.interrupted() && began.elapsed() < period {
            wait(LOOK.min(period));
            if private.is_some_and(|private| !at_work(private)) {
                break; // The command that it waits for has ended.
            }
        }
    }
}

impl ActingHost<'_> {
    fn take(
        &mut self,
        goal: &Goal,
        seen: &Seen,
        step: &Step,
        quiet: &mut dyn FnMut(Period),
    ) -> Result<Acted, WindowsError> {
        if step.takes_down() && self.host.scripts.is_empty() {
            self.host.scripts = hold(private_folder()?)?;
        }
        let change = Change { run: &seen.run.id, step };
        let said = match step {
            Step::Claim | Step::Release => return Ok(tell_pool(goal, seen, step)?),
            Step::Stage => {
                let (said, copy) = self.host.stage(goal)?;
                self.journal.append(&seen.run.id, now(), &Mark::Staged(copy))?;
                said
            }
            Step::StopOthers => return self.host.stop_services(goal, Whose::Others),
            Step::StopServices => return self.host.stop_services(goal, Whose::Product),
            Step::FailOver => self.host.move_computer(goal, Direction::Out, change)?,
            Step::FailBack => self.host.move_computer(goal, Direction::Back, change)?,
            Step::StopWeb => return self.host.web("stop", ServiceState::Stopped, goal.rules.stop.into()),
            Step::CloseShells => {
                let shells = seen.host.shells.known().map_or(&[][..], Vec::as_slice);
                shells.iter().try_for_each(|shell| close(shell, &self.host.also))?;
                format!("{} processes were ended", shells.len())
            }
            Step::Install => return self.host.install_and_warm_up(goal, &seen.run.id, quiet),
            Step::StartWeb => return self.host.web("start", ServiceState::Running, goal.rules.start.into()),
            Step::StartServices => return self.host.start_services(goal, seen, Whose::Product),
            Step::StartOthers => return self.host.start_services(goal, seen, Whose::Others),
            Step::UpdateDatabases(store) | Step::UpdatePoolDatabases(store) => {
                self.host.update_databases(goal, store, change)?
            }
            Step::Reboot => {
                let why = format!("reconcile brings {} to {}.", goal.product, goal.core);
                return Ok(Acted::GoingDown(restart(&why)?));
            }
        };
        Ok(Acted::Ended(Account::success(said)))
    }
}

impl WindowsHost {
    fn interrupted(&self) -> bool {
        self.interrupt.ends()
    }

    fn stage(&mut self, goal: &Goal) -> Result<(String, StagedCopy), WindowsError> {
        let fresh = unforeseen().map_err(WindowsError::NoName)?;
        let staged = match stage(private_folder()?, goal.product.installer(), &goal.installer, &fresh) {
            Ok(staged) => staged,
            Err(error) => {
                // No copy is left, and the source shows no signer, so the next observation would find a good package.
                let seen = refused(&error);
                self.refused = seen.map(|seen| (goal.installer.sha256.clone(), seen));
                return Err(error.into());
            }
        };
        let (said, copy) = (format!("{} has the declared SHA-256 and publisher", staged.path.display()), staged.copy());
        self.staged = Some(staged);
        Ok((said, copy))
    }

    /// Stops the services of the product or of others, all services of one dependency layer together.
    fn stop_services(&mut self, goal: &Goal, whose: Whose) -> Result<Acted, WindowsError> {
        let (began, limit) = (moment(), goal.rules.stop.into());
        // A service that is starting accepts no order until it runs.
        let (mut all, manager) = (services(&self.also)?, Services::open()?);
        all.retain(|service| service.whose() == whose);
        let every: Vec<_> = all.iter().collect();
        let starting = |found: &Found| among(&every, found) && heads_for(found.state) == Some(ServiceState::Running);
        self.wait_for(ServiceState::Running, began, limit, true, &[], &starting)?;
        let mut refused = Vec::new();
        let left = down(&layers(&all), &mut |layer| {
            // After an interrupt no more orders are given: the run starts the services again.
            let told = if self.interrupted() { &[] } else { layer };
            let told = tell(told, &mut refused, &|name| manager.stop(name));
            self.wait_for(ServiceState::Stopped, began, limit, true, &told, &|found| among(layer, found))
        })?;
        Ok(Acted::Ended(told(refused, left)))
    }

    /// Starts the services, of the product or of others, that should be running and are not, all services of one
    /// dependency layer together.
    fn start_services(&mut self, goal: &Goal, seen: &Seen, whose: Whose) -> Result<Acted, WindowsError> {
        let should = goal.should_run(&seen.host, seen.baseline());
        let all: Vec<_> = should.filter(|service| service.whose() == whose && !service.is_running()).collect();
        let stopping = |found: &Found| among(&all, found) && found.state == ServiceState::StopPending;
        // A service that is stopping accepts no order until it has stopped.
        self.wait_for(ServiceState::Stopped, moment(), goal.rules.stop.into(), false, &[], &stopping)?;
        let (began, limit, manager) = (moment(), goal.rules.start.into(), Services::open()?);
        let (mut orders, mut ran) = (Orders::default(), Vec::new());
        let interrupt = self.interrupt.clone();
        let mut round = |orders: &mut Orders| {
            up::<WindowsError>(&layers(all.iter().copied()), &mut |layer| {
                // A run that ends at once leaves them as they are.
                let layer = if self.interrupt.leaves() { &[] } else { layer };
                let told = orders.give(layer, &|name| manager.start(name));
                // A service that accepted the order is starting, or has failed: its state shows which.
                let left =
                    self.wait_for(ServiceState::Running, began, limit, false, &[], &|found| among(layer, found))?;
                let never_ran = |name: &&&str| left.iter().any(|one| one.name == **name && !one.has_ended_well());
                ran.extend(told.iter().filter(|name| !never_ran(name)).map(|name| (*name).to_owned()));
                Ok(left)
            })
        };
        let left = orders.until_answered(&mut round, &mut || {
            wait(HELD);
            !interrupt.leaves() && began.elapsed() < limit
        })?;
        Ok(Acted::Started { said: told(orders.refused(), left), ran })
    }

    /// `Invoke-CsComputerFailOver`, or `Invoke-CsComputerFailBack` with the name that was failed over. If its wait time
    /// of one hour ends, the failover fails without having changed anything.
    fn move_computer(&mut self, goal: &Goal, direction: Direction, change: Change<'_>) -> Result<String, WindowsError> {
        let name = self.name.to_string();
        let what = match direction {
            Direction::Out => "failover",
            Direction::Back => "failback",
        };
        self.shell(goal.product, what, MOVING, |shell, call| shell.move_computer(&name, direction, change, call))?;
        Ok("the cmdlet ended; the services tell what it did".to_owned())
    }

    fn update_databases(&mut self, goal: &Goal, store: &Store, change: Change<'_>) -> Result<String, WindowsError> {
        let limit = goal.rules.database.into();
        let paths = goal.paths(change.step);
        let update = |shell: &PowerShell<'_>, call: Call<'_>| shell.update_databases(store, paths, change, call);
        self.shell(goal.product, "update-databases", limit, update)?;
        Ok("the cmdlet ended; it says nothing of what it did".to_owned())
    }

    /// `net stop w3svc` or `net start w3svc`. Its text is for people, and its exit code for the log: the service
    /// manager reports the result.
    fn web(&mut self, verb: &'static str, wanted: ServiceState, limit: Duration) -> Result<Acted, WindowsError> {
        let began = moment();
        let private = private_folder()?;
        let folder = log_folder(private, &format!("net-{verb}-w3svc"))?;
        let program = system_root()?.join(r"System32\net.exe");
        let arguments = [verb, "w3svc"].map(OsString::from);
        // Starting the server's services is not interrupted: an interrupted run ends with it.
        let lifetime = if wanted == ServiceState::Running { Lifetime::Finishes } else { Lifetime::Ours };
        let (program, arguments) = (program.as_path(), arguments.as_slice());
        let child = Child { program, arguments, input: b"", folder: &folder, private, limit, lifetime };
        let ended = self.run(&child, &mut |_| {})?;
        let found = match ended.ending {
            Ending::Exited(0) => Ok(()),
            Ending::Exited(_) | Ending::TimedOut | Ending::Interrupted | Ending::StillRunning { .. } => {
                let needed = needed_by(&Services::open()?.dependents(WEB_SERVICE)?);
                Err(format!("{} ({}){needed}", ended.ending, said(&ended.output.tail())))
            }
        };
        let services = self.wait_for(wanted, began, limit, wanted == ServiceState::Stopped, &[], &is_web)?;
        Ok(Acted::Ended(told(found.err().into_iter().collect(), Left { services, held: Vec::new() })))
    }

    /// Installs. While the services are stopped again and the web server starts, a management shell can load the
    /// product's module for the following check of the databases. The shell does not start before the installer has
    /// ended, because the installer replaces the files that it loads.
    fn install_and_warm_up(
        &mut self,
        goal: &Goal,
        run: &RunId,
        quiet: &mut dyn FnMut(Period),
    ) -> Result<Acted, WindowsError> {
        let acted = self.install(goal, run, quiet)?;
        // A restart would end the shell.
        let restarts = matches!(acted, Acted::Installed { code: 3010 | 1641, .. });
        if !restarts && !self.interrupted() && self.asks_databases(goal) {
            self.warm_up(goal.product);
        }
        Ok(acted)
    }

    fn install(&mut self, goal: &Goal, run: &RunId, quiet: &mut dyn FnMut(Period)) -> Result<Acted, WindowsError> {
        let program = goal.product.installer();
        let staged = match self.staged.take() {
            Some(staged) if staged.sha256 == goal.installer.sha256 => staged,
            Some(_) | None => self.staged(goal)?.ok_or_else(|| WindowsError::NotStaged(goal.installer.path.clone()))?,
        };
        let private = private_folder()?;
        let folder = log_folder(private, "install")?;
        let arguments = ["/silentmode"].map(OsString::from);
        staged.is_alone()?; // The last check before the start. If it fails, the next run copies the package again.
        let child = Child {
            program: &staged.path,
            arguments: &arguments,
            input: b"",
            folder: &folder,
            private,
            limit: goal.rules.install.into(),
            lifetime: Lifetime::Outlives(Outliving { run, step: &Step::Install, held: staged.held() }),
        };
        let mut watch = |lasts: Duration| quiet(Period::seconds(u32::try_from(lasts.as_secs()).unwrap_or(u32::MAX)));
        let ended = self.run(&child, &mut watch);
        // Held until here, and for the following observations: the verified file is the one that ran.
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

    fn run(&self, child: &Child<'_>, watch: &mut dyn FnMut(Duration)) -> Result<Ended, WindowsError> {
        Ok(self.runner.run(child, watch, &self.interrupt)?)
    }

    /// Waits until the services that `which` selects have the `wanted` state, until `limit` has passed since `began`. Returns
    /// the services that do not have it by then. A service in `told` has just accepted a request, and counts as about to
    /// change for a moment even if it does not show that yet. If the wait `may_be_left`, an interrupt ends it: the run then
    /// starts the services again.
    fn wait_for(
        &mut self,
        wanted: ServiceState,
        began: Instant,
        limit: Duration,
        may_be_left: bool,
        told: &[&str],
        which: &dyn Fn(&Found) -> bool,
    ) -> Result<Vec<Found>, WindowsError> {
        let told_at = moment();
        let heard = |found: &Found| told.contains(&found.name.as_str()) && told_at.elapsed() < HEARING;
        let manager = Services::open()?;
        let known = discover(&manager, &self.also)?;
        let mut look = || Ok(again(&manager, &known)?.into_iter().filter(|found| which(found)).collect());
        let mut pause = || {
            wait(LOOK);
            let leave = self.interrupt.leaves() || may_be_left && self.interrupt.ends();
            (!leave).then(|| began.elapsed())
        };
        Ok(settle(wanted, limit, &mut look, &heard, &mut pause)?)
    }
}

/// Gives the order to each of these services, and returns the names of those that accepted it.
fn tell<'a>(
    services: &[&'a Service],
    refused: &mut Vec<String>,
    order: &dyn Fn(&str) -> Result<(), ServiceError>,
) -> Vec<&'a str> {
    let mut told = Vec::new();
    for service in services {
        match order(&service.name) {
            Ok(()) => told.push(service.name.as_str()),
            Err(error) => refused.push(error.to_string()),
        }
    }
    told
}

/// The account of an order and of the services after it. Both are evidence: an observation decides what comes next.
fn told(mut refused: Vec<String>, after: Left) -> Account {
    refused.extend(after.services.iter().filter_map(Found::failure));
    let success = refused.is_empty();
    let said = if success { "reported success".to_owned() } else { refused.join("; ") };
    let mut rest = after.held;
    if !after.services.is_empty() {
        rest.insert(0, left(&after.services));
    }
    let words = if rest.is_empty() { said } else { format!("{said}, and then {}", rest.join(", ")) };
    Account { words, success }
}

fn among(services: &[&Service], found: &Found) -> bool {
    services.iter().any(|service| service.name == found.name)
}

fn is_web(service: &Found) -> bool {
    service.name.eq_ignore_ascii_case(WEB_SERVICE)
}
