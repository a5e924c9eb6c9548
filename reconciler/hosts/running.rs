//! What a running process means for an update: an open shell, an installation, or nothing. Plain data in, a verdict
//! out.
//!
//! Any user can name a program after an installer or after PowerShell, name a library after the product's, start a
//! process that never runs, or hide a process's details from others. None of this alone counts. What counts is the
//! place of a module, and the rights of a process.

use crate::recognise::{is_at_or_below, is_products_file, normal};

/// A process, as Windows shows it to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pub pid: u32,
    /// The number of its parent process. The parent may be gone, and its number reused.
    pub parent: u32,
    /// The file name of its program.
    pub program: String,
    /// The path of its program file, if Windows reports it.
    pub path: Option<String>,
    /// Its session, if Windows reports it.
    pub session: Option<u32>,
    /// Its creation time, in units of 100 ns, if Windows reports it.
    pub created: Option<u64>,
}

/// The rights of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It has administrator rights: it is elevated, or belongs to the system.
    Administrator,
    /// It has none, and so cannot install an update.
    Ordinary,
    /// Its rights cannot be read. Any user can cause that for a process of their own.
    Unread,
}

/// The processes of running services.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceProcesses {
    /// Those of all services.
    pub all: Vec<u32>,
    /// Those of the services that the procedure stops: of the product, of the web server, and those that the manifest
    /// names.
    pub stopped: Vec<u32>,
}

/// The folders by which the product's processes are recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The product's folders, from `recognise::folders`.
    pub folders: Vec<String>,
    pub windows: String,
}

/// The folders of the assemblies that .NET programs share, below the folder of Windows.
const SHARED: [&str; 2] = ["assembly", r"Microsoft.NET\assembly"];

/// The starts of the folders there that hold the assemblies and their compiled forms. Only administrators write there.
const CACHES: [&str; 3] = ["gac_", r"gac\", "nativeimages_"];

/// The program in which the web server runs its applications.
const WORKER: &str = r"System32\inetsrv\w3wp.exe";

impl Places {
    /// Whether a module belongs to the product, so that an update replaces it: it is in a folder of the product, or in
    /// the cache of shared assemblies under a name of the product. Every .NET program has modules from that cache, and
    /// elsewhere anyone can name a file so.
    ///
    /// The process itself reports the path. A user can give a false one, and can just as well load the file itself.
    /// Both delay the update until somebody closes the named process, and neither keeps services down.
    pub fn is_products_module(&self, path: &str) -> bool {
        is_products_file(path, &self.folders) || self.is_shared_assembly(path)
    }

    fn is_shared_assembly(&self, path: &str) -> bool {
        let path = normal(path);
        let is_products = path.rsplit('\\').next().is_some_and(|name| name.starts_with("microsoft.rtc."));
        let is_cached = |shared: &&str| {
            let cache = normal(&format!(r"{}\{shared}", self.windows));
            let below = path.strip_prefix(cache.as_str()).and_then(|rest| rest.strip_prefix('\\'));
            below.is_some_and(|below| CACHES.iter().any(|begin| below.starts_with(begin)))
        };
        is_products && SHARED.iter().any(is_cached)
    }

    /// Whether a process is a service, or ends with a service that the procedure stops: neither is anybody's shell.
    ///
    /// Windows starts every service from one process, so any child of that process is a service, even while it ends.
    pub fn goes_with_a_service(&self, process: &Process, all: &[Process], services: &ServiceProcesses) -> bool {
        let starters: Vec<u32> =
            all.iter().filter(|one| services.all.contains(&one.pid)).map(|service| service.parent).collect();
        let is_worker = |path: &String| is_at_or_below(path, &format!(r"{}\{WORKER}", self.windows));
        if services.all.contains(&process.pid)
            || starters.contains(&process.parent)
            || process.path.as_ref().is_some_and(is_worker)
        {
            return true;
        }
        let mut one = process;
        for _ in all {
            match parent(one, all) {
                Some(parent) if services.stopped.contains(&parent.pid) => return true,
                Some(parent) => one = parent,
                None => break,
            }
        }
        // A program of the product that remains from a stopped service. People's programs run in other sessions.
        let is_products = |path: &String| is_products_file(path, &self.folders);
        one.session == Some(0) && one.path.as_ref().is_some_and(is_products)
    }
}

/// The parent of a process, if it still exists.
fn parent<'a>(child: &Process, all: &'a [Process]) -> Option<&'a Process> {
    let parent = all.iter().find(|one| one.pid == child.parent && one.pid != child.pid)?;
    let younger = parent.created.zip(child.created).is_some_and(|(parent, child)| parent > child);
    (!younger).then_some(parent)
}

/// Whether a process with the name of an update's installer installs something. `ours` means that its file is in our
/// private folder, `looks` that we are an administrator: only then is a process with unreadable rights suspicious.
pub const fn installs(standing: Standing, ours: bool, looks: bool) -> bool {
    match standing {
        Standing::Administrator => true,
        Standing::Ordinary => false,
        Standing::Unread => ours || !looks,
    }
}

/// Whether a process without a readable list of modules may be a shell, which is then unknown. `host` means that its
/// program hosts shells.
pub const fn may_be_shell(host: bool, standing: Standing, looks: bool) -> bool {
    host && match standing {
        Standing::Administrator => true,
        Standing::Ordinary | Standing::Unread => !looks,
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
#[path = "running_tests.rs"]
mod tests;
