//! Resources, prompts and completion: each request has a slot, as a call has.

use trine_descriptor::lists::{self, Found, List};
use trine_descriptor::{
    Annotations, Args, Consent, FailSafe, Fault, Head, Limits, Lists, Side, ValueWriter, validate,
};
use trine_wire::codec::Members;
use trine_wire::message::{DeviceMessage, kind, outcome, what};

use super::run::{DEADLINE_MAX, written};
use super::{Device, News};
use crate::call::{Answer, Tools};
use crate::features::RESOURCES;
use crate::slots::IdState;
use crate::{CallId, NotNow};

/// The number of no tool: an address of a template's form that is being read has it, where a call
/// has its tool's.
pub const READ: u16 = u16::MAX - 1;
/// The same of a resource that is being read: this and its number in the list.
pub const RESOURCE: u16 = 0xc000;
/// The list of tools among the news, where 0 is what is under an address.
const TOOLS: u16 = 4;
/// Resources that have a number of their own; those after them have [`READ`].
const RESOURCES_MAX: u16 = 0x3ff0;
/// The same of a prompt.
pub const PROMPT: u16 = u16::MAX - 2;
/// The same of a completion.
pub const COMPLETION: u16 = u16::MAX - 3;

/// What a slot has to know of such a request: it may be answered later, in blocks or as content.
pub(super) const HEAD: Head = Head {
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
    /// What of the lists it is.
    pub found: Found,
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
    /// Where the request goes on with one that answered [`crate::Answer::NeedInput`]: the state
    /// that was given there, which has passed through other hands. Else empty.
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
pub(super) enum Request<'a> {
    Read { uri: &'a str },
    Prompt { prompt: u16, args: &'a [u8], state: &'a [u8], answers: &'a [u8] },
    Complete { of: u8, index: u16, node: u16, text: &'a str },
}

impl Request<'_> {
    /// Lets the program answer the request, unless an argument of a prompt breaks a rule.
    // Where it is called: a firmware without calls of its own has one copy, and that is shorter.
    #[inline(always)]
    pub(super) fn enter<T: Tools + ?Sized>(
        self,
        (lists, found): (&dyn Lists, Option<Found>),
        (id, now, deadline): (CallId, u64, u64),
        tools: &mut T,
        out: &mut ValueWriter<'_>,
    ) -> Result<Answer, Fault> {
        let mut answer = Ok(Answer::Failed("it is not in the lists"));
        match (self, found) {
            (Self::Prompt { prompt, args, state, answers }, _) => {
                lists.with_prompt(prompt, &mut |rules, row| {
                    answer = validate(rules, row, Side::Params, args).map(|()| {
                        let args = Args::new(rules, row, args);
                        let request = Prompted { id, now, deadline, prompt, args, state, answers };
                        tools.prompt(&request, out)
                    });
                });
            }
            (Self::Read { uri }, Some(found)) => {
                answer = Ok(tools.read_resource(&Wanted { id, now, deadline, uri, found }, out));
            }
            (Self::Complete { of, index, node, text }, _) => {
                let request = Completion { id, now, deadline, of, index, node, text };
                answer = Ok(tools.complete(&request, out));
            }
            (Self::Read { .. }, None) => {}
        }
        answer
    }
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

    /// Whether the device was polled yet.
    #[must_use]
    pub const fn has_started(&self) -> bool {
        self.is_started
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

    /// Has the clients of a program in process told that its tools are other ones; hosts are by
    /// [`Device::add_tool`] and its like. *owner-only*.
    pub fn tools_changed(&mut self) {
        self.keep(News::Changed { list: TOOLS, uri: "" });
    }

    fn changed(&mut self, text: &str, tool: u16, what: u8) -> Result<(), NotNow> {
        let news = News::Changed { list: tool, uri: text };
        if self.session.id.is_none() && self.keep(news) {
            return Ok(());
        }
        if !self.outbox.takes(text.len() + 8) {
            return Err(NotNow);
        }
        self.events = self.events.wrapping_add(1);
        let seq = self.events;
        self.outbox.send(&DeviceMessage::Event { seq, tool, text, what });
        self.keep(news);
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
        let Some((tool, found)) = self.meant(lists, &request) else {
            return self.reply(id, outcome::UNKNOWN_TOOL);
        };
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
        let mut out = ValueWriter::new(self.outbox.result_place());
        let when = (handle, self.now, deadline);
        match request.enter((lists, found), when, tools, &mut out) {
            Ok(answer) => {
                let written = written(&out);
                self.settle(handle, answer, written);
            }
            Err(fault) => self.refuse(handle, fault),
        }
    }

    /// The number that a request has in place of a tool's, and what of the lists has the address;
    /// none for a request of what is not there.
    #[inline(always)]
    pub(super) fn meant(
        &self,
        lists: &dyn Lists,
        request: &Request<'_>,
    ) -> Option<(u16, Option<Found>)> {
        let is_there = match *request {
            Request::Read { uri } => {
                let found = lists.find(uri)?;
                let number = match found {
                    Found::Resource(index) if index < RESOURCES_MAX => RESOURCE + index,
                    _ => READ,
                };
                return Some((number, Some(found)));
            }
            Request::Prompt { prompt, .. } => {
                lists.prompt_args(prompt)?;
                return Some((PROMPT, None));
            }
            Request::Complete { .. } if !lists.completes() => false,
            Request::Complete { of: 0, index, .. } => index < self.table.tools(),
            Request::Complete { of: 1, index, node, .. } => node < lists.prompt_args(index)?,
            Request::Complete { of: 2, index, node, .. } => {
                lists.template(index)?.variables().nth(node.into()).is_some()
            }
            Request::Complete { .. } => false,
        };
        is_there.then_some((COMPLETION, None))
    }

    /// Answers that an argument breaks a rule.
    fn refuse(&mut self, call: CallId, fault: Fault) {
        let out = self.ending(call, outcome::FAULT);
        out.byte(fault.code as u8).short(fault.node).signed(fault.bound);
        self.answer(call);
    }
}
