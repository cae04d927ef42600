//! Who is left out, and why.

use super::*;

/// A need by its name, how a request comes to have it, and who can take it then.
type NeedCase = (&'static str, fn(&mut Facts), &'static [&'static str]);

#[test]
fn what_a_request_needs_decides_who_can_take_it() {
    let world = World::new();
    let needs: [NeedCase; 6] = [
        (
            "tools",
            |facts| facts.tools = 1,
            &["swift/open/oss-120b", "grand/open/oss-120b"],
        ),
        (
            "a schema",
            |facts| facts.format = FormatKind::Schema,
            &["grand/open/oss-120b"],
        ),
        ("an image", |facts| facts.images = 1, &[]),
        ("likelihoods", |facts| facts.logprobs = true, &[]),
        ("two answers", |facts| facts.choices = 2, &[]),
        (
            "thought",
            |facts| facts.reasoning = true,
            &["swift/open/oss-120b", "grand/open/oss-120b"],
        ),
    ];
    for (need, change, found) in needs {
        let call = with(&["open/oss-120b"], |call| change(&mut call.facts));
        assert_eq!(world.chosen(&call), found, "{need}");
        if found.is_empty() {
            let unable = |id: &str| (id.to_owned(), SkipReason::Ability);
            assert_eq!(
                world.skipped(&call),
                [unable("swift"), unable("grand")],
                "{need}"
            );
        }
    }
}

#[test]
fn a_model_of_which_nothing_is_known_is_taken_for_what_its_provider_has() {
    let world = World::new();
    let image = with(&["grand/new/one"], |call| call.facts.images = 1);
    assert_eq!(
        world.skipped(&image),
        [("grand".into(), SkipReason::Ability)]
    );
    let tools = with(&["grand/new/one"], |call| call.facts.tools = 3);
    assert_eq!(world.chosen(&tools), ["grand/new/one"]);
}

#[test]
fn free_only_leads_to_no_paid_model_by_any_name() {
    let mut world = World::new();
    world.alias("mine", &["grand/eagle", "grand/new/one", "oss-120b"]);
    for name in [
        "mine",
        "auto",
        "auto:large",
        "eagle",
        "oss-120b",
        "grand/open/oss-120b",
        "grand/new/one:free",
    ] {
        let free = with(&[name], |call| call.wish.free_only = true);
        let choice = world.choose(&free).unwrap();
        for found in &choice.candidates {
            let server = found.candidate.endpoint.provider.models.as_ref().unwrap();
            assert!(
                server.is_free(&found.model),
                "{name} led to {}",
                found.model
            );
        }
    }
    let free = with(&["eagle"], |call| call.wish.free_only = true);
    assert_eq!(world.skipped(&free), [("grand".into(), SkipReason::Paid)]);
}

#[test]
fn who_trains_or_may_train_is_not_asked_in_private() {
    let mut world = World::new();
    world.list("llama", None);
    let private = with(&["oss-20b", "llama"], |call| call.wish.private = true);
    assert_eq!(world.chosen(&private), ["academy/scholar", "home/llama"]);
    assert_eq!(
        world.skipped(&private),
        [("swift".into(), SkipReason::Trains)]
    );
}

#[test]
fn commerce_is_only_served_where_the_terms_allow_it() {
    let world = World::new();
    let commercial = with(&["oss-20b"], |call| call.wish.commercial = true);
    assert_eq!(world.chosen(&commercial), ["swift/open/oss-20b"]);
    assert_eq!(
        world.skipped(&commercial),
        [("academy".into(), SkipReason::Licence)]
    );
}

#[test]
fn who_is_off_excluded_or_without_a_key_is_named_with_the_reason() {
    let mut world = World::new();
    let off = ProviderSettings {
        enabled: Some(false),
        ..ProviderSettings::default()
    };
    world.settings.providers.insert("swift".into(), off);
    world.credentials.remove("academy");
    let call = with(&["oss-20b", "eagle"], |call| {
        call.wish.providers.excluded = vec!["grand".into()];
    });
    let expected = [
        ("swift".to_owned(), SkipReason::Disabled),
        ("academy".to_owned(), SkipReason::NoCredential),
        ("grand".to_owned(), SkipReason::NotAllowed),
    ];
    assert_eq!(world.skipped(&call), expected);
}

#[test]
fn a_model_is_no_longer_asked_from_the_day_of_its_end() {
    let world = World::new();
    assert_eq!(
        world.skipped(&call(&["dodo"])),
        [("grand".into(), SkipReason::Disabled)]
    );
    assert_eq!(
        world.chosen(&call(&["phoenix"])),
        ["grand/phoenix"],
        "tomorrow is not today"
    );
}
