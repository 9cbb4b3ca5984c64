//! Opening a connection, waiting for it: name, TCP, TLS, all under one deadline.
//!
//! In: an address. Out: a blocking [`Stream`], or a [`ConnectError`] that says what to do. Cold
//! path, on the connector's thread only.
//!
//! 1. No step waits beyond the deadline, even against a peer that sends a byte at a time.
//! 2. All addresses of a name are tried; each gets an equal share of the time that is left.
//! 3. When a name cannot be looked up, the addresses it had the last time are used.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::{Arc, mpsc};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use super::clock::Deadline;
use super::url::Url;
use crate::ws::handshake::Refusal;

/// The step that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Looking up the name.
    Name,
    /// Connecting by TCP.
    Tcp,
    /// The TLS handshake.
    Tls,
    /// The request and its answer.
    Http,
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ConnectError {
    /// The name has no address, or cannot be looked up.
    #[error("the host name has no address; check its spelling and the network")]
    UnknownHost,
    /// Nothing listens at the port.
    #[error("connection refused: nothing listens there; check the port, start the server")]
    Refused,
    /// The network or host cannot be reached.
    #[error("the host cannot be reached; check the network")]
    Unreachable,
    /// The deadline passed in this step.
    #[error("no answer in time {0}; check host, port and firewall")]
    Timeout(Stage),
    /// The server ended the connection in this step.
    #[error("the server closed the connection {0}")]
    Closed(Stage),
    /// The server, or something between, reset the connection in this step.
    #[error("the connection was reset {0}; check port and scheme")]
    Reset(Stage),
    /// Another error of the operating system, by its number (0 if it has none).
    #[error("{}", system(*.0))]
    Os(i32),
    /// The port does not speak TLS.
    #[error("the port does not speak TLS; use ws:// or another port")]
    NotTls,
    /// The TLS handshake failed.
    #[error("TLS: {0}{hint}", hint = hint(.0))]
    Tls(Box<rustls::Error>),
    /// The server did not grant the upgrade.
    #[error("no WebSocket: {0}")]
    Upgrade(Refusal),
}

/// Opens connections and remembers addresses.
#[derive(Debug)]
pub struct Dialer {
    tls: Arc<ClientConfig>,
    last: Option<(String, Vec<IpAddr>)>,
}

/// A blocking connection whose every read and write ends by the deadline.
#[derive(Debug)]
pub struct Stream {
    pub(super) tcp: TcpStream,
    pub(super) tls: Option<Box<ClientConnection>>,
    deadline: Deadline,
}

/// The socket with the deadline, below TLS.
struct Timed<'a> {
    tcp: &'a TcpStream,
    deadline: Deadline,
}

impl Dialer {
    /// A dialer that trusts as `tls` says.
    pub fn new(tls: Arc<ClientConfig>) -> Dialer {
        Dialer { tls, last: None }
    }

    /// Connects to the host of `url`, with TLS if it asks for it.
    ///
    /// # Errors
    /// The first step that failed, and how; for several addresses the most telling failure.
    pub fn open(&mut self, url: &Url, deadline: Deadline) -> Result<Stream, ConnectError> {
        let addresses = self.resolve(url.host(), deadline)?;
        let tcp = connect(&addresses, url.port(), deadline)?;
        // Without it a heartbeat could wait 40 ms for the acknowledgement of the one before.
        tcp.set_nodelay(true).map_err(|e| ConnectError::from_io(&e, Stage::Tcp))?;
        let mut stream = Stream { tcp, tls: None, deadline };
        if url.is_secure() {
            stream.secure(url.host(), Arc::clone(&self.tls))?;
        }
        Ok(stream)
    }

    fn resolve(&mut self, host: &str, deadline: Deadline) -> Result<Vec<IpAddr>, ConnectError> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![address]);
        }
        match lookup(host, deadline) {
            Ok(addresses) => {
                self.last = Some((host.to_owned(), addresses.clone()));
                Ok(addresses)
            }
            Err(error) => match &self.last {
                Some((name, addresses)) if name == host && deadline.left().is_some() => {
                    Ok(addresses.clone())
                }
                _ => Err(error),
            },
        }
    }
}

/// Asks the system's resolver, which may wait as long as it likes, on a thread of its own. It gets
/// half of the time, so that remembered addresses can still be tried.
fn lookup(host: &str, deadline: Deadline) -> Result<Vec<IpAddr>, ConnectError> {
    let (tx, rx) = mpsc::sync_channel(1);
    let name = host.to_owned();
    let asked = std::thread::Builder::new().name("resolver".into()).spawn(move || {
        let found = (name.as_str(), 0).to_socket_addrs();
        let _ = tx.send(found.map(|all| all.map(|a| a.ip()).collect::<Vec<_>>()));
    });
    if let Err(error) = asked {
        return Err(ConnectError::from_io(&error, Stage::Name));
    }
    let left = deadline.left().ok_or(ConnectError::Timeout(Stage::Name))?;
    match rx.recv_timeout(left / 2) {
        Ok(Ok(mut addresses)) if !addresses.is_empty() => {
            addresses.dedup();
            Ok(addresses)
        }
        Ok(_) => Err(ConnectError::UnknownHost),
        Err(_) => Err(ConnectError::Timeout(Stage::Name)),
    }
}

fn connect(addresses: &[IpAddr], port: u16, deadline: Deadline) -> Result<TcpStream, ConnectError> {
    let mut worst: Option<ConnectError> = None;
    for (i, &ip) in addresses.iter().enumerate() {
        let shares = u32::try_from(addresses.len() - i).unwrap_or(u32::MAX);
        let Some(left) = deadline.left() else { break };
        match TcpStream::connect_timeout(&SocketAddr::new(ip, port), left / shares) {
            Ok(tcp) => return Ok(tcp),
            Err(e) => {
                let error = ConnectError::from_io(&e, Stage::Tcp);
                if worst.as_ref().is_none_or(|w| error.tells_more_than(w)) {
                    worst = Some(error);
                }
            }
        }
    }
    Err(worst.unwrap_or(ConnectError::Timeout(Stage::Tcp)))
}

impl Stream {
    fn secure(&mut self, host: &str, config: Arc<ClientConfig>) -> Result<(), ConnectError> {
        let bad_name = || rustls::Error::General(format!("`{host}` cannot be named in TLS"));
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| ConnectError::Tls(Box::new(bad_name())))?;
        let mut tls =
            ClientConnection::new(config, name).map_err(|e| ConnectError::Tls(Box::new(e)))?;
        let mut timed = Timed { tcp: &self.tcp, deadline: self.deadline };
        while tls.is_handshaking() {
            tls.complete_io(&mut timed).map_err(|e| ConnectError::from_io(&e, Stage::Tls))?;
        }
        self.tls = Some(Box::new(tls));
        Ok(())
    }
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut timed = Timed { tcp: &self.tcp, deadline: self.deadline };
        match &mut self.tls {
            None => timed.read(buf),
            Some(tls) => rustls::Stream::new(tls.as_mut(), &mut timed).read(buf),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let mut timed = Timed { tcp: &self.tcp, deadline: self.deadline };
        match &mut self.tls {
            None => timed.write(buf),
            Some(tls) => rustls::Stream::new(tls.as_mut(), &mut timed).write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut timed = Timed { tcp: &self.tcp, deadline: self.deadline };
        match &mut self.tls {
            None => Ok(()),
            Some(tls) => rustls::Stream::new(tls.as_mut(), &mut timed).flush(),
        }
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = self.deadline.left().ok_or(ErrorKind::TimedOut)?;
            self.tcp.set_read_timeout(Some(left))?;
            match self.tcp.read(buf) {
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    return Err(ErrorKind::TimedOut.into());
                }
                done => return done,
            }
        }
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        loop {
            let left = self.deadline.left().ok_or(ErrorKind::TimedOut)?;
            self.tcp.set_write_timeout(Some(left))?;
            match self.tcp.write(buf) {
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    return Err(ErrorKind::TimedOut.into());
                }
                done => return done,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the system says of an error, by its number.
fn system(number: i32) -> String {
    match number {
        0 => "an error without a number of the system".to_owned(),
        n => io::Error::from_raw_os_error(n).to_string(),
    }
}

fn hint(error: &rustls::Error) -> &'static str {
    match error {
        rustls::Error::InvalidCertificate(_) => {
            "; for a private certificate give its PEM file with --ca"
        }
        _ => "",
    }
}

impl ConnectError {
    /// Names an error of the operating system, or of TLS below it, met in `stage`.
    pub fn from_io(error: &io::Error, stage: Stage) -> ConnectError {
        if let Some(tls) = error.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>()) {
            return match tls {
                rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType) => {
                    ConnectError::NotTls
                }
                other => ConnectError::Tls(Box::new(other.clone())),
            };
        }
        match error.kind() {
            ErrorKind::ConnectionRefused => ConnectError::Refused,
            ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::AddrNotAvailable => ConnectError::Unreachable,
            ErrorKind::TimedOut | ErrorKind::WouldBlock => ConnectError::Timeout(stage),
            ErrorKind::UnexpectedEof => ConnectError::Closed(stage),
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
                ConnectError::Reset(stage)
            }
            _ => ConnectError::Os(error.raw_os_error().unwrap_or(0)),
        }
    }

    /// Whether trying again soon is pointless or unwelcome.
    pub fn is_lasting(&self) -> bool {
        match self {
            ConnectError::NotTls | ConnectError::Tls(_) => true,
            ConnectError::Upgrade(refusal) => refusal.is_lasting(),
            _ => false,
        }
    }

    /// Whether it may pass by waiting: all but what is wrong with the address or the certificates.
    pub fn may_pass(&self) -> bool {
        !matches!(self, ConnectError::NotTls | ConnectError::Tls(_))
    }

    /// Seconds the server asks to wait before the next attempt, 0 if it does not ask.
    pub fn retry_after_s(&self) -> u32 {
        match self {
            ConnectError::Upgrade(Refusal::Status { retry_after_s: Some(s), .. }) => *s,
            _ => 0,
        }
    }

    /// Of failures at several addresses of one host: one that got an answer tells the most.
    fn tells_more_than(&self, other: &ConnectError) -> bool {
        let rank = |e: &ConnectError| match e {
            ConnectError::Unreachable => 0,
            ConnectError::Os(_) => 1,
            ConnectError::Timeout(_) => 2,
            _ => 3,
        };
        rank(self) > rank(other)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stage::Name => "while looking up the name",
            Stage::Tcp => "while connecting",
            Stage::Tls => "during the TLS handshake",
            Stage::Http => "before answering the request",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::tls;
    use std::net::{Ipv4Addr, TcpListener};

    #[test]
    fn every_address_is_tried() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        // Also of the loopback network, but nothing listens there.
        let other = IpAddr::V4(Ipv4Addr::new(127, 9, 9, 9));
        let deadline = Deadline::after_ms(20_000);
        for order in [vec![here], vec![other, here], vec![other, other, here, other]] {
            let tcp = connect(&order, port, deadline).unwrap();
            assert_eq!(tcp.peer_addr().unwrap().ip(), here);
        }
        let refused = connect(&[other, other], port, deadline).unwrap_err();
        assert_eq!(refused, ConnectError::Refused);
        let none = connect(&[], port, deadline).unwrap_err();
        assert_eq!(none, ConnectError::Timeout(Stage::Tcp));
        let late = connect(&[here], port, Deadline::after_ms(0)).unwrap_err();
        assert_eq!(late, ConnectError::Timeout(Stage::Tcp));
    }

    #[test]
    fn a_name_that_is_gone_keeps_its_addresses() {
        // Reserved by RFC 2606: it never has an address, whether or not a resolver is reachable.
        let host = "papermaker.invalid";
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let mut dialer = Dialer::new(tls::client(None).unwrap());
        let error = dialer.resolve(host, Deadline::after_ms(1_000)).unwrap_err();
        let named = matches!(error, ConnectError::UnknownHost | ConnectError::Timeout(Stage::Name));
        assert!(named, "{error:?}");
        dialer.last = Some((host.to_owned(), vec![here]));
        assert_eq!(dialer.resolve(host, Deadline::after_ms(1_000)), Ok(vec![here]));
        assert!(dialer.resolve("other.invalid", Deadline::after_ms(1_000)).is_err());
        assert_eq!(dialer.resolve("::1", Deadline::after_ms(0)), Ok(vec!["::1".parse().unwrap()]));
        let found = dialer.resolve("localhost", Deadline::after_ms(20_000)).unwrap();
        assert!(found.iter().all(IpAddr::is_loopback));
        assert_eq!(dialer.last, Some(("localhost".to_owned(), found)));
    }

    #[test]
    fn an_answer_tells_more_than_silence() {
        let ranked = [
            ConnectError::Unreachable,
            ConnectError::Os(24),
            ConnectError::Timeout(Stage::Tcp),
            ConnectError::Refused,
        ];
        for (i, a) in ranked.iter().enumerate() {
            for (j, b) in ranked.iter().enumerate() {
                assert_eq!(a.tells_more_than(b), i > j);
            }
        }
    }
}
