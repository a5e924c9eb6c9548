//! The share of the pool that this machine belongs to.

use reconcile_core::{Goal, Seen, claim_of, reached};
use reconcile_schema::{Fact, PoolRecord, Step};

use crate::share::{Share, ShareError};

/// What the servers of the pool have there.
pub fn record(goal: &Goal) -> Fact<PoolRecord> {
    match &goal.claims {
        Some(claims) => Share::at(&claims.folder).read(&claims.name).into(),
        None => Fact::Unknown("the manifest names no share for the claims of pools".into()),
    }
}

/// Claims the pool, or releases it.
pub fn tell_pool(goal: &Goal, seen: &Seen, step: &Step) -> Result<String, ShareError> {
    let Some(claims) = &goal.claims else { return Ok("the manifest names no share".into()) };
    let share = Share::at(&claims.folder);
    if *step == Step::Claim {
        if let Some(other) = share.claim(&claims.name, claim_of(goal, claims, seen))? {
            return Ok(format!("{} was quicker", other.server));
        }
    } else {
        share.release(&claims.name, &goal.server, reached(goal, seen), seen.host.at)?;
    }
    Ok(format!("the record {} in {} says so", claims.name, claims.folder))
}
