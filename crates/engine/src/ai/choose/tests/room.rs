//! What fits where, and what is cut so that it fits.

use super::*;

#[test]
fn a_request_larger_than_a_window_is_never_sent_there() {
    let world = World::new();
    let long = with(&["open/oss-120b"], |call| call.facts.text = tokens(7_800));
    assert_eq!(world.chosen(&long), ["grand/open/oss-120b"]);
    assert_eq!(
        world.skipped(&long),
        [("swift".into(), SkipReason::Context)]
    );
}

#[test]
fn a_request_that_fits_nowhere_is_too_long() {
    let world = World::new();
    let long = with(&["oss-120b", "scholar"], |call| {
        call.facts.text = tokens(140_000);
    });
    let expected = Reason::TooLong {
        needed: 140_256,
        most: 131_072,
    };
    assert_eq!(world.choose(&long).unwrap_err(), expected);
}

#[test]
fn a_request_that_no_able_model_can_hold_is_too_long_whoever_else_could() {
    let world = World::new();
    let long = with(&["scholar", "oss-20b"], |call| {
        call.facts.images = 1;
        call.facts.text = tokens(5_000);
    });
    let reason = world.choose(&long).unwrap_err();
    assert!(
        matches!(reason, Reason::TooLong { most: 4096, .. }),
        "{reason:?}"
    );
}

#[test]
fn an_answer_that_may_be_too_long_is_cut_to_what_there_is_room_for() {
    let world = World::new();
    let cut = |name: &str, input: u64, wanted: Option<u64>| {
        let call = with(&[name], |call| {
            call.facts.text = tokens(input);
            call.facts.max_tokens = wanted;
        });
        world.choose(&call).unwrap().candidates[0].cut_to
    };
    assert_eq!(
        cut("swift/oss-20b", 1_000, Some(16_000)),
        Some(7_000),
        "the window of a minute"
    );
    assert_eq!(
        cut("grand/eagle", 1_000, Some(16_000)),
        Some(4_096),
        "the most that it writes"
    );
    assert_eq!(
        cut("scholar", 3_000, Some(2_000)),
        Some(1_096),
        "the context"
    );
    assert_eq!(cut("scholar", 3_000, Some(1_000)), None, "it fits");
    assert_eq!(
        cut("grand/eagle", 1_000, None),
        None,
        "nothing was asked for"
    );
    assert_eq!(
        cut("scholar", 4_086, Some(10)),
        None,
        "a short answer fits, where a short one is wanted"
    );
}

#[test]
fn a_listed_model_holds_what_its_server_says() {
    let mut world = World::new();
    world.list("llama:latest", Some(2_048));
    let short = with(&["llama"], |call| call.facts.text = tokens(1_000));
    assert_eq!(world.chosen(&short), ["home/llama:latest"]);
    let choice = world.choose(&short).unwrap();
    assert_eq!(
        choice.candidates[0].context,
        Some(2_048),
        "it is asked for no more"
    );
    let long = with(&["llama"], |call| call.facts.text = tokens(2_000));
    assert!(matches!(
        world.choose(&long),
        Err(Reason::TooLong { most: 2_048, .. })
    ));
    let passed_on = with(&["home/llama"], |call| call.facts.text = tokens(2_000));
    assert!(
        world.choose(&passed_on).is_err(),
        "by its provider's name too"
    );
}

#[test]
fn many_texts_to_embed_are_not_one_long_one() {
    let mut world = World::new();
    let text = "base_url = 'https://mill.example/v1'\nfree = ['*']\n[auth]\ntype = 'none'\n\
        [model.vectors]\nnames = ['vectors']\ntasks = ['embeddings']\ncontext = 512\n";
    let mut files = Files::default();
    let file = File {
        name: "mill.toml".into(),
        text: text.into(),
        own: true,
    };
    files.insert("ai/mill.toml", file);
    let catalogue =
        load(&files, &Surroundings::default()).unwrap_or_else(|problems| panic!("{problems}"));
    world.catalogue = Arc::new(catalogue);
    let many = with(&["vectors"], |call| {
        call.door = Door::Embeddings;
        call.facts.text = tokens(50_000);
    });
    assert_eq!(world.chosen(&many), ["mill/vectors"]);
}
