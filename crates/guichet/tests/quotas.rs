//! What is left of providers' quotas, as the server tells it and as the command line does.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Folder, Running, get};
use serde_json::Value;

/// A server over simulated providers, one of which has this quota; its base URL and a key.
fn start(folder: &Folder, quota: &str) -> (Running, Running, String, String) {
    let mut simulator = folder.start(&["sim", "--listen", "127.0.0.1:0", "--overlay", "sim"]);
    simulator.lines_until("guichet serve --catalogue-dir sim");
    let file = "sim/weather/open-meteo.toml";
    let text = std::fs::read_to_string(folder.path().join(file)).unwrap();
    folder.write(file, &format!("{text}quota = [{{ {quota} }}]\n"));
    let mut server = folder.start(&["serve", "--listen", "127.0.0.1:0", "--catalogue-dir", "sim"]);
    let text = server.lines_until("gch_");
    let word = |begin: &str| {
        let found = text.split_whitespace().find(|word| word.starts_with(begin));
        found.map(str::to_owned).unwrap_or_default()
    };
    let (key, url) = (word("gch_"), word("http://"));
    (simulator, server, url.trim_end_matches('/').to_owned(), key)
}

/// Windows in which something was used: their names, and how much.
fn used(report: &Value) -> Vec<(String, f64)> {
    let quotas = report["quotas"].as_array().unwrap().iter();
    quotas
        .filter(|quota| quota["used"] != 0.0)
        .map(|quota| {
            let name = format!(
                "{} {}/{}",
                quota["provider"].as_str().unwrap(),
                quota["dimension"].as_str().unwrap(),
                quota["window"].as_str().unwrap()
            );
            (name, quota["used"].as_f64().unwrap())
        })
        .collect()
}

#[test]
fn what_was_used_is_told_by_the_server_and_after_it_by_the_command_line() {
    let folder = Folder::new();
    let nothing = folder.run(&["quotas"]).ended(0).json();
    assert_eq!(nothing["quotas"].as_array().map(Vec::len), Some(0));

    let monthly = r#"limit = 100, per = "month", scope = "ip""#;
    let (_simulator, server, url, key) = start(&folder, monthly);
    for place in 1..=3 {
        let path = format!("/api/weather/current?lat={place}.5&lon=2.5&providers=open-meteo");
        let (status, body) = get(&format!("{url}{path}"), &key);
        assert_eq!(status, 200, "{body}");
    }
    let (status, told) = get(&format!("{url}/api/quotas?provider=open-meteo"), &key);
    assert_eq!(status, 200, "{told}");
    let told = used(&serde_json::from_str(&told).unwrap());
    assert_eq!(told, [("open-meteo requests/month".to_owned(), 3.0)]);
    server.signal("TERM");
    assert!(server.end().0.success());

    let one = folder.run(&["quotas", "open-meteo", "--catalogue-dir", "sim"]);
    let one = used(&one.ended(0).json());
    assert_eq!(one, told);
    let all = folder.run(&["quotas", "--catalogue-dir", "sim"]).ended(0);
    assert_eq!(used(&all.json()), one, "nobody else was asked");
    let every = folder.run(&["quotas", "--all", "--catalogue-dir", "sim"]);
    let every = every.ended(0).json();
    assert!(
        every["quotas"].as_array().map(Vec::len) > all.json()["quotas"].as_array().map(Vec::len)
    );

    let nobody = folder.run(&["quotas", "open-meto"]).ended(1);
    assert!(
        nobody.err.contains("there is no provider `open-meto`")
            && nobody.err.contains("open-meteo"),
        "{}",
        nobody.err
    );
}

#[test]
fn a_quota_that_is_used_up_is_told_with_the_time_at_which_it_begins_anew() {
    let folder = Folder::new();
    let daily = r#"limit = 2, per = "day", scope = "ip""#;
    let (_simulator, server, url, key) = start(&folder, daily);
    let ask = |place: u32| {
        let path = format!("/api/weather/current?lat={place}.5&lon=3.5&providers=open-meteo");
        get(&format!("{url}{path}"), &key).0
    };
    assert_eq!([1, 2, 3].map(ask), [200, 200, 503]);
    let (_, told) = get(&format!("{url}/api/quotas?provider=open-meteo"), &key);
    let told: Value = serde_json::from_str(&told).unwrap();
    let day = &told["quotas"][0];
    assert_eq!(day["window"], "day", "{told}");
    assert_eq!(day["left"], 0.0);
    assert_eq!(day["outlook"]["state"], "empty");
    assert!(day["resets_at"].is_string(), "{day}");
    server.signal("TERM");
    assert!(server.end().0.success());
    let stored = folder.run(&["quotas", "open-meteo", "--catalogue-dir", "sim"]);
    let stored = stored.ended(0).json();
    assert_eq!(stored["quotas"][0]["used"], day["used"]);
    assert_eq!(stored["quotas"][0]["resets_at"], day["resets_at"]);
}
