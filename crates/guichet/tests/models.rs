//! Stories of models at the command line: chats, what they took, servers that are found by themselves.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use common::{Folder, Run, eventually, get};
use serde_json::{Value, json};

/// A server of models on a port of its own. Its answers say what it was asked.
struct Server {
    address: String,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                std::thread::spawn(move || answer(connection));
            }
        });
        Self { address }
    }

    /// A folder in which it is the provider `attic`.
    fn folder(&self) -> Folder {
        let folder = Folder::new();
        let file = format!(
            "base_url = 'http://{}/v1'\nprices_as_of = 2026-11-22\n[model.parrot]\ncontext = 8192\n\
             price = {{ input = 1, output = 2 }}\nstrengths = {{ large = 50 }}\n",
            self.address
        );
        folder.write("own/ai/attic.toml", &file);
        folder.write("guichet.toml", "catalogue_dir = \"own\"\n");
        folder
    }
}

fn answer(mut connection: TcpStream) {
    let (path, body) = read(&mut connection);
    let (kind, content) = match path.as_str() {
        "/api/tags" => (
            "application/json",
            json!({"models": [{"name": "llama3.2:latest", "details": {"context_length": 4096},
                "capabilities": ["completion"]}]})
            .to_string(),
        ),
        "/v1/chat/completions" if body["stream"] == true => ("text/event-stream", stream(&body)),
        "/v1/chat/completions" => ("application/json", whole(&body)),
        other => panic!("nobody asks for {other}"),
    };
    let length = content.len();
    // Who asked may have gone.
    let _gone = write!(
        connection,
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{content}"
    );
}

fn read(connection: &mut TcpStream) -> (String, Value) {
    let mut reader = BufReader::new(connection);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        let header = header.trim().to_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(text) = header.strip_prefix("content-length:") {
            length = text.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (path, serde_json::from_slice(&body).unwrap_or_default())
}

/// `Heard: …` with everything that was said, by role.
fn heard(body: &Value) -> String {
    let turns = body["messages"].as_array().unwrap().iter();
    let turns: Vec<String> = turns
        .map(|turn| {
            format!(
                "{}={}",
                turn["role"].as_str().unwrap(),
                turn["content"].as_str().unwrap()
            )
        })
        .collect();
    format!("Heard: {}", turns.join(" | "))
}

const USAGE: &str = r#"{"prompt_tokens":1000,"completion_tokens":500,"total_tokens":1500}"#;

fn whole(body: &Value) -> String {
    let usage: Value = serde_json::from_str(USAGE).unwrap();
    json!({"id": "c-1", "object": "chat.completion", "created": 1_800_000_000, "model": body["model"],
        "choices": [{"index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": heard(body)}}],
        "usage": usage})
    .to_string()
}

fn stream(body: &Value) -> String {
    let chunk = |delta: &str, finish: Option<&str>| {
        json!({"id": "c-1", "object": "chat.completion.chunk", "created": 1_800_000_000, "model": body["model"],
            "choices": [{"index": 0, "delta": {"content": delta}, "finish_reason": finish}]})
    };
    let text = heard(body);
    let (one, two) = text.split_at(3);
    let usage: Value = serde_json::from_str(USAGE).unwrap();
    let last = json!({"id": "c-1", "object": "chat.completion.chunk", "created": 1_800_000_000,
        "model": body["model"], "choices": [], "usage": usage});
    let chunks = [chunk(one, None), chunk(two, Some("stop")), last];
    let chunks: Vec<String> = chunks
        .iter()
        .map(|one| format!("data: {one}\n\n"))
        .collect();
    format!("{}data: [DONE]\n\n", chunks.concat())
}

fn chat(folder: &Folder, arguments: &[&str], stdin: &str) -> Run {
    let all: Vec<&str> = [&["chat"], arguments].concat();
    folder.run_with(&all, &[], stdin)
}

#[test]
fn what_is_said_is_the_text_and_stdin_and_stderr_tells_who_answered() {
    let folder = Server::start().folder();
    for extra in [&[][..], &["--no-stream"]] {
        let arguments = [&["Sum up:", "--system", "Be brief."], extra].concat();
        let run = chat(&folder, &arguments, "a long report\n").ended(0);
        assert_eq!(
            run.out,
            "Heard: system=Be brief. | user=Sum up:\n\na long report\n"
        );
        assert!(
            run.err
                .contains("attic/parrot · 1000 + 500 tokens · $0.002000 · "),
            "{}",
            run.err
        );
    }
    let piped = chat(&folder, &["--model", "parrot"], "only this").ended(0);
    assert_eq!(piped.out, "Heard: user=only this\n");
}

#[test]
fn json_is_printed_where_it_is_asked_for() {
    let folder = Server::start().folder();
    let answer = chat(&folder, &["--json", "Hello"], "").ended(0).json();
    assert_eq!(answer["text"], "Heard: user=Hello");
    assert_eq!(
        (&answer["provider"], &answer["model"]),
        (&json!("attic"), &json!("parrot"))
    );
    assert_eq!(answer["input_tokens"], 1000);
    assert_eq!(answer["cost_usd"], 0.002);
    assert_eq!(answer["estimated"], false);
}

#[test]
fn a_chat_that_nobody_can_answer_says_why_and_one_that_says_nothing_is_a_usage_error() {
    let folder = Server::start().folder();
    let typo = chat(&folder, &["--model", "attic/parot", "Hello"], "").ended(1);
    assert!(
        typo.err.contains("did you mean `attic/parrot`?"),
        "{}",
        typo.err
    );
    assert!(typo.out.is_empty());
    // What the operator's file names has a price, and so is not free.
    let free = chat(&folder, &["--free", "--model", "parrot", "Hello"], "").ended(1);
    assert!(free.err.contains("only what is free"), "{}", free.err);
    let refused = chat(&folder, &["--json", "--model", "parot", "Hello"], "").ended(1);
    assert!(refused.json()["detail"].as_str().unwrap().contains("parot"));
    let nothing = chat(&folder, &[], " \n").ended(2);
    assert!(nothing.err.contains("nothing to say"), "{}", nothing.err);
    chat(&folder, &["--model", ",", "Hello"], "").ended(2);
}

#[test]
fn what_chats_took_is_remembered_and_summed() {
    let folder = Server::start().folder();
    let before = folder.run(&["usage"]).ended(0).json();
    assert_eq!(before["totals"], json!([]));
    assert!(
        !folder.path().join("guichet-data").exists(),
        "asking makes nothing"
    );
    chat(&folder, &["One"], "").ended(0);
    chat(&folder, &["Two", "--no-stream"], "").ended(0);
    let totals = |arguments: &[&str]| {
        let all: Vec<&str> = [&["usage"], arguments].concat();
        folder.run(&all).ended(0).json()["totals"].clone()
    };
    let sums = totals(&["--by", "model"]);
    assert_eq!(sums.as_array().unwrap().len(), 1, "{sums}");
    assert_eq!(sums[0]["name"], "attic/parrot");
    assert_eq!(
        [
            &sums[0]["calls"],
            &sums[0]["input_tokens"],
            &sums[0]["output_tokens"]
        ],
        [2, 2000, 1000]
    );
    assert_eq!(sums[0]["cost_usd"], 0.004);
    assert_eq!(totals(&["--by", "key"])[0]["name"], "cli");
    assert_eq!(totals(&["--since", "2999-01-01"]), json!([]));
    let wrong = folder.run(&["usage", "--since", "yesterday"]).ended(2);
    assert!(wrong.err.contains("2026-11-01"), "{}", wrong.err);
}

#[test]
fn a_name_of_the_operators_own_stands_for_its_models() {
    let folder = Server::start().folder();
    folder.write(
        "guichet.toml",
        "catalogue_dir = \"own\"\n[models.aliases]\nbird = [\"dodo\", \"attic/parrot\"]\n",
    );
    let run = chat(&folder, &["--model", "bird", "Hello"], "").ended(0);
    assert!(run.err.contains("attic/parrot"), "{}", run.err);
}

#[test]
fn a_local_server_is_found_where_its_variable_says_and_its_models_are_listed() {
    let server = Server::start();
    let folder = Folder::new();
    let address = format!("http://{}", server.address);
    let variables = [("OLLAMA_BASE_URL", address.as_str())];
    let mut running = folder.start_with(&["serve", "--listen", "127.0.0.1:0"], &variables);
    let welcome = running.lines_until("units");
    let url = welcome.split("starting on ").nth(1).unwrap();
    let url = url.lines().next().unwrap().trim().to_owned();
    let key = welcome
        .lines()
        .map(str::trim)
        .find(|line| line.starts_with("gch_"));
    let key = key.unwrap().to_owned();
    eventually("its model is listed", || {
        let (status, body) = get(&format!("{url}/v1/models"), &key);
        status == 200 && body.contains("ollama/llama3.2:latest")
    });
    running.signal("TERM");
    let (status, log) = running.end();
    assert!(status.success());
    let found = log
        .lines()
        .filter(|line| line.contains("a server of models was found"));
    assert_eq!(found.count(), 1, "{log}");
}

#[test]
fn an_address_that_is_none_is_refused_by_the_name_of_its_variable() {
    let variables = [("OLLAMA_BASE_URL", "ollama:11434")];
    let run = Folder::new().run_with(&["check"], &variables, "").ended(1);
    let said = run.out + &run.err;
    assert!(said.contains("OLLAMA_BASE_URL"), "{said}");
    assert!(said.contains("http://127.0.0.1:11434"), "{said}");
}
