//! The device of the captures: tools that need nothing but the time, so that a replay does what the
//! first run did.

use trine_descriptor::{Field, IntRange, Kind, Limits, Tool, ToolInfo, ValueWriter};
use trine_dispatch::{
    Answer, Block, Call, CallId, Calls, Config, Identity, Key, Link, Request, Tools, ask, block,
};

pub(crate) const SET: u16 = 0;
pub(crate) const TURN: u16 = 1;
pub(crate) const PICTURE: u16 = 2;
pub(crate) const ERASE: u16 = 3;
pub(crate) const PLACES: u16 = 4;

const NODES: &[Field<'static>] =
    &[Field::new("percent", Kind::Int(IntRange { min: 0, max: 100 })).describe("Percent.")];

const fn info(name: &'static str) -> ToolInfo<'static> {
    ToolInfo::new(name, "A tool of the captures.")
}

pub(crate) static TABLE: [Tool<'static>; 5] = [
    Tool::new(info("set"), NODES, NODES),
    Tool::new(
        ToolInfo { limits: Limits { deadline_ms: 0, pending_bytes: 9 }, ..info("turn") },
        NODES,
        NODES,
    ),
    Tool::new(ToolInfo { content: true, ..info("picture") }, NODES, &[]),
    Tool::new(info("erase"), NODES, NODES),
    Tool::new(ToolInfo { content: true, ..info("places") }, NODES, &[]),
];

/// Tools that need nothing but the time, so that a replay does what the first run did.
#[derive(Default)]
pub(crate) struct Demo {
    turns: Vec<CallId>,
    told: Option<&'static str>,
}

impl Tools for Demo {
    fn call(&mut self, call: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
        let percent = call.args.int(0).expect("validated");
        match call.tool {
            TURN => {
                // When it ends, and how far it has been told.
                call.block[..8].copy_from_slice(&(call.now + 300).to_le_bytes());
                self.turns.push(call.id);
                return Answer::Pending;
            }
            PICTURE => return Answer::Content { mime: "image/x-demo", len: 300 },
            ERASE if call.state.is_empty() => {
                let sure = Request {
                    name: "sure",
                    message: "Erase all of it?",
                    nodes: &[0],
                    ..Request::default()
                };
                return ask(out, b"asked", &[sure]);
            }
            PLACES => {
                block(out, &Block::Text { text: "two places" });
                block(out, &Block::Image { mime: "image/x-demo", bytes: &[1, 2, 3] });
                return Answer::Blocks;
            }
            _ if percent == 99 => return Answer::Failed("it is jammed: free it"),
            _ => out.int(0, percent),
        }
        Answer::Done
    }

    fn tick(&mut self, now: u64, calls: &mut Calls<'_, '_>) -> u64 {
        let mut at = 0;
        while let Some(&id) = self.turns.get(at) {
            let Some(&mut [ref end @ .., told]) = calls.block(id) else {
                self.turns.remove(at);
                continue;
            };
            let left = u64::from_le_bytes(end.try_into().expect("8 bytes")).saturating_sub(now);
            let steps = 3 - left.div_ceil(100) as u8;
            if left == 0 {
                if calls.complete(id, |out| out.int(0, 100)).is_ok() {
                    self.told = Some("it has turned");
                    self.turns.remove(at);
                    continue;
                }
            } else if steps > told && calls.progress(id, (steps.into(), 3), "turning").is_ok() {
                calls.block(id).expect("it is pending")[8] = steps;
            }
            at += 1;
        }
        let told = |text| calls.log(1, text).is_ok() && calls.event(TURN, text).is_ok();
        if self.told.is_some_and(told) {
            self.told = None;
        }
        u64::MAX
    }

    fn read(&mut self, _tool: u16, _id: CallId, offset: u32, out: &mut [u8]) -> usize {
        for (at, place) in out.iter_mut().enumerate() {
            *place = (offset as usize + at) as u8;
        }
        out.len()
    }
}

pub(crate) const KEY: Key = Key(*b"sixteen byte key");

pub(crate) const fn config(link: Link, key: Option<Key>) -> Config<'static> {
    Config {
        identity: Identity {
            vendor: "Acme",
            product: "demo",
            serial: "0017",
            firmware: "1.2.0",
            build: "a1b2c3",
        },
        link,
        key,
        epoch: 0x0bad_cafe,
        nonce: 0x0102_0304_0506_0708,
        message_max: 128,
        // None of its tools asks for a person.
        consent_bytes: 0,
        result_max: 160,
        calls_max: 4,
        pending_max: 9,
        repeat_max: 64,
        link_ms: 10_000,
        ..Config::DEFAULT
    }
}
