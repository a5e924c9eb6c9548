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
    names: BTreeMap<String, Name>,
    /// The names that occur in texts, by their first word, the longest first.
    by_word: HashMap<String, Vec<String>>,
}

#[derive(Debug)]
struct Name {
    /// As it was first seen.
    original: String,
    substitute: String,
    border: Border,
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
        self.names.insert(folded, Name { original: name.to_owned(), substitute: substitute.to_owned(), border });
    }

    /// The substitute of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.names.get(&fold(name)).map(|name| name.substitute.as_str())
    }

    /// The names, each with its substitute.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.names.values().map(|name| (name.original.as_str(), name.substitute.as_str()))
    }

    /// The text with every name replaced.
    pub fn replace(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        while let Some((done, rest)) = text.split_at_checked(at) {
            let Some(sign) = rest.chars().next() else { break };
            let before = done.chars().next_back();
            let starts = is_word(sign) && !before.is_some_and(is_word);
            let found = starts.then(|| self.of_share(done, rest).or_else(|| self.longest(rest, before))).flatten();
            let (length, substitute) = match found {
                Some((length, substitute)) => (length, Some(substitute)),
                // The rest of a word cannot begin a name.
                None if is_word(sign) => (rest.find(|sign| !is_word(sign)).unwrap_or(rest.len()), None),
                None => (sign.len_utf8(), None),
            };
            out.push_str(substitute.or_else(|| rest.get(..length)).unwrap_or_default());
            at += length;
        }
        out
    }

    /// The host of a share, which is a name whatever word it is.
    fn of_share(&self, done: &str, rest: &str) -> Option<(usize, &str)> {
        if !begins_share(done) {
            return None;
        }
        let length = rest.find(|sign| !is_of_name(sign))?;
        let (host, after) = rest.split_at(length);
        self.get(host).filter(|_| after.starts_with('\\')).map(|substitute| (length, substitute))
    }

    /// The longest name with which `rest` begins, as its length in `rest` and its substitute.
    fn longest(&self, rest: &str, before: Option<char>) -> Option<(usize, &str)> {
        let word = rest.find(|sign| !is_word(sign)).map_or(rest, |end| rest.split_at(end).0);
        let alike = self.by_word.get(&fold(word))?;
        alike.iter().find_map(|name| {
            let length = begins(rest, name)?;
            let Name { substitute, border, .. } = self.names.get(name)?;
            let after = rest.get(length..)?.chars().next();
            let is_open =
                |sign: Option<char>| !sign.is_some_and(|sign| is_word(sign) || *border == Border::Host && sign == '-');
            (is_open(before) && is_open(after)).then_some((length, substitute.as_str()))
        })
    }
}

/// A letter or a digit: what a word is made of.
pub fn is_word(sign: char) -> bool {
    sign.is_alphanumeric()
}

/// What the name of a host or an account is made of.
pub fn is_of_name(sign: char) -> bool {
    is_word(sign) || matches!(sign, '-' | '_' | '.')
}

/// Whether a text ends with the two backslashes before the host of a share. Within JSON, each is written twice.
pub fn begins_share(text: &str) -> bool {
    let opened = text.trim_end_matches('\\');
    matches!(text.len() - opened.len(), 2 | 4)
        && !opened.ends_with(|sign| is_word(sign) || matches!(sign, ':' | '.' | '$' | ')' | '%' | '_' | '-'))
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
            (r"at \\lync\x, \\LYNC\y and C:\lync\x", r"at \\server-2\x, \\server-2\y and C:\lync\x"),
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
