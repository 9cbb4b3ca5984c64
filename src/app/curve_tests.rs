//! What small quotes on the shared recordings would have met: the shadow ladder against a reference that
//! shares nothing with it.
//!
//! The reference is a table made of the same recordings by another program: a decision every half second,
//! a quarter of a second to the venue, receive and venue clocks taken as one, a fee of 1.5 bps. As
//! published it goes on quoting for up to three seconds of a hole; the rows of the recording with holes are
//! made without that.

use std::fs::File;
use std::path::Path;

use crate::app::convert::convert;
use crate::app::events::{Entry, Reader};
use crate::app::source::Item;
use crate::app::survey::survey;
use crate::event::shadow::{Seen, places};
use crate::event::{Bbo, Event, Link, Trade};
use crate::feed::Parser;
use crate::folder::recording::Meter;
use crate::learn::curve::null_tests::said;
use crate::learn::curve::stats::{Reading, rate_ends};
use crate::learn::curve::{Config, Curve};
use crate::limits::CURVE;
use crate::math::det;
use crate::record::Outlook;
use crate::sim::hold::{Batch, Came, Hold};
use crate::sim::shadow::{Pace, Shadow};
use crate::units::rules::Rules;
use crate::units::{Mid2, Ns, Px, Side, Sz};

const PACE: Pace = Pace { every_ns: Ns::SEC / 2, delay_ns: Ns::SEC / 4, feed_ns: 0 };
const HOLD_NS: i64 = 2 * Ns::SEC;
const FEE_BPS: f64 = 1.5;
/// The reference quotes nothing for so long before a hole.
const BEFORE_HOLE_NS: i64 = 8_500 * Ns::MS;
/// Places of the distances 0, 1, 2 and 4.
const PLACES: [usize; 4] = [0, 4, 6, 9];

#[derive(Default)]
struct Raw {
    all: Vec<Seen>,
    lives: Vec<(Ns, usize, i64)>,
    fills: Vec<(Ns, usize, Side, Px, Mid2)>,
    mids: Vec<(Ns, f64)>,
}

impl Raw {
    fn take(&mut self, seen: Seen) {
        self.all.push(seen);
        match seen {
            Seen::Live { until, places: set, ns, .. } => {
                self.lives.extend(places(set).map(|place| (until, place, ns)));
            }
            Seen::Fill { side, place, px, from, time, .. } => {
                self.fills.push((time, place, side, px, from));
            }
            Seen::State { time, mid } => self.mids.push((time, mid.to_f64())),
            Seen::Hole { from } => self.cut(from),
        }
    }

    fn cut(&mut self, from: Ns) {
        self.lives.retain(|l| l.0.plus(BEFORE_HOLE_NS) < from);
        self.fills.retain(|f| f.0.plus(BEFORE_HOLE_NS) < from);
    }

    /// Fills, fills a second, cost, value of the quotes at a place.
    fn row(&self, place: usize) -> [f64; 4] {
        let live =
            self.lives.iter().filter(|l| l.1 == place).map(|l| Ns::seconds(l.2)).sum::<f64>();
        let (mut n, mut cost, mut value) = (0.0, 0.0, 0.0);
        for (time, _, side, px, from) in self.fills.iter().filter(|f| f.1 == place) {
            let (s, from) = (if *side == Side::Buy { 1.0 } else { -1.0 }, from.to_f64());
            let at = self.mids.partition_point(|m| m.0 <= time.plus(5 * Ns::SEC)) - 1;
            let moved = -s * (self.mids[at].1 - from) / from * 1e4;
            n += 1.0;
            cost += FEE_BPS + moved;
            value += s * (from - px.to_f64()) / from * 1e4 - FEE_BPS - moved;
        }
        [n, n / live, cost / n, value / live]
    }
}

/// By how much the receiver's clock is ahead when that is first known, ns.
fn first_offset(path: &Path) -> i64 {
    let mut reader = Reader::open(path).expect("readable");
    while let Some((_, entry)) = reader.step().expect("readable") {
        if let Entry::Item(Item::Clocks(c)) = entry {
            return c.offset;
        }
    }
    0
}

/// Takers who know nothing: on each side so many a second, as far beyond the mid as an exponential law with
/// a mean of three basis points has it, from a time on.
struct Takers {
    rng: fastrand::Rng,
    rate: f64,
    from_s: f64,
    started: Option<Ns>,
    next: [f64; 2],
}

impl Takers {
    fn new(rate: f64, from_s: f64) -> Takers {
        let rng = fastrand::Rng::with_seed(9);
        Takers { rng, rate, from_s, started: None, next: [from_s; 2] }
    }

    /// Those until block `t`, given the touch before it.
    #[expect(clippy::cast_possible_truncation, reason = "times and prices of a recording")]
    fn until(&mut self, rules: Rules, t: Ns, touch: [Px; 2]) -> Vec<Trade> {
        let started = *self.started.get_or_insert(t);
        let mid = (touch[0].to_f64() + touch[1].to_f64()) / 2.0;
        let mut out = Vec::new();
        for side in Side::BOTH {
            loop {
                let next = &mut self.next[side.index()];
                let time = started.plus((*next * 1e3) as i64 * Ns::MS);
                if self.rate <= 0.0 || time > t {
                    break;
                }
                let s = if side == Side::Buy { 1.0 } else { -1.0 };
                let far = -3.0 * det::ln(self.rng.f64().max(1e-12));
                let raw = Px((mid * (1.0 + s * far * 1e-4) * 1e8) as i64);
                // No farther than it says: a buyer's is rounded down.
                let px = rules.round_outward(side, raw);
                if *next > self.from_s && !side.better(touch[side.opposite().index()], px) {
                    let (sz, tid) = (Sz(1), time.0.unsigned_abs());
                    out.push(Trade { aggressor: side, px, sz, time, taker: tid, tid });
                }
                *next -= det::ln(self.rng.f64().max(1e-12)) / self.rate;
            }
        }
        out.sort_by_key(|p| p.time);
        out
    }
}

/// What was seen of a coin, and what is read of it at the end.
struct Coin {
    name: String,
    raw: Raw,
    curve: Curve,
    /// Seconds since the first block, and the word from then on.
    words: Vec<(f64, Outlook)>,
    takers: Takers,
    touch: Option<[Px; 2]>,
}

impl Coin {
    fn read(&self) -> &[Reading; CURVE] {
        self.curve.at(0)
    }

    fn word(&self) -> Outlook {
        self.words.last().map_or(Outlook::Unknown, |w| w.1)
    }

    /// When it first said so, s.
    fn first(&self, word: Outlook) -> Option<f64> {
        self.words.iter().find(|w| w.1 == word).map(|w| w.0)
    }

    /// The takers before a change of the best prices.
    fn plant(&mut self, rules: Rules, bbo: &Bbo) -> Vec<Trade> {
        let touch = bbo.bid.zip(bbo.ask).map(|(b, a)| [b.px, a.px]);
        let before = std::mem::replace(&mut self.touch, touch);
        before.map_or_else(Vec::new, |before| self.takers.until(rules, bbo.time, before))
    }

    fn note(&mut self, block: Ns) {
        let word = self.curve.verdict(0).word();
        if word != self.word() {
            let started = self.takers.started.unwrap_or(block);
            self.words.push((Ns::seconds(block.since(started)), word));
        }
    }
}

/// What the ladder saw of each coin of a recording with takers planted into it.
fn watch(path: &Path, name: &str, rate: f64, from_s: f64) -> Vec<Coin> {
    let to = std::env::temp_dir().join(format!("papermaker-curve-{name}-{}", std::process::id()));
    let coins = survey(path).expect("readable").coins;
    convert(
        &[path.to_path_buf()],
        &coins,
        Parser::Scanner,
        (true, &Meter::default()),
        File::create(&to).expect("a file"),
    )
    .expect("converted");
    let coin = |c: &crate::feed::CoinSpec| Coin {
        name: c.name.to_string(),
        raw: Raw::default(),
        curve: Curve::new(FEE_BPS),
        words: Vec::new(),
        takers: Takers::new(rate, from_s),
        touch: None,
    };
    let mut all: Vec<(Shadow, Hold, Coin)> =
        coins.iter().map(|c| (Shadow::new(c.rules()), Hold::default(), coin(c))).collect();
    let cfg = Config::default();
    // Stamps as they were received: the session clock plus what the map took off.
    let mut reader = Reader::open(&to).expect("readable");
    let mut offset = first_offset(&to);
    while let Some((at, entry)) = reader.step().expect("readable") {
        let now = at.plus(offset);
        let with = |all: &mut [(Shadow, Hold, Coin)], i: usize, came: Option<Came<'_>>| {
            let (shadow, hold, Coin { raw, curve, .. }) = &mut all[i];
            let mut out = |s| {
                raw.take(s);
                curve.on_seen(&cfg, || FEE_BPS, s);
            };
            if let Some(came) = came {
                shadow.on(&PACE, now, came, &mut out);
                let batch = hold.on(now, Some(HOLD_NS), came, |hold, oldest| {
                    hold.show(oldest, &mut shadow.takes(&mut out));
                });
                hold.show(batch, &mut shadow.takes(&mut out));
                hold.drop(batch);
            } else {
                hold.show(Batch::Upto(Ns(i64::MAX)), &mut shadow.takes(&mut out));
                hold.clear();
                shadow.on_hole(&mut out);
            }
        };
        match entry {
            Entry::Item(Item::Clocks(c)) => offset = c.offset,
            Entry::Item(Item::Event(Event::Bbo { coin, bbo })) => {
                let i = coin.index();
                let planted = all[i].2.plant(coins[i].rules(), bbo);
                with(&mut all, i, Some(Came::Prints(&planted)));
                with(&mut all, i, Some(Came::Bbo(bbo)));
                all[i].2.note(bbo.time);
            }
            Entry::Item(Item::Event(Event::Book { coin, book })) => {
                with(&mut all, coin.index(), Some(Came::Book(book)));
            }
            Entry::Item(Item::Event(Event::Trades { coin, prints })) => {
                with(&mut all, coin.index(), Some(Came::Prints(prints)));
            }
            Entry::Item(Item::Event(Event::Link(Link::Down))) | Entry::End(_) => {
                (0..coins.len()).for_each(|i| with(&mut all, i, None));
            }
            Entry::Item(_) => {}
        }
    }
    std::fs::remove_file(&to).expect("ours");
    all.into_iter().map(|(.., coin)| coin).collect()
}

/// Recording, coin, and by place fills, fills a second, cost and value.
type Rows = (&'static str, &'static str, &'static [[f64; 4]]);

const REFERENCE: [Rows; 9] = [
    ("hl_20250903_9m_ALL4", "BTC", &[[44.0, 0.1182, 2.58, -0.2996], [16.0, 0.0378, 3.37, -0.0883]]),
    ("hl_20250903_9m_ALL4", "ETH", &[[39.0, 0.1012, 2.78, -0.2705], [19.0, 0.0455, 3.88, -0.1298]]),
    (
        "hl_20250903_9m_ALL4",
        "SOL",
        &[
            [50.0, 0.1360, 4.11, -0.5271],
            [32.0, 0.0786, 4.96, -0.2960],
            [15.0, 0.0353, 5.52, -0.1181],
        ],
    ),
    (
        "hl_20250903_9m_ALL4",
        "WLFI",
        &[
            [32.0, 0.0860, 2.89, -0.2384],
            [27.0, 0.0699, 5.18, -0.2798],
            [14.0, 0.0342, 6.15, -0.1301],
        ],
    ),
    (
        "hl_20250904_12m_ALL4",
        "BTC",
        &[[91.0, 0.0737, 2.50, -0.1811], [18.0, 0.0133, 3.59, -0.0338]],
    ),
    (
        "hl_20250904_12m_ALL4",
        "ETH",
        &[
            [133.0, 0.1114, 2.95, -0.3161],
            [49.0, 0.0371, 3.79, -0.1016],
            [21.0, 0.0155, 4.05, -0.0284],
        ],
    ),
    (
        "hl_20250904_12m_ALL4",
        "SOL",
        &[
            [98.0, 0.0784, 3.70, -0.2708],
            [48.0, 0.0362, 4.52, -0.1190],
            [30.0, 0.0222, 5.40, -0.0706],
        ],
    ),
    (
        "hl_20250904_12m_ALL4",
        "WLFI",
        &[
            [171.0, 0.1576, 2.12, -0.3113],
            [133.0, 0.1143, 2.77, -0.1775],
            [87.0, 0.0710, 3.77, -0.1038],
            [53.0, 0.0406, 6.39, -0.0920],
        ],
    ),
    (
        "hl_20251210_24m_ETH",
        "ETH",
        &[
            [277.0, 0.1682, 3.42, -0.5506],
            [200.0, 0.1050, 4.28, -0.3388],
            [103.0, 0.0493, 5.45, -0.1587],
            [42.0, 0.0192, 7.16, -0.0599],
        ],
    ),
];

/// Recording, coin, and of the estimates at 0, 1 and 2 bps rate, cost and the ends of the value.
const READ: [(&str, &str, [[f64; 4]; 3]); 5] = [
    (
        "hl_20250904_12m_ALL4",
        "BTC",
        [
            [0.0734, 2.50, -0.269, -0.115],
            [0.0134, 3.50, -0.094, -0.007],
            [0.0029, 4.36, -0.044, 0.002],
        ],
    ),
    (
        "hl_20250904_12m_ALL4",
        "ETH",
        [
            [0.1107, 2.90, -0.430, -0.214],
            [0.0362, 3.70, -0.172, -0.048],
            [0.0151, 4.04, -0.076, -0.005],
        ],
    ),
    (
        "hl_20250904_12m_ALL4",
        "SOL",
        [
            [0.0792, 3.61, -0.448, -0.147],
            [0.0363, 4.50, -0.299, -0.038],
            [0.0228, 5.46, -0.257, -0.015],
        ],
    ),
    (
        "hl_20250904_12m_ALL4",
        "WLFI",
        [
            [0.1543, 2.17, -0.666, -0.070],
            [0.1140, 2.92, -0.469, -0.019],
            [0.0697, 3.95, -0.321, 0.019],
        ],
    ),
    (
        "hl_20251210_24m_ETH",
        "ETH",
        [
            [0.1618, 3.35, -0.714, -0.366],
            [0.0999, 4.26, -0.497, -0.198],
            [0.0466, 5.40, -0.274, -0.070],
        ],
    ),
];

/// Whether what is read at a place is as the reference reads it: rate within 5 %, cost .1 bps, ends of the
/// value 10 %; `other` more or fewer fills of `n` in `live` seconds may move them so much more.
fn reads(r: &Reading, [lo, hi]: [f64; 2], want: &[f64; 4], other: f64, n: f64, live: f64) -> bool {
    let end = |got: f64, want: f64| {
        (got - want).abs() <= (0.1 * want.abs()).max(0.002).max(7.0 * other / live)
    };
    (r.rate - want[0]).abs() <= (0.05 + 1.2 * other / n) * want[0]
        && (r.cost - want[1]).abs() <= 0.1
        && end(lo, want[2])
        && end(hi, want[3])
}

#[test]
fn fills_and_costs_by_distance_are_those_of_the_reference() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/hyperliquid");
    let mut name = "";
    let mut seen = Vec::new();
    let mut off = Vec::new();
    for (recording, coin, rows) in REFERENCE {
        let path = folder.join(format!("{recording}.frames.gz"));
        if !path.exists() {
            println!("no {recording}: not tried");
            continue;
        }
        if name != recording {
            (name, seen) = (recording, watch(&path, recording, 0.0, 0.0));
        }
        let seen = seen.iter().find(|s| s.name == coin).expect("a coin of it");
        let (raw, read) = (&seen.raw, seen.read());
        println!("{recording} {coin}: {:?}", seen.words);
        if !matches!(seen.word(), Outlook::Loses | Outlook::LikelyLoses)
            || seen.first(Outlook::Pays).is_some()
        {
            off.push(format!("{recording} {coin}: {:?}", seen.words));
        }
        let known = READ.iter().find(|r| (r.0, r.1) == (recording, coin));
        for (at, (want, place)) in rows.iter().zip(PLACES).enumerate() {
            let got = raw.row(place);
            let r = &read[place];
            let mut ends = rate_ends(read, place..=place);
            let ends @ [lo, hi] = r.value_ends(ends.next().expect("one"));
            println!(
                "{recording} {coin} {place}: {:.0} {:.4} {:.2} {:.4} for {want:?}; read {:.4} {:.2} {:.3} \
                 [{lo:.3}, {hi:.3}] {:.0}",
                got[0],
                got[1],
                got[2],
                got[3],
                r.rate,
                r.cost,
                r.value(),
                r.n_eff,
            );
            // Where the half-second grid of decisions stands decides over a few fills, of up to 18 bps: the
            // reference itself has 88 to 98 for its 91 of BTC, 127 to 136 for 133, 256 to 278 for 277.
            let (n, live) = (want[0], want[0] / want[1]);
            let other = (got[0] - n).abs();
            let near = |i: usize, most: f64| (got[i] - want[i]).abs() <= most;
            let as_read =
                known.and_then(|k| k.2.get(at)).is_none_or(|w| reads(r, ends, w, other, n, live));
            if !(near(0, (0.03 * n).max(3.0))
                && near(1, (0.03 + other / n) * want[1])
                && near(2, (18.0 * other / n).max(0.1))
                && near(3, (18.0 * other / live).max(0.05 * want[3].abs()))
                && as_read)
            {
                off.push(format!("{recording} {coin} {place}: {got:?} for {want:?}"));
            }
        }
    }
    assert!(off.is_empty(), "{off:#?}");
}

/// Takers who know nothing, .3 a second and side, in the quietest coin of the twelve minutes: it pays, and is
/// found out by the tape alone; so where they begin in the second half.
#[test]
fn planted_takers_pay_and_are_found_without_an_own_fill() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/hyperliquid");
    let path = folder.join("hl_20250904_12m_ALL4.frames.gz");
    if !path.exists() {
        println!("no recording: not tried");
        return;
    }
    let btc = |rate: f64, from_s: f64| {
        let name = format!("planted-{rate}-{from_s}");
        let mut coins = watch(&path, &name, rate, from_s);
        coins.retain(|c| c.name == "BTC");
        coins.remove(0)
    };
    let all = btc(0.3, 0.0);
    println!("from the start {:?}", all.words);
    let pays = all.first(Outlook::Pays).expect("it pays");
    assert!(pays <= 400.0, "{pays}");
    let best = all.curve.verdict(0).best.expect("a best place");
    let v = all.raw.row(best)[3];
    println!("best {best}: {v}, read {:?}", all.read()[best]);
    assert!((6..=12).contains(&best) && (0.12..0.28).contains(&v), "{best} {v}");
    let half = btc(0.3, 360.0);
    println!("from the middle {:?}", half.words);
    assert!(
        half.words.iter().all(|w| w.0 > 360.0 || w.1 < Outlook::LikelyPays),
        "{:?}",
        half.words
    );
    let quotes = half.first(Outlook::LikelyPays).or(half.first(Outlook::Pays)).expect("found");
    assert!(quotes - 360.0 < 600.0, "{quotes}");
}

/// The control of the estimator: the same fills at other times, two to ten minutes away, cost the fee alone;
/// at their own times the market moves against them. So the cost is of the fills, not of how it is counted.
#[test]
fn at_other_times_a_fill_costs_the_fee_alone() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/hyperliquid");
    let path = folder.join("hl_20250904_12m_ALL4.frames.gz");
    if !path.exists() {
        println!("no recording: not tried");
        return;
    }
    let at = |mids: &[(Ns, f64)], t: Ns| {
        let i = mids.partition_point(|m| m.0 <= t).checked_sub(1)?;
        (t.since(mids[i].0) < 4 * Ns::SEC).then_some(mids[i].1)
    };
    for coin in watch(&path, "placebo", 0.0, 0.0).iter().filter(|c| c.name != "WLFI") {
        let raw = &coin.raw;
        let cost = |shifts: &[i64]| {
            let (mut sum, mut n) = (0.0, 0.0);
            for (time, _, side, ..) in raw.fills.iter().filter(|f| f.1 <= PLACES[1]) {
                for shift in shifts {
                    let t = time.plus(shift * Ns::SEC);
                    let Some((from, after)) =
                        at(&raw.mids, t).zip(at(&raw.mids, t.plus(5 * Ns::SEC)))
                    else {
                        continue;
                    };
                    let s = if *side == Side::Buy { 1.0 } else { -1.0 };
                    sum += FEE_BPS - s * (after - from) / from * 1e4;
                    n += 1.0;
                }
            }
            (sum / n, n)
        };
        let around: Vec<i64> = (20..=60).flat_map(|k| [10 * k, -10 * k]).collect();
        let ((placebo, n), (own, m)) = (cost(&around), cost(&[0]));
        println!("{}: {placebo:.2} at {n} other times, {own:.2} at {m} own", coin.name);
        assert!((placebo - FEE_BPS).abs() < 0.2, "{}: {placebo}", coin.name);
        assert!(own > FEE_BPS + 0.3, "control, at their own times: {own}");
    }
}

/// Where the best distance earns nothing it is seldom said to pay: in a twentieth of the minutes, in a third
/// of the runs. An interval alone, looked at once a minute, says so more often; with a fee lower by one
/// basis point it is found in a quarter of the runs of two hours at least.
#[test]
fn where_the_best_distance_earns_nothing_pays_is_seldom_said() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/hyperliquid");
    let (mut by, mut off) = ([0.0; 2], Vec::new());
    for recording in ["hl_20250903_9m_ALL4", "hl_20250904_12m_ALL4", "hl_20251210_24m_ETH"] {
        let path = folder.join(format!("{recording}.frames.gz"));
        if !path.exists() {
            println!("no {recording}: not tried");
            return;
        }
        for coin in watch(&path, &format!("null-{recording}"), 0.0, 0.0) {
            let (at, below) = (said(&coin.raw.all, 40, 0.0), said(&coin.raw.all, 10, -1.0));
            println!("{recording} {}: {at:.3?}; a basis point below {below:.3?}", coin.name);
            if at.minutes[0] > 0.05 || at.runs[0] > 0.35 || below.runs[0] < 0.25 {
                off.push(format!("{recording} {}: {at:?} {below:?}", coin.name));
            }
            by.iter_mut().zip(at.runs).for_each(|(all, one)| *all += one);
        }
    }
    println!("runs that ever said so: {by:?}");
    assert!(off.is_empty(), "{off:#?}");
    assert!(by[1] > 2.0 * by[0], "control: {by:?}");
}
