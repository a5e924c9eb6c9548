//! The service manager, with one service per test that is never started.

use std::os::windows::fs::OpenOptionsExt;

use windows_sys::Win32::System::Services::{
    CreateServiceW, DeleteService, SC_MANAGER_CREATE_SERVICE, SERVICE_ALL_ACCESS, SERVICE_ERROR_NORMAL,
    SERVICE_WIN32_OWN_PROCESS,
};

use super::*;

/// A service of one test that is never started.
struct Scratch(Handle);

impl Scratch {
    fn new(name: &str, start: u32) -> Self {
        Self::of(name, start, r"C:\nowhere\nothing.exe")
    }

    fn of(name: &str, start: u32, program: &str) -> Self {
        let (name, program) = (wide(name), wide(program));
        let null = std::ptr::null();
        // SAFETY: null names mean this machine and its active database.
        let manager = unsafe { OpenSCManagerW(null, null, SC_MANAGER_CREATE_SERVICE) };
        let manager = Handle::new(manager).expect("the manager opens");
        // SAFETY: all texts end with a NUL and live through the call; the other pointers are null where that is allowed.
        let service = unsafe {
            CreateServiceW(
                manager.0,
                name.as_ptr(),
                name.as_ptr(),
                SERVICE_ALL_ACCESS,
                SERVICE_WIN32_OWN_PROCESS,
                start,
                SERVICE_ERROR_NORMAL,
                program.as_ptr(),
                null,
                std::ptr::null_mut(),
                null,
                null,
                null,
            )
        };
        Self(Handle::new(service).expect("a test service can be created"))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // SAFETY: the handle is open.
        unsafe { DeleteService(self.0.0) };
    }
}

#[test]
fn a_service_that_does_not_exist_is_no_error() {
    let services = Services::open().expect("the service manager answers");
    assert_eq!(services.find("reconcile-no-such-service"), Ok(None));
    assert_eq!(services.dependents("reconcile-no-such-service"), Ok(vec![]));
    assert_eq!(services.stop("reconcile-no-such-service"), Ok(()), "it does not run");
    let why = services.start("reconcile-no-such-service").expect_err("nothing to start").to_string();
    assert!(why.starts_with("cannot start service reconcile-no-such-service: "), "{why}");
}

#[test]
fn a_stopped_service_has_its_state_and_start_type_and_no_process() {
    let name = format!("reconcile-test-{}", std::process::id());
    let scratch = Scratch::new(&name, SERVICE_DEMAND_START);
    let services = Services::open().expect("the service manager answers");
    let found = services.find(&name).expect("readable").expect("there");
    drop(scratch);
    let expected = Found {
        name,
        state: ServiceState::Stopped,
        start: StartType::Manual,
        needs: vec![],
        pid: None,
        progress: None,
        recognised: Recognised::Name,
        exit_code: found.exit_code,
    };
    assert_eq!(found, expected);
    assert!(found.exit_code.is_some(), "a stopped service has one");
}

#[test]
fn orders_that_are_carried_out_already_are_no_errors_and_refusals_say_why() {
    let name = format!("reconcile-test-orders-{}", std::process::id());
    let _scratch = Scratch::new(&name, SERVICE_DISABLED);
    let services = Services::open().expect("the service manager answers");
    assert_eq!(services.stop(&name), Ok(()), "it is stopped");
    let why = services.start(&name).expect_err("it is disabled").to_string();
    assert!(why.starts_with(&format!("cannot start service {name}: ")) && why.contains("1058"), "{why}");
    let found = services.find(&name).expect("readable").expect("there");
    assert_eq!(found.state, ServiceState::Stopped);
}

#[test]
fn a_program_that_a_process_holds_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("service.exe");
    std::fs::copy(std::env::current_exe().expect("a path"), &path).expect("copied");
    let name = format!("reconcile-test-held-{}", std::process::id());
    let program = path.to_str().expect("text");
    let _scratch = Scratch::of(&name, SERVICE_DEMAND_START, &format!("\"{program}\" /service"));
    let services = Services::open().expect("the service manager answers");
    let held = std::fs::OpenOptions::new().read(true).share_mode(0).open(&path).expect("open");
    let why = services.start(&name).expect_err("it is held");
    drop(held);
    let cause = Win32Error(ERROR_SHARING_VIOLATION);
    assert_eq!(why, ServiceError::Held { name, program: program.into(), cause });
    assert!(why.to_string().contains(program), "{why}");
}

#[test]
fn who_needs_a_service_is_named() {
    let refused = ServiceError::Refused {
        name: "RTCSRV".into(),
        order: "stop",
        cause: Win32Error(ERROR_DEPENDENT_SERVICES_RUNNING),
        needed: needed_by(&["RTCCAA".into(), "RTCCAS".into()]),
    };
    let shown = refused.to_string();
    assert!(shown.ends_with("(Win32 error 1051); it is needed by RTCCAA, RTCCAS"), "{shown}");
    assert_eq!(needed_by(&[]), "");
}

#[test]
fn every_documented_state_and_start_type_is_known_and_no_other() {
    assert_eq!((1..=7).filter_map(state).count(), 7);
    assert_eq!((state(0), state(8)), (None, None));
    assert_eq!((0..=4).filter_map(start_type).count(), 5);
    assert_eq!(start_type(5), None);
}

#[test]
fn a_list_ends_at_its_empty_string() {
    let units: Vec<u16> = "RPCSS\0+Group\0\0rest".encode_utf16().chain([0]).collect();
    // SAFETY: the list ends with an empty string.
    assert_eq!(unsafe { list_at(units.as_ptr()) }, ["RPCSS", "+Group"]);
    // SAFETY: null is allowed.
    assert!(unsafe { list_at(std::ptr::null()) }.is_empty());
}
