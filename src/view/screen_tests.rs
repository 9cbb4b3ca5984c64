use super::*;
use crate::app::status::Status;
use crate::ops::snapshot::Session;
use crate::ops::testing::full_status;

fn snapshot(status: Status) -> Snapshot {
    let session = Session {
        version: "0.0.0".into(),
        run: "embedded-3".into(),
        venue: "embedded".into(),
        speed: 10,
        length_ns: Some(600 * Ns::SEC),
        started: Ns(0),
        sockets: 1,
    };
    Snapshot::new(session, Ns(52 * Ns::SEC), status)
}

fn keys() -> Choice {
    Choice { end: "end the run".into(), ..Choice::default() }
}

fn trend() -> Trend {
    Trend { result: vec![0.0, 1.0, 2.0, 3.0, 1.5, 1.61], position: vec![0.0, 500.0, -485.0] }
}

#[test]
fn a_trend_stays_bounded_and_keeps_its_ends() {
    let (mut trend, s) = (Trend::default(), snapshot(full_status()));
    for _ in 0..5 * TRENDS_MAX {
        trend.take(&s);
    }
    assert!((TRENDS_MAX / 2..=TRENDS_MAX).contains(&trend.result.len()));
    assert_eq!(spark(&[0.0, 3.5, 7.0], 9), "▁▅█");
    assert_eq!((spark(&[], 9), spark(&[2.0; 99], 9).chars().count()), (String::new(), 9));
}

#[test]
fn help_a_question_and_what_does_not_fit_are_shown() {
    let s = snapshot(full_status());
    let with = |choice: Choice, h| draw(&s, &trend(), &choice, 80, h).text();
    assert!(with(Choice { help: true, ..keys() }, 40).contains("that coin alone, and back"));
    let asked = with(Choice { asks: true, ..keys() }, 24);
    assert!(asked.lines().last().is_some_and(|l| l.contains("end the run? y: yes")), "{asked}");
    let alone = with(Choice { alone: true, ..keys() }, 50);
    assert!(!alone.contains("─ ETH") && alone.contains("─ BTC"), "{alone}");
    assert!(with(keys(), 21).contains("+1 more"), "{}", with(keys(), 21));
}

#[test]
fn every_size_is_drawn() {
    let (full, empty) = (snapshot(full_status()), snapshot(Status::default()));
    for height in 0..=50 {
        for width in (0..=150).step_by(if height % 10 == 0 { 1 } else { 7 }) {
            for (s, first) in [(&full, 0), (&full, 5), (&empty, 0)] {
                let c = draw(
                    s,
                    &Trend::default(),
                    &Choice { first, alone: first == 5, ..keys() },
                    width,
                    height,
                );
                assert_eq!((c.width(), c.height()), (width, height));
                assert!(c.text().lines().all(|l| l.chars().count() <= width));
            }
        }
    }
}

#[test]
fn a_usual_terminal_shows_everything() {
    let text = draw(&snapshot(full_status()), &trend(), &keys(), 80, 24).text();
    for part in [
        "embedded-3  SIMULATED ×10",
        "00:52 of 10:00  link up",
        "63 dropped",
        "lag 51 ms, fast stale, book fresh for",
        "96960   0.005   0.005 live",
        "96920    0.01    0.01 sent",
        "97050       ·    0.01 cancel",
        "96880   0.015       · none",
        "96990 market 97010 2.06 bps",
        "inventory limit for 31 s: This side would grow",
        "quoted for 31 s",
        "normal 80 %",
        "would earn LIKELY LOSES",
        "+1.6100 USD",
        "ETH",
        "sold",
        "tab: next coin",
        "all +3.22 USD",
    ] {
        assert!(text.contains(part), "`{part}` is missing in\n{text}");
    }
}

#[test]
fn the_picture_is_the_one_looked_at() {
    let text = draw(&snapshot(full_status()), &trend(), &keys(), 80, 24).text();
    let want = include_str!("screen_80x24.txt");
    assert_eq!(text, want, "\n{text}");
}

#[test]
fn help_is_whole_on_a_small_terminal() {
    let help = Choice { help: true, ..keys() };
    for height in [14, 24] {
        let text = draw(&snapshot(full_status()), &trend(), &help, 80, height).text();
        assert!(text.contains("tab, right") && text.contains("Times: the market's"), "{text}");
    }
}

#[test]
fn more_room_shows_more_coins_in_detail() {
    let s = snapshot(full_status());
    let details = |w, h| draw(&s, &trend(), &keys(), w, h).text().matches("would earn").count();
    assert_eq!((details(80, 24), details(140, 50), details(80, 40)), (1, 2, 2));
    let wide = draw(&s, &trend(), &keys(), 140, 50).text();
    for whole in ["-0.012 (-1.2)", "4.20, 2.13 bps"] {
        assert_eq!(wide.matches(whole).count(), 2, "{whole}\n{wide}");
    }
    let second = draw(&s, &trend(), &Choice { first: 1, ..keys() }, 80, 24).text();
    assert!(second.lines().nth(3).is_some_and(|l| l.contains("ETH")), "{second}");
}

#[test]
fn what_is_wrong_takes_the_foot() {
    let ended = Status { recording_failed: true, ..full_status() };
    let text = draw(&snapshot(ended), &trend(), &keys(), 80, 24).text();
    assert!(text.lines().last().is_some_and(|l| l.contains("recording")), "{text}");
}
