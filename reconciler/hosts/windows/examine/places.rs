//! Files and folders that a run relies on: the product's module, a signed program of the product, the private folder.

use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};

use reconcile_schema::{Fact, FileSeen, Product};

use super::super::discover::programs;
use super::super::environment::variable;
use super::super::powershell;
use super::super::signature::{SignatureError, signer};
use super::super::state::{place, private_folder};
use super::super::state_error::StateError;
use crate::open;

/// The product's management module.
pub fn module(product: Product) -> Result<FileSeen, String> {
    let common = variable("CommonProgramFiles").map_err(|error| format!("the folder of common files: {error}"))?;
    let path = powershell::module(Path::new(&common.unwrap_or_default()), product);
    match open::metadata(&path) {
        Ok(found) => Ok(seen(&path, (!found.is_file()).then(|| "it is no file".into()))),
        Err(error) if is_missing(&error) => Ok(seen(&path, Some("no such file".into()))),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

/// The program of a service of the product, as Windows judges its signature.
///
/// A program without a signature says nothing: it is not documented which programs of the product have one.
pub fn signature() -> Result<FileSeen, String> {
    let programs = programs().map_err(|error| format!("the programs of the services: {error}"))?;
    let mut unsigned = "no service of the product names a program that exists".to_owned();
    for path in programs.iter().map(PathBuf::from) {
        let file = match open::to_read(&path) {
            Ok(file) => file,
            Err(error) if is_missing(&error) => continue,
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        match signer(file.as_raw_handle(), &path) {
            Ok(_) | Err(SignatureError::NoSigner) => return Ok(seen(&path, None)),
            Err(error @ SignatureError::Untrusted(_)) => return Ok(seen(&path, Some(error.to_string()))),
            Err(error @ SignatureError::Missing) => unsigned = format!("{}: {error}", path.display()),
            Err(error @ SignatureError::Library(_)) => return Err(error.to_string()),
        }
    }
    Err(unsigned)
}

/// The private folder, which is made ours if it is not yet.
pub fn private() -> Fact<FileSeen> {
    match private_folder() {
        Ok(private) => Fact::Known(seen(private, None)),
        Err(error @ (StateError::NoProgramData(_) | StateError::NotElevated(_))) => Fact::Unknown(error.to_string()),
        Err(
            error @ (StateError::Folder { .. }
            | StateError::Stuck { .. }
            | StateError::Link(_)
            | StateError::Contested { .. }),
        ) => {
            let path = place().unwrap_or_default();
            Fact::Known(seen(&path, Some(error.to_string())))
        }
    }
}

pub fn seen(path: &Path, problem: Option<String>) -> FileSeen {
    FileSeen { path: path.display().to_string(), problem }
}

/// Whether neither the file nor its folder exists.
fn is_missing(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::NotFound
}
