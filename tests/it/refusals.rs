//! Refusals, closes and silences, a row each: the cause that is shown, what is done about it, the metric
//! that counts it, what `/healthz` says, and that quotes come back where they can.
//!
//! With `--nocapture` the table is shown as it was seen. Waits of the venue's policy and silences take up to a minute: their rows are for
//! `cargo test --test it -- --ignored refusals`.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use papermaker::rooms::ws::server::{close, text};

use super::process::{Temporary, Watch, finish, signal, start};
use super::server::{Script, serve};

/// What a row expects.
struct Row {
    name: &'static str,
    /// What the server does with one connection after the other; the last is repeated.
    scripts: Vec<Script>,
    /// A line of the run's output or errors.
    said: &'static str,
    /// A metric that is above zero.
    metric: &'static str,
    /// Words of `/healthz`.
    health: &'static str,
    /// Whether the market is seen again.
    recovers: bool,
    /// Exit code.
    code: i32,
}

fn row(name: &'static str, fault: Script, said: &'static str, metric: &'static str) -> Row {
    let scripts = vec![fault, Script::Feed];
    Row { name, scripts, said, metric, health: "ok", recovers: true, code: 0 }
}

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Market data for a moment, then these bytes.
fn then(bytes: &[u8]) -> Script {
    Script::Then(ms(600), bytes.to_vec())
}

fn closes(code: u16, words: &str) -> Script {
    let mut out = Vec::new();
    close(&mut out, code, words);
    then(&out)
}

fn http(head: &str) -> Script {
    Script::Answer(format!("HTTP/1.1 {head}\r\n\r\n").into_bytes())
}

/// So many frames of this text.
fn noise(frame: &str, times: usize) -> Script {
    let mut out = Vec::new();
    (0..times).for_each(|_| text(&mut out, frame));
    then(&out)
}

const LOST: &str = "papermaker_link_down_total";
const FAILED: &str = "papermaker_connect_failed_total";
const REFUSED: &str = "papermaker_connect_refused_total";

/// Frames and closes that cost the link and nothing else.
fn broken() -> Vec<Row> {
    let protocol = "link lost (a breach of WebSocket, or a message above 1 MiB)";
    let breach = "papermaker_protocol_errors_total";
    let frame = |head: &[u8], payload: &[u8]| then(&[head, payload].concat());
    let mut rows = vec![
        row("masked", frame(&[0x81, 0x82, 1, 2, 3, 4], &[5, 6]), protocol, breach),
        row("reserved bit", frame(&[0xc1, 2], b"{}"), protocol, breach),
        row("reserved opcode", frame(&[0x83, 2], b"{}"), protocol, breach),
        row("fragmented ping", frame(&[0x09, 2], b"{}"), protocol, breach),
        row("continuation of nothing", frame(&[0x80, 2], b"{}"), protocol, breach),
        row("too large", frame(&[0x81, 127, 0x7f, 0, 0, 0, 0, 0, 0, 0], b""), protocol, breach),
        row("not UTF-8", frame(&[0x81, 2], &[0xff, 0xfe]), protocol, breach),
        row(
            "our own channel",
            noise("{\"channel\":\"papermaker\",\"data\":{\"event\":\"up\"}}", 1),
            protocol,
            breach,
        ),
        row("close of one byte", frame(&[0x88, 1], &[3]), protocol, breach),
        row("reset", Script::Reset(ms(600)), "link lost (", LOST),
        row(
            "hangs up",
            Script::Then(ms(600), Vec::new()),
            "link lost (ended without a close frame)",
            "papermaker_ended_uncleanly_total",
        ),
        row(
            "half a frame",
            then(&[0x81, 20, b'{']),
            "link lost (ended without a close frame)",
            "papermaker_ended_uncleanly_total",
        ),
        row(
            "close without a code",
            frame(&[0x88, 0], b""),
            "link lost (closed by the venue without a code)",
            "papermaker_closed_by_venue_total",
        ),
        row(
            "61 frames of garbage",
            noise("garbage", 61),
            "link lost (too many frames were rejected)",
            "papermaker_closed_rejects_total",
        ),
    ];
    for (code, words, said) in [
        (1000, "Inactive", "with code 1000, \"Inactive\""),
        (1001, "", "with code 1001)"),
        (1011, "internal", "with code 1011, \"internal\""),
        (1012, "restart", "with code 1012, \"restart\""),
    ] {
        rows.push(row("close", closes(code, words), said, "papermaker_closed_by_venue_total"));
    }
    rows
}

/// Upgrades that are not granted, and may be at once.
fn unanswered() -> Vec<Row> {
    let text = |t: &'static str| Script::Answer(t.as_bytes().to_vec());
    // Said after two seconds without a link only: what passes sooner leaves its count.
    vec![
        row("hangs up at once", text(""), "", FAILED),
        row("half an answer", text("HTTP/1.1 101 Swit"), "", FAILED),
        row("503", http("503 Service Unavailable\r\nContent-Length: 0"), "", FAILED),
        row("502", http("502 Bad Gateway\r\nContent-Length: 0"), "", FAILED),
    ]
}

/// Refusals by policy: waited for inside, half a minute at least.
fn refused() -> Vec<Row> {
    let by = |name, head: &'static str, said| Row {
        recovers: false,
        ..row(name, http(head), said, REFUSED)
    };
    vec![
        by("429", "429 Too Many Requests\r\nContent-Length: 0", "no WebSocket: status 429"),
        by(
            "429 with a wait",
            "429 Too Many Requests\r\nRetry-After: 70\r\nContent-Length: 0",
            "it asks to wait 70 s; trying on in 70.0 s",
        ),
        by("403", "403 Forbidden\r\nContent-Length: 0", "no WebSocket: status 403"),
        by(
            "302",
            "302 Found\r\nLocation: https://a/\r\nContent-Length: 0",
            "no WebSocket: status 302",
        ),
        by("200", "200 OK\r\nContent-Length: 0", "no WebSocket: status 200"),
        Row {
            scripts: vec![Script::Answer(b"SSH-2.0-OpenSSH_9\r\n".to_vec())],
            ..by("no HTTP", "", "the server does not speak HTTP; check host and port")
        },
        Row {
            recovers: false,
            ..row(
                "1008",
                closes(1008, "Cannot open more than 15 connections"),
                "with code 1008, \"Cannot open more than 15 connections\"): quotes withdrawn, connecting again in ",
                "papermaker_closed_by_policy_total",
            )
        },
        Row {
            recovers: false,
            ..row(
                "1013",
                closes(1013, "later"),
                "with code 1013, \"later\"",
                "papermaker_closed_by_policy_total",
            )
        },
        Row {
            recovers: false,
            ..row(
                "4000",
                closes(4000, "no"),
                "with code 4000, \"no\"",
                "papermaker_closed_by_policy_total",
            )
        },
    ]
}

/// Streams that are refused, frames that are odd, links that are lost too often.
fn degraded() -> Vec<Row> {
    let without = |name, no, said| Row {
        scripts: vec![Script::Without(no, true)],
        ..row(name, Script::Feed, said, "papermaker_venue_errors_total")
    };
    let bye = |n: u64| {
        let mut out = Vec::new();
        close(&mut out, 1000, "");
        Script::Then(ms(n), out)
    };
    vec![
        without(
            "no context",
            "activeAssetCtx",
            "BTC: the venue refuses activeAssetCtx: Invalid subscription",
        ),
        without(
            "no fast book",
            "\"fast\":true",
            "BTC: the venue refuses the fast l2Book: Invalid subscription",
        ),
        without("no best prices", "bbo", "BTC: the venue refuses bbo: Invalid subscription"),
        Row {
            recovers: false,
            code: 3,
            ..without("no trades", "trades", "BTC: the venue refuses trades: Invalid subscription")
        },
        Row {
            scripts: vec![bye(50), bye(50), bye(50), bye(50), bye(50), bye(50), Script::Feed],
            health: "degraded: the link was lost 6 times in ",
            ..row("six links", Script::Feed, "link up again, the 7. time", LOST)
        },
        Row {
            health: "frames were rejected in ",
            ..row(
                "odd frames",
                noise("{\"channel\":\"bbo\",\"data\":{\"coin\":\"BTC\",\"time\":1}}", 50),
                "",
                "papermaker_rejects_shape_total",
            )
        },
        Row {
            scripts: vec![Script::Jump(ms(0), 5_000)],
            health: "degraded: this machine's clock is ",
            ..row("a clock five seconds off", Script::Feed, "", "papermaker_frames_total")
        },
    ]
}

/// Silences, for whose deadlines one has to wait.
fn silent() -> Vec<Row> {
    let mute = |no| Row {
        scripts: vec![Script::Without(no, false)],
        recovers: true,
        ..row("mute", Script::Feed, "", "papermaker_frames_total")
    };
    vec![
        row(
            "nothing at all",
            Script::Mute,
            "link lost (nothing came for too long)",
            "papermaker_timed_out_total",
        ),
        Row {
            name: "context never comes",
            said: "BTC: activeAssetCtx was not answered within 15 s; no funding",
            ..mute("activeAssetCtx")
        },
        Row {
            name: "fast book never comes",
            said: "BTC: the fast l2Book was not answered within 15 s",
            ..mute("\"fast\":true")
        },
        Row {
            name: "trades never come",
            said: "link lost (a subscription that is needed was not answered)",
            metric: "papermaker_closed_no_ack_total",
            recovers: false,
            ..mute("trades")
        },
    ]
}

fn get(addr: &str, path: &str) -> Option<String> {
    let mut s = TcpStream::connect(addr).ok()?;
    s.write_all(format!("GET {path} HTTP/1.1\r\n\r\n").as_bytes()).ok()?;
    let mut text = String::new();
    s.read_to_string(&mut text).ok()?;
    Some(text.split_once("\r\n\r\n")?.1.to_owned())
}

fn value(metrics: &str, name: &str) -> f64 {
    let of = |l: &str| l.strip_prefix(name)?.trim_start_matches(|c| c != ' ').trim().parse().ok();
    metrics.lines().find_map(of).unwrap_or(0.0)
}

/// Runs one row; gives what was seen as a row of the table, or what is wrong with it.
fn play(mut r: Row, [least, patience]: [Duration; 2]) -> Result<String, String> {
    let server = serve(std::mem::take(&mut r.scripts), None);
    let dir = Temporary::new();
    let venue = format!("ws://{}/ws", server.addr);
    // An address of this row alone: a free port may be another test's a moment later.
    static ROWS: AtomicU32 = AtomicU32::new(1);
    let [_, _, high, low] = ROWS.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let addr = format!("127.{}.{high}.{low}:9464", 1 + std::process::id() % 250);
    let args = ["run", "--venue", &venue, "--coin", "BTC:5", "--plain", "--metrics", &addr];
    let mut child = start(&dir.0, &args);
    let begun = Watch::start();
    let mut gone = false;
    let (mut counted, mut health, mut back) = (0.0, String::new(), false);
    let (mut last, mut looks) = (String::new(), 0u32);
    while !gone && begun.elapsed() < patience {
        std::thread::sleep(ms(100));
        gone = child.try_wait().expect("ours").is_some();
        let Some(metrics) = get(&addr, "/metrics") else { continue };
        counted = value(&metrics, r.metric).max(counted);
        last = get(&addr, "/healthz").unwrap_or_default();
        if last.contains(r.health) {
            health.clone_from(&last);
        }
        back = value(&metrics, "papermaker_book_fresh") > 0.0
            && (value(&metrics, LOST) > 0.0 || value(&metrics, FAILED) > 0.0 || r.metric != LOST);
        let seen = counted > 0.0 && !health.is_empty() && (back || !r.recovers);
        // What is said is read at the end.
        looks += u32::from(seen);
        if looks > if r.recovers { 2 } else { 15 } && begun.elapsed() > least {
            break;
        }
    }
    if !gone {
        signal(&child, "TERM");
    }
    let ended = finish(child);
    let out = format!("{}{}", ended.out, ended.err);
    let wrong = |what: &str| Err(format!("{}: {what}\nhealthz: {last}\n{out}", r.name));
    if ended.code != Some(r.code) {
        return wrong(&format!("code {:?}", ended.code));
    }
    if !out.contains(r.said) {
        return wrong(&format!("{:?} is not said", r.said));
    }
    if r.code == 0 && counted <= 0.0 {
        return wrong(&format!("{} is 0", r.metric));
    }
    if r.code == 0 && health.is_empty() {
        return wrong(&format!("/healthz does not say {:?}", r.health));
    }
    if r.recovers && !back {
        return wrong("the market is not seen again");
    }
    Ok(seen_as(&r, &out, counted, if health.is_empty() { &last } else { &health }, back))
}

/// The row of the table: cause and action as they were said, metric, health, whether quotes came back.
fn seen_as(r: &Row, out: &str, counted: f64, health: &str, back: bool) -> String {
    let words = ["lost (", "no link after", "refuses", "not answered", "cannot connect", r.said];
    let said = out.lines().find(|l| words.iter().any(|w| !w.is_empty() && l.contains(w)));
    let said = said.unwrap_or("passes within two seconds: counted, not said");
    let back = match (back, r.code) {
        (true, _) => "market seen again",
        (_, 0) => "waits for the next attempt",
        _ => "ends",
    };
    let metric = r.metric.trim_start_matches("papermaker_");
    let health = health.lines().next().unwrap_or_default();
    format!("{} | {said} | {back}, exit {} | {health} | {metric} {counted}", r.name, r.code)
}

/// Some rows at a time.
#[expect(clippy::print_stdout, reason = "the table is to be read")]
fn all(rows: Vec<Row>, times: [Duration; 2]) {
    let mut rows = rows.into_iter();
    let (mut table, mut wrong) = (Vec::new(), Vec::new());
    loop {
        let some: Vec<Row> = rows.by_ref().take(8).collect();
        if some.is_empty() {
            break;
        }
        std::thread::scope(|s| {
            let runs: Vec<_> = some.into_iter().map(|r| s.spawn(move || play(r, times))).collect();
            for run in runs {
                run.join().expect("no panic").map_or_else(|e| wrong.push(e), |row| table.push(row));
            }
        });
    }
    println!("what | said | then | /healthz | metric\n{}", table.join("\n"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
}

#[test]
fn each_refusal_and_close_has_its_sentence_its_metric_its_health_and_its_way_back() {
    let rows: Vec<Row> =
        [broken(), unanswered(), refused(), degraded()].into_iter().flatten().collect();
    assert!(rows.len() >= 38, "{}", rows.len());
    all(rows, [ms(0), ms(60_000)]);
}

#[test]
#[ignore = "waits for the deadlines of silence: 80 s"]
fn each_silence_too() {
    all(silent(), [ms(24_000), ms(40_000)]);
}
