//! The servers that the documentation describes, with their components, services and databases.

use std::fmt::Write;

use reconcile_doubles::{Asks, Database, Form, Lab, Pool, Service, StartType, WEB_SERVER};

/// A product, with a newer update available.
#[derive(Debug, Clone, Copy)]
pub struct Product {
    /// The name that manifests use.
    pub key: &'static str,
    /// The start of every component's `DisplayName`.
    pub display: &'static str,
    /// The file name of its installer.
    pub installer: &'static str,
    /// The path of its management module.
    pub module: &'static str,
    /// The assembly that an open management shell keeps loaded.
    pub assembly: &'static str,
    /// The build of Core Components before the update.
    pub before: &'static str,
    /// The build of Core Components after the update.
    pub after: &'static str,
}

const LYNC_ASSEMBLY: &str = r"C:\Windows\Microsoft.NET\assembly\GAC_MSIL\Microsoft.Rtc.Management\v4.0_5.0.0.0__31bf3856ad364e35\Microsoft.Rtc.Management.dll";
const SKYPE_2015_ASSEMBLY: &str = r"C:\Windows\Microsoft.NET\assembly\GAC_MSIL\Microsoft.Rtc.Management\v4.0_6.0.0.0__31bf3856ad364e35\Microsoft.Rtc.Management.dll";
const SKYPE_2019_ASSEMBLY: &str = r"C:\Windows\Microsoft.NET\assembly\GAC_MSIL\Microsoft.Rtc.Management\v4.0_7.0.0.0__31bf3856ad364e35\Microsoft.Rtc.Management.dll";

pub const LYNC_2013: Product = Product {
    key: "lync-2013",
    display: "Microsoft Lync Server 2013",
    installer: "LyncServerUpdateInstaller.exe",
    module: r"C:\Program Files\Common Files\Microsoft Lync Server 2013\Modules\Lync\Lync.psd1",
    assembly: LYNC_ASSEMBLY,
    before: "5.0.8308.992",
    after: "5.0.8308.1149",
};

pub const SFB_2015: Product = Product {
    key: "sfb-2015",
    display: "Skype for Business Server 2015",
    installer: "SkypeServerUpdateInstaller.exe",
    module: r"C:\Program Files\Common Files\Skype for Business Server 2015\Modules\SkypeForBusiness\SkypeForBusiness.psd1",
    assembly: SKYPE_2015_ASSEMBLY,
    before: "6.0.9319.548",
    after: "6.0.9319.619",
};

pub const SFB_2019: Product = Product {
    key: "sfb-2019",
    display: "Skype for Business Server 2019",
    installer: "SkypeServerUpdateInstaller.exe",
    module: r"C:\Program Files\Common Files\Skype for Business Server 2019\Modules\SkypeForBusiness\SkypeForBusiness.psd1",
    assembly: SKYPE_2019_ASSEMBLY,
    before: "7.0.2046.385",
    after: "7.0.2046.530",
};

/// It is assumed that the names of the Subscription Edition follow the pattern of 2019.
pub const SFB_SE: Product = Product {
    key: "sfb-se",
    display: "Skype for Business Server Subscription Edition",
    installer: "SkypeServerUpdateInstaller.exe",
    module: r"C:\Program Files\Common Files\Skype for Business Server Subscription Edition\Modules\SkypeForBusiness\SkypeForBusiness.psd1",
    assembly: SKYPE_2019_ASSEMBLY,
    before: "7.0.2046.820",
    after: "7.0.2046.889",
};

impl Product {
    /// The `DisplayName` of a component.
    pub fn component(&self, title: &str) -> String {
        format!("{}, {title}", self.display)
    }

    /// The product line, the first three numbers of every build.
    fn line(&self) -> &str {
        self.before.rsplit_once('.').expect("a build has four numbers").0
    }

    /// The published product code of Core Components, and invented codes for all other components.
    pub fn code(&self, number: usize) -> String {
        match (self.key, number) {
            ("lync-2013", 0) => "{8901ADFC-435C-4E37-9045-9E2E7A613285}".into(),
            ("sfb-2015", 0) => "{DE39F60A-D57F-48F5-A2BD-8BA3FE794E1F}".into(),
            _ => format!("{{0C0FFEE0-0000-4000-8000-{number:012}}}"),
        }
    }
}

/// The program of all services that have none of their own.
pub const SERVICE: &str = r"C:\lab\bin\service.exe";

/// The domain of all servers.
const DOMAIN: &str = "lab.example";

/// The SQL Server of an Enterprise Edition pool.
pub const SQL_SERVER: &str = "sql-be.lab.example";

/// The Front End pool of an Enterprise Edition.
pub const POOL: &str = "pool.lab.example";

/// The complete description of one server.
#[derive(Debug, Clone)]
pub struct Server {
    pub product: Product,
    /// The titles of the installed components, with their versions.
    pub components: Vec<(String, String)>,
    /// The services, and the behaviour of the doubles.
    pub lab: Lab,
    pub databases: Vec<Database>,
}

impl Server {
    /// An outdated Standard Edition server with its own databases.
    pub fn standard_edition(product: Product) -> Self {
        let mut server = Self::new(product, "se");
        let own = server.lab.fqdn.clone();
        let sql = [("RTC", "MSSQL$RTC"), ("RTCLOCAL", "MSSQL$RTCLOCAL"), ("LYNCLOCAL", "MSSQL$LYNCLOCAL")];
        server.lab.bystanders = sql.iter().map(|(_, service)| named(service)).collect();
        server.databases = [
            ("rtcxds", "RTC", "15.13.20", "15.13.22"),
            ("rtcab", "RTC", "62.42.12", "62.42.13"),
            ("rgsconfig", "RTC", "5.5.2", "5.5.2"),
            ("xds", "RTC", "10.16.7", "10.16.7"),
            ("lis", "RTC", "3.1.1", "3.1.1"),
            ("rtc", "RTCLOCAL", "125.74.89", "125.74.89"),
            ("lyss", "LYNCLOCAL", "12.44.12", "12.44.13"),
        ]
        .map(|row| database(Form::Local, &own, row))
        .to_vec();
        server
    }

    /// An outdated Enterprise Edition Back End server, with its databases on a SQL Server.
    pub fn back_end(product: Product) -> Self {
        let mut server = Self::new(product, "be");
        server.lab.bystanders = vec![named("MSSQL$RTCLOCAL"), named("MSSQL$LYNCLOCAL")];
        server.databases = [
            ("rtcxds", "RTC", "15.13.20", "15.13.22"),
            ("rtcab", "RTC", "62.42.12", "62.42.13"),
            ("rgsconfig", "RTC", "5.5.2", "5.5.2"),
            ("cpsdyn", "RTC", "1.1.2", "1.1.2"),
        ]
        .map(|row| database(Form::Configured, SQL_SERVER, row))
        .to_vec();
        server
    }

    /// An outdated Front End Server, one of three in an Enterprise Edition pool. The pool has its databases and its
    /// Mediation Servers elsewhere.
    pub fn front_end(product: Product) -> Self {
        let mut server = Self::new(product, "fe");
        server.lab.bystanders = vec![named("MSSQL$RTCLOCAL"), named("MSSQL$LYNCLOCAL")];
        server.lab.services.retain(|service| service.name != "RTCMEDSRV");
        server.components.retain(|(title, _)| title != "Mediation Server");
        let (asks, moves) = match product.key {
            "lync-2013" => (Asks::Readiness, false),
            "sfb-2015" => (Asks::Readiness, true),
            _ => (Asks::Domains, true),
        };
        server.lab.pool = Some(Pool {
            fqdn: POOL.to_owned(),
            asks,
            moves,
            readiness: "Ready".to_owned(),
            servers: 3,
            others: 2,
            counts: true,
            domains: Vec::new(),
            fabric: None,
        });
        server
    }

    /// The same server, which also holds the Central Management Store in its instance RTC.
    pub fn with_central_management(mut self) -> Self {
        let own = self.lab.fqdn.clone();
        for row in [("xds", "RTC", "10.15.4", "10.16.7"), ("lis", "RTC", "3.1.0", "3.1.1")] {
            self.databases.push(database(Form::Central, &own, row));
        }
        let replica = self.lab.services.iter().position(|service| service.name == "REPLICA").expect("every server");
        self.lab.services.insert(replica, named("MASTER"));
        self
    }

    /// The same server with call admission control and video, whose services have no published names. It also has the
    /// recorder of another vendor.
    pub fn with_unpublished_services(mut self) -> Self {
        let policy = format!(r"C:\Program Files\{}\Server\Core\service.exe", self.product.display);
        let display = format!("{} Video Interop Server", self.product.display.trim_start_matches("Microsoft "));
        let service = |name: &str, display: &str, program: &str| Service {
            display: Some(display.to_owned()),
            program: Some(program.to_owned()),
            ..named(name)
        };
        self.lab.services.extend([
            service("RTCPDPAUTH", "Bandwidth Policy Service (Authentication)", &policy),
            service("RTCVIS", &display, r"C:\Video\service.exe"),
        ]);
        let recorder = r"C:\Program Files\Contoso Recorder for Skype for Business Server\service.exe";
        self.lab.bystanders.push(service("Recorder", "Contoso Recorder", recorder));
        self
    }

    fn new(product: Product, role: &str) -> Self {
        // The update patches only the components that have changed since the installed build.
        let patched = ["Core Components", "Administrative Tools", "Front End Server", "Web Components Server"];
        let unchanged = ["Mediation Server", "Response Group Service"];
        let older = format!("{}.0", product.line());
        let component = |title: &&str, version: &str| ((*title).to_owned(), version.to_owned());
        let mut components: Vec<_> = patched.iter().map(|title| component(title, product.before)).collect();
        components.extend(unchanged.iter().map(|title| component(title, &older)));
        let services = [
            WEB_SERVER,
            "REPLICA",
            "RTCCLSAGT",
            "FabricHostSvc",
            "RTCSRV",
            "RTCCAA",
            "RTCCAS",
            "RTCRGS",
            "RTCCPS",
            "RTCATS",
            "RTCIMMCU",
            "RTCDATAMCU",
            "RTCAVMCU",
            "RTCASMCU",
            "RTCMEDSRV",
        ];
        let lab = Lab {
            fqdn: format!("{}-{role}.{DOMAIN}", product.key),
            services: services.map(named).to_vec(),
            package: patched.iter().map(|title| (product.component(title), product.after.to_owned())).collect(),
            module: product.module.to_owned(),
            assembly: product.assembly.to_owned(),
            groups: ["RTCUniversalServerAdmins".to_owned()].into(),
            ..Lab::default()
        };
        Self { product, components, lab, databases: Vec::new() }
    }

    /// The service with this name, for changes.
    pub fn service(&mut self, name: &str) -> &mut Service {
        self.lab.services.iter_mut().find(|service| service.name == name).expect("a service of the server")
    }

    /// The packages in the cache of Windows Installer: one of each component, and one of an update applied to the first.
    pub fn packages(&self) -> Vec<String> {
        let components = (0..self.components.len()).map(|number| format!(r"C:\windows\Installer\1a2b{number:02}.msi"));
        components.chain([UPDATE.to_owned()]).collect()
    }

    /// The server's additions to the registry of a fresh machine, in the format of Wine's hive files.
    pub fn hive(&self) -> String {
        let mut hive = String::new();
        for (number, (title, version)) in self.components.iter().enumerate() {
            let key = format!(r"Software\Microsoft\Windows\CurrentVersion\Uninstall\{}", self.product.code(number));
            let values = [("DisplayName", self.product.component(title)), ("DisplayVersion", version.clone())];
            section(&mut hive, &key, &values, &[]);
        }
        self.installer(&mut hive);
        // This version stays at the original release, whatever is installed later.
        let folder = format!(r"C:\Program Files\{}\", self.product.display);
        let key = r"Software\Microsoft\Real-Time Communications\{A593FD00-64F1-4288-A6F4-E699ED9DCA35}";
        section(&mut hive, key, &[("InstallDir", folder), ("Version", format!("{}.0", self.product.line()))], &[]);
        for service in self.lab.services.iter().chain(&self.lab.bystanders) {
            let start = match service.start_type {
                StartType::Automatic => 2,
                StartType::Manual => 3,
                StartType::Disabled => 4,
            };
            let key = format!(r"System\CurrentControlSet\Services\{}", service.name);
            let program = service.program.as_deref().unwrap_or(SERVICE);
            let values = [
                ("DisplayName", service.display.clone().unwrap_or_else(|| service.name.clone())),
                ("ImagePath", format!(r#""{program}" {}"#, service.name)),
                ("ObjectName", "LocalSystem".to_owned()),
            ];
            section(&mut hive, &key, &values, &[("ErrorControl", 1), ("Start", start), ("Type", 0x10)]);
        }
        hive
    }

    /// What Windows Installer keeps of each component (Microsoft Support, KB971187), and what a supported Windows has:
    /// .NET Framework, and on a Front End Server the values for TLS of Microsoft's article about event 32402.
    fn installer(&self, hive: &mut String) {
        let key =
            |below: &str| format!(r"Software\Microsoft\Windows\CurrentVersion\Installer\UserData\S-1-5-18\{below}");
        for ((number, (title, _)), package) in self.components.iter().enumerate().zip(self.packages()) {
            let code = packed(&self.product.code(number));
            let values = [("DisplayName", self.product.component(title)), ("LocalPackage", package)];
            section(hive, &key(&format!(r"Products\{code}\InstallProperties")), &values, &[]);
            if number == 0 {
                section(hive, &key(&format!(r"Products\{code}\Patches\{PATCH}")), &[], &[("State", 1)]);
            }
        }
        section(hive, &key(&format!(r"Patches\{PATCH}")), &[("LocalPackage", UPDATE.to_owned())], &[]);
        let release = if self.product.before.starts_with('7') { 528_040 } else { 379_893 };
        section(hive, r"Software\Microsoft\NET Framework Setup\NDP\v4\Full", &[], &[("Release", release)]);
        if self.lab.pool.is_some() {
            section(hive, SCHANNEL, &[], &[("EnableSessionTicket", 2), ("ClientAuthTrustMode", 2)]);
        }
    }
}

/// The key of an update of Core Components, and its file in the cache of Windows Installer.
const PATCH: &str = "0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F";
const UPDATE: &str = r"C:\windows\Installer\3c4d.msp";

pub const SCHANNEL: &str = r"System\CurrentControlSet\Control\SecurityProviders\SCHANNEL";

/// A product code in the form of Windows Installer's keys: the digits of the first three groups from the end, those of
/// the others in pairs.
fn packed(code: &str) -> String {
    let groups: Vec<_> = code.trim_matches(['{', '}']).split('-').map(str::as_bytes).collect();
    let (front, back) = groups.split_at(3);
    let backwards = front.iter().flat_map(|group| group.iter().rev().copied());
    let in_pairs = back.iter().flat_map(|group| group.chunks(2).flat_map(|pair| pair.iter().rev().copied()));
    backwards.chain(in_pairs).map(char::from).collect()
}

fn named(name: &str) -> Service {
    Service { name: name.to_owned(), ..Service::default() }
}

fn database(form: Form, server: &str, (name, instance, before, after): (&str, &str, &str, &str)) -> Database {
    Database {
        name: name.to_owned(),
        form,
        server: server.to_owned(),
        instance: instance.to_owned(),
        installed: before.to_owned(),
        expected_before: before.to_owned(),
        expected_after: after.to_owned(),
        reachable: true,
        stuck: false,
    }
}

fn section(hive: &mut String, key: &str, texts: &[(&str, String)], numbers: &[(&str, u32)]) {
    let escaped = |text: &str| text.replace('\\', r"\\").replace('"', r#"\""#);
    let mut line = |line: std::fmt::Arguments| writeln!(hive, "{line}").expect("memory takes any text");
    line(format_args!("\n[{}]", escaped(key)));
    for (name, text) in texts {
        line(format_args!("\"{name}\"=\"{}\"", escaped(text)));
    }
    for (name, number) in numbers {
        line(format_args!("\"{name}\"=dword:{number:08x}"));
    }
}
