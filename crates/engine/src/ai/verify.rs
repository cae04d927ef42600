//! Whether a provider of models, and a credential, works: a question that only a good credential has answered, and that
//! costs nothing.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use guichet_catalogue::model::ai::ModelServer;
use guichet_catalogue::model::{Catalogue, Class, Http, Provider};
use http::{HeaderMap, Method};
use secrecy::SecretString;

use super::attempt::{parted, target};
use super::verdict::Complaint;
use crate::attempt::failed;
use crate::engine::Engine;
use crate::identity::Credential;
use crate::outcome::Failure;
use crate::request::Draft;
use crate::transport::{Limits, UpstreamRequest};

/// A list of models may be long.
const LARGEST: usize = 4 << 20;

/// What came of asking.
pub(crate) type Verified = Result<(), Failure>;

/// Asks; none where its file names nothing that can be asked so.
pub(crate) async fn verify(
    engine: &Engine,
    catalogue: &Catalogue,
    provider: &Arc<Provider>,
    credential: Option<&Credential>,
    time: Duration,
) -> Option<Verified> {
    let (http, server) = (provider.http()?, provider.models.as_deref()?);
    let listed = server.discovery.as_ref().map(|discovery| &discovery.path);
    let path = server.verify.as_ref().or(listed)?;
    let secret = credential.map(|credential| credential.secret.clone());
    let request = match request(engine, http, server, path, secret) {
        Ok(request) => request,
        Err(failure) => return Some(Err(failure)),
    };
    let limits = Limits {
        time,
        body: LARGEST,
    };
    let now = engine.now();
    let answer = match engine.transport().send(request, limits).await {
        Ok(answer) => answer,
        Err(error) => return Some(Err(failed(&error, now))),
    };
    if (200..300).contains(&answer.status) {
        return Some(Ok(()));
    }
    let complaint = Complaint {
        program: &catalogue.program,
        provider,
        model: "",
        dialect: server.dialect,
        status: answer.status,
        headers: &answer.headers,
        body: &answer.body,
        now,
    };
    Some(Err(complaint.verdict().failure))
}

fn request(
    engine: &Engine,
    http: &Http,
    server: &ModelServer,
    path: &str,
    secret: Option<SecretString>,
) -> Result<UpstreamRequest, Failure> {
    let (account, secret) = match (&server.account, secret) {
        (Some(_), Some(secret)) => {
            let (account, token) = parted(&secret)?;
            (Some(account), Some(token))
        }
        (_, secret) => (None, secret),
    };
    let url = target(http, account.as_deref(), path)?;
    let mut headers = HeaderMap::new();
    for (name, value) in &server.headers {
        let wrong = || Failure::new(Class::Gone, "a header of its file cannot be sent");
        let name = http::HeaderName::try_from(name.as_str()).map_err(|_| wrong())?;
        let value = http::HeaderValue::try_from(value.as_str()).map_err(|_| wrong())?;
        headers.insert(name, value);
    }
    let sender = engine.sender();
    let draft = Draft::of_proxy(
        Method::GET,
        url,
        headers,
        Bytes::new(),
        http.own_hosts,
        sender,
    );
    draft.sign(&http.auth, secret.as_ref())
}
