//! Calls that outlive a poll: their end, and the content, progress and log that they send.

use trine_wire::message::{DeviceMessage, Outcome, outcome};

use super::session::LOG_NONE;
use super::{Device, News, count};
use crate::CallId;
use crate::call::Tools;
use crate::features::{CONTENT, has};
use crate::slots::Content;
use crate::slots::State;

/// Most bytes of a chunk.
const CHUNK_MAX: usize = 128;

impl Device<'_> {
    /// Ends a call that expired or was cancelled, or sends a piece of content over the link.
    pub(super) fn slot_step<T: Tools + ?Sized, const LINK: bool>(&mut self, tools: &mut T) -> bool {
        if self.slots.is_quiet() {
            return false;
        }
        let (left, call) = self.slots.nearest(self.now);
        if left == 0
            && let Some(slot) = self.slots.get(call)
        {
            let (tool, is_cancelled) = (slot.tool, slot.state == State::Cancelled);
            if !is_cancelled {
                count!(self, expired);
            }
            tools.stop(tool, call);
            self.end(call, if is_cancelled { outcome::CANCELLED } else { outcome::EXPIRED });
            return true;
        }
        LINK && has(CONTENT) && self.content_step(tools)
    }

    /// Sends a piece of the first content that may be sent.
    fn content_step<T: Tools + ?Sized>(&mut self, tools: &mut T) -> bool {
        for index in 0..self.slots.len() {
            let Some((call, slot)) = self.slots.handle(index) else { continue };
            if slot.state == State::Sending
                && let Some(content) = slot.content.first()
                && content.at < content.upto
            {
                let (id, content) = (slot.id, *content);
                self.send_chunk((call, id), content, tools);
                return true;
            }
        }
        false
    }

    /// Whether a call has content to send, which a host on a bus is told.
    pub(super) fn has_more(&self) -> bool {
        has(CONTENT)
            && (0..self.slots.len())
                .filter_map(|index| self.slots.handle(index))
                .any(|(_, slot)| slot.state == State::Sending)
    }

    /// Announces the content of a call, whose chunks follow.
    pub(super) fn begin_content(&mut self, call: CallId, mime: &str, len: u32) {
        if self.slots.is_local(call) {
            // No one asks for its chunks: such content is answered at once or not at all.
            return self.fail(call, "content is not answered later here");
        }
        let Some(slot) = self.slots.get(call) else { return };
        slot.state = State::Sending;
        if let Some(content) = slot.content.first_mut() {
            (content.at, content.len) = (0, len);
        }
        let id = slot.id;
        let outcome = Outcome::Content { mime, len };
        self.outbox.send(&DeviceMessage::Result { id, outcome });
    }

    #[inline(never)]
    fn send_chunk<T: Tools + ?Sized>(
        &mut self,
        (call, id): (CallId, u32),
        content: Content,
        tools: &mut T,
    ) {
        let Content { at, len, upto } = content;
        let mut chunk = [0; CHUNK_MAX];
        let most = (len.min(upto) - at).min(chunk.len() as u32) as usize;
        let most = self.outbox.fits(most.min(usize::from(self.config.result_max)));
        let Some(tool) = self.slots.get(call).map(|slot| slot.tool) else { return };
        let place = chunk.get_mut(..most).unwrap_or_default();
        let count = tools.read(tool, call, at, place).min(most);
        if count == 0 {
            return self.fail(call, "the tool stopped in the middle of its content");
        }
        let bytes = chunk.get(..count).unwrap_or_default();
        self.outbox.send(&DeviceMessage::Chunk { id, offset: at, bytes, block: 0 });
        let at = at + count as u32;
        if at == len {
            self.slots.forget(call);
        } else if let Some(content) = self.slots.get(call).and_then(|slot| slot.content.first_mut())
        {
            content.at = at;
        }
    }

    /// Tells the host how far a call is.
    pub(crate) fn progress(&mut self, call: CallId, (done, total): (u32, u32), text: &str) {
        let Some(id) = self.slots.pending(call).map(|slot| slot.id) else { return };
        if self.slots.is_local(call) {
            self.keep(News::Progress { call, done, total, text });
            return;
        }
        self.outbox.send(&DeviceMessage::Progress { id, done, total, text });
    }

    /// Sends a line for the host's log, if it wants lines of this level: 0 debug to 7 emergency.
    /// Without the feature `progress` it wants none. *owner-only*; a tool uses
    /// [`crate::Calls::log`], an interrupt [`crate::Port::log`].
    ///
    /// # Errors
    /// [`crate::NotNow`] when there is no room.
    pub fn log(&mut self, level: u8, text: &str) -> Result<(), crate::NotNow> {
        self.log_of(None, level, text)
    }

    /// The same about a call of the host, where there is one.
    pub(crate) fn log_of(
        &mut self,
        call: Option<CallId>,
        level: u8,
        text: &str,
    ) -> Result<(), crate::NotNow> {
        let text = self.fitting(text);
        let wanted = self.session.log_level.first().copied().unwrap_or(LOG_NONE);
        let is_wanted = level >= wanted && wanted != LOG_NONE;
        if is_wanted && !self.outbox.takes(text.len()) {
            return Err(crate::NotNow);
        }
        self.keep(News::Log { level, text });
        if is_wanted {
            let slot = call.and_then(|call| self.slots.pending(call));
            let call = slot.map_or(0, |slot| slot.id);
            self.outbox.send(&DeviceMessage::Log { level, text, call });
        }
        Ok(())
    }
}
