//! What a body says beyond its dialect of how it may be served: `models` and `provider`, as OpenRouter has them.

use std::sync::LazyLock;

use guichet_catalogue::model::Catalogue;
use guichet_catalogue::parameters::InvalidParameter;
use guichet_dialects::members::Members;
use guichet_engine::ai::Wish;
use guichet_engine::call::Providers;
use guichet_engine::policy::Policy;
use memchr::memmem::Finder;
use serde::Deserialize;
use serde_json::Value;

use super::headers::{Wrong, provider};
use crate::codes::Code;
use crate::problem::Problem;

/// Models that one call may name.
const MOST_MODELS: usize = 32;
/// Bytes of a model's name.
const LONGEST_MODEL: usize = 256;

/// OpenRouter's preferences. Those that are not named here are for OpenRouter itself.
#[derive(Debug, Default, Deserialize)]
struct Preferences {
    order: Option<Vec<String>>,
    only: Option<Vec<String>>,
    ignore: Option<Vec<String>>,
    allow_fallbacks: Option<bool>,
    data_collection: Option<String>,
    zdr: Option<bool>,
    max_price: Option<Value>,
    sort: Option<Value>,
}

/// Reads both into the wish. `named` is the model that the body names by itself.
pub(super) fn read(
    body: &[u8],
    named: Option<String>,
    catalogue: &Catalogue,
    wish: &mut Wish,
) -> Result<(), Problem> {
    wish.models.extend(named);
    if let Some(members) = members(body) {
        if let Some(models) = member(&members, "models") {
            read_models(models, wish)?;
        }
        if let Some(preferences) = member(&members, "provider") {
            read_preferences(preferences, catalogue, wish)?;
        }
    }
    if wish.models.is_empty() {
        wish.models.push(super::facts::AUTO.to_owned());
    }
    if wish.models.iter().any(|model| model.len() > LONGEST_MODEL) {
        let reason =
            format!("is longer than {LONGEST_MODEL} bytes; it must be the name of a model");
        return Err(wrong("model", reason));
    }
    Ok(())
}

/// The members of a body that may have such extensions: most have none, which is seen without reading them again.
fn members(body: &[u8]) -> Option<Members<'_>> {
    // A name may be written with escapes.
    static MARKS: LazyLock<[Finder<'static>; 3]> =
        LazyLock::new(|| ["\"models\"", "\"provider\"", "\\u00"].map(Finder::new));
    let may_have = MARKS.iter().any(|mark| mark.find(body).is_some());
    may_have.then(|| Members::read(body).ok()).flatten()
}

fn member<'body>(members: &Members<'body>, name: &str) -> Option<&'body str> {
    members.get(name).filter(|value| *value != "null")
}

fn read_models(text: &str, wish: &mut Wish) -> Result<(), Problem> {
    let models: Vec<String> = serde_json::from_str(text)
        .map_err(|_| wrong("models", "must be an array of names of models"))?;
    for model in models {
        if !model.is_empty() && !wish.models.contains(&model) {
            wish.models.push(model);
        }
    }
    if wish.models.len() > MOST_MODELS {
        return Err(wrong(
            "models",
            format!("must name no more than {MOST_MODELS} models"),
        ));
    }
    Ok(())
}

fn read_preferences(text: &str, catalogue: &Catalogue, wish: &mut Wish) -> Result<(), Problem> {
    let preferences: Preferences = serde_json::from_str(text).map_err(|error| {
        wrong(
            "provider",
            format!("must be an object such as {{\"order\": [\"groq\"], \"allow_fallbacks\": false}}: {error}"),
        )
    })?;
    if preferences.zdr == Some(true) {
        return Err(wrong(
            "provider.zdr",
            "cannot be promised here; `\"data_collection\": \"deny\"` leaves out who trains on what is sent",
        ));
    }
    if preferences.max_price.is_some_and(|price| !price.is_null()) {
        return Err(wrong(
            "provider.max_price",
            "cannot be promised here; the header `x-guichet-free: only` leaves out whatever costs",
        ));
    }
    match preferences.data_collection.as_deref() {
        None | Some("allow") => {}
        Some("deny") => wish.private = true,
        Some(other) => {
            let reason = format!("must be `allow` or `deny`, not `{other}`");
            return Err(wrong("provider.data_collection", reason));
        }
    }
    if let Some(policy) = preferences.sort.as_ref().and_then(policy) {
        let other = wish.policy.replace(policy);
        if other.is_some_and(|other| other != policy) {
            let reason = "says something else than the header `x-guichet-policy`: say it once";
            return Err(wrong("provider.sort", reason));
        }
    }
    let ids = |name: &str, list: Option<Vec<String>>| -> Result<Option<Vec<String>>, Problem> {
        let path = format!("provider.{name}");
        let id = |given: String| {
            provider(&given, catalogue).map_err(|error: Wrong| {
                wrong(
                    &path,
                    format!("{}; right is {}", error.reason, error.allowed),
                )
            })
        };
        list.map(|list| list.into_iter().map(id).collect())
            .transpose()
    };
    let chosen = Chosen {
        order: ids("order", preferences.order)?.unwrap_or_default(),
        only: ids("only", preferences.only)?,
        ignore: ids("ignore", preferences.ignore)?.unwrap_or_default(),
        falls_back: preferences.allow_fallbacks.unwrap_or(true),
    };
    if chosen.says_nothing() {
        return Ok(());
    }
    if wish.providers != Providers::default() {
        let reason = "cannot be used beside the header `x-guichet-providers`: say it once";
        return Err(wrong("provider", reason));
    }
    chosen.write(wish)
}

/// What `sort` means here: a policy's name, or OpenRouter's words for two of them. Other words are for OpenRouter.
fn policy(sort: &Value) -> Option<Policy> {
    match sort.as_str()? {
        "price" => Some(Policy::Cheapest),
        "latency" | "throughput" => Some(Policy::Fastest),
        other => other.parse().ok(),
    }
}

/// Whom the caller prefers.
struct Chosen {
    order: Vec<String>,
    only: Option<Vec<String>>,
    ignore: Vec<String>,
    falls_back: bool,
}

impl Chosen {
    fn says_nothing(&self) -> bool {
        self.order.is_empty() && self.only.is_none() && self.ignore.is_empty() && self.falls_back
    }

    /// Those of the order first; the others that may answer are ranked as ever.
    fn write(self, wish: &mut Wish) -> Result<(), Problem> {
        let may = |id: &String| self.only.as_ref().is_none_or(|only| only.contains(id));
        let mut first = self.order;
        first.retain(may);
        if !self.falls_back && first.is_empty() && self.only.is_none() {
            let reason = "cannot be false without `order` or `only`, which say who is to answer";
            return Err(wrong("provider.allow_fallbacks", reason));
        }
        let allowed = match self.only {
            _ if !self.falls_back && !first.is_empty() => first.clone(),
            only => only.unwrap_or_default(),
        };
        wish.providers = Providers {
            allowed,
            excluded: self.ignore,
        };
        wish.first = Some(first);
        Ok(())
    }
}

fn wrong(path: &str, reason: impl Into<String>) -> Problem {
    let reason = reason.into();
    Problem::new(Code::InvalidRequest, format!("`{path}` {reason}")).with_errors(vec![
        InvalidParameter {
            name: path.to_owned(),
            reason,
            allowed: None,
            nearest: None,
        },
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::catalogue;

    fn wish(body: &str) -> Result<Wish, String> {
        let mut wish = Wish::default();
        read(body.as_bytes(), Some("m".into()), &catalogue(), &mut wish)
            .map(|()| wish)
            .map_err(|problem| problem.detail().to_owned())
    }

    #[test]
    fn models_follow_after_the_model_each_once() {
        let models = |body| wish(body).unwrap().models;
        assert_eq!(
            models(r#"{"models":["a","m","b","a",""]}"#),
            ["m", "a", "b"]
        );
        assert_eq!(models(r#"{"models":null}"#), ["m"]);
        assert_eq!(models(r#"{"mod\u0065ls":["a"]}"#), ["m", "a"]);
        let mut none = Wish::default();
        read(b"{}", None, &catalogue(), &mut none).unwrap();
        assert_eq!(none.models, ["auto"]);
    }

    #[test]
    fn an_order_goes_first_and_the_others_after_it_unless_they_may_not() {
        let chosen = |body| {
            let wish = wish(body).unwrap();
            (
                wish.first.unwrap(),
                wish.providers.allowed,
                wish.providers.excluded,
            )
        };
        let none = Vec::<String>::new;
        let list = |ids: &[&str]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            chosen(r#"{"provider":{"order":["Mistral","groq"]}}"#),
            (list(&["mistral", "groq"]), none(), none()),
            "anybody else may answer after them"
        );
        assert_eq!(
            chosen(r#"{"provider":{"order":["groq"],"allow_fallbacks":false}}"#),
            (list(&["groq"]), list(&["groq"]), none())
        );
        assert_eq!(
            chosen(r#"{"provider":{"order":["groq","gemini"],"only":["mistral","groq"]}}"#),
            (list(&["groq"]), list(&["mistral", "groq"]), none())
        );
        assert_eq!(
            chosen(r#"{"provider":{"only":["mistral","groq"]}}"#),
            (none(), list(&["mistral", "groq"]), none()),
            "a list of who may answer is no order"
        );
        assert_eq!(
            chosen(r#"{"provider":{"ignore":["openai"],"sort":"price"}}"#),
            (none(), none(), list(&["openai"]))
        );
    }

    #[test]
    fn candidates_can_be_sorted_in_openrouters_words_and_in_ours() {
        let policy = |sort: &str| {
            let body = format!(r#"{{"provider":{{"sort":{sort}}}}}"#);
            wish(&body).unwrap().policy
        };
        assert_eq!(policy(r#""price""#), Some(Policy::Cheapest));
        assert_eq!(policy(r#""latency""#), Some(Policy::Fastest));
        assert_eq!(policy(r#""harvest""#), Some(Policy::Harvest));
        assert_eq!(policy(r#"{"by":"price"}"#), None, "OpenRouter's own");
        let mut both = Wish {
            policy: Some(Policy::Order),
            ..Wish::default()
        };
        let body = br#"{"provider":{"sort":"price"}}"#;
        let refused = read(body, None, &catalogue(), &mut both).unwrap_err();
        assert!(refused.detail().contains("x-guichet-policy"));
    }

    #[test]
    fn who_collects_data_can_be_left_out() {
        assert!(
            wish(r#"{"provider":{"data_collection":"deny"}}"#)
                .unwrap()
                .private
        );
        assert!(
            !wish(r#"{"provider":{"data_collection":"allow"}}"#)
                .unwrap()
                .private
        );
    }

    #[test]
    fn what_cannot_be_kept_is_refused() {
        let said = |body| wish(body).unwrap_err();
        for (body, path) in [
            (r#"{"models":"a"}"#, "`models` must be"),
            (r#"{"provider":"groq"}"#, "`provider` must be"),
            (
                r#"{"provider":{"order":["grok"]}}"#,
                "`provider.order` no provider",
            ),
            (
                r#"{"provider":{"data_collection":"no"}}"#,
                "`provider.data_collection` must",
            ),
            (r#"{"provider":{"zdr":true}}"#, "`provider.zdr` cannot"),
            (
                r#"{"provider":{"max_price":{"prompt":1}}}"#,
                "`provider.max_price` cannot",
            ),
            (
                r#"{"provider":{"allow_fallbacks":false}}"#,
                "`provider.allow_fallbacks` cannot",
            ),
        ] {
            assert!(said(body).starts_with(path), "{body}: {}", said(body));
        }
    }
}
