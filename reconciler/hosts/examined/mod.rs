//! What `doctor` reads on a Windows server, from raw input to facts: nothing here touches a server.

pub mod answer;
pub mod asked;
pub mod certificate;
pub mod depends;
pub mod packages;
