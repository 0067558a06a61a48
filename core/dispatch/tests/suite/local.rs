//! Calls that come from the program itself, and what it keeps of what happens.

use trine_arena::Ring;
use trine_descriptor::{
    Consent, Fault, FaultCode, Field, IntRange, Kind, Limits, NO_NODE, Tool, ToolInfo, ValueWriter,
};
use trine_dispatch::{Answer, Call, CallId, Config, Device, Local, News, Tools};
use trine_wire::message::{self, DeviceMessage, Outcome};

use crate::bench::{FAN, MOVE, OPEN, with_rig};

const LATER: u16 = 1;
const CAMERA: u16 = 2;
const WILD: u16 = 3;
/// As many as there are tools: the first number of none.
const NONE: u16 = 4;

const PERCENT: Kind<'static> = Kind::Int(IntRange { min: 0, max: 100 });
const NODES: &[Field<'static>] = &[Field::new("percent", PERCENT).describe("Percent.")];

const fn info(name: &'static str) -> ToolInfo<'static> {
    ToolInfo::new(name, "A tool of the program.")
}

static TOOLS: [Tool<'static>; 4] = [
    Tool::new(info("fan"), NODES, NODES),
    Tool::new(
        ToolInfo { limits: Limits { deadline_ms: 500, pending_bytes: 4 }, ..info("later") },
        NODES,
        NODES,
    ),
    Tool::new(ToolInfo { content: true, ..info("snap") }, NODES, &[]),
    Tool::new(ToolInfo { consent: Consent::Device, ..info("wild") }, NODES, NODES),
];

const CONFIG: Config<'static> =
    Config { local_max: 2, repeat_max: 20, deadline_ms: 7_000, ..Config::DEFAULT };
/// 40 percent, as arguments or as a result.
const FORTY: &[u8] = &[0, 2, 80];

/// Tools that answer what a test says.
struct Script {
    answer: Answer,
    writes: Vec<u8>,
    entered: Vec<(u16, u64, u64, usize)>,
    stopped: Vec<(u16, CallId)>,
}

impl Tools for Script {
    fn call(&mut self, call: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
        assert_eq!((call.args.int(0), call.principal, call.tagged), (Some(40), "", false));
        assert!(call.state.is_empty() && call.answers.is_empty());
        assert!(call.block.iter().all(|&byte| byte == 0), "what another call left there");
        call.block.fill(0x55);
        self.entered.push((call.tool, call.now, call.deadline, call.block.len()));
        out.with_rest(|rest| {
            rest.get_mut(..self.writes.len())?.copy_from_slice(&self.writes);
            Some(self.writes.len())
        });
        self.answer
    }

    fn stop(&mut self, tool: u16, id: CallId) {
        self.stopped.push((tool, id));
    }
}

/// A device without a host.
struct Program {
    device: Device<'static>,
    script: Script,
    now: u64,
}

impl Program {
    fn new() -> Self {
        let ring = Box::leak(Box::new(Ring::new(vec![0; 64].leak())));
        let memory = vec![0; CONFIG.memory()].leak();
        let device = Device::new(CONFIG, memory, ring.split().1, &TOOLS).expect("enough memory");
        let script =
            Script { answer: Answer::Done, writes: vec![], entered: vec![], stopped: vec![] };
        let mut program = Self { device, script, now: 1_000 };
        program.poll();
        program
    }

    fn poll(&mut self) -> u64 {
        let due = self.device.poll(self.now, 100, &mut self.script);
        assert_eq!(self.device.tx_peek(), [], "no host is there to be told");
        due
    }

    fn call(&mut self, tool: u16, answer: Answer, writes: &[u8]) -> Local {
        (self.script.answer, self.script.writes) = (answer, writes.to_vec());
        self.device.local((tool, FORTY), self.now, &mut self.script, &mut [0; 8])
    }

    fn later(&mut self) -> CallId {
        match self.call(LATER, Answer::Pending, &[]) {
            Local::Pending(id) => id,
            other => panic!("{other:?}"),
        }
    }

    fn complete(&mut self, call: CallId, answer: Answer, value: &[u8]) {
        let value = value.to_vec();
        let write = |out: &mut ValueWriter<'_>| {
            out.with_rest(|rest| {
                rest.get_mut(..value.len())?.copy_from_slice(&value);
                Some(value.len())
            });
            answer
        };
        let answered = self.device.with_calls(|calls| calls.answer(call, write));
        answered.expect("there is always room for what no host is sent");
    }

    /// The end of a call that was answered later.
    fn outcome(&self, call: CallId) -> Option<String> {
        let bytes = self.device.local_answer(call)?;
        let message = message::read(bytes);
        let Some(DeviceMessage::Result { outcome, .. }) = message else { panic!("{bytes:?}") };
        Some(match outcome {
            Outcome::Done { value } => format!("{value:?}"),
            other => format!("{other:?}"),
        })
    }
}

#[test]
fn a_call_ends_as_its_tool_answers_and_only_as_its_descriptor_allows() {
    let malformed = Local::BadResult(Fault::new(FaultCode::Malformed, NO_NODE));
    let content = |len| Answer::Content { mime: "image/png", len };
    let sent = Local::Content { id: CallId::LOCAL, mime: "image/png", len: 9 };
    let cases: [(u16, Answer, &[u8], Local); 12] = [
        (FAN, Answer::Done, FORTY, Local::Done(3)),
        (FAN, Answer::NeedInput, &[1, 2], Local::NeedInput(2)),
        (FAN, Answer::Failed("it is jammed"), FORTY, Local::Failed("it is jammed")),
        (FAN, Answer::Blocks, FORTY, malformed),
        (FAN, content(9), &[], malformed),
        (FAN, Answer::Pending, &[], malformed),
        (CAMERA, Answer::Blocks, &[1, 2, 3, 4], Local::Blocks(4)),
        (CAMERA, content(9), &[], sent),
        (CAMERA, content(0), &[], malformed),
        (CAMERA, Answer::Done, &[], malformed),
        (CAMERA, Answer::Pending, &[], malformed),
        (FAN, Answer::Done, &[0; 9], Local::BadResult(Fault::new(FaultCode::TooLong, NO_NODE))),
    ];
    for (at, (tool, answer, writes, end)) in cases.into_iter().enumerate() {
        let mut program = Program::new();
        assert_eq!(program.call(tool, answer, writes), end, "{at}");
        let status = program.device.status(0);
        let bad = u32::from(matches!(end, Local::BadResult(_)));
        assert_eq!((status.calls, status.entered, status.bad_results), (1, 1, bad), "{at}");
    }
    let mut program = Program::new();
    let end = program.call(FAN, Answer::Done, &[0, 2, 0xca, 1]);
    assert!(matches!(end, Local::BadResult(fault) if fault.code == FaultCode::TooLarge), "{end:?}");
}

#[test]
fn what_a_tool_does_not_take_does_not_enter_it() {
    let mut program = Program::new();
    let Program { device, script, now } = &mut program;
    let mut local = |tool, args: &[u8]| device.local((tool, args), *now, script, &mut [0; 8]);
    let fault = |end| match end {
        Local::Fault(fault) => fault.code,
        other => panic!("{other:?}"),
    };
    assert_eq!(fault(local(FAN, &[0, 2, 0xca, 1])), FaultCode::TooLarge);
    assert_eq!(fault(local(FAN, &[])), FaultCode::Missing);
    assert_eq!(fault(local(NONE - 1, &[])), FaultCode::Missing);
    assert_eq!(local(NONE, FORTY), Local::UnknownTool);
    assert_eq!(local(WILD, FORTY), Local::NeedsPerson(Consent::Device));
    assert_eq!(program.script.entered, []);
    let status = program.device.status(0);
    assert_eq!((status.calls, status.entered, status.faults), (5, 0, 3));
    assert_eq!((status.unagreed, status.bad_results), (1, 0));
}

#[test]
fn a_tool_learns_the_time_its_deadline_and_its_own_bytes() {
    let mut program = Program::new();
    program.call(FAN, Answer::Done, FORTY);
    program.later();
    assert_eq!(program.script.entered, [(FAN, 1_000, 8_000, 0), (LATER, 1_000, 1_500, 4)]);
    // Its bytes are zero again, whoever had them before.
    for _ in 0..3 {
        assert_eq!(program.call(LATER, Answer::Done, FORTY), Local::Done(3));
    }
    assert_eq!(program.script.entered.len(), 5);
}

#[test]
fn a_call_that_is_answered_later_keeps_its_answer_until_it_is_taken() {
    let mut program = Program::new();
    let [one, two] = [program.later(), program.later()];
    assert_eq!(program.call(LATER, Answer::Pending, &[]), Local::Busy);
    assert_eq!(program.script.entered.len(), 2, "a call too many enters no tool");
    assert_eq!(program.device.status(0).calls_high_water, 2);
    for call in [one, two] {
        assert_eq!(program.device.local_tool(call), Some(LATER));
        assert_eq!(program.outcome(call), None);
    }
    program.complete(one, Answer::Done, FORTY);
    program.complete(one, Answer::Done, &[0, 2, 2]);
    assert_eq!(program.outcome(one).as_deref(), Some("[0, 2, 80]"));
    assert_eq!((program.outcome(two), program.device.local_tool(one)), (None, Some(LATER)));
    program.complete(two, Answer::Done, &[0, 2, 0xca, 1]);
    let bad = program.outcome(two).expect("it is answered");
    assert!(bad.starts_with("BadResult { code: 5"), "{bad}");
    // The place is free when the answer was taken, and what took it is another call.
    program.device.local_end(one, &mut program.script);
    assert_eq!((program.device.local_tool(one), program.outcome(one)), (None, None));
    let next = program.later();
    assert_ne!(next, one);
    program.device.local_end(one, &mut program.script);
    assert_eq!((program.device.local_tool(one), program.outcome(one)), (None, None));
    assert_eq!(program.device.local_tool(next), Some(LATER), "a stale handle ends nothing");
    assert_eq!(program.script.stopped, []);
    program.device.local_end(next, &mut program.script);
    assert_eq!(program.script.stopped, [(LATER, next)], "no one waits for it");
    assert_eq!(program.device.local_tool(CallId::LOCAL), None);
}

#[test]
fn a_call_that_is_answered_later_expires_fails_or_is_cut_but_is_always_answered() {
    let mut program = Program::new();
    let call = program.later();
    assert_eq!(program.poll(), 1_500, "it wants to see that the call expires");
    program.now = 1_499;
    program.poll();
    assert_eq!(program.outcome(call), None);
    program.now = 1_500;
    program.poll();
    assert_eq!(program.outcome(call).as_deref(), Some("Expired"));
    assert_eq!(program.script.stopped, [(LATER, call)]);
    program.device.local_end(call, &mut program.script);
    let call = program.later();
    program.complete(call, Answer::Failed("no"), &[]);
    assert_eq!(program.outcome(call).as_deref(), Some("Failed { text: \"no\" }"));
    program.device.local_end(call, &mut program.script);
    let call = program.later();
    program.complete(call, Answer::Failed("it is jammed: free it"), &[]);
    let kept = program.device.local_answer(call).expect("it is answered");
    assert_eq!(kept.len(), 20, "as much as is kept of any answer");
    let whole =
        DeviceMessage::Result { id: 0, outcome: Outcome::Failed { text: "it is jammed: free it" } };
    let mut bytes = [0; 40];
    let len = message::write(&whole, &mut bytes).expect("it fits");
    assert!(len > 20 && bytes.starts_with(kept), "its beginning says how the call ended");
}

#[test]
fn a_device_that_is_polled_alone_ends_calls_and_leaves_what_a_host_sent_to_a_poll() {
    let ring = Box::leak(Box::new(Ring::new(vec![0; 64].leak())));
    let (mut host, received) = ring.split();
    let memory = vec![0; CONFIG.memory()].leak();
    let device = Device::new(CONFIG, memory, received, &TOOLS).expect("enough memory");
    let script = Script { answer: Answer::Done, writes: vec![], entered: vec![], stopped: vec![] };
    let mut program = Program { device, script, now: 1_000 };
    host.push(b"\0noise\0");
    let alone =
        |program: &mut Program| program.device.poll_alone(program.now, 100, &mut program.script);
    alone(&mut program);
    let call = program.later();
    assert_eq!(alone(&mut program), 1_500, "it wants to see that the call expires");
    program.now = 1_500;
    assert_eq!(alone(&mut program), u64::MAX);
    assert_eq!(program.outcome(call).as_deref(), Some("Expired"));
    assert_eq!(program.script.stopped, [(LATER, call)]);
    assert_eq!(program.device.status(1_500).frames_bad, 0, "no byte of a host is looked at");
    program.poll();
    assert_eq!(program.device.status(1_500).frames_bad, 1, "none was lost");
}

#[test]
fn a_call_of_the_host_is_none_of_the_programs() {
    with_rig(|rig| {
        rig.call(1, MOVE, 1);
        rig.hear();
        let call = rig.bench.pending[0];
        assert_eq!((rig.device.local_tool(call), rig.device.local_answer(call)), (None, None));
        rig.device.local_end(call, &mut rig.bench);
        assert_eq!(rig.bench.stopped, [], "it is still under way");
        rig.bench.complete.push_back((call, 1));
        assert_eq!(rig.hear(), [crate::calls::done(1, 1)]);
        assert_eq!((rig.device.local_tool(call), rig.device.local_answer(call)), (None, None));
        // Without places of its own the program has no calls that are answered later.
        let mut local = |tool| rig.device.local((tool, FORTY), 1, &mut rig.bench, &mut [0; 8]);
        assert_eq!((local(MOVE), local(FAN)), (Local::Busy, Local::Done(3)));
        assert_eq!(local(OPEN), Local::NeedsPerson(Consent::Elicit));
    });
}

#[test]
fn news_tell_what_happens_to_the_program_and_go_on_when_their_memory_is_another() {
    let mut program = Program::new();
    let device = &mut program.device;
    assert_eq!((device.next_news(), device.news(0)), (0, None), "nothing is kept unasked");
    device.keep_news(vec![0; 200].leak());
    let told = device.with_calls(|calls| calls.event(FAN, "it rattles"));
    told.expect("no host is there, so there is room");
    device.log(4, "it is hot").expect("there is room");
    let event = News::Event { tool: FAN, text: "it rattles" };
    assert_eq!(device.news(0), Some((0, event)));
    assert_eq!(device.news(1), Some((1, News::Log { level: 4, text: "it is hot" })));
    assert_eq!((device.news(2), device.next_news()), (None, 2));
    let call = program.later();
    let device = &mut program.device;
    let told = device.with_calls(|calls| calls.progress(call, (70_000, 80_000), "moving"));
    told.expect("there is room");
    let moved = News::Progress { call, done: 70_000, total: 80_000, text: "moving" };
    assert_eq!(device.news(2), Some((2, moved)));
    device.keep_news(vec![0; 200].leak());
    assert_eq!((device.news(0), device.news(2), device.next_news()), (None, None, 3));
    device.log(0, "again").expect("there is room");
    assert_eq!(device.news(0), Some((3, News::Log { level: 0, text: "again" })));
    // Of a call that is over nothing is told.
    program.complete(call, Answer::Done, FORTY);
    let device = &mut program.device;
    device.with_calls(|calls| calls.progress(call, (1, 1), "late")).expect("it is ignored");
    assert_eq!((device.news(4), device.next_news()), (None, 4));
}

#[test]
fn a_program_hears_of_events_that_its_host_hears_too() {
    with_rig(|rig| {
        rig.device.keep_news(vec![0; 100].leak());
        rig.bench.events.push_back("it rattles");
        assert_eq!(rig.hear().len(), 1, "the host is told");
        let event = News::Event { tool: FAN, text: "it rattles" };
        assert_eq!(rig.device.news(0), Some((0, event)));
        assert_eq!(rig.device.next_news(), 1);
    });
}
