//! Threads that share tasks, for [`trine_ternary::parallel`].

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::{fmt, hint, mem, thread};

use trine_ternary::parallel::Parallel;

/// How often a thread looks for work before it sleeps: some ten microseconds, which is what lies
/// between two matrices of a token. Without it each of them would pay for a wake-up.
const LOOKS: u32 = 2000;

type Task<'t> = dyn Fn(usize) + Sync + 't;

/// A pool of threads that sleep when there is nothing to do. The one who calls
/// [`run`](Parallel::run) works too.
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// Held by the one who runs tasks.
    turn: Mutex<()>,
}

struct Shared {
    state: Mutex<State>,
    /// Something changed in the state.
    changed: Condvar,
    /// Counts jobs, so that a worker can look for one without the lock.
    jobs: AtomicU64,
    /// The next task of the job.
    next: AtomicUsize,
    /// Workers inside the job, written with the lock held.
    inside: AtomicUsize,
    failed: AtomicBool,
}

struct State {
    job: Option<Job>,
    stop: bool,
}

#[derive(Clone, Copy)]
struct Job {
    /// Valid until the job is taken away and no one is inside.
    task: &'static Task<'static>,
    tasks: usize,
    number: u64,
}

impl Pool {
    /// A pool of so many threads, the caller's being one of them.
    ///
    /// # Errors
    /// When the system gives no more threads.
    pub fn new(threads: usize) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::new(State { job: None, stop: false }),
            changed: Condvar::new(),
            jobs: AtomicU64::new(0),
            next: AtomicUsize::new(0),
            inside: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
        });
        let mut pool = Self { shared, workers: Vec::new(), turn: Mutex::new(()) };
        for _ in 1..threads {
            let shared = Arc::clone(&pool.shared);
            let named = thread::Builder::new().name("kernels".to_owned());
            pool.workers.push(named.spawn(move || shared.work())?);
        }
        Ok(pool)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("threads", &self.threads()).finish_non_exhaustive()
    }
}

impl Parallel for Pool {
    fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    fn run(&self, tasks: usize, task: &Task<'_>) {
        let turn = self.turn.try_lock();
        if tasks <= 1 || self.workers.is_empty() || turn.is_err() {
            // Someone else has the threads, perhaps a caller further up.
            return (0..tasks).for_each(task);
        }
        // SAFETY: only the lifetime changes. The reference is given to workers through the job,
        // and `Open` does not end before the job is taken away and no worker is inside it, which
        // is before `task` ends, also when a task panics.
        let task = unsafe { mem::transmute::<&Task<'_>, &'static Task<'static>>(task) };
        let open = Open::new(&self.shared, task, tasks);
        self.shared.take_tasks(task, tasks);
        drop(open);
        assert!(!self.shared.failed.swap(false, Ordering::Relaxed), "a task panicked");
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.jobs.fetch_add(1, Ordering::Release);
        self.shared.changed.notify_all();
        for worker in self.workers.drain(..) {
            // A worker catches the panics of tasks and has none of its own.
            let _ = worker.join();
        }
    }
}

/// A job that workers may enter.
struct Open<'p>(&'p Shared);

impl<'p> Open<'p> {
    fn new(shared: &'p Shared, task: &'static Task<'static>, tasks: usize) -> Self {
        let mut state = shared.lock();
        shared.next.store(0, Ordering::Relaxed);
        let number = shared.jobs.fetch_add(1, Ordering::Release) + 1;
        state.job = Some(Job { task, tasks, number });
        drop(state);
        shared.changed.notify_all();
        Self(shared)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.lock().job = None;
        for _ in 0..LOOKS {
            if self.0.inside.load(Ordering::Acquire) == 0 {
                return;
            }
            hint::spin_loop();
        }
        let mut state = self.0.lock();
        while self.0.inside.load(Ordering::Acquire) > 0 {
            state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_tasks(&self, task: &Task<'_>, tasks: usize) {
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            if index >= tasks {
                return;
            }
            task(index);
        }
    }

    /// What a worker does until the pool is dropped.
    fn work(&self) {
        let mut last = 0;
        while let Some(job) = self.enter(&mut last) {
            let done = catch_unwind(AssertUnwindSafe(|| self.take_tasks(job.task, job.tasks)));
            if done.is_err() {
                self.failed.store(true, Ordering::Relaxed);
            }
            // With the lock held, so that the one who waits does not miss it.
            let state = self.lock();
            let before = self.inside.fetch_sub(1, Ordering::Release);
            drop(state);
            if before == 1 {
                self.changed.notify_all();
            }
        }
    }

    /// Waits for a job newer than the last and enters it; `None` when the pool ends.
    fn enter(&self, last: &mut u64) -> Option<Job> {
        for _ in 0..LOOKS {
            if self.jobs.load(Ordering::Acquire) != *last {
                break;
            }
            hint::spin_loop();
        }
        let mut state = self.lock();
        loop {
            if state.stop {
                return None;
            }
            if let Some(job) = state.job
                && job.number != *last
            {
                *last = job.number;
                self.inside.fetch_add(1, Ordering::Relaxed);
                return Some(job);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_runs_once_on_any_number_of_threads() {
        for threads in [1, 2, 5] {
            let pool = Pool::new(threads).unwrap();
            for tasks in [0, 1, 2, 7, 100] {
                for _ in 0..50 {
                    let counts: Vec<AtomicUsize> =
                        (0..tasks).map(|_| AtomicUsize::new(0)).collect();
                    pool.run(tasks, &|index| {
                        counts[index].fetch_add(1, Ordering::Relaxed);
                    });
                    assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1));
                }
            }
        }
    }

    #[test]
    fn a_task_may_itself_run_tasks() {
        let pool = Pool::new(3).unwrap();
        let count = AtomicUsize::new(0);
        pool.run(4, &|_| {
            pool.run(4, &|_| {
                count.fetch_add(1, Ordering::Relaxed);
            });
        });
        assert_eq!(count.into_inner(), 16);
    }

    #[test]
    fn a_task_that_panics_makes_the_caller_panic_and_leaves_the_pool_whole() {
        let pool = Pool::new(3).unwrap();
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            pool.run(30, &|index| assert_ne!(index, 17, "on purpose"));
        }));
        assert!(outcome.is_err());
        let count = AtomicUsize::new(0);
        pool.run(30, &|_| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(count.into_inner(), 30);
    }

    /// Nanoseconds that a thread has had a processor.
    #[cfg(target_os = "linux")]
    fn processor_time(thread: &std::path::Path) -> u64 {
        let text = std::fs::read_to_string(thread.join("schedstat")).unwrap();
        text.split(' ').next().unwrap().parse().unwrap()
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn an_idle_pool_takes_no_processor_time() {
        let pool = Pool::new(4).unwrap();
        let threads = Mutex::new(std::collections::HashSet::new());
        let together = std::sync::Barrier::new(4);
        pool.run(4, &|_| {
            let thread = std::fs::read_link("/proc/thread-self").unwrap();
            threads.lock().unwrap().insert(std::path::Path::new("/proc").join(thread));
            together.wait();
        });
        let own = std::fs::read_link("/proc/thread-self").unwrap();
        let mut threads = threads.into_inner().unwrap();
        assert!(threads.remove(&std::path::Path::new("/proc").join(own)));
        assert_eq!(threads.len(), 3);
        thread::sleep(std::time::Duration::from_millis(100));
        let before: u64 = threads.iter().map(|thread| processor_time(thread)).sum();
        thread::sleep(std::time::Duration::from_millis(200));
        let after: u64 = threads.iter().map(|thread| processor_time(thread)).sum();
        assert_eq!(after, before);
    }
}
