//! The same doors over HTTP/2.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use crate::limits::Server;

#[tokio::test]
async fn requests_share_a_connection_and_head_has_no_body() {
    let server = Server::start(guichet_gateway::Settings::default()).await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (mut sender, connection) =
        http2::handshake::<_, _, Empty<Bytes>>(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    let connection = tokio::spawn(connection);
    let request = |method: &str| {
        let uri = format!("http://{}/health/live", server.address);
        Request::builder()
            .method(method)
            .uri(uri)
            .body(Empty::new())
            .unwrap()
    };
    let (get, head) = tokio::join!(
        sender.clone().send_request(request("GET")),
        sender.send_request(request("HEAD"))
    );
    let (get, head) = (get.unwrap(), head.unwrap());
    assert_eq!((get.status().as_u16(), head.status().as_u16()), (200, 200));
    assert_eq!(head.headers()["content-length"], "15");
    assert_eq!(
        get.into_body().collect().await.unwrap().to_bytes(),
        "{\"status\":\"ok\"}"
    );
    assert!(
        head.into_body()
            .collect()
            .await
            .unwrap()
            .to_bytes()
            .is_empty()
    );

    server.shutdown.cancel();
    server.task.await.unwrap().unwrap();
    connection.await.unwrap().unwrap();
}
