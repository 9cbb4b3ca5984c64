//! Scripted servers on threads, over loopback, for the tests of this folder. In: what a server
//! does with its first connection. Out: its address, certificates, links to it. Cold path.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use mio::{Events, Interest, Poll, Token};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::clock::Deadline;
use super::connector::open;
use super::dial::{ConnectError, Dialer};
use super::link::{Link, ReadOutcome};
use super::tls;
use super::url::Url;
use crate::ws::conn::{Conn, Message};
use crate::ws::server::{self, Request};

/// A deadline no test reaches unless it wants to.
pub(super) const LONG_MS: u64 = 20_000;
/// A deadline for tests that wait for it.
pub(super) const SHORT_MS: u64 = 60;

/// Runs `serve` on the next accepted connection; gives the address.
pub(super) fn server<T: Send + 'static>(
    scheme: &str,
    serve: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (Url, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("{scheme}://{}/ws", listener.local_addr().unwrap()).parse().unwrap();
    (url, thread::spawn(move || serve(listener.accept().unwrap().0)))
}

/// Reads a request from the client and grants it, with `more` in the same segment.
pub(super) fn grant(stream: &mut (impl Read + Write), more: &[u8]) {
    let mut bytes = Vec::new();
    let mut buf = [0; 1024];
    let accept = loop {
        let n = stream.read(&mut buf).unwrap();
        assert!(n > 0, "a request");
        bytes.extend_from_slice(&buf[..n]);
        match server::request(&bytes).unwrap() {
            Some((Request::Upgrade { accept, .. }, _)) => break accept,
            Some((other, _)) => panic!("{other:?}"),
            None => {}
        }
    };
    let mut answer = server::switching_protocols(&accept);
    answer.extend_from_slice(more);
    stream.write_all(&answer).unwrap();
    stream.flush().unwrap();
}

pub(super) fn plain_open(url: &Url, ms: u64) -> Result<Link, ConnectError> {
    open_with(b"", url, ms)
}

pub(super) fn open_with(pem: &[u8], url: &Url, ms: u64) -> Result<Link, ConnectError> {
    open(&mut Dialer::new(tls::client_with(pem).unwrap()), url, Deadline::after_ms(ms))
}

/// Reads until the link ends; gives the texts and the end.
pub(super) fn read_to_end(link: &mut Link, conn: &mut Conn) -> (Vec<String>, ReadOutcome) {
    let mut poll = Poll::new().unwrap();
    let mut events = Events::with_capacity(8);
    poll.registry().register(link.source(), Token(0), Interest::READABLE).unwrap();
    let mut texts = Vec::new();
    loop {
        match link.read_into(conn) {
            ReadOutcome::Bytes(_) => texts.extend(texts_of(conn)),
            ReadOutcome::WouldBlock => {
                // An interrupted wait is a wait that was too short.
                let _ = poll.poll(&mut events, None);
            }
            end => return (texts, end),
        }
    }
}

pub(super) fn texts_of(conn: &mut Conn) -> Vec<String> {
    let mut texts = Vec::new();
    while let Some(message) = conn.poll().unwrap() {
        let Message::Text(text) = message else { panic!("{message:?}") };
        texts.push(String::from_utf8(text.to_vec()).unwrap());
    }
    texts
}

pub(super) struct Certified {
    pub(super) pem: String,
    pub(super) der: CertificateDer<'static>,
    pub(super) key: KeyPair,
}

pub(super) fn self_signed(name: &str, ca: bool) -> Certified {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    if ca {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let cert = params.self_signed(&key).unwrap();
    Certified { pem: cert.pem(), der: cert.der().clone(), key }
}

pub(super) fn server_config(certified: &Certified) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::try_from(certified.key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.der.clone()], key)
        .unwrap();
    Arc::new(config)
}

pub(super) type TlsServer = StreamOwned<ServerConnection, TcpStream>;

pub(super) fn tls_server<T: Send + 'static>(
    certified: &Certified,
    serve: impl FnOnce(TlsServer) -> T + Send + 'static,
) -> (Url, JoinHandle<T>) {
    let config = server_config(certified);
    server("wss", move |tcp| serve(StreamOwned::new(ServerConnection::new(config).unwrap(), tcp)))
}

/// Waits for the first plaintext without taking it.
pub(super) trait FillFirst {
    fn fill_first(&mut self) -> io::Result<usize>;
}

impl FillFirst for TlsServer {
    fn fill_first(&mut self) -> io::Result<usize> {
        loop {
            let state = self.conn.process_new_packets().map_err(io::Error::other)?;
            if state.plaintext_bytes_to_read() > 0 {
                return Ok(state.plaintext_bytes_to_read());
            }
            if self.conn.read_tls(&mut self.sock)? == 0 {
                return Ok(0);
            }
        }
    }
}
