//! The base model, which reads sentences for tools that it was not trained for: those of this
//! board, whatever they are. The build script makes the table of them.

use core::fmt::{self, Display};

use trine_ask::SentenceError;
use trine_bsp::place::Place;
use trine_descriptor::{Rules as _, ValueWriter};
use trine_dispatch::{Answer, Block, CallId, block, fault, verdict, why};
use trine_unseen::said::Said;
use trine_unseen::{ArgumentFault, Base, BaseError, Call, Table, TableError, Workspace};

use super::{ARGS, Aligned, until_sent};
use crate::{Loop, tools};

/// The base, in flash: a constant is never copied to RAM.
static BASE: &Aligned<[u8]> = &Aligned(*include_bytes!(env!("TRINE_BASE")));
/// What the base has made of the board's tools.
static TABLE: &Aligned<[u8]> = &Aligned(*include_bytes!(env!("TRINE_TABLE")));

/// All that the base computes in, whatever the tools are. What is taken of it is all of it.
static WORKSPACE: Place<Workspace> = Place::new(Workspace::new());

/// The model with its tools.
pub(crate) struct SentenceModel {
    base: Base<'static>,
    table: Table<'static>,
    workspace: &'static mut Workspace,
}

/// Why there is none.
pub(crate) enum Refused {
    /// The base is damaged, or none.
    Base(BaseError),
    /// The table is of another base or of other tools, or is damaged.
    Table(TableError),
    /// This was called twice.
    Taken,
}

impl Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base(error) => write!(f, "in flash, {error}"),
            Self::Table(error) => write!(f, "in flash, {error}"),
            Self::Taken => f.write_str("the model was started before"),
        }
    }
}

/// Looks at base and table in flash, and whether they are for these tools. The tools work without
/// them too.
#[inline(never)]
pub(crate) fn start() -> Result<SentenceModel, Refused> {
    let workspace = WORKSPACE.take().ok_or(Refused::Taken)?;
    let base = Base::parse(&BASE.0).map_err(Refused::Base)?;
    let list = tools::TABLE.list_hash();
    let table = Table::parse(&TABLE.0, &base, Some(list)).map_err(Refused::Table)?;
    Ok(SentenceModel { base, table, workspace })
}

/// Why a sentence is not answered.
pub(super) type ReadError = SentenceError;

/// Reads a sentence, a step and a turn of the loop at a time.
#[inline(never)]
pub(super) fn read(
    reader: &mut SentenceModel,
    text: &[u8],
    id: CallId,
    turns: &mut Loop<'_>,
) -> Result<(), ReadError> {
    let SentenceModel { base, table, workspace } = reader;
    let (mut said, mut is_wanted) = (Said::empty(), true);
    let answer = workspace.ask(&mut said, (base, table), text, &mut || {
        turns.turn();
        is_wanted = turns.paced.sentence.id == Some(id);
        is_wanted
    })?;
    if is_wanted {
        let is_sure = answer.confidence >= answer.threshold(base, table);
        until_sent(turns, |calls| calls.answer(id, |out| tell(&answer, is_sure, out)));
    }
    Ok(())
}

/// Writes what a sentence came to.
#[inline(never)]
fn tell(answer: &trine_unseen::Answer<'_>, is_sure: bool, out: &mut ValueWriter<'_>) -> Answer {
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
    let mut args = [0; ARGS];
    let (tool_said, node_said) = match (one, verdict) {
        (Some(call), _) => (call.tool, 0),
        (None, verdict::MISSING | verdict::OUT_OF_RANGE) => (tool, node),
        _ => (0, 0),
    };
    block(
        out,
        &Block::Call {
            verdict,
            confidence: answer.confidence.to_bits(),
            tool: tool_said,
            node: node_said,
            args: one.as_ref().map_or(&[], |call| encoded(call, &mut args)),
        },
    );
    let (tool, other) = match answer.between {
        Some([one, other]) => (one, other.saturating_add(1)),
        None => (tool, 0),
    };
    block(out, &Block::Why { why, fault, tool, node, other });
    if why >= why::TWO {
        for call in answer.calls.iter().flatten() {
            let mut args = [0; ARGS];
            block(out, &Block::Command { tool: call.tool, args: encoded(call, &mut args) });
        }
    }
    Answer::Blocks
}

/// The verdict where there is no call.
fn refused(answer: &trine_unseen::Answer<'_>) -> u8 {
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
fn fault_of(answer: &trine_unseen::Answer<'_>) -> (u16, u16, u8) {
    match answer.fault {
        Some((tool, ArgumentFault::Missing(node))) => (tool, node, fault::MISSING),
        Some((tool, ArgumentFault::Range(node))) => (tool, node, fault::RANGE),
        Some((tool, ArgumentFault::Unit(node))) => (tool, node, fault::UNIT),
        Some((tool, ArgumentFault::Cut)) => (tool, 0, fault::UNFILLED),
        None => (0, 0, 0),
    }
}

/// The arguments of a call, as the wire has them.
fn encoded<'a>(call: &Call<'_>, args: &'a mut [u8; ARGS]) -> &'a [u8] {
    let mut out = ValueWriter::new(args);
    call.encode(&mut out);
    let len = out.bytes().len();
    args.get(..len).unwrap_or_default()
}
