//! Every world of three enumerated spaces: each reaches its goal or the end that it must have, and is interrupted
//! everywhere.
//!
//! The default run walks a part of each space, chosen by [`part`]. CI walks all of them, optimised: `WORLDS=all cargo
//! test --profile worlds -p reconcile-worlds -- --nocapture`. The figures are printed.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod beside;
mod bugs;
mod converge;
mod crash;
mod cut;
mod damage;
mod databases;
mod dies;
mod minimal;
mod peers;
mod plans;
mod race;
mod renames;
mod restarts;
mod rules;
mod run;
mod settle;
mod space;
mod strangers;
mod truth;
mod unknown;
mod vain;
mod watch;
mod windows;

use run::all;
use space::Case;

/// A property that is shown in one world; returns how often.
type Show = fn(&Case) -> Result<usize, String>;

/// The default run walks every 31st world of each space, beginning with its first. This prime divides the length of no
/// axis, so every value of every axis occurs, together with every value of the neighbouring axes.
const STRIDE: usize = 31;

/// The part of a space that this run walks: `WORLDS=all` walks it whole.
fn part<T: Copy>(space: &[T]) -> Vec<T> {
    let stride = if std::env::var("WORLDS").is_ok_and(|all| all == "all") { 1 } else { STRIDE };
    space.iter().step_by(stride).copied().collect()
}

/// The worlds of a space that this run walks: with `WORLD` the one of that name, else a part.
fn walked(space: &[Case]) -> Vec<Case> {
    match std::env::var("WORLD") {
        Ok(name) => space.iter().find(|case| case.name() == name).into_iter().copied().collect(),
        Err(_) => part(space),
    }
}

/// Shows each of `parts` in its worlds, and prints how often and for how long. All failures are reported together.
#[expect(clippy::disallowed_methods, reason = "the seconds are printed, and nothing depends on them")]
fn shown(parts: &[(&str, Vec<Case>, Show)]) -> usize {
    let (mut sum, mut failures) = (0, Vec::new());
    for (what, cases, show) in parts {
        let (walked, began) = (walked(cases), std::time::Instant::now());
        match all(&walked, show) {
            Ok(count) => {
                let (worlds, whole, seconds) = (walked.len(), cases.len(), began.elapsed().as_secs_f64());
                println!("{what}: {count} in {worlds} of {whole} worlds, {seconds:.1} s");
                sum += count;
            }
            Err(why) => failures.push(format!("{what}: {why}")),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    sum
}

#[test]
fn every_world_converges_or_ends_as_it_must_however_it_is_interrupted() {
    let worlds: [(&str, Vec<Case>, Show); 4] = [
        ("runs: every state with every installer", space::states(), converge::walk),
        ("runs: everything that may forbid the work", space::gates(), converge::walk),
        ("runs: whether the server may be taken down", space::leaves(), converge::walk),
        ("runs: every other fault", space::faults(), converge::walk),
    ];
    let count: usize = worlds.iter().map(|(_, cases, _)| part(cases).len()).sum();
    let runs = shown(&worlds);
    let interruptions = shown(&[
        ("killed in every act and at every journal write", space::interrupted(), crash::killed),
        ("killed, and the journal deleted", space::interrupted(), crash::forgotten),
        ("killed, and its command goes on", space::interrupted(), crash::outlived),
        ("killed twice", space::killed_twice(), crash::killed_twice),
        ("killed, and found two hours later", space::killed_twice(), crash::found_late),
        ("asked to end", space::interrupted(), crash::asked_to_end),
        ("ended at once", space::interrupted(), crash::left_at_once),
        ("the journal cannot be written from here on", space::interrupted(), crash::unwritable),
        ("the journal cannot be written once", space::interrupted(), crash::unwritable_once),
        ("somebody starts or stops every service", space::interrupted(), crash::disturbed),
    ]);
    println!("{count} worlds, {runs} runs, {interruptions} interruptions: all converged or ended as they must");
}

#[test]
fn a_server_leaves_its_pool_when_that_is_ready_and_comes_back_however_it_is_interrupted() {
    shown(&[
        ("runs: every state with every installer", space::pools(), converge::walk),
        ("runs: everything that may be wrong", space::pool_faults(), converge::walk),
        ("killed in every act and at every journal write", space::pools_interrupted(), crash::killed),
        ("killed, and the journal deleted", space::pools_interrupted(), crash::forgotten),
        ("killed, and its command goes on", space::pools_interrupted(), crash::outlived),
        ("killed twice", space::pools_killed_twice(), crash::killed_twice),
        ("killed, and found two hours later", space::pools_killed_twice(), crash::found_late),
        ("asked to end", space::pools_interrupted(), crash::asked_to_end),
        ("ended at once", space::pools_interrupted(), crash::left_at_once),
        ("the journal cannot be written from here on", space::pools_interrupted(), crash::unwritable),
        ("the journal cannot be written once", space::pools_interrupted(), crash::unwritable_once),
        ("somebody starts or stops every service", space::pools_interrupted(), crash::disturbed),
        ("plans", space::pools_foreseen(), plans::agrees),
        ("steps left out", space::pools_interrupted(), minimal::every_step_is_needed),
        ("facts and pairs of facts that cannot be read", space::pools_unknown(), unknown::from_the_start),
        ("facts and pairs of facts that cannot be read any more", space::pools_unknown(), unknown::on_the_way),
    ]);
}

#[test]
fn one_server_of_a_pool_is_taken_down_at_a_time_however_it_is_interrupted() {
    shown(&[
        ("runs: every record", space::claims(), converge::walk),
        ("killed in every act and at every journal write", space::claims_interrupted(), crash::killed),
        ("killed, and the journal deleted", space::claims_interrupted(), crash::forgotten),
        ("asked to end", space::claims_interrupted(), crash::asked_to_end),
        ("the journal cannot be written from here on", space::claims_interrupted(), crash::unwritable),
        ("the journal cannot be written once", space::claims_interrupted(), crash::unwritable_once),
        ("somebody starts or stops every service", space::claims_interrupted(), crash::disturbed),
        ("plans", space::claims_foreseen(), plans::agrees),
        ("steps left out", space::claims_without_a_pause(), minimal::every_step_is_needed),
        ("facts and pairs of facts that cannot be read", space::claims_foreseen(), unknown::from_the_start),
        ("facts and pairs of facts that cannot be read any more", space::claims_foreseen(), unknown::on_the_way),
    ]);
}

#[test]
fn an_installation_is_done_when_it_was_seen_to_end_well() {
    shown(&[
        ("installations that end early, after any set of components", space::cuts(), cut::short),
        ("run and installer cut off, after any set of components", space::cut_off(), cut::off),
        ("found up again outside of a window", space::cut_off(), cut::waits_for_its_window),
    ]);
}

#[test]
fn a_service_that_ends_by_itself_is_found_at_any_look() {
    shown(&[("a service ends after any observation", dies::smooth(), dies::at_any_look)]);
}

#[test]
fn services_that_no_list_names_stop_and_start_with_the_rest_however_it_is_interrupted() {
    shown(&[
        ("runs: what is to be done with every installer", space::unpublished(), converge::walk),
        ("killed in every act and at every journal write", space::unpublished_interrupted(), crash::killed),
        ("killed, and the journal deleted", space::unpublished_interrupted(), crash::forgotten),
        ("asked to end", space::unpublished_interrupted(), crash::asked_to_end),
    ]);
}

#[test]
fn services_of_others_stop_before_ours_and_start_after_them_however_it_is_interrupted() {
    shown(&[
        ("runs: what is to be done with some installers", space::others(), converge::walk),
        ("killed in every act and at every journal write", space::others_interrupted(), crash::killed),
        ("killed, and the journal deleted", space::others_interrupted(), crash::forgotten),
        ("asked to end", space::others_interrupted(), crash::asked_to_end),
        ("killed, and no longer named", space::others_interrupted(), crash::dropped),
        ("plans", space::others_foreseen(), plans::agrees),
    ]);
}

#[test]
fn the_plan_is_what_apply_does() {
    shown(&[
        ("plans", space::foreseen(), plans::agrees),
        ("plans that are applied in another world", space::interrupted(), plans::held_to),
        ("plans of what follows", plans::blocked(), plans::asks_about_what_follows),
    ]);
}

#[test]
fn no_stranger_keeps_a_service_down() {
    // Each is killed everywhere, with three strangers, so every seventh world is enough.
    let some = space::interrupted().into_iter().step_by(7).collect();
    shown(&[
        ("killed, and somebody is in the way", some, strangers::keep_nothing_down),
        ("the same of a server in a pool", space::pools_killed_twice(), strangers::keep_nothing_down),
    ]);
}

#[test]
fn no_step_is_superfluous() {
    shown(&[("steps left out", space::interrupted(), minimal::every_step_is_needed)]);
}

#[test]
fn unknown_facts_permit_nothing() {
    shown(&[
        ("facts and pairs of facts that cannot be read", space::unknown(), unknown::from_the_start),
        ("facts and pairs of facts that cannot be read any more", space::unknown(), unknown::on_the_way),
    ]);
}

#[test]
fn servers_are_taken_down_in_their_windows_only() {
    shown(&[
        ("windows that are always open", space::interrupted(), windows::always_open),
        ("windows that are closed", space::interrupted(), windows::closed),
        ("windows that close during the run", space::interrupted(), windows::closing),
        ("asked to end in the window, continued after it", space::interrupted(), windows::found_behind),
        ("killed, and held", space::killed_twice(), windows::held),
        ("the clock is set by a year", space::killed_twice(), windows::clock_set),
        ("every run without effect", windows::vain(), windows::in_vain),
        ("one attempt", space::interrupted(), windows::one_attempt),
        ("failovers in windows that close", space::pools_that_move(), windows::fail_overs_fit),
        ("nobody knows how long it takes", space::pools_that_move(), windows::the_longest_fits),
        ("nobody knows how long it takes, without a pool", space::plain(), windows::the_longest_fits),
    ]);
}

#[test]
fn files_that_wait_for_a_restart_ask_for_one_at_most() {
    shown(&[("files that wait for a restart", renames::waiting(), renames::one_restart_at_most)]);
}

#[test]
fn a_restart_that_windows_waits_for_is_shown_or_made_as_any_other_outage() {
    shown(&[
        ("restarts that Windows waits for", restarts::waiting(), restarts::one_restart),
        ("runs: what forbids them", restarts::forbidden(), converge::walk),
        ("killed in every act and at every journal write", restarts::made(), crash::killed),
        ("killed, and the journal deleted", restarts::made(), crash::forgotten),
        ("killed, and its command goes on", restarts::made(), crash::outlived),
        ("asked to end", restarts::made(), crash::asked_to_end),
        ("ended at once", restarts::made(), crash::left_at_once),
        ("the journal cannot be written from here on", restarts::made(), crash::unwritable),
        ("the journal cannot be written once", restarts::made(), crash::unwritable_once),
        ("somebody starts or stops every service", restarts::made(), crash::disturbed),
        ("plans", restarts::made(), plans::agrees),
    ]);
}

#[test]
fn with_any_line_of_the_journal_lost_nothing_is_taken_down_and_what_is_down_comes_back() {
    // Each is killed everywhere, and then loses each line, so every third world with claims is enough.
    let some = space::claims_without_a_pause().into_iter().step_by(3).collect();
    shown(&[
        ("a line is lost, after a kill anywhere", space::killed_twice(), damage::any_line),
        ("a line is lost, after a kill anywhere, in a pool", space::pools_killed_twice(), damage::any_line),
        ("a line is lost, after a kill anywhere, with claims", some, damage::any_line),
    ]);
}

#[test]
fn planted_bugs_are_found() {
    bugs::each_is_found();
}
