//! How projects share a provider's quotas: `[shares.<provider>]`.

use guichet_catalogue::model::Dimension;
use guichet_engine::identity::ProjectId;
use guichet_engine::ledger::{Share, Shares};

const PREFIX: &str = "shares.";
/// What can be counted beforehand.
const DIMENSIONS: [Dimension; 7] = [
    Dimension::Requests,
    Dimension::InputTokens,
    Dimension::OutputTokens,
    Dimension::Tokens,
    Dimension::Neurons,
    Dimension::Money,
    Dimension::Credits,
];

/// The provider (or the group of providers that share a quota) and the project that a key is about.
pub(super) fn named(key: &str) -> Option<(&str, &str)> {
    let (owner, project) = key.strip_prefix(PREFIX)?.split_once('.')?;
    (!owner.is_empty() && !project.is_empty()).then_some((owner, project))
}

/// Adds `30%`, or `prepaid 100000 tokens`.
pub(super) fn add(
    shares: &mut Shares,
    (owner, project): (&str, &str),
    text: &str,
) -> Result<(), String> {
    let share = share(text).ok_or_else(|| {
        let names: Vec<&str> = DIMENSIONS
            .iter()
            .map(|dimension| dimension.as_str())
            .collect();
        let names = names.join(", ");
        format!("`{text}` is neither a part such as `30%` nor `prepaid 100000 tokens` (of {names})")
    })?;
    let members = shares.0.entry(owner.to_owned()).or_default();
    members.insert(ProjectId::new(project), share);
    let parts = members.values().map(|share| match share {
        Share::Part(part) => *part,
        Share::Prepaid { .. } => 0.0,
    });
    let all = (parts.sum::<f64>() * 1_000.0).round() / 10.0;
    if all > 100.0 {
        return Err(format!(
            "the parts of `{owner}` are {all}% together: nobody can be sure of more than there is"
        ));
    }
    Ok(())
}

fn share(text: &str) -> Option<Share> {
    if let Some(percent) = text.strip_suffix('%') {
        let percent: f64 = percent.trim().parse().ok()?;
        return (0.0..=100.0)
            .contains(&percent)
            .then_some(Share::Part(percent / 100.0));
    }
    let (units, name) = text.strip_prefix("prepaid ")?.trim().split_once(' ')?;
    let units: f64 = units.parse().ok()?;
    let mut known = DIMENSIONS.into_iter();
    let dimension = known.find(|dimension| dimension.as_str() == name.trim())?;
    (units.is_finite() && units >= 0.0).then_some(Share::Prepaid { units, dimension })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[(&str, &str)]) -> Result<Shares, String> {
        let mut shares = Shares::default();
        for (key, text) in given {
            add(&mut shares, named(key).unwrap(), text)?;
        }
        Ok(shares)
    }

    #[test]
    fn a_share_is_a_part_or_an_amount() {
        let shares = read(&[
            ("shares.groq.web", "30%"),
            ("shares.groq.bob", "prepaid 5 money"),
        ])
        .unwrap();
        let of = |project| shares.0["groq"][&ProjectId::new(project)];
        assert_eq!(of("web"), Share::Part(0.3));
        let prepaid = Share::Prepaid {
            units: 5.0,
            dimension: Dimension::Money,
        };
        assert_eq!(of("bob"), prepaid);
    }

    #[test]
    fn a_wrong_share_is_told_with_the_right_ones() {
        for wrong in [
            "30",
            "-1%",
            "101%",
            "prepaid tokens",
            "prepaid 5 coins",
            "NaN%",
        ] {
            let said = read(&[("shares.groq.web", wrong)]).unwrap_err();
            assert!(said.contains("such as `30%`"), "{wrong}: {said}");
        }
    }

    #[test]
    fn parts_are_not_more_than_the_whole() {
        let said = read(&[("shares.groq.a", "60%"), ("shares.groq.b", "50%")]).unwrap_err();
        assert!(said.contains("110%"), "{said}");
    }
}
