//! What providers of data tell of their quotas: in headers, in bodies, in refusals, and when they are asked.

use std::time::Duration;

use guichet_catalogue::model::Class;
use guichet_engine::Inquiries;
use guichet_engine::gauge::Source;
use guichet_engine::ledger::QuotaState;
use guichet_tests::small::{Small, thing};
use guichet_tests::stage::{Setup, Stage};
use guichet_tests::upstream::answers;
use serde_json::json as value;

const DAY: &str = "[[quota]]\nlimit = 100\nper = \"day\"\n";
const HEADERS: &str = "[[limit]]\nper = \"day\"\nlimit = \"x-ratelimit-limit\"\nremaining = \"x-ratelimit-remaining\"\n\
    reset = \"x-ratelimit-reset\"\nformat = \"http_date\"\n";
const BODY: &str =
    "[[limit]]\nper = \"day\"\nlimit = '.body.rate.limit'\nremaining = '.body.rate.remaining'\n";
const STATUS: &str = "[status]\nget = \"/usage\"\nevery = \"10m\"\n\
    [[limit]]\nwithin = \"status\"\nper = \"day\"\nlimit = '.body.limit'\nused = '.body.used'\n";

async fn stage(own: &str) -> Stage {
    let catalogue = Small::new("").provider("first", own, "").load();
    Setup::of(catalogue).start().await
}

fn listed(stage: &Stage) -> QuotaState {
    let mut all = stage.engine.quotas();
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// Asks so often; gives how many of the calls were answered.
async fn ask(stage: &Stage, times: u32) -> u32 {
    let mut answered = 0;
    for number in 0..times {
        let query = format!("{number} {}", stage.now());
        answered += u32::from(stage.get(value!({ "q": query })).await.is_ok());
    }
    answered
}

#[tokio::test(start_paused = true)]
async fn headers_and_bodies_correct_the_catalogue_up_as_well_as_down() {
    for (truth, left) in [(20, 5), (500, 120)] {
        let (limit, remaining) = (truth.to_string(), left.to_string());
        let headers = [
            ("x-ratelimit-limit", &*limit),
            ("x-ratelimit-remaining", &*remaining),
        ];
        let body = value!({"value": 1, "rate": {"limit": truth, "remaining": left}}).to_string();
        for (own, headers, body, source) in [
            (HEADERS, &headers[..], "{\"value\": 1}", Source::Header),
            (BODY, &[][..], &*body, Source::Body),
        ] {
            let stage = stage(&format!("{DAY}{own}")).await;
            stage
                .upstream
                .next("first.example", answers(200, headers, body.to_owned()));
            stage.upstream.always("first.example", thing(1));
            assert_eq!(ask(&stage, 1).await, 1);
            let told = listed(&stage);
            assert_eq!((told.limit_source, told.used_source), (source, source));
            assert!((told.limit - f64::from(truth)).abs() < 1e-9);
            assert!((told.left - f64::from(left)).abs() < 1e-9, "{told:?}");
            assert_eq!(ask(&stage, 200).await, u32::try_from(left).unwrap());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_says_when_its_day_ends_is_asked_again_then() {
    let stage = stage(&format!("{DAY}{HEADERS}")).await;
    let ends = stage.now() + jiff::SignedDuration::from_hours(2);
    let reset = ends.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let headers = [
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-limit", "100"),
        ("x-ratelimit-reset", &*reset),
    ];
    stage
        .upstream
        .next("first.example", answers(200, &headers, "{\"value\": 1}"));
    stage.upstream.always("first.example", thing(1));
    assert_eq!(ask(&stage, 10).await, 1);
    let resets = listed(&stage).resets_at.unwrap();
    assert_eq!(resets.as_second(), ends.as_second());
    stage.wait(Duration::from_secs(7_201)).await;
    assert_eq!(ask(&stage, 10).await, 10);
}

#[tokio::test(start_paused = true)]
async fn a_429_is_one_of_five_things() {
    let hour = "3601";
    for (status, headers, body, class) in [
        (429, &[("retry-after", "12")][..], "{}", Class::RateLimited),
        (429, &[][..], "slow down, please", Class::RateLimited),
        (
            429,
            &[][..],
            "Hourly API request limit exceeded.",
            Class::RateLimited,
        ),
        (
            429,
            &[][..],
            "5 per second, 500 per day",
            Class::RateLimited,
        ),
        (
            429,
            &[("retry-after", hour)][..],
            "{}",
            Class::QuotaExhausted,
        ),
        (
            429,
            &[][..],
            "Daily API request limit exceeded.",
            Class::QuotaExhausted,
        ),
        (
            429,
            &[("x-ratelimit-limit", "100"), ("x-ratelimit-remaining", "0")][..],
            "{}",
            Class::QuotaExhausted,
        ),
        (402, &[][..], "{}", Class::Plan),
        (401, &[][..], "{}", Class::Blocked),
        (503, &[][..], "{}", Class::Upstream),
    ] {
        let stage = stage(&format!("{DAY}{HEADERS}")).await;
        stage
            .upstream
            .always("first.example", answers(status, headers, body));
        let refusal = stage.get(value!({})).await.unwrap_err();
        assert_eq!(
            refusal.attempts[0].class, class,
            "{status} {headers:?} {body}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_day_that_is_spent_is_left_alone_until_it_ends() {
    let stage = stage(DAY).await;
    let spent = answers(
        429,
        &[],
        "Daily API request limit exceeded. Please try again tomorrow.",
    );
    stage.upstream.always("first.example", spent);
    let refusal = stage.get(value!({})).await.unwrap_err();
    let tomorrow = stage
        .now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .tomorrow()
        .unwrap();
    let midnight = tomorrow.start_of_day().unwrap().timestamp();
    assert_eq!(refusal.attempts[0].retry_at, Some(midnight));
    assert!(
        listed(&stage).limit < 100.0,
        "half of it, until more passes"
    );
}

#[tokio::test(start_paused = true)]
async fn who_tells_for_nothing_what_is_left_is_asked_now_and_then() {
    let stage = stage(&format!("{DAY}{STATUS}")).await;
    let mut asked = Inquiries::default();
    let usage = |used: u32| answers(200, &[], value!({"limit": 50, "used": used}).to_string());
    stage.upstream.always("first.example", usage(45));
    stage.engine.inquire_once(&mut asked).await;
    stage.engine.inquire_once(&mut asked).await;
    assert_eq!(
        stage.upstream.asked("first.example"),
        1,
        "not at every look"
    );
    let told = listed(&stage);
    assert_eq!(
        (told.limit_source, told.used_source),
        (Source::Status, Source::Status)
    );
    assert!((told.left - 5.0).abs() < 1e-9, "it cost nothing");
    stage.upstream.always("first.example", thing(1));
    assert_eq!(ask(&stage, 10).await, 5);
    stage.wait(Duration::from_secs(601)).await;
    stage.upstream.always("first.example", usage(10));
    stage.engine.inquire_once(&mut asked).await;
    assert!(
        (listed(&stage).left - 40.0).abs() < 1e-9,
        "more than was thought"
    );
    stage.wait(Duration::from_secs(601)).await;
    stage
        .upstream
        .always("first.example", answers(500, &[], "oops"));
    stage.engine.inquire_once(&mut asked).await;
    assert!(
        (listed(&stage).left - 40.0).abs() < 1e-9,
        "no answer is no news"
    );
}

#[tokio::test(start_paused = true)]
async fn calls_of_any_endpoint_are_counted_where_the_file_says_so() {
    let calls = "[[quota]]\nlimit = 2\nper = \"month\"\ndimension = \"calls\"\n";
    let stage = stage(&format!("{calls}{STATUS}{DAY}")).await;
    stage.upstream.always("first.example", thing(1));
    stage.engine.inquire_once(&mut Inquiries::default()).await;
    assert_eq!(
        ask(&stage, 5).await,
        1,
        "one of the two was the question what is left"
    );
}
