//! A table of names and their substitutes, and the one way in which a text is changed by it: whole names alone, the
//! longest first, in any case.

use std::collections::{BTreeMap, HashMap};

/// Where a name may begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Border {
    /// Not at a letter, a digit or a hyphen: `fe01` does not occur in `fe01-old`.
    Host,
    /// Not at a letter or a digit: `contoso` occurs in `contoso-updates`.
    Word,
    /// Nowhere in a text: only a value that is this name and nothing else is replaced.
    Value,
}

/// The names that are replaced.
#[derive(Debug, Default)]
pub struct Table {
    /// By the name in lower case.
    names: BTreeMap<String, (String, Border)>,
    /// The names that occur in texts, by their first word, the longest first.
    by_word: HashMap<String, Vec<String>>,
}

impl Table {
    /// Adds a name. If it is known, it keeps its substitute.
    pub fn add(&mut self, name: &str, substitute: &str, border: Border) {
        let folded = fold(name);
        if folded.is_empty() || self.names.contains_key(&folded) {
            return;
        }
        if border != Border::Value
            && let Some(word) = first_word(&folded)
        {
            let alike = self.by_word.entry(word.to_owned()).or_default();
            let at = alike.partition_point(|other| other.len() >= folded.len());
            alike.insert(at, folded.clone());
        }
        self.names.insert(folded, (substitute.to_owned(), border));
    }

    /// The substitute of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.names.get(&fold(name)).map(|(substitute, _)| substitute.as_str())
    }

    /// The names, each with its substitute.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.names.iter().map(|(name, (substitute, _))| (name.as_str(), substitute.as_str()))
    }

    /// The text with every name replaced.
    pub fn replace(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let (mut rest, mut before) = (text, None);
        while let Some(sign) = rest.chars().next() {
            let found = (is_word(sign) && !before.is_some_and(is_word)).then(|| self.longest(rest, before)).flatten();
            let (length, substitute) = match found {
                Some(found) => found,
                // The rest of a word cannot begin a name.
                None if is_word(sign) => (rest.find(|sign| !is_word(sign)).unwrap_or(rest.len()), None),
                None => (sign.len_utf8(), None),
            };
            let (part, after) = rest.split_at(length);
            out.push_str(substitute.unwrap_or(part));
            before = part.chars().next_back();
            rest = after;
        }
        out
    }

    /// The longest name with which `rest` begins, as its length in `rest` and its substitute.
    fn longest(&self, rest: &str, before: Option<char>) -> Option<(usize, Option<&str>)> {
        let word = rest.find(|sign| !is_word(sign)).map_or(rest, |end| rest.split_at(end).0);
        let alike = self.by_word.get(&fold(word))?;
        alike.iter().find_map(|name| {
            let length = begins(rest, name)?;
            let (substitute, border) = self.names.get(name)?;
            let after = rest.get(length..)?.chars().next();
            let is_open =
                |sign: Option<char>| !sign.is_some_and(|sign| is_word(sign) || *border == Border::Host && sign == '-');
            (is_open(before) && is_open(after)).then_some((length, Some(substitute.as_str())))
        })
    }
}

/// A letter or a digit: what a word is made of.
pub fn is_word(sign: char) -> bool {
    sign.is_alphanumeric()
}

/// The form in which names are compared.
fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

fn first_word(folded: &str) -> Option<&str> {
    // A name that begins with another sign is found by what follows it; it would never be tried.
    folded.starts_with(is_word).then(|| folded.split(|sign| !is_word(sign)).next()).flatten()
}

/// How many bytes of `text` are `name`, in any case.
fn begins(text: &str, name: &str) -> Option<usize> {
    let mut expected = name.chars();
    for (at, sign) in text.char_indices() {
        if expected.as_str().is_empty() {
            return Some(at);
        }
        for lower in sign.to_lowercase() {
            if expected.next() != Some(lower) {
                return None;
            }
        }
    }
    expected.as_str().is_empty().then_some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::default();
        for (name, substitute, border) in [
            ("fe01.contoso.example", "server-1.domain-1.example", Border::Host),
            ("fe01", "server-1", Border::Host),
            ("contoso.example", "domain-1.example", Border::Word),
            ("Contoso", "domain-1", Border::Word),
            ("Müller & Söhne", "name-1", Border::Word),
            ("lync", "server-2", Border::Value),
        ] {
            table.add(name, substitute, border);
        }
        table
    }

    #[test]
    fn whole_names_are_replaced_and_the_longest_first() {
        let table = table();
        for (text, expected) in [
            ("FE01.Contoso.Example is fe01, not fe010", "server-1.domain-1.example is server-1, not fe010"),
            (r"\\fe01\c$ CONTOSO\alex contoso-updates", r"\\server-1\c$ domain-1\alex domain-1-updates"),
            ("fe01-old xfe01 fe01_log fe01.log", "fe01-old xfe01 server-1_log server-1.log"),
            ("www.contoso.example.", "www.domain-1.example."),
            ("of MÜLLER & SÖHNE.", "of name-1."),
            ("lync is Lync Server 2013", "lync is Lync Server 2013"),
            ("fe01", "server-1"),
            ("", ""),
        ] {
            assert_eq!(table.replace(text), expected, "{text}");
        }
    }

    #[test]
    fn a_name_keeps_its_first_substitute() {
        let mut table = table();
        table.add("FE01", "another", Border::Word);
        assert_eq!(
            (table.get("Fe01"), table.get("lync"), table.get("fe02")),
            (Some("server-1"), Some("server-2"), None)
        );
    }
}
