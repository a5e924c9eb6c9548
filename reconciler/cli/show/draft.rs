//! A first manifest for the servers that were found, with a line marked TODO for everything that they do not show.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use reconcile_schema::{
    Availability, Build, CentralStore, Databases, Product, Release, ReleaseKind, Releases, Role, ServerName,
};

use crate::manifest::problem::Problem;
use crate::work::deployment::{Deployment, Installed, LeftOut, Part};
use crate::work::installers::Package;
use crate::work::ranges::folded;
use crate::work::words::plural;

/// What stands where somebody has to answer: no field takes it, so `validate` points at each.
const TODO: &str = "TODO";

/// The text of the manifest.
///
/// # Errors
/// A text cannot be written as YAML.
pub fn manifest(
    found: &Deployment,
    packages: &BTreeMap<Product, Package>,
    releases: &Releases,
) -> Result<String, Problem> {
    let mut out = String::from(HEAD);
    for (server, why) in &found.left_out {
        let _ = writeln!(out, "# Left out: {server}: {}", left_out(*why));
    }
    out += "version: 1\nrequires: \">=0.1\"\n\nupdates:\n";
    let products: BTreeSet<_> = found.servers.values().map(|server| server.product).collect();
    for product in products {
        out += &update(product, found, packages.get(&product), releases)?;
    }
    let has_fronts = found.servers.values().any(|server| server.part == Part::Known(Role::FrontEnd));
    let mut groups: BTreeMap<(Product, Part), BTreeMap<ServerName, &Installed>> = BTreeMap::new();
    for (name, server) in &found.servers {
        groups.entry((server.product, server.part)).or_default().insert(name.clone(), server);
    }
    out += "\ngroups:\n";
    for (product, part) in groups.keys().copied() {
        let target = product.key();
        let _ = match part {
            Part::Known(role) => {
                writeln!(out, "  {}: {{ role: {}, target: {target} }}", group(product, part), role.key())
            }
            Part::FrontEndOrStandard | Part::Unclear => {
                writeln!(out, "  {}: {{ target: {target} }}", group(product, part))
            }
        };
    }
    out += "\nservers:\n";
    for ((product, part), servers) in groups {
        // Servers that differ in their fields do not share a range.
        let mut alike: BTreeMap<String, BTreeSet<ServerName>> = BTreeMap::new();
        for (name, server) in servers {
            alike.entry(fields(part, &server.databases, has_fronts)?).or_default().insert(name);
        }
        let folded = alike.iter().flat_map(|(fields, names)| folded(names).into_iter().map(move |it| (it, fields)));
        let mut entries: Vec<_> = folded.collect();
        entries.sort_by_cached_key(|(pattern, _)| pattern.servers().next());
        for (pattern, fields) in entries {
            let (pattern, group) = (yaml(pattern.as_str())?, group(product, part));
            let _ = match fields.as_str() {
                "" => writeln!(out, "  {pattern}: {{ group: {group} }}"),
                fields => write!(out, "  {pattern}:\n    group: {group}\n{fields}"),
            };
        }
    }
    Ok(out)
}

/// How many lines wait for an answer.
pub fn open_lines(manifest: &str) -> usize {
    manifest.lines().filter(|line| line.contains("# TODO: ")).count()
}

const HEAD: &str = "\
# Written by reconcile init, from what was found on the servers.
# Answer each line that says TODO. `reconcile validate` with the name of this file shows those that are left.
# Then run `reconcile plan` on a server. It shows the steps and changes nothing.
";

fn left_out(why: LeftOut) -> String {
    match why {
        LeftOut::NotPatched(product) => format!("it has {product}, which reconcile does not update."),
        LeftOut::NoProduct => "no Core Components of Lync Server or Skype for Business Server are installed.".into(),
        LeftOut::SeveralProducts => "Core Components of several products are installed.".into(),
    }
}

/// The update of a product.
fn update(
    product: Product,
    found: &Deployment,
    package: Option<&Package>,
    releases: &Releases,
) -> Result<String, Problem> {
    let key = product.key();
    let mut out = format!("  {key}:\n    product: {key} # {product}\n");
    let builds = found.servers.values().filter(|server| server.product == product).map(|server| &server.core);
    let mut counts: BTreeMap<(u64, String), usize> = BTreeMap::new();
    for build in builds.clone() {
        *counts.entry((build.revision, build.to_string())).or_default() += 1;
    }
    let counts = counts.iter().map(|((_, build), count)| format!("{build} on {count} {}", plural(*count, "server")));
    let _ = writeln!(out, "    # Found: {}.", counts.collect::<Vec<_>>().join(", "));
    out += &release(product, builds, releases);
    let file = product.installer();
    out += "    installer:\n";
    let path = package.and_then(|package| package.path.as_deref());
    let _ = match path {
        Some(path) => writeln!(out, "      path: {}", yaml(path)?),
        None => {
            writeln!(out, "      path: {TODO} # TODO: the whole path of {file}, on a share or on a drive of the server")
        }
    };
    let Some(Package { sha256, publisher, .. }) = package else {
        let _ =
            writeln!(out, "      sha256: {TODO} # TODO: what Get-FileHash prints for the file that you have tested");
        return Ok(out);
    };
    let _ = writeln!(
        out,
        "      # Make sure that the file is the release above: its name does not say which release it is."
    );
    let _ = writeln!(out, "      sha256: {sha256}");
    let _ = match publisher {
        Some(publisher) => writeln!(out, "      publisher: {}", yaml(publisher)?),
        None => writeln!(
            out,
            "      # Who signed the file was not read. Without `publisher`, Microsoft Corporation must have."
        ),
    };
    Ok(out)
}

/// The release that servers of a product are to have: the latest one, or what is installed where that is newer.
fn release<'a>(product: Product, builds: impl Iterator<Item = &'a Build>, releases: &Releases) -> String {
    let latest = releases.of(product).iter().rev().find_map(|release| target(release).map(|build| (release, build)));
    let highest = builds.filter(|build| build.line == product.line()).max_by_key(|build| build.revision);
    match (latest, highest) {
        (Some((_, latest)), Some(highest)) if !latest.reaches(highest) => match releases.at(product, highest) {
            Some(known) => format!(
                "    # {}: the newest build that was found. The latest release that everybody gets is {latest}.\n    release: \"{highest}\"\n",
                titled(known)
            ),
            // `validate` warns of it.
            None => format!(
                "    release: \"{highest}\" # TODO: the newest build that was found. The catalogue of releases does not have it: make sure of it\n"
            ),
        },
        (Some((release, build)), _) => format!(
            "    # {}: the latest release that everybody gets. Others: reconcile releases --product {}\n    release: \"{build}\"\n",
            titled(release),
            product.key()
        ),
        (None, _) => {
            format!("    release: {TODO} # TODO: a build; the catalogue of releases has none of this product\n")
        }
    }
}

fn titled(release: &Release) -> String {
    format!("{}, {}", release.name.trim_matches(['(', ')']), release.date)
}

/// The build of a release that everybody gets, and that is one of the whole product.
fn target(release: &Release) -> Option<&Build> {
    let is_whole = match release.kind {
        ReleaseKind::Rtm | ReleaseKind::Cu | ReleaseKind::Hotfix | ReleaseKind::Security => true,
        ReleaseKind::Component => false,
    };
    let is_public = match release.availability {
        None => true,
        Some(Availability::Esu) => false,
    };
    release.build.as_ref().filter(|_| is_whole && is_public)
}

fn group(product: Product, part: Part) -> String {
    let part = match part {
        Part::Known(role) => role.key(),
        Part::FrontEndOrStandard => "front-end-or-standard-edition",
        Part::Unclear => "role-unknown",
    };
    format!("{}-{part}", product.key())
}

/// What an entry says besides its group.
fn fields(part: Part, databases: &Databases, has_fronts: bool) -> Result<String, Problem> {
    let pool = format!("    pool: {TODO} # TODO: the pool of these servers, as Get-CsPool shows it\n");
    let mut out = match part {
        Part::Known(Role::FrontEnd) => pool,
        Part::Known(Role::BackEnd) if has_fronts => pool,
        Part::Known(
            Role::BackEnd
            | Role::StandardEdition
            | Role::Director
            | Role::Mediation
            | Role::PersistentChat
            | Role::Edge,
        ) => String::new(),
        Part::FrontEndOrStandard => format!(
            "    role: {TODO} # TODO: standard-edition, front-end (add its pool) or back-end (add its databases); see reconcile explain servers.role\n"
        ),
        Part::Unclear => {
            let roles = Role::ALL.map(Role::key).join(", ");
            format!("    role: {TODO} # TODO: one of {roles}; neither components nor services show which\n")
        }
    };
    if *databases != Databases::default() {
        out += "    databases:\n";
    }
    if let Some(sql_server) = &databases.sql_server {
        let _ = writeln!(out, "      sqlServer: {}", yaml(sql_server.as_str())?);
    }
    if databases.collocated {
        out += "      collocated: true\n";
    }
    if let Some(CentralStore { sql_server, instance }) = &databases.central_management_store {
        let _ = writeln!(out, "      centralManagementStore:\n        sqlServer: {}", yaml(sql_server.as_str())?);
        if let Some(instance) = instance {
            let _ = writeln!(out, "        instance: {}", yaml(instance.as_str())?);
        }
    }
    Ok(out)
}

/// A text as YAML writes it, in quotes where it needs them.
fn yaml(text: &str) -> Result<String, Problem> {
    Ok(serde_yaml::to_string(text).map_err(Problem::failed)?.trim_end().to_owned())
}
