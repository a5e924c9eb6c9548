//! Which services belong to the product, with a table of services on real servers and of services that only look
//! similar.

use super::*;

fn of(name: &str, display: &str, image_path: &str) -> Option<Recognised> {
    let variable = |name: &str| match name.to_ascii_lowercase().as_str() {
        "programfiles" => Some(r"C:\Program Files".to_owned()),
        "commonprogramfiles" => Some(r"C:\Program Files\Common Files".to_owned()),
        _ => None,
    };
    let folders = folders(&[r"C:\Program Files", r"C:\Program Files\Common Files\"]);
    recognise(Registered { name, display, program: &program(image_path, &variable) }, &folders)
}

#[test]
fn a_published_name_is_enough() {
    for (name, image_path) in
        [("RTCSRV", ""), ("rtcsrv", r"D:\elsewhere\RtcSrv.exe"), ("FabricHostSvc", r"C:\Windows Fabric\f.exe")]
    {
        assert_eq!(of(name, "", image_path), Some(Recognised::Name), "{name}");
    }
}

#[test]
fn a_program_below_one_of_the_products_folders_is_the_products() {
    for image_path in [
        r#""C:\Program Files\Skype for Business Server 2019\Application Host\PDP\PDPAuth.exe" -service"#,
        r"C:\Program Files\Skype for Business Server 2015\Server\Core\VisSvc.exe /s C:\x.exe",
        r"%ProgramFiles%\Microsoft Lync Server 2013\Server\PDPCore.exe",
        r#""%CommonProgramFiles%\Skype for Business Server 2019\Agents\agent.exe""#,
        r"\??\C:\PROGRAM FILES\SKYPE FOR BUSINESS SERVER 2019\a.EXE",
        r"C:/Program Files/Skype for Business Server Subscription Edition/a.exe",
        r"C:\Program Files\Other\..\Skype for Business Server 2019\a.exe",
    ] {
        let found = of("RTCPDPAUTH", "Bandwidth Policy Service (Authentication)", image_path);
        assert!(
            matches!(&found, Some(Recognised::Program(program)) if !program.contains('"')),
            "{image_path}: {found:?}"
        );
    }
}

#[test]
fn a_display_name_that_begins_with_the_products_name_is_the_products() {
    for display in [
        "Skype for Business Server Video Interop Server",
        "Skype for Business Server 2019 Bandwidth Policy Service",
        "Lync Server Bandwidth Policy Service (Core)",
        "lync server 2013 something",
        "Lync Server",
    ] {
        let found = of("RTCVIS", display, r"D:\Apps\vis.exe");
        assert_eq!(found, Some(Recognised::DisplayName(display.to_owned())));
    }
}

#[test]
fn the_services_of_others_are_not_the_products() {
    let server = r"C:\Program Files\Skype for Business Server 2019";
    for (name, display, image_path) in [
        ("Spooler", "Print Spooler", r"%SystemRoot%\System32\spoolsv.exe"),
        (
            "Recorder",
            "Contoso Recorder",
            r#""C:\Program Files\Contoso\r.exe" "C:\Program Files\Skype for Business Server 2019\x.dll""#,
        ),
        ("Tools", "Tools", r"C:\Program Files\Skype for Business Server 2019 Tools\t.exe"),
        ("Climbs", "Climbs", &format!(r"{server}\..\Contoso\c.exe")),
        ("Hosted", "Skype for Business Server Helper", r"%SystemRoot%\System32\svchost.exe -k lync"),
        ("MSSQL$RTC", "SQL Server (RTC)", &format!(r"{server}\sql\sqlservr.exe -sRTC")),
        ("SQLAgent$RTC", "SQL Server Agent (RTC)", r"C:\Program Files\Microsoft SQL Server\SQLAGENT.EXE -i RTC"),
        ("Sql2", "Lync Server SQL Helper", r"C:\sql\sqlwriter.exe"),
        ("FabricInstallerSvc", "Windows Fabric Installer", &format!(r"{server}\f.exe")),
        ("Dca", "Windows Fabric DCA", &format!(r"{server}\dca.exe")),
        ("Node", "Node", &format!(r"{server}\Windows Fabric\bin\node.exe")),
        ("Serverless", "Lync Serverless", r"C:\a.exe"),
        ("Client", "Skype for Business 2016", r"C:\a.exe"),
        ("Empty", "", ""),
        ("W3SVC", "World Wide Web Publishing Service", r"%windir%\system32\svchost.exe -k iissvcs"),
    ] {
        assert_eq!(of(name, display, image_path), None, "{name}");
    }
}

#[test]
fn a_variable_that_is_not_defined_stays_as_it_is() {
    assert_eq!(program(r"%nowhere%\a b.exe -x", &|_| None), r"%nowhere%\a b.exe");
    assert_eq!(program(r"100% sure.exe", &|_| Some("no".into())), "100% sure.exe");
    assert_eq!(program(r#""C:\a.exe"#, &|_| None), r"C:\a.exe");
    assert_eq!(program("driver.sys", &|_| None), "driver.sys");
}

#[test]
fn a_path_lies_at_or_below_a_folder_and_not_beside_it() {
    let below = |path| is_at_or_below(path, r"C:\Windows\assembly");
    assert!(
        below(r"c:\WINDOWS\Assembly\GAC\a.dll") && below(r"C:\Windows\assembly") && below(r"C:\Windows\.\assembly\a")
    );
    assert!(!below(r"C:\Windows\assembly.old\a.dll") && !below(r"C:\Windows") && !below(r"C:\Windows\assembly\..\a"));
    assert!(!is_at_or_below(r"C:\a", ""), "nothing lies below a folder without a name");
}
