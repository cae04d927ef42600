//! What a key has opted for, its calls get without asking for it.

use guichet_access::{Holder, OptIn};
use http_body_util::Full;

use crate::world::{World, upstream};

const GROQ: &str = "api.groq.com";
const COMPLETION: &str = r#"{"id":"c","object":"chat.completion","created":1,"model":"openai/gpt-oss-20b","choices":[{"index":0,"message":{"role":"assistant","content":"Hello."},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#;
const ASK: &str = r#"{"model":"groq/openai/gpt-oss-20b","temperature":0,"max_tokens":100,"messages":[{"role":"user","content":"Hi"}]}"#;

#[tokio::test]
async fn a_key_that_opted_for_kept_answers_gets_them_unless_a_call_says_otherwise() {
    let world = World::new().await;
    world.open_models(&["groq"]);
    let json = [("content-type", "application/json")];
    world
        .providers
        .answer(GROQ, upstream(200, &json, COMPLETION));
    let ask = async |header: Option<&'static str>| {
        let mut request = world.request("POST", "/v1/chat/completions");
        if let Some(value) = header {
            request = request.header("x-guichet-cache", value);
        }
        let request = request.body(Full::from(ASK)).unwrap();
        assert_eq!(world.gateway.answer(request, None).await.status(), 200);
        world.providers.asked().len()
    };
    assert_eq!((ask(None).await, ask(None).await), (1, 2), "nobody opted");
    let key = world.access.list_keys().await.unwrap()[0].id.clone();
    let holder = Holder::Key(key);
    let opt_in = [OptIn::Cache];
    world
        .access
        .set_opt_ins(&holder, &opt_in, true)
        .await
        .unwrap();
    assert_eq!((ask(None).await, ask(None).await), (3, 3));
    assert_eq!(ask(Some("off")).await, 4);
    world
        .access
        .remove_opt_in(&holder, OptIn::Cache)
        .await
        .unwrap();
    assert_eq!(ask(None).await, 5);
}
