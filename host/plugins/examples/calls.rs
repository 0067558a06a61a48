//! What a call of a plug-in costs beside the same tool in this program, and what loading takes.
//!
//! ```text
//! cargo run --release -p trine-plugins --example calls
//! ```
//!
//! The tools get the same encoded arguments and return at once, on the thread that calls; that in a
//! process of its own is called, and waited for, one call after another. It
//! prints one line of JSON, from which `cargo xtask bench plugin` makes a table.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use trine_descriptor::{Field, IntRange, Kind, Tool, ToolInfo, ValueWriter};
use trine_gateway::host_tools::{Caller, Direct, End, HostCall, HostTools, table};
use trine_gateway::table::Table;
use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};
use trine_mcp::Outcome;
use trine_plugins::{Plugins, Policy, keys};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const NUMBER: Kind<'static> = Kind::Int(IntRange { min: 0, max: 100_000_000 });
const PARAMS: [Field<'static>; 1] = [Field::new("id", NUMBER).describe("The number of the call.")];
const OUTPUT: [Field<'static>; 1] = [Field::new("version", NUMBER).describe("Who did it.")];
/// Calls of one measurement, and measurements.
const CALLS: u64 = 100_000;
const ROUNDS: usize = 41;

/// The tool in this program.
struct Own(Arc<Table>);

impl HostTools for Own {
    fn table(&self) -> &Arc<Table> {
        &self.0
    }

    fn call(&self, call: HostCall) {
        let id = call.args().int(0).unwrap_or_default();
        let mut room = [0; 16];
        let mut out = ValueWriter::new(&mut room);
        out.int(0, id + 1);
        call.done(Outcome::Value(out.bytes()));
    }
}

/// Counts the calls that ended with a result.
#[derive(Default)]
struct Ended(AtomicU64);

impl End for Ended {
    fn ended(&self, _: u64, outcome: Outcome<'_>) {
        let is_value = matches!(outcome, Outcome::Value(_));
        self.0.fetch_add(is_value.into(), Ordering::Relaxed);
    }
}

/// Nanoseconds of a call.
fn measure(tools: &Direct, args: &[u8], caller: &Caller) -> f64 {
    let began = Instant::now();
    for number in 0..CALLS {
        tools.call(0, args, (caller, number));
    }
    began.elapsed().as_secs_f64() * 1e9 / CALLS as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Compiles the plug-in; its functions return at once.
fn build(folder: &Path, number: u32) -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = folder.join(format!("add-{number}.so"));
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-O2", "-std=c11", "-Wall", "-Wextra", "-Werror"]);
    cc.arg(format!("-DVERSION=\"1.{number}.0\"")).arg("-I").arg(root.join("../../include"));
    let done = cc.arg(root.join("examples/tools/add.c")).arg("-o").arg(&out).status()?;
    if done.success() { Ok(out) } else { Err("the C compiler refused it".into()) }
}

/// Milliseconds from a file to the end of the first call.
fn load(policy: Policy, file: &Path, args: &[u8]) -> Result<f64> {
    let began = Instant::now();
    let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none())?;
    let plugins = Plugins::new(Arc::clone(&hub), policy);
    plugins.load(&[file])?;
    let id = plugins.list().first().ok_or("it is not loaded")?.id;
    let ended = Arc::new(Ended::default());
    hub.direct(id)?.call(0, args, (&Caller::new(Arc::clone(&ended)), 0));
    let took = began.elapsed().as_secs_f64() * 1e3;
    if ended.0.load(Ordering::Relaxed) == 1 { Ok(took) } else { Err("its call failed".into()) }
}

/// Milliseconds from when a watched file is another one until that one serves.
fn reload(folder: &Path) -> Result<f64> {
    let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none())?;
    let plugins = Plugins::new(Arc::clone(&hub), Policy::default());
    let file = folder.join("watched.so");
    std::fs::rename(build(folder, 2_000)?, &file)?;
    plugins.load(&[&file])?;
    let _watch = plugins.watch(&[&file])?;
    let mut took = Vec::new();
    for number in 2_001..2_006 {
        std::fs::rename(build(folder, number)?, &file)?;
        let began = Instant::now();
        while plugins.list().first().is_none_or(|it| it.about.version.minor != u64::from(number)) {
            std::thread::sleep(Duration::from_millis(1));
            if began.elapsed() > Duration::from_secs(30) {
                return Err("it was not replaced".into());
            }
        }
        took.push(began.elapsed().as_secs_f64() * 1e3);
    }
    Ok(median(took))
}

/// Nanoseconds of a call in a process of its own, from one thread that waits for each.
#[cfg(target_os = "linux")]
fn isolated(file: &Path, args: &[u8]) -> Result<f64> {
    const CALLS: u64 = 2_000;
    let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none())?;
    let policy = Policy { isolate: true, ..Policy::default() };
    let plugins = Plugins::new(Arc::clone(&hub), policy);
    plugins.load(&[file])?;
    let tools = hub.direct(plugins.list().first().ok_or("it is not loaded")?.id)?;
    let (send, ended) = std::sync::mpsc::channel();
    let caller = Caller::new(Arc::new(Waits(std::sync::Mutex::new(send))));
    let mut took = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for number in 0..CALLS {
            tools.call(0, args, (&caller, number));
            if !ended.recv()? {
                return Err("a call in a process failed".into());
            }
        }
        took.push(began.elapsed().as_secs_f64() * 1e9 / CALLS as f64);
    }
    drop(tools);
    plugins.close();
    Ok(median(took))
}

/// Tells who waits for a call whether it ended with a result.
#[cfg(target_os = "linux")]
struct Waits(std::sync::Mutex<std::sync::mpsc::Sender<bool>>);

#[cfg(target_os = "linux")]
impl End for Waits {
    fn ended(&self, _: u64, outcome: Outcome<'_>) {
        let is_value = matches!(outcome, Outcome::Value(_));
        let send = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Who waits may have seen an error before.
        _ = send.send(is_value);
    }
}

#[cfg(not(target_os = "linux"))]
fn isolated(_: &Path, _: &[u8]) -> Result<f64> {
    Ok(0.0)
}

fn main() -> Result<std::process::ExitCode> {
    if std::env::args().skip(1).eq(["plugin", "host"]) {
        return Ok(trine_plugins::plugin_host());
    }
    let folder = tempfile::TempDir::new()?;
    let mut room = [0; 16];
    let mut args = ValueWriter::new(&mut room);
    args.int(0, 12_345);
    let args = args.bytes();

    // Other versions, so that none is mapped before.
    let pair = minisign::KeyPair::generate_unencrypted_keypair()?;
    let list = folder.path().join("keys");
    std::fs::write(&list, pair.pk.to_box()?.to_string())?;
    let (mut plain, mut checked) = (Vec::new(), Vec::new());
    for number in 0..10 {
        plain.push(load(Policy::default(), &build(folder.path(), number)?, args)?);
        let file = build(folder.path(), 100 + number)?;
        let bytes = std::fs::read(&file)?;
        let signature = minisign::sign(None, &pair.sk, &bytes[..], None, None)?;
        std::fs::write(format!("{}.minisig", file.display()), signature.to_string())?;
        let policy = Policy { keys: keys(&list)?, ..Policy::default() };
        checked.push(load(policy, &file, args)?);
    }

    let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none())?;
    let plugins = Plugins::new(Arc::clone(&hub), Policy::default());
    plugins.load(&[build(folder.path(), 1_000)?])?;
    let plugin = hub.direct(plugins.list().first().ok_or("it is not loaded")?.id)?;
    let tool = Tool::new(ToolInfo::new("own", "Add one."), &PARAMS, &OUTPUT);
    let own = hub.direct(hub.add_tools(Arc::new(Own(table(&[tool])?)))?)?;
    let ended = Arc::new(Ended::default());
    let caller = Caller::new(Arc::clone(&ended));
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(measure(&own, args, &caller));
        theirs.push(measure(&plugin, args, &caller));
    }
    if ended.0.load(Ordering::Relaxed) != CALLS * ROUNDS as u64 * 2 {
        return Err("a call failed".into());
    }
    println!(
        "{}",
        json!({
            "own_ns": median(ours), "plugin_ns": median(theirs),
            "load_ms": median(plain), "checked_ms": median(checked),
            "reload_ms": reload(folder.path())?,
            "isolated_ns": isolated(&build(folder.path(), 3_000)?, args)?,
        })
    );
    Ok(std::process::ExitCode::SUCCESS)
}
