//! The documented procedure, call by call, on every kind of server: from outdated to current, and then no further call.

use reconcile_doubles::{Form, Pool};
use reconcile_schema::{State, Step};
use serde_json::json;

use crate::machine::Machine;
use crate::reconcile::{MANIFEST, STATE, manifest};
use crate::server::{LYNC_2013, Product, SFB_2015, SFB_2019, SFB_SE, SQL_SERVER, Server};

/// The scripts of one product, with the requests that they get.
struct Shell(&'static str);

impl Shell {
    fn test(&self, set: &serde_json::Value) -> String {
        format!("Test-CsDatabase.ps1 {}\n{set}", json!({ "module": self.0 }))
    }

    fn test_pool(&self, pool: &Pool) -> String {
        let request = json!({ "module": self.0, "pool": pool.fqdn, "asks": pool.asks });
        format!("Test-Pool.ps1 {request}")
    }

    fn move_computer(&self, computer: &str, direction: &str) -> String {
        let request = json!({ "module": self.0, "computer": computer, "direction": direction });
        format!("Move-Computer.ps1 {request}")
    }

    fn install(&self, set: &serde_json::Value, exclude: bool) -> String {
        let mut request = set.clone();
        request["excludeCollocatedStores"] = exclude.into();
        request["module"] = self.0.into();
        format!("Install-CsDatabase.ps1 {request}")
    }
}

/// A call with the keys of its input sorted, as `json!` sorts them.
fn sorted(call: String) -> String {
    match call.split_once(".ps1 ") {
        Some((script, input)) => {
            let lines = input.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
            format!("{script}.ps1 {}", lines.map(|line| line.to_string()).collect::<Vec<_>>().join("\n"))
        }
        None => call,
    }
}

/// Updates the server and compares every call with the documentation.
fn follows_the_documents(server: Server, collocated: bool) {
    let machine = Machine::new(server);
    let server = machine.server();
    let product = server.product;
    let mut services: Vec<_> = server.lab.services.iter().map(|service| service.name.as_str()).skip(1).collect();
    services.sort_unstable();
    let services = services.join(" ");
    machine.put(MANIFEST, manifest(&machine, "{}").replace("collocated: false", &format!("collocated: {collocated}")));

    let shell = Shell(product.module);
    let has = |form| server.databases.iter().any(|database| database.form == form);
    let own = has(Form::Local).then(|| json!({ "form": "local" }));
    let own = own.or_else(|| has(Form::Configured).then(|| json!({ "form": "configured", "sqlServer": SQL_SERVER })));
    let central = json!({ "form": "central", "sqlServer": server.lab.fqdn, "instance": "RTC" });
    let central = has(Form::Central).then_some(central);
    let stores: Vec<_> = own.map(|set| (set, collocated)).into_iter().chain(central.map(|set| (set, false))).collect();

    // Only in the later products does the pool take over for one server.
    let pool = server.lab.pool.as_ref();
    let moved = |direction| pool.filter(|pool| pool.moves).map(|_| shell.move_computer(&server.lab.fqdn, direction));

    // Every question is asked before the first stop, and the one to the pool comes last. The second stop finds nothing
    // to stop.
    let asks = !stores.is_empty() || moved("out").is_some();
    let membership = r#"Test-Membership.ps1 {"group":"RTCUniversalServerAdmins"}"#.to_owned();
    let mut expected: Vec<_> = asks.then_some(membership).into_iter().collect();
    expected.extend(stores.iter().map(|(set, _)| shell.test(set)));
    expected.extend(pool.map(|pool| shell.test_pool(pool)));
    expected.extend(moved("out"));
    expected.push(format!("stop {services}"));
    expected.push("service.exe W3SVC stop".into());
    expected.push(format!("{} /silentmode", product.installer.to_ascii_lowercase()));
    expected.push("service.exe W3SVC start".into());
    for (set, exclude) in &stores {
        expected.push(shell.test(set));
        expected.push(shell.install(set, *exclude));
        expected.push(shell.test(set));
    }
    expected.extend(moved("back"));
    expected.push(format!("start {services}"));

    let known = machine.calls().len();
    let ran = machine.apply();
    ran.is(0, State::AtGoal);
    assert_eq!(ran.count(&Step::FailOver), moved("out").iter().count(), "{ran:#?}");
    assert_eq!(ran.count(&Step::FailOver) + ran.count(&Step::StopServices), 2, "{ran:#?}");
    // What doctor reads before the first stop is the same for every server: the task, and one script.
    let called = machine.called_since(known);
    let examines = |call: &String| call.starts_with("schtasks.exe /query") || call.starts_with("Test-Server.ps1 ");
    let stops = called.iter().position(|call| call.starts_with("stop ") || call.starts_with("Move-")).unwrap();
    let examined: Vec<_> = called.iter().enumerate().filter(|(_, call)| examines(call)).map(|(at, _)| at).collect();
    assert!(examined.len() == 3 && examined.iter().all(|at| *at < stops), "{called:#?}");
    let called: Vec<_> = called.into_iter().filter(|call| !examines(call)).map(sorted).collect();
    assert_eq!(called, expected, "{ran:#?}");
    machine.assert_converged();

    let known = machine.calls().len();
    let again = machine.apply();
    again.is(0, State::AtGoal);
    assert!(!again.server.changed && again.server.steps.is_empty(), "{again:#?}");
    assert_eq!(machine.calls().len(), known, "no child process, no service");
}

fn every_role(product: Product) {
    follows_the_documents(Server::standard_edition(product), false);
    follows_the_documents(Server::back_end(product), false);
    follows_the_documents(Server::back_end(product), true);
    follows_the_documents(Server::front_end(product), false);
}

#[test]
fn lync_server_2013() {
    every_role(LYNC_2013);
}

#[test]
fn skype_for_business_server_2015() {
    every_role(SFB_2015);
}

#[test]
fn skype_for_business_server_2019() {
    every_role(SFB_2019);
}

#[test]
fn skype_for_business_server_subscription_edition() {
    every_role(SFB_SE);
}

#[test]
fn a_server_that_holds_the_central_management_store() {
    follows_the_documents(Server::standard_edition(LYNC_2013).with_central_management(), false);
}

/// The list of the variables that a child gets.
const ENVIRONMENT: &str = include_str!("../../reconciler/hosts/windows/environment.txt");

#[test]
fn the_installer_gets_a_private_folder_and_the_listed_environment() {
    let machine = Machine::new(Server::standard_edition(SFB_2015));
    machine.declare("{}");
    machine.apply().is(0, State::AtGoal);
    let calls = machine.calls();
    let children = || calls.iter().filter(|call| call.program != "service.exe");
    let listed = ENVIRONMENT.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(": "));
    let mut listed: Vec<_> = listed.map(|(name, _)| name.to_ascii_uppercase()).collect();
    listed.sort();
    for call in children() {
        let folder = call.directory.to_ascii_lowercase();
        assert!(folder.starts_with(&format!(r"{STATE}\logs\")), "{call:#?}");
        // Wine adds these variables for itself.
        let given = call.environment.iter().filter(|name| !name.starts_with("WINE"));
        let mut names: Vec<_> = given.map(|name| name.to_ascii_uppercase()).collect();
        names.sort();
        assert_eq!(names, listed, "{call}");
    }
    let folders: std::collections::BTreeSet<_> = children().map(|call| &call.directory).collect();
    assert_eq!(folders.len(), children().count(), "each child has a folder of its own");
    let installer = children().find(|call| call.program == "skypeserverupdateinstaller.exe").unwrap();
    let log = machine.path(&installer.directory).join("skypeserverupdateinstaller.log");
    assert!(std::fs::read_to_string(log).unwrap().contains("Core Components: 6.0.9319.548 -> 6.0.9319.619"));
}
