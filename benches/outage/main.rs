//! How long a server is down, in simulation: `cargo bench --bench outage [-- SEEDS]`.
//!
//! The lengths of the parts come from three models that nobody has measured, so the minutes prove nothing. The ratios
//! show how much of an outage remains under these conditions: independent services stop and start together, the shell
//! for the databases opens during other work, no step is superfluous, and nobody thinks in between. Our figures are
//! runs of the real decision over a lab in memory. The others are sums of the same lengths.
#![expect(clippy::disallowed_methods, reason = "a benchmark starts the program that it measures")]

mod draw;
mod overhead;
mod schedules;

use std::error::Error;

use draw::{MODELS, Model};
use fastrand::Rng;
use reconcile_core::Goal;
use reconcile_hosts::lab::Simulated;
use reconcile_schema::{Manifest, OnExceed, Releases};
use reconcile_support::figures::{Estimate, median};
use schedules::{Budgeted, Due, IDLE_INSTALLER, Outages, budgeted, history, outages};

type Ended<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Users can lose functions in an outage of this length, in seconds.
const LONG: f64 = 1800.0;

/// The default number of servers for each row.
const SEEDS: u64 = 1000;

fn main() -> Ended<()> {
    let seeds = std::env::args().skip(1).find(|arg| arg != "--bench").map_or(Ok(SEEDS), |seeds| seeds.parse())?;
    let manifest: Manifest = serde_yaml::from_str(MANIFEST)?;
    let releases: Releases = serde_yaml::from_str(include_str!("../../manifests/releases.yaml"))?;
    let goals = Goal::of_all(&manifest, &releases).map_err(|errors| format!("{errors:?}"))?;
    println!("{ASSUMPTIONS}");
    println!("An update is due, {seeds} servers a row, minutes as medians:");
    println!(
        "  {:<10} {:<22} {:>5} {:>6} {:>7} {:>5}  {:<20} {:<20} {:>8}",
        "model", "server", "ours", "script", "person", "floor", "ours ÷ script", "ours ÷ floor", "> 30 min"
    );
    let mut all = All::default();
    for model in &MODELS {
        let rows: Vec<_> = std::thread::scope(|scope| {
            let rows: Vec<_> = goals.iter().map(|goal| scope.spawn(move || row(model, goal, seeds))).collect();
            rows.into_iter().map(|row| row.join().map_err(|_| "a thread ended".into()).flatten()).collect()
        });
        rows.into_iter().try_for_each(|row: Ended<Row>| row.map(|row| all.take(model, row)))?;
    }
    all.judge(overhead::of_a_step(&format!("{MANIFEST}{LAB}")));
    Ok(())
}

/// The results for one kind of server in one model.
struct Row {
    server: String,
    update: Vec<Outages>,
    databases: Vec<Outages>,
    /// The longest outage of a server with nothing to do, in seconds.
    nothing: f64,
    budgeted: Budgeted,
    foreseen: usize,
    /// The number of these servers that the script keeps down for more than 30 minutes.
    unforeseen: usize,
}

fn row(model: &Model, goal: &Goal, seeds: u64) -> Ended<Row> {
    let services = Simulated::healthy(goal, &goal.core).services;
    let mut free = goal.clone();
    free.rules.on_exceed = OnExceed::Warn; // Otherwise the long outages would be missing from the figures.
    let server = goal.server.as_str().split('.').next().unwrap_or_default().to_string();
    let mut row = Row {
        server,
        update: Vec::new(),
        databases: Vec::new(),
        nothing: 0.0,
        budgeted: Budgeted::default(),
        foreseen: 0,
        unforeseen: 0,
    };
    let mut earlier = Rng::with_seed(0xe471_1e40);
    let earlier = history(&free, (0..20).map(|_| model.draw(&mut earlier, &services).lengths))?;
    for seed in 0..seeds {
        let drawn = model.draw(&mut Rng::with_seed(seed), &services);
        row.update.push(outages(&free, Due::Update, &drawn)?);
        if seed % 10 == 0 {
            row.databases.push(outages(&free, Due::Databases, &drawn)?);
            row.nothing = row.nothing.max(outages(&free, Due::Nothing, &drawn)?.ours);
            budgeted(goal, &drawn, &earlier, &mut row.budgeted)?;
            row.foreseen += 1;
            row.unforeseen += usize::from(row.update.last().is_some_and(|one| one.script > LONG));
        }
    }
    Ok(row)
}

/// The results of all rows.
#[derive(Default)]
struct All {
    script: Vec<f64>,
    floor: Vec<f64>,
    databases: Vec<f64>,
    /// For each model, the number of outages over 30 minutes: ours, and those of the script.
    long: Vec<(&'static str, [usize; 2])>,
    nothing: f64,
    budgeted: Budgeted,
    foreseen: usize,
    unforeseen: usize,
}

impl All {
    fn take(&mut self, model: &Model, row: Row) {
        let ratios = |by: fn(&Outages) -> f64| row.update.iter().map(|one| one.ours / by(one)).collect::<Vec<_>>();
        let minutes = |of: fn(&Outages) -> f64| median(row.update.iter().map(of).collect()) / 60.0;
        let long = |of: fn(&Outages) -> f64| row.update.iter().filter(|one| of(one) > LONG).count();
        let (script, floor) = (ratios(|one| one.script), ratios(|one| one.floor));
        let (ours, scripts) = (long(|one| one.ours), long(|one| one.script));
        let share = |count: usize| 100.0 * count as f64 / row.update.len() as f64;
        println!(
            "  {:<10} {:<22} {:>5.1} {:>6.1} {:>7.1} {:>5.1}  {:<20} {:<20} {:>3.0}:{:.0} %",
            model.name,
            row.server,
            minutes(|one| one.ours),
            minutes(|one| one.script),
            minutes(|one| one.person),
            minutes(|one| one.floor),
            Estimate::of(&script).to_string(),
            Estimate::of(&floor).to_string(),
            share(ours),
            share(scripts),
        );
        self.script.extend(script);
        self.floor.extend(floor);
        self.databases.extend(row.databases.iter().map(|one| one.ours / one.script));
        match self.long.last_mut().filter(|(name, _)| *name == model.name) {
            Some((_, long)) => *long = [long[0] + ours, long[1] + scripts],
            None => self.long.push((model.name, [ours, scripts])),
        }
        self.nothing = self.nothing.max(row.nothing);
        self.budgeted.begun += row.budgeted.begun;
        self.budgeted.against += row.budgeted.against;
        self.budgeted.exceeded += row.budgeted.exceeded;
        self.foreseen += row.foreseen;
        self.unforeseen += row.unforeseen;
    }

    fn judge(&self, overhead: Ended<f64>) {
        let said = |holds: bool| if holds { "met" } else { "not met" };
        let (script, floor) = (Estimate::of(&self.script), Estimate::of(&self.floor));
        let share = |ours: usize, script: usize| ours as f64 / (script as f64).max(1.0);
        let held = share(self.budgeted.exceeded, self.unforeseen);
        println!("\nOver all rows, with limits and aims:");
        println!("  ours ÷ the documented order as a script  {script}  ≤ 0.75 {}", said(script.high <= 0.75));
        println!("  {:<40} {:<18} ≤ 0.65 {}", "", "aim", said(script.high <= 0.65));
        println!("  ours ÷ the floor                         {floor}  ≤ 1.25 {}", said(floor.high <= 1.25));
        println!("  {:<40} {:<18} ≤ 1.10 {}", "", "aim", said(floor.high <= 1.10));
        println!("  outages of more than 30 min, ours ÷ script");
        println!("    {:<38} {held:<18.2} ≤ 0.50 {}", "with the budget of 30 min, as by default", said(held <= 0.5));
        for (model, [ours, script]) in &self.long {
            println!("    without a budget, {model:<20} {:.2}", share(*ours, *script));
        }
        println!(
            "  outage where nothing is due                {:.0} s  0 s {}",
            self.nothing,
            said(self.nothing == 0.0)
        );
        println!(
            "  installers begun although p95 > budget     {}  0 {}",
            self.budgeted.against,
            said(self.budgeted.against == 0)
        );
        println!(
            "    (of {} servers that knew 20 earlier outages, {} were begun and {} of these exceeded 30 min all the same; the\n     others wait for somebody who allows more)",
            self.foreseen, self.budgeted.begun, self.budgeted.exceeded
        );
        println!("  only databases due: ours ÷ script          {}", Estimate::of(&self.databases));
        match overhead {
            Ok(seconds) => {
                println!("  CPU time of the program for a step         {seconds:.4} s  ≤ 2 s {}", said(seconds <= 2.0));
            }
            Err(why) => println!("  CPU time of the program for a step         not measured: {why}"),
        }
        println!("  idle installers of the script are taken to last {IDLE_INSTALLER} of a working one");
    }
}

/// The assumptions behind the minutes.
const ASSUMPTIONS: &str = "\
Simulated, from assumed lengths: no minute here was measured on a server. Triangular draws (least–most frequent–greatest) of
the model \"assumed\": installer 5–10–20 min, databases 1–3–10 min a form, RTCSRV starts in 1–3–15 min, other services in
3–15–120 s, each stops in 2–8–60 s, the web server stops and starts in 2–5–20 s, a management shell opens in 10–20–45 s, a
person thinks 8 times 5–60–240 s. A Standard Edition has 14 services, a Back End 6; only RTCSRV needs another one. The
second stop finds nothing running. \"quick\" and \"slow tail\" are shorter and longer throughout.
";

/// The servers of the documentation.
const MANIFEST: &str = r#"
version: 1
updates:
  cu7:
    product: sfb-2019
    release: "7.0.2046.521"
    installer:
      path: 'D:\Updates\SkypeServerUpdateInstaller.exe'
      sha256: c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00
servers:
  standard.lab.example: { role: standard-edition, target: cu7 }
  standard-central.lab.example:
    role: standard-edition
    target: cu7
    databases: { centralManagementStore: { sqlServer: standard-central.lab.example, instance: RTC } }
  back-end.lab.example: { role: back-end, target: cu7, databases: { sqlServer: sql.lab.example } }
  back-end-coll-central.lab.example:
    role: back-end
    target: cu7
    databases:
      sqlServer: sql.lab.example
      collocated: true
      centralManagementStore: { sqlServer: sql.lab.example }
"#;

/// The lab in which the program itself is measured.
const LAB: &str = r#"
lab:
  world: world.yaml
  servers:
    standard.lab.example: { build: "7.0.2046.123" }
    standard-central.lab.example: { build: "7.0.2046.123" }
    back-end.lab.example: { build: "7.0.2046.123" }
    back-end-coll-central.lab.example: { build: "7.0.2046.123" }
"#;
