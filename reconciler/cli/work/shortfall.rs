//! How a step falls short of its effect, and commands without a sign of life.

use reconcile_core::{Account, Goal, Seen, lacking};
use reconcile_schema::{Period, Step};

/// The message that a command gives no sign of life.
pub fn quiet(lasted: Period) -> String {
    format!(
        "no output, no growth of a log and no CPU time for {lasted}; it is not ended for that: look for what it waits for"
    )
}

/// What a step should have changed and did not, with the words of a command that failed.
pub fn short_of(goal: &Goal, step: &Step, said: &Account, seen: &Seen) -> Option<String> {
    let words = &said.words;
    if *step == Step::Install {
        let behind = goal.behind(seen.host.components.known().map_or(&[][..], |components| components));
        let names: Vec<_> = behind.iter().map(|behind| behind.component.to_string()).collect();
        return match (names.as_slice(), seen.unproven(&goal.core)) {
            ([], None) => None,
            ([], Some(_)) => Some(format!("{words}; other components may be missing")),
            (names, _) => Some(format!("{words}; not updated: {}", names.join(", "))),
        };
    }
    let in_the_way = lacking(goal, step, seen);
    let failed = (!said.success).then(|| words.clone());
    match (in_the_way.is_empty(), failed) {
        (true, _) => None,
        (false, None) => Some(in_the_way.join(", ")),
        (false, Some(words)) => Some(format!("{words}; {}", in_the_way.join(", "))),
    }
}
