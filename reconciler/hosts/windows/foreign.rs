//! The services of other products that hold modules of the product.

use std::collections::{BTreeMap, btree_map::Entry};

use reconcile_schema::{Foreign, ServiceName};

use super::discover::{discover, known_places};
use super::error::WindowsError;
use super::services::{Listed, Services};
use super::shells::products_module;

/// The services that hold a module of the product, belong to another product, and are not named by `also`.
///
/// # Errors
/// When the service manager cannot be asked, or the modules of a process cannot be listed.
pub fn foreign(also: &[ServiceName]) -> Result<Vec<Foreign>, WindowsError> {
    let manager = Services::open()?;
    let (places, ours) = (known_places()?, discover(&manager, also)?);
    let is_ours = |listed: &Listed| ours.iter().any(|found| found.name.eq_ignore_ascii_case(&listed.name));
    let mut listed = manager.list()?;
    listed.retain(|listed| listed.pid != 0 && !is_ours(listed));
    listed.sort();
    let (mut modules, mut foreign) = (BTreeMap::new(), Vec::new());
    for Listed { name, pid, .. } in listed {
        if let Entry::Vacant(unread) = modules.entry(pid) {
            unread.insert(products_module(&name, pid, &|path| places.is_products_module(path))?);
        }
        if let Some(Some(module)) = modules.get(&pid) {
            foreign.push(Foreign { service: name, pid, module: module.clone() });
        }
    }
    Ok(foreign)
}
