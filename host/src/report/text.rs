//! A report as text.

use std::fmt::Write as _;

use super::{Plugin, Report, Tool, bytes, memory, part, time};

/// Columns of a bar.
const BAR: usize = 20;

/// The report for a terminal, of 80 columns where names are short.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    // A string takes whatever is written to it.
    _ = writeln!(out, "{} s, memory {}", report.seconds, memory(report));
    if report.plugins.is_empty() {
        _ = writeln!(out, "\nNo tool was served.");
        return out;
    }
    tools(report, &mut out);
    plugins(report, &mut out);
    out
}

fn tools(report: &Report, out: &mut String) {
    let all = report.tools();
    let most = all.iter().map(|(_, tool)| tool.begun).max().unwrap_or(0);
    let longest = all.iter().map(|(_, tool)| tool.name.chars().count()).max().unwrap_or(0).max(4);
    _ = writeln!(
        out,
        "\n{:longest$} {:>9} {:BAR$} {:>7} {:>7} {:>8} {:>8}",
        "tool", "calls", "", "errors", "refused", "half", "99 %"
    );
    for (_, tool) in all {
        let Tool { name, begun, errors, refused, half, nearly_all, .. } = tool;
        let pad = " ".repeat(longest - name.chars().count().min(longest));
        _ = writeln!(
            out,
            "{name}{pad} {begun:>9} {:BAR$} {errors:>7} {refused:>7} {:>8} {:>8}",
            bar(*begun, most),
            time(*half),
            time(*nearly_all),
        );
    }
}

fn plugins(report: &Report, out: &mut String) {
    let longest = report.plugins.iter().map(|it| it.name.chars().count()).max().unwrap_or(0).max(7);
    let whole = report.budget.max(1);
    _ = writeln!(out, "\n{:longest$} {:>10} {:BAR$} {:>9}  state", "plug-in", "memory", "", "cpu");
    for plugin in &report.plugins {
        let Plugin { name, memory, tools, devices, cpu, .. } = plugin;
        let pad = " ".repeat(longest - name.chars().count().min(longest));
        // A report of an older version has that of the tools alone.
        let cpu = tools.iter().fold(0_u64, |sum, tool| sum.saturating_add(tool.cpu)).max(*cpu);
        let devices = match &devices[..] {
            [] => String::new(),
            some => format!(", has {}", some.join(", ")),
        };
        let state = format!("{}{devices}", plugin.state());
        _ = writeln!(
            out,
            "{name}{pad} {:>10} {:BAR$} {:>9}  {state}",
            bytes(*memory),
            bar(*memory, whole),
            time(cpu),
        );
    }
}

/// A bar of `#`; one at least where there is something.
fn bar(of: u64, whole: u64) -> String {
    let wide = (part(of, whole) * BAR as f64).round() as usize;
    "#".repeat(wide.max(usize::from(of > 0)))
}
