//! A fill model from outside the crate, in the executor beside those that come with it.

use papermaker::rooms::book::{self, Book};
use papermaker::rooms::event::own::Lane;
use papermaker::rooms::event::{Level as Displayed, Snapshot, Trade};
use papermaker::rooms::settings::{Row, Rule, Section, Setting};
use papermaker::rooms::sim::config::{Config, Latency, Model, Settings};
use papermaker::rooms::sim::level::Level;
use papermaker::rooms::sim::model::{FillModel, Moment, Orders, Taker};
use papermaker::rooms::sim::orders::{NewOrder, Sim, SimEvent};
use papermaker::rooms::units::rules::Rules;
use papermaker::rooms::units::{Ns, ONE, Px, Side, Sz};
use serde::{Deserialize, Serialize};

/// A share of what prints reach fills, in whole lots; takers are counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct PartOf {
    takers: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Share {
    one_in: i64,
}

/// A table of settings of one whole number.
fn one(key: &'static str, least: i64, most: i64) -> Rule {
    let rule = Rule::Whole(least, most);
    let row = Row { key, about: "A number.".into(), unit: "", rule, optional: false };
    Rule::Section(Section { about: "A model.".into(), rows: vec![row], relations: vec![] })
}

impl Setting for Share {
    type Limits = ();
    fn rule((): ()) -> Rule {
        one("one_in", 1, 100)
    }
}

impl Default for Share {
    fn default() -> Share {
        Share { one_in: 2 }
    }
}

impl FillModel for PartOf {
    const NAME: &'static str = "part-of";
    const VERSION: u32 = 1;
    type Config = Share;
    type Queue = ();

    fn new(_: &Share, _: u64) -> PartOf {
        PartOf { takers: 0 }
    }

    fn on_live(&mut self, _: &Share, _: &Moment, _: u64, _: &Level) {}

    fn on_level(&mut self, _: &Share, _: &Moment, _: &mut Orders<'_, ()>, _: i64) {}

    fn on_taker(
        &mut self,
        cfg: &Share,
        at: &Moment,
        orders: &mut Orders<'_, ()>,
        taker: &mut Taker,
    ) {
        self.takers += 1;
        taker.share(orders, |_, left| {
            let part = (left.at + left.beyond) / cfg.one_in;
            part - part % at.lot
        });
    }
}

/// Asks for whatever it likes.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Hostile;

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Wanted {
    size: i64,
}

impl Setting for Wanted {
    type Limits = ();
    fn rule((): ()) -> Rule {
        one("size", i64::MIN, i64::MAX)
    }
}

impl FillModel for Hostile {
    const NAME: &'static str = "hostile";
    const VERSION: u32 = 1;
    const EACH_PRINT: bool = true;
    type Config = Wanted;
    type Queue = u8;

    fn new(_: &Wanted, _: u64) -> Hostile {
        Hostile
    }

    fn on_live(&mut self, _: &Wanted, _: &Moment, _: u64, _: &Level) -> u8 {
        1
    }

    fn on_level(&mut self, _: &Wanted, _: &Moment, _: &mut Orders<'_, u8>, _: i64) {}

    fn on_taker(&mut self, w: &Wanted, _: &Moment, orders: &mut Orders<'_, u8>, taker: &mut Taker) {
        taker.share(orders, |_, _| w.size);
        taker.share(orders, |_, _| w.size);
    }
}

/// Two bids at 100 behind ten lots, live from the start.
struct World<F: FillModel> {
    cfg: Config,
    own: F::Config,
    sim: Sim<F>,
    book: Book,
    now: i64,
}

impl<F: FillModel> World<F> {
    fn new(own: F::Config) -> World<F> {
        let none = Latency::Constant { ms: 0 };
        let cfg = Config {
            model: Model::Own,
            entry: none,
            cancel: none,
            ping_ms: 0,
            venue_rules: false,
            ..Config::default()
        };
        let mut book = Book::default();
        book.on_up();
        let sim = Sim::new(
            Settings { sim: &cfg, book: &book::Config::default(), own: &own },
            Rules::perp(0),
            8,
            1,
        );
        let mut w = World { cfg, own, sim, book, now: 0 };
        w.displays(10);
        for lots in [3, 40] {
            let new = NewOrder { side: Side::Buy, px: Px(100 * ONE), sz: Sz(lots * ONE), level: 0 };
            let set = Settings { sim: &w.cfg, book: &book::Config::default(), own: &w.own };
            w.sim.submit(set, Ns(0), new, &mut |_| {}).expect("room");
        }
        w.displays(10);
        w
    }

    fn displays(&mut self, lots: i64) -> Vec<SimEvent> {
        self.now += Ns::SEC;
        let level = |px| Displayed { px: Px(px * ONE), sz: Sz(lots * ONE), n: 1 };
        let [bids, asks] = [100, 101].map(|px| [level(px)].into_iter().collect());
        let s = Snapshot { time: Ns(self.now), fast: true, bids, asks };
        let (set, mut out) = (
            Settings { sim: &self.cfg, book: &book::Config::default(), own: &self.own },
            Vec::new(),
        );
        self.sim.before(set, s.time, &self.book, &mut |e| out.push(e));
        self.book.on_snapshot(s.time, &s);
        self.sim.after(set, s.time, &self.book, &mut |e| out.push(e));
        out
    }

    /// Sizes filled in a lane by a seller of so much at 100, in the order of the orders.
    fn sells(&mut self, sz: i64, lane: Lane) -> Vec<(u64, i64)> {
        self.now += Ns::SEC;
        let (px, time) = (Px(100 * ONE), Ns(self.now));
        let print = Trade { aggressor: Side::Sell, px, sz: Sz(sz), time, taker: 1, tid: 1 };
        let (set, mut out) = (
            Settings { sim: &self.cfg, book: &book::Config::default(), own: &self.own },
            Vec::new(),
        );
        self.sim.on_prints(set, &[print], &self.book, &mut |e| match e {
            SimEvent::Fill(f) if f.lane == lane => out.push((f.id, f.sz.0)),
            _ => {}
        });
        out
    }
}

#[test]
fn a_model_of_ones_own_decides_and_the_brackets_stay_theirs() {
    let mut w = World::<PartOf>::new(Share::default());
    // Seven and a half lots printed: three whole ones for the first order, which is all it has open;
    // of the four and a half that are left, two for the second.
    let sold = 15 * ONE / 2;
    assert_eq!(w.sells(sold, Lane::Configured), [(1, 3 * ONE), (2, 2 * ONE)]);
    let mut w = World::<PartOf>::new(Share::default());
    assert_eq!(w.sells(sold, Lane::Optimistic), [(1, 3 * ONE), (2, 4 * ONE)]);
    assert_eq!(w.sells(sold, Lane::Pessimistic), []);
    let mut w = World::<PartOf>::new(Share { one_in: 5 });
    assert_eq!(w.sells(sold, Lane::Configured), [(1, ONE)], "by its own settings");
}

#[test]
fn what_a_model_remembers_is_part_of_a_checkpoint_and_its_settings_are_not() {
    let mut w = World::<PartOf>::new(Share::default());
    for _ in 0..3 {
        w.sells(2 * ONE, Lane::Configured);
    }
    let bytes = postcard::to_stdvec(&w.sim).expect("plain");
    let other = World::<PartOf> { own: Share { one_in: 4 }, ..World::new(Share::default()) };
    assert_eq!(
        postcard::to_stdvec(&World::<PartOf>::new(Share { one_in: 4 }).sim).expect("plain"),
        postcard::to_stdvec(&other.sim).expect("plain"),
        "no settings in it"
    );
    let mut read: Sim<PartOf> = postcard::from_bytes(&bytes).expect("the same");
    assert_eq!(postcard::to_stdvec(&read).expect("plain"), bytes);
    assert!(format!("{read:?}").contains("PartOf { takers: 3 }"), "{read:?}");
    std::mem::swap(&mut w.sim, &mut read);
    let mut went_on = World { sim: read, own: w.own, book: w.book.clone(), ..w };
    assert_eq!(w.sells(8 * ONE, Lane::Configured), went_on.sells(8 * ONE, Lane::Configured));
    assert_eq!(
        postcard::to_stdvec(&w.sim).expect("plain"),
        postcard::to_stdvec(&went_on.sim).expect("plain")
    );
}

#[test]
fn no_model_fills_more_than_printed_or_open() {
    for size in [i64::MIN, -1, 0, 1, 7 * ONE, i64::MAX] {
        let mut w = World::<Hostile>::new(Wanted { size });
        let mut open = [3 * ONE, 40 * ONE];
        for sold in [2 * ONE, 9 * ONE, 100 * ONE] {
            let fills = w.sells(sold, Lane::Configured);
            for (id, sz) in &fills {
                let of = usize::try_from(*id - 1).expect("small");
                assert!(*sz > 0 && *sz <= open[of], "{sz} of {open:?}");
                open[of] -= sz;
            }
            let all: i64 = fills.iter().map(|f| f.1).sum();
            assert!(all <= sold, "{all} of {sold}");
            w.displays(1);
        }
        assert_eq!(open[0] == 3 * ONE, size < ONE, "less than a lot fills nothing");
    }
}
