//! The cases of the Autobahn test suite, played by a fuzzing server, against the WebSocket client
//! that the engine uses: `ws` and `sys::link` unchanged, with larger buffers, echoing.
//!
//! In: `AUTOBAHN=host:port` of a running fuzzing server, for example
//! `kosoku -m fuzzingserver -x '12.*' -x '13.*' -o /tmp/out 127.0.0.1:9001` (PyPI kosoku 0.1.0).
//! Out: the server's own report. Without the variable nothing is played.

#![expect(clippy::unwrap_used, reason = "a test may give up")]

use mio::{Events, Interest, Poll, Token};
use papermaker::rooms::sys::clock::Deadline;
use papermaker::rooms::sys::connector;
use papermaker::rooms::sys::dial::Dialer;
use papermaker::rooms::sys::link::{FlushOutcome, Link, ReadOutcome};
use papermaker::rooms::sys::tls;
use papermaker::rooms::ws::conn::{Conn, Message, Refused, Sizes, State};

/// Connects to `path`, echoes until the end, gives the last text.
fn play(dialer: &mut Dialer, conn: &mut Conn, address: &str, path: &str) -> Option<String> {
    let url = format!("ws://{address}{path}").parse().unwrap();
    let mut link = connector::open(dialer, &url, Deadline::after_ms(10_000)).unwrap();
    let mut poll = Poll::new().unwrap();
    let mut events = Events::with_capacity(8);
    let interest = Interest::READABLE.add(Interest::WRITABLE);
    poll.registry().register(link.source(), Token(0), interest).unwrap();
    conn.restart();
    let mut last = None;
    loop {
        match link.read_into(conn) {
            ReadOutcome::Bytes(_) => echo(conn, &mut link, &mut poll, &mut last),
            ReadOutcome::WouldBlock => {
                link.flush(conn);
                poll.poll(&mut events, None).unwrap();
            }
            _ => return last,
        }
        // The server drops the connection; this end only sends what is due.
        if conn.state() == State::Closed && conn.to_send().is_empty() {
            link.flush(conn);
        }
    }
}

fn echo(conn: &mut Conn, link: &mut Link, poll: &mut Poll, last: &mut Option<String>) {
    loop {
        let (text, bytes) = match conn.poll() {
            Ok(Some(Message::Text(text))) => (true, text.to_vec()),
            Ok(Some(Message::Binary(bytes))) => (false, bytes.to_vec()),
            Ok(Some(_)) | Err(_) => continue,
            Ok(None) => break,
        };
        if text {
            *last = Some(String::from_utf8(bytes.clone()).unwrap());
        }
        let send = |conn: &mut Conn| {
            if text { conn.send_text(&bytes) } else { conn.send_binary(&bytes) }
        };
        while send(conn) == Err(Refused::Full) {
            if link.flush(conn) == FlushOutcome::WouldBlock {
                poll.poll(&mut Events::with_capacity(8), None).unwrap();
            }
        }
    }
    link.flush(conn);
}

#[test]
fn the_cases_of_autobahn() {
    let Ok(address) = std::env::var("AUTOBAHN") else { return };
    let sizes = Sizes { receive: 0, message: 17 << 20, fragments: 1 << 20, send: 18 << 20 };
    let mut conn = Conn::with_sizes(sizes, 1);
    let mut dialer = Dialer::new(tls::client(None).unwrap());
    let count = play(&mut dialer, &mut conn, &address, "/getCaseCount").unwrap();
    let count: u32 = count.parse().unwrap();
    for case in 1..=count {
        play(&mut dialer, &mut conn, &address, &format!("/runCase?case={case}&agent=papermaker"));
    }
    play(&mut dialer, &mut conn, &address, "/updateReports?agent=papermaker");
    println!("{count} cases played");
}
