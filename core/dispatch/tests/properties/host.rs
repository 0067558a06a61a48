//! A host on a stream of bytes, a device in memory of just the size, and a clock.

use trine_arena::{Consumer, Producer, Ring};
use trine_descriptor::Tool;
use trine_dispatch::{Config, Device, InitError, Tools};
use trine_wire::message::{self, DeviceMessage, HostHello, HostMessage};
use trine_wire::{DecodeEvent, Decoder, frame};

use crate::source::Source;

/// Most bytes of a message here.
const MOST: usize = 6_000;

/// A device, or why there is none.
type Started = Result<Device<'static>, InitError>;

/// A device, its tools, and who is at the other end of its line.
pub(crate) struct Host<T> {
    pub(crate) device: Device<'static>,
    pub(crate) tools: T,
    /// When the clock began, and the milliseconds since then.
    start: u64,
    pub(crate) elapsed: u64,
    /// Steps of one poll, and bytes that are taken from the device at a time.
    budget: u32,
    piece: usize,
    line: Producer<'static>,
    decoder: Decoder,
    buffer: Vec<u8>,
}

impl<T: Tools> Host<T> {
    /// A device that starts at a drawn time, in memory of any alignment.
    pub(crate) fn new<const N: usize>(
        config: Config<'static>,
        tools: (&'static [Tool<'static>; N], T),
        source: &mut Source<'_>,
    ) -> Self {
        let start_device = |memory, rx| {
            #[cfg(feature = "check")]
            let device = Device::new(config, memory, rx, tools.0);
            #[cfg(not(feature = "check"))]
            let device = {
                let table = trine_descriptor::check::Checked::new(tools.0).expect("a right table");
                Device::with_checked(config, memory, rx, table)
            };
            device
        };
        Self::over(&config, start_device, tools.1, source)
    }

    /// The same over whatever tools.
    pub(crate) fn over(
        config: &Config<'static>,
        device: impl FnOnce(&'static mut [u8], Consumer<'static>) -> Started,
        tools: T,
        source: &mut Source<'_>,
    ) -> Self {
        let ring: &'static mut Ring<'_> = Box::leak(Box::new(Ring::new(vec![0; 2 * MOST].leak())));
        let (line, rx) = ring.split();
        let skew = source.below(8) as usize;
        // What was there before means nothing.
        let device = device(&mut vec![0xa5; config.memory() + skew].leak()[skew..], rx);
        let start = crate::starts(source);
        let (budget, piece) = (1 + source.below(9), source.one(&[1, 7, 10_000]));
        let mut host = Self {
            device: device.expect("the memory is enough"),
            tools,
            start,
            elapsed: 0,
            budget,
            piece,
            line,
            decoder: Decoder::new(),
            buffer: vec![0; MOST],
        };
        assert_eq!(host.hear(), Vec::<Vec<u8>>::new(), "it speaks unasked");
        assert_eq!(host.device.fault(), None);
        host
    }

    /// The time of the device's clock.
    pub(crate) fn now(&self) -> u64 {
        self.start.wrapping_add(self.elapsed)
    }

    /// Puts a message on the line.
    pub(crate) fn send(&mut self, message: &HostMessage<'_>) {
        let mut bytes = vec![0; MOST];
        let len = message::write(message, &mut bytes).expect("it fits");
        self.send_raw(&bytes[..len]);
    }

    /// Puts the bytes of a message on the line.
    pub(crate) fn send_raw(&mut self, bytes: &[u8]) {
        let start = frame::headroom(bytes.len());
        let mut buffer = vec![0; start + frame::frame_max(bytes.len())];
        buffer[start..start + bytes.len()].copy_from_slice(bytes);
        let len = frame::encode_in_place(&mut buffer, start, bytes.len()).expect("it fits");
        assert_eq!(self.line.push(&buffer[..len]), len, "the ring is full");
    }

    /// Polls the device and takes what it sends, until it has nothing more to do now.
    pub(crate) fn hear(&mut self) -> Vec<Vec<u8>> {
        let (mut heard, mut silent) = (Vec::new(), 0);
        loop {
            let now = self.now();
            let due = self.device.poll(now, self.budget, &mut self.tools);
            silent += 1;
            while !self.device.tx_peek().is_empty() {
                silent = 0;
                let sent = self.device.tx_peek();
                let sent = sent[..sent.len().min(self.piece)].to_vec();
                self.device.tx_consume(sent.len());
                for byte in sent {
                    match self.decoder.feed(byte, &mut self.buffer) {
                        DecodeEvent::Nothing => {}
                        DecodeEvent::Bad => panic!("the device sent a broken frame"),
                        DecodeEvent::Message(len) => heard.push(self.buffer[..len].to_vec()),
                    }
                }
            }
            // At the end of 64 bits "now" is "never" as well.
            if silent > 0 && (due != now || silent > 600) {
                return heard;
            }
        }
    }

    /// Begins a session without a key; answers the epoch.
    pub(crate) fn hello(&mut self, hello: HostHello) -> u32 {
        self.send(&HostMessage::Hello(HostHello { wire: 1, nonce: 7, ..hello }));
        let heard = self.hear();
        let [bytes] = &heard[..] else { panic!("{heard:?}") };
        let Some(DeviceMessage::Hello(answer)) = message::read(bytes) else { panic!("{bytes:?}") };
        assert_eq!((answer.nonce, answer.session, answer.keyed), (7, hello.session, false));
        answer.epoch
    }
}

/// The bytes of the answer to a call: an outcome's number, and what stands behind it.
pub(crate) fn answer(id: u32, outcome: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![2];
    crate::shape::number(id.into(), &mut bytes);
    bytes.push(outcome);
    bytes.extend_from_slice(body);
    bytes
}

/// Bytes behind their number.
pub(crate) fn counted(content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    crate::shape::number(content.len() as u64, &mut bytes);
    bytes.extend_from_slice(content);
    bytes
}

/// The bytes of the word that a call is under way.
pub(crate) fn under_way(id: u32) -> Vec<u8> {
    let mut bytes = vec![7];
    crate::shape::number(id.into(), &mut bytes);
    bytes.extend([0, 0, 0]);
    bytes
}
