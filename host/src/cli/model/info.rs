//! `trine model info`.

use std::ffi::OsString;
use std::process::ExitCode;

use trine::{Error, Result};
use trine_models::ask::Source;
use trine_models::model::Summary;

use super::any_tools;
use crate::cli::paint::{BAD, FAINT, GOOD, STRONG, count, say, some, wrap};
use crate::cli::tools::pretty;

/// Columns before what stands beside a name.
const INDENT: usize = 14;

/// Arguments of `trine model info`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code: 1 when the engine would refuse the file.")]
pub(super) struct Info {
    /// Model, by name or file (GGUF, image, base, delta); or table.
    #[arg(value_name = "base|board|FILE")]
    model: OsString,
    /// Print a JSON object.
    #[arg(long)]
    json: bool,
}

impl Info {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let path = Source::named(&self.model);
        let bytes = path.bytes()?;
        if any_tools::print(&bytes, self.json).map_err(|error| error.at(&path))? {
            return Ok(ExitCode::SUCCESS);
        }
        let summary = Summary::of(&bytes);
        let summary = summary.map_err(|error| Error::from(error).at(&path))?;
        if self.json {
            say!("{}", pretty(&summary.json()));
        } else {
            say!("{STRONG}{path}{STRONG:#}");
            print(&summary);
        }
        Ok(if summary.refusals.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn print(summary: &Summary) {
    let row = |name: &str, text: &str| say!("  {FAINT}{name:11}{FAINT:#} {text}");
    let listed = |pieces: Vec<String>| {
        let last = pieces.len().saturating_sub(1);
        let pieces = pieces.into_iter().enumerate();
        let commas = pieces.map(|(at, piece)| if at < last { piece + "," } else { piece });
        wrap(commas.collect::<Vec<_>>().iter().map(String::as_str), INDENT)
    };
    match &*summary.name {
        "" => row("model", &summary.architecture),
        name => row("model", &format!("{name} ({})", summary.architecture)),
    }
    let numbers = summary.numbers.iter().map(|(name, number)| format!("{name} {}", count(*number)));
    row("shape", &listed(numbers.collect()));
    let parameters = some(summary.parameters, "weight");
    row("size", &format!("{parameters}, {} bytes", count(summary.file_bytes)));
    for (name, [tensors, elements, bytes]) in &summary.types {
        let bits = 8.0 * *bytes as f64 / (*elements).max(1) as f64;
        let tensors = some(*tensors, "tensor");
        row(name, &format!("{tensors}, {} bytes, {bits:.2} bits a weight", count(*bytes)));
    }
    row("a token", &format!("reads {} bytes", count(summary.token_bytes)));
    if let Some(tokenizer) = &summary.tokenizer {
        let mut parts = vec![tokenizer.model.clone(), some(tokenizer.tokens, "token")];
        parts.extend((tokenizer.merges > 0).then(|| some(tokenizer.merges, "merge")));
        parts.extend(tokenizer.bos.map(|id| format!("begin {id}")));
        parts.extend(tokenizer.eos.map(|id| format!("end {id}")));
        parts.push(format!("index {} bytes", count(tokenizer.index_bytes)));
        row("tokenizer", &listed(parts));
    }
    if let Some(command_model) = &summary.command_model {
        let least = 100.0 * command_model.threshold;
        let kind = format!(
            "choose calls: it generates no text, it turns a sentence into a call of {}, or of no \
             tool; the threshold is {least:.1} %",
            command_model.known()
        );
        row("made to", &wrap(kind.split(' '), INDENT));
        row("use", "trine ask \"…\" --model FILE");
    }
    if summary.refusals.is_empty() {
        say!("  {GOOD}{:11}{GOOD:#} nothing: the engine takes this file", "refused");
    }
    for refusal in &summary.refusals {
        say!("  {BAD}{:11}{BAD:#} {}", "refused", wrap(refusal.0.split(' '), INDENT));
    }
}
