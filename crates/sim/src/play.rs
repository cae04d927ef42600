//! What goes over a connection in reply to a request: an answer, or less than one.

use std::sync::Arc;
use std::time::Duration;

use guichet_engine::transport::UpstreamResponse;

use crate::alphabet::{Fault, Script, Scripted, Stream, Streamed, faulted, streamed};
use crate::quota::Permit;

/// What a connection does in reply.
#[derive(Debug)]
pub(crate) enum Play {
    /// Sends the answer.
    Answer(UpstreamResponse),
    /// Sends nothing, for as long as the client waits.
    Silence,
    /// Breaks the connection without a word.
    Break,
    /// Sends headers and half of the body, then nothing.
    Stall(UpstreamResponse),
    /// Sends the body byte by byte.
    Drip(UpstreamResponse),
    /// Sends headers and half of the body, then breaks the connection.
    BreakHalfway(UpstreamResponse),
    /// Sends far more than anybody wants.
    Flood,
    /// Sends piece by piece.
    Script(Script),
}

/// A reply, and what it holds until it is over.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) play: Play,
    pub(crate) permit: Option<Permit>,
    /// How long it takes to begin.
    pub(crate) after: Duration,
    /// The provider, where a stream is given.
    pub(crate) stream_of: Option<Arc<str>>,
}

impl Reply {
    /// An answer that holds nothing.
    pub(crate) fn plain(response: UpstreamResponse) -> Self {
        Self::played(Play::Answer(response))
    }

    /// A play that holds nothing.
    pub(crate) fn played(play: Play) -> Self {
        Self {
            play,
            permit: None,
            after: Duration::ZERO,
            stream_of: None,
        }
    }
}

impl Play {
    /// What a fault looks like on a connection that was made all the same. A client under a fault below HTTP meets it
    /// at another address; if it comes here, over a connection of before, that breaks or falls silent.
    pub(crate) fn of(
        fault: Fault,
        good: UpstreamResponse,
        error_sample: Option<&UpstreamResponse>,
    ) -> Self {
        match fault.of_whole() {
            Fault::Refused | Fault::Nxdomain | Fault::BadCert => Self::Break,
            Fault::DnsHang | Fault::ConnectTimeout | Fault::HeaderTimeout => Self::Silence,
            Fault::BodyStall => Self::Stall(good),
            Fault::SlowDrip => Self::Drip(good),
            Fault::ResetMidBody => Self::BreakHalfway(good),
            Fault::OversizedBody => Self::Flood,
            Fault::Ok
            | Fault::TruncatedJson
            | Fault::TooManyWithRetryAfter
            | Fault::TooManyBare
            | Fault::Unauthorized
            | Fault::ServerError
            | Fault::ErrorBody
            | Fault::WrongSchema(_)
            | Fault::RedirectToPrivateIp
            | Fault::ResetAfter(_)
            | Fault::StallAfter(_)
            | Fault::ErrorEvent(_)
            | Fault::EofWithoutFinish(_)
            | Fault::CommentsThenError => match faulted(fault, &good, error_sample) {
                Scripted::Answer { response, .. } => Self::Answer(response),
                Scripted::Fail { .. } | Scripted::Hang { .. } => Self::Break,
            },
        }
    }

    /// The same for a stream.
    pub(crate) fn of_stream(
        fault: Fault,
        good: &Stream,
        error_sample: Option<&UpstreamResponse>,
    ) -> Self {
        match fault {
            Fault::Refused | Fault::Nxdomain | Fault::BadCert => return Self::Break,
            Fault::DnsHang | Fault::ConnectTimeout => return Self::Silence,
            _ => {}
        }
        match streamed(fault, good, error_sample) {
            Streamed::Script(script) => Self::Script(script),
            Streamed::Fail { .. } => Self::Break,
            Streamed::Hang { .. } => Self::Silence,
        }
    }

    /// The status that the client is told.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Answer(response)
            | Self::Stall(response)
            | Self::Drip(response)
            | Self::BreakHalfway(response) => Some(response.status),
            Self::Script(script) => Some(script.status),
            Self::Flood => Some(200),
            Self::Silence | Self::Break => None,
        }
    }
}
