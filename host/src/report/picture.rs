//! A report as a picture: calls and time of each tool, and memory of each plug-in. It has no script
//! and refers to nothing outside of itself.

use std::fmt::Write as _;

use super::{Report, bytes, memory, part, time};

/// Width of the picture, of names, and of a bar; the height of a row.
const WIDTH: usize = 760;
const NAMES: usize = 190;
const BAR: usize = 140;
const ROW: usize = 22;
/// Room for what stands behind a bar.
const GAP: usize = 150;
/// Rows of each chart.
const ROWS_MAX: usize = 40;

struct Bar {
    name: String,
    /// Parts of a whole, with what stands behind each; the second is of another whole.
    values: Vec<(f64, String, &'static str)>,
}

/// The picture.
#[must_use]
pub fn svg(report: &Report) -> String {
    let [calls, memory_of] = [calls(report), plugins(report)];
    let rows = |bars: &[Bar]| bars.len().min(ROWS_MAX) * ROW + 58;
    let height = 40 + rows(&calls) + rows(&memory_of);
    let mut out = String::new();
    // A string takes whatever is written to it.
    _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"13\" role=\"img\">"
    );
    _ = writeln!(out, "<title>Calls, time and memory of tools</title>");
    _ = writeln!(out, "<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>");
    let title = format!("After {} s: memory {}", report.seconds, memory(report));
    words(&mut out, (12, 26), &title, "font-size=\"16\" font-weight=\"bold\"");
    chart(&mut out, 40, ["Tool", "Calls", "Time of all calls"], &calls);
    let budget = format!("Memory, of {}", bytes(report.budget));
    chart(&mut out, 40 + rows(&calls), ["Plug-in", &budget, ""], &memory_of);
    _ = writeln!(out, "</svg>");
    out
}

fn calls(report: &Report) -> Vec<Bar> {
    let all = report.tools();
    let most = all.iter().map(|(_, tool)| tool.begun).max().unwrap_or(0);
    let longest = all.iter().map(|(_, tool)| tool.time).max().unwrap_or(0);
    let bar = |(_, tool): (_, &super::Tool)| {
        let failed = tool.errors.saturating_add(tool.refused);
        let failed = match failed {
            0 => String::new(),
            some => format!(", {some} failed"),
        };
        let calls = (part(tool.begun, most), format!("{}{failed}", tool.begun), "#1f5fa8");
        let time = (part(tool.time, longest), time(tool.time), "#a85b1f");
        Bar { name: tool.name.clone(), values: vec![calls, time] }
    };
    all.into_iter().map(bar).collect()
}

fn plugins(report: &Report) -> Vec<Bar> {
    let bar = |plugin: &super::Plugin| {
        let memory = (part(plugin.memory, report.budget), bytes(plugin.memory), "#2f7d4f");
        let devices = match &plugin.devices[..] {
            [] => plugin.state().to_owned(),
            some => format!("{}, has {}", plugin.state(), some.join(", ")),
        };
        Bar { name: plugin.name.clone(), values: vec![memory, (0.0, devices, "#ffffff")] }
    };
    report.plugins.iter().map(bar).collect()
}

fn chart(out: &mut String, top: usize, heads: [&str; 3], bars: &[Bar]) {
    let column = |at: usize| 12 + NAMES + at * (BAR + GAP);
    for (at, head) in heads.into_iter().enumerate() {
        let x = if at == 0 { 12 } else { column(at - 1) };
        words(out, (x, top + 24), head, "font-weight=\"bold\"");
    }
    for (row, bar) in bars.iter().take(ROWS_MAX).enumerate() {
        let y = top + 36 + row * ROW;
        words(out, (12, y + 13), &short(&bar.name, 26), "");
        for (at, (part, label, colour)) in bar.values.iter().enumerate() {
            let (x, wide) = (column(at), (part * BAR as f64).round() as usize);
            // Something that is there is seen.
            let wide = if *part > 0.0 { wide.max(2) } else { 0 };
            if wide > 0 {
                _ = writeln!(
                    out,
                    "<rect x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"16\" fill=\"{colour}\"/>"
                );
            }
            let longest = if at == 0 { 20 } else { 36 };
            words(out, (x + wide + 5, y + 13), &short(label, longest), "fill=\"#222222\"");
        }
    }
    if let Some(more) = bars.len().checked_sub(ROWS_MAX).filter(|more| *more > 0) {
        let y = top + 36 + ROWS_MAX * ROW + 13;
        words(out, (12, y), &format!("and {more} more"), "");
    }
}

fn short(text: &str, chars: usize) -> String {
    if text.chars().count() <= chars {
        return text.to_owned();
    }
    let kept: String = text.chars().take(chars - 3).collect();
    format!("{kept}...")
}

fn words(out: &mut String, (x, y): (usize, usize), text: &str, more: &str) {
    let gap = if more.is_empty() { "" } else { " " };
    _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\"{gap}{more}>{}</text>", escaped(text));
}

/// Text that is no markup.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // No character of XML.
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            control if control.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}
