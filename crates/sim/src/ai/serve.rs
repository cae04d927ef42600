//! One request to a provider of models: from what came in to what is played.

use std::sync::Arc;

use guichet_catalogue::model::ai::ModelServer;
use guichet_catalogue::model::ai::Price;
use guichet_catalogue::model::{Auth, Dialect, Provider, Task};
use guichet_dialects::anthropic;
use guichet_dialects::chat::{Answer, Part, Usage};
use guichet_engine::transport::UpstreamResponse;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use parking_lot::Mutex;

use super::lists::{self, Served as ServedModel};
use super::refusal::{Refusal, answer as refused, json_answer};
use super::request::{self, Conversation};
use super::route::{self, Asked};
use super::voice::Voice;
use super::{chunks, events, gemini, limits, mind, ollama, rules, spent, tasks};
use crate::alphabet::{Stream, made};
use crate::pacing::Pacing;
use crate::quota::Budgets;
use crate::quota::Permit;
use crate::quota::models::{self, Demand};

/// A request, and what surrounds it.
pub(crate) struct Visit<'a> {
    pub(crate) provider: &'a Provider,
    pub(crate) server: &'a ModelServer,
    pub(crate) method: &'a str,
    /// The decoded path below the provider's base URL.
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
    /// A mark of the credential, if one came.
    pub(crate) mark: Option<u64>,
    /// Counts the requests, for ids.
    pub(crate) number: u64,
    pub(crate) now: Timestamp,
    pub(crate) pacing: Pacing,
    /// Quotas, if they are enforced.
    pub(crate) budgets: Option<&'a Arc<Mutex<Budgets>>>,
    /// Whether credentials and rules are looked at: not under a fault.
    pub(crate) strict: bool,
}

/// What is served.
pub(crate) struct Served {
    pub(crate) response: UpstreamResponse,
    /// The same as a stream, where one was asked for and given.
    pub(crate) stream: Option<Stream>,
    pub(crate) permit: Option<Permit>,
    pub(crate) usage: Usage,
}

impl Served {
    fn plain(response: UpstreamResponse) -> Self {
        Self {
            response,
            stream: None,
            permit: None,
            usage: Usage::default(),
        }
    }
}

/// Serves a request.
pub(crate) fn serve(visit: &Visit<'_>) -> Served {
    let dialect = visit.server.dialect;
    let asked =
        route::find(visit.server, visit.path, visit.query).filter(|_| visit.method == "POST");
    let dialect = asked.as_ref().map_or(dialect, |asked| asked.dialect);
    visit
        .run(asked.as_ref())
        .unwrap_or_else(|refusal| Served::plain(refused(&visit.provider.id, dialect, &refusal)))
}

impl Visit<'_> {
    fn run(&self, asked: Option<&Asked>) -> Result<Served, Refusal> {
        if self.strict {
            self.check_credential()?;
        }
        let Some(asked) = asked else {
            return self.look_up();
        };
        let content_type = self
            .headers
            .get("content-type")
            .and_then(|it| it.to_str().ok());
        let content_type = content_type.unwrap_or_default();
        let named = request::model(asked, content_type, self.body)
            .ok_or_else(|| Refusal::Wrong("model: field required".into()))?;
        let model = self.model(&named, asked.task)?;
        if asked.task == Task::Chat {
            return self.converse(asked, &model);
        }
        if asked.dialect == Dialect::OpenAi
            && self.strict
            && let Ok(members) = request::members(self.body)
        {
            rules::check(&self.provider.id, asked.task, &members)?;
        }
        let done = tasks::answer(
            asked.task,
            asked.dialect,
            &model.id,
            content_type,
            self.body,
        )
        .map_err(|malformed| Refusal::Wrong(malformed.to_string()))?;
        let demand = Demand {
            money: money(&model, &done.demand),
            neurons: neurons(&model, &done.demand),
            ..done.demand
        };
        let usage = Usage {
            input: rounded(demand.input),
            ..Usage::default()
        };
        Ok(self.charged(asked, &model, &demand, done.response, None, usage))
    }

    fn check_credential(&self) -> Result<(), Refusal> {
        const IN_URLS: [&str; 5] = ["key", "api_key", "api-key", "apikey", "access_token"];
        let names = self
            .query
            .split('&')
            .filter_map(|pair| pair.split('=').next());
        if names.into_iter().any(|name| IN_URLS.contains(&name)) {
            return Err(Refusal::KeyInUrl);
        }
        let auth = self.provider.http().map_or(&Auth::None, |http| &http.auth);
        if self.mark.is_none() && !auth.works_without() {
            return Err(Refusal::Unauthorized);
        }
        if self.server.dialect == Dialect::Anthropic
            && !self.headers.contains_key("anthropic-version")
        {
            return Err(Refusal::Wrong(
                "anthropic-version: header is required".into(),
            ));
        }
        Ok(())
    }

    /// Lists of models, and what tells a good key.
    fn look_up(&self) -> Result<Served, Refusal> {
        if self.method == "POST" && self.path == "/api/show" {
            let members = request::members(self.body)?;
            let name = ["model", "name"]
                .into_iter()
                .find_map(|name| members.get(name)?.as_str());
            let model = self.model_named(name.unwrap_or_default())?;
            return Ok(Served::plain(json_answer(200, &lists::show(&model))));
        }
        if self.method == "POST"
            && self.path == "/v1/messages/count_tokens"
            && self.server.dialect == Dialect::Anthropic
        {
            let asked = anthropic::read_count_request(self.body)
                .map_err(|malformed| Refusal::Wrong(malformed.to_string()))?;
            let body = anthropic::write_count(mind::input_tokens(&asked));
            let response = UpstreamResponse {
                body: body.into(),
                ..made(200, "application/json", "")
            };
            return Ok(Served::plain(response));
        }
        let found =
            (self.method == "GET").then(|| lists::answer(self.provider, self.server, self.path));
        found
            .flatten()
            .map(Served::plain)
            .ok_or(Refusal::NoSuchPath)
    }

    fn model_named(&self, name: &str) -> Result<ServedModel, Refusal> {
        lists::model(&self.provider.id, self.server, name)
            .ok_or_else(|| Refusal::NoSuchModel(name.to_owned()))
    }

    fn model(&self, name: &str, task: Task) -> Result<ServedModel, Refusal> {
        let model = self.model_named(name)?;
        if model.tasks.contains(&task) {
            return Ok(model);
        }
        Err(Refusal::Wrong(format!(
            "The model `{name}` does not support {task}"
        )))
    }

    fn converse(&self, asked: &Asked, model: &ServedModel) -> Result<Served, Refusal> {
        let id = &*self.provider.id;
        let Conversation { request, context } = request::read(id, asked, self.body)?;
        let voice = Voice::of(id, asked.dialect);
        let tokens = mind::input_tokens(&request);
        let (most, is_cut) = context
            .or(model.context.map(|most| (most, false)))
            .unwrap_or((u64::MAX, false));
        if tokens > most && !is_cut {
            return Err(Refusal::TooLong(tokens, most));
        }
        let around = mind::Surroundings {
            model: model.id.clone(),
            abilities: model.abilities,
            id: self.answer_id(asked.dialect),
            created: self.now.as_second(),
            accent: voice.accent(),
        };
        let mut answer = mind::answer(&request, &around);
        if asked.dialect == Dialect::Anthropic {
            sign(&mut answer);
        }
        let usage = answer.usage.unwrap_or_default();
        let body = match asked.dialect {
            Dialect::OpenAi => chunks::whole(voice, &answer),
            Dialect::Anthropic => anthropic::write_answer(&answer),
            Dialect::Gemini => gemini::whole(&answer),
            Dialect::Ollama => ollama::whole(&answer),
        };
        let response = UpstreamResponse {
            body: body.into(),
            ..made(200, "application/json", "")
        };
        let wants_usage = request.stream_usage || asks_to_include(self.body);
        let stream = request
            .stream
            .then(|| events::stream(voice, &answer, wants_usage, self.pacing));
        let demand = self.demand(model, request.sampling.max_tokens, usage);
        Ok(self.charged(asked, model, &demand, response, stream, usage))
    }

    /// Ids like each dialect's, the same in every run.
    fn answer_id(&self, dialect: Dialect) -> String {
        let number = self.number;
        match dialect {
            Dialect::Anthropic => format!("msg_sim{number:012}"),
            _ => format!("chatcmpl-sim{number}"),
        }
    }

    /// Groq and Cerebras take what may be written from the window before it is.
    fn demand(&self, model: &ServedModel, most: Option<u64>, usage: Usage) -> Demand {
        let reserves = ["groq", "cerebras"].contains(&&*self.provider.id);
        let mut demand = Demand {
            input: units(usage.input),
            output: units(usage.output),
            reserved: most.filter(|_| reserves).map_or(0.0, units),
            ..Demand::default()
        };
        demand.money = money(model, &demand);
        demand.neurons = neurons(model, &demand);
        demand
    }

    fn charged(
        &self,
        asked: &Asked,
        model: &ServedModel,
        demand: &Demand,
        mut response: UpstreamResponse,
        mut stream: Option<Stream>,
        usage: Usage,
    ) -> Served {
        let Some(budgets) = self.budgets else {
            return Served {
                response,
                stream,
                permit: None,
                usage,
            };
        };
        let (readings, outcome) = models::reserve(
            budgets,
            self.provider,
            &model.id,
            demand,
            self.mark,
            self.now,
        );
        // OpenRouter tells its limits with refusals only.
        let tells = &*self.provider.id != "openrouter";
        match outcome {
            Ok(permit) => {
                let mut told = HeaderMap::new();
                if tells {
                    limits::tell(self.provider, &model.id, &readings, self.now, &mut told);
                }
                add(&mut response.headers, &told);
                if let Some(stream) = &mut stream {
                    add(&mut stream.headers, &told);
                }
                Served {
                    response,
                    stream,
                    permit: Some(permit),
                    usage,
                }
            }
            Err(violations) => {
                let mut response = spent::refusal(&spent::Refused {
                    provider: &self.provider.id,
                    dialect: asked.dialect,
                    model: &model.id,
                    violations: &violations,
                    now: self.now,
                });
                if tells {
                    limits::tell(
                        self.provider,
                        &model.id,
                        &readings,
                        self.now,
                        &mut response.headers,
                    );
                }
                Served::plain(response)
            }
        }
    }
}

fn add(headers: &mut HeaderMap<HeaderValue>, more: &HeaderMap) {
    let pairs = more
        .iter()
        .map(|(name, value)| (HeaderName::clone(name), value.clone()));
    headers.extend(pairs);
}

/// OpenRouter's own way to ask for the usage.
fn asks_to_include(body: &[u8]) -> bool {
    request::members(body).is_ok_and(|members| {
        members
            .get("usage")
            .is_some_and(|usage| usage["include"] == true)
    })
}

/// Anthropic's thoughts are signed.
fn sign(answer: &mut Answer) {
    let parts = answer
        .choices
        .iter_mut()
        .flat_map(|choice| &mut choice.parts);
    for part in parts {
        if let Part::Thinking { signature, .. } = part {
            *signature = Some("c2ltdWxhdGVkIHNpZ25hdHVyZQ==".to_owned());
        }
    }
}

fn units(tokens: u64) -> f64 {
    u32::try_from(tokens).map_or(f64::from(u32::MAX), f64::from)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of tokens, never negative; beyond them the cast saturates"
)]
fn rounded(units: f64) -> u64 {
    units.round() as u64
}

/// US dollars.
fn money(model: &ServedModel, demand: &Demand) -> f64 {
    let price = model.known.as_ref().and_then(|known| known.price.as_ref());
    price.map_or(0.0, |Price { input, output, .. }| {
        (demand.input * input + demand.output * output) / 1e6
    })
}

/// A thousand cost 0.011 dollars; of a model without a price one is taken for each ten tokens.
fn neurons(model: &ServedModel, demand: &Demand) -> f64 {
    let money = money(model, demand);
    if money > 0.0 {
        money / 0.011 * 1_000.0
    } else {
        (demand.input + demand.output) / 10.0
    }
}
