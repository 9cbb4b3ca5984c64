//! The only file that reads a clock.
//!
//! In: the operating system's clocks. Out: session time, laps for latencies, deadlines for cold
//! work. Hot path: one read of the monotonic clock per call.
//!
//! 1. Session time never goes back: it is the wall time at the start plus monotonic time elapsed,
//!    so a step of the wall clock changes nothing. Time in which the machine was suspended counts.
//! 2. Wall time is read once per session: it says where receive stamps begin. What they mean is for
//!    the blocks to say (`feed/clock.rs`).

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::units::Ns;

/// The session's clock. Copies tell the same time.
#[derive(Clone, Copy, Debug)]
pub struct SessionClock {
    start: Ns,
    /// Time since the machine was started, ns.
    origin: u64,
    speed: u32,
}

/// A moment on the monotonic clock by which something cold must be done.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    at: Instant,
}

/// The wall clock, ns since the epoch; 0 before it. For names, labels and a session's start.
#[expect(clippy::disallowed_methods, reason = "this file is where the clock is read")]
pub fn wall() -> Ns {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Ns(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

#[expect(clippy::disallowed_methods, reason = "this file is where the clock is read")]
fn instant() -> Instant {
    Instant::now()
}

/// Nanoseconds since the machine was started, those in which it was suspended included.
#[cfg(target_os = "linux")]
fn running_ns() -> u64 {
    let t = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let (s, ns) = (u64::try_from(t.tv_sec).unwrap_or(0), u64::try_from(t.tv_nsec).unwrap_or(0));
    s.saturating_mul(1_000_000_000).saturating_add(ns)
}

/// Nanoseconds on a clock that never goes back; whether it runs while the machine is suspended is
/// the system's choice.
#[cfg(not(target_os = "linux"))]
fn running_ns() -> u64 {
    static ORIGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let origin = *ORIGIN.get_or_init(instant);
    u64::try_from(instant().duration_since(origin).as_nanos()).unwrap_or(u64::MAX)
}

impl SessionClock {
    /// A clock that starts at the wall time and runs `speed` times as fast as real time (1 live;
    /// more against the embedded venue; 0 counts as 1).
    pub fn start(speed: u32) -> SessionClock {
        SessionClock::start_at(wall(), speed)
    }

    /// A clock that starts at `start`; otherwise as [`SessionClock::start`].
    pub fn start_at(start: Ns, speed: u32) -> SessionClock {
        SessionClock { start, origin: running_ns(), speed: speed.max(1) }
    }

    /// Session time. Monotone; saturates.
    #[inline]
    pub fn now(&self) -> Ns {
        self.at(self.mono_ns())
    }

    /// Session time at a reading of [`SessionClock::mono_ns`]. Saturates.
    #[inline]
    pub fn at(&self, mono_ns: u64) -> Ns {
        let elapsed = mono_ns.saturating_mul(u64::from(self.speed));
        self.start.plus(i64::try_from(elapsed).unwrap_or(i64::MAX))
    }

    /// Real nanoseconds since the start, whatever the speed: for the laps of a latency.
    #[inline]
    pub fn mono_ns(&self) -> u64 {
        running_ns().saturating_sub(self.origin)
    }

    /// Session time at the start.
    pub fn started(&self) -> Ns {
        self.start
    }

    /// Session seconds per real second, at least 1.
    pub fn speed(&self) -> u32 {
        self.speed
    }
}

impl Deadline {
    /// The moment `ms` milliseconds from now.
    pub fn after_ms(ms: u64) -> Deadline {
        let now = instant();
        Deadline { at: now.checked_add(Duration::from_millis(ms)).unwrap_or(now) }
    }

    /// Time left; `None` when the moment has passed.
    pub fn left(&self) -> Option<Duration> {
        self.at.checked_duration_since(instant()).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_time_is_monotone_and_scaled() {
        let clock = SessionClock::start_at(Ns(1_000), 1_000);
        let mut last = clock.now();
        assert!(last >= Ns(1_000));
        for _ in 0..1_000 {
            let before = clock.mono_ns();
            let now = clock.now();
            assert!(now >= last);
            let at_least = Ns(1_000).plus(i64::try_from(before * 1_000).unwrap());
            assert!(now >= at_least, "{now:?} {at_least:?}");
            last = now;
        }
        assert_eq!(SessionClock::start(0).speed(), 1);
        assert!(SessionClock::start(1).started() > Ns(1_700_000_000_000_000_000));
    }

    #[test]
    fn a_deadline_passes() {
        assert!(Deadline::after_ms(60_000).left().is_some_and(|d| d.as_secs() >= 50));
        assert_eq!(Deadline::after_ms(0).left(), None);
    }
}
