//! The request of the engine: one JSON object on standard input, checked against the manifest that it names.

use std::{
    io::{self, Read},
    path::Path,
};

use reconcile_core::Goal;
use reconcile_schema::{DscInstance, ServerName, WhenBlocked};

use crate::manifest::{input::Input, problem::Problem};
use crate::work::site::Site;

use super::properties::fields;

/// The largest request that is read: an instance is small.
const MOST: u64 = 1 << 20;

/// The name of the request in errors.
const PLACE: &str = "standard input";

pub struct Asked(DscInstance);

impl Asked {
    /// Reads the request.
    ///
    /// # Errors
    /// When it is no instance of the resource. The error has the place, what was expected and what was found.
    pub fn read() -> Result<Self, Problem> {
        let mut bytes = Vec::new();
        let read = io::stdin().lock().take(MOST + 1).read_to_end(&mut bytes);
        read.map_err(|error| Problem::failed(format!("{PLACE}: {error}")))?;
        Self::parse(&bytes)
    }

    fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let wrong = |why: String| Problem::input(format!("{PLACE}{why}"));
        if bytes.len() as u64 > MOST {
            return Err(wrong(format!(": expected at most {MOST} bytes, found more")));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| wrong(format!(": expected UTF-8: {error}")))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text); // Windows PowerShell writes a byte order mark.
        if text.trim().is_empty() {
            return Err(wrong(r#": expected the properties of an instance, such as {"manifest": "C:\\Program Files\\reconcile\\manifest.yaml"}, found nothing"#.into()));
        }
        // Types made of fields also accept a list of their values.
        if !text.trim_start().starts_with('{') {
            return Err(wrong(":1:1: expected a JSON object, found something else".into()));
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        let read = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let (path, error) = (error.path().to_string(), error.into_inner());
            // `.` is the whole, a `?` stands for what could not be read so far, and an unknown field is named already.
            let named = path == "." || path.contains('?') || error.to_string().starts_with("unknown field");
            (if named { String::new() } else { format!("{path}: ") }, error)
        });
        let read = read.and_then(|read| reader.end().map(|()| read).map_err(|error| (String::new(), error)));
        read.map(Self).map_err(|(property, error)| {
            let (line, column, said) = (error.line(), error.column(), error.to_string());
            let said = said.split(" at line ").next().unwrap_or(&said);
            wrong(format!(":{line}:{column}: {property}{said}; `reconcile schema dsc` has all properties"))
        })
    }

    /// The path of the manifest, as it was given.
    pub fn manifest(&self) -> &str {
        &self.0.manifest
    }

    /// What it says of servers that only wait for their turn.
    pub const fn when_blocked(&self) -> Option<WhenBlocked> {
        self.0.when_blocked
    }

    /// Whether a server that only waits for its turn is no failure.
    pub const fn lets_wait(&self) -> bool {
        matches!(self.0.when_blocked, Some(WhenBlocked::Warn))
    }

    /// The requested servers: one, or all that can be reached.
    pub fn servers(&self) -> &[ServerName] {
        self.0.server.as_slice()
    }

    /// The manifest.
    ///
    /// # Errors
    /// As [`Input::read`].
    pub fn input(&self) -> Result<Input, Problem> {
        Input::read(Path::new(self.manifest()))
    }

    /// The one requested server, with its site and its goal.
    ///
    /// # Errors
    /// When the manifest cannot be used, or the request does not identify one server.
    pub fn server(&self) -> Result<(Input, Site, Goal), Problem> {
        let input = self.input()?;
        let (site, goals) = Site::open(&input, self.servers())?;
        let several = |goals: Vec<Goal>| {
            let names: Vec<_> = goals.iter().map(|goal| goal.server.to_string()).collect();
            let (count, names) = (names.len(), names.join(", "));
            Problem::input(format!(
                "{PLACE}: expected `server`, since {} has {count} servers; they are: {names}",
                self.manifest()
            ))
        };
        let [goal] = goals.try_into().map_err(several)?;
        Ok((input, site, goal))
    }

    /// Whether the request asks for the removal of a product that is there, or may be. Where it is missing, as in an exported
    /// document, there is nothing to remove, and the declaration of the manifest counts.
    pub fn wants_removal(&self, found: &DscInstance) -> bool {
        self.0.exist == Some(false) && found.exist != Some(false)
    }

    /// Refuses to remove a product.
    ///
    /// # Errors
    /// When the request asks for that.
    pub fn wants_the_product(&self, found: &DscInstance) -> Result<(), Problem> {
        if self.wants_removal(found) {
            return Err(Problem::input(format!(
                "{PLACE}: `_exist` is false, but reconcile removes no product and no update; leave `_exist` out"
            )));
        }
        Ok(())
    }

    /// Whether `found` has every requested property; manifest and server were checked before.
    ///
    /// # Errors
    /// Never, except for a defect: both are JSON.
    pub fn fits(&self, found: &DscInstance) -> Result<bool, Problem> {
        const NO_STATE: [&str; 5] = ["server", "whenBlocked", "_name", "_metadata", "_restartRequired"];
        let (asked, found) = (fields(&self.0)?, fields(found)?);
        let mut asked = asked.iter().filter(|(name, _)| !NO_STATE.contains(&name.as_str()));
        Ok(asked.all(|(name, value)| found.get(name) == Some(value)))
    }
}
