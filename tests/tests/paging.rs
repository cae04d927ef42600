//! Lists that are continued: page two comes from where page one came from, or not at all.

use guichet_engine::answer::Reason;
use guichet_engine::transport::TransportError;
use guichet_tests::small::{Small, thing};
use guichet_tests::stage::{Setup, Stage, data, skipped};
use guichet_tests::upstream::{fails, json};
use serde_json::json as value;

const PAGED: &str = "query = '{page: $cursor}'\nnext = '.next'";

async fn listing() -> Stage {
    let small = Small::new("paged = true\nfresh = \"10m\"")
        .provider("first", "", PAGED)
        .provider("second", "", PAGED);
    let stage = Setup::of(small.load()).start().await;
    let page = json(200, &value!({"value": 1, "next": "abc &?/é"}));
    stage.upstream.always("second.example", page);
    stage
}

#[tokio::test(start_paused = true)]
async fn a_cursor_leads_back_to_its_provider_although_another_comes_first() {
    let stage = listing().await;
    stage
        .upstream
        .next("first.example", fails(TransportError::Connect));
    stage.upstream.always("first.example", thing(9));
    let one = stage.get(value!({})).await.unwrap();
    assert_eq!(&*one.provider, "second");
    let cursor = one.next_cursor.unwrap();

    stage.upstream.always("second.example", thing(2));
    let two = stage.get(value!({"cursor": cursor})).await.unwrap();
    assert_eq!(
        (&*two.provider, data(&two)),
        ("second", value!({"value": 2}))
    );
    assert_eq!(two.next_cursor, None, "the last page");
    let requests = stage.upstream.requests("second.example");
    let pages: Vec<_> = requests[1].url.query_pairs().collect();
    assert_eq!(pages, [("page".into(), "abc &?/é".into())]);
    assert_eq!(stage.upstream.asked("first.example"), 1);
}

#[tokio::test(start_paused = true)]
async fn when_the_provider_of_a_list_is_down_its_next_page_is_refused() {
    let stage = listing().await;
    stage.upstream.always("first.example", thing(9));
    let cursor = stage
        .get(value!({"providers": "second"}))
        .await
        .unwrap()
        .next_cursor
        .unwrap();
    stage
        .upstream
        .always("second.example", fails(TransportError::Connect));
    let refusal = stage.get(value!({"cursor": cursor})).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::AllFailed);
    assert_eq!(skipped(&refusal), "first:other_cursor");
    assert_eq!(stage.upstream.asked("first.example"), 0);
}

#[tokio::test(start_paused = true)]
async fn pages_are_remembered_apart() {
    let stage = listing().await;
    let one = stage.get(value!({"providers": "second"})).await.unwrap();
    stage.upstream.always("second.example", thing(2));
    let next = value!({"providers": "second", "cursor": one.next_cursor.unwrap()});
    assert_eq!(
        data(&stage.get(next.clone()).await.unwrap()),
        value!({"value": 2})
    );
    assert_eq!(
        data(&stage.get(value!({"providers": "second"})).await.unwrap()),
        value!({"value": 1})
    );
    assert_eq!(stage.upstream.asked("second.example"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_was_not_handed_out_here_is_a_wrong_parameter() {
    let stage = listing().await;
    for cursor in [
        "garbage",
        "~",
        "first~{",
        "first~%7B",
        "nobody~1",
        "../second~1",
        "🎈~1",
    ] {
        let refusal = stage.get(value!({"cursor": cursor})).await.unwrap_err();
        let Reason::InvalidParameters(invalid) = &refusal.reason else {
            panic!("{cursor}: {refusal:?}");
        };
        assert_eq!(invalid[0].name, "cursor", "{cursor}");
    }
    assert_eq!(stage.upstream.asked_of_all(), 0);
}
