//! Where requests may go, and what never shows: redirects are checked like first requests, secrets stay where they are.

use guichet_engine::transport::TransportError;
use guichet_tests::small::{Small, thing};
use guichet_tests::stage::{Setup, Stage, tried};
use guichet_tests::upstream::{answers, fails, redirects};
use serde_json::json as value;

const SECRET: &str = "s3cr3t-Pl4nted";

async fn redirecting(location: &str) -> Stage {
    let small = Small::new("")
        .provider("first", "hosts = [\"*.mirror.example\"]", "")
        .plain("second");
    let stage = Setup::of(small.load()).start().await;
    stage
        .upstream
        .always("first.example", redirects(302, location));
    stage.upstream.always("second.example", thing(2));
    stage
}

#[tokio::test(start_paused = true)]
async fn a_redirect_to_a_host_that_the_file_names_is_followed() {
    let stage = redirecting("https://a.mirror.example/there?x=1").await;
    stage.upstream.always("a.mirror.example", thing(1));
    let answer = stage.get(value!({})).await.unwrap();
    assert_eq!(&*answer.provider, "first");
    assert_eq!(
        stage.upstream.requests("a.mirror.example")[0].url.as_str(),
        "https://a.mirror.example/there?x=1"
    );
}

#[tokio::test(start_paused = true)]
async fn a_redirect_to_anywhere_else_is_a_wall_and_the_next_one_answers() {
    let places = [
        "http://169.254.169.254/latest/meta-data/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://localhost/",
        "https://10.0.0.1/",
        "https://foreign.org/",
        "https://mirror.example.foreign.org/",
        "https://evilmirror.example/",
        "https://user:password@a.mirror.example/",
        "http://a.mirror.example/",
        "file:///etc/passwd",
        "ftp://a.mirror.example/",
        "//foreign.org/",
    ];
    for place in places {
        let stage = redirecting(place).await;
        let answer = stage.get(value!({})).await.unwrap();
        assert_eq!(
            tried(&answer.attempts),
            "first:blocked second:ok",
            "{place}"
        );
        assert_eq!(stage.upstream.asked_of_all(), 2, "{place}: it was followed");
    }
}

#[tokio::test(start_paused = true)]
async fn redirects_in_a_circle_end() {
    let stage = redirecting("https://first.example/again").await;
    let answer = stage.get(value!({})).await.unwrap();
    assert_eq!(&*answer.provider, "second");
    assert!(stage.upstream.asked("first.example") <= 4);
    assert_eq!(tried(&answer.attempts), "first:upstream second:ok");
    assert_eq!(answer.attempts[0].status, Some(302), "the last one's");
}

#[tokio::test(start_paused = true)]
async fn a_redirect_without_a_target_is_a_wall() {
    let stage = redirecting("https://first.example/").await;
    stage
        .upstream
        .always("first.example", answers(302, &[], ""));
    assert_eq!(
        tried(&stage.get(value!({})).await.unwrap().attempts),
        "first:blocked second:ok"
    );
}

const AUTHS: [&str; 5] = [
    "[auth]\ntype = \"header\"\nname = \"x-key\"",
    "[auth]\ntype = \"bearer\"",
    "[auth]\ntype = \"basic\"",
    "[auth]\ntype = \"query\"\nname = \"appid\"",
    "[auth]\ntype = \"path\"",
];

fn keyed(auth: &str) -> Setup {
    let path = if auth.contains("path") {
        "get = '/v1/{key}/get'"
    } else {
        ""
    };
    let small = Small::new("fresh = \"10m\"\nstale = \"24h\"\nkeep = true")
        .provider(
            "first",
            &format!("hosts = [\"a.mirror.example\"]\n{auth}"),
            path,
        )
        .plain("second");
    Setup::of(small.load()).with_secret("first", "main", SECRET)
}

#[tokio::test(start_paused = true)]
async fn a_credential_never_goes_to_another_host() {
    for auth in AUTHS {
        let stage = keyed(auth).start().await;
        stage
            .upstream
            .always("first.example", redirects(302, "https://a.mirror.example/"));
        stage.upstream.always("second.example", thing(2));
        let answer = stage.get(value!({})).await.unwrap();
        assert_eq!(tried(&answer.attempts), "first:blocked second:ok", "{auth}");
        assert_eq!(stage.upstream.asked("a.mirror.example"), 0, "{auth}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_shows_in_no_answer_refusal_request_or_store() {
    for auth in AUTHS {
        let stage = keyed(auth).start().await;
        stage.upstream.always("first.example", thing(1));
        let answer = stage.get(value!({"q": "good"})).await.unwrap();
        assert_eq!(&*answer.provider, "first");
        stage
            .upstream
            .always("first.example", fails(TransportError::Broken));
        stage
            .upstream
            .always("second.example", fails(TransportError::Broken));
        let refusal = stage.get(value!({"q": "bad"})).await.unwrap_err();
        stage.upstream.always(
            "first.example",
            answers(401, &[], format!("bad key {SECRET}")),
        );
        let dead = stage.get(value!({"q": "dead"})).await.unwrap_err();
        stage.engine.flush().await;

        let requests = stage.upstream.requests("first.example");
        let sent = requests.iter().any(|request| {
            let headers = request
                .headers
                .values()
                .map(|value| String::from_utf8_lossy(value.as_bytes()));
            let basic = "czNjcjN0LVBsNG50ZWQ=";
            let mut places = headers
                .map(std::borrow::Cow::into_owned)
                .chain([request.url.to_string()]);
            places.any(|text| text.contains(SECRET) || text.contains(basic))
        });
        assert!(sent, "{auth}: the secret was planted");
        let shown = format!(
            "{requests:?} {answer:?} {refusal:?} {dead:?} {} {:?}",
            stage.store.dump(),
            stage.engine
        );
        assert!(!shown.contains(SECRET), "{auth}: {shown}");
        assert!(stage.store.dump().contains("good"), "something was kept");
    }
}
