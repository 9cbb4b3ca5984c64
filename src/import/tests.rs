//! Round trips of made-up history, and everything that can be wrong with a file.

mod round;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::folder::Output;
use crate::folder::recording::{Meter, Reader};

/// A folder that goes away again.
struct Dir(PathBuf);

impl Dir {
    fn new() -> Dir {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("papermaker-import-{}-{n}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Dir(path)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).expect("written");
        path
    }

    /// Imports, and gives the lines of the recording.
    fn import(&self, files: &[PathBuf]) -> Result<(Seen, Vec<(i64, String)>), String> {
        let to = self.0.join("out.frames.gz");
        let seen =
            import(files, &[], &[], written(&to), &Meter::default()).map_err(|e| e.to_string())?;
        let mut reader = Reader::open(&to).expect("a recording");
        let mut lines = Vec::new();
        while let Some(line) = reader.step().expect("readable") {
            lines.push((line.at.0, String::from_utf8(line.bytes().to_vec()).expect("text")));
        }
        Ok((seen, lines))
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn lz4(text: &str) -> Vec<u8> {
    let mut out = lz4_flex::frame::FrameEncoder::new(Vec::new());
    out.write_all(text.as_bytes()).expect("memory");
    out.finish().expect("memory")
}

fn gzip(text: &str) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(text.as_bytes()).expect("memory");
    out.finish().expect("memory")
}

const MS: i64 = 1_775_005_202_000;

fn book(ms: i64, bid: &str) -> String {
    format!(
        "{{\"channel\":\"l2Book\",\"data\":{{\"coin\":\"ETH\",\"time\":{ms},\"levels\":[[{{\"px\":\"{bid}\",\
         \"sz\":\"1.5\",\"n\":2}}],[{{\"px\":\"2001.0\",\"sz\":\"3.0\",\"n\":1}}]]}}}}"
    )
}

fn s3(second: u32, raw: &str) -> String {
    format!("{{\"time\":\"2026-04-01T01:00:{second:02}.126609288\",\"ver_num\":1,\"raw\":{raw}}}\n")
}

fn fill(user: &str, coin: &str, side: &str, crossed: bool, tid: u64) -> String {
    format!(
        "[\"{user}\",{{\"coin\":\"{coin}\",\"px\":\"2000.5\",\"sz\":\"0.25\",\"side\":\"{side}\",\"time\":{MS},\
         \"startPosition\":\"0.0\",\"dir\":\"Open Long\",\"closedPnl\":\"0.0\",\"hash\":\"0xabc\",\"oid\":7,\
         \"crossed\":{crossed},\"fee\":\"0.1\",\"tid\":{tid},\"feeToken\":\"USDC\",\"twapId\":null}}]"
    )
}

fn block(second: u32, fills: &[String]) -> String {
    format!(
        "{{\"local_time\":\"2026-04-01T01:00:{second:02}.5\",\"block_time\":\"2026-04-01T01:00:{second:02}\",\
         \"block_number\":9,\"events\":[{}]}}\n",
        fills.join(",")
    )
}

#[test]
fn books_are_handed_on_byte_for_byte_and_fills_become_prints_of_their_aggressor() {
    let dir = Dir::new();
    let raws: Vec<String> = (0..4)
        .map(|i| {
            book(
                MS + i * 500,
                &format!("200{i}.0")
                    .replace("2001.0", "1999.0")
                    .replace("2002.0", "1998.0")
                    .replace("2003.0", "1997.0"),
            )
        })
        .collect();
    let books: Vec<String> = (2u32..).zip(&raws).map(|(s, r)| s3(s, r)).collect();
    let late = dir.put("b.lz4", &lz4(&books[2..].concat()));
    let early = dir.put("a.lz4", &lz4(&books[..2].concat()));
    let fills = [
        block(3, &[fill("0xm", "ETH", "A", false, 1), fill("0xt", "ETH", "B", true, 1)]),
        block(4, &[fill("0xt", "SOL", "B", true, 2), fill("0xt", "@7", "A", true, 4)]),
        block(4, &[fill("0xm", "ETH", "B", false, 3)]),
    ];
    let fills = dir.put("f.lz4", &lz4(&fills.concat()));
    let (seen, lines) = dir.import(&[late, fills, early]).expect("imported");
    let head = &lines[0].1;
    assert!(head.contains("hl-s3: ") && head.contains("; hl-fills: "), "{head}");
    let frames: Vec<&String> = lines[1..].iter().map(|l| &l.1).collect();
    let books: Vec<&&String> = frames.iter().filter(|f| f.contains("l2Book")).collect();
    assert!(books.iter().zip(&raws).all(|(f, r)| **f == r) && books.len() == 4);
    let trades: Vec<&&String> = frames.iter().filter(|f| f.contains("trades")).collect();
    // Of other coins than the books' nothing is kept; a taker whose maker alone is known sold.
    assert_eq!(trades.len(), 2);
    assert!(trades[0].contains("\"side\":\"B\"") && trades[0].contains("[\"0xt\",\"0xm\"]"));
    assert!(trades[1].contains("\"side\":\"A\"") && trades[1].contains("\"tid\":3"));
    assert_eq!((seen.one_sided, seen.frames, seen.files), (1, 6, 3));
    assert!(lines.windows(2).all(|w| w[0].0 <= w[1].0), "{lines:?}");
    assert_eq!(lines[1].0, 1_775_005_202_126_609_288);
}

const TRADES: &str = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n";
const QUOTES: &str =
    "exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount\n";
const BOOK: &str = "exchange,symbol,timestamp,local_timestamp,asks[0].price,asks[0].amount,bids[0].price,\
                    bids[0].amount,asks[1].price,asks[1].amount,bids[1].price,bids[1].amount\n";
const US: i64 = MS * 1_000;

fn trade(us: i64, id: &str, side: &str, price: &str) -> String {
    format!("hyperliquid,KPEPE,{},{},{id},{side},{price},1e3\n", US + us, US + us + 90_000)
}

#[test]
fn tables_of_tardis_become_frames_in_the_venues_order() {
    let dir = Dir::new();
    let trades = [
        trade(0, "11", "buy", "0.0125"),
        trade(0, "12", "sell", "1.25e-2"),
        trade(500_000, "", "buy", "0.0126"),
        trade(600_000, "13", "unknown", "0.0126"),
    ];
    let trades = dir.put("t.csv.gz", &gzip(&format!("{TRADES}{}", trades.concat())));
    let at = format!("hyperliquid,KPEPE,{US},{}", US + 90_000);
    let quotes = dir.put("q.csv", format!("{QUOTES}{at},5,0.0127,0.0125,7\n").as_bytes());
    let book =
        dir.put("b.csv", format!("{BOOK}{at},0.0127,5,0.0125,7,0.0128,6,0.0124,8\n").as_bytes());
    let (seen, lines) = dir.import(&[book, trades, quotes]).expect("imported");
    let frames: Vec<&str> = lines[1..].iter().map(|l| l.1.as_str()).collect();
    let order = ["\"bbo\"", "\"trades\"", "\"l2Book\"", "\"trades\""];
    assert_eq!(frames.len(), 4);
    assert!(frames.iter().zip(order).all(|(f, kind)| f.contains(kind)), "{frames:?}");
    assert!(frames[0].contains("[{\"px\":\"0.0125\",\"sz\":\"7\",\"n\":0},{\"px\":\"0.0127\""));
    assert!(
        frames[1].contains("\"coin\":\"kPEPE\",\"side\":\"B\",\"px\":\"0.0125\",\"sz\":\"1000\"")
    );
    assert!(
        frames[1].contains("\"side\":\"A\",\"px\":\"0.0125\"") && frames[1].contains("\"tid\":12")
    );
    assert!(frames[2].contains("{\"px\":\"0.0124\",\"sz\":\"8\",\"n\":0}],[{\"px\":\"0.0127\""));
    assert_eq!((seen.numbered, seen.sideless), (1, 1));
    assert_eq!(lines[1].0, (US + 90_000) * 1_000);
}

#[test]
fn files_of_a_coin_each_become_one_recording_and_a_cut_one_keeps_its_whole_lines() {
    let dir = Dir::new();
    let line = |i: i64, coin: &str| {
        format!("{} {}\n", MS * 1_000_000 + i, book(MS, "2000.0").replace("ETH", coin))
    };
    let lines = |coin: &str, phase: i64| -> String {
        (0..4_000).map(|i| line(2 * i + phase, coin)).collect()
    };
    let [btc, eth] = [("BTC", 0), ("ETH", 1)].map(|(coin, phase)| lines(coin, phase));
    let (whole, mut cut) = (dir.put("btc.gz", &gzip(&btc)), gzip(&eth));
    let (seen, all) = dir.import(&[dir.put("eth.gz", &cut), whole.clone()]).expect("imported");
    assert_eq!((seen.coins["BTC"], seen.coins["ETH"], seen.cut), (4_000, 4_000, 0));
    assert!(all[1..].windows(2).all(|w| w[0].0 + 1 == w[1].0), "one stream by time");
    assert!(
        all[0].1.contains("collector: ") && all[1].1 == book(MS, "2000.0").replace("ETH", "BTC")
    );
    cut.truncate(cut.len() / 2);
    let (seen, part) = dir.import(&[dir.put("cut.gz", &cut), whole]).expect("imported");
    assert_eq!((seen.coins["BTC"], seen.cut), (4_000, 1));
    let n = seen.coins["ETH"];
    assert!((1..4_000).contains(&n) && part.iter().all(|l| l.1.ends_with('}')), "{n}");
    let torn = dir.put("torn", format!("{}1775005202", line(0, "BTC")).as_bytes());
    let (seen, part) = dir.import(&[torn]).expect("imported");
    assert_eq!((seen.frames, seen.cut, part.len()), (1, 1, 2));
}

#[test]
fn what_is_wrong_is_named_with_file_and_row() {
    let dir = Dir::new();
    let good = s3(2, &book(MS, "2000.0"));
    let mut cut = lz4(&good.repeat(5_000));
    cut.truncate(cut.len() / 2);
    let mut cut_gz = gzip(&format!("{TRADES}{}", trade(0, "1", "buy", "1").repeat(9_000)));
    cut_gz.truncate(cut_gz.len() / 2);
    let t = |rows: &str| format!("{TRADES}{}{rows}", trade(0, "1", "buy", "0.0125")).into_bytes();
    let q = |rows: &str| format!("{QUOTES}{rows}").into_bytes();
    let at = format!("hyperliquid,ETH,{US},{US}");
    let cases: [(&str, Vec<u8>, &str); 22] = [
        ("cut", cut, "ends early"),
        ("cut-gz", cut_gz, "ends early"),
        ("json", [good.as_bytes(), b"{\"time\":1}\n"].concat(), "row 2: it is not what a row"),
        ("order", s3(2, &book(MS, "2001.0")).into(), "row 1: the best bid is not below"),
        ("px", s3(2, &book(MS, "x")).into(), "px `x` is no positive number"),
        ("s", s3(2, &book(MS / 1_000, "2000.0")).into(), "not in milliseconds"),
        (
            "back",
            [s3(40, &book(MS, "2000.0")), good.clone()].concat().into(),
            "goes back by 38.0 s",
        ),
        ("side", block(2, &[fill("0x", "ETH", "X", true, 1)]).into(), "neither B nor A"),
        (
            "s-us",
            t(&format!("hyperliquid,KPEPE,{},{US},2,buy,1,1\n", US / 1_000_000)),
            "row 3: timestamp",
        ),
        ("swap", t(&trade(1, "2", "buy", "12.5")), "row 3: a price of 12.5, far from"),
        ("kraken", t(&format!("kraken,ETH,{US},{US},2,buy,1,1\n")), "exchange `kraken`"),
        ("short", t("hyperliquid,ETH\n"), "columns only"),
        ("crossed", q(&format!("{at},1,1999,2000,1\n")), "row 2: the best bid is not below"),
        ("column", QUOTES.replace("bid_price", "bidprice").into_bytes(), "no column `bid_price`"),
        (
            "own",
            b"1790000000050000000 {\"channel\":\"papermaker\",\"data\":{\"event\":\"connect\"}}\n"
                .to_vec(),
            "`papermaker replay FILE`",
        ),
        ("collector-s", b"1790000000 {}\n".to_vec(), "not in nanoseconds"),
        ("collector-2", b"1790000000050000000 {}\n{}\n".to_vec(), "row 2: it is no line of a coll"),
        ("npz", b"PK\x03\x04zip".to_vec(), "an npz of hftbacktest"),
        ("zstd", b"\x28\xb5\x2f\xfd\x04".to_vec(), "unpack it with `zstd`"),
        (
            "l2",
            b"exchange,symbol,timestamp,local_timestamp,is_snapshot,side\n".to_vec(),
            "incremental",
        ),
        ("other", b"time,price\n1,2\n".to_vec(), "begins with `time,price`"),
        ("empty", Vec::new(), "no row in any file"),
    ];
    for (name, bytes, says) in cases {
        let path = dir.put(name, &bytes);
        let e = dir.import(&[path]).expect_err(name);
        assert!(e.contains(says) && e.contains("import-"), "{name}: {e}");
        assert!(!dir.0.join("out.frames.gz").exists() && !dir.0.join("out.frames.part").exists());
    }
    let path = dir.put("good", good.as_bytes());
    let to = dir.0.join("x.frames.gz");
    let kinds = ["tardis".to_owned()];
    let e =
        import(&[path], &kinds, &[], written(&to), &Meter::default()).expect_err("another kind");
    assert!(e.to_string().contains("it is hl-s3, not tardis"), "{e}");
    let e = dir.import(std::slice::from_ref(&dir.0)).expect_err("a folder");
    assert!(e.contains("it is a folder"), "{e}");
}

/// The file to import into, replaced where it is there.
fn written(to: &Path) -> Output {
    Output::own(to).expect("a file")
}
