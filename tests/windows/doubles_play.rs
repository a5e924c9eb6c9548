//! The doubles behave as the documentation describes their originals.

use reconcile_doubles::{End, Start, StartType, Stop, UpdaterRun, WEB_SERVER};

use crate::machine::{Machine, Output, POWERSHELL};
use crate::server::{LYNC_2013, POOL, SFB_2015, SFB_2019, SQL_SERVER, Server};

/// Runs one of the scripts with this text on its standard input.
fn script(machine: &Machine, script: &str, input: &str) -> Output {
    machine.put(&format!(r"C:\lab\{script}.ps1"), "");
    machine.put(r"C:\lab\input", input);
    let options = "-NoProfile -NonInteractive -ExecutionPolicy RemoteSigned";
    let line = format!(r"{POWERSHELL} {options} -File C:\lab\{script}.ps1 < C:\lab\input");
    // With 9009, Wine has not started the program. That happens rarely, on busy processors.
    let mut said = machine.run(r"C:\Windows\System32\cmd.exe", &["/c", &line]);
    for _ in 0..2 {
        if said.code != 9009 {
            break;
        }
        said = machine.run(r"C:\Windows\System32\cmd.exe", &["/c", &line]);
    }
    said
}

/// Runs the script that tests databases.
fn test(machine: &Machine, about: &serde_json::Value) -> Output {
    script(machine, "Test-CsDatabase", &format!("{}\n{about}", serde_json::json!({ "module": module(machine) })))
}

fn module(machine: &Machine) -> &'static str {
    machine.server().product.module
}

/// Stops the services that the updater does not tolerate.
fn stop_all(machine: &Machine) {
    let names: Vec<_> = machine.server().lab.services.iter().map(|service| service.name.as_str()).collect();
    let line = format!(r"for %s in ({}) do C:\Windows\System32\sc.exe stop %s", names.join(" "));
    machine.run(r"C:\Windows\System32\cmd.exe", &["/c", &line]);
    machine.until_seen("the services stop", |sight| names.iter().all(|&name| sight.services[name] == "Stopped"));
}

fn update(machine: &Machine) -> u32 {
    machine.run(&machine.installer(), &["/silentmode"]).code
}

fn running(machine: &Machine) -> Vec<String> {
    let services = machine.look().services;
    services.into_iter().filter(|(_, state)| state == "Running").map(|(name, _)| name).collect()
}

#[test]
fn a_machine_is_the_server_that_it_was_made_as() {
    let machine = Machine::new(Server::standard_edition(LYNC_2013));
    let sight = machine.look();
    assert_eq!(sight.fqdn, "lync-2013-se.lab.example");
    assert_eq!(sight.components["Microsoft Lync Server 2013, Core Components"], "5.0.8308.992");
    assert_eq!(sight.components["Microsoft Lync Server 2013, Mediation Server"], "5.0.8308.0");
    assert!(sight.services.values().all(|state| state == "Running"), "{:?}", sight.services);
    assert_eq!(sight.services.len(), 18);
}

#[test]
fn an_exit_code_keeps_its_32_bits() {
    let machine = Machine::new(Server::back_end(SFB_2015));
    let ended = machine.run(r"C:\Windows\System32\cmd.exe", &["/c", "echo said& echo wrong 1>&2& exit 3010"]);
    assert_eq!(ended, Output { code: 3010, stdout: "said\r\n".into(), stderr: "wrong \r\n".into() });
}

#[test]
fn a_service_is_slow_hangs_or_fails_as_configured() {
    let mut server = Server::back_end(SFB_2019);
    server.service("RTCCAA").stop = Stop::Slow(300);
    server.service("RTCRGS").stop = Stop::Hang;
    server.service("RTCCPS").start = Start::Hang;
    server.service("RTCATS").start = Start::Fail(1067);
    server.service("RTCAVMCU").start_type = StartType::Disabled;
    server.service("RTCASMCU").start_type = StartType::Manual;
    let machine = Machine::new(server);
    let booted = machine.look().services;
    let states = ["RTCCPS", "RTCATS", "RTCAVMCU", "RTCASMCU"].map(|name| booted[name].as_str());
    assert_eq!(states, ["StartPending", "Stopped", "Stopped", "Stopped"]);
    let order = |order: &str, name: &str| machine.run(r"C:\Windows\System32\sc.exe", &[order, name]);
    order("start", "RTCASMCU");
    machine.until_seen("it was not started with the machine", |sight| sight.services["RTCASMCU"] == "Running");
    assert_ne!(order("stop", "RTCCPS").code, 0, "a service that is on its way takes no order to stop");
    order("stop", "RTCCAA");
    order("stop", "RTCRGS");
    machine.until_seen("the slow one stops, the other hangs", |sight| {
        sight.services["RTCCAA"] == "Stopped" && sight.services["RTCRGS"] == "StopPending"
    });
}

#[test]
fn the_updater_refuses_while_a_service_runs_and_then_patches_what_is_older() {
    let machine = Machine::new(Server::standard_edition(SFB_2015));
    assert_eq!(update(&machine), 2);
    assert_eq!(machine.look().components["Skype for Business Server 2015, Core Components"], SFB_2015.before);
    stop_all(&machine);
    assert_eq!(machine.run::<&str>(&machine.installer(), &[]).code, 87, "it would wait for a person");
    assert_eq!(update(&machine), 0);
    let components = machine.look().components;
    assert_eq!(components["Skype for Business Server 2015, Core Components"], SFB_2015.after);
    assert_eq!(components["Skype for Business Server 2015, Front End Server"], SFB_2015.after);
    assert_eq!(components["Skype for Business Server 2015, Mediation Server"], "6.0.9319.0");
    let log = std::fs::read_to_string(machine.path(r"C:\skypeserverupdateinstaller.log")).unwrap();
    assert!(log.contains("Core Components: 6.0.9319.548 -> 6.0.9319.619"), "{log}");
}

#[test]
fn the_updater_ends_as_configured() {
    let mut server = Server::standard_edition(SFB_2015);
    server.lab.updater = vec![
        UpdaterRun { components: Some(1), end: End::Exit(1603), ..UpdaterRun::default() },
        UpdaterRun { components: Some(1), end: End::Crash, ..UpdaterRun::default() },
        UpdaterRun { components: Some(0), end: End::Hang, ..UpdaterRun::default() },
        UpdaterRun { starts_services: true, end: End::Exit(3010), leaves_rename: true, ..UpdaterRun::default() },
    ];
    let machine = Machine::new(server);
    stop_all(&machine);
    let patched = || machine.look().components.values().filter(|version| *version == SFB_2015.after).count();
    assert_eq!((update(&machine), patched()), (1603, 1));
    assert_eq!((update(&machine), patched()), (0xC000_0409, 2));

    let hung = machine.start(&machine.installer(), &["/silentmode"]);
    let runs = || machine.calls().iter().filter(|call| call.program.ends_with("installer.exe")).count();
    crate::processes::until("it hangs", || (runs() == 3).then_some(()));
    machine.until_seen("it has the mutex", |_| update(&machine) == 1618);
    machine.kill("skypeserverupdateinstaller.exe");
    hung.end();

    assert_eq!((update(&machine), patched()), (3010, 4));
    machine.until_seen("the services are back", |sight| sight.services.values().all(|state| state == "Running"));
    assert_eq!(machine.look().renames.len(), 2);
    machine.reboot();
    assert_eq!(machine.look().renames, [""; 0]);
    assert!(machine.path(r"C:\lab\in-use.dll").exists(), "the boot renames the file");
}

#[test]
fn databases_are_behind_only_once_the_binaries_are_new() {
    let machine = Machine::new(Server::back_end(SFB_2019));
    let about = serde_json::json!({ "form": "configured", "sqlServer": SQL_SERVER });
    let behind = || {
        let report = test(&machine, &about);
        assert_eq!(report.code, 0, "{}", report.stderr);
        let report: Vec<serde_json::Value> = serde_json::from_str(&report.stdout).unwrap();
        let behind = report.iter().filter(|row| row["ExpectedVersion"] != row["InstalledVersion"]);
        behind.map(|row| row["DatabaseName"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(behind(), [""; 0]);
    stop_all(&machine);
    assert_eq!(update(&machine), 0);
    assert_eq!(behind(), ["rtcxds", "rtcab"]);
    let mut install = about.clone();
    install["module"] = module(&machine).into();
    install["excludeCollocatedStores"] = true.into();
    let installed = script(&machine, "Install-CsDatabase", &install.to_string());
    assert_eq!((installed.code, installed.stdout.as_str()), (0, ""), "{}", installed.stderr);
    assert_eq!(behind(), [""; 0]);
}

#[test]
fn the_management_shell_takes_only_what_was_agreed() {
    let machine = Machine::new(Server::standard_edition(LYNC_2013).with_central_management());
    let refused = |ended: Output| {
        assert_eq!((ended.code, ended.stderr.as_str()), (1, ""));
        ended.stdout
    };
    use serde_json::json;
    let other = json!({ "module": r"C:\other\Lync.psd1", "form": "local", "excludeCollocatedStores": false });
    let extra = json!({ "module": module(&machine), "form": "local", "excludeCollocatedStores": false, "clean": true });
    assert!(refused(script(&machine, "Remove-Everything", "{}")).contains("no cmdlet"));
    assert!(refused(script(&machine, "Install-CsDatabase", &other.to_string())).contains("was not loaded"));
    assert!(refused(script(&machine, "Install-CsDatabase", &extra.to_string())).contains("unknown field"));
    assert!(refused(script(&machine, "Test-CsDatabase", &format!("{other}\n"))).contains("unknown field"));
    assert!(refused(test(&machine, &json!({}))).contains("missing field `form`"));
    assert!(refused(test(&machine, &json!({ "form": "central" }))).contains("-SqlServerFqdn"));
    assert!(refused(script(&machine, "Test-Membership", r#"{"group":"Ünknown"}"#)).contains("not ASCII"));

    let group = r#"{"group":"RTCUniversalServerAdmins"}"#;
    let yes = script(&machine, "Test-Membership", group);
    assert_eq!(yes.stdout.trim(), r#"{"member":true}"#);
    let call = machine.calls().into_iter().rfind(|call| call.script().is_some()).unwrap();
    assert_eq!(call.stdin, group);
    let central = json!({ "form": "central", "sqlServer": machine.look().fqdn, "instance": "rtc" });
    assert!(test(&machine, &central).stdout.contains("10.15.4"));
}

#[test]
fn a_computer_that_is_failed_over_stays_out_of_its_pool_until_the_fail_back() {
    let machine = Machine::new(Server::front_end(SFB_2019));
    let computer = machine.server().lab.fqdn.clone();
    use serde_json::json;
    let test = |pool: &str, asks: &str| {
        let about = json!({ "module": module(&machine), "pool": pool, "asks": asks });
        script(&machine, "Test-Pool", &about.to_string())
    };
    let moved = |computer: &str, direction: &str| {
        let about = json!({ "module": module(&machine), "computer": computer, "direction": direction });
        script(&machine, "Move-Computer", &about.to_string())
    };
    let active = || serde_json::from_str::<serde_json::Value>(&test(POOL, "domains").stdout).unwrap()["active"].clone();
    for (refused, why) in [
        (test(POOL, "readiness"), "'Get-CsPoolUpgradeReadinessState' is not recognized"),
        (test("other.lab.example", "domains"), "no pool other.lab.example"),
        (test(POOL, "both"), "unknown variant `both`"),
        (moved("other.lab.example", "out"), "no computer other.lab.example"),
        (moved(&computer, "sideways"), "unknown variant `sideways`"),
        (moved(&computer, "back"), "is not failed over"),
    ] {
        assert_eq!((refused.code, refused.stderr.as_str()), (1, ""), "{why}");
        assert!(refused.stdout.contains(why), "{}", refused.stdout);
    }
    machine.assert_up();
    assert_eq!(active(), "3");

    assert_eq!(moved(&computer, "out"), Output { code: 0, stdout: String::new(), stderr: String::new() });
    let is_out = || {
        assert_eq!(running(&machine), ["MSSQL$LYNCLOCAL", "MSSQL$RTCLOCAL", WEB_SERVER]);
        assert_eq!(active(), "2");
    };
    is_out();
    assert_ne!(machine.run(r"C:\Windows\System32\sc.exe", &["start", "RTCSRV"]).code, 0, "it is disabled");
    machine.reboot();
    is_out();
    assert_eq!(moved(&computer, "back").code, 0);
    machine.assert_up();
    assert_eq!(active(), "3");
}

#[test]
fn a_machine_comes_back_from_a_reboot_and_from_a_power_cut() {
    let machine = Machine::new(Server::back_end(LYNC_2013));
    stop_all(&machine);
    assert_eq!(running(&machine), ["MSSQL$LYNCLOCAL", "MSSQL$RTCLOCAL"]);
    machine.reboot();
    assert!(machine.look().services.values().all(|state| state == "Running"));
    assert_eq!(machine.look().fqdn, "lync-2013-be.lab.example");

    stop_all(&machine);
    assert_eq!(update(&machine), 0);
    machine.cut_power();
    let sight = machine.look();
    assert!(sight.services.values().all(|state| state == "Running"));
    // It is random whether the registry was written before the power was cut.
    let core = sight.components["Microsoft Lync Server 2013, Core Components"].as_str();
    assert!([LYNC_2013.before, LYNC_2013.after].contains(&core), "{core}");
}

#[test]
fn an_open_shell_holds_the_management_assembly() {
    let machine = Machine::new(Server::standard_edition(SFB_2019));
    let shell = machine.open_shell();
    machine.kill("powershell_ise.exe");
    shell.end();
}
