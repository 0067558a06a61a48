//! What a server is put through, and the figures that come of it.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::requests::Family;
use super::server::{Program, Server};

/// Calls before anything is timed.
const WARM_UP_CALLS: u64 = 1_000;
/// Calls made one at a time: this many turns of so many calls.
const SINGLE_TURNS: usize = 20;
const CALLS_A_TURN: u64 = 250;
/// Calls written without waiting.
const FLOOD_CALLS: u64 = 50_000;
/// How long a client writes and never reads.
const SILENCE: Duration = Duration::from_secs(4);

/// One round's figures, or the medians of several, in the order of [`NAMES`].
pub(super) type Figures = [f64; 9];

/// What each figure is.
pub(super) const NAMES: [&str; 9] = [
    "calls per CPU second, pipelined",
    "calls per second, pipelined",
    "CPU µs a call, pipelined",
    "CPU µs a call, one at a time",
    "p50 µs, one at a time",
    "p99 µs, one at a time",
    "peak MiB, flood that reads",
    "peak MiB, flood that never reads",
    "MiB taken from who never reads",
];

/// The median of each figure.
pub(super) fn medians(rounds: &[Figures]) -> Figures {
    std::array::from_fn(|at| {
        let mut values: Vec<f64> = rounds.iter().map(|round| round[at]).collect();
        at_share(&mut values, 0.5)
    })
}

/// The value below which this share of the values lies.
pub(super) fn at_share(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index into a slice that fits in memory"
    )]
    let at = (last as f64 * share).round() as usize;
    values.get(at).copied().unwrap_or_default()
}

/// One round: fresh processes for what reads, and others for what never does.
///
/// Single calls are made in short turns, first to one server and then to the other: whether two
/// processes share a core changes their time threefold, and so both meet the same mix.
///
/// Floods come in the order of the programs, or the other way round when `backwards` is set: the
/// second of two equal servers does a little better.
pub(super) fn round(
    programs: &[Program; 2],
    family: Family,
    backwards: bool,
) -> Result<[Figures; 2]> {
    let mut both = Vec::with_capacity(programs.len());
    for program in programs {
        let mut server = Server::start(program, family)?;
        one_at_a_time(&mut server, family, WARM_UP_CALLS)?;
        both.push((server, Vec::new(), Duration::ZERO, Figures::default()));
    }
    for _ in 0..SINGLE_TURNS {
        for (server, times, cpu, _) in &mut both {
            let before = server.cpu()?;
            times.extend(one_at_a_time(server, family, CALLS_A_TURN)?);
            *cpu += server.cpu()? - before;
        }
    }
    if backwards {
        both.reverse();
    }
    for (server, times, cpu, figures) in &mut both {
        let single = micros(*cpu) / times.len() as f64;
        let [flooded @ .., peak] = pipelined(server, family)?;
        let [p50, p99] = [0.5, 0.99].map(|share| at_share(times, share));
        *figures = [flooded[0], flooded[1], flooded[2], single, p50, p99, peak, 0.0, 0.0];
    }
    if backwards {
        both.reverse();
    }
    let mut figures = [0, 1].map(|at| both[at].3);
    drop(both);
    for (program, [.., peak, taken]) in programs.iter().zip(&mut figures) {
        [*peak, *taken] = silent(Server::start(program, family)?, family)?;
    }
    Ok(figures)
}

pub(super) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Makes the calls one after the other; the time of each in microseconds.
pub(super) fn one_at_a_time(server: &mut Server, family: Family, calls: u64) -> Result<Vec<f64>> {
    let requests: Vec<String> = (1..=calls).map(|id| family.call(&server.tool, id)).collect();
    let (mut times, mut line) = (Vec::with_capacity(requests.len()), Vec::new());
    for (id, request) in (1..).zip(&requests) {
        let since = Instant::now();
        server.send(request)?;
        let answered = server.answer(&mut line)?;
        ensure!(id == answered, "call {id} was answered as {answered}");
        times.push(micros(since.elapsed()));
    }
    Ok(times)
}

/// Writes all calls at once from a thread of its own while the answers are read: calls per CPU
/// second and per second, CPU µs a call, and the peak in MiB.
fn pipelined(server: &mut Server, family: Family) -> Result<[f64; 4]> {
    let flood: String = (1..=FLOOD_CALLS).map(|id| family.call(&server.tool, id)).collect();
    let mut input = server.input.take().context("the input is open")?;
    let (before, since) = (server.cpu()?, Instant::now());
    let writer = std::thread::spawn(move || -> std::io::Result<_> {
        input.write_all(flood.as_bytes())?;
        Ok(input)
    });
    let mut line = Vec::new();
    let mut ids_left: u64 = (1..=FLOOD_CALLS).sum();
    for answered in 0..FLOOD_CALLS {
        let id = server.answer(&mut line).with_context(|| format!("after {answered} answers"));
        ids_left = ids_left.saturating_sub(id?);
    }
    let (cpu, took) = (server.cpu()? - before, since.elapsed());
    ensure!(ids_left == 0, "some call was answered twice and another never");
    let peak = server.peak_mib()?;
    server.input = writer.join().ok().and_then(Result::ok);
    ensure!(server.input.is_some(), "not every call could be written");
    let calls = FLOOD_CALLS as f64;
    Ok([calls / cpu.as_secs_f64(), calls / took.as_secs_f64(), micros(cpu) / calls, peak])
}

/// Writes for some seconds and never reads; the peak of what the server holds and what it took
/// in, in MiB.
fn silent(mut server: Server, family: Family) -> Result<[f64; 2]> {
    let chunk: String = (1..=1_000).map(|id| family.call(&server.tool, id)).collect();
    let mut input = server.input.take().context("the input is open")?;
    let taken = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&taken);
    let writer = std::thread::spawn(move || {
        // Small pieces, so that a server which stops reading is seen to. The write that then
        // blocks fails when the server is killed below.
        for piece in chunk.as_bytes().chunks(4096).cycle() {
            if input.write_all(piece).is_err() {
                return;
            }
            count.fetch_add(piece.len() as u64, Ordering::Relaxed);
        }
    });
    std::thread::sleep(SILENCE);
    let peak = server.peak_mib()?;
    let taken = taken.load(Ordering::Relaxed) as f64 / (1024.0 * 1024.0);
    drop(server);
    ensure!(writer.join().is_ok(), "the writer ended badly");
    Ok([peak, taken])
}

#[cfg(test)]
mod tests {
    use super::{Figures, at_share, medians};

    #[test]
    fn shares_are_of_the_sorted_values() {
        let mut values: Vec<f64> = (0..=100).rev().map(f64::from).collect();
        assert_eq!(at_share(&mut values, 0.5), 50.0);
        assert_eq!(at_share(&mut values, 0.99), 99.0);
        assert_eq!(at_share(&mut [], 0.5), 0.0);
    }

    #[test]
    fn medians_are_taken_figure_by_figure() {
        let round = |p50, p99| -> Figures { [0.0, 0.0, 0.0, 0.0, p50, p99, 0.0, 0.0, 0.0] };
        let medians = medians(&[round(1.0, 9.0), round(3.0, 7.0), round(2.0, 8.0)]);
        assert_eq!(medians[4..6], [2.0, 8.0]);
    }
}
