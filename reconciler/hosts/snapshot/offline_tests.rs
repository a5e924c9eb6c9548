//! What an offline registry shows, in every form, and how damaged ones are handled: never a panic, never a hang.

use std::{collections::BTreeMap, time::Instant};

use super::*;
use crate::snapshot::keys::{VALUES, ended};
use crate::utf16::utf16;

/// Written by `hivexregedit`.
const HIVE: &[u8] = include_bytes!("../testdata/software.hiv");
/// The source of that hive.
const EXPORT: &str = include_str!("../testdata/software.reg");
/// Written by `reg.exe`.
const REG_EXE: &[u8] = include_bytes!("../testdata/uninstall.reg");

/// The components, or why they are unknown.
pub(super) fn told(seen: &Offline) -> String {
    match &seen.components {
        Fact::Known(found) => {
            found.iter().map(|one| format!("{} {} {}\n", one.product.key(), one.name, one.build)).collect()
        }
        Fact::Unknown(why) => format!("unknown: {why}"),
        Fact::NotLooked => "not looked".to_owned(),
    }
}

const BOTH: &str = "sfb-2019 core-components 7.0.2046.530\nsfb-2019 front-end-server 7.0.2046.544\n";

fn export(below: &str, lines: &str) -> Offline {
    let text = format!("Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\{below}]\r\n{lines}\r\n");
    Offline::from_export(text.as_bytes()).unwrap()
}

#[test]
fn the_same_server_is_told_from_every_form() {
    assert_eq!(told(&Offline::from_hive(HIVE).unwrap()), BOTH);
    assert_eq!(told(&Offline::from_export(EXPORT.as_bytes()).unwrap()), BOTH);
    assert_eq!(told(&Offline::from_export(REG_EXE).unwrap()), BOTH);
}

#[test]
fn the_form_is_told_from_the_content() {
    for (bytes, export, hive) in [
        (HIVE, false, true),
        (EXPORT.as_bytes(), true, false),
        (REG_EXE, true, false),
        (b"{}", false, false),
        (b"", false, false),
    ] {
        assert_eq!((Offline::is_export(bytes), Offline::is_hive(bytes)), (export, hive));
    }
    let error = Offline::from_export(HIVE).unwrap_err().to_string();
    assert!(error.contains("expected a registry export") && error.contains("reg export HKLM"), "{error}");
    let error = Offline::from_hive(REG_EXE).unwrap_err().to_string();
    assert!(error.contains("expected a registry hive") && error.contains("reg save HKLM"), "{error}");
}

#[test]
fn a_list_that_is_not_there_is_unknown_and_one_without_a_component_is_empty() {
    let why = told(&export(r"SOFTWARE\Microsoft", ""));
    assert!(why.contains(r"expected the key HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"), "{why}");
    assert!(why.contains(r"`reg export HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall NAME.reg"), "{why}");

    let entry =
        "\"DisplayName\"=\"Skype for Business Server 2019, Core Components\"\r\n\"DisplayVersion\"=\"7.0.2046.530\"";
    let why = told(&export(&format!(r"{LIST}\{{A}}"), entry));
    assert!(why.starts_with("unknown: expected the key"), "one entry is no list: {why}");
    let why = told(&export(r"SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall", ""));
    assert!(why.starts_with("unknown: expected the key"), "the 32-bit view does not count: {why}");

    let empty =
        export(LIST, &format!("\r\n[HKEY_LOCAL_MACHINE\\{LIST}\\{{B}}]\r\n\"DisplayName\"=\"Another program\""));
    assert_eq!(empty.components, Fact::Known(Shared::default()));
}

#[test]
fn a_version_that_is_no_text_or_no_build_is_unknown_and_names_its_key() {
    let with = |version: &str| {
        let name = "\"DisplayName\"=\"Skype for Business Server 2019, Core Components\"";
        told(&export(LIST, &format!("\r\n[HKEY_LOCAL_MACHINE\\{LIST}\\{{A}}]\r\n{name}\r\n{version}")))
    };
    assert_eq!(
        with("\"DisplayVersion\"=dword:00000007"),
        format!(r"unknown: HKLM\{LIST}\{{A}}\DisplayVersion should hold a short text and holds something else")
    );
    assert!(with("\"DisplayVersion\"=\"7.0\"").contains("expected a build of four numbers"));
    assert!(with("").contains(r"{A}\DisplayVersion is missing"));
    let long = with(&format!("\"DisplayVersion\"=\"{}\"", "7".repeat(100_000)));
    assert!(long.chars().count() < 500, "{long}");
}

#[test]
fn the_control_panel_is_held_against_its_own_key() {
    let panel = |own: &str| {
        let name = "\"DisplayName\"=\"Skype for Business Server 2019, MACP Web Components\"";
        let entry = format!("[HKEY_LOCAL_MACHINE\\{LIST}\\{{A}}]\r\n{name}\r\n\"DisplayVersion\"=\"7.0.2046.530\"\r\n");
        let name = "\"DisplayName\"=\"Skype for Business Server 2019, Core Components\"";
        let core = format!("[HKEY_LOCAL_MACHINE\\{LIST}\\{{B}}]\r\n{name}\r\n\"DisplayVersion\"=\"7.0.2046.530\"\r\n");
        told(&export(LIST, &format!("{entry}\r\n{core}\r\n[HKEY_LOCAL_MACHINE\\{CONTROL_PANEL}]\r\n{own}")))
    };
    let both = "sfb-2019 macp-web-components 7.0.2046.530\nsfb-2019 core-components 7.0.2046.530\n";
    assert_eq!(panel(""), both);
    assert_eq!(panel("\"Version\"=\"7.0.2046.530\""), both);
    assert!(panel("\"Version\"=\"7.0.2046.216\"").contains("at 7.0.2046.216 by Real-Time Communications"));
    assert!(panel("\"Version\"=dword:00000001").contains(r"\Version should hold a short text"));
}

#[test]
fn a_restart_that_somebody_asked_for_is_known_and_its_absence_is_not() {
    assert!(matches!(export(LIST, "").reboot, Fact::Unknown(why) if why.contains("SYSTEM")));
    let stays = |path: &str| path.ends_with("PackagesPending");
    for Asking { whose, path, .. } in ASKING {
        let (source, of_windows) = (format!(r"HKLM\{path}"), !stays(path));
        assert_eq!(
            export(path, "").reboot,
            Fact::Known(vec![Pending { who: whose.to_owned(), source, of_windows, files: Vec::new() }])
        );
    }
}

#[test]
fn more_than_the_limit_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("SOFTWARE");
    std::fs::File::create(&path).unwrap().set_len(10 << 30).unwrap();
    let error = read_limited(&path, HIVE_LIMIT).unwrap_err().to_string();
    assert!(error.starts_with("expected at most 256 MiB, found 10737418240 bytes"), "{error}");
    let error = read_limited(&folder.path().join("none"), HIVE_LIMIT).unwrap_err().to_string();
    assert!(error.contains("none") && error.contains("make sure that the file exists"), "{error}");
    std::fs::write(&path, HIVE).unwrap();
    assert_eq!(read_limited(&path, HIVE_LIMIT).unwrap(), HIVE);
    assert!(read_limited(&path, HIVE.len() as u64 - 1).is_err());

    let large = vec![0; usize::try_from(HIVE_LIMIT).unwrap() + 1];
    assert!(matches!(Offline::from_hive(&large), Err(OfflineError::TooLarge { .. })));
    assert!(matches!(Offline::from_export(&large[..=64 << 20]), Err(OfflineError::TooLarge { .. })));
}

/// A generator that gives the same numbers in every run.
struct Xorshift(u64);

impl Xorshift {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }

    /// Truncated, with some bytes changed, or with two blocks swapped; often several of these.
    fn mutant(&mut self, of: &[u8]) -> Vec<u8> {
        let mut bytes = of.to_vec();
        for _ in 0..=self.below(3) {
            let end = bytes.len();
            match self.below(4) {
                0 if end > 1 => bytes.truncate(self.below(end)),
                1 if end > 128 => {
                    let (block, one, other) = (1 + self.below(64), self.below(end - 64), self.below(end - 64));
                    for at in 0..block {
                        bytes.swap(one + at, other + at);
                    }
                }
                2 if end > 4 => {
                    let at = self.below(end / 4) * 4;
                    let word = [0u32, 1, 0xffff, 0x7fff_ffff, 0x8000_0000, u32::MAX][self.below(6)];
                    bytes.splice(at..(at + 4).min(end), word.to_le_bytes());
                }
                _ => {
                    for _ in 0..=self.below(8) {
                        let at = self.below(bytes.len().max(1));
                        let bit = 1 << self.below(8);
                        bytes.get_mut(at).into_iter().for_each(|byte| *byte ^= bit);
                    }
                }
            }
        }
        bytes
    }
}

/// Runs `count` mutants and returns how many were still readable. None may take long.
fn survivors(of: &[u8], count: usize, read: impl Fn(Vec<u8>) -> bool) -> usize {
    let mut random = Xorshift(0x9e37_79b9_7f4a_7c15);
    (0..count)
        .filter(|number| {
            let mutant = random.mutant(of);
            #[expect(clippy::disallowed_methods, reason = "the time that a look takes is what is tested")]
            let start = Instant::now();
            let survived = read(mutant);
            assert!(start.elapsed().as_secs() < 5, "mutant {number} took {:?}", start.elapsed());
            survived
        })
        .count()
}

#[test]
fn a_damaged_export_is_refused_or_read_but_nothing_else() {
    let wide: Vec<u8> = [0xfe, 0xff].into_iter().chain(EXPORT.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    let old = EXPORT.replacen("Windows Registry Editor Version 5.00", "REGEDIT4", 1);
    for of in [EXPORT.as_bytes(), REG_EXE, &wide, old.as_bytes()] {
        let read = survivors(of, 5_000, |mutant| Offline::from_export(&mutant).is_ok());
        assert!((100..4_900).contains(&read), "{read} of 5,000");
    }
}

/// The texts of the entries, as our reader reads them.
fn texts(keys: &Keys) -> BTreeMap<String, String> {
    let entries = keys.iter().filter(|(path, _)| is_entry(path));
    let texts = entries.flat_map(|(path, key)| key.values.iter().map(move |(name, value)| (path, name, value)));
    let text = |value: &Value| match value {
        Value::Text(text) => Some(text.clone()),
        Value::Other => None,
    };
    // The other reader ends a name at a NUL, which a name may contain.
    let named = |path: &str, name| format!(r"{}\{name}", path.split('\0').next().unwrap_or_default());
    texts.filter_map(|(path, name, value)| Some((named(path, name), text(value)?))).collect()
}

/// The same from another reader; none where it refuses the hive.
fn texts_by_regf(bytes: Vec<u8>) -> Option<BTreeMap<String, String>> {
    let hive = regf::RegistryHive::from_bytes(bytes).ok().filter(|hive| !hive.is_dirty())?;
    let list = LIST.strip_prefix(r"SOFTWARE\").unwrap();
    let mut texts = BTreeMap::new();
    for entry in hive.open_key(list).ok()?.subkeys().ok()? {
        for value in entry.values().ok()? {
            let length = value.raw_value().value_name.len();
            let whole = |name: &str| length == name.len() || length == 2 * name.len();
            let name = VALUES.into_iter().find(|name| name.eq_ignore_ascii_case(&value.name()) && whole(name));
            let data = value.raw_data().ok()?;
            if let Some(name) = name
                && matches!(value.raw_data_type(), 1 | 2)
                && !value.raw_value().is_data_resident()
            {
                let path = format!(r"{LIST}\{}", entry.name()).to_ascii_lowercase();
                texts.insert(format!(r"{path}\{name}"), ended(utf16(&data, u16::from_le_bytes)));
            }
        }
    }
    Some(texts)
}

#[test]
fn a_damaged_hive_is_refused_or_read_as_another_reader_reads_it() {
    let agreed = std::cell::Cell::new(0);
    let read = survivors(HIVE, 5_000, |mutant| {
        let seen = hive::keys(&mutant);
        assert_eq!(seen.is_ok(), Offline::from_hive(&mutant).is_ok());
        // The other reader checks the whole hive and refuses more. Hives that it accepts must give the same result.
        if let Some(theirs) = texts_by_regf(mutant) {
            assert_eq!(seen.as_ref().map(|(keys, _)| texts(keys)).ok(), Some(theirs));
            agreed.set(agreed.get() + 1);
        }
        seen.is_ok()
    });
    assert!((100..4_900).contains(&read) && agreed.get() > 100, "{read} of 5,000, {} by both", agreed.get());
}

#[test]
fn a_hive_that_is_cut_off_is_refused_wherever_it_is_cut() {
    for end in 0..HIVE.len() {
        assert!(Offline::from_hive(&HIVE[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn an_export_that_is_cut_off_never_has_another_build() {
    let whole = Offline::from_export(EXPORT.as_bytes()).unwrap();
    for end in 0..EXPORT.len() {
        let Ok(cut) = Offline::from_export(&EXPORT.as_bytes()[..end]) else { continue };
        assert!(EXPORT[..end].ends_with('\n'), "the middle of a line is noticed");
        let found = cut.components.known().cloned().unwrap_or_default();
        assert!(whole.components.known().unwrap().starts_with(&found), "cut at {end}: {}", told(&cut));
    }
}
