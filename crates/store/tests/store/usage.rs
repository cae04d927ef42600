//! What calls to models took, in and out again.

use std::time::Duration;

use guichet_catalogue::model::Class;
use guichet_catalogue::model::ai::Task;
use guichet_dialects::chat::Usage;
use guichet_engine::ai::UsageRecord;
use guichet_engine::answer::Served;
use guichet_engine::identity::{KeyId, OrganizationId, ProjectId};
use guichet_store::{Database, UsageGroup, UsageTotal};
use jiff::{SignedDuration, Timestamp};

use crate::home::{Home, stories};

stories!(
    what_calls_took_is_summed_over_a_restart,
    calls_are_grouped_by_whatever_is_asked_for,
    calls_before_the_time_asked_for_do_not_count,
    a_large_batch_of_many_kinds_is_written_to_the_last_row,
    what_is_older_than_is_kept_is_forgotten_and_nothing_else,
);

/// 2027-01-15, eight in the morning.
const MORNING: Timestamp = Timestamp::constant(1_800_000_000, 0);

/// A good call that read so many tokens.
pub(crate) fn record(input: u64) -> UsageRecord {
    UsageRecord {
        at: MORNING,
        request_id: "request".into(),
        organization: OrganizationId::new("owner"),
        project: ProjectId::new("shop"),
        key: KeyId::new("k1"),
        task: Task::Chat,
        provider: Some("groq".into()),
        model: Some("openai/gpt-oss-120b".into()),
        outcome: Class::Ok,
        served: Some(Served::Fresh),
        usage: Usage {
            input,
            output: 50,
            cached: Some(10),
            reasoning: Some(20),
            ..Usage::default()
        },
        counted: true,
        cost: Some(0.000_25),
        first_token: Some(Duration::from_millis(100)),
        took: Duration::from_millis(900),
        stream: true,
        attempts: 1,
    }
}

async fn with(home: &Home, records: &[UsageRecord]) -> Database {
    let database = home.open().await;
    database.record_usage(records).await.unwrap();
    database
}

async fn names(database: &Database, by: UsageGroup) -> Vec<(Option<String>, i64)> {
    let totals = database.usage_totals(by, None).await.unwrap();
    totals
        .into_iter()
        .map(|total| (total.name, total.calls))
        .collect()
}

async fn what_calls_took_is_summed_over_a_restart(home: &Home) {
    let nobody = UsageRecord {
        provider: None,
        model: None,
        outcome: Class::Upstream,
        served: None,
        usage: Usage::default(),
        counted: false,
        cost: None,
        first_token: None,
        took: Duration::from_secs(3),
        attempts: 4,
        ..record(0)
    };
    let unpriced = UsageRecord {
        cost: None,
        first_token: Some(Duration::from_millis(300)),
        took: Duration::from_millis(1_100),
        usage: Usage {
            input: 7,
            output: 1,
            ..Usage::default()
        },
        ..record(0)
    };
    let database = with(home, &[record(100), unpriced, nobody]).await;
    database.close().await;
    let database = home.open().await;
    let totals = database.usage_totals(UsageGroup::Provider, None).await;
    let groq = UsageTotal {
        name: Some("groq".into()),
        calls: 2,
        failed: 0,
        input_tokens: 107,
        cached_tokens: 10,
        output_tokens: 51,
        reasoning_tokens: 20,
        cost_micros: 250,
        unpriced: 1,
        estimated: 0,
        first_token_ms: Some(200),
        took_ms: 1_000,
    };
    let nobody = UsageTotal {
        name: None,
        calls: 1,
        failed: 1,
        input_tokens: 0,
        cached_tokens: 0,
        output_tokens: 0,
        reasoning_tokens: 0,
        cost_micros: 0,
        unpriced: 0,
        estimated: 1,
        first_token_ms: None,
        took_ms: 3_000,
    };
    assert_eq!(totals.unwrap(), [groq, nobody]);
}

async fn calls_are_grouped_by_whatever_is_asked_for(home: &Home) {
    let later = UsageRecord {
        at: MORNING + SignedDuration::from_hours(24),
        project: ProjectId::new("blog"),
        key: KeyId::new("k2"),
        model: Some("llama".into()),
        ..record(1)
    };
    let database = with(home, &[record(1), record(1), later]).await;
    let some = |name: &str, calls| (Some(name.to_owned()), calls);
    for (by, expected) in [
        (UsageGroup::Provider, vec![some("groq", 3)]),
        (
            UsageGroup::Model,
            vec![some("groq/openai/gpt-oss-120b", 2), some("groq/llama", 1)],
        ),
        (UsageGroup::Project, vec![some("shop", 2), some("blog", 1)]),
        (UsageGroup::Key, vec![some("k1", 2), some("k2", 1)]),
        (
            UsageGroup::Day,
            vec![some("2027-01-15", 2), some("2027-01-16", 1)],
        ),
    ] {
        assert_eq!(names(&database, by).await, expected, "{by:?}");
    }
}

async fn calls_before_the_time_asked_for_do_not_count(home: &Home) {
    let before = UsageRecord {
        at: MORNING - SignedDuration::from_millis(1),
        ..record(1)
    };
    let database = with(home, &[before, record(2)]).await;
    let totals = database.usage_totals(UsageGroup::Key, Some(MORNING)).await;
    assert_eq!(totals.unwrap()[0].input_tokens, 2);
}

async fn a_large_batch_of_many_kinds_is_written_to_the_last_row(home: &Home) {
    let record = |number: u64| UsageRecord {
        request_id: format!("request {number}").into(),
        key: KeyId::new(format!("k{}", number % 3)),
        model: (!number.is_multiple_of(7)).then(|| format!("m{}", number % 2).into()),
        outcome: if number.is_multiple_of(5) {
            Class::Upstream
        } else {
            Class::Ok
        },
        ..record(number)
    };
    let records: Vec<_> = (0..500).map(record).collect();
    let database = with(home, &records).await;
    let totals = database.usage_totals(UsageGroup::Key, None).await.unwrap();
    for (remainder, name) in [(0, "k0"), (1, "k1"), (2, "k2")] {
        let own: Vec<u64> = (0..500).filter(|number| number % 3 == remainder).collect();
        let total = totals
            .iter()
            .find(|total| total.name.as_deref() == Some(name))
            .unwrap();
        let failed = own.iter().filter(|number| *number % 5 == 0).count();
        let counted = [total.calls, total.failed, total.input_tokens];
        let expected = [own.len() as u64, failed as u64, own.iter().sum()];
        assert_eq!(counted.map(i64::cast_unsigned), expected, "{name}");
    }
}

async fn what_is_older_than_is_kept_is_forgotten_and_nothing_else(home: &Home) {
    let old = UsageRecord {
        at: MORNING - SignedDuration::from_millis(1),
        ..record(1)
    };
    let database = with(home, &[old, record(2)]).await;
    assert_eq!(database.forget_usage(MORNING).await.unwrap(), 1);
    assert_eq!(database.forget_usage(MORNING).await.unwrap(), 0);
    let totals = database.usage_totals(UsageGroup::Key, None).await.unwrap();
    assert_eq!((totals[0].calls, totals[0].input_tokens), (1, 2));
}
