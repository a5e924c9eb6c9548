//! What was declared: text with places, YAML, schemas and signatures, up to a manifest that makes goals; and problems
//! that end a command early.

pub mod catalogue;
mod check;
mod complete;
pub mod diagnostic;
pub mod exit;
pub mod fields;
pub mod finding;
mod fingerprint;
pub mod harmless;
pub mod input;
pub mod problem;
mod scalar;
pub mod schemas;
mod signed;
pub mod source;
pub mod text;
mod typed;
pub mod world;
mod yaml;
