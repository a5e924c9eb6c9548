//! What a campaign has tried, kept below `target/`: one that was cut off goes on from there.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    sync::Mutex,
};

/// The points that were tried, one a line: how it ended, then the point, then what was found.
pub struct Record {
    path: PathBuf,
    file: Mutex<File>,
}

/// How a point ended: what was found wrong, or what was counted.
pub type Verdict = Result<Counted, String>;

/// What is counted of a point that held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// How often the program was started.
    pub runs: usize,
    /// How many files are left that were to take another name.
    pub left_over: usize,
    /// Whether somebody had to say that a damaged journal was seen.
    pub acknowledged: bool,
}

impl Record {
    /// The record of this name, and what it holds.
    pub fn open(folder: &Path, name: &str) -> (Self, BTreeMap<String, Verdict>) {
        fs::create_dir_all(folder).unwrap();
        let path = folder.join(name);
        let text = fs::read_to_string(&path).unwrap_or_default();
        // A last line without an end was being written when the campaign was cut off.
        let lines = text.split_inclusive('\n').filter_map(|line| understood(line.strip_suffix('\n')?));
        // A point that failed is tried again: the campaign itself may have been wrong.
        let known = lines.filter(|(_, verdict)| verdict.is_ok()).collect();
        let mut file = OpenOptions::new().append(true).create(true).open(&path).unwrap();
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n").unwrap();
        }
        (Self { path, file: Mutex::new(file) }, known)
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a point.
    pub fn add(&self, point: &str, verdict: &Verdict) {
        let line = match verdict {
            Ok(Counted { runs, left_over, acknowledged }) => {
                format!("held\t{point}\t{runs} {left_over} {}\n", u8::from(*acknowledged))
            }
            Err(why) => format!("FAILED\t{point}\t{}\n", why.replace(['\n', '\t'], " ")),
        };
        self.file.lock().unwrap().write_all(line.as_bytes()).unwrap();
    }
}

fn understood(line: &str) -> Option<(String, Verdict)> {
    let [how, point, rest] = line.splitn(3, '\t').collect::<Vec<_>>().try_into().ok()?;
    let verdict = match how {
        "held" => {
            let numbers: Vec<usize> = rest.split(' ').map_while(|number| number.parse().ok()).collect();
            let [runs, left_over, acknowledged] = numbers.try_into().ok()?;
            Ok(Counted { runs, left_over, acknowledged: acknowledged == 1 })
        }
        "FAILED" => Err(rest.to_owned()),
        _ => return None,
    };
    Some((point.to_owned(), verdict))
}
