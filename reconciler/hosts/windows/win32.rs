//! How this host calls Win32: error codes with the system's text, and UTF-16 text in both directions.

use std::ffi::OsStr;
use std::fmt;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::io::{FromRawHandle, OwnedHandle};

use windows_sys::Win32::Foundation::{
    ERROR_INSUFFICIENT_BUFFER, ERROR_MORE_DATA, GetLastError, HANDLE, INVALID_HANDLE_VALUE,
};

use crate::open::GivenUp;

/// What marks an open that was given up; the seconds follow in the lower half. Windows itself never sets this bit
/// (Microsoft Learn: `SetLastError`).
const GIVEN_UP: u32 = 0x2000_0000;

/// A Win32 error code; its text contains the system's own text and the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub struct Win32Error(pub u32);

impl Win32Error {
    /// The error of this thread's last failed call.
    pub fn last() -> Self {
        // SAFETY: no preconditions; reads a thread-local number.
        Self(unsafe { GetLastError() })
    }

    /// The Win32 code inside an error of the standard library (0 where the error did not come from the system, and is no
    /// open that was given up).
    pub fn of(error: &std::io::Error) -> Self {
        let given_up = || error.get_ref().and_then(|inner| inner.downcast_ref::<GivenUp>());
        let code = error.raw_os_error().map(i32::cast_unsigned);
        Self(code.or_else(|| given_up().map(|open| GIVEN_UP | u32::from(open.0))).unwrap_or_default())
    }

    /// The open that was given up, if this is one.
    pub fn given_up(self) -> Option<GivenUp> {
        let seconds = u16::try_from(self.0 ^ GIVEN_UP).ok()?;
        Some(GivenUp(seconds))
    }
}

impl From<windows_result::Error> for Win32Error {
    /// The registry crate wraps Win32 codes as HRESULTs of facility 7; the low half is the code.
    fn from(error: windows_result::Error) -> Self {
        let code = error.code().0.cast_unsigned();
        if code >> 16 == 0x8007 { Self(code & 0xFFFF) } else { Self(code) }
    }
}

impl fmt::Display for Win32Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(open) = self.given_up() {
            return open.fmt(f);
        }
        let text = std::io::Error::from_raw_os_error(self.0.cast_signed()).to_string();
        let text = text.split(" (os error").next().unwrap_or_default().trim_end();
        let text = text.strip_suffix('.').unwrap_or(text);
        if self.0 > 0xFFFF {
            write!(f, "{text} (0x{:08X})", self.0)
        } else {
            write!(f, "{text} (Win32 error {})", self.0)
        }
    }
}

/// `Err` with the last error where a call reported failure by returning zero.
pub fn check(result: i32) -> Result<(), Win32Error> {
    if result == 0 { Err(Win32Error::last()) } else { Ok(()) }
}

/// The object of a handle that a call has returned; a failure where the handle is null or invalid.
///
/// # Safety
/// Any other handle is open and ours alone.
pub unsafe fn owned(handle: HANDLE) -> Result<OwnedHandle, Win32Error> {
    if handle.is_null() || handle == INVALID_HANDLE_VALUE {
        return Err(Win32Error::last());
    }
    // SAFETY: the handle is open and ours alone, as the caller promises.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

/// Runs a call that reports how many bytes it needs, until the buffer is large enough. Words of eight bytes keep
/// pointers aligned.
pub fn filled(mut call: impl FnMut(*mut u64, u32, *mut u32) -> i32) -> Result<Vec<u64>, Win32Error> {
    let mut buffer = vec![0_u64; 64];
    loop {
        let mut needed = 0;
        let size = u32::try_from(buffer.len() * 8).unwrap_or(u32::MAX);
        match check(call(buffer.as_mut_ptr(), size, &raw mut needed)) {
            Ok(()) => return Ok(buffer),
            // It asks for more than it was given before, so the loop ends, since every round makes the buffer larger.
            Err(Win32Error(ERROR_INSUFFICIENT_BUFFER | ERROR_MORE_DATA)) => {
                let wanted = (needed.max(size) as usize).div_ceil(8) + 1;
                buffer = vec![0; wanted];
            }
            Err(cause) => return Err(cause),
        }
    }
}

/// NUL-terminated UTF-16, the form of names for most calls.
pub fn wide(text: impl AsRef<OsStr>) -> Vec<u16> {
    text.as_ref().encode_wide().chain([0]).collect()
}

/// The text in a fixed buffer: up to the first NUL or the end.
pub fn text(buffer: &[u16]) -> String {
    let end = buffer.iter().position(|&unit| unit == 0).unwrap_or(buffer.len());
    String::from_utf16_lossy(buffer.get(..end).unwrap_or_default())
}

/// The text at a NUL-terminated pointer; empty for a null pointer.
///
/// # Safety
/// `start` is null, or readable up to and including a NUL.
pub unsafe fn text_at(start: *const u16) -> String {
    // SAFETY: as the caller promises; the units are copied at once.
    String::from_utf16_lossy(unsafe { units_at(start) })
}

/// The units before the NUL at a pointer; none for a null pointer.
///
/// # Safety
/// `start` is null, or readable up to and including a NUL, while the units are used.
pub unsafe fn units_at<'a>(start: *const u16) -> &'a [u16] {
    if start.is_null() {
        return &[];
    }
    let mut length = 0;
    // SAFETY: the caller promises a NUL at or after every unit that is read here.
    while unsafe { *start.add(length) } != 0 {
        length += 1;
    }
    // SAFETY: `length` units were just read one by one.
    unsafe { std::slice::from_raw_parts(start, length) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_shows_its_number_and_its_text() {
        let shown = Win32Error(2).to_string();
        assert!(shown.ends_with("(Win32 error 2)"), "{shown}");
        assert!(shown.len() > "(Win32 error 2)".len(), "{shown}");
        assert!(Win32Error(0x8009_6010).to_string().ends_with("(0x80096010)"));
    }

    #[test]
    fn an_open_that_was_given_up_says_so() {
        let error = std::io::Error::new(std::io::ErrorKind::TimedOut, GivenUp(30));
        let shown = Win32Error::of(&error).to_string();
        assert_eq!(shown, error.to_string());
        assert!(shown.contains("within 30 s"), "{shown}");
        assert_eq!(Win32Error(0).given_up(), None);
    }

    #[test]
    fn text_goes_through_utf16_and_back() {
        let units = wide("Füße 😀");
        assert_eq!(text(&units), "Füße 😀");
        // SAFETY: `wide` ends with a NUL.
        assert_eq!(unsafe { text_at(units.as_ptr()) }, "Füße 😀");
    }
}
