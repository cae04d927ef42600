//! A name server of two kinds of words: `<provider>.sim.internal` and everything else.
//!
//! A provider's name leads to the simulator, unless a fault says that it does not exist, that nobody answers, or that
//! it leads where connections fail.
//! RFC 1035, and of that the little that a resolver needs: one question, over UDP.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::net::UdpSocket;

use crate::alphabet::Fault;
use crate::elsewhere::Detours;
use crate::state::State;
use crate::task::Task;

/// What follows a provider's id in its name.
pub(crate) const ZONE: &str = "sim.internal";

/// The name server.
#[derive(Debug)]
pub(crate) struct NameServer {
    pub(crate) address: SocketAddr,
    _task: Task,
}

impl NameServer {
    pub(crate) async fn bind(simulator: SocketAddr, state: Arc<State>) -> io::Result<Self> {
        let ip = simulator.ip();
        let socket = UdpSocket::bind(SocketAddr::new(ip, 0)).await?;
        let address = socket.local_addr()?;
        let detours = Detours::bind(simulator).await;
        let task = Task::spawn(async move {
            // Longer questions than this are not asked over UDP without asking first.
            let mut bytes = [0; 512];
            loop {
                let Ok((length, client)) = socket.recv_from(&mut bytes).await else {
                    continue;
                };
                let answer = answer(&bytes[..length], |name| {
                    match provider_fault(name, &state) {
                        None | Some(Fault::Nxdomain) => Known::Nothing,
                        Some(Fault::DnsHang) => Known::Silence,
                        Some(fault) => Known::At(detours.of(fault).unwrap_or(ip)),
                    }
                });
                if let Some(answer) = answer {
                    // A client that is gone needs no answer.
                    let _ = socket.send_to(&answer, client).await;
                }
            }
        });
        Ok(Self {
            address,
            _task: task,
        })
    }
}

/// What is known of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    At(IpAddr),
    Nothing,
    Silence,
}

/// The fault that the provider of this name is under; none where no provider has this name.
fn provider_fault(name: &str, state: &State) -> Option<Fault> {
    let provider = name.strip_suffix(ZONE)?.strip_suffix('.')?;
    let known = state.book.contains_key(provider);
    known.then(|| state.switches.lock().peek(provider))
}

const HEADER: usize = 12;
const NAME_ERROR: u8 = 3;
const A: u16 = 1;
const AAAA: u16 = 28;

/// The answer to a message, when it is a question and is to be answered.
fn answer(message: &[u8], lookup: impl FnOnce(&str) -> Known) -> Option<Vec<u8>> {
    let (id, recursion) = (message.get(..2)?, message.get(2)? & 0x01);
    let is_response = message[2] & 0x80 != 0;
    let one_question = message.get(4..6)? == [0, 1];
    if is_response || !one_question {
        return None;
    }
    let (name, end) = name(message)?;
    let question = message.get(HEADER..end + 4)?;
    let kind = u16::from_be_bytes([message[end], message[end + 1]]);
    let (code, address) = match lookup(&name) {
        Known::Silence => return None,
        Known::Nothing => (NAME_ERROR, None),
        Known::At(ip) => (0, Some(ip)),
    };
    let data = match (kind, address) {
        (A, Some(IpAddr::V4(ip))) => Some(ip.octets().to_vec()),
        (AAAA, Some(IpAddr::V6(ip))) => Some(ip.octets().to_vec()),
        _ => None,
    };
    let mut out = id.to_vec();
    // A response with authority; recursion as it was desired, and available.
    out.extend([
        0x84 | recursion,
        0x80 | code,
        0,
        1,
        0,
        u8::from(data.is_some()),
        0,
        0,
        0,
        0,
    ]);
    out.extend_from_slice(question);
    if let Some(data) = data {
        // The name of the question, its type, the class IN, a life of no time at all, so that faults show at once.
        out.extend([0xc0, 12]);
        out.extend(kind.to_be_bytes());
        out.extend([0, 1, 0, 0, 0, 0]);
        out.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
        out.extend(data);
    }
    Some(out)
}

/// The name of the question in lower case, and where it ends.
fn name(message: &[u8]) -> Option<(String, usize)> {
    let mut labels = Vec::new();
    let mut at = HEADER;
    loop {
        let length = usize::from(*message.get(at)?);
        at += 1;
        if length == 0 {
            return Some((labels.join("."), at));
        }
        // Longer ones are pointers, which no question has.
        let label = message.get(at..at + length).filter(|_| length < 64)?;
        labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
        at += length;
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn question(name: &str, kind: u8) -> Vec<u8> {
        let mut message = vec![0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            message.push(u8::try_from(label.len()).unwrap());
            message.extend(label.bytes());
        }
        message.extend([0, 0, kind, 0, 1]);
        message
    }

    #[test]
    fn an_address_is_given_for_a_known_name() {
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let asked = question("Open-Meteo.sim.internal", 1);
        let told = answer(&asked, |name| {
            assert_eq!(name, "open-meteo.sim.internal");
            Known::At(here)
        })
        .unwrap();
        assert_eq!(told[..4], [0xab, 0xcd, 0x85, 0x80]);
        assert_eq!(told[6..8], [0, 1]);
        assert!(told.ends_with(&[0, 4, 127, 0, 0, 1]));
        let other_kind = answer(&question("a.sim.internal", 28), |_| Known::At(here)).unwrap();
        assert_eq!((other_kind[3] & 0x0f, &other_kind[6..8]), (0, &[0, 0][..]));
    }

    #[test]
    fn no_name_and_no_answer_are_two_things() {
        let asked = question("x.example", 1);
        let told = answer(&asked, |_| Known::Nothing).unwrap();
        assert_eq!(told[3] & 0x0f, NAME_ERROR);
        assert_eq!(answer(&asked, |_| Known::Silence), None);
    }

    #[test]
    fn what_is_no_question_is_left_alone() {
        let whole = question("a.sim.internal", 1);
        for end in 0..whole.len() {
            assert_eq!(
                answer(&whole[..end], |_| Known::Nothing),
                None,
                "{end} bytes"
            );
        }
        let pointer = [
            &[0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0][..],
            &[0xc0, 12],
            &[0; 200],
        ]
        .concat();
        assert_eq!(answer(&pointer, |_| Known::Nothing), None);
    }
}
