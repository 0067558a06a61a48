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
A line of FILE is an object with text, tool (null for no call), arguments, and optionally kind; or
with calls, a list of objects with tool and arguments, as the files of train/lists have it. A call
below the threshold counts as no call. Prints one JSON object for all files: `exact` (right calls),
`tool` (right tools), `slot_f1` (arguments), `abstained` (true negatives), `acted_wrong` (wrong
calls), `calibration_error` (ECE in ten parts), in percent, and the sentences that one thread
answers a second of time, and of processor time.

Examples: trine eval --model board train/board/validation/crowd.jsonl
          trine eval --tools my-tools.json my-sentences.jsonl";

/// Arguments of `trine eval`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Eval {
    /// Files with sentences and their calls, as JSON lines.
    #[arg(value_name = "FILE", required = true)]
    sentences: Vec<PathBuf>,
    #[command(flatten)]
    model: ModelArgs,
    /// Print wrong answers with their sentences.
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
            let text = std::fs::read_to_string(path).map_err(|error| Error::read(path, error))?;
            for (number, line) in (1_u64..).zip(text.lines()) {
                let place = || format!("{}:{number}", path.display());
                let parsed = Wanted::parse(line);
                let parsed = parsed.map_err(|error| Error::from(error).at(place()))?;
                wanted.push((line.to_owned(), parsed));
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
