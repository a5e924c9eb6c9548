//! What the servers of a pool keep on a share: which of them is worked on, and which of them are done.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BootId, Build, Fqdn, RunId, ServerName, UpdateName};

/// The record of a pool, or of two pools that stand in for each other: one file on the share.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PoolRecord {
    /// The servers that are worked on: one, or several of one upgrade domain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<Claim>,
    /// The build of Core Components that each server was at when it last said that it was done.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reached: BTreeMap<ServerName, Build>,
    /// The server of each pool that served again last: the pool must be ready for a while before others are taken down.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub released: BTreeMap<Fqdn, Released>,
    /// The claims that somebody broke, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<BrokenClaim>,
    /// What a later version has added: kept where an earlier one writes the record again.
    #[serde(flatten)]
    pub later: BTreeMap<String, serde_json::Value>,
}

/// The word of a server that it is worked on, and no other of its pool may be. It does not pass by itself: whoever has it
/// may be down.
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
    /// The boot that the server was in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<BootId>,
    /// What a later version has added: kept where an earlier one writes the record again.
    #[serde(flatten)]
    pub later: BTreeMap<String, serde_json::Value>,
}

/// A claim that its server took back when it served again.
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
    /// What a later version has added: kept where an earlier one writes the record again.
    #[serde(flatten)]
    pub later: BTreeMap<String, serde_json::Value>,
}

/// A claim that was taken away from a server.
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
    /// What a later version has added: kept where an earlier one writes the record again.
    #[serde(flatten)]
    pub later: BTreeMap<String, serde_json::Value>,
}

impl PoolRecord {
    /// How many broken claims are kept.
    const KEPT: usize = 10;

    /// Claims the pool for a server; again, where it has the claim already. The claim of another server stays, and comes back.
    pub fn claim(&mut self, claim: Claim) -> Option<Claim> {
        let other = self.against(&claim).cloned();
        if other.is_none() {
            self.claims.retain(|own| own.server != claim.server);
            self.claims.push(claim);
        }
        other
    }

    /// The claim that does not go together with this one, if there is one.
    #[must_use]
    pub fn against(&self, claim: &Claim) -> Option<&Claim> {
        self.claims.iter().find(|other| {
            let together = other.domain.is_some() && (&other.pool, &other.domain) == (&claim.pool, &claim.domain);
            other.server != claim.server && !together
        })
    }

    /// The server of a pool that served again last, unless it is this one or may be taken down together with it.
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

    /// Takes back the claim of a server, if it has one, and notes when, and the build that it is at, if it is done. One that is
    /// still behind may have been down all the same: the pool settles after it, too.
    pub fn release(&mut self, server: &ServerName, reached: Option<Build>, at: Timestamp) {
        let own = self.claims.iter().position(|claim| claim.server == *server).map(|place| self.claims.remove(place));
        self.reached.extend(reached.map(|build| (server.clone(), build)));
        self.released.extend(
            own.map(|Claim { server, pool, domain, .. }| {
                (pool, Released { server, domain, at, later: BTreeMap::new() })
            }),
        );
    }

    /// Takes the claim away from a server, and says so.
    pub fn break_claim(&mut self, server: &ServerName, by: String, at: Timestamp, reason: String) -> Option<Claim> {
        let place = self.claims.iter().position(|claim| claim.server == *server)?;
        let claim = self.claims.remove(place);
        self.broken.push(BrokenClaim { claim: claim.clone(), by, at, reason, later: BTreeMap::new() });
        let surplus = self.broken.len().saturating_sub(Self::KEPT);
        self.broken.drain(..surplus);
        Some(claim)
    }
}
