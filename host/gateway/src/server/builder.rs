//! The server over HTTP as a value: built, run, and ended from elsewhere.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use super::http::{Bound, Ending, HttpOptions, Keys, Tls};
use super::{SentenceModel, opened};
use crate::error::Result;
use crate::hub::Hub;

/// A server of MCP over HTTP that listens; [`Server::run`] serves.
///
/// ```
/// use std::time::Duration;
///
/// use trine_gateway::server::Server;
/// use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};
///
/// let args = DeviceArgs { simulate: vec!["north".into()], ..DeviceArgs::default() };
/// let hub = Hub::open_with(&args, Prefix::Auto, &Settings::none())?;
/// let server = Server::builder().hub(hub).port(0).build()?;
/// assert!(server.local_addr().ip().is_loopback() && server.local_addr().port() > 0);
/// let handle = server.handle();
/// let serving = std::thread::spawn(move || server.run());
/// handle.shutdown();
/// assert!(serving.join().is_ok_and(|served| served.is_ok()));
/// # Ok::<(), trine_gateway::Error>(())
/// ```
pub struct Server {
    bound: Bound,
    ends_on_signal: bool,
}

/// Ends a [`Server`], from any thread.
#[derive(Clone)]
pub struct ServerHandle(Ending);

/// What a [`Server`] is built of. Only a builder with a hub builds:
///
/// ```compile_fail,E0599
/// use trine_gateway::server::Server;
///
/// let server = Server::builder().port(0).build();
/// ```
///
/// | what | default |
/// |---|---|
/// | [`http`](Self::http), [`port`](Self::port) | 127.0.0.1:8331 |
/// | [`keys`](Self::keys) | none: everyone may call, which only loopback permits |
/// | [`tls`](Self::tls) | none: plain HTTP |
/// | [`behind_proxy`](Self::behind_proxy) | false: without TLS only loopback is listened on |
/// | [`allow_host`](Self::allow_host) | `localhost` and addresses |
/// | [`allow_origin`](Self::allow_origin) | pages of loopback |
/// | [`connections_max`](Self::connections_max) | 1024 |
/// | [`in_flight`](Self::in_flight) | 256 |
/// | [`model`](Self::model) | none: no tool takes sentences |
/// | [`end_on_signal`](Self::end_on_signal) | false: the program handles its signals itself |
pub struct ServerBuilder<H = NoHub> {
    hub: H,
    options: HttpOptions,
    model: Option<SentenceModel>,
    ends_on_signal: bool,
}

/// The place of the hub in a [`ServerBuilder`] that has none yet.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHub;

impl Server {
    /// The port of the address that is listened on by default.
    pub const PORT: u16 = 8331;

    /// A builder with the defaults that [`ServerBuilder`] lists.
    #[must_use]
    pub fn builder() -> ServerBuilder {
        ServerBuilder {
            hub: NoHub,
            options: HttpOptions::new(loopback(Self::PORT)),
            model: None,
            ends_on_signal: false,
        }
    }

    /// The address that is listened on, with the port that port 0 has become.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.bound.address
    }

    /// What ends the server while another thread is in [`Self::run`].
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        ServerHandle(self.bound.ending())
    }

    /// Serves until [`ServerHandle::shutdown`], and waits three seconds at most for requests that
    /// are under way then. The devices of the hub stay open.
    ///
    /// It blocks, and it may be called by a thread of an asynchronous runtime, which it keeps from
    /// everything else. One connection that breaks ends nothing.
    ///
    /// # Errors
    /// When the system starts no thread, or does not accept connections.
    pub fn run(self) -> Result<()> {
        self.bound.run(self.ends_on_signal)
    }
}

impl ServerHandle {
    /// Ends the server: no connection and no further request is taken, requests under way are
    /// answered. Does not wait for it. Does nothing where the server has ended; one that does not
    /// run yet ends as soon as it does.
    pub fn shutdown(&self) {
        self.0.end();
    }
}

impl<H> ServerBuilder<H> {
    /// The devices to serve.
    #[must_use]
    pub fn hub(self, hub: Arc<Hub>) -> ServerBuilder<Arc<Hub>> {
        let Self { options, model, ends_on_signal, .. } = self;
        ServerBuilder { hub, options, model, ends_on_signal }
    }

    /// The address to listen on; port 0 is any free one. Any other than one of loopback needs
    /// [`Self::keys`], and [`Self::tls`] or [`Self::behind_proxy`].
    #[must_use]
    pub const fn http(mut self, address: SocketAddr) -> Self {
        self.options.address = address;
        self
    }

    /// The port of 127.0.0.1 to listen on; 0 is any free one.
    #[must_use]
    pub const fn port(self, port: u16) -> Self {
        self.http(loopback(port))
    }

    /// Who may use the server.
    #[must_use]
    pub fn keys(mut self, keys: Keys) -> Self {
        self.options.keys = keys;
        self
    }

    /// The certificate for TLS.
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.options.tls = Some(tls);
        self
    }

    /// A proxy before this server has TLS.
    #[must_use]
    pub const fn behind_proxy(mut self) -> Self {
        self.options.behind_proxy = true;
        self
    }

    /// A further name under which clients reach the server.
    #[must_use]
    pub fn allow_host(mut self, name: impl Into<String>) -> Self {
        self.options.hosts.push(name.into());
        self
    }

    /// A further web page that may call the server, such as `https://app.example`.
    #[must_use]
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.options.origins.push(origin.into());
        self
    }

    /// Connections at a time; a further one is refused.
    #[must_use]
    pub const fn connections_max(mut self, count: usize) -> Self {
        self.options.connections_max = count;
        self
    }

    /// Requests that may be with devices at a time; others wait.
    #[must_use]
    pub const fn in_flight(mut self, count: usize) -> Self {
        self.options.in_flight = count;
        self
    }

    /// All options of HTTP at once, in place of what was set before.
    #[must_use]
    pub fn options(mut self, options: HttpOptions) -> Self {
        self.options = options;
        self
    }

    /// The model behind a tool that takes sentences.
    #[must_use]
    pub fn model(mut self, model: SentenceModel) -> Self {
        self.model = Some(model);
        self
    }

    /// SIGTERM, SIGINT and SIGHUP shut the server down, and end the program where that takes five
    /// seconds or more.
    #[must_use]
    pub const fn end_on_signal(mut self) -> Self {
        self.ends_on_signal = true;
        self
    }
}

impl ServerBuilder<Arc<Hub>> {
    /// Listens on the address.
    ///
    /// # Errors
    /// When the hub has no device, when the model cannot be used, when other machines reach the
    /// address without a key or without TLS, or when the address cannot be listened on.
    pub fn build(self) -> Result<Server> {
        let Self { hub, options, model, ends_on_signal } = self;
        let sentences = opened(&hub, model)?;
        Ok(Server { bound: Bound::new(hub, options, sentences)?, ends_on_signal })
    }
}

/// An address that only this machine reaches.
const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("address", &self.bound.address).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for ServerHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerHandle").finish_non_exhaustive()
    }
}

impl<H> std::fmt::Debug for ServerBuilder<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerBuilder").field("options", &self.options).finish_non_exhaustive()
    }
}
