//! Work side by side: much of what is emulated, or compiled as one piece, keeps one processor busy.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::Result;

/// What the work makes of each item, in their order; as many at a time as there are processors.
pub fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let slots = thread::available_parallelism().map_or(1, usize::from).min(items.len());
    let next = AtomicUsize::new(0);
    let made = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..slots {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { break };
                    let one = (at, work(item));
                    made.lock().unwrap_or_else(PoisonError::into_inner).push(one);
                }
            });
        }
    });
    let mut made = made.into_inner().unwrap_or_else(PoisonError::into_inner);
    made.sort_by_key(|(at, _)| *at);
    made.into_iter().map(|(_, one)| one).collect()
}

/// Does the work for each item, also when it fails for another one.
pub fn each<T: Sync>(items: &[T], work: impl Fn(&T) -> Result<()> + Sync) -> Result<()> {
    map(items, work).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::{each, map};

    #[test]
    fn results_stand_in_the_order_of_their_items() {
        let items: Vec<u32> = (0..100).collect();
        assert_eq!(map(&items, |item| item + 1), (1..101).collect::<Vec<u32>>());
        assert_eq!(map(&[], |item: &u32| *item), Vec::<u32>::new());
    }

    #[test]
    fn the_first_error_in_order_is_the_one_that_is_told() {
        let work = |item: &u32| if *item % 3 == 2 { bail!("{item}") } else { Ok(()) };
        assert_eq!(each(&[0, 1, 5, 2], work).unwrap_err().to_string(), "5");
        each(&[0, 1, 3], work).unwrap();
    }
}
