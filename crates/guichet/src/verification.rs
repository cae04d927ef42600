//! Asking a provider, live, whether it works.

use guichet_catalogue::model::Class;
use guichet_engine::Engine;
use guichet_engine::identity::CredentialId;
use serde::Serialize;

use crate::output::{Cell, Paint, Table, Tone};
use crate::remedy;

/// What came of asking one provider.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    /// The provider.
    pub(crate) provider: String,
    /// With which credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) credential: Option<CredentialId>,
    /// Whether it works.
    pub(crate) ok: bool,
    /// What came of it, in one word.
    pub(crate) outcome: String,
    /// More about it, where there is more.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remedy: Option<String>,
    /// How long it took, in milliseconds.
    pub(crate) ms: u64,
}

/// Asks a provider with its cheapest call.
pub(crate) async fn verify(
    engine: &Engine,
    provider: &str,
    credential: Option<CredentialId>,
) -> Finding {
    let verification = engine.verify(provider, credential.as_ref()).await;
    let catalogue = engine.catalogue();
    let known = catalogue.providers.get(provider);
    let remedy = known
        .zip(verification.class)
        .and_then(|(known, class)| remedy::to_mend(known, class));
    // Whoever was not asked has to be waited for, unless it is left alone until something changes.
    let waits = || {
        "wait until its suspension or quota is over (`guichet check` says when), or give another key".to_owned()
    };
    let remedy = remedy.or_else(|| verification.class.is_none().then(waits));
    let outcome = verification.class.map_or("not asked", Class::as_str);
    Finding {
        provider: provider.to_owned(),
        credential,
        ok: matches!(verification.class, Some(Class::Ok | Class::Empty)),
        outcome: outcome.into(),
        detail: verification.detail,
        remedy,
        ms: u64::try_from(verification.took.as_millis()).unwrap_or(u64::MAX),
    }
}

/// The findings for people.
pub(crate) fn table(findings: &[Finding], paint: Paint) -> String {
    let mut table = Table::new(["PROVIDER", "CREDENTIAL", "OUTCOME", "MS", "WHAT TO DO"]);
    for finding in findings {
        let tone = if finding.ok { Tone::Good } else { Tone::Bad };
        let detail = Some(finding.detail.as_str()).filter(|detail| !detail.is_empty());
        let explained: Vec<&str> = detail
            .into_iter()
            .chain(finding.remedy.as_deref())
            .collect();
        table.row([
            finding.provider.as_str().into(),
            finding
                .credential
                .as_ref()
                .map_or("", CredentialId::as_str)
                .into(),
            Cell::toned(finding.outcome.as_str(), tone),
            finding.ms.to_string().into(),
            explained.join("; ").into(),
        ]);
    }
    table.render(paint)
}
