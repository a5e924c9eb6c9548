//! `reconcile.dsc.resource.json`: how the engine of DSC finds this program, and how it calls it.

use std::path::Path;

use reconcile_hosts::appear;
use serde_json::{Map, Value, json};

use crate::manifest::schemas::{self, Format};
use crate::manifest::{exit::Exit, harmless, problem::Problem};
use crate::show::out::print;

/// The name of the resource in configuration documents.
const TYPE: &str = "Reconcile/CumulativeUpdate";

/// The name by which DSC recognises the file.
const FILE: &str = "reconcile.dsc.resource.json";

/// Writes the file into a folder, whole or not at all, and prints its path.
///
/// # Errors
/// When the folder or the file cannot be used, or the path of this program cannot be written in JSON.
pub fn write(folder: &Path) -> Result<Exit, Problem> {
    let path = folder.join(FILE);
    let program =
        std::env::current_exe().map_err(|error| Problem::failed(format!("the path of this program: {error}")))?;
    let program = program.to_str().ok_or_else(|| {
        Problem::failed(format!("expected a path in Unicode, found this program at {}", program.display()))
    })?;
    let failed = |error: std::io::Error| Problem::failed(format!("cannot write {}: {error}", path.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    appear::write(&path, harmless::pretty(&resource(program))?.as_bytes()).map_err(failed)?;
    print(&format!("{}\n", path.display()))
}

/// The program is named by its absolute path: otherwise anyone who can put a file into a folder of the search path
/// could have it run instead, and an engine before 3.3 may search other folders than those of PATH. There is no
/// `implementsPretest`: the engine asks `test` first, so a server in its desired state costs one process. `set` takes
/// `_exist: false`, which an export says of a server without the product: the engine would ask for `delete` otherwise.
fn resource(program: &str) -> Value {
    let call = |args: Value| json!({ "executable": program, "args": args, "input": "stdin" });
    let with_diff =
        |args: Value| json!({ "executable": program, "args": args, "input": "stdin", "return": "stateAndDiff" });
    let mut set = with_diff(json!(["dsc", "set", { "whatIfArg": "--what-if" }]));
    if let Some(set) = set.as_object_mut() {
        set.insert("handlesExist".into(), true.into());
    }
    let exit_codes: Map<_, _> =
        Exit::ALL.into_iter().map(|exit| (exit.code().to_string(), Value::from(exit.meaning()))).collect();
    json!({
        "$schema": "https://aka.ms/dsc/schemas/v3/bundled/resource/manifest.json",
        "type": TYPE,
        "version": env!("CARGO_PKG_VERSION"),
        "description": concat!(
            "Brings a Lync Server 2013 or Skype for Business Server to the cumulative update that a manifest of ",
            "reconcile declares. Needs DSC 3.2 or later.",
        ),
        "get": call(json!(["dsc", "get"])),
        "test": with_diff(json!(["dsc", "test"])),
        "set": set,
        "export": call(json!(["dsc", "export"])),
        "exitCodes": exit_codes,
        "schema": { "embedded": schemas::schema(Format::Dsc) },
    })
}
