//! What clients over HTTP and WebSocket had is given back, to the byte: a server in this process,
//! whose allocator counts the bytes that live.
//!
//! `cargo xtask soak agents` sets `TRINE_CYCLES`; without it there are 30 cycles.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod agents;
mod counting;
mod once;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use trine_gateway::server::Server;
use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};

/// Agents of a cycle.
const AGENTS: usize = 50;
/// Cycles before the bytes are counted for the first time: buffers and pools are then made.
const WARM_UP: u32 = 20;
/// Times that the cycles may run: a pool may grow once more in one, and what is lost grows in each.
const WINDOWS: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(20);

/// Keeps other tests of this program from allocating meanwhile.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn cycle(address: &str) {
    std::thread::scope(|scope| {
        for number in 0..AGENTS {
            scope.spawn(move || agents::KINDS[number % agents::KINDS.len()](address));
        }
    });
}

/// The live bytes when they have not changed for some seconds, which a call that was given up may
/// still take.
fn at_rest(wanted: Option<usize>) -> usize {
    let since = Instant::now();
    let (mut last, mut seen) = (0, since);
    loop {
        let now = counting::live();
        if now != last {
            (last, seen) = (now, Instant::now());
        }
        let is_wanted = wanted.is_none_or(|wanted| now <= wanted);
        if seen.elapsed() > Duration::from_millis(2_500) && is_wanted || since.elapsed() > PATIENCE
        {
            return now;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Runs cycles, and answers whether all that they took was given back.
fn is_given_back(address: &str, cycles: u32) -> bool {
    agents::end_sessions(address);
    let before = at_rest(None);
    for number in 1..=cycles {
        cycle(address);
        if number % 100 == 0 {
            eprintln!("{number} cycles: {} bytes", counting::live());
        }
    }
    agents::end_sessions(address);
    let after = at_rest(Some(before));
    println!("{cycles} cycles of {AGENTS}: {before} bytes live before, {after} after");
    after <= before
}

#[test]
fn a_server_gives_back_every_byte_of_clients_that_come_vanish_and_crash() {
    let _alone = alone();
    let cycles = std::env::var("TRINE_CYCLES").ok().map_or(30, |it| it.parse().unwrap());
    let args = DeviceArgs { simulate: vec![String::new()], ..DeviceArgs::default() };
    let hub = Hub::open_with(&args, Prefix::Auto, &Settings::none()).unwrap();
    let server = Server::builder().hub(Arc::clone(&hub)).port(0).build().unwrap();
    let (address, handle) = (server.local_addr().to_string(), server.handle());
    let serving = std::thread::spawn(move || server.run());
    for _ in 0..WARM_UP {
        cycle(&address);
    }
    let is_back = (0..WINDOWS).any(|_| is_given_back(&address, cycles));
    assert!(is_back, "each time there are more live bytes than before");
    handle.shutdown();
    serving.join().unwrap().unwrap();
}
