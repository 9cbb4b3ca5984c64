//! Serves a snapshot to monitors, on TCP and on a socket in the run's folder.
//!
//! In: connections. Out: answers of [`super::http`]. Cold path: a thread a listener, and one a
//! connection for as long as it lasts.
//!
//! 1. At most [`CLIENTS_MAX`] connections at once; the next gets 503 and is closed.
//! 2. A connection has [`CLIENT_MS`] from its first byte to its last, whatever the client does,
//!    and sends at most `HTTP_HEAD_MAX` bytes that anybody looks at.
//! 3. Nothing waits for a client: not the logging thread, not the hot one.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::http::{self, Answer};
use super::snapshot::Snapshot;
use crate::folder::RunFolder;
use crate::limits::{ACCEPT_PAUSE, CLIENT_MS, CLIENTS_MAX, HTTP_HEAD_MAX};
use crate::sys::clock::Deadline;

/// Where snapshots come from.
pub type Source = Arc<dyn Fn() -> Snapshot + Send + Sync>;

/// A listener at work; dropping it ends it.
#[derive(Debug)]
pub struct Server {
    end: End,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Clone, Debug)]
enum End {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// A connection of either kind.
trait Stream: Read + Write + Send + 'static {
    fn limit(&self, left: Duration) -> io::Result<()>;
}

impl Stream for TcpStream {
    fn limit(&self, left: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(left)).and_then(|()| self.set_write_timeout(Some(left)))
    }
}

impl Stream for UnixStream {
    fn limit(&self, left: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(left)).and_then(|()| self.set_write_timeout(Some(left)))
    }
}

impl Server {
    /// Serves on a TCP listener.
    ///
    /// # Errors
    /// The listener has no address, or there is no thread.
    pub fn tcp(listener: TcpListener, source: Source) -> io::Result<Server> {
        let addr = listener.local_addr()?;
        Self::start(End::Tcp(addr), source, move || listener.accept().map(|(s, _)| s))
    }

    /// Serves on the socket of a run's folder, replacing one left behind by a dead process: the
    /// folder's lock says that no other process writes there.
    ///
    /// # Errors
    /// As the disk refuses.
    pub fn unix(folder: &Path, source: Source) -> io::Result<Server> {
        let path = RunFolder::at(folder).socket();
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let listener = reach(&path, |p| UnixListener::bind(p))?;
        Self::start(End::Unix(path), source, move || listener.accept().map(|(s, _)| s))
    }

    /// The address, where it is TCP.
    #[cfg(test)]
    fn addr(&self) -> Option<SocketAddr> {
        match self.end {
            End::Tcp(addr) => Some(addr),
            End::Unix(_) => None,
        }
    }

    fn start<S: Stream>(
        end: End,
        source: Source,
        accept: impl Fn() -> io::Result<S> + Send + 'static,
    ) -> io::Result<Server> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let clients = Arc::new(());
        let thread = std::thread::Builder::new().name("status".into()).spawn(move || {
            loop {
                let client = accept();
                if stopped.load(Ordering::Acquire) {
                    return;
                }
                match client {
                    Ok(stream) => welcome(stream, &source, &clients),
                    Err(_) => std::thread::sleep(ACCEPT_PAUSE),
                }
            }
        })?;
        Ok(Server { end, stop, thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        // A connection wakes the listener; it then sees the flag.
        let woken = match &self.end {
            End::Tcp(addr) => {
                let mut addr = *addr;
                if addr.ip().is_unspecified() {
                    addr.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
                }
                TcpStream::connect_timeout(&addr, ACCEPT_PAUSE).is_ok()
            }
            End::Unix(path) => {
                let woken = reach(path, |p| UnixStream::connect(p)).is_ok();
                let _ = std::fs::remove_file(path);
                woken
            }
        };
        if let (true, Some(thread)) = (woken, self.thread.take()) {
            let _ = thread.join();
        }
    }
}

/// Does `with` a socket by a path that fits into a socket's address, which has 108 bytes: a longer one
/// is reached by way of its open folder.
fn reach<T>(path: &Path, with: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return with(path) };
    if path.as_os_str().len() < SOCKET_PATH {
        return with(path);
    }
    let folder = File::open(folder)?;
    with(&Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name))
}

/// Bytes of a socket's path, the zero at its end included.
const SOCKET_PATH: usize = 108;

/// Serves a connection on a thread of its own, or turns it away. Each thread holds one of `clients`.
fn welcome<S: Stream>(mut stream: S, source: &Source, clients: &Arc<()>) {
    if Arc::strong_count(clients) > CLIENTS_MAX {
        let _ = stream.limit(Duration::from_millis(1));
        let _ = stream.write(&Answer::plain(503, "too many connections\n").bytes());
        return;
    }
    let (source, place) = (Arc::clone(source), Arc::clone(clients));
    // Where there is no thread the connection is dropped, and its place with it.
    let _ = std::thread::Builder::new().name("client".into()).spawn(move || {
        let _ = serve(&mut stream, &source);
        drop(place);
    });
}

fn serve(stream: &mut impl Stream, source: &Source) -> io::Result<()> {
    let deadline = Deadline::after_ms(CLIENT_MS);
    let mut head = Vec::new();
    let mut part = [0u8; 1024];
    let answer = loop {
        if let Some(answer) = http::answer(&head, || source()) {
            break answer;
        }
        let Some(left) = deadline.left() else {
            break Answer::plain(408, "the request did not come in time\n");
        };
        stream.limit(left)?;
        let room = HTTP_HEAD_MAX.saturating_sub(head.len()).clamp(1, part.len());
        match stream.read(&mut part[..room]) {
            Ok(0) => return Ok(()),
            Ok(n) => head.extend_from_slice(&part[..n]),
            Err(e) if is_late(&e) || e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    };
    send(stream, &answer.bytes(), deadline)
}

/// Sends all, or as much as the client takes until the deadline; a late answer still gets a moment.
fn send(stream: &mut impl Stream, mut bytes: &[u8], deadline: Deadline) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.limit(deadline.left().unwrap_or(Duration::from_millis(1)))?;
        match stream.write(bytes) {
            Ok(0) => return Ok(()),
            Ok(n) => bytes = &bytes[n..],
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
        if deadline.left().is_none() {
            break;
        }
    }
    Ok(())
}

fn is_late(e: &io::Error) -> bool {
    matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// Where a running engine can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The socket of a run's folder.
    Folder(PathBuf),
    /// A TCP address, `host:port`.
    Addr(String),
}

/// The newest snapshot's text from a running engine.
///
/// # Errors
/// Nobody answers, not in time, or not with 200.
pub fn ask(target: &Target) -> io::Result<String> {
    match target {
        Target::Folder(path) => {
            let socket = RunFolder::at(path).socket();
            question(reach(&socket, |p| UnixStream::connect(p))?)
        }
        Target::Addr(addr) => {
            use std::net::ToSocketAddrs as _;
            let none = || io::Error::new(ErrorKind::NotFound, "the name has no address");
            let addr = addr.to_socket_addrs()?.next().ok_or_else(none)?;
            question(TcpStream::connect_timeout(&addr, Duration::from_millis(CLIENT_MS))?)
        }
    }
}

fn question(mut stream: impl Stream) -> io::Result<String> {
    stream.limit(Duration::from_millis(CLIENT_MS))?;
    stream.write_all(b"GET /status HTTP/1.1\r\nHost: papermaker\r\nConnection: close\r\n\r\n")?;
    let mut text = String::new();
    // Sixteen coins with full ladders and orders take about 400 KB.
    stream.take(4 << 20).read_to_string(&mut text)?;
    let wrong = |what: &str| io::Error::new(ErrorKind::InvalidData, what.to_owned());
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(|| wrong("no HTTP answer"))?;
    if !head.starts_with("HTTP/1.1 200 ") {
        return Err(wrong(head.lines().next().unwrap_or("no HTTP answer")));
    }
    Ok(body.to_owned())
}

#[cfg(test)]
#[path = "serve_tests.rs"]
mod tests;
