//! What the registry says of the installed software: the packages of Windows Installer, .NET Framework, SCHANNEL.

use std::path::Path;

use reconcile_schema::{CachedPackage, Fact, Product, Schannel};

use super::super::registry::{Registry, RegistryError};
use crate::examined::packages::{self, Registered, Update, belongs_to};
use crate::open;

/// Below it, Windows Installer keeps a key for each product that is installed for all users (Microsoft Support,
/// KB971187: How to fix MSI software update registration corruption issues).
const USER_DATA: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Installer\UserData\S-1-5-18";

/// Microsoft Learn: How to determine which .NET Framework versions are installed.
const DOTNET: &str = r"SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full";

const SCHANNEL: &str = r"SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL";

/// The packages that Windows Installer needs to patch the components of `product`.
pub fn packages(registry: &Registry, product: Product) -> Fact<Vec<CachedPackage>> {
    let registered = registry.settled(&format!(r"{USER_DATA}\Products"), || once(registry, product));
    let opens = |path: &str| open::to_read(Path::new(path)).map(drop).map_err(|error| error.to_string());
    registered.map(|registered| packages::packages(&registered, product, opens)).into()
}

/// One pass; none where an entry vanished between being listed and being opened.
fn once(registry: &Registry, product: Product) -> Result<Option<Vec<Registered>>, RegistryError> {
    let products = format!(r"{USER_DATA}\Products");
    let mut all = Vec::new();
    for code in registry.keys(&products)?.unwrap_or_default() {
        let properties = format!(r"{products}\{code}\InstallProperties");
        // A name that is no text has no sign of being ours.
        let display = match registry.text(&properties, "DisplayName") {
            Ok(Some(display)) if belongs_to(product, &display) => display,
            Ok(_) | Err(RegistryError::NotText { .. }) => continue,
            Err(error) => return Err(error),
        };
        let mut updates = Vec::new();
        for update in registry.keys(&format!(r"{products}\{code}\Patches"))?.unwrap_or_default() {
            updates.push(Update {
                state: registry.number(&format!(r"{products}\{code}\Patches\{update}"), "State")?,
                package: registry.text(&format!(r"{USER_DATA}\Patches\{update}"), "LocalPackage")?,
                code: update,
            });
        }
        let package = registry.text(&properties, "LocalPackage")?;
        all.push(Registered { display, package, updates });
    }
    all.sort();
    Ok(Some(all))
}

/// `Release` of .NET Framework 4.5 or later.
pub fn dotnet(registry: &Registry) -> Result<Option<u32>, RegistryError> {
    registry.number(DOTNET, "Release")
}

/// What the registry says of TLS.
pub fn schannel(registry: &Registry) -> Result<Schannel, RegistryError> {
    Ok(Schannel {
        enable_session_ticket: registry.number(SCHANNEL, "EnableSessionTicket")?,
        client_auth_trust_mode: registry.number(SCHANNEL, "ClientAuthTrustMode")?,
    })
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use super::super::super::registry::tests::Scratch;
    use super::*;

    /// The keys and values are those of KB971187.
    #[test]
    fn the_packages_of_a_product_are_read_from_both_of_their_places() {
        let scratch = Scratch::new("packages");
        let file = tempfile::NamedTempFile::new().expect("a file");
        let there = file.path().display().to_string();
        let products = format!(r"{USER_DATA}\Products");
        scratch.text(
            &format!(r"{products}\00AA\InstallProperties"),
            "DisplayName",
            "Microsoft Lync Server 2013, Core Components",
        );
        scratch.text(&format!(r"{products}\00AA\InstallProperties"), "LocalPackage", &there);
        scratch.text(&format!(r"{products}\00BB\InstallProperties"), "DisplayName", "Microsoft Visual C++ 2013");
        scratch.number(&format!(r"{products}\00AA\Patches\00CC"), "State", 1);
        scratch.number(&format!(r"{products}\00AA\Patches\00DD"), "State", 2);
        scratch.text(&format!(r"{USER_DATA}\Patches\00CC"), "LocalPackage", r"C:\nowhere\at all.msp");
        let found = packages(&scratch.0, Product::Lync2013);
        let found = found.known().expect("known");
        let [own, update] = found.as_slice() else { unreachable!("{found:?}") };
        assert_eq!((own.path.as_deref(), own.problem.as_deref()), (Some(there.as_str()), None));
        assert_eq!((update.update.as_deref(), update.problem.is_some()), (Some("00CC"), true));
        assert_eq!(packages(&scratch.0, Product::Sfb2019), Fact::Known(Vec::new()));

        assert_eq!(dotnet(&scratch.0), Ok(None));
        scratch.number(DOTNET, "Release", 528_040);
        assert_eq!(dotnet(&scratch.0), Ok(Some(528_040)));
        scratch.text(SCHANNEL, "EnableSessionTicket", "2");
        let why = schannel(&scratch.0).expect_err("no number").to_string();
        assert!(why.contains(r"SCHANNEL\EnableSessionTicket should hold a number"), "{why}");
    }
}
