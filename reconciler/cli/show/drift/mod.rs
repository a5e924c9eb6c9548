//! The differences of servers from their manifest, in each form that somebody reads.

mod annotations;
pub mod forms;
mod html;
mod json;
mod junit;
pub mod markdown;
mod page;
mod prometheus;
pub mod report;
pub mod reports;
mod sarif;
mod text;
pub mod words;
