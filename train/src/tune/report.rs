//! What a delta will do, in words and as JSON.

use std::fmt;

use serde_json::{Value as Json, json};
use trine_unseen::base::Thresholds;

use super::forecast::{FEWEST, Forecast, Share, Tried, crossed, forecasts_json};
use super::known;

/// A report on a delta.
#[derive(Clone, Debug)]
pub struct Report {
    /// Bytes of the delta.
    pub bytes: usize,
    /// Own sentences.
    pub sentences: usize,
    /// Those that cross-validation scored, or that were kept from a training.
    pub scored: usize,
    /// The least confidence of calls.
    pub thresholds: Thresholds,
    /// What became of the owner's sentences that were scored.
    pub own: Option<[Share; 4]>,
    /// The forecast for other speakers.
    pub forecasts: [Forecast; 4],
}

/// The figures in words.
const TITLES: [&str; 4] = [
    "right call found, of sentences with a call",
    "right call made, of sentences with a call",
    "wrong call made, of all sentences",
    "left alone, of sentences without a call",
];

impl Report {
    /// Of a delta that was tuned to so many sentences.
    #[must_use]
    pub fn new(
        delta: &[u8],
        thresholds: Thresholds,
        tried: &[Vec<Tried>],
        sentences: usize,
    ) -> Self {
        let own = (!tried.is_empty()).then(|| crossed(tried, &known::WRONG));
        let forecasts = match own {
            Some(own) => std::array::from_fn(|at| known::TUNED[at].forecast(own[at])),
            None => known::BASE.map(|known| known.forecast(Share::default())),
        };
        let (bytes, scored) = (delta.len(), tried.iter().map(Vec::len).sum());
        Self { bytes, sentences, scored, thresholds, own, forecasts }
    }

    /// Of a delta without changes.
    #[must_use]
    pub fn of_base(delta: &[u8], thresholds: Thresholds) -> Self {
        Self::new(delta, thresholds, &[], 0)
    }

    /// What it rests on.
    #[must_use]
    pub fn basis(&self) -> String {
        match (self.sentences, self.scored) {
            (0, _) => "no sentences of your own: the figures of the base on other lists of tools, \
                       without training"
                .into(),
            (count, 0) => format!(
                "{count} sentences of your own, and cross-validation needs {FEWEST}: the figures \
                 of the base on other lists of tools"
            ),
            (count, scored) if scored < count => format!(
                "{scored} of your {count} sentences, and other lists of tools; these were scored \
                 by a model that was not trained on them or on what is like them"
            ),
            (_, scored) => format!(
                "cross-validation over {scored} sentences of your own, and other lists of tools; \
                 each sentence was scored by a model that was not trained on it"
            ),
        }
    }

    /// The forecast, a figure a line.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("forecast, by {}", self.basis())];
        for (title, forecast) in TITLES.iter().zip(&self.forecasts) {
            let (low, high) = forecast.interval;
            lines.push(format!(
                "  {title}: {:.1} % ({:.1} to {:.1})",
                100.0 * forecast.share,
                100.0 * low,
                100.0 * high
            ));
        }
        lines
    }

    /// The same for programs.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let rounded = |x: f32| (f64::from(x) * 1e4).round() / 1e4;
        json!({
            "bytes": self.bytes,
            "sentences": self.sentences,
            "scored": self.scored,
            "acts_from": rounded(self.thresholds.acting),
            "reads_from": rounded(self.thresholds.reading),
            "forecast": forecasts_json(&self.forecasts),
            "basis": self.basis(),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Thresholds { acting, reading } = self.thresholds;
        writeln!(f, "# A delta of {} bytes\n", self.bytes)?;
        writeln!(f, "Calls are made from a confidence of {acting:.3} on, {reading:.3} to read.\n")?;
        writeln!(f, "## Forecast for people who did not write the sentences\n")?;
        writeln!(f, "It rests on {}.\n", self.basis())?;
        writeln!(f, "| figure | forecast, % | interval of 90 %, % | own sentences, scored, % |")?;
        writeln!(f, "|---|---:|---|---:|")?;
        for (at, (title, forecast)) in TITLES.iter().zip(&self.forecasts).enumerate() {
            let (low, high) = forecast.interval;
            let own = self.own.map_or("-".into(), |own| format!("{:.1}", 100.0 * own[at].share));
            writeln!(
                f,
                "| {title} | {:.1} | {:.1} to {:.1} | {own} |",
                100.0 * forecast.share,
                100.0 * low,
                100.0 * high
            )?;
        }
        writeln!(
            f,
            "\nNo sentence is scored by a model that was trained on it, nor at a threshold"
        )?;
        writeln!(f, "that it helped to choose.")
    }
}
