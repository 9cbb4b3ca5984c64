//! Serves the simulated venue at an address: WebSocket at `/ws`, `POST /info`.
//!
//! In: a configuration, a speed, a clock. Out: a handle with the address and the truth; one thread
//! that polls all sockets. Cold path.
//!
//! 1. A block is sent when the venue's clock, start + speed x elapsed, has reached its time.
//! 2. A client that lets [`VENUE_BACKLOG_MAX`] bytes wait is cut.
//! 3. A socket the venue has sent no data and no pong for [`VENUE_IDLE_NS`] is closed with 1000,
//!    `Inactive`; before its upgrade it has that time by the wall's clock, without a close frame.
//! 4. An unknown coin cuts the socket without a close frame, behind what was answered before; so does
//!    `feed.drop_every_s`, at once.
//! 5. Frames of blocks and states reach each client with the delays of its own [`Link`].

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};

use super::config::Config;
use super::draw;
use super::feed::{Faults, Feed};
use super::link::{Link, link_key};
use super::session::Session;
use super::truth::Truth;
use super::wire;
use super::world::{CoinFrames, World};
use crate::limits::{
    VENUE_BACKLOG_MAX, VENUE_BLOCKS_PER_TURN, VENUE_CONNECTIONS_MAX, VENUE_IDLE_NS, VENUE_WAIT,
};
use crate::settings::ConfigError;
use crate::units::Ns;
use crate::ws::server::{self, FromClient, Request, ServerConn};

/// A frame that is no JSON.
const GARBAGE: &str = r#"{"channel":"l2Book","data":{"coin":"#;

const LISTENER: Token = Token(0);
const WAKER: Token = Token(1);
const FIRST: Token = Token(2);

/// How the venue is served.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// Where to listen; port 0 lets the system choose.
    pub addr: SocketAddr,
    /// Venue seconds per second of the clock, above 0.
    pub speed: f64,
    /// The time: nanoseconds since 1970, never going back.
    pub clock: fn() -> Ns,
}

/// Why the venue could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration is out of range.
    #[error(transparent)]
    Config(ConfigError),
    /// The speed is not above zero, or not finite.
    #[error("the speed must be a positive number")]
    Speed,
    /// The port could not be opened, or the thread not be started.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The embedded venue.
#[derive(Debug)]
pub struct Exchange;

/// A running venue; stops when dropped.
#[derive(Debug)]
pub struct Handle {
    addr: SocketAddr,
    shared: Arc<Shared>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
    pace: f64,
}

#[derive(Debug)]
struct Shared {
    stop: AtomicBool,
    /// Sockets that their clients closed with a close frame.
    closed: AtomicU64,
    world: Mutex<World>,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Exchange {
    /// Starts serving on its own thread.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running.
    pub fn start(config: &Config, service: Service) -> Result<Handle, StartError> {
        if !(service.speed > 0.0 && service.speed.is_finite()) {
            return Err(StartError::Speed);
        }
        let began = (service.clock)();
        let mut world = World::new(config, began.0 / Ns::MS).map_err(StartError::Config)?;
        let start = (service.clock)();
        let took = Ns::seconds(start.since(began)).max(f64::EPSILON);
        let pace = World::prerun_s(config) / took;
        // What the prerun took is not to be caught up with.
        if config.epoch_ms.is_none() {
            world.move_to(start.0 / Ns::MS);
        }
        let venue_start = config.epoch_ms.map_or(start, Ns::from_ms);
        let mut listener = TcpListener::bind(service.addr)?;
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            closed: AtomicU64::new(0),
            world: Mutex::new(world),
        });
        let mut serving = Serving {
            poll,
            listener,
            conns: BTreeMap::new(),
            next_token: FIRST.0,
            feed: config.feed.clone(),
            seed: config.seed,
            shut_until: Ns(i64::MIN),
            service,
            start,
            venue_start,
            shared: Arc::clone(&shared),
        };
        let thread =
            std::thread::Builder::new().name("venue".to_owned()).spawn(move || serving.run())?;
        Ok(Handle { addr, shared, waker, thread: Some(thread), pace })
    }
}

impl Handle {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Market seconds that one second made before anybody was served.
    pub fn pace(&self) -> f64 {
        self.pace
    }

    /// Law and record so far.
    pub fn truth(&self) -> Truth {
        self.shared.world().truth()
    }

    /// Sockets that their clients closed in order, with a close frame of code 1000.
    pub fn closed(&self) -> u64 {
        self.shared.closed.load(Ordering::Relaxed)
    }

    /// Closes all sockets, ends the thread, returns the final truth.
    pub fn stop(mut self) -> Truth {
        self.end();
        self.truth()
    }

    fn end(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        // A failure to wake costs at most the longest wait.
        drop(self.waker.wake());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.end();
    }
}

/// What a connection speaks.
#[derive(Debug)]
enum Phase {
    Http(Vec<u8>),
    WebSocket(ServerConn, Session),
}

#[derive(Debug)]
struct Conn {
    stream: TcpStream,
    phase: Phase,
    /// What is on its way to it.
    link: Link,
    faults: Faults,
    out: Vec<u8>,
    sent: usize,
    /// Last data or pong sent.
    alive: Ns,
    /// When it was upgraded; before that, when it was accepted, by the wall's clock.
    opened: Ns,
    /// Ends once everything is sent.
    closing: bool,
    /// The client closed it in order; not counted yet.
    closed: bool,
    /// Ends now.
    dead: bool,
}

struct Serving {
    poll: Poll,
    listener: TcpListener,
    conns: BTreeMap<usize, Conn>,
    next_token: usize,
    feed: Feed,
    seed: u64,
    /// No connection is accepted before.
    shut_until: Ns,
    service: Service,
    start: Ns,
    venue_start: Ns,
    shared: Arc<Shared>,
}

impl Serving {
    fn run(&mut self) {
        let mut events = Events::with_capacity(128);
        while !self.shared.stop.load(Ordering::Acquire) {
            let wait = self.wait();
            match self.poll.poll(&mut events, Some(wait)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return,
                _ => {}
            }
            let now = self.now();
            for event in &events {
                match event.token() {
                    LISTENER => self.accept(),
                    WAKER => {}
                    Token(token) => {
                        if let Some(conn) = self.conns.get_mut(&token) {
                            conn.read(&self.shared.world(), now);
                            let closed = std::mem::take(&mut conn.closed);
                            self.shared.closed.fetch_add(u64::from(closed), Ordering::Relaxed);
                        }
                    }
                }
            }
            self.blocks();
            self.deliver();
            self.sweep(self.now());
        }
    }

    /// The venue's clock.
    fn now(&self) -> Ns {
        let elapsed = (self.service.clock)().since(self.start);
        self.venue_start.plus(draw::floor(draw::float(elapsed) * self.service.speed))
    }

    /// How long the sockets may be waited for.
    fn wait(&self) -> Duration {
        let block = Ns::from_ms(self.shared.world().next_ms());
        let due = self.conns.values().filter_map(|c| c.link.next());
        let left = due.fold(block, Ns::min).since(self.now());
        let wall = draw::floor(draw::float(left) / self.service.speed);
        Duration::from_nanos(wall.max(0).unsigned_abs()).min(VENUE_WAIT)
    }

    /// Sends the blocks that are due, a bounded number.
    fn blocks(&mut self) {
        for _ in 0..VENUE_BLOCKS_PER_TURN {
            if Ns::from_ms(self.shared.world().next_ms()) > self.now() {
                return;
            }
            let block = self.shared.world().step();
            let time = Ns::from_ms(self.shared.world().time_ms());
            for conn in self.conns.values_mut() {
                conn.publish(&block, time);
            }
            self.deliver();
        }
    }

    /// Hands over what has arrived by now.
    fn deliver(&mut self) {
        let now = self.now();
        self.conns.values_mut().for_each(|conn| conn.deliver(now));
    }

    fn accept(&mut self) {
        let now = (self.service.clock)();
        // Ends with `WouldBlock`; any other failure concerns one connection that is gone.
        while let Ok((mut stream, _)) = self.listener.accept() {
            if self.conns.len() >= VENUE_CONNECTIONS_MAX || self.now() < self.shut_until {
                continue;
            }
            let token = self.next_token;
            self.next_token += 1;
            let interest = Interest::READABLE | Interest::WRITABLE;
            let registered = self.poll.registry().register(&mut stream, Token(token), interest);
            if registered.is_err() || stream.set_nodelay(true).is_err() {
                continue;
            }
            self.conns.insert(
                token,
                Conn {
                    stream,
                    phase: Phase::Http(Vec::new()),
                    link: Link::new(&self.feed, link_key(self.seed, token - FIRST.0 + 1)),
                    faults: Faults::of(&self.feed),
                    out: Vec::new(),
                    sent: 0,
                    alive: now,
                    opened: now,
                    closing: false,
                    closed: false,
                    dead: false,
                },
            );
        }
    }

    /// Writes what waits, ends what has to end.
    fn sweep(&mut self, now: Ns) {
        let wall = (self.service.clock)();
        for conn in self.conns.values_mut() {
            match &conn.phase {
                Phase::Http(_) => conn.dead |= wall.since(conn.opened) >= VENUE_IDLE_NS,
                Phase::WebSocket(..) => {
                    let open = now.since(conn.opened);
                    let idle = now.since(conn.alive) >= VENUE_IDLE_NS;
                    let frozen = open >= conn.faults.freeze_ns;
                    if !conn.closing && !frozen && (idle || open >= conn.faults.close_ns) {
                        server::close(&mut conn.out, 1000, "Inactive");
                        conn.closing = true;
                    }
                    if open >= conn.faults.drop_ns {
                        conn.dead = true;
                        self.shut_until = now.plus(draw::floor(self.feed.gap_s * 1e9));
                    }
                }
            }
            conn.flush();
            conn.dead |= conn.backlog() > VENUE_BACKLOG_MAX;
            conn.dead |= conn.closing && conn.backlog() == 0;
        }
        self.conns.retain(|_, conn| !conn.dead);
    }
}

impl Conn {
    fn backlog(&self) -> usize {
        self.out.len() - self.sent
    }

    /// Reads until the socket has nothing more, answering on the way.
    fn read(&mut self, world: &World, now: Ns) {
        let mut buffer = [0u8; 16 << 10];
        while !self.dead && !self.closing {
            match self.stream.read(&mut buffer) {
                Ok(0) => self.dead = true,
                Ok(n) => self.hear(&buffer[..n], world, now),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.dead = true,
            }
        }
    }

    fn hear(&mut self, bytes: &[u8], world: &World, now: Ns) {
        let rest = match &mut self.phase {
            Phase::WebSocket(..) => bytes.to_vec(),
            Phase::Http(head) => {
                head.extend_from_slice(bytes);
                let whole = std::mem::take(head);
                match self.requests(whole, world, now) {
                    Some(rest) => rest,
                    None => return,
                }
            }
        };
        self.messages(&rest, world, now);
    }

    /// Answers HTTP requests; the bytes after an upgrade, if there was one.
    fn requests(&mut self, mut bytes: Vec<u8>, world: &World, now: Ns) -> Option<Vec<u8>> {
        loop {
            let (request, used) = match server::request(&bytes) {
                Ok(None) => {
                    self.phase = Phase::Http(bytes);
                    return None;
                }
                Ok(Some(found)) => found,
                Err(bad) => {
                    self.out.extend(server::response(bad.status(), "text/plain", b""));
                    self.closing = true;
                    return None;
                }
            };
            bytes.drain(..used);
            match request {
                Request::Upgrade { path, accept } if path == "/ws" => {
                    self.out.extend(server::switching_protocols(&accept));
                    self.phase = Phase::WebSocket(ServerConn::default(), Session::default());
                    (self.alive, self.opened) = (now, now);
                    return Some(bytes);
                }
                Request::Upgrade { .. } => {
                    self.out.extend(server::response((404, "Not Found"), "text/plain", b""));
                    self.closing = true;
                    return None;
                }
                Request::Plain { method, path, body, keep_alive } => {
                    self.out.extend(answer(&method, &path, &body, world));
                    if !keep_alive {
                        self.closing = true;
                        return None;
                    }
                }
            }
        }
    }

    fn messages(&mut self, bytes: &[u8], world: &World, now: Ns) {
        let Phase::WebSocket(conn, session) = &mut self.phase else { return };
        conn.push(bytes);
        loop {
            match conn.poll() {
                Ok(None) => return,
                Ok(Some(FromClient::Text(text))) => {
                    if now.since(self.opened) >= self.faults.freeze_ns {
                        return;
                    }
                    let reply = session.hear(&text, world);
                    for (i, frame) in reply.frames.into_iter().enumerate() {
                        match reply.state {
                            Some((stream, _)) if i > 0 => {
                                self.link.state(stream, Ns::from_ms(world.time_ms()), frame);
                            }
                            _ => server::text(&mut self.out, &frame),
                        }
                    }
                    if reply.alive {
                        self.alive = now;
                    }
                    if reply.drop {
                        // What was answered before is sent.
                        self.closing = true;
                        return;
                    }
                }
                Ok(Some(FromClient::Ping(payload))) => server::pong(&mut self.out, &payload),
                Ok(Some(FromClient::Close { code, reason })) => {
                    server::close(&mut self.out, code, &reason);
                    self.closed = code == 1000;
                    self.closing = true;
                    return;
                }
                Ok(Some(FromClient::Binary(_) | FromClient::Pong(_))) => {}
                Err(violation) => {
                    server::close(&mut self.out, violation.code(), "");
                    self.closing = true;
                    return;
                }
            }
        }
    }

    /// Sends the frames of a block on their way.
    fn publish(&mut self, block: &[CoinFrames], time: Ns) {
        let Phase::WebSocket(_, session) = &self.phase else { return };
        if !self.closing {
            self.link.block(time, session.frames(block));
        }
    }

    /// Hands over what is received until `now`.
    fn deliver(&mut self, now: Ns) {
        let open = now.since(self.opened);
        let upgraded = matches!(self.phase, Phase::WebSocket(..));
        if self.closing || !upgraded || open >= self.faults.freeze_ns {
            return;
        }
        while let Some((_, frame)) = self.link.receive(now) {
            server::text(&mut self.out, &frame);
            self.alive = now;
        }
        if open >= self.faults.garbage {
            self.faults.garbage = self.faults.garbage.saturating_add(self.faults.garbage_ns);
            server::text(&mut self.out, GARBAGE);
        }
    }

    fn flush(&mut self) {
        while self.sent < self.out.len() && !self.dead {
            match self.stream.write(&self.out[self.sent..]) {
                Ok(0) => self.dead = true,
                Ok(n) => self.sent += n,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.dead = true,
            }
        }
        // Forget what is sent, moving little: only once it is the larger part.
        if self.sent * 2 > self.out.len() {
            self.out.drain(..self.sent);
            self.sent = 0;
        }
    }
}

/// The answer to a plain request.
fn answer(method: &str, path: &str, body: &[u8], world: &World) -> Vec<u8> {
    if path != "/info" {
        return server::response((404, "Not Found"), "text/plain", b"");
    }
    if method != "POST" {
        return server::response((405, "Method Not Allowed"), "text/plain", b"");
    }
    let kind = serde_json::from_slice::<serde_json::Value>(body).ok();
    match kind.as_ref().and_then(|v| v["type"].as_str()) {
        Some("meta") => server::response(
            (200, "OK"),
            "application/json",
            wire::meta(world.listings()).as_bytes(),
        ),
        _ => server::response(
            (422, "Unprocessable Entity"),
            "text/plain",
            b"Failed to deserialize the JSON body into the target type",
        ),
    }
}

#[cfg(test)]
#[path = "serve_tests.rs"]
mod tests;
