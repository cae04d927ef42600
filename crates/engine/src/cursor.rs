//! What we hand out to continue a list: the provider's own cursor and its name, so that page two never comes from
//! another provider.

use serde_json::Value;

/// A cursor that was handed out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cursor {
    pub(crate) provider: String,
    pub(crate) own: Value,
}

impl Cursor {
    pub(crate) fn encode(&self) -> String {
        let own: String =
            url::form_urlencoded::byte_serialize(self.own.to_string().as_bytes()).collect();
        format!("{}~{own}", self.provider)
    }

    pub(crate) fn decode(text: &str) -> Option<Self> {
        let (provider, own) = text.split_once('~')?;
        let (own, _) = url::form_urlencoded::parse(own.as_bytes()).next()?;
        Some(Self {
            provider: provider.to_owned(),
            own: serde_json::from_str(&own).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_comes_back_as_it_went(provider in "[a-z][a-z0-9-]{0,20}", own in ".{0,40}", page in any::<i32>()) {
            for own in [json!(own), json!(page), json!({"after": own})] {
                let cursor = Cursor { provider: provider.clone(), own };
                let text = cursor.encode();
                prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{}", text);
                prop_assert_eq!(Cursor::decode(&text), Some(cursor));
            }
        }

        #[test]
        fn nothing_else_is_taken_for_one(text in ".{0,40}") {
            let _ = Cursor::decode(&text);
        }
    }
}
