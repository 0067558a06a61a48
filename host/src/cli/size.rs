//! `trine size`.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};
use trine::{Error, Result};
use trine_infer::KvKind;
use trine_models::model::{Footprint, Mapped};

use super::paint::{FAINT, STRONG, count, say};
use super::tools::pretty;

/// Arguments of `trine size`.
#[derive(Debug, clap::Args)]
pub(super) struct Size {
    /// Model: a GGUF file, or an image of `trine model pack`.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Context length in tokens [default: 1/16, 1/4 and all of the model's]
    #[arg(long, value_name = "COUNT")]
    context: Vec<usize>,
    /// Number of prompt tokens in one batch.
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    batch: usize,
    /// Print a JSON object.
    #[arg(long)]
    json: bool,
}

impl Size {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let path = self.file.display();
        let fail = |error: trine_models::Error| Error::from(error).at(&path);
        let bytes = Mapped::open(&self.file).map_err(|error| Error::read(&self.file, error))?;
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
