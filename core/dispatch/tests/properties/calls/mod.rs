//! Calls of drawn tools with drawn arguments, on slots that are used, repeated, given up and
//! cancelled in any order: what each is answered, and that nothing runs which must not.

mod board;
mod model;

use proptest::prelude::*;
use trine_dispatch::Config;
use trine_wire::message::{self, Call, HostHello, HostMessage};

use crate::host::{Host, answer, counted};
use crate::judge::judge;
use crate::shape::values;
use crate::source::Source;
use board::{Board, Drawn, Reply, TOOLS};
use model::{Expect, Model};

const EPOCH: u32 = 0x0102_0304;
const SESSION: u32 = 0x5555_0001;
/// Texts of failures, which the smallest builds do not cut.
const TEXTS: [&str; 3] = ["", "it is jammed: free it", "é é é é é é é é é é é é é é é"];

struct Scene {
    host: Host<Board>,
    model: Model,
    drawn: Vec<Drawn>,
    config: Config<'static>,
}

impl Scene {
    fn new(limits: &[u32], tools: &[u32]) -> Self {
        let source = &mut Source::new(limits);
        let drawn = board::drawn(&mut Source::new(tools));
        let pending_max = drawn.iter().map(|tool| tool.pending).max().unwrap_or_default();
        let config = Config {
            epoch: EPOCH,
            calls_max: source.one(&[1, 2, 3, 8, 64]),
            message_max: 4_000,
            result_max: source.one(&[300, 40, 17]),
            repeat_max: source.one(&[300, 0, 1, 8, 20, 200]),
            pending_max: pending_max + source.one(&[0, 1]),
            hashes_max: source.one(&[0, TOOLS as u16]),
            deadline_ms: source.one(&[30_000, 40]),
            ..Config::DEFAULT
        };
        let message_max = source.one(&[0, 128, 300]);
        let tools = (board::table(&drawn), Board::new(&drawn));
        let mut host = Host::new(config, tools, source);
        let hello = HostHello { session: SESSION, message_max, ..HostHello::default() };
        assert_eq!(host.hello(hello), EPOCH);
        let most = if message_max == 0 { config.result_max } else { message_max - 16 };
        let model = Model::new(&config, config.result_max.min(most).into());
        Self { host, model, drawn, config }
    }

    fn step(&mut self, source: &mut Source<'_>) {
        match source.below(12) {
            0..7 => self.call(source),
            7 | 8 => self.complete(source),
            9 => self.cancel(source),
            10 => self.wait(source.one(&[0, 1, 39, 40, 49, 50, 499, 500, 30_000, (1 << 31) - 1])),
            // A host that greets again takes nothing away.
            _ => {
                let hello = HostHello { session: SESSION, ..HostHello::default() };
                assert_eq!(self.host.hello(HostHello { message_max: 0, ..hello }), EPOCH);
                self.model.most = self.config.result_max.into();
            }
        }
        self.compare(vec![]);
        self.counters();
    }

    /// A call: mostly the next one on a slot, or one of any number; now and then twice at once.
    fn call(&mut self, source: &mut Source<'_>) {
        let slots = u32::from(self.config.calls_max);
        let slot = source.below(slots);
        let last = self.model.slots[slot as usize].sequence;
        let most = (u32::MAX - slot) / slots;
        let sequence = match source.below(16) {
            0 | 1 => last,
            2 => last.saturating_sub(1 + source.below(3)),
            3 => most - source.below(3).min(most - last),
            4 => most,
            _ => last.saturating_add(1).min(most),
        };
        let id = sequence * slots + slot;
        let tool = source.below(TOOLS as u32 + 1) as u16;
        let drawn = self.drawn.get(usize::from(tool));
        let hash = drawn.map_or(0, |drawn| drawn.hash);
        let right = message::check(hash, EPOCH, SESSION);
        let check = match source.below(24) {
            23 => message::check(hash, EPOCH ^ 1, SESSION),
            22 => message::check(hash, EPOCH, SESSION + 1),
            21 => message::check(hash ^ 1, EPOCH, SESSION),
            _ => right,
        };
        let is_stale = check != right;
        let deadline_ms = source.one(&[0, 0, 1, 50, 500, (1 << 31) - 1, 1 << 31, u32::MAX]);
        let times = if source.once_in(6) { 2 } else { 1 };
        let reply = self.reply(tool, source);
        let args = drawn.map_or_else(Vec::new, |drawn| values(source, &drawn.params));
        let call = Call { id, tool, check, deadline_ms, args: &args, ..Call::default() };
        self.host.tools.next = Some(reply.clone());
        let mut expected = Vec::new();
        for _ in 0..times {
            self.host.send(&HostMessage::Call(call));
            self.model.counts.calls += 1;
            expected.extend(self.received(&call, slot, sequence, is_stale, &reply));
        }
        self.compare(expected);
        self.host.tools.name(id);
    }

    /// What the device does with a call.
    fn received(
        &mut self,
        call: &Call<'_>,
        slot: u32,
        sequence: u32,
        is_stale: bool,
        reply: &Reply,
    ) -> Vec<Expect> {
        if sequence <= self.model.slots[slot as usize].sequence {
            return self.model.repeated(call.id, slot, sequence);
        }
        let Some(drawn) = self.drawn.get(usize::from(call.tool)) else {
            return vec![Expect::alone(answer(call.id, 4, &[]))];
        };
        if is_stale {
            return vec![Expect::alone(answer(call.id, 3, &[]))];
        }
        let given_up = self.model.give_up(slot);
        let deadline_ms = match (call.deadline_ms, drawn.deadline_ms) {
            (0, 0) => self.config.deadline_ms,
            (0, tool) => tool,
            (asked, _) => asked,
        };
        let deadline_ms = u64::from(deadline_ms.min((1 << 31) - 1));
        self.host.tools.will_stop.extend(given_up);
        self.model.open(slot, sequence, (call.id, call.tool), self.host.elapsed + deadline_ms);
        if let Err(refusal) = judge(&drawn.params, call.args) {
            self.model.counts.faults += 1;
            return vec![self.model.settled(slot, Expect::refused(call.id, 1, refusal))];
        }
        if drawn.is_for_tagged {
            return vec![self.model.settled(slot, Expect::of(slot, answer(call.id, 14, &[])))];
        }
        self.model.counts.entered += 1;
        let deadline = self.host.now().wrapping_add(deadline_ms);
        self.host.tools.will_enter.push((call.tool, call.args.to_vec(), deadline));
        self.settled(slot, reply).into_iter().collect()
    }

    /// What a tool answers that is entered.
    fn reply(&self, tool: u16, source: &mut Source<'_>) -> Reply {
        let Some(drawn) = self.drawn.get(usize::from(tool)) else { return Reply::Later };
        match source.below(8) {
            0 => Reply::Failed(source.one(&TEXTS)),
            1 => Reply::Blocks,
            2..5 if drawn.pending > 0 => Reply::Later,
            5 if source.once_in(3) => Reply::Later,
            _ => Reply::Done(values(source, &drawn.output)),
        }
    }

    /// What is answered to the open call of a slot, if it does not stay open.
    fn settled(&mut self, slot: u32, reply: &Reply) -> Option<Expect> {
        let (id, tool) = self.model.slots[slot as usize].call;
        let drawn = &self.drawn[usize::from(tool)];
        let bad = Expect::refused(id, 9, Some((14, 65_535, 0)));
        let expected = match reply {
            Reply::Later if drawn.pending > 0 => return None,
            Reply::Later | Reply::Blocks => bad,
            Reply::Failed(text) => Expect::of(slot, answer(id, 2, &counted(text.as_bytes()))),
            Reply::Done(value) => {
                let expected = match judge(&drawn.output, value) {
                    Ok(()) => Expect::of(slot, answer(id, 0, &counted(value))),
                    Err(refusal) => Expect::refused(id, 9, refusal),
                };
                // What is longer than the promise may find room or not.
                expected.or_too_long(id, value.len() > self.model.most)
            }
        };
        Some(self.model.settled(slot, expected))
    }

    /// A tool completes a call that is pending, or one that is over.
    fn complete(&mut self, source: &mut Source<'_>) {
        let open = self.model.open_slots();
        if open.is_empty() || source.once_in(6) {
            if let Some(&stale) = self.host.tools.over.last() {
                self.host.tools.later.push_back((stale, Reply::Failed("it is over")));
            }
            return self.compare(vec![]);
        }
        let slot = source.one(&open);
        let (id, tool) = self.model.slots[slot as usize].call;
        let reply = self.reply(tool, source);
        let handle = self.host.tools.handles[&id];
        self.host.tools.later.push_back((handle, reply.clone()));
        let expected: Vec<Expect> = self.settled(slot, &reply).into_iter().collect();
        self.host.tools.over.extend((!expected.is_empty()).then_some(handle));
        self.compare(expected);
    }

    /// The host cancels a call: one that is open, or one that was before it or never there.
    fn cancel(&mut self, source: &mut Source<'_>) {
        let slots = u32::from(self.config.calls_max);
        let slot = source.below(slots);
        let last = self.model.slots[slot as usize].sequence;
        let sequence = if source.below(3) == 0 { last.saturating_sub(1) } else { last };
        let id = sequence * slots + slot;
        self.host.send(&HostMessage::Cancel { id });
        let is_it = self.model.open_slots().contains(&slot) && sequence == last;
        let expected = is_it.then(|| self.model.stopped(slot, 8));
        self.host.tools.will_stop.extend(is_it.then_some(id));
        self.compare(expected.into_iter().collect());
    }

    fn wait(&mut self, ms: u64) {
        self.host.elapsed += ms;
        let now = self.host.elapsed;
        let over: Vec<u32> = self
            .model
            .open_slots()
            .into_iter()
            .filter(|slot| self.model.slots[*slot as usize].due <= now)
            .collect();
        let ids = over.iter().map(|slot| self.model.slots[*slot as usize].call.0);
        self.host.tools.will_stop.extend(ids);
        self.model.counts.expired += over.len() as u32;
        let expected = over.into_iter().map(|slot| self.model.stopped(slot, 7)).collect();
        self.compare(expected);
    }

    /// What the device says is what is expected, and its tools did what they should.
    fn compare(&mut self, expected: Vec<Expect>) {
        let heard = self.host.hear();
        self.model.compare(heard, expected);
        self.host.tools.compare();
    }

    #[cfg(feature = "status")]
    fn counters(&mut self) {
        let status = self.host.device.status(self.host.now());
        let counts = &self.model.counts;
        let told = [status.calls, status.entered, status.faults, status.repeats, status.expired];
        let wanted = [counts.calls, counts.entered, counts.faults, counts.repeats, counts.expired];
        assert_eq!(told, wanted, "calls, entered, faults, repeats, expired");
        assert_eq!(status.bad_results, counts.bad_results);
        assert_eq!(u32::from(status.calls_high_water), counts.high_water);
        assert_eq!((status.frames_bad, status.bytes_lost), (0, 0));
    }

    #[cfg(not(feature = "status"))]
    fn counters(&self) {
        // The model counts in every build; this one tells nobody.
        assert!(self.model.counts.entered <= self.model.counts.calls);
    }
}

proptest! {
    #![proptest_config(crate::cases(1_500))]

    #[test]
    fn each_call_is_answered_as_its_tool_its_arguments_and_its_slot_say(
        limits in crate::draws(24),
        tools in crate::draws(200),
        steps in prop::collection::vec(crate::draws(90), 1..25),
    ) {
        let mut scene = Scene::new(&limits, &tools);
        for draws in &steps {
            scene.step(&mut Source::new(draws));
        }
        // In the end every call has its answer.
        for _ in 0..2 {
            scene.wait((1 << 31) - 1);
        }
        prop_assert_eq!(scene.model.open_slots(), Vec::<u32>::new());
    }
}
