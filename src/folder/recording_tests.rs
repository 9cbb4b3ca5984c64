//! Recordings cut, killed, corrupted and read in any chunks.

use std::fs::File;

use super::*;
use crate::feed::{Control, lost_frames};
use crate::journal::DiskError;

type Lines = Vec<(i64, Vec<u8>)>;

fn lines(n: i64) -> Lines {
    (0..n)
        .map(|i| {
            (
                i * 1000,
                format!(
                    "{{\"n\":{i},\"x\":\"{}\"}}",
                    "y".repeat(usize::try_from(i % 90).expect("small"))
                )
                .into_bytes(),
            )
        })
        .collect()
}

fn plain(list: &[(i64, Vec<u8>)]) -> Vec<u8> {
    list.iter().flat_map(|(at, b)| [at.to_string().as_bytes(), b" ", b, b"\n"].concat()).collect()
}

fn gzip(list: &[(i64, Vec<u8>)]) -> Vec<u8> {
    let mut w = Writer::new(Vec::new());
    list.iter().for_each(|(at, b)| w.frame(Ns(*at), b).expect("memory"));
    w.finish().expect("memory");
    w.gzip.get_ref().out.clone()
}

fn read(bytes: &[u8]) -> (Lines, Result<Tail, RecordingError>) {
    read_from(io::Cursor::new(bytes.to_vec()))
}

fn read_from(source: impl Read + Send + 'static) -> (Lines, Result<Tail, RecordingError>) {
    let mut reader = match Reader::detect(source) {
        Ok(r) => r,
        Err(e) => return (vec![], Err(e)),
    };
    let mut list = Vec::new();
    loop {
        match reader.step() {
            Ok(Some(line)) => {
                list.push((line.at.0, line.bytes().to_vec()));
                // A parser in place may destroy everything it was given.
                line.padded.fill(0xff);
            }
            Ok(None) => return (list, Ok(reader.tail())),
            Err(e) => return (list, Err(e)),
        }
    }
}

/// Gives one byte at a time, with interruptions.
struct Drip(io::Cursor<Vec<u8>>, bool);

impl Read for Drip {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        self.0.read(&mut out[..1])
    }
}

#[test]
fn reads_plain_and_gzip_in_any_chunks() {
    let list = lines(300);
    for bytes in [plain(&list), gzip(&list)] {
        assert_eq!(read(&bytes), (list.clone(), Ok(Tail::Whole)));
        let drip = Drip(io::Cursor::new(bytes), false);
        assert_eq!(read_from(drip), (list.clone(), Ok(Tail::Whole)));
    }
    let two = [gzip(&list[..100]), gzip(&list[100..])].concat();
    assert_eq!(read(&two), (list, Ok(Tail::Whole)));
    assert_eq!(read(b""), (vec![], Ok(Tail::Whole)));
}

#[test]
fn any_cut_gives_whole_lines_and_says_so() {
    let list = lines(40);
    let bytes = plain(&list);
    for cut in 0..bytes.len() {
        let whole = bytes[..cut].iter().filter(|b| **b == b'\n').count();
        let rest = bytes[..cut].iter().rev().take_while(|b| **b != b'\n').count();
        let tail = if rest == 0 { Tail::Whole } else { Tail::Unfinished(rest) };
        assert_eq!(read(&bytes[..cut]), (list[..whole].to_vec(), Ok(tail)), "cut at {cut}");
    }
    let bytes = gzip(&list);
    for cut in 2..bytes.len() {
        let (got, tail) = read(&bytes[..cut]);
        assert_eq!(got, list[..got.len()], "cut at {cut}");
        assert!(matches!(tail, Ok(Tail::Truncated(_))), "cut at {cut}: {tail:?}");
    }
}

#[test]
fn a_killed_process_leaves_what_was_flushed() {
    let list = lines(500);
    let mut w = Writer::new(Vec::new());
    w.tick(Ns(0)).expect("memory");
    for (at, b) in &list[..400] {
        w.frame(Ns(*at), b).expect("memory");
    }
    w.tick(Ns(RAW_FLUSH_NS - 1)).expect("memory");
    assert!(read(&w.gzip.get_ref().out).0.len() < 400, "control: not flushed yet");
    w.tick(Ns(RAW_FLUSH_NS)).expect("memory");
    for (at, b) in &list[400..] {
        w.frame(Ns(*at), b).expect("memory");
    }
    let (got, tail) = read(&w.gzip.get_ref().out);
    assert_eq!(got, list[..400]);
    assert_eq!(tail, Ok(Tail::Truncated(0)));
}

#[test]
fn a_line_stays_a_line() {
    let mut w = Writer::new(Vec::new());
    w.frame(Ns(7), b"{\n \"a\":1\n}\r").expect("memory");
    w.lost(Ns(8), 12).expect("memory");
    w.frame(Ns(9), Control::Stop.line()).expect("memory");
    w.finish().expect("memory");
    assert_eq!((w.frames(), w.frames_lost()), (2, 12));
    let (got, tail) = read(&w.gzip.get_ref().out);
    assert_eq!(tail, Ok(Tail::Whole));
    assert_eq!(got[0], (7, b"{\t \"a\":1\t}\t".to_vec()));
    for (_, frame) in &got[1..] {
        let v: serde_json::Value = serde_json::from_slice(frame).expect("json");
        assert_eq!(v["channel"], "papermaker");
    }
    assert_eq!(got.iter().map(|f| lost_frames(&f.1)).collect::<Vec<_>>(), [None, Some(12), None]);
}

#[test]
fn a_file_that_is_no_recording_is_refused_with_what_it_looks_like() {
    let long = [&[b'['; MESSAGE_MAX + READ][..], b"\n"].concat();
    for (text, line, looks) in [
        (&b"1{}\n"[..], 1, Looks::NoBlank),
        (b" 1 {}\n", 1, Looks::Other),
        (b"\n\n-1 {}\n", 3, Looks::Other),
        (b"9223372036854775808 {}\n", 1, Looks::Other),
        (b"000000000000000000000000001 {}\n", 1, Looks::Other),
        (b"{\"channel\":1}\n{}\n", 1, Looks::Json),
        (b"{\"channel\":1}", 1, Looks::Json),
        (b"\x28\xb5\x2f\xfd\0\n\nx", 1, Looks::Packed("zstd")),
        (&long, 1, Looks::Json),
    ] {
        let want = Err(RecordingError { line, fault: Fault::NoLine(looks) });
        let shown = String::from_utf8_lossy(&text[..text.len().min(30)]);
        assert_eq!(read(text).1, want, "{shown}");
    }
    assert!(read(b"\xef\xbb\xbf1 {}\n").0 == [(1, b"{}".to_vec())], "a mark of UTF-8 does no harm");
}

fn left_out(bytes: &[u8]) -> (Vec<i64>, LeftOut) {
    let mut reader = Reader::detect(io::Cursor::new(bytes.to_vec())).expect("open");
    let mut list = Vec::new();
    while let Some(line) = reader.step().expect("readable") {
        list.push(line.at.0);
    }
    (list, reader.left_out())
}

#[test]
fn odd_lines_lose_themselves_and_not_the_rest() {
    let (got, l) = left_out(b"# made by hand\n1 a\nx\n2 b\r\n\n-3 c\n4 d\n");
    assert_eq!(got, [1, 2, 4]);
    assert_eq!(l, LeftOut { no_lines: 3, first: 1, ..LeftOut::default() });
}

#[test]
fn a_stamp_that_those_after_it_contradict_costs_its_line() {
    let now: i64 = 1_790_000_000_000_000_000;
    let tape = |stamps: &[i64]| {
        let lines: Vec<_> = stamps.iter().map(|at| (*at, b"{}".to_vec())).collect();
        left_out(&plain(&lines))
    };
    let usual: Vec<i64> = (0..40).map(|i| now + i * Ns::SEC).collect();
    for (place, wild) in [
        (0, 0),
        (0, i64::MAX),
        (0, now + Ns::HOUR),
        (20, i64::MAX),
        (20, now * 5),
        (20, now + Ns::HOUR),
        (38, now + Ns::MINUTE),
        (39, i64::MAX),
    ] {
        let mut stamps = usual.clone();
        stamps.insert(place, wild);
        let (got, l) = tape(&stamps);
        assert_eq!(got, usual, "{wild} at {place}");
        assert_eq!((l.stamps, l.first), (1, place as u64 + 1), "{wild} at {place}");
    }
    assert_eq!(tape(&[0, now]).0, [now]);
    assert_eq!(tape(&[now, 9_000_000_000_000_000_000, now]).0, [now, now]);
    // A hole is none: what follows is there too.
    let later: Vec<i64> = usual.iter().map(|at| at + 3 * SKIP_NS).collect();
    let hole = [&usual[..], &later].concat();
    assert_eq!(tape(&hole), (hole.clone(), LeftOut::default()));
    // A start before the clock was set is a hole, too.
    let early: Vec<i64> = (5..25).chain(usual).collect();
    assert_eq!(tape(&early).0.last(), early.last());
    assert_eq!(tape(&early).0.first(), Some(&5));
}

#[test]
fn a_clock_that_is_set_back_goes_on_and_single_steps_back_are_counted() {
    let tape = |stamps: &[i64]| {
        let lines: Vec<_> = stamps.iter().map(|s| (*s * Ns::SEC, b"{}".to_vec())).collect();
        let (got, l) = left_out(&plain(&lines));
        (got.iter().map(|at| at / Ns::SEC).collect::<Vec<_>>(), l)
    };
    let (got, l) =
        tape(&[991, 992, 993, 994, 995, 996, 997, 998, 999, 1_000, 1_001, 501, 502, 503, 504]);
    assert_eq!(got[9..], [1_000, 1_001, 1_001, 1_002, 1_003, 1_004]);
    assert_eq!(l, LeftOut { set_back: 1, ..LeftOut::default() });
    let (got, l) = tape(&[1_000, 1_001, 0, 1_000, 1_002, 1_003]);
    assert_eq!(got, [1_000, 1_001, 0, 1_000, 1_002, 1_003], "who takes them takes no time back");
    assert_eq!(l, LeftOut { back: 2, ..LeftOut::default() });
}

#[test]
fn a_gzip_stream_is_read_as_far_as_it_is_sound() {
    let list = lines(5_000);
    let whole = gzip(&list);
    for (name, end) in [("zeros", vec![0; 4096]), ("another file", b"something else".to_vec())] {
        let (got, tail) = read(&[&whole[..], &end].concat());
        assert_eq!((got == list, tail), (true, Ok(Tail::Corrupt)), "{name}");
    }
    let mut corrupt = whole.clone();
    let middle = corrupt.len() / 2;
    corrupt[middle..].fill(0xff);
    let (got, tail) = read(&corrupt);
    assert_ne!(tail, Ok(Tail::Whole));
    assert_eq!(got[..500], list[..500]);
    // A part that a kill cut, and another one behind it.
    let mut w = Writer::new(Vec::new());
    list.iter().for_each(|(at, b)| w.frame(Ns(*at), b).expect("memory"));
    w.gzip.flush().expect("memory");
    let (got, tail) = read(&[&w.gzip.get_ref().out[..], &whole].concat());
    assert_eq!(tail, Ok(Tail::Corrupt));
    assert_eq!(got[..2_000], list[..2_000]);
    assert_eq!(
        read(&[0x1f, 0x8b, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]).1,
        Err(RecordingError { line: 1, fault: Fault::Gzip })
    );
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    assert!(matches!(
        Reader::open(Path::new("/no/such/recording")).map(drop),
        Err(RecordingError { line: 0, fault: Fault::Disk(DiskError::Missing) })
    ));
}

#[test]
fn the_longest_line_and_one_byte_more() {
    for (extra, fits) in [(0, true), (1, false), (READ + 100, false)] {
        let long = vec![b'z'; MESSAGE_MAX + extra];
        let bytes = plain(&[(1, b"{}".to_vec()), (2, long.clone()), (3, b"{}".to_vec())]);
        let (got, end) = read(&bytes);
        assert_eq!((&got[0].1, end), (&b"{}".to_vec(), Ok(Tail::Whole)));
        if fits {
            assert_eq!((got[1].1 == long, got.len()), (true, 3));
        } else {
            assert_eq!(got[1..], [(3, b"{}".to_vec())]);
            let l = left_out(&bytes).1;
            assert_eq!(l, LeftOut { long: 1, first: 2, ..LeftOut::default() });
        }
    }
}

#[test]
fn a_recording_in_several_files_reads_as_one() {
    let folder = std::env::temp_dir().join(format!("papermaker-chain-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |n| File::create(folder.join(segment_name(n))).unwrap();
    let mut w = Writer::new(file(0));
    for n in 0..30i64 {
        if n % 10 == 9 {
            w.turn(file(u64::try_from(n / 10).unwrap() + 1)).unwrap();
        }
        w.frame(Ns(n), b"{}").unwrap();
    }
    w.finish().unwrap();
    let first = folder.join(segment_name(0));
    assert_eq!(w.frames(), 30);
    let stamps = |path: &Path| {
        let mut reader = Reader::open(path)?;
        let mut out = Vec::new();
        while let Some(line) = reader.step()? {
            out.push(line.at.0);
        }
        Ok::<_, RecordingError>(out)
    };
    assert_eq!(stamps(&first), Ok((0..30).collect()));
    assert_eq!(stamps(&folder.join(segment_name(2))), Ok((19..30).collect()), "and those after it");
    // A hole is a line of its own, and named.
    std::fs::remove_file(folder.join(segment_name(1))).unwrap();
    let mut reader = Reader::open(&first).unwrap();
    let (mut at, mut holes) = (Vec::new(), 0);
    while let Some(line) = reader.step().unwrap() {
        holes += u32::from(line.bytes() == Control::Hole.line());
        at.push(line.at.0);
    }
    assert_eq!((at, holes), ((0..9).chain([8]).chain(19..30).collect(), 1));
    assert_eq!(reader.left_out(), LeftOut { files: 1, hole: 1, ..LeftOut::default() });
    assert_eq!(reader.left_out().hole(), Some(Fault::Hole(1)));
    std::fs::remove_dir_all(&folder).unwrap();
    for (name, want) in [
        ("frames.gz", Some(0)),
        ("frames.00000012.gz", Some(12)),
        ("frames.12.gz", None),
        ("frames.00000000.gz", None),
        ("frames..gz", None),
        ("other.gz", None),
    ] {
        assert_eq!(segment_number(name), want, "{name}");
    }
}

#[test]
fn what_is_wrong_with_a_recording_is_a_sentence_with_its_line() {
    let unread = RecordingError { line: 0, fault: Fault::Disk(DiskError::Missing) };
    assert_eq!(unread.to_string(), "there is no such file or folder");
    assert_eq!(Tail::Unfinished(12).to_string(), "unfinished (12 bytes left out)");
}
