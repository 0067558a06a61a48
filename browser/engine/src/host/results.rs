//! What becomes of a call: the device's word, judged by its own description.

use trine_descriptor::{Side, validate};
use trine_mcp::Failure;
use trine_wire::message::{HostMessage, Outcome};

use super::calls::UnderWay;
use super::content::Piece;
use super::speaker::Speaker;
use super::{End, Ended, Line, News};

const TOO_MUCH: &str = "the device announced more content than the 128 KiB that this page takes";
const TWO: &str = "the content of another call is still coming; repeat the call after it";
const HOLE: &str = "a piece of the content was lost on the way; repeat the call";

impl Speaker {
    /// The device's answer to a call.
    pub(super) fn result<'h>(
        &'h mut self,
        id: u32,
        outcome: Outcome<'h>,
        now: u64,
        line: &mut dyn Line,
    ) -> News<'h> {
        let Some(number) = self.lane_of(id) else { return News::Quiet };
        if let Outcome::Content { mime, len } = outcome {
            let words = match self.content.lane {
                Some(lane) if lane != number => TWO,
                // The announcement may come again; what is there of the content stays.
                Some(_) => return News::Quiet,
                None => match self.content.begin(number, mime, len) {
                    Some(()) => {
                        self.wait_on(number);
                        return News::Quiet;
                    }
                    None => TOO_MUCH,
                },
            };
            self.give_up(id, now, line);
            return self.end(number, End::Words(words));
        }
        if matches!(outcome, Outcome::Stale) {
            // Others call it by now, or it has other tools: it is asked.
            self.ask(now, line);
            let lane = self.lanes.get(number).and_then(|lane| lane.call);
            if lane.is_some_and(|call| call.tries > 1) {
                // What was sent before may have been run, before the device started anew.
                return self.end(number, End::Failed(Failure::OutcomeUnknown));
            }
        }
        self.end(number, End::Said(outcome))
    }

    /// A piece of the content of a call.
    pub(super) fn chunk(
        &mut self,
        id: u32,
        offset: u32,
        bytes: &[u8],
        now: u64,
        line: &mut dyn Line,
    ) -> News<'_> {
        let number = self.lane_of(id).filter(|number| self.content.lane == Some(*number));
        let Some(number) = number else { return News::Quiet };
        match self.content.take(offset, bytes) {
            Piece::More => {
                if let Some(upto) = self.content.credit() {
                    self.send(&HostMessage::Credit { id, upto }, now, line);
                }
                News::Quiet
            }
            Piece::Hole => {
                self.give_up(id, now, line);
                self.end(number, End::Words(HOLE))
            }
            Piece::Last => {
                self.content.lane = None;
                let Some(call) = self.taken(number) else { return News::Quiet };
                let Some(request) = call.request else { return News::Quiet };
                let UnderWay { tool, limit_ms, .. } = call;
                let end = End::Content(&self.content);
                News::Ended(Ended { request, tool, end, limit_ms, list: &self.list })
            }
        }
    }

    /// A call's content is coming: it is not sent again.
    fn wait_on(&mut self, number: usize) {
        if let Some(call) = self.lanes.get_mut(number).and_then(|lane| lane.call.as_mut()) {
            call.is_taken = true;
        }
    }

    fn taken(&mut self, number: usize) -> Option<UnderWay> {
        self.lanes.get_mut(number)?.call.take()
    }

    /// A call is over.
    fn end<'h>(&'h mut self, number: usize, end: End<'h>) -> News<'h> {
        self.content.lane.take_if(|lane| *lane == number);
        let Some(UnderWay { request: Some(request), tool, limit_ms, .. }) = self.taken(number)
        else {
            return News::Quiet;
        };
        let list = &self.list;
        let end = match end {
            End::Said(Outcome::Done { value }) => match validate(list, tool, Side::Output, value) {
                Ok(()) => End::Said(Outcome::Done { value }),
                Err(fault) => End::Wrong(fault),
            },
            end => end,
        };
        News::Ended(Ended { request, tool, end, limit_ms, list })
    }
}
