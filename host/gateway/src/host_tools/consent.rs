//! The agreement of the person at the client to one call, asked through the client.
//!
//! The question is a form with one checkbox and goes the way of the questions of a device: in
//! revision 2026-07-28 its state is sealed to the client, the tool and the arguments, and used
//! once; in a session it belongs to the one call that waits for it. Answers come here no other way.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use trine_descriptor::record::Encoder;
use trine_descriptor::{Args, Consent, Field, Kind, Tool, ToolInfo, ToolTable as _, ValueWriter};
use trine_mcp::{Failure, Outcome, result};
use trine_wire::message::input::{self, Answer, Records, Request, asks};

use super::Arguments;
use crate::device::{Asked, Cost, Extra, Waiter};
use crate::sanitize;
use crate::table::Table;

/// The name of the question, and its form.
const NAME: &str = "consent";
const FORM: [Field<'static>; 1] =
    [Field::new("allow", Kind::Bool).describe("Whether this call may run.")];
/// What the state is, so that answers to nothing count for nothing.
const STATE: &[u8] = b"consent";
const REFUSED: &str = "the user did not agree to this call";
const ACCEPTED: u8 = 0;
/// Most bytes of arguments that a person is shown; a call with longer ones is refused, as no one
/// can agree to what is not shown.
const SHOWN_MAX: usize = 4 * 1024;

/// Whether the call may run. Otherwise the waiter was told why, or asked.
pub(super) fn is_given(
    table: &Table,
    row: u16,
    (args, json, extra): (&[u8], Option<&str>, &Extra<'_>),
    (waiter, tag): (&Arc<dyn Waiter>, u64),
) -> bool {
    let Some(info) = table.info(row) else { return false };
    if info.consent == Consent::None {
        return true;
    }
    if extra.state == STATE {
        let agrees = agrees(extra.answers);
        if !agrees {
            waiter.done(tag, Outcome::Error(REFUSED), Cost::default());
        }
        return agrees;
    }
    let shown = match json {
        Some(object) => Some(sanitize::plain(object).into_owned()),
        None => shown(table, row, args),
    };
    let shown = shown.filter(|shown| shown.len() <= SHOWN_MAX);
    match shown.and_then(|shown| question(&info, &shown)) {
        Some(requests) => {
            let asked = Asked { args, state: STATE, requests: &requests };
            waiter.needs_input(tag, &asked, Cost::default());
        }
        None => waiter.done(tag, Outcome::Failed(Failure::TooLarge), Cost::default()),
    }
    false
}

/// Whether the person accepted the form with its box checked.
fn agrees(answers: &[u8]) -> bool {
    let form = [Tool::new(ToolInfo::new(NAME, ""), &FORM, &[])];
    let Some(mut records) = Records::new(answers) else { return false };
    let Some(Answer { name: NAME, action: ACCEPTED, values }) = records.record() else {
        return false;
    };
    Args::new(&form, 0, values).bool(0) == Some(true)
}

/// The answer of a person whom this program has asked itself, as `Extra` of the call.
pub(crate) fn answered(agrees: bool) -> (&'static [u8], Vec<u8>) {
    let mut values = [0; 16];
    let mut form = ValueWriter::new(&mut values);
    form.bool(0, agrees);
    let answer = Answer { name: NAME, action: ACCEPTED, values: form.bytes() };
    let mut bytes = vec![0; 64];
    let len = input::write(&[answer], &mut bytes).unwrap_or_default();
    bytes.truncate(len);
    (STATE, bytes)
}

/// Passes on what becomes of a call, but for a question, which this program asks a person itself.
pub(super) struct Asks {
    pub(super) inner: Arc<dyn Waiter>,
    pub(super) question: Sender<String>,
}

impl Waiter for Asks {
    fn done(&self, tag: u64, outcome: Outcome<'_>, cost: Cost) {
        self.inner.done(tag, outcome, cost);
    }

    fn progress(&self, tag: u64, at: (u32, u32), text: &str) -> bool {
        self.inner.progress(tag, at, text)
    }

    fn log(&self, tag: u64, level: u8, text: &str) {
        self.inner.log(tag, level, text);
    }

    fn needs_input(&self, tag: u64, asked: &Asked<'_>, cost: Cost) {
        let request = Records::new(asked.requests).and_then(|mut all| all.record::<Request<'_>>());
        let message = request.map(|request| request.message.to_owned());
        // Where no one waits for the question, the call has ended as one that cannot ask.
        if message.is_none_or(|message| self.question.send(message).is_err()) {
            self.inner.needs_input(tag, asked, cost);
        }
    }
}

/// The arguments as JSON.
fn shown(table: &Table, row: u16, args: &[u8]) -> Option<String> {
    let mut shown = vec![0; SHOWN_MAX];
    let len = result::value_json(&Arguments(table), row, args, &mut shown)?;
    std::str::from_utf8(shown.get(..len)?).ok().map(str::to_owned)
}

/// The question, as the wire has it.
fn question(info: &ToolInfo<'_>, shown: &str) -> Option<Vec<u8>> {
    let title = if info.title.is_empty() { info.name } else { info.title };
    let message = format!("Allow {} ({title}) with {shown}?", info.name);
    let mut nodes = [0; 64];
    let mut encoder = Encoder::new(&mut nodes, 0);
    encoder.number(1);
    encoder.node(&FORM[0]);
    let len = encoder.len();
    let nodes = nodes.get(..len)?;
    let (name, kind, message) = (NAME, asks::FORM, &*message);
    let request = Request { name, kind, message, nodes, ..Request::default() };
    let mut bytes = vec![0; message.len() + nodes.len() + 64];
    let len = input::write(&[request], &mut bytes)?;
    bytes.truncate(len);
    Some(bytes)
}
