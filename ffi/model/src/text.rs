//! Text to tokens and back.

use core::ffi::c_char;

use trine_infer::token::{Decoder, Encode, Error, Tokenizer};

use crate::info::TRINE_MODEL_NONE;
use crate::model::{ModelObject, trine_model};
use crate::slices;
use crate::status::{
    TRINE_E_ARGUMENT, TRINE_E_MODEL, TRINE_E_NO_SPACE, TRINE_E_NULL, TRINE_E_UNSUPPORTED,
    TRINE_E_UTF8, trine_status,
};

/// Puts the token that begins a text first, if the model was trained so.
pub const TRINE_MODEL_BEGIN: u32 = 1;
/// Takes names of control tokens in the text, such as `<|eot_id|>`, for those tokens. Not for the
/// text of strangers.
pub const TRINE_MODEL_SPECIAL: u32 = 2;
/// Writes the names of control tokens; else they add nothing.
pub const TRINE_MODEL_CONTROL: u32 = 4;

/// The beginning of a character whose other bytes are in tokens to come. All zero at the start of a
/// text.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_model_decoder {
    /// How many bytes, and those.
    pub held: [u8; 8],
}

/// The tokens of a text.
///
/// @param model The model.
/// @param text UTF-8.
/// @param size Bytes of the text.
/// @param flags `TRINE_MODEL_BEGIN`, `TRINE_MODEL_SPECIAL`.
/// @param tokens Where they go. What lies behind them is scratch memory.
/// @param slots Room at `tokens`: `TRINE_MODEL_SLOTS(size)` is always enough; with less, half of it
///              is for tokens and half is scratch.
/// @return How many tokens, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE, TRINE_E_UNSUPPORTED for
///         other flags, TRINE_E_UTF8, TRINE_E_NO_SPACE, or TRINE_E_MODEL when no token stands for a
///         byte.
///
/// Context: owner-only of `tokens`; any for the model, which does not change.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_model_tokenize(
    model: *const trine_model,
    text: *const c_char,
    size: usize,
    flags: u32,
    tokens: *mut u32,
    slots: usize,
) -> i32 {
    // SAFETY: the contract of every function.
    let object = match unsafe { ModelObject::of(model) } {
        Ok(object) if !tokens.is_null() => object,
        Ok(_) => return TRINE_E_NULL,
        Err(status) => return status,
    };
    // SAFETY: the program's text, read now.
    let text = match unsafe { slices::slice(text.cast::<u8>(), size) } {
        Ok(text) => text,
        Err(status) => return status,
    };
    // SAFETY: the program's room, written now.
    let room = match unsafe { slices::slice_mut(tokens, slots) } {
        Ok(room) => room,
        Err(status) => return status,
    };
    if flags & !(TRINE_MODEL_BEGIN | TRINE_MODEL_SPECIAL) != 0 {
        return TRINE_E_UNSUPPORTED;
    }
    let Ok(text) = core::str::from_utf8(text) else { return TRINE_E_UTF8 };
    let tokenizer = object.tokenizer();
    let how = Encode {
        bos: flags & TRINE_MODEL_BEGIN != 0 && tokenizer.adds_bos(),
        special: flags & TRINE_MODEL_SPECIAL != 0,
    };
    let out = share(tokenizer, text.len(), room.len());
    let (out, scratch) = room.split_at_mut_checked(out).unwrap_or_default();
    match tokenizer.encode(text, how, scratch, out) {
        Ok(count) => i32::try_from(count).unwrap_or(TRINE_E_NO_SPACE),
        Err(error) => status_of(&error),
    }
}

/// How much of the room is for tokens: one for each byte and one to begin with, if there is scratch
/// memory for the longest word behind that.
#[cfg(feature = "full")]
fn share(tokenizer: &Tokenizer<'_>, bytes: usize, room: usize) -> usize {
    let scratch = match tokenizer {
        Tokenizer::Byte(..) => 0,
        _ => trine_infer::token::scratch_slots(bytes),
    };
    let tokens = bytes.saturating_add(1).min(room);
    if room - tokens >= scratch { tokens } else { room / 2 }
}

#[cfg(not(feature = "full"))]
fn share(_: &Tokenizer<'_>, _: usize, room: usize) -> usize {
    room
}

const fn status_of(error: &Error) -> trine_status {
    match error {
        Error::Scratch { .. } | Error::Output { .. } | Error::Piece { .. } => TRINE_E_NO_SPACE,
        Error::Token(_) => TRINE_E_ARGUMENT,
        _ => TRINE_E_MODEL,
    }
}

/// What a token adds to a text, in whole characters: the bytes of one that is not whole yet wait in
/// the decoder.
///
/// @param model The model.
/// @param decoder Where the text is; all zero at its start.
/// @param token The token; `TRINE_MODEL_NONE` ends the text, and what is left of a character
///              becomes U+FFFD.
/// @param flags 0 or `TRINE_MODEL_CONTROL`.
/// @param text Where the bytes go; no zero byte ends them.
/// @param size Room for them: `piece_bytes_max` of the model's `trine_model_info` is enough.
/// @return Bytes written, 0 or more; TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE,
///         TRINE_E_UNSUPPORTED for other flags, TRINE_E_ARGUMENT when there is no such token or the
///         decoder was never zero, or TRINE_E_NO_SPACE; then the decoder stays as it was.
///
/// Context: owner-only of the decoder; any for the model, which does not change.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_model_detokenize(
    model: *const trine_model,
    decoder: *mut trine_model_decoder,
    token: u32,
    flags: u32,
    text: *mut c_char,
    size: usize,
) -> i32 {
    // SAFETY: the contract of every function.
    let object = match unsafe { ModelObject::of(model) } {
        Ok(object) if !decoder.is_null() && !text.is_null() => object,
        Ok(_) => return TRINE_E_NULL,
        Err(status) => return status,
    };
    if flags & !TRINE_MODEL_CONTROL != 0 {
        return TRINE_E_UNSUPPORTED;
    }
    // SAFETY: the program's room, written now.
    let room = match unsafe { slices::slice_mut(text.cast::<u8>(), size) } {
        Ok(room) => room,
        Err(status) => return status,
    };
    // SAFETY: not NULL; bytes of any alignment.
    let held = unsafe { decoder.read() }.held;
    let Some(mut state) = opened(held) else { return TRINE_E_ARGUMENT };
    let written = if token == TRINE_MODEL_NONE {
        state.finish(room)
    } else {
        let control = flags & TRINE_MODEL_CONTROL != 0;
        object.tokenizer().decode(&mut state, token, control, room)
    };
    match written {
        Ok(written) => {
            // SAFETY: not NULL, and the caller's to be written.
            unsafe { decoder.write(closed(&state)) };
            i32::try_from(written).unwrap_or(TRINE_E_NO_SPACE)
        }
        Err(error) => status_of(&error),
    }
}

/// The decoder that holds these bytes: at most three, which write nothing.
fn opened(held: [u8; 8]) -> Option<Decoder> {
    let [count, bytes @ ..] = held;
    let bytes = bytes.get(..usize::from(count)).filter(|bytes| bytes.len() < 4)?;
    let mut decoder = Decoder::new();
    // No beginning of a character writes anything; another's bytes would.
    let written = decoder.push(bytes.iter().copied(), &mut []);
    (written == Ok(0)).then_some(decoder)
}

fn closed(decoder: &Decoder) -> trine_model_decoder {
    let mut held = [0; 8];
    let bytes = decoder.held();
    for (place, byte) in held.iter_mut().skip(1).zip(bytes) {
        *place = *byte;
    }
    if let Some(count) = held.first_mut() {
        *count = bytes.len() as u8;
    }
    trine_model_decoder { held }
}
