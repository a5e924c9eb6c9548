//! The share of this machine's pool.

use reconcile_core::{Account, Acted, Claims, Goal, Seen, claim_of, reached};
use reconcile_schema::{Fact, PoolRecord, Step};

use crate::share::{Claimed, Share};
use crate::share_error::ShareError;

/// The record that the servers of the pool keep there, with the builds of other pools that this server waits for.
pub fn record(goal: &Goal) -> Fact<PoolRecord> {
    let Some(claims) = &goal.claims else {
        return Fact::Unknown("the manifest names no share for the claims of pools".into());
    };
    let read = || -> Result<PoolRecord, ShareError> {
        let mut record = share(claims).read(&claims.name, Some(&goal.server))?;
        for other in goal.further_records() {
            record.take_builds(share(claims).read(other, None)?);
        }
        Ok(record)
    };
    read().into()
}

/// Claims or releases the pool.
pub fn tell_pool(goal: &Goal, seen: &Seen, step: &Step) -> Result<Acted, ShareError> {
    match told(goal, seen, step) {
        Err(busy) if busy.is_busy() => Ok(Acted::Busy(busy.to_string())),
        told => Ok(Acted::Ended(Account::success(told?))),
    }
}

fn told(goal: &Goal, seen: &Seen, step: &Step) -> Result<String, ShareError> {
    let Some(claims) = &goal.claims else { return Ok("the manifest names no share".into()) };
    if *step == Step::Claim {
        match share(claims).claim(&claims.name, claim_of(goal, claims, seen))? {
            Claimed::Granted => {}
            Claimed::Taken(other) => return Ok(format!("{} was quicker", other.server)),
            Claimed::Doubted(doubt) => return Ok(doubt.to_string()),
        }
    } else {
        share(claims).release(&claims.name, &goal.server, reached(goal, seen), seen.host.at)?;
    }
    Ok(format!("the record {} in {} says so", claims.name, claims.folder))
}

fn share(claims: &Claims) -> Share {
    Share::at(&claims.folder, &claims.writers)
}
