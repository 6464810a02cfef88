//! `tidegate`; see `tidegate --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    tidegate::main()
}
