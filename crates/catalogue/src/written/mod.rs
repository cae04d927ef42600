//! The files as they are written, before anything in them is checked against anything else.

pub(crate) mod ai;
mod category;
mod provider;

pub(crate) use category::{Category, Operation, Parameter};
pub(crate) use provider::{
    Auth, AuthKind, Endpoint, ErrorFilter, Kind, Limit, Provider, Quota, QuotaKind, Request,
    Status, Terms, Verify,
};

use crate::files::File;
use crate::problem::Problem;
use crate::suggest::did_you_mean;

/// Text of a file with the place where it stands.
pub(crate) type Text = toml::Spanned<String>;

/// Reads a TOML file into one of the types here.
pub(crate) fn read<T: serde::de::DeserializeOwned>(file: &File) -> Result<T, Problem> {
    toml::from_str(&file.text).map_err(|error| {
        let line = error.span().map(|span| line(&file.text, span.start));
        Problem {
            file: file.name.clone(),
            line,
            message: explained(error.message()),
        }
    })
}

/// The line, counted from 1, of a byte of a text.
pub(crate) fn line(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset.min(text.len())]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
        + 1
}

/// Adds the nearest right name to serde's "unknown field `x`, expected one of `a`, `b`".
fn explained(message: &str) -> String {
    let Some(rest) = message
        .strip_prefix("unknown field `")
        .or_else(|| message.strip_prefix("unknown variant `"))
    else {
        return message.to_owned();
    };
    let Some((wrong, _)) = rest.split_once('`') else {
        return message.to_owned();
    };
    let known = rest.split('`').skip(2).step_by(2);
    format!("{message}{}", did_you_mean(wrong, known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_the_right_one() {
        let text = "title = \"A\"\nbase_ulr = \"https://a.example\"\n";
        let file = File {
            name: "a.toml".into(),
            text: text.into(),
            own: true,
        };
        let problem = read::<Provider>(&file).unwrap_err();
        assert_eq!(problem.line, Some(2));
        assert!(
            problem.message.contains("unknown field `base_ulr`"),
            "{}",
            problem.message
        );
        assert!(
            problem.message.ends_with("did you mean `base_url`?"),
            "{}",
            problem.message
        );
    }
}
