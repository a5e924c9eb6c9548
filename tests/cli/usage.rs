//! The command line itself: wrong usage, questions about the program, and where the answers are printed.

use std::io;

use crate::{command, ended, folder, lab, reconcile};

#[test]
fn wrong_usage_ends_with_64_and_says_how_to_do_it() {
    let folder = folder(&lab(""));
    for args in [
        &[] as &[&str],
        &["frobnicate"],
        &["plan"],
        &["plan", "site.yaml", "--frobnicate"],
        &["plan", "site.yaml", "--output", "xml"],
        &["plan", "site.yaml", "--server", "not a name"],
        &["apply", "site.yaml", "another.yaml"],
        &["validate"],
        &["schema", "frobnicate"],
        &["releases", "--product", "exchange"],
        &["completions", "tcsh"],
        &["schedule"],
        &["schedule", "install"],
        &["schedule", "install", "site.yaml", "--every", "often"],
        &["schedule", "install", "site.yaml", "--account", "nobody"],
        &["schedule", "show", "--output", "xml"],
        &["schedule", "remove", "site.yaml"],
        &["dsc"],
        &["dsc", "manifest"],
        &["dsc", "delete"],
        &["dsc", "get", "--what-if"],
        &["lab"],
        &["lab", "break", "site.yaml", "fe01.contoso.example", "frobnicate"],
        &["lab", "break", "site.yaml", "fe02.contoso.example", "shell-open"],
    ] {
        let ended = reconcile(folder.path(), args);
        assert_eq!(ended.code, Some(64), "{args:?}: {}{}", ended.out, ended.err);
        assert_eq!(ended.out, "", "{args:?}");
        assert!(ended.err.contains("Usage: ") || ended.err.starts_with("error: "), "{args:?}: {}", ended.err);
    }
}

#[test]
fn a_misspelt_word_gets_the_nearest_right_one() {
    let folder = folder(&lab(""));
    for (args, right) in
        [(["aply", "site.yaml"], "apply"), (["plan", "--servr"], "--server"), (["schema", "manifst"], "manifest")]
    {
        let ended = reconcile(folder.path(), &args);
        assert!(ended.err.contains(right), "{args:?}: {}", ended.err);
    }
}

#[test]
fn a_word_of_another_tool_gets_our_word() {
    let folder = folder(&lab(""));
    for (args, ours) in [
        (&["release", "site.yaml"] as &[&str], "reconcile unhold MANIFEST"),
        (&["diff", "site.yaml"], "reconcile drift MANIFEST"),
        (&["check", "site.yaml"], "reconcile validate MANIFEST"),
        (&["test", "site.yaml"], "reconcile drift MANIFEST"),
        (&["apply", "site.yaml", "--dry-run"], "reconcile plan MANIFEST"),
        (&["resume", "site.yaml"], "apply again"),
        (&["unlock", "site.yaml"], "reconcile claims MANIFEST --break"),
        (&["rollback", "site.yaml"], "cannot be taken back"),
        (&["preflight", "site.yaml"], "reconcile doctor MANIFEST"),
        (&["bundle", "site.yaml"], "reconcile support MANIFEST"),
    ] {
        let ended = reconcile(folder.path(), args);
        assert_eq!((ended.code, ended.out.as_str()), (Some(64), ""), "{args:?}");
        assert!(ended.err.contains(ours), "{args:?}: {}", ended.err);
    }
    for args in [["schedule", "resume"], ["lab", "release"], ["dsc", "diff"]] {
        let ended = reconcile(folder.path(), &args);
        assert_eq!(ended.code, Some(64), "{args:?}");
        assert!(ended.err.contains("unrecognized subcommand"), "{args:?}: {}", ended.err);
    }
}

#[test]
fn help_and_version_are_no_errors() {
    let folder = folder(&lab(""));
    let commands =
        ["apply", "plan", "observe", "validate", "schema", "releases", "lab", "schedule", "dsc", "completions"];
    let help = reconcile(folder.path(), &["--help"]);
    for command in commands {
        assert!(help.out.contains(&format!("  {command} ")), "{}", help.out);
        let ended = reconcile(folder.path(), &[command, "--help"]);
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{command}");
        assert!(ended.out.contains("Usage: reconcile "), "{command}: {}", ended.out);
    }
    for code in ["0", "1", "2", "3", "4", "5", "64", "65"] {
        assert!(
            help.out.lines().any(|line| line.trim_start().starts_with(&format!("{code}  "))),
            "{code}: {}",
            help.out
        );
    }
    let version = reconcile(folder.path(), &["--version"]);
    assert_eq!((version.code, version.out), (Some(0), format!("reconcile {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn shells_get_their_completions() {
    let folder = folder(&lab(""));
    for shell in ["bash", "powershell"] {
        let ended = reconcile(folder.path(), &["completions", shell]);
        assert_eq!(ended.code, Some(0), "{shell}");
        for word in ["apply", "validate", "--server"] {
            assert!(ended.out.contains(word), "{shell} does not know {word}");
        }
    }
}

#[test]
fn nothing_is_coloured_where_nobody_sees_it_or_nobody_wants_it() {
    for variables in [&[] as &[(&str, &str)], &[("NO_COLOR", "1")], &[("CI", "true"), ("TERM", "xterm-256color")]] {
        let folder = folder(&lab(", faults: [installer-fails]"));
        let wrong = crate::folder("version: 1\nupdate: {}\n");
        let commands = [["plan", "site.yaml"], ["apply", "site.yaml"], ["lab", "show"], ["validate", "site.yaml"]];
        for (place, args) in
            [(&folder, commands[0]), (&folder, commands[1]), (&folder, commands[2]), (&wrong, commands[3])]
        {
            let ended = ended(command(place.path(), &args).envs(variables.iter().copied()).output().unwrap());
            assert!(!ended.out.contains('\u{1b}') && !ended.err.contains('\u{1b}'), "{args:?} {variables:?}");
        }
    }
}

/// As in `reconcile releases | head -1`, except that the reader is gone before the first byte.
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = folder(&lab(""));
    for args in [
        &["releases"] as &[&str],
        &["schema", "manifest"],
        &["completions", "bash"],
        &["--help"],
        &["validate", "site.yaml"],
        &["observe", "site.yaml"],
        &["apply", "site.yaml"],
    ] {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let ended = ended(command(folder.path(), args).stdout(writer).output().unwrap());
        assert_eq!(ended.code, Some(0), "{args:?}: {}", ended.err);
    }
}

/// The work continues when nobody reads its progress.
#[test]
fn a_reader_of_progress_that_goes_away_is_no_failure() {
    let folder = folder(&lab(""));
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let ended = ended(command(folder.path(), &["apply", "site.yaml"]).stderr(writer).output().unwrap());
    assert_eq!(ended.code, Some(0));
    assert!(ended.out.contains("1 at goal; 1 changed"), "{}", ended.out);
}

#[cfg(not(windows))]
#[test]
fn apply_for_real_servers_says_on_another_system_what_can_be_done_there_and_nothing_else() {
    let manifest = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/standard-edition.yaml");
    let folder = crate::folder("");
    let ended = reconcile(folder.path(), &["apply", manifest.to_str().unwrap(), "--yes"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(64), ""), "{}", ended.err);
    assert!(ended.err.starts_with("error: ") && ended.err.contains("reconcile drift "), "{}", ended.err);
    assert!(!ended.err.contains("warning"), "{}", ended.err);
}
