//! Stories of the catalogue on the command line.

mod common;

use common::Folder;

const SECRET: &str = "4f2a90c1d7ee81b2";

#[test]
fn the_catalogue_is_listed_and_shown() {
    let folder = Folder::new();
    let list = folder.run(&["catalogue", "list"]).ended(0).json();
    let labelled = |operation: &str| {
        let rows = list.as_array().unwrap().iter();
        let mut named = rows.filter(|row| row["operation"] == operation);
        named.next().unwrap().clone()
    };
    let weather = labelled("weather/current");
    assert_eq!(weather["guarantee"], "single");
    let repair = weather["guarantee_repair"].as_str().unwrap();
    assert!(
        repair.starts_with("set operator.contact for met-no"),
        "{repair}"
    );
    assert_eq!(labelled("time/now")["guarantee"], "guaranteed");
    assert_eq!(labelled("ai/images")["guarantee"], "none");
    let operation = folder
        .run(&["catalogue", "show", "weather/current"])
        .ended(0)
        .json();
    assert_eq!(operation["parameters"][0]["name"], "place");
    let provider = folder
        .run(&["catalogue", "show", "openweathermap"])
        .ended(0)
        .json();
    assert_eq!(provider["key"], "needed");
    assert_eq!(provider["variables"][0], "OPENWEATHER_API_KEY");
    let category = folder
        .run(&["catalogue", "show", "weather"])
        .ended(0)
        .json();
    assert_eq!(category["operations"].as_array().unwrap().len(), 3);
    let wrong = folder.run(&["catalogue", "show", "wether"]).ended(2);
    assert!(
        wrong.err.contains("did you mean `weather`?"),
        "{}",
        wrong.err
    );
}

#[test]
fn a_broken_file_of_ones_own_is_reported_with_file_and_line() {
    let folder = Folder::new();
    folder.write(
        "own/weather/mine.toml",
        "title = \"Mine\"\nbase_ulr = \"https://api.example.com\"\n",
    );
    let run = folder.run(&["check", "--catalogue-dir", "own"]).ended(1);
    let problem = run.json()["problems"][0].as_str().unwrap().to_owned();
    assert!(
        problem.starts_with("own/weather/mine.toml:2: "),
        "{problem}"
    );
    assert!(problem.contains("did you mean `base_url`?"), "{problem}");
}

#[test]
fn samples_are_replayed_updated_and_compared() {
    let folder = Folder::new();
    folder.write("own/fun/jester.toml", PROVIDER);
    folder.write("own/fun/jester/fact.json", SAMPLE);
    let new = folder.run(&["catalogue", "test", "own"]).ended(1).json();
    assert_eq!(new["samples"], 1);
    assert!(
        new["failed"][0]["reasons"][0]
            .as_str()
            .unwrap()
            .contains("--update")
    );
    assert_eq!(new["missing"][0], "jester has no sample of an error");

    let written = folder.run(&["catalogue", "test", "own", "--update"]).json();
    assert_eq!(written["updated"][0], "fun/jester/fact.expected.json");
    folder.write(
        "own/fun/jester/fact.500.json",
        &SAMPLE.replace("200", "500"),
    );
    folder
        .run(&["catalogue", "test", "own", "--update"])
        .ended(0);
    folder.run(&["catalogue", "test", "own"]).ended(0);

    folder.write(
        "own/fun/jester/fact.json",
        &SAMPLE.replace("honey", "bread"),
    );
    let changed = folder.run(&["catalogue", "test", "own"]).ended(1).json();
    let reason = changed["failed"][0]["reasons"][0].as_str().unwrap();
    assert!(
        reason.contains("expected \"honey keeps\", got \"bread keeps\""),
        "{reason}"
    );
}

#[test]
fn a_provider_is_drafted_from_a_curl_command_without_its_key_and_over_nobodys_work() {
    let folder = Folder::new();
    let curl =
        format!("curl 'https://api.example.com/now?lat=48.85&lon=2.35&appid={SECRET}{SECRET}'");
    folder.write(
        "answer.json",
        r#"{"temp": 12.5, "time": "2026-11-22T10:00:00Z"}"#,
    );
    let target = [
        "--category",
        "weather",
        "--provider",
        "drafted",
        "--operation",
        "current",
    ];
    let add = [
        &[
            "catalogue",
            "add",
            "--to",
            "own",
            "--curl",
            "-",
            "--answer",
            "answer.json",
        ],
        &target[..],
    ]
    .concat();
    let report = folder.run_with(&add, &[], &curl).ended(0).json();
    assert_eq!(report["written"][0], "own/weather/drafted.toml");
    let file = std::fs::read_to_string(folder.path().join("own/weather/drafted.toml")).unwrap();
    assert!(
        file.contains("get     = '/now'") && !file.contains(SECRET),
        "{file}"
    );
    folder.run(&["check", "--catalogue-dir", "own"]).ended(0);

    let again = folder.run_with(&add, &[], &curl).ended(1);
    assert!(
        again.err.contains("drafted.toml is there already"),
        "{}",
        again.err
    );
}

const PROVIDER: &str = r#"
title = "Jester"
docs = "https://api.example.com/docs"
base_url = "https://api.example.com"

[operation.fact]
get = '/fact'
result = '{text: .words, lang: "en"}'
"#;

const SAMPLE: &str = r#"{
  "source": "written for this test",
  "operation": "fact",
  "params": {},
  "exchanges": [{ "status": 200, "body": { "words": "honey keeps" } }]
}"#;
