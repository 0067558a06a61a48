//! The board as its host sees it: a list of tools, calls and answers.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use trine_descriptor::{Entry, ValueReader, ValueWriter, record};
use trine_wire::message::{self, DeviceMessage, HostMessage, Outcome, Status};

use crate::link::{Link, connect};

/// The longest that an answer may take, a busy machine included: on one, an emulated board loses
/// ticks of its clock, so that its seconds are longer than ours.
pub(crate) const WAIT: Duration = Duration::from_secs(90);

/// The session of this program.
pub(crate) const SESSION: u32 = 0x536d_6f6b;

/// A tool as the host needs it for a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listed {
    pub(crate) number: u16,
    pub(crate) hash: u64,
}

/// The answer to a call, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Done(Vec<u8>),
    Fault { code: u8, node: u16, bound: i64 },
    NeedsPerson { consent: u8 },
    Content { mime: String, len: usize, bytes: Vec<u8> },
    Blocks(Vec<u8>),
    Other(String),
}

impl Answer {
    /// The entries of a result.
    pub(crate) fn entries(&self) -> Result<Vec<Entry<'_>>> {
        let Self::Done(value) = self else { bail!("no result: {self:?}") };
        let mut reader = ValueReader::new(value);
        let mut entries = Vec::new();
        while let Some(entry) = reader.entry().map_err(|_| anyhow::anyhow!("malformed result"))? {
            entries.push(entry);
        }
        Ok(entries)
    }
}

/// A board at the other end of two sockets.
pub(crate) struct Board {
    path: String,
    pub(crate) link: Link,
    person: UnixStream,
    pub(crate) tools: HashMap<String, Listed>,
    /// Events that came while something else was waited for.
    pub(crate) events: Vec<(u16, String)>,
    /// Progress that came: call, done and total.
    pub(crate) progress: Vec<(u32, u32, u32)>,
    /// Lines of the log that came.
    pub(crate) log: Vec<(u8, String)>,
    answers: HashMap<u32, Answer>,
    /// The board's epoch and lanes, from its hello.
    pub(crate) epoch: u32,
    pub(crate) slots: u32,
    calls: u32,
    /// The id of a sentence that is being read.
    pub(crate) reading: Option<u32>,
    /// In whose name calls are made.
    pub(crate) principal: &'static str,
}

impl Board {
    pub(crate) fn connect(board: &str, person: &str) -> Result<Self> {
        Ok(Self {
            path: board.to_owned(),
            link: Link::new(connect(board)?),
            person: connect(person)?,
            tools: HashMap::new(),
            events: Vec::new(),
            progress: Vec::new(),
            log: Vec::new(),
            answers: HashMap::new(),
            epoch: 0,
            slots: 1,
            calls: 0,
            reading: None,
            principal: "",
        })
    }

    /// Sends a line on the channel that no client reaches, waits until it was acted on, and gives
    /// what the answer says beside `ok`.
    pub(crate) fn person(&mut self, line: &str) -> Result<String> {
        self.person.write_all(line.as_bytes())?;
        self.person.set_read_timeout(Some(WAIT))?;
        let mut answer = Vec::new();
        while answer.last() != Some(&b'\n') {
            let mut byte = [0];
            self.person.read_exact(&mut byte).context("the second channel does not answer")?;
            answer.extend_from_slice(&byte);
        }
        let answer = String::from_utf8(answer)?;
        let rest = answer.trim_end().strip_prefix("ok");
        let rest = rest.with_context(|| format!("the second channel answers {answer:?}"))?;
        Ok(rest.trim_start().to_owned())
    }

    /// Leaves the board alone for a while, as a host that was killed does, and comes back.
    pub(crate) fn vanish(&mut self, away: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        self.link.close()?;
        away(self)?;
        self.link.reopen(connect(&self.path)?);
        Ok(())
    }

    /// A call once more, byte for byte.
    pub(crate) fn again(&mut self, frame: &[u8]) -> Result<()> {
        self.link.send_bytes(frame)
    }

    /// Waits until something has come.
    pub(crate) fn until(&mut self, mut has_come: impl FnMut(&Self) -> bool) -> Result<()> {
        while !has_come(self) {
            self.take_message()?;
        }
        Ok(())
    }

    /// Reads the whole list, page by page.
    pub(crate) fn list(&mut self) -> Result<usize> {
        let mut list = Vec::new();
        loop {
            let offset = u32::try_from(list.len())?;
            self.link.send(&HostMessage::List { offset, max: 256, what: 0 })?;
            let bytes = self.link.receive(WAIT)?;
            let Some(DeviceMessage::Page { offset: at, total, bytes, .. }) = message::read(&bytes)
            else {
                bail!("no page of the list: {bytes:?}");
            };
            ensure!(at == offset && !bytes.is_empty(), "a page at {at} instead of {offset}");
            list.extend_from_slice(bytes);
            if list.len() == total as usize {
                break;
            }
        }
        let mut decoder = record::Decoder::new(&list);
        let mut number = 0;
        while let Some(record) = decoder.record() {
            let info = record::Decoder::new(record).info().context("a record without a head")?;
            let hash = record::hash_bytes(record);
            self.tools.insert(info.name.to_owned(), Listed { number, hash });
            number += 1;
        }
        ensure!(decoder.is_at_end(), "the list ends within a record");
        Ok(list.len())
    }

    /// Sends a call and answers its id.
    pub(crate) fn start(
        &mut self,
        tool: &str,
        write: impl FnOnce(&mut ValueWriter<'_>),
    ) -> Result<u32> {
        let (id, frame) = self.prepare(tool, write)?;
        self.link.send_bytes(&frame)?;
        Ok(id)
    }

    /// The frame of a call, and its id.
    pub(crate) fn prepare(
        &mut self,
        tool: &str,
        write: impl FnOnce(&mut ValueWriter<'_>),
    ) -> Result<(u32, Vec<u8>)> {
        self.prepare_with(tool, 0, write)
    }

    /// The same with flags.
    pub(crate) fn prepare_with(
        &mut self,
        tool: &str,
        flags: u8,
        write: impl FnOnce(&mut ValueWriter<'_>),
    ) -> Result<(u32, Vec<u8>)> {
        let Listed { number, hash } = *self.tools.get(tool).with_context(|| tool.to_owned())?;
        let mut arguments = [0; 160];
        let mut out = ValueWriter::new(&mut arguments);
        write(&mut out);
        ensure!(!out.overflowed(), "the arguments are too long");
        let id = self.next_id();
        let check = message::check(hash, self.epoch, SESSION);
        let args = out.bytes();
        let principal = self.principal;
        let call = message::Call {
            id,
            tool: number,
            check,
            args,
            flags,
            principal,
            ..message::Call::default()
        };
        let frame = Link::frame(self.link.keys.as_mut(), &HostMessage::Call(call))?;
        Ok((id, frame))
    }

    /// The id of the next call: lane after lane, each with its next sequence number, but for the
    /// lane of a sentence that is not answered: a new call there would give it up.
    pub(crate) const fn next_id(&mut self) -> u32 {
        loop {
            let id = self.slots + self.calls;
            self.calls += 1;
            match self.reading {
                Some(reading) if reading % self.slots == id % self.slots => {}
                _ => return id,
            }
        }
    }

    /// Whether the answer to a call has come.
    pub(crate) fn is_answered(&self, id: u32) -> bool {
        self.answers.contains_key(&id)
    }

    /// Sends a line on the channel that no client reaches, and waits for nothing.
    pub(crate) fn tell_person(&mut self, line: &str) -> Result<()> {
        Ok(self.person.write_all(line.as_bytes())?)
    }

    /// Calls and waits for the answer.
    pub(crate) fn call(
        &mut self,
        tool: &str,
        write: impl FnOnce(&mut ValueWriter<'_>),
    ) -> Result<Answer> {
        let id = self.start(tool, write)?;
        self.answer(id)
    }

    /// Waits for the answer to a call. Events and answers to others are kept.
    pub(crate) fn answer(&mut self, id: u32) -> Result<Answer> {
        loop {
            let whole = match self.answers.get(&id) {
                Some(Answer::Content { len, bytes, .. }) => bytes.len() == *len,
                answer => answer.is_some(),
            };
            if whole && let Some(answer) = self.answers.remove(&id) {
                return Ok(answer);
            }
            self.take_message()?;
        }
    }

    /// Waits for an event.
    pub(crate) fn event(&mut self) -> Result<(u16, String)> {
        while self.events.is_empty() {
            self.take_message()?;
        }
        Ok(self.events.remove(0))
    }

    /// The board's counters.
    pub(crate) fn status(&mut self) -> Result<Status> {
        self.link.send(&HostMessage::Status)?;
        let bytes = self.link.receive(WAIT)?;
        match message::read(&bytes) {
            Some(DeviceMessage::Status(status)) => Ok(status),
            other => bail!("no status: {other:?}"),
        }
    }

    fn take_message(&mut self) -> Result<()> {
        let bytes = self.link.receive(WAIT)?;
        match message::read(&bytes).context("an unknown message")? {
            DeviceMessage::Result { id, outcome } => {
                let twice = self.answers.insert(id, owned(outcome)).is_some();
                ensure!(!twice, "call {id} was answered twice");
            }
            DeviceMessage::Chunk { id, offset, bytes, .. } => {
                let Some(Answer::Content { len, bytes: have, .. }) = self.answers.get_mut(&id)
                else {
                    bail!("a chunk that belongs to no content");
                };
                ensure!(have.len() == offset as usize, "a chunk at {offset} out of order");
                ensure!(have.len() + bytes.len() <= *len, "more content than announced");
                have.extend_from_slice(bytes);
            }
            DeviceMessage::Event { tool, text, .. } => {
                self.events.push((tool, text.to_owned()));
            }
            DeviceMessage::Progress { id, done, total, .. } => {
                self.progress.push((id, done, total));
            }
            DeviceMessage::Log { level, text, .. } => self.log.push((level, text.to_owned())),
            other => bail!("an unexpected message: {other:?}"),
        }
        Ok(())
    }
}

fn owned(outcome: Outcome<'_>) -> Answer {
    match outcome {
        Outcome::Done { value } => Answer::Done(value.to_vec()),
        Outcome::Fault { code, node, bound } => Answer::Fault { code, node, bound },
        Outcome::NeedsPerson { consent } => Answer::NeedsPerson { consent },
        Outcome::Content { mime, len } => {
            Answer::Content { mime: mime.to_owned(), len: len as usize, bytes: Vec::new() }
        }
        Outcome::Blocks { bytes } => Answer::Blocks(bytes.to_vec()),
        Outcome::Failed { text } => Answer::Other(text.to_owned()),
        other => Answer::Other(format!("{other:?}")),
    }
}
