//! `trine train`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use trine::{Error, Result};
use trine_train::example;
use trine_train::report::Report;
use trine_train::run::{self, LARGE, Plan, Progress, SMALL, Trained};

#[cfg(not(feature = "gpu"))]
use super::offload::choose;
use super::offload::{Backend, BackendChoice, failed};
#[cfg(feature = "gpu")]
use super::offload::{choose_for_all, fall_back};
use super::paint::say;
use super::tune::tune;

const AFTER_HELP: &str = "\
Tunes the base model of this program to your tools, and writes what differs: a delta of some tens of
kilobytes, for trine ask --model MODEL.delta --tools FILE. A line of sentences is an object with
text, and tool (null for no call) and arguments, or calls; trine ask --correct collects such lines.
Without sentences nothing is trained. The report (MODEL.md) forecasts what people will find who did
not write the sentences: from 20 on, by what a model makes of them that did not learn them. With
--trust-hints it is that of trine ask --trust-hints. --also takes lines as --sentences does: what a
model says of sentences that no one labelled, and sure, the confidence of that, 0 to 1.

With --whole, a model for these tools alone is trained from zero, and written as MODEL.gguf. A few
hundred sentences that your users would use are worth more than any number made from the names of
the tools, which is the default, without predictions. A share of the wordings is kept for
validation; from 30 sentences on, the report has the score, and MODEL.wrong.jsonl the wrong answers.
With fewer than 300 sentences without a call for fitting, the threshold is 0.9 or more. The
checkpoint is MODEL.ckpt: the same command continues from it.

Examples: trine train --tools my-tools.json --sentences my-sentences.jsonl --out my.delta
          trine train --tools my-tools.json --whole --out my.gguf";

/// Arguments of `trine train`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Train {
    /// List of MCP tools as JSON.
    #[arg(long, value_name = "FILE")]
    pub(super) tools: PathBuf,
    /// File for the delta, or with --whole for the GGUF model.
    #[arg(long, short, value_name = "MODEL")]
    pub(super) out: PathBuf,
    /// Sentences with their calls: a .jsonl file or a folder.
    #[arg(long, value_name = "PATH")]
    pub(super) sentences: Option<PathBuf>,
    /// More sentences to train on, labelled by a model; never scored.
    #[arg(long, value_name = "PATH", requires = "sentences", conflicts_with = "whole")]
    pub(super) also: Option<PathBuf>,
    /// Let readOnlyHint in --tools lower the threshold, as in trine ask.
    #[arg(long, conflicts_with = "whole")]
    pub(super) trust_hints: bool,
    /// Train a model for these tools alone, from zero.
    #[arg(long)]
    whole: bool,
    /// Sentences for validation [default: a share of --sentences]
    #[arg(long, value_name = "FILE", requires = "whole")]
    valid: Option<PathBuf>,
    /// File of templates for sentences.
    #[arg(long, value_name = "FILE", requires = "whole")]
    templates: Option<PathBuf>,
    /// Train twice the width, for tools with many copied texts.
    #[arg(long, requires = "whole")]
    large: bool,
    /// Number of training steps, of 64 sentences each [default: 60 or more, with --whole 10000]
    #[arg(long, value_name = "COUNT")]
    pub(super) steps: Option<usize>,
    /// Seed of all random numbers.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(super) seed: u64,
    /// Number of threads [default: one for each core]
    #[arg(long, value_name = "COUNT", requires = "whole")]
    threads: Option<usize>,
    /// Print the predictions as a JSON object.
    #[arg(long)]
    pub(super) json: bool,
    /// Backend that computes; NAME,cpu falls back to the CPU.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "auto",
        value_name = "NAME",
        requires = "whole"
    )]
    backend: Vec<Backend>,
}

/// Steps of a training from zero.
const STEPS: usize = 10_000;

impl Train {
    pub(super) fn run(&self) -> Result<ExitCode> {
        if self.whole { self.whole() } else { tune(self) }
    }

    /// Trains from zero.
    fn whole(&self) -> Result<ExitCode> {
        let wish = BackendChoice::new(&self.backend)?;
        let plan = self.plan()?;
        let checkpoint = self.out.with_extension("ckpt");
        let bar = progress_bar(self.steps.unwrap_or(STEPS));
        let trained = train(&plan, wish, &bar)?;
        bar.finish_and_clear();
        write(&self.out, &trained.file)?;
        write(&self.out.with_extension("md"), trained.report.to_string().as_bytes())?;
        let wrong = trained.report.wrong_lines();
        write(&self.out.with_extension("wrong.jsonl"), wrong.as_bytes())?;
        // The model is there; what it was made from is no longer needed.
        _ = fs::remove_file(checkpoint);
        self.sum_up(&trained.report);
        Ok(ExitCode::SUCCESS)
    }

    fn plan(&self) -> Result<Plan> {
        let sentences = |path: &PathBuf| example::load(path);
        let tools = read(&self.tools)?;
        let named = |error: trine_train::Error| Error::from(error).at(self.tools.display());
        let mut plan = Plan::new(&tools).map_err(named)?;
        let own = self.sentences.as_ref().map(sentences).transpose()?.unwrap_or_default();
        let templates = self.templates.as_deref().map(read).transpose()?.unwrap_or_default();
        plan.add(own, &templates);
        plan.valid = self.valid.as_ref().map(sentences).transpose()?;
        plan.shape = if self.large { LARGE } else { SMALL };
        plan.recipe.steps = self.steps.unwrap_or(STEPS);
        plan.recipe.seed = self.seed;
        plan.recipe.threads = self.threads.unwrap_or(plan.recipe.threads);
        plan.checkpoint = Some(self.out.with_extension("ckpt"));
        Ok(plan)
    }

    fn sum_up(&self, report: &Report) {
        let out = self.out.display();
        if self.json {
            let mut json = report.to_json();
            json["model"] = out.to_string().into();
            say!("{json}");
            return;
        }
        let threshold = report.certainty.threshold;
        say!("{out}: {} bytes; a call less sure than {threshold:.2} is not made", report.bytes);
        report.forecast().iter().for_each(|line| say!("{line}"));
        say!("{}: the whole report", self.out.with_extension("md").display());
    }
}

/// A bar of so many steps, with the time that is left.
pub(super) fn progress_bar(steps: usize) -> ProgressBar {
    let bar = ProgressBar::new(steps as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {eta} left  {msg}") {
        bar.set_style(style);
    }
    bar
}

/// Trains on the device of a backend, or on the processor.
#[cfg(feature = "gpu")]
fn train(plan: &Plan, wish: BackendChoice, bar: &ProgressBar) -> Result<Trained> {
    use trine_train::device::OnDevice;
    use trine_train::net::Accelerator;
    use trine_train::offload::Offload;

    let device =
        choose_for_all(wish.backend).or_else(|error| failed(wish, error).map(|()| None))?;
    let show = |progress: &Progress| show(bar, progress);
    let Some(device) = device else { return Ok(run::train(plan, show)?) };
    let open = |rounded: &_| {
        let opened = OnDevice::open(device, rounded, plan.recipe.threads)?;
        bar.suspend(|| eprintln!("training on {}", opened.name()));
        Ok(Box::new(opened) as Box<dyn Accelerator>)
    };
    let failed = |error: trine_train::Error| match wish.falls_back {
        true => {
            bar.suspend(|| fall_back(&trine_models::chain(&error)));
            Ok(())
        }
        false => Err(error),
    };
    let offload = Offload { open: &open, failed: &failed };
    Ok(run::train_on(plan, Some(&offload), show)?)
}

#[cfg(not(feature = "gpu"))]
fn train(plan: &Plan, wish: BackendChoice, bar: &ProgressBar) -> Result<Trained> {
    choose(wish.backend).or_else(|error| failed(wish, error))?;
    Ok(run::train(plan, |progress| show(bar, progress))?)
}

fn show(bar: &ProgressBar, progress: &Progress) {
    bar.set_position(progress.step as u64);
    let Some(valid) = progress.valid else {
        // No share: what is right of what is being learnt says nothing of what people will say.
        let loss = progress.losses.choice / progress.losses.choices.max(1) as f64;
        bar.set_message(format!("loss {loss:.3} in training"));
        return;
    };
    let right = 100.0 * valid.right as f64 / valid.choices.max(1) as f64;
    bar.set_message(format!("{right:.1} % of choices right, of sentences kept from training"));
    let (step, message) = (progress.step, bar.message());
    bar.suspend(|| eprintln!("step {step}: {message}"));
}

pub(super) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| Error::read(path, error))
}

pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).map_err(|error| Error::write(path, error))
}
