//! The process of a plug-in, as the program that started it sees it.
//!
//! Each process belongs to one thread, which starts it, reads what it says and waits for its end:
//! the process is killed when that thread ends, also where the whole program does.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use trine_descriptor::ToolTable as _;
use trine_gateway::table::Table;
use trine_wire::message::{self, DeviceMessage, HostHello, HostMessage, factory, what};

use super::calls::Slots;
use super::sys::{self, Ended, Pid};
use super::wire::{self, Described, Frames, NoMore, Opening, op};
use super::{Caps, Children};
use crate::error::{Fault, Step};

/// A list of tools that is longer than a hub takes is not read.
const LIST_MAX: usize = 256 * 1024;
/// What tells a program that it is to run a plug-in.
const ARGUMENTS: [&str; 2] = ["plugin", "host"];
/// How much longer than a function of the plug-in its process may take.
pub(super) const SLACK: Duration = Duration::from_secs(2);

/// A library that is not mapped here, and how its processes are started.
pub(crate) struct Program {
    pub(super) library: File,
    pub(super) caps: Caps,
    pub(super) patience: Duration,
    pub(super) children: Children,
}

impl Program {
    pub(crate) fn new(library: File, caps: Caps, patience: Duration, children: Children) -> Self {
        // What a time may be added to.
        let patience = patience.min(Duration::from_millis(u32::MAX.into()));
        Self { library, caps, patience, children }
    }

    fn spawn(&self) -> io::Result<Talk> {
        // This one would start another, and that one a further one.
        if self.caps.program.is_none() && std::env::args_os().skip(1).eq(ARGUMENTS) {
            let why = "this program was started to run a plug-in and does not: call plugin_host";
            return Err(io::Error::other(why));
        }
        let (ours, theirs) = UnixStream::pair()?;
        // The program that runs now, also where its file was replaced meanwhile.
        let own = || "/proc/self/exe".into();
        let mut command = Command::new(self.caps.program.clone().unwrap_or_else(own));
        command.arg0("trine").args(ARGUMENTS).process_group(0);
        command.stdin(Stdio::from(OwnedFd::from(theirs)));
        command.stdout(Stdio::from(self.library.try_clone()?));
        let child = command.spawn()?;
        // It is waited for by its number, which is no other's until then.
        let pid = libc::pid_t::try_from(child.id()).map_err(io::Error::other)?;
        drop((child, command));
        Ok(Talk::with(pid, ours))
    }

    fn opening(&self) -> Opening {
        let seconds =
            |cap: Duration| cap.as_secs().saturating_add(u64::from(cap.subsec_nanos() > 0));
        Opening {
            parent: std::process::id(),
            memory: self.caps.memory,
            cpu: self.caps.process_cpu.map_or(0, seconds),
            patience: u32::try_from(self.patience.as_millis()).unwrap_or(u32::MAX),
        }
    }
}

/// What of a process is seen by more than one thread.
pub(super) struct Process {
    pub(super) pid: Pid,
    socket: Arc<UnixStream>,
    out: Arc<Mutex<Out>>,
    pub(super) inside: Mutex<Inside>,
    /// How it ended, when it was waited for.
    ended: Mutex<Option<Ended>>,
    /// Nanoseconds of CPU time that it had used when that was last read.
    cpu: AtomicU64,
}

/// What could not be sent yet.
#[derive(Default)]
struct Out {
    waiting: Vec<u8>,
    is_sending: bool,
}

/// The work of a process.
#[derive(Default)]
pub(super) struct Inside {
    pub(super) slots: Slots,
    /// It takes no further call, and ends when it has none.
    pub(super) is_leaving: bool,
    /// It was asked to end, and is killed then.
    pub(super) ends_by: Option<Instant>,
    /// Why this program kills it.
    pub(super) killed_for: Option<String>,
    /// It has ended, or is about to: no one answers.
    pub(super) is_over: bool,
    /// Who waits for an answer to an operation.
    pub(super) asked: Option<std::sync::mpsc::SyncSender<Result<(), String>>>,
}

impl Process {
    pub(super) fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ended(&self) -> MutexGuard<'_, Option<Ended>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a frame. What the process does not take now is sent by a thread that waits for it, so
    /// that one that reads nothing holds nothing up.
    pub(super) fn send(&self, frame: &[u8]) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = match out.waiting.is_empty() {
            true => sys::send_now(&self.socket, frame).unwrap_or_default(),
            false => 0,
        };
        let rest = frame.get(sent..).unwrap_or_default();
        if rest.is_empty() {
            return;
        }
        out.waiting.extend_from_slice(rest);
        if std::mem::replace(&mut out.is_sending, true) {
            return;
        }
        let (to, socket) = (Arc::clone(&self.out), Arc::clone(&self.socket));
        let work = move || send_on(&to, &socket);
        let started = thread::Builder::new().name("plug-in, sending".to_owned()).spawn(work);
        if started.is_err() {
            out.is_sending = false;
        }
    }

    pub(super) fn send_message(&self, message: &HostMessage<'_>) {
        if let Some(frame) = wire::framed(message, 0) {
            self.send(&frame);
        }
    }

    /// Kills it, for the first reason that is given. Its thread sees it end.
    pub(super) fn kill(&self, why: &str) {
        self.inside().killed_for.get_or_insert_with(|| why.to_owned());
        self.end_now();
    }

    fn end_now(&self) {
        let reaped = self.ended();
        if reaped.is_none() {
            self.pid.kill();
        }
        drop(reaped);
        // Another process may hold the other end.
        _ = self.socket.shutdown(std::net::Shutdown::Both);
    }

    /// Looks whether it has ended without its socket being closed.
    pub(super) fn look(&self) {
        let reaped = self.ended();
        if reaped.is_none() && self.pid.has_ended() {
            drop(reaped);
            _ = self.socket.shutdown(std::net::Shutdown::Both);
        }
    }

    /// CPU time that it has used so far.
    pub(super) fn cpu(&self) -> Option<Duration> {
        let reaped = self.ended();
        match &*reaped {
            Some(ended) => Some(ended.cpu),
            None => self.pid.cpu().inspect(|cpu| {
                let nanos = u64::try_from(cpu.as_nanos()).unwrap_or(u64::MAX);
                self.cpu.fetch_max(nanos, Ordering::Relaxed);
            }),
        }
    }

    /// CPU time that it had used when that was last read.
    pub(super) fn cpu_seen(&self) -> Duration {
        Duration::from_nanos(self.cpu.load(Ordering::Relaxed))
    }

    /// Most bytes of memory that it has had resident.
    pub(super) fn memory(&self) -> Option<u64> {
        let reaped = self.ended();
        // Its number may be another one's.
        if reaped.is_some() {
            return None;
        }
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid.0)).ok()?;
        super::kib(&status, "VmHWM:")
    }

    /// Ends what is left of it and waits for it.
    pub(super) fn reap(&self, caps: &Caps) -> Reaped {
        _ = self.socket.shutdown(std::net::Shutdown::Both);
        let mut killed_for = self.inside().killed_for.take();
        let known = *self.ended();
        let ended = match known {
            Some(ended) => ended,
            None => {
                // One that closes its socket may have a moment to end by itself. Nothing is locked
                // meanwhile, and no other thread waits for it.
                let until = Instant::now() + SLACK;
                while killed_for.is_none() && !self.pid.has_ended() {
                    if Instant::now() >= until {
                        let why = format!("it closed its socket and did not end within {SLACK:?}");
                        killed_for = Some(why);
                    }
                    thread::sleep(Duration::from_millis(1));
                }
                self.pid.kill();
                self.pid.wait_for_end();
                let mut known = self.ended();
                let ended = self.pid.reap();
                let ended = ended.unwrap_or_else(|_| Ended::unknown(self.cpu_seen()));
                *known = Some(ended);
                ended
            }
        };
        let how = match killed_for {
            Some(why) => format!("was ended: {why}"),
            None => explained(ended, caps),
        };
        Reaped { how, cpu: ended.cpu, is_good: ended.is_good() }
    }
}

/// A process that has ended.
pub(super) struct Reaped {
    /// What happened, to be put behind "its process".
    pub(super) how: String,
    /// CPU time that it has used.
    pub(super) cpu: Duration,
    /// Whether it ended as it was asked to.
    pub(super) is_good: bool,
}

fn explained(ended: Ended, caps: &Caps) -> String {
    let how = ended.how();
    match caps {
        Caps { process_cpu: Some(cap), .. } if ended.is_for_cpu(*cap) => {
            format!("{how}: it has used its {cap:?} of CPU time")
        }
        Caps { memory: 1.., .. } => {
            format!("{how}; it may have {} bytes of memory", caps.memory)
        }
        _ => how,
    }
}

fn send_on(out: &Mutex<Out>, socket: &UnixStream) -> io::Result<()> {
    loop {
        let waited = sys::wait_writable(socket);
        let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = waited.and_then(|()| sys::send_now(socket, &out.waiting));
        match sent {
            Ok(sent) => drop(out.waiting.drain(..sent)),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock
                ) => {}
            Err(error) => {
                // It has ended.
                (out.waiting, out.is_sending) = (Vec::new(), false);
                return Err(error);
            }
        }
        if out.waiting.is_empty() {
            out.is_sending = false;
            return Ok(());
        }
    }
}

/// A process, and what its thread reads of it.
pub(super) struct Talk {
    pub(super) process: Arc<Process>,
    pub(super) frames: Frames,
}

impl Talk {
    /// A process by its number, and the socket that it has the other end of.
    fn with(pid: libc::pid_t, socket: UnixStream) -> Self {
        let socket = Arc::new(socket);
        let frames = Frames::new(Arc::clone(&socket), wire::MESSAGE_MAX);
        let process = Arc::new(Process {
            pid: Pid(pid),
            socket,
            out: Arc::default(),
            inside: Mutex::default(),
            ended: Mutex::new(None),
            cpu: AtomicU64::new(0),
        });
        Self { process, frames }
    }

    /// Starts a process, which does nothing yet.
    pub(super) fn new(program: &Program) -> Result<Self, Fault> {
        let failed =
            |error: io::Error| Fault(Step::Map, format!("no process can be started: {error}"));
        program.spawn().map_err(failed)
    }

    /// Ends it, and answers the CPU time that it has used.
    pub(super) fn end(self) -> Duration {
        self.process.kill("it is not needed");
        self.process.reap(&Caps::default()).cpu
    }

    /// Has it map the library. Answers what that says of itself.
    pub(super) fn described(&mut self, program: &Program) -> Result<Described, Fault> {
        let opening = program.opening().write().unwrap_or_default();
        let about = self.ask(program, (op::OPEN, &opening), Step::Map)?;
        let about = wire::read_about(&about).map_err(|why| Fault(Step::Table, why))?;
        let hello = HostHello { wire: trine_wire::VERSION, nonce: 1, ..HostHello::default() };
        self.say(&HostMessage::Hello(hello), 0);
        let mut calls_max = 0;
        self.hear(program, Step::Table, |message| match message {
            DeviceMessage::Hello(hello) if (1..=64).contains(&hello.calls_max) => {
                calls_max = hello.calls_max;
                Some(())
            }
            _ => None,
        })?;
        let mut list = Vec::new();
        loop {
            let offset = u32::try_from(list.len()).unwrap_or(u32::MAX);
            let max = wire::PIECE as u16;
            self.say(&HostMessage::List { offset, max, what: what::TOOLS }, 0);
            let is_whole = self.hear(program, Step::Tools, |message| match message {
                // Each but the last one is full: no number of small ones holds the loading up.
                DeviceMessage::Page { offset: at, total, bytes, .. }
                    if *at == offset
                        && (*total as usize) <= LIST_MAX
                        && !bytes.is_empty()
                        && bytes.len()
                            == (*total as usize).saturating_sub(list.len()).min(wire::PIECE) =>
                {
                    list.extend_from_slice(bytes);
                    Some(list.len() == *total as usize)
                }
                _ => None,
            })?;
            if is_whole {
                return Ok(Described { about, calls_max, list: list.into() });
            }
        }
    }

    /// Initialises the plug-in and lets it try itself out.
    pub(super) fn start(&mut self, program: &Program) -> Result<(), Fault> {
        self.ask(program, (op::INIT, &[]), Step::Init)?;
        let tested = self.ask(program, (op::SELF_TEST, &[]), Step::SelfTest);
        let tested = tested.and_then(|_| self.ask(program, (op::HEALTH, &[]), Step::Health));
        if tested.is_err() && self.process.inside().killed_for.is_none() {
            // It frees its state; what it answers is of no use.
            _ = self.ask(program, (op::END, &[]), Step::Init);
        }
        tested.map(drop)
    }

    fn say(&self, message: &HostMessage<'_>, texts: usize) {
        if let Some(frame) = wire::framed(message, texts) {
            self.process.send(&frame);
        }
    }

    fn ask(
        &mut self,
        program: &Program,
        (op, arg): (u8, &[u8]),
        step: Step,
    ) -> Result<Vec<u8>, Fault> {
        self.say(&HostMessage::Factory { op, arg }, arg.len());
        let mut failed = None;
        let answer = self.hear(program, step, |message| match message {
            DeviceMessage::Factory { op: of, code: factory::FINE, bytes } if *of == op => {
                Some(bytes.to_vec())
            }
            DeviceMessage::Factory { op: of, bytes, .. } if *of == op => {
                failed = Some(wire::read_fault(bytes, step));
                Some(Vec::new())
            }
            _ => None,
        })?;
        failed.map_or(Ok(answer), Err)
    }

    /// What `take` makes of the next message.
    fn hear<T>(
        &mut self,
        program: &Program,
        step: Step,
        take: impl FnOnce(&DeviceMessage<'_>) -> Option<T>,
    ) -> Result<T, Fault> {
        let until = Instant::now() + program.patience + SLACK;
        let why = match self.frames.next(Some(until)) {
            Ok(bytes) => match message::read(bytes).as_ref().and_then(take) {
                Some(taken) => return Ok(taken),
                None => "it said what it was not asked for".to_owned(),
            },
            Err(NoMore::Closed) => {
                let Reaped { how, .. } = self.process.reap(&program.caps);
                return Err(Fault(step, format!("its process {how}")));
            }
            Err(NoMore::Late) => format!("it did not return within {:?}", program.patience),
            Err(NoMore::Bad(what)) => format!("it sent {what}"),
        };
        self.process.kill(&why);
        let Reaped { how, .. } = self.process.reap(&program.caps);
        Err(Fault(step, format!("its process {how}")))
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        self.process.inside().killed_for.get_or_insert_with(|| "it is not needed".to_owned());
        self.process.end_now();
        self.process.reap(&Caps::default());
    }
}

/// Marks the threads of processes, which wait for no other.
pub(super) fn mark_thread() {
    IS_OURS.set(true);
}

/// Whether this thread may end calls of a plug-in in a process.
pub(super) fn is_marked() -> bool {
    IS_OURS.get()
}

thread_local! {
    static IS_OURS: Cell<bool> = const { Cell::new(false) };
}

/// The guard of calls of the tool in a row.
pub(super) fn guard(table: &Table, row: u16) -> [u8; 4] {
    message::check(table.hash(row), 0, 0)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use trine_wire::message::Hello;

    use super::*;

    /// A list of tools that comes a byte at a time has as many pauses as it is long.
    #[test]
    fn a_list_of_tools_that_comes_in_crumbs_is_not_waited_for() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        #[expect(clippy::zombie_processes, reason = "it is waited for by its number")]
        let child = Command::new("sleep").arg("60").spawn().unwrap();
        let mut talk = Talk::with(child.id().try_into().unwrap(), ours);
        let answers = thread::spawn(move || {
            let mut frames = Frames::new(Arc::new(theirs.try_clone().unwrap()), wire::ASKED_MAX);
            let send = |frame: Option<Vec<u8>>| (&theirs).write_all(&frame.unwrap());
            let mut pages = 0;
            while let Ok(bytes) = frames.next(None) {
                let sent = match message::read(bytes).unwrap() {
                    HostMessage::Factory { op, .. } => {
                        let mut about = vec![1, b'a', 5];
                        about.extend_from_slice(b"1.0.0");
                        about.resize(about.len() + 5 + 1 + 24, 0);
                        let (code, bytes) = (factory::FINE, &*about);
                        send(wire::framed(&DeviceMessage::Factory { op, code, bytes }, 64))
                    }
                    HostMessage::Hello(_) => {
                        let hello = Hello { calls_max: 1, ..Hello::default() };
                        send(wire::framed(&DeviceMessage::Hello(hello), 64))
                    }
                    HostMessage::List { offset, .. } => {
                        pages += 1;
                        let (total, what, bytes) = (100, what::TOOLS, &[0][..]);
                        send(wire::framed(&DeviceMessage::Page { offset, total, bytes, what }, 64))
                    }
                    _ => break,
                };
                if sent.is_err() {
                    break;
                }
            }
            pages
        });
        let library = File::open("/dev/null").unwrap();
        let (patience, children) = (Duration::from_secs(5), Children::default());
        let program = Program::new(library, Caps::default(), patience, children);
        let Fault(step, why) = talk.described(&program).unwrap_err();
        assert_eq!(step, Step::Tools, "{why}");
        assert!(why.contains("it said what it was not asked for"), "{why}");
        drop(talk);
        assert_eq!(answers.join().unwrap(), 1);
    }
}
