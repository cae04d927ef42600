//! Which recorded answer a request gets, and what of the request shows in it. Pure.

use std::cmp::Reverse;

use serde_json::{Map, Number, Value};

use crate::book::Page;
use crate::request::{Asked, around};

/// The best answer among a provider's: that to the very same request, else that to the same path with the most alike
/// query, else that to the most alike path of the same length in which all that differs may vary.
pub(crate) fn best<'a>(pages: &'a [Page], asked: &Asked) -> Option<&'a Page> {
    pages
        .iter()
        .filter_map(|page| Some((rank(page, asked)?, page)))
        .min_by_key(|(rank, _)| Reverse(*rank))
        .map(|(_, page)| page)
}

/// How near a recorded request is to the one that came, from far to near.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    /// Half of the path is the same.
    HalfThePath,
    /// All that differs in the path may vary.
    PathVaries,
    SamePath,
    /// The very same, answered "no such thing".
    SameButEmpty,
    Same,
}

/// Compared in the order of its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    nearness: Nearness,
    equal_segments: usize,
    query: i64,
    main: bool,
    // Where nothing else tells two operations apart, the longer answer serves both.
    size: usize,
}

fn rank(page: &Page, asked: &Asked) -> Option<Rank> {
    let own = &page.asked;
    if own.method != asked.method || own.segments.len() != asked.segments.len() {
        return None;
    }
    let pairs = || own.segments.iter().zip(&asked.segments);
    let equal_segments = pairs().filter(|(mine, theirs)| mine == theirs).count();
    let path_varies = || {
        pairs()
            .zip(&page.free)
            .all(|((mine, theirs), free)| *free || mine == theirs)
    };
    let nearness = if own == asked && page.empty {
        Nearness::SameButEmpty
    } else if own == asked {
        Nearness::Same
    } else if page.empty {
        return None;
    } else if own.segments == asked.segments {
        Nearness::SamePath
    } else if path_varies() {
        Nearness::PathVaries
    } else if equal_segments > 0 && equal_segments * 2 >= own.segments.len() {
        Nearness::HalfThePath
    } else {
        return None;
    };
    Some(Rank {
        nearness,
        equal_segments,
        query: likeness(&own.query, &asked.query),
        main: page.main,
        size: page.kept.size,
    })
}

/// Three for an equal parameter, one for one of another value, minus one for each that only one of them has.
fn likeness(own: &[(String, String)], asked: &[(String, String)]) -> i64 {
    let has = |pairs: &[(String, String)], name: &str| pairs.iter().any(|(known, _)| known == name);
    let mine = own.iter().map(|pair| match pair {
        pair if asked.contains(pair) => 3,
        (name, _) if has(asked, name) => 1,
        _ => -1,
    });
    let theirs = asked
        .iter()
        .map(|(name, _)| if has(own, name) { 0 } else { -1 });
    mine.chain(theirs).sum()
}

/// Texts of a recorded request with what stands in their place in the one that came.
#[derive(Debug, Default)]
pub(crate) struct Echo(Vec<(String, String)>);

impl Echo {
    /// Compares the request that a page was recorded for with the one that came.
    pub(crate) fn between(page: &Page, asked: &Asked) -> Self {
        let mut echo = Self::default();
        for (mine, theirs) in page.asked.segments.iter().zip(&asked.segments) {
            echo.segment(mine, theirs, &page.values);
        }
        for (name, mine) in &page.asked.query {
            let theirs = asked.query.iter().find(|(other, _)| other == name);
            if let Some((_, theirs)) = theirs {
                let pairs = mine.split(',').zip(theirs.split(','));
                pairs.for_each(|(mine, theirs)| echo.pair(mine, theirs));
            }
        }
        echo
    }

    fn segment(&mut self, mine: &str, theirs: &str, values: &[String]) {
        for value in values {
            let Some((before, after)) = around(mine, value) else {
                continue;
            };
            let inner = |text: &str| {
                let text = text.strip_prefix(before)?.strip_suffix(after)?;
                Some(text.to_owned())
            };
            if let (Some(mine), Some(theirs)) = (inner(mine), inner(theirs)) {
                self.pair(&mine, &theirs);
                self.pair(&mine.replace('_', " "), &theirs.replace('_', " "));
            }
        }
    }

    /// Short words and whole numbers stand for too many things in a body.
    fn pair(&mut self, mine: &str, theirs: &str) {
        let telling = mine.len() >= 3 && mine.parse::<i64>().is_err();
        if telling && mine != theirs && !theirs.is_empty() {
            self.0.push((mine.to_owned(), theirs.to_owned()));
        }
    }

    /// Writes what was asked into an answer, where it quotes the recorded request: strings, member names and
    /// coordinates that are equal to a parameter from end to end.
    pub(crate) fn json(&self, value: &mut Value) {
        if self.0.is_empty() {
            return;
        }
        match value {
            Value::String(text) => {
                if let Some(theirs) = self.theirs(text) {
                    theirs.clone_into(text);
                }
            }
            Value::Number(number) => {
                let theirs = self.theirs(&number.to_string());
                if let Some(theirs) = theirs.and_then(|text| Number::from_f64(text.parse().ok()?)) {
                    *number = theirs;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            Value::Object(members) => {
                *members = std::mem::take(members)
                    .into_iter()
                    .map(|(name, mut value)| {
                        self.json(&mut value);
                        (self.theirs(&name).map(str::to_owned).unwrap_or(name), value)
                    })
                    .collect::<Map<_, _>>();
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn theirs(&self, text: &str) -> Option<&str> {
        let found = self.0.iter().find(|(mine, _)| mine == text);
        found.map(|(_, theirs)| theirs.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn echo(pairs: &[(&str, &str)]) -> Echo {
        let mut echo = Echo::default();
        for (mine, theirs) in pairs {
            echo.pair(mine, theirs);
        }
        echo
    }

    #[test]
    fn what_was_asked_stands_where_the_recorded_request_was_quoted() {
        let mut body = json!({"bitcoin": {"id": "bitcoin", "about": "bitcoin is a coin"}, "lat": 48.85, "n": 5});
        echo(&[("bitcoin", "ethereum"), ("48.85", "51.5"), ("5", "6")]).json(&mut body);
        let expected = json!({"ethereum": {"id": "ethereum", "about": "bitcoin is a coin"}, "lat": 51.5, "n": 5});
        assert_eq!(body, expected);
    }

    #[test]
    fn a_segment_gives_its_value_without_what_stands_around_it() {
        let mut echo = Echo::default();
        echo.segment("8.8.8.8.json", "1.2.3.4.json", &["8.8.8.8".into()]);
        echo.segment("New_York", "Los_Angeles", &["new york".into()]);
        assert_eq!(echo.theirs("8.8.8.8"), Some("1.2.3.4"));
        assert_eq!(echo.theirs("New York"), Some("Los Angeles"));
        assert_eq!(echo.theirs("8.8.8.8.json"), None);
    }

    proptest! {
        #[test]
        fn a_query_is_most_alike_to_itself(
            own in prop::collection::vec(("[a-c]", "[xy]"), 0..5),
            other in prop::collection::vec(("[a-c]", "[xy]"), 0..5),
        ) {
            prop_assert!(likeness(&own, &own) >= likeness(&own, &other));
        }
    }
}
