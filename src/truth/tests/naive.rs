//! Shadows by one list and `for`: every order in the order of its arrival, shadows among them.
//!
//! In: what happened to orders. Out: what each shadow was filled. Cold path, of tests only.

use crate::units::Side;
use crate::venue::agents::book::Did;

#[derive(Clone, Copy, Debug)]
struct Entry {
    shadow: Option<usize>,
    arrival: u64,
    side: Side,
    at: i64,
    sz: i64,
}

/// A book of real orders and shadows.
#[derive(Clone, Debug, Default)]
pub struct Naive {
    entries: Vec<Entry>,
    /// What each shadow has left.
    pub left: Vec<i64>,
}

impl Naive {
    /// A shadow of size `sz` comes.
    pub fn shadow(&mut self, side: Side, at: i64, sz: i64) {
        let shadow = Some(self.left.len());
        self.entries.push(Entry { shadow, arrival: 0, side, at, sz });
        self.left.push(sz);
    }

    /// Replays a log; where nobody is post-only, `gtc`.
    pub fn replay(&mut self, log: &[Did], gtc: bool) {
        let mut met = Vec::new();
        for did in log {
            match *did {
                Did::Came { side, at, sz, arrival } => {
                    for e in &self.entries {
                        let crosses = match e.side {
                            Side::Buy => side == Side::Sell && at <= e.at,
                            Side::Sell => side == Side::Buy && at >= e.at,
                        };
                        if let (Some(i), true, true) = (e.shadow, crosses, gtc) {
                            self.left[i] -= sz.min(self.left[i]);
                        }
                    }
                    self.entries.push(Entry { shadow: None, arrival, side, at, sz });
                }
                Did::Left { side, at, sz, arrival } => {
                    let gone = |e: &Entry| e.shadow.is_none() && e.arrival == arrival;
                    let i = self.entries.iter().position(gone).expect("rests");
                    let e = self.entries.remove(i);
                    assert_eq!((e.side, e.at, e.sz), (side, at, sz));
                }
                Did::Took { side, limit, sz } => {
                    assert!(met.is_empty(), "the log names what the taker met");
                    met = self.take(side, limit, sz);
                }
                Did::Met { at, sz, arrival } => assert_eq!(met.remove(0), (at, sz, arrival)),
            }
        }
        assert!(met.is_empty());
    }

    fn take(&mut self, side: Side, limit: i64, sz: i64) -> Vec<(i64, i64, u64)> {
        let mut order: Vec<usize> = (0..self.entries.len()).collect();
        let sign = if side == Side::Buy { 1 } else { -1 };
        order.retain(|i| self.entries[*i].side != side);
        order.sort_by_key(|i| sign * self.entries[*i].at);
        let (mut left, mut met) = (sz, Vec::new());
        for i in order {
            let e = &mut self.entries[i];
            if sign * e.at > sign * limit || left == 0 {
                break;
            }
            if let Some(shadow) = e.shadow {
                // It takes nothing from those behind it.
                self.left[shadow] -= left.min(self.left[shadow]);
                continue;
            }
            let got = left.min(e.sz);
            left -= got;
            e.sz -= got;
            met.push((e.at, got, e.arrival));
        }
        self.entries.retain(|e| e.sz > 0);
        met
    }
}
