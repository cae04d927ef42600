//! What a person reads who starts the server: where it is, the first key, three calls to try.

use std::fmt::Write;
use std::net::SocketAddr;

use guichet_access::NewKey;
use secrecy::ExposeSecret;

use super::reachable;
use crate::output;

/// They need no network, so that they work on any machine.
const EXAMPLES: [&str; 3] = [
    "/api/time/now?tz=Europe/Paris",
    "/api/countries/get?country=FR",
    "/api/tools/units?value=10&from=km&to=mi",
];

/// The first line, before anything slow.
pub(super) fn starting(address: SocketAddr) {
    let version = env!("CARGO_PKG_VERSION");
    say(&format!(
        "Guichet {version} starting on http://{}\n",
        reachable(address)
    ));
}

/// The first key, if this is the first start, and calls to try it with.
pub(super) fn first_steps(address: SocketAddr, first: Option<&NewKey>) {
    say(&text(address, first.map(|key| key.text.expose_secret())));
}

fn text(address: SocketAddr, first_key: Option<&str>) -> String {
    let mut text = match first_key {
        Some(key) => format!("\nYour first key. Keep it: it is shown this once.\n\n  {key}\n"),
        None => "\nMake a key with `guichet key create` and set it as GUICHET_KEY.\n".to_owned(),
    };
    text.push_str("\nTry it, even without a network:\n\n");
    let key = first_key.unwrap_or("$GUICHET_KEY");
    for example in EXAMPLES {
        let url = format!("http://{}{example}", reachable(address));
        // Writing to a String cannot fail.
        let _written = writeln!(text, "  curl -H \"Authorization: Bearer {key}\" \"{url}\"");
    }
    text.push('\n');
    text
}

/// A server goes on when nobody reads what it says.
fn say(text: &str) {
    if let Err(error) = output::print(text) {
        tracing::warn!(%error, "stdout cannot be written to");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_key_is_in_every_example_and_later_its_variable_is() {
        let address = SocketAddr::from(([0, 0, 0, 0], 8080));
        let first = text(address, Some("gch_a_b"));
        assert_eq!(first.matches("Bearer gch_a_b").count(), 3);
        assert!(first.contains("\"http://127.0.0.1:8080/api/time/now?tz=Europe/Paris\""));
        let later = text(address, None);
        assert_eq!(later.matches("Bearer $GUICHET_KEY").count(), 3);
    }
}
