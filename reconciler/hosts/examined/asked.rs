//! The request to `Test-Server.ps1`: the cmdlets that the steps of a server use, and the SQL Servers of its databases.

use reconcile_core::{Goal, SqlPaths};
use reconcile_schema::Store;
use serde::Serialize;

/// The request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request<'a> {
    pub module: &'a str,
    /// Whether the computer has a domain, with whose clock its own can be compared.
    pub in_domain: bool,
    pub cmdlets: Vec<Cmdlet>,
    /// Each SQL Server, with its instance.
    pub sql_servers: Vec<String>,
}

/// A cmdlet, as the steps use it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cmdlet {
    pub name: &'static str,
    /// The parameters that our scripts give it.
    pub parameters: Vec<&'static str>,
    /// The properties of its answer without which the answer cannot be used.
    pub properties: &'static [&'static str],
}

/// The cmdlets that the steps of a server use, as the scripts call them (`windows/scripts`); the properties are those
/// of Microsoft's page about each cmdlet. `PoolUpgradeState` is the only one of a pool that is published.
pub fn cmdlets(goal: &Goal) -> Vec<Cmdlet> {
    let mut all = Vec::new();
    let stores: Vec<_> = goal.all_stores().collect();
    if !stores.is_empty() {
        let tested = stores.iter().flat_map(|store| form(store, "LocalService"));
        all.push(cmdlet(
            "Test-CsDatabase",
            tested,
            &["DatabaseName", "ExpectedVersion", "InstalledVersion", "Succeed", "MirrorSqlServerFqdn"],
        ));
        let updated = stores.iter().flat_map(|store| {
            let excludes = matches!(store, Store::Configured { exclude_collocated: true, .. });
            let paths = match goal.paths(&goal.updating(store)) {
                SqlPaths::Chosen => None,
                SqlPaths::Default => Some("UseDefaultSqlPaths"),
                SqlPaths::These(_) => Some("DatabasePaths"),
            };
            form(store, "LocalDatabases").into_iter().chain(excludes.then_some("ExcludeCollocatedStores")).chain(paths)
        });
        all.push(cmdlet("Install-CsDatabase", ["Update"].into_iter().chain(updated), &[]));
    }
    if goal.is_in_pool() {
        let asks =
            if goal.product.has_domain_info() { "Get-CsUpgradeDomainInfo" } else { "Get-CsPoolUpgradeReadinessState" };
        all.push(cmdlet(asks, [], &["PoolUpgradeState"]));
        all.push(cmdlet("Get-CsPoolFabricState", ["PoolFqdn"], &[]));
    }
    if goal.fails_over() {
        for name in ["Invoke-CsComputerFailOver", "Invoke-CsComputerFailBack"] {
            all.push(cmdlet(name, ["ComputerName", "WaitTime"], &[]));
        }
    }
    all
}

fn cmdlet(
    name: &'static str,
    parameters: impl IntoIterator<Item = &'static str>,
    properties: &'static [&'static str],
) -> Cmdlet {
    let mut once = Vec::new();
    for parameter in parameters {
        if !once.contains(&parameter) {
            once.push(parameter);
        }
    }
    Cmdlet { name, parameters: once, properties }
}

/// The parameters that name a set of databases; `local` is the one for those of this computer.
fn form(store: &Store, local: &'static str) -> Vec<&'static str> {
    match store {
        Store::Local => vec![local],
        Store::Configured { .. } => vec!["ConfiguredDatabases", "SqlServerFqdn"],
        Store::CentralManagement { instance: None, .. } => vec!["CentralManagementDatabase", "SqlServerFqdn"],
        Store::CentralManagement { instance: Some(_), .. } => {
            vec!["CentralManagementDatabase", "SqlServerFqdn", "SqlInstanceName"]
        }
    }
}

/// The SQL Server of a set of databases, with its instance. Those of a Standard Edition server are in its instance RTC
/// (Microsoft Learn: Install-CsDatabase); what its instances RTCLOCAL and LYNCLOCAL hold is made again from there.
///
/// The instance of the databases of a pool stands in the topology, not in the manifest: the default one is asked.
pub fn sql_server(store: &Store) -> String {
    match store {
        Store::Local => r"(local)\RTC".into(),
        Store::Configured { sql_server, .. } => sql_server.to_string(),
        Store::CentralManagement { sql_server, instance } => match instance {
            Some(instance) => format!(r"{sql_server}\{instance}"),
            None => sql_server.to_string(),
        },
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use reconcile_schema::{Manifest, Releases};

    use super::*;

    fn goals(text: &str) -> Vec<Goal> {
        let manifest: Manifest = serde_yaml::from_str(text).expect("a manifest");
        let releases: Releases =
            serde_yaml::from_str(include_str!("../../../manifests/releases.yaml")).expect("a catalogue");
        Goal::of_all(&manifest, &releases).expect("goals")
    }

    fn told(goal: &Goal) -> Vec<String> {
        let told = |one: Cmdlet| format!("{} {}", one.name, one.parameters.join(" ")).trim().to_owned();
        cmdlets(goal).into_iter().map(told).collect()
    }

    /// The parameters are those of Microsoft's pages, which `tests/scripts.rs` holds the scripts to.
    #[test]
    fn each_server_is_asked_for_the_cmdlets_of_its_own_steps() {
        let standard = goals(include_str!("../../../manifests/standard-edition.yaml"));
        assert_eq!(
            told(standard.first().expect("a server")),
            ["Test-CsDatabase LocalService", "Install-CsDatabase Update LocalDatabases"]
        );
        let collocated = goals(include_str!("../../../manifests/back-end-collocated.yaml"));
        assert_eq!(
            told(collocated.first().expect("a server")),
            [
                "Test-CsDatabase ConfiguredDatabases SqlServerFqdn",
                "Install-CsDatabase Update ConfiguredDatabases SqlServerFqdn ExcludeCollocatedStores"
            ]
        );
        let pool = goals(include_str!("../../../manifests/front-end-pool.yaml"));
        let front_end = pool.iter().find(|goal| goal.is_in_pool()).expect("a Front End Server");
        let asks = if front_end.product.has_domain_info() {
            "Get-CsUpgradeDomainInfo"
        } else {
            "Get-CsPoolUpgradeReadinessState"
        };
        let all = told(front_end);
        assert!(all.contains(&asks.to_owned()) && all.contains(&"Get-CsPoolFabricState PoolFqdn".into()), "{all:?}");
        let moves = all.contains(&"Invoke-CsComputerFailOver ComputerName WaitTime".to_owned());
        assert_eq!(moves, front_end.fails_over(), "{all:?}");
    }

    #[test]
    fn a_request_is_what_the_script_reads() {
        let request = Request {
            module: "Lync.psd1",
            in_domain: true,
            cmdlets: vec![cmdlet("Test-CsDatabase", ["LocalService", "LocalService"], &["Succeed"])],
            sql_servers: vec![sql_server(&Store::Local)],
        };
        let expected = r#"{"module":"Lync.psd1","inDomain":true,"cmdlets":[{"name":"Test-CsDatabase","parameters":["LocalService"],"properties":["Succeed"]}],"sqlServers":["(local)\\RTC"]}"#;
        assert_eq!(serde_json::to_string(&request).expect("JSON"), expected);
    }

    #[test]
    fn a_sql_server_has_its_instance() {
        let central = |instance: Option<&str>| Store::CentralManagement {
            sql_server: "sql.contoso.example".parse().expect("a name"),
            instance: instance.map(|instance| instance.parse().expect("an instance")),
        };
        assert_eq!(sql_server(&Store::Local), r"(local)\RTC");
        assert_eq!(sql_server(&central(Some("RTC"))), r"sql.contoso.example\RTC");
        assert_eq!(sql_server(&central(None)), "sql.contoso.example");
    }
}
