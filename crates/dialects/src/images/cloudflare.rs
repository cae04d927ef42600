//! Cloudflare's models of pictures: one picture a call, its answer bare bytes or JSON with base64, as the model likes.
//!
//! Source: <https://developers.cloudflare.com/workers-ai/models/>, the models of the task "Text-to-Image".

use super::{Image, ImagesAnswer, ImagesRequest, media_type_of};
use crate::base64;
use crate::chat::Media;
use crate::error::Malformed;
use crate::openai::{fields::Fields, json::object};
use crate::written::Written;

/// The request for `…/ai/run/{model}`: the model stands in the path.
#[must_use]
pub fn write_request(request: &ImagesRequest) -> Written {
    let mut dropped = Vec::new();
    if request.count.is_some_and(|count| count > 1) {
        dropped.push("n".to_owned());
    }
    dropped.extend(request.quality.iter().map(|_| "quality".to_owned()));
    if request.size.as_deref().is_some_and(|size| size != "auto") && request.points().is_none() {
        dropped.push("size".to_owned());
    }
    dropped.extend(request.user.iter().map(|_| "user".to_owned()));
    let mut body = Vec::new();
    object(&mut body, |body| {
        body.put("prompt", &request.prompt);
        if let Some((width, height)) = request.points() {
            body.put("width", width);
            body.put("height", height);
        }
        for (name, value) in &request.extra {
            body.put(name, value);
        }
    });
    Written { body, dropped }
}

/// What Cloudflare answered: JSON if it begins like it, or else the picture itself. No picture begins with a brace.
pub fn read_answer(body: &[u8]) -> Result<ImagesAnswer, Malformed> {
    if body.is_empty() {
        return Err(Malformed::new(
            "",
            "the body is empty; it must be a picture",
        ));
    }
    let data = if body.trim_ascii_start().first() == Some(&b'{') {
        read_json(body)?
    } else {
        base64::encode(body)
    };
    Ok(ImagesAnswer {
        images: vec![Image {
            media: Media::Inline {
                media_type: media_type_of(&data).to_owned(),
                data,
            },
            revised_prompt: None,
        }],
        ..ImagesAnswer::default()
    })
}

fn read_json(body: &[u8]) -> Result<String, Malformed> {
    let mut fields = Fields::read(body)?;
    match fields.object("result")? {
        Some(mut result) => result.needed_text("image"),
        None => fields.needed_text("image"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(body: &[u8]) -> Media {
        read_answer(body).unwrap().images.remove(0).media
    }

    #[test]
    fn a_picture_is_the_body_or_stands_in_it() {
        let jpeg = |data: &str| Media::Inline {
            media_type: "image/jpeg".to_owned(),
            data: data.to_owned(),
        };
        assert_eq!(
            image(br#"{"result":{"image":"/9j/4AAQ"},"success":true,"errors":[]}"#),
            jpeg("/9j/4AAQ")
        );
        assert_eq!(image(br#"{"image":"/9j/4AAQ"}"#), jpeg("/9j/4AAQ"));
        assert_eq!(image(b"\xff\xd8\xff\xe0\x00\x10"), jpeg("/9j/4AAQ"));
        assert!(read_answer(br#"{"success":false,"errors":[{"code":3036}]}"#).is_err());
        assert!(read_answer(b"").is_err());
    }
}
