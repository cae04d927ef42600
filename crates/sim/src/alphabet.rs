//! The fault alphabet: every way in which a server can fail its clients, and what each looks like to a transport.
//!
//! Pure: no sockets, no clock. The sockets of this crate and the in-memory transports of tests share this one table.

mod stream;
mod whole;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

pub use stream::{Chunk, Part, Piece, Script, Stream, Streamed, streamed};
pub use whole::{DRIP, LATENCY, OVERSIZED, PRIVATE_URL, RETRY_AFTER_SECONDS, Scripted, faulted};
pub(crate) use whole::{made, too_many, unauthorized};

/// A letter of the alphabet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// None: the right answer.
    Ok,
    /// Nothing listens.
    Refused,
    /// The name does not exist.
    Nxdomain,
    /// The name server is silent.
    DnsHang,
    /// TLS with a certificate that nobody vouches for.
    BadCert,
    /// Nobody takes the connection.
    ConnectTimeout,
    /// The request is taken and nothing comes back.
    HeaderTimeout,
    /// Headers and half of the body, then silence.
    BodyStall,
    /// The body comes byte by byte.
    SlowDrip,
    /// The connection breaks after half of the body.
    ResetMidBody,
    /// Half of the body, said to be all of it.
    TruncatedJson,
    /// 429 that says when to come back.
    TooManyWithRetryAfter,
    /// 429 that says nothing.
    TooManyBare,
    /// 401.
    Unauthorized,
    /// A server error.
    ServerError,
    /// Status 200 and an error in the body.
    ErrorBody,
    /// Status 200 and something else in the body.
    WrongSchema(Wrong),
    /// A redirect to the address where clouds keep the secrets of their machines.
    RedirectToPrivateIp,
    /// A body without end.
    OversizedBody,
    /// The connection breaks after so many pieces of what a stream has to say. 0: after comments and empty first
    /// pieces, before the first word.
    ResetAfter(u16),
    /// Silence after so many pieces.
    StallAfter(u16),
    /// An error, in the words of the stream's dialect, after so many pieces.
    ErrorEvent(u16),
    /// A clean end of the body after so many pieces, without a finish. More than there are: only the finish is missing.
    EofWithoutFinish(u16),
    /// Comments, and then an error.
    CommentsThenError,
}

/// What stands where data should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Wrong {
    /// Nothing.
    Empty,
    /// A page.
    Html,
    /// JSON of another shape.
    OtherJson,
}

impl Fault {
    /// All pieces that there are.
    pub const EVERYTHING: u16 = u16::MAX;

    /// The letters that mean the same to every answer. The others are [`STREAMS`](Self::STREAMS).
    pub const ALL: [Self; 21] = [
        Self::Ok,
        Self::Refused,
        Self::Nxdomain,
        Self::DnsHang,
        Self::BadCert,
        Self::ConnectTimeout,
        Self::HeaderTimeout,
        Self::BodyStall,
        Self::SlowDrip,
        Self::ResetMidBody,
        Self::TruncatedJson,
        Self::TooManyWithRetryAfter,
        Self::TooManyBare,
        Self::Unauthorized,
        Self::ServerError,
        Self::ErrorBody,
        Self::WrongSchema(Wrong::Empty),
        Self::WrongSchema(Wrong::Html),
        Self::WrongSchema(Wrong::OtherJson),
        Self::RedirectToPrivateIp,
        Self::OversizedBody,
    ];

    /// The letters of streams: before the first word, after it, and for an end without a finish after all of them.
    pub const STREAMS: [Self; 10] = [
        Self::ResetAfter(0),
        Self::ResetAfter(1),
        Self::StallAfter(0),
        Self::StallAfter(1),
        Self::ErrorEvent(0),
        Self::ErrorEvent(1),
        Self::EofWithoutFinish(0),
        Self::EofWithoutFinish(1),
        Self::EofWithoutFinish(Self::EVERYTHING),
        Self::CommentsThenError,
    ];

    /// Its name everywhere.
    #[must_use]
    pub fn name(self) -> Cow<'static, str> {
        let counted = match self {
            Self::ResetAfter(pieces) => format!("reset-after-{pieces}-chunks"),
            Self::StallAfter(pieces) => format!("stall-after-{pieces}-chunks"),
            Self::ErrorEvent(pieces) => format!("error-event-mid-stream:{pieces}"),
            Self::EofWithoutFinish(pieces) if pieces < Self::EVERYTHING => {
                format!("eof-without-finish:{pieces}")
            }
            fault => return Cow::Borrowed(fault.plain_name()),
        };
        Cow::Owned(counted)
    }

    fn plain_name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Nxdomain => "nxdomain",
            Self::DnsHang => "dns-hang",
            Self::BadCert => "bad-cert",
            Self::ConnectTimeout => "connect-timeout",
            Self::HeaderTimeout => "header-timeout",
            Self::BodyStall => "body-stall",
            Self::SlowDrip => "slow-drip",
            Self::ResetMidBody => "reset-mid-body",
            Self::TruncatedJson => "truncated-json",
            Self::TooManyWithRetryAfter => "429+retry-after",
            Self::TooManyBare => "429-bare",
            Self::Unauthorized => "401",
            Self::ServerError => "5xx",
            Self::ErrorBody => "200-error-body",
            Self::WrongSchema(Wrong::Empty) => "200-wrong-schema:empty",
            Self::WrongSchema(Wrong::Html) => "200-wrong-schema:html",
            Self::WrongSchema(Wrong::OtherJson) => "200-wrong-schema:other-json",
            Self::RedirectToPrivateIp => "redirect-to-private-ip",
            Self::OversizedBody => "oversized-body",
            Self::ResetAfter(_) => "reset-after-k-chunks",
            Self::StallAfter(_) => "stall-after-k-chunks",
            Self::ErrorEvent(_) => "error-event-mid-stream",
            Self::EofWithoutFinish(_) => "eof-without-finish",
            Self::CommentsThenError => "comments-then-error",
        }
    }

    /// Whether it strikes before a request can be sent: a client meets it at another address than the others.
    #[must_use]
    pub fn is_below_http(self) -> bool {
        matches!(
            self,
            Self::Refused | Self::Nxdomain | Self::DnsHang | Self::BadCert | Self::ConnectTimeout
        )
    }

    /// What comes nearest to it for an answer that is no stream.
    #[must_use]
    pub fn of_whole(self) -> Self {
        match self {
            Self::ResetAfter(_) => Self::ResetMidBody,
            Self::StallAfter(_) => Self::BodyStall,
            Self::ErrorEvent(_) | Self::CommentsThenError => Self::ErrorBody,
            Self::EofWithoutFinish(_) => Self::TruncatedJson,
            fault => fault,
        }
    }

    /// Reads a name that says how many pieces: `reset-after-3-chunks`, `error-event-mid-stream:3`. Where
    /// `error-event-mid-stream` says none it is one, `eof-without-finish` without is after all.
    fn counted(name: &str) -> Option<Self> {
        let between = |before: &str, after: &str| -> Option<u16> {
            let pieces = name.strip_prefix(before)?.strip_suffix(after)?;
            pieces.parse().ok()
        };
        match name {
            "error-event-mid-stream" => return Some(Self::ErrorEvent(1)),
            "eof-without-finish" => return Some(Self::EofWithoutFinish(Self::EVERYTHING)),
            _ => {}
        }
        between("reset-after-", "-chunks")
            .map(Self::ResetAfter)
            .or_else(|| between("stall-after-", "-chunks").map(Self::StallAfter))
            .or_else(|| between("error-event-mid-stream:", "").map(Self::ErrorEvent))
            .or_else(|| between("eof-without-finish:", "").map(Self::EofWithoutFinish))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name())
    }
}

impl serde::Serialize for Fault {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}

/// A word that is no letter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no fault `{name}`; there are {known}")]
pub struct UnknownFault {
    name: String,
    known: String,
}

impl FromStr for Fault {
    type Err = UnknownFault;

    /// Reads a name. `200-wrong-schema` alone means JSON of another shape.
    fn from_str(name: &str) -> Result<Self, UnknownFault> {
        if name == "200-wrong-schema" {
            return Ok(Self::WrongSchema(Wrong::OtherJson));
        }
        let plain = Self::ALL.into_iter().chain([Self::CommentsThenError]);
        plain
            .clone()
            .find(|fault| fault.plain_name() == name)
            .or_else(|| Self::counted(name))
            .ok_or_else(|| {
                let counted = [
                    Self::ResetAfter(0),
                    Self::StallAfter(0),
                    Self::ErrorEvent(0),
                    Self::EofWithoutFinish(0),
                ];
                let known = plain.chain(counted).map(Self::plain_name);
                UnknownFault {
                    name: name.to_owned(),
                    known: known.collect::<Vec<_>>().join(", "),
                }
            })
    }
}

#[cfg(test)]
#[path = "alphabet_tests.rs"]
mod tests;
