//! Work on pieces by several threads: each takes the next piece, works on it, and passes on its result when its turn
//! comes.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

/// Lets `threads` threads take `pieces` and work on them, each with its own `work`, and passes each result to `done`,
/// in the order of the pieces.
///
/// A thread waits for its turn with one result, so no more pieces are held than there are threads. A thread also frees
/// what it allocated, which costs far less than passing it to another one.
///
/// # Errors
/// The first error of `done`; unfinished work is then discarded.
pub fn each_in_order<Piece, Done, Work: FnMut(Piece) -> Done, Error: Send>(
    threads: usize,
    pieces: impl Iterator<Item = Piece> + Send,
    work: impl Fn() -> Work + Sync,
    done: impl FnMut(&mut Done) -> Result<(), Error> + Send,
) -> Result<(), Error> {
    let pieces = Mutex::new(pieces.enumerate());
    let turns = Turns { now: Mutex::new(Now { number: 0, done, ended: None }), changed: Condvar::new() };
    let take = || lock(&pieces).next();
    let thread = || {
        let mut work = work();
        while let Some((number, piece)) = take() {
            let turn = Turn { turns: &turns, number };
            let mut result = work(piece);
            if !turn.hand_over(&mut result) {
                break;
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(thread);
        }
        thread();
    });
    let now = turns.now.into_inner().unwrap_or_else(PoisonError::into_inner);
    now.ended.flatten().map_or(Ok(()), Err)
}

struct Turns<Hand, Error> {
    now: Mutex<Now<Hand, Error>>,
    changed: Condvar,
}

struct Now<Hand, Error> {
    /// The number of the piece whose result is wanted.
    number: usize,
    done: Hand,
    /// Set when no more results are wanted: by an error, or by a thread that panicked.
    ended: Option<Option<Error>>,
}

/// The turn of one piece. A thread that panics gives it up, so nobody waits for it.
struct Turn<'a, Hand, Error> {
    turns: &'a Turns<Hand, Error>,
    number: usize,
}

impl<Hand, Error> Turn<'_, Hand, Error> {
    /// Passes on a result, and returns whether more are wanted.
    fn hand_over<Done>(self, result: &mut Done) -> bool
    where
        Hand: FnMut(&mut Done) -> Result<(), Error>,
    {
        let waits = |now: &mut Now<Hand, Error>| now.ended.is_none() && now.number != self.number;
        let now = self.turns.changed.wait_while(lock(&self.turns.now), waits);
        let mut now = now.unwrap_or_else(PoisonError::into_inner);
        if now.ended.is_none() {
            now.number += 1;
            now.ended = (now.done)(result).err().map(Some);
        }
        now.ended.is_none()
    }
}

impl<Hand, Error> Drop for Turn<'_, Hand, Error> {
    fn drop(&mut self) {
        if thread::panicking() {
            lock(&self.turns.now).ended.get_or_insert(None);
        }
        self.turns.changed.notify_all();
    }
}

/// The scope panics for a thread that panicked, so the state that the thread left is good enough for it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
mod tests {
    use std::{
        panic::catch_unwind,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[test]
    fn results_come_in_order_and_few_pieces_are_under_way() {
        for threads in [1, 2, 5] {
            let (read, written) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let pieces = (0..1000).inspect(|_| {
                let ahead = read.fetch_add(1, Ordering::SeqCst) - written.load(Ordering::SeqCst);
                assert!(ahead < threads, "{ahead} pieces are under way");
            });
            let mut results = Vec::new();
            let slow = |piece: u32| (0..piece % 7 * 1000).fold(piece, |_, _| std::hint::black_box(piece));
            each_in_order(
                threads,
                pieces,
                || slow,
                |result| {
                    written.fetch_add(1, Ordering::SeqCst);
                    results.push(*result);
                    Ok::<_, ()>(())
                },
            )
            .unwrap();
            assert_eq!(results, (0..1000).collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_error_ends_it() {
        for threads in [1, 2, 5] {
            let mut last = None;
            let ended = each_in_order(
                threads,
                0..1000,
                || |piece| piece,
                |result| {
                    last = Some(*result);
                    if *result == 10 { Err(*result) } else { Ok(()) }
                },
            );
            assert_eq!((ended, last), (Err(10), Some(10)));
        }
    }

    #[test]
    fn a_panic_ends_it_and_is_not_waited_for() {
        for threads in [1, 2, 5] {
            let ended = catch_unwind(|| {
                let work = |piece| if piece == 10 { panic!("this piece") } else { piece };
                each_in_order(threads, 0..1000, || work, |_| Ok::<_, ()>(()))
            });
            assert!(ended.is_err());
        }
    }
}
