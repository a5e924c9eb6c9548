//! `init` writes the first manifest, for a lab or from the snapshots of real servers.

use std::{collections::BTreeSet, fs, path::Path};

use reconcile_schema::{Manifest, Product, Role};

use crate::{Ended, folder, lab, listing, reconcile};

/// The mark of a line that a person must complete.
const MARK: &str = "# TODO: ";

#[test]
fn the_lab_is_written_once_and_runs_where_there_is_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let first = reconcile(folder.path(), &["init", "--lab"]);
    assert_eq!((first.code, first.err.as_str()), (Some(0), ""));
    assert!(first.out.contains("Next: reconcile apply lab.yaml\n"), "{}", first.out);
    assert_eq!(listing(folder.path()), ["lab.yaml"]);
    let text = fs::read_to_string(folder.path().join("lab.yaml")).unwrap();
    assert!(!text.contains("../") && !text.contains("manifests/"), "it names a place of the repository:\n{text}");
    assert_eq!(reconcile(folder.path(), &["validate", "--strict", "lab.yaml"]).code, Some(0));

    let server = "lync-se.lab.example";
    let run = reconcile(folder.path(), &["apply", "lab.yaml", "--server", server]);
    let documented = [
        "copy and verify",
        "Stop-CsWindowsService",
        "net stop w3svc",
        "LyncServerUpdateInstaller.exe",
        "Stop-CsWindowsService",
        "net start w3svc",
        "Install-CsDatabase",
        "Install-CsDatabase",
        "Start-CsWindowsService",
    ];
    let steps: Vec<_> = run.out.lines().filter_map(|line| line.split_once("√  ")).map(|(_, step)| step).collect();
    assert_eq!(steps.len(), documented.len(), "{}", run.out);
    assert!(steps.iter().zip(documented).all(|(step, name)| step.starts_with(name)), "{}", run.out);
    assert_eq!(run.code, Some(0));

    let again = reconcile(folder.path(), &["init", "--lab"]);
    assert_eq!((again.code, again.out.as_str()), (Some(64), ""));
    assert!(again.err.contains("lab.yaml is there already"), "{}", again.err);
    assert_eq!(fs::read_to_string(folder.path().join("lab.yaml")).unwrap(), text);
}

#[test]
fn an_invalid_command_line_ends_with_64() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere: &[&[&str]] = if cfg!(windows) { &[] } else { &[&["init"], &["init", "--write", "site.yaml"]] };
    for args in
        [&["init", "--lab", "--from", "."] as &[&str], &["init", "--lab", "--write", "a"], &["init", "site.yaml"]]
            .iter()
            .chain(nowhere)
    {
        let ended = reconcile(folder.path(), args);
        assert_eq!((ended.code, ended.out.as_str()), (Some(64), ""), "{args:?}: {}", ended.err);
    }
    assert_eq!(listing(folder.path()), [""; 0]);
}

#[test]
fn every_product_and_role_is_found_again() {
    let (mut servers, mut starts) = (String::new(), String::new());
    let mut updates = String::new();
    for product in Product::ALL.into_iter().filter(|product| product.is_patched()) {
        let (key, line) = (product.key(), product.line());
        updates += &format!(
            "  {key}:\n    product: {key}\n    release: \"{line}.900\"\n    installer: {{ path: 'D:\\{}', sha256: \"{}\" }}\n",
            product.installer(),
            "ab".repeat(32)
        );
        for role in Role::ALL {
            let name = format!("{}-1.{key}.example", role.key());
            let more = match role {
                Role::BackEnd => ", pool: pool.a.example, databases: { sqlServer: sql.a.example, collocated: true }",
                Role::FrontEnd => ", pool: pool.a.example",
                Role::StandardEdition | Role::Director | Role::Mediation | Role::PersistentChat | Role::Edge => "",
            };
            let more = more.replace("pool.a", &format!("pool.{key}"));
            servers += &format!("  {name}: {{ role: {}, target: {key}{more} }}\n", role.key());
            starts += &format!("    {name}: {{ build: \"{line}.123\" }}\n");
        }
    }
    let text =
        format!("version: 1\nupdates:\n{updates}servers:\n{servers}lab:\n  world: world.yaml\n  servers:\n{starts}");
    let folder = folder(&text);
    let observed = reconcile(folder.path(), &["observe", "site.yaml", "--to", "seen"]);
    assert_eq!(observed.code, Some(0), "{}", observed.err);

    let (found, ended) = init(folder.path(), &["--from", "seen"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    let parsed = only_marked_lines_are_wrong(folder.path(), &found);
    let declared: Manifest = serde_yaml::from_str(&text).unwrap();
    for (pattern, server) in &declared.servers {
        let entry = &parsed.servers[pattern];
        let group = &parsed.groups[entry.group.as_ref().unwrap()];
        assert_eq!(group.role.or(entry.role), server.role, "{pattern}");
        assert_eq!(group.target, server.target, "{pattern}");
        let sql_server = |it: &reconcile_schema::Server| it.databases.as_ref().and_then(|it| it.sql_server.clone());
        assert_eq!(sql_server(entry), sql_server(server), "{pattern}");
    }
    assert_eq!(parsed.servers.len(), declared.servers.len());
}

#[test]
fn a_fleet_of_any_form_becomes_a_manifest_and_what_is_damaged_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let seen = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/drift/fleet/snapshots");
    let seen = seen.to_str().unwrap();
    let (found, ended) = init(folder.path(), &["--from", seen]);
    assert_eq!(ended.code, Some(5), "{}", ended.err);
    for damaged in ["oslo.ndjson:6: ", "oslo.ndjson:7: ", "oslo.ndjson:8: ", "sfb-03.madrid.contoso.example.json: "] {
        assert!(ended.err.contains(damaged), "{damaged}: {}", ended.err);
    }
    let parsed = only_marked_lines_are_wrong(folder.path(), &found);
    assert!(parsed.servers.keys().any(|pattern| pattern.as_str() == "se-[01-06].berlin.contoso.example"), "{found}");
    assert!(found.contains("# Left out: lync-04.madrid.contoso.example: "), "{found}");
    assert_eq!(init(folder.path(), &["--from", seen]).0, found, "the same servers give the same manifest");
}

#[test]
#[cfg(unix)]
fn standard_edition_servers_and_their_installer_make_a_manifest_that_is_valid_at_once() {
    let folder = folder(&lab(""));
    assert_eq!(reconcile(folder.path(), &["observe", "site.yaml", "--to", "seen"]).code, Some(0));
    let file = r"D:\Updates\SkypeServerUpdateInstaller.exe"; // On this system, this is only a file name.
    fs::write(folder.path().join(file), "not an installer").unwrap();
    let args = ["init", "--from", "seen", "--installer", file, "--write", "new.yaml"];
    let first = reconcile(folder.path(), &args);
    assert_eq!((first.code, first.err.as_str()), (Some(0), ""));
    assert_eq!(first.out, "new.yaml: 1 server\nNext: reconcile validate new.yaml\n");
    let text = fs::read_to_string(folder.path().join("new.yaml")).unwrap();
    assert!(!text.contains(MARK), "{text}");
    let valid = reconcile(folder.path(), &["validate", "--strict", "new.yaml"]);
    assert_eq!(valid.code, Some(0), "{}", valid.err);

    let again = reconcile(folder.path(), &args);
    assert_eq!(again.code, Some(64), "{}", again.err);
    assert_eq!(fs::read_to_string(folder.path().join("new.yaml")).unwrap(), text);
}

#[test]
#[cfg(unix)]
fn a_build_that_is_newer_than_the_catalogue_is_kept_and_warned_of() {
    let folder = folder(&lab(""));
    assert_eq!(reconcile(folder.path(), &["observe", "site.yaml", "--to", "seen"]).code, Some(0));
    let seen = folder.path().join("seen/fe01.contoso.example.json");
    for (build, marked) in [("7.0.2046.583", false), ("7.0.2046.9000", true)] {
        let snapshot = fs::read_to_string(&seen).unwrap();
        fs::write(folder.path().join("newer.json"), snapshot.replace("7.0.2046.123", build)).unwrap();
        let file = r"D:\Updates\SkypeServerUpdateInstaller.exe"; // On this system, this is only a file name.
        fs::write(folder.path().join(file), "not an installer").unwrap();
        let (found, _) = init(folder.path(), &["--from", "newer.json", "--installer", file]);
        let line = found.lines().position(|line| line.contains(&format!("release: \"{build}\""))).unwrap();
        assert_eq!(found.lines().nth(line).unwrap().contains(MARK), marked, "{found}");
        fs::write(folder.path().join("found.yaml"), &found).unwrap();
        let valid = reconcile(folder.path(), &["validate", "found.yaml"]);
        assert_eq!(valid.code, Some(0), "{}", valid.err);
        assert_eq!(valid.err.contains(&format!("--> found.yaml:{}:", line + 1)), marked, "{}", valid.err);
    }
}

#[test]
fn an_installer_belongs_to_one_product_that_was_found() {
    let folder = folder(&lab(""));
    assert_eq!(reconcile(folder.path(), &["observe", "site.yaml", "--to", "seen"]).code, Some(0));
    for (file, why) in [
        ("LyncServerUpdateInstaller.exe", "expected SkypeServerUpdateInstaller.exe"),
        ("setup.exe", "expected SkypeServerUpdateInstaller.exe"),
    ] {
        fs::write(folder.path().join(file), "").unwrap();
        let ended = reconcile(folder.path(), &["init", "--from", "seen", "--installer", file]);
        assert_eq!((ended.code, ended.out.as_str()), (Some(64), ""), "{}", ended.err);
        assert!(ended.err.contains(why), "{}", ended.err);
    }
    let missing =
        reconcile(folder.path(), &["init", "--from", "seen", "--installer", "SkypeServerUpdateInstaller.exe"]);
    assert_eq!(missing.code, Some(65), "{}", missing.err);

    // Two products have installers of the same name, so the folder decides.
    let snapshot = fs::read_to_string(folder.path().join("seen/fe01.contoso.example.json")).unwrap();
    let other = snapshot.replace("fe01.", "se02.").replace("sfb-2019", "sfb-2015").replace("7.0.2046", "6.0.9319");
    fs::write(folder.path().join("seen/se02.contoso.example.json"), other).unwrap();
    for (place, code) in [("updates", 64), ("sfb-2015-cu12", 0)] {
        fs::create_dir(folder.path().join(place)).unwrap();
        let file = format!("{place}/SkypeServerUpdateInstaller.exe");
        fs::write(folder.path().join(&file), "").unwrap();
        let ended = reconcile(folder.path(), &["init", "--from", "seen", "--installer", &file]);
        assert_eq!(ended.code, Some(code), "{}", ended.err);
    }
}

#[test]
fn no_snapshot_writes_anything_else_into_the_manifest_than_names() {
    let folder = folder(&lab(""));
    assert_eq!(reconcile(folder.path(), &["observe", "site.yaml", "--to", "seen"]).code, Some(0));
    let snapshot = fs::read_to_string(folder.path().join("seen/fe01.contoso.example.json")).unwrap();
    let attack = "x }\\n  evil.example: { role: edge } # \\u001b[2J\\u0085\\u2028- &a *a !!b {{ c }}";
    let names =
        ["null", "true", "no", "y", "0x1f", "1e5", "0o7a", "1-1a", "a--b", "[x", "a: b", "a #b", "- a", "*a", "&a"];
    let mut kept = BTreeSet::new();
    for (number, name) in names.iter().enumerate() {
        let named = snapshot.replace("fe01.contoso.example", name);
        let named = named.replace("REPLICA", attack).replace("response-group-service", "null");
        fs::write(folder.path().join(format!("seen/{number}.json")), named).unwrap();
        kept.extend(name.parse::<reconcile_schema::ServerName>().ok());
    }
    let hostile = snapshot.replace("fe01.contoso.example", attack);
    fs::write(folder.path().join("seen/attack.json"), hostile).unwrap();
    #[cfg(unix)]
    fs::write(folder.path().join("seen/a\n# TODO: b: c.reg"), "Windows Registry Editor Version 5.00\r\n").unwrap();

    let (found, ended) = init(folder.path(), &["--from", "seen"]);
    assert_eq!(ended.code, Some(5), "{}", ended.err);
    assert!(
        !found.contains("evil") && found.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)),
        "{found}"
    );
    assert!(!ended.err.contains('\u{1b}'), "{}", ended.err);
    let parsed = only_marked_lines_are_wrong(folder.path(), &found);
    kept.insert("fe01.contoso.example".parse().unwrap());
    let servers: BTreeSet<_> = parsed.servers.keys().flat_map(|it| it.servers().collect::<Vec<_>>()).collect();
    assert_eq!(servers, kept);
}

/// Runs `init`; returns its output, and its result.
fn init(folder: &Path, args: &[&str]) -> (String, Ended) {
    let ended = reconcile(folder, &[&["init"], args].concat());
    (ended.out.clone(), ended)
}

/// Every line with an error must be marked, and every marked line must have an error. Returns the manifest with the
/// marks answered.
fn only_marked_lines_are_wrong(folder: &Path, text: &str) -> Manifest {
    fs::write(folder.join("found.yaml"), text).unwrap();
    let refused = reconcile(folder, &["validate", "found.yaml"]);
    assert_eq!(refused.code, Some(65), "{}", refused.err);
    let places = refused.err.lines().filter_map(|line| line.trim_start().strip_prefix("--> found.yaml:"));
    let wrong: BTreeSet<usize> = places.map(|place| place.split(':').next().unwrap().parse().unwrap()).collect();
    let marked: BTreeSet<usize> =
        (1..).zip(text.lines()).filter(|(_, line)| line.contains(MARK)).map(|(at, _)| at).collect();
    assert_eq!(wrong, marked, "{text}\n{}", refused.err);

    let mut answered = String::new();
    for line in text.lines() {
        let answer = match line.trim_start().split(':').next().unwrap() {
            "path" => r"D:\Updates\Setup.exe".to_owned(),
            "sha256" => format!("\"{}{:02x}\"", "ab".repeat(31), answered.len() % 256),
            "pool" => format!("pool{}.contoso.example", answered.len()),
            "role" => "standard-edition".to_owned(),
            _ => String::new(),
        };
        answered += &(line.replace("TODO #", &format!("{answer} #")) + "\n");
    }
    fs::write(folder.join("answered.yaml"), &answered).unwrap();
    let valid = reconcile(folder, &["validate", "answered.yaml"]);
    assert_eq!(valid.code, Some(0), "{answered}\n{}", valid.err);
    serde_yaml::from_str(&answered).unwrap()
}
