use crate::loaded;

const BASE: &str = "base_url = 'https://a.example/v1'\n";

/// What is said of a file, and the line.
fn refused(text: &str) -> Vec<String> {
    let problems = loaded("a", text).expect_err("the file is wrong");
    problems.0.iter().map(ToString::to_string).collect()
}

fn wrong(text: &str) -> Vec<String> {
    refused(&format!("{BASE}{text}"))
}

#[test]
fn mistakes_of_a_server_are_named_with_their_line_and_what_would_be_right() {
    let said = [
        ("no base URL", refused("dialect = 'openai'")),
        ("no host", wrong("hosts = ['a b']")),
        ("a slip in a key", wrong("any_modell = true")),
        ("a slip in a dialect", wrong("dialect = 'antropic'")),
        ("a slip in a task", wrong("any_tasks = ['chatt']")),
        (
            "a slip in an ability",
            wrong("[model.m]\nabilities = ['visoin']"),
        ),
        (
            "a slip in a rule",
            wrong("[quirks]\nmessages = ['drop_name']"),
        ),
        (
            "a key in the URL",
            wrong("[auth]\ntype = 'query'\nname = 'key'"),
        ),
        (
            "no such task",
            wrong("dialect = 'anthropic'\nany_tasks = ['chat', 'images']"),
        ),
        (
            "a task that nobody does",
            wrong("[task.images]\npath = '/images'"),
        ),
        (
            "a path without a slash",
            wrong("[task.chat]\npath = 'chat'"),
        ),
        (
            "an account that nobody gives",
            refused("base_url = 'https://a.example/{account}/v1'"),
        ),
    ];
    insta::assert_debug_snapshot!(said);
}

#[test]
fn mistakes_of_models_quotas_and_quirks_are_named_too() {
    let said = [
        (
            "a plain name with a slash",
            wrong("[model.m]\nnames = ['a/b']"),
        ),
        (
            "one name twice",
            wrong("[model.m]\nnames = ['x']\n[model.n]\nnames = ['x']"),
        ),
        (
            "more output than context",
            wrong("[model.m]\ncontext = 10\noutput = 20"),
        ),
        (
            "a price without a date",
            wrong("[model.m]\nprice = { input = 1, output = 2 }"),
        ),
        (
            "a price below nothing",
            wrong("prices_as_of = 2026-11-22\n[model.m]\nprice = { input = -1 }"),
        ),
        (
            "a strength out of range",
            wrong("[model.m]\nstrengths = { fast = 101 }"),
        ),
        ("a time for a day", wrong("[model.m]\nretires = 07:32:00")),
        (
            "a pattern that fits nothing",
            wrong("free = ['gpt-5']\n[model.gpt-4]"),
        ),
        (
            "models without a budget",
            wrong("[[quota]]\nlimit = 1\nper = 'day'\nmodels = ['m']\n[model.m]"),
        ),
        (
            "two quotas in one budget",
            wrong(
                "[[quota]]\nlimit = 1\nper = 'day'\n[[quota]]\nlimit = 2\nper = 'day'\n[model.m]",
            ),
        ),
        (
            "a window without a name",
            wrong("[[limit]]\nlimit = 'x-limit'"),
        ),
        ("headers without a name", wrong("[[limit]]\nper = 'day'")),
        (
            "no header",
            wrong("[[limit]]\nper = 'day'\nlimit = 'x limit'"),
        ),
        (
            "the credential among the headers",
            wrong("[headers]\nAuthorization = 'Bearer x'"),
        ),
        (
            "a rename to itself",
            wrong("[quirks]\nrename = { seed = 'seed' }"),
        ),
        (
            "a default that is not let through",
            wrong("[quirks]\ndefaults = { n = 1 }\naccept_only = ['model']"),
        ),
        (
            "a filter that does not compile",
            wrong("[[error]]\nwhen = '.status =='\nclass = 'auth'"),
        ),
        (
            "no period",
            wrong("[[error]]\nwhen = 'true'\nclass = 'auth'\nper = 'fortnight'"),
        ),
        (
            "no day of a month",
            wrong("[[quota]]\nlimit = 1\nkind = 'anniversary'\nday = 32"),
        ),
    ];
    insta::assert_debug_snapshot!(said);
}

#[test]
fn what_only_models_have_is_refused_in_files_of_data() {
    use guichet_catalogue::files::{File, Files};
    use guichet_catalogue::{Surroundings, load};
    let mut files = Files::built_in();
    let text = files.get("crypto/kraken.toml").unwrap().text.clone();
    let more = "[[quota]]\nlimit = 1\nper = 'day'\neach_model = true\n\
                [[error]]\nwhen = 'false'\nclass = 'auth'\nscope = 'model'\n";
    files.insert(
        "crypto/kraken.toml",
        File {
            name: "kraken.toml".into(),
            text: format!("{text}\n{more}").into(),
            own: true,
        },
    );
    let surroundings = Surroundings {
        functions: guichet_local::names().collect(),
    };
    let problems = load(&files, &surroundings).unwrap_err();
    let said: Vec<String> = problems.0.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said.iter().all(|one| one.contains("providers of models")));
}

#[test]
fn two_providers_of_one_name_are_refused_across_categories() {
    use guichet_catalogue::files::{File, Files};
    use guichet_catalogue::{Surroundings, load};
    let mut files = Files::built_in();
    files.insert(
        "ai/kraken.toml",
        File {
            name: "kraken.toml".into(),
            text: BASE.into(),
            own: true,
        },
    );
    let surroundings = Surroundings {
        functions: guichet_local::names().collect(),
    };
    let problems = load(&files, &surroundings).unwrap_err().to_string();
    assert!(problems.contains("ids are unique"), "{problems}");
}
