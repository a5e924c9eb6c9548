//! What `doctor` finds on a machine, and that a run finds the same before its first stop: one planted fault for each check
//! that Wine can show, and a sound server of each kind without one.

use std::collections::BTreeMap;

use reconcile_doubles::ScriptRun;
use reconcile_schema::{CheckId, DoctorReport, State, Verdict};

use crate::machine::Machine;
use crate::reconcile::{MANIFEST, manifest};
use crate::refusals::refused;
use crate::server::{LYNC_2013, POOL, SCHANNEL, SERVICE, SFB_2015, SFB_2019, Server};

const SCRIPT: &str = "Test-Server.ps1";
const REG: &str = r"C:\windows\system32\reg.exe";

type Found = BTreeMap<CheckId, (Verdict, String)>;

/// What `doctor` finds, and its exit code.
fn doctor(machine: &Machine) -> (u32, Found) {
    let ended = machine.reconcile(&["doctor", MANIFEST, "--output", "json"]);
    let report: DoctorReport =
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:#?}"));
    let [server] = <[_; 1]>::try_from(report.servers).expect("one server");
    let found = server.checks.into_iter().map(|check| (check.id, (check.verdict, check.found)));
    (ended.code, found.collect())
}

/// Those that found more than nothing.
fn told(found: &Found, verdict: Verdict) -> Vec<CheckId> {
    found.iter().filter(|(_, (found, _))| *found == verdict).map(|(check, _)| *check).collect()
}

/// What every machine here shows: this Wine calls itself Windows Server 2008 R2 and trusts the roots of the computer that
/// it runs on, and components that no update has patched stand next to patched ones.
fn is_of_the_machines(check: &CheckId) -> bool {
    matches!(check, CheckId::WindowsVersion | CheckId::RootCount | CheckId::OriginalRelease)
}

#[track_caller]
fn is_sound(machine: &Machine, unknown: &[CheckId]) {
    let known = machine.calls().len();
    let (code, found) = doctor(machine);
    let warnings: Vec<_> =
        told(&found, Verdict::Warning).into_iter().filter(|check| !is_of_the_machines(check)).collect();
    assert_eq!((code, told(&found, Verdict::Fault), warnings), (0, vec![], vec![]), "{found:#?}");
    assert_eq!(told(&found, Verdict::Unknown), unknown, "{found:#?}");
    machine.assert_untouched(known);
}

/// A Front End Server whose pool has a folder for claims.
fn front_end(policy: &str) -> Machine {
    let machine = Machine::new(Server::front_end(SFB_2015));
    let claims = format!(
        "rollout: {{ claims: {{ folder: 'C:\\claims', writers: [S-1-5-21-0-0-0-1000] }} }}\npools: {{ {POOL}: {{}} }}\nservers:\n"
    );
    machine.put(MANIFEST, manifest(&machine, policy).replace("servers:\n", &claims));
    std::fs::create_dir_all(machine.path(r"C:\claims")).unwrap();
    machine
}

/// `reg.exe add`.
fn set(machine: &Machine, key: &str, value: &str, kind: &str, data: &str) {
    let key = format!(r"HKLM\{key}");
    let ended = machine.run(REG, &["add", &key, "/v", value, "/t", kind, "/d", data, "/f"]);
    assert_eq!(ended.code, 0, "{ended:?}");
}

fn delete(machine: &Machine, key: &str, value: &str) {
    let ended = machine.run(REG, &["delete", &format!(r"HKLM\{key}"), "/v", value, "/f"]);
    assert_eq!(ended.code, 0, "{ended:?}");
}

#[test]
fn a_sound_server_of_each_kind_has_no_fault_and_no_warning() {
    for server in [Server::standard_edition(LYNC_2013).with_central_management(), Server::back_end(SFB_2019)] {
        let machine = Machine::new(server);
        machine.declare("{}");
        is_sound(&machine, &[]);
    }
    let machine = front_end("{}");
    is_sound(&machine, &[]);
    let left = std::fs::read_dir(machine.path(r"C:\claims")).unwrap().count();
    assert_eq!(left, 0, "the file for the lock is gone");
}

const DOTNET: &str = r"Software\Microsoft\NET Framework Setup\NDP\v4\Full";

/// The program of the services with another text in the part that no Windows runs.
fn altered(service: &[u8]) -> Vec<u8> {
    let stub = b"This program cannot be run";
    let at = service.windows(stub.len()).position(|text| text == stub).expect("a program for Windows");
    let mut altered = service.to_vec();
    altered[at] ^= 1;
    altered
}

/// Services that run keep the file that they were started from.
fn replace(machine: &Machine, program: &[u8]) {
    let (new, service) = (machine.path(r"C:\lab\bin\new.exe"), machine.path(SERVICE));
    std::fs::write(&new, program).unwrap();
    std::fs::rename(new, service).unwrap();
}

/// The faults that are in nobody's way when they are planted together.
#[test]
fn what_is_planted_is_found_and_keeps_the_server_up() {
    let mut machine = front_end("{}");
    let package = machine.server().packages().remove(0);
    std::fs::remove_file(machine.path(&package)).unwrap();
    delete(&machine, DOTNET, "Release");
    let service = std::fs::read(machine.path(SERVICE)).unwrap();
    replace(&machine, &altered(&service));
    delete(&machine, SCHANNEL, "EnableSessionTicket");
    machine.change(|lab| {
        lab.examined.certificate_days = Some(-1);
        lab.examined.machine_policy = Some("AllSigned".into());
        lab.examined.replica_is_behind = true;
        lab.examined.lacks.insert("Invoke-CsComputerFailOver".into(), vec!["WaitTime".into()]);
        lab.examined.lacks.insert("Get-CsPoolUpgradeReadinessState".into(), vec!["PoolUpgradeState".into()]);
    });
    let (code, found) = doctor(&machine);
    let faults = [
        CheckId::ExecutionPolicy,
        CheckId::InstallerCache,
        CheckId::DotNet,
        CheckId::Certificates,
        CheckId::Cmdlets,
        CheckId::Signature,
    ];
    assert_eq!((code, told(&found, Verdict::Fault)), (3, faults.to_vec()), "{found:#?}");
    for (check, words) in [
        (CheckId::InstallerCache, package.as_str()),
        (CheckId::DotNet, ".NET Framework 4.5 or later is not installed"),
        (CheckId::Schannel, "EnableSessionTicket is not set"),
        (CheckId::Certificates, "expired at"),
        (CheckId::ExecutionPolicy, "MachinePolicy is AllSigned"),
        (CheckId::Cmdlets, "Invoke-CsComputerFailOver has no -WaitTime"),
        (CheckId::Answers, "the answer of Get-CsPoolUpgradeReadinessState has no PoolUpgradeState"),
        (CheckId::Replication, "is not up to date"),
        (CheckId::Signature, SERVICE),
    ] {
        assert!(found[&check].1.contains(words), "{check}: {}", found[&check].1);
    }
    let ran = refused(&machine, 3, State::Blocked);
    for check in faults {
        assert!(ran.why().contains(check.key()), "{check}: {}", ran.why());
    }

    // Each of the first two alone is enough.
    machine.change(|lab| lab.examined = reconcile_doubles::Examined::default());
    machine.put(&package, "");
    replace(&machine, &service);
    assert!(refused(&machine, 3, State::Blocked).why().contains(CheckId::DotNet.key()));
    set(&machine, DOTNET, "Release", "REG_DWORD", "379893");
    set(&machine, SCHANNEL, "EnableSessionTicket", "REG_DWORD", "2");
    is_sound(&machine, &[]);
    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
}

/// The facts that PowerShell alone can read are unknown without it, and the others are there. A server whose manifest
/// requires none of them is updated.
#[test]
fn a_shell_that_does_not_answer_hides_only_its_own_facts() {
    let mut machine = Machine::new(Server::standard_edition(SFB_2019));
    let module = machine.server().lab.module.clone();
    machine.declare("{}");
    let runs =
        |run: ScriptRun| move |lab: &mut reconcile_doubles::Lab| drop(lab.scripts.insert(SCRIPT.into(), vec![run]));
    machine.change(runs(ScriptRun::Answers("nothing".into())));
    let (code, found) = doctor(&machine);
    let unknown = [
        CheckId::PowerShell,
        CheckId::ExecutionPolicy,
        CheckId::Certificates,
        CheckId::Cmdlets,
        CheckId::Answers,
        CheckId::Scripts,
        CheckId::Backups,
        CheckId::Replication,
    ];
    assert_eq!((code, told(&found, Verdict::Unknown)), (0, unknown.to_vec()), "{found:#?}");
    assert_eq!(told(&found, Verdict::Fault), []);
    let older = "Windows 6.1.7601, which is not known to be supported for Skype for Business Server 2019";
    assert_eq!(found[&CheckId::WindowsVersion], (Verdict::Warning, older.into()));

    let words = "FullyQualifiedErrorId : UnauthorizedAccess, PSSecurityException";
    machine.change(runs(ScriptRun::Fails(words.into())));
    let (code, found) = doctor(&machine);
    assert_eq!((code, told(&found, Verdict::Fault)), (3, vec![CheckId::Scripts]), "{found:#?}");
    let words = "an application control policy (AppLocker, WDAC) forces PowerShell into Constrained Language Mode";
    machine.change(runs(ScriptRun::Fails(words.into())));
    assert!(refused(&machine, 3, State::Blocked).why().contains("scripts"));

    // A backup that is two days old only warns, and a module that is missing does not hide what needs none.
    machine.change(runs(ScriptRun::Works));
    machine.change(|lab| lab.examined.backup_hours = Some(49));
    let (code, found) = doctor(&machine);
    assert_eq!((code, found[&CheckId::Backups].0), (0, Verdict::Warning), "{found:#?}");
    std::fs::remove_file(machine.path(&module)).unwrap();
    let (_, found) = doctor(&machine);
    assert_eq!(found[&CheckId::Module], (Verdict::Fault, format!("{module}: no such file")));
    assert_eq!((found[&CheckId::Cmdlets].0, found[&CheckId::PowerShell].0), (Verdict::Unknown, Verdict::Ok));
    // The databases are asked before doctor is, and cannot answer without the module either.
    assert!(refused(&machine, 5, State::Unknown).why().contains(&module));
}

/// A certificate that another one issued, which `reconciler/hosts/testdata/README.md` describes, and its SHA-1.
const ISSUED: &[u8] = include_bytes!("../../reconciler/hosts/testdata/contoso-issuing.der");
const THUMBPRINT: &str = "60E61DABFE2FACA1CC9D2784D7A343B76FD9FDA9";

/// A store keeps a certificate as a list of properties: a number, 1, a length, the value. 32 is the certificate itself.
#[test]
fn a_root_that_another_certificate_issued_is_found() {
    let machine = Machine::new(Server::standard_edition(LYNC_2013));
    machine.declare("{}");
    let words = [32_u32, 1, u32::try_from(ISSUED.len()).unwrap()];
    let blob: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).chain(ISSUED.iter().copied()).collect();
    let hex: String = blob.iter().map(|byte| format!("{byte:02x}")).collect();
    let key = format!(r"Software\Microsoft\SystemCertificates\Root\Certificates\{THUMBPRINT}");
    set(&machine, &key, "Blob", "REG_BINARY", &hex);
    let (code, found) = doctor(&machine);
    let why = format!(
        "CN=Contoso Issuing CA 2, O=Contoso ({THUMBPRINT}) was issued by CN=Contoso Root CA, O=Contoso, DC=contoso, DC=example"
    );
    assert_eq!((code, &found[&CheckId::TrustedRoots]), (3, &(Verdict::Fault, why)));
    assert_eq!(found[&CheckId::WindowsVersion], (Verdict::Ok, "Windows 6.1.7601".into()), "Lync runs on it");
    assert!(refused(&machine, 3, State::Blocked).why().contains("Contoso Issuing CA 2"));
}
