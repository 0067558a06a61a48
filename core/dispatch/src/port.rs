//! The way in from interrupts and other tasks.

use trine_arena::{Consumer, Producer};

use crate::CallId;

/// What a port record means; the first byte of it.
pub(crate) mod kind {
    pub(crate) const COMPLETE: u8 = 1;
    pub(crate) const FAIL: u8 = 2;
    pub(crate) const EVENT: u8 = 3;
    pub(crate) const AGREE: u8 = 4;
    pub(crate) const CANCEL: u8 = 5;
    pub(crate) const LOG: u8 = 6;
    pub(crate) const DISMISS: u8 = 7;
}

/// Most bytes of an event's, a failure's or a log line's text that a port hands on.
pub(crate) const TEXT_MAX: usize = 96;

/// Bytes of a record before its content: kind, length, and a call or a tool.
pub(crate) const HEAD: usize = 5;

/// The writing end of a port. It is *isr-safe*: one interrupt or task owns it and needs nothing but
/// loads and stores. The device drains the other end in [`crate::Device::poll`].
///
/// Every method answers whether the record went in; when the ring is full nothing happened, and the
/// owner tries again later.
///
/// ```
/// # use trine_descriptor::{Field, IntRange, Kind, Tool, ToolInfo, ValueWriter};
/// # use trine_dispatch::{Answer, Call, Tools};
/// # const PERCENT: Kind<'static> = Kind::Int(IntRange { min: 0, max: 100 });
/// # const NODES: &[Field<'static>] = &[Field::new("percent", PERCENT).describe("Percent.")];
/// # const INFO: ToolInfo<'static> = ToolInfo::new("fan_set", "Set the fan.");
/// # static TOOLS: [Tool<'static>; 1] = [Tool::new(INFO, NODES, NODES)];
/// # struct Fan;
/// # impl Tools for Fan {
/// #     fn call(&mut self, _: Call<'_>, _: &mut ValueWriter<'_>) -> Answer {
/// #         Answer::Failed("it has no motor")
/// #     }
/// # }
/// # use trine_arena::Ring;
/// # use trine_dispatch::{Config, Device};
/// # let (mut memory, mut bytes) = ([0; Config::DEFAULT.memory()], [0; 256]);
/// # let mut ring = Ring::new(&mut bytes);
/// # let mut device = Device::new(Config::DEFAULT, &mut memory, ring.split().1, &TOOLS)?;
/// use trine_dispatch::Port;
///
/// let mut memory = [0; 64];
/// let mut records = Ring::new(&mut memory);
/// let (writes, reads) = records.split();
/// // The interrupt has one end, the device the other.
/// let mut door = Port::new(writes);
/// assert!(device.add_port(reads).is_ok());
/// while door.event(0, "the door opened") {} // until the ring is full
/// device.poll(0, 16, &mut Fan);
/// assert!(door.event(0, "the door opened"));
/// # Ok::<(), trine_dispatch::InitError>(())
/// ```
#[derive(Debug)]
pub struct Port<'r> {
    ring: Producer<'r>,
}

impl<'r> Port<'r> {
    /// A port over the producing end of a ring; the device takes the consuming end.
    #[must_use]
    pub const fn new(ring: Producer<'r>) -> Self {
        Self { ring }
    }

    /// Completes a pending call with an encoded result.
    pub fn complete(&mut self, call: CallId, value: &[u8]) -> bool {
        self.put(kind::COMPLETE, call.to_bits(), value)
    }

    /// Completes a pending call with a failure, told to the caller. The text is cut after 96 bytes.
    pub fn fail(&mut self, call: CallId, text: &str) -> bool {
        self.put(kind::FAIL, call.to_bits(), text.as_bytes())
    }

    /// Something happened that no one called for. The text is cut after 96 bytes.
    pub fn event(&mut self, tool: u16, text: &str) -> bool {
        self.put(kind::EVENT, tool, text.as_bytes())
    }

    /// A line for the host's log, of a level from 0 (debug) to 7 (emergency), cut after 96 bytes.
    /// The device sends it if the host wants lines of that level.
    pub fn log(&mut self, level: u8, text: &str) -> bool {
        self.put(kind::LOG, u16::from(level), text.as_bytes())
    }

    /// A person agrees, by a physical input, to the question that is shown, see [`Device::shown`].
    /// It counts if the question had been shown for long enough when the device last looked at its
    /// ports, which it asks to be polled for.
    ///
    /// [`Device::shown`]: crate::Device::shown
    pub fn agree(&mut self) -> bool {
        self.put(kind::AGREE, 0, &[])
    }

    /// A person, by a physical input, wants no such call, see [`Device::dismiss`].
    ///
    /// [`Device::dismiss`]: crate::Device::dismiss
    pub fn dismiss(&mut self) -> bool {
        self.put(kind::DISMISS, 0, &[])
    }

    /// Gives a pending call up; it is answered as cancelled.
    pub fn cancel(&mut self, call: CallId) -> bool {
        self.put(kind::CANCEL, call.to_bits(), &[])
    }

    fn put(&mut self, kind: u8, subject: u16, content: &[u8]) -> bool {
        // A text is cut here, since one that is longer than the ring would never go in. Who reads
        // it drops what the cut has left of a character.
        let room = self.ring.capacity().saturating_sub(HEAD).min(TEXT_MAX);
        let content = match content.get(..room) {
            Some(cut) if kind != kind::COMPLETE => cut,
            _ => content,
        };
        let Ok(len) = u16::try_from(content.len()) else { return false };
        let ([len0, len1], [sub0, sub1]) = (len.to_le_bytes(), subject.to_le_bytes());
        self.ring.push_all(&[&[kind, len0, len1, sub0, sub1], content])
    }
}

/// The head of the record at the front of a port's ring.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) kind: u8,
    pub(crate) subject: u16,
    pub(crate) len: usize,
}

impl Record {
    pub(crate) fn peek(ring: &Consumer<'_>) -> Option<Self> {
        let byte = |index| ring.at(index);
        Some(Self {
            kind: byte(0)?,
            len: usize::from(u16::from_le_bytes([byte(1)?, byte(2)?])),
            subject: u16::from_le_bytes([byte(3)?, byte(4)?]),
        })
    }

    /// Copies the content; `None` when `out` is too short.
    pub(crate) fn copy(&self, ring: &Consumer<'_>, out: &mut [u8]) -> Option<usize> {
        for (index, place) in out.get_mut(..self.len)?.iter_mut().enumerate() {
            *place = ring.at(HEAD + index)?;
        }
        Some(self.len)
    }

    pub(crate) fn drop(&self, ring: &mut Consumer<'_>) {
        ring.skip(HEAD + self.len);
    }
}
