//! Which proxies are believed when they say for whom they ask.
//!
//! **Invariant:** what a peer says that the operator did not name is never read.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::HeaderMap;
use ipnet::IpNet;

use crate::forwarded::{forwarded, x_forwarded_for};

/// The networks of the proxies in front of this server; none by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Whether an address is that of a trusted proxy.
    #[must_use]
    pub fn covers(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The caller's address: the peer's own; where that is a trusted proxy, the nearest one to it that is not.
    ///
    /// A proxy writes one of the two headers and may pass on the other as the caller made it up, so where both are
    /// there and tell different stories, neither counts.
    #[must_use]
    pub fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.covers(peer) {
            return peer;
        }
        let older = x_forwarded_for(headers).map(|chain| self.stranger(peer, chain));
        let newer = forwarded(headers).map(|hops| {
            let chain = hops.into_iter().map(|hop| hop.client).collect();
            self.stranger(peer, chain)
        });
        match (older, newer) {
            (Some(one), Some(other)) if one != other => peer,
            (one, other) => one.or(other).unwrap_or(peer),
        }
    }

    /// The last address of a chain that is no trusted proxy's. Where the chain is cut by one that nobody knows, or
    /// holds trusted proxies only, the farthest that can be believed.
    fn stranger(&self, peer: IpAddr, chain: Vec<Option<IpAddr>>) -> IpAddr {
        let mut believed = peer;
        for address in chain.into_iter().rev() {
            let Some(address) = address else { break };
            believed = address;
            if !self.covers(address) {
                break;
            }
        }
        believed
    }
}

/// Reads addresses and networks, separated by commas.
impl FromStr for TrustedProxies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let items = text
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty());
        items.map(network).collect::<Result<_, _>>().map(Self)
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    let alone = text
        .parse::<IpAddr>()
        .map(|address| IpNet::from(address.to_canonical()));
    alone.or_else(|_| text.parse()).map_err(|_| {
        format!(
            "`{text}` is neither an address such as `127.0.0.1` nor a network such as `10.0.0.0/8`"
        )
    })
}

/// As it is read; one address stands without its length.
impl fmt::Display for TrustedProxies {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, network) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            if network.prefix_len() == network.max_prefix_len() {
                write!(formatter, "{comma}{}", network.addr())?;
            } else {
                write!(formatter, "{comma}{network}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const PROXY: &str = "127.0.0.1";

    /// Whom a request of this peer with these headers comes from, behind `127.0.0.1` and `10.0.0.0/8`.
    fn caller(peer: &str, said: &[(&'static str, &'static str)]) -> String {
        let trusted: TrustedProxies = "127.0.0.1, 10.0.0.0/8".parse().unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in said {
            headers.append(*name, HeaderValue::from_static(value));
        }
        trusted.caller(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn whoever_is_not_trusted_is_the_caller_whatever_it_says() {
        let said = [
            ("x-forwarded-for", "192.0.2.1"),
            ("forwarded", "for=192.0.2.1"),
        ];
        assert_eq!(caller("203.0.113.7", &said), "203.0.113.7");
        let nobody = TrustedProxies::default();
        assert!(!nobody.covers(PROXY.parse().unwrap()));
    }

    #[test]
    fn a_trusted_proxy_tells_who_asks() {
        assert_eq!(
            caller(PROXY, &[("x-forwarded-for", "192.0.2.1")]),
            "192.0.2.1"
        );
        assert_eq!(
            caller("::ffff:127.0.0.1", &[("forwarded", "for=192.0.2.1:99")]),
            "192.0.2.1"
        );
        assert_eq!(caller(PROXY, &[]), PROXY, "it asks for itself");
    }

    #[test]
    fn what_a_caller_made_up_stands_left_of_the_truth_and_is_not_believed() {
        let chain = "1.1.1.1, 192.0.2.1, 10.0.0.5, 10.9.9.9";
        assert_eq!(caller(PROXY, &[("x-forwarded-for", chain)]), "192.0.2.1");
        let lines = [
            ("x-forwarded-for", "1.1.1.1"),
            ("x-forwarded-for", "192.0.2.1"),
        ];
        assert_eq!(caller(PROXY, &lines), "192.0.2.1");
    }

    #[test]
    fn a_chain_is_believed_as_far_as_it_can_be_read() {
        let cut = [("x-forwarded-for", "192.0.2.1, unknown, 10.0.0.5")];
        assert_eq!(caller(PROXY, &cut), "10.0.0.5");
        let within = [("x-forwarded-for", "10.0.0.1, 10.0.0.2")];
        assert_eq!(caller(PROXY, &within), "10.0.0.1");
    }

    #[test]
    fn two_headers_that_disagree_are_not_believed() {
        let agreeing = [
            ("x-forwarded-for", "192.0.2.1"),
            ("forwarded", "for=192.0.2.1"),
        ];
        assert_eq!(caller(PROXY, &agreeing), "192.0.2.1");
        let disagreeing = [
            ("x-forwarded-for", "192.0.2.1"),
            ("forwarded", "for=1.1.1.1"),
        ];
        assert_eq!(caller(PROXY, &disagreeing), PROXY);
    }

    #[test]
    fn what_is_shown_can_be_read_again() {
        let text = "127.0.0.1,10.0.0.0/8,::1,fd00::/8";
        let read: TrustedProxies = text.parse().unwrap();
        assert_eq!(read.to_string(), text);
        assert_eq!("".parse(), Ok(TrustedProxies::default()));
        let error = "localhost".parse::<TrustedProxies>().unwrap_err();
        assert!(error.starts_with("`localhost` is neither"), "{error}");
        assert!("10.0.0.0/33".parse::<TrustedProxies>().is_err());
    }
}
