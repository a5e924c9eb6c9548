//! The facts that only PowerShell can read, by one script.

use std::time::Duration;

use reconcile_core::Goal;
use reconcile_schema::{Examined, Fact};

use super::super::powershell_error::PowerShellError;
use super::super::share_eyes::EYES;
use super::super::{WindowsError, WindowsHost, state};
use super::places::seen;
use crate::examined::answer::{Asked, unknown};
use crate::examined::asked::{cmdlets, sql_server};

/// How long the script may take: the cmdlets ask the Central Management Store, and each SQL Server has 30 seconds.
const LIMIT: Duration = Duration::from_secs(300);

/// What a script of ours says in a shell that a policy holds to another language.
const CONSTRAINED: &str = "application control policy";

impl WindowsHost {
    /// What PowerShell can report. If it does not run the script, each of these facts is unknown for that reason.
    pub(super) fn answered(&mut self, goal: &Goal) -> Examined {
        let cmdlets = cmdlets(goal);
        let stores: Vec<_> = goal.all_stores().collect();
        let mut sql_servers: Vec<_> = stores.iter().map(|store| sql_server(store)).collect();
        sql_servers.dedup();
        let in_domain = (EYES.domain)().is_some();
        let asks_cmdlets = !cmdlets.is_empty();
        let answer = self
            .shell(goal.product, "examine", LIMIT, |shell, call| shell.examine(in_domain, cmdlets, sql_servers, call));
        let unread = Fact::NotLooked;
        let known = &self.expensive.databases;
        let stores: Vec<Asked<'_>> =
            stores.into_iter().map(|store| (sql_server(store), known.get(store).unwrap_or(&unread))).collect();
        let scripts = state::place().unwrap_or_default().join("scripts");
        let mut examined = match answer {
            Ok(answer) => Examined { scripts: Fact::Known(seen(&scripts, None)), ..answer.facts(&stores) },
            Err(error) => Examined {
                scripts: match refusal(&error) {
                    Some(problem) => Fact::Known(seen(&scripts, Some(problem))),
                    None => Fact::Unknown(error.to_string()),
                },
                ..unknown(&error.to_string(), in_domain, !stores.is_empty())
            },
        };
        if !asks_cmdlets {
            examined.cmdlets = Fact::NotLooked;
        }
        examined
    }
}

/// PowerShell's reason for not running the script, if a policy forbids it.
fn refusal(error: &WindowsError) -> Option<String> {
    let WindowsError::PowerShell(error) = error else { return None };
    match error {
        PowerShellError::Policy { .. } => Some(error.to_string()),
        PowerShellError::Ended { said, .. } => said.contains(CONSTRAINED).then(|| said.clone()),
        PowerShellError::Script { .. }
        | PowerShellError::Process(_)
        | PowerShellError::Missing(_)
        | PowerShellError::Answer { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::process::Ending;
    use super::*;

    #[test]
    fn a_policy_refuses_and_everything_else_only_fails() {
        let ended = |said: &str| {
            let (script, ending, folder) = ("Test-Server.ps1", Ending::Exited(1), "C:\\logs".into());
            refusal(&PowerShellError::Ended { script, ending, said: said.into(), folder }.into())
        };
        assert!(ended("an application control policy (AppLocker, WDAC) forces PowerShell").is_some());
        assert_eq!(ended("the module of the product cannot be loaded"), None);
        let policy = PowerShellError::Policy { script: "Test-Server.ps1", said: "PSSecurityException".into() };
        assert!(refusal(&policy.into()).is_some_and(|why| why.contains("RemoteSigned")));
        assert_eq!(refusal(&WindowsError::RunActs("process 7".into())), None);
    }
}
