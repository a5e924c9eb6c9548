//! `reconcile inventory`: the servers of a manifest, as a dynamic inventory for Ansible.

use crate::commands::args::Inventory;
use crate::manifest::{exit::Exit, input::Input, problem::Problem};
use crate::show::inventory::{all, one};

/// Prints the inventory, or the variables of one server.
///
/// # Errors
/// When the manifest cannot be used, or does not name the server.
pub fn run(args: &Inventory) -> Result<Exit, Problem> {
    let input = Input::read(&args.manifest)?;
    match &args.host {
        Some(host) => one(&input, &input.named(host)),
        None => all(&input, &args.from),
    }
}
