use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Bound, Compiler, FilterError, Input, Limits, Variables};

fn run(code: &str, input: &Value) -> Result<Value, FilterError> {
    let mut compiler = Compiler::default();
    let filter = compiler.add("", code);
    let limits = Limits {
        time: Duration::from_millis(400),
        ..Limits::default()
    };
    let program = compiler.compile(limits).unwrap();
    program.run(filter, &Input::from(input), &Variables::default())
}

fn refused(code: &str) -> String {
    let mut compiler = Compiler::default();
    compiler.add("", code);
    compiler.compile(Limits::default()).unwrap_err()[0]
        .reason
        .clone()
}

#[test]
fn a_filter_maps_an_answer() {
    let input = json!({"current": {"time": 1_795_345_200, "temperature_2m": 7.5, "missing": null}});
    let code = "{observed_at: (.current.time | epoch), temperature_c: .current.temperature_2m, x: .current.missing} | compact";
    assert_eq!(
        run(code, &input).unwrap(),
        json!({"observed_at": "2026-11-22T11:00:00Z", "temperature_c": 7.5})
    );
}

#[test]
fn many_filters_share_one_program_and_keep_their_own_preludes() {
    let mut compiler = Compiler::default();
    let filters: Vec<_> = (0..40)
        .map(|n| compiler.add(&format!("def own: {n};"), "own + ."))
        .collect();
    let program = compiler.compile(Limits::default()).unwrap();
    for (n, filter) in filters.into_iter().enumerate() {
        let sum = program
            .run(filter, &Input::from(&json!(100)), &Variables::default())
            .unwrap();
        assert_eq!(sum, json!(100 + n));
    }
}

#[test]
fn definitions_that_nothing_calls_are_left_out_and_those_behind_others_are_not() {
    let prelude = "def a: 1; def unused: tempreature; def b: a + 1; def c($x): b + $x;";
    let mut compiler = Compiler::default();
    let filter = compiler.add(prelude, "{sum: c(.), text: \"\\(b)\"}");
    let program = compiler.compile(Limits::default()).unwrap();
    let given = program.run(filter, &Input::from(&json!(3)), &Variables::default());
    assert_eq!(given.unwrap(), json!({"sum": 5, "text": "2"}));
}

#[test]
fn the_helpers_read_what_providers_write() {
    let numbers = json!(["1,234.5", "12 %", "N/A", ".", "-", "", 7, null, "$ 3"]);
    assert_eq!(
        run("map(num)", &numbers).unwrap(),
        json!([1234.5, 12, null, null, null, null, 7, null, 3])
    );
    assert_eq!(
        run("map(kmh)", &json!([36, "72", null])).unwrap(),
        json!([10, 20, null])
    );
    assert_eq!(run("fahrenheit", &json!(212)).unwrap(), json!(100));
    assert_eq!(
        run("map(epoch)", &json!([0, 1_700_000_000_000_u64, null])).unwrap(),
        json!(["1970-01-01T00:00:00Z", "2023-11-14T22:13:20Z", null])
    );
    assert_eq!(
        run("strip_html", &json!("<p>a &amp; <b>b</b>&nbsp;c</p>")).unwrap(),
        json!("a & b c")
    );
    assert_eq!(
        run("map(wmo_condition)", &json!([0, 71, 1234])).unwrap(),
        json!(["clear", "snow", "unknown"])
    );
    let addresses = json!([
        "8.8.8.8",
        "10.1.2.3",
        "172.20.0.1",
        "172.32.0.1",
        "100.64.0.1",
        "::1",
        "2001:4860::1",
        "::ffff:10.0.0.1"
    ]);
    assert_eq!(
        run("map(is_public_ip)", &addresses).unwrap(),
        json!([true, false, false, true, false, false, true, false])
    );
}

#[test]
fn what_reaches_outside_does_not_exist() {
    for code in [
        "halt",
        "halt_error",
        "env",
        "$ENV",
        "input",
        "inputs",
        "debug",
        "stderr",
        "input_filename",
    ] {
        assert!(
            refused(code).contains("there is no"),
            "{code}: {}",
            refused(code)
        );
    }
}

#[test]
fn the_time_is_the_calls_and_not_the_clocks() {
    assert_eq!(run("[now, $now]", &Value::Null).unwrap(), json!([0, 0]));
}

#[test]
fn a_syntax_error_names_its_line() {
    let mut compiler = Compiler::default();
    compiler.add("", ".good");
    let bad = compiler.add("", ".a |\n.b |\n)");
    let errors = compiler.compile(Limits::default()).unwrap_err();
    assert_eq!(
        (errors[0].filter, errors[0].line),
        (bad, 2),
        "{}",
        errors[0].reason
    );
}

#[test]
fn an_unknown_name_is_found_in_its_filter() {
    let mut compiler = Compiler::default();
    compiler.add("", ".good");
    let bad = compiler.add("", ".a\n| tempreature");
    let errors = compiler.compile(Limits::default()).unwrap_err();
    assert_eq!((errors[0].filter, errors[0].line), (bad, 1));
    assert_eq!(errors[0].reason, "there is no filter `tempreature` here");
}

#[test]
fn a_filter_that_recurses_without_end_ends_itself_and_nothing_else() {
    for code in [
        "def f: 1 + f; f",
        "def f: [f]; f",
        "def f: f | f; f",
        "def f: (f)? // f; f",
        "def f: try f catch f; f",
        "def f: {a: f}; f",
        "def f: . as $x | f | $x; f",
        "def f: reduce (1, 2) as $x (0; f); f",
        "def f: if f then 1 else 2 end; f",
        "def f: \"\\(f)\"; f",
        "path(def f: .a | f; f)",
    ] {
        assert!(
            matches!(run(code, &json!({})), Err(FilterError::Stopped(_))),
            "{code}"
        );
    }
}

#[test]
fn a_filter_that_loops_without_end_is_stopped() {
    for code in [
        "[repeat(1)]",
        "last(repeat(1))",
        "until(false; . + 1)",
        "[range(0; 1; 0)]",
        "last(range(0; 1; 0))",
        "reduce range(0; infinite) as $i (0; $i)",
        "first(range(0; infinite) | select(false))",
        "isempty(recurse(.) | empty)",
        "skip(1e18; range(0; infinite))",
        "def f: f; f",
    ] {
        let begin = Instant::now();
        assert!(
            matches!(run(code, &json!(0)), Err(FilterError::Stopped(_))),
            "{code}"
        );
        assert!(
            begin.elapsed() < Duration::from_secs(20),
            "{code} took {:?}",
            begin.elapsed()
        );
    }
}

#[test]
fn a_value_that_grows_without_end_is_stopped() {
    for code in [
        "\"x\" * 1000000000",
        "reduce range(60) as $i (\"x\"; . + .)",
        "reduce range(60) as $i ([1]; . + .)",
        "reduce range(60) as $i ([1]; [.[], .[]])",
        "reduce range(60) as $i (1; [., .]) | tojson | length",
        "reduce range(60) as $i (1; [., .])",
        "reduce range(60) as $i (1; [., .]) | \"\\(.)\" | length",
        "reduce range(60) as $i (10000000000000000000; . * .)",
        "reduce range(60) as $i (\"x\"; . += .)",
        "reduce range(60) as $i (\"x\"; . *= 10)",
    ] {
        assert!(
            matches!(run(code, &json!(0)), Err(FilterError::Stopped(_))),
            "{code}: {:?}",
            run(code, &json!(0)).map(|_| ())
        );
    }
}

#[test]
fn a_value_nested_too_deep_is_stopped_before_it_can_overflow_a_stack() {
    for code in [
        "reduce range(200000) as $i (0; [.])",
        "reduce range(200000) as $i (0; {a: .})",
        "reduce range(200000) as $i (0; [0, .])",
        "until(false; [.])",
    ] {
        let stopped = run(code, &json!(0));
        assert!(
            matches!(
                stopped,
                Err(FilterError::Stopped(Bound::Depth | Bound::Time))
            ),
            "{code}: {stopped:?}"
        );
    }
    assert!(matches!(
        run("(\"[\" * 100000) | fromjson", &json!(0)),
        Err(FilterError::Failed(_))
    ));
}

#[test]
fn a_filter_written_too_deep_is_refused() {
    let brackets = format!("{}1{}", "[".repeat(15_000), "]".repeat(15_000));
    assert_eq!(refused(&brackets), "nested too deep");
    assert!(refused(&".a | ".repeat(10_000)).contains("longer than"));
    assert!(refused("def f(g): f(g | g); f(.)").contains("takes filters and calls itself"));
    assert!(
        refused("def f(g): def h(k): f(k | k); h(g); f(.)")
            .contains("takes filters and calls itself")
    );
}

#[test]
fn library_filters_still_work_inside_the_fence() {
    let input = json!({"a": [3, 1, 2], "b": {"c": "x,y"}});
    assert_eq!(
        run(".a | sort | map(. * 2) | add", &input).unwrap(),
        json!(12)
    );
    assert_eq!(
        run(".b.c | split(\",\") | join(\"-\")", &input).unwrap(),
        json!("x-y")
    );
    assert_eq!(
        run(".a[1:] += [9] | .a", &input).unwrap(),
        json!([3, 1, 2, 9])
    );
    assert_eq!(
        run("[paths(type == \"number\")] | length", &input).unwrap(),
        json!(3)
    );
    assert_eq!(
        run("to_entries | map(.key)", &input).unwrap(),
        json!(["a", "b"])
    );
    assert_eq!(
        run("[limit(3; range(10))]", &input).unwrap(),
        json!([0, 1, 2])
    );
    assert_eq!(
        run(
            "walk(if type == \"number\" then . + 1 else . end) | .a",
            &input
        )
        .unwrap(),
        json!([4, 2, 3])
    );
    assert_eq!(
        run("@uri \"/v1/\\(.b.c)\"", &input).unwrap(),
        json!("/v1/x%2Cy")
    );
    assert_eq!(
        run("[\"3\", \"08\", \"1.50\", 2] | map(tonumber)", &input).unwrap(),
        json!([3, 8, 1.5, 2])
    );
    assert!(run("\"x\" | tonumber", &input).is_err());
    assert_eq!(
        run("[.a[] | IN(1, 2)]", &input).unwrap(),
        json!([false, true, true])
    );
}
