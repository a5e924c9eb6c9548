//! Ends what another thread of ours waits for in the kernel.

use std::os::windows::io::AsRawHandle;
use std::thread::JoinHandle;

use windows_sys::Win32::System::IO::CancelSynchronousIo;

/// Cancels the input or output in which a thread waits, if it is in one. The thread itself is not waited for.
pub fn cancel(thread: &JoinHandle<()>) {
    // SAFETY: the handle is open as long as its owner is borrowed. The call changes no memory of ours: the thread's own
    // call fails, as it may at any time.
    let _ = unsafe { CancelSynchronousIo(thread.as_raw_handle()) }; // Where it fails, the thread waits on.
}
