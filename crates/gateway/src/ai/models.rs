//! The models that can be asked for, as OpenAI's and Anthropic's clients list them.
//!
//! **Invariant:** every id here can be sent back as `model`.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;

use guichet_catalogue::model::ai::Strength;
use guichet_catalogue::suggest::nearest;
use guichet_engine::ai::KnownModel;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::Dialect;
use super::facts::AUTO;
use crate::codes::Code;
use crate::gateway::Gateway;
use crate::problem::Problem;
use crate::reply::{Response, json_response};
use crate::visit::Visit;

/// Who owns the names that leave the choice.
const OWNER: &str = "guichet";
/// A time that is not known. Anthropic says that it may be this one; OpenAI's clients want a number.
const UNKNOWN: &str = "1970-01-01T00:00:00Z";

/// `auto` and its flavours, the operator's own names, then what those providers have who could be asked now, as `provider/model`.
pub(crate) fn list(gateway: &Gateway, visit: &Visit) -> Response {
    let engine = &gateway.shared.engine;
    let models = all(&within_reach(engine.models()), engine.model_aliases());
    let list = match Dialect::of(&visit.head, None) {
        Dialect::OpenAi => json!({
            "object": "list",
            "data": models.iter().map(Listed::for_openai).collect::<Vec<_>>(),
        }),
        Dialect::Anthropic => for_anthropic(&models, visit.head.uri.query().unwrap_or_default()),
    };
    json_response(StatusCode::OK, list.to_string())
}

/// One of them, by its id or by its plain name.
pub(crate) fn one(gateway: &Gateway, visit: &Visit, id: &str) -> Result<Response, Problem> {
    let id = decoded(id);
    let engine = &gateway.shared.engine;
    let models = all(&engine.models(), engine.model_aliases());
    let found = find(&models, &id).ok_or_else(|| {
        let ids = models.iter().map(|model| &*model.id);
        Problem::new(
            Code::UnknownModel,
            format!("no provider serves a model named `{id}`"),
        )
        .with_nearest(nearest(&id, ids))
    })?;
    let body = match Dialect::of(&visit.head, None) {
        Dialect::OpenAi => found.for_openai(),
        Dialect::Anthropic => found.for_anthropic(),
    };
    Ok(json_response(StatusCode::OK, body.to_string()))
}

/// The models of providers of which one at least is ready: most providers have no credential, and a list of what
/// cannot be asked for helps nobody to choose.
fn within_reach(known: Vec<KnownModel>) -> Vec<KnownModel> {
    let ready: HashSet<Arc<str>> = known
        .iter()
        .filter(|known| known.ready)
        .map(|known| Arc::clone(&known.provider))
        .collect();
    let mut known = known;
    known.retain(|known| ready.contains(&known.provider));
    known
}

/// A row of the list.
struct Listed {
    id: String,
    /// The provider's own name; empty for those that leave the choice.
    bare: String,
    owner: String,
    known: Option<KnownModel>,
}

fn all<'a>(known: &[KnownModel], aliases: impl Iterator<Item = &'a str>) -> Vec<Listed> {
    let flavours = Strength::ALL.map(|strength| format!("{AUTO}:{}", strength.as_str()));
    let free = [AUTO.to_owned()].into_iter().chain(flavours);
    let own = aliases.map(str::to_owned);
    let choices = free.chain(own).map(|id| Listed {
        id,
        bare: String::new(),
        owner: OWNER.to_owned(),
        known: None,
    });
    let models = known.iter().map(|known| Listed {
        id: format!("{}/{}", known.provider, known.id),
        bare: known.id.to_string(),
        owner: known.provider.to_string(),
        known: Some(known.clone()),
    });
    choices.chain(models).collect()
}

/// The whole id holds before the bare name, and of several providers one that could be asked now.
fn find<'list>(models: &'list [Listed], id: &str) -> Option<&'list Listed> {
    let by_id = || models.iter().find(|model| model.id == id);
    let is_named = |model: &&Listed| {
        let names = model.known.iter().filter_map(|known| known.model.as_ref());
        model.bare == id
            || names
                .flat_map(|model| &model.names)
                .any(|name| &**name == id)
    };
    let by_name = || {
        let named = models.iter().filter(is_named);
        named.min_by_key(|model| Reverse(model.is_ready()))
    };
    by_id().or_else(by_name)
}

impl Listed {
    fn is_ready(&self) -> bool {
        self.known.as_ref().is_none_or(|known| known.ready)
    }

    /// OpenAI's four members, and what others' lists have besides.
    fn for_openai(&self) -> Value {
        let mut entry = json!({
            "id": self.id,
            "object": "model",
            "created": 0,
            "owned_by": self.owner,
        });
        if let (Some(known), Some(members)) = (&self.known, entry.as_object_mut()) {
            describe(known, members);
        }
        entry
    }

    fn for_anthropic(&self) -> Value {
        json!({
            "type": "model",
            "id": self.id,
            "display_name": self.id,
            "created_at": UNKNOWN,
        })
    }
}

fn describe(known: &KnownModel, members: &mut Map<String, Value>) {
    members.insert("ready".into(), known.ready.into());
    let Some(model) = &known.model else {
        return;
    };
    let tasks: Vec<_> = model.tasks.iter().map(|task| task.as_str()).collect();
    let abilities: Vec<_> = model.abilities.names().collect();
    members.insert("tasks".into(), tasks.into());
    members.insert("abilities".into(), abilities.into());
    members.insert("free".into(), model.free.into());
    if let Some(context) = model.context {
        members.insert("context_length".into(), context.into());
    }
    if let Some(output) = model.output {
        members.insert("max_completion_tokens".into(), output.into());
    }
}

/// Anthropic's list has pages: `limit`, `after_id` and `before_id`. Without a limit all stand on one.
fn for_anthropic(models: &[Listed], query: &str) -> Value {
    let asked = |wanted: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find_map(|(name, value)| (name == wanted).then(|| value.into_owned()))
    };
    let place = |id: Option<String>| {
        models
            .iter()
            .position(|model| Some(&model.id) == id.as_ref())
    };
    let begin = place(asked("after_id")).map_or(0, |place| place + 1);
    let end = place(asked("before_id")).unwrap_or(models.len());
    let rest = models.get(begin..end).unwrap_or_default();
    let limit = asked("limit").and_then(|limit| limit.parse().ok());
    let page = rest.get(..limit.unwrap_or(usize::MAX)).unwrap_or(rest);
    json!({
        "data": page.iter().map(Listed::for_anthropic).collect::<Vec<_>>(),
        "has_more": page.len() < rest.len(),
        "first_id": page.first().map(|model| &model.id),
        "last_id": page.last().map(|model| &model.id),
    })
}

/// A path without its percent signs: clients write the slashes of a model's name as `%2F`.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, after @ ..] = rest {
        let code = match after {
            [high, low, ..] if *first == b'%' => hexadecimal(*high).zip(hexadecimal(*low)),
            _ => None,
        };
        let (byte, left) = match code {
            Some((high, low)) => (high << 4 | low, after.get(2..).unwrap_or_default()),
            None => (*first, after),
        };
        bytes.push(byte);
        rest = left;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hexadecimal(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(provider: &str, id: &str, ready: bool) -> KnownModel {
        KnownModel {
            provider: provider.into(),
            id: id.into(),
            model: None,
            ready,
        }
    }

    fn models() -> Vec<Listed> {
        let known = [
            known("groq", "openai/gpt-oss-20b", false),
            known("nvidia", "openai/gpt-oss-20b", true),
            known("mistral", "mistral-small", true),
        ];
        all(&known, ["small"].into_iter())
    }

    #[test]
    fn a_model_is_found_by_its_id_and_by_its_plain_name() {
        let models = models();
        let found = |id: &str| find(&models, id).map(|model| model.id.as_str());
        assert_eq!(
            found("mistral/mistral-small"),
            Some("mistral/mistral-small")
        );
        assert_eq!(found("mistral-small"), Some("mistral/mistral-small"));
        assert_eq!(found("auto:fast"), Some("auto:fast"));
        assert_eq!(found("small"), Some("small"), "the operator's own name");
        assert_eq!(
            found("groq/openai/gpt-oss-20b"),
            Some("groq/openai/gpt-oss-20b")
        );
        assert_eq!(
            found("openai/gpt-oss-20b"),
            Some("nvidia/openai/gpt-oss-20b"),
            "the one that could be asked now"
        );
        assert_eq!(found("gpt-5"), None);
    }

    #[test]
    fn only_providers_within_reach_are_listed_with_all_that_they_have() {
        let listed = within_reach(vec![
            known("groq", "a", false),
            known("mistral", "a", false),
            known("mistral", "b", true),
        ]);
        let ids: Vec<_> = listed
            .iter()
            .map(|known| (&*known.provider, &*known.id))
            .collect();
        assert_eq!(ids, [("mistral", "a"), ("mistral", "b")]);
    }

    #[test]
    fn pages_of_anthropics_list() {
        let models = models();
        let page = for_anthropic(&models, "limit=2&after_id=small");
        assert_eq!(page["first_id"], "groq/openai/gpt-oss-20b");
        assert_eq!(page["last_id"], "nvidia/openai/gpt-oss-20b");
        assert_eq!(page["has_more"], true);
        let rest = for_anthropic(&models, "limit=2&after_id=nvidia%2Fopenai%2Fgpt-oss-20b");
        assert_eq!(
            (rest["data"].as_array().unwrap().len(), &rest["has_more"]),
            (1, &false.into())
        );
        let all = for_anthropic(&models, "");
        assert_eq!(all["data"].as_array().unwrap().len(), models.len());
        let none = for_anthropic(&[], "limit=0");
        assert_eq!(none["first_id"], Value::Null);
    }

    #[test]
    fn slashes_in_names_may_be_written_as_codes() {
        assert_eq!(decoded("groq%2Fopenai/gpt%2foss"), "groq/openai/gpt/oss");
        assert_eq!(decoded("100%"), "100%");
        assert_eq!(decoded("%zz%4"), "%zz%4");
        assert_eq!(decoded("%c3%a9"), "é");
    }
}
