//! A manifest, a share or a person can name a path. The process at its other end must not be able to impersonate this
//! one.
//!
//! Without Windows no test has a pipe that impersonates, so this one searches the sources.

use std::{fs, path::Path};

/// Calls that open or inspect a file without limiting impersonation.
const BARE: [&str; 8] = [
    "File::open(",
    "File::create(",
    "File::create_new(",
    "OpenOptions::new(",
    "fs::read(",
    "fs::read_to_string(",
    "fs::write(",
    "fs::copy(",
];

/// These open only files in our own private folder, or in that of a lab. No manifest names them.
const PRIVATE: [&str; 5] = ["hosts/journal", "hosts/lock.rs", "hosts/lab/", "hosts/windows/", "cli/commands/msi.rs"];

/// Exceptions in these folders: they open paths from a manifest.
const NAMED: [&str; 2] = ["hosts/windows/package.rs", "hosts/windows/trust.rs"];

#[test]
fn every_file_that_somebody_else_names_is_opened_for_identification_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("reconciler");
    let (mut walked, mut wrong) = (0, String::new());
    for path in sources(&root) {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        let is_private = PRIVATE.iter().any(|private| name.starts_with(private)) && !NAMED.contains(&name.as_str());
        if is_private || name == "hosts/open.rs" || name.contains("test") {
            continue;
        }
        walked += 1;
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\n#[expect").next().unwrap_or_default();
        for (number, line) in (1..).zip(code.lines()) {
            // `stage` copies a package to a file in the private folder.
            let is_copy = name == "hosts/windows/package.rs" && line.contains("let mut to = ");
            if BARE.iter().any(|call| line.contains(call)) && !is_copy {
                wrong += &format!("reconciler/{name}:{number}: {}\n", line.trim());
            }
        }
    }
    assert!(wrong.is_empty(), "use reconcile_hosts::open, or name the file here as private:\n{wrong}");
    assert!(walked > 80, "{walked}");
    let helper = fs::read_to_string(root.join("hosts/open.rs")).unwrap();
    assert_eq!(helper.matches("OpenOptions::new()").count(), 1);
    assert!(helper.contains("security_qos_flags(&mut options, IDENTIFICATION)"), "the helper sets the flag for all");
}

fn sources(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let files = files.into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs"));
    files.chain(folders.iter().flat_map(|folder| sources(folder))).collect()
}
