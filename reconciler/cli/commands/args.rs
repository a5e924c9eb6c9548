//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use reconcile_hosts::{
    lab,
    task::{Account, Place},
};
use reconcile_schema::{Fingerprint, Mode, Period, Product, ServerName};

use crate::manifest::schemas::Format;
use crate::show::{drift::forms::Form, topics};

/// Brings Lync Server 2013 and Skype for Business Server to the cumulative update that a manifest declares.
#[derive(Debug, Parser)]
#[command(name = "reconcile", version, disable_help_subcommand = true, max_term_width = 100)]
#[command(after_help = topics::below())]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Also log every step and every observation, on standard error.
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a first manifest: a lab, or what is found on servers.
    Init(Init),
    /// Bring this server, or every server of a lab, to its declared update.
    Apply(Apply),
    /// Show the steps that apply would run, each with its cause and its command.
    Plan(Plan),
    /// Print the servers as an inventory for Ansible.
    Inventory(Inventory),
    /// Show how servers differ from the manifest: by their snapshots, or this server as it is now.
    Drift(Drift),
    /// Check every assumption about a server, and every known reason why services do not come back.
    Doctor(Doctor),
    /// Show what must be true before the next step on a server, and who can make it so.
    Why(Scope),
    /// Write one archive with all that is needed to help.
    Support(Support),
    /// Write snapshots of this server, or of the servers of a lab.
    Observe(Observe),
    /// Show how servers stand: goal, maintenance window, hold, the last run.
    Status(Scope),
    /// Show what earlier runs did, how long it took, and who started them.
    History(History),
    /// Put servers on hold: no run touches them.
    Hold(Hold),
    /// End a hold.
    Unhold(Unhold),
    /// Acknowledge lines of the journal that cannot be read.
    Acknowledge(Acknowledge),
    /// Show which server of each pool is being updated, or break a claim that no run will release.
    Claims(Claims),
    /// Check manifests: errors and warnings, with line and column.
    Validate {
        /// The manifests.
        #[arg(required = true)]
        manifests: Vec<PathBuf>,
        /// Refuse a manifest with a warning, too.
        #[arg(long)]
        strict: bool,
    },
    /// Explain a word, or show where the values of a server come from.
    Explain(Explain),
    /// Print the JSON Schema of a format.
    Schema {
        /// Which format.
        #[arg(value_enum, default_value_t = Format::Manifest)]
        format: Format,
    },
    /// List the known cumulative updates, with their sources.
    Releases(Releases),
    /// Show, break or reset the simulated servers of a lab, and rehearse a night or a rollout.
    #[command(subcommand)]
    Lab(Lab),
    /// Register, show or remove the scheduled task that runs reconcile on this server.
    #[command(subcommand)]
    Schedule(Schedule),
    /// Act as a resource of Microsoft DSC v3.
    #[command(subcommand)]
    Dsc(Dsc),
    /// Start a command that a run ordered, and record how it ended.
    #[cfg(windows)]
    #[command(name = reconcile_hosts::windows::WATCHER, hide = true)]
    Attend,
    /// What the Windows Installer package has this program do.
    #[cfg(windows)]
    #[command(subcommand, hide = true)]
    Msi(Msi),
    /// Show the help of a command, or list a topic.
    Help {
        /// A command, or one of the topics that stand at the end of reconcile --help.
        #[arg(value_name = "COMMAND|TOPIC")]
        words: Vec<String>,
    },
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// The servers of a manifest, and the form of the answer.
#[derive(Debug, clap::Args)]
pub struct Scope {
    /// The manifest.
    pub manifest: PathBuf,
    /// Only this server; can be given several times.
    #[arg(long = "server", value_name = "NAME")]
    pub servers: Vec<ServerName>,
    /// How the answer is written.
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

/// `reconcile explain`.
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// A field by its path, such as policy.reboot, the code of an error, a finding or an outcome, or the number of an event. With
    /// --server, a manifest.
    #[arg(value_name = "WORD|MANIFEST")]
    pub word: String,
    /// Show each value that counts for this server of the manifest, and the line that it comes from.
    #[arg(long, value_name = "NAME")]
    pub server: Option<ServerName>,
    /// How the answer is written.
    #[arg(long, value_enum, default_value_t = Output::Text, requires = "server")]
    pub output: Output,
}

/// `reconcile init`.
#[derive(Debug, clap::Args)]
pub struct Init {
    /// Write lab.yaml, five simulated servers to practise on, into the current folder.
    #[arg(long, conflicts_with_all = ["from", "write", "installers"])]
    pub lab: bool,
    /// Registry exports, hives or snapshots of servers: files, folders, patterns, archives (.zip), or - for standard input.
    /// Without it, this server is read.
    #[arg(long, value_name = "PLACE", num_args = 1..)]
    pub from: Vec<PathBuf>,
    /// Write the manifest to this new file, instead of to standard output.
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
    /// An installer that lies ready: its path, hash and (on Windows) publisher go into the manifest; can be given several times.
    #[arg(long = "installer", value_name = "FILE")]
    pub installers: Vec<PathBuf>,
}

/// `reconcile apply`.
#[derive(Debug, clap::Args)]
pub struct Apply {
    /// Which servers.
    #[command(flatten)]
    pub scope: Scope,
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
    /// Take only the steps of this approved plan (a file that `plan --out` wrote).
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    /// Refuse any other manifest than the one with this fingerprint, which `inventory` and every JSON report name.
    #[arg(long, value_name = "SHA256")]
    pub fingerprint: Option<Fingerprint>,
    /// Reset the attempt counter: the reason for the earlier failures is fixed.
    #[arg(long)]
    pub retry: bool,
    /// How long to wait while another run works here; 0s: not at all.
    #[arg(long, value_name = "PERIOD", default_value = "2m")]
    pub lock_wait: Period,
    /// Run by the scheduled task: ask nobody, and report as the manifest's `reports` says.
    #[arg(long, conflicts_with = "retry")]
    pub unattended: bool,
}

/// `reconcile plan`.
#[derive(Debug, clap::Args)]
pub struct Plan {
    /// Which servers.
    #[command(flatten)]
    pub scope: Scope,
    /// Refuse any other manifest than the one with this fingerprint, which `inventory` and every JSON report name.
    #[arg(long, value_name = "SHA256")]
    pub fingerprint: Option<Fingerprint>,
    /// Also write the plan to this file, for `apply --plan`.
    #[arg(long, value_name = "FILE", conflicts_with = "fleet")]
    pub out: Option<PathBuf>,
    /// Show in which order and when the servers of the whole manifest are updated, on any operating system.
    #[arg(long, conflicts_with = "servers")]
    pub fleet: bool,
    /// Snapshots of the fleet, which show what is done already: a file, a folder, a pattern, an archive (.zip), or - for
    /// standard input; can be given several times. Without them, every server is assumed to need the whole update.
    #[arg(long, value_name = "PLACE", requires = "fleet")]
    pub from: Vec<PathBuf>,
    /// Plan the fleet from this time on, such as 2026-11-20T06:00:00Z, instead of from now on.
    #[arg(long, value_name = "TIME", requires = "fleet")]
    pub as_of: Option<jiff::Timestamp>,
}

/// `reconcile inventory`.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("asked").required(true)))]
pub struct Inventory {
    /// The manifest that names the servers.
    pub manifest: PathBuf,
    /// All groups and servers, with their variables.
    #[arg(long, group = "asked")]
    pub list: bool,
    /// Snapshots of the fleet, which show whether the rings before are done, and since when: a file, a folder, a pattern, an archive
    /// (.zip), or - for standard input; can be given several times.
    #[arg(long, value_name = "PLACE", requires = "list")]
    pub from: Vec<PathBuf>,
    /// The variables of one server.
    #[arg(long, value_name = "NAME", group = "asked")]
    pub host: Option<ServerName>,
}

/// `reconcile drift`.
#[derive(Debug, clap::Args)]
pub struct Drift {
    /// The manifest.
    pub manifest: PathBuf,
    /// Snapshots that `observe` wrote, registry exports or hives: a file, a folder, a pattern, an archive of `support` (.zip),
    /// or - for standard input; can be given several times. Without it, this server or the servers of a lab are read now.
    #[arg(long, value_name = "PLACE")]
    pub from: Vec<PathBuf>,
    /// Only this server; can be given several times.
    #[arg(long = "server", value_name = "NAME")]
    pub servers: Vec<ServerName>,
    /// The age, such as 36h or 7d, above which a snapshot no longer counts.
    #[arg(long, value_name = "PERIOD")]
    pub max_age: Option<Period>,
    /// Count ages from this time, such as 2026-11-20T06:00:00Z, instead of from now.
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<jiff::Timestamp>,
    /// Which facts of each server are judged.
    #[arg(long, value_enum, default_value_t = Judged::All)]
    pub judge: Judged,
    /// How the answer is written.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
    /// Also write a report to this file; its ending says how: .txt, .json, .xml (JUnit), .sarif, .md, .prom, .html. Can be
    /// given several times.
    #[arg(long = "report", value_name = "FILE")]
    pub reports: Vec<PathBuf>,
}

/// What `drift` judges of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Judged {
    /// Builds, services and databases.
    All,
    /// Builds alone: all that a registry export holds.
    Builds,
}

/// `reconcile doctor`.
#[derive(Debug, clap::Args)]
pub struct Doctor {
    /// The manifest.
    pub manifest: PathBuf,
    /// Only this server; can be given several times.
    #[arg(long = "server", value_name = "NAME")]
    pub servers: Vec<ServerName>,
    /// How the answer is written.
    #[arg(long, value_enum, default_value_t = Written::Text)]
    pub output: Written,
}

/// How the answer of `doctor` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Written {
    /// For people.
    Text,
    /// For programs; `reconcile schema doctor` prints its JSON Schema.
    Json,
    /// For a ticket.
    Markdown,
}

/// `reconcile support`.
#[derive(Debug, clap::Args)]
pub struct Support {
    /// The manifest.
    pub manifest: PathBuf,
    /// Only this server; can be given several times.
    #[arg(long = "server", value_name = "NAME")]
    pub servers: Vec<ServerName>,
    /// The archive, a new file. Without it, reconcile-support-TIME.zip in the current folder.
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// Replace the names of servers, domains, accounts and shares, each by the same name everywhere.
    #[arg(long)]
    pub anonymous: bool,
}

/// `reconcile observe`.
#[derive(Debug, clap::Args)]
pub struct Observe {
    /// The manifest that names the servers.
    pub manifest: PathBuf,
    /// Only this server; can be given several times.
    #[arg(long = "server", value_name = "NAME")]
    pub servers: Vec<ServerName>,
    /// Write one file for each server into this folder, instead of one line for each to standard output.
    #[arg(long, value_name = "FOLDER")]
    pub to: Option<PathBuf>,
    /// Also read what only doctor reads, so that drift shows what it finds.
    #[arg(long, conflicts_with = "unattended")]
    pub doctor: bool,
    /// Run by the scheduled task: compare with the manifest and report as its `reports` says, instead of writing to standard
    /// output; change nothing.
    #[arg(long, conflicts_with = "to")]
    pub unattended: bool,
}

/// `reconcile history`.
#[derive(Debug, clap::Args)]
pub struct History {
    /// Which servers.
    #[command(flatten)]
    pub scope: Scope,
    /// Only the last so many runs.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    pub last: usize,
}

/// `reconcile hold`.
#[derive(Debug, clap::Args)]
pub struct Hold {
    /// The manifest that names the servers.
    pub manifest: PathBuf,
    /// The reason for the hold; everybody who meets the hold reads it.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Only this server; can be given several times.
    #[arg(long = "server", value_name = "NAME")]
    pub servers: Vec<ServerName>,
}

/// `reconcile acknowledge`.
#[derive(Debug, clap::Args)]
pub struct Acknowledge {
    /// The manifest that names the servers.
    pub manifest: PathBuf,
    /// What you have looked into.
    #[arg(value_enum)]
    pub what: Concern,
    /// What you found, or why it does not matter; the journal keeps it.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Only this server; can be given several times.
    #[arg(long = "server", value_name = "NAME")]
    pub servers: Vec<ServerName>,
}

/// What a person can acknowledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Concern {
    /// Lines of the journal cannot be read, and a hold, or the serial of a manifest, may be lost.
    Journal,
}

/// `reconcile claims`.
#[derive(Debug, clap::Args)]
pub struct Claims {
    /// The manifest that names the pools and, under `rollout: { claims }`, the share.
    pub manifest: PathBuf,
    /// Break the claim of this server.
    #[arg(long = "break", value_name = "SERVER", requires = "reason")]
    pub broken: Option<ServerName>,
    /// The reason; the record keeps it.
    #[arg(long, value_name = "TEXT", requires = "broken")]
    pub reason: Option<String>,
}

/// `reconcile unhold`.
#[derive(Debug, clap::Args)]
pub struct Unhold {
    /// The manifest that names the servers.
    pub manifest: PathBuf,
    /// Only this server; can be given several times.
    #[arg(long = "server", value_name = "NAME")]
    pub servers: Vec<ServerName>,
}

/// `reconcile releases`.
#[derive(Debug, clap::Args)]
pub struct Releases {
    /// Only releases whose name, build or knowledge-base number contains this.
    pub text: Option<String>,
    /// Only this product.
    #[arg(long, value_parser = |text: &str| one_of(Product::ALL, Product::key, text))]
    pub product: Option<Product>,
    /// How the answer is written.
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

/// `reconcile lab`.
#[derive(Debug, Subcommand)]
pub enum Lab {
    /// Show the simulated servers.
    Show {
        /// The manifest of the lab.
        manifest: PathBuf,
    },
    /// Make the simulated servers again, as the manifest says.
    Reset {
        /// The manifest of the lab.
        manifest: PathBuf,
    },
    /// Let time pass on the simulated servers.
    Wait {
        /// The manifest of the lab.
        manifest: PathBuf,
        /// How long, such as 90m or 7d.
        period: Period,
    },
    /// Set how fast the clocks of the simulated servers run while you watch apply.
    Pace {
        /// The manifest of the lab.
        manifest: PathBuf,
        /// Such as 60x, an hour in a minute; none: steps take no time, as in a new lab.
        #[arg(value_parser = pace)]
        pace: LabPace,
    },
    /// Play a rollout over simulated servers, wave by wave. A manifest of real servers is played in memory.
    Rollout {
        /// The manifest: of a lab, or of real servers, which are not touched.
        manifest: PathBuf,
        /// When it begins, such as 2026-11-28T22:00:00Z; otherwise now, or in a lab at its clock.
        #[arg(long, value_name = "TIME")]
        as_of: Option<jiff::Timestamp>,
        /// A server whose installer fails; may be given again.
        #[arg(long, value_name = "SERVER")]
        fail: Vec<ServerName>,
    },
    /// Break a simulated server, or list the faults that there are.
    Break {
        /// The manifest of the lab.
        manifest: PathBuf,
        /// The server.
        server: Option<ServerName>,
        /// The fault.
        faults: Vec<String>,
    },
}

/// A pace; none where the lab does not wait.
pub type LabPace = Option<lab::Pace>;

/// `reconcile schedule`.
#[derive(Debug, Subcommand)]
pub enum Schedule {
    /// Register the task, or correct one that differs from the options.
    Install(Install),
    /// Show the task, and how it differs from the one that install would register.
    Show {
        /// How the answer is written.
        #[arg(long, value_enum, default_value_t = Output::Text)]
        output: Output,
    },
    /// Start the task now, and print which run that is.
    Run(Start),
    /// Remove the task. A run that it started continues.
    Remove,
}

/// `reconcile schedule run`.
#[derive(Debug, clap::Args)]
pub struct Start {
    /// Refuse if the manifest of the task is any other one than that with this fingerprint.
    #[arg(long, value_name = "SHA256")]
    pub fingerprint: Option<Fingerprint>,
    /// How the answer is written.
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

/// `reconcile schedule install`.
#[derive(Debug, clap::Args)]
pub struct Install {
    /// The manifest: on this server or on a share, where only administrators can change it.
    pub manifest: PathBuf,
    /// What the task does: observe only reports, apply brings the server to its update.
    #[arg(long, value_parser = |text: &str| one_of(Mode::ALL, Mode::key, text), default_value = "observe")]
    pub mode: Mode,
    /// How often it starts, in addition to every boot, such as 30m or 1d.
    #[arg(long, value_name = "PERIOD", default_value = "1h")]
    pub every: Period,
    /// The longest random delay of a start.
    #[arg(long, value_name = "PERIOD", default_value = "10m")]
    pub jitter: Period,
    /// The account that it runs as: SYSTEM, a managed service account as DOMAIN\name$, or DOMAIN\name, which then has no
    /// access to the network.
    #[arg(long, default_value = "SYSTEM")]
    pub account: Account,
    /// Have the Task Scheduler ask for the account's password, on this console, and keep it: then it has its groups of the domain and
    /// the network. reconcile never sees it.
    #[arg(long)]
    pub password: bool,
    /// Only print the definition of the task, as XML; on any operating system.
    #[arg(long)]
    pub print: bool,
    /// With --print: the path of the manifest on the server, if it differs from the one that is read here.
    #[arg(long = "as", value_name = "PATH", requires = "print")]
    pub named: Option<Place>,
    /// With --print: the path of the program on the server.
    #[arg(long, value_name = "PATH", requires = "print")]
    pub program: Option<Place>,
    /// With --print: the server whose time limits count, instead of this one (without Windows, of all); can be given several
    /// times.
    #[arg(long = "server", value_name = "NAME", requires = "print")]
    pub servers: Vec<ServerName>,
}

/// `reconcile dsc`.
#[derive(Debug, Subcommand)]
pub enum Dsc {
    /// Write reconcile.dsc.resource.json, from which DSC knows this program and its operations.
    Manifest {
        /// Into this folder.
        #[arg(short, long, value_name = "FOLDER")]
        out: PathBuf,
    },
    /// Print the state of the server that standard input names. DSC calls this and the operations below.
    Get,
    /// Print whether it is in its desired state, and what differs.
    Test,
    /// Bring it to its desired state.
    Set {
        /// Only print what would be done.
        #[arg(long)]
        what_if: bool,
    },
    /// Print the state of all servers of a manifest.
    Export,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Text,
    /// For programs; `reconcile schema` has the format.
    Json,
}

fn pace(text: &str) -> Result<LabPace, String> {
    if text == "none" { Ok(None) } else { text.parse().map(Some) }
}

/// The one that files call `text`.
fn one_of<T: Copy, const N: usize>(all: [T; N], key: fn(T) -> &'static str, text: &str) -> Result<T, String> {
    let found = all.into_iter().find(|one| key(*one) == text);
    found.ok_or_else(|| format!("expected one of {}", all.map(key).join(", ")))
}

/// `reconcile msi`.
#[cfg(windows)]
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Msi {
    /// After the program was installed: make its private folder.
    Installed,
    /// Before the program is replaced: end with an error if a run is at work.
    Replace,
    /// Before the program is removed: end with an error if a run is at work, or services are down that only its journal knows.
    Remove,
}
