//! Observing this machine.

use std::path::Path;
use std::sync::Arc;

use reconcile_core::{Ask, Goal, Observe, product_steps};
use reconcile_schema::{
    Component, Fact, FolderPath, Marks, Observed, PackageSeen, Pending, PoolSeen, QueuedFile, Right, Rights, Service,
    ServiceName, Shared, Shell, Step, Store,
};
use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND};

use super::account::is_administrator;
use super::clock::{now, wait};
use super::confinement;
use super::discover::discover;
use super::environment::{system_root, variable};
use super::foreign::foreign;
use super::installing::under_way;
use super::library::CallError;
use super::machine::{boot, free_disk, uptime};
use super::package::{PackageError, hash_at_source};
use super::pool_share::record as pool_record;
use super::powershell::Call;
use super::record::{self, Recorded};
use super::registry::Registry;
use super::services::{Found, ServiceError, Services};
use super::shells::{ShellError, is_of_another_command, open_shells};
use super::state::private_folder;
use super::win32::Win32Error;
use super::{ActingHost, MachineError, TEST_DATABASES, WindowsError, WindowsHost, journal_path, state, unseen_end};
use crate::journal::Journal;
use crate::recognise::{folders, is_at_or_below};
use crate::uninstall;

/// How long the question about a group may take: the directory may be far away.
const MEMBERSHIP: std::time::Duration = std::time::Duration::from_secs(300);

/// How long a pool may take to report its state: by default the cmdlet waits until replicas have been built (Microsoft
/// Learn: Get-CsPoolUpgradeReadinessState).
const POOL: std::time::Duration = std::time::Duration::from_secs(1800);

/// How long the waiting shell may take for its answer before another one is started.
const WARM: std::time::Duration = std::time::Duration::from_secs(300);

impl Observe for WindowsHost {
    type Error = WindowsError;

    fn observe(&mut self, goal: &Goal) -> Result<Observed, WindowsError> {
        self.also = Arc::clone(&goal.also_stop);
        let owned = self.own();
        let recorded = recorded(&owned);
        let changes = recorded.as_ref().filter(|recorded| recorded.at_work && recorded.order.step != Step::Install);
        let under_way = under_way(&self.registry, recorded.as_ref());
        let mut seen = Observed {
            boot: boot().into(),
            uptime: Some(uptime()),
            components: components(&self.registry).map(Shared::from).into(),
            services: services(&self.also).map(Shared::from).into(),
            reboot: reboot(&self.registry, goal).into(),
            installing: whole(under_way.any, owned).into(),
            installer: under_way.installer,
            at_work: changes.map(change_at_work),
            ..Observed::unread(self.name.clone(), now())
        };
        self.expensive.carry(&mut seen);
        Ok(seen)
    }

    fn look(&mut self, goal: &Goal, ask: &Ask) -> Result<(), WindowsError> {
        match ask {
            Ask::Rights => self.expensive.rights = self.rights(goal).into(),
            Ask::Package => self.expensive.package = self.package(goal),
            Ask::Disk => {
                self.expensive.disk = disk().into();
                self.expensive.private_disk = private_disk().into();
            }
            Ask::Shells => {
                // A check for shells comes before an installation, so our own shell must not be open either.
                self.cool_down();
                self.expensive.shells = self.shells().into();
            }
            Ask::Foreign => self.expensive.foreign = foreign(&goal.also_stop).into(),
            Ask::Claim => self.expensive.claim = pool_record(goal),
            Ask::Pool => self.expensive.pool = self.pool(goal).into(),
            Ask::Examination => self.expensive.examined = self.examine(goal),
            Ask::Databases(store) => {
                let fact: Fact<_> = self.databases(goal, store).into();
                let fact = self.expensive.not_readable(fact);
                self.expensive.databases.insert(store.clone(), fact);
            }
        }
        Ok(())
    }

    fn marks(&mut self) -> Result<Marks, WindowsError> {
        self.own()?;
        let mut marks = Journal::read(&journal_path()?)?;
        if let Some((run, mark)) = unseen_end(&state::place()?, &marks) {
            marks.take(&run, now(), &mark); // The next run that acts writes it down.
        }
        Ok(marks)
    }
}

impl Observe for ActingHost<'_> {
    type Error = WindowsError;

    fn observe(&mut self, goal: &Goal) -> Result<Observed, WindowsError> {
        self.host.observe(goal)
    }

    fn look(&mut self, goal: &Goal, ask: &Ask) -> Result<(), WindowsError> {
        self.host.look(goal, ask)
    }

    fn marks(&mut self) -> Result<Marks, WindowsError> {
        Ok(self.journal.marks().clone())
    }
}

/// How often, and how far apart, a run checks for the shell of a command that only observes: that command ends it by
/// itself.
const LOOKS: (u32, std::time::Duration) = (20, std::time::Duration::from_millis(250));

impl WindowsHost {
    /// What is installed here and which services there are: all that can be seen without a goal.
    #[must_use]
    pub fn installed(&self) -> Observed {
        Observed {
            components: components(&self.registry).map(Shared::from).into(),
            services: services(&[]).map(Shared::from).into(),
            ..Observed::unread(self.name.clone(), now())
        }
    }

    /// Makes the private folder ours before anything in it is read, so that a planted journal has been moved aside by
    /// then. An account that is no administrator has no access to it, and gets none.
    fn own(&self) -> Result<Option<&'static Path>, WindowsError> {
        if may_administer()? { Ok(Some(private_folder()?)) } else { Ok(None) }
    }

    fn shells(&self) -> Result<Vec<Shell>, ShellError> {
        let mut open = open_shells(&self.also)?;
        for _ in 0..LOOKS.0 {
            if !self.acts || !open.iter().any(is_of_another_command) {
                break;
            }
            wait(LOOKS.1);
            open = open_shells(&self.also)?;
        }
        Ok(open)
    }

    /// An account that is no administrator cannot use the private folder, so nothing more is checked.
    fn rights(&mut self, goal: &Goal) -> Result<Rights, WindowsError> {
        let administrator = may_administer()?;
        let asks = administrator && product_steps(goal).next().is_some();
        let server_admins = Right::ServerAdmin.group();
        let is_member = |host: &mut Self| {
            host.shell(goal.product, "membership", MEMBERSHIP, |shell, call| shell.is_member(server_admins, call))
        };
        let server_admin = asks.then(|| is_member(self)).transpose()?;
        let confined = confinement::is_confined(private_folder()?).map_err(WindowsError::Confinement)?;
        Ok(Rights { administrator, server_admin, confined })
    }

    /// The state of the pool, from a shell that ends with the answer: afterwards it holds none of the product's
    /// assemblies.
    fn pool(&mut self, goal: &Goal) -> Result<PoolSeen, WindowsError> {
        let pool = goal.pool.as_ref().map(ToString::to_string).unwrap_or_default();
        self.shell(goal.product, "pool", POOL, |shell, call| shell.pool(goal.product, &pool, call))
    }

    /// The answer of the waiting shell, or else of a new one.
    fn databases(&mut self, goal: &Goal, store: &Store) -> Result<Vec<reconcile_schema::Database>, WindowsError> {
        let limit = goal.rules.database.into();
        if let Some(warm) = self.warm.take() {
            let folder = warm.folder.clone();
            let call = Call { folder: &folder, limit: WARM.min(limit), interrupt: &self.interrupt };
            match warm.test_databases(&self.runner, store, call) {
                Ok(databases) => return Ok(databases),
                Err(error) => tracing::warn!(%error, "the management shell that was started ahead is of no use"),
            }
        }
        self.shell(goal.product, TEST_DATABASES, limit, |shell, call| shell.test_databases(store, call))
    }

    /// Whether the databases will be checked next, because everything else is in order.
    pub(super) fn asks_databases(&self, goal: &Goal) -> bool {
        let reached = components(&self.registry).is_ok_and(|found| goal.behind(&found).is_empty());
        reached && goal.all_stores().next().is_some()
    }

    fn package(&mut self, goal: &Goal) -> Fact<PackageSeen> {
        let installer = &goal.installer;
        if let Some(staged) = self.staged.as_ref().filter(|staged| staged.sha256 == installer.sha256) {
            self.expensive.package_size = Some(staged.size);
            return Fact::Known(PackageSeen::Staged);
        }
        self.expensive.package_size = None;
        if let Some((_, seen)) = self.refused.as_ref().filter(|(sha256, _)| *sha256 == installer.sha256) {
            return Fact::Known(seen.clone());
        }
        let seen = match self.staged(goal) {
            Ok(Some(staged)) => {
                self.expensive.package_size = Some(staged.size);
                self.staged = Some(staged);
                Ok(PackageSeen::Staged)
            }
            Ok(None) => hash_at_source(installer).map(|(sha256, size)| {
                self.expensive.package_size = Some(size);
                PackageSeen::AtSource { sha256 }
            }),
            Err(WindowsError::Package(error)) => Err(error),
            Err(error) => return Fact::Unknown(error.to_string()),
        };
        seen.or_else(|error| refused(&error).ok_or(error)).into()
    }
}

/// The last command that outlives its run. Anyone can write in a folder that is not ours, so nothing is read there.
fn recorded(owned: &Result<Option<&Path>, WindowsError>) -> Option<Recorded> {
    owned.as_ref().ok().copied().flatten().and_then(record::last)
}

/// The installation that is running. Without the record of our own, it is unknown whether there is none.
fn whole(
    any: Result<Option<String>, WindowsError>,
    owned: Result<Option<&Path>, WindowsError>,
) -> Result<Option<String>, WindowsError> {
    match (any, owned) {
        (Ok(None), Err(error)) => Err(error),
        (any, _) => any,
    }
}

fn may_administer() -> Result<bool, MachineError> {
    is_administrator().map_err(|cause| MachineError::Unreadable { what: "the rights of this account", cause })
}

/// A known defect of a package is a refusal; a package that cannot be read now is unknown.
pub(super) fn refused(error: &PackageError) -> Option<PackageSeen> {
    match error {
        PackageError::File { cause: Win32Error(ERROR_FILE_NOT_FOUND | ERROR_PATH_NOT_FOUND), .. }
        | PackageError::Path(_)
        | PackageError::TooLarge { .. }
        | PackageError::Hash { .. }
        | PackageError::Signature { .. } => Some(PackageSeen::Refused(error.to_string())),
        PackageError::Publisher { .. } => Some(PackageSeen::Foreign(error.to_string())),
        PackageError::File { .. }
        | PackageError::Grew { .. }
        | PackageError::Foreign { .. }
        | PackageError::NotAlone { .. } => None,
    }
}

/// The installed components of all products, with their builds from the Uninstall list.
fn components(registry: &Registry) -> Result<Vec<Component>, WindowsError> {
    Ok(uninstall::components(registry.installed()?, registry.control_panel_version()?)?)
}

/// The services that count here, in the form for a decision.
pub(super) fn services(also: &[ServiceName]) -> Result<Vec<Service>, ServiceError> {
    let service = |found: Found| {
        let Found { name, state, start, needs, recognised, .. } = found;
        Service { name, state, start, needs, recognised }
    };
    Ok(discover(&Services::open()?, also)?.into_iter().map(service).collect())
}

/// Why a restart of Windows is pending.
fn reboot(registry: &Registry, goal: &Goal) -> Result<Vec<Pending>, WindowsError> {
    let (restarts, roots) = (registry.pending_restarts()?, Roots::of(goal)?);
    let pending = restarts.into_iter().map(|restart| Pending {
        who: restart.whose.to_owned(),
        source: match restart.detail {
            Some(detail) => format!("{} ({detail})", restart.key),
            None => restart.key,
        },
        of_windows: restart.of_windows,
        files: restart.files.into_iter().map(|path| QueuedFile { matters: roots.matter(&path), path }).collect(),
    });
    Ok(pending.collect())
}

/// The folders in which files that wait for a restart matter, and those in which they do not.
struct Roots {
    count: Vec<String>,
    ignore: Vec<String>,
}

impl Roots {
    fn of(goal: &Goal) -> Result<Self, CallError> {
        let windows = system_root()?.to_string_lossy().into_owned();
        let value = |name: &str| -> Result<String, CallError> {
            match name.to_ascii_lowercase().as_str() {
                "windir" => Ok(windows.clone()),
                _ => Ok(variable(name)?.unwrap_or_default().to_string_lossy().into_owned()),
            }
        };
        let expanded = |path: &FolderPath| -> Result<String, CallError> {
            match path.as_str().strip_prefix('%').and_then(|text| text.split_once('%')) {
                Some((name, rest)) => Ok(value(name)? + rest),
                None => Ok(path.as_str().to_owned()),
            }
        };
        let program_files = [value("ProgramFiles")?, value("CommonProgramFiles")?];
        let mut count = folders(&[&program_files[0], &program_files[1]]);
        count.extend(["assembly", "Microsoft.NET", "Installer"].map(|folder| format!(r"{windows}\{folder}")));
        for path in &goal.rules.renames.count {
            count.push(expanded(path)?);
        }
        let ignore: Result<Vec<_>, _> = goal.rules.renames.ignore.iter().map(expanded).collect();
        Ok(Self { count, ignore: ignore? })
    }

    /// Windows Installer keeps the files for a rollback in a folder of this name at the root of each drive.
    fn matter(&self, path: &str) -> bool {
        let is_rollback = path.split('\\').nth(1).is_some_and(|folder| folder.eq_ignore_ascii_case("Config.Msi"));
        let lies_in = |roots: &[String]| roots.iter().any(|root| is_at_or_below(path, root));
        (is_rollback || lies_in(&self.count)) && !lies_in(&self.ignore)
    }
}

/// A command other than an installation that outlived its run and is still at work, in words.
fn change_at_work(recorded: &Recorded) -> String {
    let order = &recorded.order;
    let process = recorded.started.map_or_else(String::new, |(pid, _)| format!(" (process {pid})"));
    format!("{} of run {}{process}", order.step, order.run.0)
}

/// If the private folder does not exist yet, it will be on the drive of its parent folder.
fn private_disk() -> Result<u64, WindowsError> {
    let private = state::place()?;
    let there = private.ancestors().find(|folder| folder.is_dir()).unwrap_or(&private);
    Ok(free_disk(there)?)
}

fn disk() -> Result<u64, WindowsError> {
    let root = system_root()?;
    Ok(free_disk(root.ancestors().last().unwrap_or(&root))?)
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use reconcile_schema::RunId;

    use super::super::record::{Order, Record};
    use super::super::registry::tests::Scratch;
    use super::*;

    #[test]
    fn the_record_in_a_folder_that_is_not_ours_is_not_read_and_an_installation_may_be_running() {
        let folder = tempfile::tempdir().expect("a folder");
        let private = folder.path();
        let order = Order {
            run: RunId("run 1".into()),
            step: Step::Install,
            program: r"C:\private\installer.exe".into(),
            arguments: Vec::new(),
            input: None,
            limit: None,
            folder: private.to_owned(),
            private: private.to_owned(),
        };
        let _held = Record::begin(&order).expect("begun");
        assert!(recorded(&Ok(Some(private))).is_some_and(|recorded| recorded.at_work));
        assert_eq!(recorded(&Ok(None)), None, "no administrator");
        let failed = || Err(WindowsError::NoName(std::io::Error::other("not ours")));
        assert_eq!(recorded(&failed()), None);

        assert!(whole(Ok(None), failed()).is_err());
        assert_eq!(whole(Ok(Some("an installer".into())), failed()).ok().flatten().as_deref(), Some("an installer"));
        assert_eq!(whole(Ok(None), Ok(None)).ok(), Some(None));
    }

    const CORE: &str = "Skype for Business Server 2019, Core Components";
    const PANEL: &str = "Skype for Business Server 2019, MACP Web Components";

    #[test]
    fn components_are_told_from_both_places_of_the_registry() {
        let scratch = Scratch::new("components");
        scratch.product("{A}", PANEL, "7.0.2046.530");
        scratch.product("{B}", CORE, "7.0.2046.530");
        scratch.control_panel("7.0.2046.530");
        let found = components(&scratch.0).expect("known");
        let shown: Vec<_> = found.iter().map(|one| format!("{} {}", one.name, one.build)).collect();
        assert_eq!(shown, ["macp-web-components 7.0.2046.530", "core-components 7.0.2046.530"]);

        scratch.control_panel("7.0.2046.216");
        let why = components(&scratch.0).expect_err("they disagree").to_string();
        assert!(why.contains("is at 7.0.2046.530 by the Uninstall key and at 7.0.2046.216"), "{why}");

        scratch.product("{A}", PANEL, "7.0.2046");
        let why = components(&scratch.0).expect_err("no build").to_string();
        assert!(why.contains(r"Uninstall\{A}\DisplayVersion: expected a build of four numbers"), "{why}");
    }

    #[test]
    fn this_machine_can_be_looked_at() {
        let manifest = serde_yaml::from_str(include_str!("../../../manifests/lab.yaml")).expect("a manifest");
        let releases = serde_yaml::from_str(include_str!("../../../manifests/releases.yaml")).expect("a catalogue");
        let goal = Goal::of_all(&manifest, &releases).expect("goals").pop().expect("a goal");
        let mut host = WindowsHost::open().expect("it has a name");
        let seen = host.observe(&goal).expect("it can be looked at");
        for fact in [seen.boot.known().is_some(), seen.services.known().is_some(), seen.reboot.known().is_some()] {
            assert!(fact, "{seen:?}");
        }
        assert_eq!((seen.installing, seen.installer), (Fact::Known(None), None));
        assert_eq!(seen.disk, Fact::NotLooked);
    }

    #[test]
    fn a_package_that_is_not_there_is_refused_and_one_that_cannot_be_read_now_is_unknown() {
        let file =
            |code| PackageError::File { what: "open", path: r"\\share\update.exe".into(), cause: Win32Error(code) };
        assert!(refused(&file(ERROR_FILE_NOT_FOUND)).is_some());
        assert!(refused(&file(53)).is_none(), "the share does not answer");
    }
}
