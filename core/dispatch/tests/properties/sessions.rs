//! Several hosts that take one device from each other: whose calls run, and when it has lost them.

use std::collections::HashSet;

use proptest::prelude::*;
use trine_descriptor::{Field, IntRange, Kind, Limits, Tool, ToolInfo, ValueWriter};
use trine_dispatch::{Answer, Call, CallId, Config, Heartbeat, Tools};
use trine_wire::message::{self, HostHello, HostMessage};

use crate::host::{Host, answer, counted, under_way};
use crate::shape::number;
use crate::source::Source;

const EPOCH: u32 = 0x0102_0304;
const SLOTS: u32 = 2;
const LINK_MS: u32 = 500;
/// Sessions of three hosts, and one of a host that has started again.
const SESSIONS: [u32; 4] = [0x5555_0001, 0x5555_0002, 0xffff_ffff, 0];

const NUMBER: &[Field<'static>] =
    &[Field::new("number", Kind::Int(IntRange { min: 0, max: 1 << 20 })).describe("A number.")];
static TOOLS: [Tool<'static>; 2] = [
    Tool::new(ToolInfo::new("echo", "Answers it."), NUMBER, NUMBER),
    Tool::new(
        ToolInfo {
            limits: Limits { deadline_ms: u32::MAX, pending_bytes: 1 },
            ..ToolInfo::new("wait", "Never answers.")
        },
        NUMBER,
        NUMBER,
    ),
];

#[derive(Default)]
struct Board {
    entered: Vec<i64>,
    pending: Vec<(i64, CallId)>,
    stopped: Vec<CallId>,
    losses: u32,
}

impl Tools for Board {
    fn call(&mut self, call: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
        let number = call.args.int(0).expect("it is required");
        self.entered.push(number);
        out.int(0, number);
        if call.tool == 0 {
            return Answer::Done;
        }
        self.pending.push((number, call.id));
        Answer::Pending
    }

    fn stop(&mut self, _: u16, id: CallId) {
        self.stopped.push(id);
    }

    fn link_lost(&mut self, _: u64) {
        self.losses += 1;
    }
}

/// A call as it was sent once, and can come again at any time.
#[derive(Clone, Debug)]
struct Sent {
    id: u32,
    tool: u16,
    session: u32,
    epoch: u32,
    number: i64,
}

/// The last call of a slot, and its answer if it has one.
type Last = Option<(Sent, Option<Vec<u8>>)>;

struct Scene {
    host: Host<Board>,
    heartbeat: &'static Heartbeat,
    link_ms: u32,
    /// The session in force and its epoch.
    current: Option<(u32, u32)>,
    epochs: HashSet<u32>,
    /// The epoch that each host was told last.
    told: [u32; SESSIONS.len()],
    slots: [Last; SLOTS as usize],
    sent: Vec<Sent>,
    entered: Vec<i64>,
    /// When the last message came, while the link is there.
    linked: Option<u64>,
    losses: u32,
}

impl Scene {
    fn new(source: &mut Source<'_>) -> Self {
        let link_ms = source.one(&[LINK_MS, 0]);
        let epoch = source.one(&[EPOCH, 1, u32::MAX, 6]);
        let config = Config { epoch, calls_max: SLOTS as u8, link_ms, ..Config::DEFAULT };
        let mut host = Host::new(config, (&TOOLS, Board::default()), source);
        let heartbeat = Box::leak(Box::new(Heartbeat::new()));
        host.device.set_heartbeat(heartbeat);
        Self {
            host,
            heartbeat,
            link_ms,
            current: None,
            epochs: HashSet::from([epoch]),
            told: [epoch; SESSIONS.len()],
            slots: Default::default(),
            sent: Vec::new(),
            entered: Vec::new(),
            linked: None,
            losses: 0,
        }
    }

    fn step(&mut self, source: &mut Source<'_>) {
        match source.below(8) {
            0 => self.hello(source.below(SESSIONS.len() as u32) as usize),
            1..5 => {
                let call = self.call(source);
                self.sent.push(call.clone());
                self.receive(&call);
            }
            5 | 6 if !self.sent.is_empty() => {
                let back = source.below(self.sent.len().min(8) as u32) as usize;
                let call = self.sent[self.sent.len() - 1 - back].clone();
                self.receive(&call);
            }
            _ => self.wait(source.one(&[1, 498, 499, 500, 501, 1 << 24])),
        }
        self.compare();
    }

    fn hello(&mut self, who: usize) {
        let session = SESSIONS[who];
        let stopped = self.host.tools.stopped.len();
        let epoch = self.host.hello(HostHello { session, ..HostHello::default() });
        self.linked = Some(self.host.elapsed);
        self.told[who] = epoch;
        let mut waited = Vec::new();
        match self.current {
            Some((held, of)) if held == session => assert_eq!(epoch, of, "it goes on"),
            Some(_) => {
                assert!(epoch != 0 && self.epochs.insert(epoch), "an epoch comes back");
                // What was pending for the other host is over, and nothing of it is known.
                let open = self.slots.iter().flatten().filter(|last| last.1.is_none());
                waited.extend(open.map(|last| last.0.number));
                self.slots = Default::default();
            }
            None => assert!(self.epochs.contains(&epoch), "the first host finds the boot's"),
        }
        let handle = |number: &i64| {
            let found = self.host.tools.pending.iter().find(|(of, _)| of == number);
            found.expect("it was entered").1
        };
        let waited: Vec<CallId> = waited.iter().map(handle).collect();
        assert_eq!(self.host.tools.stopped[stopped..], waited);
        self.current = Some((session, epoch));
    }

    /// A call of one of the hosts, as that host sees the device: it may be another's by now.
    fn call(&self, source: &mut Source<'_>) -> Sent {
        let who = source.below(SESSIONS.len() as u32) as usize;
        let slot = source.below(SLOTS);
        let last = self.slots[slot as usize].as_ref().map_or(0, |last| last.0.id / SLOTS);
        let sequence = last + 1 + source.below(2);
        Sent {
            id: sequence * SLOTS + slot,
            tool: source.below(2) as u16,
            session: SESSIONS[who],
            epoch: self.told[who],
            number: self.sent.len() as i64,
        }
    }

    fn receive(&mut self, call: &Sent) {
        let mut args = vec![0, 2];
        number(2 * call.number as u64, &mut args);
        let hash = TOOLS[usize::from(call.tool)].hash();
        self.host.send(&HostMessage::Call(message::Call {
            id: call.id,
            tool: call.tool,
            check: message::check(hash, call.epoch, call.session),
            args: &args,
            ..message::Call::default()
        }));
        let heard = self.host.hear();
        self.linked = Some(self.host.elapsed);
        let last = &mut self.slots[(call.id % SLOTS) as usize];
        let wanted = match last {
            Some((before, _)) if call.id < before.id => None,
            Some((before, kept)) if call.id == before.id => {
                Some(kept.clone().unwrap_or_else(|| under_way(call.id)))
            }
            _ if !is_of(call, self.current) => Some(answer(call.id, 3, &[])),
            _ => {
                self.entered.push(call.number);
                let done = (call.tool == 0).then(|| answer(call.id, 0, &counted(&args)));
                *last = Some((call.clone(), done.clone()));
                done
            }
        };
        assert_eq!(heard, Vec::from_iter(wanted));
    }

    fn wait(&mut self, ms: u64) {
        self.host.elapsed += ms;
        assert_eq!(self.host.hear(), Vec::<Vec<u8>>::new());
        let silent = self.linked.map(|since| self.host.elapsed - since);
        if self.link_ms > 0 && silent.is_some_and(|silent| silent >= self.link_ms.into()) {
            self.linked = None;
            self.losses += 1;
        }
    }

    fn compare(&self) {
        let tools = &self.host.tools;
        assert_eq!(tools.entered, self.entered);
        let different: HashSet<_> = tools.entered.iter().collect();
        assert_eq!(different.len(), tools.entered.len(), "a call ran twice");
        assert_eq!(tools.losses, self.losses);
        assert_eq!(self.host.device.is_linked(), self.linked.is_some());
        let live = self.heartbeat.is_live(self.host.now() as u32, 1, self.link_ms);
        assert!(live == (self.linked.is_some() || self.link_ms == 0) || self.entered.is_empty());
    }
}

/// Whether a call was made for the session in force.
fn is_of(call: &Sent, current: Option<(u32, u32)>) -> bool {
    let guard = |session, epoch| message::check(0, epoch, session);
    current.is_some_and(|(held, of)| guard(held, of) == guard(call.session, call.epoch))
}

proptest! {
    #![proptest_config(crate::cases(1200))]

    #[test]
    fn a_call_runs_once_and_only_in_the_session_that_it_was_made_for(
        first in crate::draws(16),
        steps in prop::collection::vec(crate::draws(16), 1..40),
    ) {
        let mut scene = Scene::new(&mut Source::new(&first));
        for draws in &steps {
            scene.step(&mut Source::new(draws));
        }
    }
}
