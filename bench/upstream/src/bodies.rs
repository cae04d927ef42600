//! The answers to `GET`: files given on the command line, and a body of about 1 KB for any other path.

use std::fmt::Write;
use std::str::FromStr;

use bytes::Bytes;

/// A body read from a file, answered where the path begins with `prefix`.
#[derive(Clone, Debug)]
pub(crate) struct PreparedBody {
    prefix: String,
    body: Bytes,
}

impl FromStr for PreparedBody {
    type Err = String;

    /// Parses `PATH=FILE` and reads the file.
    fn from_str(text: &str) -> Result<Self, String> {
        let (prefix, file) = text
            .split_once('=')
            .filter(|(prefix, _)| prefix.starts_with('/'))
            .ok_or("expected /PATH=FILE")?;
        let body = std::fs::read(file).map_err(|error| format!("{file}: {error}"))?;
        Ok(Self {
            prefix: prefix.to_owned(),
            body: body.into(),
        })
    }
}

/// All bodies, most specific prefix first.
pub(crate) struct Bodies {
    prepared: Vec<PreparedBody>,
    default: Bytes,
}

impl Bodies {
    pub(crate) fn new(mut prepared: Vec<PreparedBody>) -> Self {
        prepared.sort_by_key(|body| std::cmp::Reverse(body.prefix.len()));
        Self {
            prepared,
            default: ten_rows(),
        }
    }

    pub(crate) fn of(&self, path: &str) -> Bytes {
        self.prepared
            .iter()
            .find(|prepared| path.starts_with(&prepared.prefix))
            .map_or(&self.default, |prepared| &prepared.body)
            .clone()
    }
}

/// A table as data APIs give it: JSON, about 1 KB.
fn ten_rows() -> Bytes {
    let mut body = String::from(r#"{"rows":["#);
    for row in 0..10 {
        let comma = if row == 0 { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(
            body,
            r#"{comma}{{"id":{row},"name":"row number {row}","value":{row}.5,"unit":"none","updated":"2026-01-01T00:00:0{row}Z"}}"#
        );
    }
    body.push_str(r#"],"next":null}"#);
    body.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(prefix: &str, body: &'static str) -> PreparedBody {
        PreparedBody {
            prefix: prefix.to_owned(),
            body: body.into(),
        }
    }

    #[test]
    fn the_longest_prefix_answers() {
        let bodies = Bodies::new(vec![
            prepared("/v1", "short"),
            prepared("/v1/forecast", "long"),
        ]);
        assert_eq!(bodies.of("/v1/forecast"), "long");
        assert_eq!(bodies.of("/v1/other"), "short");
    }

    #[test]
    fn any_other_path_gets_about_a_kilobyte_of_json() {
        let body = Bodies::new(Vec::new()).of("/data");
        assert!((900..1200).contains(&body.len()), "{} bytes", body.len());
        let value: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(value["rows"].as_array().unwrap().len(), 10);
    }
}
