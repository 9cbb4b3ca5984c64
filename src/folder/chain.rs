//! The files of a recording as one stream: how they are named, read one after the other, counted.
//!
//! In: the path of the first file. Out: bytes, how many, their hash. Cold path.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use xxhash_rust::xxh3::Xxh3Default;

use crate::units::Ns;

/// Bytes hashed at once.
const READ: usize = 256 << 10;

/// The first file of a run's recording; the others follow it by [`segment_name`].
const FIRST: &str = "frames.gz";

/// The file of a run's recording with this number.
pub fn segment_name(number: u64) -> String {
    if number == 0 { FIRST.into() } else { format!("frames.{number:08}.gz") }
}

/// The number of a file of a run's recording.
pub fn segment_number(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("frames.")?.strip_suffix("gz")?;
    if digits.is_empty() {
        return Some(0);
    }
    let number = digits.strip_suffix('.')?.parse().ok().filter(|n| *n > 0)?;
    (segment_name(number) == name).then_some(number)
}

/// Counts bytes read, for whoever shows how far a command has come, and ends the reading for whoever
/// wants no more of it. Copies are one.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Metering>);

#[derive(Debug, Default)]
struct Metering {
    bytes: AtomicU64,
    stopped: AtomicBool,
    /// Time of the latest line that was taken; that from which on none is, 0: none was named.
    latest: AtomicI64,
    end: AtomicI64,
}

impl Meter {
    /// Bytes read so far.
    pub fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// Readers of one market end at one time, a little ahead of all of them.
    pub fn end_together(&self, ahead_ns: i64) {
        let latest = self.0.latest.load(Ordering::Relaxed);
        self.0.end.store(latest.saturating_add(ahead_ns), Ordering::Relaxed);
    }

    /// Whether readers were asked to end.
    pub fn is_ending(&self) -> bool {
        self.0.end.load(Ordering::Relaxed) != 0
    }

    /// Whether a line of this time is still taken.
    pub fn goes_on(&self, at: Ns) -> bool {
        if at.0 > self.0.latest.load(Ordering::Relaxed) {
            self.0.latest.fetch_max(at.0, Ordering::Relaxed);
        }
        let end = self.0.end.load(Ordering::Relaxed);
        end == 0 || at.0 < end
    }

    /// Whatever is read by it fails from now on.
    pub fn stop(&self) {
        self.0.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether it was stopped.
    pub fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::Relaxed)
    }
}

/// A source whose bytes are counted.
#[derive(Debug)]
pub struct Metered<R> {
    source: R,
    meter: Meter,
}

impl<R> Metered<R> {
    /// The source, counted by `meter`.
    pub fn new(source: R, meter: Meter) -> Metered<R> {
        Metered { source, meter }
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.meter.is_stopped() {
            return Err(io::Error::other("stopped"));
        }
        let n = self.source.read(out)?;
        self.meter.0.bytes.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// Bytes of a recording on disk with all its files; 0 where it cannot be read.
pub fn size(path: &Path) -> u64 {
    let of = |path: &Path| std::fs::metadata(path).map_or(0, |m| m.len());
    let rest = Chain::open(path).map(|c| c.rest.map(|n| of(&c.folder.join(segment_name(n)))).sum());
    of(path) + rest.unwrap_or(0)
}

/// Bytes of a recording on disk with all its files, and the xxh3-128 of them.
///
/// # Errors
/// As the disk refuses.
pub fn fingerprint(path: &Path) -> io::Result<(u64, u128)> {
    let mut source = Chain::open(path)?;
    let (mut bytes, mut hash) = (0, Xxh3Default::new());
    let mut buffer = vec![0; READ];
    loop {
        match source.read(&mut buffer) {
            Ok(0) => return Ok((bytes, hash.digest128())),
            Ok(n) => {
                bytes += n as u64;
                hash.update(&buffer[..n]);
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) if e.get_ref().is_some_and(|e| e.is::<Hole>()) => {}
            Err(e) => return Err(e),
        }
    }
}

/// Why the next file of a run cannot be opened: the one with this number is not there. Reading goes on with
/// the one after it.
#[derive(Debug)]
pub(super) struct Hole(pub u64);

impl fmt::Display for Hole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "its file {} is missing", segment_name(self.0))
    }
}

impl std::error::Error for Hole {}

/// Reads the files of a recording one after the other.
pub(super) struct Chain {
    open: File,
    folder: PathBuf,
    /// Numbers of the files that follow. One that is missing is a [`Hole`] when it is its turn.
    rest: Range<u64>,
}

impl Chain {
    /// The file, and those that follow it where it is one of a run.
    pub(super) fn open(path: &Path) -> io::Result<Chain> {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let number = path.file_name().and_then(|n| n.to_str()).and_then(segment_number);
        let Some(number) = number else {
            return Ok(Chain { open: File::open(path)?, folder: folder.into(), rest: 0..0 });
        };
        let mut last = number;
        for entry in std::fs::read_dir(folder)? {
            let name = entry?.file_name();
            last = last.max(name.to_str().and_then(segment_number).unwrap_or(0));
        }
        Chain::of(folder, number..=last)
    }

    /// The files of a run with these numbers.
    pub(super) fn of(folder: &Path, numbers: RangeInclusive<u64>) -> io::Result<Chain> {
        let (first, last) = numbers.into_inner();
        let open = File::open(folder.join(segment_name(first)))?;
        Ok(Chain {
            open,
            folder: folder.into(),
            rest: first.saturating_add(1)..last.saturating_add(1),
        })
    }
}

impl Read for Chain {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let n = self.open.read(out)?;
            if n > 0 || out.is_empty() {
                return Ok(n);
            }
            match self.rest.next() {
                Some(n) => {
                    let next = File::open(self.folder.join(segment_name(n)));
                    self.open = next.map_err(|e| match e.kind() {
                        io::ErrorKind::NotFound => io::Error::other(Hole(n)),
                        _ => e,
                    })?;
                }
                None => return Ok(0),
            }
        }
    }
}
