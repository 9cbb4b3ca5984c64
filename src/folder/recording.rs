//! Recordings: one line a frame, `<session ns> <json>\n`, plain or gzip.
//!
//! In: files, standard input; on the writing side frames with their receive stamps. Out: lines
//! from one reusable buffer; gzip that a killed process leaves readable. Cold path.
//!
//! 1. A line is given out whole or not at all. The unfinished end that a crash leaves (half a
//!    line, half a gzip stream) ends the recording and is reported by [`Reader::tail`].
//! 2. Memory is one buffer: the longest line is a stamp and `MESSAGE_MAX` bytes.
//! 3. Empty lines are skipped, everything else that is no line is an error with its number.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use crate::feed;
use crate::journal::DiskError;
use crate::limits::{MESSAGE_MAX, RAW_FLUSH_NS};
use crate::units::Ns;

/// Bytes of a stamp and its blank, at most.
const STAMP_MAX: usize = 21;
/// Bytes asked of the source at once.
const READ: usize = 256 << 10;
/// Bytes after a line's end that belong to the buffer, so that a parser may read ahead.
pub const PADDING: usize = 64;

/// One frame of a recording.
#[derive(Debug)]
pub struct Line<'a> {
    /// Line number from 1.
    pub number: u64,
    /// Receive stamp on the recording's session clock.
    pub at: Ns,
    /// Length of the frame.
    len: usize,
    padded: &'a mut [u8],
}

/// What the end of a recording looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tail {
    /// A whole line.
    #[default]
    Whole,
    /// So many bytes of a line without its end; not given out.
    Unfinished(usize),
    /// The gzip stream ends early; so many bytes of an unfinished line were not given out.
    Truncated(usize),
}

/// What is wrong with a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The disk refused.
    Disk(DiskError),
    /// The gzip stream is corrupt.
    Gzip,
    /// A line does not begin with digits and a blank, or the stamp does not fit 63 bits.
    Stamp,
    /// A line longer than a message may be.
    Long,
    /// It is not the recording that a checkpoint was made of, or ends before its place.
    NotThatOne,
    /// The checkpoint could not be written.
    Checkpoint,
    /// A file of events of another version.
    Version(u32),
    /// A file of events that is not as it was written.
    Damaged,
    /// A file of events that ends before its end.
    Cut,
    /// A file of events of these coins cannot be replayed for others.
    OtherCoins,
}

/// What is wrong with a recording, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordingError {
    /// Number of the line, from 1.
    pub line: u64,
    /// What.
    pub fault: Fault,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Disk(e) => e.fmt(f),
            Fault::Gzip => f.write_str("the gzip stream is corrupt"),
            Fault::Stamp => f.write_str("the line does not begin with a time and a blank"),
            Fault::Long => f.write_str("the line is longer than a message may be"),
            Fault::NotThatOne => {
                f.write_str("it is not the recording that the checkpoint was made of")
            }
            Fault::Checkpoint => f.write_str("the checkpoint could not be written"),
            Fault::Version(n) => write!(f, "it is a file of events of version {n}; convert again"),
            Fault::Damaged => f.write_str("the file of events is damaged; convert again"),
            Fault::Cut => f.write_str("the file of events ends before its end; convert again"),
            Fault::OtherCoins => f.write_str("its coins are others, or cannot be followed"),
        }
    }
}

impl std::error::Error for Fault {}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => self.fault.fmt(f),
            line => write!(f, "line {line}: {}", self.fault),
        }
    }
}

impl std::error::Error for RecordingError {}

impl fmt::Display for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tail::Whole => f.write_str("whole"),
            Tail::Unfinished(n) => write!(f, "unfinished ({n} bytes left out)"),
            Tail::Truncated(n) => write!(f, "cut within gzip ({n} bytes left out)"),
        }
    }
}

/// Reads a recording.
pub struct Reader {
    source: Box<dyn Read + Send>,
    buffer: Box<[u8]>,
    from: usize,
    to: usize,
    /// No line ends before here.
    looked: usize,
    /// What stood behind the frame given out last, where a parser may write.
    behind: Option<(usize, [u8; PADDING])>,
    line: u64,
    ended: bool,
    truncated: bool,
    tail: Tail,
}

impl Line<'_> {
    /// The frame.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.padded[..self.len]
    }

    /// The frame and [`PADDING`] bytes behind it that may be overwritten, and its length: for a
    /// parser that works in place.
    #[cfg(any(test, feature = "lab"))]
    pub fn padded(&mut self) -> (&mut [u8], usize) {
        (self.padded, self.len)
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reader {{ line: {}, tail: {:?} }}", self.line, self.tail)
    }
}

impl Reader {
    /// Opens a file, gzip or plain by its first bytes; with `frames.gz` of a run, the files that
    /// follow it as well.
    ///
    /// # Errors
    /// [`Fault::Disk`] at line 0 where it cannot be read.
    pub fn open(path: &Path) -> Result<Reader, RecordingError> {
        let refused = |e: io::Error| RecordingError { line: 0, fault: disk(&e) };
        Self::detect(Chain::open(path).map_err(refused)?)
    }

    /// Reads standard input, gzip or plain by its first bytes.
    ///
    /// # Errors
    /// [`Fault::Disk`] at line 0 where it cannot be read.
    pub fn stdin() -> Result<Reader, RecordingError> {
        Self::detect(io::stdin())
    }

    /// Reads any source, gzip or plain by its first bytes.
    ///
    /// # Errors
    /// [`Fault::Disk`] at line 0 where it cannot be read.
    pub fn detect(mut source: impl Read + Send + 'static) -> Result<Reader, RecordingError> {
        let mut head = [0u8; 2];
        let mut got = 0;
        while got < head.len() {
            match source.read(&mut head[got..]) {
                Ok(0) => break,
                Ok(n) => got += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(RecordingError { line: 0, fault: disk(&e) }),
            }
        }
        let gzip = head == [0x1f, 0x8b];
        let source = io::Cursor::new(head).take(got as u64).chain(source);
        Ok(if gzip {
            let source = io::BufReader::with_capacity(READ, source);
            Self::over(Box::new(MultiGzDecoder::new(source)))
        } else {
            Self::over(Box::new(source))
        })
    }

    fn over(source: Box<dyn Read + Send>) -> Reader {
        let room = MESSAGE_MAX + STAMP_MAX + READ + PADDING;
        Reader {
            source,
            buffer: vec![0; room].into_boxed_slice(),
            from: 0,
            to: 0,
            looked: 0,
            behind: None,
            line: 0,
            ended: false,
            truncated: false,
            tail: Tail::Whole,
        }
    }

    /// The next frame; `None` at the end, see [`Reader::tail`].
    ///
    /// # Errors
    /// [`RecordingError`]. After a fault of a single line reading may go on with the next one;
    /// after one of the disk or of gzip the recording is over.
    pub fn step(&mut self) -> Result<Option<Line<'_>>, RecordingError> {
        if let Some((at, bytes)) = self.behind.take() {
            self.buffer[at..at + PADDING].copy_from_slice(&bytes);
        }
        loop {
            let Some(end) = memchr::memchr(b'\n', &self.buffer[self.looked..self.to]) else {
                self.looked = self.to;
                if self.ended {
                    let rest = self.to - self.from;
                    self.tail = match (self.truncated, rest) {
                        (true, n) => Tail::Truncated(n),
                        (false, 0) => Tail::Whole,
                        (false, n) => Tail::Unfinished(n),
                    };
                    return Ok(None);
                }
                self.refill()?;
                continue;
            };
            let (from, end) = (self.from, self.looked + end);
            self.from = end + 1;
            self.looked = self.from;
            self.line += 1;
            let text = &self.buffer[from..end];
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            if text.is_empty() {
                continue;
            }
            let fault = |fault| RecordingError { line: self.line, fault };
            let (at, blank) = stamp(text).ok_or(fault(Fault::Stamp))?;
            let len = text.len() - blank;
            if len > MESSAGE_MAX {
                return Err(fault(Fault::Long));
            }
            return Ok(Some(self.line(at, from + blank, len)));
        }
    }

    /// How the recording ends; known after `step` gave `None`.
    #[must_use]
    pub fn tail(&self) -> Tail {
        self.tail
    }

    /// Hands a frame out together with the bytes behind it. Those belong to the next line: they
    /// are kept, and put back by the next step.
    fn line(&mut self, at: Ns, from: usize, len: usize) -> Line<'_> {
        let end = from + len;
        let mut behind = [0; PADDING];
        behind.copy_from_slice(&self.buffer[end..end + PADDING]);
        self.behind = Some((end, behind));
        let padded = &mut self.buffer[from..from + len + PADDING];
        Line { number: self.line, at, len, padded }
    }

    /// Moves the unfinished line to the front and reads on.
    fn refill(&mut self) -> Result<(), RecordingError> {
        let line = self.line + 1;
        if self.to - self.from > MESSAGE_MAX + STAMP_MAX + 1 {
            self.ended = true;
            return Err(RecordingError { line, fault: Fault::Long });
        }
        self.buffer.copy_within(self.from..self.to, 0);
        self.to -= self.from;
        self.looked -= self.from;
        self.from = 0;
        let room = self.buffer.len() - PADDING;
        match self.source.read(&mut self.buffer[self.to..room]) {
            Ok(0) => self.ended = true,
            Ok(n) => self.to += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                self.ended = true;
                self.truncated = true;
            }
            Err(e) => {
                self.ended = true;
                return Err(RecordingError { line, fault: disk(&e) });
            }
        }
        Ok(())
    }
}

/// The first file of a run's recording; the others follow it by [`segment_name`].
const FIRST: &str = "frames.gz";

/// The file of a run's recording with this number.
#[must_use]
pub fn segment_name(number: u64) -> String {
    if number == 0 { FIRST.into() } else { format!("frames.{number:08}.gz") }
}

/// The number of a file of a run's recording.
#[must_use]
pub fn segment_number(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("frames.")?.strip_suffix("gz")?;
    if digits.is_empty() {
        return Some(0);
    }
    let number = digits.strip_suffix('.')?.parse().ok().filter(|n| *n > 0)?;
    (segment_name(number) == name).then_some(number)
}

/// Reads the files of a recording one after the other.
struct Chain {
    open: File,
    folder: PathBuf,
    /// Numbers of the files that follow. One that is missing is an error when it is its turn.
    rest: std::ops::RangeInclusive<u64>,
}

impl Chain {
    /// The file, and those that follow it where it is the first of a run.
    fn open(path: &Path) -> io::Result<Chain> {
        let open = File::open(path)?;
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut last = 0;
        if path.file_name().is_some_and(|n| n == FIRST) {
            for entry in std::fs::read_dir(folder)? {
                let name = entry?.file_name();
                last = last.max(name.to_str().and_then(segment_number).unwrap_or(0));
            }
        }
        Ok(Chain { open, folder: folder.to_path_buf(), rest: 1..=last })
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
                Some(n) => self.open = File::open(self.folder.join(segment_name(n)))?,
                None => return Ok(0),
            }
        }
    }
}

/// Writes a recording as gzip.
#[derive(Debug)]
pub struct Writer<W: Write> {
    gzip: GzEncoder<Counted<W>>,
    frames: u64,
    lost: u64,
    flushed_at: Option<Ns>,
    dirty: bool,
}

/// Counts what passes through.
#[derive(Debug)]
struct Counted<W> {
    out: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.out.write(bytes)?;
        self.bytes += n as u64;
        Ok(n)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<W: Write> Writer<W> {
    /// A recording into `out`, at gzip's fast level.
    #[must_use]
    pub fn new(out: W) -> Writer<W> {
        let gzip = GzEncoder::new(Counted { out, bytes: 0 }, Compression::fast());
        Writer { gzip, frames: 0, lost: 0, flushed_at: None, dirty: false }
    }

    /// Writes one frame. A line feed within it, and a carriage return at its end, becomes a tab, so that a
    /// line stays a line: white space in JSON as they are, and like them nowhere else allowed.
    ///
    /// # Errors
    /// As the file refuses.
    pub fn frame(&mut self, at: Ns, frame: &[u8]) -> io::Result<()> {
        write!(self.gzip, "{} ", at.0)?;
        let (frame, end): (_, &[u8]) = match frame {
            [frame @ .., b'\r'] => (frame, b"\t\n"),
            _ => (frame, b"\n"),
        };
        for (i, part) in frame.split(|b| *b == b'\n').enumerate() {
            if i > 0 {
                self.gzip.write_all(b"\t")?;
            }
            self.gzip.write_all(part)?;
        }
        self.gzip.write_all(end)?;
        self.frames += 1;
        self.dirty = true;
        Ok(())
    }

    /// Notes that `count` frames are missing here.
    ///
    /// # Errors
    /// As the file refuses.
    pub fn lost(&mut self, at: Ns, count: u64) -> io::Result<()> {
        write!(self.gzip, "{} ", at.0)?;
        let line: Vec<u8> = feed::lost_line(count).chain(*b"\n").collect();
        self.gzip.write_all(&line)?;
        self.lost += count;
        self.dirty = true;
        Ok(())
    }

    /// Hands what was written to the system when the interval is over: a killed process loses
    /// what came after.
    ///
    /// # Errors
    /// As the file refuses.
    pub fn tick(&mut self, now: Ns) -> io::Result<()> {
        let since = self.flushed_at.get_or_insert(now);
        if self.dirty && now.since(*since) >= RAW_FLUSH_NS {
            *since = now;
            self.dirty = false;
            return self.gzip.flush();
        }
        Ok(())
    }

    /// Ends the stream.
    ///
    /// # Errors
    /// As the file refuses.
    pub fn finish(&mut self) -> io::Result<()> {
        self.gzip.try_finish()?;
        self.gzip.get_mut().flush()
    }

    /// Frames written.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Frames noted as missing.
    #[must_use]
    pub fn frames_lost(&self) -> u64 {
        self.lost
    }

    /// Ends the file and goes on in `out`.
    ///
    /// # Errors
    /// As the old file refuses; the recording then stays in it.
    pub fn turn(&mut self, out: W) -> io::Result<()> {
        self.finish()?;
        self.gzip = GzEncoder::new(Counted { out, bytes: 0 }, Compression::fast());
        Ok(())
    }

    /// Compressed bytes in the file at hand.
    #[must_use]
    pub fn segment_bytes(&self) -> u64 {
        self.gzip.get_ref().bytes
    }
}

/// Stamp and the offset of what follows its blank.
fn stamp(text: &[u8]) -> Option<(Ns, usize)> {
    let mut ns: i64 = 0;
    for (i, b) in text.iter().enumerate().take(STAMP_MAX) {
        match b {
            b'0'..=b'9' => ns = ns.checked_mul(10)?.checked_add(i64::from(b - b'0'))?,
            b' ' if i > 0 => return Some((Ns(ns), i + 1)),
            _ => return None,
        }
    }
    None
}

/// The fault in a source's error: flate2 says `InvalidInput` or `InvalidData` of a corrupt stream.
fn disk(e: &io::Error) -> Fault {
    match e.kind() {
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => Fault::Gzip,
        _ => Fault::Disk(super::disk::class(e)),
    }
}

#[cfg(test)]
#[path = "recording_tests.rs"]
mod tests;
