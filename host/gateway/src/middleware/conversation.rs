//! A capture as questions and their answers.

use trine_wire::bus::Header;
use trine_wire::message::{self, DeviceMessage, Hello, HostMessage};

use super::capture::{self, Entry};
use super::{Direction, LinkKind};
use crate::error::{Error, Result};
use crate::link::{FrameEvent, Frames};

/// What the host said once, and what the device answered to that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// The host's message.
    pub question: Vec<u8>,
    /// The device's messages, in their order.
    pub answers: Vec<Vec<u8>>,
}

/// All exchanges of a capture in the order of their questions.
#[derive(Clone, Debug, Default)]
pub struct Conversation {
    /// The exchanges.
    pub exchanges: Vec<Exchange>,
    /// What the device said unasked, before the first question.
    pub unasked: Vec<Vec<u8>>,
    /// Messages that were hurt.
    pub bad: u64,
}

/// The link that a capture was taken on; a stream where it does not say.
///
/// # Errors
/// When it says something that is no link.
pub fn link_of(text: &str) -> Result<LinkKind> {
    capture::note(text, "link").unwrap_or("stream").parse()
}

impl Conversation {
    /// Reads a capture, and of a bus the messages of the first device that is asked something.
    ///
    /// # Errors
    /// When the text is no capture, or the messages in it are tagged: they cannot be said again.
    pub fn read(text: &str) -> Result<Self> {
        let kind = link_of(text)?;
        let mut conversation = Self::default();
        let messages = messages(kind, &capture::read(text)?, &mut conversation.bad);
        let is_keyed = |(way, message): &(Direction, Vec<u8>)| {
            *way == Direction::ToHost
                && matches!(
                    message::read(message),
                    Some(DeviceMessage::Hello(Hello { keyed: true, .. }))
                )
        };
        if capture::note(text, "key").is_some() || messages.iter().any(is_keyed) {
            return Err(Error::TaggedCapture);
        }
        for (way, message) in messages {
            conversation.take(way, message);
        }
        Ok(conversation)
    }

    fn take(&mut self, way: Direction, message: Vec<u8>) {
        if way == Direction::ToDevice {
            self.exchanges.push(Exchange { question: message, answers: Vec::new() });
            return;
        }
        let asked = self.exchanges.iter().rposition(|it| is_answer(&it.question, &message));
        let at = asked.or(self.exchanges.len().checked_sub(1));
        match at.and_then(|at| self.exchanges.get_mut(at)) {
            Some(exchange) => exchange.answers.push(message),
            None => self.unasked.push(message),
        }
    }
}

/// The messages in the pieces of a capture.
fn messages(kind: LinkKind, entries: &[Entry], bad: &mut u64) -> Vec<(Direction, Vec<u8>)> {
    let mut frames = Direction::BOTH.map(|_| Frames::new(kind.framing()));
    let mut all = Vec::new();
    let mut device = None;
    for Entry { way, bytes, .. } in entries {
        frames[*way as usize].feed(bytes, &mut |found| {
            let FrameEvent::Message(content, _) = found else { return };
            if kind != LinkKind::Bus {
                return all.push((*way, content.to_vec()));
            }
            let Some((header, message)) = Header::split(content) else { return };
            if !message.is_empty() && *device.get_or_insert(header.address) == header.address {
                all.push((*way, message.to_vec()));
            }
        });
    }
    *bad = frames.iter().map(Frames::bad).sum();
    all
}

/// Whether a message of the device answers this one of the host.
fn is_answer(question: &[u8], answer: &[u8]) -> bool {
    let (question, answer) = (message::read(question), message::read(answer));
    let (Some(question), Some(answer)) = (question, answer) else { return false };
    match (question, answer) {
        (HostMessage::Hello(asked), DeviceMessage::Hello(said)) => asked.nonce == said.nonce,
        (HostMessage::Ping { nonce: asked }, DeviceMessage::Pong { nonce, .. }) => asked == nonce,
        (
            HostMessage::List { offset: asked, what, .. },
            DeviceMessage::Page { offset, what: of, .. },
        ) => asked == offset && what == of,
        (HostMessage::Status, DeviceMessage::Status(_))
        | (HostMessage::Factory { .. }, DeviceMessage::Factory { .. })
        | (HostMessage::Provision { .. }, DeviceMessage::Provisioned { .. }) => true,
        (
            question,
            DeviceMessage::Result { id, .. }
            | DeviceMessage::Chunk { id, .. }
            | DeviceMessage::Progress { id, .. },
        ) => id_of(&question) == Some(id),
        _ => false,
    }
}

/// The id that a question gives to what it asks for.
pub(super) const fn id_of(question: &HostMessage<'_>) -> Option<u32> {
    match *question {
        HostMessage::Call(call) => Some(call.id),
        HostMessage::Read { id, .. }
        | HostMessage::Prompt { id, .. }
        | HostMessage::Complete { id, .. } => Some(id),
        _ => None,
    }
}
