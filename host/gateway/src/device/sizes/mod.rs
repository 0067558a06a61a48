//! Sizes of a device's configuration: what they are, what came at most, and what is enough.
//!
//! High-water marks say what waited and what was under way at a time. What a message and a result
//! take at most does not depend on what came so far: the list of tools bounds it, and so its sizes
//! come from there.

use std::time::Duration;

use trine_bits::varint::zigzag;
use trine_descriptor::{Field, Kind, Side, ToolTable};
use trine_wire::frame;
use trine_wire::message::Status;
use trine_wire::secure::TAIL_LEN;

use super::Device;
use super::session::{CALL_HEAD_MAX, DeviceProtocol};
use crate::sync::lock;

/// The shortest longest message that is proposed: greetings and requests of lists take less.
const MESSAGE_MIN: u64 = 64;
/// The shortest longest result that is proposed: pages of lists take as many bytes.
const RESULT_MIN: u64 = 64;
/// Bytes of a call under way beside its own memory, on a chip of 32 bits.
const CALL_BYTES: u32 = 28;
/// Bytes that a block is a multiple of.
const ALIGN: u32 = 8;

/// A size of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Size {
    /// The member of the configuration, by its name in C.
    pub name: &'static str,
    /// What it is now.
    pub now: u32,
    /// What came at most so far, where the device knows that.
    pub most: Option<u32>,
    /// What is enough.
    pub proposed: u32,
    /// Why it is that.
    pub why: String,
}

/// The sizes of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Each of them.
    pub sizes: Vec<Size>,
    /// Calls since boot, on which the marks rest.
    pub calls: u32,
    /// Time since boot, in milliseconds.
    pub uptime_ms: u64,
    /// Bytes that came when the receive ring was full.
    pub bytes_lost: u32,
}

impl Sizes {
    /// Bytes that the device takes less with what is proposed, at least; what it takes more is not
    /// taken off.
    #[must_use]
    pub fn saved(&self) -> u32 {
        let each = |size: &Size| match size.name {
            "calls_max" => size.now.saturating_sub(size.proposed).saturating_mul(CALL_BYTES),
            _ => size.now.saturating_sub(size.proposed),
        };
        self.sizes.iter().map(each).fold(0, u32::saturating_add)
    }
}

impl Device {
    /// Its sizes, those that are enough with them; `None` when it does not answer within
    /// `patience`.
    #[must_use]
    pub fn sizes(&self, patience: Duration) -> Option<Sizes> {
        let status = self.status(patience)?;
        let table = self.table()?;
        let protocol = lock(&self.session).protocol;
        Some(proposed(&protocol, &status, &*table))
    }
}

/// The sizes of a device that says this of itself.
fn proposed(
    protocol: &DeviceProtocol,
    status: &Status,
    table: &(impl ToolTable + ?Sized),
) -> Sizes {
    let message = message_max(protocol, table);
    let sizes = vec![
        memory(status),
        receive(protocol, status, message.proposed),
        message,
        result_max(protocol, table),
        calls_max(protocol, status),
    ];
    let Status { calls, uptime_ms, bytes_lost, .. } = *status;
    Sizes { sizes, calls, uptime_ms, bytes_lost }
}

fn memory(status: &Status) -> Size {
    let used = status.memory_used.checked_next_multiple_of(ALIGN).unwrap_or(u32::MAX);
    let unused = status.memory.saturating_sub(used);
    Size {
        name: "memory",
        now: status.memory,
        most: Some(status.memory_used),
        proposed: used.min(status.memory),
        why: match unused {
            0 => "all of the block is used".to_owned(),
            unused => format!("{unused} bytes at the end of the block are not used"),
        },
    }
}

fn receive(protocol: &DeviceProtocol, status: &Status, message: u32) -> Size {
    let now = u32::from(protocol.rx_bytes).saturating_add(1);
    let frame = frame::frame_max(message as usize + TAIL_LEN);
    let frame = u32::try_from(frame).unwrap_or(u32::MAX);
    let most = status.rx_high_water;
    let (enough, why) = if status.bytes_lost > 0 {
        let lost = status.bytes_lost;
        let more = now.saturating_add(lost).max(frame + 1);
        (more, format!("{lost} bytes came when it was full: poll more often, or make it larger"))
    } else if most >= frame {
        (most + 1, format!("at most {most} bytes waited; one byte stays empty"))
    } else {
        (frame + 1, format!("the longest message takes {frame} bytes; one byte stays empty"))
    };
    // The most that a configuration can say.
    let proposed = enough.min(u16::MAX.into());
    Size { name: "rx_bytes", now, most: Some(most), proposed, why }
}

fn message_max(protocol: &DeviceProtocol, table: &(impl ToolTable + ?Sized)) -> Size {
    let now = u32::from(protocol.message_max);
    let longest = (0..table.count())
        .map(|tool| (largest(table, tool, Side::Params).unwrap_or(u64::MAX), tool))
        .max();
    let (bytes, tool) = longest.unwrap_or_default();
    let name = table.info(tool).map_or_else(String::new, |info| info.name.to_owned());
    let tag = if protocol.keyed { TAIL_LEN } else { 0 };
    let enough = bytes.saturating_add((CALL_HEAD_MAX + tag) as u64).max(MESSAGE_MIN);
    let (proposed, why) = match u32::try_from(enough) {
        Ok(enough) if enough <= now => {
            (enough, format!("the longest call is one of {name}, of {enough} bytes"))
        }
        _ => (now, format!("calls of {name} may take {enough} bytes: longer ones than now fail")),
    };
    Size { name: "message_max", now, most: None, proposed, why }
}

fn result_max(protocol: &DeviceProtocol, table: &(impl ToolTable + ?Sized)) -> Size {
    let now = u32::from(protocol.result_max);
    let mut longest = (0, 0);
    let mut open = None;
    for tool in 0..table.count() {
        match largest(table, tool, Side::Output) {
            Some(bytes) => longest = longest.max((bytes, tool)),
            None => open = open.or(Some(tool)),
        }
    }
    let name = |tool| table.info(tool).map_or_else(String::new, |info| info.name.to_owned());
    let enough = longest.0.max(RESULT_MIN);
    let (proposed, why) = match (open, u32::try_from(enough)) {
        (Some(tool), _) => (now, format!("results of {} have no upper bound", name(tool))),
        (None, Ok(enough)) if enough <= now => {
            let of = name(longest.1);
            (enough, format!("the longest result is one of {of}, of {} bytes", longest.0))
        }
        _ => {
            let of = name(longest.1);
            (now, format!("results of {of} may take {enough} bytes: longer ones than now fail"))
        }
    };
    Size { name: "result_max", now, most: None, proposed, why }
}

fn calls_max(protocol: &DeviceProtocol, status: &Status) -> Size {
    let now = u32::from(protocol.slots);
    let most = u32::from(status.calls_high_water);
    let why = match most {
        most if most >= now => "all were under way at once: more calls wait".to_owned(),
        0 => "no call was answered later than at once".to_owned(),
        1 => "one call was under way at a time".to_owned(),
        most => format!("{most} calls were under way at a time"),
    };
    Size { name: "calls_max", now, most: Some(most), proposed: most.clamp(1, now.max(1)), why }
}

/// Most bytes of the values of one side of a tool (`docs/wire.md`, section 5); `None` where a text
/// or a list of it has no bound.
#[must_use]
pub fn largest(table: &(impl ToolTable + ?Sized), tool: u16, side: Side) -> Option<u64> {
    // Objects and arrays that are open: their last node, and how often what is in them comes.
    let mut open: Vec<(u16, u64)> = Vec::new();
    let mut sum = 0_u64;
    for node in 0..table.node_count(tool, side) {
        open.retain(|(last, _)| *last >= node);
        let times = open.last().map_or(1, |(_, times)| *times);
        let field = table.node(tool, side, node)?;
        let bytes = varint(node.into()) + 1 + value(&field)?;
        sum = sum.saturating_add(times.saturating_mul(bytes));
        let last = node.saturating_add(u16::try_from(field.kind.nodes()).unwrap_or(u16::MAX));
        match field.kind {
            Kind::Object { .. } => open.push((last, times)),
            Kind::Array { max, .. } => open.push((last, times.saturating_mul(max.into()))),
            _ => {}
        }
    }
    Some(sum)
}

/// Most bytes of a value behind its tag.
fn value(field: &Field<'_>) -> Option<u64> {
    let number = |min, max| varint(zigzag(min)).max(varint(zigzag(max)));
    Some(match &field.kind {
        Kind::Bool => 1,
        Kind::Int(range) => number(range.min, range.max),
        Kind::Decimal(range) => number(range.min, range.max),
        // A code point has four bytes at most.
        Kind::Text { max, .. } if *max < u16::MAX => {
            let bytes = u64::from(*max) * 4;
            bytes + varint(bytes)
        }
        Kind::Choice(labels) => varint(labels.bytes().filter(|byte| *byte == b'|').count() as u64),
        Kind::Object { .. } => 0,
        Kind::Array { max, .. } if *max < u8::MAX => varint((*max).into()),
        _ => return None,
    })
}

/// Bytes of a varint.
const fn varint(number: u64) -> u64 {
    let bits = u64::BITS - number.leading_zeros();
    if bits == 0 { 1 } else { bits.div_ceil(7) as u64 }
}

#[cfg(test)]
mod tests;
