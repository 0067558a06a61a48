//! What a program does between two steps of a base model, and where the blocks for a host go.

use core::ffi::c_void;
use core::mem::{offset_of, size_of};

use trine_unseen::Answer;
use trine_unseen::told::{self, BYTES_MAX};

use crate::slices;
use crate::status::{TRINE_E_FULL, TRINE_E_NO_SPACE, TRINE_E_UNSUPPORTED, trine_status};

/// What is called between two steps, and where the answer goes as a device tells it to a host. Set
/// it to zero, then `struct_size` and the members that are needed.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_base_steps {
    /// `sizeof(trine_base_steps)`.
    pub struct_size: u32,
    /// Must be 0.
    pub reserved: u32,
    /// Called before each step; 0 goes on, any other number ends it. It may use the program's
    /// devices, and not this base model. NULL for nothing.
    pub on_step: Option<unsafe extern "C" fn(user_data: *mut c_void) -> i32>,
    /// Passed to `on_step`.
    pub user_data: *mut c_void,
    /// Where the blocks go that `trine_sentence_answer` of `trine_sentences.h` takes, once the
    /// sentence was read; NULL for none.
    pub told: *mut u8,
    /// Bytes of room; `TRINE_BASE_TOLD_MAX` are always enough.
    pub told_max: usize,
    /// How many bytes were written there: set on success.
    pub told_size: usize,
}

/// Bytes of the blocks of an answer at most.
pub const TRINE_BASE_TOLD_MAX: usize = 696;
const _: () = assert!(TRINE_BASE_TOLD_MAX == BYTES_MAX);

/// Bytes of the first version.
const STEPS_V1: usize = offset_of!(trine_base_steps, told_size) + size_of::<usize>();

/// What a program wants of the steps.
#[derive(Debug)]
pub(crate) struct Steps {
    raw: Option<trine_base_steps>,
}

impl Steps {
    /// Reads the program's structure, if there is one.
    ///
    /// # Safety
    /// NULL, or a structure as the header asks.
    pub(crate) unsafe fn read(from: *const trine_base_steps) -> Result<Self, trine_status> {
        if from.is_null() {
            return Ok(Self { raw: None });
        }
        // SAFETY: zeros are a structure; the caller's promise.
        let raw = unsafe { slices::read(from, STEPS_V1) }?;
        if raw.reserved != 0 {
            return Err(TRINE_E_UNSUPPORTED);
        }
        Ok(Self { raw: Some(raw) })
    }

    /// Whether it goes on, asked before each step.
    pub(crate) fn goes_on(&self) -> impl FnMut() -> bool + use<> {
        let raw = self.raw;
        move || {
            let Some((on_step, user_data)) =
                raw.and_then(|raw| Some((raw.on_step?, raw.user_data)))
            else {
                return true;
            };
            // SAFETY: the program's own function and what it asked to be passed.
            unsafe { on_step(user_data) == 0 }
        }
    }

    /// Writes the blocks of an answer, where they are wanted; answers how many bytes those are.
    ///
    /// # Safety
    /// The room of the structure that was read is the callee's now.
    pub(crate) unsafe fn write(
        &self,
        answer: &Answer<'_>,
        is_sure: bool,
    ) -> Result<usize, trine_status> {
        let Some(raw) = self.raw.filter(|raw| !raw.told.is_null()) else { return Ok(0) };
        // SAFETY: the caller's promise.
        let room = unsafe { slices::slice_mut(raw.told, raw.told_max) }?;
        let is_small = room.len() < BYTES_MAX;
        let size = told::write(answer, is_sure, room);
        size.ok_or(if is_small { TRINE_E_NO_SPACE } else { TRINE_E_FULL })
    }

    /// Tells the program how many bytes were written.
    ///
    /// # Safety
    /// NULL, or what was read by [`Self::read`].
    pub(crate) unsafe fn tell(to: *mut trine_base_steps, size: usize) {
        if to.is_null() {
            return;
        }
        // SAFETY: the program's structure, which has all of the first version.
        let to = unsafe { &mut *to };
        to.told_size = size;
    }
}
