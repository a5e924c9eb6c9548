//! The event log of this machine: our events, in the Application log, from a source of our own.
//!
//! Windows shows an event as the text of its number in the source's message file, with the event's strings filled in.
//! We install no message file: `EventCreate.exe`, a part of Windows, has a text for each number from 1 to 1000 that
//! consists of the event's one string. Microsoft documents that range for `eventcreate /id` (Windows commands,
//! "eventcreate"). That its table can be shared is field knowledge: Go's `golang.org/x/sys/windows/svc/eventlog`
//! registers sources this way (`InstallAsEventCreate`). If a source is not registered, the viewer shows the string
//! below an error message.

use std::ptr::null;

use windows_registry::{Key, LOCAL_MACHINE};
use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND, HANDLE};
use windows_sys::Win32::System::EventLog::{
    DeregisterEventSource, EVENTLOG_ERROR_TYPE, EVENTLOG_INFORMATION_TYPE, EVENTLOG_WARNING_TYPE, RegisterEventSourceW,
    ReportEventW,
};

use reconcile_schema::EventLevel;

use super::win32::{Win32Error, check, wide};

/// The name of our events' source in the Application log.
pub const SOURCE: &str = "reconcile";

/// The sources of the Application log (Microsoft Learn: "Eventlog Key").
const APPLICATION: &str = r"SYSTEM\CurrentControlSet\Services\EventLog\Application";

/// The message file. The reader of the log resolves the variable.
const MESSAGES: &str = r"%SystemRoot%\System32\EventCreate.exe";

/// Errors, warnings and information (Microsoft Learn: "Event Sources", `TypesSupported`).
const TYPES: u32 = 7;

/// The longest string of an event, in UTF-16 units (Microsoft Learn: "`ReportEventW`").
const LONGEST: usize = 31_839;

/// Why the event log cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EventLogError {
    /// The source could not be registered, or its registration could not be removed.
    #[error(r"cannot {what} the event source HKLM\{APPLICATION}\{SOURCE}: {cause}; run as an administrator of this computer")]
    Source {
        /// Which of the two.
        what: &'static str,
        cause: Win32Error,
    },
    /// The event was not accepted.
    #[error("cannot write event {id} to the Application log: {cause}; see whether the service Windows Event Log runs")]
    Event { id: u16, cause: Win32Error },
}

/// Registers our source, so that the log shows our events as we write them. Repeating this does no harm.
///
/// # Errors
/// When the registry cannot be written.
pub fn register() -> Result<(), EventLogError> {
    register_below(LOCAL_MACHINE, APPLICATION)
        .map_err(|error| EventLogError::Source { what: "register", cause: error.into() })
}

/// Removes our source; written events stay. Without a source, there is nothing to do.
///
/// # Errors
/// When the registry cannot be written.
pub fn unregister() -> Result<(), EventLogError> {
    unregister_below(LOCAL_MACHINE, APPLICATION).map_err(|cause| EventLogError::Source { what: "take away", cause })
}

fn register_below(root: &Key, sources: &str) -> windows_registry::Result<()> {
    let source = root.options().read().write().create().wow64_64().open(format!(r"{sources}\{SOURCE}"))?;
    source.set_expand_string("EventMessageFile", MESSAGES)?;
    source.set_u32("TypesSupported", TYPES)?;
    source.set_u32("CustomSource", 1) // This lets eventcreate.exe write under it too, to test whether alerts arrive.
}

fn unregister_below(root: &Key, sources: &str) -> Result<(), Win32Error> {
    let removed = root.options().read().write().wow64_64().open(sources).and_then(|key| key.remove_tree(SOURCE));
    match removed.map_err(Win32Error::from) {
        Ok(()) | Err(Win32Error(ERROR_FILE_NOT_FOUND | ERROR_PATH_NOT_FOUND)) => Ok(()),
        Err(cause) => Err(cause),
    }
}

/// Writes an event. The code is the second string of its data, because the text of its number shows only the first one.
///
/// # Errors
/// When the log does not accept it.
pub fn report(id: u16, level: EventLevel, text: &str, code: &str) -> Result<(), EventLogError> {
    let failed = |cause| EventLogError::Event { id, cause };
    let source = Source::open().map_err(failed)?;
    let kind = match level {
        EventLevel::Info => EVENTLOG_INFORMATION_TYPE,
        EventLevel::Warning => EVENTLOG_WARNING_TYPE,
        EventLevel::Error => EVENTLOG_ERROR_TYPE,
    };
    let (text, code) = (fitting(text), fitting(code));
    let strings = [text.as_ptr(), code.as_ptr()];
    // SAFETY: the handle is open; two strings are announced and given, and each ends with a NUL; there is no user and no data.
    let written =
        unsafe { ReportEventW(source.0, kind, 0, id.into(), std::ptr::null_mut(), 2, 0, strings.as_ptr(), null()) };
    check(written).map_err(failed)
}

/// The text in a form that an event can hold: not too long, and without `%1`, which the viewer would read as a
/// placeholder.
fn fitting(text: &str) -> Vec<u16> {
    let mut fitting = String::with_capacity(text.len());
    let (mut units, mut after_percent) = (0, false);
    for c in text.chars().filter(|c| *c != '\0') {
        let before = if after_percent && c.is_ascii_digit() { " " } else { "" };
        units += before.len() + c.len_utf16();
        if units >= LONGEST {
            break;
        }
        fitting.push_str(before);
        fitting.push(c);
        after_percent = c == '%';
    }
    wide(fitting)
}

/// Our source, open for writing.
struct Source(HANDLE);

impl Source {
    fn open() -> Result<Self, Win32Error> {
        let name = wide(SOURCE);
        // SAFETY: the name ends with a NUL; a null server is this machine.
        let handle = unsafe { RegisterEventSourceW(null(), name.as_ptr()) };
        if handle.is_null() { Err(Win32Error::last()) } else { Ok(Self(handle)) }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and closed only here.
        unsafe { DeregisterEventSource(self.0) };
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use windows_registry::{CURRENT_USER, Type};

    use super::*;

    #[test]
    fn a_source_is_registered_once_however_often_it_is_asked_for_and_taken_away() {
        let sources = format!(r"Software\reconcile-test-{}-sources", std::process::id());
        CURRENT_USER.create(&sources).expect("a test key can be created");
        for _ in 0..2 {
            register_below(CURRENT_USER, &sources).expect("a key of our own can be written");
            let source = CURRENT_USER.open(format!(r"{sources}\{SOURCE}")).expect("it is there");
            assert_eq!(source.get_type("EventMessageFile"), Ok(Type::ExpandString));
            assert_eq!(source.get_u32("TypesSupported"), Ok(7));
            assert_eq!(source.get_u32("CustomSource"), Ok(1));
        }
        for _ in 0..2 {
            assert_eq!(unregister_below(CURRENT_USER, &sources), Ok(()));
            assert!(CURRENT_USER.open(format!(r"{sources}\{SOURCE}")).is_err());
        }
        CURRENT_USER.remove_tree(&sources).expect("the test key can be removed");
        assert_eq!(unregister_below(CURRENT_USER, &sources), Ok(()), "no key, no source");
    }

    #[test]
    fn a_text_is_made_to_fit() {
        let text = |text: &str| super::super::win32::text(&fitting(text));
        assert_eq!(text("fe80::1%12 and 100% of %ProgramData%"), "fe80::1% 12 and 100% of %ProgramData%");
        assert_eq!(text("a\0b"), "ab");
        let long = fitting(&"😀".repeat(20_000));
        assert!(long.len() <= LONGEST && long.ends_with(&[0]));
        assert_eq!(String::from_utf16(&long).expect("whole characters").chars().filter(|c| *c == '😀').count(), 15_919);
    }
}
