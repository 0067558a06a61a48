//! Sentences that a device with a model turns into calls of its tools.

use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use trine_descriptor::{Annotations, Limits, ToolInfo};
use trine_dispatch::SENTENCE;
use trine_mcp::Outcome;
use trine_wire::message::block::{Block, Blocks};
use trine_wire::message::feature;

use super::Device;
use super::calls::{CallRequest, Cost, Extra, Ticket, Waiter};
use crate::error::{Error, Result};
use crate::sync::lock;
use crate::words::Words;

/// What a sentence came to on a device.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Understood {
    /// What it is, of `trine_dispatch::verdict`.
    pub verdict: u8,
    /// How sure the model is.
    pub confidence: f32,
    /// Number of the tool in the device's own list, 0 where there is none.
    pub tool: u16,
    /// Node of the parameter that a refusal is about.
    pub node: u16,
    /// The arguments, as a call has them.
    pub args: Vec<u8>,
    /// What the model read and chose, if that was asked for.
    pub tokens: Vec<u16>,
    /// Why there is no call, if the device says more than a verdict.
    pub why: Option<Why>,
    /// The commands of a sentence that has two: tool and arguments.
    pub commands: Vec<(u16, Vec<u8>)>,
}

/// Why a sentence has no call, by the device's own numbers of tools.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Why {
    /// Why there is no call: a reason of the base model, or of `block::why`; 0 where there is one.
    pub why: u8,
    /// What is wrong with the arguments, of `block::fault`; 0 is nothing.
    pub fault: u8,
    /// The likeliest tool.
    pub tool: u16,
    /// Node of its parameter that the fault is about.
    pub node: u16,
    /// Another tool that may be meant.
    pub other: Option<u16>,
}

impl Understood {
    /// Reads the blocks of an answer; `None` where the one that counts is not among them.
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut found = None;
        let (mut read, mut reason, mut commands) = (Vec::new(), None, Vec::new());
        for block in Blocks::new(bytes) {
            match block.ok()? {
                Block::Call { verdict, confidence, tool, node, args } => {
                    let (confidence, args) = (f32::from_bits(confidence), args.to_vec());
                    found = Some(Self { verdict, confidence, tool, node, args, ..Self::default() });
                }
                Block::Tokens { bytes } => {
                    let (pairs, _) = bytes.as_chunks::<2>();
                    read = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
                }
                Block::Why { why, fault, tool, node, other } => {
                    let other = other.checked_sub(1);
                    reason = Some(Why { why, fault, tool, node, other });
                }
                Block::Command { tool, args } => commands.push((tool, args.to_vec())),
                _ => {}
            }
        }
        Some(Self { tokens: read, why: reason, commands, ..found? })
    }
}

type Told = Result<Understood>;

/// Waits for one sentence.
struct Answer(Mutex<Option<Sender<Told>>>);

impl Answer {
    fn tell(&self, told: Told) {
        if let Some(send) = lock(&self.0).take() {
            // Who asked may have stopped waiting.
            drop(send.send(told));
        }
    }
}

impl Waiter for Answer {
    fn done(&self, _: u64, outcome: Outcome<'_>, _: Cost) {
        self.tell(Err(match outcome {
            Outcome::Error(text) => Error::SentenceRefused { text: text.to_owned() },
            Outcome::Failed(failure) => {
                let mut words = Words(String::new());
                failure.explain(&mut words);
                Error::SentenceRefused { text: words.0 }
            }
            _ => Error::SentenceAnswer,
        }));
    }

    fn understood(&self, _: u64, blocks: &[u8], _: Cost) {
        let told = Understood::read(blocks);
        self.tell(told.ok_or(Error::SentenceAnswer));
    }
}

impl Device {
    /// Whether the device has a model for sentences.
    #[must_use]
    pub fn reads_sentences(&self) -> bool {
        lock(&self.session).protocol.can(feature::ASK)
    }

    /// Asks the device what call a sentence is. Nothing is called. Blocks until the answer, or
    /// `deadline`.
    ///
    /// # Errors
    /// Why the device does not answer, or what it says that is wrong with the sentence or with its
    /// model.
    pub fn understand(
        &self,
        sentence: &[u8],
        with_tokens: bool,
        deadline: Duration,
    ) -> Result<Understood> {
        if !self.reads_sentences() {
            return Err(Error::NoSentences { device: self.name().to_string() });
        }
        let most = lock(&self.session).body_max();
        if sentence.len() > most {
            let (device, bytes) = (self.name().to_string(), sentence.len());
            return Err(Error::SentenceTooLong { device, bytes, most });
        }
        let (send, receive) = mpsc::channel();
        let waiter: Arc<dyn Waiter> = Arc::new(Answer(Mutex::new(Some(send))));
        let deadline_ms = u32::try_from(deadline.as_millis()).unwrap_or(u32::MAX);
        let ticket = self.start_sentence((sentence, with_tokens, deadline_ms), (&waiter, 0));
        receive.recv_timeout(deadline).unwrap_or_else(|_| {
            if let Some(ticket) = ticket {
                self.cancel(ticket);
            }
            Err(Error::SentenceTimeout { deadline_ms: deadline.as_millis() })
        })
    }

    /// Asks the device what call a sentence is, without waiting. The waiter hears the end once,
    /// which may be before this returns.
    pub(crate) fn start_sentence(
        &self,
        (sentence, with_tokens, deadline_ms): (&[u8], bool, u32),
        (waiter, tag): (&Arc<dyn Waiter>, u64),
    ) -> Option<Ticket> {
        let request = CallRequest {
            // It changes nothing, so one whose answer is lost is asked again.
            info: ToolInfo {
                annotations: Annotations(Annotations::READ_ONLY | Annotations::IDEMPOTENT),
                limits: Limits { deadline_ms, pending_bytes: 1 },
                ..ToolInfo::new("ask", "")
            },
            tool: SENTENCE,
            hash: 0,
            args: sentence,
            extra: Extra { progress: with_tokens, ..Extra::default() },
            now: self.now(),
            waiter,
            tag,
        };
        self.with(|session| session.call(&request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_may_say_why_and_which_commands() {
        let bytes = [9, 9, 2, 0, 0, 0, 0x3f, 0, 0, 0, 0, 11, 5, 6, 1, 7, 2, 9, 12, 3, 4, 1, 5];
        let read = Understood::read(&bytes).unwrap();
        let wanted = Why { why: 6, fault: 1, tool: 7, node: 2, other: Some(8) };
        assert_eq!((read.why, read.commands), (Some(wanted), vec![(4, vec![5])]));
    }

    #[test]
    fn an_answer_is_its_call_and_its_tokens() {
        let bytes = [9, 11, 1, 0, 0, 0, 0x3f, 1, 2, 3, 0, 2, 80, 10, 4, 0x2c, 1, 2, 0];
        let wanted = Understood {
            verdict: 1,
            confidence: 0.5,
            tool: 1,
            node: 2,
            args: vec![0, 2, 80],
            tokens: vec![300, 2],
            ..Understood::default()
        };
        assert_eq!(Understood::read(&bytes), Some(wanted));
        assert_eq!(Understood::read(&bytes[13..]), None, "there is no call in it");
        assert_eq!(Understood::read(&bytes[..12]), None, "it is cut off");
    }
}
