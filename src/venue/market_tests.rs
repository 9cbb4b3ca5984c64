use super::super::session::Reply;
use super::*;
use crate::units::decimal;
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn channel(text: &str) -> String {
    json(text)["channel"].as_str().expect("a channel").to_owned()
}

#[test]
fn equal_seeds_give_equal_frames() {
    let frames = |seed| {
        let mut market = Market::new(&Config::simple(), seed).expect("valid");
        (0..300).map(|_| market.next_block()).collect::<Vec<_>>()
    };
    let (a, b) = (frames(3), frames(3));
    assert!(a == b, "the same");
    assert!(a != frames(4), "another market");
}

#[test]
fn subscription_is_acknowledged_then_answered_by_the_state() {
    let config = Config { coins: vec!["SOL".into()], ..Config::simple() };
    let mut market = Market::new(&config, 1).expect("valid");
    let first = market.next_block();
    let got: Vec<String> = first.frames.iter().take(12).map(|f| channel(f)).collect();
    let ack = "subscriptionResponse";
    let want = [
        ack,
        "bbo",
        ack,
        "l2Book",
        "l2Book",
        ack,
        "l2Book",
        "l2Book",
        ack,
        "trades",
        ack,
        "activeAssetCtx",
    ];
    assert_eq!(got, want);
    assert_eq!(first.frames[3], first.frames[4], "the first book comes twice");
    assert!(first.frames[3].ends_with(r#","fast":true}}"#));
    let levels = |i: usize| json(&first.frames[i])["data"]["levels"][0].as_array().map(Vec::len);
    assert_eq!((levels(3), levels(6)), (Some(5), Some(20)));
    let history = json(&first.frames[9]);
    let history = history["data"].as_array().expect("rows");
    let times: Vec<i64> = history.iter().map(|t| t["time"].as_i64().expect("ms")).collect();
    assert_eq!(history.len(), 30);
    assert!(times.is_sorted(), "oldest first");
    assert!(Ns::from_ms(times[29]) < first.time);
}

#[test]
fn history_may_be_empty() {
    let config = Config { prerun_s: 0.0, ..Config::simple() };
    let mut market = Market::silent(&config, 1).expect("valid");
    let reply =
        market.say(r#"{"method":"subscribe","subscription":{"type":"trades","coin":"BTC"}}"#);
    assert_eq!(reply.frames[1], r#"{"channel":"trades","data":[]}"#);
}

#[test]
fn errors_and_the_unknown_coin() {
    let mut market = Market::new(&Config::simple(), 1).expect("valid");
    let again = r#"{"method":"subscribe","subscription":{"type":"l2Book","coin":"ETH"}}"#;
    let reply = market.say(again);
    assert!(!reply.alive && !reply.drop);
    assert!(reply.frames[0].starts_with(r#"{"channel":"error","data":"Already subscribed: "#));
    let reply = market.say("not json");
    assert_eq!(channel(&reply.frames[0]), "error");
    let unknown = r#"{"method":"subscribe","subscription":{"type":"trades","coin":"DOGE"}}"#;
    assert_eq!(market.say(unknown), Reply { drop: true, ..Reply::default() });
    let pong = market.say(r#"{"method":"ping"}"#);
    assert_eq!((pong.frames[0].as_str(), pong.alive), (r#"{"channel":"pong"}"#, true));
    let end = r#"{"method":"unsubscribe","subscription":{"type":"bbo","coin":"ETH"}}"#;
    assert!(market.say(end).frames[0].contains(r#""method":"unsubscribe""#));
    assert!(market.say(end).frames[0].contains("Already unsubscribed"));
    let quiet = (0..100).flat_map(|_| market.next_block().frames);
    assert_eq!(quiet.skip(24).filter(|f| f.contains(r#""bbo","data":{"coin":"ETH""#)).count(), 0);
}

/// Blocks, and of the frames after the start: per channel the block times they came at.
fn cadence(coin: &str, blocks: usize) -> (Vec<i64>, std::collections::BTreeMap<String, Vec<i64>>) {
    let config = Config { coins: vec![coin.into()], ..Config::simple() };
    let mut market = Market::new(&config, 2).expect("valid");
    market.next_block();
    let (mut times, mut by) = (Vec::new(), std::collections::BTreeMap::<String, Vec<i64>>::new());
    for _ in 0..blocks {
        let block = market.next_block();
        let ms = block.time.0 / Ns::MS;
        times.push(ms);
        let mut ranks = Vec::new();
        for frame in &block.frames {
            let name = channel(frame);
            let fast = frame.ends_with(r#","fast":true}}"#);
            ranks.push(
                ["bbo", "trades", "l2Book", "activeAssetCtx"].iter().position(|c| *c == name),
            );
            if name != "activeAssetCtx" {
                let data = &json(frame)["data"];
                let row = if name == "trades" { &data[0] } else { data };
                assert_eq!(row["time"].as_i64(), Some(ms), "all streams carry the block's time");
            }
            by.entry(if fast { "fast".into() } else { name }).or_default().push(ms);
        }
        assert!(ranks.is_sorted() && !ranks.contains(&None), "bbo, trades, books, context");
    }
    (times, by)
}

#[test]
fn cadences_are_the_venues() {
    let (times, by) = cadence("BTC", 4_000);
    let mean = |ms: &[i64]| (ms[ms.len() - 1] - ms[0]) as f64 / (ms.len() - 1) as f64;
    let mut gaps: Vec<i64> = times.windows(2).map(|w| w[1] - w[0]).collect();
    gaps.sort_unstable();
    assert!((72..=76).contains(&gaps[2_000]), "median block gap {}", gaps[2_000]);
    assert!(gaps[0] > 0 && (120..=150).contains(&gaps[3_800]));
    for (channel, want) in [("fast", 540.0), ("l2Book", 5_390.0), ("activeAssetCtx", 1_040.0)] {
        let got = mean(&by[channel]);
        assert!((got / want - 1.0).abs() < 0.02, "{channel} each {got} ms");
    }
    let bbo = mean(&by["bbo"]);
    assert!((80.0..=180.0).contains(&bbo), "bbo each {bbo} ms");
}

#[test]
fn books_bbo_and_trades_agree() {
    let config = Config { coins: vec!["ETH".into()], ..Config::simple() };
    let mut market = Market::new(&config, 6).expect("valid");
    let mut last_bbo = String::new();
    let mut checked = 0;
    for _ in 0..2_000 {
        let block = market.next_block();
        for frame in &block.frames {
            let v = json(frame);
            let data = &v["data"];
            let number =
                |v: &Value| decimal::parse(v.as_str().expect("text").as_bytes()).expect("decimal");
            match v["channel"].as_str().expect("a channel") {
                "bbo" => {
                    let text = data["bbo"].to_string();
                    assert_ne!(text, last_bbo, "only when changed");
                    last_bbo = text;
                }
                "l2Book" => {
                    let top = format!("[{},{}]", data["levels"][0][0], data["levels"][1][0]);
                    assert_eq!(top, last_bbo, "the book's top is the bbo of its block");
                    for (side, sign) in [(0, -1), (1, 1)] {
                        let px: Vec<i64> = data["levels"][side]
                            .as_array()
                            .expect("levels")
                            .iter()
                            .map(|l| sign * number(&l["px"]))
                            .collect();
                        assert!(px.is_sorted() && px.windows(2).all(|w| w[0] != w[1]));
                    }
                    checked += 1;
                }
                _ => {}
            }
        }
    }
    assert!(checked > 300);
}

#[test]
fn truth_can_be_written_down() {
    let mut market = Market::new(&Config::simple(), 1).expect("valid");
    for _ in 0..100 {
        market.next_block();
    }
    let text = serde_json::to_string(&market.truth()).expect("serialises");
    let v = json(&text);
    assert_eq!(v["blocks"], 100);
    assert_eq!(v["coins"][0]["coin"], "BTC");
    assert_eq!(v["coins"][1]["regimes"][1]["regime"], "normal");
    assert_eq!(v["coins"][1]["regimes"][1]["kappa"], 6000.0);
}
