//! The process of a plug-in itself: it maps the library, and runs its functions as the program
//! would.

use std::collections::HashMap;
use std::io::Write as _;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use trine_descriptor::ToolTable as _;
use trine_gateway::host_tools::OwnBlock;
use trine_mcp::Failure;
use trine_wire::message::{
    self, Call, DeviceMessage, Hello, HostMessage, Message, Outcome, factory, feature, flag, what,
};

use super::process::guard;
use super::sys;
use super::wire::{self, ASKED_MAX, Frames, NoMore, Opening, PIECE, op};
use crate::account::Charged;
use crate::call::{Client, Ended, now};
use crate::error::{Fault, Step};
use crate::instance::Instance;
use crate::load::Image;

/// Runs one plug-in for the program that started this process, and returns when that has ended. The
/// program that [`crate::Caps::program`] names calls it before anything else where its arguments
/// are `plugin host`.
#[must_use]
pub fn plugin_host() -> ExitCode {
    let (socket, library) = match sys::inherited() {
        Ok(given) => given,
        Err(_) => {
            eprintln!("trine: `plugin host` is for trine itself: use --isolate");
            return ExitCode::from(2);
        }
    };
    let socket = Arc::new(socket);
    let own = Mutex::new(Arc::clone(&socket));
    let out = Arc::new(Out { socket: own, cancels: Mutex::default() });
    let mut host = Host { library, out, image: None, patience: Duration::ZERO, instance: None };
    let mut frames = Frames::new(socket, ASKED_MAX);
    loop {
        let bytes = match frames.next(None) {
            Ok(bytes) => bytes,
            // The program has ended, or does not need this process.
            Err(NoMore::Closed | NoMore::Late) => return ExitCode::SUCCESS,
            Err(NoMore::Bad(_)) => return ExitCode::FAILURE,
        };
        match message::read(bytes) {
            Some(message) if host.heard(&message) => {}
            Some(_) => return ExitCode::SUCCESS,
            None => return ExitCode::FAILURE,
        }
    }
}

struct Host {
    library: OwnedFd,
    out: Arc<Out>,
    image: Option<&'static Image>,
    patience: Duration,
    instance: Option<Arc<Instance>>,
}

impl Host {
    /// Does what the program asks for. Answers whether it may ask for more.
    fn heard(&mut self, message: &HostMessage<'_>) -> bool {
        match *message {
            HostMessage::Factory { op: op::END, .. } => {
                let instance = self.instance.take();
                instance.inspect(|instance| Instance::shutdown(instance));
                self.out.answer(op::END, Ok(Vec::new()));
                return false;
            }
            HostMessage::Factory { op: op::HEALTH, .. } if self.instance.is_some() => {
                self.health();
            }
            HostMessage::Factory { op, arg } => {
                let done = self.operation(op, arg);
                self.out.answer(op, done);
            }
            HostMessage::Hello(hello) => self.hello(hello.nonce),
            HostMessage::List { offset, max, what: what::TOOLS } => self.page(offset, max),
            HostMessage::Call(ref call) => self.call(call),
            HostMessage::Cancel { id } => self.out.cancel(id),
            _ => {}
        }
        true
    }

    fn operation(&mut self, op: u8, arg: &[u8]) -> Result<Vec<u8>, Fault> {
        let unasked = || Fault(Step::Map, "it was asked for what it cannot do now".to_owned());
        let instance = self.instance.as_ref();
        match (op, self.image, instance) {
            (op::OPEN, None, _) => self.open(Opening::read(arg).ok_or_else(unasked)?),
            (op::INIT, Some(image), None) => {
                self.instance =
                    Some(Instance::init(image, self.patience, Charged::default(), None)?);
                Ok(Vec::new())
            }
            (op::SELF_TEST, _, Some(instance)) => instance.self_test().map(|()| Vec::new()),
            _ => Err(unasked()),
        }
    }

    fn open(&mut self, opening: Opening) -> Result<Vec<u8>, Fault> {
        let failed = |error: std::io::Error| {
            Fault(Step::Map, format!("its process cannot be limited: {error}"))
        };
        if !sys::die_with(opening.parent) {
            return Err(Fault(Step::Map, "who started its process has ended".to_owned()));
        }
        sys::limit(opening.memory, opening.cpu).map_err(failed)?;
        self.patience = Duration::from_millis(opening.patience.into());
        let path = format!("/proc/self/fd/{}", self.library.as_raw_fd());
        let image: &'static Image = Box::leak(Box::new(Image::map_file(path.as_ref(), 0)?));
        let unsaid = || Fault(Step::Table, "what it says of itself is too long".to_owned());
        let about = wire::write_about(&image.about).ok_or_else(unsaid)?;
        self.image = Some(image);
        Ok(about)
    }

    /// Asks the plug-in on a thread of its own: calls come meanwhile.
    fn health(&self) {
        let Some(instance) = self.instance.clone() else { return };
        let out = Arc::clone(&self.out);
        let ask = move || {
            let health = instance.health().map(|()| Vec::new());
            out.answer(op::HEALTH, health.map_err(|why| Fault(Step::Health, why)));
        };
        let started = std::thread::Builder::new().name("plug-in health".to_owned()).spawn(ask);
        if let Err(error) = started {
            let why = format!("no thread can be started for it: {error}");
            self.out.answer(op::HEALTH, Err(Fault(Step::Health, why)));
        }
    }

    fn hello(&self, nonce: u32) {
        let Some(image) = self.image else { return };
        let about = &image.about;
        let version = about.version.to_string();
        let hello = Hello {
            wire: trine_wire::VERSION,
            nonce,
            table_hash: image.table.list_hash(),
            tools: image.table.count(),
            calls_max: wire::slots(if image.is_at_once() { 1 } else { image.raw.calls_max }),
            features: feature::CONTENT
                | feature::PROGRESS
                | feature::LOG
                | feature::CANCEL
                | feature::FACTORY,
            vendor: &about.author,
            product: &about.name,
            firmware: &version,
            ..Hello::default()
        };
        let texts = about.author.len() + about.name.len() + version.len();
        self.out.send(&DeviceMessage::Hello(hello), texts + 64);
    }

    fn page(&self, offset: u32, max: u16) {
        let Some(image) = self.image else { return };
        let list = image.table.list();
        let total = u32::try_from(list.len()).unwrap_or(u32::MAX);
        let rest = list.get(offset as usize..).unwrap_or_default();
        let bytes = rest.get(..usize::from(max)).unwrap_or(rest);
        let page = DeviceMessage::Page { offset, total, bytes, what: what::TOOLS };
        self.out.send(&page, bytes.len());
    }

    fn call(&self, call: &Call<'_>) {
        let refused = |outcome| self.out.send(&DeviceMessage::Result { id: call.id, outcome }, 0);
        let (Some(image), Some(instance)) = (self.image, &self.instance) else {
            return refused(Outcome::Stale);
        };
        let Some(row) = image.table.row_of(call.tool) else {
            return refused(Outcome::UnknownTool);
        };
        if call.check != guard(&image.table, row) {
            return refused(Outcome::Stale);
        }
        let is_cancelled = Arc::new(AtomicBool::new(false));
        self.out.cancels().insert(call.id, Arc::clone(&is_cancelled));
        let wants_progress = call.flags & flag::PROGRESS != 0;
        let out = Arc::clone(&self.out);
        let client = WireCall { id: call.id, wants_progress, is_cancelled, out };
        let deadline = now().saturating_add(call.deadline_ms.into());
        let args = (row, call.args.into());
        // The program watches the time.
        instance.begin(args, Client::Wire(client), (deadline, call.deadline_ms.into()));
    }
}

/// What threads of the plug-in share.
#[derive(Debug)]
struct Out {
    socket: Mutex<Arc<UnixStream>>,
    /// What cancels each call that is under way.
    cancels: Mutex<HashMap<u32, Arc<AtomicBool>>>,
}

impl Out {
    fn cancels(&self) -> std::sync::MutexGuard<'_, HashMap<u32, Arc<AtomicBool>>> {
        self.cancels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, op: u8, done: Result<Vec<u8>, Fault>) {
        let (code, bytes) = match done {
            Ok(bytes) => (factory::FINE, bytes),
            Err(Fault(step, why)) => (factory::FAILED, wire::write_fault(step, &why)),
        };
        self.send(&DeviceMessage::Factory { op, code, bytes: &bytes }, bytes.len());
    }

    fn cancel(&self, id: u32) {
        if let Some(is_cancelled) = self.cancels().get(&id) {
            is_cancelled.store(true, Ordering::Release);
        }
    }

    fn send<'m>(&self, message: &impl Message<'m>, texts: usize) {
        let Some(frame) = wire::framed(message, texts) else { return };
        let socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        // Where no one reads it, this process ends by itself.
        _ = (&**socket).write_all(&frame);
    }
}

/// A call that came from the program.
#[derive(Debug)]
pub(crate) struct WireCall {
    id: u32,
    wants_progress: bool,
    is_cancelled: Arc<AtomicBool>,
    out: Arc<Out>,
}

impl WireCall {
    pub(crate) fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Acquire)
    }

    pub(crate) fn progress(&self, (done, total): (u32, u32), text: &str) {
        if self.wants_progress {
            let message = DeviceMessage::Progress { id: self.id, done, total, text };
            self.out.send(&message, text.len());
        }
    }

    pub(crate) fn log(&self, level: u8, text: &str) {
        self.out.send(&DeviceMessage::Log { level, text, call: self.id }, text.len());
    }

    fn result(&self, outcome: Outcome<'_>, texts: usize) {
        self.out.cancels().remove(&self.id);
        self.out.send(&DeviceMessage::Result { id: self.id, outcome }, texts);
    }

    /// Tells the program how the call ended.
    pub(crate) fn tell(self, ended: Ended<'_>) {
        match ended {
            Ended::Value(out) | Ended::Blocks(_, out) if out.overflowed() => {
                self.failed(&explained(Failure::TooLarge));
            }
            Ended::Value(out) => self.result(Outcome::Done { value: out.bytes() }, out.len()),
            Ended::Blocks(blocks, _) => {
                let blocks: Vec<_> = blocks.iter().map(OwnBlock::block).collect();
                match wire::write_blocks(&blocks) {
                    Some(bytes) => self.result(Outcome::Blocks { bytes: &bytes }, bytes.len()),
                    None => self.failed("its blocks cannot be sent"),
                }
            }
            Ended::Content(mime, bytes) => self.content(&mime, &bytes),
            Ended::Error(why) => self.failed(&why),
        }
    }

    fn failed(&self, text: &str) {
        self.result(Outcome::Failed { text }, text.len());
    }

    fn content(&self, mime: &str, bytes: &[u8]) {
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.result(Outcome::Content { mime, len }, mime.len());
        let mut offset = 0;
        for bytes in bytes.chunks(PIECE) {
            let piece = DeviceMessage::Chunk { id: self.id, offset, bytes, block: 0 };
            self.out.send(&piece, bytes.len());
            offset += u32::try_from(bytes.len()).unwrap_or_default();
        }
    }
}

fn explained(failure: Failure) -> String {
    struct Text(String);
    impl trine_descriptor::TextSink for Text {
        fn text(&mut self, text: &str) {
            self.0.push_str(text);
        }
    }
    let mut text = Text(String::new());
    failure.explain(&mut text);
    text.0
}
