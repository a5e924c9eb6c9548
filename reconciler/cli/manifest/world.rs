//! The place of a lab: a file of its own below the manifest's folder, with no link on the path.

use std::path::{Path, PathBuf};

use reconcile_schema::{BelowPath, path_parts};

/// The names next to a lab's file that belong to the lab.
const BESIDE: [&str; 9] = [
    "journal",
    "lock",
    "lock.at-work",
    "lock.holder",
    "logs",
    "events.jsonl",
    "unattended.json",
    "unattended.lock",
    "unattended.lock.at-work",
];

/// The file of a lab.
pub fn place(manifest: &Path, world: &BelowPath) -> PathBuf {
    manifest.parent().unwrap_or(Path::new("")).join(world.as_str())
}

/// Why a lab cannot be kept there. A lab writes and removes the file and its neighbours of the same name: no link may
/// turn them into something else.
pub fn fault(manifest: &Path, world: &BelowPath) -> Option<String> {
    let path = place(manifest, world);
    let same = |one: &Path, other: &Path| match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        (Err(_), _) | (_, Err(_)) => one == other,
    };
    if same(&path, manifest) {
        return Some(format!("{world} is the manifest itself: the lab would be written over it"));
    }
    let end = path.extension().unwrap_or_default().to_string_lossy().into_owned();
    if ["journal", "lock", "logs"].iter().any(|taken| taken.eq_ignore_ascii_case(&end)) {
        return Some(format!("{world} is where the lab keeps its {end}"));
    }
    let (_, parts) = path_parts(world.as_str()).ok()?;
    let mut reached = manifest.parent().unwrap_or(Path::new("")).to_owned();
    let below = parts.iter().map(|part| {
        reached.push(part);
        reached.clone()
    });
    let all: Vec<_> = below.chain(BESIDE.iter().map(|end| path.with_extension(end))).collect();
    // A junction of Windows counts as a link too.
    let link =
        all.into_iter().find(|path| path.symlink_metadata().is_ok_and(|found| found.file_type().is_symlink()))?;
    Some(format!("{} is a link: expected a plain file or folder of the lab", link.display()))
}
