//! What services depend on, directly and through others.

use std::collections::BTreeSet;

use reconcile_schema::{Dependency, StartType};

/// A service, with the names of those that must run before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub name: String,
    pub start: StartType,
    pub needs: Vec<String>,
}

/// Everything that these services depend on, except each other; `find` reads another service, or a driver.
///
/// A service that is disabled itself is left out: nobody starts it.
///
/// # Errors
/// The first of `find`.
pub fn dependencies<E>(
    ours: &[Node],
    mut find: impl FnMut(&str) -> Result<Option<Node>, E>,
) -> Result<Vec<Dependency>, E> {
    let own: BTreeSet<_> = ours.iter().map(|node| node.name.to_lowercase()).collect();
    let mut all = Vec::new();
    for service in ours.iter().filter(|node| node.start != StartType::Disabled) {
        // A dependency in a circle is met once.
        let mut met = own.clone();
        let mut open: Vec<_> = service.needs.iter().rev().cloned().collect();
        while let Some(needs) = open.pop() {
            if !met.insert(needs.to_lowercase()) {
                continue;
            }
            let found = find(&needs)?;
            let start = found.as_ref().map(|node| node.start);
            all.push(Dependency { service: service.name.clone(), needs, start });
            open.extend(found.into_iter().flat_map(|node| node.needs.into_iter().rev()));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, start: StartType, needs: &[&str]) -> Node {
        Node { name: name.into(), start, needs: needs.iter().map(|name| (*name).to_owned()).collect() }
    }

    /// The names are those of Windows; that these depend on each other is invented. Microsoft Learn, Service
    /// dependencies: names are not case-sensitive, and a service may depend on drivers.
    #[test]
    fn dependencies_are_followed_through_others_and_the_products_own_are_left_out() {
        use StartType::{Automatic, Disabled, Manual};
        let ours = [
            node("RTCSRV", Automatic, &["replica", "HTTP", "Was"]),
            node("REPLICA", Automatic, &["RpcSs", "Gone"]),
            node("RTCRGS", Disabled, &["MSMQ"]),
        ];
        let windows = [
            node("HTTP", Manual, &["CryptSvc"]),
            node("WAS", Disabled, &["RPCSS"]),
            node("RpcSs", Automatic, &["WAS"]),
            node("CryptSvc", Automatic, &["http"]),
        ];
        let find = |name: &str| -> Result<_, String> {
            Ok(windows.iter().find(|node| node.name.eq_ignore_ascii_case(name)).cloned())
        };
        let found = dependencies(&ours, find).unwrap_or_default();
        let told: Vec<_> = found.iter().map(|one| (one.service.as_str(), one.needs.as_str(), one.start)).collect();
        assert_eq!(
            told,
            [
                ("RTCSRV", "HTTP", Some(Manual)),
                ("RTCSRV", "CryptSvc", Some(Automatic)),
                ("RTCSRV", "Was", Some(Disabled)),
                ("RTCSRV", "RPCSS", Some(Automatic)),
                ("REPLICA", "RpcSs", Some(Automatic)),
                ("REPLICA", "WAS", Some(Disabled)),
                ("REPLICA", "Gone", None),
            ]
        );
        let unreadable = dependencies(&ours, |_| Err::<Option<Node>, _>("access is denied"));
        assert_eq!(unreadable, Err("access is denied"));
    }
}
