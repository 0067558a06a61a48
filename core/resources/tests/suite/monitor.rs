//! The monitor next to exact quantiles.

use trine_bits::Random;
use trine_resources::{Error, Execution, Monitor, Outcome, RELATIVE_ERROR, Table, ToolId};

use crate::{Aligned, steps};

fn near(measured: u64, exact: u64, what: &str) {
    let error = measured.abs_diff(exact) as f64;
    assert!(error <= RELATIVE_ERROR * exact as f64, "{what}: {measured} for {exact}");
}

#[test]
fn quantiles_are_as_near_to_the_exact_ones_as_is_stated() {
    let mut random = Random::named(1, "monitor");
    for round in 0..60 {
        let mut memory = Aligned([0; Monitor::bytes(1, 1)]);
        let mut monitor = Monitor::new(&mut memory.0, 1, 1).unwrap();
        let tool = ToolId(3);
        let bits = 2 + random.below(30);
        let mut times: Vec<u64> = (0..1 + random.below(2_000))
            .map(|_| random.bits() >> (64 - 1 - random.below(bits)) >> 1)
            .collect();
        for time in &times {
            let start = random.bits();
            let execution = monitor.begin(tool, start).unwrap();
            monitor.end(execution, start.wrapping_add(*time), Outcome::Done).unwrap();
        }
        times.sort_unstable();
        let exact = |part: usize| times[(times.len() * part).div_ceil(100) - 1];
        let summary = monitor.summary(tool).unwrap();
        near(summary.p50, exact(50), &format!("p50 of round {round}"));
        near(summary.p99, exact(99), &format!("p99 of round {round}"));
        let sum: u64 = times.iter().sum();
        assert_eq!(summary.mean, sum / times.len() as u64);
        assert_eq!((summary.min, summary.max), (times[0], times[times.len() - 1]));
    }
}

#[test]
fn begun_and_ended_are_equal_when_nothing_runs_whatever_came_between() {
    let mut memory = Aligned([0; Monitor::bytes(3, 4)]);
    let mut monitor = Monitor::new(&mut memory.0, 3, 4).unwrap();
    let mut random = Random::named(2, "monitor");
    let mut running: Vec<(ToolId, Execution)> = Vec::new();
    let mut gone = Vec::new();
    let mut errors = [0; 3];
    for now in 0..steps(20_000) as u64 {
        let tool = ToolId(random.below(3) as u32);
        match random.below(20) {
            0 => {
                let own = running.iter().filter(|(who, _)| *who == tool).count();
                assert_eq!(monitor.abort_all(tool, now), own as u32);
                errors[tool.0 as usize] += own as u64;
                gone.extend(running.extract_if(.., |(who, _)| *who == tool));
            }
            1..10 if !running.is_empty() => {
                let (who, execution) = running.swap_remove(random.below(running.len()));
                let outcome = *random.pick(&[Outcome::Done, Outcome::Failed]).unwrap();
                errors[who.0 as usize] += u64::from(outcome == Outcome::Failed);
                monitor.end(execution, now, outcome).unwrap();
                gone.push((who, execution));
            }
            _ => match monitor.begin(tool, now) {
                Ok(execution) => running.push((tool, execution)),
                Err(error) => {
                    assert_eq!((error, running.len()), (Error::Full(Table::Executions), 4));
                }
            },
        }
        if let Some((_, execution)) = gone.last().copied() {
            assert_eq!(monitor.end(execution, now, Outcome::Done), Err(Error::Stale));
        }
        for (at, errors) in errors.iter().enumerate() {
            let tool = ToolId(at as u32);
            let Some(summary) = monitor.summary(tool) else { continue };
            let own = running.iter().filter(|(who, _)| *who == tool).count() as u64;
            assert_eq!(summary.started, summary.ended + own);
            assert_eq!((summary.errors, monitor.running(tool).count() as u64), (*errors, own));
        }
    }
    assert!(gone.len() > 100);
}

#[test]
fn a_clock_that_went_back_makes_an_execution_last_no_time() {
    let mut memory = Aligned([0; Monitor::bytes(1, 1)]);
    let mut monitor = Monitor::new(&mut memory.0, 1, 1).unwrap();
    let execution = monitor.begin(ToolId(1), 500).unwrap();
    assert_eq!(monitor.begin(ToolId(2), 0).err(), Some(Error::Full(Table::Tools)));
    assert_eq!(monitor.end(execution, 400, Outcome::Done), Ok((ToolId(1), 0)));
    monitor.forget(ToolId(1));
    assert_eq!(monitor.summary(ToolId(1)), None);
    assert!(monitor.begin(ToolId(2), 0).is_ok());
}

/// A second one has another place, and one in a place that was free before another generation.
#[test]
fn a_handle_is_the_same_after_it_was_a_number() {
    let mut memory = Aligned([0; Monitor::bytes(1, 3)]);
    let mut monitor = Monitor::new(&mut memory.0, 1, 3).unwrap();
    let tool = ToolId(2);
    let first = monitor.begin(tool, 0).unwrap();
    let second = monitor.begin(tool, 0).unwrap();
    monitor.end(second, 1, Outcome::Done).unwrap();
    let again = monitor.begin(tool, 1).unwrap();
    let all = [first, second, again];
    assert!(
        all.iter().all(|one| one.to_bits() != 0 && Execution::from_bits(one.to_bits()) == *one)
    );
    assert!(first != again && second != again, "{all:?}");
    for one in [first, again] {
        let one = Execution::from_bits(one.to_bits());
        assert_eq!(monitor.end(one, 2, Outcome::Done).map(|_| ()), Ok(()));
    }
}
