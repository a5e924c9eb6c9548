//! `reconcile support`: one archive with all that is needed to help.

use std::path::{Path, PathBuf};

use reconcile_hosts::{Archive, ArchiveError};

use crate::commands::args::Support;
use crate::manifest::{exit::Exit, input::Input, problem::Problem};
use crate::show::{
    doctor::markdown,
    out::{print, warn, write_new},
    support,
};
use crate::work::{
    clock::now,
    session::safe_program,
    site::Site,
    support::{anonymous, gather, plain},
};

/// Writes the archive.
///
/// # Errors
/// When the manifest, all servers or the archive cannot be used.
pub fn run(args: &Support) -> Result<Exit, Problem> {
    let at = now();
    let input = Input::read(&args.manifest)?;
    safe_program(&input)?;
    let name = || format!("reconcile-support-{}.zip", at.strftime("%Y-%m-%dT%H-%M-%SZ"));
    let path = args.to.clone().unwrap_or_else(|| name().into());
    let list = args.anonymous.then(|| listed(&path));
    let mut archive = Archive::create(&path, at.as_second()).map_err(unwritable)?; // before anything slow
    let (mut site, goals) = Site::open(&input, &args.servers)?;
    let gathered = gather(&input, &mut site, &goals, at);
    gathered
        .left
        .iter()
        .filter(|left| left.failed)
        .for_each(|left| warn(&format!("not in the archive: {}", support::of(left))));
    let exit = if gathered.is_whole() { Exit::Done } else { Exit::Unknown };

    let pack = if args.anonymous { anonymous } else { plain };
    let packed = pack(&input, gathered, markdown)?;
    archive.add("README.txt", support::readme(&packed, at).as_bytes()).map_err(unwritable)?;
    for (name, content) in &packed.files {
        archive.add(name, content).map_err(unwritable)?;
    }
    // The list comes first: an archive whose names nobody can tell any more would be of no use.
    if let Some((list, names)) = list.as_deref().zip(packed.names.as_deref()) {
        write_new(list, names, "support")?;
    }
    let length = archive.finish().map_err(|error| {
        let _ = list.as_deref().map(std::fs::remove_file); // It belongs to no archive.
        unwritable(error)
    })?;
    print(&support::written(&path, length, &packed, list.as_deref()))?;
    Ok(exit)
}

/// The list of names that belongs to an archive.
fn listed(archive: &Path) -> PathBuf {
    let mut name = archive.to_owned().into_os_string();
    name.push(".names.txt");
    name.into()
}

fn unwritable(error: ArchiveError) -> Problem {
    match error {
        ArchiveError::Taken(_) => {
            Problem::usage(format!("{error}: rename or remove it, or name another one with --to"))
        }
        ArchiveError::Unwritable { .. } => Problem::failed(error),
    }
}
