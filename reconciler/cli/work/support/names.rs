//! The names of a site, each with one substitute: servers and domains, accounts, shares, addresses, and what people
//! wrote.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reconcile_schema::ServerPattern;

use super::{
    reserved::Reserved,
    table::{Border, Table, is_word},
};

/// The shortest name that is replaced within a text by itself.
const SHORTEST: usize = 3;

/// The names that were learned.
pub struct Names {
    pub table: Table,
    pub reserved: Reserved,
    /// How many there are of each kind.
    counts: HashMap<&'static str, usize>,
    /// The numbers of servers whose names differ in their digits alone, by the text around the digits.
    stems: HashMap<(String, String), String>,
    /// The ranges of the manifest, each with its substitute.
    ranges: Vec<(ServerPattern, String)>,
    /// The domains, in lower case.
    pub domains: BTreeMap<String, String>,
}

impl Names {
    pub fn new() -> Self {
        Self {
            table: Table::default(),
            reserved: Reserved::new(),
            counts: HashMap::new(),
            stems: HashMap::new(),
            ranges: Vec::new(),
            domains: BTreeMap::new(),
        }
    }

    fn next(&mut self, kind: &'static str) -> usize {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        *count
    }

    /// Where a name may be replaced: nowhere within a text, if it is short or a word that means something else.
    fn border(&self, name: &str, border: Border) -> Border {
        let is_plain = name.chars().count() >= SHORTEST && !name.chars().all(|sign| sign.is_ascii_digit());
        if is_plain && !self.reserved.has(name) { border } else { Border::Value }
    }

    /// A name of this kind; returns its substitute.
    pub fn named(&mut self, name: &str, kind: &'static str, border: Border) -> String {
        if let Some(known) = self.table.get(name) {
            return known.to_owned();
        }
        let number = self.next(kind);
        let substitute = if kind == "instance" { format!("{kind}{number}") } else { format!("{kind}-{number}") };
        self.table.add(name, &substitute, self.border(name, border));
        substitute
    }

    /// A range of servers, or one: its substitute stands for the same numbers.
    pub fn range(&mut self, pattern: &ServerPattern) {
        let Some((before, _, _, after)) = pattern.range() else { return self.host(pattern.as_str(), "server") };
        let (label, domain) = after.split_once('.').map_or((after, ""), |(label, domain)| (label, domain));
        let (stem, after) = (self.stem(before, label, "server"), self.suffix(domain));
        let numbers = pattern.as_str().get(before.len()..).and_then(|rest| rest.split_once(']'));
        let numbers = numbers.map(|(numbers, _)| format!("{numbers}]")).unwrap_or_default();
        let substitute = format!("{stem}-{numbers}{after}");
        self.table.add(pattern.as_str(), &substitute, Border::Value);
        self.ranges.push((pattern.clone(), substitute));
        for server in pattern.servers() {
            self.host(server.as_str(), "server");
        }
    }

    /// The part of a substitute after the host's own, for this domain.
    fn suffix(&mut self, domain: &str) -> String {
        if domain.is_empty() { String::new() } else { format!(".{}", self.domain(domain)) }
    }

    /// A host, by its host name or its full name.
    pub fn host(&mut self, name: &str, kind: &'static str) {
        let name = name.trim_end_matches('.');
        if self.table.get(name).is_some() || name.is_empty() {
            return;
        }
        let (label, domain) = name.split_once('.').unwrap_or((name, ""));
        let own = match self.in_range(name) {
            Some(own) => own,
            None => self.label(label, kind),
        };
        let substitute = format!("{own}{}", self.suffix(domain));
        self.table.add(label, &own, self.border(label, Border::Host));
        self.table.add(name, &substitute, if domain.is_empty() { Border::Value } else { Border::Host });
    }

    /// The substitute of the host name of a server that belongs to a range.
    fn in_range(&self, name: &str) -> Option<String> {
        let server = name.parse().ok()?;
        let (pattern, substitute) = self.ranges.iter().find(|(pattern, _)| pattern.matches(&server))?;
        let (before, width, ..) = pattern.range()?;
        let number = name.get(before.len()..before.len() + width)?;
        let stem = substitute.split_once('[')?.0;
        Some(format!("{stem}{number}"))
    }

    fn label(&mut self, label: &str, kind: &'static str) -> String {
        if let Some(known) = self.table.get(label) {
            return known.to_owned();
        }
        let stem = label.trim_end_matches(|sign: char| sign.is_ascii_digit());
        let digits = label.get(stem.len()..).unwrap_or_default();
        let own = self.stem(stem, "", kind);
        if digits.is_empty() { own } else { format!("{own}-{digits}") }
    }

    fn stem(&mut self, before: &str, after: &str, kind: &'static str) -> String {
        let key = (before.to_ascii_lowercase(), after.to_ascii_lowercase());
        if let Some(known) = self.stems.get(&key) {
            return known.clone();
        }
        let stem = format!("{kind}-{}", self.next(kind));
        self.stems.insert(key, stem.clone());
        stem
    }

    /// A domain; returns its substitute.
    pub fn domain(&mut self, name: &str) -> String {
        let name = name.trim_matches('.').to_ascii_lowercase();
        if let Some(known) = self.domains.get(&name) {
            return known.clone();
        }
        let (label, above) = name.split_once('.').unwrap_or((&name, ""));
        // The name of the domain before Windows 2000 usually is its first label.
        let own = self.table.get(label).filter(|own| own.starts_with("domain-")).map(str::to_owned);
        let own = own.unwrap_or_else(|| format!("domain-{}", self.next("domain")));
        let substitute = format!("{own}.example");
        self.domains.insert(name.clone(), substitute.clone());
        let border = if above.is_empty() { Border::Value } else { Border::Word };
        self.table.add(&name, &substitute, border);
        self.table.add(label, &own, self.border(label, Border::Word));
        // Not for a suffix of many domains, such as co.uk.
        if above.split('.').nth(1).is_some() && above.split('.').next().is_some_and(|first| first.len() > SHORTEST) {
            self.domain(above);
        }
        substitute
    }

    /// An account: `DOMAIN\name`, `name@domain`, or a name.
    pub fn account(&mut self, text: &str) {
        if let Some((user, domain)) = text.split_once('@').filter(|(_, domain)| domain.contains('.')) {
            self.domain(domain);
            return self.user(user);
        }
        match text.split_once('\\') {
            Some((authority, _)) if self.is_of_windows(authority) => {}
            Some((domain, user)) => {
                self.authority(domain);
                self.user(user);
            }
            None if text.starts_with("S-1-5-21-") => self.sid(text),
            None => self.user(text),
        }
    }

    /// `NT AUTHORITY`, `BUILTIN`, `NT SERVICE`, `IIS APPPOOL`, `Window Manager`, and a local name.
    fn is_of_windows(&self, authority: &str) -> bool {
        let first = authority.split(' ').next().unwrap_or_default();
        self.reserved.has(first) || ["iis", "window", "."].contains(&first.to_ascii_lowercase().as_str())
    }

    /// A domain as it is written before a backslash, which may be a server.
    fn authority(&mut self, name: &str) {
        if name.contains('.') {
            self.domain(name);
        } else {
            self.named(name, "domain", Border::Word);
        }
    }

    fn user(&mut self, name: &str) {
        let name = name.trim_end_matches('$'); // the account of a computer, or a managed one
        if !name.is_empty() && !self.reserved.has(name) {
            self.named(name, "account", Border::Host);
        }
    }

    /// An identifier of an account in a domain; those of Windows are the same everywhere.
    pub fn sid(&mut self, text: &str) {
        if self.table.get(text).is_none() {
            let substitute = format!("S-1-5-21-0-0-{}", self.next("sid"));
            self.table.add(text, &substitute, Border::Host);
        }
    }

    /// The host and the name of a share; nothing is done with a path of another form.
    pub fn share(&mut self, path: &str) {
        let Some(rest) = path.strip_prefix(r"\\") else { return };
        let mut parts = rest.split('\\');
        let host = parts.next().unwrap_or_default();
        if host.is_empty() || ["?", ".", "localhost"].contains(&host) || host.contains('@') {
            return;
        }
        self.host(host, "host");
        let is_of_windows = |share: &str| share.len() < 3 || ["admin$", "ipc$", "print$"].contains(&share);
        let share = parts.next().unwrap_or_default();
        if !is_of_windows(&share.to_ascii_lowercase()) && !self.reserved.has(share) {
            self.named(share, "share", Border::Host);
        }
    }

    /// The parts of a distinguished name.
    pub fn distinguished(&mut self, text: &str) {
        for (key, value) in attributes(text) {
            let is_host = value.contains('.') && value.trim_start_matches("*.").parse::<ServerPattern>().is_ok();
            match key.to_ascii_uppercase().as_str() {
                "C" => {}
                "DC" => self.authority(value),
                _ if value.contains('@') => self.account(value),
                _ if is_host && value.starts_with("*.") => drop(self.domain(value.trim_start_matches("*."))),
                _ if is_host => self.host(value, "host"),
                _ => drop(self.named(value, "name", Border::Word)),
            }
        }
    }

    /// An address, unless it is the same everywhere or may be a build.
    pub fn address(&mut self, text: &str, before: &str) {
        let substitute = match text.parse() {
            Ok(IpAddr::V4(address)) if is_of_a_site(address, before) => {
                let number = self.next("address") - 1;
                let nets = [[192, 0, 2], [198, 51, 100], [203, 0, 113]]; // RFC 5737: for documentation
                let net = nets.get(number / 254 % nets.len()).copied().unwrap_or_default();
                let last = u8::try_from(number % 254 + 1).unwrap_or_default();
                Ipv4Addr::new(net[0], net[1], net[2], last).to_string()
            }
            Ok(IpAddr::V6(address)) if !address.is_loopback() && !address.is_unspecified() => {
                let number = u128::try_from(self.next("address")).unwrap_or_default();
                Ipv6Addr::from(0x2001_0db8_u128 << 96 | number).to_string() // RFC 3849
            }
            Ok(_) | Err(_) => return,
        };
        self.table.add(text, &substitute, Border::Host);
    }
}

/// Whether this is the address of a host, and not a version of four numbers.
fn is_of_a_site(address: Ipv4Addr, before: &str) -> bool {
    let [first, .., last] = address.octets();
    let word = before.trim_end_matches(['=', ' ', ':', '"', '\'']).rsplit(|sign| !is_word(sign)).next();
    let is_version = word.is_some_and(|word| word.to_ascii_lowercase().ends_with("version"));
    let is_common = address.is_loopback() || address.is_unspecified() || address.is_broadcast() || first == 255;
    !is_version && !is_common && first >= 10 && last != 0
}

/// The attributes of a distinguished name; a comma within quotes belongs to a value.
pub fn attributes(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut quoted = false;
    let parts = text.split(move |sign| {
        quoted ^= sign == '"';
        sign == ',' && !quoted
    });
    parts
        .filter_map(|part| part.trim().split_once('='))
        .map(|(key, value)| (key.trim(), value.trim().trim_matches('"')))
}
