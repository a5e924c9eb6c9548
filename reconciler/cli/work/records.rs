//! The records that the servers of pools keep on their shares, or in a lab.

use std::collections::BTreeMap;

use jiff::Timestamp;
use reconcile_core::Goal;
use reconcile_hosts::{Share, ShareError, lab::Lab};
use reconcile_schema::{Claim, Code, Fqdn, PoolRecord, RunId, ServerName};

use crate::manifest::{input::Input, problem::Problem};
use crate::work::session::{Patience, lock, run_name, user};
use crate::work::site::{lab_path, lab_world};

/// The records of a manifest's pools, each by its name.
pub enum Records {
    /// In the lab, for these names.
    Lab(Box<Lab>, Vec<Fqdn>),
    /// On these shares.
    Shares(BTreeMap<Fqdn, Share>),
}

impl Records {
    /// Opens the records.
    ///
    /// # Errors
    /// When no server claims a pool, or the lab cannot be read.
    pub fn open(input: &Input, goals: &[Goal]) -> Result<Self, Problem> {
        let claims = goals.iter().filter_map(|goal: &Goal| goal.claims.as_ref());
        let shares: BTreeMap<_, _> =
            claims.map(|one| (one.name.clone(), Share::at(&one.folder, &one.writers))).collect();
        if shares.is_empty() {
            return Err(Problem::input(
                "no server of this manifest claims a pool: name a share under `rollout: { claims }`",
            ));
        }
        Ok(match opened(input)? {
            Some(lab) => Self::Lab(Box::new(lab), shares.into_keys().collect()),
            None => Self::Shares(shares),
        })
    }

    /// What the records say.
    ///
    /// # Errors
    /// When a share cannot be read.
    pub fn read(&self) -> Result<Vec<(Fqdn, PoolRecord)>, Problem> {
        match self {
            Self::Lab(lab, names) => {
                let record = |name: &Fqdn| lab.world().pools.get(name).cloned().unwrap_or_default();
                Ok(names.iter().map(|name| (name.clone(), record(name))).collect())
            }
            Self::Shares(shares) => {
                let read =
                    |(name, share): (&Fqdn, &Share)| Ok((name.clone(), share.read(name, None).map_err(unusable)?));
                shares.iter().map(read).collect()
            }
        }
    }

    /// Breaks the claim of a server at this time; none where it has released the pool meanwhile.
    ///
    /// # Errors
    /// When the share or the lab cannot be written.
    pub fn break_claim(
        self,
        input: &Input,
        at: Timestamp,
        name: &Fqdn,
        server: &ServerName,
        reason: &str,
    ) -> Result<Option<Claim>, Problem> {
        let (by, reason) = (user(), reason.to_owned());
        match self {
            Self::Lab(..) => {
                let _lock = lock(input, &RunId(run_name()), Patience::NONE)?;
                // Read again: another run may have changed it before this one got the lock.
                let Some(mut lab) = opened(input)? else { return Ok(None) };
                lab.break_claim(name, server, by, at, reason).map_err(Problem::failed)
            }
            Self::Shares(shares) => match shares.get(name) {
                Some(share) => share.break_claim(name, server, by, at, reason).map_err(unusable),
                None => Ok(None),
            },
        }
    }
}

fn unusable(error: ShareError) -> Problem {
    if error.is_busy() { Problem::of(Code::ClaimsBusy, error) } else { Problem::failed(error) }
}

/// The lab of a manifest, if it has one.
fn opened(input: &Input) -> Result<Option<Lab>, Problem> {
    let Some(path) = lab_path(input) else { return Ok(None) };
    let world = lab_world(input)?;
    Lab::open(&path, || world).map(Some).map_err(Problem::input)
}
