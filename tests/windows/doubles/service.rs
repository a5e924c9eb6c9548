//! The double of a service. Its name is the first argument, and `lab.json` describes its behaviour.

use std::error::Error;
use std::ffi::OsString;
use std::sync::mpsc;
use std::time::Duration;

use windows_service::service::{
    ServiceControl, ServiceControlAccept, ServiceExitCode, ServiceState, ServiceStatus, ServiceType,
};
use windows_service::service_control_handler::{self, ServiceControlHandlerResult, ServiceStatusHandle};
use windows_service::{define_windows_service, service_dispatcher};

use reconcile_doubles::{Call, Service, Start, Stop};

use super::calls;

define_windows_service!(service_main, on_start);

/// Runs until the service manager stops it.
pub fn main() -> Result<u32, Box<dyn Error>> {
    service_dispatcher::start(own_name()?, service_main)?;
    Ok(0)
}

fn own_name() -> Result<String, Box<dyn Error>> {
    std::env::args().nth(1).ok_or_else(|| "no service name on the command line".into())
}

fn on_start(_: Vec<OsString>) {
    if let Err(error) = serve() {
        eprintln!("double service.exe: {error}");
    }
}

fn serve() -> Result<(), Box<dyn Error>> {
    let name = own_name()?;
    let (stop, stopped) = mpsc::channel();
    let manager = service_control_handler::register(&name, move |control| {
        if control == ServiceControl::Stop {
            let _ = stop.send(());
        }
        ServiceControlHandlerResult::NoError
    })?;
    record(&name, "start")?;
    if let Some(module) = behaviour(&name)?.loads {
        super::shell::load(module.as_ref())?;
    }
    let mut lasts = None;
    match behaviour(&name)?.start {
        Start::Prompt => {}
        Start::Ends(milliseconds) => lasts = Some(Duration::from_millis(milliseconds)),
        Start::Slow(milliseconds) => {
            progress(manager, ServiceState::StartPending, milliseconds)?;
            record(&name, "running")?;
        }
        Start::Hang => {
            report(manager, ServiceState::StartPending, 1, 0)?;
            calls::hang();
        }
        Start::Fail(code) => return report(manager, ServiceState::Stopped, 0, code),
    }
    report(manager, ServiceState::Running, 0, 0)?;
    match lasts {
        Some(lasts) => {
            if stopped.recv_timeout(lasts).is_err() {
                return report(manager, ServiceState::Stopped, 0, 0);
            }
        }
        None => stopped.recv()?,
    }
    record(&name, "stop")?;
    match behaviour(&name)?.stop {
        Stop::Prompt => {}
        Stop::Slow(milliseconds) => {
            progress(manager, ServiceState::StopPending, milliseconds)?;
            record(&name, "stopped")?;
        }
        Stop::Hang => {
            report(manager, ServiceState::StopPending, 1, 0)?;
            calls::hang();
        }
    }
    report(manager, ServiceState::Stopped, 0, 0)
}

/// Stays in this state for so long, with a new checkpoint every tenth of a second.
fn progress(manager: ServiceStatusHandle, state: ServiceState, milliseconds: u64) -> Result<(), Box<dyn Error>> {
    for (checkpoint, _) in (1..).zip((0..milliseconds).step_by(100)) {
        report(manager, state, checkpoint, 0)?;
        calls::take(100);
    }
    Ok(())
}

fn report(manager: ServiceStatusHandle, state: ServiceState, checkpoint: u32, code: u32) -> Result<(), Box<dyn Error>> {
    let running = state == ServiceState::Running;
    Ok(manager.set_service_status(ServiceStatus {
        service_type: ServiceType::OWN_PROCESS,
        current_state: state,
        controls_accepted: if running { ServiceControlAccept::STOP } else { ServiceControlAccept::empty() },
        exit_code: ServiceExitCode::Win32(code),
        checkpoint,
        wait_hint: Duration::from_secs(u64::from(checkpoint > 0)),
        process_id: None,
    })?)
}

fn behaviour(name: &str) -> Result<Service, Box<dyn Error>> {
    let lab = calls::lab()?;
    let mut services = lab.services.into_iter().chain(lab.bystanders);
    services.find(|service| service.name == name).ok_or_else(|| format!("the lab has no service {name}").into())
}

fn record(name: &str, what: &str) -> Result<(), Box<dyn Error>> {
    calls::record(&Call { args: vec![name.to_owned(), what.to_owned()], ..calls::this_call()? })?;
    Ok(())
}
