//! A manifest with the one update that many tests use.

/// The update `cu7`, followed by `rest`.
pub fn with_one_update(rest: &str) -> String {
    let sha256 = "c0ffee00".repeat(8);
    format!(
        "version: 1
updates:
  cu7:
    product: sfb-2019
    release: CU7
    installer: {{ path: 'D:\\SkypeServerUpdateInstaller.exe', sha256: {sha256} }}
{rest}"
    )
}
