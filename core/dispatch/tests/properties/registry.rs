//! Tools that are added, replaced and removed while a host calls them, in any order: a call runs
//! the tool that its host meant or none, and each is answered once.

use std::collections::{HashMap, VecDeque};

use proptest::prelude::*;
use trine_descriptor::{
    Field, IntRange, Kind, Limits, Tool, ToolInfo, ValueWriter, record::hash_of_hashes,
};
use trine_dispatch::{
    Answer, Call, CallId, Calls, Config, Device, GONE, Listed, Place, Registered, Registry,
    RegistryError, ToolId, Tools,
};
use trine_wire::message::{self, DeviceMessage, HostHello, HostMessage, Outcome};

use crate::host::Host;
use crate::source::Source;

const EPOCH: u32 = 0x0102_0304;
const SESSION: u32 = 0x5555_0001;
const PLACES: usize = 3;
const SLOTS: u32 = 4;

/// Each takes and answers which one it is.
const WHICH: &[Field<'static>] =
    &[Field::new("which", Kind::Int(IntRange { min: 0, max: 9 })).describe("Which one.")];

/// Two of each name, of which the second answers later.
const fn tool(name: &'static str, description: &'static str, pending_bytes: u16) -> Tool<'static> {
    let limits = Limits { deadline_ms: 0, pending_bytes };
    Tool::new(ToolInfo { limits, ..ToolInfo::new(name, description) }, WHICH, WHICH)
}

static POOL: [[Tool<'static>; 1]; 8] = [
    [tool("one", "At once.", 0)],
    [tool("one", "Later.", 4)],
    [tool("two", "At once.", 0)],
    [tool("two", "Later.", 4)],
    [tool("three", "At once.", 0)],
    [tool("three", "Later.", 4)],
    [tool("four", "At once.", 0)],
    [tool("five", "Needs more than there is.", 9)],
];
const TOO_MUCH: usize = 7;

fn hash(which: usize) -> u64 {
    POOL[which][0].hash()
}

type Places = Registry<Listed<'static>, [Place<'static, Listed<'static>>; PLACES]>;

struct Board {
    registry: &'static Places,
    entered: u32,
    /// Calls that wait, and those that are answered at a tick.
    fresh: Option<CallId>,
    later: VecDeque<(CallId, usize)>,
    stopped: Vec<CallId>,
}

impl Tools for Board {
    fn call(&mut self, call: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
        let which = call.args.int(0).expect("it was checked") as usize;
        let tool = self.registry.at(call.tool).expect("a tool that is there");
        assert_eq!(tool.check(), hash(which) as u32, "another tool than was meant");
        self.entered += 1;
        if !call.block.is_empty() {
            self.fresh = Some(call.id);
            return Answer::Pending;
        }
        out.int(0, which as i64);
        Answer::Done
    }

    fn tick(&mut self, _: u64, calls: &mut Calls<'_, '_>) -> u64 {
        while let Some(&(call, which)) = self.later.front() {
            if calls.complete(call, |out| out.int(0, which as i64)).is_err() {
                break;
            }
            self.later.pop_front();
        }
        u64::MAX
    }

    fn stop(&mut self, tool: u16, id: CallId) {
        if tool != GONE {
            assert!(self.registry.at(tool).is_some(), "a tool is told before it goes");
            self.stopped.push(id);
        }
    }
}

/// What the host knows of a call.
#[derive(Clone, Copy, Debug)]
struct Made {
    number: u16,
    which: usize,
    /// While it waits for its answer.
    pending: Option<CallId>,
    /// Whether its tool went meanwhile.
    went: bool,
}

struct Scene {
    host: Host<Board>,
    registry: &'static Places,
    pool: &'static [Listed<'static>],
    /// What should be in each place.
    model: [Option<(ToolId, usize)>; PLACES],
    high_water: u16,
    ids: Vec<ToolId>,
    made: HashMap<u32, Made>,
    /// The last answer to each call.
    answers: HashMap<u32, Vec<u8>>,
    sequence: [u32; SLOTS as usize],
    /// Whether the host is to be greeted.
    changed: bool,
}

impl Scene {
    fn new(source: &mut Source<'_>) -> Self {
        let registry: &'static Places =
            Box::leak(Box::new(Registry::new(0, [const { Place::free() }; PLACES])));
        let pool = (0..POOL.len()).map(|at| Listed::new(&POOL[at], 0).expect("it is right"));
        let config = Config {
            epoch: EPOCH,
            calls_max: SLOTS as u8,
            pending_max: 4,
            repeat_max: 200,
            ..Config::DEFAULT
        };
        let board = Board {
            registry,
            entered: 0,
            fresh: None,
            later: VecDeque::new(),
            stopped: Vec::new(),
        };
        let device = |memory, rx| Device::with_rules(&config, memory, rx, registry);
        let mut host = Host::over(&config, device, board, source);
        assert_eq!(host.hello(HostHello { session: SESSION, ..HostHello::default() }), EPOCH);
        Self {
            host,
            registry,
            pool: pool.collect::<Vec<_>>().leak(),
            model: [None; PLACES],
            high_water: 0,
            ids: Vec::new(),
            made: HashMap::new(),
            answers: HashMap::new(),
            sequence: [0; SLOTS as usize],
            changed: false,
        }
    }

    fn named(&self, which: usize) -> Option<(usize, ToolId)> {
        let name = POOL[which][0].info.name;
        let is_it = |&(_, held): &(ToolId, usize)| POOL[held][0].info.name == name;
        self.model
            .iter()
            .enumerate()
            .find_map(|(at, held)| held.filter(is_it).map(|(id, _)| (at, id)))
    }

    fn step(&mut self, source: &mut Source<'_>) {
        let which = source.below(POOL.len() as u32) as usize;
        match source.below(12) {
            0 | 1 => self.add(which),
            2 | 3 => self.replace(source, which),
            4 => self.remove(source),
            5..9 => self.call(source, which),
            9 => self.repeat(source),
            10 => self.complete(source),
            // What was sent waits, and something changes meanwhile.
            _ => {
                self.host.send(&HostMessage::Ping { nonce: 3 });
                let now = self.host.now();
                self.host.device.poll(now, 4, &mut self.host.tools);
                if source.once_in(2) { self.remove(source) } else { self.replace(source, which) }
            }
        }
        self.hear();
        self.compare();
    }

    fn add(&mut self, which: usize) {
        let added = self.host.device.add_tool(self.registry, &self.pool[which]);
        let free = self.model.iter().position(Option::is_none);
        match (self.named(which), free) {
            _ if which == TOO_MUCH => assert_eq!(added, Err(RegistryError::PendingBytes(9))),
            (Some((at, _)), _) => assert_eq!(added, Err(RegistryError::Duplicate(at as u16))),
            (None, None) => assert_eq!(added, Err(RegistryError::Full(PLACES as u16))),
            (None, Some(at)) => {
                let id = added.expect("there is room");
                assert_eq!(usize::from(id.number()), at);
                assert!(!self.ids.contains(&id), "an id is used again");
                self.model[at] = Some((id, which));
                self.ids.push(id);
                let count = self.model.iter().flatten().count() as u16;
                self.high_water = self.high_water.max(count);
                self.changed = true;
            }
        }
    }

    fn replace(&mut self, source: &mut Source<'_>, which: usize) {
        let Some(&id) = self.ids.get(source.below(self.ids.len().max(1) as u32) as usize) else {
            return;
        };
        let Host { device, tools, .. } = &mut self.host;
        let replaced = device.replace_tool(self.registry, (id, &self.pool[which]), tools);
        let at = usize::from(id.number());
        let is_there = self.model[at].is_some_and(|(held, _)| held == id);
        match self.named(which) {
            _ if which == TOO_MUCH => assert_eq!(replaced, Err(RegistryError::PendingBytes(9))),
            _ if !is_there => assert_eq!(replaced, Err(RegistryError::Stale)),
            Some((other, _)) if other != at => {
                assert_eq!(replaced, Err(RegistryError::Duplicate(other as u16)));
            }
            _ => {
                replaced.expect("it is there");
                self.model[at] = Some((id, which));
                self.went(at as u16);
            }
        }
    }

    fn remove(&mut self, source: &mut Source<'_>) {
        let Some(&id) = self.ids.get(source.below(self.ids.len().max(1) as u32) as usize) else {
            return;
        };
        let at = usize::from(id.number());
        let is_there = self.model[at].is_some_and(|(held, _)| held == id);
        let Host { device, tools, .. } = &mut self.host;
        assert_eq!(device.remove_tool(self.registry, id, tools), is_there);
        if is_there {
            self.model[at] = None;
            self.went(at as u16);
        }
    }

    /// The calls of a tool that went were stopped, and are no longer its.
    fn went(&mut self, number: u16) {
        self.changed = true;
        let mut stopped = core::mem::take(&mut self.host.tools.stopped);
        for made in self.made.values_mut().filter(|made| made.number == number) {
            if let Some(call) = made.pending.take() {
                let at = stopped.iter().position(|&one| one == call).expect("it was stopped");
                stopped.remove(at);
                made.went = true;
                // Its answer changes nothing any more.
                self.host.tools.later.push_back((call, made.which));
            }
        }
        assert_eq!(stopped, [], "a call of another tool was stopped");
    }

    /// A call by what the host knows of a number, which may be old.
    fn call(&mut self, source: &mut Source<'_>, which: usize) {
        let slot = source.below(SLOTS);
        let number = source.below(PLACES as u32 + 1) as u16;
        let held = self.model.get(usize::from(number)).copied().flatten();
        let which = match held {
            Some((_, held)) if !source.once_in(4) => held,
            _ => which,
        };
        let check = message::check(hash(which), EPOCH, SESSION);
        self.sequence[slot as usize] += 1;
        let id = self.sequence[slot as usize] * SLOTS + slot;
        let args = [0, 2, 2 * which as u8];
        let entered = self.host.tools.entered;
        self.send(id, number, check, &args);
        let heard = self.hear();
        let answer = heard.iter().find(|(one, _)| *one == id).map(|(_, bytes)| bytes.clone());
        let is_meant = held.is_some_and(|(_, held)| held == which);
        assert_eq!(self.host.tools.entered - entered, u32::from(is_meant));
        if held.is_some() && is_meant {
            // The slot is used again: what was pending there is given up.
            let of_slot = self.made.iter_mut().filter(|(one, _)| *one % SLOTS == slot);
            let given_up: Vec<CallId> =
                of_slot.filter_map(|(_, made)| made.pending.take()).collect();
            assert_eq!(core::mem::take(&mut self.host.tools.stopped), given_up);
        }
        let Some(answer) = answer else {
            let pending = self.host.tools.fresh.take();
            assert!(is_meant && pending.is_some(), "no answer to {id}");
            self.made.insert(id, Made { number, which, pending, went: false });
            return;
        };
        let Some(DeviceMessage::Result { outcome, .. }) = message::read(&answer) else { panic!() };
        match (held, outcome) {
            (None, Outcome::UnknownTool) => {}
            (Some(_), Outcome::Done { value }) if is_meant => assert_eq!(value, args),
            (Some(_), Outcome::Stale) if !is_meant => {}
            (held, outcome) => panic!("{held:?} {outcome:?}"),
        }
        if is_meant {
            self.made.insert(id, Made { number, which, pending: None, went: false });
            self.answers.insert(id, answer);
        }
    }

    fn send(&mut self, id: u32, tool: u16, check: [u8; 4], args: &[u8]) {
        let call = message::Call { id, tool, check, args, ..message::Call::default() };
        self.host.send(&HostMessage::Call(call));
    }

    /// A call that came before, however its tool has changed: it is answered as before, or is still
    /// under way, and never runs again.
    fn repeat(&mut self, source: &mut Source<'_>) {
        let slot = source.below(SLOTS);
        let id = self.sequence[slot as usize] * SLOTS + slot;
        let Some(&made) = self.made.get(&id) else { return };
        self.hear();
        let (known, entered) = (self.answers.get(&id).cloned(), self.host.tools.entered);
        let check = message::check(hash(made.which), EPOCH, SESSION);
        self.send(id, made.number, check, &[0, 2, 2 * made.which as u8]);
        let heard = self.hear();
        let answer = heard.iter().find(|(one, _)| *one == id).map(|(_, bytes)| bytes.clone());
        assert_eq!(self.host.tools.entered, entered, "a call has run twice");
        assert_eq!(answer, known, "{made:?}");
    }

    fn complete(&mut self, source: &mut Source<'_>) {
        let mut pending: Vec<u32> = self
            .made
            .iter()
            .filter(|(_, made)| made.pending.is_some())
            .map(|(id, _)| *id)
            .collect();
        pending.sort_unstable();
        let Some(&id) = pending.get(source.below(pending.len().max(1) as u32) as usize) else {
            return;
        };
        let Some(made) = self.made.get_mut(&id) else { return };
        let (call, which) = (made.pending.take().expect("it waits"), made.which);
        self.host.tools.later.push_back((call, which));
        let heard = self.hear();
        let [(one, bytes)] = &heard[..] else { panic!("{heard:?}") };
        let Some(DeviceMessage::Result { outcome: Outcome::Done { .. }, .. }) =
            message::read(bytes)
        else {
            panic!("{bytes:?}")
        };
        assert_eq!(*one, id);
    }

    /// What the device says: answers with the ids of their calls. A greeting comes after a change
    /// and only then, once, with the hash of the list.
    fn hear(&mut self) -> Vec<(u32, Vec<u8>)> {
        let heard = self.host.hear();
        let mut answers = Vec::new();
        for bytes in heard {
            match message::read::<DeviceMessage<'_>>(&bytes).expect("a known message") {
                DeviceMessage::Hello(hello) => {
                    assert!(core::mem::take(&mut self.changed), "it greets unasked");
                    assert_eq!(hello.table_hash, self.list_hash());
                }
                DeviceMessage::Result { id, outcome } => {
                    let went = self.made.get(&id).is_some_and(|made| made.went);
                    let is_over = matches!(outcome, Outcome::Failed { .. } | Outcome::Cancelled);
                    assert!(!went || is_over, "{outcome:?} of a tool that went");
                    if let Some(before) = self.answers.insert(id, bytes.clone()) {
                        assert_eq!(before, bytes, "the answer to {id} has changed");
                    }
                    answers.push((id, bytes));
                }
                DeviceMessage::Pong { .. } | DeviceMessage::Progress { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        assert!(!self.changed, "the host was not told");
        // Who went has its answer by now.
        for (id, made) in &self.made {
            let is_open = made.pending.is_some();
            let slot = id % SLOTS;
            let is_last = self.sequence[slot as usize] * SLOTS + slot == *id;
            assert!(is_open || !is_last || self.answers.contains_key(id), "{id} has no answer");
        }
        answers
    }

    fn list_hash(&self) -> u64 {
        let end = self.model.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        hash_of_hashes(self.model[..end].iter().map(|held| held.map_or(0, |(_, held)| hash(held))))
    }

    fn compare(&self) {
        assert_eq!(usize::from(self.registry.len()), self.model.iter().flatten().count());
        assert_eq!(self.registry.high_water(), self.high_water);
        for id in &self.ids {
            let held = self.model[usize::from(id.number())].filter(|(held, _)| held == id);
            let found = self.registry.get(*id).map(Registered::check);
            assert_eq!(found, held.map(|(_, which)| hash(which) as u32));
        }
        for (which, [tool]) in POOL.iter().enumerate() {
            let name = tool.info.name;
            let found = self.registry.find(name.as_bytes());
            assert_eq!(found, self.named(which).map(|(_, id)| id));
        }
    }
}

proptest! {
    #![proptest_config(crate::cases(60))]

    #[test]
    fn a_call_runs_the_tool_that_was_meant_or_none_and_is_answered_once(
        first in crate::draws(12),
        steps in prop::collection::vec(crate::draws(14), 1..60),
    ) {
        let mut scene = Scene::new(&mut Source::new(&first));
        for step in &steps {
            scene.step(&mut Source::new(step));
        }
    }
}
