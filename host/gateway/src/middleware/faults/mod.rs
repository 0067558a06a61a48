//! A layer that hurts what passes: seeded, so that the same seed hurts the same bytes.

mod plan;

use std::collections::VecDeque;

pub use plan::FaultPlan;
use trine_bits::Random;

use super::{Direction, Layer, Out};

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
    channels: [Channel; 2],
    /// What was done so far, both ways together.
    pub tally: Tally,
}

/// One way.
#[derive(Debug)]
struct Channel {
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
        let channel = |salt| Channel {
            random: Random::new(plan.seed ^ salt),
            line: VecDeque::new(),
            held: VecDeque::new(),
            free_us: 0,
            masked_until: 0,
            kept: 0,
        };
        let channels = [channel(0x5bd1_e995_9bd1_e995), channel(0x1234_5678_9abc_def1)];
        Self { plan, channels, tally: Tally::default() }
    }

    /// What one copy of a piece becomes on the line.
    fn corrupt(&mut self, way: Direction, now_us: u64, piece: &[u8], stalls: bool) {
        let Self { plan, channels, tally } = self;
        let channel = &mut channels[way as usize];
        let mut start = now_us.max(channel.free_us);
        if stalls {
            tally.stalled += 1;
            start += plan.stall.1;
        }
        channel.free_us = start;
        if plan.packets && channel.chance(plan.drop) {
            tally.dropped += 1;
            return;
        }
        let cut = channel.cut(plan, piece.len());
        tally.split += u64::from(cut.is_some());
        let mut bytes = Vec::new();
        let mut at_us = start;
        for (count, &byte) in piece.iter().enumerate() {
            let late = if cut.is_some_and(|cut| count >= cut) { SPLIT_US } else { 0 };
            at_us = start + plan.bytes_us(count + 1) + late;
            if !plan.packets && channel.chance(plan.drop) {
                tally.dropped += 1;
                continue;
            }
            let hit = channel.chance(plan.flip);
            tally.flipped += u64::from(hit);
            if !plan.packets && channel.misses(plan, at_us) {
                tally.masked += 1;
                continue;
            }
            let byte = if hit { byte ^ (1 << (channel.random.bits() % 8)) } else { byte };
            if !plan.packets {
                channel.line.push_back((at_us, byte));
            } else if cut == Some(count) {
                channel.held.push_back((at_us, std::mem::take(&mut bytes)));
                bytes.push(byte);
            } else {
                bytes.push(byte);
            }
        }
        channel.free_us = at_us;
        if plan.packets {
            if channel.misses(plan, at_us) {
                tally.masked += 1;
            } else {
                channel.held.push_back((at_us, bytes));
            }
        }
    }
}

// A seed hurts the same bytes in every version, so these draw as they always did.
impl Channel {
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
    fn pass(&mut self, way: Direction, now_us: u64, piece: &[u8], out: Out<'_>) {
        let channel = &mut self.channels[way as usize];
        let (twice, stalls) =
            (channel.chance(self.plan.duplicate), channel.chance(self.plan.stall.0));
        self.corrupt(way, now_us, piece, stalls);
        if twice {
            // Right behind the first, which is the only place where a half-duplex line has room.
            self.tally.duplicated += 1;
            self.corrupt(way, now_us, piece, false);
        }
        self.due(way, now_us, out);
    }

    fn due(&mut self, way: Direction, now_us: u64, out: Out<'_>) {
        let channel = &mut self.channels[way as usize];
        while channel.held.front().is_some_and(|(at_us, _)| *at_us <= now_us) {
            if let Some((_, packet)) = channel.held.pop_front() {
                out(&packet);
            }
        }
        let due = channel.line.partition_point(|(at_us, _)| *at_us <= now_us);
        let bytes: Vec<u8> = channel.line.drain(..due).map(|(_, byte)| byte).collect();
        if !bytes.is_empty() {
            out(&bytes);
        }
    }

    fn next_due(&self) -> Option<u64> {
        let packets = self.channels.iter().filter_map(|channel| Some(channel.held.front()?.0));
        packets
            .chain(self.channels.iter().filter_map(|channel| Some(channel.line.front()?.0)))
            .min()
    }
}

#[cfg(test)]
mod tests;
