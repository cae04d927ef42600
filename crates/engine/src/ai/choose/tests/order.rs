//! Who comes before whom.

use super::*;

#[test]
fn a_plain_name_is_every_provider_that_has_it_in_the_catalogues_order() {
    let world = World::new();
    let found = ["swift/open/oss-120b", "grand/open/oss-120b:free"];
    assert_eq!(world.chosen(&call(&["oss-120b"])), found);
}

#[test]
fn the_operators_order_and_then_the_callers_are_before_the_catalogues() {
    let mut world = World::new();
    let own = ProviderSettings {
        order: Some(0),
        ..ProviderSettings::default()
    };
    world.settings.providers.insert("academy".into(), own);
    assert_eq!(
        world.chosen(&call(&["oss-20b"])),
        ["academy/scholar", "swift/open/oss-20b"]
    );
    let wanted = with(&["oss-20b"], |call| {
        call.wish.providers.allowed = vec!["swift".into(), "academy".into()];
    });
    assert_eq!(
        world.chosen(&wanted),
        ["swift/open/oss-20b", "academy/scholar"]
    );
}

#[test]
fn whom_the_caller_wants_first_is_first_and_the_others_keep_their_order() {
    let wanted = |names: &[&str], first: &str| {
        let world = World::new();
        world.chosen(&with(names, |call| {
            call.wish.first = Some(vec![first.into()]);
        }))
    };
    assert_eq!(
        wanted(&["oss-20b"], "academy"),
        ["academy/scholar", "swift/open/oss-20b"]
    );
    let found = wanted(&["auto"], "swift");
    let expected = [
        "swift/open/oss-120b",
        "swift/open/oss-20b",
        "academy/scholar",
        "grand/open/oss-120b:free",
    ];
    assert_eq!(found[..4], expected);
    assert_eq!(
        wanted(&["auto:large"], "swift")[..3],
        ["swift/open/oss-120b", "swift/open/oss-20b", "grand/eagle"]
    );
    assert_eq!(
        wanted(&["eagle", "oss-20b"], "academy"),
        ["grand/eagle", "academy/scholar", "swift/open/oss-20b"],
        "what one name stands for is before what the next one stands for"
    );
}

#[test]
fn several_names_are_tried_in_their_order_and_nobody_twice() {
    let world = World::new();
    let names = [
        "grand/eagle",
        "nobody-has-this",
        "oss-20b",
        "swift/open/oss-20b",
        "eagle",
    ];
    assert_eq!(
        world.chosen(&call(&names)),
        ["grand/eagle", "swift/open/oss-20b", "academy/scholar"]
    );
}

#[test]
fn credentials_of_one_provider_take_turns() {
    let mut world = World::new();
    let own = ["1", "2", "3"].map(|number| credential("swift", number));
    world.credentials.insert("swift".into(), own.into());
    world.turn = 4;
    let choice = world.choose(&call(&["swift/oss-20b"])).unwrap();
    let ids = choice.candidates.iter().map(|found| found.candidate.name());
    assert_eq!(ids.collect::<Vec<_>>(), ["swift/2", "swift/3", "swift/1"]);
}
