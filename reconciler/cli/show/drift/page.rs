//! The content of the HTML page for a fleet: the servers, up to a limit, and how far behind the releases it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

use reconcile_schema::{Build, DriftState, DriftSummary, Fact, Observed, Product, Releases};

use crate::show::drift::html::content::{FactRow, Page, ProductProgress, ReleaseRow, Shown};
use crate::show::drift::html::render;
use crate::show::drift::report::{Head, Report};
use crate::work::judge::Judged;

/// How many servers a page shows; those that are not at their goal come first. More would be slow to open, and nobody
/// would read them all.
const MOST: usize = 2000;

pub struct Html<'a, W> {
    out: W,
    head: Head,
    releases: &'a Releases,
    /// The servers that are not at their goal.
    troubled: Vec<Shown>,
    calm: Vec<Shown>,
    products: BTreeMap<Product, Installed>,
}

/// The installed builds of a product, over the fleet.
#[derive(Default)]
struct Installed {
    /// How many servers have each revision of the product's line.
    builds: BTreeMap<u64, u64>,
    targets: BTreeSet<u64>,
    unknown: u64,
}

impl<'a, W: Write> Html<'a, W> {
    pub fn new(out: W, head: Head, releases: &'a Releases) -> Self {
        Self { out, head, releases, troubled: Vec::new(), calm: Vec::new(), products: BTreeMap::new() }
    }

    fn count(&mut self, judged: &Judged) {
        let Some(declared) = &judged.drift.declared else { return };
        let installed = self.products.entry(declared.product).or_default();
        installed.targets.insert(declared.target.revision);
        match &judged.drift.found {
            Some(found) => *installed.builds.entry(found.revision).or_default() += 1,
            None => installed.unknown += 1,
        }
    }
}

impl<W: Write + Send> Report for Html<'_, W> {
    fn server(&mut self, judged: &Judged) -> io::Result<()> {
        self.count(judged);
        let kept = if judged.drift.state == DriftState::AtGoal { &mut self.calm } else { &mut self.troubled };
        if kept.len() < MOST {
            let facts = judged.seen.as_ref().map(facts).unwrap_or_default();
            kept.push(Shown { drift: judged.drift.clone(), facts });
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, summary: &DriftSummary) -> io::Result<()> {
        let mut servers: Vec<Shown> = self.troubled.into_iter().chain(self.calm).collect();
        servers.truncate(MOST);
        let shown = u64::try_from(servers.len()).unwrap_or_default();
        let progress = self.products.iter().map(|(product, installed)| progress(self.releases, *product, installed));
        let page = Page {
            made_by: format!("reconcile {}", self.head.made_by),
            manifest: self.head.manifest,
            as_of: self.head.as_of,
            summary: summary.clone(),
            servers,
            left_out: summary.servers.saturating_sub(shown),
            progress: progress.collect(),
        };
        let html = render(&page).map_err(io::Error::other)?;
        self.out.write_all(html.as_bytes())?;
        self.out.flush()
    }
}

fn progress(releases: &Releases, product: Product, installed: &Installed) -> ProductProgress {
    let count = |build: &Build| installed.builds.get(&build.revision).copied().unwrap_or_default();
    let rows: Vec<_> = releases
        .of(product)
        .iter()
        .filter_map(|release| {
            let build = release.build.as_ref()?;
            Some(ReleaseRow {
                name: release.name.clone(),
                date: release.date.clone(),
                build: build.to_string(),
                servers: count(build),
                target: installed.targets.contains(&build.revision),
            })
        })
        .collect();
    let known: BTreeSet<u64> =
        releases.of(product).iter().filter_map(|release| release.build.as_ref()).map(|build| build.revision).collect();
    let other = installed.builds.iter().filter(|(revision, _)| !known.contains(revision)).map(|(_, count)| count).sum();
    ProductProgress { product: product.title().into(), releases: rows, other, unknown: installed.unknown }
}

/// The observed facts of a server.
fn facts(seen: &Observed) -> Vec<FactRow> {
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String, source: &str| {
        rows.push(FactRow { name: name.into(), value, source: source.into() });
    };
    match &seen.components {
        Fact::Known(components) => components.iter().for_each(|component| {
            row(&format!("{}, {}", component.product, component.name), component.build.to_string(), "Uninstall key");
        }),
        unread @ (Fact::Unknown(_) | Fact::NotLooked) => row("components", unread_of(unread), "Uninstall key"),
    }
    match &seen.services {
        Fact::Known(services) => services.iter().for_each(|service| {
            row(&format!("service {}", service.name), service.state.to_string(), "service manager");
        }),
        unread @ (Fact::Unknown(_) | Fact::NotLooked) => row("services", unread_of(unread), "service manager"),
    }
    match &seen.reboot {
        Fact::Known(pending) if pending.is_empty() => row("pending restart", "none".into(), "registry"),
        Fact::Known(pending) => pending.iter().for_each(|one| row("pending restart", one.who.clone(), &one.source)),
        unread @ (Fact::Unknown(_) | Fact::NotLooked) => row("pending restart", unread_of(unread), "registry"),
    }
    for (store, databases) in &seen.databases {
        match databases {
            Fact::Known(databases) => databases.iter().for_each(|database| {
                let version = database.installed.map_or_else(|| "unknown".into(), |version| version.to_string());
                row(&format!("database {}", database.name), version, "Test-CsDatabase");
            }),
            unread @ (Fact::Unknown(_) | Fact::NotLooked) => {
                row(&store.to_string(), unread_of(unread), "Test-CsDatabase");
            }
        }
    }
    if let Fact::Known(boot) = &seen.boot {
        row("boot", boot.0.clone(), "kernel");
    }
    rows
}

fn unread_of<T>(fact: &Fact<T>) -> String {
    match fact {
        Fact::Unknown(why) => format!("unknown: {why}"),
        Fact::NotLooked | Fact::Known(_) => "not looked at".into(),
    }
}
