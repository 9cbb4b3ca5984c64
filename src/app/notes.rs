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
pub type Notes = Arc<ArrayQueue<Note>>;

/// Room for as many as may wait.
pub fn notes() -> Notes {
    Arc::new(ArrayQueue::new(NOTES_MAX))
}
