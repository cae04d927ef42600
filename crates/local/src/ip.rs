//! What an address says by itself: its version and the range it lies in.
//!
//! Where a public address is in use is not known here; a private one must never be asked about elsewhere, so this comes
//! before every remote provider.

mod ranges;

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use crate::{Context, Failure, Function, params};
use ranges::Range;

pub(crate) const FUNCTIONS: &[(&str, Function)] = &[("ip.lookup", lookup), ("ip.me", me)];

/// An address (`ip`) that is not public.
fn lookup(parameters: &Map<String, Value>, context: &Context) -> Result<Value, Failure> {
    let address = asked(parameters, context)?;
    match Range::of(address) {
        Range::Public => Err(Failure::Unsupported(
            "where a public address is in use is not known here".to_owned(),
        )),
        range => Ok(description(address, range)),
    }
}

/// The caller's own address, public or not: what can be said of it without asking anybody.
fn me(parameters: &Map<String, Value>, context: &Context) -> Result<Value, Failure> {
    let address = asked(parameters, context)?;
    Ok(description(address, Range::of(address)))
}

/// The address of the parameter `ip`, else the caller's.
fn asked(parameters: &Map<String, Value>, context: &Context) -> Result<IpAddr, Failure> {
    let address = match params::optional_text(parameters, "ip")? {
        Some(text) => text
            .parse()
            .map_err(|_| params::invalid("ip", format!("\"{text}\" is no IPv4 or IPv6 address")))?,
        None => context.peer.ok_or_else(|| {
            Failure::Unsupported("the call did not come over the network".to_owned())
        })?,
    };
    // A socket for both versions shows IPv4 callers as `::ffff:192.0.2.1`.
    Ok(IpAddr::to_canonical(&address))
}

fn description(address: IpAddr, range: Range) -> Value {
    let version = if address.is_ipv4() { 4 } else { 6 };
    json!({ "ip": address.to_string(), "version": version, "type": range.name() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn call(name: &str, ip: Option<&str>, peer: Option<&str>) -> Result<Value, Failure> {
        let peer = peer.map(|peer| peer.parse().unwrap());
        let context = Context {
            now: jiff::Timestamp::UNIX_EPOCH,
            peer,
        };
        let parameters = ip
            .map(|ip| ("ip".to_owned(), ip.into()))
            .into_iter()
            .collect();
        crate::function(name).unwrap()(&parameters, &context)
    }

    #[test]
    fn a_private_address_is_described_here() {
        assert_eq!(
            call("ip.lookup", Some("192.168.1.7"), None).unwrap(),
            json!({ "ip": "192.168.1.7", "version": 4, "type": "private" })
        );
        assert_eq!(
            call("ip.lookup", Some("FE80:0::1"), None).unwrap(),
            json!({ "ip": "fe80::1", "version": 6, "type": "link_local" })
        );
        assert_eq!(
            call("ip.lookup", Some("::ffff:10.0.0.1"), None).unwrap(),
            json!({ "ip": "10.0.0.1", "version": 4, "type": "private" })
        );
    }

    #[test]
    fn a_public_address_is_left_to_others() {
        for ip in ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8"] {
            assert!(
                matches!(
                    call("ip.lookup", Some(ip), None),
                    Err(Failure::Unsupported(_))
                ),
                "{ip}"
            );
        }
    }

    #[test]
    fn the_caller_learns_its_own_address() {
        assert_eq!(
            call("ip.me", None, Some("::ffff:81.2.69.142")).unwrap(),
            json!({ "ip": "81.2.69.142", "version": 4, "type": "public" })
        );
        assert_eq!(
            call("ip.me", Some("::1"), Some("8.8.8.8")).unwrap(),
            json!({ "ip": "::1", "version": 6, "type": "loopback" })
        );
        assert!(matches!(
            call("ip.me", None, None),
            Err(Failure::Unsupported(_))
        ));
    }

    #[test]
    fn answers_keep_to_the_schema_of_their_category() {
        let schema: Value =
            serde_json::from_str(include_str!("../../../catalogue/ip/schema.json")).unwrap();
        let validator = |result: &str| {
            let mut schema = schema.clone();
            schema["$ref"] = format!("#/$defs/{result}").into();
            jsonschema::validator_for(&schema).unwrap()
        };
        let (located, address) = (validator("Located"), validator("Address"));
        for ip in [
            "10.0.0.1",
            "::1",
            "fe80::1",
            "100.64.0.1",
            "2001:db8::1",
            "ff02::1",
            "0.0.0.0",
            "240.0.0.1",
        ] {
            let answer = call("ip.lookup", Some(ip), None).unwrap();
            assert!(
                located.is_valid(&answer) && address.is_valid(&answer),
                "{answer}"
            );
        }
        // A public address without a country is an answer about oneself, and none about another.
        let own = call("ip.me", Some("8.8.8.8"), None).unwrap();
        assert!(address.is_valid(&own) && !located.is_valid(&own), "{own}");
        let mut placed = call("ip.lookup", Some("10.0.0.1"), None).unwrap();
        placed["country_code"] = "FR".into();
        assert!(
            !address.is_valid(&placed),
            "a private address lies in no country"
        );
    }

    #[test]
    fn what_is_no_address_is_refused_by_name() {
        for ip in [
            "",
            "localhost",
            "256.1.1.1",
            "1.2.3",
            "1.2.3.4/8",
            "fe80::1%eth0",
        ] {
            let answer = call("ip.lookup", Some(ip), None);
            assert!(
                matches!(answer, Err(Failure::Invalid { param: "ip", .. })),
                "{ip}: {answer:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn every_address_is_described_here_or_left_to_others(address: IpAddr) {
            match call("ip.lookup", Some(&address.to_string()), None) {
                Ok(answer) => prop_assert_ne!(&answer["type"], "public"),
                Err(failure) => prop_assert!(matches!(failure, Failure::Unsupported(_))),
            }
        }
    }
}
