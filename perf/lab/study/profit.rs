//! What a strategy earns where its orders are really in the book, and what paper says of it.
//!
//! In: worlds, strategies, seeds. Out: money, paired. Cold path.
//!
//! ```text
//!  recorder (agents, delays) ─▶ frames ─▶ feeder (feed, engine, strategy) ─▶ records ─▶ money
//!      ▲                                        │
//!      └── floor ◀── requests ── in the book ◀──┘   or the paper executor, and nothing goes back
//! ```
//!
//! 1. The engine is the product, from the frames on. Paper and real run see the same market until an own
//!    order has a consequence: draws are named, not counted.
//! 2. The oracle knows the truth of the world: it quotes at the distance that pays best there, really in
//!    the book; where none pays it does not quote, and the right answer is no order.
//! 3. Worlds are changed after their start, so that what learners and strategies believe at first is off.
//! 4. Money is what the ledger says at the end, the position at the mid.

use super::inbook::{Floor, Twin};
use super::stats::{Estimate, float, mean, ratio};
use super::table::{Cell, Table};
use super::{Effort, Outcome};
use crate::app::config::Config;
use crate::app::replay::{Feeder, Tally};
use crate::app::turn::Turn;
use crate::engine::{Components, ConfigOf, Shipped};
use crate::event::shadow::{DISTANCES_E2, JOIN};
use crate::feed::CoinSpec;
use crate::lab::plot::study::{Chart, Series};
use crate::quote::{AnyConfig, AnyStrategy, Name, Strategy as _};
use crate::record::{Body, Lane, OrderState, Record, StopReason};
use crate::sim::models::skellam::Skellam;
use crate::sys::jobs;
use crate::truth::{self, Pace, Plan};
use crate::units::{Cash, Ns};
use crate::venue::agents::sets::Set;
use crate::venue::coin;
use crate::venue::config::{Config as Venue, Named};
use crate::venue::draw;
use crate::venue::tape::Recorder;

/// The coin; it names the draws.
const COIN: &str = "A";
/// Hours in which the truth of a world is found out.
const TRUTH_H: i64 = 4;

/// A world, and what is changed of it.
struct Scene {
    name: &'static str,
    world: Named,
    change: fn(&mut Set),
}

/// Where nothing pays, where something does, and where that is unlike what is believed at first.
const SCENES: [Scene; 10] = [
    Scene { name: "btc", world: Named::Btc, change: |_| {} },
    Scene { name: "eth", world: Named::Eth, change: |_| {} },
    Scene { name: "thin", world: Named::Thin, change: |_| {} },
    Scene { name: "paying", world: Named::Paying, change: |_| {} },
    Scene { name: "a fifth of the takers", world: Named::Paying, change: |s| s.takers.rate *= 0.2 },
    Scene { name: "five times", world: Named::Paying, change: |s| s.takers.rate *= 5.0 },
    Scene { name: "twice the volatility", world: Named::Paying, change: |s| s.price.sigma *= 2.0 },
    Scene {
        name: "informed",
        world: Named::Paying,
        change: |s| (s.takers.informed, s.price.impact) = ((1.2, 4.0), 3.0),
    },
    Scene {
        name: "heavy tails",
        world: Named::Paying,
        change: |s| {
            (s.takers.tail.0, s.takers.tail.1, s.takers.slip) = (0.25, 0.6, (0.8, 6.0, 0.0))
        },
    },
    Scene {
        name: "bursts of a minute",
        world: Named::Paying,
        change: |s| (s.price.activity, s.price.dwell_s) = ([0.2, 1.0, 5.0], [60.0; 3]),
    },
];

/// Strategies, each as it comes; the oracle is apart.
const STRATEGIES: [Name; 4] = [Name::Earn, Name::Glft, Name::Avellaneda, Name::Original];

/// A strategy's name, and the settings it comes with.
fn of(name: Name) -> (&'static str, AnyConfig) {
    let settings = AnyConfig { name, ..AnyConfig::default() };
    (AnyStrategy::info(&settings).name, settings)
}

/// What one run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Earned {
    usd: f64,
    fills: f64,
    requests: f64,
}

impl Earned {
    #[expect(clippy::cast_precision_loss, reason = "money for people")]
    fn note(&mut self, record: &Record) {
        match &record.body {
            Body::Account(a) if a.lane == Lane::Configured => {
                let all = a.spread + a.adverse + a.inventory + a.fees + a.funding;
                self.usd = all as f64 / Cash::USD as f64;
            }
            Body::Fill(f) if f.lane == Lane::Configured => self.fills += 1.0,
            Body::Order(o) if matches!(o.state, OrderState::Sent | OrderState::CancelSent) => {
                self.requests += 1.0;
            }
            _ => {}
        }
    }
}

/// Where the orders of a run are, and whether it takes them for those of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Run {
    /// Nowhere: the paper executor judges them.
    Paper,
    /// In the book; the feed is shown without them, as to a maker who knows his own.
    InBook,
    /// In the book and in the feed.
    Blind,
}

/// All kinds.
const RUNS: [Run; 3] = [Run::Paper, Run::InBook, Run::Blind];

/// One strategy in one world for so long, `C` deciding who executes its orders.
fn play<C>(scene: &Scene, strategy: &AnyConfig, run: Run, (seed, hours): (u64, f64)) -> Earned
where
    C: Components<Strategy = AnyStrategy, Fills = Skellam>,
{
    let product = Config::default();
    let e = &product.engine;
    let mut cfg = ConfigOf::<C> {
        seed,
        book: e.book,
        sim: e.sim,
        learn: e.learn,
        requests: e.requests,
        quote: e.quote,
        strategy: *strategy,
        fills: e.fills,
    };
    let venue = Venue { coins: vec![COIN.into()], world: scene.world, seed, ..Venue::default() };
    // What is assumed of the delays is true: other assumptions are another experiment.
    cfg.sim.feed_ms = u32::try_from(draw::floor(venue.feed.least_ms)).expect("a setting");
    cfg.sim.brackets = false;
    let mut market = Recorder::new(&venue).expect("defaults");
    let spec = CoinSpec::new(COIN, coin::listing(&venue, COIN).sz_decimals).expect("a coin");
    let turn = Turn::<C>::reading(product.run.parser, &cfg, &[spec], [0; 2]).expect("one coin");
    let (mut feeder, mut earned) = (Feeder::new(turn), Earned::default());
    let mut tally = Tally::seeing(|r| earned.note(r));
    let mut floor = Floor::open();
    let mut log = Vec::new();
    let agents = market.world().agents(0).expect("a world of agents");
    (scene.change)(agents.set_mut());
    agents.log(&mut log);
    let until = market.time().plus(draw::floor(hours * 3.6e12));
    while market.next() < until {
        let hears = market.hear(&mut |at, text| {
            feeder.take(at, text.as_bytes(), &mut tally);
            Ok(())
        });
        hears.expect("nothing is written");
        let next = market.next();
        floor.arrive(next, market.world().agents(0).expect("the same").book_mut());
        if run == Run::InBook {
            market.world().hide(0, floor.own());
        }
        market.step();
        let mid = market.world().last().coins[0].mid_before;
        let agents = market.world().agents(0).expect("the same");
        agents.log(&mut log);
        floor.block(next, &log, agents, mid);
    }
    feeder.end_run(Some(StopReason::Finished), &mut tally);
    drop(tally);
    earned
}

/// The strategy that knows where a quote pays best in a world; `None` where it pays nowhere.
fn knowing(scene: &Scene) -> Option<AnyConfig> {
    let (venue, engine) = (Venue::default(), Config::default().engine);
    let mut set = *coin::set(scene.world, COIN).expect("a world of agents");
    (scene.change)(&mut set);
    let sim = engine.sim;
    let plan = Plan {
        world: scene.name.into(),
        coin: COIN.into(),
        set,
        block_ms: venue.block_ms,
        length_ns: TRUTH_H * Ns::HOUR,
        seed: 0,
        pace: Pace {
            every_ns: Ns::SEC / 2,
            latency_ns: sim.entry.mean_ns() + i64::from(sim.ping_ms) * Ns::MS / 2,
            feed_ns: draw::floor((venue.feed.least_ms + venue.feed.more_ms) * 1e6),
        },
        order_usd: engine.quote.unit_usd,
        fee_bps: 1.5,
        jobs: 1,
    };
    let truth = truth::run(&plan, &|| true, &mut |_| {})?;
    // After thirty seconds, for nobody that is not post-only: what the book here is like.
    let rows = &truth.curves[1].rows;
    let value = |j: &usize| rows[*j].value.value;
    let places = (0..DISTANCES_E2.len()).chain([JOIN]);
    let best =
        places.filter(|j| rows[*j].fills > 20).max_by(|a, b| value(a).total_cmp(&value(b)))?;
    let mut strategy = AnyConfig { name: Name::Fixed, ..AnyConfig::default() };
    match DISTANCES_E2.get(best) {
        #[expect(clippy::cast_precision_loss, reason = "hundredths of 15")]
        Some(e2) => strategy.fixed.bps = *e2 as f64 / 100.0,
        None => strategy.name = Name::Join,
    }
    (value(&best) > 0.0).then_some(strategy)
}

/// Runs of the experiment.
#[must_use]
pub fn runs(effort: &Effort) -> usize {
    SCENES.len() * (1 + (RUNS.len() * STRATEGIES.len() + 1) * effort.seeds)
}

/// Money of runs by seed: the oracle's in the book, and of each strategy by kind of run.
struct Scored {
    oracle: Vec<Earned>,
    strategies: Vec<[Vec<Earned>; RUNS.len()]>,
}

/// The experiment.
#[must_use]
pub fn run(effort: &Effort, done: &(dyn Fn() + Sync)) -> Outcome {
    let knowing: Vec<Option<AnyConfig>> = jobs::done(&SCENES, effort.jobs, |_, scene| {
        let known = knowing(scene);
        done();
        known
    });
    let mut trials = Vec::new();
    for (scene, oracle) in SCENES.iter().zip(&knowing) {
        let mut add = |strategy, run| {
            trials.extend((0..effort.seeds).map(|i| (scene, strategy, run, effort.seed(i))));
        };
        oracle.iter().for_each(|o| add(*o, Run::InBook));
        for name in STRATEGIES {
            RUNS.into_iter().for_each(|run| add(of(name).1, run));
        }
    }
    let all = jobs::done(&trials, effort.jobs, |_, (scene, strategy, run, seed)| {
        let how = (*seed, effort.hours);
        let earned = match run {
            Run::Paper => play::<Shipped>(scene, strategy, *run, how),
            Run::InBook | Run::Blind => play::<Twin>(scene, strategy, *run, how),
        };
        done();
        earned
    });
    let mut cells = all.chunks(effort.seeds).map(<[Earned]>::to_vec);
    let none = vec![Earned::default(); effort.seeds];
    let mut next = || cells.next().unwrap_or_default();
    let scored = knowing.iter().map(|oracle| Scored {
        oracle: if oracle.is_some() { next() } else { none.clone() },
        strategies: STRATEGIES.map(|_| RUNS.map(|_| next())).to_vec(),
    });
    outcome(effort, &knowing, &scored.collect::<Vec<_>>())
}

fn outcome(effort: &Effort, knowing: &[Option<AnyConfig>], scored: &[Scored]) -> Outcome {
    let hourly = |runs: &[Earned]| runs.iter().map(|r| r.usd / effort.hours).collect::<Vec<_>>();
    let count = |runs: &[Earned], of: fn(&Earned) -> f64| {
        Cell::Number(runs.iter().map(of).sum::<f64>() / float(runs.len()) / effort.hours, 0)
    };
    let mut rows = Vec::new();
    let mut series = STRATEGIES.map(|name| Series::new(of(name).0)).to_vec();
    series.push(Series::new("oracle"));
    for (k, ((scene, oracle), scored)) in SCENES.iter().zip(knowing).zip(scored).enumerate() {
        let best = hourly(&scored.oracle);
        series[STRATEGIES.len()].push(k, mean(&best));
        for (i, runs) in scored.strategies.iter().enumerate() {
            let [paper, real, blind] = runs.each_ref().map(|runs| hourly(runs));
            let more: Vec<f64> = paper.iter().zip(&real).map(|(p, r)| p - r).collect();
            series[i].push(k, mean(&real));
            let none = Estimate { at: f64::NAN, lo: f64::NAN, hi: f64::NAN };
            let share = if oracle.is_some() { ratio(&real, &best) } else { none };
            rows.push(vec![
                Cell::Text(scene.name),
                Cell::Text(of(STRATEGIES[i]).0),
                Cell::Span(mean(&real), 1),
                Cell::Span(mean(&paper), 1),
                Cell::Span(mean(&more), 1),
                Cell::Span(mean(&blind), 1),
                Cell::Span(mean(&best), 1),
                Cell::Span(share, 2),
                count(&runs[1], |r| r.fills),
                count(&runs[0], |r| r.fills),
                count(&runs[1], |r| r.requests),
            ]);
        }
    }
    let table = Table {
        title: format!(
            "USD an hour with orders really in the book, and on paper: {} runs of {} h a cell",
            effort.seeds, effort.hours
        ),
        columns: vec![
            "world",
            "strategy",
            "in_book",
            "paper",
            "paper_less_book",
            "blind",
            "oracle",
            "share",
            "fills",
            "paper_fills",
            "requests",
        ],
        rows,
        notes: NOTES.map(String::from).to_vec(),
    };
    let chart = Chart {
        title: "What strategies earn with their orders really in the book".into(),
        y: "USD an hour, with 95 % interval".into(),
        log: false,
        names: SCENES.iter().map(|s| s.name.to_owned()).collect(),
        series,
        band: None,
    };
    Outcome { table, chart }
}

const NOTES: [&str; 5] = [
    "in_book: shown the feed without its own orders; blind: takes them for those of others.",
    "oracle: one lot a side at the distance that truly pays best, really in the book; where none pays it",
    "quotes nothing, 0 is the most that there is, and no share is shown.",
    "All runs of a seed have one market until an own order makes a difference.",
    "Fills and requests are of an hour. In brackets 95 % intervals over seeds.",
];
