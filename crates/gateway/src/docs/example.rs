//! A call that can be copied into a terminal.

use std::fmt::Write;

use guichet_catalogue::model::{Method, Operation};
use serde_json::{Map, Value};
use url::form_urlencoded::byte_serialize;

/// The call with `curl`, up to the server's address and from there on; the key comes from the variable `GUICHET_KEY`.
pub(super) fn curl(operation: &Operation, parameters: &Map<String, Value>) -> [String; 2] {
    let path = format!("/api/{}", operation.id);
    let key = "-H \"Authorization: Bearer $GUICHET_KEY\"";
    match operation.method {
        Method::Get => [
            format!("curl {key} '"),
            format!(
                "{}'",
                within_quotes(&format!("{path}{}", query(parameters)))
            ),
        ],
        Method::Post => {
            let body = within_quotes(&Value::Object(parameters.clone()).to_string());
            [
                format!("curl {key} --json '{body}' '"),
                format!("{}'", within_quotes(&path)),
            ]
        }
    }
}

fn query(parameters: &Map<String, Value>) -> String {
    let mut query = String::new();
    for (index, (name, value)) in parameters.iter().enumerate() {
        let mark = if index == 0 { '?' } else { '&' };
        let written = write!(query, "{mark}{name}={}", encoded(value));
        debug_assert!(written.is_ok(), "a string takes everything");
    }
    query
}

/// Commas stay readable: they need no encoding in a query.
fn encoded(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(encoded).collect::<Vec<_>>().join(","),
        Value::String(text) => byte_serialize(text.as_bytes())
            .collect::<String>()
            .replace("%2C", ","),
        other => other.to_string(),
    }
}

/// Safe between a shell's single quotes.
fn within_quotes(text: &str) -> String {
    text.replace('\'', r"'\''")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_encoded_and_lists_stay_readable() {
        let Value::Object(parameters) =
            json!({"ids": ["bitcoin", "ether eum"], "place": "48.85,2.35", "days": 3})
        else {
            unreachable!("it is an object")
        };
        let query = query(&parameters);
        assert!(query.contains("ids=bitcoin,ether+eum"), "{query}");
        assert!(query.contains("place=48.85,2.35"), "{query}");
        assert!(query.contains("days=3"), "{query}");
    }

    #[test]
    fn a_quote_does_not_end_the_word() {
        assert_eq!(within_quotes("it's"), r"it'\''s");
    }
}
