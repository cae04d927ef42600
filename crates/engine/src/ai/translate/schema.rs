//! JSON Schema for providers that understand some of its keywords and refuse the others.
//!
//! What an unknown keyword says is said otherwise where that is possible: a local `$ref` is written out, `const` is an
//! `enum` of one, `oneOf` is `anyOf`. The order of members stays.

use std::cell::Cell;
use std::collections::BTreeSet;

use guichet_dialects::error::Malformed;
use guichet_dialects::members::{Members, replace_elements};

/// The schema that everything fits.
const ANYTHING: &str = "{}";

/// Schemas within schemas are said to this depth, and so many references are written out; a schema that refers to
/// itself would have no end.
const DEEPEST: usize = 48;
const MOST_REFERENCES: usize = 128;

/// A value with the schema that stands at this path in it pruned, or in each of its elements if it is a list. None =
/// nothing has changed.
pub(super) fn prune_within(
    value: &str,
    path: &[&str],
    keywords: &BTreeSet<String>,
) -> Result<Option<Vec<u8>>, Malformed> {
    if value.starts_with('[') {
        return replace_elements(value, |_, element| prune_within(element, path, keywords));
    }
    if !value.starts_with('{') {
        return Ok(None);
    }
    let members = Members::of(value)?;
    let Some((first, rest)) = path.split_first() else {
        let pruning = Pruning {
            keywords,
            root: &members,
            references: Cell::new(0),
        };
        let pruned = pruning.schema(value, 0)?;
        return Ok((pruned != value).then(|| pruned.into_bytes()));
    };
    let Some(inner) = members.get(first) else {
        return Ok(None);
    };
    Ok(prune_within(inner, rest, keywords)?.map(|pruned| {
        let mut editor = members.edit();
        editor.replace(first, pruned);
        editor.finish()
    }))
}

struct Pruning<'p, 'a> {
    keywords: &'p BTreeSet<String>,
    /// Where `$defs` are.
    root: &'p Members<'a>,
    references: Cell<usize>,
}

impl Pruning<'_, '_> {
    fn knows(&self, keyword: &str) -> bool {
        self.keywords.contains(keyword)
    }

    fn schema(&self, schema: &str, depth: usize) -> Result<String, Malformed> {
        if depth > DEEPEST {
            return Ok(ANYTHING.to_owned());
        }
        if !schema.starts_with('{') {
            return Ok(schema.to_owned());
        }
        let members = Members::of(schema)?;
        if !self.knows("$ref")
            && let Some(target) = members.get("$ref")
        {
            return self.referred(target, depth);
        }
        let mut editor = members.edit();
        for (keyword, value) in members.iter() {
            let instead = match keyword {
                "const" => Some(("enum", format!("[{value}]"))),
                "oneOf" => Some(("anyOf", self.list(value, depth)?)),
                _ => None,
            };
            if self.knows(keyword) {
                if let Some(pruned) = self.keyword(keyword, value, depth)? {
                    editor.replace(keyword, pruned);
                }
                continue;
            }
            editor.remove(keyword);
            if let Some((other, value)) = instead
                && self.knows(other)
                && members.get(other).is_none()
            {
                editor.set(other, value);
            }
        }
        String::from_utf8(editor.finish())
            .map_err(|error| Malformed::new("", format!("is not UTF-8: {error}")))
    }

    /// The schemas under a keyword, pruned.
    fn keyword(
        &self,
        keyword: &str,
        value: &str,
        depth: usize,
    ) -> Result<Option<String>, Malformed> {
        match keyword {
            "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas"
                if value.starts_with('{') =>
            {
                let members = Members::of(value)?;
                let mut editor = members.edit();
                for (name, schema) in members.iter() {
                    editor.replace(name, self.schema(schema, depth + 1)?);
                }
                Ok(String::from_utf8(editor.finish()).ok())
            }
            "items" | "additionalProperties" | "contains" | "not" | "if" | "then" | "else"
                if value.starts_with('{') =>
            {
                self.schema(value, depth + 1).map(Some)
            }
            "anyOf" | "oneOf" | "allOf" | "prefixItems" if value.starts_with('[') => {
                self.list(value, depth).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn list(&self, list: &str, depth: usize) -> Result<String, Malformed> {
        let pruned = replace_elements(list, |_, schema| {
            self.schema(schema, depth + 1)
                .map(|pruned| Some(pruned.into_bytes()))
        })?;
        Ok(pruned
            .and_then(|pruned| String::from_utf8(pruned).ok())
            .unwrap_or_else(|| list.to_owned()))
    }

    /// What a reference stands for; anything at all where it leads nowhere, or too far.
    fn referred(&self, target: &str, depth: usize) -> Result<String, Malformed> {
        let references = self.references.get() + 1;
        self.references.set(references);
        let path: Option<String> = serde_json::from_str(target).ok();
        let target = path.as_deref().and_then(|path| {
            let (group, name) = path.strip_prefix("#/")?.split_once('/')?;
            let group = Members::of(self.root.get(group)?).ok()?;
            group.get(name)
        });
        match target {
            Some(schema) if references <= MOST_REFERENCES => self.schema(schema, depth + 1),
            _ => Ok(ANYTHING.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pruned(value: &str, path: &[&str], keywords: &[&str]) -> Option<String> {
        let keywords = keywords
            .iter()
            .map(|keyword| (*keyword).to_owned())
            .collect();
        prune_within(value, path, &keywords)
            .unwrap()
            .map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn only_known_keywords_stay_and_names_of_properties_are_no_keywords() {
        let tools = r#"[{"function":{"name":"f","parameters":{"type":"object","$schema":"s","properties":{"title":{"type":"string","minLength":1},"$schema":{"type":"string"}},"additionalProperties":false}}}, {"type":"x"}]"#;
        assert_eq!(
            pruned(tools, &["function", "parameters"], &["type", "properties"]).as_deref(),
            Some(
                r#"[{"function":{"name":"f","parameters":{"type":"object","properties":{"title":{"type":"string"},"$schema":{"type":"string"}}}}}, {"type":"x"}]"#
            )
        );
    }

    #[test]
    fn what_can_be_said_otherwise_is() {
        let schema = r##"{"oneOf":[{"const":"a"},{"$ref":"#/$defs/B"}],"$defs":{"B":{"type":"number","minimum":3}}}"##;
        assert_eq!(
            pruned(schema, &[], &["anyOf", "enum", "type"]).as_deref(),
            Some(r#"{"anyOf":[{"enum":["a"]},{"type":"number"}]}"#)
        );
    }

    #[test]
    fn a_schema_that_refers_to_itself_comes_to_an_end() {
        let schema = r##"{"$ref":"#/$defs/T","$defs":{"T":{"properties":{"l":{"$ref":"#/$defs/T"},"r":{"$ref":"#/$defs/T"}}}}}"##;
        let pruned = pruned(schema, &[], &["properties"]).unwrap();
        assert!(pruned.len() < 10_000, "{}", pruned.len());
        assert!(!pruned.contains("$ref"));
    }

    #[test]
    fn a_schema_of_known_keywords_is_left_alone() {
        assert_eq!(
            pruned(r#"{"type":"object" , "x":1}"#, &[], &["type", "x"]),
            None
        );
        assert_eq!(pruned(r#""json""#, &[], &["type"]), None);
    }
}
