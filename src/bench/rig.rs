//! The live loop on its thread, and a server of its own over loopback.
//!
//! In: coins, the configuration, what the server sends. Out: the cold ends of the rings, and at the end
//! what loop and server leave. Cold path around the hot one.
//!
//! 1. The loop takes the last core, the server the first.
//! 2. A frame with a time to leave at leaves then, or at once where that time has passed: a frame
//!    that is late because the one before it was slow does not move those after it.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::ClientConfig;

use crate::app::config::Config;
use crate::app::intake::Intake;
use crate::app::live::{self, Idle, LiveEnd, Plan};
use crate::app::notes::notes;
use crate::app::publish::Rings;
use crate::app::turn::Turn;
use crate::feed::CoinSpec;
use crate::journal::Digest;
use crate::sys::clock::SessionClock;
use crate::sys::pin::{Pin, pin};
use crate::sys::signal::Stop;
use crate::sys::tls;
use crate::sys::url::Url;
use crate::ws::frame::Opcode;
use crate::ws::server::{self, Request};

/// What the loop does while nothing comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idling {
    /// Waits in the system.
    Sleeps,
    /// Polls without rest.
    Polls,
    /// Polls, and rehearses the path, as a run that polls does.
    Rehearses,
}

impl Idling {
    /// In tables.
    pub fn name(self) -> &'static str {
        match self {
            Idling::Sleeps => "waiting",
            Idling::Polls => "polling, cold",
            Idling::Rehearses => "polling",
        }
    }
}

/// The loop and its server, running. `T` is what the server's side leaves.
#[derive(Debug)]
pub(crate) struct Rig<T> {
    /// The clock that both go by.
    pub(crate) clock: SessionClock,
    /// Ends the loop.
    pub(crate) stop: Stop,
    hot: JoinHandle<io::Result<LiveEnd>>,
    /// The link stays up as long as its sender is there.
    server: JoinHandle<io::Result<Option<(T, Sender)>>>,
}

/// The server's end of the one connection.
#[derive(Debug)]
pub(crate) struct Sender {
    stream: TcpStream,
    wire: Vec<u8>,
    clock: SessionClock,
}

impl<T: Send + 'static> Rig<T> {
    /// Starts both threads, which go by `clock`; `send` is what the server does once its client is there.
    /// Whoever calls drains the ends of the rings.
    ///
    /// # Errors
    /// Sockets, threads or trust roots are not given; the coins cannot be followed.
    pub(crate) fn start(
        config: &Config,
        coins: &[CoinSpec],
        (idling, clock): (Idling, SessionClock),
        stop: &Stop,
        send: impl FnOnce(&mut Sender) -> io::Result<T> + Send + 'static,
    ) -> io::Result<(Rig<T>, Intake)> {
        let (listener, url) = listen()?;
        let hash = config.hash(coins);
        let turn = || {
            Turn::reading(config.run.parser, &config.engine, coins, hash).map_err(io::Error::other)
        };
        let idle = match idling {
            Idling::Sleeps => Idle::Sleeps,
            Idling::Polls => Idle::Polls(None),
            Idling::Rehearses => Idle::rehearsing(turn()?),
        };
        let turn = turn()?;
        let (rings, intake) = Rings::new(coins.len(), (0, Digest::default()), true);
        let plan = Plan {
            sockets: 1,
            url: Arc::new(url),
            tls: trusting()?,
            clock,
            length_ns: None,
            pin: Pin::Auto,
            idle,
            mask_seed: 1,
            failures: Arc::default(),
            notes: notes(),
            resumed: false,
            simulated: false,
        };
        let theirs = stop.clone();
        let hot = thread::spawn(move || live::run(plan, turn, rings, &theirs));
        let theirs = stop.clone();
        let server = thread::spawn(move || {
            let mut sender = match Sender::accept(&listener, clock, &theirs) {
                Err(_) if theirs.is_asked() => return Ok(None),
                other => other?,
            };
            let sent = send(&mut sender)?;
            Ok(Some((sent, sender)))
        });
        Ok((Rig { clock, stop: stop.clone(), hot, server }, intake))
    }

    /// Whether the server's side has not ended.
    pub(crate) fn is_sending(&self) -> bool {
        !self.server.is_finished()
    }

    /// Whether the loop has not ended.
    pub(crate) fn is_looping(&self) -> bool {
        !self.hot.is_finished()
    }

    /// Waits for the server's side, calls `drain` for a while so that what is on its way arrives,
    /// and ends the loop. The server's side leaves `None` where the wish to stop came before the
    /// client.
    pub(crate) fn end(self, mut drain: impl FnMut()) -> io::Result<(Option<T>, LiveEnd)> {
        let early = |what: &str| io::Error::other(format!("the {what}'s thread ended early"));
        if !self.is_looping() {
            // Then the server waits for nobody.
            self.stop.ask();
        }
        let sent = self.server.join().map_err(|_| early("server"))??;
        for _ in 0..200 {
            drain();
            thread::sleep(Duration::from_millis(1));
        }
        self.stop.ask();
        let end = self.hot.join().map_err(|_| early("loop"))??;
        Ok((sent.map(|(left, _)| left), end))
    }
}

/// A port on loopback, and its address.
pub(crate) fn listen() -> io::Result<(TcpListener, Url)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("ws://{}/ws", listener.local_addr()?).parse();
    Ok((listener, url.map_err(io::Error::other)?))
}

/// What connecting wants, though nothing here is encrypted.
pub(crate) fn trusting() -> io::Result<Arc<ClientConfig>> {
    tls::client(None).map_err(io::Error::other)
}

impl Sender {
    /// Waits for the one client and grants its upgrade.
    pub(crate) fn accept(
        listener: &TcpListener,
        clock: SessionClock,
        stop: &Stop,
    ) -> io::Result<Sender> {
        // The first core: the loop takes the last one.
        let _ = pin(Pin::Core(0));
        listener.set_nonblocking(true)?;
        let mut stream = loop {
            match listener.accept() {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock && !stop.is_asked() => {
                    thread::sleep(Duration::from_millis(1));
                }
                other => break other?.0,
            }
        };
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        upgrade(&mut stream)?;
        Ok(Sender { stream, wire: Vec::with_capacity(64 << 10), clock })
    }

    /// A moment shortly ahead, for a schedule to begin at, ns of the clock.
    pub(crate) fn soon(&self) -> u64 {
        self.clock.mono_ns() + 20_000_000
    }

    /// Sends one frame, at `due` ns of the clock where that is given.
    pub(crate) fn send(&mut self, text: &[u8], due: Option<u64>) -> io::Result<()> {
        self.wire.clear();
        server::frame(&mut self.wire, Opcode::Text, text);
        if let Some(due) = due {
            self.wait_until(due);
        }
        self.stream.write_all(&self.wire)
    }

    /// Sleeps while there is time and spins through the last 200 µs.
    fn wait_until(&self, at: u64) {
        loop {
            let now = self.clock.mono_ns();
            if now >= at {
                return;
            }
            match (at - now).checked_sub(200_000) {
                Some(ns) if ns > 0 => thread::sleep(Duration::from_nanos(ns)),
                _ => std::hint::spin_loop(),
            }
        }
    }
}

fn upgrade(stream: &mut TcpStream) -> io::Result<()> {
    let (mut bytes, mut buf) = (Vec::new(), [0; 1024]);
    loop {
        let n = stream.read(&mut buf)?;
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&buf[..n]);
        match server::request(&bytes) {
            Ok(Some((Request::Upgrade { accept, .. }, _))) => {
                return stream.write_all(&server::switching_protocols(&accept));
            }
            Ok(None) => {}
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }
    }
}
