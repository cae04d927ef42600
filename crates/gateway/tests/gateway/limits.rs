//! Raw sockets: what a connection may and may not do.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use guichet_gateway::{Settings, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::world::World;

const LIVE: &[u8] = b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n";
const PATIENCE: Duration = Duration::from_secs(10);

/// A server on a port of its own.
pub(crate) struct Server {
    pub(crate) world: World,
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: CancellationToken,
    pub(crate) task: JoinHandle<std::io::Result<()>>,
}

impl Server {
    pub(crate) async fn start(settings: Settings) -> Self {
        let world = World::with(settings).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(serve(listener, world.gateway.clone(), shutdown.clone()));
        Self {
            world,
            address,
            shutdown,
            task,
        }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes on a new connection and reads until the server closes it.
    async fn last_words(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        rest(&mut stream).await
    }
}

/// Everything until the other side closes; a reset ends it as well.
pub(crate) async fn rest(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    let all = stream.read_to_end(&mut read);
    let ended = tokio::time::timeout(PATIENCE, all).await;
    assert!(ended.is_ok(), "the server keeps the connection open");
    String::from_utf8_lossy(&read).into_owned()
}

/// One answer with a body of a known length.
async fn answer(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    let whole = |read: &[u8]| {
        let text = String::from_utf8_lossy(read).into_owned();
        let (head, body) = text.split_once("\r\n\r\n")?;
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))?;
        (body.len() >= length.parse().unwrap()).then(|| text.clone())
    };
    loop {
        let mut buffer = [0; 4096];
        let count = tokio::time::timeout(PATIENCE, stream.read(&mut buffer))
            .await
            .unwrap()
            .unwrap();
        assert_ne!(
            count,
            0,
            "closed after {:?}",
            String::from_utf8_lossy(&read)
        );
        read.extend_from_slice(&buffer[..count]);
        if let Some(text) = whole(&read) {
            return text;
        }
    }
}

pub(crate) fn short() -> Settings {
    Settings {
        head_timeout: Duration::from_millis(300),
        body_timeout: Duration::from_millis(300),
        idle_timeout: Duration::from_millis(900),
        grace: Duration::from_millis(600),
        ..Settings::default()
    }
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut_off() {
    let server = Server::start(short()).await;
    let mut stream = server.connect().await;
    let began = Instant::now();
    for byte in LIVE.iter().take(30) {
        if stream.write_all(&[*byte]).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    rest(&mut stream).await;
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let server = Server::start(short()).await;
    for start in [&b""[..], b"PRI * HT"] {
        let began = Instant::now();
        assert_eq!(server.last_words(start).await, "");
        assert!(began.elapsed() < Duration::from_secs(3));
    }
}

#[tokio::test]
async fn a_connection_rests_longer_than_a_head_may_take() {
    let server = Server::start(short()).await;
    let mut stream = server.connect().await;
    for _ in 0..2 {
        stream.write_all(LIVE).await.unwrap();
        assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200"));
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let began = Instant::now();
    assert_eq!(rest(&mut stream).await, "");
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_body_that_stalls_is_answered() {
    let server = Server::start(short()).await;
    let head = format!(
        "POST /api/tools/hash HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{{",
        server.world.key
    );
    let mut stream = server.connect().await;
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("body_timeout"), "{answer}");
}

#[tokio::test]
async fn an_announced_body_is_refused_before_it_is_sent() {
    let server = Server::start(Settings::default()).await;
    let head = format!(
        "POST /api/tools/hash HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\ncontent-length: 10485760\r\nexpect: 100-continue\r\n\r\n",
        server.world.key
    );
    let mut stream = server.connect().await;
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn a_client_that_sends_ten_megabytes_all_the_same_reads_the_refusal() {
    let server = Server::start(Settings::default()).await;
    let head = format!(
        "POST /api/tools/hash HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\ncontent-length: 10485760\r\n\r\n",
        server.world.key
    );
    let mut stream = server.connect().await;
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![b' '; 10 << 20]).await.unwrap();
    let answer = answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn a_chunked_body_cannot_grow_without_end() {
    let server = Server::start(Settings {
        max_body: 100_000,
        ..Settings::default()
    })
    .await;
    let head = format!(
        "POST /api/tools/hash HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\ntransfer-encoding: chunked\r\n\r\n",
        server.world.key
    );
    let mut stream = server.connect().await;
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = [b"4000\r\n".as_slice(), &[b'a'; 0x4000], b"\r\n"].concat();
    for _ in 0..7 {
        stream.write_all(&chunk).await.unwrap();
    }
    let answer = answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn heads_have_a_size_and_a_number_of_lines() {
    let server = Server::start(Settings {
        max_head: 16 << 10,
        ..Settings::default()
    })
    .await;
    let large = format!(
        "GET /health/live HTTP/1.1\r\nhost: x\r\nx-large: {}\r\n\r\n",
        "a".repeat(32 << 10)
    );
    let words = server.last_words(large.as_bytes()).await;
    assert!(words.starts_with("HTTP/1.1 431"), "{words}");
    let many = format!(
        "GET /health/live HTTP/1.1\r\n{}\r\n",
        "x: y\r\n".repeat(200)
    );
    assert!(
        server
            .last_words(many.as_bytes())
            .await
            .starts_with("HTTP/1.1 431")
    );
    assert!(
        server
            .last_words(b"NONSENSE\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 400")
    );
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = Server::start(Settings::default()).await;
    let request = |id: &str, close: &str| {
        format!("GET /health/live HTTP/1.1\r\nhost: x\r\nx-request-id: {id}\r\n{close}\r\n")
    };
    let both = request("first", "") + &request("second", "connection: close\r\n");
    let words = server.last_words(both.as_bytes()).await;
    assert_eq!(words.matches("HTTP/1.1 200").count(), 2, "{words}");
    assert!(
        words.find("first").unwrap() < words.find("second").unwrap(),
        "{words}"
    );
}

#[tokio::test]
async fn beyond_the_cap_connections_wait_for_room() {
    let server = Server::start(Settings {
        connections: 1,
        ..Settings::default()
    })
    .await;
    let mut first = server.connect().await;
    first.write_all(LIVE).await.unwrap();
    answer(&mut first).await;
    let mut second = server.connect().await;
    second.write_all(LIVE).await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(300), second.readable()).await;
    assert!(early.is_err(), "there was no room");
    drop(first);
    assert!(answer(&mut second).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_request_under_way_is_finished_before_the_server_stops() {
    let server = Server::start(short()).await;
    server
        .world
        .providers
        .replay("api.open-meteo.com", "open-meteo", "current");
    server
        .world
        .providers
        .delay("api.open-meteo.com", Duration::from_millis(400));
    let mut busy = server.connect().await;
    let request = format!(
        "GET /api/weather/current?lat=48.85341&lon=2.3488 HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\n\r\n",
        server.world.key
    );
    busy.write_all(request.as_bytes()).await.unwrap();
    let mut idle = server.connect().await;
    idle.write_all(LIVE).await.unwrap();
    answer(&mut idle).await;
    server.shutdown.cancel();
    assert_eq!(
        rest(&mut idle).await,
        "",
        "a resting connection is closed at once"
    );
    let answered = rest(&mut busy).await;
    assert!(answered.starts_with("HTTP/1.1 200"), "{answered}");
    tokio::time::timeout(PATIENCE, server.task)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(
        TcpStream::connect(server.address).await.is_err(),
        "nobody listens any more"
    );
}

#[tokio::test]
async fn the_grace_period_ends() {
    let server = Server::start(short()).await;
    server
        .world
        .providers
        .replay("api.open-meteo.com", "open-meteo", "current");
    server
        .world
        .providers
        .delay("api.open-meteo.com", Duration::from_secs(8));
    let mut stuck = server.connect().await;
    let request = format!(
        "GET /api/weather/current?lat=48.85341&lon=2.3488 HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\n\r\n",
        server.world.key
    );
    stuck.write_all(request.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let began = Instant::now();
    server.shutdown.cancel();
    tokio::time::timeout(PATIENCE, server.task)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(rest(&mut stuck).await, "");
}
