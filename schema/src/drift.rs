//! What `drift` answers to a program: how each server of a fleet differs from its manifest.

use alloc::{string::String, vec::Vec};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Build, Code, Fingerprint, Product, Role, Shared, StepReport, table::table};

/// The report of `reconcile drift`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "reconcile drift")]
pub struct DriftReport {
    /// The version of this format: 1.
    pub version: u32,
    /// The version of `reconcile` that made it.
    pub made_by: String,
    /// The time from which ages are counted.
    pub as_of: Timestamp,
    /// The manifest.
    pub manifest: String,
    /// The fingerprint of the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_fingerprint: Option<Fingerprint>,
    /// The servers: those that reported in the order of their snapshots, then those that did not.
    pub servers: Vec<ServerDrift>,
    /// The fleet in numbers.
    pub summary: DriftSummary,
}

/// The fleet in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DriftSummary {
    /// How many servers the report is about.
    pub servers: u64,
    /// How many of them are in which state; states without servers are left out.
    pub states: alloc::collections::BTreeMap<DriftState, u64>,
    /// How many steps remain.
    pub steps: u64,
    /// What was left out of the judgement on request; empty where everything was judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_judged: Vec<String>,
    /// The exit code that this report leads to.
    pub exit_code: u8,
}

/// How one server differs from its manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerDrift {
    /// The name of the server, or of the snapshot where that cannot be read.
    pub name: String,
    /// The state of the server.
    pub state: DriftState,
    /// Where the manifest declares it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<ManifestPlace>,
    /// Its site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Its pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// What the manifest declares for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<Declared>,
    /// The build of Core Components, when it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Build>,
    /// The snapshot that this judgement rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Evidence>,
    /// The differences, and the facts that are unknown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Shared<Vec<DriftFinding>>,
    /// The difference as a unified diff from what is observed to what is desired.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub diff: Shared<String>,
    /// The steps that remain, in order, as far as they can be foreseen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Shared<Vec<StepReport>>,
    /// The reason in `blockedBy`, as a code that does not change between versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// Why the steps are unknown or cannot be taken; for a server at its goal, the hold that is set on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_by: Option<String>,
    /// What a person can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// What a manifest declares for a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Declared {
    /// The product that it must run.
    pub product: Product,
    /// Its role.
    pub role: Role,
    /// The build that Core Components must reach.
    pub target: Build,
}

/// A place in a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ManifestPlace {
    /// The manifest as it was named.
    pub file: String,
    /// The line, the first one is 1.
    pub line: u64,
    /// The character in the line, the first one is 1.
    pub column: u64,
}

/// The snapshot that a judgement rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// The file, or `-` for standard input; empty when the server itself was just observed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// The line of the file, where it holds several snapshots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// When the server was observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// How long ago that was, in seconds; negative when the snapshot is dated in the future.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<i64>,
    /// What made the snapshot, such as `reconcile 0.1.0`.
    pub made_by: String,
    /// The fingerprint of the manifest with which the server was observed, where the snapshot says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_fingerprint: Option<Fingerprint>,
    /// The boot of the server at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
    /// Whether the server is simulated.
    #[serde(default)]
    pub lab: bool,
}

struct StateRow {
    phrase: &'static str,
}

table! {
    /// The state of a server, compared with its manifest.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
    pub enum DriftState: StateRow {
        /// Every state, from the best to the worst.
        ALL

        /// The server is at its goal.
        AtGoal = "at-goal" { phrase: "at goal" }
        /// The server differs from the manifest in something that is known.
        Drift = "drift" { phrase: "drifted" }
        /// There is a snapshot of the server, and the manifest does not name it.
        Unnamed = "unnamed" { phrase: "not in the manifest" }
        /// The manifest names the server, and there is no snapshot of it.
        Missing = "missing" { phrase: "no snapshot" }
        /// The snapshot of the server is too old.
        Stale = "stale" { phrase: "stale snapshot" }
        /// The builds are as declared, and nothing else is known: only the registry of the server was collected.
        BuildsOnly = "builds-only" { phrase: "only builds known" }
        /// What could be read is as declared, but the account that observed the server cannot read its databases.
        NotReadable = "not-readable" { phrase: "databases not readable" }
        /// A fact that decides whether the server is at its goal could not be read.
        Unknown = "unknown" { phrase: "unknown" }
        /// The server is newer than declared.
        Ahead = "ahead" { phrase: "newer than declared" }
        /// The server does not run the product that the manifest declares.
        WrongProduct = "wrong-product" { phrase: "another product" }
    }
}

impl ServerDrift {
    /// Whether the only thing to report about the server is that it is at its goal.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.state == DriftState::AtGoal && self.blocked_by.is_none() && self.findings.is_empty()
    }
}

impl DriftState {
    /// The state in a few words.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        self.row().phrase
    }
}

/// One difference, or one unknown fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DriftFinding {
    /// A code that does not change between versions.
    pub code: DriftCode,
    /// What the code means, in words.
    pub phrase: String,
    /// What it is about: a component, a service, a database.
    pub subject: String,
    /// What is desired.
    pub desired: String,
    /// What is observed.
    pub observed: String,
    /// Where the fact was read on the server.
    pub source: String,
    /// Whether this is a note only, which changes neither state nor exit code.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub note: bool,
    /// What caused the difference, where this is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

struct CodeRow {
    phrase: &'static str,
    help: &'static str,
}

const APPLY: &str =
    "Run `reconcile plan` on the server to see the steps that remain, and `reconcile apply` to run them.";

const OBSERVE: &str = "Run `reconcile observe MANIFEST --to FOLDER` on the server and collect what it writes.";

const DOCTOR: &str = "Run `reconcile doctor MANIFEST` on the server: it says what to do about each check. `reconcile explain CHECK` says what it assumes.";

table! {
    /// The codes of findings.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
    pub enum DriftCode: CodeRow {
        /// Every code.
        ALL

        /// A component is below its build.
        ComponentBehind = "component-behind" {
            phrase: "a component is below its build",
            help: APPLY,
        }
        /// Servers of one pool are at different builds, although each has the build that the manifest declares for it.
        PoolUnequal = "pool-unequal" {
            phrase: "servers of the pool are at different builds",
            help: "Declare one target for all servers of the pool.",
        }
        /// A database is below the version that the binaries expect.
        DatabaseBehind = "database-behind" {
            phrase: "a database is below the version that the binaries expect",
            help: APPLY,
        }
        /// A service should be running and is not.
        ServiceDown = "service-down" {
            phrase: "a service should run and does not",
            help: "Run `reconcile apply` on the server: it starts the service. Set it to manual start to keep it down.",
        }
        /// A restart is pending, requested by the installer or by Windows.
        RestartDue = "restart-due" {
            phrase: "a restart is pending",
            help: "Restart the server. `reconcile apply` does it where the manifest says `reboot: whenRequired`.",
        }
        /// Services can hold assemblies that an installer replaced.
        AssembliesHeld = "assemblies-held" {
            phrase: "services may hold assemblies that an installer replaced",
            help: APPLY,
        }
        /// An installation began, and no run saw it end successfully, so components may be missing.
        InstallationUnproven = "installation-unproven" {
            phrase: "an installation was begun and not seen to end well",
            help: APPLY,
        }
        /// Core Components is above the declared build.
        Ahead = "ahead" {
            phrase: "the server is above the declared build",
            help: "Declare the build that is installed, or a later one. An update cannot be taken back.",
        }
        /// Another product, or none, is installed.
        WrongProduct = "wrong-product" {
            phrase: "the declared product is not installed",
            help: "Correct the product of the update that the manifest declares for the server.",
        }
        /// A fact is unknown: it could not be read, or no run has read it.
        Unknown = "unknown" {
            phrase: "a fact could not be read",
            help: "Run `reconcile observe` on the server with an account that may read the fact that is named.",
        }
        /// Only the builds are known: the snapshot is a registry export or a hive, which holds nothing else.
        BuildsOnly = "builds-only" {
            phrase: "only the builds are known",
            help: "Judge the server by its builds with `--judge builds`, or collect a snapshot that `reconcile observe` wrote on it.",
        }
        /// The account that observed the server cannot read its databases: it is no member of `RTCUniversalServerAdmins`, as SYSTEM never is.
        NotReadable = "not-readable" {
            phrase: "databases cannot be read by the account that looked",
            help: "Observe the server with an account that is a member of RTCUniversalServerAdmins, or take what can be read for enough.",
        }
        /// The snapshot is too old.
        StaleSnapshot = "stale-snapshot" {
            phrase: "the snapshot is too old",
            help: OBSERVE,
        }
        /// There is no snapshot of the server.
        MissingSnapshot = "missing-snapshot" {
            phrase: "there is no snapshot of the server",
            help: OBSERVE,
        }
        /// The server has a snapshot already.
        DuplicateSnapshot = "duplicate-snapshot" {
            phrase: "the server has more than one snapshot",
            help: "Keep the latest snapshot of the server and remove the others.",
        }
        /// The snapshot cannot be read.
        UnreadableSnapshot = "unreadable-snapshot" {
            phrase: "the snapshot cannot be read",
            help: OBSERVE,
        }
        /// The manifest does not name the server.
        UnnamedServer = "unnamed-server" {
            phrase: "the manifest does not name the server",
            help: "Add the server to the manifest, or stop collecting its snapshots.",
        }
        /// A component is at its original release, and the catalogue names no build for it. Only a note: an update does not patch
        /// every component.
        OriginalRelease = "original-release" {
            phrase: "a component is at its original release",
            help: "Nothing has to be done where the update does not patch the component. Where it does, name its build under `components`.",
        }
        /// The manifest names a component that is not installed. Only a note: an update may serve servers of different roles.
        ComponentMissing = "component-missing" {
            phrase: "a component that the manifest names is not installed",
            help: "Correct the name, or leave the component out where no server of the update has it.",
        }
        /// Lines of the journal cannot be read, and nobody has acknowledged it. Only a note: it says nothing of the server, but until then
        /// no service is stopped.
        JournalDamaged = "journal-damaged" {
            phrase: "lines of the journal cannot be read",
            help: "Find out whether anybody holds the server, then run `reconcile acknowledge MANIFEST journal --reason TEXT` on it.",
        }
        /// The snapshot was made with another manifest. Only a note: the facts in it are judged all the same.
        OtherManifest = "other-manifest" {
            phrase: "the snapshot was made with another manifest",
            help: "Bring this manifest to the server, or judge its snapshots by the manifest that it has.",
        }
        /// A check of `doctor` finds a fault. Only a note: it says nothing of the build, but `apply` takes no server down with one.
        DoctorFault = "doctor-fault" {
            phrase: "doctor finds a fault",
            help: DOCTOR,
        }
        /// A check of `doctor` finds something that somebody should look at. Only a note.
        DoctorWarning = "doctor-warning" {
            phrase: "doctor warns",
            help: DOCTOR,
        }
    }
}

impl DriftCode {
    /// Whether this is a warning, which changes neither state nor exit code.
    #[must_use]
    pub const fn is_warning(self) -> bool {
        matches!(
            self,
            Self::OriginalRelease
                | Self::ComponentMissing
                | Self::JournalDamaged
                | Self::OtherManifest
                | Self::DoctorFault
                | Self::DoctorWarning
        )
    }

    /// What a finding of this code means.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        self.row().phrase
    }

    /// What a person can do about it.
    #[must_use]
    pub const fn help(self) -> &'static str {
        self.row().help
    }
}

/// What caused a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Origin {
    /// The server was at its goal and fell back: somebody or something changed it.
    FellBack {
        /// When it was last seen at its goal.
        reached: Timestamp,
    },
    /// The manifest declares more than it did when the server last reached its goal.
    NewIntent {
        /// When it was last seen at that earlier goal.
        reached: Timestamp,
        /// The earlier goal.
        then: String,
    },
    /// No run has brought the server to its goal yet.
    NeverReached,
}
