//! Limits: who has one counts in several windows, shares it, says in many ways when it ends, and bans those who go on.

use std::sync::Arc;
use std::time::Duration;

use guichet_catalogue::model::Class;
use guichet_engine::answer::{Reason, SkipReason};
use guichet_engine::store::{Store, WindowRecord};
use guichet_tests::stage::{BEGIN, Stage, tried};
use guichet_tests::store::MemoryStore;
use guichet_tests::upstream::answers;
use jiff::{SignedDuration, Timestamp};

use crate::told::{all, ask, everyone, host, only, path_of, sample, tell};

fn begin() -> Timestamp {
    BEGIN.parse().unwrap()
}

/// A store where so much of one window is used since the beginning.
async fn used(budget: &str, window: &str, used: f64) -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::default());
    let record = WindowRecord {
        budget: budget.into(),
        window: window.into(),
        opened_at: begin(),
        used,
    };
    store.save_windows(vec![record]).await.unwrap();
    store
}

/// Makes the call of a sample that finds no quota; says when there will be some.
async fn without_quota(stage: &Stage, path: &str) -> Option<Timestamp> {
    let sample = sample(path);
    tell(stage, sample);
    let refusal = ask(stage, sample, only(&[&sample.provider])).await;
    let refusal = refusal.unwrap_err();
    assert_eq!(refusal.reason, Reason::AllSuspended, "{path}");
    let own = refusal.skipped.iter();
    let own = own.filter(|skipped| *skipped.provider == *sample.provider);
    let reasons: Vec<_> = own.map(|skipped| skipped.reason).collect();
    assert_eq!(reasons, [SkipReason::Quota], "{path}");
    assert_eq!(stage.upstream.asked(host(sample)), 0, "{path}: asked");
    refusal.retry_at
}

/// Makes the call of a good sample.
async fn answered(stage: &Stage, path: &str) {
    let sample = sample(path);
    tell(stage, sample);
    let answer = ask(stage, sample, only(&[&sample.provider])).await;
    answer.unwrap_or_else(|refusal| panic!("{path}: {refusal:?}"));
}

#[tokio::test(start_paused = true)]
async fn each_window_of_open_meteo_is_honoured_by_itself() {
    let path = "weather/open-meteo/current";
    let midnight = "2026-11-23T00:00:00Z".parse().unwrap();
    for (window, limit, free_at) in [
        ("requests/bucket-60s", 600.0, None),
        ("requests/bucket-3600s", 5_000.0, None),
        ("requests/day", 10_000.0, Some(midnight)),
    ] {
        let store = used("open-meteo", window, limit - 1.3).await;
        let stage = everyone().remembering(&store).start().await;
        answered(&stage, path).await;

        let store = used("open-meteo", window, limit - 1.0).await;
        let stage = everyone().remembering(&store).start().await;
        let retry_at = without_quota(&stage, path).await.unwrap();
        // What is missing of a window that refills comes back within the second.
        let soon = begin() + SignedDuration::from_secs(1);
        assert!(retry_at <= free_at.unwrap_or(soon), "{window}: {retry_at}");
        assert!(free_at.is_none_or(|at| retry_at == at), "{window}");
        let wait = retry_at.duration_since(stage.now()).unsigned_abs();
        stage.wait(wait + Duration::from_millis(1)).await;
        answered(&stage, path).await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_call_counts_in_every_window_by_what_it_weighs() {
    let stage = everyone().start().await;
    answered(&stage, "weather/open-meteo/current").await;
    stage.engine.flush().await;
    let windows = stage.store.saved_windows();
    let names: Vec<_> = windows.iter().map(|window| &*window.window).collect();
    let wanted = [
        "requests/bucket-3600s",
        "requests/bucket-60s",
        "requests/day",
    ];
    assert_eq!(names, wanted);
    for window in &windows {
        assert_eq!(window.budget, "open-meteo");
        assert!((window.used - 1.3).abs() < 1e-9, "{window:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn hosts_of_one_operator_share_one_budget() {
    let stories: [(&str, &str, f64, &[&str]); 2] = [
        (
            "wikimedia",
            "requests/bucket-60s",
            200.0,
            &[
                "encyclopedia/wikipedia/summary",
                "encyclopedia/wikidata/summary",
                "dictionary/wiktionary/define",
            ],
        ),
        (
            "open-meteo",
            "requests/day",
            10_000.0,
            &[
                "weather/open-meteo/current",
                "air-quality/open-meteo-air/current",
            ],
        ),
    ];
    for (group, window, limit, members) in stories {
        let store = used(group, window, limit).await;
        let stage = everyone().remembering(&store).start().await;
        for member in members {
            without_quota(&stage, member).await;
        }
        answered(&stage, "weather/met-no/current").await;

        let stage = everyone().start().await;
        let mut before = 0.0;
        for member in members {
            answered(&stage, member).await;
            stage.engine.flush().await;
            let now = stage.store.used(group, window);
            assert!(now > before + 0.5, "{member} takes from {group}");
            before = now;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_limit_is_read_in_every_form_and_kept_to() {
    for (path, at) in [
        ("fun/uselessfacts/fact.429", "2026-11-22T10:31:30Z"),
        ("fun/zenquotes/quote.notice", "2026-11-22T10:31:30Z"),
        ("ip/ip-api/lookup.429", "2026-11-22T10:31:37Z"),
        ("air-quality/openaq/current.429", "2026-11-22T10:31:37Z"),
        ("crypto/kraken/price.200-lockout", "2026-11-22T10:46:00Z"),
        (
            "weather/open-meteo/hourly.429-hourly",
            "2026-11-22T11:00:00Z",
        ),
        (
            "weather/open-meteo/current.429-daily",
            "2026-11-23T00:00:00Z",
        ),
        ("geocoding/opencage/search.402", "2026-11-23T00:00:00Z"),
    ] {
        let limit = sample(path);
        let stage = everyone().start().await;
        tell(&stage, limit);
        left_alone_until(&stage, path, at.parse().unwrap()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_date_of_http_is_read_like_seconds() {
    let path = "fun/uselessfacts/fact";
    let date = [("retry-after", "Sun, 22 Nov 2026 10:33:00 GMT")];
    let stage = everyone().start().await;
    let limit = answers(429, &date, "Too Many Requests");
    stage.upstream.always(host(sample(path)), limit);
    let at = "2026-11-22T10:33:00Z".parse().unwrap();
    left_alone_until(&stage, path, at).await;
}

/// A provider that was told to refuse is asked once, then not before this time, and then it answers.
async fn left_alone_until(stage: &Stage, path: &str, at: Timestamp) {
    let limit = sample(path);
    let alone = || only(&[&limit.provider]);
    let refusal = ask(stage, limit, alone()).await.unwrap_err();
    let told = refusal.attempts[0].retry_at.unwrap();
    let late = told.duration_since(at).as_secs_f64();
    assert!((0.0..1.0).contains(&late), "{path}: {told}");
    let asked = stage.upstream.asked(host(limit));

    let nearly = (at - SignedDuration::from_secs(1)).duration_since(stage.now());
    stage.wait(nearly.unsigned_abs()).await;
    let refusal = ask(stage, limit, alone()).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::AllSuspended, "{path}");
    assert_eq!(refusal.retry_at, Some(told), "{path}");
    assert_eq!(stage.upstream.asked(host(limit)), asked, "{path}: too soon");

    stage.wait(Duration::from_secs(3)).await;
    let category = path.rsplit_once('/').unwrap().0;
    answered(stage, &format!("{category}/{}", limit.recorded.operation)).await;
}

#[tokio::test(start_paused = true)]
async fn whoever_says_stop_is_not_asked_again_in_the_same_call_nor_in_the_next() {
    let mut stories = 0;
    for sample in all() {
        let class = sample.expected.as_ref().unwrap().class;
        let last = sample.recorded.exchanges.last().unwrap();
        let limit = matches!(class, Class::RateLimited | Class::QuotaExhausted);
        if !limit && last.status != 418 {
            continue;
        }
        stories += 1;
        let path = path_of(sample);
        let stage = everyone().start().await;
        tell(&stage, sample);
        let alone = || only(&[&sample.provider]);
        let refusal = ask(&stage, sample, alone()).await.unwrap_err();
        let words = format!("{}:{class}", sample.provider);
        assert_eq!(tried(&refusal.attempts), words, "{path}");
        let once = sample.recorded.exchanges.len();
        assert_eq!(stage.upstream.asked_of_all(), once, "{path}");

        let refusal = ask(&stage, sample, alone()).await.unwrap_err();
        assert_eq!(refusal.reason, Reason::AllSuspended, "{path}");
        assert_eq!(stage.upstream.asked_of_all(), once, "{path}: again");
    }
    assert!(stories > 25, "{stories} of the samples say stop");
}
