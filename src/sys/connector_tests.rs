//! Tests of dialling, TLS and upgrade over loopback. In: scripted servers. Out: links and named
//! errors. Cold path.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpListener;

use mio::{Events, Interest, Poll, Token};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use super::*;
use crate::sys::link::{FlushOutcome, ReadOutcome};
use crate::sys::loopback::*;
use crate::ws::conn::{Conn, Message};
use crate::ws::handshake::Refusal;
use crate::ws::server::{self, FromClient, ServerConn};

#[test]
fn an_echo_over_the_connectors_thread() {
    let (url, served) = server("ws", |mut tcp| {
        let mut first = Vec::new();
        server::text(&mut first, "hello");
        grant(&mut tcp, &first);
        let mut conn = ServerConn::default();
        let mut buf = [0; 100];
        let mut closed = false;
        loop {
            let n = tcp.read(&mut buf).unwrap();
            if n == 0 {
                return closed;
            }
            conn.push(&buf[..n]);
            let mut out = Vec::new();
            while let Some(message) = conn.poll().unwrap() {
                match message {
                    FromClient::Text(text) => server::text(&mut out, &text),
                    FromClient::Close { code, .. } => {
                        closed = true;
                        server::close(&mut out, code, "");
                    }
                    other => panic!("{other:?}"),
                }
            }
            tcp.write_all(&out).unwrap();
        }
    });
    let url = Arc::new(url);
    let mut poll = Poll::new().unwrap();
    let mut events = Events::with_capacity(8);
    let waker = Arc::new(Waker::new(poll.registry(), Token(9)).unwrap());
    let connector =
        Connector::start(tls::client(None).unwrap(), waker, LONG_MS, Arc::default()).unwrap();
    assert!(connector.answer().is_none());
    assert!(connector.ask(&url, 41));
    let mut answer = loop {
        let _ = poll.poll(&mut events, None);
        if let Some(answer) = connector.answer() {
            break answer;
        }
    };
    assert_eq!(answer.attempt, 41);
    let link = answer.result.as_mut().unwrap();
    assert!(!link.is_secure());
    let interest = Interest::READABLE.add(Interest::WRITABLE);
    poll.registry().register(link.source(), Token(0), interest).unwrap();
    let mut conn = Conn::new(7);
    conn.send_text(b"back").unwrap();
    let mut texts = Vec::new();
    let mut code = None;
    while code.is_none() {
        match link.read_into(&mut conn) {
            ReadOutcome::Bytes(_) => loop {
                match conn.poll().unwrap() {
                    Some(Message::Text(text)) => texts.push(text.to_vec()),
                    Some(Message::Close { code: c, .. }) => code = Some(c),
                    Some(other) => panic!("{other:?}"),
                    None => break,
                }
            },
            ReadOutcome::WouldBlock => {
                if texts.len() == 2 {
                    conn.close(1000);
                }
                assert_ne!(link.flush(&mut conn), FlushOutcome::Lost(ErrorKind::BrokenPipe));
                let _ = poll.poll(&mut events, None);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((texts, code), (vec![b"hello".to_vec(), b"back".to_vec()], Some(1000)));
    // Only dropping the link, on the other thread, lets the server see the end.
    connector.give_back(answer).unwrap();
    assert!(served.join().unwrap());
}

#[test]
fn an_answer_for_every_wish_in_order() {
    // A port that only the superuser may open, and nobody does: a freed one could be taken again.
    let url: Arc<Url> = Arc::new("ws://127.0.0.1:1/".parse().unwrap());
    let mut poll = Poll::new().unwrap();
    let mut events = Events::with_capacity(8);
    let waker = Arc::new(Waker::new(poll.registry(), Token(9)).unwrap());
    let connector =
        Connector::start(tls::client(None).unwrap(), waker, LONG_MS, Arc::default()).unwrap();
    let (mut asked, mut got) = (0, Vec::new());
    while got.len() < 50 {
        while asked < 50 && connector.ask(&url, asked) {
            asked += 1;
        }
        let _ = poll.poll(&mut events, None);
        while let Some(answer) = connector.answer() {
            assert_eq!(answer.result.as_ref().unwrap_err(), &ConnectError::Refused);
            got.push(answer.attempt);
            let _ = connector.give_back(answer);
        }
    }
    assert_eq!(got, (0..50).collect::<Vec<_>>());
    assert_eq!(Arc::strong_count(&url), 1);
}

#[test]
fn many_links_one_after_another() {
    const LINKS: u64 = 300;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url: Arc<Url> =
        Arc::new(format!("ws://{}/", listener.local_addr().unwrap()).parse().unwrap());
    let served = thread::spawn(move || {
        for i in 0..LINKS {
            let mut tcp = listener.accept().unwrap().0;
            let mut first = Vec::new();
            server::text(&mut first, &i.to_string());
            grant(&mut tcp, &first);
            // The old link is really closed before the next one is needed.
            assert!(tcp.read(&mut [0; 10]).is_ok_and(|n| n == 0));
        }
    });
    let mut poll = Poll::new().unwrap();
    let mut events = Events::with_capacity(8);
    let waker = Arc::new(Waker::new(poll.registry(), Token(9)).unwrap());
    let connector =
        Connector::start(tls::client(None).unwrap(), waker, LONG_MS, Arc::default()).unwrap();
    let mut conn = Conn::new(1);
    for i in 0..LINKS {
        assert!(connector.ask(&url, i));
        let mut answer = loop {
            match connector.answer() {
                Some(answer) => break answer,
                None => {
                    let _ = poll.poll(&mut events, None);
                }
            }
        };
        assert_eq!(answer.attempt, i);
        let link = answer.result.as_mut().unwrap();
        poll.registry().register(link.source(), Token(0), Interest::READABLE).unwrap();
        conn.restart();
        let mut texts = Vec::new();
        while texts.is_empty() {
            match link.read_into(&mut conn) {
                ReadOutcome::Bytes(_) => texts = texts_of(&mut conn),
                ReadOutcome::WouldBlock => {
                    let _ = poll.poll(&mut events, None);
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(texts, [i.to_string()]);
        connector.give_back(answer).unwrap();
    }
    served.join().unwrap();
}

#[test]
fn the_answer_ends_at_every_offset() {
    let whole = server::switching_protocols("x").len();
    for cut in 0..whole {
        let (url, served) = server("ws", move |mut tcp| {
            let mut bytes = Vec::new();
            let mut buf = [0; 1024];
            while server::request(&bytes).unwrap().is_none() {
                let n = tcp.read(&mut buf).unwrap();
                bytes.extend_from_slice(&buf[..n]);
            }
            tcp.write_all(&server::switching_protocols("x")[..cut]).unwrap();
        });
        let error = plain_open(&url, LONG_MS).unwrap_err();
        assert_eq!(error, ConnectError::Closed(Stage::Http), "cut at {cut}");
        served.join().unwrap();
    }
}

#[test]
fn refusals_and_stalls_have_names() {
    let (url, served) = server("ws", |mut tcp| {
        let _ = tcp.read(&mut [0; 1024]).unwrap();
        let answer = "HTTP/1.1 429 Too Many\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n";
        tcp.write_all(answer.as_bytes()).unwrap();
    });
    let error = plain_open(&url, LONG_MS).unwrap_err();
    served.join().unwrap();
    assert!(error.is_lasting());
    assert_eq!(error.retry_after_s(), 17);
    assert!(error.to_string().contains("429"), "{error}");

    // A server that takes the request and says nothing, or drips; with TLS as well.
    for (scheme, stage, drip) in
        [("ws", Stage::Http, false), ("ws", Stage::Http, true), ("wss", Stage::Tls, false)]
    {
        let (url, served) = server(scheme, move |mut tcp| {
            if drip {
                let mut bytes = b"HTTP/1.1 101 x\r\n".to_vec();
                bytes.extend(b"X: y\r\n".repeat(20));
                for byte in bytes {
                    if tcp.write_all(&[byte]).is_err() {
                        return;
                    }
                }
            }
            // Until the client gives up.
            while tcp.read(&mut [0; 1024]).is_ok_and(|n| n > 0) {}
        });
        let error = plain_open(&url, SHORT_MS).unwrap_err();
        assert_eq!(error, ConnectError::Timeout(stage));
        served.join().unwrap();
    }
    assert_eq!(
        plain_open(&"ws://127.0.0.1:9/".parse().unwrap(), 0).unwrap_err(),
        ConnectError::Timeout(Stage::Tcp)
    );
}

#[test]
fn the_wrong_scheme_is_named() {
    let (url, served) = server("wss", |mut tcp| {
        let _ = tcp.read(&mut [0; 1024]).unwrap();
        tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        while tcp.read(&mut [0; 1024]).is_ok_and(|n| n > 0) {}
    });
    assert_eq!(plain_open(&url, LONG_MS).unwrap_err(), ConnectError::NotTls);
    served.join().unwrap();

    let certified = self_signed("localhost", false);
    let (url, served) = tls_server(&certified, |mut stream| stream.read(&mut [0; 10]).is_err());
    let url = url.to_string().replace("wss", "ws").parse().unwrap();
    assert_eq!(plain_open(&url, LONG_MS).unwrap_err(), ConnectError::Upgrade(Refusal::Tls));
    assert!(served.join().unwrap());
}

/// Whether a server with this certificate is accepted with these extra certificates.
fn accepted(certified: &Certified, pem: &str, host: &str) -> Result<(), ConnectError> {
    let (url, served) = tls_server(certified, |mut stream| {
        // The handshake fails here when the client declines.
        if stream.conn.complete_io(&mut stream.sock).is_ok()
            && stream.fill_first().is_ok_and(|n| n > 0)
        {
            grant(&mut stream, b"");
        }
    });
    let url = url.to_string().replace("127.0.0.1", host).parse().unwrap();
    let result = open_with(pem.as_bytes(), &url, LONG_MS).map(|link| assert!(link.is_secure()));
    served.join().unwrap();
    result
}

#[test]
fn certificates_are_judged() {
    use rustls::{CertificateError, Error};
    let is_certificate = |result: Result<(), ConnectError>| match result.unwrap_err() {
        ConnectError::Tls(error) => match *error {
            Error::InvalidCertificate(error) => error,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    // Self-signed: accepted when named, whatever it says of itself; else not.
    for ca in [false, true] {
        let own = self_signed("elsewhere.test", ca);
        let other = self_signed("127.0.0.1", ca);
        assert_eq!(accepted(&own, &own.pem, "127.0.0.1"), Ok(()));
        assert_eq!(accepted(&own, &(other.pem.clone() + &own.pem), "127.0.0.1"), Ok(()));
        is_certificate(accepted(&own, "", "127.0.0.1"));
        is_certificate(accepted(&other, &own.pem, "127.0.0.1"));
    }
    // Signed by a named authority: name and dates count.
    let authority = self_signed("Authority", true);
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let mut issuer_params = CertificateParams::new(vec!["Authority".to_owned()]).unwrap();
    issuer_params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer_key = KeyPair::from_pem(&authority.key.serialize_pem()).unwrap();
    let issuer = Issuer::new(issuer_params, issuer_key);
    let leaf = |name: &str, expired: bool| {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        if expired {
            params.not_before = rcgen::date_time_ymd(2001, 1, 1);
            params.not_after = rcgen::date_time_ymd(2002, 1, 1);
        }
        let cert = params.signed_by(&key, &issuer).unwrap();
        Certified { pem: cert.pem(), der: cert.der().clone(), key }
    };
    let good = leaf("127.0.0.1", false);
    assert_eq!(accepted(&good, &authority.pem, "127.0.0.1"), Ok(()));
    assert_eq!(accepted(&leaf("localhost", false), &authority.pem, "localhost"), Ok(()));
    assert_eq!(is_certificate(accepted(&good, "", "127.0.0.1")), CertificateError::UnknownIssuer);
    let wrong = is_certificate(accepted(&leaf("b.test", false), &authority.pem, "127.0.0.1"));
    assert!(matches!(wrong, CertificateError::NotValidForNameContext { .. }), "{wrong:?}");
    let old = is_certificate(accepted(&leaf("127.0.0.1", true), &authority.pem, "127.0.0.1"));
    assert!(matches!(old, CertificateError::ExpiredContext { .. }), "{old:?}");
    let error = accepted(&good, "", "127.0.0.1").unwrap_err();
    assert!(error.is_lasting() && error.to_string().contains("--ca"), "{error}");
}

#[test]
fn every_error_says_something() {
    for error in [
        ConnectError::UnknownHost,
        ConnectError::Refused,
        ConnectError::Unreachable,
        ConnectError::Timeout(Stage::Name),
        ConnectError::Closed(Stage::Tls),
        ConnectError::Reset(Stage::Tcp),
        ConnectError::Os(0),
        ConnectError::Os(24),
        ConnectError::NotTls,
    ] {
        assert!(error.to_string().len() > 10, "{error:?}");
    }
    let error = io::Error::from_raw_os_error(24);
    assert_eq!(ConnectError::from_io(&error, Stage::Tcp), ConnectError::Os(24));
    assert_eq!(ConnectError::Refused.retry_after_s(), 0);
}
