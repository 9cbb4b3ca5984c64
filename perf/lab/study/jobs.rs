//! Many independent runs over the cores.
//!
//! In: a number of runs and what one does. Out: their results, in order. Cold path.
//!
//! 1. The results do not depend on the number of threads: a run knows nothing but its own number.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Threads to use unless set otherwise: one a core.
#[must_use]
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// `work(0)` to `work(runs - 1)` on up to `threads` threads; `done` hears of each one that is over.
///
/// # Panics
/// If a run does.
pub fn run<T: Send>(
    runs: usize,
    threads: usize,
    done: &(dyn Fn() + Sync),
    work: impl Fn(usize) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut mine = Vec::new();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= runs {
                return mine;
            }
            mine.push((i, work(i)));
            done();
        }
    };
    let mut all: Vec<(usize, T)> = thread::scope(|s| {
        let threads: Vec<_> = (0..threads.clamp(1, runs.max(1))).map(|_| s.spawn(worker)).collect();
        threads
            .into_iter()
            .flat_map(|t| t.join().unwrap_or_else(|e| std::panic::resume_unwind(e)))
            .collect()
    });
    all.sort_by_key(|(i, _)| *i);
    all.into_iter().map(|(_, x)| x).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_order_whatever_the_threads() {
        for threads in [0, 1, 3, 64] {
            let count = AtomicUsize::new(0);
            let got = run(50, threads, &|| _ = count.fetch_add(1, Ordering::Relaxed), |i| i * i);
            assert_eq!(got, (0..50).map(|i| i * i).collect::<Vec<_>>());
            assert_eq!(count.into_inner(), 50);
        }
        assert!(run(0, 4, &|| {}, |i| i).is_empty());
    }
}
