//! A picture of latency by percentile, as SVG: the rare ones have as much of it as the usual ones.

use std::fmt::Write as _;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::cli::paint::time;

/// Size of the picture, and of the field of the curve in it: left, top, width, height.
const SIZE: [f64; 2] = [720.0, 400.0];
const FIELD: [f64; 4] = [80.0, 50.0, 610.0, 290.0];
/// Most nines of a percentile.
const NINES_MAX: u32 = 6;
/// Points of the curve for each further nine.
const POINTS: u32 = 40;

/// The picture.
pub(super) fn svg(title: &str, latency: &Histogram<u64>) -> String {
    let [width, height] = SIZE;
    let [left, top, wide, high] = FIELD;
    let nines = nines(latency.len());
    let (step, steps) = scale(latency.max());
    let most = step * f64::from(steps);
    let x = |nine: f64| left + wide * nine / f64::from(nines);
    let y = |ns: f64| top + high * (1.0 - ns / most);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n\
         <text x=\"{left}\" y=\"28\" font-size=\"15\">{}</text>\n\
         <g stroke=\"#ddd\">\n",
        escaped(title)
    );
    let (right, bottom) = (left + wide, top + high);
    // A string takes whatever is written to it.
    for at in (0..=steps).map(|line| y(step * f64::from(line))) {
        _ = writeln!(out, "<path d=\"M{left:.1} {at:.1}H{right:.1}\"/>");
    }
    for at in (0..=nines).map(|nine| x(nine.into())) {
        _ = writeln!(out, "<path d=\"M{at:.1} {top:.1}V{bottom:.1}\"/>");
    }
    out += "</g>\n";
    let mut text = |x: f64, y: f64, anchor: &str, text: &str| {
        let at = format!("x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\"");
        _ = writeln!(out, "<text {at}>{text}</text>");
    };
    for line in 0..=steps {
        let value = step * f64::from(line);
        text(left - 8.0, y(value) + 4.0, "end", &time(Duration::from_nanos(value as u64)));
    }
    for nine in 0..=nines {
        text(x(nine.into()), bottom + 20.0, "middle", &percentile(nine));
    }
    text(left + wide / 2.0, bottom + 42.0, "middle", "percentile of requests");
    let points: Vec<String> = (0..=nines * POINTS)
        .map(|point| f64::from(point) / f64::from(POINTS))
        .map(|nine| {
            let ns = latency.value_at_quantile(1.0 - 0.1_f64.powf(nine));
            format!("{:.1},{:.1}", x(nine), y(ns as f64))
        })
        .collect();
    let points = points.join(" ");
    _ = writeln!(
        out,
        "<polyline points=\"{points}\" fill=\"none\" stroke=\"#06c\" stroke-width=\"2\"/>"
    );
    out + "</svg>\n"
}

/// As many nines as a number of requests can tell apart.
fn nines(requests: u64) -> u32 {
    requests.max(1).ilog10().clamp(1, NINES_MAX)
}

/// `0`, `90`, `99`, `99.9`.
fn percentile(nines: u32) -> String {
    match nines {
        0 => "0".to_owned(),
        1 => "90".to_owned(),
        2 => "99".to_owned(),
        _ => format!("99.{}", "9".repeat(nines as usize - 2)),
    }
}

/// A step of 1, 2 or 5 times a power of ten, and how many of them a value takes: 4 to 10.
fn scale(most: u64) -> (f64, u32) {
    let least = most.max(1) as f64 / 8.0;
    let power = 10f64.powf(least.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= least);
    let step = factor.unwrap_or(10.0) * power;
    let steps = (most.max(1) as f64 / step).ceil();
    (step, (steps as u32).max(1))
}

pub(in crate::cli::bench) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_a_curve_and_a_title_that_is_no_markup() {
        let mut latency = Histogram::new(3).unwrap();
        (1..=1000).for_each(|us| latency.record(us * 1000).unwrap());
        let picture = svg("<script>&", &latency);
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
        assert!(picture.contains("&lt;script&gt;&amp;") && !picture.contains("<script"));
        for text in [">0<", ">90<", ">99<", ">99.9<", ">1.00 ms<", "<polyline "] {
            assert!(picture.contains(text), "{text}: {picture}");
        }
        assert!(!picture.contains("NaN") && !picture.contains("inf"));
        let empty = svg("none", &Histogram::new(3).unwrap());
        assert!(!empty.contains("NaN") && !empty.contains("inf"), "{empty}");
    }

    #[test]
    fn steps_are_round_and_few() {
        for (most, step, steps) in [(1_000, 200.0, 5), (800, 100.0, 8), (4_100, 1_000.0, 5)] {
            assert_eq!(scale(most), (step, steps), "{most}");
        }
        for most in (0..200_000).step_by(37) {
            let (step, steps) = scale(most);
            assert!((1..=10).contains(&steps) && step * f64::from(steps) >= most as f64, "{most}");
        }
        assert_eq!([1, 9, 10, 99_999, u64::MAX].map(nines), [1, 1, 1, 4, 6]);
    }
}
