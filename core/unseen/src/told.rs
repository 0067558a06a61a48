//! An answer as a device tells it to a host: the blocks of `docs/wire.md`, section 4.8.

use trine_descriptor::ValueWriter;
use trine_wire::message::block::{Block, fault, verdict, why};

use crate::ask::{Answer, Call};
use crate::hear::ArgumentFault;

/// Bytes of the arguments of a call at most: one with more is told to be too long.
const ARGS: usize = 320;

/// Bytes of the blocks of an answer at most.
pub const BYTES_MAX: usize = 2 * (ARGS + 8) + 40;

/// Writes the blocks of an answer whose calls are sure enough, or are not; answers their bytes.
/// `None` where there is no room, or where one of two commands is too long.
#[must_use]
#[inline(never)]
pub fn write(answer: &Answer<'_>, is_sure: bool, out: &mut [u8]) -> Option<usize> {
    let reason = answer.reason.map_or(0, |reason| reason.number());
    let (verdict, why, one) = match answer.calls {
        _ if reason > 0 => (refused(answer), reason, None),
        [Some(_), Some(_)] => {
            let why = if is_sure { why::TWO } else { why::TWO_UNSURE };
            (verdict::NO_TOOL, why, None)
        }
        [Some(call), None] => {
            (if is_sure { verdict::CALL } else { verdict::UNSURE }, 0, Some(call))
        }
        _ => (refused(answer), 0, None),
    };
    let (tool, node, fault) = fault_of(answer);
    let (tool_said, node_said) = match (&one, verdict) {
        (Some(call), _) => (call.tool, 0),
        (None, verdict::MISSING | verdict::OUT_OF_RANGE) => (tool, node),
        _ => (0, 0),
    };
    let mut args = [0; ARGS];
    let confidence = answer.confidence.to_bits();
    let mut call = Block::Call { verdict, confidence, tool: tool_said, node: node_said, args: &[] };
    if let Some(one) = &one {
        call = match encoded(one, &mut args) {
            Some(args) => Block::Call { verdict, confidence, tool: tool_said, node: 0, args },
            None => {
                let verdict = verdict::TOO_LONG;
                Block::Call { verdict, confidence, tool: 0, node: 0, args: &[] }
            }
        };
    }
    let mut at = call.write(out)?;
    let (tool, other) = match answer.between {
        Some([one, other]) => (one, other.saturating_add(1)),
        None => (tool, 0),
    };
    at += Block::Why { why, fault, tool, node, other }.write(out.get_mut(at..)?)?;
    if why >= why::TWO {
        for call in answer.calls.iter().flatten() {
            at += command(call, out.get_mut(at..)?)?;
        }
    }
    Some(at)
}

/// One of two commands.
#[inline(never)]
fn command(call: &Call<'_>, out: &mut [u8]) -> Option<usize> {
    let mut args = [0; ARGS];
    Block::Command { tool: call.tool, args: encoded(call, &mut args)? }.write(out)
}

/// The verdict where there is no call.
fn refused(answer: &Answer<'_>) -> u8 {
    let is_of_arguments = |name| matches!(name, "" | "missing" | "range" | "unit");
    match (answer.reason.map_or("", |reason| reason.name()), answer.fault) {
        (name, Some((_, fault))) if is_of_arguments(name) => match fault {
            ArgumentFault::Missing(_) => verdict::MISSING,
            ArgumentFault::Range(_) | ArgumentFault::Unit(_) => verdict::OUT_OF_RANGE,
            ArgumentFault::Cut => verdict::NO_TOOL,
        },
        _ => verdict::NO_TOOL,
    }
}

/// The tool and the node that a fault is about, and its number on the wire.
const fn fault_of(answer: &Answer<'_>) -> (u16, u16, u8) {
    match answer.fault {
        Some((tool, ArgumentFault::Missing(node))) => (tool, node, fault::MISSING),
        Some((tool, ArgumentFault::Range(node))) => (tool, node, fault::RANGE),
        Some((tool, ArgumentFault::Unit(node))) => (tool, node, fault::UNIT),
        Some((tool, ArgumentFault::Cut)) => (tool, 0, fault::UNFILLED),
        None => (0, 0, 0),
    }
}

/// The arguments of a call, as the wire has them.
fn encoded<'a>(call: &Call<'_>, args: &'a mut [u8; ARGS]) -> Option<&'a [u8]> {
    let mut out = ValueWriter::new(args);
    call.encode(&mut out);
    let len = if out.overflowed() { None } else { Some(out.len()) };
    args.get(..len?)
}
