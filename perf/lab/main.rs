//! The `papermaker-lab` command. Everything it does lives in the library, below `perf/lab`.

use std::process::ExitCode;

fn main() -> ExitCode {
    papermaker::lab::cli::main()
}
