//! Turns the release catalogue from YAML, which people edit, into JSON, which is quick to read at every start.

use std::{env, error::Error, fs, path::Path};

use reconcile_schema::Releases;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=manifests/releases.yaml");
    let releases: Releases = serde_yaml::from_str(&fs::read_to_string("manifests/releases.yaml")?)?;
    let out = Path::new(&env::var("OUT_DIR")?).join("releases.json");
    fs::write(out, serde_json::to_string(&releases)?)?;
    Ok(())
}
