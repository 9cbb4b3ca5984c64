//! Times as people and tables read them.
//!
//! In: nanoseconds since the epoch. Out: UTC, ISO 8601. Cold path.

use std::time::{Duration, UNIX_EPOCH};

use crate::units::Ns;

/// `2026-11-25T15:50:26.123456789Z`. A time before the epoch is shown as the epoch.
pub fn utc(at: Ns) -> String {
    let since = Duration::from_nanos(u64::try_from(at.0).unwrap_or(0));
    humantime::format_rfc3339_nanos(UNIX_EPOCH + since).to_string()
}

/// `15:50:26`.
pub fn clock(at: Ns) -> String {
    utc(at).get(11..19).unwrap_or_default().to_owned()
}

/// `2026-11-25 15:50:26`.
pub fn stamp(at: Ns) -> String {
    utc(at).get(..19).unwrap_or_default().replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_utc() {
        let at = Ns(1_756_944_000_123_456_789);
        assert_eq!(utc(at), "2025-09-04T00:00:00.123456789Z");
        assert_eq!(clock(at), "00:00:00");
        assert_eq!(stamp(at), "2025-09-04 00:00:00");
        assert_eq!(utc(Ns(-1)), "1970-01-01T00:00:00.000000000Z");
    }
}
