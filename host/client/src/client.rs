//! The client, and how it is built.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::call::{self, Call};
use crate::connection::{Connection, Family, ServerInfo};
use crate::elicitation::{Elicitation, ElicitationAnswer, Handler};
use crate::error::{Error, Result};
use crate::http::Http;
use crate::prepared::Prepared;
use crate::stdio::Stdio;
use crate::tool::{CallResult, Tool};
use crate::transport::Transport;

/// A client of one MCP server. Clones share one connection, and call at the same time.
///
/// Its futures run in a tokio runtime with I/O and time, and panic outside of one. When the last
/// clone is dropped, a program that it has started gets the end of its input; [`Client::close`]
/// waits for that.
///
/// ```
/// use serde_json::json;
/// use trine_client::Client;
/// use trine_gateway::server::Server;
/// use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};
///
/// // A server with a simulated board, in this process.
/// let args = DeviceArgs { simulate: vec!["north".into()], ..DeviceArgs::default() };
/// let hub = Hub::open_with(&args, Prefix::Auto, &Settings::none())?;
/// let server = Server::builder().hub(hub).port(0).build()?;
/// let (url, handle) = (format!("http://{}/mcp", server.local_addr()), server.handle());
/// let serving = std::thread::spawn(move || server.run());
///
/// tokio::runtime::Runtime::new()?.block_on(async {
///     let client = Client::connect(&url).await?;
///     let result = client.call_tool("fan_set", json!({"percent": 40})).await?;
///     assert_eq!(result.structured, Some(json!({"percent": 40})));
///
///     // What a tool refuses is an error, in the words of the device.
///     let error = client.call_tool("fan_set", json!({"percent": 140})).await.unwrap_err();
///     assert_eq!(error.to_string(), "tool fan_set failed: fan_set: percent must be at most 100");
///     Ok::<_, trine_client::Error>(())
/// })?;
/// handle.shutdown();
/// assert!(serving.join().is_ok_and(|served| served.is_ok()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Client(Arc<Connection>);

/// How a [`Client`] connects.
///
/// | what | default |
/// |---|---|
/// | [`connect_timeout`](Self::connect_timeout) | 30 s |
/// | [`timeout`](Self::timeout) | 60 s |
/// | [`api_key`](Self::api_key) | none |
/// | [`on_elicitation`](Self::on_elicitation) | none: a call that asks is an error |
/// | [`family`](Self::family) | stateless where the server knows it, else sessions |
#[must_use = "a client is made by `connect` or `start`"]
pub struct Builder {
    connect_timeout: Duration,
    timeout: Duration,
    api_key: Option<String>,
    handler: Option<Handler>,
    family: Option<Family>,
}

impl Client {
    /// How long [`Client::connect`] and [`Client::start`] take at most.
    pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
    /// How long a request may be without an answer or progress.
    pub const TIMEOUT: Duration = Duration::from_secs(60);

    /// Connects to a server over Streamable HTTP, at a URL such as `http://127.0.0.1:8331/mcp`.
    ///
    /// # Errors
    /// [`Error::Url`], [`Error::Connect`], [`Error::ConnectTimeout`], [`Error::Unauthorized`], or
    /// what the server answers.
    pub async fn connect(url: &str) -> Result<Self> {
        Self::builder().connect(url).await
    }

    /// Starts a program and connects to its standard input and output.
    ///
    /// # Errors
    /// [`Error::Start`], [`Error::ConnectTimeout`], [`Error::ConnectionClosed`], or what the server
    /// answers.
    pub async fn start(command: Command) -> Result<Self> {
        Self::builder().start(command).await
    }

    /// A builder with the defaults that [`Builder`] lists.
    pub const fn builder() -> Builder {
        Builder {
            connect_timeout: Self::CONNECT_TIMEOUT,
            timeout: Self::TIMEOUT,
            api_key: None,
            handler: None,
            family: None,
        }
    }

    /// All tools of the server.
    ///
    /// # Errors
    /// When the server does not answer, or not as MCP has it.
    pub async fn list_tools(&self) -> Result<Vec<Tool>> {
        call::list_tools(&self.0).await
    }

    /// Calls a tool; `arguments` is an object. [`Self::call`] has more options.
    ///
    /// The call is sent once. After [`Error::ConnectionClosed`] or [`Error::Timeout`] it is not
    /// known whether the tool ran.
    ///
    /// # Errors
    /// [`Error::Tool`] when the tool fails or refuses its arguments, [`Error::Rpc`] with code
    /// -32602 where there is no such tool, [`Error::InputRequired`] when it asks for what this
    /// client cannot give, and those of a connection that ends.
    pub async fn call_tool(&self, tool: &str, arguments: Value) -> Result<CallResult> {
        self.call(tool).arguments(arguments).send().await
    }

    /// A call with options: arguments, a timeout of its own, reports of progress.
    pub fn call<'a>(&'a self, tool: &'a str) -> Call<'a> {
        Call::new(&self.0, tool)
    }

    /// A call that is sent many times over connections of the caller's own; `None` where the server
    /// is a program. Call the tool once before, so that the server's errors are seen.
    ///
    /// # Errors
    /// [`Error::Arguments`] where they are not an object.
    pub fn prepare(&self, tool: &str, arguments: &Value) -> Result<Option<Prepared>> {
        Prepared::new(&self.0, tool, arguments)
    }

    /// The protocol family that client and server speak.
    #[must_use]
    pub fn family(&self) -> Family {
        self.0.family()
    }

    /// The revision of MCP that client and server speak, such as `2026-07-28`.
    #[must_use]
    pub fn revision(&self) -> &str {
        self.0.version()
    }

    /// What the server says of itself.
    #[must_use]
    pub fn server(&self) -> &ServerInfo {
        self.0.server()
    }

    /// Waits until the server has ended the connection. Over HTTP it has no end: each request says
    /// whether the server answers.
    pub async fn ended(&self) {
        self.0.transport().ended().await;
    }

    /// Ends the connection of all clones in good order: a session is closed, a program gets the end
    /// of its input and five seconds to end.
    pub async fn close(self) {
        self.0.close().await;
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Client");
        shown.field("address", &self.0.transport().address());
        shown.field("revision", &self.revision()).finish_non_exhaustive()
    }
}

impl Builder {
    /// How long connecting takes at most, with the first exchange of messages.
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a request may be without an answer or progress. Time in the handler of
    /// [`Self::on_elicitation`] does not count.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The API key of a server over HTTP, sent as `Authorization: Bearer KEY`.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// Who fills in the forms that tools ask for. It is called on a thread where it may block.
    pub fn on_elicitation(
        mut self,
        handler: impl Fn(Elicitation) -> ElicitationAnswer + Send + Sync + 'static,
    ) -> Self {
        self.handler = Some(Arc::new(handler));
        self
    }

    /// The one protocol family to speak, in place of the best that the server knows.
    pub const fn family(mut self, family: Family) -> Self {
        self.family = Some(family);
        self
    }

    /// Connects as [`Client::connect`] does.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub async fn connect(self, url: &str) -> Result<Client> {
        let http = Arc::new(Http::new(url, self.connect_timeout, self.api_key.as_deref())?);
        let address = http.address().to_owned();
        let connect = async {
            let mut connection = self.connection(Transport::Http(http));
            let is_stateless = match self.family {
                Some(family) => family == Family::Stateless,
                None => connection.discover(self.connect_timeout).await?,
            };
            if !is_stateless {
                connection.initialize(self.connect_timeout).await?;
            } else if self.family.is_some() && !connection.discover(self.connect_timeout).await? {
                return Err(Error::Revision { found: "without 2026-07-28".to_owned() });
            }
            Ok(connection)
        };
        self.within(address, connect).await
    }

    /// Starts a program as [`Client::start`] does. What it writes to standard error goes where the
    /// command says.
    ///
    /// # Errors
    /// As [`Client::start`].
    pub async fn start(self, mut command: Command) -> Result<Client> {
        let program = command.get_program().to_string_lossy().into_owned();
        let connect = async {
            let start = |command: &mut Command| -> Result<Connection> {
                let stdio = Stdio::start(command, self.handler.clone())?;
                Ok(self.connection(Transport::Stdio(Arc::new(stdio))))
            };
            let mut connection = start(&mut command)?;
            if self.family != Some(Family::Sessions) {
                // Some older servers do not answer what they do not know, and others end.
                match connection.discover(self.connect_timeout / 2).await {
                    Ok(true) => return Ok(connection),
                    Ok(false) | Err(Error::Timeout { .. }) => {}
                    Err(Error::ConnectionClosed { .. }) if self.family.is_none() => {
                        connection = start(&mut command)?;
                    }
                    Err(error) => return Err(error),
                }
                if self.family.is_some() {
                    return Err(Error::Revision { found: "without 2026-07-28".to_owned() });
                }
            }
            connection.initialize(self.connect_timeout).await?;
            Ok(connection)
        };
        self.within(program, connect).await
    }

    /// Connects to a server at the other end of a stream that is open already, such as a socket:
    /// one message a line in each direction. `name` is what errors call it.
    ///
    /// ```
    /// use trine_client::{Client, Error};
    ///
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// let (ours, theirs) = tokio::io::duplex(1024);
    /// drop(theirs);
    /// let client = Client::builder().over("the robot", tokio::io::split(ours)).await;
    /// assert!(matches!(client, Err(Error::ConnectionClosed { .. })));
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`Error::ConnectTimeout`], [`Error::ConnectionClosed`], or what the server answers.
    pub async fn over(
        self,
        name: &str,
        stream: (impl AsyncRead + Send + Unpin + 'static, impl AsyncWrite + Send + Unpin + 'static),
    ) -> Result<Client> {
        let connect = async {
            let stdio = Stdio::over(name.to_owned(), stream, self.handler.clone());
            let mut connection = self.connection(Transport::Stdio(Arc::new(stdio)));
            if self.family != Some(Family::Sessions) {
                match connection.discover(self.connect_timeout / 2).await {
                    Ok(true) => return Ok(connection),
                    Ok(false) | Err(Error::Timeout { .. }) if self.family.is_none() => {}
                    Ok(false) => {
                        return Err(Error::Revision { found: "without 2026-07-28".to_owned() });
                    }
                    Err(error) => return Err(error),
                }
            }
            connection.initialize(self.connect_timeout).await?;
            Ok(connection)
        };
        self.within(name.to_owned(), connect).await
    }

    fn connection(&self, transport: Transport) -> Connection {
        Connection::new(transport, self.handler.clone(), self.timeout)
    }

    /// Connects in time.
    async fn within(
        &self,
        address: String,
        connect: impl Future<Output = Result<Connection>>,
    ) -> Result<Client> {
        let limit = self.connect_timeout;
        match tokio::time::timeout(limit, connect).await {
            Ok(Ok(connection)) => Ok(Client(Arc::new(connection))),
            Ok(Err(Error::Timeout { .. })) | Err(_) => {
                Err(Error::ConnectTimeout { address, limit })
            }
            Ok(Err(error)) => Err(error),
        }
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Builder");
        shown.field("connect_timeout", &self.connect_timeout).field("timeout", &self.timeout);
        shown.field("family", &self.family).finish_non_exhaustive()
    }
}
