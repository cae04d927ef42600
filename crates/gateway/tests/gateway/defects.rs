//! A defect of ours takes one request down, not its connection, and is told.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame};

use crate::world::World;

/// A body whose reader is broken.
struct Broken;

impl Body for Broken {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        panic!("a defect with a /secret/path")
    }
}

#[tokio::test]
async fn a_panic_becomes_a_problem_without_its_message() {
    let world = World::new().await;
    let request = world
        .request("POST", "/api/tools/hash")
        .body(Broken)
        .unwrap();
    let answer = world
        .gateway
        .answer(request, Some(Ipv4Addr::LOCALHOST.into()))
        .await;
    let answer = crate::client::Answer::read(answer).await;
    assert_eq!(answer.problem(), (500, "internal".into()));
    assert!(!answer.text().contains("secret"), "{}", answer.text());
    assert!(
        world
            .get("/metrics")
            .await
            .text()
            .contains("guichet_http_requests_in_flight 1"),
        "only this one"
    );
}
