//! Results do not depend on how the receiver's clock is set: the same frames under other stamps.

use papermaker::rooms::app::config::Config;
use papermaker::rooms::app::replay::{Feeder, Tally};
use papermaker::rooms::app::turn::Turn;
use papermaker::rooms::bench::input::Frames;
use papermaker::rooms::feed::Control;
use papermaker::rooms::record::{Body, Bytes, Guard, JointCode, Lane, Record, StopReason};
use papermaker::rooms::units::Ns;

use super::server::later;

const S: i64 = Ns::SEC;

/// What a replay came to.
#[derive(Clone, Debug, Default, PartialEq)]
struct Seen {
    decisions: u128,
    fills: Vec<(Ns, u64, i64)>,
    gaps: usize,
    jumps: u32,
    /// Ladders that stand after the last gap.
    quoted_after: usize,
}

fn replay(frames: &Frames, lines: &[(Ns, Vec<u8>)]) -> Seen {
    let config = Config::default();
    let mut seen = Seen::default();
    let mut out = Tally::new(|r: &Record, _: &Bytes| match r.body {
        Body::Fill(f) if f.lane == Lane::Configured => seen.fills.push((r.at, f.id, f.sz.0)),
        Body::DataGap(g) if g.joint == JointCode::Gap => {
            seen.gaps += 1;
            seen.quoted_after = 0;
        }
        Body::Ladder(l) if l.guard == Guard::None => seen.quoted_after += 1,
        Body::Clocks(c) => seen.jumps = c.jumps,
        _ => {}
    });
    let coins = &frames.coins;
    let turn = Turn::new(&config.engine, coins, config.hash(coins)).expect("coins");
    let mut feeder = Feeder::new(turn);
    for (at, line) in lines {
        feeder.take(*at, line, &mut out);
    }
    feeder.end_run(Some(StopReason::Finished), &mut out);
    let decisions = out.end().1.value().decisions;
    Seen { decisions, ..seen }
}

/// Ten minutes of the embedded exchange, late by a tenth of a second that varies, as our recorder
/// writes them; the link goes down in the middle and comes up twenty seconds later.
fn tape() -> (Frames, Vec<(Ns, Vec<u8>)>, usize) {
    let frames = Frames::of(&Default::default(), 5, 180 * Ns::MS, |f| f.span_ns() >= 600 * S);
    let mut lines = vec![];
    let mut last = Ns(0);
    for (i, (at, text)) in frames.iter().enumerate() {
        let i = i64::try_from(i).expect("small");
        last = last.max(at.plus(i * 7_919 % 60 * Ns::MS));
        lines.push((last, text.to_vec()));
    }
    let first = lines[0].0;
    let half = lines.iter().position(|l| l.0.since(first) > 300 * S).expect("a middle");
    let down = (lines[half - 1].0, Control::Down.line().to_vec());
    lines.drain(
        half..half + lines[half..].iter().position(|l| l.0.since(down.0) > 20 * S).expect("an end"),
    );
    let up = (lines[half].0, Control::Up.line().to_vec());
    lines.splice(half..half, [down, up]);
    lines.insert(0, (first, Control::Up.line().to_vec()));
    (frames, lines, half + 2)
}

fn moved(lines: &[(Ns, Vec<u8>)], by: impl Fn(usize, Ns) -> i64) -> Vec<(Ns, Vec<u8>)> {
    let one = |(i, (at, l)): (usize, &(Ns, Vec<u8>))| (at.plus(by(i, *at)), l.clone());
    lines.iter().enumerate().map(one).collect()
}

#[test]
fn a_constant_and_a_step_at_a_reconnect_change_nothing() {
    let (frames, lines, up) = tape();
    let right = replay(&frames, &lines);
    assert!(right.fills.len() > 20 && right.quoted_after > 100, "{right:?}");
    for by in [-3_600 * S, -600 * S, -8 * S, -1, 37_123_456, 61 * S, 3_600 * S] {
        let got = replay(&frames, &moved(&lines, |_, _| by));
        assert_eq!(got, right, "all stamps moved by {by} ns");
        let got = replay(&frames, &moved(&lines, |i, _| if i >= up { by } else { 0 }));
        assert_eq!(got, right, "stamps moved by {by} ns from the reconnect on");
    }
    // Control: blocks that come later are another tape.
    let late = |i: usize, _| if i.is_multiple_of(3) { 250 * Ns::MS } else { 0 };
    let mut other = moved(&lines, late);
    other.sort_by_key(|l| l.0);
    assert_ne!(replay(&frames, &other).decisions, right.decisions);
}

#[test]
fn a_drift_keeps_nearly_all_fills() {
    let (frames, lines, _) = tape();
    let right = replay(&frames, &lines);
    let first = lines[0].0;
    for ppm in [-200, 50, 200] {
        let got = replay(&frames, &moved(&lines, |_, at| at.since(first) / 1_000_000 * ppm));
        let (n, m) = (right.fills.len(), got.fills.len());
        assert!(m * 10 >= n * 9 && m * 9 <= n * 10, "{ppm} ppm: {m} fills, {n} without");
    }
}

#[test]
fn a_jump_of_the_clocks_is_a_gap_from_which_the_run_recovers() {
    let (frames, lines, up) = tape();
    let middle = up + (lines.len() - up) / 2;
    let before = replay(&frames, &lines);
    let late = |line: &[u8], by_s: i64| {
        later(std::str::from_utf8(line).expect("text"), by_s * 1_000).into_bytes()
    };
    for by_s in [120, 7_200, -300] {
        let jumped: Vec<(Ns, Vec<u8>)> = lines
            .iter()
            .enumerate()
            .map(|(i, (at, l))| (*at, if i < middle { l.clone() } else { late(l, by_s) }))
            .collect();
        let got = replay(&frames, &jumped);
        assert_eq!((got.jumps, got.gaps), (1, before.gaps + frames.coins.len()), "{by_s} s");
        assert!(got.quoted_after > 50, "{by_s} s: {} ladders after it", got.quoted_after);
    }
}
