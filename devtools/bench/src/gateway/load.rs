//! What a server is put through, and the figures that come of it.

use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::server::{Family, Program, Server};

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

/// The median of each figure of each server.
pub(super) fn medians(rounds: &[[Figures; 2]]) -> [Figures; 2] {
    let median = |who: usize, what: usize| {
        let mut values: Vec<f64> = rounds.iter().map(|round| round[who][what]).collect();
        percentile(&mut values, 50)
    };
    [0, 1].map(|who| std::array::from_fn(|what| median(who, what)))
}

/// The value below which so many percent of the values lie.
pub(crate) fn percentile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (values.len().saturating_sub(1) * percent + 50) / 100;
    values.get(at).copied().unwrap_or_default()
}

/// One round: fresh processes for what reads, and others for what never does. Single calls are made
/// in short turns, to one server and then to the other: whether two processes share a core changes
/// their time threefold, and so both meet the same mix. Floods come backwards in every other round:
/// the second of two equal servers does a little better.
pub(super) fn round(
    programs: &[Program; 2],
    family: Family,
    backwards: bool,
) -> Result<[Figures; 2]> {
    let mut both = Vec::with_capacity(programs.len());
    for program in programs {
        let mut server = Server::start(program, family)?;
        one_at_a_time(&mut server, WARM_UP_CALLS)?;
        both.push((server, Vec::new(), Duration::ZERO));
    }
    for _ in 0..SINGLE_TURNS {
        for (server, times, cpu) in &mut both {
            let before = server.cpu()?;
            times.extend(one_at_a_time(server, CALLS_A_TURN)?);
            *cpu += server.cpu()? - before;
        }
    }
    let mut figures = [Figures::default(); 2];
    for at in if backwards { [1, 0] } else { [0, 1] } {
        let (server, times, cpu) = &mut both[at];
        let single = micros(*cpu) / times.len() as f64;
        let [a_cpu_second, a_second, cpu, peak] = pipelined(server)?;
        let [p50, p99] = [50, 99].map(|percent| percentile(times, percent));
        figures[at] = [a_cpu_second, a_second, cpu, single, p50, p99, peak, 0.0, 0.0];
    }
    drop(both);
    for (program, [.., peak, taken]) in programs.iter().zip(&mut figures) {
        [*peak, *taken] = silent(Server::start(program, family)?)?;
    }
    Ok(figures)
}

pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Makes the calls one after the other; the time of each in microseconds.
pub(super) fn one_at_a_time(server: &mut Server, calls: u64) -> Result<Vec<f64>> {
    let requests: Vec<String> = (1..=calls).map(|id| server.call(id)).collect();
    let mut times = Vec::with_capacity(requests.len());
    for (id, request) in (1..).zip(&requests) {
        let since = Instant::now();
        server.send(request)?;
        let answered = server.answer()?;
        ensure!(id == answered, "call {id} was answered as {answered}");
        times.push(micros(since.elapsed()));
    }
    Ok(times)
}

/// Writes all calls at once from a thread of its own while the answers are read: calls per CPU
/// second and per second, CPU µs a call, and the peak in MiB.
fn pipelined(server: &mut Server) -> Result<[f64; 4]> {
    let flood: String = (1..=FLOOD_CALLS).map(|id| server.call(id)).collect();
    let mut input = server.input.take().context("the input is open")?;
    let (before, since) = (server.cpu()?, Instant::now());
    let writer = std::thread::spawn(move || -> std::io::Result<_> {
        input.write_all(flood.as_bytes())?;
        Ok(input)
    });
    let mut ids_left: u64 = (1..=FLOOD_CALLS).sum();
    for answered in 0..FLOOD_CALLS {
        let id = server.answer().with_context(|| format!("after {answered} answers"));
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
fn silent(mut server: Server) -> Result<[f64; 2]> {
    let chunk: String = (1..=1_000).map(|id| server.call(id)).collect();
    let mut input = server.input.take().context("the input is open")?;
    let writer = std::thread::spawn(move || {
        // Small pieces, so that a server which stops reading is seen to. The write that then
        // blocks fails when the server is killed below.
        let pieces = chunk.as_bytes().chunks(4096).cycle();
        pieces.take_while(|piece| input.write_all(piece).is_ok()).map(<[u8]>::len).sum::<usize>()
    });
    std::thread::sleep(SILENCE);
    let peak = server.peak_mib()?;
    drop(server);
    let taken = writer.join().ok().context("the writer ended badly")?;
    Ok([peak, taken as f64 / f64::from(1 << 20)])
}

#[cfg(test)]
mod tests {
    use super::{medians, percentile};

    #[test]
    fn percentiles_are_of_the_sorted_values_and_medians_of_each_figure() {
        let mut values: Vec<f64> = (0..=100).rev().map(f64::from).collect();
        assert_eq!([50, 99].map(|percent| percentile(&mut values, percent)), [50.0, 99.0]);
        let rounds = [1.0, 3.0, 2.0].map(|figure| [[figure; 9], [10.0 - figure; 9]]);
        assert_eq!(medians(&rounds), [[2.0; 9], [8.0; 9]]);
    }
}
