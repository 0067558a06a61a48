//! At most once, answered once: whatever a link does to the frames.

use std::collections::{HashMap, HashSet};

use proptest::collection::vec;
use proptest::prelude::*;
use trine_dispatch::Config;
use trine_wire::message::{self, Call, DeviceMessage, HostMessage, Outcome};

use crate::bench::{Bench, CONFIG, FAN, MOVE, OPEN, SESSION, SLOTS, SNAP, TOOLS, call_of};
use crate::calls::{done, result};
use crate::harness::LinkHarness;

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The host makes a new call of a tool on a slot, with an argument.
    New { slot: u32, tool: u16, percent: u8 },
    /// A frame that was sent before comes again, or late: counted from the last one back.
    Again { back: usize },
    /// A frame comes with one byte turned over.
    Hurt { back: usize, at: usize, bit: u8 },
    /// The tool completes the oldest pending call.
    Complete,
    /// The host cancels the last call of a slot.
    Cancel { slot: u32 },
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
        4 => (0..SLOTS, tool, 0..=120u8)
            .prop_map(|(slot, tool, percent)| Step::New { slot, tool, percent }),
        6 => (0..12usize).prop_map(|back| Step::Again { back }),
        1 => (0..12usize, any::<usize>(), 0..8u8)
            .prop_map(|(back, at, bit)| Step::Hurt { back, at, bit }),
        2 => Just(Step::Complete),
        1 => (0..SLOTS).prop_map(|slot| Step::Cancel { slot }),
        1 => Just(Step::Greet),
        2 => Just(Step::Lose),
        1 => (0..400u16).prop_map(|ms| Step::Wait { ms }),
    ]
}

/// A host that remembers everything it heard.
struct Host {
    harness: LinkHarness<Bench>,
    epoch: u32,
    /// Next sequence number of each slot.
    next: [u32; SLOTS as usize],
    frames: Vec<Vec<u8>>,
    /// The first answer of each call, and how often it came.
    answers: HashMap<u32, (Vec<u8>, usize)>,
    calls: usize,
}

impl Host {
    fn new() -> Self {
        // Small enough for two slots of answers to be forgotten, large enough for the others.
        let config = Config { repeat_max: 12, ..CONFIG };
        let mut harness = LinkHarness::new(config, &TOOLS, Bench::default());
        let epoch = harness.send_hello(SESSION);
        let next = [1; SLOTS as usize];
        Self { harness, epoch, next, frames: Vec::new(), answers: HashMap::new(), calls: 0 }
    }

    fn push(&mut self, frame: &[u8]) {
        self.harness.push(frame);
    }

    fn new_call(&mut self, slot: u32, tool: u16, percent: u8) {
        let next = &mut self.next[slot as usize];
        let id = *next * SLOTS + slot;
        *next += 1;
        self.calls += 1;
        let mut args = [0; 8];
        let mut writer = trine_descriptor::ValueWriter::new(&mut args);
        // Each call has an argument of its own, by which the tool's runs are told apart.
        writer.int(0, if percent > 100 { 101 } else { self.calls as i64 });
        let before = self.harness.said.len();
        self.harness.call((id, tool), self.epoch, writer.bytes());
        self.frames.push(self.harness.said[before].bytes.clone());
    }

    fn frame(&self, back: usize) -> Option<Vec<u8>> {
        self.frames.iter().rev().nth(back).cloned()
    }

    /// Takes what the device says, and checks it against all that it ever said.
    fn hear(&mut self, lost: bool) {
        for bytes in self.harness.hear() {
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
            Step::New { slot, tool, percent } => self.new_call(slot, tool, percent),
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
                if !self.harness.tools.pending.is_empty() {
                    let call = self.harness.tools.pending.remove(0);
                    self.harness.tools.complete.push_back((call, 50));
                }
            }
            Step::Cancel { slot } => {
                let id = (self.next[slot as usize] - 1) * SLOTS + slot;
                self.harness.send(&HostMessage::Cancel { id });
            }
            Step::Greet => assert_eq!(self.harness.send_hello(SESSION), self.epoch),
            Step::Lose => lost = true,
            Step::Wait { ms } => self.harness.now += u64::from(ms),
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
                host.harness.tools.entered.iter().map(|&(_, number)| number).collect();
            assert_eq!(runs.len(), host.harness.tools.entered.len(), "a call ran twice");
            #[cfg(feature = "status")]
            {
                let status = host.harness.device.status(host.harness.now);
                assert_eq!(status.entered as usize, host.harness.tools.entered.len());
            }
        }
        // The host keeps asking: the last call of each slot ends.
        host.harness.now += 100_000;
        host.hear(false);
        let last: Vec<u32> =
            (0..SLOTS).map(|slot| (host.next[slot as usize] - 1) * SLOTS + slot).collect();
        for frame in host.frames.clone() {
            host.push(&frame);
            host.hear(false);
        }
        for id in last.into_iter().filter(|id| *id >= SLOTS) {
            assert!(host.answers.contains_key(&id), "call {id} is never answered");
        }
    }
}

#[test]
fn a_repeat_is_answered_from_the_store_to_the_byte() {
    let mut harness = LinkHarness::new(CONFIG, &TOOLS, Bench::default());
    let epoch = harness.send_hello(SESSION);
    let wrong = [0, 2, 0xca, 1];
    for (id, tool, args) in
        [(8, FAN, &[0, 2, 20][..]), (9, OPEN, &[0, 2, 20]), (10, FAN, &wrong), (11, 4, &[0, 2, 4])]
    {
        harness.call((id, tool), epoch, args);
        let first = harness.hear();
        assert_eq!(first.len(), 1);
        let entered = harness.tools.entered.len();
        for _ in 0..3 {
            harness.call((id, tool), epoch, args);
            assert_eq!(harness.hear(), first);
        }
        assert_eq!(harness.tools.entered.len(), entered);
    }
    #[cfg(feature = "status")]
    assert_eq!(harness.device.status(0).repeats, 12);
    // A person who agrees now agrees to a new call, not to the answered one.
    #[cfg(feature = "consent")]
    {
        assert_eq!(harness.device.shown(0), Some(OPEN));
        harness.device.set_consent_guard(0);
        assert_eq!(harness.device.agree(0), Some(OPEN));
    }
    harness.call((9, OPEN), epoch, &[0, 2, 20]);
    let heard = harness.hear();
    assert!(format!("{:?}", message::read::<DeviceMessage<'_>>(&heard[0])).contains("NeedsPerson"));
    harness.call((17, OPEN), epoch, &[0, 2, 20]);
    harness.hear();
    let is_entered = harness.tools.entered.last() == Some(&(OPEN, 10));
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
fn an_answer_of_exactly_the_bytes_that_are_kept_is_given_again() {
    // Kind, id, outcome, length, and the value of three bytes.
    for (repeat_max, is_kept) in [(6, false), (7, true)] {
        crate::bench::with_config(Config { repeat_max, ..CONFIG }, |rig| {
            rig.call(1, FAN, 20);
            assert_eq!(rig.hear(), [done(1, 20)]);
            rig.call(1, FAN, 20);
            let again = if is_kept { done(1, 20) } else { result(1, "Forgotten") };
            assert_eq!(rig.hear(), [again], "{repeat_max}");
        });
    }
}

#[test]
fn an_older_id_is_dropped_and_the_first_sequence_number_is_one() {
    let mut harness = LinkHarness::new(CONFIG, &TOOLS, Bench::default());
    let epoch = harness.send_hello(SESSION);
    harness.call((3, FAN), epoch, &[0, 2, 20]);
    assert_eq!(harness.hear(), [[]; 0]);
    for id in [8 * 9, 8 * 4, 8 * 8] {
        harness.call((id, FAN), epoch, &[0, 2, 20]);
        assert_eq!(harness.hear().len(), usize::from(id == 72));
    }
    harness.call((u32::MAX, FAN), epoch, &[0, 2, 20]);
    assert_eq!(harness.hear().len(), 1);
    assert_eq!(harness.tools.entered.len(), 2);
}

#[test]
fn without_a_session_or_after_a_restart_nothing_is_run() {
    let mut harness = LinkHarness::new(CONFIG, &TOOLS, Bench::default());
    harness.call((8, FAN), crate::bench::EPOCH, &[0, 2, 20]);
    let stale = |heard: Vec<Vec<u8>>| heard == [[2, 8, 3]];
    assert!(stale(harness.hear()), "no hello yet");
    let epoch = harness.send_hello(SESSION);
    harness.call((8, FAN), epoch ^ 1, &[0, 2, 20]);
    assert!(stale(harness.hear()), "another boot");
    harness.send_hello(SESSION + 1);
    harness.call((8, FAN), epoch, &[0, 2, 20]);
    assert!(stale(harness.hear()), "another session");
    assert_eq!(harness.tools.entered, []);
}

#[test]
fn another_session_stops_what_is_under_way_and_the_same_one_does_not() {
    let mut harness = LinkHarness::new(CONFIG, &TOOLS, Bench::default());
    let epoch = harness.send_hello(SESSION);
    harness.call((8, MOVE), epoch, &[0, 2, 20]);
    harness.hear();
    harness.send_hello(SESSION);
    assert_eq!(harness.tools.stopped, []);
    let call = harness.tools.pending[0];
    harness.send_hello(SESSION + 1);
    assert_eq!(harness.tools.stopped, [(MOVE, call)]);
    harness.tools.complete.push_back((call, 10));
    assert_eq!(harness.hear(), [[]; 0], "nobody waits for it");
    // All slots begin again.
    harness.send_hello(SESSION);
    harness.call((8, FAN), epoch, &[0, 2, 20]);
    assert_eq!(harness.hear().len(), 1);
}
