//! What counts as an open shell and as an installation, with tables of processes on real servers and of processes that
//! any user can start.

use super::*;
use crate::recognise::folders;

fn places() -> Places {
    Places {
        folders: folders(&[r"C:\Program Files", r"C:\Program Files\Common Files"]),
        windows: r"C:\Windows".to_owned(),
    }
}

#[test]
fn a_module_counts_by_its_place_and_one_of_the_shared_assemblies_by_its_name_too() {
    let ours = [
        r"C:\Program Files\Skype for Business Server 2019\Server\Core\SipStack.dll",
        r"c:\program files\COMMON FILES\Skype for Business Server 2019\Modules\a.dll",
        r"\\?\C:\Program Files\Microsoft Lync Server 2013\Server\Core\a.dll",
        r"\??\C:\Program Files\Microsoft Lync Server 2013\Server\Core\a.dll",
        r"C:\Windows\assembly\GAC_MSIL\Microsoft.Rtc.Common\5.0.0.0__31bf3856ad364e35\Microsoft.Rtc.Common.dll",
        r"C:\WINDOWS\Microsoft.Net\assembly\GAC_64\Microsoft.Rtc.Server\v4.0_7.0.0.0__31\microsoft.rtc.server.dll",
        r"C:\Windows\assembly\NativeImages_v4.0.30319_64\Microsoft.Rtc.Manag#\7f\Microsoft.Rtc.Management.ni.dll",
        r"C:\Windows\assembly\GAC\Microsoft.Rtc.Old\1.0.0.0__31\Microsoft.Rtc.Old.dll",
    ];
    for path in ours {
        assert!(places().is_products_module(path), "{path}");
    }
    let others = [
        r"C:\Users\x\Microsoft.Rtc.x.dll",
        r"C:\Users\x\Windows\Microsoft.NET\assembly\GAC_MSIL\Microsoft.Rtc.x\Microsoft.Rtc.x.dll",
        r"D:\Windows\Microsoft.NET\assembly\GAC_MSIL\Microsoft.Rtc.x\Microsoft.Rtc.x.dll",
        r"\\?\C:\Users\x\Program Files\Skype for Business Server 2019\a.dll",
        r"\\server\share\Program Files\Skype for Business Server 2019\a.dll",
        r"C:\Program Files\Skype for Business Server 2019 Tools\a.dll",
        r"C:\Program Files\Skype for Business Server 2019\..\Contoso\a.dll",
        r"C:\Windows\Microsoft.NET\assembly\GAC_MSIL\System.Core\v4.0_4.0.0.0__b7\System.Core.dll",
        r"C:\Windows\Microsoft.NET\assembly\GAC_MSIL\Not.Microsoft.Rtc\v4.0\Not.Microsoft.Rtc.dll",
        r"C:\Windows\Microsoft.NET\assembly\GAC_MSIL\Microsoft.Rtc.x\..\..\..\..\Temp\Microsoft.Rtc.x.dll",
        r"C:\Windows\Temp\Microsoft.Rtc.x.dll",
        r"C:\Windows\assembly_\GAC_MSIL\Microsoft.Rtc.x.dll",
        r"Microsoft.Rtc.x.dll",
        "",
    ];
    for path in others {
        assert!(!places().is_products_module(path), "{path}");
    }
}

fn process(pid: u32, parent: u32, session: u32, path: &str) -> Process {
    let program = path.rsplit('\\').next().unwrap_or_default().to_owned();
    Process { pid, parent, program, path: Some(path.to_owned()), session: Some(session), created: Some(u64::from(pid)) }
}

const PRODUCT: &str = r"C:\Program Files\Skype for Business Server 2019\Server\Core";

/// Numbers grow with the time of the start, as if none was ever reused.
fn server() -> (Vec<Process>, ServiceProcesses) {
    let all = vec![
        process(10, 4, 0, r"C:\Windows\System32\services.exe"),
        process(20, 10, 0, &format!(r"{PRODUCT}\RtcSrv.exe")),
        process(21, 20, 0, &format!(r"{PRODUCT}\RtcHost.exe")),
        process(22, 21, 0, r"C:\Windows\System32\cscript.exe"),
        process(30, 10, 0, r"C:\Windows\System32\svchost.exe"), // Scheduled tasks, remote shells.
        process(31, 30, 0, r"C:\Windows\System32\wsmprovhost.exe"),
        process(32, 30, 0, &format!(r"{PRODUCT}\Tool.exe")),
        process(40, 10, 0, r"C:\Windows\System32\svchost.exe"), // The web server.
        process(41, 40, 0, r"C:\Windows\System32\inetsrv\w3wp.exe"),
        process(42, 99, 0, r"C:\Windows\System32\inetsrv\w3wp.exe"), // The web server has stopped.
        process(50, 10, 0, &format!(r"{PRODUCT}\Ending.exe")),       // Its service is already reported as stopped.
        process(51, 49, 0, &format!(r"{PRODUCT}\Orphan.exe")),       // Its service has ended.
        process(60, 10, 0, r"C:\Program Files\Monitor\Agent.exe"),
        process(61, 60, 0, r"C:\Program Files\Monitor\Host.exe"),
        process(70, 69, 2, r"C:\Windows\explorer.exe"),
        process(71, 70, 2, r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"),
        process(72, 68, 2, &format!(r"{PRODUCT}\Tool.exe")),
        process(73, 70, 2, r"C:\Users\x\w3wp.exe"),
        process(74, 80, 2, r"C:\Users\x\a.exe"), // A service reused its parent's number.
        process(80, 10, 0, &format!(r"{PRODUCT}\Late.exe")),
    ];
    let services = ServiceProcesses { all: vec![20, 30, 40, 60, 80], stopped: vec![20, 40, 80] };
    (all, services)
}

#[test]
fn services_and_what_stops_with_them_are_no_shells_and_everything_else_may_be() {
    let (all, services) = server();
    let goes = |pid: u32| {
        let process = all.iter().find(|process| process.pid == pid).expect("there");
        places().goes_with_a_service(process, &all, &services)
    };
    for (pid, what) in [
        (20, "a service"),
        (21, "what a service of the product has started"),
        (22, "what that has started"),
        (41, "a worker of the web server"),
        (42, "one that is still ending"),
        (50, "a service that is still ending"),
        (51, "a program of the product that a service has left over"),
        (60, "a service of others: the question for those asks for it"),
    ] {
        assert!(goes(pid), "{what}");
    }
    for (pid, what) in [
        (31, "a remote shell"),
        (32, "a scheduled task with a tool of the product"),
        (61, "what a service of others has started, which nobody stops"),
        (71, "a shell"),
        (72, "a tool of the product in a session, whose parent is gone"),
        (73, "a program that is named like the web server's worker"),
        (74, "a process whose parent's number is a service's now"),
    ] {
        assert!(!goes(pid), "{what}");
    }
    let named = ServiceProcesses { stopped: vec![60], ..services.clone() };
    let host = all.iter().find(|process| process.pid == 61).expect("there");
    assert!(places().goes_with_a_service(host, &all, &named), "the manifest names its service");
}

#[test]
fn parents_that_lead_in_circles_come_to_an_end() {
    let mut all = vec![process(1, 2, 2, r"C:\a.exe"), process(2, 1, 2, r"C:\b.exe"), process(3, 3, 2, r"C:\c.exe")];
    all.iter_mut().for_each(|one| one.created = None);
    for one in &all {
        assert!(!places().goes_with_a_service(one, &all, &ServiceProcesses::default()));
    }
}

#[test]
fn only_what_has_an_administrators_rights_installs() {
    use Standing::{Administrator, Ordinary, Unread};
    // Its rights, whether its file is in our private folder, whether we are an administrator; whether it installs.
    let table = [
        (Administrator, false, true, true, "an installer of somebody with the rights"),
        (Administrator, true, true, true, "ours"),
        (Administrator, false, false, true, "an installer, seen by anybody"),
        (Ordinary, false, true, false, "a copy of ping.exe under its name"),
        (Ordinary, true, true, false, "one that lay in our folder before that was ours"),
        (Ordinary, false, false, false, "the same, seen by anybody"),
        (Unread, true, true, true, "ours, which lets nobody look"),
        (Unread, false, true, false, "a user's, who keeps administrators out"),
        (Unread, false, false, true, "we are nobody who may look: it may be one"),
    ];
    for (standing, ours, looks, expected, what) in table {
        assert_eq!(installs(standing, ours, looks), expected, "{what}");
    }
}

#[test]
fn a_shell_that_shows_no_modules_is_unknown_only_where_no_ordinary_user_can_cause_it() {
    use Standing::{Administrator, Ordinary, Unread};
    // Whether its program hosts shells, its rights, whether we are an administrator; whether it may be a shell.
    let table = [
        (true, Administrator, true, true, "an administrator's shell"),
        (true, Ordinary, true, false, "a user's, who keeps administrators out"),
        (true, Unread, true, false, "the same, and its rights too"),
        (false, Administrator, true, false, "a guard against viruses"),
        (false, Unread, false, false, "anything, seen by anybody"),
        (true, Unread, false, true, "somebody's shell, seen by anybody"),
        (true, Ordinary, false, true, "the same"),
    ];
    for (host, standing, looks, expected, what) in table {
        assert_eq!(may_be_shell(host, standing, looks), expected, "{what}");
    }
}
