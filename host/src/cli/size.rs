//! `trine size`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};
use trine::{Error, Result};
use trine_gateway::DeviceArgs;
use trine_gateway::device::sizes::Sizes;
use trine_infer::KvKind;
use trine_models::model::{Footprint, Mapped};

use super::open::{find, offline, open};
use super::paint::{FAINT, STRONG, WARN, count, say, some, time};
use super::tools::pretty;

const AFTER_HELP: &str = "\
Of a device it prints each size of its configuration: what it is, what came at most since it
started, and what is enough. Use the device as hard as it will ever be used before.

Examples: trine size model.gguf --context 2048
          trine size --device greenhouse --serial /dev/ttyACM0";

/// Arguments of `trine size`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = AFTER_HELP,
    override_usage = "trine size [OPTIONS] <FILE>\n       trine size [OPTIONS] --device <DEV>"
)]
pub(super) struct Size {
    /// Model: a GGUF file, or an image of `trine model pack`.
    #[arg(value_name = "FILE", required_unless_present = "device", conflicts_with = "device")]
    file: Option<PathBuf>,
    /// Context length in tokens [default: 1/16, 1/4 and all of the model's]
    #[arg(long, value_name = "COUNT", conflicts_with = "device")]
    context: Vec<usize>,
    /// Number of prompt tokens in one batch.
    #[arg(long, value_name = "COUNT", default_value_t = 1, conflicts_with = "device")]
    batch: usize,
    /// Name of a device, as `trine devices` prints it.
    #[arg(long, value_name = "DEV")]
    device: Option<String>,
    /// Timeout for the device, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, requires = "device")]
    patience: u64,
    /// Print a JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    devices: DeviceArgs,
}

impl Size {
    pub(super) fn run(&self) -> Result<ExitCode> {
        match (&self.file, &self.device) {
            (Some(file), _) => self.of_model(file),
            (None, Some(name)) => Ok(self.of_device(name).unwrap_or_else(|code| code)),
            // The options of the command line allow no such thing.
            (None, None) => Ok(ExitCode::FAILURE),
        }
    }

    fn of_device(&self, name: &str) -> std::result::Result<ExitCode, ExitCode> {
        let patience = Duration::from_secs(self.patience);
        let hub = open(&self.devices, patience)?;
        let device = find(&hub, name)?;
        let late = || offline(&device.name(), "it does not say what it counts");
        let sizes = device.sizes(patience).ok_or_else(late)?;
        if self.json {
            say!("{}", pretty(&device_object(&device.name(), &sizes)));
        } else {
            say!("{STRONG}{}{STRONG:#}", device.name());
            print_device(&sizes);
        }
        Ok(ExitCode::SUCCESS)
    }

    fn of_model(&self, file: &Path) -> Result<ExitCode> {
        let path = file.display();
        let fail = |error: trine_models::Error| Error::from(error).at(&path);
        let bytes = Mapped::open(file).map_err(|error| Error::read(file, error))?;
        let found = Footprint::of(&bytes).map_err(fail)?;
        let mut contexts = self.context.clone();
        if contexts.is_empty() {
            contexts = [16, 4, 1].map(|part| found.config().context.div_ceil(part)).to_vec();
            contexts.dedup();
        }
        let mut rows = Vec::new();
        for context in contexts {
            let batch = self.batch.min(context);
            let arena = |kv| found.arena_bytes(context, batch, kv).map_err(fail);
            rows.push((context, arena(KvKind::F16)?, arena(KvKind::I8)?));
        }
        if self.json {
            say!("{}", pretty(&object(&found, &rows)));
        } else {
            say!("{STRONG}{path}{STRONG:#}");
            print(&found, &rows);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn device_object(name: &str, found: &Sizes) -> Value {
    let sizes = found.sizes.iter().map(|size| {
        json!({
            "name": size.name, "now": size.now, "most": size.most, "proposed": size.proposed,
            "why": size.why,
        })
    });
    json!({
        "device": name,
        "calls": found.calls,
        "uptimeMs": found.uptime_ms,
        "bytesLost": found.bytes_lost,
        "sizes": sizes.collect::<Vec<_>>(),
        "savedBytes": found.saved(),
    })
}

fn print_device(found: &Sizes) {
    let number = |number: u32| count(number.into());
    say!("  {FAINT}{:12} {:>8} {:>8} {:>9}{FAINT:#}", "bytes", "now", "at most", "is enough");
    for size in &found.sizes {
        say!(
            "  {:12} {:>8} {:>8} {:>9}  {FAINT}{}{FAINT:#}",
            size.name,
            number(size.now),
            size.most.map_or_else(String::new, number),
            number(size.proposed),
            size.why
        );
    }
    let time = time(Duration::from_millis(found.uptime_ms));
    let calls = some(found.calls.into(), "call");
    say!("  {calls} in {time} since it started; saves {} bytes at least", number(found.saved()));
    if found.calls == 0 {
        say!(
            "  {WARN}it was not called yet: call it as hard as it will be, then ask again{WARN:#}"
        );
    }
}

fn object(found: &Footprint, rows: &[(usize, usize, usize)]) -> Value {
    let arena = rows.iter().map(
        |(context, f16, int8)| json!({ "context": context, "f16_bytes": f16, "int8_bytes": int8 }),
    );
    json!({
        "file_bytes": found.file_bytes,
        "weight_bytes": found.weight_bytes,
        "tokenizer_index_bytes": found.index_bytes,
        "blocks_bytes": found.blocks_bytes,
        "arena": arena.collect::<Vec<_>>(),
    })
}

fn print(found: &Footprint, rows: &[(usize, usize, usize)]) {
    let row = |name: &str, text: &str| say!("  {FAINT}{name:16}{FAINT:#} {text}");
    let bytes = |number: u64| format!("{:>13} bytes", count(number));
    row("flash: weights", &bytes(found.weight_bytes));
    row("flash: the rest", &bytes(found.file_bytes - found.weight_bytes));
    row("RAM: tokenizer", &bytes(found.index_bytes));
    let blocks = bytes(found.blocks_bytes);
    row("RAM: blocks", &format!("{blocks} where addresses have 32 bits"));
    for (context, f16, int8) in rows {
        let arena = bytes(*f16 as u64);
        let less = count(*int8 as u64);
        row(
            "RAM: arena",
            &format!("{arena} for {} positions, {less} with int8", count(*context as u64)),
        );
    }
}
