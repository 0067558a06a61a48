//! What a device is told at start.

use trine_arena::OutOfMemory;
use trine_descriptor::check::TableError;
use trine_wire::frame;

use crate::slots::Slot;

/// Who the device is. All of it is sent to the host as it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identity<'a> {
    /// Who makes it.
    pub vendor: &'a str,
    /// What it is.
    pub product: &'a str,
    /// Which one it is, unlike every other of the product.
    pub serial: &'a str,
    /// Version of the firmware.
    pub firmware: &'a str,
    /// Which build of it.
    pub build: &'a str,
}

/// Limits of a device. The sum of what they cost is [`Config::memory`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config<'a> {
    /// Who the device is.
    pub identity: Identity<'a>,
    /// A number unlike that of the last boot; 0 takes the host's first nonce.
    pub epoch: u32,
    /// Most bytes of a received message: the largest arguments plus about 20.
    pub message_max: u16,
    /// Most bytes of an encoded result, and of a page of the list and a chunk of content.
    pub result_max: u16,
    /// Calls that may be pending at a time.
    pub calls_max: u8,
    /// Bytes that each pending call can own: the largest `pending_bytes` of any tool.
    pub pending_max: u16,
    /// Milliseconds that a call may take where neither it nor its tool says otherwise.
    pub deadline_ms: u32,
    /// Milliseconds that a refused call waits for a person, and that an agreement holds.
    pub consent_ms: u32,
}

impl Config<'_> {
    /// Sensible limits for a small board.
    pub const DEFAULT: Self = Self {
        identity: Identity { vendor: "", product: "", serial: "", firmware: "", build: "" },
        epoch: 0,
        message_max: 192,
        result_max: 256,
        calls_max: 4,
        pending_max: 8,
        deadline_ms: 30_000,
        consent_ms: 60_000,
    };

    /// Bytes of memory that [`crate::Device::new`] needs at most, whatever the block's alignment.
    #[must_use]
    pub const fn memory(&self) -> usize {
        let calls = self.calls_max as usize;
        self.message_max as usize
            + 4
            + self.outbox()
            + calls * self.pending_max as usize
            + calls * size_of::<Slot>()
            + align_of::<Slot>()
            - 1
    }

    /// Bytes of the outbox: the largest reply as it is built in place.
    pub(crate) const fn outbox(&self) -> usize {
        frame::headroom(self.reply_max()) + frame::frame_max(self.reply_max())
    }

    /// Bytes of the largest message sent.
    pub(crate) const fn reply_max(&self) -> usize {
        let result = self.result_max as usize + trine_wire::message::DONE_HEAD_MAX;
        // A greeting holds numbers of some 40 bytes and five texts.
        let id = &self.identity;
        let texts = id.vendor.len()
            + id.product.len()
            + id.serial.len()
            + id.firmware.len()
            + id.build.len();
        let hello = 64 + texts;
        // The counters are at most 16 varints, one of ten bytes and the others of five.
        let status = 96;
        let largest = if result > hello { result } else { hello };
        if largest > status { largest } else { status }
    }
}

/// Why a device could not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InitError {
    /// The block is too small; it says how many bytes are needed.
    Memory(OutOfMemory),
    /// The tool table breaks a rule.
    Table(TableError),
    /// A tool declares more `pending_bytes` than [`Config::pending_max`].
    PendingBytes {
        /// Number of the tool.
        tool: u16,
        /// What it declares.
        needed: u16,
    },
}

impl core::fmt::Display for InitError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Memory(error) => write!(f, "memory: {error}"),
            Self::Table(error) => write!(f, "tool table: {error}"),
            Self::PendingBytes { tool, needed } => {
                write!(f, "tool {tool} declares {needed} pending bytes: raise pending_max")
            }
        }
    }
}

impl core::error::Error for InitError {}

impl From<OutOfMemory> for InitError {
    fn from(error: OutOfMemory) -> Self {
        Self::Memory(error)
    }
}
