//! Other services, through the service manager.

use std::error::Error;

use windows_service::service::{Service, ServiceAccess, ServiceStartType, ServiceState};
use windows_service::service_manager::{ServiceManager, ServiceManagerAccess};
use windows_sys::Win32::System::Services::{
    ChangeServiceConfigW, SERVICE_AUTO_START, SERVICE_DEMAND_START, SERVICE_DISABLED, SERVICE_NO_CHANGE,
};

use reconcile_doubles::StartType;

use super::calls::take;

const ACCESS: ServiceAccess = ServiceAccess::QUERY_STATUS
    .union(ServiceAccess::QUERY_CONFIG)
    .union(ServiceAccess::CHANGE_CONFIG)
    .union(ServiceAccess::START)
    .union(ServiceAccess::STOP);

/// `ERROR_INTERNAL_ERROR`.
const INTERNAL_ERROR: i32 = 1359;

pub fn open(name: &str) -> Result<Service, Box<dyn Error>> {
    let manager = ServiceManager::local_computer(None::<&str>, ServiceManagerAccess::CONNECT)?;
    Ok(manager.open_service(name, ACCESS).map_err(|error| format!("service {name}: {}", text(&error)))?)
}

pub fn state(name: &str) -> Result<ServiceState, Box<dyn Error>> {
    Ok(open(name)?.query_status()?.current_state)
}

/// Starts the service, unless it runs or is starting.
pub fn start(name: &str) -> Result<(), Box<dyn Error>> {
    let service = open(name)?;
    if matches!(service.query_status()?.current_state, ServiceState::Running | ServiceState::StartPending) {
        return Ok(());
    }
    let mut started = service.start::<&str>(&[]);
    // Once in a few thousand starts on a busy computer, Wine returns this error and has started nothing. The next start
    // succeeds.
    if matches!(&started, Err(windows_service::Error::Winapi(why)) if why.raw_os_error() == Some(INTERNAL_ERROR)) {
        started = service.start::<&str>(&[]);
    }
    Ok(started.map_err(|error| format!("cannot start service {name}: {}", text(&error)))?)
}

/// Waits, without a limit, until the service runs or has failed to start.
pub fn settles(name: &str) -> Result<(), Box<dyn Error>> {
    let service = open(name)?;
    while !matches!(service.query_status()?.current_state, ServiceState::Running | ServiceState::Stopped) {
        take(20);
    }
    Ok(())
}

/// Stops the service and waits, without a limit, until it has stopped.
pub fn stop(name: &str) -> Result<(), Box<dyn Error>> {
    let (service, mut ordered) = (open(name)?, false);
    loop {
        let state = service.query_status()?.current_state;
        if state == ServiceState::Stopped {
            return Ok(());
        }
        if state == ServiceState::Running && !ordered {
            service.stop().map_err(|error| format!("cannot stop service {name}: {}", text(&error)))?;
            ordered = true;
        }
        take(20);
    }
}

pub fn start_type(name: &str) -> Result<StartType, Box<dyn Error>> {
    Ok(match open(name)?.query_config()?.start_type {
        ServiceStartType::AutoStart | ServiceStartType::BootStart | ServiceStartType::SystemStart => {
            StartType::Automatic
        }
        ServiceStartType::OnDemand => StartType::Manual,
        ServiceStartType::Disabled => StartType::Disabled,
    })
}

#[expect(unsafe_code, reason = "the crate changes all of a configuration or nothing")]
pub fn set_start_type(name: &str, start_type: StartType) -> Result<(), Box<dyn Error>> {
    let service = open(name)?;
    let start_type = match start_type {
        StartType::Automatic => SERVICE_AUTO_START,
        StartType::Manual => SERVICE_DEMAND_START,
        StartType::Disabled => SERVICE_DISABLED,
    };
    let (same, null) = (std::ptr::null(), std::ptr::null_mut());
    // SAFETY: the handle is open; what is null stays as it is.
    let changed = unsafe {
        ChangeServiceConfigW(
            service.raw_handle(),
            SERVICE_NO_CHANGE,
            start_type,
            SERVICE_NO_CHANGE,
            same,
            same,
            null,
            same,
            same,
            same,
            same,
        )
    };
    if changed == 0 {
        return Err(format!("cannot change service {name}: {}", std::io::Error::last_os_error()).into());
    }
    Ok(())
}

/// The system's own message, which the error of the crate contains.
fn text(error: &windows_service::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}
