//! Stories of the layers, and of what people get wrong.

use std::io::Write;

use super::*;

fn variables(pairs: &[(&str, &str)]) -> Variables {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Variables(pairs.iter().map(owned).collect())
}

/// A configuration of this file and these variables.
fn read(text: &str, pairs: &[(&str, &str)]) -> Result<Config, Problems> {
    read_with_flags(text, pairs, Vec::new())
}

fn read_with_flags(
    text: &str,
    pairs: &[(&str, &str)],
    flags: Vec<(&'static str, String, &'static str)>,
) -> Result<Config, Problems> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    Config::read(&Sources {
        file: Some(file.path().to_owned()),
        variables: variables(pairs),
        flags,
    })
}

/// The problems of a file, without its name.
fn problems(text: &str) -> Vec<(Option<usize>, String)> {
    let problems = read(text, &[]).unwrap_err().0;
    problems
        .into_iter()
        .map(|problem| (problem.line, problem.message))
        .collect()
}

#[test]
fn without_anything_the_defaults_hold_and_say_so() {
    let config = Config::read(&Sources {
        file: None,
        variables: Variables::default(),
        flags: Vec::new(),
    })
    .unwrap();
    assert_eq!(config.settings.listen.to_string(), "127.0.0.1:8080");
    assert!(config.lines().iter().all(|line| line.origin == "default"));
}

#[test]
fn flags_hold_over_variables_over_the_file_over_defaults() {
    let text = "listen = \"127.0.0.1:1\"\ndata_dir = \"file\"\n\n[operator]\ncontact = \"file@example.org\"\n";
    let pairs = [
        ("GUICHET_LISTEN", "127.0.0.1:2"),
        ("GUICHET_OPERATOR__CONTACT", "variable@example.org"),
    ];
    let flags = vec![("listen", "127.0.0.1:3".to_owned(), "--listen")];
    let config = read_with_flags(text, &pairs, flags).unwrap();
    assert_eq!(config.settings.listen.port(), 3);
    assert_eq!(config.origin("listen"), Origin::Flag("--listen"));
    assert_eq!(
        config.settings.contact.as_deref(),
        Some("variable@example.org")
    );
    assert_eq!(
        config.origin("operator.contact").to_string(),
        "GUICHET_OPERATOR__CONTACT"
    );
    assert!(config.origin("data_dir").to_string().ends_with(":2"));
    assert_eq!(config.origin("timeout"), Origin::Default);
}

#[test]
fn every_kind_of_value_is_read() {
    let text = r#"
        timeout = "3s"
        trusted_proxies = ["127.0.0.1", "10.0.0.0/8"]
        [log]
        format = "json"
        level = "debug"
        [dns]
        servers = ["9.9.9.9", "[2620:fe::fe]:5353"]
        [egress]
        plain_http = true
        [cache]
        size = "2MiB"
        [limits]
        max_body = "64KiB"
        max_model_body = "8MiB"
        connections = 7
        max_head = "16KiB"
        head_timeout = "2s"
        body_timeout = "3s"
        idle_timeout = "4m"
        grace = "0s"
        [upstream]
        connect_timeout = "900ms"
        [models]
        timeout = "2m"
        stall = "9s"
        [models.aliases]
        "gpt-4.1" = ["gpt-4.1", "groq/openai/gpt-oss-120b"]
        small = "auto:fast"
        [providers.met-no]
        enabled = false
        order = 3
    "#;
    let settings = read(text, &[]).unwrap().settings;
    assert_eq!(settings.timeout.as_secs(), 3);
    assert_eq!(settings.log_format, LogFormat::Json);
    assert_eq!(settings.dns_servers[0].to_string(), "9.9.9.9:53");
    assert_eq!(settings.dns_servers[1].port(), 5353);
    assert!(settings.plain_http);
    let inside = ["127.0.0.1", "10.1.2.3"].map(|address| address.parse().unwrap());
    assert!(inside.map(|address| settings.trusted_proxies.covers(address)) == [true; 2]);
    assert_eq!(
        (
            settings.cache_bytes,
            settings.max_body,
            settings.max_model_body
        ),
        (2 << 20, 64 << 10, 8 << 20)
    );
    assert_eq!((settings.connections, settings.max_head), (7, 16 << 10));
    let times = [
        settings.head_timeout,
        settings.body_timeout,
        settings.idle_timeout,
        settings.grace,
        settings.connect_timeout,
        settings.model_timeout,
        settings.model_stall,
    ];
    assert_eq!(
        times.map(|time| time.as_millis()),
        [2_000, 3_000, 240_000, 0, 900, 120_000, 9_000]
    );
    let aliases = &settings.model_aliases;
    assert_eq!(aliases["gpt-4.1"], ["gpt-4.1", "groq/openai/gpt-oss-120b"]);
    assert_eq!(aliases["small"], ["auto:fast"]);
    let choice = ProviderChoice {
        enabled: Some(false),
        order: Some(3),
        weight: None,
    };
    assert_eq!(settings.providers["met-no"], choice);
}

#[test]
fn what_is_shown_can_be_written_back() {
    let config = read(
        "trusted_proxies = [\"::1\", \"10.0.0.0/8\"]\n[cache]\nsize = \"2MiB\"\n[log]\nlevel = \"warn\"\n\
         [models]\naliases = { fast = [\"groq/a\", \"b\"] }\n",
        &[],
    )
    .unwrap();
    let pairs: Vec<(String, String)> = config
        .lines()
        .into_iter()
        .map(|line| (line.key, line.value))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let mut again = Settings::default();
    for (key, value) in &pairs {
        keys::apply(&mut again, key, value).unwrap();
    }
    assert_eq!(format!("{again:?}"), format!("{:?}", config.settings));
}

#[test]
fn an_unknown_key_is_an_error_with_its_line_and_the_nearest_right_name() {
    let found = problems(
        "lisen = \"x\"\n\n[operater]\ncontact = \"a@b.c\"\n[providers.met-no]\nenabeld = true\n",
    );
    let expected = [
        (1, "unknown key `lisen`; did you mean `listen`?"),
        (
            4,
            "unknown key `operater.contact`; did you mean `operator.contact`?",
        ),
        (
            6,
            "unknown key `providers.met-no.enabeld`; did you mean `providers.met-no.enabled`?",
        ),
    ];
    for (line, message) in expected {
        assert!(found.contains(&(Some(line), message.into())), "{found:?}");
    }
}

#[test]
fn a_value_that_cannot_be_used_says_what_would_be_right() {
    let found =
        problems("listen = \"8080\"\ntrusted_proxies = [\"proxy\"]\n[log]\nformat = \"jsn\"\n");
    assert_eq!(found.len(), 3, "{found:?}");
    let text = format!("{found:?}");
    assert!(
        text.contains("an address and a port such as `127.0.0.1:8080`"),
        "{text}"
    );
    assert!(text.contains("did you mean `json`?"), "{text}");
    assert!(
        text.contains("`trusted_proxies`: `proxy` is neither an address such as"),
        "{text}"
    );
}

#[test]
fn a_bound_that_cannot_hold_says_what_could() {
    let found = problems(
        "[limits]\nhead_timeout = \"0s\"\ngrace = \"2h\"\nmax_head = \"1KiB\"\n\
         [upstream]\nconnect_timeout = \"1m\"\n",
    );
    let expected = [
        (
            2,
            "`limits.head_timeout`: `0s` is not between 100ms and 3600s",
        ),
        (3, "`limits.grace`: `2h` is not between 0s and 3600s"),
        (4, "`limits.max_head`: `1KiB` is not between 8KiB and 1MiB"),
        (
            6,
            "`upstream.connect_timeout`: `1m` is not between 50ms and 30s",
        ),
    ];
    for (line, message) in expected {
        assert!(found.contains(&(Some(line), message.into())), "{found:?}");
    }
}

#[test]
fn a_file_of_authorities_that_cannot_be_read_is_named() {
    let found = problems("[upstream]\nextra_roots = [\"nowhere/ca.pem\"]\n");
    assert_eq!(found.len(), 1, "{found:?}");
    let (line, message) = &found[0];
    assert_eq!(*line, Some(2));
    let begin = "`upstream.extra_roots`: nowhere/ca.pem: cannot be read:";
    assert!(message.starts_with(begin), "{message}");
}

#[test]
fn a_file_that_is_no_toml_is_an_error_with_its_line() {
    let found = problems("listen = \"127.0.0.1:1\"\ntimeout = \n");
    assert_eq!(found[0].0, Some(2), "{found:?}");
}

#[test]
fn an_unknown_variable_is_an_error_and_an_empty_one_sets_nothing() {
    let problems = read("", &[("GUICHET_LISTN", "x")]).unwrap_err();
    assert_eq!(
        problems.to_string(),
        "GUICHET_LISTN: this variable sets nothing; did you mean `GUICHET_LISTEN`?"
    );
    let config = read("", &[("GUICHET_LISTEN", "")]).unwrap();
    assert_eq!(config.origin("listen"), Origin::Default);
}

#[test]
fn a_variable_names_a_provider_with_underscores() {
    let config = read("", &[("GUICHET_PROVIDERS__MET_NO__ENABLED", "false")]).unwrap();
    assert_eq!(config.settings.providers["met-no"].enabled, Some(false));
}

#[test]
fn the_master_key_has_no_place_in_the_file() {
    let found = problems("master_key = \"0123\"\n");
    assert!(found[0].1.contains("GUICHET_MASTER_KEY"), "{found:?}");
    assert!(!found[0].1.contains("0123"), "{found:?}");
}

#[test]
fn a_provider_that_does_not_exist_is_found_when_the_catalogue_is_known() {
    let config = read("[providers.open-metoe]\nenabled = false\n", &[]).unwrap();
    let catalogue = crate::open_catalogue::load(None).unwrap();
    let problems = config.check_providers(&catalogue).unwrap_err().0;
    assert_eq!(problems[0].line, Some(2));
    assert!(
        problems[0].message.ends_with("did you mean `open-meteo`?"),
        "{problems:?}"
    );
}

#[test]
fn a_name_for_models_that_stands_for_nothing_or_for_itself_is_an_error_with_its_key() {
    let found = problems(
        "[models.aliases]\nempty = []\none = [\"two\", \"groq/x\"]\ntwo = [\"one\"]\nown = [\"own\"]\n",
    );
    let expected = [
        (2, "`models.aliases.empty`: at least one model is needed"),
        (
            3,
            "`models.aliases.one`: stands for itself: one → two → one",
        ),
        (
            4,
            "`models.aliases.two`: stands for itself: two → one → two",
        ),
    ];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (problem, (line, message)) in found.iter().zip(expected) {
        assert_eq!(problem.0, Some(line));
        assert!(problem.1.starts_with(message), "{problem:?}");
    }
}
