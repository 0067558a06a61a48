//! A server that replaces a plug-in while clients call it over HTTP at a fixed rate.
//!
//! ```text
//! cargo run --release -p trine-plugins --example swaps -- CALLS RATE SWAPS
//! ```
//!
//! The plug-in is in C (`tools/who.c`), and a C compiler makes its versions. One of the swaps is to
//! a bad one, whose self-test fails. Each call has a number, and the plug-in keeps a ledger of them
//! in a file. It prints one line of JSON, from which `cargo xtask bench swap` makes a table.
//! Calls are due at fixed times, whether those before have ended or not, and a latency counts from
//! then.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use trine_gateway::server::Server;
use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};
use trine_plugins::{Plugins, Policy};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const CONNECTIONS: usize = 8;
/// Versions that take each other's place.
const VERSIONS: u64 = 8;
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of the ledger before those of the calls.
const HEAD: usize = 16;

/// A folder with the versions of the plug-in and their ledger.
struct Folder(PathBuf);

impl Folder {
    fn new(calls: usize) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("trine-swaps-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("ledger"), vec![0; HEAD + calls])?;
        Ok(Self(folder))
    }

    /// Compiles a version; one that is bad fails its self-test.
    fn build(&self, number: u64, is_bad: bool) -> Result<PathBuf> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let out = self.0.join(format!("who-{number}-{is_bad}.so"));
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror"]);
        cc.arg(format!("-DNUMBER={number}")).arg(format!("-DVERSION=\"1.{number}.0\""));
        cc.arg(if is_bad { "-DTEST=-1" } else { "-DTEST=TRINE_OK" }).arg("-DFLAGS=0u");
        cc.arg("-I").arg(root.join("../../include"));
        let done = cc.arg(root.join("examples/tools/who.c")).arg("-o").arg(&out).status()?;
        if done.success() { Ok(out) } else { Err("the C compiler refused it".into()) }
    }

    /// Shut-downs, late calls, and how often each call was begun.
    fn ledger(&self) -> Result<(u64, u64, Vec<u8>)> {
        let mut bytes = std::fs::read(self.0.join("ledger"))?;
        let calls = bytes.split_off(HEAD);
        let number = |at: usize| -> Option<u64> {
            Some(u64::from_ne_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
        };
        let (downs, late) = number(0).zip(number(8)).ok_or("the ledger is cut")?;
        Ok((downs, late, calls))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
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

/// When each swap began and ended, in microseconds, and how many were refused or did not end.
#[derive(Default)]
struct Swapped {
    marks: Vec<[u128; 2]>,
    refused: u64,
    unfinished: u64,
    /// Resident memory after a fifth of them, when threads and their memory have come and gone.
    resident: u64,
}

/// Makes the swaps, each when `wait` returns; the middle one is to the bad version.
fn swap(
    plugins: &Plugins,
    (versions, bad): (&[PathBuf], &Path),
    swaps: u64,
    wait: impl Fn(u64) -> Instant,
) -> Result<Swapped> {
    let mut done = Swapped::default();
    for swap in 1..=swaps {
        let start = wait(swap);
        let began = start.elapsed();
        let next = versions.get(usize::try_from(swap % VERSIONS)?).ok_or("too few versions")?;
        let next = if swap == swaps.div_ceil(2) { bad } else { next };
        match plugins.update(next, true) {
            Ok(leaving) => done.unfinished += u64::from(!leaving.wait(PATIENCE)),
            Err(_) => done.refused += 1,
        }
        done.marks.push([began.as_micros(), start.elapsed().as_micros()]);
        if swap == swaps.div_ceil(5) {
            done.resident = resident()?;
        }
    }
    Ok(done)
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let mut number = |name: &str| -> Result<u64> {
        let text =
            args.next().ok_or_else(|| format!("usage: swaps CALLS RATE SWAPS: no {name}"))?;
        Ok(text.parse()?)
    };
    let (calls, rate, swaps) = (number("CALLS")?, number("RATE")?, number("SWAPS")?);
    let folder = Folder::new(usize::try_from(calls)?)?;
    let versions = (0..VERSIONS).map(|number| folder.build(number, false));
    let versions = versions.collect::<Result<Vec<_>>>()?;
    let bad = folder.build(VERSIONS, true)?;
    // SAFETY: no other thread runs yet.
    unsafe { std::env::set_var("TRINE_LEDGER", folder.0.join("ledger")) };
    let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none())?;
    let plugins = Plugins::new(Arc::clone(&hub), Policy::default());
    plugins.load(&versions[..1])?;
    // Each is mapped once, and stays: memory is measured behind that.
    for version in versions.iter().skip(1).chain(&versions[..1]) {
        if !plugins.update(version, true)?.wait(PATIENCE) {
            return Err("a version without calls is not gone".into());
        }
    }
    let shut_before = folder.ledger()?.0;
    let server = Server::builder().hub(Arc::clone(&hub)).port(0).build()?;
    let (address, handle) = (server.local_addr(), server.handle());
    let serving = std::thread::spawn(move || server.run());

    let ids = |at: usize| (at as u64..calls).step_by(CONNECTIONS);
    let callers = (0..CONNECTIONS).map(|at| Caller::new(address, ids(at).count()));
    let callers = callers.collect::<Result<Vec<_>>>()?;
    let start = Instant::now() + Duration::from_millis(50);
    let run = |(at, caller): (usize, Caller)| {
        let ids = ids(at);
        std::thread::spawn(move || caller.run(ids, start, rate as f64))
    };
    let calling: Vec<_> = callers.into_iter().enumerate().map(run).collect();
    let apart = Duration::from_secs_f64(calls as f64 / rate as f64 / (swaps + 1) as f64);
    let Swapped { marks, refused, unfinished, resident: before } =
        swap(&plugins, (&versions, &bad), swaps, |swap| {
            let due = start + apart * u32::try_from(swap).unwrap_or_default();
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            start
        })?;
    let (mut ended, mut failed) = (Vec::new(), 0);
    for caller in calling {
        let caller = caller.join().map_err(|_| "a client panicked")??;
        failed += caller.failed;
        ended.push(caller.latencies);
    }
    let after = resident()?;
    let latency = |id: usize| ended.get(id % CONNECTIONS)?.get(id / CONNECTIONS).copied();
    let (shutdowns, late, begun) = folder.ledger()?;
    let latencies: Vec<u32> = (0..begun.len()).filter_map(latency).collect();
    let times = |count: u8| begun.iter().filter(|begun| **begun == count).count();
    let (never, once) = (times(0), times(1));
    println!(
        "{}",
        json!({
            "calls": latencies.len(), "rate": rate, "failed": failed, "lost": never,
            "doubled": begun.len() - never - once,
            "late": late,
            "refused": refused, "unfinished": unfinished,
            "shutdowns": shutdowns - shut_before,
            "seconds": start.elapsed().as_secs_f64(), "resident_kib": [before, after],
            "swaps": marks, "latencies": latencies,
        })
    );
    handle.shutdown();
    serving.join().map_err(|_| "the server panicked")??;
    Ok(())
}
