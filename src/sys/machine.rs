//! What the machine tells of itself: limits, clock source, swap, free space, speed of the disk.
//!
//! In: `/proc`, `/sys`, a folder. Out: plain values; `None` where it does not tell. Cold path.

use std::fs::{self, File, OpenOptions};
use std::hint::black_box;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use rustix::process::{Resource, getrlimit};

use super::clock::SessionClock;

/// Writes of the disk's probe.
const PROBES: usize = 100;
/// Bytes of each.
const BLOCK: [u8; 4096] = [0x5a; 4096];
/// Reads of the clock's probe.
const READS: u32 = 100_000;

/// A file of one line, without its end.
pub fn line(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|t| t.trim().to_owned())
}

/// Bytes of swap space.
pub fn swap_bytes() -> Option<u64> {
    swap_of(&fs::read_to_string("/proc/swaps").ok()?)
}

fn swap_of(text: &str) -> Option<u64> {
    let kib = |l: &str| l.split_whitespace().nth(2).and_then(|n| n.parse::<u64>().ok());
    text.lines().skip(1).map(kib).sum::<Option<u64>>().map(|n| n * 1024)
}

/// Bytes of memory this process has had resident at most.
pub fn resident_bytes() -> Option<u64> {
    status_bytes("VmHWM:")
}

/// Bytes of memory this process has resident now.
pub fn resident_now() -> Option<u64> {
    status_bytes("VmRSS:")
}

fn status_bytes(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok().map(|kib: u64| kib * 1024)
}

/// Bytes a process may lock in memory; `u64::MAX`: any.
pub fn locked_bytes() -> u64 {
    getrlimit(Resource::Memlock).current.unwrap_or(u64::MAX)
}

/// Files a process may have open; `u64::MAX`: any.
pub fn open_files() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Nanoseconds a read of the session clock takes.
pub fn clock_read_ns() -> f64 {
    let clock = SessionClock::start(1);
    let from = clock.mono_ns();
    for _ in 0..READS {
        black_box(clock.mono_ns());
    }
    #[expect(clippy::cast_precision_loss, reason = "for display")]
    let all = (clock.mono_ns() - from) as f64;
    all / f64::from(READS)
}

/// Bytes free for this user where `folder` is.
///
/// # Errors
/// As the system refuses.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let s = rustix::fs::statvfs(folder)?;
    Ok(s.f_bavail.saturating_mul(s.f_frsize))
}

/// Median and 99th percentile of appending 4 KiB and `fdatasync` in `folder`; the file is removed.
///
/// # Errors
/// As the disk refuses.
pub fn sync_time(folder: &Path) -> io::Result<(Duration, Duration)> {
    let path = folder.join(format!(".probe-{}", std::process::id()));
    let file = OpenOptions::new().append(true).create_new(true).open(&path)?;
    let times = probe(file);
    fs::remove_file(&path)?;
    let mut times = times?;
    times.sort_unstable();
    Ok((times[PROBES / 2], times[PROBES * 99 / 100]))
}

fn probe(mut file: File) -> io::Result<Vec<Duration>> {
    let clock = SessionClock::start(1);
    (0..PROBES)
        .map(|_| {
            let from = clock.mono_ns();
            file.write_all(&BLOCK)?;
            file.sync_data()?;
            Ok(Duration::from_nanos(clock.mono_ns() - from))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swap_is_summed_over_its_files() {
        let head = "Filename\tType\tSize\tUsed\tPriority\n";
        assert_eq!(swap_of(head), Some(0));
        let two = format!("{head}/a file 1000 0 -2\n/dev/b partition 24 0 -3\n");
        assert_eq!(swap_of(&two), Some(1024 * 1024));
        assert_eq!(swap_of(&format!("{head}nonsense\n")), None);
    }

    #[test]
    fn what_this_process_uses_is_known() {
        let (now, most) = (resident_now().expect("known"), resident_bytes().expect("known"));
        assert!(now > 1 << 20 && now <= most + (1 << 20), "{now} {most}");
    }

    #[test]
    fn this_machine_answers() {
        let folder = std::env::temp_dir();
        assert!(free_bytes(&folder).is_ok());
        let (p50, p99) = sync_time(&folder).expect("a disk");
        assert!(p50 <= p99);
        assert!(open_files() > 0 && clock_read_ns() > 0.0);
        assert!(free_bytes(Path::new("/does/not/exist")).is_err());
    }
}
