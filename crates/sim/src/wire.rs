//! HTTP/1.1 by hand: reading requests and writing answers, whole or broken. A server library would hide the very
//! things that this server must do wrong: stop midway, drip, reset.

use std::io;
use std::time::Duration;

use guichet_engine::transport::UpstreamResponse;
use http::header::{CONNECTION, CONTENT_LENGTH, DATE, HeaderName, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::alphabet::{Chunk, DRIP, OVERSIZED, Script};
use crate::play::Play;
use crate::state::Incoming;

/// The most bytes of a request, head and body together.
const REQUEST: usize = 64 << 20;
/// Enough for every client that we know.
const HEADERS: usize = 96;
/// Gives what was sent the time to arrive before a reset, which throws away what is still under way.
const BEFORE_RESET: Duration = Duration::from_millis(50);

/// One client.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// Whether the connection can take another request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    KeepAlive,
    Close,
    /// The client left before the end.
    Left,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// The next request; none when the client has gone.
    pub(crate) async fn read(&mut self) -> io::Result<Option<Incoming>> {
        loop {
            if let Some((mut incoming, head, length)) = head(&self.buffer)? {
                let whole = head + length;
                if whole > REQUEST {
                    return Err(invalid("the request is too large"));
                }
                while self.buffer.len() < whole {
                    if self.fill().await? == 0 {
                        return Ok(None);
                    }
                }
                incoming.body = self.buffer[head..whole].to_vec();
                self.buffer.drain(..whole);
                return Ok(Some(incoming));
            }
            if self.buffer.len() > REQUEST {
                return Err(invalid("the head of the request is too large"));
            }
            if self.fill().await? == 0 {
                return Ok(None);
            }
        }
    }

    async fn fill(&mut self) -> io::Result<usize> {
        self.stream.read_buf(&mut self.buffer).await
    }

    /// Does what the play says; `at` is the time for the `Date` header.
    pub(crate) async fn perform(&mut self, play: Play, at: Timestamp) -> io::Result<After> {
        match play {
            Play::Answer(response) => {
                let mut bytes = head_of(&response, response.body.len(), at);
                bytes.extend_from_slice(&response.body);
                self.stream.write_all(&bytes).await?;
                return Ok(After::KeepAlive);
            }
            Play::Silence => self.gone().await?,
            Play::Break => self.stream.set_zero_linger()?,
            Play::Stall(response) => {
                self.send_half(&response, at).await?;
                self.gone().await?;
            }
            Play::BreakHalfway(response) => {
                self.send_half(&response, at).await?;
                tokio::time::sleep(BEFORE_RESET).await;
                self.stream.set_zero_linger()?;
            }
            Play::Drip(response) => {
                self.send(&head_of(&response, response.body.len(), at))
                    .await?;
                for byte in response.body.chunks(1) {
                    tokio::time::sleep(DRIP).await;
                    self.send(byte).await?;
                }
                return Ok(After::KeepAlive);
            }
            Play::Flood => self.flood(at).await?,
            Play::Script(script) => return self.recite(script, at).await,
        }
        Ok(After::Close)
    }

    /// Waits, unless the client leaves.
    async fn wait(&mut self, time: Duration) -> io::Result<After> {
        if time.is_zero() {
            return Ok(After::KeepAlive);
        }
        let until = tokio::time::Instant::now() + time;
        loop {
            match tokio::time::timeout_at(until, self.fill()).await {
                Err(_) => return Ok(After::KeepAlive),
                Ok(Ok(0) | Err(_)) => return Ok(After::Left),
                Ok(Ok(_)) => {}
            }
        }
    }

    /// Sends piece by piece, without a length beforehand.
    async fn recite(&mut self, script: Script, at: Timestamp) -> io::Result<After> {
        let head = UpstreamResponse {
            status: script.status,
            headers: script.headers,
            body: bytes::Bytes::new(),
        };
        let mut waiting = head_with(&head, "transfer-encoding: chunked", at);
        for (time, chunk) in script.chunks {
            if !time.is_zero() && !waiting.is_empty() {
                self.send(&std::mem::take(&mut waiting)).await?;
            }
            if self.wait(time).await? == After::Left {
                return Ok(After::Left);
            }
            match chunk {
                Chunk::Bytes(bytes) => {
                    // A chunk of no bytes would end the body.
                    if !bytes.is_empty() {
                        waiting.extend_from_slice(format!("{:x}\r\n", bytes.len()).as_bytes());
                        waiting.extend_from_slice(&bytes);
                        waiting.extend_from_slice(b"\r\n");
                    }
                    if self.send(&std::mem::take(&mut waiting)).await.is_err() {
                        return Ok(After::Left);
                    }
                }
                Chunk::End => {
                    waiting.extend_from_slice(b"0\r\n\r\n");
                    self.send(&waiting).await?;
                    return Ok(After::KeepAlive);
                }
                Chunk::Stall => {
                    self.send(&waiting).await?;
                    self.gone().await?;
                    return Ok(After::Left);
                }
                Chunk::Reset => {
                    self.send(&waiting).await?;
                    tokio::time::sleep(BEFORE_RESET).await;
                    self.stream.set_zero_linger()?;
                    return Ok(After::Close);
                }
            }
        }
        Ok(After::Close)
    }

    async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    async fn send_half(&mut self, response: &UpstreamResponse, at: Timestamp) -> io::Result<()> {
        let body = &response.body;
        let mut bytes = head_of(response, body.len(), at);
        bytes.extend_from_slice(&body[..body.len() / 2]);
        self.send(&bytes).await
    }

    /// Without a length beforehand, which would let a client refuse before it reads.
    async fn flood(&mut self, at: Timestamp) -> io::Result<()> {
        const PIECE: usize = 64 << 10;
        let date = date(at);
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ndate: {date}\r\nconnection: close\r\n\r\n[0"
        );
        self.send(head.as_bytes()).await?;
        let piece = b",0".repeat(PIECE / 2);
        for _ in 0..OVERSIZED / PIECE {
            self.send(&piece).await?;
        }
        self.send(b"]").await?;
        self.stream.shutdown().await
    }

    /// Waits until the client has had enough.
    async fn gone(&mut self) -> io::Result<()> {
        let mut ignored = [0; 1024];
        while self.stream.read(&mut ignored).await? > 0 {}
        Ok(())
    }
}

/// The request at the beginning of these bytes, the length of its head and that of its body; none while it is
/// incomplete.
fn head(bytes: &[u8]) -> io::Result<Option<(Incoming, usize, usize)>> {
    let mut space = [httparse::EMPTY_HEADER; HEADERS];
    let mut request = httparse::Request::new(&mut space);
    let parsed = request
        .parse(bytes)
        .map_err(|error| invalid(&error.to_string()))?;
    let (httparse::Status::Complete(head), Some(method), Some(target)) =
        (parsed, request.method, request.path)
    else {
        return Ok(None);
    };
    let mut headers = HeaderMap::new();
    for header in request.headers.iter() {
        let name = HeaderName::try_from(header.name).map_err(|_| invalid("a header's name"))?;
        let value =
            HeaderValue::from_bytes(header.value).map_err(|_| invalid("a header's value"))?;
        headers.append(name, value);
    }
    if headers.contains_key(TRANSFER_ENCODING) {
        return Err(invalid("bodies come with their length"));
    }
    let length = match headers.get(CONTENT_LENGTH) {
        None => 0,
        Some(length) => length
            .to_str()
            .ok()
            .and_then(|length| length.parse().ok())
            .ok_or_else(|| invalid("the length of the body"))?,
    };
    let incoming = Incoming {
        method: method.to_owned(),
        target: target.to_owned(),
        headers,
        body: Vec::new(),
    };
    Ok(Some((incoming, head, length)))
}

fn head_of(response: &UpstreamResponse, length: usize, at: Timestamp) -> Vec<u8> {
    head_with(response, &format!("content-length: {length}"), at)
}

/// A head with this line about the length.
fn head_with(response: &UpstreamResponse, length: &str, at: Timestamp) -> Vec<u8> {
    let reason = StatusCode::from_u16(response.status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Unknown");
    let mut head = format!("HTTP/1.1 {} {reason}\r\n", response.status).into_bytes();
    for (name, value) in &response.headers {
        if [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION, DATE].contains(name) {
            continue;
        }
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    // These have no body, and may not say that it is empty.
    if response.status != 204 && response.status != 304 {
        head.extend_from_slice(format!("{length}\r\n").as_bytes());
    }
    head.extend_from_slice(format!("date: {}\r\n\r\n", date(at)).as_bytes());
    head
}

fn date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
