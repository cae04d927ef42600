use guichet_catalogue::model::Decoder;
use serde_json::json;

use super::{base64, csv_table, decode, feed, looks_like_html, xml};

#[test]
fn xml_becomes_a_tree_without_prefixes() {
    let body = br#"<?xml version="1.0"?><e:Envelope xmlns:e="urn:x"><Cube time='2026-11-20'><Cube currency="USD" rate="1.1"/></Cube>a &amp; b<![CDATA[ <c>]]></e:Envelope>"#;
    let root = xml::read(body).unwrap();
    assert_eq!(root["name"], "Envelope");
    assert_eq!(root["text"], "a & b <c>");
    assert_eq!(
        root["children"][0]["attributes"],
        json!({"time": "2026-11-20"})
    );
    assert_eq!(
        root["children"][0]["children"][0]["attributes"]["rate"],
        "1.1"
    );
}

#[test]
fn xml_that_is_broken_deep_or_clever_is_refused() {
    let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>"#;
    let deep = format!("{}{}", "<a>".repeat(200), "</a>".repeat(200));
    for body in ["<a><b></a>", "<a>", "", "{}", bomb, &deep] {
        assert!(xml::read(body.as_bytes()).is_err(), "{body:.40}");
    }
}

#[test]
fn a_table_becomes_objects_named_by_its_header() {
    let table = csv_table::read(b"Date,USD\n2026-11-20, 1.1\n2026-11-19,\"1,2\"\n").unwrap();
    assert_eq!(
        table,
        json!([{"Date": "2026-11-20", "USD": "1.1"}, {"Date": "2026-11-19", "USD": "1,2"}])
    );
    assert!(csv_table::read(b"a,b\n1\n").is_err());
}

#[test]
fn feeds_of_both_kinds_have_one_shape() {
    let rss = br#"<rss version="2.0"><channel><title>News</title><link>https://a.example/</link><item><guid>1</guid><title>One</title><link>https://a.example/1</link><pubDate>Fri, 20 Nov 2026 10:00:00 GMT</pubDate></item></channel></rss>"#;
    let atom = br#"<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title><id>f</id><updated>2026-11-20T10:00:00Z</updated><entry><id>1</id><title>One</title><link href="https://a.example/1"/><updated>2026-11-20T10:00:00Z</updated></entry></feed>"#;
    for body in [&rss[..], &atom[..]] {
        let feed = feed::read(body).unwrap();
        assert_eq!(feed["title"], "News");
        assert_eq!(feed["entries"][0]["title"], "One");
        assert_eq!(feed["entries"][0]["url"], "https://a.example/1");
    }
    assert!(feed::read(b"<html></html>").is_err());
}

#[test]
fn a_page_is_recognized_whatever_comes_before_it() {
    for body in [
        "<!DOCTYPE html><html>",
        "\u{feff}\n <html lang=\"en\">",
        "<HEAD>",
    ] {
        assert!(looks_like_html(Decoder::Json, body.as_bytes()), "{body}");
    }
    for body in [
        "{\"a\": \"<html>\"}",
        "<rss>",
        "",
        "<?xml version=\"1.0\"?><html/>",
    ] {
        assert!(!looks_like_html(Decoder::Json, body.as_bytes()), "{body}");
    }
    assert!(!looks_like_html(Decoder::Bytes, b"<html>"));
}

#[test]
fn an_error_names_the_place_and_quotes_nothing() {
    let error = decode(Decoder::Json, b"{\"secret\": tru").unwrap_err();
    assert!(
        error.contains("line 1") && !error.contains("secret"),
        "{error}"
    );
    assert!(decode(Decoder::Ndjson, b"{}\n{\n").is_err());
    assert!(decode(Decoder::Text, &[0xff, 0xfe]).is_err());
}

#[test]
fn json_nested_without_end_is_refused() {
    let bomb = "[".repeat(100_000);
    assert!(decode(Decoder::Json, bomb.as_bytes()).is_err());
}

#[test]
fn base64_is_the_standard_one() {
    let vectors = [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foobar", "Zm9vYmFy"),
    ];
    for (plain, encoded) in vectors {
        assert_eq!(base64(plain.as_bytes()), encoded);
    }
}
