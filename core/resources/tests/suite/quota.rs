//! Quotas next to exact counts.

use trine_bits::Random;
use trine_resources::{Error, Limit, Quota, Quotas};

use crate::steps;

const SECOND: u64 = 1_000_000;

fn wait(quota: &mut Quota, now: u64) -> Option<(Limit, u64)> {
    match quota.admit(now) {
        Ok(()) => None,
        Err(Error::Quota { limit, wait }) => Some((limit, wait)),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_refused_call_is_let_in_after_the_wait_and_not_before() {
    let mut random = Random::named(1, "quota");
    for _ in 0..steps(2_000) {
        let calls_per_second = 1 + random.below(2_000) as u32;
        let burst = random.below(5) as u32;
        let mut now = random.bits();
        let mut quota = Quota::new(&Quotas { calls_per_second, burst, ..Quotas::default() }, now);
        for _ in 0..20 {
            now = now.wrapping_add(random.below(3_000) as u64);
            let Some((limit, wait)) = wait(&mut quota, now) else { continue };
            assert_eq!(limit, Limit::Calls);
            assert!(wait >= 1 && wait <= SECOND.div_ceil(calls_per_second.into()));
            let mut early = quota;
            assert!(self::wait(&mut early, now.wrapping_add(wait - 1)).is_some());
            let mut late = quota;
            assert_eq!(self::wait(&mut late, now.wrapping_add(wait)), None);
        }
    }
}

/// Readings of two contexts may arrive in the wrong order.
#[test]
fn a_wait_that_is_told_at_a_late_reading_is_long_enough() {
    let quotas = Quotas { calls_per_second: 2, burst: 1, cpu_time: 10, window: 300_000 };
    let mut quota = Quota::new(&quotas, SECOND);
    quota.admit(SECOND).unwrap();
    let late = SECOND / 2;
    assert_eq!(wait(&mut quota, late), Some((Limit::Calls, SECOND)));
    assert_eq!(wait(&mut quota, late + SECOND - 1), Some((Limit::Calls, 1)));
    assert_eq!(wait(&mut quota, late + SECOND), None);
    let mut quota = Quota::new(&quotas, SECOND);
    quota.charge_cpu(SECOND, 10);
    assert_eq!(wait(&mut quota, late), Some((Limit::CpuTime, 800_000)));
    assert_eq!(wait(&mut quota, late + 799_999), Some((Limit::CpuTime, 1)));
    assert_eq!(wait(&mut quota, late + 800_000), None);
}

#[test]
fn no_interval_has_more_calls_than_the_burst_and_the_rate_allow() {
    let mut random = Random::named(2, "quota");
    let quotas = Quotas { calls_per_second: 50, burst: 7, ..Quotas::default() };
    let mut quota = Quota::new(&quotas, 0);
    let (mut now, mut admitted) = (0, Vec::new());
    for _ in 0..5_000 {
        now += random.below(30_000) as u64;
        if wait(&mut quota, now).is_none() {
            admitted.push(now);
        }
    }
    assert!(admitted.len() > 1_000);
    for (at, start) in admitted.iter().enumerate() {
        for (count, end) in (1_u64..).zip(&admitted[at..]).take(200) {
            assert!(count <= 7 + (end - start) * 50 / SECOND, "{count} calls");
        }
    }
}

#[test]
fn a_clock_that_jumps_or_wraps_gives_no_call_that_was_not_earned() {
    let quotas = Quotas { calls_per_second: 10, burst: 2, ..Quotas::default() };
    let mut quota = Quota::new(&quotas, 5 * SECOND);
    assert_eq!([0, 1, 2].map(|_| wait(&mut quota, 5 * SECOND).is_none()), [true, true, false]);
    // Back: nothing is earned until it has run on from there.
    assert!(wait(&mut quota, 0).is_some());
    assert_eq!(wait(&mut quota, SECOND / 10 - 1), Some((Limit::Calls, 1)));
    assert_eq!(wait(&mut quota, SECOND / 10), None);
    // Far forwards: the bucket is full, and no fuller.
    let far = u64::MAX - 10;
    let jump = quota.admit(far / 2);
    assert_eq!((jump, wait(&mut quota, far / 2)), (Ok(()), None));
    assert!(wait(&mut quota, far / 2).is_some());
    // It wraps: the interval is the true one.
    let mut quota = Quota::new(&quotas, far);
    assert_eq!([0, 1].map(|_| wait(&mut quota, far)), [None, None]);
    assert!(wait(&mut quota, far.wrapping_add(SECOND / 10 - 1)).is_some());
    assert_eq!(wait(&mut quota, far.wrapping_add(SECOND / 10)), None);
}

#[test]
fn processor_time_beyond_the_budget_counts_against_the_next_windows() {
    let quotas = Quotas { cpu_time: 100, window: 1_000, ..Quotas::default() };
    let at = |time| 7 * SECOND + time;
    let mut quota = Quota::new(&quotas, at(0));
    assert_eq!(wait(&mut quota, at(0)), None);
    quota.charge_cpu(at(400), 99);
    assert_eq!(wait(&mut quota, at(400)), None);
    assert_eq!(quota.state(at(400)).cpu_left, 1);
    quota.charge_cpu(at(400), 201);
    // 300 were used: those of three windows.
    assert_eq!(wait(&mut quota, at(400)), Some((Limit::CpuTime, 2_600)));
    assert_eq!(wait(&mut quota, at(2_999)), Some((Limit::CpuTime, 1)));
    assert_eq!(wait(&mut quota, at(3_000)), None);
    assert_eq!(quota.state(at(3_000)).refused_cpu, 2);
    // A reading that comes late, and a clock that is set back: what was used still counts.
    quota.charge_cpu(at(3_000), 100);
    assert_eq!(wait(&mut quota, at(2_900)), Some((Limit::CpuTime, 1_100)));
    assert_eq!(wait(&mut quota, at(3_999)), Some((Limit::CpuTime, 1)));
    assert_eq!(wait(&mut quota, 10), Some((Limit::CpuTime, 1_000)));
    assert_eq!(wait(&mut quota, 1_010), None);
}

#[test]
fn a_clock_that_swings_earns_no_time_twice() {
    let quotas = Quotas { calls_per_second: 10, burst: 1, ..Quotas::default() };
    let mut quota = Quota::new(&quotas, SECOND);
    assert_eq!(wait(&mut quota, SECOND), None);
    for _ in 0..100 {
        assert!(wait(&mut quota, SECOND + SECOND / 20).is_some());
        assert!(wait(&mut quota, SECOND / 2).is_some());
    }
    assert_eq!(wait(&mut quota, SECOND + SECOND / 10), None);
}

#[test]
fn without_limits_everything_is_let_in() {
    let mut quota = Quota::new(&Quotas::default(), 9);
    quota.charge_cpu(9, u64::MAX);
    assert!((0..1_000).all(|_| quota.admit(9).is_ok()));
    let state = quota.state(9);
    assert_eq!((state.calls_left, state.cpu_left), (u64::MAX, u64::MAX));
}

#[test]
fn a_state_counts_the_calls_that_are_left() {
    let quotas = Quotas { calls_per_second: 10, burst: 3, ..Quotas::default() };
    let mut quota = Quota::new(&quotas, 0);
    for left in [3, 2, 1] {
        assert_eq!(quota.state(0).calls_left, left);
        quota.admit(0).unwrap();
    }
    assert_eq!([0, SECOND / 10 - 1, SECOND / 10].map(|now| quota.state(now).calls_left), [0, 0, 1]);
}
