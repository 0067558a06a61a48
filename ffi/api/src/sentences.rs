//! Sentences that a host wants turned into calls: what the program is told, and its answers.

use core::ffi::{CStr, c_char, c_void};
use core::mem::{align_of, offset_of, size_of};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

use trine_dispatch::{Answer, Asked, NotNow, SENTENCE};
use trine_wire::message::block::{Block, Blocks};

use crate::call::call_id;
use crate::descriptor::trine_call_id;
use crate::memory::{Owned, owned, trine_device};
use crate::status::{
    self, TRINE_E_ALIGNMENT, TRINE_E_ARGUMENT, TRINE_E_BUSY, TRINE_E_FULL, TRINE_E_NO_SPACE,
    TRINE_E_NULL, TRINE_E_STALE, TRINE_E_STATE, TRINE_E_UNSUPPORTED, TRINE_E_VERSION, TRINE_OK,
    TRINE_PENDING, trine_status,
};
use crate::text::{self, trine_text};
use crate::tools::handle;

/// A sentence that a host wants turned into a call.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_sentence {
    /// The handle to answer with.
    pub id: trine_call_id,
    /// 1 when the host wants to know the tokens of a trained model too, else 0.
    pub with_tokens: u32,
    /// The time in milliseconds, as it was passed to `trine_poll`.
    pub now: u64,
    /// When the answer is no longer wanted, in milliseconds.
    pub deadline: u64,
    /// The sentence as it was received: it may be invalid UTF-8. It is valid until `on_sentence`
    /// returns.
    pub text: trine_text,
}

/// What reads sentences. Constant, and as long-lived as the device.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_sentences {
    /// `sizeof(trine_sentences)`.
    pub struct_size: u32,
    /// Must be 0.
    pub reserved: u32,
    /// Copies a sentence and returns TRINE_PENDING, inside `trine_poll`. The host is told of any
    /// other status: TRINE_E_BUSY while another sentence is read, TRINE_E_FULL when it is too long.
    pub on_sentence: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            sentence: *const trine_sentence,
        ) -> trine_status,
    >,
    /// The answer is no longer wanted: it expired, was cancelled, or the host is gone. May be
    /// NULL.
    pub on_stop: Option<unsafe extern "C" fn(user_data: *mut c_void, id: trine_call_id)>,
    /// Passed to both.
    pub user_data: *mut c_void,
}

/// Bytes of the first version of the structure.
const V1: usize = offset_of!(trine_sentences, user_data) + size_of::<*mut c_void>();
/// A structure of more bytes than this is none.
const SIZE_MAX: usize = 4096;

/// Tells hosts that the device turns sentences into calls.
///
/// @param device The device, before its first `trine_poll`.
/// @param sentences What reads them.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE (also after the first poll),
///         TRINE_E_BUSY, TRINE_E_VERSION or TRINE_E_UNSUPPORTED.
///
/// Context: init-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_sentences_offer(
    device: *mut trine_device,
    sentences: *const trine_sentences,
) -> trine_status {
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(device) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    // SAFETY: the program's structure, whose first member is set; it outlives the device.
    if let Err(status) = unsafe { known(sentences) } {
        return status;
    }
    // A host that has greeted the device would never hear of it.
    if owned.device().has_started() {
        return TRINE_E_STATE;
    }
    owned.object.reader.0.store(sentences.cast_mut(), Ordering::Relaxed);
    owned.device().offer_sentences();
    TRINE_OK
}

/// # Safety
/// NULL, or the program's structure, which holds as many bytes as its first member says.
unsafe fn known(sentences: *const trine_sentences) -> Result<(), trine_status> {
    if sentences.is_null() {
        return Err(TRINE_E_NULL);
    }
    if !sentences.addr().is_multiple_of(align_of::<trine_sentences>()) {
        return Err(TRINE_E_ALIGNMENT);
    }
    // SAFETY: the first member of a structure of any version.
    let size = unsafe { sentences.cast::<u32>().read() } as usize;
    if !(V1..=SIZE_MAX).contains(&size) {
        return Err(TRINE_E_VERSION);
    }
    // SAFETY: it holds `size` bytes.
    let bytes = unsafe { core::slice::from_raw_parts(sentences.cast::<u8>(), size) };
    let is_newer = bytes.iter().skip(size_of::<trine_sentences>()).any(|byte| *byte != 0);
    // SAFETY: it has all bytes of this version.
    let sentences = unsafe { &*sentences };
    match sentences.on_sentence {
        _ if is_newer || sentences.reserved != 0 => Err(TRINE_E_UNSUPPORTED),
        None => Err(TRINE_E_NULL),
        Some(_) => Ok(()),
    }
}

/// Answers a sentence.
///
/// @param device The device.
/// @param id The handle, from `on_sentence`.
/// @param blocks The answer as `docs/wire.md`, section 4.8, has it: `trine_base_ask_steps` writes
///               it. Copied.
/// @param size Bytes of it; `result_max` at most.
/// @return TRINE_OK; TRINE_E_STALE when it is no longer wanted; TRINE_E_FULL: try after the
///         next poll; TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_NO_SPACE when it is longer
///         than a result may be, or TRINE_E_ARGUMENT when it is no answer to a sentence.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_sentence_answer(
    device: *mut trine_device,
    id: trine_call_id,
    blocks: *const u8,
    size: usize,
) -> trine_status {
    // SAFETY: the contract of every function.
    let owned = match unsafe { owned(device) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    // SAFETY: the caller's bytes, read now.
    let blocks = match unsafe { text::bytes(blocks, size) } {
        Ok(blocks) => blocks,
        Err(status) => return status,
    };
    if !is_answer(blocks) {
        return TRINE_E_ARGUMENT;
    }
    if blocks.len() > usize::from(owned.object.kept.buffers.1) {
        return TRINE_E_NO_SPACE;
    }
    answer(owned, id, blocks, Answer::Blocks)
}

/// Whether blocks begin with the one that says what a sentence came to, and none is malformed.
fn is_answer(blocks: &[u8]) -> bool {
    let mut blocks = Blocks::new(blocks);
    let is_call = |block| matches!(block, Some(Ok(Block::Call { .. })));
    is_call(blocks.next()) && blocks.all(|block| block.is_ok())
}

/// A sentence could not be read: the host is told why.
///
/// @param device The device.
/// @param id The handle, from `on_sentence`.
/// @param text Why, in words that say what to change; copied, cut after 240 bytes.
/// @param size Bytes of the text.
/// @return As of `trine_sentence_answer`, and TRINE_E_UTF8.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_sentence_fail(
    device: *mut trine_device,
    id: trine_call_id,
    text: *const c_char,
    size: usize,
) -> trine_status {
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(device) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    // SAFETY: the caller's text, read now.
    let text = match unsafe { text::text(text, size) } {
        Ok(text) => text,
        Err(status) => return status,
    };
    // The text of a failure that is being told is not changed in vain.
    if !is_sentence(&mut owned, id) {
        return TRINE_E_STALE;
    }
    let text = owned.object.said.keep(text).unwrap_or("the device could not read it");
    answer(owned, id, &[], Answer::Failed(text))
}

/// Whether a handle is that of a sentence: a call of a tool has one too.
fn is_sentence(owned: &mut Owned<'_>, id: trine_call_id) -> bool {
    owned.device().with_calls(|calls| calls.tool(call_id(id))) == Some(SENTENCE)
}

fn answer(mut owned: Owned<'_>, id: trine_call_id, blocks: &[u8], answer: Answer) -> trine_status {
    let mut is_wanted = false;
    if !is_sentence(&mut owned, id) {
        return TRINE_E_STALE;
    }
    let told = owned.device().with_calls(|calls| {
        calls.answer(call_id(id), |out| {
            is_wanted = true;
            out.with_rest(|rest| {
                rest.get_mut(..blocks.len())?.copy_from_slice(blocks);
                Some(blocks.len())
            });
            answer
        })
    });
    match told {
        Ok(()) if is_wanted => TRINE_OK,
        Ok(()) => TRINE_E_STALE,
        Err(NotNow) => TRINE_E_FULL,
    }
}

/// What reads sentences; nothing at first.
#[derive(Debug)]
pub(crate) struct Reader(AtomicPtr<trine_sentences>);

impl Reader {
    pub(crate) const fn new() -> Self {
        Self(AtomicPtr::new(null_mut()))
    }

    fn known(&self) -> Option<&'static trine_sentences> {
        // SAFETY: NULL, or the program's structure, which lives as long as the device.
        unsafe { self.0.load(Ordering::Relaxed).as_ref() }
    }

    /// Lets the program take a sentence.
    pub(crate) fn take(&self, asked: &Asked<'_>) -> Answer {
        let Some((on_sentence, user_data)) =
            self.known().and_then(|it| Some((it.on_sentence?, it.user_data)))
        else {
            return Answer::Failed("this device has no model for sentences");
        };
        let text = trine_text { data: asked.sentence.as_ptr().cast(), size: asked.sentence.len() };
        let sentence = trine_sentence {
            id: handle(asked.id),
            with_tokens: asked.with_tokens.into(),
            now: asked.now,
            deadline: asked.deadline,
            text,
        };
        // SAFETY: the program's own function and what it asked to be passed.
        match unsafe { on_sentence(user_data, &raw const sentence) } {
            TRINE_PENDING => Answer::Pending,
            TRINE_E_BUSY => {
                Answer::Failed("another sentence is being read: ask when it is answered")
            }
            TRINE_E_FULL => Answer::Failed("the sentence is too long for this device"),
            // It was to be kept: what says that all is well was a slip.
            0.. => Answer::Failed("the device did not keep the sentence"),
            other => Answer::Failed(words(status::text(other))),
        }
    }

    /// Tells the program that an answer is no longer wanted.
    pub(crate) fn stop(&self, id: trine_call_id) {
        if let Some((on_stop, user_data)) =
            self.known().and_then(|it| Some((it.on_stop?, it.user_data)))
        {
            // SAFETY: as above.
            unsafe { on_stop(user_data, id) };
        }
    }
}

fn words(text: &'static CStr) -> &'static str {
    text.to_str().unwrap_or_default()
}
