//! Names of servers, folded into the ranges that a manifest has: `fe[01-03].contoso.example`.

use std::collections::{BTreeMap, BTreeSet};

use reconcile_schema::{ServerName, ServerPattern};

/// How many digits a range may have.
const DIGITS: usize = 6;

/// Patterns that stand for exactly these servers, sorted by the first of each: consecutive numbers of equally many digits become a range.
pub fn folded(names: &BTreeSet<ServerName>) -> Vec<ServerPattern> {
    let mut patterns = BTreeSet::new();
    let mut counted: BTreeMap<(&str, &str, usize), BTreeMap<u32, &ServerName>> = BTreeMap::new();
    for name in names {
        match numbered(name) {
            Some((before, number, width, after)) => {
                counted.entry((before, after, width)).or_default().insert(number, name);
            }
            None => patterns.extend(single(name)),
        }
    }
    for ((before, after, width), numbers) in counted {
        let mut run: Vec<(u32, &ServerName)> = Vec::new();
        for (number, name) in numbers {
            if run.last().is_some_and(|(last, _)| last.checked_add(1) != Some(number)) {
                patterns.extend(patterns_of(before, after, width, &run));
                run.clear();
            }
            run.push((number, name));
        }
        patterns.extend(patterns_of(before, after, width, &run));
    }
    let mut patterns: Vec<_> = patterns.into_iter().collect();
    patterns.sort_by_cached_key(|pattern| pattern.servers().next());
    patterns
}

/// The range of a run of numbers, if it stands for exactly these servers; else each by itself.
fn patterns_of(before: &str, after: &str, width: usize, run: &[(u32, &ServerName)]) -> Vec<ServerPattern> {
    let singles = || run.iter().filter_map(|(_, name)| single(name)).collect();
    let [(first, _), .., (last, _)] = run else { return singles() };
    let range = format!("{before}[{first:0width$}-{last:0width$}]{after}").parse::<ServerPattern>();
    match range {
        Ok(range) if range.servers().eq(run.iter().map(|(_, name)| (*name).clone())) => vec![range],
        Ok(_) | Err(_) => singles(),
    }
}

fn single(name: &ServerName) -> Option<ServerPattern> {
    name.as_str().parse().ok()
}

/// What stands before the last number of the host name, the number, its digits, and what stands behind it.
fn numbered(name: &ServerName) -> Option<(&str, u32, usize, &str)> {
    let host = name.host();
    let end = host.rfind(|sign: char| sign.is_ascii_digit())? + 1;
    let digits = host.get(..end)?;
    let start = digits.rfind(|sign: char| !sign.is_ascii_digit()).map_or(0, |at| at + 1);
    let (before, digits, after) = (name.as_str().get(..start)?, digits.get(start..)?, name.as_str().get(end..)?);
    (digits.len() <= DIGITS).then_some((before, digits.parse().ok()?, digits.len(), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folds(names: &[&str]) -> Vec<String> {
        let names: BTreeSet<ServerName> = names.iter().filter_map(|name| name.parse().ok()).collect();
        folded(&names).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn consecutive_numbers_become_a_range() {
        assert_eq!(folds(&["fe03.a.example", "fe01.a.example", "fe02.a.example"]), ["fe[01-03].a.example"]);
        assert_eq!(folds(&["fe-1-a", "fe-2-a"]), ["fe-[1-2]-a"]);
        assert_eq!(folds(&["1a", "2a"]), ["[1-2]a"]);
    }

    #[test]
    fn a_gap_another_domain_or_another_width_begins_another_range() {
        assert_eq!(
            folds(&["fe01.a.example", "fe02.a.example", "fe04.a.example", "fe05.b.example"]),
            ["fe[01-02].a.example", "fe04.a.example", "fe05.b.example"]
        );
        assert_eq!(
            folds(&["fe9.a.example", "fe10.a.example", "fe11.a.example"]),
            ["fe[10-11].a.example", "fe9.a.example"]
        );
        assert_eq!(folds(&["fe1.a.example", "fe02.a.example"]), ["fe02.a.example", "fe1.a.example"]);
        assert_eq!(folds(&["x9999998.a", "x9999999.a"]), ["x9999998.a", "x9999999.a"]);
    }

    #[test]
    fn a_range_stands_for_the_servers_that_were_found_and_for_no_other() {
        let names: BTreeSet<ServerName> = ["a1", "a2", "a4", "b01.x.y", "b02.x.y", "b10.x.y", "c", "9a", "10a"]
            .iter()
            .filter_map(|it| it.parse().ok())
            .collect();
        let again: BTreeSet<_> = folded(&names).iter().flat_map(|it| it.servers().collect::<Vec<_>>()).collect();
        assert_eq!(again, names);
    }
}
