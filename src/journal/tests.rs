//! Laws of the journal under faults. See `fake` for the disk.
