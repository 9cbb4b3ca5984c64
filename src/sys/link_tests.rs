//! Tests of links over loopback: ends, cuts, damage, full sockets. In: scripted servers. Out:
//! messages and named ends. Cold path.

use std::io::{ErrorKind, Read, Write};

use mio::{Events, Interest, Poll, Token};

use super::*;
use crate::limits;
use crate::sys::loopback::*;
use crate::ws::server::{self, FromClient, ServerConn};

fn script() -> (Vec<u8>, Vec<usize>) {
    let mut bytes = Vec::new();
    let mut ends = Vec::new();
    for text in ["one", "", "three"] {
        server::text(&mut bytes, text);
        ends.push(bytes.len());
    }
    (bytes, ends)
}

#[test]
fn the_stream_ends_at_every_offset() {
    let (bytes, ends) = script();
    for reset in [false, true] {
        for cut in 0..=bytes.len() {
            let part = bytes[..cut].to_vec();
            let (ready, waits) = std::sync::mpsc::channel::<()>();
            let (url, served) = server("ws", move |mut tcp| {
                grant(&mut tcp, &part);
                if reset {
                    // Closing with bytes of the client unread sends a reset.
                    waits.recv().unwrap();
                    tcp.peek(&mut [0]).unwrap();
                }
            });
            let mut link = plain_open(&url, LONG_MS).unwrap();
            let mut conn = Conn::new(1);
            if reset {
                conn.send_text(b"unread").unwrap();
                assert_eq!(link.flush(&mut conn), FlushOutcome::Done);
                ready.send(()).unwrap();
            }
            let (texts, end) = read_to_end(&mut link, &mut conn);
            let whole = ends.iter().filter(|&&e| e <= cut).count();
            assert_eq!(texts, ["one", "", "three"][..whole], "cut at {cut}");
            let expected = if reset {
                ReadOutcome::Lost(ErrorKind::ConnectionReset)
            } else {
                ReadOutcome::Eof
            };
            assert_eq!(end, expected, "cut at {cut}");
            served.join().unwrap();
        }
    }
}

#[test]
fn over_tls_the_end_is_not_taken_for_a_cut() {
    let (bytes, _) = script();
    let certified = self_signed("localhost", false);
    for notified in [true, false] {
        let part = bytes.clone();
        let (url, served) = tls_server(&certified, move |mut stream| {
            grant(&mut stream, &part[..5]);
            for byte in &part[5..] {
                stream.write_all(&[*byte]).unwrap();
            }
            let mut conn = ServerConn::default();
            let mut buf = [0; 100];
            let said = loop {
                let n = stream.read(&mut buf).unwrap();
                conn.push(&buf[..n]);
                if let Some(message) = conn.poll().unwrap() {
                    break message;
                }
            };
            if notified {
                stream.conn.send_close_notify();
                stream.conn.complete_io(&mut stream.sock).unwrap();
            }
            said
        });
        let mut link = open_with(certified.pem.as_bytes(), &url, LONG_MS).unwrap();
        let mut conn = Conn::new(1);
        conn.send_text(b"waits").unwrap();
        assert_eq!(link.flush(&mut conn), FlushOutcome::Done);
        let (texts, end) = read_to_end(&mut link, &mut conn);
        assert_eq!(texts, ["one", "", "three"]);
        assert_eq!(end, if notified { ReadOutcome::Eof } else { ReadOutcome::Truncated });
        assert_eq!(served.join().unwrap(), FromClient::Text("waits".into()));
    }
}

#[test]
fn a_damaged_record_ends_the_link_after_what_was_good() {
    let certified = self_signed("localhost", false);
    let (ready, waits) = std::sync::mpsc::channel::<()>();
    let (url, served) = tls_server(&certified, move |mut stream| {
        let mut first = Vec::new();
        server::text(&mut first, "good");
        grant(&mut stream, &first);
        waits.recv().unwrap();
        // A record that decrypts to nothing.
        stream.sock.write_all(&[0x17, 3, 3, 0, 32]).unwrap();
        stream.sock.write_all(&[7; 32]).unwrap();
        let mut alert = [0; 100];
        stream.sock.read(&mut alert).unwrap() > 0
    });
    let mut link = open_with(certified.pem.as_bytes(), &url, LONG_MS).unwrap();
    ready.send(()).unwrap();
    let mut conn = Conn::new(1);
    let (texts, end) = read_to_end(&mut link, &mut conn);
    assert_eq!((texts, end), (vec!["good".to_owned()], ReadOutcome::Tls));
    assert_eq!(link.flush(&mut conn), FlushOutcome::Done);
    assert!(served.join().unwrap());
}

/// Sends texts until nothing more fits anywhere, then lets the server read: nothing is lost,
/// doubled or out of order.
fn a_peer_that_does_not_read(link: &mut Link, ready: &std::sync::mpsc::Sender<()>) -> u32 {
    let mut conn = Conn::new(3);
    let mut poll = Poll::new().unwrap();
    let mut events = Events::with_capacity(8);
    poll.registry().register(link.source(), Token(0), Interest::WRITABLE).unwrap();
    let mut sent = 0u32;
    let mut full = 0;
    while full < 3 {
        let text = format!("{sent:-<1000}");
        match conn.send_text(text.as_bytes()) {
            Ok(()) => sent += 1,
            Err(_) => {
                full = if link.flush(&mut conn) == FlushOutcome::WouldBlock { full + 1 } else { 0 };
            }
        }
    }
    ready.send(()).unwrap();
    while link.flush(&mut conn) == FlushOutcome::WouldBlock {
        let _ = poll.poll(&mut events, None);
    }
    conn.close(1000);
    while link.flush(&mut conn) == FlushOutcome::WouldBlock {
        let _ = poll.poll(&mut events, None);
    }
    sent
}

fn count_texts(stream: &mut impl Read) -> u32 {
    let mut conn = ServerConn::default();
    let mut buf = [0; 4096];
    let mut got = 0u32;
    loop {
        let n = stream.read(&mut buf).unwrap();
        conn.push(&buf[..n]);
        while let Some(message) = conn.poll().unwrap() {
            match message {
                FromClient::Text(text) => assert_eq!(text, format!("{got:-<1000}")),
                _ => return got,
            }
            got += 1;
        }
    }
}

#[test]
fn a_full_socket_is_neither_waited_for_nor_forgotten() {
    let (ready, waits) = std::sync::mpsc::channel();
    let (url, served) = server("ws", move |mut tcp| {
        grant(&mut tcp, b"");
        waits.recv().unwrap();
        count_texts(&mut tcp)
    });
    let mut link = plain_open(&url, LONG_MS).unwrap();
    let sent = a_peer_that_does_not_read(&mut link, &ready);
    assert_eq!(served.join().unwrap(), sent);
    assert!(sent > 50);

    let certified = self_signed("localhost", false);
    let (ready, waits) = std::sync::mpsc::channel();
    let (url, served) = tls_server(&certified, move |mut stream| {
        grant(&mut stream, b"");
        waits.recv().unwrap();
        count_texts(&mut stream)
    });
    let mut link = open_with(certified.pem.as_bytes(), &url, LONG_MS).unwrap();
    let sent = a_peer_that_does_not_read(&mut link, &ready);
    assert_eq!(served.join().unwrap(), sent);
    assert!(sent > 50);
}

#[test]
#[cfg(target_os = "linux")]
fn the_system_acknowledges_at_our_wish_and_not_inside_the_read() {
    let (url, served) = server("ws", |mut tcp| {
        grant(&mut tcp, &[]);
        for _ in 0..3 {
            let mut bytes = Vec::new();
            server::text(&mut bytes, "said");
            tcp.write_all(&bytes).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(60));
        }
    });
    let mut link = plain_open(&url, LONG_MS).unwrap();
    let in_read = |link: &Link| rustix::net::sockopt::tcp_quickack(&link.tcp).unwrap();
    rustix::net::sockopt::set_tcp_quickack(&link.tcp, true).unwrap();
    assert!(in_read(&link));
    let mut conn = Conn::new(1);
    loop {
        link.acknowledge();
        assert!(!in_read(&link));
        match link.read_into(&mut conn) {
            ReadOutcome::Bytes(_) => {}
            ReadOutcome::WouldBlock => std::thread::sleep(std::time::Duration::from_millis(1)),
            ReadOutcome::Eof => break,
            other => panic!("{other:?}"),
        }
    }
    served.join().unwrap();
}

#[test]
fn the_largest_message_over_tls() {
    let text = "x".repeat(limits::MESSAGE_MAX);
    let mut script = Vec::new();
    for _ in 0..3 {
        server::text(&mut script, &text);
    }
    let certified = self_signed("localhost", false);
    let (url, served) = tls_server(&certified, move |mut stream| {
        grant(&mut stream, &script);
        stream.conn.send_close_notify();
        stream.conn.complete_io(&mut stream.sock).unwrap();
    });
    let mut link = open_with(certified.pem.as_bytes(), &url, LONG_MS).unwrap();
    let (texts, end) = read_to_end(&mut link, &mut Conn::new(1));
    assert_eq!((texts.len(), end), (3, ReadOutcome::Eof));
    assert!(texts.iter().all(|t| *t == text));
    served.join().unwrap();
}
