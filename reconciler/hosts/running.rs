//! What a process that runs means to an update: an open shell, an installation, or nothing. Plain data in, a verdict out.
//!
//! Any user can name a program after an installer or after PowerShell, name a library after the product's, start a process that never
//! runs, or keep others from looking into it. None of this alone counts. What counts is where a module lies, and which rights a
//! process has.

use crate::recognise::{is_at_or_below, is_products_file, normal};

/// A process, as Windows shows it to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// The number of the process that started it. That one may be gone, and its number another one's.
    pub parent: u32,
    /// The file name of its program.
    pub program: String,
    /// The file that it runs, where Windows tells.
    pub path: Option<String>,
    /// The session that it runs in, where Windows tells.
    pub session: Option<u32>,
    /// When it was created, in units of 100 ns, where Windows tells.
    pub created: Option<u64>,
}

/// What a process may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It has the rights of an administrator: it is elevated, or the system's own.
    Administrator,
    /// It has not, and so cannot install an update.
    Ordinary,
    /// It does not let us look. Any user can have that of a process of their own.
    Unread,
}

/// The services that run, by their processes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceProcesses {
    /// Those of all services.
    pub all: Vec<u32>,
    /// Those of the services that the procedure stops: the product's, the web server's, and those that the manifest names.
    pub stopped: Vec<u32>,
}

/// Where the files lie that tell the product's processes from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The product's folders, as `recognise::folders` gives them.
    pub folders: Vec<String>,
    /// The folder of Windows.
    pub windows: String,
}

/// Where .NET keeps the assemblies that programs share, below the folder of Windows.
const SHARED: [&str; 2] = ["assembly", r"Microsoft.NET\assembly"];

/// How the folders there begin that hold the assemblies, and what was compiled from them. Only administrators write there.
const CACHES: [&str; 3] = ["gac_", r"gac\", "nativeimages_"];

/// The program in which the web server runs what it serves.
const WORKER: &str = r"System32\inetsrv\w3wp.exe";

impl Places {
    /// Whether a module is the product's, and so replaced by an update: it lies in a folder of the product, or in the cache of shared
    /// assemblies under a name of the product. Every .NET program has modules from there, and anyone can name a file so elsewhere.
    ///
    /// The path is the one that the process gives. A user can give a false one, and can as well load the file itself: both hold the
    /// update back until somebody closes the process that is named, and neither keeps services down.
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

    /// Whether a process is a service, or goes when one is stopped that the procedure stops: neither is anybody's shell.
    ///
    /// Windows itself starts every service from one process, so that what that one has started is a service, also while it ends.
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
        // A program of the product that is left over from a service which has stopped. People's programs run in other sessions.
        let is_products = |path: &String| is_products_file(path, &self.folders);
        one.session == Some(0) && one.path.as_ref().is_some_and(is_products)
    }
}

/// The process that started another one, if it is still there.
fn parent<'a>(child: &Process, all: &'a [Process]) -> Option<&'a Process> {
    let parent = all.iter().find(|one| one.pid == child.parent && one.pid != child.pid)?;
    let younger = parent.created.zip(child.created).is_some_and(|(parent, child)| parent > child);
    (!younger).then_some(parent)
}

/// Whether a process under the name of an update's installer installs something. `ours` says that its file lies in our private
/// folder, `looks` that we are an administrator: only then does a process that does not let us look have something to hide.
pub const fn installs(standing: Standing, ours: bool, looks: bool) -> bool {
    match standing {
        Standing::Administrator => true,
        Standing::Ordinary => false,
        Standing::Unread => ours || !looks,
    }
}

/// Whether a process that shows no list of modules may be a shell all the same, so that nobody knows. `host` says that its
/// program is one that hosts shells.
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
