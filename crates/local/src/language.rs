//! Which language a text is written in, from its letters and trigrams.

use serde_json::{Map, Value, json};
use whatlang::{Lang, Script};

use crate::params::required_text;
use crate::{Context, Failure, Function};

pub(crate) const FUNCTIONS: &[(&str, Function)] = &[("language.detect", detect)];

/// `text` → `Language`: BCP 47 tag, ISO 15924 script, confidence from 0 to 1, and whether to rely on it.
fn detect(params: &Map<String, Value>, _: &Context) -> Result<Value, Failure> {
    let text = required_text(params, "text")?;
    let found = whatlang::detect(text).ok_or_else(|| {
        Failure::NotFound("the text has no letters of a language that is known here".to_owned())
    })?;
    let letters = text
        .chars()
        .filter(|character| character.is_alphabetic())
        .count();
    let enough = letters >= letters_needed(found.script());
    Ok(json!({
        "language": tag(found.lang()),
        "name": english_name(found.lang()),
        "script": script_code(found.script(), found.lang()),
        "confidence": (found.confidence().clamp(0.0, 1.0) * 10_000.0).round() / 10_000.0,
        "reliable": found.is_reliable() && enough,
    }))
}

/// The shortest BCP 47 tag: ISO 639-1, which every language that can be found has.
fn tag(language: Lang) -> &'static str {
    TAGS.iter()
        .find(|(known, _)| *known == language)
        .map_or_else(|| language.code(), |(_, tag)| tag)
}

/// The English name of CLDR where the detector's own differs from it.
fn english_name(language: Lang) -> &'static str {
    match language {
        Lang::Cmn => "Chinese",
        Lang::Nob => "Norwegian Bokmål",
        Lang::Slv => "Slovenian",
        Lang::Sin => "Sinhala",
        Lang::Ori => "Odia",
        other => other.eng_name(),
    }
}

/// With fewer letters than this an answer is a guess, however sure the detector is of it.
fn letters_needed(script: Script) -> usize {
    match script {
        // Many languages share these, and trigrams tell them apart.
        Script::Latin | Script::Cyrillic | Script::Arabic | Script::Devanagari | Script::Hebrew => {
            24
        }
        // Chinese, or a Japanese text without kana.
        Script::Mandarin => 8,
        _ => 1,
    }
}

/// ISO 15924: the characters of Chinese as such, Japanese as the mixture that it is.
fn script_code(script: Script, language: Lang) -> &'static str {
    match script {
        Script::Mandarin if language == Lang::Jpn => "Jpan",
        Script::Arabic => "Arab",
        Script::Armenian => "Armn",
        Script::Bengali => "Beng",
        Script::Cyrillic => "Cyrl",
        Script::Devanagari => "Deva",
        Script::Ethiopic => "Ethi",
        Script::Georgian => "Geor",
        Script::Greek => "Grek",
        Script::Gujarati => "Gujr",
        Script::Gurmukhi => "Guru",
        Script::Hangul => "Hang",
        Script::Hebrew => "Hebr",
        Script::Hiragana | Script::Katakana => "Jpan",
        Script::Kannada => "Knda",
        Script::Khmer => "Khmr",
        Script::Latin => "Latn",
        Script::Malayalam => "Mlym",
        Script::Mandarin => "Hani",
        Script::Myanmar => "Mymr",
        Script::Oriya => "Orya",
        Script::Sinhala => "Sinh",
        Script::Tamil => "Taml",
        Script::Telugu => "Telu",
        Script::Thai => "Thai",
    }
}

#[rustfmt::skip]
const TAGS: &[(Lang, &str)] = &[
    (Lang::Afr, "af"), (Lang::Aka, "ak"), (Lang::Amh, "am"), (Lang::Ara, "ar"), (Lang::Aze, "az"), (Lang::Bel, "be"),
    (Lang::Ben, "bn"), (Lang::Bul, "bg"), (Lang::Cat, "ca"), (Lang::Ces, "cs"), (Lang::Cmn, "zh"), (Lang::Cym, "cy"),
    (Lang::Dan, "da"), (Lang::Deu, "de"), (Lang::Ell, "el"), (Lang::Eng, "en"), (Lang::Epo, "eo"), (Lang::Est, "et"),
    (Lang::Fin, "fi"), (Lang::Fra, "fr"), (Lang::Guj, "gu"), (Lang::Heb, "he"), (Lang::Hin, "hi"), (Lang::Hrv, "hr"),
    (Lang::Hun, "hu"), (Lang::Hye, "hy"), (Lang::Ind, "id"), (Lang::Ita, "it"), (Lang::Jav, "jv"), (Lang::Jpn, "ja"),
    (Lang::Kan, "kn"), (Lang::Kat, "ka"), (Lang::Khm, "km"), (Lang::Kor, "ko"), (Lang::Lat, "la"), (Lang::Lav, "lv"),
    (Lang::Lit, "lt"), (Lang::Mal, "ml"), (Lang::Mar, "mr"), (Lang::Mkd, "mk"), (Lang::Mya, "my"), (Lang::Nep, "ne"),
    (Lang::Nld, "nl"), (Lang::Nob, "nb"), (Lang::Ori, "or"), (Lang::Pan, "pa"), (Lang::Pes, "fa"), (Lang::Pol, "pl"),
    (Lang::Por, "pt"), (Lang::Ron, "ro"), (Lang::Rus, "ru"), (Lang::Sin, "si"), (Lang::Slk, "sk"), (Lang::Slv, "sl"),
    (Lang::Sna, "sn"), (Lang::Spa, "es"), (Lang::Srp, "sr"), (Lang::Swe, "sv"), (Lang::Tam, "ta"), (Lang::Tel, "te"),
    (Lang::Tgl, "tl"), (Lang::Tha, "th"), (Lang::Tuk, "tk"), (Lang::Tur, "tr"), (Lang::Ukr, "uk"), (Lang::Urd, "ur"),
    (Lang::Uzb, "uz"), (Lang::Vie, "vi"), (Lang::Yid, "yi"), (Lang::Zul, "zu"),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn detected(text: &str) -> Result<Value, Failure> {
        let params = json!({ "text": text });
        let context = Context {
            now: jiff::Timestamp::UNIX_EPOCH,
            peer: None,
        };
        detect(params.as_object().unwrap(), &context)
    }

    #[test]
    fn every_language_of_the_detector_has_a_two_letter_tag() {
        for language in Lang::all() {
            assert_eq!(tag(*language).len(), 2, "{language:?}");
        }
    }

    #[test]
    fn sentences_are_told_apart() {
        let sentences = [
            (
                "fr",
                "Latn",
                "Le guichet est ouvert tous les jours de la semaine, sauf le dimanche et les jours fériés.",
            ),
            (
                "en",
                "Latn",
                "The counter is open every day of the week, except on Sundays and on public holidays.",
            ),
            (
                "de",
                "Latn",
                "Der Schalter ist an allen Tagen der Woche geöffnet, außer sonntags und an Feiertagen.",
            ),
            (
                "ru",
                "Cyrl",
                "Касса открыта каждый день недели, кроме воскресенья и праздничных дней.",
            ),
            ("ja", "Jpan", "窓口は日曜日と祝日を除いて毎日開いています。"),
            ("zh", "Hani", "除星期日和公共假期外，柜台每天开放。"),
        ];
        for (language, script, sentence) in sentences {
            let result = detected(sentence).unwrap();
            assert_eq!(result["language"], language, "{sentence}");
            assert_eq!(result["script"], script, "{sentence}");
            assert_eq!(result["reliable"], true, "{sentence}");
        }
    }

    #[test]
    fn a_word_or_two_is_never_reliable() {
        for text in ["bonjour", "hello there", "ciao bella"] {
            assert_eq!(detected(text).unwrap()["reliable"], false, "{text}");
        }
    }

    #[test]
    fn a_script_of_one_language_needs_few_letters() {
        let result = detected("안녕하세요").unwrap();
        assert_eq!(
            (result["language"].as_str(), result["reliable"].as_bool()),
            (Some("ko"), Some(true))
        );
    }

    #[test]
    fn a_text_without_letters_is_not_found() {
        for text in ["", "   ", "12 345,67 €", "🙂🙂🙂"] {
            assert!(
                matches!(detected(text), Err(Failure::NotFound(_))),
                "{text:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered_or_refused(text in "\\PC{0,80}") {
            if let Ok(result) = detected(&text) {
                let confidence = result["confidence"].as_f64().unwrap();
                prop_assert!((0.0..=1.0).contains(&confidence));
            }
        }
    }
}
