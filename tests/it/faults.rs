//! A run against servers that misbehave: it says so, comes back, and quotes again.

use std::process::Stdio;
use std::time::Duration;

use papermaker::rooms::sys::clock::wall;
use papermaker::rooms::venue::config::Config;
use papermaker::rooms::venue::serve::{Exchange, Service};
use papermaker::rooms::ws::server::{close, text};

use super::process::{Temporary, Watch, await_text, command, finish, papermaker, start};
use super::server::{Script, localhost, serve};

#[test]
fn a_server_that_is_killed_and_restarted_is_found_again() {
    let dir = Temporary::new();
    let start = |port: u16| {
        let addr = ([127, 0, 0, 1], port).into();
        let service = Service { addr, speed: 1.0, clock: wall };
        let config = Config { coins: vec!["BTC".into()], ..Config::simple() };
        // A port just left may be taken for a moment.
        (0..200).find_map(|_| {
            let started = Exchange::start(&config, service).ok();
            if started.is_none() {
                std::thread::sleep(Duration::from_millis(50));
            }
            started
        })
    };
    let first = start(0).expect("starts");
    let port = first.addr().port();
    let venue = format!("ws://127.0.0.1:{port}/ws");
    let glft = "engine.strategy.name=glft";
    let args = ["run", "--venue", &venue, "--coin", "BTC", "--for", "14s", "--set", glft];
    let mut child = command(&dir.0, &args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let before = await_text(&mut child, "BTC   bid");
    let _ = first.stop();
    let down = await_text(&mut child, "link lost");
    let second = start(port).expect("starts again");
    let up = await_text(&mut child, "link up again, the 2. time");
    let ended = finish(child);
    ended.assert_code(0);
    let out = format!("{before}{down}{up}{}", ended.out);
    assert!(out.contains("1 links lost") && out.contains("link lost ("), "{out}");
    assert!(out.contains("BTC   bid") && out.contains("digest"), "{out}");
    papermaker(&dir.0, &["verify", "runs/live"]).assert_code(0);
    let _ = second.stop();
}

#[test]
fn frames_that_break_the_protocol_cost_the_link_and_nothing_else() {
    let frame = |head: &[u8], payload: &[u8]| [head, payload].concat();
    let (mut bye, mut noise) = (Vec::new(), Vec::new());
    close(&mut bye, 1000, "Inactive");
    // Refused by the feed, one counter each, and the link stays.
    for bad in ["not json", "{", r#"{"channel":"bbo","data":{"coin":"BTC","time":1}}"#] {
        text(&mut noise, bad);
    }
    // Binary messages are counted by themselves.
    noise.extend(frame(&[0x82, 2], b"{}"));
    let faults: Vec<(&str, Vec<u8>)> = vec![
        ("masked", frame(&[0x81, 0x82, 1, 2, 3, 4], &[5, 6])),
        ("reserved bit", frame(&[0xc1, 2], b"{}")),
        ("reserved opcode", frame(&[0x83, 2], b"{}")),
        ("fragmented ping", frame(&[0x09, 2], b"{}")),
        ("continuation of nothing", frame(&[0x80, 2], b"{}")),
        ("too large", frame(&[0x81, 127, 0x7f, 0, 0, 0, 0, 0, 0, 0], b"")),
        ("not UTF-8", frame(&[0x81, 2], &[0xff, 0xfe])),
        ("close", bye),
    ];
    let at = Duration::from_millis(150);
    let broken = faults.into_iter().map(|(name, bytes)| (name, Script::Then(at, bytes), 1, 0));
    // Noise costs no link: the script itself hangs up after three seconds.
    let kept = [("reset", Script::Reset(at), 1, 0), ("noise", Script::Then(at, noise), 1, 3)];
    std::thread::scope(|all| {
        for (name, script, lost, rejected) in broken.chain(kept) {
            all.spawn(move || {
                let server = serve(vec![script, Script::Feed], None);
                let dir = Temporary::new();
                let venue = format!("ws://{}/ws", server.addr);
                let args = ["run", "--venue", &venue, "--coin", "BTC", "--for", "6s", "--json"];
                let ended = papermaker(&dir.0, &args).assert_code(0).json();
                assert_eq!(ended["lost_links"], lost, "{name}: {ended}");
                assert_eq!(ended["rejected"], rejected, "{name}: {ended}");
                assert_eq!(ended["dropped"], 0, "{name}");
                // The feed is back after a lost link.
                assert!(server.served() > 1, "{name}");
                papermaker(&dir.0, &["verify", "runs/live"]).assert_code(0);
            });
        }
    });
}

#[test]
fn a_server_whose_clock_jumps_is_a_gap_that_is_said_and_recovered_from() {
    std::thread::scope(|all| {
        for s in [120, 7_200, -300] {
            all.spawn(move || {
                let server = serve(vec![Script::Jump(Duration::from_secs(6), s * 1_000)], None);
                let dir = Temporary::new();
                let venue = format!("ws://{}/ws", server.addr);
                let args = ["run", "--venue", &venue, "--coin", "BTC", "--for", "20s", "--json"];
                let glft = ["--set", "engine.strategy.name=glft"];
                let ended = papermaker(&dir.0, &[&args[..], &glft].concat()).assert_code(0).json();
                let seen = ["jumps"].map(|k| &ended["clock"][k]);
                let kept = ["dropped", "lost_links"].map(|k| &ended[k]);
                assert_eq!((seen, kept), ([&1.into()], [&0.into(), &0.into()]), "{s} s");
                let coin = &ended["coins"][0];
                // The quotes stand again after it: more than the time before it.
                let quoted = coin["quoted_s"][0].as_f64().expect("seconds");
                assert!(quoted > 9.0, "{s} s: quoted {quoted} s of 20");
                papermaker(&dir.0, &["verify", "runs/live"]).assert_code(0);
                let ended = papermaker(&dir.0, &["report", "runs/live"]);
                let page = &ended.assert_code(0).out;
                assert!(page.contains("jumped against each other"), "{s} s: {page}");
            });
        }
    });
}

#[test]
fn what_the_venue_says_when_it_closes_is_shown_with_the_next_attempt() {
    let words = b"Cannot open more than 15 connections";
    let length = 2 + u8::try_from(words.len()).expect("short");
    let close = [&[0x88, length][..], &1008u16.to_be_bytes(), words].concat();
    let server = serve(vec![Script::Then(Duration::from_secs(2), close), Script::Feed], None);
    let dir = Temporary::new();
    let venue = format!("ws://{}/ws", server.addr);
    let ended =
        papermaker(&dir.0, &["run", "--venue", &venue, "--coin", "BTC", "--for", "6s", "--plain"]);
    let line = "link lost (closed by the venue with code 1008, \"Cannot open more than 15 connections\"): \
                quotes withdrawn, connecting again in ";
    assert!(ended.assert_code(0).out.contains(line), "{}", ended.out);
    // By policy: not sooner than in half of thirty seconds.
    let from = ended.out.find(line).expect("just seen") + line.len();
    let seconds: f64 =
        ended.out[from..].split(' ').next().and_then(|s| s.parse().ok()).expect("seconds");
    assert!(seconds >= 15.0, "{seconds}");
}

#[test]
fn a_folder_that_is_removed_ends_the_run_at_the_next_look() {
    let server = serve(vec![Script::Feed], None);
    let dir = Temporary::new();
    let venue = format!("ws://{}/ws", server.addr);
    let args = ["run", "--venue", &venue, "--coin", "BTC", "--out", "r", "--plain", "--for", "60s"];
    let mut child = start(&dir.0, &args);
    await_text(&mut child, "length");
    std::thread::sleep(Duration::from_secs(2));
    std::fs::remove_dir_all(dir.join("r")).expect("removed");
    let begun = Watch::start();
    let ended = finish(child);
    ended.assert_code(4);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert!(ended.out.contains("quotes withdrawn, ending"), "{}", ended.out);
}

#[test]
fn a_stream_that_the_venue_refuses_or_never_sends_costs_no_more_than_it_carries() {
    // What is withheld, whether with words, and what the run says; none: it cannot go on.
    let cases = [
        (
            "activeAssetCtx",
            true,
            Some("BTC: the venue refuses activeAssetCtx: Invalid subscription"),
        ),
        (
            "\"fast\":true",
            true,
            Some("BTC: the venue refuses the fast l2Book: Invalid subscription"),
        ),
        (
            "activeAssetCtx",
            false,
            Some("BTC: activeAssetCtx was not answered within 15 s; no funding"),
        ),
        ("trades", true, None),
    ];
    std::thread::scope(|all| {
        for (no, words, said) in cases {
            all.spawn(move || {
                let server = serve(vec![Script::Without(no, words)], None);
                let dir = Temporary::new();
                let venue = format!("ws://{}/ws", server.addr);
                let args = ["run", "--venue", &venue, "--coin", "BTC:5", "--for", "22s", "--json"];
                let ended = papermaker(&dir.0, &args);
                let Some(said) = said else {
                    ended.assert_code(3);
                    let why = "the venue refuses trades: Invalid subscription";
                    assert!(ended.err.contains(why), "{}", ended.err);
                    return;
                };
                let ended = ended.assert_code(0).json();
                let gone = ended["given_up"][0].as_str().unwrap_or_default();
                assert!(gone.starts_with(said), "{no}: {gone}");
                assert_eq!((&ended["lost_links"], server.served()), (&0.into(), 1), "{no}");
                papermaker(&dir.0, &["verify", "runs/live"]).assert_code(0);
            });
        }
    });
}

#[test]
fn tls_by_a_certificate_given_on_the_command_line() {
    let (pem, config) = localhost();
    let server = serve(vec![Script::Feed], Some(config));
    let dir = Temporary::new();
    std::fs::write(dir.join("ca.pem"), pem).expect("written");
    let venue = format!("wss://localhost:{}/ws", server.addr.port());
    let args = ["run", "--venue", &venue, "--coin", "BTC", "--for", "4s"];
    let known = papermaker(&dir.0, &[&args[..], &["--ca", "ca.pem", "--json"]].concat());
    let known = known.assert_code(0).json();
    assert!(known["messages"].as_u64() > Some(20), "{known}");
    assert_eq!(known["lost_links"], 0, "{known}");
    std::thread::scope(|both| {
        // Without it the certificate is refused, once, with what to do.
        both.spawn(|| {
            let unknown = papermaker(&dir.0, &args);
            assert!(unknown.assert_code(3).err.contains("--ca"), "{unknown:?}");
        });
        // A plain port is named as such.
        let plain = serve(vec![Script::Feed], None);
        let venue = format!("wss://localhost:{}/ws", plain.addr.port());
        let wrong = papermaker(&dir.0, &["run", "--venue", &venue, "--coin", "BTC", "--for", "9s"]);
        assert!(wrong.assert_code(3).err.contains("TLS"), "{wrong:?}");
    });
}
