//! Answers compared with those that are wanted.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::asker::Reply;
use crate::{Error, Result};

/// Parts of the range of confidence in the table of calibration.
const BINS: usize = 10;

/// What is wanted of a sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// The sentence.
    pub text: String,
    /// The tool and its arguments; `None` where nothing is to be called.
    pub call: Option<(String, Map<String, Value>)>,
    /// What sort of sentence it is; may be empty.
    pub kind: String,
}

impl Wanted {
    /// A line of a file: `text`, `tool` or null, `arguments`, and perhaps `kind`. In place of the
    /// tool there may be `calls`, of which there is one or none; where there are two, no single
    /// call is wanted.
    ///
    /// # Errors
    /// When it is no such object.
    pub fn parse(line: &str) -> Result<Self> {
        let json: Value = serde_json::from_str(line).map_err(Error::ExampleJson)?;
        let text = json["text"].as_str().ok_or(Error::ExampleText)?;
        let of = |json: &Value| {
            let arguments = json["arguments"].as_object().cloned().unwrap_or_default();
            json["tool"].as_str().map(|tool| (tool.to_owned(), arguments))
        };
        let call = match json["calls"].as_array().map(Vec::as_slice) {
            Some([call]) => of(call),
            Some(_) => None,
            None => of(&json),
        };
        let kind = json["kind"].as_str().unwrap_or_default().to_owned();
        Ok(Self { text: text.to_owned(), call, kind })
    }
}

/// Sentences of one sort, and how many of them were answered right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    right: u32,
    all: u32,
}

impl Tally {
    const fn add(&mut self, is_right: bool) {
        self.all += 1;
        self.right += is_right as u32;
    }

    fn json(self) -> Value {
        let percent = 100.0 * f64::from(self.right) / f64::from(self.all.max(1));
        json!({"right": self.right, "of": self.all, "percent": (percent * 100.0).round() / 100.0})
    }
}

/// A score that grows sentence by sentence.
///
/// A call that the model is not sure of counts as none was made.
#[derive(Clone, Debug, Default)]
pub struct Score {
    /// Whole calls, of sentences with one.
    exact: Tally,
    /// Their tools, whatever the arguments.
    tool: Tally,
    /// Sentences without a call that were left alone.
    abstained: Tally,
    /// Arguments that were found, were wanted, and both.
    slots: [u32; 3],
    kinds: BTreeMap<String, Tally>,
    tools: BTreeMap<String, Tally>,
    /// By confidence: the sum of confidences, and how many answers were right.
    bins: [(f64, Tally); BINS],
    /// Sentences with a call that was shown and not made, or refused.
    withheld: u32,
    /// Of all sentences, those where another call was made than the one wanted, or one where none
    /// was.
    acted_wrong: Tally,
}

impl Score {
    /// Counts an answer; says whether it was right.
    pub fn add(&mut self, wanted: &Wanted, reply: &Reply) -> bool {
        let made = reply.call.as_ref().filter(|_| reply.is_sure);
        let is_right = same_call(made, wanted.call.as_ref());
        self.acted_wrong.add(made.is_some() && !is_right);
        match &wanted.call {
            Some((tool, arguments)) => {
                self.exact.add(is_right);
                self.tool.add(made.is_some_and(|(found, _)| found == tool));
                self.tools.entry(tool.clone()).or_default().add(is_right);
                self.withheld += u32::from(made.is_none());
                self.slots(made.map(|(tool, given)| (tool, given)), tool, arguments);
            }
            None => {
                self.abstained.add(is_right);
                self.slots(made.map(|(tool, given)| (tool, given)), "", &Map::new());
            }
        }
        if !wanted.kind.is_empty() {
            self.kinds.entry(wanted.kind.clone()).or_default().add(is_right);
        }
        // How sure it was of what it found, made or not.
        let is_likeliest = same_call(reply.call.as_ref(), wanted.call.as_ref());
        let confidence = f64::from(reply.confidence);
        let bin = ((confidence * BINS as f64) as usize).min(BINS - 1);
        if let Some((sum, tally)) = self.bins.get_mut(bin) {
            *sum += confidence;
            tally.add(is_likeliest);
        }
        is_right
    }

    fn slots(
        &mut self,
        made: Option<(&String, &Map<String, Value>)>,
        tool: &str,
        wanted: &Map<String, Value>,
    ) {
        let [found, asked, both] = &mut self.slots;
        *asked += wanted.len() as u32;
        let Some((name, given)) = made else { return };
        *found += given.len() as u32;
        let is_wanted = |(key, value): &(&String, &Value)| {
            wanted.get(*key).is_some_and(|wanted| same(wanted, value))
        };
        let same = given.iter().filter(is_wanted);
        *both += if name == tool { same.count() as u32 } else { 0 };
    }

    /// The harmonic mean of precision and recall of single arguments, in percent.
    #[must_use]
    pub fn slot_f1(&self) -> f64 {
        let [found, asked, both] = self.slots.map(f64::from);
        200.0 * both / (found + asked).max(1.0)
    }

    /// The expected calibration error: how far confidence is from being right, on average, in
    /// percent (Naeini, Cooper and Hauskrecht, 2015, with ten parts of equal width).
    #[must_use]
    pub fn calibration_error(&self) -> f64 {
        let all: u32 = self.bins.iter().map(|(_, tally)| tally.all).sum();
        let error: f64 =
            self.bins.iter().map(|(sum, tally)| (sum - f64::from(tally.right)).abs()).sum();
        100.0 * error / f64::from(all.max(1))
    }

    /// The whole score.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let rounded = |value: f64| (value * 100.0).round() / 100.0;
        let named = |all: &BTreeMap<String, Tally>| -> Map<String, Value> {
            all.iter().map(|(name, tally)| (name.clone(), tally.json())).collect()
        };
        let bins = self.bins.iter().enumerate().filter(|(_, (_, tally))| tally.all > 0);
        let bins: Vec<Value> = bins
            .map(|(at, (sum, tally))| {
                let mean = sum / f64::from(tally.all);
                json!({
                    "from": at as f64 / BINS as f64,
                    "confidence": rounded(100.0 * mean),
                    "right": tally.json(),
                })
            })
            .collect();
        let wrong = self.acted_wrong.json();
        let wrong = json!({
            "count": wrong["right"], "of": wrong["of"], "percent": wrong["percent"],
        });
        json!({
            "sentences": self.acted_wrong.all,
            "exact": self.exact.json(),
            "tool": self.tool.json(),
            "slot_f1": rounded(self.slot_f1()),
            "abstained": self.abstained.json(),
            "withheld": self.withheld,
            "acted_wrong": wrong,
            "calibration_error": rounded(self.calibration_error()),
            "calibration": bins,
            "by_tool": named(&self.tools),
            "by_kind": named(&self.kinds),
        })
    }
}

/// Whether two calls are the same, or neither is one.
fn same_call(
    one: Option<&(String, Map<String, Value>)>,
    other: Option<&(String, Map<String, Value>)>,
) -> bool {
    match (one, other) {
        (Some((tool, one)), Some((name, other))) => {
            let is_in = |(key, value): (&String, &Value)| {
                other.get(key).is_some_and(|other| same(value, other))
            };
            tool == name && one.len() == other.len() && one.iter().all(is_in)
        }
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// Whether two values are the same; 21 and 21.0 are.
fn same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => (one - other).abs() < 1e-9,
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(call: Option<(&str, Value)>, is_sure: bool, confidence: f32) -> Reply {
        let call = call.map(|(tool, arguments)| {
            (tool.to_owned(), arguments.as_object().cloned().unwrap_or_default())
        });
        Reply { call, is_sure, confidence, ..Reply::default() }
    }

    #[test]
    fn a_score_counts_calls_arguments_and_true_negatives() {
        let fan = |percent: i64| Some(("fan", json!({"percent": percent})));
        let wanted = |line: &str| Wanted::parse(line).unwrap();
        let call = wanted(r#"{"text":"a","tool":"fan","arguments":{"percent":40},"kind":"plain"}"#);
        let none = wanted(r#"{"text":"b","tool":null,"arguments":null,"kind":"chat"}"#);
        let mut score = Score::default();
        assert!(score.add(&call, &reply(fan(40), true, 0.9)));
        assert!(!score.add(&call, &reply(fan(41), true, 0.9)));
        assert!(!score.add(&call, &reply(fan(40), false, 0.3)));
        assert!(score.add(&none, &reply(None, true, 0.9)));
        assert!(score.add(&none, &reply(fan(1), false, 0.2)));
        assert!(!score.add(&none, &reply(fan(1), true, 0.9)));
        let json = score.to_json();
        assert_eq!(json["exact"], json!({"right": 1, "of": 3, "percent": 33.33}));
        assert_eq!(json["tool"]["right"], 2);
        assert_eq!(json["sentences"], 6);
        assert_eq!(json["acted_wrong"], json!({"count": 2, "of": 6, "percent": 33.33}));
        assert_eq!(json["abstained"], json!({"right": 2, "of": 3, "percent": 66.67}));
        assert_eq!(
            (json["withheld"].clone(), json["by_kind"]["chat"]["of"].clone()),
            (1.into(), 3.into())
        );
        // Three arguments wanted, three found, one of them right.
        assert!((score.slot_f1() - 100.0 / 3.0).abs() < 1e-9);
        // 0.9 four times with two right, 0.3 right and 0.2 wrong.
        let error = (3.6 - 2.0 + 0.7 + 0.2) / 6.0;
        assert!((score.calibration_error() - 100.0 * error).abs() < 1e-5);
    }

    #[test]
    fn a_number_is_right_however_it_is_written() {
        let line = r#"{"text":"a","tool":"heat","arguments":{"celsius":21.0}}"#;
        let wanted = Wanted::parse(line).unwrap();
        let mut score = Score::default();
        assert!(score.add(&wanted, &reply(Some(("heat", json!({"celsius": 21}))), true, 0.9)));
        assert!(!score.add(&wanted, &reply(Some(("heat", json!({"celsius": 21.5}))), true, 0.9)));
        assert!((score.slot_f1() - 50.0).abs() < 1e-9);
    }

    #[test]
    fn lines_that_are_no_sentences_say_so() {
        assert!(Wanted::parse("{").unwrap_err().to_string().contains("invalid JSON"));
        assert!(Wanted::parse("{}").unwrap_err().to_string().contains("missing \"text\""));
    }
}
