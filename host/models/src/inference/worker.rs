//! One model in a thread, which has it until no one can ask it any more.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::models::Form;
use super::opened::Opened;
use super::place::Place;
use super::together::{Several, Together};
use super::tools::Finish;
use crate::model::{Buffers, Mapped, Pool, threads};
use crate::{Error, Result};

/// A text to be written.
pub(super) struct Job {
    pub(super) prompt: String,
    pub(super) max_tokens: usize,
    /// What logits are divided by; 0 takes the likeliest token.
    pub(super) temperature: f32,
    pub(super) seed: u64,
    /// Set by the one who wants no more of it.
    pub(super) cancelled: Arc<AtomicBool>,
    /// Set by the one who wants what there is of it.
    pub(super) ends: Arc<AtomicBool>,
    /// Is told what happens.
    pub(super) tell: Box<dyn Fn(Tell) + Send>,
}

impl Job {
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    /// Whether nothing more is to be written.
    pub(super) fn is_over(&self) -> bool {
        self.is_cancelled() || self.ends.load(Ordering::Acquire)
    }
}

/// What happens with a job.
pub(super) enum Tell {
    /// So many tokens are written, and this is new of the text.
    Tokens(usize, String),
    /// It is done.
    Done(Written),
    /// It cannot be done, for this reason.
    Failed(String),
    /// The model cannot be loaded, for this reason.
    Unloadable(String),
    /// No one wants it any more.
    Cancelled,
}

/// A text that was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Written {
    pub(super) text: String,
    pub(super) tokens: usize,
    pub(super) took: Duration,
    /// Bytes for keys and values and for what is computed: those of the arena, all of which a
    /// session carves up, or a device's.
    pub(super) memory: usize,
    /// Time for loading the model; zero when it was loaded before.
    pub(super) load: Duration,
    pub(super) finish: Finish,
}

/// A thread that has a model.
#[derive(Debug)]
pub(super) struct Worker {
    orders: Option<Sender<Job>>,
    /// Jobs that are not done.
    jobs: Arc<AtomicUsize>,
    /// Set when it does nothing more but say why.
    gone: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts a thread that loads a model.
    pub(super) fn start(
        path: &Path,
        (place, form): (Place, Form),
        several: Several,
    ) -> Result<Self> {
        let (orders, jobs) = channel();
        let (path, count) = (path.to_owned(), Arc::new(AtomicUsize::new(0)));
        let (left, gone) = (Arc::clone(&count), Arc::new(AtomicBool::new(false)));
        let ends = Arc::clone(&gone);
        let thread = std::thread::Builder::new().name("model".to_owned());
        let model = move || work((&path, place, form), several, &jobs, (&left, &ends));
        let thread = thread.spawn(model);
        let thread = thread.map_err(Error::Thread)?;
        Ok(Self { orders: Some(orders), jobs: count, gone, thread: Some(thread) })
    }

    /// Puts a job behind the others.
    pub(super) fn order(&self, job: Job) {
        self.jobs.fetch_add(1, Ordering::AcqRel);
        if let Some(orders) = &self.orders
            && let Err(refused) = orders.send(job)
        {
            self.jobs.fetch_sub(1, Ordering::AcqRel);
            (refused.0.tell)(Tell::Failed(
                "the model has failed: repeat the call to load it again".to_owned(),
            ));
        }
    }

    /// Whether nothing is left to be done.
    pub(super) fn is_idle(&self) -> bool {
        self.jobs.load(Ordering::Acquire) == 0
    }

    /// Whether it does nothing more, since the model could not be loaded or its device has failed.
    pub(super) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    /// Lets the thread end when it has done what it was asked, without waiting for that.
    pub(super) fn release(mut self) {
        self.orders = None;
        self.thread = None;
    }
}

impl Drop for Worker {
    /// Waits until the memory is free again.
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has freed its memory as well.
            let _ = thread.join();
        }
    }
}

/// What the thread does: the model lives in this frame.
fn work(
    (path, place, form): (&Path, Place, Form),
    several: Several,
    jobs: &Receiver<Job>,
    (left, gone): (&AtomicUsize, &AtomicBool),
) {
    let begun = Instant::now();
    let done = |job: &Job, tell: Tell| {
        // Before it is told, so that who is told finds the model idle.
        left.fetch_sub(1, Ordering::AcqRel);
        (job.tell)(tell);
    };
    let named = |error: &Error| format!("{}: {}", path.display(), error.chain());
    let unloadable = |error: &Error| {
        gone.store(true, Ordering::Release);
        jobs.iter().for_each(|job| done(&job, Tell::Unloadable(named(error))));
    };
    let warn = |error: &Error| {
        eprintln!("warning: {}: the model is computed on the processor", named(error));
    };
    let bytes = match Mapped::open(path) {
        Ok(bytes) => bytes,
        Err(source) => return unloadable(&Error::read(path, source)),
    };
    let pool = match Pool::new(threads(None)) {
        Ok(pool) => pool,
        Err(error) => return unloadable(&Error::Thread(error)),
    };
    let (mut buffers, mut spare) = (Buffers::default(), Buffers::default());
    let buffers = [&mut buffers, &mut spare];
    let mut opened = match Opened::new(&bytes, buffers, (place, form), &pool, &warn) {
        Ok(opened) => opened,
        Err(error) => return unloadable(&error),
    };
    opened.let_go(&bytes);
    opened.ask_ahead(&pool);
    let mut load = begun.elapsed();
    while let Ok(job) = jobs.recv() {
        if let Some(loaded) = opened.for_several() {
            let load = std::mem::take(&mut load);
            Together { loaded, pool: &pool, several, done: &done, load }.run(job, jobs);
            continue;
        }
        let tell = match opened.write(&job, &pool, place.falls_back().then_some(&warn)) {
            Ok(Some(written)) => Tell::Done(Written { load, ..written }),
            Ok(None) => Tell::Cancelled,
            Err(error) if !opened.is_lost => Tell::Failed(error.chain()),
            Err(error) => {
                // The device's memory goes first; the model is opened again when it is asked for.
                drop(opened);
                gone.store(true, Ordering::Release);
                done(&job, Tell::Unloadable(named(&error)));
                return unloadable(&error);
            }
        };
        load = Duration::ZERO;
        done(&job, tell);
        if let Err(error) = opened.settle(&pool) {
            return unloadable(&error);
        }
    }
}
