//! The base model, which reads sentences for tools that it was not trained for: those of this
//! board, whatever they are. The build script makes the table of them.

use core::fmt::{self, Display};

use trine_ask::SentenceError;
use trine_bsp::place::Place;
use trine_descriptor::Rules as _;
use trine_dispatch::{Answer, CallId};
use trine_unseen::said::Said;
use trine_unseen::{Base, BaseError, Table, TableError, Workspace, told};

use super::{Aligned, until_sent};
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
        until_sent(turns, |calls| {
            calls.answer(id, |out| {
                out.with_rest(|rest| told::write(&answer, is_sure, rest));
                Answer::Blocks
            })
        });
    }
    Ok(())
}
