//! The greenhouse board at the end of a unix socket, with a cable that can be pulled and noise.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use trine_arena::{Producer, Ring};
use trine_board::tools::{self, BoardTools, TOOLS};
use trine_board::{Greenhouse, SimHardware};
use trine_dispatch::{Config, Device, Identity};

/// What the test does to the board and its cable.
#[derive(Default)]
pub(crate) struct Controls {
    /// The cable is pulled: connections are cut and none is taken.
    pub(crate) unplugged: AtomicBool,
    /// The board is to start again.
    pub(crate) restart: AtomicBool,
    /// The board receives and does nothing about it.
    pub(crate) stuck: AtomicBool,
    /// Ends of frames that came while it was stuck: two for each frame.
    pub(crate) held: AtomicU32,
    /// So many of the next pieces to the host have one bit wrong.
    pub(crate) hurt: AtomicU32,
    /// Text that the firmware prints between frames.
    pub(crate) print: Mutex<Vec<u8>>,
    /// Calls that entered a tool since the board was made, over all starts.
    pub(crate) entered: AtomicU32,
    /// Frames that the board found corrupt.
    pub(crate) bad: AtomicU32,
    /// How fast its clock runs; 0 as it should.
    pub(crate) pace: AtomicU32,
    /// It takes connections.
    pub(crate) listens: AtomicBool,
    end: AtomicBool,
}

/// A board behind a unix socket.
pub(crate) struct Board {
    pub(crate) path: PathBuf,
    pub(crate) controls: Arc<Controls>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Board {
    pub(crate) fn start(path: PathBuf, serial: &'static str) -> Self {
        let controls = Arc::new(Controls::default());
        let (at, its) = (path.clone(), Arc::clone(&controls));
        let thread = Some(std::thread::spawn(move || run(&at, serial, &its)));
        crate::harness::until(
            || controls.listens.load(SeqCst).then_some(()),
            || "the board does not listen".to_owned(),
        );
        Self { path, controls, thread }
    }

    /// As an argument of `--unix`.
    pub(crate) fn address(&self) -> &str {
        self.path.to_str().unwrap()
    }

    pub(crate) fn unplug(&self) {
        self.controls.unplugged.store(true, SeqCst);
    }

    pub(crate) fn plug(&self) {
        self.controls.unplugged.store(false, SeqCst);
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        self.controls.end.store(true, SeqCst);
        self.thread.take().unwrap().join().unwrap();
    }
}

struct Chip {
    device: Device<'static>,
    line: Producer<'static>,
    tools: BoardTools<SimHardware>,
    since: Instant,
}

impl Chip {
    fn boot(serial: &'static str, epoch: u32) -> Self {
        let (vendor, product, firmware, build) = ("trine", "greenhouse", "1", "test");
        let identity = Identity { vendor, product, serial, firmware, build };
        let config = Config { epoch, ..tools::config(identity) };
        let memory = Box::leak(vec![0; config.memory()].into_boxed_slice());
        // As small as on a microcontroller, so that a host which sends too much at once loses.
        let ring = Box::leak(vec![0; 256].into_boxed_slice());
        let (line, out) = Box::leak(Box::new(Ring::new(ring))).split();
        Self {
            device: Device::new(config, memory, out, &TOOLS).unwrap(),
            line,
            tools: BoardTools::new(Greenhouse::new(SimHardware::new())),
            since: Instant::now(),
        }
    }
}

fn run(path: &Path, serial: &'static str, controls: &Controls) {
    let (mut chip, mut epoch, mut entered) = (Chip::boot(serial, 7), 7, 0);
    let mut listener: Option<UnixListener> = None;
    let mut cable: Option<UnixStream> = None;
    while !controls.end.load(SeqCst) {
        if controls.unplugged.load(SeqCst) {
            (cable, listener) = (None, None);
            controls.listens.store(false, SeqCst);
            drop(std::fs::remove_file(path));
        } else if listener.is_none() {
            let new = UnixListener::bind(path).unwrap();
            new.set_nonblocking(true).unwrap();
            listener = Some(new);
            controls.listens.store(true, SeqCst);
        }
        if controls.restart.swap(false, SeqCst) {
            entered += chip.device.status(0).entered;
            epoch += 1;
            chip = Chip::boot(serial, epoch);
        }
        if cable.is_none() {
            cable = listener.as_ref().and_then(|listener| listener.accept().ok()).map(|(it, _)| it);
            if let Some(cable) = &cable {
                cable.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
            } else {
                // It goes on without a cable, and no one hears it.
                work(&mut chip, controls);
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        if cable.as_mut().is_some_and(|cable| step(&mut chip, cable, controls).is_none()) {
            cable = None;
        }
        let status = chip.device.status(0);
        controls.entered.store(entered + status.entered, SeqCst);
        controls.bad.store(status.frames_bad, SeqCst);
    }
}

/// Moves bytes both ways; `None` when the other end is gone.
fn step(chip: &mut Chip, cable: &mut UnixStream, controls: &Controls) -> Option<()> {
    let mut buffer = [0; 64];
    match cable.read(&mut buffer) {
        Ok(0) => return None,
        Ok(len) => {
            chip.line.push(&buffer[..len]);
            let ends = buffer[..len].iter().filter(|byte| **byte == 0).count();
            if controls.stuck.load(SeqCst) {
                controls.held.fetch_add(ends as u32, SeqCst);
            }
        }
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
        Err(_) => return None,
    }
    let mut said = std::mem::take(&mut *controls.print.lock().unwrap());
    let mut frames = work(chip, controls);
    if !frames.is_empty() && controls.hurt.load(SeqCst) > 0 {
        controls.hurt.fetch_sub(1, SeqCst);
        let middle = frames.len() / 2;
        frames[middle] ^= 0x10;
    }
    said.extend(frames);
    cable.write_all(&said).ok()
}

/// Lets the board work, unless it is stuck; answers what it says.
fn work(chip: &mut Chip, controls: &Controls) -> Vec<u8> {
    if controls.stuck.load(SeqCst) {
        return Vec::new();
    }
    let pace = u64::from(controls.pace.load(SeqCst).max(1));
    let now = chip.since.elapsed().as_millis() as u64 * pace;
    chip.device.poll(now, 8, &mut chip.tools);
    if chip.tools.board.take_press() {
        chip.device.agree(now);
    }
    let frames = chip.device.tx_peek().to_vec();
    chip.device.tx_consume(frames.len());
    frames
}
