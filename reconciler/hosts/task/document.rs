//! The XML of a task as a tree, for writing, reading and comparing.

use std::io;

use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use quick_xml::{Reader, Writer, XmlVersion, escape::resolve_predefined_entity};

/// More levels than any task has.
const DEEPEST: usize = 16;

/// An element. It has other elements, or a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    pub name: String,
    /// Its attributes, each with its name.
    pub attributes: Vec<(String, String)>,
    pub elements: Vec<Self>,
    /// Its text, if it has no elements.
    pub text: String,
}

/// A document that contains no readable task.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// It is not XML.
    #[error("expected a task as XML: {0}")]
    Xml(String),
    /// It is XML of another kind.
    #[error("expected a task, found {0}")]
    Other(String),
}

impl Element {
    /// An element with a text.
    pub(super) fn leaf(name: &str, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), ..Self::default() }
    }

    /// An element with other elements in it.
    pub(super) fn of(name: &str, elements: impl Into<Vec<Self>>) -> Self {
        Self { name: name.into(), elements: elements.into(), ..Self::default() }
    }

    /// The same with one more attribute.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.attributes.push((name.into(), value.into()));
        self
    }

    /// The first element at a path such as `Settings/Priority`.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |at, name| at.elements.iter().find(|element| element.name == name))
    }

    /// The text of the first element at a path.
    #[must_use]
    pub fn text_at(&self, path: &str) -> Option<&str> {
        self.at(path).map(|element| element.text.as_str())
    }

    /// Replaces the text of every `UserId`.
    pub fn rename_accounts(&mut self, rename: &dyn Fn(&str) -> Option<String>) {
        if self.name == "UserId"
            && let Some(name) = rename(&self.text)
        {
            self.text = name;
        }
        self.elements.iter_mut().for_each(|element| element.rename_accounts(rename));
    }

    /// The document, which declares the encoding that it will be written in. Without one it is UTF-8, or UTF-16 with a
    /// byte order mark.
    ///
    /// # Errors
    /// When the XML writer cannot write it.
    pub fn to_xml(&self, encoding: Option<&str>) -> io::Result<String> {
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", encoding, None)))?;
        self.write(&mut writer)?;
        let mut text = String::from_utf8(writer.into_inner()).map_err(io::Error::other)?;
        text.push('\n');
        Ok(text)
    }

    fn write(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let mut start = BytesStart::new(self.name.as_str());
        start.extend_attributes(self.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        writer.write_event(Event::Start(start))?;
        if self.elements.is_empty() {
            writer.write_event(Event::Text(BytesText::new(&self.text)))?;
        }
        self.elements.iter().try_for_each(|element| element.write(writer))?;
        writer.write_event(Event::End(BytesEnd::new(self.name.as_str())))
    }

    /// The task in a document. The declared encoding is ignored, because the document may have been rewritten in
    /// another one.
    ///
    /// # Errors
    /// See [`DocumentError`].
    pub fn read(text: &str) -> Result<Self, DocumentError> {
        let mut reader = Reader::from_str(text.trim_start_matches('\u{FEFF}'));
        let mut open: Vec<Self> = Vec::new();
        let mut root = None;
        loop {
            let event = reader.read_event().map_err(wrong)?;
            let closed = match event {
                Event::Start(start) if open.len() < DEEPEST && root.is_none() => {
                    open.push(begun(&start)?);
                    continue;
                }
                Event::Empty(start) if root.is_none() => begun(&start)?,
                Event::End(_) => match open.pop() {
                    Some(element) => element.ended()?,
                    None => continue, // The reader itself rejects an end without a start.
                },
                Event::Eof => break,
                Event::Text(text) => {
                    add(&mut open, &text.xml10_content())?;
                    continue;
                }
                Event::CData(text) => {
                    add(&mut open, &text.xml10_content())?;
                    continue;
                }
                Event::GeneralRef(reference) => {
                    let char = reference.resolve_char_ref().map_err(wrong)?.map(String::from);
                    let known = char.or_else(|| resolve_predefined_entity(&reference).map(Into::into));
                    add(&mut open, &known.ok_or_else(|| wrong(format!("no entity is named {:?}", &*reference)))?)?;
                    continue;
                }
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
                Event::Start(_) | Event::Empty(_) => {
                    let what = if root.is_some() { "more than one task" } else { "elements in too many others" };
                    return Err(DocumentError::Other(what.into()));
                }
                Event::DocType(_) => return Err(DocumentError::Other("a document type".into())),
            };
            match open.last_mut() {
                Some(parent) => parent.elements.push(closed),
                None => root = Some(closed),
            }
        }
        match root {
            _ if !open.is_empty() => Err(wrong("it ends in the midst of an element")),
            Some(task) if task.name == "Task" => Ok(task),
            Some(other) => Err(DocumentError::Other(format!("an element {:?}", other.name))),
            None => Err(DocumentError::Other("nothing".into())),
        }
    }

    /// Finishes an element, which has elements or a text; blanks between elements do not count as text.
    fn ended(mut self) -> Result<Self, DocumentError> {
        if !self.elements.is_empty() {
            if !self.text.trim().is_empty() {
                return Err(DocumentError::Other(format!("the text {:?} beside elements", self.text.trim())));
            }
            self.text.clear();
        }
        Ok(self)
    }
}

/// The definition of a task as the bytes of an XML file that the Task Scheduler reads: UTF-16, little-endian, with a byte order
/// mark, and CRLF at the ends of lines.
///
/// # Errors
/// When the XML writer cannot write the text.
pub fn file(task: &Element) -> io::Result<Vec<u8>> {
    let text = task.to_xml(Some("UTF-16"))?.replace('\n', "\r\n");
    Ok([0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect())
}

/// The text of a document: in UTF-16, also without a byte order mark, or in UTF-8; none where it is neither.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<String> {
    let units = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks();
        let units: Vec<u16> = pairs.iter().map(|&pair| unit(pair)).collect();
        rest.is_empty().then(|| String::from_utf16(&units).ok()).flatten()
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => units(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => units(rest, u16::from_be_bytes),
        [b'<', 0, ..] => units(bytes, u16::from_le_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] | rest => String::from_utf8(rest.to_vec()).ok(),
    }
}

fn begun(start: &BytesStart<'_>) -> Result<Element, DocumentError> {
    let mut element = Element { name: start.name().0.into(), ..Element::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(wrong)?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(wrong)?;
        element.attributes.push((attribute.key.0.into(), value.into_owned()));
    }
    Ok(element)
}

fn add(open: &mut [Element], text: &str) -> Result<(), DocumentError> {
    match open.last_mut() {
        Some(element) => element.text += text,
        None if text.trim().is_empty() => {}
        None => return Err(DocumentError::Other(format!("the text {:?}", text.trim()))),
    }
    Ok(())
}

fn wrong(error: impl ToString) -> DocumentError {
    DocumentError::Xml(error.to_string())
}
