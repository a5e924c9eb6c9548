//! The content of a page.

use jiff::Timestamp;
use reconcile_schema::{DriftSummary, ServerDrift};
use serde::Serialize;

#[derive(Debug, Clone)]
pub struct Page {
    /// The program that made it, such as `reconcile 0.1.0`.
    pub made_by: String,
    /// The manifest as it was named.
    pub manifest: String,
    /// The time from which ages are counted.
    pub as_of: Timestamp,
    /// The whole fleet in numbers, including the servers that are left out.
    pub summary: DriftSummary,
    /// The servers that are shown.
    pub servers: Vec<Shown>,
    /// How many servers are left out, because one page cannot show them all.
    pub left_out: u64,
    /// How far the fleet is, per product.
    pub progress: Vec<ProductProgress>,
}

/// One server, and what is known about it.
#[derive(Debug, Clone)]
pub struct Shown {
    pub drift: ServerDrift,
    /// The facts in its snapshot.
    pub facts: Vec<FactRow>,
}

/// One fact of a snapshot.
#[derive(Debug, Clone, Serialize)]
pub struct FactRow {
    /// The subject of the fact.
    pub name: String,
    /// Its value, or why it is unknown.
    pub value: String,
    /// Where it was read.
    pub source: String,
}

/// How many servers have which release of a product.
#[derive(Debug, Clone)]
pub struct ProductProgress {
    /// The product as its maker names it.
    pub product: String,
    /// Its releases, in any order.
    pub releases: Vec<ReleaseRow>,
    /// How many servers have a build that is not in the catalogue.
    pub other: u64,
    /// How many servers have an unknown build.
    pub unknown: u64,
}

/// One release, and how many servers have it.
#[derive(Debug, Clone, Serialize)]
pub struct ReleaseRow {
    /// Its name in the catalogue.
    pub name: String,
    /// When it was published: `2025`, `2023-10` or `2023-10-10`.
    pub date: String,
    /// Its build; empty when no source gives it.
    pub build: String,
    /// How many servers have it.
    pub servers: u64,
    /// Whether the manifest declares it for a server.
    pub target: bool,
}
