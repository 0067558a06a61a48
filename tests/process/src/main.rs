//! One call in process, many times over, for whoever counts or times it:
//!
//! ```text
//! trine-process SUBJECT CALLS ROUNDS
//! ```
//!
//! It prints the median of the nanoseconds that a call takes, over the rounds. A tool that counts
//! instructions looks at the function `measured` alone: in it is nothing but the calls.
//!
//! Every subject adds 12 and 5 by a tool of two integers, beside another tool that returns a text.

mod json;
#[cfg(feature = "peers")]
mod peers;
mod postcard;
mod sizes;
mod table;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

/// Something that does the same call again and again.
trait Subject {
    /// Does so many calls and answers how many bytes came back, so that nothing is left out.
    fn run(&mut self, calls: u32) -> usize;
}

/// Makes a subject that is ready for so many calls.
type Make = fn(calls: u32) -> Box<dyn Subject>;

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

/// All subjects, those of many sizes too.
fn all() -> impl Iterator<Item = &'static (&'static str, Make)> {
    SUBJECTS.iter().chain(sizes::SUBJECTS)
}

/// Where the calls are made. Its name is what a counter looks for.
#[inline(never)]
fn measured(subject: &mut dyn Subject, calls: u32) -> usize {
    black_box(subject).run(calls)
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| words.get(at).and_then(|word| word.parse::<u32>().ok());
    let subject = words.first().and_then(|word| all().find(|(name, _)| name == word));
    let (Some((name, make)), Some(calls @ 1..), Some(rounds @ 1..)) =
        (subject, number(1), number(2))
    else {
        let names: Vec<&str> = all().map(|(name, _)| *name).collect();
        eprintln!("usage: trine-process SUBJECT CALLS ROUNDS\nsubjects: {}", names.join(", "));
        return ExitCode::FAILURE;
    };
    let mut bytes = 0;
    let mut times: Vec<f64> = Vec::with_capacity(rounds as usize);
    for _ in 0..rounds {
        let mut subject = make(calls);
        let since = Instant::now();
        bytes = measured(&mut *subject, calls);
        times.push(since.elapsed().as_secs_f64() * 1e9 / f64::from(calls));
    }
    times.sort_by(f64::total_cmp);
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    println!("{name}: {median:.1} ns a call, {} bytes each back", bytes / calls as usize);
    ExitCode::SUCCESS
}
