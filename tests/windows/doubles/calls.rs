//! How the doubles use the files in `C:\lab`.

use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::time::{Duration, SystemTime};

use reconcile_doubles::{Call, Database, Lab};

const LAB: &str = r"C:\lab\lab.json";
const DATABASES: &str = r"C:\lab\databases.json";
const CALLS: &str = r"C:\lab\calls.jsonl";

/// The behaviour of the doubles at this moment.
pub fn lab() -> Result<Lab, Box<dyn Error>> {
    read(LAB)
}

/// The content of the databases.
pub fn databases() -> Result<Vec<Database>, Box<dyn Error>> {
    read(DATABASES)
}

/// Replaces the content of the databases atomically.
pub fn set_databases(databases: &[Database]) -> Result<(), Box<dyn Error>> {
    let new = format!("{DATABASES}.new");
    fs::write(&new, serde_json::to_vec_pretty(databases)?)?;
    Ok(fs::rename(new, DATABASES)?)
}

fn read<T: serde::de::DeserializeOwned>(file: &str) -> Result<T, Box<dyn Error>> {
    let text = fs::read(file).map_err(|error| format!("{file}: {error}"))?;
    Ok(serde_json::from_slice(&text).map_err(|error| format!("{file}: {error}"))?)
}

/// The file name of this program in lower case.
pub fn program() -> String {
    let path = std::env::current_exe().unwrap_or_default();
    path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase()
}

/// The time in milliseconds since 1970.
pub fn now() -> Result<u64, Box<dyn Error>> {
    Ok(u64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis())?)
}

/// This call of this program.
pub fn this_call() -> Result<Call, Box<dyn Error>> {
    let now = now()?;
    Ok(Call {
        began: now,
        at: now,
        program: program(),
        process: std::process::id(),
        args: std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect(),
        stdin: String::new(),
        environment: std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect(),
        directory: std::env::current_dir()?.to_string_lossy().into_owned(),
    })
}

/// Records the call; returns the number of earlier calls of the same program, and of the same script for the shell.
pub fn record(call: &Call) -> Result<usize, Box<dyn Error>> {
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(CALLS)?;
    file.lock()?;
    let alike = earlier(&file)?
        .iter()
        .filter(|earlier| earlier.program == call.program && earlier.script() == call.script())
        .count();
    file.seek(SeekFrom::End(0))?;
    file.write_all(format!("{}\n", serde_json::to_string(call)?).as_bytes())?;
    Ok(alike)
}

fn earlier(mut file: &File) -> Result<Vec<Call>, Box<dyn Error>> {
    file.rewind()?;
    BufReader::new(file).lines().map(|line| Ok(serde_json::from_str(&line?)?)).collect()
}

/// The entry of `runs` after so many similar calls.
pub fn nth<T: Clone + Default>(runs: &[T], earlier: usize) -> T {
    runs.get(earlier).or_else(|| runs.last()).cloned().unwrap_or_default()
}

/// The first line of standard input, with its line end.
pub fn first_line() -> Result<Vec<u8>, Box<dyn Error>> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_until(b'\n', &mut bytes)?;
    Ok(bytes)
}

/// The unread rest of standard input.
pub fn stdin() -> Result<Vec<u8>, Box<dyn Error>> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Takes time, as a real step would.
pub fn take(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

pub fn hang() -> ! {
    loop {
        std::thread::park();
    }
}
