//! `trine train`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use trine::{Error, Result};
use trine_train::report::Report;
use trine_train::run::{self, LARGE, Plan, Progress, SMALL, Trained};
use trine_train::said;

#[cfg(not(feature = "gpu"))]
use super::offload::choose;
#[cfg(feature = "gpu")]
use super::offload::choose_for_all;
use super::offload::{Backend, Wish, failed};
use super::paint::say;

const AFTER_HELP: &str = "\
Sentences are objects with text, tool (null where nothing is to be called) and arguments, one on
each line. A few hundred that your users would say are worth more than any number that is made of
the tools' names, which is what is used when there are none; then there is no forecast. A share of
the wordings is kept from training and fitting, and the report beside the model (MODEL.md) says
what it makes of them, where they are 30 or more; MODEL.wrong.jsonl has those that go wrong. Below
300 sentences without a call to fit confidence on, a call is made at 0.9 or surer. A model in
training is kept in MODEL.ckpt: the same command goes on from there.

Example: trine train --tools my-tools.json --out my.gguf";

/// Arguments of `trine train`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Train {
    /// The tools: a list as tools/list answers, or an array of tool objects.
    #[arg(long, value_name = "FILE")]
    tools: PathBuf,
    /// Where to write the model.
    #[arg(long, short, value_name = "MODEL.gguf")]
    out: PathBuf,
    /// Sentences with their calls: a file, or a folder of .jsonl files.
    #[arg(long, value_name = "PATH")]
    sentences: Option<PathBuf>,
    /// Sentences to score, in place of a share of the wordings; those that stand among the others
    /// are not scored.
    #[arg(long, value_name = "FILE")]
    valid: Option<PathBuf>,
    /// Templates: ways of saying things, with alternatives.
    #[arg(long, value_name = "FILE")]
    templates: Option<PathBuf>,
    /// Twice as wide, for tools with many texts to copy; not for small microcontrollers.
    #[arg(long)]
    large: bool,
    /// Steps of 64 sentences.
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    steps: usize,
    /// What everything random is drawn from.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Threads [default: one for each processor]
    #[arg(long, value_name = "COUNT")]
    threads: Option<usize>,
    /// Print the forecast as a JSON object.
    #[arg(long)]
    json: bool,
    /// What computes the model's blocks; NAME,cpu goes on with the processor where the first fails.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "auto", value_name = "NAME")]
    backend: Vec<Backend>,
}

impl Train {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let wish = Wish::new(&self.backend)?;
        let plan = self.plan()?;
        let checkpoint = self.out.with_extension("ckpt");
        let bar = ProgressBar::new(self.steps as u64);
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {eta} left  {msg}") {
            bar.set_style(style);
        }
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
        let sentences = |path: &PathBuf| said::load(path).map_err(Error::new);
        let tools = read(&self.tools)?;
        let named = |error: String| Error::new(format!("{}: {error}", self.tools.display()));
        let mut plan = Plan::new(&tools).map_err(named)?;
        let own = self.sentences.as_ref().map(sentences).transpose()?.unwrap_or_default();
        let templates = self.templates.as_deref().map(read).transpose()?.unwrap_or_default();
        plan.add(own, &templates);
        plan.valid = self.valid.as_ref().map(sentences).transpose()?;
        plan.shape = if self.large { LARGE } else { SMALL };
        plan.recipe.steps = self.steps;
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

/// Trains on the device of a backend, or on the processor.
#[cfg(feature = "gpu")]
fn train(plan: &Plan, wish: Wish, bar: &ProgressBar) -> Result<Trained> {
    use trine_train::device::OnDevice;
    use trine_train::elsewhere::Elsewhere;
    use trine_train::net::Accelerator;

    let device =
        choose_for_all(wish.backend).or_else(|error| failed(wish, &error).map(|()| None))?;
    let show = |progress: &Progress| show(bar, progress);
    let Some(device) = device else { return run::train(plan, show).map_err(Error::new) };
    let open = |rounded: &_| {
        let opened = OnDevice::open(device, rounded, plan.recipe.threads)?;
        bar.suspend(|| eprintln!("training on {}", opened.name()));
        Ok(Box::new(opened) as Box<dyn Accelerator>)
    };
    let failed = |why: &str| bar.suspend(|| failed(wish, &why)).map_err(|error| error.to_string());
    let elsewhere = Elsewhere { open: &open, failed: &failed };
    run::train_on(plan, Some(&elsewhere), show).map_err(Error::new)
}

#[cfg(not(feature = "gpu"))]
fn train(plan: &Plan, wish: Wish, bar: &ProgressBar) -> Result<Trained> {
    choose(wish.backend).or_else(|error| failed(wish, &error))?;
    run::train(plan, |progress| show(bar, progress)).map_err(Error::new)
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

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| Error::new(format!("{}: {error}", path.display())))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).map_err(|error| Error::new(format!("{}: {error}", path.display())))
}
