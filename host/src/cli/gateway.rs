//! `trine gateway`.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use trine::{Error, Result};
use trine_ask::SENTENCE_MAX;
use trine_gateway::ask_tool::{IsKnown, KnownTools, Reply, Which};
use trine_gateway::host_tools::HostTools;
use trine_gateway::server::http::{Keys, Tls};
use trine_gateway::server::{self, HttpOptions, SentenceModel, SentenceQueue};
use trine_gateway::{DeviceArgs, Hub, Prefix};
use trine_models::ask::{
    Ask as _, Asker, BaseAsker, Known, Memory, Opened, OpenedBase, Reading, Source, Tables,
};
use trine_models::model::Buffers;
use trine_plugins::{Bytes, MaxRss};

use super::journal::JournalArgs;
use super::plugin::{PluginArgs, Reporting, Serving};
use super::served_models::ModelArgs;

/// Arguments of `trine gateway`.
#[derive(Debug, clap::Args)]
#[command(args_override_self = true)]
pub(super) struct Gateway {
    /// Folder of language models, served by the tools of `trine serve`.
    #[arg(long, value_name = "FOLDER")]
    models: Option<PathBuf>,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    plugins: PluginArgs,
    #[command(flatten)]
    server: ServerArgs,
}

impl Gateway {
    pub(super) fn run(self) -> Result<ExitCode> {
        let Self { models, model, plugins, server } = self;
        server.run(models.map(|folder| model.open(folder)).transpose()?, &plugins)
    }
}

/// What `trine gateway` and `trine serve` have in common.
#[derive(Debug, clap::Args)]
pub(super) struct ServerArgs {
    /// File of options, as TOML or JSON; the command line overrides it.
    ///
    /// Its names are those of options: `http = "127.0.0.1:8331"`, `strict = true`,
    /// `plugin = ["libclock.so"]`. Its paths begin at its folder.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// When tool names begin with the name of their device.
    #[arg(long, value_enum, default_value_t)]
    prefix: Prefix,
    /// Maximum number of concurrent calls; further input waits.
    #[arg(long, value_name = "COUNT", default_value_t = 64,
          value_parser = clap::value_parser!(u16).range(1..=256))]
    in_flight: u16,
    /// Add a tool `ask`, which turns a sentence into a call.
    ///
    /// The model is `base` or `board` of this program, or a file. `base` reads any tools:
    /// every device gets the tool `ask`, and where there is more than one device, or tools of this
    /// program, a tool `ask_all` is for all of them. The others were trained for some tools, and
    /// only devices with these get `ask`.
    #[arg(long, value_name = "base|board|FILE", num_args = 0..=1, require_equals = true,
          default_missing_value = "board")]
    ask: Option<OsString>,
    /// Hide tools that changed since first use, until `trine trust`.
    #[arg(long)]
    strict: bool,
    /// Memory above which plug-ins are not called, such as 256M.
    ///
    /// It is looked at ten times a second. What runs is not ended, and what plug-ins hold is not
    /// freed: a control group of the system ends a process that takes more than it may.
    #[arg(long, value_name = "SIZE")]
    max_rss: Option<Bytes>,
    /// File for what is used, which `trine report` shows.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    journal: JournalArgs,
    #[command(flatten)]
    http: HttpArgs,
    #[command(flatten)]
    devices: DeviceArgs,
}

/// How MCP is served over HTTP.
#[derive(Debug, clap::Args)]
struct HttpArgs {
    /// Serve MCP over HTTP at this address and path /mcp.
    ///
    /// Standard input and output are not served then.
    ///
    /// Addresses of loopback, such as 127.0.0.1:8331, need nothing else. Others need --api-keys,
    /// and a proxy with TLS that --behind-proxy stands for.
    #[cfg_attr(feature = "tls", doc = " With --tls-cert and --tls-key no proxy is needed.")]
    #[arg(long, value_name = "ADDRESS")]
    http: Option<SocketAddr>,
    /// File with a name and an API key in each line.
    #[arg(long, value_name = "FILE", requires = "http")]
    api_keys: Option<PathBuf>,
    /// Certificate for HTTPS, as PEM; its chain follows it.
    #[arg(long, value_name = "FILE", requires_all = ["http", "tls_key"], hide = !Tls::IS_BUILT)]
    tls_cert: Option<PathBuf>,
    /// Private key of the certificate, as PEM.
    #[arg(long, value_name = "FILE", requires_all = ["http", "tls_cert"], hide = !Tls::IS_BUILT)]
    tls_key: Option<PathBuf>,
    /// A proxy before this server has TLS.
    #[arg(long, requires = "http")]
    behind_proxy: bool,
    /// Name by which clients reach the server, in addition to localhost.
    #[arg(long, value_name = "NAME", requires = "http")]
    allow_host: Vec<String>,
    /// Origin of a web page that may call the server.
    #[arg(long, value_name = "URL", requires = "http")]
    allow_origin: Vec<String>,
    /// Maximum number of connections; a further one is refused.
    #[arg(long, value_name = "COUNT", requires = "http",
          default_value_t = HttpOptions::CONNECTIONS_MAX as u32,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    max_connections: u32,
}

impl HttpArgs {
    /// The options of an address that was named.
    fn options(&self, in_flight: u16) -> Result<Option<HttpOptions>> {
        let Some(address) = self.http else { return Ok(None) };
        let keys = self.api_keys.as_deref().map(|path| -> Result<Keys> {
            let unreadable = |source| Error::File { action: "read", path: path.into(), source };
            let text = std::fs::read_to_string(path).map_err(unreadable)?;
            Keys::read(&text).map_err(|error| error.at(path.display()).into())
        });
        let files = self.tls_cert.as_deref().zip(self.tls_key.as_deref());
        let tls = files.map(|(certificate, key)| Tls::open(certificate, key)).transpose()?;
        Ok(Some(HttpOptions {
            keys: keys.transpose()?.unwrap_or_default(),
            tls,
            behind_proxy: self.behind_proxy,
            hosts: self.allow_host.clone(),
            origins: self.allow_origin.clone(),
            connections_max: self.max_connections as usize,
            in_flight: usize::from(in_flight),
            ..HttpOptions::new(address)
        }))
    }
}

impl ServerArgs {
    /// Serves the devices, and the tools of this program.
    pub(super) fn run(
        &self,
        own: Option<Arc<dyn HostTools>>,
        plugins: &PluginArgs,
    ) -> Result<ExitCode> {
        if let Some(file) = &self.config {
            tracing::info!("options from {}", file.display());
        }
        let http = self.http.options(self.in_flight)?;
        let hub = Hub::open(&self.devices, self.prefix)?;
        self.journal.open(&hub)?;
        if self.strict {
            hub.set_strict();
        }
        if let Some(own) = own {
            hub.add_tools(own)?;
        }
        let max_rss = self.max_rss.map(MaxRss::watch).transpose().map_err(Error::MaxRss)?;
        let plugins = plugins.load(&hub, max_rss)?;
        let loaded = plugins.as_ref().map(Serving::plugins);
        let max_rss = self.max_rss.map_or(0, |Bytes(bytes)| bytes);
        let report = self.report.as_deref();
        let report = report.map(|path| Reporting::start(path, &hub, loaded, max_rss));
        // It is written once more before the plug-ins are taken out.
        let _report = report.transpose()?;
        let model = self.ask.as_deref().map(|name| {
            let source = Source::named(name);
            let answer = move |queue| {
                let named = |error: Error| error.at(format_args!("--ask={source}")).into();
                answer(&source, queue).map_err(named)
            };
            Box::new(answer) as SentenceModel
        });
        match http {
            Some(options) => server::serve_http(&hub, options, model)?,
            None => server::serve(&hub, usize::from(self.in_flight), model)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Opens the model and answers sentences until there are no more.
fn answer(source: &Source, mut queue: SentenceQueue) -> Result<()> {
    let bytes = source.bytes()?;
    if OpenedBase::is_one(&bytes) {
        return answer_any(&bytes, queue);
    }
    let mut buffers = Buffers::default();
    let model = Opened::open(&bytes, &mut buffers)?;
    let Reading::Own(vocabulary) = &model.reading else {
        return Err(trine_models::Error::NoTools.into());
    };
    let known = Known::of(vocabulary);
    let are_of: IsKnown = Box::new(move |table| known.is_of(table));
    let which = Which::First { count: known.count(), are_of };
    queue.open(KnownTools { sentence_max: SENTENCE_MAX as u16, which });
    // All devices that are asked about have the same tools, or no sentence would be here.
    let Some(first) = queue.next() else { return Ok(()) };
    let Some(tools) = first.tools() else { return Ok(()) };
    let mut memory = Memory::default();
    let mut asker = match Asker::new(&*tools, &model, &mut memory) {
        Ok(asker) => asker,
        Err(error) => {
            let why = error.chain();
            std::iter::once(first).chain(queue).for_each(|sentence| sentence.fail(&why));
            return Ok(());
        }
    };
    for sentence in std::iter::once(first).chain(queue) {
        sentence.answer(|text| asker.ask(text).map(reply));
    }
    Ok(())
}

/// The same with a model that reads any tools: those of each list once.
fn answer_any(bytes: &[u8], queue: SentenceQueue) -> Result<()> {
    let opened = OpenedBase::open(bytes)?;
    queue.open(KnownTools { sentence_max: SENTENCE_MAX as u16, which: Which::Any });
    let mut tables = Tables::default();
    for sentence in queue {
        let Some(tools) = sentence.tools() else { continue };
        sentence.answer(|text| {
            let table = tables.of(&opened, &*tools)?;
            let mut asker = BaseAsker::with_table(&opened, &*tools, table)?;
            // They are those of devices and of this program.
            asker.trust_hints();
            asker.ask(text).map(reply)
        });
    }
    Ok(())
}

/// An answer of the model, as the gateway takes it.
fn reply(reply: trine_models::ask::Reply) -> Reply {
    let trine_models::ask::Reply {
        call,
        is_sure,
        confidence,
        reason,
        why,
        missing,
        between,
        calls,
        ..
    } = reply;
    let why = why.to_owned();
    Reply { call, is_sure, confidence, reason, why, missing, between, calls }
}
