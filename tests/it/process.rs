//! The program as a process: in a folder of its own, with its output and exit code.

use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use papermaker::rooms::folder::recording;
use papermaker::rooms::sys::clock::SessionClock;

use serde_json::Value;

/// A folder that goes away again.
pub struct Temporary(pub PathBuf);

impl Temporary {
    pub fn new() -> Temporary {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("papermaker-it-{}-{n}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder");
        Temporary(path)
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// How a process ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ended {
    /// The last line of the output as JSON.
    pub fn json(&self) -> Value {
        let line = self.out.lines().last().unwrap_or_default();
        serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    pub fn assert_code(&self, code: i32) -> &Ended {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        self
    }
}

pub fn command(dir: &Path, args: &[&str]) -> Command {
    let mut c = Command::new(env!("CARGO_BIN_EXE_papermaker"));
    c.current_dir(dir).args(args).stdin(Stdio::null());
    c
}

/// Runs it to its end.
pub fn papermaker(dir: &Path, args: &[&str]) -> Ended {
    finish(start(dir, args))
}

pub fn start(dir: &Path, args: &[&str]) -> Child {
    command(dir, args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started")
}

pub fn finish(child: Child) -> Ended {
    let out = child.wait_with_output().expect("ended");
    let text = |b: Vec<u8>| String::from_utf8(b).expect("text");
    Ended { code: out.status.code(), out: text(out.stdout), err: text(out.stderr) }
}

/// Sends a signal by the system's own tool.
pub fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-s", name, &id]).status().expect("kill").success());
}

/// Waits until the output has `text`; gives what was read so far.
pub fn await_text(child: &mut Child, text: &str) -> String {
    let out = child.stdout.as_mut().expect("piped");
    let (mut seen, mut byte) = (Vec::new(), [0u8]);
    let begun = Watch::start();
    while !String::from_utf8_lossy(&seen).contains(text) {
        assert!(begun.elapsed() < Duration::from_secs(60), "{}", String::from_utf8_lossy(&seen));
        match out.read(&mut byte).expect("readable") {
            0 => panic!("ended without {text:?}: {}", String::from_utf8_lossy(&seen)),
            _ => seen.push(byte[0]),
        }
    }
    String::from_utf8_lossy(&seen).into_owned()
}

/// A recording without these lines: in the place of each stands that a frame was lost.
pub fn lose_frames(path: &Path, lines: Range<u64>) {
    let mut reader = recording::Reader::open(path).expect("a recording");
    let cut = path.with_extension("cut");
    let mut writer = recording::Writer::new(std::fs::File::create(&cut).expect("a file"));
    while let Some(line) = reader.step().expect("a line") {
        match lines.contains(&line.number) {
            true => writer.lost(line.at, 1),
            false => writer.frame(line.at, line.bytes()),
        }
        .expect("written");
    }
    writer.finish().expect("written");
    std::fs::rename(&cut, path).expect("renamed");
}

/// An exchange of its own process with more arguments, and its address.
pub fn exchange(dir: &Path, more: &[&str]) -> (Child, String) {
    let mut c = command(dir, &[&["venue", "--addr", "127.0.0.1:0"], more].concat());
    let mut child = c.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started");
    let seen = await_text(&mut child, "/ws");
    let from = seen.find("ws://").expect("an address");
    let address = seen[from..].split_whitespace().next().expect("one word").to_owned();
    (child, address)
}

/// A stopwatch.
pub struct Watch(SessionClock);

impl Watch {
    pub fn start() -> Watch {
        Watch(SessionClock::start(1))
    }

    pub fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.0.mono_ns())
    }
}
