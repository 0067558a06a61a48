//! What a program that loads tools written in C shares with the library: plug-ins give it the same
//! descriptors as a device has.

use core::ffi::c_char;

use trine_descriptor::{Item, Rules};

use crate::ask::{ITEM, in_list};
use crate::descriptor::trine_tool;
use crate::status::trine_status;
use crate::table::{CRules, Table};
use crate::text;

/// Writes what of the tools' list, as `trine_descriptor::record` has it, lies behind `offset`.
/// Answers the length of the whole list.
///
/// # Safety
/// All that the tools point to can be read: texts end with a zero byte and are as long as their
/// sizes say, arrays have as many entries as their counts say.
pub unsafe fn list_of(tools: &[trine_tool], offset: usize, out: &mut [u8]) -> usize {
    // SAFETY: passed on.
    CRules::new(unsafe { Table::new(tools) }, &[]).page(offset, out)
}

/// The entry that a number of `TRINE_ITEM` stands for; `None` for another number.
#[must_use]
pub fn item_of_list(args: &[u8], number: i32) -> Option<Option<Item<'_>>> {
    let [node, list, index, _] = number.to_le_bytes();
    (number >= ITEM).then(|| in_list(args, list.into(), index, node.into()))
}

/// The bytes of a text that a program in C passes.
///
/// # Errors
/// `TRINE_E_NULL`, `TRINE_E_ARGUMENT` or `TRINE_E_UTF8`.
///
/// # Safety
/// `size` bytes at `data` can be read for as long as `'a`, unless `size` is 0.
pub unsafe fn text_of<'a>(data: *const c_char, size: usize) -> Result<&'a str, trine_status> {
    // SAFETY: passed on.
    unsafe { text::text(data, size) }
}
