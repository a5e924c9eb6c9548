//! The products, and how their installed components name themselves.

use alloc::string::{String, ToString};
use core::fmt;

use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::{Build, UpdateName};

/// A product that a cumulative update can be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Product {
    /// Lync Server 2010. Recognised, so that it can be refused by name.
    #[serde(rename = "lync-2010")]
    Lync2010,
    /// Lync Server 2013.
    #[serde(rename = "lync-2013")]
    Lync2013,
    /// Skype for Business Server 2015.
    #[serde(rename = "sfb-2015")]
    Sfb2015,
    /// Skype for Business Server 2019.
    #[serde(rename = "sfb-2019")]
    Sfb2019,
    /// Skype for Business Server Subscription Edition.
    #[serde(rename = "sfb-se")]
    SfbSe,
}

impl Product {
    /// Every product, oldest first.
    pub const ALL: [Self; 5] = [Self::Lync2010, Self::Lync2013, Self::Sfb2015, Self::Sfb2019, Self::SfbSe];

    /// The product's name as its maker writes it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Lync2010 => "Lync Server 2010",
            Self::Lync2013 => "Lync Server 2013",
            Self::Sfb2015 => "Skype for Business Server 2015",
            Self::Sfb2019 => "Skype for Business Server 2019",
            Self::SfbSe => "Skype for Business Server Subscription Edition",
        }
    }

    /// The name that manifests and reports use.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Lync2010 => "lync-2010",
            Self::Lync2013 => "lync-2013",
            Self::Sfb2015 => "sfb-2015",
            Self::Sfb2019 => "sfb-2019",
            Self::SfbSe => "sfb-se",
        }
    }

    /// The product line that the builds of this product belong to. 2019 and Subscription Edition share one, so a
    /// build alone does not tell the product.
    #[must_use]
    pub const fn line(self) -> Version {
        match self {
            Self::Lync2010 => Version::new(4, 0, 7577),
            Self::Lync2013 => Version::new(5, 0, 8308),
            Self::Sfb2015 => Version::new(6, 0, 9319),
            Self::Sfb2019 | Self::SfbSe => Version::new(7, 0, 2046),
        }
    }

    /// The file name of the cumulative update's installer. It is the same for every update of a product, so it
    /// identifies nothing (Microsoft Learn, "Upgrade or update a Back End Server or Standard Edition server").
    #[must_use]
    pub const fn installer(self) -> &'static str {
        match self {
            Self::Lync2010 | Self::Lync2013 => "LyncServerUpdateInstaller.exe",
            Self::Sfb2015 | Self::Sfb2019 | Self::SfbSe => "SkypeServerUpdateInstaller.exe",
        }
    }

    /// The folder of the product below `%ProgramFiles%` and below `%CommonProgramFiles%`.
    ///
    /// Lync Server 2013 and Skype for Business Server 2015 and 2019: public deployment scripts. Subscription Edition: no
    /// published source was found, so it is assumed to follow the pattern of 2019.
    #[must_use]
    pub const fn folder(self) -> &'static str {
        self.display()
    }

    /// The start of the `DisplayName` of every component under the Uninstall key.
    const fn display(self) -> &'static str {
        match self {
            Self::Lync2010 => "Microsoft Lync Server 2010",
            Self::Lync2013 => "Microsoft Lync Server 2013",
            Self::Sfb2015 | Self::Sfb2019 | Self::SfbSe => self.title(),
        }
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.title())
    }
}

/// The name of a component of a product: what stands after the comma of its `DisplayName`, in lower case with
/// hyphens, such as `core-components` or `front-end-server`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ComponentName(UpdateName);

impl ComponentName {
    /// The component whose build stands for the cumulative update as a whole.
    pub const CORE: &'static str = "core-components";

    /// The components of which a source tells the `DisplayName` (Microsoft's diagnostics, a German script, Nessus plugins), those that
    /// the catalogue names, and those that servers of the other roles are assumed to have.
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
    /// Debugging Tools and Resource Kit are versioned by themselves and are no part of a cumulative update. The
    /// names were seen for Lync Server 2010 to Skype for Business Server 2019; that Subscription Edition follows
    /// the same pattern is assumed, no published source was found.
    #[must_use]
    pub fn from_display_name(display: &str) -> Option<(Product, ComponentName)> {
        let (product, component) = display.split_once(',')?;
        let (product, component) = (product.trim(), component.trim());
        let same = |known: &Product| {
            product.eq_ignore_ascii_case(known.display())
                || product.strip_prefix("Microsoft ").is_some_and(|rest| rest.eq_ignore_ascii_case(known.title()))
        };
        let product = Product::ALL.into_iter().find(same)?;
        (!is_apart(component)).then(|| ComponentName::from_title(component)).flatten().map(|name| (product, name))
    }

    /// Whether an Uninstall `DisplayName` begins with the name of a product, known or not, with or without a year: a
    /// component of it, by a name that need not be one of those that [`Component::from_display_name`] knows.
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
        [product.display(), title].join(", ").to_string()
    }
}

/// Whether a component is versioned by itself and no part of a cumulative update.
fn is_apart(component: &str) -> bool {
    ["Debugging Tools", "Resource Kit"].iter().any(|name| component.eq_ignore_ascii_case(name))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

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
