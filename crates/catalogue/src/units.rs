//! Durations and sizes as people write them: `10m`, `24h`, `30d`, `2MiB`.

use std::time::Duration;

/// Reads `250ms`, `30s`, `10m`, `24h`, `30d`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong =
        || format!("`{text}` is no duration: write a number and ms, s, m, h or d, such as `10m`");
    let (number, unit) = split(text).ok_or_else(wrong)?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    number
        .checked_mul(milliseconds)
        .map(Duration::from_millis)
        .ok_or_else(wrong)
}

/// Reads `500`, `64KiB`, `2MiB`: bytes.
pub fn size(text: &str) -> Result<usize, String> {
    let wrong = || format!("`{text}` is no size: write a number and B, KiB or MiB, such as `2MiB`");
    let (number, unit) = split(text).ok_or_else(wrong)?;
    let bytes = match unit {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        _ => return Err(wrong()),
    };
    number
        .checked_mul(bytes)
        .and_then(|size| usize::try_from(size).ok())
        .ok_or_else(wrong)
}

fn split(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    Some((text[..digits].parse().ok()?, text[digits..].trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_are_read_with_their_units() {
        assert_eq!(duration("10m"), Ok(Duration::from_mins(10)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("30d"), Ok(Duration::from_hours(30 * 24)));
        assert_eq!(size("2MiB"), Ok(2 << 20));
        assert_eq!(size("500"), Ok(500));
        for wrong in ["", "m", "10", "10 weeks", "-3s", "99999999999999999999s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
