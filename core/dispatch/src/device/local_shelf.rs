//! Requests of the program itself for resources, prompts and completion: those of the clients of a
//! program that serves MCP in process.

use trine_descriptor::{Fault, FaultCode, NO_NODE, ValueWriter};

use super::shelf::{HEAD, Request};
use super::{Device, Journal, Local};
use crate::call::{Answer, Tools};

impl Device<'_> {
    /// Reads the resource of this address to `out`, with [`Tools::read_resource`]. A read that is
    /// answered later has a slot of the program's own, as a call. [`Local::UnknownTool`] where no
    /// list has the address. *owner-only*.
    pub fn local_read<T: Tools + ?Sized>(
        &mut self,
        uri: &str,
        now: u64,
        tools: &mut T,
        out: &mut [u8],
    ) -> Local {
        self.local_request(Request::Read { uri }, now, tools, out)
    }

    /// Makes the messages of a prompt from encoded arguments, with [`Tools::prompt`]; else as
    /// [`Self::local_read`]. *owner-only*.
    pub fn local_prompt<T: Tools + ?Sized>(
        &mut self,
        (prompt, args): (u16, &[u8]),
        now: u64,
        tools: &mut T,
        out: &mut [u8],
    ) -> Local {
        let request = Request::Prompt { prompt, args, state: &[], answers: &[] };
        self.local_request(request, now, tools, out)
    }

    /// Completes what a person types, with [`Tools::complete`]: the members of the tuple are those
    /// of [`crate::Completion`]. Else as [`Self::local_read`]. *owner-only*.
    pub fn local_complete<T: Tools + ?Sized>(
        &mut self,
        (of, index, node, text): (u8, u16, u16, &str),
        now: u64,
        tools: &mut T,
        out: &mut [u8],
    ) -> Local {
        self.local_request(Request::Complete { of, index, node, text }, now, tools, out)
    }

    /// Bytes of the longest address whose change is kept for clients of the program; none where
    /// nothing is kept.
    #[must_use]
    pub fn news_max(&self) -> Option<usize> {
        self.news.first()?.as_ref().map(Journal::text_max)
    }

    fn local_request<T: Tools + ?Sized>(
        &mut self,
        request: Request<'_>,
        now: u64,
        tools: &mut T,
        out: &mut [u8],
    ) -> Local {
        let Some(lists) = self.lists.first().copied().flatten() else { return Local::UnknownTool };
        let Some((number, found)) = self.meant(lists, &request) else { return Local::UnknownTool };
        let Some(slot) = self.slots.free_local() else { return Local::Busy };
        let deadline_ms = self.deadline_ms(0, &HEAD);
        let id = self.slots.open(slot, 0, (number, &HEAD), (now as u32).wrapping_add(deadline_ms));
        let when = (id, now, now.saturating_add(deadline_ms.into()));
        let mut out = ValueWriter::new(out);
        let answer = request.enter((lists, found), when, tools, &mut out);
        let keeps = self.slots.get(id).is_some_and(|slot| slot.bytes > 0);
        if matches!(answer, Ok(Answer::Pending)) && keeps {
            return Local::Pending(id);
        }
        self.slots.reset(slot);
        let bad = |code| Local::BadResult(Fault::new(code, NO_NODE));
        match answer {
            Err(fault) => Local::Fault(fault),
            Ok(Answer::Failed(text)) => Local::Failed(text),
            Ok(_) if out.overflowed() => bad(FaultCode::TooLong),
            Ok(Answer::Blocks) => Local::Blocks(out.len()),
            Ok(Answer::Content { mime, len }) if len > 0 => Local::Content { id, mime, len },
            Ok(Answer::NeedInput) => Local::NeedInput(out.len()),
            Ok(_) => bad(FaultCode::Malformed),
        }
    }
}
