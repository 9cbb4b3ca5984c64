//! The state machine over connections: verdicts, waits, counters, replayed reconnects.

use super::*;
use crate::limits::{REFUSED_FIRST_NS, REJECTS_PER_MIN_MAX, RETRY_FIRST_NS};

const S: i64 = Ns::SEC;

#[test]
fn a_link_that_pongs_but_brings_no_data_is_given_up() {
    let mut rig = Rig::up(Parser::Scanner);
    rig.answer_all(0);
    for s in 1..=30 {
        assert_eq!(rig.feed.tick(0, Ns(s * S)), Verdict::Keep);
        rig.sends(s * S);
        rig.get(s * S, "{\"channel\":\"pong\"}");
    }
    assert_eq!(rig.feed.tick(0, Ns(30 * S + 1)), Verdict::Close(Close::NoData));
}

#[test]
fn a_flood_of_rejections_closes_the_link_and_a_trickle_does_not() {
    let keep = |every: i64| {
        let mut rig = Rig::up(Parser::Scanner);
        rig.answer_all(0);
        for i in 0..=i64::from(REJECTS_PER_MIN_MAX) {
            let now = i * every;
            rig.get(now, wire_bbo("BTC", 1, "1.0", "2.0"));
            rig.get(now, "garbage");
            match rig.feed.tick(0, Ns(now)) {
                Verdict::Keep => {}
                Verdict::Close(close) => return Some((i, close)),
                Verdict::Refused => panic!("nothing was refused"),
            }
        }
        None
    };
    assert_eq!(keep(S / 2), Some((60, Close::Rejects)));
    assert_eq!(keep(2 * S), None);
}

fn refused(rig: &Rig) -> Vec<(CoinId, Stream, String, bool)> {
    let list = rig.feed.refusals().list().iter();
    list.map(|r| (r.coin, r.stream, r.words.to_string(), r.needed)).collect()
}

#[test]
fn an_optional_stream_that_the_venue_refuses_is_given_up_and_the_link_stays() {
    let mut rig = Rig::up(Parser::Scanner);
    rig.sends(0);
    let says = |what: &str| format!("{{\"channel\":\"error\",\"data\":\"{what}\"}}");
    let ctx = "No such stream: {\\\"type\\\":\\\"activeAssetCtx\\\",\\\"coin\\\":\\\"BTC\\\"}";
    for _ in 0..2 {
        rig.get(1, says(ctx));
    }
    rig.get(1, says("Busy"));
    let words = "No such stream: {\"type\":\"activeAssetCtx\",\"coin\":\"BTC\"}".to_owned();
    assert_eq!(refused(&rig), [(BTC, Stream::Ctx, words.clone(), false)]);
    let text = rig.feed.refusals().list()[0].to_string();
    assert!(text.contains("refuses activeAssetCtx") && text.contains("no funding"), "{text}");
    // All but the fast book of BTC and the context of ETH are answered; these are given up in time.
    for (coin, id) in [("BTC", BTC), ("ETH", ETH)] {
        rig.get(2, wire_bbo(coin, 1, "1.0", "2.0"));
        rig.get(2, trades_ack(coin));
        rig.get(2, wire_book(coin, 1, 20, ""));
        if id == ETH {
            rig.get(2, wire_book(coin, 1, 5, ",\"fast\":true"));
        }
    }
    rig.get(15 * S, wire_bbo("BTC", 1, "1.0", "2.0"));
    assert_eq!(rig.feed.tick(0, Ns(15 * S)), Verdict::Keep);
    assert_eq!(refused(&rig).len(), 1, "not yet");
    assert_eq!(rig.feed.tick(0, Ns(15 * S + 1)), Verdict::Keep);
    let given_up = refused(&rig);
    let want = [
        (BTC, Stream::Ctx, words, false),
        (BTC, Stream::Fast, "Busy".to_owned(), false),
        (ETH, Stream::Ctx, "Busy".to_owned(), false),
    ];
    assert_eq!(given_up, want);
    // What was refused is not asked for on the next link; what was not answered is.
    rig.feed.disconnected(0, Ns(20 * S), Loss::Lost);
    rig.feed.connected(0, Ns(21 * S));
    let sent = rig.sends(21 * S).concat();
    assert_eq!(sent.matches("activeAssetCtx").count(), 1, "{sent}");
    assert_eq!(sent.matches("fast").count(), 2, "{sent}");
}

#[test]
fn a_needed_stream_that_the_venue_refuses_ends_the_run() {
    let mut rig = Rig::up(Parser::Scanner);
    rig.sends(0);
    let trades = "{\"channel\":\"error\",\"data\":\"No: {\\\"type\\\":\\\"trades\\\",\\\"coin\\\":\\\"ETH\\\"}\"}";
    assert_eq!(rig.feed.tick(0, Ns(1)), Verdict::Keep);
    rig.get(1, trades);
    assert_eq!(rig.feed.tick(0, Ns(2)), Verdict::Refused);
    let r = *rig.feed.refusals().needed().expect("it is needed");
    assert_eq!((r.coin, r.stream), (ETH, Stream::Trades));
    assert!(r.to_string().ends_with("it cannot be followed"), "{r}");
}

#[test]
fn contexts_of_another_shape_cost_no_link() {
    let mut rig = Rig::up(Parser::Scanner);
    rig.answer_all(0);
    let ctx =
        "{\"channel\":\"activeAssetCtx\",\"data\":{\"coin\":\"BTC\",\"ctx\":{\"funding\":null}}}";
    for i in 0..200 {
        rig.get(i * S / 4, ctx);
        rig.get(i * S / 4, wire_bbo("BTC", 1, "1.0", "2.0"));
        assert_eq!(rig.feed.tick(0, Ns(i * S / 4)), Verdict::Keep, "{i}");
    }
    assert_eq!(rig.feed.counters().rejects(), 200);
}

#[test]
fn without_a_link_there_is_nothing_to_judge_or_send() {
    let mut rig = Rig::new(Parser::Scanner);
    assert_eq!(rig.feed.tick(0, Ns(i64::MAX)), Verdict::Keep);
    assert!(rig.sends(100 * S).is_empty());
    rig.feed.connected(0, Ns(100 * S));
    rig.feed.disconnected(0, Ns(101 * S), Loss::Lost);
    assert!(!rig.feed.is_up());
    assert_eq!(rig.feed.tick(0, Ns(i64::MAX)), Verdict::Keep);
    assert!(rig.sends(200 * S).is_empty());
    assert!(rig.feed.stale(BTC, Ns(200 * S)).any);
}

#[test]
fn waits_start_over_only_after_a_link_that_talked() {
    let wait = |talk: i64| {
        let mut longest = 0;
        for seed in 0..50 {
            let config = Config::default();
            let mut feed = Feed::new(&config, &specs(&[("BTC", 5)]), seed).expect("coins");
            for _ in 0..10 {
                feed.connected(0, Ns(0));
                feed.disconnected(0, Ns(0), Loss::Lost);
                feed.retry_delay(0);
            }
            feed.connected(0, Ns(0));
            feed.message(Ns(talk), wire_bbo("BTC", 1, "1.0", "2.0").as_bytes());
            feed.disconnected(0, Ns(3_600 * S), Loss::Lost);
            longest = longest.max(feed.retry_delay(0));
        }
        longest
    };
    assert!(wait(30 * S) <= RETRY_FIRST_NS);
    assert!(wait(29 * S) > 4 * S, "up for an hour, but silent after 29 s");
    let mut rig = Rig::up(Parser::Scanner);
    rig.feed.disconnected(0, Ns(1), Loss::Refused);
    assert!(rig.feed.retry_delay(0) >= REFUSED_FIRST_NS / 2);
}

#[test]
fn every_link_subscribes_and_judges_from_the_start() {
    let mut rig = Rig::new(Parser::Scanner);
    rig.feed.connected(0, Ns(100 * S));
    for i in 1..=100 {
        assert_eq!(rig.sends(i * 100 * S).len(), 10);
        rig.feed.disconnected(0, Ns(i * 100 * S + 1), Loss::Lost);
        rig.feed.connected(0, Ns((i + 1) * 100 * S));
        assert_eq!(rig.feed.tick(0, Ns((i + 1) * 100 * S)), Verdict::Keep);
        assert_eq!(rig.feed.ages(BTC, Ns((i + 1) * 100 * S)).bbo_ns, None);
    }
    let c = rig.feed.counters();
    assert_eq!((c.ups, c.downs, c.subscribes), (101, 100, 1_000));
}

#[test]
fn a_replayed_reconnect_without_a_line_of_its_own_starts_again() {
    for parser in PARSERS {
        let mut rig = Rig::up(parser);
        rig.get(1, buys("BTC", [(1, 1)]));
        assert!(matches!(rig.get(2, buys("BTC", [(2, 2)])), Out::Trades(..)));
        rig.feed.resubscribed(Ns(20 * S));
        rig.get(20 * S, trades_ack("BTC"));
        let joint = Joint::Contiguous { recovered: 1 };
        let out = rig.get(20 * S, buys("BTC", [(2, 2), (3, 3)]));
        assert_eq!(out, Out::History(BTC, bought([(3, 3)]), joint));
        let c = rig.feed.counters();
        assert_eq!((c.ups, c.downs), (2, 1));
    }
}

#[test]
fn a_second_acknowledgement_announces_a_history_of_that_coin_alone() {
    let mut rig = Rig::up(Parser::Scanner);
    for coin in ["BTC", "ETH"] {
        rig.get(1, trades_ack(coin));
        rig.get(1, buys(coin, [(1, 1)]));
    }
    rig.get(2, trades_ack("BTC"));
    assert!(matches!(rig.get(3, buys("ETH", [(2, 2)])), Out::Trades(ETH, _)));
    assert!(matches!(rig.get(3, buys("BTC", [(1, 1)])), Out::History(BTC, ..)));
}

#[test]
fn sizes_off_the_lot_are_counted_as_a_sign_of_wrong_decimals() {
    let mut rig = Rig::up(Parser::Scanner);
    let trade = |coin, sz| wire_trades(&[wire_trade(coin, 'B', "1.0", sz, 1, 1)]);
    rig.get(1, trade("BTC", "0.00001"));
    assert_eq!(rig.feed.counters().off_lot, 0);
    rig.get(1, trade("ETH", "0.00001"));
    assert_eq!(rig.feed.counters().off_lot, 1);
}

#[test]
fn every_message_is_counted_once_under_its_outcome() {
    let mut rig = Rig::up(Parser::Scanner);
    let messages = [
        buys("BTC", [(1, 1)]),
        buys("BTC", [(2, 2)]),
        wire_bbo("BTC", 1, "1.0", "2.0"),
        wire_book("BTC", 1, 5, ",\"fast\":true"),
        wire_book("BTC", 1, 20, ""),
        trades_ack("BTC"),
        "{\"channel\":\"pong\"}".into(),
        "{\"channel\":\"error\",\"data\":\"?\"}".into(),
        "Websocket connection established.".into(),
        "{\"channel\":\"allMids\"}".into(),
        wire_bbo("DOGE", 1, "1.0", "2.0"),
        "garbage".into(),
        "{\"channel\":\"activeAssetCtx\",\"data\":{\"coin\":\"ETH\",\"ctx\":{\"funding\":\"0.0\",\"oraclePx\":\"1\"}}}".into(),
    ];
    for message in &messages {
        rig.get(1, message);
    }
    let c = rig.feed.counters();
    assert_eq!(c.messages, messages.len() as u64);
    assert_eq!(c.bytes, messages.iter().map(|m| m.len() as u64).sum::<u64>());
    let outcomes = [
        c.histories,
        c.trades,
        c.bbos,
        c.fast_books,
        c.slow_books,
        c.acks,
        c.pongs,
        c.venue_errors,
        c.greetings,
        c.unknown,
        c.foreign,
        c.rejects(),
        c.ctxs,
    ];
    assert_eq!(outcomes, [1; 13]);
    let named: u64 = c.rows().filter(|(n, _)| *n == "not_json").map(|(_, v)| v).sum();
    assert_eq!(named, 1);
}

#[test]
fn a_message_is_never_changed_by_reading_it() {
    // The recorder gets the same bytes: the decoder parses a copy.
    let escaped = "{\"channel\":\"bbo\",\"data\":{\"coin\":\"\\u0042TC\",\"time\":1,\"bbo\":[]}}";
    let bytes = escaped.as_bytes().to_vec();
    let mut rig = Rig::up(Parser::SimdJson);
    assert!(matches!(rig.get(1, &bytes), Out::Bbo(..)));
    assert_eq!(bytes, escaped.as_bytes());
}
