//! One call in process, many times over, for whoever counts or times it:
//!
//! ```text
//! trine-process SUBJECT CALLS ROUNDS
//! trine-process clients|clients-serde CALLS ROUNDS [CLIENT [TOOL]]
//! ```
//!
//! It prints the median of the nanoseconds that a call takes, over the rounds. A tool that counts
//! instructions looks at the function `measured` alone: in it is nothing but the calls.
//!
//! Every subject adds 12 and 5 by a tool of two integers, beside another tool that returns a text.
//! `clients` are calls of the demonstration board's tools as real clients send them, one after the
//! other, each with a line of its own; `clients-serde` parses the same messages.

mod clients;
mod json;
#[cfg(feature = "peers")]
mod peers;
mod postcard;
mod sizes;
mod table;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use clients::Recorded;

/// Something that does the same call again and again.
trait Subject {
    /// Does so many calls and answers how many bytes came back, so that nothing is left out.
    fn run(&mut self, calls: u32) -> usize;
}

/// Makes a subject that is ready for so many calls.
type Make = fn(calls: u32) -> Box<dyn Subject>;
/// Makes a subject of a recorded call.
type MakeOf = fn(&Recorded) -> Box<dyn Subject>;

/// Names of subjects, and what makes them.
const SUBJECTS: &[(&str, Make)] = &[
    ("postcard", postcard::local),
    ("frames", postcard::frames),
    ("json", json::whole),
    ("json-read", json::read),
    ("json-session", json::session),
    #[cfg(feature = "peers")]
    ("serde-value", peers::value),
    #[cfg(feature = "peers")]
    ("serde-typed", peers::typed),
    #[cfg(feature = "peers")]
    ("rmcp", peers::rmcp),
];

/// Subjects that are made of each recorded call.
const OF_CLIENTS: &[(&str, MakeOf)] = &[
    ("clients", |call| Box::new(call.clone())),
    #[cfg(feature = "peers")]
    ("clients-serde", Recorded::parsed),
];

/// All subjects, those of many sizes too.
fn all() -> impl Iterator<Item = &'static (&'static str, Make)> {
    SUBJECTS.iter().chain(sizes::SUBJECTS)
}

/// Where the calls are made. Its name is what a counter looks for.
#[inline(never)]
fn measured(subject: &mut dyn Subject, calls: u32) -> usize {
    black_box(subject).run(calls)
}

/// The median of the nanoseconds that a call takes, and the bytes that come back. A tool that
/// counts several subjects in one run looks when this function ends.
#[inline(never)]
fn timed(make: &mut dyn FnMut() -> Box<dyn Subject>, calls: u32, rounds: u32) -> (f64, usize) {
    let mut bytes = 0;
    let mut times: Vec<f64> = Vec::with_capacity(rounds as usize);
    for _ in 0..rounds {
        let mut subject = make();
        let since = Instant::now();
        bytes = measured(&mut *subject, calls);
        times.push(since.elapsed().as_secs_f64() * 1e9 / f64::from(calls));
    }
    times.sort_by(f64::total_cmp);
    (times.get(times.len() / 2).copied().unwrap_or_default(), bytes / calls as usize)
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| words.get(at).and_then(|word| word.parse::<u32>().ok());
    let name = words.first().map_or("", String::as_str);
    let subject = all().find(|(known, _)| *known == name);
    let of_clients = OF_CLIENTS.iter().find(|(known, _)| *known == name);
    match (subject, of_clients, number(1), number(2)) {
        (Some((_, make)), _, Some(calls @ 1..), Some(rounds @ 1..)) => {
            let (median, bytes) = timed(&mut || make(calls), calls, rounds);
            println!("{name}: {median:.1} ns a call, {bytes} bytes each back");
        }
        (_, Some((_, make)), Some(calls @ 1..), Some(rounds @ 1..)) => {
            let is_wanted = |call: &Recorded| match (words.get(3), words.get(4)) {
                (Some(client), _) if client != call.client => false,
                (_, Some(tool)) => tool == call.tool(),
                _ => true,
            };
            for call in clients::all().into_iter().filter(is_wanted) {
                let (median, bytes) = timed(&mut || make(&call), calls, rounds);
                let (client, tool, len) = (call.client, call.tool(), call.len());
                println!("{client} {tool} {len}: {median:.1} ns a call, {bytes} bytes each back");
            }
        }
        _ => {
            let names = all().map(|(name, _)| *name);
            let names: Vec<&str> = names.chain(OF_CLIENTS.iter().map(|(name, _)| *name)).collect();
            let names = names.join(", ");
            eprintln!(
                "usage: trine-process SUBJECT CALLS ROUNDS [CLIENT [TOOL]]\nsubjects: {names}"
            );
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
