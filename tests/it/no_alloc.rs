//! What the hot thread allocates once it runs: nothing; with TLS, what is measured here.
//!
//! The counter is this binary's allocator. It counts per thread, so only what this thread does between
//! two looks is seen.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use allocation_counter::{AllocationInfo, measure};
use papermaker::rooms::app::config::Config;
use papermaker::rooms::app::publish::{Laps, Publisher, RawTap};
use papermaker::rooms::app::rehearsal::Rehearsal;
use papermaker::rooms::app::staged::Stage;
use papermaker::rooms::app::turn::Turn;
use papermaker::rooms::feed::{CoinSpec, Loss};
use papermaker::rooms::journal::Digest;
use papermaker::rooms::limits::{
    MESSAGE_MAX, QUEUE_LAPS, QUEUE_RAW_BYTES, QUEUE_RECORDS, TOKENS_MAX,
};
use papermaker::rooms::record::{Body, Bytes, Lane, OWN_ORDERS, Record};
use papermaker::rooms::sys::clock::{Deadline, SessionClock};
use papermaker::rooms::sys::connector::open;
use papermaker::rooms::sys::dial::Dialer;
use papermaker::rooms::sys::link::{Link, ReadOutcome};
use papermaker::rooms::sys::tls;
use papermaker::rooms::telemetry::latency::Lap;
use papermaker::rooms::units::Ns;
use papermaker::rooms::venue;
use papermaker::rooms::venue::market::Market;
use papermaker::rooms::ws::conn::{Conn, Message};
use papermaker::rooms::ws::server::{self, Request};
use rtrb::Consumer;

use super::server::localhost;

/// Messages after warm-up, of two markets together; `NO_ALLOC_EVENTS=10000000` for a longer run.
fn events() -> u64 {
    match std::env::var("NO_ALLOC_EVENTS") {
        Ok(n) => n.parse().expect("NO_ALLOC_EVENTS is a number of messages"),
        Err(_) => 1_000_000,
    }
}
/// Messages before it: every coin has traded, quoted, filled and learned by then.
const WARM: u64 = 20_000;
const COINS: [&str; 4] = ["BTC", "ETH", "SOL", "HYPE"];

/// The hot thread's parts, joined as the live loop joins them.
struct Hot {
    conn: Conn,
    turn: Turn,
    stage: Stage,
    records: Publisher,
    raw: RawTap,
    laps: Laps,
    messages: u64,
}

impl Hot {
    fn take(&mut self, now: Ns, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let space = self.conn.space();
            let n = space.len().min(bytes.len());
            space[..n].copy_from_slice(&bytes[..n]);
            bytes = &bytes[n..];
            self.conn.filled(n);
            self.turn.advance(now, &mut self.records);
            while let Some(message) = self.conn.poll().expect("sound frames") {
                let Message::Text(text) = message else { continue };
                let mut staged = self.stage.before(&mut self.records);
                self.turn.message(now, text, &mut staged);
                staged.flush();
                self.laps.push(Lap::default());
                self.raw.offer(now, text);
                self.messages += 1;
            }
        }
        let _ = self.records.behind();
        while self.turn.next_send(0, now).is_some() {}
    }

    fn relink(&mut self, now: Ns) {
        self.turn.down(0, now, Loss::Lost, &mut self.records);
        self.conn.restart();
        self.turn.up(0, now, &mut self.records);
    }
}

/// What came out of the queue.
#[derive(Default)]
struct Seen {
    records: u64,
    fills: u64,
    /// Fills that scores of own orders count so far, by coin.
    came: [f64; COINS.len()],
    ladders: u64,
    learned: u64,
}

fn drain(records: &mut Consumer<Bytes>, raw: &mut Consumer<u8>, seen: &mut Seen) {
    while let Ok(bytes) = records.pop() {
        seen.records += 1;
        let record = Record::decode(&bytes).expect("a record");
        match record.body {
            Body::Fill(f) if f.lane == Lane::Configured => seen.fills += 1,
            Body::Score(s) if s.place == OWN_ORDERS => seen.came[record.coin.index()] = s.fills,
            Body::Ladder(l) if l.levels > 0 => seen.ladders += 1,
            Body::Estimates(_) => seen.learned += 1,
            _ => {}
        }
    }
    let all = raw.slots();
    raw.read_chunk(all).expect("as many").commit_all();
}

#[test]
fn a_million_events_allocate_nothing_on_the_hot_thread() {
    let each = events().div_ceil(2);
    std::thread::scope(|both| {
        let markets = [1, 2].map(|seed| both.spawn(move || events_allocate_nothing(seed, each)));
        for market in markets {
            println!("{}", market.join().expect("no allocation"));
        }
    });
}

/// Four coins of one market for so many messages after warm-up; says what passed.
fn events_allocate_nothing(seed: u64, events: u64) -> String {
    let law = venue::config::Config {
        coins: COINS.map(str::to_owned).to_vec(),
        ..venue::config::Config::simple()
    };
    let mut market = Market::new(&law, seed).expect("a sound configuration");
    let decimals = [5, 4, 2, 2];
    let coins: Vec<CoinSpec> =
        COINS.iter().zip(decimals).map(|(n, d)| CoinSpec::new(n, d).expect("a coin")).collect();
    let config = Config::quoting();
    let (records, mut recorded) = Publisher::new(QUEUE_RECORDS, 0, Digest::default());
    let (raw, mut tapped) = RawTap::new(QUEUE_RAW_BYTES);
    let (laps, mut lapped) = Laps::new(QUEUE_LAPS);
    let turn = || Turn::new(&config.engine, &coins, config.hash(&coins)).expect("coins");
    let (mut rehearsal, turn) = (Rehearsal::new(turn()), turn());
    let stage = Stage::default();
    let mut hot = Hot { conn: Conn::new(7), turn, stage, records, raw, laps, messages: 0 };
    let (mut total, mut seen) = (AllocationInfo::default(), Seen::default());
    let (mut bytes, mut begun, mut blocks) = (Vec::new(), None, 0u64);
    while hot.messages < WARM + events {
        let block = market.next_block();
        let now = block.time.plus(50 * Ns::MS);
        let clock = *begun.get_or_insert_with(|| {
            hot.turn.up(0, now, &mut hot.records);
            rehearsal.up(now);
            SessionClock::start_at(now, 1)
        });
        bytes.clear();
        for frame in &block.frames {
            server::text(&mut bytes, frame);
        }
        blocks += 1;
        let warm = hot.messages >= WARM;
        let lost = blocks.is_multiple_of(5_000);
        let used = measure(|| {
            if lost {
                hot.relink(now);
            }
            hot.take(now, &bytes);
            let mono = now.since(clock.started()).unsigned_abs();
            if let Some(frame) = block.frames.first() {
                rehearsal.heard(mono, hot.turn.stream(), frame.as_bytes());
            }
            if blocks.is_multiple_of(16) {
                rehearsal.rehearse(clock, mono, (&hot.turn, &mut hot.stage));
            }
        });
        if warm {
            total.count_total += used.count_total;
            total.count_current += used.count_current;
        }
        drain(&mut recorded, &mut tapped, &mut seen);
        while lapped.pop().is_ok() {}
    }
    let counts = hot.records.published();
    let said = format!(
        "{} messages, {} records, {} fills, {} ladders: {} allocations, {} frees",
        hot.messages,
        seen.records,
        seen.fills,
        seen.ladders,
        total.count_total,
        i128::from(total.count_total) - i128::from(total.count_current),
    );
    assert_eq!((counts.dropped, hot.raw.dropped()), (0, 0));
    assert!(rehearsal.times() > blocks / 32);
    // A fill in part may count as one, once.
    let came: f64 = seen.came.iter().sum();
    assert!(came > 0.0 && came <= seen.fills as f64, "{came} of {} fills", seen.fills);
    assert!(seen.fills > 500 && seen.ladders > 10_000 && seen.learned > 10_000);
    assert_eq!((total.count_total, total.count_current), (0, 0), "{said}");
    said
}

/// The parser's storage is there before the first message that needs all of it.
#[test]
fn the_largest_and_densest_messages_allocate_nothing_even_as_the_first() {
    let config = Config::quoting();
    let coins = [CoinSpec::new("BTC", 5).expect("a coin")];
    let list =
        |of: &str, n: usize| format!("{{\"channel\":\"x\",\"data\":[{}]}}", vec![of; n].join(","));
    let messages = [
        list("0", TOKENS_MAX / 2 - 100),
        list("0", TOKENS_MAX),
        list("\"\"", TOKENS_MAX / 4),
        list("[[[{}]]]", 20_000),
        list("", 0) + &" ".repeat(MESSAGE_MAX - 40),
        format!("{{\"channel\":\"{}\"}}", "\\n".repeat(MESSAGE_MAX / 2 - 40)),
        "[".repeat(MESSAGE_MAX),
    ];
    for (n, message) in messages.iter().enumerate() {
        let (mut records, _end) = Publisher::new(QUEUE_RECORDS, 0, Digest::default());
        let mut turn =
            Turn::new(&config.engine, &coins, config.hash(&coins)).expect("one sound coin");
        turn.up(0, Ns(Ns::SEC), &mut records);
        let used = measure(|| turn.message(Ns(2 * Ns::SEC), message.as_bytes(), &mut records));
        assert_eq!((used.count_total, used.count_current), (0, 0), "message {n}");
    }
}

#[test]
fn the_counter_sees_an_allocation_a_growth_and_a_free() {
    let mut list: Vec<u64> = Vec::with_capacity(1);
    let grown = measure(|| (0..100).for_each(|n| list.push(n)));
    assert!(grown.count_total > 0);
    let freed = measure(|| drop(std::mem::take(&mut list)));
    assert_eq!((freed.count_total, freed.count_current), (0, -1));
}

/// Records of one TLS connection, a WebSocket message each.
const TLS_RECORDS: u64 = 20_000;

/// Serves one connection: upgrade, then a message a record.
fn serve_tls(listener: &TcpListener, config: Arc<rustls::ServerConfig>) {
    let (tcp, _) = listener.accept().expect("a client");
    let tls = rustls::ServerConnection::new(config).expect("a server");
    let mut stream = rustls::StreamOwned::new(tls, tcp);
    let (mut bytes, mut buf) = (Vec::new(), [0; 1024]);
    let accept = loop {
        let n = stream.read(&mut buf).expect("a request");
        bytes.extend_from_slice(&buf[..n]);
        if let Some((Request::Upgrade { accept, .. }, _)) = server::request(&bytes).expect("HTTP") {
            break accept;
        }
    };
    stream.write_all(&server::switching_protocols(&accept)).expect("an answer");
    stream.flush().expect("sent");
    let mut frame = Vec::new();
    server::text(&mut frame, &format!(r#"{{"channel":"pong","pad":"{}"}}"#, "x".repeat(200)));
    for _ in 0..TLS_RECORDS {
        stream.write_all(&frame).expect("a frame");
        stream.flush().expect("a record");
    }
}

/// Reads until `n` messages came or the link ended; gives how many came.
fn read(link: &mut Link, conn: &mut Conn, n: u64) -> u64 {
    let mut got = 0;
    while got < n {
        match link.read_into(conn) {
            ReadOutcome::Bytes(_) => {
                while let Some(m) = conn.poll().expect("sound frames") {
                    got += u64::from(matches!(m, Message::Text(_)));
                }
            }
            ReadOutcome::WouldBlock => std::thread::yield_now(),
            _ => break,
        }
    }
    got
}

#[test]
fn what_tls_allocates_a_record() {
    let (pem, config) = localhost();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let serving = std::thread::spawn(move || serve_tls(&listener, config));
    let client = tls::client_with(pem.as_bytes()).expect("trusted");
    let url = format!("wss://localhost:{port}/ws").parse().expect("an address");
    let mut link =
        open(&mut Dialer::new(client), &url, Deadline::after_ms(30_000)).expect("a link");
    let mut conn = Conn::new(1);
    let before = read(&mut link, &mut conn, TLS_RECORDS / 10);
    let mut got = 0;
    let used = measure(|| got = read(&mut link, &mut conn, TLS_RECORDS - before));
    serving.join().expect("served");
    println!("TLS: {} allocations in {got} records", used.count_total);
    assert_eq!(before + got, TLS_RECORDS);
    // One a record, by rustls; its buffers grow now and then.
    assert!(used.count_total <= got + got / 50, "{} in {got}", used.count_total);
    assert!(used.count_current.abs() < 100, "{} are left", used.count_current);
}
