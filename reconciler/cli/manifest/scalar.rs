//! The meaning of a plain scalar of YAML: by the core schema of YAML 1.2.2, 10.3.2.

use serde_json::{Number, Value};

/// The value of a plain scalar; nothing, if it is a number that is not finite.
pub fn value(text: &str) -> Option<Value> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Value::Null),
        "true" | "True" | "TRUE" => return Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Some(Value::Bool(false)),
        _ => {}
    }
    if let Some(whole) = whole(text) {
        return Some(Value::from(whole));
    }
    match number(text) {
        Some(number) => Number::from_f64(number).map(Value::Number),
        None => Some(Value::from(text)),
    }
}

fn whole(text: &str) -> Option<i64> {
    let digits = |prefix| text.strip_prefix(prefix).filter(|digits: &&str| !digits.starts_with(['+', '-']));
    match (digits("0x"), digits("0o")) {
        (Some(hexadecimal), _) => i64::from_str_radix(hexadecimal, 16).ok(),
        (None, Some(octal)) => i64::from_str_radix(octal, 8).ok(),
        (None, None) => text.parse().ok(),
    }
}

fn number(text: &str) -> Option<f64> {
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Some(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
        // Texts that Rust reads as a number and YAML does not, such as `inf`, have no digit.
        _ if text.bytes().any(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_scalar_is_what_the_core_schema_says() {
        let table = [
            ("", json!(null)),
            ("~", json!(null)),
            ("NULL", json!(null)),
            ("nULL", json!("nULL")),
            ("True", json!(true)),
            ("FALSE", json!(false)),
            ("yes", json!("yes")),
            ("off", json!("off")),
            ("12", json!(12)),
            ("-12", json!(-12)),
            ("+12", json!(12)),
            ("014", json!(14)),
            ("0x1F", json!(31)),
            ("0o17", json!(15)),
            ("0x-5", json!("0x-5")),
            ("0o+7", json!("0o+7")),
            ("0b1", json!("0b1")),
            ("5.10", json!(5.1)),
            ("1e3", json!(1000.0)),
            ("9223372036854775808", json!(9_223_372_036_854_775_808.0)),
            ("5.0.8308.1149", json!("5.0.8308.1149")),
            ("inf", json!("inf")),
            ("22:00", json!("22:00")),
            ("1_000", json!("1_000")),
        ];
        for (text, expected) in table {
            assert_eq!(value(text), Some(expected), "{text}");
        }
        for text in [".inf", "-.INF", ".nan", "1e999"] {
            assert_eq!(value(text), None, "{text}");
        }
    }
}
