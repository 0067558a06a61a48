//! `trine tools`.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};
use trine::Result;
use trine_descriptor::{Consent, ToolTable};
use trine_gateway::{Device, DeviceArgs};
use trine_mcp::{McpEngine, McpSession, ServerInfo, Single, Step};

use super::compile_tools::CompileTools;
use super::open::{find, open};
use super::paint::{FAINT, STRONG, WARN, WIDTH, say, some, wrap};
use super::signature;

/// A page that holds the tools of any device: the list is bounded, and JSON is some ten times it.
const PAGE_BYTES: usize = 8 << 20;

/// Arguments of `trine tools`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit code: 2 when there is no such device, 3 when it does not answer.",
    args_conflicts_with_subcommands = true
)]
pub(super) struct Tools {
    #[command(subcommand)]
    command: Option<Command>,
    /// Name of one device [default: all]
    #[arg(value_name = "DEV")]
    device: Option<String>,
    /// Print JSON, as an MCP client gets it.
    #[arg(long)]
    json: bool,
    /// Print descriptions and input schemas too.
    #[arg(long, conflicts_with = "json")]
    schema: bool,
    /// Timeout for the devices, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    patience: u64,
    #[command(flatten)]
    devices: DeviceArgs,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Compile tools for a base model, as a table for flash.
    Compile(Box<CompileTools>),
}

impl Tools {
    pub(super) fn run(&self) -> Result<ExitCode> {
        if let Some(Command::Compile(command)) = &self.command {
            return command.run();
        }
        Ok(self.print().err().unwrap_or(ExitCode::SUCCESS))
    }

    fn print(&self) -> std::result::Result<(), ExitCode> {
        let hub = open(&self.devices, Duration::from_secs(self.patience))?;
        let names = match &self.device {
            Some(name) => vec![name.clone()],
            None => hub.devices().iter().map(|device| device.name().to_string()).collect(),
        };
        let mut all = Vec::new();
        for name in names {
            let device = find(&hub, &name)?;
            let Some(table) = device.table() else { continue };
            let listed = listed(&*table);
            if self.json {
                all.push(json!({ "device": name, "tools": listed }));
            } else {
                heading(&device, table.count());
                print_table(&*table, if self.schema { &listed } else { &Value::Null });
            }
        }
        if self.json {
            say!("{}", pretty(&Value::Array(all)));
        }
        Ok(())
    }
}

fn heading(device: &Device, tools: u16) {
    let name = device.name();
    let source = device.source();
    say!("{STRONG}{name}{STRONG:#} ({source}), {}", some(tools.into(), "tool"));
}

/// Prints one line for each tool: its name and its parameters; with the objects of `listed` also
/// its description and its schema.
pub(super) fn print_table(table: &(impl ToolTable + ?Sized), listed: &Value) {
    let infos = || (0..table.count()).filter_map(|tool| Some((tool, table.info(tool)?)));
    let width = infos().map(|(_, info)| info.name.len()).max().unwrap_or(0);
    let indent = width + 4;
    for (tool, info) in infos() {
        let mut parts = signature::parameters(table, tool);
        let last = parts.len().saturating_sub(1);
        parts.iter_mut().take(last).for_each(|part| part.push(','));
        if parts.is_empty() {
            parts.push("no parameters".to_owned());
        }
        let text = wrap(parts.iter().map(String::as_str), indent);
        let asks = match info.consent {
            Consent::None => "",
            Consent::Elicit => "asks a person",
            Consent::Operator => "asks an operator",
            Consent::Device => "asks at the board",
        };
        let column = text.lines().last().map_or(0, |line| line.trim_start().chars().count());
        let gap = if asks.is_empty() {
            String::new()
        } else if indent + column + 2 + asks.len() > WIDTH {
            format!("\n{:indent$}", "")
        } else {
            "  ".to_owned()
        };
        let name = format!("{:width$}", info.name);
        say!("  {STRONG}{name}{STRONG:#}  {text}{gap}{WARN}{asks}{WARN:#}");
        if let Some(object) = listed.get(usize::from(tool)) {
            let words = wrap(info.description.split_whitespace(), 4);
            say!("    {words}");
            say!("    {FAINT}{}{FAINT:#}", object["inputSchema"]);
        }
    }
}

/// The tools of a table as `tools/list` of MCP 2026-07-28 has them, written by the engine that
/// serves clients.
pub(super) fn listed(table: &(impl ToolTable + ?Sized)) -> Value {
    let catalog = Single::new(ServerInfo::default(), table);
    let request = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": { "_meta": meta() },
    });
    let mut page = vec![0; PAGE_BYTES];
    let message = request.to_string();
    let mut session = McpSession::default();
    match McpEngine::new(&catalog).receive(message.as_bytes(), &mut session, &mut [], &mut page) {
        Step::Reply(len) => {
            let answer: Option<Value> =
                page.get(..len).and_then(|bytes| serde_json::from_slice(bytes).ok());
            answer.map_or(Value::Null, |mut answer| answer["result"]["tools"].take())
        }
        _ => Value::Null,
    }
}

/// The least `_meta` that a request of MCP 2026-07-28 carries.
pub(super) fn meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    })
}

pub(super) fn pretty(value: &Value) -> String {
    format!("{value:#}")
}
