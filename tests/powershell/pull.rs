//! The startup script of `examples/pull` on a real PowerShell, with stand-ins for what only Windows has: access lists and
//! `eventcreate`. The program is a shell script that writes down its arguments.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::shell::{pwsh, root};

/// What the script asks of Windows alone, and the stand-in's words for it.
const WINDOWS: [(&str, &str); 3] = [
    ("(Get-Item -LiteralPath $Path -Force).GetAccessControl()", "Get-StandIn $Path"),
    ("[IO.Directory]::SetAccessControl($Path, $Access)", "Set-StandIn $Path"),
    ("[IO.Directory]::CreateDirectory($Path, $Access) | Out-Null", "New-StandIn $Path $Access"),
];

/// A file with the sticky bit belongs to a stranger; one that others may write has an entry for a stranger.
const STAND_INS: &str = r"
function Write-Log($Line) { Add-Content -LiteralPath $env:RECONCILE_LOG -Value $Line }
function Get-StandIn($Path) {
    $mode = [int] (Get-Item -LiteralPath $Path -Force).UnixFileMode
    $rule = { param($Who) [pscustomobject] @{ AccessControlType = 'Allow'; FileSystemRights = 0x1F01FF; IdentityReference = [pscustomobject] @{ Value = $Who } } }
    $access = [pscustomobject] @{ Owner = 'S-1-5-32-544'; Rules = @(& $rule 'S-1-5-18') }
    if ($mode -band 512) { $access.Owner = 'S-1-5-21-1-2-3-1001' }
    if ($mode -band 2) { $access.Rules += & $rule 'S-1-5-21-1-2-3-1001' }
    $access | Add-Member -MemberType ScriptMethod -Name GetOwner -Value { [pscustomobject] @{ Value = $this.Owner } }
    $access | Add-Member -MemberType ScriptMethod -Name GetAccessRules -Value { $this.Rules }
    $access
}
function Set-StandIn($Path) { Write-Log ('access of ' + (Split-Path -Leaf $Path)); (Get-Item -LiteralPath $Path).UnixFileMode = 493 }
function New-StandIn($Path, $Access) { if (-not $Access) { throw 'no access list' }; [IO.Directory]::CreateDirectory($Path) | Out-Null; Write-Log 'made with its access list' }
function New-Object {
    param($TypeName, $ArgumentList)
    if ($TypeName -ne 'Security.AccessControl.DirectorySecurity') {
        return Microsoft.PowerShell.Utility\New-Object -TypeName $TypeName -ArgumentList $ArgumentList
    }
    [pscustomobject] @{} | Add-Member -PassThru -MemberType ScriptMethod -Name SetSecurityDescriptorSddlForm -Value { Write-Log ('list of ' + $args[1]) }
}
";

/// A program that works; `how` tells two of them apart.
fn program(how: &str) -> String {
    format!("#!/bin/sh\n# {how}\necho \"${{0#*Files/reconcile/}} $*\" >>\"$RECONCILE_CALLS\"\n")
}

/// A server and the share that it pulls from.
struct Server {
    at: TempDir,
    /// Statements in front of the script's own.
    before: &'static str,
}

struct Ran {
    code: i32,
    said: String,
    /// The text in the event log.
    event: String,
}

impl Server {
    /// Nothing is on the server yet, and on the share lie a program that works and a manifest.
    fn new() -> Self {
        let server = Self { at: tempfile::tempdir().unwrap(), before: "" };
        for folder in ["share", "windows/System32", "Program Files"] {
            fs::create_dir_all(server.path(folder)).unwrap();
        }
        let event = "#!/bin/sh\nfor last; do :; done\nprintf '%s' \"$last\" >\"$RECONCILE_EVENT\"\n";
        server.executable("windows/System32/eventcreate.exe", event);
        server.executable("share/reconcile.exe", &program("one"));
        server.write("share/manifest.yaml", "version: 1\n");
        server
    }

    /// The same after the script has run once.
    fn installed() -> Self {
        let server = Self::new();
        let ran = server.start();
        assert_eq!(ran.code, 0, "{}", ran.said);
        server
    }

    fn path(&self, name: &str) -> PathBuf {
        self.at.path().join(name)
    }

    /// A file in the script's own folder.
    fn here(&self, name: &str) -> PathBuf {
        self.path("Program Files/reconcile").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn executable(&self, name: &str, text: &str) {
        self.write(name, text);
        mode(&self.path(name), 0o755);
    }

    /// The names in the script's folder, but for its lock.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.here("")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name != "reconcile.install.lock").collect();
        names.sort();
        names
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.here(name)).unwrap_or_else(|error| error.to_string())
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log.txt")).unwrap_or_default()
    }

    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.path("calls.txt")).unwrap_or_default();
        calls.lines().map(String::from).collect()
    }

    /// The script with the hash of what lies on the share.
    fn start(&self) -> Ran {
        let hash = fs::read(self.path("share/reconcile.exe")).map_or_else(|_| "0".repeat(64), |bytes| hash(&bytes));
        self.run(&["-Source", self.path("share").to_str().unwrap(), "-Sha256", &hash])
    }

    fn run(&self, args: &[&str]) -> Ran {
        let folder = self.here("");
        let folder = folder.to_str().unwrap().trim_end_matches('/');
        let more = if args.contains(&"-Folder") { Vec::new() } else { vec!["-Folder", folder] };
        let mut command = Command::new("timeout");
        command
            .args(["120", &pwsh(), "-NoProfile", "-NonInteractive", "-File"])
            .arg(self.script())
            .args(args)
            .args(more);
        let ended = self.environment(&mut command).output().unwrap();
        let said = [ended.stdout, ended.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        let event = fs::read_to_string(self.path("event.txt")).unwrap_or_default();
        let _ = fs::remove_file(self.path("event.txt"));
        Ran { code: ended.status.code().unwrap_or(-1), said, event }
    }

    /// What the stand-ins go by. A console in another code page than the program's UTF-8.
    fn environment<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("RECONCILE_LOG", self.path("log.txt")).env("RECONCILE_CALLS", self.path("calls.txt"));
        command.env("RECONCILE_EVENT", self.path("event.txt")).env("SystemRoot", self.path("windows"));
        command.env("POWERSHELL_TELEMETRY_OPTOUT", "1").env("NO_COLOR", "1").env("LC_ALL", "de_DE.ISO-8859-1")
    }

    /// The script with the stand-ins.
    fn script(&self) -> PathBuf {
        let mut text = fs::read_to_string(root().join("examples/pull/Install-Reconcile.ps1")).unwrap();
        for (windows, stand_in) in WINDOWS {
            assert_eq!(text.matches(windows).count(), 1, "{windows}");
            text = text.replace(windows, stand_in);
        }
        let first = "Set-StrictMode -Version 2.0\n";
        assert_eq!(text.matches(first).count(), 1);
        let text = text.replace(first, &format!("{first}{STAND_INS}{}\n", self.before));
        self.write("Install-Reconcile.ps1", &text);
        self.path("Install-Reconcile.ps1")
    }
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn the_task_runs_as_the_account_that_is_named() {
    let server = Server::new();
    let share = server.path("share");
    let hash = hash(program("one").as_bytes());
    let args = ["-Source", share.to_str().unwrap(), "-Sha256", &hash, "-Mode", "apply", "-Account", r"CONTOSO\svc$"];
    let ran = server.run(&args);
    assert_eq!(ran.code, 0, "{}", ran.said);
    let last = server.calls().pop().unwrap();
    assert!(last.ends_with(r"--mode apply --every 1h --jitter 10m --account CONTOSO\svc$"), "{last}");
}

#[test]
fn the_first_start_installs_and_the_second_changes_nothing() {
    let server = Server::installed();
    assert_eq!(server.names(), ["manifest.yaml", "reconcile.exe"]);
    assert!(server.log().contains("made with its access list"), "{}", server.log());
    let calls = server.calls();
    let of = |call: &str, start: &str| call.starts_with(start);
    assert!(
        of(&calls[0], "reconcile.new/reconcile.exe --version") && of(&calls[1], "reconcile.new/reconcile.exe validate"),
        "{calls:?}"
    );
    assert!(of(&calls[2], "reconcile.exe schedule install") && calls.len() == 3, "{calls:?}");
    let before = fs::metadata(server.here("reconcile.exe")).unwrap().modified().unwrap();
    let ran = server.start();
    assert!(ran.code == 0 && !ran.said.contains("is new") && ran.event.is_empty(), "{}", ran.said);
    assert_eq!(fs::metadata(server.here("reconcile.exe")).unwrap().modified().unwrap(), before);
    assert_eq!(server.calls().len(), 4, "the task alone is asked about again");
    server.executable("share/reconcile.exe", &program("two"));
    assert_eq!(server.start().code, 0);
    assert_eq!(server.text("reconcile.exe"), program("two"));
    assert_eq!(server.names(), ["manifest.yaml", "reconcile.exe"]);
}

/// P1: power that fails between two renames leaves a file under its old name only.
#[test]
fn what_a_cut_left_under_its_old_name_goes_back_before_the_share_is_asked() {
    for name in ["reconcile.exe", "manifest.yaml"] {
        let server = Server::installed();
        let text = server.text(name);
        fs::rename(server.here(name), server.here(&format!("{name}.639000000000000002.old"))).unwrap();
        fs::write(server.here(&format!("{name}.639000000000000001.old")), "an older one").unwrap();
        fs::rename(server.path("share"), server.path("away")).unwrap();
        let ran = server.start();
        assert_eq!(server.text(name), text, "{:?}", server.names());
        assert!(ran.code == 1 && ran.event.contains("expected a file"), "{}", ran.said);
        fs::rename(server.path("away"), server.path("share")).unwrap();
        let ran = server.start();
        assert_eq!(
            (ran.code, server.names()),
            (0, vec!["manifest.yaml".into(), "reconcile.exe".into()]),
            "{}",
            ran.said
        );
    }
}

/// P2: its hash does not show that the program starts here.
#[test]
fn a_program_that_does_not_work_here_does_not_replace_one_that_does() {
    let server = Server::installed();
    server.executable("share/reconcile.exe", "#!/bin/sh\nexit 57\n");
    let ran = server.start();
    assert!(ran.code == 1 && ran.event.contains("ended with 57"), "{}", ran.event);
    assert_eq!(server.text("reconcile.exe"), program("one"));
    assert_eq!(server.names(), ["manifest.yaml", "reconcile.exe"]);
}

/// P2: nor does an answer to its first question show that it can do its work.
#[test]
fn what_was_replaced_comes_back_when_the_task_cannot_be_registered() {
    let server = Server::installed();
    let refuses = program("two") + "test \"$1\" != schedule || { echo 'refused'; exit 4; }\n";
    server.executable("share/reconcile.exe", &refuses);
    server.write("share/manifest.yaml", "version: 1 # new\n");
    let ran = server.start();
    assert!(ran.code == 1 && ran.event.contains("ended with 4: refused"), "{}", ran.event);
    assert_eq!((server.text("reconcile.exe"), server.text("manifest.yaml")), (program("one"), "version: 1\n".into()));
    assert_eq!(server.names(), ["manifest.yaml", "reconcile.exe"]);
}

/// P3: a hash does not show whose a file is. Its owner could change it after the look.
#[test]
fn a_file_of_a_stranger_is_replaced_whatever_its_hash_and_never_started() {
    for (name, stranger) in
        [("reconcile.exe", 0o1755), ("reconcile.exe", 0o757), ("manifest.yaml", 0o1644), ("manifest.yaml", 0o646)]
    {
        let server = Server::installed();
        mode(&server.here(name), stranger);
        fs::write(server.here("reconcile.exe.639000000000000002.old"), "planted").unwrap();
        mode(&server.here("reconcile.exe.639000000000000002.old"), 0o1755);
        let ran = server.start();
        assert!(ran.code == 0 && ran.said.contains(&format!("{name} is new")), "{}", ran.said);
        assert_eq!(fs::metadata(server.here(name)).unwrap().permissions().mode() & 0o1002, 0, "{name} {stranger:o}");
        assert_eq!(server.names(), ["manifest.yaml", "reconcile.exe"]);
        let first = &server.calls()[3];
        assert!(first.starts_with("reconcile.new/reconcile.exe "), "the first call is of the copy: {first}");
    }
    // One that was put there as the old one is not brought back.
    let server = Server::installed();
    fs::rename(server.here("reconcile.exe"), server.here("reconcile.exe.639000000000000002.old")).unwrap();
    mode(&server.here("reconcile.exe.639000000000000002.old"), 0o1755);
    fs::rename(server.path("share"), server.path("away")).unwrap();
    assert_eq!(server.start().code, 1);
    assert_eq!(server.names(), ["manifest.yaml"]);
}

/// P4: whatever folder is named, its rights would be taken and its old files removed.
#[test]
fn a_folder_that_holds_other_things_is_left_as_it_is() {
    let server = Server::new();
    fs::create_dir(server.path("wwwroot")).unwrap();
    server.write("wwwroot/web.config.old", "precious");
    mode(&server.path("wwwroot"), 0o775);
    let (share, folder) = (server.path("share"), server.path("wwwroot"));
    let hash = hash(program("one").as_bytes());
    let ran = server.run(&["-Source", share.to_str().unwrap(), "-Sha256", &hash, "-Folder", folder.to_str().unwrap()]);
    assert!(ran.code == 1 && ran.event.contains("web.config.old"), "{}", ran.said);
    assert_eq!(fs::read_to_string(server.path("wwwroot/web.config.old")).unwrap(), "precious");
    assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
    assert!(!server.log().contains("access of"), "{}", server.log());
}

/// P5: nobody sees the standard error of a startup script.
#[test]
fn a_wrong_parameter_is_in_the_event_log() {
    let server = Server::new();
    let (share, good) = (server.path("share"), hash(program("one").as_bytes()));
    let share = share.to_str().unwrap();
    let cases: [(&[&str], &str); 7] = [
        (&["-Source", share, "-Sha256", "c0ffee"], "-Sha256, found 'c0ffee'"),
        (&["-Source", share, "-Sha256", &good, "-Mode", "aply"], "-Mode, found 'aply'"),
        (&["-Source", share], "-Sha256, found ''"),
        (&["-Sha256", &good], "-Source, found ''"),
        (&["-Source", "share", "-Sha256", &good], "a whole path as -Source, found 'share'"),
        (&["-Source", share, "-Sha256", &good, "-Folder", "here"], "a whole path as -Folder, found 'here'"),
        (&["-Source", share, "-Sha265", &good], "unexpected arguments: -Sha265"),
    ];
    for (args, why) in cases {
        let ran = server.run(args);
        assert!(ran.code == 1 && ran.event.contains(why), "{args:?}: {}\n{}", ran.event, ran.said);
    }
    assert!(!server.here("").exists());
}

/// P5: an argument that is too long is not passed on at all.
#[test]
fn of_a_long_reason_the_event_log_has_the_beginning_and_the_end() {
    let server = Server::installed();
    let lines = program("two") + "seq -f 'manifest.yaml:%g:1: unknown field, expected another one' 3000; exit 65\n";
    server.executable("share/reconcile.exe", &lines);
    let ran = server.start();
    assert!(ran.code == 1 && ran.event.chars().count() < 2100, "{}: {}", ran.code, ran.event.len());
    assert!(ran.event.starts_with("Install-Reconcile: ") && ran.event.contains("ended with 65"), "{}", ran.event);
    assert!(ran.event.contains("manifest.yaml:3000:1:"), "{}", ran.event);
}

/// P5: the constrained language forbids most of .NET, standard error included.
#[test]
fn an_application_control_policy_is_in_the_event_log() {
    let mut server = Server::new();
    server.before = "$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'";
    let ran = server.start();
    assert!(ran.code == 1 && ran.event.contains("an application control policy"), "{}\n{}", ran.event, ran.said);
    assert!(!server.here("").exists());
}

/// P5: an event log that takes nothing.
#[test]
fn where_the_event_log_takes_nothing_the_reason_is_in_a_file() {
    for broken in [Some("#!/bin/sh\necho 'the log is full'; exit 1\n"), None] {
        let server = Server::installed();
        match broken {
            Some(text) => server.executable("windows/System32/eventcreate.exe", text),
            None => fs::remove_file(server.path("windows/System32/eventcreate.exe")).unwrap(),
        }
        let planted = server.here("reconcile.failure.txt");
        std::os::unix::fs::symlink(server.path("elsewhere"), &planted).unwrap();
        let manifest = server.path("share/manifest.yaml");
        fs::rename(&manifest, server.path("kept")).unwrap();
        let ran = server.start();
        let text = server.text("reconcile.failure.txt");
        assert!(ran.code == 1 && text.contains("manifest.yaml, found none"), "{text}\n{}", ran.said);
        assert!(
            text.contains(if broken.is_some() { "the log is full" } else { "eventcreate did not start" }),
            "{text}"
        );
        assert!(!server.path("elsewhere").exists(), "a link that was left there is not followed");
        fs::rename(server.path("kept"), manifest).unwrap();
        assert_eq!(server.start().code, 0);
        assert!(!planted.exists(), "it is true no longer");
    }
}

/// P6: a folder under the name of a file, on the share and here.
#[test]
fn a_folder_in_the_place_of_a_file_does_no_harm_that_lasts() {
    for name in ["reconcile.exe", "manifest.yaml"] {
        let server = Server::installed();
        let there = server.path("share").join(name);
        server.executable("share/reconcile.exe", &program("two"));
        server.write("share/manifest.yaml", "version: 1 # two\n");
        let hash = hash(program("two").as_bytes());
        let share = server.path("share");
        let args = ["-Source", share.to_str().unwrap(), "-Sha256", &hash];
        fs::rename(&there, server.path("kept")).unwrap();
        fs::create_dir(&there).unwrap();
        fs::write(there.join("file"), "").unwrap();
        let ran = server.run(&args);
        assert!(ran.code == 1 && ran.event.contains("found a folder"), "{}", ran.event);
        assert_eq!(server.text("reconcile.exe"), program("one"));
        assert_eq!(server.names(), ["manifest.yaml", "reconcile.exe"]);
        fs::remove_dir_all(&there).unwrap();
        fs::rename(server.path("kept"), &there).unwrap();
        fs::write(server.here("reconcile.new"), "a file in the place of a folder").unwrap();
        let ran = server.run(&args);
        assert_eq!((ran.code, server.text("reconcile.exe")), (0, program("two")), "{}", ran.said);
        assert_eq!(server.names(), ["manifest.yaml", "reconcile.exe"]);
        fs::remove_file(server.here(name)).unwrap();
        fs::create_dir(server.here(name)).unwrap();
        let ran = server.run(&args);
        assert!(ran.code == 1 && ran.event.contains(&format!("{name} to be a file, found a folder")), "{}", ran.event);
    }
}

/// P7: a disk that is full keeps a part of the copy.
#[test]
fn a_copy_that_fails_leaves_nothing_behind() {
    let mut server = Server::installed();
    server.executable("share/reconcile.exe", &program("two"));
    server.before = "function Copy-Item { param($LiteralPath, $Destination, [switch] $Force)
        [IO.File]::WriteAllText($Destination, 'a part')
        throw 'There is not enough space on the disk' }";
    let ran = server.start();
    assert!(ran.code == 1 && ran.event.contains("not enough space"), "{}", ran.event);
    assert_eq!(server.names(), ["manifest.yaml", "reconcile.exe"]);
    assert_eq!(server.text("reconcile.exe"), program("one"));
}

/// P8: the console of these runs is in another encoding than the program.
#[test]
fn what_the_program_says_is_read_as_utf_8() {
    let server = Server::installed();
    server.executable("share/reconcile.exe", &(program("two") + "echo 'Größe: 数据库'; exit 65\n"));
    let ran = server.start();
    assert!(ran.code == 1 && ran.event.contains("Größe: 数据库"), "{}", ran.event);
}

/// A server with a key follows signed manifests only, and the signature is of the manifest's own name.
#[test]
fn a_signed_manifest_comes_with_its_signature_and_is_tried_with_the_server_s_key() {
    let checks = program("one")
        + "test \"$1\" != validate || cmp -s \"$2.minisig\" \"${0%/*}/reconcile.pub\" || { echo unsigned; exit 65; }\n";
    let server = Server::installed();
    fs::write(server.here("reconcile.pub"), "one").unwrap();
    server.executable("share/reconcile.exe", &checks);
    let ran = server.start();
    assert!(ran.code == 1 && ran.event.contains("unsigned"), "{}", ran.event);
    server.write("share/manifest.yaml.minisig", "one");
    assert_eq!(server.start().code, 0);
    let all = ["manifest.yaml", "manifest.yaml.minisig", "reconcile.exe", "reconcile.pub"];
    assert_eq!(server.names(), all);
    server.write("share/manifest.yaml", "version: 1 # two\n");
    server.write("share/manifest.yaml.minisig", "two");
    let ran = server.start();
    assert!(ran.code == 1 && ran.event.contains("unsigned"), "{}", ran.event);
    assert_eq!(
        (server.text("manifest.yaml"), server.text("manifest.yaml.minisig")),
        ("version: 1\n".into(), "one".into())
    );
    // Each old file goes back to its own name.
    for name in &all[..2] {
        fs::rename(server.here(name), server.here(&format!("{name}.639000000000000001.old"))).unwrap();
    }
    assert_eq!(server.start().code, 1);
    assert_eq!(
        (server.text("manifest.yaml"), server.text("manifest.yaml.minisig")),
        ("version: 1\n".into(), "one".into())
    );
    assert_eq!(server.names(), all);
}

/// Without a key a server follows every manifest, signed or not.
#[test]
fn a_key_of_a_stranger_is_not_removed_and_nothing_is_done_until_somebody_has_looked() {
    for stranger in [0o1644, 0o646] {
        let server = Server::installed();
        let calls = server.calls();
        fs::write(server.here("reconcile.pub"), "one").unwrap();
        mode(&server.here("reconcile.pub"), stranger);
        fs::write(server.here("reconcile.planted"), "").unwrap();
        mode(&server.here("reconcile.planted"), 0o1644);
        server.write("share/manifest.yaml", "version: 1 # unsigned\n");
        let ran = server.start();
        assert!(ran.code == 1 && ran.event.contains("reconcile.pub"), "{}", ran.said);
        assert!(ran.event.contains("Compare it with your key") && ran.event.contains("/setowner"), "{}", ran.event);
        assert_eq!((server.text("reconcile.pub"), server.text("manifest.yaml")), ("one".into(), "version: 1\n".into()));
        assert_eq!(server.calls(), calls, "no program was started");
        mode(&server.here("reconcile.pub"), 0o644);
        let ran = server.start();
        assert_eq!((ran.code, server.names().contains(&"reconcile.planted".into())), (0, false), "{}", ran.said);
        assert_eq!(server.text("reconcile.pub"), "one");
    }
}

/// P9: somebody saves a file while it is read.
#[test]
fn a_file_that_is_saved_meanwhile_is_read_again_and_named_for_what_it_is() {
    let saved = |times: u32| {
        let text = format!(
            "$script:saves = {times}
            function Copy-Item {{ param($LiteralPath, $Destination, [switch] $Force)
                if ($LiteralPath -like '*manifest.yaml' -and $script:saves -gt 0) {{
                    $script:saves--
                    Add-Content -LiteralPath $LiteralPath -Value '# saved'
                }}
                Microsoft.PowerShell.Management\\Copy-Item -LiteralPath $LiteralPath -Destination $Destination -Force }}"
        );
        Box::leak(text.into_boxed_str())
    };
    let mut server = Server::installed();
    server.write("share/manifest.yaml", "version: 1 # new\n");
    server.before = saved(2);
    let ran = server.start();
    assert!(ran.code == 1 && ran.event.contains("changed while it was read"), "{}", ran.event);
    assert!(!ran.event.contains("-Sha256"), "{}", ran.event);
    assert_eq!(server.text("manifest.yaml"), "version: 1\n");
    server.before = saved(1);
    let ran = server.start();
    assert_eq!((ran.code, server.text("manifest.yaml").matches("# saved").count()), (0, 3), "{}", ran.said);
    // One with another hash is another matter.
    let share = server.path("share");
    let ran = server.run(&["-Source", share.to_str().unwrap(), "-Sha256", &"0".repeat(64)]);
    assert!(ran.code == 1 && ran.event.contains("correct -Sha256"), "{}", ran.event);
}

/// P10: the audit list is an administrator's, and to write it takes a right that hardened servers do not give.
#[test]
fn of_the_folder_s_security_only_owner_and_access_are_written() {
    let server = Server::installed();
    assert_eq!(server.start().code, 0);
    assert_eq!(
        server.log(),
        "list of Owner, Access\nmade with its access list\nlist of Owner, Access\naccess of reconcile\n"
    );
}

/// P11: help that touches a requirement is none.
#[test]
fn get_help_finds_the_help() {
    let file = root().join("examples/pull/Install-Reconcile.ps1");
    let ask = format!(
        "$help = Get-Help -Full '{}'; $help.Synopsis; $help.parameters.parameter | ForEach-Object {{ $_.name + ': ' + $_.description.Text }}",
        file.display()
    );
    let ran = Command::new(pwsh()).args(["-NoProfile", "-NonInteractive", "-Command", &ask]).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(said.starts_with("Brings reconcile and its manifest from a share"), "{said}");
    for parameter in ["Source", "Sha256", "Folder", "Mode", "Every", "Jitter"] {
        assert!(
            said.lines().any(|line| line.starts_with(&format!("{parameter}: ")) && line.len() > parameter.len() + 9),
            "{parameter}\n{said}"
        );
    }
}

/// P12: groups have other names in other languages, and the shares are made on servers in all of them.
#[test]
fn the_shares_are_made_on_a_german_server_too() {
    let readme = fs::read_to_string(root().join("examples/pull/README.md")).unwrap();
    let blocks: Vec<_> =
        readme.split("```").skip(1).step_by(2).filter_map(|block| block.strip_prefix("powershell\n")).collect();
    assert_eq!(blocks.len(), 2);
    let identity = "[Security.Principal.WindowsIdentity]::GetCurrent().User.AccountDomainSid";
    assert!(blocks[0].contains(identity));
    let stand_ins = r"
function icacls { 'icacls ' + ($args -join '|') }
function net { 'net ' + ($args -join '|') }
function New-Object { param($TypeName, $ArgumentList)
    if ($TypeName -ne 'Security.Principal.SecurityIdentifier') { throw $TypeName }
    $names = @{ 'S-1-5-32-544' = 'VORDEFINIERT\Administratoren'; 'S-1-5-21-1-2-3-515' = 'CONTOSO\Domänencomputer' }
    [pscustomobject] @{ Name = $names[$ArgumentList] } | Add-Member -PassThru -MemberType ScriptMethod -Name Translate -Value { [pscustomobject] @{ Value = $this.Name } }
}
Set-StrictMode -Version 2.0; $ErrorActionPreference = 'Stop'
";
    let text = format!("\u{feff}{stand_ins}{}", blocks.concat().replace(identity, "'S-1-5-21-1-2-3'"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shares.ps1");
    fs::write(&file, text).unwrap();
    let ran = Command::new(pwsh()).args(["-NoProfile", "-NonInteractive", "-File"]).arg(file).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(
        lines,
        [
            r"icacls D:\reconcile|/inheritance:r|/grant|*S-1-5-18:(OI)(CI)F|*S-1-5-32-544:(OI)(CI)F|*S-1-5-21-1-2-3-515:(OI)(CI)RX",
            r"net share|reconcile=D:\reconcile|/grant:CONTOSO\Domänencomputer,READ|/grant:VORDEFINIERT\Administratoren,FULL",
            r"icacls D:\snapshots|/inheritance:r|/grant|*S-1-5-18:(OI)(CI)F|*S-1-5-32-544:(OI)(CI)F|*S-1-5-21-1-2-3-515:(RD,RA,REA,RC,S,X,WD)|*S-1-3-0:(OI)(IO)M|CONTOSO\svc-drift:(OI)(CI)RX",
            r"net share|snapshots=D:\snapshots|/grant:CONTOSO\Domänencomputer,CHANGE|/grant:CONTOSO\svc-drift,READ|/grant:VORDEFINIERT\Administratoren,FULL",
        ],
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
}

/// Two starts at once: a startup and a scheduled task.
#[test]
fn several_at_once_all_end_well() {
    let server = Server::new();
    let script = server.script();
    let (share, folder) = (server.path("share"), server.here(""));
    let hash = hash(program("one").as_bytes());
    let start = || {
        let mut command = Command::new("timeout");
        command.args(["120", &pwsh(), "-NoProfile", "-NonInteractive", "-File"]).arg(&script);
        command
            .arg("-Source")
            .arg(&share)
            .args(["-Sha256", &hash])
            .arg("-Folder")
            .arg(folder.to_str().unwrap().trim_end_matches('/'));
        let status = self::Server::environment(&server, &mut command).output();
        status.unwrap()
    };
    let ended: Vec<_> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..3).map(|_| scope.spawn(start)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    for one in &ended {
        assert!(one.status.success(), "{one:?}");
    }
    assert_eq!(server.names(), ["manifest.yaml", "reconcile.exe"]);
}
