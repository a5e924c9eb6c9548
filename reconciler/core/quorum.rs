//! How many Front End Servers of one pool may be down at the same time, and how long the pool must be ready in between.

use reconcile_schema::Period;

/// How long a Front End pool must have been ready before its next servers are taken down (Microsoft Learn, "Topologies and
/// components for Front End Servers", Lync Server 2013: between upgrade domains; nothing shorter is documented for later
/// products).
pub const READY: Period = Period::minutes(20);

/// How many Front End Servers of a pool of `servers` may be down at once, at least one. Those that remain are enough
/// for the pool to stay functional (Microsoft Learn, "Topologies and components for Front End Servers, instant
/// messaging, and presence": of 3 or 4 servers any 2 must run, of 5 or 6 any 3, of 7 any 4, of 8 or 9 any 4 of the
/// first 7, of 10 to 12 any 5 of the first 9, of up to 16 any 7 of the first 12).
///
/// The first ones are those in the order of `Get-CsComputer`, which is unknown here. So the servers that are down are
/// assumed to be among them.
#[must_use]
pub const fn spare(servers: usize) -> usize {
    match servers {
        0..=3 => 1,
        4 | 5 => 2,
        6..=9 => 3,
        10..=12 => 4,
        _ => 5,
    }
}
