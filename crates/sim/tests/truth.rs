//! The table of the alphabet tells the truth: the real client, over real sockets, reports for each letter what an
//! in-memory transport is told to report.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use guichet_engine::client::{Client, ClientSettings};
use guichet_engine::transport::{
    Limits, Transport, TransportError, UpstreamRequest, UpstreamResponse,
};
use guichet_sim::alphabet::faulted;
use guichet_sim::{Fault, Settings, Simulator};
use http::{HeaderMap, Method};

const LIMITS: Limits = Limits {
    time: Duration::from_millis(1_200),
    body: 1 << 20,
};

type Outcome = Result<UpstreamResponse, TransportError>;

/// Asks the open provider, which is under this fault.
async fn asked(simulator: &Simulator, fault: Fault) -> Outcome {
    simulator.set_fault("open", fault, None).unwrap();
    let client = Client::new(ClientSettings {
        dns_servers: vec![simulator.name_server()],
        connect_timeout: LIMITS.time / 2,
        ..ClientSettings::default()
    });
    let base = simulator.base_url("open", fault);
    let request = UpstreamRequest {
        method: Method::GET,
        url: format!("{base}/v1/geo/8.8.8.8.json?fields=all")
            .parse()
            .unwrap(),
        headers: HeaderMap::new(),
        body: bytes::Bytes::new(),
        private_allowed: true,
    };
    client.unwrap().send(request, LIMITS).await
}

fn told(outcome: &Outcome) -> Result<(u16, &[u8]), &TransportError> {
    outcome
        .as_ref()
        .map(|answer| (answer.status, &answer.body[..]))
}

#[tokio::test]
async fn sockets_and_memory_fail_alike() {
    let (catalogue, samples) = common::catalogue();
    let simulator = Simulator::start(Settings::new(catalogue, samples))
        .await
        .unwrap();
    let good = asked(&simulator, Fault::Ok).await.unwrap();
    let own = asked(&simulator, Fault::ServerError).await.unwrap();
    let mut different = Vec::new();
    for fault in Fault::ALL {
        let error_sample = (fault == Fault::ServerError).then_some(&own);
        let (_, memory) = faulted(fault, &good, error_sample).within(LIMITS);
        let sockets = asked(&simulator, fault).await;
        let alike = told(&memory) == told(&sockets);
        if !alike {
            different.push(format!("{fault}: memory {memory:?}, sockets {sockets:?}"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}
