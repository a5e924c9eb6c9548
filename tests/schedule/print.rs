//! `reconcile schedule` without Windows: it prints the definition and refuses everything else.

use std::process::{Command, Output, Stdio};
use std::{fs, path::Path};

const SERVER_PATH: &str = r"C:\Program Files\reconcile\manifest.yaml";

#[expect(clippy::disallowed_methods, reason = "the child is the program that is tested")]
fn reconcile(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reconcile"));
    command.args(args).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).output().unwrap()
}

/// The output of `schedule install MANIFEST --print`.
fn printed(manifest: &str, args: &[&str]) -> String {
    let ended = reconcile(&[&["schedule", "install", manifest, "--print", "--as", SERVER_PATH], args].concat());
    let err = String::from_utf8(ended.stderr).unwrap();
    assert!(ended.status.code() == Some(0) && !err.contains("error"), "{args:?}: {err}");
    String::from_utf8(ended.stdout).unwrap()
}

/// The reason why the command is refused with 64.
fn refused(args: &[&str]) -> String {
    let ended = reconcile(args);
    assert_eq!((ended.status.code(), ended.stdout.len()), (Some(64), 0), "{args:?}");
    String::from_utf8(ended.stderr).unwrap()
}

#[test]
fn the_printed_definition_is_the_committed_one_each_time() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schedule/task.xml");
    let xml = printed("manifests/standard-edition.yaml", &["--program", r"C:\Program Files\reconcile\reconcile.exe"]);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &xml).unwrap();
    }
    assert_eq!(xml, fs::read_to_string(path).unwrap(), "run this with UPDATE_GOLDEN=1");
    // An independent XML parser.
    let document = roxmltree::Document::parse(&xml).unwrap();
    let namespaced = document.root_element().tag_name();
    assert_eq!(namespaced.namespace(), Some("http://schemas.microsoft.com/windows/2004/02/mit/task"));
    let arguments = document.descendants().find(|node| node.tag_name().name() == "Arguments").unwrap();
    assert_eq!(arguments.text(), Some(r#"observe "C:\Program Files\reconcile\manifest.yaml" --unattended"#));
}

#[test]
fn the_printed_task_has_the_requested_options() {
    let options = ["--mode", "observe", "--every", "1d", "--jitter", "2h", "--account", r"CONTOSO\gmsa$"];
    let xml = printed("manifests/standard-edition.yaml", &options);
    for part in [
        "<Arguments>observe ",
        "<Interval>P1D</Interval>",
        "<RandomDelay>PT2H</RandomDelay>",
        r"<UserId>CONTOSO\gmsa$</UserId>",
        "<LogonType>Password</LogonType>",
        // One hour, and the databases of one store.
        "<ExecutionTimeLimit>PT2H</ExecutionTimeLimit>",
    ] {
        assert!(xml.contains(part), "{part}\n{xml}");
    }
}

#[test]
fn the_limit_is_longer_than_the_longest_run_by_the_manifest() {
    let manifest = "\
version: 1
policy: { maintenance: always, attempts: 2, timeouts: { stop: 10m, install: 2h, start: 30m, database: 20m, shells: 5m } }
updates:
  cu7:
    product: sfb-2019
    release: CU7
    installer: { path: 'D:\\SkypeServerUpdateInstaller.exe', sha256: c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00 }
servers:
  se01.contoso.example: { role: standard-edition, target: cu7 }
  se02.contoso.example: { role: standard-edition, target: cu7, policy: { attempts: 4 } }
";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manifest.yaml");
    fs::write(&path, manifest).unwrap();
    let limit = |args: &[&str]| {
        let account = ["--mode", "apply", "--account", r"CONTOSO\gmsa$"];
        let xml = printed(path.to_str().unwrap(), &[&account, args].concat());
        let limit = xml.split_once("<ExecutionTimeLimit>").and_then(|(_, rest)| rest.split_once('<')).unwrap().0;
        limit.to_owned()
    };
    // Attempts × (4 × 10 + 120 + 2 × 30 + 3 × 20 min), then 10 + 2 × 30 + 5 + 60 min.
    assert_eq!(limit(&["--server", "se01.contoso.example"]), "PT11H35M");
    assert_eq!(limit(&["--server", "se02.contoso.example"]), "PT20H55M");
    assert_eq!(limit(&[]), "PT20H55M", "the longest of all servers");
}

#[test]
fn invalid_options_are_refused_with_a_reason() {
    let good = ["schedule", "install", "manifests/back-end.yaml", "--print", "--as", SERVER_PATH];
    for (options, why) in [
        (&["--every", "30s"] as &[&str], "a task can start every 1 min to 31 days, not every 30 s"),
        (&["--jitter", "1h"], "a start can be put off by less than the time between two starts, 1 h, not by 1 h"),
        (&["--mode", "plan"], "expected one of apply, observe"),
        (&["--account", "svc"], r"expected SYSTEM, a managed service account as DOMAIN\name$"),
        (&["--account", r"CONTOSO\svc"], "has no access to the network in a task"),
        (&["--program", r"%TEMP%\x.exe"], "is not absolute"),
        (&["--program", r"C:\a%b\x.exe"], "contains '%', which cannot stand in the path of a task"),
    ] {
        let said = refused(&[&good, options].concat());
        assert!(said.contains(why), "{options:?}: {said}");
    }
    let said = refused(&["schedule", "install", "manifests/back-end.yaml", "--print"]);
    assert!(said.contains("is not absolute") && said.contains("--as gives the path"), "{said}");
    let said = refused(&["schedule", "install", "manifests/lab.yaml", "--print", "--as", SERVER_PATH]);
    assert!(said.contains("its servers are simulated"), "{said}");
    let said = refused(&["schedule", "install", "manifests/back-end.yaml", "--as", SERVER_PATH]);
    assert!(said.contains("--print"), "{said}");
}

#[cfg(not(windows))]
#[test]
fn the_task_scheduler_is_a_part_of_windows() {
    let install = ["schedule", "install", "manifests/standard-edition.yaml"];
    for args in [
        &install as &[&str],
        &["schedule", "show"],
        &["schedule", "show", "--output", "json"],
        &["schedule", "run"],
        &["schedule", "remove"],
    ] {
        let said = refused(args);
        assert!(said.contains("run this on the server") && said.contains("--print"), "{args:?}: {said}");
    }
}

/// A manifest with these parts, in its own folder.
fn of(policy: &str, more: &str, servers: &str) -> (tempfile::TempDir, String) {
    let manifest = format!(
        "\
version: 1
policy: {{ {policy} }}
{more}updates:
  cu7:
    product: sfb-2019
    release: CU7
    installer: {{ path: 'D:\\SkypeServerUpdateInstaller.exe', sha256: {} }}
servers:
{servers}",
        "c0ffee00".repeat(8)
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manifest.yaml");
    fs::write(&path, manifest).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

const STANDARD: &str = "  se01.contoso.example: { role: standard-edition, target: cu7 }\n";
const NIGHT: &str = "maintenance: { timeZone: UTC, windows: { night: { days: sat, from: '22:00', to: '04:00' } } }";

/// The result for a task that applies this manifest as this account: the refusal (64), or the forecast.
fn applies(path: &str, account: &[&str]) -> Result<String, String> {
    let args = ["schedule", "install", path, "--print", "--as", SERVER_PATH, "--mode", "apply"];
    let ended = reconcile(&[&args, account].concat());
    let err = String::from_utf8(ended.stderr).unwrap();
    let code = ended.status.code();
    assert!(matches!(code, Some(0 | 64)), "{code:?}: {err}");
    if code == Some(0) { Ok(err) } else { Err(err) }
}

const MANAGED: [&str; 2] = ["--account", r"CONTOSO\gmsa$"];

#[test]
fn a_task_that_applies_has_windows_or_says_that_it_needs_none() {
    let (_kept, path) = of("reboot: never", "", STANDARD);
    let why = applies(&path, &MANAGED).unwrap_err();
    assert!(
        why.contains("se01.contoso.example has no maintenance window") && why.contains("maintenance: always"),
        "{why}"
    );
    let (_kept, path) = of("maintenance: always", "", STANDARD);
    let said = applies(&path, &MANAGED).unwrap();
    assert!(said.contains("the first outage can happen at the next start of the task"), "{said}");
    let (_kept, path) = of(NIGHT, "", STANDARD);
    let said = applies(&path, &MANAGED).unwrap();
    assert!(said.contains("the first outage can happen") && said.contains("(UTC)"), "{said}");
    assert!(
        said.contains("needs Administrators, and RTCUniversalServerAdmins for updating the local databases"),
        "{said}"
    );
}

#[test]
fn the_account_of_a_task_that_applies_can_have_the_rights_that_its_steps_need() {
    let front = "  fe01.contoso.example: { role: front-end, target: cu7, pool: pool01.contoso.example }\n";
    let mediation = "  me01.contoso.example: { role: mediation, target: cu7 }\n";
    let (local, password) = (["--account", r"CONTOSO\svc"], ["--account", r"CONTOSO\svc", "--password"]);
    // For each server: SYSTEM, an account without its password, an account with it, a managed account.
    for (servers, may) in
        [(STANDARD, [false, true, true, true]), (front, [false, false, true, true]), (mediation, [true; 4])]
    {
        let (_kept, path) = of("maintenance: always", "", servers);
        let accounts: [&[&str]; 4] = [&[], &local, &password, &MANAGED];
        let found = accounts.map(|account| applies(&path, account).is_ok());
        assert_eq!(found, may, "{servers}");
    }
    let (_kept, path) = of("maintenance: always", "", front);
    let why = applies(&path, &[]).unwrap_err();
    assert!(why.contains("SYSTEM belongs to no group of the domain") && why.contains("the failover"), "{why}");
    let why = applies(&path, &["--password"]).unwrap_err();
    assert!(why.contains("SYSTEM has no password"), "{why}");
    let xml = printed(&path, &[&["--mode", "apply"], &password[..]].concat());
    assert!(xml.contains(r"<UserId>CONTOSO\svc</UserId>") && xml.contains("<LogonType>Password</LogonType>"), "{xml}");
}

#[test]
fn two_edge_servers_of_a_pool_are_not_taken_down_in_one_minute() {
    let edges = "  edge[1-2].contoso.example: { role: edge, target: cu7, pool: edge.contoso.example }\n";
    let apart = "  edge1.contoso.example: { role: edge, target: cu7, pool: edge.contoso.example, policy: { maintenance: { timeZone: UTC, windows: { night: { days: sat, from: '22:00', to: '04:00' } } } } }
  edge2.contoso.example: { role: edge, target: cu7, pool: edge.contoso.example, policy: { maintenance: { timeZone: Europe/Berlin, windows: { night: { days: sun, from: '06:00', to: '09:00' } } } } }\n";
    let (_kept, path) = of(NIGHT, "", edges);
    let why = applies(&path, &[]).unwrap_err();
    assert!(why.contains("edge1.contoso.example and edge2.contoso.example of the pool edge.contoso.example"), "{why}");
    let said = reconcile(&["validate", &path]);
    let err = String::from_utf8(said.stderr).unwrap();
    assert!(
        said.status.code() == Some(0) && err.contains("warning[together]") && err.contains("manifest.yaml:9:3"),
        "{err}"
    );

    let planned = reconcile(&["plan", &path, "--fleet", "--as-of", "2026-11-28T12:00:00Z"]);
    let said = String::from_utf8(planned.stdout).unwrap();
    for line in [
        "  edge1.contoso.example of edge.contoso.example: night: { days: \"sat\", from: \"22:00\", to: \"01:00\" }\n",
        "  edge2.contoso.example of edge.contoso.example: night: { days: \"sun\", from: \"01:00\", to: \"04:00\" }\n",
    ] {
        assert!(said.contains(line), "{said}");
    }

    let allowed = "pools: { edge.contoso.example: { together: allowed } }\n";
    for (policy, more, servers) in [(NIGHT, allowed, edges), ("reboot: never", "", apart)] {
        let (_kept, path) = of(policy, more, servers);
        assert!(applies(&path, &[]).is_ok());
        assert!(reconcile(&["validate", &path]).stderr.is_empty());
    }
}
