//! The two parsers against each other, and both against serde_json: on messages shaped like the
//! venue's, on those messages damaged, and on every single-byte damage of a few.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use serde_json::Value;

use super::*;
use crate::laws::decode::{Pair, Said};

fn decimal() -> impl Strategy<Value = String> {
    prop_oneof![
        80 => (0u32..200_000, 0u32..100_000_000).prop_map(|(w, f)| format!("{w}.{f}")),
        40 => (1u32..200_000).prop_map(|w| format!("{w}.0")),
        1 => "[0-9]{1,14}(\\.[0-9]{1,12})?",
        1 => "[-+0-9.eE]{0,6}",
    ]
}

fn integer() -> impl Strategy<Value = String> {
    prop_oneof![
        80 => (1_700_000_000_000u64..1_800_000_000_000).prop_map(|v| v.to_string()),
        40 => (0u64..1 << 50).prop_map(|v| v.to_string()),
        1 => any::<u64>().prop_map(|v| v.to_string()),
        1 => "0{0,2}[0-9]{0,3}",
        1 => "-?[1-9][0-9]{0,21}(\\.[0-9]|e[0-9])?",
    ]
}

fn coin() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => Just("BTC".to_string()),
        2 => Just("kPEPE".to_string()),
        2 => Just("@107".to_string()),
        1 => "[A-Za-z0-9@:/]{0,6}",
    ]
}

fn hexadecimal(digits: usize) -> impl Strategy<Value = String> {
    prop_oneof![
        80 => proptest::collection::vec(0u8..16, digits)
            .prop_map(|v| format!("0x{}", v.iter().map(|d| format!("{d:x}")).collect::<String>())),
        20 => Just(format!("0x{}", "0".repeat(digits))),
        1 => "(0x)?[0-9a-gA-F]{0,70}",
    ]
}

fn level() -> impl Strategy<Value = String> {
    (decimal(), decimal(), prop_oneof![Just("3".to_string()), integer()])
        .prop_map(|(px, sz, n)| format!("{{\"px\":\"{px}\",\"sz\":\"{sz}\",\"n\":{n}}}"))
}

fn trades() -> impl Strategy<Value = String> {
    let trade = (
        "[AB]",
        decimal(),
        decimal(),
        integer(),
        hexadecimal(64),
        integer(),
        hexadecimal(40),
        hexadecimal(40),
    );
    (coin(), proptest::collection::vec(trade, 0..6)).prop_map(|(coin, trades)| {
        let trades: Vec<_> = trades
            .into_iter()
            .map(|(side, px, sz, time, hash, tid, a, b)| {
                format!("{{\"coin\":\"{coin}\",\"side\":\"{side}\",\"px\":\"{px}\",\"sz\":\"{sz}\",\"time\":{time},\"hash\":\"{hash}\",\"tid\":{tid},\"users\":[\"{a}\",\"{b}\"]}}")
            })
            .collect();
        wire_trades(&trades)
    })
}

/// Books with sides in order, as on the wire, or of levels as they come.
fn book() -> impl Strategy<Value = String> {
    let ordered = |step: i64| {
        (100_000i64..200_000, 0usize..23).prop_map(move |(from, n)| {
            let n = i64::try_from(n).expect("small");
            let level =
                |i| format!("{{\"px\":\"{}.5\",\"sz\":\"0.25\",\"n\":{}}}", from + step * i, i + 1);
            (0..n).map(level).collect::<Vec<_>>().join(",")
        })
    };
    let side = |step| {
        prop_oneof![
            4 => ordered(step),
            1 => proptest::collection::vec(level(), 0..3).prop_map(|v| v.join(",")),
        ]
    };
    let tail = prop_oneof![
        Just(""),
        Just(",\"fast\":true"),
        Just(",\"fast\":false"),
        Just(",\"spread\":\"0.1\""),
        Just(",\"fast\":null"),
    ];
    (coin(), integer(), side(-1), side(1), tail).prop_map(|(coin, time, bids, asks, tail)| {
        format!("{{\"channel\":\"l2Book\",\"data\":{{\"coin\":\"{coin}\",\"time\":{time},\"levels\":[[{bids}],[{asks}]]{tail}}}}}")
    })
}

fn bbo() -> impl Strategy<Value = String> {
    let side = || prop_oneof![6 => level(), 1 => Just("null".to_string())];
    (coin(), integer(), side(), side()).prop_map(|(coin, time, bid, ask)| {
        format!("{{\"channel\":\"bbo\",\"data\":{{\"coin\":\"{coin}\",\"time\":{time},\"bbo\":[{bid},{ask}]}}}}")
    })
}

fn message() -> impl Strategy<Value = String> {
    prop_oneof![trades(), book(), bbo()]
}

#[derive(Clone, Debug)]
enum Damage {
    Replace(u8),
    Insert(u8),
    Remove,
    Repeat(usize),
    Cut,
    Blank,
}

fn damage() -> impl Strategy<Value = (prop::sample::Index, Damage)> {
    let byte = || {
        prop_oneof![
            prop::sample::select(b"{}[]:,\"\\ \n0123456789.-+eEnulltruefalseABx".to_vec()),
            any::<u8>(),
        ]
    };
    let kind = prop_oneof![
        byte().prop_map(Damage::Replace),
        byte().prop_map(Damage::Insert),
        Just(Damage::Remove),
        (1usize..40).prop_map(Damage::Repeat),
        Just(Damage::Cut),
        Just(Damage::Blank),
    ];
    (any::<prop::sample::Index>(), kind)
}

fn apply(text: &mut Vec<u8>, at: prop::sample::Index, damage: &Damage) {
    if text.is_empty() {
        return;
    }
    let at = at.index(text.len());
    match *damage {
        Damage::Replace(byte) => text[at] = byte,
        Damage::Insert(byte) => text.insert(at, byte),
        Damage::Remove => {
            text.remove(at);
        }
        Damage::Repeat(n) => {
            let again = text[at..(at + n).min(text.len())].to_vec();
            text.splice(at..at, again);
        }
        Damage::Cut => text.truncate(at),
        Damage::Blank => text.insert(at, b' '),
    }
}

/// Runs `test` on `cases` messages of a strategy, with one pair of decoders for all of them.
fn run<S: Strategy>(cases: u32, strategy: &S, mut test: impl FnMut(&mut Pair, S::Value)) -> Pair {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut pair = Pair::new();
    for _ in 0..cases {
        let value = strategy.new_tree(&mut runner).expect("a value").current();
        test(&mut pair, value);
    }
    pair
}

#[test]
fn both_parsers_and_serde_json_read_the_same_from_wire_shaped_messages() {
    let mut accepted = 0;
    let pair = run(8_000, &message(), |pair, text| {
        let said = pair.judge(text.as_bytes());
        accepted += u64::from(matches!(said, Said::Trades(..) | Said::Book(..) | Said::Bbo(..)));
    });
    // Enough of everything: accepted, scanned, handed over, rejected.
    assert!(accepted > 4_000, "{accepted} accepted");
    assert!(pair.scanned > 2_800 && pair.scanned < accepted, "{} scanned", pair.scanned);
}

#[test]
fn both_parsers_say_the_same_of_damaged_messages() {
    let damaged = (message(), proptest::collection::vec(damage(), 1..3));
    let (mut accepted, mut rejected) = (0, 0);
    let pair = run(12_000, &damaged, |pair, (text, damages)| {
        let mut text = text.into_bytes();
        for (at, damage) in &damages {
            apply(&mut text, *at, damage);
        }
        // Nothing is accepted that is not JSON, not even in what is skipped.
        let turned_away = matches!(pair.judge(&text), Said::Rejected(_));
        rejected += u32::from(turned_away);
        accepted += u32::from(!turned_away);
    });
    assert!(rejected > 3_000 && accepted > 600, "{rejected} rejected, {accepted} accepted");
    assert!(pair.scanned > 130, "{} scanned", pair.scanned);
}

#[test]
fn both_parsers_say_the_same_of_every_single_byte_damage() {
    let mut pair = Pair::new();
    let messages = [
        wire_bbo("BTC", 1_791_480_444_656, "80459.0", "80460.0"),
        wire_trades(&[wire_trade(
            "BTC",
            'A',
            "80600.0",
            "0.16",
            1_791_480_516_231,
            717_978_735_161_105,
        )]),
        wire_book("BTC", 1, 2, ",\"fast\":true"),
    ];
    for message in messages {
        let text = message.into_bytes();
        assert!(!matches!(pair.says(&text), Said::Rejected(_)));
        for at in 0..text.len() {
            let mut damaged = text.clone();
            for byte in 0..=255 {
                damaged[at] = byte;
                let said = pair.says(&damaged);
                if matches!(said, Said::Trades(..) | Said::Book(..) | Said::Bbo(..)) {
                    assert!(serde_json::from_slice::<Value>(&damaged).is_ok());
                }
            }
        }
    }
    assert!(pair.scanned > 1_000);
}

#[test]
fn arbitrary_bytes_have_a_named_outcome() {
    let bytes = proptest::collection::vec(any::<u8>(), 0..200);
    run(5_000, &bytes, |pair, bytes| {
        assert!(matches!(pair.says(&bytes), Said::Rejected(_) | Said::Plain(Decoded::Greeting)));
    });
}

#[test]
fn a_scanner_that_skipped_unread_text_unchecked_would_be_caught() {
    // The control of the above: such damage exists, is JSON damage, and must not be accepted.
    let text = buys("BTC", [(1, 1)]);
    let mut pair = Pair::new();
    for (from, to) in
        [("0xc5f5fba3", "0xc5f5\"ba3"), ("cbf2c99", "cbf2c\\9"), ("0x6e8b", "0x6e\n8")]
    {
        assert!(text.contains(from));
        let said = pair.says(text.replacen(from, to, 1).as_bytes());
        assert_eq!(said, Said::Rejected(Reject::NotJson), "{from} to {to}");
    }
    assert_eq!(pair.scanned, 0);
}
