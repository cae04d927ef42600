use std::time::Duration;

use guichet_engine::transport::{Limits, TransportError, UpstreamResponse};
use http::header::RETRY_AFTER;

use super::*;

const LIMITS: Limits = Limits {
    time: Duration::from_secs(3),
    body: 1 << 20,
};

fn good() -> UpstreamResponse {
    made(
        200,
        "application/json",
        r#"{"temperature":21.5,"unit":"C"}"#,
    )
}

fn outcome(fault: Fault) -> (Duration, Result<UpstreamResponse, TransportError>) {
    faulted(fault, &good(), None).within(LIMITS)
}

#[test]
fn every_name_reads_back_and_none_is_used_twice() {
    let all: Vec<Fault> = Fault::ALL.into_iter().chain(Fault::STREAMS).collect();
    for fault in &all {
        assert_eq!(fault.name().parse(), Ok(*fault));
    }
    let mut names: Vec<_> = all.iter().map(|fault| fault.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all.len());
    assert_eq!("reset-after-12-chunks".parse(), Ok(Fault::ResetAfter(12)));
    assert_eq!("error-event-mid-stream".parse(), Ok(Fault::ErrorEvent(1)));
    assert!("reset-after-k-chunks".parse::<Fault>().is_err());
    let error = "6xx".parse::<Fault>().unwrap_err().to_string();
    assert!(
        error.contains("6xx") && error.contains("slow-drip"),
        "{error}"
    );
}

#[test]
fn what_strikes_below_http_was_certainly_never_sent() {
    for fault in Fault::ALL {
        let never_sent = matches!(outcome(fault).1, Err(error) if error.never_sent());
        assert_eq!(never_sent, fault.is_below_http(), "{fault}");
    }
}

#[test]
fn nothing_outlasts_the_limit_and_what_hangs_reaches_it() {
    for fault in Fault::ALL {
        let (took, result) = outcome(fault);
        assert!(took <= LIMITS.time, "{fault}");
        let timed_out = matches!(
            result,
            Err(TransportError::Timeout | TransportError::ConnectTimeout)
        );
        assert_eq!(took == LIMITS.time, timed_out, "{fault}");
    }
}

#[test]
fn only_ok_gives_the_right_answer() {
    let right: Vec<Fault> = Fault::ALL
        .into_iter()
        .filter(|fault| {
            outcome(*fault)
                .1
                .is_ok_and(|answer| answer.status == 200 && answer.body == good().body)
        })
        .collect();
    assert_eq!(right, [Fault::Ok]);
    let patient = Limits {
        time: Duration::from_mins(1),
        ..LIMITS
    };
    let (took, result) = faulted(Fault::SlowDrip, &good(), None).within(patient);
    assert!(took > Duration::from_secs(6));
    assert_eq!(result.unwrap().body, good().body);
}

#[test]
fn a_providers_own_error_is_told_in_its_own_words() {
    let own = made(403, "application/json", r#"{"error":"invalid key"}"#);
    let told = |fault| match faulted(fault, &good(), Some(&own)).within(LIMITS) {
        (_, Ok(response)) => response,
        (_, Err(error)) => panic!("{error}"),
    };
    assert_eq!(told(Fault::Unauthorized).status, 403);
    assert_eq!(told(Fault::ErrorBody).status, 200);
    assert_eq!(told(Fault::ErrorBody).body, own.body);
    let later = told(Fault::TooManyWithRetryAfter);
    assert_eq!(later.status, 429);
    assert_eq!(later.headers[RETRY_AFTER], "30");
    assert_eq!(later.body, own.body);
    assert!(!told(Fault::TooManyBare).headers.contains_key(RETRY_AFTER));
}
