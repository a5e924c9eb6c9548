//! The codes of what can be wrong with a manifest: what it means, an example that causes it, and what to do.

use schemars::JsonSchema;
use serde::Serialize;

/// What is wrong with a manifest, as `error[…]` or `warning[…]` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "`phrase` says what each means")]
pub enum ManifestCode {
    UnreadableFile,
    TooLarge,
    NotUtf8,
    ControlCharacter,
    YamlSyntax,
    EmptyDocument,
    SeveralDocuments,
    Anchor,
    Alias,
    Tag,
    MergeKey,
    DuplicateKey,
    KeyNotText,
    NotANumber,
    TextTooLong,
    TooDeep,
    TooManyNodes,
    MissingField,
    UnknownField,
    WrongType,
    WrongValue,
    WrongName,
    WrongFormat,
    OutOfRange,
    TooShort,
    TooLong,
    RepeatedItem,
    BrokenSchema,
    OtherVersion,
    TooMany,
    NoGoal,
    NoPlace,
    NoStart,
    WrongLine,
    NoSuchFault,
    ManifestUntrusted,
    ManifestOlder,
    ManifestExpired,
    ManifestOther,
    NoServer,
    UnknownBuild,
    UnknownComponent,
    NoShare,
    DomainShare,
    UnequalPool,
    NoPool,
    BareSqlServer,
    SharedStore,
    SameHash,
    EmptyFile,
    Unused,
    OwnService,
    StrangePool,
    RelativeReport,
    NoBudget,
    NoClaims,
    UndeclaredPool,
    NarrowWindow,
    OverBudget,
    NoWindow,
    Together,
}

/// What causes an error or a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManifestExample {
    /// These fields, set in a manifest that is good without them.
    Fields(&'static str),
    /// This whole file.
    File(&'static str),
    /// This case, in words.
    Case(&'static str),
}

use ManifestExample::{Case, Fields, File};

impl ManifestCode {
    /// Every code: the errors from the file to what it means, then the warnings.
    pub const ALL: [Self; 61] = [
        Self::UnreadableFile,
        Self::TooLarge,
        Self::NotUtf8,
        Self::ControlCharacter,
        Self::YamlSyntax,
        Self::EmptyDocument,
        Self::SeveralDocuments,
        Self::Anchor,
        Self::Alias,
        Self::Tag,
        Self::MergeKey,
        Self::DuplicateKey,
        Self::KeyNotText,
        Self::NotANumber,
        Self::TextTooLong,
        Self::TooDeep,
        Self::TooManyNodes,
        Self::MissingField,
        Self::UnknownField,
        Self::WrongType,
        Self::WrongValue,
        Self::WrongName,
        Self::WrongFormat,
        Self::OutOfRange,
        Self::TooShort,
        Self::TooLong,
        Self::RepeatedItem,
        Self::BrokenSchema,
        Self::OtherVersion,
        Self::TooMany,
        Self::NoGoal,
        Self::NoPlace,
        Self::NoStart,
        Self::WrongLine,
        Self::NoSuchFault,
        Self::ManifestUntrusted,
        Self::ManifestOlder,
        Self::ManifestExpired,
        Self::ManifestOther,
        Self::NoServer,
        Self::UnknownBuild,
        Self::UnknownComponent,
        Self::NoShare,
        Self::DomainShare,
        Self::UnequalPool,
        Self::NoPool,
        Self::BareSqlServer,
        Self::SharedStore,
        Self::SameHash,
        Self::EmptyFile,
        Self::Unused,
        Self::OwnService,
        Self::StrangePool,
        Self::RelativeReport,
        Self::NoBudget,
        Self::NoClaims,
        Self::UndeclaredPool,
        Self::NarrowWindow,
        Self::OverBudget,
        Self::NoWindow,
        Self::Together,
    ];

    /// Whether the manifest can be used all the same; `validate --strict` refuses it.
    #[must_use]
    pub const fn is_warning(self) -> bool {
        self as usize >= Self::NoServer as usize
    }

    /// The code as messages write it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::UnreadableFile => "unreadable-file",
            Self::TooLarge => "too-large",
            Self::NotUtf8 => "not-utf8",
            Self::ControlCharacter => "control-character",
            Self::YamlSyntax => "yaml-syntax",
            Self::EmptyDocument => "empty-document",
            Self::SeveralDocuments => "several-documents",
            Self::Anchor => "anchor",
            Self::Alias => "alias",
            Self::Tag => "tag",
            Self::MergeKey => "merge-key",
            Self::DuplicateKey => "duplicate-key",
            Self::KeyNotText => "key-not-text",
            Self::NotANumber => "not-a-number",
            Self::TextTooLong => "text-too-long",
            Self::TooDeep => "too-deep",
            Self::TooManyNodes => "too-many-nodes",
            Self::MissingField => "missing-field",
            Self::UnknownField => "unknown-field",
            Self::WrongType => "wrong-type",
            Self::WrongValue => "wrong-value",
            Self::WrongName => "wrong-name",
            Self::WrongFormat => "wrong-format",
            Self::OutOfRange => "out-of-range",
            Self::TooShort => "too-short",
            Self::TooLong => "too-long",
            Self::RepeatedItem => "repeated-item",
            Self::BrokenSchema => "broken-schema",
            Self::OtherVersion => "other-version",
            Self::TooMany => "too-many",
            Self::NoGoal => "no-goal",
            Self::NoPlace => "no-place",
            Self::NoStart => "no-start",
            Self::WrongLine => "wrong-line",
            Self::NoSuchFault => "no-such-fault",
            Self::ManifestUntrusted => "manifest-untrusted",
            Self::ManifestOlder => "manifest-older",
            Self::ManifestExpired => "manifest-expired",
            Self::ManifestOther => "manifest-other",
            Self::NoServer => "no-server",
            Self::UnknownBuild => "unknown-build",
            Self::UnknownComponent => "unknown-component",
            Self::NoShare => "no-share",
            Self::DomainShare => "domain-share",
            Self::UnequalPool => "unequal-pool",
            Self::NoPool => "no-pool",
            Self::BareSqlServer => "bare-sql-server",
            Self::SharedStore => "shared-store",
            Self::SameHash => "same-hash",
            Self::EmptyFile => "empty-file",
            Self::Unused => "unused",
            Self::OwnService => "own-service",
            Self::StrangePool => "strange-pool",
            Self::RelativeReport => "relative-report",
            Self::NoBudget => "no-budget",
            Self::NoClaims => "no-claims",
            Self::UndeclaredPool => "undeclared-pool",
            Self::NarrowWindow => "narrow-window",
            Self::OverBudget => "over-budget",
            Self::NoWindow => "no-window",
            Self::Together => "together",
        }
    }

    /// What it says.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::UnreadableFile => "the file cannot be read",
            Self::TooLarge => "the file is larger than 1 MiB",
            Self::NotUtf8 => "the file is not encoded as UTF-8",
            Self::ControlCharacter => "a text contains a control character",
            Self::YamlSyntax => "the text is not valid YAML",
            Self::EmptyDocument => "the file holds nothing but comments",
            Self::SeveralDocuments => "the file holds more than one document",
            Self::Anchor => "an anchor (`&name`) stands before a value",
            Self::Alias => "an alias (`*name`) stands for a value",
            Self::Tag => "a tag (`!name`) stands before a value",
            Self::MergeKey => "a merge key (`<<`) brings fields from elsewhere",
            Self::DuplicateKey => "a name is given twice",
            Self::KeyNotText => "the name of a field is not text",
            Self::NotANumber => "a number is not finite",
            Self::TextTooLong => "a name or a text has more than 4096 bytes",
            Self::TooDeep => "lists and fields are nested more than 32 levels deep",
            Self::TooManyNodes => "the file has more than 100,000 keys, values and lists",
            Self::MissingField => "a required field is missing",
            Self::UnknownField => "no field of this name exists here",
            Self::WrongType => "a value does not have the type that its field requires",
            Self::WrongValue => "a value is not allowed, or contradicts another one",
            Self::WrongName => "a name that you choose is not allowed",
            Self::WrongFormat => "a text does not have the form that its field requires",
            Self::OutOfRange => "a number is too small or too large",
            Self::TooShort => "a text is too short",
            Self::TooLong => "a text is too long",
            Self::RepeatedItem => "a list names an item twice",
            Self::BrokenSchema => "the JSON Schema in the program is wrong",
            Self::OtherVersion => "the manifest requires another version of `reconcile`",
            Self::TooMany => "the manifest names more than 100,000 servers",
            Self::NoGoal => "the manifest says too little of a server, or contradicts itself",
            Self::NoPlace => "a server, pool or ring contradicts the topology",
            Self::NoStart => "the lab does not say how a server starts",
            Self::WrongLine => "a simulated server starts with a build of another product",
            Self::NoSuchFault => "the lab has no fault of this name",
            Self::ManifestUntrusted => "the manifest is not signed with the key of this machine",
            Self::ManifestOlder => "the manifest is older than the last one that was accepted here",
            Self::ManifestExpired => "the manifest has expired",
            Self::ManifestOther => "the manifest is another one than the caller expects",
            Self::NoServer => "the manifest names no server",
            Self::UnknownBuild => "no release in the catalogue has the declared build",
            Self::UnknownComponent => "no source names this component",
            Self::NoShare => "the folder for claims is on no share",
            Self::DomainShare => "the folder for claims is a path of DFS, which may have several targets",
            Self::UnequalPool => "servers of one pool have different targets",
            Self::NoPool => "a Back End belongs to no pool, so it does not wait for the Front End Servers",
            Self::BareSqlServer => "a Back End Server is named like its SQL Server, in a pool of Front End Servers",
            Self::SharedStore => "several servers update one Central Management Store",
            Self::SameHash => "two installers of different releases have the same SHA-256",
            Self::EmptyFile => "the SHA-256 of an installer is that of an empty file",
            Self::Unused => "an update or a group that no server uses has a mistake",
            Self::OwnService => "`alsoStop` names a service that is the product's own",
            Self::StrangePool => "a server is in a pool of Front End Servers that has no place there",
            Self::RelativeReport => "the path of a report is relative",
            Self::NoBudget => "the outage budget is 0 minutes, and every outage exceeds it",
            Self::NoClaims => "servers of a pool have no share on which to agree",
            Self::UndeclaredPool => "a server names a pool that `pools` does not have",
            Self::NarrowWindow => "no maintenance window has room for the work on a server",
            Self::OverBudget => "the outage is estimated to be longer than it may be, so no run begins",
            Self::NoWindow => "restarts are allowed in windows only, and the server has no window",
            Self::Together => "servers of a pool that cannot agree on a share have windows that overlap",
        }
    }

    /// What a person can do about it.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            Self::UnreadableFile => {
                "Correct the path or the permissions. A relative path starts at the current directory."
            }
            Self::TooLarge => "Name the right file. A range such as `fe[01-12].contoso.example` replaces many entries.",
            Self::NotUtf8 => "Save the file as UTF-8: `Set-Content -Encoding UTF8`.",
            Self::ControlCharacter => {
                r"Delete the character. Write a path in single quotes: in double quotes `\t` is a tab."
            }
            Self::YamlSyntax => {
                "Check the quotes, the brackets and the indentation of the marked line and of the line before."
            }
            Self::EmptyDocument => {
                "Name the right file, or write the manifest. `manifests/` has an example for each topology."
            }
            Self::SeveralDocuments => "Remove the line `---`, or move the second document into its own file.",
            Self::Anchor => "Remove the anchor. Put values that several servers share into a group.",
            Self::Alias => "Write the value itself. A text that begins with `*` needs quotes.",
            Self::Tag => "Remove the tag. To make a value text, write it in quotes.",
            Self::MergeKey => "Write the fields where they are needed, or put them into a group.",
            Self::DuplicateKey => {
                "Remove or rename one of them. Names of servers do not differ by capitals, and a server has one entry, by its full name."
            }
            Self::KeyNotText => "Write the name in quotes.",
            Self::NotANumber => "Write a number, or put the text in quotes.",
            Self::TextTooLong => "Close the quote.",
            Self::TooDeep => "Check the brackets and the indentation.",
            Self::TooManyNodes => "Write ranges of servers, and groups for what they share.",
            Self::MissingField => "Add the field. `reconcile help manifest` shows which fields are required.",
            Self::UnknownField => {
                "Correct the name, or move the field to the place that the message names. `reconcile help manifest` lists the fields."
            }
            Self::WrongType => "Write the type that the message names. A number that is meant as text needs quotes.",
            Self::WrongValue => {
                "Write one of the values that the message lists. `reconcile explain policy.reboot` explains each value of a field."
            }
            Self::WrongName => {
                "Write letters, digits, dots, hyphens and underscores. Name servers and pools by their domain names, and components as `reconcile observe` shows them."
            }
            Self::WrongFormat => "Write the form that the message names, such as `20m` for a period.",
            Self::OutOfRange => "Write a number within the range that the message names.",
            Self::TooShort => "Write the value, or remove the field.",
            Self::TooLong => "Shorten it. Check that its closing quote is not missing.",
            Self::RepeatedItem => "Remove one of the two.",
            Self::BrokenSchema => "Report it, with the version of the program.",
            Self::OtherVersion => {
                "Install a version that `requires` allows. Or correct `requires`, if this version is meant."
            }
            Self::TooMany => "Make the ranges shorter. A range stands for every number in it.",
            Self::NoGoal => {
                "Add what the message names: the `target`, the `role`, the SQL Server of a Back End, a release that the catalogue knows."
            }
            Self::NoPlace => {
                "Correct `pool`, `ring`, `upgradeDomain` or `pairedWith` as Topology Builder and `Get-CsPool` show them."
            }
            Self::NoStart => "Add the server under `lab: { servers }` with the `build` that it starts with.",
            Self::WrongLine => {
                "Write a build of the product that the server's update is for: `reconcile releases` lists them."
            }
            Self::NoSuchFault => "Correct the name. `reconcile help faults` lists the faults.",
            Self::ManifestUntrusted => "Sign the manifest where the secret key is: `minisign -Sm manifest.yaml`.",
            Self::ManifestOlder => "Put the newer manifest back. If the older one is meant, give it a higher `serial`.",
            Self::ManifestExpired => "Check what it declares, then give it a later day.",
            Self::ManifestOther => "Bring the manifest to the server that the caller means, then run again.",
            Self::NoServer => "Add each server under `servers`. Without one, no run does anything.",
            Self::UnknownBuild => {
                "Compare the build with Core Components on a server that has this update. `reconcile releases` lists the catalogue."
            }
            Self::UnknownComponent => {
                "Compare the name with what `reconcile observe` finds on a server. A component that no server has is never compared."
            }
            Self::NoShare => {
                "Write a folder on a share by its full name, so that all servers of a pool see the same claims."
            }
            Self::DomainShare => "Name the share of one server, or make sure that the folder has one target.",
            Self::UnequalPool => {
                "Give all servers of the pool one target. A rollout updates one of them after the other."
            }
            Self::NoPool => "Add the `pool` whose databases it has.",
            Self::BareSqlServer => {
                "If no component of the product is installed on it, remove the server and write `databases` at its pool under `pools`."
            }
            Self::SharedStore => "Name `centralManagementStore` at one server only.",
            Self::SameHash => "Take the SHA-256 of each installer with `Get-FileHash`.",
            Self::EmptyFile => "Download the installer again, and take its SHA-256 with `Get-FileHash`.",
            Self::Unused => "Correct it before a server uses it, or remove it.",
            Self::OwnService => {
                "Remove it. The product's services and the web server are stopped and started anyway, and SQL Server keeps running."
            }
            Self::StrangePool => "Name the pool of each role, as `Get-CsPool` shows it.",
            Self::RelativeReport => "Write the whole path, on a drive of the server or on a share.",
            Self::NoBudget => "Write how long the services may be down, such as `budget: 30m`, or remove the field.",
            Self::NoClaims => "Add `claims` with a folder that the servers' accounts can write to.",
            Self::UndeclaredPool => "Add the pool to `pools`, or correct its name.",
            Self::NarrowWindow => "Make a window longer, or say under `estimates` how long the steps take.",
            Self::OverBudget => "Raise `outage.budget`, correct `estimates`, or set `outage: { onExceed: warn }`.",
            Self::NoWindow => "Add `maintenance`, or write `reboot: whenRequired`.",
            Self::Together => "Give them windows that do not overlap, or declare `together: allowed` for the pool.",
        }
    }

    /// What causes it.
    #[must_use]
    pub const fn example(self) -> ManifestExample {
        match self {
            Self::UnreadableFile => Case("the path of a folder, or of a file that another account owns"),
            Self::TooLarge => Case("the path of a log instead of the manifest"),
            Self::NotUtf8 => Case("a file that Windows PowerShell wrote with `>` (UTF-16)"),
            Self::ControlCharacter => Fields(r#"lab: { world: "C:\temp\new.yaml", servers: {} }"#),
            Self::YamlSyntax => Fields("servers: { se01.contoso.example: { role: standard-edition, target: cu7 }"),
            Self::EmptyDocument => File("# version: 1"),
            Self::SeveralDocuments => File(
                "---
version: 1
---
version: 1",
            ),
            Self::Anchor => Fields("policy: &rules { reboot: never }"),
            Self::Alias => Fields("policy: *rules"),
            Self::Tag => Fields("policy: !strict { reboot: never }"),
            Self::MergeKey => Fields("policy: { <<: { reboot: never } }"),
            Self::DuplicateKey => Fields("policy: { reboot: never, reboot: whenRequired }"),
            Self::KeyNotText => Fields("groups: { 2019: {} }"),
            Self::NotANumber => Fields("policy: { attempts: .inf }"),
            Self::TextTooLong => {
                Case("a path whose closing quote is missing, so that the rest of the file belongs to it")
            }
            Self::TooDeep => Case("a line with 33 opening brackets"),
            Self::TooManyNodes => Case("an entry of its own for each of 30,000 servers"),
            Self::MissingField => Fields("updates: { cu7: { product: sfb-2019, release: CU7 } }"),
            Self::UnknownField => Fields("policy: { rebot: never }"),
            Self::WrongType => Fields("updates: { cu7: { release: 7.10 } }"),
            Self::WrongValue => Fields("policy: { reboot: sometimes }"),
            Self::WrongName => Fields(r#"groups: { "front ends": {} }"#),
            Self::WrongFormat => Fields("policy: { quiet: soon }"),
            Self::OutOfRange => Fields("policy: { attempts: 0 }"),
            Self::TooShort => Fields(r#"updates: { cu7: { installer: { publisher: "" } } }"#),
            Self::TooLong => Case("a `publisher` of more than 1024 characters"),
            Self::RepeatedItem => Case("a list that takes each item once, with one of them twice"),
            Self::BrokenSchema => Case("a defect of the program, never of the manifest"),
            Self::OtherVersion => Fields(r#"requires: ">=9""#),
            Self::TooMany => Fields(
                r#"servers:
  "a[00001-99999].contoso.example": { role: standard-edition, target: cu7 }
  "b[00001-99999].contoso.example": { role: standard-edition, target: cu7 }"#,
            ),
            Self::NoGoal => Fields("servers: { se01.contoso.example: { role: standard-edition, target: cu8 } }"),
            Self::NoPlace => Fields("servers: { fe01.contoso.example: { role: front-end, target: cu7 } }"),
            Self::NoStart => Fields("lab: { world: world.yaml, servers: {} }"),
            Self::WrongLine => Fields(
                r#"lab:
  world: world.yaml
  servers: { se01.contoso.example: { build: "5.0.8308.1149" } }"#,
            ),
            Self::NoSuchFault => Fields(
                r#"lab:
  world: world.yaml
  servers:
    se01.contoso.example: { build: "7.0.2046.123", faults: [explodes] }"#,
            ),
            Self::ManifestUntrusted => {
                Case("a `reconcile.pub` next to the program, and no `manifest.yaml.minisig` next to the manifest")
            }
            Self::ManifestOlder => Case("`serial: 11` on a server that accepted `serial: 12`"),
            Self::ManifestExpired => Case("a signed manifest with `expires: 2026-01-31`, in February"),
            Self::ManifestOther => Case(
                "`apply manifest.yaml --fingerprint sha256:…` on a server that still has the manifest of last month",
            ),
            Self::NoServer => Fields("servers: {}"),
            Self::UnknownBuild => Fields(r#"updates: { cu7: { release: "7.0.2046.99999" } }"#),
            Self::UnknownComponent => Fields(r#"updates: { cu7: { components: { unheard-of: "7.0.2046.385" } } }"#),
            Self::NoShare => Fields(r"rollout: { claims: 'C:\claims' }"),
            Self::DomainShare => Fields(r"rollout: { claims: '\\contoso.example\reconcile\claims' }"),
            Self::UnequalPool => Fields(
                r"updates:
  cu6:
    product: sfb-2019
    release: CU6
    installer:
      path: 'C:\updates\cu6.exe'
      sha256: c0ffee01c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00
servers:
  fe01.contoso.example:
    role: front-end
    target: cu7
    pool: pool01.contoso.example
  fe02.contoso.example:
    role: front-end
    target: cu6
    pool: pool01.contoso.example",
            ),
            Self::NoPool => Fields(
                "servers:
  fe01.contoso.example:
    role: front-end
    target: cu7
    pool: pool01.contoso.example
  be01.contoso.example:
    role: back-end
    target: cu7
    databases: { sqlServer: sql01.contoso.example }",
            ),
            Self::BareSqlServer => Fields(
                r"rollout: { claims: '\\files.contoso.example\claims' }
servers:
  fe01.contoso.example:
    role: front-end
    target: cu7
    pool: pool01.contoso.example
  sql01.contoso.example:
    role: back-end
    target: cu7
    pool: pool01.contoso.example
    databases: { sqlServer: sql01.contoso.example }",
            ),
            Self::SharedStore => Fields(
                r#"servers:
  "se[01-02].contoso.example":
    role: standard-edition
    target: cu7
    databases:
      centralManagementStore: { sqlServer: se01.contoso.example }"#,
            ),
            Self::SameHash => Fields(
                r"updates:
  cu6:
    product: sfb-2019
    release: CU6
    installer:
      path: 'C:\updates\cu6.exe'
      sha256: c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00",
            ),
            Self::EmptyFile => Fields(
                "updates:
  cu7:
    installer:
      sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
            Self::Unused => Fields("groups: { later: { target: cu8 } }"),
            Self::OwnService => Fields("servers: { se01.contoso.example: { alsoStop: [RTCSRV] } }"),
            Self::StrangePool => Fields(
                "servers:
  fe01.contoso.example:
    role: front-end
    target: cu7
    pool: pool01.contoso.example
  edge01.contoso.example:
    role: edge
    target: cu7
    pool: pool01.contoso.example",
            ),
            Self::RelativeReport => Fields("reports: { snapshots: snapshots }"),
            Self::NoBudget => Fields("policy: { outage: { budget: 0m } }"),
            Self::NoClaims => Fields(
                r#"rollout: { atOnce: 2 }
servers:
  "fe[01-03].contoso.example":
    role: front-end
    target: cu7
    pool: pool01.contoso.example"#,
            ),
            Self::UndeclaredPool => Fields(
                "pools: { pool02.contoso.example: { site: berlin } }
servers:
  fe01.contoso.example:
    role: front-end
    target: cu7
    pool: pool01.contoso.example
  fe02.contoso.example:
    role: front-end
    target: cu7
    pool: pool02.contoso.example",
            ),
            Self::NarrowWindow => Fields(
                r#"policy:
  maintenance:
    timeZone: Europe/Berlin
    windows: { night: { days: sat, from: "22:00", to: "22:10" } }"#,
            ),
            Self::OverBudget => Fields(
                "policy:
  outage: { budget: 5m }
  estimates: { stop: 4m, install: 12m, database: 4m, start: 6m }",
            ),
            Self::NoWindow => Fields("policy: { reboot: inWindow }"),
            Self::Together => Fields(
                r#"servers:
  "edge[01-02].contoso.example":
    role: edge
    target: cu7
    pool: edge.contoso.example"#,
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::*;

    #[test]
    fn files_write_a_code_by_its_key_and_no_key_is_there_twice() {
        for code in ManifestCode::ALL {
            assert_eq!(serde_json::to_value(code).ok(), Some(code.key().into()));
        }
        assert_eq!(
            ManifestCode::ALL.map(ManifestCode::key).iter().collect::<BTreeSet<_>>().len(),
            ManifestCode::ALL.len()
        );
    }
}
