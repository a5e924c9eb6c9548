//! A path that can be written in a task: absolute, and without anything that has another meaning on the way to the
//! program.

use std::{fmt, str::FromStr};

use reconcile_schema::{PathFault, Root, path_parts};

/// The place of the task: in a folder of its own, so that nobody confuses it with another one.
pub const PATH: &str = r"\reconcile\reconcile";

/// The default place of the program on a server.
pub const PROGRAM: &str = r"C:\Program Files\reconcile\reconcile.exe";

/// The most units of UTF-16 that a path has (Microsoft Learn: pathType Simple Type: "less than 260 characters").
const LONGEST: usize = 259;

/// An absolute path of Windows, on a drive or on a share.
///
/// The action of a task is one line of text. The Task Scheduler replaces `%NAME%` by a variable and `$(Arg0)` by a
/// parameter (Microsoft Learn: `Exec (actionGroup) Element`, `IRegisteredTask::Run`). The started program reads a
/// quotation mark as the end of an argument, and a backslash before it as its escape. None of this can be escaped
/// everywhere, so a path with `"`, `%` or `$(` is refused, and so is any name that no Windows file can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(String);

/// Why a text is not such a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the path {path:?} {why}")]
pub struct PlaceError {
    path: String,
    why: String,
}

impl Place {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is on a share.
    #[must_use]
    pub fn is_on_a_share(&self) -> bool {
        self.0.starts_with(r"\\")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(path: &str) -> Result<Self, PlaceError> {
        match fault(path) {
            None => Ok(Self(path.into())),
            Some(why) => Err(PlaceError { path: path.into(), why }),
        }
    }
}

fn fault(path: &str) -> Option<String> {
    const ABSOLUTE: &str = r"is not absolute: expected one such as C:\Program Files\reconcile\manifest.yaml or \\server\share\manifest.yaml";
    // The manifest and the task share the rules for plain paths; a file on a share is below a server and a share.
    let parts = match path_parts(path) {
        Ok((Root::Drive, parts)) => parts,
        Ok((Root::Share, parts)) if parts.len() > 2 => parts,
        Ok((Root::Share | Root::Slash | Root::Relative, _)) | Err(PathFault::NoDrive | PathFault::NoShare) => {
            return Some(ABSOLUTE.into());
        }
        Err(fault) => return Some(format!("cannot be the path of a plain file: {fault}")),
    };
    let forbidden = |char: char| "%/\u{FFFE}\u{FFFF}".contains(char);
    if let Some(char) = path.chars().find(|char| forbidden(*char)) {
        return Some(format!("contains {char:?}, which cannot stand in the path of a task"));
    }
    if path.contains("$(") {
        return Some(r#"contains "$(", which the Task Scheduler would replace"#.into());
    }
    if path.ends_with('\\') {
        return Some("ends with a backslash, so it names a folder and not a file".into());
    }
    if let Some(part) = parts.iter().find(|part| part.starts_with(' ')) {
        return Some(format!("contains \"{part}\", and no file or folder has a name that begins with a space"));
    }
    let units = path.encode_utf16().count();
    (units > LONGEST).then(|| format!("has {units} characters, expected at most {LONGEST}"))
}
