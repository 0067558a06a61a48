//! `trine-train`: trains a model from the command line, with all that can be set.
#![forbid(unsafe_code)]
#![allow(clippy::print_stderr, reason = "a program that says how far it is")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use trine_train::Error;
use trine_train::baseline::{Baseline, baseline};
use trine_train::example::{self, Example};
use trine_train::gguf;
use trine_train::names;
use trine_train::pseudo_labels::guess;
use trine_train::recipe::Recipe;
use trine_train::run::{self as training, Plan, Progress, Trained};
use trine_train::sampler::Shares;
use trine_train::shape::Shape;
use trine_train::weights::Arithmetic;
#[cfg(feature = "gpu")]
use trine_train::{device::OnDevice, net::Accelerator, offload::Offload};

mod eval_lists;
mod train_unseen;
mod tune_lists;

const USAGE: &str = "\
trine-train --tools TOOLS.json --out MODEL.gguf [OPTIONS]

  --sentences PATH    sentences, a .jsonl file or a folder of them; with none and no templates, what
                      the tools' names and descriptions give
  --out-of-domain PATH[,PATH]  sentences for other tools: with these none of them is a call
  --out-of-domain-count N how many of them, evenly (4000)
  --valid PATH[,PATH] sentences to validate with, files or folders, instead of a share of the
                      wordings
  --valid-share N     that share (0.12)
  --fit-share N       the share of the wordings that confidence is fitted on, and neither trained
                      on nor scored (0.06)
  --templates FILE    templates
  --fit PATH[,PATH]   sentences that confidence is fitted on, in place of that share
  --most-acted X      fits the threshold so that at most this share of the sentences without a call
                      is acted on (what errors cost decides)
  --least-threshold X the least threshold (0.9 where confidence is fitted on fewer than 300
                      sentences for these tools without a call, else 0)
  --names PATH[,PATH] texts that copied parameters may have: JSON objects of lists by parameter,
                      or a folder with the public lists for SNIPS
  --dim N --ffn N --layers N --heads N --kv-heads N     the shape (128 384 3 4 2)
  --whole N           blocks, from the first, that see the whole sentence (0)
  --pieces N          pieces of words (480)
  --pieces-of MODEL   the pieces of that model: a model and its teachers need the same
  --rare N            how often a character must come to be a piece (5)
  --steps N --batch N --rate X --dropout X --tag X --language X --seed N --threads N
  --models FILE[,FILE]  models, for --guess and --threshold
  --threshold X       trains nothing: writes the model of --models FILE to --out, which makes calls
                      from this confidence on
  --guess N           trains nothing: makes N sentences of those it would train on, labels them by
                      what most of --models FILE[,FILE] say, and writes them to --out
  --guessed FILE      sentences that were made so, to train on beside the others
  --guessed-share X   how many are drawn from them (0.3)
  --template-share X --negative-share X --noise-share X --substitution-share X --made-up-share X
  --run-share X --clean-share X --label-swap-share X --context-share X --rare-share X
  --hidden-share X
  --split-seed N      the seed of the pieces and of what training does not see (that of --seed);
                      a model and its teachers need the same
  --teachers FILE[,FILE]  checkpoints of models, trained on the same, that teach this one
  --teacher-weight X          how much they count in a choice (0.5)
  --from FILE         the checkpoint of a model of this shape, with whose weights this one begins;
                      its pieces are needed too
  --checkpoint FILE   kept while training, and gone on from (MODEL.ckpt)
  --every N           steps between validations (500)
  --baseline NAME     linear or keywords in place of a transformer: only a report
  --held              trains nothing: writes the sentences that training does not see, on which
                      confidence is fitted, to --out
  --dense             the dense twin: no file, only a report
  --backend NAME      ggml's backend that computes the blocks: vulkan, cuda, metal, or cpu, which is
                      the processor as ggml uses it; the program must be built with it, and what
                      fails there ends the training

trine-train unseen      trains a model for tools that it has never seen, on lists of tools
trine-train tune-lists  tunes it to own sentences, and scores it and its forecast on other ones
trine-train eval-lists  scores such a model, or words and rules, on lists that were not trained on
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trine-train: {}", trine_models::chain(&*error));
            ExitCode::FAILURE
        }
    }
}

/// Does what the command line asks for.
fn run() -> Result<()> {
    let mut words = std::env::args().skip(1).peekable();
    if words.next_if(|word| word == "unseen").is_some() {
        return with(words, train_unseen::USAGE, &[], train_unseen::work);
    }
    if words.next_if(|word| word == "eval-lists").is_some() {
        return with(words, eval_lists::USAGE, &["open"], eval_lists::work);
    }
    if words.next_if(|word| word == "tune-lists").is_some() {
        return with(words, tune_lists::USAGE, &[], tune_lists::work);
    }
    with(words, USAGE, &["dense", "held"], work)
}

/// Works with the options, or shows the usage where that is asked for.
fn with(
    words: impl Iterator<Item = String>,
    usage: &str,
    flags: &[&str],
    work: impl FnOnce(&Options) -> Result<()>,
) -> Result<()> {
    let words: Vec<String> = words.collect();
    if words.iter().any(|word| word == "--help") {
        println!("{usage}");
        return Ok(());
    }
    work(&options(words.into_iter(), usage, flags)?)
}

type Options = BTreeMap<String, String>;

/// The result of the command line, or of what it asks for.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Options by name; flags have no value.
fn options(
    mut words: impl Iterator<Item = String>,
    usage: &str,
    flags: &[&str],
) -> Result<Options> {
    let mut options = Options::new();
    while let Some(word) = words.next() {
        let name = word.strip_prefix("--").filter(|name| usage.contains(&format!("--{name} ")));
        let name = name.ok_or_else(|| format!("unknown option {word}\n\n{usage}"))?;
        let value = if flags.contains(&name) { Some(String::new()) } else { words.next() };
        options.insert(name.to_owned(), value.ok_or(format!("missing value of --{name}"))?);
    }
    Ok(options)
}

fn number<T: std::str::FromStr>(options: &Options, name: &str, default: T) -> Result<T> {
    let Some(text) = options.get(name) else { return Ok(default) };
    Ok(text.parse().map_err(|_| format!("invalid number {text} for --{name}"))?)
}

fn read(path: &str) -> Result<String> {
    Ok(std::fs::read_to_string(path).map_err(|error| Error::read(path, error))?)
}

fn load_bytes(path: &str) -> Result<Vec<u8>> {
    Ok(std::fs::read(path).map_err(|error| Error::read(path, error))?)
}

/// Texts by parameter: those of JSON objects, and the public lists of folders.
fn load_names(paths: &str) -> Result<Vec<(String, Vec<String>)>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in paths.split(',') {
        let lists: Vec<(String, Vec<String>)> = if Path::new(path).is_dir() {
            names::load(Path::new(path))?
        } else {
            let lists: BTreeMap<_, _> =
                serde_json::from_str(&read(path)?).map_err(|error| Error::from(error).at(path))?;
            lists.into_iter().collect()
        };
        for (param, names) in lists {
            all.entry(param).or_default().extend(names);
        }
    }
    for names in all.values_mut() {
        names.sort();
        names.dedup();
    }
    Ok(all.into_iter().collect())
}

/// The sentences of files and folders.
fn load(paths: &str) -> Result<Vec<Example>> {
    let each = paths.split(',').map(|path| example::load(Path::new(path)));
    Ok(each.collect::<std::result::Result<Vec<_>, _>>()?.concat())
}

/// Those to train on, with those for other tools.
fn sentences(options: &Options) -> Result<Vec<Example>> {
    let get = |name: &str| options.get(name).map(String::as_str).map(load).transpose();
    let mut sentences = get("sentences")?.unwrap_or_default();
    if let Some(others) = get("out-of-domain")? {
        sentences
            .extend(example::out_of_domain(&others, number(options, "out-of-domain-count", 4000)?));
    }
    Ok(sentences)
}

/// Weights mean nothing with other subword tokens.
fn from(options: &Options) -> Result<Option<PathBuf>> {
    match (options.get("from"), options.contains_key("pieces-of")) {
        (Some(_), false) => {
            Err("--from needs the pieces of its model: name it with --pieces-of".into())
        }
        (from, _) => Ok(from.map(PathBuf::from)),
    }
}

fn share(options: &Options, name: &str) -> Result<Option<f32>> {
    let Some(text) = options.get(name) else { return Ok(None) };
    let share = number(options, name, 0.0)?;
    let is_share = (0.0..=1.0).contains(&share);
    if is_share {
        Ok(Some(share))
    } else {
        Err(format!("invalid --{name} {text}: expected 0 to 1").into())
    }
}

fn plan(options: &Options, out: &Path) -> Result<Plan> {
    let get = |name: &str| options.get(name).map(String::as_str);
    let tools = get("tools").ok_or(format!("missing --tools\n\n{USAGE}"))?;
    let names = get("names").map(load_names).transpose()?.unwrap_or_default();
    let mut plan = Plan::new(&read(tools)?)?;
    plan.add(sentences(options)?, &get("templates").map(read).transpose()?.unwrap_or_default());
    let (recipe, shares, shape) = (plan.recipe, plan.shares, plan.shape);
    Ok(Plan {
        valid: get("valid").map(load).transpose()?,
        names,
        shape: Shape {
            dim: number(options, "dim", shape.dim)?,
            ffn: number(options, "ffn", shape.ffn)?,
            layers: number(options, "layers", shape.layers)?,
            heads: number(options, "heads", shape.heads)?,
            kv_heads: number(options, "kv-heads", shape.kv_heads)?,
            whole: number(options, "whole", shape.whole)?,
            ..shape
        },
        pieces: number(options, "pieces", plan.pieces)?,
        rare: number(options, "rare", plan.rare)?,
        recipe: Recipe {
            steps: number(options, "steps", recipe.steps)?,
            batch: number(options, "batch", recipe.batch)?,
            rate: number(options, "rate", recipe.rate)?,
            dropout: number(options, "dropout", recipe.dropout)?,
            tag: number(options, "tag", recipe.tag)?,
            language: number(options, "language", recipe.language)?,
            taught: number(options, "teacher-weight", recipe.taught)?,
            seed: number(options, "seed", recipe.seed)?,
            threads: number(options, "threads", recipe.threads)?,
            arithmetic: if options.contains_key("dense") {
                Arithmetic::Dense
            } else {
                Arithmetic::Ternary
            },
            ..recipe
        },
        shares: Shares {
            templates: number(options, "template-share", shares.templates)?,
            negatives: number(options, "negative-share", shares.negatives)?,
            noisy: number(options, "noise-share", shares.noisy)?,
            clean: number(options, "clean-share", shares.clean)?,
            label_swapped: number(options, "label-swap-share", shares.label_swapped)?,
            guessed: number(options, "guessed-share", shares.guessed)?,
            contexts: number(options, "context-share", shares.contexts)?,
            rare: number(options, "rare-share", shares.rare)?,
            hidden: number(options, "hidden-share", shares.hidden)?,
        },
        substitutions: [
            number(options, "substitution-share", plan.substitutions[0])?,
            number(options, "made-up-share", plan.substitutions[1])?,
            number(options, "run-share", plan.substitutions[2])?,
        ],
        valid_share: number(options, "valid-share", plan.valid_share)?,
        fit_share: number(options, "fit-share", plan.fit_share)?,
        fit: get("fit").map(load).transpose()?,
        most_acted: share(options, "most-acted")?,
        least: share(options, "least-threshold")?,
        split: get("split-seed").map(|_| number(options, "split-seed", 0)).transpose()?,
        teachers: get("teachers").map_or(Vec::new(), |t| t.split(',').map(PathBuf::from).collect()),
        pieces_of: get("pieces-of").map(load_bytes).transpose()?,
        guessed: get("guessed").map(load).transpose()?.unwrap_or_default(),
        from: from(options)?,
        checkpoint: Some(get("checkpoint").map_or(out.with_extension("ckpt"), PathBuf::from)),
        every: number(options, "every", plan.every)?,
        ..plan
    })
}

fn work(options: &Options) -> Result<()> {
    let out = options.get("out").ok_or(format!("missing --out\n\n{USAGE}"))?;
    let out = PathBuf::from(out);
    if options.contains_key("threshold") {
        let model =
            options.get("models").ok_or("--threshold needs a model: name it with --models")?;
        let threshold = number(options, "threshold", 0.0)?;
        let changed = gguf::with_threshold(&load_bytes(model)?, threshold)?;
        return write(&out, &changed);
    }
    let plan = plan(options, &out)?;
    if options.contains_key("guess") {
        return guess_sentences(options, &plan, &out);
    }
    if options.contains_key("held") {
        return write_sentences(&training::held(&plan)?, &out);
    }
    if let Some(name) = options.get("baseline") {
        let which = match name.as_str() {
            "linear" => Baseline::Linear,
            "keywords" => Baseline::Keywords,
            _ => return Err("invalid --baseline: expected linear or keywords".into()),
        };
        let report = baseline(&plan, which)?;
        write(&out.with_extension("md"), report.to_string().as_bytes())?;
        eprintln!("{report}");
        return Ok(());
    }
    let trained = match options.get("backend") {
        Some(backend) => train_on(backend, &plan)?,
        None => training::train(&plan, say)?,
    };
    if !trained.file.is_empty() {
        write(&out, &trained.file)?;
    }
    write(&out.with_extension("md"), trained.report.to_string().as_bytes())?;
    write(&out.with_extension("wrong.jsonl"), trained.report.wrong_lines().as_bytes())?;
    eprintln!("\n{}", trained.report);
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let path = path.to_owned();
    let written = std::fs::write(&path, bytes);
    Ok(written.map_err(|source| Error::File { action: "write", path, source })?)
}

/// Trains on the first device of a backend.
fn train_on(backend: &str, plan: &Plan) -> Result<Trained> {
    if !["vulkan", "cuda", "metal", "cpu"].contains(&backend) {
        let expected = "expected vulkan, cuda, metal or cpu";
        return Err(format!("invalid --backend {backend}: {expected}").into());
    }
    let feature = if backend == "cpu" { "gpu" } else { backend };
    let missing = format!(
        "no {backend} device found, or the program was built without: `cargo build --release -p \
         trine-train --features {feature}`"
    );
    train_where(backend, plan, missing)
}

#[cfg(feature = "gpu")]
fn train_where(backend: &str, plan: &Plan, missing: String) -> Result<Trained> {
    let mut devices = trine_ggml::Device::all().into_iter();
    let device = devices.find(|device| device.is_of(backend)).ok_or(missing)?;
    let open = |rounded: &_| {
        let opened = OnDevice::open(device, rounded, plan.recipe.threads)?;
        eprintln!("training on {}", opened.name());
        Ok(Box::new(opened) as Box<dyn Accelerator>)
    };
    let offload = Offload { open: &open, failed: &Err };
    Ok(training::train_on(plan, Some(&offload), say)?)
}

#[cfg(not(feature = "gpu"))]
fn train_where(_: &str, _: &Plan, missing: String) -> Result<Trained> {
    Err(missing.into())
}

/// Writes sentences that models have labelled.
fn guess_sentences(options: &Options, plan: &Plan, out: &Path) -> Result<()> {
    let count = number(options, "guess", 0)?;
    let paths = options.get("models").map_or("", String::as_str);
    let models = paths.split(',').filter(|path| !path.is_empty()).map(load_bytes);
    let models = models.collect::<Result<Vec<_>>>()?;
    let examples = guess(plan, count, &models, |made| eprint!("\r{made} of {count} sentences  "))?;
    eprintln!("\n{} are labelled", examples.len());
    let lines: String = examples.iter().map(|one| format!("{}\n", one.json())).collect();
    write_lines(&lines, examples.len(), out)
}

/// Writes sentences, one object a line.
fn write_sentences(examples: &[Example], out: &Path) -> Result<()> {
    let lines: String = examples.iter().map(|example| format!("{}\n", example.json())).collect();
    write_lines(&lines, examples.len(), out)
}

fn write_lines(lines: &str, count: usize, out: &Path) -> Result<()> {
    write(out, lines.as_bytes())?;
    eprintln!("{count} sentences: {}", out.display());
    Ok(())
}

fn say(progress: &Progress) {
    let losses = &progress.losses;
    let mean = |sum: f64, count: usize| sum / count.max(1) as f64;
    let share = |right: usize, count: usize| 100.0 * mean(right as f64, count);
    eprint!(
        "\r{:6} of {}  {:5.0} s  {:6.0} tokens/s  loss {:.3}  right {:.1} %  ",
        progress.step,
        progress.steps,
        progress.elapsed.as_secs_f64(),
        progress.tokens_a_second,
        mean(losses.choice, losses.choices),
        share(losses.right, losses.choices),
    );
    if let Some(valid) = &progress.valid {
        let loss = mean(valid.choice, valid.choices);
        eprintln!("validation {loss:.3}  right {:.1} %", share(valid.right, valid.choices));
    }
}
