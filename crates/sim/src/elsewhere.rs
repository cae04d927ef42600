//! Addresses where connections fail before a request can be sent: one that refuses, one that nobody answers, one whose
//! certificate nobody vouches for.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::alphabet::Fault;
use crate::task::{Task, accept};

/// An address where nothing listens: a port that is ours, so that nobody else can listen on it.
#[derive(Debug)]
pub(crate) struct Refusing {
    pub(crate) address: SocketAddr,
    _socket: TcpSocket,
}

impl Refusing {
    pub(crate) fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = socket(address.ip())?;
        socket.bind(address)?;
        Ok(Self {
            address: socket.local_addr()?,
            _socket: socket,
        })
    }
}

/// An address whose queue is full and that nobody empties: connections to it hang.
#[derive(Debug)]
pub(crate) struct Full {
    pub(crate) address: SocketAddr,
    _listener: TcpListener,
    _queued: Vec<TcpStream>,
}

impl Full {
    pub(crate) async fn bind(address: SocketAddr) -> io::Result<Self> {
        /// A queue of one takes two on Linux; some systems are more generous.
        const MOST: usize = 64;
        const HANGS: Duration = Duration::from_millis(150);
        let socket = socket(address.ip())?;
        socket.bind(address)?;
        let listener = socket.listen(1)?;
        let address = listener.local_addr()?;
        let mut queued = Vec::new();
        while queued.len() < MOST {
            match tokio::time::timeout(HANGS, TcpStream::connect(address)).await {
                Ok(stream) => queued.push(stream?),
                Err(_) => {
                    return Ok(Self {
                        address,
                        _listener: listener,
                        _queued: queued,
                    });
                }
            }
        }
        Err(io::Error::other("this system never lets a connection wait"))
    }
}

fn socket(ip: IpAddr) -> io::Result<TcpSocket> {
    if ip.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }
}

/// Addresses with the port of the simulator itself, to which its name server can send clients while it runs. Linux has
/// all of 127.0.0.0/8; where they cannot be had, clients come to the simulator, which cuts them off.
#[derive(Debug, Default)]
pub(crate) struct Detours {
    refusing: Option<Refusing>,
    full: Option<Full>,
}

impl Detours {
    pub(crate) async fn bind(simulator: SocketAddr) -> Self {
        if simulator.ip() != Ipv4Addr::LOCALHOST {
            return Self::default();
        }
        let near = |last| SocketAddr::from(([127, 0, 0, last], simulator.port()));
        Self {
            refusing: Refusing::bind(near(2)).ok(),
            full: Full::bind(near(3)).await.ok(),
        }
    }

    /// Where a client meets a fault.
    pub(crate) fn of(&self, fault: Fault) -> Option<IpAddr> {
        let address = match fault {
            Fault::Refused => self.refusing.as_ref()?.address,
            Fault::ConnectTimeout => self.full.as_ref()?.address,
            _ => return None,
        };
        Some(address.ip())
    }
}

/// An address that speaks TLS with a certificate of its own making.
#[derive(Debug)]
pub(crate) struct SelfSigned {
    pub(crate) address: SocketAddr,
    _task: Task,
}

impl SelfSigned {
    pub(crate) async fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let acceptor = TlsAcceptor::from(Arc::new(self_signed().map_err(io::Error::other)?));
        let task = Task::spawn(async move {
            let mut handshakes = JoinSet::new();
            loop {
                handshakes.spawn(acceptor.accept(accept(&listener).await));
                while handshakes.try_join_next().is_some() {}
            }
        });
        Ok(Self {
            address,
            _task: task,
        })
    }
}

fn self_signed() -> Result<ServerConfig, Box<dyn std::error::Error + Send + Sync>> {
    let made = rcgen::generate_simple_self_signed(["localhost".into(), "127.0.0.1".into()])?;
    let certificate = CertificateDer::from(made.cert.der().to_vec());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    Ok(config)
}
