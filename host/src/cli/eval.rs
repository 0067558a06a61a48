//! `trine eval`.

use std::path::PathBuf;
use std::process::ExitCode;

use trine::ask::{Score, Wanted};
use trine::{Error, Result};
use trine_board::TOOLS;

use super::ask::{ModelArgs, refused};
use super::paint::say;

const AFTER_HELP: &str = "\
A line of FILE is an object with text, tool (null where nothing is to be called), arguments, and
perhaps kind. A call that the model is not sure of counts as none made.

Example: trine eval --model board.gguf validation.jsonl";

/// Arguments of `trine eval`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Eval {
    /// Sentences with the calls that are wanted.
    #[arg(value_name = "FILE")]
    sentences: PathBuf,
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
        let path = self.sentences.display();
        let text = std::fs::read_to_string(&self.sentences)
            .map_err(|error| Error::new(format!("{path}: {error}")))?;
        let mut score = Score::default();
        self.model.with(&TOOLS, |asker| {
            for (number, line) in (1_u64..).zip(text.lines()) {
                let wanted = Wanted::parse(line)
                    .map_err(|error| Error::new(format!("{path}:{number}: {error}")))?;
                let reply = asker.ask(wanted.text.as_bytes())?;
                if !score.add(&wanted, &reply) && self.wrong {
                    say!("{line}\n  {}", reply.to_json());
                }
            }
            Ok(())
        })?;
        say!("{:#}", score.to_json());
        Ok(())
    }
}
