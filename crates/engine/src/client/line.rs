//! One connection of HTTP/1.1, driven by whoever uses it: no task of its own, and nobody to be woken in between.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_util::future::poll_fn;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Body, Frame, Incoming};
use hyper::client::conn::http1::{self, Connection, SendRequest};

use super::connect::Wire;
use crate::gate::Gate;

/// A request's body.
pub(super) type Outgoing = Full<Bytes>;

/// A piece of an answer's body; none at its end.
pub(super) type Heard = Option<hyper::Result<Frame<Bytes>>>;

type Driver = Pin<Box<Connection<Wire, Outgoing>>>;

/// A connection.
pub(super) struct Line {
    sender: SendRequest<Outgoing>,
    /// None once it has ended.
    driver: Option<Driver>,
    gate: Gate,
}

/// Why there is no answer.
pub(super) enum Unanswered {
    /// The connection was closed before anything of the request was written; here it is again.
    NotSent(Box<Request<Outgoing>>),
    /// Nobody knows how much of it arrived.
    Broken,
}

impl Line {
    /// Over a new wire. Nothing is sent yet.
    pub(super) async fn new(wire: Wire) -> hyper::Result<Self> {
        let (sender, driver) = http1::handshake(wire).await?;
        Ok(Self {
            sender,
            driver: Some(Box::pin(driver)),
            gate: Gate::new(),
        })
    }

    /// Whether it can take a request. It is looked at, so that one that the other side has closed is noticed.
    pub(super) async fn is_open(&mut self) -> bool {
        poll_fn(|context| {
            drive(&mut self.driver, context);
            Poll::Ready(self.driver.is_some() && self.sender.is_ready())
        })
        .await
    }

    /// Sends a request and reads the head of its answer.
    pub(super) async fn ask(
        &mut self,
        request: Request<Outgoing>,
    ) -> Result<Response<Incoming>, Unanswered> {
        let mut answer = pin!(self.sender.try_send_request(request));
        let (driver, gate) = (&mut self.driver, &mut self.gate);
        gate.rest();
        let answered = poll_fn(|context| {
            gate.poll(context, |parts| {
                drive(driver, parts);
                answer.as_mut().poll(parts)
            })
        });
        answered
            .await
            .map_err(|mut error| match error.take_message() {
                Some(request) => Unanswered::NotSent(Box::new(request)),
                None => Unanswered::Broken,
            })
    }

    /// What comes next of the body of the answer; none at its end.
    pub(super) fn poll_body(
        &mut self,
        body: &mut Incoming,
        context: &mut Context<'_>,
    ) -> Poll<Heard> {
        let driver = &mut self.driver;
        self.gate.poll(context, |parts| {
            drive(driver, parts);
            Pin::new(&mut *body).poll_frame(parts)
        })
    }

    /// Whether the next request can follow at once. What is left of an answer that nobody reads to its end is taken
    /// as far as it is there.
    pub(super) fn is_free(&mut self) -> bool {
        if !self.sender.is_ready() {
            drive(&mut self.driver, &mut Context::from_waker(Waker::noop()));
        }
        self.gate.rest();
        self.driver.is_some() && self.sender.is_ready()
    }
}

/// Goes on with everything that can be done at once.
fn drive(driver: &mut Option<Driver>, context: &mut Context<'_>) {
    let ended = driver
        .as_mut()
        .is_some_and(|driver| driver.as_mut().poll(context).is_ready());
    if ended {
        *driver = None;
    }
}
