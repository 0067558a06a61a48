//! Queries of a Prometheus server, as tools.
//!
//! The plug-in speaks the server's HTTP interface at `PROMETHEUS_URL`, or at port 9090 of this
//! computer. It reads, and changes nothing.

pub mod api;

#[path = "../../../ffi/plugin/rust/trine_plugin.rs"]
mod trine_plugin;

use api::{Prometheus, Series, NAMES_MAX, POINTS_MAX, SERIES_MAX};
use trine_plugin::{array, choice, int, object, plugin, string, tool};
use trine_plugin::{Call, Node, RawPlugin, Text, Tool, IDEMPOTENT, OPTIONAL, READ_ONLY, REQUIRED};
use trine_plugin_http::fitting;

static QUERY: [Node; 2] = [
    string!(REQUIRED, "expr", "A query in PromQL, such as up or rate(x_total[5m]).", 1, 2_000),
    string!(OPTIONAL, "time", "Moment (RFC 3339 or Unix seconds); now by default.", 1, 40),
];
static SAMPLES: [Node; 8] = [
    choice!(REQUIRED, "type", "What the query results in.", "vector|scalar|string|matrix"),
    int!(REQUIRED, "total", "", "Series there are; 100 at most are told.", 0, 1_000_000_000),
    array!(REQUIRED, "series", "The series, each with its value.", 4, 0, 100),
    object!(REQUIRED, "", "A series.", 3),
    string!(REQUIRED, "series", "Name and labels in PromQL.", 0, 1_000),
    string!(REQUIRED, "time", "Moment of the value, in Unix seconds.", 0, 40),
    string!(REQUIRED, "value", "The value, such as 1.5, NaN or +Inf.", 0, 1_000),
    string!(REQUIRED, "warnings", "Warnings of the server; empty without one.", 0, 1_000),
];

static RANGE: [Node; 4] = [
    string!(REQUIRED, "expr", "A query in PromQL.", 1, 2_000),
    string!(REQUIRED, "start", "First moment (RFC 3339 or Unix seconds).", 1, 40),
    string!(REQUIRED, "end", "Last moment (RFC 3339 or Unix seconds).", 1, 40),
    string!(REQUIRED, "step", "Between two values, such as 30s, 5m or 1h.", 1, 20),
];
static RANGES: [Node; 9] = [
    int!(REQUIRED, "total", "", "Series there are; 20 at most are told.", 0, 1_000_000_000),
    array!(REQUIRED, "series", "The series, each with its values.", 6, 0, 20),
    object!(REQUIRED, "", "A series.", 5),
    string!(REQUIRED, "series", "Name and labels in PromQL.", 0, 1_000),
    array!(REQUIRED, "points", "The values in the order of time.", 3, 0, 250),
    object!(REQUIRED, "", "A value.", 2),
    string!(REQUIRED, "time", "Moment of the value, in Unix seconds.", 0, 40),
    string!(REQUIRED, "value", "The value, such as 1.5, NaN or +Inf.", 0, 40),
    string!(REQUIRED, "warnings", "Warnings of the server; empty without one.", 0, 1_000),
];

static FILTER: [Node; 1] =
    [string!(OPTIONAL, "contains", "What the names must contain; all by default.", 1, 100)];
static NAMES: [Node; 3] = [
    int!(REQUIRED, "total", "", "Names there are; 250 at most are told.", 0, 1_000_000_000),
    array!(REQUIRED, "names", "The names in alphabetical order.", 1, 0, 250),
    string!(REQUIRED, "", "A name.", 0, 250),
];

static TOOLS: [Tool; 3] = [
    tool!(
        "query",
        "Query Prometheus",
        "Evaluate a PromQL query at one moment.",
        READ_ONLY | IDEMPOTENT,
        QUERY,
        SAMPLES,
        query
    ),
    tool!(
        "query_range",
        "Query Prometheus over time",
        "Evaluate a PromQL query at each step of a span of time.",
        READ_ONLY | IDEMPOTENT,
        RANGE,
        RANGES,
        query_range
    ),
    tool!(
        "series_names",
        "Names of series",
        "List the names of the series that Prometheus has.",
        READ_ONLY | IDEMPOTENT,
        FILTER,
        NAMES,
        series_names
    ),
];

plugin!(RawPlugin {
    description: Text::new("Queries of a Prometheus server."),
    author: Text::new("The Trine developers"),
    capabilities: Text::new("metrics prometheus"),
    calls_max: 4,
    ..RawPlugin::new("prometheus", env!("CARGO_PKG_VERSION"), &TOOLS)
});

fn query(call: &mut Call<'_>) -> Result<(), String> {
    let (expr, time) = (call.text(0), call.has(1).then(|| call.text(1)));
    let found = Prometheus::of_environment(&|| call.is_cancelled())?.query(expr, time)?;
    call.put_choice(0, found.kind);
    call.put_int(1, count(found.series.len()));
    let shown = fitting(&found.series, SERIES_MAX, Series::texts);
    call.put_array(2, size(shown));
    for series in found.series.iter().take(shown) {
        let (time, value) = series.points.last().cloned().unwrap_or_default();
        call.put_object(3);
        call.put_text(4, &series.name);
        call.put_text(5, &time);
        call.put_text(6, &value);
    }
    call.put_text(7, &found.warnings);
    Ok(())
}

fn query_range(call: &mut Call<'_>) -> Result<(), String> {
    let [expr, start, end, step] = [0, 1, 2, 3].map(|at| call.text(at));
    let span = [start, end, step];
    let found = Prometheus::of_environment(&|| call.is_cancelled())?.query_range(expr, span)?;
    call.put_int(0, count(found.series.len()));
    let shown = found.shown_ranges();
    call.put_array(1, size(shown.len()));
    for series in shown {
        call.put_object(2);
        call.put_text(3, &series.name);
        call.put_array(4, size(series.points.len().min(POINTS_MAX)));
        for (time, value) in series.points.iter().take(POINTS_MAX) {
            call.put_object(5);
            call.put_text(6, time);
            call.put_text(7, value);
        }
    }
    call.put_text(8, &found.warnings);
    Ok(())
}

fn series_names(call: &mut Call<'_>) -> Result<(), String> {
    let part = call.text(0);
    let names = Prometheus::of_environment(&|| call.is_cancelled())?.names(part)?;
    call.put_int(0, count(names.len()));
    let shown = fitting(&names, NAMES_MAX, |name| [name.as_str()]);
    call.put_array(1, size(shown));
    names.iter().take(shown).for_each(|name| call.put_text(2, name));
    Ok(())
}

fn count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX).min(1_000_000_000)
}

fn size(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
