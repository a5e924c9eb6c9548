//! Where the names of a site are found: in the manifest, in what was read of servers, and in texts.

use reconcile_schema::{Manifest, Policy, ServerPattern, SqlInstance, UpdateName};
use serde_json::{Map, Value};

use super::{
    names::Names,
    table::{Border, begins_share, is_of_name, is_word},
};

/// Fields whose text is the name of a host, with the kind of host.
const HOSTS: [(&str, &str); 6] = [
    ("host", "server"),
    ("server", "server"),
    ("pool", "pool"),
    ("pairedWith", "pool"),
    ("sqlServer", "sql"),
    ("names", "server"), // of an upgrade domain
];

/// Fields that are mappings by the name of a host.
const BY_HOST: [&str; 4] = ["servers", "pools", "reached", "released"];

/// Fields whose text is an account, a distinguished name, or what a person wrote.
const ACCOUNTS: [&str; 4] = ["by", "user", "owner", "account"];
const DISTINGUISHED: [&str; 2] = ["subject", "issuer"];
const WRITTEN: [&str; 2] = ["reason", "ignored"];

impl Names {
    /// The names in a manifest, by their types.
    pub fn learn_manifest(&mut self, manifest: &Manifest) {
        manifest.domain.iter().for_each(|domain| drop(self.domain(domain.as_str())));
        manifest.servers.keys().for_each(|pattern| self.range(pattern));
        let lab = manifest.lab.iter().flat_map(|lab| lab.servers.keys());
        let labs: Vec<&ServerPattern> = lab.filter(|one| !manifest.servers.contains_key(*one)).collect();
        labs.into_iter().for_each(|pattern| self.range(pattern));
        for (name, pool) in &manifest.pools {
            self.host(name.as_str(), "pool");
            pool.paired_with.iter().for_each(|other| self.host(other.as_str(), "pool"));
            self.word(pool.site.as_ref(), "site");
            self.word(pool.ring.as_ref(), "ring");
            pool.databases.iter().for_each(|found| self.sql(found.sql_server.as_str(), found.instance.as_ref()));
        }
        manifest.rollout.rings.iter().for_each(|ring| self.word(Some(ring), "ring"));
        let groups = manifest.groups.values().map(|one| (&one.site, &one.pool, &one.ring, &one.databases, &one.policy));
        let servers =
            manifest.servers.values().map(|one| (&one.site, &one.pool, &one.ring, &one.databases, &one.policy));
        for (site, pool, ring, databases, policy) in groups.chain(servers) {
            self.word(site.as_ref(), "site");
            self.word(ring.as_ref(), "ring");
            pool.iter().for_each(|pool| self.host(pool.as_str(), "pool"));
            if let Some(found) = databases {
                found.sql_server.iter().for_each(|server| self.sql(server.as_str(), None));
                let central = found.central_management_store.iter();
                central.for_each(|store| self.sql(store.sql_server.as_str(), store.instance.as_ref()));
            }
            self.policy(policy);
        }
        self.policy(&manifest.policy);
        manifest.groups.keys().for_each(|group| self.word(Some(group), "group"));
        manifest.servers.values().for_each(|server| self.word(server.upgrade_domain.as_ref(), "upgrade"));
        if let Some(share) = &manifest.rollout.claims {
            share.writers.iter().for_each(|writer| self.account(writer.as_str()));
        }
        let publishers = manifest.updates.values().filter_map(|update| update.installer.publisher.as_deref());
        publishers.for_each(|publisher| self.written(publisher, "publisher"));
        // The name of an update says which one it is. It stays, unless it contains another name.
        manifest.updates.keys().for_each(|update| {
            if self.table.replace(update.as_str()) != update.as_str() {
                self.word(Some(update), "update");
            }
        });
    }

    fn policy(&mut self, policy: &Policy) {
        policy.doctor.ignore.values().for_each(|reason| self.written(reason, "text"));
    }

    fn word(&mut self, word: Option<&UpdateName>, kind: &'static str) {
        word.into_iter().for_each(|word| drop(self.named(word.as_str(), kind, Border::Host)));
    }

    fn sql(&mut self, server: &str, instance: Option<&SqlInstance>) {
        self.host(server, "sql");
        let own = instance.filter(|instance| !self.reserved.has(instance.as_str()));
        own.into_iter().for_each(|instance| drop(self.named(instance.as_str(), "instance", Border::Host)));
    }

    /// What a person wrote: it is replaced as a whole.
    fn written(&mut self, text: &str, kind: &'static str) {
        if self.reserved.has(text) || text == "Microsoft Corporation" {
            return;
        }
        let substitute = self.named(text, kind, Border::Word);
        // Within a text, a name begins with a letter.
        let inner = text.trim_matches(|sign| !is_word(sign)).to_owned();
        self.learn_text(text);
        if inner.chars().count() > 3 && !self.reserved.has(&inner) {
            self.table.add(&inner, &substitute, Border::Word);
        }
    }

    /// Learns which words are those of services, components and the like: they are never replaced within a text.
    pub fn reserve(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => {
                let is_server = fields.contains_key("target"); // in a report
                for (key, value) in fields {
                    match (key.as_str(), value) {
                        ("name" | "displayName", Value::String(name)) if !is_server => self.reserved.add(name),
                        ("running" | "started" | "alsoStop", Value::Array(all)) => {
                            all.iter().filter_map(Value::as_str).for_each(|name| self.reserved.add(name));
                        }
                        _ => self.reserve(value),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.reserve(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// The names in what was read, by the names of its fields.
    pub fn learn(&mut self, value: &Value) {
        self.learn_field("", value);
    }

    fn learn_field(&mut self, key: &str, value: &Value) {
        match value {
            Value::String(text) => self.learn_named(key, text),
            // A list of servers is none by their names.
            Value::Array(items) => {
                items.iter().for_each(|item| self.learn_field(if item.is_object() { "" } else { key }, item))
            }
            Value::Object(fields) => {
                for (name, value) in fields {
                    if is_by_host(key, fields) && name.parse::<ServerPattern>().is_ok() {
                        self.host(name, if key == "servers" || key == "reached" { "server" } else { "pool" });
                    }
                    self.learn_field(name, value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn learn_named(&mut self, key: &str, text: &str) {
        let host = HOSTS.iter().find(|(field, _)| *field == key).filter(|_| text.parse::<ServerPattern>().is_ok());
        match host {
            Some((_, kind)) => self.host(text, kind),
            None if ACCOUNTS.contains(&key) => self.account(text),
            None if DISTINGUISHED.contains(&key) => self.distinguished(text),
            None if WRITTEN.contains(&key) => self.written(text, "text"),
            None => self.learn_text(text),
        }
    }

    /// The names that a text gives away by their form: hosts of known domains, shares, accounts, addresses.
    pub fn learn_text(&mut self, text: &str) {
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let start = at + rest.find(is_of_name).unwrap_or(rest.len());
            let length = text.get(start..).map_or(0, |rest| rest.find(|sign| !is_of_name(sign)).unwrap_or(rest.len()));
            let end = start + length;
            if let (Some(before), Some(token), Some(after)) = (text.get(..start), text.get(start..end), text.get(end..))
            {
                self.learn_token(before, token.trim_end_matches(['.', '-']), after);
            }
            at = end.max(at + 1);
            while !text.is_char_boundary(at) {
                at += 1;
            }
        }
        for part in text.split(|sign: char| !sign.is_ascii_hexdigit() && sign != ':') {
            if part.bytes().filter(|byte| *byte == b':').count() > 1
                && part.split(':').filter(|part| !part.is_empty()).count() > 2
            {
                self.address(part, "");
            }
        }
    }

    fn learn_token(&mut self, before: &str, token: &str, after: &str) {
        let lower = || token.to_ascii_lowercase();
        if token.is_empty() {
            return;
        }
        if let Some(domain) = after.strip_prefix('@') {
            let domain = domain.split(|sign| !is_of_name(sign)).next().unwrap_or_default().trim_end_matches(['.', '-']);
            if domain.rsplit('.').next().is_some_and(|last| last.len() > 1 && last.chars().all(char::is_alphabetic)) {
                self.account(&format!("{token}@{domain}"));
            }
        } else if token.starts_with("S-1-5-21-") {
            self.sid(token);
        } else if token.starts_with(|sign: char| sign.is_ascii_digit()) && token.split('.').count() == 4 {
            self.address(token, before);
        } else if token.contains('.') {
            let name = lower();
            let is_known = |domain: &String| name.strip_suffix(domain.as_str()).is_some_and(|host| host.ends_with('.'));
            if self.domains.keys().any(is_known) {
                self.host(&name, "host");
            }
        }
        let opened = before.trim_end_matches('\\');
        match before.len() - opened.len() {
            2 | 4 if after.starts_with('\\') && begins_share(before) => {
                let path = after.trim_start_matches('\\').split(|sign| !is_of_path(sign)).next().unwrap_or_default();
                self.share(&format!(r"\\{token}\{path}"));
            }
            1 | 2 => {
                let above = opened.rsplit(|sign| !is_of_path(sign)).next().unwrap_or_default();
                let is_profile = above.eq_ignore_ascii_case("users") && !after.is_empty();
                let is_account = self.table.get(above).is_some_and(|own| own.starts_with("domain-"));
                let is_start = !opened.strip_suffix(above).is_some_and(|root| root.ends_with(['\\', ':', '/']));
                if is_profile || is_account && is_start {
                    self.account(token);
                }
            }
            _ => {}
        }
    }
}

/// Whether these are the fields of a mapping by the name of a host. The record of the last update has a field `reached`, too.
pub fn is_by_host(key: &str, fields: &Map<String, Value>) -> bool {
    BY_HOST.contains(&key) && !fields.contains_key("aim")
}

/// What one part of a path is made of, where it is one word.
fn is_of_path(sign: char) -> bool {
    is_of_name(sign) || sign == '$'
}
