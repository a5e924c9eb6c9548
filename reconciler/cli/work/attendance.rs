//! Which servers of the manifest have reported: one bit for each.

use reconcile_core::Place;

/// A bit for each server of each entry of a manifest; a hundred thousand servers take some twelve kilobytes.
#[derive(Debug, Default)]
pub struct Attendance {
    entries: Vec<Vec<u64>>,
}

impl Attendance {
    /// Records that a server has reported. Returns whether this is the first time.
    pub fn note(&mut self, place: Place) -> bool {
        if self.entries.len() <= place.entry {
            self.entries.resize_with(place.entry + 1, Vec::new);
        }
        let Some(words) = self.entries.get_mut(place.entry) else { return false };
        if words.len() <= place.number / 64 {
            words.resize(place.number / 64 + 1, 0);
        }
        let Some(word) = words.get_mut(place.number / 64) else { return false };
        let before = *word;
        *word |= 1 << (place.number % 64);
        *word != before
    }

    /// Whether a server has reported.
    #[must_use]
    pub fn has(&self, place: Place) -> bool {
        let word = self.entries.get(place.entry).and_then(|words| words.get(place.number / 64));
        word.is_some_and(|word| word >> (place.number % 64) & 1 == 1)
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
