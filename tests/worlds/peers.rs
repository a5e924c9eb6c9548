//! The number of servers in a pool: a server with its own entry next to its range is counted once.

use reconcile_core::Goal;
use reconcile_schema::{Manifest, Releases};

const MANIFEST: &str = r"
version: 1
updates:
  cu7:
    product: sfb-2019
    release: CU7
    installer:
      path: '\\files.contoso.example\updates\SkypeServerUpdateInstaller.exe'
      sha256: c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00
groups:
  front: { role: front-end, target: cu7, pool: pool1.contoso.example }
servers:
  'fe[01-03].contoso.example': { group: front }
  fe01.contoso.example: { group: front, policy: { reboot: whenRequired } }
  FE02.contoso.example: { group: front }
  fe03.contoso.example: { role: mediation, target: cu7 }
";

#[test]
fn a_server_with_an_entry_of_its_own_next_to_its_range_counts_once() {
    let manifest: Manifest = serde_yaml::from_str(MANIFEST).unwrap();
    let releases: Releases = serde_yaml::from_str(include_str!("../../manifests/releases.yaml")).unwrap();
    let peers = |name: &str| Goal::of(&manifest, &releases, &name.parse().unwrap()).unwrap().peers;
    assert_eq!(["fe01", "fe02", "fe03"].map(|name| peers(&format!("{name}.contoso.example"))), [2, 2, 0]);
}
