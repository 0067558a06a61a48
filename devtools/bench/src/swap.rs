//! A plug-in that is replaced while clients call it at a fixed rate: the example `swaps` of
//! trine-plugins. The ledger is the plug-in's own, so what is lost or doubled does not hide.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use devtools::Gates;
use devtools::record::{self, Record};
use devtools::sh;
use serde_json::Value;

use crate::gateway::percentile;

/// Calls, calls a second, and swaps, of which one is refused.
const FULL: [&str; 3] = ["1000000", "20000", "50"];
const LARGE: [&str; 3] = ["5000000", "50000", "200"];
/// Microseconds after a swap in which calls count as made during it.
const BEHIND: u64 = 20_000;
/// The most that the slowest of 1,000 calls may take during swaps, next to those outside.
const SLOWER_MAX: f64 = 5.0;
/// The most by which resident memory may grow, in KiB.
const GROWTH_MAX: f64 = 4_096.0;
/// Columns of the picture.
const COLUMNS: usize = 400;

/// What the example has seen.
struct Seen {
    report: Value,
    /// From when each call was due to its answer, in microseconds.
    latencies: Vec<f64>,
    /// When each swap began and ended, in microseconds.
    swaps: Vec<[u64; 2]>,
    /// Microseconds from one call to the next.
    apart: f64,
}

/// `cargo xtask bench swap`; `large` makes five times the calls at 2.5 times the rate.
pub fn main(keep: bool, large: bool) -> Result<()> {
    let name = if large { "swap --large" } else { "swap" };
    let record = Record::begin(name, record::Figures::Times, keep)?;
    let seen = Seen::of(&example()?, if large { LARGE } else { FULL })?;
    let (mut during, mut outside) = seen.parts();
    let mut gates = Gates::default();
    for what in ["failed", "lost", "doubled", "late", "unfinished"] {
        gates.at_most(format!("calls {what}"), seen.number(what)?, 0.0);
    }
    // One version is bad, and shut down itself; each other one takes the place of one that is.
    let (refused, swaps) = (seen.number("refused")?, seen.swaps.len() as f64);
    gates.at_most("swaps refused, more or less than one", (refused - 1.0).abs(), 0.0);
    let left = swaps - seen.number("shutdowns")?;
    gates.at_most("versions not shut down", left.abs(), 0.0);
    let [fast, slow] = [&mut outside, &mut during].map(|part| figures(part));
    gates.at_most("p99.9 during swaps, next to outside", slow[2] / fast[2], SLOWER_MAX);
    let [before, after] = seen.resident()?;
    gates.at_most("growth of resident memory, KiB", after - before, GROWTH_MAX);
    let longest = seen.swaps.iter().map(|[began, ended]| ended - began).max().unwrap_or(0);
    let text = format!(
        "{:.0} calls over HTTP at {:.0} a second, {} swaps of their plug-in in C, one of them \
         refused; 8 connections, clients and server in one process. Latencies count from when a \
         call was due. A call counts as made during a swap from its beginning to {} ms behind its \
         end.\n\n\
         | calls | count | p50 µs | p99 µs | p99.9 µs | most µs |\n|---|---:|---:|---:|---:|---:|\n\
         {}{}\n\
         Swaps took {longest} µs at most, until the last call of the old tool had ended. {:.0} \
         versions were shut down. Resident memory: {before:.0} KiB after a fifth of the swaps, \
         {after:.0} KiB at the end.\n",
        seen.number("calls")?,
        seen.number("rate")?,
        seen.swaps.len(),
        BEHIND / 1_000,
        row("during swaps", during.len(), slow),
        row("outside", outside.len(), fast),
        seen.number("shutdowns")?,
    );
    let picture = sh::scratch("bench-swap").join("swap.svg");
    std::fs::write(&picture, seen.picture())?;
    println!("timeline: {}", picture.display());
    record.end_with(&text, &gates)?;
    if keep && !large {
        std::fs::write(sh::root().join("docs/swap.svg"), seen.picture())?;
    }
    Ok(())
}

fn example() -> Result<PathBuf> {
    let example = ["build", "--release", "-p", "trine-plugins", "--example", "swaps"];
    sh::run(sh::cargo().args(example))?;
    Ok(sh::program_in(&sh::target_dir().join("release/examples"), "swaps"))
}

/// Percentiles 50, 99 and 99.9, and the most.
fn figures(latencies: &mut [f64]) -> [f64; 4] {
    let [half, most] = [50, 99].map(|percent| percentile(latencies, percent));
    let at = |share: f64| latencies.get((latencies.len() as f64 * share) as usize).copied();
    [half, most, at(0.999).unwrap_or_default(), latencies.last().copied().unwrap_or_default()]
}

fn row(what: &str, count: usize, [half, most, slow, last]: [f64; 4]) -> String {
    format!("| {what} | {count} | {half:.0} | {most:.0} | {slow:.0} | {last:.0} |\n")
}

impl Seen {
    fn of(program: &Path, arguments: [&str; 3]) -> Result<Self> {
        let printed = sh::output(sh::command(program).args(arguments))?;
        let report: Value = serde_json::from_str(&printed)?;
        Self::read(report)
    }

    fn read(mut report: Value) -> Result<Self> {
        let numbers = |value: Value| -> Result<Vec<f64>> {
            let values = value.as_array().context("a list of numbers")?;
            values.iter().map(|it| it.as_f64().context("a number")).collect()
        };
        let latencies = numbers(report["latencies"].take())?;
        let swaps = report["swaps"].as_array().context("a list of swaps")?;
        let swap = |swap: &Value| Some([swap[0].as_u64()?, swap[1].as_u64()?]);
        let swaps = swaps.iter().map(|it| swap(it).context("a swap")).collect::<Result<_>>()?;
        let apart = 1e6 / report["rate"].as_f64().context("a rate")?;
        Ok(Self { report, latencies, swaps, apart })
    }

    fn number(&self, name: &str) -> Result<f64> {
        self.report[name].as_f64().with_context(|| format!("the example says no {name}"))
    }

    fn resident(&self) -> Result<[f64; 2]> {
        let [before, after] = [0, 1].map(|at| self.report["resident_kib"][at].as_f64());
        before.zip(after).map(|(a, b)| [a, b]).context("the example says no memory")
    }

    /// The latencies of calls that were due during swaps, and of the others.
    fn parts(&self) -> (Vec<f64>, Vec<f64>) {
        let (mut during, mut outside) = (Vec::new(), Vec::new());
        let mut swaps = self.swaps.iter().peekable();
        for (latency, due) in self.latencies.iter().zip(0..) {
            let due = (f64::from(due) * self.apart) as u64;
            while swaps.next_if(|[_, ended]| ended + BEHIND < due).is_some() {}
            let is_during = swaps.peek().is_some_and(|[began, _]| *began <= due);
            if is_during { &mut during } else { &mut outside }.push(*latency);
        }
        (during, outside)
    }

    /// The slowest call of each stretch of time, with a mark for each swap.
    fn picture(&self) -> String {
        const SIZE: (f64, f64) = (900.0, 260.0);
        const LEFT: f64 = 60.0;
        let all = self.latencies.len() as f64 * self.apart;
        let each = self.latencies.len().div_ceil(COLUMNS).max(1);
        let slowest: Vec<f64> = self
            .latencies
            .chunks(each)
            .map(|part| part.iter().copied().fold(0.0, f64::max))
            .collect();
        let top = slowest.iter().copied().fold(1.0, f64::max);
        let x = |micros: f64| LEFT + (SIZE.0 - LEFT - 10.0) * micros / all;
        let y = |micros: f64| 220.0 - 180.0 * micros / top;
        let mut marks = String::new();
        for [began, _] in &self.swaps {
            let at = x(*began as f64);
            _ = write!(marks, "<path d=\"M{at:.1} 40V220\" stroke=\"#d97706\" opacity=\"0.5\"/>");
        }
        let points: String = slowest
            .iter()
            .zip(0..)
            .map(|(slow, at)| {
                let middle = (f64::from(at) + 0.5) * each as f64 * self.apart;
                format!("{:.1},{:.1} ", x(middle), y(*slow))
            })
            .collect();
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" \
             font-family=\"sans-serif\" font-size=\"12\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
             <text x=\"{LEFT}\" y=\"22\" font-size=\"14\">The slowest call of each {:.2} s, {} \
             swaps of its tool (orange)</text>\n\
             <path d=\"M{LEFT} 40V220H{}\" fill=\"none\" stroke=\"#444\"/>\n{marks}\n\
             <polyline points=\"{points}\" fill=\"none\" stroke=\"#2563eb\"/>\n\
             <text x=\"54\" y=\"44\" text-anchor=\"end\">{:.1} ms</text>\n\
             <text x=\"54\" y=\"224\" text-anchor=\"end\">0</text>\n\
             <text x=\"{}\" y=\"240\" text-anchor=\"end\">{:.0} s</text>\n</svg>\n",
            SIZE.0,
            SIZE.1,
            each as f64 * self.apart / 1e6,
            self.swaps.len(),
            SIZE.0 - 10.0,
            top / 1_000.0,
            SIZE.0 - 10.0,
            all / 1e6,
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Seen, figures};

    fn seen() -> Seen {
        // A call each 10 ms, the slow ones during the second swap.
        let latencies: Vec<u32> =
            (0..100).map(|at| if (50..52).contains(&at) { 900 } else { 100 }).collect();
        Seen::read(json!({"rate": 100, "swaps": [[200_000, 200_100], [500_000, 500_100]],
            "latencies": latencies, "failed": 0, "resident_kib": [1, 2]}))
        .unwrap()
    }

    #[test]
    fn calls_are_parted_into_those_during_swaps_and_the_others() {
        let (mut during, mut outside) = seen().parts();
        // At 200 to 220 and at 500 to 520 ms.
        assert_eq!((during.len(), outside.len()), (6, 94));
        assert_eq!((figures(&mut during)[3], figures(&mut outside)[3]), (900.0, 100.0));
        assert!(seen().number("failed").is_ok() && seen().number("lost").is_err());
    }

    #[test]
    fn the_picture_has_a_mark_for_each_swap() {
        let picture = seen().picture();
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"), "{picture}");
        assert_eq!(picture.matches("#d97706").count(), 2);
        assert!(!picture.contains("NaN") && !picture.contains("inf"));
    }
}
