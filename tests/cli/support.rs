//! The archive for support: what is in it, that it appears whole or not at all, and that names can be replaced in it
//! without changing what it says.

use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::{Ended, command, ended, folder, listing, reconcile};

/// A site whose names, accounts and texts must not be in an archive without names.
const SITE: &str = r#"# the fleet of Contoso; ask Anna Schmidt
version: 1
domain: contoso.example
updates:
  cu7:
    product: sfb-2019
    release: CU7
    installer:
      path: '\\files.contoso.example\updates\sfb-2019-cu7\SkypeServerUpdateInstaller.exe'
      sha256: c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00
rollout: { claims: { folder: '\\files\Zugriff$\claims', writers: ['CONTOSO\svc-patching'] } }
policy: { doctor: { ignore: { certificates: "Anna Schmidt renews them on Monday" } } }
groups:
  berlin-hq: { role: front-end, target: cu7, pool: pool01, site: berlin }
servers:
  fe[01-03]: { group: berlin-hq }
  be01: { role: back-end, target: cu7, site: berlin, pool: pool01, databases: { sqlServer: sql07 } }
  lync: { role: standard-edition, target: cu7, site: munich }
  rtcsrv: { role: standard-edition, target: cu7, site: munich }
lab:
  world: world.yaml
  servers:
    "fe[01-03]": { build: "7.0.2046.123" }
    be01: { build: "7.0.2046.123" }
    lync: { build: "7.0.2046.123" }
    rtcsrv: { build: "7.0.2046.123", faults: [service-hangs-in-stop] }
"#;

/// What must not be found in an archive without names, in any case.
const SECRET: [&str; 16] = [
    "contoso",
    "fe01",
    "fe02",
    "fe03",
    "be01",
    "sql07",
    "pool01",
    "berlin",
    "munich",
    "anna",
    "schmidt",
    "zugriff",
    "svc-patching",
    "alexander",
    "lync.contoso",
    "files.",
];

/// A lab in which a run was started, and one server is on hold.
fn site() -> TempDir {
    let folder = folder(SITE);
    let reason = "Anna Schmidt asks, see https://wiki.contoso.example/x";
    let held = reconcile(folder.path(), &["hold", "site.yaml", "--server", "fe02", "--reason", reason]);
    assert_eq!(held.code, Some(0), "{}", held.err);
    let run = command(folder.path(), &["apply", "site.yaml"]).env("USERNAME", "CONTOSO\\alexander").output().unwrap();
    let run = ended(run);
    assert_eq!(run.code, Some(4), "{}{}", run.out, run.err);
    folder
}

fn journal(folder: &Path, server: &str) -> PathBuf {
    folder.join(format!("world.journal/{server}.contoso.example.jsonl"))
}

/// The files of an archive.
fn files(archive: &Path) -> BTreeMap<String, Vec<u8>> {
    let bytes = fs::read(archive).unwrap();
    let archive = rawzip::ZipArchive::from_slice(&bytes).unwrap();
    let mut files = BTreeMap::new();
    for entry in archive.entries() {
        let entry = entry.unwrap();
        let found = archive.get_entry(entry.wayfinder()).unwrap();
        let mut content = Vec::new();
        let deflated = flate2::bufread::DeflateDecoder::new(found.data());
        found.verifying_reader(deflated).read_to_end(&mut content).unwrap();
        let name = String::from_utf8(entry.file_path().as_bytes().to_vec()).unwrap();
        assert!(files.insert(name, content).is_none(), "two files of one name");
    }
    files
}

fn text(files: &BTreeMap<String, Vec<u8>>, name: &str) -> String {
    String::from_utf8(files.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", files.keys())).clone()).unwrap()
}

fn support(folder: &Path, more: &[&str]) -> Ended {
    reconcile(folder, &[&["support", "site.yaml", "--to", "a.zip"], more].concat())
}

#[test]
fn it_has_everything_that_helps_and_says_what() {
    let folder = site();
    fs::create_dir_all(folder.path().join("world.logs")).unwrap();
    fs::write(folder.path().join("world.logs/2026-01-04.log"), "a run\n").unwrap();
    let made = support(folder.path(), &[]);
    assert_eq!((made.code, made.err.as_str()), (Some(0), ""), "{}", made.out);
    assert!(made.out.starts_with("a.zip: ") && made.out.contains("contains the names of your servers"), "{}", made.out);
    let files = files(&folder.path().join("a.zip"));
    assert_eq!(text(&files, "manifest.yaml"), SITE);
    assert_eq!(text(&files, "world.yaml"), fs::read_to_string(folder.path().join("world.yaml")).unwrap());
    assert_eq!(text(&files, "logs/2026-01-04.log"), "a run\n");
    assert!(text(&files, "versions.json").contains(env!("CARGO_PKG_VERSION")));
    let readme = text(&files, "README.txt");
    for server in ["fe01", "fe02", "fe03", "be01", "lync", "rtcsrv"] {
        for name in ["snapshot.json", "doctor.json", "doctor.md", "why.json", "journal.jsonl"] {
            let name = format!("servers/{server}.contoso.example/{name}");
            assert!(!text(&files, &name).is_empty() && readme.contains(&name), "{name}");
        }
        let kept = &files[&format!("servers/{server}.contoso.example/journal.jsonl")];
        assert_eq!(*kept, fs::read(journal(folder.path(), server)).unwrap());
    }
    let snapshot = text(&files, "servers/be01.contoso.example/snapshot.json");
    let snapshot: serde_json::Value = serde_json::from_str(&snapshot).unwrap();
    assert!(snapshot.pointer("/seen/examined/known").is_some(), "what only doctor reads: {snapshot}");
    assert!(listing(folder.path()).iter().all(|name| !name.starts_with(".reconcile-")), "a file was left");
}

#[test]
fn one_server_is_enough_and_the_name_of_the_archive_has_the_time() {
    let folder = site();
    let made = reconcile(folder.path(), &["support", "site.yaml", "--server", "be01"]);
    assert_eq!(made.code, Some(0), "{}", made.err);
    let name = listing(folder.path()).into_iter().find(|name| name.starts_with("reconcile-support-20")).unwrap();
    assert!(Path::new(&name).extension().unwrap() == "zip" && made.out.starts_with(&name), "{name}");
    let servers = files(&folder.path().join(name)).into_keys().filter(|name| name.starts_with("servers/"));
    assert!(servers.collect::<Vec<_>>().iter().all(|name| name.starts_with("servers/be01.contoso.example/")));
}

#[test]
fn a_damaged_journal_is_taken_as_it_is() {
    for more in [&[] as &[&str], &["--anonymous"]] {
        let folder = site();
        let path = journal(folder.path(), "be01");
        let mut bytes = fs::read(&path).unwrap();
        bytes[40] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let made = support(folder.path(), more);
        assert_eq!(made.code, Some(0), "{}", made.err);
        let files = files(&folder.path().join("a.zip"));
        let name = files.keys().filter(|name| name.ends_with("/journal.jsonl")).find(|name| {
            let kept = &files[*name];
            kept.iter().filter(|byte| **byte == b'\n').count() == bytes.iter().filter(|byte| **byte == b'\n').count()
        });
        let kept = &files[name.unwrap()];
        if more.is_empty() {
            assert_eq!(*kept, bytes);
        }
        let snapshot = text(&files, &name.unwrap().replace("journal.jsonl", "snapshot.json"));
        assert!(snapshot.contains("\"damaged\""), "{snapshot}");
    }
}

#[test]
fn a_file_that_is_there_is_never_replaced() {
    let folder = site();
    for taken in ["a.zip", "a.zip.names.txt"] {
        fs::write(folder.path().join(taken), "mine").unwrap();
        let before = listing(folder.path());
        let refused = support(folder.path(), &["--anonymous"]);
        assert_eq!(refused.code, Some(64), "{}", refused.err);
        assert!(refused.err.contains(&format!("{taken} is there already")), "{}", refused.err);
        assert_eq!(fs::read_to_string(folder.path().join(taken)).unwrap(), "mine");
        assert_eq!(listing(folder.path()), before, "nothing was left");
        fs::remove_file(folder.path().join(taken)).unwrap();
    }
    let nowhere = reconcile(folder.path(), &["support", "site.yaml", "--to", "no/such/a.zip"]);
    assert_eq!(nowhere.code, Some(1), "{}", nowhere.err);
}

#[test]
fn a_part_that_cannot_be_read_keeps_nothing_away() {
    let folder = site();
    fs::write(folder.path().join("world.logs"), "not a folder").unwrap();
    fs::remove_file(journal(folder.path(), "fe03")).unwrap();
    fs::create_dir(journal(folder.path(), "fe03")).unwrap();
    let made = support(folder.path(), &[]);
    assert_eq!(made.code, Some(5), "{}{}", made.out, made.err);
    let files = files(&folder.path().join("a.zip"));
    let readme = text(&files, "README.txt");
    for part in ["fe03.contoso.example: journal.jsonl: ", "world.logs: "] {
        assert!(made.err.contains(&format!("not in the archive: {part}")) || made.err.contains(part), "{}", made.err);
        assert!(readme.contains(part), "{readme}");
    }
    assert!(files.contains_key("servers/fe01.contoso.example/snapshot.json"));
    let without_journal = text(&files, "servers/fe03.contoso.example/snapshot.json");
    assert!(
        without_journal.contains("expected a plain file, found a link, a folder, a pipe or a device"),
        "{without_journal}"
    );
}

#[test]
fn large_logs_are_cut_and_the_oldest_left_out() {
    let folder = site();
    let logs = folder.path().join("world.logs");
    fs::create_dir_all(logs.join("install/TEMP")).unwrap();
    fs::write(logs.join("install/TEMP/large.log"), "the beginning".to_owned() + &"x".repeat(6 << 20) + "the end")
        .unwrap();
    for number in 0..10 {
        let path = logs.join(format!("{number}.log"));
        fs::write(&path, "x".repeat(5 << 20)).unwrap();
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000 + number);
        fs::File::options().append(true).open(&path).unwrap().set_modified(at).unwrap();
    }
    let made = support(folder.path(), &[]);
    assert_eq!(made.code, Some(0), "{}", made.err);
    let files = files(&folder.path().join("a.zip"));
    let large = text(&files, "logs/install/TEMP/large.log");
    assert!(large.ends_with("the end") && large.len() <= 5 << 20, "{}", large.len());
    assert!(!files.contains_key("logs/0.log") && files.contains_key("logs/1.log"));
    let readme = text(&files, "README.txt");
    assert!(readme.contains("logs/0.log: 5 MiB, older than 50 MiB of logs"), "{readme}");
    assert!(readme.contains("logs/install/TEMP/large.log: only its end, 5 MiB of 7 MiB"), "{readme}");
}

/// The findings of `drift`, by server.
fn drift(folder: &Path, manifest: &str, archive: &str) -> serde_json::Value {
    let as_of = "2026-01-05T00:00:00Z";
    let args = ["drift", manifest, "--from", archive, "--output", "json", "--as-of", as_of];
    let judged = reconcile(folder, &args);
    assert_eq!(judged.code, Some(2), "{}{}", judged.out, judged.err);
    serde_json::from_str(&judged.out).unwrap()
}

/// A text without the checksums of a journal's lines: their hexadecimal digits can spell `dc9` by chance.
fn without_sums(text: &str) -> String {
    let mut parts = text.split("\"sum\":\"");
    let before = parts.next().unwrap().to_owned();
    parts.fold(before, |all, part| all + &part[8..])
}

#[test]
fn without_names_it_says_the_same() {
    let folder = site();
    let logs = folder.path().join("world.logs");
    fs::create_dir_all(logs.join("FE01")).unwrap();
    let log = "Host FE01 (10.20.30.40, fe80::1:2:3) of CONTOSO, dc9.contoso.example, \\\\files\\Zugriff$\\claims \
        C:\\Users\\alexander\\AppData\\Local\\Temp\\LcsSetup.log anna@contoso.example Build 5.0.8308.1149 KB2819565 \
        RTCSRV Lync Server 2013, C:\\Program Files\\Skype for Business Server 2019 dc9 CONTOSO\\berta\r\n";
    fs::write(logs.join("FE01/installer.log"), log).unwrap();
    let wide: Vec<u8> = "\u{feff}".encode_utf16().chain(log.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    fs::write(logs.join("wide.log"), wide).unwrap();
    fs::write(logs.join("picture.bin"), b"fe01\0\x01\x02").unwrap();

    assert_eq!(support(folder.path(), &[]).code, Some(0));
    let made = reconcile(folder.path(), &["support", "site.yaml", "--anonymous", "--to", "b.zip"]);
    assert_eq!(made.code, Some(0), "{}", made.err);
    assert!(made.out.contains("b.zip.names.txt says what stands for what"), "{}", made.out);
    let files = files(&folder.path().join("b.zip"));
    for (name, content) in &files {
        let content = without_sums(&format!("{name}\n{}", String::from_utf8_lossy(content)).to_lowercase());
        let more = ["10.20.30.40", "fe80::1", "dc9", "berta"];
        for secret in SECRET.iter().chain(&more) {
            let line = content.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{secret} in {name}");
        }
    }
    let list = fs::read_to_string(folder.path().join("b.zip.names.txt")).unwrap();
    assert!(list.contains("\tfe01.contoso.example\r\n") && !files.keys().any(|name| name.contains("names")), "{list}");

    // What is not a name stays.
    let log = files.iter().find(|(name, _)| name.ends_with("/installer.log")).unwrap().1;
    let log = String::from_utf8(log.clone()).unwrap();
    for kept in [
        "5.0.8308.1149 KB2819565",
        "RTCSRV Lync Server 2013,",
        "\\AppData\\Local\\Temp\\LcsSetup.log",
        "C:\\Program Files\\Skype for Business Server 2019",
    ] {
        assert!(log.contains(kept), "{kept} in {log}");
    }
    assert!(text(&files, "logs/wide.log").contains(log.trim_end()), "the same names in both");
    assert!(
        !files.contains_key("logs/picture.bin")
            && text(&files, "README.txt").contains("logs/picture.bin: it is no text")
    );

    // The journals still count line by line, and the lab goes on where it was.
    let again = tempfile::tempdir().unwrap();
    for (name, content) in &files {
        let parts: Vec<_> = name.split('/').collect();
        let place = match parts[..] {
            ["servers", server, "journal.jsonl"] => format!("world.journal/{server}.jsonl"),
            _ => name.clone(),
        };
        fs::create_dir_all(again.path().join(&place).parent().unwrap()).unwrap();
        fs::write(again.path().join(place), content).unwrap();
    }
    let history = reconcile(again.path(), &["history", "manifest.yaml"]);
    assert_eq!(history.code, Some(0), "{}", history.err);
    assert!(history.out.contains("Stop-CsWindowsService") && history.out.contains("account-"), "{}", history.out);
    let status = reconcile(again.path(), &["status", "manifest.yaml"]);
    assert!(!format!("{}{}", status.out, status.err).contains("cannot be read"), "{}{}", status.out, status.err);

    // Elsewhere, with nothing but the archive.
    let elsewhere = tempfile::tempdir().unwrap();
    fs::copy(folder.path().join("b.zip"), elsewhere.path().join("b.zip")).unwrap();
    fs::write(elsewhere.path().join("manifest.yaml"), &files["manifest.yaml"]).unwrap();
    let (with, without) =
        (drift(folder.path(), "site.yaml", "a.zip"), drift(elsewhere.path(), "manifest.yaml", "b.zip"));
    assert_eq!(with["summary"], without["summary"], "{without}");
    let names: BTreeMap<_, _> =
        list.lines().filter_map(|line| line.split_once('\t')).map(|(own, name)| (name, own)).collect();
    let states = |drift: &serde_json::Value, name: &dyn Fn(&str) -> String| -> BTreeMap<String, Vec<String>> {
        let servers = drift["servers"].as_array().unwrap().iter();
        let state = |server: &serde_json::Value| {
            let findings = server["findings"].as_array().cloned().unwrap_or_default();
            let codes = findings.iter().map(|finding| finding["code"].to_string());
            let steps = server["steps"].as_array().cloned().unwrap_or_default().len();
            [server["state"].to_string(), server["found"].to_string(), steps.to_string()]
                .into_iter()
                .chain(codes)
                .collect()
        };
        servers.map(|server| (name(server["name"].as_str().unwrap()), state(server))).collect()
    };
    let renamed =
        |name: &str| names.get(name).map_or_else(|| panic!("{name} is not in {list}"), |own| (*own).to_owned());
    assert_eq!(states(&with, &renamed), states(&without, &str::to_owned));
    for state in states(&without, &str::to_owned).values() {
        assert!(!state.iter().any(|code| code.contains("manifest")), "the fingerprints fit together: {state:?}");
    }
}

#[test]
fn servers_may_be_called_like_the_product() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["lync", "server", "sfb-2019", "product", "at", "e", "update", "7", "cu7"];
    let mut site = "version: 1\ndomain: windows.example\nupdates:\n  cu7:\n    product: sfb-2019\n    release: CU7\n    installer: { path: 'D:\\SkypeServerUpdateInstaller.exe', sha256: ".to_owned();
    site += &format!("{} }}\nservers:\n", "c0ffee00".repeat(8));
    names
        .iter()
        .for_each(|name| site += &format!("  {name}.windows.example: {{ role: standard-edition, target: cu7 }}\n"));
    site += "lab:\n  world: world.yaml\n  servers:\n";
    names.iter().for_each(|name| site += &format!("    {name}.windows.example: {{ build: \"7.0.2046.123\" }}\n"));
    fs::write(folder.path().join("site.yaml"), site).unwrap();
    let made = support(folder.path(), &["--anonymous"]);
    assert_eq!(made.code, Some(0), "{}", made.err);
    let files = files(&folder.path().join("a.zip"));
    assert_eq!(files.keys().filter(|name| name.ends_with("/snapshot.json")).count(), names.len());
    assert!(
        files
            .iter()
            .all(|(name, content)| !format!("{name}{}", String::from_utf8_lossy(content)).contains("windows.example"))
    );
    assert!(text(&files, "manifest.yaml").contains("product: sfb-2019"));
    fs::write(folder.path().join("manifest.yaml"), &files["manifest.yaml"]).unwrap();
    let judged = drift(folder.path(), "manifest.yaml", "a.zip");
    assert_eq!(judged["servers"].as_array().unwrap().len(), names.len(), "{judged}");
}

#[test]
fn a_fleet_reads_the_archives_of_its_servers() {
    let folder = site();
    for server in ["fe01", "be01"] {
        let made =
            reconcile(folder.path(), &["support", "site.yaml", "--server", server, "--to", &format!("{server}.zip")]);
        assert_eq!(made.code, Some(0), "{}", made.err);
    }
    fs::write(folder.path().join("broken.zip"), "PK\x03\x04 no").unwrap();
    for args in [
        &["drift", "site.yaml", "--from", "*.zip", "--output", "json"] as &[&str],
        &["plan", "--fleet", "site.yaml", "--from", "fe01.zip", "--output", "json"],
        &["inventory", "site.yaml", "--list", "--from", "fe01.zip"],
        &["init", "--from", "fe01.zip"],
    ] {
        let read = reconcile(folder.path(), args);
        assert!(read.out.contains("be01") || read.out.contains("fe01"), "{args:?}: {}{}", read.out, read.err);
        assert_eq!(read.out.contains("expected a zip archive"), args[0] == "drift", "{args:?}: {}", read.out);
    }
}
