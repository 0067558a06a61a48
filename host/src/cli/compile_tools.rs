//! `trine tools compile`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use trine::{Error, Result};
use trine_descriptor::ToolTable;
use trine_gateway::DeviceArgs;
use trine_models::ask::{BASE_NAME, OpenedBase, Source, ToolList, compile_tools, unknown_words};
use trine_unseen::Table;

use super::open::{find, only, open};
use super::paint::{FAINT, STRONG, count, say, some};

const AFTER_HELP: &str = "\
A table holds all that a base model has to know of some tools, for the flash of a device that has no
memory to spare for compiling them. It names the base that made it and the list it was made from;
with another base or list it is refused. A tool with readOnlyHint has the lower threshold there.

Examples: trine tools compile my-tools.json --out tools.bin
          trine tools compile --device greenhouse --serial /dev/ttyACM0 --out tools.bin";

/// How long a device may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Arguments of `trine tools compile`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct CompileTools {
    /// List of MCP tools as JSON [default: those of a device]
    #[arg(value_name = "TOOLS.json")]
    tools: Option<PathBuf>,
    /// File to write the table to.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Base model: `base`, which is in this program, or a file.
    #[arg(long, value_name = "base|FILE", default_value = BASE_NAME)]
    model: OsString,
    /// Name of the device whose tools are compiled.
    #[arg(long, value_name = "DEV", conflicts_with = "tools")]
    device: Option<String>,
    #[command(flatten)]
    devices: DeviceArgs,
}

impl CompileTools {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let Some(path) = &self.tools else {
            let device = || {
                let hub = open(&self.devices, PATIENCE)?;
                let device = match self.device.as_deref() {
                    Some(name) => find(&hub, name)?,
                    None => only(&hub)?,
                };
                let table = device.table();
                Ok((hub, table))
            };
            return match device() {
                Ok((_, Some(table))) => self.compile(&*table),
                Ok((_, None)) => Err(trine_models::Error::NoTools.into()),
                Err(code) => Ok(code),
            };
        };
        let text = std::fs::read_to_string(path).map_err(|error| Error::read(path, error))?;
        let list = ToolList::parse(&text);
        let list = list.map_err(|error| Error::from(error).at(path.display()))?;
        for left_out in list.left_out() {
            eprintln!("left out: {left_out}");
        }
        self.compile(&list)
    }

    fn compile(&self, tools: &dyn ToolTable) -> Result<ExitCode> {
        let source = Source::named(&self.model);
        let named = |error: trine_models::Error| Error::from(error).at(&source);
        let opened = OpenedBase::open(&source.bytes()?).map_err(named)?;
        let base = opened.base().map_err(named)?;
        let bytes = compile_tools(&opened, tools).map_err(named)?;
        std::fs::write(&self.out, &bytes).map_err(|error| Error::write(&self.out, error))?;
        let table = Table::parse(&bytes, &base, None).map_err(trine_models::Error::from)?;
        for (tool, code) in (0..).zip(table.tools()) {
            let name = tools.info(tool).map_or("", |info| info.name);
            say!("  {STRONG}{name}{STRONG:#}  {} bytes", count(code.bytes() as u64));
        }
        let all = some(table.count().into(), "tool");
        say!("{}: {all}, {} bytes", self.out.display(), count(bytes.len() as u64));
        let [unknown, words] = unknown_words(&base, tools);
        say!("{unknown} of the {words} words of the tools are not in the base");
        let weights = count(base.bytes().len() as u64);
        let hash = base.hash();
        say!("{FAINT}for base {hash:016x}, whose weights take {weights} bytes here{FAINT:#}");
        Ok(ExitCode::SUCCESS)
    }
}
