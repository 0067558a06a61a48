//! How a caller lends threads: the kernels themselves start none.

/// A pool of threads, or something that acts as one.
pub trait Parallel: Sync {
    /// How many tasks may run at the same time; 1 says that nothing is gained by splitting work.
    fn threads(&self) -> usize;

    /// Calls `task` with each of `0..tasks`, in any order and on any threads, and returns when
    /// all calls have returned.
    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync));
}

/// The calling thread alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Serial;

impl Parallel for Serial {
    fn threads(&self) -> usize {
        1
    }

    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        (0..tasks).for_each(task);
    }
}

/// Calls `f(index, chunk)` for each chunk of `chunk` elements of `out`; the last may be shorter. A
/// chunk of 0 counts as 1. Every chunk is worked on exactly once, whatever the pool does.
pub fn for_each_chunk<T: Send>(
    pool: &dyn Parallel,
    out: &mut [T],
    chunk: usize,
    f: &(dyn Fn(usize, &mut [T]) + Sync),
) {
    let chunk = chunk.max(1);
    if pool.threads() <= 1 || out.len() <= chunk {
        return out.chunks_mut(chunk).enumerate().for_each(|(index, part)| f(index, part));
    }
    shared::for_each_chunk(pool, out, chunk, f);
}

/// Processors that can count with several threads.
#[cfg(target_has_atomic = "ptr")]
mod shared {
    use core::slice;
    use core::sync::atomic::{AtomicUsize, Ordering};

    use super::Parallel;

    /// A slice whose chunks are given away one by one, each once.
    struct Chunks<T> {
        start: *mut T,
        len: usize,
        chunk: usize,
        next: AtomicUsize,
    }

    // SAFETY: a chunk is reached only through `take`, which gives each one away once; so sharing
    // `Chunks` moves elements to other threads, for which `T: Send` is what is needed.
    unsafe impl<T: Send> Sync for Chunks<T> {}

    impl<T> Chunks<T> {
        /// The next chunk and its number. The lifetime is that of the slice behind it, which the
        /// caller sees to.
        fn take<'a>(&self) -> Option<(usize, &'a mut [T])> {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let start = index.checked_mul(self.chunk).filter(|start| *start < self.len)?;
            let len = self.chunk.min(self.len - start);
            // SAFETY: `start < self.len`, so it stays inside the slice.
            let first = unsafe { self.start.add(start) };
            // SAFETY: `first..first + len` is inside the slice, `index` was never given to anyone
            // before, and chunks of different indices do not overlap.
            Some((index, unsafe { slice::from_raw_parts_mut(first, len) }))
        }
    }

    /// The pool's own indices are not used: it is safe code of someone else, and were it to call
    /// a task twice, two threads would hold the same chunk.
    pub(super) fn for_each_chunk<T: Send>(
        pool: &dyn Parallel,
        out: &mut [T],
        chunk: usize,
        f: &(dyn Fn(usize, &mut [T]) + Sync),
    ) {
        let tasks = out.len().div_ceil(chunk);
        let next = AtomicUsize::new(0);
        let chunks = Chunks { start: out.as_mut_ptr(), len: out.len(), chunk, next };
        let work = || match chunks.take() {
            Some((index, part)) => {
                f(index, part);
                true
            }
            None => false,
        };
        pool.run(tasks, &|_| {
            work();
        });
        // What a pool left undone is done here.
        while work() {}
    }
}

/// Without an atomic counter there is one thread.
#[cfg(not(target_has_atomic = "ptr"))]
mod shared {
    use super::Parallel;

    pub(super) fn for_each_chunk<T: Send>(
        _pool: &dyn Parallel,
        out: &mut [T],
        chunk: usize,
        f: &(dyn Fn(usize, &mut [T]) + Sync),
    ) {
        out.chunks_mut(chunk).enumerate().for_each(|(index, part)| f(index, part));
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::{Parallel, Serial, for_each_chunk};

    /// Calls every task twice, on as many threads, and leaves the last task out.
    struct Unruly;

    impl Parallel for Unruly {
        fn threads(&self) -> usize {
            2
        }

        fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
            thread::scope(|scope| {
                for index in (0..tasks.saturating_sub(1)).chain(0..tasks.saturating_sub(1)) {
                    scope.spawn(move || task(index));
                }
            });
        }
    }

    /// Starts nothing.
    struct Idle;

    impl Parallel for Idle {
        fn threads(&self) -> usize {
            8
        }

        fn run(&self, _: usize, _: &(dyn Fn(usize) + Sync)) {}
    }

    #[test]
    fn every_chunk_is_done_once_by_any_pool() {
        for pool in [&Serial as &dyn Parallel, &Unruly, &Idle] {
            for (len, chunk) in [(0, 3), (1, 3), (9, 3), (10, 3), (10, 0), (10, 100)] {
                let mut out = std::vec![0; len];
                for_each_chunk(pool, &mut out, chunk, &|index, part: &mut [usize]| {
                    for (at, out) in part.iter_mut().enumerate() {
                        *out += 1 + index * chunk.max(1) + at;
                    }
                });
                assert!(out.iter().copied().eq(1..=len), "{len} {chunk}: {out:?}");
            }
        }
    }
}
