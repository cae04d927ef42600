//! The table from the engine's refusals to codes.

use guichet_catalogue::parameters::InvalidParameter;
use guichet_engine::answer::{Reason, Refusal, SkipReason, Skipped};

use crate::codes::Code;
use crate::problem::Problem;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let Refusal {
            reason,
            attempts,
            skipped,
            retry_at,
        } = refusal;
        let problem = match reason {
            Reason::InvalidParameters(errors) => return invalid(errors),
            Reason::PlaceNotFound(name) => Self::new(
                Code::PlaceNotFound,
                format!("no place named `{name}` was found"),
            ),
            Reason::NotFound => Self::new(Code::NotFound, "the providers know no such thing"),
            Reason::NoCandidate => Self::new(Code::NoCandidate, no_candidate(&skipped)),
            Reason::AllSuspended => Self::new(
                Code::AllSuspended,
                "every provider that could answer is suspended or has no quota left; `skipped` says until when",
            ),
            Reason::AllFailed => Self::new(
                Code::AllFailed,
                "every provider that was asked failed; `attempts` says how",
            ),
            Reason::Deadline => Self::new(Code::Deadline, "time was up before a provider answered"),
            Reason::OutcomeUnknown => Self::new(
                Code::OutcomeUnknown,
                "the provider may or may not have acted; the call was not repeated, so that it cannot act twice",
            ),
            Reason::UnknownModel { name, nearest } => Self::new(
                Code::UnknownModel,
                format!("no provider serves a model named `{name}`"),
            )
            .with_nearest(nearest.as_deref()),
            Reason::TooLong { needed, most } => Self::new(
                Code::TooLong,
                format!(
                    "the request needs about {needed} tokens; the largest model that could take it holds {most}"
                ),
            ),
            Reason::OverBudget(_) => Self::new(
                Code::LimitReached,
                "a limit of the caller does not cover the call",
            ),
            Reason::Rejected(rejection) => {
                Self::new(Code::Rejected, rejection.message.clone()).with_rejection(*rejection)
            }
        };
        problem.with_history(attempts, skipped, retry_at)
    }
}

/// A call whose parameters cannot be used.
pub(crate) fn invalid(errors: Vec<InvalidParameter>) -> Problem {
    let detail = match errors.as_slice() {
        [only] => sentence(only),
        several => format!(
            "{} parameters cannot be used; `errors` names each",
            several.len()
        ),
    };
    Problem::new(Code::InvalidParameters, detail).with_errors(errors)
}

fn sentence(error: &InvalidParameter) -> String {
    match &error.nearest {
        Some(nearest) => format!(
            "`{}`: {}; did you mean `{nearest}`?",
            error.name, error.reason
        ),
        None => format!("`{}`: {}", error.name, error.reason),
    }
}

fn no_candidate(skipped: &[Skipped]) -> &'static str {
    let any = |reason| skipped.iter().any(|skipped| skipped.reason == reason);
    if any(SkipReason::NoCredential) {
        "no provider can take this call; one or more only lack a credential (`guichet credential set <provider>`)"
    } else if any(SkipReason::NotAllowed) {
        "no provider can take this call; `providers` leaves out those that could"
    } else if any(SkipReason::Input) {
        "no provider can take such input; `skipped` names each"
    } else {
        "no provider can take this call; `skipped` says why"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_of(reason: Reason) -> u16 {
        let refusal = Refusal {
            reason,
            attempts: Vec::new(),
            skipped: Vec::new(),
            retry_at: None,
        };
        Problem::from(refusal).code.status().as_u16()
    }

    #[test]
    fn every_reason_has_its_status() {
        assert_eq!(code_of(Reason::InvalidParameters(Vec::new())), 422);
        assert_eq!(code_of(Reason::PlaceNotFound("Atlantis".into())), 404);
        assert_eq!(code_of(Reason::NotFound), 404);
        assert_eq!(code_of(Reason::NoCandidate), 503);
        assert_eq!(code_of(Reason::AllSuspended), 503);
        assert_eq!(code_of(Reason::AllFailed), 502);
        assert_eq!(code_of(Reason::Deadline), 504);
        assert_eq!(code_of(Reason::OutcomeUnknown), 502);
    }
}
