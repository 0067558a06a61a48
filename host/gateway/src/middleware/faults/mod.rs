//! A layer that hurts what passes: seeded, so that the same seed hurts the same bytes.

mod plan;

use std::collections::VecDeque;

pub use plan::FaultPlan;
use trine_bits::Random;

use super::{Layer, Out, Way};

/// How long the second part of a split piece comes after the first, in microseconds.
const SPLIT_US: u64 = 500;
/// Bytes (or packets) that a receiver keeps by itself while its interrupt is masked.
const KEPT_WHILE_MASKED: u32 = 1;

/// What was done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Bytes of a stream, or packets, that were dropped.
    pub dropped: u64,
    /// Bytes in which a bit was flipped.
    pub flipped: u64,
    /// Pieces that were cut in two.
    pub split: u64,
    /// Pieces that came twice.
    pub duplicated: u64,
    /// Pieces that were held up.
    pub stalled: u64,
    /// Bytes of a stream, or packets, that were lost while an interrupt was masked.
    pub masked: u64,
}

/// Hurts pieces by a [`FaultPlan`]. Order is kept; what is held up holds up what follows.
#[derive(Debug)]
pub struct Faults {
    plan: FaultPlan,
    lanes: [Lane; 2],
    /// What was done so far, both ways together.
    pub tally: Tally,
}

/// One way.
#[derive(Debug)]
struct Lane {
    random: Random,
    /// Bytes of a stream that go on later, and packets that do.
    line: VecDeque<(u64, u8)>,
    held: VecDeque<(u64, Vec<u8>)>,
    /// When the last byte that was taken has gone through.
    free_us: u64,
    masked_until: u64,
    kept: u32,
}

impl Faults {
    /// A layer by a plan.
    #[must_use]
    pub fn new(plan: FaultPlan) -> Self {
        let lane = |salt| Lane {
            random: Random::new(plan.seed ^ salt),
            line: VecDeque::new(),
            held: VecDeque::new(),
            free_us: 0,
            masked_until: 0,
            kept: 0,
        };
        let lanes = [lane(0x5bd1_e995_9bd1_e995), lane(0x1234_5678_9abc_def1)];
        Self { plan, lanes, tally: Tally::default() }
    }

    /// What one copy of a piece becomes on the line.
    fn hurt(&mut self, way: Way, now_us: u64, piece: &[u8], stalls: bool) {
        let Self { plan, lanes, tally } = self;
        let lane = &mut lanes[way as usize];
        let mut start = now_us.max(lane.free_us);
        if stalls {
            tally.stalled += 1;
            start += plan.stall.1;
        }
        lane.free_us = start;
        if plan.packets && lane.chance(plan.drop) {
            tally.dropped += 1;
            return;
        }
        let cut = lane.cut(plan, piece.len());
        tally.split += u64::from(cut.is_some());
        let mut bytes = Vec::new();
        let mut at_us = start;
        for (count, &byte) in piece.iter().enumerate() {
            let late = if cut.is_some_and(|cut| count >= cut) { SPLIT_US } else { 0 };
            at_us = start + plan.bytes_us(count + 1) + late;
            if !plan.packets && lane.chance(plan.drop) {
                tally.dropped += 1;
                continue;
            }
            let hit = lane.chance(plan.flip);
            tally.flipped += u64::from(hit);
            if !plan.packets && lane.misses(plan, at_us) {
                tally.masked += 1;
                continue;
            }
            let byte = if hit { byte ^ (1 << (lane.random.bits() % 8)) } else { byte };
            if !plan.packets {
                lane.line.push_back((at_us, byte));
            } else if cut == Some(count) {
                lane.held.push_back((at_us, std::mem::take(&mut bytes)));
                bytes.push(byte);
            } else {
                bytes.push(byte);
            }
        }
        lane.free_us = at_us;
        if plan.packets {
            if lane.misses(plan, at_us) {
                tally.masked += 1;
            } else {
                lane.held.push_back((at_us, bytes));
            }
        }
    }
}

// A seed hurts the same bytes in every version, so these draw as they always did.
impl Lane {
    /// True in this part of all cases.
    fn chance(&mut self, part: f64) -> bool {
        // Without a fault no number is drawn, so that a plan's faults do not move one another.
        part > 0.0 && ((self.random.bits() >> 11) as f64) < part * (1u64 << 53) as f64
    }

    /// A number below `bound`; 0 when that is 0.
    fn below(&mut self, bound: usize) -> usize {
        let number = self.random.bits() >> 33;
        usize::try_from(number).unwrap_or(0).checked_rem(bound).unwrap_or(0)
    }

    /// Before which byte of a piece the cut is, if there is one.
    fn cut(&mut self, plan: &FaultPlan, len: usize) -> Option<usize> {
        (len > 1 && self.chance(plan.split)).then(|| 1 + self.below(len - 1))
    }

    /// Whether the receiver misses what arrives at this time because its interrupt is masked.
    fn misses(&mut self, plan: &FaultPlan, at_us: u64) -> bool {
        for &(chance, long_us) in &plan.masks {
            if self.chance(chance) {
                self.masked_until = self.masked_until.max(at_us + long_us);
                self.kept = 0;
            }
        }
        if at_us >= self.masked_until {
            return false;
        }
        self.kept += 1;
        self.kept > KEPT_WHILE_MASKED
    }
}

impl Layer for Faults {
    fn pass(&mut self, way: Way, now_us: u64, piece: &[u8], out: Out<'_>) {
        let lane = &mut self.lanes[way as usize];
        let (twice, stalls) = (lane.chance(self.plan.duplicate), lane.chance(self.plan.stall.0));
        self.hurt(way, now_us, piece, stalls);
        if twice {
            // Right behind the first, which is the only place where a half-duplex line has room.
            self.tally.duplicated += 1;
            self.hurt(way, now_us, piece, false);
        }
        self.due(way, now_us, out);
    }

    fn due(&mut self, way: Way, now_us: u64, out: Out<'_>) {
        let lane = &mut self.lanes[way as usize];
        while lane.held.front().is_some_and(|(at_us, _)| *at_us <= now_us) {
            if let Some((_, packet)) = lane.held.pop_front() {
                out(&packet);
            }
        }
        let due = lane.line.partition_point(|(at_us, _)| *at_us <= now_us);
        let bytes: Vec<u8> = lane.line.drain(..due).map(|(_, byte)| byte).collect();
        if !bytes.is_empty() {
            out(&bytes);
        }
    }

    fn next_due(&self) -> Option<u64> {
        let packets = self.lanes.iter().filter_map(|lane| Some(lane.held.front()?.0));
        packets.chain(self.lanes.iter().filter_map(|lane| Some(lane.line.front()?.0))).min()
    }
}

#[cfg(test)]
mod tests;
