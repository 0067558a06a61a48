//! `trine eval`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use trine::{Error, Result};
use trine_models::ask::{Score, Wanted};
use trine_models::model::processor_time;

use super::ask::{ModelArgs, refused};
use super::paint::say;

const AFTER_HELP: &str = "\
A line of FILE is an object with text, tool (null where nothing is to be called), arguments, and
perhaps kind. A call that the model is not sure of counts as none made. Several files are scored
together. One JSON object is printed: `exact` are whole calls, `tool` their tools, `slot_f1` single
arguments, `abstained` sentences without a call that were left alone, `acted_wrong` calls that were
made and not wanted, `calibration_error` how far confidence is from being right on average (ECE, ten
parts), in percent; and how many sentences one thread answers in a second, and in a second of its
processor.

Example: trine eval --model board train/board/validation/crowd.jsonl";

/// Arguments of `trine eval`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Eval {
    /// Sentences with the calls that are wanted.
    #[arg(value_name = "FILE", required = true)]
    sentences: Vec<PathBuf>,
    #[command(flatten)]
    model: ModelArgs,
    /// Print the sentences that were answered wrong, with the answers.
    #[arg(long)]
    wrong: bool,
}

impl Eval {
    pub(super) fn run(&self) -> Result<ExitCode> {
        Ok(self.score().map_or_else(|error| refused(&error), |()| ExitCode::SUCCESS))
    }

    fn score(&self) -> Result<()> {
        let mut wanted = Vec::new();
        for path in &self.sentences {
            let named =
                |error: &dyn std::fmt::Display| Error::new(format!("{}:{error}", path.display()));
            let text =
                std::fs::read_to_string(path).map_err(|error| named(&format!(" {error}")))?;
            for (number, line) in (1_u64..).zip(text.lines()) {
                let parsed = Wanted::parse(line);
                wanted
                    .push((line.to_owned(), parsed.map_err(|e| named(&format!("{number}: {e}")))?));
            }
        }
        let mut score = Score::default();
        let took = self.model.with(None, |asker| {
            let (mut took, mut worked) = (Duration::ZERO, Duration::ZERO);
            for (line, wanted) in &wanted {
                let (begun, before) = (Instant::now(), processor_time());
                let reply = asker.ask(wanted.text.as_bytes())?;
                took += begun.elapsed();
                worked += processor_time().saturating_sub(before);
                if !score.add(wanted, &reply) && self.wrong {
                    say!("{line}\n  {}", reply.to_json());
                }
            }
            Ok((took, worked))
        })?;
        let mut score = score.to_json();
        // One thread has done it all; the second figure is what it does where nobody else works.
        let rate = |time: Duration| (wanted.len() as f64 / time.as_secs_f64().max(1e-9)).round();
        score["sentences_per_second"] = rate(took.0).into();
        score["sentences_per_processor_second"] = rate(took.1).into();
        say!("{score:#}");
        Ok(())
    }
}
