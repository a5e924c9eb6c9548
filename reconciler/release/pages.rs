//! Writes the man pages and the completion scripts of a release: `release_pages MAN-FOLDER COMPLETIONS-FOLDER`.

use std::{env, error::Error, path::Path};

use clap_complete::Shell;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = env::args_os().skip(1).collect();
    let [man, completions] = args.as_slice() else { return Err("expected two folders".into()) };
    let mut command = reconcile::pages::command_line();
    clap_mangen::generate_to(command.clone(), Path::new(man))?;
    for shell in [Shell::Bash, Shell::Elvish, Shell::Fish, Shell::PowerShell, Shell::Zsh] {
        clap_complete::generate_to(shell, &mut command, "reconcile", completions)?;
    }
    Ok(())
}
