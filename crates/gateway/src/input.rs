//! What a caller sends to an operation: a query string, a JSON object, or both.

use bytes::Bytes;
use guichet_catalogue::parameters::InvalidParameter;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, Method};
use serde_json::{Map, Value};

use crate::codes::Code;
use crate::problem::Problem;
use crate::refusal;

/// The parameters as they were sent, unchecked.
pub(crate) fn read(head: &Parts, body: &Bytes) -> Result<Map<String, Value>, Problem> {
    let query = from_query(head.uri.query().unwrap_or_default());
    if head.method != Method::POST || body.is_empty() {
        return Ok(query);
    }
    require_json(&head.headers)?;
    merge(query, from_json(body)?)
}

/// A name that comes several times is a list.
fn from_query(query: &str) -> Map<String, Value> {
    let mut parameters = Map::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let value = Value::from(value.into_owned());
        match parameters.get_mut(&*name) {
            None => {
                parameters.insert(name.into_owned(), value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    parameters
}

fn from_json(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(parameters)) => Ok(parameters),
        Ok(_) => Err(Problem::new(
            Code::BodyNotAnObject,
            "the body must be one JSON object whose members are the parameters",
        )),
        Err(error) => Err(Problem::new(Code::MalformedJson, error.to_string())),
    }
}

fn merge(
    mut query: Map<String, Value>,
    body: Map<String, Value>,
) -> Result<Map<String, Value>, Problem> {
    let twice: Vec<_> = body
        .keys()
        .filter(|name| query.contains_key(*name))
        .map(|name| given_twice(name))
        .collect();
    if !twice.is_empty() {
        return Err(refusal::invalid(twice));
    }
    query.extend(body);
    Ok(query)
}

fn given_twice(name: &str) -> InvalidParameter {
    InvalidParameter {
        name: name.to_owned(),
        reason: "is given twice: in the query and in the body".into(),
        allowed: None,
        nearest: None,
    }
}

fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let declared = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = declared.split(';').next().unwrap_or_default().trim();
    let is_json = essence.eq_ignore_ascii_case("application/json")
        || (essence.len() > 5
            && essence.is_char_boundary(essence.len() - 5)
            && essence[essence.len() - 5..].eq_ignore_ascii_case("+json"));
    if is_json {
        return Ok(());
    }
    Err(Problem::new(
        Code::UnsupportedMediaType,
        "send the body as `Content-Type: application/json`",
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn post(media_type: Option<&str>, body: &'static str) -> Result<Value, (Code, String)> {
        let mut request = http::Request::post("/api/tools/hash?algorithm=sha256");
        if let Some(media_type) = media_type {
            request = request.header(CONTENT_TYPE, media_type);
        }
        let (head, body) = request
            .body(Bytes::from_static(body.as_bytes()))
            .unwrap()
            .into_parts();
        read(&head, &body)
            .map(Value::Object)
            .map_err(|problem| (problem.code, problem.detail().to_owned()))
    }

    #[test]
    fn a_query_is_decoded_and_repeated_names_become_a_list() {
        let read = Value::Object(from_query("q=caf%C3%A9+noir&id=1&id=2&id=3&empty=&flag"));
        assert_eq!(
            read,
            json!({"q": "café noir", "id": ["1", "2", "3"], "empty": "", "flag": ""})
        );
    }

    #[test]
    fn a_body_and_a_query_are_read_together() {
        let both = json!({"algorithm": "sha256", "text": "a"});
        assert_eq!(
            post(Some("application/json; charset=utf-8"), r#"{"text": "a"}"#),
            Ok(both)
        );
        assert_eq!(post(None, ""), Ok(json!({"algorithm": "sha256"})));
        assert_eq!(
            post(Some("application/json"), r#"{"algorithm": "md5"}"#)
                .unwrap_err()
                .0,
            Code::InvalidParameters
        );
    }

    #[test]
    fn a_wrong_body_is_told_what_is_wrong() {
        assert_eq!(
            post(Some("text/plain"), "{}").unwrap_err().0,
            Code::UnsupportedMediaType
        );
        assert_eq!(post(None, "{}").unwrap_err().0, Code::UnsupportedMediaType);
        assert_eq!(
            post(Some("application/json"), "[1]").unwrap_err().0,
            Code::BodyNotAnObject
        );
        let (code, detail) = post(Some("application/json"), "{\n  \"text\": }").unwrap_err();
        assert_eq!(code, Code::MalformedJson);
        assert_eq!(detail, "expected value at line 2 column 11");
    }
}
