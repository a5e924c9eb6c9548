//! A map by store, written as a list of its entries, because the keys of a JSON object can only be texts.

use alloc::{collections::BTreeMap, vec::Vec};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Store;

/// What was observed of one store.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Entry<T> {
    /// The form in which these databases are updated.
    store: Store,
    /// What was observed of them.
    seen: T,
}

/// Writes the entries.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<T: Serialize, S: Serializer>(map: &BTreeMap<Store, T>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(map.iter().map(|(store, seen)| Entry { store: store.clone(), seen }))
}

/// Reads the entries.
///
/// # Errors
/// When the input is no such list.
pub fn deserialize<'de, T, Map, D>(from: D) -> Result<Map, D::Error>
where
    T: Deserialize<'de>,
    Map: From<BTreeMap<Store, T>>,
    D: Deserializer<'de>,
{
    let entries = Vec::<Entry<T>>::deserialize(from)?;
    Ok(entries.into_iter().map(|entry| (entry.store, entry.seen)).collect::<BTreeMap<_, _>>().into())
}
