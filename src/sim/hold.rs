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

/// Everything of one coin that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Hold {
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
            queue: List::new(HELD),
            oldest: NEVER,
            newest: [Ns(i64::MIN); STREAMS],
            takes: List::new(HELD_BBOS),
            prints: List::new(PRINTS_MAX),
            bbos: List::new(HELD_BBOS),
            books: [0; 2].map(|_| List::new(HELD_BOOKS)),
        }
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

    pub(super) fn push_bbo(&mut self, came: Ns, bbo: &Bbo) -> Result<(), Full> {
        self.bbos.push(*bbo)?;
        self.push(BBOS, came, bbo.time);
        Ok(())
    }

    pub(super) fn push_book(&mut self, came: Ns, book: &Snapshot) -> Result<(), Full> {
        let full = usize::from(!book.fast);
        self.books[full].push(book.clone())?;
        self.push(FAST + full, came, book.time);
        Ok(())
    }

    /// Prints of one block, not more than there are places for.
    pub(super) fn push_prints(&mut self, came: Ns, prints: &[Trade]) -> Result<(), Full> {
        let Some(first) = prints.first() else { return Ok(()) };
        if self.prints.free() < prints.len() {
            return Err(Full);
        }
        self.takes.push(prints.len())?;
        self.push(PRINTS, came, first.time);
        prints.iter().try_for_each(|p| self.prints.push(*p))
    }

    /// Up to which block everything is to be let go at `now`: the newest block of those that have waited
    /// `wait_ns`.
    pub(super) fn due(&self, now: Ns, wait_ns: i64) -> Option<Ns> {
        if now.since(self.oldest) < wait_ns {
            return None;
        }
        self.queue.iter().rev().find(|w| now.since(w.came) >= wait_ns).map(|w| w.block)
    }

    /// The oldest block that waits.
    pub(super) fn next(&self) -> Option<Ns> {
        self.queue.first().map(|w| w.block)
    }

    /// Lets all go that waits of blocks up to `upto`.
    pub(super) fn take(&mut self, upto: Ns, to: &mut impl Takes) {
        let (mut n, mut taken, mut prints) = (0, [0; STREAMS], 0);
        while let Some(w) = self.queue.get(n).copied().filter(|w| w.block <= upto) {
            let i = taken[w.stream];
            match w.stream {
                PRINTS => {
                    to.prints(&self.prints[prints..][..self.takes[i]]);
                    prints += self.takes[i];
                }
                BBOS => to.bbo(&self.bbos[i]),
                book => to.book(&self.books[book - FAST][i]),
            }
            taken[w.stream] += 1;
            n += 1;
            if self.queue.get(n).is_none_or(|next| next.block != w.block) {
                to.over(w.block);
            }
        }
        self.queue.remove_first(n);
        self.oldest = self.queue.iter().map(|w| w.came).min().unwrap_or(NEVER);
        self.takes.remove_first(taken[PRINTS]);
        self.prints.remove_first(prints);
        self.bbos.remove_first(taken[BBOS]);
        self.books.iter_mut().zip(&taken[FAST..]).for_each(|(s, n)| s.remove_first(*n));
    }

    /// A new link: blocks start over.
    pub(super) fn clear(&mut self) {
        self.queue.clear();
        self.oldest = NEVER;
        self.newest = [Ns(i64::MIN); STREAMS];
        self.takes.clear();
        self.prints.clear();
        self.bbos.clear();
        self.books.iter_mut().for_each(List::clear);
    }
}
