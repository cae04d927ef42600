//! What the simulator knows and decides: from a request to the reply it gets. No sockets.

use std::collections::BTreeMap;
use std::hash::RandomState;
use std::sync::Arc;
use std::time::Duration;

use guichet_catalogue::model::Provider;
use guichet_engine::clock::Clock;
use guichet_engine::replay::response;
use guichet_engine::transport::UpstreamResponse;
use http::HeaderMap;
use http::header::RETRY_AFTER;
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::alphabet::{Fault, made, too_many, unauthorized};
use crate::book::{Book, Kept, Page, Recordings};
use crate::counts::ProviderCounts;
use crate::matching::{Echo, best};
use crate::pacing::Paces;
use crate::play::{Play, Reply};
use crate::quota::{self, Budgets, Exceeded, Permit};
use crate::request::Asked;
use crate::shift::Shift;
use crate::switches::Switches;
use crate::{ai, control, credential};

pub(crate) struct State {
    pub(crate) book: Book,
    pub(crate) switches: Mutex<Switches>,
    pub(crate) clock: Arc<dyn Clock>,
    budgets: Arc<Mutex<Budgets>>,
    counts: Mutex<BTreeMap<Arc<str>, ProviderCounts>>,
    enforce: bool,
    marks: RandomState,
    pub(crate) paces: Mutex<Paces>,
}

/// A request as it came in.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A right answer, or a refusal that is as right.
struct Served {
    response: UpstreamResponse,
    permit: Option<Permit>,
    sample: Option<String>,
}

impl State {
    pub(crate) fn new(book: Book, clock: Arc<dyn Clock>, enforce: bool) -> Self {
        Self {
            book,
            switches: Mutex::default(),
            clock,
            budgets: Arc::default(),
            counts: Mutex::default(),
            enforce,
            marks: RandomState::new(),
            paces: Mutex::default(),
        }
    }

    pub(crate) fn reply(&self, incoming: &Incoming) -> Reply {
        let path = incoming.target.trim_start_matches('/');
        if let Some(command) = path.strip_prefix("_sim/") {
            let response = control::answer(self, &incoming.method, command, &incoming.body);
            return Reply::plain(response);
        }
        let (id, below) = path.split_at(path.find(['/', '?']).unwrap_or(path.len()));
        let asked = Asked::read(&incoming.method, below);
        match (self.book.get_key_value(id), asked) {
            (Some((id, recordings)), Some(asked)) if recordings.provider.models.is_some() => {
                let query = below.split_once('?').map_or("", |(_, query)| query);
                self.model_reply(id, recordings, &asked, query, incoming)
            }
            (Some((id, recordings)), Some(asked)) => {
                self.provider_reply(id, recordings, asked, incoming)
            }
            _ => Reply::plain(not_found("no such provider here")),
        }
    }

    fn provider_reply(
        &self,
        id: &Arc<str>,
        recordings: &Recordings,
        asked: Asked,
        incoming: &Incoming,
    ) -> Reply {
        let fault = self.switches.lock().strike(id);
        let served = self.serve(recordings, asked, &incoming.headers, fault);
        let own_error = recordings
            .own_error(fault)
            .map(|kept| self.present(kept, &Echo::default()));
        let play = Play::of(fault, served.response, own_error.as_ref());
        self.count(id, fault, &play, |counts| {
            if let Some(sample) = served.sample {
                *counts.samples.entry(sample).or_default() += 1;
            }
        });
        Reply {
            permit: served.permit,
            ..Reply::played(play)
        }
    }

    fn count(
        &self,
        id: &Arc<str>,
        fault: Fault,
        play: &Play,
        more: impl FnOnce(&mut ProviderCounts),
    ) {
        let mut counts = self.counts.lock();
        let counts = counts.entry(Arc::clone(id)).or_default();
        counts.requests += 1;
        more(counts);
        if let Some(status) = play.status() {
            *counts.statuses.entry(status).or_default() += 1;
        }
        if fault != Fault::Ok {
            *counts.faults.entry(fault.name().into_owned()).or_default() += 1;
        }
    }

    /// Whether a stream came to its end or its client left.
    pub(crate) fn stream_over(&self, id: &Arc<str>, left: bool) {
        let mut counts = self.counts.lock();
        let counts = counts.entry(Arc::clone(id)).or_default();
        if left {
            counts.streams_left += 1;
        } else {
            counts.streams_ended += 1;
        }
    }

    fn model_reply(
        &self,
        id: &Arc<str>,
        recordings: &Recordings,
        asked: &Asked,
        query: &str,
        incoming: &Incoming,
    ) -> Reply {
        let provider = &recordings.provider;
        let (Some(server), Some(http)) = (&provider.models, provider.http()) else {
            return Reply::plain(not_found("no models here"));
        };
        let fault = self.switches.lock().strike(id);
        let right = fault == Fault::Ok;
        let path = below_account(&http.base_url_text, &asked.segments);
        let pacing = self.paces.lock().of(id);
        let number = self
            .counts
            .lock()
            .get(id)
            .map_or(0, |counts| counts.requests);
        let visited = ai::serve(&ai::Visit {
            provider,
            server,
            method: &incoming.method,
            path: &path,
            query,
            headers: &incoming.headers,
            body: &incoming.body,
            mark: credential::take(
                &http.auth,
                &incoming.headers,
                &mut asked.clone(),
                &self.marks,
            ),
            number,
            now: self.clock.now(),
            pacing,
            budgets: (self.enforce && right).then_some(&self.budgets),
            strict: right,
        });
        let own_error = recordings
            .own_error(fault.of_whole())
            .map(|kept| self.present(kept, &Echo::default()));
        let is_refusal = visited.response.status >= 400;
        let play = match &visited.stream {
            Some(stream) if !is_refusal => Play::of_stream(fault, stream, own_error.as_ref()),
            _ => Play::of(fault, visited.response, own_error.as_ref()),
        };
        self.count(id, fault, &play, |counts| {
            if right {
                counts.input_tokens += visited.usage.input;
                counts.output_tokens += visited.usage.output;
            }
        });
        let streams = matches!(play, Play::Script(_));
        Reply {
            after: if streams || is_refusal {
                Duration::ZERO
            } else {
                pacing.first
            },
            stream_of: streams.then(|| Arc::clone(id)),
            permit: visited.permit,
            ..Reply::played(play)
        }
    }

    /// Puts another limit in place of one of the catalogue's.
    pub(crate) fn set_limit(
        &self,
        provider: &str,
        window: &str,
        limit: f64,
    ) -> Result<(), Vec<String>> {
        let Some(recordings) = self.book.get(provider) else {
            return Err(Vec::new());
        };
        self.budgets
            .lock()
            .set_limit(&recordings.provider, window, limit)
    }

    /// The catalogue's limits hold again.
    pub(crate) fn clear_limits(&self, provider: &str) {
        self.budgets.lock().clear_limits(provider);
    }

    /// Under a fault, neither credentials nor quotas are looked at: the fault is what there is to see.
    fn serve(
        &self,
        recordings: &Recordings,
        mut asked: Asked,
        headers: &HeaderMap,
        fault: Fault,
    ) -> Served {
        let refusal = |response| Served {
            response,
            permit: None,
            sample: None,
        };
        let provider = &recordings.provider;
        let mark = provider
            .http()
            .and_then(|http| credential::take(&http.auth, headers, &mut asked, &self.marks));
        let demanded = provider
            .http()
            .is_some_and(|http| credential::is_demanded(&http.auth));
        if fault == Fault::Ok && demanded && mark.is_none() {
            return refusal(self.unauthorized(recordings));
        }
        let page = best(&recordings.pages, &asked);
        let permit = match self.permit(provider, page, mark, fault) {
            Ok(permit) => permit,
            Err(exceeded) => return refusal(self.exceeded(recordings, exceeded)),
        };
        let Some(page) = page else {
            return refusal(not_found("no sample answers such a request"));
        };
        Served {
            response: self.present(&page.kept, &Echo::between(page, &asked)),
            permit,
            sample: (fault == Fault::Ok).then(|| page.sample.clone()),
        }
    }

    fn permit(
        &self,
        provider: &Provider,
        page: Option<&Page>,
        mark: Option<u64>,
        fault: Fault,
    ) -> Result<Option<Permit>, Exceeded> {
        if !self.enforce || fault != Fault::Ok {
            return Ok(None);
        }
        let costs = page.map_or(&[][..], |page| &page.costs);
        quota::take(&self.budgets, provider, costs, mark, self.clock.now()).map(Some)
    }

    fn unauthorized(&self, recordings: &Recordings) -> UpstreamResponse {
        recordings
            .own_error(Fault::Unauthorized)
            .map_or_else(unauthorized, |kept| self.present(kept, &Echo::default()))
    }

    fn exceeded(&self, recordings: &Recordings, exceeded: Exceeded) -> UpstreamResponse {
        let mut response = recordings
            .own_refusal(exceeded.long)
            .map_or_else(too_many, |kept| self.present(kept, &Echo::default()));
        response
            .headers
            .insert(RETRY_AFTER, exceeded.wait.as_secs().into());
        response
    }

    /// A recorded answer as it would be given now, to this request.
    fn present(&self, kept: &Kept, echo: &Echo) -> UpstreamResponse {
        let mut answer = kept.answer.clone();
        let shift = Shift::between(kept.at, self.clock.now());
        if !kept.dated {
            if let Some(body) = &mut answer.body {
                shift.json(body);
            }
            if let Some(text) = &mut answer.text {
                *text = shift.text(text).into_owned();
            }
        }
        if let Some(body) = &mut answer.body {
            echo.json(body);
        }
        for value in answer.headers.values_mut() {
            if let Some(moved) = value.as_str().and_then(|text| shift.header(text)) {
                *value = Value::String(moved);
            }
        }
        response(&answer)
    }

    pub(crate) fn counts(&self) -> BTreeMap<String, ProviderCounts> {
        let counts = self.counts.lock();
        let budgets = self.budgets.lock();
        let now = self.clock.now();
        self.book
            .iter()
            .map(|(id, recordings)| {
                let counted = ProviderCounts {
                    quotas: budgets.states(&recordings.provider, now),
                    ..counts.get(id).cloned().unwrap_or_default()
                };
                (id.to_string(), counted)
            })
            .collect()
    }

    /// Counts and quotas start afresh; faults stay as they are.
    pub(crate) fn reset(&self) {
        self.counts.lock().clear();
        self.budgets.lock().reset();
    }
}

/// The path below the base URL, of which the part with the account is asked for too.
fn below_account(base_url: &str, segments: &[String]) -> String {
    let prefix = account_path(base_url).map_or(0, |path| path.split('/').count() - 1);
    let below = segments.get(prefix..).unwrap_or_default();
    format!("/{}", below.join("/"))
}

/// The path of a base URL with a place for the account: `/accounts/{account}/v1`.
pub(crate) fn account_path(base_url: &str) -> Option<&str> {
    let (_, rest) = base_url.split_once("://")?;
    let path = &rest[rest.find('/')?..];
    path.contains("{account}")
        .then_some(path.trim_end_matches('/'))
}

fn not_found(message: &str) -> UpstreamResponse {
    control::json(404, &json!({ "error": message }))
}

/// An answer without a body.
pub(crate) fn no_content() -> UpstreamResponse {
    made(204, "text/plain", "")
}
