//! What must not change a decision: how the bytes are cut, and what the logging thread does.

use papermaker::rooms::app::config::Config;
use papermaker::rooms::app::publish::Publisher;
use papermaker::rooms::app::replay::{Tally, replay};
use papermaker::rooms::app::turn::Turn;
use papermaker::rooms::engine::publish::Publish;
use papermaker::rooms::feed::CoinSpec;
use papermaker::rooms::feed::Control;
use papermaker::rooms::journal::{Digest, Digests};
use papermaker::rooms::record::{
    Body, Bytes, Guard, OrderReason, OrderState, Record, Requests, StopReason,
};
use papermaker::rooms::units::Ns;
use papermaker::rooms::venue;
use papermaker::rooms::venue::config::Regime;
use papermaker::rooms::venue::market::Market;
use papermaker::rooms::ws::conn::{Conn, Message};
use papermaker::rooms::ws::server;

use super::process::Temporary;

/// Blocks of a market, received 50 ms after their time.
fn blocks(seed: u64, n: usize) -> Vec<(Ns, Vec<String>)> {
    let law = venue::config::Config::stationary("BTC", Regime::Volatile);
    let mut market = Market::new(&law, seed).expect("a sound configuration");
    let block = |_| {
        let b = market.next_block();
        (b.time.plus(50 * Ns::MS), b.frames)
    };
    (0..n).map(block).collect()
}

fn coins() -> [CoinSpec; 1] {
    [CoinSpec::new("BTC", 5).expect("a coin")]
}

fn turn(config: &Config) -> Turn {
    Turn::new(&config.engine, &coins(), config.hash(&coins())).expect("coins")
}

/// The digest of blocks whose bytes arrive in pieces of `size(i)`.
fn cut(blocks: &[(Ns, Vec<String>)], mut size: impl FnMut() -> usize) -> (Digests, u64) {
    let config = Config::quoting();
    let mut turn = turn(&config);
    let mut out = Tally::new(|_: &Record, _: &Bytes| {});
    let mut conn = Conn::new(1);
    turn.up(0, blocks[0].0, &mut out);
    for (now, frames) in blocks {
        let mut bytes = Vec::new();
        frames.iter().for_each(|f| server::text(&mut bytes, f));
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let space = conn.space();
            let n = size().clamp(1, rest.len()).min(space.len());
            space[..n].copy_from_slice(&rest[..n]);
            rest = &rest[n..];
            conn.filled(n);
            while let Some(m) = conn.poll().expect("sound") {
                if let Message::Text(text) = m {
                    turn.message(*now, text, &mut out);
                }
            }
        }
    }
    (out.digest.value(), out.next)
}

#[test]
fn any_chunking_of_the_bytes_gives_the_same_records() {
    let blocks = blocks(9, 1_500);
    let whole = cut(&blocks, || usize::MAX);
    assert!(whole.1 > 10_000, "{} records", whole.1);
    assert_eq!(cut(&blocks, || 1), whole);
    let mut rng = fastrand::Rng::with_seed(4);
    assert_eq!(cut(&blocks, || rng.usize(1..700)), whole);
    // The control: another market differs.
    assert_ne!(cut(&self::blocks(10, 1_500), || usize::MAX), whole);
}

#[test]
fn a_full_queue_is_counted_exactly_withdraws_the_quotes_and_replays_to_the_same_digest() {
    let config = Config::quoting();
    let (mut records, mut taken) = Publisher::new(2_048, 0, Digest::default());
    let mut turn = turn(&config);
    let blocks = blocks(3, 3_000);
    let mut lines: Vec<(Ns, Vec<u8>)> = Vec::new();
    let (mut popped, mut lost, mut guarded, mut changes) = (0u64, 0u64, 0u64, [0u32; 2]);
    let mut take = |records: &mut rtrb::Consumer<Bytes>| {
        while let Ok(bytes) = records.pop() {
            match Record::decode(&bytes).expect("a record").body {
                Body::Lost(l) => lost += l.count,
                Body::Ladder(l) if l.guard == Guard::JournalBehind => {
                    (guarded, popped) = (guarded + 1, popped + 1);
                }
                _ => popped += 1,
            }
        }
    };
    lines.push((blocks[0].0, Control::Up.line().to_vec()));
    turn.up(0, blocks[0].0, &mut records);
    for (i, (now, frames)) in blocks.iter().enumerate() {
        turn.advance(*now, &mut records);
        if let Some(behind) = records.behind() {
            changes[usize::from(behind)] += 1;
            let line = if behind { Control::Behind } else { Control::Drained }.line();
            lines.push((*now, line.to_vec()));
            turn.behind(*now, behind, &mut records);
        }
        for frame in frames {
            lines.push((*now, frame.clone().into_bytes()));
            turn.message(*now, frame.as_bytes(), &mut records);
        }
        // The logging thread stands still for two of every three seconds of a hundred blocks.
        if i % 1_000 < 400 {
            take(&mut taken);
        }
    }
    let now = blocks[blocks.len() - 1].0;
    turn.stopping(now, &mut records);
    lines.push((now, Control::Stop.line().to_vec()));
    take(&mut taken);
    let so_far = records.next_seq();
    turn.stop(now, StopReason::Finished, so_far, &mut records);
    take(&mut taken);
    assert!(records.flush_lost_marker());
    take(&mut taken);
    let counts = records.published();
    assert!(counts.dropped > 0, "the queue was never full");
    assert_eq!((popped, lost), (counts.pushed, counts.dropped));
    assert_eq!(counts.next_seq, popped + lost);
    assert!(changes[1] >= 2 && changes[0] >= 2 && guarded >= 2, "{changes:?} {guarded}");
    // The recording of it, through a replay that loses nothing.
    let dir = Temporary::new();
    let text: Vec<u8> = lines
        .iter()
        .flat_map(|(at, l)| [at.0.to_string().as_bytes(), b" ", l, b"\n"].concat())
        .collect();
    std::fs::write(dir.join("a.frames"), text).expect("written");
    let mut again = Tally::new(|_: &Record, _: &Bytes| {});
    replay(&dir.join("a.frames"), &config, &coins(), Some(StopReason::Finished), &mut again)
        .expect("readable");
    assert_eq!((again.next, again.digest.value()), (counts.next_seq, counts.digest));
}

#[test]
fn a_publisher_held_back_by_a_stage_is_the_same_publisher() {
    let blocks = blocks(5, 400);
    let config = Config::quoting();
    let run = |staged: bool| {
        let mut turn = turn(&config);
        let mut out = Tally::new(|_: &Record, _: &Bytes| {});
        let mut stage = papermaker::rooms::app::staged::Stage::default();
        turn.up(0, blocks[0].0, &mut out);
        for (now, frames) in &blocks {
            turn.advance(*now, &mut out);
            for f in frames {
                if staged {
                    let mut held = stage.before(&mut out);
                    turn.message(*now, f.as_bytes(), &mut held);
                    held.flush();
                } else {
                    turn.message(*now, f.as_bytes(), &mut out);
                }
            }
        }
        out.publish(
            Ns(0),
            papermaker::rooms::record::NO_COIN,
            papermaker::rooms::record::Lost { first: 0, count: 0 },
        );
        (out.next, out.digest.value())
    };
    assert_eq!(run(true), run(false));
}

/// What a market's orders came to under a configuration: states sent, refused for want of requests, and
/// the last record of the budget.
fn budget(sets: &[&str]) -> (u64, u64, Requests) {
    let sets: Vec<String> = sets.iter().map(|s| (*s).to_owned()).collect();
    let config = Config::load(None, &sets).expect("in range");
    let (mut sent, mut refused, mut last) = (0, 0, None);
    let mut out = Tally::new(|r: &Record, _: &Bytes| match r.body {
        Body::Order(o) => {
            let both = (o.state, o.reason);
            sent += u64::from(matches!(o.state, OrderState::Sent | OrderState::CancelSent));
            refused += u64::from(both == (OrderState::Rejected, OrderReason::Requests));
            refused += u64::from(both == (OrderState::Live, OrderReason::Requests));
        }
        Body::Requests(x) => last = Some(x),
        _ => {}
    });
    let mut turn = turn(&config);
    let blocks = blocks(9, 2_500);
    turn.up(0, blocks[0].0, &mut out);
    for (now, frames) in &blocks {
        frames.iter().for_each(|f| turn.message(*now, f.as_bytes(), &mut out));
    }
    let before = out.next;
    turn.stop(blocks[2_499].0, StopReason::Finished, before, &mut out);
    drop(out);
    (sent, refused, last.expect("once a second"))
}

#[test]
fn requests_are_counted_spread_and_refused_when_spent() {
    let (sent, refused, free) = budget(&["engine.requests.spread_min=0"]);
    assert_eq!((sent, refused, free.refused), (free.used + free.cancels, 0, 0));
    // An account that sent more than it may, before.
    let spent = ["engine.requests.spread_min=0", "engine.requests.sent_before=1000000"];
    let (sent, refused, x) = budget(&spent);
    assert!(x.refused > 100 && refused > 100 && refused <= x.refused, "{x:?} {refused}");
    let used = x.used - 1_000_000;
    assert_eq!(sent, used + x.cancels + x.refused);
    // One in ten seconds of four minutes.
    assert!((5..=26).contains(&used), "{x:?}");
    // Quoting that spreads what it has is never refused, and sends less.
    let little = ["engine.requests.allowance=200"];
    let (less, refused, x) = budget(&little);
    assert!(refused == 0 && x.refused == 0 && x.used < x.limit && less > 50, "{x:?}");
    assert!(less < free.used, "{less} {free:?}");
}
