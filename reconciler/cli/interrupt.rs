//! Ctrl-C: the first asks the run to end well, the second leaves at once and says what is left down.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    task::Poll,
    thread,
};

use crate::{exit::Exit, voice::Voice};

/// What the first Ctrl-C does.
const ENDING: &str = "ending after the current step, then bringing the services back; Ctrl-C again leaves at once";

/// Whether somebody asked the run to end, and what is down meanwhile.
#[derive(Clone)]
pub struct Interrupts {
    /// Whom it tells what follows.
    pub voice: Voice,
    asked: Arc<AtomicBool>,
    listening: Arc<AtomicBool>,
    down: Arc<Mutex<Vec<String>>>,
}

impl Interrupts {
    /// Nobody has asked.
    pub fn new(voice: Voice) -> Self {
        Self { voice, asked: Arc::default(), listening: Arc::default(), down: Arc::default() }
    }

    /// Whether the run was asked to end.
    pub fn asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// The flag that is raised when the run is asked to end, for those who wait for a child.
    #[cfg(windows)]
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.asked)
    }

    /// Says which services of which server are down from now on.
    pub fn now_down(&self, names: Vec<String>) {
        *self.down.lock().unwrap_or_else(PoisonError::into_inner) = names;
    }

    /// Begins to listen, once; when this returns, Ctrl-C is heard. Until then it simply ends the program, which has
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
        let _ = listens.recv(); // Where nothing can listen, Ctrl-C goes on ending the program.
    }

    async fn serve(&self, ready: mpsc::Sender<()>) {
        let mut pressed = pin!(tokio::signal::ctrl_c());
        // The first poll registers with the operating system.
        let first = poll_fn(|context| Poll::Ready(pressed.as_mut().poll(context))).await;
        drop(ready);
        let mut heard = match first {
            Poll::Ready(heard) => heard,
            Poll::Pending => pressed.await,
        };
        while heard.is_ok() {
            if self.asked.swap(true, Ordering::Relaxed) {
                let down = self.down.lock().unwrap_or_else(PoisonError::into_inner).join(", ");
                let left =
                    if down.is_empty() { "nothing is left down".into() } else { format!("down or stopping: {down}") };
                let left = format!("left at once; {left}; run apply again to go on");
                tracing::error!("{left}");
                self.voice.say(&format!("\n{left}"));
                #[expect(clippy::disallowed_methods, reason = "whoever asks twice wants no destructor to wait")]
                std::process::exit(i32::from(Exit::Blocked.code()));
            }
            tracing::warn!("{ENDING}");
            self.voice.say(&format!("\n{ENDING}"));
            heard = tokio::signal::ctrl_c().await;
        }
    }
}
