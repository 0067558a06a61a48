//! A session in memory that the program gives: how much, its opening and closing, and its state.

use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::mem::{align_of, offset_of, size_of};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use trine_infer::generate::{End, Generation, LogitModel as _};
use trine_infer::sample::{Candidate, Sampler, Sampling};
use trine_infer::token::Decoder;

use crate::config::{self, SessionSetup, trine_model_session_config};
use crate::guard::Busy;
use crate::model::{ModelObject, TRINE_MODEL_ALIGN, trine_model};
use crate::problem::{Fault, Refusal, tell, trine_model_problem};
#[cfg(feature = "hosted")]
use crate::reading::ExternalModel;
use crate::reading::{Backend, Reading};
use crate::run::OnText;
use crate::slices;
use crate::status::{TRINE_E_ALIGNMENT, TRINE_E_NULL, TRINE_E_STATE, TRINE_OK, trine_status};

/// A session: what a model has read so far, and the memory to go on. Opaque: it lives in memory
/// that the program gives to `trine_model_session_open`.
#[derive(Debug)]
pub struct trine_model_session {
    _private: [u8; 0],
}

/// Nothing has ended: no text was generated, or one is under way.
pub const TRINE_MODEL_END_NONE: u32 = 0;
/// The model chose a token at which a text ends.
pub const TRINE_MODEL_END_STOP: u32 = 1;
/// As many tokens as were asked for were written.
pub const TRINE_MODEL_END_LIMIT: u32 = 2;
/// The context is full.
pub const TRINE_MODEL_END_FULL: u32 = 3;
/// `on_text` or `trine_model_cancel` broke it off.
pub const TRINE_MODEL_END_CANCELLED: u32 = 4;

/// Says that a session lives here.
const ALIVE: u32 = 0x7472_6d73;

/// What a `trine_model_session` points to; candidates, a piece of text and the engine's arena lie
/// behind it.
///
/// It is only borrowed shared, since an interrupt may set `cancels` while the owner uses `core`.
#[repr(C)]
pub(crate) struct Object {
    /// [`ALIVE`] while it is open.
    magic: AtomicU32,
    busy: Busy,
    pub(crate) cancels: AtomicBool,
    /// Whether the memory is the library's.
    is_hosted: AtomicBool,
    model: &'static ModelObject,
    core: UnsafeCell<Core>,
}

const _: () = assert!(
    align_of::<Object>() <= TRINE_MODEL_ALIGN && align_of::<Candidate>() <= TRINE_MODEL_ALIGN
);

/// The owner's part.
pub(crate) struct Core {
    pub(crate) session: Reading,
    pub(crate) sampler: Sampler<'static>,
    /// What the sampler works in.
    candidates: NonNull<Candidate>,
    pub(crate) candidates_count: usize,
    /// What is under way.
    pub(crate) generation: Option<Generation<'static>>,
    /// Whether that writes text.
    pub(crate) is_writing: bool,
    pub(crate) on_text: OnText,
    pub(crate) decoder: Decoder,
    pub(crate) piece: &'static mut [u8],
    pub(crate) written: u32,
    pub(crate) end: u32,
    bytes: usize,
}

impl Core {
    /// Nothing is under way any more.
    pub(crate) fn finish(&mut self, end: u32) {
        self.generation = None;
        self.end = end;
    }

    /// The memory that the sampler works in.
    ///
    /// # Safety
    /// No sampler that was made of it is used again.
    pub(crate) unsafe fn candidates_mut(&mut self) -> &'static mut [Candidate] {
        // SAFETY: they were written when the session was opened and live as long; the caller says
        // that nobody else borrows them.
        unsafe { core::slice::from_raw_parts_mut(self.candidates.as_ptr(), self.candidates_count) }
    }

    /// The number of an end, for the program.
    pub(crate) const fn number(end: End) -> u32 {
        match end {
            End::Stop(_) => TRINE_MODEL_END_STOP,
            End::Limit => TRINE_MODEL_END_LIMIT,
            End::Full => TRINE_MODEL_END_FULL,
            End::Cancelled => TRINE_MODEL_END_CANCELLED,
        }
    }
}

/// The owner's part, for as long as this lives.
pub(crate) struct Owned<'o> {
    pub(crate) object: &'o Object,
}

impl Drop for Owned<'_> {
    fn drop(&mut self) {
        self.object.busy.leave();
    }
}

impl Owned<'_> {
    pub(crate) const fn core(&mut self) -> &mut Core {
        // SAFETY: the guard lets one in, and `&mut self` lets it borrow the core once.
        unsafe { &mut *self.object.core.get() }
    }

    pub(crate) const fn model(&self) -> &'static ModelObject {
        self.object.model
    }
}

/// The object of a handle.
///
/// # Safety
/// NULL, or memory in which a session was opened; it lives for as long as `'o`.
pub(crate) unsafe fn object<'o>(
    session: *const trine_model_session,
) -> Result<&'o Object, trine_status> {
    if session.is_null() {
        return Err(TRINE_E_NULL);
    }
    if !session.addr().is_multiple_of(TRINE_MODEL_ALIGN) {
        return Err(TRINE_E_ALIGNMENT);
    }
    // SAFETY: the caller's promise.
    let object = unsafe { &*session.cast::<Object>() };
    if object.magic.load(Ordering::Acquire) == ALIVE { Ok(object) } else { Err(TRINE_E_STATE) }
}

/// The object of a handle, for the owner alone.
///
/// # Safety
/// As [`object`].
pub(crate) unsafe fn owned<'o>(
    session: *const trine_model_session,
) -> Result<Owned<'o>, trine_status> {
    // SAFETY: passed on.
    let object = unsafe { object(session) }?;
    object.busy.enter()?;
    Ok(Owned { object })
}

/// Where things lie in the memory of a session.
struct Places {
    piece: usize,
    arena: usize,
    end: usize,
}

/// Bytes from the start of the memory to each part; the last has `arena_bytes`.
fn places(
    model: &ModelObject,
    setup: &SessionSetup,
    arena_bytes: usize,
) -> Result<Places, Refusal> {
    let large = trine_infer::Error::TooLarge;
    let candidates = setup.candidates.checked_mul(size_of::<Candidate>()).ok_or(large)?;
    let piece = size_of::<Object>().checked_add(candidates).ok_or(large)?;
    let arena = piece.checked_add(model.tokenizer().piece_bytes_max()).ok_or(large)?;
    let arena = arena.checked_next_multiple_of(TRINE_MODEL_ALIGN).ok_or(large)?;
    let end = arena.checked_add(arena_bytes).ok_or(large)?;
    Ok(Places { piece, arena, end })
}

/// Bytes of memory that a session needs, for `trine_model_session_open`: mostly keys and values,
/// `trine size` shows how much for which context.
///
/// @param model The model.
/// @param config The configuration.
/// @param problem What is wrong with it; may be NULL.
/// @return Bytes; 0 when there is no such session.
///
/// Context: init-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_model_session_sizeof(
    model: *const trine_model,
    config: *const trine_model_session_config,
    problem: *mut trine_model_problem,
) -> usize {
    // SAFETY: the contract of every function.
    let object = unsafe { ModelObject::of(model) };
    let needed = object.map_err(Refusal::from).and_then(|object| {
        // SAFETY: as above.
        let setup = unsafe { config::read_session(config, object) }?;
        Ok(places(object, &setup, Backend::Own.bytes(object, &setup)?)?.end)
    });
    let came = match needed {
        Ok(needed) => Refusal { status: TRINE_OK, needed, fault: Fault::None },
        Err(refusal) => refusal,
    };
    // SAFETY: as above.
    unsafe { tell(problem, &came) };
    came.needed
}

/// Opens an empty session of a model. It draws tokens greedily until `trine_model_set_sampling`
/// says otherwise.
///
/// @param memory `trine_model_session_sizeof` bytes at least, aligned to `trine_model_alignof`. It
///               belongs to the session until `trine_model_session_close`.
/// @param size Bytes of the memory.
/// @param model The model; it cannot be closed before the session.
/// @param config What the session is told.
/// @param session Where the handle goes, on success only.
/// @param problem What is wrong, and how many bytes are needed; may be NULL.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_VERSION, TRINE_E_UNSUPPORTED, TRINE_E_ARGUMENT,
///         TRINE_E_ALIGNMENT, TRINE_E_NO_SPACE, or TRINE_E_STATE when the model is not open.
///
/// Context: init-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_model_session_open(
    memory: *mut c_void,
    size: usize,
    model: *const trine_model,
    config: *const trine_model_session_config,
    session: *mut *mut trine_model_session,
    problem: *mut trine_model_problem,
) -> trine_status {
    let opened = if session.is_null() {
        Err(TRINE_E_NULL.into())
    } else {
        // SAFETY: the contract of every function.
        unsafe { open(memory, size, model, config, Backend::Own) }
    };
    let came = match opened {
        Ok((place, needed)) => {
            // SAFETY: not NULL, and the caller's to be written.
            unsafe { session.write(place.as_ptr().cast()) };
            Refusal { status: TRINE_OK, needed, fault: Fault::None }
        }
        Err(refusal) => refusal,
    };
    // SAFETY: the contract of every function.
    unsafe { tell(problem, &came) }
}

/// Looks at the memory, then opens.
///
/// # Safety
/// As [`trine_model_session_open`].
unsafe fn open(
    memory: *mut c_void,
    size: usize,
    model: *const trine_model,
    config: *const trine_model_session_config,
    who: Backend,
) -> Result<(NonNull<Object>, usize), Refusal> {
    // SAFETY: the contract of every function; the model lives as long as its sessions.
    let model: &'static ModelObject = unsafe { ModelObject::of(model) }?;
    // SAFETY: as above.
    let setup = unsafe { config::read_session(config, model) }?;
    let places = places(model, &setup, who.bytes(model, &setup)?)?;
    let refused = |status| Refusal { status, needed: places.end, fault: Fault::None };
    let memory = NonNull::new(memory.cast::<u8>()).ok_or(refused(TRINE_E_NULL))?;
    if !memory.as_ptr().addr().is_multiple_of(TRINE_MODEL_ALIGN) {
        return Err(refused(TRINE_E_ALIGNMENT));
    }
    if size < places.end {
        return Err(Refusal::no_space(places.end));
    }
    let place = memory.cast::<Object>();
    // SAFETY: the candidates lie behind the object, aligned as it is.
    let candidates = unsafe { memory.add(size_of::<Object>()) }.cast::<Candidate>();
    for candidate in 0..setup.candidates {
        // SAFETY: there is room for as many.
        let place = unsafe { candidates.add(candidate) };
        // SAFETY: it is the callee's.
        unsafe { place.write(Candidate::default()) };
    }
    // SAFETY: the parts lie one behind the other in the memory, which is the callee's.
    let piece = unsafe { part(memory, places.piece, places.arena) };
    // SAFETY: as above.
    let arena = unsafe { part(memory, places.arena, places.end) };
    let core = Core {
        session: who.reading(model, &setup, arena)?,
        sampler: Sampler::new(Sampling::GREEDY, &mut [])?,
        candidates,
        candidates_count: setup.candidates,
        generation: None,
        is_writing: false,
        on_text: OnText::NONE,
        decoder: Decoder::new(),
        piece,
        written: 0,
        end: TRINE_MODEL_END_NONE,
        bytes: places.end,
    };
    let object = Object {
        magic: AtomicU32::new(ALIVE),
        busy: Busy::new(),
        cancels: AtomicBool::new(false),
        is_hosted: AtomicBool::new(false),
        model,
        core: UnsafeCell::new(core),
    };
    // SAFETY: the memory is aligned, large enough and the callee's.
    unsafe { place.write(object) };
    model.count(true);
    Ok((place, places.end))
}

/// The bytes `from..to` of the memory.
///
/// # Safety
/// They are the callee's for as long as the session is open, and no other part's.
unsafe fn part(memory: NonNull<u8>, from: usize, to: usize) -> &'static mut [u8] {
    // SAFETY: inside the memory.
    let first = unsafe { memory.add(from) };
    // SAFETY: the caller's promise; bytes of zeros are bytes.
    unsafe { first.write_bytes(0, to - from) };
    // SAFETY: just written, and nothing else is made of them.
    unsafe { core::slice::from_raw_parts_mut(first.as_ptr(), to - from) }
}

/// Closes a session: its memory is the program's again.
///
/// @param session The session.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE or TRINE_E_BUSY.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_model_session_close(
    session: *mut trine_model_session,
) -> trine_status {
    // SAFETY: the contract of every function.
    match unsafe { owned(session) } {
        Ok(owned) if owned.object.is_hosted.load(Ordering::Relaxed) => TRINE_E_STATE,
        Ok(owned) => {
            // Nothing of it needs to be dropped.
            owned.object.magic.store(0, Ordering::Release);
            owned.model().count(false);
            TRINE_OK
        }
        Err(status) => status,
    }
}

/// Says whose the memory of a session is: that of the library, which then alone may close it, or
/// the program's.
///
/// # Safety
/// NULL, or memory in which a session was opened.
///
/// # Errors
/// The status to answer.
pub unsafe fn mark_hosted_session(
    session: *mut trine_model_session,
    is_hosted: bool,
) -> Result<(), trine_status> {
    // SAFETY: the contract of every function.
    let owned = unsafe { owned(session) }?;
    owned.object.is_hosted.store(is_hosted, Ordering::Relaxed);
    Ok(())
}

/// Whether the memory of a session is the library's.
///
/// # Safety
/// As [`mark_hosted_session`].
///
/// # Errors
/// The status to answer.
pub unsafe fn is_hosted_session(session: *const trine_model_session) -> Result<bool, trine_status> {
    // SAFETY: the contract of every function.
    let object = unsafe { object(session) }?;
    Ok(object.is_hosted.load(Ordering::Relaxed))
}

/// Bytes that [`open_external`] wants.
///
/// # Safety
/// The contract of every function.
///
/// # Errors
/// The status to answer.
#[cfg(feature = "hosted")]
pub unsafe fn bytes_external(
    model: &ModelObject,
    config: *const trine_model_session_config,
) -> Result<usize, trine_status> {
    // SAFETY: passed on.
    let setup = unsafe { config::read_session(config, model) };
    let places = setup.and_then(|setup| places(model, &setup, 0));
    places.map(|places| places.end).map_err(|refusal| refusal.status)
}

/// Opens a session for which another computes than our engine, as `trine_model_session_open` does.
///
/// # Safety
/// The contract of every function; the reader lives until the session is closed.
///
/// # Errors
/// The status to answer.
#[cfg(feature = "hosted")]
pub unsafe fn open_external(
    memory: *mut c_void,
    size: usize,
    model: *const trine_model,
    config: *const trine_model_session_config,
    reader: &'static mut dyn ExternalModel,
) -> Result<*mut trine_model_session, trine_status> {
    // SAFETY: passed on.
    let opened = unsafe { open(memory, size, model, config, Backend::ExternalModel(reader)) };
    opened.map(|(place, _)| place.as_ptr().cast()).map_err(|refusal| refusal.status)
}

/// What a session has done.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_model_session_info {
    /// `sizeof(trine_model_session_info)`, set by the program.
    pub struct_size: u32,
    /// Tokens that were read.
    pub tokens: u32,
    /// Tokens that there is room for.
    pub context: u32,
    /// Tokens that the last `trine_model_generate` wrote.
    pub written: u32,
    /// Why it ended: `TRINE_MODEL_END_...`.
    pub end: u32,
    /// 1 while there is more to do for `trine_model_step`, else 0.
    pub is_pending: u32,
    /// Bytes of the memory that the session takes. It takes no more later.
    pub memory_used: usize,
}

/// Bytes of the first version.
const V1: usize = offset_of!(trine_model_session_info, memory_used) + size_of::<usize>();

/// Says what a session has done.
///
/// @param session The session.
/// @param info Where it goes; its `struct_size` is set.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE, TRINE_E_BUSY or
///         TRINE_E_VERSION.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_model_get_session_info(
    session: *mut trine_model_session,
    info: *mut trine_model_session_info,
) -> trine_status {
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(session) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    let core = owned.core();
    let known = trine_model_session_info {
        struct_size: size_of::<trine_model_session_info>() as u32,
        tokens: core.session.tokens().len() as u32,
        context: core.session.context() as u32,
        written: core.written,
        end: core.end,
        is_pending: u32::from(core.generation.is_some()),
        memory_used: core.bytes,
    };
    // SAFETY: as above.
    unsafe { slices::write(info, V1, &known) }
}
