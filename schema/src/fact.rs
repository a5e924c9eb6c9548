//! A fact about a host: known, unknown with a reason, or not yet read.

use alloc::string::String;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is known about one thing. Not knowing is a value: an unknown fact is neither good nor bad, and permits no
/// change.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Fact<T> {
    /// It has not been read yet.
    #[default]
    NotLooked,
    /// It was read, and this is its value.
    Known(T),
    /// It could not be read, for this reason.
    Unknown(String),
}

impl<T> Fact<T> {
    /// The value, when it is known.
    #[must_use]
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::NotLooked | Self::Unknown(_) => None,
        }
    }

    /// Whether it has not been read yet.
    #[must_use]
    pub const fn is_not_looked(&self) -> bool {
        match self {
            Self::NotLooked => true,
            Self::Known(_) | Self::Unknown(_) => false,
        }
    }
}

impl<T, E: core::fmt::Display> From<Result<T, E>> for Fact<T> {
    fn from(looked: Result<T, E>) -> Self {
        match looked {
            Ok(value) => Self::Known(value),
            Err(why) => Self::Unknown(alloc::format!("{why}")),
        }
    }
}
