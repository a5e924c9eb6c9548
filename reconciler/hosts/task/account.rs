//! The account that the task runs as.

use std::{fmt, str::FromStr};

/// SYSTEM, as the definition of a task names it in every language of Windows (Microsoft Learn: Well-known SIDs).
const SYSTEM: &str = "S-1-5-18";

/// The account that the task runs as. A password is never read, neither from the command line nor from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Account {
    /// The system itself. On the network it acts as the computer's account.
    System,
    /// A managed service account (`DOMAIN\name$`). Its password is in the domain, which gives it to the server. The
    /// logon type is `Password`, and no password is passed when the task is registered. The documentation of `schtasks`
    /// does not mention this; people who do it report that the Task Scheduler accepts such a principal (ansible/ansible
    /// issue 60989).
    Managed(String),
    /// Another account (`DOMAIN\name`), with the logon type `S4U`: no password is stored, and the task has "no access
    /// to either the network or encrypted files" (Microsoft Learn: logonType Simple Type). So it is of use only where
    /// every file is on the server itself; see [`Account::reaches_the_network`].
    Local(String),
    /// The same account, with a password that the Task Scheduler asks for on the console and stores (`schtasks /rp *`,
    /// Microsoft Learn: schtasks create): it has its domain groups, and the network.
    WithPassword(String),
}

/// A text is not an account for a task.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(r"expected SYSTEM, a managed service account as DOMAIN\name$, or another account as DOMAIN\name, found {0:?}")]
pub struct AccountError(String);

impl Account {
    /// The `UserId` in the definition.
    #[must_use]
    pub fn user_id(&self) -> &str {
        match self {
            Self::System => SYSTEM,
            Self::Managed(name) | Self::Local(name) | Self::WithPassword(name) => name,
        }
    }

    /// The `LogonType` in the definition. SYSTEM has none, because nobody logs on.
    #[must_use]
    pub const fn logon_type(&self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Managed(_) | Self::WithPassword(_) => Some("Password"),
            Self::Local(_) => Some("S4U"),
        }
    }

    /// Whether the task can use shares, the domain and other servers.
    #[must_use]
    pub const fn reaches_the_network(&self) -> bool {
        match self {
            Self::System | Self::Managed(_) | Self::WithPassword(_) => true,
            Self::Local(_) => false,
        }
    }

    /// Whether it can be a member of a domain group: SYSTEM is the computer there.
    #[must_use]
    pub const fn has_groups(&self) -> bool {
        match self {
            Self::System => false,
            Self::Managed(_) | Self::Local(_) | Self::WithPassword(_) => true,
        }
    }

    /// The account of a definition, by its `UserId` and its `LogonType`.
    #[must_use]
    pub fn of(user_id: &str, logon_type: &str) -> Self {
        match Self::of_user_id(user_id) {
            Self::Local(name) if logon_type == "Password" => Self::WithPassword(name),
            account @ (Self::System | Self::Managed(_) | Self::Local(_) | Self::WithPassword(_)) => account,
        }
    }

    /// The account of a `UserId`, in any of the forms that Windows writes.
    #[must_use]
    pub fn of_user_id(user_id: &str) -> Self {
        let system = [SYSTEM, "SYSTEM", r"NT AUTHORITY\SYSTEM", "LocalSystem"];
        if system.iter().any(|name| name.eq_ignore_ascii_case(user_id)) {
            Self::System
        } else if user_id.ends_with('$') {
            Self::Managed(user_id.into())
        } else {
            Self::Local(user_id.into())
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("SYSTEM"),
            Self::Managed(name) | Self::Local(name) | Self::WithPassword(name) => f.write_str(name),
        }
    }
}

/// The form that people write. The characters that account names cannot have are from Microsoft Learn: Naming
/// conventions in Active Directory.
impl FromStr for Account {
    type Err = AccountError;

    fn from_str(text: &str) -> Result<Self, AccountError> {
        let account = Self::of_user_id(text);
        let allowed = |name: &str| {
            let forbidden = |char: char| char.is_control() || r#""/\[]:;|=,+*?<>@"#.contains(char);
            name == name.trim() && !name.trim_end_matches('$').is_empty() && !name.contains(forbidden)
        };
        let good = match (&account, text.split_once('\\')) {
            (Self::System, _) => true,
            (Self::Managed(_) | Self::Local(_) | Self::WithPassword(_), Some((domain, name))) => {
                allowed(domain) && allowed(name)
            }
            (Self::Managed(_) | Self::Local(_) | Self::WithPassword(_), None) => false,
        };
        if good { Ok(account) } else { Err(AccountError(text.into())) }
    }
}
