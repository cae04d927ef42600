//! The table of all keys: how each is read and how it is shown.

use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use guichet_catalogue::suggest::did_you_mean;
use guichet_catalogue::units;
use guichet_gateway::TrustedProxies;
use tracing::level_filters::LevelFilter;

use super::aliases;
use super::policies;
use super::roots::ExtraRoots;
use super::settings::{LogFormat, Settings};
use super::shares;

type Durations = RangeInclusive<Duration>;

/// One key of the configuration.
pub(super) struct Key {
    /// Its name, with dots for tables.
    pub(super) name: &'static str,
    apply: fn(&mut Settings, &str) -> Result<(), String>,
    /// The value in force, as the file would spell it.
    pub(super) show: fn(&Settings) -> String,
}

/// Every key, except those of single providers and the operator's names for models.
pub(super) const KEYS: [Key; 28] = [
    Key {
        name: "listen",
        apply: |settings, text| set(&mut settings.listen, address(text)),
        show: |settings| settings.listen.to_string(),
    },
    Key {
        name: "data_dir",
        apply: |settings, text| set(&mut settings.data_dir, path(text)),
        show: |settings| settings.data_dir.display().to_string(),
    },
    Key {
        name: "database_url",
        apply: |settings, text| set(&mut settings.database_url, text.parse().map(Some)),
        show: |settings| optional(settings.database_url.as_ref()),
    },
    Key {
        name: "redis_url",
        apply: |settings, text| set(&mut settings.redis_url, text.parse().map(Some)),
        show: |settings| optional(settings.redis_url.as_ref()),
    },
    Key {
        name: "catalogue_dir",
        apply: |settings, text| set(&mut settings.catalogue_dir, path(text).map(Some)),
        show: |settings| optional(settings.catalogue_dir.as_ref().map(|path| path.display())),
    },
    Key {
        name: "timeout",
        apply: |settings, text| set(&mut settings.timeout, duration(text, &CALL)),
        show: |settings| shown_duration(settings.timeout),
    },
    Key {
        name: "trusted_proxies",
        apply: |settings, text| {
            set(
                &mut settings.trusted_proxies,
                text.parse::<TrustedProxies>(),
            )
        },
        show: |settings| settings.trusted_proxies.to_string(),
    },
    Key {
        name: "operator.contact",
        apply: |settings, text| set(&mut settings.contact, contact(text).map(Some)),
        show: |settings| optional(settings.contact.as_ref()),
    },
    Key {
        name: "log.format",
        apply: |settings, text| set(&mut settings.log_format, one_of(text, &FORMATS)),
        show: |settings| name_of(&settings.log_format, &FORMATS),
    },
    Key {
        name: "log.level",
        apply: |settings, text| set(&mut settings.log_level, one_of(text, &LEVELS)),
        show: |settings| name_of(&settings.log_level, &LEVELS),
    },
    Key {
        name: "dns.servers",
        apply: |settings, text| set(&mut settings.dns_servers, name_servers(text)),
        show: |settings| joined(&settings.dns_servers),
    },
    Key {
        name: "egress.plain_http",
        apply: |settings, text| set(&mut settings.plain_http, boolean(text)),
        show: |settings| settings.plain_http.to_string(),
    },
    Key {
        name: "upstream.extra_roots",
        apply: |settings, text| set(&mut settings.extra_roots, roots(text)),
        show: |settings| settings.extra_roots.to_string(),
    },
    Key {
        name: "upstream.connect_timeout",
        apply: |settings, text| set(&mut settings.connect_timeout, duration(text, &CONNECT)),
        show: |settings| shown_duration(settings.connect_timeout),
    },
    Key {
        name: "cache.size",
        apply: |settings, text| set(&mut settings.cache_bytes, size(text)),
        show: |settings| shown_size(settings.cache_bytes),
    },
    Key {
        name: "limits.max_body",
        apply: |settings, text| set(&mut settings.max_body, size(text)),
        show: |settings| shown_size(settings.max_body as u64),
    },
    Key {
        name: "limits.max_model_body",
        apply: |settings, text| set(&mut settings.max_model_body, size(text)),
        show: |settings| shown_size(settings.max_model_body as u64),
    },
    Key {
        name: "limits.max_head",
        apply: |settings, text| set(&mut settings.max_head, head_size(text)),
        show: |settings| shown_size(settings.max_head as u64),
    },
    Key {
        name: "limits.connections",
        apply: |settings, text| set(&mut settings.connections, at_least_one(text)),
        show: |settings| settings.connections.to_string(),
    },
    Key {
        name: "limits.head_timeout",
        apply: |settings, text| set(&mut settings.head_timeout, duration(text, &CLIENT)),
        show: |settings| shown_duration(settings.head_timeout),
    },
    Key {
        name: "limits.body_timeout",
        apply: |settings, text| set(&mut settings.body_timeout, duration(text, &CLIENT)),
        show: |settings| shown_duration(settings.body_timeout),
    },
    Key {
        name: "limits.idle_timeout",
        apply: |settings, text| set(&mut settings.idle_timeout, duration(text, &CLIENT)),
        show: |settings| shown_duration(settings.idle_timeout),
    },
    Key {
        name: "limits.grace",
        apply: |settings, text| set(&mut settings.grace, duration(text, &GRACE)),
        show: |settings| shown_duration(settings.grace),
    },
    Key {
        name: "models.timeout",
        apply: |settings, text| set(&mut settings.model_timeout, duration(text, &MODEL)),
        show: |settings| shown_duration(settings.model_timeout),
    },
    Key {
        name: "models.stall",
        apply: |settings, text| set(&mut settings.model_stall, duration(text, &STALL)),
        show: |settings| shown_duration(settings.model_stall),
    },
    Key {
        name: "policy.default",
        apply: |settings, text| set(&mut settings.policies.default, policies::policy(text)),
        show: |settings| settings.policies.default.to_string(),
    },
    Key {
        name: "usage.keep",
        apply: |settings, text| set(&mut settings.usage_keep, duration(text, &USAGE)),
        show: |settings| shown_duration(settings.usage_keep),
    },
    Key {
        name: "usage.spool",
        apply: |settings, text| set(&mut settings.usage_spool, size(text)),
        show: |settings| shown_size(settings.usage_spool),
    },
];

/// What a call may take.
const CALL: Durations = Duration::from_millis(50)..=Duration::from_mins(2);
/// What a connection to a provider may take to be made.
const CONNECT: Durations = Duration::from_millis(50)..=Duration::from_secs(30);
/// What a client may take.
const CLIENT: Durations = Duration::from_millis(100)..=Duration::from_hours(1);
/// What requests under way may take when the server stops.
const GRACE: Durations = Duration::ZERO..=Duration::from_hours(1);

/// What a call to a model may take.
const MODEL: Durations = Duration::from_secs(1)..=Duration::from_hours(1);
/// How long a stream may say nothing.
const STALL: Durations = Duration::from_secs(1)..=Duration::from_mins(10);

/// How long what calls took may be remembered.
const USAGE: Durations = Duration::from_hours(24)..=Duration::from_hours(3650 * 24);

const PROVIDER_KEYS: [&str; 3] = ["enabled", "order", "weight"];
const FORMATS: [(&str, LogFormat); 2] = [("text", LogFormat::Text), ("json", LogFormat::Json)];
const LEVELS: [(&str, LevelFilter); 6] = [
    ("off", LevelFilter::OFF),
    ("error", LevelFilter::ERROR),
    ("warn", LevelFilter::WARN),
    ("info", LevelFilter::INFO),
    ("debug", LevelFilter::DEBUG),
    ("trace", LevelFilter::TRACE),
];

/// The provider that a key is about: `open-meteo` of `providers.open-meteo.enabled`.
pub(super) fn provider(key: &str) -> Option<&str> {
    let (id, _) = key.strip_prefix("providers.")?.split_once('.')?;
    Some(id)
}

/// Says what is wrong with a key that does not exist.
pub(super) fn check_name(key: &str) -> Result<(), String> {
    let mut known: Vec<String> = KEYS.iter().map(|known| known.name.to_owned()).collect();
    if let Some(id) = provider(key) {
        known.extend(PROVIDER_KEYS.map(|last| format!("providers.{id}.{last}")));
    }
    let named = aliases::alias(key).or_else(|| policies::operation(key));
    if known.iter().any(|known| known == key) || named.is_some() || shares::named(key).is_some() {
        return Ok(());
    }
    if key == "master_key" {
        return Err(
            "the master key is a secret: give it in GUICHET_MASTER_KEY, or let it be kept in the data folder".into(),
        );
    }
    let hint = did_you_mean(key, known.iter().map(String::as_str));
    Err(format!("unknown key `{key}`{hint}"))
}

/// Reads a value into the settings. The error says what would be right.
pub(super) fn apply(settings: &mut Settings, key: &str, text: &str) -> Result<(), String> {
    if let Some(known) = KEYS.iter().find(|known| known.name == key) {
        return (known.apply)(settings, text.trim());
    }
    if let Some(name) = aliases::alias(key) {
        let names = aliases::names(text)?;
        settings.model_aliases.insert(name.to_owned(), names);
        return Ok(());
    }
    if let Some(operation) = policies::operation(key) {
        let policy = policies::policy(text.trim())?;
        let operations = &mut settings.policies.operations;
        operations.insert(operation.to_owned(), policy);
        return Ok(());
    }
    if let Some(named) = shares::named(key) {
        return shares::add(&mut settings.shares, named, text.trim());
    }
    let (Some(id), Some((_, last))) = (provider(key), key.rsplit_once('.')) else {
        return check_name(key);
    };
    let choice = settings.providers.entry(id.to_owned()).or_default();
    match last {
        "enabled" => set(&mut choice.enabled, boolean(text).map(Some)),
        "order" => set(&mut choice.order, whole(text).map(Some)),
        "weight" => set(&mut choice.weight, policies::weight(text).map(Some)),
        _ => check_name(key),
    }
}

fn set<T>(place: &mut T, read: Result<T, String>) -> Result<(), String> {
    *place = read?;
    Ok(())
}

fn parsed<T: FromStr>(text: &str, wanted: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not {wanted}"))
}

fn address(text: &str) -> Result<SocketAddr, String> {
    parsed(
        text,
        "an address and a port such as `127.0.0.1:8080` or `[::1]:8080`",
    )
}

fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("a path is needed".into());
    }
    Ok(PathBuf::from(text))
}

fn duration(text: &str, allowed: &Durations) -> Result<Duration, String> {
    let duration = units::duration(text)?;
    if allowed.contains(&duration) {
        Ok(duration)
    } else {
        let (least, most) = (*allowed.start(), *allowed.end());
        let (least, most) = (shown_duration(least), shown_duration(most));
        Err(format!("`{text}` is not between {least} and {most}"))
    }
}

fn roots(text: &str) -> Result<ExtraRoots, String> {
    let files = text.split(',').map(str::trim);
    let files = files.filter(|file| !file.is_empty());
    ExtraRoots::read(files.map(PathBuf::from).collect())
}

fn head_size(text: &str) -> Result<usize, String> {
    const ALLOWED: RangeInclusive<usize> = 8 << 10..=1 << 20;
    let size = units::size(text)?;
    if ALLOWED.contains(&size) {
        Ok(size)
    } else {
        Err(format!("`{text}` is not between 8KiB and 1MiB"))
    }
}

/// It becomes part of a header and is read by people at the provider.
fn contact(text: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    if text.is_empty() || text.len() > 200 || !text.bytes().all(plain) {
        return Err("an e-mail address or a URL in plain characters is needed".into());
    }
    Ok(text.to_owned())
}

fn name_servers(text: &str) -> Result<Vec<SocketAddr>, String> {
    const DNS: u16 = 53;
    let server = |text: &str| {
        let bare = text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, DNS));
        bare.or_else(|_| parsed(text, "the address of a name server such as `9.9.9.9`"))
    };
    text.split(',')
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(server)
        .collect()
}

fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        other => Err(format!("`{other}` is neither true nor false")),
    }
}

fn whole(text: &str) -> Result<i32, String> {
    parsed(text, "a whole number")
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match parsed(text, "a whole number")? {
        0 => Err("at least 1 is needed".into()),
        number => Ok(number),
    }
}

fn size<T: TryFrom<usize>>(text: &str) -> Result<T, String> {
    T::try_from(units::size(text)?).map_err(|_| format!("`{text}` is too large"))
}

fn one_of<T: Copy>(text: &str, known: &[(&'static str, T)]) -> Result<T, String> {
    let names = || known.iter().map(|(name, _)| *name);
    known
        .iter()
        .find(|(name, _)| *name == text)
        .map(|(_, value)| *value)
        .ok_or_else(|| {
            let hint = did_you_mean(text, names());
            let names = names().collect::<Vec<_>>().join(", ");
            format!("`{text}` is none of {names}{hint}")
        })
}

fn name_of<T: PartialEq>(value: &T, known: &[(&'static str, T)]) -> String {
    known
        .iter()
        .find(|(_, known)| known == value)
        .map_or_else(String::new, |(name, _)| (*name).to_owned())
}

fn optional(value: Option<impl Display>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn joined(values: &[impl Display]) -> String {
    let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
    texts.join(",")
}

fn shown_duration(duration: Duration) -> String {
    match duration.subsec_millis() {
        0 => format!("{}s", duration.as_secs()),
        _ => format!("{}ms", duration.as_millis()),
    }
}

fn shown_size(bytes: u64) -> String {
    const MEBIBYTE: u64 = 1 << 20;
    const KIBIBYTE: u64 = 1 << 10;
    match bytes {
        bytes if bytes > 0 && bytes.is_multiple_of(MEBIBYTE) => format!("{}MiB", bytes / MEBIBYTE),
        bytes if bytes > 0 && bytes.is_multiple_of(KIBIBYTE) => format!("{}KiB", bytes / KIBIBYTE),
        bytes => format!("{bytes}B"),
    }
}
