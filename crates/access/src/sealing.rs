//! Envelope encryption: a secret is sealed by its own random data key, the data key is wrapped by the master key.
//!
//! XChaCha20-Poly1305 both times; its 24-byte nonces may be random for ever. What is sealed is bound to its place
//! (table, row, column, version), so that a sealed value moved elsewhere does not open.

use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::{AccessError, MasterKey, random};

const NONCE_LENGTH: usize = 24;
/// The version of the sealed form itself: nonce ‖ ciphertext ‖ tag.
const FORM: i64 = 1;

/// A row that holds a sealed secret.
#[derive(Clone, Copy)]
pub(crate) struct Place<'row> {
    pub(crate) table: &'static str,
    pub(crate) row: &'row str,
    /// The column of the sealed secret; the wrapped key is in `data_key`.
    pub(crate) column: &'static str,
}

/// A master key and which one of the installation's it is.
#[derive(Clone)]
pub(crate) struct Master {
    pub(crate) key: MasterKey,
    pub(crate) version: i64,
}

/// What a row stores.
pub(crate) struct Envelope {
    pub(crate) data_key: Vec<u8>,
    pub(crate) secret: Vec<u8>,
}

impl Master {
    /// Seals a secret for a place under a new data key.
    pub(crate) fn seal(&self, place: Place<'_>, secret: &[u8]) -> Result<Envelope, AccessError> {
        let data_key = random::key_bytes()?;
        Ok(Envelope {
            data_key: self.wrap(place, &data_key)?,
            secret: encrypt(&data_key, &bind(place, place.column, FORM), secret)?,
        })
    }

    /// Opens an envelope; none if the key is wrong, or the envelope altered or moved.
    pub(crate) fn open(
        &self,
        place: Place<'_>,
        data_key: &[u8],
        secret: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let data_key = self.unwrap(place, data_key)?;
        decrypt(&data_key, &bind(place, place.column, FORM), secret)
    }

    /// Wraps a data key for the next master key; the sealed secret itself stays as it is.
    pub(crate) fn rewrap(
        &self,
        next: &Self,
        place: Place<'_>,
        data_key: &[u8],
    ) -> Result<Vec<u8>, AccessError> {
        let data_key = self
            .unwrap(place, data_key)
            .ok_or_else(|| AccessError::DamagedSecret {
                what: format!("{} `{}`", place.table, place.row),
            })?;
        next.wrap(place, &data_key)
    }

    fn wrap(&self, place: Place<'_>, data_key: &[u8; 32]) -> Result<Vec<u8>, AccessError> {
        encrypt(
            self.key.bytes(),
            &bind(place, "data_key", self.version),
            data_key,
        )
    }

    fn unwrap(&self, place: Place<'_>, wrapped: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
        let bytes = decrypt(
            self.key.bytes(),
            &bind(place, "data_key", self.version),
            wrapped,
        )?;
        <[u8; 32]>::try_from(bytes.as_slice())
            .ok()
            .map(Zeroizing::new)
    }
}

/// No name holds a NUL, so that no two places read alike.
fn bind(place: Place<'_>, column: &str, version: i64) -> Vec<u8> {
    format!("{}\0{}\0{column}\0{version}", place.table, place.row).into_bytes()
}

#[expect(
    clippy::expect_used,
    reason = "the cipher refuses only messages over 256 GiB"
)]
fn encrypt(key: &[u8; 32], aad: &[u8], msg: &[u8]) -> Result<Vec<u8>, AccessError> {
    let nonce = XNonce::try_generate()?;
    let ciphertext = XChaCha20Poly1305::new(key.into()).encrypt(&nonce, Payload { msg, aad });
    Ok([
        nonce.as_slice(),
        &ciphertext.expect("a message of less than 256 GiB"),
    ]
    .concat())
}

fn decrypt(key: &[u8; 32], aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, msg) = sealed.split_at_checked(NONCE_LENGTH)?;
    let nonce = XNonce::try_from(nonce).ok()?;
    XChaCha20Poly1305::new(key.into())
        .decrypt(&nonce, Payload { msg, aad })
        .ok()
        .map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'static> = Place {
        table: "credential",
        row: "nasa/1",
        column: "secret",
    };

    fn master(version: i64) -> Master {
        Master {
            key: MasterKey::generate().unwrap(),
            version,
        }
    }

    #[test]
    fn what_was_sealed_opens_at_its_place_alone() {
        let master = master(1);
        let envelope = master.seal(HERE, b"planted").unwrap();
        let open =
            |master: &Master, place| master.open(place, &envelope.data_key, &envelope.secret);
        assert_eq!(open(&master, HERE).unwrap().as_slice(), b"planted");
        assert!(
            open(
                &master,
                Place {
                    row: "nasa/2",
                    ..HERE
                }
            )
            .is_none()
        );
        assert!(
            open(
                &master,
                Place {
                    table: "vault",
                    ..HERE
                }
            )
            .is_none()
        );
        assert!(
            open(
                &master,
                Place {
                    column: "pepper",
                    ..HERE
                }
            )
            .is_none()
        );
        assert!(
            open(
                &Master {
                    version: 2,
                    ..master.clone()
                },
                HERE
            )
            .is_none()
        );
        assert!(open(&self::master(1), HERE).is_none());
    }

    #[test]
    fn every_altered_byte_is_noticed() {
        let master = master(1);
        let envelope = master.seal(HERE, b"planted").unwrap();
        for index in 0..envelope.secret.len() {
            let mut altered = envelope.secret.clone();
            altered[index] ^= 1;
            assert!(master.open(HERE, &envelope.data_key, &altered).is_none());
        }
        for index in 0..envelope.data_key.len() {
            let mut altered = envelope.data_key.clone();
            altered[index] ^= 1;
            assert!(master.open(HERE, &altered, &envelope.secret).is_none());
        }
        assert!(master.open(HERE, &[], &envelope.secret).is_none());
    }

    #[test]
    fn a_rewrapped_data_key_opens_with_the_next_master_key_alone() {
        let (old, new) = (master(1), master(2));
        let envelope = old.seal(HERE, b"planted").unwrap();
        let rewrapped = old.rewrap(&new, HERE, &envelope.data_key).unwrap();
        assert_eq!(
            new.open(HERE, &rewrapped, &envelope.secret)
                .unwrap()
                .as_slice(),
            b"planted"
        );
        assert!(old.open(HERE, &rewrapped, &envelope.secret).is_none());
        assert!(new.rewrap(&old, HERE, &envelope.data_key).is_err());
    }

    #[test]
    fn the_same_secret_never_looks_the_same() {
        let master = master(1);
        let (one, two) = (
            master.seal(HERE, b"planted").unwrap(),
            master.seal(HERE, b"planted").unwrap(),
        );
        assert_ne!(one.secret, two.secret);
        assert_ne!(one.data_key, two.data_key);
    }
}
