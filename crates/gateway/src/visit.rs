//! The way of one request: id → route → key → body → door → headers, log and metrics.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures_util::FutureExt;
use guichet_access::Principal;
use guichet_engine::call::Caller;
use http::request::Parts;
use http::{Method, Request, StatusCode};
use http_body::Body;

use crate::access_log::Told;
use crate::codes::Code;
use crate::gateway::Gateway;
use crate::problem::Problem;
use crate::reply::{Reply, Response, empty_response, set_header};
use crate::router::{self, Access, Door, Found, Route};
use crate::settings::Settings;
use crate::{ai, authentication, body, catalogue, data, finish, health, pages, proxy, request_id};

/// A request that was let in.
pub(crate) struct Visit {
    pub(crate) head: Parts,
    pub(crate) body: Bytes,
    /// The address at the other end of the connection.
    pub(crate) peer: Option<IpAddr>,
    /// The address of whoever asks, which a trusted proxy tells.
    pub(crate) caller_address: Option<IpAddr>,
    pub(crate) request_id: Arc<str>,
}

impl Visit {
    /// The caller as the engine knows it.
    pub(crate) fn caller(&self, principal: &Principal) -> Caller {
        Caller {
            organization: principal.organization.clone(),
            peer: self.caller_address,
            request_id: Arc::clone(&self.request_id),
        }
    }
}

impl Gateway {
    /// Answers a request. `peer` is the address at the other end of the connection.
    pub async fn answer<B>(&self, request: Request<B>, peer: Option<IpAddr>) -> Response
    where
        B: Body<Data = Bytes>,
    {
        let started = Instant::now();
        let in_flight = self.shared.metrics.enter();
        let (head, body) = request.into_parts();
        let proxies = &self.shared.settings.trusted_proxies;
        let mut visit = Visit {
            request_id: request_id::of(&head.headers),
            caller_address: peer.map(|peer| proxies.caller(peer, &head.headers)),
            head,
            body: Bytes::new(),
            peer,
        };
        let uri = visit.head.uri.clone();
        let found = router::find(uri.path());
        let route = found.as_ref().map(|found| found.route);
        let mut principal = None;
        // A defect must not take other requests of the connection with it, nor pass in silence.
        let walk = AssertUnwindSafe(self.walk(found, &mut visit, &mut principal, body))
            .catch_unwind()
            .await;
        let outcome = walk.unwrap_or_else(|_| {
            tracing::error!(
                request_id = &*visit.request_id,
                route = pattern(route),
                "a request made its handler panic"
            );
            Err(Problem::new(
                Code::Internal,
                "a defect of this server; its log tells more under the request id",
            ))
        });
        let mut reply = outcome.unwrap_or_else(|problem| refuse(problem, &visit, route));
        let took = started.elapsed();
        finish::finish(&mut reply, &visit, route.map(|route| route.door), took);
        let status = reply.response.status();
        self.shared
            .metrics
            .observe(route, status, &reply.story, took);
        if let Some(log) = &self.shared.settings.access_log {
            log.write(&Told {
                visit: &visit,
                route: pattern(route),
                status,
                took,
                principal: principal.as_ref(),
                story: &reply.story,
            });
        }
        reply.response.body_mut().count(in_flight);
        reply.response
    }

    async fn walk<B>(
        &self,
        found: Option<Found<'_>>,
        visit: &mut Visit,
        known: &mut Option<Principal>,
        body: B,
    ) -> Result<Reply, Problem>
    where
        B: Body<Data = Bytes>,
    {
        let found = found.ok_or_else(|| unknown_route(visit.head.uri.path()))?;
        if let Some(early) = check_method(&visit.head.method, found.route)? {
            return Ok(early);
        }
        let principal = self.admit(visit, found.route)?;
        known.clone_from(&principal);
        if found.route.takes_body() {
            let settings = &self.shared.settings;
            visit.body = body::read(
                &visit.head.headers,
                body,
                most_body(settings, found.route),
                settings.body_timeout,
            )
            .await?;
        }
        self.enter(visit, &found, principal.as_ref()).await
    }

    /// The principal, where the route wants one.
    fn admit(&self, visit: &Visit, route: &Route) -> Result<Option<Principal>, Problem> {
        let headers = &visit.head.headers;
        let needs_key = match route.access {
            Access::Open => false,
            Access::Key => true,
            Access::KeyOrLoopback => authentication::brings_key(headers) || !is_local(visit),
        };
        if !needs_key {
            return Ok(None);
        }
        authentication::principal(&self.shared.access, headers).map(Some)
    }

    async fn enter(
        &self,
        visit: &Visit,
        found: &Found<'_>,
        principal: Option<&Principal>,
    ) -> Result<Reply, Problem> {
        let [first, second] = found.names;
        match (found.route.door, principal) {
            (Door::Data, Some(principal)) => match data::recall(self, visit, principal) {
                Some(reply) => Ok(reply),
                // Boxed, so that a request that is answered from memory does not carry its room around.
                None => Box::pin(data::answer(self, visit, principal, first, second)).await,
            },
            (Door::Proxy, Some(principal)) => {
                Box::pin(proxy::answer(self, visit, principal, first, second)).await
            }
            (Door::Ask(door), Some(principal)) => {
                Box::pin(ai::ask(self, visit, principal, door)).await
            }
            (Door::Data | Door::Proxy | Door::Ask(_), None) => {
                Err(Problem::new(Code::MissingKey, "send your key"))
            }
            (Door::CountTokens, _) => ai::count_tokens(visit).map(Into::into),
            (Door::Models, _) => Ok(ai::list(self, visit).into()),
            (Door::Model, _) => ai::one(self, visit, first).map(Into::into),
            (Door::Live, _) => Ok(health::live().into()),
            (Door::Ready, _) => health::ready(self),
            (Door::Health, _) => Ok(health::health(self).into()),
            (Door::Metrics, _) => Ok(self.shared.metrics.expose().into()),
            (Door::OpenApi, _) => Ok(pages::openapi(self, visit).into()),
            (Door::Docs, _) => Ok(pages::docs(self, visit).into()),
            (Door::Home, _) => Ok(home().into()),
            (Door::Catalogue, _) => Ok(catalogue::all(self).into()),
            (Door::CatalogueCategory, _) => catalogue::category(self, first).map(Into::into),
            (Door::CatalogueOperation, _) => {
                catalogue::operation(self, first, second).map(Into::into)
            }
        }
    }
}

/// A refusal of the method, or the answer to a question for the methods.
fn check_method(method: &Method, route: &'static Route) -> Result<Option<Reply>, Problem> {
    if route.methods.contains(&method.as_str()) {
        return Ok(None);
    }
    if method == Method::OPTIONS {
        let mut response = empty_response(StatusCode::NO_CONTENT);
        set_header(&mut response, http::header::ALLOW, route.allow);
        return Ok(Some(response.into()));
    }
    let problem = Problem::new(
        Code::MethodNotAllowed,
        format!("allowed are {}", route.allow),
    );
    Err(problem.with_allow(route.allow))
}

/// The most bytes that a body may have here.
fn most_body(settings: &Settings, route: &Route) -> usize {
    if route.is_for_models() {
        settings.max_model_body
    } else {
        settings.max_body
    }
}

/// A refusal in the words that the caller's client knows.
fn refuse(problem: Problem, visit: &Visit, route: Option<&Route>) -> Reply {
    if !ai::is_here(visit.head.uri.path()) {
        return Reply::refusing(problem, &visit.request_id);
    }
    let dialect = ai::Dialect::of(&visit.head, route.map(|route| route.door));
    ai::refuse(&problem, dialect, &visit.request_id)
}

fn unknown_route(path: &str) -> Problem {
    if ai::is_here(path) {
        return ai::unknown_route(path);
    }
    Problem::new(
        Code::UnknownRoute,
        "data is at /api/{category}/{operation}; /docs shows every path",
    )
}

fn pattern(route: Option<&'static Route>) -> &'static str {
    route.map_or("unknown", |route| route.pattern)
}

/// Whether the request comes from this machine itself: a proxy on it would say for whom it asks.
fn is_local(visit: &Visit) -> bool {
    let passed_on = ["forwarded", "x-forwarded-for", "x-real-ip"];
    let headers = &visit.head.headers;
    visit
        .peer
        .is_some_and(|peer| peer.to_canonical().is_loopback())
        && !passed_on.iter().any(|name| headers.contains_key(*name))
}

/// The root leads people to what they can read.
fn home() -> Response {
    let mut response = empty_response(StatusCode::TEMPORARY_REDIRECT);
    set_header(&mut response, http::header::LOCATION, "/docs");
    response
}
