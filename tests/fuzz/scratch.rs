//! A folder for the files of one input, in memory where the system has such a place.

use std::{
    fs,
    path::{Path, PathBuf},
};

use reconcile::fuzz::Refused;
use tempfile::TempDir;

use reconcile_support::readers::visible;

/// A folder that goes with this value.
pub struct Scratch(TempDir);

impl Scratch {
    /// An empty folder.
    pub fn new() -> Self {
        let memory = Path::new("/dev/shm");
        Self(if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap())
    }

    /// The path of a file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file in it that holds these bytes.
    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

/// A refusal is the user's error, names the file, and acts on no terminal and no pipeline.
pub fn is_well_said(refused: &Refused, file: &str) {
    let Refused { exit, text, lines } = refused;
    assert_eq!(*exit, 65, "{text}");
    assert!(text.contains(file), "does not say which file: {text}");
    for line in text.lines().chain(lines.iter().map(String::as_str)) {
        assert!(acts_on_nobody(line), "{line:?}");
    }
}

/// Whether a line reaches a terminal and the log of a pipeline as nothing but text.
pub fn acts_on_nobody(line: &str) -> bool {
    let hidden = |c: char| visible(&c.to_string()) != c.to_string() && c != '\t';
    !line.starts_with("::") && !line.contains("##[") && !line.contains("##vso[") && !line.chars().any(hidden)
}
