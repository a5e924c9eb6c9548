//! The parts of a manifest that speak of a server. This is the one rule by which they count: the server's own entry
//! before its group, the group before the pool, the pool before the top level.

use alloc::{format, string::String};

use reconcile_schema::{Databases, Fqdn, Group, Manifest, Policy, Pool, Role, Server, ServerPattern, UpdateName};
use serde::Serialize;

use crate::{remedy::at, roster::Entry};

/// A part of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// The entry of the server, or of the range that contains it.
    Server,
    /// The entry of other servers.
    Others(&'a ServerPattern),
    Group(&'a UpdateName),
    Pool(&'a Fqdn),
    Update(&'a UpdateName),
    /// What stands at the top level, for all servers.
    Top,
}

impl Part<'_> {
    /// The place of the part, as a JSON pointer; the servers are those of `entry`.
    #[must_use]
    pub fn pointer(self, entry: &Entry<'_>) -> String {
        match self {
            Self::Server => entry.pointer(),
            Self::Others(name) => at("servers", name.as_str()),
            Self::Group(name) => at("groups", name.as_str()),
            Self::Pool(name) => at("pools", name.as_str()),
            Self::Update(name) => at("updates", name.as_str()),
            Self::Top => String::new(),
        }
    }
}

/// A value, and the part of the manifest that declares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said<'a, T> {
    pub value: T,
    pub by: Part<'a>,
}

/// Where a value of a goal comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source<'a> {
    pub kind: SourceKind,
    /// The field of the manifest that it rests on: its part, its path in that part, such as `policy/reboot` (empty for
    /// the part itself), and the number of the item.
    pub field: Option<(Part<'a>, &'a str, Option<usize>)>,
}

/// How a value of a goal follows from its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// The manifest says it.
    Declared,
    /// It follows from what the manifest says, in this way.
    Derived(&'static str),
    /// The catalogue of releases has it.
    Catalogue,
    /// Nothing is declared.
    Default,
}

impl<'a> Source<'a> {
    pub(crate) const DEFAULT: Self = Self { kind: SourceKind::Default, field: None };

    /// A field of a part of the manifest.
    pub(crate) const fn declared(by: Part<'a>, path: &'a str) -> Self {
        Self { kind: SourceKind::Declared, field: Some((by, path, None)) }
    }

    /// The same field, as what a value follows from.
    pub(crate) const fn by(self, kind: SourceKind) -> Self {
        Self { kind, ..self }
    }

    /// One item of the list at a field.
    pub(crate) const fn item(by: Part<'a>, path: &'a str, number: usize) -> Self {
        Self { kind: SourceKind::Declared, field: Some((by, path, Some(number))) }
    }

    /// The place in the manifest, as a JSON pointer.
    #[must_use]
    pub fn pointer(&self, entry: &Entry<'_>) -> Option<String> {
        let (part, path, item) = self.field?;
        let item = item.map(|item| format!("/{item}")).unwrap_or_default();
        let path = if path.is_empty() { String::new() } else { format!("/{path}") };
        Some(format!("{}{path}{item}", part.pointer(entry)))
    }
}

/// Watches how a goal is made: each value that enters it, and where that comes from. So `explain` shows what a run
/// would do, and not what a second reading of the manifest makes of it.
pub trait Trace {
    /// The goal has this value in this field, such as `policy/reboot`; a list has several.
    fn note<T: Serialize + ?Sized>(&mut self, field: &str, value: &T, source: Source<'_>);
}

/// Nobody watches.
impl Trace for () {
    fn note<T: Serialize + ?Sized>(&mut self, _: &str, _: &T, _: Source<'_>) {}
}

/// The parts that speak of the servers of an entry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts<'a> {
    manifest: &'a Manifest,
    server: &'a Server,
    group: Option<(&'a UpdateName, &'a Group)>,
    pool: Option<(&'a Fqdn, &'a Pool)>,
}

impl<'a> Parts<'a> {
    pub(crate) fn of(manifest: &'a Manifest, server: &'a Server) -> Self {
        let group = server.group.as_ref().and_then(|group| manifest.groups.get_key_value(group));
        let alone = Self { manifest, server, group, pool: None };
        Self { pool: alone.pool().and_then(|pool| manifest.pools.get_key_value(pool.value)), ..alone }
    }

    pub(crate) fn group(&self) -> Option<(&'a UpdateName, &'a Group)> {
        self.group
    }

    /// The first of the values of the server, its group and its pool.
    fn first<T>(
        &self,
        server: Option<T>,
        group: impl FnOnce(&'a Group) -> Option<T>,
        pool: impl FnOnce(&'a Pool) -> Option<T>,
    ) -> Option<Said<'a, T>> {
        let own = server.map(|value| Said { value, by: Part::Server });
        let of_group = || self.group.and_then(|(name, it)| Some(Said { value: group(it)?, by: Part::Group(name) }));
        let of_pool = || self.pool.and_then(|(name, it)| Some(Said { value: pool(it)?, by: Part::Pool(name) }));
        own.or_else(of_group).or_else(of_pool)
    }

    pub(crate) fn role(&self) -> Option<Said<'a, Role>> {
        self.first(self.server.role, |group| group.role, |_| None)
    }

    pub(crate) fn target(&self) -> Option<Said<'a, &'a UpdateName>> {
        self.first(self.server.target.as_ref(), |group| group.target.as_ref(), |pool| pool.target.as_ref())
    }

    pub(crate) fn pool(&self) -> Option<Said<'a, &'a Fqdn>> {
        self.first(self.server.pool.as_ref(), |group| group.pool.as_ref(), |_| None)
    }

    pub(crate) fn site(&self) -> Option<Said<'a, &'a UpdateName>> {
        self.first(self.server.site.as_ref(), |group| group.site.as_ref(), |pool| pool.site.as_ref())
    }

    pub(crate) fn ring(&self) -> Option<Said<'a, &'a UpdateName>> {
        self.first(self.server.ring.as_ref(), |group| group.ring.as_ref(), |pool| pool.ring.as_ref())
    }

    pub(crate) fn databases(&self) -> Option<Said<'a, &'a Databases>> {
        self.first(self.server.databases.as_ref(), |group| group.databases.as_ref(), |_| None)
    }

    /// The policies, the nearest first.
    pub(crate) fn policies(&self) -> impl Iterator<Item = (Part<'a>, &'a Policy)> + Clone {
        let own = core::iter::once((Part::Server, &self.server.policy));
        let of_group = self.group.map(|(name, group)| (Part::Group(name), &group.policy));
        own.chain(of_group).chain([(Part::Top, &self.manifest.policy)])
    }
}
