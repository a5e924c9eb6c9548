//! `reconcile help`: the help of the program or of a command, and the lists of topics.

use clap::{CommandFactory, Parser, ValueEnum};

use crate::commands::args::Args;
use crate::manifest::{exit::Exit, finding::meant, problem::Problem};
use crate::show::{
    columns::{rows, sentence},
    out::print,
    topics::{self, Topic},
};

/// Shows the help of what is named.
///
/// # Errors
/// When there is no such command and no such topic.
pub fn run(words: &[String]) -> Result<Exit, Problem> {
    if let [word] = words
        && let Ok(topic) = Topic::from_str(word, false)
    {
        return print(&topics::list(topic)?);
    }
    let mut at = &Args::command();
    for word in words {
        at = at.find_subcommand(word).ok_or_else(|| unknown(word, at))?;
    }
    let line = ["reconcile"].into_iter().chain(words.iter().map(String::as_str)).chain(["--help"]);
    match Args::try_parse_from(line) {
        Err(help) => print(&help.render().ansi().to_string()),
        Ok(_) => Err(Problem::usage("there is no help for this")),
    }
}

/// A word that is no command here.
fn unknown(word: &str, at: &clap::Command) -> Problem {
    let commands = at.get_subcommands().filter(|command| !command.is_hide_set()).map(clap::Command::get_name);
    let topics: Vec<_> = Topic::value_variants().iter().filter_map(ValueEnum::to_possible_value).collect();
    let topics = topics.iter().map(clap::builder::PossibleValue::get_name).filter(|_| at.get_name() == "reconcile");
    let (commands, topics): (Vec<_>, Vec<_>) = (commands.collect(), topics.collect());
    let near = meant(word, commands.iter().chain(&topics).copied());
    let near = near.map(|near| format!("\n{}", sentence(&near))).unwrap_or_default();
    let (commands, topics) = (commands.join(", "), topics.join(", "));
    let listed =
        [("commands", commands.as_str()), ("topics", &topics)].into_iter().filter(|(_, names)| !names.is_empty());
    let listed = rows(&listed.collect::<Vec<_>>(), 2);
    Problem::usage(format!("there is no help for `{word}`{near}\n{listed}"))
}
