//! The special ranges of addresses, after IANA's special-purpose registries (RFC 6890) of IPv4 and IPv6.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What kind of range an address lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Range {
    /// In use, or usable, on the internet.
    Public,
    /// RFC 1918 and unique local addresses (RFC 4193).
    Private,
    Loopback,
    LinkLocal,
    /// Shared between a provider and its customers (RFC 6598).
    Cgnat,
    /// For examples in texts.
    Documentation,
    Multicast,
    /// Kept for protocols, benchmarks or the future.
    Reserved,
    Unspecified,
}

/// The first range of these that holds an address is its range; the rest is public.
const VERSION_4: &[([u8; 4], u32, Range)] = &[
    ([0, 0, 0, 0], 32, Range::Unspecified),
    ([0, 0, 0, 0], 8, Range::Reserved),
    ([10, 0, 0, 0], 8, Range::Private),
    ([100, 64, 0, 0], 10, Range::Cgnat),
    ([127, 0, 0, 0], 8, Range::Loopback),
    ([169, 254, 0, 0], 16, Range::LinkLocal),
    ([172, 16, 0, 0], 12, Range::Private),
    ([192, 0, 0, 0], 24, Range::Reserved),
    ([192, 0, 2, 0], 24, Range::Documentation),
    // 6to4 relays, given up by RFC 7526.
    ([192, 88, 99, 0], 24, Range::Reserved),
    ([192, 168, 0, 0], 16, Range::Private),
    // Benchmarks (RFC 2544).
    ([198, 18, 0, 0], 15, Range::Reserved),
    ([198, 51, 100, 0], 24, Range::Documentation),
    ([203, 0, 113, 0], 24, Range::Documentation),
    ([224, 0, 0, 0], 4, Range::Multicast),
    ([240, 0, 0, 0], 4, Range::Reserved),
];

/// The first range of these that holds an address is its range; the rest is reserved. Only `2000::/3` is given out.
const VERSION_6: &[([u16; 8], u32, Range)] = &[
    ([0, 0, 0, 0, 0, 0, 0, 0], 128, Range::Unspecified),
    ([0, 0, 0, 0, 0, 0, 0, 1], 128, Range::Loopback),
    // Translation to IPv4 (RFC 6052), and its local kind (RFC 8215).
    ([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96, Range::Reserved),
    ([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48, Range::Private),
    // Protocol assignments, Teredo and ORCHID among them.
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, Range::Reserved),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, Range::Documentation),
    // 6to4, given up by RFC 7526; the IPv4 address in it may be private.
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, Range::Reserved),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, Range::Documentation),
    ([0x2000, 0, 0, 0, 0, 0, 0, 0], 3, Range::Public),
    ([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, Range::Private),
    ([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, Range::LinkLocal),
    // Site-local addresses, given up by RFC 3879 and still found in private networks.
    ([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, Range::Private),
    ([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, Range::Multicast),
];

impl Range {
    /// An IPv4 address mapped into IPv6 (`::ffff:10.0.0.1`) is what is in it.
    pub(super) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::of_version_4(address),
            IpAddr::V6(address) => Self::of_version_6(address),
        }
    }

    /// As it stands in the unified schema.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Loopback => "loopback",
            Self::LinkLocal => "link_local",
            Self::Cgnat => "cgnat",
            Self::Documentation => "documentation",
            Self::Multicast => "multicast",
            Self::Reserved => "reserved",
            Self::Unspecified => "unspecified",
        }
    }

    fn of_version_4(address: Ipv4Addr) -> Self {
        let holds = |start: [u8; 4], bits: u32| {
            (address.to_bits() ^ Ipv4Addr::from(start).to_bits()).leading_zeros() >= bits
        };
        VERSION_4
            .iter()
            .find(|&&(start, bits, _)| holds(start, bits))
            .map_or(Self::Public, |&(_, _, range)| range)
    }

    fn of_version_6(address: Ipv6Addr) -> Self {
        let holds = |start: [u16; 8], bits: u32| {
            (address.to_bits() ^ Ipv6Addr::from(start).to_bits()).leading_zeros() >= bits
        };
        VERSION_6
            .iter()
            .find(|&&(start, bits, _)| holds(start, bits))
            .map_or(Self::Reserved, |&(_, _, range)| range)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_range_begins_and_ends_where_the_registry_says() {
        for (range, addresses) in [
            (Range::Unspecified, &["0.0.0.0", "::"][..]),
            (
                Range::Loopback,
                &["127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1"],
            ),
            (
                Range::Private,
                &[
                    "10.0.0.0",
                    "10.255.255.255",
                    "172.16.0.0",
                    "172.31.255.255",
                    "192.168.0.1",
                    "fc00::",
                    "fdff:ffff::1",
                    "fec0::1",
                    "64:ff9b:1::7",
                    "::ffff:10.1.2.3",
                ],
            ),
            (Range::LinkLocal, &["169.254.0.1", "fe80::1", "febf::1"]),
            (Range::Cgnat, &["100.64.0.0", "100.127.255.255"]),
            (
                Range::Documentation,
                &[
                    "192.0.2.1",
                    "198.51.100.1",
                    "203.0.113.255",
                    "2001:db8::1",
                    "3fff:fff::1",
                ],
            ),
            (
                Range::Multicast,
                &["224.0.0.1", "239.255.255.255", "ff02::1"],
            ),
            (
                Range::Reserved,
                &[
                    "0.0.0.1",
                    "192.0.0.8",
                    "192.88.99.1",
                    "198.18.0.1",
                    "198.19.255.255",
                    "240.0.0.1",
                    "255.255.255.255",
                    "100::1",
                    "2001::1",
                    "2001:1ff::1",
                    "64:ff9b::808:808",
                    "2002:808:808::1",
                    "5f00::1",
                    "::2",
                    "4000::1",
                ],
            ),
            (
                Range::Public,
                &[
                    "1.1.1.1",
                    "9.255.255.255",
                    "11.0.0.0",
                    "100.63.255.255",
                    "100.128.0.0",
                    "128.0.0.1",
                    "172.15.255.255",
                    "172.32.0.0",
                    "192.0.1.0",
                    "198.17.255.255",
                    "198.20.0.0",
                    "223.255.255.255",
                    "2001:200::1",
                    "2606:4700::1111",
                    "::ffff:8.8.8.8",
                ],
            ),
        ] {
            for address in addresses {
                assert_eq!(Range::of(address.parse().unwrap()), range, "{address}");
            }
        }
    }

    proptest! {
        /// Rust's own predicates know some of the ranges.
        #[test]
        fn the_standard_library_agrees(bits: u32) {
            let address = Ipv4Addr::from_bits(bits);
            let range = Range::of(address.into());
            prop_assert_eq!(range == Range::Private, address.is_private());
            prop_assert_eq!(range == Range::Loopback, address.is_loopback());
            prop_assert_eq!(range == Range::LinkLocal, address.is_link_local());
            prop_assert_eq!(range == Range::Multicast, address.is_multicast());
            prop_assert_eq!(range == Range::Documentation, address.is_documentation());
        }
    }
}
