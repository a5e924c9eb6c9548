//! What `doctor` finds about Windows, PowerShell and .NET.

use alloc::format;

use reconcile_schema::{Build, Period, PowerShellSeen, Product, WindowsVersion};

use crate::found::Found;

/// The versions of Windows for which the system requirements name a product, as the first two numbers and the lowest
/// build; later versions of that family are not known to the requirements, and are reported.
///
/// Lync Server 2013 and Skype for Business Server 2015 by Microsoft's pages; that Windows Server 2022 serves for 2019,
/// and what serves for Subscription Edition, is recalled.
const fn supported(product: Product) -> &'static [(u32, u32, u32)] {
    match product {
        Product::Lync2010 => &[(6, 0, 6002), (6, 1, 7600)],
        Product::Lync2013 => &[(6, 1, 7601), (6, 2, 9200), (6, 3, 9600)],
        Product::Sfb2015 => &[(6, 1, 7601), (6, 2, 9200), (6, 3, 9600), (10, 0, 14393), (10, 0, 17763)],
        Product::Sfb2019 => &[(10, 0, 14393), (10, 0, 17763), (10, 0, 20348)],
        Product::SfbSe => &[(10, 0, 14393), (10, 0, 17763), (10, 0, 20348), (10, 0, 26100)],
    }
}

pub(crate) fn windows(product: Product, version: WindowsVersion) -> Found {
    let WindowsVersion { major, minor, build } = version;
    let shown = format!("Windows {major}.{minor}.{build}");
    if supported(product).contains(&(major, minor, build)) {
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
///
/// Skype for Business Server 2015: 4.5.2 from CU4 on (Microsoft Support: remote PowerShell fails after CU4); 4.7.1 not
/// before CU5, 4.7.2 not before CU6, 4.8 not before CU9 (Microsoft Learn: Server requirements). Skype for Business
/// Server 2019 supports 4.8 (Microsoft Learn); that it needs 4.7 is recalled, so less is a warning only.
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
    let name = RELEASES.iter().find(|(least, _)| release >= *least).map_or("older than 4.5", |(_, name)| name);
    let shown = format!(".NET Framework {name} (Release {release})");
    let cu = |revision: u64| target.revision >= revision;
    match product {
        Product::Sfb2015 if cu(272) && release < 379_893 => Found::fault(format!("{shown}; {target} needs 4.5.2")),
        Product::Sfb2015 => {
            let too_new = [(528_040, 548, "CU9"), (461_808, 510, "CU6"), (461_308, 281, "CU5")];
            let early = too_new.into_iter().find(|(least, since, _)| release >= *least && !cu(*since));
            match early {
                Some((_, _, update)) => {
                    Found::warning(format!("{shown}, which {update} and later support; the target is {target}"))
                }
                None => Found::ok(shown),
            }
        }
        Product::Sfb2019 | Product::SfbSe if release < 460_798 => {
            Found::warning(format!("{shown}; {product} is not known to support less than 4.7"))
        }
        Product::Lync2010 | Product::Lync2013 | Product::Sfb2019 | Product::SfbSe => Found::ok(shown),
    }
}
