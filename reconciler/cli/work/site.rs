//! The site of the servers of a manifest: a lab, or this machine.

use std::path::PathBuf;

use reconcile_core::Goal;
use reconcile_hosts::lab::{self, Fault, Lab, Pace};
use reconcile_schema::{LabServer, ManifestCode, ServerName};

use crate::manifest::{diagnostic::Diagnostics, finding::meant, input::Input, problem::Problem, world};

/// The servers that can be reached.
pub enum Site {
    /// Simulated servers.
    Lab(Lab),
    #[cfg(windows)]
    Machine(Box<reconcile_hosts::windows::WindowsHost>),
}

impl Site {
    /// The servers of `input`, and the goals of the wanted ones: all of them in a lab, otherwise this machine.
    ///
    /// # Errors
    /// When the manifest names real servers and not this one, or the lab cannot be read.
    pub fn open(input: &Input, only: &[ServerName]) -> Result<(Self, Vec<Goal>), Problem> {
        Self::open_once(input, only, || Ok(())).map(|(site, goals, ())| (site, goals))
    }

    /// The same, once `ready` has happened: after the errors in the manifest, and before a lab is read.
    ///
    /// # Errors
    /// As [`Site::open`], and those of `ready`.
    pub fn open_once<T>(
        input: &Input,
        only: &[ServerName],
        ready: impl FnOnce() -> Result<T, Problem>,
    ) -> Result<(Self, Vec<Goal>, T), Problem> {
        let Some(path) = lab_path(input) else {
            let (site, goals) = Self::machine(input, only)?;
            return Ok((site, goals, ready()?));
        };
        let (goals, world) = (input.goals(only)?, lab_world(input)?);
        let ready = ready()?;
        let lab = Lab::open(&path, || world).map_err(Problem::input)?;
        Ok((Self::Lab(lab), goals, ready))
    }

    #[cfg(windows)]
    fn machine(input: &Input, only: &[ServerName]) -> Result<(Self, Vec<Goal>), Problem> {
        let name = reconcile_hosts::windows::name().map_err(Problem::failed)?;
        let here = |asked: &ServerName| *asked == name || asked.as_str() == name.host();
        if let Some(other) = only.iter().find(|asked| !here(asked)) {
            return Err(Problem::usage(format!(
                "this is {name}, not {other}: reconcile works on the machine it runs on"
            )));
        }
        let goal = goals_here(input, &name)?;
        let host = reconcile_hosts::windows::WindowsHost::open().map_err(Problem::failed)?;
        Ok((Self::Machine(Box::new(host)), goal))
    }

    #[cfg(not(windows))]
    fn machine(input: &Input, _: &[ServerName]) -> Result<(Self, Vec<Goal>), Problem> {
        Err(Problem::usage(format!(
            "{path} is for real servers, and reconcile reads and patches the server that it runs on: run it there.\n\
             This machine has no Windows. Here you can\n\
             \x20 compare snapshots with it: reconcile drift {path} --from FOLDER\n\
             \x20 plan its rollout:          reconcile plan --fleet {path}\n\
             \x20 try a lab:                 reconcile init --lab",
            path = input.path.display()
        )))
    }

    /// The path of a server's journal, if it is kept in a file.
    ///
    /// # Errors
    /// When Windows does not report its folders.
    pub fn journal(&self, server: &ServerName) -> Result<Option<PathBuf>, Problem> {
        match self {
            Self::Lab(lab) => Ok(lab.journal_path(server)),
            #[cfg(windows)]
            Self::Machine(_) => reconcile_hosts::windows::journal_path().map(Some).map_err(Problem::failed),
        }
    }

    /// The path of the report of the last unattended run on a server.
    ///
    /// # Errors
    /// As [`Site::journal`].
    pub fn last_run(&self, server: &ServerName) -> Result<PathBuf, Problem> {
        let journal = self.journal(server)?.ok_or_else(|| Problem::failed("this lab is kept nowhere"))?;
        Ok(match self {
            Self::Lab(_) => journal.with_extension("last-run.json"), // Many servers share the folder.
            #[cfg(windows)]
            Self::Machine(_) => journal.with_file_name("last-run.json"),
        })
    }

    /// The folder of the logs of its servers, whether it exists or not.
    ///
    /// # Errors
    /// As [`Site::journal`].
    pub fn logs(&self, input: &Input) -> Result<PathBuf, Problem> {
        match self {
            Self::Lab(_) => logs(input),
            #[cfg(windows)]
            Self::Machine(_) => reconcile_hosts::windows::logs_place().map_err(Problem::failed),
        }
    }

    /// How fast the clocks of a lab run while a person watches, if the lab waits at all.
    pub const fn pace(&self) -> Option<Pace> {
        match self {
            Self::Lab(lab) => lab.world().pace,
            #[cfg(windows)]
            Self::Machine(_) => None,
        }
    }

    /// Whether the servers are simulated.
    pub const fn is_lab(&self) -> bool {
        match self {
            Self::Lab(_) => true,
            #[cfg(windows)]
            Self::Machine(_) => false,
        }
    }
}

/// The path of the lock: one for all servers of a lab, otherwise that of this machine.
///
/// # Errors
/// When there is no server here, or Windows does not report its folders.
pub fn lock_path(input: &Input) -> Result<PathBuf, Problem> {
    match lab_path(input) {
        Some(world) => Ok(Lab::lock_path(&world)),
        #[cfg(windows)]
        None => reconcile_hosts::windows::lock_path().map_err(Problem::failed),
        #[cfg(not(windows))]
        None => Err(Problem::usage("there is no server here to lock")),
    }
}

/// The goal of the server with this name, for which the manifest may use the host name alone.
#[cfg(windows)]
pub fn goals_here(input: &Input, name: &ServerName) -> Result<Vec<Goal>, Problem> {
    input.goals(std::slice::from_ref(name)).or_else(|unknown| match name.host().parse::<ServerName>() {
        Ok(host) if input.manifest.servers.keys().any(|pattern| pattern.matches(&host)) => input.goals(&[host]),
        Ok(_) | Err(_) => Err(unknown),
    })
}

/// The path of the log of unattended runs: one for all servers of a lab, otherwise that of this machine.
///
/// # Errors
/// As [`lock_path`].
pub fn logs(input: &Input) -> Result<PathBuf, Problem> {
    match lab_path(input) {
        Some(world) => Ok(world.with_extension("logs")),
        #[cfg(windows)]
        None => reconcile_hosts::windows::logs_folder().map_err(Problem::failed),
        #[cfg(not(windows))]
        None => Err(Problem::usage("there is no server here to log for")),
    }
}

/// The path of the record of the last unattended run: one for all servers of a lab, otherwise that of this machine.
///
/// # Errors
/// As [`lock_path`].
pub fn unattended(input: &Input) -> Result<PathBuf, Problem> {
    match lab_path(input) {
        Some(world) => Ok(world.with_extension("unattended.json")),
        #[cfg(windows)]
        None => unattended_here(),
        #[cfg(not(windows))]
        None => Err(Problem::usage("there is no server here to run on")),
    }
}

/// The path of the record of the last unattended run on this machine.
///
/// # Errors
/// When Windows does not report its folders.
#[cfg(windows)]
pub fn unattended_here() -> Result<PathBuf, Problem> {
    Ok(reconcile_hosts::windows::lock_path().map_err(Problem::failed)?.with_file_name("unattended.json"))
}

/// The path of a manifest's lab, if it has one.
pub fn lab_path(input: &Input) -> Option<PathBuf> {
    Some(world::place(&input.path, &input.manifest.lab.as_ref()?.world))
}

/// The initial world of the manifest's lab.
pub fn lab_world(input: &Input) -> Result<lab::World, Problem> {
    let goals = input.goals(&[])?;
    let Some(lab) = &input.manifest.lab else { return Ok(lab::World::default()) };
    let mut servers = Vec::new();
    let mut errors = Vec::new();
    for goal in &goals {
        let Some((pattern, start)) = lab.servers.iter().find(|(pattern, _)| pattern.matches(&goal.server)) else {
            let message = format!("the lab does not say how {} starts out", goal.server);
            errors.push(
                input
                    .at("/lab/servers", ManifestCode::NoStart, &message)
                    .help("add an entry with the installed `build`"),
            );
            continue;
        };
        let at = format!("/lab/servers/{pattern}");
        if start.build.line != goal.product.line() {
            let message = format!("expected a build of {}, found {}", goal.product, start.build);
            errors.push(input.at(&format!("{at}/build"), ManifestCode::WrongLine, &message));
        }
        match faults(start) {
            Ok(faults) => servers.push((goal, &start.build, faults)),
            Err(unknown) => {
                let error = input.at(
                    &format!("{at}/faults"),
                    ManifestCode::NoSuchFault,
                    &format!("no fault is named \"{unknown}\""),
                );
                errors.push(error.help(near_fault(unknown)));
            }
        }
    }
    if errors.is_empty() { Ok(lab::start(servers)) } else { Err(Diagnostics::sorted(errors).into()) }
}

/// The initial faults of a server, or the name that is not a fault.
fn faults(start: &LabServer) -> Result<Vec<Fault>, &str> {
    start.faults.iter().map(|name| Fault::named(name).ok_or(name.as_str())).collect()
}

/// The names of all faults.
pub fn fault_names() -> Vec<String> {
    Fault::ALL.iter().map(ToString::to_string).collect()
}

/// What to do about a name that no fault has.
pub fn near_fault(name: &str) -> String {
    let names = fault_names();
    match meant(name, names.iter().map(String::as_str)) {
        Some(meant) => meant,
        None => "`reconcile help faults` lists the faults".into(),
    }
}
