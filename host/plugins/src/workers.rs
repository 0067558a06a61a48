//! Threads that run the functions of one plug-in, and one that watches their time.
//!
//! A function that does not return by the deadline of its call cannot be stopped. Its client gets
//! an error then; some time later the thread counts as lost, and whoever loaded the plug-in is
//! told.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::account::Charged;
use crate::call::{Live, now};
use std::sync::atomic::Ordering;

/// Milliseconds after its deadline that a function may still return, being asked to by
/// `is_cancelled`.
pub(crate) const GRACE_MS: u64 = 2_000;

/// A call that waits for a thread.
pub(crate) struct Job {
    pub(crate) live: Arc<Live>,
    /// Milliseconds that it may take.
    pub(crate) limit: u64,
    /// The tool.
    pub(crate) name: &'static str,
    pub(crate) row: u16,
    pub(crate) run: Box<dyn FnOnce(&Live) + Send>,
}

/// A call under way or waiting, as the watch sees it.
struct Watched {
    live: Arc<Live>,
    limit: u64,
    name: &'static str,
    /// The thread that its function runs on.
    thread: Option<String>,
    /// Its client got an error, and its thread may still return until then.
    until: Option<u64>,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    watched: Vec<Watched>,
    idle: u32,
    threads: u32,
    lost: u32,
    is_watching: bool,
    is_closed: bool,
}

struct Shared {
    name: String,
    threads_max: u32,
    queue: Mutex<Queue>,
    /// A job is there, or no more will be.
    ready: Condvar,
    /// There is something to watch, or no more will be.
    watch: Condvar,
    /// Is told when a function has not returned; without it no one here watches the time.
    lost: Option<Lost>,
    account: Charged,
}

/// What is told that a thread is lost.
pub(crate) type Lost = Box<dyn Fn() + Send + Sync>;

pub(crate) struct Workers(Arc<Shared>);

impl Workers {
    pub(crate) fn new(name: &str, account: Charged, threads_max: u32, lost: Option<Lost>) -> Self {
        let (queue, ready, watch) = (Mutex::default(), Condvar::new(), Condvar::new());
        let name = format!("plug-in {name}");
        Self(Arc::new(Shared { name, threads_max, queue, ready, watch, lost, account }))
    }

    /// Runs a call when a thread is free.
    pub(crate) fn add(&self, job: Job) {
        let mut queue = self.0.lock();
        let Job { live, limit, name, .. } = &job;
        let (live, limit, name) = (Arc::clone(live), *limit, *name);
        queue.watched.push(Watched { live, limit, name, thread: None, until: None });
        queue.jobs.push_back(job);
        let waiting = u32::try_from(queue.jobs.len()).unwrap_or(u32::MAX);
        let starts = waiting > queue.idle && queue.threads < self.0.threads_max;
        queue.threads += u32::from(starts);
        let number = queue.threads;
        let is_watched = self.0.lost.is_some();
        let watches = is_watched && !std::mem::replace(&mut queue.is_watching, true);
        drop(queue);
        let began = if starts { self.start(number) } else { Ok(()) };
        let watched = if watches { self.start_watch() } else { Ok(()) };
        if let Err(error) = began.and(watched) {
            tracing::error!("{}: no thread can be started: {error}", self.0.name);
        }
        self.0.ready.notify_one();
        self.0.watch.notify_one();
    }

    fn start(&self, number: u32) -> std::io::Result<()> {
        let shared = Arc::clone(&self.0);
        let name = format!("{} {number}", self.0.name);
        let thread = thread::Builder::new().name(name.clone());
        let started = thread.spawn(move || shared.work(&name)).map(drop);
        if started.is_err() {
            self.0.lock().threads -= 1;
        }
        started
    }

    fn start_watch(&self) -> std::io::Result<()> {
        let shared = Arc::clone(&self.0);
        let thread = thread::Builder::new().name(format!("{} watch", self.0.name));
        let started = thread.spawn(move || shared.watch()).map(drop);
        if started.is_err() {
            // The next call tries again.
            self.0.lock().is_watching = false;
        }
        started
    }

    /// Ends the threads when they have nothing left to do. Answers whether one is in a function
    /// that has not returned.
    pub(crate) fn close(&self) -> bool {
        let mut queue = self.0.lock();
        queue.is_closed = true;
        let is_inside = queue.watched.iter().any(|watched| watched.until.is_some());
        let is_lost = queue.lost > 0 || is_inside;
        drop(queue);
        self.0.ready.notify_all();
        self.0.watch.notify_all();
        is_lost
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What each thread does.
    fn work(&self, name: &str) {
        let mut queue = self.lock();
        loop {
            let Some(job) = queue.jobs.pop_front() else {
                if queue.is_closed {
                    return;
                }
                queue.idle += 1;
                queue = self.ready.wait(queue).unwrap_or_else(PoisonError::into_inner);
                queue.idle -= 1;
                continue;
            };
            let Job { live, run, row, .. } = job;
            let it = queue.watched.iter_mut().find(|it| Arc::ptr_eq(&it.live, &live));
            let is_waited_for = it.map(|it| it.thread = Some(name.to_owned())).is_some();
            drop(queue);
            if !is_waited_for {
                // It has ended while it waited. With it goes perhaps the last that holds the
                // plug-in, which closes this queue.
                drop(run);
                queue = self.lock();
                continue;
            }
            self.account.measured(row, || run(&live));
            queue = self.lock();
            let place = queue.watched.iter().position(|it| Arc::ptr_eq(&it.live, &live));
            match place {
                Some(place) => drop(queue.watched.swap_remove(place)),
                // It was counted as lost, and others do its work.
                None => {
                    queue.lost = queue.lost.saturating_sub(1);
                    self.account.find_thread();
                    return;
                }
            }
        }
    }

    /// Ends calls whose time is over.
    fn watch(self: &Arc<Self>) {
        let mut queue = self.lock();
        while !(queue.is_closed && queue.watched.is_empty()) {
            let now = now();
            let late = |it: &Watched| it.until.unwrap_or(it.live.deadline) <= now;
            if let Some(place) = queue.watched.iter().position(late) {
                queue = self.late(queue, place, now);
                continue;
            }
            let next = queue.watched.iter().map(|it| it.until.unwrap_or(it.live.deadline)).min();
            queue = match next {
                None => self.watch.wait(queue).unwrap_or_else(PoisonError::into_inner),
                Some(next) => {
                    let pause = Duration::from_millis(next.saturating_sub(now).max(1));
                    let waited = self.watch.wait_timeout(queue, pause);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// The time of a call is over, or that of a thread to return from it.
    fn late<'q>(
        self: &'q Arc<Self>,
        mut queue: MutexGuard<'q, Queue>,
        place: usize,
        now: u64,
    ) -> MutexGuard<'q, Queue> {
        let is_first = queue.watched.get(place).is_some_and(|it| it.until.is_none());
        if is_first {
            let Some(it) = queue.watched.get_mut(place) else { return queue };
            it.until = Some(now.saturating_add(GRACE_MS));
            it.live.is_over.store(true, Ordering::Release);
            let (live, limit, name) = (Arc::clone(&it.live), it.limit, it.name);
            let mut job = None;
            if it.thread.is_none() {
                // No function has it, and none will get it.
                queue.watched.swap_remove(place);
                let at = queue.jobs.iter().position(|job| Arc::ptr_eq(&job.live, &live));
                job = at.and_then(|at| queue.jobs.remove(at));
            }
            drop(queue);
            // It holds the plug-in, perhaps as the last one.
            drop(job);
            if let Some(call) = live.take() {
                call.error(&format!("{name} did not answer within {limit} ms"));
            }
            return self.lock();
        }
        let it = queue.watched.swap_remove(place);
        queue.lost += 1;
        self.account.lose_thread();
        // Its place is free for another thread, should the tools be called on.
        queue.threads = queue.threads.saturating_sub(1);
        drop(queue);
        let thread = it.thread.unwrap_or_default();
        tracing::error!(
            "{}: {} has not returned {} ms after its call: the thread '{thread}' is lost, and the \
             plug-in is taken out",
            self.name,
            it.name,
            it.limit.saturating_add(GRACE_MS)
        );
        // Who loads another plug-in may hold the list for long, and other calls end meanwhile.
        let own = Arc::clone(self);
        let tell = move || _ = own.lost.as_ref().inspect(|lost| lost());
        let thread = thread::Builder::new().name(format!("{} lost", self.name));
        if let Err(error) = thread.spawn(tell) {
            tracing::error!("{}: no thread can be started: {error}", self.name);
            self.lost.as_ref().inspect(|lost| lost());
        }
        self.lock()
    }
}
