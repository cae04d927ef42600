//! What names of models stand for.

use super::*;

#[test]
fn a_provider_before_the_slash_is_asked_for_the_model_after_it() {
    let world = World::new();
    assert_eq!(world.chosen(&call(&["grand/eagle"])), ["grand/eagle"]);
    assert_eq!(
        world.chosen(&call(&["swift/open/oss-120b"])),
        ["swift/open/oss-120b"]
    );
    assert_eq!(
        world.chosen(&call(&["swift/oss-20b"])),
        ["swift/open/oss-20b"],
        "a plain name will do"
    );
}

#[test]
fn a_name_with_a_slash_may_be_a_plain_one() {
    let world = World::new();
    let found = ["swift/open/oss-120b", "grand/open/oss-120b"];
    assert_eq!(world.chosen(&call(&["open/oss-120b"])), found);
}

#[test]
fn a_name_that_begins_like_a_provider_without_such_a_model_is_a_plain_one() {
    let mut world = World::new();
    let academy = "academy/owl";
    assert!(matches!(
        world.choose(&call(&[academy])),
        Err(Reason::UnknownModel { .. })
    ));
    world.list("academy/owl", None);
    assert_eq!(world.chosen(&call(&[academy])), ["home/academy/owl"]);
}

#[test]
fn a_name_that_nobody_knows_is_refused_with_the_nearest() {
    let world = World::new();
    let unknown = world.choose(&call(&["eagel"])).unwrap_err();
    let expected = Reason::UnknownModel {
        name: "eagel".into(),
        nearest: Some("eagle".into()),
    };
    assert_eq!(unknown, expected);
    let unknown = world.choose(&call(&["auto:fsat"])).unwrap_err();
    assert!(
        matches!(unknown, Reason::UnknownModel { nearest: Some(near), .. } if near == "auto:fast")
    );
}

#[test]
fn a_model_that_no_file_knows_is_passed_on_where_that_is_allowed() {
    let world = World::new();
    assert_eq!(world.chosen(&call(&["grand/new/one"])), ["grand/new/one"]);
    let choice = world.choose(&call(&["grand/new/one"])).unwrap();
    assert!(choice.candidates[0].known.is_none());
    assert!(world.choose(&call(&["swift/new-one"])).is_err());
    let speech = with(&["grand/new/one"], |call| call.door = Door::Speech);
    assert!(
        world.choose(&speech).is_err(),
        "only for the tasks that it is tried with"
    );
}

#[test]
fn an_alias_stands_for_its_names_and_they_for_theirs() {
    let mut world = World::new();
    world.alias("best", &["eagle", "good"]);
    world.alias("good", &["swift/oss-120b", "best"]);
    assert_eq!(
        world.chosen(&call(&["best"])),
        ["grand/eagle", "swift/open/oss-120b"]
    );
}

#[test]
fn an_alias_within_itself_is_the_model_of_that_name() {
    let mut world = World::new();
    world.alias("eagle", &["scholar", "eagle"]);
    assert_eq!(
        world.chosen(&call(&["eagle"])),
        ["academy/scholar", "grand/eagle"]
    );
}
