//! Prints the state of the machine for the driver.

use std::error::Error;
use std::ptr;

use windows_registry::LOCAL_MACHINE;
use windows_sys::Win32::System::SystemInformation::{ComputerNameDnsFullyQualified, GetComputerNameExW};

use reconcile_doubles::Sight;

use super::{calls, components, services};

/// Prints one line of JSON to standard output.
pub fn main() -> Result<u32, Box<dyn Error>> {
    let lab = calls::lab()?;
    let mut sight = Sight { fqdn: fqdn()?, ..Sight::default() };
    for component in components::installed()? {
        sight.components.insert(component.name, component.version);
    }
    for service in lab.services.iter().chain(&lab.bystanders) {
        sight.services.insert(service.name.clone(), format!("{:?}", services::state(&service.name)?));
        sight.start_types.insert(service.name.clone(), services::start_type(&service.name)?);
    }
    let manager = LOCAL_MACHINE.open(r"SYSTEM\CurrentControlSet\Control\Session Manager")?;
    sight.renames = manager.get_multi_string("PendingFileRenameOperations").unwrap_or_default();
    println!("{}", serde_json::to_string(&sight)?);
    Ok(0)
}

#[expect(unsafe_code, reason = "no crate at hand wraps it")]
fn fqdn() -> Result<String, Box<dyn Error>> {
    let mut size = 0;
    // SAFETY: without a buffer the call only returns the required size.
    unsafe { GetComputerNameExW(ComputerNameDnsFullyQualified, ptr::null_mut(), &raw mut size) };
    let mut name = vec![0; size as usize];
    // SAFETY: the buffer holds `size` units.
    if unsafe { GetComputerNameExW(ComputerNameDnsFullyQualified, name.as_mut_ptr(), &raw mut size) } == 0 {
        return Err(std::io::Error::last_os_error().into());
    }
    name.truncate(size as usize);
    Ok(String::from_utf16(&name)?)
}
