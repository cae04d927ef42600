//! Answers that are not what their status says: errors, notices and pages in the place of data, and data that is no
//! longer true or not what was asked for.

use guichet_engine::answer::{Reason, Served};
use guichet_tests::stage::{data, tried};
use guichet_tests::upstream::json;
use serde_json::json as value;

use crate::told::{alone, ask, everyone, host, only, path_of, sample, tell, then};

/// Asks two providers one after the other, of which the first falls into the trap; the outcome of both is told in words.
async fn falls_through(trap: &str, class: &str, next: &str) {
    let answer = then(trap, next).await;
    let (first, second) = (sample(trap), sample(next));
    let words = format!("{}:{class} {}:ok", first.provider, second.provider);
    assert_eq!(tried(&answer.attempts), words, "{trap}");
    assert_eq!(*answer.provider, *second.provider, "{trap}");
    let expected = second.expected.as_ref().unwrap();
    assert_eq!(data(&answer), expected.data, "{trap}: not the second's own");
}

/// Asks one provider alone; nothing is made of what it said.
async fn refused(trap: &str, class: &str) {
    let refusal = alone(trap).await.unwrap_err();
    let provider = &sample(trap).provider;
    let first = refusal.attempts.first().unwrap();
    assert_eq!(
        (&*first.provider, first.class.as_str()),
        (provider.as_str(), class),
        "{trap}"
    );
    let known = Reason::NotFound == refusal.reason;
    assert_eq!(known, class == "empty", "{trap}: {:?}", refusal.reason);
}

#[tokio::test(start_paused = true)]
async fn an_error_inside_http_200_is_an_error() {
    let stations = "air-quality/open-meteo-air/current";
    let coins = "crypto/coinpaprika/price";
    for (trap, class, next) in [
        ("air-quality/waqi/current.invalid-key", "auth", stations),
        (
            "air-quality/waqi/current.over-quota",
            "rate_limited",
            stations,
        ),
        ("crypto/kraken/price.200-rate-limit", "rate_limited", coins),
        ("crypto/kraken/price.200-lockout", "rate_limited", coins),
        ("crypto/kraken/price.200-internal", "upstream", coins),
        ("crypto/kraken/price.200-unknown-pair", "empty", coins),
        ("crypto/coingecko/price.200-error", "upstream", coins),
        (
            "crypto/coinpaprika/markets.200-error",
            "upstream",
            "crypto/coingecko/markets",
        ),
        (
            "ip/ipapi-co/lookup.200-rate-limited",
            "rate_limited",
            "ip/geojs/lookup",
        ),
        ("ip/ip-api/lookup.fail-other", "upstream", "ip/geojs/lookup"),
        (
            "currency/er-api/convert.200-quota-reached",
            "quota_exhausted",
            "currency/frankfurter/convert",
        ),
        (
            "geocoding/opencage/search.200-error-body",
            "auth",
            "geocoding/photon/search",
        ),
        (
            "weather/openweathermap/current.200-error",
            "empty",
            "weather/open-meteo/current",
        ),
        (
            "encyclopedia/wikipedia/search.200-too-busy",
            "upstream",
            "encyclopedia/wikidata/search",
        ),
    ] {
        falls_through(trap, class, next).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_joke_about_an_error_is_not_told() {
    let trap = sample("fun/jokeapi/joke.200-error");
    let stage = everyone().start().await;
    tell(&stage, trap);
    let answer = ask(&stage, trap, only(&["jokeapi", "local-fun"])).await;
    let answer = answer.unwrap();
    assert_eq!(tried(&answer.attempts), "jokeapi:empty local-fun:ok");
    assert_eq!(answer.served, Served::Local);
}

#[tokio::test(start_paused = true)]
async fn a_notice_in_the_shape_of_a_quote_is_no_quote() {
    for trap in [
        "fun/zenquotes/quote.notice",
        "fun/zenquotes/quote.429-notice",
    ] {
        refused(trap, "rate_limited").await;
        let trap = sample(trap);
        let stage = everyone().start().await;
        tell(&stage, trap);
        let answer = ask(&stage, trap, only(&["zenquotes", "local-fun"])).await;
        let answer = answer.unwrap();
        assert_eq!(
            tried(&answer.attempts),
            "zenquotes:rate_limited local-fun:ok"
        );
        let text = String::from_utf8_lossy(&answer.data).to_lowercase();
        assert!(!text.contains("too many requests"), "{text}");
        assert!(!text.contains("zenquotes.io"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_frozen_or_stale_is_no_answer() {
    for (trap, class) in [
        ("air-quality/openaq/current.stale-station", "empty"),
        ("air-quality/openaq/current.stale-values", "empty"),
        ("air-quality/waqi/current.stale-station", "empty"),
        ("weather/met-no/current.frozen", "bad_payload"),
        ("weather/openweathermap/current.stale", "bad_payload"),
        ("weather/weatherapi/current.frozen", "bad_payload"),
        ("crypto/binance/price.halted", "bad_payload"),
        ("crypto/coinpaprika/price.long-ago", "bad_payload"),
        ("currency/ecb/rates.no-longer-tended", "bad_payload"),
        ("currency/er-api/rates.no-longer-tended", "bad_payload"),
    ] {
        refused(trap, class).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_frozen_station_leaves_the_answer_to_the_next_one() {
    let (stations, weather) = (
        "air-quality/open-meteo-air/current",
        "weather/open-meteo/current",
    );
    for (trap, class, next) in [
        ("air-quality/openaq/current.stale-values", "empty", stations),
        ("air-quality/waqi/current.stale-station", "empty", stations),
        ("weather/met-no/current.frozen", "bad_payload", weather),
        ("weather/weatherapi/current.frozen", "bad_payload", weather),
    ] {
        falls_through(trap, class, next).await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_silent_sensor_does_not_lend_its_old_value_to_a_station_that_is_alive() {
    let answer = alone("air-quality/openaq/current.stale-sensor").await;
    let expected = sample("air-quality/openaq/current.stale-sensor");
    let expected = &expected.expected.as_ref().unwrap().data;
    assert_eq!(&data(&answer.unwrap()), expected);
    let whole = alone("air-quality/openaq/current").await.unwrap();
    let fields = |value: &serde_json::Value| value.as_object().unwrap().len();
    assert!(fields(expected) < fields(&data(&whole)));
}

#[tokio::test(start_paused = true)]
async fn the_right_shape_about_something_else_is_no_answer() {
    for trap in [
        "ip/geojs/lookup.other-address",
        "holidays/nager/list.other-country",
        "currency/frankfurter/convert.wrong-pair",
        "currency/frankfurter/rates.after-asked-date",
        "crypto/coinpaprika/price.other-coin",
        "dictionary/freedictionaryapi/define.other-word",
        "fun/uselessfacts/fact.wrong-language",
        "fun/jokeapi/joke.unsafe",
    ] {
        refused(trap, "bad_payload").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_price_of_zero_is_no_price() {
    for venue in ["coingecko", "coinpaprika", "kraken", "binance"] {
        refused(&format!("crypto/{venue}/price.zero"), "bad_payload").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_in_the_place_of_data_is_a_wall() {
    for (trap, next) in [
        (
            "geocoding/nominatim/search.blocked-page",
            "geocoding/photon/search",
        ),
        (
            "geocoding/nominatim/reverse.403-page",
            "geocoding/photon/reverse",
        ),
        (
            "encyclopedia/wikipedia/summary.html",
            "encyclopedia/wikidata/summary",
        ),
        (
            "weather/open-meteo/current.200-html",
            "weather/met-no/current",
        ),
        ("ip/geojs/lookup.challenge-page", "ip/ipapi-co/lookup"),
        ("ip/ipapi-co/lookup.403-page", "ip/geojs/lookup"),
        (
            "dictionary/freedictionaryapi/define.html",
            "dictionary/wiktionary/define",
        ),
    ] {
        falls_through(trap, "blocked", next).await;
    }
    refused("holidays/openholidays/next.html", "blocked").await;
    refused("fun/zenquotes/quote.html", "blocked").await;
}

#[tokio::test(start_paused = true)]
async fn a_404_is_no_such_thing_only_where_the_provider_says_it_so() {
    for trap in [
        "encyclopedia/wikipedia/summary.404",
        "dictionary/wiktionary/define.404",
        "holidays/nager/list.404-unknown-country",
        "currency/frankfurter/convert.404",
        "currency/er-api/rates.unsupported-code",
        "weather/met-no/daily.404",
    ] {
        refused(trap, "empty").await;
    }
    refused("ip/geojs/lookup.404-page", "bad_request").await;
    for (good, class) in [
        ("weather/open-meteo/current", "bad_payload"),
        ("currency/ecb/rates", "upstream"),
        ("fun/uselessfacts/fact", "bad_payload"),
    ] {
        let good = sample(good);
        let stage = everyone().start().await;
        let gone = json(404, &value!({"message": "not found"}));
        stage.upstream.always(host(good), gone);
        let refusal = ask(&stage, good, only(&[&good.provider])).await;
        let refusal = refusal.unwrap_err();
        assert_eq!(refusal.reason, Reason::AllFailed, "{}", path_of(good));
        assert_eq!(refusal.attempts[0].class.as_str(), class);
    }
}

#[tokio::test(start_paused = true)]
async fn success_without_a_body_is_nothing() {
    refused("holidays/nager/list.204-no-content", "empty").await;
    refused("fun/zenquotes/quote.empty-list", "bad_payload").await;
}

#[tokio::test(start_paused = true)]
async fn a_version_that_is_about_to_end_says_so_while_others_answer() {
    let next = "weather/open-meteo/daily";
    falls_through("weather/met-no/daily.203-deprecated", "gone", next).await;
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_does_not_serve_this_address_is_passed_over() {
    let next = "crypto/coingecko/markets";
    falls_through("crypto/coinpaprika/markets.403", "blocked", next).await;
    refused("crypto/binance/price.451", "blocked").await;
    refused("crypto/kraken/price.403", "blocked").await;
}
