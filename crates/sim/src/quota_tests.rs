use super::*;

fn quota(limit: f64, window: Window) -> Quota {
    Quota {
        limit,
        window,
        scope: Scope::Ip,
        group: None,
        dimension: guichet_catalogue::model::Dimension::Requests,
        cost: None,
        each_model: false,
        models: Vec::new(),
        guessed: false,
        cap: false,
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Asks one unit of a window at each of these times; `Err` has the seconds to wait.
fn asked(quota: &Quota, times: &[&str]) -> Vec<Result<(), u64>> {
    let mut known = None;
    let mut outcomes = Vec::new();
    for time in times {
        let now = at(time);
        outcomes.push(match Level::now(known, quota, now).plus(1.0, quota, now) {
            Ok(level) => {
                known = Some(level);
                Ok(())
            }
            Err(exceeded) => Err(exceeded.wait.as_secs()),
        });
    }
    outcomes
}

#[test]
fn a_calendar_day_ends_at_midnight_in_its_own_zone() {
    let zone = TimeZone::get("America/Los_Angeles").unwrap();
    let day = quota(
        1.0,
        Window::Calendar {
            unit: CalendarUnit::Day,
            zone,
        },
    );
    let times = [
        "2026-11-22T07:59:00Z",
        "2026-11-22T07:59:30Z",
        "2026-11-22T08:00:00Z",
        "2026-11-22T08:00:01Z",
    ];
    assert_eq!(asked(&day, &times), [Ok(()), Err(30), Ok(()), Err(86_399)]);
}

#[test]
fn months_end_with_the_month_and_minutes_with_the_minute() {
    let calendar = |unit| {
        quota(
            1.0,
            Window::Calendar {
                unit,
                zone: TimeZone::UTC,
            },
        )
    };
    let times = [
        "2026-11-30T23:59:58Z",
        "2026-11-30T23:59:59Z",
        "2026-12-01T00:00:00Z",
    ];
    for unit in [
        CalendarUnit::Minute,
        CalendarUnit::Hour,
        CalendarUnit::Day,
        CalendarUnit::Month,
    ] {
        assert_eq!(
            asked(&calendar(unit), &times),
            [Ok(()), Err(1), Ok(())],
            "{unit:?}"
        );
    }
}

#[test]
fn a_fixed_window_opens_with_its_first_use() {
    let fixed = quota(2.0, Window::Fixed(Duration::from_secs(30)));
    let times = [
        "2026-11-22T10:00:20Z",
        "2026-11-22T10:00:45Z",
        "2026-11-22T10:00:46Z",
        "2026-11-22T10:00:50Z",
    ];
    assert_eq!(asked(&fixed, &times), [Ok(()), Ok(()), Err(4), Ok(())]);
}

#[test]
fn a_bucket_refills_all_the_time() {
    let bucket = quota(2.0, Window::Bucket(Duration::from_mins(1)));
    let times = [
        "2026-11-22T10:00:00Z",
        "2026-11-22T10:00:00Z",
        "2026-11-22T10:00:12Z",
        "2026-11-22T10:00:30Z",
        "2026-11-22T10:00:31Z",
    ];
    assert_eq!(
        asked(&bucket, &times),
        [Ok(()), Ok(()), Err(18), Ok(()), Err(29)]
    );
}

#[test]
fn what_is_under_way_is_given_back_when_it_ends() {
    let budgets = Arc::new(Mutex::new(Budgets::default()));
    let budget = Budget {
        model: None,
        owner: "group wikimedia".into(),
        window: "requests/at-once".into(),
        credential: None,
    };
    let level = Level {
        used: 3.0,
        at: Timestamp::UNIX_EPOCH,
    };
    budgets.lock().levels.insert(budget.clone(), level);
    let permit = Permit {
        budgets: Arc::clone(&budgets),
        held: vec![(budget.clone(), 1.0)],
    };
    let three = quota(3.0, Window::Concurrency);
    assert!(level.plus(1.0, &three, Timestamp::UNIX_EPOCH).is_err());
    drop(permit);
    let after = budgets.lock().levels[&budget];
    assert!(after.plus(1.0, &three, Timestamp::UNIX_EPOCH).is_ok());
}
