//! A run that dies in the middle of the installation, and the run after it: `cargo run --example crash_and_resume`.
//!
//! There is no checkpoint to resume from. The second run looks at the server and finds out what remains.

use std::error::Error;

use reconcile_core::{Command, Event, Goal, Observe, Request, Run, Seen, apply, plan};
use reconcile_hosts::lab::{Kill, Lab, LabHost, When, start};
use reconcile_schema::{Build, Manifest, Releases, RunId};

fn main() -> Result<(), Box<dyn Error>> {
    let manifest: Manifest = serde_yaml::from_str(include_str!("../manifests/lab.yaml"))?;
    let releases: Releases = serde_yaml::from_str(include_str!("../manifests/releases.yaml"))?;
    let goal = Goal::of(&manifest, &releases, &"sfb19-be1.lab.example".parse()?)?;
    let mut lab = Lab::in_memory(start([(&goal, &Build::new(7, 0, 2046, 123), Vec::new())]));

    let mut host = lab.host(&goal.server)?;
    println!("The plan:");
    show_plan(&mut host, &goal)?;

    println!("\nThe first run dies when half of the components are installed:");
    let acts_and_marks_before = 14;
    host.kill(Kill { effect: acts_and_marks_before, when: When::Midway });
    let end = run(&mut host, &goal, "first");
    println!("  {}", end.err().map_or_else(|| "it did not die".to_string(), |error| error.to_string()));

    let mut host = lab.host(&goal.server)?;
    println!("\nThe plan of what remains:");
    show_plan(&mut host, &goal)?;

    println!("\nThe second run:");
    run(&mut host, &goal, "second")?;
    println!("\nThe plan of what remains then:");
    show_plan(&mut host, &goal)
}

/// Runs the host towards its goal and shows each step that ends.
fn run(host: &mut LabHost<'_>, goal: &Goal, name: &str) -> Result<(), Box<dyn Error>> {
    let request = Request {
        goal,
        run: RunId(name.into()),
        version: env!("CARGO_PKG_VERSION"),
        by: "the example",
        approved: None,
        forgive: false,
        interrupted: &|| None,
    };
    apply(host, &request, &mut |event| {
        if let Event::Ended(step, said, _) = event {
            println!("  {step}: {}", said.words);
        }
    })?;
    Ok(())
}

/// Shows the steps that remain. A first look at everything dear, so that the plan can be told to its end.
fn show_plan(host: &mut LabHost<'_>, goal: &Goal) -> Result<(), Box<dyn Error>> {
    let seen = loop {
        let seen = Seen { host: host.observe(goal)?, marks: host.marks()?, run: Run::new(RunId("plan".into())) };
        match plan(goal, &seen).end {
            reconcile_core::PlanEnd::Unlooked(ask) => host.look(goal, &ask)?,
            reconcile_core::PlanEnd::AtGoal | reconcile_core::PlanEnd::Blocked(_) => break seen,
        }
    };
    let steps = plan(goal, &seen).steps;
    if steps.is_empty() {
        println!("  nothing: the server is at its goal");
    }
    for planned in steps {
        println!("  {}", Command::of(goal, &planned.step, &planned.cause));
    }
    Ok(())
}
