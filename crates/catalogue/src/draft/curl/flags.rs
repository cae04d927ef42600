//! curl's flags: those that shape the request, those that do not, and those that a provider cannot follow.

use crate::draft::DraftError;

/// What the flags of a command say.
#[derive(Default)]
pub(super) struct Command {
    pub(super) url: String,
    pub(super) method: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) data: Vec<String>,
    /// `--json`: the data are JSON whatever the headers say.
    pub(super) json: bool,
    /// `-G`: the data belong to the query.
    pub(super) get: bool,
    pub(super) query: Vec<(String, String)>,
    pub(super) user: Option<String>,
    pub(super) bearer: Option<String>,
    pub(super) notes: Vec<String>,
}

/// What a flag does.
#[derive(Clone, Copy)]
enum Flag {
    Method,
    Header,
    Data,
    DataRaw,
    DataEncoded,
    Json,
    Get,
    UrlQuery,
    User,
    Bearer,
    UserAgent,
    Referer,
    Url,
    /// Changes nothing that a provider file could say; takes no value.
    Harmless,
    /// The same with a value.
    HarmlessWith,
    /// Cannot be followed, for this reason.
    Refused(&'static str),
}

#[rustfmt::skip]
const FLAGS: &[(&str, &str, Flag)] = &[
    ("-X", "--request", Flag::Method),
    ("-H", "--header", Flag::Header),
    ("-d", "--data", Flag::Data),
    ("", "--data-ascii", Flag::Data),
    ("", "--data-binary", Flag::Data),
    ("", "--data-raw", Flag::DataRaw),
    ("", "--data-urlencode", Flag::DataEncoded),
    ("", "--json", Flag::Json),
    ("-G", "--get", Flag::Get),
    ("", "--url-query", Flag::UrlQuery),
    ("-u", "--user", Flag::User),
    ("", "--oauth2-bearer", Flag::Bearer),
    ("-A", "--user-agent", Flag::UserAgent),
    ("-e", "--referer", Flag::Referer),
    ("", "--url", Flag::Url),
    ("-s", "--silent", Flag::Harmless),
    ("-S", "--show-error", Flag::Harmless),
    ("-L", "--location", Flag::Harmless),
    ("-i", "--include", Flag::Harmless),
    ("", "--show-headers", Flag::Harmless),
    ("-v", "--verbose", Flag::Harmless),
    ("-f", "--fail", Flag::Harmless),
    ("", "--fail-with-body", Flag::Harmless),
    ("-g", "--globoff", Flag::Harmless),
    ("-N", "--no-buffer", Flag::Harmless),
    ("-#", "--progress-bar", Flag::Harmless),
    ("-O", "--remote-name", Flag::Harmless),
    ("-4", "--ipv4", Flag::Harmless),
    ("-6", "--ipv6", Flag::Harmless),
    ("-q", "--disable", Flag::Harmless),
    ("", "--basic", Flag::Harmless),
    ("", "--compressed", Flag::Harmless),
    ("", "--http1.1", Flag::Harmless),
    ("", "--http2", Flag::Harmless),
    ("", "--http3", Flag::Harmless),
    ("", "--tlsv1.2", Flag::Harmless),
    ("", "--tlsv1.3", Flag::Harmless),
    ("", "--no-progress-meter", Flag::Harmless),
    ("-o", "--output", Flag::HarmlessWith),
    ("-w", "--write-out", Flag::HarmlessWith),
    ("-D", "--dump-header", Flag::HarmlessWith),
    ("-m", "--max-time", Flag::HarmlessWith),
    ("", "--connect-timeout", Flag::HarmlessWith),
    ("", "--retry", Flag::HarmlessWith),
    ("", "--retry-delay", Flag::HarmlessWith),
    ("", "--max-redirs", Flag::HarmlessWith),
    ("-k", "--insecure", Flag::Refused("certificates are always checked; for a server of your own use plain http, or a certificate that holds")),
    ("-b", "--cookie", Flag::Refused("a session of a browser is no credential that lasts; look for an API key")),
    ("-c", "--cookie-jar", Flag::Refused("calls share no cookies")),
    ("-F", "--form", Flag::Refused("a provider is sent JSON, no form of several parts")),
    ("-T", "--upload-file", Flag::Refused("a provider is sent no files")),
    ("-I", "--head", Flag::Refused("a provider is asked with GET or POST")),
    ("-x", "--proxy", Flag::Refused("a proxy belongs to the server's settings, not to a provider")),
    ("-U", "--proxy-user", Flag::Refused("a proxy belongs to the server's settings, not to a provider")),
    ("-E", "--cert", Flag::Refused("certificates of clients are not supported")),
    ("", "--key", Flag::Refused("certificates of clients are not supported")),
    ("", "--cacert", Flag::Refused("servers are checked against the roots of the web")),
    ("-K", "--config", Flag::Refused("write the command out instead of reading flags from a file")),
    ("-n", "--netrc", Flag::Refused("write `-u user:password` instead: the password goes into no file")),
    ("", "--digest", Flag::Refused("of the ways to send a password, only basic is supported")),
    ("", "--ntlm", Flag::Refused("of the ways to send a password, only basic is supported")),
    ("", "--negotiate", Flag::Refused("of the ways to send a password, only basic is supported")),
    ("", "--aws-sigv4", Flag::Refused("signed requests are not supported")),
    ("", "--resolve", Flag::Refused("name the host that is meant in the URL")),
    ("", "--unix-socket", Flag::Refused("a provider is reached over the network")),
];

impl Flag {
    fn takes_value(self) -> bool {
        !matches!(self, Self::Get | Self::Harmless | Self::Refused(_))
    }
}

/// Reads the words of a command.
pub(super) fn read(words: &[String]) -> Result<Command, DraftError> {
    let mut words = words.iter().map(String::as_str);
    let program = words.next().ok_or(DraftError::NotCurl)?;
    if !matches!(program.rsplit('/').next(), Some("curl" | "curl.exe")) {
        return Err(DraftError::NotCurl);
    }
    let mut command = Command::default();
    let mut flags_end = false;
    while let Some(word) = words.next() {
        if flags_end || !word.starts_with('-') || word == "-" {
            command.set_url(word)?;
        } else if word == "--" {
            flags_end = true;
        } else if word.starts_with("--") {
            command.long(word, &mut words)?;
        } else {
            command.short(word, &mut words)?;
        }
    }
    if command.url.is_empty() {
        return Err(DraftError::NotCurl);
    }
    Ok(command)
}

impl Command {
    /// `--header value`. An unknown flag is named without what may be a value.
    fn long<'a>(
        &mut self,
        word: &'a str,
        rest: &mut impl Iterator<Item = &'a str>,
    ) -> Result<(), DraftError> {
        let found = FLAGS.iter().find(|(_, long, _)| *long == word);
        let name = word.split(['=', ' ']).next().unwrap_or(word);
        let (_, long, flag) = found.ok_or_else(|| DraftError::UnknownFlag(name.into()))?;
        let value = if flag.takes_value() {
            rest.next()
                .ok_or_else(|| DraftError::MissingValue((*long).into()))?
        } else {
            ""
        };
        self.apply(long, *flag, value)
    }

    /// `-sSLH value`, `-XPOST`: several flags in one word, the last of which may have its value attached.
    fn short<'a>(
        &mut self,
        word: &'a str,
        rest: &mut impl Iterator<Item = &'a str>,
    ) -> Result<(), DraftError> {
        for (at, letter) in word.char_indices().skip(1) {
            let name = format!("-{letter}");
            let found = FLAGS.iter().find(|(short, _, _)| *short == name);
            let (_, _, flag) = found.ok_or_else(|| DraftError::UnknownFlag(name.clone()))?;
            if flag.takes_value() {
                let attached = &word[at + letter.len_utf8()..];
                let value = match attached {
                    "" => rest
                        .next()
                        .ok_or_else(|| DraftError::MissingValue(name.clone()))?,
                    attached => attached,
                };
                return self.apply(&name, *flag, value);
            }
            self.apply(&name, *flag, "")?;
        }
        Ok(())
    }

    fn apply(&mut self, name: &str, flag: Flag, value: &str) -> Result<(), DraftError> {
        match flag {
            Flag::Method => self.method = Some(value.into()),
            Flag::Header => self.header(value)?,
            Flag::Data if value.starts_with('@') => return Err(from_file(name)),
            Flag::Data | Flag::DataRaw => self.data.push(value.into()),
            Flag::DataEncoded => self.data.push(encoded(name, value)?),
            Flag::Json if value.starts_with('@') => return Err(from_file(name)),
            Flag::Json => {
                self.json = true;
                self.data.push(value.into());
            }
            Flag::Get => self.get = true,
            Flag::UrlQuery => {
                let pair = encoded(name, value)?;
                self.query
                    .extend(url::form_urlencoded::parse(pair.as_bytes()).into_owned());
            }
            Flag::User => self.user = Some(value.into()),
            Flag::Bearer => self.bearer = Some(value.into()),
            Flag::UserAgent => self.headers.push(("user-agent".into(), value.into())),
            Flag::Referer => self.headers.push(("referer".into(), value.into())),
            Flag::Url => self.set_url(value)?,
            Flag::Harmless | Flag::HarmlessWith => {}
            Flag::Refused(reason) => {
                return Err(DraftError::RefusedFlag {
                    flag: name.into(),
                    reason,
                });
            }
        }
        Ok(())
    }

    fn set_url(&mut self, url: &str) -> Result<(), DraftError> {
        if self.url.is_empty() {
            self.url = url.into();
            return Ok(());
        }
        Err(DraftError::Url(
            "the command names a second one, or a value stands without its flag; draft one call at a time".into(),
        ))
    }

    /// `Name: value`; `Name:` takes a header away and `Name;` sends it empty, neither of which a draft needs.
    fn header(&mut self, value: &str) -> Result<(), DraftError> {
        if value.starts_with('@') {
            return Err(from_file("-H"));
        }
        let Some((name, value)) = value.split_once(':') else {
            if value.ends_with(';') {
                return Ok(());
            }
            return Err(DraftError::RefusedFlag {
                flag: "-H".into(),
                reason: "a header is written `Name: value`",
            });
        };
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.is_empty() || !name.bytes().all(token) {
            return Err(DraftError::RefusedFlag {
                flag: "-H".into(),
                reason: "a header's name has letters, digits and hyphens only",
            });
        }
        if !value.trim().is_empty() {
            self.headers.push((name.into(), value.trim().into()));
        }
        Ok(())
    }
}

fn from_file(flag: &str) -> DraftError {
    DraftError::RefusedFlag {
        flag: flag.into(),
        reason: "it reads a file (`@…`): write the value itself",
    }
}

/// `name=content` and `content` with the content percent-encoded.
fn encoded(flag: &str, value: &str) -> Result<String, DraftError> {
    let encode =
        |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    match value.split_once('=') {
        Some(("", content)) => Ok(encode(content)),
        Some((name, content)) => Ok(format!("{name}={}", encode(content))),
        None if value.contains('@') => Err(from_file(flag)),
        None => Ok(encode(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn flags_may_be_joined_and_hold_their_values() {
        let command = read(&words(
            "curl -sSLXPOST -Haccept:text/plain https://a.example -d a=1 -d b=2",
        ))
        .unwrap();
        assert_eq!(command.method.as_deref(), Some("POST"));
        assert_eq!(
            command.headers,
            [("accept".to_owned(), "text/plain".to_owned())]
        );
        assert_eq!(command.data, ["a=1", "b=2"]);
    }

    #[test]
    fn a_flag_that_cannot_be_kept_is_named_without_its_value() {
        let error = |text: &str| read(&words(text)).err().unwrap().to_string();
        assert!(
            error("curl --tokn=hunter2 https://a.example")
                .starts_with("curl's flag `--tokn` is not known")
        );
        assert!(
            error("curl -Zhunter2 https://a.example").starts_with("curl's flag `-Z` is not known")
        );
        assert!(error("curl -k https://a.example").contains("certificates are always checked"));
        assert!(error("curl -b a=hunter2 https://a.example").contains("no credential that lasts"));
        assert!(error("curl -d @file https://a.example").contains("write the value itself"));
        assert!(error("curl https://a.example hunter2").contains("names a second one"));
        assert!(error("curl https://a.example -H").contains("`-H` is the last word"));
        assert_eq!(
            read(&words("wget https://a.example")).err(),
            Some(DraftError::NotCurl)
        );
    }
}
