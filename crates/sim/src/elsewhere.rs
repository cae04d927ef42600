//! Addresses where connections fail before a request can be sent: one that refuses, one that nobody answers, one whose
//! certificate nobody vouches for.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::task::Task;

/// An address where nothing listens: a port that is ours, so that nobody else can listen on it.
#[derive(Debug)]
pub(crate) struct Refusing {
    pub(crate) address: SocketAddr,
    _socket: TcpSocket,
}

impl Refusing {
    pub(crate) fn bind(ip: IpAddr) -> io::Result<Self> {
        let socket = socket(ip)?;
        socket.bind(SocketAddr::new(ip, 0))?;
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
    pub(crate) async fn bind(ip: IpAddr) -> io::Result<Self> {
        /// A queue of one takes two on Linux; some systems are more generous.
        const MOST: usize = 64;
        const HANGS: Duration = Duration::from_millis(150);
        let socket = socket(ip)?;
        socket.bind(SocketAddr::new(ip, 0))?;
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

/// An address that speaks TLS with a certificate of its own making.
#[derive(Debug)]
pub(crate) struct SelfSigned {
    pub(crate) address: SocketAddr,
    _task: Task,
}

impl SelfSigned {
    pub(crate) async fn bind(ip: IpAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::new(ip, 0)).await?;
        let address = listener.local_addr()?;
        let acceptor = TlsAcceptor::from(Arc::new(self_signed().map_err(io::Error::other)?));
        let task = Task::spawn(async move {
            let mut handshakes = JoinSet::new();
            loop {
                // An accept that fails (a client gone, no descriptors left) says nothing of the next.
                if let Ok((stream, _)) = listener.accept().await {
                    handshakes.spawn(acceptor.accept(stream));
                }
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
