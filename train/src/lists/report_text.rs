//! A report as text that a person reads in a minute.

use std::fmt;

use super::report::{COLUMNS, Part, Report};
use super::score::{Cut, Figures};

/// Lists that are shown in short.
const WORST: usize = 10;
/// Lists of which intervals are rough where there are fewer.
const FEW: usize = 10;

/// A figure as it is shown: its title, its share in percent, its interval, its count.
pub(super) struct Row {
    pub(super) title: &'static str,
    pub(super) share: String,
    pub(super) interval: String,
    pub(super) count: String,
}

impl Report {
    /// The main figures.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row> {
        COLUMNS.iter().zip(&self.intervals).map(|(column, (low, high))| {
            let count = column.count(&self.all);
            Row {
                title: column.title,
                share: percent((column.figure)(&self.all)),
                interval: format!("{} to {}", percent(*low), percent(*high)),
                count: count.map_or(String::new(), |(part, of)| format!("{part} of {of}")),
            }
        })
    }

    /// What the intervals are: `95 % by list`.
    pub(super) fn interval_title(&self) -> String {
        let unit = if self.draws_lists { "list" } else { "sentence" };
        format!("{:.0} % by {unit}", 100.0 * self.level)
    }

    /// What was scored, on what.
    pub(super) fn title(&self) -> String {
        let on = match (self.set, self.lists) {
            (Some(set), count) => format!("the {set} lists: {count} lists"),
            (None, 1) => "1 list".into(),
            (None, count) => format!("{count} lists"),
        };
        let Figures { sentences, calls, .. } = self.all;
        printable(&format!(
            "{} on {on}, {sentences} sentences, {calls} with a call",
            self.predictor
        ))
    }

    /// The thresholds.
    pub(super) fn cut_title(&self) -> String {
        match self.cut {
            Cut::Own { acting, .. } if acting.is_nan() => "each model's own threshold".into(),
            Cut::Own { acting, reading } if acting != reading => {
                format!("threshold {acting:.3}, {reading:.3} of tools that only read")
            }
            Cut::Own { acting, .. } => format!("threshold {acting:.3}"),
            Cut::At(threshold) => format!("threshold {threshold:.3}"),
        }
    }

    /// The worst list with its share.
    pub(super) fn worst_title(&self) -> Option<String> {
        let Part { name, figures } = self.worst()?;
        let (right, calls) = (percent(figures.right), figures.calls);
        Some(printable(&format!("worst list: {name}, right in {right} % of {calls} calls")))
    }

    fn head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n", self.title(), self.cut_title())?;
        writeln!(f, "{:32} {:>6}  {:>16}", "", "%", self.interval_title())?;
        for Row { title, share, interval, count } in self.rows() {
            let line = format!("{title:32} {share:>6}  {interval:>16}  {count:>12}");
            writeln!(f, "{}", line.trim_end())?;
        }
        if let Some(worst) = self.worst_title() {
            writeln!(f, "{worst}")?;
        }
        if self.intervals.iter().any(|(low, high)| low == high) {
            writeln!(
                f,
                "An interval of no width is not certainty: no list or sentence here differed."
            )?;
        }
        match (self.draws_lists, self.lists < FEW) {
            (true, true) => writeln!(
                f,
                "The intervals draw whole lists; of {} lists they are rough.",
                self.lists
            ),
            (true, false) => writeln!(f, "The intervals draw whole lists."),
            (false, _) => writeln!(
                f,
                "There is one list: the intervals draw its sentences, and say nothing of others."
            ),
        }
    }

    fn curve_rows(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n{:22} {:>6} {:>6} {:>11} {:>18}",
            "threshold", "made", "wrong", "wrong calls", "true-negative rate"
        )?;
        for (threshold, figures) in &self.thresholds {
            let (made, wrong, alone) =
                (percent(figures.made), percent(figures.wrong), percent(figures.left_alone));
            let count = figures.acted_wrong;
            writeln!(f, "{threshold:<22.2} {made:>6} {wrong:>6} {count:>11} {alone:>18}")?;
        }
        Ok(())
    }

    fn bin_rows(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |of: &dyn Fn(usize) -> f64| -> String {
            (0..self.bins.len()).map(|at| format!(" {:>5}", percent(of(at)))).collect()
        };
        writeln!(f, "\nconfidence and what is right of it, in parts of equal count, %")?;
        writeln!(f, "confidence {}", line(&|at| self.bins[at].said))?;
        writeln!(f, "right      {}", line(&|at| self.bins[at].right))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head(f)?;
        self.curve_rows(f)?;
        self.bin_rows(f)?;
        if !self.kinds.is_empty() {
            calls_head(f, "kind")?;
            self.kinds.iter().try_for_each(|part| calls_row(f, part))?;
        }
        if !self.whys.is_empty() {
            let heads = ("why", "count", "true-negative rate", "why right");
            writeln!(f, "\n{:22} {:>5} {:>18} {:>10}", heads.0, heads.1, heads.2, heads.3)?;
        }
        for Part { name, figures } in &self.whys {
            let (alone, why) = (percent(figures.left_alone), percent(figures.why_right));
            let name = printable(name);
            writeln!(f, "{name:22} {:5} {alone:>18} {why:>10}", figures.sentences)?;
        }
        if self.lists == 1 {
            return Ok(());
        }
        calls_head(f, "list")?;
        let shown = if f.alternate() { self.lists } else { WORST };
        self.by_list.iter().take(shown).try_for_each(|part| calls_row(f, part))?;
        match self.lists.saturating_sub(shown) {
            0 => Ok(()),
            more => writeln!(f, "and {more} better ones, which --json has"),
        }
    }
}

fn calls_head(f: &mut fmt::Formatter<'_>, of: &str) -> fmt::Result {
    writeln!(
        f,
        "\n{of:22} {:>5} {:>5} {:>6} {:>6} {:>6}",
        "count", "calls", "right", "made", "wrong"
    )
}

fn calls_row(f: &mut fmt::Formatter<'_>, Part { name, figures }: &Part) -> fmt::Result {
    let (right, made, wrong) =
        (percent(figures.right), percent(figures.made), percent(figures.wrong));
    let name = printable(name);
    let Figures { sentences, calls, .. } = figures;
    writeln!(f, "{name:22} {sentences:5} {calls:5} {right:>6} {made:>6} {wrong:>6}")
}

/// A share in percent, or nothing where there is none.
pub(super) fn percent(share: f64) -> String {
    if share.is_finite() { format!("{:.1}", 100.0 * share) } else { "-".into() }
}

/// A text without what a terminal or a reader of SVG would take for more than a letter.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}
