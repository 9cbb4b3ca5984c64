//! The threads of a run: started, watched, joined.
//!
//! In: a place, feed and engine, the files to write. Out: lines while it runs, then its end. Cold
//! path: this thread only looks at the status.
//!
//! 1. The logging thread is started first and outlives the hot one: nothing queued is left behind.
//! 2. A run whose journal or recording is its purpose and has failed is asked to end.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use super::behind::Behind;
use super::exit::{Failure, Result};
use super::options::ask;
use super::place::Place;
use super::summary;
use crate::app::config::ConfigOf;
use crate::app::live::{self, Idle, LiveEnd, Plan};
use crate::app::notes::{Note, Notes, notes};
use crate::app::past::ended_beside;
use crate::app::publish::{Published, Rings};
use crate::app::status::{CoinStatus, Status, StatusBoard};
use crate::app::turn::Turn;
use crate::app::writer::{Ending, Logger, Outlet};
use crate::engine::Components;
use crate::feed::{CoinSpec, Counters, Refusal};
use crate::folder::keep::Keeper;
use crate::folder::recording;
use crate::folder::{Folder, Ping, RunFolder, RunInfo};
use crate::journal::{Digest, Writer};
use crate::limits::{LONG_WAIT_NS, LOOK};
use crate::record::StopReason;
use crate::sys::connector::Failures;
use crate::sys::pin::Pinned;
use crate::sys::signal::Stop;
use crate::sys::tls;
use crate::telemetry::counters::{self, Counter};
use crate::units::Ns;

/// Looks without a link after which it is said why.
const LOOKS_UNLINKED: u32 = 40;

/// What the logging thread writes.
pub(super) struct Files {
    pub journal: Option<Writer<Folder>>,
    pub recording: Option<std::fs::File>,
    pub latency_log: Option<std::fs::File>,
    pub keeper: Option<Keeper>,
    /// Connections to the venue.
    pub sockets: u8,
    /// Number of the next record, digest of those before it, how the run stands by them, where it goes on.
    pub goes_on: Option<(u64, Digest, Status)>,
}

/// A run about to begin, or to go on.
pub(super) struct Prepared<C: Components> {
    pub run: RunFolder,
    pub place: Place,
    pub coins: Vec<CoinSpec>,
    pub files: Files,
    pub turn: Turn<C>,
    pub idle: Idle<C>,
    pub info: RunInfo,
    pub config: ConfigOf<C>,
    /// Finds out the truth of the embedded exchange's coins meanwhile.
    pub behind: Option<Behind>,
    /// For people.
    pub note: Option<String>,
    pub stop: Stop,
}

/// How the loop waits. A list of coins that cannot be rehearsed with could not be run either.
pub(super) fn idle<C: Components>(
    polls: bool,
    config: &ConfigOf<C>,
    coins: &[CoinSpec],
) -> Idle<C> {
    let turn = || Turn::reading(config.run.parser, &config.engine, coins, config.hash(coins)).ok();
    match polls {
        false => Idle::Sleeps,
        true => turn().map_or(Idle::Polls(None), Idle::rehearsing),
    }
}

/// What bounds a run, and those before it where it is bounded.
pub(super) fn keeper<C: Components>(run: &RunFolder, config: &ConfigOf<C>) -> Keeper {
    let bound = config.run.bound();
    let others = bound.bytes.map_or_else(Vec::new, |_| ended_beside(run));
    Keeper::new(run.path(), bound).beside(&others)
}

/// The running threads.
pub(super) struct Threads<C: Components> {
    board: StatusBoard,
    hot: JoinHandle<std::io::Result<LiveEnd<C>>>,
    logging: JoinHandle<Ending>,
    failures: Arc<Failures>,
    notes: Notes,
    coins: Vec<String>,
    /// Losses of the link before, where the run goes on.
    before: counters::Counters,
}

/// How a run ended, and its newest state.
pub(super) struct Ended {
    pub reason: StopReason,
    /// Whether a link ever came about.
    pub began: bool,
    pub lost_links: u64,
    pub pinned: Pinned,
    pub counters: Counters,
    /// How often each stream came, as text.
    pub cadence: String,
    /// Round trips of the heartbeats.
    pub ping: Option<Ping>,
    /// Coins no longer subscribed.
    pub set_aside: Vec<String>,
    /// Streams that were given up, a line each.
    pub given_up: Vec<String>,
    /// Why the venue ended the run: it refuses a stream that is needed.
    pub refused: Option<String>,
    pub published: Published,
    pub ending: Ending,
}

impl<C: Components> Threads<C> {
    /// Starts both threads.
    pub(super) fn start(
        place: &Place,
        turn: Turn<C>,
        files: Files,
        idle: Idle<C>,
        stop: &Stop,
    ) -> Result<Threads<C>> {
        let resumed = files.goes_on.is_some();
        let (next, digest, status) = files.goes_on.unwrap_or_default();
        let all = turn.feed().coins().as_slice();
        let (rings, intake) = Rings::new(all.len(), (next, digest), files.recording.is_some());
        let board = StatusBoard::default();
        let boxed = |f: std::fs::File| -> Box<dyn std::io::Write + Send> { Box::new(f) };
        let outlet = Outlet {
            journal: files.journal,
            recording: files.recording.map(|f| recording::Writer::new(boxed(f))),
            latency_log: files.latency_log.map(boxed),
            keeper: files.keeper,
            board: board.clone(),
        };
        let failures = Arc::new(Failures::default());
        let notes = notes();
        let coins = all.iter().map(|c| c.name.to_string()).collect();
        let mut before = counters::Counters::default();
        before.set(Counter::LinkDown, turn.feed().counters().downs);
        let plan = Plan {
            url: Arc::new(place.url.clone()),
            sockets: files.sockets,
            tls: Arc::clone(&place.tls),
            clock: place.clock,
            length_ns: place.length_ns,
            pin: place.pin,
            idle,
            mask_seed: u64::from_le_bytes(tls::entropy::<8>()),
            failures: Arc::clone(&failures),
            notes: Arc::clone(&notes),
            resumed,
            simulated: place.world.is_some(),
        };
        let no_thread = |e| Failure::internal(format!("no thread: {e}"));
        let logger = Logger::new(intake, outlet).with(status).relayed().map_err(no_thread)?;
        let clock = place.clock;
        let logging = std::thread::Builder::new()
            .name("logging".into())
            .spawn(move || logger.run(move || clock.now()))
            .map_err(no_thread)?;
        let theirs = stop.clone();
        let hot = std::thread::Builder::new()
            .name("hot".into())
            .spawn(move || live::run(plan, turn, rings, &theirs))
            .map_err(no_thread)?;
        Ok(Threads { board, hot, logging, failures, notes, coins, before })
    }

    /// Where the newest state is.
    pub(super) fn board(&self) -> &StatusBoard {
        &self.board
    }

    /// Calls `look` with the newest state some twenty times a second until the run ends, and says
    /// what becomes of link and files. `is_void`: whether the run has lost its purpose.
    pub(super) fn watch(
        &self,
        mut look: impl FnMut(&Status),
        is_void: impl Fn(&Status) -> Option<String>,
        say: impl Fn(&str),
    ) {
        let (mut opened, mut up, mut looks, mut failures) = (0, false, 0u32, 0);
        let (mut void, mut doubted, mut before) = (false, false, self.before);
        let (mut aside, mut closed, mut again) = (Vec::new(), String::new(), None);
        while !self.hot.is_finished() {
            std::thread::sleep(LOOK);
            looks += 1;
            let status = self.board.read();
            // Ahead of the status, which comes by way of the logging thread.
            while let Some(note) = self.notes.pop() {
                match note {
                    Note::GivenUp(r) => say(&given_up(&self.coins, &r)),
                    Note::Closed(code, words) => closed = closing(code, &words),
                    Note::Again(ns) => again = Some(ns),
                }
            }
            if let Some(link) = status.link.map(|l| l.value)
                && (link.up, link.opened) != (up, opened)
            {
                // A link that is back before this looks was lost all the same.
                if up || (!link.up && link.opened > opened) {
                    say(&lost(&mut closed, &before, &status, again));
                    before = status.counters;
                }
                if link.up && link.opened > 1 {
                    say(&format!("link up again, the {}. time\n", link.opened));
                }
                (up, opened) = (link.up, link.opened);
            }
            // Before its first block a link is in no record, but counted; a count may precede its record.
            let downs = |c: &counters::Counters| c.value(Counter::LinkDown);
            let first = status.link.is_none_or(|l| l.value.up && l.value.opened == 1);
            let is_lost = first && downs(&status.counters) > downs(&before);
            if is_lost && doubted {
                say(&lost(&mut closed, &before, &status, again));
                before = status.counters;
            }
            doubted = is_lost;
            for (coin, is_aside) in changed_aside(&status, &mut aside) {
                say(&if is_aside { set_aside(&coin) } else { format!("{coin} is tried again\n") });
            }
            let (count, last) = self.failures.read();
            if !up
                && count > failures
                && (looks % LOOKS_UNLINKED == 0 || again > Some(LONG_WAIT_NS))
                && let Some(error) = last
            {
                failures = count;
                let (s, next) = (if count == 1 { "" } else { "s" }, after(again));
                say(&format!(
                    "no link after {count} attempt{s}: {error}; trying on{next}, Ctrl-C ends\n"
                ));
            }
            if !void && let Some(why) = is_void(&status) {
                void = true;
                say(&format!("{why}\n"));
                // What was withdrawn shall still be seen.
                std::thread::sleep(4 * LOOK);
                ask();
            }
            look(&status);
        }
    }

    /// Waits for both threads.
    pub(super) fn join(self) -> Result<Ended> {
        let broken =
            |what: &str| Failure::internal(format!("the {what} thread panicked; please report it"));
        let no_poll = |e| Failure::internal(format!("no poll: {e}"));
        let live = self.hot.join().map_err(|_| broken("hot"));
        let live = live.and_then(|end| end.map_err(no_poll)).map(|end| {
            let LiveEnd { reason, began, lost, pinned, mut rings, turn, .. } = end;
            // Notes of what was lost are written once the logging thread has made room.
            while !rings.flush_lost_markers() && !self.logging.is_finished() {
                std::thread::sleep(Duration::from_millis(1));
            }
            (reason, began, lost, pinned, rings.records.published(), turn)
        });
        // However the hot thread ended: the hot ends of its rings are gone now, so the logging thread
        // writes what it has and ends.
        let ending = self.logging.join().map_err(|_| broken("logging"))?;
        let (reason, began, lost, pinned, published, turn) = live?;
        if !began && reason == StopReason::Venue {
            let last = self.failures.read().1;
            let why = last.map_or_else(|| "no answer in the time given".into(), |e| e.to_string());
            return Err(Failure::venue(format!("cannot connect: {why}")));
        }
        let feed = turn.feed();
        let refusals = feed.refusals();
        let streams = refusals.list().iter().map(|r| given_up(&self.coins, r)).collect();
        let needed = refusals.needed();
        let refused = needed.map(|r| given_up(&self.coins, r).trim_end().to_owned());
        let aside = feed.ids().filter(|c| feed.set_aside(*c));
        let set_aside = aside.filter_map(|c| Some(feed.coins().get(c)?.name.to_string())).collect();
        Ok(Ended {
            reason,
            began,
            lost_links: lost,
            pinned,
            counters: feed.counters(),
            cadence: summary::cadence_text(feed),
            ping: summary::ping(feed),
            set_aside,
            given_up: streams,
            refused,
            published,
            ending,
        })
    }
}

/// Coins set aside since the last look, and those tried again; `known` keeps who is aside.
fn changed_aside(s: &Status, known: &mut Vec<usize>) -> Vec<(String, bool)> {
    let changed = |(i, c): &(usize, &CoinStatus)| c.is_set_aside() != known.contains(i);
    let coins: Vec<(usize, &CoinStatus)> = s.coins.iter().enumerate().filter(changed).collect();
    for (i, c) in &coins {
        known.retain(|k| k != i);
        known.extend(c.is_set_aside().then_some(*i));
    }
    let name = |i, c: &CoinStatus| c.name().unwrap_or_else(|| format!("coin number {}", i + 1));
    coins.into_iter().map(|(i, c)| (name(i, c), c.is_set_aside())).collect()
}

/// What was given up of a coin, a line.
fn given_up(coins: &[String], r: &Refusal) -> String {
    let coin = coins.get(r.coin.index()).map_or("?", String::as_str);
    format!("{coin}: {r}\n")
}

/// That a coin was set aside, a line.
pub(super) fn set_aside(coin: &str) -> String {
    format!(
        "{coin} is set aside: its subscription ended link after link; does the venue know it? The \
         others go on; it is tried again within an hour, then less often\n"
    )
}

/// That the link was lost, a line: in the venue's words where it `closed` it, else by the counters.
fn lost(
    closed: &mut String,
    before: &counters::Counters,
    now: &Status,
    again: Option<i64>,
) -> String {
    let why = match std::mem::take(closed) {
        words if words.is_empty() => lost_by(before, &now.counters).to_owned(),
        words => words,
    };
    let next = after(again);
    match (now.cut(), now.coins.len()) {
        (0, _) => format!("link lost{why}: quotes withdrawn, connecting again{next}\n"),
        (n, all) => format!(
            "a connection lost{why}: the quotes of {n} of {all} coins withdrawn, connecting again{next}\n"
        ),
    }
}

/// After how many nanoseconds something comes, with a space before it.
fn after(ns: Option<i64>) -> String {
    ns.map_or_else(String::new, |ns| format!(" in {:.1} s", Ns::seconds(ns)))
}

/// How the venue closed a link, with a space before it.
fn closing(code: u16, words: &str) -> String {
    let code = match code {
        1005 => "without a code".to_owned(),
        _ => format!("with code {code}"),
    };
    let words = if words.is_empty() { String::new() } else { format!(", \"{words}\"") };
    format!(" (closed by the venue {code}{words})")
}

/// How links ended between two states, as a word or two with a space before it; empty where none did.
fn lost_by(before: &counters::Counters, now: &counters::Counters) -> &'static str {
    let ways = [
        (Counter::TimedOut, " (nothing came for too long)"),
        (Counter::ClosedNoData, " (no market data came for too long)"),
        (Counter::ClosedNoAck, " (a subscription that is needed was not answered)"),
        (Counter::ClosedRejects, " (too many frames were rejected)"),
        (Counter::ProtocolErrors, " (a breach of WebSocket, or a message above 1 MiB)"),
        (Counter::ClosedByVenue, " (closed by the venue)"),
        (Counter::Reset, " (reset)"),
        (Counter::EndedUncleanly, " (ended without a close frame)"),
    ];
    ways.iter().find(|(c, _)| now.value(*c) > before.value(*c)).map_or("", |(_, text)| text)
}
