//! Whether an entry of the private folder is ours: a decision over its metadata, which are read without following the
//! entry.
//!
//! The owner of an entry can give themselves every right to it. So an entry of another owner is never turned into ours,
//! because the owner may hold it open. It is moved aside, and we create a new one.

use std::fmt;

/// The metadata of an entry, read through a handle that follows no link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whether it leads to another place: a link, a junction, or any other entry that Windows would resolve elsewhere.
    pub link: bool,
    pub kind: Kind,
    /// Its owner, if that is neither the system nor an administrator that we trust.
    pub stranger: Option<String>,
    /// An account that can change it without being an administrator.
    pub writer: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file with this number of names.
    File(u32),
    Folder,
    /// A folder without content.
    EmptyFolder,
}

/// Why an entry is not ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foreign {
    /// It leads elsewhere.
    Link,
    /// Another kind of entry is expected in its place.
    Kind,
    /// Somebody else owns it.
    Owner(String),
    /// Somebody else can change it.
    Writer(String),
    /// It has other names, by which it can be changed elsewhere.
    Names(u32),
    /// Somebody who has had it open since others could write there can still make it a link: Windows allows that for
    /// empty folders.
    Empty,
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link => f.write_str("it is a link to another place"),
            Self::Kind => f.write_str("it is a file where a folder belongs"),
            Self::Owner(who) => write!(f, "it belongs to {who}"),
            Self::Writer(who) => write!(f, "{who} can change it"),
            Self::Names(count) => write!(f, "it is one file under {count} names (hard links)"),
            Self::Empty => f.write_str("it is an empty folder, and others could write in the folder around it"),
        }
    }
}

/// What to do about the private folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Top {
    /// Nothing: it is ours, and so is everything in it.
    Ours,
    /// Check everything in it, once.
    LookInside,
    /// It is not ours: move it aside, and create ours.
    Replace(Foreign),
    /// An administrator made it a link. The journal behind it may be a real one, so nothing is created in its place.
    Refuse,
}

/// Judges the private folder. It is `settled` if an earlier run has found that everything in it is ours and nothing in
/// it is a link.
pub fn judge_top(top: &Entry, settled: bool) -> Top {
    if top.link {
        return if top.stranger.is_some() { Top::Replace(Foreign::Link) } else { Top::Refuse };
    }
    match top.kind {
        Kind::File(_) => return Top::Replace(Foreign::Kind),
        Kind::Folder | Kind::EmptyFolder => {}
    }
    if let Some(owner) = &top.stranger {
        return Top::Replace(Foreign::Owner(owner.clone()));
    }
    // If we trust its owner, the journal in it may be a real one, so it is not thrown away together with what others
    // added.
    if settled && top.writer.is_none() { Top::Ours } else { Top::LookInside }
}

/// Judges an entry below it. `was_open`: others could write in the private folder until now.
///
/// # Errors
/// When it is not ours, for this reason.
pub fn judge(entry: &Entry, was_open: bool) -> Result<(), Foreign> {
    if entry.link {
        return Err(Foreign::Link);
    }
    if let Some(owner) = &entry.stranger {
        return Err(Foreign::Owner(owner.clone()));
    }
    if let Some(writer) = &entry.writer {
        return Err(Foreign::Writer(writer.clone()));
    }
    match entry.kind {
        Kind::File(names) if names > 1 => Err(Foreign::Names(names)),
        Kind::EmptyFolder if was_open => Err(Foreign::Empty),
        Kind::File(_) | Kind::Folder | Kind::EmptyFolder => Ok(()),
    }
}

/// Judges an entry below it while it still has the access that it inherited from the folder that others could use. A file
/// that others could write is not ours, even if nobody can any more. A folder is only judged by what is in it: everything
/// that others put there is theirs.
///
/// # Errors
/// When it is not ours, for this reason.
pub fn judge_before(entry: &Entry) -> Result<(), Foreign> {
    match entry.kind {
        Kind::File(_) => judge(entry, false),
        Kind::Folder | Kind::EmptyFolder => judge(&Entry { writer: None, ..entry.clone() }, false),
    }
}

/// The entries in the folder of a package other than `program`, ordered by name; `found` are the names of all entries
/// in it.
pub fn beside(program: &str, found: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut others: Vec<_> = found.into_iter().filter(|name| !name.eq_ignore_ascii_case(program)).collect();
    others.sort();
    others
}

/// Whether a name in the folder of packages is one of ours: a word that nobody could predict or, in earlier versions,
/// the hash of the package. Nothing else there is opened or removed.
pub fn is_package(name: &str) -> bool {
    matches!(name.len(), 32 | 64) && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(kind: Kind) -> Entry {
        Entry { link: false, kind, stranger: None, writer: None }
    }

    fn users() -> Option<String> {
        Some(r"BUILTIN\Users".into())
    }

    #[test]
    fn only_what_is_ours_and_nobody_elses_stays() {
        let (file, folder, empty) = (ours(Kind::File(1)), ours(Kind::Folder), ours(Kind::EmptyFolder));
        let table = [
            ("a file that we wrote", file.clone(), false, Ok(())),
            ("the same, where others could write beside it", file.clone(), true, Ok(())),
            ("a folder of ours", folder.clone(), true, Ok(())),
            ("an empty folder that nobody else could open", empty.clone(), false, Ok(())),
            ("an empty folder that others may have open", empty, true, Err(Foreign::Empty)),
            ("a junction", Entry { link: true, ..folder.clone() }, false, Err(Foreign::Link)),
            ("a symbolic link to a file", Entry { link: true, ..file.clone() }, false, Err(Foreign::Link)),
            (
                "a planted journal: its owner may give himself every right",
                Entry { stranger: users(), ..file.clone() },
                false,
                Err(Foreign::Owner(r"BUILTIN\Users".into())),
            ),
            (
                "a planted folder of packages",
                Entry { stranger: users(), ..folder.clone() },
                true,
                Err(Foreign::Owner(r"BUILTIN\Users".into())),
            ),
            (
                "an explicit entry that survives the list of the folder above",
                Entry { writer: users(), ..folder },
                false,
                Err(Foreign::Writer(r"BUILTIN\Users".into())),
            ),
            (
                "a file of an administrator that has a second name elsewhere",
                ours(Kind::File(2)),
                false,
                Err(Foreign::Names(2)),
            ),
            (
                "a link of somebody else is a link first: what it leads to says nothing of it",
                Entry { link: true, stranger: users(), writer: users(), ..file },
                false,
                Err(Foreign::Link),
            ),
        ];
        for (what, entry, was_open, expected) in table {
            assert_eq!(judge(&entry, was_open), expected, "{what}");
        }
    }

    #[test]
    fn a_file_that_others_could_write_is_not_ours_once_they_no_longer_can() {
        let writable = |kind| Entry { writer: users(), ..ours(kind) };
        let link = Entry { link: true, ..ours(Kind::Folder) };
        let theirs = Entry { stranger: users(), ..ours(Kind::Folder) };
        let by = |who: fn(String) -> Foreign| Err(who(r"BUILTIN\Users".into()));
        assert_eq!(judge_before(&writable(Kind::File(1))), by(Foreign::Writer));
        assert_eq!(judge_before(&ours(Kind::File(1))), Ok(()));
        assert_eq!(judge_before(&writable(Kind::Folder)), Ok(()), "as below C:\\ProgramData, where all may add files");
        assert_eq!(judge_before(&link), Err(Foreign::Link), "nobody looks into it");
        assert_eq!(judge_before(&theirs), by(Foreign::Owner));
    }

    #[test]
    fn the_private_folder_is_kept_looked_into_or_replaced() {
        let (folder, stranger) = (ours(Kind::Folder), || Some(r"CONTOSO\eve".to_owned()));
        let table = [
            ("as we left it", folder.clone(), true, Top::Ours),
            ("made by an installer or an earlier version", folder.clone(), false, Top::LookInside),
            (
                "made by hand: it inherits that users may write",
                Entry { writer: users(), ..folder.clone() },
                false,
                Top::LookInside,
            ),
            ("opened to others since the last run", Entry { writer: users(), ..folder.clone() }, true, Top::LookInside),
            (
                "made by a stranger, whatever is in it",
                Entry { stranger: stranger(), ..folder.clone() },
                true,
                Top::Replace(Foreign::Owner(r"CONTOSO\eve".into())),
            ),
            (
                "a junction that a stranger made",
                Entry { link: true, stranger: stranger(), ..folder.clone() },
                true,
                Top::Replace(Foreign::Link),
            ),
            ("a junction that an administrator made", Entry { link: true, ..folder }, true, Top::Refuse),
            ("a file", ours(Kind::File(1)), false, Top::Replace(Foreign::Kind)),
        ];
        for (what, top, settled, expected) in table {
            assert_eq!(judge_top(&top, settled), expected, "{what}");
        }
    }

    #[test]
    fn what_lies_next_to_the_installer_is_named() {
        let found = |names: &[&str]| beside("Update.exe", names.iter().map(|name| (*name).to_owned()));
        assert!(found(&["Update.exe"]).is_empty());
        assert!(found(&["UPDATE.EXE"]).is_empty(), "Windows takes a name in any case");
        assert_eq!(found(&["version.dll", "Update.exe", "Update.exe.local"]), ["Update.exe.local", "version.dll"]);
    }

    #[test]
    fn only_names_that_we_give_are_packages() {
        let hash = "0123456789abcdef".repeat(4);
        for name in [hash.as_str(), "0123456789abcdef0123456789abcdef"] {
            assert!(is_package(name), "{name}");
        }
        for name in ["", "notes", "..", "0123456789ABCDEF0123456789ABCDEF", r"0123456789abcdef\..\..\..\x\y0z", "0123"]
        {
            assert!(!is_package(name), "{name}");
        }
    }

    #[test]
    fn every_reason_says_what_is_wrong() {
        let shown = [
            (Foreign::Link, "it is a link to another place"),
            (Foreign::Kind, "it is a file where a folder belongs"),
            (Foreign::Owner(r"CONTOSO\eve".into()), r"it belongs to CONTOSO\eve"),
            (Foreign::Writer("Everyone".into()), "Everyone can change it"),
            (Foreign::Names(3), "it is one file under 3 names (hard links)"),
            (Foreign::Empty, "it is an empty folder, and others could write in the folder around it"),
        ];
        for (why, expected) in shown {
            assert_eq!(why.to_string(), expected);
        }
    }
}
