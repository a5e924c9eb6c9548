//! The results of a campaign, kept below `target/`. An interrupted campaign continues from them.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    sync::Mutex,
};

/// One line for each point: its verdict, its name, and the figures or the violation.
pub struct Record {
    path: PathBuf,
    file: Mutex<File>,
}

/// The figures of a point that held, or the violation.
pub type Verdict = Result<Counted, String>;

/// The figures of a point that held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// How often the program was started.
    pub runs: usize,
    /// The number of temporary files that were never renamed.
    pub left_over: usize,
    /// Whether a damaged journal had to be acknowledged.
    pub acknowledged: bool,
}

impl Record {
    /// Opens the record with this name; returns it with its content.
    pub fn open(folder: &Path, name: &str) -> (Self, BTreeMap<String, Verdict>) {
        fs::create_dir_all(folder).unwrap();
        let path = folder.join(name);
        let text = fs::read_to_string(&path).unwrap_or_default();
        // A last line without an end was being written when the campaign was interrupted.
        let lines = text.split_inclusive('\n').filter_map(|line| understood(line.strip_suffix('\n')?));
        // A failed point is tried again, because the campaign itself may have been wrong.
        let known = lines.filter(|(_, verdict)| verdict.is_ok()).collect();
        let mut file = OpenOptions::new().append(true).create(true).open(&path).unwrap();
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n").unwrap();
        }
        (Self { path, file: Mutex::new(file) }, known)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

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
