//! The gateway over HTTP next to rmcp behind axum, and next to axum by itself, which sends back
//! what it is sent: in one run, in turn.
//!
//! The server's processor time says most; see [`crate::gateway`]. Requests are stateless calls of
//! 2026-07-28 on connections that stay open, one at a time on each. Their bodies are those that
//! clients sent, in turn, but for one that wants to be told of progress and so gets a stream; their
//! heads are the benchmark's own.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use devtools::Gates;
use devtools::record::{self, Record};
use devtools::sh::{self, Running};
use serde_json::{Value, json};

use crate::gateway::{micros, percentile, processor_time};
use crate::recorded;

const ROUNDS: usize = 6;
/// Connections, and requests on each of them in a round.
const LOADS: [(usize, usize); 3] = [(1, 4_000), (16, 500), (100, 80)];
const WARM_UP: usize = 500;
/// The most processor time of a request, next to rmcp's and next to the echo's; the larger counts.
const CPU_MAX: [f64; 2] = [0.7, 1.2];
const NAMES: [&str; 3] = ["trine gateway", "rmcp and axum", "axum, echo"];
const VERSION: &str = "2026-07-28";

/// A server on a port of loopback.
pub(crate) struct Site {
    pub(crate) process: Running,
    pub(crate) address: String,
}

/// A connection that stays open.
struct Connection(BufReader<TcpStream>);

/// What is sent in a round, and what counts as an answer.
pub(crate) struct Calls<'c> {
    /// The request of an id to a server at an address.
    pub(crate) request: &'c (dyn Fn(&str, usize) -> String + Sync),
    pub(crate) is_answer: &'c (dyn Fn(&str) -> bool + Sync),
}

/// One round's figures, or medians: CPU µs a request, requests a second, p50, p99.
pub(crate) type Figures = [f64; 4];

pub(crate) const FIGURES: [&str; 4] = ["CPU µs a request", "requests a second", "p50 µs", "p99 µs"];

/// `cargo xtask bench http`.
pub fn main(keep: bool) -> Result<()> {
    let record = Record::begin("http", record::Figures::Times, keep)?.peer("rmcp")?.peer("axum")?;
    let programs = build()?;
    let mut text = format!(
        "Stateless calls as recorded clients write them, in turn; medians of {ROUNDS} rounds, the \
         three in turn, profile release; client and server share the cores.\n\n"
    );
    let mut gates = Gates::default();
    let sites = [
        Site::gateway(&programs[0], &[])?,
        Site::peer(&programs[1], "rmcp")?,
        Site::peer(&programs[1], "echo")?,
    ];
    let mut clients = recorded::calls("modern")?;
    clients.retain(|client| !client.wants_progress());
    let call = |address: &str, id: usize| {
        let body = clients[id % clients.len()].with(id as u64, "fan_set");
        post(address, "tools/call", "fan_set", &body)
    };
    let calls = Calls { request: &call, is_answer: &|body| body.contains("\"percent\":") };
    for load in LOADS {
        let what = format!("{} connections", load.0);
        text += &compare(&what, NAMES, (&sites, load), &calls, &mut gates)?;
    }
    let peaks = sites.each_ref().map(|site| site.peak_mib());
    for (name, peak) in NAMES.iter().zip(peaks) {
        text += &format!("{name}: {:.1} MiB at most.\n", peak?);
    }
    // What they did counts as ours once they have ended.
    drop(sites);
    record.end_with(&text, &gates)
}

/// Rounds of the three sites in turn: a table of medians, and the gate on the first one's processor
/// time next to the others'.
pub(crate) fn compare(
    what: &str,
    names: [&str; 3],
    (sites, load): (&[Site; 3], (usize, usize)),
    calls: &Calls<'_>,
    gates: &mut Gates,
) -> Result<String> {
    let mut rounds = Vec::new();
    for round in 1..=ROUNDS {
        eprintln!("{what}: round {round} of {ROUNDS}");
        let mut figures = [Figures::default(); 3];
        for (at, site) in sites.iter().enumerate() {
            figures[at] = site.round(load, calls)?;
        }
        rounds.push(figures);
    }
    let all: [Figures; 3] = [0, 1, 2].map(|who| {
        std::array::from_fn(|what| {
            let mut values: Vec<f64> = rounds.iter().map(|round| round[who][what]).collect();
            percentile(&mut values, 50)
        })
    });
    let [ours, rmcp, echo] = all.map(|figures| figures[0]);
    let most = (CPU_MAX[0] * rmcp).max(CPU_MAX[1] * echo);
    gates.at_most(format!("{what}: CPU µs a request"), ours, most);
    Ok(table(what, names, &all))
}

fn table(what: &str, [ours, rmcp, echo]: [&str; 3], all: &[Figures; 3]) -> String {
    let mut text = format!(
        "| over HTTP | {ours} | {rmcp} | {echo} | to rmcp | to the echo |\n\
         |---|---:|---:|---:|---:|---:|\n"
    );
    for (at, name) in FIGURES.iter().enumerate() {
        let [ours, rmcp, echo] = all.map(|figures| figures[at]);
        text += &format!(
            "| {what}: {name} | {ours:.1} | {rmcp:.1} | {echo:.1} | {:.2} | \
             {:.2} |\n",
            ours / rmcp,
            ours / echo
        );
    }
    text + "\n"
}

/// Builds the gateway and `peer-http`.
pub(crate) fn build() -> Result<[PathBuf; 2]> {
    // One package at a time: built together they would share features that neither asks for.
    sh::run(sh::cargo().args(["build", "--release", "-p", "trine"]))?;
    let peer =
        ["build", "--release", "-p", "trine-peer", "--features", "http", "--bin", "peer-http"];
    sh::run(sh::cargo().args(peer))?;
    Ok(["trine", "peer-http"].map(|name| sh::program_in(&sh::target_dir().join("release"), name)))
}

impl Site {
    /// The gateway with a simulated board.
    pub(crate) fn gateway(program: &PathBuf, options: &[&str]) -> Result<Self> {
        let mut command = sh::command(program);
        command.args(["gateway", "--simulate", "--http", "127.0.0.1:0"]).args(options);
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let mut log = BufReader::new(child.stderr.take().context("the log is a pipe")?);
        let process = Running(child);
        let mut line = String::new();
        let address = loop {
            line.clear();
            ensure!(log.read_line(&mut line)? > 0, "the gateway says no address");
            if let Some((_, rest)) = line.split_once("http://") {
                break rest.split('/').next().unwrap_or_default().to_owned();
            }
        };
        // It may write more; no one reads it.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Ok(Self { process, address })
    }

    /// `peer-http` of a kind.
    pub(crate) fn peer(program: &PathBuf, kind: &str) -> Result<Self> {
        Self::started(sh::command(program).arg(kind))
    }

    /// A program that prints its address and serves there.
    pub(crate) fn started(command: &mut Command) -> Result<Self> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut output = BufReader::new(child.stdout.take().context("the output is a pipe")?);
        let process = Running(child);
        let mut line = String::new();
        output.read_line(&mut line)?;
        Ok(Self { process, address: line.trim().to_owned() })
    }

    /// All requests of a round, each connection from a thread of its own.
    fn round(&self, (connections, requests): (usize, usize), calls: &Calls<'_>) -> Result<Figures> {
        let mut open = Vec::with_capacity(connections);
        for _ in 0..connections {
            let mut connection = Connection::open(&self.address)?;
            connection.calls(&self.address, WARM_UP.min(requests) / connections + 1, calls)?;
            open.push(connection);
        }
        let (before, since) = (processor_time(&self.process)?, Instant::now());
        let each =
            |mut connection: Connection| move || connection.calls(&self.address, requests, calls);
        let times: Result<Vec<Vec<f64>>> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                open.into_iter().map(|connection| scope.spawn(each(connection))).collect();
            let ended = |thread: std::thread::ScopedJoinHandle<'_, Result<Vec<f64>>>| {
                thread.join().unwrap_or_else(|_| anyhow::bail!("a client ended badly"))
            };
            threads.into_iter().map(ended).collect()
        });
        let mut times: Vec<f64> = times?.concat();
        let (cpu, took) = (processor_time(&self.process)? - before, since.elapsed());
        let count = times.len() as f64;
        let [p50, p99] = [50, 99].map(|percent| percentile(&mut times, percent));
        Ok([micros(cpu) / count, count / took.as_secs_f64(), p50, p99])
    }

    /// The most resident memory so far, in MiB.
    pub(crate) fn peak_mib(&self) -> Result<f64> {
        let process = procfs::process::Process::new(self.process.0.id().try_into()?)?;
        let kib = process.status()?.vmhwm.context("/proc/PID/status has no VmHWM")?;
        Ok(kib as f64 / 1024.0)
    }
}

impl Connection {
    fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Makes calls one after the other; the time of each in microseconds.
    fn calls(&mut self, address: &str, count: usize, calls: &Calls<'_>) -> Result<Vec<f64>> {
        let mut times = Vec::with_capacity(count);
        for id in 1..=count {
            let request = (calls.request)(address, id);
            let since = Instant::now();
            self.0.get_mut().write_all(request.as_bytes())?;
            let body = self.answer()?;
            times.push(micros(since.elapsed()));
            let is_right = (calls.is_answer)(&body) && !body.contains("\"error\":");
            ensure!(is_right, "not the answer of a call: {body}");
        }
        Ok(times)
    }

    /// Reads a response with a length.
    fn answer(&mut self) -> Result<String> {
        let (mut line, mut length, mut status) = (String::new(), None, String::new());
        loop {
            line.clear();
            ensure!(self.0.read_line(&mut line)? > 0, "the server closed the connection");
            let text = line.trim();
            if status.is_empty() {
                text.clone_into(&mut status);
            } else if text.is_empty() {
                break;
            } else if let Some((name, value)) = text.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = Some(value.trim().parse::<usize>()?);
            }
        }
        let mut body = vec![0; length.with_context(|| format!("{status}: no content-length"))?];
        self.0.read_exact(&mut body)?;
        let body = String::from_utf8(body)?;
        ensure!(status.contains(" 200 "), "{status}: {body}");
        Ok(body)
    }
}

/// A stateless request as a client sends it; `name` is empty where the method names nothing.
pub(crate) fn request(
    address: &str,
    id: usize,
    method: &str,
    name: &str,
    mut params: Value,
) -> String {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": VERSION,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
    });
    let body = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
    post(address, method, name, &body.to_string())
}

/// A message with its head.
fn post(address: &str, method: &str, name: &str, body: &str) -> String {
    let name = if name.is_empty() { String::new() } else { format!("Mcp-Name: {name}\r\n") };
    format!(
        "POST /mcp HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: {VERSION}\r\n\
         Mcp-Method: {method}\r\n{name}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
