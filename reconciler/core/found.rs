//! The result of a check of `doctor`.

use alloc::{format, string::String, vec::Vec};

use reconcile_schema::{Fact, FileSeen, Verdict, listed};

/// The result of a check, and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub verdict: Verdict,
    /// What was found, as a clause.
    pub what: String,
}

impl Found {
    pub(crate) fn new(verdict: Verdict, what: impl Into<String>) -> Self {
        Self { verdict, what: what.into() }
    }

    pub(crate) fn ok(what: impl Into<String>) -> Self {
        Self::new(Verdict::Ok, what)
    }

    pub(crate) fn fault(what: impl Into<String>) -> Self {
        Self::new(Verdict::Fault, what)
    }

    pub(crate) fn warning(what: impl Into<String>) -> Self {
        Self::new(Verdict::Warning, what)
    }

    pub(crate) fn unknown(why: impl Into<String>) -> Self {
        Self::new(Verdict::Unknown, why)
    }

    pub(crate) fn not_asked(why: impl Into<String>) -> Self {
        Self::new(Verdict::NotAsked, why)
    }

    /// A fault that names these, or what is well where there are none.
    pub(crate) fn none_of(named: impl Iterator<Item = String>, verdict: Verdict, well: impl Into<String>) -> Self {
        let named: Vec<_> = named.collect();
        if named.is_empty() { Self::ok(well) } else { Self::new(verdict, listed(&named)) }
    }
}

/// Judges a fact that is known.
pub(crate) fn read<T>(fact: &Fact<T>, judge: impl FnOnce(&T) -> Found) -> Found {
    match fact {
        Fact::NotLooked => Found::not_asked("it has no meaning on this server"),
        Fact::Unknown(why) => Found::unknown(why.clone()),
        Fact::Known(value) => judge(value),
    }
}

/// A file that is as assumed, or what is wrong with it.
pub(crate) fn file(seen: &FileSeen) -> Found {
    match &seen.problem {
        None => Found::ok(seen.path.clone()),
        Some(problem) => Found::fault(format!("{}: {problem}", seen.path)),
    }
}

pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
