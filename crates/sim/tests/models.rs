//! Providers of models over real sockets: what they answer is read by the readers that the engine has.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use guichet_catalogue::files::Files;
use guichet_catalogue::model::Dialect;
use guichet_catalogue::sample::samples;
use guichet_catalogue::{Surroundings, load};
use guichet_dialects::chat::{Event, Finish, Part};
use guichet_dialects::framing::{Frames, Framing};
use guichet_dialects::{anthropic, gemini, ollama, openai};
use guichet_engine::clock::Clock;
use guichet_sim::{Fault, Settings, Simulator};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Frozen(Timestamp);

impl Clock for Frozen {
    fn now(&self) -> Timestamp {
        self.0
    }
}

async fn simulator(quotas: bool) -> Simulator {
    let files = Files::built_in();
    let surroundings = Surroundings {
        functions: guichet_local::names().collect(),
    };
    let catalogue = load(&files, &surroundings).unwrap_or_else(|problems| panic!("{problems}"));
    let settings = Settings {
        quotas,
        clock: Arc::new(Frozen("2026-11-22T10:31:00Z".parse().unwrap())),
        ..Settings::new(Arc::new(catalogue), samples(&files).unwrap())
    };
    Simulator::start(settings).await.unwrap()
}

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
    ended: bool,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(": ")?;
            (known == name).then_some(value)
        })
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Asks with every kind of key, and reads until the connection closes or nothing comes for a while.
async fn post(address: SocketAddr, target: &str, body: &Value) -> Answer {
    ask(
        address,
        target,
        body,
        "authorization: Bearer k\r\nx-api-key: k\r\nx-goog-api-key: k\r\n",
    )
    .await
}

async fn ask(address: SocketAddr, target: &str, body: &Value, keys: &str) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let body = body.to_string();
    let length = body.len();
    let request = format!(
        "POST {target} HTTP/1.1\r\nhost: sim\r\ncontent-type: application/json\r\n{keys}anthropic-version: 2023-06-01\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    loop {
        let read = stream.read_buf(&mut bytes);
        match tokio::time::timeout(Duration::from_millis(300), read).await {
            Ok(Ok(more)) if more > 0 => {}
            _ => break,
        }
    }
    let at = bytes.windows(4).position(|end| end == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..at].to_vec()).unwrap();
    let rest = &bytes[at + 4..];
    let (body, ended) = if head.contains("transfer-encoding: chunked") {
        unchunked(rest)
    } else {
        (rest.to_vec(), true)
    };
    Answer {
        status: head[9..12].parse().unwrap(),
        head,
        body,
        ended,
    }
}

fn unchunked(mut bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(at) = bytes.windows(2).position(|end| end == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&bytes[..at]).unwrap(), 16).unwrap();
        if length == 0 {
            return (body, true);
        }
        body.extend_from_slice(&bytes[at + 2..at + 2 + length]);
        bytes = &bytes[at + 4 + length..];
    }
    (body, false)
}

fn events(dialect: Dialect, body: &[u8]) -> Vec<Event> {
    let framing = match dialect {
        Dialect::Ollama => Framing::JsonLines,
        _ => Framing::ServerSentEvents,
    };
    let mut frames = Frames::new(framing);
    frames.push(body);
    let mut events = Vec::new();
    macro_rules! read {
        ($reader:expr) => {{
            let mut reader = $reader;
            while let Some(frame) = frames.next().unwrap() {
                reader.read(&frame, &mut events).unwrap();
            }
            reader.finish(&mut events);
        }};
    }
    match dialect {
        Dialect::OpenAi => read!(openai::chat::StreamReader::default()),
        Dialect::Anthropic => read!(anthropic::StreamReader::default()),
        Dialect::Gemini => read!(gemini::StreamReader::default()),
        Dialect::Ollama => read!(ollama::StreamReader::default()),
    }
    events
}

fn said(events: &[Event]) -> String {
    let texts = events.iter().filter_map(|event| match event {
        Event::Text { text, .. } => Some(&**text),
        _ => None,
    });
    texts.collect()
}

/// For each dialect: where a text is asked for, whole and as a stream.
fn question(dialect: Dialect, text: &str, stream: bool) -> (String, Value) {
    let messages = json!([{"role": "user", "content": text}]);
    let parameters = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let tool =
        json!([{"type": "function", "function": {"name": "weather", "parameters": parameters}}]);
    match dialect {
        Dialect::OpenAi => (
            "/groq/chat/completions".into(),
            json!({"model": "openai/gpt-oss-120b", "messages": messages, "stream": stream, "tools": tool}),
        ),
        Dialect::Anthropic => (
            "/anthropic/v1/messages".into(),
            json!({"model": "claude-sonnet-5", "max_tokens": 100, "messages": messages, "stream": stream,
                "tools": [{"name": "weather", "input_schema": parameters}]}),
        ),
        Dialect::Gemini => {
            let verb = if stream {
                "streamGenerateContent?alt=sse"
            } else {
                "generateContent"
            };
            (
                format!("/gemini/models/gemini-3.5-flash:{verb}"),
                json!({"contents": [{"role": "user", "parts": [{"text": text}]}],
                    "tools": [{"functionDeclarations": [{"name": "weather", "parametersJsonSchema": parameters}]}]}),
            )
        }
        Dialect::Ollama => (
            "/ollama/api/chat".into(),
            json!({"model": "llama3.2", "messages": messages, "stream": stream, "tools": tool}),
        ),
    }
}

const DIALECTS: [Dialect; 4] = [
    Dialect::OpenAi,
    Dialect::Anthropic,
    Dialect::Gemini,
    Dialect::Ollama,
];
const TWO_CALLS: &str = "call the tool weather with {\"city\":\"Paris\"}\ncall the tool weather with {\"city\":\"Rome\"}";

#[tokio::test]
async fn each_dialect_answers_whole_and_in_streams_what_its_readers_read() {
    let simulator = simulator(false).await;
    for dialect in DIALECTS {
        let (target, body) = question(dialect, "How are you?", false);
        let whole = post(simulator.address(), &target, &body).await;
        assert_eq!(whole.status, 200, "{dialect:?} {}", whole.text());
        let answer = match dialect {
            Dialect::OpenAi => openai::chat::read_answer(&whole.body),
            Dialect::Anthropic => anthropic::read_answer(&whole.body),
            Dialect::Gemini => gemini::read_answer(&whole.body),
            Dialect::Ollama => ollama::read_answer(&whole.body),
        }
        .unwrap();
        assert!(
            matches!(&answer.choices[0].parts[..], [Part::Text { text, .. }] if text == "You said: How are you?"),
            "{answer:?}"
        );
        assert_eq!(answer.choices[0].finish, Finish::Stop);
        assert_eq!(answer.usage.unwrap().output, 5);
        let (target, body) = question(dialect, "How are you?", true);
        let streamed = post(simulator.address(), &target, &body).await;
        let events = events(dialect, &streamed.body);
        assert!(
            streamed.ended && events.contains(&Event::End),
            "{dialect:?} {}",
            streamed.text()
        );
        assert_eq!(said(&events), "You said: How are you?", "{dialect:?}");
    }
    let counts = simulator.counts();
    assert_eq!(
        (counts["groq"].requests, counts["groq"].output_tokens),
        (2, 10)
    );
    assert_eq!(counts["groq"].streams_ended, 1);
}

#[tokio::test]
async fn two_lines_are_two_calls_in_every_dialect() {
    let simulator = simulator(false).await;
    for dialect in DIALECTS {
        let (target, body) = question(dialect, TWO_CALLS, true);
        let streamed = post(simulator.address(), &target, &body).await;
        let events = events(dialect, &streamed.body);
        let mut arguments = [String::new(), String::new()];
        for event in &events {
            if let Event::Arguments { call, fragment, .. } = event {
                arguments[*call].push_str(fragment);
            }
        }
        assert_eq!(
            arguments,
            ["{\"city\":\"Paris\"}", "{\"city\":\"Rome\"}"],
            "{dialect:?} {}",
            streamed.text()
        );
    }
}

#[tokio::test]
async fn what_is_refused_is_refused_in_the_providers_shape() {
    let simulator = simulator(false).await;
    let address = simulator.address();
    let (target, body) = question(Dialect::Gemini, "Hi", false);
    let keyless = ask(address, &target, &body, "").await;
    assert_eq!(
        (keyless.status, keyless.json()["error"]["status"].clone()),
        (400, json!("INVALID_ARGUMENT"))
    );
    assert!(keyless.text().contains("API key not valid"));
    assert_eq!(
        post(address, &format!("{target}?key=k"), &body)
            .await
            .status,
        400
    );
    let (target, body) = question(Dialect::OpenAi, "Hi", false);
    assert_eq!(ask(address, &target, &body, "").await.status, 401);
    for (name, value) in [("logprobs", json!(true)), ("n", json!(2))] {
        let mut body = body.clone();
        body[name] = value;
        assert_eq!(post(address, &target, &body).await.status, 400, "{name}");
    }
    let mut unknown = body.clone();
    unknown["model"] = json!("llama-9");
    let missing = post(address, &target, &unknown).await;
    assert_eq!(
        (missing.status, missing.json()["error"]["code"].clone()),
        (404, json!("model_not_found"))
    );
    let body = json!({"model": "mistral-small-2603", "messages": [], "seed": 1});
    assert_eq!(
        post(address, "/mistral/chat/completions", &body)
            .await
            .status,
        422
    );
}

#[tokio::test]
async fn groqs_day_and_minute_are_told_in_its_words() {
    let simulator = simulator(true).await;
    simulator
        .set_limit("groq", "requests/bucket-86400s", 1.0)
        .unwrap();
    let (target, body) = question(Dialect::OpenAi, "Hi", false);
    let first = post(simulator.address(), &target, &body).await;
    assert_eq!(first.header("x-ratelimit-remaining-requests"), Some("0"));
    assert_eq!(first.header("x-ratelimit-reset-requests"), Some("24h0m0s"));
    let second = post(simulator.address(), &target, &body).await;
    assert_eq!(
        (second.status, second.header("retry-after")),
        (429, Some("86400"))
    );
    let text = second.text();
    assert!(
        text.contains(
            "on requests per day (RPD): Limit 1, Used 1, Requested 1. Please try again in 24h0m0s."
        ),
        "{text}"
    );
    simulator.reset();
    let mut large = body;
    large["max_tokens"] = json!(9_000);
    let refused = post(simulator.address(), &target, &large).await;
    assert_eq!(refused.status, 413);
    assert!(
        refused.text().contains("(TPM): Limit 8000, Requested 900"),
        "{}",
        refused.text()
    );
}

#[tokio::test]
async fn each_fault_of_streams_goes_through_a_socket_in_each_dialect() {
    let simulator = simulator(false).await;
    for dialect in DIALECTS {
        let (target, body) = question(dialect, "How are you?", true);
        for fault in Fault::STREAMS {
            simulator.set_fault("*", fault, None).unwrap();
            let answer = post(simulator.address(), &target, &body).await;
            let events = events(dialect, &answer.body);
            let words = said(&events);
            let failed = events.iter().any(|event| matches!(event, Event::Failed(_)));
            let finished = events
                .iter()
                .any(|event| matches!(event, Event::Finish { .. }));
            let context = format!("{dialect:?} {fault} {}", answer.text());
            assert!(
                !events.contains(&Event::End) && !finished || failed,
                "{context}"
            );
            let expected = match fault {
                Fault::ResetAfter(1)
                | Fault::StallAfter(1)
                | Fault::ErrorEvent(1)
                | Fault::EofWithoutFinish(1) => "You",
                Fault::EofWithoutFinish(Fault::EVERYTHING) => "You said: How are you?",
                _ => "",
            };
            assert_eq!(words, expected, "{context}");
            let is_error = matches!(fault, Fault::ErrorEvent(_) | Fault::CommentsThenError);
            assert_eq!(failed, is_error, "{context}");
            let ends = is_error || matches!(fault, Fault::EofWithoutFinish(_));
            assert_eq!(answer.ended, ends, "{context}");
        }
    }
}

#[tokio::test]
async fn others_tell_their_quotas_in_their_own_way() {
    let simulator = simulator(true).await;
    let address = simulator.address();
    for (provider, window) in [
        ("gemini", "requests/day"),
        ("openrouter", "requests/day"),
        ("cloudflare", "neurons/day"),
        ("nvidia", "requests/bucket-60s"),
        ("anthropic", "requests/bucket-60s"),
    ] {
        simulator.set_limit(provider, window, 0.0).unwrap();
    }
    let (target, body) = question(Dialect::Gemini, "Hi", false);
    let google = post(address, &target, &body).await;
    let details = google.json()["error"]["details"].clone();
    assert_eq!(
        details[0]["violations"][0]["quotaId"],
        "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
    );
    assert!(details[2]["retryDelay"].as_str().unwrap().ends_with('s'));
    assert!(google.header("retry-after").is_none());
    let (target, body) = question(Dialect::Anthropic, "Hi", false);
    let anthropic = post(address, &target, &body).await;
    assert_eq!(anthropic.status, 429);
    let reset = anthropic.header("anthropic-ratelimit-tokens-reset");
    assert!(reset.is_none_or(|reset| reset.ends_with('Z')));
    assert_eq!(
        anthropic.header("anthropic-ratelimit-input-tokens-limit"),
        Some("450000")
    );
    let messages = json!([{"role": "user", "content": "Hi"}]);
    let chat = |model: &str| json!({"model": model, "messages": messages});
    let router = post(
        address,
        "/openrouter/chat/completions",
        &chat("openai/gpt-oss-20b:free"),
    )
    .await;
    let metadata = router.json()["error"]["metadata"].clone();
    assert_eq!(metadata["headers"]["X-RateLimit-Reset"], "1795392000000");
    assert_eq!(metadata["limit_source"], "openrouter_free_tier_daily");
    let path = "/cloudflare/client/v4/accounts/a/ai/v1/chat/completions";
    let spent = post(address, path, &chat("@cf/openai/gpt-oss-20b")).await;
    assert_eq!(spent.json()["errors"][0]["code"], 3036, "{}", spent.text());
    let bare = post(
        address,
        "/nvidia/chat/completions",
        &chat("openai/gpt-oss-120b"),
    )
    .await;
    assert_eq!(
        bare.json(),
        json!({"status": 429, "title": "Too Many Requests"})
    );
    assert!(!bare.head.contains("ratelimit") && !bare.head.contains("retry-after"));
}

#[tokio::test]
async fn cerebras_takes_what_may_be_written_before_it_is() {
    let simulator = simulator(true).await;
    let ask = |most: u64| json!({"model": "gpt-oss-120b", "max_completion_tokens": most, "messages": [{"role": "user", "content": "Hi"}]});
    let target = "/cerebras/chat/completions";
    let large = post(simulator.address(), target, &ask(40_000)).await;
    assert_eq!(
        (large.status, large.json()["code"].clone()),
        (429, json!("token_quota_exceeded"))
    );
    for _ in 0..2 {
        let fits = post(simulator.address(), target, &ask(20_000)).await;
        assert_eq!(fits.status, 200, "{}", fits.text());
        assert_eq!(
            fits.header("x-ratelimit-limit-tokens-minute"),
            Some("30000")
        );
    }
}

#[tokio::test]
async fn a_stream_that_its_client_leaves_is_noticed() {
    let simulator = simulator(false).await;
    let pacing = guichet_sim::Pacing {
        first: Duration::ZERO,
        between: Duration::from_millis(400),
        chunks: None,
    };
    simulator.set_pacing("groq", pacing).unwrap();
    let (target, body) = question(Dialect::OpenAi, "write 100 words", true);
    // The client reads until nothing comes for less than a pause, and leaves.
    let cut = post(simulator.address(), &target, &body).await;
    assert!(!cut.ended);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(simulator.counts()["groq"].streams_left, 1);
}
