//! `trine eval`.

mod lists;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trine::Result;
use trine_models::ask::{Ask, Reply, Score, Wanted};
use trine_models::model::processor_time;
use trine_train::lists::report::Report;
use trine_train::lists::score::{Cut, Outcome, Prediction};
use trine_train::lists::{Call, Record};

use super::ask::{ModelArgs, refused};
use super::paint::{say, time};
use super::train::write;
use lists::{Labelled, gather};

const AFTER_HELP: &str = "\
A file has a sentence a line: an object with text and calls, a list of objects with tool and
arguments, or with tool (null for no call) and arguments; kind and why are optional. Files are for
the tools of --tools, or of the model. A folder with tools.json is a list of its own, with the
sentences of its .jsonl files; any number may be given. A line whose call its tool does not take is
refused with its number.

A call counts as made where the model is sure enough of it. Of two commands both calls do. Each
figure has an interval of 95 %, for which whole lists are drawn again, or the sentences of a single
list. The JSON has `exact` (right calls), `tool` (right tools), `slot_f1` (arguments), `abstained`
(true negatives), `acted_wrong` (wrong calls), `calibration_error` (ECE in ten parts of equal
count), in percent, the sentences that one thread answers a second of time, and of processor time,
and `report`, which has what the text has, in shares, with a curve of up to 100 thresholds.

Examples: trine eval --tools my-tools.json my-sentences.jsonl
          trine eval train/lists/data/projector train/lists/data/pond_pump --svg figures.svg
          trine eval --model board train/board/validation/crowd.jsonl --json";

/// The share of the values of a figure that its interval holds.
const LEVEL: f64 = 0.95;

/// Arguments of `trine eval`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Eval {
    /// Sentences with their calls: .jsonl files, or folders with tools.json.
    #[arg(value_name = "PATH", required = true)]
    sentences: Vec<PathBuf>,
    #[command(flatten)]
    model: ModelArgs,
    /// Print wrong answers with their sentences.
    #[arg(long)]
    wrong: bool,
    /// Print the figures as text [default: on a terminal]
    #[arg(long, conflicts_with = "json")]
    text: bool,
    /// Print the figures as a JSON object [default: elsewhere]
    #[arg(long)]
    json: bool,
    /// File for a picture: figures, curve and calibration.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// What became of the sentences so far.
#[derive(Default)]
struct Scored {
    score: Score,
    outcomes: Vec<Outcome>,
    /// The thresholds of each list's model: of calls that act, and of calls that read.
    thresholds: Vec<[f32; 2]>,
    /// How long the answers took, and how long the processor worked.
    took: [Duration; 2],
}

impl Eval {
    pub(super) fn run(&self) -> Result<ExitCode> {
        Ok(self.score().map_or_else(|error| refused(&error), |()| ExitCode::SUCCESS))
    }

    fn score(&self) -> Result<()> {
        let lists = gather(&self.sentences, &self.model)?;
        let (mut scored, mut models) = (Scored::default(), Vec::new());
        for (at, Labelled { list, tools, left_out }) in lists.iter().enumerate() {
            left_out.iter().for_each(|left_out| eprintln!("left out: {left_out}"));
            let model = self.model.source(Some(tools)).to_string();
            if !models.contains(&model) {
                models.push(model);
            }
            let each = |asker: &mut dyn Ask| {
                scored.thresholds.push([asker.threshold(), asker.reading_threshold()]);
                let mut each = list.records.iter();
                each.try_for_each(|record| scored.add(at, record, asker, self.wrong))
            };
            self.model.with_table((Some(tools), true), each)?;
        }
        let names: Vec<&str> = lists.iter().map(|one| &*one.list.name).collect();
        let (cut, outcomes) = (scored.cut(), &scored.outcomes);
        let report = Report::of(models.join(", "), &names, outcomes, cut, LEVEL);
        if let Some(path) = &self.svg {
            write(path, report.svg().as_bytes())?;
        }
        if self.text || !self.json && std::io::stdout().is_terminal() {
            let count = u32::try_from(outcomes.len()).unwrap_or(u32::MAX).max(1);
            say!("{report}");
            say!("time: {} a sentence, on one thread", time(scored.took[0] / count));
        } else {
            say!("{:#}", scored.json(&report));
        }
        Ok(())
    }
}

impl Scored {
    /// Asks a sentence.
    fn add(&mut self, at: usize, record: &Record, asker: &mut dyn Ask, wrong: bool) -> Result<()> {
        let (begun, before) = (Instant::now(), processor_time());
        let reply = asker.ask(record.text.as_bytes())?;
        let [took, worked] = &mut self.took;
        *took += begun.elapsed();
        *worked += processor_time().saturating_sub(before);
        let calls = record.calls.iter().map(|call| (call.tool.clone(), call.arguments.clone()));
        let wanted = Wanted { calls: calls.collect(), kind: record.kind.clone() };
        if !self.score.add(&wanted, &reply) && wrong {
            say!("{}\n  {}", labelled(record), reply.to_json());
        }
        let outcome = Outcome::new(at, record, &prediction(&reply));
        self.outcomes.push(Outcome { is_sure: reply.is_sure, ..outcome });
        Ok(())
    }

    /// The thresholds, where all lists have the same.
    fn cut(&self) -> Cut {
        let first = self.thresholds.first().copied().unwrap_or_default();
        let same = self.thresholds.iter().all(|one| *one == first);
        // The digits that were given, not those that the nearest f32 has too.
        let digits = |least: f32| (f64::from(least) * 1e6).round() / 1e6;
        let [acting, reading] = if same { first.map(digits) } else { [f64::NAN; 2] };
        Cut::Own { acting, reading }
    }

    /// All figures.
    fn json(&self, report: &Report) -> Value {
        let rounded = |value: f64| (value * 100.0).round() / 100.0;
        let mut json = self.score.to_json();
        json["calibration_error"] = rounded(100.0 * report.all.calibration).into();
        let bins = report.bins.iter().map(|bin| {
            let right = (bin.right * bin.count as f64).round() as u64;
            let percent = rounded(100.0 * bin.right);
            json!({
                "from": bin.from,
                "confidence": rounded(100.0 * bin.said),
                "right": {"right": right, "of": bin.count, "percent": percent},
            })
        });
        json["calibration"] = bins.collect();
        json["report"] = report.json();
        // All of it ran on one thread. The second rate is by that thread's processor time, so other
        // programs do not lower it.
        let count = self.outcomes.len() as f64;
        let rate = |time: Duration| (count / time.as_secs_f64().max(1e-9)).round();
        let [took, worked] = self.took;
        json["sentences_per_second"] = rate(took).into();
        json["sentences_per_processor_second"] = rate(worked).into();
        json
    }
}

/// A sentence with what is wanted of it, in a line.
fn labelled(record: &Record) -> Value {
    let call = |call: &Call| json!({"tool": call.tool, "arguments": call.arguments});
    let mut json = json!({"text": record.text});
    json["calls"] = record.calls.iter().map(call).collect();
    for (name, word) in [("why", record.why.as_ref()), ("kind", Some(&record.kind))] {
        if let Some(word) = word.filter(|word| !word.is_empty()) {
            json[name] = word.as_str().into();
        }
    }
    json
}

/// An answer as reports have it. That there are two commands is no reason against their calls.
fn prediction(reply: &Reply) -> Prediction {
    let found = reply.found();
    let calls = if found.is_empty() { &reply.passed_over } else { found };
    let call = |(tool, arguments): &(String, _)| Call {
        tool: tool.clone(),
        arguments: serde_json::Map::clone(arguments),
    };
    Prediction {
        calls: calls.iter().map(call).collect(),
        confidence: f64::from(reply.confidence),
        why: Some(reply.why).filter(|why| found.is_empty() && !why.is_empty()).map(str::to_owned),
    }
}
