//! The command line: one file per subcommand, exit codes in one table.
//!
//! In: arguments. Out: text on the terminal and an exit code. Cold path.

pub mod exit;
