//! A report as a picture: what each threshold makes and gets wrong, and how true confidence is.

use std::fmt::Write as _;

use super::report::Report;
use super::score::Outcome;

/// What is made and acted on wrongly at one threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The threshold.
    pub threshold: f64,
    /// Of the sentences that ask for a call: the right calls are made.
    pub made: f64,
    /// Of all sentences: something wrong is called.
    pub wrong: f64,
}

/// What was said of some sentences, equally many in each, and what came true.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// The mean confidence.
    pub said: f64,
    /// The share of right calls.
    pub right: f64,
    /// The least confidence.
    pub from: f64,
    /// How many sentences.
    pub count: usize,
}

/// Bins of confidence.
const BINS: usize = 10;
/// Points of a curve, at most.
const POINTS: usize = 100;

/// What each threshold makes and gets wrong, the highest first.
#[must_use]
pub fn curve(outcomes: &[Outcome]) -> Vec<Point> {
    let mut acted: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.acts).collect();
    acted.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let calls = outcomes.iter().filter(|outcome| outcome.is_call()).count().max(1) as f64;
    let all = outcomes.len().max(1) as f64;
    let (mut made, mut wrong) = (0.0, 0.0);
    let mut points = Vec::new();
    // Calls of one confidence are made together or not at all.
    for same in acted.chunk_by(|a, b| a.confidence == b.confidence) {
        let rights = same.iter().filter(|outcome| outcome.right).count() as f64;
        made += rights / calls;
        wrong += (same.len() as f64 - rights) / all;
        points.push(Point { threshold: same[0].confidence, made, wrong });
    }
    let last = points.last().copied();
    let mut some: Vec<Point> =
        points.iter().step_by(points.len().div_ceil(POINTS).max(1)).copied().collect();
    some.extend(last.filter(|last| some.last() != Some(last)));
    some
}

/// Confidence and what came true, in bins of equal count.
#[must_use]
pub fn bins(outcomes: &[Outcome]) -> Vec<Bin> {
    let mut sorted: Vec<&Outcome> = outcomes.iter().collect();
    sorted.sort_by(|a, b| a.confidence.total_cmp(&b.confidence));
    let edge = |bin: usize| sorted.len() * bin / BINS;
    let each = (0..BINS).map(|bin| &sorted[edge(bin)..edge(bin + 1)]);
    each.filter(|bin| !bin.is_empty())
        .map(|bin| {
            let count = bin.len() as f64;
            let rights = bin.iter().filter(|outcome| outcome.right).count() as f64;
            Bin {
                said: bin.iter().map(|o| o.confidence).sum::<f64>() / count,
                right: rights / count,
                from: bin.first().map_or(0.0, |o| o.confidence),
                count: bin.len(),
            }
        })
        .collect()
}

/// The edge of a plot.
const SIDE: f64 = 300.0;
/// Where the plots begin.
const PLOTS: [(f64, f64); 2] = [(70.0, 60.0), (470.0, 60.0)];
/// The greatest share of wrong calls that is drawn: the first that has the point of the threshold.
const WRONG_SHOWN: [f64; 3] = [0.1, 0.4, 1.0];
/// Where the figures begin, and how far one line is from the next.
const LINES: (f64, f64) = (440.0, 18.0);

impl Report {
    /// The picture, as SVG.
    #[must_use]
    pub fn svg(&self) -> String {
        let lines = self.lines();
        let height = LINES.0 + LINES.1 * lines.len() as f64;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"820\" height=\"{height}\" \
             font-family=\"sans-serif\" font-size=\"12\">\n\
             <rect width=\"820\" height=\"{height}\" fill=\"white\"/>\n",
        );
        text(&mut out, (70.0, 28.0), "start", &self.title());
        self.draw_curve(&mut out);
        self.draw_bins(&mut out);
        for (at, line) in lines.iter().enumerate() {
            text(&mut out, (70.0, LINES.0 + LINES.1 * at as f64), "start", line);
        }
        out.push_str("</svg>\n");
        out
    }

    /// The figures in words.
    fn lines(&self) -> Vec<String> {
        let interval = self.interval_title();
        let mut lines: Vec<String> = self
            .rows()
            .map(|row| {
                let count = if row.count.is_empty() { "" } else { ", " };
                let (title, share) = (row.title, row.share);
                format!("{title}: {share} % ({interval}: {}){count}{}", row.interval, row.count)
            })
            .collect();
        lines.push(self.cut_title());
        lines.extend(self.worst_title());
        lines
    }

    /// Made over wrong.
    fn draw_curve(&self, out: &mut String) {
        let origin = PLOTS[0];
        let fits = |most: &&f64| self.all.wrong <= **most;
        let most = WRONG_SHOWN.iter().find(fits).copied().unwrap_or(1.0);
        frame(out, origin, ("acted wrongly, % of all", "right calls made, %"), most);
        let at = |wrong: f64, made: f64| place(origin, wrong / most, made);
        let shown = self.curve.iter().filter(|point| point.wrong <= most);
        let points: Vec<(f64, f64)> = shown.map(|point| at(point.wrong, point.made)).collect();
        line(out, &points, "#1f77b4");
        if !self.all.made.is_finite() {
            return;
        }
        let (x, y) = at(self.all.wrong, self.all.made);
        _ = writeln!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"#d62728\"/>");
        let here = format!("threshold {:.2}: {:.1} %", self.threshold(), 100.0 * self.all.made);
        text(out, (x + 8.0, y + 14.0), "start", &here);
    }

    /// What came true over what was said.
    fn draw_bins(&self, out: &mut String) {
        let origin = PLOTS[1];
        frame(out, origin, ("confidence, %", "right, %"), 1.0);
        line(out, &[place(origin, 0.0, 0.0), place(origin, 1.0, 1.0)], "#bbbbbb");
        let points: Vec<(f64, f64)> =
            self.bins.iter().map(|bin| place(origin, bin.said, bin.right)).collect();
        line(out, &points, "#2ca02c");
        for (x, y) in points {
            _ = writeln!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"#2ca02c\"/>");
        }
    }
}

/// Where two shares are in a plot.
fn place((left, top): (f64, f64), x: f64, y: f64) -> (f64, f64) {
    (left + SIDE * x.clamp(0.0, 1.0), top + SIDE * (1.0 - y.clamp(0.0, 1.0)))
}

/// The axes of a plot.
fn frame(out: &mut String, origin: (f64, f64), (x_title, y_title): (&str, &str), most: f64) {
    let (left, top) = origin;
    _ = writeln!(
        out,
        "<rect x=\"{left}\" y=\"{top}\" width=\"{SIDE}\" height=\"{SIDE}\" fill=\"none\" \
         stroke=\"#333333\"/>"
    );
    for step in 0..=4 {
        let share = f64::from(step) / 4.0;
        let (x, y) = place(origin, share, share);
        text(out, (x, top + SIDE + 16.0), "middle", &format!("{}", 100.0 * share * most));
        text(out, (left - 6.0, y + 4.0), "end", &format!("{}", 100.0 * share));
    }
    text(out, (left + SIDE / 2.0, top + SIDE + 36.0), "middle", x_title);
    text(out, (left, top - 10.0), "start", y_title);
}

fn line(out: &mut String, points: &[(f64, f64)], colour: &str) {
    let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    _ = writeln!(
        out,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
        points.join(" ")
    );
}

fn text(out: &mut String, (x, y): (f64, f64), anchor: &str, what: &str) {
    let what = what.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    _ = writeln!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{what}</text>");
}

#[cfg(test)]
mod tests {
    use super::super::score;
    use super::*;

    fn outcome(confidence: f64, is_call: bool, right: bool) -> Outcome {
        let why = (!is_call).then(|| "chat".into());
        Outcome { why, ..score::outcome(0, confidence, right) }
    }

    #[test]
    fn a_curve_goes_from_the_surest_calls_to_all() {
        let all = [
            outcome(0.9, true, true),
            outcome(0.8, true, false),
            outcome(0.8, true, true),
            outcome(0.5, false, false),
        ];
        let third = 1.0 / 3.0;
        let point = |threshold, made, wrong| Point { threshold, made, wrong };
        let found = curve(&all);
        assert_eq!(found.len(), 3);
        for (found, wanted) in found.iter().zip([
            point(0.9, third, 0.0),
            point(0.8, 2.0 * third, 0.25),
            point(0.5, 2.0 * third, 0.5),
        ]) {
            assert!((found.made - wanted.made).abs() < 1e-9, "{found:?}");
            assert_eq!((found.threshold, found.wrong), (wanted.threshold, wanted.wrong));
        }
        assert_eq!(curve(&[]), []);
    }

    #[test]
    fn bins_have_equally_many() {
        let all: Vec<Outcome> =
            (0..20).map(|at| outcome(f64::from(at) / 20.0, true, at >= 10)).collect();
        let found = bins(&all);
        assert_eq!(found.len(), BINS);
        assert_eq!((found[0].right, found[9].right), (0.0, 1.0));
        assert!((found[0].said - 0.025).abs() < 1e-9 && bins(&[]).is_empty());
        assert!(found[3].count == 2 && (found[3].from - 0.3).abs() < 1e-9);
    }
}
