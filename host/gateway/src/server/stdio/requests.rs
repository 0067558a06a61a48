//! Requests of the client that wait for a device, and arrays of them.

use std::sync::Arc;

use trine_mcp::{ClientCapabilities, Version};

use crate::context::CallContext;
use crate::hub::Snapshot;
use crate::server::calls::Running;
use crate::server::tasks::TaskOf;
use crate::server::wants::KeptWant;

/// One request under way. Its slot and the memory of its id are used again by later ones.
#[derive(Debug, Default)]
pub(super) struct Request {
    generation: u32,
    /// The snapshot that the call was made under; `None` when the slot is free.
    pub(super) snapshot: Option<Arc<Snapshot>>,
    pub(super) id: Vec<u8>,
    pub(super) version: Option<Version>,
    pub(super) tool: u16,
    /// The client's token for news of the call's progress, where it wants some, and how far the
    /// call was when it was last told.
    pub(super) progress: Option<Box<[u8]>>,
    pub(super) told: Option<u32>,
    /// What came with it.
    pub(super) context: Option<Arc<CallContext>>,
    /// What is asked for beside tools, where it is no call.
    pub(super) want: Option<KeptWant>,
    /// What the call has become, and whether that is a task.
    pub(super) task: TaskOf,
    pub(super) is_task: bool,
    /// The client was asked something: no device is busy with it.
    waits: bool,
    /// The user has been at the board.
    pub(super) was_at_board: bool,
    /// What the client can be asked for.
    pub(super) able: ClientCapabilities,
    /// The array that it came in.
    pub(super) array: Option<usize>,
    /// For cancelling it.
    pub(super) call: Option<Running>,
}

/// All requests under way.
#[derive(Debug, Default)]
pub(super) struct Requests {
    slots: Vec<Request>,
    free: Vec<u32>,
    /// How many wait for their client.
    waiting: usize,
}

/// Names one use of one slot.
pub(super) type Tag = u64;

impl Requests {
    /// How many are under way.
    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// How many a device may be busy with.
    pub(super) fn busy(&self) -> usize {
        self.len() - self.waiting
    }

    /// Whether a tool of this program runs for one.
    pub(super) fn has_host_call(&self) -> bool {
        let mut under_way = self.slots.iter().filter(|it| it.snapshot.is_some());
        under_way.any(|it| it.call.as_ref().is_some_and(Running::is_of_host))
    }

    /// What cancels those under way.
    pub(super) fn take_calls(&mut self) -> Vec<Running> {
        self.slots.iter_mut().filter_map(|request| request.call.take()).collect()
    }

    /// The request waits for its client, or no longer.
    pub(super) fn set_waits(&mut self, tag: Tag, waits: bool) {
        let Some(request) = self.get(tag) else { return };
        let before = std::mem::replace(&mut request.waits, waits);
        match (before, waits) {
            (false, true) => self.waiting += 1,
            (true, false) => self.waiting -= 1,
            _ => {}
        }
    }

    /// Takes a slot.
    pub(super) fn open(&mut self) -> (Tag, &mut Request) {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Request::default());
            self.slots.len() as u32 - 1
        });
        let request = &mut self.slots[index as usize];
        (u64::from(request.generation) << 32 | u64::from(index), request)
    }

    /// The request of a tag that is not over.
    pub(super) fn get(&mut self, tag: Tag) -> Option<&mut Request> {
        let request = self.slots.get_mut(tag as u32 as usize)?;
        let same = u64::from(request.generation) == tag >> 32 && request.snapshot.is_some();
        same.then_some(request)
    }

    /// The same, to look at.
    pub(super) fn get_ref(&self, tag: Tag) -> Option<&Request> {
        let request = self.slots.get(tag as u32 as usize)?;
        let same = u64::from(request.generation) == tag >> 32 && request.snapshot.is_some();
        same.then_some(request)
    }

    /// Frees the slot of a request.
    pub(super) fn close(&mut self, tag: Tag) {
        let index = tag as u32;
        self.set_waits(tag, false);
        if let Some(request) = self.get(tag) {
            request.task = TaskOf::No;
            request.generation = request.generation.wrapping_add(1);
            (request.snapshot, request.call) = (None, None);
            self.free.push(index);
        }
    }

    /// The request of this id that was made last.
    pub(super) fn find(&self, id: &[u8]) -> Option<Tag> {
        let at = self.slots.iter().position(|r| r.snapshot.is_some() && r.id == id)?;
        let generation = self.slots.get(at)?.generation;
        Some(u64::from(generation) << 32 | at as u64)
    }
}

/// An array whose answers are gathered until the last is there.
#[derive(Debug)]
struct Array {
    waiting: usize,
    answers: Vec<u8>,
}

/// The arrays under way.
#[derive(Debug, Default)]
pub(super) struct Arrays {
    slots: Vec<Option<Array>>,
}

impl Arrays {
    /// A new array; it is held open until its first [`Self::end_one`].
    pub(super) fn open(&mut self) -> usize {
        let array = Some(Array { waiting: 1, answers: Vec::new() });
        match self.slots.iter_mut().enumerate().find(|(_, slot)| slot.is_none()) {
            Some((at, slot)) => {
                *slot = array;
                at
            }
            None => {
                self.slots.push(array);
                self.slots.len() - 1
            }
        }
    }

    /// One more answer is to come.
    pub(super) fn wait(&mut self, array: usize) {
        if let Some(Some(array)) = self.slots.get_mut(array) {
            array.waiting += 1;
        }
    }

    /// Where an answer is appended, behind a comma if it is not the first.
    pub(super) fn answer(&mut self, array: usize) -> Option<&mut Vec<u8>> {
        let answers = &mut self.slots.get_mut(array)?.as_mut()?.answers;
        answers.push(if answers.is_empty() { b'[' } else { b',' });
        Some(answers)
    }

    /// One of those waited for is over. The whole answer when it was the last, if there is any.
    pub(super) fn end_one(&mut self, array: usize) -> Option<Vec<u8>> {
        let slot = self.slots.get_mut(array)?;
        let open = slot.as_mut()?;
        open.waiting -= 1;
        if open.waiting > 0 {
            return None;
        }
        let mut answers = slot.take()?.answers;
        if answers.is_empty() {
            return None;
        }
        answers.push(b']');
        Some(answers)
    }
}
