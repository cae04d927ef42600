use proptest::prelude::*;
use serde_json::{Map, Value};

use super::*;

fn edited(body: &str, change: impl FnOnce(&mut Editor<'_>)) -> String {
    let mut editor = Members::read(body.as_bytes()).unwrap().edit();
    change(&mut editor);
    String::from_utf8(editor.finish()).unwrap()
}

const BODY: &str = " {\"model\" : \"a\\u0062\",\n \"n\":1.00 , \"messages\":[ {\"role\":\"user\"} ],\t\"x\":{\"model\":1}}\n";

#[test]
fn values_are_found_as_they_were_written() {
    let members = Members::read(BODY.as_bytes()).unwrap();
    assert_eq!(members.get("model"), Some("\"a\\u0062\""));
    assert_eq!(members.get("n"), Some("1.00"));
    assert_eq!(members.get("role"), None, "only the top is looked at");
    let names: Vec<_> = members.iter().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(names, ["model", "n", "messages", "x"]);
}

#[test]
fn what_is_not_edited_keeps_every_byte() {
    assert_eq!(edited(BODY, |_| {}), BODY);
    assert_eq!(
        edited(BODY, |edit| {
            edit.set("model", "\"z\"")
                .rename("n", "m")
                .remove("x")
                .set("stream", "true");
        }),
        " {\"model\" : \"z\",\n \"m\":1.00 , \"messages\":[ {\"role\":\"user\"} ],\"stream\":true}\n"
    );
    assert_eq!(
        edited(BODY, |edit| {
            edit.remove("model").remove("messages");
        }),
        " {\"n\":1.00,\t\"x\":{\"model\":1}}\n"
    );
}

#[test]
fn an_empty_object_can_be_filled_and_a_full_one_emptied() {
    assert_eq!(
        edited("{ }", |edit| _ = edit.set("a", "1").set("b", "2")),
        "{\"a\":1,\"b\":2 }"
    );
    assert_eq!(
        edited("{ \"a\":1, \"b\":2 }", |edit| _ =
            edit.remove("a").remove("b")),
        "{  }"
    );
    assert_eq!(
        edited("{\"a\":1}", |edit| _ = edit.remove("a").set("a", "2")),
        "{\"a\":2}"
    );
}

#[test]
fn no_member_hides_behind_another_of_its_name_or_behind_escapes() {
    let twice = r#"{"model":"free","mod\u0065l":"paid"}"#;
    assert_eq!(
        Members::read(twice.as_bytes()).unwrap().get("model"),
        Some("\"paid\"")
    );
    assert_eq!(
        edited(twice, |edit| _ = edit.set("model", "\"x\"")),
        r#"{"model":"x","mod\u0065l":"x"}"#
    );
    assert_eq!(edited(twice, |edit| _ = edit.remove("model")), "{}");
    assert_eq!(
        edited(r#"{"max_tokens":1,"max_completion_tokens":2}"#, |edit| {
            edit.rename("max_tokens", "max_completion_tokens");
        }),
        r#"{"max_completion_tokens":1}"#
    );
}

#[test]
fn what_is_no_object_is_told() {
    for (body, reason) in [
        (&b"[1]"[..], "must be a JSON object"),
        (b"", "is not valid JSON"),
        (b"{\"a\":1", "is not valid JSON"),
        (b"{\"a\":1}{", "is not valid JSON"),
        (b"{\"a\":\"\xff\"}", "is not UTF-8"),
    ] {
        let malformed = Members::read(body).unwrap_err();
        assert!(malformed.reason.starts_with(reason), "{malformed}");
    }
}

#[test]
fn elements_of_an_array_are_replaced_one_by_one() {
    let array = "[ {\"a\":1} , 2,\n3.0 ]";
    assert_eq!(elements(array).unwrap(), ["{\"a\":1}", "2", "3.0"]);
    let changed = replace_elements(array, |index, _| Ok((index == 1).then(|| b"null".to_vec())));
    assert_eq!(changed, Ok(Some(b"[ {\"a\":1} , null,\n3.0 ]".to_vec())));
    assert_eq!(replace_elements(array, |_, _| Ok(None)), Ok(None));
}

proptest! {
    #[test]
    fn names_and_values_are_found_between_any_blanks(
        names in prop::collection::vec("[a-c\"\\\\é]{0,3}", 0..6),
        texts in prop::collection::vec("[ -~é]{0,9}", 6),
        blank in "[ \n\r\t]{0,2}",
    ) {
        let values = names.iter().zip(&texts).enumerate().map(|(number, (name, text))| {
            let text = Value::from(text.as_str());
            let value = match number % 4 {
                0 => text.to_string(),
                1 => format!("[{text},{blank}{{\"x\":{text}}}]"),
                2 => "-1.5e3".to_owned(),
                _ => format!("{{{blank}\"y\":[],\"z\":{text}}}"),
            };
            (name.as_str(), value)
        });
        let values: Vec<(&str, String)> = values.collect();
        let members = values.iter().map(|(name, value)| {
            format!("{blank}{}{blank}:{value}{blank}", Value::from(*name))
        });
        let body = format!("{blank}{{{}}}{blank}", members.collect::<Vec<_>>().join(","));
        let read = Members::read(body.as_bytes()).unwrap();
        let read: Vec<(&str, String)> = read.iter().map(|(name, value)| (name, value.to_owned())).collect();
        prop_assert_eq!(read, values, "{}", body);
        for cut in (0..body.trim_end().len()).filter(|cut| body.is_char_boundary(*cut)) {
            prop_assert!(Members::read(&body.as_bytes()[..cut]).is_err());
        }
    }

    #[test]
    fn an_edit_does_to_the_text_what_it_would_do_to_the_value(
        members in proptest::collection::btree_map("[a-e\"\\\\é]{1,2}", any::<i32>(), 0..6),
        edits in proptest::collection::vec(("[a-e\"\\\\é]{1,2}", 0..3), 0..6),
    ) {
        let mut expected: Map<String, Value> =
            members.into_iter().map(|(name, value)| (name, value.into())).collect();
        let body = serde_json::to_string_pretty(&expected).unwrap();
        let mut editor = Members::read(body.as_bytes()).unwrap().edit();
        for (name, what) in &edits {
            match what {
                0 => {
                    expected.insert(name.clone(), true.into());
                    editor.set(name, "true");
                }
                1 => {
                    expected.remove(name);
                    editor.remove(name);
                }
                _ => {
                    if let Some(value) = expected.remove(name) {
                        expected.insert("new".into(), value);
                    }
                    editor.rename(name, "new");
                }
            }
        }
        let read: Map<String, Value> = serde_json::from_slice(&editor.finish()).unwrap();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..60)) {
        if let Ok(members) = Members::read(&body) {
            prop_assert_eq!(members.edit().finish(), body);
        }
    }
}

#[test]
fn what_is_large_and_unchanged_is_not_copied() {
    let text = "x".repeat(40_000);
    let body = bytes::Bytes::from(format!(
        r#"{{"a":1,"text":"{text}","model":"auto","z":[1]}}"#
    ));
    let mut editor = Members::read(&body).unwrap().edit();
    editor.set("model", "\"m\"").remove("a").set("new", "true");
    let pieces = editor.finish_sharing(&body);
    assert_eq!(pieces.concat(), editor.finish());
    let shared = |piece: &bytes::Bytes| body.as_ptr_range().contains(&piece.as_ptr());
    let copied: usize = pieces
        .iter()
        .filter(|piece| !shared(piece))
        .map(bytes::Bytes::len)
        .sum();
    assert!(copied < 100, "{copied} bytes are copied");

    let other = bytes::Bytes::from_static(b"{}");
    assert_eq!(editor.finish_sharing(&other).concat(), editor.finish());
}

#[test]
fn only_what_will_do_is_kept() {
    let kept = edited(r#"{"a":1, "b":2, "c":3}"#, |editor| {
        assert!(!editor.is_changed());
        editor.set("d", "4").keep(|name| name == "b");
        assert!(editor.is_changed());
    });
    assert_eq!(kept, r#"{"b":2}"#);
}
