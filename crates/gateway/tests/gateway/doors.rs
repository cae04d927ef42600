//! The catalogue, the pages, the probes, the metrics.

use crate::world::World;

#[tokio::test]
async fn the_catalogue_names_every_operation_and_its_guarantee() {
    let world = World::new().await;
    let all = world.get("/api/catalogue").await.json();
    let weather = all["categories"]
        .as_array()
        .unwrap()
        .iter()
        .find(|each| each["id"] == "weather")
        .unwrap();
    let names: Vec<_> = weather["operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| each["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["current", "daily", "hourly"]);
    assert_eq!(weather["operations"][0]["path"], "/api/weather/current");
    assert_eq!(
        weather["operations"][0]["guarantee"], "single",
        "met-no lacks a contact, the others lack keys"
    );
}

#[tokio::test]
async fn an_operation_tells_how_its_providers_stand() {
    let world = World::new().await;
    let current = world.get("/api/catalogue/weather/current").await.json();
    let provider = |id: &str| {
        let providers = current["providers"].as_array().unwrap();
        providers
            .iter()
            .find(|provider| provider["id"] == id)
            .unwrap()
            .clone()
    };
    assert_eq!(provider("open-meteo")["state"], "ready");
    assert_eq!(provider("open-meteo")["keyless"], true);
    assert_eq!(provider("open-meteo")["terms"]["licence"], "CC-BY-4.0");
    assert_eq!(provider("met-no")["state"], "no_contact");
    assert_eq!(provider("openweathermap")["state"], "no_credential");
    assert_eq!(provider("openweathermap")["keyless"], false);
    assert_eq!(current["parameters"][0]["name"], "place");
    let category = world.get("/api/catalogue/weather").await.json();
    assert_eq!(category["operations"][0], current);
}

#[tokio::test]
async fn the_callers_address_is_no_parameter() {
    let me = World::new().await.get("/api/catalogue/ip/me").await.json();
    assert_eq!(me["parameters"], serde_json::json!([]));
}

#[tokio::test]
async fn health_tells_the_guarantee_and_the_candidates() {
    let health = World::new().await.get("/health").await.json();
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    let current = &health["operations"]["weather/current"];
    assert_eq!(current["guarantee"], "single");
    assert_eq!(current["candidates"][0]["provider"], "open-meteo");
    assert_eq!(current["candidates"][0]["state"], "ready");
}

#[tokio::test]
async fn a_server_that_stops_is_alive_but_not_ready() {
    let world = World::new().await;
    assert_eq!(world.get("/health/ready").await.json()["status"], "ok");
    world.gateway.stop();
    assert_eq!(
        world.get("/health/ready").await.problem(),
        (503, "stopping".into())
    );
    assert_eq!(world.get("/health/live").await.status, 200);
}

#[tokio::test]
async fn pages_are_made_once_and_known_by_their_tag() {
    let world = World::new().await;
    let page = world.get("/docs").await;
    assert!(
        page.header("content-security-policy")
            .starts_with("default-src 'none'; style-src 'sha256-")
    );
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let description = world.get("/openapi.json").await;
    assert_eq!(description.json()["openapi"], "3.1.0");
    assert_eq!(
        description.json()["paths"]["/api/weather/current"]["get"]["x-fallback"],
        "single"
    );
    let request = world
        .request("GET", "/openapi.json")
        .header("if-none-match", description.header("etag"));
    assert_eq!(
        world
            .ask(request.body(http_body_util::Full::default()).unwrap())
            .await
            .status,
        304
    );
}

#[tokio::test]
async fn the_examples_of_the_page_ask_the_address_that_the_reader_asked() {
    let world = World::new().await;
    let page = async |host: &str| {
        let request = world.request("GET", "/docs").header("host", host);
        world
            .ask(request.body(http_body_util::Full::default()).unwrap())
            .await
    };
    let (here, there) = (page("guichet.lan").await, page("x'$(id)").await);
    assert!(here.text().contains("http://guichet.lan/api/tools/uuid"));
    assert!(!here.text().contains("127.0.0.1:8080"));
    assert!(
        there
            .text()
            .contains("http://127.0.0.1:8080/api/tools/uuid")
    );
    assert_ne!(here.header("etag"), there.header("etag"));
}

#[tokio::test]
async fn every_example_of_the_catalogue_is_a_good_call() {
    let world = World::new().await;
    let description = world.get("/openapi.json").await.json();
    for (path, item) in description["paths"].as_object().unwrap() {
        let examples = &item["post"]["requestBody"]["content"]["application/json"]["examples"];
        for example in examples
            .as_object()
            .into_iter()
            .flat_map(serde_json::Map::values)
        {
            let answer = world.post(path, example["value"].to_string()).await;
            assert!(
                ![400, 404, 405, 415, 422].contains(&answer.status.as_u16()),
                "{path}: {}",
                answer.text()
            );
        }
    }
}

#[tokio::test]
async fn metrics_count_calls_by_operation_and_never_by_caller() {
    let world = World::new().await;
    world
        .providers
        .replay("api.open-meteo.com", "open-meteo", "current");
    world
        .get("/api/weather/current?lat=48.85341&lon=2.3488")
        .await;
    world
        .get("/api/weather/current?lat=48.85341&lon=2.3488")
        .await;
    world.get("/api/weather/current?lat=200&lon=2").await;
    world.get("/no/such/path").await;
    let metrics = world.get("/metrics").await;
    for line in [
        r#"guichet_calls_total{category="weather",operation="current",outcome="fresh"} 1"#,
        r#"guichet_calls_total{category="weather",operation="current",outcome="cached"} 1"#,
        r#"guichet_calls_total{category="weather",operation="current",outcome="invalid_parameters"} 1"#,
        r#"guichet_attempts_total{provider="open-meteo",class="ok"} 1"#,
        r#"guichet_http_requests_total{route="/api/{category}/{operation}",status="2xx"} 2"#,
        r#"guichet_http_requests_total{route="unknown",status="4xx"} 1"#,
        "guichet_http_requests_in_flight 1",
        r#"guichet_call_duration_seconds_count{category="weather",operation="current"} 3"#,
    ] {
        assert!(
            metrics.text().contains(line),
            "{line} is not in\n{}",
            metrics.text()
        );
    }
    assert!(!metrics.text().contains("48.85"));
    assert!(!metrics.text().contains("no/such"));
}
