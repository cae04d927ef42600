//! Stories of callers' keys and providers' credentials on the command line.

mod common;

use common::Folder;

const SECRET: &str = "4f2a90c1d7ee81b2";

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
fn limits_are_set_listed_and_removed() {
    let folder = Folder::new();
    let made = folder
        .run(&[
            "key",
            "create",
            "--limit",
            "60 requests per minute",
            "--limit",
            "4 at once",
        ])
        .ended(0)
        .json();
    let id = made["id"].as_str().unwrap();
    let all = folder
        .run(&["limit", "set", "--each-key", "$5 each month"])
        .ended(0);
    let names: Vec<_> = all
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].clone())
        .collect();
    assert_eq!(
        names,
        ["money-each-month", "at-once", "requests-per-minute"]
    );
    folder
        .run(&["limit", "remove", "--key", id, "at-once"])
        .ended(0);
    folder
        .run(&["limit", "remove", "--each-key", "$5 each month"])
        .ended(0);
    let left = folder.run(&["limit", "list"]).ended(0).json();
    assert_eq!(left.as_array().map(Vec::len), Some(1));
    assert_eq!(left[0]["limit"], "60 requests per minute");

    let wrong = folder
        .run(&["limit", "set", "--key", id, "60 cats per minute"])
        .ended(2);
    assert!(wrong.err.contains("is no limit"), "{}", wrong.err);
    let nobody = folder
        .run(&["limit", "set", "--project", "nowhere", "4 at once"])
        .ended(1);
    assert!(
        nobody.err.contains("there is no project `nowhere`"),
        "{}",
        nobody.err
    );
    folder.run(&["limit", "set", "4 at once"]).ended(2);
}

#[test]
fn opt_ins_are_set_listed_and_removed() {
    let folder = Folder::new();
    let made = folder
        .run(&["key", "create", "--opt-in", "resume", "--opt-in", "cache"])
        .ended(0)
        .json();
    let id = made["id"].as_str().unwrap();
    let shown = folder
        .run(&["opt-in", "set", "--project", "default", "resume", "--off"])
        .ended(0)
        .json();
    let mut shown: Vec<String> = shown
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {} {}", one["of"], one["name"], one["state"]).replace('"', ""))
        .collect();
    shown.sort_unstable();
    assert_eq!(
        shown,
        ["key cache on", "key resume on", "project resume off"]
    );
    let left = folder
        .run(&["opt-in", "remove", "--key", id, "cache"])
        .ended(0);
    assert_eq!(left.json().as_array().map(Vec::len), Some(2));
    let again = folder
        .run(&["opt-in", "remove", "--key", id, "cache"])
        .ended(1);
    assert!(
        again.err.contains("`cache` is not set there"),
        "{}",
        again.err
    );
    let wrong = folder
        .run(&["opt-in", "set", "--each-key", "sing"])
        .ended(2);
    assert!(wrong.err.contains("one of resume, cache"), "{}", wrong.err);
}

#[test]
fn projects_are_made_and_listed_and_keys_belong_to_them() {
    let folder = Folder::new();
    let projects = folder
        .run(&["project", "create", "shop", "--name", "The shop"])
        .ended(0)
        .json();
    let ids: Vec<_> = projects
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].clone())
        .collect();
    assert_eq!(ids, ["default", "shop"]);
    let made = folder
        .run(&["key", "create", "--project", "shop"])
        .ended(0)
        .json();
    assert_eq!(made["project"], "shop");
    for (id, told) in [
        ("shop", "there is a project `shop` already"),
        ("The Shop", "give small letters, digits and hyphens"),
    ] {
        let refused = folder.run(&["project", "create", id]).ended(1);
        assert!(refused.err.contains(told), "{}", refused.err);
    }
}
