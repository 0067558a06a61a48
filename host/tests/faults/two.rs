//! Two hosts on one device, as on a serial port or a TCP server that both have open.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use trine_bits::Random;
use trine_dispatch::Link;
use trine_gateway::device::{Cost, Waiter};
use trine_gateway::{Driven, Framing, Settings, State};
use trine_mcp::{Failure, Outcome};

use crate::bench::{self, Board, Counting, TOOLS};

/// Who hears what the device says.
#[derive(Clone, Copy, Debug)]
enum Listening {
    /// Both hosts: a server that gives all its clients the same bytes.
    Both,
    /// One of them: whoever reads a port first has the bytes.
    First,
}

/// How each call ended, by its number, and how many ends there were.
#[derive(Default)]
struct Ends(Mutex<Vec<Vec<&'static str>>>, AtomicUsize);

impl Waiter for Ends {
    fn done(&self, tag: u64, outcome: Outcome<'_>, _: Cost) {
        let end = match outcome {
            Outcome::Value(bytes) => {
                let number = trine_descriptor::Args::new(&TOOLS, bench::ONCE, bytes).int(0);
                if number == Some(tag as i64) { "right" } else { "another's" }
            }
            Outcome::Failed(Failure::OutcomeUnknown) => "unknown",
            // It was never sent, or nothing was done.
            Outcome::Failed(Failure::Offline | Failure::Stale | Failure::Busy) => "not run",
            Outcome::Failed(Failure::Lost) => "lost",
            _ => "otherwise",
        };
        self.0.lock().unwrap()[tag as usize].push(end);
        self.1.fetch_add(1, Ordering::Relaxed);
    }
}

impl Ends {
    fn all(&self) -> usize {
        self.1.load(Ordering::Relaxed)
    }

    fn count(&self, wanted: impl Fn(&str) -> bool) -> usize {
        self.0.lock().unwrap().iter().flatten().filter(|end| wanted(end)).count()
    }
}

/// One host, and when it is started again if it has stopped.
struct Host {
    driven: Driven,
    again_at: Option<u64>,
    under_way: usize,
    stops: u32,
}

/// Lets two hosts make so many calls that must run once, and checks how they ended.
fn run(ears: Listening, calls: usize) {
    let mut random = Random::new(7);
    let mut board = Board::new(Link::Stream, false, 1, Counting::new(calls));
    let ends = Arc::new(Ends::default());
    ends.0.lock().unwrap().resize(calls, Vec::new());
    let waiter: Arc<dyn Waiter> = Arc::clone(&ends) as _;
    let mut hosts: Vec<Host> = (0..2)
        .map(|_| {
            let mut driven = Driven::new(Framing::Stream, Settings::none());
            driven.link(0);
            Host { driven, again_at: None, under_way: 0, stops: 0 }
        })
        .collect();
    let (mut made, mut now) = (0, 0);
    while ends.all() < calls {
        now += 1;
        assert!(now < 2_000 * calls as u64, "{} of {calls} calls have ended", ends.all());
        for host in &mut hosts {
            work(host, (&mut made, calls), (&waiter, &mut random), now);
            while let Some(piece) = host.driven.take_sent() {
                board.receive(&piece);
            }
        }
        board.poll(now, &mut |piece| match ears {
            Listening::Both => hosts.iter_mut().for_each(|host| host.driven.receive(piece, now)),
            Listening::First => hosts[random.below(2)].driven.receive(piece, now),
        });
    }
    let twice = board.tools.entered.iter().filter(|&&entered| entered > 1).count();
    let ended_twice = ends.0.lock().unwrap().iter().filter(|ends| ends.len() != 1).count();
    let tally = ["right", "unknown", "not run", "lost", "another's", "otherwise"]
        .map(|end| format!("{end} {}", ends.count(|other| other == end)));
    let stops: u32 = hosts.iter().map(|host| host.stops).sum();
    println!("{ears:?}: {}, hosts stopped {stops} times, {now} ms", tally.join(", "));
    assert_eq!((twice, ended_twice), (0, 0), "calls that ran or ended twice");
    assert_eq!(ends.count(|end| end == "another's" || end == "otherwise"), 0);
    assert!(ends.count(|end| end == "right") > 100);
    assert!(ends.count(|end| end == "unknown" || end == "lost") > 0, "they never met");
    assert!(stops > 0, "no host noticed that it is displaced again and again");
    for (number, end) in ends.0.lock().unwrap().iter().enumerate() {
        let entered = board.tools.entered[number];
        match end[0] {
            "right" => assert_eq!(entered, 1, "call {number}"),
            "not run" => assert_eq!(entered, 0, "call {number}"),
            _ => assert!(entered <= 1, "call {number}"),
        }
    }
}

/// What a host does in a millisecond; a person starts one again that has stopped.
fn work(
    host: &mut Host,
    (made, calls): (&mut usize, usize),
    (waiter, random): (&Arc<dyn Waiter>, &mut Random),
    now: u64,
) {
    let stopped =
        matches!(host.driven.state(), State::Offline(why) if why.contains("another program"));
    match host.again_at {
        None if stopped => {
            host.stops += 1;
            host.again_at = Some(now + 1_000 + random.below(4_000) as u64);
        }
        Some(at) if now >= at => {
            host.again_at = None;
            host.driven.link(now);
        }
        _ => {}
    }
    if let (State::Online, Some(table)) = (host.driven.state(), host.driven.table()) {
        let many = if random.below(20) == 0 { random.below(6) } else { 0 };
        for _ in 0..many.min(calls - *made) {
            let args = bench::arguments(*made as i64);
            let tool = [bench::ONCE, bench::ONCE_LATER][random.below(2)];
            host.under_way += 1;
            host.driven.call(&table, tool, &args, (waiter, *made as u64), now);
            *made += 1;
        }
    }
    host.driven.tick(now);
    for note in host.driven.take_notes() {
        if std::env::var_os("FAULTS_NOTES").is_some() {
            println!("{now} ms: {note}");
        }
    }
}

#[test]
fn two_hosts_that_both_receive_the_device_run_no_call_twice_and_take_no_answer_of_the_other() {
    run(Listening::Both, crate::calls().max(10_000));
}

#[test]
fn two_hosts_that_share_what_the_device_says_run_no_call_twice_and_take_no_answer_of_the_other() {
    run(Listening::First, crate::calls().max(10_000));
}
