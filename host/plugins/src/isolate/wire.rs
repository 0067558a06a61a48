//! What the program and the process of a plug-in say to each other: frames and messages of
//! `docs/wire.md` on a pair of sockets. The program is the host, the process the device.
//!
//! What a device has no message for is an operation of its own ([`op`]), as the wire has them for
//! tests of a factory.

use std::io::{self, Read as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use trine_wire::codec::{Members, WireWriter};
use trine_wire::message::{self, Message, block, factory};
use trine_wire::{DecodeEvent, Decoder, encode_in_place, frame, slot};

use crate::call::{CONTENT_MAX, RESULT_MAX};
use crate::error::Step;
use crate::load::{About, Claims};

/// Operations of the process, of `HostMessage::Factory`. Each is answered with
/// [`factory::FINE`] or [`factory::FAILED`]; what failed is a step and why.
pub(super) mod op {
    use super::factory::OWN;

    /// Sets limits and maps the library; answers what it says of itself.
    pub(in crate::isolate) const OPEN: u8 = OWN;
    /// Initialises it.
    pub(in crate::isolate) const INIT: u8 = OWN + 1;
    /// Lets it try itself out.
    pub(in crate::isolate) const SELF_TEST: u8 = OWN + 2;
    /// Asks whether it can work.
    pub(in crate::isolate) const HEALTH: u8 = OWN + 3;
    /// Frees its state; the process ends.
    pub(in crate::isolate) const END: u8 = OWN + 4;
}

/// Most bytes of a message of the process: all blocks of a result, and their heads.
pub(super) const MESSAGE_MAX: usize = CONTENT_MAX + RESULT_MAX + 64 * 1024;
/// Most bytes of a message of the program: the arguments of a call.
pub(super) const ASKED_MAX: usize = 512 * 1024;
/// Bytes of a piece of content, and of a list.
pub(super) const PIECE: usize = 32 * 1024;
/// Bytes of a message beside its texts.
const HEAD: usize = 64;
/// A buffer that a long message was in is not kept.
const KEPT_MAX: usize = 1024 * 1024;

/// A message as a frame; `None` where its members, but for the first 64 bytes, are longer than
/// `texts`.
pub(super) fn framed<'m>(message: &impl Message<'m>, texts: usize) -> Option<Vec<u8>> {
    let room = texts + HEAD;
    let start = frame::headroom(room);
    let mut bytes = vec![0; frame::frame_max(room) + start];
    let len = message::write(message, bytes.get_mut(start..start + room)?)?;
    let len = encode_in_place(&mut bytes, start, len)?;
    bytes.truncate(len);
    Some(bytes)
}

/// Why there is no further message.
#[derive(Debug)]
pub(super) enum NoMore {
    /// The other side has closed the socket.
    Closed,
    /// None came in time.
    Late,
    /// What came is no message.
    Bad(&'static str),
}

/// Reads messages from a socket.
pub(super) struct Frames {
    socket: Arc<UnixStream>,
    decoder: Decoder,
    buffer: Vec<u8>,
    input: Box<[u8]>,
    /// Bytes of the input: those that were decoded, and all.
    at: usize,
    end: usize,
    /// Bytes since the last message.
    since: usize,
    max: usize,
}

impl Frames {
    pub(super) fn new(socket: Arc<UnixStream>, max: usize) -> Self {
        let input = vec![0; 64 * 1024].into();
        let (decoder, buffer) = (Decoder::new(), Vec::new());
        Self { socket, decoder, buffer, input, at: 0, end: 0, since: 0, max }
    }

    /// The next message, which comes before `until`, where there is such a time.
    pub(super) fn next(&mut self, until: Option<Instant>) -> Result<&[u8], NoMore> {
        let len = loop {
            let rest = self.input.get(self.at..self.end).unwrap_or_default();
            // As long as all that has come may be, so that what is not said takes no memory.
            let needed = (self.since + rest.len()).min(self.max + frame::CRC_LEN);
            if self.buffer.len() < needed {
                self.buffer.resize(needed.next_power_of_two().min(self.max + frame::CRC_LEN), 0);
            }
            let (taken, event) = self.decoder.take(rest, &mut self.buffer);
            self.at += taken;
            self.since += taken;
            match event {
                DecodeEvent::Message(len) => break len,
                DecodeEvent::Bad => return Err(NoMore::Bad("damaged bytes")),
                // More than any frame has: no end of it will come.
                DecodeEvent::Nothing if self.since > frame::frame_max(self.max) + 2 => {
                    return Err(NoMore::Bad("bytes without an end"));
                }
                DecodeEvent::Nothing => self.fill(until)?,
            }
        };
        self.since = 0;
        Ok(self.buffer.get(..len).unwrap_or_default())
    }

    fn fill(&mut self, until: Option<Instant>) -> Result<(), NoMore> {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            return Err(NoMore::Late);
        }
        // It is never asked for a timeout of 0.
        _ = self.socket.set_read_timeout(left);
        let read = loop {
            match (&*self.socket).read(&mut self.input) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        match read {
            Ok(0) => Err(NoMore::Closed),
            Ok(count) => {
                (self.at, self.end) = (0, count);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(NoMore::Late),
            Err(_) => Err(NoMore::Closed),
        }
    }

    /// Gives memory back that a long message of `len` bytes took.
    pub(super) fn shrink(&mut self, len: usize) {
        if len > KEPT_MAX && !self.decoder.is_inside() {
            self.buffer = Vec::new();
        }
    }
}

/// What a plug-in in a process of its own is.
#[derive(Clone, Debug)]
pub(crate) struct Described {
    pub(crate) about: About,
    /// Calls at a time.
    pub(crate) calls_max: u8,
    /// Its tools, as records.
    pub(crate) list: Box<[u8]>,
}

/// Calls at a time that the process of a plug-in takes, of those that it says.
pub(super) fn slots(calls_max: u32) -> u8 {
    u8::try_from(calls_max.max(1)).unwrap_or(u8::MAX).min(slot::SLOTS_MAX)
}

/// What a plug-in says of itself, for [`claims`].
pub(super) fn write_about(about: &About) -> Option<Vec<u8>> {
    let capabilities = about.capabilities.join(" ");
    let dependencies: Vec<_> =
        about.dependencies.iter().map(|it| format!("{} {}", it.name, it.versions)).collect();
    let (dependencies, devices) = (dependencies.join("; "), about.needs.devices.join(" "));
    let (needs, version) = (&about.needs, about.version.to_string());
    let texts = [
        &about.name,
        &version,
        &about.description,
        &about.author,
        &capabilities,
        &dependencies,
        &devices,
    ];
    let mut room = vec![0; texts.iter().map(|text| text.len() + 5).sum::<usize>() + HEAD];
    let mut out = WireWriter::new(&mut room);
    for text in texts {
        out.text(text);
    }
    out.number(needs.processors);
    for bytes in [needs.memory_min, needs.memory_max, needs.gpu_memory] {
        out.array(&bytes.to_le_bytes());
    }
    out.written().map(<[u8]>::to_vec)
}

/// What a process says of its plug-in, which may be anything.
pub(super) fn read_about(bytes: &[u8]) -> Result<About, String> {
    let mut from = Members::new(bytes);
    let mut text = || trine_gateway::sanitize::plain(from.text()).into_owned();
    let claims = Claims {
        name: text(),
        version: text(),
        description: text(),
        author: text(),
        capabilities: text(),
        dependencies: text(),
    };
    let devices = text();
    let processors = from.number();
    let [memory_min, memory_max, gpu_memory] =
        [from.array(), from.array(), from.array()].map(u64::from_le_bytes);
    let claims = from.complete(claims).ok_or("its process describes it in another way")?;
    let mut about = claims.judge()?;
    about.needs.processors = processors;
    (about.needs.memory_min, about.needs.memory_max) = (memory_min, memory_max);
    about.needs.gpu_memory = gpu_memory;
    about.needs.devices = devices.split_ascii_whitespace().map(str::to_owned).collect();
    Ok(about)
}

/// Steps that fail in the process, by their numbers in its answers.
const STEPS: [Step; 6] =
    [Step::Map, Step::Table, Step::Tools, Step::Init, Step::SelfTest, Step::Health];

/// What failed, for [`read_fault`].
pub(super) fn write_fault(step: Step, why: &str) -> Vec<u8> {
    let number = STEPS.iter().position(|it| *it == step).unwrap_or_default();
    let mut bytes = vec![u8::try_from(number).unwrap_or_default()];
    bytes.extend_from_slice(why.as_bytes());
    bytes
}

/// What failed in a process; `other` where it does not say.
pub(super) fn read_fault(bytes: &[u8], other: Step) -> crate::error::Fault {
    let (step, why) = bytes.split_first().unwrap_or((&u8::MAX, &[]));
    let why = String::from_utf8_lossy(why);
    let why: String =
        trine_gateway::sanitize::plain(&why).chars().take(crate::call::SAID_MAX).collect();
    crate::error::Fault(STEPS.get(usize::from(*step)).copied().unwrap_or(other), why)
}

/// What the operation [`op::OPEN`] takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opening {
    /// The process that asks.
    pub(super) parent: u32,
    /// Bytes of memory and seconds of CPU time that may be used; 0 for any.
    pub(super) memory: u64,
    pub(super) cpu: u64,
    /// Milliseconds that `init` and others may take.
    pub(super) patience: u32,
}

impl Opening {
    pub(super) fn write(&self) -> Option<Vec<u8>> {
        let mut room = [0; HEAD];
        let mut out = WireWriter::new(&mut room);
        out.number(self.parent).number(self.patience);
        out.array(&self.memory.to_le_bytes()).array(&self.cpu.to_le_bytes());
        out.written().map(<[u8]>::to_vec)
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut from = Members::new(bytes);
        let (parent, patience) = (from.number(), from.number());
        let [memory, cpu] = [from.array(), from.array()].map(u64::from_le_bytes);
        from.complete(Self { parent, memory, cpu, patience })
    }
}

/// Blocks of a result as the wire has them, one after another.
pub(super) fn write_blocks(blocks: &[trine_mcp::Block<'_>]) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    for one in blocks {
        let gathered = |data: &dyn trine_mcp::Bytes| {
            let mut all = Vec::new();
            data.pieces(&mut |piece| all.extend_from_slice(piece));
            all
        };
        let data;
        let put = match *one {
            trine_mcp::Block::Text(text) => block::Block::Text { text },
            trine_mcp::Block::Structured(value) => block::Block::Structured { value },
            trine_mcp::Block::Link { uri, name, mime, description } => {
                block::Block::Link { uri, name, mime, description }
            }
            trine_mcp::Block::Image { mime, data: bytes } => {
                data = gathered(bytes);
                block::Block::Image { mime, bytes: &data }
            }
            trine_mcp::Block::Audio { mime, data: bytes } => {
                data = gathered(bytes);
                block::Block::Audio { mime, bytes: &data }
            }
            trine_mcp::Block::Embedded { uri, mime, contents } => {
                let what = matches!(contents, trine_mcp::Contents::Blob(_)).into();
                data = match contents {
                    trine_mcp::Contents::Text(text) => text.as_bytes().to_vec(),
                    trine_mcp::Contents::Blob(bytes) => gathered(bytes),
                    _ => return None,
                };
                block::Block::Embedded { uri, mime, what, bytes: &data }
            }
            _ => return None,
        };
        let size = match put {
            block::Block::Text { text } => text.len(),
            block::Block::Structured { value } => value.len(),
            block::Block::Link { uri, name, mime, description } => {
                uri.len() + name.len() + mime.len() + description.len()
            }
            block::Block::Image { mime, bytes } | block::Block::Audio { mime, bytes } => {
                mime.len() + bytes.len()
            }
            block::Block::Embedded { uri, mime, bytes, .. } => uri.len() + mime.len() + bytes.len(),
            _ => 0,
        };
        let at = all.len();
        all.resize(at + size + HEAD, 0);
        let len = put.write(all.get_mut(at..)?)?;
        all.truncate(at + len);
    }
    Some(all)
}
