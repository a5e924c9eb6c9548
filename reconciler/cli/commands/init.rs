//! `reconcile init`: a first manifest, of a lab or of the servers that are found.

use std::path::Path;

use reconcile_hosts::snapshot::Sources;

use crate::commands::args::Init;
use crate::manifest::{catalogue, diagnostic::escape, exit::Exit, problem::Problem};
use crate::show::{
    draft,
    out::{print, report, warn, write_new},
};
use crate::work::{deployment::Deployment, installers::packages, words::plural};

/// The lab that the program carries.
const LAB: &str = include_str!("../../../manifests/lab.yaml");

/// Writes the lab, or what is found.
///
/// # Errors
/// When nothing is found, an installer cannot be used, or the file is there already.
pub fn run(args: &Init) -> Result<Exit, Problem> {
    if args.lab {
        return lab();
    }
    let found = if args.from.is_empty() {
        here()?
    } else {
        Deployment::read(Sources::open(&args.from).map_err(Problem::input)?, warn)
    };
    let products = found.servers.values().map(|server| server.product).collect();
    if found.servers.is_empty() {
        let nothing =
            "found no server with Lync Server 2013 or Skype for Business Server, so there is nothing to write";
        let exit = report(&Problem::input(nothing));
        return Ok(if found.unread == 0 { exit } else { Exit::Unknown });
    }
    let text = draft::manifest(&found, &packages(&args.installers, &products)?, &catalogue::releases()?)?;
    match &args.write {
        None => print(&text)?,
        Some(path) => {
            write_new(path, &text, "init")?;
            let (servers, open) = (found.servers.len(), draft::open_lines(&text));
            let path = escape(&path.display().to_string());
            let todo = match open {
                0 => String::new(),
                _ => format!(", {open} {} to answer (TODO)", plural(open, "line")),
            };
            print(&format!("{path}: {servers} {}{todo}\nNext: reconcile validate {path}\n", plural(servers, "server")))?
        }
    };
    Ok(if found.unread == 0 { Exit::Done } else { Exit::Unknown })
}

fn lab() -> Result<Exit, Problem> {
    const SCHEMA: &str = "$schema=../schema/manifest.schema.json";
    const HERE: &str =
        "$schema=manifest.schema.json\n# That file, for an editor:  reconcile schema > manifest.schema.json";
    let text = LAB.replace(SCHEMA, HERE).replace("manifests/lab.yaml", "lab.yaml");
    write_new(Path::new("lab.yaml"), &text, "init")?;
    print(
        "lab.yaml: a lab of five simulated servers. No machine is touched.\n\
         Next: reconcile apply lab.yaml\n\
         Then: reconcile lab break lab.yaml       what can go wrong with a server\n\
         \x20     reconcile lab pace lab.yaml 60x    rehearse a night: an hour passes in a minute\n\
         \x20     reconcile lab rollout lab.yaml     all servers, wave by wave\n",
    )
}

#[cfg(windows)]
fn here() -> Result<Deployment, Problem> {
    let host = reconcile_hosts::windows::WindowsHost::open().map_err(Problem::failed)?;
    Ok(Deployment::here(&host.installed(), warn))
}

#[cfg(not(windows))]
fn here() -> Result<Deployment, Problem> {
    Err(Problem::usage(
        "init reads the server that it runs on, and this machine has no Windows. Here you can\n\
         \x20 read what was collected from servers: reconcile init --from FOLDER\n\
         \x20 try a lab:                            reconcile init --lab",
    ))
}
