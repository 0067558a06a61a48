//! Answers compared with those that are wanted.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::asker::Reply;
use super::base_answer::Named;

/// What is wanted of a sentence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// The calls: one, two where there are two commands, none where nothing is to be called.
    pub calls: Vec<Named>,
    /// What sort of sentence it is; may be empty.
    pub kind: String,
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
/// A call that the model is not sure of counts as none was made. Two calls that it is sure of count
/// as made: who asks may make them, one after the other.
#[derive(Clone, Debug, Default)]
pub struct Score {
    /// All calls of a sentence, of sentences with one or more.
    exact: Tally,
    /// Their tools, whatever the arguments.
    tool: Tally,
    /// Sentences without a call that were left alone.
    abstained: Tally,
    /// Arguments that were found, were wanted, and both.
    slots: [u32; 3],
    kinds: BTreeMap<String, Tally>,
    tools: BTreeMap<String, Tally>,
    /// Sentences with a call that was shown and not made, or refused.
    withheld: u32,
    /// Of all sentences, those where another call was made than the one wanted, or one where none
    /// was.
    acted_wrong: Tally,
}

impl Score {
    /// Counts an answer; says whether it was right.
    pub fn add(&mut self, wanted: &Wanted, reply: &Reply) -> bool {
        let made = if reply.is_sure { reply.found() } else { &[] };
        let is_right = same_calls(made, &wanted.calls);
        self.acted_wrong.add(!made.is_empty() && !is_right);
        if wanted.calls.is_empty() {
            self.abstained.add(is_right);
        } else {
            self.exact.add(is_right);
            let same_tools = same_all(made, &wanted.calls, |(one, _), (other, _)| one == other);
            self.tool.add(same_tools);
            self.withheld += u32::from(made.is_empty());
        }
        for (tool, _) in &wanted.calls {
            self.tools.entry(tool.clone()).or_default().add(is_right);
        }
        self.slots(made, &wanted.calls);
        if !wanted.kind.is_empty() {
            self.kinds.entry(wanted.kind.clone()).or_default().add(is_right);
        }
        is_right
    }

    fn slots(&mut self, made: &[Named], wanted: &[Named]) {
        let count =
            |calls: &[Named]| calls.iter().map(|(_, given)| given.len() as u32).sum::<u32>();
        let [found, asked, both] = &mut self.slots;
        *asked += count(wanted);
        *found += count(made);
        let mut rest: Vec<&Named> = wanted.iter().collect();
        for (tool, given) in made {
            let shared =
                |(name, wanted): &Named| if name == tool { common(given, wanted) } else { 0 };
            // Each wanted call is compared with one that was made.
            let best = (0..rest.len())
                .map(|at| (rest.get(at).map_or(0, |call| shared(call)), at))
                .max_by_key(|(count, _)| *count)
                .filter(|(count, _)| *count > 0);
            if let Some((count, at)) = best {
                rest.remove(at);
                *both += count;
            }
        }
    }

    /// The harmonic mean of precision and recall of single arguments, in percent.
    #[must_use]
    pub fn slot_f1(&self) -> f64 {
        let [found, asked, both] = self.slots.map(f64::from);
        200.0 * both / (found + asked).max(1.0)
    }

    /// The whole score.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let rounded = |value: f64| (value * 100.0).round() / 100.0;
        let named = |all: &BTreeMap<String, Tally>| -> Map<String, Value> {
            all.iter().map(|(name, tally)| (name.clone(), tally.json())).collect()
        };
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
            "by_tool": named(&self.tools),
            "by_kind": named(&self.kinds),
        })
    }
}

/// Whether two lists have the same calls, in whatever order.
fn same_calls(one: &[Named], other: &[Named]) -> bool {
    same_all(one, other, |(tool, given), (name, wanted)| {
        let count = given.len();
        tool == name && count == wanted.len() && common(given, wanted) as usize == count
    })
}

/// Whether each of one list has its match in the other, and none is left.
fn same_all(one: &[Named], other: &[Named], same: impl Fn(&Named, &Named) -> bool) -> bool {
    let mut rest: Vec<&Named> = other.iter().collect();
    let all = one.iter().all(|call| {
        let at = rest.iter().position(|other| same(call, other));
        at.map(|at| rest.remove(at)).is_some()
    });
    all && rest.is_empty()
}

/// How many arguments two calls have in common.
fn common(one: &Map<String, Value>, other: &Map<String, Value>) -> u32 {
    let is_in =
        |(key, value): &(&String, &Value)| other.get(*key).is_some_and(|other| same(value, other));
    one.iter().filter(is_in).count() as u32
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

    fn named(tool: &str, arguments: &Value) -> Named {
        (tool.to_owned(), arguments.as_object().cloned().unwrap_or_default())
    }

    fn wanted(calls: &[(&str, Value)], kind: &str) -> Wanted {
        let calls = calls.iter().map(|(tool, arguments)| named(tool, arguments)).collect();
        Wanted { calls, kind: kind.to_owned() }
    }

    #[test]
    fn a_score_counts_calls_arguments_and_true_negatives() {
        let fan = |percent: i64| Some(("fan", json!({"percent": percent})));
        let call = wanted(&[("fan", json!({"percent": 40}))], "plain");
        let none = wanted(&[], "chat");
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
    }

    #[test]
    fn two_calls_are_calls_in_any_order_and_no_true_negative() {
        let (fan, lamp) = (("fan", json!({"percent": 40})), ("lamp", json!({"on": true})));
        let both = wanted(&[fan.clone(), lamp.clone()], "");
        let two = |calls: [&(&str, Value); 2], is_sure| Reply {
            calls: calls.iter().map(|(tool, arguments)| named(tool, arguments)).collect(),
            why: "two",
            is_sure,
            ..Reply::default()
        };
        let other = ("lamp", json!({"on": false}));
        let mut score = Score::default();
        assert!(score.add(&both, &two([&lamp, &fan], true)));
        assert!(!score.add(&both, &two([&fan, &other], true)));
        assert!(!score.add(&both, &two([&fan, &lamp], false)));
        assert!(!score.add(&both, &reply(Some(fan.clone()), true, 0.9)), "one is missing");
        assert!(!score.add(&wanted(std::slice::from_ref(&fan), ""), &two([&fan, &lamp], true)));
        assert!(!score.add(&wanted(&[], ""), &two([&fan, &lamp], true)));
        let json = score.to_json();
        assert_eq!(json["exact"], json!({"right": 1, "of": 5, "percent": 20.0}));
        assert_eq!((&json["tool"]["right"], &json["withheld"]), (&json!(2), &json!(1)));
        assert_eq!(
            (&json["abstained"]["of"], &json["acted_wrong"]["count"]),
            (&1.into(), &4.into())
        );
        assert_eq!(json["by_tool"]["fan"], json!({"right": 1, "of": 5, "percent": 20.0}));
        // Nine wanted, nine found, of which five are right.
        assert!((score.slot_f1() - 500.0 / 9.0).abs() < 1e-9, "{}", score.slot_f1());
    }

    #[test]
    fn a_number_is_right_however_it_is_written() {
        let wanted = wanted(&[("heat", json!({"celsius": 21.0}))], "");
        let mut score = Score::default();
        assert!(score.add(&wanted, &reply(Some(("heat", json!({"celsius": 21}))), true, 0.9)));
        assert!(!score.add(&wanted, &reply(Some(("heat", json!({"celsius": 21.5}))), true, 0.9)));
        assert!((score.slot_f1() - 50.0).abs() < 1e-9);
    }
}
