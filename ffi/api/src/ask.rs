//! What a tool must know of a person before it goes on: the question, and the answer.

use core::ffi::c_char;
use core::mem::{offset_of, size_of};

use trine_bits::varint;
use trine_descriptor::record::Encoder;
use trine_descriptor::value::tag;
use trine_descriptor::{Item, Side, ValueReader};
use trine_wire::message::input::{self, Answer, Records, Request};

use crate::block::known;
use crate::call::State;
use crate::descriptor::{trine_call, trine_node, trine_tool};
use crate::status::{
    TRINE_E_ARGUMENT, TRINE_E_NO_SPACE, TRINE_E_NULL, TRINE_NEED_INPUT, trine_status,
};
use crate::table::Table;
use crate::text::{self, trine_text};

/// A question to a person: a form with a few fields.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_question {
    /// `sizeof(trine_question)`.
    pub struct_size: u32,
    /// How many fields.
    pub fields_count: u32,
    /// The fields: nodes that are neither objects nor lists nor wide.
    pub fields: *const trine_node,
    /// What to ask, for the person.
    pub message: trine_text,
}

/// Bytes of the first version of the structure.
const V1: usize = offset_of!(trine_question, message) + size_of::<trine_text>();
/// Name of the one question of a call.
pub(crate) const NAME: &str = "input";
/// Longest list of fields.
const FIELDS_MAX: u32 = 32;

/// The tool must know something of a person first. The gateway has the client ask, and the client
/// calls the tool once more with the same arguments, this state and the answer:
/// `return trine_need_input(call, &question, NULL, 0);`
///
/// In that call the getters also take TRINE_ANSWER(n), field n of the question;
/// TRINE_ANSWER_ACTION, a choice: 0 accepted, 1 declined, 2 put away; and TRINE_ANSWER_STATE, a
/// string: the state's bytes. `trine_has(call, TRINE_ANSWER_ACTION)` says whether it is that call.
/// State and answer came through the client, and nothing has checked them: treat them so.
///
/// @param call The call. What was written to its result is dropped.
/// @param question The question; copied.
/// @param state What the tool wants back; copied. NULL with size 0 for nothing.
/// @param size Bytes of the state. With the question they take at most `result_max`.
/// @return TRINE_NEED_INPUT for the tool to return, or TRINE_E_NULL, TRINE_E_VERSION,
///         TRINE_E_UNSUPPORTED, TRINE_E_ARGUMENT, TRINE_E_UTF8, TRINE_E_STATE or TRINE_E_NO_SPACE.
///
/// Context: owner-only, inside a tool's function.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_need_input(
    call: *mut trine_call,
    question: *const trine_question,
    state: *const c_char,
    size: usize,
) -> trine_status {
    // SAFETY: the contract of every function: NULL or a call that lives.
    let Some(call) = (unsafe { crate::call::state(call) }) else { return TRINE_E_NULL };
    // SAFETY: the program's structure, whose first member is set.
    let question = match unsafe { known(question, V1) } {
        Ok(question) => question,
        Err(status) => return status,
    };
    if question.fields.is_null() {
        return TRINE_E_NULL;
    }
    if question.fields_count == 0 || question.fields_count > FIELDS_MAX {
        return TRINE_E_ARGUMENT;
    }
    // SAFETY: the caller's text, read now.
    let message = match unsafe { question.message.get() } {
        Ok(message) => message,
        Err(status) => return status,
    };
    // SAFETY: the caller's bytes, read now.
    let kept = match unsafe { text::bytes(state.cast(), size) } {
        Ok(kept) => kept,
        Err(status) => return status,
    };
    // SAFETY: zero is nothing for every member.
    let none: trine_tool = unsafe { core::mem::zeroed() };
    let params_count = question.fields_count as u8;
    let form = trine_tool { params: question.fields, params_count, ..none };
    // SAFETY: the program's nodes, which live until this returns at least.
    let fields = unsafe { Table::new(core::slice::from_ref(&form)) };
    let written = call.with_out(|out, _| {
        out.clear();
        out.with_rest(|rest| ask(&fields, message, kept, rest));
        if out.overflowed() { Err(TRINE_E_NO_SPACE) } else { Ok(()) }
    });
    written.map_or_else(|status| status, |()| TRINE_NEED_INPUT)
}

/// Writes the state and the list of one question, as the dispatcher wants them.
fn ask(fields: &Table<'_>, message: &str, kept: &[u8], rest: &mut [u8]) -> Option<usize> {
    let encode = |out: &mut [u8]| {
        let mut out = Encoder::window(out, 0);
        let nodes = fields.entries(0, Side::Params);
        out.number(nodes.len() as u64);
        for node in nodes {
            fields.encode_node(0, node, &mut out);
        }
        out.len()
    };
    // The nodes are encoded at the end, where the list does not reach if all of it fits.
    let len = encode(&mut []);
    let (head, nodes) = rest.split_at_mut_checked(rest.len().checked_sub(len)?)?;
    encode(nodes);
    let mut at = varint::write(kept.len() as u64, head)?;
    head.get_mut(at..)?.get_mut(..kept.len())?.copy_from_slice(kept);
    at += kept.len();
    let requests = [Request { name: NAME, message, nodes, ..Request::default() }];
    // Where the list starts depends on its length, so it is written once to learn that.
    let list = head.get_mut(at..)?;
    let len = input::write(&requests, list)?;
    at += varint::write(len as u64, list)?;
    input::write(&requests, head.get_mut(at..)?)?;
    Some(at + len)
}

/// What lies above the numbers of parameters; `macros.h` has the same.
const ANSWER: i32 = 0x2000_0000;
const ACTION: i32 = ANSWER + 0xffff;
const STATE: i32 = ANSWER + 0xfffe;
pub(crate) const ITEM: i32 = 0x4000_0000;

impl<'c> State<'c> {
    /// The value of what is no parameter but is asked for like one: a field of a person's answer,
    /// or what lies in a list.
    pub(crate) fn beyond(&self, number: i32) -> Option<Item<'c>> {
        if number & ITEM != 0 {
            let [node, list, index, _] = number.to_le_bytes();
            return in_list(self.args.as_ref()?.bytes(), list.into(), index, node.into());
        }
        let answer: Answer<'c> = Records::new(self.answers)?.record()?;
        match number {
            ACTION => {
                Some(Item { node: 0, tag: tag::LABEL, number: answer.action.into(), text: &[] })
            }
            STATE => Some(Item { node: 0, tag: tag::TEXT, number: 0, text: self.kept }),
            _ => {
                let node = u16::try_from(number - ANSWER).ok()?;
                entries(answer.values).find(|item| item.node == node)
            }
        }
    }

    /// Whether a number stands for something that may be there.
    pub(crate) fn may_be_beyond(&self, number: i32, count: i32) -> bool {
        let [node, list, ..] = number.to_le_bytes();
        number >= ANSWER && (number & ITEM == 0 || (list < node && i32::from(node) < count))
    }
}

/// The entries of a value, up to its end.
pub(crate) fn entries(bytes: &[u8]) -> impl Iterator<Item = Item<'_>> {
    let mut reader = ValueReader::new(bytes);
    core::iter::from_fn(move || reader.item().ok())
}

/// The entry of a node inside item number `index` of a list.
pub(crate) fn in_list(bytes: &[u8], list: u16, index: u8, node: u16) -> Option<Item<'_>> {
    let mut inside = entries(bytes).skip_while(|item| item.node != list);
    let head = inside.next()?;
    if head.tag != tag::ARRAY || i64::from(index) >= head.number {
        return None;
    }
    // Each item starts with an entry of the node behind the list.
    let mut next = 0;
    for item in inside {
        if item.node <= list {
            return None;
        }
        if item.node == list + 1 {
            next += 1;
        }
        if next == u16::from(index) + 1 && item.node == node {
            return Some(item);
        }
        if next > u16::from(index) + 1 {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use trine_descriptor::ValueWriter;

    #[test]
    fn items_of_a_list_are_found_by_their_number_and_no_others() {
        let mut room = [0; 128];
        let mut out = ValueWriter::new(&mut room);
        out.int(0, 7);
        // A list of numbers, one of objects with an optional member, and what follows them.
        out.array(1, 3);
        for number in [10, 20, 30] {
            out.int(2, number);
        }
        out.array(3, 2);
        out.object(4);
        out.int(5, 50);
        out.text(6, "first");
        out.object(4);
        out.int(5, 51);
        out.int(7, 9);
        let bytes = out.bytes();
        let number = |list, index, node| in_list(bytes, list, index, node).map(|item| item.number);
        assert_eq!([0, 1, 2].map(|at| number(1, at, 2)), [Some(10), Some(20), Some(30)]);
        assert_eq!(number(1, 3, 2), None);
        assert_eq!([0, 1].map(|at| number(3, at, 5)), [Some(50), Some(51)]);
        assert_eq!(in_list(bytes, 3, 0, 6).map(|item| item.text), Some(&b"first"[..]));
        assert_eq!(number(3, 1, 6), None);
        assert_eq!(number(3, 2, 4), None);
        assert_eq!(number(0, 0, 1), None);
        assert_eq!(number(8, 0, 9), None);
    }

    #[test]
    fn the_numbers_of_the_header_are_those_that_are_looked_for() {
        let header = include_str!("../macros.h");
        assert!(header.contains(&std::format!("(0x{ANSWER:x} + (field))")));
        assert!(header.contains(&std::format!("TRINE_ANSWER_ACTION (0x{ACTION:x})")));
        assert!(header.contains(&std::format!("TRINE_ANSWER_STATE (0x{STATE:x})")));
        assert!(header.contains(&std::format!("(0x{ITEM:x} + (index)*0x10000")));
    }
}
