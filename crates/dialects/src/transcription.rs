//! Text from speech: a form with a file in it. The file is neither copied nor looked at; the small fields are read, and
//! the model's name may be put in place of the caller's.
//!
//! Source: openai-python 3.54, `types/audio/transcription_create_params.py`.

mod multipart;

use bytes::Bytes;

use crate::error::Malformed;

pub use multipart::{Form, LARGEST_FIELD, MOST_PARTS, PartOfForm};

/// A request for a transcription or a translation, and the form that it came as.
#[derive(Debug, Clone)]
pub struct TranscriptionRequest {
    /// The model, as the caller names it.
    pub model: String,
    /// The language of the speech, as two letters.
    pub language: Option<String>,
    /// What came before, or how words are spelled.
    pub prompt: Option<String>,
    /// The form of the answer.
    pub format: TranscriptFormat,
    /// 0 to 1.
    pub temperature: Option<f64>,
    /// Whether the answer comes as a stream.
    pub stream: bool,
    /// How many bytes the file has.
    pub file_bytes: usize,
    /// The file's name, as the caller gave it.
    pub file_name: Option<String>,
    form: Form,
}

/// The form of a transcript.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TranscriptFormat {
    /// An object with the text.
    #[default]
    Json,
    /// The text alone.
    Text,
    /// Subtitles.
    Srt,
    /// An object with segments or words and their times.
    VerboseJson,
    /// Subtitles for the web.
    Vtt,
    /// An object that tells who speaks.
    DiarizedJson,
}

const FORMATS: [(&str, TranscriptFormat); 6] = [
    ("json", TranscriptFormat::Json),
    ("text", TranscriptFormat::Text),
    ("srt", TranscriptFormat::Srt),
    ("verbose_json", TranscriptFormat::VerboseJson),
    ("vtt", TranscriptFormat::Vtt),
    ("diarized_json", TranscriptFormat::DiarizedJson),
];

impl TranscriptionRequest {
    /// Reads a request: its `content-type` and its body.
    pub fn read(content_type: &str, body: Bytes) -> Result<Self, Malformed> {
        let form = Form::read(content_type, body)?;
        let file = form
            .part("file")
            .ok_or_else(|| Malformed::new("file", "is missing; it must be a file of sound"))?;
        if file.content.is_empty() {
            return Err(Malformed::new(
                "file",
                "is empty; it must be a file of sound",
            ));
        }
        Ok(Self {
            model: form
                .text("model")?
                .filter(|model| !model.is_empty())
                .ok_or_else(|| Malformed::new("model", "is missing; it must be a string"))?
                .to_owned(),
            language: form.text("language")?.map(str::to_owned),
            prompt: form.text("prompt")?.map(str::to_owned),
            format: read_format(form.text("response_format")?)?,
            temperature: read_temperature(form.text("temperature")?)?,
            stream: matches!(form.text("stream")?, Some("true" | "True" | "1")),
            file_bytes: file.content.len(),
            file_name: file.file_name.clone(),
            form,
        })
    }

    /// The body with another model's name, in pieces that share the bytes of the caller's. Boundary and `content-type`
    /// stay the caller's.
    #[must_use]
    pub fn with_model(&self, model: &str) -> Vec<Bytes> {
        self.form.with("model", model)
    }
}

impl TranscriptFormat {
    /// The media type of the answer.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json | Self::VerboseJson | Self::DiarizedJson => "application/json",
            Self::Text | Self::Srt => "text/plain; charset=utf-8",
            Self::Vtt => "text/vtt; charset=utf-8",
        }
    }
}

fn read_format(word: Option<&str>) -> Result<TranscriptFormat, Malformed> {
    let Some(word) = word else {
        return Ok(TranscriptFormat::default());
    };
    let known = FORMATS.iter().find(|(name, _)| *name == word);
    known.map(|(_, format)| *format).ok_or_else(|| {
        Malformed::new(
            "response_format",
            "must be `json`, `text`, `srt`, `verbose_json`, `vtt` or `diarized_json`",
        )
    })
}

fn read_temperature(text: Option<&str>) -> Result<Option<f64>, Malformed> {
    text.map(|text| {
        let number = text
            .trim()
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite());
        number.ok_or_else(|| Malformed::new("temperature", "must be a number"))
    })
    .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=b0";

    fn form(fields: &[(&str, &str)]) -> Bytes {
        let mut body = String::new();
        for (name, value) in fields {
            body.push_str(&format!(
                "--b0\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        }
        body.push_str(
            "--b0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\nRIFF\r\n--b0--\r\n",
        );
        Bytes::from(body)
    }

    fn complaint(fields: &[(&str, &str)]) -> String {
        TranscriptionRequest::read(TYPE, form(fields))
            .map_or_else(|error| error.to_string(), |request| format!("{request:?}"))
    }

    #[test]
    fn the_small_fields_are_read_and_the_file_is_measured() {
        let request = TranscriptionRequest::read(
            TYPE,
            form(&[
                ("model", "whisper-1"),
                ("response_format", "verbose_json"),
                ("temperature", "0.2"),
                ("timestamp_granularities[]", "word"),
                ("timestamp_granularities[]", "segment"),
                ("stream", "true"),
            ]),
        )
        .unwrap();
        assert_eq!(request.model, "whisper-1");
        assert_eq!(request.format, TranscriptFormat::VerboseJson);
        assert_eq!(request.temperature, Some(0.2));
        assert!(request.stream);
        assert_eq!(
            (request.file_bytes, request.file_name.as_deref()),
            (4, Some("a.wav"))
        );
    }

    #[test]
    fn another_model_changes_that_field_and_no_other_byte() {
        let before = form(&[
            ("language", "de"),
            ("model", "auto"),
            ("prompt", "model=auto"),
        ]);
        let request = TranscriptionRequest::read(TYPE, before.clone()).unwrap();
        let pieces = request.with_model("whisper-large-v3");
        let after = form(&[
            ("language", "de"),
            ("model", "whisper-large-v3"),
            ("prompt", "model=auto"),
        ]);
        assert_eq!(pieces.concat(), after);
        let shared = |piece: &Bytes| before.as_ptr_range().contains(&piece.as_ptr());
        assert!(
            shared(&pieces[0]) && shared(&pieces[2]),
            "the file is not copied"
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(complaint(&[]), "`model` is missing; it must be a string");
        assert!(
            complaint(&[("model", "m"), ("response_format", "doc")])
                .starts_with("`response_format` must be `json`")
        );
        assert_eq!(
            complaint(&[("model", "m"), ("temperature", "warm")]),
            "`temperature` must be a number"
        );
        let without = Bytes::from_static(
            b"--b0\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n--b0--",
        );
        assert_eq!(
            TranscriptionRequest::read(TYPE, without)
                .map_err(|error| error.to_string())
                .err()
                .as_deref(),
            Some("`file` is missing; it must be a file of sound")
        );
    }
}
