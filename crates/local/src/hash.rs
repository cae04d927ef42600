//! Digests and checksums of text, over its UTF-8 bytes.

use md5::Md5;
use serde_json::{Map, Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use crate::params::{choice, required_text};
use crate::{Context, Failure, Function};

pub(crate) const FUNCTIONS: &[(&str, Function)] = &[("hash.digest", digest)];

const ALGORITHMS: &[(&str, Algorithm)] = &[
    (
        "sha256",
        Algorithm {
            name: "sha256",
            secure: true,
            run: |bytes| Sha256::digest(bytes).to_vec(),
        },
    ),
    (
        "sha512",
        Algorithm {
            name: "sha512",
            secure: true,
            run: |bytes| Sha512::digest(bytes).to_vec(),
        },
    ),
    (
        "blake3",
        Algorithm {
            name: "blake3",
            secure: true,
            run: |bytes| blake3::hash(bytes).as_bytes().to_vec(),
        },
    ),
    // Collisions of SHA-1 (2017) and MD5 (2004) are practical: for old formats and accidents, not for attackers.
    (
        "sha1",
        Algorithm {
            name: "sha1",
            secure: false,
            run: |bytes| Sha1::digest(bytes).to_vec(),
        },
    ),
    (
        "md5",
        Algorithm {
            name: "md5",
            secure: false,
            run: |bytes| Md5::digest(bytes).to_vec(),
        },
    ),
    (
        "crc32",
        Algorithm {
            name: "crc32",
            secure: false,
            run: |bytes| crc32fast::hash(bytes).to_be_bytes().to_vec(),
        },
    ),
];

#[derive(Clone, Copy)]
struct Algorithm {
    name: &'static str,
    /// Whether nobody can make two texts with the same digest on purpose.
    secure: bool,
    run: fn(&[u8]) -> Vec<u8>,
}

/// `text` (may be empty), `algorithm` (default sha256) → `Digest`: lower-case hexadecimal, its length in bits.
fn digest(params: &Map<String, Value>, _: &Context) -> Result<Value, Failure> {
    let text = required_text(params, "text")?;
    let algorithm = choice(params, "algorithm", ALGORITHMS, ALGORITHMS[0].1)?;
    let bytes = (algorithm.run)(text.as_bytes());
    Ok(json!({
        "algorithm": algorithm.name,
        "hex": hexadecimal(&bytes),
        "bits": bytes.len() * 8,
        "secure": algorithm.secure,
    }))
}

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
    nibbles
        .map(|nibble| char::from(DIGITS[usize::from(nibble)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex_of(algorithm: &str, text: &str) -> String {
        let params = json!({ "algorithm": algorithm, "text": text });
        let context = Context {
            now: jiff::Timestamp::UNIX_EPOCH,
            peer: None,
        };
        let result = digest(params.as_object().unwrap(), &context).unwrap();
        result["hex"].as_str().unwrap().to_owned()
    }

    /// FIPS 180 examples, RFC 1321 appendix A.5, the check value of CRC-32/ISO-HDLC and BLAKE3's own empty input.
    #[test]
    fn the_published_vectors_come_out() {
        let vectors = [
            (
                "sha256",
                "abc",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                "sha256",
                "",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
            (
                "sha512",
                "abc",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                 2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
            ("sha1", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            ("md5", "message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            ("md5", "", "d41d8cd98f00b204e9800998ecf8427e"),
            ("crc32", "123456789", "cbf43926"),
            (
                "blake3",
                "",
                "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
            ),
        ];
        for (algorithm, text, expected) in vectors {
            assert_eq!(hex_of(algorithm, text), expected, "{algorithm} of {text:?}");
        }
    }

    #[test]
    fn text_is_hashed_as_utf_8() {
        assert_eq!(
            hex_of("md5", "é"),
            "66ddcd97cfdeabb2f6fb8a999b4bc76f".to_owned()
        );
    }

    #[test]
    fn only_the_broken_and_the_checksums_are_insecure() {
        let insecure: Vec<&str> = ALGORITHMS
            .iter()
            .filter(|(_, algorithm)| !algorithm.secure)
            .map(|(name, _)| *name)
            .collect();
        assert_eq!(insecure, ["sha1", "md5", "crc32"]);
    }
}
