//! Saying a recorded conversation again: the host's side to a device, or the device's to a host.
//!
//! What is new each time (nonces, the session, the epoch, numbers of calls) is made what it has to
//! be now; all else is said as it was recorded.

use std::time::{Duration, Instant};

use trine_wire::message::{self, DeviceMessage, HostMessage, Outcome};
use trine_wire::{VERSION, frame};

use super::conversation::{Conversation, Exchange, id_of};
use super::describe::MessageReader;
use crate::error::{Error, Result};
use crate::link::{Board, Dial, FrameEvent, Frames, Framing, Line, Outgoing};

/// Most bytes of a message that is written again.
const ROOM: usize = 64 * 1024;

/// What a replay to a device has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Answers that say what was recorded.
    pub same: usize,
    /// Answers that say something else, or did not come: what was recorded, and what was said.
    pub different: Vec<(String, String)>,
}

/// What the checks of calls hold of a boot.
#[derive(Clone, Copy, Debug, Default)]
struct Numbers {
    /// The epoch of the recording.
    was: u32,
    /// The epoch of now.
    is: u32,
}

/// Says the host's side of a conversation to a device, each question when the answers to the last
/// one have come or `patience` is over.
///
/// # Errors
/// When the link cannot be opened or breaks.
pub(crate) fn to_device(
    conversation: &Conversation,
    dial: &mut dyn Dial,
    patience: Duration,
) -> Result<Replayed> {
    let opened = dial.dial().map_err(Error::Dial)?;
    let mut player = Player {
        line: Line::Link(opened.writer, opened.framing),
        frames: Frames::new(opened.framing),
        reader: opened.reader,
        outgoing: Outgoing::new(),
        numbers: Numbers::default(),
        names: MessageReader::default(),
        replayed: Replayed::default(),
    };
    for exchange in &conversation.exchanges {
        player.exchange(exchange, patience)?;
    }
    Ok(player.replayed)
}

struct Player {
    line: Line,
    frames: Frames,
    reader: Box<dyn std::io::Read + Send>,
    outgoing: Outgoing,
    numbers: Numbers,
    names: MessageReader,
    replayed: Replayed,
}

impl Player {
    fn exchange(&mut self, exchange: &Exchange, patience: Duration) -> Result<()> {
        let question = self.now(&exchange.question);
        let write = |out: &mut [u8]| {
            out.get_mut(..question.len())?.copy_from_slice(&question);
            Some(question.len())
        };
        let written = self.outgoing.write(question.len(), write);
        written.ok_or(Error::MessageTooLong)?;
        self.line.send(&mut self.outgoing, |_| ()).map_err(Error::Link)?;
        self.names.host_says(&question);
        let said = self.hear(exchange.answers.len(), patience)?;
        for at in 0..exchange.answers.len().max(said.len()) {
            let (was, is) = (exchange.answers.get(at), said.get(at));
            self.learn(was, is);
            let was = was.map_or_else(|| "nothing".to_owned(), |it| self.told(it));
            let is = is.map_or_else(|| "nothing".to_owned(), |it| self.told(it));
            if was == is {
                self.replayed.same += 1;
            } else {
                self.replayed.different.push((was, is));
            }
        }
        Ok(())
    }

    /// Waits for so many messages.
    fn hear(&mut self, count: usize, patience: Duration) -> Result<Vec<Vec<u8>>> {
        let since = Instant::now();
        let (mut said, mut buffer) = (Vec::new(), vec![0; ROOM]);
        while said.len() < count && since.elapsed() < patience {
            match self.reader.read(&mut buffer) {
                Ok(0) => return Err(Error::Closed),
                Ok(len) => {
                    let piece = buffer.get(..len).unwrap_or_default();
                    self.frames.feed(piece, &mut |found| {
                        if let FrameEvent::Message(message, _) = found {
                            said.push(message.to_vec());
                        }
                    });
                }
                Err(error) if crate::link::is_quiet(error.kind()) => {}
                Err(error) => return Err(Error::Link(error)),
            }
        }
        Ok(said)
    }

    /// A question as it has to be now: a call's check is of this boot.
    fn now(&mut self, question: &[u8]) -> Vec<u8> {
        match message::read(question) {
            Some(HostMessage::Call(mut call)) => {
                let Numbers { was, is } = self.numbers;
                call.check = (u32::from_le_bytes(call.check) ^ was ^ is).to_le_bytes();
                rewritten(&HostMessage::Call(call)).unwrap_or_else(|| question.to_vec())
            }
            _ => question.to_vec(),
        }
    }

    /// Both hellos say of which boot they are.
    fn learn(&mut self, was: Option<&Vec<u8>>, is: Option<&Vec<u8>>) {
        let epoch = |message: Option<&Vec<u8>>| match message::read(message?)? {
            DeviceMessage::Hello(hello) => Some(hello.epoch),
            _ => None,
        };
        if let (Some(was), Some(is)) = (epoch(was), epoch(is)) {
            (self.numbers.was, self.numbers.is) = (was, is);
        }
    }

    /// What a message says, but for what is never the same twice.
    fn told(&mut self, message: &[u8]) -> String {
        match message::read(message) {
            Some(DeviceMessage::Hello(mut hello)) => {
                (hello.epoch, hello.challenge) = (0, [0; 12]);
                format!("{hello:?}")
            }
            Some(DeviceMessage::Pong { nonce, .. }) => format!("pong {nonce:08x}"),
            Some(DeviceMessage::Status(_)) => "status".to_owned(),
            _ => self.names.device_says(message),
        }
    }
}

/// Plays the device of a conversation: each question is answered as the same one was when it was
/// recorded. One that was asked several times gets its answers in turn, then the last ones again.
#[derive(Debug)]
pub struct Played {
    conversation: Conversation,
    /// How often each question has been answered.
    used: Vec<usize>,
    frames: Frames,
    said: Vec<u8>,
}

impl Played {
    /// The device of a capture.
    #[must_use]
    pub fn new(conversation: Conversation) -> Self {
        let used = vec![0; conversation.exchanges.len()];
        Self { conversation, used, frames: Frames::new(Framing::Stream), said: Vec::new() }
    }

    /// Takes bytes of a stream from the host and appends what the device says to them.
    pub fn answer(&mut self, bytes: &[u8], said: &mut Vec<u8>) {
        self.feed(bytes);
        self.run(said);
    }

    fn question(&mut self, bytes: &[u8]) {
        let Some(question) = message::read::<HostMessage<'_>>(bytes) else { return };
        let like = |it: &Exchange| is_like(&it.question, &question);
        let all = self.conversation.exchanges.iter().zip(&self.used).enumerate();
        let best = all.filter(|(_, (it, _))| like(it)).min_by_key(|(_, (_, used))| **used);
        let Some((at, _)) = best else { return self.not_recorded(&question) };
        if let Some(used) = self.used.get_mut(at) {
            *used += 1;
        }
        let answers = self.conversation.exchanges.get(at).map(|it| it.answers.clone());
        for answer in answers.unwrap_or_default() {
            if let Some(answer) = message::read::<DeviceMessage<'_>>(&answer) {
                self.say(&renumbered(answer, &question));
            }
        }
    }

    /// What is said to a question that the recorded host never asked.
    fn not_recorded(&mut self, question: &HostMessage<'_>) {
        let text = "the capture has no call of this tool with these arguments";
        match (question, id_of(question)) {
            (_, Some(id)) => {
                let outcome = Outcome::Failed { text };
                self.say(&DeviceMessage::Result { id, outcome });
            }
            (HostMessage::Ping { nonce }, _) => {
                let (nonce, epoch) = (*nonce, self.epoch());
                self.say(&DeviceMessage::Pong { nonce, epoch });
            }
            _ => {}
        }
    }

    /// The epoch of the first hello.
    fn epoch(&self) -> u32 {
        let answers = self.conversation.exchanges.iter().flat_map(|it| &it.answers);
        let epoch = |answer: &Vec<u8>| match message::read(answer)? {
            DeviceMessage::Hello(hello) => Some(hello.epoch),
            _ => None,
        };
        answers.filter_map(epoch).next().unwrap_or(0)
    }

    fn say(&mut self, message: &DeviceMessage<'_>) {
        let Some(bytes) = rewritten(message) else { return };
        let start = frame::headroom(bytes.len());
        let mut buffer = vec![0; start + frame::frame_max(bytes.len())];
        if let Some(place) = buffer.get_mut(start..start + bytes.len()) {
            place.copy_from_slice(&bytes);
        }
        let len = frame::encode_in_place(&mut buffer, start, bytes.len()).unwrap_or(0);
        self.said.extend_from_slice(buffer.get(..len).unwrap_or_default());
    }
}

impl Board for Played {
    fn feed(&mut self, bytes: &[u8]) {
        let mut questions = Vec::new();
        self.frames.feed(bytes, &mut |found| {
            if let FrameEvent::Message(message, _) = found {
                questions.push(message.to_vec());
            }
        });
        questions.iter().for_each(|question| self.question(question));
    }

    fn run(&mut self, said: &mut Vec<u8>) {
        said.append(&mut self.said);
    }
}

/// Whether a recorded question asks for the same thing.
fn is_like(recorded: &[u8], now: &HostMessage<'_>) -> bool {
    match (message::read(recorded), now) {
        (Some(HostMessage::Hello(_)), HostMessage::Hello(_))
        | (Some(HostMessage::Ping { .. }), HostMessage::Ping { .. }) => true,
        (
            Some(HostMessage::List { offset, what, .. }),
            HostMessage::List { offset: at, what: of, .. },
        ) => offset == *at && what == *of,
        (Some(HostMessage::Call(was)), HostMessage::Call(is)) => {
            (was.tool, was.args, was.answers) == (is.tool, is.args, is.answers)
        }
        (Some(was), is) => was == *is,
        (None, _) => false,
    }
}

/// A recorded answer with the numbers of the question.
fn renumbered<'a>(answer: DeviceMessage<'a>, question: &HostMessage<'_>) -> DeviceMessage<'a> {
    let asked = id_of(question);
    match (answer, question) {
        (DeviceMessage::Hello(mut hello), HostMessage::Hello(asked)) => {
            (hello.nonce, hello.session) = (asked.nonce, asked.session);
            hello.wire = hello.wire.min(VERSION);
            DeviceMessage::Hello(hello)
        }
        (DeviceMessage::Pong { epoch, .. }, HostMessage::Ping { nonce }) => {
            DeviceMessage::Pong { nonce: *nonce, epoch }
        }
        (DeviceMessage::Result { id, outcome }, _) => {
            DeviceMessage::Result { id: asked.unwrap_or(id), outcome }
        }
        (DeviceMessage::Chunk { id, offset, bytes, block }, _) => {
            DeviceMessage::Chunk { id: asked.unwrap_or(id), offset, bytes, block }
        }
        (DeviceMessage::Progress { id, done, total, text }, _) => {
            DeviceMessage::Progress { id: asked.unwrap_or(id), done, total, text }
        }
        (answer, _) => answer,
    }
}

/// The bytes of a message.
fn rewritten<'a, M: message::Message<'a>>(message: &M) -> Option<Vec<u8>> {
    let mut bytes = vec![0; ROOM];
    let len = message::write(message, &mut bytes)?;
    bytes.truncate(len);
    Some(bytes)
}
