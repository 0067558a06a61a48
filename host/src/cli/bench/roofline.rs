//! `trine bench FILE --roofline`: what the machine allows, and how near a model is to it.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde_json::{Value, json};
use trine::{Error, Result};
use trine_models::model::{Loaded, Machine, Point, Pool, Roofline, roofline};

use super::Bench;
use super::shown::{Shown, begun};
use crate::cli::paint::{count, say};

impl Bench {
    pub(super) fn roofline(&self, loaded: &Loaded<'_>, pool: &Pool) -> Result<ExitCode> {
        let found = roofline(loaded, pool, |step| eprintln!("{step}"));
        let found = found.map_err(|error| Error::from(error).at(self.file.display()))?;
        self.show_found(loaded, &found)
    }
}

impl Shown for Roofline {
    fn print(&self) {
        let Machine { reading, products, attention: [half, int8] } = self.machine;
        say!("memory       {:>8.1} GB/s read at best", reading / 1e9);
        say!("products     {:>8.1} Gmac/s of ternary weights, from caches", products / 1e9);
        say!(
            "attention    {:>8.1} Gmac/s in half precision, {:.1} in int8",
            half / 1e9,
            int8 / 1e9
        );
        for point in &self.points {
            let [measured, allowed] = point.speeds;
            let (name, what, whose) = words(point);
            say!(
                "{name:<19} {measured:>8.1} tokens/s, {:.0} % of the {allowed:.1} that {what} \
                 allow; {:.0} % of that time is {whose}",
                100.0 * point.share(),
                100.0 * point.attention
            );
        }
    }

    fn object(&self) -> Value {
        let [half, int8] = self.machine.attention;
        let points = self.points.iter().map(|point| {
            let [measured, allowed] = point.speeds;
            json!({
                "what": if point.is_decode { "decode" } else { "prefill" }, "prompt": point.prompt,
                "tokens_per_s": measured, "allowed_per_s": allowed, "share": point.share(),
                "attention_share": point.attention,
            })
        });
        json!({
            "read_bytes_per_s": self.machine.reading, "products_per_s": self.machine.products,
            "attention_per_s": { "f16": half, "i8": int8 }, "points": points.collect::<Vec<_>>(),
        })
    }

    fn picture(&self, title: &str) -> String {
        picture(title, &self.points)
    }
}

/// What a point is called, what bounds it, and what grows with the prompt.
fn words(point: &Point) -> (String, &'static str, &'static str) {
    let prompt = count(point.prompt as u64);
    if point.is_decode {
        (format!("decode after {prompt}"), "weights, keys and values", "keys and values")
    } else {
        (format!("prefill {prompt}"), "products", "attention")
    }
}

/// Left edge and length of the longest bar, and height of a row.
const BARS: [f64; 2] = [150.0, 400.0];
const ROW: f64 = 30.0;

/// A bar for each point: what the machine allows, and in it what was measured. Prefill and decoding
/// have scales of their own.
fn picture(title: &str, points: &[Point]) -> String {
    let [left, long] = BARS;
    let height = 60.0 + ROW * points.len() as f64;
    let mut out = begun(title, [760.0, height]);
    let most = |is_decode| {
        let alike = points.iter().filter(move |point| point.is_decode == is_decode);
        alike.flat_map(|point| point.speeds).fold(f64::MIN_POSITIVE, f64::max)
    };
    let mut top = 46.0;
    for is_decode in [false, true] {
        let most = most(is_decode);
        for point in points.iter().filter(|point| point.is_decode == is_decode) {
            let [measured, allowed] = point.speeds;
            let (name, ..) = words(point);
            let (y, text) = (top, top + 15.0);
            let share = 100.0 * point.share();
            // A string takes whatever is written to it.
            _ = write!(
                out,
                "<text x=\"{:.0}\" y=\"{text:.0}\" text-anchor=\"end\">{name}</text>\n\
                 <rect x=\"{left}\" y=\"{y:.0}\" width=\"{:.1}\" height=\"20\" fill=\"#ddd\"/>\n\
                 <rect x=\"{left}\" y=\"{:.0}\" width=\"{:.1}\" height=\"12\" fill=\"#2a7\"/>\n\
                 <text x=\"{:.0}\" y=\"{text:.0}\">{measured:.1} of {allowed:.1} tokens/s, \
                 {share:.0} %</text>\n",
                left - 8.0,
                long * allowed / most,
                y + 4.0,
                long * measured / most,
                left + long * f64::max(measured, allowed) / most + 8.0,
            );
            top += ROW;
        }
    }
    out + "</svg>\n"
}
