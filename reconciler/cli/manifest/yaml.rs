//! YAML text as a tree of values, each with its place; ambiguous text is refused.
//!
//! Only the part of YAML that reads the same for a person and for every parser is accepted: one document, text keys
//! without duplicates; no anchors, aliases, merge keys, tags. Aliases are refused at the parser's events, before
//! anything is expanded.

use std::borrow::Cow;
use std::collections::BTreeMap;

use reconcile_schema::ManifestCode;
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};
use serde_json::Value;

use crate::manifest::{
    diagnostic::{Diagnostic, Diagnostics},
    scalar,
    text::{Span, Text},
};

/// How deep lists and mappings may be nested.
const MAX_DEPTH: usize = 32;
/// How many keys, values, lists and mappings a document may have.
const MAX_NODES: usize = 100_000;
/// The longest key or text, in bytes.
const MAX_TEXT: usize = 4096;
/// After how many refusals the rest is not read: nobody wrote this as a document.
const MAX_FAULTS: usize = 1000;

/// A value, its place, and its parts.
#[derive(Debug)]
pub(crate) struct Node {
    pub span: Span,
    pub inside: Inside,
}

#[derive(Debug)]
pub(crate) enum Inside {
    /// A value that is neither a list nor a mapping.
    Scalar(Value),
    List(Box<[Node]>),
    /// By name. A manifest has one for each range of servers, so they are no larger than necessary.
    Map(Box<[Field]>),
}

/// A key, its place, and its value.
#[derive(Debug)]
pub(crate) struct Field {
    pub name: Box<str>,
    pub span: Span,
    pub value: Node,
}

/// Reads one document.
///
/// # Errors
/// Everything that is refused, each with its place.
pub(crate) fn load(text: &Text) -> Result<Node, Diagnostics> {
    Builder::new(text).build()
}

/// Builds the tree from the parser's events. It reports and skips what it refuses, so that one run finds all errors.
struct Builder<'a> {
    text: &'a Text,
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
    faults: Diagnostics,
}

/// A list or mapping that has not ended yet.
enum Open {
    List(Span, Vec<Node>),
    Map(Span, Option<Key>, BTreeMap<Box<str>, (Span, Node)>),
}

/// A key whose value comes next; without a name if it was refused.
struct Key {
    name: Option<String>,
    span: Span,
}

impl<'a> Builder<'a> {
    fn new(text: &'a Text) -> Self {
        Self { text, open: Vec::new(), root: None, nodes: 0, faults: Diagnostics::default() }
    }

    fn build(mut self) -> Result<Node, Diagnostics> {
        let text = self.text;
        for event in Parser::new_from_str(text.as_str()) {
            let goes_on = match event {
                Ok((event, span)) => self.event(event, Span::from(span)),
                Err(error) => {
                    self.faults.push(|| syntax_error(text, &error));
                    false
                }
            };
            if !goes_on {
                return Err(self.faults);
            }
        }
        match self.root.take() {
            Some(Node { inside: Inside::Scalar(Value::Null), .. }) | None if self.faults.errors.is_empty() => {
                let error = text.fault(Span::default(), ManifestCode::EmptyDocument, "the document is empty");
                Err(error
                    .expected("fields with values, such as `version: 1`")
                    .help("check that this is the right file")
                    .into())
            }
            Some(root) => self.faults.or(root),
            None => Err(self.faults),
        }
    }

    /// Processes one event; returns false when continuing makes no sense.
    fn event(&mut self, event: Event<'_>, span: Span) -> bool {
        let text = self.text;
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            Event::DocumentStart(_) => {
                if self.root.is_some() {
                    self.faults.push(|| {
                        text.fault(span, ManifestCode::SeveralDocuments, "a second document starts here")
                            .expected("one document in the file")
                            .help("remove this line, or move what follows into its own file")
                    });
                    return false;
                }
            }
            Event::Alias(_) => {
                self.faults.push(|| alias(text, span));
                self.put(Node { span, inside: Inside::Scalar(Value::Null) });
            }
            Event::Scalar(content, style, anchor, tag) => {
                self.refuse_properties(span, anchor, tag.is_some());
                self.scalar(content, style, span);
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_properties(span, anchor, tag.is_some());
                self.open.push(Open::List(span, Vec::new()));
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_properties(span, anchor, tag.is_some());
                self.open.push(Open::Map(span, None, BTreeMap::new()));
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List(start, nodes)) => {
                    self.put(Node { span: start.until(span), inside: Inside::List(nodes.into()) });
                }
                Some(Open::Map(start, _, fields)) => {
                    let fields = fields.into_iter().map(|(name, (span, value))| Field { name, span, value });
                    self.put(Node { span: start.until(span), inside: Inside::Map(fields.collect()) });
                }
                None => {}
            },
        }
        self.nodes += 1;
        if self.open.len() > MAX_DEPTH {
            self.faults.push(|| {
                text.fault(span, ManifestCode::TooDeep, "nested too deeply")
                    .expected(format!("at most {MAX_DEPTH} levels"))
                    .help("check the brackets and the indentation")
            });
        } else if self.nodes > MAX_NODES {
            self.faults.push(|| {
                text.fault(span, ManifestCode::TooManyNodes, "the document has too many parts")
                    .expected(format!("at most {MAX_NODES} keys, values and lists"))
                    .help("split the document")
            });
        } else {
            return self.faults.more < MAX_FAULTS;
        }
        false
    }

    /// Refuses an anchor or a tag before a value.
    fn refuse_properties(&mut self, span: Span, anchor: usize, tag: bool) {
        let text = self.text;
        if anchor > 0 {
            self.faults.push(|| {
                text.fault(text.word(span, '&'), ManifestCode::Anchor, "an anchor (`&name`) stands before this value")
                    .expected("the value alone")
                    .help("remove the anchor, and write the value out wherever a `*name` refers to it")
            });
        }
        if tag {
            self.faults.push(|| {
                text.fault(text.word(span, '!'), ManifestCode::Tag, "a tag (`!name`) stands before this value")
                    .expected("the value alone")
                    .help("remove the tag; to make a value text, write it in quotes")
            });
        }
    }

    fn scalar(&mut self, content: Cow<'_, str>, style: ScalarStyle, span: Span) {
        let text = self.text;
        if content.len() > MAX_TEXT {
            self.faults.push(|| {
                let message = format!("this text has {} bytes", content.len());
                text.fault(span, ManifestCode::TextTooLong, message)
                    .expected(format!("at most {MAX_TEXT} bytes"))
                    .help("check for a missing quote at the end of a text")
            });
        }
        // In YAML, "C:\temp\new" contains no backslash but a tab and a line break.
        let broken = |c: char| c.is_control() && (style == ScalarStyle::DoubleQuoted || !matches!(c, '\n' | '\t'));
        if let Some(c) = content.chars().find(|c| broken(*c)) {
            self.faults.push(|| {
                let message = format!("this text contains the control character {c}");
                text.fault(span, ManifestCode::ControlCharacter, message)
                    .expected("text that can be seen")
                    .help("in single quotes a backslash is just a backslash: 'C:\\temp'")
            });
        }
        let is_key = matches!(self.open.last(), Some(Open::Map(_, None, _)));
        let is_merge = style == ScalarStyle::Plain && content == "<<";
        let value = if style == ScalarStyle::Plain { scalar::value(&content) } else { Some(content.into()) };
        let value = value.unwrap_or_else(|| {
            self.faults.push(|| {
                let written = text.written(span);
                text.fault(span, ManifestCode::NotANumber, format!("{written} is no finite number"))
                    .expected("a number, or text in quotes")
                    .help(format!("write it in quotes: \"{written}\""))
            });
            Value::Null
        });
        if !is_key {
            self.put(Node { span, inside: Inside::Scalar(value) });
        } else if is_merge {
            self.faults.push(|| {
                text.fault(span, ManifestCode::MergeKey, "a merge key (`<<`) stands among the fields")
                    .expected("the name of a field")
                    .help("write the fields out wherever they are needed")
            });
            self.key(None, span);
        } else if let Value::String(name) = value {
            self.key(Some(name), span);
        } else {
            self.faults.push(|| {
                let written = text.written(span);
                let error = text.fault(span, ManifestCode::KeyNotText, "this key is not text");
                match written {
                    "" => error.expected("a name before the colon"),
                    _ => error.expected("text").help(format!("write it in quotes: \"{written}\"")),
                }
            });
            self.key(None, span);
        }
    }

    /// Processes a key of the innermost mapping.
    fn key(&mut self, mut name: Option<String>, span: Span) {
        let text = self.text;
        let Some(Open::Map(start, key, fields)) = self.open.last_mut() else {
            return;
        };
        if start.start == start.end {
            // A mapping without braces has no token of its own.
            *start = span;
        }
        if let Some((field, (first, _))) = name.as_deref().and_then(|it| fields.get_key_value(it)) {
            self.faults.push(|| duplicate(text, field, span, *first));
            name = None;
        }
        *key = Some(Key { name, span });
    }

    /// Processes a finished value.
    fn put(&mut self, node: Node) {
        let text = self.text;
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List(_, nodes)) => nodes.push(node),
            Some(Open::Map(_, key, fields)) => match key.take() {
                Some(Key { name: Some(name), span }) => drop(fields.insert(name.into(), (span, node))),
                Some(Key { name: None, .. }) => {}
                None => {
                    let span = node.span;
                    self.faults.push(|| {
                        text.fault(span, ManifestCode::KeyNotText, "this key is not text")
                            .expected("text")
                            .help("write a name before the colon, and the rest behind it")
                    });
                    *key = Some(Key { name: None, span });
                }
            },
        }
    }
}

impl Node {
    /// The field of this name, if it has one.
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        let Inside::Map(fields) = &self.inside else { return None };
        fields.binary_search_by(|field| (*field.name).cmp(name)).ok().and_then(|at| fields.get(at))
    }

    /// Whether there is a list in it.
    pub(crate) fn has_list(&self) -> bool {
        match &self.inside {
            Inside::Scalar(_) => false,
            Inside::List(_) => true,
            Inside::Map(fields) => fields.iter().any(|field| field.value.has_list()),
        }
    }

    /// The value without the places.
    pub(crate) fn to_value(&self) -> Value {
        match &self.inside {
            Inside::Scalar(value) => value.clone(),
            Inside::List(items) => items.iter().map(Self::to_value).collect(),
            Inside::Map(fields) => {
                fields.iter().map(|field| (String::from(&*field.name), field.value.to_value())).collect()
            }
        }
    }
}

/// A name that occurs in a mapping for the second time.
pub(crate) fn duplicate(text: &Text, name: &str, span: Span, first: Span) -> Diagnostic {
    text.fault(span, ManifestCode::DuplicateKey, format!("`{name}` is given twice"))
        .expected("each name once")
        .help(format!("the first one is at {}; remove or rename one of them", text.place(first)))
}

fn alias(text: &Text, span: Span) -> Diagnostic {
    text.fault(text.word(span, '*'), ManifestCode::Alias, "an alias (`*name`)")
        .expected("a plain value")
        .help("write the value itself; a text that starts with * needs quotes")
}

fn syntax_error(text: &Text, error: &ScanError) -> Diagnostic {
    let (line, start) = (error.marker().line(), error.marker().col());
    let span = Span { line, start, end: start + 1 };
    let info = error.info();
    let help = if info.contains("unknown anchor") {
        return alias(text, span);
    } else if info.contains("escape") || info.contains("hexadecimal") {
        "in single quotes a backslash is just a backslash: 'C:\\Updates'"
    } else if info.contains("tab") {
        "indent with spaces"
    } else if info.contains("mapping values are not allowed") {
        "a text with a colon in it needs quotes; check the indentation, too"
    } else if info.contains("quoted scalar") {
        "check that each quote is closed; within single quotes write '' for one"
    } else if info.contains("unexpected character") {
        "a text that starts with this character needs quotes"
    } else if info.contains("flow") || info.contains('[') {
        "check that each bracket is closed and that commas stand between the items"
    } else if info.contains("node content") {
        "a value is missing here, or a bracket or quote before it is not closed"
    } else {
        "check the indentation of this line and of the line before"
    };
    text.fault(span, ManifestCode::YamlSyntax, format!("not valid YAML: {info}")).expected("YAML").help(help)
}
