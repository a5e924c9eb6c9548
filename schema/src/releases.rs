//! The catalogue of cumulative updates: the build of each release, and its source.

use alloc::{
    borrow::ToOwned,
    collections::BTreeMap,
    format,
    string::{String, ToString},
    vec::Vec,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Build, ComponentName, Product};

/// The catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "reconcile release catalogue")]
pub struct Releases {
    /// The version of this format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// The month in which the sources were read, such as "2026-11".
    pub collected: String,
    /// The meaning of the tags in `source`.
    pub sources: BTreeMap<String, Source>,
    /// The releases of each product.
    pub products: BTreeMap<Product, Line>,
}

/// The source of a row of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Source {
    /// What kind of source it is, such as `microsoft` or `community`.
    pub kind: String,
    /// Where it can be found.
    pub reference: String,
}

/// The releases of one product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Line {
    /// The releases, oldest first.
    pub releases: Vec<Release>,
}

/// One release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Release {
    /// An identifier that is unique in the catalogue, such as `sfb-2019/cu7`.
    pub id: String,
    /// The name that the product's update history uses; in parentheses where it has none.
    pub name: String,
    /// When it was published, as exactly as the source says.
    pub date: String,
    /// What kind of release it is.
    pub kind: ReleaseKind,
    /// The build of Core Components. A release without a sourced build cannot be a target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
    /// How sure the build is.
    pub confidence: Confidence,
    /// Who can get it, where not everybody can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability: Option<Availability>,
    /// The tags of the sources.
    pub source: Vec<String>,
    /// Knowledge-base articles as printed. They do not identify a release: one article covers several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kb: Vec<String>,
    /// The builds of single components, where a source gives them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub components: BTreeMap<ComponentName, Build>,
    /// What else is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What kind of release a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseKind {
    /// The product as first published.
    Rtm,
    /// A cumulative update.
    Cu,
    /// A hotfix.
    Hotfix,
    /// A security update.
    Security,
    /// Only some components were released.
    Component,
}

/// Who can get a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Availability {
    /// Buyers of Extended Security Updates, who receive it privately.
    Esu,
}

/// How sure the build of a release is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// The maker states it, or two independent sources agree.
    Confirmed,
    /// One source states it.
    Single,
    /// It follows from other facts.
    Inferred,
    /// No source gives a build.
    Unknown,
}

/// A release could not be resolved to exactly one build.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseError {
    /// The build belongs to another product line.
    #[error("expected a build of {product}, whose builds start with {line}, found {build}", line = product.line())]
    WrongLine {
        /// The product that was declared.
        product: Product,
        /// The build that was given.
        build: Build,
    },
    /// The build is not in the catalogue, and no source is known for it.
    #[error("the catalogue has no release of {product} named \"{name}\"")]
    NoSuchName {
        /// The product that was declared.
        product: Product,
        /// The name that was given.
        name: String,
        /// The names that it has.
        candidates: Vec<String>,
    },
    /// Several releases have that name.
    #[error("\"{name}\" stands for several releases of {product}: {}", candidates.join(", "))]
    Ambiguous {
        /// The product that was declared.
        product: Product,
        /// The name that was given.
        name: String,
        /// The releases that it could mean, with their builds.
        candidates: Vec<String>,
    },
    /// The release is known, its build is not.
    #[error("no public source gives the build of {product} {name} ({date}), so it cannot be a target by name")]
    NoBuild {
        /// The product that was declared.
        product: Product,
        /// The release.
        name: String,
        /// When it was published.
        date: String,
    },
}

impl Releases {
    /// The releases of `product`, oldest first.
    #[must_use]
    pub fn of(&self, product: Product) -> &[Release] {
        self.products.get(&product).map_or(&[], |line| line.releases.as_slice())
    }

    /// The release of `product` whose build is `build`, when the catalogue has it.
    #[must_use]
    pub fn at(&self, product: Product, build: &Build) -> Option<&Release> {
        self.of(product).iter().find(|release| release.build.as_ref() == Some(build))
    }

    /// The build of `product` as first published, when the catalogue has it.
    #[must_use]
    pub fn original(&self, product: Product) -> Option<&Build> {
        self.of(product).iter().find(|release| release.kind == ReleaseKind::Rtm)?.build.as_ref()
    }

    /// The one build, and the component builds, that `text` stands for: a four-part build of the product, or a
    /// release's identifier, name, abbreviation (`CU7`, `CU7 HF1`) or knowledge-base number.
    ///
    /// # Errors
    /// When it stands for none or for several, or when no source gives the build.
    pub fn resolve(
        &self,
        product: Product,
        text: &str,
    ) -> Result<(Build, BTreeMap<ComponentName, Build>), ReleaseError> {
        if let Ok(build) = text.parse::<Build>() {
            if build.line != product.line() {
                return Err(ReleaseError::WrongLine { product, build });
            }
            let components = self.at(product, &build).map(|release| release.components.clone()).unwrap_or_default();
            return Ok((build, components));
        }
        let named: Vec<_> = self.of(product).iter().filter(|release| release.is_called(text)).collect();
        match named.as_slice() {
            [] => Err(ReleaseError::NoSuchName {
                product,
                name: text.to_owned(),
                candidates: self.of(product).iter().map(Release::short).collect(),
            }),
            [release] => match &release.build {
                Some(build) => Ok((build.clone(), release.components.clone())),
                None => Err(ReleaseError::NoBuild { product, name: release.name.clone(), date: release.date.clone() }),
            },
            several => Err(ReleaseError::Ambiguous {
                product,
                name: text.to_owned(),
                candidates: several.iter().map(|release| release.described()).collect(),
            }),
        }
    }
}

impl Release {
    /// The identifier without its product: `cu7hf1`.
    #[must_use]
    pub fn short(&self) -> String {
        self.id.rsplit('/').next().unwrap_or(&self.id).to_string()
    }

    /// Whether `text` names this release. Letters and digits count; case, spaces and marks such as hyphens do not. Any
    /// character that no name has, perhaps an invisible one, makes it another name.
    fn is_called(&self, text: &str) -> bool {
        let plain = |text: &str| -> String {
            let kept = text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase());
            let joined: String = kept.collect();
            joined.replace("cumulativeupdate", "cu").replace("hotfix", "hf")
        };
        let wanted = plain(text);
        let usual = text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        usual
            && !wanted.is_empty()
            && (plain(&self.id) == wanted
                || plain(&self.short()) == wanted
                || plain(&self.name) == wanted
                || self.kb.iter().any(|kb| plain(kb) == wanted))
    }

    fn described(&self) -> String {
        match &self.build {
            Some(build) => format!("{} ({build})", self.name),
            None => format!("{} (build unknown)", self.name),
        }
    }
}
