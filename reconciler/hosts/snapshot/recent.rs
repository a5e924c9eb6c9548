//! The last few different values that were asked for. Values that many servers share are among them.

/// How many values are kept. A fleet has a few kinds of servers, and most differ in few ways.
const MOST: usize = 16;

/// A few values, the most recently used first.
#[derive(Debug)]
pub struct Recent<T>(Vec<T>);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Recent<T> {
    /// The value for which `is` holds, if it is among them.
    pub fn find(&mut self, is: impl FnMut(&T) -> bool) -> Option<&T> {
        let at = self.0.iter().position(is)?;
        self.0.get_mut(..=at)?.rotate_right(1);
        self.0.first()
    }

    /// Keeps a value in the place of the least recently used one.
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
