use std::borrow::Cow;

use bytes::Bytes;
use guichet_catalogue::files::{File, Files};
use guichet_catalogue::model::Catalogue;
use guichet_catalogue::{Surroundings, load};
use guichet_dialects::facts::{Facts, FormatKind, TextSize};
use secrecy::SecretString;

use super::*;
use crate::ai::{Door, Origin, Wish};
use crate::call::Caller;
use crate::identity::{CredentialId, KeyId, OrganizationId, ProjectId};
use crate::settings::ProviderSettings;

/// Free and small; one of its models has a small window of tokens.
const SWIFT: &str = "order = 1\nbase_url = 'https://swift.example/v1'\nfree = ['*']\n\
    [auth]\ntype = 'bearer'\nenv = ['SWIFT_KEY']\n\
    [terms]\nlicence = 'own'\ncommercial = true\ntrains_on_data = true\n\
    [[quota]]\nlimit = 8000\nper = 'minute'\ndimension = 'tokens'\neach_model = true\nmodels = ['open/*']\n\
    [model.'open/oss-120b']\nnames = ['oss-120b']\ncontext = 131072\noutput = 65536\n\
    abilities = ['stream', 'tools', 'json']\nstrengths = { fast = 90, large = 65 }\n\
    [model.'open/oss-20b']\nnames = ['oss-20b']\ncontext = 131072\nabilities = ['stream']\n\
    strengths = { fast = 100, large = 45 }\n\
    [model.ear]\nnames = ['ear']\ntasks = ['transcription']\n";

/// Costs, passes every name on.
const GRAND: &str = "order = 2\nbase_url = 'https://grand.example/v1'\nany_model = true\nany_tasks = ['chat']\n\
    free = ['*:free']\nabilities = ['stream', 'tools', 'json']\n\
    [auth]\ntype = 'bearer'\nenv = ['GRAND_KEY']\n\
    [terms]\nlicence = 'own'\ncommercial = true\ntrains_on_data = false\n\
    [model.'open/oss-120b']\nnames = ['oss-120b-paid']\ncontext = 131072\nabilities = ['stream', 'tools', 'json', 'json_schema']\n\
    strengths = { fast = 60, large = 66 }\n\
    [model.'open/oss-120b:free']\nnames = ['oss-120b']\ncontext = 131072\nabilities = ['stream']\n\
    strengths = { fast = 60, large = 64 }\n\
    [model.eagle]\nnames = ['eagle']\ncontext = 1000000\noutput = 4096\n\
    abilities = ['stream', 'tools', 'json', 'json_schema', 'vision', 'logprobs', 'many_choices']\n\
    strengths = { fast = 30, large = 95, vision = 90, long = 95 }\n\
    [model.dodo]\nnames = ['dodo']\nabilities = ['stream']\nretires = 2026-11-22\n\
    [model.phoenix]\nnames = ['phoenix']\nabilities = ['stream']\nretires = 2026-11-23\n";

/// Free for some uses only.
const ACADEMY: &str = "order = 3\nbase_url = 'https://academy.example/v1'\nfree = ['*']\n\
    [auth]\ntype = 'bearer'\nenv = ['ACADEMY_KEY']\n\
    [terms]\nlicence = 'own'\ncommercial = false\ntrains_on_data = false\n\
    [model.scholar]\nnames = ['scholar', 'oss-20b']\ncontext = 4096\nabilities = ['stream', 'vision']\n\
    strengths = { fast = 40, large = 70, vision = 50 }\n";

/// A server of the operator's own.
const HOME: &str = "order = 4\nbase_url = 'http://127.0.0.1:11434/v1'\nlocal = true\nany_model = true\n\
    any_tasks = ['chat']\n";

struct World {
    catalogue: Arc<Catalogue>,
    discovered: Discovered,
    aliases: BTreeMap<String, Vec<String>>,
    settings: Settings,
    credentials: Credentials,
    turn: usize,
}

impl World {
    fn new() -> Self {
        let mut files = Files::default();
        for (id, text) in [
            ("swift", SWIFT),
            ("grand", GRAND),
            ("academy", ACADEMY),
            ("home", HOME),
        ] {
            let file = File {
                name: format!("{id}.toml"),
                text: Cow::Borrowed(text),
                own: true,
            };
            files.insert(&format!("ai/{id}.toml"), file);
        }
        let catalogue =
            load(&files, &Surroundings::default()).unwrap_or_else(|problems| panic!("{problems}"));
        let credentials =
            ["swift", "grand", "academy"].map(|id| (id.into(), vec![credential(id, "1")]));
        Self {
            catalogue: Arc::new(catalogue),
            discovered: Discovered::default(),
            aliases: BTreeMap::new(),
            settings: Settings::default(),
            credentials: Credentials::from_iter(credentials),
            turn: 0,
        }
    }

    fn choose(&self, call: &ModelCall) -> Result<Choice, Reason> {
        let index = Index::new(Arc::clone(&self.catalogue), &self.settings);
        Choosing {
            index: &index,
            discovered: &self.discovered,
            aliases: &self.aliases,
            call,
            settings: &self.settings,
            credentials: &self.credentials,
            today: jiff::civil::date(2026, 11, 22),
            turn: self.turn,
        }
        .choose()
    }

    /// `swift/open/oss-120b`, in order.
    fn chosen(&self, call: &ModelCall) -> Vec<String> {
        let choice = self.choose(call).unwrap();
        let name = |found: &ModelCandidate| {
            format!("{}/{}", found.candidate.endpoint.provider.id, found.model)
        };
        choice.candidates.iter().map(name).collect()
    }

    fn skipped(&self, call: &ModelCall) -> Vec<(String, SkipReason)> {
        let choice = self.choose(call).unwrap();
        let skipped = choice.skipped.iter();
        skipped
            .map(|skipped| (skipped.provider.to_string(), skipped.reason))
            .collect()
    }

    fn list(&mut self, id: &str, context: Option<u64>) {
        let listed = Listed {
            id: id.into(),
            changed: None,
            tasks: None,
            context,
            abilities: None,
        };
        self.discovered
            .0
            .entry("home".into())
            .or_default()
            .push(listed);
    }

    fn alias(&mut self, name: &str, names: &[&str]) {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        self.aliases.insert(name.to_owned(), names);
    }
}

fn credential(provider: &str, number: &str) -> Arc<Credential> {
    Arc::new(Credential {
        id: CredentialId::new(format!("{provider}/{number}")),
        provider: provider.into(),
        secret: SecretString::from("secret"),
    })
}

fn call(models: &[&str]) -> ModelCall {
    ModelCall {
        door: Door::Chat,
        body: Bytes::new(),
        content_type: None,
        facts: Facts::default(),
        wish: Wish {
            models: models.iter().map(|name| (*name).to_owned()).collect(),
            ..Wish::default()
        },
        caller: Caller {
            organization: OrganizationId::new("own"),
            project: None,
            policy: None,
            peer: None,
            request_id: "1".into(),
        },
        origin: Origin {
            project: ProjectId::new("own"),
            key: KeyId::new("own"),
            budgets: Arc::default(),
        },
    }
}

fn with(models: &[&str], change: impl FnOnce(&mut ModelCall)) -> ModelCall {
    let mut call = call(models);
    change(&mut call);
    call
}

/// A text of so many tokens.
fn tokens(count: u64) -> TextSize {
    TextSize {
        latin: count * 4,
        wide: 0,
    }
}

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
