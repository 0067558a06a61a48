//! A report as a page: the picture and all numbers. It has no script and loads nothing.

use std::fmt::Write as _;

use super::picture::escaped;
use super::{Report, svg, time};

const HEAD: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Report of trine</title>
<style>
body { font-family: sans-serif; margin: 2em; }
table { border-collapse: collapse; margin-top: 1em; }
td, th { padding: 0.2em 0.8em; border-bottom: 1px solid #cccccc; text-align: right; }
td:first-child, th:first-child, td:nth-child(2), th:nth-child(2) { text-align: left; }
</style>
</head>
<body>
"#;

const COLUMNS: [&str; 11] = [
    "plug-in",
    "tool",
    "calls",
    "ended",
    "errors",
    "refused",
    "mean",
    "half within",
    "99 % within",
    "longest",
    "processor time",
];

/// The page.
#[must_use]
pub fn html(report: &Report) -> String {
    let mut out = HEAD.to_owned();
    out.push_str(&svg(report));
    out.push_str("<table>\n<tr>");
    // A string takes whatever is written to it.
    COLUMNS.iter().for_each(|name| _ = write!(out, "<th>{name}</th>"));
    out.push_str("</tr>\n");
    for (plugin, tool) in report.tools() {
        let mean = tool.time.checked_div(tool.ended).unwrap_or(0);
        let counts = [tool.begun, tool.ended, tool.errors, tool.refused];
        let times = [mean, tool.half, tool.nearly_all, tool.most, tool.cpu];
        let names = [&plugin.name, &tool.name].map(|name| escaped(name));
        let cells = names.into_iter().chain(counts.map(|it| it.to_string()));
        let cells = cells.chain(times.map(time));
        out.push_str("<tr>");
        cells.for_each(|cell| _ = write!(out, "<td>{cell}</td>"));
        out.push_str("</tr>\n");
    }
    out.push_str("</table>\n</body>\n</html>\n");
    out
}
