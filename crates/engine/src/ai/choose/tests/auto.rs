//! `auto` and its flavours.

use super::*;

#[test]
fn auto_takes_what_is_free_first_and_then_the_strongest() {
    let mut world = World::new();
    world.list("llama", None);
    let found = world.chosen(&call(&["auto"]));
    assert_eq!(
        found,
        [
            "academy/scholar",
            "swift/open/oss-120b",
            "grand/open/oss-120b:free",
            "swift/open/oss-20b",
            "home/llama",
            "grand/eagle",
            "grand/open/oss-120b",
            "grand/phoenix",
        ]
    );
}

#[test]
fn auto_with_a_flavour_takes_who_is_best_at_it() {
    let world = World::new();
    let first = |flavour: &str| world.chosen(&call(&[flavour])).remove(0);
    assert_eq!(first("auto:fast"), "swift/open/oss-20b");
    assert_eq!(first("auto:large"), "grand/eagle");
    assert_eq!(first("auto:vision"), "grand/eagle");
    assert_eq!(first("auto:long"), "grand/eagle");
}

#[test]
fn auto_asks_only_models_that_do_what_is_asked() {
    let world = World::new();
    let listen = with(&["auto"], |call| call.door = Door::Transcription);
    assert_eq!(world.chosen(&listen), ["swift/ear"]);
    let chat = world.skipped(&call(&["swift/ear"]));
    assert_eq!(chat, [("swift".into(), SkipReason::Ability)]);
}
