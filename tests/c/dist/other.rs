//! Another library of Rust in the same program, with the standard library in it.

/// Adds on the heap, so that the standard library is really used.
#[unsafe(no_mangle)]
pub extern "C" fn other_add(a: i32, b: i32) -> i32 {
    let numbers: Vec<i32> = vec![a, b];
    numbers.iter().sum()
}
