//! The files of a crate, and the names that each uses from the others.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    slice::from_ref,
};

use super::tokens::{Token, tokens};

/// The parts of a path, as written or from the root of the crate.
type Names = Vec<String>;

pub struct Files {
    folder: PathBuf,
    modules: Vec<Module>,
}

/// A module: a file, or a part of one.
#[derive(Default)]
struct Module {
    file: PathBuf,
    /// Its path from the root of the crate.
    path: Names,
    children: BTreeMap<String, usize>,
    /// The names that it defines.
    items: BTreeSet<String>,
    /// The names that it imports: each with its path, and whether it is re-exported.
    imports: Vec<(String, Names, bool)>,
    /// All paths in its text.
    written: Vec<Names>,
}

/// The context for reading a module: the tokens of its file, and the folders for child modules and for `#[path]`.
struct Reading<'a> {
    tokens: &'a [Token],
    children: PathBuf,
    beside: PathBuf,
}

const ITEMS: [&str; 9] = ["fn", "struct", "enum", "union", "trait", "type", "const", "static", "macro_rules"];

impl Files {
    /// Reads the crate whose `lib.rs` lies in this folder.
    pub fn read(folder: &Path) -> Self {
        let mut files = Self { folder: folder.to_owned(), modules: Vec::new() };
        files.file(folder.join("lib.rs"), Vec::new());
        files
    }

    /// Each use of one file by another, as the user, the used file, and the name. Files appear as paths relative to the
    /// folder.
    pub fn uses(&self) -> Vec<(&str, &str, String)> {
        let mut all = Vec::new();
        for module in &self.modules {
            let own = module.imports.iter().map(|(_, path, _)| path).chain(&module.written);
            for path in own.filter_map(|path| self.absolute(module, path)) {
                let file = self.file_of(&path, &mut BTreeSet::new());
                if let Some(file) = file.filter(|file| **file != module.file) {
                    all.push((self.named(&module.file), self.named(file), path.join("::")));
                }
            }
        }
        all
    }

    /// The uses that close a circle of files.
    pub fn circles(&self) -> Vec<String> {
        let mut uses: BTreeMap<&str, BTreeMap<&str, String>> = BTreeMap::new();
        for (from, to, name) in self.uses() {
            uses.entry(from).or_default().entry(to).or_insert(name);
        }
        let reach = |from| {
            let (mut reached, mut ahead) = (BTreeSet::new(), vec![from]);
            while let Some(file) = ahead.pop() {
                ahead.extend(uses.get(file).into_iter().flat_map(|uses| uses.keys()).filter(|to| reached.insert(**to)));
            }
            reached
        };
        let reached: BTreeMap<&str, BTreeSet<&str>> = uses.keys().map(|file| (*file, reach(*file))).collect();
        let both = |one, other| {
            let has = |from, to| reached.get(from).is_some_and(|all: &BTreeSet<&str>| all.contains(to));
            has(one, other) && has(other, one)
        };
        let inside = |from, to, name: &String| both(from, to).then(|| format!("  {from} uses {name} of {to}"));
        let all = uses.iter().flat_map(|(from, to)| to.iter().filter_map(|(to, name)| inside(*from, *to, name)));
        all.collect()
    }

    fn named<'a>(&self, file: &'a Path) -> &'a str {
        file.strip_prefix(&self.folder).unwrap_or(file).to_str().unwrap_or_default()
    }

    /// Reads the file of a module; returns its number.
    fn file(&mut self, file: PathBuf, path: Names) -> usize {
        let tokens = tokens(&fs::read_to_string(&file).unwrap());
        let beside = file.parent().unwrap_or(Path::new("")).to_owned();
        let stem = file.file_stem().unwrap_or_default();
        let children = if ["lib", "mod"].iter().any(|own| stem == *own) { beside.clone() } else { beside.join(stem) };
        let number = self.modules.len();
        self.modules.push(Module { file, path, ..Module::default() });
        self.body(number, &Reading { tokens: &tokens, children, beside });
        number
    }

    /// Reads the content of a module.
    fn body(&mut self, number: usize, reading: &Reading<'_>) {
        let (mut rest, mut attributes, mut is_shared) = (reading.tokens, Vec::new(), false);
        while let Some((token, after)) = rest.split_first() {
            let is_test = || attributes.windows(4).any(|attribute| *attribute == cfg_test());
            rest = match (token, after) {
                (Token::Sign('#'), [Token::Sign('['), ..]) => {
                    let (attribute, after) = group(after);
                    attributes.extend_from_slice(attribute);
                    after
                }
                _ if is_test() => {
                    (attributes, is_shared) = (Vec::new(), false);
                    item(rest)
                }
                (token, [Token::Sign('('), ..]) if token.is("pub") => {
                    is_shared = true;
                    group(after).1
                }
                (token, _) if token.is("pub") => {
                    is_shared = true;
                    after
                }
                (token, [Token::Word(name), after @ ..]) if token.is("mod") => {
                    let after = self.child(number, name, after, &attributes, reading);
                    (attributes, is_shared) = (Vec::new(), false);
                    after
                }
                (token, after) if token.is("use") && after.first() != Some(&Token::Sign('<')) => {
                    let mut imports = Vec::new();
                    let after = tree(after, &[], &mut imports);
                    let imports = imports.into_iter().map(|(name, path)| (name, path, is_shared));
                    self.modules.get_mut(number).unwrap().imports.extend(imports);
                    (attributes, is_shared) = (Vec::new(), false);
                    after
                }
                (Token::Word(word), after) => {
                    let module = self.modules.get_mut(number).unwrap();
                    if let ([Token::Word(name), ..] | [Token::Sign('!'), Token::Word(name), ..], true) =
                        (after, ITEMS.contains(&word.as_str()))
                    {
                        module.items.insert(name.clone());
                    }
                    let (path, after) = path(word, after);
                    if path.len() > 1 {
                        module.written.push(path);
                    }
                    (attributes, is_shared) = (Vec::new(), false);
                    after
                }
                (Token::Text(_) | Token::Path | Token::Sign(_), after) => after,
            };
        }
    }

    /// Reads a child module, from its own file or from braces.
    fn child<'a>(
        &mut self,
        number: usize,
        name: &str,
        after: &'a [Token],
        attributes: &[Token],
        reading: &Reading<'_>,
    ) -> &'a [Token] {
        let parent = self.modules.get(number).unwrap();
        let (file, path) = (parent.file.clone(), [parent.path.clone(), vec![name.to_owned()]].concat());
        let (child, after) = if let [Token::Sign('{'), ..] = after {
            let (within, after) = group(after);
            let child = self.modules.len();
            self.modules.push(Module { file, path, ..Module::default() });
            let children = reading.children.join(name);
            self.body(child, &Reading { tokens: within, children, beside: reading.beside.clone() });
            (child, after)
        } else {
            let named = attributes.windows(3).find_map(|attribute| match attribute {
                [path, Token::Sign('='), Token::Text(file)] if path.is("path") => Some(reading.beside.join(file)),
                _ => None,
            });
            let usual = [reading.children.join(format!("{name}.rs")), reading.children.join(name).join("mod.rs")];
            let file = named.or_else(|| usual.into_iter().find(|file| file.exists())).unwrap();
            (self.file(file, path), after)
        };
        self.modules.get_mut(number).unwrap().children.insert(name.to_owned(), child);
        after
    }

    /// The path from the root of the crate. Nothing if it leads out of the crate or names an item of this module.
    fn absolute(&self, module: &Module, path: &[String]) -> Option<Names> {
        let (first, rest) = path.split_first()?;
        let from = |base: &[String], rest: &[String]| Some([base, rest].concat());
        match first.as_str() {
            "crate" => from(&[], rest),
            "self" => self.absolute_from(&module.path, rest),
            "super" => self.absolute_from(&module.path, path),
            first if module.children.contains_key(first) => from(&module.path, path),
            first => {
                let mut imports = module.imports.iter().filter(|(name, own, _)| name == first && *own != path);
                imports.find_map(|(_, own, _)| self.absolute(module, own)).map(|base| [&base, rest].concat())
            }
        }
    }

    fn absolute_from(&self, base: &[String], path: &[String]) -> Option<Names> {
        let up = path.iter().take_while(|part| *part == "super").count();
        let base = base.get(..base.len().checked_sub(up)?)?;
        Some([base, path.get(up..)?].concat())
    }

    /// The file that defines the item at this path from the root. Nothing if the path leads to a module.
    fn file_of(&self, path: &[String], passed: &mut BTreeSet<Names>) -> Option<&PathBuf> {
        if !passed.insert(path.to_owned()) {
            return None;
        }
        let mut module = self.modules.first()?;
        for (number, name) in path.iter().enumerate() {
            if let Some(child) = module.children.get(name) {
                module = self.modules.get(*child)?;
                continue;
            }
            if module.items.contains(name) || name == "*" {
                return Some(&module.file);
            }
            let shared = module.imports.iter().filter(|(_, _, is_shared)| *is_shared);
            let named = shared.filter(|(own, ..)| own == name || own == "*");
            let mut targets = named.filter_map(|(own, path, _)| {
                let mut target = self.absolute(module, path)?;
                if own == "*" {
                    target.pop();
                    target.push(name.clone());
                }
                Some(target)
            });
            let rest = path.get(number + 1..)?;
            return targets.find_map(|target| self.file_of(&[&target, rest].concat(), passed)).or(Some(&module.file));
        }
        None
    }
}

fn cfg_test() -> [Token; 4] {
    let word = |word: &str| Token::Word(word.to_owned());
    [word("cfg"), Token::Sign('('), word("test"), Token::Sign(')')]
}

/// The content of the next brackets, and the tokens after them.
fn group(tokens: &[Token]) -> (&[Token], &[Token]) {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => depth -= 1,
            Token::Sign(_) | Token::Word(_) | Token::Text(_) | Token::Path => {}
        }
        if depth == 0 {
            return (tokens.get(1..at).unwrap_or_default(), tokens.get(at + 1..).unwrap_or_default());
        }
    }
    (tokens, &[])
}

/// The tokens after the next item.
fn item(mut tokens: &[Token]) -> &[Token] {
    while let Some((token, after)) = tokens.split_first() {
        tokens = match token {
            Token::Sign(';') => return after,
            Token::Sign('{') => return group(tokens).1,
            Token::Sign('(' | '[') => group(tokens).1,
            Token::Sign(_) | Token::Word(_) | Token::Text(_) | Token::Path => after,
        };
    }
    tokens
}

/// The path that begins with this word, and the tokens after it.
fn path<'a>(first: &str, mut after: &'a [Token]) -> (Names, &'a [Token]) {
    let mut path = vec![first.to_owned()];
    while let [Token::Path, Token::Word(word), rest @ ..] = after {
        path.push(word.clone());
        after = rest;
    }
    (path, after)
}

/// Collects the paths of a `use` with the names that they import; returns the tokens after them.
fn tree<'a>(tokens: &'a [Token], before: &[String], imports: &mut Vec<(String, Names)>) -> &'a [Token] {
    match tokens {
        [Token::Sign('{'), ..] => {
            let (mut within, after) = group(tokens);
            while !within.is_empty() {
                within = tree(within, before, imports);
                within = within.strip_prefix(&[Token::Sign(',')]).unwrap_or(within);
            }
            after
        }
        [Token::Sign('*'), after @ ..] => {
            imports.push(("*".into(), [before, &["*".to_owned()]].concat()));
            after
        }
        [Token::Word(word), Token::Path, after @ ..] => tree(after, &[before, from_ref(word)].concat(), imports),
        [Token::Word(word), after @ ..] => {
            let path = if word == "self" { before.to_owned() } else { [before, from_ref(word)].concat() };
            let (name, after) = match after {
                [as_, Token::Word(name), after @ ..] if as_.is("as") => (name.clone(), after),
                after => (path.last().cloned().unwrap_or_default(), after),
            };
            imports.push((name, path));
            after
        }
        [_, after @ ..] => after,
        [] => tokens,
    }
}
