//! Drawn tools, which answer what they are told and remember what they were asked.

use std::collections::{HashMap, VecDeque};

use trine_descriptor::{Annotations, Limits, Scalar, Tool, ToolInfo, ValueWriter};
use trine_dispatch::{Answer, Call, CallId, Calls, Tools};

use crate::judge::{got, judge};
use crate::shape::{Member, Side, fields, members};
use crate::source::Source;

pub(super) const TOOLS: usize = 4;

/// A tool as the test knows it.
#[derive(Clone, Debug)]
pub(super) struct Drawn {
    pub(super) params: Vec<Member>,
    pub(super) output: Vec<Member>,
    pub(super) pending: u16,
    pub(super) deadline_ms: u32,
    /// Whether tagged calls alone may enter it.
    pub(super) is_for_tagged: bool,
    pub(super) hash: u64,
}

/// What a tool answers.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    Done(Vec<u8>),
    Failed(&'static str),
    Later,
    Blocks,
}

pub(super) fn drawn(source: &mut Source<'_>) -> Vec<Drawn> {
    let one = |source: &mut Source<'_>| Drawn {
        params: members(source, Side::Params),
        output: members(source, Side::Output),
        pending: source.one(&[0, 4, 1, 33]),
        deadline_ms: source.one(&[0, 50, 500]),
        is_for_tagged: source.once_in(12),
        hash: 0,
    };
    let mut all: Vec<Drawn> = (0..TOOLS).map(|_| one(source)).collect();
    let table = table(&all);
    all.iter_mut().zip(table).for_each(|(drawn, tool)| drawn.hash = tool.hash());
    all
}

pub(super) fn table(drawn: &[Drawn]) -> &'static [Tool<'static>; TOOLS] {
    let tool = |at: usize| {
        let one = &drawn[at];
        let info = ToolInfo {
            limits: Limits { deadline_ms: one.deadline_ms, pending_bytes: one.pending },
            annotations: Annotations(if one.is_for_tagged { 16 } else { 0 }),
            ..ToolInfo::new(["one", "two", "three", "four"][at], "It is drawn.")
        };
        Tool::new(info, fields(&one.params), fields(&one.output))
    };
    Box::leak(Box::new(core::array::from_fn(tool)))
}

/// The tools, and what is to become of them.
pub(super) struct Board {
    drawn: Vec<Drawn>,
    /// What the next call is answered.
    pub(super) next: Option<Reply>,
    /// Calls that are answered at a tick.
    pub(super) later: VecDeque<(CallId, Reply)>,
    /// Tool, arguments and deadline of each call that should be and was entered.
    pub(super) will_enter: Vec<(u16, Vec<u8>, u64)>,
    entered: Vec<(u16, Vec<u8>, u64)>,
    /// Ids of calls that should be stopped, and handles that were.
    pub(super) will_stop: Vec<u32>,
    stopped: Vec<CallId>,
    /// Handles by the ids of their calls, and those of calls that are over.
    pub(super) handles: HashMap<u32, CallId>,
    pub(super) over: Vec<CallId>,
    /// Handles of calls that answered "later", in the order in which they were entered.
    fresh: Vec<CallId>,
}

impl Board {
    pub(super) fn new(drawn: &[Drawn]) -> Self {
        Self {
            drawn: drawn.to_vec(),
            next: None,
            later: VecDeque::new(),
            will_enter: Vec::new(),
            entered: Vec::new(),
            will_stop: Vec::new(),
            stopped: Vec::new(),
            handles: HashMap::new(),
            over: Vec::new(),
            fresh: Vec::new(),
        }
    }

    /// What was done is what should be.
    pub(super) fn compare(&mut self) {
        assert_eq!(self.entered, self.will_enter, "what was entered");
        self.will_enter.clear();
        self.entered.clear();
        let mut wanted: Vec<CallId> =
            self.will_stop.drain(..).map(|id| self.handles[&id]).collect();
        wanted.sort_by_key(|handle| handle.to_bits());
        self.stopped.sort_by_key(|handle| handle.to_bits());
        assert_eq!(self.stopped, wanted, "what was stopped");
        self.over.append(&mut self.stopped);
        assert!(self.later.is_empty(), "a completion was not taken");
    }

    /// Notes that the last call that was entered is the one of this id.
    pub(super) fn name(&mut self, id: u32) {
        if let Some(handle) = self.fresh.pop() {
            self.handles.insert(id, handle);
        }
    }
}

/// What a call writes into the bytes that it owns, and finds there later.
fn mark(id: CallId) -> impl Iterator<Item = u8> {
    let first = id.to_bits().wrapping_mul(31) as u8;
    (0..).map(move |at| first.wrapping_add(at) | 1)
}

fn write(reply: Reply, out: &mut ValueWriter<'_>) -> Answer {
    match reply {
        Reply::Done(value) => {
            out.slice(&value);
            Answer::Done
        }
        Reply::Failed(text) => Answer::Failed(text),
        Reply::Later => Answer::Pending,
        Reply::Blocks => Answer::Blocks,
    }
}

impl Tools for Board {
    fn call(&mut self, call: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
        let drawn = &self.drawn[usize::from(call.tool)];
        let bytes = call.args.bytes();
        assert_eq!(judge(&drawn.params, bytes), Ok(()), "a bad argument got in");
        for (node, value) in got(&drawn.params, bytes) {
            assert_eq!(call.args.get(node), value, "parameter {node}");
            let int = call.args.int(node).map(Scalar::Int);
            let text = call.args.text(node).map(Scalar::Text);
            let others = [
                call.args.bool(node).map(Scalar::Bool),
                call.args.decimal(node).map(Scalar::Decimal),
                call.args.label(node).map(Scalar::Label),
            ];
            let all: Vec<_> = others.into_iter().chain([int, text]).flatten().collect();
            let is_single = !matches!(value, Some(Scalar::Object | Scalar::Array(_)));
            assert_eq!(all.first().copied(), value.filter(|_| is_single), "parameter {node}");
            assert!(all.len() < 2, "of one kind");
        }
        assert_eq!(call.block, vec![0; drawn.pending.into()], "what the call owns");
        assert_eq!((call.principal, call.tagged, call.state), ("", false, &[][..]));
        call.block.iter_mut().zip(mark(call.id)).for_each(|(byte, mark)| *byte = mark);
        self.entered.push((call.tool, bytes.to_vec(), call.deadline));
        self.fresh.push(call.id);
        write(self.next.take().expect("no call should be entered"), out)
    }

    fn tick(&mut self, _: u64, calls: &mut Calls<'_, '_>) -> u64 {
        while let Some((id, reply)) = self.later.front().cloned() {
            let answered = calls.answer_with_block(id, |out, block| {
                assert!(block.iter().copied().eq(mark(id).take(block.len())), "not its own");
                write(reply, out)
            });
            if answered.is_err() {
                break;
            }
            self.later.pop_front();
        }
        u64::MAX
    }

    fn stop(&mut self, _: u16, id: CallId) {
        self.stopped.push(id);
    }
}
