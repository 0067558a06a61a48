//! Intervals of a clock that may wrap or jump.

/// Microseconds from `since` to `now`; 0 when the clock went back. A counter of 64 bits that wraps
/// gives the true interval.
pub(crate) const fn elapsed(since: u64, now: u64) -> u64 {
    let passed = now.wrapping_sub(since);
    if passed > u64::MAX / 2 { 0 } else { passed }
}

#[cfg(test)]
mod tests {
    use super::elapsed;

    #[test]
    fn a_clock_that_went_back_has_not_moved_and_one_that_wraps_has() {
        assert_eq!(elapsed(100, 130), 30);
        assert_eq!(elapsed(130, 100), 0);
        assert_eq!(elapsed(u64::MAX - 4, 5), 10);
        assert_eq!(elapsed(u64::from(u32::MAX), 0), 0);
    }
}
