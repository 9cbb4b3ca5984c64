//! Operating a run: what monitors, supervisors and other terminals get to see of it.
//!
//! In: the newest [`Status`](crate::app::status::Status) and what is constant of a session.
//! Out: metrics in the Prometheus text format, a health answer, a snapshot that another process
//! reads back. Cold path: threads of their own, which read what the logging thread leaves on its
//! board.
//!
//! ```text
//!  StatusBoard ──▶ Snapshot ──▶ metrics ──▶ http ──▶ serve ──▶ TCP (--metrics), RUN/status.sock
//!                     │          health
//!                     └──────── view (terminal), `papermaker top` through the socket
//! ```
//! 1. Nothing here is known to the hot thread: no lock, no flag, no extra record.
//! 2. A client can be slow, rude or absent: every connection has a deadline and a size.
//!
//! Besides the code: `dashboard.json` for Grafana, `alerts.yml` for Prometheus with its cases, `papermaker.service` for systemd, `Dockerfile`.

pub mod doctor;
pub mod health;
pub mod http;
pub mod metrics;
pub mod serve;
pub mod snapshot;

#[cfg(test)]
#[path = "full_tests.rs"]
pub(crate) mod testing;
