//! Lists of 10 to 10,000 integers to a tool of the program itself, and back: the gateway's example
//! `own_tools` next to rmcp behind axum, and next to axum by itself, which sends back what it is
//! sent. The rest is as in [`crate::http`].

use std::path::PathBuf;

use anyhow::Result;
use devtools::Gates;
use devtools::record::{self, Record};
use devtools::sh;
use serde_json::json;

use crate::http::{Calls, Site, build, compare, request};

/// Items of a list, and requests in a round.
const SIZES: [(usize, usize); 4] = [(10, 2_000), (100, 2_000), (1_000, 1_000), (10_000, 200)];
const CONNECTIONS: usize = 4;
const NAMES: [&str; 3] = ["own tool", "rmcp and axum", "axum, echo"];

/// `cargo xtask bench payload`.
pub fn main(keep: bool) -> Result<()> {
    let record =
        Record::begin("payload", record::Figures::Times, keep)?.peer("rmcp")?.peer("axum")?;
    let [_, peer] = build()?;
    let sites = [
        Site::started(&mut sh::command(example()?))?,
        Site::peer(&peer, "sort")?,
        Site::peer(&peer, "echo")?,
    ];
    let mut text = format!(
        "Stateless calls of `sort` with lists of integers on {CONNECTIONS} connections, medians of \
         6 rounds, the three in turn, profile release; client and server share the cores.\n\n"
    );
    let mut gates = Gates::default();
    for (items, requests) in SIZES {
        let values: Vec<usize> = (0..items).map(|at| at * 7_919 % 1_000_000).collect();
        let params = json!({"name": "sort", "arguments": {"values": values}});
        let send = |address: &str, id| request(address, id, "tools/call", "sort", params.clone());
        let calls = Calls { request: &send, is_answer: &|body| body.contains("\"values\":[") };
        let load = (CONNECTIONS, requests / CONNECTIONS);
        let what = format!("{items} items");
        text += &compare(&what, NAMES, (&sites, load), &calls, &mut gates)?;
    }
    for (name, peak) in NAMES.iter().zip(sites.each_ref().map(Site::peak_mib)) {
        text += &format!("{name}: {:.1} MiB at most.\n", peak?);
    }
    drop(sites);
    record.end_with(&text, &gates)
}

/// Builds the example.
fn example() -> Result<PathBuf> {
    let example = ["build", "--release", "-p", "trine-gateway", "--example", "own_tools"];
    sh::run(sh::cargo().args(example))?;
    Ok(sh::program_in(&sh::target_dir().join("release/examples"), "own_tools"))
}
