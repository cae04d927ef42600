//! What providers demand of those who use them: a name, a licence, a line of thanks, no copies. And what nobody may see.

use std::collections::BTreeSet;
use std::time::Duration;

use guichet_engine::ProviderSettings;
use guichet_engine::answer::{Reason, Refusal, Served};
use guichet_engine::call::Options;
use guichet_engine::policy::Policy;
use guichet_engine::transport::TransportError;
use guichet_tests::stage::{Setup, data, skipped};
use guichet_tests::upstream::{answers, fails};
use serde_json::json as value;

use crate::told::{
    SECRET, answers_of, ask, catalogue, everyone, gives, good, host, only, path_of, sample, tell,
};

/// Why one provider was not asked.
fn reason(refusal: &Refusal, provider: &str) -> String {
    let words = skipped(refusal);
    let mut words = words.split(' ');
    let own = words.find_map(|word| word.strip_prefix(&format!("{provider}:")));
    own.unwrap_or("asked").to_owned()
}

#[tokio::test(start_paused = true)]
async fn ip_api_is_off_until_the_operator_turns_it_on_and_agrees_to_plain_http() {
    let good = sample("ip/ip-api/lookup");
    let on = || ProviderSettings {
        enabled: Some(true),
        ..ProviderSettings::default()
    };
    let agreeing = |mut setup: Setup| {
        setup.settings.plain_http = true;
        setup
    };
    for (setup, why) in [
        (Setup::of(catalogue()), "disabled"),
        (agreeing(Setup::of(catalogue())), "disabled"),
        (
            Setup::of(catalogue()).deciding("ip-api", on()),
            "plain_http",
        ),
    ] {
        let stage = setup.start().await;
        tell(&stage, good);
        let refusal = ask(&stage, good, only(&["ip-api"])).await.unwrap_err();
        assert_eq!(refusal.reason, Reason::NoCandidate);
        assert_eq!(reason(&refusal, "ip-api"), why);
        assert_eq!(stage.upstream.asked_of_all(), 0);
    }
    let setup = agreeing(Setup::of(catalogue()).deciding("ip-api", on()));
    let stage = setup.start().await;
    tell(&stage, good);
    ask(&stage, good, only(&["ip-api"])).await.unwrap();
    assert_eq!(
        stage.upstream.requests("ip-api.com")[0].url.scheme(),
        "http"
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_else_is_asked_without_tls() {
    for good in good().filter(|good| good.provider != "ip-api") {
        let stage = everyone().start().await;
        tell(&stage, good);
        ask(&stage, good, only(&[&good.provider])).await.unwrap();
        for request in stage.upstream.requests(host(good)) {
            assert_eq!(request.url.scheme(), "https", "{}", path_of(good));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_demands_a_contact_is_asked_with_one_or_not_at_all() {
    let demanding = ["met-no", "nominatim", "wikipedia", "wikidata", "wiktionary"];
    let found = good().filter(|good| demanding.contains(&&*good.provider));
    let found: Vec<_> = found.collect();
    for id in demanding {
        assert!(found.iter().any(|good| good.provider == id), "{id}");
    }
    for good in found {
        let path = path_of(good);
        let mut setup = everyone();
        setup.settings.contact = None;
        let stage = setup.start().await;
        tell(&stage, good);
        let refusal = ask(&stage, good, only(&[&good.provider])).await;
        assert_eq!(reason(&refusal.unwrap_err(), &good.provider), "no_contact");
        assert_eq!(stage.upstream.asked_of_all(), 0, "{path}");

        let stage = everyone().start().await;
        tell(&stage, good);
        ask(&stage, good, only(&[&good.provider])).await.unwrap();
        let agent = &stage.upstream.requests(host(good))[0].headers["user-agent"];
        assert!(
            agent.to_str().unwrap().contains("ops@example.com"),
            "{path}"
        );
    }
}

/// Those whose terms forbid commercial use, or do not say that they allow it.
const NOT_COMMERCIAL: [&str; 15] = [
    "binance",
    "coingecko",
    "coinpaprika",
    "datamuse",
    "ip-api",
    "ipapi-co",
    "kraken",
    "nager",
    "open-meteo",
    "open-meteo-air",
    "openaq",
    "openholidays",
    "uselessfacts",
    "waqi",
    "zenquotes",
];

#[tokio::test(start_paused = true)]
async fn commercial_calls_pass_over_everyone_whose_terms_forbid_it() {
    let mut passed_over = BTreeSet::new();
    for good in good() {
        let path = path_of(good);
        let stage = everyone().start().await;
        tell(&stage, good);
        let options = Options {
            commercial: true,
            ..only(&[&good.provider])
        };
        if let Err(refusal) = ask(&stage, good, options).await {
            assert_eq!(reason(&refusal, &good.provider), "licence", "{path}");
            assert_eq!(stage.upstream.asked_of_all(), 0, "{path}");
            passed_over.insert(&*good.provider);
        }
    }
    assert_eq!(passed_over, NOT_COMMERCIAL.into());
}

#[tokio::test(start_paused = true)]
async fn every_answer_carries_the_thanks_that_its_provider_asks_for() {
    for good in good() {
        let path = path_of(good);
        let provider = &catalogue().providers[&*good.provider];
        let terms = provider.terms.as_ref();
        let Some(terms) = terms.filter(|terms| !terms.attribution.is_empty()) else {
            continue;
        };
        let stage = everyone().start().await;
        tell(&stage, good);
        let answer = ask(&stage, good, only(&[&good.provider])).await.unwrap();
        let thanked = answer
            .attribution
            .iter()
            .any(|thanks| thanks.text == terms.attribution && thanks.licence == terms.licence);
        assert!(thanked, "{path}: {:?}", answer.attribution);
    }
}

#[tokio::test(start_paused = true)]
async fn what_waqi_says_is_never_kept() {
    let good = sample("air-quality/waqi/current");
    let stage = everyone().start().await;
    tell(&stage, good);
    for times in 1..=3 {
        let answer = ask(&stage, good, only(&["waqi"])).await.unwrap();
        assert_eq!(answer.served, Served::Fresh);
        assert_eq!(stage.upstream.asked(host(good)), times);
    }
    stage.engine.flush().await;
    assert!(stage.store.kept().is_empty());
    stage
        .upstream
        .always(host(good), fails(TransportError::Connect));
    let refusal = ask(&stage, good, only(&["waqi"])).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::AllFailed, "nor served stale");
}

#[tokio::test(start_paused = true)]
async fn a_key_in_a_query_shows_nowhere() {
    for (path, parameter) in [
        ("weather/openweathermap/current", "appid"),
        ("weather/weatherapi/current", "key"),
        ("geocoding/opencage/search", "key"),
        ("air-quality/waqi/current", "token"),
    ] {
        let good = sample(path);
        let stage = everyone().start().await;
        let alone = || only(&[&good.provider]);
        tell(&stage, good);
        let fresh = Options {
            max_age: Some(Duration::ZERO),
            ..alone()
        };
        let answer = ask(&stage, good, alone()).await.unwrap();
        stage
            .upstream
            .always(host(good), fails(TransportError::Broken));
        let broken = ask(&stage, good, fresh.clone()).await.unwrap_err();
        let echo = format!("{{\"message\": \"invalid key {SECRET}\"}}");
        stage.upstream.always(host(good), answers(401, &[], echo));
        let dead = ask(&stage, good, fresh).await.unwrap_err();
        stage.engine.flush().await;

        let requests = stage.upstream.requests(host(good));
        let mut pairs = requests[0].url.query_pairs();
        let sent = pairs.any(|(name, secret)| name == parameter && secret == SECRET);
        assert!(sent, "{path}: the secret was planted");
        let attempts = serde_json::to_string(&dead.attempts).unwrap();
        let states = format!("{:?} {}", stage.engine, stage.store.dump());
        let shown = format!("{answer:?} {broken:?} {dead:?} {attempts} {requests:?} {states}");
        assert!(!shown.contains(SECRET), "{path}: {shown}");
        assert!(!String::from_utf8_lossy(&answer.data).contains(SECRET));
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_page_never_comes_from_somebody_else() {
    for (page, last, other) in [
        (
            "crypto/coingecko/markets",
            "crypto/coingecko/markets.last-page",
            "crypto/coinpaprika/markets",
        ),
        (
            "encyclopedia/wikipedia/search",
            "encyclopedia/wikipedia/search.last-page",
            "encyclopedia/wikidata/search",
        ),
    ] {
        let (page, last, other) = (sample(page), sample(last), sample(other));
        let mut setup = everyone();
        setup.settings.policies.default = Policy::Order;
        let stage = setup.start().await;
        tell(&stage, page);
        tell(&stage, other);
        let first = ask(&stage, page, Options::default()).await.unwrap();
        assert_eq!(*first.provider, *page.provider);
        let next = Options {
            cursor: first.next_cursor.clone(),
            ..Options::default()
        };
        assert!(next.cursor.is_some(), "{}", path_of(page));

        stage
            .upstream
            .next(host(page), fails(TransportError::Connect));
        stage
            .upstream
            .next(host(page), fails(TransportError::Connect));
        let refusal = ask(&stage, page, next.clone()).await.unwrap_err();
        assert_eq!(reason(&refusal, &other.provider), "other_cursor");
        assert_eq!(stage.upstream.asked(host(other)), 0);

        stage.wait(Duration::from_mins(5)).await;
        let turn = answers_of(last).remove(0);
        stage.upstream.always(host(page), gives(turn));
        let second = ask(&stage, page, next).await.unwrap();
        assert_eq!(*second.provider, *page.provider);
        assert_ne!(data(&second), data(&first), "page two is page two");
        let expected = &last.expected.as_ref().unwrap().data;
        assert_eq!(&data(&second), expected, "{}", value!(path_of(last)));
    }
}
