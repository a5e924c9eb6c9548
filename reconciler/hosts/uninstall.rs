//! The installed components, from the entries of the Uninstall list: the rules that all readers of a registry share.

use std::collections::BTreeMap;

use reconcile_schema::{Build, Component, NameError, Product};

/// The place where Windows lists installed programs, below `HKEY_LOCAL_MACHINE` in the 64-bit view: scanners and
/// scripts use `DisplayName` and `DisplayVersion` of each entry. `Win32_Product` is not used, because it makes Windows
/// Installer check every product.
pub const LIST: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall";

/// The control panel's web components of Skype for Business Server 2019: the one key under Real-Time Communications
/// whose `Version` is known to follow a cumulative update (Microsoft Learn, Skype for Business Server 2019:
/// control-panel-auth-script). `{A593FD00-64F1-4288-A6F4-E699ED9DCA35}` stays at the original release and is never read.
pub const CONTROL_PANEL: &str = r"SOFTWARE\Microsoft\Real-Time Communications\{D00E3324-D7F8-4735-B4CF-206FE63FD577}";

/// One entry of the Uninstall list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Full path of the entry's key.
    pub key: String,
    /// `DisplayName`.
    pub name: String,
    /// `DisplayVersion`; none where the entry has no such value.
    pub version: Option<String>,
}

/// Why the installed components are unknown.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComponentError {
    /// An entry of a component has no version.
    #[error(r"{key}\DisplayVersion is missing; is an installation running?")]
    NoVersion {
        /// Full path of the entry's key.
        key: String,
    },
    /// The version of an entry is not a build.
    #[error(r"{key}\DisplayVersion: {cause}")]
    Version {
        /// Full path of the entry's key.
        key: String,
        cause: NameError,
    },
    /// Two entries have the name of the same component.
    #[error("expected one entry for {name}, found {first} and {second}")]
    Twice {
        /// The `DisplayName` of both.
        name: String,
        /// Full path of the first entry's key.
        first: String,
        /// Full path of the second entry's key.
        second: String,
    },
    /// The Uninstall key lists a product, but no entry has one of the names by which we recognise its Core Components, whose build
    /// is the product's.
    #[error(
        "no entry of the Uninstall key has a known name of Core Components, such as \"{}\"; found {}",
        Component::display_name(Product::Sfb2019, "Core Components"),
        listed(found, *more)
    )]
    NoCore {
        /// The listed names: the first few, each with its version.
        found: Vec<String>,
        /// How many more there are.
        more: usize,
    },
    /// The Uninstall list and Real-Time Communications contradict each other.
    #[error(
        "{name} is at {listed} by the Uninstall key and at {own} by Real-Time Communications; is an installation running?"
    )]
    Disagree {
        /// The component.
        name: String,
        /// Its build in the Uninstall list.
        listed: Build,
        /// Its build in Real-Time Communications.
        own: String,
    },
}

/// The installed components of all products, with their builds from the list, in its order. `own` is the `Version` at
/// [`CONTROL_PANEL`], if there is one.
///
/// # Errors
/// When a component is listed twice, without a build, or differently in the two places; or when a product is listed
/// without Core Components.
pub fn components(
    entries: impl IntoIterator<Item = Entry>,
    own: Option<String>,
) -> Result<Vec<Component>, ComponentError> {
    let mut components: Vec<Component> = Vec::new();
    let (mut keys, mut bearing, mut more) = (BTreeMap::new(), Vec::new(), 0);
    for entry in entries {
        if bearing.len() >= SHOWN {
            more += usize::from(Component::bears_a_products_name(&entry.name));
        } else if Component::bears_a_products_name(&entry.name) {
            let version = entry.version.as_deref().unwrap_or("no version");
            bearing.push(format!("\"{}\" {}", short(entry.name.clone()), short(version.to_owned())));
        }
        let Some((product, name)) = Component::from_display_name(&entry.name) else { continue };
        let key = short(entry.key);
        if let Some(first) = keys.insert((product, name.clone()), key.clone()) {
            return Err(ComponentError::Twice { name: short(entry.name), first, second: key });
        }
        let Some(version) = entry.version else { return Err(ComponentError::NoVersion { key }) };
        let build = version.parse().map_err(|error: NameError| {
            let cause = NameError { found: short(error.found), ..error };
            ComponentError::Version { key, cause }
        })?;
        components.push(Component { product, name, build });
    }
    let panel =
        components.iter().find(|known| known.product == Product::Sfb2019 && known.name.as_str().contains("macp"));
    if let (Some(own), Some(panel)) = (own, panel)
        && own.parse().as_ref() != Ok(&panel.build)
    {
        let (name, listed) = (panel.name.to_string(), panel.build.clone());
        return Err(ComponentError::Disagree { name, listed, own: short(own) });
    }
    // The names were seen in English only. An entry with another name may be the product, so this is not "not
    // installed".
    if !bearing.is_empty() && !components.iter().any(|component| component.name.is_core()) {
        return Err(ComponentError::NoCore { found: bearing, more });
    }
    Ok(components)
}

/// How many of the names that were found are shown.
const SHOWN: usize = 6;

fn listed(found: &[String], more: usize) -> String {
    let first = found.join(", ");
    if more == 0 { first } else { format!("{first} and {more} more") }
}

/// The part of somebody else's text that an error repeats.
pub(crate) fn short(text: String) -> String {
    if text.chars().nth(200).is_none() { text } else { text.chars().take(200).chain(['…']).collect() }
}

#[cfg(test)]
#[path = "uninstall_tests.rs"]
mod tests;
