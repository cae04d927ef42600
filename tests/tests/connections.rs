//! What the client does with its connections: kept and used again, looked at before, closed with those who leave.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use guichet_engine::client::{Client, ClientSettings};
use guichet_engine::transport::{
    Limits, Transport, TransportError, UpstreamRequest, UpstreamResponse, UpstreamStream,
};
use http::{HeaderMap, Method};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const TIME: Duration = Duration::from_secs(10);
const LIMITS: Limits = Limits {
    time: TIME,
    body: 1 << 20,
};
const SHORT: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// A server of which each test writes the part that matters: what it does with a connection, and which one it is.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    async fn start<F: Future<Output = ()> + Send>(
        serve: impl Fn(usize, TcpStream) -> F + Send + Sync + Clone + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let number = counted.fetch_add(1, Ordering::SeqCst);
                let serve = serve.clone();
                tokio::spawn(async move { serve(number, stream).await });
            }
        });
        Self {
            address,
            connections,
        }
    }

    fn request(&self, scheme: &str, method: Method) -> UpstreamRequest {
        let url = format!("{scheme}://127.0.0.1:{}/there?a=b", self.address.port());
        UpstreamRequest {
            method,
            url: url.parse().unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::from_static(b"question"),
            private_allowed: true,
        }
    }

    async fn send(&self, client: &Client) -> Result<UpstreamResponse, TransportError> {
        client
            .send(self.request("http", Method::POST), LIMITS)
            .await
    }

    async fn open(&self, client: &Client) -> UpstreamStream {
        let request = self.request("http", Method::POST);
        client.open(request, TIME).await.unwrap()
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn client() -> Client {
    Client::new(ClientSettings::default()).unwrap()
}

/// Reads one request of [`Server::request`]; none when the client has closed.
async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut text = Vec::new();
    while !text.ends_with(b"question") {
        if stream.read_buf(&mut text).await.ok()? == 0 {
            return None;
        }
    }
    Some(String::from_utf8(text).unwrap())
}

async fn write(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn a_connection_is_used_again_and_names_its_host_each_time() {
    let server = Server::start(|_, mut stream| async move {
        while let Some(request) = read(&mut stream).await {
            assert!(
                request.starts_with("POST /there?a=b HTTP/1.1\r\n"),
                "{request}"
            );
            let port = stream.local_addr().unwrap().port();
            assert!(
                request.contains(&format!("host: 127.0.0.1:{port}\r\n")),
                "{request}"
            );
            write(&mut stream, SHORT).await;
        }
    })
    .await;
    let client = client();
    for _ in 0..3 {
        assert_eq!(server.send(&client).await.unwrap().body, "ok");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_connection_that_the_server_closed_meanwhile_is_not_used() {
    let server = Server::start(|_, mut stream| async move {
        read(&mut stream).await;
        write(&mut stream, SHORT).await;
    })
    .await;
    let client = client();
    for _ in 0..3 {
        assert_eq!(server.send(&client).await.unwrap().body, "ok");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn what_a_server_may_have_read_is_not_sent_again() {
    let asked = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&asked);
    let server = Server::start(move |_, mut stream| {
        let counted = Arc::clone(&counted);
        async move {
            read(&mut stream).await;
            counted.fetch_add(1, Ordering::SeqCst);
            write(&mut stream, SHORT).await;
            read(&mut stream).await;
            counted.fetch_add(1, Ordering::SeqCst);
        }
    })
    .await;
    let client = client();
    server.send(&client).await.unwrap();
    assert_eq!(
        server.send(&client).await.unwrap_err(),
        TransportError::Broken
    );
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn what_came_together_is_handed_on_together() {
    let server = Server::start(|_, mut stream| async move {
        while read(&mut stream).await.is_some() {
            let chunks = "5\r\nevent\r\n".repeat(100);
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            write(&mut stream, &format!("{head}{chunks}0\r\n\r\n")).await;
        }
    })
    .await;
    let client = client();
    for _ in 0..2 {
        let mut body = server.open(&client).await.body;
        let mut pieces = Vec::new();
        while let Some(piece) = body.next().await {
            pieces.push(piece.unwrap());
        }
        assert_eq!(pieces.concat(), b"event".repeat(100));
        assert!(pieces.len() < 5, "{} pieces", pieces.len());
    }
    assert_eq!(
        server.connections(),
        1,
        "read to its end, it is as good as new"
    );
}

#[tokio::test]
async fn who_leaves_before_the_end_takes_the_connection_along() {
    let gone = Arc::new(tokio::sync::Notify::new());
    let told = Arc::clone(&gone);
    let server = Server::start(move |_, mut stream| {
        let told = Arc::clone(&told);
        async move {
            read(&mut stream).await;
            let begun = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nevent\r\n";
            write(&mut stream, begun).await;
            // Nothing more comes, so that the next thing that happens is the other side's doing.
            read(&mut stream).await;
            told.notify_one();
        }
    })
    .await;
    let mut answer = server.open(&client()).await;
    assert_eq!(answer.body.next().await.unwrap().unwrap(), "event");
    drop(answer);
    let closed = tokio::time::timeout(Duration::from_secs(1), gone.notified());
    closed.await.expect("the server sees it within a second");
}

#[tokio::test]
async fn who_leaves_when_only_the_end_is_missing_that_has_come_leaves_the_connection() {
    let server = Server::start(|_, mut stream| async move {
        while read(&mut stream).await.is_some() {
            let whole =
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nevent\r\n0\r\n\r\n";
            write(&mut stream, whole).await;
        }
    })
    .await;
    let client = client();
    for _ in 0..3 {
        let mut body = server.open(&client).await.body;
        assert_eq!(body.next().await.unwrap().unwrap(), "event");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn an_answer_that_breaks_off_ends_with_an_error_after_what_had_come() {
    let server = Server::start(|_, mut stream| async move {
        read(&mut stream).await;
        write(
            &mut stream,
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf",
        )
        .await;
    })
    .await;
    let mut body = server.open(&client()).await.body;
    assert_eq!(body.next().await, Some(Ok(Bytes::from_static(b"half"))));
    assert_eq!(body.next().await, Some(Err(TransportError::Broken)));
    assert_eq!(body.next().await, None);
}

#[tokio::test]
async fn an_answer_that_ends_with_its_connection_is_whole() {
    let server = Server::start(|_, mut stream| async move {
        read(&mut stream).await;
        write(&mut stream, "HTTP/1.1 200 OK\r\n\r\nuntil the end").await;
    })
    .await;
    let client = client();
    for _ in 0..2 {
        assert_eq!(server.send(&client).await.unwrap().body, "until the end");
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_server_that_takes_a_request_and_says_nothing_is_no_failed_connection() {
    let server = Server::start(|_, mut stream| async move {
        read(&mut stream).await;
        read(&mut stream).await;
    })
    .await;
    let limits = Limits {
        time: Duration::from_millis(200),
        ..LIMITS
    };
    let request = server.request("http", Method::POST);
    let error = client().send(request, limits).await.unwrap_err();
    assert_eq!(error, TransportError::Timeout);
}

#[tokio::test]
async fn http2_is_spoken_where_the_server_chooses_it_and_shared() {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".into()]).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .unwrap();
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(tls));
    let server = Server::start(move |_, stream| {
        let acceptor = acceptor.clone();
        async move {
            let stream = TokioIo::new(acceptor.accept(stream).await.unwrap());
            let answer = service_fn(
                |request: hyper::Request<hyper::body::Incoming>| async move {
                    assert_eq!(request.version(), http::Version::HTTP_2);
                    assert!(!request.headers().contains_key("host"));
                    assert_eq!(request.uri().path(), "/there");
                    Ok::<_, hyper::Error>(hyper::Response::new(Full::new(Bytes::from_static(
                        b"two",
                    ))))
                },
            );
            hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .serve_connection(stream, answer)
                .await
                .unwrap();
        }
    })
    .await;
    let client = Client::new(ClientSettings {
        extra_roots: vec![made.cert.der().clone()],
        ..ClientSettings::default()
    })
    .unwrap();
    let ask = || client.send(server.request("https", Method::POST), LIMITS);
    assert_eq!(ask().await.unwrap().body, "two");
    let all = futures_util::future::join_all((0..20).map(|_| ask())).await;
    assert!(
        all.iter()
            .all(|answer| answer.as_ref().unwrap().body == "two")
    );
    assert_eq!(server.connections(), 1);
}
