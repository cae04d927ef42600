//! One vector as base64 of little-endian 32-bit floats, and back.

use crate::base64;

/// The vector as base64.
#[must_use]
pub fn write_base64(vector: &[f32]) -> String {
    let bytes: Vec<u8> = vector
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    base64::encode(&bytes)
}

/// The vector that this base64 holds; none if it is not base64, or its bytes do not come out even.
#[must_use]
pub fn read_base64(text: &str) -> Option<Vec<f32>> {
    let bytes = base64::decode(text)?;
    let (numbers, rest) = bytes.as_chunks::<4>();
    rest.is_empty()
        .then(|| numbers.iter().copied().map(f32::from_le_bytes).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What `base64.b64encode(array("f", [1.0, -2.5, 0.1]).tobytes())` gives in Python.
    #[test]
    fn the_bytes_are_those_that_official_clients_read() {
        assert_eq!(write_base64(&[1.0, -2.5, 0.1]), "AACAPwAAIMDNzMw9");
        assert_eq!(read_base64("AACAPwAAIMDNzMw9"), Some(vec![1.0, -2.5, 0.1]));
    }

    #[test]
    fn half_a_number_is_no_vector() {
        assert_eq!(read_base64("AACA"), None);
        assert_eq!(read_base64("AACAPw="), None);
        assert_eq!(read_base64("AAC?Pw=="), None);
    }

    proptest! {
        #[test]
        fn every_vector_survives(vector: Vec<f32>) {
            let back = read_base64(&write_base64(&vector)).unwrap_or_default();
            let bits = |numbers: &[f32]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&back), bits(&vector));
        }

        #[test]
        fn no_text_makes_it_panic(text: String) {
            let _ = read_base64(&text);
        }
    }
}
