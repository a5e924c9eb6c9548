//! The databases of a pool on a SQL Server of their own: updated from a Front End Server, after all of them, with no
//! service touched.

use reconcile_doubles::ScriptRun;
use reconcile_schema::{State, Step};
use serde_json::json;

use crate::machine::Machine;
use crate::reconcile::{MANIFEST, PROGRAM, manifest};
use crate::server::{LYNC_2013, POOL, Product, SFB_2019, SQL_SERVER, Server};

const CLAIMS: &str = r"C:\claims";

/// The account of the prefix, which writes the files of all servers here.
const WINE: &str = "S-1-5-21-0-0-0-1000";

const OTHERS: [&str; 2] = ["other-1.lab.example", "other-2.lab.example"];

const INSTALL: &str = "Install-CsDatabase.ps1";

/// A Front End Server, one of three, that answers for the databases of its pool; these are declared with `more`.
fn answering(product: Product, more: &str) -> Machine {
    let mut server = Server::front_end(product);
    server.databases = Server::back_end(product).databases;
    let machine = Machine::new(server);
    let own = &machine.server().lab.fqdn;
    let plain = manifest(&machine, "{}");
    let (before, servers) = plain.split_once("servers:\n").expect("servers");
    let servers: String =
        servers.lines().filter(|line| !line.contains("databases:")).map(|line| format!("{line}\n")).collect();
    let others = OTHERS.map(|name| format!("  {name}: {{ role: front-end, pool: {POOL}, target: update }}\n"));
    let shared = format!(
        "rollout: {{ claims: {{ folder: '{CLAIMS}', writers: [{WINE}] }} }}
pools: {{ {POOL}: {{ databases: {{ sqlServer: {SQL_SERVER}, from: {own}{more} }} }} }}
servers:
{}",
        others.concat()
    );
    machine.put(MANIFEST, format!("{before}{shared}{servers}"));
    std::fs::create_dir_all(machine.path(CLAIMS)).unwrap();
    machine
}

/// Another server of the pool has reported its build.
fn reports(machine: &Machine, server: &str) {
    let record = json!({ "reached": { server: machine.server().product.after } });
    machine.put(&format!(r"{CLAIMS}\{POOL}.{server}.json"), record.to_string());
}

fn installs(machine: &Machine) -> Vec<String> {
    let calls = machine.calls();
    calls.iter().filter(|call| call.script() == Some(INSTALL)).map(|call| call.stdin.trim().to_owned()).collect()
}

/// Since `known`, nothing but the databases was touched: no service, no installer.
fn only_databases(machine: &Machine, known: usize) {
    let called = machine.called_since(known);
    let of_databases = |call: &String| call.starts_with("Test-") || call.starts_with(INSTALL);
    assert!(called.iter().all(of_databases), "{called:#?}");
    machine.assert_up();
}

/// From nothing to the goal: the server itself, the wait for each of the others, the databases, and then nothing more.
fn from_nothing_to_the_goal(product: Product, more: &str, asked: &serde_json::Value) {
    let machine = answering(product, more);
    let waits = |names: &str, have: &str| {
        format!(
            "the databases on {SQL_SERVER} are updated after all Front End Servers: {names} {have} at {}",
            machine.server().product.after
        )
    };
    let first = machine.apply();
    first.is(3, State::Blocked);
    assert_eq!(first.why(), waits("other-1.lab.example, other-2.lab.example", "have not reported that they are"));
    assert_eq!(first.count(&Step::Install), 1, "{first:#?}");
    reports(&machine, OTHERS[0]);
    let known = machine.calls().len();
    let second = machine.apply();
    second.is(3, State::Blocked);
    assert_eq!(second.why(), waits("other-2.lab.example", "has not reported that it is"));
    machine.assert_untouched(known);
    assert_eq!(installs(&machine), Vec::<String>::new());

    reports(&machine, OTHERS[1]);
    let known = machine.calls().len();
    let third = machine.apply();
    third.is(0, State::AtGoal);
    assert!(matches!(third.server.steps[..], [Step::UpdatePoolDatabases(_)]), "{third:#?}");
    only_databases(&machine, known);
    machine.assert_converged();
    let installs: Vec<serde_json::Value> =
        installs(&machine).iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    let mut asked = asked.clone();
    asked["module"] = machine.server().lab.module.as_str().into();
    assert_eq!(installs, [asked]);

    let known = machine.calls().len();
    let again = machine.apply();
    again.is(0, State::AtGoal);
    assert_eq!((again.server.steps.len(), machine.calls().len()), (0, known), "{again:#?}");
}

#[test]
fn databases_of_a_pool_wait_for_its_servers_and_touch_no_service() {
    let plain = json!({ "form": "configured", "sqlServer": SQL_SERVER, "excludeCollocatedStores": false });
    from_nothing_to_the_goal(LYNC_2013, "", &plain);
    let mut collocated = plain;
    collocated["excludeCollocatedStores"] = true.into();
    collocated["useDefaultSqlPaths"] = true.into();
    from_nothing_to_the_goal(SFB_2019, ", collocated: true, useDefaultSqlPaths: true", &collocated);
}

#[test]
fn killed_while_the_databases_of_the_pool_are_updated() {
    let mut machine = answering(SFB_2019, "");
    machine.change(|lab| drop(lab.scripts.insert(INSTALL.into(), vec![ScriptRun::Slow(8_000)])));
    machine.apply().is(3, State::Blocked);
    OTHERS.iter().for_each(|server| reports(&machine, server));
    let known = machine.calls().len();
    let run = machine.start_apply();
    machine.until_called(INSTALL, |call| call.script() == Some(INSTALL));
    machine.kill(PROGRAM);
    run.end();
    let again = machine.apply();
    again.is(0, State::AtGoal);
    assert_eq!(again.server.steps, [], "the update went on and is waited for");
    assert_eq!(installs(&machine).len(), 1);
    only_databases(&machine, known);
    machine.assert_converged();
}
