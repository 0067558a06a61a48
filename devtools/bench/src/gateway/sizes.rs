//! Lists of many tools, and many clients. A server on standard input and output has one client, so
//! each client has a process of its own.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use devtools::sh;

use super::load::{micros, one_at_a_time, percentile};
use super::server::{Family, Program, Server};
use super::{OURS, PEER, head, rows};

const FAMILY: Family = Family::Stateless;
/// Simulated boards behind one gateway, and the tools of each.
const BOARDS: [usize; 3] = [1, 10, 91];
const TOOLS: usize = 11;
const LISTS: usize = 50;
const CLIENTS: [usize; 3] = [1, 10, 100];
/// Calls of each client, one after the other, in turn with the other clients.
const CALLS: u64 = 100;
/// How long boards may take until all are listed.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn table([ours, peer]: [&Path; 2]) -> Result<String> {
    let mut text = head("sizes");
    for boards in BOARDS {
        let tools = boards * TOOLS;
        let both = [gateway(ours, boards), minimal(peer, tools)];
        let [ours, peer] = both.map(|program| lists(&program, tools));
        let names = ["bytes of a list", "CPU µs a list", "p50 µs of a list", "peak MiB"];
        text += &rows(names.map(|name| format!("{tools} tools: {name}")), ours?, peer?);
    }
    for clients in CLIENTS {
        let [ours, peer] = [gateway(ours, 1), minimal(peer, TOOLS)].map(|it| calls(&it, clients));
        let names = ["CPU µs a call", "p50 µs of a call", "MiB of all together"];
        text += &rows(names.map(|name| format!("{clients} clients: {name}")), ours?, peer?);
    }
    Ok(text)
}

fn gateway(path: &Path, boards: usize) -> Program {
    let boards: String = (0..boards).map(|number| format!(" --simulate=board{number}")).collect();
    Program { name: OURS, path: path.to_owned(), arguments: format!("gateway{boards}") }
}

fn minimal(path: &Path, tools: usize) -> Program {
    let arguments = format!("--threads 0 --tools {tools}");
    Program { name: PEER, path: path.to_owned(), arguments }
}

/// What the whole list costs.
fn lists(program: &Program, tools: usize) -> Result<[f64; 4]> {
    let mut server = Server::start(program, FAMILY)?;
    let all = sh::within(PATIENCE, || server.tools(FAMILY).ok().filter(|it| it.tools == tools));
    let all = all.with_context(|| format!("{} does not list {tools} tools", program.name))?;
    let (before, mut times) = (server.cpu()?, Vec::new());
    for _ in 0..LISTS {
        times.push(micros(server.tools(FAMILY)?.waited));
    }
    let cpu = micros(server.cpu()? - before) / LISTS as f64;
    Ok([all.bytes as f64, cpu, percentile(&mut times, 50), server.peak_mib()?])
}

/// What calls of so many clients cost.
fn calls(program: &Program, clients: usize) -> Result<[f64; 3]> {
    let servers = (0..clients).map(|_| Server::start(program, FAMILY));
    let mut servers = servers.collect::<Result<Vec<_>>>()?;
    let cpu = |servers: &[Server]| servers.iter().map(Server::cpu).sum::<Result<Duration>>();
    let (before, mut times) = (cpu(&servers)?, Vec::new());
    for _ in 0..CALLS {
        for server in &mut servers {
            times.extend(one_at_a_time(server, 1)?);
        }
    }
    let each = micros(cpu(&servers)? - before) / times.len() as f64;
    let memory = servers.iter().map(Server::own_mib).sum::<Result<f64>>()?;
    Ok([each, percentile(&mut times, 50), memory])
}
