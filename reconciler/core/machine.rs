//! What `doctor` finds about Windows, PowerShell and .NET.

use alloc::format;

use reconcile_schema::{Build, Frameworks, Period, PowerShellSeen, Product, WindowsVersion};

use crate::found::Found;

pub(crate) fn windows(product: Product, version: WindowsVersion) -> Found {
    let WindowsVersion { major, minor, build } = version;
    let shown = format!("Windows {major}.{minor}.{build}");
    if product.windows().contains(&(major, minor, build)) {
        Found::ok(shown)
    } else {
        Found::warning(format!("{shown}, which is not known to be supported for {product}"))
    }
}

/// `ConvertFrom-Json`, which every script uses, came with Windows PowerShell 3.0.
pub(crate) fn power_shell(seen: &PowerShellSeen) -> Found {
    let PowerShellSeen { version, language_mode, .. } = seen;
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    match major {
        _ if language_mode != "FullLanguage" => {
            Found::fault(format!("a policy forces PowerShell {version} into the mode {language_mode}"))
        }
        Some(major) if major >= 3 => Found::ok(format!("PowerShell {version}")),
        Some(_) => Found::fault(format!("PowerShell {version}")),
        None => Found::unknown(format!("PowerShell reports the version {version:?}")),
    }
}

pub(crate) fn execution_policy(seen: &PowerShellSeen) -> Found {
    let by_group = seen.policies.iter().filter(|one| matches!(one.scope.as_str(), "MachinePolicy" | "UserPolicy"));
    let mut by_group = by_group.filter(|one| one.policy != "Undefined");
    match by_group.next() {
        None => Found::ok("no group policy sets one"),
        // reconcile itself asks for RemoteSigned.
        Some(one) if matches!(one.policy.as_str(), "RemoteSigned" | "Unrestricted" | "Bypass") => {
            Found::ok(format!("{} is {}", one.scope, one.policy))
        }
        Some(one) => Found::fault(format!("{} is {}", one.scope, one.policy)),
    }
}

/// Kerberos refuses a difference of more than five minutes by default.
pub(crate) fn clock(ahead: i64) -> Found {
    let (apart, direction) = (ahead.unsigned_abs(), if ahead < 0 { "behind" } else { "ahead of" });
    let lasted = Period::seconds(u32::try_from(apart).unwrap_or(u32::MAX));
    let said = format!("{lasted} {direction} that of the domain");
    match apart {
        0..60 => Found::ok(said),
        60..300 => Found::warning(said),
        300.. => Found::fault(said),
    }
}

const LONG_UP: Period = Period::hours(90 * 24);

pub(crate) fn last_boot(uptime: Option<Period>) -> Found {
    match uptime {
        None => Found::unknown("the server does not report it"),
        Some(up) if up > LONG_UP => Found::warning(format!("it has been up for {up}")),
        Some(up) => Found::ok(format!("it has been up for {up}")),
    }
}

/// The versions of .NET Framework that a target needs and supports.
pub(crate) fn dotnet(product: Product, target: &Build, release: Option<u32>) -> Found {
    /// `Release`, and the version (Microsoft Learn: How to determine which .NET Framework versions are installed).
    const RELEASES: [(u32, &str); 10] = [
        (533_320, "4.8.1"),
        (528_040, "4.8"),
        (461_808, "4.7.2"),
        (461_308, "4.7.1"),
        (460_798, "4.7"),
        (394_802, "4.6.2"),
        (394_254, "4.6.1"),
        (393_295, "4.6"),
        (379_893, "4.5.2"),
        (378_389, "4.5"),
    ];
    let Some(release) = release else { return Found::fault(".NET Framework 4.5 or later is not installed") };
    let named =
        |release: u32| RELEASES.iter().find(|(least, _)| release >= *least).map_or("older than 4.5", |(_, name)| name);
    let shown = format!(".NET Framework {} (Release {release})", named(release));
    let Frameworks { needed, known, later } = product.frameworks();
    let early = later.iter().find(|(least, since, _)| release >= *least && target.revision < *since);
    match (needed, known, early) {
        (Some((least, since)), _, _) if target.revision >= since && release < least => {
            Found::fault(format!("{shown}; {target} needs {}", named(least)))
        }
        (_, _, Some((_, _, update))) => {
            Found::warning(format!("{shown}, which {update} and later support; the target is {target}"))
        }
        (_, Some(least), None) if release < least => {
            Found::warning(format!("{shown}; {product} is not known to support less than {}", named(least)))
        }
        (_, _, None) => Found::ok(shown),
    }
}
