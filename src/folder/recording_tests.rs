//! Recordings cut, killed, corrupted and read in any chunks.

use super::*;
use crate::feed::{Control, lost_frames};

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
            Ok(Some(mut line)) => {
                list.push((line.at.0, line.bytes().to_vec()));
                // A parser in place may destroy everything it was given.
                line.padded().0.fill(0xff);
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
fn faults_have_line_numbers() {
    let at = |line, fault| Err(RecordingError { line, fault });
    for (text, line) in [
        (&b"1 {}\nx {}\n"[..], 2),
        (b"1 {}\n\n\n-1 {}\n", 4),
        (b"1{}\n", 1),
        (b" 1 {}\n", 1),
        (b"1\n", 1),
        (b"9223372036854775808 {}\n", 1),
        (b"000000000000000000000000001 {}\n", 1),
    ] {
        assert_eq!(read(text).1, at(line, Fault::Stamp), "{:?}", String::from_utf8_lossy(text));
    }
    assert_eq!(read(b"9223372036854775807 {}\r\n").0, vec![(i64::MAX, b"{}".to_vec())]);
    // One bad line does not spoil the others.
    let mut reader = Reader::detect(io::Cursor::new(b"x\n1 a\n2 b\n".to_vec())).expect("open");
    assert!(reader.step().is_err());
    for want in [1, 2] {
        assert_eq!(reader.step().map(|l| l.map(|l| l.at.0)), Ok(Some(want)));
    }
    let mut corrupt = gzip(&lines(200));
    let middle = corrupt.len() / 2;
    corrupt[middle..].fill(0xff);
    assert!(matches!(read(&corrupt).1, Err(RecordingError { fault: Fault::Gzip, .. })));
    assert!(matches!(
        Reader::open(Path::new("/no/such/recording")).map(drop),
        Err(RecordingError { line: 0, fault: Fault::Disk(DiskError::Missing) })
    ));
}

#[test]
fn the_longest_line_and_one_byte_more() {
    for (extra, fits) in [(0, true), (1, false), (READ + 100, false)] {
        let long = vec![b'z'; MESSAGE_MAX + extra];
        let bytes = plain(&[(1, b"{}".to_vec()), (i64::MAX, long.clone()), (3, b"{}".to_vec())]);
        let (got, end) = read(&bytes);
        assert_eq!(got[0].1, b"{}");
        if fits {
            assert_eq!((got[1].1 == long, got.len(), end), (true, 3, Ok(Tail::Whole)));
        } else {
            assert_eq!(end, Err(RecordingError { line: 2, fault: Fault::Long }));
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
    assert_eq!(stamps(&folder.join(segment_name(2))), Ok((19..29).collect()));
    // A hole is an error, not a shorter recording.
    std::fs::remove_file(folder.join(segment_name(2))).unwrap();
    let e = stamps(&first).unwrap_err();
    assert_eq!(e.fault, Fault::Disk(DiskError::Missing));
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
    let wrong = RecordingError { line: 4, fault: Fault::Stamp };
    assert_eq!(wrong.to_string(), "line 4: the line does not begin with a time and a blank");
    let unread = RecordingError { line: 0, fault: Fault::Disk(DiskError::Missing) };
    assert_eq!(unread.to_string(), "there is no such file or folder");
    assert_eq!(Tail::Unfinished(12).to_string(), "unfinished (12 bytes left out)");
}
