//! Streams over a socket: how long they live, and what ends them.

use std::time::Duration;

use guichet_gateway::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedSender;

use crate::limits::{Server, rest, short};

const GROQ: &str = "api.groq.com";
const FIRST: &str = "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"one\"},\"finish_reason\":null}]}\n\n";
const LAST: &str = "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"two\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

/// A stream that has begun.
struct Begun {
    server: Server,
    client: TcpStream,
    /// What the provider says next.
    provider: UnboundedSender<&'static str>,
    /// What the client has read.
    read: String,
}

async fn begin(settings: Settings) -> Begun {
    let server = Server::start(settings).await;
    server.world.open_models(&["groq"]);
    let provider = server.world.providers.stream(GROQ);
    provider.send(FIRST).unwrap();
    let body = r#"{"model":"groq/openai/gpt-oss-20b","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#;
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\ncontent-length: {}\r\n\r\n{body}",
        server.world.key,
        body.len()
    );
    let mut client = server.connect().await;
    client.write_all(head.as_bytes()).await.unwrap();
    let mut begun = Begun {
        server,
        client,
        provider,
        read: String::new(),
    };
    begun.read_until("one").await;
    begun
}

impl Begun {
    async fn read_until(&mut self, word: &str) {
        while !self.read.contains(word) {
            let mut buffer = [0; 4096];
            let reading = self.client.read(&mut buffer);
            let count = tokio::time::timeout(Duration::from_secs(10), reading).await;
            let count = count.unwrap().unwrap();
            assert_ne!(count, 0, "closed after {}", self.read);
            self.read
                .push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
    }

    /// Whether the provider is let go within this time.
    async fn is_let_go_within(&self, time: Duration) -> bool {
        tokio::time::timeout(time, self.provider.closed())
            .await
            .is_ok()
    }
}

#[tokio::test]
async fn a_stream_begins_with_the_headers_of_one() {
    let mut begun = begin(Settings::default()).await;
    let head = begun.read.to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 200"), "{head}");
    for line in [
        "content-type: text/event-stream\r\n",
        "cache-control: no-store\r\n",
        "x-accel-buffering: no\r\n",
        "x-guichet-provider: groq\r\n",
        "transfer-encoding: chunked\r\n",
    ] {
        assert!(head.contains(line), "{line}: {head}");
    }
    assert!(!head.contains("x-provider-secret"), "{head}");
    begun.provider.send(LAST).unwrap();
    begun.read_until("[DONE]").await;
}

#[tokio::test]
async fn a_stream_that_waits_for_its_provider_outlives_the_idle_limit() {
    let mut begun = begin(short()).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    begun.provider.send(LAST).unwrap();
    begun.read_until("[DONE]").await;
}

#[tokio::test]
async fn a_client_that_leaves_lets_the_provider_go_within_a_second() {
    let begun = begin(Settings::default()).await;
    let Begun {
        server,
        client,
        provider,
        ..
    } = begun;
    drop(client);
    let gone = tokio::time::timeout(Duration::from_secs(1), provider.closed()).await;
    assert!(gone.is_ok(), "the provider still speaks");
    drop(server);
}

#[tokio::test]
async fn a_client_that_stops_reading_is_cut_off() {
    let begun = begin(short()).await;
    for _ in 0..60_000 {
        if begun.provider.send(FIRST).is_err() {
            break;
        }
    }
    assert!(
        begun.is_let_go_within(Duration::from_secs(10)).await,
        "the stream still waits for its client"
    );
}

#[tokio::test]
async fn a_stream_under_way_is_finished_before_the_server_stops() {
    let mut begun = begin(Settings {
        grace: Duration::from_secs(5),
        ..short()
    })
    .await;
    begun.server.shutdown.cancel();
    tokio::time::sleep(Duration::from_millis(300)).await;
    begun.provider.send(LAST).unwrap();
    let end = rest(&mut begun.client).await;
    assert!(end.contains("[DONE]"), "{end}");
    let stopped = tokio::time::timeout(Duration::from_secs(5), begun.server.task).await;
    stopped.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_stream_that_does_not_end_is_cut_off_with_the_grace_period() {
    let mut begun = begin(short()).await;
    begun.server.shutdown.cancel();
    rest(&mut begun.client).await;
    assert!(begun.is_let_go_within(Duration::from_secs(1)).await);
}
