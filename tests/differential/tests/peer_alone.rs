//! What the comparison rests on: the same seed gives the same requests and the same answers.

use std::error::Error;

use trine_differential::{Generator, ProtocolFamily, RmcpServer, normal};

const REQUESTS: usize = 1000;

/// Requests of a seed and rmcp's answers to them, in normal form.
fn play(family: ProtocolFamily, seed: u64) -> Result<Vec<String>, Box<dyn Error>> {
    let mut server = RmcpServer::new(family)?;
    let mut generator = Generator::new(family, seed);
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
    for family in [ProtocolFamily::Legacy, ProtocolFamily::Modern] {
        let first = play(family, 7)?;
        assert_eq!(first, play(family, 7)?);
        assert_ne!(first, play(family, 8)?);
    }
    Ok(())
}

#[test]
fn most_requests_are_answered() -> Result<(), Box<dyn Error>> {
    for family in [ProtocolFamily::Legacy, ProtocolFamily::Modern] {
        let answered = play(family, 7)?.iter().filter(|line| !line.ends_with(" []")).count();
        assert!(answered > REQUESTS * 8 / 10, "{answered} of {REQUESTS}");
    }
    Ok(())
}
