//! Judges one server's snapshot against the manifest.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use reconcile_core::{
    Blocker, Compared, Diagnosis, Goal, Place, Roster, Seen, Stranger, compare, decisive, diagnose, origin, state,
    state_of,
};
use reconcile_hosts::snapshot::{Origin, Recent, Record};
use reconcile_schema::{
    Build, CheckClass, CheckId, Code, Declared, DriftCode, DriftFinding, DriftState, Evidence, Fingerprint, Fqdn,
    ManifestPlace, Observed, Period, Reached, ServerDrift, ServerName, Shared, Snapshot, Step, StepReport, UpdateName,
    Verdict,
};

use crate::manifest::{input::Input, problem::Problem};
use crate::work::diff::{self, spoken};
use crate::work::look::without_run;
use crate::work::plan::{Remaining, remaining};
use crate::work::{advice::advice, comeback::Waiter};

/// The largest accepted difference between the clocks of a server and of the judging machine, in seconds.
const SKEW: i64 = 300;

/// How many of the last goals are searched for an equal one.
const SEARCHED: usize = 16;

/// A server for reports, with the observed facts.
pub struct Judged {
    /// Its place in the manifest, if it has one.
    pub place: Option<Place>,
    /// The judgement.
    pub drift: ServerDrift,
    /// The observed facts, if a report shows them.
    pub seen: Option<Observed>,
}

/// The declaration for the servers of an entry.
struct Declaration {
    /// The number of the goal.
    goal: usize,
    site: Option<UpdateName>,
    pool: Option<Fqdn>,
    place: ManifestPlace,
}

/// What is judged, and how.
pub struct Options {
    /// The time from which ages are counted.
    pub as_of: Timestamp,
    /// A snapshot that is older proves nothing.
    pub max_age: Option<Period>,
    /// Only builds are judged, not services and databases.
    pub builds_alone: bool,
    /// Whether the observed facts are kept for display.
    pub keeps: bool,
}

/// Judges snapshots against one manifest, as of one time.
pub struct Judge<'a> {
    roster: Roster<'a>,
    /// The goals of the entries, each once.
    goals: Vec<Goal>,
    /// The goal of each entry, and the place of its declaration.
    declared: Vec<Declaration>,
    /// The numbers of the goals of servers that answer for databases of their pools.
    updating: BTreeMap<Place, usize>,
    /// The place of the list of servers in the manifest.
    servers: ManifestPlace,
    options: Options,
}

impl<'a> Judge<'a> {
    /// A judge for `input`.
    ///
    /// # Errors
    /// When an entry of the manifest makes no goal.
    pub fn new(input: &'a Input, options: Options) -> Result<Self, Problem> {
        let roster = Roster::of(&input.manifest);
        let (mut goals, mut declared): (Vec<Goal>, _) = (Vec::new(), Vec::with_capacity(roster.entries().len()));
        for entry in roster.entries() {
            let mut goal = input.goal_of(&roster, entry)?.whenever().alone();
            // Only for a Front End Server does the pool change the decision.
            let pool = if goal.is_in_pool() { goal.pool.clone() } else { goal.pool.take() };
            let (site, place) = (goal.site.take(), input.place(&entry.pointer()));
            if let Some(first) = goals.first() {
                goal.server.clone_from(&first.server);
            }
            // Thousands of ranges share few goals; if each has its own, not all are searched.
            let known = goals.iter().enumerate().rev().take(SEARCHED).find(|(_, known)| **known == goal);
            let goal = known.map(|(number, _)| number).unwrap_or_else(|| {
                goals.push(goal);
                goals.len() - 1
            });
            declared.push(Declaration { goal, site, pool, place });
        }
        let mut updating = BTreeMap::new();
        for (place, goal) in input.updating(&roster)? {
            updating.insert(place, goals.len());
            goals.push(Goal { site: None, ..goal });
        }
        Ok(Self { roster, goals, declared, updating, servers: input.place("/servers"), options })
    }

    /// The pools whose servers get different builds from the manifest.
    pub fn mixed_pools(&self) -> BTreeSet<&Fqdn> {
        let mut targets: BTreeMap<&Fqdn, &Build> = BTreeMap::new();
        let mut mixed = BTreeSet::new();
        for Declaration { goal, pool, .. } in &self.declared {
            let (Some(pool), Some(goal)) = (pool, self.goals.get(*goal)) else { continue };
            if *targets.entry(pool).or_insert(&goal.core) != &goal.core {
                mixed.insert(pool);
            }
        }
        mixed
    }

    /// The pool of the servers of an entry.
    pub fn pool(&self, place: Place) -> Option<&Fqdn> {
        self.declared.get(place.entry)?.pool.as_ref()
    }

    /// The servers of the manifest.
    pub const fn roster(&self) -> &Roster<'a> {
        &self.roster
    }

    /// The judgement of a server that reported.
    pub fn record(&self, known: &mut Known, record: Record) -> Judged {
        match record.snapshot {
            Ok(snapshot) => self.snapshot(known, record.origin, *snapshot),
            Err(why) => Judged { place: None, drift: self.unreadable(&record.origin, why), seen: None },
        }
    }

    /// The judgement of a server with a readable snapshot.
    pub fn snapshot(&self, known: &mut Known, origin: Origin, snapshot: Snapshot) -> Judged {
        let Snapshot { made_by, lab, builds_only, seen, marks, manifest_fingerprint, .. } = snapshot;
        let scope = match (self.options.builds_alone, builds_only) {
            (true, _) => Scope::Builds,
            (false, true) => Scope::OnlyBuildsKnown,
            (false, false) => Scope::All,
        };
        let found = self.roster.find_host(&seen.host);
        let mut drift = blank(seen.host.as_str());
        let evidence = self.evidence(origin, made_by, lab, &seen);
        drift.snapshot = Some(Evidence { manifest_fingerprint, ..evidence });
        let declared = found.ok().and_then(|place| Some((place, self.declare(&mut drift, place.entry)?)));
        let own = |place: Place| self.updating.get(&place).and_then(|number| Some((*number, self.goals.get(*number)?)));
        let declared = declared.map(|(place, shared)| (place, own(place).unwrap_or(shared)));
        let Some((place, (kind, goal))) = declared else {
            drift.state = DriftState::Unnamed;
            drift.place = Some(self.servers.clone());
            drift.findings = vec![unnamed(found.err())].into();
            drift.help = Some("add it to the manifest, or stop collecting its snapshots".into());
            return Judged { place: None, drift, seen: self.options.keeps.then_some(seen) };
        };
        drift.found = seen.core(goal.product).cloned();
        let seen = without_run(seen, marks);
        let key = (kind, scope, decisive(goal, &seen));
        let same = |known: &((usize, Scope, Seen), Told)| known.0 == key;
        let told = if let Some((_, told)) = known.0.find(same) {
            told.clone()
        } else {
            let told = tell(goal, &seen, scope);
            known.0.keep((key, told.clone()));
            told
        };
        drift.findings = told.findings_of(goal, seen.marks.reached.as_ref());
        (drift.state, drift.diff, drift.steps) = (told.state, told.diff, told.steps);
        (drift.code, drift.blocked_by, drift.help) = (told.code, told.blocked_by, told.help);
        if let Some((own, other)) = goal.manifest.zip(manifest_fingerprint).filter(|(own, other)| own != other) {
            drift.findings.push(of_other_manifest(own, other));
        }
        self.age(&mut drift);
        Judged { place: Some(place), drift, seen: self.options.keeps.then_some(seen.host) }
    }

    /// The judgement of a server that did not report.
    pub fn missing(&self, entry: usize, name: &ServerName) -> Option<ServerDrift> {
        let mut drift = blank(name.as_str());
        self.declare(&mut drift, entry)?;
        drift.state = DriftState::Missing;
        drift.findings = vec![finding(DriftCode::MissingSnapshot, "snapshot", "one of this server", "none", "")].into();
        drift.help = Some(COLLECT.into());
        if let Err(Stranger::Ambiguous(_)) = self.roster.find(name) {
            drift.help = Some("it belongs to several ranges of the manifest: make them apart".into());
        }
        Some(drift)
    }

    fn unreadable(&self, origin: &Origin, why: String) -> ServerDrift {
        let file = &origin.file;
        let mut drift = blank(&origin.line.map_or_else(|| file.to_string(), |line| format!("{file}:{line}")));
        drift.place = Some(self.servers.clone());
        drift.snapshot = Some(Evidence {
            file: file.to_string(),
            line: origin.line,
            at: None,
            age_seconds: None,
            made_by: String::new(),
            manifest_fingerprint: None,
            boot: None,
            lab: false,
        });
        drift.findings =
            vec![finding(DriftCode::UnreadableSnapshot, "snapshot", "one that can be read", &why, "")].into();
        drift.help = Some(COLLECT.into());
        drift
    }

    /// Adds the declaration for the servers of an entry; returns the goal, with its number.
    fn declare(&self, drift: &mut ServerDrift, entry: usize) -> Option<(usize, &Goal)> {
        let Declaration { goal: number, site, pool, place } = self.declared.get(entry)?;
        let goal = self.goals.get(*number)?;
        drift.place = Some(place.clone());
        drift.site = site.as_ref().map(ToString::to_string);
        drift.pool = pool.as_ref().map(ToString::to_string);
        drift.declared = Some(Declared { product: goal.product, role: goal.role, target: goal.core.clone() });
        Some((*number, goal))
    }

    fn evidence(&self, origin: Origin, made_by: String, lab: bool, seen: &Observed) -> Evidence {
        // A server that is observed now has no age; a lab has a clock of its own.
        let age = (!origin.file.is_empty()).then(|| self.options.as_of.duration_since(seen.at).as_secs());
        let boot = seen.boot.known().map(|boot| boot.0.clone());
        let (file, line) = (origin.file.to_string(), origin.line);
        Evidence { file, line, at: Some(seen.at), age_seconds: age, made_by, manifest_fingerprint: None, boot, lab }
    }

    /// A server that reported too long ago, or in the future, has no reliable state.
    fn age(&self, drift: &mut ServerDrift) {
        let Some(age) = drift.snapshot.as_ref().and_then(|evidence| evidence.age_seconds) else { return };
        let old = self.options.max_age.filter(|limit| age > i64::from(limit.as_seconds()));
        let (desired, observed) = match old {
            Some(limit) => {
                let limit = spoken(i64::from(limit.as_seconds()));
                (format!("at most {limit} old"), format!("{} old", spoken(age)))
            }
            None if age < -SKEW => ("not in the future".into(), format!("{} in the future", spoken(-age))),
            None => return,
        };
        drift.state = DriftState::Stale;
        drift.findings.insert(0, finding(DriftCode::StaleSnapshot, "snapshot", &desired, &observed, "its own date"));
        drift.help = Some(COLLECT.into());
    }
}

/// The servers of one pool each have the build from the manifest, but different ones: a pool runs at one.
pub fn unequal(drift: &mut ServerDrift, highest: &Build) {
    let (pool, own) = (drift.pool.clone().unwrap_or_default(), drift.found.as_ref().map(ToString::to_string));
    let (desired, observed) = (format!("{highest}, as others of {pool}"), own.unwrap_or_default());
    drift.state = DriftState::Drift;
    drift.findings.insert(
        0,
        finding(DriftCode::PoolUnequal, "core-components", &desired, &observed, "the Uninstall key of each server"),
    );
    drift.help = Some("declare one target for all servers of the pool".into());
}

/// What to do if a snapshot is needed.
const COLLECT: &str = "run `reconcile observe MANIFEST --to FOLDER` on the server and collect what it writes";

/// A second snapshot of a server: nobody can decide here which one is true.
pub fn duplicate(drift: &mut ServerDrift) {
    drift.state = drift.state.max(DriftState::Unknown);
    drift
        .findings
        .insert(0, finding(DriftCode::DuplicateSnapshot, "snapshot", "one of this server", "a further one", ""));
    drift.help = Some("keep its latest snapshot and remove the others".into());
}

fn blank(name: &str) -> ServerDrift {
    ServerDrift {
        name: name.to_owned(),
        state: DriftState::Unknown,
        place: None,
        site: None,
        pool: None,
        declared: None,
        found: None,
        snapshot: None,
        findings: Shared::default(),
        diff: Shared::default(),
        steps: Shared::default(),
        code: None,
        blocked_by: None,
        help: None,
    }
}

fn finding(code: DriftCode, subject: &str, desired: &str, observed: &str, source: &str) -> DriftFinding {
    let [subject, desired, observed, source] = [subject, desired, observed, source].map(str::to_owned);
    let phrase = code.phrase().to_owned();
    DriftFinding { code, phrase, subject, desired, observed, source, note: false, origin: None }
}

/// The facts count all the same: only what the server itself did about them followed another declaration.
fn of_other_manifest(own: Fingerprint, other: Fingerprint) -> DriftFinding {
    let note = finding(DriftCode::OtherManifest, "manifest", &own.short(), &other.short(), "the snapshot");
    DriftFinding { note: true, ..note }
}

fn unnamed(stranger: Option<Stranger>) -> DriftFinding {
    let observed = match stranger {
        Some(Stranger::Ambiguous(_)) => "it belongs to several ranges",
        Some(Stranger::Unnamed) | None => "not in the manifest",
    };
    finding(DriftCode::UnnamedServer, "server", "in the manifest", observed, "")
}

/// The judgements of the last servers: servers with the same decisive facts get the same one.
#[derive(Default)]
pub struct Known(Recent<((usize, Scope, Seen), Told)>);

/// The judgement of all servers with the same decisive facts.
#[derive(Clone)]
struct Told {
    state: DriftState,
    findings: Shared<Vec<DriftFinding>>,
    diff: Shared<String>,
    steps: Shared<Vec<StepReport>>,
    code: Option<Code>,
    blocked_by: Option<String>,
    help: Option<String>,
}

/// The part of a server that can be judged, and shall be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Everything.
    All,
    /// Everything, although only the builds are known.
    OnlyBuildsKnown,
    /// Only the builds.
    Builds,
}

/// The differences of the server, and the steps that remain.
fn tell(goal: &Goal, seen: &Seen, scope: Scope) -> Told {
    let mut compared = compare(goal, seen);
    let state = match scope {
        Scope::All => state(goal, seen, &compared),
        Scope::OnlyBuildsKnown => {
            let known = state_of(&of_builds(&compared));
            if known == DriftState::AtGoal { DriftState::BuildsOnly } else { known }
        }
        Scope::Builds => {
            compared = of_builds(&compared);
            state_of(&compared)
        }
    };
    let mut findings: Vec<_> = compared.iter().filter_map(|it| as_finding(goal, it)).collect();
    if scope == Scope::All {
        findings.extend(of_doctor(goal, seen));
    }
    findings.sort_by_key(|found| found.note); // Faults come before notes.
    let nothing = |findings: Vec<DriftFinding>, help: Option<String>| {
        let (diff, steps) = Default::default();
        Told { state, findings: findings.into(), diff, steps, code: None, blocked_by: None, help }
    };
    if state == DriftState::BuildsOnly {
        findings.retain(|found| found.note);
        let (desired, observed) = ("a snapshot of the server", "only the registry was taken");
        findings.insert(0, finding(DriftCode::BuildsOnly, "services and databases", desired, observed, "the snapshot"));
        return nothing(findings, Some(ONLY_BUILDS.into()));
    }
    if state == DriftState::AtGoal {
        let held = seen.marks.hold.clone().map(|hold| Blocker::Held { hold, zone: goal.zone().cloned() });
        let code = held.as_ref().map(Blocker::code);
        let (blocked_by, help) =
            (held.as_ref().map(ToString::to_string), held.as_ref().map(|held| advice(held, Waiter::Elsewhere)));
        return Told { code, blocked_by, ..nothing(findings, help) };
    }
    let Remaining { code, mut steps, blocked_by, help, .. } = remaining(goal, seen, Waiter::Elsewhere);
    // Identical servers share one plan, so it names none of them.
    for step in steps.iter_mut().filter(|step| matches!(step.step, Step::FailOver | Step::FailBack)) {
        step.command = step.command.replace(goal.server.as_str(), "<FQDN>");
    }
    let diff = diff::of(&compared).into();
    let code = blocked_by.as_ref().map(|_| code);
    Told { state, findings: findings.into(), diff, steps: steps.into(), code, blocked_by, help }
}

/// The facts about installed components.
fn of_builds<'a>(compared: &[Compared<'a>]) -> Vec<Compared<'a>> {
    compared.iter().filter(|it| it.kind.is_of_builds()).cloned().collect()
}

/// What to do if a registry export is judged as a whole server.
const ONLY_BUILDS: &str = "judge it by its builds with `--judge builds`, or run `reconcile observe MANIFEST --to FOLDER` on the server \
                           and collect what it writes";

/// What `doctor` finds where the snapshot has what it reads. What the comparison finds anyway is not repeated.
fn of_doctor(goal: &Goal, seen: &Seen) -> Vec<DriftFinding> {
    if seen.host.examined.known().is_none() {
        return Vec::new();
    }
    let as_finding = |Diagnosis { check, found, ignored, .. }: Diagnosis| {
        let code = match found.verdict {
            Verdict::Fault => DriftCode::DoctorFault,
            Verdict::Warning => DriftCode::DoctorWarning,
            Verdict::Ok | Verdict::NotAsked | Verdict::Unknown => return None,
        };
        let ignored = ignored.map_or_else(String::new, |reason| format!(" (ignored: {reason})"));
        let observed = format!("{}{ignored}", found.what);
        Some(DriftFinding { note: true, ..finding(code, check.key(), check.assumed(), &observed, "doctor") })
    };
    let own = |found: &Diagnosis| found.check.class() == CheckClass::Advice && found.check != CheckId::OriginalRelease;
    diagnose(goal, seen).into_iter().filter(own).filter_map(as_finding).collect()
}

/// A fact that differs, or that needs a note.
fn as_finding(goal: &Goal, it: &Compared<'_>) -> Option<DriftFinding> {
    let (code, source) = (it.code?, it.kind.source().to_owned());
    let phrase = code.phrase().to_owned();
    let (subject, observed) = (it.subject.to_string(), it.observed.to_string());
    let desired = if code == DriftCode::OriginalRelease {
        format!("later, if {} patches it", goal.core)
    } else {
        it.desired.to_string()
    };
    let origin = origin(goal, None, code, &subject);
    Some(DriftFinding { code, phrase, subject, desired, observed, source, note: it.note, origin })
}

impl Told {
    /// The findings of a server, with causes from the goal that it reached last.
    fn findings_of(&self, goal: &Goal, reached: Option<&Reached>) -> Shared<Vec<DriftFinding>> {
        let mut findings = self.findings.clone();
        if reached.is_some() && !findings.is_empty() {
            findings.iter_mut().for_each(|it| it.origin = origin(goal, reached, it.code, &it.subject));
        }
        findings
    }
}
