//! Intervals of a clock that may wrap or jump.

/// Microseconds from `since` to `now`; 0 when the clock went back. A counter of 64 bits that wraps
/// gives the true interval.
pub(crate) const fn elapsed(since: u64, now: u64) -> u64 {
    let passed = now.wrapping_sub(since);
    if passed > u64::MAX / 2 { 0 } else { passed }
}

/// Microseconds that a clock may go back without having been set: readings of two contexts that
/// arrive in the wrong order.
const JITTER: u64 = 1_000_000;

/// Whether a clock was set back, from `since` to `now`.
pub(crate) const fn is_set_back(since: u64, now: u64) -> bool {
    elapsed(now, since) > JITTER
}

/// From when the next interval counts. A clock that went back a little has to come past that point
/// again, so that no time counts twice; one that was set back runs from where it is.
pub(crate) const fn mark(since: u64, now: u64) -> u64 {
    let behind = since.wrapping_sub(now);
    if behind <= JITTER { since } else { now }
}

#[cfg(test)]
mod tests {
    use super::{elapsed, mark};

    #[test]
    fn a_reading_that_comes_late_moves_no_mark_and_a_clock_that_was_set_does() {
        assert_eq!([mark(9, 12), mark(9, 9), mark(9, 3)], [12, 9, 9]);
        assert_eq!(mark(1_000_009, 9), 1_000_009);
        assert_eq!(mark(1_000_010, 9), 9);
        assert_eq!(mark(5, u64::MAX), 5);
        assert_eq!(mark(u64::MAX, 5), 5);
    }

    #[test]
    fn a_clock_that_went_back_has_not_moved_and_one_that_wraps_has() {
        assert_eq!(elapsed(100, 130), 30);
        assert_eq!(elapsed(130, 100), 0);
        assert_eq!(elapsed(u64::MAX - 4, 5), 10);
        assert_eq!(elapsed(u64::from(u32::MAX), 0), 0);
    }
}
