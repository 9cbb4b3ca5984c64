//! What a read costs here: a loop that polls and reads and does nothing else, on the same link.
//!
//! In: [`Frames`], a [`Pace`]. Out: times of its reads, counted as the live loop counts its own. Cold
//! path.
//!
//! 1. It reads, frames and acknowledges by the live loop's own parts, on its core: what its reads take
//!    is the system's, and no program on this machine that reads so takes less.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use hdrhistogram::Histogram;
use mio::{Events, Interest, Poll, Token};

use super::input::Frames;
use super::path::histogram;
use super::rig::{Idling, Sender, listen, trusting};
use super::wire::{Pace, serve};
use crate::limits::CONNECT_MS;
use crate::sys::clock::{Deadline, SessionClock};
use crate::sys::connector::open;
use crate::sys::dial::Dialer;
use crate::sys::link::ReadOutcome;
use crate::sys::pin::{Pin, pin};
use crate::sys::signal::Stop;
use crate::sys::url::Url;
use crate::ws::conn::{Conn, Message};

/// Sends `frames` from the first over loopback to the bare loop; gives the times of its reads, ns.
///
/// # Errors
/// Sockets, threads or trust roots are not given; either side failed.
pub fn run(frames: &Arc<Frames>, pace: Pace) -> io::Result<Histogram<u64>> {
    let (listener, url) = listen()?;
    let clock = SessionClock::start(1);
    let sent = Arc::clone(frames);
    let server = thread::spawn(move || {
        let mut sender = Sender::accept(&listener, clock, &Stop::default())?;
        // The link stays up as long as its sender is there.
        serve(&mut sender, &sent, pace).map(|_| sender)
    });
    let hot = thread::spawn(move || {
        let _ = pin(Pin::Auto);
        read(&url, clock, pace)
    });
    let times = hot.join().map_err(|_| io::Error::other("the bare loop ended early"))?;
    let sender = server.join().map_err(|_| io::Error::other("the server ended early"))?;
    sender.and(times)
}

fn read(url: &Url, clock: SessionClock, pace: Pace) -> io::Result<Histogram<u64>> {
    let link = open(&mut Dialer::new(trusting()?), url, Deadline::after_ms(CONNECT_MS));
    let mut link = link.map_err(io::Error::other)?;
    let mut poll = Poll::new()?;
    poll.registry().register(link.source(), Token(0), Interest::READABLE)?;
    link.acknowledge();
    let mut events = Events::with_capacity(8);
    let (mut conn, mut times, mut taken) = (Conn::new(1), histogram(), 0);
    let wait = (pace.idling != Idling::Sleeps).then_some(Duration::ZERO);
    while taken < pace.count {
        poll.poll(&mut events, wait)?;
        let mut ready = !events.is_empty();
        while ready {
            let started = clock.mono_ns();
            match link.read_into(&mut conn) {
                ReadOutcome::Bytes(_) => {
                    times.saturating_record((clock.mono_ns() - started).max(1))
                }
                ReadOutcome::WouldBlock => ready = false,
                _ => return Err(io::Error::other("the server ended the link early")),
            }
            while let Some(message) = conn.poll().map_err(io::Error::other)? {
                taken += usize::from(matches!(message, Message::Text(_)));
            }
        }
        if !events.is_empty() {
            link.acknowledge();
        }
    }
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_is_read_polling_and_waiting() {
        let frames = Arc::new(Frames::embedded(2, 200, 0));
        for idling in [Idling::Polls, Idling::Sleeps] {
            let times = run(&frames, Pace { rate: 2_000, count: 200, idling }).expect("loopback");
            assert!((1..=200).contains(&times.len()), "{}", times.len());
            assert!(times.max() > 0);
        }
    }
}
