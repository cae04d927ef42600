use std::fs;
use std::path::PathBuf;

use guichet_catalogue::files::Files;
use guichet_catalogue::model::ai::{Abilities, DiscoveryFormat, Task};
use guichet_catalogue::model::{Auth, Dialect};
use guichet_catalogue::{Surroundings, load};

use crate::{loaded, provider};

#[test]
fn a_base_url_alone_makes_a_server_whose_models_are_discovered() {
    let catalogue = loaded("attic", "base_url = 'http://10.0.0.5:8000/v1'\n").unwrap();
    let provider = provider(&catalogue, "attic");
    let http = provider.http().unwrap();
    let server = provider.models.as_ref().unwrap();
    assert_eq!(provider.title, "attic");
    assert!(http.plain_http && http.own_hosts);
    assert_eq!(http.auth, Auth::Bearer { optional: true });
    assert_eq!(server.dialect, Dialect::OpenAi);
    assert!(server.any_model && !server.local);
    assert_eq!(server.any_abilities, Abilities::ALL);
    assert_eq!(server.routes[&Task::Chat].path, "/chat/completions");
    assert_eq!(server.routes[&Task::Embeddings].path, "/embeddings");
    let discovery = server.discovery.as_ref().unwrap();
    assert_eq!(discovery.path, "/models");
    assert_eq!(discovery.format, DiscoveryFormat::OpenAi);
    assert!(
        !server.is_free("llama"),
        "nobody said that it costs nothing"
    );
}

#[test]
fn a_patch_changes_one_model_and_leaves_the_others() {
    let folder: PathBuf = std::env::temp_dir().join(format!("guichet-ai-{}", std::process::id()));
    fs::create_dir_all(folder.join("ai")).unwrap();
    fs::write(
        folder.join("ai/groq.toml"),
        "patch = true\nbase_url = 'http://127.0.0.1:9/v1'\nplain_http = true\n\
         [model.'openai/gpt-oss-20b']\nfree = false\n",
    )
    .unwrap();
    let mut files = Files::built_in();
    files.overlay(&folder).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let surroundings = Surroundings {
        functions: guichet_local::names().collect(),
    };
    let catalogue = load(&files, &surroundings).unwrap();
    let provider = provider(&catalogue, "groq");
    let server = provider.models.as_ref().unwrap();
    assert_eq!(
        provider.http().unwrap().base_url_text,
        "http://127.0.0.1:9/v1"
    );
    assert!(!server.is_free("openai/gpt-oss-20b"));
    assert!(server.is_free("openai/gpt-oss-120b"));
    assert!(server.model("gpt-oss-20b").is_some(), "its name is kept");
}

#[test]
fn a_task_may_be_asked_for_elsewhere_in_another_dialect() {
    let catalogue = loaded(
        "box",
        "base_url = 'http://10.0.0.5:11434'\ndialect = 'ollama'\n\
         any_tasks = ['chat', 'rerank']\n[task.rerank]\ndialect = 'openai'\npath = '/v2/rerank'\n",
    )
    .unwrap();
    let server = provider(&catalogue, "box").models.as_ref().unwrap();
    assert_eq!(server.routes[&Task::Rerank].dialect, Dialect::OpenAi);
    assert_eq!(server.routes[&Task::Rerank].path, "/v2/rerank");
    assert_eq!(server.routes[&Task::Chat].path, "/api/chat");
}

#[test]
fn a_model_has_its_own_quotas_beside_those_of_its_provider() {
    let catalogue = loaded(
        "mine",
        "base_url = 'https://a.example/v1'\n\
         [[quota]]\nlimit = 10\nper = 'minute'\n\
         [model.big]\nquota = [{ limit = 2, per = 'minute', dimension = 'requests' }]\n[model.small]\n",
    )
    .unwrap();
    let provider = provider(&catalogue, "mine");
    let limits = |model: &str| -> Vec<f64> {
        provider
            .quotas_of(model)
            .iter()
            .map(|quota| quota.limit)
            .collect()
    };
    assert_eq!(limits("big"), [10.0, 2.0]);
    assert_eq!(limits("small"), [10.0]);
}
