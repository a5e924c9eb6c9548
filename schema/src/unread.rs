//! Fields of a document that its type did not read.
//!
//! Programs exchange documents, and their types accept unknown fields, because a later version may have added them.
//! Where somebody acts on every word of a document, this module finds out whether it had such fields.

use alloc::{format, string::String};

use serde_json::Value;

/// The place of the first field of `written` that is missing in `read`, as a JSON pointer. `read` is what the type
/// writes after it has read `written`. A field with an empty value (false, 0, empty) may be missing.
#[must_use]
pub fn unread(written: &Value, read: &Value) -> Option<String> {
    match (written, read) {
        (Value::Object(written), Value::Object(read)) => written.iter().find_map(|(name, value)| {
            let rest = match read.get(name) {
                Some(read) => unread(value, read)?,
                None if says_nothing(value) => return None,
                None => String::new(),
            };
            Some(format!("/{name}{rest}"))
        }),
        (Value::Array(written), Value::Array(read)) => (0..).zip(written).find_map(|(index, value)| {
            let rest = read.get(index).map_or_else(|| Some(String::new()), |read| unread(value, read))?;
            Some(format!("/{index}{rest}"))
        }),
        _ => None, // A value may have several spellings.
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}
