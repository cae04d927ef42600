//! How a call to a model may be served, as the headers `x-guichet-…` say it.

use std::ops::RangeInclusive;
use std::time::Duration;

use guichet_access::OptIns;
use guichet_catalogue::model::Catalogue;
use guichet_catalogue::parameters::InvalidParameter;
use guichet_catalogue::suggest::nearest;
use guichet_engine::ai::Wish;
use guichet_engine::call::Providers;
use guichet_engine::policy::Policy;
use http::HeaderMap;

use crate::codes::Code;
use crate::problem::Problem;

const PREFIX: &str = "x-guichet-";

/// What may follow after the prefix.
const NAMES: [&str; 10] = [
    "providers",
    "policy",
    "free",
    "private",
    "licence",
    "cache",
    "resume",
    "past-content-policy",
    "timeout-ms",
    "max-wait-ms",
];

/// Models may think for minutes.
pub(crate) const TIMEOUT: RangeInclusive<u64> = 50..=600_000;
/// Within the time that the call may take at all.
pub(crate) const MAX_WAIT: RangeInclusive<u64> = 0..=600_000;

/// Reads the wish, but for the models. A header of ours that does not exist is an error: who misspells
/// `x-guichet-private` must not believe to be heard. What the key has opted for holds where no header says otherwise.
pub(crate) fn read(
    headers: &HeaderMap,
    opt_ins: OptIns,
    catalogue: &Catalogue,
) -> Result<Wish, Problem> {
    let mut wish = Wish {
        resume: opt_ins.resume,
        cache: opt_ins.cache,
        ..Wish::default()
    };
    for (name, value) in headers {
        let Some(rest) = name.as_str().strip_prefix(PREFIX) else {
            continue;
        };
        let text = value.to_str().unwrap_or("?").trim();
        take(&mut wish, rest, text, catalogue).map_err(|error| {
            let detail = error.sentence(name.as_str());
            Problem::new(Code::InvalidRequest, detail).with_errors(vec![InvalidParameter {
                name: name.as_str().to_owned(),
                reason: error.reason,
                allowed: Some(error.allowed),
                nearest: None,
            }])
        })?;
    }
    Ok(wish)
}

/// What is wrong with a value, and what would be right.
pub(super) struct Wrong {
    pub(super) reason: String,
    pub(super) allowed: String,
}

impl Wrong {
    fn value(text: &str, allowed: impl Into<String>) -> Self {
        Self {
            reason: format!("`{text}` cannot be used"),
            allowed: allowed.into(),
        }
    }

    pub(super) fn sentence(&self, name: &str) -> String {
        format!("`{name}`: {}; right is {}", self.reason, self.allowed)
    }
}

fn take(wish: &mut Wish, name: &str, text: &str, catalogue: &Catalogue) -> Result<(), Wrong> {
    match name {
        "providers" => return providers(&mut wish.providers, text, catalogue),
        "free" => wish.free_only = one_of(text, &[("only", true)])?,
        "private" => wish.private = one_of(text, &[("true", true), ("false", false)])?,
        "licence" => wish.commercial = one_of(text, &[("commercial", true), ("any", false)])?,
        "cache" => wish.cache = one_of(text, &[("on", true), ("off", false)])?,
        "resume" => wish.resume = one_of(text, &[("on", true), ("off", false)])?,
        "past-content-policy" => {
            wish.past_content_policy = one_of(text, &[("on", true), ("off", false)])?;
        }
        "timeout-ms" => wish.timeout = Some(milliseconds(text, &TIMEOUT)?),
        "max-wait-ms" => wish.max_wait = Some(milliseconds(text, &MAX_WAIT)?),
        "policy" => {
            let policy = text.parse();
            wish.policy = Some(policy.map_err(|_| Wrong::value(text, Policy::names()))?);
        }
        other => {
            let meant =
                nearest(other, NAMES).map(|name| format!("; did you mean `{PREFIX}{name}`?"));
            return Err(Wrong {
                reason: format!("there is no such header{}", meant.unwrap_or_default()),
                allowed: format!("one of {PREFIX}{{{}}}", NAMES.join(", ")),
            });
        }
    }
    Ok(())
}

fn one_of(text: &str, words: &[(&str, bool)]) -> Result<bool, Wrong> {
    let found = words
        .iter()
        .find(|(word, _)| text.eq_ignore_ascii_case(word));
    found.map(|(_, meaning)| *meaning).ok_or_else(|| {
        let allowed: Vec<_> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
        Wrong::value(text, allowed.join(" or "))
    })
}

fn milliseconds(text: &str, allowed: &RangeInclusive<u64>) -> Result<Duration, Wrong> {
    let milliseconds = text.parse().ok().filter(|number| allowed.contains(number));
    milliseconds.map(Duration::from_millis).ok_or_else(|| {
        let (least, most) = (allowed.start(), allowed.end());
        Wrong::value(text, format!("milliseconds from {least} to {most}"))
    })
}

/// `a,b,!c`: only `a` and `b`, in this order, and never `c`.
fn providers(providers: &mut Providers, text: &str, catalogue: &Catalogue) -> Result<(), Wrong> {
    let names = text.split(',').map(str::trim);
    for name in names.filter(|name| !name.is_empty()) {
        let (id, list) = match name.strip_prefix('!') {
            Some(id) => (id, &mut providers.excluded),
            None => (name, &mut providers.allowed),
        };
        list.push(provider(id, catalogue)?);
    }
    Ok(())
}

/// The id of a provider of models, however its letters are written.
pub(super) fn provider(name: &str, catalogue: &Catalogue) -> Result<String, Wrong> {
    let known = || catalogue.ai.order.iter().map(|id| &**id);
    if let Some(id) = known().find(|id| id.eq_ignore_ascii_case(name)) {
        return Ok(id.to_owned());
    }
    let meant = nearest(name, known()).map(|id| format!("; did you mean `{id}`?"));
    Err(Wrong {
        reason: format!(
            "no provider of models is named `{name}`{}",
            meant.unwrap_or_default()
        ),
        allowed: format!("of {}", known().collect::<Vec<_>>().join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;
    use crate::testing::catalogue;

    fn wish(said: &[(&'static str, &'static str)]) -> Result<Wish, String> {
        let headers = said
            .iter()
            .map(|(name, value)| {
                let value = HeaderValue::from_static(value);
                (HeaderName::from_static(name), value)
            })
            .collect();
        read(&headers, OptIns::default(), &catalogue())
            .map_err(|problem| problem.detail().to_owned())
    }

    #[test]
    fn what_the_key_has_opted_for_holds_where_no_header_says_otherwise() {
        let opt_ins = OptIns {
            resume: true,
            cache: true,
        };
        let mut headers = HeaderMap::new();
        headers.insert("x-guichet-cache", HeaderValue::from_static("off"));
        let wish = read(&headers, opt_ins, &catalogue()).unwrap();
        assert!(wish.resume && !wish.cache);
    }

    #[test]
    fn everything_can_be_wished_for() {
        let wish = wish(&[
            ("x-guichet-providers", "groq, Mistral,!openai"),
            ("x-guichet-free", "only"),
            ("x-guichet-private", "true"),
            ("x-guichet-licence", "commercial"),
            ("x-guichet-cache", "on"),
            ("x-guichet-resume", "on"),
            ("x-guichet-past-content-policy", "on"),
            ("x-guichet-timeout-ms", "1500"),
            ("x-guichet-max-wait-ms", "900"),
            ("x-guichet-policy", "Fastest"),
            ("x-stainless-lang", "python"),
        ])
        .unwrap();
        assert_eq!(wish.providers.allowed, ["groq", "mistral"]);
        assert_eq!(wish.providers.excluded, ["openai"]);
        assert!(wish.free_only && wish.private && wish.commercial);
        assert!(wish.cache && wish.resume && wish.past_content_policy);
        assert_eq!(wish.timeout, Some(Duration::from_millis(1500)));
        assert_eq!(wish.max_wait, Some(Duration::from_millis(900)));
        assert_eq!(wish.policy, Some(Policy::Fastest));
    }

    #[test]
    fn who_wishes_for_nothing_gets_no_wish() {
        let wish = wish(&[("x-guichet-cache", "OFF"), ("x-guichet-licence", "any")]).unwrap();
        assert!(!wish.cache && !wish.commercial && !wish.free_only && wish.timeout.is_none());
    }

    #[test]
    fn a_wrong_value_is_told_with_the_right_ones() {
        let said = |name, value| wish(&[(name, value)]).unwrap_err();
        insta::assert_snapshot!(said("x-guichet-free", "yes"), @"`x-guichet-free`: `yes` cannot be used; right is `only`");
        insta::assert_snapshot!(said("x-guichet-timeout-ms", "10"), @"`x-guichet-timeout-ms`: `10` cannot be used; right is milliseconds from 50 to 600000");
        insta::assert_snapshot!(said("x-guichet-policy", "best"), @"`x-guichet-policy`: `best` cannot be used; right is harvest, order, fastest, weighted, cheapest");
        insta::assert_snapshot!(said("x-guichet-resume", "maybe"), @"`x-guichet-resume`: `maybe` cannot be used; right is `on` or `off`");
        assert!(
            said("x-guichet-providers", "grok")
                .contains("no provider of models is named `grok`; did you mean `groq`?")
        );
        assert!(said("x-guichet-privat", "true").contains("did you mean `x-guichet-private`?"));
    }
}
