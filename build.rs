//! Turns the release catalogue from YAML, which people edit, into JSON, which is quick to read at every start, and gives
//! the Windows program its resources.
//!
//! It knows nothing of the catalogue's types, which would then be built twice; `tests/schema` holds the catalogue to them.
#![expect(clippy::disallowed_methods, reason = "the child is the resource compiler, at build time")]

use std::{env, error::Error, fs, path::Path, process::Command};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=manifests/releases.yaml");
    let releases: serde_json::Value = serde_yaml::from_str(&fs::read_to_string("manifests/releases.yaml")?)?;
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("releases.json"), releases.to_string())?;
    println!("cargo:rustc-env=RECONCILE_TARGET={}", env::var("TARGET")?); // for `support`
    if env::var("CARGO_CFG_WINDOWS").is_ok() {
        resources(&out)?;
    }
    Ok(())
}

/// Version, and what the program asks of Windows. The compiler of MinGW is there, because its linker is: a crate for this would be
/// built for Linux, too.
fn resources(out: &str) -> Result<(), Box<dyn Error>> {
    const FOLDER: &str = "reconciler/release";
    println!("cargo:rerun-if-changed={FOLDER}/reconcile.rc");
    println!("cargo:rerun-if-changed={FOLDER}/reconcile.exe.manifest");
    let part = |name: &str| env::var(format!("CARGO_PKG_VERSION_{name}"));
    let numbers = format!("{},{},{},0", part("MAJOR")?, part("MINOR")?, part("PATCH")?);
    let text = env::var("CARGO_PKG_VERSION")?;
    fs::write(
        Path::new(out).join("version.h"),
        format!("#define VERSION {numbers}\n#define VERSION_TEXT \"{text}\"\n"),
    )?;
    let object = format!("{out}/resources.o");
    let mut compiler = Command::new("x86_64-w64-mingw32-windres");
    let ended = compiler.args(["-I", out, "-I", FOLDER, &format!("{FOLDER}/reconcile.rc"), &object]).status()?;
    if !ended.success() {
        return Err(format!("x86_64-w64-mingw32-windres cannot compile {FOLDER}/reconcile.rc: {ended}").into());
    }
    println!("cargo:rustc-link-arg-bins={object}");
    // The same program from the same commit, whenever it is linked.
    println!("cargo:rustc-link-arg-bins=-Wl,--no-insert-timestamp");
    Ok(())
}
