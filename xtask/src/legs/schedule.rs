//! Runs legs side by side: each is a process of its own with a log of its own, and starts when
//! those that it comes after have ended.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
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

/// Takes the first leg that comes after none that waits or runs: after none of all that are to run
/// but for those that have ended.
fn next(
    waiting: &mut Vec<&'static Leg>,
    ended: &BTreeSet<&str>,
    all: &[&'static Leg],
) -> Option<&'static Leg> {
    let is_open = |name: &&str| !ended.contains(name) && all.iter().any(|leg| leg.name == *name);
    let at = waiting.iter().position(|leg| !leg.after.iter().any(is_open))?;
    Some(waiting.remove(at))
}

/// Runs all of them, one more at a time than there are processors, since some wait more than they
/// compute; also when one fails.
pub(super) fn side_by_side(legs: &[&'static Leg]) -> Result<Vec<Outcome>> {
    // Cargo replaces this program when a leg builds the workspace.
    sh::install(&std::env::current_exe()?, &program())?;
    let (mut waiting, mut ended) = (legs.to_vec(), BTreeSet::new());
    let (mut outcomes, mut running) = (Vec::<Outcome>::new(), 0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        loop {
            while running <= parallel::processors()
                && let Some(leg) = next(&mut waiting, &ended, legs)
            {
                println!("{:<14}starts", leg.name);
                let (sender, has_programs) = (sender.clone(), ended.contains("programs"));
                scope.spawn(move || sender.send(apart(leg, has_programs)));
                running += 1;
            }
            if running == 0 {
                break;
            }
            // It waits for a leg that runs, which sends for certain.
            let Ok(outcome) = receiver.recv() else { break };
            running -= 1;
            show(&outcome, outcomes.len() + 1, legs.len());
            ended.insert(outcome.name);
            outcomes.push(outcome);
        }
    });
    outcomes.sort_by_key(|outcome| legs.iter().position(|leg| leg.name == outcome.name));
    Ok(outcomes)
}

/// The copy of this program that runs the legs.
fn program() -> PathBuf {
    sh::target_dir().join("legs/xtask")
}

fn show(outcome: &Outcome, count: usize, all: usize) {
    let minutes = outcome.took.as_secs_f64() / 60.0;
    match &outcome.error {
        None => println!("{:<14}ok after {minutes:.2} minutes ({count} of {all})", outcome.name),
        Some(error) => {
            let log = fs::read_to_string(file(outcome.name, "log")).unwrap_or_default();
            println!("\n== {} FAILED: {error}. Its log:\n{log}\n==", outcome.name);
        }
    }
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
    if let Some(cpu) = sh::processor_time() {
        let path = file(leg.name, "ms");
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(path, cpu.as_millis().to_string())?;
    }
    done.with_context(|| format!("leg {}", leg.name))
}

#[cfg(test)]
mod tests {
    use super::super::{Leg, leg};
    use super::{BTreeSet, next};

    const fn after(name: &'static str, after: &'static [&'static str]) -> Leg {
        leg(name, "", after, || Ok(()))
    }

    #[test]
    fn a_leg_waits_for_those_that_it_comes_after_and_for_no_others() {
        static LEGS: [Leg; 3] =
            [after("c", &["b", "elsewhere"]), after("a", &[]), after("b", &["a"])];
        let all: Vec<&'static Leg> = LEGS.iter().collect();
        let (mut waiting, mut ended) = (all.clone(), BTreeSet::new());
        for name in ["a", "b", "c"] {
            assert_eq!(next(&mut waiting, &ended, &all).unwrap().name, name);
            assert!(next(&mut waiting, &ended, &all).is_none());
            ended.insert(name);
        }
        assert!(waiting.is_empty());
    }
}
