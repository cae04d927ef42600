//! Behind proxies: who is believed, and what stays closed.

use bytes::Bytes;
use guichet_gateway::Settings;
use http::Request;
use http_body_util::Full;

use crate::world::World;

/// A gateway behind a proxy on the same machine.
async fn behind_a_proxy() -> World {
    World::with(Settings {
        trusted_proxies: "127.0.0.1".parse().unwrap(),
        ..Settings::default()
    })
    .await
}

/// A request with this header beside the usual ones.
fn saying(world: &World, path: &str, (name, value): (&str, &str)) -> Request<Full<Bytes>> {
    let request = world.request("GET", path).header(name, value);
    request.body(Full::default()).unwrap()
}

async fn caller(world: &World, peer: &str, said: (&str, &str)) -> String {
    let request = saying(world, "/api/ip/me", said);
    let answer = world.ask_from(peer.parse().unwrap(), request).await;
    answer.json()["data"]["ip"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_trusted_proxy_tells_for_whom_it_asks() {
    let world = behind_a_proxy().await;
    let said = ("x-forwarded-for", "1.1.1.1, 192.168.1.9");
    assert_eq!(caller(&world, "127.0.0.1", said).await, "192.168.1.9");
    let said = ("forwarded", "for=192.168.1.10;proto=https");
    assert_eq!(caller(&world, "127.0.0.1", said).await, "192.168.1.10");
}

#[tokio::test]
async fn nobody_else_is_believed() {
    let said = ("x-forwarded-for", "192.168.1.9");
    let world = behind_a_proxy().await;
    assert_eq!(caller(&world, "192.168.7.7", said).await, "192.168.7.7");
    let trusting_nobody = World::new().await;
    assert_eq!(
        caller(&trusting_nobody, "127.0.0.1", said).await,
        "127.0.0.1"
    );
}

#[tokio::test]
async fn metrics_stay_closed_to_whoever_a_trusted_proxy_asks_for() {
    let world = behind_a_proxy().await;
    for claimed in ["203.0.113.9", "127.0.0.1", "::1"] {
        let request = Request::get("/metrics").header("x-forwarded-for", claimed);
        let request = request.body(Full::default()).unwrap();
        let answer = world.ask_from("127.0.0.1".parse().unwrap(), request).await;
        assert_eq!(answer.status, 401, "{claimed}");
    }
    let elsewhere = World::with(Settings {
        trusted_proxies: "10.0.0.0/8".parse().unwrap(),
        ..Settings::default()
    })
    .await;
    let request = Request::get("/metrics").header("x-forwarded-for", "127.0.0.1");
    let request = request.body(Full::default()).unwrap();
    let answer = elsewhere
        .ask_from("10.0.0.1".parse().unwrap(), request)
        .await;
    assert_eq!(answer.status, 401);
}
