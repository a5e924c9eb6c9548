//! The outage of one server by each method, from the same lengths.

use reconcile_core::{Act, Event, Goal, Observe, Outcome, Request, apply, foreseen};
use reconcile_hosts::lab::{Lab, LabError, Lengths, start};
use reconcile_schema::{Build, Mark, Marks, Period, RunId, Step};

use crate::draw::Drawn;

/// The work to be done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// The update must be installed, and its binaries expect newer databases.
    Update,
    /// The binaries are current, but their databases are not.
    Databases,
    Nothing,
}

/// Outages in seconds.
pub struct Outages {
    pub ours: f64,
    /// The documented order as a script: one service after another, no time between steps, and nothing left out.
    pub script: f64,
    /// The same by a person, who pauses between the steps.
    pub person: f64,
    /// The lower bound for any method.
    pub floor: f64,
}

/// The assumed share of its time that the installer takes if everything is installed already.
pub const IDLE_INSTALLER: f64 = 0.1;

/// The outage of one server by each method.
pub fn outages(goal: &Goal, due: Due, drawn: &Drawn) -> Result<Outages, LabError> {
    let mut lab = lab(goal, due, &drawn.lengths);
    let ours = run(&mut lab, goal, &mut |_| {})?.outage.unwrap_or_default();
    let lengths = &drawn.lengths;
    let seconds = |period: Period| f64::from(period.as_seconds());
    let services = lengths.services.values();
    let (stops, starts) = (services.clone().map(|one| seconds(one.stop)), services.map(|one| seconds(one.start)));
    let databases = seconds(lengths.database) * goal.stores.len() as f64;
    let installer = seconds(lengths.install);
    let longest = |all: &mut dyn Iterator<Item = f64>| all.fold(0.0, f64::max);
    let floor = match due {
        Due::Update => installer + databases,
        Due::Databases => databases,
        Due::Nothing => 0.0,
    };
    let idle = if due == Due::Update { 1.0 } else { IDLE_INSTALLER };
    let script = stops.clone().sum::<f64>()
        + 2.0 * seconds(lengths.web)
        + idle * installer
        + seconds(lengths.shell)
        + databases
        + starts.clone().sum::<f64>();
    let edges = if due == Due::Nothing { 0.0 } else { longest(&mut stops.clone()) + longest(&mut starts.clone()) };
    Ok(Outages { ours: seconds(ours), script, person: script + drawn.thinking, floor: floor + edges })
}

/// Results of runs that keep to the budget, with the lengths that earlier runs recorded.
#[derive(Default)]
pub struct Budgeted {
    /// The installer was started.
    pub begun: usize,
    /// It was started although the forecast exceeded the budget in more than one case of twenty.
    pub against: usize,
    /// It was started, and the outage exceeded the budget.
    pub exceeded: usize,
}

/// Runs towards an update on a server whose journal records earlier ones.
pub fn budgeted(goal: &Goal, drawn: &Drawn, earlier: &Marks, sum: &mut Budgeted) -> Result<(), LabError> {
    let mut lab = lab(goal, Due::Update, &drawn.lengths);
    let durations = earlier.durations.clone();
    let carried = Mark::Carried { marks: Marks { durations, ..Marks::default() }.into() };
    lab.host(&goal.server)?.mark(&RunId("earlier".into()), &carried)?;
    let budget = goal.rules.outage_budget;
    let (mut begun, mut against) = (false, false);
    let outcome = run(&mut lab, goal, &mut |event| {
        if let Event::Began(Step::Install, _, seen) = event {
            let lasted = seen.outage().unwrap_or_default();
            begun = true;
            against = foreseen(goal, seen).is_none_or(|foreseen| lasted + foreseen.outage.p95 > budget);
        }
    })?;
    sum.begun += usize::from(begun);
    sum.against += usize::from(against);
    sum.exceeded += usize::from(begun && outcome.outage > Some(budget));
    Ok(())
}

/// The journal after updates with these lengths.
pub fn history(goal: &Goal, lengths: impl Iterator<Item = Lengths>) -> Result<Marks, LabError> {
    let mut marks = Marks::default();
    for lengths in lengths {
        let mut lab = lab(goal, Due::Update, &lengths);
        let carried = Mark::Carried { marks: marks.clone().into() };
        lab.host(&goal.server)?.mark(&RunId("earlier".into()), &carried)?;
        run(&mut lab, goal, &mut |_| {})?;
        marks = lab.host(&goal.server)?.marks()?;
    }
    Ok(marks)
}

fn lab(goal: &Goal, due: Due, lengths: &Lengths) -> Lab {
    let behind = Build { revision: 1, ..goal.core.clone() };
    let build = if due == Due::Update { &behind } else { &goal.core };
    let mut world = start([(goal, build, Vec::new())]);
    for server in world.servers.values_mut() {
        server.lengths = Some(lengths.clone());
        let databases = server.databases.iter_mut().flat_map(|store| store.databases.values_mut());
        databases.filter(|_| due == Due::Databases).for_each(|database| database.expected = database.after_update);
    }
    Lab::in_memory(world)
}

/// One run of the real decision.
fn run(lab: &mut Lab, goal: &Goal, on: &mut dyn FnMut(Event<'_>)) -> Result<Outcome, LabError> {
    let request = Request {
        goal,
        run: RunId("run".into()),
        version: env!("CARGO_PKG_VERSION"),
        by: "the simulator",
        approved: None,
        forgive: false,
        interrupted: &|| None,
    };
    apply(&mut lab.host(&goal.server)?, &request, on)
}
