//! Content in chunks: as much of it as there is credit for, in order, of several calls at once.

use proptest::prelude::*;
use trine_descriptor::{Tool, ToolInfo, ValueWriter};
use trine_dispatch::{Answer, Call, CallId, Config, Tools};
use trine_wire::message::{self, DeviceMessage, HostHello, HostMessage, Outcome};

use crate::host::{Host, answer, under_way};
use crate::source::Source;

const EPOCH: u32 = 9;
const SESSION: u32 = 0x5555_0001;
const SLOTS: u32 = 3;
/// Most bytes of a chunk, whatever the limits are.
const CHUNK: u32 = 128;

static TOOLS: [Tool<'static>; 1] =
    [Tool::new(ToolInfo { content: true, ..ToolInfo::new("snap", "Takes it.") }, &[], &[])];

/// Byte `at` of the content of a call.
fn byte(id: CallId, at: u32) -> u8 {
    (at / 7).wrapping_add(at) as u8 ^ id.to_bits() as u8
}

#[derive(Default)]
struct Board {
    len: u32,
    /// Most bytes that are read at a time.
    slow: usize,
    /// Where a content stops although it promised more.
    end: u32,
    entered: Vec<CallId>,
    stopped: Vec<CallId>,
}

impl Tools for Board {
    fn call(&mut self, call: Call<'_>, _: &mut ValueWriter<'_>) -> Answer {
        self.entered.push(call.id);
        Answer::Content { mime: "image/png", len: self.len }
    }

    fn read(&mut self, tool: u16, id: CallId, offset: u32, out: &mut [u8]) -> usize {
        assert_eq!(tool, 0);
        let most = self.end.saturating_sub(offset) as usize;
        let len = out.len().min(self.slow).min(most);
        (offset..).zip(&mut out[..len]).for_each(|(at, place)| *place = byte(id, at));
        len
    }

    fn stop(&mut self, _: u16, id: CallId) {
        self.stopped.push(id);
    }
}

/// A call whose content is being sent.
struct Sending {
    id: u32,
    handle: CallId,
    len: u32,
    sent: u32,
    upto: u32,
    due: u64,
}

struct Scene {
    host: Host<Board>,
    /// The last sequence of each slot, and its call as long as it is sending.
    slots: [(u32, Option<Sending>); SLOTS as usize],
    /// What a call may send before credit comes, 0 for all of it.
    window: u32,
    most: u32,
}

impl Scene {
    fn new(source: &mut Source<'_>) -> Self {
        let config = Config {
            epoch: EPOCH,
            calls_max: SLOTS as u8,
            result_max: source.one(&[256, 129, 128, 127, 20]),
            repeat_max: 40,
            deadline_ms: 1_000,
            ..Config::DEFAULT
        };
        let message_max = source.one(&[0, 40, 144, 145, 143]);
        let content_window = source.one(&[0, 1, 127, 128, 129, 300, u32::MAX]);
        let mut host = Host::new(config, (&TOOLS, Board::default()), source);
        let hello =
            HostHello { session: SESSION, message_max, content_window, ..HostHello::default() };
        assert_eq!(host.hello(hello), EPOCH);
        let of_host = if message_max == 0 { CHUNK } else { u32::from(message_max) - 16 };
        let most = CHUNK.min(config.result_max.into()).min(of_host);
        Self { host, slots: Default::default(), window: content_window, most }
    }

    fn step(&mut self, source: &mut Source<'_>) {
        let slot = source.below(SLOTS) as usize;
        match source.below(8) {
            0..3 => self.call(slot, source),
            3 | 4 => self.credit(slot, source),
            5 => self.again(slot),
            6 => self.cancel(slot, source),
            _ => self.wait(source.one(&[1, 499, 500, 1_000])),
        }
        // Without a cause nothing more comes.
        assert_eq!(self.host.hear(), Vec::<Vec<u8>>::new());
    }

    fn call(&mut self, slot: usize, source: &mut Source<'_>) {
        self.slots[slot].0 += 1;
        let id = self.slots[slot].0 * SLOTS + slot as u32;
        let lens = [0, 1, 127, 128, 129, 300, 1_000];
        self.host.tools.len = source.one(&lens);
        self.host.tools.slow = source.one(&[1_000, 1_000, 1, 100]);
        self.host.tools.end = u32::MAX;
        let len = self.host.tools.len;
        let given_up = self.slots[slot].1.take().map(|sending| sending.handle);
        self.host.tools.stopped.clear();
        let check = message::check(TOOLS[0].hash(), EPOCH, SESSION);
        let call = message::Call { id, check, deadline_ms: 500, ..message::Call::default() };
        let entered = self.host.tools.entered.len();
        self.host.send(&HostMessage::Call(call));
        let heard = self.host.hear();
        assert_eq!(self.host.tools.entered.len(), entered + 1);
        assert_eq!(self.host.tools.stopped, Vec::from_iter(given_up));
        let handle = self.host.tools.entered[entered];
        if len == 0 {
            // Content of no bytes would never end.
            assert_eq!(heard, [answer(id, 9, &[14, 0xff, 0xff, 3])]);
            return;
        }
        let Some(DeviceMessage::Result { id: told, outcome }) = message::read(&heard[0]) else {
            panic!("{heard:?}")
        };
        assert_eq!((told, outcome), (id, Outcome::Content { mime: "image/png", len }));
        let upto = if self.window == 0 { u32::MAX } else { self.window };
        let due = self.host.elapsed + 500;
        self.slots[slot].1 = Some(Sending { id, handle, len, sent: 0, upto, due });
        self.chunks(slot, &heard[1..]);
    }

    /// What came are chunks of this slot's content: as many bytes as there is credit for.
    fn chunks(&mut self, slot: usize, heard: &[Vec<u8>]) {
        let Some(sending) = &mut self.slots[slot].1 else {
            assert_eq!(heard, [] as [Vec<u8>; 0]);
            return;
        };
        for bytes in heard {
            let Some(DeviceMessage::Chunk { id, offset, bytes, block: 0 }) = message::read(bytes)
            else {
                panic!("{bytes:?}")
            };
            assert_eq!((id, offset), (sending.id, sending.sent));
            let len = bytes.len() as u32;
            assert!(len > 0 && len <= self.most, "a chunk of {len} bytes");
            let right = (offset..).zip(bytes).all(|(at, it)| *it == byte(sending.handle, at));
            assert!(right, "other bytes");
            sending.sent += len;
        }
        assert_eq!(sending.sent, sending.len.min(sending.upto), "all that may be sent");
        if sending.sent == sending.len {
            self.slots[slot].1 = None;
        }
    }

    /// More credit, or less, which takes nothing back; and that of another call.
    fn credit(&mut self, slot: usize, source: &mut Source<'_>) {
        let (sequence, _) = self.slots[slot];
        let id = sequence * SLOTS + slot as u32;
        let sent = self.slots[slot].1.as_ref().map_or(0, |sending| sending.sent);
        let ends = [0, sent, sent + 1, sent + 128, sent + 129, 1_000, u32::MAX];
        let upto = source.one(&ends);
        let is_other = source.once_in(4);
        let of = if is_other { id.wrapping_sub(SLOTS) } else { id };
        self.host.send(&HostMessage::Credit { id: of, upto });
        if let Some(sending) = self.slots[slot].1.as_mut().filter(|_| !is_other) {
            sending.upto = sending.upto.max(upto);
        }
        let ends_early = !is_other && source.once_in(6);
        if ends_early {
            self.host.tools.end = sent;
        }
        let heard = self.host.hear();
        let sending = self.slots[slot].1.as_ref();
        let due = sending.filter(|it| ends_early && it.sent < it.len.min(it.upto));
        if due.is_some() {
            let [heard] = &heard[..] else { panic!("{heard:?}") };
            let Some(DeviceMessage::Result { id: told, outcome }) = message::read(heard) else {
                panic!("{heard:?}")
            };
            let Outcome::Failed { text } = outcome else { panic!("{outcome:?}") };
            let whole = "the tool stopped in the middle of its content";
            assert!(told == id && text.len() > 16 && whole.starts_with(text), "{text}");
            self.slots[slot].1 = None;
            self.host.tools.end = u32::MAX;
            return;
        }
        self.host.tools.end = u32::MAX;
        self.chunks(slot, &heard);
    }

    /// A call that comes again does not run again.
    fn again(&mut self, slot: usize) {
        let id = self.slots[slot].0 * SLOTS + slot as u32;
        let entered = self.host.tools.entered.len();
        let check = message::check(TOOLS[0].hash(), EPOCH, SESSION);
        let call = message::Call { id, check, ..message::Call::default() };
        self.host.send(&HostMessage::Call(call));
        let heard = self.host.hear();
        match &self.slots[slot] {
            (0, _) => assert_eq!(heard.len(), 0),
            (_, Some(_)) => assert_eq!(heard, [under_way(id)]),
            // Its chunks are gone; what it ended with otherwise is kept, where there is room.
            (_, None) => assert_eq!(heard.len(), 1),
        }
        assert_eq!(self.host.tools.entered.len(), entered);
    }

    fn cancel(&mut self, slot: usize, source: &mut Source<'_>) {
        let id = self.slots[slot].0 * SLOTS + slot as u32;
        let of = if source.once_in(3) { id.wrapping_sub(SLOTS) } else { id };
        self.host.tools.stopped.clear();
        self.host.send(&HostMessage::Cancel { id: of });
        let heard = self.host.hear();
        match self.slots[slot].1.take_if(|sending| sending.id == of) {
            Some(sending) => {
                assert_eq!(heard, [answer(id, 8, &[])]);
                assert_eq!(self.host.tools.stopped, [sending.handle]);
            }
            None => assert_eq!((heard.len(), self.host.tools.stopped.len()), (0, 0)),
        }
    }

    fn wait(&mut self, ms: u64) {
        self.host.elapsed += ms;
        self.host.tools.stopped.clear();
        let heard = self.host.hear();
        let now = self.host.elapsed;
        let over = self.slots.iter_mut().filter_map(|slot| slot.1.take_if(|it| it.due <= now));
        let over: Vec<Sending> = over.collect();
        let has = |sending: &Sending| heard.contains(&answer(sending.id, 7, &[]));
        assert!(over.iter().all(has), "{heard:?}");
        assert_eq!((heard.len(), self.host.tools.stopped.len()), (over.len(), over.len()));
    }
}

proptest! {
    #![proptest_config(crate::cases(1500))]

    #[test]
    fn content_is_sent_whole_in_order_and_never_beyond_its_credit(
        first in crate::draws(20),
        steps in prop::collection::vec(crate::draws(16), 1..25),
    ) {
        let mut scene = Scene::new(&mut Source::new(&first));
        for draws in &steps {
            scene.step(&mut Source::new(draws));
        }
    }
}
