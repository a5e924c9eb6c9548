//! Creates a process that never runs.

use std::error::Error;
use std::os::windows::process::CommandExt;
use std::process::Command;

use windows_sys::Win32::System::Threading::CREATE_SUSPENDED;

use super::calls;

/// `asleep.exe PROGRAM`
pub fn main() -> Result<u32, Box<dyn Error>> {
    let program = std::env::args_os().nth(1).ok_or("expected a program")?;
    let _sleeper = Command::new(program).creation_flags(CREATE_SUSPENDED).spawn()?;
    eprintln!("it sleeps");
    calls::hang()
}
