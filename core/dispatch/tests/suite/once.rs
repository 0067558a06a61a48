//! At most once, answered once: whatever a link does to the frames.

use std::collections::{HashMap, HashSet};

use proptest::collection::vec;
use proptest::prelude::*;
use trine_dispatch::Config;
use trine_wire::message::{self, Call, DeviceMessage, HostMessage, Outcome};

use crate::bench::{Bench, CONFIG, FAN, LANES, MOVE, OPEN, SESSION, SNAP, TOOLS, call_of};
use crate::calls::{done, result};
use crate::peer::Peer;

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The host makes a new call of a tool on a lane, with an argument.
    New { lane: u32, tool: u16, percent: u8 },
    /// A frame that was sent before comes again, or late: counted from the last one back.
    Again { back: usize },
    /// A frame comes with one byte turned over.
    Hurt { back: usize, at: usize, bit: u8 },
    /// The tool completes the oldest pending call.
    Complete,
    /// The host cancels the last call of a lane.
    Cancel { lane: u32 },
    /// The host says hello again, in the same session.
    Greet,
    /// The device's answers of this step are lost.
    Lose,
    /// Time passes.
    Wait { ms: u16 },
}

fn step() -> impl Strategy<Value = Step> {
    let tool = prop_oneof![Just(FAN), Just(MOVE), Just(OPEN), Just(SNAP)];
    prop_oneof![
        4 => (0..LANES, tool, 0..=120u8)
            .prop_map(|(lane, tool, percent)| Step::New { lane, tool, percent }),
        6 => (0..12usize).prop_map(|back| Step::Again { back }),
        1 => (0..12usize, any::<usize>(), 0..8u8)
            .prop_map(|(back, at, bit)| Step::Hurt { back, at, bit }),
        2 => Just(Step::Complete),
        1 => (0..LANES).prop_map(|lane| Step::Cancel { lane }),
        1 => Just(Step::Greet),
        2 => Just(Step::Lose),
        1 => (0..400u16).prop_map(|ms| Step::Wait { ms }),
    ]
}

/// A host that remembers everything it heard.
struct Host {
    peer: Peer<Bench>,
    epoch: u32,
    /// Next sequence number of each lane.
    next: [u32; LANES as usize],
    frames: Vec<Vec<u8>>,
    /// The first answer of each call, and how often it came.
    answers: HashMap<u32, (Vec<u8>, usize)>,
    calls: usize,
}

impl Host {
    fn new() -> Self {
        // Small enough for two lanes of answers to be forgotten, large enough for the others.
        let config = Config { repeat_max: 12, ..CONFIG };
        let mut peer = Peer::new(config, &TOOLS, Bench::default());
        let epoch = peer.greet(SESSION);
        let next = [1; LANES as usize];
        Self { peer, epoch, next, frames: Vec::new(), answers: HashMap::new(), calls: 0 }
    }

    fn push(&mut self, frame: &[u8]) {
        self.peer.push(frame);
    }

    fn new_call(&mut self, lane: u32, tool: u16, percent: u8) {
        let next = &mut self.next[lane as usize];
        let id = *next * LANES + lane;
        *next += 1;
        self.calls += 1;
        let mut args = [0; 8];
        let mut writer = trine_descriptor::ValueWriter::new(&mut args);
        // Each call has an argument of its own, by which the tool's runs are told apart.
        writer.int(0, if percent > 100 { 101 } else { self.calls as i64 });
        let before = self.peer.said.len();
        self.peer.call((id, tool), self.epoch, writer.bytes());
        self.frames.push(self.peer.said[before].bytes.clone());
    }

    fn frame(&self, back: usize) -> Option<Vec<u8>> {
        self.frames.iter().rev().nth(back).cloned()
    }

    /// Takes what the device says, and checks it against all that it ever said.
    fn hear(&mut self, lost: bool) {
        for bytes in self.peer.hear() {
            let message = message::read::<DeviceMessage<'_>>(&bytes).expect("a known message");
            let DeviceMessage::Result { id, outcome } = message else { continue };
            if lost || matches!(outcome, Outcome::Stale) {
                continue;
            }
            let entry = self.answers.entry(id).or_insert_with(|| (bytes.clone(), 0));
            entry.1 += 1;
            let first = message::read::<DeviceMessage<'_>>(&entry.0).expect("it was read before");
            let ends_content =
                matches!(first, DeviceMessage::Result { outcome: Outcome::Content { .. }, .. });
            let forgets = matches!(outcome, Outcome::Forgotten);
            let knew = matches!(first, DeviceMessage::Result { outcome: Outcome::Forgotten, .. });
            // A content may end with a second result; any answer may be forgotten, and what once
            // was stays so. All others are equal to the byte.
            assert!(bytes == entry.0 || forgets || (ends_content && !knew), "{message:?}");
        }
    }

    fn run(&mut self, step: Step) {
        let mut lost = false;
        match step {
            Step::New { lane, tool, percent } => self.new_call(lane, tool, percent),
            Step::Again { back } => {
                if let Some(frame) = self.frame(back) {
                    self.push(&frame);
                }
            }
            Step::Hurt { back, at, bit } => {
                if let Some(mut frame) = self.frame(back) {
                    let at = at % frame.len();
                    frame[at] ^= 1 << bit;
                    self.push(&frame);
                }
            }
            Step::Complete => {
                if !self.peer.tools.pending.is_empty() {
                    let call = self.peer.tools.pending.remove(0);
                    self.peer.tools.complete.push_back((call, 50));
                }
            }
            Step::Cancel { lane } => {
                let id = (self.next[lane as usize] - 1) * LANES + lane;
                self.peer.send(&HostMessage::Cancel { id });
            }
            Step::Greet => assert_eq!(self.peer.greet(SESSION), self.epoch),
            Step::Lose => lost = true,
            Step::Wait { ms } => self.peer.now += u64::from(ms),
        }
        self.hear(lost);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_call_runs_twice_and_its_answer_never_changes(steps in vec(step(), 1..60)) {
        let mut host = Host::new();
        for step in steps {
            host.run(step);
            let runs: HashSet<i64> =
                host.peer.tools.entered.iter().map(|&(_, number)| number).collect();
            assert_eq!(runs.len(), host.peer.tools.entered.len(), "a call ran twice");
            #[cfg(feature = "status")]
            {
                let status = host.peer.device.status(host.peer.now);
                assert_eq!(status.entered as usize, host.peer.tools.entered.len());
            }
        }
        // The host keeps asking: the last call of each lane ends.
        host.peer.now += 100_000;
        host.hear(false);
        let last: Vec<u32> =
            (0..LANES).map(|lane| (host.next[lane as usize] - 1) * LANES + lane).collect();
        for frame in host.frames.clone() {
            host.push(&frame);
            host.hear(false);
        }
        for id in last.into_iter().filter(|id| *id >= LANES) {
            assert!(host.answers.contains_key(&id), "call {id} is never answered");
        }
    }
}

#[test]
fn a_repeat_is_answered_from_the_store_to_the_byte() {
    let mut peer = Peer::new(CONFIG, &TOOLS, Bench::default());
    let epoch = peer.greet(SESSION);
    let wrong = [0, 2, 0xca, 1];
    for (id, tool, args) in
        [(8, FAN, &[0, 2, 20][..]), (9, OPEN, &[0, 2, 20]), (10, FAN, &wrong), (11, 4, &[0, 2, 4])]
    {
        peer.call((id, tool), epoch, args);
        let first = peer.hear();
        assert_eq!(first.len(), 1);
        let entered = peer.tools.entered.len();
        for _ in 0..3 {
            peer.call((id, tool), epoch, args);
            assert_eq!(peer.hear(), first);
        }
        assert_eq!(peer.tools.entered.len(), entered);
    }
    #[cfg(feature = "status")]
    assert_eq!(peer.device.status(0).repeats, 12);
    // A person who agrees now agrees to a new call, not to the answered one.
    #[cfg(feature = "consent")]
    {
        assert_eq!(peer.device.shown(0), Some(OPEN));
        peer.device.set_consent_guard(0);
        assert_eq!(peer.device.agree(0), Some(OPEN));
    }
    peer.call((9, OPEN), epoch, &[0, 2, 20]);
    let heard = peer.hear();
    assert!(format!("{:?}", message::read::<DeviceMessage<'_>>(&heard[0])).contains("NeedsPerson"));
    peer.call((17, OPEN), epoch, &[0, 2, 20]);
    peer.hear();
    let is_entered = peer.tools.entered.last() == Some(&(OPEN, 10));
    assert_eq!(is_entered, cfg!(feature = "consent"));
}

#[test]
fn an_answer_too_long_to_keep_is_forgotten_and_not_run_again() {
    crate::bench::with_config(Config { repeat_max: 6, pending_max: 8, ..CONFIG }, |rig| {
        rig.call(1, FAN, 20);
        assert_eq!(rig.hear(), [done(1, 20)]);
        rig.call(1, FAN, 20);
        assert_eq!(rig.hear(), [result(1, "Forgotten")]);
        rig.send(&HostMessage::Call(Call { check: [1; 4], ..call_of(2, FAN, &[0, 2, 20]) }));
        rig.call(2, FAN, 20);
        assert_eq!(rig.hear(), [result(2, "Stale"), done(2, 20)], "stale leaves the lane alone");
        assert_eq!(rig.bench.entered.len(), 2);
    });
}

#[test]
fn an_older_id_is_dropped_and_the_first_sequence_number_is_one() {
    let mut peer = Peer::new(CONFIG, &TOOLS, Bench::default());
    let epoch = peer.greet(SESSION);
    peer.call((3, FAN), epoch, &[0, 2, 20]);
    assert_eq!(peer.hear(), [[]; 0]);
    for id in [8 * 9, 8 * 4, 8 * 8] {
        peer.call((id, FAN), epoch, &[0, 2, 20]);
        assert_eq!(peer.hear().len(), usize::from(id == 72));
    }
    peer.call((u32::MAX, FAN), epoch, &[0, 2, 20]);
    assert_eq!(peer.hear().len(), 1);
    assert_eq!(peer.tools.entered.len(), 2);
}

#[test]
fn without_a_session_or_after_a_restart_nothing_is_run() {
    let mut peer = Peer::new(CONFIG, &TOOLS, Bench::default());
    peer.call((8, FAN), crate::bench::EPOCH, &[0, 2, 20]);
    let stale = |heard: Vec<Vec<u8>>| heard == [[2, 8, 3]];
    assert!(stale(peer.hear()), "no hello yet");
    let epoch = peer.greet(SESSION);
    peer.call((8, FAN), epoch ^ 1, &[0, 2, 20]);
    assert!(stale(peer.hear()), "another boot");
    peer.greet(SESSION + 1);
    peer.call((8, FAN), epoch, &[0, 2, 20]);
    assert!(stale(peer.hear()), "another session");
    assert_eq!(peer.tools.entered, []);
}

#[test]
fn another_session_stops_what_is_under_way_and_the_same_one_does_not() {
    let mut peer = Peer::new(CONFIG, &TOOLS, Bench::default());
    let epoch = peer.greet(SESSION);
    peer.call((8, MOVE), epoch, &[0, 2, 20]);
    peer.hear();
    peer.greet(SESSION);
    assert_eq!(peer.tools.stopped, []);
    let call = peer.tools.pending[0];
    peer.greet(SESSION + 1);
    assert_eq!(peer.tools.stopped, [(MOVE, call)]);
    peer.tools.complete.push_back((call, 10));
    assert_eq!(peer.hear(), [[]; 0], "nobody waits for it");
    // All lanes begin anew.
    peer.greet(SESSION);
    peer.call((8, FAN), epoch, &[0, 2, 20]);
    assert_eq!(peer.hear().len(), 1);
}
