//! The engine's state over a restart.

use guichet_engine::store::{Store, SuspensionRecord, WindowRecord};
use guichet_store::Database;
use jiff::Timestamp;

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

#[tokio::test]
async fn windows_are_replaced_by_key_and_survive() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guichet.db");
    let database = Database::open(&path).await.unwrap();
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
    let database = Database::open(&path).await.unwrap();
    assert_eq!(
        database.windows().await.unwrap(),
        [window("nasa", 7.0), window("openaq", 2.5)]
    );
}

#[tokio::test]
async fn windows_are_saved_all_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&folder.path().join("guichet.db"))
        .await
        .unwrap();
    database
        .save_windows(vec![window("nasa", 1.0)])
        .await
        .unwrap();
    // SQLite has no NaN: it is stored as NULL, which the table refuses.
    let failed = database
        .save_windows(vec![window("nasa", 2.0), window("openaq", f64::NAN)])
        .await;
    assert!(failed.is_err());
    assert_eq!(database.windows().await.unwrap(), [window("nasa", 1.0)]);
}

#[tokio::test]
async fn suspensions_are_set_changed_and_lifted() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&folder.path().join("guichet.db"))
        .await
        .unwrap();
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
