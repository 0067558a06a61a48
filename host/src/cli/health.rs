//! `trine health`.

use std::process::ExitCode;
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper::header::HOST;
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use trine::{Error, Result};
use trine_gateway::sanitize::terminal_json;

use super::open::usage;
use super::paint::say;

/// The longest answer that is read.
const ANSWER_MAX: usize = 64 << 10;

const AFTER_HELP: &str = "\
Prints what the gateway says of itself, as JSON. Fails when it is not well, or does not answer.

Example: trine health http://127.0.0.1:8331 --ready";

/// Arguments of `trine health`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Health {
    /// The gateway, with http.
    #[arg(value_name = "URL", default_value = "http://127.0.0.1:8331")]
    url: Uri,
    /// Ask whether every device is online, too.
    #[arg(long)]
    ready: bool,
    /// Timeout for the answer, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 3)]
    patience: u64,
}

impl Health {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let Some((host, address)) = self.address() else {
            return Ok(usage(&Error::Health {
                url: self.url.to_string(),
                why: "expected one such as http://127.0.0.1:8331".to_owned(),
            }));
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| self.failed(&error))?;
        let patience = Duration::from_secs(self.patience);
        let asked = runtime
            .block_on(async { tokio::time::timeout(patience, self.ask(&host, &address)).await });
        let late = || self.failed(&format_args!("no answer within {} s", self.patience));
        let (is_well, text) = asked.map_err(|_| late())??;
        say!("{}", terminal_json(text.trim_end()));
        Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// The host as it is named, and where it is.
    fn address(&self) -> Option<(String, String)> {
        let host = self.url.host().filter(|host| !host.is_empty())?;
        let is_http = self.url.scheme_str().is_none_or(|scheme| scheme == "http");
        let port = self.url.port_u16().unwrap_or(80);
        is_http.then(|| {
            (
                self.url.authority().map_or(host, |it| it.as_str()).to_owned(),
                format!("{host}:{port}"),
            )
        })
    }

    fn failed(&self, why: &dyn std::fmt::Display) -> Error {
        Error::Health { url: self.url.to_string(), why: why.to_string() }
    }

    /// Asks whether it is well, and what it says of that.
    async fn ask(&self, host: &str, address: &str) -> Result<(bool, String)> {
        let stream = TcpStream::connect(address).await.map_err(|error| self.failed(&error))?;
        let (mut sender, connection) =
            handshake(TokioIo::new(stream)).await.map_err(|error| self.failed(&error))?;
        let path = if self.ready { "/ready" } else { "/health" };
        let request = Request::get(path).header(HOST, host).body(Empty::<Bytes>::new());
        let request = request.map_err(|error| self.failed(&error))?;
        tokio::spawn(connection);
        let response = sender.send_request(request).await.map_err(|error| self.failed(&error))?;
        let is_well = response.status().is_success();
        let body = Limited::new(response.into_body(), ANSWER_MAX).collect().await;
        let body = body.map_err(|error| self.failed(&error))?.to_bytes();
        Ok((is_well, String::from_utf8_lossy(&body).into_owned()))
    }
}
