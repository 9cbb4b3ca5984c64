//! Tests of the client's end. In: scripts of frames, cut in every way. Out: messages, answers and
//! violations, each by name. Cold path.

use proptest::prelude::*;

use super::*;
use crate::laws::ws::{SMALL, Said, answers, feed, frame};
use crate::ws::server::{FromClient, ServerConn};

fn closed(code: u16) -> FromClient {
    FromClient::Close { code, reason: String::new() }
}

#[test]
fn every_violation() {
    let table: Vec<(&str, Vec<u8>, Violation)> = vec![
        ("masked", vec![0x81, 0x81, 1, 2, 3, 4, 5], Violation::Masked),
        ("bit 1", vec![0xc1, 0], Violation::ReservedBits),
        ("bit 2", vec![0xa1, 0], Violation::ReservedBits),
        ("bit 3", vec![0x91, 0], Violation::ReservedBits),
        ("opcode 3", vec![0x83, 0], Violation::ReservedOpcode),
        ("opcode 7", vec![0x87, 0], Violation::ReservedOpcode),
        ("opcode 11", vec![0x8b, 0], Violation::ReservedOpcode),
        ("opcode 15", vec![0x8f, 0], Violation::ReservedOpcode),
        ("ping in pieces", vec![0x09, 0], Violation::FragmentedControl),
        ("close in pieces", vec![0x08, 0], Violation::FragmentedControl),
        ("long ping", vec![0x89, 126, 0, 126], Violation::LongControl),
        ("16 bits for 125", vec![0x81, 126, 0, 125], Violation::LengthNotMinimal),
        ("64 bits for 65,535", vec![0x81, 127, 0, 0, 0, 0, 0, 0, 255, 255], {
            Violation::LengthNotMinimal
        }),
        ("bit 63", vec![0x82, 127, 128, 0, 0, 0, 0, 0, 0, 0], Violation::LengthBit63),
        ("2^63 - 1", vec![0x82, 127, 127, 255, 255, 255, 255, 255, 255, 255], Violation::TooLarge),
        ("601 of 600", vec![0x82, 126, 2, 89], Violation::TooLarge),
        (
            "601 in two",
            [frame(false, 2, &[0; 300]), vec![0x80, 126, 1, 45]].concat(),
            Violation::TooLarge,
        ),
        ("lone continuation", frame(true, 0, b"x"), Violation::LoneContinuation),
        (
            "continuation after the end",
            [frame(false, 1, b"a"), frame(true, 0, b"b"), frame(false, 0, b"c")].concat(),
            Violation::LoneContinuation,
        ),
        (
            "message in message",
            [frame(false, 1, b"a"), frame(true, 1, b"b")].concat(),
            Violation::InterleavedData,
        ),
        ("not UTF-8", frame(true, 1, b"a\xffb"), Violation::InvalidUtf8),
        ("surrogate", frame(true, 1, b"\xed\xa0\x80"), Violation::InvalidUtf8),
        ("overlong", frame(true, 1, b"\xc0\x80"), Violation::InvalidUtf8),
        ("above U+10FFFF", frame(true, 1, b"\xf4\x90\x80\x80"), Violation::InvalidUtf8),
        ("cut off at the end", frame(true, 1, "κ".as_bytes().split_at(1).0), {
            Violation::InvalidUtf8
        }),
        (
            "cut character continued wrongly",
            [frame(false, 1, b"\xce"), frame(true, 0, b"x")].concat(),
            Violation::InvalidUtf8,
        ),
        ("close of one byte", frame(true, 8, &[3]), Violation::ShortClose),
        ("close 1005", frame(true, 8, &1005u16.to_be_bytes()), Violation::CloseCode),
        ("close reason", frame(true, 8, b"\x03\xe8\xff"), Violation::InvalidUtf8),
        (
            "endless empty continuations",
            [frame(false, 1, b""), frame(false, 0, b"").repeat(5)].concat(),
            Violation::TooManyFragments,
        ),
    ];
    for (name, bytes, violation) in &table {
        // Both at once and byte by byte; what follows is ignored.
        let script = [&bytes[..], &frame(true, 1, b"after")].concat();
        for pieces in [vec![], vec![1; script.len()]] {
            let mut conn = Conn::with_sizes(SMALL, 1);
            let mut said = feed(&mut conn, &script, &pieces);
            said.retain(|s| !matches!(s, Said::Text(_)));
            assert_eq!(said, [Said::Violation(*violation)], "{name}");
            assert_eq!(conn.state(), State::Closed, "{name}");
            assert_eq!(answers(&mut conn), [closed(violation.code())], "{name}");
            assert_eq!(conn.send_text(b"x"), Err(Refused::Closed));
        }
    }
    for violation in Violation::ALL {
        let shown = table.iter().any(|row| row.2 == violation);
        assert!(shown || violation == Violation::Unmasked, "{violation} has a row");
    }
}

#[test]
fn limits_at_their_edges() {
    let mut conn = Conn::with_sizes(SMALL, 1);
    let whole = frame(true, 2, &[7; 600]);
    let five =
        [frame(false, 2, &[7; 150]), frame(false, 0, &[7; 150]).repeat(3), frame(true, 0, b"")]
            .concat();
    let said = feed(&mut conn, &[whole, five].concat(), &[]);
    assert_eq!(said, [Said::Binary(vec![7; 600]), Said::Binary(vec![7; 600])]);
    let mut conn = Conn::new(1);
    let max = limits::MESSAGE_MAX;
    assert_eq!(feed(&mut conn, &frame(true, 2, &vec![1; max]), &[]).len(), 1);
    let over = frame(true, 2, &vec![1; max + 1]);
    assert_eq!(feed(&mut conn, &over[..10], &[]), [Said::Violation(Violation::TooLarge)]);
}

#[test]
fn fragments_with_control_frames_between() {
    let script = [
        frame(false, 1, "αβ".as_bytes().split_at(3).0),
        frame(true, 9, b"one"),
        frame(false, 0, b""),
        frame(true, 10, b"unasked"),
        frame(true, 9, b"two"),
        frame(true, 0, "αβ".as_bytes().split_at(3).1),
        frame(true, 1, b""),
    ]
    .concat();
    for size in 1..=script.len() {
        let mut conn = Conn::with_sizes(SMALL, 1);
        let said = feed(&mut conn, &script, &vec![size; script.len()]);
        let expected = [Said::Pong, Said::Text("αβ".into()), Said::Text(String::new())];
        assert_eq!(said, expected, "pieces of {size}");
        assert_eq!(conn.pings(), 2);
        let pongs = [FromClient::Pong(b"one".to_vec()), FromClient::Pong(b"two".to_vec())];
        assert_eq!(answers(&mut conn), pongs);
    }
}

#[test]
fn a_flood_of_pings_keeps_the_newest() {
    let mut conn = Conn::with_sizes(SMALL, 1);
    let mut flood = Vec::new();
    for i in 0..1000u32 {
        flood.extend(frame(true, 9, &i.to_be_bytes()));
    }
    assert_eq!(feed(&mut conn, &flood, &[]), []);
    assert_eq!(conn.pings(), 1000);
    let pongs = answers(&mut conn);
    assert!(pongs.len() < 20, "{} pongs", pongs.len());
    assert_eq!(pongs.last(), Some(&FromClient::Pong(999u32.to_be_bytes().to_vec())));
    assert_eq!(conn.send_text(b"still open"), Ok(()));
}

#[test]
fn the_closing_handshake() {
    // The server closes: its code is echoed, once.
    for (body, code, reason) in
        [(&b"\x03\xe8bye"[..], 1000, "bye"), (b"", frame::NO_STATUS, ""), (b"\x0b\xb8", 3000, "")]
    {
        let mut conn = Conn::with_sizes(SMALL, 1);
        let script = [frame(true, 8, body), frame(true, 1, b"late"), vec![0xff; 5000]].concat();
        assert_eq!(feed(&mut conn, &script, &[]), [Said::Close(code, reason.into())]);
        assert_eq!(conn.state(), State::Closed);
        conn.close(1001);
        assert_eq!(answers(&mut conn), [closed(code)]);
    }
    // This end closes: messages still arrive, pings are not answered, the answer ends it.
    let mut conn = Conn::with_sizes(SMALL, 1);
    conn.send_text(b"last").unwrap();
    conn.close(1001);
    conn.close(1002);
    assert_eq!(conn.send_text(b"x"), Err(Refused::Closed));
    assert_eq!(conn.state(), State::Closing);
    let script = [frame(true, 1, b"x"), frame(true, 9, b""), frame(true, 8, b"\x03\xe9")].concat();
    let said = feed(&mut conn, &script, &[]);
    assert_eq!(said, [Said::Text("x".into()), Said::Close(1001, String::new())]);
    assert_eq!(answers(&mut conn), [FromClient::Text("last".into()), closed(1001)]);
    // A violation after our own close sends nothing more.
    let mut conn = Conn::with_sizes(SMALL, 1);
    conn.close(1);
    assert_eq!(feed(&mut conn, &[0xff], &[]), [Said::Violation(Violation::ReservedBits)]);
    assert_eq!(answers(&mut conn), [closed(1000)]);
    // The next link starts clean.
    conn.restart();
    assert_eq!(feed(&mut conn, &frame(true, 1, b"new"), &[]), [Said::Text("new".into())]);
    assert_eq!(conn.send_text(b"x"), Ok(()));
}

#[test]
fn every_close_code_is_echoed_or_named() {
    let mut conn = Conn::with_sizes(SMALL, 1);
    for code in 0..=u16::MAX {
        conn.restart();
        let said = feed(&mut conn, &frame(true, 8, &code.to_be_bytes()), &[]);
        if frame::may_send(code) {
            assert_eq!(said, [Said::Close(code, String::new())]);
            assert_eq!(answers(&mut conn), [closed(code)]);
        } else {
            assert_eq!(said, [Said::Violation(Violation::CloseCode)]);
            assert_eq!(answers(&mut conn), [closed(1002)]);
        }
    }
}

#[test]
fn a_full_send_buffer_still_closes() {
    let mut conn = Conn::with_sizes(SMALL, 1);
    let mut sent = 0;
    while conn.send_text(&[b'x'; 50]) == Ok(()) {
        sent += 1;
    }
    while conn.send_text(b"") == Ok(()) {
        sent += 1;
    }
    assert_eq!(conn.send_text(&[b'x'; 5000]), Err(Refused::Full));
    assert_eq!(feed(&mut conn, &frame(true, 9, &[1; 125]), &[]), []);
    // Part of it goes out, more fits, the pong waits for its turn.
    conn.sent(0);
    conn.close(1000);
    let got = answers(&mut conn);
    assert_eq!(got.len(), sent + 1);
    assert_eq!(got.last(), Some(&closed(1000)));
}

#[test]
fn short_writes_lose_nothing() {
    let mut conn = Conn::with_sizes(SMALL, 9);
    let mut server = ServerConn::default();
    let (mut sent, mut got) = (0u32, 0u32);
    for step in 1..5000usize {
        if conn.send_text(sent.to_string().as_bytes()) == Ok(()) {
            sent += 1;
        }
        let n = (step * 7 % 13).min(conn.to_send().len());
        server.push(&conn.to_send()[..n]);
        conn.sent(n);
        while let Some(message) = server.poll().unwrap() {
            assert_eq!(message, FromClient::Text(got.to_string()));
            got += 1;
        }
    }
    assert!(sent > 500 && sent - got < 100, "{sent} sent, {got} got");
}

/// A script of frames whose meaning is known.
fn script() -> impl Strategy<Value = (Vec<u8>, Vec<Said>)> {
    let text = proptest::collection::vec("[a-zκ€𝄞\u{0}]{0,40}", 1..5);
    let control = (9u8..11, proptest::collection::vec(any::<u8>(), 0..126));
    let message =
        (any::<bool>(), text, proptest::collection::vec(control, 0..3), any::<Vec<usize>>());
    proptest::collection::vec(message, 0..12).prop_map(|messages| {
        let (mut bytes, mut said) = (Vec::new(), Vec::new());
        for (is_text, parts, controls, cuts) in messages {
            let whole = parts.concat().into_bytes();
            let mut from = 0;
            let mut opcode = if is_text { 1 } else { 2 };
            for cut in cuts.iter().take(4) {
                let to = from + cut % (whole.len() - from + 1);
                bytes.extend(frame(false, opcode, &whole[from..to]));
                (from, opcode) = (to, 0);
                for (kind, payload) in &controls {
                    bytes.extend(frame(true, *kind, payload));
                    if *kind == 10 {
                        said.push(Said::Pong);
                    }
                }
            }
            bytes.extend(frame(true, opcode, &whole[from..]));
            said.push(if is_text {
                Said::Text(String::from_utf8(whole).unwrap())
            } else {
                Said::Binary(whole)
            });
        }
        (bytes, said)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_division_gives_the_same_messages(
        (bytes, expected) in script(),
        pieces in proptest::collection::vec(1usize..200, 0..100),
    ) {
        let sizes = Sizes { message: 900, ..SMALL };
        prop_assert_eq!(&feed(&mut Conn::with_sizes(sizes, 1), &bytes, &[]), &expected);
        prop_assert_eq!(&feed(&mut Conn::with_sizes(sizes, 1), &bytes, &pieces), &expected);
        let ones = vec![1; bytes.len()];
        prop_assert_eq!(&feed(&mut Conn::with_sizes(sizes, 1), &bytes, &ones), &expected);
    }

    #[test]
    fn damage_is_seen_alike_however_it_is_cut(
        (mut bytes, _) in script(),
        damage in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..4),
        pieces in proptest::collection::vec(1usize..100, 0..200),
    ) {
        for (at, value) in damage {
            let len = bytes.len();
            if len > 0 {
                bytes[at % len] = value;
            }
        }
        let mut whole = Conn::with_sizes(SMALL, 1);
        let mut cut = Conn::with_sizes(SMALL, 1);
        let expected = feed(&mut whole, &bytes, &[]);
        prop_assert_eq!(feed(&mut cut, &bytes, &pieces), expected.clone());
        prop_assert_eq!(whole.state(), cut.state());
        prop_assert_eq!(answers(&mut whole), answers(&mut cut));
        let violations = expected.iter().filter(|s| matches!(s, Said::Violation(_))).count();
        prop_assert!(violations <= 1);
    }

    #[test]
    fn noise_never_panics(
        bytes: Vec<u8>,
        pieces in proptest::collection::vec(1usize..20, 0..50),
    ) {
        let expected = feed(&mut Conn::with_sizes(SMALL, 1), &bytes, &[]);
        prop_assert_eq!(feed(&mut Conn::with_sizes(SMALL, 1), &bytes, &pieces), expected);
    }

    #[test]
    fn text_is_judged_as_the_standard_library_does(
        bytes in proptest::collection::vec(
            prop_oneof![any::<u8>(), 0x7fu8..0xc3, 0xe0u8..0xf6, Just(b'a')], 0..12),
        cut in 0usize..12,
    ) {
        let (a, b) = bytes.split_at(cut.min(bytes.len()));
        let script = [frame(false, 1, a), frame(true, 0, b)].concat();
        let expected = match std::str::from_utf8(&bytes) {
            Ok(text) => Said::Text(text.into()),
            Err(_) => Said::Violation(Violation::InvalidUtf8),
        };
        prop_assert_eq!(feed(&mut Conn::with_sizes(SMALL, 1), &script, &[]), [expected]);
    }
}

#[test]
fn pings_inside_a_large_slow_message_stay_cheap() {
    // Compaction must not move the whole message for every ping: bounded by the slack.
    let mut conn = Conn::with_sizes(Sizes { message: 1 << 16, ..Sizes::default() }, 1);
    let mut script = frame(false, 2, &vec![5; (1 << 16) - 1]);
    for _ in 0..20_000 {
        script.extend(frame(true, 10, &[0; 125]));
    }
    script.extend(frame(true, 0, &[5]));
    let said = feed(&mut conn, &script, &vec![300; script.len() / 300]);
    assert_eq!(said.last(), Some(&Said::Binary(vec![5; 1 << 16])));
    assert_eq!(said.len(), 20_001);
}
