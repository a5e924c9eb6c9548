//! The month, played: every scheduled run of every server, and a calendar of the results.

use std::{collections::BTreeMap, error::Error, fmt::Write};

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp, civil::Date};
use reconcile_core::{Act, Blocker, Class, End, Event, Goal, Opening, Outcome, Request, apply};
use reconcile_hosts::lab::{Kill, Lab, LabError, When, start};
use reconcile_schema::{Build, Manifest, Mark, Period, Releases, RunId, ServerName, Step, ZoneName};

use super::fleet::{MONTH, START, TARGETS, TURNS, Turn, manifest};

type Played<T> = Result<T, Box<dyn Error>>;

/// The result of the month.
pub struct Month {
    /// The events of each night, for people.
    pub calendar: String,
    /// Every step that was begun.
    pub taken: Vec<Taken>,
    /// The servers at the end.
    pub lab: Lab,
    /// The goals of these servers.
    pub goals: Vec<Goal>,
    /// How many runs there were.
    pub runs: usize,
}

/// A step that was begun.
pub struct Taken {
    pub server: ServerName,
    pub step: Step,
    /// When, by a correct clock.
    pub at: Timestamp,
    /// Whether the installer was started in this outage: then the work continues, whatever the window.
    pub installing: bool,
    /// Whether the server was on hold.
    pub held: bool,
}

/// One server during the month.
struct Server {
    goal: Goal,
    zone: ZoneName,
    /// When its last run ended, by a correct clock.
    now: Timestamp,
    /// The difference between its clock and the correct one.
    clock: SignedDuration,
    held: bool,
    /// An operator fixed the cause of a failure, and says so with `--retry`.
    forgive: bool,
    kill: bool,
    /// The result of its last run, so that a state is shown only once a night.
    last: String,
}

/// The random seed for the minutes of the runs.
const SEED: u64 = 2026;
/// The number of the effect (step or mark) in which a run installs a prepared update.
const INSTALLS: u32 = 12;

struct Play {
    lab: Lab,
    servers: BTreeMap<ServerName, Server>,
    lines: BTreeMap<(Date, ServerName), Vec<String>>,
    taken: Vec<Taken>,
    runs: usize,
}

/// Plays the month.
pub fn play() -> Played<Month> {
    let goals = goals(TARGETS.first().copied().unwrap_or_default())?;
    let build: Build = START.parse()?;
    let mut lab = Lab::in_memory(start(goals.iter().map(|goal| (goal, &build, Vec::new()))));
    let mut servers = BTreeMap::new();
    let [first, last] = MONTH;
    for goal in goals {
        lab.change(&goal.server, |server| server.clock = first)?;
        let zone = goal.rules.maintenance.as_ref().map(|maintenance| maintenance.time_zone.clone());
        let zone = zone.ok_or("every server of the fleet has windows")?;
        let (clock, last) = (SignedDuration::ZERO, String::new());
        servers.insert(
            goal.server.clone(),
            Server { goal, zone, now: first, clock, held: false, forgive: false, kill: false, last },
        );
    }
    let mut play = Play { lab, servers, lines: BTreeMap::new(), taken: Vec::new(), runs: 0 };
    let (mut rng, mut hour) = (Rng::with_seed(SEED), first);
    while hour < last {
        for (_, name, turn) in TURNS.iter().filter(|(at, ..)| *at == hour) {
            play.turn(hour, name, *turn)?;
        }
        let names: Vec<_> = play.servers.keys().cloned().collect();
        for name in names {
            play.run(&name, hour + SignedDuration::from_mins(i64::from(rng.u8(..60))))?;
        }
        hour += SignedDuration::from_hours(1);
    }
    let calendar = play.calendar();
    let goals = play.servers.into_values().map(|server| server.goal).collect();
    Ok(Month { calendar, taken: play.taken, lab: play.lab, goals, runs: play.runs })
}

fn goals(target: &str) -> Played<Vec<Goal>> {
    let manifest: Manifest = serde_yaml::from_str(&manifest(target))?;
    let releases: Releases = serde_yaml::from_str(include_str!("../../../manifests/releases.yaml"))?;
    Goal::of_all(&manifest, &releases).map_err(|errors| format!("{errors:?}").into())
}

impl Play {
    fn turn(&mut self, at: Timestamp, name: &str, turn: Turn) -> Played<()> {
        if let Turn::Target = turn {
            return self.target();
        }
        let name: ServerName = format!("{name}.contoso.example").parse()?;
        let server = self.servers.get_mut(&name).ok_or("no such server")?;
        let said = match turn {
            Turn::Breaks(fault) => {
                self.lab.change(&name, |server| server.faults.extend([fault]))?;
                return Ok(());
            }
            Turn::Killed => {
                server.kill = true;
                return Ok(());
            }
            Turn::Target => return Ok(()),
            Turn::Mended => {
                self.lab.change(&name, |server| server.faults.clear())?;
                server.forgive = true;
                "an operator fixes it, and says so"
            }
            Turn::Held => {
                server.held = true;
                let mark = Mark::Held { reason: "an audit".into(), by: "the operator".into() };
                self.lab.host(&name)?.mark(&RunId("hold".into()), &mark)?;
                "an operator sets a hold"
            }
            Turn::Released => {
                server.held = false;
                self.lab.host(&name)?.mark(&RunId("hold".into()), &Mark::Released { by: "the operator".into() })?;
                "the operator releases it"
            }
            Turn::Clock(hours) => {
                server.clock = SignedDuration::from_hours(hours);
                if hours == 0 { "its clock is set right" } else { "its clock goes back by two days" }
            }
        };
        self.note(&name, at, said);
        Ok(())
    }

    /// The second update becomes the target.
    fn target(&mut self) -> Played<()> {
        for goal in goals(TARGETS.last().copied().unwrap_or_default())? {
            self.lab.change(&goal.server, |server| {
                server.staged = false;
                let databases = server.databases.iter_mut().flat_map(|store| store.databases.iter_mut());
                databases
                    .filter(|(name, _)| matches!(name.as_str(), "rtcab" | "rtcxds"))
                    .for_each(|(_, database)| database.after_update = database.expected.next());
            })?;
            if let Some(server) = self.servers.get_mut(&goal.server) {
                server.goal = goal;
            }
        }
        Ok(())
    }

    /// One scheduled run.
    fn run(&mut self, name: &ServerName, at: Timestamp) -> Played<()> {
        let server = self.servers.get_mut(name).ok_or("no such server")?;
        let (offset, held) = (server.clock, server.held);
        let begins = at.max(server.now); // The run of the hour before may have taken longer than an hour.
        let passed = begins.duration_since(server.now).as_secs();
        self.lab.change(name, |simulated| {
            simulated.uptime += u32::try_from(passed).unwrap_or(0);
            simulated.clock = begins + offset;
        })?;
        let request = Request {
            goal: &server.goal,
            run: RunId(format!("scheduled at {at:.0}")),
            version: env!("CARGO_PKG_VERSION"),
            by: "the scheduler",
            approved: None,
            forgive: std::mem::take(&mut server.forgive),
            interrupted: &|| None,
        };
        let mut host = self.lab.host(name)?;
        if server.kill {
            host.kill(Kill { effect: INSTALLS, when: When::Midway });
        }
        let taken = &mut self.taken;
        let ended = apply(&mut host, &request, &mut |event| {
            if let Event::Began(step, _, seen) = event {
                taken.push(Taken {
                    server: name.clone(),
                    step: step.clone(),
                    at: seen.host.at - offset,
                    installing: seen.marks.baseline.as_ref().is_some_and(|baseline| baseline.installing),
                    held,
                });
            }
        });
        self.runs += 1;
        server.now = self.lab.world().servers.get(name).map_or(begins, |simulated| simulated.clock - offset);
        let (said, state, acted) = match ended {
            Ok(outcome) => told(&server.goal, &outcome),
            Err(LabError::Killed) => {
                server.kill = false;
                ("the run is killed while the installer works".into(), "killed".into(), true)
            }
            Err(other) => return Err(other.into()),
        };
        if acted || server.last != state {
            server.last = state;
            self.note(name, begins, &said);
        }
        Ok(())
    }

    fn note(&mut self, name: &ServerName, at: Timestamp, said: &str) {
        let Some(server) = self.servers.get(name) else { return };
        let shown = server.zone.rules().to_datetime(at);
        // A night belongs to the day on which it begins.
        let night = server.zone.rules().to_datetime(at - SignedDuration::from_hours(12)).date();
        let line = format!("{} {said}", shown.strftime("%a %H:%M"));
        self.lines.entry((night, name.clone())).or_default().push(line);
    }

    fn calendar(&self) -> String {
        let mut out =
            String::from("Times are those of each server's own time zone; a night is named after its evening.\n");
        let mut night = None;
        for ((date, name), lines) in &self.lines {
            if night != Some(*date) {
                let _ = writeln!(out, "\n{}", date.strftime("%A, %Y-%m-%d"));
                night = Some(*date);
            }
            let short = name.as_str().trim_end_matches(".contoso.example");
            for (nth, line) in lines.iter().enumerate() {
                let _ = writeln!(out, "  {:<14} {line}", if nth == 0 { short } else { "" });
            }
        }
        let _ = writeln!(out, "\n{} runs; the servers at the end:", self.runs);
        for (name, simulated) in &self.lab.world().servers {
            let core = simulated.components.iter().find(|(name, _)| name.is_core()).map(|(_, build)| build.to_string());
            let running = simulated.services.iter().filter(|service| service.is_running()).count();
            let (all, short) = (simulated.services.len(), name.as_str().trim_end_matches(".contoso.example"));
            let _ = writeln!(out, "  {short:<14} {}, {running} of {all} services run", core.unwrap_or_default());
        }
        out
    }
}

/// The result of a run: the text to show, the same as a lasting state, and whether it did anything.
fn told(goal: &Goal, outcome: &Outcome) -> (String, String, bool) {
    let state = match &outcome.end {
        End::AtGoal => format!("at {}", goal.core),
        End::GoingDown => "restarting".into(),
        End::Blocked(Blocker::WindowClosed { opens, zone, .. } | Blocker::WindowTooShort { opens, zone, .. }) => {
            let shown =
                |opens: &Opening| zone.rules().to_datetime(opens.from).strftime("%a %Y-%m-%d %H:%M").to_string();
            opens.as_ref().map_or_else(|| "no window opens".into(), |opens| format!("waits for {}", shown(opens)))
        }
        End::Blocked(Blocker::InstallFailed { code, .. }) => format!("the installer fails ({code})"),
        End::Blocked(Blocker::Held { .. }) => "is on hold".into(),
        End::Blocked(Blocker::ClockBehind { .. }) => "its clock is behind its journal: nothing is taken down".into(),
        End::Blocked(Blocker::AttemptsSpent { attempts, .. }) => {
            format!("{attempts} attempts failed: waits for an operator")
        }
        End::Blocked(Blocker::OutagesSpent { outages }) => {
            format!("{outages} outages without effect: waits for an operator")
        }
        End::Blocked(Blocker::ShellsOpen { .. }) => "a management shell is open".into(),
        End::Blocked(Blocker::Stuck { step: Step::UpdateDatabases(_), .. }) => {
            "updating the databases changes nothing".into()
        }
        End::Blocked(Blocker::Stuck { step, .. }) => format!("{step} changes nothing"),
        End::Blocked(blocker) => match blocker.class() {
            Class::Later => "waits".into(),
            Class::Unknown => "something cannot be read".into(),
            Class::Operator => "needs an operator".into(),
            Class::Failed => "failed".into(),
        },
    };
    let down = outcome.outage.filter(|outage| *outage > Period::default());
    let restart = if outcome.steps.contains(&Step::Reboot) { ", restarted" } else { "" };
    let down = down.map_or_else(String::new, |down| format!("; down for {down}{restart}"));
    let acted = outcome.steps.iter().any(Step::takes_down) || !down.is_empty();
    // An opening that moves to another time is still the same wait.
    let lasting =
        if state.starts_with("waits for ") && !state.ends_with("operator") { "waits".into() } else { state.clone() };
    (format!("{state}{down}"), lasting, acted)
}
