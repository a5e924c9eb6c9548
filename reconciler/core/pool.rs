//! Whether a pool can do without one of its servers: what the product reports about it, and how many servers must stay.

use alloc::{format, string::String, vec::Vec};

use reconcile_schema::{Fabric, PoolSeen, Readiness, ServerName, UpgradeDomain};

use crate::{goal::Goal, quorum::spare, seen::Seen, unready::Unready};

/// Why a pool in this state cannot spare this server now.
///
/// Objects decide: `PoolUpgradeState`, and whether the upgrade domain of this server is ready. The counts are compared
/// with the documented numbers where the product reports them. The output of `Get-CsPoolFabricState` is text, and comes
/// second.
pub(crate) fn unready(goal: &Goal, seen: &Seen, found: &PoolSeen) -> Option<Unready> {
    let servers = found.servers.map(|servers| servers.max(goal.peers));
    match found.readiness {
        Readiness::Busy => return Some(Unready::Busy),
        Readiness::InsufficientActiveFrontEnds => return Some(Unready::Insufficient { active: found.active, servers }),
        Readiness::Ready => {}
    }
    if let Some(own) = closed_domain(goal, found) {
        return Some(Unready::Domain { own });
    }
    match (found.active, servers) {
        (Some(active), Some(servers)) => {
            let (left, needed) = (active.saturating_sub(u32::from(seen.is_active())), needed(servers));
            if left < needed {
                return Some(Unready::Quorum { active, servers, needed });
            }
        }
        (None, _) | (_, None) if found.domains.is_empty() => return Some(Unready::Untold),
        (None, _) | (_, None) => {}
    }
    if !found.missing.is_empty() {
        return Some(Unready::Replicas { missing: found.missing.clone() });
    }
    // Another server of its upgrade domain may be down, and the fabric would warn of that.
    if !found.warnings.is_empty() && goal.upgrade_domain.is_none() {
        return Some(Unready::Warned { warnings: found.warnings.clone() });
    }
    match goal.rules.fabric {
        Fabric::Block => strange(found).map(|said| Unready::NotUnderstood { said }),
        Fabric::Ignore => None,
    }
}

/// Whether an upgrade domain that must be ready is not, and whether it is known to be this server's. If that is
/// unknown, all domains must be ready.
fn closed_domain(goal: &Goal, found: &PoolSeen) -> Option<bool> {
    let declared = goal.upgrade_domain.as_ref();
    let is_ours = |domain: &&UpgradeDomain| {
        let is_declared = |name: &String| declared.is_some_and(|own| name.eq_ignore_ascii_case(own.as_str()));
        domain.names.iter().any(|name| is_declared(name) || names(name).any(|name| is_called(&goal.server, name)))
    };
    let mut ours = found.domains.iter().filter(is_ours).peekable();
    let own = ours.peek().is_some();
    let closed = if own { ours.any(|domain| !domain.ready) } else { found.domains.iter().any(|domain| !domain.ready) };
    closed.then_some(own)
}

/// The words in a text that can be server names.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let part = |sign: char| !(sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-' | '_'));
    text.split(part).map(|name| name.trim_matches('.')).filter(|name| !name.is_empty())
}

/// Whether a server has this name, in full or by its host name alone.
fn is_called(server: &ServerName, name: &str) -> bool {
    let host = |name: &str| name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let (is_short, own) = (!name.contains('.') || !server.as_str().contains('.'), server.as_str());
    name.eq_ignore_ascii_case(own) || is_short && host(name) == host(own)
}

/// The lines about its fabric that do not follow the published form. A sound line has the name of a server, OK and UP.
#[must_use]
pub fn strange(found: &PoolSeen) -> Option<Vec<String>> {
    let fabric = found.fabric.as_ref()?;
    if fabric.is_empty() {
        return Some(alloc::vec!["nothing".into()]);
    }
    let strange: Vec<_> = fabric.iter().filter(|line| !is_sound(line)).map(|line| format!("{line:?}")).collect();
    (!strange.is_empty()).then_some(strange)
}

fn is_sound(line: &str) -> bool {
    let mut words: Vec<_> = names(line).filter(|word| !matches!(*word, "OK" | "UP")).collect();
    let all = names(line).count();
    let name = words.pop().filter(|name| words.is_empty() && name.parse::<ServerName>().is_ok());
    all == 3 && name.is_some() && ["OK", "UP"].iter().all(|word| names(line).any(|one| one == *word)) && line.is_ascii()
}

/// How many servers of a pool must be running before another one is taken down.
fn needed(servers: u32) -> u32 {
    let spare = usize::try_from(servers).map_or(0, spare);
    servers.saturating_sub(u32::try_from(spare).unwrap_or_default())
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_pool_keeps_what_the_documents_ask_for() {
        let table =
            [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (6, 3), (7, 4), (8, 5), (9, 6), (10, 6), (12, 8), (16, 11)];
        for (servers, kept) in table {
            assert_eq!(needed(servers), kept, "a pool of {servers}");
        }
    }

    fn found(fabric: &[&str]) -> PoolSeen {
        PoolSeen {
            readiness: Readiness::Ready,
            domains: Vec::new(),
            servers: None,
            active: None,
            missing: Vec::new(),
            warnings: Vec::new(),
            fabric: Some(fabric.iter().map(|line| String::from(*line)).collect()),
        }
    }

    #[test]
    fn sound_is_a_server_that_is_ok_and_up_and_nothing_else_is() {
        for line in ["fe01.contoso.example  OK  UP", "fe01 : UP, OK", "FE01 [OK] [UP]"] {
            assert_eq!(strange(&found(&[line])), None, "{line}");
        }
        let strange_ones = [
            "fe01.contoso.example",
            "fe01.contoso.example OK",
            "fe01.contoso.example OK DOWN",
            "fe01.contoso.example not OK, not UP",
            "OK UP",
            "fe01.contoso.example OK OK",
            "-fe01 OK UP",
            "fe01.contoso.example EN ORDEN",
            "fe01.contoso.example OK UP 3",
            "f\u{fc}01 OK UP",
        ];
        for line in strange_ones {
            assert_eq!(strange(&found(&["fe02 OK UP", line])).map(|said| said.len()), Some(1), "{line}");
        }
        assert_eq!(strange(&found(&[])).as_deref(), Some(&["nothing".into()][..]));
        assert_eq!(strange(&PoolSeen { fabric: None, ..found(&[]) }), None, "nobody asked");
    }

    #[test]
    fn a_server_is_known_by_its_full_name_or_by_its_host_name_and_not_by_a_part_of_it() {
        let of = |text: &str, server: &str| {
            let server: ServerName = server.parse().expect("a name");
            names(text).any(|name| is_called(&server, name))
        };
        assert!(of("{FE1.contoso.example, fe2.contoso.example}", "fe1.contoso.example"));
        assert!(of("@{Name=UD1; Servers=fe1 fe2}", "fe1.contoso.example"));
        assert!(of("fe1.contoso.example", "fe1"));
        assert!(!of("fe10.contoso.example fe11", "fe1.contoso.example"));
        assert!(!of("fe1.fabrikam.example", "fe1.contoso.example"));
    }
}
