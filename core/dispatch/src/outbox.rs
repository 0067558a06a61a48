//! Messages waiting to be sent, in the form of the link.

use trine_wire::codec::{WireWriter, size};
use trine_wire::message::{DeviceMessage, Message as _, put};
use trine_wire::packet::{self, Fragmenter};
use trine_wire::{bus, frame};

use crate::config::{Config, HEAD_MAX, Link, TAG_MAX};
use crate::features::keys::{self, DeviceKeys};
use crate::features::{BUS, PACKET, SECURE, STATUS};

/// Copies as many bytes as there are, and cannot panic as `copy_from_slice` could.
pub(crate) fn copy(to: &mut [u8], from: &[u8]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
}

/// How messages are tagged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tagging {
    /// By the session.
    HostSession,
    /// As the answer to a hello.
    Hello,
    /// Not at all, as the answer to what came without.
    Off,
}

/// What was sent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) frames: u32,
    /// Most bytes that ever waited.
    pub(crate) high_water: usize,
}

/// What a link of packets keeps.
#[derive(Debug)]
pub(crate) struct Packets<'m> {
    /// The packet that is to be sent.
    pub(crate) place: &'m mut [u8],
    /// How many bytes it has.
    len: usize,
    cutter: Fragmenter,
}

impl Packets<'_> {
    const fn new() -> Self {
        Self { place: &mut [], len: 0, cutter: Fragmenter::new() }
    }
}

/// On a stream frames, built at the end and consumed from the front; on other links one message.
/// When all is consumed it starts again, so it need not turn around.
#[derive(Debug)]
pub(crate) struct Outbox<'m> {
    /// The buffer, and what writes messages into it behind the frames.
    pub(crate) out: WireWriter<'m>,
    start: usize,
    end: usize,
    /// Where the longest message may be built, from the end of what waits on: behind what its form
    /// on the link may need.
    lead: usize,
    pub(crate) reply_max: usize,
    /// Most bytes of a message that the host takes, 0 for any.
    host_max: u16,
    link: Link,
    pub(crate) packets: [Packets<'m>; PACKET],
    /// Start and length of the message that waits to be polled.
    waits: [Option<(usize, usize)>; BUS],
    pub(crate) keys: Option<DeviceKeys>,
    pub(crate) tagging: [Tagging; SECURE],
    pub(crate) counts: [Counts; STATUS],
}

impl<'m> Outbox<'m> {
    /// One without its buffers.
    pub(crate) fn new(config: &Config<'_>) -> Self {
        let reply_max = config.reply_max();
        Self {
            out: WireWriter::new(&mut []),
            start: 0,
            end: 0,
            lead: Config::lead(reply_max),
            reply_max,
            host_max: 0,
            link: config.link,
            packets: core::array::from_fn(|_| Packets::new()),
            waits: [None; BUS],
            keys: keys::of(config),
            tagging: [Tagging::HostSession; SECURE],
            counts: [Counts::default(); STATUS],
        }
    }

    /// Takes the host's own limit, 0 for none.
    pub(crate) fn set_host_max(&mut self, most: u16) {
        self.host_max = most;
    }

    /// Most bytes of a result, a page or a chunk, of `most` that the device would send.
    pub(crate) fn fits(&self, most: usize) -> usize {
        match self.host_max {
            0 => most,
            host_max => most.min(usize::from(host_max).saturating_sub(HEAD_MAX)),
        }
    }

    pub(crate) fn peek(&self) -> &[u8] {
        let waiting = match self.packets.first() {
            Some(packets) if self.link.mtu().is_some() => packets.place.get(..packets.len),
            _ => self.out.buffer().get(self.start..self.end),
        };
        waiting.unwrap_or_default()
    }

    pub(crate) fn consume(&mut self, count: usize) {
        if self.link.mtu().is_some() {
            // A packet is sent whole or not at all.
            if count > 0 && self.packets.first().is_some_and(|packets| packets.len > 0) {
                self.cut();
            }
            return;
        }
        self.start = (self.start + count).min(self.end);
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Makes the next packet of the body; after the last one there is room again.
    fn cut(&mut self) {
        let Some(packets) = self.packets.first_mut() else { return };
        let body = self.out.buffer().get(..self.end).unwrap_or_default();
        packets.len = packets.cutter.next(body, packets.place);
        if packets.len == 0 {
            self.end = 0;
        }
    }

    /// Whether the largest message fits. The dispatcher starts nothing that it could not answer.
    pub(crate) fn has_room(&self) -> bool {
        !self.waits() && self.end == 0
    }

    /// Whether a message may be built: on a stream also behind others, where it may not fit.
    pub(crate) fn may_post(&self) -> bool {
        self.link == Link::Stream || self.has_room()
    }

    /// Whether a message with a text or value of `len` bytes fits: on a stream behind others.
    pub(crate) fn takes(&self, len: usize) -> bool {
        if self.link != Link::Stream {
            return self.has_room();
        }
        let framed = frame::frame_max(len + HEAD_MAX + TAG_MAX);
        self.out.buffer().len() - self.end >= self.lead + framed
    }

    /// Where a message may be built: after the frames.
    fn place(&mut self) -> &mut [u8] {
        self.out.buffer_mut().get_mut(self.end..).unwrap_or_default()
    }

    /// What writes the next message; then [`Self::post`], or the answer to a call.
    #[inline(never)]
    pub(crate) const fn begin(&mut self) -> &mut WireWriter<'m> {
        self.out.start(self.end + self.lead)
    }

    /// What writes the body of outcome number `outcome` of call `id`; then as [`Self::begin`].
    pub(crate) fn begin_result(&mut self, id: u32, outcome: u8) -> &mut WireWriter<'m> {
        let out = self.begin();
        put::result_head(out, id, outcome);
        out
    }

    /// Queues a message; `false` when it does not fit.
    pub(crate) fn send(&mut self, message: &DeviceMessage<'_>) -> bool {
        message.write_to(self.begin());
        self.post()
    }

    /// Where a result may be written in its place, before the head in front of it is known; then
    /// [`Self::join`].
    pub(crate) fn result_place(&mut self) -> &mut [u8] {
        let at = self.end + self.lead + HEAD_MAX;
        let most = self.fits(self.reply_max - HEAD_MAX);
        self.out.start(at).place(most)
    }

    /// Writes the answer to call `id`: outcome number `outcome`, whose body of `len` bytes was
    /// written to [`Self::result_place`] and, where it is one run of bytes, stands behind its
    /// length.
    pub(crate) fn join(&mut self, id: u32, outcome: u8, has_length: bool, len: usize) {
        let mut head = 2 + size(id as usize);
        if has_length {
            head += size(len);
        }
        let out = self.out.start(self.end + self.lead + HEAD_MAX - head);
        put::result_head(out, id, outcome);
        if has_length {
            // No result is as long as 32 bits say.
            out.number(len as u32);
        }
        out.place(len);
    }

    /// Tags what was written and puts it into the link's form; `false` when it did not fit.
    #[inline(never)]
    pub(crate) fn post(&mut self) -> bool {
        let start = self.out.from();
        let Some(len) = self.out.written().map(<[u8]>::len) else { return false };
        let Some(len) = self.tag(start, len) else { return false };
        if self.link.address().is_some() {
            self.waits = [Some((start, len)); BUS];
            return true;
        }
        let at = start - self.end;
        let in_packets = self.link.mtu().is_some();
        let framed = if in_packets {
            packet::encode_in_place(self.place(), at, len)
        } else {
            // It was built behind as much as the longest message needs.
            frame::encode_behind_headroom(self.place(), at, len)
        };
        let Some(framed) = framed else { return false };
        self.queued(framed);
        if in_packets {
            self.cut();
        }
        true
    }

    fn tag(&mut self, start: usize, len: usize) -> Option<usize> {
        let (Some(keys), Some(tagging)) = (&mut self.keys, self.tagging.first()) else {
            return Some(len);
        };
        match tagging {
            Tagging::Off => Some(len),
            Tagging::HostSession => keys.seal(self.out.buffer_mut(), start, len),
            Tagging::Hello => keys.seal_hello(self.out.buffer_mut(), start, len),
        }
    }

    /// Whether nothing is on its way out, so that a device on a bus may answer a poll.
    pub(crate) fn may_speak(&self) -> bool {
        self.end == 0
    }

    /// Whether a message waits to be polled.
    pub(crate) fn waits(&self) -> bool {
        matches!(self.waits.first(), Some(Some(_)))
    }

    /// Lets the waiting message go, or the word that there is none.
    pub(crate) fn speak(&mut self, address: u8, more: bool) {
        let waiting = self.waits.first_mut().and_then(Option::take);
        let (start, len) = waiting.unwrap_or((self.lead, 0));
        let header = bus::Header::from_device(address, more).bytes();
        let start = start - bus::HEADER_LEN;
        let buffer = self.out.buffer_mut();
        if let Some(place) = buffer.get_mut(start..start + bus::HEADER_LEN) {
            place.copy_from_slice(&header);
        }
        if let Some(framed) = frame::encode_in_place(buffer, start, len + bus::HEADER_LEN) {
            self.queued(framed);
        }
    }

    fn queued(&mut self, framed: usize) {
        self.end += framed;
        if let Some(counts) = self.counts.first_mut() {
            counts.frames = counts.frames.wrapping_add(1);
            counts.high_water = counts.high_water.max(self.end - self.start);
        }
    }
}
