//! Calls through every fault at once: each is answered once, and none is run twice.
//!
//! The session of the host and the dispatcher of a device, both real, joined by a line in virtual
//! time that a fault injector hurts. `FAULTS_CALLS` sets how many calls there are on each line
//! (500 unless it is set), so that a long run is the same test.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test panics where it fails")]

mod bench;
mod line;
mod run;
mod two;

use std::sync::{Mutex, PoisonError};

use run::{Case, Kind};

/// Every fault that a line can have, at once.
const EVERY: &str = "drop=0.002,flip=0.002,split=0.05,duplicate=0.02,stall=0.01:30ms,\
                     baud=115200,mask=0.001:200us,mask=0.0001:5ms";
/// The same for packets, of which there are fewer than bytes.
const EVERY_PACKET: &str = "drop=0.01,flip=0.0005,split=0.01,duplicate=0.02,stall=0.01:30ms,\
                            baud=500000,mask=0.005:200us,mask=0.001:5ms";

/// The same for a line that all hear at once: what is said there is not said twice.
const EVERY_BUS: &str = "drop=0.002,flip=0.002,split=0.05,stall=0.01:30ms,baud=115200,\
                         mask=0.001:200us,mask=0.0001:5ms";

/// One case after another, so that each can look at the memory of the process.
fn run(case: Case) {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    run::run(&case);
}

fn calls() -> usize {
    let set = std::env::var("FAULTS_CALLS").ok();
    set.map_or(500, |calls| calls.parse().expect("FAULTS_CALLS is a number of calls"))
}

fn keyed(case: Case) -> Case {
    Case { keyed: true, ..case }
}

fn every(kind: Kind) -> Case {
    let faults = match kind {
        Kind::Stream => EVERY,
        Kind::Packet(_) => EVERY_PACKET,
        Kind::Bus => EVERY_BUS,
    };
    Case { calls: calls(), ..Case::new(kind, faults) }
}

#[test]
fn without_faults_every_call_is_answered_on_a_stream() {
    run(Case { calls: 500, ..Case::new(Kind::Stream, "baud=115200") });
}

#[test]
fn without_faults_every_call_is_answered_in_packets() {
    for mtu in [8, 20, 64, 244] {
        run(Case { calls: 500, ..Case::new(Kind::Packet(mtu), "baud=500000") });
    }
}

#[test]
fn without_faults_every_call_is_answered_on_a_bus() {
    run(Case { calls: 500, ..Case::new(Kind::Bus, "baud=115200") });
}

#[test]
fn with_every_fault_each_call_is_answered_once_on_a_stream() {
    run(every(Kind::Stream));
}

#[test]
fn with_every_fault_each_call_is_answered_once_in_packets() {
    for mtu in [8, 20, 64, 244] {
        run(every(Kind::Packet(mtu)));
    }
}

#[test]
fn with_every_fault_each_call_is_answered_once_on_a_bus() {
    run(every(Kind::Bus));
}

#[test]
fn with_every_fault_each_tagged_call_is_answered_once_on_a_stream() {
    run(keyed(every(Kind::Stream)));
}

#[test]
fn with_every_fault_each_tagged_call_is_answered_once_in_packets() {
    for mtu in [8, 20, 64, 244] {
        run(keyed(every(Kind::Packet(mtu))));
    }
}

#[test]
fn with_every_fault_each_tagged_call_is_answered_once_on_a_bus() {
    run(keyed(every(Kind::Bus)));
}

#[test]
fn a_device_that_restarts_never_runs_a_call_twice_that_may_run_once() {
    run(Case { restart_ms: 1_700, ..every(Kind::Stream) });
    run(Case { restart_ms: 1_700, ..every(Kind::Packet(20)) });
    run(Case { restart_ms: 7_000, ..every(Kind::Bus) });
    run(Case { restart_ms: 1_700, ..every(Kind::Bus) });
    run(Case { restart_ms: 1_700, ..keyed(every(Kind::Stream)) });
    run(Case { restart_ms: 7_000, ..keyed(every(Kind::Bus)) });
}
