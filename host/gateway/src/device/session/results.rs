//! Results, judged by the device's own description of its tool before anyone sees them.

use std::borrow::Cow;
use std::sync::Arc;

use trine_descriptor::{
    Fault, FaultCode, NO_NODE, Side, TextSink as _, ToolTable as _, explain, validate,
};
use trine_mcp::{Failure, Outcome};
use trine_wire::message::Outcome as Said;

use super::DeviceSession;
use crate::device::stages::CallStage;
use crate::device::{content, want};
use crate::sanitize;
use crate::table::Table;
use crate::words::Words;

/// The tool that a call was made of.
struct Called {
    table: Arc<Table>,
    row: u16,
}

impl Called {
    /// A result that its description allows, fit to be shown; or a sentence.
    fn judge<'a>(&self, value: &'a [u8]) -> Result<Cow<'a, [u8]>, String> {
        match validate(&*self.table, self.row, Side::Output, value) {
            Ok(()) => Ok(sanitize::value::entries(value)),
            Err(fault) => Err(self.sentence(fault)),
        }
    }

    /// What is wrong with a result, behind the name of the device.
    fn sentence(&self, fault: Fault) -> String {
        let (table, row) = (&*self.table, self.row);
        let tool = table.info(row).map_or("", |info| info.name);
        let mut words = Words(String::new());
        let is_of_none = fault.node == NO_NODE
            || matches!(fault.code, FaultCode::Unknown | FaultCode::Malformed);
        if is_of_none {
            words.text(tool);
            words.text(": the result cannot be read");
        } else {
            explain(table, row, Side::Output, fault, (tool, ""), &mut words);
        }
        format!(
            "answered what its own description of the tool does not allow: {}; the call \
             may have taken effect",
            words.0
        )
    }
}

impl DeviceSession {
    /// The device's answer to a call, in the way that every answer goes up.
    pub(super) fn answer(&mut self, index: usize, outcome: Said<'_>) {
        let outcome = match outcome {
            Said::Done { value } => return self.done(index, value),
            Said::Blocks { bytes } if !self.is_special(index) => return self.blocks(index, bytes),
            Said::Failed { text } => {
                let text = sanitize::plain(text);
                return self.calls.answer(index, Said::Failed { text: &text });
            }
            Said::NeedInput { state, requests } => match sanitize::value::questions(requests) {
                Some(requests) => {
                    let asks = Said::NeedInput { state, requests: &requests };
                    return self.calls.answer(index, asks);
                }
                None => return self.calls.end(index, Outcome::Failed(Failure::BadResult)),
            },
            other => other,
        };
        self.calls.answer(index, outcome);
    }

    fn is_special(&mut self, index: usize) -> bool {
        self.calls.get(index).is_some_and(|entry| want::is_special(entry.tool))
    }

    fn done(&mut self, index: usize, value: &[u8]) {
        let judged = self.called(index).map(|called| called.judge(value));
        self.staged.mark(&self.calls, index, CallStage::Result, value.len());
        match judged {
            Some(Ok(value)) => self.calls.answer(index, Said::Done { value: &value }),
            Some(Err(why)) => self.broke_its_word(index, &why),
            None => self.calls.end(index, Outcome::Failed(Failure::BadResult)),
        }
    }

    fn blocks(&mut self, index: usize, bytes: &[u8]) {
        let called = self.called(index);
        let judge = |value: &[u8]| {
            let called = called.as_ref().ok_or_else(String::new)?;
            called.judge(value).map(Cow::into_owned)
        };
        let mut wrong = None;
        content::blocks(bytes, &judge, |outcome| match outcome {
            Ok(outcome) => self.calls.end(index, outcome),
            Err(why) => wrong = Some(why),
        });
        match wrong {
            Some(why) if why.is_empty() => {
                self.calls.end(index, Outcome::Failed(Failure::BadResult));
            }
            Some(why) => self.broke_its_word(index, &why),
            None => {}
        }
    }

    fn broke_its_word(&mut self, index: usize, why: &str) {
        self.note(why);
        let why = format!("{} {why}", self.who());
        self.calls.end(index, Outcome::Error(&why));
    }

    /// What a call was made of. Its table is the one of now, or one that was kept.
    fn called(&mut self, index: usize) -> Option<Called> {
        let entry = self.calls.get(index)?;
        let (tool, hash) = (entry.tool, entry.hash);
        let tables = self.table.iter().chain(&self.known);
        let (table, row) = tables
            .filter_map(|table| Some((table, table.row_of(tool)?)))
            .find(|(table, row)| table.hash(*row) == hash)?;
        Some(Called { table: Arc::clone(table), row })
    }

    /// What the device is called in a sentence.
    fn who(&self) -> String {
        match (&self.name, &self.identity) {
            (Some(name), _) => name.to_string(),
            (None, Some(identity)) => format!("{} {}", identity.product, identity.serial),
            (None, None) => "the device".to_owned(),
        }
    }
}
