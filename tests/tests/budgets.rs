//! What calls take of their callers' budgets: once for each call, as its usage records say, whatever is tried, raced,
//! joined or continued for it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use guichet_catalogue::model::ai::Dialect::{self, OpenAi};
use guichet_catalogue::model::{Dimension, Quota, Scope, Window};
use guichet_engine::ai::{Door, ModelCall, ModelContent};
use guichet_engine::answer::{Reason, Refusal, SkipReason};
use guichet_engine::identity::KeyId;
use guichet_engine::ledger::Claim;
use guichet_sim::{Fault, Pacing};
use guichet_tests::speakers::{Studio, asked, whole};

const TWO: [(&str, Dialect, &str); 2] = [("first", OpenAi, ""), ("second", OpenAi, "")];
/// What an answer of a speaker takes.
const ANSWER: f64 = 14.0;
const PLENTY: f64 = 1e6;

/// A budget that is there once.
fn budget(studio: &Studio, key: &str, dimension: Dimension, limit: f64) -> Arc<[Claim]> {
    let quota = Quota {
        limit,
        window: Window::Credit(None),
        scope: Scope::Key,
        group: None,
        dimension,
        cost: None,
        each_model: false,
        models: Vec::new(),
        guessed: false,
        cap: false,
    };
    let name = format!("key:{key}/{}", dimension.as_str());
    [studio.engine.claim(&name, &Arc::new(quota), 0.0)].into()
}

/// The call, at the expense of these budgets.
fn at_the_expense_of(call: ModelCall, budgets: &Arc<[Claim]>) -> ModelCall {
    let mut call = call;
    call.origin.budgets = Arc::clone(budgets);
    call
}

fn used(studio: &Studio, budgets: &[Claim]) -> f64 {
    let standing = studio.engine.standing(&budgets[0], studio.engine.now());
    budgets[0].quota().limit - standing.left
}

/// Tokens by the usage records.
#[expect(clippy::cast_precision_loss, reason = "a few hundred tokens")]
fn recorded(studio: &Studio) -> f64 {
    let records = studio.records.lock();
    let tokens: u64 = records.iter().map(|record| record.usage.total()).sum();
    tokens as f64
}

fn is_over_budget<T>(outcome: &Result<T, Refusal>) -> bool {
    let reason = outcome.as_ref().err().map(|refusal| &refusal.reason);
    matches!(reason, Some(Reason::OverBudget(_)))
}

#[tokio::test(start_paused = true)]
async fn whatever_fails_a_call_is_billed_as_it_is_recorded() {
    let faults = [
        Fault::Ok,
        Fault::Refused,
        Fault::HeaderTimeout,
        Fault::TooManyBare,
        Fault::ServerError,
        Fault::TruncatedJson,
        Fault::ResetAfter(0),
        Fault::ResetAfter(1),
        Fault::StallAfter(1),
        Fault::ErrorEvent(1),
        Fault::EofWithoutFinish(1),
    ];
    for first in faults {
        for second in [Fault::Ok, Fault::ServerError, Fault::ResetAfter(1)] {
            for (stream, resume) in [(false, false), (true, false), (true, true)] {
                let studio = Studio::of(&TWO).await;
                studio.speakers.set_fault("first", first);
                studio.speakers.set_fault("second", second);
                let budgets = budget(&studio, "k", Dimension::Tokens, PLENTY);
                let mut call = at_the_expense_of(asked(Door::Chat, stream), &budgets);
                call.wish.resume = resume;
                let answered = studio.ask(call).await;
                let is_answered = answered.is_ok();
                if let Ok(answer) = answered {
                    whole(answer).await;
                }
                let (used, recorded) = (used(&studio, &budgets), recorded(&studio));
                let story = format!("{first:?}, {second:?}, stream {stream}, resume {resume}");
                assert!(
                    (used - recorded).abs() < 1e-9,
                    "{used} used, {recorded} recorded: {story}"
                );
                assert_eq!(used > 0.0, is_answered, "{used} used: {story}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_raced_call_is_billed_once() {
    let studio = Studio::of(&TWO).await;
    studio.speakers.set_fault("first", Fault::HeaderTimeout);
    let budgets = budget(&studio, "k", Dimension::Tokens, PLENTY);
    let call = at_the_expense_of(asked(Door::Chat, true), &budgets);
    let answer = studio.ask(call).await.unwrap();
    assert_eq!(&*answer.provider, "second");
    whole(answer).await;
    assert!((used(&studio, &budgets) - ANSWER).abs() < 1e-9);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_in_the_middle_is_billed_once_and_who_leaves_before_by_estimate() {
    let studio = Studio::of(&TWO[..1]).await;
    let pacing = Pacing {
        between: Duration::from_secs(1),
        ..Pacing::AT_ONCE
    };
    studio.speakers.set_pacing("first", pacing);
    let budgets = budget(&studio, "k", Dimension::Tokens, PLENTY);
    let call = at_the_expense_of(asked(Door::Chat, true), &budgets);
    let answer = studio.ask(call.clone()).await.unwrap();
    let ModelContent::Stream(mut pieces) = answer.content else {
        panic!("a stream was asked for");
    };
    assert!(pieces.next().await.is_some());
    drop(pieces);
    let left = used(&studio, &budgets);
    assert!(
        (left - recorded(&studio)).abs() < 1e-9 && left > 0.0,
        "{left}"
    );

    studio.speakers.set_fault("first", Fault::HeaderTimeout);
    let gone = tokio::time::timeout(Duration::from_secs(1), studio.ask(call)).await;
    assert!(gone.is_err(), "nothing was answered");
    let estimate = used(&studio, &budgets) - left;
    // Nobody knows what the provider counted: the longest answer that was asked for.
    assert!((100.0..200.0).contains(&estimate), "{estimate}");
}

#[tokio::test(start_paused = true)]
async fn equal_calls_that_are_asked_together_are_billed_once() {
    let studio = Studio::of(&TWO).await;
    let budgets = budget(&studio, "k", Dimension::Tokens, PLENTY);
    let mut call = at_the_expense_of(asked(Door::Chat, false), &budgets);
    call.wish.cache = true;
    call.facts.temperature = Some(0.0);
    let all = (0..10).map(|_| studio.ask(call.clone()));
    let answers = futures_util::future::join_all(all).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(studio.speakers.requests("first").len(), 1);
    // One that is kept costs nothing.
    assert!(studio.ask(call).await.is_ok());
    assert!((used(&studio, &budgets) - ANSWER).abs() < 1e-9);
}

#[tokio::test(start_paused = true)]
async fn who_has_spent_a_budget_takes_no_other_along() {
    let studio = Studio::of(&TWO).await;
    let of = |key: &str, limit| {
        let budgets = budget(&studio, key, Dimension::Tokens, limit);
        let mut call = at_the_expense_of(asked(Door::Chat, false), &budgets);
        call.origin.key = KeyId::new(key);
        call.wish.cache = true;
        call.facts.temperature = Some(0.0);
        call
    };
    let (poor, rich) = tokio::join!(studio.ask(of("poor", 5.0)), studio.ask(of("rich", PLENTY)));
    assert!(is_over_budget(&poor));
    assert!(rich.is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_is_reserved_cannot_be_spent_twice() {
    let studio = Studio::of(&TWO).await;
    // Room for one answer of a hundred tokens, and its question.
    let budgets = budget(&studio, "k", Dimension::Tokens, 150.0);
    let call = || at_the_expense_of(asked(Door::Chat, false), &budgets);
    let all = (0..20).map(|_| studio.ask(call()));
    let answers = futures_util::future::join_all(all).await;
    let served = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(served, 1);
    assert_eq!(answers.iter().filter(|one| is_over_budget(one)).count(), 19);
    assert_eq!(studio.speakers.requests("first").len(), 1);
    assert!((used(&studio, &budgets) - ANSWER).abs() < 1e-9);
    // What was reserved and not used is there again.
    assert!(studio.ask(call()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_spend_a_budget_to_its_end_and_not_beyond() {
    let studio = Studio::of(&TWO).await;
    let limit = 10_000.0;
    let budgets = budget(&studio, "k", Dimension::Tokens, limit);
    let mut served = 0;
    loop {
        let call = || at_the_expense_of(asked(Door::Chat, false), &budgets);
        let all = (0..50).map(|_| studio.ask(call()));
        let answers = futures_util::future::join_all(all).await;
        let now = answers.iter().filter(|answer| answer.is_ok()).count();
        served += now;
        assert!(used(&studio, &budgets) <= limit);
        if now == 0 {
            break;
        }
    }
    let left = limit - used(&studio, &budgets);
    assert!(
        (100.0..200.0).contains(&(left + ANSWER)),
        "{left} are too few for one more"
    );
    assert!(served > 600, "{served}");
}

const DEAR: &str = "price = { input = 1000.0, output = 1000.0, as_of = 2026-11-01 }\n";
const FREE: &str = "free = true\n";

#[tokio::test(start_paused = true)]
async fn money_is_counted_at_the_price_and_where_it_is_spent_what_is_free_still_answers() {
    let studio = Studio::of(&[("first", OpenAi, DEAR), ("second", OpenAi, FREE)]).await;
    // A hundred tokens of answer are a tenth of a dollar; fourteen were used.
    let budgets = budget(&studio, "k", Dimension::Money, 0.15);
    let call = || at_the_expense_of(asked(Door::Chat, false), &budgets);
    let answer = studio.ask(call()).await.unwrap();
    assert_eq!(&*answer.provider, "first");
    assert!((used(&studio, &budgets) - 0.014).abs() < 1e-9);
    while &*studio.ask(call()).await.unwrap().provider == "first" {}
    let spent = used(&studio, &budgets);
    assert!(spent <= 0.15, "{spent}");
    let cost: f64 = studio
        .records
        .lock()
        .iter()
        .filter_map(|record| record.cost)
        .sum();
    assert!(
        (spent - cost).abs() < 1e-9,
        "{spent} spent, {cost} recorded"
    );
}

#[tokio::test(start_paused = true)]
async fn a_model_whose_price_nobody_knows_is_not_asked_at_the_expense_of_limited_money() {
    let studio = Studio::of(&TWO).await;
    let budgets = budget(&studio, "k", Dimension::Money, PLENTY);
    let call = at_the_expense_of(asked(Door::Chat, false), &budgets);
    let refusal = studio.ask(call).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::NoCandidate);
    let unpriced = |reason| reason == SkipReason::Unpriced;
    assert!(
        refusal
            .skipped
            .iter()
            .all(|skipped| unpriced(skipped.reason))
    );
    assert!(studio.speakers.requests("first").is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_was_used_is_used_over_a_restart() {
    let studio = Studio::of(&TWO).await;
    let budgets = budget(&studio, "k", Dimension::Tokens, PLENTY);
    let call = at_the_expense_of(asked(Door::Chat, true), &budgets);
    whole(studio.ask(call).await.unwrap()).await;
    studio.engine.flush().await;
    let saved = studio.store.used("key:k/tokens", "tokens/once");
    assert!((saved - ANSWER).abs() < 1e-9, "{saved}");
}
