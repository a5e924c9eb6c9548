//! Whether a folder on a share is really several folders: a DFS path may have several targets, which have no common
//! lock.
//!
//! A decision over plain data: Windows reports the targets of a root or a link for its own path, but for no path below
//! it.

/// The targets of the innermost root or link that contains `folder`, if there is one and it has several. `targets`
/// returns those of a path that is a root or a link.
#[cfg_attr(not(any(windows, test)), expect(dead_code, reason = "only Windows has DFS"))]
pub fn several(folder: &str, targets: impl Fn(&str) -> Option<Vec<String>>) -> Option<Vec<String>> {
    let path = folder.replace('/', r"\");
    let path = path.trim_end_matches('\\');
    // A root has at least the form \\server\share.
    let rest = path.strip_prefix(r"\\").filter(|rest| rest.contains('\\'))?;
    let ends = rest.match_indices('\\').map(|(at, _)| at + 2).skip(1).chain([path.len()]);
    let mut above: Vec<_> = ends.filter_map(|end| path.get(..end)).collect();
    above.reverse();
    above.into_iter().find_map(targets).filter(|targets| targets.len() > 1)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    const FOLDER: &str = r"\\contoso.example\files\reconcile\claims";

    /// The number of targets found, in a DFS where these paths have so many.
    fn found(folder: &str, known: &[(&str, usize)]) -> usize {
        let targets = |path: &str| {
            let (_, count) = known.iter().find(|(name, _)| *name == path)?;
            Some((1..=*count).map(|number| format!(r"\\server{number}\share")).collect())
        };
        several(folder, targets).map_or(0, |targets| targets.len())
    }

    #[test]
    fn the_innermost_link_decides() {
        let (root, link) = (r"\\contoso.example\files", r"\\contoso.example\files\reconcile");
        for (known, several) in [
            (&[][..], 0),
            (&[(root, 2)][..], 2),
            (&[(root, 1)][..], 0),
            (&[(root, 2), (link, 1)][..], 0), // Two servers host the namespace, one has the folder.
            (&[(root, 1), (link, 2)][..], 2),
            (&[(link, 3)][..], 3),
            (&[(FOLDER, 2)][..], 2),
        ] {
            assert_eq!(found(FOLDER, known), several, "{known:?}");
        }
        assert_eq!(found(r"\\contoso.example/files/reconcile/", &[(link, 2)]), 2);
    }

    #[test]
    fn only_paths_that_can_be_in_dfs_are_asked_for() {
        let asked = RefCell::new(Vec::new());
        let ask = |path: &str| {
            asked.borrow_mut().push(path.to_owned());
            None
        };
        for folder in [r"C:\claims", r"\\server", "/mnt/claims", FOLDER] {
            assert_eq!(several(folder, ask), None);
        }
        let all = [FOLDER, r"\\contoso.example\files\reconcile", r"\\contoso.example\files"];
        assert_eq!(asked.into_inner(), all);
    }
}
