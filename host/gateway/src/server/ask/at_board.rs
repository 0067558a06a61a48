//! Sending the user of a client to a board whose tool needs a person there.
//!
//! The question is a form without fields: its answer says that the user has been at the board. It
//! agrees to nothing, since only the board's own input counts (`docs/wire.md`, section 6): the call
//! is made again, and runs if a person has agreed there.

use trine_descriptor::ToolTable as _;
use trine_mcp::result;
use trine_wire::message::input::{self, Answer, Records, Request, asks};

use super::{ACCEPTED, Given};
use crate::host_tools::Arguments;
use crate::hub::Entry;

/// The name of the question.
const NAME: &str = "at_the_board";
/// What the state is. A device with such a state of its own gets no answers back, which is its
/// loss alone.
pub(in crate::server) const STATE: &[u8] = b"\0at the board";
/// Most bytes of arguments that the question shows. The board shows all of them.
const SHOWN_MAX: usize = 1024;
/// A form without fields: their count.
const NO_NODES: &[u8] = &[0];

/// The question, as the wire has it; `None` for a tool of no device.
pub(in crate::server) fn question(entry: &Entry, args: &[u8]) -> Option<Vec<u8>> {
    let (device, info) = (entry.device()?, entry.table.info(entry.row)?);
    let mut shown = vec![0; SHOWN_MAX];
    let len = result::value_json(&Arguments(&entry.table), entry.row, args, &mut shown)?;
    let shown = shown.get(..len).and_then(|shown| std::str::from_utf8(shown).ok());
    let message = format!(
        "A person has to allow this call at the device {}: {} with {}. Read its display and press \
         its button if the call is right, then go on here.",
        device.name(),
        info.name,
        shown.unwrap_or("arguments that it shows"),
    );
    let (name, kind) = (NAME, asks::FORM);
    let request = Request { name, kind, message: &message, nodes: NO_NODES, ..Request::default() };
    let mut bytes = vec![0; message.len() + 64];
    let len = input::write(&[request], &mut bytes)?;
    bytes.truncate(len);
    Some(bytes)
}

/// Whether the user has been at the board, where that was asked.
pub(in crate::server) fn answer(given: &Given) -> Option<bool> {
    (given.state == STATE).then(|| {
        let answer = Records::new(&given.answers).and_then(|mut records| records.record());
        matches!(answer, Some(Answer { name: NAME, action: ACCEPTED, .. }))
    })
}
