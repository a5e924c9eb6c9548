use super::*;
use crate::{BelowPath, FilePath, FolderPath, MetricsPath};

#[test]
fn an_installer_lies_on_a_drive_or_a_share() {
    for good in [
        r"D:\Updates\LyncServerUpdateInstaller.exe",
        r"d:/Updates/LyncServerUpdateInstaller.EXE",
        r"\\files.contoso.example\updates\SkypeServerUpdateInstaller.exe",
        r"\\files\updates$\Aktualität 7\Installer.exe",
        "//files/updates/Installer.exe",
        r"D:\Console\comment.exe",
        r"D:\.a\a.b.exe",
        r"D:\com\com10.exe",
    ] {
        assert!(is_exe(good), "{good}");
    }
    for bad in [
        "",
        ".exe",
        "Installer.exe",
        r"updates\Installer.exe",
        r"..\Installer.exe",
        r"\Installer.exe",
        "/mnt/updates/Installer.exe",
        "D:Installer.exe",
        r"D:\Updates",
        r"D:\Updates\",
        r"D:\Updates\.exe",
        r"D:\Updates\Installer.msp",
        r"D:\Updates\Installer.exe\",
        r"DD:\Updates\Installer.exe",
        r"1:\Installer.exe",
        r"%ProgramFiles%\Installer.exe",
        "https://download.contoso.example/Installer.exe",
        "file:///D:/Updates/Installer.exe",
    ] {
        assert!(!is_exe(bad), "{bad}");
    }
}

/// Each case with the reason that people read.
#[test]
fn what_is_no_plain_file_is_refused_with_its_reason() {
    for (path, reason) in [
        ("", "names no file"),
        ("./", "names no file"),
        (r"\\?\C:\a.exe", "begins as a device"),
        (r"\\.\pipe\a.exe", "begins as a device"),
        (r"\??\C:\a.exe", "begins as a device"),
        (r"//./pipe/a.exe", "begins as a device"),
        (r"\/.\COM1", "begins as a device"),
        (r"//?/UNC/files/share/a.exe", "begins as a device"),
        (r"\\.", "begins as a device"),
        (r"C:a.exe", "neither with a share"),
        (r"\a.exe", "neither with a share"),
        (r"\\files", "no share"),
        (r"\\files\", "no share"),
        (r"\\localhost\pipe\a.exe", "holds no files"),
        (r"\\localhost\PIPE\", "holds no files"),
        (r"//files/IPC$/a", "holds no files"),
        (r"\\files@SSL@443\dav\a.exe", "a server of the web"),
        (r"\\\files\share\a", "two separators"),
        (r"D:\a\\b", "two separators"),
        ("C://Updates/a.exe", "two separators"),
        (r"D:\a://b", "a stream"),
        (r"D:\a//b", "two separators"),
        (r"D:\a\..\b", "leads out of the folder"),
        ("../a", "leads out of the folder"),
        (r"D:\a.\b", "the dot or the blank"),
        (r"D:\a \b", "the dot or the blank"),
        (r"D:\a.exe.", "the dot or the blank"),
        (r"D:\a\.\b", "the dot or the blank"),
        (r"D:\nul", "is a device"),
        (r"D:\NUL.exe", "is a device"),
        (r"D:\con\a.exe", "is a device"),
        (r"D:\aux .txt", "is a device"),
        (r"D:\COM1.exe", "is a device"),
        (r"D:\COM¹", "is a device"),
        (r"D:\lpt³.a.b", "is a device"),
        (r"D:\CONIN$", "is a device"),
        (r"D:\conout$.exe", "is a device"),
        (r"\\files\share\prn", "is a device"),
        (r"D:\a.exe:evil", "a stream"),
        (r"D:\a.exe::$DATA", "a stream"),
        ("https://files.contoso.example/a", "address of the web"),
        ("D:\\a\nb", "cannot have '\\n'"),
        ("D:\\a\u{85}b", "cannot have"),
        (r"D:\*.exe", "cannot have '*'"),
    ] {
        let said = parts(path).map_err(|fault| fault.to_string());
        assert!(said.as_ref().is_err_and(|said| said.contains(reason)), "{path}: {said:?}");
        assert!(path.parse::<FilePath>().is_err(), "{path}");
    }
    assert_eq!(parts(&"x".repeat(1025)), Err(PathFault::TooLong(1025)));
    assert_eq!(parts(&"ä".repeat(1024)).map(|(root, _)| root), Ok(Root::Relative));
}

#[test]
fn a_path_says_where_it_begins() {
    for (path, root, is_below) in [
        (r"D:\", Root::Drive, false),
        (r"D:\Reports\", Root::Drive, false),
        (r"\\files.contoso.example\reconcile", Root::Share, false),
        (r"\\files\reconcile\claims\", Root::Share, false),
        ("/srv/claims", Root::Slash, false),
        ("world.yaml", Root::Relative, true),
        ("./world.yaml", Root::Relative, true),
        (r"worlds\night of the rehearsal.yaml", Root::Relative, true),
        ("worlds/", Root::Relative, false),
    ] {
        assert_eq!(parts(path).map(|(root, _)| root), Ok(root), "{path}");
        assert!(path.parse::<FilePath>().is_ok_and(|path| path.is_on_share() == (root == Root::Share)), "{path}");
        assert_eq!(path.parse::<BelowPath>().is_ok(), is_below, "{path}");
    }
    for (path, is_metrics) in
        [("a/b.prom", true), (r"C:\b.prom", true), (".prom", false), ("a.PROM", false), ("a.prom/", false)]
    {
        assert_eq!(path.parse::<MetricsPath>().is_ok(), is_metrics, "{path}");
    }
    for (path, is_folder) in [
        (r"D:\Agents", true),
        (r"%windir%\assembly", true),
        ("%ProgramData%", true),
        (r"%TEMP%\a", false),
        ("D:/Agents", false),
        (r"D:\Agents\..\b", false),
        (r"%WinDir%\nul", false),
        (r"%WinDir%assembly", false),
        ("Agents", false),
    ] {
        assert_eq!(path.parse::<FolderPath>().is_ok(), is_folder, "{path}");
    }
}
