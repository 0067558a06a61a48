//! 5,000 generated requests an era: every difference is a row of the table, and every row is hit.

use std::error::Error;
use std::fmt::Write;

use trine_differential::{
    Generator, ProtocolFamily, RmcpServer, Table, differences, normal, play_trine,
};

const REQUESTS: usize = 5000;
const SEED: u64 = 20_260_728;
const TABLE: &str = include_str!("../differences.tsv");

/// Unexplained differences that are shown before the rest is only counted.
const SHOWN: usize = 40;

fn compare(family: ProtocolFamily) -> Result<(), Box<dyn Error>> {
    let mut rmcp = RmcpServer::new(family)?;
    let mut generator = Generator::new(family, SEED);
    let mut table = Table::parse(TABLE)?;
    let (mut requests, mut equal, mut unexplained, mut report) = (0, 0, 0, String::new());
    while requests < REQUESTS {
        let group = generator.next_group();
        let both = play_trine(family, &group)?.into_iter().zip(rmcp.play(&group)?);
        for (case, (ours, theirs)) in group.iter().zip(both) {
            requests += 1;
            let [ours, theirs] = [ours, theirs]
                .map(|lines| lines.iter().map(|line| normal(line)).collect::<Vec<_>>());
            let found = differences(&ours, &theirs);
            equal += usize::from(found.is_empty());
            for difference in found {
                if table.explains(family, case, &difference) {
                    continue;
                }
                unexplained += 1;
                if unexplained <= SHOWN {
                    let line = String::from_utf8_lossy(&case.line);
                    let line: String = line.chars().take(400).collect();
                    writeln!(report, "{} {difference:?}\n  {line}", case.tag)?;
                }
            }
        }
    }
    println!("{}: {requests} requests, {equal} answered alike", family.name());
    for (class, hits) in table.hits(family) {
        println!("  {hits:>5} {class}");
    }
    assert_eq!(unexplained, 0, "differences that no row of differences.tsv explains:\n{report}");
    let idle = table.idle(family);
    assert!(idle.is_empty(), "rows of differences.tsv that explain nothing: {idle:#?}");
    Ok(())
}

#[test]
fn legacy() -> Result<(), Box<dyn Error>> {
    compare(ProtocolFamily::Legacy)
}

#[test]
fn modern() -> Result<(), Box<dyn Error>> {
    compare(ProtocolFamily::Modern)
}
