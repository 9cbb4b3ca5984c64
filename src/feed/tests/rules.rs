//! The venue's facts and the rules drawn from them, one test each, on both parsers.
//!
//! Not here because they are not the feed's: that post-only orders and cancels come before takers
//! in a block, that trades apply to the book before their block, and what the recorder writes.

use super::*;

#[test]
fn fact_01_fast_and_full_books_are_two_streams_that_their_flag_distinguishes() {
    for parser in PARSERS {
        let mut rig = Rig::up(parser);
        let fast = |out: Out| match out {
            Out::Book(BTC, book) => (book.fast, book.bids.len(), book.asks.len()),
            other => panic!("{other:?}"),
        };
        assert_eq!(fast(rig.get(1, wire_book("BTC", 1, 5, ",\"fast\":true"))), (true, 5, 5));
        assert_eq!(fast(rig.get(2, wire_book("BTC", 1, 20, ",\"fast\":false"))), (false, 20, 20));
        assert_eq!(fast(rig.get(3, wire_book("BTC", 1, 20, ""))), (false, 20, 20));
        let ages = rig.feed.ages(BTC, Ns(3));
        assert_eq!((ages.fast_ns, ages.slow_ns), (Some(2), Some(0)));
        let sent = rig.sends(4);
        assert!(sent.iter().any(|s| s.contains("l2Book") && s.contains("\"fast\":true")));
        assert!(sent.iter().any(|s| s.contains("l2Book") && !s.contains("fast")));
    }
}

#[test]
fn fact_02_the_first_trades_of_a_coin_on_a_socket_are_history_whatever_their_number() {
    for parser in PARSERS {
        for n in [1u8, 3, 29, 30, 31] {
            let mut rig = Rig::up(parser);
            let keys: Vec<_> = (0..n).map(|i| (i64::from(i), u64::from(i))).collect();
            let out = rig.get(1, buys("BTC", keys.clone()));
            assert_eq!(out, Out::History(BTC, bought(keys), Joint::First));
            // Another coin's first message is a history of its own.
            let out = rig.get(2, buys("ETH", [(1, 1)]));
            assert_eq!(out, Out::History(ETH, bought([(1, 1)]), Joint::First));
            // Thirty trades after the first message are live.
            let live: Vec<_> = (0..30).map(|i| (5_000, 100 + i)).collect();
            let out = rig.get(3, buys("BTC", live.clone()));
            assert_eq!(out, Out::Trades(BTC, bought(live)));
        }
    }
}

#[test]
fn fact_02_an_empty_history_is_of_the_coin_acknowledged_first() {
    for parser in PARSERS {
        let empty = "{\"channel\":\"trades\",\"data\":[]}";
        let mut rig = Rig::up(parser);
        rig.get(1, trades_ack("ETH"));
        rig.get(2, trades_ack("BTC"));
        assert_eq!(rig.get(3, empty), Out::History(ETH, vec![], Joint::First));
        assert_eq!(rig.get(4, empty), Out::History(BTC, vec![], Joint::First));
        assert_eq!(rig.get(5, empty), Out::Quiet(Decoded::EmptyTrades));
        let live = rig.get(6, buys("ETH", [(1, 1)]));
        assert_eq!(live, Out::Trades(ETH, bought([(1, 1)])));
    }
}

#[test]
fn fact_03_a_print_is_known_by_coin_time_and_tid() {
    for parser in PARSERS {
        let mut rig = Rig::up(parser);
        rig.get(1, buys("BTC", []));
        rig.get(1, buys("BTC", [(1, 7)]));
        rig.get(1, buys("ETH", [(9, 9)]));
        assert_eq!(rig.get(2, buys("BTC", [(1, 7)])), Out::Trades(BTC, vec![]));
        assert_eq!(rig.get(3, buys("BTC", [(2, 7)])), Out::Trades(BTC, bought([(2, 7)])));
        assert_eq!(rig.get(4, buys("ETH", [(1, 7)])), Out::Trades(ETH, bought([(1, 7)])));
        // A repetition within one message, and ids that go down, are nothing special.
        let out = rig.get(5, buys("BTC", [(3, 6), (3, 5), (3, 6)]));
        assert_eq!(out, Out::Trades(BTC, bought([(3, 6), (3, 5)])));
        assert_eq!(rig.feed.counters().duplicates, 2);
    }
}

#[test]
fn fact_04_prints_stay_in_match_order() {
    for parser in PARSERS {
        let mut rig = Rig::up(parser);
        rig.get(1, buys("BTC", [(1, 1)]));
        let keys = [(5, 900), (5, 3), (5, 1 << 49), (5, 42)];
        assert_eq!(rig.get(2, buys("BTC", keys)), Out::Trades(BTC, bought(keys)));
    }
}

#[test]
fn fact_05_the_side_is_the_aggressors() {
    for parser in PARSERS {
        let mut rig = Rig::up(parser);
        let message = wire_trades(&[
            wire_trade("BTC", 'B', "80460.0", "0.16", 1, 1),
            wire_trade("BTC", 'A', "80459.0", "0.17", 1, 2),
        ]);
        let Out::History(BTC, prints, _) = rig.get(1, message) else {
            panic!("a history");
        };
        assert_eq!(prints[0].aggressor, Side::Buy, "B: a taker bought");
        assert_eq!(prints[1].aggressor, Side::Sell, "A: a taker sold");
    }
}

#[test]
fn fact_06_time_is_the_block_time_in_milliseconds() {
    for parser in PARSERS {
        let ms = 1_791_480_516_231;
        let now = ms * Ns::MS;
        let mut rig = Rig::up(parser);
        let Out::History(_, prints, _) = rig.get(now + 1, buys("BTC", [(ms, 1)])) else {
            panic!("a history");
        };
        assert_eq!(prints[0].time, Ns(1_791_480_516_231_000_000));
        let Out::Bbo(_, bbo) = rig.get(now + 2, wire_bbo("BTC", ms, "1.0", "2.0")) else {
            panic!("a best bid and offer");
        };
        assert_eq!(bbo.time, prints[0].time, "all streams of a block carry its time");
        let Out::Book(_, book) = rig.get(now + 3, wire_book("BTC", ms, 1, "")) else {
            panic!("a book");
        };
        assert_eq!(book.time, prints[0].time);
    }
}

#[test]
fn fact_07_messages_of_a_block_pass_in_the_order_of_arrival() {
    for parser in PARSERS {
        let mut rig = Rig::up(parser);
        rig.get(0, buys("BTC", [(1, 1)]));
        assert!(matches!(rig.get(1, wire_bbo("BTC", 5, "1.0", "2.0")), Out::Bbo(..)));
        assert!(matches!(rig.get(1, buys("BTC", [(5, 2)])), Out::Trades(..)));
        assert!(matches!(rig.get(1, wire_book("BTC", 5, 5, "")), Out::Book(..)));
    }
}

#[test]
fn fact_08_a_block_cut_by_the_history_comes_again_in_full_and_counts_once() {
    for parser in PARSERS {
        let mut rig = Rig::up(parser);
        let block = |r: std::ops::Range<u64>| r.map(|tid| (500, tid)).collect::<Vec<_>>();
        rig.get(1, buys("BTC", block(0..30)));
        let out = rig.get(2, buys("BTC", block(0..121)));
        assert_eq!(out, Out::Trades(BTC, bought(block(30..121))));
        // A live message that is nothing but repetition is an event without news.
        assert_eq!(rig.get(3, buys("BTC", block(5..6))), Out::Trades(BTC, vec![]));
    }
}

#[test]
fn fact_09_overlap_after_a_reconnect_proves_continuity_and_its_absence_is_a_gap() {
    for parser in PARSERS {
        let keys = |r: std::ops::Range<u64>| {
            r.map(|i| (1_000 + 10 * i64::try_from(i).expect("small"), i)).collect::<Vec<_>>()
        };
        let mut rig = Rig::up(parser);
        rig.get(1, buys("BTC", keys(0..30)));
        rig.feed.disconnected(0, Ns(2), Loss::Lost);
        rig.feed.connected(0, Ns(3));
        let joint = Joint::Contiguous { recovered: 12 };
        let out = rig.get(4, buys("BTC", keys(12..42)));
        assert_eq!(out, Out::History(BTC, bought(keys(30..42)), joint));
        rig.feed.disconnected(0, Ns(5), Loss::Lost);
        rig.feed.connected(0, Ns(6));
        let joint = Joint::Gap { from: Ns::from_ms(1_410), to: Ns::from_ms(1_500) };
        let out = rig.get(7, buys("BTC", keys(50..80)));
        assert_eq!(out, Out::History(BTC, bought(keys(50..80)), joint));
        let c = rig.feed.counters();
        assert_eq!((c.histories, c.contiguous, c.gaps), (3, 1, 1));
    }
}

#[test]
fn rule_2_prints_too_old_to_be_live_are_history_without_an_acknowledgement() {
    for parser in PARSERS {
        let mut rig = Rig::up(parser);
        rig.get(1, buys("BTC", [(1_000, 1)]));
        rig.get(2, wire_bbo("BTC", 10_000, "1.0", "2.0"));
        // As late as any live print that was ever seen, and three blocks in one message.
        let live = buys("BTC", [(8_000, 2), (9_000, 3), (10_000, 4)]);
        assert!(matches!(rig.get(3, live), Out::Trades(BTC, _)));
        // A stream that is late, by however much.
        assert!(matches!(rig.get(4, buys("BTC", [(2_999, 5), (3_000, 6)])), Out::Trades(BTC, _)));
        // Older than the state shown, and as many as a history has: the recorder subscribed again.
        let keys: Vec<_> = (100..130).map(|tid| (7_999, tid)).collect();
        assert!(matches!(rig.get(4, buys("BTC", keys[1..].to_vec())), Out::Trades(BTC, _)));
        let old = rig.get(4, buys("BTC", keys.clone()));
        let joint = Joint::Contiguous { recovered: 1 };
        assert_eq!(old, Out::History(BTC, bought(keys[..1].iter().copied()), joint));
        // Before any state came: prints that span more than a live message does.
        let joint = Joint::Contiguous { recovered: 2 };
        let keys = [(10_000, 4), (11_000, 7), (12_001, 8)];
        let out = rig.get(5, buys("BTC", keys));
        assert_eq!(out, Out::History(BTC, bought(keys[1..].iter().copied()), joint));
        // One state that is dated ahead makes no history of all that follows.
        rig.get(6, wire_bbo("BTC", 900_000, "1.0", "2.0"));
        rig.get(7, wire_bbo("BTC", 12_100, "1.0", "2.0"));
        assert!(matches!(rig.get(8, buys("BTC", [(12_100, 9)])), Out::Trades(BTC, _)));
        let c = rig.feed.counters();
        assert_eq!((c.histories, c.unannounced, c.contiguous, c.gaps), (3, 2, 2, 0));
    }
}

#[test]
fn a_book_put_together_by_figures_is_another_stream() {
    for parser in PARSERS {
        let mut rig = Rig::up(parser);
        let book = wire_book("BTC", 1_000, 2, "");
        let with = |tail: &str| book.replace("]]}}", &format!("]],{tail}}}}}"));
        assert!(matches!(rig.get(1, &book), Out::Book(BTC, _)));
        let out = rig.get(2, with("\"spread\":\"10.0\""));
        assert_eq!(out, Out::Quiet(Decoded::Aggregated));
        assert!(matches!(rig.get(3, with("\"spread\":null")), Out::Book(BTC, _)));
        let c = rig.feed.counters();
        assert_eq!((c.aggregated, c.slow_books, c.rejects()), (1, 2, 0));
    }
}

#[test]
fn fact_10_names_are_checked_before_they_are_subscribed() {
    let universe = meta::parse(br#"{"universe":[{"szDecimals":5,"name":"BTC"}]}"#).expect("a list");
    assert!(universe.find("BTC").is_ok());
    assert!(matches!(universe.find("BTCC"), Err(meta::Unlisted::Unknown { .. })));
    // What slips through is set aside after three lost links (see `plan`).
    let mut rig = Rig::new(Parser::Scanner);
    for _ in 0..5 {
        rig.feed.connected(0, Ns(0));
        for text in rig.sends(0) {
            if text.contains("ETH") {
                break;
            }
            let coin = "{\"type\":\"bbo\",\"coin\":\"BTC\"}";
            rig.get(1, ack(coin));
        }
        rig.get(1, wire_book("BTC", 1, 1, ""));
        rig.get(1, wire_book("BTC", 1, 1, ",\"fast\":true"));
        rig.get(1, trades_ack("BTC"));
        rig.get(1, ack("{\"type\":\"activeAssetCtx\",\"coin\":\"BTC\"}"));
        rig.feed.disconnected(0, Ns(2), Loss::Lost);
    }
    assert!(rig.feed.set_aside(ETH) && !rig.feed.set_aside(BTC));
}

#[test]
fn fact_11_silence_is_pinged_long_before_the_venue_closes() {
    let mut rig = Rig::up(Parser::Scanner);
    rig.answer_all(0);
    let s = Ns::SEC;
    assert!(rig.sends(5 * s - 1).is_empty());
    assert_eq!(rig.sends(5 * s), ["{\"method\":\"ping\"}"]);
    assert!(rig.sends(5 * s).is_empty(), "once");
    assert_eq!(rig.get(5 * s + 7, "{\"channel\":\"pong\"}"), Out::Quiet(Decoded::Pong));
    assert_eq!(rig.feed.rtt_ns(), Some(7));
    assert_eq!(rig.feed.tick(0, Ns(15 * s)), Verdict::Keep, "a pong keeps the link");
    // A talking link is pinged twice a minute for its round trip.
    for i in 11..=120 {
        rig.get(i * s / 2, wire_bbo("BTC", 1, "1.0", "2.0"));
        let sent = rig.sends(i * s / 2);
        assert_eq!(!sent.is_empty(), i == 70, "at {} s", i / 2);
    }
}

#[test]
fn fact_12_prices_and_sizes_are_decimal_strings_and_counts_are_integers() {
    for parser in PARSERS {
        let mut rig = Rig::up(parser);
        let with = |px: &str, sz: &str| wire_trades(&[wire_trade("BTC", 'B', px, sz, 1, 1)]);
        let Out::History(_, prints, _) = rig.get(1, with("0.00000008", "105055")) else {
            panic!("a history");
        };
        assert_eq!((prints[0].px, prints[0].sz), (Px(8), Sz(10_505_500_000_000)));
        let grammar = Out::Rejected(Reject::NumberGrammar);
        assert_eq!(rig.get(2, with("1e5", "1.0")), grammar);
        let number = with("1.0", "1.0").replace("\"px\":\"1.0\"", "\"px\":1.0");
        assert_eq!(rig.get(3, number), Out::Rejected(Reject::WrongType));
        let text = buys("BTC", [(1, 1)]).replace("\"tid\":1", "\"tid\":\"1\"");
        assert_eq!(rig.get(4, text), Out::Rejected(Reject::WrongType));
        let float = buys("BTC", [(1, 1)]).replace("\"time\":1", "\"time\":1.5");
        assert_eq!(rig.get(5, float), Out::Rejected(Reject::WrongType));
    }
}

#[test]
fn fact_14_the_block_cadence_is_measured_not_assumed() {
    let mut rig = Rig::up(Parser::Scanner);
    for i in 0..200 {
        rig.get(i * 81 * Ns::MS, wire_bbo("BTC", i, "1.0", "2.0"));
    }
    assert_eq!(rig.feed.cadence(BTC, Stream::Bbo).mean_ns, 81 * Ns::MS);
}

#[test]
fn rule_1_subscriptions_go_out_in_order_paced_and_have_15_s_to_be_answered() {
    let mut rig = Rig::new(Parser::Scanner);
    assert!(rig.sends(0).is_empty(), "not before the link is open");
    rig.feed.connected(0, Ns(0));
    let sent = rig.sends(0);
    assert_eq!(sent.len(), 10);
    let kinds = ["\"bbo\"", "\"fast\":true", "\"l2Book\"", "\"trades\"", "\"activeAssetCtx\""];
    for (text, (coin, kind)) in
        sent.iter().zip(["BTC", "ETH"].into_iter().flat_map(|c| kinds.map(|k| (c, k))))
    {
        assert!(text.contains(coin) && text.contains(kind), "{text}");
    }
    rig.get(1, ack("{\"type\":\"trades\",\"coin\":\"BTC\"}"));
    let mut now = 0;
    while now < 15 * Ns::SEC {
        now += Ns::SEC;
        rig.get(now, wire_bbo("BTC", 1, "1.0", "2.0"));
        assert_eq!(rig.feed.tick(0, Ns(now)), Verdict::Keep);
    }
    assert_eq!(rig.feed.tick(0, Ns(15 * Ns::SEC + 1)), Verdict::Close(Close::NoAck));
}

#[test]
fn rule_1_the_echo_reorders_keys_and_fills_in_options() {
    for parser in PARSERS {
        let mut rig = Rig::up(parser);
        rig.sends(0);
        let echoes = [
            "{\"coin\":\"BTC\",\"type\":\"bbo\"}",
            "{\"type\":\"l2Book\",\"coin\":\"BTC\",\"nSigFigs\":null,\"mantissa\":null,\"fast\":true}",
            "{\"fast\":false,\"mantissa\":null,\"coin\":\"BTC\",\"nSigFigs\":null,\"type\":\"l2Book\"}",
            "{\"type\":\"trades\",\"coin\":\"BTC\",\"dex\":\"\"}",
            "{\"type\":\"activeAssetCtx\",\"coin\":\"BTC\"}",
        ];
        for echo in echoes {
            rig.get(1, ack(echo));
            rig.get(1, ack(&echo.replace("BTC", "ETH")));
        }
        // Keep data and messages coming: only a missing answer could close the link now.
        let late = 16 * Ns::SEC;
        rig.get(late, wire_bbo("BTC", 1, "1.0", "2.0"));
        assert_eq!(rig.feed.tick(0, Ns(late)), Verdict::Keep);
        // An echo that answers something else does not stand for ours.
        let mut rig = Rig::up(parser);
        rig.sends(0);
        rig.get(1, ack("{\"type\":\"trades\",\"coin\":\"DOGE\"}"));
        rig.get(1, ack("{\"type\":\"allMids\"}"));
        rig.get(late, wire_bbo("BTC", 1, "1.0", "2.0"));
        assert_eq!(rig.feed.tick(0, Ns(late)), Verdict::Close(Close::NoAck));
    }
}

#[test]
fn rule_1_already_subscribed_is_as_good_as_an_answer() {
    let mut rig = Rig::up(Parser::Scanner);
    for text in rig.sends(0) {
        let subscription = text
            .strip_prefix("{\"method\":\"subscribe\",\"subscription\":")
            .and_then(|t| t.strip_suffix('}'))
            .expect("a subscription");
        let quoted = subscription.replace('"', "\\\"");
        let error = format!("{{\"channel\":\"error\",\"data\":\"Already subscribed: {quoted}\"}}");
        let want = Out::Error(VenueError::AlreadySubscribed);
        assert_eq!(rig.get(1, error), want);
    }
    let late = 16 * Ns::SEC;
    rig.get(late, wire_bbo("BTC", 1, "1.0", "2.0"));
    assert_eq!(rig.feed.tick(0, Ns(late)), Verdict::Keep);
}

#[test]
fn rule_2_history_is_never_an_event_of_live_trades() {
    // Over many connections: exactly one history per connection and coin, and it comes first.
    let mut rig = Rig::new(Parser::Scanner);
    let mut tid = 0;
    for connection in 0..20 {
        rig.feed.connected(0, Ns(connection));
        for coin in ["BTC", "ETH"] {
            for message in 0..4 {
                tid += 1;
                let out = rig.get(connection, buys(coin, [(i64::try_from(tid).expect("i"), tid)]));
                assert_eq!(matches!(out, Out::History(..)), message == 0);
            }
        }
        rig.feed.disconnected(0, Ns(connection), Loss::Lost);
    }
    assert_eq!(rig.feed.counters().histories, 40);
}

#[test]
fn rule_3_the_window_holds_at_least_4096_prints_and_drops_what_is_older() {
    const { assert!(crate::limits::SEEN_MAX >= 4096) };
    let mut rig = Rig::up(Parser::Scanner);
    let key = |i: u64| (i64::try_from(i).expect("small"), i);
    for i in 0..10_000 {
        rig.get(1, buys("BTC", [key(i)]));
    }
    let recent = 10_000 - crate::limits::SEEN_MAX as u64;
    assert_eq!(rig.get(2, buys("BTC", [key(recent)])), Out::Trades(BTC, vec![]));
    assert_eq!(rig.feed.counters().duplicates, 1);
    assert_eq!(rig.get(2, buys("BTC", [key(recent - 1)])), Out::Trades(BTC, vec![]));
    assert_eq!(rig.get(2, buys("BTC", [key(0)])), Out::Trades(BTC, vec![]));
    assert_eq!(rig.feed.counters().too_old, 2, "not new, though forgotten");
}

#[test]
fn rule_4_streams_go_stale_by_their_own_limits_and_trades_never() {
    let mut rig = Rig::up(Parser::Scanner);
    rig.answer_all(0);
    assert_eq!(rig.feed.stale(BTC, Ns(0)), Stale::default(), "nothing has come yet");
    rig.get(0, wire_bbo("BTC", 1, "1.0", "2.0"));
    rig.get(0, wire_book("BTC", 1, 5, ",\"fast\":true"));
    rig.get(0, wire_book("BTC", 1, 20, ""));
    rig.get(0, "{\"channel\":\"activeAssetCtx\",\"data\":{\"coin\":\"BTC\",\"ctx\":{\"funding\":\"0.0000125\",\"oraclePx\":\"1.0\"}}}");
    let at = |s: i64, extra: i64| rig.feed.stale(BTC, Ns(s * Ns::SEC + extra));
    assert_eq!(at(2, 0), Stale::default());
    assert_eq!(at(2, 1), Stale { bbo: true, fast: true, ..Stale::default() });
    assert_eq!(at(5, 1), Stale { bbo: true, fast: true, ctx: true, ..Stale::default() });
    assert_eq!(at(10, 1), Stale { bbo: true, fast: true, ctx: true, any: true, slow: false });
    assert!(at(15, 1).slow);
    assert_eq!(rig.feed.ages(BTC, Ns(9)).any_ns, Some(9));
    assert_eq!(rig.feed.tick(0, Ns(10 * Ns::SEC)), Verdict::Keep);
    assert_eq!(rig.feed.tick(0, Ns(10 * Ns::SEC + 1)), Verdict::Close(Close::Silent));
    rig.feed.disconnected(0, Ns(11 * Ns::SEC), Loss::Lost);
    let all = Stale { bbo: true, fast: true, ctx: true, any: true, slow: true };
    rig.feed.connected(0, Ns(12 * Ns::SEC));
    assert_eq!(rig.feed.stale(BTC, Ns(12 * Ns::SEC)), Stale { any: false, ..all }, "from before");
    // A recording without the fast book and contexts does not call them stale.
    let mut rig = Rig::up(Parser::Scanner);
    rig.get(0, wire_bbo("BTC", 1, "1.0", "2.0"));
    rig.get(0, wire_book("BTC", 1, 20, ""));
    assert_eq!(rig.feed.stale(BTC, Ns(1)), Stale::default());
}

#[test]
fn rule_7_what_must_be_accepted() {
    let accepted = [
        // Any key order, extra keys, blanks.
        "{\"data\":{\"bbo\":[{\"n\":1,\"sz\":\"1\",\"x\":[{}],\"px\":\"1\"},null],\"time\":1,\"coin\":\"BTC\"},\"channel\":\"bbo\"}",
        " { \"channel\" : \"bbo\" , \"data\" : { \"coin\" : \"BTC\" , \"time\" : 1 , \"bbo\" : [ null , null ] } } \n",
        "{\"channel\":\"\\u0062bo\",\"data\":{\"coin\":\"\\u0042TC\",\"time\":1,\"bbo\":[]}}",
        "{\"channel\":\"bbo\",\"seq\":5,\"data\":{\"coin\":\"BTC\",\"time\":1,\"bbo\":[null,null],\"new\":{\"a\":[1,2.5e3]}}}",
        // Null sides, one-element and empty arrays.
        "{\"channel\":\"bbo\",\"data\":{\"coin\":\"BTC\",\"time\":1,\"bbo\":[null,null]}}",
        "{\"channel\":\"bbo\",\"data\":{\"coin\":\"BTC\",\"time\":1,\"bbo\":[{\"px\":\"1.0\",\"sz\":\"1.0\",\"n\":1},null]}}",
        "{\"channel\":\"bbo\",\"data\":{\"coin\":\"BTC\",\"time\":1,\"bbo\":[{\"px\":\"1.0\",\"sz\":\"1.0\",\"n\":1}]}}",
        "{\"channel\":\"l2Book\",\"data\":{\"coin\":\"BTC\",\"time\":1,\"levels\":[[],[]]}}",
        "{\"channel\":\"l2Book\",\"data\":{\"coin\":\"BTC\",\"time\":1,\"levels\":[]}}",
        "{\"channel\":\"l2Book\",\"data\":{\"coin\":\"BTC\",\"time\":1,\"levels\":[null,[]],\"spread\":null,\"fast\":null}}",
        "{\"channel\":\"l2Book\",\"data\":{\"coin\":\"BTC\",\"time\":1,\"levels\":[[{\"px\":\"1.0\",\"sz\":\"1.0\"}],[]]}}",
        // Ten decimals and twenty-four digits, as long as none beyond the eighth matters.
        "{\"channel\":\"bbo\",\"data\":{\"coin\":\"BTC\",\"time\":1,\"bbo\":[{\"px\":\"0000000000001.0000000000\",\"sz\":\"1\",\"n\":1}]}}",
        // Trades without users, hash, or with a null hash.
        "{\"channel\":\"trades\",\"data\":[{\"coin\":\"BTC\",\"side\":\"B\",\"px\":\"1.0\",\"sz\":\"1.0\",\"time\":1,\"tid\":1}]}",
        "{\"channel\":\"trades\",\"data\":[{\"coin\":\"BTC\",\"side\":\"B\",\"px\":\"1.0\",\"sz\":\"1.0\",\"time\":1,\"tid\":1,\"hash\":null,\"users\":null}]}",
        "{\"channel\":\"activeAssetCtx\",\"data\":{\"coin\":\"BTC\",\"ctx\":{\"funding\":\"-0.00000785671234\",\"premium\":null,\"midPx\":null,\"impactPxs\":null,\"oraclePx\":\"80491.9\",\"dayNtlVlm\":\"4490636699.3287734985\"}}}",
    ];
    for parser in PARSERS {
        for text in accepted {
            let out = Rig::up(parser).get(1, text);
            let event = matches!(
                out,
                Out::Bbo(BTC, _) | Out::Book(BTC, _) | Out::History(BTC, ..) | Out::Ctx(BTC, _)
            );
            assert!(event, "{text}: {out:?}");
        }
    }
}

#[test]
fn rule_7_what_is_quietly_counted() {
    let quiet = [
        ("Websocket connection established.", Out::Quiet(Decoded::Greeting)),
        ("{\"channel\":\"pong\"}", Out::Quiet(Decoded::Pong)),
        ("{\"channel\":\"pong\",\"data\":null}", Out::Quiet(Decoded::Pong)),
        (
            "{\"channel\":\"allMids\",\"data\":{\"mids\":{\"BTC\":\"1.0\"}}}",
            Out::Quiet(Decoded::Unknown),
        ),
        ("{\"channel\":\"fastAssetCtxs\",\"data\":\"q1bKz0nR...\"}", Out::Quiet(Decoded::Unknown)),
        ("{\"channel\":\"papermaker\",\"data\":{\"event\":\"up\"}}", Out::Quiet(Decoded::Unknown)),
        ("{\"channel\":\"user\"}", Out::Quiet(Decoded::Unknown)),
        (
            "{\"channel\":\"bbo\",\"data\":{\"coin\":\"DOGE\",\"time\":1,\"bbo\":[null,null]}}",
            Out::Quiet(Decoded::Foreign),
        ),
        (
            "{\"channel\":\"error\",\"data\":\"Already unsubscribed: {\\\"type\\\":\\\"l2Book\\\"}\"}",
            Out::Error(VenueError::AlreadyUnsubscribed),
        ),
        (
            "{\"channel\":\"error\",\"data\":\"Error parsing JSON into valid websocket request: not json\"}",
            Out::Error(VenueError::BadRequest),
        ),
        (
            "{\"channel\":\"error\",\"data\":\"Cannot open more than 15 connections\"}",
            Out::Error(VenueError::Refused),
        ),
        ("{\"channel\":\"error\",\"data\":\"\"}", Out::Error(VenueError::Other)),
        ("{\"channel\":\"error\",\"data\":\"\\\"coin\\\":\\\"\"}", Out::Error(VenueError::Other)),
    ];
    for parser in PARSERS {
        for (text, want) in &quiet {
            let mut rig = Rig::up(parser);
            assert_eq!(rig.get(1, *text), *want, "{text}");
            let c = rig.feed.counters();
            let counted = [c.greetings, c.pongs, c.unknown, c.foreign, c.venue_errors];
            assert_eq!(counted.iter().sum::<u64>(), 1, "{text}");
            assert_eq!((c.messages, c.rejects()), (1, 0));
        }
    }
}

#[test]
fn rule_7_the_first_book_comes_twice_and_does_no_harm() {
    for parser in PARSERS {
        let mut rig = Rig::up(parser);
        let first = rig.get(1, wire_book("BTC", 7, 20, ""));
        assert_eq!(rig.get(1, wire_book("BTC", 7, 20, "")), first);
        assert_eq!(rig.feed.counters().slow_books, 2);
    }
}

#[test]
fn rule_7_crossed_and_locked_quotes_pass_to_the_book_that_judges_them() {
    for parser in PARSERS {
        let mut rig = Rig::up(parser);
        assert!(matches!(rig.get(1, wire_bbo("BTC", 1, "2.0", "1.0")), Out::Bbo(..)));
        assert!(matches!(rig.get(1, wire_bbo("BTC", 1, "2.0", "2.0")), Out::Bbo(..)));
    }
}

#[test]
fn rule_9_cadence_is_measured_per_stream() {
    let mut rig = Rig::up(Parser::Scanner);
    for i in 0..100 {
        rig.get(i * 540 * Ns::MS, wire_book("BTC", i, 5, ",\"fast\":true"));
        if i % 10 == 0 {
            rig.get(i * 540 * Ns::MS, wire_book("BTC", i, 20, ""));
        }
    }
    assert_eq!(rig.feed.cadence(BTC, Stream::Fast).mean_ns, 540 * Ns::MS);
    assert_eq!(rig.feed.cadence(BTC, Stream::Slow).mean_ns, 5_400 * Ns::MS);
    assert_eq!(rig.feed.cadence(BTC, Stream::Bbo), Cadence::default());
    assert_eq!(rig.feed.cadence(ETH, Stream::Fast), Cadence::default());
}
