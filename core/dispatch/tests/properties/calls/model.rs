//! The slots of a device as the wire describes them: the last call of each, and its answer.

use trine_dispatch::Config;

use crate::host::{answer, under_way};
use crate::judge::Refusal;
use crate::shape::{number, signed};

/// The state of a slot.
#[derive(Clone, Debug)]
enum State {
    Idle,
    /// Answered with bytes that are kept.
    Kept(Vec<u8>),
    Forgotten,
    Open,
    /// Answered, it is not yet seen with what.
    Awaited,
}

#[derive(Clone, Debug)]
pub(super) struct Slot {
    /// Of the last call; 0 before the first.
    pub(super) sequence: u32,
    /// Id and tool of the last call, and when it expires.
    pub(super) call: (u32, u16),
    pub(super) due: u64,
    state: State,
}

/// What may be heard.
#[derive(Clone, Debug)]
pub(super) struct Expect {
    /// The slot whose answer it is, if it is kept there.
    slot: Option<u32>,
    /// All of it, or its beginning; and another in its place.
    bytes: Vec<u8>,
    is_whole: bool,
    other: Option<Vec<u8>>,
    /// It repeats whatever the slot was answered just before.
    repeats: Option<u32>,
}

impl Expect {
    pub(super) const fn of(slot: u32, bytes: Vec<u8>) -> Self {
        Self { slot: Some(slot), bytes, is_whole: true, other: None, repeats: None }
    }

    /// What no slot keeps.
    pub(super) const fn alone(bytes: Vec<u8>) -> Self {
        Self { slot: None, bytes, is_whole: true, other: None, repeats: None }
    }

    /// A fault of the arguments (outcome 1) or of a result (outcome 9).
    pub(super) fn refused(id: u32, outcome: u8, refusal: Refusal) -> Self {
        let mut body = Vec::new();
        if let Some((code, node, bound)) = refusal {
            body.push(code);
            number(node.into(), &mut body);
            if outcome == 1 {
                signed(bound, &mut body);
            }
        }
        Self { is_whole: refusal.is_some(), ..Self::alone(answer(id, outcome, &body)) }
    }

    /// The same, or that the result is too long.
    pub(super) fn or_too_long(mut self, id: u32, is_long: bool) -> Self {
        self.other = is_long.then(|| Self::refused(id, 9, Some((8, 65_535, 0))).bytes);
        self
    }

    fn is(&self, heard: &[u8]) -> bool {
        let is_it =
            if self.is_whole { heard == self.bytes } else { heard.starts_with(&self.bytes) };
        is_it || self.other.as_ref().is_some_and(|other| heard == other)
    }
}

/// How often what happened.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) calls: u32,
    pub(super) entered: u32,
    pub(super) faults: u32,
    pub(super) repeats: u32,
    pub(super) expired: u32,
    pub(super) bad_results: u32,
    pub(super) high_water: u32,
}

pub(super) struct Model {
    pub(super) slots: Vec<Slot>,
    /// Most bytes of a result for which there is room in any case.
    pub(super) most: usize,
    repeat_max: usize,
    pub(super) counts: Counts,
}

impl Model {
    pub(super) fn new(config: &Config<'_>, most: usize) -> Self {
        let idle = Slot { sequence: 0, call: (0, 0), due: 0, state: State::Idle };
        let slots = vec![idle; config.calls_max.into()];
        Self { slots, most, repeat_max: config.repeat_max.into(), counts: Counts::default() }
    }

    pub(super) fn open_slots(&self) -> Vec<u32> {
        let is_open = |slot: &u32| matches!(self.slots[*slot as usize].state, State::Open);
        (0..self.slots.len() as u32).filter(is_open).collect()
    }

    /// What is heard of a call that is not newer than the last one of its slot.
    pub(super) fn repeated(&mut self, id: u32, slot: u32, sequence: u32) -> Vec<Expect> {
        let last = &self.slots[slot as usize];
        if sequence < last.sequence || matches!(last.state, State::Idle) {
            return Vec::new();
        }
        self.counts.repeats += 1;
        vec![match &last.state {
            State::Kept(bytes) => Expect::alone(bytes.clone()),
            State::Forgotten => Expect::alone(answer(id, 12, &[])),
            State::Awaited => Expect { repeats: Some(slot), ..Expect::alone(Vec::new()) },
            State::Open | State::Idle => Expect::alone(under_way(id)),
        }]
    }

    /// The id of a call that is given up, because its slot is used again.
    pub(super) fn give_up(&self, slot: u32) -> Option<u32> {
        let slot = &self.slots[slot as usize];
        matches!(slot.state, State::Open).then_some(slot.call.0)
    }

    pub(super) fn open(&mut self, slot: u32, sequence: u32, call: (u32, u16), due: u64) {
        self.slots[slot as usize] = Slot { sequence, call, due, state: State::Open };
        self.counts.high_water = self.counts.high_water.max(self.open_slots().len() as u32);
    }

    /// The call of a slot is answered.
    pub(super) fn settled(&mut self, slot: u32, expected: Expect) -> Expect {
        self.slots[slot as usize].state = State::Awaited;
        Expect { slot: Some(slot), ..expected }
    }

    /// The call of a slot ends without its tool.
    pub(super) fn stopped(&mut self, slot: u32, outcome: u8) -> Expect {
        let (id, _) = self.slots[slot as usize].call;
        self.settled(slot, Expect::of(slot, answer(id, outcome, &[])))
    }

    /// Compares what is heard with what may be: calls that expire do so in any order.
    pub(super) fn compare(&mut self, heard: Vec<Vec<u8>>, expected: Vec<Expect>) {
        assert_eq!(heard.len(), expected.len(), "heard {heard:?}, expected {expected:?}");
        let mut left = heard;
        for expected in expected {
            let bytes = match expected.repeats.map(|slot| &self.slots[slot as usize].state) {
                Some(State::Kept(bytes)) => bytes.clone(),
                Some(_) => {
                    let slot = expected.repeats.unwrap_or_default();
                    answer(self.slots[slot as usize].call.0, 12, &[])
                }
                None => expected.bytes.clone(),
            };
            let wanted = Expect { bytes, ..expected };
            let found = left.iter().position(|heard| wanted.is(heard));
            let Some(found) = found else { panic!("heard {left:?}, expected {wanted:?}") };
            let heard = left.remove(found);
            let Some(slot) = wanted.slot else { continue };
            self.counts.bad_results += u32::from(outcome_of(&heard) == 9);
            let is_kept = heard.len() <= self.repeat_max;
            self.slots[slot as usize].state =
                if is_kept { State::Kept(heard) } else { State::Forgotten };
        }
    }
}

/// The number of the outcome behind kind and id.
fn outcome_of(heard: &[u8]) -> u8 {
    let id = heard.iter().skip(1).position(|byte| *byte < 128).unwrap_or_default();
    heard[id + 2]
}
