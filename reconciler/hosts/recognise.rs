//! Which Windows services belong to the product: by their published names, and by their properties.

use reconcile_schema::{Product, Recognised};

/// A service as the service manager knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered<'a> {
    /// Its short name.
    pub name: &'a str,
    /// Its display name.
    pub display: &'a str,
    /// Its program, as [`program`] extracts it from the image path.
    pub program: &'a str,
}

/// The starts of the display names of the product's services; a year may follow, or the service's own name.
const DISPLAY_NAMES: [&str; 2] = ["Lync Server", "Skype for Business Server"];

/// Programs that host or serve services of other products. The services of SQL Server have a vendor, an installer and a
/// step of their own, and services in `svchost.exe` belong to Windows.
const OTHERS_PROGRAMS: [&str; 6] =
    ["svchost.exe", "sqlservr.exe", "sqlagent.exe", "sqlbrowser.exe", "sqlwriter.exe", "sqlceip.exe"];

/// The starts of the short names that SQL Server gives to its services and Windows Fabric to its own.
const OTHERS_NAMES: [&str; 8] =
    ["MSSQL", "SQLAgent", "SQLServer", "SQLBrowser", "SQLWriter", "SQLTelemetry", "ReportServer", "Fabric"];

/// The starts of the display names of the same services.
const OTHERS_DISPLAY_NAMES: [&str; 4] = ["SQL Server", "SQL Full-text", "Windows Fabric", "Microsoft Service Fabric"];

/// The folders of Windows Fabric, wherever they are: the product installs Windows Fabric.
const FABRIC_FOLDERS: [&str; 3] = [r"\windows fabric\", r"\windowsfabric\", r"\microsoft service fabric\"];

/// How a path in the object manager's form begins.
const PREFIXES: [&str; 2] = [r"\??\", r"\\?\"];

/// How a service is recognised as one of the product's; none where it belongs to another product. `folders` are the
/// product's folders, from [`folders`].
pub fn recognise(service: Registered<'_>, folders: &[String]) -> Option<Recognised> {
    if Product::services().any(|name| service.name.eq_ignore_ascii_case(name)) {
        return Some(Recognised::Name);
    }
    let path = normal(service.program);
    let program = path.rsplit('\\').next().unwrap_or_default();
    let begins = |text: &str, starts: &[&str]| starts.iter().any(|start| begins_with(text, start));
    let is_others = OTHERS_PROGRAMS.contains(&program)
        || begins(service.name, &OTHERS_NAMES)
        || begins(service.display, &OTHERS_DISPLAY_NAMES)
        || FABRIC_FOLDERS.iter().any(|folder| path.contains(folder));
    if is_others {
        return None;
    }
    if is_below(&path, folders) {
        return Some(Recognised::Program(service.program.to_owned()));
    }
    let is_named = DISPLAY_NAMES.iter().any(|name| {
        let rest = service.display.get(name.len()..);
        let ends = rest.is_some_and(|rest| !rest.starts_with(char::is_alphabetic));
        begins_with(service.display, name) && ends
    });
    is_named.then(|| Recognised::DisplayName(service.display.to_owned()))
}

/// The folders of every product below these folders, normalised for comparison: `%ProgramFiles%\<product>` and
/// `%CommonProgramFiles%\<product>`.
pub fn folders(program_files: &[&str]) -> Vec<String> {
    let below = |base: &&str| {
        let base = normal(base);
        Product::ALL.map(|product| format!(r"{}\{}\", base.trim_end_matches('\\'), product.folder().to_lowercase()))
    };
    program_files.iter().filter(|base| !base.trim().is_empty()).flat_map(below).collect()
}

/// Whether a file is below one of the product's folders.
#[cfg(any(windows, test))]
pub fn is_products_file(path: &str, folders: &[String]) -> bool {
    is_below(&normal(path), folders)
}

/// Whether a path is this folder or file, or below it. Windows ignores case.
#[cfg(any(windows, test))]
pub fn is_at_or_below(path: &str, root: &str) -> bool {
    let (path, root) = (normal(path), normal(root));
    !root.is_empty() && path.strip_prefix(root.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('\\'))
}

fn is_below(normal: &str, folders: &[String]) -> bool {
    folders.iter().any(|folder| normal.starts_with(folder.as_str()))
}

/// The program in an image path, without its arguments. `variable` gives the value of a variable such as
/// `ProgramFiles`.
///
/// An image path may quote the program or not, may contain a variable, and may begin with a prefix of the object
/// manager.
pub fn program(image_path: &str, variable: &dyn Fn(&str) -> Option<String>) -> String {
    let expanded = expanded(image_path.trim(), variable);
    let text = expanded.trim_start();
    let program = match text.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap_or_default(),
        None => unquoted(text),
    };
    bare(program).trim().to_owned()
}

/// The program in an image path without quotes, which may contain blanks: it ends with the first `.exe` before a blank.
fn unquoted(text: &str) -> &str {
    let lower = text.to_ascii_lowercase(); // It has the same length, byte by byte.
    let ends = lower.match_indices(".exe").map(|(at, found)| at + found.len());
    let mut ends =
        ends.filter(|end| text.get(*end..).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t'])));
    ends.next().and_then(|end| text.get(..end)).unwrap_or(text)
}

/// The text with the values of its variables. An undefined variable stays as it is.
fn expanded(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        match after.split_once('%').and_then(|(name, after)| Some((variable(name)?, after))) {
            Some((value, after)) => {
                out.push_str(&value);
                rest = after;
            }
            None => {
                out.push('%');
                rest = after;
            }
        }
    }
    out + rest
}

/// A path in lower case, without `.`, `..`, empty parts, or a prefix of the object manager.
pub fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in bare(path).split(['\\', '/']) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("\\").to_lowercase()
}

/// A path without a prefix of the object manager.
fn bare(path: &str) -> &str {
    PREFIXES.iter().find_map(|prefix| path.strip_prefix(prefix)).unwrap_or(path)
}

fn begins_with(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
}

#[cfg(test)]
#[path = "recognise_tests.rs"]
mod tests;
