//! A server that replaces its own tool while clients call it over HTTP at a fixed rate.
//!
//! ```text
//! cargo run --release -p trine-gateway --example swaps -- CALLS RATE SWAPS
//! ```
//!
//! One of the swaps is a bad one, which is refused. Each call has a number, and the tool keeps a
//! ledger of them. It prints one line of JSON, from which `cargo xtask bench swap` makes a table.
//! Calls are due at fixed times, whether those before have ended or not, and a latency counts from
//! then.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use trine_descriptor::{Field, IntRange, Kind, Tool, ToolInfo};
use trine_gateway::host_tools::{HostCall, HostTools, table};
use trine_gateway::server::Server;
use trine_gateway::table::Table;
use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const NUMBER: Kind<'static> = Kind::Int(IntRange { min: 0, max: 100_000_000 });
const PARAMS: [Field<'static>; 1] = [Field::new("id", NUMBER).describe("The number of the call.")];
const OUTPUT: [Field<'static>; 1] = [Field::new("version", NUMBER).describe("Who did it.")];
const CONNECTIONS: usize = 8;
const PATIENCE: Duration = Duration::from_secs(10);

/// What all versions of the tool have done together.
struct Ledger {
    /// How often each call was begun.
    begun: Vec<AtomicU8>,
    /// Calls that reached a version after it had been shut down.
    late: AtomicU64,
    shutdowns: AtomicU64,
}

/// A version of the tool.
struct Versioned {
    table: Arc<Table>,
    version: i64,
    ledger: Arc<Ledger>,
    is_down: AtomicBool,
}

impl Versioned {
    fn new(name: &str, version: i64, ledger: &Arc<Ledger>) -> Result<Arc<Self>> {
        let tool = Tool::new(ToolInfo::new(name, "Say who does it."), &PARAMS, &OUTPUT);
        let (table, ledger) = (table(&[tool])?, Arc::clone(ledger));
        Ok(Arc::new(Self { table, version, ledger, is_down: AtomicBool::new(false) }))
    }
}

impl HostTools for Versioned {
    fn table(&self) -> &Arc<Table> {
        &self.table
    }

    fn call(&self, call: HostCall) {
        let id = call.args().int(0).and_then(|id| usize::try_from(id).ok()).unwrap_or(usize::MAX);
        if let Some(begun) = self.ledger.begun.get(id) {
            begun.fetch_add(1, Ordering::Relaxed);
        }
        self.ledger.late.fetch_add(self.is_down.load(Ordering::SeqCst).into(), Ordering::Relaxed);
        call.value(16, |out| out.int(0, self.version));
    }

    fn shutdown(&self) {
        self.is_down.store(true, Ordering::SeqCst);
        self.ledger.shutdowns.fetch_add(1, Ordering::SeqCst);
    }
}

/// Calls of one connection.
struct Caller {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
    body: String,
    /// Microseconds from when a call was due to its answer.
    latencies: Vec<u32>,
    failed: u64,
}

impl Caller {
    fn new(address: SocketAddr, calls: usize) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        // The pages are there before memory is measured.
        let (stream, body, latencies) =
            (BufReader::new(stream), String::new(), vec![u32::MAX; calls]);
        Ok(Self { stream, address, body, latencies, failed: 0 })
    }

    /// Makes the calls of these numbers, each at its time.
    fn run(mut self, ids: impl Iterator<Item = u64>, start: Instant, rate: f64) -> Result<Self> {
        for (id, place) in ids.zip(0..) {
            let due = start + Duration::from_secs_f64(id as f64 / rate);
            if let Some(wait) = due.checked_duration_since(Instant::now()) {
                std::thread::sleep(wait);
            }
            self.call(id)?;
            self.failed += u64::from(!self.body.contains("\"version\":"));
            let micros = u32::try_from(due.elapsed().as_micros()).unwrap_or(u32::MAX);
            if let Some(latency) = self.latencies.get_mut::<usize>(place) {
                *latency = micros;
            }
        }
        Ok(self)
    }

    fn call(&mut self, id: u64) -> Result<()> {
        let body = format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"tools/call\",\"params\":{{\
             \"name\":\"who\",\"arguments\":{{\"id\":{id}}},\"_meta\":{{\
             \"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\",\
             \"io.modelcontextprotocol/clientCapabilities\":{{}}}}}}}}"
        );
        let request = format!(
            "POST /mcp HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\n\
             Mcp-Method: tools/call\r\nMcp-Name: who\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut length = 0;
        loop {
            self.body.clear();
            if self.stream.read_line(&mut self.body)? == 0 {
                return Err("the server closed the connection".into());
            }
            let line = self.body.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        self.body.clear();
        self.stream.by_ref().take(length).read_to_string(&mut self.body)?;
        Ok(())
    }
}

/// Resident memory in KiB.
fn resident() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kib.ok_or_else(|| "no VmRSS".into())
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let mut number = |name: &str| -> Result<u64> {
        let text =
            args.next().ok_or_else(|| format!("usage: swaps CALLS RATE SWAPS: no {name}"))?;
        Ok(text.parse()?)
    };
    let (calls, rate, swaps) = (number("CALLS")?, number("RATE")?, number("SWAPS")?);
    let begun = (0..calls).map(|_| AtomicU8::new(0)).collect();
    let ledger = Arc::new(Ledger { begun, late: AtomicU64::new(0), shutdowns: AtomicU64::new(0) });
    let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none())?;
    let id = hub.add_tools(Versioned::new("who", 0, &ledger)?)?;
    hub.add_tools(Versioned::new("other", 0, &ledger)?)?;
    let server = Server::builder().hub(Arc::clone(&hub)).port(0).build()?;
    let (address, handle) = (server.local_addr(), server.handle());
    let serving = std::thread::spawn(move || server.run());

    let ids = |at: usize| (at as u64..calls).step_by(CONNECTIONS);
    let callers = (0..CONNECTIONS).map(|at| Caller::new(address, ids(at).count()));
    let callers = callers.collect::<Result<Vec<_>>>()?;
    let before = resident()?;
    let start = Instant::now() + Duration::from_millis(50);
    let run = |(at, caller): (usize, Caller)| {
        let ids = ids(at);
        std::thread::spawn(move || caller.run(ids, start, rate as f64))
    };
    let calling: Vec<_> = callers.into_iter().enumerate().map(run).collect();
    let apart = Duration::from_secs_f64(calls as f64 / rate as f64 / (swaps + 1) as f64);
    let (mut marks, mut refused, mut unfinished) = (Vec::new(), 0, 0);
    for swap in 1..=swaps {
        let due = start + apart * u32::try_from(swap)?;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let (is_bad, began) = (swap == swaps.div_ceil(2), start.elapsed());
        // A bad version has the name of another tool.
        let name = if is_bad { "other" } else { "who" };
        match hub.replace_tools(id, Versioned::new(name, i64::try_from(swap)?, &ledger)?) {
            Ok(leaving) => unfinished += u64::from(!leaving.wait(PATIENCE)),
            Err(_) => refused += 1,
        }
        marks.push([began.as_micros(), start.elapsed().as_micros()]);
    }
    let (mut ended, mut failed) = (Vec::new(), 0);
    for caller in calling {
        let caller = caller.join().map_err(|_| "a client panicked")??;
        failed += caller.failed;
        ended.push(caller.latencies);
    }
    let after = resident()?;
    let latency = |id: usize| ended.get(id % CONNECTIONS)?.get(id / CONNECTIONS).copied();
    let latencies: Vec<u32> = (0..ledger.begun.len()).filter_map(latency).collect();
    let times = |count: u8| {
        ledger.begun.iter().filter(|begun| begun.load(Ordering::SeqCst) == count).count()
    };
    let (never, once) = (times(0), times(1));
    println!(
        "{}",
        json!({
            "calls": latencies.len(), "rate": rate, "failed": failed, "lost": never,
            "doubled": ledger.begun.len() - never - once,
            "late": ledger.late.load(Ordering::SeqCst),
            "refused": refused, "unfinished": unfinished,
            "shutdowns": ledger.shutdowns.load(Ordering::SeqCst),
            "seconds": start.elapsed().as_secs_f64(), "resident_kib": [before, after],
            "swaps": marks, "latencies": latencies,
        })
    );
    handle.shutdown();
    serving.join().map_err(|_| "the server panicked")??;
    Ok(())
}
