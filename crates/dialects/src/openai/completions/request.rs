//! A completions request read into the common form.
//!
//! Source: openai-python 3.54, `types/completion_create_params.py`.

use serde_json::Value;

use crate::chat::{Extra, Message, Part, Request, Role, Sampling};
use crate::error::Malformed;
use crate::openai::fields::{Fields, wrong};

/// What a caller asks of `/v1/completions`.
pub fn read_request(body: &[u8]) -> Result<Request, Malformed> {
    let mut fields = Fields::read(body)?;
    if fields
        .text("suffix")?
        .is_some_and(|suffix| !suffix.is_empty())
    {
        return Err(Malformed::new(
            "suffix",
            "cannot be used: no text can be put before a given end in a conversation; leave it out",
        ));
    }
    let model = fields.needed_text("model")?;
    let prompt = read_prompt(&mut fields)?;
    let stream_usage = match fields.object("stream_options")? {
        Some(mut options) => options.flag("include_usage")?.unwrap_or(false),
        None => false,
    };
    // It is the answer's matter: see `Echo`.
    fields.flag("echo")?;
    let mut request = Request {
        model,
        messages: vec![Message {
            role: Role::User,
            name: None,
            parts: vec![Part::text(prompt)],
            extra: Extra::new(),
        }],
        sampling: read_sampling(&mut fields)?,
        stream: fields.flag("stream")?.unwrap_or(false),
        stream_usage,
        user: fields.text("user")?,
        ..Request::default()
    };
    request.extra = fields.rest();
    request.extra.retain(|_, value| !value.is_null());
    Ok(request)
}

/// The one text to go on with.
pub(super) fn read_prompt(fields: &mut Fields) -> Result<String, Malformed> {
    const TOKENS: &str = "must be text: tokens mean something else to each model";
    match fields.take("prompt") {
        None => Err(Malformed::new("prompt", "is missing; it must be a string")),
        Some(Value::String(prompt)) => Ok(prompt),
        Some(Value::Array(prompts)) => match <[Value; 1]>::try_from(prompts) {
            Ok([Value::String(prompt)]) => Ok(prompt),
            Ok([Value::Array(_) | Value::Number(_)]) => Err(Malformed::new("prompt", TOKENS)),
            Ok([other]) => Err(wrong("prompt[0]", "a string", &other)),
            Err(prompts) if prompts.iter().any(|prompt| !prompt.is_string()) => {
                Err(Malformed::new("prompt", TOKENS))
            }
            Err(prompts) => Err(Malformed::new(
                "prompt",
                format!(
                    "must be one text, not {}: send a request for each",
                    prompts.len()
                ),
            )),
        },
        Some(other) => Err(wrong("prompt", "a string", &other)),
    }
}

/// Without `max_tokens` the old default of 16 does not hold: it cuts answers off, and nobody wants that today.
fn read_sampling(fields: &mut Fields) -> Result<Sampling, Malformed> {
    let choices = fields.count("n")?;
    if fields
        .count("best_of")?
        .is_some_and(|best_of| best_of > choices.unwrap_or(1))
    {
        return Err(Malformed::new(
            "best_of",
            "cannot be more than `n`: the best of several answers is not chosen here; use `n`",
        ));
    }
    let logprobs = fields.count("logprobs")?;
    Ok(Sampling {
        max_tokens: fields.count("max_tokens")?,
        temperature: fields.number("temperature")?,
        top_p: fields.number("top_p")?,
        frequency_penalty: fields.number("frequency_penalty")?,
        presence_penalty: fields.number("presence_penalty")?,
        seed: fields.integer("seed")?,
        stop: read_stop(fields)?,
        choices,
        logit_bias: fields.take("logit_bias"),
        logprobs: logprobs.map(|_| true),
        top_logprobs: logprobs.filter(|others| *others > 0),
        ..Sampling::default()
    })
}

fn read_stop(fields: &mut Fields) -> Result<Vec<String>, Malformed> {
    match fields.take("stop") {
        None => Ok(Vec::new()),
        Some(Value::String(stop)) => Ok(vec![stop]),
        Some(Value::Array(stops)) => stops
            .into_iter()
            .enumerate()
            .map(|(place, stop)| match stop {
                Value::String(stop) => Ok(stop),
                other => Err(wrong(format!("stop[{place}]"), "a string", &other)),
            })
            .collect(),
        Some(other) => Err(wrong("stop", "a string or an array of strings", &other)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Echo;
    use super::*;

    fn complaint(body: &Value) -> String {
        read_request(body.to_string().as_bytes())
            .map_or_else(|error| error.to_string(), |request| format!("{request:?}"))
    }

    #[test]
    fn a_prompt_is_what_the_user_says() {
        let body = json!({"model": "m", "prompt": ["Once"], "max_tokens": 5, "stop": "\n", "n": 2, "best_of": 2,
            "logprobs": 3, "echo": true, "suffix": null, "stream": true, "stream_options": {"include_usage": true},
            "min_tokens": 1})
        .to_string();
        let request = read_request(body.as_bytes()).unwrap();
        assert_eq!(request.messages[0].parts, [Part::text("Once")]);
        assert_eq!(request.sampling.max_tokens, Some(5));
        assert_eq!(request.sampling.stop, ["\n"]);
        assert_eq!(
            (request.sampling.logprobs, request.sampling.top_logprobs),
            (Some(true), Some(3))
        );
        assert!(request.stream && request.stream_usage);
        assert_eq!(Value::Object(request.extra), json!({"min_tokens": 1}));
        let echo = Echo::read(body.as_bytes()).unwrap();
        assert_eq!(
            echo,
            Echo {
                prompt: Some("Once".to_owned()),
                usage: true
            }
        );
    }

    #[test]
    fn no_default_cuts_an_answer_off() {
        let request = read_request(br#"{"model":"m","prompt":"x"}"#).unwrap();
        assert_eq!(request.sampling.max_tokens, None);
    }

    #[test]
    fn what_a_conversation_cannot_say_is_refused_with_the_way_out() {
        let with = |name: &str, value: Value| {
            let mut body = json!({"model": "m", "prompt": "x"});
            body[name] = value;
            complaint(&body)
        };
        assert_eq!(
            with("prompt", json!(["a", "b"])),
            "`prompt` must be one text, not 2: send a request for each"
        );
        for tokens in [
            json!([1, 2]),
            json!([[1, 2]]),
            json!([7]),
            json!([[1], [2]]),
        ] {
            assert_eq!(
                with("prompt", tokens),
                "`prompt` must be text: tokens mean something else to each model"
            );
        }
        assert!(with("suffix", json!("end")).starts_with("`suffix` cannot be used"));
        assert!(with("best_of", json!(3)).starts_with("`best_of` cannot be more than `n`"));
        assert_eq!(
            with("prompt", Value::Null),
            "`prompt` is missing; it must be a string"
        );
        assert_eq!(
            with("stop", json!(["a", 1])),
            "`stop[1]` must be a string, not a number"
        );
    }

    #[test]
    fn no_body_makes_the_reader_panic() {
        let whole = r#"{"model":"m","prompt":["é"],"stop":["\n"],"logit_bias":{"1":2}}"#;
        for end in 0..whole.len() {
            assert!(read_request(&whole.as_bytes()[..end]).is_err());
        }
    }
}
