//! How one JSON value differs from another, place by place.

use serde_json::Value;

/// One line for each place that differs: `data.temperature_c: expected 12.3, got 12.4`.
pub(super) fn between(expected: &Value, got: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    compare("", expected, got, &mut lines);
    lines
}

fn compare(path: &str, expected: &Value, got: &Value, lines: &mut Vec<String>) {
    match (expected, got) {
        (Value::Object(left), Value::Object(right)) => {
            for (name, value) in left {
                let path = below(path, name);
                match right.get(name) {
                    Some(other) => compare(&path, value, other, lines),
                    None => lines.push(format!("{path}: expected {value}, got nothing")),
                }
            }
            let more = right.iter().filter(|(name, _)| !left.contains_key(*name));
            lines.extend(more.map(|(name, value)| {
                format!("{}: got {value}, expected nothing", below(path, name))
            }));
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (index, (value, other)) in left.iter().zip(right).enumerate() {
                compare(&format!("{path}[{index}]"), value, other, lines);
            }
        }
        (left, right) if left != right => {
            lines.push(format!("{path}: expected {left}, got {right}"));
        }
        _ => {}
    }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_place_that_differs_has_its_line() {
        let expected = json!({"class": "ok", "data": {"a": 1, "b": [1, 2], "c": [1]}});
        let got = json!({"class": "ok", "data": {"b": [1, 3], "c": [1, 2], "d": null}});
        assert_eq!(
            between(&expected, &got),
            [
                "data.a: expected 1, got nothing",
                "data.b[1]: expected 2, got 3",
                "data.c: expected [1], got [1,2]",
                "data.d: got null, expected nothing",
            ]
        );
        assert!(between(&expected, &expected).is_empty());
    }
}
