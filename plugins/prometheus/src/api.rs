//! What the tools ask of the server, and what of its answers they tell.

use std::time::Duration;

use serde_json::Value;
use trine_plugin_http::{clean, cut, escaped, Service};

/// Most series of a query that are told, and of one over time, most values of such a series, and
/// most names.
pub const SERIES_MAX: usize = 100;
/// Most series over time.
pub const RANGES_MAX: usize = 20;
/// Most values of a series over time.
pub const POINTS_MAX: usize = 250;
/// Most names.
pub const NAMES_MAX: usize = 250;
/// Most values of all series over time: about 60 bytes each in an answer.
const VALUES_MAX: usize = 2_000;
/// Where a server listens, unless `PROMETHEUS_URL` tells.
const ADDRESS: &str = "http://127.0.0.1:9090";
const KINDS: [&str; 4] = ["vector", "scalar", "string", "matrix"];
const BYTES_MAX: usize = 8 << 20;
/// The server gives a query up earlier, which says more.
const TIME_MAX: Duration = Duration::from_secs(30);
const QUERY_SECONDS: u32 = 25;

/// A server.
pub struct Prometheus<'c> {
    service: Service,
    is_cancelled: &'c dyn Fn() -> bool,
}

impl std::fmt::Debug for Prometheus<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prometheus").field("service", &self.service).finish_non_exhaustive()
    }
}

/// A series: its name and labels, and its values with their moments.
#[derive(Debug, Default)]
pub struct Series {
    /// As `up{job="x"}`.
    pub name: String,
    /// Moment and value.
    pub points: Vec<(String, String)>,
}

impl Series {
    /// Its texts, with the last of its values.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let last = self.points.last().into_iter();
        [self.name.as_str()].into_iter().chain(last.flat_map(|(time, value)| [&**time, &**value]))
    }
}

/// What a query results in.
#[derive(Debug)]
pub struct Found {
    /// 0 for a vector, 1 for a scalar, 2 for a string, 3 for a matrix.
    pub kind: u32,
    /// The series.
    pub series: Vec<Series>,
    /// Warnings.
    pub warnings: String,
}

impl Found {
    /// The series that are told of a query over time: no more than their values allow.
    #[must_use]
    pub fn shown_ranges(&self) -> &[Series] {
        let mut values = 0_usize;
        let fits = |series: &&Series| {
            values = values.saturating_add(series.points.len());
            values <= VALUES_MAX
        };
        let fitting = self.series.iter().take(RANGES_MAX).take_while(fits).count();
        self.series.get(..fitting).unwrap_or_default()
    }
}

impl<'c> Prometheus<'c> {
    /// The server at `PROMETHEUS_URL`, or at port 9090 of this computer.
    ///
    /// # Errors
    /// When the address is none.
    pub fn of_environment(is_cancelled: &'c dyn Fn() -> bool) -> Result<Self, String> {
        let url = std::env::var("PROMETHEUS_URL").ok().filter(|url| !url.is_empty());
        Self::at(url.as_deref().unwrap_or(ADDRESS), is_cancelled)
    }

    /// The server at an address.
    ///
    /// # Errors
    /// As [`Self::of_environment`].
    pub fn at(address: &str, is_cancelled: &'c dyn Fn() -> bool) -> Result<Self, String> {
        let service = Service::new("Prometheus", "PROMETHEUS_URL", address)?;
        Ok(Self { service: service.limits(BYTES_MAX, TIME_MAX), is_cancelled })
    }

    /// Asks for the member `data` of an answer, which comes with its warnings.
    fn ask(&self, path: &str) -> Result<(Value, String), String> {
        let mut value = self.service.json(path, self.is_cancelled)?;
        if value.pointer("/status").and_then(Value::as_str) != Some("success") {
            let told = value.pointer("/error").and_then(Value::as_str).unwrap_or("no reason given");
            return Err(format!("Prometheus could not do it: {}", clean(told, 300)));
        }
        let warnings = value.pointer("/warnings").and_then(Value::as_array);
        let warnings = warnings.into_iter().flatten().filter_map(Value::as_str);
        let warnings = clean(&warnings.collect::<Vec<_>>().join("; "), 1_000);
        Ok((value.get_mut("data").map(Value::take).unwrap_or_default(), warnings))
    }

    /// Evaluates a query at a moment, or now.
    ///
    /// # Errors
    /// When the query is wrong, and when the server does not answer, or answers something else.
    pub fn query(&self, expr: &str, time: Option<&str>) -> Result<Found, String> {
        let time = time.map(|time| format!("&time={}", escaped(time))).unwrap_or_default();
        let expr = escaped(expr);
        let path = format!("/api/v1/query?query={expr}{time}&timeout={QUERY_SECONDS}s");
        found(self.ask(&path)?)
    }

    /// Evaluates a query at each step from a start to an end.
    ///
    /// # Errors
    /// As [`Self::query`], and when there are more values than are told.
    pub fn query_range(&self, expr: &str, span: [&str; 3]) -> Result<Found, String> {
        let ([start, end, step], expr) = (span.map(escaped), escaped(expr));
        let path = format!(
            "/api/v1/query_range?query={expr}&start={start}&end={end}&step={step}\
             &timeout={QUERY_SECONDS}s"
        );
        let found = found(self.ask(&path)?)?;
        let most = found.series.iter().map(|series| series.points.len()).max().unwrap_or_default();
        if most > POINTS_MAX {
            return Err(format!(
                "a series has {most} values in that time, and {POINTS_MAX} at most are told: \
                 choose a step {} times as long",
                most.div_ceil(POINTS_MAX)
            ));
        }
        Ok(found)
    }

    /// The names of series that contain a text.
    ///
    /// # Errors
    /// When the server does not answer, or answers something else.
    pub fn names(&self, part: &str) -> Result<Vec<String>, String> {
        let (data, _) = self.ask("/api/v1/label/__name__/values")?;
        let names = data.as_array().ok_or("Prometheus's answer is no list of names")?;
        let names = names.iter().filter_map(Value::as_str).filter(|name| name.contains(part));
        let mut names: Vec<String> = names.map(|name| cut(name, 250)).collect();
        names.sort_unstable();
        Ok(names)
    }
}

fn found((data, warnings): (Value, String)) -> Result<Found, String> {
    let kind = data.pointer("/resultType").and_then(Value::as_str).unwrap_or_default();
    let kind = KINDS.iter().position(|one| *one == kind);
    let kind = kind.and_then(|kind| u32::try_from(kind).ok());
    let kind = kind.ok_or("Prometheus's answer is of no type that this knows")?;
    let result = data.pointer("/result").and_then(Value::as_array);
    let result = result.ok_or("Prometheus's answer has no result")?;
    // A scalar and a string are one value without a name.
    let series = match kind {
        1 | 2 => vec![Series { name: String::new(), points: point(result).into_iter().collect() }],
        _ => result.iter().map(series).collect(),
    };
    Ok(Found { kind, series, warnings })
}

fn series(value: &Value) -> Series {
    let one = value.pointer("/value").and_then(Value::as_array).and_then(|it| point(it));
    let many = value.pointer("/values").and_then(Value::as_array).into_iter().flatten();
    let many = many.filter_map(|value| point(value.as_array()?));
    Series { name: name(value), points: one.into_iter().chain(many).collect() }
}

/// A moment and a value: `[1712345678.9, "1.5"]`.
fn point(value: &[Value]) -> Option<(String, String)> {
    let [Value::Number(time), Value::String(value)] = value else { return None };
    Some((cut(&time.to_string(), 40), cut(value, 1_000)))
}

/// Name and labels of a series as `PromQL` has them.
fn name(value: &Value) -> String {
    let labels = value.pointer("/metric").and_then(Value::as_object);
    let (mut name, mut pairs) = ("", Vec::new());
    for (label, value) in labels.into_iter().flatten() {
        match (label.as_str(), value.as_str().unwrap_or_default()) {
            ("__name__", value) => name = value,
            // The escapes of JSON are some of PromQL's.
            (label, _) => pairs.push(format!("{label}={value}")),
        }
    }
    match pairs[..] {
        [] => cut(name, 1_000),
        _ => cut(&format!("{name}{{{}}}", pairs.join(", ")), 1_000),
    }
}
