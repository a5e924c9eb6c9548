//! Reads snapshots. Parts that are the same on many servers are parsed only once.

use std::collections::BTreeMap;

use reconcile_schema::{Component, Database, Fact, Service, Shared, Snapshot, Store, by_store};
use serde::{Deserialize, de::DeserializeOwned};

use super::recent::Recent;

/// The longest part that is kept, in bytes. Anything longer is not a list from a server.
const LONGEST: usize = 8 << 10;

/// Reads snapshots. The lists of components, services and databases make up nine tenths of a snapshot, and in a fleet
/// most of them are equal, byte for byte, to those of another server. Such a list is not parsed again.
#[derive(Default)]
pub struct Reader {
    components: Recent<Known<Fact<Shared<Vec<Component>>>>>,
    services: Recent<Known<Fact<Shared<Vec<Service>>>>>,
    databases: Recent<Known<Databases>>,
}

/// A part as it was written, and its value.
struct Known<T> {
    text: Box<str>,
    value: T,
}

#[derive(Clone, Deserialize)]
#[serde(transparent)]
struct Databases(#[serde(deserialize_with = "by_store::deserialize")] Shared<BTreeMap<Store, Fact<Vec<Database>>>>);

impl Reader {
    /// The snapshot in a text, exactly as parsing all of it would give it.
    ///
    /// # Errors
    /// When the text is no snapshot.
    pub fn parse(&mut self, text: &str) -> Result<Snapshot, serde_json::Error> {
        self.in_parts(text).map_or_else(|| serde_json::from_str(text), Ok)
    }

    /// Parses the lists by themselves, and the rest with something short in their places; nothing, where that does not
    /// give a snapshot.
    ///
    /// A quote within a text has a backslash before it, so what looks like a key is one. But it may be a key within a
    /// field that a later version has added. So each stand-in must be found again in the place of its list.
    fn in_parts(&mut self, text: &str) -> Option<Snapshot> {
        let mut rest = String::with_capacity(1 << 10);
        let cut_out = || format!(r#"{{"unknown":"{CUT}"}}"#);
        let stores = format!(r#"[{{"store":"local","seen":{}}}]"#, cut_out());
        let (components, text) = cut(&mut self.components, text, r#""components":"#, &cut_out(), &mut rest)?;
        let (services, text) = cut(&mut self.services, text, r#""services":"#, &cut_out(), &mut rest)?;
        let (Databases(databases), text) = cut(&mut self.databases, text, r#""databases":"#, &stores, &mut rest)?;
        rest.push_str(text);
        let mut snapshot: Snapshot = serde_json::from_str(&rest).ok()?;
        let seen = &mut snapshot.seen;
        let found = is_cut(&seen.components) && is_cut(&seen.services) && is_cut(seen.databases(&Store::Local));
        if !found || rest.matches(CUT).count() != 3 {
            return None;
        }
        (seen.components, seen.services, seen.databases) = (components, services, databases);
        Some(snapshot)
    }
}

/// The stand-in for a list that is parsed by itself.
const CUT: &str = "this list is read by itself";

fn is_cut<T>(fact: &Fact<T>) -> bool {
    matches!(fact, Fact::Unknown(why) if why == CUT)
}

/// Reads the value after a key. The text before the value is added to `rest`, then `stand_in` for the value; the text
/// after it is returned.
fn cut<'a, T: Clone + DeserializeOwned>(
    recent: &mut Recent<Known<T>>,
    text: &'a str,
    key: &str,
    stand_in: &str,
    rest: &mut String,
) -> Option<(T, &'a str)> {
    let (before, text) = text.split_at_checked(text.find(key)? + key.len())?;
    rest.push_str(before);
    rest.push_str(stand_in);
    // A list ends with its bracket, so a text that begins like a known list contains that list.
    if let Some(Known { text: known, value }) = recent.find(|known| text.starts_with(&*known.text)) {
        return Some((value.clone(), text.get(known.len()..)?));
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<T>();
    let value = values.next()?.ok()?;
    let (part, behind) = text.split_at_checked(values.byte_offset())?;
    if part.len() <= LONGEST {
        recent.keep(Known { text: part.into(), value: value.clone() });
    }
    Some((value, behind))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
#[path = "reader_tests.rs"]
mod tests;
