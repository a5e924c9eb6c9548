//! What a person wrote into the journal of a server, for that person.

use reconcile_core::Goal;
use reconcile_schema::{Damage, Hold, Mark, ZoneName, shown_at};

use crate::manifest::diagnostic::escape;
use crate::show::status::held;
use crate::work::notes::Noted;

/// The answer to a mark, in a line.
pub fn said(goal: &Goal, Noted { mark, before }: &Noted) -> String {
    let zone = goal.zone();
    let down = match &before.baseline {
        Some(baseline) => format!(
            "; a run stopped its services on {}, and the next run brings them back, hold or no hold",
            shown_at(baseline.since, zone)
        ),
        None => String::new(),
    };
    let damaged = match &before.damaged {
        Some(damage) => format!("\n  its journal is damaged: {damage}; see reconcile acknowledge"),
        None => String::new(),
    };
    let said = match (mark, &before.hold) {
        (Mark::DamageAcknowledged { .. }, hold) => acknowledged(before.damaged.as_ref(), hold.as_ref(), zone),
        (Mark::Held { reason, .. }, _) => format!("held: {}{down}{damaged}", escape(reason)),
        (_, Some(hold)) => format!("no longer held; it was {}{damaged}", held(hold, zone)),
        (_, None) => format!("was not held{damaged}"),
    };
    format!("{}: {said}\n", goal.server)
}

/// The answer to an acknowledgement.
fn acknowledged(damage: Option<&Damage>, hold: Option<&Hold>, zone: Option<&ZoneName>) -> String {
    let Some(damage) = damage else { return "its journal is not damaged: nothing was written".into() };
    let held = match hold {
        Some(hold) => format!("it is {}", held(hold, zone)),
        None => "it is not held: where it must not be touched, say so with reconcile hold".into(),
    };
    format!("acknowledged: {damage}; {held}")
}
