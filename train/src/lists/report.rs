//! The figures of a predictor on lists, as text and as JSON.

use std::fmt;

use serde_json::{Map, Value as Json, json};

use super::picture::{Bin, Point, bins, curve};
use super::score::{Figures, Outcome, Predictor, careful_threshold, interval, outcomes};
use super::{List, Set};

/// Of all sentences, how many may be acted on wrongly.
pub const WRONG_MAX: f64 = 0.02;
/// The seed of the intervals.
const SEED: u64 = 28;

/// A figure of its own in a report.
struct Column {
    name: &'static str,
    title: &'static str,
    of: fn(&Figures) -> f64,
}

/// What is reported, in this order.
const COLUMNS: [Column; 8] = [
    Column { name: "tool_right", title: "tool right", of: |f| f.tool_right },
    Column { name: "right", title: "tool and arguments right", of: |f| f.right },
    Column { name: "made", title: "made", of: |f| f.made },
    Column { name: "wrong", title: "acted wrongly, of all", of: |f| f.wrong },
    Column { name: "left_alone", title: "true-negative rate", of: |f| f.left_alone },
    Column { name: "why_right", title: "why right, where one is given", of: |f| f.why_right },
    Column { name: "auroc", title: "AUROC of \"this call is right\"", of: |f| f.auroc },
    Column { name: "calibration", title: "calibration error", of: |f| f.calibration },
];

/// A part of the sentences with its figures.
#[derive(Clone, Debug)]
pub struct Part {
    /// What is common to it.
    pub name: String,
    /// Its figures.
    pub figures: Figures,
}

/// A predictor on a set of lists.
#[derive(Clone, Debug)]
pub struct Report {
    /// The predictor.
    pub predictor: String,
    /// The set.
    pub set: Set,
    /// How many lists.
    pub lists: usize,
    /// The threshold, from the choosing lists.
    pub threshold: f64,
    /// The figures of all.
    pub all: Figures,
    /// The 90 % interval of each figure, by list.
    pub intervals: Vec<(f64, f64)>,
    /// Without a threshold: what is made, acted on wrongly and left alone.
    pub open: Figures,
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
        let figures = |o: &[&Outcome]| Figures::of(o.iter().copied(), threshold);
        let of = |column: &Column| interval(&outcomes, SEED, |drawn| (column.of)(&figures(drawn)));
        let mut by_list: Vec<Part> = (0_usize..)
            .zip(lists)
            .map(|(at, list)| {
                part(&outcomes, threshold, list.name.clone(), |outcome| outcome.list == at)
            })
            .collect();
        by_list.sort_by(|a, b| a.figures.right.total_cmp(&b.figures.right));
        let kinds = super::check::KINDS.iter().map(|kind| {
            part(&outcomes, threshold, (*kind).to_owned(), |outcome| outcome.kind == *kind)
        });
        let whys = super::check::WHYS.iter().map(|why| {
            let is_why = |outcome: &Outcome| outcome.why.as_deref() == Some(*why);
            part(&outcomes, threshold, (*why).to_owned(), is_why)
        });
        let some = |part: &Part| part.figures.sentences > 0;
        Self {
            predictor: predictor.name(),
            set,
            lists: lists.len(),
            threshold,
            all: Figures::of(&outcomes, threshold),
            intervals: COLUMNS.iter().map(of).collect(),
            open: Figures::of(&outcomes, 0.0),
            kinds: kinds.filter(some).collect(),
            whys: whys.filter(some).collect(),
            by_list,
            curve: curve(&outcomes),
            bins: bins(&outcomes),
        }
    }

    /// The report as JSON; shares from 0 to 1.
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
        json!({
            "predictor": self.predictor,
            "set": self.set.name(),
            "lists": self.lists,
            "threshold": self.threshold,
            "all": figures_json(&self.all),
            "interval_90_by_list": intervals,
            "without_threshold": figures_json(&self.open),
            "by_kind": parts(&self.kinds),
            "by_why": parts(&self.whys),
            "by_list": parts(&self.by_list),
            "curve": self.curve.iter().map(point).collect::<Json>(),
            "bins": self.bins.iter().map(bin).collect::<Json>(),
        })
    }

    /// A line of `OPENED.tsv`: date, predictor, threshold and figures.
    #[must_use]
    pub fn opened(&self, date: &str) -> String {
        let figures = COLUMNS
            .iter()
            .map(|column| format!("{} {:.1}", column.name, 100.0 * (column.of)(&self.all)));
        let figures: Vec<String> = figures.collect();
        format!("{date}\t{}\t{:.4}\t{}\n", self.predictor, self.threshold, figures.join(", "))
    }
}

fn part(
    outcomes: &[Outcome],
    threshold: f64,
    name: String,
    is_in: impl Fn(&Outcome) -> bool,
) -> Part {
    Part { name, figures: Figures::of(outcomes.iter().filter(|o| is_in(o)), threshold) }
}

fn figures_json(figures: &Figures) -> Json {
    let mut json = Map::new();
    json.insert("sentences".into(), figures.sentences.into());
    json.insert("calls".into(), figures.calls.into());
    for column in &COLUMNS {
        json.insert(column.name.into(), (column.of)(figures).into());
    }
    json.into()
}

/// A share in percent, or nothing where there is none.
fn percent(share: f64) -> String {
    if share.is_finite() { format!("{:.1}", 100.0 * share) } else { "-".into() }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} on the {} lists: {} lists, {} sentences, {} with a call; threshold {:.3}\n",
            self.predictor,
            self.set,
            self.lists,
            self.all.sentences,
            self.all.calls,
            self.threshold
        )?;
        writeln!(f, "{:32} {:>6}  {:>13}", "", "%", "90 % by list")?;
        for (column, (low, high)) in COLUMNS.iter().zip(&self.intervals) {
            let interval = format!("{} to {}", percent(*low), percent(*high));
            let share = percent((column.of)(&self.all));
            writeln!(f, "{:32} {share:>6}  {interval:>13}", column.title)?;
        }
        writeln!(
            f,
            "without a threshold: made {}, acted wrongly {}, true-negative rate {}\n",
            percent(self.open.made),
            percent(self.open.wrong),
            percent(self.open.left_alone)
        )?;
        writeln!(f, "{:22} {:>5} {:>6} {:>6} {:>6}", "kind", "calls", "right", "made", "wrong")?;
        for part in &self.kinds {
            calls_row(f, part)?;
        }
        writeln!(f, "\n{:22} {:>5} {:>10} {:>10}", "why", "count", "left alone", "why right")?;
        for Part { name, figures } in &self.whys {
            let (alone, why) = (percent(figures.left_alone), percent(figures.why_right));
            writeln!(f, "{name:22} {:5} {alone:>10} {why:>10}", figures.sentences)?;
        }
        writeln!(f, "\n{:22} {:>5} {:>6} {:>6} {:>6}", "list", "calls", "right", "made", "wrong")?;
        self.by_list.iter().try_for_each(|part| calls_row(f, part))
    }
}

fn calls_row(f: &mut fmt::Formatter<'_>, Part { name, figures }: &Part) -> fmt::Result {
    let (right, made, wrong) =
        (percent(figures.right), percent(figures.made), percent(figures.wrong));
    writeln!(f, "{name:22} {:5} {right:>6} {made:>6} {wrong:>6}", figures.calls)
}
