//! What the simulator knows and decides: from a request to the reply it gets. No sockets.

use std::collections::BTreeMap;
use std::hash::RandomState;
use std::sync::Arc;

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
use crate::play::{Play, Reply};
use crate::quota::{self, Budgets, Exceeded, Permit};
use crate::request::Asked;
use crate::shift::Shift;
use crate::switches::Switches;
use crate::{control, credential};

pub(crate) struct State {
    pub(crate) book: Book,
    pub(crate) switches: Mutex<Switches>,
    pub(crate) clock: Arc<dyn Clock>,
    budgets: Arc<Mutex<Budgets>>,
    counts: Mutex<BTreeMap<Arc<str>, ProviderCounts>>,
    enforce: bool,
    marks: RandomState,
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
        }
    }

    pub(crate) fn reply(&self, incoming: &Incoming) -> Reply {
        let path = incoming.target.trim_start_matches('/');
        if let Some(command) = path.strip_prefix("_sim/") {
            let response = control::answer(self, &incoming.method, command, &incoming.body);
            return Reply {
                play: Play::Answer(response),
                permit: None,
            };
        }
        let (id, below) = path.split_at(path.find(['/', '?']).unwrap_or(path.len()));
        let asked = Asked::read(&incoming.method, below);
        match (self.book.get_key_value(id), asked) {
            (Some((id, recordings)), Some(asked)) => {
                self.provider_reply(id, recordings, asked, incoming)
            }
            _ => Reply {
                play: Play::Answer(not_found("no such provider here")),
                permit: None,
            },
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
        let mut counts = self.counts.lock();
        let counts = counts.entry(Arc::clone(id)).or_default();
        counts.requests += 1;
        if let Some(sample) = served.sample {
            *counts.samples.entry(sample).or_default() += 1;
        }
        if let Some(status) = play.status() {
            *counts.statuses.entry(status).or_default() += 1;
        }
        if fault != Fault::Ok {
            *counts.faults.entry(fault.name()).or_default() += 1;
        }
        Reply {
            play,
            permit: served.permit,
        }
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

fn not_found(message: &str) -> UpstreamResponse {
    control::json(404, &json!({ "error": message }))
}

/// An answer without a body.
pub(crate) fn no_content() -> UpstreamResponse {
    made(204, "text/plain", "")
}
