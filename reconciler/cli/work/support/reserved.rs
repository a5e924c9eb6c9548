//! The words that are never replaced within a text: those of the product, of Windows and of our own formats.

use std::collections::BTreeSet;

use reconcile_schema::{ComponentName, Product};
use serde_json::Value;

use crate::manifest::schemas::{Format, schema};

/// Words of the product's names, of Windows and of its paths. A server may have one of them as its name; then its full
/// name is replaced, and the word by itself only where nothing else can be meant.
const WORDS: &str = "lync skype business server servers standard enterprise edition subscription front end back pool pools \
    core components component central management store director mediation chat persistent edge archiving monitoring \
    registrar conferencing web services service office microsoft corporation windows system system32 program programs \
    files programdata common temp tmp users public default administrator administrators domain local localhost update \
    updates cumulative installer install setup bootstrapper installed cache logs log msi msp exe dll cab json txt sql \
    express instance database databases mssql mssqlserver rtc rtclocal lynclocal rtcxds powershell cmdlet module script \
    scripts certificate certificates authority builtin nt network everyone guest admin reconcile manifest journal \
    snapshot doctor support site sites ring rings group groups share shares claims folder path name text held hold by \
    and the for not with that this from has have been was were its run runs test lab example com net org int gov edu \
    host user account version build release reboot restart schannel kerberos ntlm tls http https ldap dns smb dfs";

/// The words, in lower case.
pub struct Reserved(BTreeSet<String>);

impl Reserved {
    /// The words of the product, of Windows and of our own formats.
    pub fn new() -> Self {
        let mut words: BTreeSet<String> = WORDS.split_whitespace().map(str::to_owned).collect();
        words.extend(ComponentName::KNOWN.into_iter().map(str::to_owned));
        words.extend(Product::ALL.into_iter().map(|product| product.to_string().to_lowercase()));
        for format in [Format::Manifest, Format::Snapshot, Format::Doctor, Format::Why] {
            of_schema(&schema(format), &mut words);
        }
        Self(words)
    }

    /// Adds the name of a service, or another word that was found.
    pub fn add(&mut self, word: &str) {
        self.0.insert(word.to_lowercase());
    }

    /// Whether this is one of the words.
    pub fn has(&self, word: &str) -> bool {
        self.0.contains(&word.to_lowercase())
    }
}

/// The names of fields, and the values that are words.
fn of_schema(schema: &Value, words: &mut BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            for (key, value) in fields {
                match (key.as_str(), value) {
                    ("properties", Value::Object(named)) => words.extend(named.keys().map(|name| name.to_lowercase())),
                    ("const", Value::String(word)) => {
                        words.insert(word.to_lowercase());
                    }
                    ("enum", Value::Array(all)) => {
                        words.extend(all.iter().filter_map(Value::as_str).map(str::to_lowercase));
                    }
                    _ => {}
                }
                of_schema(value, words);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| of_schema(item, words)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
