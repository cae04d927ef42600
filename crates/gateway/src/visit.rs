//! The way of one request: id → route → key → body → door → headers, log and metrics.

use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{Either, ready};
use guichet_access::{Familiar, Principal};
use guichet_engine::call::Caller;
use http::request::Parts;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body::Body;
use jiff::Timestamp;

use crate::access_log::Told;
use crate::codes::Code;
use crate::gateway::Gateway;
use crate::limits::{self, Admission};
use crate::metrics::Counted;
use crate::problem::Problem;
use crate::reply::{Reply, Response, empty_response, set_header};
use crate::router::{self, Access, Door, Route};
use crate::settings::Settings;
use crate::{
    ai, authentication, body, catalogue, data, finish, health, pages, proxy, quotas, request_id,
};

/// A request that was let in.
pub(crate) struct Visit {
    pub(crate) head: Parts,
    pub(crate) body: Bytes,
    /// The address at the other end of the connection.
    pub(crate) peer: Option<IpAddr>,
    /// The address of whoever asks, which a trusted proxy tells.
    pub(crate) caller_address: Option<IpAddr>,
    pub(crate) request_id: Arc<str>,
    /// When it came.
    pub(crate) at: Timestamp,
}

impl Visit {
    /// The caller as the engine knows it.
    pub(crate) fn caller(&self, principal: &Principal) -> Caller {
        Caller {
            organization: principal.organization.clone(),
            project: Some(principal.project.clone()),
            policy: principal.policy,
            peer: self.caller_address,
            request_id: Arc::clone(&self.request_id),
        }
    }

    /// Room for the headers of the answer: that of the request's own, which are not read any more. hyper makes the room
    /// of an answer's headers that of the next request's, so that a connection looks for memory once.
    pub(crate) fn room_for_headers(&mut self) -> HeaderMap {
        let mut headers = std::mem::take(&mut self.head.headers);
        headers.clear();
        headers
    }
}

/// A visit from its beginning to its end.
struct Walk {
    gateway: Gateway,
    visit: Visit,
    route: Option<&'static Route>,
    principal: Option<Arc<Principal>>,
    admission: Option<Admission>,
    started: Instant,
    in_flight: Counted,
}

impl Gateway {
    /// Answers a request. `peer` is the address at the other end of the connection.
    pub fn answer<B>(
        &self,
        request: Request<B>,
        peer: Option<IpAddr>,
    ) -> impl Future<Output = Response> + use<B>
    where
        B: Body<Data = Bytes>,
    {
        self.answer_over(request, peer, &Familiar::default())
    }

    /// The same, over a connection that may have brought the same key before.
    ///
    /// What needs no waiting is done at once, before anyone awaits: where the answer is at hand, nothing of the request
    /// is carried around, and the memory of its head is free when the connection looks for the next one.
    pub(crate) fn answer_over<B>(
        &self,
        request: Request<B>,
        peer: Option<IpAddr>,
        familiar: &Familiar,
    ) -> impl Future<Output = Response> + use<B>
    where
        B: Body<Data = Bytes>,
    {
        let (head, body) = request.into_parts();
        let mut walk = Walk::begin(self, head, peer);
        let is_whole = body.is_end_stream();
        let at_once = catch_unwind(AssertUnwindSafe(|| walk.admit(is_whole, familiar)));
        match at_once.unwrap_or_else(|_| Err(walk.broken())) {
            Ok(None) => Either::Right(Box::pin(walk.enter(body))),
            Ok(Some(reply)) => Either::Left(ready(walk.end(Ok(reply)))),
            Err(problem) => Either::Left(ready(walk.end(Err(problem)))),
        }
    }
}

impl Walk {
    fn begin(gateway: &Gateway, head: Parts, peer: Option<IpAddr>) -> Self {
        let shared = &gateway.shared;
        let (started, at) = (Instant::now(), shared.engine.now());
        let proxies = &shared.settings.trusted_proxies;
        Self {
            route: router::find(head.uri.path()).map(|found| found.route),
            visit: Visit {
                request_id: request_id::of(&head.headers, at),
                caller_address: peer.map(|peer| proxies.caller(peer, &head.headers)),
                head,
                body: Bytes::new(),
                peer,
                at,
            },
            principal: None,
            admission: None,
            started,
            in_flight: shared.metrics.enter(),
            gateway: gateway.clone(),
        }
    }

    /// Lets a request in, or says why not; the reply, where it is at hand. A request whose body is still to come is
    /// never answered before it is read.
    fn admit(&mut self, is_whole: bool, familiar: &Familiar) -> Result<Option<Reply>, Problem> {
        let route = self
            .route
            .ok_or_else(|| unknown_route(self.visit.head.uri.path()))?;
        if let Some(early) = check_method(&self.visit.head.method, route)? {
            return Ok(Some(early));
        }
        self.principal = principal(&self.gateway, &self.visit, route, familiar)?;
        if let Some(principal) = self
            .principal
            .as_deref()
            .filter(|_| route.door.is_for_calls())
        {
            let engine = &self.gateway.shared.engine;
            self.admission = Admission::ask(engine, principal, self.visit.at)?;
        }
        let unagreed = self.admission.as_ref().is_some_and(Admission::is_unagreed);
        Ok(match (route.door, &self.principal) {
            (Door::Data, Some(principal)) if is_whole && !unagreed => {
                data::recall(&self.gateway, &mut self.visit, principal)
            }
            _ => None,
        })
    }

    /// Goes through the door.
    async fn enter<B: Body<Data = Bytes>>(mut self, body: B) -> Response {
        // A defect must not take other requests of the connection with it, nor pass in silence.
        let outcome = AssertUnwindSafe(self.pass(body)).catch_unwind().await;
        let outcome = outcome.unwrap_or_else(|_| Err(self.broken()));
        self.end(outcome)
    }

    async fn pass<B: Body<Data = Bytes>>(&mut self, body: B) -> Result<Reply, Problem> {
        if let (Some(admission), Some(principal)) = (&mut self.admission, &self.principal) {
            admission.agree(principal, self.visit.at).await?;
        }
        let uri = self.visit.head.uri.clone();
        let found = router::find(uri.path()).ok_or_else(|| unknown_route(uri.path()))?;
        if found.route.takes_body() {
            let settings = &self.gateway.shared.settings;
            self.visit.body = body::read(
                &self.visit.head.headers,
                body,
                most_body(settings, found.route),
                settings.body_timeout,
            )
            .await?;
        }
        let gateway = &self.gateway;
        let [first, second] = found.names;
        let visit = &mut self.visit;
        match (found.route.door, self.principal.as_deref()) {
            (Door::Data, Some(principal)) => {
                data::answer(gateway, visit, principal, first, second).await
            }
            (Door::Proxy, Some(principal)) => {
                proxy::answer(gateway, visit, principal, first, second).await
            }
            (Door::Ask(door), Some(principal)) => ai::ask(gateway, visit, principal, door).await,
            (Door::Data | Door::Proxy | Door::Ask(_), None) => {
                Err(Problem::new(Code::MissingKey, "send your key"))
            }
            (Door::CountTokens, _) => ai::count_tokens(visit).map(Into::into),
            (Door::Quotas, _) => quotas::list(gateway, visit).map(Into::into),
            (Door::Models, _) => Ok(ai::list(gateway, visit).into()),
            (Door::Model, _) => ai::one(gateway, visit, first).map(Into::into),
            (Door::Live, _) => Ok(health::live().into()),
            (Door::Ready, _) => health::ready(gateway),
            (Door::Health, _) => Ok(health::health(gateway).into()),
            (Door::Metrics, _) => Ok(gateway
                .shared
                .metrics
                .expose(gateway.shared.engine.rehearsed().len())
                .into()),
            (Door::OpenApi, _) => Ok(pages::openapi(gateway, visit).into()),
            (Door::Docs, _) => Ok(pages::docs(gateway, visit).into()),
            (Door::Home, _) => Ok(home().into()),
            (Door::Catalogue, _) => Ok(catalogue::all(gateway).into()),
            (Door::CatalogueCategory, _) => catalogue::category(gateway, first).map(Into::into),
            (Door::CatalogueOperation, _) => {
                catalogue::operation(gateway, first, second).map(Into::into)
            }
        }
    }

    /// A handler panicked.
    fn broken(&self) -> Problem {
        tracing::error!(
            request_id = &*self.visit.request_id,
            route = pattern(self.route),
            "a request made its handler panic"
        );
        Problem::new(
            Code::Internal,
            "a defect of this server; its log tells more under the request id",
        )
    }

    /// Headers, metrics and the line of the log.
    fn end(mut self, outcome: Result<Reply, Problem>) -> Response {
        let mut admission = self.admission.take();
        let Self { visit, route, .. } = &self;
        let shared = &self.gateway.shared;
        let mut reply = outcome.unwrap_or_else(|problem| refuse(problem, visit, *route));
        if let Some(principal) = self.principal.as_deref()
            && route.is_some_and(|route| route.door.is_for_calls())
        {
            limits::tell(&mut reply, &shared.engine, principal, &mut admission);
        }
        let took = self.started.elapsed();
        let rehearsed = shared.engine.rehearsed();
        let door = route.map(|route| route.door);
        finish::finish(&mut reply, visit, door, took, &rehearsed);
        let status = reply.response.status();
        shared.metrics.observe(*route, status, &reply.story, took);
        if let Some(log) = &shared.settings.access_log {
            log.write(&Told {
                visit,
                route: pattern(*route),
                status,
                took,
                principal: self.principal.as_ref(),
                story: &reply.story,
            });
        }
        reply.response.body_mut().count(self.in_flight, admission);
        reply.response
    }
}

/// The principal, where the route wants one.
fn principal(
    gateway: &Gateway,
    visit: &Visit,
    route: &Route,
    familiar: &Familiar,
) -> Result<Option<Arc<Principal>>, Problem> {
    let headers = &visit.head.headers;
    let needs_key = match route.access {
        Access::Open => false,
        Access::Key => true,
        Access::KeyOrLoopback => authentication::brings_key(headers) || !is_local(visit),
    };
    if !needs_key {
        return Ok(None);
    }
    authentication::principal(&gateway.shared.access, headers, familiar).map(Some)
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
