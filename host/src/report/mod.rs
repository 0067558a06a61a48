//! What a program has used: the file that `--report` writes, as text, picture and page.
//!
//! The file is read as one of a stranger: names are shortened and cleaned, lists have an end.

mod page;
mod picture;
mod text;

use serde_json::Value;
use trine_gateway::sanitize;

pub use page::html;
pub use picture::svg;
pub use text::text;

/// Most bytes of a file.
pub const BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Most entries that are shown of plug-ins, and of tools of each.
const ROWS_MAX: usize = 200;
/// Most characters of a name.
const NAME_MAX: usize = 64;

/// What a program has used, up to some moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Seconds since it began.
    pub seconds: u64,
    /// Bytes of memory that the program had.
    pub rss: u64,
    /// The most that it should have; 0 where nothing was said.
    pub max_rss: u64,
    /// Bytes of memory that plug-ins may have together.
    pub budget: u64,
    /// Plug-ins, and what else of the program has tools.
    pub plugins: Vec<Plugin>,
}

/// A plug-in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plugin {
    /// Its name and version.
    pub name: String,
    /// Whether it gets calls.
    pub serves: bool,
    /// Threads that have not returned.
    pub threads_lost: u64,
    /// Bytes of memory that it holds of the budget.
    pub memory: u64,
    /// Bytes of graphics memory.
    pub gpu_memory: u64,
    /// Devices that it holds.
    pub devices: Vec<String>,
    /// Nanoseconds of processor time, of its tools or of its own process.
    pub cpu: u64,
    /// Its tools.
    pub tools: Vec<Tool>,
}

/// A tool. Times are nanoseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Calls that were begun.
    pub begun: u64,
    /// Calls that have ended.
    pub ended: u64,
    /// Those of them that failed.
    pub errors: u64,
    /// Calls that were refused.
    pub refused: u64,
    /// Processor time.
    pub cpu: u64,
    /// The time of all calls.
    pub time: u64,
    /// The longest.
    pub most: u64,
    /// Half of them ended within it.
    pub half: u64,
    /// 99 of 100 did.
    pub nearly_all: u64,
}

impl Report {
    /// Reads the file.
    ///
    /// # Errors
    /// With what it is instead.
    pub fn read(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        match value.get("trine_report").and_then(Value::as_u64) {
            Some(1) => {}
            Some(other) => return Err(format!("it has version {other}, and 1 is known")),
            None => return Err("it has no \"trine_report\"".to_owned()),
        }
        let memory = |name| number(value.get("memory").unwrap_or(&Value::Null), name);
        Ok(Self {
            seconds: number(&value, "seconds"),
            rss: memory("rss"),
            max_rss: memory("max_rss"),
            budget: memory("budget"),
            plugins: list(&value, "plugins", Plugin::read),
        })
    }

    /// The tools with their plug-ins, those with the most calls first.
    fn tools(&self) -> Vec<(&Plugin, &Tool)> {
        let of = |plugin| move |tool| (plugin, tool);
        let each = self.plugins.iter().flat_map(|plugin| plugin.tools.iter().map(of(plugin)));
        let mut all: Vec<_> = each.collect();
        all.sort_by_key(|(_, tool)| std::cmp::Reverse(tool.begun));
        all.truncate(ROWS_MAX);
        all
    }
}

impl Plugin {
    fn read(value: &Value) -> Self {
        let version = name(value, "version");
        let gap = if version.is_empty() { "" } else { " " };
        Self {
            name: format!("{}{gap}{version}", name(value, "name")),
            serves: value.get("serves").and_then(Value::as_bool).unwrap_or(false),
            threads_lost: number(value, "threads_lost"),
            memory: number(value, "memory"),
            gpu_memory: number(value, "gpu_memory"),
            devices: list(value, "devices", |device| shown(device.as_str().unwrap_or_default())),
            cpu: number(value, "cpu_ns"),
            tools: list(value, "tools", Tool::read),
        }
    }

    /// What of it is not as it should be, or where it stands.
    fn state(&self) -> &'static str {
        match self {
            Self { threads_lost: 1.., .. } => "lost a thread",
            Self { serves: true, .. } => "serves",
            _ => "taken out",
        }
    }
}

impl Tool {
    fn read(value: &Value) -> Self {
        let number = |name| number(value, name);
        Self {
            name: name(value, "name"),
            begun: number("begun"),
            ended: number("ended"),
            errors: number("errors"),
            refused: number("refused"),
            cpu: number("cpu_ns"),
            time: number("time_ns"),
            most: number("most_ns"),
            half: number("half_ns"),
            nearly_all: number("nearly_all_ns"),
        }
    }
}

fn number(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or(0)
}

fn name(value: &Value, name: &str) -> String {
    shown(value.get(name).and_then(Value::as_str).unwrap_or_default())
}

/// A name that acts on no terminal and fits into a line.
fn shown(name: &str) -> String {
    let plain = sanitize::plain(name);
    let line: String = plain.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
    match line.char_indices().nth(NAME_MAX) {
        Some((end, _)) => format!("{}...", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

fn list<T>(value: &Value, name: &str, read: impl Fn(&Value) -> T) -> Vec<T> {
    let all = value.get(name).and_then(Value::as_array);
    all.into_iter().flatten().take(ROWS_MAX).map(read).collect()
}

/// Nanoseconds with three digits and a unit.
fn time(nanos: u64) -> String {
    let (value, unit) = match nanos {
        0..1_000 => return format!("{nanos} ns"),
        1_000..1_000_000 => (nanos as f64 / 1e3, "us"),
        1_000_000..1_000_000_000 => (nanos as f64 / 1e6, "ms"),
        _ => (nanos as f64 / 1e9, "s"),
    };
    let places = match value {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{value:.places$} {unit}")
}

/// Bytes with a unit.
fn bytes(bytes: u64) -> String {
    trine_plugins::Bytes(bytes).to_string()
}

/// The part of a whole, from 0 to 1.
fn part(of: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (of as f64 / whole as f64).min(1.0) }
}

/// The memory of the program, in words.
fn memory(report: &Report) -> String {
    let of = match report.max_rss {
        0 => String::new(),
        max => format!(" of {}", bytes(max)),
    };
    format!("{}{of}", bytes(report.rss))
}

#[cfg(test)]
mod tests;
