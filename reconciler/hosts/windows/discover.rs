//! The product's services on this machine: those with published names, and what else is the product's by what it is.

use std::sync::OnceLock;

use reconcile_schema::{PRODUCT_SERVICES, Recognised, WEB_SERVICE};
use windows_sys::Win32::Foundation::ERROR_ACCESS_DENIED;
use windows_sys::Win32::Storage::FileSystem::GetLongPathNameW;

use super::environment::variable;
use super::services::{Found, ServiceError, Services};
use super::win32::{Win32Error, text, wide};
use crate::recognise::{Registered, folders, program, recognise};

/// The variables by which image paths name the folders of programs.
const VARIABLES: [&str; 5] =
    ["ProgramFiles", "CommonProgramFiles", "ProgramW6432", "CommonProgramW6432", "SystemDrive"];

/// Where programs lie on this machine.
struct Places {
    variables: Vec<(&'static str, String)>,
    folders: Vec<String>,
}

impl Places {
    fn read() -> Result<Self, Win32Error> {
        let mut variables = Vec::new();
        for name in VARIABLES {
            variables.extend(variable(name)?.map(|value| (name, value.to_string_lossy().into_owned())));
        }
        let is_folder = |name: &str| matches!(name, "ProgramFiles" | "CommonProgramFiles");
        let bases: Vec<_> = variables.iter().filter(|(name, _)| is_folder(name)).map(|(_, base)| base.as_str()).collect();
        let folders = folders(&bases);
        Ok(Self { variables, folders })
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

    /// The program of an image path, by its long name.
    fn program(&self, image_path: &str) -> String {
        let value = |name: &str| self.variables.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let program = program(image_path, &|name| value(name).map(|(_, value)| value.clone()));
        if program.contains('~') { long(&program).unwrap_or(program) } else { program }
    }
}

/// The product's services that exist here, in their start order, then those whose names are not published, then the web
/// server.
///
/// # Errors
/// The service manager cannot be asked.
pub fn discover(manager: &Services) -> Result<Vec<Found>, ServiceError> {
    let places = Places::known()?;
    let mut found = Vec::new();
    for name in PRODUCT_SERVICES {
        found.extend(manager.find(name)?);
    }
    let listed = |name: &str| PRODUCT_SERVICES.iter().chain([&WEB_SERVICE]).any(|known| known.eq_ignore_ascii_case(name));
    let mut others = manager.names()?;
    others.retain(|(name, _)| !listed(name));
    others.sort();
    for (name, display) in others {
        if let Some(recognised) = recognised(manager, places, &name, &display)? {
            found.extend(manager.find(&name)?.map(|service| Found { recognised, ..service }));
        }
    }
    found.extend(manager.find(WEB_SERVICE)?);
    Ok(found)
}

/// Reads services again that were discovered before.
///
/// # Errors
/// One of them exists and cannot be read.
pub fn again(manager: &Services, known: &[Found]) -> Result<Vec<Found>, ServiceError> {
    let read = |service: &Found| {
        let found = manager.find(&service.name)?;
        Ok(found.map(|found| Found { recognised: service.recognised.clone(), ..found }))
    };
    known.iter().filter_map(|service| read(service).transpose()).collect()
}

fn recognised(
    manager: &Services,
    places: &Places,
    name: &str,
    display: &str,
) -> Result<Option<Recognised>, ServiceError> {
    let program = match manager.image_path(name) {
        Ok(Some(image_path)) => places.program(&image_path),
        Ok(None) => return Ok(None),
        // Windows and its guards keep some of their services from being read: those do not bear the product's name.
        Err(ServiceError::Unreadable { cause: Win32Error(ERROR_ACCESS_DENIED), .. }) => String::new(),
        Err(error) => return Err(error),
    };
    Ok(recognise(Registered { name, display, program: &program }, &places.folders))
}

/// The long name of a file that was named by a short one, such as `C:\PROGRA~1`; none where there is no such file.
fn long(path: &str) -> Option<String> {
    let path = wide(path);
    let mut buffer = vec![0_u16; 1024];
    let size = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
    // SAFETY: the path ends with a NUL; the buffer has the length that is given.
    let length = unsafe { GetLongPathNameW(path.as_ptr(), buffer.as_mut_ptr(), size) };
    (length > 0 && length < size).then(|| text(&buffer))
}
