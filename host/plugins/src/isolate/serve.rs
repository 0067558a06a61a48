//! A library in a process of its own as one kind of plug-in at work, and the thread that each
//! process has.

use std::ffi::OsStr;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use trine_gateway::host_tools::HostCall;
use trine_gateway::table::Table;
use trine_wire::message::{self, DeviceMessage, HostMessage, factory};

use super::process::{Process, Program, Reaped, SLACK, Talk, mark_thread};
use super::shared::Shared;
use super::wire::{self, Described, NoMore, op};
use super::{Children, ProcessUsage};
use crate::account::{Charged, Over, Reader};
use crate::error::{Fault, Step};
use crate::load::{About, Policy};
use crate::work::Work;

/// A library that was checked, and what its process says of it.
pub(crate) struct Sealed {
    pub(super) program: Arc<Program>,
    pub(super) described: Described,
    pub(super) table: Arc<Table>,
    /// A process that has mapped it and done nothing else.
    spare: Mutex<Option<Spare>>,
}

/// The way to the thread of a process that waits to be used. The process has ended when it was
/// dropped without an order.
struct Spare {
    orders: Option<SyncSender<Order>>,
    /// Closed when it has ended.
    end: Receiver<()>,
}

impl Drop for Spare {
    fn drop(&mut self) {
        if self.orders.take().is_some() {
            _ = self.end.recv_timeout(SLACK);
        }
    }
}

/// What the process of a [`Spare`] is used for, and who waits for it to be initialised.
struct Order(Arc<Shared>, SyncSender<Result<(), Fault>>);

impl Sealed {
    /// Starts a process for a library that was checked, which maps it.
    pub(crate) fn open(
        bytes: &[u8],
        name: &OsStr,
        policy: &Policy,
        children: &Children,
    ) -> Result<Arc<Self>, Fault> {
        let library = crate::sys::private(bytes, name)
            .map_err(|error| Fault(Step::Map, format!("no memory for it can be had: {error}")))?;
        let library = library.into_file();
        let caps = policy.caps.clone();
        let program = Program::new(library, caps, policy.patience, children.clone());
        let program = Arc::new(program);
        let (tell, told) = sync_channel(1);
        let (orders, get) = sync_channel(1);
        let (ends, end) = sync_channel(0);
        let living = children.enter();
        let own = Arc::clone(&program);
        let started = thread(move || {
            let _living = (living, ends);
            wait_for_order(&own, &tell, &get);
        });
        started.map_err(|error| Fault(Step::Map, no_thread(&error)))?;
        let described: Described =
            told.recv().map_err(|_| Fault(Step::Map, ENDED.to_owned()))??;
        // From here on its end is waited for where something fails.
        let spare = Mutex::new(Some(Spare { orders: Some(orders), end }));
        let table = Table::new(described.list.clone());
        let table = table.map_err(|why| Fault(Step::Tools, why.to_string()))?;
        Ok(Arc::new(Self { program, described, table: Arc::new(table), spare }))
    }

    pub(crate) const fn about(&self) -> &About {
        &self.described.about
    }

    pub(crate) const fn table(&self) -> &Arc<Table> {
        &self.table
    }
}

const ENDED: &str = "the thread of its process has ended";

fn no_thread(error: &std::io::Error) -> String {
    format!("no thread can be started for it: {error}")
}

fn thread(work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    let marked = move || {
        mark_thread();
        work();
    };
    thread::Builder::new().name("plug-in process".to_owned()).spawn(marked).map(drop)
}

/// What the thread of the first process does.
fn wait_for_order(
    program: &Program,
    tell: &SyncSender<Result<Described, Fault>>,
    orders: &Receiver<Order>,
) {
    let opened = Talk::new(program).and_then(|mut talk| {
        let described = talk.described(program)?;
        Ok((talk, described))
    });
    let talk = match opened {
        Ok((talk, described)) => {
            _ = tell.send(Ok(described));
            talk
        }
        Err(fault) => return drop(tell.send(Err(fault))),
    };
    let Ok(Order(shared, done)) = orders.recv() else { return };
    run(&shared, initialised(talk, Ok(()), program), Some(&done));
}

/// A process that was started; or why not, and the CPU time that this took.
type Started = Result<Talk, (Fault, Duration)>;

/// Starts a process of a library whose tools are known.
fn start(sealed: &Sealed) -> Started {
    let mut talk = Talk::new(&sealed.program).map_err(|fault| (fault, Duration::ZERO))?;
    let described = talk.described(&sealed.program);
    let is_same = described.and_then(|described| match described.list == sealed.described.list {
        true => Ok(()),
        false => {
            let why = "its process describes its tools in another way than before";
            Err(Fault(Step::Tools, why.to_owned()))
        }
    });
    initialised(talk, is_same, &sealed.program)
}

/// Initialises a process, if all is well until then.
fn initialised(mut talk: Talk, until_then: Result<(), Fault>, program: &Program) -> Started {
    match until_then.and_then(|()| talk.start(program)) {
        Ok(()) => Ok(talk),
        Err(fault) => Err((fault, talk.end())),
    }
}

/// Lets a process that was started serve, until it ends. `done` waits for the first one.
fn run(shared: &Arc<Shared>, started: Started, done: Option<&SyncSender<Result<(), Fault>>>) {
    match (started, done) {
        (Ok(talk), done) => {
            shared.publish(&talk.process);
            // Who waits has not given up: it waits for ever.
            _ = done.map(|done| done.send(Ok(())));
            serve(shared, talk);
        }
        (Err((fault, _)), Some(done)) => {
            shared.forget();
            _ = done.send(Err(fault));
        }
        (Err((Fault(step, why), cpu)), None) => {
            shared.ended(None, cpu, Some(format!("failed ({}): {why}", step.name())));
        }
    }
}

/// Starts a further process. It is told to `shared` when it has been initialised, or has ended.
pub(super) fn start_process(shared: &Arc<Shared>) -> Result<(), String> {
    let living = shared.sealed.program.children.enter();
    let own = Arc::clone(shared);
    let started = thread(move || {
        let _living = living;
        run(&own, start(&own.sealed), None);
    });
    started.map_err(|error| no_thread(&error))
}

/// Reads what the process says until it ends.
fn serve(shared: &Arc<Shared>, mut talk: Talk) {
    let wrong = loop {
        let bytes = match talk.frames.next(None) {
            Ok(bytes) => bytes,
            Err(NoMore::Bad(what)) => break Some(what),
            Err(NoMore::Closed | NoMore::Late) => break None,
        };
        let len = bytes.len();
        let taken = match message::read(bytes) {
            Some(message) => heard(shared, &talk.process, &message),
            None => Err("what is no message"),
        };
        if let Err(what) = taken {
            break Some(what);
        }
        talk.frames.shrink(len);
    };
    if let Some(what) = wrong {
        talk.process.kill(&format!("it sent {what}"));
    }
    let was_asked = talk.process.inside().ends_by.is_some();
    shared.is_ending(&talk.process);
    let Reaped { how, cpu, is_good } = talk.process.reap(&shared.sealed.program.caps);
    if was_asked && !is_good {
        tracing::warn!("{}: its process {how} while it was shut down", shared.title());
    }
    let process = Arc::clone(&talk.process);
    drop(talk);
    shared.ended(Some(&process), cpu, (!was_asked).then_some(how));
}

/// One message of the process.
fn heard(
    shared: &Arc<Shared>,
    process: &Arc<Process>,
    message: &DeviceMessage<'_>,
) -> Result<(), &'static str> {
    match *message {
        DeviceMessage::Result { id, ref outcome } => {
            let mut inside = process.inside();
            inside.slots.charge(process.cpu(), &shared.account);
            let ended = inside.slots.result(id, outcome)?;
            drop(inside);
            let Some(begun) = ended else { return Ok(()) };
            shared.is_free(process, &begun);
            begun.tell(&shared.sealed.table, outcome)
        }
        DeviceMessage::Chunk { id, offset, bytes, block: 0 } => {
            let mut inside = process.inside();
            inside.slots.charge(process.cpu(), &shared.account);
            let ended = inside.slots.piece(id, offset, bytes)?;
            drop(inside);
            let Some(begun) = ended else { return Ok(()) };
            shared.is_free(process, &begun);
            begun.content();
            Ok(())
        }
        DeviceMessage::Progress { id, done, total, text } => {
            let mut inside = process.inside();
            let begun = inside.slots.of(id).ok_or("progress of a call that is not under way")?;
            if let Some(call) = &begun.call {
                call.progress((done, total), &trine_gateway::sanitize::plain(text));
            }
            Ok(())
        }
        DeviceMessage::Log { level: level @ 0..=7, text, call: id } => {
            let mut inside = process.inside();
            let begun = inside.slots.of(id).ok_or("a log of a call that is not under way")?;
            if let Some(call) = &begun.call {
                call.log(level, &trine_gateway::sanitize::plain(text));
            }
            Ok(())
        }
        DeviceMessage::Factory { op: op::HEALTH, code, bytes } => {
            let asked = process.inside().asked.take().ok_or("what it was not asked for")?;
            let Fault(_, why) = wire::read_fault(bytes, Step::Health);
            // Who asked may have stopped waiting.
            _ = asked.send(if code == factory::FINE { Ok(()) } else { Err(why) });
            Ok(())
        }
        DeviceMessage::Factory { op: op::END, .. } if process.inside().ends_by.is_some() => Ok(()),
        _ => Err("what it was not asked for"),
    }
}

/// A library at work in a process of its own.
pub(crate) struct Isolated(Arc<Shared>);

impl Isolated {
    /// Initialises it in its process and lets it try itself out. `lost` is told why it does not
    /// serve any more.
    pub(crate) fn start(
        sealed: &Arc<Sealed>,
        account: Charged,
        lost: impl Fn(&str) + Send + Sync + 'static,
    ) -> Result<Self, Fault> {
        let shared = Shared::new(sealed, account, Box::new(lost));
        let spare = sealed.spare.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (done, is_done) = sync_channel(1);
        if let Some(orders) = spare.and_then(|mut spare| spare.orders.take()) {
            if orders.send(Order(Arc::clone(&shared), done)).is_ok()
                && let Ok(started) = is_done.recv()
            {
                return started.map(|()| Self(shared));
            }
            return Err(Fault(Step::Init, ENDED.to_owned()));
        }
        let living = sealed.program.children.enter();
        let own = Arc::clone(&shared);
        let started = thread(move || {
            let _living = living;
            run(&own, start(&own.sealed), Some(&done));
        });
        started.map_err(|error| Fault(Step::Init, no_thread(&error)))?;
        let started = is_done.recv().map_err(|_| Fault(Step::Init, ENDED.to_owned()))?;
        started.map(|()| Self(shared))
    }

    /// What reads what it has used, for as long as it is there.
    pub(crate) fn reader(&self) -> Reader {
        let shared = Arc::downgrade(&self.0);
        Box::new(move || shared.upgrade().map(|shared| shared.usage()))
    }
}

impl Work for Isolated {
    fn about(&self) -> &About {
        self.0.sealed.about()
    }

    fn table(&self) -> &Arc<Table> {
        &self.0.sealed.table
    }

    fn health(&self) -> Result<(), String> {
        let patience = self.0.sealed.program.patience + SLACK;
        // One question at a time.
        let _asking = self.0.asking.lock().unwrap_or_else(PoisonError::into_inner);
        let process = self.0.process(4 * patience)?;
        let (tell, told) = sync_channel(1);
        let mut inside = process.inside();
        // Its end drops what tells; no one would where it has ended since.
        if inside.is_over {
            drop(tell);
        } else {
            inside.asked = Some(tell);
        }
        drop(inside);
        process.send_message(&HostMessage::Factory { op: op::HEALTH, arg: &[] });
        match told.recv_timeout(patience) {
            Ok(health) => health,
            Err(RecvTimeoutError::Disconnected) => {
                Err("its process ended while it was asked".to_owned())
            }
            Err(RecvTimeoutError::Timeout) => {
                let why = format!("its process did not answer within {patience:?}");
                process.kill(&why);
                Err(why)
            }
        }
    }

    fn call(&self, call: HostCall) {
        self.0.call(call);
    }

    fn usage(&self) -> Option<ProcessUsage> {
        Some(self.0.usage())
    }

    fn shutdown(&self, over: Over) {
        self.0.close(over);
    }
}
