//! A device in a task of embassy, with a host at the other end of a line in memory.
#![expect(clippy::unwrap_used, clippy::panic, reason = "it is a test")]

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;

use embassy_futures::block_on;
use embassy_futures::join::join;
use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::pipe::{Pipe, Reader, Writer};
use embassy_time::{Duration, Instant, Timer, with_timeout};
use embedded_io_async::{ErrorType, Read, Write};
use trine_arena::Ring;
use trine_derive::Tool;
use trine_descriptor::{Pack, Tool, ToolParams, ToolTable, ValueWriter};
use trine_dispatch::{Answer, Call, CallId, Calls, Config, Device, Tools};
use trine_embassy::{Bell, Ended, Server, serve};
use trine_wire::message::{self, DeviceMessage, HostHello, HostMessage, Outcome};
use trine_wire::{DecodeEvent, Decoder, encode_in_place};

/// Open a valve.
#[derive(Tool)]
#[trine(title = "Open")]
struct Open {
    /// How far, in percent.
    #[trine(min = 0, max = 100)]
    percent: u8,
}

/// Wait for the well.
#[derive(Tool)]
#[trine(title = "Wait", deadline_ms = 60_000, pending_bytes = 1)]
struct Wait {}

static LIST: [Tool<'static>; 2] = [Open::TOOL, Wait::TOOL];
const TOOLS: [Tool<'static>; 2] = [Open::TOOL, Wait::TOOL];
static TABLE: Pack<2, { Pack::len(&TOOLS) }> = Pack::new(&TOOLS);
const CONFIG: Config<'static> =
    Config { epoch: 7, message_max: 128, result_max: 64, calls_max: 2, ..Config::DEFAULT };
const SESSION: u32 = 0x5555_0001;
const SLOTS: u32 = 2;

/// What the tools did, and what waits.
#[derive(Clone, Default)]
struct Valve {
    opened: Rc<RefCell<Vec<u8>>>,
    waits: Rc<RefCell<Option<CallId>>>,
    is_full: Rc<RefCell<bool>>,
}

impl Tools for Valve {
    fn call(&mut self, call: Call<'_>, _: &mut ValueWriter<'_>) -> Answer {
        if call.tool == 1 {
            *self.waits.borrow_mut() = Some(call.id);
            return Answer::Pending;
        }
        let Some(Open { percent }) = Open::read(&call.args) else { panic!("it was checked") };
        self.opened.borrow_mut().push(percent);
        Answer::Done
    }

    fn tick(&mut self, _: u64, calls: &mut Calls<'_, '_>) -> u64 {
        if *self.is_full.borrow()
            && let Some(call) = self.waits.borrow_mut().take()
        {
            calls.complete(call, |_| ()).unwrap();
        }
        u64::MAX
    }
}

type Line<const N: usize> = Pipe<NoopRawMutex, N>;

/// The host: it writes frames, and reads messages.
struct Host<'p, const N: usize> {
    to: Writer<'p, NoopRawMutex, N>,
    from: Reader<'p, NoopRawMutex, N>,
    decoder: Decoder,
    buffer: [u8; 512],
}

impl<'p, const N: usize> Host<'p, N> {
    fn new(to: Writer<'p, NoopRawMutex, N>, from: Reader<'p, NoopRawMutex, N>) -> Self {
        Self { to, from, decoder: Decoder::new(), buffer: [0; 512] }
    }

    async fn send(&mut self, message: &HostMessage<'_>) {
        self.to.write_all(&framed(message)).await;
    }

    /// The next message, as text: within ten seconds, which no test should need.
    async fn hear(&mut self) -> String {
        let hear = async {
            loop {
                let mut byte = [0];
                self.from.read(&mut byte).await;
                match self.decoder.feed(byte[0], &mut self.buffer) {
                    DecodeEvent::Nothing => {}
                    DecodeEvent::Bad => panic!("the device sent a broken frame"),
                    DecodeEvent::Message(len) => return len,
                }
            }
        };
        let len = with_timeout(Duration::from_secs(10), hear).await.unwrap();
        let message = message::read::<DeviceMessage<'_>>(&self.buffer[..len]).unwrap();
        match message {
            DeviceMessage::Result { id, outcome: Outcome::Done { .. } } => format!("done {id}"),
            DeviceMessage::Result { id, outcome } => format!("{outcome:?} {id}"),
            DeviceMessage::Hello(hello) => format!("hello {}", hello.epoch),
            other => format!("{other:?}"),
        }
    }

    async fn hello(&mut self) {
        let hello = HostHello { wire: 1, nonce: 7, session: SESSION, ..HostHello::default() };
        self.send(&HostMessage::Hello(hello)).await;
        assert_eq!(self.hear().await, "hello 7");
    }

    async fn call(&mut self, id: u32, tool: u16, deadline_ms: u32, args: &[u8]) {
        let check = message::check(LIST.hash(tool), 7, SESSION);
        let call = message::Call { id, tool, check, args, deadline_ms, ..Default::default() };
        self.send(&HostMessage::Call(call)).await;
    }
}

fn framed(message: &HostMessage<'_>) -> Vec<u8> {
    let mut buffer = [0; 256];
    let len = message::write(message, &mut buffer[8..]).unwrap();
    let len = encode_in_place(&mut buffer, 8, len).unwrap();
    buffer[..len].to_vec()
}

/// A percentage as arguments: one entry.
fn percent(value: u8) -> Vec<u8> {
    let mut room = [0; 8];
    let mut out = ValueWriter::new(&mut room);
    out.int(0, value.into());
    out.bytes().to_vec()
}

/// Runs a host beside a device, whose line takes `N` bytes at a time and whose ring is the least.
fn beside<const N: usize>(tools: &Valve, host: impl AsyncFnOnce(Host<'_, N>)) {
    let (mut there, mut back) = (Line::<N>::new(), Line::<N>::new());
    let ((receive, to), (from, send)) = (there.split(), back.split());
    let (mut memory, mut ring) = ([0; CONFIG.memory()], [0; 128]);
    let mut tools = tools.clone();
    let device = serve(&CONFIG, &TABLE, (&mut memory, &mut ring), &mut tools, (receive, send));
    match block_on(select(device, host(Host::new(to, from)))) {
        Either::First(ended) => panic!("the line ended: {ended:?}"),
        Either::Second(()) => {}
    }
}

#[test]
fn calls_of_a_host_come_in_order_over_a_line_that_takes_seven_bytes() {
    let tools = Valve::default();
    beside::<7>(&tools, async |mut host| {
        host.hello().await;
        for round in 1..=40_u32 {
            let id = round * SLOTS;
            host.call(id, 0, 0, &percent(u8::try_from(round).unwrap())).await;
            assert_eq!(host.hear().await, format!("done {id}"));
        }
        // What a descriptor does not allow never reaches the tool.
        host.call(82, 0, 0, &percent(101)).await;
        assert!(host.hear().await.starts_with("Fault"));
    });
    assert_eq!(*tools.opened.borrow(), (1..=40).collect::<Vec<u8>>());
}

#[test]
fn a_host_that_does_not_wait_fills_ring_and_line_and_loses_nothing() {
    let tools = Valve::default();
    let (mut there, mut back) = (Line::<16>::new(), Line::<16>::new());
    let ((receive, mut to), (from, send)) = (there.split(), back.split());
    let (mut memory, mut ring) = ([0; CONFIG.memory()], [0; 128]);
    let mut served = tools.clone();
    let device = serve(&CONFIG, &TABLE, (&mut memory, &mut ring), &mut served, (receive, send));
    // Answers are read by one future while another writes 60 calls without a look at them.
    let (other_end, unused) = (Line::<16>::new(), Line::<16>::new());
    let (mut other_end, mut unused) = (other_end, unused);
    let ((_, nowhere), (_, _)) = (other_end.split(), unused.split());
    let mut host = Host::new(nowhere, from);
    let write = async {
        let hello = HostHello { wire: 1, nonce: 7, session: SESSION, ..HostHello::default() };
        to.write_all(&framed(&HostMessage::Hello(hello))).await.unwrap();
        for round in 1..=60_u32 {
            let args = percent(u8::try_from(round).unwrap());
            let check = message::check(LIST.hash(0), 7, SESSION);
            let call =
                message::Call { id: round * SLOTS, check, args: &args, ..Default::default() };
            to.write_all(&framed(&HostMessage::Call(call))).await.unwrap();
        }
    };
    let read = async {
        assert_eq!(host.hear().await, "hello 7");
        for round in 1..=60_u32 {
            assert_eq!(host.hear().await, format!("done {}", round * SLOTS));
        }
    };
    assert!(matches!(block_on(select(device, join(write, read))), Either::Second(_)));
    assert_eq!(*tools.opened.borrow(), (1..=60).collect::<Vec<u8>>());
}

#[test]
fn a_deadline_ends_a_call_while_the_line_is_silent() {
    let tools = Valve::default();
    beside::<64>(&tools, async |mut host| {
        host.hello().await;
        let begun = Instant::now();
        host.call(2, 1, 40, &[]).await;
        assert_eq!(host.hear().await, "Expired 2");
        assert!(begun.elapsed() >= Duration::from_millis(39), "{:?}", begun.elapsed());
    });
}

#[test]
fn a_bell_wakes_the_server_for_a_tool_that_ends_later() {
    let (tools, bell) = (Valve::default(), Bell::new());
    let (mut there, mut back) = (Line::<64>::new(), Line::<64>::new());
    let ((receive, to), (from, send)) = (there.split(), back.split());
    let (mut memory, mut bytes) = ([0; CONFIG.memory()], [0; 128]);
    let mut ring = Ring::new(&mut bytes);
    let (producer, consumer) = ring.split();
    let mut device = Device::with_rules(&CONFIG, &mut memory, consumer, &TABLE).unwrap();
    let server = Server { device: &mut device, ring: producer, bell: &bell };
    let mut served = tools.clone();
    let mut host = Host::new(to, from);
    let say = async {
        host.hello().await;
        host.call(2, 1, 0, &[]).await;
        while tools.waits.borrow().is_none() {
            Timer::after_millis(1).await;
        }
        // Without the bell nothing looks: neither a byte nor a time is due.
        *tools.is_full.borrow_mut() = true;
        let mut byte = [0];
        let early = with_timeout(Duration::from_millis(60), host.from.read(&mut byte)).await;
        assert!(early.is_err(), "it was answered without the bell");
        bell.ring();
        assert_eq!(host.hear().await, "done 2");
    };
    assert!(matches!(
        block_on(select(server.run(&mut served, receive, send), say)),
        Either::Second(())
    ));
}

/// A line's end of which each use answers the same.
struct Always(Result<usize, u8>);

impl ErrorType for Always {
    type Error = Broken;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Broken(u8);

impl core::fmt::Display for Broken {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "broken {}", self.0)
    }
}

impl core::error::Error for Broken {}

impl embedded_io_async::Error for Broken {
    fn kind(&self) -> embedded_io_async::ErrorKind {
        embedded_io_async::ErrorKind::Other
    }
}

impl Read for Always {
    async fn read(&mut self, _: &mut [u8]) -> Result<usize, Broken> {
        self.0.map_err(Broken)
    }
}

impl Write for Always {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Broken> {
        self.0.map(|count| count.min(bytes.len())).map_err(Broken)
    }

    async fn flush(&mut self) -> Result<(), Broken> {
        self.0.map(|_| ()).map_err(Broken)
    }
}

/// Gives some bytes, and then none ever.
struct Once(Vec<u8>);

impl ErrorType for Once {
    type Error = Infallible;
}

impl Read for Once {
    async fn read(&mut self, place: &mut [u8]) -> Result<usize, Infallible> {
        if self.0.is_empty() {
            std::future::pending::<()>().await;
        }
        let count = self.0.len().min(place.len());
        let given: Vec<u8> = self.0.drain(..count).collect();
        place[..count].copy_from_slice(&given);
        Ok(count)
    }
}

#[test]
fn a_line_that_ends_or_breaks_ends_the_server_and_says_how() {
    let run = |memory: &mut [u8], receive: Result<usize, u8>| {
        let mut ring = [0; 128];
        let line = (Always(receive), Always(Ok(64)));
        block_on(serve(&CONFIG, &TABLE, (memory, &mut ring), &mut Valve::default(), line))
    };
    let mut memory = [0; CONFIG.memory()];
    assert_eq!(run(&mut memory, Ok(0)), Ended::Closed);
    assert_eq!(run(&mut memory, Err(3)), Ended::Receive(Broken(3)));
    let ended = run(&mut memory[..100], Ok(0));
    assert!(matches!(ended, Ended::Init(_)), "{ended:?}");
    assert!(ended.to_string().contains("memory"), "{ended}");
    // The other end answers, and cannot be written to.
    let hello = HostHello { wire: 1, nonce: 7, session: SESSION, ..HostHello::default() };
    let line = (Once(framed(&HostMessage::Hello(hello))), Always(Err(5)));
    let mut ring = [0; 128];
    let lent = (&mut memory[..], &mut ring[..]);
    let ended = block_on(serve(&CONFIG, &TABLE, lent, &mut Valve::default(), line));
    assert_eq!(ended, Ended::Send(Broken(5)));
    assert_eq!(ended.to_string(), "the line cannot be written: Broken(5)");
}

#[test]
fn noise_between_frames_is_passed_over() {
    let tools = Valve::default();
    beside::<16>(&tools, async |mut host| {
        host.to.write_all(b"\x00\xffnoise\x00\x00boot 1.0\r\n\x00").await;
        host.hello().await;
        host.call(2, 0, 0, &percent(9)).await;
        assert_eq!(host.hear().await, "done 2");
    });
    assert_eq!(*tools.opened.borrow(), [9]);
}
