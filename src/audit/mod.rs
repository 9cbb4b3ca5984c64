//! Fill models in worlds of agents: how far they are off by world, scenario, size, latency, and by the share
//! of resting orders that are not post-only, which nobody knows of the real venue.
//!
//! In: fill models, a length, a seed. Out: one cell of biases for each combination. Cold path.
//!
//! 1. Models see what the feed shows: prints of a block, then the best prices where they changed, five levels
//!    every half second, all every five. Orders are shadows exact in the queue; models see all shares alike.
//! 2. Each order stands in a simulator of its own, beside those watched at the same time.

mod watch;

use watch::{Filled, Slot};

use crate::event::Trade;
use crate::math::seed;
use crate::sim::config::{Config, Crossing, Model};
use crate::sim::orders::NewOrder;
use crate::sys::jobs::reporting;
use crate::truth::course::{Course, Path};
use crate::truth::stretch::ratio;
use crate::truth::tried::{Schedule, Tried, WATCHED_NS};
use crate::truth::{Estimate, SHARES};
use crate::units::Ns;
use crate::units::rules::Rules;
use crate::venue::agents::sets::{self, Set};

/// Horizons of fills, s.
pub const HORIZONS_S: [i64; 3] = [1, 10, 60];
/// Most bias of the configured model where 5 % are not post-only and nothing is changed, points, at each.
pub const BOUND_PP: [f64; 3] = [4.0, 2.0, 2.0];
/// Sizes of orders, USD.
const SIZES_USD: [f64; 2] = [500.0, 50_000.0];
/// Age of what late orders are decided on.
const LATENCY_NS: i64 = 250 * Ns::MS;
/// Orders watched at the same time, and some room.
const SLOTS: usize = 32;
/// Time before the first order, and length of a stretch, one observation.
const BEFORE_NS: i64 = 5 * Ns::MINUTE;
const STRETCH_NS: i64 = 3 * Ns::MINUTE;
/// Least time between two books of five levels, and of all.
const BOOKS_NS: [i64; 2] = [500 * Ns::MS, 5_350 * Ns::MS];
/// Median time between blocks, ms.
const BLOCK_MS: f64 = 74.0;

/// Worlds.
const WORLDS: [(&str, Set); 4] =
    [("btc", sets::BTC), ("eth", sets::ETH), ("sol", sets::SOL), ("thin", sets::THIN)];
/// What is changed of a world.
const SCENARIOS: [&str; 4] = ["base", "poisson", "light", "informed"];

/// One combination.
#[derive(Clone, Debug)]
pub struct Cell {
    /// World.
    pub world: &'static str,
    /// What is changed of it.
    pub scenario: &'static str,
    /// Size of an order, USD.
    pub usd: f64,
    /// Whether orders were decided on a quarter of a second before they came.
    pub late: bool,
    /// Share of resting orders that are not post-only.
    pub share: f64,
    /// Orders.
    pub orders: usize,
    /// Filled within each horizon, per cent.
    pub truth: [f64; 3],
    /// By contender: its share less the true one, points.
    pub bias: Vec<[Estimate; 3]>,
}

/// A fill model that is judged.
#[derive(Clone, Debug)]
pub struct Contender {
    /// Its name in tables.
    pub name: String,
    /// The settings it runs under, in one lane.
    pub cfg: Config,
}

/// How many of [`contenders`] are the lanes of a run: configured, fewest fills, most.
pub const WAYS: usize = 3;

/// The lanes of a run, the configured model with each assumption of crossings, the other models; only the
/// configured one leans. Venue rules are off: an order of one lot may be worth less than the venue's least.
pub fn contenders(base: &Config) -> Vec<Contender> {
    let way = |name: &str, model: Model, crossing: Crossing| {
        let conservatism = if model == base.model { base.conservatism } else { 0.5 };
        let (brackets, venue_rules, participation_pct) = (false, false, 100);
        let cfg = Config {
            model,
            crossing,
            conservatism,
            brackets,
            venue_rules,
            participation_pct,
            ..*base
        };
        Contender { name: name.to_owned(), cfg }
    };
    let ways = [
        way("configured", base.model, base.crossing),
        way("fewest", base.pessimistic, base.crossing_pessimistic),
        way("most", base.optimistic, base.crossing_optimistic),
        way("until-print", base.model, Crossing::UntilPrint),
        way("displayed", base.model, Crossing::Displayed),
    ];
    let others = Model::ALL.into_iter().filter(|m| *m != base.model);
    ways.into_iter().chain(others.map(|m| way(m.name(), m, base.crossing))).collect()
}

/// A world with what a scenario changes.
fn changed(mut s: Set, scenario: &str) -> Set {
    match scenario {
        "poisson" => {
            s.takers.rate /= 1.0 - s.takers.excites.iter().sum::<f64>();
            (s.takers.excites, s.takers.jump, s.price.excites.0) = ([0.0; 3], 0.0, 0.0);
        }
        "light" => s.takers.tail.0 = 0.0,
        "informed" => (s.takers.informed, s.takers.jump) = ((1.2, 1.0), 2.0),
        _ => {}
    }
    s
}

/// World, what is changed of it, size of orders.
type Watched = (&'static str, Set, &'static str, f64);

/// All cells; `length_ns` of market time for each world, scenario and size. `tell` hears again and again how
/// many of those are done, of how many, and the cells known.
pub fn run(
    contenders: &[Contender],
    (length_ns, seed): (i64, u64),
    jobs: usize,
    tell: &mut impl FnMut([usize; 2], &[Cell]),
) -> Vec<Cell> {
    let each = |(world, set)| SCENARIOS.map(|s| SIZES_USD.map(|usd| (world, set, s, usd)));
    let runs: Vec<_> = WORLDS.map(each).into_iter().flatten().flatten().collect();
    let work = |_, &(world, set, scenario, usd): &Watched, report: &mut dyn FnMut(Vec<Cell>)| {
        let named = seed::named(seed, format!("{world} {scenario}").as_bytes());
        let seen = watch(contenders, &changed(set, scenario), usd, (length_ns, named));
        let of =
            [false, true].into_iter().flat_map(|late| (0..SHARES.len()).map(move |g| (late, g)));
        let cells: Vec<_> =
            of.map(|(late, g)| cell(&seen, (world, scenario, usd), late, g)).collect();
        report(cells.clone());
        cells
    };
    let (mut done, mut known) = (0, Vec::new());
    let found = reporting(&runs, jobs, work, |news| {
        done += usize::from(news.is_some());
        known.extend(news.into_iter().flatten());
        tell([done, runs.len()], &known);
    });
    found.into_iter().flatten().collect()
}

/// Orders of one run, and when each model thinks each was filled.
struct Seen {
    orders: Vec<Tried>,
    filled: Filled,
}

/// One world's orders through the models.
fn watch(contenders: &[Contender], set: &Set, usd: f64, (length_ns, seed): (i64, u64)) -> Seen {
    let mut course = Course::new(set, BLOCK_MS, seed, "A");
    let rules = Rules::perp(set.listing.sz_decimals);
    let settings: Vec<Config> = contenders.iter().map(|c| c.cfg).collect();
    let mut slots: Vec<Slot> = (0..SLOTS).map(|_| Slot::new(&settings, rules, seed)).collect();
    let mut filled: Filled = vec![Vec::new(); contenders.len()];
    let from = Ns(BEFORE_NS);
    let until = from.plus(length_ns);
    let mut schedule = Schedule::new(usd, seed, from);
    let (mut path, mut bbo, mut sent) = (Path::default(), course.bbo(), [Ns(0); 2]);
    while course.time() < until.plus(WATCHED_NS + Ns::SEC) {
        let time = course.time();
        let n = schedule.orders().len();
        if time >= from && time < until {
            let late = path.touch(time.plus(-LATENCY_NS));
            schedule.place(time, rules, course.book(), late);
        }
        if let Some(o) = schedule.orders().get(n) {
            filled.iter_mut().for_each(|f| f.push(None));
            let new = NewOrder { side: o.side, px: o.px, sz: o.sz, level: 0 };
            slots[n % SLOTS].place((n as u64, new), o.placed, WATCHED_NS);
        }
        course.step();
        path.push(&course);
        let now = course.time();
        schedule.on_block(now, course.log());
        if now < from.plus(-Ns::MINUTE) {
            continue;
        }
        let prints: Vec<Trade> = course.prints().collect();
        if !prints.is_empty() {
            slots.iter_mut().for_each(|s| s.prints(&prints, &mut filled));
        }
        let fresh = course.bbo();
        if (fresh.bid, fresh.ask) != (bbo.bid, bbo.ask) {
            bbo = fresh;
            for slot in &mut slots {
                slot.change(now, &mut filled, |book| {
                    book.on_bbo(now, &bbo);
                });
            }
        }
        for (k, sent) in sent.iter_mut().enumerate() {
            if now.since(*sent) >= BOOKS_NS[k] {
                *sent = now;
                let book = course.snapshot(k == 0);
                let each = slots.iter_mut();
                each.for_each(|s| s.change(now, &mut filled, |b| b.on_snapshot(now, &book)));
            }
        }
    }
    Seen { orders: schedule.orders().to_vec(), filled }
}

fn cell(seen: &Seen, of: (&'static str, &'static str, f64), late: bool, g: usize) -> Cell {
    let (world, scenario, usd) = of;
    let within = |o: &Tried, filled: Option<Ns>, h: usize| {
        let limit = HORIZONS_S[h] * Ns::SEC;
        if filled.is_some_and(|t| t.since(o.placed) <= limit) { 100.0 } else { 0.0 }
    };
    let stretch = |o: &Tried| usize::try_from(o.placed.0 / STRETCH_NS).unwrap_or(0);
    let stretches = seen.orders.last().map_or(0, stretch) + 1;
    let orders = || seen.orders.iter().enumerate().filter(|(_, o)| o.late == late);
    let by = |of: &dyn Fn(usize, &Tried) -> f64| {
        let mut sums = vec![(0.0, 0.0); stretches];
        for (i, o) in orders() {
            let sum = &mut sums[stretch(o)];
            (sum.0, sum.1) = (sum.0 + of(i, o), sum.1 + 1.0);
        }
        ratio(sums.into_iter())
    };
    let bias = |filled: &Vec<Option<Ns>>| {
        std::array::from_fn(|h| by(&|i, o| within(o, filled[i], h) - within(o, o.filled[g], h)))
    };
    Cell {
        world,
        scenario,
        usd,
        late,
        share: SHARES[g],
        orders: orders().count(),
        truth: std::array::from_fn(|h| by(&|_, o| within(o, o.filled[g], h)).value),
        bias: seen.filled.iter().map(bias).collect(),
    }
}

#[cfg(test)]
mod tests;
