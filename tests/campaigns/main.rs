//! Cuts the real program off on a lab, at every file operation: `tests/campaigns/run`.
//!
//! After each cut, the program runs again until it ends correctly. The result must then equal that of an undisturbed
//! run.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a campaign that cannot go on ends")]

mod judge;
mod points;
mod program;
mod record;
mod scenes;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant, UNIX_EPOCH},
};

use fastrand::Rng;
use tempfile::TempDir;

use judge::{Truth, documented, journals, left_over, no_holder, nothing_forgotten, nothing_locked, whole};
use points::Cut;
use program::{Action, Ended, Program};
use record::{Counted, Record, Verdict};
use scenes::{Scene, copy};

/// After this many runs, a command counts as never ending correctly.
const TRIES: usize = 8;

/// The number of points for each scene.
struct Size {
    /// Faults at operations, or nothing to try them all.
    faults: Option<usize>,
    moments: usize,
    pairs: usize,
}

const SHORT: Size = Size { faults: Some(7), moments: 1, pairs: 1 };
const LONG: Size = Size { faults: None, moments: 60, pairs: 40 };

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (form, size, seed) = match args[..] {
        [] => ("short", SHORT, "1"),
        ["short", seed] => ("short", SHORT, seed),
        ["long", seed] => ("long", LONG, seed),
        _ => {
            eprintln!("expected short or long and a seed, found {args:?}: see tests/campaigns/run");
            return ExitCode::from(64);
        }
    };
    let Ok(seed) = seed.parse() else {
        eprintln!("expected a number as the seed, found {seed}");
        return ExitCode::from(64);
    };
    campaign(form, &size, seed)
}

/// A prepared scene, and the result of an undisturbed run.
struct Stage {
    scene: Scene,
    template: PathBuf,
    undisturbed: Truth,
    operations: Vec<String>,
    took: Duration,
}

#[expect(clippy::disallowed_methods, reason = "says how long it took")]
fn campaign(form: &str, size: &Size, seed: u64) -> ExitCode {
    let begin = Instant::now();
    // No disk is required, because the writes of a killed process stay visible to the next reader.
    let memory = Path::new("/dev/shm");
    let work = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.unwrap();
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/campaigns");
    let program = Program::with_faults(work.path());
    let stages: Vec<_> = (0..)
        .zip(scenes::all())
        .map(|(number, scene)| stage(scene, &program, &work.path().join(format!("{number}"))))
        .collect();
    let points = drawn(&stages, size, seed);
    let (record, known) = Record::open(&target, &format!("crash-{form}-{seed}-{}", fingerprint(&program)));
    let fresh: Vec<_> = points.iter().filter(|(stage, cut)| !known.contains_key(&name(stage, cut))).collect();
    println!(
        "{} points of {} scenes, {} tried before: {}",
        points.len(),
        stages.len(),
        points.len() - fresh.len(),
        record.path().display()
    );

    let (next, verdicts) = (AtomicUsize::new(0), Mutex::new(known));
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for worker in 0..threads {
            let (program, fresh, next, verdicts, record) = (&program, &fresh, &next, &verdicts, &record);
            let folder = work.path().join(format!("worker {worker}"));
            scope.spawn(move || {
                while let Some((stage, cut)) = fresh.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let name = name(stage, cut);
                    let verdict = play(stage, *cut, program, &folder);
                    if let Err(why) = &verdict {
                        println!("FAILED  {name}: {why}");
                    }
                    record.add(&name, &verdict);
                    verdicts.lock().unwrap().insert(name, verdict);
                }
            });
        }
    });
    let failed = summary(&points, &verdicts.into_inner().unwrap());
    println!("seed {seed}; {threads} at a time; this part of it took {:.0?}", begin.elapsed());
    ExitCode::from(u8::from(failed > 0))
}

/// Creates a scene and plays it undisturbed.
#[expect(clippy::disallowed_methods, reason = "says how long it took")]
fn stage(scene: Scene, program: &Program, template: &Path) -> Stage {
    fs::create_dir_all(template).unwrap();
    scene.make(template, program);
    let folder = template.with_extension("undisturbed");
    copy(template, &folder);
    let (_, operations) = program.operations(&folder, scene.command);
    let undisturbed = || {
        fs::remove_dir_all(&folder).unwrap();
        copy(template, &folder);
        let begin = Instant::now();
        let ended = program.run(&folder, scene.command);
        let took = begin.elapsed();
        finish(&scene, program, &folder, ended, &mut Counted::default())?;
        Ok::<_, String>((Truth::of(&folder)?, took))
    };
    let (undisturbed, took) = undisturbed().unwrap_or_else(|why| panic!("undisturbed, {}: {why}", scene.name));
    Stage { scene, template: template.to_owned(), undisturbed, operations, took }
}

/// The points of all scenes, shuffled so that each scene gets its turn early.
fn drawn<'a>(stages: &'a [Stage], size: &Size, seed: u64) -> Vec<(&'a Stage, Cut)> {
    let mut rng = Rng::with_seed(seed);
    let mut points = Vec::new();
    for stage in stages {
        let mut cuts = points::faults(&stage.operations);
        rng.shuffle(&mut cuts);
        cuts.truncate(size.faults.unwrap_or(usize::MAX));
        cuts.extend(points::moments(size.moments, stage.took, &mut rng));
        cuts.extend(points::pairs(size.pairs, &stage.operations, &mut rng));
        points.extend(cuts.into_iter().map(|cut| (stage, cut)));
    }
    rng.shuffle(&mut points);
    points
}

fn name(stage: &Stage, cut: &Cut) -> String {
    format!("{}: {cut}", stage.scene.name)
}

/// The build of the program, because results of another build prove nothing about this one.
fn fingerprint(program: &Program) -> String {
    let built = fs::metadata(&program.reconcile).and_then(|file| file.modified()).unwrap();
    built.duration_since(UNIX_EPOCH).unwrap().as_secs().to_string()
}

/// Plays a scene with one cut, and the runs after it.
fn play(stage: &Stage, cut: Cut, program: &Program, folder: &Path) -> Verdict {
    let Stage { scene, template, undisturbed, .. } = stage;
    let _ = fs::remove_dir_all(folder);
    copy(template, folder);
    let mut counted = Counted { runs: 1, ..Counted::default() };
    let mut ended = match cut {
        Cut::At(fault) | Cut::Twice(fault, _) => program.run_with(folder, scene.command, fault),
        Cut::Moment(moment) => program.run_for(folder, scene.command, moment),
    };
    if let Cut::Twice(_, again) = cut {
        whole(folder)?;
        counted.runs += 1;
        ended = program.run_with(folder, scene.command, again);
    }
    match cut {
        Cut::At(fault) if fault.action.kills() && ended.code.is_some() => {
            return Err(format!("it was over before its operation came: {}", ended.said()));
        }
        Cut::At(_) | Cut::Moment(_) | Cut::Twice(..) => {}
    }
    if ended.signal != Some(9) {
        documented(scene.command, &ended)?;
    }
    whole(folder)?;
    let left_behind = journals(folder);
    finish(scene, program, folder, ended, &mut counted)?;
    if !scene.command.contains(&"reset") {
        nothing_forgotten(&left_behind, &journals(folder), scene.compacts())?;
    }
    Truth::of(folder)?.against(undisturbed)?;
    counted.left_over = left_over(folder);
    let unlinks = |action| matches!(action, Action::Short | Action::Full | Action::NoSpace | Action::NoSpaceOn);
    if let Cut::At(fault) = cut
        && unlinks(fault.action)
        && counted.left_over > 0
    {
        return Err(format!("{} files are left that were to take another name", counted.left_over));
    }
    let reset = program.run(folder, &["lab", "reset", "site.yaml"]);
    counted.runs += 1;
    if reset.code != Some(0) {
        return Err(format!("lab reset ended with {:?}: {}", reset.code, reset.said()));
    }
    no_holder(folder)?;
    Ok(counted)
}

/// Runs the command again until it ends correctly, then the checks of the scene. Everything must be in order then.
fn finish(
    scene: &Scene,
    program: &Program,
    folder: &Path,
    mut ended: Ended,
    counted: &mut Counted,
) -> Result<(), String> {
    let mut tries = 0;
    while !ended.code.is_some_and(|code| scene.ends.contains(&code)) {
        if tries == TRIES {
            return Err(format!("it does not end as it should: {:?}: {}", ended.code, ended.said()));
        }
        tries += 1;
        counted.runs += 1;
        if ended.said().contains("reconcile acknowledge") {
            counted.acknowledged = true;
            let said = program.run(folder, &["acknowledge", "site.yaml", "journal", "--reason", "a campaign"]);
            documented(&["acknowledge"], &said)?;
        }
        // Each cut in an installer spends an attempt. When none is left, the operator follows the advice of the
        // program.
        let again = [scene.command, &["--retry"]].concat();
        let spent = ended.code == Some(4) && ended.said().contains("--retry");
        ended = program.run(folder, if spent { &again } else { scene.command });
        documented(scene.command, &ended)?;
    }
    whole(folder)?;
    nothing_locked(folder)?;
    let history: (&[&str], i32, &str) = (&["history", "site.yaml", "--output", "json"], 0, "\"servers\"");
    for (command, code, words) in scene.then.iter().copied().chain([history]) {
        counted.runs += 1;
        let ended = program.run(folder, command);
        documented(command, &ended)?;
        if ended.code != Some(code) || !ended.said().contains(words) {
            return Err(format!(
                "{command:?}: expected {code} and {words:?}, found {:?}: {}",
                ended.code,
                ended.said()
            ));
        }
    }
    nothing_locked(folder)
}

/// Prints the results; returns the number of failed points.
fn summary(points: &[(&Stage, Cut)], verdicts: &BTreeMap<String, Verdict>) -> usize {
    let mut tables = [BTreeMap::new(), BTreeMap::new()];
    let (mut runs, mut left, mut acknowledged, mut failed) = (0, 0, 0, 0);
    for (stage, cut) in points {
        for (table, row) in tables.iter_mut().zip([stage.scene.name, cut.kind()]) {
            *table.entry(row).or_insert(0_usize) += 1;
        }
        match &verdicts[&name(stage, cut)] {
            Ok(counted) => {
                runs += counted.runs;
                left += counted.left_over;
                acknowledged += usize::from(counted.acknowledged);
            }
            Err(why) => {
                failed += 1;
                println!("FAILED  {}: {why}", name(stage, cut));
            }
        }
    }
    for table in tables {
        println!();
        for (row, count) in table {
            println!("{count:>7}  {row}");
        }
    }
    println!("\n{} points, {failed} failed; the program was started {runs} times", points.len());
    println!("{left} temporary files were left by kills; {acknowledged} journals had to be acknowledged");
    failed
}
