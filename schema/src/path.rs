//! Paths of a manifest: a plain file or folder on a drive, on a share, or below the manifest's folder. One grammar for all of them.
//!
//! Windows gives a path many meanings besides a file (Microsoft Learn: Naming Files, Paths, and Namespaces): a device
//! in every folder, a stream of a file, a pipe, a way around the rules of names. A run opens these paths as SYSTEM, so
//! none of them may have such a meaning. The grammar is written twice, as code with a reason for people and as a
//! pattern for the JSON Schema; a test checks that the two agree.

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

use crate::names::name;

/// The most characters that a path has.
pub(crate) const LONGEST: usize = 1024;

/// Where a path begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// At a drive, such as `D:\`.
    Drive,
    /// At a share, such as `\\files.contoso.example\updates`.
    Share,
    /// At the root: on Windows that of the current drive, elsewhere that of the file system.
    Slash,
    /// In the folder of the manifest.
    Relative,
}

/// Why a text is not the path of a plain file or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathFault {
    /// It contains no name.
    Empty,
    /// It is too long.
    TooLong(usize),
    /// It begins with `\\?\`, `\\.\` or `\??\`.
    Namespace,
    /// It begins at the root without a drive, or in the current folder of a drive.
    NoDrive,
    /// It names a server but no share.
    NoShare,
    /// Its share is for pipes or mailslots, not for files.
    Pipe(String),
    /// Its server is a web server.
    Web,
    /// It is the address of a page or of a file on the web.
    Address,
    /// It has a part without a name.
    EmptyPart,
    /// It leads upwards.
    Up,
    /// The name of a part has an ending with which Windows opens another file.
    End(String),
    /// A part is the name of a device.
    Device(String),
    /// It has a colon after its drive.
    Stream,
    /// A part has a character that names cannot have.
    Character(char),
}

impl fmt::Display for PathFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("this names no file"),
            Self::TooLong(count) => write!(f, "this has {count} characters, at most {LONGEST} are allowed"),
            Self::Namespace => f.write_str(
                r"this begins as a device does (\\?\, \\.\ or \??\): begin with a drive, or with \\server\share",
            ),
            Self::NoDrive => f.write_str(
                r"this begins neither with a share (\\server\share\) nor with a drive and a backslash (D:\): write one of them",
            ),
            Self::NoShare => f.write_str(r"this names a server and no share: write \\server\share\folder"),
            Self::Pipe(share) => write!(f, "`{share}` of a server holds no files: name a share"),
            Self::Web => f.write_str("`@` names a server of the web: copy the file to a share"),
            Self::Address => f.write_str("this is an address of the web: copy the file to a share"),
            Self::EmptyPart => f.write_str("two separators stand together: remove one"),
            Self::Up => f.write_str("`..` leads out of the folder before it: write the path without it"),
            Self::End(part) => write!(f, "Windows leaves out the end of \"{part}\": remove the dot or the blank"),
            Self::Device(part) => {
                write!(f, "\"{part}\" is a device, in every folder and with every extension: choose another name")
            }
            Self::Stream => {
                f.write_str("a colon behind the drive names a stream of a file: remove it and what follows")
            }
            Self::Character(sign) => write!(f, "the name of a file cannot have {sign:?}: remove it"),
        }
    }
}

const fn is_separator(sign: char) -> bool {
    matches!(sign, '\\' | '/')
}

/// Where a path begins, and its names. Both separators count, as in Windows.
///
/// # Errors
/// When it has another meaning than a plain file or folder, or none.
pub fn parts(path: &str) -> Result<(Root, Vec<&str>), PathFault> {
    let length = path.chars().count();
    if length > LONGEST {
        return Err(PathFault::TooLong(length));
    }
    // `C://Updates` is a drive.
    let is_scheme =
        |(scheme, _): (&str, &str)| scheme.len() > 1 && scheme.bytes().all(|byte| byte.is_ascii_alphabetic());
    if path.split_once("://").is_some_and(is_scheme) {
        return Err(PathFault::Address);
    }
    let (root, inside) = root(path)?;
    let inside = inside.strip_suffix(is_separator).filter(|rest| !rest.is_empty()).unwrap_or(inside);
    let parts: Vec<&str> = if inside.is_empty() { Vec::new() } else { inside.split(is_separator).collect() };
    match (root, parts.as_slice()) {
        (Root::Slash | Root::Relative, []) => return Err(PathFault::Empty),
        (Root::Share, [] | [_]) => return Err(PathFault::NoShare),
        (Root::Share, [server, share, ..]) => {
            if server.contains('@') {
                return Err(PathFault::Web);
            }
            if ["pipe", "mailslot", "ipc$"].iter().any(|other| other.eq_ignore_ascii_case(share)) {
                return Err(PathFault::Pipe((*share).to_owned()));
            }
        }
        (Root::Drive | Root::Slash | Root::Relative, _) => {}
    }
    match parts.iter().find_map(|part| fault_of(part)) {
        Some(fault) => Err(fault),
        None => Ok((root, parts)),
    }
}

fn root(path: &str) -> Result<(Root, &str), PathFault> {
    let mut signs = path.chars();
    let (first, second, third) = (signs.next(), signs.next(), signs.next());
    let behind = |count: usize| path.char_indices().nth(count).map_or("", |(at, _)| path.get(at..).unwrap_or_default());
    let separates = |sign: Option<char>| sign.is_some_and(is_separator);
    match (first, second, third) {
        (None, ..) => Err(PathFault::Empty),
        (Some(_), ..) if begins_as_a_device(path) => Err(PathFault::Namespace),
        (Some(one), two, _) if is_separator(one) && separates(two) => Ok((Root::Share, behind(2))),
        (Some('/'), ..) => Ok((Root::Slash, behind(1))),
        (Some('\\'), ..) => Err(PathFault::NoDrive),
        (Some(letter), Some(':'), three) if letter.is_ascii_alphabetic() => {
            if separates(three) {
                Ok((Root::Drive, behind(3)))
            } else {
                Err(PathFault::NoDrive)
            }
        }
        (Some('.'), two, _) if separates(two) => Ok((Root::Relative, behind(2))),
        (Some(_), ..) => Ok((Root::Relative, path)),
    }
}

/// `\\?\`, `\\.\` and `\??\`, with any separators, with or without the last.
fn begins_as_a_device(path: &str) -> bool {
    let path = path.replace('/', r"\");
    [r"\\?", r"\\.", r"\??"]
        .iter()
        .any(|start| path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('\\')))
}

/// Why a part is not the name of a plain file or folder.
fn fault_of(part: &str) -> Option<PathFault> {
    let fault = match part.chars().find(|sign| is_forbidden(*sign)) {
        Some(':') => PathFault::Stream,
        Some(sign) => PathFault::Character(sign),
        None if part.is_empty() => PathFault::EmptyPart,
        None if part == ".." => PathFault::Up,
        None if part.ends_with(['.', ' ']) => PathFault::End(part.to_owned()),
        None if is_device(part) => PathFault::Device(part.to_owned()),
        None => return None,
    };
    Some(fault)
}

/// Whether the name of a file cannot have this character.
fn is_forbidden(sign: char) -> bool {
    sign.is_control() || matches!(sign, ':' | '*' | '?' | '"' | '<' | '>' | '|')
}

/// Whether a name stands for a device, in any folder and with any extension. Windows also counts superscript digits.
fn is_device(name: &str) -> bool {
    let name = name.split('.').next().unwrap_or(name).trim_matches(' ').to_ascii_uppercase();
    let numbered = name.strip_prefix("COM").or_else(|| name.strip_prefix("LPT"));
    let numbered = numbered.is_some_and(|number| {
        let mut signs = number.chars();
        matches!((signs.next(), signs.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
    });
    numbered || matches!(&*name, "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" | "CLOCK$")
}

/// The pieces of the patterns: a separator; a character of a name, and one that a name may end with; a name that is not
/// a device; the part after a root.
macro_rules! piece {
    (part) => {
        concat!(
            r"(?! *(?:[Cc][Oo][Nn](?:[Ii][Nn]\$|[Oo][Uu][Tt]\$)?|[Pp][Rr][Nn]|[Aa][Uu][Xx]|[Nn][Uu][Ll]",
            r"|[Cc][Ll][Oo][Cc][Kk]\$|(?:[Cc][Oo][Mm]|[Ll][Pp][Tt])[0-9¹²³]) *(?:[.\\/]|$))",
            r#"[^\\/:*?"<>|\x00-\x1f\x7f-\x9f]*[^\\/:*?"<>|\x00-\x1f\x7f-\x9f. ]"#
        )
    };
    (more) => {
        concat!(r"(?:[\\/]", piece!(part), r")*[\\/]?")
    };
    (whole) => {
        concat!(
            r"(?:[A-Za-z]:[\\/](?:",
            piece!(part),
            piece!(more),
            r")?|[\\/]{2}(?![^\\/]*@)",
            piece!(part),
            r"[\\/](?!(?:[Pp][Ii][Pp][Ee]|[Mm][Aa][Ii][Ll][Ss][Ll][Oo][Tt]|[Ii][Pp][Cc]\$)(?:[\\/]|$))",
            piece!(part),
            piece!(more),
            ")"
        )
    };
    (below) => {
        concat!(r"(?:\.[\\/])?", piece!(part), piece!(more))
    };
    (any) => {
        concat!("(?:", piece!(whole), "|/", piece!(part), piece!(more), "|", piece!(below), ")")
    };
}

/// The path of an installer: what it must be, in words and as a pattern.
pub(crate) const AN_EXE: &str = r"the whole path of an .exe, such as D:\Updates\SkypeServerUpdateInstaller.exe or \\files\updates\SkypeServerUpdateInstaller.exe";
pub(crate) const EXE: &str = concat!(r"^(?=.*[^\\/]\.[Ee][Xx][Ee]$)", piece!(whole), "$");

/// Whether a text is the absolute path of an `.exe`.
pub(crate) fn is_exe(path: &str) -> bool {
    let Ok((Root::Drive | Root::Share, parts)) = parts(path) else { return false };
    let file = parts.last().and_then(|file| file.rsplit_once('.'));
    let is_behind = path.ends_with(is_separator);
    !is_behind && file.is_some_and(|(name, end)| !name.is_empty() && end.eq_ignore_ascii_case("exe"))
}

name!(
    /// A file or folder that a manifest names: on a drive, on a share, or relative to the manifest's folder.
    FilePath,
    concat!("^", piece!(any), "$"),
    r"a plain file or folder, such as D:\Reports or \\files.contoso.example\reconcile\reports",
    plain,
    "maxLength" = LONGEST,
    "x-path" = true
);

name!(
    /// A file for metrics. Its name ends in `.prom`, since the textfile collector of windows_exporter reads no other
    /// file.
    MetricsPath,
    concat!(r"^(?=.*[^\\/]\.prom$)", piece!(any), "$"),
    "a file whose name ends in .prom",
    metrics,
    "maxLength" = LONGEST,
    "x-path" = true
);

name!(
    /// A file below the manifest's folder.
    BelowPath,
    concat!("^", piece!(below), r"(?<![\\/])$"),
    "a file of its own below the manifest's folder, such as world.yaml",
    below,
    "maxLength" = LONGEST,
    "x-path" = true
);

name!(
    /// A folder or file of Windows: an absolute path, or one that begins with a variable such as `%ProgramFiles%`.
    FolderPath,
    concat!(
        r"^(?!.*/)(?:[A-Za-z]:\\|%(?:[Ww][Ii][Nn][Dd][Ii][Rr]|[Ss][Yy][Ss][Tt][Ee][Mm][Dd][Rr][Ii][Vv][Ee]",
        r"|(?:[Cc][Oo][Mm][Mm][Oo][Nn])?[Pp][Rr][Oo][Gg][Rr][Aa][Mm][Ff][Ii][Ll][Ee][Ss]",
        r"|[Pp][Rr][Oo][Gg][Rr][Aa][Mm][Dd][Aa][Tt][Aa])%(?:\\|$))(?:",
        piece!(part),
        piece!(more),
        r")?$"
    ),
    "an absolute path such as D:\\Agents, or one that begins with %WinDir%, %SystemDrive%, %ProgramFiles%, %CommonProgramFiles% or %ProgramData%",
    folder,
    "maxLength" = 260
);

fn plain(path: &str) -> Option<String> {
    parts(path).is_ok().then(|| path.to_owned())
}

fn metrics(path: &str) -> Option<String> {
    let stem = path.strip_suffix(".prom").and_then(|stem| stem.chars().last());
    plain(path).filter(|_| stem.is_some_and(|last| !is_separator(last)))
}

fn below(path: &str) -> Option<String> {
    let is_below = matches!(parts(path), Ok((Root::Relative, _))) && !path.ends_with(is_separator);
    is_below.then(|| path.to_owned())
}

/// The variables that a path may begin with: every Windows defines them for the whole machine.
const FOLDERS: [&str; 5] = ["windir", "systemdrive", "programfiles", "commonprogramfiles", "programdata"];

fn folder(path: &str) -> Option<String> {
    let behind_variable = |text: &str| {
        let (name, rest) = text.strip_prefix('%')?.split_once('%')?;
        let is_known = FOLDERS.iter().any(|known| known.eq_ignore_ascii_case(name));
        // The same rule as after a drive, whichever drive the variable stands for.
        let rest = if rest.is_empty() { Some("") } else { rest.strip_prefix('\\') };
        rest.filter(|_| is_known).map(|rest| format!(r"C:\{rest}"))
    };
    let on_drive = behind_variable(path).unwrap_or_else(|| path.to_string());
    let fits = path.chars().count() <= 260 && !path.contains('/');
    (fits && matches!(parts(&on_drive), Ok((Root::Drive, _)))).then(|| path.to_owned())
}

impl FilePath {
    /// Whether it is on a share, and so the same for every server.
    #[must_use]
    pub fn is_on_share(&self) -> bool {
        matches!(parts(&self.0), Ok((Root::Share, _)))
    }
}

/// Whether a path leads to the same place from every folder, because it begins at a drive or at a share.
#[must_use]
pub fn is_whole(path: &str) -> bool {
    matches!(parts(path), Ok((Root::Drive | Root::Share, _)))
}

#[cfg(test)]
#[path = "path_tests.rs"]
mod tests;
