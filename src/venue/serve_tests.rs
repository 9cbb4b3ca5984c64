use std::net::TcpStream as Socket;
use std::sync::OnceLock;

use super::*;
use crate::venue::config::Regime;

/// A clock for tests; the program's own is `sys::clock`.
#[expect(clippy::disallowed_methods, reason = "a real socket needs a real clock")]
fn clock() -> Ns {
    static START: OnceLock<std::time::Instant> = OnceLock::new();
    let elapsed = START.get_or_init(std::time::Instant::now).elapsed();
    Ns(1_767_225_600_000_000_000).plus(i64::try_from(elapsed.as_nanos()).expect("small"))
}

fn start(config: &Config, speed: f64) -> Handle {
    Exchange::start(config, Service { addr: ([127, 0, 0, 1], 0).into(), speed, clock })
        .expect("starts")
}

/// A minimal client: blocking, frames of a server are not masked.
struct Client(Socket);

impl Client {
    fn open(handle: &Handle) -> Client {
        let mut socket = Socket::connect(handle.addr()).expect("connects");
        socket.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
        let head = "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
        socket.write_all(head.as_bytes()).expect("sent");
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            socket.read_exact(&mut byte).expect("answered");
            answer.push(byte[0]);
        }
        let answer = String::from_utf8(answer).expect("text");
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        assert!(answer.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{answer}");
        Client(socket)
    }

    fn frame(&mut self, opcode: u8, payload: &[u8]) {
        let len = payload.len();
        let mut frame = vec![0x80 | opcode];
        if len < 126 {
            frame.push(0x80 | u8::try_from(len).expect("small"));
        } else {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(len).expect("small").to_be_bytes());
        }
        frame.extend([0; 4]);
        frame.extend(payload);
        self.0.write_all(&frame).expect("sent");
    }

    fn say(&mut self, text: &str) {
        self.frame(1, text.as_bytes());
    }

    fn subscribe(&mut self, kind: &str, coin: &str, more: &str) {
        self.say(&format!(
            r#"{{"method":"subscribe","subscription":{{"type":"{kind}","coin":"{coin}"{more}}}}}"#
        ));
    }

    /// Opcode and payload of the next frame, or `None` at the end of the stream.
    fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut head = [0u8; 2];
        self.0.read_exact(&mut head).ok()?;
        let len = match head[1] {
            126 => {
                let mut more = [0u8; 2];
                self.0.read_exact(&mut more).ok()?;
                u64::from(u16::from_be_bytes(more))
            }
            127 => {
                let mut more = [0u8; 8];
                self.0.read_exact(&mut more).ok()?;
                u64::from_be_bytes(more)
            }
            short => u64::from(short),
        };
        let mut payload = vec![0; usize::try_from(len).expect("small")];
        self.0.read_exact(&mut payload).ok()?;
        Some((head[0] & 15, payload))
    }

    fn text(&mut self) -> String {
        let (opcode, payload) = self.next().expect("a frame");
        assert_eq!(opcode, 1, "{payload:?}");
        String::from_utf8(payload).expect("text")
    }
}

fn fixed(coins: &[&str]) -> Config {
    Config {
        coins: coins.iter().map(|c| (*c).to_owned()).collect(),
        epoch_ms: Some(crate::venue::market::EPOCH_MS),
        ..Config::simple()
    }
}

#[test]
fn serves_what_the_market_gives() {
    let config = fixed(&["SOL"]);
    let handle = start(&config, 500.0);
    let mut client = Client::open(&handle);
    client.subscribe("trades", "SOL", "");
    let got: Vec<String> = (0..202).map(|_| client.text()).skip(2).collect();
    let mut market = crate::venue::market::Market::silent(&config, config.seed).expect("valid");
    market.say(r#"{"method":"subscribe","subscription":{"type":"trades","coin":"SOL"}}"#);
    let mut all: Vec<String> = Vec::new();
    let first = loop {
        all.extend(market.next_block().frames);
        if let Some(i) = all.iter().position(|text| *text == got[0]) {
            break i;
        }
        assert!(all.len() < 100_000, "the first one is not the market's: {}", got[0]);
    };
    while all.len() < first + got.len() {
        all.extend(market.next_block().frames);
    }
    assert_eq!(got, all[first..first + got.len()]);
    drop(client);
    let truth = handle.stop();
    assert!(truth.blocks > 200 && truth.coins[0].regimes[1].sweeps[0] > 0);
}

#[test]
fn answers_pings_errors_and_closes() {
    let handle = start(&fixed(&["BTC"]), 1.0);
    let mut client = Client::open(&handle);
    client.say(r#"{"method":"ping"}"#);
    assert_eq!(client.text(), r#"{"channel":"pong"}"#);
    client.say("not json");
    assert!(client.text().starts_with(r#"{"channel":"error","#));
    client.frame(9, b"hello");
    assert_eq!(client.next(), Some((10, b"hello".to_vec())));
    client.frame(8, &1000u16.to_be_bytes());
    assert_eq!(client.next(), Some((8, 1000u16.to_be_bytes().to_vec())));
    assert_eq!(client.next(), None);
    // A violation is named: an unmasked frame.
    let mut client = Client::open(&handle);
    client.0.write_all(&[0x81, 1, b'x']).expect("sent");
    assert_eq!(client.next(), Some((8, 1002u16.to_be_bytes().to_vec())));
}

#[test]
fn an_unknown_coin_ends_the_socket_without_a_word() {
    let handle = start(&fixed(&["BTC"]), 1.0);
    let mut client = Client::open(&handle);
    client.subscribe("trades", "NOPE", "");
    assert_eq!(client.next(), None);
}

#[test]
fn keeps_time_at_speed() {
    let handle = start(&fixed(&["BTC", "ETH"]), 50.0);
    let mut client = Client::open(&handle);
    let began = clock();
    client.subscribe("l2Book", "BTC", r#","fast":true"#);
    client.subscribe("bbo", "ETH", "");
    let time = |text: &str| {
        serde_json::from_str::<serde_json::Value>(text).expect("JSON")["data"]["time"].as_i64()
    };
    let (mut first, mut last) = (None, 0);
    while last < first.unwrap_or(0) + 20_000 {
        if let Some(ms) = time(&client.text()) {
            first.get_or_insert(ms);
            last = last.max(ms);
        }
    }
    let wall_ms = clock().since(began) / Ns::MS;
    // Twenty venue seconds take 0.4 s; a busy machine may make it later, never much sooner.
    assert!(wall_ms >= 380, "{wall_ms} ms");
}

#[test]
fn idle_and_dropped_connections_end() {
    // 1000 venue seconds a second: idle after 60 ms without data, acks and errors not counting.
    let handle = start(&fixed(&["BTC"]), 1_000.0);
    let mut client = Client::open(&handle);
    client.say("not json");
    assert!(client.text().contains("error"));
    let mut close = 1000u16.to_be_bytes().to_vec();
    close.extend(b"Inactive");
    assert_eq!(client.next(), Some((8, close)));
    assert_eq!(client.next(), None);
    let feed = Feed { drop_every_s: 30.0, ..Feed::venue() };
    let config = Config { feed, ..fixed(&["BTC"]) };
    let handle = start(&config, 1_000.0);
    for _ in 0..3 {
        let mut client = Client::open(&handle);
        client.subscribe("bbo", "BTC", "");
        let mut frames = 0;
        while let Some((opcode, _)) = client.next() {
            assert_eq!(opcode, 1, "cut without a close frame");
            frames += 1;
        }
        assert!(frames > 2, "{frames} frames before the cut");
    }
}

#[test]
fn a_reader_that_stops_is_cut() {
    let mut config = Config::stationary("BTC", Regime::Cascade);
    config.epoch_ms = Some(crate::venue::market::EPOCH_MS);
    let handle = start(&config, 1_000.0);
    // A venue minute without a subscription is 60 ms here: a client held up that long is closed
    // as idle, rightly, and comes again.
    let mut client = loop {
        let mut client = Client::open(&handle);
        client.subscribe("trades", "BTC", "");
        match client.next() {
            Some((1, _)) => break client,
            other => assert!(other.is_none_or(|(opcode, _)| opcode == 8), "text or a close"),
        }
    };
    let began = handle.truth().coins[0].regimes[3].prints;
    // At 300 bytes a print this is far more than all buffers between the two hold.
    while handle.truth().coins[0].regimes[3].prints[0] < began[0] + 100_000 {
        std::thread::yield_now();
    }
    let mut ended = false;
    for _ in 0..200_000 {
        if client.next().is_none() {
            ended = true;
            break;
        }
    }
    assert!(ended, "the slow reader was cut");
}

#[test]
fn the_universe_is_served_over_the_same_port() {
    let handle = start(&fixed(&["BTC", "kPEPE"]), 1.0);
    let ask = |method: &str, path: &str, body: &str| {
        let mut socket = Socket::connect(handle.addr()).expect("connects");
        let text = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        socket.write_all(text.as_bytes()).expect("sent");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("answered and closed");
        answer
    };
    let meta = ask("POST", "/info", r#"{"type":"meta"}"#);
    assert!(meta.starts_with("HTTP/1.1 200 "), "{meta}");
    assert!(meta.contains(r#"{"szDecimals":5,"name":"BTC","maxLeverage":40"#), "{meta}");
    assert!(meta.contains(r#"{"szDecimals":2,"name":"kPEPE""#), "{meta}");
    assert!(ask("POST", "/info", r#"{"type":"nonsense"}"#).starts_with("HTTP/1.1 422 "));
    assert!(ask("POST", "/info", "not json").starts_with("HTTP/1.1 422 "));
    assert!(ask("GET", "/info", "").starts_with("HTTP/1.1 405 "));
    assert!(ask("POST", "/other", "{}").starts_with("HTTP/1.1 404 "));
}

#[test]
fn refuses_a_bad_start() {
    for speed in [f64::NAN, 0.0, -1.0] {
        let service = Service { addr: ([127, 0, 0, 1], 0).into(), speed, clock };
        assert!(matches!(Exchange::start(&fixed(&["BTC"]), service), Err(StartError::Speed)));
    }
    let service = Service { addr: ([127, 0, 0, 1], 0).into(), speed: 1.0, clock };
    assert!(matches!(Exchange::start(&fixed(&[]), service), Err(StartError::Config(_))));
}

/// What a client of all streams of BTC sees under a feed, at 50 venue seconds a second, until it is closed
/// or `frames` came.
fn seen(feed: Feed, frames: usize) -> (Vec<String>, Option<Vec<u8>>) {
    let handle = start(&Config { feed, ..fixed(&["BTC"]) }, 50.0);
    let mut client = Client::open(&handle);
    for stream in crate::venue::market::STREAMS {
        let wanted = stream.subscription("BTC");
        client.say(&format!(r#"{{"method":"subscribe","subscription":{wanted}}}"#));
    }
    let mut all = Vec::new();
    while all.len() < frames {
        match client.next() {
            Some((1, text)) => all.push(String::from_utf8(text).expect("text")),
            Some((_, close)) => return (all, Some(close)),
            None => return (all, None),
        }
    }
    (all, None)
}

#[test]
fn named_faults_of_the_feed_are_what_they_say() {
    let refuse = vec!["ctx".to_owned(), "fast-book:ETH".to_owned()];
    let (all, _) = seen(Feed { refuse, ..Feed::default() }, 100);
    let errors: Vec<&String> = all.iter().filter(|t| t.contains(r#""error""#)).collect();
    assert!(errors.len() == 1 && errors[0].contains("activeAssetCtx"), "{errors:?}");
    let (all, _) = seen(Feed { ignore: vec!["trades:BTC".to_owned()], ..Feed::default() }, 100);
    assert!(!all.iter().any(|t| t.contains("trades")) && all.iter().any(|t| t.contains("bbo")));
    let (all, _) = seen(Feed { garbage_every_s: 1.0, ..Feed::default() }, 200);
    let garbage = all.iter().filter(|t| serde_json::from_str::<serde_json::Value>(t).is_err());
    assert!((3..40).contains(&garbage.count()), "one in a second of about ten frames");
    let (all, close) = seen(Feed { close_after_s: 10.0, ..Feed::default() }, 100_000);
    assert!(all.len() > 20 && close.is_some_and(|c| c.ends_with(b"Inactive")), "{}", all.len());
    let jump = Feed { clock_step_ms: 1e6, clock_step_at_s: 5.0, ..Feed::venue() };
    let times: Vec<i64> = seen(jump, 300).0.iter().filter_map(|t| time(t)).collect();
    let jumps = times.windows(2).filter(|w| w[1] - w[0] > 900_000).count();
    assert_eq!(jumps, 1, "{times:?}");
}

/// Block time of a frame of best prices.
fn time(text: &str) -> Option<i64> {
    let frame: serde_json::Value = serde_json::from_str(text).ok()?;
    (frame["channel"] == "bbo").then(|| frame["data"]["time"].as_i64()).flatten()
}

#[test]
fn after_a_freeze_nothing_comes_and_after_a_cut_nobody_is_let_in_for_a_while() {
    let feed = Feed { freeze_after_s: 20.0, ..Feed::default() };
    let handle = start(&Config { feed, ..fixed(&["BTC"]) }, 50.0);
    let mut client = Client::open(&handle);
    client.subscribe("bbo", "BTC", "");
    client.0.set_read_timeout(Some(Duration::from_millis(700))).expect("a timeout");
    let (mut buffer, mut bytes) = ([0u8; 4096], 0);
    let end = loop {
        match client.0.read(&mut buffer) {
            Ok(0) => break "closed",
            Ok(n) => bytes += n,
            Err(_) => break "silent",
        }
    };
    assert!(bytes > 1_000 && end == "silent", "{bytes} {end}");
    let feed = Feed { drop_every_s: 5.0, gap_s: 20.0, ..Feed::default() };
    let handle = start(&Config { feed, ..fixed(&["BTC"]) }, 50.0);
    let mut client = Client::open(&handle);
    client.subscribe("bbo", "BTC", "");
    while client.next().is_some() {}
    let mut refused = Socket::connect(handle.addr()).expect("the system accepts");
    refused.write_all(b"GET /ws HTTP/1.1\r\n\r\n").ok();
    assert!(matches!(refused.read(&mut buffer), Ok(0) | Err(_)), "let in");
    std::thread::sleep(Duration::from_millis(600));
    drop(Client::open(&handle));
}

#[test]
fn a_socket_brings_the_delays_of_a_recording_made_without_waiting() {
    let (all, _) = seen(Feed::default(), 400);
    let config = Config { epoch_ms: Some(crate::venue::market::EPOCH_MS), ..fixed(&["BTC"]) };
    let mut tape = Vec::new();
    let config = Config { feed: Feed::default(), ..config };
    let to = |_, text: &str| {
        tape.push(text.to_owned());
        Ok(())
    };
    crate::venue::tape::record(&config, 60 * Ns::SEC, to, |_| Ok(())).expect("recorded");
    // The client came some blocks later: from its first block on the streams are the same.
    let only = |all: &[String], stream: &str| -> Vec<String> {
        let of = format!(r#"{{"channel":"{stream}""#);
        all.iter().filter(|t| t.starts_with(&of)).cloned().collect()
    };
    let (socket, whole) = (only(&all, "bbo"), only(&tape, "bbo"));
    let from = whole.iter().position(|t| *t == socket[2]).expect("the same market");
    assert_eq!(socket[2..40], whole[from..from + 38]);
}
