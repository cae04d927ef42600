//! "Did you mean": the nearest right name.

/// The candidate most like `wrong`, if any is alike enough to be meant.
#[must_use]
pub fn nearest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const ALIKE: f64 = 0.75;
    let lower = wrong.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::jaro_winkler(&lower, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

/// `; did you mean …?`, or nothing.
#[must_use]
pub fn did_you_mean<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(wrong, candidates).map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_recognized_and_a_stranger_is_not() {
        assert_eq!(nearest("wether", ["news", "weather"]), Some("weather"));
        assert_eq!(nearest("Place", ["place", "lang"]), Some("place"));
        assert_eq!(nearest("xyzzy", ["place", "lang"]), None);
        assert_eq!(did_you_mean("lagn", ["lang"]), "; did you mean `lang`?");
    }
}
