//! The first program on a machine that boots: it names the computer, and waits for the services.

use std::error::Error;

use windows_registry::LOCAL_MACHINE;
use windows_service::service::ServiceState;

use reconcile_doubles::{Start, StartType};

use super::{calls, services};

const CONTROL: &str = r"SYSTEM\CurrentControlSet\Control\ComputerName";

/// Ends when every automatic service runs, except for those that are configured not to.
pub fn main() -> Result<u32, Box<dyn Error>> {
    let lab = calls::lab()?;
    // At each boot, Wine takes the computer's name from Linux.
    let (host, domain) = lab.fqdn.split_once('.').ok_or("the lab's fqdn has no domain")?;
    let network = LOCAL_MACHINE.create(r"SYSTEM\CurrentControlSet\Services\Tcpip\Parameters")?;
    network.set_string("Hostname", host)?;
    network.set_string("Domain", domain)?;
    for key in ["ActiveComputerName", "ComputerName"] {
        LOCAL_MACHINE.create(format!(r"{CONTROL}\{key}"))?.set_string("ComputerName", host.to_ascii_uppercase())?;
    }
    for service in lab.services.iter().chain(&lab.bystanders) {
        let comes = matches!(service.start, Start::Prompt | Start::Slow(_));
        if comes && services::start_type(&service.name)? == StartType::Automatic {
            while services::state(&service.name)? != ServiceState::Running {
                calls::take(10);
            }
        }
    }
    Ok(0)
}
