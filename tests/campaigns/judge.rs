//! The rules after a cut, checked on the files by an independent reader of their formats.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    path::Path,
};

use serde_json::Value;

use crate::{program::Ended, scenes::crc32};

/// The exit codes that the README promises.
const DOCUMENTED: [i32; 8] = [0, 1, 2, 3, 4, 5, 64, 65];

/// The intact entries of each journal, by file name and without numbers and checksums.
pub type Journals = BTreeMap<String, Vec<String>>;

/// The state of the servers, without the times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    world: Value,
    /// For each journal, the number of installations that were seen to end successfully.
    installed: BTreeMap<String, usize>,
    /// The journals with an installation that nobody saw end.
    unseen: BTreeSet<String>,
}

impl Truth {
    /// Reads the state from the folder of a scene.
    pub fn of(folder: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(folder.join("world.yaml")).map_err(|error| format!("no world: {error}"))?;
        let world: serde_yaml::Value =
            serde_yaml::from_str(&text).map_err(|error| format!("the world is damaged: {error}"))?;
        let mut world = plain(world);
        forget_times(&mut world);
        let (mut installed, mut unseen) = (BTreeMap::new(), BTreeSet::new());
        for (name, entries) in journals(folder) {
            if count(&entries, "installing") > count(&entries, "installed") {
                unseen.insert(name.clone());
            }
            installed.insert(name.clone(), installations(&entries).map_err(|why| format!("{name}: {why}"))?);
        }
        Ok(Self { world, installed, unseen })
    }

    /// The differences from the result of an undisturbed run.
    pub fn against(&self, undisturbed: &Self) -> Result<(), String> {
        let mut differences = Vec::new();
        let mut world = self.world.clone();
        // If nobody saw an installer end, it is started again, and can request a second restart.
        for server in self.unseen.iter().filter_map(|journal| journal.strip_suffix(".jsonl")) {
            let boot = |world: &Value| world["servers"][server]["boot"].as_u64();
            let usual = boot(&undisturbed.world);
            if usual.is_some_and(|usual| usual > 1) && boot(&world) == usual.map(|usual| usual + 1) {
                world["servers"][server]["boot"] = undisturbed.world["servers"][server]["boot"].clone();
            }
        }
        differ("", &undisturbed.world, &world, &mut differences);
        if self.installed != undisturbed.installed {
            differences
                .push(format!("installations: expected {:?}, found {:?}", undisturbed.installed, self.installed));
        }
        if differences.is_empty() { Ok(()) } else { Err(differences.join("; ")) }
    }
}

/// The JSON form of YAML. A tag becomes a field around its value.
fn plain(yaml: serde_yaml::Value) -> Value {
    let name = |key: &serde_yaml::Value| key.as_str().unwrap_or_default().to_owned();
    use serde_yaml::Value as Yaml;
    match yaml {
        Yaml::Mapping(fields) => fields.iter().map(|(key, value)| (name(key), plain(value.clone()))).collect(),
        Yaml::Sequence(values) => values.into_iter().map(plain).collect(),
        Yaml::Tagged(tagged) => [(tagged.tag.to_string(), plain(tagged.value))].into_iter().collect(),
        simple @ (Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) | Yaml::String(_)) => {
            serde_json::to_value(simple).unwrap()
        }
    }
}

/// Repeated runs have other times and another run ID.
fn forget_times(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for name in ["at", "clock", "run", "uptime"] {
                fields.remove(name);
            }
            fields.values_mut().for_each(forget_times);
        }
        Value::Array(values) => values.iter_mut().for_each(forget_times),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn differ(place: &str, expected: &Value, found: &Value, differences: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(one), Value::Object(other)) => {
            let names: std::collections::BTreeSet<_> = one.keys().chain(other.keys()).collect();
            for name in names {
                let of = |fields: &serde_json::Map<String, Value>| fields.get(name).cloned().unwrap_or(Value::Null);
                differ(&format!("{place}/{name}"), &of(one), &of(other), differences);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (number, (one, other)) in one.iter().zip(other).enumerate() {
                differ(&format!("{place}/{number}"), one, other, differences);
            }
        }
        (one, other) if one == other => {}
        (one, other) => differences.push(format!("{place}: expected {one}, found {other}")),
    }
}

/// The journals in the folder of a scene.
pub fn journals(folder: &Path) -> Journals {
    let files = fs::read_dir(folder.join("world.journal")).into_iter().flatten().flatten();
    let journal = |file: fs::DirEntry| {
        let name = file.file_name().into_string().unwrap();
        let text = String::from_utf8_lossy(&fs::read(file.path()).unwrap()).into_owned();
        name.ends_with(".jsonl").then(|| (name, text.split_inclusive('\n').filter_map(entry).collect()))
    };
    files.filter_map(journal).collect()
}

/// The content of an intact line, without the number, which compaction changes.
fn entry(line: &str) -> Option<String> {
    let (content, sum) = line.strip_suffix("\"}\r\n")?.rsplit_once(",\"sum\":\"")?;
    let (_, content_without_number) = content.split_once(',')?;
    (sum == format!("{:08x}", crc32(content.as_bytes()))).then(|| content_without_number.to_owned())
}

/// The number of entries with this mark.
fn count(entries: &[String], mark: &str) -> usize {
    entries.iter().filter(|entry| entry.contains(&format!("\"mark\":\"{mark}\""))).count()
}

/// The number of installations that were seen to end successfully. None may begin after another one for the same target
/// has succeeded.
fn installations(entries: &[String]) -> Result<usize, String> {
    let mut done = Vec::new();
    let mut target = Value::Null;
    for entry in entries {
        let entry: Value =
            serde_json::from_str(&format!("{{{entry}}}")).map_err(|error| format!("{entry}: {error}"))?;
        match entry["mark"].as_str() {
            Some("installing") if done.contains(&entry["target"]) => {
                return Err(format!("{} was installed, and is installed again", entry["target"]));
            }
            Some("installing") => target = entry["target"].clone(),
            Some("installed") if [0, 1641, 3010].contains(&entry["code"].as_i64().unwrap_or(-1)) => {
                done.push(target.clone());
            }
            _ => {}
        }
    }
    Ok(done.len())
}

/// Every earlier entry must still exist, or the newest fifty if the journal may be compacted.
pub fn nothing_forgotten(before: &Journals, after: &Journals, compacts: bool) -> Result<(), String> {
    for (name, entries) in before {
        let kept = after.get(name).map_or(&[][..], Vec::as_slice);
        let known = if compacts { entries.len().saturating_sub(50) } else { 0 };
        // Entries with the same content and time are interchangeable. All others differ in their time or run.
        if let Some(lost) = entries[known..].iter().find(|entry| !kept.contains(entry)) {
            return Err(format!("{name} has lost an entry: {lost}"));
        }
    }
    Ok(())
}

/// A run must end with a documented exit code and without a panic.
pub fn documented(command: &[&str], ended: &Ended) -> Result<(), String> {
    let said = || ended.said().chars().take(600).collect::<String>();
    match ended.code {
        _ if ended.err.contains("panicked") => Err(format!("{command:?} panicked: {}", said())),
        Some(code) if DOCUMENTED.contains(&code) => Ok(()),
        Some(code) => Err(format!("{command:?} ended with {code}, which is not documented: {}", said())),
        None => Err(format!("{command:?} was ended by signal {:?}: {}", ended.signal, said())),
    }
}

/// Every file for other programs must be complete at any moment.
pub fn whole(folder: &Path) -> Result<(), String> {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            whole(&path)?;
        } else if !name.starts_with('.') {
            let text = || fs::read_to_string(&path).unwrap();
            let damaged = match name.rsplit('.').next() {
                Some("json") => serde_json::from_str::<Value>(&text()).err().map(|error| error.to_string()),
                Some("prom") => (!text().ends_with('\n')).then(|| "it ends within a line".to_owned()),
                _ => None,
            };
            if let Some(why) = damaged {
                return Err(format!("{name} is damaged: {why}"));
            }
        }
    }
    Ok(())
}

/// No process may hold a lock.
pub fn nothing_locked(folder: &Path) -> Result<(), String> {
    let mut locks = listed(folder).filter(|name| name.contains(".lock"));
    let held = |name: &String| File::open(folder.join(name)).unwrap().try_lock().is_err();
    locks.find(held).map_or(Ok(()), |name| Err(format!("{name} is still held")))
}

/// No lock may name a holder. If the disk refused to delete such a note, the next run with the lock removes it.
pub fn no_holder(folder: &Path) -> Result<(), String> {
    listed(folder).find(|name| name.ends_with(".holder")).map_or(Ok(()), |name| Err(format!("{name} is left")))
}

fn listed(folder: &Path) -> impl Iterator<Item = String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap())
}

/// The number of temporary files in a folder that were never renamed.
pub fn left_over(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let left = |entry: fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let temporary = name.starts_with(".tmp") || name.starts_with(".reconcile-") || name.ends_with(".new");
        if entry.path().is_dir() { left_over(&entry.path()) } else { usize::from(temporary) }
    };
    entries.map(left).sum()
}
