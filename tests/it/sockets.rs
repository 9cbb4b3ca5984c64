//! Coins shared out over several connections: each loses its own, and one recording has them all.

use papermaker::rooms::app::config::Config;
use papermaker::rooms::app::replay::{Feeder, Tally};
use papermaker::rooms::app::turn::Turn;
use papermaker::rooms::feed::{CoinSpec, Control, Loss, coin_line, is_coin};
use papermaker::rooms::record::{Body, Bytes, OrderReason, OrderState, Record};
use papermaker::rooms::units::{CoinId, Ns};
use papermaker::rooms::venue::config::Config as Law;
use papermaker::rooms::venue::market::Market;

use super::process::{Temporary, exchange, finish, papermaker, signal, start};

/// Coins of the tape, and connections that they are on: two each.
const COINS: [&str; 4] = ["A", "B", "C", "D"];

/// A minute of four coins on two connections, of which the second is lost for ten seconds at half time: the
/// records of the live turn, and the lines of its recording.
fn live(config: &Config, coins: &[CoinSpec]) -> (Vec<Record>, Vec<(Ns, Vec<u8>)>) {
    let law = Law { coins: COINS.map(str::to_owned).to_vec(), ..Law::simple() };
    let mut market = Market::new(&law, 5).expect("a sound configuration");
    let (mut records, mut lines) = (Vec::new(), Vec::new());
    let mut out = Tally::new(|r: &Record, _: &Bytes| records.push(*r));
    let mut turn = Turn::new(&config.engine, coins, config.hash(coins)).expect("coins");
    turn.share_out(2);
    let mut began = None;
    let mut up = [false; 2];
    loop {
        let block = market.next_block();
        let now = block.time.plus(50 * Ns::MS);
        let at = now.since(*began.get_or_insert(now)) / Ns::SEC;
        if at >= 60 {
            break;
        }
        for (socket, up) in (0u8..).zip(&mut up) {
            let wanted = socket == 0 || !(30..40).contains(&at);
            if *up == wanted {
                continue;
            }
            *up = wanted;
            if wanted {
                for (i, coin) in (0u8..).zip(coins) {
                    lines.push((now, coin_line(coin, i % 2)));
                }
                lines.push((now, Control::Up.line_of(socket).collect()));
                turn.up(socket, now, &mut out);
            } else {
                lines.push((now, Control::Down.line_of(socket).collect()));
                turn.down(socket, now, Loss::Lost, &mut out);
            }
        }
        turn.advance(now, &mut out);
        for frame in &block.frames {
            let coin = COINS.iter().position(|c| frame.contains(&format!("\"coin\":\"{c}\"")));
            let socket = u8::try_from(coin.expect("a coin") % 2).expect("small");
            if up[usize::from(socket)] {
                turn.from(socket);
                turn.message(now, frame.as_bytes(), &mut out);
                lines.push((now, frame.clone().into_bytes()));
            }
        }
    }
    drop(out);
    (records, lines)
}

#[test]
fn a_connection_that_is_lost_takes_its_own_coins_alone() {
    let config = Config::quoting();
    let coins = COINS.map(|c| CoinSpec::new(c, 2).expect("a coin"));
    let (records, lines) = live(&config, &coins);
    let of = |coin: u8, what: fn(&Body) -> bool| {
        records.iter().filter(|r| r.coin == CoinId(coin) && what(&r.body)).count()
    };
    let lost = |b: &Body| {
        matches!(b, Body::Order(o) if o.state == OrderState::Cancelled
            && o.reason == OrderReason::LinkLost)
    };
    let downs = |b: &Body| matches!(b, Body::LinkChange(l) if !l.up);
    let ups = |b: &Body| matches!(b, Body::LinkChange(l) if l.up);
    for coin in 0..4 {
        let own = coin % 2 == 1;
        assert_eq!(of(coin, lost) > 0, own, "coin {coin}: orders out");
        assert_eq!(of(coin, downs), usize::from(own), "coin {coin}");
        assert_eq!(of(coin, ups), 1 + usize::from(own), "coin {coin}");
    }
    // The replay of the recording, from its lines alone, gives the same records.
    let mut again = Vec::new();
    let mut out = Tally::new(|r: &Record, _: &Bytes| again.push(*r));
    let turn = Turn::new(&config.engine, &coins, config.hash(&coins)).expect("coins");
    let mut feeder = Feeder::new(turn);
    for (at, line) in &lines {
        feeder.take(*at, line, &mut out);
    }
    drop(out);
    let first = records.iter().zip(&again).find(|(a, b)| a != b);
    assert_eq!(first, None);
    // After its last line, only time passes.
    assert!(records.len() - again.len() < 100, "{} of {}", again.len(), records.len());
    // Control: without the lines that say which coins are whose, nobody's link is lost.
    let mut other = Vec::new();
    let mut out = Tally::new(|r: &Record, _: &Bytes| other.push(*r));
    let turn = Turn::new(&config.engine, &coins, config.hash(&coins)).expect("coins");
    let mut feeder = Feeder::new(turn);
    for (at, line) in lines.iter().filter(|(_, l)| !is_coin(l)) {
        feeder.take(*at, line, &mut out);
    }
    drop(out);
    assert!(again.iter().any(|r| lost(&r.body)) && !other.iter().any(|r| lost(&r.body)));
}

/// Forty coins over four connections that the venue drops: verified, read for some of its coins, and gone
/// on with over another number of connections.
#[test]
fn forty_coins_over_several_connections_are_one_run() {
    let dir = Temporary::new();
    let names: Vec<String> = (0..40).map(|i| format!("C{i}")).collect();
    let names = names.join(",");
    let faults = "exchange.feed.drop_every_s=7.0";
    let (mut venue, url) =
        exchange(&dir.0, &["--coin", &names, "--world", "simple", "--set", faults]);
    let run = ["run", "--venue", &url, "--for", "15s", "--plain", "--json"];
    let more = ["--coin", "all", "--set", "run.sockets=4", "--out", "x"];
    let ended = papermaker(&dir.0, &[&run[..], &more].concat());
    let found = ended.assert_code(0).json();
    assert_eq!(found["coins"].as_array().map(Vec::len), Some(40), "{found}");
    assert!(found["lost_links"].as_u64() >= Some(4), "{found}");
    let verified = papermaker(&dir.0, &["verify", "x", "--json"]).assert_code(0).json();
    let again = papermaker(&dir.0, &["verify", "x", "--json"]).assert_code(0).json();
    assert_eq!(verified["digest"], again["digest"]);
    // A coin alone, from the same recording.
    let file = std::fs::read_dir(dir.join("x")).expect("a folder");
    let file = file.filter_map(Result::ok).map(|e| e.path());
    let file =
        file.filter(|p| p.to_string_lossy().ends_with(".frames.gz") || p.ends_with("frames.gz"));
    let file = file.min().expect("a recording").to_string_lossy().into_owned();
    let some = ["replay", &file, "--coin", "C7,C11", "--once", "--json", "--out", "some"];
    let some = papermaker(&dir.0, &some).assert_code(0).json();
    assert_eq!(some["coins"].as_array().map(Vec::len), Some(2), "{some}");
    // Gone on with over two connections, killed, and gone on with over one.
    for sockets in ["2", "1"] {
        let set = format!("run.sockets={sockets}");
        let go_on = ["run", "--resume", "x", "--venue", &url, "--plain", "--set", &set];
        let mut child = start(&dir.0, &go_on);
        super::process::await_text(&mut child, "resumed");
        std::thread::sleep(std::time::Duration::from_secs(2));
        signal(&child, "KILL");
        finish(child);
        papermaker(&dir.0, &["verify", "x"]).assert_code(0);
    }
    let _ = venue.kill();
}
