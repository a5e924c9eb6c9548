//! The differences between a registered task and the wanted one, element by element: the drift of the task.
//!
//! The Task Scheduler does not keep a definition as it was given: it changes the order of the elements, adds or removes
//! defaults, and dates the registration. None of this is a difference.

use std::collections::BTreeMap;

use reconcile_schema::TaskDifference;

use super::document::Element;
use super::duration::read;
use super::place::PATH;

/// The differences; none where the registered task does what is wanted.
#[must_use]
pub fn differences(wanted: &Element, found: &Element) -> Vec<TaskDifference> {
    let mut differences = Vec::new();
    compare("", wanted, found, &mut differences);
    differences
}

/// A difference in a line.
#[must_use]
pub fn told(difference: &TaskDifference) -> String {
    let said = |text: &Option<String>| text.clone().unwrap_or_else(|| "nothing".into());
    format!("{}: expected {}, found {}", difference.element, said(&difference.expected), said(&difference.found))
}

fn compare(path: &str, wanted: &Element, found: &Element, differences: &mut Vec<TaskDifference>) {
    for (name, value) in &wanted.attributes {
        let other = found.attributes.iter().find(|(other, _)| other == name).map(|(_, value)| value);
        // An attribute that is missing, or that names the schema, does not change what the task does.
        if let Some(other) = other.filter(|other| !matches!(name.as_str(), "version" | "xmlns") && *other != value) {
            differences.push(difference(&format!("{path}@{name}"), Some(value.clone()), Some(other.clone())));
        }
    }
    let (mut wanted_by_name, mut found_by_name) = (by_name(wanted), by_name(found));
    for element in &wanted.elements {
        let path = below(path, &element.name);
        let Some(element) = take(&mut wanted_by_name, &element.name) else { continue };
        match take(&mut found_by_name, &element.name) {
            Some(other) if element.elements.is_empty() && other.elements.is_empty() => {
                if !same(&element.name, &element.text, &other.text) {
                    differences.push(difference(&path, Some(said(element)), Some(said(other))));
                }
            }
            Some(other) => compare(&path, element, other, differences),
            None if default(&wanted.name, &element.name)
                .is_some_and(|text| same(&element.name, &element.text, text)) => {}
            None => differences.push(difference(&path, Some(said(element)), None)),
        }
    }
    for extra in found_by_name.into_values().flatten() {
        let unasked = default(&found.name, &extra.name).is_some_and(|text| same(&extra.name, &extra.text, text));
        if !unasked && !says_nothing(&found.name, wanted, &extra.name) {
            differences.push(difference(&below(path, &extra.name), None, Some(said(extra))));
        }
    }
}

/// The elements of an element by their names, the first of each name last.
fn by_name(element: &Element) -> BTreeMap<&str, Vec<&Element>> {
    let mut elements: BTreeMap<&str, Vec<&Element>> = BTreeMap::new();
    for element in element.elements.iter().rev() {
        elements.entry(element.name.as_str()).or_default().push(element);
    }
    elements
}

fn take<'a>(elements: &mut BTreeMap<&str, Vec<&'a Element>>, name: &str) -> Option<&'a Element> {
    elements.get_mut(name)?.pop()
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.into() } else { format!("{path}/{name}") }
}

fn difference(element: &str, expected: Option<String>, found: Option<String>) -> TaskDifference {
    TaskDifference { element: element.into(), expected, found }
}

/// The value of an element: its text, or its elements.
fn said(element: &Element) -> String {
    if element.elements.is_empty() {
        return element.text.clone();
    }
    let inside = element.elements.iter().map(|inner| match said(inner) {
        text if text.is_empty() => inner.name.clone(),
        text => format!("{} {text}", inner.name),
    });
    inside.collect::<Vec<_>>().join(", ")
}

/// Whether two texts of an element mean the same.
fn same(name: &str, one: &str, other: &str) -> bool {
    let truth = |text: &str| match text.trim() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    };
    match name {
        // Without this, a number could be read as a boolean.
        "Priority" | "Arguments" | "Description" | "Author" => one == other,
        // Windows ignores case in the names of accounts and files.
        "UserId" | "Command" => one.to_lowercase() == other.to_lowercase(),
        _ => {
            let periods = || matches!((read(one), read(other)), (Some(one), Some(other)) if one == other);
            let truths = || matches!((truth(one), truth(other)), (Some(one), Some(other)) if one == other);
            one == other || periods() || truths()
        }
    }
}

/// The value that applies where an element is left out (Microsoft Learn: the complex types of the Task Scheduler
/// Schema; for `ExecutionTimeLimit`, `TaskSettings.ExecutionTimeLimit property`).
fn default(parent: &str, name: &str) -> Option<&'static str> {
    Some(match (parent, name) {
        ("RegistrationInfo", "URI") => PATH, // The place where the task was found.
        ("BootTrigger" | "TimeTrigger" | "Settings", "Enabled") => "true",
        ("BootTrigger", "Delay") | ("TimeTrigger", "RandomDelay") => "PT0S",
        ("Repetition", "StopAtDurationEnd") => "false",
        ("Principal", "RunLevel") => "LeastPrivilege",
        ("Settings", "MultipleInstancesPolicy") => "IgnoreNew",
        ("Settings", "DisallowStartIfOnBatteries" | "StopIfGoingOnBatteries") => "true",
        ("Settings", "AllowHardTerminate" | "AllowStartOnDemand") => "true",
        ("Settings", "StartWhenAvailable" | "RunOnlyIfNetworkAvailable" | "RunOnlyIfIdle") => "false",
        ("Settings", "WakeToRun" | "Hidden" | "DisallowStartOnRemoteAppSession" | "Volatile") => "false",
        ("Settings", "ExecutionTimeLimit") => "PT72H",
        ("Settings", "Priority") => "7",
        ("IdleSettings", "StopOnIdleEnd") => "true",
        ("IdleSettings", "RestartOnIdle") => "false",
        _ => return None,
    })
}

/// Whether an element that we do not write changes nothing in what the task does, whatever its value.
fn says_nothing(parent: &str, wanted: &Element, name: &str) -> bool {
    match (parent, name) {
        // It is filled in when the task is registered ([MS-TSCH] 2.5.2).
        ("RegistrationInfo", "Date") => true,
        // It selects the part of the service that runs the task.
        ("Settings", "UseUnifiedSchedulingEngine") => true,
        // No longer used (Microsoft Learn: IdleSettings (settingsType) Element), and the task does not wait for idleness.
        ("IdleSettings", "Duration" | "WaitTimeout") => true,
        // Without a wanted logon type nobody logs on: SYSTEM.
        ("Principal", "LogonType") => wanted.at("UserId").is_some() && wanted.at("LogonType").is_none(),
        _ => false,
    }
}
