//! Signals that end a run from outside. The first Ctrl-C asks it to end in order; every other one ends it in the time
//! that the system gives.

use std::{
    io,
    sync::{Arc, Mutex, OnceLock, PoisonError, atomic::AtomicBool, atomic::Ordering, mpsc},
    thread,
    time::Duration,
};

use reconcile_core::{Forced, Halt};
use reconcile_hosts::Interrupt;

use crate::manifest::exit::Exit;
use crate::work::audience::Say;

/// The effect of the first Ctrl-C on a run.
pub const RUN_ENDS: &str =
    "ending after the current step, then bringing the services back; Ctrl-C again leaves at once";

/// The effect of the first Ctrl-C on a rehearsed rollout.
pub const ROLLOUT_ENDS: &str =
    "no further server is begun, and the servers at work are finished; Ctrl-C again leaves at once";

/// How long a run has to end at once: Windows ends the program five seconds after its console was closed (Microsoft Learn:
/// HandlerRoutine).
const GRACE: Duration = Duration::from_secs(4);

/// Keeps a listener for the lifetime of the runtime.
macro_rules! hear {
    ($interrupts:expr, $listener:expr, $signal:expr) => {
        let (mut listener, interrupts) = ($listener, $interrupts.clone());
        tokio::spawn(async move {
            while listener.recv().await.is_some() {
                interrupts.heard($signal);
            }
        });
    };
}

/// A signal from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signal {
    CtrlC,
    /// It leaves no time, for this reason.
    Leave(Forced),
}

/// The reaction to a signal.
const fn answer(signal: Signal, asked: bool) -> Halt {
    match (signal, asked) {
        (Signal::CtrlC, false) => Halt::Interrupted,
        (Signal::CtrlC, true) => Halt::Forced(Forced::Asked),
        (Signal::Leave(why), _) => Halt::Forced(why),
    }
}

/// Whether somebody asked the run to end, and what is down meanwhile.
#[derive(Clone)]
pub struct Interrupts {
    /// Reports the reaction.
    say: Say,
    /// The effect of the first Ctrl-C.
    ending: &'static str,
    interrupt: Interrupt,
    /// Why the run ends at once, if it does.
    left: Arc<OnceLock<Forced>>,
    listening: Arc<AtomicBool>,
    down: Arc<Mutex<Vec<String>>>,
}

impl Interrupts {
    /// The start, before anybody has asked.
    pub fn new(say: Say, ending: &'static str) -> Self {
        Self {
            say,
            ending,
            interrupt: Interrupt::default(),
            left: Arc::default(),
            listening: Arc::default(),
            down: Arc::default(),
        }
    }

    /// The present request to the run.
    pub fn halt(&self) -> Option<Halt> {
        let ends = self.interrupt.ends().then_some(Halt::Interrupted);
        self.left.get().map(|why| Halt::Forced(*why)).or(ends)
    }

    /// Whether the run must end at once.
    pub fn leaves(&self) -> bool {
        self.left.get().is_some()
    }

    /// The flag that is raised when the run is asked to end, for code that waits.
    pub fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    /// Records which services of which server are down from now on.
    pub fn now_down(&self, names: Vec<String>) {
        *self.down.lock().unwrap_or_else(PoisonError::into_inner) = names;
    }

    /// Begins to listen, once; when this returns, Ctrl-C is handled. Until then it simply ends the program, which has
    /// neither changed anything nor waited for anything yet.
    pub fn listen(&self) {
        if self.listening.swap(true, Ordering::Relaxed) {
            return;
        }
        let interrupts = self.clone();
        let (ready, listens) = mpsc::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let Ok(runtime) = runtime {
                runtime.block_on(interrupts.serve(ready));
            }
        });
        let _ = listens.recv(); // If nothing can listen, Ctrl-C still ends the program.
    }

    async fn serve(&self, ready: mpsc::Sender<()>) {
        // A signal without a handler still ends the program.
        let _ = self.hear();
        drop(ready);
        std::future::pending::<()>().await;
    }

    #[cfg(windows)]
    fn hear(&self) -> io::Result<()> {
        use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};
        hear!(self, ctrl_c()?, Signal::CtrlC);
        hear!(self, ctrl_break()?, Signal::Leave(Forced::Break));
        hear!(self, ctrl_close()?, Signal::Leave(Forced::Closed));
        hear!(self, ctrl_logoff()?, Signal::Leave(Forced::Logoff));
        hear!(self, ctrl_shutdown()?, Signal::Leave(Forced::Shutdown));
        Ok(())
    }

    #[cfg(not(windows))]
    fn hear(&self) -> io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        hear!(self, signal(SignalKind::interrupt())?, Signal::CtrlC);
        // The terminal goes away.
        hear!(self, signal(SignalKind::hangup())?, Signal::Leave(Forced::Closed));
        hear!(self, signal(SignalKind::terminate())?, Signal::Leave(Forced::Told));
        Ok(())
    }

    fn heard(&self, signal: Signal) {
        match answer(signal, self.interrupt.ends()) {
            Halt::Forced(why) => self.leave(why),
            Halt::Interrupted | Halt::Deviated(_) | Halt::NoManifest => {
                self.interrupt.end();
                tracing::warn!("{}", self.ending);
                (self.say)(&format!("\n{}", self.ending));
            }
        }
    }

    /// Makes the run end at once. The run writes that down; if it cannot in time, the program ends anyway.
    fn leave(&self, why: Forced) {
        if self.left.set(why).is_err() {
            return; // The run is already ending at once.
        }
        self.interrupt.leave();
        let down = self.down.lock().unwrap_or_else(PoisonError::into_inner).join(", ");
        let left = if down.is_empty() { "nothing is left down".into() } else { format!("down or stopping: {down}") };
        let left = format!("leaving at once ({why}); {left}; run apply again to go on");
        tracing::error!("{left}");
        (self.say)(&format!("\n{left}"));
        thread::spawn(|| {
            let (_never, ended) = mpsc::channel::<()>();
            let _ = ended.recv_timeout(GRACE);
            #[expect(
                clippy::disallowed_methods,
                reason = "the system ends the program in a moment, in whatever it does"
            )]
            std::process::exit(i32::from(Exit::Blocked.code()));
        });
    }
}

/// Waits for a moment, so that a person can watch a lab.
#[expect(clippy::disallowed_methods, reason = "the edge: a person who rehearses a night waits")]
pub fn wait(moment: Duration) {
    std::thread::sleep(moment);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_ctrl_c_leaves_time_to_bring_the_services_back() {
        let table = [
            (Signal::CtrlC, false, Halt::Interrupted),
            (Signal::CtrlC, true, Halt::Forced(Forced::Asked)),
            (Signal::Leave(Forced::Break), false, Halt::Forced(Forced::Break)),
            (Signal::Leave(Forced::Break), true, Halt::Forced(Forced::Break)),
            (Signal::Leave(Forced::Closed), false, Halt::Forced(Forced::Closed)),
            (Signal::Leave(Forced::Closed), true, Halt::Forced(Forced::Closed)),
            (Signal::Leave(Forced::Logoff), false, Halt::Forced(Forced::Logoff)),
            (Signal::Leave(Forced::Shutdown), false, Halt::Forced(Forced::Shutdown)),
            (Signal::Leave(Forced::Told), false, Halt::Forced(Forced::Told)),
        ];
        for (signal, asked, expected) in table {
            assert_eq!(answer(signal, asked), expected, "{signal:?}, asked before: {asked}");
        }
    }
}
