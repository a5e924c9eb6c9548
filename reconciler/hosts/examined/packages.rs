//! The packages that Windows Installer needs to patch the product's components, from what the registry says of them.

use reconcile_schema::{CachedPackage, Component, Product};

/// The `State` of an update that is applied and part of the product as it is now (msi.h: `MSIPATCHSTATE_APPLIED`).
const APPLIED: u32 = 1;

/// What the registry says of an installed product.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Registered {
    /// `DisplayName`.
    pub display: String,
    /// `LocalPackage`.
    pub package: Option<String>,
    /// The updates that are registered for it.
    pub updates: Vec<Update>,
}

/// What the registry says of an update of a product.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Update {
    /// The name of its key: the code of the update, its digits in another order.
    pub code: String,
    /// `State` of the product's own key for it.
    pub state: Option<u32>,
    /// `LocalPackage` of its key below `Patches`.
    pub package: Option<String>,
}

/// The packages of the components of `product`; `opens` tries to open one for reading.
///
/// Updates that are superseded or obsolete do not count. Windows Installer does not have them among the updates that
/// make up the product (Microsoft Support, Patch Registration Cleanup Tool: only registered and applied updates stand
/// in `AllPatches`), and no source says that a new update fails without their files. Removing the newer one may.
pub fn packages(
    registered: &[Registered],
    product: Product,
    opens: impl Fn(&str) -> Result<(), String>,
) -> Vec<CachedPackage> {
    let cached = |component: &str, update: Option<&str>, path: Option<&String>| CachedPackage {
        component: component.to_owned(),
        update: update.map(str::to_owned),
        path: path.cloned(),
        problem: path.and_then(|path| opens(path).err()),
    };
    let mut found = Vec::new();
    for one in registered.iter().filter(|one| belongs_to(product, &one.display)) {
        found.push(cached(&one.display, None, one.package.as_ref()));
        for update in one.updates.iter().filter(|update| update.state.is_none_or(|state| state == APPLIED)) {
            found.push(cached(&one.display, Some(&update.code), update.package.as_ref()));
        }
    }
    found
}

/// Whether a `DisplayName` is that of a component of `product`, known or not.
pub fn belongs_to(product: Product, display: &str) -> bool {
    let known = Component::from_display_name(display).is_some_and(|(found, _)| found == product);
    let begins = || {
        let rest = display.get(..product.folder().len()).is_some_and(|it| it.eq_ignore_ascii_case(product.folder()));
        rest && Component::bears_a_products_name(display)
    };
    known || begins()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys are those of KB971187; the names are Microsoft's.
    fn registered() -> Vec<Registered> {
        let update = |code: &str, state, package: Option<&str>| Update {
            code: code.into(),
            state,
            package: package.map(str::to_owned),
        };
        let product = |display: &str, package: Option<&str>, updates: Vec<Update>| Registered {
            display: display.into(),
            package: package.map(str::to_owned),
            updates,
        };
        vec![
            product(
                "Microsoft Lync Server 2013, Core Components",
                Some(r"C:\Windows\Installer\1a2b30.msi"),
                vec![
                    update("AAAA", Some(1), Some(r"C:\Windows\Installer\1.msp")),
                    update("BBBB", Some(2), Some(r"C:\Windows\Installer\superseded.msp")),
                    update("CCCC", Some(4), None),
                    update("DDDD", None, Some(r"C:\Windows\Installer\gone.msp")),
                    update("EEEE", Some(8), None),
                ],
            ),
            product("Microsoft Lync Server 2013, A Component Of Tomorrow", None, Vec::new()),
            product("Skype for Business Server 2015, Core Components", Some(r"C:\Windows\Installer\2.msi"), Vec::new()),
            product("Microsoft Lync Server 2013, Debugging Tools", None, Vec::new()),
            product("Microsoft Visual C++ 2013", None, Vec::new()),
        ]
    }

    #[test]
    fn each_package_of_the_product_and_of_its_applied_updates_is_tried() {
        let opens = |path: &str| if path.contains("gone") { Err("no such file".to_owned()) } else { Ok(()) };
        let found = packages(&registered(), Product::Lync2013, opens);
        let told: Vec<_> = found
            .iter()
            .map(|one| {
                let title = one.component.rsplit(", ").next().unwrap_or_default();
                let file = one.path.as_deref().and_then(|path| path.rsplit('\\').next()).unwrap_or("none");
                (title, one.update.as_deref().unwrap_or("-"), file, one.problem.as_deref().unwrap_or("-"))
            })
            .collect();
        assert_eq!(
            told,
            [
                ("Core Components", "-", "1a2b30.msi", "-"),
                ("Core Components", "AAAA", "1.msp", "-"),
                ("Core Components", "DDDD", "gone.msp", "no such file"),
                ("A Component Of Tomorrow", "-", "none", "-"),
            ]
        );
        assert_eq!(packages(&registered(), Product::Sfb2015, opens).len(), 1);
        assert_eq!(packages(&registered(), Product::Sfb2019, opens), []);
    }
}
