//! Bad input, each kind with its clear error.

use http_body_util::Full;

use crate::world::World;

#[tokio::test]
async fn an_unknown_parameter_is_answered_with_the_nearest() {
    let refused = World::new()
        .await
        .get("/api/weather/current?plac=Paris&place=Paris")
        .await;
    assert_eq!(refused.problem(), (422, "invalid_parameters".into()));
    let error = &refused.json()["errors"][0];
    assert_eq!(
        (error["name"].as_str(), error["nearest"].as_str()),
        (Some("plac"), Some("place"))
    );
}

#[tokio::test]
async fn values_that_cannot_be_are_told_what_could() {
    let world = World::new().await;
    for (path, name) in [
        ("/api/weather/current?lat=91&lon=2", "place"),
        ("/api/weather/current?lat=48", "lon"),
        ("/api/geocoding/reverse?lat=abc&lon=2", "lat"),
        ("/api/holidays/list?country=ZZ&year=2026", "country"),
        ("/api/geocoding/search?q=", "q"),
        ("/api/geocoding/search", "q"),
        (
            "/api/weather/current?place=Paris&timeout_ms=1",
            "timeout_ms",
        ),
        (
            "/api/weather/current?place=Paris&providers=nobody",
            "providers",
        ),
        ("/api/currency/convert?amount=1&from=EUR&to=XQZ", "to"),
    ] {
        let refused = world.get(path).await;
        assert_eq!(
            refused.problem(),
            (422, "invalid_parameters".into()),
            "{path}"
        );
        let error = &refused.json()["errors"][0];
        assert_eq!(error["name"], name, "{path}: {error}");
        assert!(error["allowed"].is_string(), "{path}: {error}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let world = World::new().await;
    let refused = world.post("/api/tools/hash", vec![b' '; 10 << 20]).await;
    assert_eq!(refused.problem(), (413, "body_too_large".into()));
}

#[tokio::test]
async fn broken_json_is_told_where_it_breaks() {
    let world = World::new().await;
    let refused = world
        .post("/api/tools/hash", "{\"text\": \"a\",\n \"algorithm\": sha}")
        .await;
    assert_eq!(refused.problem(), (400, "malformed_json".into()));
    assert!(
        refused.json()["detail"]
            .as_str()
            .unwrap()
            .contains("line 2 column"),
        "{}",
        refused.text()
    );
    assert_eq!(
        world.post("/api/tools/hash", "[]").await.problem(),
        (422, "body_not_an_object".into())
    );
    let deep = format!("{{\"text\":{}", "[".repeat(100_000));
    assert_eq!(
        world.post("/api/tools/hash", deep).await.problem(),
        (400, "malformed_json".into())
    );
}

#[tokio::test]
async fn another_media_type_is_refused() {
    let world = World::new().await;
    let request = world
        .request("POST", "/api/tools/hash")
        .header("content-type", "application/x-www-form-urlencoded");
    let refused = world
        .ask(request.body(Full::new("text=a".into())).unwrap())
        .await;
    assert_eq!(refused.problem(), (415, "unsupported_media_type".into()));
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let world = World::new().await;
    let ask = async |method: &str, path: &str| {
        world
            .ask(world.request(method, path).body(Full::default()).unwrap())
            .await
    };
    let refused = ask("DELETE", "/api/weather/current").await;
    assert_eq!(refused.problem(), (405, "method_not_allowed".into()));
    assert_eq!(refused.header("allow"), "GET, HEAD, POST, OPTIONS");
    assert_eq!(
        ask("POST", "/health").await.header("allow"),
        "GET, HEAD, OPTIONS"
    );
    let options = ask("OPTIONS", "/api/weather/current").await;
    assert_eq!((options.status.as_u16(), options.body.len()), (204, 0));
    assert_eq!(options.header("allow"), "GET, HEAD, POST, OPTIONS");
    assert!(
        !options.headers.contains_key("access-control-allow-origin"),
        "no other origin is invited"
    );
}

#[tokio::test]
async fn unknown_names_are_answered_with_the_nearest() {
    let world = World::new().await;
    for (path, code, nearest) in [
        ("/api/wether/current", "unknown_category", "weather"),
        ("/api/weather/curent", "unknown_operation", "current"),
        ("/api/catalogue/curency", "unknown_category", "currency"),
        ("/api/catalogue/fun/jok", "unknown_operation", "joke"),
        ("/proxy/open-metoe/v1", "unknown_provider", "open-meteo"),
    ] {
        let refused = world.get(path).await;
        assert_eq!(refused.problem(), (404, code.into()), "{path}");
        assert_eq!(refused.json()["nearest"], nearest, "{path}");
    }
    assert_eq!(
        world.get("/api/weather").await.problem(),
        (404, "unknown_route".into())
    );
}

#[tokio::test]
async fn a_thing_that_is_not_is_not_an_empty_success() {
    let refused = World::new()
        .await
        .get("/api/countries/get?country=Atlantis")
        .await;
    assert_eq!(refused.problem(), (404, "not_found".into()));
}
