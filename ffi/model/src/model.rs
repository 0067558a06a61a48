//! A model in memory that the program gives: how much, and its opening and closing.

use core::ffi::c_void;
use core::mem::{align_of, size_of};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, Ordering};

use trine_infer::token::Tokenizer;
use trine_infer::{Layer, Model};
use trine_ternary::Kernels;
use trine_ternary::parallel::{Parallel, Serial};

use crate::config::{self, Setup, trine_model_config};
use crate::problem::{Fault, Refusal, tell, trine_model_problem};
use crate::source::Source;
use crate::status::{
    TRINE_E_ALIGNMENT, TRINE_E_BUSY, TRINE_E_NULL, TRINE_E_STATE, TRINE_OK, trine_status,
};

/// A model: its weights where they lie, its tokenizer, and nothing that changes. Opaque: it lives
/// in memory that the program gives to `trine_model_open`. Any number of sessions use it.
#[derive(Debug)]
pub struct trine_model {
    _private: [u8; 0],
}

/// Alignment of a model and of a session; enough for each on any target.
pub const TRINE_MODEL_ALIGN: usize = 8;
const _: () = assert!(
    align_of::<ModelObject>() <= TRINE_MODEL_ALIGN && align_of::<Layer<'_>>() <= TRINE_MODEL_ALIGN
);
/// Says that a model lives here.
const ALIVE: u32 = 0x7472_6d6f;
/// Tokens at which a text can end: the file's own, and those that are known by name.
const STOPS: usize = 8;

/// What a `trine_model` points to; blocks and the tokenizer's index lie behind it.
#[repr(C)]
#[derive(Debug)]
pub struct ModelObject {
    /// [`ALIVE`] while it is open.
    magic: AtomicU32,
    /// Sessions that are open.
    sessions: AtomicU32,
    /// Whether memory and threads are the library's.
    is_hosted: bool,
    model: Model<'static>,
    tokenizer: Tokenizer<'static>,
    pool: Pool,
    stops: [u32; STOPS],
    stops_count: usize,
    bytes: u64,
}

/// Threads, or none.
#[derive(Clone, Copy)]
struct Pool(&'static dyn Parallel);

impl core::fmt::Debug for Pool {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Pool").field(&self.0.threads()).finish()
    }
}

impl ModelObject {
    /// A model that is open. `bytes` is the size of its file.
    #[must_use]
    pub fn new(
        model: Model<'static>,
        tokenizer: Tokenizer<'static>,
        bytes: u64,
        pool: Option<&'static dyn Parallel>,
    ) -> Self {
        let (mut stops, mut stops_count) = ([0; STOPS], 0);
        // No vocabulary has 2^32 tokens.
        let ends = (0..model.config().vocab as u32).filter(|token| tokenizer.is_end(*token));
        for (place, token) in stops.iter_mut().zip(ends) {
            *place = token;
            stops_count += 1;
        }
        Self {
            magic: AtomicU32::new(ALIVE),
            sessions: AtomicU32::new(0),
            is_hosted: pool.is_some(),
            model,
            tokenizer,
            pool: Pool(pool.unwrap_or(&Serial)),
            stops,
            stops_count,
            bytes,
        }
    }

    /// The transformer.
    #[must_use]
    pub const fn model(&self) -> &Model<'static> {
        &self.model
    }

    /// Its tokenizer.
    #[must_use]
    pub const fn tokenizer(&self) -> &Tokenizer<'static> {
        &self.tokenizer
    }

    /// Whether memory and threads are the library's.
    #[must_use]
    pub const fn is_hosted(&self) -> bool {
        self.is_hosted
    }

    /// Its threads.
    #[must_use]
    pub const fn pool(&self) -> &'static dyn Parallel {
        self.pool.0
    }

    pub(crate) fn stops(&self) -> &[u32] {
        self.stops.get(..self.stops_count).unwrap_or_default()
    }

    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// One session more, or one less. A processor without atomic addition opens and closes them in
    /// one context, as the header asks of all.
    pub(crate) fn count(&self, is_more: bool) {
        let change: u32 = if is_more { 1 } else { u32::MAX };
        #[cfg(target_has_atomic = "32")]
        self.sessions.fetch_add(change, Ordering::AcqRel);
        #[cfg(not(target_has_atomic = "32"))]
        {
            let before = self.sessions.load(Ordering::Acquire);
            self.sessions.store(before.wrapping_add(change), Ordering::Release);
        }
    }

    /// Ends the model.
    ///
    /// # Errors
    /// When it was opened by the other kind of function, or a session of it is open.
    pub fn close(&self, is_hosted: bool) -> Result<(), trine_status> {
        if self.is_hosted != is_hosted {
            return Err(TRINE_E_STATE);
        }
        if self.sessions.load(Ordering::Acquire) != 0 {
            return Err(TRINE_E_BUSY);
        }
        self.magic.store(0, Ordering::Release);
        Ok(())
    }

    /// The object of a handle.
    ///
    /// # Safety
    /// NULL, or memory in which a model was opened; it lives for as long as `'o`.
    ///
    /// # Errors
    /// The status to answer.
    pub unsafe fn of<'o>(model: *const trine_model) -> Result<&'o Self, trine_status> {
        if model.is_null() {
            return Err(TRINE_E_NULL);
        }
        if !model.addr().is_multiple_of(TRINE_MODEL_ALIGN) {
            return Err(TRINE_E_ALIGNMENT);
        }
        // SAFETY: the caller's promise.
        let object = unsafe { &*model.cast::<Self>() };
        if object.magic.load(Ordering::Acquire) == ALIVE { Ok(object) } else { Err(TRINE_E_STATE) }
    }
}

/// Bytes from the start of the memory to the index, and to its end.
fn places(layers: usize, slots: usize) -> Option<(usize, usize)> {
    let layers = layers.checked_mul(size_of::<Layer<'_>>())?;
    let index = size_of::<ModelObject>().checked_add(layers)?;
    let end = slots.checked_mul(size_of::<u32>())?.checked_add(index)?;
    Some((index, end))
}

/// Bytes that the model of a header needs.
fn needed(source: &Source) -> Result<usize, Refusal> {
    let (config, words) = (source.config()?, source.words()?);
    let places = places(config.layers, words.slots());
    places.map(|(_, end)| end).ok_or_else(|| trine_infer::Error::TooLarge.into())
}

/// Bytes of memory that a model needs besides its file, for `trine_model_open`: some hundred, some
/// hundred more for each block, and the index of a vocabulary, which for 128,256 tokens takes 3.6
/// million.
///
/// @param config The configuration.
/// @param problem What is wrong with it or with the model; may be NULL.
/// @return Bytes; 0 when there is no such model.
///
/// Context: init-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_model_sizeof(
    config: *const trine_model_config,
    problem: *mut trine_model_problem,
) -> usize {
    // SAFETY: the contract of every function.
    let setup = unsafe { config::read(config) }.map_err(Refusal::from);
    let needed = setup.and_then(|setup| needed(&Source::parse(setup.bytes)?));
    let came = match needed {
        Ok(needed) => Refusal { status: TRINE_OK, needed, fault: Fault::None },
        Err(refusal) => refusal,
    };
    // SAFETY: as above.
    unsafe { tell(problem, &came) };
    came.needed
}

/// Alignment of the memory of a model or of a session.
///
/// @return Bytes, a power of two; never more than 8.
///
/// Context: init-only.
#[unsafe(no_mangle)]
pub extern "C" fn trine_model_alignof() -> usize {
    TRINE_MODEL_ALIGN
}

/// Opens a model: reads its header, finds its tensors and makes the index of its tokenizer. Weights
/// are used where they lie; nothing of the file is copied.
///
/// @param memory `trine_model_sizeof` bytes at least, aligned to `trine_model_alignof`. It belongs
///               to the model until `trine_model_close`.
/// @param size Bytes of the memory.
/// @param config What the model is told.
/// @param model Where the handle goes, on success only.
/// @param problem Where it is said what is wrong, and how many bytes are needed; may be NULL.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_VERSION, TRINE_E_UNSUPPORTED, TRINE_E_ALIGNMENT,
///         TRINE_E_NO_SPACE, or TRINE_E_MODEL when the file is damaged or not one that this library
///         computes.
///
/// Context: init-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_model_open(
    memory: *mut c_void,
    size: usize,
    config: *const trine_model_config,
    model: *mut *mut trine_model,
    problem: *mut trine_model_problem,
) -> trine_status {
    let opened = if model.is_null() {
        Err(TRINE_E_NULL.into())
    } else {
        // SAFETY: the contract of every function.
        let setup = unsafe { config::read(config) }.map_err(Refusal::from);
        // SAFETY: as above.
        setup.and_then(|setup| unsafe { open(memory, size, setup) })
    };
    let came = match opened {
        Ok((place, needed)) => {
            // SAFETY: not NULL, and the caller's to be written.
            unsafe { model.write(place.as_ptr().cast()) };
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
/// `size` bytes at `memory` are the callee's until the model is closed, unless it is NULL.
unsafe fn open(
    memory: *mut c_void,
    size: usize,
    setup: Setup,
) -> Result<(NonNull<ModelObject>, usize), Refusal> {
    let source = Source::parse(setup.bytes)?;
    let (config, words) = (source.config()?, source.words()?);
    let slots = words.slots();
    let places = places(config.layers, slots).ok_or(trine_infer::Error::TooLarge)?;
    let (index_at, needed) = places;
    let refused = |status| Refusal { status, needed, fault: Fault::None };
    let memory = NonNull::new(memory.cast::<u8>()).ok_or(refused(TRINE_E_NULL))?;
    if !memory.as_ptr().addr().is_multiple_of(TRINE_MODEL_ALIGN) {
        return Err(refused(TRINE_E_ALIGNMENT));
    }
    if size < needed {
        return Err(Refusal::no_space(needed));
    }
    let place = memory.cast::<ModelObject>();
    if setup.is_checked {
        source.check()?;
    }
    // SAFETY: the blocks lie behind the object, aligned as it is.
    let layers = unsafe { memory.add(size_of::<ModelObject>()) }.cast::<Layer<'static>>();
    for layer in 0..config.layers {
        // SAFETY: there is room for as many.
        let place = unsafe { layers.add(layer) };
        // SAFETY: it is the callee's.
        unsafe { place.write(Layer::EMPTY) };
    }
    // SAFETY: all of them were just written, and nothing else is made of their bytes.
    let layers = unsafe { core::slice::from_raw_parts_mut(layers.as_ptr(), config.layers) };
    // SAFETY: the index lies behind them; their size is a multiple of its alignment.
    let index = unsafe { memory.add(index_at) }.cast::<u32>();
    // SAFETY: it is the callee's.
    unsafe { index.write_bytes(0, slots) };
    // SAFETY: just written; nothing else is made of its bytes.
    let index = unsafe { core::slice::from_raw_parts_mut(index.as_ptr(), slots) };
    let weights = source.weights(&config, layers)?;
    let model = Model::new(config, weights, Kernels::best())?;
    let object = ModelObject::new(model, words.tokenizer(index)?, source.bytes(), None);
    // SAFETY: the memory is aligned, large enough and the callee's.
    unsafe { place.write(object) };
    Ok((place, needed))
}

/// Closes a model: its memory and its file are the program's again.
///
/// @param model The model.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE, or TRINE_E_BUSY while a
///         session of it is open.
///
/// Context: init-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_model_close(model: *mut trine_model) -> trine_status {
    // SAFETY: the contract of every function.
    match unsafe { ModelObject::of(model) }.and_then(|object| object.close(false)) {
        // Nothing of it needs to be dropped.
        Ok(()) => TRINE_OK,
        Err(status) => status,
    }
}
