//! The role of a server in the topology.

use core::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The role of a server. The update procedure of the first two is documented as one (Microsoft Learn, "Upgrade or
/// update a Back End Server or Standard Edition server"). The others follow it without a database step of their own.
/// Front End Servers follow it one after the other, so that their pool stays in service (the same, "Upgrade or update
/// Front End Servers", "Patch or update Front End Servers in Skype for Business Server").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A Standard Edition server, with its own databases.
    StandardEdition,
    /// The server from which an Enterprise Edition Back End is updated.
    BackEnd,
    /// A Front End Server of an Enterprise Edition pool.
    FrontEnd,
    /// A Director.
    Director,
    /// A stand-alone Mediation Server.
    Mediation,
    /// A server of a Persistent Chat pool. The role is said to end with Skype for Business Server 2015; no source was found, so
    /// nothing enforces that.
    PersistentChat,
    /// An Edge Server.
    Edge,
}

impl Role {
    /// Every role, inside out: the order in which the roles of a site are updated unless the manifest sets another. No
    /// official order of all roles was found; practitioners describe this one (the Edge Servers last).
    pub const ALL: [Self; 7] = [
        Self::FrontEnd,
        Self::BackEnd,
        Self::StandardEdition,
        Self::Director,
        Self::Mediation,
        Self::PersistentChat,
        Self::Edge,
    ];

    /// The name that manifests and reports use.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::StandardEdition => "standard-edition",
            Self::BackEnd => "back-end",
            Self::FrontEnd => "front-end",
            Self::Director => "director",
            Self::Mediation => "mediation",
            Self::PersistentChat => "persistent-chat",
            Self::Edge => "edge",
        }
    }

    /// The role's name as its maker writes it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::StandardEdition => "Standard Edition",
            Self::BackEnd => "Back End",
            Self::FrontEnd => "Front End",
            Self::Director => "Director",
            Self::Mediation => "Mediation",
            Self::PersistentChat => "Persistent Chat",
            Self::Edge => "Edge",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.title())
    }
}
