//! Installers of updates that lie ready: which product each is for, its hash and its publisher.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use reconcile_hosts::digest;
use reconcile_schema::{DeclaredInstaller, Product, Sha256};

use crate::manifest::problem::Problem;

/// An installer that was read.
pub struct Package {
    /// Its path, where a manifest can say it: on a drive of a server, or on a share.
    pub path: Option<String>,
    /// Its hash.
    pub sha256: Sha256,
    /// The publisher that signed it; only Windows can say.
    pub publisher: Option<String>,
}

/// Reads these installers, each for the one of `products` that it is for.
///
/// # Errors
/// When one cannot be read, or its product is ambiguous.
pub fn packages(files: &[PathBuf], products: &BTreeSet<Product>) -> Result<BTreeMap<Product, Package>, Problem> {
    let mut all = BTreeMap::new();
    for file in files {
        let product = product(file, products)?;
        if all.insert(product, package(file)?).is_some() {
            return Err(Problem::usage(format!(
                "{}: a second installer of {product}; give one for each product",
                file.display()
            )));
        }
    }
    Ok(all)
}

/// The product by the name of the file, which several products share, and then by the folders that it lies in.
fn product(file: &Path, products: &BTreeSet<Product>) -> Result<Product, Problem> {
    let text = file.to_string_lossy();
    let (folders, name) = text.rsplit_once(['/', '\\']).unwrap_or(("", &text));
    let named: Vec<_> =
        products.iter().copied().filter(|product| product.installer().eq_ignore_ascii_case(name)).collect();
    let folders = folders.to_ascii_lowercase();
    let placed: Vec<_> = named.iter().copied().filter(|product| folders.contains(product.key())).collect();
    match (named.as_slice(), placed.as_slice()) {
        ([product], _) | (_, [product]) => Ok(*product),
        ([], _) => {
            let expected: BTreeSet<_> = products.iter().map(|product| product.installer()).collect();
            let expected: Vec<_> = expected.into_iter().collect();
            Err(Problem::usage(format!(
                "{}: no product that was found has an installer of this name; expected {}",
                file.display(),
                expected.join(" or ")
            )))
        }
        (several, _) => {
            let keys: Vec<_> = several.iter().map(|product| product.key()).collect();
            Err(Problem::usage(format!(
                "{}: the installers of {} have the same file name; keep each in a folder with that name in it, such as {}-cu",
                file.display(),
                keys.join(", "),
                keys.first().copied().unwrap_or_default()
            )))
        }
    }
}

fn package(file: &Path) -> Result<Package, Problem> {
    let failed = |error: std::io::Error| Problem::input(format!("{}: {error}", file.display()));
    let sha256 = reconcile_hosts::open::to_read(file).and_then(digest::sha256).map_err(failed)?;
    #[cfg(windows)]
    let publisher = {
        let refused = |why| Problem::input(format!("{}: its signature cannot be checked: {why}", file.display()));
        Some(reconcile_hosts::windows::publisher(file).map_err(refused)?)
    };
    #[cfg(not(windows))]
    let publisher = None;
    Ok(Package { path: path(file, &sha256), sha256, publisher })
}

/// The path, where it is one that a manifest can say.
fn path(file: &Path, sha256: &Sha256) -> Option<String> {
    let whole = if cfg!(windows) { std::path::absolute(file).ok()? } else { file.to_owned() };
    let said = serde_json::json!({ "path": whole.to_str()?, "sha256": sha256 });
    serde_json::from_value::<DeclaredInstaller>(said).ok()?.path
}
