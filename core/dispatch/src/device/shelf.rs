//! Resources, prompts and completion: each request has a slot, as a call has.

use trine_descriptor::lists::{self, List};
use trine_descriptor::{
    Annotations, Args, Consent, FailSafe, Head, Limits, Lists, Prompt, Side, ValueWriter, validate,
};
use trine_wire::codec::Members;
use trine_wire::message::{DeviceMessage, kind, outcome, what};

use super::Device;
use super::run::{DEADLINE_MAX, written};
use crate::call::{Answer, Tools};
use crate::features::RESOURCES;
use crate::slots::IdState;
use crate::{CallId, NotNow};

/// The number of no tool: a resource that is being read has it, where a call has its tool's.
pub const READ: u16 = u16::MAX - 1;
/// The same of a prompt.
pub const PROMPT: u16 = u16::MAX - 2;
/// The same of a completion.
pub const COMPLETION: u16 = u16::MAX - 3;

/// What a slot has to know of such a request: it may be answered later, in blocks or as content.
const HEAD: Head = Head {
    annotations: Annotations(Annotations::READ_ONLY),
    consent: Consent::None,
    fail_safe: FailSafe(0),
    content: true,
    limits: Limits { deadline_ms: 0, pending_bytes: 1 },
};

/// A resource that is to be read.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The handle to answer with later.
    pub id: CallId,
    /// The time of this poll, in milliseconds.
    pub now: u64,
    /// When the answer is no longer wanted.
    pub deadline: u64,
    /// The address: that of a resource of the lists, or one of the form of a template.
    pub uri: &'a str,
}

/// A prompt whose messages are to be made.
#[derive(Clone, Copy, Debug)]
pub struct Prompted<'a> {
    /// The handle to answer with later.
    pub id: CallId,
    /// The time of this poll, in milliseconds.
    pub now: u64,
    /// When the answer is no longer wanted.
    pub deadline: u64,
    /// Number of the prompt.
    pub prompt: u16,
    /// The arguments, which were checked.
    pub args: Args<'a>,
    /// Where the request goes on with one that answered [`Answer::NeedInput`]: the state that was
    /// given there, which has passed through other hands. Else empty.
    pub state: &'a [u8],
    /// The answers to its requests, unchecked: records as `trine_wire` reads them. Else empty.
    pub answers: &'a [u8],
}

/// What a person types.
#[derive(Clone, Copy, Debug)]
pub struct Completion<'a> {
    /// The handle to answer with later.
    pub id: CallId,
    /// The time of this poll, in milliseconds.
    pub now: u64,
    /// When the answer is no longer wanted.
    pub deadline: u64,
    /// Of what: 0 a parameter of a tool, 1 an argument of a prompt, 2 a variable of a template.
    pub of: u8,
    /// Number of the tool, prompt or template.
    pub index: u16,
    /// Node of the parameter, or number of the variable.
    pub node: u16,
    /// What was typed.
    pub text: &'a str,
}

/// A request as it was read.
#[derive(Clone, Copy)]
enum Request<'a> {
    Read { uri: &'a str },
    Prompt { prompt: u16, args: &'a [u8], state: &'a [u8], answers: &'a [u8] },
    Complete { of: u8, index: u16, node: u16, text: &'a str },
}

/// A page of one of the lists, which may not be there.
pub(super) fn page(
    lists: &[Option<&dyn Lists>; RESOURCES],
    what: u8,
    offset: usize,
    out: &mut [u8],
) -> usize {
    let list = match what {
        what::RESOURCES => List::Resources,
        what::TEMPLATES => List::Templates,
        what::PROMPTS => List::Prompts,
        _ => return 0,
    };
    lists.first().copied().flatten().map_or(0, |lists| lists::page(lists, list, offset, out))
}

impl<'m> Device<'m> {
    /// Shows hosts these lists beside the tools. *init-only*.
    pub const fn offer_lists(&mut self, lists: &'m dyn Lists) {
        self.lists = [Some(lists)];
    }

    /// Tells the host that the resource of this address has changed. *owner-only*.
    ///
    /// # Errors
    /// [`NotNow`] when there is no room.
    pub fn resource_changed(&mut self, uri: &str) -> Result<(), NotNow> {
        self.changed(uri, 0, 2)
    }

    /// Tells the host that one of these lists has changed; it asks for them again. *owner-only*.
    ///
    /// # Errors
    /// [`NotNow`] when there is no room.
    pub fn list_changed(&mut self, list: List) -> Result<(), NotNow> {
        let list = match list {
            List::Resources => what::RESOURCES,
            List::Templates => what::TEMPLATES,
            List::Prompts => what::PROMPTS,
        };
        self.changed("", list.into(), 1)
    }

    fn changed(&mut self, text: &str, tool: u16, what: u8) -> Result<(), NotNow> {
        if !self.outbox.takes(text.len() + 8) {
            return Err(NotNow);
        }
        self.events = self.events.wrapping_add(1);
        let seq = self.events;
        self.outbox.send(&DeviceMessage::Event { seq, tool, text, what });
        Ok(())
    }

    /// A request came in: a new one, or one that came before. `false` where it is malformed.
    #[inline(never)]
    pub(super) fn shelf<T: Tools + ?Sized>(
        &mut self,
        number: u8,
        from: &mut Members<'_>,
        tools: &mut T,
    ) -> bool {
        let id = from.number();
        let request = match number {
            kind::READ => Request::Read { uri: from.text() },
            kind::PROMPT => Request::Prompt {
                prompt: from.short(),
                args: from.bytes(),
                state: from.later_bytes(),
                answers: from.later_bytes(),
            },
            _ => Request::Complete {
                of: from.byte(),
                index: from.short(),
                node: from.short(),
                text: from.text(),
            },
        };
        if from.is_broken() {
            return true;
        }
        let Some(lists) = self.lists.first().copied().flatten() else { return false };
        let (slot, seen) = self.slots.seen(id);
        match seen {
            IdState::New => self.new_request(lists, (id, slot), request, tools),
            IdState::Again(state) => self.repeated(id, slot, state),
            IdState::Old => {}
        }
        true
    }

    fn new_request<T: Tools + ?Sized>(
        &mut self,
        lists: &'m dyn Lists,
        (id, slot): (u32, u8),
        request: Request<'_>,
        tools: &mut T,
    ) {
        if self.session.id.is_none() {
            return self.reply(id, outcome::STALE);
        }
        let prompt = match request {
            Request::Prompt { prompt, .. } => lists.prompt(prompt),
            _ => None,
        };
        let (tool, is_there) = match request {
            Request::Read { uri } => (READ, lists.has(uri)),
            Request::Prompt { .. } => (PROMPT, prompt.is_some()),
            Request::Complete { .. } => (COMPLETION, lists.completes()),
        };
        if !is_there {
            return self.reply(id, outcome::UNKNOWN_TOOL);
        }
        self.give_up(slot, tools);
        let deadline_ms = self.deadline_ms(0, &HEAD).min(DEADLINE_MAX);
        let due = (self.now as u32).wrapping_add(deadline_ms);
        let handle = self.slots.open(slot, id, (tool, &HEAD), due);
        if let Some(slot) = self.slots.get(handle) {
            for (content, &window) in slot.content.iter_mut().zip(&self.session.window) {
                content.upto = if window == 0 { u32::MAX } else { window };
            }
        }
        let deadline = self.now.saturating_add(deadline_ms.into());
        if let (Request::Prompt { args, .. }, Some(prompt)) = (request, &prompt)
            && let Err(fault) = validate(prompt.table(), 0, Side::Params, args)
        {
            let out = self.ending(handle, outcome::FAULT);
            out.byte(fault.code as u8).short(fault.node).signed(fault.bound);
            return self.answer(handle);
        }
        let (answer, written) = self.do_request((handle, deadline), request, &prompt, tools);
        self.settle(handle, answer, written);
    }

    /// Lets the program answer a request.
    fn do_request<T: Tools + ?Sized>(
        &mut self,
        (id, deadline): (CallId, u64),
        request: Request<'_>,
        prompt: &Option<Prompt<'_>>,
        tools: &mut T,
    ) -> (Answer, usize) {
        let now = self.now;
        let mut out = ValueWriter::new(self.outbox.result_place());
        let answer = match (request, prompt) {
            (Request::Read { uri }, _) => {
                tools.read_resource(&Wanted { id, now, deadline, uri }, &mut out)
            }
            (Request::Prompt { prompt: number, args, state, answers }, Some(prompt)) => {
                let args = Args::new(prompt.table(), 0, args);
                let request = Prompted { id, now, deadline, prompt: number, args, state, answers };
                tools.prompt(&request, &mut out)
            }
            (Request::Complete { of, index, node, text }, _) => {
                let request = Completion { id, now, deadline, of, index, node, text };
                tools.complete(&request, &mut out)
            }
            (Request::Prompt { .. }, None) => Answer::Failed("there is no such prompt"),
        };
        (answer, written(&out))
    }
}
