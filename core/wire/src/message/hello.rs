//! Who a device is and what it can take.

use super::put;
use crate::codec::{WireReader, WireWriter};

/// Identity and limits of a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hello<'a> {
    /// Version of the wire that the device speaks.
    pub wire: u8,
    /// The nonce of the question; 0 when unasked.
    pub nonce: u32,
    /// Differs from boot to boot.
    pub epoch: u32,
    /// Hash of all descriptors.
    pub table_hash: u64,
    /// Count of tools.
    pub tools: u16,
    /// Most bytes of a message that the device can take.
    pub message_max: u16,
    /// Slots: calls that may be under way at a time, 1 to 64.
    pub calls_max: u8,
    /// Feature bits, see [`feature`](super::feature).
    pub features: u32,
    /// Who makes the device.
    pub vendor: &'a str,
    /// What it is; names in the gateway start from this or from an alias.
    pub product: &'a str,
    /// Which one it is, unlike every other of the product.
    pub serial: &'a str,
    /// Version of the firmware.
    pub firmware: &'a str,
    /// Which build of it.
    pub build: &'a str,
    /// The session that the device holds, 0 for none. Since version 1.
    pub session: u32,
    /// How many bytes may be on their way to the device. Since version 1.
    pub rx_bytes: u16,
    /// Most bytes of a result's value. Since version 1.
    pub result_max: u16,
    /// Milliseconds of silence after which the device takes the link for lost; 0 never. Since
    /// version 1.
    pub link_ms: u32,
    /// Whether the device has a key, and takes tagged messages alone. Since version 1.
    pub keyed: bool,
    /// A boot nonce and a hello counter, never the same twice; zeros without a key. Since
    /// version 1.
    pub challenge: [u8; 12],
    /// What the device makes of the host's hello as it arrived, under the keys that this one
    /// offers: see [`secure::hello_digest`](crate::secure::hello_digest). Zeros without a key, and
    /// from a device of before this member was appended. Since version 1.
    pub hello_digest: [u8; 8],
}

impl<'a> Hello<'a> {
    pub(super) fn write_to(&self, out: &mut WireWriter<'_>) {
        out.byte(0).byte(self.wire).number(self.nonce).number(self.epoch).long(self.table_hash);
        put::hello_limits(out, (self.tools, self.message_max), self.calls_max, self.features);
        for text in [self.vendor, self.product, self.serial, self.firmware, self.build] {
            put::hello_text(out, text);
        }
        put::hello_link(out, (self.session, self.rx_bytes), self.result_max, self.link_ms);
        put::hello_key(out, self.keyed, &self.challenge, &self.hello_digest);
    }

    pub(super) fn read_from(from: &mut WireReader<'a>) -> Option<Self> {
        Some(Self {
            wire: from.byte()?,
            nonce: from.number()?,
            epoch: from.number()?,
            table_hash: from.long()?,
            tools: from.short()?,
            message_max: from.short()?,
            calls_max: from.byte()?,
            features: from.number()?,
            vendor: from.text()?,
            product: from.text()?,
            serial: from.text()?,
            firmware: from.text()?,
            build: from.text()?,
            session: from.later_number()?,
            rx_bytes: from.later_short()?,
            result_max: from.later_short()?,
            link_ms: from.later_number()?,
            keyed: from.later_byte()? != 0,
            challenge: from.later_array()?,
            hello_digest: from.later_array()?,
        })
    }
}
