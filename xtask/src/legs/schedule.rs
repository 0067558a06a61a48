//! Runs legs side by side: each is a process of its own with a log of its own, and starts when
//! those that it comes after have ended.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::Leg;
use crate::{parallel, programs, sh};

pub(super) struct Outcome {
    pub(super) name: &'static str,
    pub(super) took: Duration,
    /// Processor time of the leg and all that it started, where the system tells.
    pub(super) cpu: Option<Duration>,
    pub(super) error: Option<String>,
    /// What it said that it left out, for want of data or of a device.
    pub(super) skipped: usize,
}

/// What waits, and what has ended.
struct State {
    waiting: Vec<&'static Leg>,
    ended: BTreeSet<&'static str>,
    outcomes: Vec<Outcome>,
}

impl State {
    fn new(legs: &[&'static Leg]) -> Self {
        Self { waiting: legs.to_vec(), ended: BTreeSet::new(), outcomes: Vec::new() }
    }

    /// The first leg that waits for none, and comes after none that waits or runs.
    fn next(&mut self, all: &[&'static Leg]) -> Option<&'static Leg> {
        let open = |name| !self.ended.contains(name) && all.iter().any(|leg| leg.name == name);
        let at = self.waiting.iter().position(|leg| !leg.after.iter().any(|name| open(*name)))?;
        Some(self.waiting.remove(at))
    }
}

/// Runs all of them, one more at a time than there are processors, since some wait more than they
/// compute; also when one fails.
pub(super) fn side_by_side(legs: &[&'static Leg]) -> Result<Vec<Outcome>> {
    // Cargo replaces this program when a leg builds the workspace.
    sh::install(&std::env::current_exe()?, &program())?;
    let (state, changed) = (Mutex::new(State::new(legs)), Condvar::new());
    let lock = || state.lock().unwrap_or_else(PoisonError::into_inner);
    let slot = || {
        let mut held = lock();
        loop {
            let Some(leg) = held.next(legs) else {
                if held.waiting.is_empty() {
                    return;
                }
                held = changed.wait(held).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let has_programs = held.ended.contains("programs");
            println!("{:<14}starts", leg.name);
            drop(held);
            let outcome = apart(leg, has_programs);
            held = lock();
            ended(&mut held, outcome, legs.len());
            changed.notify_all();
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..=parallel::processors() {
            scope.spawn(slot);
        }
    });
    let mut outcomes = state.into_inner().unwrap_or_else(PoisonError::into_inner).outcomes;
    outcomes.sort_by_key(|outcome| legs.iter().position(|leg| leg.name == outcome.name));
    Ok(outcomes)
}

/// The copy of this program that runs the legs.
fn program() -> PathBuf {
    sh::target_dir().join("legs/xtask")
}

fn ended(state: &mut MutexGuard<'_, State>, outcome: Outcome, all: usize) {
    let minutes = outcome.took.as_secs_f64() / 60.0;
    let count = state.outcomes.len() + 1;
    match &outcome.error {
        None => println!("{:<14}ok after {minutes:.2} minutes ({count} of {all})", outcome.name),
        Some(error) => {
            let log = fs::read_to_string(file(outcome.name, "log")).unwrap_or_default();
            println!("\n== {} FAILED: {error}. Its log:\n{log}\n==", outcome.name);
        }
    }
    state.ended.insert(outcome.name);
    state.outcomes.push(outcome);
}

/// Where a leg's output goes (`log`), and the processor time that it took in milliseconds (`ms`).
fn file(name: &str, kind: &str) -> PathBuf {
    sh::target_dir().join("legs").join(format!("{name}.{kind}"))
}

fn apart(leg: &Leg, has_programs: bool) -> Outcome {
    let since = Instant::now();
    let error = run_apart(leg, has_programs).err().map(|error| format!("{error:#}"));
    let left = |kind| fs::read_to_string(file(leg.name, kind)).unwrap_or_default();
    let cpu = left("ms").parse().ok().map(Duration::from_millis);
    let skipped = left("log").lines().filter(|line| line.starts_with("skipped: ")).count();
    Outcome { name: leg.name, took: since.elapsed(), cpu, error, skipped }
}

fn run_apart(leg: &Leg, has_programs: bool) -> Result<()> {
    let path = file(leg.name, "log");
    drop(fs::remove_file(file(leg.name, "ms")));
    let log = File::create(&path).with_context(|| path.display().to_string())?;
    let mut command = sh::command(program());
    command.args(["test", "--leg", leg.name]).envs(has_programs.then_some((programs::BUILT, "1")));
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    if command.status()?.success() {
        return Ok(());
    }
    let said = fs::read_to_string(&path).unwrap_or_default();
    let last = said.lines().rev().find_map(|line| line.strip_prefix("xtask: "));
    bail!("{}", last.unwrap_or("it ended early"))
}

/// Runs one leg here, and leaves the processor time that it took for who started it.
pub(super) fn here(leg: &Leg) -> Result<()> {
    let done = (leg.run)();
    if let Some(cpu) = children_time() {
        let path = file(leg.name, "ms");
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(path, cpu.as_millis().to_string())?;
    }
    done.with_context(|| format!("leg {}", leg.name))
}

/// The processor time of this process and of all children that have ended, by `/proc`, which counts
/// it in hundredths of a second.
fn children_time() -> Option<Duration> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    let ticks = fields.split(' ').skip(11).take(4).filter_map(|field| field.parse::<u64>().ok());
    Some(Duration::from_millis(ticks.sum::<u64>() * 10))
}

#[cfg(test)]
mod tests {
    use super::super::{Leg, leg};
    use super::{State, children_time};

    const fn after(name: &'static str, after: &'static [&'static str]) -> Leg {
        leg(name, "", after, || Ok(()))
    }

    #[test]
    fn a_leg_waits_for_those_that_it_comes_after_and_for_no_others() {
        static LEGS: [Leg; 3] =
            [after("c", &["b", "elsewhere"]), after("a", &[]), after("b", &["a"])];
        let all: Vec<&'static Leg> = LEGS.iter().collect();
        let mut state = State::new(&all);
        assert_eq!(state.next(&all).unwrap().name, "a");
        assert!(state.next(&all).is_none());
        state.ended.insert("a");
        assert_eq!(state.next(&all).unwrap().name, "b");
        assert!(state.next(&all).is_none());
        state.ended.insert("b");
        assert_eq!(state.next(&all).unwrap().name, "c");
        assert!(state.next(&all).is_none() && state.waiting.is_empty());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn processor_time_is_read() {
        assert!(children_time().is_some());
    }
}
