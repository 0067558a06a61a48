//! Reading and writing: tokens in, logits or text out, a step at a time.

use core::ffi::{c_char, c_void};
use core::mem::{offset_of, size_of};
use core::sync::atomic::Ordering;

use trine_infer::generate::{Event, Generation, LogitModel as _};

use crate::info::TRINE_MODEL_NONE;
use crate::session::{
    Core, Owned, TRINE_MODEL_END_CANCELLED, TRINE_MODEL_END_NONE, object, owned,
    trine_model_session,
};
use crate::slices;
use crate::status::{
    TRINE_E_ARGUMENT, TRINE_E_BUSY, TRINE_E_FULL, TRINE_E_NOT_FOUND, TRINE_E_NULL,
    TRINE_E_UNSUPPORTED, TRINE_OK, TRINE_PENDING, trine_status,
};

/// When the context is full, forgets the older half of what comes after the first `keep` tokens and
/// goes on.
pub const TRINE_MODEL_SHIFT: u32 = 1;

/// What `trine_model_generate` is told. Zero is the default of every member but the first.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_model_generation {
    /// `sizeof(trine_model_generation)`.
    pub struct_size: u32,
    /// Most tokens to write; 0 is as many as there is room for.
    pub tokens_max: u32,
    /// 0 or `TRINE_MODEL_SHIFT`.
    pub flags: u32,
    /// Tokens at the start that a shift never forgets.
    pub keep: u32,
    /// Gets each token with what it adds to the text, whole characters and perhaps none; with
    /// `TRINE_MODEL_NONE` what is left of a character at the end. Any answer but 0 ends the text.
    /// Runs inside `trine_model_generate` or `trine_model_step`; the text dies when it returns. May
    /// be NULL.
    pub on_text: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            token: u32,
            text: *const c_char,
            size: usize,
        ) -> i32,
    >,
    /// Passed to `on_text`.
    pub user_data: *mut c_void,
}

/// Bytes of the first version.
const V1: usize = offset_of!(trine_model_generation, user_data) + size_of::<*mut c_void>();

/// Who gets text.
#[derive(Clone, Copy)]
pub(crate) struct OnText {
    call: Option<unsafe extern "C" fn(*mut c_void, u32, *const c_char, usize) -> i32>,
    user_data: *mut c_void,
}

impl OnText {
    pub(crate) const NONE: Self = Self { call: None, user_data: core::ptr::null_mut() };

    /// Whether the program wants no more.
    fn tell(self, token: u32, text: &[u8]) -> bool {
        // SAFETY: the program's function; the text lives until it returns.
        self.call.is_some_and(|call| unsafe {
            call(self.user_data, token, text.as_ptr().cast(), text.len()) != 0
        })
    }
}

impl Core {
    /// Hands a token out; answers whether the program wants no more.
    fn put(&mut self, model: &crate::model::ModelObject, token: u32) -> bool {
        let piece = model.tokenizer().decode(&mut self.decoder, token, false, self.piece);
        // A model may have more tokens than its tokenizer has strings for.
        let piece = self.piece.get(..piece.unwrap_or(0)).unwrap_or_default();
        self.on_text.tell(token, piece)
    }

    /// Hands out what is left of a character.
    fn put_rest(&mut self) {
        let piece = self.decoder.finish(self.piece).unwrap_or(0);
        let piece = self.piece.get(..piece).unwrap_or_default();
        if !piece.is_empty() {
            self.on_text.tell(TRINE_MODEL_NONE, piece);
        }
    }

    /// One step of what is under way; `None` says that nothing is any more.
    fn step(&mut self, model: &crate::model::ModelObject, rows: usize) -> Option<trine_status> {
        let generation = self.generation.as_mut()?;
        let event = generation.step(&mut self.session, &mut self.sampler, rows, model.pool());
        match event {
            Ok(Event::More) => Some(TRINE_PENDING),
            Ok(Event::Token(token)) => {
                self.written = self.written.saturating_add(1);
                if self.put(model, token) {
                    self.cancel();
                    return None;
                }
                Some(TRINE_PENDING)
            }
            Ok(Event::End(end)) => {
                let number = if self.is_writing { Self::number(end) } else { TRINE_MODEL_END_NONE };
                if self.is_writing {
                    self.put_rest();
                }
                self.finish(number);
                None
            }
            Err(error) => {
                self.cancel();
                Some(error.0)
            }
        }
    }

    fn cancel(&mut self) {
        self.session.cancel();
        self.finish(TRINE_MODEL_END_CANCELLED);
    }
}

/// Works until all is done, or for one step of at most about `budget` rows.
fn work(owned: &mut Owned<'_>, budget: u32) -> trine_status {
    let (object, model) = (owned.object, owned.model());
    let core = owned.core();
    let rows = if budget == 0 { usize::MAX } else { budget as usize };
    while core.generation.is_some() {
        if object.cancels.load(Ordering::Acquire) {
            core.cancel();
            break;
        }
        match core.step(model, rows) {
            Some(TRINE_PENDING) if budget == 0 => {}
            Some(status) => return status,
            None => break,
        }
    }
    TRINE_OK
}

/// Tokens of a program, all of them of the vocabulary, and room for them.
///
/// # Safety
/// They stay as they are until they are read.
unsafe fn tokens_of(
    owned: &mut Owned<'_>,
    tokens: *const u32,
    count: usize,
    is_shifted: bool,
) -> Result<&'static [u32], trine_status> {
    // SAFETY: the caller's promise.
    let tokens = unsafe { slices::slice(tokens, count) }?;
    let vocab = owned.model().model().config().vocab;
    let core = owned.core();
    if core.generation.is_some() {
        return Err(TRINE_E_BUSY);
    }
    if tokens.iter().any(|token| *token as usize >= vocab) {
        return Err(TRINE_E_ARGUMENT);
    }
    let room = core.session.context() - core.session.tokens().len();
    if tokens.len() > room && !is_shifted {
        return Err(TRINE_E_FULL);
    }
    Ok(tokens)
}

/// Reads tokens after those that were read before; then `trine_model_logits` has what follows.
///
/// @param session The session.
/// @param tokens The tokens, one at least. They must stay as they are until all are read.
/// @param count How many.
/// @param budget 0 reads all of them before it returns. Else it works on about so many rows of a
///               matrix and returns: `trine_model_step` goes on. The results are the same.
/// @return TRINE_OK when all are read, TRINE_PENDING, TRINE_E_NULL, TRINE_E_ALIGNMENT,
///         TRINE_E_STATE, TRINE_E_BUSY also while something is under way, TRINE_E_ARGUMENT when
///         there are none or one is not in the vocabulary, or TRINE_E_FULL when there is no room
///         for all of them. After an error nothing was read.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_model_eval(
    session: *mut trine_model_session,
    tokens: *const u32,
    count: usize,
    budget: u32,
) -> trine_status {
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(session) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    // SAFETY: as above.
    let tokens = match unsafe { tokens_of(&mut owned, tokens, count, false) } {
        Ok([]) => return TRINE_E_ARGUMENT,
        Ok(tokens) => tokens,
        Err(status) => return status,
    };
    owned.object.cancels.store(false, Ordering::Release);
    let core = owned.core();
    core.is_writing = false;
    core.generation = Some(Generation::new(tokens, 0, &[]));
    work(&mut owned, budget)
}

/// Reads a prompt after what was read before and writes what follows, to `on_text`, until the model
/// ends the text, there are enough tokens, the context is full, or somebody wants no more;
/// `trine_model_get_session_info` says which. The last token that was written is read by the next
/// call if the text is to go on.
///
/// @param session The session.
/// @param tokens The prompt. It must stay as it is until the text ends. NULL with count 0 goes on
///               after what was read.
/// @param count How many tokens it has.
/// @param generation How long, and who gets the text; it may die when the function returns.
/// @param budget As for `trine_model_eval`.
/// @return TRINE_OK when the text has ended, TRINE_PENDING, TRINE_E_NULL, TRINE_E_ALIGNMENT,
///         TRINE_E_STATE, TRINE_E_BUSY also while something is under way, TRINE_E_VERSION,
///         TRINE_E_UNSUPPORTED, TRINE_E_ARGUMENT when a token is not in the vocabulary or there is
///         nothing to go on from, or TRINE_E_FULL when there is no room for the prompt. After an
///         error nothing was read.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_model_generate(
    session: *mut trine_model_session,
    tokens: *const u32,
    count: usize,
    generation: *const trine_model_generation,
    budget: u32,
) -> trine_status {
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(session) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    // SAFETY: as above; zeros are a structure.
    let raw = match unsafe { slices::read(generation, V1) } {
        Ok(raw) => raw,
        Err(status) => return status,
    };
    if raw.flags & !TRINE_MODEL_SHIFT != 0 {
        return TRINE_E_UNSUPPORTED;
    }
    let is_shifted = raw.flags & TRINE_MODEL_SHIFT != 0;
    // SAFETY: as above.
    let tokens = match unsafe { tokens_of(&mut owned, tokens, count, is_shifted) } {
        Ok(tokens) => tokens,
        Err(status) => return status,
    };
    let stops = owned.model().stops();
    let core = owned.core();
    if tokens.is_empty() && core.session.logits().is_none() {
        return TRINE_E_ARGUMENT;
    }
    if is_shifted && let Err(refused) = core.session.will_shift() {
        return refused.0;
    }
    let most = if raw.tokens_max == 0 { usize::MAX } else { raw.tokens_max as usize };
    let new = Generation::new(tokens, most, stops);
    core.generation = Some(if is_shifted { new.shifting(raw.keep as usize) } else { new });
    core.is_writing = true;
    core.on_text = OnText { call: raw.on_text, user_data: raw.user_data };
    core.decoder = trine_infer::token::Decoder::new();
    core.written = 0;
    core.end = TRINE_MODEL_END_NONE;
    owned.object.cancels.store(false, Ordering::Release);
    work(&mut owned, budget)
}

/// Goes on with what `trine_model_eval` or `trine_model_generate` left under way.
///
/// @param session The session.
/// @param budget As for `trine_model_eval`.
/// @return TRINE_OK when nothing is under way any more, TRINE_PENDING, TRINE_E_NULL,
///         TRINE_E_ALIGNMENT, TRINE_E_STATE or TRINE_E_BUSY.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_model_step(
    session: *mut trine_model_session,
    budget: u32,
) -> trine_status {
    // SAFETY: the contract of every function.
    match unsafe { owned(session) } {
        Ok(mut owned) => work(&mut owned, budget),
        Err(status) => status,
    }
}

/// Breaks off what is under way, at its next step; with a budget of 0, at the next matrix. Tokens
/// of a pass that was not finished count as not read.
///
/// @param session The session.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT or TRINE_E_STATE.
///
/// Context: isr-safe, any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_model_cancel(session: *mut trine_model_session) -> trine_status {
    // SAFETY: the contract of every function.
    match unsafe { object(session) } {
        Ok(object) => {
            object.cancels.store(true, Ordering::Release);
            TRINE_OK
        }
        Err(status) => status,
    }
}

/// The logits after the last token that was read.
///
/// @param session The session.
/// @param logits Where the pointer goes: one number for each token of the vocabulary. It dies at
///               the next call of a function that takes the session, but for
///               `trine_model_get_session_info` and `trine_model_cancel`.
/// @return How many, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE, TRINE_E_BUSY, or
///         TRINE_E_NOT_FOUND when there are none: before the first token, while something is under
///         way, after it was cancelled, and after `trine_model_truncate`.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_model_logits(
    session: *mut trine_model_session,
    logits: *mut *const f32,
) -> i32 {
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(session) } {
        Ok(owned) if !logits.is_null() => owned,
        Ok(_) => return TRINE_E_NULL,
        Err(status) => return status,
    };
    let core = owned.core();
    let Some(found) = core.session.logits().filter(|_| core.generation.is_none()) else {
        return TRINE_E_NOT_FOUND;
    };
    // SAFETY: not NULL, and the caller's to be written.
    unsafe { logits.write(found.as_ptr()) };
    // No vocabulary has 2^31 tokens.
    found.len() as i32
}

/// Forgets what was read from a position on: 0 forgets all, so that another text can begin.
///
/// @param session The session.
/// @param tokens How many of the first tokens stay; more than there are changes nothing.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE, TRINE_E_BUSY, also while
///         something is under way, or TRINE_E_ARGUMENT when a part would stay of a prompt that the
///         model has seen whole.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_model_truncate(
    session: *mut trine_model_session,
    tokens: u32,
) -> trine_status {
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(session) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    let core = owned.core();
    if core.generation.is_some() {
        return TRINE_E_BUSY;
    }
    match core.session.truncate(tokens as usize) {
        Ok(()) => TRINE_OK,
        Err(error) => error.0,
    }
}
