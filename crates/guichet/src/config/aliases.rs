//! The operator's own names for models: `[models.aliases]`.

use std::collections::BTreeMap;

pub(super) const PREFIX: &str = "models.aliases.";

/// The operator's names, each with the names that it stands for.
pub(super) type Aliases = BTreeMap<String, Vec<String>>;

/// The alias that a key is about. It may have dots: `models.aliases.gpt-4.1`.
pub(super) fn alias(key: &str) -> Option<&str> {
    key.strip_prefix(PREFIX).filter(|name| !name.is_empty())
}

/// The names that an alias stands for.
pub(super) fn names(text: &str) -> Result<Vec<String>, String> {
    let names: Vec<String> = text
        .split(',')
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    if names.is_empty() {
        return Err("at least one model is needed, such as `groq/openai/gpt-oss-120b`".into());
    }
    match names.iter().find(|name| name.contains(char::is_whitespace)) {
        Some(wrong) => Err(format!("`{wrong}` is no name of a model: it has a space")),
        None => Ok(names),
    }
}

/// What is wrong with an alias that leads back to itself by way of others. One that names itself means the model of that
/// name: `gpt-4o = ["gpt-4o", "auto"]`.
pub(super) fn check(aliases: &Aliases, name: &str) -> Result<(), String> {
    let mut way = vec![name];
    if leads_back(aliases, name, &mut way) {
        way.push(name);
        let way = way.join(" → ");
        return Err(format!(
            "stands for itself: {way}; take it out of one of them"
        ));
    }
    Ok(())
}

/// Walks from the end of the way; true = it arrives where it began. Circles elsewhere are told of elsewhere.
fn leads_back<'a>(aliases: &'a Aliases, begin: &str, way: &mut Vec<&'a str>) -> bool {
    let here = way.last().copied().unwrap_or_default();
    for next in aliases.get(here).into_iter().flatten() {
        if next == here {
            continue;
        }
        if next == begin {
            return true;
        }
        if way.contains(&next.as_str()) {
            continue;
        }
        way.push(next);
        if leads_back(aliases, begin, way) {
            return true;
        }
        way.pop();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aliases(given: &[(&str, &str)]) -> Aliases {
        given
            .iter()
            .map(|(name, text)| ((*name).to_owned(), names(text).unwrap()))
            .collect()
    }

    #[test]
    fn a_list_without_a_model_is_refused() {
        for text in ["", " , "] {
            assert!(names(text).unwrap_err().contains("at least one model"));
        }
        assert!(names("groq/a b").unwrap_err().contains("has a space"));
        assert_eq!(names("groq/a, b").unwrap(), ["groq/a", "b"]);
    }

    #[test]
    fn a_circle_is_told_with_its_way() {
        let circle = aliases(&[("a", "x,b"), ("b", "c"), ("c", "a"), ("d", "b")]);
        let wrong = check(&circle, "a").unwrap_err();
        assert!(wrong.contains("a → b → c → a"), "{wrong}");
        check(&circle, "d").unwrap();
    }

    #[test]
    fn who_names_itself_means_the_model_and_two_ways_to_one_are_no_circle() {
        let good = aliases(&[
            ("gpt-4o", "gpt-4o,auto"),
            ("top", "l,r"),
            ("l", "x"),
            ("r", "l"),
        ]);
        for name in good.keys() {
            check(&good, name).unwrap();
        }
    }
}
