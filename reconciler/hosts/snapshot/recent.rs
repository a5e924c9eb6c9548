//! The last few different values that were asked for: what many servers have alike is among them.

/// How many values are kept. A fleet has some kinds of servers, and few ways in which most of them differ.
const MOST: usize = 16;

/// A few values, the one that was asked for last before the others.
#[derive(Debug)]
pub struct Recent<T>(Vec<T>);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Recent<T> {
    /// The value that `is` it, if it is one of the last.
    pub fn find(&mut self, is: impl FnMut(&T) -> bool) -> Option<&T> {
        let at = self.0.iter().position(is)?;
        self.0.get_mut(..=at)?.rotate_right(1);
        self.0.first()
    }

    /// Keeps a value in the place of the one that was not asked for the longest.
    pub fn keep(&mut self, value: T) {
        self.0.truncate(MOST - 1);
        self.0.insert(0, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ones_are_kept() {
        let mut recent = Recent::default();
        (0..MOST).for_each(|value| recent.keep(value));
        assert_eq!(recent.find(|value| *value == 0), Some(&0));
        recent.keep(MOST);
        assert_eq!(recent.find(|value| *value == 0), Some(&0), "it was asked for");
        assert_eq!(recent.find(|value| *value == 1), None, "it was not asked for the longest");
        assert_eq!(recent.find(|value| *value == MOST), Some(&MOST));
    }
}
