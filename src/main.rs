//! The `papermaker` command. Everything it does lives in the library; see `src/cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    papermaker::main()
}
