//! A machine with Windows for one test: a copy of the template with a server installed, switched on.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reconcile_doubles::{Call, Database, Lab, Sight};
use tempfile::TempDir;

use crate::processes::{self, Process, until};
use crate::server::{SERVICE, Server};

const WINE: &str = "/usr/lib/wine/wine64";

/// The program under test.
pub const RECONCILE: &str = r"C:\Program Files\reconcile\reconcile.exe";

/// The management shell that runs scripts.
pub const POWERSHELL: &str = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe";

/// The management shell that a person has open.
pub const SHELL: &str = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell_ise.exe";

/// The number of attempts to start a program, because Wine sometimes ends one before it begins.
const STARTS: usize = 3;

/// The longest time for a boot, ten times what a busy computer needs, and the number of attempts.
const BOOT: Duration = Duration::from_secs(45);
const BOOTS: u32 = 3;

/// A machine that is switched on.
pub struct Machine {
    folder: TempDir,
    server: Server,
    runs: AtomicUsize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// All 32 bits of the exit code.
    pub code: u32,
    pub stdout: String,
    pub stderr: String,
}

pub struct Running<'a> {
    machine: &'a Machine,
    command: Command,
    child: Child,
    number: usize,
    what: String,
}

impl Machine {
    /// Installs the server on a fresh machine and switches it on.
    pub fn new(server: Server) -> Self {
        let template = PathBuf::from(given("WINDOWS_TEMPLATE"));
        let beside = template.with_file_name("machines");
        fs::create_dir_all(&beside).expect("a folder for the machines");
        let machine = Self {
            folder: TempDir::new_in(beside).expect("a folder for the machine"),
            server,
            runs: AtomicUsize::new(0),
        };
        machine.copy(&template);
        machine.install();
        machine.switch_on();
        machine
    }

    fn prefix(&self) -> PathBuf {
        self.folder.path().join("prefix")
    }

    /// Links the files of the template, which is quick. Files that are written in place are copied.
    fn copy(&self, template: &Path) {
        let copied = Command::new("cp").args(["-al", "--"]).arg(template).arg(self.prefix()).status();
        assert!(copied.expect("cp runs").success(), "cannot copy {}", template.display());
        for own in ["system.reg", "user.reg", "userdef.reg", ".update-timestamp"] {
            let path = self.prefix().join(own);
            fs::remove_file(&path).expect("the template has the file");
            fs::copy(template.join(own), path).expect("a copy of its own");
        }
        // This drive would show the disk of the host.
        fs::remove_file(self.prefix().join("dosdevices/z:")).expect("Wine makes the link");
    }

    fn install(&self) {
        let server = &self.server;
        let mut hive = OpenOptions::new().append(true).open(self.prefix().join("system.reg")).expect("the hive");
        hive.write_all(server.hive().as_bytes()).expect("the hive can be written");
        for part in ["asleep", "boot", "cmdlet", "confined", "look", "ordinary", "run", "swapper"] {
            self.put_program("doubles.exe", &format!(r"C:\lab\bin\{part}.exe"));
        }
        for program in server.lab.services.iter().chain(&server.lab.bystanders).filter_map(|one| one.program.as_ref()) {
            self.put_program("service.exe", program);
        }
        self.put_program("service.exe", SERVICE);
        for package in server.packages() {
            self.put(&package, "");
        }
        for shell in [POWERSHELL, SHELL] {
            self.put_program("doubles.exe", shell);
        }
        self.put_program("doubles.exe", r"C:\Windows\System32\schtasks.exe");
        self.put_program("assembly.dll", server.product.assembly);
        self.put_program("installer.exe", &self.installer());
        if Path::new(&given("WINDOWS_PROGRAMS")).join("reconcile.exe").exists() {
            self.put_program("reconcile.exe", RECONCILE);
        }
        self.put(server.product.module, "");
        self.put(r"C:\lab\lab.json", json(&server.lab));
        self.put(r"C:\lab\databases.json", json(&server.databases));
    }

    /// The server that is installed on the machine.
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// The path of the product's update installer.
    pub fn installer(&self) -> String {
        format!(r"C:\updates\{}", self.server.product.installer)
    }

    /// The Linux path for a path on the machine, whose names match in any case.
    pub fn path(&self, windows: &str) -> PathBuf {
        let inside = windows.strip_prefix(r"C:\").expect("an absolute path on drive C");
        inside.split('\\').fold(self.prefix().join("drive_c"), |folder, name| {
            let known = fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
            let known = { known }.find(|known| known.eq_ignore_ascii_case(name));
            folder.join(known.unwrap_or_else(|| name.into()))
        })
    }

    /// Puts a file on the machine, separate from the template.
    pub fn put(&self, windows: &str, content: impl AsRef<[u8]>) {
        fs::write(self.place(windows), content).expect("the machine takes a file");
    }

    /// Puts a program of the tests on the machine.
    pub fn put_program(&self, program: &str, windows: &str) {
        let program = Path::new(&given("WINDOWS_PROGRAMS")).join(program);
        fs::copy(&program, self.place(windows)).unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    }

    /// A path where nothing lies, in an existing folder.
    fn place(&self, windows: &str) -> PathBuf {
        let path = self.path(windows);
        fs::create_dir_all(path.parent().expect("a file in a folder")).expect("the machine takes a folder");
        // The file that lies there can be a link to the template's.
        let _ = fs::remove_file(&path);
        path
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.prefix().join("drive_c")).env("WINEPREFIX", self.prefix());
        for (name, value) in [("HOME", "home"), ("XDG_RUNTIME_DIR", "home")] {
            command.env(name, self.prefix().join(value));
        }
        command.env("LD_PRELOAD", PathBuf::from(given("WINDOWS_PROGRAMS")).join("disk.so"));
        // The services inherit the streams of the first program. Nobody may wait for the end of these streams, so they
        // are not pipes.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Boots. Once in a few hundred boots, Wine's service manager stops in the middle of starting services. No program
    /// of ours runs by then, so that boot is cut short, undone, and tried again.
    fn switch_on(&self) {
        let calls = self.path(r"C:\lab\calls.jsonl");
        let before = fs::read(&calls).unwrap_or_default();
        for _ in 0..BOOTS {
            if self.boots() {
                return;
            }
            processes::kill_all(&self.prefix());
            fs::write(&calls, &before).expect("the machine takes a file");
        }
        panic!("the machine did not boot, {BOOTS} times");
    }

    /// Whether one boot ends in time.
    fn boots(&self) -> bool {
        let server = self.command(&given("WINESERVER")).arg("-p").status().expect("Wine is installed");
        assert!(server.success(), "the machine does not switch on: {server}");
        let log = self.folder.path().join("boot");
        let mut boot = self.command(WINE);
        boot.arg(r"C:\lab\bin\boot.exe").stderr(File::create(&log).expect("a file for its output"));
        let mut boot = boot.spawn().expect("Wine is installed");
        let Some(booted) = processes::within(BOOT, || boot.try_wait().expect("Linux says")) else { return false };
        assert!(booted.success(), "the machine does not boot: {}", fs::read_to_string(log).expect("its output"));
        true
    }

    /// Shuts the machine down and switches it on again.
    pub fn reboot(&self) {
        let mut off = self.command(&given("WINESERVER")).args(["-k", "-w"]).spawn().expect("Wine is installed");
        until("the machine shuts down", || off.try_wait().expect("Linux says"));
        processes::kill_all(&self.prefix());
        self.switch_on();
    }

    /// Cuts the power, so that nothing more is written, and switches the machine on again.
    pub fn cut_power(&self) {
        processes::kill_all(&self.prefix());
        self.switch_on();
    }

    /// Waits until some process matches `seen`, then for `later`, and ends every process that matches `whom`.
    pub fn kill_when(&self, seen: impl Fn(&Process) -> bool, later: Duration, whom: impl Fn(&Process) -> bool) {
        processes::kill_when(&self.prefix(), seen, later, whom);
    }

    /// Ends a program at once, as TerminateProcess would. The watchers of its commands keep running.
    pub fn kill(&self, program: &str) {
        processes::kill(&self.prefix(), program);
    }

    pub fn runs(&self, program: &str) -> bool {
        processes::run(&self.prefix(), program)
    }

    /// Presses Ctrl-C for a program.
    pub fn interrupt(&self, program: &str) {
        processes::interrupt(&self.prefix(), program);
    }

    pub fn start<Arg: AsRef<OsStr>>(&self, program: &str, args: &[Arg]) -> Running<'_> {
        self.start_with(program, args, &[])
    }

    pub fn start_in<Arg: AsRef<OsStr>>(&self, folder: &str, program: &str, args: &[Arg]) -> Running<'_> {
        let mut command = self.command(WINE);
        command.current_dir(self.path(folder));
        self.started(command, program, args)
    }

    /// Starts a program with these variables, which are for Wine.
    pub fn start_with<Arg: AsRef<OsStr>>(
        &self,
        program: &str,
        args: &[Arg],
        variables: &[(&str, &str)],
    ) -> Running<'_> {
        let mut command = self.command(WINE);
        command.envs(variables.iter().copied());
        self.started(command, program, args)
    }

    fn started<Arg: AsRef<OsStr>>(&self, mut command: Command, program: &str, args: &[Arg]) -> Running<'_> {
        let number = self.runs.fetch_add(1, Ordering::Relaxed);
        command.args([r"C:\lab\bin\run.exe", &format!(r"C:\lab\exit-{number}"), program]).args(args);
        let args: Vec<_> = args.iter().map(|arg| arg.as_ref().to_string_lossy()).collect();
        let what = format!("{program} {}", args.join(" "));
        let child = self.spawn(&mut command, number);
        Running { machine: self, command, child, number, what }
    }

    fn spawn(&self, command: &mut Command, number: usize) -> Child {
        // A pipe would stay open as long as a grandchild lives, so these are files.
        let file = |stream| File::create(self.stream(number, stream)).expect("a file for its output");
        command.stdout(file("stdout")).stderr(file("stderr")).spawn().expect("Wine is installed")
    }

    /// Opens a management shell, which keeps the product's assembly loaded until somebody ends it.
    pub fn open_shell(&self) -> Running<'_> {
        let shell = self.start(SHELL, &[self.server.product.assembly]);
        self.until_called("the shell is open", |call| call.program == "powershell_ise.exe");
        shell
    }

    /// Runs a program to its end.
    pub fn run<Arg: AsRef<OsStr>>(&self, program: &str, args: &[Arg]) -> Output {
        self.start(program, args).end()
    }

    fn stream(&self, number: usize, stream: &str) -> PathBuf {
        self.folder.path().join(format!("{stream}-{number}"))
    }

    /// Reads what is installed and what runs.
    pub fn look(&self) -> Sight {
        let Output { code, stdout, stderr } = self.run::<&str>(r"C:\lab\bin\look.exe", &[]);
        assert_eq!(code, 0, "{stderr}");
        serde_json::from_str(&stdout).expect("a sight")
    }

    /// The calls of the doubles, in order.
    pub fn calls(&self) -> Vec<Call> {
        let calls = fs::read_to_string(self.path(r"C:\lab\calls.jsonl")).unwrap_or_default();
        // A last line without an end is still being written.
        let lines = calls.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        lines.map(|line| serde_json::from_str(line).expect("a call")).collect()
    }

    /// Waits for a call of a double that matches `wanted`.
    pub fn until_called(&self, what: &str, wanted: impl Fn(&Call) -> bool) {
        until(what, || self.calls().iter().any(&wanted).then_some(()));
    }

    /// Waits until the state of the machine matches `wanted`.
    pub fn until_seen(&self, what: &str, wanted: impl Fn(&Sight) -> bool) {
        until(what, || wanted(&self.look()).then_some(()));
    }

    /// The content of the databases.
    pub fn databases(&self) -> Vec<Database> {
        let databases = fs::read(self.path(r"C:\lab\databases.json")).expect("the databases");
        serde_json::from_slice(&databases).expect("the databases")
    }

    /// Changes the behaviour of the doubles from now on.
    pub fn change(&mut self, change: impl FnOnce(&mut Lab)) {
        change(&mut self.server.lab);
        let new = self.path(r"C:\lab\lab.json.new");
        fs::write(&new, json(&self.server.lab)).expect("the machine takes a file");
        fs::rename(new, self.path(r"C:\lab\lab.json")).expect("the machine takes a file");
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let calls: Vec<_> = self.calls().iter().map(|call| format!("  {call}\n")).collect();
            eprintln!("the doubles of the machine were called so:\n{}", calls.concat());
        }
        processes::kill_all(&self.prefix());
    }
}

impl Running<'_> {
    /// Waits until the program has written this text to standard error.
    pub fn until_said(&self, text: &str) {
        let path = self.machine.stream(self.number, "stderr");
        let said = || fs::read_to_string(&path).is_ok_and(|said| said.contains(text));
        until(&format!("{} says: {text}", self.what), || said().then_some(()));
    }

    /// Waits for the end of a program that ended with its machine.
    pub fn cut_short(mut self) {
        until(&format!("the end of {}", self.what), || self.child.try_wait().expect("Linux says"));
    }

    /// Waits for the program's end.
    pub fn end(mut self) -> Output {
        let wait =
            |child: &mut Child| until(&format!("the end of {}", self.what), || child.try_wait().expect("Linux says"));
        let mut status = wait(&mut self.child);
        // Once in a few hundred starts on a busy computer, Wine ends a program before it begins. No program of ours has
        // run then.
        let began = self.machine.path(&format!(r"C:\lab\exit-{}.began", self.number));
        for _ in 1..STARTS {
            if began.exists() {
                break;
            }
            self.child = self.machine.spawn(&mut self.command, self.number);
            status = wait(&mut self.child);
        }
        let code = fs::read_to_string(self.machine.path(&format!(r"C:\lab\exit-{}", self.number)));
        let read = |stream| {
            let said = fs::read(self.machine.stream(self.number, stream)).expect("its output");
            String::from_utf8(said).expect("its output is UTF-8")
        };
        let (stdout, stderr) = (read("stdout"), read("stderr"));
        let code = code.unwrap_or_else(|_| panic!("Wine did not run {} ({status}): {stderr}", self.what));
        Output { code: code.parse().expect("a number"), stdout, stderr }
    }
}

/// A setting that `tests/windows/run` makes.
pub fn given(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: start this with tests/windows/run"))
}

fn json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec_pretty(value).expect("plain data")
}
