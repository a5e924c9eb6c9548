//! The Windows services of the products, and what the service manager reports about each.

use alloc::{string::String, vec::Vec};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The web server that the products publish through; a documented step of its own stops and starts it.
pub const WEB_SERVICE: &str = "W3SVC";

/// The service whose state shows that a Front End Server works as one: a failback verifies it (Microsoft Learn:
/// Invoke-CsComputerFailBack).
pub const FRONT_END_SERVICE: &str = "RTCSRV";

/// The products' own services in their start order, without the web server and without SQL Server.
///
/// From the `Get-CsWindowsService` samples for a Front End, a Persistent Chat and an Edge server. One server has only
/// some of them.
pub(crate) const PRODUCT_SERVICES: &[&str] = &[
    "MASTER",
    "REPLICA",
    "RTCCLSAGT",
    "FabricHostSvc",
    "RTCSRV",
    "RTCCAA",
    "RTCCAS",
    "RTCRGS",
    "RTCCPS",
    "RTCATS",
    "RTCIMMCU",
    "RTCDATAMCU",
    "RTCAVMCU",
    "RTCASMCU",
    "RTCMEDSRV",
    "FTA",
    "RTCXMPPTGW",
    "RTCHA",
    "LYNCBACKUP",
    "RTCCHAT",
    "RTCDATAPROXY",
    "RTCMRAUTH",
    "RTCMEDIARELAY",
];

/// What a service is doing, according to the service manager (Win32 `SERVICE_STATUS.dwCurrentState`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are the service manager's own")]
pub enum ServiceState {
    Stopped,
    StartPending,
    StopPending,
    Running,
    ContinuePending,
    PausePending,
    Paused,
}

/// How a service is started (Win32 `QUERY_SERVICE_CONFIG.dwStartType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StartType {
    /// Automatically with the machine, at once or delayed.
    Automatic,
    /// On request.
    Manual,
    /// Never, until somebody changes this.
    Disabled,
}

/// How a service was recognised as one of the product's.
///
/// `Stop-CsWindowsService` stops every service of the product, and no published list names them all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Recognised {
    /// By its short name, which is published.
    #[default]
    Name,
    /// By its program, which is below one of the product's folders.
    Program(String),
    /// By its display name, which begins with the product's name.
    DisplayName(String),
    /// Not as the product's: it belongs to another product, and the manifest names it under `alsoStop`.
    AlsoStop,
}

/// The owner of a service. Each kind of owner has steps of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The product.
    Product,
    /// The web server.
    WebServer,
    /// Another product; the manifest names the service under `alsoStop`.
    Others,
}

impl Recognised {
    /// Whether the short name alone identifies the service as the product's.
    #[must_use]
    pub const fn is_by_name(&self) -> bool {
        matches!(self, Self::Name)
    }
}

impl core::fmt::Display for Recognised {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Name => f.write_str("a published name"),
            Self::Program(program) => f.write_str(program),
            Self::DisplayName(name) => write!(f, "\"{name}\""),
            Self::AlsoStop => f.write_str("alsoStop"),
        }
    }
}

/// One service of the product, or the web server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// The service's short name, such as `RTCSRV`.
    pub name: String,
    /// What it is doing.
    pub state: ServiceState,
    /// How it is started.
    pub start: StartType,
    /// The services that must run before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// How it was recognised; left out where its name is published.
    #[serde(default, skip_serializing_if = "Recognised::is_by_name")]
    pub recognised: Recognised,
}

impl Service {
    /// Whether this is the web server.
    #[must_use]
    pub fn is_web(&self) -> bool {
        self.name.eq_ignore_ascii_case(WEB_SERVICE)
    }

    /// The owner of the service.
    #[must_use]
    pub fn whose(&self) -> Whose {
        match self.recognised {
            _ if self.is_web() => Whose::WebServer,
            Recognised::AlsoStop => Whose::Others,
            Recognised::Name | Recognised::Program(_) | Recognised::DisplayName(_) => Whose::Product,
        }
    }

    /// Whether it belongs to the product.
    #[must_use]
    pub fn is_products(&self) -> bool {
        self.whose() == Whose::Product
    }

    /// Whether it is completely stopped: a service that is stopping does not count.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.state == ServiceState::Stopped
    }

    /// Whether it runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.state == ServiceState::Running
    }

    /// Whether the other one must run before this one. The service manager ignores case.
    #[must_use]
    pub fn needs(&self, other: &Self) -> bool {
        self.needs.iter().any(|name| name.eq_ignore_ascii_case(&other.name))
    }

    /// Whether it is changing from one state to another.
    #[must_use]
    pub const fn is_pending(&self) -> bool {
        match self.state {
            ServiceState::StartPending
            | ServiceState::StopPending
            | ServiceState::ContinuePending
            | ServiceState::PausePending => true,
            ServiceState::Stopped | ServiceState::Running | ServiceState::Paused => false,
        }
    }
}

impl core::fmt::Display for ServiceState {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(match self {
            Self::Stopped => "stopped",
            Self::StartPending => "starting",
            Self::StopPending => "stopping",
            Self::Running => "running",
            Self::ContinuePending => "continuing",
            Self::PausePending => "pausing",
            Self::Paused => "paused",
        })
    }
}
