//! Curves of the journal: a record at its end, and the reading of all of it, by its size.
//!
//! In: nothing. Out: curves; a journal in a folder of its own, removed again. Cold path.
//!
//! 1. What is timed is the write into the page cache, as in a run; the sync after each part is not.

use std::io;

use super::curve::{Curve, Shape, Step, Subject, each, each_ns};
use crate::folder::Folder;
use crate::journal::{Failed, Options, Writer, inspect};
use crate::lab::scratch::Scratch;
use crate::record::{Bytes, NO_COIN, RECORD_BYTES, Record, Regimes};
use crate::sys::clock::SessionClock;
use crate::sys::machine;
use crate::units::Ns;

/// Sizes, MB (1e6 bytes).
const SIZES: [u32; 4] = [50, 100, 200, 400];
/// Records appended and timed at once, about 4 MB.
const PART: u64 = 32_768;
/// Readings at each size.
const READINGS: usize = 5;
/// Bytes that must be free: the journal twice over.
const FREE: u64 = 800_000_000;

/// Calls of `step`.
pub(super) const STEPS: usize = SIZES.len();

/// A record appended, and a journal read, by its size.
///
/// # Errors
/// As the disk refuses, or has too little room.
pub(super) fn curves(step: &mut Step<'_>) -> io::Result<Vec<Curve>> {
    measure(&SIZES, step)
}

fn measure(sizes: &[u32], step: &mut Step<'_>) -> io::Result<Vec<Curve>> {
    let scratch = Scratch::new("growth")?;
    if machine::free_bytes(scratch.path())? < FREE {
        let mb = FREE / 1_000_000;
        return Err(io::Error::other(format!("less than {mb} MB free for temporary files")));
    }
    let failed = |f: Failed| io::Error::other(f);
    let folder = Folder::create(scratch.path()).map_err(io::Error::other)?;
    let mut writer = Writer::create(folder, Options::new([1, 2])).map_err(failed)?;
    let clock = SessionClock::start(1);
    let (mut appended, mut read) = (each(sizes), each(sizes));
    for (i, mb) in sizes.iter().enumerate() {
        while writer.bytes() < u64::from(*mb) * 1_000_000 {
            let part = records(writer.next_seq());
            let started = clock.mono_ns();
            for record in &part {
                writer.append(record).map_err(failed)?;
            }
            writer.flush().map_err(failed)?;
            appended[i].1.push(each_ns(clock.mono_ns() - started, PART));
            writer.sync().map_err(failed)?;
        }
        for _ in 0..READINGS {
            let mut folder = Folder::open(scratch.path()).map_err(io::Error::other)?;
            let started = clock.mono_ns();
            let found = inspect(&mut folder).map_err(io::Error::other)?;
            read[i].1.push(each_ns(clock.mono_ns() - started, 1_000_000));
            if found.records != writer.records() || !found.is_clean() {
                return Err(io::Error::other("the journal read back is not the one written"));
            }
        }
        step()?;
    }
    let append = ("a record appended to the journal", "MB of journal", "ns a record");
    let open = ("a journal read and checked, as before a run goes on", "MB of journal", "ms");
    Ok(vec![
        Curve::new(Subject::Journal, append, Shape::Flat, appended),
        Curve::new(Subject::Journal, open, Shape::Linear, read),
    ])
}

/// The next part of the journal, from record `seq` on.
fn records(seq: u64) -> Vec<Bytes> {
    (seq..seq + PART)
        .map(|seq| {
            let body = Regimes { p: [0.5, 0.25, 0.125, 1.0], sigma_bps: [0.0; 4] }.into();
            Record { seq, at: Ns(2), coin: NO_COIN, body }.encode()
        })
        .collect()
}

const _: () = assert!(PART * RECORD_BYTES as u64 * 4 < SIZES[0] as u64 * 1_000_000);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_at_each_size() {
        let mut steps = 0;
        let step = &mut || {
            steps += 1;
            Ok(())
        };
        let curves = measure(&[5, 9], step).expect("a disk");
        assert_eq!((steps, curves.len()), (2, 2));
        for c in curves {
            assert_eq!(c.points.iter().map(|p| p.n).collect::<Vec<_>>(), [5.0, 9.0]);
            assert!(c.points.iter().all(|p| p.lo > 0.0), "{c:?}");
        }
    }
}
