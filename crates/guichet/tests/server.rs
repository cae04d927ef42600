//! Stories of the server: starting, reloading, stopping. Each runs the built binary on a free port.

mod common;

use std::net::TcpListener;
use std::time::{Duration, Instant};

use common::{Folder, Running, eventually, get};

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

/// Starts a server; gives its base URL and its first key.
fn serve(folder: &Folder, more: &[&str]) -> (Running, String, String) {
    serve_with(folder, more, &[])
}

/// The same with variables.
fn serve_with(
    folder: &Folder,
    more: &[&str],
    variables: &[(&str, &str)],
) -> (Running, String, String) {
    let mut server = folder.start_with(&[&SERVE, more].concat(), variables);
    let first = server.line();
    let (_, url) = first.trim().rsplit_once(' ').unwrap_or_default();
    let url = url.to_owned();
    let text = server.lines_until("/api/tools/units");
    let key = text
        .lines()
        .map(str::trim)
        .find(|line| line.starts_with("gch_"));
    (server, url, key.unwrap_or_default().to_owned())
}

#[test]
fn the_first_start_says_where_it_is_gives_a_key_and_calls_that_work() {
    let folder = Folder::new();
    let began = Instant::now();
    let mut server = folder.start(&SERVE);
    let first = server.line();
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    assert!(
        first.starts_with("Guichet 0.1.0 starting on http://127.0.0.1:"),
        "{first}"
    );
    let text = server.lines_until("/api/tools/units");
    let key = text
        .lines()
        .map(str::trim)
        .find(|line| line.starts_with("gch_"))
        .unwrap();

    let calls: Vec<&str> = text.lines().filter(|line| line.contains("curl")).collect();
    assert_eq!(calls.len(), 3);
    for call in calls {
        assert!(call.contains(key), "{call}");
        let url = call.rsplit('"').nth(1).unwrap();
        let (status, body) = get(url, key);
        assert_eq!(status, 200, "{url}: {body}");
        assert!(body.contains("\"served\":\"local\""), "{body}");
    }
    server.signal("TERM");
    let (status, err) = server.end();
    assert!(status.success(), "{err}");
    assert!(!err.contains(key), "a key in the log: {err}");

    let mut again = folder.start(&SERVE);
    let text = again.lines_until("/api/tools/units");
    assert!(
        !text.contains("gch_") && text.contains("Bearer $GUICHET_KEY"),
        "{text}"
    );
    again.signal("INT");
    assert!(again.end().0.success());
}

#[test]
fn a_key_that_the_command_line_makes_or_revokes_counts_in_the_running_server() {
    let folder = Folder::new();
    let (server, url, _) = serve(&folder, &[]);
    let made = folder.run(&["key", "create"]).ended(0).json();
    let (key, id) = (made["key"].as_str().unwrap(), made["id"].as_str().unwrap());
    let call = format!("{url}/api/time/now?tz=UTC");
    eventually("the key opens", || get(&call, key).0 == 200);
    folder.run(&["key", "revoke", id]).ended(0);
    let began = Instant::now();
    eventually("the key is closed", || get(&call, key).0 == 401);
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    server.signal("TERM");
    assert!(server.end().0.success());
}

#[test]
fn a_change_in_the_catalogue_folder_is_taken_over_and_a_broken_one_refused() {
    let folder = Folder::new();
    folder.write("own/readme.txt", "");
    let (server, url, key) = serve(&folder, &["--catalogue-dir", "own", "--log-format", "json"]);
    let shown = || get(&format!("{url}/api/catalogue/fun/fact"), &key).1;
    folder.write("own/fun/jester.toml", PROVIDER);
    eventually("the new provider is listed", || shown().contains("jester"));

    folder.write(
        "own/fun/jester.toml",
        &PROVIDER.replace("base_url", "base_ulr"),
    );
    std::thread::sleep(Duration::from_secs(1));
    assert!(shown().contains("jester"), "what ran before goes on");

    std::fs::remove_file(folder.path().join("own/fun/jester.toml")).unwrap();
    eventually("the provider is gone", || !shown().contains("jester"));
    server.signal("TERM");
    let (status, err) = server.end();
    assert!(status.success());
    let refusal = err
        .lines()
        .find(|line| line.contains("did you mean `base_url`?"));
    let refusal: serde_json::Value = serde_json::from_str(refusal.expect(&err)).unwrap();
    assert_eq!(refusal["file"], "own/fun/jester.toml");
    assert_eq!(refusal["line"], 4);
}

#[test]
fn a_hangup_reads_the_catalogue_again() {
    let folder = Folder::new();
    let (server, _, _) = serve(&folder, &[]);
    server.signal("HUP");
    std::thread::sleep(Duration::from_secs(2));
    server.signal("TERM");
    let (status, err) = server.end();
    assert!(status.success());
    assert!(err.contains("catalogue taken over"), "{err}");
}

#[test]
fn a_port_that_is_taken_is_one_clear_error() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap().to_string();
    let run = Folder::new().run(&["serve", "--listen", &address]).ended(1);
    assert!(run.out.is_empty(), "{}", run.out);
    assert!(
        run.err
            .starts_with(&format!("error: cannot listen on {address} (--listen)")),
        "{}",
        run.err
    );
    assert_eq!(run.err.lines().count(), 1, "{}", run.err);
}

#[test]
fn a_second_server_on_the_same_data_folder_is_refused() {
    let folder = Folder::new();
    let (server, _, _) = serve(&folder, &[]);
    let second = folder.run(&SERVE).ended(1);
    assert!(
        second
            .err
            .contains("another server already works in ./guichet-data"),
        "{}",
        second.err
    );
    server.signal("TERM");
    assert!(server.end().0.success());
}

#[test]
fn a_data_folder_that_cannot_be_made_is_one_clear_error() {
    let folder = Folder::new();
    folder.write("occupied", "a file");
    let run = folder
        .run(&[&SERVE[..], &["--data-dir", "occupied/below"]].concat())
        .ended(1);
    assert!(
        run.err
            .contains("the data folder occupied/below cannot be made"),
        "{}",
        run.err
    );
    assert_eq!(run.err.lines().count(), 1, "{}", run.err);
}

#[test]
fn a_simulator_answers_in_the_providers_stead() {
    let folder = Folder::new();
    let mut simulator = folder.start(&["sim", "--listen", "127.0.0.1:0", "--overlay", "sim"]);
    let text = simulator.lines_until("guichet serve --catalogue-dir sim");
    assert!(
        text.starts_with("Simulator listening on http://127.0.0.1:"),
        "{text}"
    );
    let answer = folder
        .run(&[
            "call",
            "weather",
            "current",
            "place=48.85,2.35",
            "--providers",
            "open-meteo",
            "--catalogue-dir",
            "sim",
        ])
        .ended(0)
        .json();
    assert_eq!(answer["meta"]["provider"], "open-meteo");
    assert_eq!(answer["meta"]["served"], "fresh");
    simulator.signal("TERM");
    assert!(simulator.end().0.success());
}

#[test]
fn a_secret_never_appears_in_the_most_detailed_logs() {
    let folder = Folder::new();
    let mut simulator = folder.start(&["sim", "--listen", "127.0.0.1:0", "--overlay", "sim"]);
    simulator.lines_until("guichet serve --catalogue-dir sim");
    folder
        .run_with(&["credential", "set", "openweathermap"], &[], STORED)
        .ended(0);
    folder.write(
        "guichet.toml",
        "[operator]\ncontact = \"ops@example.org\"\n",
    );
    let trace = ["--catalogue-dir", "sim", "--log-level", "trace"];
    let variables = [("OPENCAGE_API_KEY", GIVEN)];
    let (server, url, key) = serve_with(&folder, &trace, &variables);
    let weather = format!("{url}/api/weather/current?place=48.85,2.35&providers=openweathermap");
    let (status, body) = get(&weather, &key);
    assert_eq!(status, 200, "{body}");
    let place = format!("{url}/api/geocoding/search?q=Paris&providers=opencage");
    let found = get(&place, &key).1;
    let as_it_is = format!("{url}/proxy/openweathermap/data/2.5/weather?lat=48.85&lon=2.35");
    let passed_on = get(&as_it_is, &key).1;
    let refused = get(&weather, &format!("{key}x")).1;
    server.signal("TERM");
    let (status, err) = server.end();
    assert!(status.success(), "{err}");
    assert!(
        err.contains("openweathermap") && err.contains("opencage") && err.contains("/proxy/"),
        "{err}"
    );
    for secret in [STORED, GIVEN, &key] {
        for text in [&err, &body, &found, &passed_on, &refused] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[test]
fn what_is_under_way_may_end_unless_somebody_insists() {
    let folder = Folder::new();
    let silent = [
        "sim",
        "--listen",
        "127.0.0.1:0",
        "--overlay",
        "sim",
        "--faults",
        "*=header-timeout",
    ];
    let mut simulator = folder.start(&silent);
    simulator.lines_until("guichet serve --catalogue-dir sim");
    let begin = || {
        let (server, url, key) = serve_again(&folder);
        let slow = format!(
            "{url}/api/weather/current?place=48.85,2.35&providers=open-meteo&timeout_ms=3000"
        );
        let call = std::thread::spawn(move || std::panic::catch_unwind(|| get(&slow, &key)));
        std::thread::sleep(Duration::from_millis(500));
        server.signal("INT");
        (server, call)
    };

    let (server, call) = begin();
    let (status, body) = call.join().unwrap().unwrap();
    assert!(status == 502 || status == 504, "{status}: {body}");
    assert!(server.end().0.success());

    let (server, call) = begin();
    std::thread::sleep(Duration::from_millis(200));
    let insisted = Instant::now();
    server.signal("INT");
    assert_eq!(server.end().0.code(), Some(130));
    assert!(
        insisted.elapsed() < Duration::from_secs(1),
        "{:?}",
        insisted.elapsed()
    );
    assert!(call.join().unwrap().is_err(), "the call was cut");
}

/// Starts a server over the simulator with a new key.
fn serve_again(folder: &Folder) -> (Running, String, String) {
    let made = folder.run(&["key", "create"]).ended(0).json();
    let (server, url, _) = serve(folder, &["--catalogue-dir", "sim"]);
    (
        server,
        url,
        made["key"].as_str().unwrap_or_default().to_owned(),
    )
}

const STORED: &str = "4f2a90c1d7ee81b2";
const GIVEN: &str = "71cc0de5a9b843ff";

const PROVIDER: &str = r#"
title = "Jester"
docs = "https://api.example.com/docs"
base_url = "https://api.example.com"

[operation.fact]
get = '/fact'
result = '{text: .words, lang: "en"}'
"#;
