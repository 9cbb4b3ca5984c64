//! What the market said, held back until it can be taken in the order in which the venue did it.
//!
//! In: messages as they come. Out: the same by block; within a block prints, then best prices, then
//! snapshots. Hot path: fixed capacity.
//!
//! 1. Within a stream nothing overtakes: a message of an older block than the one before it counts as
//!    of that one's block.
//! 2. A block is let go once a message of it, or of one after it, has waited as long as is set. So the
//!    order in which messages come within that time is of no account.

use serde::{Deserialize, Serialize};

use super::fifo::Fifo;
use super::order::NEVER;
use super::room::Full;
use crate::event::{Bbo, Snapshot, Trade};
use crate::limits::{HELD_BBOS, HELD_BOOKS, PRINTS_MAX};
use crate::units::Ns;

/// A message that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Waiting<T> {
    /// The block it counts as of.
    pub block: Ns,
    /// When it came, on the session clock.
    came: Ns,
    pub what: T,
}

/// The messages of one stream that wait, oldest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Stream<T> {
    list: Fifo<Waiting<T>>,
    newest: Ns,
}

impl<T: Clone> Stream<T> {
    fn new(places: usize) -> Stream<T> {
        Stream { list: Fifo::new(places), newest: Ns(i64::MIN) }
    }

    fn push(&mut self, came: Ns, block: Ns, what: &T) -> Result<(), Full> {
        let block = block.max(self.newest);
        self.list.push(Waiting { block, came, what: what.clone() })?;
        self.newest = block;
        Ok(())
    }

    /// The newest block of those that have waited `wait_ns` at `now`.
    fn due(&self, now: Ns, wait_ns: i64) -> Option<Ns> {
        let waited = |h: &&Waiting<T>| now.since(h.came) >= wait_ns;
        self.list.iter().take_while(waited).last().map(|h| h.block)
    }

    /// Those from place `from` on that are of `block`.
    fn of(&self, from: usize, block: Ns) -> &[Waiting<T>] {
        let rest = &self.list[from..];
        &rest[..rest.iter().take_while(|h| h.block == block).count()]
    }

    fn clear(&mut self) {
        self.list.clear();
        self.newest = Ns(i64::MIN);
    }

    fn next(&self, from: usize) -> Ns {
        self.list.get(from).map_or(NEVER, |h| h.block)
    }

    /// When the oldest came.
    fn oldest(&self) -> Ns {
        self.list.first().map_or(NEVER, |h| h.came)
    }
}

/// Everything of one coin that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Hold {
    /// How many prints of one block came in one frame.
    takes: Stream<usize>,
    prints: Fifo<Trade>,
    bbos: Stream<Bbo>,
    /// Five-level snapshots, then full ones.
    books: [Stream<Snapshot>; 2],
    /// Nothing that waits came before this time.
    oldest: Ns,
}

/// Places in a [`Hold`] up to which messages were taken.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Taken {
    takes: usize,
    prints: usize,
    bbos: usize,
    books: [usize; 2],
}

/// Who takes what is let go, in the venue's order.
pub(super) trait Takes {
    /// Prints of one block that came in one frame.
    fn prints(&mut self, prints: &[Trade]);
    fn bbo(&mut self, bbo: &Bbo);
    fn book(&mut self, book: &Snapshot);
    /// Nothing more of the block waits.
    fn over(&mut self, _block: Ns) {}
}

impl Hold {
    pub(super) fn new() -> Hold {
        Hold {
            takes: Stream::new(HELD_BBOS),
            prints: Fifo::new(PRINTS_MAX),
            bbos: Stream::new(HELD_BBOS),
            books: [0; 2].map(|_| Stream::new(HELD_BOOKS)),
            oldest: NEVER,
        }
    }

    pub(super) fn push_bbo(&mut self, came: Ns, bbo: &Bbo) -> Result<(), Full> {
        self.oldest = self.oldest.min(came);
        self.bbos.push(came, bbo.time, bbo)
    }

    pub(super) fn push_book(&mut self, came: Ns, book: &Snapshot) -> Result<(), Full> {
        self.oldest = self.oldest.min(came);
        self.books[usize::from(!book.fast)].push(came, book.time, book)
    }

    /// Prints of one block, not more than there are places for.
    pub(super) fn push_prints(&mut self, came: Ns, prints: &[Trade]) -> Result<(), Full> {
        let Some(first) = prints.first() else { return Ok(()) };
        if self.prints.free() < prints.len() {
            return Err(Full);
        }
        self.oldest = self.oldest.min(came);
        self.takes.push(came, first.time, &prints.len())?;
        prints.iter().try_for_each(|p| self.prints.push(*p))
    }

    /// Up to which block everything is to be let go at `now`.
    pub(super) fn due(&self, now: Ns, wait_ns: i64) -> Option<Ns> {
        if now.since(self.oldest) < wait_ns {
            return None;
        }
        let books = self.books.iter().map(|s| s.due(now, wait_ns));
        let rest = [self.takes.due(now, wait_ns), self.bbos.due(now, wait_ns)];
        books.chain(rest).flatten().max()
    }

    /// The oldest block that waits after what was taken.
    pub(super) fn next(&self, t: &Taken) -> Option<Ns> {
        let books = self.books[0].next(t.books[0]).min(self.books[1].next(t.books[1]));
        let next = self.takes.next(t.takes).min(self.bbos.next(t.bbos)).min(books);
        (next != NEVER).then_some(next)
    }

    /// Lets all go that waits of blocks up to `upto`.
    pub(super) fn take(&mut self, upto: Ns, to: &mut impl Takes) {
        let mut taken = Taken::default();
        while let Some(block) = self.next(&taken).filter(|block| *block <= upto) {
            for n in self.takes.of(taken.takes, block) {
                to.prints(&self.prints[taken.prints..][..n.what]);
                taken.takes += 1;
                taken.prints += n.what;
            }
            for bbo in self.bbos.of(taken.bbos, block) {
                to.bbo(&bbo.what);
                taken.bbos += 1;
            }
            for (books, taken) in self.books.iter().zip(&mut taken.books) {
                for snapshot in books.of(*taken, block) {
                    to.book(&snapshot.what);
                    *taken += 1;
                }
            }
            to.over(block);
        }
        self.remove(&taken);
    }

    /// What was taken is gone.
    fn remove(&mut self, t: &Taken) {
        self.takes.list.remove_first(t.takes);
        self.prints.remove_first(t.prints);
        self.bbos.list.remove_first(t.bbos);
        self.books.iter_mut().zip(t.books).for_each(|(s, n)| s.list.remove_first(n));
        let books = self.books[0].oldest().min(self.books[1].oldest());
        self.oldest = self.takes.oldest().min(self.bbos.oldest()).min(books);
    }

    /// A new link: blocks start over.
    pub(super) fn clear(&mut self) {
        self.takes.clear();
        self.prints.clear();
        self.bbos.clear();
        self.books.iter_mut().for_each(Stream::clear);
        self.oldest = NEVER;
    }
}
