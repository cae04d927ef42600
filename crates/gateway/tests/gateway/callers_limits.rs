//! How much callers may ask: who is let in, what they are told, what is counted.

use std::time::Duration;

use futures_util::future::join_all;
use guichet_access::{Holder, Limit, default_organization, default_project};
use http_body_util::Full;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::client::Answer;
use crate::world::{World, upstream};

const GROQ: &str = "api.groq.com";
const METEO: &str = "api.open-meteo.com";
const COMPLETION: &str = r#"{"id":"c","object":"chat.completion","created":1,"model":"openai/gpt-oss-20b","choices":[{"index":0,"message":{"role":"assistant","content":"Hello."},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#;
const ASK: &str = r#"{"model":"groq/openai/gpt-oss-20b","max_tokens":100,"messages":[{"role":"user","content":"Hi"}]}"#;

impl World {
    /// Sets limits for the key of this world.
    async fn limit(&self, limits: &[&str]) {
        let key = &self.access.list_keys().await.unwrap()[0];
        self.limit_of(&Holder::Key(key.id.clone()), limits).await;
    }

    async fn limit_of(&self, holder: &Holder, limits: &[&str]) {
        let limits: Vec<Limit> = limits.iter().map(|text| text.parse().unwrap()).collect();
        self.access.set_limits(holder, &limits).await.unwrap();
    }

    async fn weather(&self, place: u32) -> Answer {
        let (lat, lon) = (place / 100, place % 100);
        let path = format!("/api/weather/current?lat={lat}.5&lon={lon}.5&providers=open-meteo");
        self.get(&path).await
    }

    fn with_weather(&self) {
        self.providers.replay(METEO, "open-meteo", "current");
    }

    fn with_groq(&self) {
        self.open_models(&["groq"]);
        let json = [("content-type", "application/json")];
        self.providers
            .answer(GROQ, upstream(200, &json, COMPLETION));
    }
}

fn told(answer: &Answer) -> [&str; 2] {
    [
        answer.header("ratelimit-policy"),
        answer.header("ratelimit"),
    ]
}

#[tokio::test]
async fn a_key_without_limits_hears_of_none() {
    let world = World::new().await;
    let answer = world.get("/api/tools/uuid").await;
    assert_eq!(answer.status, 200);
    let names = ["ratelimit", "ratelimit-policy", "x-ratelimit-limit"];
    assert!(names.iter().all(|name| !answer.headers.contains_key(*name)));
}

#[tokio::test]
async fn who_is_at_a_limit_is_told_which_and_when_to_come_again() {
    let world = World::new().await;
    world
        .limit(&["2 requests per minute", "1000 requests each day"])
        .await;
    let first = world.get("/api/tools/uuid").await;
    assert_eq!(
        told(&first),
        [
            "\"key-requests-each-day\";q=1000;w=86400, \"key-requests-per-minute\";q=2;w=60",
            "\"key-requests-each-day\";r=999;t=48540, \"key-requests-per-minute\";r=1;t=30",
        ]
    );
    let usual = ["limit", "remaining", "reset"];
    let usual = usual.map(|name| first.header(&format!("x-ratelimit-{name}")).to_owned());
    assert_eq!(usual, ["2", "1", "30"]);
    assert_eq!(world.get("/api/tools/uuid").await.status, 200);

    let refused = world.get("/api/tools/uuid").await;
    assert_eq!(refused.problem(), (429, "limit_reached".into()));
    let problem = refused.json();
    assert_eq!(
        problem["detail"],
        "the key's limit of 2 requests per minute is reached; there is room again in 30 s"
    );
    assert_eq!(problem["limit"]["of"], "key");
    assert_eq!(problem["limit"]["name"], "key-requests-per-minute");
    assert_eq!(problem["limit"]["limit"], "2 requests per minute");
    assert!(refused.headers.contains_key("retry-after"), "{refused:?}");
    assert!(told(&refused)[1].contains("\"key-requests-each-day\";r=998"));
    // Lists and pages stay open.
    assert_eq!(world.get("/api/catalogue").await.status, 200);
}

#[tokio::test]
async fn a_thousand_calls_at_once_against_a_hundred_left_make_a_hundred_requests() {
    let world = World::new().await;
    world.with_weather();
    world.limit(&["100 requests each day"]).await;
    world.providers.delay(METEO, Duration::from_millis(50));
    let answers = join_all((0..1_000).map(|place| world.weather(place))).await;
    let count = |status: u16| {
        answers
            .iter()
            .filter(|answer| answer.status == status)
            .count()
    };
    assert_eq!((count(200), count(429)), (100, 900));
    assert_eq!(world.providers.asked().len(), 100);
}

#[tokio::test]
async fn calls_that_are_joined_or_kept_count_as_requests_and_each_once() {
    let world = World::new().await;
    world.with_weather();
    world.limit(&["100 requests each day"]).await;
    world.providers.delay(METEO, Duration::from_millis(50));
    let answers = join_all((0..20).map(|_| world.weather(1))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let kept = world.weather(1).await;
    assert_eq!(world.providers.asked().len(), 1);
    assert!(told(&kept)[1].contains("r=79"), "{kept:?}");
}

#[tokio::test]
async fn a_call_refused_before_anyone_was_asked_costs_nothing() {
    let world = World::new().await;
    world.with_weather();
    world.limit(&["1 request each day"]).await;
    for wrong in [
        "/api/weather/current?lat=x&lon=1",
        "/api/weather/nothing",
        "/proxy/nobody/x",
    ] {
        let refused = world.get(wrong).await;
        assert!(refused.status.is_client_error(), "{wrong}: {refused:?}");
        assert!(told(&refused)[1].contains("r=1"), "{wrong}: {refused:?}");
    }
    assert_eq!(world.weather(1).await.status, 200);
    assert_eq!(world.weather(2).await.status, 429);
}

#[tokio::test]
async fn nonsense_counts_against_the_rate_and_against_nothing_else() {
    let world = World::new().await;
    world.with_groq();
    let limits = ["3 requests per minute", "3 requests each day", "1 at once"];
    world.limit(&limits).await;
    let left = |answer: &Answer| {
        told(answer)[1]
            .split("r=")
            .skip(1)
            .map(|rest| {
                rest.split(';')
                    .next()
                    .unwrap()
                    .split(',')
                    .next()
                    .unwrap()
                    .to_owned()
            })
            .collect::<Vec<_>>()
    };
    let wrong = world.get("/api/weather/current?lat=x&lon=1").await;
    assert_eq!(wrong.status, 422, "{}", wrong.text());
    assert_eq!(
        left(&wrong),
        ["1", "3", "2"],
        "at once, each day, per minute"
    );
    let wrong = world.post("/v1/chat/completions", "{").await;
    assert_eq!(wrong.status, 400);
    assert_eq!(left(&wrong), ["1", "3", "1"]);
    let nobody = world.get("/api/weather/current?lat=1.5&lon=1.5&providers=open-meteo,!open-meteo");
    let nobody = nobody.await;
    assert_eq!(nobody.status, 503, "{}", nobody.text());
    assert_eq!(left(&nobody), ["1", "3", "1"], "no fault of the caller's");
    assert_eq!(world.get("/api/nothing/at-all").await.status, 404);
    let refused = world.get("/api/tools/uuid").await;
    assert_eq!(refused.problem(), (429, "limit_reached".into()));
    assert_eq!(refused.json()["limit"]["name"], "key-requests-per-minute");
    assert_eq!(left(&refused), ["1", "3", "0"]);
}

#[tokio::test]
async fn a_call_that_failed_after_somebody_was_asked_counts() {
    let world = World::new().await;
    world.limit(&["1 request each day"]).await;
    assert_eq!(world.weather(1).await.status, 502);
    assert_eq!(world.weather(2).await.status, 429);
}

#[tokio::test]
async fn a_caller_who_leaves_has_made_one_call() {
    let world = World::new().await;
    world.with_weather();
    world.limit(&["2 requests each day", "2 at once"]).await;
    world.providers.delay(METEO, Duration::from_secs(5));
    let gone = tokio::time::timeout(Duration::from_millis(100), world.weather(1)).await;
    assert!(gone.is_err());
    world.providers.delay(METEO, Duration::ZERO);
    let answer = world.weather(2).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        told(&answer)[1],
        "\"key-at-once\";r=1, \"key-requests-each-day\";r=0;t=48540"
    );
}

#[tokio::test]
async fn a_stream_is_under_way_until_its_end() {
    let world = World::new().await;
    world.with_groq();
    world.limit(&["1 at once"]).await;
    let provider = world.providers.stream(GROQ);
    provider.send("data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"one\"},\"finish_reason\":null}]}\n\n").unwrap();
    let body = ASK.replace("\"max_tokens\":100", "\"stream\":true");
    let request = world.request("POST", "/v1/chat/completions");
    let request = request.body(Full::from(body)).unwrap();
    let stream = world.gateway.answer(request, None).await;
    assert_eq!(stream.status(), 200);
    let refused = world.get("/api/tools/uuid").await;
    assert_eq!(refused.problem(), (429, "limit_reached".into()));
    assert_eq!(refused.header("retry-after"), "1");
    drop(stream);
    assert_eq!(world.get("/api/tools/uuid").await.status, 200);
}

#[tokio::test]
async fn keys_of_a_project_and_of_an_organization_share_what_is_theirs() {
    for holder in [
        Holder::Project(default_project()),
        Holder::Organization(default_organization()),
    ] {
        let mut world = World::new().await;
        world.limit_of(&holder, &["3 requests each day"]).await;
        world
            .limit_of(&Holder::EachKey, &["2 requests each day"])
            .await;
        assert_eq!(world.get("/api/tools/uuid").await.status, 200);
        assert_eq!(world.get("/api/tools/uuid").await.status, 200);
        let own = world.get("/api/tools/uuid").await;
        assert_eq!(own.json()["limit"]["of"], "key");
        let other = world
            .access
            .create_key(&default_project(), "other", None)
            .await;
        other
            .unwrap()
            .text
            .expose_secret()
            .clone_into(&mut world.key);
        assert_eq!(world.get("/api/tools/uuid").await.status, 200);
        let shared = world.get("/api/tools/uuid").await;
        assert_eq!(shared.json()["limit"]["of"], holder.kind());
        assert_eq!(shared.json()["limit"]["id"], "default");
    }
}

#[tokio::test]
async fn the_proxy_counts_and_is_no_way_around_a_budget() {
    let world = World::new().await;
    world.with_groq();
    world.providers.answer(
        "nagerholidays.com",
        upstream(200, &[("ratelimit", "\"theirs\";r=7")], "[]"),
    );
    world.limit(&["2 requests each day"]).await;
    let passed = world.get("/proxy/nager/api/v3/x").await;
    assert_eq!(
        passed.header("ratelimit"),
        "\"key-requests-each-day\";r=1;t=48540"
    );
    world
        .limit(&["1000 tokens each day", "9 requests each day"])
        .await;
    assert_eq!(world.get("/proxy/nager/api/v3/x").await.status, 200);
    let refused = world
        .post("/proxy/groq/openai/v1/chat/completions", ASK)
        .await;
    assert_eq!(refused.problem(), (403, "uncountable".into()));
    assert!(!world.providers.asked().contains(&GROQ.to_owned()));
    assert_eq!(world.get("/proxy/nager/api/v3/x").await.status, 200);
    assert_eq!(world.providers.asked().len(), 3);
}

#[tokio::test]
async fn every_door_to_models_is_behind_the_limits() {
    let world = World::new().await;
    world.with_groq();
    world.limit(&["1 request each day"]).await;
    assert_eq!(world.post("/v1/chat/completions", ASK).await.status, 200);
    for door in [
        "chat/completions",
        "responses",
        "completions",
        "messages",
        "embeddings",
        "audio/speech",
        "audio/transcriptions",
        "audio/translations",
        "images/generations",
        "moderations",
        "rerank",
    ] {
        let refused = world.post(&format!("/v1/{door}"), ASK).await;
        assert_eq!(refused.status, 429, "{door}: {}", refused.text());
        assert!(refused.headers.contains_key("retry-after"), "{door}");
    }
    assert_eq!(world.providers.asked(), [GROQ]);
}

#[tokio::test]
async fn a_limit_is_told_in_the_words_of_each_dialect() {
    let world = World::new().await;
    world.with_groq();
    world.limit(&["1 request each day"]).await;
    assert_eq!(world.post("/v1/chat/completions", ASK).await.status, 200);
    let openai = world.post("/v1/chat/completions", ASK).await.json();
    let message =
        "the key's limit of 1 request each day is reached; there is room again in 48540 s";
    assert_eq!(openai["error"]["message"], message);
    assert_eq!(openai["error"]["code"], "rate_limit_exceeded");
    let anthropic = world.post("/v1/messages", ASK).await.json();
    assert_eq!(
        anthropic["error"],
        json!({"type": "rate_limit_error", "message": message})
    );
}

#[tokio::test]
async fn tokens_are_reserved_by_estimate_and_settled_with_what_was_used() {
    let world = World::new().await;
    world.with_groq();
    world.limit(&["1000 tokens each day"]).await;
    for left in [989, 978, 967] {
        let answer = world.post("/v1/chat/completions", ASK).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let told = told(&answer);
        assert_eq!(
            told[0],
            "\"key-tokens-each-day\";q=1000;w=86400;qu=\"tokens\""
        );
        assert!(told[1].contains(&format!("r={left};")), "{}", told[1]);
    }
    let long = ASK.replace("100", "980");
    let refused = world.post("/v1/chat/completions", long).await;
    assert_eq!(refused.status, 429, "{}", refused.text());
    assert!(!refused.headers.contains_key("x-should-retry"));
    assert_eq!(world.providers.asked().len(), 3);
}

#[tokio::test]
async fn what_is_larger_than_a_limit_is_not_to_be_asked_again() {
    let world = World::new().await;
    world.with_groq();
    world
        .limit(&["50 tokens per minute", "10 requests per minute"])
        .await;
    let refused = world.post("/v1/chat/completions", ASK).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("x-should-retry"), "false");
    assert!(
        refused.text().contains("ask for less"),
        "{}",
        refused.text()
    );
    assert!(
        told(&refused)[1].contains("\"key-requests-per-minute\";r=10"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn money_is_counted_as_the_answer_says() {
    let world = World::new().await;
    world.with_groq();
    world.limit(&["$0.001 in all"]).await;
    let first = world.post("/v1/chat/completions", ASK).await;
    let cost: f64 = first.header("x-guichet-cost").parse().unwrap();
    assert!(cost > 0.0);
    let left = |answer: &Answer| {
        let text = told(answer)[1].split("r=").nth(1).unwrap().to_owned();
        text.parse::<f64>().unwrap()
    };
    let second = world.post("/v1/chat/completions", ASK).await;
    assert_eq!(
        told(&first)[0],
        "\"key-money-in-all\";q=1000;qu=\"micro-usd\""
    );
    assert!(
        (left(&second) - (1_000.0 - 2e6 * cost).floor()).abs() < 1e-9,
        "{second:?}"
    );
    // An answer of so many tokens would cost more than is left.
    let long = ASK.replace("100", "9000");
    let refused = world.post("/v1/chat/completions", long).await;
    assert_eq!(refused.status, 429, "{}", refused.text());
    assert_eq!(refused.header("x-should-retry"), "false");
    assert_eq!(refused.header("retry-after"), "86400");
}

#[tokio::test]
async fn a_limit_that_is_set_while_the_server_runs_holds_and_counts_what_was_used() {
    let world = World::new().await;
    world.limit(&["2 requests each day"]).await;
    assert_eq!(world.get("/api/tools/uuid").await.status, 200);
    assert_eq!(world.get("/api/tools/uuid").await.status, 200);
    assert_eq!(world.get("/api/tools/uuid").await.status, 429);
    world.limit(&["3 requests each day"]).await;
    assert_eq!(world.get("/api/tools/uuid").await.status, 200);
    assert_eq!(world.get("/api/tools/uuid").await.status, 429);
}
