//! Content blocks: what a tool answers beside, or in place of, a structured result.

use core::ffi::c_void;
use core::mem::{offset_of, size_of};

use trine_bits::varint;
use trine_descriptor::ValueWriter;
use trine_dispatch::block;
use trine_wire::message::block::Block;

use crate::call::{State, misuse, state};
use crate::descriptor::trine_call;
use crate::status::{
    TRINE_E_ARGUMENT, TRINE_E_NO_SPACE, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_UNSUPPORTED,
    TRINE_E_VERSION, TRINE_OK, trine_status,
};
use crate::text::{self, trine_text};

/// Block: text for the model, in `data`.
pub const TRINE_BLOCK_TEXT: u32 = 1;
/// Block: a picture; `data` is the file, `mime` its media type.
pub const TRINE_BLOCK_IMAGE: u32 = 2;
/// Block: sound; `data` is the file, `mime` its media type.
pub const TRINE_BLOCK_AUDIO: u32 = 3;
/// Block: a link to a resource: `uri`, `name`, `mime` and, in `data`, what it is, for a person.
pub const TRINE_BLOCK_LINK: u32 = 4;
/// Block: a resource itself that is text, in `data`: `uri`, `mime`.
pub const TRINE_BLOCK_EMBEDDED_TEXT: u32 = 5;
/// Block: a resource itself of any bytes, in `data`: `uri`, `mime`.
pub const TRINE_BLOCK_EMBEDDED: u32 = 6;
/// Block: the structured result that the writers have written so far. At most one, and the first.
pub const TRINE_BLOCK_STRUCTURED: u32 = 7;

/// A block of content. Set what its kind has; zero is empty.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_block {
    /// `sizeof(trine_block)`.
    pub struct_size: u32,
    /// `TRINE_BLOCK_...`.
    pub kind: u32,
    /// The text or the bytes; texts are UTF-8.
    pub data: *const c_void,
    /// Bytes of `data`.
    pub size: usize,
    /// Media type, such as `image/png`.
    pub mime: trine_text,
    /// Address of a resource.
    pub uri: trine_text,
    /// Name of a resource.
    pub name: trine_text,
}

/// Bytes of the first version of the structure.
const V1: usize = offset_of!(trine_block, name) + size_of::<trine_text>();

/// Appends a content block to the result. The tool has the flag TRINE_TOOL_CONTENT and returns
/// TRINE_BLOCKS; without a structured block it writes nothing by the writers.
///
/// All blocks together take at most `result_max` bytes, and `trine_handle_json` passes on 7 of
/// them; larger content goes by `trine_content`.
///
/// @param call The call.
/// @param block The block; copied.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_VERSION, TRINE_E_UNSUPPORTED, TRINE_E_ARGUMENT for a
///         kind that there is not, TRINE_E_UTF8, TRINE_E_STATE where nothing can be written or a
///         structured block is not the first, or TRINE_E_NO_SPACE. The last two are remembered: the
///         call then fails.
///
/// Context: owner-only, inside a tool's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_put_block(
    call: *mut trine_call,
    block: *const trine_block,
) -> trine_status {
    // SAFETY: the contract of every function: NULL or a call that lives.
    let Some(state) = (unsafe { state(call) }) else { return TRINE_E_NULL };
    // SAFETY: the program's structure, whose first member is set.
    let block = unsafe { known(block, V1) };
    // SAFETY: the caller's texts and bytes, read now.
    match block.and_then(|block| unsafe { put(state, &block) }) {
        Ok(()) => TRINE_OK,
        Err(status) => {
            state.misuse(misuse::BLOCK);
            status
        }
    }
}

/// What the first member of a structure says: its size, which is one that can be.
///
/// # Safety
/// NULL, or a structure whose first member is set.
pub(crate) unsafe fn size_of_known<T>(from: *const T, v1: usize) -> Result<usize, trine_status> {
    if from.is_null() {
        return Err(TRINE_E_NULL);
    }
    // SAFETY: the first member of a structure of any version.
    let size = unsafe { from.cast::<u32>().read_unaligned() } as usize;
    if (v1..=STRUCT_MAX).contains(&size) { Ok(size) } else { Err(TRINE_E_VERSION) }
}

/// A structure of any version, whose first member is its size: of the members that this library
/// has not, none is set.
///
/// # Safety
/// NULL, or a structure as long as its first member says; zero is a value of every member.
pub(crate) unsafe fn known<T: Copy>(from: *const T, v1: usize) -> Result<T, trine_status> {
    // SAFETY: passed on.
    let size = unsafe { size_of_known(from, v1) }?;
    // SAFETY: it holds `size` bytes.
    let bytes = unsafe { core::slice::from_raw_parts(from.cast::<u8>(), size) };
    if bytes.iter().skip(size_of::<T>()).any(|byte| *byte != 0) {
        return Err(TRINE_E_UNSUPPORTED);
    }
    let mut all = core::mem::MaybeUninit::<T>::zeroed();
    let shared = size.min(size_of::<T>());
    // SAFETY: both have `shared` bytes, and they are two.
    unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), all.as_mut_ptr().cast(), shared) };
    // SAFETY: zero is a value of every member, and the program's values are.
    Ok(unsafe { all.assume_init() })
}

/// No structure will be longer.
const STRUCT_MAX: usize = 4_096;

/// # Safety
/// The block's texts and bytes can be read.
unsafe fn put(state: &mut State<'_>, from: &trine_block) -> Result<(), trine_status> {
    // SAFETY: the caller's promise, as for all of these.
    let (mime, uri) = (unsafe { from.mime.get() }?, unsafe { from.uri.get() }?);
    // SAFETY: as above.
    let name = unsafe { from.name.get() }?;
    // SAFETY: as above.
    let bytes = unsafe { text::bytes(from.data.cast(), from.size) }?;
    // SAFETY: as above.
    let words = || unsafe { text::text(from.data.cast(), from.size) };
    let made = match from.kind {
        TRINE_BLOCK_TEXT => Block::Text { text: words()? },
        TRINE_BLOCK_IMAGE => Block::Image { mime, bytes },
        TRINE_BLOCK_AUDIO => Block::Audio { mime, bytes },
        TRINE_BLOCK_LINK => Block::Link { uri, name, mime, description: words()? },
        TRINE_BLOCK_EMBEDDED_TEXT => {
            Block::Embedded { uri, mime, what: 0, bytes: words()?.as_bytes() }
        }
        TRINE_BLOCK_EMBEDDED => Block::Embedded { uri, mime, what: 1, bytes },
        TRINE_BLOCK_STRUCTURED => return state.with_out(close),
        _ => return Err(TRINE_E_ARGUMENT),
    };
    state.with_out(|out, has_blocks| {
        // Entries that no structured block closed would be taken for blocks.
        if !core::mem::replace(has_blocks, true) && !out.is_empty() {
            return Err(TRINE_E_STATE);
        }
        block(out, &made);
        Ok(())
    })
}

/// Makes a block of the entries that were written so far, in their place.
fn close(out: &mut ValueWriter<'_>, has_blocks: &mut bool) -> Result<(), trine_status> {
    if core::mem::replace(has_blocks, true) {
        return Err(TRINE_E_STATE);
    }
    if out.overflowed() {
        return Err(TRINE_E_NO_SPACE);
    }
    let len = out.len();
    // The entries stay where they are when the writer forgets them, and move behind their head.
    out.clear();
    out.with_rest(|all| {
        let mut head = [0; 12];
        let lens = varint::write(len as u64, head.get_mut(6..)?)?;
        let at = 1 + varint::write((len + lens) as u64, head.get_mut(1..)?)?;
        *head.first_mut()? = STRUCTURED;
        varint::write(len as u64, head.get_mut(at..)?)?;
        let start = at + lens;
        // From behind, since they overlap; and byte by byte, which has no way to panic.
        for at in (0..len).rev() {
            let byte = *all.get(at)?;
            *all.get_mut(start + at)? = byte;
        }
        all.iter_mut().zip(head).take(start).for_each(|(to, from)| *to = from);
        Some(start + len)
    });
    Ok(())
}

/// The type of a structured block on the wire.
const STRUCTURED: u8 = 6;

impl<'c> State<'c> {
    /// Lets what is written go to the result; what finds no room makes the call fail.
    pub(crate) fn with_out(
        &mut self,
        write: impl FnOnce(&mut ValueWriter<'c>, &mut bool) -> Result<(), trine_status>,
    ) -> Result<(), trine_status> {
        let mut out = self.out.ok_or(TRINE_E_STATE)?;
        // SAFETY: whoever made the state lent it the writer for as long as the state lives.
        let out = unsafe { out.as_mut() };
        if let Err(status) = write(out, &mut self.has_blocks) {
            self.misuse(misuse::BLOCK);
            return Err(status);
        }
        if out.overflowed() { Err(TRINE_E_NO_SPACE) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use trine_wire::message::block::Blocks;

    #[test]
    fn a_structured_block_holds_the_entries_that_were_written_before_it() {
        for len in [0, 1, 120, 126, 127, 128, 300] {
            let mut room = std::vec![0; len + 16];
            let mut out = ValueWriter::new(&mut room);
            let entries: std::vec::Vec<u8> = (0..len).map(|at| at as u8).collect();
            out.with_rest(|rest| {
                rest[..len].copy_from_slice(&entries);
                Some(len)
            });
            let mut has_blocks = false;
            assert_eq!(close(&mut out, &mut has_blocks), Ok(()));
            block(&mut out, &Block::Text { text: "and" });
            assert!(!out.overflowed(), "{len}");
            let mut blocks = Blocks::new(out.bytes());
            assert_eq!(blocks.next(), Some(Ok(Block::Structured { value: &entries })), "{len}");
            assert_eq!(blocks.next(), Some(Ok(Block::Text { text: "and" })));
            assert_eq!(close(&mut out, &mut has_blocks), Err(TRINE_E_STATE));
        }
    }

    #[test]
    fn a_structured_block_without_room_overflows() {
        let mut room = [0; 4];
        let mut out = ValueWriter::new(&mut room);
        out.with_rest(|_| Some(2));
        assert_eq!(close(&mut out, &mut false), Ok(()));
        assert!(out.overflowed());
    }
}
