//! What a page shows.

use jiff::Timestamp;
use reconcile_schema::{DriftSummary, ServerDrift};
use serde::Serialize;

/// What a page shows.
#[derive(Debug, Clone)]
pub struct Page {
    /// What made it, such as `reconcile 0.1.0`.
    pub made_by: String,
    /// The manifest as it was named.
    pub manifest: String,
    /// The time from which ages are counted.
    pub as_of: Timestamp,
    /// The whole fleet in numbers, also of the servers that are left out.
    pub summary: DriftSummary,
    /// The servers that are shown.
    pub servers: Vec<Shown>,
    /// How many servers are not shown, because one page cannot show them all.
    pub left_out: u64,
    /// How far the fleet is, per product.
    pub progress: Vec<ProductProgress>,
}

/// One server, and what is known of it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// How it differs.
    pub drift: ServerDrift,
    /// What its snapshot says.
    pub facts: Vec<FactRow>,
}

/// One fact of a snapshot.
#[derive(Debug, Clone, Serialize)]
pub struct FactRow {
    /// What it is about.
    pub name: String,
    /// What is known, or why nothing is.
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
    /// How many servers have a build that the catalogue does not know.
    pub other: u64,
    /// Of how many servers the build is not known.
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
