//! Refusals before anything is stopped, and commands that only read. Both leave the machine as it was.

use reconcile_doubles::ScriptRun;
use reconcile_schema::{DriftReport, DriftState, PlanReport, ServerDrift, Snapshot, State, Step};

use crate::machine::{Machine, Output, POWERSHELL, RECONCILE};
use crate::reconcile::{APPLY, MANIFEST, Ran, STATE, manifest};
use crate::server::{LYNC_2013, SFB_2015, SFB_2019, SFB_SE, Server};

fn outdated() -> Machine {
    let machine = Machine::new(Server::standard_edition(SFB_2019));
    machine.declare("{}");
    machine
}

/// Runs `apply`, which must end with this code and state, and leave everything as it was.
pub fn refused(machine: &Machine, code: u32, state: State) -> Ran {
    let known = machine.calls().len();
    let components = machine.look().components;
    let ran = machine.apply();
    ran.is(code, state);
    assert!(!ran.server.steps.iter().any(Step::takes_down), "{ran:#?}");
    machine.assert_untouched(known);
    machine.assert_up();
    assert_eq!(machine.look().components, components);
    ran
}

#[test]
fn an_open_shell_blocks_and_is_named() {
    let machine = outdated();
    let _shell = machine.open_shell();
    let why = refused(&machine, 3, State::Blocked).why().to_owned();
    assert!(why.contains("management shells are open: powershell_ise.exe (PID "), "{why}");
    assert!(why.contains(") of ") && !why.contains("cannot be read"), "its user is named: {why}");
    let held = why.to_lowercase().contains(" holds microsoft.rtc.management.dll");
    assert!(why.contains(", session ") && why.contains(r"\powershell_ise.exe) of ") && held, "{why}");
    assert!(machine.runs("powershell_ise.exe"));
}

#[test]
fn an_open_shell_is_closed_where_the_manifest_says_so() {
    let machine = outdated();
    machine.declare("{ shells: close }");
    let shell = machine.open_shell();
    let ran = machine.apply();
    ran.is(0, State::AtGoal);
    let close = ran.server.steps.iter().position(|step| *step == Step::CloseShells).unwrap();
    assert_eq!(ran.server.steps[close + 1], Step::Install, "right before the installer: {ran:#?}");
    assert_eq!(shell.end().code, 1);
    machine.assert_converged();
}

#[test]
fn a_package_that_is_not_the_declared_one() {
    let machine = outdated();
    let mut installer = std::fs::read(machine.path(&machine.installer())).unwrap();
    let middle = installer.len() / 2;
    installer[middle] ^= 1;
    machine.put(&machine.installer(), installer);
    let ran = refused(&machine, 4, State::NeedsOperator);
    assert!(ran.why().contains("expected SHA-256 "), "{}", ran.why());
}

#[test]
fn a_package_of_another_publisher() {
    let machine = outdated();
    let other = manifest(&machine, "{}").replace("publisher: Lab Software Publisher", "publisher: Contoso Ltd");
    machine.put(MANIFEST, other);
    let ran = machine.apply();
    ran.leaves(ran.code, ran.server.state, &[]);
    let why = ran.why();
    assert!(why.contains("expected a signature of Contoso Ltd, found one of Lab Software Publisher"), "{why}");
    assert_eq!((ran.code, ran.server.state), (4, State::NeedsOperator), "{ran:#?}");
    machine.assert_up();
}

#[test]
fn a_package_without_a_signature() {
    let machine = outdated();
    let unsigned = std::fs::read(machine.path(r"C:\lab\bin\boot.exe")).unwrap();
    machine.put(&machine.installer(), &unsigned);
    let known = hash_of(&machine);
    let signed = manifest(&machine, "{}");
    let declared = signed.lines().find(|line| line.contains("sha256: ")).unwrap();
    machine.put(MANIFEST, signed.replace(declared, &format!("      sha256: {known}")));
    let ran = refused(&machine, 4, State::NeedsOperator);
    assert!(ran.why().contains("found no signature"), "{}", ran.why());
}

fn hash_of(machine: &Machine) -> String {
    let counted = std::process::Command::new("sha256sum").arg("--").arg(machine.path(&machine.installer())).output();
    String::from_utf8(counted.unwrap().stdout).unwrap().split_whitespace().next().unwrap().to_owned()
}

#[test]
fn a_package_that_is_missing() {
    let machine = outdated();
    std::fs::remove_file(machine.path(&machine.installer())).unwrap();
    let ran = refused(&machine, 4, State::NeedsOperator);
    assert!(ran.why().contains(&machine.installer()), "{}", ran.why());
}

#[test]
fn a_server_above_the_declared_build_is_not_taken_back() {
    let machine = outdated();
    machine.put(MANIFEST, manifest(&machine, "{}").replace("7.0.2046.530", "7.0.2046.369"));
    let ran = refused(&machine, 4, State::NeedsOperator);
    assert!(ran.why().contains("is at 7.0.2046.385, above the declared 7.0.2046.369"), "{}", ran.why());
}

#[test]
fn a_server_of_another_product() {
    let machine = outdated();
    let other = manifest(&machine, "{}").replace("sfb-2019\n", "lync-2013\n").replace("7.0.2046.530", "5.0.8308.1149");
    machine.put(MANIFEST, other);
    let ran = refused(&machine, 4, State::NeedsOperator);
    let why = "the manifest declares Lync Server 2013, found Skype for Business Server 2019";
    assert_eq!(ran.why(), why);
}

#[test]
fn databases_out_of_reach() {
    let mut server = Server::back_end(LYNC_2013);
    server.databases[1].reachable = false;
    let machine = Machine::new(server);
    machine.declare("{}");
    let ran = refused(&machine, 5, State::Unknown);
    assert!(ran.why().starts_with("database rtcab"), "{}", ran.why());
}

#[test]
fn a_cmdlet_that_fails_or_answers_nonsense() {
    let script = "Test-CsDatabase.ps1";
    let mut machine = Machine::new(Server::back_end(SFB_2015));
    machine.declare("{}");
    machine.change(|lab| drop(lab.scripts.insert(script.into(), vec![ScriptRun::Fails("no such topology".into())])));
    let ran = refused(&machine, 5, State::Unknown);
    assert!(ran.why().contains("Test-CsDatabase.ps1 ended with exit code 1: "), "{}", ran.why());
    assert!(ran.why().contains("no such topology"), "{}", ran.why());
    for answer in ["[{}]", "WARNING: something else", r#"[{"DatabaseName":"rtc"}]"#] {
        machine.change(|lab| drop(lab.scripts.insert(script.into(), vec![ScriptRun::Answers(answer.into())])));
        let ran = refused(&machine, 5, State::Unknown);
        assert!(ran.why().contains("was expected to answer a list of databases"), "{}", ran.why());
    }
}

#[test]
fn an_account_without_the_right_group() {
    let mut server = Server::standard_edition(SFB_SE);
    server.lab.groups.clear();
    let machine = Machine::new(server);
    machine.declare("{}");
    let ran = refused(&machine, 4, State::NeedsOperator);
    let why = "the account is not a member of RTCUniversalServerAdmins, which updating the local databases requires";
    assert_eq!(ran.why(), why);
}

#[test]
fn a_script_that_cannot_be_written_is_found_before_the_first_stop() {
    let machine = outdated();
    machine.reconcile(&["observe", MANIFEST]);
    let script = machine.path(&format!(r"C{}\scripts\Install-CsDatabase.ps1", &STATE[1..]));
    std::fs::create_dir(&script).expect("a folder in its place");
    let known = machine.calls().len();
    let ran = machine.apply();
    ran.is(1, State::Failed);
    machine.assert_untouched(known);
    machine.assert_up();
    assert!(
        ran.why().contains("cannot write the script ") && ran.why().contains("Install-CsDatabase.ps1"),
        "{}",
        ran.why()
    );
    std::fs::remove_dir(&script).expect("removed");
    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
}

#[test]
fn no_group_of_the_domain_is_asked_for_where_no_step_needs_it() {
    // A Front End Server of Lync Server 2013 has no databases of its own, and no failover precedes its stop.
    let mut server = Server::front_end(LYNC_2013);
    server.lab.groups.clear();
    let machine = Machine::new(server);
    machine.declare("{}");
    machine.apply().is(0, State::AtGoal);
    assert!(machine.calls().iter().all(|call| call.script() != Some("Test-Membership.ps1")));
    machine.assert_converged();
}

#[test]
fn a_manifest_that_does_not_name_this_server() {
    let machine = outdated();
    machine.put(MANIFEST, manifest(&machine, "{}").replace("sfb-2019-se.lab.example:", "other.lab.example:"));
    let Output { code, stdout, stderr } = machine.reconcile(&APPLY);
    assert_eq!((code, stdout.as_str()), (65, ""), "{stderr}");
    assert!(stderr.contains("the manifest does not name the server sfb-2019-se.lab.example"), "{stderr}");
    assert!(stderr.contains("manifest.yaml:"), "with its place: {stderr}");
}

#[test]
fn without_a_terminal_nothing_is_done_unless_asked_for() {
    let machine = outdated();
    let known = machine.calls().len();
    let Output { code, stderr, .. } = machine.reconcile(&["apply", MANIFEST]);
    assert_eq!(code, 64, "{stderr}");
    assert!(stderr.contains("--yes"), "{stderr}");
    machine.assert_untouched(known);

    // The run is blocked, so the question is about the steps after that.
    let _shell = machine.open_shell();
    let Output { code, stdout, stderr } = machine.reconcile(&["apply", MANIFEST]);
    assert_eq!(code, 64, "{stderr}");
    assert!(stdout.contains("SkypeServerUpdateInstaller.exe /silentmode") && stdout.contains("blocked"), "{stdout}");
}

/// An export of the registry without the certificates of the system: Wine writes those of the computer that it runs on
/// there as soon as a program opens the store of trusted roots, also to read it.
fn without_roots(export: &[u8]) -> Vec<String> {
    let units: Vec<u16> = export.as_chunks().0.iter().copied().map(u16::from_le_bytes).collect();
    let text = String::from_utf16(&units).unwrap();
    let keys = text.split("\r\n[").filter(|key| !key.contains(r"\Microsoft\SystemCertificates"));
    keys.map(str::to_owned).collect()
}

#[test]
fn looking_changes_nothing() {
    let machine = outdated();
    let registry = |file: &str| {
        let file = format!(r"C:\lab\{file}.reg");
        assert_eq!(machine.run(r"C:\Windows\System32\reg.exe", &["export", r"HKLM\Software", &file]).code, 0);
        without_roots(&std::fs::read(machine.path(&file)).unwrap())
    };
    let (known, before) = (machine.calls().len(), registry("before"));

    let good = machine.reconcile(&["validate", MANIFEST]);
    assert_eq!(good.code, 0, "{}", good.stderr);
    let planned = machine.reconcile(&["plan", MANIFEST, "--output", "json"]);
    assert_eq!(planned.code, 2, "{}", planned.stderr);
    let plan: PlanReport = serde_json::from_str(&planned.stdout).unwrap();
    let commands: Vec<_> = plan.servers[0].steps.iter().map(|step| step.command.as_str()).collect();
    let documented = [
        "copy and verify SkypeServerUpdateInstaller.exe",
        "Stop-CsWindowsService",
        "net stop w3svc",
        "SkypeServerUpdateInstaller.exe /silentmode",
        "Stop-CsWindowsService",
        "net start w3svc",
        "Install-CsDatabase -Update -LocalDatabases",
        "Start-CsWindowsService",
    ];
    assert_eq!(commands, documented);
    let observed = machine.reconcile(&["observe", MANIFEST]);
    assert_eq!(observed.code, 0, "{}", observed.stderr);
    let Snapshot { seen, .. } = serde_json::from_str(&observed.stdout).unwrap();
    assert_eq!(seen.host.as_str(), "sfb-2019-se.lab.example");
    for known in [
        seen.boot.known().is_some(),
        seen.components.known().is_some(),
        seen.services.known().is_some(),
        seen.reboot.known().is_some_and(Vec::is_empty),
        seen.installing.known().is_some_and(Option::is_none),
        seen.package.known().is_some(),
        seen.disk.known().is_some(),
        seen.rights.known().is_some_and(|rights| rights.administrator && rights.server_admin == Some(true)),
        seen.shells.known().is_some_and(Vec::is_empty),
        seen.databases.values().all(|databases| databases.known().is_some()),
    ] {
        assert!(known, "{seen:#?}");
    }

    // Judges the server as it is, from its snapshot, and from the registry export of Windows' own tool.
    let judged = |args: &[&str]| {
        let ended = machine.reconcile(&[&["drift", MANIFEST, "--output", "json"], args].concat());
        assert_eq!(ended.code, 2, "{args:?}: {}{}", ended.stdout, ended.stderr);
        let report: DriftReport = serde_json::from_str(&ended.stdout).unwrap();
        let [server] = <[_; 1]>::try_from(report.servers).unwrap();
        assert_eq!((server.name.as_str(), server.state), ("sfb-2019-se.lab.example", DriftState::Drift));
        server
    };
    let live = judged(&[]);
    let wrote = machine.reconcile(&["observe", MANIFEST, "--to", r"C:\lab\snapshots"]);
    assert_eq!(wrote.code, 0, "{}", wrote.stderr);
    let read = judged(&["--from", r"C:\lab\snapshots"]);
    assert_eq!((&read.findings, &read.steps, &read.diff), (&live.findings, &live.steps, &live.diff));
    let export = r"C:\lab\exported\sfb-2019-se.lab.example.reg";
    machine.put(export, "");
    let key = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall";
    let exported = machine.run(r"C:\Windows\System32\reg.exe", &["export", key, export, "/y"]);
    assert_eq!(exported.code, 0, "{}", exported.stderr);
    let alone = judged(&["--from", export]);
    assert_eq!(alone.found, live.found);
    let components = |server: &ServerDrift| -> Vec<String> {
        let all = server.findings.iter().filter(|found| found.source == "the Uninstall key");
        all.map(|found| format!("{} {} {}", found.subject, found.observed, found.desired)).collect()
    };
    assert_eq!(components(&alone), components(&live));
    assert!(!components(&live).is_empty());

    machine.assert_untouched(known);
    machine.assert_up();
    assert!(registry("after") == before, "the registry changed");
    assert!(!machine.journal_path().exists());
}

/// Runs `apply` in a tight job, which no process can leave, or in a loose one, which processes can ask to leave.
fn apply_in_job(machine: &Machine, how: &str) -> Ran {
    let args: Vec<_> = [how, RECONCILE].into_iter().chain(APPLY).collect();
    Ran::of(machine.run(r"C:\lab\bin\confined.exe", &args))
}

#[test]
fn a_session_that_its_children_cannot_leave_is_refused_before_the_first_stop() {
    let machine = outdated();
    let known = machine.calls().len();
    let ran = apply_in_job(&machine, "tight");
    ran.is(4, State::NeedsOperator);
    assert!(ran.why().contains("in a job that its children cannot leave"), "{}", ran.why());
    let help = ran.server.help.as_deref().unwrap_or_default();
    assert!(help.contains("reconcile schedule install"), "{help}");
    assert!(!ran.server.steps.iter().any(Step::takes_down), "{ran:#?}");
    machine.assert_untouched(known);
    machine.assert_up();
    machine.apply().is(0, State::AtGoal);
}

#[test]
fn a_session_that_lets_its_children_go_is_as_good_as_any() {
    let machine = outdated();
    apply_in_job(&machine, "loose").is(0, State::AtGoal);
    machine.assert_converged();
}

/// A file that waits for a restart blocks an update only if its folder matters. The manifest can add folders.
#[test]
fn files_that_wait_for_a_restart_block_where_they_matter() {
    let machine = Machine::new(Server::back_end(SFB_2019));
    let key = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager";
    let waits = |path: &str| {
        let files = format!(r"\??\{path}");
        let add = ["add", key, "/v", "PendingFileRenameOperations", "/t", "REG_MULTI_SZ", "/d", &files, "/f"];
        assert_eq!(machine.run(r"C:\Windows\System32\reg.exe", &add).code, 0);
    };
    let elsewhere = r"D:\Agents\agent.tmp";
    waits(r"C:\Windows\Installer\a1b2.msp");
    machine.declare("{}");
    assert!(refused(&machine, 3, State::Blocked).why().starts_with("a restart is pending"));
    waits(elsewhere);
    machine.declare(r"{ renames: { count: ['D:\Agents'] } }");
    assert!(refused(&machine, 3, State::Blocked).why().starts_with("a restart is pending"));

    machine.declare("{}");
    let planned = machine.reconcile(&["plan", MANIFEST]);
    assert!(planned.stdout.contains(&format!("keeps nothing from being done: {elsewhere}")), "{planned:?}");
    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
}

/// An unusable shell is found before the first stop, and the report names the cause.
#[test]
fn a_shell_that_cannot_serve_is_named() {
    let mut machine = Machine::new(Server::standard_edition(SFB_2019));
    machine.declare("{}");
    let words = "No se puede cargar el archivo. + FullyQualifiedErrorId : UnauthorizedAccess, PSSecurityException";
    machine.change(|lab| drop(lab.scripts.insert("Test-Membership.ps1".into(), vec![ScriptRun::Fails(words.into())])));
    let ran = refused(&machine, 5, State::Unknown);
    assert!(ran.why().contains("an execution policy refuses Test-Membership.ps1"), "{}", ran.why());
    let words = "an application control policy (AppLocker, WDAC) forces PowerShell into Constrained Language Mode";
    machine.change(|lab| drop(lab.scripts.insert("Test-Membership.ps1".into(), vec![ScriptRun::Fails(words.into())])));
    assert!(refused(&machine, 5, State::Unknown).why().contains(words));
    std::fs::remove_file(machine.path(POWERSHELL)).unwrap();
    let ran = refused(&machine, 5, State::Unknown);
    assert!(ran.why().contains("expected Windows PowerShell at") && ran.why().contains("found none"), "{}", ran.why());
}
