//! The program `reconcile`.

use std::process::ExitCode;

fn main() -> ExitCode {
    reconcile::main()
}
