//! What `doctor` finds that keeps an installer from working, or services from starting again.

use alloc::{format, vec::Vec};

use jiff::Timestamp;
use reconcile_schema::{
    CachedPackage, CertificateSeen, Dependency, MisplacedCertificate, Period, Schannel, StartType, TrustedRoots,
    Verdict, listed, shown_at,
};

use crate::found::{Found, counted};

pub(crate) fn installer_cache(packages: &[CachedPackage]) -> Found {
    if packages.is_empty() {
        return Found::unknown("Windows Installer names no package of the product");
    }
    let missing = packages.iter().filter_map(|package| {
        let of = match &package.update {
            None => package.component.clone(),
            Some(update) => format!("update {update} of {}", package.component),
        };
        match (&package.path, &package.problem) {
            (Some(_), None) => None,
            (Some(path), Some(problem)) => Some(format!("{path} ({of}): {problem}")),
            (None, problem) => {
                Some(format!("no LocalPackage of {of}: {}", problem.as_deref().unwrap_or("the value is missing")))
            }
        }
    });
    Found::none_of(missing, Verdict::Fault, counted(packages.len(), "package", "packages"))
}

pub(crate) fn dependencies(all: &[Dependency]) -> Found {
    let broken = all.iter().filter_map(|Dependency { service, needs, start }| match start {
        None => Some(format!("{service} depends on {needs}, which does not exist")),
        Some(StartType::Disabled) => Some(format!("{service} depends on {needs}, which is disabled")),
        Some(_) => None,
    });
    Found::none_of(broken, Verdict::Fault, counted(all.len(), "dependency", "dependencies"))
}

pub(crate) fn trusted_roots(roots: &TrustedRoots) -> Found {
    let shown =
        |one: &MisplacedCertificate| format!("{} ({}) was issued by {}", one.subject, one.thumbprint, one.issuer);
    let misplaced: Vec<_> = roots.misplaced.iter().map(shown).collect();
    match (misplaced.as_slice(), roots.unreadable.as_slice()) {
        ([], []) => Found::ok(counted(roots.count as usize, "root", "roots")),
        ([], unreadable) => Found::unknown(listed(unreadable)),
        (misplaced, _) => Found::fault(listed(misplaced)),
    }
}

pub(crate) fn root_count(roots: &TrustedRoots) -> Found {
    let said = counted(roots.count as usize, "trusted root", "trusted roots");
    if roots.count > 100 { Found::warning(said) } else { Found::ok(said) }
}

const SOON: Period = Period::hours(30 * 24);

pub(crate) fn certificates(all: &[CertificateSeen], at: Timestamp) -> Found {
    if all.is_empty() {
        return Found::unknown("Get-CsCertificate reports no certificate");
    }
    let mut worst = Verdict::Ok;
    let mut said = Vec::new();
    for one in all {
        let name = format!("{} ({}, {})", one.usage, one.subject, one.thumbprint);
        if one.not_after <= at {
            worst = Verdict::Fault;
            said.insert(0, format!("{name} expired at {}", shown_at(one.not_after, None)));
        } else if let Some(from) = one.not_before.filter(|from| *from > at) {
            worst = Verdict::Fault;
            said.insert(0, format!("{name} is not valid before {}", shown_at(from, None)));
        } else if Period::between(at, one.not_after) < SOON {
            worst = worst.max(Verdict::Warning);
            said.push(format!("{name} expires at {}", shown_at(one.not_after, None)));
        }
    }
    if worst == Verdict::Ok {
        Found::ok(counted(all.len(), "certificate", "certificates"))
    } else {
        Found::new(worst, listed(&said))
    }
}

/// The values that Microsoft's articles on lost connections of Front End Servers set.
pub(crate) fn schannel(values: &Schannel) -> Found {
    let all =
        [("EnableSessionTicket", values.enable_session_ticket), ("ClientAuthTrustMode", values.client_auth_trust_mode)];
    let shown = |(name, value): &(&str, Option<u32>)| match value {
        Some(2) => None,
        Some(value) => Some(format!("{name} is {value}")),
        None => Some(format!("{name} is not set")),
    };
    Found::none_of(all.iter().filter_map(shown), Verdict::Warning, "both are 2")
}
