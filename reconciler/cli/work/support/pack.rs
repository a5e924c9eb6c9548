//! What was gathered as the files of an archive, as it is or with other names in it.

use std::path::Path;

use reconcile_hosts::{digest, reworded};
use reconcile_schema::{DoctorReport, Fingerprint, ServerName};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    gather::{Content, Gathered, Left, Part},
    names::Names,
    table::Border,
};
use crate::manifest::{harmless, input::Input, problem::Problem, source::Source};
use crate::work::site::fault_names;

/// The files of an archive.
pub struct Packed {
    /// The path and the content of each.
    pub files: Vec<(String, Vec<u8>)>,
    pub left: Vec<Left>,
    /// What stands for what, where names were replaced.
    pub names: Option<String>,
}

/// How `doctor` writes its answer for a ticket.
pub type Markdown = fn(&DoctorReport) -> String;

/// The files as they are.
///
/// # Errors
/// When a part cannot be written as JSON.
pub fn plain(input: &Input, gathered: Gathered, markdown: Markdown) -> Result<Packed, Problem> {
    let mut packed = Packed { files: Vec::new(), left: gathered.left, names: None };
    packed.add(None, "manifest.yaml", input.text().as_bytes().to_vec());
    for Part { server, name, content } in gathered.parts {
        let server = server.as_ref().map(ServerName::as_str);
        let bytes = match content {
            Content::Snapshot(snapshot) => harmless::pretty(&snapshot)?.into_bytes(),
            Content::Doctor(report) => {
                packed.add(server, "doctor.md", markdown(&report).into_bytes());
                harmless::pretty(&report)?.into_bytes()
            }
            Content::Why(report) => harmless::pretty(&report)?.into_bytes(),
            Content::Json(value) => harmless::pretty(&value)?.into_bytes(),
            Content::World(bytes) | Content::Journal(bytes) | Content::Log(bytes) => bytes,
        };
        packed.add(server, &name, bytes);
    }
    Ok(packed)
}

/// The files with other names in them. A file in which names cannot be found is left out.
///
/// # Errors
/// When the manifest with other names is none.
pub fn anonymous(input: &Input, gathered: Gathered, markdown: Markdown) -> Result<Packed, Problem> {
    let mut names = learned(input, &gathered)?;
    let manifest = serde_yaml::to_string(&names.value(input.value().clone())).map_err(Problem::failed)?;
    let list = names.list();
    // The snapshots and the journals say which manifest they were made with.
    let new = fingerprint(&manifest)?;
    let new_sha256 = digest::sha256(manifest.as_bytes()).map_err(Problem::failed)?;
    names.table.add(&input.fingerprint().to_string(), &new.to_string(), Border::Host);
    names.table.add(input.sha256().as_str(), new_sha256.as_str(), Border::Host);

    let mut packed = Packed { files: Vec::new(), left: Vec::new(), names: Some(list) };
    packed.add(None, "manifest.yaml", manifest.into_bytes());
    let left = gathered.left.into_iter();
    packed.left.extend(left.map(|left| Left { name: names.text(&left.name), why: names.text(&left.why), ..left }));
    for Part { server, name, content } in gathered.parts {
        let (server, name) = (server.as_ref().map(|server| names.one(server.as_str())), names.text(&name));
        let bytes = match content {
            Content::Snapshot(snapshot) => typed(&names, &*snapshot),
            Content::Why(report) => changed(&names, &*report).and_then(|report| written(&report)),
            Content::Json(value) => written(&names.value(by_servers(&names, value))),
            Content::World(bytes) => world(&names, &bytes),
            Content::Journal(bytes) => {
                Ok(reworded(&bytes, &mut |value| names.value(value), &mut |text| names.text(text)))
            }
            Content::Log(bytes) => match text_of(&bytes) {
                Some(text) => Ok(names.text(&text).into_bytes()),
                None => Err("it is no text, so names in it are not found".to_owned()),
            },
            Content::Doctor(report) => match changed(&names, &*report).and_then(of_value::<DoctorReport>) {
                Ok(report) => {
                    packed.add(server.as_deref(), "doctor.md", markdown(&report).into_bytes());
                    written(&report)
                }
                Err(why) => Err(why),
            },
        };
        match bytes {
            Ok(bytes) => packed.add(server.as_deref(), &name, bytes),
            Err(why) => {
                let of = server.map(|server| format!("{server}: ")).unwrap_or_default();
                packed.left.push(Left { name: format!("{of}{name}"), why, failed: false });
            }
        }
    }
    Ok(packed)
}

impl Packed {
    /// Adds a file. Windows does not distinguish names by case, and a name may be taken.
    fn add(&mut self, server: Option<&str>, name: &str, content: Vec<u8>) {
        let path = server.map_or_else(|| name.to_owned(), |server| format!("servers/{server}/{name}"));
        let is_taken = |path: &str| self.files.iter().any(|(other, _)| other.eq_ignore_ascii_case(path));
        let numbered = (2..).map(|number| format!("{path}.{number}"));
        let free = std::iter::once(path.clone()).chain(numbered).find(|path| !is_taken(path));
        self.files.push((free.unwrap_or(path), content));
    }
}

/// The names in everything that was gathered. Those of services are learned first, and names by their fields before
/// texts are searched for them.
fn learned(input: &Input, gathered: &Gathered) -> Result<Names, Problem> {
    let mut names = Names::new();
    let mut values = vec![input.value().clone()];
    let mut texts = Vec::new();
    for part in &gathered.parts {
        match &part.content {
            Content::Snapshot(snapshot) => values.push(serde_json::to_value(snapshot).map_err(Problem::failed)?),
            Content::Doctor(report) => values.push(serde_json::to_value(report).map_err(Problem::failed)?),
            Content::Why(report) => values.push(serde_json::to_value(report).map_err(Problem::failed)?),
            Content::Json(value) => values.push(value.clone()),
            Content::World(bytes) => values.extend(serde_yaml::from_slice::<Value>(bytes).ok()),
            Content::Journal(bytes) => {
                let text = String::from_utf8_lossy(bytes).into_owned();
                values.extend(text.lines().filter_map(|line| serde_json::from_str(line).ok()));
                texts.push(text);
            }
            Content::Log(bytes) => texts.extend(text_of(bytes)),
        }
    }
    let releases = input.releases().products.values().flat_map(|line| &line.releases);
    releases.for_each(|release| names.reserved.add(&release.name));
    fault_names().iter().for_each(|fault| names.reserved.add(fault));
    values.iter().for_each(|value| names.reserve(value));
    names.learn_manifest(&input.manifest);
    values.iter().for_each(|value| names.learn(value));
    texts.extend(gathered.left.iter().map(|left| left.why.clone()));
    texts.iter().for_each(|text| names.learn_text(text));
    Ok(names)
}

/// A value with other names. In a report, the `name` of a server is its name, also where it is a word of ours.
fn changed<T: Serialize>(names: &Names, value: &T) -> Result<Value, String> {
    let mut value = serde_json::to_value(value).map_err(|error| error.to_string())?;
    let own: Vec<_> = servers(&mut value).map(|name| names.one(name.as_str().unwrap_or_default())).collect();
    let mut value = names.value(value);
    servers(&mut value).zip(own).for_each(|(name, own)| *name = Value::from(own));
    Ok(value)
}

fn servers(report: &mut Value) -> impl Iterator<Item = &mut Value> {
    let all = report.get_mut("servers").and_then(Value::as_array_mut).into_iter().flatten();
    all.filter_map(|server| server.get_mut("name"))
}

/// A mapping by servers within a value of ours; nothing happens to others.
fn by_servers(names: &Names, mut value: Value) -> Value {
    if let Some(Value::Object(servers)) = value.get_mut("servers") {
        *servers = std::mem::take(servers).into_iter().map(|(name, value)| (names.one(&name), value)).collect();
    }
    value
}

/// A value with other names, if it still is what it was.
fn typed<T: Serialize + DeserializeOwned>(names: &Names, value: &T) -> Result<Vec<u8>, String> {
    written(&of_value::<T>(changed(names, value)?)?)
}

fn of_value<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| format!("with other names, it is not what it was: {error}"))
}

fn written(value: &impl Serialize) -> Result<Vec<u8>, String> {
    harmless::pretty(value).map(String::into_bytes).map_err(|problem| problem.text())
}

fn world(names: &Names, bytes: &[u8]) -> Result<Vec<u8>, String> {
    match serde_yaml::from_slice(bytes) {
        Ok(value) => {
            serde_yaml::to_string(&names.value(value)).map(String::into_bytes).map_err(|error| error.to_string())
        }
        Err(_) => Ok(names.text(&String::from_utf8_lossy(bytes)).into_bytes()), // Its damage may be what matters.
    }
}

/// The text in a log, which some installers write as UTF-16; none in other files.
fn text_of(bytes: &[u8]) -> Option<String> {
    let head = bytes.get(..bytes.len().min(4096)).unwrap_or_default();
    let is_odd = |(place, byte): &(usize, &u8)| place % 2 == 1 && **byte == 0;
    let wide = head.starts_with(&[0xff, 0xfe]) || head.iter().enumerate().filter(is_odd).count() * 4 > head.len();
    let text = if wide {
        let pairs = bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok().map(u16::from_le_bytes));
        char::decode_utf16(pairs).map(|sign| sign.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    } else {
        String::from_utf8_lossy(bytes).into_owned()
    };
    (!text.contains('\0')).then_some(text)
}

/// The fingerprint of the manifest with other names, which must still be one.
fn fingerprint(text: &str) -> Result<Fingerprint, Problem> {
    let source = Source::of(Path::new("manifest.yaml"), text.as_bytes().to_vec())?;
    source.typed::<reconcile_schema::Manifest>().map_err(Problem::from)?;
    Ok(source.fingerprint())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
#[path = "tests/pack.rs"]
mod tests;
