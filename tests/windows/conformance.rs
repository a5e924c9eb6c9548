//! Compares the lab with a real Win32 API: with the same server, policy and trouble, both must give the same report.

use std::fmt::Write;
use std::process::Command;

use reconcile_doubles::{End, ScriptRun, Start, Stop, UpdaterRun};

use crate::machine::{Machine, Output, given};
use crate::reconcile::{APPLY, Ran, manifest};
use crate::server::{LYNC_2013, SFB_2015, SFB_2019, SFB_SE, Server};

/// Runs `apply` on a machine and on a lab with these faults, with the same server and policy. Both must end with this
/// exit code, in the same state, after the same steps, with the same services down.
#[track_caller]
fn agree(server: Server, faults: &[&str], policy: &str, code: u32) {
    agree_after(server, |_| {}, faults, policy, code);
}

/// The same, on a machine that `happens` has changed after its boot.
#[track_caller]
fn agree_after(server: Server, happens: impl FnOnce(&mut Machine), faults: &[&str], policy: &str, code: u32) {
    let mut machine = Machine::new(server);
    machine.declare(policy);
    happens(&mut machine);
    let (on_machine, in_lab) = (machine.apply(), in_lab(&machine, faults, policy));
    let told = |ran: &Ran| {
        let server = &ran.server;
        let mut told = format!("exit code {}, {:?}, restarting {}\n", ran.code, server.state, server.restarting);
        for step in &server.steps {
            writeln!(told, "  {step}").expect("memory takes any text");
        }
        told + &format!("left down: {}", server.left_down.join(", "))
    };
    let why = |ran: &Ran| ran.server.blocked_by.clone().unwrap_or_default();
    assert!(
        told(&on_machine) == told(&in_lab),
        "machine: {}\n{}\n\nlab: {}\n{}",
        told(&on_machine),
        why(&on_machine),
        told(&in_lab),
        why(&in_lab)
    );
    assert_eq!(on_machine.code, code, "{on_machine:#?}");
}

fn in_lab(machine: &Machine, faults: &[&str], policy: &str) -> Ran {
    let server = machine.server();
    let lab = format!(
        "lab:\n  world: world.yaml\n  servers:\n    {}: {{ build: \"{}\", faults: [{}] }}\n",
        server.lab.fqdn,
        server.product.before,
        faults.join(", ")
    );
    let folder = tempfile::tempdir().expect("a folder for the lab");
    let path = folder.path().join("manifest.yaml");
    std::fs::write(&path, manifest(machine, policy) + &lab).expect("a file for the manifest");
    let mut program = Command::new(given("RECONCILE"));
    program.arg(APPLY[0]).arg(path).args(&APPLY[2..]);
    let ended = program.output().expect("reconcile runs here");
    let text = |bytes| String::from_utf8(bytes).expect("its output is UTF-8");
    let code = ended.status.code().expect("an exit code").cast_unsigned();
    Ran::of(Output { code, stdout: text(ended.stdout), stderr: text(ended.stderr) })
}

fn updated_by(runs: Vec<UpdaterRun>) -> Server {
    let mut server = Server::standard_edition(SFB_2015);
    server.lab.updater = runs;
    server
}

fn ends_with(code: u32) -> UpdaterRun {
    UpdaterRun { end: End::Exit(code), ..UpdaterRun::default() }
}

fn moves(components: usize, code: u32) -> UpdaterRun {
    UpdaterRun { components: Some(components), ..ends_with(code) }
}

#[test]
fn healthy_servers() {
    agree(Server::standard_edition(SFB_SE), &[], "{}", 0);
    agree(Server::back_end(SFB_2019), &[], "{}", 0);
    agree(Server::standard_edition(LYNC_2013).with_central_management(), &[], "{}", 0);
}

#[test]
fn front_end_servers_of_a_pool() {
    agree(Server::front_end(SFB_2019), &[], "{}", 0);
    agree(Server::front_end(LYNC_2013), &[], "{}", 0);
}

#[test]
fn the_pool_does_not_take_over_or_does_not_give_back() {
    let moved = |runs: &[ScriptRun]| {
        let mut server = Server::front_end(SFB_2015);
        server.lab.scripts.insert("Move-Computer.ps1".into(), runs.to_vec());
        server
    };
    let fails = || ScriptRun::Fails("the wait time is over".into());
    agree(moved(&[fails()]), &["fail-over-times-out"], "{}", 1);
    agree(moved(&[ScriptRun::Works, fails()]), &["fail-back-times-out"], "{}", 1);
}

#[test]
fn the_installer_asks_for_a_restart() {
    agree(updated_by(vec![ends_with(3010)]), &["installer-asks-for-reboot"], "{}", 3);
}

#[test]
fn the_installer_says_that_a_restart_has_begun() {
    agree(updated_by(vec![ends_with(1641)]), &["installer-begins-reboot"], "{}", 3);
}

#[test]
fn the_installer_starts_the_services() {
    let run = UpdaterRun { starts_services: true, ..UpdaterRun::default() };
    agree(updated_by(vec![run]), &["installer-starts-services"], "{}", 0);
}

#[test]
fn the_installer_fails() {
    agree(updated_by(vec![moves(0, 1603)]), &["installer-fails"], "{}", 1);
}

#[test]
fn the_installer_stops_half_way_once() {
    agree(updated_by(vec![moves(1, 1603), ends_with(0)]), &["installer-stops-half-way"], "{}", 0);
}

#[test]
fn the_installer_does_nothing() {
    agree(updated_by(vec![moves(0, 0)]), &["installer-does-nothing"], "{}", 4);
}

#[test]
fn the_installer_finds_a_service_once() {
    let meets = UpdaterRun { meets: Some("REPLICA".into()), ..UpdaterRun::default() };
    agree(updated_by(vec![meets, ends_with(0)]), &["installer-finds-services"], "{}", 0);
}

#[test]
fn a_service_hangs_in_stop() {
    let mut server = Server::standard_edition(SFB_2019);
    server.service("RTCSRV").stop = Stop::Hang;
    agree(server, &["service-hangs-in-stop"], "{ timeouts: { stop: 3s, start: 3s } }", 4);
}

#[test]
fn a_service_hangs_in_start() {
    let hangs = |machine: &mut Machine| {
        machine.change(|lab| {
            lab.services.iter_mut().find(|service| service.name == "RTCSRV").unwrap().start = Start::Hang;
        });
    };
    let policy = "{ timeouts: { start: 3s } }";
    agree_after(Server::standard_edition(SFB_2019), hangs, &["service-hangs-in-start"], policy, 4);
}

#[test]
fn services_take_their_time_to_stop_and_to_start() {
    let mut server = Server::standard_edition(SFB_2019);
    for name in ["REPLICA", "RTCSRV", "RTCMEDSRV"] {
        (server.service(name).stop, server.service(name).start) = (Stop::Slow(1_000), Start::Slow(1_000));
    }
    agree(server, &[], "{}", 0);
}

#[test]
fn a_service_is_still_pending() {
    let mut server = Server::standard_edition(SFB_2019);
    server.service("RTCMEDSRV").start = Start::Hang;
    agree(server, &["service-pending"], "{ timeouts: { start: 3s } }", 3);
}

#[test]
fn a_shell_is_open() {
    let server = || Server::standard_edition(SFB_2019);
    let opens = |machine: &mut Machine| drop(machine.open_shell());
    agree_after(server(), opens, &["shell-open"], "{}", 3);
    agree_after(server(), opens, &["shell-open"], "{ shells: close }", 0);
}

#[test]
fn windows_update_waits_for_a_restart() {
    let pending = |machine: &mut Machine| {
        let key = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired";
        assert_eq!(machine.run(r"C:\Windows\System32\reg.exe", &["add", key, "/f"]).code, 0);
    };
    agree_after(Server::back_end(SFB_2019), pending, &["reboot-pending"], "{}", 3);
}

#[test]
fn the_databases_are_out_of_reach_tell_nothing_or_stay_as_they_are() {
    let databases = |change: fn(&mut reconcile_doubles::Database)| {
        let mut server = Server::back_end(SFB_2019);
        server.databases.iter_mut().for_each(change);
        server
    };
    agree(databases(|database| database.reachable = false), &["database-unreachable"], "{}", 5);
    agree(databases(|database| database.installed.clear()), &["database-version-empty"], "{}", 5);
    agree(databases(|database| database.stuck = true), &["database-update-does-nothing"], "{}", 4);
}

#[test]
fn the_account_is_not_in_the_group() {
    let mut server = Server::back_end(SFB_2019);
    server.lab.groups.clear();
    agree(server, &["not-server-admin"], "{}", 4);
}

#[test]
fn the_package_is_missing_or_another() {
    let server = || Server::standard_edition(SFB_2019);
    let vanishes = |machine: &mut Machine| std::fs::remove_file(machine.path(&machine.installer())).unwrap();
    agree_after(server(), vanishes, &["package-missing"], "{}", 4);
    let altered = |machine: &mut Machine| machine.put(&machine.installer(), "something else");
    agree_after(server(), altered, &["package-altered"], "{}", 4);
}

#[test]
fn the_product_is_newer_or_missing() {
    let mut server = Server::back_end(SFB_2019);
    server.components[0].1 = "7.0.2046.9999".into();
    agree(server, &["newer-build"], "{}", 4);
    let mut server = Server::back_end(SFB_2019);
    server.components.clear();
    agree(server, &["product-missing"], "{}", 4);
}
