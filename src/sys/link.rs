//! An open connection in the hands of the hot thread: reading into and writing from a
//! [`Conn`], with or without TLS below.
//!
//! In: readiness. Out: received bytes, or how the link ended. Hot path: never waits; without TLS it
//! does not allocate. With TLS, rustls allocates once per record received.
//!
//! 1. One call reads the socket at most once without TLS, [`TLS_ROUNDS_MAX`] times with.
//! 2. Bytes that came before an end or an error are handed out before it is reported, and what is
//!    reported is the first error.
//! 3. Readiness is edge-triggered: read until `WouldBlock`, also once right after adoption, since
//!    the first bytes may have come together with the upgrade.
//! 4. Left alone, the system acknowledges inside the read, before it hands the bytes out: two thirds
//!    of the read's time. The system waits at our wish, and sends the acknowledgement when the work is done.

use std::io::{ErrorKind, Read, Write};

use mio::event::Source;
use mio::net::TcpStream;
use rustls::ClientConnection;

use crate::limits::TLS_ROUNDS_MAX;
use crate::ws::conn::Conn;

/// An upgraded, non-blocking connection. Made and dropped on the connector's thread.
#[derive(Debug)]
pub struct Link {
    tcp: TcpStream,
    tls: Option<Box<ClientConnection>>,
    /// Bytes that came after the head of the upgrade, and how many were handed out.
    first: Vec<u8>,
    first_at: usize,
    /// A failed TLS session: nothing more is read from the socket.
    broken: bool,
}

/// What one read has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadOutcome {
    /// Bytes in the connection; poll it, then read again. 0: TLS alone progressed, or no space.
    Bytes(usize),
    /// Nothing more now.
    WouldBlock,
    /// The server has ended the stream (with TLS: properly).
    Eof,
    /// The stream ended without TLS's close_notify: it may have been cut.
    Truncated,
    /// The connection is lost: reset, timed out, ...
    Lost(ErrorKind),
    /// TLS has failed: an alert, a damaged record.
    Tls,
}

/// What one flush has achieved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlushOutcome {
    /// Everything is with the operating system.
    Done,
    /// The socket takes no more now; flush again when it is writable.
    WouldBlock,
    /// The connection is lost. Bytes received before may still be read.
    Lost(ErrorKind),
}

impl Link {
    /// A link from its parts; `first` are the bytes that came after the head of the upgrade.
    pub(super) fn new(tcp: TcpStream, tls: Option<Box<ClientConnection>>, first: Vec<u8>) -> Link {
        Link { tcp, tls, first, first_at: 0, broken: false }
    }

    /// For registering with a `mio::Poll`, readable and writable.
    pub fn source(&mut self) -> &mut impl Source {
        &mut self.tcp
    }

    /// Whether TLS is below.
    #[cfg(test)]
    pub fn is_secure(&self) -> bool {
        self.tls.is_some()
    }

    /// Has what was read acknowledged at once, and later reads at the next call (Linux; elsewhere, and
    /// where this fails, the system goes on by itself). The server must not be kept waiting: it may hold
    /// small frames back until those before are acknowledged (Nagle).
    pub fn acknowledge(&self) {
        // `true` sends what is due and goes back to acknowledging in the read, `false` leaves that.
        #[cfg(target_os = "linux")]
        for at_once in [true, false] {
            let _ = rustix::net::sockopt::set_tcp_quickack(&self.tcp, at_once);
        }
    }

    /// Reads what fits into `conn`, once.
    #[inline]
    pub fn read_into(&mut self, conn: &mut Conn) -> ReadOutcome {
        let space = conn.space();
        if space.is_empty() {
            return ReadOutcome::Bytes(0);
        }
        let outcome = if self.first_at < self.first.len() {
            let rest = &self.first[self.first_at..];
            let n = rest.len().min(space.len());
            space[..n].copy_from_slice(&rest[..n]);
            self.first_at += n;
            ReadOutcome::Bytes(n)
        } else if self.tls.is_some() {
            self.read_tls(space)
        } else {
            read_plain(&mut self.tcp, space)
        };
        if let ReadOutcome::Bytes(n) = outcome {
            conn.filled(n);
        }
        outcome
    }

    fn read_tls(&mut self, space: &mut [u8]) -> ReadOutcome {
        let Some(tls) = &mut self.tls else { return ReadOutcome::Tls };
        for _ in 0..TLS_ROUNDS_MAX {
            match tls.reader().read(space) {
                Ok(0) => return ReadOutcome::Eof,
                Ok(n) => return ReadOutcome::Bytes(n),
                Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                Err(e) if e.kind() == ErrorKind::UnexpectedEof => return ReadOutcome::Truncated,
                Err(e) => return ReadOutcome::Lost(e.kind()),
            }
            if self.broken {
                return ReadOutcome::Tls;
            }
            match tls.read_tls(&mut self.tcp) {
                Ok(_) => {}
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(e) if e.kind() == ErrorKind::WouldBlock => return ReadOutcome::WouldBlock,
                Err(e) => return ReadOutcome::Lost(e.kind()),
            }
            if tls.process_new_packets().is_err() {
                // What was decrypted before the failure is read in the next round.
                self.broken = true;
            }
        }
        ReadOutcome::Bytes(0)
    }

    /// Writes what `conn` has to send, as much as the socket takes.
    #[inline]
    pub fn flush(&mut self, conn: &mut Conn) -> FlushOutcome {
        if self.tls.is_some() {
            return self.flush_tls(conn);
        }
        while !conn.to_send().is_empty() {
            match self.tcp.write(conn.to_send()) {
                Ok(0) => return FlushOutcome::Lost(ErrorKind::WriteZero),
                Ok(n) => conn.sent(n),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => return FlushOutcome::WouldBlock,
                Err(e) => return FlushOutcome::Lost(e.kind()),
            }
        }
        FlushOutcome::Done
    }

    fn flush_tls(&mut self, conn: &mut Conn) -> FlushOutcome {
        let Some(tls) = &mut self.tls else { return FlushOutcome::Done };
        loop {
            while tls.wants_write() {
                match tls.write_tls(&mut self.tcp) {
                    Ok(0) => return FlushOutcome::Lost(ErrorKind::WriteZero),
                    Ok(_) => {}
                    Err(e) if e.kind() == ErrorKind::Interrupted => {}
                    Err(e) if e.kind() == ErrorKind::WouldBlock => {
                        return FlushOutcome::WouldBlock;
                    }
                    Err(e) => return FlushOutcome::Lost(e.kind()),
                }
            }
            if conn.to_send().is_empty() || self.broken {
                return FlushOutcome::Done;
            }
            match tls.writer().write(conn.to_send()) {
                Ok(0) => return FlushOutcome::Lost(ErrorKind::WriteZero),
                Ok(n) => conn.sent(n),
                Err(e) => return FlushOutcome::Lost(e.kind()),
            }
        }
    }

    /// Best-effort close_notify, never blocks; then ends the stream. Cold: on the
    /// connector's thread, before the link is dropped.
    pub(super) fn finish(mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            let _ = tls.write_tls(&mut self.tcp);
        }
        let _ = self.tcp.shutdown(std::net::Shutdown::Both);
    }
}

#[inline]
fn read_plain(tcp: &mut TcpStream, space: &mut [u8]) -> ReadOutcome {
    loop {
        return match tcp.read(space) {
            Ok(0) => ReadOutcome::Eof,
            Ok(n) => ReadOutcome::Bytes(n),
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            Err(e) if e.kind() == ErrorKind::WouldBlock => ReadOutcome::WouldBlock,
            Err(e) => ReadOutcome::Lost(e.kind()),
        };
    }
}

#[cfg(test)]
#[path = "link_tests.rs"]
mod tests;
