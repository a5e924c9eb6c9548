//! The registry reader, on a small volatile registry of its own below HKEY_CURRENT_USER.

use windows_registry::{CURRENT_USER, Type};

use super::*;

/// The registry of one test; removed when the test ends.
pub struct Scratch(pub Registry);

impl Scratch {
    pub fn new(test: &str) -> Self {
        let prefix = format!(r"Software\reconcile-test-{}-{test}\", std::process::id());
        Self(Registry { root: CURRENT_USER, root_name: "HKCU", prefix })
    }

    fn key(&self, path: &str) -> Key {
        let path = format!("{}{path}", self.0.prefix);
        CURRENT_USER
            .options()
            .read()
            .write()
            .create()
            .volatile()
            .wow64_64()
            .open(path)
            .expect("a test key can be created")
    }

    pub fn text(&self, path: &str, name: &str, value: &str) {
        self.key(path).set_string(name, value).expect("a value can be written");
    }

    pub fn number(&self, path: &str, name: &str, value: u32) {
        self.key(path).set_u32(name, value).expect("a value can be written");
    }

    pub fn control_panel(&self, version: &str) {
        let key = self.key(CONTROL_PANEL);
        key.set_string("Version", version).expect("a value can be written");
    }

    pub fn product(&self, id: &str, name: &str, version: &str) {
        let key = self.key(&format!(r"{LIST}\{id}"));
        key.set_string("DisplayName", name).expect("a value can be written");
        key.set_string("DisplayVersion", version).expect("a value can be written");
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = CURRENT_USER.remove_tree(self.0.prefix.trim_end_matches('\\'));
    }
}

#[test]
fn an_empty_machine_has_nothing_installed_and_nothing_pending() {
    let scratch = Scratch::new("empty");
    assert_eq!(scratch.0.installed(), Ok(vec![]));
    assert_eq!(scratch.0.pending_restarts(), Ok(vec![]));
    assert_eq!(scratch.0.in_progress(), Ok(None));
    assert_eq!(scratch.0.control_panel_version(), Ok(None));
}

#[test]
fn only_the_wanted_products_are_listed_with_their_versions() {
    let scratch = Scratch::new("installed");
    scratch.product("{B}", "Skype for Business Server 2019, Web Components Server", "7.0.2046.530");
    scratch.product("{A}", "Skype for Business Server 2019, Core Components", "7.0.2046.544");
    scratch.product("{C}", "Another program", "1.0");
    scratch.key(&format!(r"{LIST}\no name"));
    let found = scratch.0.installed().expect("readable");
    let listed: Vec<_> = found.iter().map(|entry| (entry.name.as_str(), entry.version.as_deref())).collect();
    assert_eq!(
        listed,
        [
            ("Skype for Business Server 2019, Core Components", Some("7.0.2046.544")),
            ("Skype for Business Server 2019, Web Components Server", Some("7.0.2046.530")),
        ]
    );
    assert!(
        found.iter().all(|entry| entry.key.starts_with(r"HKCU\Software\") && entry.key.contains(LIST)),
        "{found:?}"
    );
}

#[test]
fn a_version_that_is_missing_is_none_and_one_that_is_no_text_is_an_error_with_its_place() {
    let scratch = Scratch::new("version");
    let key = scratch.key(&format!(r"{LIST}\{{A}}"));
    key.set_string("DisplayName", "Skype for Business Server 2019, Core Components").expect("written");
    assert_eq!(scratch.0.installed().expect("readable").first().and_then(|entry| entry.version.clone()), None);

    key.set_u32("DisplayVersion", 7).expect("written");
    let error = scratch.0.installed().expect_err("a number is no version").to_string();
    assert!(error.contains(r"Uninstall\{A}\DisplayVersion should hold text"), "{error}");
}

#[test]
fn a_product_of_the_32_bit_view_does_not_count() {
    let scratch = Scratch::new("view");
    // The root of the test is below HKEY_CURRENT_USER\Software, which is shared; the machine's is redirected.
    let path = format!(r"SOFTWARE\reconcile-test-{}-view\{LIST}\{{A}}", std::process::id());
    let key = LOCAL_MACHINE
        .options()
        .read()
        .write()
        .create()
        .volatile()
        .wow64_32()
        .open(&path)
        .expect("a test key can be created");
    key.set_string("DisplayName", "Skype for Business Server 2019, Core Components").expect("written");
    let registry = Registry {
        root: LOCAL_MACHINE,
        root_name: "HKLM",
        prefix: format!(r"SOFTWARE\reconcile-test-{}-view\", std::process::id()),
    };
    let found = registry.installed();
    let there = LOCAL_MACHINE.options().read().wow64_32().open(&path).is_ok();
    let top = LOCAL_MACHINE.options().read().write().access(0x1_0000).wow64_32().open("SOFTWARE").expect("opens");
    let _ = top.remove_tree(format!("reconcile-test-{}-view", std::process::id()));
    assert!(there, "the test wrote its key");
    assert_eq!(found, Ok(vec![]));
    drop(scratch);
}

#[test]
fn every_wish_for_a_restart_names_who_asks() {
    let scratch = Scratch::new("pending");
    scratch.key(r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending");
    scratch.key(r"SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired");
    let names = [r"\??\C:\old.dll", "", r"\??\C:\a.tmp", r"!\??\C:\a.dll", r"\??\C:\b.tmp", ""];
    let units: Vec<u8> = names.join("\0").encode_utf16().chain([0, 0]).flat_map(u16::to_le_bytes).collect();
    scratch.key(SESSION_MANAGER).set_bytes("PendingFileRenameOperations", Type::MultiString, &units).expect("written");
    scratch.key(&format!(r"{COMPUTER_NAME}\ActiveComputerName")).set_string("ComputerName", "FE01").expect("written");
    scratch.key(&format!(r"{COMPUTER_NAME}\ComputerName")).set_string("ComputerName", "FE02").expect("written");

    let pending = scratch.0.pending_restarts().expect("readable");
    let said: Vec<_> = pending.iter().map(|one| (one.whose, one.detail.as_deref())).collect();
    assert_eq!(
        said,
        [
            ("Windows servicing", None),
            ("Windows Update", None),
            ("files to be replaced or deleted at the next start", Some(r"C:\old.dll, C:\a.tmp and 2 more")),
            ("a new computer name", Some("FE01 becomes FE02")),
        ]
    );
}

#[test]
fn an_empty_rename_list_asks_for_nothing() {
    let scratch = Scratch::new("norename");
    scratch
        .key(SESSION_MANAGER)
        .set_bytes("PendingFileRenameOperations", Type::MultiString, &[0, 0, 0, 0])
        .expect("written");
    assert_eq!(scratch.0.pending_restarts(), Ok(vec![]));
}

#[test]
fn an_installation_in_progress_is_seen() {
    let scratch = Scratch::new("progress");
    scratch.key(&format!(r"{INSTALLER}\InProgress"));
    let found = scratch.0.in_progress().expect("readable").expect("there");
    assert!(found.ends_with(r"Installer\InProgress"), "{found}");
}

#[test]
fn the_control_panel_gives_its_version() {
    let scratch = Scratch::new("macp");
    scratch.control_panel("7.0.2046.216");
    assert_eq!(scratch.0.control_panel_version(), Ok(Some("7.0.2046.216".to_owned())));
}
