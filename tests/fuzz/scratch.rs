//! A folder for the files of one input, in memory if the system supports that.

use std::{
    fs,
    path::{Path, PathBuf},
};

use reconcile::fuzz::Refused;
use tempfile::TempDir;

use reconcile_support::readers::visible;

/// A folder that is removed with this value.
pub struct Scratch(TempDir);

impl Scratch {
    pub fn new() -> Self {
        let memory = Path::new("/dev/shm");
        Self(if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file into it.
    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

/// A refusal counts as a user error, names the file, and attacks neither a terminal nor a pipeline.
pub fn is_well_said(refused: &Refused, file: &str) {
    let Refused { exit, text, lines } = refused;
    assert_eq!(*exit, 65, "{text}");
    assert!(text.contains(file), "does not say which file: {text}");
    for line in text.lines().chain(lines.iter().map(String::as_str)) {
        assert!(acts_on_nobody(line), "{line:?}");
    }
}

/// Whether a terminal and the log of a pipeline show this line as plain text.
pub fn acts_on_nobody(line: &str) -> bool {
    let hidden = |c: char| visible(&c.to_string()) != c.to_string() && c != '\t';
    // `::: ` leads to a further place in a quoted file: no command has the name `:`.
    let command = line.trim_start().strip_prefix("::").is_some_and(|name| !name.starts_with(": "));
    !command && !line.contains("##[") && !line.contains("##vso[") && !line.chars().any(hidden)
}
