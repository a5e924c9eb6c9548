//! A lab: simulated servers on any operating system, kept in one file that a person can read and edit.

mod act;
mod clock;
mod examined;
mod fault;
mod lengths;
mod observe;
mod pace;
pub mod paced;
mod world;

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use reconcile_core::{Expensive, Goal};
use reconcile_schema::{Build, Claim, Fqdn, LastRun, Marks, Period, ServerName};

pub use fault::Fault;
pub use lengths::{Lengths, ServiceLengths};
pub use pace::Pace;
pub use world::{Cut, Outlives, Simulated, SimulatedDatabase, SimulatedRegistration, SimulatedStore, World};

use crate::{
    appear,
    journal::{Journal, JournalError},
    plain::read_plain,
};

/// A set of simulated servers and their files.
#[derive(Debug)]
pub struct Lab {
    world: World,
    /// The world as it is in its file, if there is one: what cannot be saved has not happened.
    kept: Option<World>,
    journals: BTreeMap<ServerName, Journal>,
    /// The world's file; the journals are in a folder next to it. A lab without a file exists in memory.
    path: Option<PathBuf>,
}

/// Why a lab cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// The world's file could not be read or written.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// The file contains no world.
    #[error("{}: {source}; fix the file, or run `reconcile lab reset` to make it again", path.display())]
    World { path: PathBuf, source: serde_yaml::Error },
    /// The world does not have a server that the manifest names.
    #[error("the lab has no server {0}; run `reconcile lab reset` to make it again from the manifest")]
    NoServer(ServerName),
    /// The journal of a server cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A step failed.
    #[error("{0}")]
    Step(String),
    /// The run was killed here, because a test wanted it.
    #[error("killed here, as asked")]
    Killed,
}

/// The largest file of a lab, in bytes: a thousand servers take some four million.
const LARGEST: u64 = 256 << 20;

/// Explains the file to its reader.
const HEADER: &str = "\
# Simulated servers: the world of a reconcile lab. No machine is touched by it.
# Edit it as you like, then plan or apply again; `reconcile lab reset MANIFEST` makes it again.
";

impl Lab {
    /// A lab in memory.
    #[must_use]
    pub const fn in_memory(world: World) -> Self {
        Self { world, kept: None, journals: BTreeMap::new(), path: None }
    }

    /// The lab with its world at `path`. If there is no file yet, `start` creates the world, which is saved at the
    /// first step.
    ///
    /// # Errors
    /// When the file cannot be read or contains no world.
    pub fn open(path: &Path, start: impl FnOnce() -> World) -> Result<Self, LabError> {
        let world = match read_plain(path, LARGEST) {
            Ok(text) => {
                serde_yaml::from_slice(&text).map_err(|source| LabError::World { path: path.into(), source })?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => start(),
            Err(error) => return Err(unusable(path)(error)),
        };
        Ok(Self::at(path, world))
    }

    fn at(path: &Path, world: World) -> Self {
        Self { kept: Some(world.clone()), world, journals: BTreeMap::new(), path: Some(path.into()) }
    }

    /// Creates the lab again: the initial world, and no journals.
    ///
    /// # Errors
    /// When a file cannot be written or removed, or belongs to something other than a lab.
    pub fn reset(path: &Path, world: World) -> Result<Self, LabError> {
        let journals = journals(path);
        for path in made_by_a_lab(path, &journals, &world)?.iter().chain([&journals]) {
            let removed = if *path == journals { std::fs::remove_dir(path) } else { std::fs::remove_file(path) };
            if let Err(source) = removed
                && source.kind() != io::ErrorKind::NotFound
            {
                return Err(LabError::File { path: path.clone(), source });
            }
        }
        let mut lab = Self::at(path, world);
        lab.save()?;
        Ok(lab)
    }

    /// The simulated servers.
    #[must_use]
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// Changes a server by hand, as an administrator or an accident would.
    ///
    /// # Errors
    /// When there is no such server, or the world cannot be written.
    pub fn change(&mut self, name: &ServerName, how: impl FnOnce(&mut Simulated)) -> Result<(), LabError> {
        how(self.world.servers.get_mut(name).ok_or_else(|| LabError::NoServer(name.clone()))?);
        self.save()
    }

    /// One server, for observing and acting.
    ///
    /// # Errors
    /// When there is no such server.
    pub fn host(&mut self, name: &ServerName) -> Result<LabHost<'_>, LabError> {
        if !self.world.servers.contains_key(name) {
            return Err(LabError::NoServer(name.clone()));
        }
        Ok(LabHost {
            lab: self,
            name: name.clone(),
            expensive: Expensive::default(),
            shell: None,
            started: false,
            effects: 0,
            killed_after: None,
        })
    }

    /// Takes the claim of a pool from a server.
    ///
    /// # Errors
    /// When the world cannot be written.
    pub fn break_claim(
        &mut self,
        pool: &Fqdn,
        server: &ServerName,
        by: String,
        at: Timestamp,
        reason: String,
    ) -> Result<Option<Claim>, LabError> {
        let broken = self.world.pools.get_mut(pool).and_then(|record| record.break_claim(server, by, at, reason));
        self.save()?;
        Ok(broken)
    }

    /// Sets how fast the clocks run while a person watches.
    ///
    /// # Errors
    /// When the world cannot be written.
    pub fn set_pace(&mut self, pace: Option<Pace>) -> Result<(), LabError> {
        self.world.pace = pace;
        self.save()
    }

    /// Lets time pass on every server.
    ///
    /// # Errors
    /// When the world cannot be written.
    pub fn pass(&mut self, period: Period) -> Result<(), LabError> {
        self.world.servers.values_mut().for_each(|server| server.pass(period));
        self.save()
    }

    /// Deletes the marks of a server, as if its journal file had been deleted.
    pub fn lose_journal(&mut self, name: &ServerName) {
        if self.path.is_none() {
            self.journals.insert(name.clone(), Journal::in_memory());
        }
    }

    /// Sets the marks of a server, in a lab in memory.
    pub fn remember(&mut self, name: &ServerName, marks: Marks) {
        if self.path.is_none() {
            self.journals.insert(name.clone(), Journal::remembering(marks));
        }
    }

    /// The journal of a server, if this lab has files.
    #[must_use]
    pub fn journal_path(&self, name: &ServerName) -> Option<PathBuf> {
        self.path.as_deref().map(|path| journal(path, name))
    }

    /// The lab's lock file.
    #[must_use]
    pub fn lock_path(path: &Path) -> PathBuf {
        path.with_extension("lock")
    }

    /// Saves the world. If that fails, the world is again the one in the file.
    fn save(&mut self) -> Result<(), LabError> {
        let Some(path) = &self.path else { return Ok(()) };
        let written = self.write(path);
        match (&written, &self.kept) {
            (Err(_), Some(kept)) => self.world = kept.clone(),
            (Ok(()) | Err(_), _) => self.kept = Some(self.world.clone()),
        }
        written
    }

    fn write(&self, path: &Path) -> Result<(), LabError> {
        let text =
            serde_yaml::to_string(&self.world).map_err(|source| LabError::World { path: path.into(), source })?;
        appear::write(path, format!("{HEADER}{text}").as_bytes()).map_err(unusable(path))
    }
}

/// The files in the folder of journals, if everything that would be overwritten or removed belongs to a lab: a world,
/// even a broken one, and plain files that a lab creates for the servers that are or will be in it. No link is followed.
fn made_by_a_lab(path: &Path, journals: &Path, world: &World) -> Result<Vec<PathBuf>, LabError> {
    let mut servers: BTreeSet<ServerName> = world.servers.keys().cloned().collect();
    let strange = |path: &Path, what: &str| {
        let why = format!("expected {what}, found another file; move it away, or give the lab another `world`");
        Err(unusable(path)(io::Error::other(why)))
    };
    if path.symlink_metadata().is_ok_and(|found| found.is_symlink()) {
        return strange(path, "the file of a lab");
    }
    match read_plain(path, LARGEST) {
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(unusable(path)(error)),
        Ok(text) => {
            let begins = HEADER.lines().next().is_some_and(|first| text.starts_with(first.as_bytes()));
            match serde_yaml::from_slice::<World>(&text) {
                Ok(world) => servers.extend(world.servers.into_keys()),
                Err(_) if begins || text.trim_ascii().is_empty() => {}
                Err(_) => return strange(path, "the file of a lab"),
            }
        }
    }
    let kind = match std::fs::symlink_metadata(journals) {
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unusable(journals)(error)),
        Ok(metadata) => metadata.file_type(),
    };
    if !kind.is_dir() {
        return strange(journals, "the folder of a lab's journals");
    }
    let mut made = Vec::new();
    for entry in std::fs::read_dir(journals).map_err(unusable(journals))? {
        let entry = entry.map_err(unusable(journals))?;
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file()); // A link is not a file.
        if !is_file || !is_made_by_a_lab(&entry.file_name().to_string_lossy(), &entry.path(), &servers) {
            return strange(&entry.path(), "a journal");
        }
        made.push(entry.path());
    }
    Ok(made)
}

fn unusable(path: &Path) -> impl FnOnce(io::Error) -> LabError {
    move |source| LabError::File { path: path.into(), source }
}

/// Whether a lab of these servers creates files of this name, and this file has such content. Of a server that is no
/// longer in the lab, the journal must have a line, or the report must be whole.
fn is_made_by_a_lab(name: &str, path: &Path, servers: &BTreeSet<ServerName>) -> bool {
    let holds = |what: &dyn Fn(&[u8]) -> bool| read_plain(path, LARGEST).is_ok_and(|text| what(&text));
    if let Some(rest) = name.strip_prefix(".reconcile-") {
        // What a run that was killed had not named yet: the beginning of a report.
        let is_random = rest.len() == 6 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
        return is_random && holds(&|text| text.is_empty() || text.starts_with(b"{"));
    }
    let in_the_lab = |server: &str| server.parse().is_ok_and(|server| servers.contains(&server));
    if let Some(server) = name.strip_suffix(".last-run.json") {
        return in_the_lab(server) || holds(&|text| serde_json::from_slice::<LastRun>(text).is_ok());
    }
    let Some((server, end)) = name.split_once(".jsonl") else { return false };
    let is_known = in_the_lab(server) || has_a_line(&path.with_file_name(format!("{server}.jsonl")));
    let is_damaged = |number: &str| number == "by-replacement" || number.parse::<u32>().is_ok();
    let begins = |text: &[u8]| text.split(|byte| *byte == b'\n').any(|line| line.starts_with(br#"{"seq":"#));
    let is_kept = match end.strip_prefix(".damaged-") {
        Some(number) => is_damaged(number),
        None => matches!(end, "" | ".old" | ".replaced" | ".new") && holds(&|text| text.is_empty() || begins(text)),
    };
    is_known && is_kept
}

/// Whether a journal holds an entry, of whatever version.
fn has_a_line(journal: &Path) -> bool {
    match Journal::entries(journal) {
        Ok(entries) => !entries.is_empty(),
        Err(error) => matches!(error, JournalError::Newer { .. }),
    }
}

fn journal(path: &Path, server: &ServerName) -> PathBuf {
    journals(path).join(format!("{server}.jsonl"))
}

fn journals(path: &Path) -> PathBuf {
    path.with_extension("journal")
}

/// The world of a manifest's lab: each goal's server, healthy, at its initial build.
#[must_use]
pub fn start<'a>(servers: impl IntoIterator<Item = (&'a Goal, &'a Build, Vec<Fault>)>) -> World {
    let simulated = |(goal, build, faults): (&Goal, &Build, Vec<Fault>)| {
        let healthy = Simulated::healthy(goal, build);
        (goal.server.clone(), Simulated { faults: faults.into_iter().collect(), ..healthy })
    };
    World { servers: servers.into_iter().map(simulated).collect(), ..World::default() }
}

#[derive(Debug)]
pub struct LabHost<'a> {
    lab: &'a mut Lab,
    name: ServerName,
    expensive: Expensive,
    /// When the management shell that was opened last is ready, by the uptime in seconds.
    shell: Option<u32>,
    /// Whether services were started.
    started: bool,
    /// How many effects (steps and marks) this run has had so far.
    effects: u32,
    killed_after: Option<Kill>,
}

/// Where a run is killed, for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kill {
    /// The effect, counted from 0, in which the run dies.
    pub effect: u32,
    /// When in that effect the run dies.
    pub when: When,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Before any of it has happened.
    Before,
    /// In its middle: an installer has moved half of the components, half of the services are stopped.
    Midway,
    /// After all of it has happened, but before the run receives the result.
    After,
    /// Right after its beginning; its command continues without the run.
    Outlived,
}

impl LabHost<'_> {
    /// Makes the run die at `kill`.
    pub const fn kill(&mut self, kill: Kill) {
        self.killed_after = Some(kill);
    }

    /// How many effects this run has had.
    #[must_use]
    pub const fn effects(&self) -> u32 {
        self.effects
    }

    /// The lab of the host: the true state, whatever the host can observe of it.
    pub const fn lab(&mut self) -> &mut Lab {
        self.lab
    }

    fn server(&mut self) -> Result<&mut Simulated, LabError> {
        self.lab.world.servers.get_mut(&self.name).ok_or_else(|| LabError::NoServer(self.name.clone()))
    }

    /// The server's journal, for writing. A command that only reads does not open it, because opening may repair.
    fn journal(&mut self) -> Result<&mut Journal, LabError> {
        let known = match self.lab.journals.entry(self.name.clone()) {
            Entry::Occupied(known) => return Ok(known.into_mut()),
            Entry::Vacant(unknown) => unknown,
        };
        Ok(known.insert(match &self.lab.path {
            Some(path) => Journal::open(&journal(path, &self.name))?,
            None => Journal::in_memory(),
        }))
    }

    /// Whether the run is dead, or dies in the effect that begins now.
    fn alive(&self) -> Result<Option<When>, LabError> {
        match self.killed_after {
            Some(kill) if kill.effect < self.effects => Err(LabError::Killed),
            Some(kill) if kill.effect == self.effects => Ok(Some(kill.when)),
            Some(_) | None => Ok(None),
        }
    }
}
