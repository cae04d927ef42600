//! The same fact in other clothes: headers that lie, numbers in quotation marks, coordinates the other way round, ids of
//! one's own, bodies that are made to hurt.

use bytes::Bytes;
use guichet_engine::answer::Reason;
use guichet_sim::alphabet::Scripted;
use guichet_tests::stage::{data, skipped, tried};
use guichet_tests::upstream::answers;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue};
use serde_json::{Value, json as value};

use crate::told::{
    alone, answers_of, ask, everyone, gives, good, host, only, path_of, sample, tell,
};

#[tokio::test(start_paused = true)]
async fn a_body_is_decoded_as_declared_whatever_its_header_says() {
    for said in ["text/html; charset=utf-8", "text/javascript", "image/png"] {
        for good in good() {
            let stage = everyone().start().await;
            for mut response in answers_of(good) {
                let said = HeaderValue::from_static(said);
                response.headers.insert(CONTENT_TYPE, said);
                stage.upstream.next(host(good), gives(response));
            }
            let answer = ask(&stage, good, only(&[&good.provider])).await;
            let answer = answer.unwrap_or_else(|refusal| panic!("{}: {refusal:?}", path_of(good)));
            let expected = good.expected.as_ref().unwrap();
            assert_eq!(data(&answer), expected.data, "{} as {said}", path_of(good));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn numbers_in_quotation_marks_are_numbers() {
    let place = data(&alone("ip/geojs/lookup").await.unwrap());
    assert_eq!(
        (&place["lat"], &place["lon"]),
        (&value!(37.751), &value!(-97.822))
    );

    let places = data(
        &alone("geocoding/nominatim/search.numbers-as-strings")
            .await
            .unwrap(),
    );
    let properties = &places["features"][0]["properties"];
    let coordinates = &places["features"][0]["geometry"]["coordinates"];
    assert!(properties["confidence"].is_number(), "{properties}");
    assert!(properties["osm"]["id"].is_u64(), "{properties}");
    assert!(coordinates[0].is_f64() && coordinates[1].is_f64());

    for venue in ["kraken", "binance"] {
        let prices = data(&alone(&format!("crypto/{venue}/price")).await.unwrap());
        assert!(prices[0]["price"].is_number(), "{venue}: {prices}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_provider_is_told_a_point_in_its_own_order() {
    for (good, written) in [
        (
            "air-quality/openaq/current",
            "coordinates=35.0845%2C-106.651",
        ),
        ("air-quality/waqi/current", "/feed/geo:52.09083;5.12222/"),
        ("weather/weatherapi/current", "q=52.52437%2C13.41053"),
        ("geocoding/opencage/reverse", "q=37.77495%2C-122.41944"),
        ("geocoding/nominatim/reverse", "lat=-34.44076&lon=-58.70521"),
    ] {
        let good = sample(good);
        let stage = everyone().start().await;
        tell(&stage, good);
        ask(&stage, good, only(&[&good.provider])).await.unwrap();
        let asked = stage.upstream.requests(host(good));
        let url = asked[0].url.as_str();
        assert!(url.contains(written), "{written} is not in it");
    }
}

#[tokio::test(start_paused = true)]
async fn answers_are_longitude_first_in_geojson_and_named_elsewhere() {
    for (path, lon, lat) in [
        ("geocoding/nominatim/search", 4.832, 45.7578),
        ("geocoding/photon/reverse", -73.99, 40.75),
        ("geocoding/opencage/reverse", -122.42, 37.77),
    ] {
        let places = data(&alone(path).await.unwrap());
        let point = &places["features"][0]["geometry"]["coordinates"];
        near(&point[0], lon, path);
        near(&point[1], lat, path);
    }
    for (path, lon, lat) in [
        ("weather/met-no/current", 10.75, 59.91),
        ("weather/open-meteo/current", 2.35, 48.85),
        ("air-quality/waqi/current", 5.12, 52.09),
        ("air-quality/openaq/current", -106.65, 35.08),
    ] {
        let location = data(&alone(path).await.unwrap())["location"].clone();
        near(&location["lon"], lon, path);
        near(&location["lat"], lat, path);
    }
}

/// Within a tenth of a degree.
fn near(given: &Value, wanted: f64, path: &str) {
    let given = given.as_f64().unwrap_or(f64::NAN);
    assert!((given - wanted).abs() < 0.1, "{path}: {given} for {wanted}");
}

#[tokio::test(start_paused = true)]
async fn each_venue_is_asked_by_its_own_name_of_a_coin_and_answers_by_ours() {
    for (venue, written) in [
        ("coingecko", "ids=bitcoin"),
        ("coinpaprika", "/v1/tickers/btc-bitcoin"),
        ("kraken", "pair=XBTUSD"),
        ("binance", "BTCUSDT"),
    ] {
        let good = sample(&format!("crypto/{venue}/price"));
        let stage = everyone().start().await;
        tell(&stage, good);
        let answer = ask(&stage, good, only(&[venue])).await.unwrap();
        assert_eq!(data(&answer)[0]["id"], "bitcoin", "{venue}");
        let url = stage.upstream.requests(host(good))[0].url.to_string();
        assert!(url.contains(written), "{venue}: {url}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_venue_without_a_name_for_a_coin_is_not_asked_by_a_guess() {
    let stage = everyone().start().await;
    for venue in ["coinpaprika", "kraken", "binance"] {
        let wanted = value!({"ids": "no-such-coin", "providers": venue});
        let refusal = stage.call("crypto/price", wanted).await.unwrap_err();
        assert_eq!(refusal.reason, Reason::NoCandidate, "{venue}");
        assert!(skipped(&refusal).contains(&format!("{venue}:input")));
    }
    assert_eq!(stage.upstream.asked_of_all(), 0);
}

/// What comes of a body that is made to hurt, from the first two providers of an operation: the second is well.
async fn hurts(first: &str, second: &str, turn: Scripted, what: &str) {
    let (first, second) = (sample(first), sample(second));
    let stage = everyone().start().await;
    stage.upstream.always(host(first), turn);
    tell(&stage, second);
    let both = only(&[&first.provider, &second.provider]);
    let answer = ask(&stage, second, both).await.unwrap();
    let words = format!("{}:bad_payload {}:ok", first.provider, second.provider);
    assert_eq!(tried(&answer.attempts), words, "{what}");
}

const PAIRS: [(&str, &str); 4] = [
    ("weather/open-meteo/current", "weather/met-no/current"),
    ("currency/ecb/convert", "currency/frankfurter/convert"),
    ("geocoding/photon/search", "geocoding/nominatim/search"),
    ("ip/geojs/lookup", "ip/ipapi-co/lookup"),
];

#[tokio::test(start_paused = true)]
async fn a_body_larger_than_allowed_is_that_providers_failure() {
    for (first, second) in PAIRS {
        let huge = Bytes::from(vec![b' '; (4 << 20) + 1]);
        hurts(first, second, answers(200, &[], huge), "huge").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_nests_without_end_is_that_providers_failure() {
    for (first, second) in PAIRS {
        let open = if first.contains("/ecb/") { "<a>" } else { "[" };
        for depth in [200, 100_000] {
            let nested = answers(200, &[], open.repeat(depth));
            hurts(first, second, nested, "nested").await;
            let (open, close) = if open == "[" {
                ("[", "]")
            } else {
                ("<a>", "</a>")
            };
            let whole = open.repeat(depth) + &close.repeat(depth);
            hurts(first, second, answers(200, &[], whole), "nested and closed").await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_compressed_body_that_nobody_asked_for_is_not_unpacked() {
    for (first, second) in PAIRS {
        let mut response = answers_of(sample(first)).remove(0);
        let encoding = HeaderName::from_static("content-encoding");
        response
            .headers
            .insert(encoding, HeaderValue::from_static("gzip"));
        hurts(first, second, gives(response), "compressed").await;
    }
}
