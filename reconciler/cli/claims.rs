//! `reconcile claims`: which server of each pool is worked on, by its own word; and a word that nobody can take back.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use reconcile_core::Goal;
use reconcile_hosts::Share;
use reconcile_schema::{Fqdn, PoolRecord, ServerName};

use crate::{
    args::Claims,
    diagnostic::escape,
    exit::Exit,
    input::Input,
    print,
    problem::Problem,
    render::{FAINT, GOOD, WAITS},
    session::{lock, run_name, user},
    site::{Site, lab_path},
};

/// Shows the claims of a manifest's pools, or breaks one.
///
/// # Errors
/// When the manifest or the share cannot be used, or the pool has no claim.
pub fn run(args: &Claims) -> Result<Exit, Problem> {
    let input = Input::read(&args.manifest)?;
    let names = names(&input.goals(&[])?);
    if names.is_empty() {
        return Err(Problem::input(
            "no server of this manifest claims a pool: name a share under `rollout: { claims }`",
        ));
    }
    let mut records = Records::open(&input)?;
    let mut text = String::new();
    let mut claimed: Vec<(&Fqdn, ServerName)> = Vec::new();
    for name in names.keys() {
        let record = records.read(&names, name)?;
        text += &shown(name, &record);
        claimed.extend(record.claims.into_iter().map(|claim| (name, claim.server)));
    }
    let Some(server) = &args.broken else { return print(&text) };
    let reason = args.reason.as_deref().unwrap_or_default().trim();
    if reason.is_empty() {
        return Err(Problem::usage("breaking a claim needs a --reason: the record keeps it"));
    }
    let Some((pool, server)) = claimed.iter().find(|(_, holder)| holder == server) else {
        let known = claimed.iter().map(|(_, holder)| holder.to_string()).collect::<Vec<_>>().join(", ");
        let known = if known.is_empty() { "nobody has".into() } else { format!("these have: {known}") };
        return Err(Problem::input(format!("{server} has claimed no pool of this manifest; {known}")));
    };
    print(&records.break_claim(&input, &names, pool, server, reason)?)
}

/// The names of the records, each with its folder.
fn names(goals: &[Goal]) -> BTreeMap<Fqdn, String> {
    let claims = goals.iter().filter_map(|goal| goal.claims.as_ref());
    claims.map(|claims| (claims.name.clone(), claims.folder.clone())).collect()
}

/// Where the records are.
enum Records {
    Lab(Site),
    Share,
}

impl Records {
    fn open(input: &Input) -> Result<Self, Problem> {
        if lab_path(input).is_none() {
            return Ok(Self::Share);
        }
        Ok(Self::Lab(Site::open(input, &[])?.0))
    }

    fn read(&self, names: &BTreeMap<Fqdn, String>, name: &Fqdn) -> Result<PoolRecord, Problem> {
        match self {
            Self::Lab(Site::Lab(lab)) => Ok(lab.world().pools.get(name).cloned().unwrap_or_default()),
            #[cfg(windows)]
            Self::Lab(Site::Machine(_)) => Ok(PoolRecord::default()),
            Self::Share => share(names, name).read(name).map_err(Problem::failed),
        }
    }

    fn break_claim(
        &mut self,
        input: &Input,
        names: &BTreeMap<Fqdn, String>,
        name: &Fqdn,
        server: &ServerName,
        reason: &str,
    ) -> Result<String, Problem> {
        let (by, at, reason) = (user(), now(), reason.to_owned());
        let broken = match self {
            Self::Lab(Site::Lab(lab)) => {
                let _lock = lock(input, &reconcile_schema::RunId(run_name()))?;
                lab.break_claim(name, server, by, at, reason).map_err(Problem::input)?
            }
            #[cfg(windows)]
            Self::Lab(Site::Machine(_)) => None,
            Self::Share => share(names, name).break_claim(name, server, by, at, reason).map_err(Problem::failed)?,
        };
        Ok(match broken {
            Some(claim) => format!(
                "{name}: the claim of {} is broken; make sure that it is not worked on: the next server may be taken down now\n",
                escape(claim.server.as_str())
            ),
            None => format!("{name}: {server} has released it meanwhile\n"),
        })
    }
}

fn share(names: &BTreeMap<Fqdn, String>, name: &Fqdn) -> Share {
    Share::at(names.get(name).map_or("", String::as_str))
}

#[expect(clippy::disallowed_methods, reason = "the edge says when a claim was broken")]
fn now() -> Timestamp {
    Timestamp::now()
}

fn shown(name: &Fqdn, record: &PoolRecord) -> String {
    let mut out = format!("{name}\n");
    if record.claims.is_empty() {
        let _ = writeln!(out, "  {GOOD}={GOOD:#}  no server is worked on");
    }
    for claim in &record.claims {
        let boot = claim.boot.as_ref().map(|boot| format!(", in {}", escape(&boot.0))).unwrap_or_default();
        let server = escape(claim.server.as_str());
        let _ = writeln!(out, "  {WAITS}…{WAITS:#}  {server} is worked on since {:.0}{boot}", claim.at);
    }
    for (server, build) in &record.reached {
        let _ = writeln!(out, "  {FAINT}·{FAINT:#}  {server} was done at {build}");
    }
    for broken in &record.broken {
        let (server, by, why) = (escape(broken.claim.server.as_str()), escape(&broken.by), escape(&broken.reason));
        let _ =
            writeln!(out, "  {FAINT}·{FAINT:#}  the claim of {server} was broken by {by} at {:.0}: {why}", broken.at);
    }
    out
}
