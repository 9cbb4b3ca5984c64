//! A strategy in Python, under the engine's guards.
//!
//! In: an object with a method `ladder`. Out: a [`Strategy`] that asks it once a quote decision, and what
//! asking came to. Cold path: for replays and sweeps, never resumed.
//!
//! 1. Where it answers None, the strategy of the configuration decides, whether to quote at all included:
//!    a run in which it always does has the decisions of that strategy.
//! 2. What is no number, not positive, or beyond the most levels is left out and counted. An exception
//!    ends the replay and is raised by it.
//! 3. Its name, its version and the hash of what it is made of enter the hash of the configuration.
//! 4. The object is in a variable of the replay's thread: a strategy's settings cannot hold it.

use std::cell::RefCell;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::seen::{Estimates, Market, Readings};
use crate::engine::Components;
use crate::feed::CoinSpec;
use crate::folder::recording::Meter;
use crate::learn;
use crate::learn::curve::Curve;
use crate::limits::LADDER_MAX;
use crate::quote::{AnyStrategy, Bounds, Decline, Inputs, Ladder, OwnFill, Stands, Strategy};
use crate::record::{Named, StrategyInfo, TERMS_MAX};
use crate::sim::models::skellam::Skellam;
use crate::sim::paper::Paper;
use crate::sweep::PYTHON;
use crate::sys::clock::SessionClock;
use crate::units::{Ns, ONE, Px, Side, Sz};

/// The parts of an engine that asks Python.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hooked;

impl Components for Hooked {
    type Strategy = PyStrategy;
    type Fills = Skellam;
    type Executor = Paper<Skellam>;
}

/// What asking a Python strategy came to.
#[pyclass(frozen, get_all, module = "papermaker")]
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// Name, as records have it.
    name: String,
    /// Its own version.
    version: u32,
    /// Hash of name, version, source and attributes, as the hash of the configuration has it.
    hash: u32,
    /// Times it was asked.
    calls: u64,
    /// Times it answered None: the strategy of the configuration decided.
    kept: u64,
    /// Time that all calls took, ns.
    took_ns: u64,
    /// Levels left out: no number, or not positive.
    refused: u64,
    /// Levels left out: beyond the twentieth of a side.
    beyond: u64,
}

#[pymethods]
impl Asked {
    /// Mean time of a call, ns.
    #[getter]
    fn mean_ns(&self) -> u64 {
        self.took_ns.checked_div(self.calls).unwrap_or(0)
    }

    fn __repr__(&self) -> String {
        let Asked { name, calls, kept, refused, beyond, .. } = self;
        format!(
            "<{name}: {calls} calls of {} ns, {kept} kept the engine's ladder, {refused} levels refused, \
             {beyond} beyond the twentieth; cannot be resumed>",
            self.mean_ns()
        )
    }
}

impl Asked {
    /// Adds another run's of the same strategy.
    pub(super) fn add(&mut self, other: &Asked) {
        let Asked { calls, kept, took_ns, refused, beyond, .. } = other;
        self.calls += calls;
        self.kept += kept;
        self.took_ns += took_ns;
        self.refused += refused;
        self.beyond += beyond;
    }

    /// Whether it is of the same strategy.
    pub(super) fn is_of(&self, other: &Asked) -> bool {
        (&self.name, self.hash) == (&other.name, other.hash)
    }

    /// As the summary has it.
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "name": self.name, "version": self.version, "hash": format!("{:08x}", self.hash),
            "calls": self.calls, "kept": self.kept, "took_ns": self.took_ns,
            "mean_ns": self.mean_ns(), "refused": self.refused, "beyond": self.beyond,
            "resumable": false,
        })
    }
}

type Levels = Vec<(f64, f64)>;

/// What it answered: None, or bids and asks with its terms.
#[derive(Clone, Debug)]
enum Answer {
    Keep,
    Quote([Levels; 2], [f64; TERMS_MAX]),
}

/// What is known of a coin.
struct Known {
    name: Py<PyString>,
    readings: Readings,
    estimates: Option<Py<Estimates>>,
    /// The newest answer, and to what.
    newest: Option<(Inputs, Answer)>,
}

/// The object that is asked, with what it was asked so far.
pub(super) struct Hook {
    ladder: Py<PyAny>,
    name: &'static str,
    terms: &'static [Named],
    tolerance_bps: f64,
    stands: Stands,
    meter: Meter,
    clock: SessionClock,
    asked: Asked,
    raised: Option<PyErr>,
    coins: Vec<String>,
    known: Vec<Known>,
}

/// A strategy as `papermaker/__init__.py` describes it.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub(super) struct Described {
    ladder: Py<PyAny>,
    name: String,
    version: u32,
    /// What it is made of.
    source: String,
    terms: Vec<(String, String, String)>,
    tolerance_bps: f64,
    /// The ladder moves with the market alone.
    follows: bool,
}

impl Described {
    /// Half of the hash of what it is made of.
    #[expect(clippy::cast_possible_truncation, reason = "half of a hash")]
    fn hash(&self) -> u32 {
        xxh3_64(format!("{} {}\n{}", self.name, self.version, self.source).as_bytes()) as u32
    }

    /// Its name among the strategies of a sweep.
    pub(super) fn label(&self) -> String {
        format!("{PYTHON}{} {} {:08x}", self.name, self.version, self.hash())
    }

    /// The same around a copy of the object: what one run changes in it, the next does not see.
    ///
    /// # Errors
    /// The object cannot be copied.
    pub(super) fn copied(&self, py: Python<'_>) -> PyResult<Described> {
        let ladder = py.import("copy")?.call_method1("deepcopy", (self.ladder.bind(py),))?;
        Ok(Described {
            ladder: ladder.unbind(),
            name: self.name.clone(),
            source: self.source.clone(),
            terms: self.terms.clone(),
            ..*self
        })
    }
}

thread_local! {
    static HOOK: RefCell<Option<Hook>> = const { RefCell::new(None) };
}

fn hooked<T>(f: impl FnOnce(&mut Hook) -> T) -> Option<T> {
    HOOK.with_borrow_mut(|hook| hook.as_mut().map(f))
}

/// A positive number in units of 1e-8, to the nearest: a price that is the venue's stays that one. `None`
/// where it is none or too large.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
#[expect(clippy::cast_precision_loss, reason = "ONE is exact")]
fn to_units(x: f64) -> Option<i64> {
    let units = (x * ONE as f64).round();
    (1.0..9.0e18).contains(&units).then_some(units as i64)
}

/// The records' names live as long as the program.
fn leaked(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

impl Hook {
    /// A hook of a strategy; `meter` is stopped when it raises.
    ///
    /// # Errors
    /// More terms than records hold.
    pub(super) fn new(d: Described, meter: Meter) -> PyResult<Hook> {
        if d.terms.len() > TERMS_MAX {
            let text = format!("{} terms, at most {TERMS_MAX}", d.terms.len());
            return Err(PyValueError::new_err(text));
        }
        let hash = d.hash();
        let named = |(name, unit, sentence): (String, String, String)| Named {
            name: leaked(name),
            unit: leaked(unit),
            sentence: leaked(sentence),
        };
        let terms: Vec<Named> = d.terms.into_iter().map(named).collect();
        let name = format!("{PYTHON}{}", d.name);
        Ok(Hook {
            ladder: d.ladder,
            name: leaked(name.clone()),
            terms: terms.leak(),
            tolerance_bps: d.tolerance_bps,
            stands: if d.follows { Stands::FOLLOWS } else { Stands::default() },
            meter,
            clock: SessionClock::start(1),
            asked: Asked { name, version: d.version, hash, ..Asked::default() },
            raised: None,
            coins: Vec::new(),
            known: Vec::new(),
        })
    }

    /// Puts it in force on this thread.
    pub(super) fn install(self) {
        HOOK.set(Some(self));
    }

    /// Says which coins the engines follow, in order.
    pub(super) fn follow(coins: &[CoinSpec]) {
        hooked(|h| h.coins = coins.iter().map(|c| c.name.to_string()).collect());
    }

    /// Takes it off this thread, and says what asking came to.
    ///
    /// # Errors
    /// The exception that it raised.
    pub(super) fn remove() -> PyResult<Asked> {
        match HOOK.take() {
            Some(Hook { raised: Some(e), .. }) => Err(e),
            Some(hook) => Ok(hook.asked),
            None => Ok(Asked::default()),
        }
    }

    /// The answer to `x`, by asking where it was not asked before.
    fn answer(&mut self, coin: usize, x: &Inputs) -> Answer {
        let x = Inputs { held: [false; 2], ..*x };
        if let Some((of, answer)) = self.known.get(coin).and_then(|k| k.newest.as_ref())
            && *of == x
        {
            return answer.clone();
        }
        if self.raised.is_some() || self.meter.is_stopped() {
            return Answer::Keep;
        }
        let began = self.clock.mono_ns();
        let answer = Python::attach(|py| self.call(py, coin, &x));
        self.asked.calls += 1;
        self.asked.took_ns += self.clock.mono_ns() - began;
        let answer = answer.unwrap_or_else(|e| {
            self.raised = Some(e);
            self.meter.stop();
            Answer::Keep
        });
        self.asked.kept += u64::from(matches!(answer, Answer::Keep));
        if let Some(k) = self.known.get_mut(coin) {
            k.newest = Some((x, answer.clone()));
        }
        answer
    }

    fn call(&self, py: Python<'_>, coin: usize, x: &Inputs) -> PyResult<Answer> {
        let Some(k) = self.known.get(coin) else { return Ok(Answer::Keep) };
        let market = Market::new(k.name.clone_ref(py), x);
        let answer =
            self.ladder.bind(py).call1((market, x.position.to_f64(), k.estimates.as_ref()))?;
        if answer.is_none() {
            return Ok(Answer::Keep);
        }
        let wrong = || {
            PyTypeError::new_err(
                "ladder must give None, or bids and asks, each a list of (price, size), and its terms \
                 behind them where it has any",
            )
        };
        let parts = answer.cast::<PyTuple>().map_err(|_| wrong())?;
        let side =
            |i: usize| -> PyResult<Levels> { parts.get_item(i)?.extract().map_err(|_| wrong()) };
        let mut terms = [0.0; TERMS_MAX];
        match parts.len() {
            2 => {}
            3 => {
                let named: Vec<f64> = parts.get_item(2)?.extract().map_err(|_| wrong())?;
                terms.iter_mut().zip(named).for_each(|(to, x)| *to = x);
            }
            _ => return Err(wrong()),
        }
        Ok(Answer::Quote([side(0)?, side(1)?], terms))
    }

    /// Puts an answer into `out`, which comes empty; what is no level is counted.
    fn put(&mut self, sides: [Levels; 2], terms: [f64; TERMS_MAX], out: &mut Ladder) {
        (out.terms, out.tolerance_bps, out.stands) = (terms, self.tolerance_bps, self.stands);
        for (side, levels) in Side::BOTH.into_iter().zip(sides) {
            self.asked.beyond += levels.len().saturating_sub(LADDER_MAX) as u64;
            for (px, sz) in levels.into_iter().take(LADDER_MAX) {
                match (to_units(px), to_units(sz)) {
                    (Some(px), Some(sz)) => out.push(side, Px(px), Sz(sz)),
                    _ => self.asked.refused += 1,
                }
            }
        }
    }
}

/// A strategy that asks Python, beside the one of the configuration.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PyStrategy {
    own: AnyStrategy,
    /// Its place among what is known.
    coin: usize,
}

impl PyStrategy {
    fn answer(&self, x: &Inputs) -> Answer {
        hooked(|h| h.answer(self.coin, x)).unwrap_or(Answer::Keep)
    }
}

impl Strategy for PyStrategy {
    type Config = <AnyStrategy as Strategy>::Config;

    fn info(cfg: &Self::Config) -> StrategyInfo {
        let own = AnyStrategy::info(cfg);
        let info = |h: &mut Hook| StrategyInfo {
            name: h.name,
            version: h.asked.hash,
            terms: h.terms,
            reasons: own.reasons,
        };
        hooked(info).unwrap_or(own)
    }

    fn new(cfg: &Self::Config, bounds: &Bounds, e: &learn::Estimates) -> PyStrategy {
        let coin = hooked(|h| {
            // Engines follow the same coins, one after the other.
            let name = h.coins.get(h.known.len() % h.coins.len().max(1)).map_or("", String::as_str);
            Python::attach(|py| {
                let name = PyString::new(py, name).unbind();
                let readings = Readings::default();
                let estimates = Py::new(py, Estimates::new(e, &readings)).ok();
                h.known.push(Known { name, readings, estimates, newest: None });
            });
            h.known.len() - 1
        });
        PyStrategy { own: AnyStrategy::new(cfg, bounds, e), coin: coin.unwrap_or(0) }
    }

    fn on_estimates(&mut self, cfg: &Self::Config, bounds: &Bounds, e: &learn::Estimates) {
        self.own.on_estimates(cfg, bounds, e);
        hooked(|h| {
            if let Some(k) = h.known.get_mut(self.coin) {
                let made = Estimates::new(e, &k.readings);
                k.estimates = Python::attach(|py| Py::new(py, made).ok());
                k.newest = None;
            }
        });
    }

    fn on_sample(&mut self, cfg: &Self::Config, now: Ns, sample: &learn::Sample) {
        self.own.on_sample(cfg, now, sample);
    }

    fn on_curve(&mut self, cfg: &Self::Config, bounds: &Bounds, c: &Curve) {
        self.own.on_curve(cfg, bounds, c);
        hooked(|h| {
            if let Some(k) = h.known.get_mut(self.coin) {
                k.readings = Readings::of(c);
            }
        });
    }

    fn on_fill(&mut self, cfg: &Self::Config, bounds: &Bounds, fill: &OwnFill) {
        self.own.on_fill(cfg, bounds, fill);
    }

    /// Asked where the strategy of the configuration declines: its word holds where Python keeps it.
    fn decline(&self, cfg: &Self::Config, x: &Inputs) -> Option<(Decline, Stands)> {
        let (why, _) = self.own.decline(cfg, x)?;
        matches!(self.answer(x), Answer::Keep).then_some((why, Stands::default()))
    }

    fn ladder(&self, cfg: &Self::Config, x: &Inputs, out: &mut Ladder) {
        match self.answer(x) {
            Answer::Keep => self.own.ladder(cfg, x, out),
            Answer::Quote(sides, terms) => {
                hooked(|h| h.put(sides, terms, out));
            }
        }
    }
}
