//! What the servers of a pool keep on a share: which of them is worked on, and which of them are done.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BootId, Build, RunId, ServerName};

/// The record of a pool, or of two pools that stand in for each other: one file on the share.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PoolRecord {
    /// The server that is worked on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    /// The build of Core Components that each server was at when it last said that it was done.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reached: BTreeMap<ServerName, Build>,
    /// The claims that somebody broke, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<BrokenClaim>,
}

/// The word of a server that it is worked on, and no other of its pool may be. It does not pass by itself: whoever has it
/// may be down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Claim {
    /// The server.
    pub server: ServerName,
    /// The run that claimed the pool for it.
    pub run: RunId,
    /// When, by the server's own clock.
    pub at: Timestamp,
    /// The boot that the server was in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<BootId>,
}

/// A claim that was taken away from a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BrokenClaim {
    /// The claim.
    pub claim: Claim,
    /// Who broke it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

impl PoolRecord {
    /// How many broken claims are kept.
    const KEPT: usize = 20;

    /// Claims the pool for a server; again, where it has the claim already.
    ///
    /// # Errors
    /// The claim of another server, which stays.
    pub fn claim(&mut self, claim: Claim) -> Result<(), Claim> {
        match &self.claim {
            Some(other) if other.server != claim.server => Err(other.clone()),
            Some(_) | None => {
                self.claim = Some(claim);
                Ok(())
            }
        }
    }

    /// Takes back the claim of a server, if it is its own, and notes the build that it is at, if it is done.
    pub fn release(&mut self, server: &ServerName, reached: Option<Build>) {
        self.claim.take_if(|claim| claim.server == *server);
        if let Some(build) = reached {
            self.reached.insert(server.clone(), build);
        }
    }

    /// Takes the claim away from whoever has it, and says so.
    pub fn break_claim(&mut self, by: String, at: Timestamp, reason: String) -> Option<Claim> {
        let claim = self.claim.take()?;
        self.broken.push(BrokenClaim { claim: claim.clone(), by, at, reason });
        let surplus = self.broken.len().saturating_sub(Self::KEPT);
        self.broken.drain(..surplus);
        Some(claim)
    }
}
