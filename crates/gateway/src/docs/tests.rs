//! The page of the built-in catalogue.

use sha2::{Digest, Sha256};

use super::*;
use crate::testing::{catalogue, promised};

#[test]
fn the_policy_allows_the_style_that_is_in_the_page() {
    let hash = base64(&Sha256::digest(STYLE.as_bytes()));
    assert!(
        POLICY.contains(&format!("'sha256-{hash}'")),
        "the style changed: its hash is {hash}"
    );
}

#[test]
fn every_operation_has_its_place() {
    let catalogue = catalogue();
    let page = page(&catalogue, |_| promised()).at("http://localhost:1");
    for operation in catalogue.operations() {
        assert!(
            page.contains(&format!("<code>/api/{}</code>", operation.id)),
            "{}",
            operation.id
        );
    }
    assert!(!page.contains("<script"), "no script");
    assert!(!page.contains("src="), "nothing is loaded");
}

#[test]
fn every_example_asks_the_server_that_showed_it() {
    let page = page(&catalogue(), |_| promised()).at("https://api.example.com");
    let examples: Vec<&str> = page.lines().filter(|line| line.contains("curl")).collect();
    assert!(examples.len() > 20, "{}", examples.len());
    for example in examples {
        let at = "&#39;https://api.example.com/api/";
        assert_eq!(example.matches(at).count(), 1, "{example}");
    }
    assert!(!page.contains(HERE));
}

#[test]
fn clients_of_openai_and_anthropic_are_told_what_to_change() {
    let page = page(&catalogue(), |_| promised()).at("https://api.example.com");
    assert!(page.contains("OpenAI(base_url=&quot;https://api.example.com/v1&quot;"));
    assert!(page.contains("Anthropic(base_url=&quot;https://api.example.com&quot;"));
}

#[test]
fn what_stands_in_the_catalogue_cannot_become_markup() {
    assert_eq!(
        Text("<a href=\"x\">&'").to_string(),
        "&lt;a href=&quot;x&quot;&gt;&amp;&#39;"
    );
    assert_eq!(Prose("a `<b>` c").to_string(), "a <code>&lt;b&gt;</code> c");
}

/// Standard base64 with padding.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |bits: u32| char::from(LETTERS[(bits & 63) as usize]);
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, index| {
            bits << 8 | u32::from(*chunk.get(index).unwrap_or(&0))
        });
        let letters = [
            letter(bits >> 18),
            letter(bits >> 12),
            letter(bits >> 6),
            letter(bits),
        ];
        text.extend(&letters[..=chunk.len()]);
        text.extend(std::iter::repeat_n('=', 3 - chunk.len()));
    }
    text
}
