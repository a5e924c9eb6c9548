//! Reading a manifest: from a file to the goals of its servers, with every error at its place.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use reconcile_core::{
    Entry, Goal, GoalError, Place, PoolStores, Remedy, Roster, Stale, Warning, accepting, expired, stale,
    topology_errors, warnings,
};
use reconcile_hosts::digest;
use reconcile_schema::{
    Code, ComponentName, Fingerprint, Manifest, ManifestCode, ManifestPlace, Mark, Marks, Releases, ServerName,
    ServerPattern, Sha256,
};

use crate::manifest::{
    catalogue,
    diagnostic::{Diagnostic, Diagnostics},
    finding::{child, few, nearest},
    problem::Problem,
    schemas::{self, Format},
    signed::Key,
    source::Source,
    text, world,
};

/// A manifest that was read and validated.
pub struct Input {
    /// The path that it was read from.
    pub path: PathBuf,
    pub manifest: Manifest,
    /// Whether manifests must be signed here, and this one is.
    pub is_signed: bool,
    source: Source,
    releases: Releases,
}

impl Input {
    /// Reads the manifest at `path`.
    ///
    /// # Errors
    /// When it is no manifest of this version, or requires another version of `reconcile`.
    pub fn read(path: &Path) -> Result<Self, Problem> {
        let (source, is_signed) = admitted(path)?;
        let by_schema = || source.check(&schemas::schema(Format::Manifest));
        // Types made of fields also accept a list of their values; the schema does not.
        let manifest = if source.root().has_list() { by_schema() } else { source.typed().or_else(|_| by_schema()) }?;
        Self::of(path, source, manifest, is_signed)
    }

    /// Reads the manifest at `path` and also validates it by the JSON Schema. If manifests must be signed here and it
    /// would be refused, the reason is returned too. Only a server compares the serial, with that of the manifest that
    /// it accepted last.
    ///
    /// # Errors
    /// The faults of the manifest, signed or not.
    #[expect(clippy::disallowed_methods, reason = "the edge: whether it has expired by now")]
    pub fn validate(path: &Path) -> Result<(Self, Option<Problem>), Problem> {
        let (key, bytes) = (Key::here(), text::bytes(path)?);
        let is_signed = !matches!(key, Ok(None));
        let signed = key.and_then(|key| key.iter().try_for_each(|key| key.check(path, &bytes)));
        let source = Source::of(path, bytes)?.completed();
        let manifest = source.check(&schemas::schema(Format::Manifest))?;
        let input = Self::of(path, source, manifest, is_signed)?;
        let expired = expired(&input.manifest, Timestamp::now()).filter(|_| is_signed);
        let refusal = signed.err().or_else(|| expired.map(|stale| input.refusal(&stale)));
        Ok((input, refusal))
    }

    fn of(path: &Path, source: Source, manifest: Manifest, is_signed: bool) -> Result<Self, Problem> {
        let ours = semver::Version::parse(env!("CARGO_PKG_VERSION")).map_err(Problem::failed)?;
        if let Some(requires) = manifest.requires.as_ref().filter(|requires| !requires.matches(&ours)) {
            let message = format!("the manifest requires reconcile {requires}, this is {ours}");
            let error =
                source.at("/requires", ManifestCode::OtherVersion, message).help("use a matching version of reconcile");
            return Err(Diagnostics::from(error).into());
        }
        if let Some(error) = too_many(&manifest, &source) {
            return Err(Diagnostics::from(error).into()); // Before any code iterates over the ranges.
        }
        // Host names ignore case; the names of updates and groups do not.
        let mut wrong: Vec<_> =
            ["/servers", "/pools", "/lab/servers"].iter().flat_map(|map| source.twice(map)).collect();
        wrong.extend(topology_errors(&manifest).iter().map(|error| explained(&source, error)));
        wrong.extend(misspelt(&manifest, &source));
        wrong.extend(named_twice(&manifest, &source));
        wrong.extend(world_elsewhere(&manifest, path, &source));
        if !wrong.is_empty() {
            return Err(Diagnostics::sorted(wrong).into());
        }
        Ok(Self { path: path.into(), manifest, is_signed, source, releases: catalogue::releases()? })
    }

    /// The probable mistakes, each at its place.
    #[must_use]
    pub fn warnings(&self) -> Vec<Diagnostic> {
        let warning = |Warning { pointer, code, message, help }: &Warning| {
            (self.source.order(pointer, true), self.source.at_key(pointer, *code, message).help(help).warning())
        };
        let found = warnings(&self.manifest, &self.releases, &Roster::of(&self.manifest));
        let mut all: Vec<_> = found.iter().map(warning).collect();
        all.sort_by_key(|(place, _)| *place);
        all.into_iter().map(|(_, warning)| warning).collect()
    }

    /// The SHA-256 of the manifest, as it was read.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        digest::sha256(self.text().as_bytes()).unwrap_or_else(|_| unreachable!("a text in memory can be read"))
    }

    /// The manifest as it was read.
    #[must_use]
    pub fn text(&self) -> &str {
        self.source.text()
    }

    /// The manifest as a value, its names completed.
    #[must_use]
    pub fn value(&self) -> &serde_json::Value {
        self.source.value()
    }

    /// The fingerprint of the manifest, as it was written.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.source.fingerprint()
    }

    /// Refuses another manifest than the caller means.
    ///
    /// # Errors
    /// When a fingerprint is expected, and the manifest has another one.
    pub fn expect(&self, expected: Option<Fingerprint>) -> Result<(), Problem> {
        let found = self.fingerprint();
        let Some(expected) = expected.filter(|expected| *expected != found) else { return Ok(()) };
        let message = format!("this is another manifest than expected: its fingerprint is {found}");
        let why = Diagnostic::file(&self.path.display().to_string(), ManifestCode::ManifestOther, message);
        let help = "put the manifest here that is meant, or take the fingerprint of this one: reconcile inventory MANIFEST --list";
        Err(Problem::refused(Code::ManifestOther, why.expected(format!("the one with {expected}")).help(help)))
    }

    /// Why it is older than it should be on a server with these marks. Without signatures, somebody may be editing it,
    /// so other content with the same serial is not reported.
    pub fn stale(&self, marks: &Marks, now: Timestamp) -> Option<Stale> {
        let stale = stale(&self.manifest, &self.sha256(), marks.accepted.as_ref(), now)?;
        let is_edited = !self.is_signed && matches!(stale, Stale::Changed(_));
        if is_edited { expired(&self.manifest, now) } else { Some(stale) }
    }

    /// Refuses a signed manifest that is older than it should be.
    ///
    /// # Errors
    /// When it is.
    pub fn current(&self, marks: &Marks, now: Timestamp) -> Result<(), Problem> {
        match self.stale(marks, now).filter(|_| self.is_signed) {
            Some(stale) => Err(self.refusal(&stale)),
            None => Ok(()),
        }
    }

    /// The refusal of the manifest because of its age.
    pub fn refusal(&self, stale: &Stale) -> Problem {
        let why = self.source.at(stale.pointer(), stale.manifest_code(), stale.to_string());
        Problem::refused(stale.code(), why.help(stale.help()))
    }

    /// Whether a manifest that is older than it should be is followed.
    pub const fn follows(&self) -> &'static str {
        match self.is_signed {
            true => "apply refuses it, since manifests are signed here",
            false => "it is followed, since nobody signs manifests here",
        }
    }

    /// The mark that a server with these marks must record when it follows the manifest. While its journal is damaged, the
    /// serial that it accepted last may be lost, and this one may be lower.
    pub fn accepting(&self, marks: &Marks) -> Option<Mark> {
        if marks.damaged.is_some() {
            return None;
        }
        accepting(&self.manifest, &self.sha256(), &self.path.display().to_string(), marks.accepted.as_ref())
    }

    /// The goals of the servers called `only`, or of all servers.
    ///
    /// # Errors
    /// When the manifest does not name one of them, or its declaration makes no goal.
    pub fn goals(&self, only: &[ServerName]) -> Result<Vec<Goal>, Problem> {
        if only.is_empty() {
            let goals = Goal::of_all(&self.manifest, &self.releases).map_err(|errors| self.explain(errors))?;
            return Ok(goals.into_iter().map(|goal| self.marked(goal)).collect());
        }
        only.iter().map(|name| self.made(Goal::of(&self.manifest, &self.releases, &self.named(name)))).collect()
    }

    /// The server that a person means by a name: this one, or the only one that has it as its host name.
    pub fn named(&self, name: &ServerName) -> ServerName {
        let roster = Roster::of(&self.manifest);
        if name.as_str().contains('.') || roster.find(name).is_ok() {
            return name.clone();
        }
        let domains = self.manifest.servers.keys().filter_map(|pattern| pattern.as_str().split_once('.'));
        let domains: BTreeSet<String> = domains.map(|(_, domain)| domain.to_ascii_lowercase()).collect();
        let full = domains.iter().filter_map(|domain| format!("{name}.{domain}").parse().ok());
        let known: Vec<ServerName> = full.filter(|full| roster.find(full).is_ok()).collect();
        if let [only] = known.as_slice() { only.clone() } else { name.clone() }
    }

    /// The goal of the servers of an entry, with the name of the first one.
    ///
    /// # Errors
    /// When the declaration of the entry makes no goal.
    pub fn goal_of(&self, roster: &Roster<'_>, entry: &Entry<'_>) -> Result<Goal, Problem> {
        let Some(first) = entry.pattern.servers().next() else {
            return Err(Problem::input(format!("{} stands for no server", entry.pattern)));
        };
        self.made(Goal::of_entry(&self.manifest, &self.releases, roster, entry, &first))
    }

    fn made(&self, goal: Result<Goal, GoalError>) -> Result<Goal, Problem> {
        goal.map(|goal| self.marked(goal)).map_err(|error| self.explain(vec![error]))
    }

    /// A goal that names the manifest that it comes from.
    fn marked(&self, goal: Goal) -> Goal {
        Goal { manifest: Some(self.fingerprint()), ..goal }
    }

    /// The goals, without limits on time, of the servers that answer for databases of their pools.
    ///
    /// # Errors
    /// When the declaration of one makes no goal.
    pub fn updating(&self, roster: &Roster<'_>) -> Result<BTreeMap<Place, Goal>, Problem> {
        let pools = self.manifest.pools.keys().filter_map(|pool| PoolStores::of(&self.manifest, roster, pool));
        let of = |stores: PoolStores| {
            let goal = Goal::of(&self.manifest, &self.releases, &stores.from);
            let goal = goal.map_err(|error| self.explain(vec![error]))?.whenever();
            Ok(roster.find(&stores.from).ok().map(|place| (place, goal)))
        };
        pools.map(of).filter_map(Result::transpose).collect()
    }

    /// The place of a value's key in the manifest.
    pub fn place(&self, pointer: &str) -> ManifestPlace {
        let (line, column) = self.source.order(pointer, true);
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        ManifestPlace { file: self.path.display().to_string(), line: number(line), column: number(column) + 1 }
    }

    /// The catalogue of releases.
    pub const fn releases(&self) -> &Releases {
        &self.releases
    }

    /// An error at a place in the manifest.
    pub fn at(&self, pointer: &str, code: ManifestCode, message: &str) -> Diagnostic {
        self.source.at(pointer, code, message)
    }

    /// Errors of goals, each once at its place: a mistake in an update belongs to all servers that have it as target.
    pub fn explain(&self, errors: Vec<GoalError>) -> Problem {
        let mut known = BTreeSet::new();
        let first = errors.into_iter().filter(|error| known.insert((error.pointer.clone(), error.message.clone())));
        let explained = first.map(|error| {
            self.source.at(&error.pointer, ManifestCode::NoGoal, &error.message).help(advised(&error.help))
        });
        Diagnostics::sorted(explained.collect()).into()
    }
}

/// The manifest at `path`, if it may be used here, and whether it had to be signed. The file is opened once, so that
/// the verified content is the one that is used.
fn admitted(path: &Path) -> Result<(Source, bool), Problem> {
    let (key, bytes) = (Key::here()?, text::bytes(path)?);
    key.iter().try_for_each(|key| key.check(path, &bytes))?;
    Ok((Source::of(path, bytes)?.completed(), key.is_some()))
}

/// How many servers a manifest may name: more than anybody has, and few enough to list.
const SERVERS: u64 = 100_000;

/// Ranges that together contain more servers than that.
fn too_many(manifest: &Manifest, source: &Source) -> Option<Diagnostic> {
    let length = |pattern: &ServerPattern| {
        pattern.range().map_or(1, |(_, _, range, _)| 1 + u64::from(range.end().saturating_sub(*range.start())))
    };
    let servers: u64 = manifest.servers.keys().map(length).sum();
    (servers > SERVERS).then(|| {
        let message = format!("the manifest names {servers} servers, at most {SERVERS} are allowed");
        source
            .at_key("/servers", ManifestCode::TooMany, message)
            .help("make the ranges shorter: they stand for every number in them")
    })
}

/// Components with unknown names that are similar to a known one: after a typing error, a build would be compared with
/// nothing.
fn misspelt(manifest: &Manifest, source: &Source) -> Vec<Diagnostic> {
    let mut all = Vec::new();
    for (update, declared) in &manifest.updates {
        for name in declared.components.keys() {
            let pointer = child(&child("/updates", update.as_str()), "components");
            let at = |code, message: String| source.at_key(&child(&pointer, name.as_str()), code, message);
            if name.is_core() {
                let message = "the build of `core-components` is the `release` of the update".to_owned();
                all.push(at(ManifestCode::WrongName, message).help("write the build as `release`, and remove it here"));
            } else if let Some(near) = near_component(name) {
                let message = format!("no component is known as `{name}`");
                all.push(at(ManifestCode::WrongName, message).help(format!("did you mean `{near}`?")));
            }
        }
    }
    all
}

/// The known component whose name is similar to an unknown one. A longer name with the same words belongs to another
/// component.
fn near_component(name: &ComponentName) -> Option<&'static str> {
    const ALIKE: f64 = 0.9;
    if name.is_known() {
        return None;
    }
    let name = name.as_str().to_ascii_lowercase().replace(['_', '.'], "-");
    let scored = ComponentName::KNOWN.into_iter().filter(|known| name == *known || !name.starts_with(*known));
    let scored = scored.map(|known| (strsim::jaro_winkler(&name, known), known));
    scored.filter(|(score, _)| *score >= ALIKE).max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, known)| known)
}

/// Servers with one entry by their host name and another one by their full name.
fn named_twice(manifest: &Manifest, source: &Source) -> Vec<Diagnostic> {
    let (full, short): (Vec<_>, Vec<_>) = manifest.servers.keys().partition(|name| name.as_str().contains('.'));
    let short = short.into_iter().filter(|one| one.is_single());
    let short: Vec<_> = short.map(|one| (one, one.as_str().to_ascii_lowercase())).collect();
    let hosts: BTreeSet<&str> = short.iter().map(|(_, host)| host.as_str()).collect();
    let mut known: BTreeMap<&str, &ServerPattern> = BTreeMap::new();
    for full in full.into_iter().filter(|_| !hosts.is_empty()) {
        for name in full.servers() {
            let host = name.as_str().split('.').next().unwrap_or_default();
            if let Some(host) = hosts.get(host) {
                known.entry(host).or_insert(full);
            }
        }
    }
    let again = short.iter().filter_map(|(short, host)| {
        let full = known.get(host.as_str())?;
        let message = format!("{short} and {full} are the same server, by its host name and by its full name");
        let error = source.at_key(&child("/servers", short.as_str()), ManifestCode::DuplicateKey, message);
        Some(error.help("keep one of them, by the full name"))
    });
    again.collect()
}

/// A lab at a place where the first `lab reset` would overwrite something else.
fn world_elsewhere(manifest: &Manifest, path: &Path, source: &Source) -> Option<Diagnostic> {
    let wrong = world::fault(path, &manifest.lab.as_ref()?.world)?;
    Some(
        source
            .at("/lab/world", ManifestCode::WrongValue, wrong)
            .help("name a file of its own, such as `world: world.yaml`"),
    )
}

/// How many names are listed if none is similar to the given one.
const LISTED: usize = 8;

/// A declaration of pools or rings that makes no sense, with its place.
fn explained(source: &Source, error: &GoalError) -> Diagnostic {
    source.at(&error.pointer, ManifestCode::NoPlace, &error.message).help(advised(&error.help))
}

/// What to do, in words; if one name is similar to the given one, that name.
fn advised(remedy: &Remedy) -> String {
    match remedy {
        Remedy::Do(help) => help.clone(),
        Remedy::Names { what, found, names } => match nearest(found, names.iter().map(String::as_str)) {
            Some(name) => format!("did you mean `{name}`?"),
            None if names.is_empty() => format!("the manifest names no {what}"),
            None => format!("the {what} are: {}", few(names.iter(), LISTED)),
        },
    }
}
