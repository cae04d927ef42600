//! Each letter of the fault alphabet through real sockets, as bytes and times.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::client::{self, End, get, header, watch};
use guichet_sim::alphabet::{DRIP, OVERSIZED, Wrong};
use guichet_sim::{EVERY, Fault, Settings, Simulator};
use rustls::pki_types::ServerName;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpStream, UdpSocket};
use url::Url;

const RIGHT: &str = "/open/v1/geo/8.8.8.8.json?fields=all";

async fn simulator(fault: Fault) -> Simulator {
    let (catalogue, samples) = common::catalogue();
    let settings = Settings {
        faults: vec![(EVERY.into(), fault)],
        ..Settings::new(catalogue, samples)
    };
    Simulator::start(settings).await.unwrap()
}

/// Host and port of the base URL under a fault.
fn host(simulator: &Simulator, fault: Fault) -> (String, u16) {
    let url = Url::parse(&simulator.base_url("open", fault)).unwrap();
    (url.host_str().unwrap().to_owned(), url.port().unwrap())
}

async fn told(fault: Fault) -> client::Answer {
    let simulator = simulator(fault).await;
    get(simulator.address(), RIGHT).await
}

#[tokio::test]
async fn ok_is_the_right_answer_and_the_connection_stays_open() {
    let simulator = simulator(Fault::Ok).await;
    let mut stream = TcpStream::connect(simulator.address()).await.unwrap();
    for _ in 0..2 {
        let answer = client::ask_over(&mut stream, "GET", RIGHT, "").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json()["name"], "Mountain View");
    }
}

#[tokio::test]
async fn refused_refuses_at_once() {
    let simulator = simulator(Fault::Ok).await;
    let error = TcpStream::connect(host(&simulator, Fault::Refused))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn connect_timeout_lets_every_connection_hang() {
    let simulator = simulator(Fault::Ok).await;
    for _ in 0..3 {
        let connect = TcpStream::connect(host(&simulator, Fault::ConnectTimeout));
        let hangs = tokio::time::timeout(Duration::from_millis(700), connect).await;
        assert!(hangs.is_err(), "{hangs:?}");
    }
}

#[tokio::test]
async fn bad_cert_fails_a_client_that_checks() {
    let simulator = simulator(Fault::Ok).await;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    // Roots that know of some other certificate.
    let other = rcgen::generate_simple_self_signed(["other.example".into()]).unwrap();
    roots.add(other.cert.der().clone()).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (name, port) = host(&simulator, Fault::BadCert);
    let stream = TcpStream::connect((name.as_str(), port)).await.unwrap();
    let name = ServerName::try_from(name).unwrap();
    let error = tokio_rustls::TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
}

/// Asks for the address of a name; the answer's code and its last four bytes.
async fn resolve(simulator: &Simulator, name: &str) -> Option<(u8, [u8; 4])> {
    let mut question = vec![7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        question.push(u8::try_from(label.len()).unwrap());
        question.extend(label.bytes());
    }
    question.extend([0, 0, 1, 0, 1]);
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket
        .send_to(&question, simulator.name_server())
        .await
        .unwrap();
    let mut answer = [0; 512];
    let received = socket.recv(&mut answer);
    let length = tokio::time::timeout(Duration::from_millis(500), received)
        .await
        .ok()?
        .unwrap();
    Some((
        answer[3] & 0x0f,
        answer[length - 4..length].try_into().unwrap(),
    ))
}

#[tokio::test]
async fn names_exist_or_do_not_or_nobody_says() {
    let simulator = simulator(Fault::Ok).await;
    let (name, port) = host(&simulator, Fault::Nxdomain);
    assert_eq!(
        (name.as_str(), port),
        ("open.sim.internal", simulator.port())
    );
    assert_eq!(resolve(&simulator, &name).await, Some((0, [127, 0, 0, 1])));
    simulator.set_fault("open", Fault::Nxdomain, None).unwrap();
    assert_eq!(resolve(&simulator, &name).await.unwrap().0, 3);
    simulator.set_fault("open", Fault::DnsHang, None).unwrap();
    assert_eq!(resolve(&simulator, &name).await, None);
    assert_eq!(resolve(&simulator, "elsewhere.example").await.unwrap().0, 3);
}

#[tokio::test]
async fn names_lead_to_failing_connections_while_such_a_fault_is_on() {
    let simulator = simulator(Fault::Ok).await;
    let name = "open.sim.internal";
    simulator.set_fault("open", Fault::Refused, None).unwrap();
    let (_, ip) = resolve(&simulator, name).await.unwrap();
    let error = TcpStream::connect((Ipv4Addr::from(ip), simulator.port()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    simulator
        .set_fault("open", Fault::ConnectTimeout, None)
        .unwrap();
    let (_, ip) = resolve(&simulator, name).await.unwrap();
    let connect = TcpStream::connect((Ipv4Addr::from(ip), simulator.port()));
    assert!(
        tokio::time::timeout(Duration::from_millis(700), connect)
            .await
            .is_err()
    );
    simulator.clear_faults();
    assert_eq!(resolve(&simulator, name).await.unwrap().1, [127, 0, 0, 1]);
}

#[tokio::test]
async fn header_timeout_takes_the_request_and_says_nothing() {
    let simulator = simulator(Fault::HeaderTimeout).await;
    let (text, end) = watch(simulator.address(), RIGHT, Duration::from_millis(700)).await;
    assert_eq!((text.as_str(), end), ("", End::StillOpen));
}

/// The length that was said and the length that came.
fn lengths(text: &str) -> (usize, usize) {
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    (
        header(head, "content-length").unwrap().parse().unwrap(),
        body.len(),
    )
}

#[tokio::test]
async fn body_stall_sends_half_and_then_nothing() {
    let simulator = simulator(Fault::BodyStall).await;
    let (text, end) = watch(simulator.address(), RIGHT, Duration::from_millis(700)).await;
    let (said, came) = lengths(&text);
    assert_eq!((came, end), (said / 2, End::StillOpen));
}

#[tokio::test]
async fn slow_drip_sends_one_byte_at_a_time() {
    let simulator = simulator(Fault::SlowDrip).await;
    let (text, end) = watch(simulator.address(), RIGHT, DRIP * 5 + DRIP / 2).await;
    let (said, came) = lengths(&text);
    assert_eq!(end, End::StillOpen);
    assert!((3..=5).contains(&came) && said > 20, "{came} of {said}");
}

#[tokio::test]
async fn reset_mid_body_sends_half_and_resets() {
    let simulator = simulator(Fault::ResetMidBody).await;
    let (text, end) = watch(simulator.address(), RIGHT, Duration::from_secs(5)).await;
    let (said, came) = lengths(&text);
    assert_eq!((came, end), (said / 2, End::Reset));
}

#[tokio::test]
async fn truncated_json_is_half_of_it_said_to_be_all() {
    let answer = told(Fault::TruncatedJson).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.starts_with(r#"{"ip""#));
    assert!(serde_json::from_str::<serde_json::Value>(&answer.body).is_err());
}

#[tokio::test]
async fn too_many_requests_with_and_without_a_time() {
    let answer = told(Fault::TooManyWithRetryAfter).await;
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (429, Some("30"))
    );
    let answer = told(Fault::TooManyBare).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, None));
}

#[tokio::test]
async fn errors_are_the_providers_own_where_it_has_some() {
    let answer = told(Fault::ServerError).await;
    assert_eq!((answer.status, answer.body.as_str()), (500, "out to lunch"));
    assert_eq!(told(Fault::Unauthorized).await.status, 401);
    let answer = told(Fault::ErrorBody).await;
    assert_eq!(
        (answer.status, answer.json()["error"].clone()),
        (200, true.into())
    );
    let simulator = simulator(Fault::ErrorBody).await;
    let answer = get(simulator.address(), "/keyed/lookup?ip=8.8.8.8&appid=k").await;
    assert_eq!(
        (answer.status, answer.json()["failed"].clone()),
        (200, true.into())
    );
    simulator
        .set_fault(EVERY, Fault::Unauthorized, None)
        .unwrap();
    let answer = get(simulator.address(), "/keyed/lookup?ip=8.8.8.8&appid=k").await;
    assert_eq!(
        (answer.status, answer.json()["reason"].clone()),
        (403, "no key, no view".into())
    );
}

#[tokio::test]
async fn wrong_schemas_are_well_formed_http() {
    let answer = told(Fault::WrongSchema(Wrong::Empty)).await;
    assert_eq!(
        (answer.status, answer.header("content-length")),
        (200, Some("0"))
    );
    let answer = told(Fault::WrongSchema(Wrong::Html)).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.starts_with("<!doctype html>"));
    let answer = told(Fault::WrongSchema(Wrong::OtherJson)).await;
    assert_eq!(answer.status, 200);
    assert!(answer.json().get("name").is_none());
}

#[tokio::test]
async fn redirect_leads_to_the_metadata_of_clouds() {
    let answer = told(Fault::RedirectToPrivateIp).await;
    let to = answer.header("location");
    assert_eq!(
        (answer.status, to),
        (302, Some("http://169.254.169.254/latest/meta-data/"))
    );
}

#[tokio::test]
async fn oversized_body_goes_on_for_64_mib_without_saying_so() {
    let simulator = simulator(Fault::OversizedBody).await;
    let mut stream = TcpStream::connect(simulator.address()).await.unwrap();
    client::send(&mut stream, "GET", RIGHT, "").await;
    let mut head = [0; 64];
    let read = stream.read(&mut head).await.unwrap();
    assert!(!String::from_utf8_lossy(&head[..read]).contains("content-length"));
    let mut piece = vec![0; 1 << 20];
    let mut all = read;
    loop {
        match stream.read(&mut piece).await.unwrap() {
            0 => break,
            more => all += more,
        }
    }
    assert!(all > OVERSIZED, "{all}");
}

#[tokio::test]
async fn a_client_that_comes_all_the_same_is_cut_off_or_left_waiting() {
    for fault in [Fault::Refused, Fault::Nxdomain, Fault::BadCert] {
        let simulator = simulator(fault).await;
        let (text, end) = watch(simulator.address(), RIGHT, Duration::from_secs(5)).await;
        assert_eq!((text.as_str(), end), ("", End::Reset), "{fault}");
    }
    for fault in [Fault::DnsHang, Fault::ConnectTimeout] {
        let simulator = simulator(fault).await;
        let (text, end) = watch(simulator.address(), RIGHT, Duration::from_millis(300)).await;
        assert_eq!((text.as_str(), end), ("", End::StillOpen), "{fault}");
    }
}

#[tokio::test]
async fn a_stopped_simulator_frees_its_port_and_ends_its_connections() {
    let simulator = simulator(Fault::HeaderTimeout).await;
    let address = simulator.address();
    let started = Instant::now();
    let waiting = tokio::spawn(watch(address, RIGHT, Duration::from_secs(20)));
    tokio::time::sleep(Duration::from_millis(100)).await;
    simulator.stop().await;
    assert_ne!(waiting.await.unwrap().1, End::StillOpen);
    assert!(started.elapsed() < Duration::from_secs(10));
    assert!(TcpStream::connect(address).await.is_err());
}
