//! Turns the release catalogue from YAML, which people edit, into JSON, which is quick to read at every start.
//!
//! It knows nothing of the catalogue's types, which would then be built twice; `tests/schema` holds the catalogue to them.

use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=manifests/releases.yaml");
    let releases: serde_json::Value = serde_yaml::from_str(&fs::read_to_string("manifests/releases.yaml")?)?;
    let out = Path::new(&env::var("OUT_DIR")?).join("releases.json");
    fs::write(out, releases.to_string())?;
    Ok(())
}
