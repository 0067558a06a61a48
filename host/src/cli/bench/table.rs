//! What `trine bench --peer` prints.

use serde_json::{Value, json};

use crate::cli::paint::{STRONG, count, say};
use crate::cli::tools::pretty;

/// All that was measured.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Tokens that are read at once.
    pub(super) prompt: usize,
    /// Tokens that are read one at a time.
    pub(super) tokens: usize,
    /// What each engine says of itself: ours, theirs.
    pub(super) engines: [String; 2],
    /// Who opened what.
    pub(super) loads: Vec<(&'static str, Opened)>,
    /// The rounds.
    pub(super) cases: Vec<Case>,
}

/// A model that was opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opened {
    /// Until it could compute.
    pub(super) seconds: f64,
    /// The most bytes that the process held, one round included.
    pub(super) peak: f64,
}

/// Rounds on some threads, with the weights in one kind of memory.
#[derive(Debug)]
pub(super) struct Case {
    memory: &'static str,
    threads: usize,
    prefill: Speeds,
    decode: Speeds,
    /// The most bytes that each process held.
    peaks: [f64; 2],
    /// Bytes of each on huge pages.
    huge: [f64; 2],
}

/// Tokens a second in each round: ours, theirs.
#[derive(Debug, Default)]
struct Speeds([Vec<f64>; 2]);

impl Speeds {
    fn medians(&self) -> [f64; 2] {
        self.0.each_ref().map(|speeds| median(speeds))
    }

    fn ratio(&self) -> f64 {
        let [ours, theirs] = &self.0;
        ratio(ours, theirs)
    }

    fn json(&self) -> Value {
        let [ours, theirs] = &self.0;
        let [our_median, their_median] = self.medians();
        json!({ "trine": our_median, "llama": their_median, "ratio": self.ratio(),
                "rounds": { "trine": ours, "llama": theirs } })
    }
}

/// The median of the ratios of the rounds, which drifts less than the ratio of the medians.
pub(super) fn ratio(ours: &[f64], theirs: &[f64]) -> f64 {
    median(&ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect::<Vec<_>>())
}

impl Case {
    pub(super) fn new(memory: &'static str, threads: usize) -> Self {
        let (prefill, decode) = (Speeds::default(), Speeds::default());
        Self { memory, threads, prefill, decode, peaks: [0.0; 2], huge: [0.0; 2] }
    }

    /// Takes in what the engine of this number says of a round; its speeds only when it counts.
    pub(super) fn add(&mut self, engine: usize, answer: &Value, counts: bool) {
        let number = |name| answer.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN);
        if let Some(peak) = self.peaks.get_mut(engine) {
            *peak = number("memory_peak_bytes");
        }
        if let Some(huge) = self.huge.get_mut(engine) {
            *huge = number("huge_bytes");
        }
        let speeds = [(&mut self.prefill, "prefill"), (&mut self.decode, "decode")];
        for (speeds, name) in speeds.into_iter().filter(|_| counts) {
            if let Some(speeds) = speeds.0.get_mut(engine) {
                speeds.push(number(name));
            }
        }
    }

    fn json(&self) -> Value {
        let both = |[ours, theirs]: [f64; 2]| json!({ "trine": ours, "llama": theirs });
        json!({ "memory": self.memory, "threads": self.threads, "prefill": self.prefill.json(),
                "decode": self.decode.json(), "peak_bytes": both(self.peaks),
                "huge_bytes": both(self.huge) })
    }
}

impl Table {
    pub(super) fn show(&self, as_json: bool) {
        if as_json {
            say!("{}", pretty(&self.json()));
        } else {
            self.print();
        }
    }

    fn json(&self) -> Value {
        let loads = self.loads.iter().map(|(name, Opened { seconds, peak })| {
            json!({ "name": name, "load_s": seconds, "peak_bytes": peak })
        });
        json!({
            "prompt": self.prompt,
            "tokens": self.tokens,
            "engines": self.engines,
            "loads": loads.collect::<Vec<_>>(),
            "cases": self.cases.iter().map(Case::json).collect::<Vec<_>>(),
        })
    }

    fn print(&self) {
        let [ours, theirs] = &self.engines;
        say!("trine: {ours}\nllama.cpp: {theirs}");
        let (prompt, tokens) = (self.prompt, self.tokens);
        say!(
            "{STRONG}{:<34}{:>10}{:>12}{:>8}{STRONG:#}",
            "tokens/s",
            "trine",
            "llama.cpp",
            "ratio"
        );
        for case in &self.cases {
            let line = |name: String, speeds: &Speeds| {
                let [ours, theirs] = speeds.medians();
                say!("{name:<34}{ours:>10.1}{theirs:>12.1}{:>8.2}", speeds.ratio());
            };
            let Case { memory, threads, .. } = case;
            line(format!("{memory}, {threads} threads, prefill {prompt}"), &case.prefill);
            line(format!("{memory}, {threads} threads, decode {tokens}"), &case.decode);
        }
        for case in &self.cases {
            let [ours, theirs] = case.peaks.map(|peak| count(peak as u64));
            let [our_huge, their_huge] = case.huge.map(|huge| count(huge as u64));
            say!(
                "peak, {}, {} threads: {ours} and {theirs} bytes, on huge pages {our_huge} and \
                 {their_huge}",
                case.memory,
                case.threads
            );
        }
        for (name, Opened { seconds, peak }) in &self.loads {
            say!("{name}: opened in {seconds:.2} s, peak {} bytes", count(*peak as u64));
        }
    }
}

/// The middle value; of an even count the mean of the two in the middle.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let at = |index| values.get(index).copied().unwrap_or(f64::NAN);
    if values.len().is_multiple_of(2) && middle > 0 {
        f64::midpoint(at(middle - 1), at(middle))
    } else {
        at(middle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_that_of_the_middle_round_and_a_warm_up_does_not_count() {
        let mut case = Case::new("mapped", 2);
        let said = |decode: f64| {
            json!({ "prefill": 1.0, "decode": decode,
                    "memory_peak_bytes": 7.0, "huge_bytes": 2.0 })
        };
        case.add(0, &said(1000.0), false);
        case.add(1, &said(1.0), false);
        for (ours, theirs) in [(10.0, 5.0), (30.0, 10.0), (8.0, 8.0)] {
            case.add(0, &said(ours), true);
            case.add(1, &said(theirs), true);
        }
        let json = case.json();
        assert_eq!(json["decode"]["trine"], 10.0);
        assert_eq!(json["decode"]["llama"], 8.0);
        assert_eq!(json["decode"]["ratio"], 2.0);
        assert_eq!(json["peak_bytes"]["llama"], 7.0);
        assert_eq!(json["huge_bytes"]["trine"], 2.0);
        assert_eq!((median(&[3.0, 1.0]), median(&[4.0])), (2.0, 4.0));
        assert!(median(&[]).is_nan());
    }
}
