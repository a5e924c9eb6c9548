//! Which files on a share are believed: those of the computer that they report about, and of accounts that the manifest
//! lists.
//!
//! A decision over plain data: the owner is read elsewhere, from the same handle as the content.

use std::fmt;

use reconcile_schema::{AccountName, ServerName};

/// The owner of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(test), expect(dead_code, reason = "each system has its own"))]
pub enum Owner {
    Account {
        /// Its security identifier.
        sid: String,
        /// Its name with its domain, where Windows knows one.
        name: Option<String>,
    },
    /// It cannot be read.
    Unread(String),
    /// This system reports no owner, so no server makes a decision here.
    Untold,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account { sid, name } => f.write_str(name.as_ref().unwrap_or(sid)),
            Self::Unread(why) => write!(f, "an account that cannot be read ({why})"),
            Self::Untold => f.write_str("an account that this system does not tell"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Believed,
    /// It is not: it belongs to this account.
    Stranger(String),
    /// It is not: its owner is unknown.
    Unread(String),
}

/// How many characters of a host name its computer account has (Microsoft Learn: Naming conventions in Active
/// Directory).
const NETBIOS: usize = 15;

/// Judges the file of `server` by its owner, the domain of this computer and the accounts that the manifest lists.
///
/// Servers of one pool belong to one domain. A computer of another domain may have the same name, so that one must be
/// listed.
pub fn judge(server: &ServerName, owner: &Owner, domain: Option<&str>, writers: &[AccountName]) -> Verdict {
    let (sid, name) = match owner {
        Owner::Untold => return Verdict::Believed,
        Owner::Unread(why) => return Verdict::Unread(why.clone()),
        Owner::Account { sid, name } => (sid, name.as_deref()),
    };
    let is_called = |other: &str| name.is_some_and(|name| name.to_lowercase() == other.to_lowercase());
    if writers.iter().any(|writer| writer.as_str().eq_ignore_ascii_case(sid) || is_called(writer.as_str())) {
        return Verdict::Believed;
    }
    let host: String = server.host().chars().take(NETBIOS).collect();
    match domain {
        Some(domain) if is_called(&format!(r"{domain}\{host}$")) => Verdict::Believed,
        None if name.is_some_and(|name| name.to_lowercase().ends_with(&format!(r"\{host}$"))) => {
            Verdict::Unread("the domain of this computer is not known".into())
        }
        Some(_) | None => Verdict::Stranger(name.unwrap_or(sid).into()),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    const SID: &str = "S-1-5-21-1-2-3-1104";

    /// A server, the owner of its file, the domain of this computer, the listed accounts, and the verdict.
    type Row<'a> = (&'a str, Option<&'a str>, Option<&'a str>, &'a [AccountName], Verdict);

    fn account(name: Option<&str>) -> Owner {
        Owner::Account { sid: SID.into(), name: name.map(str::to_owned) }
    }

    #[test]
    fn a_file_is_believed_when_it_is_its_computers_or_a_listed_accounts() {
        let listed = [r"CONTOSO\gmsa$", r"CONTOSO\alex"].map(|name| name.parse().unwrap());
        let by_sid: [AccountName; 1] = [SID.parse().unwrap()];
        let none: [AccountName; 0] = [];
        let stranger = |name: &str| Verdict::Stranger(name.into());
        let fe01 = "fe01.contoso.example";
        let cases: [Row<'_>; 16] = [
            // server, owner, our domain, listed, verdict
            (fe01, Some(r"CONTOSO\FE01$"), Some("CONTOSO"), &none, Verdict::Believed),
            (fe01, Some(r"contoso\fe01$"), Some("CONTOSO"), &none, Verdict::Believed),
            ("fe01", Some(r"CONTOSO\FE01$"), Some("CONTOSO"), &none, Verdict::Believed),
            (
                "frontend-server-01.contoso.example",
                Some(r"CONTOSO\FRONTEND-SERVER$"),
                Some("CONTOSO"),
                &none,
                Verdict::Believed,
            ),
            (fe01, Some(r"CONTOSO\FE02$"), Some("CONTOSO"), &none, stranger(r"CONTOSO\FE02$")),
            (fe01, Some(r"CONTOSO\FE01"), Some("CONTOSO"), &none, stranger(r"CONTOSO\FE01")), // A user of that name.
            (fe01, Some(r"FABRIKAM\FE01$"), Some("CONTOSO"), &none, stranger(r"FABRIKAM\FE01$")),
            (fe01, Some(r"FABRIKAM\FE01$"), Some("CONTOSO"), &listed, stranger(r"FABRIKAM\FE01$")),
            (
                fe01,
                Some(r"CONTOSO\FE01$"),
                None,
                &none,
                Verdict::Unread("the domain of this computer is not known".into()),
            ),
            (fe01, Some(r"CONTOSO\mallory"), None, &none, stranger(r"CONTOSO\mallory")),
            (fe01, Some(r"CONTOSO\GMSA$"), Some("CONTOSO"), &listed, Verdict::Believed),
            (fe01, Some(r"CONTOSO\alex"), None, &listed, Verdict::Believed),
            (fe01, Some(r"FABRIKAM\alex"), Some("CONTOSO"), &listed, stranger(r"FABRIKAM\alex")),
            (fe01, Some(r"BUILTIN\Administrators"), Some("CONTOSO"), &listed, stranger(r"BUILTIN\Administrators")),
            (fe01, None, Some("CONTOSO"), &by_sid, Verdict::Believed),
            (fe01, None, Some("CONTOSO"), &listed, stranger(SID)), // An account that was deleted.
        ];
        for (server, owner, domain, writers, verdict) in cases {
            let found = judge(&server.parse().unwrap(), &account(owner), domain, writers);
            assert_eq!(found, verdict, "{server}, {owner:?}, {domain:?}");
        }
    }

    #[test]
    fn an_owner_that_cannot_be_read_is_not_believed() {
        let fe01 = "fe01.contoso.example".parse().unwrap();
        let unread = judge(&fe01, &Owner::Unread("access is denied".into()), Some("CONTOSO"), &[]);
        assert_eq!(unread, Verdict::Unread("access is denied".into()));
        assert_eq!(judge(&fe01, &Owner::Untold, None, &[]), Verdict::Believed);
    }
}
