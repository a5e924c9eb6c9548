//! The double of `schtasks.exe`, for a single user: it registers a task from a file, returns it, lists and removes it.
//!
//! It stores a task byte for byte in `System32\Tasks`, like Windows, and never runs it: a test that has one started does that. Its messages are in another
//! language than ours, as they can be on a server. Its exit codes are 0 and 1 (Microsoft Learn: schtasks).

use std::error::Error;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use reconcile_doubles::Scheduler;

use super::calls;

const TASKS: &str = r"C:\Windows\System32\Tasks";

/// `schtasks.exe /create | /query | /run | /delete …`
pub fn main() -> Result<u32, Box<dyn Error>> {
    let call = calls::this_call()?;
    calls::record(&call)?;
    let scheduler = calls::lab()?.scheduler;
    if let Scheduler::Refuses(why) = &scheduler {
        eprintln!("FEHLER: {why}");
        return Ok(1);
    }
    let args: Vec<&str> = call.args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["/create", "/tn", name, "/xml", file, "/f", ..] => create(name, file, &scheduler),
        ["/query", "/tn", name, "/xml"] => query(name),
        ["/query", "/fo", "csv", "/nh"] => list(),
        ["/run", "/tn", name] => Ok(run(name)),
        ["/delete", "/tn", name, "/f"] => delete(name),
        _ => Err(format!("no such call is expected: {args:?}").into()),
    }
}

/// The file of a task.
fn place(name: &str) -> PathBuf {
    PathBuf::from(format!("{TASKS}{name}"))
}

fn missing() -> u32 {
    eprintln!("FEHLER: Das System kann die angegebene Datei nicht finden.");
    1
}

fn create(name: &str, file: &str, scheduler: &Scheduler) -> Result<u32, Box<dyn Error>> {
    let mut task = fs::read(file)?;
    if !task.starts_with(&[0xFF, 0xFE]) {
        eprintln!("FEHLER: Das XML der Aufgabe ist falsch formatiert.");
        return Ok(1);
    }
    if let Scheduler::Alters { from, to } = scheduler {
        let units: Vec<u16> = task.as_chunks().0.iter().copied().map(u16::from_le_bytes).collect();
        let altered = String::from_utf16(&units)?.replace(from, to);
        task = altered.encode_utf16().flat_map(u16::to_le_bytes).collect();
    }
    let place = place(name);
    fs::create_dir_all(place.parent().ok_or("a task has a folder")?)?;
    fs::write(place, task)?;
    println!("ERFOLGREICH: Die geplante Aufgabe wurde erstellt.");
    Ok(0)
}

fn query(name: &str) -> Result<u32, Box<dyn Error>> {
    match fs::read(place(name)) {
        Ok(task) => {
            std::io::stdout().write_all(&task)?;
            Ok(0)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(missing()),
        Err(error) => Err(error.into()),
    }
}

/// A task that every Windows has, and the registered tasks, which all lie in folders one level down.
fn list() -> Result<u32, Box<dyn Error>> {
    println!(r#""\Microsoft\Windows\Defrag\ScheduledDefrag","Nicht zutreffend","Bereit""#);
    for folder in fs::read_dir(TASKS).into_iter().flatten() {
        let folder = folder?;
        for task in fs::read_dir(folder.path()).into_iter().flatten() {
            let (folder, task) = (folder.file_name(), task?.file_name());
            println!(r#""\{}\{}","26.11.2026 06:00:00","Bereit""#, folder.display(), task.display());
        }
    }
    Ok(0)
}

/// The request is taken, whatever becomes of it.
fn run(name: &str) -> u32 {
    if !place(name).exists() {
        return missing();
    }
    println!("ERFOLGREICH: Es wurde versucht, \"{name}\" auszuführen.");
    0
}

fn delete(name: &str) -> Result<u32, Box<dyn Error>> {
    match fs::remove_file(place(name)) {
        Ok(()) => {
            println!("ERFOLGREICH: Die geplante Aufgabe wurde erfolgreich gelöscht.");
            Ok(0)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(missing()),
        Err(error) => Err(error.into()),
    }
}
