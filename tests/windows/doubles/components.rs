//! The installed components, from the registry's Uninstall key.

use windows_registry::{Key, LOCAL_MACHINE, Result};

const UNINSTALL: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall";

pub struct Component {
    /// Its `DisplayName`.
    pub name: String,
    /// Its `DisplayVersion`.
    pub version: String,
    code: String,
}

impl Component {
    pub fn set_version(&self, version: &str) -> Result<()> {
        key(&self.code, true)?.set_string("DisplayVersion", version)
    }
}

/// Every installed component, in the order of their names.
pub fn installed() -> Result<Vec<Component>> {
    let mut components = Vec::new();
    for code in LOCAL_MACHINE.open(UNINSTALL)?.keys()? {
        let key = key(&code, false)?;
        if let (Ok(name), Ok(version)) = (key.get_string("DisplayName"), key.get_string("DisplayVersion")) {
            components.push(Component { name, version, code });
        }
    }
    components.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(components)
}

fn key(code: &str, write: bool) -> Result<Key> {
    let mut options = LOCAL_MACHINE.options();
    options.read();
    if write {
        options.write();
    }
    options.open(format!(r"{UNINSTALL}\{code}"))
}
