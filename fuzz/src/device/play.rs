//! The operations, and the tools that are called.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use trine_descriptor::ValueWriter;
use trine_dispatch::{Answer, Call, CallId, Calls, Device, Link, Port, Tools, block};
use trine_wire::message::HostMessage;
use trine_wire::message::block::Block;

use super::host::{Host, SLOTS};
use crate::tools::{ASKING, CONTENT, LATER, PLAIN};

/// Turns without a message after which a device has no more to say.
const QUIET_TURNS: u32 = 6;

/// What tools have seen, and how the next ones answer.
#[derive(Default)]
struct Bench {
    entered: BTreeSet<i64>,
    /// How often a person has agreed, at most, and how often a tool that asks was entered.
    agreed: usize,
    decoding: usize,
    /// Pending calls by handle, with their number.
    pending: BTreeMap<u16, i64>,
    /// Handles that the next tick completes.
    complete: VecDeque<CallId>,
    /// How the next call answers.
    mood: u8,
}

impl Tools for Bench {
    fn call(&mut self, call: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
        let number = call.args.int(0).expect("validated");
        assert!(self.entered.insert(number), "{number} was entered twice");
        self.decoding += usize::from(call.tool == ASKING);
        assert!(self.decoding <= self.agreed, "{number} was entered without a person");
        let plain = self.mood % 8;
        match (call.tool, plain) {
            (_, 1) => Answer::Failed("it cannot: ask again"),
            // Right for one tool alone; for the others a fault of the tool, which is answered too.
            (LATER, _) | (_, 2) => {
                if call.tool == LATER {
                    assert_eq!(call.block, [0; 8]);
                    call.block.fill(7);
                    self.pending.insert(call.id.to_bits(), number);
                }
                Answer::Pending
            }
            (CONTENT, 3) | (_, 4) => {
                block(out, &Block::Text { text: "words" });
                Answer::Blocks
            }
            (CONTENT, _) => Answer::Content { mime: "a/b", len: u32::from(self.mood) * 3 },
            (_, 5) => trine_dispatch::ask(out, &[1, 2], &[]),
            (_, 6) => {
                out.bool(0, true);
                Answer::Done
            }
            _ => {
                out.int(0, number);
                Answer::Done
            }
        }
    }

    fn tick(&mut self, _: u64, calls: &mut Calls<'_, '_>) -> u64 {
        while let Some(&call) = self.complete.front() {
            let number = self.pending.get(&call.to_bits()).copied();
            if calls.complete(call, |out| out.int(0, number.unwrap_or_default())).is_err() {
                break;
            }
            self.pending.remove(&call.to_bits());
            self.complete.pop_front();
        }
        u64::MAX
    }

    fn read(&mut self, _: u16, _: CallId, offset: u32, out: &mut [u8]) -> usize {
        // Some contents end before they promised.
        if self.mood == 77 && offset > 9 {
            return 0;
        }
        out.fill(offset as u8);
        out.len()
    }

    fn stop(&mut self, _: u16, call: CallId) {
        self.pending.remove(&call.to_bits());
    }

    fn held(&mut self) -> bool {
        self.mood & 1 != 0
    }
}

/// A device, its host and its tools.
pub(super) struct Play<'m> {
    device: Device<'m>,
    host: Host<'m>,
    port: Port<'m>,
    bench: Bench,
    now: u64,
    /// Calls whose answer the host has given up.
    given_up: BTreeSet<u32>,
}

impl<'m> Play<'m> {
    pub(super) fn new(device: Device<'m>, host: Host<'m>, port: Port<'m>) -> Self {
        let (bench, given_up) = (Bench::default(), BTreeSet::new());
        let mut play = Self { device, host, port, bench, now: 1, given_up };
        play.host.send_hello(100, 0);
        play.settle();
        play
    }

    /// Plays operations: a byte that says which, and what it takes.
    pub(super) fn all(&mut self, operations: &[u8]) {
        let mut bytes = operations.iter().copied();
        while let Some(operation) = bytes.next() {
            let mut next = || bytes.next().unwrap_or_default();
            match operation % 16 {
                0 => {
                    let noise: Vec<u8> = (0..next() % 48).map(|_| next()).collect();
                    self.host.noise(&noise);
                }
                1 => self.host.send_hello(100 + u32::from(next() % 3), u32::from(next())),
                2 | 3 => {
                    let tool = [PLAIN, LATER, ASKING, CONTENT, 99][usize::from(next()) % 5];
                    self.host.call(next(), tool, next());
                }
                4 => {
                    let id = self.host.last(next());
                    self.host.again(id);
                }
                5 => {
                    // Any call of this session again, also an old one.
                    let ids: Vec<u32> = self.host.calls.keys().copied().collect();
                    if let Some(&id) = ids.get(usize::from(next()) % ids.len().max(1)) {
                        self.host.again(id);
                    }
                }
                6 => {
                    let id = self.host.last(next());
                    self.given_up.insert(id);
                    self.host.say(&HostMessage::Cancel { id });
                }
                7 => {
                    let (id, upto) = (self.host.last(next()), u32::from(next()));
                    self.host.say(&HostMessage::Credit { id, upto });
                }
                8 => self.ask(next(), next()),
                9 => self.bench.mood = next(),
                10 | 11 => self.poll(u64::from(next()), next()),
                12 => self.poll(u64::from(next()) * 16, 2),
                13 => self.through_port(next(), next()),
                14 => self.complete(usize::from(next())),
                _ => self.person(next()),
            }
        }
    }

    /// What a person does at the board, and what the board shows.
    fn person(&mut self, what: u8) {
        match what % 5 {
            0 | 1 => self.bench.agreed += usize::from(self.device.agree(self.now).is_some()),
            2 => _ = self.device.shown(self.now),
            3 => self.device.hidden(),
            _ => _ = self.device.dismiss(self.now),
        }
    }

    /// Says something that is no call.
    fn ask(&mut self, what: u8, more: u8) {
        let number = u32::from(more);
        self.host.say(&match what % 8 {
            0 => HostMessage::List { offset: number, max: 64, what: what >> 6 },
            1 => HostMessage::Status,
            2 => HostMessage::Ping { nonce: number },
            3 => HostMessage::Log { level: more },
            4 => HostMessage::Read { id: self.host.last(more), uri: "a:b" },
            5 => HostMessage::Complete { id: number, of: 0, index: 0, node: 0, text: "" },
            6 => HostMessage::Factory { op: more, arg: &[1, 2, 3] },
            _ => HostMessage::Prompt { id: number, prompt: 0, args: &[], state: &[], answers: &[] },
        });
    }

    fn poll(&mut self, later: u64, consume: u8) {
        self.now += later;
        let due = self.device.poll(self.now, u32::from(consume % 5), &mut self.bench);
        assert!(due >= self.now, "due in the past");
        let share = match consume >> 5 {
            0 => 0,
            7 => usize::MAX,
            share => usize::from(share) * 3,
        };
        self.consume(share);
    }

    /// Takes up to so many bytes of what waits to be sent; of packets the whole.
    fn consume(&mut self, most: usize) {
        let waiting = self.device.tx_peek();
        let whole = matches!(self.host.link(), Link::Packet { .. });
        let len = if whole && most > 0 { waiting.len() } else { waiting.len().min(most) };
        let bytes = waiting[..len].to_vec();
        self.device.tx_consume(len);
        if !bytes.is_empty() {
            self.host.hear(&bytes);
        }
    }

    /// What an interrupt or another task may do.
    fn through_port(&mut self, what: u8, which: u8) {
        let pending = self.bench.pending.keys().copied().collect::<Vec<_>>();
        let chosen = pending.get(usize::from(which) % pending.len().max(1)).copied();
        let call = CallId::from_bits(chosen.unwrap_or(u16::from(which)));
        let done = match what % 6 {
            0 => self.port.complete(call, &[0, 2, 2]),
            1 => self.port.fail(call, "broken"),
            2 => self.port.event(0, "something"),
            3 if which & 1 == 1 => self.port.dismiss(),
            3 => {
                let is_pressed = self.port.agree();
                self.bench.agreed += usize::from(is_pressed);
                is_pressed
            }
            4 => self.port.cancel(call),
            _ => self.port.log(which, "words"),
        };
        // From then on the call is the port's, whatever becomes of it.
        if done && matches!(what % 6, 0 | 1 | 4) {
            self.bench.pending.remove(&call.to_bits());
        }
    }

    /// Lets a pending call be completed at the next poll.
    fn complete(&mut self, which: usize) {
        let pending: Vec<u16> = self.bench.pending.keys().copied().collect();
        if let Some(&bits) = pending.get(which % pending.len().max(1)) {
            self.bench.complete.push_back(CallId::from_bits(bits));
        }
    }

    /// Polls and takes until nothing more comes, on a bus for some turns.
    fn settle(&mut self) {
        let on_bus = matches!(self.host.link(), Link::Bus { .. });
        let mut quiet = 0;
        for _ in 0..4_000 {
            if on_bus {
                self.host.send(&[]);
            }
            let heard = self.host.heard;
            self.device.poll(self.now, 8, &mut self.bench);
            self.consume(usize::MAX);
            // Room to send is a reason to poll again, before the next frame comes.
            self.device.poll(self.now, 8, &mut self.bench);
            // What it reads need not be answered: there may be more behind it.
            let is_quiet = self.host.heard == heard && self.host.is_read();
            quiet = if is_quiet { quiet + 1 } else { 0 };
            if quiet > QUIET_TURNS {
                return;
            }
        }
        unreachable!("it never ends");
    }

    /// Nothing more is asked: every call has its answer, and the next good one is served.
    pub(super) fn end(&mut self) {
        self.bench.mood = 0;
        // Ends whatever frame the noise began.
        self.host.noise(&[0]);
        for slot in 0..SLOTS {
            let id = self.host.last(slot);
            self.host.say(&HostMessage::Credit { id, upto: u32::MAX });
        }
        self.settle();
        while let Some((&bits, _)) = self.bench.pending.first_key_value() {
            self.bench.complete.push_back(CallId::from_bits(bits));
            self.settle();
            self.bench.pending.remove(&bits);
        }
        // Past every deadline, so that what was left to a port has expired.
        self.now += 5_000;
        self.settle();
        for (id, made) in self.host.calls.clone() {
            let entered = self.bench.entered.contains(&made.number);
            let asked = self.host.is_joined() && !self.given_up.contains(&id);
            if entered && self.host.is_last(id) && asked {
                assert!(self.host.is_answered(id), "{id} was entered and never answered");
            }
        }
        self.host.send_hello(7_777, 0);
        self.settle();
        let id = self.host.call(1, PLAIN, 0);
        self.settle();
        assert!(self.host.is_answered(id), "a good call after all that is not answered");
    }
}
