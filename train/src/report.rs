//! The report of a trained model: its figures on the validation sentences, as a page.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use crate::calibrate::Certainty;
use crate::example::Example;
use crate::forecast::{self, FEWEST};
use crate::parts::Parts;
use crate::run::Plan;
use crate::score::{Count, ModelAnswer};
use crate::shape::Shape;
use crate::trainer::Trainer;

/// Classes of confidence.
const CLASSES: usize = 10;

/// The figures of a model on its validation sentences, by the real engine, and its costs.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Its shape.
    pub shape: Option<Shape>,
    /// Bytes of the file.
    pub bytes: usize,
    /// Steps and examples a step.
    pub steps: (usize, usize),
    /// The seed.
    pub seed: u64,
    /// How long training took, on the wall.
    pub took: Duration,
    /// What computed the blocks, where that was not the processor.
    pub device: Option<String>,
    /// The share of choices that are right where those before them are.
    pub choices: f64,
    /// Sentences whose call cannot be said with their words.
    pub unsayable: usize,
    /// Temperatures and threshold of confidence.
    pub certainty: Certainty,
    /// Sentences that this was fitted on, and how many were written for these tools without a call.
    pub fitted: (usize, usize),
    /// Whether there are sentences that a person has written for these tools.
    pub has_own: bool,
    /// Sentences to score that were trained or fitted on as well, and so are not scored.
    pub seen: usize,
    /// Tokens that are read for a sentence: of all, and the most.
    pub tokens: (usize, usize),
    /// All sentences.
    pub all: Count,
    /// By the tool that is right.
    pub by_tool: BTreeMap<String, Count>,
    /// By kind.
    pub by_kind: BTreeMap<String, Count>,
    /// How often which tool was called instead of which.
    pub confusion: BTreeMap<(String, String), usize>,
    /// Sums of confidence, right answers and answers, by class of confidence, without a threshold.
    pub calibration: [(f64, usize, usize); CLASSES],
    /// Likeliest calls: confidence, whether right, and whether the sentence has a call.
    pub likeliest: Vec<(f32, bool, bool)>,
    /// Sentences that were answered wrongly, with the answers.
    pub wrong: Vec<(Example, ModelAnswer)>,
}

/// Thresholds that are compared.
const THRESHOLDS: [f32; 9] = [0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];
/// The row and the column of sentences without a call.
const NO_CALL: &str = "no call";

impl Report {
    /// A report without scores.
    #[must_use]
    pub fn new(plan: &Plan, trainer: &Trainer, took: Duration) -> Self {
        Self {
            shape: Some(trainer.weights.shape),
            steps: (trainer.step, plan.recipe.batch),
            seed: plan.recipe.seed,
            took,
            ..Self::default()
        }
    }

    /// Takes up what the sentences of a plan were for.
    pub(crate) fn take_plan(&mut self, plan: &Plan, parts: &Parts<'_>) {
        self.has_own = !plan.sentences.is_empty() || plan.valid.is_some();
        self.fitted = (parts.fit.len(), parts.fitted_nothings);
        self.seen = parts.seen;
    }

    /// Takes up the model's answers.
    pub fn take(&mut self, sentences: &[Example], answer: &[ModelAnswer], bytes: usize) {
        self.bytes = bytes;
        for (example, answer) in sentences.iter().zip(answer) {
            self.take_one(example, answer);
        }
    }

    fn take_one(&mut self, example: &Example, answer: &ModelAnswer) {
        let mut count = Count::default();
        count.add(example, answer);
        self.all.add(example, answer);
        self.tokens = (self.tokens.0 + answer.tokens, self.tokens.1.max(answer.tokens));
        let wanted = example.tool.clone().unwrap_or_else(|| NO_CALL.into());
        let acted = answer.tool.clone().filter(|_| answer.acts).unwrap_or_else(|| NO_CALL.into());
        self.by_tool.entry(wanted.clone()).or_default().add(example, answer);
        self.by_kind.entry(example.kind.clone()).or_default().add(example, answer);
        *self.confusion.entry((wanted, acted)).or_default() += 1;
        let is_right = if example.tool.is_some() { count.exact > 0 } else { answer.tool.is_none() };
        let class = ((answer.confidence * CLASSES as f32) as usize).min(CLASSES - 1);
        if let Some((sum, right, all)) = self.calibration.get_mut(class) {
            *sum += f64::from(answer.confidence);
            *right += usize::from(is_right);
            *all += 1;
        }
        if answer.tool.is_some() {
            self.likeliest.push((answer.confidence, is_right, example.tool.is_some()));
        }
        if count.acted_exact + count.abstained == 0 {
            self.wrong.push((example.clone(), answer.clone()));
        }
    }

    /// How far confidence is from the share of right calls, on average.
    #[must_use]
    pub fn calibration_error(&self) -> f64 {
        let all: usize = self.calibration.iter().map(|class| class.2).sum();
        let apart = |(sum, right, _): &(f64, usize, usize)| (sum - *right as f64).abs();
        self.calibration.iter().map(apart).sum::<f64>() / all.max(1) as f64
    }

    /// Sentences that were answered wrongly, one a line.
    #[must_use]
    pub fn wrong_lines(&self) -> String {
        let line = |(example, answer): &(Example, ModelAnswer)| {
            let mut json = example.json();
            json["heard"] = answer.tool.clone().into();
            json["heard_arguments"] = answer.arguments.clone().into();
            json["confidence"] = answer.confidence.into();
            json["acts"] = answer.acts.into();
            format!("{json}\n")
        };
        self.wrong.iter().map(line).collect()
    }
}

/// A percentage; where there are too few sentences, the count and the total.
fn percent(part: usize, whole: usize) -> String {
    match forecast::percent(part, whole) {
        Some(share) => format!("{share:.1}"),
        None if whole == 0 => "–".into(),
        None => format!("{part} of {whole}"),
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let all = &self.all;
        writeln!(f, "# Report\n")?;
        if let Some(shape) = &self.shape {
            writeln!(
                f,
                "Width {}, {} blocks, {} query and {} KV heads, feed-forward {}, vocabulary of {}: \
                 {} ternary weights, file of {} bytes. Trained for {} steps of {} examples with \
                 seed {} in {} s{}.",
                shape.dim,
                shape.layers,
                shape.heads,
                shape.kv_heads,
                shape.ffn,
                shape.vocab,
                shape.trits(),
                self.bytes,
                self.steps.0,
                self.steps.1,
                self.seed,
                self.took.as_secs(),
                self.device.as_ref().map_or(String::new(), |device| format!(" on {device}")),
            )?;
        }
        let count = all.calls + all.nothings;
        let (fitted, nothings) = self.fitted;
        writeln!(
            f,
            "Temperature {:.2} for the tool and {:.2} for arguments, threshold {:.2}, fitted on \
             {fitted} sentences that were neither trained on nor scored, {nothings} of them \
             written for these tools without a call. Tokens of a sentence: mean {:.1}, maximum \
             {}.\n",
            self.certainty.temperature,
            self.certainty.arguments,
            self.certainty.threshold,
            self.tokens.0 as f64 / count.max(1) as f64,
            self.tokens.1
        )?;
        for line in self.forecast() {
            writeln!(f, "{line}.\n")?;
        }
        if self.no_forecast().is_some() { Ok(()) } else { self.write_scores(f) }
    }
}

impl Report {
    fn write_scores(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let all = &self.all;
        let count = all.calls + all.nothings;
        writeln!(
            f,
            "Where there are fewer than {FEWEST} sentences, a count stands in place of a \
             percentage.\n"
        )?;
        writeln!(f, "| metric ({count} sentences) | % |\n|---|---|")?;
        for (name, part, whole) in [
            ("recall at the threshold", all.acted_exact, all.calls),
            ("right tool at the threshold", all.acted_tool, all.calls),
            ("accuracy without a threshold", all.exact, all.calls),
            ("wrong calls at the threshold", all.acted_wrong, all.calls),
            ("true-negative rate", all.abstained, all.nothings),
            ("false-call rate", all.nothings - all.abstained, all.nothings),
        ] {
            writeln!(f, "| {name} ({whole}) | {} |", percent(part, whole))?;
        }
        writeln!(f, "| F1 of arguments | {:.1} |", 100.0 * all.slot_f1())?;
        writeln!(f, "| calibration error | {:.1} |", 100.0 * self.calibration_error())?;
        if self.unsayable > 0 {
            let what = "sentences whose call their words do not contain";
            writeln!(f, "| {what}, count | {} |", self.unsayable)?;
        }
        for (title, counts) in [("tool", &self.by_tool), ("kind", &self.by_kind)] {
            writeln!(
                f,
                "\n| {title} | sentences | right tool at the threshold | recall at the threshold | \
                 accuracy without a threshold | true-negative rate |"
            )?;
            writeln!(f, "|---|---|---|---|---|---|")?;
            for (name, one) in counts {
                let (calls, tool) = (one.calls, percent(one.acted_tool, one.calls));
                let (exact, acted) = (percent(one.exact, calls), percent(one.acted_exact, calls));
                let abstained = percent(one.abstained, one.nothings);
                let count = calls + one.nothings;
                writeln!(f, "| {name} | {count} | {tool} | {acted} | {exact} | {abstained} |")?;
            }
        }
        self.write_rest(f)
    }

    fn write_rest(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.write_confusion(f)?;
        writeln!(f, "\n| confidence, % | answers | mean, % | right, % |\n|---|---|---|---|")?;
        for (class, (sum, right, all)) in self.calibration.iter().enumerate() {
            if *all > 0 {
                let (low, mean) = (class * CLASSES, 100.0 * sum / *all as f64);
                let right = percent(*right, *all);
                writeln!(f, "| {low}–{} | {all} | {mean:.0} | {right} |", low + CLASSES)?;
            }
        }
        writeln!(f, "\n| threshold | recall, % | wrong calls, % | false calls, % |")?;
        writeln!(f, "|---|---|---|---|")?;
        for threshold in THRESHOLDS {
            let count = |is: fn(bool, bool) -> bool| {
                let made = self.likeliest.iter().filter(|(sure, ..)| *sure >= threshold);
                made.filter(|(_, is_right, is_call)| is(*is_right, *is_call)).count()
            };
            let right = percent(count(|right, call| right && call), self.all.calls);
            let other = percent(count(|right, call| !right && call), self.all.calls);
            let none = percent(count(|_, call| !call), self.all.nothings);
            writeln!(f, "| {threshold} | {right} | {other} | {none} |")?;
        }
        Ok(())
    }

    /// The confusion matrix: expected tools in rows, predicted ones in columns.
    fn write_confusion(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let names: BTreeSet<&String> = self.confusion.keys().flat_map(|(a, b)| [a, b]).collect();
        write!(f, "\n| expected ↓ predicted → |")?;
        names.iter().try_for_each(|name| write!(f, " {name} |"))?;
        write!(f, "\n|---|")?;
        names.iter().try_for_each(|_| write!(f, "---|"))?;
        for wanted in &names {
            write!(f, "\n| {wanted} |")?;
            for acted in &names {
                let count = self.confusion.get(&((*wanted).clone(), (*acted).clone()));
                write!(f, " {} |", count.map_or(String::new(), ToString::to_string))?;
            }
        }
        writeln!(f)
    }
}
