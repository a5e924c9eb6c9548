//! The products, and the names of their installed components.

use alloc::string::{String, ToString};
use core::fmt;

use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::{Build, UpdateName, service::PRODUCT_SERVICES, table::table};

#[derive(Clone, Copy)]
struct Row {
    /// Its name as its maker writes it.
    title: &'static str,
    /// The start of the `DisplayName` of each of its components, and its folder.
    display: &'static str,
    /// The first three numbers of its builds.
    line: (u64, u64, u64),
    /// Whether it gets updates; otherwise it is only recognised, and refused by name.
    patched: bool,
    /// The file name of its updates' installer.
    installer: &'static str,
    /// The name of its management module.
    module: &'static str,
    /// Its services, in their start order.
    services: &'static [&'static str],
    /// Whether the pool of a Front End Server takes over for it.
    fails_over: bool,
    /// Whether a Front End pool is updated by its upgrade domains.
    by_domains: bool,
    /// Whether `Get-CsUpgradeDomainInfo` reports the state of a pool.
    domain_info: bool,
    /// Whether its databases can be in an Always On availability group.
    availability_groups: bool,
    windows: &'static [(u32, u32, u32)],
    frameworks: Frameworks,
}

/// What a product supports of .NET Framework, each version as the value `Release` of its registry key (Microsoft Learn:
/// How to determine which .NET Framework versions are installed).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frameworks {
    /// The oldest version that updates need, and the first revision that needs it, as a document says.
    pub needed: Option<(u32, u64)>,
    /// The oldest version that is known to be supported. It is recalled, so an older one is no fault.
    pub known: Option<u32>,
    /// Newer versions, newest first: each with the first revision that supports it, and the name of that update.
    pub later: &'static [(u32, u64, &'static str)],
}

impl Frameworks {
    /// The sources name no version.
    const ANY: Self = Self { needed: None, known: None, later: &[] };
    /// Skype for Business Server 2019 supports 4.8 (Microsoft Learn). That it needs 4.7 is recalled.
    const SINCE_2019: Self = Self { needed: None, known: Some(460_798), later: &[] };
}

table! {
    /// A product that a cumulative update can be for.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
    pub enum Product: Row {
        /// Every product, oldest first.
        ALL

        /// Lync Server 2010. It is recognised so that it can be refused by name.
        Lync2010 = "lync-2010" {
            title: "Lync Server 2010",
            display: "Microsoft Lync Server 2010",
            line: (4, 0, 7577),
            patched: false,
            installer: "LyncServerUpdateInstaller.exe",
            module: "Lync",
            services: PRODUCT_SERVICES,
            fails_over: false,
            by_domains: false,
            domain_info: false,
            availability_groups: false,
            windows: &[(6, 0, 6002), (6, 1, 7600)],
            frameworks: Frameworks::ANY,
        }
        /// Lync Server 2013.
        Lync2013 = "lync-2013" {
            title: "Lync Server 2013",
            display: "Microsoft Lync Server 2013",
            line: (5, 0, 8308),
            patched: true,
            installer: "LyncServerUpdateInstaller.exe",
            module: "Lync",
            services: PRODUCT_SERVICES,
            fails_over: false,
            by_domains: true,
            domain_info: false,
            availability_groups: false,
            windows: &[(6, 1, 7601), (6, 2, 9200), (6, 3, 9600)],
            frameworks: Frameworks::ANY,
        }
        /// Skype for Business Server 2015.
        Sfb2015 = "sfb-2015" {
            title: "Skype for Business Server 2015",
            display: "Skype for Business Server 2015",
            line: (6, 0, 9319),
            patched: true,
            installer: "SkypeServerUpdateInstaller.exe",
            module: "SkypeForBusiness",
            services: PRODUCT_SERVICES,
            fails_over: true,
            by_domains: false,
            domain_info: false,
            availability_groups: true,
            windows: &[(6, 1, 7601), (6, 2, 9200), (6, 3, 9600), (10, 0, 14393), (10, 0, 17763)],
            // 4.5.2 from CU4 on (Microsoft Support: remote PowerShell fails after CU4); 4.7.1 not before CU5, 4.7.2 not before
            // CU6, 4.8 not before CU9 (Microsoft Learn: Server requirements).
            frameworks: Frameworks {
                needed: Some((379_893, 272)),
                known: None,
                later: &[(528_040, 548, "CU9"), (461_808, 510, "CU6"), (461_308, 281, "CU5")],
            },
        }
        /// Skype for Business Server 2019.
        Sfb2019 = "sfb-2019" {
            title: "Skype for Business Server 2019",
            display: "Skype for Business Server 2019",
            line: (7, 0, 2046),
            patched: true,
            installer: "SkypeServerUpdateInstaller.exe",
            module: "SkypeForBusiness",
            services: PRODUCT_SERVICES,
            fails_over: true,
            by_domains: false,
            domain_info: true,
            availability_groups: true,
            windows: &[(10, 0, 14393), (10, 0, 17763), (10, 0, 20348)],
            frameworks: Frameworks::SINCE_2019,
        }
        /// Skype for Business Server Subscription Edition.
        SfbSe = "sfb-se" {
            title: "Skype for Business Server Subscription Edition",
            display: "Skype for Business Server Subscription Edition",
            line: (7, 0, 2046),
            patched: true,
            installer: "SkypeServerUpdateInstaller.exe",
            module: "SkypeForBusiness",
            services: PRODUCT_SERVICES,
            fails_over: true,
            by_domains: false,
            domain_info: true,
            availability_groups: true,
            windows: &[(10, 0, 14393), (10, 0, 17763), (10, 0, 20348), (10, 0, 26100)],
            frameworks: Frameworks::SINCE_2019,
        }
    }
}

impl Product {
    /// The product's name as its maker writes it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.row().title
    }

    /// The product line of this product's builds. 2019 and Subscription Edition share one, so a build alone does not
    /// identify the product.
    #[must_use]
    pub const fn line(self) -> Version {
        let (major, minor, patch) = self.row().line;
        Version::new(major, minor, patch)
    }

    /// Whether updates of this product are installed. A product that is only recognised is refused by name.
    #[must_use]
    pub const fn is_patched(self) -> bool {
        self.row().patched
    }

    /// The file name of the cumulative update's installer. It is the same for every update of a product, so it
    /// identifies nothing (Microsoft Learn, "Upgrade or update a Back End Server or Standard Edition server").
    #[must_use]
    pub const fn installer(self) -> &'static str {
        self.row().installer
    }

    /// The folder of the product below `%ProgramFiles%` and below `%CommonProgramFiles%`.
    ///
    /// Lync Server 2013 and Skype for Business Server 2015 and 2019: public deployment scripts. Subscription Edition: no
    /// published source was found, so it is assumed to follow the pattern of 2019.
    #[must_use]
    pub const fn folder(self) -> &'static str {
        self.row().display
    }

    /// The name of the management module, and of its folder below `Modules` in the product's folder.
    ///
    /// Lync Server 2013 and Skype for Business Server 2019: public deployment scripts; the others: by the same pattern.
    #[must_use]
    pub const fn module(self) -> &'static str {
        self.row().module
    }

    /// Whether its Front End pools take over for a server (Microsoft Learn: Patch or update Front End Servers in Skype
    /// for Business Server). Subscription Edition is assumed to do the same.
    #[must_use]
    pub const fn fails_over(self) -> bool {
        self.row().fails_over
    }

    /// Whether its Front End pools are updated by upgrade domains, whose servers may be down together.
    #[must_use]
    pub const fn is_updated_by_domains(self) -> bool {
        self.row().by_domains
    }

    /// Whether `Get-CsUpgradeDomainInfo` reports the state of a pool. It replaced the older cmdlet in Skype for
    /// Business Server 2019 (Microsoft Learn: Get-CsPoolUpgradeReadinessState); Subscription Edition is assumed to have
    /// kept it.
    #[must_use]
    pub const fn has_domain_info(self) -> bool {
        self.row().domain_info
    }

    /// Whether its databases can be in an Always On availability group (Microsoft Learn: Deploy an Always On Availability
    /// Group on a Back End Server in Skype for Business Server; for Lync Server 2013 it knows mirroring and clusters).
    /// Subscription Edition is assumed to have kept it.
    #[must_use]
    pub const fn has_availability_groups(self) -> bool {
        self.row().availability_groups
    }

    /// The versions of Windows for which the system requirements name it, oldest first: major, minor, build.
    ///
    /// Of Lync Server 2013 and Skype for Business Server 2015 by Microsoft's pages; that Windows Server 2022 serves for
    /// 2019, and what serves for Subscription Edition, is recalled.
    #[must_use]
    pub const fn windows(self) -> &'static [(u32, u32, u32)] {
        self.row().windows
    }

    /// The versions of .NET Framework that it supports.
    #[must_use]
    pub const fn frameworks(self) -> Frameworks {
        self.row().frameworks
    }

    /// The services of all products, each once, in their start order.
    pub fn services() -> impl Iterator<Item = &'static str> {
        let before =
            |nth: usize, name: &&str| Self::ALL.iter().take(nth).any(|earlier| earlier.row().services.contains(name));
        Self::ALL.into_iter().enumerate().flat_map(move |(nth, product)| {
            product.row().services.iter().copied().filter(move |name| !before(nth, name))
        })
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.title())
    }
}

/// The name of a component of a product: the text after the comma of its `DisplayName`, in lower case with hyphens,
/// such as `core-components` or `front-end-server`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ComponentName(UpdateName);

impl ComponentName {
    /// The component whose build stands for the cumulative update as a whole.
    pub const CORE: &'static str = "core-components";

    /// The components whose `DisplayName` a source gives (Microsoft's diagnostics, a German script, Nessus plugins),
    /// those that the catalogue names, and those that servers of the other roles are assumed to have.
    pub const KNOWN: [&str; 24] = [
        Self::CORE,
        "administrative-tools",
        "bandwidth-policy-service",
        "busy-options",
        "call-park",
        "call-park-service",
        "conferencing-announcement",
        "conferencing-attendant",
        "conferencing-server",
        "core-management-server",
        "director",
        "edge-server",
        "enterprise-web-app",
        "front-end-server",
        "group-call-pickup",
        "macp-web-components",
        "mediation-server",
        "performance-counters",
        "persistent-chat",
        "persistent-chat-server",
        "response-group-service",
        "ucma-runtime",
        "video-interop-server",
        "web-components-server",
    ];

    /// Whether the name is one of [`KNOWN`](Self::KNOWN).
    #[must_use]
    pub fn is_known(&self) -> bool {
        Self::KNOWN.contains(&self.as_str())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether this is Core Components.
    #[must_use]
    pub fn is_core(&self) -> bool {
        self.as_str() == Self::CORE
    }

    /// `Front End Server` → `front-end-server`.
    #[must_use]
    pub fn from_title(title: &str) -> Option<Self> {
        let words: String = title
            .trim()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
            .collect();
        words.trim_matches('-').parse().ok().map(Self)
    }
}

impl fmt::Display for ComponentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An installed component of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Component {
    /// The product that the component belongs to.
    pub product: Product,
    /// The component's name.
    pub name: ComponentName,
    /// The build that is installed.
    pub build: Build,
}

impl Component {
    /// The product and the component that an Uninstall `DisplayName` stands for, such as
    /// `Microsoft Lync Server 2013, Core Components`.
    ///
    /// Debugging Tools and Resource Kit have versions of their own and are no part of a cumulative update. The names
    /// were seen for Lync Server 2010 to Skype for Business Server 2019. Subscription Edition is assumed to follow the
    /// same pattern; no published source was found.
    #[must_use]
    pub fn from_display_name(display: &str) -> Option<(Product, ComponentName)> {
        let (product, component) = display.split_once(',')?;
        let (product, component) = (product.trim(), component.trim());
        let same = |known: &Product| {
            product.eq_ignore_ascii_case(known.row().display)
                || product.strip_prefix("Microsoft ").is_some_and(|rest| rest.eq_ignore_ascii_case(known.title()))
        };
        let product = Product::ALL.into_iter().find(same)?;
        (!is_apart(component)).then(|| ComponentName::from_title(component)).flatten().map(|name| (product, name))
    }

    /// Whether an Uninstall `DisplayName` begins with the name of a product, known or not, with or without a year. Such
    /// a component belongs to the product, even if [`Component::from_display_name`] does not know its name.
    #[must_use]
    pub fn bears_a_products_name(display: &str) -> bool {
        let begins = |text: &str, start: &str| text.get(..start.len()).is_some_and(|it| it.eq_ignore_ascii_case(start));
        let display = display.trim();
        let name = if begins(display, "Microsoft ") { display.get(10..).unwrap_or_default() } else { display };
        let products = ["Lync Server", "Skype for Business Server"];
        let is_named = products.iter().any(|product| {
            begins(name, product)
                && name.get(product.len()..).is_some_and(|rest| !rest.starts_with(char::is_alphabetic))
        });
        is_named && !display.split(',').skip(1).any(|component| is_apart(component.trim()))
    }

    /// The Uninstall `DisplayName` of a component of `product` whose title is `title`.
    #[must_use]
    pub fn display_name(product: Product, title: &str) -> String {
        [product.row().display, title].join(", ").to_string()
    }
}

/// Whether a component has versions of its own and is no part of a cumulative update.
fn is_apart(component: &str) -> bool {
    ["Debugging Tools", "Resource Kit"].iter().any(|name| component.eq_ignore_ascii_case(name))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn every_service_is_named_once() {
        let all: Vec<_> = Product::services().collect();
        assert_eq!(all, PRODUCT_SERVICES);
    }

    #[test]
    fn display_names_name_product_and_component() {
        let seen = [
            ("Microsoft Lync Server 2013, Core Components", Product::Lync2013, "core-components"),
            ("Skype for Business Server 2015, Web Components Server", Product::Sfb2015, "web-components-server"),
            ("Skype for Business Server 2019, Core Components", Product::Sfb2019, "core-components"),
            ("Microsoft Lync Server 2010, Core Components", Product::Lync2010, "core-components"),
        ];
        for (display, product, component) in seen {
            let (found, name) = Component::from_display_name(display).unwrap();
            assert_eq!((found, name.as_str()), (product, component));
        }
    }

    #[test]
    fn other_programs_are_not_components() {
        for other in [
            "Microsoft Lync Server 2013, Debugging Tools",
            "Skype for Business Server 2015, Resource Kit",
            "Skype for Business 2016, Core Components",
            "Microsoft SQL Server 2014 (64-bit)",
            "Microsoft Lync Server 2013",
            "",
        ] {
            assert_eq!(Component::from_display_name(other), None, "{other}");
        }
    }

    #[test]
    fn a_name_that_is_not_known_is_still_a_products() {
        for display in [
            "Skype for Business Server 2019, Componentes principales",
            "Microsoft Lync Server 2013, Kernkomponenten",
            "Skype for Business Server, Core Components",
            "Skype for Business Server 2019 – Основные компоненты",
            "skype for business server 2028, Core Components",
            "Lync Server 2013",
        ] {
            assert!(Component::bears_a_products_name(display), "{display}");
        }
        for display in [
            "Skype for Business 2016",
            "Microsoft Lync Serverless",
            "Skype for Business Server 2019, Resource Kit",
            "Microsoft SQL Server 2014 (64-bit)",
            "Contoso Recorder for Skype for Business Server",
            "",
            "é",
        ] {
            assert!(!Component::bears_a_products_name(display), "{display}");
        }
    }
}
