//! A rollout in batches, for tools without a clock of their own.

use alloc::{vec, vec::Vec};

use jiff::Timestamp;
use reconcile_schema::{Manifest, Period};

use crate::{
    fleet::chains::{Fleet, Member},
    fleet::waves::Waves,
    foresee::Prediction,
    quorum::READY,
};

/// The place of a server in a rollout in batches. The servers of a batch begin together, when all servers of the batch
/// before are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// The number of the batch, from 0.
    pub number: usize,
    /// How long its pool must have been ready before the server begins.
    pub ready: Period,
}

/// The rollout for a tool without a clock: every server takes equally long, no window closes, and no ring is watched.
/// The result has the batch of each member; none for a server that is at its goal.
#[must_use]
pub fn batches(manifest: &Manifest, mut members: Vec<Member<'_>>) -> Vec<Option<Batch>> {
    for member in &mut members {
        member.standing.maintenance = None;
        // While one batch is worked on, the pools of the batch before become ready, so other servers go first.
        let takes = if member.databases_of.is_empty() { READY } else { Period::seconds(1) };
        member.turn = member.turn.map(|_| Prediction::exactly(takes));
    }
    let mut fleet = Fleet::of(manifest, members);
    fleet.soak = Period::seconds(0);
    let mut batches = vec![None; fleet.members().len()];
    let (mut now, mut number) = (Timestamp::UNIX_EPOCH, 0);
    let mut waves = Waves::new(&fleet, now);
    loop {
        let begun = waves.begin(now);
        if begun.is_empty() {
            match waves.wakes() {
                Some(wakes) => now = wakes,
                None => break,
            }
            continue;
        }
        now = READY.after(now);
        for server in begun {
            waves.end(server, now, true);
            if let Some(batch) = batches.get_mut(server) {
                *batch = Some(Batch { number, ready: Period::seconds(0) });
            }
        }
        number += 1;
    }
    for group in &fleet.groups {
        for domain in &group.domains {
            for server in &domain.servers {
                if let Some(batch) = batches.get_mut(*server).and_then(Option::as_mut) {
                    batch.ready = domain.ready;
                }
            }
        }
    }
    batches
}
