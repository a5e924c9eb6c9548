//! Hives of every shape that Windows writes, and of some that it never would.

use super::super::Offline;
use super::*;

/// Cells one after the other, and a base block in front of them.
#[derive(Default)]
struct Writer(Vec<u8>);

const NONE: u32 = u32::MAX;

impl Writer {
    fn cell(&mut self, data: &[u8]) -> u32 {
        let at = self.0.len();
        let size = (4 + data.len()).next_multiple_of(8);
        self.0.extend((-i32::try_from(size).unwrap()).to_le_bytes());
        self.0.extend(data);
        self.0.resize(at + size, 0);
        u32::try_from(at).unwrap()
    }

    /// A list of 32-bit numbers behind a signature and their count, or alone.
    fn list(&mut self, signature: &[u8], numbers: &[u32]) -> u32 {
        let mut data = signature.to_vec();
        if !signature.is_empty() {
            let per = if matches!(signature, b"lf" | b"lh") { 2 } else { 1 };
            data.extend(u16::try_from(numbers.len() / per).unwrap().to_le_bytes());
        }
        data.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        self.cell(&data)
    }

    fn key(&mut self, name: &[u8], flags: u16, keys: (u32, u32), values: (u32, u32)) -> u32 {
        let mut data = [0; 76];
        data[..2].copy_from_slice(b"nk");
        data[2..4].copy_from_slice(&flags.to_le_bytes());
        for (at, number) in [(20, keys.0), (28, keys.1), (36, values.0), (40, values.1)] {
            data[at..at + 4].copy_from_slice(&number.to_le_bytes());
        }
        data[72..74].copy_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
        self.cell(&[&data, name].concat())
    }

    fn value(&mut self, name: &[u8], flags: u16, kind: u32, size: u32, data: u32) -> u32 {
        let mut value = b"vk".to_vec();
        value.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        value.extend([size, data, kind].into_iter().flat_map(u32::to_le_bytes));
        value.extend([flags, 0].into_iter().flat_map(u16::to_le_bytes));
        value.extend(name);
        self.cell(&value)
    }

    fn text(&mut self, name: &str, text: &str) -> u32 {
        let bytes = wide(text);
        let data = self.cell(&bytes);
        self.value(name.as_bytes(), 1, 1, u32::try_from(bytes.len()).unwrap(), data)
    }

    fn entry(&mut self, name: &str, values: &[u32]) -> u32 {
        let list = self.list(b"", values);
        self.key(name.as_bytes(), 0x20, (0, NONE), (u32::try_from(values.len()).unwrap(), list))
    }

    /// Adds an Uninstall key with these keys below a root.
    fn done(mut self, keys: (u32, u32)) -> Vec<u8> {
        let mut key = self.key(b"Uninstall", 0x20, keys, (0, NONE));
        for name in ["CurrentVersion", "Windows", "Microsoft", "root"] {
            let list = self.list(b"li", &[key]);
            key = self.key(name.as_bytes(), 0x20, (1, list), (0, NONE));
        }
        let mut base = vec![0; BASE];
        let size = u32::try_from(self.0.len()).unwrap();
        base[..4].copy_from_slice(b"regf");
        for (at, number) in [(4, 7), (8, 7), (20, 1), (24, 5), (36, key), (40, size)] {
            base[at..at + 4].copy_from_slice(&u32::to_le_bytes(number));
        }
        sealed([base, self.0].concat())
    }
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Adds the checksum to its base block.
fn sealed(mut hive: Vec<u8>) -> Vec<u8> {
    let sum = hive[..508].as_chunks().0.iter().fold(0, |sum, word| sum ^ u32::from_le_bytes(*word));
    hive[508..512].copy_from_slice(&sum.to_le_bytes());
    hive
}

const CORE: &str = "Skype for Business Server 2019, Core Components";

/// The components with their builds.
fn told(hive: &[u8]) -> Vec<String> {
    let seen = Offline::from_hive(hive).unwrap();
    seen.components.known().unwrap().iter().map(|one| format!("{} {}", one.name, one.build)).collect()
}

fn why(hive: &[u8]) -> String {
    Offline::from_hive(hive).unwrap_err().to_string()
}

/// A hive of the crate `regf`, whose lists have hashes.
fn by_regf() -> Vec<u8> {
    let mut hive = regf::HiveBuilder::new().unwrap();
    let list = LIST.strip_prefix(r"SOFTWARE\").unwrap();
    for number in 0..60 {
        let path = format!(r"{list}\{{{number:03}}}");
        hive.create_key(&path).unwrap();
        let name = if number == 30 { CORE.to_owned() } else { format!("Program {number}") };
        hive.add_value_dword(&path, Some("EstimatedSize"), number).unwrap();
        hive.add_value_string(&path, Some("DisplayName"), &name).unwrap();
        hive.add_value_string(&path, Some("DisplayVersion"), &format!("7.0.2046.{number}")).unwrap();
    }
    let bits = format!(r"WOW6432Node\{list}\{{X}}");
    hive.create_key(&bits).unwrap();
    hive.add_value_string(&bits, Some("DisplayName"), "Microsoft Lync Server 2013, Core Components").unwrap();
    hive.create_key(r"Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired").unwrap();
    hive.to_bytes().unwrap()
}

#[test]
fn a_hive_by_another_writer_is_read() {
    let bytes = by_regf();
    assert_eq!(told(&bytes), ["core-components 7.0.2046.30"]);
    let seen = Offline::from_hive(&bytes).unwrap();
    assert_eq!(seen.reboot.known().unwrap().first().unwrap().who, "Windows Update");
    assert!(seen.written > Some(Timestamp::UNIX_EPOCH), "{:?}", seen.written);
}

#[test]
fn every_kind_of_list_and_of_name_is_read() {
    for kind in ["lf", "lh", "li", "ri"] {
        let mut writer = Writer::default();
        let version = writer.text("DisplayVersion", "7.0.2046.530\0");
        let data = wide(CORE);
        let at = writer.cell(&data);
        let name = writer.value(&wide("displayNAME"), 0, 2, u32::try_from(data.len()).unwrap(), at);
        let values = writer.list(b"", &[version, name]);
        let core = writer.key(&wide("{é}"), 0, (0, NONE), (2, values));
        let other = writer.entry("Other", &[]);
        let list = match kind {
            "lf" | "lh" => writer.list(kind.as_bytes(), &[core, 0, other, 0]),
            "li" => writer.list(b"li", &[core, other]),
            _ => {
                let leaves = [writer.list(b"lh", &[core, 0]), writer.list(b"li", &[other])];
                writer.list(b"ri", &leaves)
            }
        };
        assert_eq!(told(&writer.done((2, list))), ["core-components 7.0.2046.530"], "{kind}");
    }
}

#[test]
fn a_name_that_is_no_short_text_is_not_ours_and_such_a_version_is_unknown() {
    let mut writer = Writer::default();
    let long = writer.text("DisplayName", &format!("{CORE}{}", " ".repeat(300)));
    let number = writer.value(b"DisplayName", 1, 4, 1 << 31 | 4, 7);
    let empty = writer.value(b"DisplayName", 1, 1, 0, NONE);
    let name = writer.text("DisplayName", CORE);
    let version = writer.value(b"DisplayVersion", 1, 4, 1 << 31 | 4, 7);
    let others = [("1", long), ("2", number), ("3", empty)].map(|(key, value)| writer.entry(key, &[value]));
    let core = writer.entry("{A}", &[name, version]);
    let [one, two, three] = others;
    let list = writer.list(b"li", &[one, two, three, core]);
    let seen = Offline::from_hive(&writer.done((4, list))).unwrap();
    let said = format!("{:?}", seen.components);
    assert!(said.contains(r"Uninstall\\{A}\\DisplayVersion should hold a short text"), "{said}");
}

#[test]
fn the_time_is_that_of_the_latest_change() {
    let mut hive = by_regf();
    let time = |text: &str| u64::try_from(text.parse::<Timestamp>().unwrap().as_nanosecond() / 100).unwrap();
    let ticks = time("2030-01-02T03:04:05Z") + 116_444_736_000_000_000;
    hive[12..20].copy_from_slice(&ticks.to_le_bytes());
    let written = |hive: Vec<u8>| Offline::from_hive(&sealed(hive)).unwrap().written;
    assert_eq!(written(hive.clone()), Some("2030-01-02T03:04:05Z".parse().unwrap()));
    hive[12..20].fill(0xff);
    assert_eq!(written(hive.clone()), None, "a time that no calendar has");
    hive[12..20].fill(0);
    assert!(written(hive).unwrap() < "2030-01-01T00:00:00Z".parse().unwrap(), "that of a key");
    let mut writer = Writer::default();
    let list = writer.list(b"li", &[]);
    assert_eq!(written(writer.done((0, list))), None);
}

#[test]
fn a_hive_that_was_in_use_is_refused() {
    let mut hive = by_regf();
    hive[4] ^= 1;
    assert!(why(&hive).contains("expected the checksum"), "{}", why(&hive));
    let error = why(&sealed(hive));
    assert!(error.contains("was copied while Windows used it") && error.contains("reg save HKLM"), "{error}");
}

#[test]
fn lists_that_lead_in_circles_come_to_an_end() {
    // One list of 65,535 keys, named 65,535 times: more than four thousand million keys in less than a mebibyte.
    let mut writer = Writer::default();
    let key = writer.entry("a", &[]);
    let leaf = writer.list(b"li", &vec![key; 65_535]);
    let root = writer.list(b"ri", &vec![leaf; 65_535]);
    for (count, expected) in [(u32::MAX, "500000 reads"), (400_000, "as many keys as their parent says")] {
        let hive = Writer(writer.0.clone()).done((count, root));
        assert!(hive.len() < 1 << 20);
        assert!(why(&hive).contains(expected), "{}", why(&hive));
    }

    // A list that names itself.
    let mut writer = Writer::default();
    let itself = writer.list(b"ri", &[0, 0, 0]);
    assert!(why(&writer.done((3, itself))).contains("expected a list of keys"));

    // Many keys that share many values.
    let mut writer = Writer::default();
    let value = writer.text("DisplayName", "x");
    let values = writer.list(b"", &vec![value; 60_000]);
    let others: Vec<_> = (0..20).map(|number| writer.key(&[number], 0x20, (0, NONE), (60_000, values))).collect();
    let list = writer.list(b"li", &others);
    assert!(why(&writer.done((20, list))).contains("500000 reads"));

    // A key that contains itself is entered by name only, once for each part of a path.
    let mut writer = Writer::default();
    let list = writer.list(b"li", &[16]);
    let key = writer.key(b"a", 0x20, (1, list), (0, NONE));
    assert_eq!(key, 16);
    assert_eq!(told(&writer.done((1, list))), [""; 0]);
}

#[test]
fn what_leads_nowhere_is_damage_and_says_where() {
    let with = |keys: (u32, u32), values: (u32, u32)| {
        let mut writer = Writer::default();
        let key = writer.key(b"a", 0x20, keys, values);
        let list = writer.list(b"li", &[key]);
        why(&writer.done((1, list)))
    };
    for (values, expected) in [
        ((1, NONE), "a cell that is in use at byte 4294971391"),
        ((1, 4), "a cell that is in use at byte 4100"),
        ((u32::MAX, 0), "as many values as their key says at byte 4100"),
    ] {
        assert!(with((0, NONE), values).contains(expected), "{}", with((0, NONE), values));
    }

    let mut writer = Writer::default();
    let keys = ["a", "A"].map(|name| writer.entry(name, &[]));
    let list = writer.list(b"li", &keys);
    assert!(why(&writer.done((2, list))).contains("a key that is listed once"));

    let mut writer = Writer::default();
    let key = writer.entry("a", &[]);
    let list = writer.list(b"li", &[key]);
    assert!(why(&writer.done((2, list))).contains("as many keys as their parent says"));
    let mut writer = Writer::default();
    let list = writer.list(b"li", &[]);
    assert!(why(&writer.done((1, list + 4))).contains("a cell that is in use"));

    let mut hive = by_regf();
    hive[20] = 2;
    assert!(why(&sealed(hive)).contains("a hive of version 1.3 to 1.6"));
    assert!(why(b"regf").contains("expected the checksum"));
}
