//! What is quoted on curves of markets whose answer is known.

use super::*;
use crate::event::shadow::{ALL, Seen};
use crate::learn::curve::{Config as CurveConfig, distance};
use crate::units::rules::Rules;
use crate::units::{Mid2, Ns, ONE};

const FEE_BPS: f64 = 1.5;

fn bounds() -> Bounds {
    let rules = Rules::perp(0);
    Bounds { rules, fee_bps: FEE_BPS, unit_usd: 250.0, max_lots: 10.0, anyway: false }
}

/// The touch is a basis point off the mid of one USD.
fn inputs(lots: i64) -> Inputs {
    Inputs {
        position: Sz(lots * 250 * ONE),
        ..Inputs::at([Px(9_999 * ONE / 10_000), Px(10_001 * ONE / 10_000)], bounds())
    }
}

/// A curve of `seconds` in which a taker comes every `every` seconds: through all distances up to 2 bps,
/// every other time through those up to 4. After each the mid moves against the quotes by `bps` for good.
fn curve(seconds: i64, every: i64, bps: f64) -> Curve {
    let (cfg, mut c) = (CurveConfig::default(), Curve::new(FEE_BPS));
    let mut mid = 20_000 * ONE;
    for s in 0..seconds {
        let time = Ns(s * Ns::SEC);
        let mut see = |seen| c.on_seen(&cfg, || FEE_BPS, seen);
        see(Seen::State { time, mid: Mid2(mid) });
        see(Seen::Live { side: Side::Buy, until: time, places: ALL, ns: Ns::SEC });
        if s % every == 1 {
            let side = if s / every % 4 < 2 { Side::Buy } else { Side::Sell };
            let reach = if s / every % 2 == 0 { 6 } else { 9 };
            for place in 0..=reach {
                let d = distance(place);
                let px = Px(e8(mid as f64 / 2.0 * (1.0 - side.sign() as f64 * d * 1e-4)));
                let from = Mid2(mid);
                see(Seen::Fill { side, place, px, from, mid: from, time });
            }
            mid -= side.sign() * e8(mid as f64 * bps * 1e-4);
        }
    }
    c
}

#[expect(clippy::cast_possible_truncation, reason = "prices of about a USD")]
fn e8(x: f64) -> i64 {
    x.round() as i64
}

fn informed(c: &Curve, b: &Bounds) -> Earn {
    let cfg = Config::default();
    let e = crate::learn::Learners::new(&Default::default(), c.rates());
    let mut s = Earn::new(&cfg, b, e.estimates());
    s.on_curve(&cfg, b, c);
    s
}

fn ladder(s: &Earn, x: &Inputs) -> Ladder {
    let mut out = Ladder::default();
    s.ladder(&Config::default(), x, &mut out);
    out
}

#[test]
fn it_quotes_the_best_distance_where_the_curve_pays() {
    // Nothing happens after fills: half as many at four basis points earn more than all at two.
    let c = curve(1_800, 6, 0.0);
    assert_eq!(c.verdict(0).word(), Outlook::Pays, "{:?}", c.at(0)[9]);
    let s = informed(&c, &bounds());
    assert_eq!(s.decline(&Config::default(), &inputs(0)).map(|d| d.0), None);
    let flat = ladder(&s, &inputs(0));
    let (bid, ask) = (flat.levels(Side::Buy)[0], flat.levels(Side::Sell)[0]);
    assert_eq!((bid.0, ask.0), (Px(9_996 * ONE / 10_000), Px(10_004 * ONE / 10_000)));
    assert!((bid.1.to_f64() - 250.0).abs() < 1.0, "a whole lot where it pays: {bid:?}");
    let long = ladder(&s, &inputs(10));
    assert!(long.levels(Side::Buy).is_empty(), "no more is bought at the limit");
    assert_eq!(long.levels(Side::Sell)[0].0, Px(10_002 * ONE / 10_000), "and it is sold nearer");
}

#[test]
fn where_nothing_pays_it_only_takes_a_position_down() {
    let c = curve(1_800, 6, 6.0);
    assert_eq!(c.verdict(0).word(), Outlook::Loses);
    let s = informed(&c, &bounds());
    assert_eq!(s.decline(&Config::default(), &inputs(0)).map(|d| d.0), Some(Decline::NoEdge));
    let x = inputs(3);
    assert_eq!(s.decline(&Config::default(), &x).map(|d| d.0), None);
    let out = ladder(&s, &x);
    assert_eq!(out.declined(Side::Buy), Some(Decline::NoEdge));
    assert_eq!(out.levels(Side::Sell), [(x.ask, Sz(750 * ONE))]);
    // A rest that the venue takes no order for stays.
    let rest = Inputs { position: Sz(ONE), ..x };
    assert_eq!(s.decline(&Config::default(), &rest).map(|d| d.0), Some(Decline::NoEdge));
}

#[test]
fn before_anything_is_known_it_says_so_and_anyway_it_quotes_both_sides() {
    let blank = curve(1, 10, 0.0);
    let mut s = informed(&blank, &bounds());
    s.informed = false;
    assert_eq!(s.decline(&Config::default(), &inputs(0)).map(|d| d.0), Some(Decline::NoEstimate));
    let b = Bounds { anyway: true, ..bounds() };
    for c in [curve(1_800, 6, 6.0), blank] {
        let s = informed(&c, &b);
        let x = Inputs { bounds: b, ..inputs(0) };
        assert_eq!(s.decline(&Config::default(), &x).map(|d| d.0), None);
        let out = ladder(&s, &x);
        assert_eq!(Side::BOTH.map(|side| out.levels(side).len()), [1, 1]);
    }
}

#[test]
fn a_probable_edge_is_quoted_as_far_as_it_is_sure() {
    // A handful of fills that earn: the mean is above zero, the interval is not.
    let c = curve(300, 20, 0.0);
    assert_eq!(c.verdict(0).word(), Outlook::LikelyPays, "{:?}", c.at(0)[9]);
    let s = informed(&c, &bounds());
    let out = ladder(&s, &inputs(0));
    let worth = out.levels(Side::Buy)[0].1.to_f64();
    assert!((10.0..240.0).contains(&worth), "{worth}");
}

#[test]
fn orders_stand_off_farther_where_the_market_moves_more() {
    let c = curve(1_800, 6, 0.0);
    let off = |sigma: f64| {
        let mut s = informed(&c, &bounds());
        s.sigma_bps = sigma;
        s.on_curve(&Config::default(), &bounds(), &c);
        ladder(&s, &inputs(0)).tolerance_bps
    };
    assert!(off(0.0) < 1e-9);
    assert!(0.0 < off(0.1) && off(0.1) < off(0.4) && off(0.4) <= 1.0, "{} {}", off(0.1), off(0.4));
}
