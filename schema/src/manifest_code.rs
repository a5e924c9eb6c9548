//! The codes of what can be wrong with a manifest: what it means, an example that causes it, and what to do.

use schemars::JsonSchema;
use serde::Serialize;

use crate::table::table;

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

struct Row {
    phrase: &'static str,
    help: &'static str,
    example: ManifestExample,
}

table! {
    /// What is wrong with a manifest, as `error[…]` or `warning[…]` names it.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
    #[expect(missing_docs, reason = "`phrase` says what each means")]
    pub enum ManifestCode: Row {
        /// Every code: the errors from the file to what it means, then the warnings.
        ALL

        UnreadableFile = "unreadable-file" {
            phrase: "the file cannot be read",
            help: "Correct the path or the permissions. A relative path starts at the current directory.",
            example: Case("the path of a folder, or of a file that another account owns"),
        }
        TooLarge = "too-large" {
            phrase: "the file is larger than 1 MiB",
            help: "Name the right file. A range such as `fe[01-12].contoso.example` replaces many entries.",
            example: Case("the path of a log instead of the manifest"),
        }
        NotUtf8 = "not-utf8" {
            phrase: "the file is not encoded as UTF-8",
            help: "Save the file as UTF-8: `Set-Content -Encoding UTF8`.",
            example: Case("a file that Windows PowerShell wrote with `>` (UTF-16)"),
        }
        ControlCharacter = "control-character" {
            phrase: "a text contains a control character",
            help: r"Delete the character. Write a path in single quotes: in double quotes `\t` is a tab.",
            example: Fields(r#"lab: { world: "C:\temp\new.yaml", servers: {} }"#),
        }
        YamlSyntax = "yaml-syntax" {
            phrase: "the text is not valid YAML",
            help: "Check the quotes, the brackets and the indentation of the marked line and of the line before.",
            example: Fields("servers: { se01.contoso.example: { role: standard-edition, target: cu7 }"),
        }
        EmptyDocument = "empty-document" {
            phrase: "the file holds nothing but comments",
            help: "Name the right file, or write the manifest. `manifests/` has an example for each topology.",
            example: File("# version: 1"),
        }
        SeveralDocuments = "several-documents" {
            phrase: "the file holds more than one document",
            help: "Remove the line `---`, or move the second document into its own file.",
            example: File("---
version: 1
---
version: 1"),
        }
        Anchor = "anchor" {
            phrase: "an anchor (`&name`) stands before a value",
            help: "Remove the anchor. Put values that several servers share into a group.",
            example: Fields("policy: &rules { reboot: never }"),
        }
        Alias = "alias" {
            phrase: "an alias (`*name`) stands for a value",
            help: "Write the value itself. A text that begins with `*` needs quotes.",
            example: Fields("policy: *rules"),
        }
        Tag = "tag" {
            phrase: "a tag (`!name`) stands before a value",
            help: "Remove the tag. To make a value text, write it in quotes.",
            example: Fields("policy: !strict { reboot: never }"),
        }
        MergeKey = "merge-key" {
            phrase: "a merge key (`<<`) brings fields from elsewhere",
            help: "Write the fields where they are needed, or put them into a group.",
            example: Fields("policy: { <<: { reboot: never } }"),
        }
        DuplicateKey = "duplicate-key" {
            phrase: "a name is given twice",
            help: "Remove or rename one of them. Names of servers do not differ by capitals, and a server has one entry, by its full name.",
            example: Fields("policy: { reboot: never, reboot: whenRequired }"),
        }
        KeyNotText = "key-not-text" {
            phrase: "the name of a field is not text",
            help: "Write the name in quotes.",
            example: Fields("groups: { 2019: {} }"),
        }
        NotANumber = "not-a-number" {
            phrase: "a number is not finite",
            help: "Write a number, or put the text in quotes.",
            example: Fields("policy: { attempts: .inf }"),
        }
        TextTooLong = "text-too-long" {
            phrase: "a name or a text has more than 4096 bytes",
            help: "Close the quote.",
            example: Case("a path whose closing quote is missing, so that the rest of the file belongs to it"),
        }
        TooDeep = "too-deep" {
            phrase: "lists and fields are nested more than 32 levels deep",
            help: "Check the brackets and the indentation.",
            example: Case("a line with 33 opening brackets"),
        }
        TooManyNodes = "too-many-nodes" {
            phrase: "the file has more than 100,000 keys, values and lists",
            help: "Write ranges of servers, and groups for what they share.",
            example: Case("an entry of its own for each of 30,000 servers"),
        }
        MissingField = "missing-field" {
            phrase: "a required field is missing",
            help: "Add the field. `reconcile help manifest` shows which fields are required.",
            example: Fields("updates: { cu7: { product: sfb-2019, release: CU7 } }"),
        }
        UnknownField = "unknown-field" {
            phrase: "no field of this name exists here",
            help: "Correct the name, or move the field to the place that the message names. `reconcile help manifest` lists the fields.",
            example: Fields("policy: { rebot: never }"),
        }
        WrongType = "wrong-type" {
            phrase: "a value does not have the type that its field requires",
            help: "Write the type that the message names. A number that is meant as text needs quotes.",
            example: Fields("updates: { cu7: { release: 7.10 } }"),
        }
        WrongValue = "wrong-value" {
            phrase: "a value is not allowed, or contradicts another one",
            help: "Write one of the values that the message lists. `reconcile explain policy.reboot` explains each value of a field.",
            example: Fields("policy: { reboot: sometimes }"),
        }
        WrongName = "wrong-name" {
            phrase: "a name that you choose is not allowed",
            help: "Write letters, digits, dots, hyphens and underscores. Name servers and pools by their domain names, and components as `reconcile observe` shows them.",
            example: Fields(r#"groups: { "front ends": {} }"#),
        }
        WrongFormat = "wrong-format" {
            phrase: "a text does not have the form that its field requires",
            help: "Write the form that the message names, such as `20m` for a period.",
            example: Fields("policy: { quiet: soon }"),
        }
        OutOfRange = "out-of-range" {
            phrase: "a number is too small or too large",
            help: "Write a number within the range that the message names.",
            example: Fields("policy: { attempts: 0 }"),
        }
        TooShort = "too-short" {
            phrase: "a text is too short",
            help: "Write the value, or remove the field.",
            example: Fields(r#"updates: { cu7: { installer: { publisher: "" } } }"#),
        }
        TooLong = "too-long" {
            phrase: "a text is too long",
            help: "Shorten it. Check that its closing quote is not missing.",
            example: Case("a `publisher` of more than 1024 characters"),
        }
        RepeatedItem = "repeated-item" {
            phrase: "a list names an item twice",
            help: "Remove one of the two.",
            example: Case("a list that takes each item once, with one of them twice"),
        }
        BrokenSchema = "broken-schema" {
            phrase: "the JSON Schema in the program is wrong",
            help: "Report it, with the version of the program.",
            example: Case("a defect of the program, never of the manifest"),
        }
        OtherVersion = "other-version" {
            phrase: "the manifest requires another version of `reconcile`",
            help: "Install a version that `requires` allows. Or correct `requires`, if this version is meant.",
            example: Fields(r#"requires: ">=9""#),
        }
        TooMany = "too-many" {
            phrase: "the manifest names more than 100,000 servers",
            help: "Make the ranges shorter. A range stands for every number in it.",
            example: Fields(r#"servers:
  "a[00001-99999].contoso.example": { role: standard-edition, target: cu7 }
  "b[00001-99999].contoso.example": { role: standard-edition, target: cu7 }"#),
        }
        NoGoal = "no-goal" {
            phrase: "the manifest says too little of a server, or contradicts itself",
            help: "Add what the message names: the `target`, the `role`, the SQL Server of a Back End, a release that the catalogue knows.",
            example: Fields("servers: { se01.contoso.example: { role: standard-edition, target: cu8 } }"),
        }
        NoPlace = "no-place" {
            phrase: "a server, pool or ring contradicts the topology",
            help: "Correct `pool`, `ring`, `upgradeDomain` or `pairedWith` as Topology Builder and `Get-CsPool` show them.",
            example: Fields("servers: { fe01.contoso.example: { role: front-end, target: cu7 } }"),
        }
        NoStart = "no-start" {
            phrase: "the lab does not say how a server starts",
            help: "Add the server under `lab: { servers }` with the `build` that it starts with.",
            example: Fields("lab: { world: world.yaml, servers: {} }"),
        }
        WrongLine = "wrong-line" {
            phrase: "a simulated server starts with a build of another product",
            help: "Write a build of the product that the server's update is for: `reconcile releases` lists them.",
            example: Fields(r#"lab:
  world: world.yaml
  servers: { se01.contoso.example: { build: "5.0.8308.1149" } }"#),
        }
        NoSuchFault = "no-such-fault" {
            phrase: "the lab has no fault of this name",
            help: "Correct the name. `reconcile help faults` lists the faults.",
            example: Fields(r#"lab:
  world: world.yaml
  servers:
    se01.contoso.example: { build: "7.0.2046.123", faults: [explodes] }"#),
        }
        ManifestUntrusted = "manifest-untrusted" {
            phrase: "the manifest is not signed with the key of this machine",
            help: "Sign the manifest where the secret key is: `minisign -Sm manifest.yaml`.",
            example: Case("a `reconcile.pub` next to the program, and no `manifest.yaml.minisig` next to the manifest"),
        }
        ManifestOlder = "manifest-older" {
            phrase: "the manifest is older than the last one that was accepted here",
            help: "Put the newer manifest back. If the older one is meant, give it a higher `serial`.",
            example: Case("`serial: 11` on a server that accepted `serial: 12`"),
        }
        ManifestExpired = "manifest-expired" {
            phrase: "the manifest has expired",
            help: "Check what it declares, then give it a later day.",
            example: Case("a signed manifest with `expires: 2026-01-31`, in February"),
        }
        ManifestOther = "manifest-other" {
            phrase: "the manifest is another one than the caller expects",
            help: "Bring the manifest to the server that the caller means, then run again.",
            example: Case("`apply manifest.yaml --fingerprint sha256:…` on a server that still has the manifest of last month"),
        }
        NoServer = "no-server" {
            phrase: "the manifest names no server",
            help: "Add each server under `servers`. Without one, no run does anything.",
            example: Fields("servers: {}"),
        }
        UnknownBuild = "unknown-build" {
            phrase: "no release in the catalogue has the declared build",
            help: "Compare the build with Core Components on a server that has this update. `reconcile releases` lists the catalogue.",
            example: Fields(r#"updates: { cu7: { release: "7.0.2046.99999" } }"#),
        }
        UnknownComponent = "unknown-component" {
            phrase: "no source names this component",
            help: "Compare the name with what `reconcile observe` finds on a server. A component that no server has is never compared.",
            example: Fields(r#"updates: { cu7: { components: { unheard-of: "7.0.2046.385" } } }"#),
        }
        NoShare = "no-share" {
            phrase: "the folder for claims is on no share",
            help: "Write a folder on a share by its full name, so that all servers of a pool see the same claims.",
            example: Fields(r"rollout: { claims: 'C:\claims' }"),
        }
        DomainShare = "domain-share" {
            phrase: "the folder for claims is a path of DFS, which may have several targets",
            help: "Name the share of one server, or make sure that the folder has one target.",
            example: Fields(r"rollout: { claims: '\\contoso.example\reconcile\claims' }"),
        }
        UnequalPool = "unequal-pool" {
            phrase: "servers of one pool have different targets",
            help: "Give all servers of the pool one target. A rollout updates one of them after the other.",
            example: Fields(r"updates:
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
    pool: pool01.contoso.example"),
        }
        NoPool = "no-pool" {
            phrase: "a Back End belongs to no pool, so it does not wait for the Front End Servers",
            help: "Add the `pool` whose databases it has.",
            example: Fields("servers:
  fe01.contoso.example:
    role: front-end
    target: cu7
    pool: pool01.contoso.example
  be01.contoso.example:
    role: back-end
    target: cu7
    databases: { sqlServer: sql01.contoso.example }"),
        }
        BareSqlServer = "bare-sql-server" {
            phrase: "a Back End Server is named like its SQL Server, in a pool of Front End Servers",
            help: "If no component of the product is installed on it, remove the server and write `databases` at its pool under `pools`.",
            example: Fields(r"rollout: { claims: '\\files.contoso.example\claims' }
servers:
  fe01.contoso.example:
    role: front-end
    target: cu7
    pool: pool01.contoso.example
  sql01.contoso.example:
    role: back-end
    target: cu7
    pool: pool01.contoso.example
    databases: { sqlServer: sql01.contoso.example }"),
        }
        SharedStore = "shared-store" {
            phrase: "several servers update one Central Management Store",
            help: "Name `centralManagementStore` at one server only.",
            example: Fields(r#"servers:
  "se[01-02].contoso.example":
    role: standard-edition
    target: cu7
    databases:
      centralManagementStore: { sqlServer: se01.contoso.example }"#),
        }
        SameHash = "same-hash" {
            phrase: "two installers of different releases have the same SHA-256",
            help: "Take the SHA-256 of each installer with `Get-FileHash`.",
            example: Fields(r"updates:
  cu6:
    product: sfb-2019
    release: CU6
    installer:
      path: 'C:\updates\cu6.exe'
      sha256: c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00"),
        }
        EmptyFile = "empty-file" {
            phrase: "the SHA-256 of an installer is that of an empty file",
            help: "Download the installer again, and take its SHA-256 with `Get-FileHash`.",
            example: Fields("updates:
  cu7:
    installer:
      sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        }
        Unused = "unused" {
            phrase: "an update or a group that no server uses has a mistake",
            help: "Correct it before a server uses it, or remove it.",
            example: Fields("groups: { later: { target: cu8 } }"),
        }
        OwnService = "own-service" {
            phrase: "`alsoStop` names a service that is the product's own",
            help: "Remove it. The product's services and the web server are stopped and started anyway, and SQL Server keeps running.",
            example: Fields("servers: { se01.contoso.example: { alsoStop: [RTCSRV] } }"),
        }
        StrangePool = "strange-pool" {
            phrase: "a server is in a pool of Front End Servers that has no place there",
            help: "Name the pool of each role, as `Get-CsPool` shows it.",
            example: Fields("servers:
  fe01.contoso.example:
    role: front-end
    target: cu7
    pool: pool01.contoso.example
  edge01.contoso.example:
    role: edge
    target: cu7
    pool: pool01.contoso.example"),
        }
        RelativeReport = "relative-report" {
            phrase: "the path of a report is relative",
            help: "Write the whole path, on a drive of the server or on a share.",
            example: Fields("reports: { snapshots: snapshots }"),
        }
        NoBudget = "no-budget" {
            phrase: "the outage budget is 0 minutes, and every outage exceeds it",
            help: "Write how long the services may be down, such as `budget: 30m`, or remove the field.",
            example: Fields("policy: { outage: { budget: 0m } }"),
        }
        NoClaims = "no-claims" {
            phrase: "servers of a pool have no share on which to agree",
            help: "Add `claims` with a folder that the servers' accounts can write to.",
            example: Fields(r#"rollout: { atOnce: 2 }
servers:
  "fe[01-03].contoso.example":
    role: front-end
    target: cu7
    pool: pool01.contoso.example"#),
        }
        UndeclaredPool = "undeclared-pool" {
            phrase: "a server names a pool that `pools` does not have",
            help: "Add the pool to `pools`, or correct its name.",
            example: Fields("pools: { pool02.contoso.example: { site: berlin } }
servers:
  fe01.contoso.example:
    role: front-end
    target: cu7
    pool: pool01.contoso.example
  fe02.contoso.example:
    role: front-end
    target: cu7
    pool: pool02.contoso.example"),
        }
        NarrowWindow = "narrow-window" {
            phrase: "no maintenance window has room for the work on a server",
            help: "Make a window longer, or say under `estimates` how long the steps take.",
            example: Fields(r#"policy:
  maintenance:
    timeZone: Europe/Berlin
    windows: { night: { days: sat, from: "22:00", to: "22:10" } }"#),
        }
        OverBudget = "over-budget" {
            phrase: "the outage is estimated to be longer than it may be, so no run begins",
            help: "Raise `outage.budget`, correct `estimates`, or set `outage: { onExceed: warn }`.",
            example: Fields("policy:
  outage: { budget: 5m }
  estimates: { stop: 4m, install: 12m, database: 4m, start: 6m }"),
        }
        NoWindow = "no-window" {
            phrase: "restarts are allowed in windows only, and the server has no window",
            help: "Add `maintenance`, or write `reboot: whenRequired`.",
            example: Fields("policy: { reboot: inWindow }"),
        }
        Together = "together" {
            phrase: "servers of a pool that cannot agree on a share have windows that overlap",
            help: "Give them windows that do not overlap, or declare `together: allowed` for the pool.",
            example: Fields(r#"servers:
  "edge[01-02].contoso.example":
    role: edge
    target: cu7
    pool: edge.contoso.example"#),
        }
    }
}

impl ManifestCode {
    /// Whether the manifest can be used all the same; `validate --strict` refuses it.
    #[must_use]
    pub const fn is_warning(self) -> bool {
        self as usize >= Self::NoServer as usize
    }

    /// What it says.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        self.row().phrase
    }

    /// What a person can do about it.
    #[must_use]
    pub const fn help(self) -> &'static str {
        self.row().help
    }

    /// What causes it.
    #[must_use]
    pub const fn example(self) -> ManifestExample {
        self.row().example
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
