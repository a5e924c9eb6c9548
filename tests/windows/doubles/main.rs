//! One program that plays several parts on the machine under test, depending on its file name.
//!
//! The doubles imitate only behaviour that the product's documentation describes, or that several administrators
//! report. A double that is called in a wrong way exits with 70, which no imitated program uses.

#[cfg(windows)]
mod asleep;
#[cfg(windows)]
mod boot;
#[cfg(windows)]
mod calls;
#[cfg(windows)]
mod components;
#[cfg(windows)]
mod confined;
#[cfg(windows)]
mod examined;
#[cfg(windows)]
mod look;
#[cfg(windows)]
mod ordinary;
#[cfg(windows)]
mod pools;
#[cfg(windows)]
mod powershell;
#[cfg(windows)]
mod run;
#[cfg(windows)]
mod schtasks;
#[cfg(windows)]
mod service;
#[cfg(windows)]
mod services;
#[cfg(windows)]
mod shell;
#[cfg(windows)]
mod swapper;
#[cfg(windows)]
mod updater;

#[cfg(windows)]
fn main() {
    type Part = fn() -> Result<u32, Box<dyn std::error::Error>>;
    let program = calls::program();
    let part: Part = match program.as_str() {
        "asleep.exe" => asleep::main,
        "boot.exe" => boot::main,
        "cmdlet.exe" => powershell::cmdlet,
        "confined.exe" => confined::main,
        "look.exe" => look::main,
        "ordinary.exe" => ordinary::main,
        "powershell.exe" => powershell::main,
        "powershell_ise.exe" => shell::main,
        "run.exe" => run::main,
        "schtasks.exe" => schtasks::main,
        "service.exe" => service::main,
        "swapper.exe" => swapper::main,
        "lyncserverupdateinstaller.exe" | "skypeserverupdateinstaller.exe" => updater::main,
        _ => || Err("no part goes by this file name".into()),
    };
    let code = part().unwrap_or_else(|error| {
        eprintln!("double {program}: {error}");
        70
    });
    std::process::exit(code.cast_signed());
}

#[cfg(not(windows))]
fn main() {
    eprintln!("the doubles play on Windows only; tests/windows/run builds and uses them");
}
