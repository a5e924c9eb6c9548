//! Observing a simulated server.

use reconcile_core::{Ask, Goal, Observe};
use reconcile_schema::{
    BootId, Build, Component, ComponentName, Database, Fact, Foreign, Mark, Marks, Observed, PackageSeen, Pending,
    Period, PoolRecord, PoolSeen, Product, QueuedFile, Readiness, Recognised, Rights, ServerName, Service,
    ServiceState, Shared, Shell, Step, UpgradeDomain,
};

use crate::journal::Journal;
use crate::uninstall::{self, Entry};

use super::{
    LabError, LabHost,
    examined::examined,
    fault::Fault,
    journal,
    world::{Simulated, SimulatedStore, World},
};

/// How large every simulated update is.
const PACKAGE: u64 = 300 << 20;

impl Observe for LabHost<'_> {
    type Error = LabError;

    fn observe(&mut self, goal: &Goal) -> Result<Observed, LabError> {
        self.alive()?;
        let host = self.name.clone();
        let expensive = self.expensive.clone();
        let server = self.server()?;
        let mut seen = Observed {
            boot: Fact::Known(BootId(format!("boot {}", server.boot))),
            uptime: Some(uptime(server)),
            components: components(server),
            services: services(server, goal),
            reboot: reboot(server),
            installing: Fact::Known(installing(server)),
            installer: installer(server),
            at_work: outlived(server, false),
            ..Observed::unread(host, server.clock)
        };
        expensive.carry(&mut seen);
        Ok(seen)
    }

    fn look(&mut self, goal: &Goal, ask: &Ask) -> Result<(), LabError> {
        self.alive()?;
        if matches!(ask, Ask::Databases(_)) {
            self.wait_for_shell()?;
        }
        let server = self.server()?.clone();
        match ask {
            Ask::Rights => self.expensive.rights = Fact::Known(rights(&server)),
            Ask::Package => {
                self.expensive.package = Fact::Known(package(goal, &server));
                self.expensive.package_size = Some(PACKAGE);
            }
            Ask::Disk => {
                let free = |full: u64| Fact::Known(full);
                (self.expensive.disk, self.expensive.private_disk) = match () {
                    () if server.has(Fault::DiskExhausted) => (free(200 << 20), free(200 << 20)),
                    () if server.has(Fault::DiskFull) => (free(5 << 30), free(5 << 30)),
                    () if server.has(Fault::PrivateDiskFull) => (free(120 << 30), free(200 << 20)),
                    () => (free(120 << 30), free(120 << 30)),
                };
            }
            Ask::Shells => self.expensive.shells = shells(&server),
            Ask::Foreign => self.expensive.foreign = Fact::Known(foreign(&server, goal)),
            Ask::Claim => {
                self.expensive.claim = self.record(goal, &server);
                self.catch_up(goal)?;
            }
            Ask::Pool => self.expensive.pool = pool(self.lab.world(), &self.name, &server),
            Ask::Examination => self.expensive.examined = examined(&server, goal),
            Ask::Databases(store) => {
                let fact = match server.databases.iter().find(|known| known.store == *store) {
                    Some(known) => Fact::Known(databases(&server, &self.on_its_server(goal, known))),
                    None => Fact::Unknown(format!("the lab has no {store}")),
                };
                let fact = self.expensive.not_readable(fact);
                self.expensive.databases.insert(store.clone(), fact);
            }
        }
        Ok(())
    }

    fn marks(&mut self) -> Result<Marks, LabError> {
        self.alive()?;
        let mut marks = match (self.lab.journals.get(&self.name), &self.lab.path) {
            (Some(journal), _) => journal.marks().clone(),
            (None, Some(path)) => Journal::read(&journal(path, &self.name))?,
            (None, None) => Marks::default(),
        };
        let server = self.server()?;
        if let (Some((run, code)), Some(attempt)) = (&server.recorded, &marks.attempt)
            && attempt.code.is_none()
            && attempt.run == *run
        {
            // Nobody has compared what it moved.
            marks.take(run, server.clock, &Mark::Installed { code: *code, moved: true, log: None });
        }
        Ok(marks)
    }
}

/// How long the boot has lasted.
fn uptime(server: &Simulated) -> Period {
    let months = if server.has(Fault::UpForMonths) { 100 * 86_400 } else { 0 };
    Period::seconds(server.uptime.saturating_add(months))
}

fn installing(server: &Simulated) -> Option<String> {
    let held = "somebody holds the mutex of Windows Installer (simulated)";
    installer(server).or_else(|| server.has(Fault::WindowsInstallerHeld).then(|| held.to_string()))
}

fn installer(server: &Simulated) -> Option<String> {
    let another = server.has(Fault::AnotherInstallation).then(|| "Windows Installer (simulated)".to_string());
    another.or_else(|| outlived(server, true))
}

/// The command that has outlived its run: an installer, or any other one.
fn outlived(server: &Simulated, installs: bool) -> Option<String> {
    let outlives = server.outlives.as_ref().filter(|outlives| (outlives.step == Step::Install) == installs)?;
    Some(format!("{} of run {} (simulated)", outlives.step, outlives.run.0))
}

/// How far the clocks of a lab may drift apart while one server is worked on after the other. A larger difference is
/// not passed time but a wrong clock.
const FAR: Period = Period::hours(90 * 24);

impl LabHost<'_> {
    /// The record on the share of its pool.
    fn record(&self, goal: &Goal, server: &Simulated) -> Fact<PoolRecord> {
        match &goal.claims {
            _ if server.has(Fault::ShareUnreachable) => Fact::Unknown("the share cannot be reached (simulated)".into()),
            None => Fact::Unknown("no share is declared for its pool (simulated)".into()),
            Some(claims) => {
                let record = |name| self.lab.world.pools.get(name).cloned().unwrap_or_default();
                let mut own = record(&claims.name);
                goal.further_records().for_each(|other| own.take_builds(record(other)));
                Fact::Known(own)
            }
        }
    }

    /// A SQL Server of its own has one version of each database, whichever server reads it: the one of the last update.
    fn on_its_server(&self, goal: &Goal, read: &SimulatedStore) -> SimulatedStore {
        let mut found = read.clone();
        if goal.stores.contains(&read.store) {
            return found;
        }
        let others = self.lab.world.servers.values().flat_map(|server| &server.databases);
        for (name, other) in others.filter(|other| other.store == read.store).flat_map(|other| &other.databases) {
            if let Some(database) = found.databases.get_mut(name) {
                database.installed = database.installed.max(other.installed);
            }
        }
        found
    }

    /// Each server has a clock of its own that stands still while others are worked on. A server that reads that
    /// another one of its pool was released must be later than that.
    fn catch_up(&mut self, goal: &Goal) -> Result<(), LabError> {
        let known = self.expensive.claim.known().zip(goal.claims.as_deref());
        let last = known.and_then(|(record, claims)| {
            record.last_of_others(&goal.server, &claims.pool, claims.domain.as_ref()).map(|last| last.at)
        });
        let server = self.server()?;
        let behind = last.map_or_else(Period::default, |at| Period::between(server.clock, at));
        if behind < FAR {
            server.pass(behind);
        }
        Ok(())
    }

    /// Opens a management shell, which loads its modules while other work goes on.
    pub(super) fn open_shell(&mut self) -> Result<(), LabError> {
        let server = self.server()?;
        self.shell = server.lengths.as_ref().map(|lengths| server.uptime + lengths.shell.as_seconds());
        Ok(())
    }

    /// Lets time pass until a management shell is ready.
    fn wait_for_shell(&mut self) -> Result<(), LabError> {
        if self.shell.is_none() {
            self.open_shell()?;
        }
        let ready = self.shell;
        let server = self.server()?;
        server.pass(Period::seconds(ready.unwrap_or_default().saturating_sub(server.uptime)));
        Ok(())
    }
}

fn components(server: &Simulated) -> Fact<Shared<Vec<Component>>> {
    if server.has(Fault::ComponentsUnreadable) {
        return Fact::Unknown("the Uninstall key could not be read (simulated)".into());
    }
    if server.has(Fault::ProductMissing) {
        return Fact::Known(Shared::default());
    }
    let mut components = server.components();
    if server.has(Fault::WrongProduct) {
        let other = if server.product == Product::Sfb2015 { Product::Sfb2019 } else { Product::Sfb2015 };
        for component in &mut components {
            component.product = other;
            component.build = Build { line: other.line(), revision: 0 };
        }
    }
    if server.has(Fault::NewerBuild) {
        let core = |component: &&mut Component| component.name.is_core();
        components.iter_mut().filter(core).for_each(|core| core.build.revision = 9999);
    }
    if server.has(Fault::CoreUnrecognised) {
        return unrecognised(&components);
    }
    Fact::Known(components.into())
}

/// The components of an Uninstall list in which Core Components has another name.
fn unrecognised(components: &[Component]) -> Fact<Shared<Vec<Component>>> {
    let entry = |component: &Component| Entry {
        key: component.name.to_string(),
        name: if component.name.is_core() {
            Component::display_name(component.product, "Componentes principales")
        } else {
            Component::display_name(component.product, component.name.as_str())
        },
        version: Some(component.build.to_string()),
    };
    uninstall::components(components.iter().map(entry), None).map(Shared::from).into()
}

fn services(server: &Simulated, goal: &Goal) -> Fact<Shared<Vec<Service>>> {
    if server.has(Fault::ServicesUnreadable) {
        return Fact::Unknown("the service manager did not answer (simulated)".into());
    }
    let also = |service: &Service| is_named(goal, service).then_some(Recognised::AlsoStop);
    let whose = |service: &Service| {
        let recognised = server.recognised(service).or_else(|| also(service))?;
        Some(Service { recognised, ..service.clone() })
    };
    let mut services: Vec<_> = server.services.iter().filter_map(whose).collect();
    if server.has(Fault::ServicePending)
        && let Some(last) = services.last_mut()
    {
        last.state = ServiceState::StartPending;
    }
    Fact::Known(services.into())
}

fn is_named(goal: &Goal, service: &Service) -> bool {
    goal.also_stop.iter().any(|name| name.as_str().eq_ignore_ascii_case(&service.name))
}

fn foreign(server: &Simulated, goal: &Goal) -> Vec<Foreign> {
    let holds = |service: &&Service| {
        let holds = server.registered.get(&service.name).is_some_and(|registration| registration.holds);
        let others = server.recognised(service).is_none() && !is_named(goal, service);
        holds && others && !service.is_stopped()
    };
    let foreign = |service: &Service| Foreign {
        service: service.name.clone(),
        pid: 4712,
        module: "Microsoft.Rtc.Collaboration.dll".into(),
    };
    server.services.iter().filter(holds).map(foreign).collect()
}

fn reboot(server: &Simulated) -> Fact<Vec<Pending>> {
    if server.has(Fault::RebootUnreadable) {
        return Fact::Unknown("the keys of a pending restart could not be read (simulated)".into());
    }
    let renames = |who: String, files| Pending {
        who,
        source: "PendingFileRenameOperations (simulated)".into(),
        of_windows: false,
        files,
    };
    let asked = server.reboot_asked.map(|code| renames(format!("the installer (exit code {code})"), Vec::new()));
    let waits = server.has(Fault::RebootPending) || server.has(Fault::RebootStays);
    let foreign = waits.then(|| Pending {
        who: "Windows Update".into(),
        source: "WindowsUpdate\\Auto Update\\RebootRequired (simulated)".into(),
        of_windows: true,
        files: Vec::new(),
    });
    let queued = |fault, path: &str, matters| {
        let files = vec![QueuedFile { path: path.into(), matters }];
        server.has(fault).then(|| renames("files to be replaced or deleted at the next start".into(), files))
    };
    let elsewhere = queued(Fault::RenameElsewhere, r"C:\Windows\Temp\agent.tmp", false);
    let outlasts = queued(Fault::RenameOutlasts, r"C:\Windows\Installer\a1b2.msp", true);
    Fact::Known(asked.into_iter().chain(foreign).chain(elsewhere).chain(outlasts).collect())
}

fn rights(server: &Simulated) -> Rights {
    Rights {
        administrator: !server.has(Fault::NotAdministrator),
        server_admin: Some(!server.has(Fault::NotServerAdmin)),
        confined: server.has(Fault::Confined),
    }
}

fn package(goal: &Goal, server: &Simulated) -> PackageSeen {
    let path = &goal.installer.path;
    if server.has(Fault::PackageMissing) {
        PackageSeen::Refused(format!("{path}: no such file (simulated)"))
    } else if server.has(Fault::PackageAltered) {
        PackageSeen::Refused(format!("{path}: expected SHA-256 {}, found another (simulated)", goal.installer.sha256))
    } else if server.has(Fault::PackageForeign) {
        let publisher = &goal.installer.publisher;
        PackageSeen::Foreign(format!(
            "{path}: expected a signature of {publisher}, found one of somebody else (simulated)"
        ))
    } else if server.staged {
        PackageSeen::Staged
    } else {
        PackageSeen::AtSource { sha256: goal.installer.sha256.clone() }
    }
}

fn shells(server: &Simulated) -> Fact<Vec<Shell>> {
    if server.has(Fault::ShellsUnreadable) {
        return Fact::Unknown("the process list could not be read (simulated)".into());
    }
    let open = server.has(Fault::ShellOpen).then(|| Shell {
        pid: 4711,
        program: "powershell.exe".into(),
        user: r"LAB\alex".into(),
        session: Some(2),
        path: Some(r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe".into()),
        module: Some("Microsoft.Rtc.Management.dll".into()),
    });
    Fact::Known(open.into_iter().collect())
}

/// What the pool reports about itself: all its servers are servers of this lab.
fn pool(world: &World, asking: &ServerName, asks: &Simulated) -> Fact<PoolSeen> {
    if asks.has(Fault::PoolUnreadable) || asks.pool.is_none() {
        return Fact::Unknown("the pool did not answer (simulated)".into());
    }
    let all = || world.servers.iter().filter(|(_, server)| server.pool == asks.pool);
    let count = |servers: usize| u32::try_from(servers).unwrap_or(u32::MAX);
    let (servers, active) = (count(all().count()), count(all().filter(|(_, server)| server.is_active()).count()));
    let readiness = match (asks.has(Fault::PoolBusy), asks.has(Fault::PoolInsufficient)) {
        (true, _) => Readiness::Busy,
        (false, true) => Readiness::InsufficientActiveFrontEnds,
        (false, false) => Readiness::Ready,
    };
    let active = if readiness == Readiness::InsufficientActiveFrontEnds { 1 } else { active };
    let domain = |(name, server): (&ServerName, &Simulated)| UpgradeDomain {
        ready: !server.has(Fault::PoolDomainNotReady),
        names: vec![format!("domain of {name}"), name.to_string()],
    };
    let missing = "Missing Secondary of routing group 7 (simulated)".to_string();
    let down = all().filter(|(name, server)| *name != asking && !server.is_active());
    let down = down.map(|(name, _)| format!("{name} is DOWN (simulated)"));
    let warned = asks.has(Fault::PoolWarns).then(|| "a replica is being built (simulated)".to_string());
    let fabric = match () {
        () if asks.has(Fault::PoolSilent) => Vec::new(),
        () if asks.has(Fault::PoolInAnotherLanguage) => vec!["El grupo est\u{e1} en buen estado (simulated)".into()],
        () => all().filter(|(_, server)| server.is_active()).map(|(name, _)| format!("{name} OK UP")).collect(),
    };
    Fact::Known(PoolSeen {
        readiness,
        domains: all().map(domain).collect(),
        servers: Some(servers),
        active: Some(active),
        missing: asks.has(Fault::ReplicaMissing).then_some(missing).into_iter().collect(),
        warnings: down.chain(warned).collect(),
        fabric: Some(fabric),
    })
}

fn databases(server: &Simulated, store: &SimulatedStore) -> Vec<Database> {
    let reachable = !server.has(Fault::DatabaseUnreachable);
    let empty = server.has(Fault::DatabaseVersionEmpty);
    let database = |(name, database): (&String, &super::SimulatedDatabase)| Database {
        name: name.clone(),
        expected: Some(database.expected),
        installed: (reachable && !(empty && name != "xds")).then_some(database.installed),
        reachable,
        mirrored: server.has(Fault::DatabaseMirrored),
    };
    store.databases.iter().map(database).collect()
}

/// The build that the simulated installer gives a component. An update leaves some components unchanged.
pub(super) fn brought(goal: &Goal, name: &ComponentName, from: &Build) -> Build {
    let unchanged = matches!(name.as_str(), "mediation-server" | "core-management-server");
    match goal.desired(name) {
        Some(desired) if !from.reaches(desired) => desired.clone(),
        Some(_) => from.clone(),
        None if unchanged || from.reaches(&goal.core) => from.clone(),
        None => goal.core.clone(),
    }
}
