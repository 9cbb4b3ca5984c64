//! The newest state of a run, as another process reads it.
//!
//! In: a [`Status`] and what is constant of a session. Out: JSON, and back. Cold path.
//!
//! 1. What the records say travels as their payloads, as on disk: one definition of every field. The rest
//!    are plain numbers, counters by name.
//! 2. `read(write(x))` equals `x`, except that the reason a journal failed travels as text.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::app::status::Status;
use crate::record::FORMAT_VERSION;
use crate::units::Ns;

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
    /// Connections to the venue; each has every so manieth coin.
    #[serde(default)]
    pub sockets: u8,
}

/// A session, its newest state, and when that was looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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

/// A snapshot and the alphabet of its records.
#[derive(Serialize)]
struct Wire<'a> {
    format: u32,
    #[serde(flatten)]
    snapshot: &'a Snapshot,
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
        let wire = Wire { format: FORMAT_VERSION, snapshot: self };
        serde_json::to_string(&wire).unwrap_or_default()
    }

    /// From JSON.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn read(text: &str) -> Result<Snapshot, Unreadable> {
        let shape = |e: serde_json::Error| Unreadable::Shape(e.to_string());
        let value: Value = serde_json::from_str(text).map_err(shape)?;
        if value["format"] != FORMAT_VERSION {
            let version = value["session"]["version"].as_str().unwrap_or("?");
            return Err(Unreadable::Version(version.to_owned()));
        }
        serde_json::from_value(value).map_err(shape)
    }
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
        let cut = full.replacen("\"estimates\":[", "\"estimates\":[\"", 1);
        assert_ne!(cut, full);
        assert!(matches!(Snapshot::read(&cut), Err(Unreadable::Shape(_))));
    }
}
