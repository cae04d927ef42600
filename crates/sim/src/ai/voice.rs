//! How each provider speaks its dialect: what it calls thoughts, when it tells the usage, what it says to keep a
//! connection open, and how its streams fail. The table is made from the providers' documentation, not from the
//! catalogue, so that the catalogue can be wrong against it.

use bytes::Bytes;
use guichet_catalogue::model::Dialect;
use guichet_dialects::framing::write_frame;
use serde_json::{Value, json};

/// The voice of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voice {
    /// Its dialect.
    pub dialect: Dialect,
    accent: &'static Accent,
}

/// How a provider differs from its dialect.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Accent {
    provider: &'static str,
    /// What answers call the thoughts.
    pub(crate) thoughts: &'static str,
    comment: &'static str,
    /// How many comments come before the first piece.
    pub(crate) comments: usize,
    pub(crate) usage: UsagePlace,
    /// Whether `[DONE]` ends a stream.
    pub(crate) done: bool,
    /// Blank lines before an answer that is no stream.
    pub(crate) blank_lines: bool,
    /// It makes one call a turn.
    pub(crate) single_call: bool,
    /// Tokens that it writes where nobody asks for more.
    pub(crate) default_output: Option<u64>,
    failure: Failure,
}

/// Where a stream of OpenAI's dialect tells the usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UsagePlace {
    /// In a chunk of its own, if it is asked for.
    OnRequest,
    /// In the chunk with the finish reason, always.
    WithFinish,
    /// On request, and in `x_groq` of the chunk with the finish reason always.
    Groq,
}

/// How a stream of OpenAI's dialect says that it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    /// `{"error": {…}}`
    Object,
    /// A chunk with an `error` and the finish reason `error`.
    Chunk,
    /// `{"object": "error", …}`
    Bare,
}

const PLAIN: Accent = Accent {
    provider: "",
    thoughts: "reasoning_content",
    comment: ": keep-alive\n\n",
    comments: 0,
    usage: UsagePlace::OnRequest,
    done: true,
    blank_lines: false,
    single_call: false,
    default_output: None,
    failure: Failure::Object,
};

static ACCENTS: [Accent; 12] = [
    Accent {
        provider: "groq",
        thoughts: "reasoning",
        usage: UsagePlace::Groq,
        ..PLAIN
    },
    Accent {
        provider: "mistral",
        usage: UsagePlace::WithFinish,
        ..PLAIN
    },
    // https://openrouter.ai/docs/api/reference/streaming
    Accent {
        provider: "openrouter",
        thoughts: "reasoning",
        comment: ": OPENROUTER PROCESSING\n\n",
        comments: 2,
        failure: Failure::Chunk,
        ..PLAIN
    },
    Accent {
        provider: "cerebras",
        thoughts: "reasoning",
        ..PLAIN
    },
    Accent {
        provider: "cloudflare",
        default_output: Some(256),
        ..PLAIN
    },
    Accent {
        provider: "nvidia",
        single_call: true,
        ..PLAIN
    },
    // https://api-docs.deepseek.com/quick_start/rate_limit
    Accent {
        provider: "deepseek",
        comments: 1,
        blank_lines: true,
        ..PLAIN
    },
    Accent {
        provider: "zai",
        usage: UsagePlace::WithFinish,
        ..PLAIN
    },
    Accent {
        provider: "perplexity",
        usage: UsagePlace::WithFinish,
        done: false,
        ..PLAIN
    },
    Accent {
        provider: "vllm",
        failure: Failure::Bare,
        ..PLAIN
    },
    Accent {
        provider: "together",
        thoughts: "reasoning",
        ..PLAIN
    },
    PLAIN,
];

impl Voice {
    /// That of the dialect's own house.
    #[must_use]
    pub fn plain(dialect: Dialect) -> Self {
        Self::of("", dialect)
    }

    /// That of a provider.
    #[must_use]
    pub fn of(provider: &str, dialect: Dialect) -> Self {
        let own = ACCENTS.iter().find(|accent| accent.provider == provider);
        let plain = &ACCENTS[ACCENTS.len() - 1];
        Self {
            dialect,
            accent: own.unwrap_or(plain),
        }
    }

    pub(crate) fn accent(self) -> &'static Accent {
        self.accent
    }

    /// What it says to keep a connection open.
    #[must_use]
    pub fn comment(self) -> Bytes {
        Bytes::from_static(match self.dialect {
            Dialect::OpenAi => self.accent.comment.as_bytes(),
            Dialect::Anthropic => b"event: ping\ndata: {\"type\":\"ping\"}\n\n",
            Dialect::Gemini => b": \n\n",
            Dialect::Ollama => b"\n",
        })
    }

    /// How its stream says that it failed.
    #[must_use]
    pub fn error(self) -> Bytes {
        let (event, data) = match (self.dialect, self.accent.failure) {
            (Dialect::OpenAi, Failure::Object) => (None, object_failure()),
            (Dialect::OpenAi, Failure::Chunk) => (None, chunk_failure()),
            (Dialect::OpenAi, Failure::Bare) => (None, bare_failure()),
            (Dialect::Anthropic, _) => (Some("error"), overloaded()),
            (Dialect::Gemini, _) => (None, unavailable()),
            (Dialect::Ollama, _) => {
                return Bytes::from_static(b"{\"error\":\"an error was encountered while running the model: unexpected EOF\"}\n");
            }
        };
        let mut out = Vec::new();
        write_frame(&mut out, event, data.to_string().as_bytes());
        out.into()
    }

    /// How an event begins.
    pub(crate) fn event_start(self) -> Bytes {
        Bytes::from_static(match self.dialect {
            Dialect::Ollama => b"{\"model\":\"",
            Dialect::OpenAi | Dialect::Anthropic | Dialect::Gemini => b"data: {\"id\":\"",
        })
    }

    /// The type of its streams.
    pub(crate) fn content_type(self) -> &'static str {
        match self.dialect {
            Dialect::Ollama => "application/x-ndjson",
            Dialect::OpenAi => "text/event-stream",
            Dialect::Anthropic => "text/event-stream; charset=utf-8",
            Dialect::Gemini => "text/event-stream",
        }
    }
}

fn object_failure() -> Value {
    json!({"error": {
        "message": "The server had an error while processing your request. Sorry about that!",
        "type": "server_error", "param": null, "code": null,
    }})
}

fn chunk_failure() -> Value {
    json!({
        "id": "gen-sim", "object": "chat.completion.chunk", "created": 0, "model": "",
        "provider": "Simulated",
        "error": {"code": 502, "message": "Provider disconnected unexpectedly"},
        "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}],
    })
}

fn bare_failure() -> Value {
    json!({
        "object": "error", "message": "EngineCore encountered an issue. See stack trace (above) for the root cause.",
        "type": "InternalServerError", "param": null, "code": 500,
    })
}

fn overloaded() -> Value {
    json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
}

fn unavailable() -> Value {
    json!({"error": {
        "code": 503, "message": "The model is overloaded. Please try again later.", "status": "UNAVAILABLE",
    }})
}
