//! Providers to choose among, and calls that choose.

mod auto;
mod left_out;
mod names;
mod order;
mod room;

use std::borrow::Cow;

use bytes::Bytes;
use guichet_catalogue::files::{File, Files};
use guichet_catalogue::model::Catalogue;
use guichet_catalogue::{Surroundings, load};
use guichet_dialects::facts::{Facts, FormatKind, TextSize};
use secrecy::SecretString;

use super::*;
use crate::ai::{Door, Origin, Wish};
use crate::call::Caller;
use crate::identity::{CredentialId, KeyId, OrganizationId, ProjectId};
use crate::settings::ProviderSettings;

/// Free and small; one of its models has a small window of tokens.
const SWIFT: &str = "order = 1\nbase_url = 'https://swift.example/v1'\nfree = ['*']\n\
    [auth]\ntype = 'bearer'\nenv = ['SWIFT_KEY']\n\
    [terms]\nlicence = 'own'\ncommercial = true\ntrains_on_data = true\n\
    [[quota]]\nlimit = 8000\nper = 'minute'\ndimension = 'tokens'\neach_model = true\nmodels = ['open/*']\n\
    [model.'open/oss-120b']\nnames = ['oss-120b']\ncontext = 131072\noutput = 65536\n\
    abilities = ['stream', 'tools', 'json']\nstrengths = { fast = 90, large = 65 }\n\
    [model.'open/oss-20b']\nnames = ['oss-20b']\ncontext = 131072\nabilities = ['stream']\n\
    strengths = { fast = 100, large = 45 }\n\
    [model.ear]\nnames = ['ear']\ntasks = ['transcription']\n";

/// Costs, passes every name on.
const GRAND: &str = "order = 2\nbase_url = 'https://grand.example/v1'\nany_model = true\nany_tasks = ['chat']\n\
    free = ['*:free']\nabilities = ['stream', 'tools', 'json']\n\
    [auth]\ntype = 'bearer'\nenv = ['GRAND_KEY']\n\
    [terms]\nlicence = 'own'\ncommercial = true\ntrains_on_data = false\n\
    [model.'open/oss-120b']\nnames = ['oss-120b-paid']\ncontext = 131072\nabilities = ['stream', 'tools', 'json', 'json_schema']\n\
    strengths = { fast = 60, large = 66 }\n\
    [model.'open/oss-120b:free']\nnames = ['oss-120b']\ncontext = 131072\nabilities = ['stream']\n\
    strengths = { fast = 60, large = 64 }\n\
    [model.eagle]\nnames = ['eagle']\ncontext = 1000000\noutput = 4096\n\
    abilities = ['stream', 'tools', 'json', 'json_schema', 'vision', 'logprobs', 'many_choices']\n\
    strengths = { fast = 30, large = 95, vision = 90, long = 95 }\n\
    [model.dodo]\nnames = ['dodo']\nabilities = ['stream']\nretires = 2026-11-22\n\
    [model.phoenix]\nnames = ['phoenix']\nabilities = ['stream']\nretires = 2026-11-23\n";

/// Free for some uses only.
const ACADEMY: &str = "order = 3\nbase_url = 'https://academy.example/v1'\nfree = ['*']\n\
    [auth]\ntype = 'bearer'\nenv = ['ACADEMY_KEY']\n\
    [terms]\nlicence = 'own'\ncommercial = false\ntrains_on_data = false\n\
    [model.scholar]\nnames = ['scholar', 'oss-20b']\ncontext = 4096\nabilities = ['stream', 'vision']\n\
    strengths = { fast = 40, large = 70, vision = 50 }\n";

/// A server of the operator's own.
const HOME: &str = "order = 4\nbase_url = 'http://127.0.0.1:11434/v1'\nlocal = true\nany_model = true\n\
    any_tasks = ['chat']\n";

struct World {
    catalogue: Arc<Catalogue>,
    discovered: Discovered,
    aliases: BTreeMap<String, Vec<String>>,
    settings: Settings,
    credentials: Credentials,
    turn: usize,
}

impl World {
    fn new() -> Self {
        let mut files = Files::default();
        for (id, text) in [
            ("swift", SWIFT),
            ("grand", GRAND),
            ("academy", ACADEMY),
            ("home", HOME),
        ] {
            let file = File {
                name: format!("{id}.toml"),
                text: Cow::Borrowed(text),
                own: true,
            };
            files.insert(&format!("ai/{id}.toml"), file);
        }
        let catalogue =
            load(&files, &Surroundings::default()).unwrap_or_else(|problems| panic!("{problems}"));
        let credentials =
            ["swift", "grand", "academy"].map(|id| (id.into(), vec![credential(id, "1")]));
        Self {
            catalogue: Arc::new(catalogue),
            discovered: Discovered::default(),
            aliases: BTreeMap::new(),
            settings: Settings::default(),
            credentials: Credentials::from_iter(credentials),
            turn: 0,
        }
    }

    fn choose(&self, call: &ModelCall) -> Result<Choice, Reason> {
        let index = Index::new(Arc::clone(&self.catalogue), &self.settings);
        Choosing {
            index: &index,
            discovered: &self.discovered,
            aliases: &self.aliases,
            call,
            settings: &self.settings,
            credentials: &self.credentials,
            today: jiff::civil::date(2026, 11, 22),
            turn: self.turn,
        }
        .choose()
    }

    /// `swift/open/oss-120b`, in order.
    fn chosen(&self, call: &ModelCall) -> Vec<String> {
        let choice = self.choose(call).unwrap();
        let name = |found: &ModelCandidate| {
            format!("{}/{}", found.candidate.endpoint.provider.id, found.model)
        };
        choice.candidates.iter().map(name).collect()
    }

    fn skipped(&self, call: &ModelCall) -> Vec<(String, SkipReason)> {
        let choice = self.choose(call).unwrap();
        let skipped = choice.skipped.iter();
        skipped
            .map(|skipped| (skipped.provider.to_string(), skipped.reason))
            .collect()
    }

    fn list(&mut self, id: &str, context: Option<u64>) {
        let listed = Listed {
            id: id.into(),
            changed: None,
            tasks: None,
            context,
            abilities: None,
        };
        self.discovered
            .0
            .entry("home".into())
            .or_default()
            .push(listed);
    }

    fn alias(&mut self, name: &str, names: &[&str]) {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        self.aliases.insert(name.to_owned(), names);
    }
}

fn credential(provider: &str, number: &str) -> Arc<Credential> {
    Arc::new(Credential {
        id: CredentialId::new(format!("{provider}/{number}")),
        provider: provider.into(),
        secret: SecretString::from("secret"),
    })
}

fn call(models: &[&str]) -> ModelCall {
    ModelCall {
        door: Door::Chat,
        body: Bytes::new(),
        content_type: None,
        facts: Facts::default(),
        wish: Wish {
            models: models.iter().map(|name| (*name).to_owned()).collect(),
            ..Wish::default()
        },
        caller: Caller {
            organization: OrganizationId::new("own"),
            project: None,
            policy: None,
            peer: None,
            request_id: "1".into(),
        },
        origin: Origin {
            project: ProjectId::new("own"),
            key: KeyId::new("own"),
            budgets: Arc::default(),
        },
    }
}

fn with(models: &[&str], change: impl FnOnce(&mut ModelCall)) -> ModelCall {
    let mut call = call(models);
    change(&mut call);
    call
}

/// A text of so many tokens.
fn tokens(count: u64) -> TextSize {
    TextSize {
        latin: count * 4,
        wide: 0,
    }
}
