//! Runs a program for the driver and writes its exit code into a file, because Linux would see only 8 of its 32 bits.

use std::error::Error;
use std::fs;
use std::process::Command;

/// `run.exe FILE PROGRAM ARGUMENTS…`
pub fn main() -> Result<u32, Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1);
    let (Some(file), Some(program)) = (args.next(), args.next()) else {
        return Err("expected a file and a program".into());
    };
    // From here on a program of ours runs, so the driver must not start it again.
    let name = file.clone().into_string().map_err(|_| "the file's name is not Unicode")?;
    fs::write(name.clone() + ".began", "")?;
    let status =
        Command::new(&program).args(args).status().map_err(|error| format!("{}: {error}", program.display()))?;
    let code = status.code().ok_or("no exit code")?.cast_unsigned();
    // The file appears complete or not at all. If it is missing, this program itself was cut short.
    let new = name + ".new";
    fs::write(&new, code.to_string())?;
    fs::rename(new, file)?;
    Ok(0)
}
