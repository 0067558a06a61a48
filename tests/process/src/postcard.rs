//! Values as postcard writes them, through the device: with and without frames.

use std::hint::black_box;

use trine_arena::{Producer, Ring};
use trine_descriptor::{ToolTable, ValueWriter};
use trine_dispatch::{Answer, Call, Config, Device, Local, Tools};
use trine_wire::encode_in_place;
use trine_wire::message::{self, HostHello, HostMessage};

use crate::Subject;
use crate::table::{ADD, TOOLS};

/// The program's tools.
struct Adder;

impl Tools for Adder {
    #[inline(always)]
    fn call(&mut self, call: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
        let number = |node| call.args.int(node).unwrap_or_default();
        out.int(0, number(0) + number(1));
        Answer::Done
    }
}

const EPOCH: u32 = 0x0102_0304;
const SESSION: u32 = 0x5555_0001;
const SLOTS: u8 = 4;
const CONFIG: Config<'static> = Config { epoch: EPOCH, calls_max: SLOTS, ..Config::DEFAULT };
/// Time goes on by this much a call, in milliseconds.
const NOW: u64 = 1;
/// Room before a message for the frame that is made of it.
const HEADROOM: usize = 8;

/// The arguments 12 and 5.
fn arguments() -> Vec<u8> {
    let mut bytes = [0; 16];
    let mut writer = ValueWriter::new(&mut bytes);
    writer.int(0, 12);
    writer.int(1, 5);
    writer.bytes().to_vec()
}

/// Memory for as long as the program runs.
fn memory(len: usize) -> &'static mut [u8] {
    Box::leak(vec![0; len].into_boxed_slice())
}

/// A device and the end of the ring that is pushed to.
fn device() -> (Device<'static>, Producer<'static>) {
    let ring = Box::leak(Box::new(Ring::new(memory(1024))));
    let (line, rx) = ring.split();
    let device = Device::new(CONFIG, memory(CONFIG.memory()), rx, &TOOLS);
    (device.unwrap_or_else(|error| unreachable(&error)), line)
}

/// Lets the device look at its tools and take what has come.
fn start(device: &mut Device<'_>) {
    for _ in 0..TOOLS.len() + 4 {
        device.poll(NOW, 8, &mut Adder);
    }
    if let Some(error) = device.fault() {
        unreachable(&error);
    }
}

/// What cannot be, said in a sentence rather than passed over.
fn unreachable(error: &dyn std::fmt::Debug) -> ! {
    eprintln!("this program's own device does not start: {error:?}");
    std::process::exit(1)
}

/// Calls without a line: entries in, entries out.
struct Direct {
    device: Device<'static>,
    arguments: Vec<u8>,
}

/// Entries in, entries out: judged, run, the result judged.
pub(crate) fn local(_calls: u32) -> Box<dyn Subject> {
    let (mut device, _) = device();
    start(&mut device);
    Box::new(Direct { device, arguments: arguments() })
}

impl Subject for Direct {
    fn run(&mut self, calls: u32) -> usize {
        let mut out = [0; 64];
        let mut bytes = 0;
        for _ in 0..calls {
            let call = (ADD, black_box(&*self.arguments));
            if let Local::Done(len) = self.device.local(call, NOW, &mut Adder, &mut out) {
                bytes += len;
                black_box(&out);
            }
        }
        bytes
    }
}

/// Calls through the line: frames in, frames out.
struct Framed {
    device: Device<'static>,
    line: Producer<'static>,
    /// One after the other, and where each ends.
    frames: (Vec<u8>, Vec<usize>),
}

/// Frames in, frames out: checksum, byte stuffing, slots and kept answers are all in it.
pub(crate) fn frames(calls: u32) -> Box<dyn Subject> {
    let (mut device, mut line) = device();
    let hello = HostHello { wire: 1, nonce: 7, session: SESSION, ..HostHello::default() };
    let mut hello_frame = Vec::new();
    write_frame(&HostMessage::Hello(hello), &mut hello_frame);
    line.push(&hello_frame);
    start(&mut device);
    device.tx_consume(device.tx_peek().len());
    let arguments = arguments();
    let check = message::check(TOOLS.hash(ADD), EPOCH, SESSION);
    // As much memory for few calls as for many, so that allocations can be compared.
    let mut frames = (Vec::with_capacity(1 << 20), Vec::with_capacity(1 << 16));
    for id in (u32::from(SLOTS)..).take(calls as usize) {
        let call = message::Call { id, tool: ADD, check, args: &arguments, ..Default::default() };
        write_frame(&HostMessage::Call(call), &mut frames.0);
        frames.1.push(frames.0.len());
    }
    Box::new(Framed { device, line, frames })
}

/// Appends a message in its frame.
fn write_frame(message: &HostMessage<'_>, out: &mut Vec<u8>) {
    let mut buffer = [0; 128];
    let room = buffer.get_mut(HEADROOM..).unwrap_or_default();
    let len = message::write(message, room).unwrap_or_default();
    let len = encode_in_place(&mut buffer, HEADROOM, len).unwrap_or_default();
    out.extend_from_slice(buffer.get(..len).unwrap_or_default());
}

impl Subject for Framed {
    fn run(&mut self, calls: u32) -> usize {
        let mut bytes = 0;
        let (frames, ends) = &self.frames;
        let mut start = 0;
        for end in ends.iter().take(calls as usize) {
            self.line.push(frames.get(start..*end).unwrap_or_default());
            start = *end;
            while self.device.tx_peek().is_empty() {
                self.device.poll(NOW, 1, &mut Adder);
            }
            while !self.device.tx_peek().is_empty() {
                let len = black_box(self.device.tx_peek()).len();
                self.device.tx_consume(len);
                bytes += len;
            }
        }
        bytes
    }
}
