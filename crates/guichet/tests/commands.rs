//! Stories of the command line: each runs the built binary in an empty folder.

mod common;

use common::Folder;

const SECRET: &str = "4f2a90c1d7ee81b2";

#[test]
fn help_names_every_command_and_the_exit_codes() {
    let help = Folder::new().run(&["--help"]).ended(0).out;
    for word in [
        "serve",
        "check",
        "doctor",
        "call",
        "key",
        "credential",
        "vault",
        "catalogue",
        "sim",
    ] {
        assert!(help.contains(&format!("\n  {word} ")), "{word}: {help}");
    }
    assert!(help.contains("Exit codes: 0"));
}

#[test]
fn a_call_is_answered_without_server_and_network() {
    let answer = Folder::new()
        .run(&["call", "time", "now", "tz=Europe/Paris"])
        .ended(0)
        .json();
    assert_eq!(answer["data"]["tz"], "Europe/Paris");
    assert_eq!(answer["meta"]["served"], "local");
    assert_eq!(answer["meta"]["category"], "time");
}

#[test]
fn a_parameter_that_cannot_be_used_is_a_usage_error_that_says_what_can() {
    let folder = Folder::new();
    let unknown = folder
        .run(&["call", "time", "now", "tzz=Europe/Paris"])
        .ended(2);
    assert!(
        unknown.err.contains("did you mean `tz`?"),
        "{}",
        unknown.err
    );
    assert!(unknown.out.is_empty());
    let wrong = folder
        .run(&["call", "time", "now", "tz=Europe/Pariss"])
        .ended(2);
    assert!(
        wrong.err.contains("such as `Europe/Paris`"),
        "{}",
        wrong.err
    );
    let no_value = folder.run(&["call", "time", "now", "tz"]).ended(2);
    assert!(
        no_value.err.contains("write name=value"),
        "{}",
        no_value.err
    );
    let no_operation = folder.run(&["call", "weather", "curent"]).ended(2);
    assert!(
        no_operation.err.contains("did you mean `current`?"),
        "{}",
        no_operation.err
    );
    assert!(
        !folder.path().join("guichet-data").exists(),
        "a typing error makes nothing"
    );
}

#[test]
fn a_call_that_nobody_can_take_is_refused_with_each_providers_reason() {
    let folder = Folder::new();
    let refused = folder
        .run(&[
            "call",
            "weather",
            "current",
            "place=48.85,2.35",
            "--providers",
            "openweathermap,met-no",
        ])
        .ended(1)
        .json();
    let reason = |provider: &str| {
        let skipped = refused["skipped"].as_array().unwrap();
        let found = skipped
            .iter()
            .find(|skipped| skipped["provider"] == provider);
        found.unwrap()["reason"].clone()
    };
    assert_eq!(reason("openweathermap"), "no_credential");
    assert_eq!(reason("met-no"), "no_contact");
}

#[test]
fn a_key_is_shown_once_and_lives_until_it_is_revoked() {
    let folder = Folder::new();
    let made = folder
        .run(&["key", "create", "--name", "laptop"])
        .ended(0)
        .json();
    let key = made["key"].as_str().unwrap();
    assert!(key.starts_with("gch_") && key.len() == 55, "{key}");
    let id = made["id"].as_str().unwrap();

    let listed = folder.run(&["key", "list"]).ended(0);
    assert!(!listed.out.contains(key));
    assert_eq!(listed.json()[0]["name"], "laptop");
    assert_eq!(listed.json()[0]["state"], "active");

    let successor = folder
        .run(&["key", "rotate", id, "--overlap", "1h"])
        .ended(0)
        .json();
    assert_eq!(successor["rotated_from"], id);

    folder.run(&["key", "revoke", id]).ended(0);
    let listed = folder.run(&["key", "list"]).ended(0).json();
    assert_eq!(listed[0]["state"], "revoked");
    assert_eq!(listed[1]["state"], "active");
    let unknown = folder.run(&["key", "revoke", "000000000000"]).ended(1);
    assert!(
        unknown.err.contains("there is no key `000000000000`"),
        "{}",
        unknown.err
    );
}

#[test]
fn a_credential_comes_from_stdin_and_is_only_ever_shown_masked() {
    let folder = Folder::new();
    let set = folder
        .run_with(
            &["credential", "set", "openweathermap"],
            &[],
            &format!("{SECRET}\n"),
        )
        .ended(0);
    let listed = folder.run(&["credential", "list"]).ended(0);
    let checked = folder.run(&["check"]).ended(0);
    for run in [&set, &listed, &checked] {
        assert!(!run.out.contains(SECRET) && !run.err.contains(SECRET));
    }
    assert_eq!(listed.json()[0]["masked"], "…81b2");
    assert!(
        checked
            .out
            .contains(listed.json()[0]["id"].as_str().unwrap())
    );

    folder.run(&["vault", "rotate"]).ended(0);
    assert_eq!(
        folder.run(&["credential", "list"]).ended(0).json(),
        listed.json()
    );

    let id = listed.json()[0]["id"].as_str().unwrap().to_owned();
    folder.run(&["credential", "remove", &id]).ended(0);
    assert_eq!(
        folder.run(&["credential", "list"]).ended(0).json(),
        serde_json::json!([])
    );
}

#[test]
fn a_credential_for_nobody_or_without_content_is_refused() {
    let folder = Folder::new();
    let unknown = folder
        .run_with(&["credential", "set", "openwethermap"], &[], SECRET)
        .ended(2);
    assert!(
        unknown.err.contains("did you mean `openweathermap`?"),
        "{}",
        unknown.err
    );
    let keyless = folder
        .run_with(&["credential", "set", "open-meteo"], &[], SECRET)
        .ended(2);
    assert!(keyless.err.contains("takes no key"), "{}", keyless.err);
    let placeholder = folder
        .run_with(&["credential", "set", "openweathermap"], &[], "changeme")
        .ended(1);
    assert!(
        placeholder.err.contains("is refused"),
        "{}",
        placeholder.err
    );
    let argument = folder.run_with(&["credential", "set", "openweathermap", SECRET], &[], "");
    assert_eq!(argument.code, 2, "a secret is never an argument");
}

#[test]
fn keys_of_the_environment_count_and_are_not_shown() {
    let folder = Folder::new();
    let variables = [("OPENWEATHER_API_KEY", SECRET)];
    let listed = folder
        .run_with(&["credential", "list"], &variables, "")
        .ended(0);
    assert!(!listed.out.contains(SECRET));
    assert_eq!(listed.json()[0]["source"], "OPENWEATHER_API_KEY");
    let bad = [("OPENWEATHER_API_KEY", "changeme")];
    let checked = folder.run_with(&["check"], &bad, "").ended(1).json();
    let refused = checked["refused_keys"][0].as_str().unwrap();
    assert!(refused.starts_with("OPENWEATHER_API_KEY"), "{refused}");
}

#[test]
fn check_says_where_each_setting_is_from_and_what_would_bring_a_provider_into_use() {
    let folder = Folder::new();
    folder.write(
        "guichet.toml",
        "timeout = \"3s\"\n\n[providers.open-meteo]\nenabled = false\n",
    );
    let variables = [("GUICHET_CACHE__SIZE", "2MiB")];
    let report = folder
        .run_with(&["check", "--data-dir", "elsewhere"], &variables, "")
        .ended(0)
        .json();
    let origin = |key: &str| {
        let lines = report["configuration"].as_array().unwrap();
        let line = lines.iter().find(|line| line["key"] == key).unwrap();
        line["origin"].as_str().unwrap().to_owned()
    };
    assert_eq!(origin("timeout"), "guichet.toml:1");
    assert_eq!(origin("cache.size"), "GUICHET_CACHE__SIZE");
    assert_eq!(origin("data_dir"), "--data-dir");
    assert_eq!(origin("listen"), "default");

    let operations = report["operations"].as_array().unwrap();
    let weather = operations
        .iter()
        .find(|one| one["operation"] == "weather/current")
        .unwrap();
    let remedy = |provider: &str| {
        let candidates = weather["candidates"].as_array().unwrap();
        let found = candidates
            .iter()
            .find(|candidate| candidate["provider"] == provider);
        found.unwrap()["remedy"].as_str().unwrap().to_owned()
    };
    assert!(
        remedy("open-meteo").ends_with("guichet.toml:4"),
        "{}",
        remedy("open-meteo")
    );
    assert!(remedy("met-no").contains("operator.contact"));
    assert!(remedy("openweathermap").contains("OPENWEATHER_API_KEY"));
    assert!(
        !folder.path().join("elsewhere").exists(),
        "a look makes nothing"
    );
}

#[test]
fn strict_fails_where_an_answer_is_not_guaranteed() {
    let folder = Folder::new();
    folder.run(&["check"]).ended(0);
    folder.run(&["check", "--strict"]).ended(1);
}

#[test]
fn mistakes_in_the_configuration_are_errors_with_line_and_right_name() {
    let folder = Folder::new();
    folder.write("guichet.toml", "[operator]\ncontcat = \"a@example.org\"\n");
    let run = folder.run(&["check"]).ended(1);
    assert_eq!(
        run.err,
        "error: guichet.toml:2: unknown key `operator.contcat`; did you mean `operator.contact`?\n"
    );
    let folder = Folder::new();
    let run = folder
        .run_with(&["serve"], &[("GUICHET_LISTN", "x")], "")
        .ended(1);
    assert!(
        run.err.contains("did you mean `GUICHET_LISTEN`?"),
        "{}",
        run.err
    );
    let missing = folder.run(&["check", "--config", "nowhere.toml"]).ended(1);
    assert!(
        missing
            .err
            .starts_with("error: nowhere.toml: cannot be read"),
        "{}",
        missing.err
    );
}

#[test]
fn the_catalogue_is_listed_and_shown() {
    let folder = Folder::new();
    let list = folder.run(&["catalogue", "list"]).ended(0).json();
    assert!(
        list.as_array()
            .unwrap()
            .iter()
            .any(|row| row["category"] == "weather" && row["operation"] == "current")
    );
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

#[test]
fn completions_are_printed_for_a_shell() {
    let script = Folder::new().run(&["completion", "bash"]).ended(0).out;
    assert!(script.contains("complete -F _guichet"));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let folder = Folder::new();
    let mut listing = folder.start(&["catalogue", "list"]);
    drop(listing.take_stdout());
    let (status, err) = listing.end();
    assert!(status.success(), "{err}");
    assert!(err.is_empty(), "{err}");
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
