//! What takes a table's rows.
//!
//! In: rows. Out: a file's content. Cold path.

use std::io;

use super::table::Cell;
use crate::folder::Output;

/// Takes the rows of one table.
pub(super) trait Sink {
    fn row(&mut self, cells: &[(String, Cell)]) -> io::Result<()>;
    /// The file, with everything in it.
    fn finish(self: Box<Self>) -> io::Result<Output>;
}
