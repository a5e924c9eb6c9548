//! Wrong input gets a clear error with its place and the next thing to do, exits with 65, and changes nothing.

use std::{fs, path::Path};

use reconcile_support::manifest::with_one_update;

use crate::{folder, lab, listing, reconcile};

/// Runs every command that reads a manifest. Each must refuse it with the same words and leave the folder alone.
fn refused(folder: &Path, manifest: &str) -> String {
    let before = listing(folder);
    let [validate, plan, apply, observe, reset] = [
        &["validate", manifest] as &[&str],
        &["plan", manifest],
        &["apply", manifest, "--yes"],
        &["observe", manifest],
        &["lab", "reset", manifest],
    ]
    .map(|args| reconcile(folder, args));
    for other in [&plan, &apply, &observe, &reset] {
        assert_eq!((other.code, &other.out, &other.err), (validate.code, &validate.out, &validate.err));
    }
    assert_eq!((validate.code, validate.out.as_str()), (Some(65), ""), "{}", validate.err);
    assert_eq!(listing(folder), before);
    validate.err
}

#[test]
fn an_error_names_file_line_and_column_and_what_to_do() {
    let good = lab("");
    let cases = [
        (
            "a field that does not exist",
            good.replace("release:", "relase:"),
            "site.yaml:5:5",
            "did you mean `release`?",
        ),
        (
            "a value that does not exist",
            good.replace("standard-edition", "standard"),
            "site.yaml:8:33",
            "standard-edition",
        ),
        ("a version as a number", good.replace("CU7", "5.10"), "site.yaml:5:14", "write it in quotes: \"5.10\""),
        ("another format", good.replace("version: 1", "version: 2"), "site.yaml:1:10", "at most 1"),
        ("a list", good.replace("updates:", "updates: []\nrest:"), "site.yaml:2:10", "`name: value`"),
        ("nothing", good.replace("release: CU7", "release:"), "site.yaml:5:12", "write a value, or remove the line"),
        (
            "a key twice",
            good.replace("servers:", "version: 1\nservers:"),
            "site.yaml:7:1",
            "the first one is at site.yaml:1:1",
        ),
        ("a tab", good.replace("    release", "\trelease"), "site.yaml:4:14", "indent with spaces"),
        ("an anchor", good.replace("installer: {", "installer: &it {"), "site.yaml:6:16", "remove the anchor"),
        ("an alias", good.replace("release: CU7", "release: *it"), "site.yaml:5:14", "write the value itself"),
        ("a merge key", good.replace("release: CU7", "<<: { release: CU7 }"), "site.yaml:5:5", "write the fields out"),
        ("a tag", good.replace("release: CU7", "release: !!str CU7"), "site.yaml:5:14", "remove the tag"),
        ("two documents", format!("{good}---\n{good}"), "site.yaml:13:1", "remove this line"),
        ("a hash that is none", good.replace("c0ffee00c0ffee00", "tea"), "site.yaml:6:69", "as Get-FileHash prints it"),
        ("a name that is none", good.replace("fe01.contoso", "fe01 contoso"), "site.yaml:8:3", "fe01.contoso.example"),
        ("a range that is none", good.replace("fe01", "fe[9-1]"), "site.yaml:12:30", "fe[01-12].contoso.example"),
        ("too much", good.replace("cu7 }", "cu7, policy: { attempts: 11 } }"), "site.yaml:8:84", "at most 10"),
        ("too little", good.replace("'D:\\SkypeServerUpdateInstaller.exe'", "''"), "site.yaml:6:24", "an empty text"),
        ("a password", good.replace("target:", "password: x, target:"), "site.yaml:8:51", "remove the field"),
        ("a terminal's escape", good.replace("CU7", "\"\\x1b[2J\""), "site.yaml:5:14", "in single quotes"),
        ("an invisible character", good.replace("CU7", "C\u{202e}U7"), "site.yaml:5:14", "did you mean `cu7`?"),
        ("a release without a build", good.replace("CU7", "CU5"), "site.yaml:5:14", "give the build itself"),
        (
            "a component's name misspelt",
            good.replace("installer:", "components: { web-component-server: \"7.0.2046.385\" }\n    installer:"),
            "site.yaml:6:19",
            "did you mean `web-components-server`?",
        ),
        (
            "Core Components as a component",
            good.replace("installer:", "components: { core-components: \"7.0.2046.530\" }\n    installer:"),
            "site.yaml:6:19",
            "write the build as `release`",
        ),
        (
            "a server by both of its names",
            good.replace("servers:\n  fe01", "servers:\n  fe01: { role: standard-edition, target: cu7 }\n  fe01"),
            "site.yaml:8:3",
            "keep one of them",
        ),
        (
            "a field at the wrong level",
            good.replacen("servers:", "reboot: never\nservers:", 1),
            "site.yaml:7:1",
            "`reboot` belongs under `policy`",
        ),
        ("an IP address", good.replace("fe01.contoso.example", "10.0.0.1"), "site.yaml:8:3", "fe01.contoso.example"),
        (
            "an IP address of a SQL Server",
            good.replace("cu7 }", "cu7, databases: { sqlServer: 10.0.0.1 } }"),
            "site.yaml:8:88",
            "sql01.contoso.example",
        ),
        (
            "a server again, in capitals",
            good.replace("servers:\n  fe01", "servers:\n  FE01.Contoso.Example: { target: cu7 }\n  fe01"),
            "site.yaml:9:3",
            "the first one is at site.yaml:8:3",
        ),
        (
            "a pool again, in capitals",
            good.replace("\nservers:\n  fe", "\npools: { a.example: {}, A.example: {} }\nservers:\n  fe"),
            "site.yaml:7:25",
            "the first one is at site.yaml:7:10",
        ),
        ("a Front End Server alone", good.replace("standard-edition", "front-end"), "site.yaml:8:25", "add `pool:`"),
        ("a URL", good.replace("'D:\\", "'https://"), "site.yaml:6:24", r"or \\files\updates\"),
        ("a relative path", good.replace("'D:\\", "'"), "site.yaml:6:24", r"or \\files\updates\"),
        ("a device", good.replace("'D:\\", r"'\\?\D:\"), "site.yaml:6:24", r"or \\files\updates\"),
        (
            "a device with an extension",
            good.replace("SkypeServerUpdateInstaller", "nul"),
            "site.yaml:6:24",
            r"or \\files\updates\",
        ),
        (
            "a stream",
            good.replace("Installer.exe", "Installer.exe:evil.exe"),
            "site.yaml:6:24",
            "names a stream of a file",
        ),
        ("a way out", good.replace("D:\\", "D:\\a\\..\\"), "site.yaml:6:24", "`..` leads out of the folder"),
        ("a pipe by way of a share", good.replace("D:\\", r"\\localhost\pipe\"), "site.yaml:6:24", "holds no files"),
        ("a pipe", good.replace("D:\\", "//./pipe/"), "site.yaml:6:24", "begins as a device does"),
        ("a device for claims", format!("{good}rollout: {{ claims: 'D:\\COM¹' }}\n"), "site.yaml:13:20", "is a device"),
        (
            "a blank at the end",
            format!("{good}reports: {{ snapshots: 'D:\\a ' }}\n"),
            "site.yaml:13:23",
            "remove the dot",
        ),
        (
            "a device for metrics",
            format!("{good}reports: {{ prometheus: 'nul.prom' }}\n"),
            "site.yaml:13:24",
            "is a device",
        ),
        ("a lab above", good.replace("world.yaml", "../world.yaml"), "site.yaml:10:10", "below the manifest's folder"),
        (
            "a lab elsewhere",
            good.replace("world.yaml", "/tmp/world.yaml"),
            "site.yaml:10:10",
            "below the manifest's folder",
        ),
        (
            "a lab on a drive",
            good.replace("world.yaml", "'C:\\world.yaml'"),
            "site.yaml:10:10",
            "below the manifest's folder",
        ),
        ("a serial of nothing", good.replace("version: 1", "version: 1\nserial: 0"), "site.yaml:2:9", "at least 1"),
        (
            "no day",
            good.replace("version: 1", "version: 1\nexpires: 30.06.2027"),
            "site.yaml:2:10",
            "a day such as 2027-06-30",
        ),
        (
            "a day that is none",
            good.replace("version: 1", "version: 1\nexpires: 2027-02-30"),
            "site.yaml:2:10",
            "a day such as 2027-06-30",
        ),
        ("no program", good.replace("Installer.exe", "Installer.msp"), "site.yaml:6:24", r"or \\files\updates\"),
        ("a backslash in double quotes", good.replace('\'', "\""), "site.yaml:6:24", "in single quotes a backslash"),
    ];
    let mut wrong = String::new();
    for (what, text, place, help) in cases {
        assert_ne!(text, good, "{what}");
        let folder = folder(&text);
        let error = refused(folder.path(), "site.yaml");
        let hidden = error.contains('\u{1b}') || error.contains('\u{202e}');
        if hidden || !error.contains(&format!("--> {place}\n")) || !error.contains(help) {
            wrong += &format!("{what} should be at {place} and help with \"{help}\":\n{error}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Otherwise `lab reset` would overwrite the manifest with the lab.
#[test]
fn a_lab_is_not_kept_in_its_own_manifest() {
    for world in ["site.yaml", "./site.yaml", "''", "site.lock", "site.journal"] {
        let text = lab("").replace("world.yaml", world);
        let folder = folder(&text);
        for command in ["validate", "lab reset"] {
            let args: Vec<_> = command.split(' ').chain(["site.yaml"]).collect();
            let said = reconcile(folder.path(), &args);
            assert_eq!(said.code, Some(65), "{world}: {}", said.err);
            assert!(said.err.contains("site.yaml:10:10") && said.err.contains("file of its own"), "{}", said.err);
        }
        assert_eq!(fs::read_to_string(folder.path().join("site.yaml")).unwrap(), text);
    }
}

#[test]
fn a_probable_mistake_is_a_warning_and_with_strict_it_is_refused() {
    let good = lab("");
    let front = good.replace("role: standard-edition", "role: front-end, pool: pool01.contoso.example");
    let fronts = front.replace(
        "servers:\n  fe01",
        "servers:\n  fe[02-03].contoso.example: { role: front-end, target: cu7, pool: pool01.contoso.example }\n  fe01",
    );
    let policy = |text: &str| good.replace("cu7 }", &format!("cu7, policy: {{ {text} }} }}"));
    let window = |to: &str, estimates: &str| {
        policy(&format!(
            "maintenance: {{ timeZone: Etc/UTC, windows: {{ nights: {{ days: mon-fri, from: '22:00', to: '{to}' }} }} }}, estimates: {{ {estimates} }}"
        ))
    };
    let long = "stop: 3m, install: 12m, database: 4m, start: 6m";
    let cases = [
        ("a build that nobody knows", good.replace("CU7", "7.0.2046.522"), "unknown-build", "site.yaml:5:5"),
        ("no server", good.replace("  fe01.contoso.example: { role: standard-edition, target: cu7 }", "  {}"), "no-server", "site.yaml:7:1"),
        ("no budget", policy("outage: { budget: 0m }"), "no-budget", "site.yaml:8:84"),
        ("no budget for anybody", format!("{good}policy: {{ outage: {{ budget: 0m }} }}\n"), "no-budget", "site.yaml:13:21"),
        ("a rollout without claims", format!("{fronts}rollout: {{ atOnce: 2 }}\n"), "no-claims", "site.yaml:14:1"),
        ("a pool that is not declared", format!("{front}pools: {{ pool02.contoso.example: {{}} }}\n").replace("  fe01.contoso.example: { role", "  fe02.contoso.example: { role: front-end, target: cu7, pool: pool02.contoso.example }\n  fe01.contoso.example: { role"), "undeclared-pool", "site.yaml:9:44"),
        ("a narrow window", window("22:24", long), "narrow-window", "site.yaml:8:74"),
        ("a narrow window by what is assumed", window("22:29", ""), "narrow-window", "site.yaml:8:74"),
        ("a component that nobody knows", good.replace("installer:", "components: { contoso-recorder: \"7.0.2046.385\" }\n    installer:"), "unknown-component", "site.yaml:6:19"),
        (
            "claims of the servers' domain",
            format!("{good}rollout: {{ claims: '\\\\contoso.example\\files' }}\n"),
            "domain-share",
            "site.yaml:13:12",
        ),
        ("claims on a drive", format!("{good}rollout: {{ claims: 'D:\\claims' }}\n"), "no-share", "site.yaml:13:12"),
        ("an outage that never fits", policy(&format!("estimates: {{ {long} }}, outage: {{ budget: 20m }}")), "over-budget", "site.yaml:8:74"),
        ("restarts in windows that there are not", policy("reboot: inWindow"), "no-window", "site.yaml:8:74"),
        ("restarts in the windows of another", policy("reboot: inWindow").replace("  fe01.contoso.example: { role", "  fe02.contoso.example: { role: standard-edition, target: cu7, policy: { maintenance: { timeZone: Etc/UTC, windows: { nights: { days: mon-fri, from: '22:00', to: '04:00' } } } } }\n  fe01.contoso.example: { role"), "no-window", "site.yaml:9:74"),
    ];
    let mut wrong = String::new();
    for (what, text, code, place) in cases {
        let folder = folder(&text);
        let [usual, strict] = [&["validate", "site.yaml"] as &[&str], &["validate", "site.yaml", "--strict"]]
            .map(|args| reconcile(folder.path(), args));
        let told = usual.err.contains(&format!("warning[{code}]")) && usual.err.contains(&format!("--> {place}\n"));
        let once = usual.err.matches("warning[").count() == 1
            && strict.err == format!("{}site.yaml: 1 warning, and --strict allows no warning\n", usual.err);
        if !told || !once || (usual.code, strict.code) != (Some(0), Some(65)) || !strict.out.is_empty() {
            wrong += &format!(
                "{what} should be {code} at {place}: {:?} {:?}\n{}{}",
                usual.code, strict.code, usual.err, strict.err
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A mistake in an update is one error, however many servers have that target.
#[test]
fn a_mistake_that_many_servers_share_is_reported_once() {
    let servers: String =
        (1..=9).map(|number| format!("  se{number}.a.example: {{ role: standard-edition, target: cu7 }}\n")).collect();
    let good = with_one_update(&format!("servers:\n{servers}"));
    let installer = format!("{{ sha256: {} }}", "c0ffee00".repeat(8));
    let start = good.find("{ path:").unwrap();
    let end = start + good[start..].find('\n').unwrap();
    let no_path = format!("{}{installer}{}", &good[..start], &good[end..]);
    for (wrong, told) in [
        (good.replace("release: CU7", "release: CU77"), "has no release"),
        (no_path.clone(), "the installer of cu7 has no path"),
        (
            no_path.replace("updates:", "installers: 'updates'\nupdates:"),
            "the folder of the installers, updates, is no whole path",
        ),
    ] {
        let folder = folder(&wrong);
        let ended = reconcile(folder.path(), &["validate", "site.yaml"]);
        assert_eq!((ended.code, ended.err.matches("error[no-goal]").count()), (Some(65), 1), "{}", ended.err);
        assert!(ended.err.contains(told), "{told}: {}", ended.err);
    }
}

#[test]
fn unusual_but_valid_manifests_cause_no_warning() {
    let good = lab("");
    let front = good.replace("role: standard-edition", "role: front-end, pool: pool01.contoso.example");
    let policy = |text: &str| good.replace("cu7 }", &format!("cu7, policy: {{ {text} }} }}"));
    let cases = [
        ("a build of the catalogue", good.replace("CU7", "7.0.2046.521")),
        ("a rollout of servers without pools", format!("{good}rollout: {{ atOnce: 2 }}\n")),
        ("a pool of one server", format!("{front}rollout: {{ atOnce: 2 }}\n")),
        ("no pool is declared", front.clone()),
        ("another policy than a budget", policy("outage: { onExceed: warn }")),
        (
            "a window that just fits",
            policy(
                "maintenance: { timeZone: Etc/UTC, windows: { nights: { days: mon-fri, from: '22:00', to: '22:25' } } }, estimates: { stop: 3m, install: 12m, database: 4m, start: 6m }",
            ),
        ),
        (
            "a window over midnight, of two parts",
            policy(
                "maintenance: { timeZone: Etc/UTC, windows: { a: { days: mon-fri, from: '23:50', to: '00:00' }, b: { days: tue-sat, from: '00:00', to: '00:15' } } }, estimates: { stop: 3m, install: 12m, database: 4m, start: 6m }",
            ),
        ),
        (
            "a window of the budget, where nothing is estimated",
            policy(
                "maintenance: { timeZone: Etc/UTC, windows: { nights: { days: mon, from: '22:00', to: '22:30' } } }",
            ),
        ),
        (
            "components that are known",
            good.replace(
                "installer:",
                "components: { mediation-server: \"7.0.2046.385\", call-park: \"7.0.2046.0\" }\n    installer:",
            ),
        ),
        ("slashes", good.replace("'D:\\", "'D:/Updates/")),
        ("a drive in lower case, an extension in capitals", good.replace("D:", "d:").replace(".exe", ".EXE")),
        ("a hidden share", good.replace("'D:\\", r"'\\files\updates$\")),
        ("a name that begins with digits", good.replace("fe01", "2019-fe01")),
        ("a server by its host name", good.replace("fe01.contoso.example", "fe01")),
        ("capitals", good.replace("fe01", "FE01")),
    ];
    for (what, text) in cases {
        let folder = folder(&text);
        let checked = reconcile(folder.path(), &["validate", "site.yaml", "--strict"]);
        assert_eq!((checked.code, checked.err.as_str()), (Some(0), ""), "{what}: {}", checked.err);
    }
}

/// `serde_yaml` without our limits would build all of these.
#[test]
fn oversized_input_is_refused_before_it_is_built() {
    let good = lab("");
    let bomb = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, level| {
        format!("{text}a{level}: &a{level} [*a{0}, *a{0}, *a{0}]\n", level - 1)
    });
    let cases = [
        ("an alias bomb", bomb, "an anchor"),
        ("33 levels", good.replace("CU7", &("[".repeat(40) + &"]".repeat(40))), "at most 32 levels"),
        ("a million items", good.replace("CU7", &format!("[{}]", "1,".repeat(200_000))), "at most 100000 keys"),
        ("a text of 5000 bytes", good.replace("CU7", &"x".repeat(5000)), "at most 4096 bytes"),
        ("2 MiB", format!("{good}# {}\n", "x".repeat(2 << 20)), "larger than 1 MiB"),
        ("a thousand errors", good.replace("  fe01", &"  x: y\n".repeat(1000)), "more"),
    ];
    for (what, text, why) in cases {
        let folder = folder(&text);
        let error = refused(folder.path(), "site.yaml");
        assert!(error.contains(why), "{what}: {error}");
        assert!(error.len() < 30_000, "{what} is answered with {} bytes", error.len());
    }
}

#[test]
fn a_file_that_is_not_text_is_refused_with_a_reason() {
    let folder = folder("");
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    fs::create_dir(folder.path().join("folder.yaml")).unwrap();
    write("utf16.yaml", &[0xff, 0xfe, b'v', 0]);
    write("latin1.yaml", b"version: 1 # gr\xfc\xdfe\n");
    write("binary.yaml", b"MZ\x90\x00\x03\x00");
    for (name, why) in [
        ("site.yaml", "the document is empty"),
        ("missing.yaml", "check the path"),
        ("folder.yaml", "this is a directory"),
        ("utf16.yaml", "the file is encoded as UTF-16"),
        ("latin1.yaml", "latin1.yaml:1:16"),
        ("binary.yaml", "not UTF-8"),
    ] {
        let error = refused(folder.path(), name);
        assert!(error.contains(why) && error.contains("help: "), "{name}: {error}");
    }
    #[cfg(unix)]
    assert!(refused(folder.path(), "/dev/zero").contains("larger than 1 MiB"));
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_no_errors() {
    let folder = folder(&format!("\u{feff}{}", lab("").replace('\n', "\r\n")));
    assert_eq!(reconcile(folder.path(), &["validate", "site.yaml"]).code, Some(0));
}

#[test]
fn of_several_manifests_each_is_checked() {
    let folder = folder(&lab(""));
    fs::write(folder.path().join("wrong.yaml"), "version: 2").unwrap();
    let ended = reconcile(folder.path(), &["validate", "wrong.yaml", "site.yaml"]);
    assert_eq!(ended.code, Some(65));
    assert_eq!(ended.out, "site.yaml: good: 1 server, 1 update\n");
    assert!(ended.err.contains("wrong.yaml:1:10"), "{}", ended.err);
}

#[test]
fn a_server_that_the_manifest_does_not_name_is_refused() {
    let folder = folder(&lab(""));
    let ended = reconcile(folder.path(), &["apply", "site.yaml", "--server", "fe02.contoso.example"]);
    assert_eq!(ended.code, Some(65));
    assert!(ended.err.contains("does not name the server fe02.contoso.example"), "{}", ended.err);
    assert!(ended.err.contains("the servers are: fe01.contoso.example"), "{}", ended.err);
    assert_eq!(listing(folder.path()), ["site.yaml"]);
}

#[test]
fn a_lab_that_is_wrong_is_refused() {
    for (text, place, why) in [
        (lab(", faults: [frobnicate]"), "site.yaml:12:", "reconcile help faults"),
        (
            lab("").replace("7.0.2046.123", "6.0.9319.1"),
            "site.yaml:12:",
            "expected a build of Skype for Business Server 2019",
        ),
        (lab("").replace("    fe01", "    fe02"), "site.yaml:12:", "does not say how fe01.contoso.example starts out"),
    ] {
        let folder = folder(&text);
        let ended = reconcile(folder.path(), &["plan", "site.yaml"]);
        assert_eq!(ended.code, Some(65), "{why}: {}", ended.err);
        assert!(ended.err.contains(place) && ended.err.contains(why), "{why}: {}", ended.err);
        assert_eq!(listing(folder.path()), ["site.yaml"]);
    }
}

#[test]
fn a_world_that_somebody_broke_is_not_overwritten() {
    let folder = folder(&lab(""));
    let world = folder.path().join("world.yaml");
    fs::write(&world, "servers: {").unwrap();
    for args in [["plan", "site.yaml"], ["apply", "site.yaml"]] {
        let ended = reconcile(folder.path(), &args);
        assert_eq!(ended.code, Some(65), "{}", ended.err);
        assert!(ended.err.contains("world.yaml") && ended.err.contains("reconcile lab reset"), "{}", ended.err);
        assert_eq!(fs::read_to_string(&world).unwrap(), "servers: {");
    }
}
