//! What a report may forecast: figures of sentences that training and fitting did not see, and
//! none where there are too few of these.

use serde_json::{Value as Json, json};

use crate::report::Report;

/// A share of fewer sentences than this is no figure: at 30 it is off by up to 18 in 100 one time
/// in twenty.
pub const FEWEST: usize = 30;

/// So many in a hundred, of sentences that are enough to say so.
#[must_use]
pub fn percent(part: usize, whole: usize) -> Option<f64> {
    (whole >= FEWEST).then(|| 100.0 * part as f64 / whole as f64)
}

impl Report {
    /// Why there is no forecast at all, where there is none.
    #[must_use]
    pub fn no_forecast(&self) -> Option<String> {
        if !self.has_own {
            return Some(
                "there are no sentences of your own, and templates do not say what people will \
                 say; give a few hundred with --sentences"
                    .into(),
            );
        }
        let (calls, nothings) = (self.all.calls, self.all.nothings);
        (calls < FEWEST && nothings < FEWEST).then(|| {
            format!(
                "{} and {} without one were kept from training, and a figure needs {FEWEST} of a \
                 sort; give more with --sentences, or some to score with --valid",
                counted(calls, "sentence with a call", "sentences with a call"),
                nothings,
            )
        })
    }

    /// What is forecast, a sentence a line; why nothing is, where that is so.
    #[must_use]
    pub fn forecast(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let all = &self.all;
        match self.no_forecast() {
            Some(why) => lines.push(format!("no forecast: {why}")),
            None => {
                for (part, whole, of, what) in [
                    (all.acted_exact, all.calls, "with a call", "the right one, and sure of it"),
                    (all.abstained, all.nothings, "without one", "nothing is done"),
                ] {
                    lines.push(match percent(part, whole) {
                        Some(share) => format!("{share:.1} % of {whole} sentences {of}: {what}"),
                        None => format!(
                            "no forecast for sentences {of}: {whole} were kept from training, and \
                             a figure needs {FEWEST}"
                        ),
                    });
                }
            }
        }
        if self.seen > 0 {
            let sentences = counted(self.seen, "sentence", "sentences");
            lines.push(format!(
                "{sentences} to score also stood among those to train or fit on: not scored"
            ));
        }
        lines
    }

    /// The same for programs. `forecast` is null where there is none, and `no_forecast` says why;
    /// a figure in it is null where its sentences are too few.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let all = &self.all;
        let rounded = |share: f64| (share * 100.0).round() / 100.0;
        let share = |part, whole| percent(part, whole).map(rounded);
        let why = self.no_forecast();
        let forecast = why.is_none().then(|| {
            json!({
                "right_call_made": share(all.acted_exact, all.calls),
                "another_call_made": share(all.acted_wrong, all.calls),
                "left_alone": share(all.abstained, all.nothings),
            })
        });
        json!({
            "bytes": self.bytes,
            "threshold": (f64::from(self.certainty.threshold) * 1000.0).round() / 1000.0,
            "scored": {"calls": all.calls, "nothings": all.nothings, "not_scored": self.seen},
            "fitted": {"sentences": self.fitted.0, "nothings": self.fitted.1},
            "forecast": forecast,
            "no_forecast": why,
        })
    }
}

fn counted(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::Count;

    fn report(calls: usize, nothings: usize) -> Report {
        let all =
            Count { calls, acted_exact: calls, nothings, abstained: nothings, ..Count::default() };
        Report { has_own: true, all, ..Report::default() }
    }

    #[test]
    fn fewer_than_thirty_sentences_of_a_sort_are_no_figure() {
        for (calls, nothings, shares) in [(0, 0, 0), (29, 29, 0), (30, 29, 1), (30, 30, 2)] {
            let report = report(calls, nothings);
            let (words, json) = (report.forecast().join("\n"), report.to_json());
            assert_eq!(words.matches("100.0 %").count(), shares, "{words}");
            assert_eq!(words.contains("no forecast"), shares < 2, "{words}");
            assert_eq!(json["forecast"].is_null(), shares == 0, "{json}");
            assert_eq!(json["no_forecast"].is_string(), shares == 0, "{json}");
            assert_eq!(json["forecast"]["left_alone"].is_null(), shares < 2, "{json}");
            assert_eq!(report.to_string().contains("100.0"), shares > 0, "{report}");
        }
    }

    #[test]
    fn templates_alone_are_no_forecast_however_many_they_make() {
        let report = Report { has_own: false, ..report(500, 500) };
        let words = report.forecast().join("\n");
        assert!(words.starts_with("no forecast: there are no sentences of your own"), "{words}");
        assert!(report.to_json()["forecast"].is_null());
        assert!(!format!("{words}{report}").contains('%'), "{report}");
    }

    #[test]
    fn what_is_not_scored_is_said() {
        let report = Report { seen: 2, ..report(40, 40) };
        let words = report.forecast().join("\n");
        assert!(words.contains("2 sentences to score also stood among those to train"), "{words}");
    }
}
