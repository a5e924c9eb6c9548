//! What the servers of a pool keep on a share: which of them is being worked on, and which are done.

use alloc::{collections::BTreeMap, string::String, vec::Vec};
use core::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BootId, Build, Fingerprint, Fqdn, RunId, ServerName, UpdateName};

/// The record of a pool, or of two pools that stand in for each other: the combined content of the files of its
/// servers. The file of one server has the same form, and reports that server only.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PoolRecord {
    /// The servers that are being worked on: one, or several of one upgrade domain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<Claim>,
    /// The build of Core Components that each server had when it last reported that it was done.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reached: BTreeMap<ServerName, Build>,
    /// The server of each pool that was the last to serve again: the pool must be ready for a while before others are
    /// taken down.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub released: BTreeMap<Fqdn, Released>,
    /// The claims that somebody broke, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<BrokenClaim>,
    /// Files on the share that are not believed, or not in full. No file reports this about itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<Doubt>,
    /// Fields that a later version has added. An earlier version keeps them when it writes the record again.
    #[serde(flatten)]
    pub later: BTreeMap<String, serde_json::Value>,
}

/// A server's statement that it is being worked on, and that no other server of its pool may be. A claim does not
/// expire, because its server may be down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// The server.
    pub server: ServerName,
    /// Its pool.
    pub pool: Fqdn,
    /// Its upgrade domain, where it has one: the servers of one may be taken down together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<UpdateName>,
    /// The run that claimed the pool for it.
    pub run: RunId,
    /// When, by the server's own clock.
    pub at: Timestamp,
    /// The boot of the server at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<BootId>,
    /// The fingerprint of the manifest that the run follows. Earlier versions do not report it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_fingerprint: Option<Fingerprint>,
    /// When the file with this claim was written, by the clock of the share. No file reports this about itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Timestamp>,
    /// Fields that a later version has added. An earlier version keeps them when it writes the record again.
    #[serde(flatten)]
    pub later: BTreeMap<String, serde_json::Value>,
}

impl Claim {
    /// Whether one run made both at one moment. A server that claims its pool again makes another claim.
    fn is_the_same(&self, other: &Self) -> bool {
        (&self.server, &self.run, self.at) == (&other.server, &other.run, other.at)
    }
}

/// A claim that its server released when it served again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Released {
    /// The server.
    pub server: ServerName,
    /// Its upgrade domain, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<UpdateName>,
    /// When, by the server's own clock.
    pub at: Timestamp,
    /// When the file with this entry was written, by the clock of the share. No file reports this about itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Timestamp>,
    /// Fields that a later version has added. An earlier version keeps them when it writes the record again.
    #[serde(flatten)]
    pub later: BTreeMap<String, serde_json::Value>,
}

impl Released {
    /// When the server was back, by the clock of the share, which is the same for all servers: their own may be wrong.
    #[must_use]
    pub fn back(&self) -> Timestamp {
        self.written.unwrap_or(self.at)
    }
}

/// Why a file on the share is not believed, or not in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Doubt {
    /// The file of a server belongs to another account, so it is unknown whether that server is being worked on.
    Stranger {
        /// The server that the file is named after.
        server: ServerName,
        /// The file.
        file: String,
        /// Its owner.
        owner: String,
    },
    /// The file of a server, or the owner of that file, cannot be read.
    Unread {
        /// The server that the file is named after.
        server: ServerName,
        /// The file.
        file: String,
        /// Why not.
        why: String,
    },
    /// The folder is a DFS path with several targets: each target has a lock and claims of its own.
    Targets {
        /// The folder.
        folder: String,
        /// The targets.
        targets: Vec<String>,
    },
    /// An account that the manifest does not list reports a claim as broken. The claim still counts.
    Breaker {
        /// The file.
        file: String,
        /// Its owner, or why the owner cannot be read.
        owner: String,
    },
    /// The record of an earlier version, which every server could write: its claims count, its builds do not.
    Earlier {
        /// The file.
        file: String,
        /// Who wrote it last.
        owner: String,
    },
}

impl Doubt {
    /// Whether this doubt keeps a server from being taken down. A doubt about the server's own file does not: the
    /// server writes that file again.
    #[must_use]
    pub fn forbids(&self, own: &ServerName) -> bool {
        match self {
            Self::Stranger { server, .. } | Self::Unread { server, .. } => server != own,
            Self::Targets { .. } => true,
            Self::Breaker { .. } | Self::Earlier { .. } => false,
        }
    }

    /// Whether this doubt keeps no server from being taken down.
    #[must_use]
    pub const fn is_harmless(&self) -> bool {
        match self {
            Self::Stranger { .. } | Self::Unread { .. } | Self::Targets { .. } => false,
            Self::Breaker { .. } | Self::Earlier { .. } => true,
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stranger { server, file, owner } => {
                write!(f, "{file} speaks for {server} and belongs to {owner}")
            }
            Self::Unread { server, file, why } => write!(f, "{file} speaks for {server} and cannot be read: {why}"),
            Self::Targets { folder, targets } => {
                write!(
                    f,
                    "{folder} is a DFS path with {} targets ({}), and each has claims of its own",
                    targets.len(),
                    targets.join(", ")
                )
            }
            Self::Breaker { file, owner } => {
                write!(f, "{file} says that a claim is broken and belongs to {owner}, so the claim stands")
            }
            Self::Earlier { file, owner } => {
                write!(
                    f,
                    "{file} is the record of an earlier version, last written by {owner}: its claims count, the builds in it do not"
                )
            }
        }
    }
}

/// A claim that was taken from its server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BrokenClaim {
    /// The claim.
    pub claim: Claim,
    /// Who broke it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// Fields that a later version has added. An earlier version keeps them when it writes the record again.
    #[serde(flatten)]
    pub later: BTreeMap<String, serde_json::Value>,
}

impl PoolRecord {
    /// How many broken claims are kept.
    const KEPT: usize = 10;

    /// Keeps what this server reports about itself, which is all that its file may report.
    #[must_use]
    pub fn said_by(mut self, server: &ServerName) -> Self {
        self.claims.retain(|claim| claim.server == *server);
        self.reached.retain(|name, _| name == server);
        self.released.retain(|_, last| last.server == *server);
        self.claims.iter_mut().for_each(|claim| claim.written = None);
        self.released.values_mut().for_each(|last| last.written = None);
        Self { broken: Vec::new(), doubts: Vec::new(), ..self }
    }

    /// Adds what a server reports, in a file that was written at `written` by the clock of the share.
    pub fn take_in(&mut self, said: Self, written: Option<Timestamp>) {
        self.claims.extend(said.claims.into_iter().map(|claim| Claim { written, ..claim }));
        self.reached.extend(said.reached);
        for (pool, last) in said.released {
            let last = Released { written, ..last };
            if self.released.get(&pool).is_none_or(|other| other.back() < last.back()) {
                self.released.insert(pool, last);
            }
        }
    }

    /// Adds the builds that the servers of another record have reported.
    pub fn take_builds(&mut self, other: Self) {
        self.reached.extend(other.reached);
    }

    /// Adds the broken claims that an authorised account reports.
    pub fn take_in_broken(&mut self, broken: Vec<BrokenClaim>) {
        for one in broken {
            self.claims.retain(|claim| !claim.is_the_same(&one.claim));
            self.broken.push(one);
        }
    }

    /// Claims the pool for a server, or renews a claim that it already has. The claim of another server stays and is
    /// returned. A server that is worked on is not done, whatever it was before: it may have been restored from a backup.
    pub fn claim(&mut self, claim: Claim) -> Option<Claim> {
        let other = self.against(&claim).cloned();
        if other.is_none() {
            self.claims.retain(|own| own.server != claim.server);
            self.reached.remove(&claim.server);
            self.claims.push(claim);
        }
        other
    }

    /// The claim that conflicts with this one, if there is one.
    #[must_use]
    pub fn against(&self, claim: &Claim) -> Option<&Claim> {
        self.claims.iter().find(|other| {
            let together = other.domain.is_some() && (&other.pool, &other.domain) == (&claim.pool, &claim.domain);
            other.server != claim.server && !together
        })
    }

    /// The server of a pool that was the last to serve again, unless it is this one or may be taken down together with
    /// it.
    #[must_use]
    pub fn last_of_others(&self, server: &ServerName, pool: &Fqdn, domain: Option<&UpdateName>) -> Option<&Released> {
        let together = |last: &Released| last.server == *server || domain.is_some() && last.domain.as_ref() == domain;
        self.released.get(pool).filter(|last| !together(last))
    }

    /// Whether this server has claimed the pool.
    #[must_use]
    pub fn is_claimed_by(&self, server: &ServerName) -> bool {
        self.claims.iter().any(|claim| claim.server == *server)
    }

    /// Releases the claim of a server, if it has one. Records the time and, if the server is done, its build. A server
    /// that is still behind may have been down too, so the pool must be ready for a while after it as well.
    pub fn release(&mut self, server: &ServerName, reached: Option<Build>, at: Timestamp) {
        let own = self.claims.iter().position(|claim| claim.server == *server).map(|place| self.claims.remove(place));
        self.reached.extend(reached.map(|build| (server.clone(), build)));
        self.released.extend(own.map(|Claim { server, pool, domain, .. }| {
            (pool, Released { server, domain, at, written: None, later: BTreeMap::new() })
        }));
    }

    /// Takes the claim from a server, and records that.
    pub fn break_claim(&mut self, server: &ServerName, by: String, at: Timestamp, reason: String) -> Option<Claim> {
        let place = self.claims.iter().position(|claim| claim.server == *server)?;
        let claim = self.claims.remove(place);
        self.note_broken(BrokenClaim { claim: claim.clone(), by, at, reason, later: BTreeMap::new() });
        Some(claim)
    }

    /// Records a broken claim; only the newest are kept.
    pub fn note_broken(&mut self, broken: BrokenClaim) {
        self.broken.push(broken);
        let surplus = self.broken.len().saturating_sub(Self::KEPT);
        self.broken.drain(..surplus);
    }
}
