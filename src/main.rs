//! The `papermaker` command. Everything it does lives in the library; see `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    papermaker::cli::main()
}
