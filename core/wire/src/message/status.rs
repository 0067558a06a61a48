//! Counters of a device.

use crate::codec::WireReader;
#[cfg(feature = "status")]
use crate::codec::WireWriter;

/// Counters since boot and high-water marks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Milliseconds since boot, by the device's clock.
    pub uptime_ms: u64,
    /// Good frames received.
    pub frames_in: u32,
    /// Stretches between zeros that were no good frame.
    pub frames_bad: u32,
    /// Bytes that came when the receive ring was full.
    pub bytes_lost: u32,
    /// Frames sent.
    pub frames_out: u32,
    /// Calls received.
    pub calls: u32,
    /// Calls that reached a tool's own code.
    pub entered: u32,
    /// Calls refused for their arguments.
    pub faults: u32,
    /// Calls refused for want of a person.
    pub unagreed: u32,
    /// Calls whose deadline passed.
    pub expired: u32,
    /// Results that broke their own descriptor.
    pub bad_results: u32,
    /// Bytes of memory given to the dispatcher.
    pub memory: u32,
    /// Bytes of it carved.
    pub memory_used: u32,
    /// Most bytes ever in the receive ring.
    pub rx_high_water: u32,
    /// Most bytes ever waiting to be sent.
    pub tx_high_water: u32,
    /// Most calls ever pending at a time.
    pub calls_high_water: u8,
    /// Repeated calls that were answered from the store. Since version 1.
    pub repeats: u32,
    /// Messages dropped for their tag, or for the want of one. Since version 1.
    pub unauthentic: u32,
    /// How often the link was taken for lost. Since version 1.
    pub link_losses: u32,
}

impl Status {
    #[cfg(feature = "status")]
    pub(super) fn write_to<'w, 'b>(&self, out: &'w mut WireWriter<'b>) -> &'w mut WireWriter<'b> {
        out.long(self.uptime_ms)
            .number(self.frames_in)
            .number(self.frames_bad)
            .number(self.bytes_lost)
            .number(self.frames_out)
            .number(self.calls)
            .number(self.entered)
            .number(self.faults)
            .number(self.unagreed)
            .number(self.expired)
            .number(self.bad_results)
            .number(self.memory)
            .number(self.memory_used)
            .number(self.rx_high_water)
            .number(self.tx_high_water)
            .byte(self.calls_high_water)
            .later_number(self.repeats)
            .later_number(self.unauthentic)
            .later_number(self.link_losses)
    }

    pub(super) fn read_from(from: &mut WireReader<'_>) -> Option<Self> {
        Some(Self {
            uptime_ms: from.long()?,
            frames_in: from.number()?,
            frames_bad: from.number()?,
            bytes_lost: from.number()?,
            frames_out: from.number()?,
            calls: from.number()?,
            entered: from.number()?,
            faults: from.number()?,
            unagreed: from.number()?,
            expired: from.number()?,
            bad_results: from.number()?,
            memory: from.number()?,
            memory_used: from.number()?,
            rx_high_water: from.number()?,
            tx_high_water: from.number()?,
            calls_high_water: from.byte()?,
            repeats: from.later_number()?,
            unauthentic: from.later_number()?,
            link_losses: from.later_number()?,
        })
    }
}
