//! What a target means for a server: the update of that name, its builds and its installer.

use alloc::{collections::BTreeMap, format, string::String, string::ToString, vec::Vec};

use reconcile_schema::{
    Build, ComponentName, DeclaredInstaller, Installer, Manifest, Product, ReleaseError, Releases, Update, UpdateName,
    is_whole,
};

use crate::{
    parts::{Part, Said, Source, SourceKind, Trace},
    remedy::{GoalError, Remedy, among},
    roster::Entry,
};

/// What a target means for a server.
pub(crate) struct Aimed {
    pub core: Build,
    pub floors: BTreeMap<ComponentName, Build>,
    pub installer: Installer,
}

/// The update of a name, its builds and its installer.
pub(crate) fn aimed<'a, T: Trace>(
    manifest: &'a Manifest,
    releases: &Releases,
    entry: &Entry<'_>,
    target: Said<'a, &'a UpdateName>,
    trace: &mut T,
) -> Result<(&'a Update, Aimed), GoalError> {
    let name = target.value;
    let update = manifest.updates.get(name).ok_or_else(|| GoalError {
        pointer: format!("{}/target", target.by.pointer(entry)),
        message: format!("no update is named \"{name}\""),
        help: among("updates", name.as_str(), manifest.updates.keys().map(ToString::to_string)),
    })?;
    let at = |field: &str| format!("{}{field}", Part::Update(name).pointer(entry));
    if !update.product.is_patched() {
        return Err(GoalError {
            pointer: at("/product"),
            message: format!("{} is recognised, but not patched by reconcile", update.product),
            help: Remedy::Do("declare Lync Server 2013 or a Skype for Business Server".into()),
        });
    }
    let (core, mut floors) = releases.resolve(update.product, &update.release).map_err(|error| GoalError {
        pointer: at("/release"),
        help: release_help(releases, &error),
        message: error.to_string(),
    })?;
    let said = |path| Source::declared(Part::Update(name), path);
    trace.note("product", &update.product, said("product"));
    trace.note("release", &update.release, said("release"));
    let is_build = update.release.parse::<Build>().is_ok();
    let kind = if is_build { SourceKind::Declared } else { SourceKind::Catalogue };
    trace.note("components/core-components", &core, said("release").by(kind));
    for (component, build) in floors.iter().filter(|(component, _)| !update.components.contains_key(component)) {
        trace.note(&format!("components/{component}"), build, said("release").by(SourceKind::Catalogue));
    }
    for (component, build) in &update.components {
        let path = format!("components/{component}");
        trace.note(&path, build, Source::declared(Part::Update(name), &path));
    }
    floors.extend(update.components.iter().map(|(name, build)| (name.clone(), build.clone())));
    if let Some((component, build)) = floors.iter().find(|(_, build)| build.line != core.line) {
        return Err(GoalError {
            pointer: at(&format!("/components/{component}")),
            message: format!("expected a build of the line {}, found {build}", core.line),
            help: Remedy::Do(format!("{} has builds {}.x only", update.product, core.line)),
        });
    }
    let installer = installer(manifest, name, update, &at, trace)?;
    Ok((update, Aimed { core, floors, installer }))
}

/// The installer of an update: its own path, else the one that it has in the folder of all installers.
fn installer<T: Trace>(
    manifest: &Manifest,
    name: &UpdateName,
    update: &Update,
    at: &impl Fn(&str) -> String,
    trace: &mut T,
) -> Result<Installer, GoalError> {
    let DeclaredInstaller { path, sha256, publisher } = &update.installer;
    let said = |path| Source::declared(Part::Update(name), path);
    let (path, source) = match (path, &manifest.installers) {
        (Some(path), _) => (path.clone(), said("installer/path")),
        (None, Some(folder)) if !is_whole(folder.as_str()) => {
            return Err(GoalError {
                pointer: "/installers".into(),
                message: format!("the folder of the installers, {folder}, is no whole path"),
                help: Remedy::Do("write the whole path, on a share or on a drive of each server".into()),
            });
        }
        (None, Some(folder)) => {
            let trimmed = folder.as_str().trim_end_matches(['\\', '/']);
            let how = SourceKind::Derived("with the update's name");
            (
                format!(r"{trimmed}\{name}\{}", update.product.installer()),
                Source::declared(Part::Top, "installers").by(how),
            )
        }
        (None, None) => {
            return Err(GoalError {
                pointer: at("/installer"),
                message: format!("the installer of {name} has no path"),
                help: Remedy::Do(
                    "add `path:`, or name the folder of all installers with `installers:` at the top level".into(),
                ),
            });
        }
    };
    trace.note("installer/path", &path, source);
    trace.note("installer/sha256", sha256, said("installer/sha256"));
    let publisher_source = if publisher.is_some() { said("installer/publisher") } else { Source::DEFAULT };
    let publisher = publisher.clone().unwrap_or_else(Installer::maker);
    trace.note("installer/publisher", &publisher, publisher_source);
    Ok(Installer { path, sha256: sha256.clone(), publisher })
}

fn release_help(releases: &Releases, error: &ReleaseError) -> Remedy {
    Remedy::Do(match error {
        ReleaseError::NoSuchName { product, name, candidates } => return unnamed(releases, *product, name, candidates),
        ReleaseError::Ambiguous { .. } => "give the build itself, in quotes".into(),
        ReleaseError::NoBuild { .. } => {
            "give the build itself, as the installed Core Components show it after the update".into()
        }
        ReleaseError::WrongLine { .. } => "this is a build of another product: correct `release`, or `product`".into(),
    })
}

/// What a name could mean that no release of the product has.
fn unnamed(releases: &Releases, product: Product, name: &str, candidates: &[String]) -> Remedy {
    let is_named =
        |product: Product, name: &str| !matches!(releases.resolve(product, name), Err(ReleaseError::NoSuchName { .. }));
    let plain: String =
        name.chars().filter(|sign| !"\u{201c}\u{201d}\u{201e}\u{2018}\u{2019}\u{ab}\u{bb}".contains(*sign)).collect();
    if plain != name && is_named(product, &plain) {
        return Remedy::Do(format!("write it in plain quotes: \"{plain}\""));
    }
    // Every product has a CU1; an article belongs to one product.
    let article = name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("kb"));
    let others = Product::ALL.into_iter().filter(|other| article && *other != product);
    if let Some(other) = { others }.find(|other| is_named(*other, name)) {
        return Remedy::Do(format!("{name} is a release of {other}: correct `release`, or `product`"));
    }
    if name.contains('.') && name.chars().all(|sign| sign.is_ascii_digit() || sign == '.') {
        return Remedy::Do(format!("a build has four numbers, and those of {product} begin with {}", product.line()));
    }
    // Releases differ in their numbers: another number is another release.
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let same: Vec<_> =
        candidates.iter().filter(|one| !digits(name).is_empty() && digits(one) == digits(name)).collect();
    match same.as_slice() {
        [only] => Remedy::Do(format!("did you mean `{only}`?")),
        _ => Remedy::Do(format!("the releases are: {}", candidates.join(", "))),
    }
}
