//! Names as they are compared: without case, accents, punctuation and the like.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// `Côte d’Ivoire` as `cote d ivoire`. Letters of other scripts stay.
pub(super) fn fold(name: &str) -> String {
    let letters = name.nfd().filter(|letter| !is_combining_mark(*letter));
    let spaced: String = letters
        .flat_map(char::to_lowercase)
        .flat_map(plain)
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Letters that do not come apart into a plain one and an accent; whatever is no letter parts words.
fn plain(letter: char) -> impl Iterator<Item = char> {
    let replaced = match letter {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ł' => "l",
        'þ' => "th",
        'ı' => "i",
        '&' => " and ",
        _ => "",
    };
    let kept = if letter.is_alphanumeric() {
        letter
    } else {
        ' '
    };
    let own = replaced.is_empty().then_some(kept);
    replaced.chars().chain(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_ornaments() {
        assert_eq!(fold("Côte d’Ivoire"), "cote d ivoire");
        assert_eq!(fold("  São Tomé & Príncipe "), "sao tome and principe");
        assert_eq!(fold("ÅLAND"), "aland");
        assert_eq!(fold("Россия"), "россия");
        assert_eq!(fold("Færøerne"), "faeroerne");
    }
}
