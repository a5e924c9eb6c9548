use reconcile_schema::{Mode, Period};

use super::duration::{read, written};
use super::*;

fn request() -> Request {
    Request {
        mode: Mode::Apply,
        manifest: r"C:\Program Files\reconcile\manifest.yaml".parse().unwrap(),
        program: PROGRAM.parse().unwrap(),
        account: Account::System,
        every: Period::hours(1),
        jitter: Period::minutes(10),
        limit: Period::minutes(26 * 60 + 15),
    }
}

/// The definition of `request`, with one text replaced by another in its XML.
fn changed(from: &str, to: &str) -> Element {
    let xml = request().definition().to_xml(Some("UTF-16")).unwrap();
    assert!(xml.contains(from), "{from}\n{xml}");
    Element::read(&xml.replace(from, to)).unwrap()
}

fn told_of(found: &Element) -> Vec<String> {
    differences(&request().definition(), found).iter().map(told).collect()
}

#[test]
fn every_request_is_written_and_read_back_the_same() {
    let paths = [
        r"C:\m.yaml",
        r"D:\Ärger & Co\it's",
        r"C:\Program Files (x86)\a, b; c\#1 manifest.yaml",
        r"\\files.contoso.example\share$\Łódź\манифест 日本 😀.yaml",
    ];
    let accounts = ["SYSTEM", r"CONTOSO\svc", r"CONTOSO\gmsa-lync$", r"Vertrieb & Co\Jörg"];
    let mut count = 0;
    for mode in Mode::ALL {
        for path in paths {
            for account in accounts {
                for (every, jitter) in [("1m", "0s"), ("90s", "30s"), ("1h", "10m"), ("31d", "1d")] {
                    let limit = Period::seconds(u32::MAX - count);
                    let [every, jitter] = [every, jitter].map(|period| period.parse().unwrap());
                    let (manifest, program) = (path.parse().unwrap(), path.parse().unwrap());
                    let request =
                        Request { mode, manifest, program, account: account.parse().unwrap(), every, jitter, limit };
                    let request = request.checked().unwrap();
                    let definition = request.definition();
                    for bytes in [
                        file(&definition).unwrap(),
                        file(&definition).unwrap()[2..].to_vec(),
                        definition.to_xml(None).unwrap().into_bytes(),
                    ] {
                        let read = Element::read(&decode(&bytes).unwrap()).unwrap();
                        assert_eq!(read, definition);
                        assert_eq!(Request::of(&read), Ok(request.clone()));
                        assert_eq!(differences(&definition, &read), []);
                    }
                    count += 1;
                }
            }
        }
    }
    assert_eq!(count, 128);
}

#[test]
fn a_definition_says_what_it_must() {
    let task = request().definition();
    for (path, text) in [
        ("Triggers/BootTrigger/Delay", "PT1M"),
        ("Triggers/TimeTrigger/Repetition/Interval", "PT1H"),
        ("Triggers/TimeTrigger/RandomDelay", "PT10M"),
        ("Principals/Principal/UserId", "S-1-5-18"),
        ("Principals/Principal/RunLevel", "HighestAvailable"),
        ("Settings/MultipleInstancesPolicy", "IgnoreNew"),
        ("Settings/DisallowStartIfOnBatteries", "false"),
        ("Settings/StopIfGoingOnBatteries", "false"),
        ("Settings/AllowHardTerminate", "false"),
        ("Settings/StartWhenAvailable", "true"),
        ("Settings/ExecutionTimeLimit", "P1DT2H15M"),
        ("Settings/Priority", "4"),
        ("Actions/Exec/Command", PROGRAM),
        ("Actions/Exec/Arguments", r#"apply "C:\Program Files\reconcile\manifest.yaml" --unattended"#),
    ] {
        assert_eq!(task.text_at(path), Some(text), "{path}");
    }
    assert_eq!(task.at("Triggers/TimeTrigger/Repetition/Duration"), None, "without an end");
    assert_eq!(task.at("Principals/Principal/LogonType"), None, "nobody logs on");
    let logon = |account: &str| {
        let task = Request { account: account.parse().unwrap(), ..request() }.definition();
        task.text_at("Principals/Principal/LogonType").map(str::to_owned)
    };
    assert_eq!(logon(r"CONTOSO\gmsa$").as_deref(), Some("Password"));
    assert_eq!(logon(r"CONTOSO\svc").as_deref(), Some("S4U"));
}

#[test]
fn what_the_task_scheduler_makes_of_a_definition_is_no_difference() {
    // In an order of its own, with defaults added and removed, a date, and other units.
    let stored = r#"<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.4" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Date>2026-11-20T06:00:00.1234567</Date>
    <Author>reconcile</Author>
    <Description>Brings this server to the cumulative update that its manifest declares. Written by reconcile schedule install; change it by that command.</Description>
    <URI>\reconcile\reconcile</URI>
  </RegistrationInfo>
  <Triggers>
    <TimeTrigger>
      <Repetition>
        <Interval>PT60M</Interval>
      </Repetition>
      <StartBoundary>2020-01-01T00:00:00Z</StartBoundary>
      <RandomDelay>PT600S</RandomDelay>
    </TimeTrigger>
    <BootTrigger id="boot">
      <Delay>PT1M</Delay>
    </BootTrigger>
  </Triggers>
  <Settings>
    <DisallowStartIfOnBatteries>0</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>false</AllowHardTerminate>
    <StartWhenAvailable>1</StartWhenAvailable>
    <IdleSettings>
      <Duration>PT10M</Duration>
      <WaitTimeout>PT1H</WaitTimeout>
      <StopOnIdleEnd>false</StopOnIdleEnd>
    </IdleSettings>
    <ExecutionTimeLimit>PT26H15M</ExecutionTimeLimit>
    <Priority>4</Priority>
    <DisallowStartOnRemoteAppSession>false</DisallowStartOnRemoteAppSession>
    <UseUnifiedSchedulingEngine>true</UseUnifiedSchedulingEngine>
  </Settings>
  <Principals>
    <Principal id="Author">
      <RunLevel>HighestAvailable</RunLevel>
      <UserId>s-1-5-18</UserId>
      <LogonType>InteractiveTokenOrPassword</LogonType>
    </Principal>
  </Principals>
  <Actions Context="Author">
    <Exec>
      <Command><![CDATA[c:\program files\reconcile\reconcile.exe]]></Command>
      <Arguments>apply &quot;C:\Program Files\reconcile\manifest&#46;yaml&quot; --unattended</Arguments>
    </Exec>
  </Actions>
</Task>"#;
    assert_eq!(told_of(&Element::read(stored).unwrap()), [""; 0]);
}

#[test]
fn a_difference_is_named_with_both_values() {
    for (from, to, told) in [
        ("P1DT2H15M", "PT72H", "Settings/ExecutionTimeLimit: expected P1DT2H15M, found PT72H"),
        ("<Priority>4</Priority>", "", "Settings/Priority: expected 4, found nothing"),
        (
            "<ExecutionTimeLimit>P1DT2H15M</ExecutionTimeLimit>",
            "",
            "Settings/ExecutionTimeLimit: expected P1DT2H15M, found nothing",
        ),
        (
            "<AllowHardTerminate>false</AllowHardTerminate>",
            "",
            "Settings/AllowHardTerminate: expected false, found nothing",
        ),
        (
            "<StartWhenAvailable>true",
            "<StartWhenAvailable>false",
            "Settings/StartWhenAvailable: expected true, found false",
        ),
        ("<Interval>PT1H", "<Interval>PT2H", "Triggers/TimeTrigger/Repetition/Interval: expected PT1H, found PT2H"),
        (
            "<UserId>S-1-5-18",
            r"<UserId>CONTOSO\evil",
            r"Principals/Principal/UserId: expected S-1-5-18, found CONTOSO\evil",
        ),
        (
            "--unattended",
            "--unattended --server x",
            r#"Actions/Exec/Arguments: expected apply "C:\Program Files\reconcile\manifest.yaml" --unattended, found apply "C:\Program Files\reconcile\manifest.yaml" --unattended --server x"#,
        ),
        (
            "</Exec>",
            "<WorkingDirectory>D:\\</WorkingDirectory></Exec>",
            r"Actions/Exec/WorkingDirectory: expected nothing, found D:\",
        ),
        (
            "</Actions>",
            "<Exec><Command>evil.exe</Command></Exec></Actions>",
            "Actions/Exec: expected nothing, found Command evil.exe",
        ),
        (
            "</Principals>",
            "<Principal id=\"x\"><UserId>y</UserId></Principal></Principals>",
            "Principals/Principal: expected nothing, found UserId y",
        ),
        ("</Triggers>", "<IdleTrigger/></Triggers>", "Triggers/IdleTrigger: expected nothing, found "),
        ("Context=\"Author\"", "Context=\"x\"", "Actions@Context: expected Author, found x"),
        (
            "</Repetition>",
            "<Duration>P1D</Duration></Repetition>",
            "Triggers/TimeTrigger/Repetition/Duration: expected nothing, found P1D",
        ),
    ] {
        assert_eq!(told_of(&changed(from, to)), [told], "{from} → {to}");
    }
    let boot = "<BootTrigger>\n      <Enabled>true</Enabled>\n      <Delay>PT1M</Delay>\n    </BootTrigger>";
    assert_eq!(told_of(&changed(boot, "")), ["Triggers/BootTrigger: expected Enabled true, Delay PT1M, found nothing"]);
}

#[test]
fn a_task_that_does_something_else_is_not_ours() {
    for arguments in [
        "",
        "/c del C:\\",
        r#"apply "C:\m.yaml""#,
        r#"apply C:\m.yaml --unattended"#,
        r#"plan "C:\m.yaml" --unattended"#,
        r#"apply "C:\m.yaml" --unattended --yes"#,
    ] {
        let ours = r"apply &quot;C:\Program Files\reconcile\manifest.yaml&quot; --unattended";
        let error = Request::of(&changed(ours, arguments)).unwrap_err();
        assert_eq!(error, NotOurs::Action(format!("{PROGRAM} {arguments}").trim().into()));
    }
    let elsewhere = changed(r"C:\Program Files\reconcile\manifest.yaml", r"%TEMP%\manifest.yaml");
    assert!(matches!(Request::of(&elsewhere), Err(NotOurs::Place(_))));
}

#[test]
fn a_document_that_is_no_task_is_refused() {
    for (document, why) in [
        ("", "expected a task, found nothing"),
        ("ERROR: The system cannot find the file specified.", "found the text \"ERROR:"),
        ("<Job/>", "found an element \"Job\""),
        ("<Task/><Task/>", "more than one task"),
        ("<!DOCTYPE Task [<!ENTITY e \"e\">]><Task>&e;</Task>", "a document type"),
        ("<Task>&e;</Task>", "no entity is named \"e\""),
        ("<Task><Settings></Task>", "expected a task as XML"),
        ("<Task><Settings>", "in the midst of an element"),
        ("<Task>text<Settings/></Task>", "the text \"text\" beside elements"),
        ("<Task a=\"1\" a=\"2\"/>", "expected a task as XML"),
    ] {
        let error = Element::read(document).unwrap_err().to_string();
        assert!(error.contains(why), "{document}: {error}");
    }
    let deep = format!("<Task>{}", "<a>".repeat(100_000));
    assert!(Element::read(&deep).unwrap_err().to_string().contains("elements in too many others"));
    assert_eq!(decode(b"\xFF\xFE<"), None);
    assert_eq!(decode(b"l\x84uft"), None, "a console's code page is for the host to know");
}

#[test]
fn a_path_that_cannot_stand_in_a_task_is_refused() {
    for path in [
        "manifest.yaml",
        r"\manifest.yaml",
        r"C:manifest.yaml",
        "C:\\",
        r"\\server",
        r"\\server\share",
        r"\\?\C:\manifest.yaml",
        r"\\.\pipe\x",
        r#"C:\a" --yes "b.yaml"#,
        r"C:\%TEMP%\manifest.yaml",
        r"C:\$(Arg0)\manifest.yaml",
        r"C:\a/b.yaml",
        r"C:\a\\b.yaml",
        r"C:\a\..\b.yaml",
        r"C:\folder\",
        r"C:\manifest.yaml:stream",
        r"C:\manifest.yaml.",
        r"C:\ manifest.yaml",
        "C:\\a\nb.yaml",
        "C:\\a\u{FFFF}.yaml",
        r"9:\manifest.yaml",
        r"C:\nul\manifest.yaml",
        r"C:\COM¹.yaml",
        r"\\server\pipe\manifest.yaml",
    ] {
        let error = path.parse::<Place>().unwrap_err().to_string();
        assert!(error.starts_with(&format!("the path {path:?} ")), "{error}");
    }
    let long = |count| format!(r"C:\{}", "ä".repeat(count));
    assert!(long(256).parse::<Place>().is_ok());
    assert!(long(257).parse::<Place>().unwrap_err().to_string().contains("has 260 characters, expected at most 259"));
}

#[test]
fn an_account_is_one_that_needs_no_password_of_ours() {
    for system in ["SYSTEM", "system", r"NT AUTHORITY\SYSTEM", "S-1-5-18", "LocalSystem"] {
        assert_eq!(system.parse(), Ok(Account::System), "{system}");
    }
    let named = |name: &str| name.parse::<Account>().unwrap();
    assert_eq!(named(r"CONTOSO\gmsa$"), Account::Managed(r"CONTOSO\gmsa$".into()));
    assert_eq!(named(r"CONTOSO\svc"), Account::Local(r"CONTOSO\svc".into()));
    assert!(!named(r"CONTOSO\svc").reaches_the_network());
    for wrong in
        ["", "svc", "gmsa$", r"\svc", r"CONTOSO\", r"CONTOSO\$", "svc@contoso.example", r"A\b\c", "A\\b\"", "A\\b\n"]
    {
        assert!(wrong.parse::<Account>().is_err(), "{wrong:?}");
    }
}

#[test]
fn a_task_starts_every_minute_to_every_month_and_is_put_off_by_less() {
    let asked = |every: &str, jitter: &str| {
        let (every, jitter) = (every.parse().unwrap(), jitter.parse().unwrap());
        Request { every, jitter, ..request() }.checked().map_err(|error| error.to_string()).map(drop)
    };
    assert_eq!(asked("1m", "59s"), Ok(()));
    assert_eq!(asked("31d", "30d"), Ok(()));
    for (every, jitter, why) in [
        ("59s", "0s", "not every 59 s"),
        ("32d", "0s", "not every 768 h"),
        ("1h", "1h", "by less than the time between"),
    ] {
        let error = asked(every, jitter).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn durations_are_written_and_read() {
    for (seconds, text) in [
        (0, "PT0S"),
        (59, "PT59S"),
        (60, "PT1M"),
        (3600, "PT1H"),
        (86400, "P1D"),
        (90061, "P1DT1H1M1S"),
        (u32::MAX, "P49710DT6H28M15S"),
    ] {
        assert_eq!(written(Period::seconds(seconds)), text);
        assert_eq!(read(text), Some(Period::seconds(seconds)), "{text}");
    }
    assert_eq!(read("PT72H"), Some(Period::hours(72)));
    assert_eq!(read("PT0M"), Some(Period::default()));
    for other in ["", "P", "PT", "P1Y", "P1M", "PT1", "1H", "PT-1H", "PT1.5S", "P1DT", "PT1M1H", "PT99999999H"] {
        assert_eq!(read(other), None, "{other}");
    }
}

#[test]
fn the_next_start_is_told() {
    let at = |time: &str| time.parse::<jiff::Timestamp>().unwrap();
    let next = |now: &str, every, jitter| {
        let next = Request { every, jitter, ..request() }.next(at(now));
        (next.from, next.until)
    };
    let hourly = next("2026-11-02T02:59:59Z", Period::hours(1), Period::minutes(10));
    assert_eq!(hourly, (at("2026-11-02T03:00:00Z"), at("2026-11-02T03:10:00Z")));
    let then = next("2026-11-02T03:00:00Z", Period::hours(1), Period::default());
    assert_eq!(
        then,
        (at("2026-11-02T04:00:00Z"), at("2026-11-02T04:00:00Z")),
        "the one that starts now is not the next"
    );
    // The clocks of Europe go back in between, but starts are counted in UTC.
    let rarely = next("2026-10-25T00:30:00Z", Period::hours(24), Period::default());
    assert_eq!(rarely.0, at("2026-10-26T00:00:00Z"));
    let before = next("2019-12-31T23:50:00Z", Period::hours(1), Period::default());
    assert_eq!(before.0, at("2020-01-01T00:00:00Z"), "also with a clock that is wrong by years");
}
