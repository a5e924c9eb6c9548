//! The roster: which entry of the manifest a server belongs to.

use alloc::{collections::BTreeMap, string::String, vec::Vec};
use core::ops::RangeInclusive;

use reconcile_schema::{Manifest, Server, ServerName, ServerPattern};

use crate::remedy::at;

/// The servers of a manifest, indexed by name. A server's own entry counts before the range that contains it.
///
/// A lookup takes time proportional to the logarithm of the manifest's size, so that a fleet of a hundred thousand
/// servers can be judged against a manifest of thousands of ranges.
#[derive(Debug)]
pub struct Roster<'a> {
    entries: Vec<Entry<'a>>,
    /// The entries of single servers, by name.
    singles: BTreeMap<String, usize>,
    /// The ranges, by the shape of the names that they contain.
    ranges: BTreeMap<Shape, Vec<Range>>,
}

/// One entry of the manifest.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The server, or the range of servers.
    pub pattern: &'a ServerPattern,
    /// The declaration of these servers.
    pub server: &'a Server,
}

impl Entry<'_> {
    /// The place of the entry in the manifest, as a JSON pointer.
    #[must_use]
    pub fn pointer(&self) -> String {
        at("servers", self.pattern.as_str())
    }
}

/// The place of a server in the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The number of its entry.
    pub entry: usize,
    /// Its number within the entry.
    pub number: usize,
}

/// Why a server has no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stranger {
    /// The manifest does not name it.
    Unnamed,
    /// It belongs to several ranges; this is the number of one of their entries.
    Ambiguous(usize),
}

/// The length of a name, the position of its counting digits, and their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Shape {
    length: usize,
    before: usize,
    width: usize,
}

#[derive(Debug)]
struct Range {
    before: String,
    after: String,
    numbers: RangeInclusive<u32>,
    entry: usize,
}

impl<'a> Roster<'a> {
    /// The roster of a manifest.
    #[must_use]
    pub fn of(manifest: &'a Manifest) -> Self {
        let entries = manifest.servers.iter().map(|(pattern, server)| Entry { pattern, server }).collect();
        let mut roster = Self { entries, singles: BTreeMap::new(), ranges: BTreeMap::new() };
        for (entry, pattern) in manifest.servers.keys().enumerate() {
            match pattern.range() {
                None => drop(roster.singles.insert(pattern.as_str().to_ascii_lowercase(), entry)),
                Some((before, width, numbers, after)) => {
                    let shape = Shape { length: before.len() + width + after.len(), before: before.len(), width };
                    let (before, after) = (before.to_ascii_lowercase(), after.to_ascii_lowercase());
                    roster.ranges.entry(shape).or_default().push(Range { before, after, numbers, entry });
                }
            }
        }
        for ranges in roster.ranges.values_mut() {
            ranges.sort_by(|one, other| one.around().cmp(&other.around()));
        }
        roster
    }

    /// The entries, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry<'a>] {
        &self.entries
    }

    /// The place of a server.
    ///
    /// # Errors
    /// When the manifest does not name it, or names it by several ranges.
    pub fn find(&self, name: &ServerName) -> Result<Place, Stranger> {
        let name = name.as_str();
        if let Some(entry) = self.singles.get(name) {
            return Ok(Place { entry: *entry, number: 0 });
        }
        let shapes = self.ranges.iter().filter(|(shape, _)| shape.length == name.len());
        let mut found = shapes.flat_map(|(shape, ranges)| shape.matches(ranges, name));
        match (found.next(), found.next()) {
            (Some(place), None) => Ok(place),
            (Some(_), Some(second)) => Err(Stranger::Ambiguous(second.entry)),
            (None, _) => Err(Stranger::Unnamed),
        }
    }

    /// The place of a server that reports its full name, where the manifest may use its host name alone.
    ///
    /// # Errors
    /// As [`Roster::find`].
    pub fn find_host(&self, name: &ServerName) -> Result<Place, Stranger> {
        self.find(name).or_else(|stranger| match name.host().parse() {
            Ok(host) if stranger == Stranger::Unnamed => self.find(&host),
            Ok(_) | Err(_) => Err(stranger),
        })
    }

    /// The servers of an entry that have no entry of their own and whose numbers are wanted, each with its number.
    pub fn servers<'b>(
        &'b self,
        entry: &'b Entry<'a>,
        wanted: impl Fn(usize) -> bool + 'b,
    ) -> impl Iterator<Item = (usize, ServerName)> + 'b {
        let own = |name: &ServerName| !entry.pattern.is_single() && self.singles.contains_key(name.as_str());
        entry.pattern.numbered(wanted).filter(move |(_, name)| !own(name))
    }
}

impl Range {
    fn around(&self) -> (&str, &str) {
        (&self.before, &self.after)
    }
}

impl Shape {
    /// The places in `ranges`, which have one shape, of `name`, which has the length of that shape.
    fn matches<'b>(&self, ranges: &'b [Range], name: &'b str) -> impl Iterator<Item = Place> + use<'b> {
        let parts = name.split_at_checked(self.before).and_then(|(before, rest)| {
            let (digits, after) = rest.split_at_checked(self.width)?;
            let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<u32>().ok())??;
            Some((before, number, after))
        });
        parts.into_iter().flat_map(move |(before, number, after)| {
            let first = ranges.partition_point(|range| range.around() < (before, after));
            let alike = ranges.iter().skip(first).take_while(move |range| range.around() == (before, after));
            alike.filter(move |range| range.numbers.contains(&number)).map(move |range| {
                let nth = number.saturating_sub(*range.numbers.start());
                Place { entry: range.entry, number: usize::try_from(nth).unwrap_or(usize::MAX) }
            })
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn manifest(servers: &[&str]) -> Manifest {
        let servers = servers.iter().map(|name| (name.parse().unwrap(), Server::default())).collect();
        Manifest {
            version: 1,
            requires: None,
            serial: None,
            expires: None,
            domain: None,
            policy: reconcile_schema::Policy::default(),
            installers: None,
            updates: BTreeMap::new(),
            groups: BTreeMap::new(),
            pools: BTreeMap::new(),
            rollout: reconcile_schema::Rollout::default(),
            servers,
            reports: reconcile_schema::Reports::default(),
            lab: None,
        }
    }

    fn found<'a>(manifest: &'a Manifest, name: &str) -> Result<(&'a str, usize), Stranger> {
        let roster = Roster::of(manifest);
        let place = roster.find(&name.parse().unwrap())?;
        Ok((roster.entries().get(place.entry).unwrap().pattern.as_str(), place.number))
    }

    /// The roster finds the same as a search through every pattern, for names in and around ranges of every width.
    #[test]
    fn it_finds_what_the_patterns_say() {
        let patterns =
            ["FE[01-12].a.example", "fe05.a.example", "fe[001-100].a.example", "fe1[0-9].b.example", "x[1-3]", "se.a"];
        let manifest = manifest(&patterns);
        let mut names: Vec<ServerName> = manifest.servers.keys().flat_map(ServerPattern::servers).collect();
        names.extend(
            [
                "fe13.a.example",
                "fe00.a.example",
                "fe1.a.example",
                "feaa.a.example",
                "fe20.b.example",
                "x0",
                "x",
                "se.b",
            ]
            .map(|name| name.parse().unwrap()),
        );
        let roster = Roster::of(&manifest);
        for name in names {
            let all: Vec<_> = manifest.servers.keys().filter(|pattern| pattern.matches(&name)).collect();
            let own = all.iter().find(|pattern| pattern.is_single());
            let said = roster.find(&name).map(|place| roster.entries().get(place.entry).unwrap().pattern);
            match (own, all.as_slice()) {
                (Some(own), _) => assert_eq!(said, Ok(*own), "{name}"),
                (None, []) => assert_eq!(said, Err(Stranger::Unnamed), "{name}"),
                (None, [one]) => assert_eq!(said, Ok(*one), "{name}"),
                (None, _) => assert!(matches!(said, Err(Stranger::Ambiguous(_))), "{name}"),
            }
        }
    }

    #[test]
    fn a_server_has_its_number_in_its_range() {
        let manifest = manifest(&["fe[08-12].a.example", "fe10.a.example"]);
        assert_eq!(found(&manifest, "fe09.a.example"), Ok(("fe[08-12].a.example", 1)));
        assert_eq!(found(&manifest, "FE12.A.example"), Ok(("fe[08-12].a.example", 4)));
        assert_eq!(found(&manifest, "fe10.a.example"), Ok(("fe10.a.example", 0)));
        let roster = Roster::of(&manifest);
        let range = roster.entries().iter().find(|entry| !entry.pattern.is_single()).unwrap();
        let names: Vec<_> = roster.servers(range, |_| true).map(|(number, _)| number).collect();
        assert_eq!(names, [0, 1, 3, 4]);
    }

    #[test]
    fn a_server_of_several_ranges_is_told() {
        let manifest = manifest(&["fe[01-12].a", "fe0[1-9].a"]);
        assert!(matches!(found(&manifest, "fe05.a"), Err(Stranger::Ambiguous(_))));
        assert!(found(&manifest, "fe11.a").is_ok());
    }
}
