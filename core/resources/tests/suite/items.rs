//! Items that are lent.

use std::panic::{AssertUnwindSafe, catch_unwind};

use trine_bits::Random;
use trine_resources::{Error, ItemPool, Pooled, Table};

use crate::steps;

#[test]
fn the_one_after_the_last_is_refused_and_each_comes_back_once() {
    let pool = ItemPool::new([[0_u8; 32]; 3]);
    let all: Vec<_> = (0..3).map(|_| pool.acquire().unwrap()).collect();
    assert_eq!(pool.acquire().err(), Some(Error::Full(Table::Items)));
    assert_eq!((pool.free(), pool.high_water()), (0, 3));
    drop(all);
    assert_eq!((pool.free(), pool.high_water()), (3, 3));
}

#[test]
fn an_item_comes_back_while_a_panic_unwinds() {
    let pool = ItemPool::new([0_u32; 1]);
    for round in 0..10 {
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let mut item = pool.acquire().unwrap();
            *item = round;
            panic!("in the middle of a tool");
        }));
        assert!(caught.is_err());
        assert_eq!(pool.free(), 1);
        assert_eq!(pool.acquire().map(|item| *item), Ok(round));
    }
    let caught = catch_unwind(AssertUnwindSafe(|| pool.clear(|_| panic!("while it clears"))));
    assert!(caught.is_err());
    assert_eq!(pool.clear(|item| *item = 0), 1);
}

#[test]
fn no_item_is_lent_twice_at_once() {
    let pool = ItemPool::new([0_usize; 5]);
    let mut random = Random::named(1, "items");
    let mut lent: Vec<(usize, Pooled<'_, usize>)> = Vec::new();
    let mut most = 0;
    for step in 0..steps(20_000) {
        if random.chance(0.5) {
            match pool.acquire() {
                Ok(mut item) => {
                    *item = step;
                    lent.push((step, item));
                }
                Err(error) => assert_eq!((error, lent.len()), (Error::Full(Table::Items), 5)),
            }
        } else if !lent.is_empty() {
            let (written, item) = lent.swap_remove(random.below(lent.len()));
            assert_eq!(*item, written);
        }
        most = most.max(lent.len());
        assert_eq!((pool.free(), pool.high_water()), (5 - lent.len(), most));
    }
    assert_eq!(pool.clear(|item| *item = 0), 5 - lent.len(), "those that are lent stay");
}

#[test]
fn a_pool_of_items_says_how_many_are_free() {
    let pool = ItemPool::new([0, 0]);
    let _one = pool.acquire().unwrap();
    assert_eq!(format!("{pool:?}"), "ItemPool { size: 2, free: 1 }");
}
