//! Together's requests: width and height for a size, its own word for base64. Its answers are those of OpenAI.
//!
//! Source: <https://docs.together.ai/reference/post-images-generations>.

use super::{Delivery, ImagesRequest};
use crate::openai::json::object;
use crate::written::Written;

pub use crate::openai::images::read_answer;

/// The request for Together.
#[must_use]
pub fn write_request(request: &ImagesRequest) -> Written {
    let mut dropped = Vec::new();
    dropped.extend(request.quality.iter().map(|_| "quality".to_owned()));
    if request.size.as_deref().is_some_and(|size| size != "auto") && request.points().is_none() {
        dropped.push("size".to_owned());
    }
    dropped.extend(request.user.iter().map(|_| "user".to_owned()));
    let mut body = Vec::new();
    object(&mut body, |body| {
        body.put("model", &request.model);
        body.put("prompt", &request.prompt);
        body.some("n", request.count);
        if let Some((width, height)) = request.points() {
            body.put("width", width);
            body.put("height", height);
        }
        body.some(
            "response_format",
            request.delivery.map(|delivery| match delivery {
                Delivery::Url => "url",
                Delivery::Base64 => "base64",
            }),
        );
        for (name, value) in &request.extra {
            body.put(name, value);
        }
    });
    Written { body, dropped }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openai::images::read_request;

    #[test]
    fn a_size_is_a_width_and_a_height() {
        let of = |body: &[u8]| write_request(&read_request(body).unwrap());
        let written = of(br#"{"model":"m","prompt":"cat","n":2,"size":"1024x768","response_format":"b64_json","steps":4,"user":"u"}"#);
        assert_eq!(
            String::from_utf8(written.body).unwrap(),
            r#"{"model":"m","prompt":"cat","n":2,"width":1024,"height":768,"response_format":"base64","steps":4}"#
        );
        assert_eq!(written.dropped, ["user"]);
        assert_eq!(
            of(br#"{"model":"m","prompt":"cat","size":"large"}"#).dropped,
            ["size"]
        );
        assert!(
            of(br#"{"model":"m","prompt":"cat","size":"auto"}"#)
                .dropped
                .is_empty()
        );
    }
}
