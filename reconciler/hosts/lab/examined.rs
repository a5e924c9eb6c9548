//! What `doctor` reads on a simulated server: what a sound server shows, but for the faults that are planted.

use jiff::Timestamp;
use reconcile_core::Goal;
use reconcile_schema::{
    BackupSeen, CachedPackage, CertificateSeen, CmdletSeen, Dependency, Examined, Fact, FileSeen, MisplacedCertificate,
    Period, PolicySeen, PowerShellSeen, Product, ReplicaSeen, Schannel, ServerReached, Shared, StartType, TaskSeen,
    TrustedRoots, WindowsVersion,
};

use super::{fault::Fault, world::Simulated};

/// What is read on `server`; all of it is unknown where the fault says so.
pub(super) fn examined(server: &Simulated, goal: &Goal) -> Fact<Shared<Examined>> {
    if server.has(Fault::ExaminationFails) {
        return Fact::Known(unread(server).into());
    }
    let problem = |fault, why: &str| server.has(fault).then(|| format!("{why} (simulated)"));
    let file = |path: String, fault, why: &str| Fact::Known(FileSeen { path, problem: problem(fault, why) });
    let ago = |days: u32| Timestamp::from_second(server.clock.as_second() - i64::from(days) * 86_400);
    let ago = |days| ago(days).unwrap_or(server.clock);
    let folder = goal.product.folder();
    let module = goal.product.module();
    let mut examined = Examined {
        windows: Fact::Known(windows(goal.product, server.has(Fault::WindowsStrange))),
        power_shell: Fact::Known(PowerShellSeen {
            version: "5.1.17763.1".into(),
            language_mode: if server.has(Fault::LanguageConstrained) { "ConstrainedLanguage" } else { "FullLanguage" }
                .into(),
            policies: ["MachinePolicy", "UserPolicy", "Process", "CurrentUser", "LocalMachine"]
                .map(|scope| PolicySeen { scope: scope.into(), policy: policy(server, scope).into() })
                .into(),
        }),
        clock_ahead: Fact::Known(if server.has(Fault::ClockOff) { 600 } else { 1 }),
        cached_packages: Fact::Known(packages(server, goal)),
        dotnet: Fact::Known((!server.has(Fault::DotNetMissing)).then_some(dotnet(goal.product))),
        dependencies: Fact::Known(vec![Dependency {
            service: "REPLICA".into(),
            needs: "HTTP".into(),
            start: Some(if server.has(Fault::DependencyDisabled) { StartType::Disabled } else { StartType::Manual }),
        }]),
        trusted_roots: Fact::Known(roots(server)),
        certificates: Fact::Known(vec![CertificateSeen {
            usage: "Default".into(),
            thumbprint: "2F0E63A1B7C94D5580D1E2A6F4B3C7D890AB12CD".into(),
            subject: format!("CN={}", goal.server),
            not_before: Some(ago(400)),
            not_after: if server.has(Fault::CertificateExpired) {
                ago(1)
            } else {
                Period::hours(2000 * 24).after(server.clock)
            },
        }]),
        module: file(
            format!(r"C:\Program Files\Common Files\{folder}\Modules\{module}\{module}.psd1"),
            Fault::ModuleMissing,
            "no such file",
        ),
        cmdlets: Fact::Known(cmdlets(server)),
        scripts: file(
            r"C:\ProgramData\reconcile\scripts".into(),
            Fault::ScriptsRefused,
            "PowerShell reports that an execution policy forbids it",
        ),
        signature: file(
            format!(r"C:\Program Files\{folder}\Server\Core\RTCSrv.exe"),
            Fault::SignatureRefused,
            "its signature is not trusted",
        ),
        private_folder: private_folder(server),
        replicas: Fact::Known(vec![ReplicaSeen {
            server: goal.server.to_string(),
            up_to_date: !server.has(Fault::ReplicaBehind),
        }]),
        task: Fact::Known(server.has(Fault::TaskAltered).then(|| TaskSeen {
            mode: "apply".into(),
            account: r"LAB\reconcile$".into(),
            next: None,
            problems: vec!["Settings/ExecutionTimeLimit: expected PT4H, found PT72H (simulated)".into()],
        })),
        ..Examined::default()
    };
    if goal.is_in_pool() {
        let two = (!server.has(Fault::SchannelUnset)).then_some(2);
        examined.schannel = Fact::Known(Schannel { enable_session_ticket: two, client_auth_trust_mode: two });
    }
    if goal.all_stores().next().is_some() {
        let days = if server.has(Fault::BackupOld) { 3 } else { 0 };
        examined.backups = Fact::Known(backups(server, ago(days)));
    }
    if let Some(claims) = &goal.claims {
        examined.share_lock =
            file(claims.folder.clone(), Fault::ShareUnlocked, "a second handle wrote to a locked file");
    }
    if goal.fails_over() {
        let reached = |name: &reconcile_schema::ServerName| ServerReached {
            server: name.clone(),
            denied: server.has(Fault::PoolServerDenied),
            problem: None,
        };
        examined.pool_servers =
            Fact::Known(goal.pool_servers.iter().filter(|name| **name != goal.server).map(reached).collect());
    }
    Fact::Known(examined.into())
}

/// Nothing could be read but the private folder, without which no run would have come so far.
fn unread(server: &Simulated) -> Examined {
    fn unknown<T>() -> Fact<T> {
        Fact::Unknown("it could not be read (simulated)".into())
    }
    Examined {
        windows: unknown(),
        power_shell: unknown(),
        clock_ahead: unknown(),
        cached_packages: unknown(),
        dotnet: unknown(),
        dependencies: unknown(),
        trusted_roots: unknown(),
        certificates: unknown(),
        schannel: unknown(),
        module: unknown(),
        cmdlets: unknown(),
        scripts: unknown(),
        signature: unknown(),
        private_folder: private_folder(server),
        share_lock: unknown(),
        pool_servers: unknown(),
        backups: unknown(),
        replicas: unknown(),
        task: unknown(),
    }
}

fn private_folder(server: &Simulated) -> Fact<FileSeen> {
    let problem = server.has(Fault::FolderOpen).then(|| "Users may write to it (simulated)".to_string());
    Fact::Known(FileSeen { path: r"C:\ProgramData\reconcile".into(), problem })
}

/// Written here again, and not taken from the product's row, which it is judged by.
fn windows(product: Product, strange: bool) -> WindowsVersion {
    let (major, minor, build) = if strange {
        (6, 0, 6002)
    } else if product <= Product::Sfb2015 {
        (6, 3, 9600)
    } else {
        (10, 0, 17763)
    };
    WindowsVersion { major, minor, build }
}

fn policy(server: &Simulated, scope: &str) -> &'static str {
    match scope {
        "MachinePolicy" if server.has(Fault::PolicyAllSigned) => "AllSigned",
        "LocalMachine" => "RemoteSigned",
        _ => "Undefined",
    }
}

/// `Release` of a version that each update of the product supports; written here again, too.
fn dotnet(product: Product) -> u32 {
    if product <= Product::Sfb2015 { 379_893 } else { 528_040 }
}

fn packages(server: &Simulated, goal: &Goal) -> Vec<CachedPackage> {
    let package = |(number, name): (usize, &reconcile_schema::ComponentName)| CachedPackage {
        component: format!("{}, {name}", goal.product),
        update: None,
        path: Some(format!(r"C:\Windows\Installer\{:x}.msi", 0x1a_2b30 + number)),
        problem: (number == 0 && server.has(Fault::InstallerCacheGap)).then(|| "no such file (simulated)".into()),
    };
    server.components.keys().enumerate().map(package).collect()
}

fn roots(server: &Simulated) -> TrustedRoots {
    let misplaced = server.has(Fault::RootMisplaced).then(|| MisplacedCertificate {
        thumbprint: "09A1C5B8E37F4D2266AA5910BC3E7D0F48C2B1E5".into(),
        subject: "CN=Contoso Issuing CA 2".into(),
        issuer: "CN=Contoso Root CA".into(),
    });
    TrustedRoots {
        count: if server.has(Fault::RootsMany) { 142 } else { 41 },
        misplaced: misplaced.into_iter().collect(),
        unreadable: Vec::new(),
    }
}

fn cmdlets(server: &Simulated) -> Vec<CmdletSeen> {
    let cmdlet = |name: &str| CmdletSeen {
        name: name.into(),
        exists: true,
        lacks_parameters: Vec::new(),
        lacks_properties: Some(Vec::new()),
    };
    let mut all = ["Test-CsDatabase", "Install-CsDatabase"].map(cmdlet);
    let [test, install] = &mut all;
    if server.has(Fault::CmdletChanged) {
        install.lacks_parameters = vec!["Update".into()];
    }
    if server.has(Fault::AnswerChanged) {
        test.lacks_properties = Some(vec!["InstalledVersion".into()]);
    }
    all.into()
}

fn backups(server: &Simulated, last: Timestamp) -> Vec<BackupSeen> {
    let stores = server.databases.iter().flat_map(|store| store.databases.keys());
    let backup = |database: &String| BackupSeen {
        sql_server: r"(local)\RTC".into(),
        database: database.clone(),
        last: Some(last),
    };
    stores.map(backup).collect()
}
