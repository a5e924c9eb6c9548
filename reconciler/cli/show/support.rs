//! The page in an archive for support that lists its content, and the last lines on the terminal.

use std::{fmt::Write, path::Path};

use jiff::Timestamp;

use crate::manifest::diagnostic::escape;
use crate::work::support::{Left, Packed, size};

/// The page that lists what is in the archive, and what is not.
pub fn readme(packed: &Packed, at: Timestamp) -> String {
    let mut out = format!(
        "An archive for support, by reconcile {}, made at {}.\n\n",
        env!("CARGO_PKG_VERSION"),
        at.strftime("%Y-%m-%dT%H:%M:%SZ")
    );
    out += &names(packed);
    let width = packed.files.iter().map(|(path, _)| path.chars().count()).max().unwrap_or(0);
    out += "\nIn it:\n\n";
    for (path, content) in &packed.files {
        let _ = writeln!(out, "  {path:width$}  {}", size(bytes(content)));
    }
    let failed: Vec<_> = packed.left.iter().filter(|left| left.failed).collect();
    let left: Vec<_> = packed.left.iter().filter(|left| !left.failed).collect();
    for (title, all) in [("Could not be read", failed), ("Left out", left)] {
        if !all.is_empty() {
            let _ = write!(out, "\n{title}:\n\n");
            all.into_iter().for_each(|left| out += &format!("  {}\n", of(left)));
        }
    }
    let first = "\nTo compare the servers with the manifest:\n\n  reconcile drift manifest.yaml --from ARCHIVE.zip\n";
    out += first;
    out.replace('\n', "\r\n") // for Notepad on the older servers
}

/// Whether names were replaced.
fn names(packed: &Packed) -> String {
    match packed.names {
        None => "It is not anonymous: it contains the names of servers, domains, accounts and shares.\n".into(),
        Some(_) => "Names of servers, domains, accounts, shares and sites, certificate subjects, addresses, and the reasons\n\
            that people wrote were replaced, each by the same one everywhere. The list of them is not in this archive.\n\
            In free texts, such as logs, names were searched for as far as they are known or can be told by their form:\n\
            read the logs before you send them on. Builds, KB numbers, services, components, paths of Windows and of the\n\
            product, hashes and times are as they were. The comments of the manifest were removed.\n"
            .into(),
    }
}

/// A part that is not in the archive, and why.
pub fn of(left: &Left) -> String {
    format!("{}: {}", escape(&left.name), escape(&left.why))
}

/// The last lines of the command.
pub fn written(path: &Path, length: u64, packed: &Packed, list: Option<&Path>) -> String {
    let files = packed.files.len() + 1;
    let shown = escape(&path.display().to_string());
    // As a mail asks it: a smaller unit would only change with every run.
    let mut out = format!("{shown}: {files} files, at most {}\n", size(length.max(1 << 20)));
    out += &match list {
        None => "It contains the names of your servers, domains, accounts and shares. `--anonymous` replaces them.\n"
            .to_owned(),
        Some(list) => format!(
            "Names were replaced. {} says what stands for what: keep it, and do not send it.\n\
             Read the logs in the archive before you send it: in free texts, a name can remain.\n",
            escape(&list.display().to_string())
        ),
    };
    out
}

fn bytes(content: &[u8]) -> u64 {
    u64::try_from(content.len()).unwrap_or(u64::MAX)
}
