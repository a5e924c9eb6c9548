//! Words of other tools, and the commands of `reconcile` that they mean.

use clap::error::{ContextKind, ContextValue};

/// Each word, and the answer to it.
const WORDS: [(&[&str], &str); 11] = [
    (&["release"], "`release` is called `unhold`: reconcile unhold MANIFEST"),
    (
        &["diff", "compare"],
        "to see how servers differ from the manifest: reconcile drift MANIFEST; to see the steps that remain: reconcile plan MANIFEST",
    ),
    (
        &["check", "test", "lint", "verify"],
        "to check the manifest: reconcile validate MANIFEST; to check the servers: reconcile drift MANIFEST",
    ),
    (
        &["dry-run", "--dry-run", "--dryrun", "--check", "--what-if", "--whatif", "--noop", "preview", "what-if"],
        "to see the steps and change nothing: reconcile plan MANIFEST",
    ),
    (
        &["resume", "continue", "retry"],
        "run apply again: it goes on with the steps that remain. After an operator fixed what failed: reconcile apply MANIFEST --retry",
    ),
    (
        &["unlock", "force-unlock"],
        "a lock ends with the run that holds it; the message says who runs it. To take a claim of a pool from a \
         server: reconcile claims MANIFEST --break SERVER --reason TEXT. To end a hold: reconcile unhold MANIFEST",
    ),
    (
        &["rollback", "undo", "revert", "uninstall", "downgrade"],
        "a cumulative update of this product cannot be taken back: Microsoft publishes no way to uninstall one. To bring back the \
         services that a run stopped: reconcile apply MANIFEST. The way to an older build is a server that is restored from a \
         backup, or built again",
    ),
    (
        &["diagnose", "preflight", "precheck", "prerequisites", "health", "healthcheck"],
        "to see whether the services of a server would come back: reconcile doctor MANIFEST",
    ),
    (
        &["bundle", "diagnostics", "supportbundle", "logs"],
        "to collect all that is needed to help: reconcile support MANIFEST",
    ),
    (&["--pace"], "to let the clocks of a lab run at a pace: reconcile lab pace MANIFEST 60x"),
    (
        &["install", "update", "upgrade", "patch", "converge", "sync", "run"],
        "to bring the server to its update: reconcile apply MANIFEST",
    ),
];

/// The answer to a word that the command line does not know: an option anywhere, or the command itself. A word after a
/// command, such as `run` after `schedule`, means something else.
#[must_use]
pub fn answer(error: &clap::Error, command: Option<&str>) -> Option<&'static str> {
    let of = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        _ => None,
    };
    let command = of(ContextKind::InvalidSubcommand).filter(|word| command == Some(word));
    let word = command.or_else(|| of(ContextKind::InvalidArg).filter(|word| word.starts_with("--")))?;
    WORDS.iter().find(|(words, _)| words.contains(&word)).map(|(_, answer)| *answer)
}
