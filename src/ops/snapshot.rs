//! The newest state of a run, as another process reads it.
//!
//! In: a [`Status`] and what is constant of a session. Out: JSON, and back. Cold path.
//!
//! 1. What the records say travels as records, in their 128-byte form: one definition of every
//!    field. The rest are plain numbers.
//! 2. `read(write(x))` equals `x`, except that the reason a journal failed travels as text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::app::status::{CoinStatus, Status};
use crate::folder::keep::Kept;
use crate::record::{Body, Bytes, FORMAT_VERSION, HealthChange, NO_COIN, RECORD_BYTES, Record};
use crate::telemetry::counters::{Counter, Counters};
use crate::telemetry::latency::{Buckets, Percentiles, STAGES};
use crate::telemetry::recent::Recent;
use crate::units::{CoinId, Ns, Side};

/// What is constant of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Program version.
    pub version: String,
    /// Name of the run.
    pub run: String,
    /// The venue's address, or `embedded`.
    pub venue: String,
    /// Session seconds per real second.
    pub speed: u32,
    /// Session nanoseconds it is to last; `None`: until it is stopped.
    pub length_ns: Option<i64>,
    /// Session time at its start.
    pub started: Ns,
}

/// A session, its newest state, and when that was looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// What is constant.
    pub session: Session,
    /// Session time now; the newest record may be older.
    pub now: Ns,
    /// The newest state.
    pub status: Status,
    /// Why the journal failed, for people.
    pub failed: Option<String>,
}

/// Why bytes are no snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Not the JSON of a snapshot, with the parser's text.
    Shape(String),
    /// Of a program with another alphabet of records: its version.
    Version(String),
}

#[derive(Serialize, Deserialize)]
struct Wire {
    format: u32,
    session: Session,
    now: i64,
    at: i64,
    /// Names and values of all counters.
    counters: Vec<(String, u64)>,
    numbers: Numbers,
    latency: [Percentiles; STAGES],
    buckets: [Buckets; STAGES],
    prints: Vec<u64>,
    fills: Vec<[u64; 3]>,
    quoted_ns: Vec<[i64; 2]>,
    #[serde(default)]
    idle: Vec<Option<i64>>,
    failed: Option<String>,
    /// Records, base64.
    records: String,
}

#[derive(Serialize, Deserialize)]
struct Numbers {
    records: u64,
    lost: u64,
    durable_seq: Option<u64>,
    journal_bytes: u64,
    frames: (u64, u64),
    recording_failed: bool,
    queue: (usize, usize),
    ended: bool,
    kept: Kept,
    #[serde(default)]
    free: Option<u64>,
    #[serde(default)]
    recent: Recent,
}

impl Snapshot {
    /// The snapshot of a status at `now`.
    pub fn new(session: Session, now: Ns, status: Status) -> Snapshot {
        let failed = status.failed.map(|f| f.to_string());
        Snapshot { session, now, status, failed }
    }

    /// Real seconds since the session began.
    pub fn uptime_s(&self) -> f64 {
        self.real_s(self.now.since(self.session.started))
    }

    /// Real seconds that `ns` of session time take.
    #[expect(clippy::cast_precision_loss, reason = "for display")]
    pub fn real_s(&self, ns: i64) -> f64 {
        ns as f64 * 1e-9 / f64::from(self.session.speed.max(1))
    }

    /// Market seconds since a record's time: the one clock of everything that the view shows.
    pub fn market_age_s(&self, at: Ns) -> f64 {
        self.age_s(at) * f64::from(self.session.speed.max(1))
    }

    /// Real seconds since a record's time.
    pub fn age_s(&self, at: Ns) -> f64 {
        // Records are at the venue's time.
        let offset = self.status.clocks.map_or(0, |c| c.offset);
        self.real_s(self.now.plus(-offset).since(at).max(0))
    }

    /// As JSON.
    pub fn write(&self) -> String {
        let s = &self.status;
        let wire = Wire {
            format: FORMAT_VERSION,
            session: self.session.clone(),
            now: self.now.0,
            at: s.at.0,
            counters: Counter::ALL
                .iter()
                .map(|c| (c.name().to_owned(), s.counters.value(*c)))
                .collect(),
            numbers: Numbers {
                records: s.records,
                lost: s.lost,
                durable_seq: s.durable_seq,
                journal_bytes: s.journal_bytes,
                frames: s.frames,
                recording_failed: s.recording_failed,
                queue: s.queue,
                ended: s.ended,
                kept: s.kept,
                free: s.free,
                recent: s.recent,
            },
            latency: s.latency,
            buckets: s.buckets,
            prints: s.coins.iter().map(|c| c.prints).collect(),
            fills: s.coins.iter().map(|c| c.fills).collect(),
            quoted_ns: s.coins.iter().map(|c| c.quoted_ns).collect(),
            idle: s.coins.iter().map(|c| c.idle.map(|at| at.0)).collect(),
            failed: self.failed.clone(),
            records: STANDARD
                .encode(records(s).iter().flat_map(Record::encode).collect::<Vec<_>>()),
        };
        serde_json::to_string(&wire).unwrap_or_default()
    }

    /// From JSON.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn read(text: &str) -> Result<Snapshot, Unreadable> {
        let shape = |e: &dyn std::fmt::Display| Unreadable::Shape(e.to_string());
        let value: serde_json::Value = serde_json::from_str(text).map_err(|e| shape(&e))?;
        if value["format"] != FORMAT_VERSION {
            let version = value["session"]["version"].as_str().unwrap_or("?");
            return Err(Unreadable::Version(version.to_owned()));
        }
        let wire: Wire = serde_json::from_value(value).map_err(|e| shape(&e))?;
        let bytes = STANDARD.decode(&wire.records).map_err(|e| shape(&e))?;
        let mut status = Status::default();
        for chunk in bytes.chunks(RECORD_BYTES) {
            let bytes: &Bytes = chunk.try_into().map_err(|_| shape(&"half a record"))?;
            let record = Record::decode(bytes).map_err(|_| shape(&"an unknown record"))?;
            status.take(&record);
        }
        let mut counters = Counters::new();
        for (name, value) in &wire.counters {
            if let Some(c) = Counter::ALL.iter().find(|c| c.name() == name) {
                counters.set(*c, *value);
            }
        }
        let per_coin = wire.prints.iter().zip(&wire.fills).zip(&wire.quoted_ns);
        for (coin, ((prints, fills), quoted)) in status.coins.iter_mut().zip(per_coin) {
            (coin.prints, coin.fills, coin.quoted_ns) = (*prints, *fills, *quoted);
        }
        for (coin, idle) in status.coins.iter_mut().zip(&wire.idle) {
            coin.idle = idle.map(Ns);
        }
        let n = wire.numbers;
        status.counters = counters;
        (status.at, status.records, status.lost) = (Ns(wire.at), n.records, n.lost);
        (status.durable_seq, status.journal_bytes) = (n.durable_seq, n.journal_bytes);
        (status.frames, status.recording_failed) = (n.frames, n.recording_failed);
        (status.queue, status.ended, status.kept) = (n.queue, n.ended, n.kept);
        (status.free, status.recent) = (n.free, n.recent);
        (status.latency, status.buckets) = (wire.latency, wire.buckets);
        Ok(Snapshot { session: wire.session, now: Ns(wire.now), status, failed: wire.failed })
    }
}

/// Records that, taken in this order, give the status; counts aside.
fn records(s: &Status) -> Vec<Record> {
    let mut out = Vec::new();
    let mut put = |at: Ns, coin: CoinId, body: Body| {
        out.push(Record { seq: 0, at, coin, body });
    };
    if let Some(x) = s.start {
        put(s.began, NO_COIN, x.into());
    }
    s.strategy.records().for_each(|b| put(s.began, NO_COIN, b));
    if let Some(x) = s.link {
        put(x.at, NO_COIN, x.value.into());
    }
    if let Some(x) = s.clocks {
        put(s.at, NO_COIN, x.into());
    }
    // Fills before orders: an order's open size is already what its fills left.
    for f in &s.fills {
        put(f.at, f.coin, f.fill.into());
    }
    for (coin, i) in s.coins.iter().zip(0u8..) {
        coin_records(s.at, CoinId(i), coin, &mut put);
    }
    if let Some(x) = s.stop {
        put(s.at, NO_COIN, x.into());
    }
    out
}

fn coin_records(at: Ns, id: CoinId, c: &CoinStatus, put: &mut impl FnMut(Ns, CoinId, Body)) {
    let health = HealthChange { was: c.health.value, now: c.health.value };
    put(c.health.at, id, health.into());
    for ((side, ladder), guard) in Side::BOTH.into_iter().zip(&c.ladder).zip(&c.guard) {
        let parts = ladder.iter().flat_map(|l| l.records(side));
        parts.for_each(|part| put(guard.at, id, part.into()));
    }
    let bodies: [Option<Body>; 8] = [
        c.coin.map(Into::into),
        c.market.map(Into::into),
        c.terms.map(Into::into),
        c.estimates.map(Into::into),
        c.regimes.map(Into::into),
        c.feed.map(Into::into),
        c.late.map(Into::into),
        c.print.map(Into::into),
    ];
    bodies.into_iter().flatten().for_each(|b| put(at, id, b));
    c.earns.bodies().for_each(|b| put(at, id, b));
    c.account.iter().flatten().for_each(|a| put(at, id, (*a).into()));
    if let Some(x) = c.gap {
        put(x.at, id, x.value.into());
    }
    if let Some(x) = c.latch {
        put(x.at, id, x.value.into());
    }
    c.orders.iter().for_each(|o| put(o.at, id, o.value.into()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::full_status;

    #[test]
    fn what_is_written_reads_back_equal() {
        let session = Session { run: "r".into(), length_ns: Some(5), ..Session::default() };
        let s = Snapshot::new(session, Ns(60 * Ns::SEC), full_status());
        let back = Snapshot::read(&s.write()).expect("a snapshot");
        assert_eq!(back, s);
        let empty = Snapshot::default();
        assert_eq!(Snapshot::read(&empty.write()).expect("a snapshot"), empty);
    }

    #[test]
    fn what_is_no_snapshot_has_a_reason() {
        assert!(matches!(Snapshot::read("<html>"), Err(Unreadable::Shape(_))));
        let text = Snapshot::default().write();
        let newer = text.replacen("\"format\":3", "\"format\":9", 1);
        assert!(matches!(Snapshot::read(&newer), Err(Unreadable::Version(_))));
        let full = Snapshot::new(Session::default(), Ns(0), full_status()).write();
        let cut = full.replacen("\"records\":\"A", "\"records\":\"", 1);
        assert!(matches!(Snapshot::read(&cut), Err(Unreadable::Shape(_))));
    }
}
