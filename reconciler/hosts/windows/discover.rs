//! The services on this machine that count: the product's, by published names and by their properties, and those that
//! the manifest names.

use std::sync::OnceLock;

use reconcile_schema::{Product, Recognised, ServiceName, WEB_SERVICE};
use windows_sys::Win32::Foundation::ERROR_ACCESS_DENIED;
use windows_sys::Win32::Storage::FileSystem::{GetLongPathNameW, GetShortPathNameW};

use super::environment::{system_root, variable};
use super::library::CallError;
use super::services::{Found, Listed, ServiceError, Services};
use super::win32::{Win32Error, text, wide};
use crate::recognise::{Registered, folders, program, recognise};
use crate::running::{self, ServiceProcesses};

/// The variables for the folders of programs in image paths.
const VARIABLES: [&str; 5] =
    ["ProgramFiles", "CommonProgramFiles", "ProgramW6432", "CommonProgramW6432", "SystemDrive"];

/// The folders of programs on this machine.
struct Places {
    variables: Vec<(&'static str, String)>,
    products: running::Places,
}

impl Places {
    fn read() -> Result<Self, CallError> {
        let mut variables = Vec::new();
        for name in VARIABLES {
            variables.extend(variable(name)?.map(|value| (name, value.to_string_lossy().into_owned())));
        }
        let is_folder = |name: &str| matches!(name, "ProgramFiles" | "CommonProgramFiles");
        let bases: Vec<_> =
            variables.iter().filter(|(name, _)| is_folder(name)).map(|(_, base)| base.as_str()).collect();
        let mut folders = folders(&bases);
        // A module has the name by which it was loaded. Only our own folders are asked for their short names: a path
        // from somebody else may lead to a computer of theirs.
        let short: Vec<_> = folders.iter().filter_map(|folder| renamed(folder, Naming::Short)).collect();
        folders.extend(short.iter().map(|folder| format!(r"{}\", folder.trim_end_matches('\\').to_lowercase())));
        let windows = system_root()?.to_string_lossy().into_owned();
        Ok(Self { variables, products: running::Places { folders, windows } })
    }

    /// The folders of a machine do not change while a program runs.
    fn known() -> Result<&'static Self, ServiceError> {
        static PLACES: OnceLock<Places> = OnceLock::new();
        if let Some(places) = PLACES.get() {
            return Ok(places);
        }
        let places = Self::read().map_err(ServiceError::Folders)?;
        Ok(PLACES.get_or_init(|| places))
    }

    /// The program in an image path, by its long name.
    fn program(&self, image_path: &str) -> String {
        let value = |name: &str| self.variables.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let program = program(image_path, &|name| value(name).map(|(_, value)| value.clone()));
        if program.contains('~') { renamed(&program, Naming::Long).unwrap_or(program) } else { program }
    }
}

/// The folders of the product's files on this machine.
///
/// # Errors
/// When Windows does not report its folders.
pub fn known_places() -> Result<&'static running::Places, ServiceError> {
    Places::known().map(|places| &places.products)
}

/// The processes of the services, and those that the procedure stops, including those that `also` names.
///
/// # Errors
/// When the service manager cannot be asked.
pub fn service_processes(also: &[ServiceName]) -> Result<ServiceProcesses, ServiceError> {
    let manager = Services::open()?;
    let stopped = discover(&manager, also)?.into_iter().filter_map(|found| found.pid).collect();
    let all = manager.list()?.into_iter().map(|listed| listed.pid).filter(|pid| *pid != 0).collect();
    Ok(ServiceProcesses { all, stopped })
}

/// The product's services that exist here, in their start order; then those with unpublished names, those of other
/// products that `also` names, and the web server.
///
/// # Errors
/// When the service manager cannot be asked.
pub fn discover(manager: &Services, also: &[ServiceName]) -> Result<Vec<Found>, ServiceError> {
    let places = Places::known()?;
    let mut found = Vec::new();
    for name in Product::services() {
        found.extend(manager.find(name)?);
    }
    let is_known = |name: &str| Product::services().chain([WEB_SERVICE]).any(|it| it.eq_ignore_ascii_case(name));
    let (mut unknown, mut others) = (manager.list()?, Vec::new());
    unknown.retain(|listed| !is_known(&listed.name));
    unknown.sort();
    for listed in unknown {
        let recognised = recognised(manager, places, &listed)?;
        let is_named = also.iter().any(|name| name.as_str().eq_ignore_ascii_case(&listed.name));
        match (recognised, is_named) {
            (Some(recognised), _) => found.extend(read(manager, &listed.name, recognised)?),
            (None, true) => others.extend(read(manager, &listed.name, Recognised::AlsoStop)?),
            (None, false) => {}
        }
    }
    found.extend(others);
    found.extend(manager.find(WEB_SERVICE)?);
    Ok(found)
}

/// The programs of the product's services with published names that exist here, in their start order.
///
/// # Errors
/// When the service manager cannot be asked.
pub fn programs() -> Result<Vec<String>, ServiceError> {
    let (manager, places) = (Services::open()?, Places::known()?);
    let mut programs = Vec::new();
    for name in Product::services() {
        programs.extend(manager.image_path(name)?.map(|image_path| places.program(&image_path)));
    }
    Ok(programs)
}

fn read(manager: &Services, name: &str, recognised: Recognised) -> Result<Option<Found>, ServiceError> {
    Ok(manager.find(name)?.map(|found| Found { recognised, ..found }))
}

/// Reads services again that were discovered before.
///
/// # Errors
/// When one of them exists and cannot be read.
pub fn again(manager: &Services, known: &[Found]) -> Result<Vec<Found>, ServiceError> {
    known.iter().filter_map(|one| read(manager, &one.name, one.recognised.clone()).transpose()).collect()
}

fn recognised(manager: &Services, places: &Places, listed: &Listed) -> Result<Option<Recognised>, ServiceError> {
    let Listed { name, display, .. } = listed;
    let program = match manager.image_path(name) {
        Ok(Some(image_path)) => places.program(&image_path),
        Ok(None) => return Ok(None),
        // Windows and security software protect some of their services from being read: those do not have the product's
        // name.
        Err(ServiceError::Unreadable { cause: Win32Error(ERROR_ACCESS_DENIED), .. }) => String::new(),
        Err(error) => return Err(error),
    };
    Ok(recognise(Registered { name, display, program: &program }, &places.products.folders))
}

/// The two names that a file may have.
#[derive(Clone, Copy)]
enum Naming {
    /// Such as `C:\Program Files`.
    Long,
    /// Such as `C:\PROGRA~1`.
    Short,
}

/// The other name of a file; none where the file does not exist.
fn renamed(path: &str, naming: Naming) -> Option<String> {
    let path = wide(path);
    let mut buffer = vec![0_u16; 1024];
    let size = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
    // SAFETY: the path ends with a NUL; the buffer has the length that is given.
    let length = unsafe {
        match naming {
            Naming::Long => GetLongPathNameW(path.as_ptr(), buffer.as_mut_ptr(), size),
            Naming::Short => GetShortPathNameW(path.as_ptr(), buffer.as_mut_ptr(), size),
        }
    };
    (length > 0 && length < size).then(|| text(&buffer))
}
