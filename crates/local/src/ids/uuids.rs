//! UUIDs of RFC 9562: random (version 4) or ordered by time (version 7).

use serde_json::{Map, Value, json};
use uuid::{ContextV7, Timestamp, Uuid};

use crate::params::{choice, optional_integer};
use crate::{Context, Failure};

const VERSIONS: &[(&str, Version)] = &[("4", Version::Random), ("7", Version::TimeOrdered)];

const MAX_COUNT: u64 = 100;

#[derive(Clone, Copy)]
enum Version {
    Random,
    TimeOrdered,
}

/// `version` ("4" or "7", default "4"), `count` (1 to 100, default 1) → `Uuids`; those of version 7 in rising order.
pub(super) fn uuid(params: &Map<String, Value>, context: &Context) -> Result<Value, Failure> {
    let version = choice(params, "version", VERSIONS, Version::Random)?;
    let count = optional_integer(params, "count", 1..=MAX_COUNT)?.unwrap_or(1);
    let (number, uuids) = match version {
        Version::Random => (4, (0..count).map(|_| Uuid::new_v4()).collect()),
        Version::TimeOrdered => (7, time_ordered(count, context.now)?),
    };
    let texts: Vec<String> = uuids.iter().map(Uuid::to_string).collect();
    Ok(json!({ "version": number, "uuids": texts }))
}

fn time_ordered(count: u64, now: jiff::Timestamp) -> Result<Vec<Uuid>, Failure> {
    let (Ok(seconds), Ok(nanoseconds)) = (
        u64::try_from(now.as_second()),
        u32::try_from(now.subsec_nanosecond()),
    ) else {
        return Err(Failure::Unsupported(
            "version 7 begins with 1970, and this machine's clock is before it".to_owned(),
        ));
    };
    // The counter lives for one call: within it the ids rise, between calls the milliseconds order them.
    let counter = ContextV7::new();
    let next = |_| Uuid::new_v7(Timestamp::from_unix(&counter, seconds, nanoseconds));
    Ok((0..count).map(next).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn uuids(params: &Value) -> Vec<Uuid> {
        let context = Context {
            now: "2026-11-22T10:31:00.25Z".parse().unwrap(),
            peer: None,
        };
        let result = uuid(params.as_object().unwrap(), &context).unwrap();
        let texts = result["uuids"].as_array().unwrap();
        texts
            .iter()
            .map(|text| text.as_str().unwrap().parse().unwrap())
            .collect()
    }

    #[test]
    fn a_hundred_random_ids_differ_and_say_their_version() {
        let ids = uuids(&json!({ "count": 100 }));
        assert!(ids.iter().all(|id| id.get_version_num() == 4));
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 100);
    }

    #[test]
    fn time_ordered_ids_rise_and_carry_the_time_of_the_call() {
        let ids = uuids(&json!({ "version": "7", "count": 100 }));
        assert!(ids.is_sorted() && ids.iter().collect::<HashSet<_>>().len() == 100);
        let (seconds, nanoseconds) = ids[0].get_timestamp().unwrap().to_unix();
        assert_eq!((seconds, nanoseconds), (1_795_343_460, 250_000_000));
    }

    #[test]
    fn versions_that_would_leak_or_collide_are_refused() {
        let context = Context {
            now: jiff::Timestamp::UNIX_EPOCH,
            peer: None,
        };
        let params = json!({ "version": "1" });
        let refused = uuid(params.as_object().unwrap(), &context);
        assert!(
            matches!(
                refused,
                Err(Failure::Invalid {
                    param: "version",
                    ..
                })
            ),
            "{refused:?}"
        );
    }
}
