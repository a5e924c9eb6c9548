//! `reconcile claims`: which server of each pool is being updated; breaks a claim.

use std::collections::BTreeMap;

use jiff::Timestamp;
use reconcile_core::Goal;
use reconcile_hosts::{Share, ShareError, lab::Lab};
use reconcile_schema::{Claim, Fqdn, PoolRecord, RunId, ServerName};

use crate::commands::args::Claims;
use crate::manifest::{exit::Exit, input::Input, problem::Problem};
use crate::show::claims::shown;
use crate::show::out::{print, warn_of_damage};
use crate::work::session::{lock, run_name, user};
use crate::work::site::{Site, lab_path, lab_world};

/// Shows the claims of a manifest's pools, or breaks one.
///
/// # Errors
/// When the manifest or the share cannot be used, or the server has no claim.
pub fn run(args: &Claims) -> Result<Exit, Problem> {
    let input = Input::read(&args.manifest)?;
    let goals = input.goals(&[])?;
    let records = Records::open(&input, &goals)?;
    if let Ok((site, goals)) = Site::open(&input, &[]) {
        warn_of_damage(&site, &goals); // Claims are shown on any machine.
    }
    let mut text = String::new();
    let mut claimed: Vec<(Fqdn, ServerName)> = Vec::new();
    for (name, record) in records.read()? {
        let of = goals.iter().find(|goal| goal.claims.as_ref().is_some_and(|claims| claims.name == name));
        text += &shown(&name, &record, now(), of.and_then(Goal::zone));
        claimed.extend(record.claims.into_iter().map(|claim| (name.clone(), claim.server)));
    }
    let Some(server) = args.broken.as_ref().map(|server| input.named(server)) else { return print(&text) };
    let server = &server;
    let reason = args.reason.as_deref().unwrap_or_default().trim();
    if reason.is_empty() {
        return Err(Problem::usage("breaking a claim needs a --reason: the record keeps it"));
    }
    let Some((name, _)) = claimed.iter().find(|(_, holder)| holder == server) else {
        let known = claimed.iter().map(|(_, holder)| holder.to_string()).collect::<Vec<_>>().join(", ");
        let known = if known.is_empty() { "nobody has".into() } else { format!("these have: {known}") };
        return Err(Problem::input(format!("{server} has claimed no pool of this manifest; {known}")));
    };
    print(&match records.break_claim(&input, name, server, reason)? {
        Some(_) => format!(
            "{name}: the claim of {server} is broken; make sure that it is not worked on: the next server may be taken down now\n"
        ),
        None => format!("{name}: {server} has released it meanwhile\n"),
    })
}

/// The records of a manifest's pools, each by its name.
enum Records {
    /// In the lab, for these names.
    Lab(Box<Lab>, Vec<Fqdn>),
    /// On these shares.
    Shares(BTreeMap<Fqdn, Share>),
}

impl Records {
    fn open(input: &Input, goals: &[Goal]) -> Result<Self, Problem> {
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

    fn read(&self) -> Result<Vec<(Fqdn, PoolRecord)>, Problem> {
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

    fn break_claim(
        self,
        input: &Input,
        name: &Fqdn,
        server: &ServerName,
        reason: &str,
    ) -> Result<Option<Claim>, Problem> {
        let (by, at, reason) = (user(), now(), reason.to_owned());
        match self {
            Self::Lab(..) => {
                let _lock = lock(input, &RunId(run_name()))?;
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
    if error.is_busy() { Problem::claims_busy(error) } else { Problem::failed(error) }
}

/// The lab of a manifest, if it has one.
fn opened(input: &Input) -> Result<Option<Lab>, Problem> {
    let Some(path) = lab_path(input) else { return Ok(None) };
    let world = lab_world(input)?;
    Lab::open(&path, || world).map(Some).map_err(Problem::input)
}

#[expect(clippy::disallowed_methods, reason = "the edge says when a claim was broken")]
fn now() -> Timestamp {
    Timestamp::now()
}
