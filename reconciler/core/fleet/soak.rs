//! Soak: when each ring may begin, by when the servers of the rings before it were done.

use alloc::{vec, vec::Vec};

use jiff::Timestamp;
use reconcile_schema::Manifest;

/// What is known about a server for whose ring others wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// A run brought it to its goal, and ended at this time.
    At(Timestamp),
    /// It is at its goal, and no run is known that brought it there: it is not watched.
    Untouched,
    /// It is not known to be at its goal.
    No,
}

/// What a ring waits for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waits {
    /// The end of the time for which the rings before it are watched; also where it has passed.
    pub until: Option<Timestamp>,
    /// The numbers of the servers of the rings before it that are not known to be done.
    pub servers: Vec<usize>,
}

/// What each ring of the rollout waits for. The servers have the numbers of their rings. Without a time to watch, or without
/// rings, no ring waits.
#[must_use]
pub fn soaks(manifest: &Manifest, servers: &[(usize, Done)]) -> Vec<Waits> {
    let mut rings = vec![Waits::default(); manifest.rollout.rings.len()];
    let Some(soak) = manifest.rollout.soak.filter(|soak| soak.as_seconds() > 0) else { return rings };
    for (number, (ring, done)) in servers.iter().enumerate() {
        for later in rings.iter_mut().skip(ring + 1) {
            match done {
                Done::At(at) => later.until = later.until.max(Some(soak.after(*at))),
                Done::Untouched => {}
                Done::No => later.servers.push(number),
            }
        }
    }
    rings
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn manifest(rollout: &str) -> Manifest {
        serde_json::from_str(&alloc::format!(
            r#"{{ "version": 1, "updates": {{}}, "servers": {{}}, "rollout": {rollout} }}"#
        ))
        .unwrap()
    }

    #[test]
    fn a_ring_waits_for_all_rings_before_it() {
        let at = |time: &str| time.parse::<Timestamp>().unwrap();
        let manifest = manifest(r#"{ "rings": ["pilot", "early", "broad"], "soak": "2d" }"#);
        let (early, late) = (at("2026-11-20T22:00:00Z"), at("2026-11-21T01:00:00Z"));
        let servers = [
            (0, Done::At(late)),
            (0, Done::At(early)),
            (0, Done::Untouched),
            (1, Done::No),
            (1, Done::At(early)),
            (2, Done::No),
        ];
        let waits = soaks(&manifest, &servers);
        let until = Some(at("2026-11-23T01:00:00Z"));
        assert_eq!(waits, [Waits::default(), Waits { until, servers: vec![] }, Waits { until, servers: vec![3] },]);
    }

    #[test]
    fn without_a_time_to_watch_no_ring_waits() {
        for rollout in [r#"{ "rings": ["a", "b"] }"#, r#"{ "rings": ["a", "b"], "soak": "0s" }"#] {
            assert_eq!(soaks(&manifest(rollout), &[(0, Done::No)]), [Waits::default(), Waits::default()], "{rollout}");
        }
        assert_eq!(soaks(&manifest(r#"{ "soak": "1d" }"#), &[(0, Done::No)]), []);
    }
}
