//! A device on a serial port that keeps an account of its calls, and a cable that can be pulled.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serial2::SerialPort;
use trine_arena::Ring;
use trine_descriptor::{Field, IntRange, Kind, Limits, Tool, ToolInfo, ValueWriter};
use trine_dispatch::{Answer, Call, CallId, Calls, Config, Device, Identity, Tools};

const NUMBER: [Field<'static>; 1] =
    [Field::new("number", Kind::Int(IntRange { min: 0, max: 1 << 30 })).describe("Its number.")];

/// It changes something each time, so no call of it may be repeated.
static TOOLS: [Tool<'static>; 1] = [Tool::new(
    ToolInfo {
        limits: Limits { deadline_ms: 20_000, pending_bytes: 1 },
        ..ToolInfo::new("note", "Notes a number.")
    },
    &NUMBER,
    &NUMBER,
)];

/// The device, until it is dropped.
pub(crate) struct Ledger {
    /// How often each number was noted.
    pub(crate) noted: Arc<Mutex<Vec<u32>>>,
    /// A link to the port, which is another one each time that the cable is plugged in.
    port: PathBuf,
    cable: Arc<Mutex<Option<SerialPort>>>,
    /// Keeps the port while no one has it open.
    its: Option<SerialPort>,
    end: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Ledger {
    pub(crate) fn start(port: PathBuf, numbers: usize) -> Self {
        let mut ledger = Self::unplugged(port, numbers);
        ledger.plug();
        ledger
    }

    /// One whose cable is not plugged in.
    pub(crate) fn unplugged(port: PathBuf, numbers: usize) -> Self {
        let noted = Arc::new(Mutex::new(vec![0; numbers]));
        let (cable, end) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let (its, its_cable, its_end) = (Arc::clone(&noted), Arc::clone(&cable), Arc::clone(&end));
        let thread = Some(std::thread::spawn(move || run(its, &its_cable, &its_end)));
        Self { noted, port, cable, its: None, end, thread }
    }

    /// As an argument of `--serial`.
    pub(crate) fn port(&self) -> &Path {
        &self.port
    }

    pub(crate) fn pull(&mut self) {
        std::fs::remove_file(&self.port).unwrap();
        *self.cable.lock().unwrap() = None;
        self.its = None;
    }

    pub(crate) fn plug(&mut self) {
        let (ours, its) = SerialPort::pair().unwrap();
        let path = std::fs::read_link(format!("/proc/self/fd/{}", its.as_raw_fd())).unwrap();
        self.connect(Some(ours));
        self.its = Some(its);
        std::os::unix::fs::symlink(path, &self.port).unwrap();
    }

    /// Plugs the cable into a port of another name.
    pub(crate) fn plug_as(&mut self, port: PathBuf) {
        self.port = port;
        self.plug();
    }

    /// The line on which the device is, or that it is on none.
    pub(crate) fn connect(&mut self, mut line: Option<SerialPort>) {
        if let Some(line) = &mut line {
            line.set_read_timeout(Duration::from_millis(1)).unwrap();
        }
        *self.cable.lock().unwrap() = line;
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.end.store(true, SeqCst);
        self.thread.take().unwrap().join().unwrap();
    }
}

fn run(noted: Arc<Mutex<Vec<u32>>>, cable: &Mutex<Option<SerialPort>>, end: &AtomicBool) {
    let identity = Identity { product: "ledger", serial: "L1", ..Identity::default() };
    let config = Config { identity, epoch: 77, calls_max: 8, pending_max: 1, ..Config::DEFAULT };
    let mut memory = vec![0; config.memory()];
    let mut bytes = [0; 512];
    let mut ring = Ring::new(&mut bytes);
    let (mut line, out) = ring.split();
    let mut device = Device::new(config, &mut memory, out, &TOOLS).unwrap();
    let mut clerk = Clerk { noted, slow: Vec::new() };
    let since = Instant::now();
    while !end.load(SeqCst) {
        let mut said = Vec::new();
        device.poll(since.elapsed().as_millis() as u64, 8, &mut clerk);
        said.extend_from_slice(device.tx_peek());
        device.tx_consume(said.len());
        let mut cable = cable.lock().unwrap();
        let Some(port) = &mut *cable else {
            drop(cable);
            std::thread::sleep(Duration::from_millis(1));
            continue;
        };
        // What no one reads is lost, as on a real line.
        let _ = port.write_all(&said);
        let mut bytes = [0; 128];
        match port.read(&mut bytes) {
            Ok(len) => drop(line.push(&bytes[..len])),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

struct Clerk {
    noted: Arc<Mutex<Vec<u32>>>,
    /// Calls that take a while, and when they are done.
    slow: Vec<(CallId, i64, u64)>,
}

impl Tools for Clerk {
    fn call(&mut self, call: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
        let number = call.args.int(0).unwrap();
        self.noted.lock().unwrap()[number as usize] += 1;
        if number % 3 == 0 {
            self.slow.push((call.id, number, call.now + 5));
            return Answer::Pending;
        }
        out.int(0, number);
        Answer::Done
    }

    fn tick(&mut self, now: u64, calls: &mut Calls<'_, '_>) -> u64 {
        self.slow.retain(|(call, number, at)| {
            now < *at || calls.complete(*call, |out| out.int(0, *number)).is_err()
        });
        now + 1
    }

    fn stop(&mut self, _: u16, id: CallId) {
        self.slow.retain(|(call, ..)| *call != id);
    }
}
