//! Swaps the update's package for another program and back as fast as possible, at its source and wherever copies of it
//! appear.

use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reconcile_doubles::Swaps;

/// The driver creates this file to end the swaps.
const STOP: &str = r"C:\lab\swaps.stop";
const COUNTS: &str = r"C:\lab\swaps.json";
const SPARE: &str = r"C:\lab\spare.exe";

/// `swapper.exe SEED SOURCE FOLDER GENUINE FOREIGN LIBRARY`: the package, the folder in which copies appear, the
/// genuine and the foreign content, and a library to put next to the source.
pub fn main() -> Result<u32, Box<dyn Error>> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let [seed, source, folder, genuine, foreign, library] = args.as_slice() else {
        return Err("expected a seed and five paths".into());
    };
    let mut drawn = Drawn(seed.parse()?);
    let (genuine, foreign) = (fs::read(genuine)?, fs::read(foreign)?);
    let mut swaps = Swaps::default();
    while !Path::new(STOP).exists() {
        let mut packages = vec![PathBuf::from(source)];
        copies(Path::new(folder), &mut packages);
        for package in packages {
            swaps.tried += 1;
            if swap(drawn.below(4), &package, &foreign).is_err() {
                continue;
            }
            swaps.taken += 1;
            swaps.taken_private += u32::from(package != Path::new(source));
            std::thread::sleep(Duration::from_micros(drawn.below(4) * drawn.below(2_000)));
            // The next run begins with the restored package. In some cases it stays swapped.
            while drawn.below(8) > 0 && swap(drawn.below(3), &package, &genuine).is_err() {}
            std::thread::sleep(Duration::from_micros(drawn.below(4) * drawn.below(20_000)));
        }
        if let Some(beside) = Path::new(source).parent() {
            swaps.planted += u32::from(fs::copy(library, beside.join("helper.dll")).is_ok());
        }
        let new = format!("{COUNTS}.new");
        fs::write(&new, serde_json::to_vec(&swaps)?)?;
        let _ = fs::rename(new, COUNTS); // The driver may be reading it.
    }
    fs::write(source, genuine)?;
    Ok(0)
}

/// Replaces the content of a package in one of several ways.
fn swap(way: u64, package: &Path, bytes: &[u8]) -> io::Result<()> {
    match way {
        0 => fs::write(package, bytes),
        1 => {
            fs::write(SPARE, bytes)?;
            fs::rename(SPARE, package)
        }
        2 => {
            fs::remove_file(package)?;
            fs::write(package, bytes)
        }
        _ => OpenOptions::new().append(true).open(package)?.write_all(b"one byte more is another program"),
    }
}

/// All programs in a folder and its subfolders.
fn copies(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            copies(&path, found);
        } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("exe")) {
            found.push(path);
        }
    }
}

/// Pseudorandom numbers (xorshift).
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}
