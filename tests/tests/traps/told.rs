//! Providers that answer from their samples, good or bad, at their real hosts.

use std::sync::{Arc, LazyLock};

use guichet_catalogue::files::Files;
use guichet_catalogue::model::Catalogue;
use guichet_catalogue::sample::{Sample, samples};
use guichet_engine::ProviderSettings;
use guichet_engine::answer::{Answer, Refusal};
use guichet_engine::call::{Options, Providers};
use guichet_engine::replay::response;
use guichet_engine::transport::UpstreamResponse;
use guichet_sim::alphabet::{LATENCY, Scripted};
use guichet_tests::stage::{Setup, Stage, built_in};
use guichet_tests::world::call;

/// What every provider that wants a key is opened with.
pub(crate) const SECRET: &str = "s3cr3t-Pl4nted";

static CATALOGUE: LazyLock<Arc<Catalogue>> = LazyLock::new(|| built_in(&[]));
static SAMPLES: LazyLock<Vec<Sample>> =
    LazyLock::new(|| samples(&Files::built_in()).unwrap_or_else(|problems| panic!("{problems:?}")));

/// The built-in catalogue.
pub(crate) fn catalogue() -> Arc<Catalogue> {
    Arc::clone(&CATALOGUE)
}

/// All samples.
pub(crate) fn all() -> impl Iterator<Item = &'static Sample> {
    SAMPLES.iter()
}

/// The good sample of each operation of each provider.
pub(crate) fn good() -> impl Iterator<Item = &'static Sample> {
    all().filter(|sample| sample.name == sample.recorded.operation)
}

/// A sample by its path: `weather/open-meteo/current.429-daily`.
pub(crate) fn sample(path: &str) -> &'static Sample {
    let found = all().find(|sample| path_of(sample) == path);
    found.unwrap_or_else(|| panic!("no sample {path}"))
}

/// The path of a sample.
pub(crate) fn path_of(sample: &Sample) -> String {
    format!("{}/{}/{}", sample.category, sample.provider, sample.name)
}

/// Every provider allowed, with a credential where it takes one.
pub(crate) fn everyone() -> Setup {
    let mut setup = Setup::of(catalogue());
    setup.settings.plain_http = true;
    for provider in catalogue().providers.values() {
        let enabled = ProviderSettings {
            enabled: Some(true),
            ..ProviderSettings::default()
        };
        setup = setup.deciding(&provider.id, enabled);
        if provider
            .http()
            .is_some_and(|http| http.auth.takes_credential())
        {
            setup = setup.with_secret(&provider.id, "main", SECRET);
        }
    }
    setup
}

/// The host that a sample's requests go to.
pub(crate) fn host(sample: &Sample) -> &str {
    let expected = sample.expected.as_ref();
    let request = expected.and_then(|expected| expected.requests.first());
    request
        .and_then(|request| request.split("://").nth(1)?.split('/').next())
        .unwrap_or_else(|| panic!("{} makes no request", path_of(sample)))
}

/// An answer as it stands.
pub(crate) fn gives(response: UpstreamResponse) -> Scripted {
    Scripted::Answer {
        after: LATENCY,
        response,
    }
}

/// The answers of a sample, in the order of the requests.
pub(crate) fn answers_of(sample: &Sample) -> Vec<UpstreamResponse> {
    sample.recorded.exchanges.iter().map(response).collect()
}

/// From now on the sample's provider gives its answers, and the last of them over and over.
pub(crate) fn tell(stage: &Stage, sample: &Sample) {
    let mut turns = answers_of(sample);
    let last = turns.pop().unwrap_or_else(|| panic!("nothing recorded"));
    for turn in turns {
        stage.upstream.next(host(sample), gives(turn));
    }
    stage.upstream.always(host(sample), gives(last));
}

/// Only these providers, in this order.
pub(crate) fn only(providers: &[&str]) -> Options {
    let allowed = providers.iter().map(|&id| id.to_owned()).collect();
    let providers = Providers {
        allowed,
        excluded: Vec::new(),
    };
    Options {
        providers,
        ..Options::default()
    }
}

/// Makes the call of a sample.
pub(crate) async fn ask(
    stage: &Stage,
    sample: &Sample,
    options: Options,
) -> Result<Answer, Refusal> {
    let catalogue = stage.engine.catalogue();
    let operation = catalogue.operation(&sample.category, &sample.recorded.operation);
    let operation = operation.unwrap_or_else(|| panic!("{}", path_of(sample)));
    let mut call = call(operation, &sample.recorded.params, options);
    // Places stand in samples as they are once found, with their names.
    if let Some(place) = sample.recorded.params.get("place") {
        call.parameters.insert("place".into(), place.clone());
    }
    stage.engine.call(call).await
}

/// What comes of a sample when its provider is the only one that may be asked.
pub(crate) async fn alone(path: &str) -> Result<Answer, Refusal> {
    let sample = sample(path);
    let stage = everyone().start().await;
    tell(&stage, sample);
    ask(&stage, sample, only(&[&sample.provider])).await
}

/// What comes when the first provider falls into a trap and the second is well: the call is that of the second's sample.
pub(crate) async fn then(trap: &str, next: &str) -> Answer {
    let (trap, next) = (sample(trap), sample(next));
    let stage = everyone().start().await;
    tell(&stage, trap);
    tell(&stage, next);
    let both = only(&[&trap.provider, &next.provider]);
    let answer = ask(&stage, next, both).await;
    answer.unwrap_or_else(|refusal| panic!("{}: {refusal:?}", path_of(trap)))
}
