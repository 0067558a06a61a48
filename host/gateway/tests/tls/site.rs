//! A server in this process, its certificate, and a client that says each byte itself.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{fs, io};

use rcgen::{CertificateParams, KeyPair, SignatureAlgorithm};
use serde_json::{Value, json};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use trine_gateway::server::http::Tls;
use trine_gateway::server::{Server, ServerBuilder, ServerHandle};
use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};

/// Long enough for anything that is going to come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A folder that goes away with its test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("tls-{name}-{}", std::process::id());
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Writes a certificate and its key; what opens them.
    pub(crate) fn tls(&self, pair: &Pair) -> trine_gateway::Result<Tls> {
        Tls::open(&self.write("cert.pem", &pair.certificate), &self.write("key.pem", &pair.key))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// A certificate for `localhost` and 127.0.0.1, and its key, as PEM.
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
    /// What a client trusts.
    pub(crate) root: CertificateDer<'static>,
}

/// What a certificate says.
pub(crate) fn params() -> CertificateParams {
    CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap()
}

impl Pair {
    pub(crate) fn new() -> Self {
        Self::of(&KeyPair::generate().unwrap())
    }

    pub(crate) fn with(algorithm: &'static SignatureAlgorithm) -> Self {
        Self::of(&KeyPair::generate_for(algorithm).unwrap())
    }

    pub(crate) fn of(key: &KeyPair) -> Self {
        let signed = params().self_signed(key).unwrap();
        let root = signed.der().clone();
        Self { certificate: signed.pem(), key: key.serialize_pem(), root }
    }
}

/// What a client is set to.
pub(crate) fn client(root: &CertificateDer<'static>, version: u8) -> ClientConfig {
    let versions = if version == 2 { [&TLS12] } else { [&TLS13] };
    let mut roots = RootCertStore::empty();
    roots.add(root.clone()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_protocol_versions(&versions).unwrap();
    builder.with_root_certificates(roots).with_no_client_auth()
}

pub(crate) type Stream = StreamOwned<ClientConnection, TcpStream>;

/// A server that runs; it ends with its test.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    handle: ServerHandle,
    serving: Option<JoinHandle<trine_gateway::Result<()>>>,
}

pub(crate) fn builder() -> ServerBuilder<Arc<Hub>> {
    let args = DeviceArgs { simulate: vec![String::new()], ..DeviceArgs::default() };
    let hub = Hub::open_with(&args, Prefix::Auto, &Settings::none()).unwrap();
    assert!(hub.wait_ready(PATIENCE));
    Server::builder().hub(hub).port(0)
}

impl Site {
    pub(crate) fn start(builder: ServerBuilder<Arc<Hub>>) -> Self {
        let server = builder.build().unwrap();
        let (address, handle) = (server.local_addr(), server.handle());
        let serving = Some(std::thread::spawn(move || server.run()));
        Self { address, handle, serving }
    }

    pub(crate) fn tcp(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Connects and does the handshake; the error is that of the handshake.
    pub(crate) fn connect(&self, config: ClientConfig, name: &'static str) -> io::Result<Stream> {
        let name = ServerName::try_from(name).unwrap();
        let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut tcp = self.tcp();
        while connection.is_handshaking() {
            connection.complete_io(&mut tcp)?;
        }
        Ok(StreamOwned::new(connection, tcp))
    }

    /// How many clients are connected, this one too.
    pub(crate) fn clients(&self, root: &CertificateDer<'static>) -> io::Result<u64> {
        let health = get(&mut self.connect(client(root, 3), "localhost")?, "/health")?;
        Ok(health["connected_clients"].as_u64().unwrap())
    }

    /// Waits until no other client is connected than the one that asks.
    pub(crate) fn is_left_alone(&self, root: &CertificateDer<'static>) {
        until(|| self.clients(root).is_ok_and(|count| count == 1), "a client is left");
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.handle.shutdown();
        let served = self.serving.take().unwrap().join();
        if !std::thread::panicking() {
            served.unwrap().unwrap();
        }
    }
}

/// Waits until something holds.
pub(crate) fn until(holds: impl Fn() -> bool, what: &str) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Sends a request; the JSON of the answer.
pub(crate) fn send(stream: &mut Stream, line: &str, body: &str) -> io::Result<Value> {
    let request = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: fan_set\r\n\
         X-API-Key: 0123456789abcdef\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes())?;
    let (mut text, mut part) = (Vec::new(), [0; 512]);
    loop {
        let len = stream.read(&mut part)?;
        text.extend_from_slice(&part[..len]);
        let all = String::from_utf8_lossy(&text);
        let body = all.split_once("\r\n\r\n").map(|(_, body)| body);
        if let Some(value) = body.and_then(|body| serde_json::from_str(body).ok()) {
            return Ok(value);
        }
        if len == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, all.into_owned()));
        }
    }
}

pub(crate) fn get(stream: &mut Stream, path: &str) -> io::Result<Value> {
    send(stream, &format!("GET {path}"), "")
}

/// Sets the fan; what it is then.
pub(crate) fn fan(stream: &mut Stream, percent: u8) -> io::Result<Value> {
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "fan_set", "arguments": {"percent": percent}, "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {}}}});
    let answer = send(stream, "POST /mcp", &message.to_string())?;
    Ok(answer["result"]["structuredContent"]["percent"].clone())
}
