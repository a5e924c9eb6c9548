//! `reconcile claims`: which server of each pool is being updated; breaks a claim.

use reconcile_core::Goal;
use reconcile_schema::{Fqdn, ServerName};

use crate::commands::args::Claims;
use crate::manifest::{exit::Exit, input::Input, problem::Problem};
use crate::show::claims::{broken, shown};
use crate::show::out::{print, warn_of_damage};
use crate::work::{clock::now, records::Records, site::Site};

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
        text += &shown(&name, &record, input.fingerprint(), now(), of.and_then(Goal::zone));
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
    let was = records.break_claim(&input, now(), name, server, reason)?;
    print(&broken(name, server, was.is_some()))
}
