//! Links within the repository. External targets are not fetched.

use std::{
    collections::BTreeSet,
    fs,
    path::{Component, Path, PathBuf},
};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::root;

/// A line for each broken link on a page.
pub fn broken(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(root().join(page)).unwrap();
    let targets = Parser::new_ext(&text, Options::ENABLE_TABLES).filter_map(|event| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(dest_url.to_string()),
        _ => None,
    });
    let within = targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:"));
    within.filter_map(|target| Some(format!("{}: {target}: {}", page.display(), why_broken(page, &target)?))).collect()
}

/// The reason why a link is broken, if it is.
fn why_broken(page: &Path, target: &str) -> Option<&'static str> {
    let (file, anchor) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
    let path = match file {
        "" => page.to_owned(),
        file => match resolved(page.parent().unwrap(), file) {
            Some(path) => path,
            None => return Some("it leads out of the repository"),
        },
    };
    if !root().join(&path).exists() {
        return Some("there is no such file");
    }
    match anchor {
        Some(_) if path.extension().is_none_or(|end| end != "md") => Some("only pages have headings"),
        Some(anchor) if !anchors(&path).contains(anchor) => Some("the page has no such heading"),
        Some(_) | None => None,
    }
}

/// A path relative to a folder of the repository.
fn resolved(folder: &Path, file: &str) -> Option<PathBuf> {
    let mut path = folder.to_owned();
    for part in Path::new(file).components() {
        match part {
            Component::ParentDir if !path.pop() => return None,
            Component::Normal(name) => path.push(name),
            Component::ParentDir | Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

/// The anchors that GitHub derives from the headings of a page.
fn anchors(page: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(page)).unwrap();
    let mut anchors = BTreeSet::new();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(words) | Event::Code(words) => {
                if let Some(heading) = &mut heading {
                    *heading += &words;
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let anchor = slug(&heading.take().unwrap());
                let again = (1..).map(|number| format!("{anchor}-{number}"));
                let first = std::iter::once(anchor.clone()).chain(again).find(|anchor| !anchors.contains(anchor));
                anchors.extend(first);
            }
            _ => {}
        }
    }
    anchors
}

fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|sign| sign.is_alphanumeric() || [' ', '-', '_'].contains(sign));
    kept.flat_map(char::to_lowercase).map(|sign| if sign == ' ' { '-' } else { sign }).collect()
}
