//! A planted secret appears in nothing that prints.

use guichet_access::{KeyText, MasterKey, MasterKeySource, default_project};
use secrecy::{ExposeSecret, SecretString};

use crate::installation::Installation;

const PLANTED: &str = "planted-bd5e378503939ddaee76f12ad7a97608";

#[tokio::test]
async fn no_debug_or_display_shows_a_secret() {
    let installation = Installation::new();
    let access = installation.start().await.unwrap();
    let key = access
        .create_key(&default_project(), "laptop", None)
        .await
        .unwrap();
    let set = access
        .set_credential("nasa", "main", SecretString::from(PLANTED))
        .await
        .unwrap();
    let master = MasterKey::generate().unwrap();
    let text = key.text.expose_secret();
    let duplicate = access
        .set_credential("nasa", "again", SecretString::from(PLANTED))
        .await
        .unwrap_err();
    let refused = access
        .set_credential(
            "nasa",
            "again",
            SecretString::from(format!("{PLANTED}\n{PLANTED}")),
        )
        .await
        .unwrap_err();
    let not_a_key = MasterKey::from_text(&SecretString::from(PLANTED)).unwrap_err();
    let cut = KeyText::parse(&text[..50]).unwrap_err();
    let shown = [
        format!("{access:?} {key:?} {set:?} {:?}", access.list_keys().await.unwrap()),
        format!("{:?} {:?}", access.credentials(), access.subscribe_credentials()),
        format!("{master:?} {:?}", MasterKeySource::Given(master.clone())),
        format!("{:?} {:?}", KeyText::parse(text), access.authenticate(text)),
        format!("{duplicate} {duplicate:?} {refused} {refused:?} {not_a_key} {not_a_key:?} {cut} {cut:?}"),
    ]
    .join("\n");
    let master = master.to_text();
    for secret in [
        PLANTED,
        &PLANTED[..20],
        &text[17..49],
        &text[17..30],
        master.expose_secret(),
    ] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(shown.contains(key.info.id.as_str()));
}
