//! The tools and the built-in fun, called by name as the engine calls them, held against their categories' schemas.
#![expect(
    clippy::unwrap_used,
    reason = "a test may panic, and clippy does not see helpers of tests as tests"
)]

mod schema;

use guichet_local::{Context, Failure, function};
use serde_json::{Value, json};

fn call(name: &str, params: &Value) -> Result<Value, Failure> {
    let context = Context {
        now: "2026-11-22T10:31:00Z".parse().unwrap(),
        peer: None,
    };
    function(name).unwrap()(params.as_object().unwrap(), &context)
}

/// Calls with each of these parameters and checks each answer.
fn all_fit(name: &str, category: &str, definition: &str, inputs: &[Value]) {
    for params in inputs {
        let answer =
            call(name, params).unwrap_or_else(|failure| panic!("{name} {params}: {failure:?}"));
        schema::check(category, definition, &answer);
    }
}

fn refused(name: &str, params: &Value) -> &'static str {
    match call(name, params) {
        Err(Failure::Invalid { param, .. }) => param,
        other => panic!("{name} {params}: {other:?}"),
    }
}

#[test]
fn answers_of_the_tools_fit_their_schema() {
    let qr = [
        json!({ "text": "https://example.org/" }),
        json!({ "text": "0123456789", "error_correction": "H", "format": "text" }),
        json!({ "text": "Où est le guichet ?\n窓口", "error_correction": "L", "format": "svg" }),
        json!({ "text": "x".repeat(2000) }),
    ];
    all_fit("qr.encode", "tools", "QrCode", &qr);
    let uuid = [
        json!({}),
        json!({ "version": "4", "count": 1 }),
        json!({ "version": "7", "count": 100 }),
    ];
    all_fit("ids.uuid", "tools", "Uuids", &uuid);
    let algorithms = ["sha256", "sha512", "blake3", "sha1", "md5", "crc32"];
    let hash = algorithms.map(|algorithm| json!({ "text": "abc", "algorithm": algorithm }));
    all_fit("hash.digest", "tools", "Digest", &hash);
    all_fit("hash.digest", "tools", "Digest", &[json!({ "text": "" })]);
    let units = [
        json!({ "value": 26.2, "from": "miles", "to": "km" }),
        json!({ "value": -40, "from": "°F", "to": "°C" }),
        json!({ "value": 0, "from": "GiB", "to": "Mb" }),
        json!({ "value": 6.5, "from": "L/100km", "to": "mpg imp" }),
    ];
    all_fit("units.convert", "tools", "Conversion", &units);
    let lorem = [
        json!({}),
        json!({ "paragraphs": 50 }),
        json!({ "words": 1000, "seed": 1 }),
        json!({ "words": 1 }),
    ];
    all_fit("text.lorem", "tools", "Lorem", &lorem);
    let password = [
        json!({}),
        json!({ "length": 8, "symbols": false }),
        json!({ "length": 128, "symbols": true }),
    ];
    all_fit("ids.password", "tools", "Password", &password);
    let language = [
        json!({ "text": "The quick brown fox jumps over the lazy dog." }),
        json!({ "text": "ok" }),
        json!({ "text": "窓口は日曜日に閉まっています。" }),
    ];
    all_fit("language.detect", "tools", "Language", &language);
}

#[test]
fn bad_input_names_the_parameter() {
    assert_eq!(refused("qr.encode", &json!({ "text": "" })), "text");
    assert_eq!(
        refused(
            "qr.encode",
            &json!({ "text": "a", "error_correction": "X" })
        ),
        "error_correction"
    );
    assert_eq!(refused("ids.uuid", &json!({ "count": 0 })), "count");
    assert_eq!(refused("hash.digest", &json!({})), "text");
    assert_eq!(
        refused(
            "units.convert",
            &json!({ "value": "7", "from": "m", "to": "km" })
        ),
        "value"
    );
    assert_eq!(refused("ids.password", &json!({ "length": 7 })), "length");
    assert_eq!(
        refused("text.lorem", &json!({ "paragraphs": 51 })),
        "paragraphs"
    );
}

#[test]
fn the_built_in_fun_fits_its_schema_in_both_languages() {
    let inputs = [
        json!({}),
        json!({ "lang": "en-GB" }),
        json!({ "lang": "fr" }),
    ];
    // The choice is random: draw more than once.
    for _ in 0..20 {
        all_fit("fun.joke", "fun", "Joke", &inputs);
        all_fit("fun.quote", "fun", "Quote", &inputs);
        all_fit("fun.fact", "fun", "Fact", &inputs);
    }
}

#[test]
fn a_language_that_is_not_built_in_is_left_to_other_providers() {
    for name in ["fun.joke", "fun.quote", "fun.fact"] {
        assert!(
            matches!(
                call(name, &json!({ "lang": "cs" })),
                Err(Failure::Unsupported(_))
            ),
            "{name}"
        );
    }
}

/// Reads the text form's half blocks back into modules and decodes them with an independent reader.
#[test]
fn a_code_says_what_was_put_in() {
    let texts = [
        "https://example.org/?q=1&lang=fr",
        "0123456789",
        "HELLO WORLD",
        "Où ? 窓口 🎫",
        &"long ".repeat(200),
    ];
    for text in texts {
        for level in ["L", "M", "Q", "H"] {
            let code = call(
                "qr.encode",
                &json!({ "text": text, "error_correction": level, "format": "text" }),
            )
            .unwrap();
            assert_eq!(decoded(&code), text, "{level}");
        }
    }
}

fn decoded(code: &Value) -> String {
    let size = usize::try_from(code["modules"].as_u64().unwrap()).unwrap();
    let margin = (usize::try_from(code["size"].as_u64().unwrap()).unwrap() - size) / 2;
    let lines: Vec<Vec<char>> = code["content"]
        .as_str()
        .unwrap()
        .lines()
        .map(|line| line.chars().collect())
        .collect();
    let dark = |column: usize, row: usize| {
        let (column, row) = (column + margin, row + margin);
        let dark_halves = if row % 2 == 0 {
            [' ', '▄']
        } else {
            [' ', '▀']
        };
        dark_halves.contains(&lines[row / 2][column])
    };
    let grid = rqrr::SimpleGrid::from_func(size, dark);
    rqrr::Grid::new(grid).decode().unwrap().1
}

/// Both forms are drawings of the same modules.
#[test]
fn the_svg_shows_the_same_code_as_the_text_form() {
    let params = |format: &str| json!({ "text": "the same", "format": format });
    let text = call("qr.encode", &params("text")).unwrap();
    let svg = call("qr.encode", &params("svg")).unwrap();
    let blocks = text["content"].as_str().unwrap();
    let dark_in_text: usize = blocks
        .chars()
        .map(|block| match block {
            ' ' => 2,
            '▄' | '▀' => 1,
            _ => 0,
        })
        .sum();
    // The last line of an odd number of rows ends with a row that is not there, and is drawn light.
    let path = svg["content"]
        .as_str()
        .unwrap()
        .rsplit("d=\"")
        .next()
        .unwrap();
    let dark_in_svg: usize = path
        .split('M')
        .filter_map(|run| run.split_once('h')?.1.split_once('v'))
        .map(|(length, _)| length.parse::<usize>().unwrap())
        .sum();
    assert_eq!(dark_in_svg, dark_in_text);
}
