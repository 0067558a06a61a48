//! The figures of a predictor on lists: what they are of, and as JSON.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use super::check::{KINDS, WHYS};
use super::interval::{draws_lists, intervals};
use super::picture::{Bin, Point, bins, curve};
use super::score::{Cut, Figures, Outcome, Predictor, careful_threshold, outcomes};
use super::{List, Set};

/// Of all sentences, how many may be acted on wrongly.
pub const WRONG_MAX: f64 = 0.02;
/// The share of the values of a figure that its interval holds, for lists of a set.
const LEVEL: f64 = 0.9;
/// The seed of the intervals.
const SEED: u64 = 28;
/// Thresholds of which the figures are told.
const THRESHOLDS: [f64; 10] = [0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];

/// What a share is of.
#[derive(Clone, Copy)]
pub(super) enum Of {
    Calls,
    Others,
    All,
    /// No share of sentences that are counted.
    Nothing,
}

/// A figure of its own in a report.
pub(super) struct Column {
    name: &'static str,
    pub(super) title: &'static str,
    pub(super) figure: fn(&Figures) -> f64,
    of: Of,
}

/// What is reported, in this order.
pub(super) const COLUMNS: [Column; 8] = [
    Column { name: "tool_right", title: "tool right", figure: |f| f.tool_right, of: Of::Calls },
    Column { name: "right", title: "tool and arguments right", figure: |f| f.right, of: Of::Calls },
    Column { name: "made", title: "made", figure: |f| f.made, of: Of::Calls },
    Column { name: "wrong", title: "acted wrongly, of all", figure: |f| f.wrong, of: Of::All },
    Column {
        name: "left_alone",
        title: "true-negative rate",
        figure: |f| f.left_alone,
        of: Of::Others,
    },
    Column {
        name: "why_right",
        title: "why right, where one is given",
        figure: |f| f.why_right,
        of: Of::Nothing,
    },
    Column {
        name: "auroc",
        title: "AUROC of \"this call is right\"",
        figure: |f| f.auroc,
        of: Of::Nothing,
    },
    Column {
        name: "calibration",
        title: "calibration error",
        figure: |f| f.calibration,
        of: Of::Nothing,
    },
];

impl Column {
    /// How many sentences the share is, of how many.
    pub(super) fn count(&self, figures: &Figures) -> Option<(usize, usize)> {
        let of = match self.of {
            Of::Calls => figures.calls,
            Of::Others => figures.sentences - figures.calls,
            Of::All => figures.sentences,
            Of::Nothing => return None,
        };
        // A share of whole sentences is a whole number of them but for its last bit.
        (of > 0).then(|| (((self.figure)(figures) * of as f64).round() as usize, of))
    }
}

/// A part of the sentences with its figures.
#[derive(Clone, Debug)]
pub struct Part {
    /// What is common to it.
    pub name: String,
    /// Its figures.
    pub figures: Figures,
}

/// A predictor on lists. It is printed in short with `{}`, with all lists with `{:#}`.
#[derive(Clone, Debug)]
pub struct Report {
    /// The predictor.
    pub predictor: String,
    /// The set, where the lists are all of one.
    pub set: Option<Set>,
    /// How many lists.
    pub lists: usize,
    /// From which confidence on something is called.
    pub cut: Cut,
    /// The figures of all.
    pub all: Figures,
    /// The share of the values of a figure that its interval holds.
    pub level: f64,
    /// Whether lists are drawn for the intervals; sentences where there is one list.
    pub draws_lists: bool,
    /// The interval of each figure.
    pub intervals: Vec<(f64, f64)>,
    /// Without a threshold: what is made, acted on wrongly and left alone.
    pub open: Figures,
    /// The same at some thresholds.
    pub thresholds: Vec<(f64, Figures)>,
    /// By how the sentences are said.
    pub kinds: Vec<Part>,
    /// By why they are no calls.
    pub whys: Vec<Part>,
    /// By list, the worst first.
    pub by_list: Vec<Part>,
    /// What each threshold makes and gets wrong.
    pub curve: Vec<Point>,
    /// Confidence, and what came true.
    pub bins: Vec<Bin>,
}

impl Report {
    /// Of a predictor on lists, with the threshold that lets it act wrongly on [`WRONG_MAX`] of
    /// all sentences of the choosing lists.
    #[must_use]
    pub fn new(predictor: &dyn Predictor, set: Set, lists: &[List], choosing: &[List]) -> Self {
        let outcomes = outcomes(predictor, lists);
        let threshold = if set == Set::Choosing {
            careful_threshold(&outcomes, WRONG_MAX)
        } else {
            careful_threshold(&super::score::outcomes(predictor, choosing), WRONG_MAX)
        };
        let names: Vec<&str> = lists.iter().map(|list| &*list.name).collect();
        let report = Self::of(predictor.name(), &names, &outcomes, Cut::At(threshold), LEVEL);
        Self { set: Some(set), ..report }
    }

    /// Of what became of the sentences of lists with these names, with intervals that hold this
    /// share.
    #[must_use]
    pub fn of(
        predictor: String,
        names: &[&str],
        outcomes: &[Outcome],
        cut: Cut,
        level: f64,
    ) -> Self {
        let parts = |known: &[&str], of: fn(&Outcome) -> Option<&str>| -> Vec<Part> {
            let names = in_order(known, outcomes.iter().filter_map(of));
            names.map(|name| part(outcomes, cut, name, |o| of(o) == Some(name))).collect()
        };
        let by_list = names.iter().enumerate();
        let mut by_list: Vec<Part> = by_list
            .map(|(at, name)| part(outcomes, cut, name, |outcome| outcome.list == at))
            .collect();
        // One without calls has no share, which comes last.
        by_list.sort_by(|a, b| a.figures.right.total_cmp(&b.figures.right));
        let of = |drawn: &[&Outcome]| {
            let figures = Figures::of(drawn.iter().copied(), cut);
            COLUMNS.each_ref().map(|column| (column.figure)(&figures))
        };
        Self {
            predictor,
            set: None,
            lists: names.len(),
            cut,
            all: Figures::of(outcomes, cut),
            level,
            draws_lists: draws_lists(outcomes),
            intervals: intervals(outcomes, SEED, level, of).to_vec(),
            open: Figures::of(outcomes, 0.0),
            thresholds: THRESHOLDS.map(|least| (least, Figures::of(outcomes, least))).to_vec(),
            kinds: parts(&KINDS, |outcome| Some(&*outcome.kind)),
            whys: parts(WHYS, |outcome| outcome.why.as_deref()),
            by_list,
            curve: curve(outcomes),
            bins: bins(outcomes),
        }
    }

    /// The threshold; of two, that of calls that do something.
    #[must_use]
    pub const fn threshold(&self) -> f64 {
        match self.cut {
            Cut::At(threshold) | Cut::Own { acting: threshold, .. } => threshold,
        }
    }

    /// The list of which the smallest share of calls is right, where there are more lists than one.
    #[must_use]
    pub fn worst(&self) -> Option<&Part> {
        let worst = self.by_list.first().filter(|_| self.lists > 1);
        worst.filter(|part| part.figures.calls > 0)
    }

    /// The report as JSON; shares from 0 to 1, null where there is nothing that they are of.
    #[must_use]
    pub fn json(&self) -> Json {
        let intervals: Map<String, Json> = COLUMNS
            .iter()
            .zip(&self.intervals)
            .map(|(column, (low, high))| (column.name.to_owned(), json!([low, high])))
            .collect();
        let point = |point: &Point| json!([point.threshold, point.made, point.wrong]);
        let bin = |bin: &Bin| json!([bin.said, bin.right]);
        let parts = |parts: &[Part]| -> Map<String, Json> {
            parts.iter().map(|part| (part.name.clone(), figures_json(&part.figures))).collect()
        };
        let at = |(threshold, figures): &(f64, Figures)| {
            json!({
                "threshold": threshold, "made": figures.made, "wrong": figures.wrong,
                "acted_wrong": figures.acted_wrong, "left_alone": figures.left_alone,
            })
        };
        let mut json = json!({
            "predictor": self.predictor,
            "set": self.set.map(Set::name),
            "lists": self.lists,
            "threshold": self.threshold(),
            "all": figures_json(&self.all),
            "without_threshold": figures_json(&self.open),
            "at_thresholds": self.thresholds.iter().map(at).collect::<Json>(),
            "by_kind": parts(&self.kinds),
            "by_why": parts(&self.whys),
            "by_list": parts(&self.by_list),
            "worst_list": self.worst().map(|part| &part.name),
            "curve": self.curve.iter().map(point).collect::<Json>(),
            "bins": self.bins.iter().map(bin).collect::<Json>(),
        });
        let unit = if self.draws_lists { "list" } else { "sentence" };
        json[format!("interval_{:.0}_by_{unit}", 100.0 * self.level)] = intervals.into();
        if let Cut::Own { reading, .. } = self.cut {
            json["reading_threshold"] = reading.into();
        }
        json
    }

    /// A line of `OPENED.tsv`: date, predictor, threshold and figures.
    #[must_use]
    pub fn opened(&self, date: &str) -> String {
        let figures = COLUMNS
            .iter()
            .map(|column| format!("{} {:.1}", column.name, 100.0 * (column.figure)(&self.all)));
        let figures: Vec<String> = figures.collect();
        let threshold = self.threshold();
        format!("{date}\t{}\t{threshold:.4}\t{}\n", self.predictor, figures.join(", "))
    }
}

/// The names that occur, those that are known first; an empty one is none.
fn in_order<'n>(
    known: &[&'n str],
    given: impl Iterator<Item = &'n str>,
) -> impl Iterator<Item = &'n str> {
    let mut there: BTreeSet<&str> = given.filter(|name| !name.is_empty()).collect();
    let mut names: Vec<&str> = known.iter().copied().filter(|name| there.remove(name)).collect();
    names.extend(there);
    names.into_iter()
}

fn part(outcomes: &[Outcome], cut: Cut, name: &str, is_in: impl Fn(&Outcome) -> bool) -> Part {
    let figures = Figures::of(outcomes.iter().filter(|o| is_in(o)), cut);
    Part { name: name.to_owned(), figures }
}

fn figures_json(figures: &Figures) -> Json {
    let mut json = Map::new();
    json.insert("sentences".into(), figures.sentences.into());
    json.insert("calls".into(), figures.calls.into());
    json.insert("acted_wrong".into(), figures.acted_wrong.into());
    for column in &COLUMNS {
        json.insert(column.name.into(), (column.figure)(figures).into());
    }
    json.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(list: usize, kind: &str, right: Option<bool>) -> Outcome {
        Outcome {
            list,
            kind: kind.into(),
            why: right.is_none().then(|| "weather".into()),
            said: None,
            tool_right: true,
            right: right == Some(true),
            confidence: if right.is_some() { 0.8 } else { 0.0 },
            acts: right.is_some(),
            is_sure: true,
        }
    }

    #[test]
    fn a_list_without_calls_is_not_the_worst_and_kinds_may_be_any() {
        let all = [
            outcome(0, "sung", None),
            outcome(1, "long", Some(true)),
            outcome(1, "plain", Some(false)),
            outcome(2, "", Some(true)),
        ];
        let report = Report::of("x".into(), &["talk", "half", "good"], &all, Cut::At(0.5), 0.95);
        let names = |parts: &[Part]| -> Vec<String> {
            parts.iter().map(|part| part.name.clone()).collect()
        };
        assert_eq!(names(&report.by_list), ["half", "good", "talk"]);
        assert_eq!(names(&report.kinds), ["plain", "long", "sung"]);
        assert_eq!(names(&report.whys), ["weather"]);
        let json = report.json();
        assert_eq!((&json["worst_list"], &json["all"]["acted_wrong"]), (&"half".into(), &1.into()));
        assert_eq!(json["by_list"]["talk"]["right"], Json::Null);
        assert!(json["interval_95_by_list"]["right"].is_array(), "{json}");
        let text = format!("{report}");
        assert!(text.contains("talk                       1     0      -"), "{text}");
        // In short the worst are shown, in full all are.
        let many: Vec<Outcome> = (0..12).map(|at| outcome(at, "plain", Some(at > 0))).collect();
        let names: Vec<String> = (0..12).map(|at| format!("list-{at}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let report = Report::of("x".into(), &names, &many, Cut::At(0.5), 0.95);
        assert!(format!("{report}").ends_with("and 2 better ones, which --json has\n"));
        assert!(format!("{report:#}").contains("\nlist-11 "));
        let talk = [outcome(0, "", None)];
        let report = Report::of("x".into(), &["talk"], &talk, Cut::At(0.5), 0.95);
        assert!(!report.svg().contains("NaN") && report.worst().is_none());
    }
}
