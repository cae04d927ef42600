//! Providers that want a token in place of the credential: had once, shared, renewed, and never shown.

use std::time::Duration;

use futures_util::future::join_all;
use guichet_engine::answer::Answer;
use guichet_engine::transport::TransportError;
use guichet_sim::alphabet::Scripted;
use guichet_tests::small::{Small, thing};
use guichet_tests::stage::{Setup, Stage, credential, tried};
use guichet_tests::upstream::{after, fails, hangs, json, page};
use guichet_tests::world::DEADLINE;
use serde_json::{Value, json as value};

const API: &str = "first.example";
const LOGIN: &str = "login.example.org";
const AUTH: &str = "[auth]\ntype = \"oauth2-client\"\ntoken_url = \"https://login.example.org/token\"\nscope = \"read more\"";

fn token(text: &str, expires_in: u64) -> Scripted {
    json(
        200,
        &value!({"access_token": text, "token_type": "Bearer", "expires_in": expires_in}),
    )
}

/// The first provider wants a token; the second one is well.
async fn started(operation: &str, login: Scripted) -> Stage {
    let small = Small::new(operation)
        .provider("first", AUTH, "")
        .plain("second");
    let setup = Setup::of(small.load()).with_secret("first", "main", "an id:a secret");
    let stage = setup.start().await;
    stage.upstream.always(LOGIN, login);
    stage.upstream.always(API, thing(1));
    stage.upstream.always("second.example", thing(2));
    stage
}

async fn answered(stage: &Stage) -> Answer {
    let answer = stage.get(value!({})).await;
    answer.unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

/// What the API was shown, in order.
fn shown(stage: &Stage) -> Vec<String> {
    let requests = stage.upstream.requests(API);
    let headers = requests
        .iter()
        .map(|request| &request.headers["authorization"]);
    headers
        .map(|header| String::from_utf8_lossy(header.as_bytes()).into_owned())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_credential_is_exchanged_for_a_token_which_opens_the_api() {
    let stage = started("", token("t1", 3600)).await;
    assert_eq!(tried(&answered(&stage).await.attempts), "first:ok");
    let asked = &stage.upstream.requests(LOGIN)[0];
    assert_eq!(asked.method, "POST");
    assert_eq!(asked.url.as_str(), "https://login.example.org/token");
    let form = "grant_type=client_credentials&scope=read+more";
    assert_eq!(String::from_utf8_lossy(&asked.body), form);
    assert_eq!(
        asked.headers["content-type"],
        "application/x-www-form-urlencoded"
    );
    // "an+id:a+secret", encoded as RFC 6749 says.
    assert_eq!(asked.headers["authorization"], "Basic YW4raWQ6YStzZWNyZXQ=");
    assert_eq!(shown(&stage), ["Bearer t1"]);
}

#[tokio::test(start_paused = true)]
async fn calls_at_the_same_time_share_one_request_for_a_token() {
    let slow = after(Duration::from_millis(300), token("t1", 3600));
    let stage = started("", slow).await;
    let calls = (0..20).map(|_| answered(&stage));
    for answer in join_all(calls).await {
        assert_eq!(tried(&answer.attempts), "first:ok");
    }
    assert_eq!(stage.upstream.asked(LOGIN), 1);
    assert_eq!(stage.upstream.asked(API), 20);
}

#[tokio::test(start_paused = true)]
async fn they_share_its_failure_too() {
    let slow = after(Duration::from_millis(300), json(500, &value!({})));
    let stage = started("", slow).await;
    for answer in join_all((0..20).map(|_| answered(&stage))).await {
        assert_eq!(tried(&answer.attempts), "first:upstream second:ok");
    }
    assert_eq!(stage.upstream.asked(LOGIN), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_serves_until_shortly_before_it_expires() {
    let stage = started("", token("t1", 600)).await;
    answered(&stage).await;
    stage.wait(Duration::from_secs(560)).await;
    stage.upstream.always(LOGIN, token("t2", 600));
    answered(&stage).await;
    stage.wait(Duration::from_secs(20)).await;
    answered(&stage).await;
    assert_eq!(shown(&stage), ["Bearer t1", "Bearer t1", "Bearer t2"]);
    assert_eq!(stage.upstream.asked(LOGIN), 2);
}

#[tokio::test(start_paused = true)]
async fn what_goes_wrong_with_the_token_is_the_credentials_fault_or_the_servers() {
    let odd = |body: Value| json(200, &body);
    for (login, class) in [
        (json(400, &value!({"error": "invalid_client"})), "auth"),
        (json(401, &value!({"error": "invalid_client"})), "auth"),
        (json(403, &value!({})), "upstream"),
        (json(503, &value!({})), "upstream"),
        (page(200), "upstream"),
        (odd(value!({})), "upstream"),
        (odd(value!({"access_token": ""})), "upstream"),
        (odd(value!({"access_token": "a\r\nb"})), "upstream"),
        (
            odd(value!({"access_token": "a", "token_type": "mac"})),
            "upstream",
        ),
        (fails(TransportError::Connect), "upstream"),
    ] {
        let stage = started("", login.clone()).await;
        let told = format!("first:{class} second:ok");
        assert_eq!(tried(&answered(&stage).await.attempts), told, "{login:?}");
        assert_eq!(stage.upstream.asked(API), 0, "{login:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_taken_back_is_renewed_once_and_the_call_made_again() {
    let stage = started("", token("t1", 3600)).await;
    answered(&stage).await;
    stage.upstream.always(LOGIN, token("t2", 3600));
    stage.upstream.next(API, json(401, &value!({})));
    assert_eq!(tried(&answered(&stage).await.attempts), "first:ok");
    assert_eq!(shown(&stage), ["Bearer t1", "Bearer t1", "Bearer t2"]);

    stage.upstream.always(API, json(401, &value!({})));
    let told = "first:auth second:ok";
    assert_eq!(tried(&answered(&stage).await.attempts), told);
    assert_eq!(stage.upstream.asked(LOGIN), 3, "and no more often");
    assert_eq!(stage.upstream.asked(API), 5);
}

#[tokio::test(start_paused = true)]
async fn a_new_token_that_is_refused_at_once_is_not_asked_for_again() {
    let stage = started("", token("t1", 3600)).await;
    stage.upstream.always(API, json(401, &value!({})));
    let told = "first:auth second:ok";
    assert_eq!(tried(&answered(&stage).await.attempts), told);
    assert_eq!([LOGIN, API].map(|host| stage.upstream.asked(host)), [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn another_secret_needs_another_token() {
    let stage = started("", token("t1", 3600)).await;
    answered(&stage).await;
    stage.upstream.always(LOGIN, token("t2", 3600));
    let other = credential("first", "main", "id:other");
    stage.engine.replace_credentials(vec![other]);
    answered(&stage).await;
    assert_eq!(shown(&stage), ["Bearer t1", "Bearer t2"]);
}

#[tokio::test(start_paused = true)]
async fn a_credential_without_a_colon_is_sent_nowhere() {
    let stage = started("", token("t1", 3600)).await;
    let wrong = credential("first", "main", "only-an-id");
    stage.engine.replace_credentials(vec![wrong]);
    let told = "first:auth second:ok";
    assert_eq!(tried(&answered(&stage).await.attempts), told);
    assert_eq!(stage.upstream.asked(LOGIN), 0);
}

#[tokio::test(start_paused = true)]
async fn the_token_is_part_of_the_attempts_time() {
    let stage = started("", hangs(TransportError::Timeout)).await;
    let began = tokio::time::Instant::now();
    let told = "first:upstream second:ok";
    assert_eq!(tried(&answered(&stage).await.attempts), told);
    assert!(began.elapsed() < DEADLINE, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn without_a_token_nothing_was_done_so_that_another_may_do_it() {
    let stage = started("effects = true", json(503, &value!({}))).await;
    let told = "first:upstream second:ok";
    assert_eq!(tried(&answered(&stage).await.attempts), told);
}

#[tokio::test(start_paused = true)]
async fn only_calls_of_the_api_are_counted() {
    let quota = format!("{AUTH}\n[[quota]]\nlimit = 100\nper = \"day\"");
    let small = Small::new("").provider("first", &quota, "");
    let setup = Setup::of(small.load()).with_secret("first", "main", "id:secret");
    let stage = setup.start().await;
    stage.upstream.always(LOGIN, token("t1", 3600));
    stage.upstream.always(API, thing(1));
    answered(&stage).await;
    stage.upstream.next(API, json(401, &value!({})));
    answered(&stage).await;
    stage.engine.flush().await;
    let saved = stage.store.used("first@first/main", "requests/day");
    assert!((saved - 3.0).abs() < 1e-9, "{saved}");
}
