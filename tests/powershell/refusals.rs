//! A shell that cannot serve says what it is.

use crate::shell::Module;

const ALL: [&str; 6] = [
    "Install-CsDatabase.ps1",
    "Move-Computer.ps1",
    "Test-CsDatabase.ps1",
    "Test-Membership.ps1",
    "Test-Pool.ps1",
    "Test-Server.ps1",
];

/// Those that can do nothing without the module.
const NEED_MODULE: [&str; 4] = ["Install-CsDatabase.ps1", "Move-Computer.ps1", "Test-CsDatabase.ps1", "Test-Pool.ps1"];

#[test]
fn under_an_application_control_policy_every_script_says_so() {
    let module = Module::new(&[]);
    let constrained = ["$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'"];
    for script in ALL {
        let ran = module.start(&constrained, script, "{}\n{}");
        assert!(ran.code == 1 && ran.said.contains("an application control policy"), "{script}: {ran:#?}");
        assert!(ran.calls.is_empty() && ran.answer.is_none(), "{script}: {ran:#?}");
    }
}

#[test]
fn a_module_that_does_not_load_is_named_with_its_cause() {
    for script in NEED_MODULE {
        let broken = Module::of("throw 'die Assembly fehlt'").run(script, r#"{"form":"local"}"#);
        let says =
            |ran: &crate::shell::Ran| ran.code == 1 && ran.said.contains("the module of the product cannot be loaded");
        assert!(says(&broken) && broken.said.contains("die Assembly fehlt"), "{script}: {broken:#?}");
        let missing = Module::new(&[]);
        std::fs::remove_file(missing.path()).unwrap();
        let missing = missing.run(script, r#"{"form":"local"}"#);
        assert!(says(&missing) && missing.said.contains("SkypeForBusiness.psm1"), "{script}: {missing:#?}");
    }
}

/// As far as it comes without a Windows identity.
#[test]
fn the_question_for_a_membership_fails_with_its_cause() {
    let ran = Module::new(&[]).run("Test-Membership.ps1", r#"{"group":"RTCUniversalServerAdmins"}"#);
    assert!(ran.code == 1 && ran.said.contains("not supported on this platform"), "{ran:#?}");
}

#[test]
fn a_request_that_is_none_calls_nothing() {
    for script in ALL {
        let module = Module::new(&[]);
        for input in ["", "nothing", "[1"] {
            let ran = module.start(&["$null = 0"], script, input);
            assert!(ran.code == 1 && ran.calls.is_empty() && ran.answer.is_none(), "{script}, {input:?}: {ran:#?}");
        }
    }
}
