//! Streams that come in one piece, or in two wherever the network cuts them: of what was said last (why it ended, what it
//! took, the end) nothing may be lost, by whatever door and in whatever dialect.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use guichet_catalogue::model::ai::Dialect;
use guichet_dialects::chat::Finish;
use guichet_engine::Settings;
use guichet_engine::ai::{Door, ModelContent};
use guichet_engine::client::{Client, ClientSettings};
use guichet_engine::outcome::Class;
use guichet_engine::transport::{
    Limits, Transport, TransportError, UpstreamRequest, UpstreamResponse, UpstreamStream,
};
use guichet_sim::Pacing;
use guichet_sim::ai::{Voice, stream as speak};
use guichet_sim::alphabet::Stream;
use guichet_tests::heard::Heard;
use guichet_tests::speakers::{SENTENCE, Studio, asked_for_usage, sentence};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const DOORS: [Door; 4] = [
    Door::Chat,
    Door::Messages,
    Door::Responses,
    Door::Completions,
];
const DIALECTS: [Dialect; 4] = [
    Dialect::OpenAi,
    Dialect::Anthropic,
    Dialect::Gemini,
    Dialect::Ollama,
];

/// Asks for a stream, and checks that everything comes: to the caller, and into the record.
async fn hear_everything(studio: &Studio, door: Door, what: &str) {
    studio.records.lock().clear();
    let answer = studio.ask(asked_for_usage(door)).await;
    let answer = answer.unwrap_or_else(|refusal| panic!("{what}: {refusal:?}"));
    let ModelContent::Stream(pieces) = answer.content else {
        panic!("a stream was asked for");
    };
    let heard = Heard::of(door, pieces).await;
    assert_eq!(heard.text, SENTENCE, "{what}");
    assert_eq!(heard.finish, Some(Finish::Stop), "{what}");
    assert_eq!(heard.usage, Some((9, 5)), "{what}");
    assert!(heard.ended && !heard.failed, "{what}: {heard:?}");
    let records = studio.records.lock();
    let [record] = records.as_slice() else {
        panic!("{what}: {} records", records.len());
    };
    assert_eq!(record.outcome, Class::Ok, "{what}");
    assert_eq!(
        (record.usage.input, record.usage.output, record.counted),
        (9, 5, true),
        "{what}"
    );
}

/// What a provider of this dialect says.
fn said(dialect: Dialect) -> Stream {
    speak(Voice::plain(dialect), &sentence(), true, Pacing::AT_ONCE)
}

/// Where the network may cut: before, within and after each line, and not at all.
fn cuts(body: &[u8]) -> Vec<usize> {
    let ends = (1..body.len()).filter(|at| body[at - 1] == b'\n');
    let mut cuts: Vec<usize> = ends.flat_map(|end| [end - 1, end, end + 1]).collect();
    cuts.push(body.len());
    cuts.dedup();
    cuts
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_of_a_stream_wherever_the_network_cuts_it() {
    for dialect in DIALECTS {
        let studio = Studio::of(&[("first", dialect, "")]).await;
        for cut in cuts(&said(dialect).body()) {
            studio.speakers.pause_only_after("first", cut);
            for door in DOORS {
                let what = format!("{door:?} over {dialect:?}, cut after {cut} bytes");
                hear_everything(&studio, door, &what).await;
            }
        }
    }
}

// === through sockets ===

/// The client, in front of providers that are all at one address.
struct Wire {
    client: Client,
    address: SocketAddr,
}

impl Transport for Wire {
    fn send(
        &self,
        _: UpstreamRequest,
        _: Limits,
    ) -> BoxFuture<'_, Result<UpstreamResponse, TransportError>> {
        Box::pin(async { Err(TransportError::NoSuchHost) })
    }

    fn open(
        &self,
        mut request: UpstreamRequest,
        time: Duration,
    ) -> BoxFuture<'_, Result<UpstreamStream, TransportError>> {
        let path = request.url.path();
        request.url = format!("http://{}{path}", self.address).parse().unwrap();
        request.private_allowed = true;
        self.client.open(request, time)
    }
}

/// How a server says where a body ends.
#[derive(Debug, Clone, Copy)]
enum End {
    Length,
    Chunk,
    Connection,
}

/// Head, body and end of an answer.
fn written(stream: &Stream, end: End) -> Bytes {
    let body = String::from_utf8(stream.body().to_vec()).unwrap();
    let kind = stream.headers["content-type"].to_str().unwrap();
    let (header, body) = match end {
        End::Length => (format!("content-length: {}\r\n", body.len()), body),
        End::Chunk => (
            "transfer-encoding: chunked\r\n".to_owned(),
            format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()),
        ),
        End::Connection => ("connection: close\r\n".to_owned(), body),
    };
    format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n{header}\r\n{body}").into()
}

/// A server that answers every request by one write.
async fn server(answer: Bytes) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            while read(&mut connection).await {
                connection.write_all(&answer).await.unwrap();
                if answer.windows(17).any(|part| part == b"connection: close") {
                    break;
                }
            }
        }
    });
    address
}

/// Reads a request; says whether there was one.
async fn read(connection: &mut TcpStream) -> bool {
    let mut bytes = Vec::new();
    loop {
        if connection.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return false;
        }
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let (_, length) = head.split_once("content-length: ").unwrap();
        let length: usize = length.lines().next().unwrap().parse().unwrap();
        if body.len() >= length {
            return true;
        }
    }
}

#[tokio::test]
async fn nothing_is_lost_of_a_stream_that_a_server_writes_at_once() {
    for dialect in DIALECTS {
        for end in [End::Length, End::Chunk, End::Connection] {
            let wire = Wire {
                client: Client::new(ClientSettings::default()).unwrap(),
                address: server(written(&said(dialect), end)).await,
            };
            let providers = [("first", dialect, "")];
            let studio = Studio::through(&providers, Settings::default(), |_| Arc::new(wire)).await;
            for door in DOORS {
                let what = format!("{door:?} over {dialect:?}, ended by {end:?}");
                hear_everything(&studio, door, &what).await;
            }
        }
    }
}
