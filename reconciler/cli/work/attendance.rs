//! Which servers of the manifest have reported: one byte for each.

use std::collections::BTreeMap;

use reconcile_core::Place;

/// The servers of each entry of a manifest by their numbers; a hundred thousand servers take as many bytes.
#[derive(Debug, Default)]
pub struct Attendance {
    entries: BTreeMap<usize, Vec<bool>>,
}

impl Attendance {
    /// Records that a server has reported. Returns whether this is the first time.
    pub fn note(&mut self, place: Place) -> bool {
        let servers = self.entries.entry(place.entry).or_default();
        if servers.len() <= place.number {
            servers.resize(place.number + 1, false);
        }
        servers.get_mut(place.number).is_some_and(|has| !std::mem::replace(has, true))
    }

    /// Whether a server has reported.
    #[must_use]
    pub fn has(&self, place: Place) -> bool {
        self.entries.get(&place.entry).and_then(|servers| servers.get(place.number)).is_some_and(|has| *has)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_reports_once() {
        let mut attendance = Attendance::default();
        let place = |entry, number| Place { entry, number };
        for at in [place(3, 0), place(0, 63), place(0, 64), place(2, 99_999)] {
            assert!(!attendance.has(at), "{at:?}");
            assert!(attendance.note(at), "{at:?}");
            assert!(!attendance.note(at), "{at:?}");
            assert!(attendance.has(at), "{at:?}");
        }
        assert!(!attendance.has(place(0, 62)) && !attendance.has(place(7, 0)));
    }
}
