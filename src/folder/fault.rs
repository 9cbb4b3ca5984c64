//! What can be wrong with a recording, as sentences with the next step.
//!
//! In: the bytes of a line that is none, errors of a source. Out: [`Fault`], [`Tail`], [`LeftOut`].
//! Cold path.

use std::fmt;
use std::io;

use super::chain::{Hole, segment_name};
use crate::journal::DiskError;
use crate::units::Ns;

/// What is wrong with a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The disk refused.
    #[error(transparent)]
    Disk(DiskError),
    /// A file of the run between the first and the last is missing, and all were needed: its number.
    #[error("{}", Hole(*.0))]
    Hole(u64),
    /// The gzip stream is corrupt: before its first line, or where all of it is needed.
    #[error("the gzip stream is corrupt; see `gzip -tv`")]
    Gzip,
    /// No line begins as a line does: digits that fit 63 bits, and a blank.
    #[error(
        "a line is `<receive time, ns since 1970> <json>`, as in `1790000000050000000 \
         {{\"channel\":…}}`; {0}"
    )]
    NoLine(Looks),
    /// The stamps are the block times in another unit than nanoseconds.
    #[error(
        r"the receive times look like {}, nanoseconds are needed: try `sed -E 's/^([0-9]+) /\1{} /'`",
        .0.name, &.0.ns.to_string()[1..]
    )]
    Unit(Unit),
    /// A pipe, or a device.
    #[error(
        "it can be read only once, and this takes more: as in `zstdcat F | papermaker replay -`"
    )]
    Pipe,
    /// Blocks go back in time together with their stamps.
    #[error("time goes back here: split it, and name the parts in order of time, each time once")]
    Back,
    /// Its coins cannot be followed.
    #[error("its coins cannot be followed")]
    Coins,
    /// It is not the recording that a checkpoint was made of, or ends before its place.
    #[error("it is not the recording that the checkpoint was made of")]
    NotThatOne,
    /// The checkpoint could not be written.
    #[error("the checkpoint could not be written")]
    Checkpoint,
    /// A file of events of another version.
    #[error("it is a file of events of version {0}; convert again")]
    Version(u32),
    /// A file of events that is not as it was written.
    #[error("the file of events is damaged; convert again")]
    Damaged,
    /// A file of events that ends before its end.
    #[error("the file of events ends before its end; convert again")]
    Cut,
    /// Files of events cannot be joined to one run.
    #[error("files of events cannot be joined: give the recordings that they were made of")]
    NotJoined,
    /// A file of events of these coins cannot be replayed for others.
    #[error("its coins are others, or cannot be followed")]
    OtherCoins,
}

/// What the first line of a file looks like that is no recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Looks {
    /// JSON without a time before it.
    #[error("this one is JSON alone: put the time before it at which it was received")]
    Json,
    /// A date, or a date and a time of day.
    #[error("this one begins with a date: `date -u -d DATE +%s%N` gives its nanoseconds")]
    Date,
    /// A number with a fraction.
    #[error("this one's time has a fraction: write it as whole nanoseconds")]
    Fraction,
    /// Digits, and something else than a blank after them.
    #[error(r"this one has no blank after the time: try `sed -E 's/^([0-9]+)[^0-9{{]+/\1 /'`")]
    NoBlank,
    /// UTF-16.
    #[error("this file is UTF-16: try `iconv -f UTF-16 -t UTF-8`")]
    Utf16,
    /// Compressed by the program of this name.
    #[error("this file is compressed: unpack it with `{0}`")]
    Packed(&'static str),
    /// Anything else.
    #[error(
        "this one does not begin with a time and a blank; `papermaker import --help` has other formats"
    )]
    Other,
}

/// A unit of time that stamps were mistaken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its name, in the plural.
    pub name: &'static str,
    /// Nanoseconds in one.
    pub ns: i64,
}

/// First bytes of compressed files, and the program that reads them.
const PACKED: [(&[u8], &str); 5] = [
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\xfd7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
    (b"PK\x03\x04", "unzip"),
];

impl Looks {
    /// What a line that is none looks like.
    pub fn of(line: &[u8]) -> Looks {
        if let Some((_, tool)) = PACKED.iter().find(|(head, _)| line.starts_with(head)) {
            return Looks::Packed(tool);
        }
        if line.starts_with(b"\xff\xfe") || line.starts_with(b"\xfe\xff") {
            return Looks::Utf16;
        }
        let digits = line.iter().take_while(|b| b.is_ascii_digit()).count();
        match (digits, line.get(digits)) {
            (0, Some(b'{' | b'[')) => Looks::Json,
            (4, Some(b'-' | b'/')) => Looks::Date,
            (1.., Some(b'.')) => Looks::Fraction,
            (1..=19, Some(b)) if *b != b' ' => Looks::NoBlank,
            _ => Looks::Other,
        }
    }
}

impl Unit {
    /// All of them.
    pub const ALL: [Unit; 3] = [
        Unit { name: "seconds", ns: Ns::SEC },
        Unit { name: "milliseconds", ns: Ns::MS },
        Unit { name: "microseconds", ns: 1_000 },
    ];
}

/// What is wrong with a recording, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{fault}", if *line > 0 { format!("line {line}: ") } else { String::new() })]
pub struct RecordingError {
    /// Number of the line, from 1.
    pub line: u64,
    /// What.
    pub fault: Fault,
}

/// The fault in a source's error: flate2 says `InvalidInput` or `InvalidData` of a corrupt stream.
pub(super) fn of_source(e: &io::Error) -> Fault {
    if let Some(Hole(n)) = e.get_ref().and_then(|e| e.downcast_ref()) {
        return Fault::Hole(*n);
    }
    match e.kind() {
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => Fault::Gzip,
        _ => Fault::Disk(super::disk::class(e)),
    }
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
    /// What follows is no gzip stream, or a corrupt one: nothing of it was given out.
    Corrupt,
}

impl fmt::Display for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tail::Whole => f.write_str("whole"),
            Tail::Unfinished(n) => write!(f, "unfinished ({n} bytes left out)"),
            Tail::Truncated(n) => write!(f, "cut within gzip ({n} bytes left out)"),
            Tail::Corrupt => f.write_str(
                "followed by bytes that are no sound gzip (zeros, another file, a part that was \
                 cut by a kill): left out; `gzip -tv` names them",
            ),
        }
    }
}

/// Lines that were not given out, and stamps that are not what they seem.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Lines that do not begin with a time and a blank.
    pub no_lines: u64,
    /// Lines longer than a message may be.
    pub long: u64,
    /// Lines whose stamp those after it contradict: it lies ahead of them.
    pub stamps: u64,
    /// Number of the first line left out, from 1.
    pub first: u64,
    /// Stamps that go back by up to `MESSAGE_SILENCE_NS`; they count as no time.
    pub back: u64,
    /// Times the recorder's clock was set back by more: time goes on from there.
    pub set_back: u64,
    /// Files of the run that are missing between others.
    pub files: u64,
    /// Number of the first of them.
    pub hole: u64,
}

impl LeftOut {
    /// What two files leave out; the first line is that of the first file that leaves one out.
    pub fn and(self, o: LeftOut) -> LeftOut {
        LeftOut {
            no_lines: self.no_lines + o.no_lines,
            long: self.long + o.long,
            stamps: self.stamps + o.stamps,
            first: if self.first > 0 { self.first } else { o.first },
            back: self.back + o.back,
            set_back: self.set_back + o.set_back,
            files: self.files + o.files,
            hole: if self.files > 0 { self.hole } else { o.hole },
        }
    }

    /// The first file that is missing, where one is.
    pub fn hole(&self) -> Option<Fault> {
        (self.files > 0).then_some(Fault::Hole(self.hole))
    }

    /// Lines left out.
    pub fn lines(&self) -> u64 {
        self.no_lines + self.long + self.stamps
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |n: u64, one: &str, many: &str| match n {
            0 => None,
            1 => Some(format!("1 {one}")),
            n => Some(format!("{n} {many}")),
        };
        let not_near = "whose time is not near the others'";
        let lines = [
            count(self.stamps, &format!("line {not_near}"), &format!("lines {not_near}")),
            count(self.no_lines, "line without a time", "lines without a time"),
            count(self.long, "line that is too long", "lines that are too long"),
        ];
        let lines: Vec<String> = lines.into_iter().flatten().collect();
        let lines = (!lines.is_empty())
            .then(|| format!("left out: {}; the first is line {}", lines.join(", "), self.first));
        let [back, backs] = ["stamp goes back and counts", "stamps go back and count"]
            .map(|s| format!("{s} as no time"));
        let set_back = match self.set_back {
            0 => None,
            1 => Some("once".to_owned()),
            n => Some(format!("{n} times")),
        };
        let files = match self.files {
            0 => None,
            1 => Some(format!("{}, and the link counts as down meanwhile", Hole(self.hole))),
            n => {
                Some(format!("{n} of its files are missing, the first {}", segment_name(self.hole)))
            }
        };
        let set_back = set_back.map(|n| format!("the recorder's clock was set back {n}"));
        let all = [lines, count(self.back, &back, &backs), set_back, files];
        f.write_str(&all.into_iter().flatten().collect::<Vec<_>>().join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_line_is_named_with_the_tool_that_helps() {
        let cases: [(&[u8], &str); 12] = [
            (b"\x28\xb5\x2f\xfd\x04", "zstd"),
            (b"\x04\x22\x4d\x18\x64", "lz4"),
            (b"\xff\xfe1\0", "iconv"),
            (b"{\"channel\":1}", "JSON alone"),
            (b"2026-04-01T01:00:02.126609288Z {}", "date -u"),
            (b"1790000000.05 {}", "whole nanoseconds"),
            (b"1790000000050000000\t{}", "sed"),
            (b"1790000000050000000: {}", "sed"),
            (b"1790000000050000000,{}", "sed"),
            (b"local_ts json", "does not begin"),
            (b"99999999999999999999 {}", "does not begin"),
            (b"", "does not begin"),
        ];
        for (line, says) in cases {
            let text = Fault::NoLine(Looks::of(line)).to_string();
            assert!(text.contains(says) && text.contains("<json>"), "{text}");
        }
        let text = RecordingError { line: 3, fault: Fault::Unit(Unit::ALL[1]) }.to_string();
        assert!(text.starts_with("line 3: ") && text.contains("milliseconds"), "{text}");
        assert!(text.contains("\\1000000 /"), "{text}");
    }

    #[test]
    fn what_was_left_out_is_one_sentence() {
        let l = LeftOut {
            no_lines: 1,
            stamps: 2,
            first: 7,
            back: 3,
            set_back: 1,
            files: 2,
            hole: 4,
            long: 0,
        };
        assert_eq!(
            l.to_string(),
            "left out: 2 lines whose time is not near the others', 1 line without a time; the \
             first is line 7; 3 stamps go back and count as no time; the recorder's clock was set \
             back once; 2 of its files are missing, the first frames.00000004.gz"
        );
        assert_eq!(LeftOut::default().to_string(), "");
    }
}
