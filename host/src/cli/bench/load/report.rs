//! What a run came to, for people and as JSON.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};

use super::run::{Outcome, Plan};
use super::target::Target;
use crate::cli::paint::{BAD, STRONG, count, say, some, time};

/// The percentiles that are printed, and their names in JSON.
const PERCENTILES: [(f64, &str, &str); 5] = [
    (50.0, "p50", "p50"),
    (90.0, "p90", "p90"),
    (99.0, "p99", "p99"),
    (99.9, "p99.9", "p99_9"),
    (100.0, "max", "max"),
];

/// A run and its figures.
pub(super) struct Report<'r> {
    pub(super) target: &'r Target,
    pub(super) plan: &'r Plan,
    pub(super) outcome: &'r Outcome,
}

impl Report<'_> {
    /// Calls with a result a second.
    fn rate(&self) -> f64 {
        self.outcome.latency.len() as f64 / self.outcome.elapsed.as_secs_f64().max(1e-9)
    }

    /// What was measured, in a line.
    pub(super) fn title(&self) -> String {
        let Plan { connections, rate, .. } = *self.plan;
        let rate = rate
            .map_or_else(String::new, |rate| format!(", {} requests/s due", count(rate.into())));
        let connections = some(connections.into(), "connection");
        format!("{} at {}, {connections}{rate}", self.target.tool, self.target.url)
    }

    pub(super) fn print(&self) {
        let Outcome { latency, late, errors, bytes, elapsed } = self.outcome;
        let [name, version] = &self.target.server;
        say!("{STRONG}{}{STRONG:#}", self.title());
        say!("server    {name} {version}, MCP {}", self.target.revision);
        let (done, seconds) = (count(latency.len()), elapsed.as_secs_f64());
        say!("answered  {done} requests in {seconds:.2} s, {:.1} requests/s", self.rate());
        for (percentile, name, _) in PERCENTILES.iter().filter(|_| !latency.is_empty()) {
            say!("{name:<10}{}", time(at(latency, *percentile)));
        }
        if self.plan.rate.is_some() && !late.is_empty() {
            let [half, most] = [50.0, 99.0].map(|percentile| time(at(late, percentile)));
            say!("sent      {half} after they were due at p50, {most} at p99");
        }
        let [sent, received] = bytes.map(count);
        say!("bytes     {sent} sent, {received} received, without headers");
        if errors.is_empty() {
            say!("errors    none");
        }
        for (fault, number) in errors {
            say!("{BAD}errors{BAD:#}    {} {}", count(*number), fault.text());
        }
    }

    pub(super) fn json(&self) -> Value {
        let Outcome { latency, late, errors, bytes: [sent, received], elapsed } = self.outcome;
        let [name, version] = &self.target.server;
        let failed: u64 = errors.values().sum();
        let errors: Map<String, Value> =
            errors.iter().map(|(fault, number)| (fault.text(), (*number).into())).collect();
        json!({
            "url": self.target.url,
            "server": { "name": name, "version": version },
            "revision": self.target.revision,
            "tool": self.target.tool,
            "connections": self.plan.connections,
            "rate": self.plan.rate,
            "seconds": elapsed.as_secs_f64(),
            "requests": latency.len() + failed,
            "answered": latency.len(),
            "requests_per_s": self.rate(),
            "latency_us": percentiles(latency),
            "late_us": self.plan.rate.map(|_| percentiles(late)),
            "bytes_sent": sent,
            "bytes_received": received,
            "failed": failed,
            "errors": errors,
        })
    }
}

/// The latency of a percentile.
fn at(latency: &Histogram<u64>, percentile: f64) -> Duration {
    Duration::from_nanos(latency.value_at_percentile(percentile))
}

/// Percentiles in microseconds; `null` where there are none.
fn percentiles(latency: &Histogram<u64>) -> Value {
    let each = PERCENTILES.iter().map(|(percentile, _, name)| {
        let us = at(latency, *percentile).as_nanos() as f64 / 1e3;
        ((*name).to_owned(), if latency.is_empty() { Value::Null } else { us.into() })
    });
    Value::Object(each.collect())
}
