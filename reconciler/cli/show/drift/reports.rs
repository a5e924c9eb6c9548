//! All requested reports of a drift, written in parallel.

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use reconcile_hosts::appear;
use reconcile_schema::{DriftState, DriftSummary, Releases, ServerDrift};

use crate::manifest::{exit::Exit, problem::Problem};
use crate::show::drift::forms::{ENDINGS, Form, begin, form_of};
use crate::show::drift::report::{Head, Report};
use crate::show::out;
use crate::work::judge::Judged;

/// How many bytes of a report are collected before they are written.
const WRITTEN: usize = 64 << 10;

/// All requested reports, written in parallel.
pub struct Reports<'a> {
    /// Each report with its target.
    pub reports: Vec<(Box<dyn Report + 'a>, Target)>,
    /// The fleet in numbers, as far as it was reported.
    pub summary: DriftSummary,
}

/// The target of a report: a file appears complete, or not at all.
pub enum Target {
    /// To standard output.
    Standard,
    /// Into this file.
    File { path: PathBuf, written: tempfile::TempPath },
}

impl<'a> Reports<'a> {
    /// Begins a report of this form on standard output, and one in each of these files.
    ///
    /// # Errors
    /// When the name of a file selects no form, or no file can be created in its folder.
    pub fn open(form: Form, files: &[PathBuf], head: &Head, releases: &'a Releases) -> Result<Self, Problem> {
        let colours = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
        let standard: Box<dyn Write + Send> =
            if colours { Box::new(anstream::stdout()) } else { Box::new(io::stdout()) };
        let standard = BufWriter::with_capacity(WRITTEN, standard);
        let standard = begin(form, head, releases, colours, standard).map_err(Problem::failed)?;
        let mut reports = vec![(standard, Target::Standard)];
        for path in files {
            let form = form_of(path).ok_or_else(|| {
                let endings = ENDINGS.map(|(ending, _)| format!(".{ending}")).join(", ");
                Problem::usage(format!("{}: expected a file that ends with one of {endings}", path.display()))
            })?;
            let (file, written) = appear::beside(path).map_err(|error| unwritable(path, &error))?.into_parts();
            let file = BufWriter::with_capacity(WRITTEN, file);
            let report = begin(form, head, releases, false, file).map_err(|error| unwritable(path, &error))?;
            reports.push((report, Target::File { path: path.clone(), written }));
        }
        Ok(Self { reports, summary: DriftSummary::default() })
    }

    /// Adds one server.
    ///
    /// # Errors
    /// When a report cannot be written.
    pub fn server(&mut self, judged: &Judged) -> Result<(), Problem> {
        let ServerDrift { state, steps, .. } = &judged.drift;
        self.summary.servers += 1;
        self.summary.steps += u64::try_from(steps.len()).unwrap_or_default();
        *self.summary.states.entry(*state).or_default() += 1;
        for (report, target) in &mut self.reports {
            report.server(judged).or_else(|error| target.excuses(error))?;
        }
        Ok(())
    }

    /// Ends the reports, and returns how the program ends.
    ///
    /// # Errors
    /// When a report cannot be written.
    pub fn finish(mut self) -> Result<Exit, Problem> {
        let worst = self.summary.states.keys().max().copied().unwrap_or(DriftState::AtGoal);
        let exit = Exit::from(worst);
        self.summary.exit_code = exit.code();
        for (report, target) in self.reports {
            report.finish(&self.summary).or_else(|error| target.excuses(error))?;
            if let Target::File { path, written } = target {
                written.persist(&path).map_err(|error| unwritable(&path, &error.error))?;
            }
        }
        Ok(exit)
    }
}

impl Target {
    /// If the reader of standard output went away, that is not our failure.
    fn excuses(&self, error: io::Error) -> Result<(), Problem> {
        match self {
            Self::Standard => out::written(Err(error)).map(drop),
            Self::File { path, .. } => Err(unwritable(path, &error)),
        }
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Problem {
    Problem::failed(format!("cannot write the report {}: {error}", path.display()))
}
