//! A device with a key, and hosts that have it: which messages are taken, whatever was recorded,
//! repeated, delayed or altered.

use std::collections::HashSet;

use proptest::prelude::*;
use trine_descriptor::{Field, IntRange, Kind, Tool, ToolInfo, ValueWriter};
use trine_dispatch::{Answer, Call, Config, Key, Tools};
use trine_wire::message::{self, DeviceMessage, HostHello, HostMessage, Outcome};
use trine_wire::secure::HostKeys;

use crate::host::Host;
use crate::source::Source;

const KEY: Key = Key(*b"sixteen byte key");
const NONCE: u64 = 0x0102_0304_0506_0708;
const SESSIONS: [u32; 3] = [0x5555_0001, 0x5555_0002, 0x5555_0003];
const SLOTS: u32 = 4;

const NUMBER: &[Field<'static>] =
    &[Field::new("number", Kind::Int(IntRange { min: 0, max: 1 << 20 })).describe("A number.")];
static TOOLS: [Tool<'static>; 1] =
    [Tool::new(ToolInfo::new("echo", "Answers it."), NUMBER, NUMBER)];

#[derive(Default)]
struct Board(Vec<i64>);

impl Tools for Board {
    fn call(&mut self, call: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
        assert!(call.tagged);
        let number = call.args.int(0).expect("it is required");
        self.0.push(number);
        out.int(0, number);
        Answer::Done
    }
}

/// The keys that a hello was answered with.
struct Offer {
    hello: Vec<u8>,
    challenge: [u8; 12],
    session: u32,
    keys: HostKeys,
    /// The epoch that it was told.
    epoch: u32,
    /// The counter of the last message that was taken.
    taken: u32,
    /// The counter of the last that was sent.
    counter: u32,
}

/// A message as it went over the line.
struct Recorded {
    bytes: Vec<u8>,
    offer: usize,
    counter: u32,
    /// The epoch that it was made for.
    epoch: u32,
    /// The call's id and number, or `None` for a ping.
    call: Option<(u32, i64)>,
}

struct Scene {
    host: Host<Board>,
    offers: Vec<Offer>,
    /// The two offers that the device keeps, and the place of the last one.
    kept: [Option<usize>; 2],
    last: usize,
    /// The offer whose keys are in force.
    current: Option<usize>,
    session: Option<u32>,
    epoch: u32,
    epochs: HashSet<u32>,
    recorded: Vec<Recorded>,
    /// Ids are those of one counter, as if the hosts took turns; the device begins again for each.
    next: u32,
    /// The last id of each slot.
    slots: [u32; SLOTS as usize],
    entered: Vec<i64>,
    dropped: u32,
}

impl Scene {
    fn new(source: &mut Source<'_>) -> Self {
        let config =
            Config { key: Some(KEY), nonce: NONCE, calls_max: SLOTS as u8, ..Config::DEFAULT };
        Self {
            host: Host::new(config, (&TOOLS, Board::default()), source),
            offers: Vec::new(),
            kept: [None; 2],
            last: 0,
            current: None,
            session: None,
            epoch: NONCE as u32,
            epochs: HashSet::from([NONCE as u32]),
            recorded: Vec::new(),
            next: SLOTS,
            slots: [0; SLOTS as usize],
            entered: Vec::new(),
            dropped: 0,
        }
    }

    fn step(&mut self, source: &mut Source<'_>) {
        match source.below(10) {
            0 | 1 => self.hello(source),
            2 if !self.offers.is_empty() => {
                // A hello that was recorded.
                let again = source.below(self.offers.len() as u32) as usize;
                let hello = self.offers[again].hello.clone();
                self.answered(&hello);
            }
            3 => self.untagged(source),
            4 | 5 if !self.recorded.is_empty() => {
                let back = source.below(self.recorded.len().min(6) as u32) as usize;
                self.receive(self.recorded.len() - 1 - back);
            }
            6 if !self.recorded.is_empty() => self.altered(source),
            _ if !self.offers.is_empty() => self.message(source),
            _ => {}
        }
        assert_eq!(self.host.tools.0, self.entered);
        #[cfg(feature = "status")]
        assert_eq!(self.host.device.status(self.host.now()).unauthentic, self.dropped);
    }

    fn hello(&mut self, source: &mut Source<'_>) {
        let session = source.one(&SESSIONS);
        let mut host_nonce = [source.below(3) as u8; 8];
        host_nonce[7] = source.below(2) as u8;
        let hello = HostHello { wire: 1, nonce: 7, session, host_nonce, ..HostHello::default() };
        let mut bytes = [0; 64];
        let len = message::write(&HostMessage::Hello(hello), &mut bytes).expect("it fits");
        self.answered(&bytes[..len]);
    }

    /// A hello is answered with the offer that is kept for just this one, or with a challenge that
    /// was never given before. No session changes.
    fn answered(&mut self, bytes: &[u8]) {
        self.host.send_raw(bytes);
        let heard = self.host.hear();
        let [heard] = &heard[..] else { panic!("{heard:?}") };
        let Some(HostMessage::Hello(hello)) = message::read(bytes) else { panic!("{bytes:?}") };
        let Some(DeviceMessage::Hello(answer)) = message::read(heard) else { panic!("{heard:?}") };
        let HostHello { session, host_nonce, .. } = hello;
        let mut keys = HostKeys::new(KEY.0);
        assert!(answer.keyed);
        assert!(keys.hello_answered(host_nonce, answer.challenge, heard).is_some(), "a wrong tag");
        let is_other = self.session.is_some_and(|held| held != session);
        let epoch = if is_other { next_epoch(self.epoch) } else { self.epoch };
        assert_eq!(answer.epoch, epoch);
        let is_it = |kept: &Option<usize>| kept.is_some_and(|at| self.offers[at].hello == bytes);
        if let Some(place) = self.kept.iter().position(is_it) {
            let offer = &mut self.offers[self.kept[place].expect("it was found")];
            assert_eq!(answer.challenge, offer.challenge);
            (self.last, offer.epoch) = (place, epoch);
            return;
        }
        let is_new = self.offers.iter().all(|offer| offer.challenge != answer.challenge);
        assert!(is_new, "a challenge comes back");
        self.last = (self.last + 1) % 2;
        self.kept[self.last] = Some(self.offers.len());
        let (hello, challenge) = (bytes.to_vec(), answer.challenge);
        let offer = Offer { hello, challenge, session, keys, epoch, taken: 0, counter: 0 };
        self.offers.push(offer);
    }

    /// A tagged message of one of the hosts, which may arrive now or later.
    fn message(&mut self, source: &mut Source<'_>) {
        let back = source.below(self.offers.len().min(3) as u32) as usize;
        let offer = self.offers.len() - 1 - back;
        let Offer { session, epoch, .. } = self.offers[offer];
        let number = self.recorded.len() as i64;
        let is_call = source.once_in(2);
        let mut bytes = [0; 200];
        let args = [0, 2, (2 * number) as u8 | 128, (number / 64) as u8];
        let args = if number < 64 { &[0, 2, 2 * number as u8][..] } else { &args[..] };
        let id = self.next;
        let call = message::Call {
            id,
            check: message::check(TOOLS[0].hash(), epoch, session),
            args,
            ..message::Call::default()
        };
        let ping = HostMessage::Ping { nonce: number as u32 };
        let sent = if is_call { HostMessage::Call(call) } else { ping };
        let len = message::write(&sent, &mut bytes[..150]).expect("it fits");
        let host = &mut self.offers[offer];
        let len = host.keys.seal(&mut bytes, 0, len).expect("there is a session");
        host.counter += 1;
        self.next += u32::from(is_call);
        let call = is_call.then_some((id, number));
        let counter = host.counter;
        self.recorded.push(Recorded { bytes: bytes[..len].to_vec(), offer, counter, epoch, call });
        if !source.once_in(4) {
            self.receive(self.recorded.len() - 1);
        }
    }

    fn receive(&mut self, at: usize) {
        let Recorded { ref bytes, offer, counter, epoch, call } = self.recorded[at];
        self.host.send_raw(bytes);
        let heard = self.host.hear();
        let is_offered = self.kept.contains(&Some(offer));
        let is_known = self.current == Some(offer) || is_offered;
        if !is_known || counter <= self.offers[offer].taken {
            self.dropped += 1;
            assert_eq!(heard, Vec::<Vec<u8>>::new(), "it was taken twice, or without a session");
            return;
        }
        self.offers[offer].taken = counter;
        if is_offered {
            self.begin(offer);
        }
        let is_told = epoch == self.epoch;
        let mut taken = Vec::new();
        for bytes in &heard {
            let message = self.offers[offer].keys.open(bytes).expect("its tag is right");
            taken.push(message.to_vec());
        }
        let told: Vec<_> = taken.iter().map(|bytes| message::read(bytes)).collect();
        let Some((id, number)) = call else {
            let pong = DeviceMessage::Pong { nonce: at as u32, epoch: self.epoch };
            assert_eq!(told, [Some(pong)]);
            return;
        };
        let slot = &mut self.slots[(id % SLOTS) as usize];
        if id < *slot {
            assert_eq!(told, []);
        } else if is_told {
            *slot = id;
            self.entered.push(number);
            let [Some(DeviceMessage::Result { id: of, outcome })] = told[..] else {
                panic!("{told:?}")
            };
            assert!(of == id && matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
        } else {
            assert_eq!(told, [Some(DeviceMessage::Result { id, outcome: Outcome::Stale })]);
        }
    }

    /// The first message under the keys of an offer begins its session.
    fn begin(&mut self, offer: usize) {
        self.current = Some(offer);
        self.kept.iter_mut().filter(|kept| **kept == Some(offer)).for_each(|kept| *kept = None);
        let session = self.offers[offer].session;
        let is_other = self.session != Some(session);
        if self.session.is_some() && is_other {
            self.epoch = next_epoch(self.epoch);
            assert!(self.epochs.insert(self.epoch), "an epoch comes back");
        }
        if is_other {
            self.slots = [0; SLOTS as usize];
        }
        self.session = Some(session);
    }

    /// What has no tag, or another key's, is dropped and counted.
    fn untagged(&mut self, source: &mut Source<'_>) {
        let mut bytes = [0; 64];
        let len = match source.below(3) {
            0 => message::write(&HostMessage::Ping { nonce: 1 }, &mut bytes),
            1 => message::write(&HostMessage::Cancel { id: self.next }, &mut bytes),
            _ => message::write(&HostMessage::Ping { nonce: 1 }, &mut bytes).map(|len| len + 20),
        };
        let len = len.expect("it fits");
        self.host.send_raw(&bytes[..len]);
        assert_eq!(self.host.hear(), Vec::<Vec<u8>>::new());
        self.dropped += 1;
    }

    fn altered(&mut self, source: &mut Source<'_>) {
        let at = source.below(self.recorded.len() as u32) as usize;
        let mut bytes = self.recorded[at].bytes.clone();
        let place = source.below(bytes.len() as u32) as usize;
        bytes[place] ^= 1 << source.below(8);
        // What begins as a hello is one, and answered.
        bytes[0] = bytes[0].max(1);
        if bytes != self.recorded[at].bytes {
            self.host.send_raw(&bytes);
            assert_eq!(self.host.hear(), Vec::<Vec<u8>>::new());
            self.dropped += 1;
        }
    }
}

/// The epoch after one, as `docs/wire.md` has it.
fn next_epoch(epoch: u32) -> u32 {
    let odd = if epoch.is_multiple_of(1 << 16) { epoch ^ 0x7f4a_7c15 } else { epoch };
    (u64::from(odd) * 0x9e37_79b5 % (1 << 32)) as u32
}

proptest! {
    #![proptest_config(crate::cases(800))]

    #[test]
    fn a_message_is_taken_once_under_the_keys_in_force_or_those_just_offered(
        first in crate::draws(12),
        steps in prop::collection::vec(crate::draws(12), 1..40),
    ) {
        let mut scene = Scene::new(&mut Source::new(&first));
        for draws in &steps {
            scene.step(&mut Source::new(draws));
        }
    }
}
