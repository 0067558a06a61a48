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

/// What is called with an index and the chunks of that index.
pub type PairTask<'f, A, B> = dyn Fn(usize, &mut [A], &mut [B]) + Sync + 'f;

/// The same with two slices, of which chunks with the same index go together: a function that
/// writes both. It is called as often as `a` has chunks; where `b` has fewer, with nothing of it.
pub fn for_each_pair<A: Send, B: Send>(
    pool: &dyn Parallel,
    (a, a_chunk): (&mut [A], usize),
    (b, b_chunk): (&mut [B], usize),
    f: &PairTask<'_, A, B>,
) {
    let (a_chunk, b_chunk) = (a_chunk.max(1), b_chunk.max(1));
    if pool.threads() <= 1 || a.len() <= a_chunk {
        let mut rest = b.chunks_mut(b_chunk);
        for (index, a) in a.chunks_mut(a_chunk).enumerate() {
            f(index, a, rest.next().unwrap_or_default());
        }
        return;
    }
    shared::for_each_pair(pool, (a, a_chunk), (b, b_chunk), f);
}

/// Processors that can count with several threads.
#[cfg(target_has_atomic = "ptr")]
mod shared {
    use core::slice;
    use core::sync::atomic::{AtomicUsize, Ordering};

    use super::{PairTask, Parallel};

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
        fn new(slice: &mut [T], chunk: usize) -> Self {
            let next = AtomicUsize::new(0);
            Self { start: slice.as_mut_ptr(), len: slice.len(), chunk, next }
        }

        /// The next chunk and its number. The lifetime is that of the slice behind it, which the
        /// caller sees to.
        fn take<'a>(&self) -> Option<(usize, &'a mut [T])> {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            // SAFETY: the counter gives each index to one caller only.
            unsafe { self.at(index) }.map(|part| (index, part))
        }

        /// The chunk of an index.
        ///
        /// # Safety
        /// No index may be asked for twice while the slice is borrowed.
        unsafe fn at<'a>(&self, index: usize) -> Option<&'a mut [T]> {
            let start = index.checked_mul(self.chunk).filter(|start| *start < self.len)?;
            let len = self.chunk.min(self.len - start);
            // SAFETY: `start < self.len`, so it stays inside the slice.
            let first = unsafe { self.start.add(start) };
            // SAFETY: `first..first + len` is inside the slice, `index` was never given to anyone
            // before, and chunks of different indices do not overlap.
            Some(unsafe { slice::from_raw_parts_mut(first, len) })
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
        let chunks = Chunks::new(out, chunk);
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

    pub(super) fn for_each_pair<A: Send, B: Send>(
        pool: &dyn Parallel,
        (a, a_chunk): (&mut [A], usize),
        (b, b_chunk): (&mut [B], usize),
        f: &PairTask<'_, A, B>,
    ) {
        let tasks = a.len().div_ceil(a_chunk);
        let (a, b) = (Chunks::new(a, a_chunk), Chunks::new(b, b_chunk));
        let work = || match a.take() {
            Some((index, a)) => {
                // SAFETY: `a` gives each index once, and no other is asked of `b`.
                f(index, a, unsafe { b.at(index) }.unwrap_or_default());
                true
            }
            None => false,
        };
        pool.run(tasks, &|_| {
            work();
        });
        while work() {}
    }
}

/// Without an atomic counter there is one thread.
#[cfg(not(target_has_atomic = "ptr"))]
mod shared {
    use super::{PairTask, Parallel};

    pub(super) fn for_each_chunk<T: Send>(
        _pool: &dyn Parallel,
        out: &mut [T],
        chunk: usize,
        f: &(dyn Fn(usize, &mut [T]) + Sync),
    ) {
        out.chunks_mut(chunk).enumerate().for_each(|(index, part)| f(index, part));
    }

    pub(super) fn for_each_pair<A: Send, B: Send>(
        _pool: &dyn Parallel,
        (a, a_chunk): (&mut [A], usize),
        (b, b_chunk): (&mut [B], usize),
        f: &PairTask<'_, A, B>,
    ) {
        let mut rest = b.chunks_mut(b_chunk);
        for (index, a) in a.chunks_mut(a_chunk).enumerate() {
            f(index, a, rest.next().unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::{Parallel, Serial, for_each_chunk, for_each_pair};

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

    #[test]
    fn chunks_of_the_same_index_go_together() {
        for pool in [&Serial as &dyn Parallel, &Unruly] {
            for (len, a_chunk, b_chunk) in
                [(1, 3, 2), (10, 1, 2), (10, 3, 5), (64, 7, 1), (5, 0, 1)]
            {
                let (mut a, mut b) = ([0_u32; 64], [0_u8; 20]);
                let pair = |index: usize, a: &mut [u32], b: &mut [u8]| {
                    a.iter_mut().for_each(|a| *a += 1);
                    b.iter_mut().for_each(|b| *b += 1 + index as u8);
                };
                for_each_pair(pool, (&mut a[..len], a_chunk), (&mut b, b_chunk), &pair);
                let wanted = |at: usize| u32::from(at < len);
                assert!(a.iter().enumerate().all(|(at, a)| *a == wanted(at)), "{len} {a_chunk}");
                let chunks = len.div_ceil(a_chunk.max(1));
                for (at, b) in b.iter().enumerate() {
                    let index = at / b_chunk;
                    assert_eq!(usize::from(*b), if index < chunks { index + 1 } else { 0 });
                }
            }
        }
    }
}
