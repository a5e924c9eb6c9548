//! The plan of a rollout: many servers, none of which is observed here.

pub(crate) mod batches;
pub(crate) mod chains;
pub(crate) mod soak;
pub(crate) mod waves;
