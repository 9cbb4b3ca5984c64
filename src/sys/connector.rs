//! The thread that opens and drops connections, so that the hot thread does neither.
//!
//! In: wishes for a link, old links. Out: links ready to be read, or why there is none. The thread
//! is cold; the handle's methods are made for the hot thread: they neither wait, allocate nor free.
//!
//! 1. Name, TCP, TLS and upgrade share one deadline, [`limits::CONNECT_MS`].
//! 2. Every wish that was accepted gets exactly one answer, in order, while the handle lives.
//! 3. Every answer may be given back; then it is dropped on the connector's thread, a link after a
//!    close_notify.

use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Thread};

use crossbeam::queue::ArrayQueue;
use mio::Waker;
use rustls::ClientConfig;

use super::clock::Deadline;
use super::dial::{ConnectError, Dialer, Stage, Stream};
use super::link::Link;
use super::tls;
use super::url::Url;
use crate::limits;
use crate::limits::CONNECT_QUEUE;
use crate::ws::handshake::Upgrade;

/// What cold threads may know of the attempts.
#[derive(Debug, Default)]
pub struct Failures(Mutex<(u64, Option<ConnectError>)>);

impl Failures {
    /// Attempts that failed so far, and why the last one did.
    pub fn read(&self) -> (u64, Option<ConnectError>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, error: &ConnectError) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *all = (all.0 + 1, Some(error.clone()));
    }
}

/// A wish for a link.
#[derive(Debug)]
struct Wish {
    url: Arc<Url>,
    attempt: u64,
}

/// The answer to a wish.
#[derive(Debug)]
pub struct Answer {
    /// The number given with the wish.
    pub attempt: u64,
    /// The link, already upgraded, or why there is none.
    pub result: Result<Link, ConnectError>,
}

/// The hot thread's handle. Dropping it ends the connector's thread after its current attempt.
#[derive(Debug)]
pub struct Connector {
    shared: Arc<Shared>,
    thread: Thread,
}

#[derive(Debug)]
struct Shared {
    wishes: ArrayQueue<Wish>,
    answers: ArrayQueue<Answer>,
    returns: ArrayQueue<Answer>,
    stop: AtomicBool,
    failures: Arc<Failures>,
}

impl Connector {
    /// Starts the thread. `waker` is woken after every answer; `deadline_ms` is mostly
    /// [`limits::CONNECT_MS`]; `failures` is kept for other cold threads.
    ///
    /// # Errors
    /// If the operating system gives no thread.
    pub fn start(
        tls: Arc<ClientConfig>,
        waker: Arc<Waker>,
        deadline_ms: u64,
        failures: Arc<Failures>,
    ) -> io::Result<Connector> {
        let shared = Arc::new(Shared {
            wishes: ArrayQueue::new(CONNECT_QUEUE),
            answers: ArrayQueue::new(CONNECT_QUEUE),
            returns: ArrayQueue::new(CONNECT_QUEUE),
            stop: AtomicBool::new(false),
            failures,
        });
        let theirs = Arc::clone(&shared);
        let handle = thread::Builder::new()
            .name("connector".into())
            .spawn(move || theirs.run(&mut Dialer::new(tls), &waker, deadline_ms))?;
        Ok(Connector { shared, thread: handle.thread().clone() })
    }

    /// Asks for a link to `url`; the caller keeps a copy of the `Arc`, so that nothing is freed.
    /// False if too many wishes wait already.
    pub fn ask(&self, url: &Arc<Url>, attempt: u64) -> bool {
        let asked = self.shared.wishes.push(Wish { url: Arc::clone(url), attempt }).is_ok();
        self.thread.unpark();
        asked
    }

    /// The next answer, if there is one.
    pub fn answer(&self) -> Option<Answer> {
        self.shared.answers.pop()
    }

    /// Gives an answer back, with its link or error, to be dropped elsewhere.
    ///
    /// # Errors
    /// The answer itself, if the connector is busy and four others wait already: keep it and try
    /// again, or drop it here.
    pub fn give_back(&self, answer: Answer) -> Result<(), Answer> {
        let given = self.shared.returns.push(answer);
        self.thread.unpark();
        given
    }
}

impl Drop for Connector {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

impl Shared {
    fn run(&self, dialer: &mut Dialer, waker: &Waker, deadline_ms: u64) {
        loop {
            // Read before the queues, so that what was given before the end is still seen.
            let stop = self.stop.load(Ordering::Acquire);
            while let Some(old) = self.returns.pop() {
                if let Ok(link) = old.result {
                    link.finish();
                }
            }
            if stop {
                return;
            }
            let Some(Wish { url, attempt }) = self.wishes.pop() else {
                thread::park();
                continue;
            };
            let result = open(dialer, &url, Deadline::after_ms(deadline_ms));
            // Before the answer, so that the hot thread's copy is the last one only if it likes.
            drop(url);
            if let Err(error) = &result {
                self.failures.note(error);
            }
            let mut answer = Answer { attempt, result };
            while let Err(back) = self.answers.push(answer) {
                if self.stop.load(Ordering::Acquire) {
                    return;
                }
                answer = back;
                thread::park_timeout(std::time::Duration::from_millis(1));
            }
            // A waker that fails leaves the answer to the next regular turn of the hot thread.
            let _ = waker.wake();
        }
    }
}

/// Opens and upgrades one link.
///
/// # Errors
/// The first step that failed, and how.
pub fn open(dialer: &mut Dialer, url: &Url, deadline: Deadline) -> Result<Link, ConnectError> {
    let mut stream = dialer.open(url, deadline)?;
    let first = upgrade(&mut stream, url)?;
    let Stream { tcp, tls, .. } = stream;
    tcp.set_nonblocking(true).map_err(|e| ConnectError::from_io(&e, Stage::Http))?;
    Ok(Link::new(mio::net::TcpStream::from_std(tcp), tls, first))
}

/// Upgrades the connection; gives the bytes that came after the head of the answer.
fn upgrade(stream: &mut Stream, url: &Url) -> Result<Vec<u8>, ConnectError> {
    let mut upgrade = Upgrade::new(&url.host_field(), url.path(), tls::entropy());
    let lost = |e: io::Error| ConnectError::from_io(&e, Stage::Http);
    stream.write_all(upgrade.request()).map_err(lost)?;
    stream.flush().map_err(lost)?;
    let mut buf = [0; limits::HTTP_HEAD_MAX];
    loop {
        let n = stream.read(&mut buf).map_err(lost)?;
        if n == 0 {
            return Err(ConnectError::Closed(Stage::Http));
        }
        if let Some(used) = upgrade.receive(&buf[..n]).map_err(ConnectError::Upgrade)? {
            return Ok(buf[used..n].to_vec());
        }
    }
}

#[cfg(test)]
#[path = "connector_tests.rs"]
mod tests;
