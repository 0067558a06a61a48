//! Questions that are no calls: counters, factory tests, the key.

use std::sync::mpsc::Sender;

use trine_wire::message::{DeviceMessage, HostMessage, Status};

use super::DeviceSession;

/// Someone who waits for an answer, and how it reaches him. One who has stopped waiting needs
/// none, so what cannot be delivered is dropped.
#[derive(Debug)]
pub(in crate::device) enum Question {
    /// For the counters.
    Status(Sender<Status>),
    /// For what a factory test of this number found: a code and bytes.
    Factory(u8, Sender<(u8, Vec<u8>)>),
    /// For what became of a key.
    Provision(Sender<u8>),
}

impl Question {
    /// Kind of the message that asks it.
    const fn kind(&self) -> u8 {
        match self {
            Self::Status(_) => 4,
            Self::Provision(_) => 11,
            Self::Factory(..) => 12,
        }
    }

    /// Delivers an answer, if it is the one to this question.
    fn take(&self, answer: &DeviceMessage<'_>) -> bool {
        match (self, *answer) {
            (Self::Status(waiter), DeviceMessage::Status(status)) => {
                _ = waiter.send(status);
            }
            (Self::Provision(waiter), DeviceMessage::Provisioned { code }) => {
                _ = waiter.send(code);
            }
            (Self::Factory(asked, waiter), DeviceMessage::Factory { op, code, bytes })
                if *asked == op =>
            {
                _ = waiter.send((code, bytes.to_vec()));
            }
            _ => return false,
        }
        true
    }
}

/// The questions that wait, each with where in the stream to the device it ends.
#[derive(Debug, Default)]
pub(super) struct Questions(Vec<(Question, u64)>);

impl Questions {
    /// Passes an answer on to the oldest question that it answers; tells where that ends. Counters
    /// answer all who wait for them.
    pub(super) fn answer(&mut self, answer: &DeviceMessage<'_>) -> Option<u64> {
        let first = self.0.iter().position(|(question, _)| question.take(answer))?;
        let (question, end) = self.0.remove(first);
        if let Question::Status(_) = question {
            self.0.retain(|(question, _)| !question.take(answer));
        }
        Some(end)
    }

    /// The device does not know messages of this kind: no one need wait for the answer.
    pub(super) fn unsupported(&mut self, kind: u8) {
        self.0.retain(|(question, _)| question.kind() != kind);
    }

    /// No one will answer.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

impl DeviceSession {
    /// Asks a question. Its waiter hears of nothing more when that cannot be.
    pub(in crate::device) fn question(
        &mut self,
        question: Question,
        message: &HostMessage<'_>,
        now: u64,
    ) {
        // A device with a key that is not held here takes another one if someone is there.
        let locked = matches!(question, Question::Provision(_)) && self.secure.locked.is_some();
        if self.ready || locked {
            if self.transmit(message, now).is_some() {
                self.questions.0.push((question, self.sent));
            }
            self.pump(now);
        }
    }

    /// Puts bytes that are no message on the line, to see what becomes of the next one.
    pub(in crate::device) fn noise(&mut self, bytes: &[u8], now: u64) {
        if let Err(error) = self.line.noise(bytes) {
            self.lost(&format!("the link broke: {error}"), now);
        }
    }
}
