//! The work during which the program is cut off: a folder with a manifest, a history, and one command.

use std::{fs, path::Path};

use reconcile_support::manifest::with_one_update;

use crate::program::{Action, Fault, Program};

pub struct Scene {
    pub name: &'static str,
    site: String,
    /// Commands that run first, undisturbed.
    before: &'static [&'static [&'static str]],
    /// The earlier content of the server's journal.
    journal: Option<fn() -> String>,
    /// If set, an earlier run of the command was killed after this many changes to the lab.
    cut_after: Option<usize>,
    /// The command that is cut off, and then run again until it ends correctly.
    pub command: &'static [&'static str],
    /// The exit codes of a correct end.
    pub ends: &'static [i32],
    /// Checks after that: a command, its exit code, and words in its output.
    pub then: &'static [(&'static [&'static str], i32, &'static str)],
}

const MANIFEST: &str = "site.yaml";
const SERVER: &str = "se01.contoso.example";
const APPLY: &[&str] = &["apply", MANIFEST];
const RESET: &[&str] = &["lab", "reset", MANIFEST];
const STAYS_HELD: &[(&[&str], i32, &str)] = &[(APPLY, 3, "held")];
const FIRST: &str = "fe01.contoso.example";
/// When the services and the web server are down, the lab has changed this often.
const DOWN: usize = 3;
const REPORTS: &str = "reports: { prometheus: reconcile.prom, snapshots: share }\n";

pub fn all() -> Vec<Scene> {
    let plain = || Scene {
        name: "the first run",
        site: standard("", ""),
        before: &[],
        journal: None,
        cut_after: None,
        command: APPLY,
        ends: &[0],
        then: &[],
    };
    vec![
        plain(),
        Scene { name: "an outage goes on", cut_after: Some(DOWN), ..plain() },
        Scene {
            name: "an installer that fails half-way",
            site: standard(", faults: [installer-stops-half-way]", ""),
            ..plain()
        },
        Scene {
            name: "an installer that asks for a restart",
            site: standard(", faults: [installer-asks-for-reboot]", "")
                .replace("cu7 }", "cu7, policy: { reboot: whenRequired } }"),
            ..plain()
        },
        Scene { name: "a pool with claims", site: pool(), ..plain() },
        Scene { name: "several servers", site: several(), ..plain() },
        Scene { name: "a journal that has grown", journal: Some(grown), ..plain() },
        Scene {
            name: "an unattended run with reports",
            site: standard("", REPORTS),
            command: &["apply", MANIFEST, "--unattended"],
            ..plain()
        },
        Scene {
            name: "a look with reports",
            site: standard("", REPORTS),
            before: &[RESET],
            command: &["observe", MANIFEST, "--unattended"],
            ends: &[2],
            then: &[(APPLY, 0, "at its goal")],
            ..plain()
        },
        Scene {
            name: "a hold",
            before: &[RESET],
            command: &["hold", MANIFEST, "--reason", "the board meets"],
            then: STAYS_HELD,
            ..plain()
        },
        Scene {
            name: "another hold in a journal that has grown",
            before: &[RESET],
            journal: Some(grown_and_held),
            command: &["hold", MANIFEST, "--reason", "the board meets"],
            then: STAYS_HELD,
            ..plain()
        },
        Scene {
            name: "the end of a hold",
            before: &[RESET, &["hold", MANIFEST, "--reason", "the board meets"]],
            command: &["unhold", MANIFEST],
            then: &[(APPLY, 0, "at its goal")],
            ..plain()
        },
        Scene {
            name: "a claim that is broken",
            site: pool(),
            cut_after: Some(DOWN),
            command: &["claims", MANIFEST, "--break", FIRST, "--reason", "its disk is gone"],
            ends: &[0, 65], // 65: the claim is broken already
            then: &[(&["claims", MANIFEST], 0, "no server is worked on"), (APPLY, 0, "3 at goal")],
            ..plain()
        },
        Scene {
            name: "a plan that is kept",
            command: &["plan", MANIFEST, "--out", "plan.json"],
            ends: &[2],
            then: &[(&["apply", MANIFEST, "--plan", "plan.json"], 0, "at its goal")],
            ..plain()
        },
        Scene {
            name: "a lab that is changed",
            before: &[RESET],
            command: &["lab", "break", MANIFEST, SERVER, "shell-open"],
            then: &[(&["lab", "show", MANIFEST], 0, "shell-open"), (APPLY, 3, "")],
            ..plain()
        },
        Scene {
            name: "a lab that is reset",
            before: &[APPLY],
            command: RESET,
            then: &[(APPLY, 0, "at its goal")],
            ..plain()
        },
    ]
}

impl Scene {
    /// Whether the program may compact the journal.
    pub const fn compacts(&self) -> bool {
        self.journal.is_some()
    }

    /// Creates the scene in an empty folder.
    pub fn make(&self, folder: &Path, program: &Program) {
        fs::write(folder.join(MANIFEST), &self.site).unwrap();
        for command in self.before {
            let ended = program.run(folder, command);
            assert_eq!(ended.code, Some(0), "{}: {command:?}: {}", self.name, ended.said());
        }
        if let Some(journal) = self.journal {
            fs::create_dir_all(folder.join("world.journal")).unwrap();
            fs::write(folder.join(format!("world.journal/{SERVER}.jsonl")), journal()).unwrap();
        }
        let Some(times) = self.cut_after else { return };
        let trial = folder.with_extension("trial");
        copy(folder, &trial);
        let (_, operations) = program.operations(&trial, APPLY);
        fs::remove_dir_all(trial).unwrap();
        let mut changes = operations.iter().enumerate().filter(|(_, what)| what.ends_with(" world.yaml"));
        let operation = changes.nth(times - 1).unwrap().0 + 1;
        let ended = program.run_with(folder, APPLY, Fault { operation, action: Action::After });
        assert_eq!(ended.code, None, "{}: it should have been killed: {}", self.name, ended.said());
    }
}

/// Copies a folder.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

fn manifest(rollout: &str, servers: &str, lab: &str, rest: &str) -> String {
    with_one_update(&format!("{rollout}servers:\n{servers}\nlab:\n  world: world.yaml\n  servers:\n{lab}\n{rest}"))
}

/// A Standard Edition server, with `extra` at the end of its line in the lab.
fn standard(extra: &str, rest: &str) -> String {
    let servers = format!("  {SERVER}: {{ role: standard-edition, target: cu7 }}");
    manifest("", &servers, &format!("    {SERVER}: {{ build: \"7.0.2046.123\"{extra} }}"), rest)
}

/// A pool of two Front End Servers and their back end, which claim the pool one after another.
fn pool() -> String {
    let servers = "  fe[01-02].contoso.example: { role: front-end, target: cu7, pool: pool01.contoso.example }
  zz-be01.contoso.example: { role: back-end, target: cu7, pool: pool01.contoso.example, databases: { sqlServer: sql01.contoso.example } }";
    let lab = "    fe[01-02].contoso.example: { build: \"7.0.2046.123\" }
    zz-be01.contoso.example: { build: \"7.0.2046.123\" }";
    manifest("rollout: { claims: '\\\\files.contoso.example\\claims' }\n", servers, lab, "")
}

/// The lab at the start of the README.
fn several() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/lab.yaml");
    fs::read_to_string(path).unwrap().replace("lab.world.yaml", "world.yaml")
}

/// A journal of 600 KiB: runs with nothing to do, and holds that were released.
fn grown() -> String {
    let held = |run| if run % 2 == 0 { HELD } else { RELEASED };
    lines((0..1600).flat_map(|run| [BEGAN, held(run), ENDED]))
}

/// The same for a server that has been on hold from the beginning.
fn grown_and_held() -> String {
    lines([HELD].into_iter().chain((0..2200).flat_map(|_| [BEGAN, ENDED])))
}

const BEGAN: &str = r#""mark":"runBegan","target":"7.0.2046.369","version":"0.1.0","by":"CONTOSO\\alex""#;
const ENDED: &str = r#""mark":"runEnded","code":"at-goal","outcome":"at its goal","atGoal":true"#;
const HELD: &str = r#""mark":"held","reason":"the switch is replaced","by":"CONTOSO\\alex""#;
const RELEASED: &str = r#""mark":"released","by":"CONTOSO\\alex""#;

/// Lines in the format of the journal, with an independently computed checksum.
fn lines(marks: impl Iterator<Item = &'static str>) -> String {
    let line = |(seq, mark): (usize, &str)| {
        let line = format!(r#"{{"seq":{seq},"at":"2026-01-01T02:00:00Z","run":"run {seq}",{mark}"#);
        let sum = crc32(line.as_bytes());
        format!("{line},\"sum\":\"{sum:08x}\"}}\r\n")
    };
    (1..).zip(marks).map(line).collect()
}

/// The CRC-32 of IEEE 802.3, bit by bit.
pub fn crc32(bytes: &[u8]) -> u32 {
    let step = |sum: u32| (sum >> 1) ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 };
    !bytes.iter().fold(!0, |sum, &byte| (0..8).fold(sum ^ u32::from(byte), |sum, _| step(sum)))
}
