//! What the market said, held back until it can be taken in the order in which the venue did it.
//!
//! In: messages as they come. Out: the same by block; within a block prints, then best prices, then
//! snapshots. Hot path: fixed capacity.
//!
//! 1. Within a stream nothing overtakes: a message of an older block than the one before it counts as
//!    of that one's block.
//! 2. A block is let go once a message of it, or of one after it, has waited as long as is set. So the
//!    order in which messages come within that time is of no account.
//! 3. Who takes what is let go may do so one after the other: it waits on until it is dropped.

use serde::{Deserialize, Serialize};

use super::order::NEVER;
use super::room::{Full, List};
use crate::event::{Bbo, Snapshot, Trade};
use crate::limits::{HELD_BBOS, HELD_BOOKS, PRINTS_MAX};
use crate::units::Ns;

/// The streams, in the order of a block: prints, best prices, five-level snapshots, full ones.
const STREAMS: usize = 4;
const PRINTS: usize = 0;
const BBOS: usize = 1;
const FAST: usize = 2;
/// Messages that there is room for.
const HELD: usize = 2 * (HELD_BBOS + HELD_BOOKS);

/// A message that waits.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Waiting {
    /// The block it counts as of.
    block: Ns,
    stream: usize,
    /// When it came, on the session clock.
    came: Ns,
}

/// What a coin's market brought.
#[derive(Clone, Copy, Debug)]
pub enum Came<'a> {
    /// Best prices.
    Bbo(&'a Bbo),
    /// A snapshot.
    Book(&'a Snapshot),
    /// Prints of one frame, in match order.
    Prints(&'a [Trade]),
}

/// What is let go.
#[derive(Clone, Copy, Debug)]
pub enum Batch<'a> {
    /// A message that does not wait.
    One(Came<'a>),
    /// All that waits of blocks up to this one.
    Upto(Ns),
    /// Nothing.
    Nothing,
}

/// Everything of one coin that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Hold {
    /// In the order in which it is let go.
    queue: List<Waiting>,
    /// Nothing that waits came before this time.
    oldest: Ns,
    /// The newest block of each stream.
    newest: [Ns; STREAMS],
    /// How many prints of one block came in one frame.
    takes: List<usize>,
    prints: List<Trade>,
    bbos: List<Bbo>,
    /// Five-level snapshots, then full ones.
    books: [List<Snapshot>; 2],
}

/// Who takes what is let go, in the venue's order.
pub trait Takes {
    /// Prints of one block that came in one frame.
    fn prints(&mut self, prints: &[Trade]);
    /// Best prices.
    fn bbo(&mut self, bbo: &Bbo);
    /// A snapshot.
    fn book(&mut self, book: &Snapshot);
    /// Nothing more of the block waits. Not said of what does not wait.
    fn over(&mut self, _block: Ns) {}
}

impl Default for Hold {
    fn default() -> Hold {
        Hold {
            queue: List::new(HELD),
            oldest: NEVER,
            newest: [Ns(i64::MIN); STREAMS],
            takes: List::new(HELD_BBOS),
            prints: List::new(PRINTS_MAX),
            bbos: List::new(HELD_BBOS),
            books: [0; 2].map(|_| List::new(HELD_BOOKS)),
        }
    }
}

impl Hold {
    /// A message came at `now`, on the session clock, and waits `wait_ns`, or not at all. Gives what is to be
    /// taken now; `early` takes what there is no room for any more, which is dropped then.
    pub fn on<'a>(
        &mut self,
        now: Ns,
        wait_ns: Option<i64>,
        came: Came<'a>,
        mut early: impl FnMut(&Hold, Batch<'_>),
    ) -> Batch<'a> {
        if wait_ns.is_none() {
            return Batch::One(came);
        }
        let mut room = |hold: &mut Hold, push: &dyn Fn(&mut Hold) -> Result<(), Full>| {
            while push(hold).is_err()
                && let Some(oldest) = hold.queue.first()
            {
                let oldest = Batch::Upto(oldest.block);
                early(hold, oldest);
                hold.drop(oldest);
            }
        };
        match came {
            Came::Bbo(bbo) => room(self, &|hold| hold.push_bbo(now, bbo)),
            Came::Book(book) => room(self, &|hold| hold.push_book(now, book)),
            Came::Prints(prints) => {
                let blocks = prints.chunk_by(|a, b| a.time == b.time);
                blocks.for_each(|prints| room(self, &|hold| hold.push_prints(now, prints)));
            }
        }
        self.due(now, wait_ns)
    }

    /// A message of a stream that there was room for.
    fn push(&mut self, stream: usize, came: Ns, block: Ns) {
        let block = block.max(self.newest[stream]);
        self.newest[stream] = block;
        self.oldest = self.oldest.min(came);
        let after = |w: &&Waiting| (w.block, w.stream) > (block, stream);
        let after = self.queue.iter().rev().take_while(after).count();
        // There are as many places as for messages.
        let _ = self.queue.push(Waiting { block, stream, came });
        if after > 0 {
            let place = self.queue.len() - 1 - after;
            self.queue[place..].rotate_right(1);
        }
    }

    fn push_bbo(&mut self, came: Ns, bbo: &Bbo) -> Result<(), Full> {
        self.bbos.push(*bbo)?;
        self.push(BBOS, came, bbo.time);
        Ok(())
    }

    fn push_book(&mut self, came: Ns, book: &Snapshot) -> Result<(), Full> {
        let full = usize::from(!book.fast);
        self.books[full].push(book.clone())?;
        self.push(FAST + full, came, book.time);
        Ok(())
    }

    /// Prints of one block, not more than there are places for.
    fn push_prints(&mut self, came: Ns, prints: &[Trade]) -> Result<(), Full> {
        let Some(first) = prints.first() else { return Ok(()) };
        if self.prints.free() < prints.len() {
            return Err(Full);
        }
        self.takes.push(prints.len())?;
        self.push(PRINTS, came, first.time);
        prints.iter().try_for_each(|p| self.prints.push(*p))
    }

    /// What is to be let go at `now`: everything up to the newest block of those that have waited `wait_ns`;
    /// nothing where messages do not wait.
    #[must_use]
    pub fn due(&self, now: Ns, wait_ns: Option<i64>) -> Batch<'static> {
        let Some(wait_ns) = wait_ns else { return Batch::Nothing };
        if now.since(self.oldest) < wait_ns {
            return Batch::Nothing;
        }
        let due = self.queue.iter().rev().find(|w| now.since(w.came) >= wait_ns);
        due.map_or(Batch::Nothing, |w| Batch::Upto(w.block))
    }

    /// Shows what is let go, which waits on.
    #[inline]
    pub fn show(&self, batch: Batch<'_>, to: &mut impl Takes) {
        match batch {
            Batch::One(Came::Bbo(bbo)) => to.bbo(bbo),
            Batch::One(Came::Book(book)) => to.book(book),
            Batch::One(Came::Prints(prints)) => to.prints(prints),
            Batch::Upto(upto) => self.show_upto(upto, to),
            Batch::Nothing => {}
        }
    }

    /// Not in line: most of the times nothing is let go.
    #[inline(never)]
    fn show_upto(&self, upto: Ns, to: &mut impl Takes) {
        let (mut taken, mut prints, mut queue) = ([0; STREAMS], 0, self.queue.iter().peekable());
        while let Some(w) = queue.next_if(|w| w.block <= upto) {
            let i = taken[w.stream];
            taken[w.stream] += 1;
            match w.stream {
                PRINTS => {
                    to.prints(&self.prints[prints..][..self.takes[i]]);
                    prints += self.takes[i];
                }
                BBOS => to.bbo(&self.bbos[i]),
                book => to.book(&self.books[book - FAST][i]),
            }
            if queue.peek().is_none_or(|next| next.block != w.block) {
                to.over(w.block);
            }
        }
    }

    /// What is let go waits no more.
    #[inline]
    pub fn drop(&mut self, batch: Batch<'_>) {
        if let Batch::Upto(upto) = batch {
            self.drop_upto(upto);
        }
    }

    #[inline(never)]
    fn drop_upto(&mut self, upto: Ns) {
        let (mut n, mut taken) = (0, [0; STREAMS]);
        for w in self.queue.iter().take_while(|w| w.block <= upto) {
            taken[w.stream] += 1;
            n += 1;
        }
        self.queue.remove_first(n);
        self.oldest = self.queue.iter().map(|w| w.came).min().unwrap_or(NEVER);
        let prints = self.takes[..taken[PRINTS]].iter().sum();
        self.prints.remove_first(prints);
        self.takes.remove_first(taken[PRINTS]);
        self.bbos.remove_first(taken[BBOS]);
        self.books.iter_mut().zip(&taken[FAST..]).for_each(|(s, n)| s.remove_first(*n));
    }

    /// A new link: blocks start over.
    pub fn clear(&mut self) {
        self.queue.clear();
        self.oldest = NEVER;
        self.newest = [Ns(i64::MIN); STREAMS];
        self.takes.clear();
        self.prints.clear();
        self.bbos.clear();
        self.books.iter_mut().for_each(List::clear);
    }
}
