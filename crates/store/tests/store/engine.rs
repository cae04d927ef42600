//! The engine's state over a restart.

use guichet_engine::store::{
    BeliefRecord, LimitRecord, PaceRecord, Store, SuspensionRecord, WindowRecord,
};
use jiff::Timestamp;

use crate::home::{Home, stories};

stories!(
    windows_are_replaced_by_key_and_survive,
    windows_are_saved_all_or_none,
    what_is_believed_of_windows_is_replaced_by_key_and_survives,
    suspensions_are_set_changed_and_lifted,
);

fn window(budget: &str, used: f64) -> WindowRecord {
    WindowRecord {
        budget: budget.into(),
        window: "requests/day".into(),
        opened_at: Timestamp::constant(1_800_000_000, 123_000_000),
        used,
    }
}

fn suspension(candidate: &str, until: Option<Timestamp>) -> SuspensionRecord {
    SuspensionRecord {
        candidate: candidate.into(),
        class: "quota".into(),
        until,
        failures: u32::MAX,
    }
}

async fn windows_are_replaced_by_key_and_survive(home: &Home) {
    let database = home.open().await;
    database
        .save_windows(vec![window("nasa", 1.0), window("openaq", 2.5)])
        .await
        .unwrap();
    database
        .save_windows(vec![window("nasa", 7.0)])
        .await
        .unwrap();
    database.save_windows(Vec::new()).await.unwrap();
    database.close().await;
    let database = home.open().await;
    assert_eq!(
        database.windows().await.unwrap(),
        [window("nasa", 7.0), window("openaq", 2.5)]
    );
}

async fn what_is_believed_of_windows_is_replaced_by_key_and_survives(home: &Home) {
    let at = Timestamp::constant(1_800_000_000, 123_000_000);
    let blank = BeliefRecord {
        budget: "groq".into(),
        window: "requests/day".into(),
        limit: None,
        ends_at: None,
        corrected: None,
        doubts: 0,
        next_try: None,
        pace: None,
    };
    let learnt = BeliefRecord {
        budget: "nvidia@1".into(),
        limit: Some(LimitRecord {
            units: 20.5,
            source: "learnt".into(),
            at,
        }),
        ends_at: Some(at),
        corrected: Some(("header".into(), at)),
        doubts: 3,
        next_try: Some(at),
        pace: Some(PaceRecord {
            units: 7.25,
            at,
            since: at,
            uses: u32::MAX,
        }),
        ..blank.clone()
    };
    let database = home.open().await;
    let other = BeliefRecord {
        budget: "nvidia@1".into(),
        ..blank.clone()
    };
    database
        .save_beliefs(vec![other, blank.clone()])
        .await
        .unwrap();
    database.save_beliefs(vec![learnt.clone()]).await.unwrap();
    database.save_beliefs(Vec::new()).await.unwrap();
    database.close().await;
    let database = home.open().await;
    assert_eq!(database.beliefs().await.unwrap(), [blank, learnt]);
}

async fn windows_are_saved_all_or_none(home: &Home) {
    let database = home.open().await;
    database
        .save_windows(vec![window("nasa", 1.0)])
        .await
        .unwrap();
    // SQLite has no NaN and stores NULL, which its table refuses; PostgreSQL's table refuses NaN.
    let failed = database
        .save_windows(vec![window("nasa", 2.0), window("openaq", f64::NAN)])
        .await;
    assert!(failed.is_err());
    assert_eq!(database.windows().await.unwrap(), [window("nasa", 1.0)]);
}

async fn suspensions_are_set_changed_and_lifted(home: &Home) {
    let database = home.open().await;
    let until = Some(Timestamp::constant(1_900_000_000, 0));
    database
        .save_suspensions(
            vec![suspension("a", until), suspension("b", None)],
            Vec::new(),
        )
        .await
        .unwrap();
    database
        .save_suspensions(
            vec![suspension("b", until)],
            vec!["a".into(), "unknown".into()],
        )
        .await
        .unwrap();
    assert_eq!(
        database.suspensions().await.unwrap(),
        [suspension("b", until)]
    );
}
