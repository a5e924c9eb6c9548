//! A small engine: it finds a resource and calls it as the documentation of Microsoft DSC v3 says, and takes nothing that
//! the real one refuses. One process for each operation, started in the folder of the resource's file.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use jsonschema::Validator;
use serde::Deserialize;
use serde_json::{Value, json};

/// Where an engine looks for the files of resources, and what that does to `PATH`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Search {
    /// In the folders of `PATH`.
    Path,
    /// In those of `DSC_RESOURCE_PATH`, which are `PATH` for the whole run: 3.1 and 3.2.
    Instead,
    /// In those of `DSC_RESOURCE_PATH`; programs are looked for in `PATH`: 3.3 and later.
    Beside,
}

/// A resource, as its file describes it. Fields that the engine does not know make it overlook the file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resource {
    #[serde(rename = "$schema")]
    pub schema_uri: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub version: semver::Version,
    pub description: String,
    pub get: Call,
    pub test: Call,
    pub set: Call,
    pub export: Call,
    pub exit_codes: BTreeMap<String, String>,
    pub schema: Schema,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Call {
    pub executable: PathBuf,
    pub args: Vec<Arg>,
    pub input: Input,
    pub r#return: Option<Return>,
    /// Whether `set` takes `_exist: false`. Otherwise the engine asks for `delete`.
    pub handles_exist: Option<bool>,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum Input {
    Stdin,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum Return {
    StateAndDiff,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Arg {
    Text(String),
    WhatIf {
        #[serde(rename = "whatIfArg")]
        argument: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Schema {
    Embedded(Value),
}

/// An engine that has found the resource.
pub struct Engine {
    pub resource: Resource,
    /// The folder of its file.
    folder: PathBuf,
    schema: Validator,
    search: Search,
    trace: Option<&'static str>,
    /// The processes that were started, by their arguments.
    pub started: RefCell<Vec<String>>,
    /// What they logged.
    pub logged: RefCell<Vec<(String, String)>>,
}

/// What `test` comes to.
pub struct Tested {
    pub actual: Value,
    pub in_desired_state: bool,
    pub differing: Vec<String>,
}

/// What `set` comes to. `changed` is nothing where `set` was not called.
pub struct Set {
    pub before: Value,
    pub after: Value,
    pub changed: Option<Vec<String>>,
    /// What was taken out of the state into the result's metadata.
    pub metadata: Value,
}

/// An operation that failed: the exit code, what the resource says that it means, and the errors that were logged.
#[derive(Debug)]
pub struct Failed {
    pub code: i32,
    pub meaning: String,
    pub errors: Vec<String>,
}

impl Engine {
    /// Finds the resource in a folder.
    pub fn find(folder: &Path, search: Search) -> Self {
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = files.filter(|path| path.to_str().unwrap().ends_with(".dsc.resource.json")).collect();
        let (Some(file), true) = (files.pop(), files.is_empty()) else { panic!("no one resource in {folder:?}") };
        let resource: Resource = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let Schema::Embedded(schema) = &resource.schema;
        let schema = jsonschema::draft202012::new(schema).unwrap();
        let folder = folder.to_owned();
        let (started, logged) = (RefCell::default(), RefCell::default());
        Self { resource, folder, schema, search, trace: None, started, logged }
    }

    /// Asks the resource to say so much.
    pub fn trace(self, level: &'static str) -> Self {
        Self { trace: Some(level), ..self }
    }

    /// How a resource stands.
    pub fn get(&self, properties: &Value) -> Result<Value, Failed> {
        self.valid("input", properties);
        let [state] = self.call(&self.resource.get, Some(properties), false)?.try_into().unwrap();
        self.valid("get", &state);
        Ok(state)
    }

    /// Whether it is in its desired state.
    pub fn test(&self, properties: &Value) -> Result<Tested, Failed> {
        self.valid("input", properties);
        let [actual, differing] = self.call(&self.resource.test, Some(properties), false)?.try_into().unwrap();
        self.valid("test", &actual);
        let in_desired_state = actual["_inDesiredState"].as_bool().unwrap();
        let differing = serde_json::from_value(differing).unwrap();
        Ok(Tested { actual, in_desired_state, differing })
    }

    /// Brings it there, or reports what that would do: test first, then get, then set.
    pub fn set(&self, properties: &Value, what_if: bool) -> Result<Set, Failed> {
        let deletes = properties["_exist"] == false && self.resource.set.handles_exist != Some(true);
        assert!(!deletes, "delete is asked for, and the resource has none: {properties}");
        let tested = self.test(properties)?;
        if tested.in_desired_state && !what_if {
            let (before, after) = (properties.clone(), tested.actual);
            return Ok(Set { before, after, changed: None, metadata: Value::Null });
        }
        let before = self.get(properties)?;
        let [mut after, changed] = self.call(&self.resource.set, Some(properties), what_if)?.try_into().unwrap();
        self.valid("set", &after);
        let metadata = after.as_object_mut().unwrap().remove("_metadata").unwrap_or_default();
        Ok(Set { before, after, changed: Some(serde_json::from_value(changed).unwrap()), metadata })
    }

    /// All instances.
    pub fn export(&self, filter: Option<&Value>) -> Result<Vec<Value>, Failed> {
        filter.iter().for_each(|filter| self.valid("filter", filter));
        let all = self.call(&self.resource.export, filter, false)?;
        all.iter().for_each(|instance| self.valid("export", instance));
        Ok(all)
    }

    /// All instances as a document: what `_name` says is the name of the instance, and no property of it.
    pub fn exported(&self, filter: &Value) -> Vec<(String, Value)> {
        let named = |mut instance: Value| match instance.as_object_mut().unwrap().remove("_name") {
            Some(Value::String(name)) => (name, instance),
            name => panic!("no name: {name:?}"),
        };
        self.export(Some(filter)).unwrap().into_iter().map(named).collect()
    }

    /// What the engine says of properties that the schema refuses: no property is named in it, unless the schema names it.
    pub fn refuses(&self, properties: &Value) -> Vec<String> {
        self.schema.iter_errors(properties).map(|error| error.to_string()).collect()
    }

    /// Runs a document: one instance after the other, until one fails. What came before is lost with it.
    pub fn run<T>(
        &self,
        document: &[(String, Value)],
        operation: impl Fn(&Self, &Value) -> Result<T, Failed>,
    ) -> Result<Vec<T>, (String, Failed)> {
        let one = |(name, properties): &(String, Value)| operation(self, properties).map_err(|why| (name.clone(), why));
        document.iter().map(one).collect()
    }

    fn valid(&self, what: &str, value: &Value) {
        let errors: Vec<_> = self.schema.iter_errors(value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{what}: {errors:?}\n{value}");
    }

    /// The values that a process prints.
    fn call(&self, call: &Call, input: Option<&Value>, what_if: bool) -> Result<Vec<Value>, Failed> {
        let args = call.args.iter().filter_map(|arg| match arg {
            Arg::Text(text) => Some(text.as_str()),
            Arg::WhatIf { argument } => what_if.then_some(argument),
        });
        let args: Vec<_> = args.collect();
        self.started.borrow_mut().push(args.join(" "));
        let input = input.map(ToString::to_string);
        let (code, out, err) = self.process(&call.executable, &args, input.as_deref().map(str::as_bytes));
        let said: Vec<_> =
            err.lines().map(|line| logged(line).unwrap_or_else(|| panic!("not to be read: {line}"))).collect();
        self.logged.borrow_mut().extend(said.iter().cloned());
        if code == 0 {
            return Ok(values(&out).unwrap_or_else(|why| panic!("{why}: {}", String::from_utf8_lossy(&out))));
        }
        let meaning = self.resource.exit_codes.get(&code.to_string());
        let meaning = meaning.unwrap_or_else(|| panic!("nothing says what {code} means")).clone();
        let errors = said.into_iter().filter(|(level, _)| level == "error").map(|(_, text)| text).collect();
        Err(Failed { code, meaning, errors })
    }

    /// Runs a program of the resource. Its handles are pipes, or nothing.
    #[expect(clippy::disallowed_methods, reason = "the child is the program that is tested")]
    pub fn process(&self, program: &Path, args: &[&str], input: Option<&[u8]>) -> (i32, Vec<u8>, String) {
        let nowhere = self.folder.join("nowhere"); // No program of ours lies in PATH.
        let path = if self.search == Search::Beside { nowhere } else { self.folder.clone() };
        let named = [path.join(program), self.folder.join(program)]; // Joined, a whole path stays what it is.
        let program = named.iter().find(|path| path.is_file()).unwrap_or_else(|| panic!("no program {program:?}"));
        let mut command = Command::new(program);
        command.args(args).current_dir(&self.folder).env("PATH", &path).env_remove("DSC_TRACE_LEVEL");
        match self.search {
            Search::Path => command.env_remove("DSC_RESOURCE_PATH"),
            Search::Instead | Search::Beside => command.env("DSC_RESOURCE_PATH", &self.folder),
        };
        command.envs(self.trace.map(|level| ("DSC_TRACE_LEVEL", level)));
        command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        if let Some(input) = input {
            child.stdin.take().unwrap().write_all(input).unwrap(); // Closed then.
        }
        let ended = child.wait_with_output().unwrap();
        (ended.status.code().unwrap(), ended.stdout, String::from_utf8(ended.stderr).unwrap())
    }
}

/// The values that were printed, one to a line: UTF-8 without a mark at its beginning, and nothing else.
pub fn values(out: &[u8]) -> Result<Vec<Value>, String> {
    let text = str::from_utf8(out).map_err(|error| error.to_string())?;
    if text.trim().is_empty() {
        return Err("nothing was printed".into());
    }
    text.lines().map(|line| serde_json::from_str(line).map_err(|error| error.to_string())).collect()
}

/// What a line of standard error says, and at which level: an object with the level as its one key, or an event of
/// tracing-subscriber that is not flattened. Anything else the engine does not understand.
pub fn logged(line: &str) -> Option<(String, String)> {
    const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];
    let value: Value = serde_json::from_str(line).ok()?;
    if let (Some(level), Some(message)) = (value["level"].as_str(), value["fields"]["message"].as_str()) {
        let level = level.to_lowercase();
        return LEVELS.contains(&level.as_str()).then(|| (level, message.to_owned()));
    }
    LEVELS.iter().find_map(|level| Some(((*level).to_owned(), value.get(level)?.as_str()?.to_owned())))
}

/// Properties that name a manifest and a server.
pub fn asks(manifest: &str, server: &str) -> Value {
    json!({ "manifest": manifest, "server": server })
}
