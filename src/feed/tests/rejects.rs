//! What is turned away, and under which name. Every reason has its rows; both parsers agree.

use super::*;
use crate::limits::{JSON_DEPTH_MAX, LEVELS_MAX, MESSAGE_MAX, PRINTS_MAX, TOKENS_MAX};

/// The outcome of one message on a fresh link, the same with both parsers.
fn outcome(message: impl AsRef<[u8]>) -> Out {
    let [a, b] = PARSERS.map(|p| Rig::up(p).get(1, message.as_ref()));
    assert_eq!(a, b);
    a
}

fn rejected(message: impl AsRef<[u8]>) -> Reject {
    match outcome(message.as_ref()) {
        Out::Rejected(reject) => reject,
        other => panic!("{:?}: {other:?}", String::from_utf8_lossy(message.as_ref())),
    }
}

fn bbo(level: &str) -> String {
    format!(
        "{{\"channel\":\"bbo\",\"data\":{{\"coin\":\"BTC\",\"time\":1,\"bbo\":[{level},null]}}}}"
    )
}

fn book(bids: &str, asks: &str) -> String {
    format!(
        "{{\"channel\":\"l2Book\",\"data\":{{\"coin\":\"BTC\",\"time\":1,\"levels\":[{bids},{asks}]}}}}"
    )
}

fn levels(prices: &[&str]) -> String {
    let levels: Vec<_> =
        prices.iter().map(|px| format!("{{\"px\":\"{px}\",\"sz\":\"1.0\",\"n\":1}}")).collect();
    format!("[{}]", levels.join(","))
}

#[test]
fn what_is_not_one_json_text() {
    let good = wire_bbo("BTC", 1, "1.0", "2.0");
    for n in 0..good.len() {
        assert_eq!(rejected(&good[..n]), Reject::NotJson, "cut at {n}");
    }
    for text in [
        "",
        " ",
        "not json",
        "{\"channel\":\"pong\",}",
        "{\"channel\":\"pong\"}}",
        "{\"channel\":\"pong\"}{\"channel\":\"pong\"}",
        "{'channel':'pong'}",
        "{\"channel\":pong}",
        "{\"channel\" \"pong\"}",
        "{\"channel\":\"pong\",\"x\":NaN}",
        "{\"channel\":\"pong\",\"x\":Infinity}",
        "{\"channel\":\"pong\",\"x\":+1}",
        "{\"channel\":\"pong\",\"x\":01}",
        "{\"channel\":\"pong\",\"x\":.5}",
        "{\"channel\":\"pong\",\"x\":5.}",
        "{\"channel\":\"pong\",\"x\":\"\u{1}\"}",
        "{\"channel\":\"pong\",\"x\":\"\\x\"}",
        "{\"channel\":\"pong\",\"x\":\"\\ud800\"}",
        "\u{feff}{\"channel\":\"pong\"}",
        "\0",
    ] {
        assert_eq!(rejected(text), Reject::NotJson, "{text:?}");
    }
}

#[test]
fn what_is_not_utf8() {
    let mut text = wire_bbo("BTC", 1, "1.0", "2.0").into_bytes();
    for bad in [&b"\xff"[..], b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\x80"] {
        text.extend_from_slice(bad);
        assert_eq!(rejected(&text), Reject::NotUtf8);
        text.truncate(text.len() - bad.len());
    }
    let trade = buys("BTC", [(1, 1)]).into_bytes();
    let at = trade.windows(5).position(|w| w == b"0xc5f").expect("a hash") + 10;
    let mut damaged = trade.clone();
    damaged[at] = 0xff;
    assert_eq!(rejected(damaged), Reject::NotUtf8, "in a field nobody needs");
}

#[test]
fn sizes_at_the_limit_and_one_beyond() {
    let padded = |n: usize| {
        let mut text = wire_bbo("BTC", 1, "1.0", "2.0").into_bytes();
        text.resize(n, b' ');
        text
    };
    assert!(matches!(outcome(padded(MESSAGE_MAX)), Out::Bbo(..)));
    assert_eq!(rejected(padded(MESSAGE_MAX + 1)), Reject::TooLarge);
    // Nesting: the message's own two levels and n of brackets.
    let nested =
        |n: usize| format!("{{\"channel\":\"pong\",\"x\":{}{}}}", "[".repeat(n), "]".repeat(n));
    assert_eq!(outcome(nested(JSON_DEPTH_MAX - 1)), Out::Quiet(Decoded::Pong));
    assert_eq!(rejected(nested(JSON_DEPTH_MAX)), Reject::TooDeep);
    assert_eq!(rejected(nested(JSON_DEPTH_MAX + 1)), Reject::TooDeep);
    assert_eq!(rejected("[".repeat(TOKENS_MAX - 200)), Reject::TooDeep);
    assert_eq!(rejected("[".repeat(MESSAGE_MAX)), Reject::TooDense);
}

#[test]
fn the_densest_messages_are_parsed_or_turned_away_before_parsing() {
    let dense = |n: usize| format!("{{\"channel\":\"pong\",\"x\":[0{}]}}", ",0".repeat(n));
    assert_eq!(outcome(dense(TOKENS_MAX / 2 - 100)), Out::Quiet(Decoded::Pong));
    assert_eq!(rejected(dense(TOKENS_MAX / 2)), Reject::TooDense);
    let strings = format!("{{\"channel\":\"pong\",\"x\":[\"\"{}]}}", ",\"\"".repeat(TOKENS_MAX));
    assert_eq!(rejected(strings), Reject::TooDense);
}

#[test]
fn prints_at_the_limit_and_one_beyond() {
    let short = |n: usize| {
        let trades: Vec<_> = (0..n)
            .map(|i| format!("{{\"coin\":\"BTC\",\"side\":\"A\",\"px\":\"1\",\"sz\":\"1\",\"time\":1,\"tid\":{i}}}"))
            .collect();
        wire_trades(&trades)
    };
    let Out::History(BTC, prints, _) = outcome(short(PRINTS_MAX)) else {
        panic!("a history");
    };
    assert_eq!(prints.len(), PRINTS_MAX);
    assert_eq!(rejected(short(PRINTS_MAX + 1)), Reject::TooManyPrints);
    // The largest seen live, as it stands on the wire.
    let Out::History(_, prints, _) = outcome(buys("BTC", (0..185).map(|i| (1, i)))) else {
        panic!("a history");
    };
    assert_eq!(prints.len(), 185);
}

#[test]
fn levels_beyond_the_limit_are_ignored_by_rule() {
    for n in [LEVELS_MAX - 1, LEVELS_MAX, LEVELS_MAX + 1, 1_000] {
        let Out::Book(BTC, book) = outcome(wire_book("BTC", 1, n, "")) else {
            panic!("a book");
        };
        assert_eq!((book.bids.len(), book.asks.len()), (n.min(LEVELS_MAX), n.min(LEVELS_MAX)));
        assert_eq!(book.bids[0].px, Px(9_999_900_000_000));
        assert_eq!(book.asks[0].px, Px(10_000_100_000_000));
    }
    // What is ignored may say anything, as long as it is JSON.
    let mut odd = levels(&["9", "8", "7", "6", "5", "4", "3", "2", "1"]);
    odd.truncate(odd.len() - 1);
    let more: Vec<String> =
        (0..11).map(|i| format!("{{\"px\":\"0.{}\",\"sz\":\"1.0\",\"n\":1}}", 99 - i)).collect();
    let odd = format!("{odd},{},7,{{}},[\"x\"]]", more.join(","));
    let Out::Book(BTC, b) = outcome(book(&odd, "[]")) else {
        panic!("a book");
    };
    assert_eq!(b.bids.len(), LEVELS_MAX);
}

#[test]
fn fields_of_the_wrong_type() {
    for text in [
        "[]",
        "7",
        "\"text\"",
        "null",
        "{\"channel\":7}",
        "{\"channel\":null}",
        "{\"channel\":\"bbo\",\"data\":[]}",
        "{\"channel\":\"bbo\",\"data\":\"q1bK\"}",
        "{\"channel\":\"bbo\",\"data\":null}",
        "{\"channel\":\"trades\",\"data\":{}}",
        "{\"channel\":\"trades\",\"data\":null}",
        "{\"channel\":\"trades\",\"data\":[7]}",
        "{\"channel\":\"error\",\"data\":{}}",
        "{\"channel\":\"bbo\",\"data\":{\"coin\":5}}",
        "{\"channel\":\"bbo\",\"data\":{\"coin\":\"BTC\",\"time\":\"1\"}}",
        "{\"channel\":\"bbo\",\"data\":{\"coin\":\"BTC\",\"time\":1.0}}",
        "{\"channel\":\"bbo\",\"data\":{\"coin\":\"BTC\",\"time\":1e3}}",
        "{\"channel\":\"bbo\",\"data\":{\"coin\":\"BTC\",\"time\":true}}",
        "{\"channel\":\"bbo\",\"data\":{\"coin\":\"BTC\",\"time\":1,\"bbo\":null}}",
        "{\"channel\":\"l2Book\",\"data\":{\"fast\":1}}",
        "{\"channel\":\"subscriptionResponse\",\"data\":7}",
    ] {
        assert_eq!(rejected(text), Reject::WrongType, "{text}");
    }
    for level in [
        "7",
        "[]",
        "{\"px\":1.0,\"sz\":\"1.0\",\"n\":1}",
        "{\"px\":\"1.0\",\"sz\":1,\"n\":1}",
        "{\"px\":\"1.0\",\"sz\":null,\"n\":1}",
        "{\"px\":\"1.0\",\"sz\":\"1.0\",\"n\":\"1\"}",
        "{\"px\":\"1.0\",\"sz\":\"1.0\",\"n\":1.5}",
        "{\"px\":\"1.0\",\"sz\":\"1.0\",\"n\":null}",
    ] {
        assert_eq!(rejected(bbo(level)), Reject::WrongType, "{level}");
        assert_eq!(rejected(book(&format!("[{level}]"), "[]")), Reject::WrongType, "{level}");
    }
}

#[test]
fn fields_that_are_missing_or_stand_twice() {
    let trade = wire_trade("BTC", 'B', "1.0", "1.0", 1, 1);
    for (key, value) in [
        ("coin", "\"BTC\""),
        ("side", "\"B\""),
        ("px", "\"1.0\""),
        ("sz", "\"1.0\""),
        ("time", "1"),
        ("tid", "1"),
    ] {
        let field = format!("\"{key}\":{value}");
        assert!(trade.contains(&field), "{field}");
        let without = trade.replace(&field, "\"y\":0");
        assert_eq!(rejected(wire_trades(&[without])), Reject::MissingField, "{key}");
        let twice = trade.replace(&field, &format!("{field},{field}"));
        assert_eq!(rejected(wire_trades(&[twice])), Reject::DuplicateField, "{key}");
    }
    for text in [
        "{}",
        "{\"data\":{}}",
        "{\"channel\":\"bbo\"}",
        "{\"channel\":\"bbo\",\"data\":{}}",
        "{\"channel\":\"bbo\",\"data\":{\"coin\":\"BTC\",\"time\":1}}",
        "{\"channel\":\"bbo\",\"data\":{\"coin\":\"BTC\",\"bbo\":[]}}",
        "{\"channel\":\"l2Book\",\"data\":{\"coin\":\"BTC\",\"time\":1}}",
        "{\"channel\":\"activeAssetCtx\",\"data\":{\"coin\":\"BTC\"}}",
        "{\"channel\":\"activeAssetCtx\",\"data\":{\"coin\":\"BTC\",\"ctx\":{\"funding\":\"0.0\"}}}",
        "{\"channel\":\"subscriptionResponse\",\"data\":{}}",
        "{\"channel\":\"subscriptionResponse\",\"data\":{\"subscription\":{}}}",
    ] {
        assert_eq!(rejected(text), Reject::MissingField, "{text}");
    }
    assert_eq!(rejected("{\"channel\":\"pong\",\"channel\":\"bbo\"}"), Reject::DuplicateField);
    assert_eq!(rejected("{\"channel\":\"pong\",\"data\":1,\"data\":2}"), Reject::DuplicateField);
    assert_eq!(rejected(bbo("{\"px\":\"1\",\"px\":\"1\"}")), Reject::DuplicateField);
    assert_eq!(outcome("{\"channel\":\"pong\",\"x\":1,\"x\":2}"), Out::Quiet(Decoded::Pong));
}

#[test]
fn numbers_outside_the_grammar_the_scale_or_the_range() {
    for (text, why) in [
        ("1e-05", Reject::NumberGrammar),
        ("NaN", Reject::NumberGrammar),
        ("+1", Reject::NumberGrammar),
        (".5", Reject::NumberGrammar),
        ("5.", Reject::NumberGrammar),
        ("1_000", Reject::NumberGrammar),
        ("0x1", Reject::NumberGrammar),
        ("\u{ff11}", Reject::NumberGrammar),
        ("1.0 ", Reject::NumberGrammar),
        ("", Reject::NumberGrammar),
        ("0.000000001", Reject::NumberTooFine),
        ("92233720368.54775808", Reject::NumberTooLarge),
        ("1000000000000.00000000000", Reject::NumberTooLong),
        ("0.0", Reject::NotPositive),
        ("0", Reject::NotPositive),
        ("-1.0", Reject::NotPositive),
    ] {
        let level = format!("{{\"px\":\"{text}\",\"sz\":\"1.0\",\"n\":1}}");
        assert_eq!(rejected(bbo(&level)), why, "{text}");
        assert_eq!(rejected(book(&format!("[{level}]"), "[]")), why, "{text}");
        let trade = wire_trade("BTC", 'B', "1.0", text, 1, 1);
        assert_eq!(rejected(wire_trades(&[trade])), why, "{text}");
    }
    let ctx = |funding: &str, oracle: &str| {
        format!(
            "{{\"channel\":\"activeAssetCtx\",\"data\":{{\"coin\":\"BTC\",\"ctx\":{{\"funding\":\"{funding}\",\"oraclePx\":\"{oracle}\"}}}}}}"
        )
    };
    assert_eq!(rejected(ctx("1e-5", "1.0")), Reject::NumberGrammar);
    assert_eq!(rejected(ctx("0.0", "0.0")), Reject::NotPositive);
    let Out::Ctx(BTC, c) = outcome(ctx("-0.00001250000000000003", "80491.9")) else {
        panic!("a context");
    };
    assert_eq!((c.funding_e10, c.oracle), (-125_000, Px(8_049_190_000_000)));
}

#[test]
fn integers_out_of_range() {
    let with = |time: &str, tid: &str| {
        let trade = wire_trade("BTC", 'B', "1.0", "1.0", 1, 1);
        wire_trades(&[trade
            .replace("\"time\":1", &format!("\"time\":{time}"))
            .replace("\"tid\":1", &format!("\"tid\":{tid}"))])
    };
    assert_eq!(rejected(with("-1", "1")), Reject::OutOfRange);
    assert_eq!(rejected(with("1", "-1")), Reject::OutOfRange);
    assert_eq!(rejected(with("9223372036854775808", "1")), Reject::OutOfRange);
    assert_eq!(rejected(with("99999999999999999999", "1")), Reject::NotJson, "no 64-bit integer");
    assert_eq!(rejected(with("9223372036854775807", "1")), Reject::OutOfRange, "a far future");
    let Out::History(_, p, _) = outcome(with("1", "18446744073709551615")) else {
        panic!("a history");
    };
    assert_eq!((p[0].time, p[0].tid), (Ns(Ns::MS), u64::MAX));
    let level = |n: &str| bbo(&format!("{{\"px\":\"1\",\"sz\":\"1\",\"n\":{n}}}"));
    assert_eq!(rejected(level("4294967296")), Reject::OutOfRange);
    assert_eq!(rejected(level("-1")), Reject::OutOfRange);
    assert!(matches!(outcome(level("4294967295")), Out::Bbo(..)));
}

#[test]
fn trades_that_do_not_belong_together_or_take_no_side() {
    let trade = |coin, side| wire_trade(coin, side, "1.0", "1.0", 1, 1);
    assert_eq!(rejected(wire_trades(&[trade("BTC", 'C')])), Reject::BadSide);
    assert_eq!(rejected(wire_trades(&[trade("BTC", 'b')])), Reject::BadSide);
    for (a, b) in [("BTC", "ETH"), ("BTC", "DOGE"), ("DOGE", "BTC")] {
        assert_eq!(rejected(wire_trades(&[trade(a, 'A'), trade(b, 'A')])), Reject::MixedCoins);
    }
}

#[test]
fn sides_that_are_not_ordered_or_not_two() {
    for (bids, asks) in [
        (&["1", "2"][..], &[][..]),
        (&["2", "2"], &[]),
        (&[], &["2", "1"]),
        (&[], &["2", "2.0"]),
        (&["3", "2", "1", "2"], &["4"]),
    ] {
        assert_eq!(rejected(book(&levels(bids), &levels(asks))), Reject::UnsortedLevels);
    }
    assert_eq!(rejected(book("[],[]", "[]")), Reject::NotTwoSides);
    assert_eq!(rejected(bbo("null,null")), Reject::NotTwoSides);
}

#[test]
fn a_rejection_changes_nothing_but_its_counter() {
    for parser in PARSERS {
        let mut rig = Rig::up(parser);
        rig.get(1, buys("BTC", [(1, 1)]));
        let half = wire_trades(&[
            wire_trade("BTC", 'B', "1.0", "1.0", 2, 2),
            wire_trade("BTC", 'B', "1.0", "0.0", 2, 3),
        ]);
        assert_eq!(rig.get(2, half), Out::Rejected(Reject::NotPositive));
        let out = rig.get(3, buys("BTC", [(2, 2), (2, 3)]));
        assert_eq!(out, Out::Trades(BTC, bought([(2, 2), (2, 3)])));
        let c = rig.feed.counters();
        assert_eq!(c.rejects(), 1);
        assert_eq!(c.rejected[Reject::NotPositive.index()], 1);
        assert_eq!((c.prints, c.duplicates), (2, 0));
    }
}
