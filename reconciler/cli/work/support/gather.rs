//! The parts of an archive for support. A part that cannot be read is named with its reason, and the others are read.

use std::{fmt::Display, io, path::Path};

use jiff::Timestamp;
use reconcile_core::{Goal, asks};
use reconcile_hosts::{Journal, LogFiles, read_plain};
use reconcile_schema::{DoctorReport, ServerName, Snapshot, WhyReport};
use serde_json::{Value, json};

use crate::manifest::input::Input;
use crate::work::{
    doctor,
    look::without_run,
    site::{Site, lab_path},
    snapshot::snapshot,
    why,
};

/// How many bytes of logs are taken: of one file, its last ones, and of all, those of the newest files.
pub const OF_A_LOG: u64 = 5 << 20;
const OF_LOGS: u64 = 50 << 20;

/// The largest file that is taken whole.
const OF_A_FILE: u64 = 64 << 20;

/// A part of the archive.
pub struct Part {
    /// The server that it belongs to.
    pub server: Option<ServerName>,
    /// Its path in the folder of the server, or in the archive.
    pub name: String,
    pub content: Content,
}

pub enum Content {
    Snapshot(Box<Snapshot>),
    Doctor(Box<DoctorReport>),
    Why(Box<WhyReport>),
    Json(Value),
    /// The file of a lab.
    World(Vec<u8>),
    Journal(Vec<u8>),
    /// A log, or its end.
    Log(Vec<u8>),
}

/// A part that is not in the archive, or not whole.
pub struct Left {
    pub name: String,
    pub why: String,
    /// Whether it could not be read; otherwise it was left out on purpose.
    pub failed: bool,
}

/// Everything that was read, and what was left out.
#[derive(Default)]
pub struct Gathered {
    pub parts: Vec<Part>,
    pub left: Vec<Left>,
}

/// Reads everything that is needed to help with these servers.
pub fn gather(input: &Input, site: &mut Site, goals: &[Goal], at: Timestamp) -> Gathered {
    let mut all = Gathered::default();
    let mut versions = serde_json::Map::new();
    for goal in goals {
        let seen = all.server(input, site, goal, at);
        versions.insert(goal.server.to_string(), seen.as_ref().map_or(Value::Null, of_windows));
    }
    let versions = json!({
        "version": 1,
        "reconcile": env!("CARGO_PKG_VERSION"),
        "target": env!("RECONCILE_TARGET"),
        "servers": versions,
    });
    all.add(None, "versions.json", Content::Json(versions));
    if let (Some(lab), Some(path)) = (&input.manifest.lab, lab_path(input)) {
        all.file(None, lab.world.as_str(), &path, Content::World);
    }
    // A machine is one server. A lab keeps the logs of all its servers in one folder.
    let one = goals.first().filter(|_| !site.is_lab()).map(|goal| &goal.server);
    match site.logs(input) {
        Ok(folder) => all.logs(one, &folder),
        Err(problem) => all.fail("logs", problem.text()),
    }
    all
}

/// The versions of Windows and of its PowerShell, as far as they are known.
fn of_windows(snapshot: &Snapshot) -> Value {
    let examined = snapshot.seen.examined.known();
    let windows = examined.and_then(|found| found.windows.known());
    let shell = examined.and_then(|found| found.power_shell.known());
    json!({
        "windows": windows.map(|version| format!("{}.{}.{}", version.major, version.minor, version.build)),
        "powerShell": shell.map(|shell| shell.version.clone()),
    })
}

impl Gathered {
    /// Whether everything was read.
    pub fn is_whole(&self) -> bool {
        !self.left.iter().any(|left| left.failed)
    }

    fn add(&mut self, server: Option<&ServerName>, name: &str, content: Content) {
        self.parts.push(Part { server: server.cloned(), name: name.to_owned(), content });
    }

    fn fail(&mut self, name: &str, why: impl Display) {
        self.left.push(Left { name: name.to_owned(), why: why.to_string(), failed: true });
    }

    fn server(&mut self, input: &Input, site: &mut Site, goal: &Goal, at: Timestamp) -> Option<Snapshot> {
        let (server, lab) = (&goal.server, site.is_lab());
        let read = snapshot(site, goal, &asks(goal));
        let snapshot = match read {
            Ok(snapshot) => {
                let seen = without_run(snapshot.seen.clone(), snapshot.marks.clone());
                let report = doctor::of(vec![doctor::server(goal, &seen, lab)], at);
                self.add(Some(server), "snapshot.json", Content::Snapshot(Box::new(snapshot.clone())));
                self.add(Some(server), "doctor.json", Content::Doctor(Box::new(report)));
                Some(snapshot)
            }
            Err(problem) => {
                self.fail(&format!("{server}: snapshot.json, doctor.json"), problem.text());
                None
            }
        };
        match why::report(site, std::slice::from_ref(goal), input) {
            Ok(report) => self.add(Some(server), "why.json", Content::Why(Box::new(report))),
            Err(problem) => self.fail(&format!("{server}: why.json"), problem.text()),
        }
        match site.journal(server) {
            Ok(Some(path)) => self.journal(server, &path),
            Ok(None) => {}
            Err(problem) => self.fail(&format!("{server}: journal.jsonl"), problem.text()),
        }
        if let Ok(path) = site.last_run(server)
            && path.symlink_metadata().is_ok()
        {
            let as_json = |bytes: Vec<u8>| serde_json::from_slice(&bytes).map_or(Content::Log(bytes), Content::Json);
            self.file(Some(server), "last-run.json", &path, as_json);
        }
        snapshot
    }

    /// The files of a journal as they are, whatever their state.
    fn journal(&mut self, server: &ServerName, path: &Path) {
        let files = match Journal::files(path) {
            Ok(files) => files,
            Err(error) => {
                return self.fail(&format!("{server}: journal.jsonl"), format!("{}: {error}", path.display()));
            }
        };
        if files.is_empty() {
            let why = "there is none: no run has worked on this server, and nobody has held it".to_owned();
            self.left.push(Left { name: format!("{server}: journal.jsonl"), why, failed: false });
        }
        let own = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for file in files {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let end = name.strip_prefix(&own).unwrap_or(".old");
            self.file(Some(server), &format!("journal.jsonl{end}"), &file, Content::Journal);
        }
    }

    fn file(&mut self, server: Option<&ServerName>, name: &str, path: &Path, content: impl FnOnce(Vec<u8>) -> Content) {
        match read_plain(path, OF_A_FILE) {
            Ok(bytes) => self.add(server, name, content(bytes)),
            Err(error) => {
                let of = server.map(|server| format!("{server}: ")).unwrap_or_default();
                let failed = error.kind() != io::ErrorKind::NotFound;
                let why = format!("{}: {error}", path.display());
                self.left.push(Left { name: format!("{of}{name}"), why, failed });
            }
        }
    }

    /// The logs, the newest first, as far as there is room for them.
    fn logs(&mut self, server: Option<&ServerName>, folder: &Path) {
        let found = LogFiles::below(folder);
        found.unread.iter().for_each(|(path, error)| self.fail(&path.display().to_string(), error));
        let mut room = OF_LOGS;
        for file in found.files {
            let name = format!("logs/{}", file.name);
            let wanted = file.size.min(OF_A_LOG);
            if wanted > room {
                let why = format!("{}, older than {} of logs", size(file.size), size(OF_LOGS));
                self.left.push(Left { name, why, failed: false });
                continue;
            }
            match file.end(OF_A_LOG) {
                Ok(end) => {
                    room -= wanted;
                    if file.size > OF_A_LOG {
                        let why = format!("only its end, {} of {}", size(wanted), size(file.size));
                        self.left.push(Left { name: name.clone(), why, failed: false });
                    }
                    self.add(server, &name, Content::Log(end));
                }
                Err(error) => self.fail(&name, error),
            }
        }
    }
}

/// A number of bytes, for people.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KiB", bytes.div_ceil(1024)),
        _ => format!("{} MiB", bytes.div_ceil(1 << 20)),
    }
}
