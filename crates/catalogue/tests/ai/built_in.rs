use std::collections::BTreeMap;
use std::fmt::Write;

use guichet_catalogue::model::ai::{Model, Task};
use guichet_catalogue::model::{Auth, Call, Provider};

use crate::{built_in, provider};

#[test]
fn all_providers_and_their_models_are_as_listed() {
    let catalogue = built_in();
    let mut list = String::new();
    for id in &catalogue.ai.order {
        let provider = provider(&catalogue, id);
        writeln!(list, "{}", line(provider)).unwrap();
        for quota in &provider.http().unwrap().quotas {
            let models = quota.models.join(" ");
            let own = if quota.each_model { " each" } else { "" };
            let group = quota.group.as_deref().unwrap_or("");
            writeln!(
                list,
                "  {} {} {:?}{own} {group} {models}",
                quota.limit,
                quota.id(),
                quota.scope
            )
            .unwrap();
        }
        for model in provider.models.as_ref().unwrap().models.values() {
            writeln!(list, "    {}", model_line(model)).unwrap();
        }
    }
    insta::assert_snapshot!(list);
}

fn line(provider: &Provider) -> String {
    let server = provider.models.as_ref().unwrap();
    let tasks: Vec<&str> = server.routes.keys().map(|task| task.as_str()).collect();
    format!(
        "{} {} {} [{}] {}",
        provider.id,
        server.dialect.as_str(),
        provider.http().unwrap().base_url_text,
        tasks.join(" "),
        if server.any_model { "any model" } else { "" }
    )
}

fn model_line(model: &Model) -> String {
    let abilities: Vec<&str> = model.abilities.names().collect();
    let price = model
        .price
        .as_ref()
        .map(|price| (price.input, price.output));
    format!(
        "{} {:?} {:?}/{:?} {} {price:?} [{}] {} quotas",
        model.id,
        model.names,
        model.context,
        model.output,
        if model.free { "free" } else { "paid" },
        abilities.join(" "),
        model.quotas.len()
    )
}

#[test]
fn the_five_of_the_mission_come_first() {
    let catalogue = built_in();
    let first: Vec<&str> = catalogue.ai.order.iter().take(5).map(|id| &**id).collect();
    assert_eq!(first, ["groq", "mistral", "gemini", "openrouter", "ollama"]);
    assert_eq!(catalogue.ai.order.len(), 22);
    let chat = &catalogue.ai.tasks[&Task::Chat];
    assert_eq!(chat.len(), 22, "all of them chat");
    assert!(
        chat.iter()
            .all(|endpoint| matches!(endpoint.call, Call::Model(Task::Chat)))
    );
    assert_eq!(chat[0].operation.to_string(), "ai/chat");
}

#[test]
fn models_are_no_category_of_data() {
    let catalogue = built_in();
    assert!(!catalogue.categories.contains_key("ai"));
    assert!(catalogue.operation("ai", "chat").is_none());
    assert_eq!(&*provider(&catalogue, "groq").category, "ai");
}

#[test]
fn keys_travel_in_headers_only() {
    let catalogue = built_in();
    for id in &catalogue.ai.order {
        let http = provider(&catalogue, id).http().unwrap();
        assert!(
            matches!(http.auth, Auth::Bearer { .. } | Auth::Header { .. }),
            "{id}"
        );
        assert!(!http.env.is_empty(), "{id} names no variable");
    }
}

#[test]
fn only_servers_of_ones_own_go_without_tls() {
    let catalogue = built_in();
    let plain: Vec<&str> = catalogue
        .ai
        .order
        .iter()
        .map(|id| provider(&catalogue, id))
        .filter(|provider| provider.http().unwrap().plain_http)
        .map(|provider| &*provider.id)
        .collect();
    assert_eq!(plain, ["ollama", "lmstudio", "llamacpp", "vllm"]);
}

#[test]
fn whoever_costs_money_has_no_free_models() {
    let catalogue = built_in();
    let paid = [
        "huggingface",
        "deepseek",
        "together",
        "fireworks",
        "anthropic",
        "xai",
        "perplexity",
    ];
    for id in paid {
        let server = provider(&catalogue, id).models.as_ref().unwrap();
        assert!(server.models.values().all(|model| !model.free), "{id}");
        assert!(!server.is_free("a-model-nobody-knows"), "{id}");
    }
    let openrouter = provider(&catalogue, "openrouter").models.as_ref().unwrap();
    assert!(openrouter.is_free("someone/something:free"));
    assert!(!openrouter.is_free("someone/something"));
}

#[test]
fn what_openrouter_gives_away_is_one_budget_for_the_whole_account() {
    let catalogue = built_in();
    let provider = provider(&catalogue, "openrouter");
    let budgets: BTreeMap<String, String> = ["openai/gpt-oss-20b:free", "new/model:free"]
        .into_iter()
        .map(|model| {
            let day = provider
                .quotas_of(model)
                .into_iter()
                .find(|quota| quota.id() == "requests/day")
                .unwrap();
            let budget = day.budget(&provider.id, Some(model), Some("one"));
            (model.to_owned(), budget)
        })
        .collect();
    assert!(budgets.values().all(|budget| budget == "openrouter-free"));
    assert!(provider.quotas_of("anthropic/claude-sonnet-5").is_empty());
}

#[test]
fn a_model_served_by_several_has_one_plain_name() {
    let catalogue = built_in();
    let servers = catalogue
        .ai
        .order
        .iter()
        .filter(|id| {
            let server = provider(&catalogue, id).models.as_ref().unwrap();
            server.model("gpt-oss-120b").is_some()
        })
        .count();
    assert!(servers >= 8, "{servers}");
}
