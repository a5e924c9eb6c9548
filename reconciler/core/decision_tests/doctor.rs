//! What `doctor` reads, judged: each row has an input as a source describes it, and what must come of it.

use super::*;
use crate::{
    doctor::diagnose,
    found::Found,
    why::{Met, Why, why},
};
use alloc::format;
use reconcile_schema::{CheckClass, CheckId, Examined, Verdict};

/// What a check finds where the examined facts are these.
fn found(server: &Server, check: CheckId) -> Found {
    let all = diagnose(&server.goal, &server.seen);
    all.into_iter().find(|one| one.check == check).unwrap().found
}

/// A server with these examined facts, as a snapshot has them.
fn with(mut server: Server, examined: serde_json::Value) -> Server {
    let mut all = json!({ "privateFolder": { "known": { "path": "C:\\ProgramData\\reconcile" } } });
    all.as_object_mut().unwrap().extend(examined.as_object().unwrap().clone());
    server.seen.host.examined = Fact::Known(serde_json::from_value::<Examined>(all).unwrap().into());
    server
}

/// Judges each row and shows all wrong answers at once.
fn judged(server: fn() -> Server, check: CheckId, rows: &[(&str, serde_json::Value, Verdict, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(words, examined, verdict, what)| {
            let found = found(&with(server(), examined.clone()), check);
            let right = found.verdict == *verdict && found.what.contains(what);
            (!right).then(|| format!("{words}\n  expected {verdict:?} {what:?},\n     found {found:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn of_product(product: Product, target: &str) -> Server {
    let original = format!("{}.0", target.rsplit_once('.').unwrap().0);
    server("se.contoso.example", product, (&original, target))
}

/// Microsoft Support KB2795828: the Front-End service does not start if a certificate whose *Issued to* differs from its
/// *Issued by* is in Trusted Root Certification Authorities.
#[test]
fn a_root_that_another_one_issued_is_a_fault() {
    let roots = |count: u32, misplaced: serde_json::Value, unreadable: serde_json::Value| json!({ "trustedRoots": { "known": { "count": count, "misplaced": misplaced, "unreadable": unreadable } } });
    let one = json!([{ "thumbprint": "AB12", "subject": "CN=Issuing CA", "issuer": "CN=Root CA" }]);
    judged(
        standard,
        CheckId::TrustedRoots,
        &[
            ("all issued themselves", roots(41, json!([]), json!([])), Verdict::Ok, "41 roots"),
            (
                "one was issued by another",
                roots(41, one.clone(), json!([])),
                Verdict::Fault,
                "CN=Issuing CA (AB12) was issued by CN=Root CA",
            ),
            ("one cannot be read", roots(41, json!([]), json!(["AB34: no DER"])), Verdict::Unknown, "AB34: no DER"),
            ("both", roots(41, one, json!(["AB34: no DER"])), Verdict::Fault, "CN=Issuing CA"),
            (
                "the store cannot be opened",
                json!({ "trustedRoots": { "unknown": "access denied" } }),
                Verdict::Unknown,
                "access denied",
            ),
        ],
    );
    // On-Premises Diagnostics: MaxNumberOfRootCertificates is 100.
    judged(
        standard,
        CheckId::RootCount,
        &[
            ("as many as may be", roots(100, json!([]), json!([])), Verdict::Ok, "100 trusted roots"),
            ("one more", roots(101, json!([]), json!([])), Verdict::Warning, "101 trusted roots"),
        ],
    );
}

/// Microsoft Support KB971187 and KB969052: an update needs the cached package of its product and those of the updates
/// before it; without one, Windows Installer fails with 1612 or 1635.
#[test]
fn each_cached_package_must_be_there() {
    let packages = |all: serde_json::Value| json!({ "cachedPackages": { "known": all } });
    let there = json!({ "component": "Core Components", "path": "C:\\Windows\\Installer\\1a.msi" });
    judged(
        standard,
        CheckId::InstallerCache,
        &[
            ("it is there", packages(json!([there])), Verdict::Ok, "1 package"),
            (
                "a file is gone",
                packages(
                    json!([there, { "component": "Front End Server", "path": "C:\\Windows\\Installer\\2b.msi", "problem": "not found" }]),
                ),
                Verdict::Fault,
                "C:\\Windows\\Installer\\2b.msi (Front End Server): not found",
            ),
            (
                "an update has no file",
                packages(json!([{ "component": "Core Components", "update": "A795057B" }])),
                Verdict::Fault,
                "no LocalPackage of update A795057B of Core Components: the value is missing",
            ),
            ("nothing is known to Windows Installer", packages(json!([])), Verdict::Unknown, "names no package"),
        ],
    );
}

/// Microsoft Learn: How to determine which .NET Framework versions are installed; Server requirements for Skype for
/// Business Server 2015 (4.7.1 with CU5 and later, 4.7.2 with CU6, 4.8 with CU9); Microsoft Support: after CU4 remote
/// PowerShell needs 4.5.2.
#[test]
fn dotnet_fits_the_target() {
    let release = |release: serde_json::Value| json!({ "dotnet": { "known": release } });
    let cu4 = || of_product(Product::Sfb2015, "6.0.9319.272");
    judged(
        cu4,
        CheckId::DotNet,
        &[
            ("none", release(json!(null)), Verdict::Fault, "is not installed"),
            ("4.5.1", release(json!(378_675)), Verdict::Fault, "6.0.9319.272 needs 4.5.2"),
            ("4.5.2", release(json!(379_893)), Verdict::Ok, "4.5.2 (Release 379893)"),
            ("4.7.1 before CU5", release(json!(461_308)), Verdict::Warning, "which CU5 and later support"),
            ("4.8 before CU9", release(json!(528_040)), Verdict::Warning, "which CU9 and later support"),
        ],
    );
    judged(
        || of_product(Product::Sfb2015, "6.0.9319.548"),
        CheckId::DotNet,
        &[("4.8 at CU9", release(json!(528_049)), Verdict::Ok, "4.8 (Release 528049)")],
    );
    judged(
        standard,
        CheckId::DotNet,
        &[
            ("4.8 for 2019", release(json!(528_040)), Verdict::Ok, "4.8"),
            ("4.6.2 for 2019", release(json!(394_802)), Verdict::Warning, "less than 4.7"),
        ],
    );
}

/// Microsoft Learn: about_Execution_Policies (a group policy sets the scopes MachinePolicy and UserPolicy, and precedes
/// all others); about_Language_Modes; ConvertFrom-Json came with 3.0.
#[test]
fn powershell_must_run_the_scripts() {
    let shell = |version: &str, mode: &str, scope: &str, policy: &str| {
        json!({ "powerShell": { "known": {
            "version": version, "languageMode": mode,
            "policies": [{ "scope": "LocalMachine", "policy": "AllSigned" }, { "scope": scope, "policy": policy }],
        } } })
    };
    judged(
        standard,
        CheckId::PowerShell,
        &[
            ("that of 2016", shell("5.1.14393.206", "FullLanguage", "UserPolicy", "Undefined"), Verdict::Ok, "5.1"),
            (
                "that of 2008 R2",
                shell("2.0", "FullLanguage", "UserPolicy", "Undefined"),
                Verdict::Fault,
                "PowerShell 2.0",
            ),
            (
                "AppLocker",
                shell("5.1", "ConstrainedLanguage", "UserPolicy", "Undefined"),
                Verdict::Fault,
                "into the mode ConstrainedLanguage",
            ),
            ("no version", shell("", "FullLanguage", "UserPolicy", "Undefined"), Verdict::Unknown, "\"\""),
        ],
    );
    judged(
        standard,
        CheckId::ExecutionPolicy,
        &[
            (
                "only the local machine sets one, which our argument precedes",
                shell("5.1", "FullLanguage", "MachinePolicy", "Undefined"),
                Verdict::Ok,
                "no group policy",
            ),
            (
                "a group policy wants signatures",
                shell("5.1", "FullLanguage", "MachinePolicy", "AllSigned"),
                Verdict::Fault,
                "MachinePolicy is AllSigned",
            ),
            (
                "no scripts at all",
                shell("5.1", "FullLanguage", "UserPolicy", "Restricted"),
                Verdict::Fault,
                "Restricted",
            ),
            (
                "local scripts are allowed",
                shell("5.1", "FullLanguage", "MachinePolicy", "RemoteSigned"),
                Verdict::Ok,
                "RemoteSigned",
            ),
        ],
    );
}

/// Microsoft Learn: Maximum tolerance for computer clock synchronization (five minutes).
#[test]
fn the_clock_may_differ_by_less_than_five_minutes() {
    let ahead = |seconds: i64| json!({ "clockAhead": { "known": seconds } });
    judged(
        standard,
        CheckId::Clock,
        &[
            ("right", ahead(0), Verdict::Ok, "0 s"),
            ("a minute", ahead(-60), Verdict::Warning, "1 min behind that of the domain"),
            ("nearly five", ahead(299), Verdict::Warning, "4 min 59 s ahead of"),
            ("five", ahead(300), Verdict::Fault, "5 min ahead of"),
            ("far behind", ahead(-86_400), Verdict::Fault, "behind"),
            ("no domain", json!({}), Verdict::NotAsked, ""),
        ],
    );
}

/// The server is seen on 2026-03-01 at 21:00.
#[test]
fn certificates_and_backups_have_their_age() {
    let certificate = |from: &str, until: &str| {
        json!({ "certificates": { "known": [{
            "usage": "Default", "thumbprint": "AB12", "subject": "CN=pool", "notBefore": from, "notAfter": until,
        }] } })
    };
    let long_ago = "2025-01-01T00:00:00Z";
    judged(
        standard,
        CheckId::Certificates,
        &[
            ("31 days", certificate(long_ago, "2026-04-01T21:00:00Z"), Verdict::Ok, "1 certificate"),
            (
                "29 days",
                certificate(long_ago, "2026-03-30T21:00:00Z"),
                Verdict::Warning,
                "Default (CN=pool, AB12) expires at",
            ),
            ("a second ago", certificate(long_ago, "2026-03-01T20:59:59Z"), Verdict::Fault, "expired at"),
            ("now", certificate(long_ago, "2026-03-01T21:00:00Z"), Verdict::Fault, "expired at"),
            (
                "not yet",
                certificate("2026-03-02T00:00:00Z", "2027-03-02T00:00:00Z"),
                Verdict::Fault,
                "is not valid before",
            ),
            ("none", json!({ "certificates": { "known": [] } }), Verdict::Unknown, "no certificate"),
        ],
    );
    let backup = |last: serde_json::Value| json!({ "backups": { "known": [{ "sqlServer": "(local)\\RTC", "database": "rtcxds", "last": last }] } });
    judged(
        standard,
        CheckId::Backups,
        &[
            ("a day", backup(json!("2026-02-28T21:00:00Z")), Verdict::Ok, "1 database"),
            (
                "a day and a second",
                backup(json!("2026-02-28T20:59:59Z")),
                Verdict::Warning,
                "rtcxds on (local)\\RTC is of",
            ),
            ("never", backup(json!(null)), Verdict::Warning, "no full backup of rtcxds"),
        ],
    );
}

#[test]
fn what_a_service_depends_on_must_be_able_to_start() {
    let depends = |start: serde_json::Value| json!({ "dependencies": { "known": [{ "service": "RTCSRV", "needs": "HTTP", "start": start }] } });
    judged(
        standard,
        CheckId::Dependencies,
        &[
            ("by hand", depends(json!("manual")), Verdict::Ok, "1 dependency"),
            ("disabled", depends(json!("disabled")), Verdict::Fault, "RTCSRV depends on HTTP, which is disabled"),
            ("removed", depends(json!(null)), Verdict::Fault, "RTCSRV depends on HTTP, which does not exist"),
        ],
    );
}

#[test]
fn cmdlets_have_what_the_scripts_use() {
    let cmdlet = |exists: bool, lacks: serde_json::Value, properties: serde_json::Value| {
        json!({ "cmdlets": { "known": [{
            "name": "Test-CsDatabase", "exists": exists, "lacksParameters": lacks, "lacksProperties": properties,
        }] } })
    };
    judged(
        standard,
        CheckId::Cmdlets,
        &[
            ("as documented", cmdlet(true, json!([]), json!(null)), Verdict::Ok, "1 cmdlet"),
            ("gone", cmdlet(false, json!([]), json!(null)), Verdict::Fault, "Test-CsDatabase does not exist"),
            ("changed", cmdlet(true, json!(["LocalService"]), json!(null)), Verdict::Fault, "has no -LocalService"),
        ],
    );
    judged(
        standard,
        CheckId::Answers,
        &[
            ("a type with all of them", cmdlet(true, json!([]), json!([])), Verdict::Ok, "1 answer is declared"),
            ("no type", cmdlet(true, json!([]), json!(null)), Verdict::Unknown, "no cmdlet declares"),
            ("another type", cmdlet(true, json!([]), json!(["Succeed"])), Verdict::Warning, "has no Succeed"),
        ],
    );
}

/// A fault forbids the first stop and nothing after it; the manifest can ignore it, and can require what is unknown.
#[test]
fn a_fault_forbids_the_first_stop_only() {
    fn expired() -> serde_json::Value {
        json!({ "dotnet": { "known": null } })
    }
    fn ignoring(it: &mut Server, check: CheckId) {
        let mut rules = (*it.goal.rules.doctor).clone();
        rules.ignore.insert(check, "tested".into());
        it.goal.rules.doctor = rules.into();
    }
    fn requiring(it: &mut Server, check: CheckId) {
        let mut rules = (*it.goal.rules.doctor).clone();
        rules.require.push(check);
        it.goal.rules.doctor = rules.into();
    }
    fn sick() -> Server {
        with(standard(), expired())
    }
    const STOP: &str = "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530";
    const INSTALL: &str = "the installation: core-components is at 7.0.2046.0, must reach 7.0.2046.530";
    const FORBIDDEN: &str = "blocked: doctor: dotnet: .NET Framework 4.5 or later is not installed";
    decided(
        sick,
        &[
            ("as it is", |_| {}, FORBIDDEN),
            ("the manifest ignores another check", |it| ignoring(it, CheckId::LastBoot), FORBIDDEN),
            ("the manifest ignores it", |it| ignoring(it, CheckId::DotNet), STOP),
            ("a snapshot is judged", |it| it.goal = it.goal.clone().unexamined(), STOP),
            ("the server needs nothing", |it| it.core(CURRENT), "done"),
            ("its services are down already", |it| it.down(), INSTALL),
            ("nothing was read", |it| it.seen.host.examined = Fact::NotLooked, "look at what doctor checks"),
            (
                "all of it is unknown",
                |it| it.seen.host.examined = unknown(),
                "blocked: doctor: private-folder is required and unknown: access denied",
            ),
        ],
    );
    // A run with nothing to do reads nothing more than before.
    decided(patched, &[("at the goal nothing is read", |it| it.seen.host.examined = Fact::NotLooked, "done")]);
    fn unknown_backups() -> Server {
        with(standard(), json!({ "backups": { "unknown": "SQL Server does not answer" } }))
    }
    decided(
        unknown_backups,
        &[
            ("not knowing forbids nothing", |_| {}, STOP),
            (
                "unless it is required",
                |it| requiring(it, CheckId::Backups),
                "blocked: doctor: backups is required and unknown: SQL Server does not answer",
            ),
        ],
    );
    fn open() -> Server {
        with(standard(), json!({ "privateFolder": { "known": { "path": "C:\\p", "problem": "Users may write" } } }))
    }
    decided(
        open,
        &[(
            "a check of the gate cannot be ignored",
            |it| ignoring(it, CheckId::PrivateFolder),
            "blocked: doctor: private-folder: C:\\p: Users may write",
        )],
    );
}

/// The gate and `doctor` give one answer: whatever the gate forbids is a fault, or unknown, in the diagnosis.
#[test]
fn what_the_gate_forbids_doctor_finds() {
    let rows: [(CheckId, Unusual); 6] = [
        (CheckId::Rights, |it| it.seen.host.rights = unknown()),
        (CheckId::FreeSpace, |it| it.seen.host.disk = Fact::Known(1)),
        (CheckId::Package, |it| it.seen.host.package = Fact::Known(PackageSeen::Refused("not there".into()))),
        (CheckId::OpenShells, |it| it.seen.host.shells = unknown()),
        (CheckId::PendingRestart, |it| it.seen.host.reboot = Fact::Known(vec![pending("Windows Update", &[])])),
        (CheckId::Databases, |it| {
            let store = it.goal.stores[0].clone();
            it.databases(&store, |database| database.reachable = false);
        }),
    ];
    for (check, change) in rows {
        let mut server = standard();
        assert_eq!(found(&server, check).verdict, Verdict::Ok, "{check}");
        change(&mut server);
        let Next::Blocked(blocker) = next(&server.goal, &server.seen) else { panic!("{check} forbids nothing") };
        let all = diagnose(&server.goal, &server.seen);
        let one = all.iter().find(|one| one.check == check).unwrap();
        assert!(one.forbids && one.found.what == format!("{blocker}"), "{check}: {blocker}, and {:?}", one.found);
        let Why::Step { conditions, .. } = why(&server.goal, &server.seen) else { panic!("{check}") };
        let unmet: Vec<_> =
            conditions.iter().filter(|one| matches!(&one.state, Met::No(why) if *why == blocker)).collect();
        assert!(unmet.iter().any(|one| one.doctor == Some(check)), "{check}: {conditions:?}");
    }
    assert_eq!(CheckId::ALL.iter().filter(|check| check.class() == CheckClass::Gate).count(), 9);
}
