//! A server process and what the kernel knows of it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use devtools::sh::{self, Running};
use serde_json::Value;

use super::requests::Family;

/// The longest that a server may take to show its tools.
const START_MAX: Duration = Duration::from_secs(10);

/// A program to measure.
#[derive(Debug)]
pub(super) struct Program {
    /// Its name in tables.
    pub(super) name: &'static str,
    pub(super) path: PathBuf,
    pub(super) arguments: Vec<String>,
}

/// A running server that has shown its tools.
#[derive(Debug)]
pub(super) struct Server {
    process: Running,
    pub(super) input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// The full name of the tool to call.
    pub(super) tool: String,
}

impl Server {
    /// Starts the program, shakes hands with it, and finds its fan.
    pub(super) fn start(program: &Program, family: Family) -> Result<Self> {
        let mut command = sh::command(&program.path);
        command.args(&program.arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let child = command.stderr(Stdio::null()).spawn();
        let mut child = child.with_context(|| format!("{} could not start", program.name))?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().context("the output is a pipe")?);
        let mut server = Self { process: Running(child), input, output, tool: String::new() };
        if let Some([hello, ready]) = family.hello() {
            server.send(&hello)?;
            server.answer(&mut Vec::new())?;
            server.send(&ready)?;
        }
        server.tool = server.find_tool(family)?;
        Ok(server)
    }

    /// Writes one line.
    pub(super) fn send(&mut self, line: &str) -> Result<()> {
        let input = self.input.as_mut().context("the input is open")?;
        input.write_all(line.as_bytes()).context("the server stopped reading")
    }

    /// Reads the next line that answers a request, sees that it is a success, and gives its id.
    pub(super) fn answer(&mut self, line: &mut Vec<u8>) -> Result<u64> {
        loop {
            line.clear();
            ensure!(self.output.read_until(b'\n', line)? > 0, "the server ended");
            let text = std::str::from_utf8(line)?;
            // A notification has a method; it answers nothing.
            if text.contains("\"method\":") {
                continue;
            }
            let refused = text.contains("\"isError\":true") || text.contains("\"error\":");
            ensure!(!refused, "a call was refused: {text}");
            return id_of(text).with_context(|| format!("an answer without an id: {text}"));
        }
    }

    fn find_tool(&mut self, family: Family) -> Result<String> {
        let (since, mut line) = (Instant::now(), Vec::new());
        loop {
            self.send(&family.list(None))?;
            self.answer(&mut line)?;
            let answer: Value = serde_json::from_slice(&line)?;
            let tools = answer["result"]["tools"].as_array().cloned().unwrap_or_default();
            let mut names = tools.iter().filter_map(|tool| tool["name"].as_str());
            if let Some(name) = names.find(|name| name.ends_with("fan_set")) {
                return Ok(name.to_owned());
            }
            ensure!(since.elapsed() < START_MAX, "no fan_set among {} tools", tools.len());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asks for the whole list, page by page, and answers how many tools there are.
    pub(super) fn tools(&mut self, family: Family) -> Result<usize> {
        let (mut count, mut cursor, mut line) = (0, None, Vec::new());
        loop {
            self.send(&family.list(cursor.as_deref()))?;
            self.answer(&mut line)?;
            let text = std::str::from_utf8(&line)?;
            count += text.matches("\"inputSchema\":").count();
            let next =
                text.split_once("\"nextCursor\":\"").and_then(|(_, rest)| rest.split('"').next());
            cursor = next.map(str::to_owned);
            if cursor.is_none() {
                return Ok(count);
            }
        }
    }

    /// Processor time of all its threads so far: of those that run to the nanosecond, or with
    /// those that ended in steps of 10 ms, whichever is more.
    pub(super) fn cpu(&self) -> Result<Duration> {
        let process = format!("/proc/{}", self.process.0.id());
        let mut sum = Duration::ZERO;
        // A thread may end while we read.
        for task in sh::entries(Path::new(&format!("{process}/task")))? {
            let Ok(text) = std::fs::read_to_string(task.join("schedstat")) else { continue };
            let nanoseconds = text.split(' ').next().and_then(|text| text.parse().ok());
            sum += Duration::from_nanos(nanoseconds.context("schedstat begins with a number")?);
        }
        let stat = std::fs::read_to_string(format!("{process}/stat"))?;
        Ok(sum.max(sh::processor_time(&stat, 2).context("/proc/PID/stat has the times")?))
    }

    /// The most resident memory so far, in MiB.
    pub(super) fn peak_mib(&self) -> Result<f64> {
        self.mib("status", "VmHWM:")
    }

    /// Resident memory in MiB, of which pages that processes share count in part for each.
    pub(super) fn own_mib(&self) -> Result<f64> {
        self.mib("smaps_rollup", "Pss:")
    }

    fn mib(&self, file: &str, name: &str) -> Result<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/{file}", self.process.0.id()))?;
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next());
        let kib: f64 = kib.with_context(|| format!("/proc/PID/{file} has no {name}"))?.parse()?;
        Ok(kib / 1024.0)
    }
}

fn id_of(answer: &str) -> Option<u64> {
    let digits = answer.split_once("\"id\":")?.1;
    digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::id_of;

    #[test]
    fn an_answer_tells_its_id() {
        assert_eq!(id_of(r#"{"jsonrpc":"2.0","id":42,"result":{}}"#), Some(42));
        assert_eq!(id_of(r#"{"jsonrpc":"2.0","result":{}}"#), None);
    }
}
