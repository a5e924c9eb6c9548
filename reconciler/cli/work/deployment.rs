//! A deployment, as snapshots of its servers tell of it: products, builds, roles and databases.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use reconcile_hosts::snapshot::{Origin, Piece, Reader, Record, read};
use reconcile_schema::{
    Build, CentralStore, Component, Databases, Fact, Observed, Product, Role, ServerName, Service, Store,
};

/// The servers that were found.
#[derive(Default)]
pub struct Deployment {
    /// Those that can be in a manifest.
    pub servers: BTreeMap<ServerName, Installed>,
    /// Those that cannot, and why.
    pub left_out: BTreeMap<ServerName, LeftOut>,
    /// How many snapshots could not be read.
    pub unread: usize,
    /// When each server was looked at.
    dates: BTreeMap<ServerName, Timestamp>,
}

/// What is installed on a server.
#[derive(Clone)]
pub struct Installed {
    pub product: Product,
    /// The build of its Core Components.
    pub core: Build,
    pub part: Part,
    /// The databases that are updated from it, as far as they were looked at.
    pub databases: Databases,
}

/// The role of a server, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Its role is known.
    Known(Role),
    /// It has the Front End Server component: a Standard Edition server, a Front End Server, or the server from which a Back End is
    /// updated. Their components do not differ.
    FrontEndOrStandard,
    /// Neither components nor services show the role.
    Unclear,
}

/// Why a server cannot be in a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// Its product is only recognised.
    NotPatched(Product),
    /// No product has Core Components there.
    NoProduct,
    /// Several products have.
    SeveralProducts,
}

impl Deployment {
    /// What these pieces tell. What cannot be read is left out; `tell` takes in a sentence about it.
    pub fn read(pieces: impl Iterator<Item = Piece>, mut tell: impl FnMut(&str)) -> Self {
        let (mut found, mut reader) = (Self::default(), Reader::default());
        for piece in pieces {
            read(&mut reader, piece, |Record { origin: Origin { file, line }, snapshot }| {
                let place = line.map_or_else(|| file.to_string(), |line| format!("{file}:{line}"));
                match snapshot {
                    Ok(snapshot) => found.take(&place, &snapshot.seen, &mut tell),
                    Err(why) => found.leave_out(&place, &why, &mut tell),
                }
            });
        }
        found.join_names(&mut tell);
        found
    }

    /// What is installed on this server.
    #[cfg(windows)]
    pub fn here(seen: &Observed, mut tell: impl FnMut(&str)) -> Self {
        let mut found = Self::default();
        found.take(seen.host.as_str(), seen, &mut tell);
        found
    }

    fn leave_out(&mut self, place: &str, why: &str, tell: &mut impl FnMut(&str)) {
        self.unread += 1;
        tell(&format!("left out: {place}: {why}"));
    }

    fn take(&mut self, place: &str, seen: &Observed, tell: &mut impl FnMut(&str)) {
        let components = match &seen.components {
            Fact::Known(components) => components,
            Fact::Unknown(why) => {
                return self.leave_out(place, &format!("the installed components are unknown: {why}"), tell);
            }
            Fact::NotLooked => return self.leave_out(place, "the installed components were not read", tell),
        };
        if let Some(date) = self.dates.get(&seen.host) {
            tell(&format!("{place}: a second snapshot of {}; the later one counts", seen.host));
            if *date > seen.at {
                return;
            }
        }
        self.dates.insert(seen.host.clone(), seen.at);
        self.servers.remove(&seen.host);
        self.left_out.remove(&seen.host);
        match installed(components, seen) {
            Ok(installed) => drop(self.servers.insert(seen.host.clone(), installed)),
            Err(why) => drop(self.left_out.insert(seen.host.clone(), why)),
        }
    }

    /// A server that was found by its host name and by its full name is one server.
    fn join_names(&mut self, tell: &mut impl FnMut(&str)) {
        let is_full = |name: &&ServerName| name.as_str().contains('.');
        let hosts: BTreeMap<String, ServerName> =
            self.dates.keys().filter(is_full).map(|name| (name.host().to_owned(), name.clone())).collect();
        let short: BTreeSet<_> = self.dates.keys().filter(|name| !is_full(name)).cloned().collect();
        for name in short {
            if let Some(full) = hosts.get(name.as_str()) {
                tell(&format!("{name} and {full} count as one server, and the snapshot with the full name counts"));
                self.servers.remove(&name);
                self.left_out.remove(&name);
            }
        }
    }
}

fn installed(components: &[Component], seen: &Observed) -> Result<Installed, LeftOut> {
    let mut cores = components.iter().filter(|component| component.name.is_core());
    let core = cores.next().ok_or(LeftOut::NoProduct)?;
    if cores.any(|other| other.product != core.product) {
        return Err(LeftOut::SeveralProducts);
    }
    if !core.product.is_patched() {
        return Err(LeftOut::NotPatched(core.product));
    }
    let part = part(components, seen);
    let mut databases = databases(seen);
    if part != Part::Known(Role::BackEnd) {
        (databases.sql_server, databases.collocated) = (None, false);
    }
    Ok(Installed { product: core.product, core: core.build.clone(), part, databases })
}

/// The roles, each with the component and the services that stand for it (`Get-CsWindowsService` samples for a Front End, a
/// Persistent Chat and an Edge Server).
const SIGNS: [(Role, &str, &[&str]); 4] = [
    (Role::Edge, "edge-server", &["RTCMRAUTH", "RTCMEDIARELAY"]),
    (Role::Director, "director", &[]),
    (Role::PersistentChat, "persistent-chat-server", &["RTCCHAT"]),
    (Role::Mediation, "mediation-server", &["RTCMEDSRV"]),
];

/// What the server is for: by the databases and the pool that somebody declared for the snapshot, else by its components and
/// services.
fn part(components: &[Component], seen: &Observed) -> Part {
    if seen.databases.contains_key(&Store::Local) {
        return Part::Known(Role::StandardEdition);
    }
    if seen.databases.keys().any(|store| matches!(store, Store::Configured { .. })) {
        return Part::Known(Role::BackEnd);
    }
    let has = |name: &str| components.iter().any(|component| component.name.as_str() == name);
    let services = seen.services.known().map_or(&[] as &[Service], |services| services);
    let has_service = |name: &&str| services.iter().any(|service| service.name.eq_ignore_ascii_case(name));
    let mut roles = SIGNS
        .into_iter()
        .filter(|(_, component, services)| has(component) || services.iter().any(has_service))
        .map(|(role, ..)| role);
    if has("front-end-server") || has_service(&"RTCIMMCU") {
        // Mediation and Persistent Chat may be on the same server; the others may not.
        return match (&seen.pool, roles.any(|role| matches!(role, Role::Edge | Role::Director))) {
            (_, true) => Part::Unclear,
            (Fact::Known(_) | Fact::Unknown(_), false) => Part::Known(Role::FrontEnd),
            (Fact::NotLooked, false) => Part::FrontEndOrStandard,
        };
    }
    match (roles.next(), roles.next()) {
        (Some(role), None) => Part::Known(role),
        (None, _) | (Some(_), Some(_)) => Part::Unclear,
    }
}

fn databases(seen: &Observed) -> Databases {
    let mut databases = Databases::default();
    for store in seen.databases.keys() {
        match store {
            Store::Local => {}
            Store::Configured { sql_server, exclude_collocated } => {
                databases.sql_server = Some(sql_server.clone());
                databases.collocated = *exclude_collocated;
            }
            Store::CentralManagement { sql_server, instance } => {
                databases.central_management_store =
                    Some(CentralStore { sql_server: sql_server.clone(), instance: instance.clone() });
            }
        }
    }
    databases
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use reconcile_schema::{Recognised, ServiceState, StartType};

    use super::*;

    /// The part of a server with these components and services.
    fn found(components: &[&str], services: &[&str]) -> Part {
        let component = |title: &&str| {
            let display = Component::display_name(Product::Sfb2019, title);
            let (product, name) = Component::from_display_name(&display).unwrap();
            Component { product, name, build: "7.0.2046.123".parse().unwrap() }
        };
        let service = |name: &&str| Service {
            name: (*name).to_owned(),
            state: ServiceState::Running,
            start: StartType::Automatic,
            needs: Vec::new(),
            recognised: Recognised::Name,
        };
        let components: Vec<_> = components.iter().map(component).collect();
        let mut seen = Observed::unread("fe01.contoso.example".parse().unwrap(), Timestamp::UNIX_EPOCH);
        seen.services = Fact::Known(services.iter().map(service).collect::<Vec<_>>().into());
        part(&components, &seen)
    }

    #[test]
    fn components_and_services_tell_the_role_or_that_it_is_unclear() {
        use Part::{FrontEndOrStandard, Known, Unclear};
        let cases: [(&[&str], &[&str], Part); 11] = [
            (&["Core Components", "Edge Server"], &[], Known(Role::Edge)),
            (&["Core Components"], &["RTCMRAUTH", "rtcmediarelay"], Known(Role::Edge)),
            (&["Director"], &["RTCSRV"], Known(Role::Director)),
            (&["Core Components"], &["RTCCHAT"], Known(Role::PersistentChat)),
            (&["Mediation Server"], &["RTCMEDSRV"], Known(Role::Mediation)),
            (&["Front End Server", "Mediation Server"], &["RTCSRV", "RTCMEDSRV"], FrontEndOrStandard),
            (&["Core Components"], &["RTCSRV", "RTCIMMCU", "RTCMEDSRV"], FrontEndOrStandard),
            (&["Front End Server", "Persistent Chat Server"], &[], FrontEndOrStandard),
            (&["Front End Server", "Edge Server"], &[], Unclear),
            (&["Mediation Server", "Director"], &[], Unclear),
            (&["Core Components"], &["REPLICA", "RTCSRV"], Unclear),
        ];
        for (components, services, part) in cases {
            assert_eq!(found(components, services), part, "{components:?} {services:?}");
        }
    }
}
