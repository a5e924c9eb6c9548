//! A problem that ends a command early: a fault in the user's world, reported in full, with its exit code.

use std::fmt::Display;

use reconcile_schema::Code;

use crate::manifest::{
    diagnostic::{Diagnostic, Diagnostics, escape},
    exit::Exit,
};

/// A command could not do what it was asked.
#[derive(Debug)]
pub struct Problem {
    code: Code,
    text: String,
    /// The same for programs, if it is an error at a place: one line for each.
    lines: Vec<String>,
}

impl Problem {
    /// A problem with this code. Escapes the whole text, because errors of readers quote values of the files that they
    /// read.
    pub fn of(code: Code, error: impl Display) -> Self {
        let text = error.to_string().lines().map(escape).collect::<Vec<_>>().join("\n");
        Self { code, text, lines: Vec::new() }
    }

    /// The command line asks for something impossible.
    pub fn usage(error: impl Display) -> Self {
        Self::of(Code::UsageWrong, error)
    }

    /// A manifest or another input is wrong.
    pub fn input(error: impl Display) -> Self {
        Self::of(Code::InputWrong, error)
    }

    /// Something failed.
    pub fn failed(error: impl Display) -> Self {
        Self::of(Code::Failed, error)
    }

    /// Another run works here.
    pub fn another_run(error: impl Display) -> Self {
        Self::of(Code::AnotherRun, error)
    }

    /// A file is in a place where accounts other than administrators can write.
    #[cfg(windows)]
    pub fn untrusted(error: impl Display) -> Self {
        Self::of(Code::Untrusted, error)
    }

    /// The problem in one line without colours.
    #[cfg(windows)]
    pub fn line(&self) -> String {
        let plain = anstream::adapter::strip_str(&self.text).to_string();
        plain.lines().next().unwrap_or_default().trim().to_owned()
    }

    /// The manifest is refused, for this reason.
    pub fn refused(code: Code, why: Diagnostic) -> Self {
        Self { code, ..Diagnostics::from(why).into() }
    }

    /// The same, with more text.
    pub fn and(mut self, more: &str) -> Self {
        self.lines = self.lines();
        self.lines.extend(more.lines().map(str::to_owned));
        self.text = format!("{}\n{more}\n", self.text.trim_end());
        self
    }

    pub const fn code(&self) -> Code {
        self.code
    }

    /// How a command ends with it: the first way, where its code has two.
    pub fn exit(&self) -> Exit {
        Exit::of(self.code).first().copied().unwrap_or(Exit::Failed)
    }

    /// Its text, with colours.
    pub fn styled(&self) -> &str {
        self.text.trim_end()
    }

    /// Its text, without colours.
    pub fn text(&self) -> String {
        anstream::adapter::strip_str(self.text.trim_end()).to_string()
    }

    /// Its lines for programs: each is a complete message with its place.
    pub fn lines(&self) -> Vec<String> {
        if self.lines.is_empty() { vec![self.text().replace('\n', " ")] } else { self.lines.clone() }
    }
}

impl From<Diagnostics> for Problem {
    fn from(diagnostics: Diagnostics) -> Self {
        // anstream removes the colours where they are not wanted.
        Self { code: Code::InputWrong, text: diagnostics.render(true), lines: diagnostics.lines() }
    }
}
