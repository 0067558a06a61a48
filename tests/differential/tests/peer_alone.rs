//! What the comparison rests on: the same seed gives the same requests and the same answers.

use std::error::Error;

use trine_differential::{Era, Generator, RmcpServer, normal};

const REQUESTS: usize = 1000;

/// Requests of a seed and rmcp's answers to them, in normal form.
fn play(era: Era, seed: u64) -> Result<Vec<String>, Box<dyn Error>> {
    let mut server = RmcpServer::new(era)?;
    let mut generator = Generator::new(era, seed);
    let mut seen = Vec::new();
    while seen.len() < REQUESTS {
        let group = generator.next_group();
        for (case, lines) in group.iter().zip(server.play(&group)?) {
            let answers: Vec<_> = lines.iter().map(|line| normal(line).to_string()).collect();
            seen.push(format!("{} {answers:?}", String::from_utf8_lossy(&case.line)));
        }
    }
    Ok(seen)
}

#[test]
fn a_seed_repeats() -> Result<(), Box<dyn Error>> {
    for era in [Era::Legacy, Era::Modern] {
        let first = play(era, 7)?;
        assert_eq!(first, play(era, 7)?);
        assert_ne!(first, play(era, 8)?);
    }
    Ok(())
}

#[test]
fn most_requests_are_answered() -> Result<(), Box<dyn Error>> {
    for era in [Era::Legacy, Era::Modern] {
        let answered = play(era, 7)?.iter().filter(|line| !line.ends_with(" []")).count();
        assert!(answered > REQUESTS * 8 / 10, "{answered} of {REQUESTS}");
    }
    Ok(())
}
