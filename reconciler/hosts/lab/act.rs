//! Acting on a simulated server: the effect of each step there, and how long it takes by the server's own clock.

use std::collections::BTreeSet;

use reconcile_core::{Account, Act, Acted, Ask, Goal, Observe, Seen, claim_of, reached};
use reconcile_schema::{ComponentName, Mark, Period, RunId, ServiceState, StartType, Step, Store, Whose};

use super::{Cut, LabError, LabHost, Outlives, When, clock, fault::Fault, observe::brought, world::Simulated};

/// The service that ends by itself with the fault `ServiceDies`: every role has it.
const DIES: &str = "REPLICA";

impl Act for LabHost<'_> {
    fn act(&mut self, goal: &Goal, seen: &Seen, step: &Step, quiet: &mut dyn FnMut(Period)) -> Result<Acted, LabError> {
        let dies = self.alive()?;
        self.effects += 1;
        if *step == Step::Install && self.server()?.has(Fault::InstallerGoesQuiet) {
            quiet(Period::minutes(25)); // Then it continues as if nothing had happened.
        }
        if dies == Some(When::Before) {
            return Err(LabError::Killed);
        }
        if dies == Some(When::Outlived) {
            return self.outlive(goal, seen, step);
        }
        let half = dies == Some(When::Midway);
        let busy = self.server()?.has(Fault::ShareBusy) && matches!(step, Step::Claim | Step::Release);
        let told = if half || busy { Ok(()) } else { self.tell(goal, seen, step) }; // A record is written, or it is not.
        let acted = told.and_then(|()| {
            if busy {
                return Ok(Acted::Busy("somebody else has been using this record for 5 s (simulated)".into()));
            }
            take(self.server()?, goal, seen, step, half)
        });
        self.expensive.forget(step);
        self.started |= matches!(step, Step::StartServices | Step::FailBack);
        self.lab.save()?; // This comes first: what cannot be saved has not happened, and its effects are not observed.
        if *step == Step::Claim {
            self.look(goal, &Ask::Claim)?;
        }
        if *step == Step::Install {
            self.open_shell()?;
        }
        if dies.is_some() { Err(LabError::Killed) } else { acted }
    }

    fn mark(&mut self, run: &RunId, mark: &Mark) -> Result<(), LabError> {
        let dies = self.alive()?;
        self.effects += 1;
        if matches!(mark, Mark::Installing { .. }) {
            self.server()?.recorded = None;
        }
        if matches!(dies, Some(When::Before | When::Midway | When::Outlived)) {
            return Err(LabError::Killed); // A torn line is not an entry: the journal's own tests show that.
        }
        let at = self.server()?.clock;
        // If the run were killed after an entry later than the saved clock, that entry would come from a time that
        // never was.
        let kept = self.lab.kept.as_ref().and_then(|kept| kept.servers.get(&self.name));
        if kept.is_some_and(|kept| kept.clock != at) {
            self.lab.save()?;
        }
        self.journal()?.append(run, at, mark)?;
        if dies.is_some() { Err(LabError::Killed) } else { Ok(()) }
    }

    fn pause(&mut self, period: Period) {
        self.expensive.forget_after_pause();
        let started = self.started;
        if let Ok(server) = self.server() {
            server.pass(period);
            if started && server.has(Fault::ServiceDies) {
                set(server, |service| service.name == DIES && service.is_running(), ServiceState::Stopped);
            }
        }
        let _ = self.lab.save(); // What cannot be saved is reported at the next act.
    }
}

impl LabHost<'_> {
    /// Begins a step whose command outlives the run. The run dies now.
    fn outlive(&mut self, goal: &Goal, seen: &Seen, step: &Step) -> Result<Acted, LabError> {
        let mut after = self.server()?.clone();
        let code = match take(&mut after, goal, seen, step, false) {
            Ok(Acted::Installed { code, .. }) => Some(code),
            Ok(Acted::Ended(_) | Acted::Started { .. } | Acted::Busy(_) | Acted::GoingDown(_)) | Err(_) => None,
        };
        let (step, run) = (step.clone(), seen.run.id.clone());
        self.server()?.outlives = Some(Box::new(Outlives { step, run, code, after }));
        self.lab.save()?;
        Err(LabError::Killed)
    }

    /// Reports to the other servers of the pool, if the step does that.
    fn tell(&mut self, goal: &Goal, seen: &Seen, step: &Step) -> Result<(), LabError> {
        let (Some(claims), Step::Claim | Step::Release) = (&goal.claims, step) else { return Ok(()) };
        if self.server()?.has(Fault::ShareUnreachable) {
            return Err(LabError::Step("the share cannot be reached (simulated)".into()));
        }
        let record = self.lab.world.pools.entry(claims.name.clone()).or_default();
        if *step == Step::Release {
            record.release(&goal.server, reached(goal, seen), seen.host.at);
            return Ok(());
        }
        record.claim(claim_of(goal, claims, seen)); // The next observation shows who has the claim.
        Ok(())
    }
}

/// Takes a step, or half of it.
fn take(server: &mut Simulated, goal: &Goal, seen: &Seen, step: &Step, half: bool) -> Result<Acted, LabError> {
    let starting: Vec<_> = goal.should_run(&seen.host, seen.baseline()).map(|service| service.name.clone()).collect();
    server.pass(clock::of(server, step, &starting));
    let said = match step {
        Step::Claim | Step::Release => "the record on the share says so",
        Step::Stage => {
            server.staged = !half;
            "copied and verified"
        }
        Step::FailOver => {
            fail_over(server, half)?;
            "the cmdlet reported success"
        }
        Step::FailBack => {
            fail_back(server, half)?;
            "the cmdlet reported success"
        }
        Step::StopOthers => {
            stop(server, seen, Whose::Others, half);
            "the service manager reported success"
        }
        Step::StartOthers => {
            start(server, &starting, Whose::Others, half);
            "the service manager reported success"
        }
        Step::StopServices => {
            stop(server, seen, Whose::Product, half);
            "the cmdlet reported success"
        }
        Step::StopWeb if server.has(Fault::WebStopDenied) => {
            let words = "exit code 2: System error 5 has occurred. Access is denied. (simulated)";
            return Ok(Acted::Ended(Account::failure(words)));
        }
        Step::StopWeb => {
            set(server, |service| service.is_web(), ServiceState::Stopped);
            "exit code 0"
        }
        Step::CloseShells => {
            server.faults.remove(&Fault::ShellOpen);
            "1 process ended"
        }
        Step::Install => return install(server, goal, half),
        Step::StartWeb => {
            set(server, |service| service.is_web() && service.start != StartType::Disabled, ServiceState::Running);
            "exit code 0"
        }
        Step::StartServices => {
            start(server, &starting, Whose::Product, half);
            "the cmdlet reported success"
        }
        Step::UpdateDatabases(store) | Step::UpdatePoolDatabases(store) => {
            // Those of the pools are updated while services run.
            let own = matches!(step, Step::UpdateDatabases(_));
            if own
                && !seen.host.services.known().is_some_and(|services| {
                    services.iter().filter(|service| service.is_products()).all(|service| service.is_stopped())
                })
            {
                return Err(LabError::Step("the databases are in use: services run (simulated)".into()));
            }
            update(server, store, half);
            "the cmdlet returned nothing, as documented"
        }
        Step::Reboot => {
            boot(server);
            "the server is back"
        }
    };
    Ok(Acted::Ended(Account::success(said)))
}

fn set(server: &mut Simulated, which: impl Fn(&reconcile_schema::Service) -> bool, state: ServiceState) {
    server.own().filter(|service| which(service)).for_each(|service| service.state = state);
}

/// Stops the observed services of one owner, in the reverse of their start order.
fn stop(server: &mut Simulated, seen: &Seen, whose: Whose, half: bool) {
    let hangs = server.has(Fault::ServiceHangsInStop) && whose == Whose::Product;
    let other_hangs = server.has(Fault::OtherHangsInStop) && whose == Whose::Others;
    let mut seen = seen.host.services.known().into_iter().flatten().filter(|service| service.whose() == whose);
    let named: Vec<_> = seen.by_ref().map(|service| service.name.as_str()).collect();
    let running: Vec<_> = server.services.iter_mut().filter(|service| named.contains(&service.name.as_str())).collect();
    let keep = if half { running.len() / 2 } else { 0 };
    for service in running.into_iter().skip(keep).filter(|service| !service.is_stopped()) {
        let stays = hangs && service.name == "RTCSRV" || other_hangs;
        service.state = if stays { ServiceState::StopPending } else { ServiceState::Stopped };
    }
}

/// Stops and disables the services in the reverse of their start order.
fn fail_over(server: &mut Simulated, half: bool) -> Result<(), LabError> {
    if server.has(Fault::FailOverTimesOut) {
        return Err(LabError::Step("the wait time of one hour is over; no action was taken (simulated)".into()));
    }
    let hangs = server.has(Fault::ServiceHangsInStop);
    let services: Vec<_> = server.own().filter(|service| !service.is_web()).collect();
    let keep = if half { services.len() / 2 } else { 0 };
    let mut before = Vec::new();
    for service in services.into_iter().skip(keep) {
        if service.start != StartType::Disabled {
            before.push(service.clone());
        }
        let stays = hangs && service.name == "RTCSRV" && !service.is_stopped();
        service.start = StartType::Disabled;
        service.state = if stays { ServiceState::StopPending } else { ServiceState::Stopped };
    }
    server.failed_over.extend(before);
    Ok(())
}

/// Restores the services to their state before the failover, and starts those that ran then or start automatically.
/// What the cmdlet does about services that somebody had configured differently is not documented.
fn fail_back(server: &mut Simulated, half: bool) -> Result<(), LabError> {
    if server.has(Fault::FailBackTimesOut) {
        return Err(LabError::Step("the wait time of one hour is over; nothing was enabled (simulated)".into()));
    }
    let hangs = server.has(Fault::ServiceHangsInStart);
    let count = if half { server.failed_over.len() / 2 } else { server.failed_over.len() };
    for before in server.failed_over.drain(..count) {
        for service in server.services.iter_mut().filter(|service| service.name == before.name) {
            service.start = before.start;
            let starts = before.start == StartType::Automatic || !before.is_stopped();
            let stays = hangs && service.name == "RTCSRV";
            if starts && service.state != ServiceState::StopPending {
                service.state = if stays { ServiceState::StartPending } else { ServiceState::Running };
            }
        }
    }
    Ok(())
}

/// Starts the services that the goal wants running. If a service does not start, the next observation shows that.
fn start(server: &mut Simulated, names: &[String], whose: Whose, half: bool) {
    let hangs = server.has(Fault::ServiceHangsInStart);
    let own: Vec<_> = server.own().map(|service| service.name.clone()).collect();
    let kind = |service: &reconcile_schema::Service| own.contains(&service.name) == (whose == Whose::Product);
    let wanted = server.services.iter_mut().filter(|service| !service.is_web() && names.contains(&service.name));
    let wanted: Vec<_> = wanted.filter(|service| kind(service)).collect();
    let count = if half { wanted.len() / 2 } else { wanted.len() };
    for service in wanted.into_iter().take(count) {
        let stays = hangs && service.name == "RTCSRV";
        if service.state != ServiceState::StopPending {
            // A service that is stopping accepts no command until it has stopped.
            service.state = if stays { ServiceState::StartPending } else { ServiceState::Running };
        }
    }
}

fn install(server: &mut Simulated, goal: &Goal, half: bool) -> Result<Acted, LabError> {
    if !server.staged {
        return Err(LabError::Step("the installer is not in the private folder".into()));
    }
    if server.faults.remove(&Fault::InstallerFindsServices) {
        set(server, |service| service.name == "REPLICA" && service.start != StartType::Disabled, ServiceState::Running);
    }
    if server.own().any(|service| !service.is_stopped()) {
        return Ok(ended(2));
    }
    if server.has(Fault::InstallerFails) {
        return Ok(ended(1603));
    }
    if server.has(Fault::InstallerDoesNothing) {
        return Ok(ended(0));
    }
    let cut = cut(server, half);
    for (name, build) in &mut server.components {
        if cut.as_ref().is_none_or(|cut| cut.patched.contains(name)) {
            *build = brought(goal, name, build);
        }
    }
    if let Some(cut) = cut {
        return Ok(ended(cut.code));
    }
    for database in server.databases.iter_mut().flat_map(|store| store.databases.values_mut()) {
        database.expected = database.after_update;
    }
    if server.has(Fault::InstallerStartsServices) {
        set(server, |service| service.start != StartType::Disabled, ServiceState::Running);
    }
    let code = match (server.has(Fault::InstallerAsksForReboot), server.has(Fault::InstallerBeginsReboot)) {
        (_, true) => 1641,
        (true, false) => 3010,
        (false, false) => 0,
    };
    server.reboot_asked = (code != 0).then_some(code);
    Ok(ended(code))
}

/// How this start of the installer is interrupted, if it is.
fn cut(server: &mut Simulated, half: bool) -> Option<Cut> {
    if !server.cuts.is_empty() {
        return Some(server.cuts.remove(0));
    }
    let names = || server.components.keys();
    let fault = |fault| server.has(fault);
    let patched: BTreeSet<_> = match () {
        () if fault(Fault::InstallerStopsAfterCore) => names().filter(|name| name.is_core()).cloned().collect(),
        () if half || fault(Fault::InstallerStopsHalfWay) => {
            let mut names: Vec<ComponentName> = names().cloned().collect();
            names.sort_by_key(ComponentName::is_core); // Core Components last.
            names.truncate(names.len() / 2);
            names.into_iter().collect()
        }
        () => return None,
    };
    server.faults.remove(&Fault::InstallerStopsAfterCore);
    server.faults.remove(&Fault::InstallerStopsHalfWay);
    Some(Cut { patched, code: 1603 })
}

/// The simulated installer leaves no log.
const fn ended(code: u32) -> Acted {
    Acted::Installed { code, log: None }
}

fn update(server: &mut Simulated, store: &Store, half: bool) {
    if server.has(Fault::DatabaseUpdateDoesNothing) {
        return;
    }
    let known = server.databases.iter_mut().filter(|known| known.store == *store);
    let databases: Vec<_> = known.flat_map(|known| known.databases.values_mut()).collect();
    let count = if half { databases.len() / 2 } else { databases.len() };
    for database in databases.into_iter().take(count) {
        database.installed = database.expected;
    }
}

/// A restart: afterwards, services that start automatically run, whatever stopped them.
fn boot(server: &mut Simulated) {
    server.boot += 1;
    server.uptime = 0;
    server.reboot_asked = None;
    server.outlives = None;
    server.faults.remove(&Fault::RebootPending);
    server.faults.remove(&Fault::ShellOpen);
    for service in &mut server.services {
        let automatic = service.start == StartType::Automatic;
        service.state = if automatic { ServiceState::Running } else { ServiceState::Stopped };
    }
}
