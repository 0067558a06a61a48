//! What a model can, as a page to read.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use crate::lesson::Lesson;
use crate::run::Plan;
use crate::said::Said;
use crate::score::{Count, Heard, ratio};
use crate::shape::Shape;
use crate::trainer::Trainer;

/// Classes of confidence.
const CLASSES: usize = 10;

/// What a model can on its validation sentences, by the real engine, and what it takes.
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
    /// The share of choices that are right where those before them are.
    pub choices: f64,
    /// Sentences whose call cannot be said with their words.
    pub unsayable: usize,
    /// What logits are divided by.
    pub temperature: f32,
    /// How sure a call must be to be made.
    pub threshold: f32,
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
    /// Sums of confidence, right answers and answers, by class of confidence.
    pub calibration: [(f64, usize, usize); CLASSES],
    /// Sentences that went wrong, with what was heard.
    pub wrong: Vec<(Said, Heard)>,
}

const NOTHING: &str = "nothing";

impl Report {
    /// A report without scores.
    #[must_use]
    pub fn new(plan: &Plan, lesson: &Lesson<'_>, trainer: &Trainer, took: Duration) -> Self {
        _ = lesson;
        Self {
            shape: Some(trainer.weights.shape),
            steps: (trainer.step, plan.recipe.batch),
            seed: plan.recipe.seed,
            took,
            ..Self::default()
        }
    }

    /// Takes up what was heard.
    pub fn take(&mut self, sentences: &[Said], heard: &[Heard], bytes: usize) {
        self.bytes = bytes;
        for (said, heard) in sentences.iter().zip(heard) {
            self.take_one(said, heard);
        }
    }

    fn take_one(&mut self, said: &Said, heard: &Heard) {
        let mut count = Count::default();
        count.add(said, heard);
        self.all.add(said, heard);
        self.tokens = (self.tokens.0 + heard.tokens, self.tokens.1.max(heard.tokens));
        let wanted = said.tool.clone().unwrap_or_else(|| NOTHING.into());
        let acted = heard.tool.clone().filter(|_| heard.acts).unwrap_or_else(|| NOTHING.into());
        self.by_tool.entry(wanted.clone()).or_default().add(said, heard);
        self.by_kind.entry(said.kind.clone()).or_default().add(said, heard);
        *self.confusion.entry((wanted, acted)).or_default() += 1;
        let is_right = count.exact + count.abstained > 0;
        if heard.tool.is_some() {
            let class = ((heard.confidence * CLASSES as f32) as usize).min(CLASSES - 1);
            if let Some((sum, right, all)) = self.calibration.get_mut(class) {
                *sum += f64::from(heard.confidence);
                *right += count.exact;
                *all += 1;
            }
        }
        let is_acted = count.acted_exact + count.abstained > 0;
        if !is_right || !is_acted {
            self.wrong.push((said.clone(), heard.clone()));
        }
    }

    /// How far confidence is from the share of right calls, on average.
    #[must_use]
    pub fn calibration_error(&self) -> f64 {
        let all: usize = self.calibration.iter().map(|class| class.2).sum();
        let apart = |(sum, right, _): &(f64, usize, usize)| (sum - *right as f64).abs();
        self.calibration.iter().map(apart).sum::<f64>() / all.max(1) as f64
    }

    /// Sentences that went wrong, one a line.
    #[must_use]
    pub fn wrong_lines(&self) -> String {
        let line = |(said, heard): &(Said, Heard)| {
            let mut json = said.json();
            json["heard"] = heard.tool.clone().into();
            json["heard_arguments"] = heard.arguments.clone().into();
            json["confidence"] = heard.confidence.into();
            json["acts"] = heard.acts.into();
            format!("{json}\n")
        };
        self.wrong.iter().map(line).collect()
    }
}

fn percent(part: usize, whole: usize) -> String {
    if whole == 0 { "–".into() } else { format!("{:.1}", 100.0 * ratio(part, whole)) }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let all = &self.all;
        writeln!(f, "# Report\n")?;
        if let Some(shape) = &self.shape {
            writeln!(
                f,
                "Width {}, {} blocks, {} + {} heads, feed-forward {}, {} tokens: {} trits, \
                 file of {} bytes. {} steps of {}, seed {}, {} s.",
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
                self.took.as_secs()
            )?;
        }
        let count = all.calls + all.nothings;
        writeln!(
            f,
            "Temperature {:.2}, threshold {:.2}. Tokens of a sentence: {:.1}, at most {}.\n",
            self.temperature,
            self.threshold,
            self.tokens.0 as f64 / count.max(1) as f64,
            self.tokens.1
        )?;
        writeln!(f, "| {count} sentences | % |\n|---|---|")?;
        for (name, part, whole) in [
            ("right tool", all.tool, all.calls),
            ("right call", all.exact, all.calls),
            ("right call, and sure enough to act", all.acted_exact, all.calls),
            ("wrong call acted on, where there was a right one", all.acted_wrong, all.calls),
            ("not acted, where there was nothing to do", all.abstained, all.nothings),
        ] {
            writeln!(f, "| {name} ({whole}) | {} |", percent(part, whole))?;
        }
        writeln!(f, "| F1 of arguments | {:.1} |", 100.0 * all.slot_f1())?;
        writeln!(f, "| error of calibration | {:.1} |", 100.0 * self.calibration_error())?;
        if self.unsayable > 0 {
            let what = "sentences whose call cannot be said with their words";
            writeln!(f, "| {what}, in number | {} |", self.unsayable)?;
        }
        for (title, counts) in [("tool", &self.by_tool), ("kind", &self.by_kind)] {
            writeln!(
                f,
                "\n| {title} | sentences | right tool | right call | acted right | not acted |"
            )?;
            writeln!(f, "|---|---|---|---|---|---|")?;
            for (name, one) in counts {
                let (calls, tool) = (one.calls, percent(one.tool, one.calls));
                let (exact, acted) = (percent(one.exact, calls), percent(one.acted_exact, calls));
                let abstained = percent(one.abstained, one.nothings);
                let count = calls + one.nothings;
                writeln!(f, "| {name} | {count} | {tool} | {exact} | {acted} | {abstained} |")?;
            }
        }
        self.write_rest(f)
    }
}

impl Report {
    fn write_rest(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nWhat was acted on instead:\n")?;
        for ((wanted, acted), count) in self.confusion.iter().filter(|((a, b), _)| a != b) {
            writeln!(f, "- {wanted} → {acted}: {count}")?;
        }
        writeln!(f, "\n| confidence | calls | mean | right |\n|---|---|---|---|")?;
        for (class, (sum, right, all)) in self.calibration.iter().enumerate() {
            if *all > 0 {
                let (low, mean) = (class * CLASSES, 100.0 * sum / *all as f64);
                writeln!(
                    f,
                    "| {low}–{} | {all} | {mean:.0} | {} |",
                    low + CLASSES,
                    percent(*right, *all)
                )?;
            }
        }
        Ok(())
    }
}
