//! Work side by side: much of what is emulated, or compiled as one piece, keeps one processor busy.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::{iter, panic, thread};

use anyhow::{Result, ensure};

/// The number of processors, as far as the system tells.
pub fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// What the work makes of each item, in their order; as many at a time as there are processors.
pub fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    map_with(processors(), items, work)
}

/// The same with another number at a time.
pub fn map_with<T, R>(slots: usize, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R>
where
    T: Sync,
    R: Send,
{
    let next = AtomicUsize::new(0);
    let item = || {
        let at = next.fetch_add(1, Ordering::Relaxed);
        Some((at, work(items.get(at)?)))
    };
    let mut made: Vec<(usize, R)> = thread::scope(|scope| {
        let slot = || iter::from_fn(item).collect::<Vec<_>>();
        let slots: Vec<_> = (0..slots.min(items.len())).map(|_| scope.spawn(slot)).collect();
        let ended = slots.into_iter().map(thread::ScopedJoinHandle::join);
        ended.flat_map(|made| made.unwrap_or_else(|error| panic::resume_unwind(error))).collect()
    });
    made.sort_by_key(|(at, _)| *at);
    made.into_iter().map(|(_, one)| one).collect()
}

/// Does the work for each item, also when it fails for another one; the error tells all of them.
pub fn each<T: Sync>(items: &[T], work: impl Fn(&T) -> Result<()> + Sync) -> Result<()> {
    let failed = map(items, work).into_iter().filter_map(Result::err);
    let failed: Vec<String> = failed.map(|error| format!("{error:#}")).collect();
    ensure!(failed.is_empty(), "{}", failed.join("\n"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::{each, map};

    #[test]
    fn results_and_errors_stand_in_the_order_of_their_items() {
        let items: Vec<u32> = (0..100).collect();
        assert_eq!(map(&items, |item| item + 1), (1..101).collect::<Vec<u32>>());
        let work = |item: &u32| if *item % 3 == 2 { bail!("{item}") } else { Ok(()) };
        assert_eq!(each(&[0, 1, 5, 2], work).unwrap_err().to_string(), "5\n2");
        each(&[0, 1, 3], work).unwrap();
    }
}
