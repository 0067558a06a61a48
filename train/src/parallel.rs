//! Work shared among threads.

use std::sync::Mutex;
use std::thread;

/// Does some work for each item, in as many threads. Which thread takes which item is open, so that
/// what is done with one must not depend on another.
pub(crate) fn each<T: Send>(threads: usize, items: Vec<T>, work: impl Fn(T) + Sync) {
    if threads <= 1 || items.len() <= 1 {
        return items.into_iter().for_each(work);
    }
    let threads = threads.min(items.len());
    let queue = Mutex::new(items.into_iter());
    let next = || queue.lock().ok().and_then(|mut queue| queue.next());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(item) = next() {
                    work(item);
                }
            });
        }
    });
}

/// What becomes of each item, in their order, in as many threads.
pub(crate) fn map<T: Send, R: Send>(
    threads: usize,
    items: Vec<T>,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let mut made: Vec<Option<R>> = items.iter().map(|_| None).collect();
    let places = items.into_iter().zip(&mut made).collect();
    each(threads, places, |(item, place)| *place = Some(work(item)));
    made.into_iter().flatten().collect()
}

/// Does two things, beside each other if there are threads for it: the first in one of its own.
pub(crate) fn beside(threads: usize, one: impl FnOnce() + Send, other: impl FnOnce()) {
    if threads <= 1 {
        one();
        return other();
    }
    thread::scope(|scope| {
        scope.spawn(one);
        other();
    });
}

/// Processors that this process may use.
pub(crate) fn processors() -> usize {
    thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
