//! `<provider>.toml`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::category::DraftOperation;
use super::reader::Reader;
use super::{Surroundings, exchange, limit, quota};
use crate::filter::Filter;
use crate::model::{
    Auth, Call, ErrorFilter, Host, Http, OperationId, Provider, Retry, Source, Terms, TokenSource,
    Verify,
};
use crate::suggest::did_you_mean;
use crate::written::{self, AuthKind, Kind, Text};

/// A provider as read, and its endpoints, which do not know it yet.
pub(super) struct Read {
    pub(super) provider: Provider,
    pub(super) endpoints: Vec<ReadEndpoint>,
}

pub(super) struct ReadEndpoint {
    pub(super) operation: OperationId,
    pub(super) accepts: Option<Filter>,
    pub(super) call: Call,
}

type Operations = BTreeMap<Arc<str>, DraftOperation>;

pub(super) fn read(
    id: &str,
    operations: &Operations,
    surroundings: &Surroundings,
    reader: &mut Reader<'_>,
) -> Option<Read> {
    let mut written: written::Provider = reader.parse()?;
    reader.set_prelude(written.prelude.take());
    let category: Arc<str> = reader.category.into();
    let source = match written.kind {
        Kind::Local => local(&written, reader),
        Kind::Http => Source::Http(Box::new(http(&written, reader)?)),
    };
    let endpoints = endpoints(&category, &written, operations, surroundings, reader);
    if endpoints.is_empty() {
        reader.wrong("a provider needs at least one [operation.<name>]");
    }
    let names: Vec<Arc<str>> = endpoints
        .iter()
        .map(|endpoint| Arc::clone(&endpoint.operation.name))
        .collect();
    let provider = Provider {
        id: id.into(),
        category,
        title: written.title,
        docs: written.docs,
        verified: written.verified.map(|date| date.to_string()),
        source,
        terms: written
            .terms
            .map(|terms| self::terms(terms, written.kind, reader)),
        enabled: written.enabled,
        verify: written
            .verify
            .and_then(|verify| self::verify(verify, &names, reader)),
        operations: names,
        models: None,
    };
    Some(Read {
        provider,
        endpoints,
    })
}

fn local(written: &written::Provider, reader: &mut Reader<'_>) -> Source {
    if written.base_url.is_some()
        || !written.quota.is_empty()
        || written.auth.kind != AuthKind::None
    {
        reader.wrong("`kind = \"local\"` is computed here: no base_url, auth or quota");
    }
    Source::Local
}

fn http(written: &written::Provider, reader: &mut Reader<'_>) -> Option<Http> {
    let Some(base_url) = &written.base_url else {
        reader.wrong("a provider needs a `base_url` (or `kind = \"local\"`)");
        return None;
    };
    let mut hosts: Vec<Host> = Vec::new();
    for text in &written.hosts {
        match Host::parse(text.get_ref()) {
            Ok(host) => hosts.push(host),
            Err(message) => reader.wrong_at(text, message),
        }
    }
    hosts.extend(base_host(base_url, written.plain_http, reader));
    only_of_models(written, reader);
    let auth = auth(&written.auth, reader);
    if let Auth::Oauth2Client { source, .. } = &auth {
        hosts.extend(
            source
                .url
                .host_str()
                .and_then(|host| Host::parse(host).ok()),
        );
    }
    Some(Http {
        base_url: reader.template(base_url),
        base_url_text: base_url.get_ref().clone(),
        hosts,
        own_hosts: reader.file.own,
        auth,
        env: written.auth.env.clone(),
        contact: written.contact,
        plain_http: written.plain_http,
        quotas: written
            .quota
            .iter()
            .filter_map(|quota| quota::read(quota, reader).map(Arc::new))
            .collect(),
        limits: limit::all(&written.limit, written.status.as_ref(), reader),
        status: limit::status(written.status.as_ref(), reader),
        errors: written
            .error
            .iter()
            .map(|error| self::error(error, reader))
            .collect(),
    })
}

/// Refuses what would be ignored here.
fn only_of_models(written: &written::Provider, reader: &mut Reader<'_>) {
    if written.auth.account.is_some() {
        reader.wrong("[auth] `account` is for providers of models");
    }
    for error in &written.error {
        if error.scope.is_some() || error.per.is_some() {
            let message = "`scope` and `per` of an error are for providers of models";
            reader.wrong_at(&error.when, message);
        }
    }
    for quota in &written.quota {
        if quota.each_model || !quota.models.is_empty() {
            reader.wrong("[[quota]] `each_model` and `models` are for providers of models");
        }
    }
    for limit in written
        .limit
        .iter()
        .filter_map(|limit| limit.models.first())
    {
        reader.wrong_at(limit, "[[limit]] `models` is for providers of models");
    }
    if written
        .terms
        .as_ref()
        .is_some_and(|terms| terms.trains_on_data.is_some())
    {
        reader.wrong("[terms] `trains_on_data` is for providers of models");
    }
}

/// The host of a base URL without filters in its host; one with filters needs `hosts`.
pub(super) fn base_host(
    base_url: &Text,
    plain_http: bool,
    reader: &mut Reader<'_>,
) -> Option<Host> {
    let text = base_url.get_ref();
    let scheme = if plain_http { "http://" } else { "https://" };
    let fits = text.starts_with(scheme) || (plain_http && text.starts_with("https://"));
    if !fits {
        let message =
            format!("write `{scheme}…`; without TLS a provider needs `plain_http = true`");
        reader.wrong_at(base_url, message);
        return None;
    }
    let rest = &text[text.find("://").map_or(0, |at| at + 3)..];
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains('\\') {
        return None;
    }
    let parsed = url::Url::parse(&format!("https://{host}")).ok()?;
    let Some(Ok(host)) = parsed.host_str().map(Host::parse) else {
        reader.wrong_at(base_url, format!("`{host}` is no host"));
        return None;
    };
    Some(host)
}

pub(super) fn auth(written: &written::Auth, reader: &mut Reader<'_>) -> Auth {
    let optional = written.optional;
    let has_source = written.token_url.is_some() || written.scope.is_some();
    if has_source && written.kind != AuthKind::Oauth2Client {
        reader.wrong("[auth] `token_url` and `scope` belong to `type = \"oauth2-client\"`");
    }
    let mut name = |what: &str| {
        written.name.clone().unwrap_or_else(|| {
            reader.wrong(format!("[auth] needs `name`, the {what}'s name"));
            String::new()
        })
    };
    match written.kind {
        AuthKind::None => Auth::None,
        AuthKind::Header => Auth::Header {
            name: name("header"),
            optional,
        },
        AuthKind::Query => Auth::Query {
            name: name("query parameter"),
            optional,
        },
        AuthKind::Bearer => Auth::Bearer { optional },
        AuthKind::Basic => Auth::Basic { optional },
        AuthKind::Path => Auth::Path,
        AuthKind::Oauth2Client => match token_source(written) {
            Ok(source) => Auth::Oauth2Client { source, optional },
            Err(message) => {
                reader.wrong(format!("[auth] token_url: {message}"));
                Auth::None
            }
        },
    }
}

fn token_source(written: &written::Auth) -> Result<TokenSource, String> {
    let text = written.token_url.as_deref().unwrap_or_default();
    let right = "write the URL that gives tokens, such as `https://auth.example.com/token`";
    let url = url::Url::parse(text).map_err(|_| format!("`{text}` is no URL: {right}"))?;
    let scheme_fits = url.scheme() == "https";
    let clean = url.username().is_empty() && url.password().is_none();
    if !scheme_fits || !clean || url.host_str().is_none() {
        return Err(format!("{right}, with TLS and without a password"));
    }
    Ok(TokenSource {
        url,
        scope: written.scope.clone(),
    })
}

pub(super) fn terms(written: written::Terms, kind: Kind, reader: &mut Reader<'_>) -> Terms {
    let store = match &written.store {
        Some(text) if text.get_ref() == "never" => Some(std::time::Duration::ZERO),
        store => reader.duration_if(store.as_ref()),
    };
    Terms {
        licence: written.licence,
        attribution: written.attribution,
        url: written.url,
        // Silence is no permission, but what is computed here is ours.
        commercial: written.commercial.unwrap_or(kind == Kind::Local),
        store,
        trains_on_data: written.trains_on_data,
    }
}

pub(super) fn error(written: &written::ErrorFilter, reader: &mut Reader<'_>) -> ErrorFilter {
    let retry = match (&written.retry, &written.retry_at) {
        (Some(after), None) => reader.duration_if(Some(after)).map(Retry::After),
        (None, Some(at)) => Some(Retry::At(reader.filter(at))),
        (None, None) => None,
        (Some(_), Some(at)) => {
            reader.wrong_at(at, "`retry` and `retry_at` say the same thing: keep one");
            None
        }
    };
    ErrorFilter {
        when: reader.filter(&written.when),
        class: written.class,
        retry,
        suspends: written.scope,
        window: written
            .per
            .as_ref()
            .and_then(|per| quota::length(per, reader)),
    }
}

fn verify(written: written::Verify, names: &[Arc<str>], reader: &mut Reader<'_>) -> Option<Verify> {
    let operation = written.operation.get_ref();
    let found = names.iter().find(|name| &***name == operation);
    if found.is_none() {
        let hint = did_you_mean(operation, names.iter().map(|name| &**name));
        reader.wrong_at(
            &written.operation,
            format!("this provider has no operation `{operation}`{hint}"),
        );
    }
    Some(Verify {
        operation: Arc::clone(found?),
        parameters: written.params,
    })
}

fn endpoints(
    category: &Arc<str>,
    written: &written::Provider,
    operations: &Operations,
    surroundings: &Surroundings,
    reader: &mut Reader<'_>,
) -> Vec<ReadEndpoint> {
    let mut endpoints = Vec::new();
    for (name, endpoint) in &written.operation {
        let Some((known, operation)) = operations.get_key_value(name.as_str()) else {
            let hint = did_you_mean(name, operations.keys().map(|name| &**name));
            reader.wrong(format!("the category has no operation `{name}`{hint}"));
            continue;
        };
        let accepts = reader.filter_if(endpoint.accepts.as_ref());
        let call = match written.kind {
            Kind::Local => local_call(name, endpoint, surroundings, reader),
            Kind::Http => exchange::call(name, endpoint, written.decode, operation, reader),
        };
        let operation = OperationId {
            category: Arc::clone(category),
            name: Arc::clone(known),
        };
        endpoints.extend(call.map(|call| ReadEndpoint {
            operation,
            accepts,
            call,
        }));
    }
    endpoints
}

fn local_call(
    name: &str,
    endpoint: &written::Endpoint,
    surroundings: &Surroundings,
    reader: &mut Reader<'_>,
) -> Option<Call> {
    let Some(call) = &endpoint.call else {
        reader.wrong(format!(
            "operation `{name}` of a local provider needs `call`, the name of a function"
        ));
        return None;
    };
    let function = call.get_ref();
    if !surroundings.functions.contains(&function.as_str()) {
        let hint = did_you_mean(function, surroundings.functions.iter().copied());
        reader.wrong_at(
            call,
            format!("this binary has no function `{function}`{hint}"),
        );
        return None;
    }
    Some(Call::Local(function.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(token_url: &str) -> Result<TokenSource, String> {
        let written = written::Auth {
            kind: AuthKind::Oauth2Client,
            token_url: Some(token_url.into()),
            ..written::Auth::default()
        };
        token_source(&written)
    }

    #[test]
    fn tokens_are_had_at_a_whole_url_with_tls() {
        assert!(source("https://login.example/token").is_ok());
        for wrong in [
            "",
            "/token",
            "http://login.example/token",
            "ftp://login.example/token",
            "https://user:password@login.example/token",
        ] {
            let message = source(wrong).unwrap_err();
            assert!(message.contains("such as `https://"), "{wrong}: {message}");
            assert!(!message.contains("password@"), "{message}");
        }
    }
}
