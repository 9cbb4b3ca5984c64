//! A recording of our own, written as each known source would, and imported again.

use serde_json::{Value, json};

use super::{BOOK, Dir, QUOTES, TRADES, gzip, lz4};
use crate::units::Ns;
use crate::venue::config::{Config, Regime};
use crate::venue::market::Market;

/// A minute of a market by channel, received 50 ms after each block.
struct Tape {
    books: Vec<(i64, Value)>,
    trades: Vec<(i64, Value)>,
    bbos: Vec<(i64, Value)>,
}

fn tape() -> Tape {
    let law = Config::stationary("ETH", Regime::Volatile);
    let mut market = Market::new(&law, 5).expect("a market");
    let mut out = Tape { books: Vec::new(), trades: Vec::new(), bbos: Vec::new() };
    let first = market.next_block().time;
    loop {
        let block = market.next_block();
        if block.time.since(first) > 60 * Ns::SEC {
            return out;
        }
        let at = block.time.plus(50 * Ns::MS + 123_456).0;
        for frame in &block.frames {
            let v: Value = serde_json::from_str(frame).expect("JSON");
            let data = &v["data"];
            match v["channel"].as_str() {
                Some("l2Book") if data["fast"].is_null() => out.books.push((at, v)),
                Some("trades") => out.trades.push((at, v)),
                Some("bbo")
                    if data["bbo"].as_array().is_some_and(|b| !b.contains(&Value::Null)) =>
                {
                    out.bbos.push((at, v));
                }
                _ => {}
            }
        }
    }
}

fn iso(ns: i64) -> String {
    let since = std::time::Duration::from_nanos(ns.unsigned_abs());
    let text = humantime::format_rfc3339_nanos(std::time::UNIX_EPOCH + since).to_string();
    text.trim_end_matches('Z').to_owned()
}

fn text(v: &Value) -> &str {
    v.as_str().expect("text")
}

/// Every print with its receive time: what all sources say of it, and what `more` names.
fn prints(frames: &[(i64, Value)], more: &[&str]) -> Vec<(i64, Vec<Value>)> {
    let keys: Vec<&str> = ["coin", "side", "px", "sz", "time", "tid"]
        .into_iter()
        .chain(more.iter().copied())
        .collect();
    let all = frames.iter().filter(|(_, v)| v["channel"] == "trades");
    all.flat_map(|(at, v)| v["data"].as_array().expect("a list").iter().map(move |p| (*at, p)))
        .map(|(at, p)| (at, keys.iter().map(|k| p[k].clone()).collect()))
        .collect()
}

/// Levels of each book without their counts of orders, which a table does not have; best prices alike.
fn levels(frames: &[(i64, Value)], channel: &str) -> Vec<(i64, Value)> {
    let part = if channel == "bbo" { "bbo" } else { "levels" };
    let all = frames.iter().filter(|(_, v)| v["channel"] == channel);
    all.map(|(at, v)| {
        let mut data = v["data"].clone();
        for l in data[part].as_array_mut().expect("sides").iter_mut() {
            match l {
                Value::Array(side) => side.iter_mut().for_each(|l| l["n"] = json!(0)),
                best => best["n"] = json!(0),
            }
        }
        (*at, json!([data["coin"], data["time"], data[part]]))
    })
    .collect()
}

fn read(dir: &Dir, files: &[std::path::PathBuf]) -> Vec<(i64, Value)> {
    let (_, lines) = dir.import(files).expect("imported");
    lines[1..].iter().map(|(at, l)| (*at, serde_json::from_str(l).expect("JSON"))).collect()
}

#[test]
fn a_recording_as_the_archive_and_a_node_would_have_it_comes_back_whole() {
    let (dir, tape) = (Dir::new(), tape());
    let line = |(at, v): &(i64, Value)| {
        format!("{{\"time\":\"{}\",\"ver_num\":1,\"raw\":{v}}}\n", iso(*at))
    };
    let books: String = tape.books.iter().map(line).collect();
    let fills: String = tape
        .trades
        .iter()
        .map(|(at, v)| {
            let both = |p: &Value| {
                let fill = |i: usize, side: &str| {
                    let mut f = json!({ "side": side, "crossed": p["side"] == side, "oid": 1,
                        "startPosition": "0.0", "dir": "Open Long", "closedPnl": "0.0", "fee": "0.1",
                        "feeToken": "USDC", "twapId": null });
                    for key in ["coin", "px", "sz", "time", "hash", "tid"] {
                        f[key] = p[key].clone();
                    }
                    json!([p["users"][i], f])
                };
                [fill(0, "B"), fill(1, "A")]
            };
            let events: Vec<Value> = v["data"].as_array().expect("a list").iter().flat_map(both).collect();
            let row = json!({ "local_time": iso(*at), "block_time": iso(at - 50_123_456),
                "block_number": 9, "events": events });
            format!("{row}\n")
        })
        .collect();
    let files = [dir.put("b.lz4", &lz4(&books)), dir.put("f.lz4", &lz4(&fills))];
    let frames = read(&dir, &files);
    let come: Vec<(i64, Value)> =
        frames.iter().filter(|(_, v)| v["channel"] == "l2Book").cloned().collect();
    assert!(tape.books.len() > 5 && come == tape.books, "{} {}", tape.books.len(), come.len());
    let (was, is) = (prints(&tape.trades, &["hash", "users"]), prints(&frames, &["hash", "users"]));
    assert!(was.len() > 30 && was == is, "{} {}", was.len(), is.len());
}

#[test]
fn a_recording_as_tables_of_tardis_comes_back_but_for_what_they_cannot_say() {
    let (dir, tape) = (Dir::new(), tape());
    let head = |at: i64, data: &Value| {
        let us = data["time"].as_i64().expect("ms") * 1_000;
        format!("hyperliquid,{},{us},{}", text(&data["coin"]).to_uppercase(), at / 1_000)
    };
    let pair = |l: &Value| format!("{},{}", text(&l["px"]), text(&l["sz"]));
    let trades: String = tape
        .trades
        .iter()
        .flat_map(|(at, v)| v["data"].as_array().expect("a list").iter().map(move |p| (*at, p)))
        .map(|(at, p)| {
            let side = if p["side"] == "B" { "buy" } else { "sell" };
            format!("{},{},{side},{}\n", head(at, p), p["tid"], pair(p))
        })
        .collect();
    let quotes: String = tape
        .bbos
        .iter()
        .map(|(at, v)| {
            let [bid, ask] = [&v["data"]["bbo"][0], &v["data"]["bbo"][1]];
            let (px, sz) = (text(&ask["px"]), text(&ask["sz"]));
            format!("{},{sz},{px},{}\n", head(*at, &v["data"]), pair(bid))
        })
        .collect();
    let columns: Vec<String> = (0..20)
        .flat_map(|i| ["asks", "bids"].map(|s| format!("{s}[{i}].price,{s}[{i}].amount")))
        .collect();
    let start: Vec<&str> = BOOK.split(',').take(4).collect();
    let mut books = format!("{},{}\n", start.join(","), columns.join(","));
    for (at, v) in &tape.books {
        let side =
            |s: usize, i: usize| v["data"]["levels"][s].get(i).map_or_else(|| ",".to_owned(), pair);
        let cells: Vec<String> = (0..20).flat_map(|i| [side(1, i), side(0, i)]).collect();
        books.push_str(&format!("{},{}\n", head(*at, &v["data"]), cells.join(",")));
    }
    let files = [
        dir.put("t.csv.gz", &gzip(&format!("{TRADES}{trades}"))),
        dir.put("q.csv.gz", &gzip(&format!("{QUOTES}{quotes}"))),
        dir.put("b.csv.gz", &gzip(&books)),
    ];
    let frames = read(&dir, &files);
    // Receive times are in microseconds.
    let cut = |frames: &[(i64, Value)]| -> Vec<(i64, Value)> {
        frames.iter().map(|(at, v)| (at / 1_000 * 1_000, v.clone())).collect()
    };
    let was = prints(&cut(&tape.trades), &[]);
    assert!(was.len() > 30 && was == prints(&frames, &[]));
    for (channel, frames_were) in [("l2Book", &tape.books), ("bbo", &tape.bbos)] {
        let (was, is) = (levels(&cut(frames_were), channel), levels(&frames, channel));
        assert!(was.len() > 5 && was == is, "{channel}: {} {}", was.len(), is.len());
    }
}
