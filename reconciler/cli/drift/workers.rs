//! Work on pieces by several threads; the results come in the order of the pieces, and few pieces are under way at once.

use std::{
    collections::VecDeque,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

/// How many pieces wait for each thread, so that none is idle while another piece is read.
const AHEAD: usize = 2;

/// Lets `threads` threads work on `pieces`, each as `work` makes it for that thread, and hands each result to `done`, in order.
///
/// # Errors
/// The first error of `done`; what is under way then is thrown away.
pub fn each_in_order<Piece: Send, Done: Send, Work: FnMut(Piece) -> Done, Error>(
    threads: usize,
    pieces: impl Iterator<Item = Piece>,
    work: impl Fn() -> Work + Sync,
    mut done: impl FnMut(Done) -> Result<(), Error>,
) -> Result<(), Error> {
    let work = &work;
    thread::scope(|scope| {
        let threads: Vec<(SyncSender<Piece>, Receiver<Done>)> = (0..threads.max(1))
            .map(|_| {
                let (give, pieces) = sync_channel(AHEAD);
                let (results, take) = sync_channel(AHEAD);
                scope.spawn(move || {
                    let mut work = work();
                    for piece in pieces {
                        if results.send(work(piece)).is_err() {
                            break; // Nobody wants to know any more.
                        }
                    }
                });
                (give, take)
            })
            .collect();
        // A thread does its pieces in order, so the oldest piece is always the next result of its thread.
        let mut under_way: VecDeque<&Receiver<Done>> = VecDeque::new();
        for (piece, (give, take)) in pieces.zip(threads.iter().cycle()) {
            if under_way.len() == threads.len() * AHEAD
                && let Some(result) = under_way.pop_front().and_then(|oldest| oldest.recv().ok())
            {
                done(result)?;
            }
            if give.send(piece).is_err() {
                break; // The thread panicked; the scope says so.
            }
            under_way.push_back(take);
        }
        for oldest in under_way {
            if let Ok(result) = oldest.recv() {
                done(result)?;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn results_come_in_order_and_few_pieces_are_under_way() {
        for threads in [1, 2, 5] {
            let (read, written) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let pieces = (0..1000).inspect(|_| {
                let ahead = read.fetch_add(1, Ordering::SeqCst) - written.load(Ordering::SeqCst);
                assert!(ahead <= threads * AHEAD + 1, "{ahead} pieces are under way");
            });
            let mut results = Vec::new();
            let slow = |piece: u32| (0..piece % 7 * 1000).fold(piece, |_, _| std::hint::black_box(piece));
            each_in_order(
                threads,
                pieces,
                || slow,
                |result| {
                    written.fetch_add(1, Ordering::SeqCst);
                    results.push(result);
                    Ok::<_, ()>(())
                },
            )
            .unwrap();
            assert_eq!(results, (0..1000).collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_error_ends_it() {
        let ended =
            each_in_order(2, 0..1000, || |piece| piece, |result| if result == 10 { Err(result) } else { Ok(()) });
        assert_eq!(ended, Err(10));
    }
}
