//! Work that is done in any order on as many threads as there are cores, with results in one order.
//!
//! In: jobs. Out: a result each, in the order of the jobs, and what they report meanwhile. Cold path.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};

use crate::limits::LOOK;

/// Threads that this machine runs at once.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Does all jobs, so many at a time; `work` is given the place of the job, from 0.
///
/// # Panics
/// If a job does: results behind it would be taken for those of other jobs.
pub fn done<J: Sync, T: Send>(
    jobs: &[J],
    threads: usize,
    work: impl Fn(usize, &J) -> T + Sync,
) -> Vec<T> {
    reporting(jobs, threads, |i, job, _| work(i, job), |_: Option<()>| {})
}

/// As [`done`]; reports of `work` go to `hear` on this thread, `None` after a moment without.
///
/// # Panics
/// As [`done`].
pub fn reporting<J: Sync, T: Send, M: Send>(
    jobs: &[J],
    threads: usize,
    work: impl Fn(usize, &J, &mut dyn FnMut(M)) -> T + Sync,
    mut hear: impl FnMut(Option<M>),
) -> Vec<T> {
    let (next, work) = (AtomicUsize::new(0), &work);
    let some = |report: Sender<M>| {
        let mut mine: Vec<(usize, T)> = Vec::new();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(i) else { return mine };
            // Whoever hears it is there as long as this runs.
            mine.push((i, work(i, job, &mut |news| drop(report.send(news)))));
        }
    };
    let some = &some;
    let mut all: Vec<(usize, T)> = std::thread::scope(|scope| {
        let threads = threads.clamp(1, jobs.len().max(1));
        let (report, news) = mpsc::channel();
        let start = |_| {
            let report = report.clone();
            scope.spawn(move || some(report))
        };
        let running: Vec<_> = (0..threads).map(start).collect();
        drop(report);
        loop {
            match news.recv_timeout(LOOK) {
                Ok(report) => hear(Some(report)),
                Err(RecvTimeoutError::Timeout) => hear(None),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let end = |e| std::panic::resume_unwind(e);
        running.into_iter().flat_map(|t| t.join().unwrap_or_else(end)).collect()
    });
    all.sort_by_key(|(i, _)| *i);
    all.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_jobs_on_any_number_of_threads() {
        let jobs: Vec<u64> = (0..100).collect();
        for threads in [0, 1, 3, 500] {
            let squares = done(&jobs, threads, |i, j| (i as u64, j * j));
            assert!(squares.iter().enumerate().all(|(i, s)| *s == (i as u64, (i * i) as u64)));
            assert_eq!(squares.len(), 100);
        }
        assert!(done(&[0u8; 0], 4, |_, j| *j).is_empty());
        let mut heard = 0;
        reporting(
            &jobs,
            3,
            |_, j, report| (0..*j).for_each(|_| report(1)),
            |n| heard += n.unwrap_or(0),
        );
        assert_eq!(heard, (0..100).sum::<i32>());
    }
}
