//! Stories of the command line: each runs the built binary in an empty folder.

mod common;

use common::Folder;

#[test]
fn help_names_every_command_and_the_exit_codes() {
    let help = Folder::new().run(&["--help"]).ended(0).out;
    for word in [
        "serve",
        "check",
        "doctor",
        "call",
        "chat",
        "usage",
        "quotas",
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
