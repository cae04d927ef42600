//! `/v1/images/generations`, both sides.
//!
//! Source: openai-python 3.54, `types/image_generate_params.py` and `types/images_response.py`.

use serde_json::Value;

use super::fields::Fields;
use super::json::{Object, object};
use crate::chat::{Extra, Media};
use crate::error::Malformed;
use crate::images::{Delivery, Image, ImagesAnswer, ImagesRequest, media_type_of};
use crate::written::Written;

/// What a caller asks for.
pub fn read_request(body: &[u8]) -> Result<ImagesRequest, Malformed> {
    let mut fields = Fields::read(body)?;
    if fields.flag("stream")? == Some(true) {
        return Err(Malformed::new(
            "stream",
            "must be false: pictures are given whole here, not piece by piece",
        ));
    }
    let delivery = match fields.text("response_format")?.as_deref() {
        None => None,
        Some("url") => Some(Delivery::Url),
        Some("b64_json") => Some(Delivery::Base64),
        Some(other) => {
            return Err(Malformed::new(
                "response_format",
                format!("must be `url` or `b64_json`, not `{other}`"),
            ));
        }
    };
    let mut request = ImagesRequest {
        model: fields.text("model")?.unwrap_or_default(),
        prompt: fields.needed_text("prompt")?,
        count: fields.count("n")?,
        size: fields.text("size")?,
        delivery,
        quality: fields.text("quality")?,
        user: fields.text("user")?,
        extra: Extra::new(),
    };
    request.extra = fields.rest();
    request.extra.retain(|_, value| !value.is_null());
    Ok(request)
}

/// The request for a provider.
#[must_use]
pub fn write_request(request: &ImagesRequest) -> Written {
    let mut body = Vec::new();
    object(&mut body, |body| {
        body.put("model", &request.model);
        body.put("prompt", &request.prompt);
        body.some("n", request.count);
        body.some("size", request.size.as_ref());
        body.some(
            "response_format",
            request.delivery.map(|delivery| match delivery {
                Delivery::Url => "url",
                Delivery::Base64 => "b64_json",
            }),
        );
        body.some("quality", request.quality.as_ref());
        body.some("user", request.user.as_ref());
        for (name, value) in &request.extra {
            body.put(name, value);
        }
    });
    Written {
        body,
        dropped: Vec::new(),
    }
}

/// What a provider answered.
pub fn read_answer(body: &[u8]) -> Result<ImagesAnswer, Malformed> {
    let mut fields = Fields::read(body)?;
    let data = fields
        .list("data")?
        .ok_or_else(|| Malformed::new("data", "is missing; it must be an array of pictures"))?;
    let created = fields.integer("created")?;
    let images = data
        .into_iter()
        .enumerate()
        .map(|(place, image)| read_image(image, format!("data[{place}]")))
        .collect::<Result<_, _>>()?;
    Ok(ImagesAnswer {
        created,
        images,
        extra: fields.rest(),
    })
}

fn read_image(image: Value, path: String) -> Result<Image, Malformed> {
    let mut image = Fields::of(image, path)?;
    let media = if let Some(data) = image.text("b64_json")? {
        Media::Inline {
            media_type: media_type_of(&data).to_owned(),
            data,
        }
    } else if let Some(url) = image.text("url")? {
        Media::Url(url)
    } else {
        return Err(Malformed::new(
            image.at("b64_json"),
            "is missing; there is no `url` either",
        ));
    };
    Ok(Image {
        media,
        revised_prompt: image.text("revised_prompt")?,
    })
}

/// The answer for a caller. Bytes become a `data:` URL where an address is wanted; an address stays one where bytes are
/// wanted, as nothing is fetched here.
#[must_use]
pub fn write_answer(answer: &ImagesAnswer, delivery: Option<Delivery>) -> Vec<u8> {
    let mut out = Vec::new();
    object(&mut out, |body| {
        body.put("created", answer.created.unwrap_or(0));
        body.list("data", &answer.images, |out, image| {
            object(out, |one| write_image(one, image, delivery));
        });
        for (name, value) in &answer.extra {
            body.put(name, value);
        }
    });
    out
}

fn write_image(one: &mut Object<'_>, image: &Image, delivery: Option<Delivery>) {
    match (&image.media, delivery) {
        (Media::Inline { media_type, data }, Some(Delivery::Url)) => {
            one.put("url", format!("data:{media_type};base64,{data}"));
        }
        (Media::Inline { data, .. }, _) => one.put("b64_json", data),
        (Media::Url(url) | Media::Stored(url), _) => one.put("url", url),
    }
    one.some("revised_prompt", image.revised_prompt.as_ref());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_passed_on_as_it_was_meant() {
        let body = r#"{"model":"m","prompt":"cat","n":1,"size":"1024x1024","response_format":"url","quality":"hd","user":"u","style":"vivid"}"#;
        let request = read_request(body.as_bytes()).unwrap();
        assert_eq!(request.points(), Some((1024, 1024)));
        assert_eq!(
            String::from_utf8(write_request(&request).body).unwrap(),
            body
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let complaint =
            |body: &str| read_request(body.as_bytes()).map_err(|error| error.to_string());
        assert_eq!(
            complaint("{}"),
            Err("`prompt` is missing; it must be a string".to_owned())
        );
        assert_eq!(
            complaint(r#"{"prompt":"p","response_format":"png"}"#),
            Err("`response_format` must be `url` or `b64_json`, not `png`".to_owned())
        );
        assert!(complaint(r#"{"prompt":"p","stream":true}"#).is_err());
    }

    #[test]
    fn the_caller_gets_pictures_as_it_wants_them() {
        let answer = read_answer(
            br#"{"created":7,"data":[{"b64_json":"UklGRh4","revised_prompt":"a cat"},{"index":1,"url":"https://a.example/c.png"}],
                "usage":{"total_tokens":3,"input_tokens":1,"output_tokens":2,"input_tokens_details":{"image_tokens":0,"text_tokens":1}}}"#,
        )
        .unwrap();
        insta::assert_snapshot!(
            String::from_utf8(write_answer(&answer, Some(Delivery::Url))).unwrap()
        );
        insta::assert_snapshot!(String::from_utf8(write_answer(&answer, None)).unwrap());
        assert!(read_answer(br#"{"data":[{}]}"#).is_err());
        assert!(read_answer(br#"{"error":{}}"#).is_err());
    }
}
