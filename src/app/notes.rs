//! What the hot thread of a live run has to say to people.
//!
//! In: notes of the hot thread. Out: the same on the thread that shows them. A bounded queue without locks:
//! what does not fit is left out.

use std::sync::Arc;

use crossbeam::queue::ArrayQueue;

use crate::feed::{Refusal, Words};
use crate::limits::NOTES_MAX;

/// What the hot thread has to say to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// A stream was given up.
    GivenUp(Refusal),
    /// The venue closed the link, with this code and these words.
    Closed(u16, Words),
    /// The link is lost, or an attempt failed; the next attempt comes after so many nanoseconds of session time.
    Again(i64),
}

/// Notes on their way from the hot thread to one that shows them.
#[derive(Clone, Debug)]
pub struct Notes(Arc<ArrayQueue<Note>>);

impl Default for Notes {
    fn default() -> Notes {
        Notes(Arc::new(ArrayQueue::new(NOTES_MAX)))
    }
}

impl Notes {
    /// Notes `note`; false where so many wait that it is left out.
    pub(super) fn push(&self, note: Note) -> bool {
        self.0.push(note).is_ok()
    }

    /// The next one.
    pub fn next(&self) -> Option<Note> {
        self.0.pop()
    }
}
