//! The functions for the fuzz targets (tests/fuzz): they read files and write reports like the commands. No command
//! uses them.

use std::path::Path;

use clap::ValueEnum;
use jiff::Timestamp;
use reconcile_hosts::snapshot::Piece;
use reconcile_schema::{DriftSummary, Manifest, PlanReport, Releases};

use crate::manifest::schemas::{self, Format};
use crate::manifest::{harmless, text};
use crate::manifest::{input::Input, problem::Problem, source::Source};
use crate::show::drift::forms::{Form, begin};
use crate::show::drift::report::Head;
use crate::show::drift::reports::{Reports, Target};
use crate::work::judge::{Judge, Options};
use crate::work::{approval, drift::Fleet};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub exit: u8,
    /// The text for people.
    pub text: String,
    /// The lines for programs.
    pub lines: Vec<String>,
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self { exit: problem.exit().code(), text: problem.text(), lines: problem.lines() }
    }
}

/// A manifest as every command reads it (by its types), and as `validate` does (by its JSON Schema).
///
/// # Errors
/// Each, when that way refuses it.
pub fn manifest(path: &Path) -> [Result<Manifest, Refused>; 2] {
    let validated = Input::validate(path).map(|(input, _)| input);
    [Input::read(path), validated].map(|read| Ok(read?.manifest))
}

/// The number of servers for which a manifest makes goals, and the warnings of `validate`.
///
/// # Errors
/// When it is no manifest, or makes no goals.
pub fn goals(path: &Path) -> Result<(usize, Vec<String>), Refused> {
    let input = Input::read(path)?;
    let goals = input.goals(&[])?.len();
    Ok((goals, input.warnings().iter().map(|warning| warning.render(false)).collect()))
}

/// A catalogue of releases, by its JSON Schema and its types.
///
/// # Errors
/// When it is no catalogue.
pub fn catalogue(path: &Path) -> Result<Releases, Refused> {
    let read = text::bytes(path)
        .and_then(|bytes| Source::of(path, bytes))
        .and_then(|source| source.check(&schemas::schema(Format::Releases)));
    read.map_err(|wrong| Problem::from(wrong).into())
}

/// An approved plan, as `apply --plan` reads it.
///
/// # Errors
/// When it is no plan.
pub fn plan(path: &Path) -> Result<PlanReport, Refused> {
    Ok(approval::read_plan(path)?)
}

/// A plan, as `plan --out` writes it.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn written(plan: &PlanReport) -> Result<String, Refused> {
    Ok(harmless::pretty(plan)?)
}

/// The drift report of these snapshots in each form: its name, and its content.
///
/// # Errors
/// When the manifest makes no goals, or a report cannot be written.
pub fn reports(manifest: &Path, as_of: Timestamp, pieces: Vec<Piece>) -> Result<Vec<(String, Vec<u8>)>, Refused> {
    let input = Input::read(manifest)?;
    let judge = Judge::new(&input, Options { as_of, max_age: None, builds_alone: false, keeps: true })?;
    let (made_by, named) = (env!("CARGO_PKG_VERSION"), manifest.display().to_string());
    let head = Head { made_by, manifest: named, fingerprint: input.fingerprint(), as_of };
    let forms = Form::value_variants();
    let mut written = vec![Vec::new(); forms.len()];
    let mut reports = Reports { reports: Vec::new(), summary: DriftSummary::default() };
    for (form, out) in forms.iter().zip(&mut written) {
        let report = begin(*form, &head, input.releases(), false, out).map_err(Problem::failed)?;
        reports.reports.push((report, Target::Standard));
    }
    Fleet::of(&judge, &[], |judged| reports.server(judged)).read(pieces.into_iter(), 1)?;
    reports.finish()?;
    let name = |form: &Form| form.to_possible_value().map(|value| value.get_name().to_owned());
    Ok(forms.iter().filter_map(name).zip(written).collect())
}
