//! What a device is told at start.

use trine_arena::OutOfMemory;
use trine_descriptor::check::TableError;
use trine_wire::{bus, frame, packet, slot};

use crate::consent::Times;
use crate::features::{BUS, CHECK, LOCAL, STATUS, has, keys};
use crate::slots::CallSlot;

/// Who the device is. All of it is sent to the host as it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
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

/// How messages travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Link {
    /// Bytes in order: a UART, USB, TCP.
    #[default]
    Stream,
    /// Packets of at most `mtu` bytes, 8 at least: CAN, BLE, datagrams. The receiving ring takes
    /// them by `push_packet`, and what is to be sent is one packet at a time.
    #[cfg(feature = "packet")]
    Packet {
        /// Most bytes of a packet.
        mtu: u16,
    },
    /// Bytes on a line that others share: RS-485. The device speaks only when it is polled.
    #[cfg(feature = "bus")]
    Bus {
        /// Its address, 1 to 247.
        address: u8,
    },
}

impl Link {
    /// Most bytes of a packet, on a link of packets.
    pub(crate) const fn mtu(self) -> Option<u16> {
        #[cfg(feature = "packet")]
        if let Self::Packet { mtu } = self {
            return Some(mtu);
        }
        None
    }

    /// The device's address, on a bus.
    pub(crate) const fn address(self) -> Option<u8> {
        #[cfg(feature = "bus")]
        if let Self::Bus { address } = self {
            return Some(address);
        }
        None
    }
}

/// The key that a device shares with its hosts. It is not shown by `Debug`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key(pub [u8; 16]);

impl core::fmt::Debug for Key {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Key")
    }
}

/// Limits of a device. The sum of what they cost is [`Config::memory`].
///
/// ```
/// use trine_dispatch::{Config, Identity};
///
/// const CONFIG: Config<'static> = Config {
///     identity: Identity { vendor: "acme", product: "", serial: "7", firmware: "1", build: "" },
///     calls_max: 1,
///     result_max: 64,
///     repeat_max: 64,
///     ..Config::DEFAULT
/// };
/// let memory = [0; CONFIG.memory()]; // or a static
/// assert_eq!(memory.len(), CONFIG.memory());
/// assert!(CONFIG.memory() < Config::DEFAULT.memory());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config<'a> {
    /// Who the device is.
    pub identity: Identity<'a>,
    /// How messages travel.
    pub link: Link,
    /// A number unlike that of the last boot; 0 takes the host's first nonce, and with a key a part
    /// of `nonce`.
    pub epoch: u32,
    /// The key, if the device has one: it then takes tagged messages alone.
    #[cfg(feature = "secure")]
    pub key: Option<Key>,
    /// A number that no other boot of this device had, from a random source or a counter in flash.
    /// Without one (0) the device takes no key.
    #[cfg(feature = "secure")]
    pub nonce: u64,
    /// Most bytes of a received message: the largest arguments plus about 20.
    pub message_max: u16,
    /// Most bytes of an encoded result, and of a page of the list and a chunk of content.
    pub result_max: u16,
    /// Slots: calls that may be under way at a time, 1 to 64.
    pub calls_max: u8,
    /// Calls of the program itself (`Device::local`) that may be pending at a time.
    pub local_max: u8,
    /// Bytes that each pending call can own: the largest `pending_bytes` of any tool.
    pub pending_max: u16,
    /// Bytes that each slot keeps of its last answer, to give it again: a result's value and about
    /// eight. A longer answer is given once; asked for again, the host hears that it is forgotten.
    pub repeat_max: u16,
    /// Tools whose hashes are kept in memory, 4 bytes each: as many as a table has that computes
    /// them (one of C structs), none for one that knows them (of [`trine_descriptor::Tool`]).
    pub hashes_max: u16,
    /// Milliseconds that a call may take where neither it nor its tool says otherwise.
    pub deadline_ms: u32,
    /// Milliseconds that a refused call waits for a person, and that an agreement holds.
    #[cfg(feature = "consent")]
    pub consent_ms: u32,
    /// Milliseconds that a question is shown before a press counts, see [`crate::Device::shown`].
    #[cfg(feature = "consent")]
    pub consent_guard_ms: u32,
    /// Most bytes of a call that a person can agree to: its arguments, the principal, and state and
    /// answers of one that goes on. They are kept and compared; what is longer is refused. As many
    /// as `message_max` are enough for each call, none where no tool asks for a person.
    #[cfg(feature = "consent")]
    pub consent_bytes: u16,
    /// Milliseconds without a good message after which the link counts as lost; 0 never.
    pub link_ms: u32,
}

impl Config<'_> {
    /// Sensible limits for a small board.
    pub const DEFAULT: Self = Self {
        identity: Identity { vendor: "", product: "", serial: "", firmware: "", build: "" },
        link: Link::Stream,
        epoch: 0,
        #[cfg(feature = "secure")]
        key: None,
        #[cfg(feature = "secure")]
        nonce: 0,
        message_max: 192,
        result_max: 256,
        calls_max: 4,
        local_max: 0,
        pending_max: 8,
        repeat_max: 256 + trine_wire::message::DONE_HEAD_MAX as u16,
        hashes_max: 0,
        deadline_ms: 30_000,
        #[cfg(feature = "consent")]
        consent_ms: 60_000,
        #[cfg(feature = "consent")]
        consent_guard_ms: 1_000,
        #[cfg(feature = "consent")]
        consent_bytes: 192,
        link_ms: 0,
    };

    /// Bytes of memory that [`crate::Device::new`] needs at most, whatever the block's alignment.
    #[must_use]
    pub const fn memory(&self) -> usize {
        let hashes = if has(CHECK) { self.hashes_max as usize } else { 0 };
        self.inbox()
            + Self::outbox(self.reply_max())
            + self.packet()
            + self.slots() * (self.block() + size_of::<CallSlot>())
            + hashes * size_of::<u32>()
            + self.consent().0 as usize
            + align_of::<CallSlot>()
            - 1
    }

    /// Slots of both kinds.
    pub(crate) const fn slots(&self) -> usize {
        self.calls_max as usize + if has(LOCAL) { self.local_max as usize } else { 0 }
    }

    /// Bytes of the message being received: with its checksum, its tag and its address.
    pub(crate) const fn inbox(&self) -> usize {
        self.message_max as usize + TAG_MAX + BUS_HEAD_MAX + frame::CRC_LEN
    }

    /// Most bytes of a question, and its times; nothing without the feature.
    pub(crate) const fn consent(&self) -> (u16, Times) {
        #[cfg(feature = "consent")]
        let (bytes, consent, guard) = (self.consent_bytes, self.consent_ms, self.consent_guard_ms);
        #[cfg(not(feature = "consent"))]
        let (bytes, consent, guard) = (0, 0, 0);
        (bytes, Times { consent, guard })
    }

    /// Bytes that each slot owns.
    pub(crate) const fn block(&self) -> usize {
        let larger =
            if self.pending_max > self.repeat_max { self.pending_max } else { self.repeat_max };
        larger as usize
    }

    /// Where the longest message may be built, of `reply_max` bytes.
    pub(crate) const fn lead(reply_max: usize) -> usize {
        frame::headroom(reply_max + TAG_MAX + BUS_HEAD_MAX) + BUS_HEAD_MAX
    }

    /// Bytes of the outbox: the largest reply as it is built in place.
    pub(crate) const fn outbox(reply_max: usize) -> usize {
        Self::lead(reply_max) + frame::frame_max(reply_max + TAG_MAX + BUS_HEAD_MAX)
    }

    /// Bytes of the packet that is to be sent.
    pub(crate) const fn packet(&self) -> usize {
        match self.link.mtu() {
            Some(mtu) => mtu as usize,
            None => 0,
        }
    }

    /// Bytes of the largest message sent, without a tag.
    #[inline(never)]
    pub(crate) const fn reply_max(&self) -> usize {
        let result = self.result_max as usize + HEAD_MAX;
        // A hello holds numbers of some 80 bytes and five texts.
        let id = &self.identity;
        let texts = id.vendor.len()
            + id.product.len()
            + id.serial.len()
            + id.firmware.len()
            + id.build.len();
        // A failure in 96 bytes of text is no longer than the shortest hello.
        let hello = 96 + HEAD_MAX + texts;
        // The counters are at most 19 varints, one of ten bytes and the others of five.
        let status = if has(STATUS) { 104 } else { 0 };
        let largest = if result > hello { result } else { hello };
        if largest > status { largest } else { status }
    }

    /// Whether the largest reply can be cut into packets of so many bytes.
    const fn fits_packets(&self, mtu: u16) -> bool {
        let most = packet::message_max(mtu as usize);
        mtu as usize >= packet::MTU_MIN && self.reply_max() + TAG_MAX <= most
    }

    /// What of the limits cannot be.
    pub(crate) const fn fault(&self) -> Option<InitError> {
        if let Some(mtu) = self.link.mtu()
            && !self.fits_packets(mtu)
        {
            return Some(InitError::Link);
        }
        if let Some(address) = self.link.address()
            && (address == bus::BROADCAST || address > bus::DEVICE_MAX)
        {
            return Some(InitError::Link);
        }
        if self.calls_max == 0 || self.calls_max > slot::SLOTS_MAX {
            return Some(InitError::Slots);
        }
        if keys::is_keyed(self) && keys::nonce(self) == 0 {
            return Some(InitError::Nonce);
        }
        None
    }
}

/// Most bytes of a result, a page or a chunk before its own.
pub(crate) const HEAD_MAX: usize = 16;
/// Bytes behind a tagged message: counter and tag.
pub(crate) const TAG_MAX: usize = keys::TAIL_LEN;
/// Bytes before a message on a bus: address and control.
pub(crate) const BUS_HEAD_MAX: usize = bus::HEADER_LEN * BUS;
/// Why a device could not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InitError {
    /// The block is too small; it says how many bytes are needed.
    Memory(OutOfMemory),
    /// The tool table breaks a rule. Found in the first polls, see [`crate::Device::fault`].
    Table(TableError),
    /// A tool declares more `pending_bytes` than [`Config::pending_max`]. Found in the first polls.
    PendingBytes {
        /// Number of the tool.
        tool: u16,
        /// What it declares.
        needed: u16,
    },
    /// [`Config::calls_max`] is not 1 to 64.
    Slots,
    /// [`Config::link`] has packets of less than 8 bytes, or so short that 2048 of them cannot hold
    /// the largest reply, or an address that is not 1 to 247.
    Link,
    /// A key needs a nonce.
    Nonce,
}

impl core::fmt::Display for InitError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Memory(error) => write!(f, "memory: {error}"),
            Self::Table(error) => write!(f, "tool table: {error}"),
            Self::PendingBytes { tool, needed } => {
                write!(f, "tool {tool} declares {needed} pending bytes: raise pending_max")
            }
            Self::Slots => f.write_str("calls_max must be 1 to 64"),
            Self::Link => f.write_str(
                "a packet has 8 bytes or more, 2048 of them hold result_max, and a bus address \
                     is 1 to 247",
            ),
            Self::Nonce => f.write_str("a key needs a nonce that no other boot had"),
        }
    }
}

impl core::error::Error for InitError {}

impl From<OutOfMemory> for InitError {
    fn from(error: OutOfMemory) -> Self {
        Self::Memory(error)
    }
}
