//! Every form of a report at once, into memory: for the fuzz targets.

use clap::ValueEnum;
use jiff::Timestamp;
use reconcile_hosts::snapshot::{Piece, Reader, read};
use reconcile_schema::DriftSummary;

use super::{Attendance, Fleet, Head, Judge, Known, Reports, Target, begin};
use crate::{
    args::{Drift, DriftOutput, Judged},
    input::Input,
    problem::Problem,
};

/// Judges snapshots as `drift --from` does; the name of each form, and what it says.
///
/// # Errors
/// When the manifest makes no goals, or a report cannot be written.
pub fn every_form(input: &Input, as_of: Timestamp, pieces: Vec<Piece>) -> Result<Vec<(String, Vec<u8>)>, Problem> {
    let args = Drift {
        manifest: input.path.clone(),
        from: Vec::new(),
        servers: Vec::new(),
        max_age: None,
        as_of: Some(as_of),
        judge: Judged::All,
        output: DriftOutput::Text,
        reports: Vec::new(),
    };
    let judge = Judge::new(input, as_of, &args, true)?;
    let head = Head { made_by: env!("CARGO_PKG_VERSION"), manifest: args.manifest.display().to_string(), as_of };
    let forms = DriftOutput::value_variants();
    let mut written = vec![Vec::new(); forms.len()];
    let mut reports = Reports { reports: Vec::new(), summary: DriftSummary::default() };
    for (form, out) in forms.iter().zip(&mut written) {
        let report = begin(*form, &head, input.releases(), false, out).map_err(Problem::failed)?;
        reports.reports.push((report, Target::Standard));
    }
    let mut fleet = Fleet {
        judge: &judge,
        only: &[],
        attendance: Attendance::default(),
        mixed: judge.mixed_pools(),
        held_back: Vec::new(),
    };
    let (mut reader, mut known, mut judged) = (Reader::default(), Known::default(), Vec::new());
    for piece in pieces {
        read(&mut reader, piece, |record| judged.push(judge.record(&mut known, record)));
    }
    judged.iter_mut().try_for_each(|judged| fleet.take(judged, &mut reports))?;
    fleet.settle(&mut reports)?;
    fleet.miss(&mut reports)?;
    reports.finish()?;
    let name = |form: &DriftOutput| form.to_possible_value().map(|value| value.get_name().to_owned());
    Ok(forms.iter().filter_map(name).zip(written).collect())
}
