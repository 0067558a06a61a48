//! Several devices on one half-duplex line, as RS-485: they speak only when they are polled.
//!
//! Frames are those of a stream; what they hold is an address, a control byte and the message. The
//! CRC covers all three.

/// The address that all devices hear and none answers.
pub const BROADCAST: u8 = 0;
/// The highest address of a device; the first is 1.
pub const DEVICE_MAX: u8 = 247;
/// Bytes before the message.
pub const HEADER_LEN: usize = 2;

/// Control bit of the host: the device may send one frame now.
pub const POLL: u8 = 1 << 0;
/// Control bit of a device: it has more to send.
pub const MORE: u8 = 1 << 1;
/// Control bit: this frame is a device's.
pub const FROM_DEVICE: u8 = 1 << 7;

/// What stands before a message on a bus.
///
/// ```
/// use trine_wire::bus::Header;
///
/// let content = [&Header::to_device(5, true).bytes()[..], b"message"].concat();
/// let (header, message) = Header::split(&content).ok_or("too short")?;
/// assert_eq!(message, b"message");
/// assert_eq!(header.received_by(5), Some(true)); // for device 5, which may answer
/// assert_eq!(header.received_by(6), None);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The device that it is for, or from.
    pub address: u8,
    /// [`POLL`], [`MORE`] and [`FROM_DEVICE`]; other bits are 0 and ignored.
    pub control: u8,
}

impl Header {
    /// What a host writes before a message for a device, or before none.
    #[must_use]
    pub const fn to_device(address: u8, poll: bool) -> Self {
        Self { address, control: if poll { POLL } else { 0 } }
    }

    /// What a device writes before its message, or before none.
    #[must_use]
    pub const fn from_device(address: u8, more: bool) -> Self {
        Self { address, control: FROM_DEVICE | if more { MORE } else { 0 } }
    }

    /// The two bytes.
    #[must_use]
    pub const fn bytes(self) -> [u8; HEADER_LEN] {
        [self.address, self.control]
    }

    /// Parts what a frame holds into header and message; `None` when it is too short.
    #[must_use]
    pub const fn split(content: &[u8]) -> Option<(Self, &[u8])> {
        match content {
            [address, control, message @ ..] => {
                Some((Self { address: *address, control: *control }, message))
            }
            _ => None,
        }
    }

    /// Whether a device of the address `own` has to deal with the message, and whether it may
    /// speak now: `None` when the frame is another's.
    #[must_use]
    pub const fn received_by(self, own: u8) -> Option<bool> {
        if self.control & FROM_DEVICE != 0 {
            return None;
        }
        if self.address == BROADCAST {
            return Some(false);
        }
        if self.address == own { Some(self.control & POLL != 0) } else { None }
    }

    /// Whether the host hears an answer of the device `address`, and whether that has more:
    /// `None` when the frame is none.
    #[must_use]
    pub const fn answer_of(self, address: u8) -> Option<bool> {
        if self.control & FROM_DEVICE == 0 || self.address != address {
            return None;
        }
        Some(self.control & MORE != 0)
    }
}
