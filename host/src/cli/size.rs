//! `trine size`.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};
use trine::model::{Mapped, Summary};
use trine::{Error, Result};
use trine_infer::{Config, KvKind, Options, arena_bytes, gguf};

use super::paint::{FAINT, STRONG, count, say};
use super::tools::pretty;

/// Arguments of `trine size`.
#[derive(Debug, clap::Args)]
pub(super) struct Size {
    /// The model, a GGUF file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Positions to keep [default: a sixteenth, a quarter and all of what the model can]
    #[arg(long, value_name = "COUNT")]
    context: Vec<usize>,
    /// Tokens of a prompt that are computed together.
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    batch: usize,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Size {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let path = self.file.display();
        let fail = |error: &dyn std::fmt::Display| Error::new(format!("{path}: {error}"));
        let bytes = Mapped::open(&self.file).map_err(|error| fail(&error))?;
        let summary = Summary::of(&bytes).map_err(|error| fail(&error))?;
        let file = gguf::File::parse(&bytes).map_err(|error| fail(&error))?;
        let config = Config::from_gguf(&file).map_err(|error| fail(&error))?;
        let mut contexts = self.context.clone();
        if contexts.is_empty() {
            contexts = [16, 4, 1].map(|part| config.context.div_ceil(part)).to_vec();
            contexts.dedup();
        }
        let mut rows = Vec::new();
        for context in contexts {
            let arena = |kv| {
                let batch = self.batch.min(context);
                let options = Options { context, batch, kv, tables: 0 };
                arena_bytes(&config, &options).map_err(|error| fail(&error))
            };
            rows.push((context, arena(KvKind::F16)?, arena(KvKind::I8)?));
        }
        let index = summary.tokenizer.as_ref().map_or(0, |tokenizer| tokenizer.index_bytes);
        if self.json {
            say!("{}", pretty(&object(&summary, index, &rows)));
        } else {
            say!("{STRONG}{path}{STRONG:#}");
            print(&summary, index, &rows);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn object(summary: &Summary, index: u64, rows: &[(usize, usize, usize)]) -> Value {
    let arena = rows.iter().map(
        |(context, f16, int8)| json!({ "context": context, "f16_bytes": f16, "int8_bytes": int8 }),
    );
    json!({
        "file_bytes": summary.file_bytes,
        "weight_bytes": summary.tensor_bytes,
        "tokenizer_index_bytes": index,
        "arena": arena.collect::<Vec<_>>(),
    })
}

fn print(summary: &Summary, index: u64, rows: &[(usize, usize, usize)]) {
    let row = |name: &str, text: &str| say!("  {FAINT}{name:16}{FAINT:#} {text}");
    let bytes = |number: u64| format!("{:>13} bytes", count(number));
    row("flash: weights", &bytes(summary.tensor_bytes));
    row("flash: the rest", &bytes(summary.file_bytes - summary.tensor_bytes));
    row("RAM: tokenizer", &bytes(index));
    for (context, f16, int8) in rows {
        let arena = bytes(*f16 as u64);
        let less = count(*int8 as u64);
        row(
            "RAM: arena",
            &format!("{arena} for {} positions, {less} with int8", count(*context as u64)),
        );
    }
}
