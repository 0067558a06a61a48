//! A server process, what it is asked, and what the kernel knows of it. The bytes of the requests
//! are the same for every server, and made before anything is timed. Calls are those that clients
//! sent, in turn: see [`crate::recorded`].

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use devtools::sh::{self, Running};
use procfs::process::Process;
use serde_json::{Value, json};

use crate::recorded::{self, Recorded};

/// The longest that a server may take to show its tools.
const START_MAX: Duration = Duration::from_secs(10);

/// A protocol family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// With `initialize`, then requests without anything of the kind.
    Legacy,
    /// Without: each request says who speaks.
    Stateless,
}

impl Family {
    pub(super) fn version(self) -> &'static str {
        match self {
            Self::Legacy => "2025-11-25",
            Self::Stateless => "2026-07-28",
        }
    }

    /// What comes before the first request.
    pub(super) fn hello(self) -> Option<[String; 2]> {
        (self == Self::Legacy).then(|| {
            let hello = json!({
                "protocolVersion": self.version(),
                "capabilities": {},
                "clientInfo": {"name": "bench", "version": "1"},
            });
            let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
            [self.line(0, "initialize", hello), format!("{ready}\n")]
        })
    }

    /// A request for the list of tools, from a cursor on.
    pub(super) fn list(self, cursor: Option<&str>) -> String {
        let params = cursor.map_or_else(|| json!({}), |cursor| json!({"cursor": cursor}));
        self.line(0, "tools/list", params)
    }

    /// How the files of its clients' messages end.
    fn clients(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Stateless => "modern",
        }
    }

    fn line(self, id: u64, method: &str, mut params: Value) -> String {
        if self == Self::Stateless {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": self.version(),
                "io.modelcontextprotocol/clientCapabilities": {},
                "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
            });
        }
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        format!("{message}\n")
    }
}

pub(super) struct Program {
    pub(super) name: &'static str,
    pub(super) path: PathBuf,
    pub(super) arguments: String,
}

/// A whole list of tools.
#[derive(Default)]
pub(super) struct Listed {
    pub(super) tools: usize,
    pub(super) bytes: usize,
    /// How long the client waited for all of its pages.
    pub(super) waited: Duration,
}

/// How both servers begin a notification.
const NOTIFICATION: &str = "{\"jsonrpc\":\"2.0\",\"method\":";

/// A running server that has shown its tools.
pub(super) struct Server {
    process: Running,
    pub(super) input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// The last line that it wrote.
    line: String,
    /// The full name of the tool to call.
    tool: String,
    recorded: Vec<Recorded>,
}

impl Server {
    /// Starts the program, shakes hands with it, and finds its fan.
    pub(super) fn start(program: &Program, family: Family) -> Result<Self> {
        let mut command = sh::command(&program.path);
        command.args(program.arguments.split(' ')).stdin(Stdio::piped()).stdout(Stdio::piped());
        let child = command.stderr(Stdio::null()).spawn();
        let mut child = child.with_context(|| format!("{} could not start", program.name))?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().context("the output is a pipe")?);
        let [line, tool] = [String::new(), String::new()];
        let recorded = recorded::calls(family.clients())?;
        let process = Running(child);
        let mut server = Self { process, input, output, line, tool, recorded };
        if let Some([hello, ready]) = family.hello() {
            server.send(&hello)?;
            server.answer()?;
            server.send(&ready)?;
        }
        let found = sh::within(START_MAX, || server.find_tool(family).transpose());
        server.tool = found.with_context(|| format!("{} shows no fan_set", program.name))??;
        Ok(server)
    }

    /// A call that sets the fan to `id` modulo 101 percent, as the clients write it in turn.
    pub(super) fn call(&self, id: u64) -> String {
        let client = id as usize % self.recorded.len();
        self.recorded[client].with(id, &self.tool) + "\n"
    }

    pub(super) fn send(&mut self, line: &str) -> Result<()> {
        let input = self.input.as_mut().context("the input is open")?;
        input.write_all(line.as_bytes()).context("the server stopped reading")
    }

    /// Reads the next line that answers a request, sees that it is a success, and gives its id.
    pub(super) fn answer(&mut self) -> Result<u64> {
        self.answer_after(|| {})
    }

    /// The same; calls `read` when the line is there, before it is looked at.
    fn answer_after(&mut self, read: impl FnOnce()) -> Result<u64> {
        let mut read = Some(read);
        loop {
            self.line.clear();
            ensure!(self.output.read_line(&mut self.line)? > 0, "the server ended");
            let text = &self.line;
            // A notification has a method before anything else; it answers nothing.
            let head = text.get(..NOTIFICATION.len());
            if head == Some(NOTIFICATION) {
                continue;
            }
            if let Some(read) = read.take() {
                read();
            }
            let refused = text.contains("\"isError\":true") || text.contains("\"error\":");
            ensure!(!refused, "a call was refused: {text}");
            let id = text.split_once("\"id\":").map_or("", |(_, rest)| rest);
            let id = id.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
            return id.parse().with_context(|| format!("an answer without an id: {text}"));
        }
    }

    /// The full name of the fan's tool, once it is listed.
    fn find_tool(&mut self, family: Family) -> Result<Option<String>> {
        self.send(&family.list(None))?;
        self.answer()?;
        let names = self.line.split("\"name\":\"").filter_map(|rest| rest.split('"').next());
        Ok(names.into_iter().find(|name| name.ends_with("fan_set")).map(str::to_owned))
    }

    /// Asks for the whole list, page by page.
    pub(super) fn tools(&mut self, family: Family) -> Result<Listed> {
        let (mut listed, mut cursor) = (Listed::default(), None);
        loop {
            let line = family.list(cursor.as_deref());
            let since = Instant::now();
            self.send(&line)?;
            // What follows is the client's own work, which is not what is measured.
            self.answer_after(|| listed.waited += since.elapsed())?;
            listed.bytes += self.line.len();
            listed.tools += self.line.matches("\"inputSchema\":").count();
            let Some((_, next)) = self.line.split_once("\"nextCursor\":\"") else {
                return Ok(listed);
            };
            cursor = next.split('"').next().map(str::to_owned);
        }
    }

    fn process(&self) -> Result<Process> {
        Ok(Process::new(self.process.0.id().try_into()?)?)
    }

    /// Processor time so far: see [`processor_time`].
    pub(super) fn cpu(&self) -> Result<Duration> {
        processor_time(&self.process)
    }

    /// The most resident memory so far, in MiB.
    pub(super) fn peak_mib(&self) -> Result<f64> {
        let kib = self.process()?.status()?.vmhwm.context("/proc/PID/status has no VmHWM")?;
        Ok(kib as f64 / 1024.0)
    }

    /// Resident memory in MiB, of which pages that processes share count in part for each.
    pub(super) fn own_mib(&self) -> Result<f64> {
        let maps = self.process()?.smaps_rollup()?.memory_map_rollup;
        let bytes = maps.iter().find_map(|map| map.extension.map.get("Pss"));
        Ok(*bytes.context("/proc/PID/smaps_rollup has no Pss")? as f64 / f64::from(1 << 20))
    }
}

/// Processor time of all threads of a process so far: of those that run to the nanosecond, or with
/// those that ended in steps of 10 ms, whichever is more.
pub(crate) fn processor_time(process: &Running) -> Result<Duration> {
    let process = Process::new(process.0.id().try_into()?)?;
    // A thread may end while we read.
    let threads = process.tasks()?.filter_map(|task| task.ok()?.schedstat().ok());
    let running = threads.map(|thread| thread.sum_exec_runtime).sum();
    let stat = process.stat()?;
    let ticks = Duration::from_secs(stat.utime + stat.stime);
    Ok(Duration::from_nanos(running).max(ticks / u32::try_from(procfs::ticks_per_second())?))
}
