//! What a provider's file says of an answer that is an error: the same filters for data and for models.

use guichet_catalogue::filter::{Input, Program, Variables};
use guichet_catalogue::model::{ErrorFilter, Retry};
use http::HeaderMap;
use jiff::Timestamp;
use serde_json::Value;

/// An answer as error filters see it.
pub(crate) struct Seen<'a> {
    program: &'a Program,
    variables: &'a Variables,
    input: Input,
}

impl<'a> Seen<'a> {
    /// An answer; the headers are those of the variables.
    pub(crate) fn new(
        program: &'a Program,
        variables: &'a Variables,
        status: u16,
        body: Input,
    ) -> Self {
        let input = Input::members([
            ("status", Input::from(&Value::from(status))),
            ("headers", variables.headers.clone()),
            ("body", body),
        ]);
        Self {
            program,
            variables,
            input,
        }
    }

    /// The first filter that holds.
    pub(crate) fn error<'e>(&self, errors: &'e [ErrorFilter]) -> Option<&'e ErrorFilter> {
        errors.iter().find(|error| {
            self.program
                .holds(error.when, &self.input, self.variables)
                .unwrap_or(false)
        })
    }

    /// When the provider may be asked again, where its file says how that is known.
    pub(crate) fn retry_at(&self, retry: Option<Retry>, now: Timestamp) -> Option<Timestamp> {
        match retry? {
            Retry::After(wait) => now.checked_add(wait).ok(),
            Retry::At(filter) => {
                let at = self.program.run(filter, &self.input, self.variables);
                Timestamp::from_millisecond(milliseconds(at.ok()?.as_f64()?)?).ok()
            }
        }
    }
}

/// Headers as filters see them: names in lower case, several values joined with commas.
pub(crate) fn headers(headers: &HeaderMap) -> Input {
    let members = headers.keys().map(|name| {
        let values = headers
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()));
        (
            name.as_str(),
            Input::text(values.collect::<Vec<_>>().join(",")),
        )
    });
    Input::members(members)
}

#[expect(clippy::cast_possible_truncation, reason = "bounded before")]
fn milliseconds(seconds: f64) -> Option<i64> {
    const LATEST: f64 = 253_402_300_799.0;
    (0.0..LATEST)
        .contains(&seconds)
        .then_some((seconds * 1_000.0) as i64)
}
