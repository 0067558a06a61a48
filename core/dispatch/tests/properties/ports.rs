//! Records that interrupts put into ports at any point: while the device sleeps, while a tool runs,
//! while calls expire. Each call has one answer, and no record is lost, repeated or overtaken.

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

use proptest::prelude::*;
use trine_arena::Ring;
use trine_descriptor::{Field, IntRange, Kind, Limits, Tool, ToolInfo, ValueWriter};
use trine_dispatch::{Answer, Call, CallId, Calls, Config, Port, Tools};
use trine_wire::message::{self, DeviceMessage, HostHello, HostMessage, Outcome};

use crate::host::Host;
use crate::source::Source;

const EPOCH: u32 = 9;
const SESSION: u32 = 0x5555_0001;
const SLOTS: u32 = 3;
const DEADLINE_MS: u64 = 400;
/// Bytes of a record before its text or value, and most bytes of a text.
const HEAD: usize = 5;
const TEXT_MAX: usize = 96;

const NUMBER: &[Field<'static>] =
    &[Field::new("number", Kind::Int(IntRange { min: 0, max: 100 })).describe("A number.")];
static TOOLS: [Tool<'static>; 1] = [Tool::new(
    ToolInfo {
        limits: Limits { deadline_ms: DEADLINE_MS as u32, pending_bytes: 1 },
        ..ToolInfo::new("work", "An interrupt completes it.")
    },
    NUMBER,
    NUMBER,
)];

/// Results that the tool's descriptor forbids, and what is said of them: rule and node.
const BAD: [(&[u8], u8, u16); 4] =
    [(&[], 2, 0), (&[0, 2, 201, 1], 4, 0), (&[0, 2, 0x80, 2], 5, 0), (&[0, 2, 0x80], 14, 65_535)];

/// What an interrupt says.
#[derive(Clone, Debug)]
enum Record {
    Complete(Vec<u8>),
    Fail(&'static str),
    Cancel,
    Event(u16, &'static str),
}

/// Where an interrupt comes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Point {
    Asleep,
    InCall,
    InTick,
    InStop,
}

/// The interrupts' ends, and what they are to say at the next time that a point is reached.
struct Interrupts {
    ports: Vec<Port<'static>>,
    next: VecDeque<(Point, usize, CallId, Record)>,
    /// Records that went in, by port.
    said: Vec<VecDeque<(CallId, Record)>>,
}

impl Interrupts {
    fn at(&mut self, point: Point) {
        while self.next.front().is_some_and(|next| next.0 == point) {
            let (_, port, call, record) = self.next.pop_front().expect("it was seen");
            self.say(port, call, record);
        }
    }

    fn say(&mut self, port: usize, call: CallId, record: Record) -> bool {
        let end = &mut self.ports[port];
        let went_in = match &record {
            Record::Complete(value) => end.complete(call, value),
            Record::Fail(text) => end.fail(call, text),
            Record::Cancel => end.cancel(call),
            Record::Event(tool, text) => end.event(*tool, text),
        };
        if went_in {
            self.said[port].push_back((call, record));
        }
        went_in
    }
}

struct Board {
    interrupts: Rc<RefCell<Interrupts>>,
    entered: Vec<CallId>,
    stopped: Vec<CallId>,
}

impl Tools for Board {
    fn call(&mut self, call: Call<'_>, _: &mut ValueWriter<'_>) -> Answer {
        self.entered.push(call.id);
        // Its own call too, of which the device does not know yet that it is pending.
        let mut interrupts = self.interrupts.borrow_mut();
        interrupts.next.iter_mut().filter(|next| next.0 == Point::InCall).for_each(|next| {
            next.2 = call.id;
        });
        interrupts.at(Point::InCall);
        Answer::Pending
    }

    fn tick(&mut self, _: u64, _: &mut Calls<'_, '_>) -> u64 {
        self.interrupts.borrow_mut().at(Point::InTick);
        u64::MAX
    }

    fn stop(&mut self, _: u16, id: CallId) {
        self.stopped.push(id);
        self.interrupts.borrow_mut().at(Point::InStop);
    }
}

/// A call that was entered.
struct Made {
    id: u32,
    handle: CallId,
    due: u64,
    /// Whether it is answered, or no one waits for it.
    is_over: bool,
}

struct Scene {
    host: Host<Board>,
    interrupts: Rc<RefCell<Interrupts>>,
    rooms: Vec<usize>,
    sequences: [u32; SLOTS as usize],
    made: Vec<Made>,
    events: u32,
    /// Records that were there when the device was last polled.
    taken: usize,
}

impl Scene {
    fn new(source: &mut Source<'_>) -> Self {
        let config = Config { epoch: EPOCH, calls_max: SLOTS as u8, ..Config::DEFAULT };
        let rooms: Vec<usize> =
            (0..1 + source.below(4)).map(|_| source.one(&[300, 6, 5, 4, 16, 101, 102])).collect();
        let interrupts = Rc::new(RefCell::new(Interrupts {
            ports: Vec::new(),
            next: VecDeque::new(),
            said: vec![VecDeque::new(); rooms.len()],
        }));
        let board =
            Board { interrupts: interrupts.clone(), entered: Vec::new(), stopped: Vec::new() };
        let mut host = Host::new(config, (&TOOLS, board), source);
        for room in &rooms {
            let ring = Box::leak(Box::new(Ring::new(vec![0; room + 1].leak())));
            let (producer, consumer) = ring.split();
            host.device.add_port(consumer).expect("there is a place");
            interrupts.borrow_mut().ports.push(Port::new(producer));
        }
        assert_eq!(host.hello(HostHello { session: SESSION, ..HostHello::default() }), EPOCH);
        let sequences = [0; SLOTS as usize];
        Self { host, interrupts, rooms, sequences, made: Vec::new(), events: 0, taken: 0 }
    }

    fn step(&mut self, source: &mut Source<'_>) {
        for _ in 0..source.below(4) {
            self.interrupt(source);
        }
        match source.below(4) {
            0 | 1 => self.call(source),
            2 => self.host.elapsed += source.one(&[1, DEADLINE_MS - 1, DEADLINE_MS]),
            _ => {}
        }
        self.hear();
    }

    fn interrupt(&mut self, source: &mut Source<'_>) {
        let port = source.below(self.rooms.len() as u32) as usize;
        let back = source.below(4) as usize;
        let at = self.made.len().checked_sub(1 + back);
        let handle = at.map_or(CallId::LOCAL, |at| self.made[at].handle);
        let texts = [
            "",
            "the tank is empty",
            "é",
            "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字",
        ];
        let record = match source.below(6) {
            0 => Record::Complete(vec![0, 2, 80]),
            1 => Record::Complete(source.one(&BAD).0.to_vec()),
            2 => Record::Complete(vec![0; source.one(&[257, 290, 296])]),
            3 => Record::Fail(source.one(&texts)),
            4 => Record::Cancel,
            _ => Record::Event(source.below(3) as u16, source.one(&texts)),
        };
        let point = source.one(&[Point::Asleep, Point::InCall, Point::InTick, Point::InStop]);
        let mut interrupts = self.interrupts.borrow_mut();
        if point != Point::Asleep {
            return interrupts.next.push_back((point, port, handle, record));
        }
        // It goes in exactly if there is room; a text is cut to what the ring can hold at all.
        let capacity = self.rooms[port];
        let used: usize = interrupts.said[port].iter().map(|(_, said)| size(said, capacity)).sum();
        let wanted = size(&record, capacity);
        assert_eq!(interrupts.say(port, handle, record), used + wanted <= capacity);
    }

    fn call(&mut self, source: &mut Source<'_>) {
        let slot = source.below(SLOTS);
        self.sequences[slot as usize] += 1;
        let id = self.sequences[slot as usize] * SLOTS + slot;
        let check = message::check(TOOLS[0].hash(), EPOCH, SESSION);
        let call = message::Call { id, check, args: &[0, 2, 2], ..message::Call::default() };
        self.host.send(&HostMessage::Call(call));
        let due = self.host.elapsed + DEADLINE_MS;
        // Its handle is known when it was entered.
        self.made.push(Made { id, handle: CallId::LOCAL, due, is_over: false });
    }

    /// Takes what the device says: of each call one answer, and what that is comes from a record.
    fn hear(&mut self) {
        let (entered, stopped) = (self.host.tools.entered.len(), self.host.tools.stopped.len());
        let mut heard = self.host.hear();
        // What the last tick brought is taken at the next poll.
        while self.interrupts.borrow().said.iter().map(VecDeque::len).sum::<usize>() != self.taken {
            self.taken = self.interrupts.borrow().said.iter().map(VecDeque::len).sum();
            heard.extend(self.host.hear());
        }
        self.taken = 0;
        if let Some(handle) = self.host.tools.entered.get(entered) {
            self.made.last_mut().expect("a call was made").handle = *handle;
            let slot = self.made[self.made.len() - 1].id % SLOTS;
            let before = self.made.len() - 1;
            let stopped = &self.host.tools.stopped[stopped..];
            for made in self.made[..before].iter_mut().filter(|made| made.id % SLOTS == slot) {
                // What is given up gets no answer, and is over.
                made.is_over |= stopped.contains(&made.handle);
            }
        }
        // At the next tick or call what waits for that comes, and some may go in late.
        let said: Vec<_> = {
            let mut interrupts = self.interrupts.borrow_mut();
            interrupts.said.iter_mut().map(core::mem::take).collect()
        };
        let events: Vec<Vec<(u16, String)>> = (said.iter().zip(&self.rooms))
            .map(|(records, room)| {
                let event = |(_, record): &(_, Record)| match record {
                    Record::Event(tool, text) => Some((*tool, cut(text, *room))),
                    _ => None,
                };
                records.iter().filter_map(event).collect()
            })
            .collect();
        // How many events of each port may have been heard: where two ports say the same, it may be
        // that of either.
        let mut heard_of = BTreeSet::from([vec![0; events.len()]]);
        for bytes in &heard {
            match message::read(bytes).expect("a known message") {
                DeviceMessage::Event { seq, tool, text, .. } => {
                    self.events += 1;
                    assert_eq!(seq, self.events);
                    let one = (tool, text.to_string());
                    let is_next = |counts: &[usize], port: usize| {
                        events[port].get(counts[port]) == Some(&one)
                    };
                    let mut with_it = BTreeSet::new();
                    for counts in &heard_of {
                        for port in (0..events.len()).filter(|port| is_next(counts, *port)) {
                            let mut counts = counts.clone();
                            counts[port] += 1;
                            with_it.insert(counts);
                        }
                    }
                    assert!(!with_it.is_empty(), "{one:?} is not the next of any port");
                    heard_of = with_it;
                }
                DeviceMessage::Result { id, outcome } => self.answered(id, outcome, &said),
                other => panic!("{other:?}"),
            }
        }
        let all: Vec<usize> = events.iter().map(Vec::len).collect();
        assert!(heard_of.contains(&all), "{heard_of:?} of {events:?}: some are lost");
        // A record about a call that was pending has ended it.
        for (call, record) in said.iter().flatten() {
            let is_event = matches!(record, Record::Event(..));
            let made = self.made.iter().find(|made| made.handle == *call && !is_event);
            assert!(made.is_none_or(|made| made.is_over), "{record:?} was not taken");
        }
        for made in &self.made {
            let is_due = made.due <= self.host.elapsed;
            assert!(made.is_over || !is_due, "it should have expired");
        }
    }

    fn answered(&mut self, id: u32, outcome: Outcome<'_>, said: &[VecDeque<(CallId, Record)>]) {
        let elapsed = self.host.elapsed;
        let made = self.made.iter_mut().find(|made| made.id == id).expect("it was made");
        assert!(!core::mem::replace(&mut made.is_over, true), "two answers");
        let handle = made.handle;
        if outcome == Outcome::Expired {
            assert!(made.due <= elapsed && self.host.tools.stopped.contains(&handle));
            return;
        }
        // It is that of the first record of a port about it.
        let firsts = said.iter().enumerate().filter_map(|(port, records)| {
            let mut about = records
                .iter()
                .filter(|(call, record)| *call == handle && !matches!(record, Record::Event(..)));
            about.next().map(|(_, record)| (record, self.rooms[port]))
        });
        let right = |(record, room): (&Record, usize)| match (record, outcome) {
            (Record::Complete(value), Outcome::Done { value: told }) => told == value,
            (Record::Complete(value), Outcome::BadResult { code, node }) => {
                let bad = BAD.iter().find(|bad| bad.0 == value);
                let (rule, at) = bad.map_or((8, 65_535), |bad| (bad.1, bad.2));
                value[..] != [0, 2, 80] && (code, node) == (rule, at)
            }
            (Record::Fail(text), Outcome::Failed { text: told }) => told == cut(text, room),
            (Record::Cancel, Outcome::Cancelled) => true,
            _ => false,
        };
        assert!(firsts.clone().any(right), "{outcome:?} of {:?}", firsts.collect::<Vec<_>>());
    }
}

/// What of a text goes through a port: whole characters of the bytes for which there is room.
fn cut(text: &str, capacity: usize) -> String {
    let room = capacity.saturating_sub(HEAD).min(TEXT_MAX);
    let mut kept = String::new();
    for letter in text.chars() {
        if kept.len() + letter.len_utf8() > room {
            break;
        }
        kept.push(letter);
    }
    kept
}

/// Bytes of a record in a ring.
fn size(record: &Record, capacity: usize) -> usize {
    let room = capacity.saturating_sub(HEAD).min(TEXT_MAX);
    HEAD + match record {
        Record::Complete(value) => value.len(),
        Record::Fail(text) | Record::Event(_, text) => text.len().min(room),
        Record::Cancel => 0,
    }
}

proptest! {
    #![proptest_config(crate::cases(1500))]

    #[test]
    fn what_interrupts_say_at_any_point_is_taken_once_and_in_order(
        first in crate::draws(16),
        steps in prop::collection::vec(crate::draws(24), 1..30),
    ) {
        let mut scene = Scene::new(&mut Source::new(&first));
        for draws in &steps {
            scene.step(&mut Source::new(draws));
        }
    }
}
