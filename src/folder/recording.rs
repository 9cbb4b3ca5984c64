//! Recordings: one line a frame, `<session ns> <json>\n`, plain or gzip.
//!
//! In: files, standard input. Out: lines from one reusable buffer. Cold path.
//!
//! 1. A line is given out whole or not at all. The unfinished end that a crash leaves (half a
//!    line, half a gzip stream) ends the recording and is reported by [`Reader::tail`].
//! 2. Memory is one buffer: the longest line is a stamp and `MESSAGE_MAX` bytes.
//! 3. Empty lines are skipped. A line that is none, or too long, is left out and counted; where no
//!    line comes first, it is the wrong kind of file and refused.
//! 4. A stamp far ahead of those that follow is wrong: its line is left out, or everything after it
//!    would happen at that one time. One far behind, and followed by others like it, is a clock set
//!    back: time goes on from there.
//! 5. Where a file of a run is missing, a line of our own says so, at the time of the line before it.

use std::fmt;
use std::io::{self, Read, Write};
use std::ops::RangeInclusive;
use std::path::Path;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::ahead::Ahead;
use super::chain::Chain;
pub use super::chain::{Meter, Metered, fingerprint, segment_name, segment_number, size};
use super::fault::of_source;
pub use super::fault::{Fault, LeftOut, Looks, RecordingError, Tail, Unit};
use crate::feed::{self, Control};
use crate::limits::{MESSAGE_MAX, MESSAGE_SILENCE_NS, RAW_FLUSH_NS, SKIP_NS, STAMPS_AHEAD};
use crate::units::Ns;

/// Bytes of a stamp and its blank, at most.
const STAMP_MAX: usize = 21;
/// Bytes asked of the source at once.
const READ: usize = 256 << 10;
/// Compressed bytes unpacked at once.
const PIECE: usize = 512;
/// Bytes of lines that go to the compressor at once.
const WAITING: usize = 16 << 10;
/// Bytes after a line's end that belong to the buffer, so that a parser may read ahead.
pub const PADDING: usize = 64;

/// One frame of a recording.
#[derive(Debug)]
pub struct Line<'a> {
    /// Line number from 1.
    pub number: u64,
    /// Receive stamp on the recording's session clock.
    pub at: Ns,
    /// The stamp as it is written.
    pub stamp: Ns,
    /// Length of the frame.
    len: usize,
    padded: &'a mut [u8],
}

/// Reads a recording.
pub struct Reader {
    source: Box<dyn Read + Send>,
    buffer: Box<[u8]>,
    /// Where the line at hand, or the next one, begins.
    from: usize,
    to: usize,
    /// No line ends before here.
    looked: usize,
    /// What stood behind the frame given out last, where a parser may write.
    behind: Option<(usize, [u8; PADDING])>,
    line: u64,
    /// The line at hand is too long: it is passed over.
    long: bool,
    ended: bool,
    broken: Option<Tail>,
    tail: Tail,
    /// Newest time given out.
    last: Option<Ns>,
    /// Added to stamps since the recorder's clock was set back.
    shift: i64,
    /// What the first line that is none looks like, as long as no line came.
    refused: Option<RecordingError>,
    left_out: LeftOut,
}

impl Line<'_> {
    /// The frame.
    pub fn bytes(&self) -> &[u8] {
        &self.padded[..self.len]
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reader {{ line: {}, tail: {:?} }}", self.line, self.tail)
    }
}

impl Reader {
    /// Opens a file, gzip or plain by its first bytes; of a run's files, those that follow it as well.
    ///
    /// # Errors
    /// [`Fault::Disk`] at line 0 where it cannot be read.
    pub fn open(path: &Path) -> Result<Reader, RecordingError> {
        Self::open_metered(path, &Meter::default())
    }

    /// The same; `meter` counts the bytes read, as they are on disk.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn open_metered(path: &Path, meter: &Meter) -> Result<Reader, RecordingError> {
        let refused = |e: io::Error| RecordingError { line: 0, fault: of_source(&e) };
        let meter = meter.clone();
        Self::detect(Metered::new(Chain::open(path).map_err(refused)?, meter))
    }

    /// Opens the files of a run's recording with these numbers.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn of_run(folder: &Path, numbers: RangeInclusive<u64>) -> Result<Reader, RecordingError> {
        let refused = |e: io::Error| RecordingError { line: 0, fault: of_source(&e) };
        Self::detect(Chain::of(folder, numbers).map_err(refused)?)
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
        let mut head = [0u8; 3];
        let mut got = 0;
        while got < head.len() {
            match source.read(&mut head[got..]) {
                Ok(0) => break,
                Ok(n) => got += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(RecordingError { line: 0, fault: of_source(&e) }),
            }
        }
        let gzip = head[..2] == [0x1f, 0x8b];
        if head == [0xef, 0xbb, 0xbf] {
            // The mark of UTF-8 that some programs write first.
            got = 0;
        }
        let source = io::Cursor::new(head).take(got as u64).chain(source);
        if !gzip {
            return Ok(Self::over(Box::new(source)));
        }
        let source = io::BufReader::with_capacity(READ, source);
        // What is behind a damage takes what was unpacked in one piece with it.
        let source = io::BufReader::with_capacity(PIECE, source);
        let unpacked = Ahead::of(MultiGzDecoder::new(source));
        let refused = |e: io::Error| RecordingError { line: 0, fault: of_source(&e) };
        Ok(Self::over(Box::new(unpacked.map_err(refused)?)))
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
            long: false,
            ended: false,
            broken: None,
            tail: Tail::Whole,
            last: None,
            shift: 0,
            refused: None,
            left_out: LeftOut::default(),
        }
    }

    /// The next frame; `None` at the end, see [`Reader::tail`].
    ///
    /// # Errors
    /// [`RecordingError`]: the source cannot be read, or holds no line.
    pub fn step(&mut self) -> Result<Option<Line<'_>>, RecordingError> {
        if let Some((at, bytes)) = self.behind.take() {
            self.buffer[at..at + PADDING].copy_from_slice(&bytes);
        }
        loop {
            let Some(end) = self.line_end()? else {
                return self.end().map(|()| None);
            };
            self.line += 1;
            let next = end + 1 - self.from;
            let text = &self.buffer[self.from..end];
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            if std::mem::take(&mut self.long) {
                self.leave(|l| &mut l.long);
            } else if let Some((stamp, blank)) = stamp(text) {
                let len = text.len() - blank;
                if len > MESSAGE_MAX {
                    self.leave(|l| &mut l.long);
                } else if let Some(at) = self.timed(stamp, blank, next)? {
                    let from = self.from + blank;
                    self.pass(next);
                    return Ok(Some(self.line(at, from, len)));
                } else {
                    self.leave(|l| &mut l.stamps);
                }
            } else if !text.is_empty() {
                let fault = Fault::NoLine(Looks::of(text));
                self.refuse(RecordingError { line: self.line, fault })?;
                self.leave(|l| &mut l.no_lines);
            }
            self.pass(next);
        }
    }

    /// How the recording ends; known after `step` gave `None`.
    pub fn tail(&self) -> Tail {
        self.tail
    }

    /// Lines left out so far.
    pub fn left_out(&self) -> LeftOut {
        self.left_out
    }

    /// Where the line at hand ends; `None` at the end of the recording.
    fn line_end(&mut self) -> Result<Option<usize>, RecordingError> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.buffer[self.looked..self.to]) {
                return Ok(Some(self.looked + end));
            }
            self.looked = self.to;
            if self.ended {
                return Ok(None);
            }
            if self.to - self.from > MESSAGE_MAX + STAMP_MAX + 1 {
                let fault = Fault::NoLine(Looks::of(&self.buffer[self.from..self.to]));
                if stamp(&self.buffer[self.from..self.to]).is_none() {
                    self.refuse(RecordingError { line: self.line + 1, fault })?;
                }
                self.long = true;
                (self.from, self.looked, self.to) = (0, 0, 0);
            }
            self.refill()?;
        }
    }

    /// The end of the source.
    fn end(&mut self) -> Result<(), RecordingError> {
        let rest = &self.buffer[self.from..self.to];
        if self.last.is_none()
            && !rest.is_empty()
            && self.refused.is_none()
            && stamp(rest).is_none()
            && !rest.iter().all(u8::is_ascii_digit)
        {
            let fault = Fault::NoLine(Looks::of(rest));
            return Err(RecordingError { line: self.line + 1, fault });
        }
        if let (Some(e), None) = (self.refused, self.last) {
            return Err(e);
        }
        self.tail = match (self.broken, rest.len()) {
            (Some(Tail::Truncated(_)), n) => Tail::Truncated(n),
            (Some(tail), _) => tail,
            (None, 0) => Tail::Whole,
            (None, n) => Tail::Unfinished(n),
        };
        Ok(())
    }

    /// A line is none. Of the first ones, so many are borne with.
    fn refuse(&mut self, e: RecordingError) -> Result<(), RecordingError> {
        if self.last.is_some() {
            return Ok(());
        }
        let first = *self.refused.get_or_insert(e);
        if e.line.saturating_sub(first.line) >= STAMPS_AHEAD as u64 { Err(first) } else { Ok(()) }
    }

    #[cold]
    fn leave(&mut self, counter: impl FnOnce(&mut LeftOut) -> &mut u64) {
        if self.left_out.lines() == 0 {
            self.left_out.first = self.line;
        }
        *counter(&mut self.left_out) += 1;
    }

    /// Goes on `next` bytes behind the beginning of the line at hand.
    fn pass(&mut self, next: usize) {
        self.from += next;
        self.looked = self.from;
    }

    /// The time of a line with this stamp; `None`: those after it contradict it.
    fn timed(
        &mut self,
        stamp: Ns,
        blank: usize,
        next: usize,
    ) -> Result<Option<Ns>, RecordingError> {
        let mut at = stamp.plus(self.shift);
        let reach = MESSAGE_SILENCE_NS;
        if at.0 > i64::MAX - SKIP_NS {
            return Ok(None);
        }
        match self.last {
            Some(last) if at >= last && at.since(last) <= reach => {}
            Some(last) if at < last && last.since(at) <= reach => self.left_out.back += 1,
            Some(last) if at > last => {
                if self.most_ahead(next, |t| t.plus(reach) < at)? {
                    return Ok(None);
                }
            }
            Some(last) => {
                if self.most_ahead(next, |t| t.plus(reach) < last)? {
                    self.shift = self.shift.saturating_add(last.since(at));
                    at = last;
                    self.left_out.set_back += 1;
                } else {
                    self.left_out.back += 1;
                }
            }
            None => {
                let frame = &self.buffer[self.from + blank..self.to];
                let wrong = |t: Ns| t.plus(reach) < at || at.plus(SKIP_NS) < t;
                if !feed::is_ours(frame) && self.most_ahead(next, wrong)? {
                    return Ok(None);
                }
            }
        }
        self.last = self.last.max(Some(at));
        Ok(Some(at))
    }

    /// Whether most of the stamps that follow `next` bytes on are so; of no stamps, none is.
    #[cold]
    fn most_ahead(
        &mut self,
        next: usize,
        is_so: impl Fn(Ns) -> bool,
    ) -> Result<bool, RecordingError> {
        loop {
            let rest = &self.buffer[self.from + next..self.to];
            let lines = rest.split_inclusive(|b| *b == b'\n').filter(|l| l.ends_with(b"\n"));
            let stamps = lines.filter_map(stamp).take(STAMPS_AHEAD);
            let (mut all, mut so) = (0, 0);
            for (at, _) in stamps {
                all += 1;
                so += usize::from(is_so(at.plus(self.shift)));
            }
            let room = self.to - self.from <= MESSAGE_MAX + STAMP_MAX;
            if all == STAMPS_AHEAD || self.ended || !room {
                return Ok(so * 2 > all);
            }
            self.refill()?;
        }
    }

    /// Hands a frame out together with the bytes behind it. Those belong to the next line: they
    /// are kept, and put back by the next step.
    fn line(&mut self, at: Ns, from: usize, len: usize) -> Line<'_> {
        let end = from + len;
        let mut behind = [0; PADDING];
        behind.copy_from_slice(&self.buffer[end..end + PADDING]);
        self.behind = Some((end, behind));
        let padded = &mut self.buffer[from..from + len + PADDING];
        Line { number: self.line, at, stamp: at.plus(-self.shift), len, padded }
    }

    /// A file is missing: said on a line of its own, unless nothing came before it.
    #[cold]
    fn hole(&mut self, number: u64) {
        let first = self.left_out.files == 0;
        self.left_out.files += 1;
        self.left_out.hole = if first { number } else { self.left_out.hole };
        if let Some(last) = self.last {
            let stamp = format!("\n{} ", last.0.saturating_sub(self.shift));
            let line = [stamp.as_bytes(), Control::Hole.line(), b"\n"].concat();
            self.buffer[self.to..self.to + line.len()].copy_from_slice(&line);
            self.to += line.len();
        }
    }

    /// Moves the line at hand to the front and reads on.
    fn refill(&mut self) -> Result<(), RecordingError> {
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
                self.broken = Some(Tail::Truncated(0));
            }
            Err(e) => {
                let fault = of_source(&e);
                if let Fault::Hole(number) = fault {
                    self.hole(number);
                    return Ok(());
                }
                self.ended = true;
                if fault != Fault::Gzip || (self.last.is_none() && self.to == 0) {
                    return Err(RecordingError { line: self.line + 1, fault });
                }
                self.broken = Some(Tail::Corrupt);
            }
        }
        Ok(())
    }
}

/// Writes a recording as gzip.
#[derive(Debug)]
pub struct Writer<W: Write> {
    gzip: GzEncoder<Counted<W>>,
    /// Lines on their way to it.
    waiting: Vec<u8>,
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
    pub fn new(out: W) -> Writer<W> {
        let gzip = GzEncoder::new(Counted { out, bytes: 0 }, Compression::fast());
        Writer { gzip, waiting: Vec::new(), frames: 0, lost: 0, flushed_at: None, dirty: false }
    }

    /// Writes one frame. A line feed within it, and a carriage return at its end, becomes a tab, so that a
    /// line stays a line: white space in JSON as they are, and like them nowhere else allowed.
    ///
    /// # Errors
    /// As the file refuses.
    pub fn frame(&mut self, at: Ns, frame: &[u8]) -> io::Result<()> {
        self.frames += 1;
        self.line(at, frame)
    }

    fn line(&mut self, at: Ns, text: &[u8]) -> io::Result<()> {
        write!(self.waiting, "{} ", at.0)?;
        let from = self.waiting.len();
        self.waiting.extend_from_slice(text);
        let line = &mut self.waiting[from..];
        line.iter_mut().filter(|b| **b == b'\n').for_each(|b| *b = b'\t');
        if let [.., end @ b'\r'] = line {
            *end = b'\t';
        }
        self.waiting.push(b'\n');
        self.dirty = true;
        if self.waiting.len() >= WAITING { self.compress() } else { Ok(()) }
    }

    /// Hands what waits to the compressor, to which each hand-over costs as much as a long text.
    fn compress(&mut self) -> io::Result<()> {
        let done = self.gzip.write_all(&self.waiting);
        self.waiting.clear();
        done
    }

    /// Notes that `count` frames are missing here.
    ///
    /// # Errors
    /// As the file refuses.
    pub fn lost(&mut self, at: Ns, count: u64) -> io::Result<()> {
        self.lost += count;
        self.line(at, &feed::lost_line(count).collect::<Vec<u8>>())
    }

    /// Hands what was written to the system each interval: a killed process loses what came after.
    ///
    /// # Errors
    /// As the file refuses.
    pub fn tick(&mut self, now: Ns) -> io::Result<()> {
        let since = self.flushed_at.get_or_insert(now);
        if self.dirty && now.since(*since) >= RAW_FLUSH_NS {
            *since = now;
            self.dirty = false;
            self.compress()?;
            return self.gzip.flush();
        }
        Ok(())
    }

    /// Ends the stream.
    ///
    /// # Errors
    /// As the file refuses.
    pub fn finish(&mut self) -> io::Result<()> {
        self.compress()?;
        self.gzip.try_finish()?;
        self.gzip.get_mut().flush()
    }

    /// Frames written.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Frames noted as missing.
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

#[cfg(test)]
#[path = "recording_tests.rs"]
mod tests;
