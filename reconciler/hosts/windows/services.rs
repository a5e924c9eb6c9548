//! The service manager: reading services, and orders to stop and to start. All through its API: no output of a tool is
//! parsed.

use std::fmt;

use windows_sys::Win32::Foundation::{
    ERROR_DEPENDENT_SERVICES_RUNNING, ERROR_SERVICE_ALREADY_RUNNING, ERROR_SERVICE_CANNOT_ACCEPT_CTRL,
    ERROR_SERVICE_DOES_NOT_EXIST, ERROR_SERVICE_NEVER_STARTED, ERROR_SERVICE_NOT_ACTIVE, ERROR_SHARING_VIOLATION,
    NO_ERROR,
};
use windows_sys::Win32::System::Services::{
    CloseServiceHandle, ControlService, ENUM_SERVICE_STATUS_PROCESSW, ENUM_SERVICE_STATUSW, EnumDependentServicesW,
    EnumServicesStatusExW, OpenSCManagerW, OpenServiceW, QUERY_SERVICE_CONFIGW, QueryServiceConfigW,
    QueryServiceStatusEx, SC_ENUM_PROCESS_INFO, SC_HANDLE, SC_MANAGER_CONNECT, SC_MANAGER_ENUMERATE_SERVICE,
    SC_STATUS_PROCESS_INFO, SERVICE_AUTO_START, SERVICE_BOOT_START, SERVICE_CONTINUE_PENDING, SERVICE_CONTROL_STOP,
    SERVICE_DEMAND_START, SERVICE_DISABLED, SERVICE_ENUMERATE_DEPENDENTS, SERVICE_PAUSE_PENDING, SERVICE_PAUSED,
    SERVICE_QUERY_CONFIG, SERVICE_QUERY_STATUS, SERVICE_RUNNING, SERVICE_START, SERVICE_START_PENDING,
    SERVICE_STATE_ALL, SERVICE_STATUS, SERVICE_STATUS_PROCESS, SERVICE_STOP, SERVICE_STOP_PENDING, SERVICE_STOPPED,
    SERVICE_SYSTEM_START, SERVICE_WIN32, StartServiceW,
};

use super::library::CallError;
use super::win32::{Win32Error, check, filled, text_at, units_at, wide};
use crate::recognise::program;
use reconcile_schema::{Recognised, ServiceState, StartType};

/// Why the service manager could not be asked, or did not accept an order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// The service manager itself does not answer.
    #[error("cannot open the service manager: {0}; run as an administrator of this computer")]
    Manager(Win32Error),
    /// The service manager does not list its services.
    #[error("cannot list the services: {0}; run as an administrator of this computer")]
    List(Win32Error),
    /// Windows does not report the folders of programs.
    #[error("cannot find the folders of programs: {0}")]
    Folders(CallError),
    /// One service cannot be read.
    #[error("cannot read {what} of service {name}: {cause}; run as an administrator of this computer")]
    Unreadable {
        name: String,
        /// The part of it.
        what: &'static str,
        cause: Win32Error,
    },
    /// It has a number that Windows does not document.
    #[error("service {name} has {what} {number}, which Windows does not document")]
    Undocumented {
        name: String,
        /// The part of it.
        what: &'static str,
        number: u32,
    },
    /// An order was refused.
    #[error("cannot {order} service {name}: {cause}{needed}")]
    Refused {
        name: String,
        order: &'static str,
        cause: Win32Error,
        /// The services that need this one, in words; empty where that is not the reason.
        needed: String,
    },
    /// Its program cannot be run now. Any user who may read the file can cause that.
    #[error(
        "cannot start service {name}: a process holds its program {program} open and shares it with nobody ({cause}); find that \
         process (Sysinternals: handle) and end it"
    )]
    Held { name: String, program: String, cause: Win32Error },
}

/// A service as the service manager knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The short name, as it was asked for.
    pub name: String,
    /// What it is doing.
    pub state: ServiceState,
    pub start: StartType,
    /// Services that must run before it. Groups that it depends on are left out, because they name no service.
    pub needs: Vec<String>,
    /// Its process, even while it starts or stops; none when there is none.
    pub pid: Option<u32>,
    /// Its reported progress while it starts or stops; otherwise none.
    pub progress: Option<Progress>,
    /// How it was recognised as one of the product's.
    pub recognised: Recognised,
    /// Its exit code, once it has stopped.
    pub exit_code: Option<u32>,
}

impl Found {
    /// Whether it has ended by itself and reports success; a service that could not start reports why.
    pub const fn has_ended_well(&self) -> bool {
        matches!(self.exit_code, Some(NO_ERROR))
    }

    /// The reported reason why it does not run, if it reports one.
    pub fn failure(&self) -> Option<String> {
        let code = self.exit_code.filter(|code| !matches!(*code, NO_ERROR | ERROR_SERVICE_NEVER_STARTED))?;
        Some(format!("{} ended: {}", self.name, Win32Error(code)))
    }
}

/// The progress that a starting or stopping service reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Increases while the service makes progress.
    pub checkpoint: u32,
    /// How long, in milliseconds, the service expects to need until the checkpoint increases.
    pub wait_hint: u32,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "checkpoint {}, next one expected within {} ms", self.checkpoint, self.wait_hint)
    }
}

/// A service in the list of all services.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// The short name.
    pub name: String,
    /// The display name.
    pub display: String,
    /// Its process; 0 when there is none.
    pub pid: u32,
}

/// A service manager.
pub struct Services(Handle);

impl Services {
    /// Opens the service manager of this machine.
    ///
    /// # Errors
    /// When it does not answer, or the account may not connect.
    pub fn open() -> Result<Self, ServiceError> {
        Self::at(std::ptr::null())
    }

    /// Opens the service manager of another machine. It may take minutes until one that is off does not answer.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_on(machine: &str) -> Result<Self, ServiceError> {
        let machine = wide(format!(r"\\{machine}"));
        Self::at(machine.as_ptr())
    }

    /// `machine` is null for this one, or ends with a NUL.
    fn at(machine: *const u16) -> Result<Self, ServiceError> {
        // SAFETY: the name is as promised and lives through the call; a null database is the active one.
        let manager =
            unsafe { OpenSCManagerW(machine, std::ptr::null(), SC_MANAGER_CONNECT | SC_MANAGER_ENUMERATE_SERVICE) };
        Handle::new(manager).map(Self).map_err(ServiceError::Manager)
    }

    /// Every service, without the drivers.
    ///
    /// # Errors
    /// When the service manager does not list them.
    pub fn list(&self) -> Result<Vec<Listed>, ServiceError> {
        let mut count = 0;
        let buffer = filled(|buffer, size, needed| {
            let (mut resume, null) = (0, std::ptr::null());
            // SAFETY: the manager's handle is open; `buffer` has `size` bytes, aligned for pointers (see `filled`).
            let listed = unsafe {
                EnumServicesStatusExW(
                    self.0.0,
                    SC_ENUM_PROCESS_INFO,
                    SERVICE_WIN32,
                    SERVICE_STATE_ALL,
                    buffer.cast(),
                    size,
                    needed,
                    &raw mut count,
                    &raw mut resume,
                    null,
                )
            };
            if listed == 0 {
                // This call reports how many bytes are missing, not how many are needed.
                // SAFETY: `needed` is a number of our caller's.
                unsafe { *needed = (*needed).saturating_add(size) };
            }
            listed
        })
        .map_err(ServiceError::List)?;
        let entries = buffer.as_ptr().cast::<ENUM_SERVICE_STATUS_PROCESSW>();
        let listed = |index: usize| {
            // SAFETY: the call wrote `count` entries into the buffer; their names point into the same buffer.
            unsafe {
                let entry = &*entries.add(index);
                let pid = entry.ServiceStatusProcess.dwProcessId;
                Listed { name: text_at(entry.lpServiceName), display: text_at(entry.lpDisplayName), pid }
            }
        };
        Ok((0..count as usize).map(listed).collect())
    }

    /// The image path of the service with this short name; none when there is no such service.
    ///
    /// # Errors
    /// When it exists and cannot be read.
    pub fn image_path(&self, name: &str) -> Result<Option<String>, ServiceError> {
        let unreadable = |cause| ServiceError::Unreadable { name: name.to_owned(), what: "the configuration", cause };
        let Some(service) = self.service(name, SERVICE_QUERY_CONFIG)? else { return Ok(None) };
        service.config().map(|config| Some(config.image_path)).map_err(unreadable)
    }

    /// The service with this short name; none when there is no such service.
    ///
    /// # Errors
    /// When it exists and cannot be read.
    pub fn find(&self, name: &str) -> Result<Option<Found>, ServiceError> {
        let unreadable = |what| move |cause| ServiceError::Unreadable { name: name.to_owned(), what, cause };
        let Some(service) = self.service(name, SERVICE_QUERY_STATUS | SERVICE_QUERY_CONFIG)? else {
            return Ok(None);
        };
        let status = service.status().map_err(unreadable("the state"))?;
        let Config { start, needs, .. } = service.config().map_err(unreadable("the configuration"))?;
        let undocumented = |what, number| ServiceError::Undocumented { name: name.to_owned(), what, number };
        let state = state(status.dwCurrentState).ok_or_else(|| undocumented("state", status.dwCurrentState))?;
        let start = start_type(start).ok_or_else(|| undocumented("start type", start))?;
        let progress = Progress { checkpoint: status.dwCheckPoint, wait_hint: status.dwWaitHint };
        Ok(Some(Found {
            name: name.to_owned(),
            state,
            start,
            needs,
            pid: (status.dwProcessId != 0).then_some(status.dwProcessId),
            progress: heads_for(state).map(|_| progress),
            recognised: Recognised::Name,
            exit_code: (state == ServiceState::Stopped).then_some(status.dwWin32ExitCode),
        }))
    }

    /// The short names of the services that need this one, running or not; the last to start comes first.
    ///
    /// # Errors
    /// When the service exists and its dependents cannot be read.
    pub fn dependents(&self, name: &str) -> Result<Vec<String>, ServiceError> {
        let unreadable = |cause| ServiceError::Unreadable { name: name.to_owned(), what: "the dependents", cause };
        match self.service(name, SERVICE_ENUMERATE_DEPENDENTS)? {
            Some(service) => service.dependents().map_err(unreadable),
            None => Ok(Vec::new()),
        }
    }

    /// Gives a service the order to stop. A service that has stopped already, or is starting or stopping, accepts no
    /// order: the next observation shows its state.
    ///
    /// # Errors
    /// When it refuses, or others that need it are running; these are named.
    pub fn stop(&self, name: &str) -> Result<(), ServiceError> {
        let Some(service) = self.service(name, SERVICE_STOP)? else { return Ok(()) };
        let mut status = SERVICE_STATUS::default();
        // SAFETY: the handle is open; the status goes into our variable.
        match check(unsafe { ControlService(service.0, SERVICE_CONTROL_STOP, &raw mut status) }) {
            Ok(()) | Err(Win32Error(ERROR_SERVICE_NOT_ACTIVE | ERROR_SERVICE_CANNOT_ACCEPT_CTRL)) => Ok(()),
            Err(cause) => {
                let needed = match cause {
                    Win32Error(ERROR_DEPENDENT_SERVICES_RUNNING) => needed_by(&self.dependents(name)?),
                    Win32Error(_) => String::new(),
                };
                Err(ServiceError::Refused { name: name.to_owned(), order: "stop", cause, needed })
            }
        }
    }

    /// Gives a service the order to start. A service that is running, starting or stopping is left alone.
    ///
    /// # Errors
    /// When it cannot be started, is disabled, or does not exist. Where a process holds its program, this may pass.
    pub fn start(&self, name: &str) -> Result<(), ServiceError> {
        let refused =
            |cause| ServiceError::Refused { name: name.to_owned(), order: "start", cause, needed: String::new() };
        let service = self.service(name, SERVICE_START)?;
        let service = service.ok_or_else(|| refused(Win32Error(ERROR_SERVICE_DOES_NOT_EXIST)))?;
        // SAFETY: the handle is open; no arguments are given.
        match check(unsafe { StartServiceW(service.0, 0, std::ptr::null()) }) {
            Ok(()) | Err(Win32Error(ERROR_SERVICE_ALREADY_RUNNING)) => Ok(()),
            Err(cause @ Win32Error(ERROR_SHARING_VIOLATION)) => {
                let image_path = self.image_path(name).ok().flatten();
                let program =
                    image_path.map_or_else(|| "whose path is unknown".into(), |path| program(&path, &|_| None));
                Err(ServiceError::Held { name: name.to_owned(), program, cause })
            }
            Err(cause) => Err(refused(cause)),
        }
    }

    fn service(&self, name: &str, access: u32) -> Result<Option<Handle>, ServiceError> {
        let wide_name = wide(name);
        // SAFETY: the manager's handle is open, the name ends with a NUL and lives through the call.
        let service = unsafe { OpenServiceW(self.0.0, wide_name.as_ptr(), access) };
        match Handle::new(service) {
            Ok(service) => Ok(Some(service)),
            Err(Win32Error(ERROR_SERVICE_DOES_NOT_EXIST)) => Ok(None),
            Err(cause) => Err(ServiceError::Unreadable { name: name.to_owned(), what: "anything", cause }),
        }
    }
}

/// The services that need a service, as the end of a sentence.
pub fn needed_by(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("; it is needed by {}", names.join(", ")) }
}

/// The configuration of a service in the service manager.
struct Config {
    start: u32,
    needs: Vec<String>,
    image_path: String,
}

/// An open handle of the service manager, closed when dropped.
struct Handle(SC_HANDLE);

impl Handle {
    fn new(handle: SC_HANDLE) -> Result<Self, Win32Error> {
        if handle.is_null() { Err(Win32Error::last()) } else { Ok(Self(handle)) }
    }

    fn status(&self) -> Result<SERVICE_STATUS_PROCESS, Win32Error> {
        let mut status = SERVICE_STATUS_PROCESS::default();
        let size = size_of::<SERVICE_STATUS_PROCESS>() as u32;
        let mut needed = 0;
        // SAFETY: the handle is open; the buffer is a whole SERVICE_STATUS_PROCESS and its size is given.
        check(unsafe {
            QueryServiceStatusEx(self.0, SC_STATUS_PROCESS_INFO, (&raw mut status).cast(), size, &raw mut needed)
        })?;
        Ok(status)
    }

    fn config(&self) -> Result<Config, Win32Error> {
        let buffer = filled(|buffer, size, needed| {
            // SAFETY: the handle is open; `buffer` has `size` bytes, aligned for pointers (see `filled`).
            unsafe { QueryServiceConfigW(self.0, buffer.cast(), size, needed) }
        })?;
        // SAFETY: the call filled the buffer, which is aligned for pointers and at least this large.
        let config = unsafe { &*buffer.as_ptr().cast::<QUERY_SERVICE_CONFIGW>() };
        // SAFETY: the list points into the same buffer and ends with an empty string.
        let needs = unsafe { list_at(config.lpDependencies) };
        // SAFETY: the path points into the same buffer and ends with a NUL.
        let image_path = unsafe { text_at(config.lpBinaryPathName) };
        let needs = needs.into_iter().filter(|name| !name.starts_with('+')).collect();
        Ok(Config { start: config.dwStartType, needs, image_path })
    }

    fn dependents(&self) -> Result<Vec<String>, Win32Error> {
        let mut count = 0;
        let buffer = filled(|buffer, size, needed| {
            // SAFETY: the handle is open; `buffer` has `size` bytes, aligned for pointers (see `filled`).
            unsafe { EnumDependentServicesW(self.0, SERVICE_STATE_ALL, buffer.cast(), size, needed, &raw mut count) }
        })?;
        let entries = buffer.as_ptr().cast::<ENUM_SERVICE_STATUSW>();
        // SAFETY: the call wrote `count` entries into the buffer; their names point into the same buffer.
        Ok((0..count as usize).map(|index| unsafe { text_at((*entries.add(index)).lpServiceName) }).collect())
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle was opened by us and is closed once. A failure leaves nothing to do.
        unsafe { CloseServiceHandle(self.0) };
    }
}

/// The strings of a list that ends with an empty string.
///
/// # Safety
/// `start` is null, or readable up to and including the empty string that ends the list.
unsafe fn list_at(start: *const u16) -> Vec<String> {
    let mut names = Vec::new();
    let mut at = start;
    loop {
        // SAFETY: `at` is null or at the start of a string of the list, as the caller promises.
        let name = unsafe { units_at(at) };
        if name.is_empty() {
            return names;
        }
        // SAFETY: the string just read and its NUL lie within the list.
        at = unsafe { at.add(name.len() + 1) };
        names.push(String::from_utf16_lossy(name));
    }
}

/// The state that a service is changing to.
pub const fn heads_for(state: ServiceState) -> Option<ServiceState> {
    match state {
        ServiceState::StartPending | ServiceState::ContinuePending => Some(ServiceState::Running),
        ServiceState::StopPending => Some(ServiceState::Stopped),
        ServiceState::PausePending => Some(ServiceState::Paused),
        ServiceState::Stopped | ServiceState::Running | ServiceState::Paused => None,
    }
}

const fn state(number: u32) -> Option<ServiceState> {
    Some(match number {
        SERVICE_STOPPED => ServiceState::Stopped,
        SERVICE_START_PENDING => ServiceState::StartPending,
        SERVICE_STOP_PENDING => ServiceState::StopPending,
        SERVICE_RUNNING => ServiceState::Running,
        SERVICE_CONTINUE_PENDING => ServiceState::ContinuePending,
        SERVICE_PAUSE_PENDING => ServiceState::PausePending,
        SERVICE_PAUSED => ServiceState::Paused,
        _ => return None,
    })
}

const fn start_type(number: u32) -> Option<StartType> {
    Some(match number {
        SERVICE_BOOT_START | SERVICE_SYSTEM_START | SERVICE_AUTO_START => StartType::Automatic,
        SERVICE_DEMAND_START => StartType::Manual,
        SERVICE_DISABLED => StartType::Disabled,
        _ => return None,
    })
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
#[path = "services_tests.rs"]
mod tests;
