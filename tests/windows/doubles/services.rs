//! Other services, through the service manager.

use std::error::Error;

use windows_service::service::{Service, ServiceAccess, ServiceState};
use windows_service::service_manager::{ServiceManager, ServiceManagerAccess};

use super::calls::take;

const ACCESS: ServiceAccess = ServiceAccess::QUERY_STATUS.union(ServiceAccess::START);

/// The service of this name.
pub fn open(name: &str) -> Result<Service, Box<dyn Error>> {
    let manager = ServiceManager::local_computer(None::<&str>, ServiceManagerAccess::CONNECT)?;
    Ok(manager.open_service(name, ACCESS).map_err(|error| format!("service {name}: {}", text(&error)))?)
}

/// What the service is doing.
pub fn state(name: &str) -> Result<ServiceState, Box<dyn Error>> {
    Ok(open(name)?.query_status()?.current_state)
}

/// Orders the service to run, unless it already does.
pub fn start(name: &str) -> Result<(), Box<dyn Error>> {
    let service = open(name)?;
    if service.query_status()?.current_state == ServiceState::Running {
        return Ok(());
    }
    Ok(service.start::<&str>(&[]).map_err(|error| format!("cannot start service {name}: {}", text(&error)))?)
}

/// Waits, without a limit, until the service runs or has failed to.
pub fn settles(name: &str) -> Result<(), Box<dyn Error>> {
    let service = open(name)?;
    while !matches!(service.query_status()?.current_state, ServiceState::Running | ServiceState::Stopped) {
        take(20);
    }
    Ok(())
}

/// The system's own words behind the crate's.
fn text(error: &windows_service::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}
