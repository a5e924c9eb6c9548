//! `reconcile.exe` on a machine: a manifest for its server, a run, and the effects of the run.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use reconcile_doubles::{Call, Form, Service, WEB_SERVER};
use reconcile_schema::{RunReport, ServerRun, State, Step};

use crate::machine::{Machine, Output, RECONCILE, Running, given};
use crate::server::SQL_SERVER;

pub const MANIFEST: &str = r"C:\lab\manifest.yaml";

/// The arguments of every run of `apply` in these tests.
pub const APPLY: [&str; 5] = ["apply", MANIFEST, "--yes", "--output", "json"];

/// The private folder, in lower case. It is `%ProgramData%\reconcile`, and Wine has its own value for `%ProgramData%`.
pub const STATE: &str = r"c:\users\public\reconcile";

/// The program that the tests kill and interrupt.
pub const PROGRAM: &str = "reconcile.exe";

/// The manifest for the server of `machine`, with the update of its installer and this policy.
pub fn manifest(machine: &Machine, policy: &str) -> String {
    let server = machine.server();
    let fqdn = &server.lab.fqdn;
    let has = |form| server.databases.iter().any(|database| database.form == form);
    let mut databases = Vec::new();
    if has(Form::Configured) {
        databases.push(format!("sqlServer: {SQL_SERVER}, collocated: false"));
    }
    if has(Form::Central) {
        databases.push(format!("centralManagementStore: {{ sqlServer: {fqdn}, instance: RTC }}"));
    }
    let (role, pool) = match &server.lab.pool {
        Some(pool) => ("front-end", format!("pool: {}", pool.fqdn)),
        None if has(Form::Local) => ("standard-edition", String::new()),
        None => ("back-end", String::new()),
    };
    format!(
        "\
version: 1
requires: \">=0.1\"
updates:
  update:
    product: {product}
    release: \"{release}\"
    installer:
      path: '{path}'
      sha256: {sha256}
      publisher: Lab Software Publisher
servers:
  {fqdn}:
    role: {role}
    {pool}
    target: update
    databases: {{ {databases} }}
    policy: {policy}
",
        product = server.product.key,
        release = server.product.after,
        path = machine.installer(),
        sha256 = installer_hash(),
        databases = databases.join(", "),
    )
}

/// The manifest with the builds of all components that the update patches. Without them only Core Components is judged,
/// and the updater can patch it before the others.
pub fn with_all_components(machine: &Machine) -> String {
    let build = machine.server().product.after;
    let components = format!("{{ front-end-server: \"{build}\", web-components-server: \"{build}\" }}");
    manifest(machine, "{}").replace("    installer:\n", &format!("    components: {components}\n    installer:\n"))
}

/// The SHA-256 of the installer, computed by another program.
pub fn installer_hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        let installer = format!("{}/installer.exe", given("WINDOWS_PROGRAMS"));
        let counted = Command::new("sha256sum").arg("--").arg(installer).output().expect("sha256sum runs");
        let counted = String::from_utf8(counted.stdout).expect("plain text");
        counted.split_whitespace().next().expect("a hash").to_owned()
    })
}

/// A run of `apply`.
#[derive(Debug)]
pub struct Ran {
    pub code: u32,
    /// Its report on the server.
    pub server: ServerRun,
    /// The text that people read during the run.
    pub stderr: String,
}

impl Ran {
    /// Parses the program's output.
    pub fn of(ended: Output) -> Self {
        let Output { code, stdout, stderr } = ended;
        let report: RunReport = serde_json::from_str(&stdout)
            .unwrap_or_else(|error| panic!("exit code {code} and no report ({error}): {stdout}{stderr}"));
        let [server] = <[_; 1]>::try_from(report.servers).expect("one server");
        assert_eq!(report.state, server.state);
        Self { code, server, stderr }
    }

    /// Panics unless the run ended with this code and state, and left nothing down.
    #[track_caller]
    pub fn is(&self, code: u32, state: State) -> &Self {
        self.leaves(code, state, &[])
    }

    /// Panics unless the run ended with this code and state, and left these services down.
    #[track_caller]
    pub fn leaves(&self, code: u32, state: State, down: &[&str]) -> &Self {
        assert_eq!((self.code, self.server.state), (code, state), "{self:#?}");
        assert_eq!(self.server.left_down, down, "{self:#?}");
        self
    }

    /// The reason why the server has not reached its goal.
    #[track_caller]
    pub fn why(&self) -> &str {
        self.server.blocked_by.as_deref().unwrap_or_else(|| panic!("nothing is in the way: {self:#?}"))
    }

    /// How often the run took `step`.
    pub fn count(&self, step: &Step) -> usize {
        self.server.steps.iter().filter(|taken| *taken == step).count()
    }
}

impl Machine {
    /// Writes the manifest for this machine's server, with this policy.
    pub fn declare(&self, policy: &str) {
        self.put(MANIFEST, manifest(self, policy));
    }

    /// Starts `reconcile apply`.
    pub fn start_apply(&self) -> Running<'_> {
        self.start(RECONCILE, &APPLY)
    }

    /// Runs `reconcile apply` to its end.
    pub fn apply(&self) -> Ran {
        Ran::of(self.start_apply().end())
    }

    /// Runs `reconcile` to its end.
    pub fn reconcile(&self, args: &[&str]) -> Output {
        self.run(RECONCILE, args)
    }

    /// The path of the journal, which need not exist yet.
    pub fn journal_path(&self) -> PathBuf {
        self.path(&format!(r"C{}\journal.jsonl", &STATE[1..]))
    }

    /// The names of the marks in the journal, in order.
    pub fn journal(&self) -> Vec<String> {
        let journal = std::fs::read_to_string(self.journal_path());
        let journal = journal.expect("a run has written its journal");
        let mark = |line: &str| {
            let line: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
            line["mark"].as_str().expect("a mark").to_owned()
        };
        journal.lines().map(mark).collect()
    }

    /// The calls after the first `known`: programs, scripts, the web server and the services of the product. (`net.exe`
    /// controls the web server and does not record its own calls.)
    ///
    /// Consecutive services with the same order count as one call and are sorted, because their order is random.
    pub fn called_since(&self, known: usize) -> Vec<String> {
        let of_the_product = |call: &Call| call.program == "service.exe" && !call.args.contains(&WEB_SERVER.into());
        let calls = self.calls();
        let calls: Vec<_> = calls.iter().skip(known).collect();
        let alike = |one: &&Call, other: &&Call| {
            of_the_product(one) && of_the_product(other) && one.args.last() == other.args.last()
        };
        let told = |calls: &[&Call]| match calls {
            [call, ..] if of_the_product(call) => {
                let mut names: Vec<_> = calls.iter().map(|call| call.args[0].as_str()).collect();
                names.sort_unstable();
                format!("{} {}", call.args[1], names.join(" "))
            }
            calls => calls.iter().map(ToString::to_string).collect(),
        };
        calls.chunk_by(alike).map(told).collect()
    }

    /// Panics unless every service runs, every component is at the update and every database is current.
    #[track_caller]
    pub fn assert_converged(&self) {
        let server = self.server();
        let sight = self.look();
        for (name, version) in &server.lab.package {
            assert_eq!(sight.components.get(name), Some(version), "{name}");
        }
        for (title, version) in &server.components {
            let name = server.product.component(title);
            if !server.lab.package.contains_key(&name) {
                assert_eq!(sight.components.get(&name), Some(version), "{name} is not a part of the update");
            }
        }
        self.assert_up();
        for database in self.databases() {
            // No update is documented for the store's own database. Only the Central Management Store has a form that
            // covers it.
            if database.name != "xds" || database.form == Form::Central {
                assert_eq!(database.installed, database.expected_after, "{}", database.name);
            }
        }
    }

    /// Panics unless every service runs with its original start type.
    #[track_caller]
    pub fn assert_up(&self) {
        let (sight, lab) = (self.look(), &self.server().lab);
        assert!(sight.services.values().all(|state| state == "Running"), "{:#?}", sight.services);
        for Service { name, start_type, .. } in lab.services.iter().chain(&lab.bystanders) {
            assert_eq!(sight.start_types[name], *start_type, "{name}");
        }
    }

    /// Panics if anything was stopped, started, installed or changed in a database after the first `known` calls.
    #[track_caller]
    pub fn assert_untouched(&self, known: usize) {
        let harmless = |call: &Call| {
            // The advice in the output depends on whether a task is registered. That query changes nothing.
            let asks = call.program == "schtasks.exe" && call.args.first().is_some_and(|verb| verb == "/query");
            let looks = call.script().is_some_and(|script| script.starts_with("Test-"));
            asks || looks || call.program == "powershell_ise.exe"
        };
        let calls: Vec<_> = self.calls().into_iter().skip(known).filter(|call| !harmless(call)).collect();
        assert!(calls.is_empty(), "{calls:#?}");
    }
}
