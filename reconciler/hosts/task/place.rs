//! A path that can stand in a task: absolute, and free of everything that means something else on the way to the program.

use std::{fmt, str::FromStr};

/// The most units of UTF-16 that a path has (Microsoft Learn: pathType Simple Type: "less than 260 characters").
const LONGEST: usize = 259;

/// An absolute path of Windows, on a drive or on a share.
///
/// The action of a task is one line of text. The Task Scheduler replaces `%NAME%` by a variable and `$(Arg0)` by a
/// parameter (Microsoft Learn: `Exec (actionGroup) Element`, `IRegisteredTask::Run`); the started program takes a quotation
/// mark for the end of an argument, and a backslash before it for its mark. None of this can be escaped everywhere, so a
/// path with `"`, `%` or `$(` is refused; so is what no file of Windows can be called.
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
    /// The path.
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
    let share = path.strip_prefix(r"\\");
    let inside = match (share, path.get(..3), path.get(3..)) {
        (Some(share), _, _) => share,
        (None, Some(drive), Some(inside)) if is_drive(drive) => inside,
        (None, _, _) => return Some(ABSOLUTE.into()),
    };
    let parts: Vec<&str> = inside.split('\\').collect();
    // A file on a share stands below a server and a share.
    if parts.len() < if share.is_some() { 3 } else { 1 } {
        return Some(ABSOLUTE.into());
    }
    let forbidden = |char: char| char.is_control() || "\"<>|?*%:/\u{FFFE}\u{FFFF}".contains(char);
    if let Some(char) = inside.chars().find(|char| forbidden(*char)) {
        return Some(format!("contains {char:?}, which cannot stand in the path of a task"));
    }
    if inside.contains("$(") {
        return Some(r#"contains "$(", which the Task Scheduler would replace"#.into());
    }
    if let Some(part) = parts.iter().find(|part| part.is_empty() || part.ends_with(['.', ' ']) || part.starts_with(' '))
    {
        return Some(format!("has a part {part:?}, which names no file or folder"));
    }
    let units = path.encode_utf16().count();
    (units > LONGEST).then(|| format!("has {units} characters, expected at most {LONGEST}"))
}

fn is_drive(start: &str) -> bool {
    matches!(start.as_bytes(), [letter, b':', b'\\'] if letter.is_ascii_alphabetic())
}
