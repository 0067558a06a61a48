//! Sentences to calls: a model, its tools and its memory as one object, a step at a time.

use core::ffi::{c_char, c_void};
use core::mem::{align_of, offset_of, size_of};
use core::ptr::NonNull;

use ::trine_ask::{
    AskError, Decoding, Program, Progress, SENTENCE_MAX, Sentence, SentenceError, SessionEngine,
    ValueWriter, Vocabulary,
};
use trine_infer::image::Image;
use trine_infer::{DecodeSession, KvKind, Layer, Model, Options, arena_bytes};
use trine_ternary::mcu::scratch_words;
use trine_ternary::parallel::Serial;
use trine_ternary::{Kernels, Packing};

use crate::config::TRINE_MODEL_CHECK;
use crate::model::TRINE_MODEL_ALIGN;
use crate::owned::{self, Object, Owned};
use crate::problem::{Fault, Refusal, status_of, tell, trine_model_problem};
use crate::slices;
use crate::status::{
    TRINE_E_ARGUMENT, TRINE_E_FULL, TRINE_E_NOT_FOUND, TRINE_E_NULL, TRINE_E_UNSUPPORTED,
    TRINE_E_UTF8, TRINE_E_VERSION, TRINE_OK, TRINE_PENDING, trine_status,
};
use crate::version::TRINE_MODEL_ABI_VERSION;

/// What turns sentences into calls. Opaque: it lives in memory that the program gives to
/// `trine_ask_open`.
#[derive(Debug)]
pub struct trine_ask {
    _private: [u8; 0],
}

/// A call that the model is sure of.
pub const TRINE_ASK_CALL: u32 = 0;
/// The likeliest call, which the model is not sure of: to be shown and asked about.
pub const TRINE_ASK_UNSURE: u32 = 1;
/// No tool does that.
pub const TRINE_ASK_NO_TOOL: u32 = 2;
/// What a parameter needs was not said.
pub const TRINE_ASK_MISSING: u32 = 3;
/// What was said is out of the bounds of a parameter.
pub const TRINE_ASK_OUT_OF_RANGE: u32 = 4;
/// The call would be longer than a call may be.
pub const TRINE_ASK_TOO_LONG: u32 = 5;

/// Most bytes of a sentence.
pub const TRINE_ASK_SENTENCE_MAX: usize = 1024;
const _: () = assert!(TRINE_ASK_SENTENCE_MAX == SENTENCE_MAX);

/// What `trine_ask_open` is told. Set it to zero, then the first six members.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_ask_config {
    /// `sizeof(trine_ask_config)`.
    pub struct_size: u32,
    /// `TRINE_MODEL_ABI_VERSION`.
    pub abi_version: u32,
    /// The model where it lies: an image of `trine model pack`, read in place.
    pub data: *const c_void,
    /// How many bytes, or more.
    pub size: usize,
    /// The tools, as `trine gen TOOLS.json --sentences` writes them; read in place.
    pub tools: *const u8,
    /// How many bytes.
    pub tools_size: usize,
    /// Tokens that there is room for, of a sentence and its call; 0 is as many as the model was
    /// trained for.
    pub context: u32,
    /// 0 or `TRINE_MODEL_CHECK`.
    pub flags: u32,
}

/// What a sentence came to.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_ask_answer {
    /// `sizeof(trine_ask_answer)`.
    pub struct_size: u32,
    /// `TRINE_ASK_...`.
    pub verdict: u32,
    /// Number of the tool in its list; 0 where none is meant.
    pub tool: u32,
    /// Number of the parameter that TRINE_ASK_MISSING and TRINE_ASK_OUT_OF_RANGE are about.
    pub node: u32,
    /// How sure the model is, from 0 to 1: the same on every machine, to the bit.
    pub confidence: f32,
    /// How many tokens there are at `tokens`.
    pub tokens_count: u32,
    /// The arguments as a call carries them (`docs/wire.md`, section 5). They and the tokens live
    /// until the next sentence.
    pub args: *const u8,
    /// How many bytes.
    pub args_size: usize,
    /// What the model read and chose.
    pub tokens: *const u16,
}

/// Bytes of the first version of each.
const CONFIG_V1: usize = offset_of!(trine_ask_config, flags) + size_of::<u32>();
const ANSWER_V1: usize = offset_of!(trine_ask_answer, tokens) + size_of::<*const u16>();

/// Says that an asker lives here.
const ALIVE: u32 = 0x7472_696e;
/// Most bytes of the arguments of a call: a sentence, and what stands before each of its parts.
pub(crate) const ARGS: usize = SENTENCE_MAX + 256;

/// The owner's part. In the memory, blocks, the sentence and the engine's arena lie behind it.
struct Core {
    program: Program<'static>,
    vocabulary: Vocabulary<'static>,
    session: DecodeSession<'static, 'static>,
    /// Where the bytes of a sentence are kept, and the sentence: nothing else borrows them while
    /// there is no `decoding`.
    text: NonNull<[u8; SENTENCE_MAX]>,
    sentence: NonNull<Sentence<'static>>,
    decoding: Option<Decoding<'static>>,
    args: [u8; ARGS],
}

const _: () = assert!(
    align_of::<Object<Core>>() <= TRINE_MODEL_ALIGN
        && align_of::<Sentence<'_>>() <= TRINE_MODEL_ALIGN
);

/// A configuration that was read, and where things lie in the memory.
struct Setup {
    image: Image<'static>,
    vocabulary: Vocabulary<'static>,
    program: Program<'static>,
    context: usize,
    text: usize,
    sentence: usize,
    arena: usize,
    end: usize,
}

/// Reads a configuration and looks whether model and tools belong together.
///
/// # Safety
/// As [`trine_ask_open`].
unsafe fn setup(config: *const trine_ask_config) -> Result<Setup, Refusal> {
    // SAFETY: zeros are a structure; the contract of every function.
    let raw = unsafe { slices::read(config, CONFIG_V1) }?;
    if raw.abi_version != TRINE_MODEL_ABI_VERSION {
        return Err(TRINE_E_VERSION.into());
    }
    if raw.flags & !TRINE_MODEL_CHECK != 0 {
        return Err(TRINE_E_UNSUPPORTED.into());
    }
    // SAFETY: the program's, for as long as the asker is open.
    let bytes: &'static [u8] = unsafe { slices::slice(raw.data.cast(), raw.size) }?;
    // SAFETY: as above.
    let tools: &'static [u8] = unsafe { slices::slice(raw.tools, raw.tools_size) }?;
    let image = Image::parse(bytes)?;
    if raw.flags & TRINE_MODEL_CHECK != 0 {
        image.check_crc()?;
    }
    let program = Program::new(tools).ok_or(TRINE_E_ARGUMENT)?;
    let table = image.pieces().ok_or(Refusal::model(Fault::NotForSentences))?;
    let wrong = |error| Refusal::model(Fault::Table(error));
    let vocabulary = Vocabulary::parse(table).map_err(wrong)?;
    let image_config = image.config();
    vocabulary.check(&program, image_config.vocab).map_err(wrong)?;
    let context = match raw.context {
        0 => image_config.context,
        context => context as usize,
    };
    let large = trine_infer::Error::TooLarge;
    let layers = image_config.layers.checked_mul(size_of::<Layer<'_>>()).ok_or(large)?;
    let text = size_of::<Object<Core>>().checked_add(layers).ok_or(large)?;
    let after = text
        .checked_add(SENTENCE_MAX)
        .and_then(|at| at.checked_next_multiple_of(TRINE_MODEL_ALIGN));
    let sentence = after.ok_or(large)?;
    let after = sentence.checked_add(size_of::<Sentence<'_>>());
    let arena = after.and_then(|at| at.checked_next_multiple_of(TRINE_MODEL_ALIGN)).ok_or(large)?;
    let options = options(&image, context);
    let bytes = arena_bytes(image_config, &options)?;
    let end = arena.checked_add(bytes).ok_or(large)?;
    Ok(Setup { image, vocabulary, program, context, text, sentence, arena, end })
}

/// How sentences are read: on chip and host alike.
fn options(image: &Image<'_>, context: usize) -> Options {
    let tables = tables(image);
    Options { context, kv: KvKind::I8, tables, ..Options::new(image.config()) }
}

/// Words of tables that are enough for any packing for microcontrollers, for the widest matrix.
const fn tables(image: &Image<'_>) -> usize {
    let config = image.config();
    let wide = if config.ffn > config.dim { config.ffn } else { config.dim };
    let of = [
        scratch_words(Packing::Table5Trit, wide),
        scratch_words(Packing::Table4Trit, wide),
        scratch_words(Packing::SmladPairs, wide),
    ];
    let [mut most, four, pairs] = of;
    if four > most {
        most = four;
    }
    if pairs > most { pairs } else { most }
}

/// The owner's part of an asker.
///
/// # Safety
/// NULL, or memory in which an asker was opened; it lives for as long as `'o`.
unsafe fn asker<'o>(ask: *const trine_ask) -> Result<Owned<'o, Core>, trine_status> {
    // SAFETY: passed on.
    unsafe { owned::owned(ask, ALIVE) }
}

impl Core {
    /// Puts a sentence to its place, before its first step.
    fn begin(&mut self, text: &[u8]) -> Result<(), trine_status> {
        // Nothing borrows the text and the sentence any more.
        self.decoding = None;
        // SAFETY: it lives as long as the asker, and this is the only borrow.
        let place: &'static mut [u8; SENTENCE_MAX] = unsafe { self.text.as_mut() };
        let Some(place) = place.get_mut(..text.len()) else { return Err(TRINE_E_FULL) };
        place.iter_mut().zip(text).for_each(|(place, byte)| *place = *byte);
        // SAFETY: as above.
        let sentence: &'static mut Sentence<'static> = unsafe { self.sentence.as_mut() };
        let read = sentence.fill(place, &self.program, &self.vocabulary);
        read.map_err(|error| sentence_status(&error))?;
        self.decoding = Some(Decoding::new(self.program, &self.vocabulary, sentence));
        Ok(())
    }

    /// Steps until all is done, or once.
    fn step(&mut self, budget: u32) -> trine_status {
        let Some(decoding) = &mut self.decoding else { return TRINE_E_NOT_FOUND };
        let rows = if budget == 0 { usize::MAX } else { budget as usize };
        let mut engine = SessionEngine { session: &mut self.session, pool: &Serial };
        loop {
            match decoding.step(&mut engine, rows) {
                Ok(Progress::Done) => return TRINE_OK,
                Ok(Progress::More) if budget == 0 => {}
                Ok(Progress::More) => return TRINE_PENDING,
                Err(error) => {
                    self.decoding = None;
                    return match error {
                        AskError::Sentence(error) => sentence_status(&error),
                        AskError::Model(error) => status_of(&error),
                    };
                }
            }
        }
    }

    fn answer(&mut self) -> Result<trine_ask_answer, trine_status> {
        let decoding = self.decoding.as_ref().ok_or(TRINE_E_NOT_FOUND)?;
        let answer = decoding.answer().ok_or(TRINE_E_NOT_FOUND)?;
        let mut args = ValueWriter::new(&mut self.args);
        if let Some(call) = answer.call() {
            call.encode(&mut args);
        }
        let args = args.bytes();
        let outline = answer.outline();
        Ok(trine_ask_answer {
            struct_size: 0,
            verdict: outline.verdict.into(),
            tool: outline.tool.into(),
            node: outline.node.into(),
            confidence: decoding.confidence(),
            // No sequence has 2^32 tokens.
            tokens_count: decoding.tokens().len() as u32,
            args: args.as_ptr(),
            args_size: args.len(),
            tokens: decoding.tokens().as_ptr(),
        })
    }
}

pub(crate) const fn sentence_status(error: &SentenceError) -> trine_status {
    match error {
        SentenceError::Empty => TRINE_E_ARGUMENT,
        SentenceError::Utf8(_) => TRINE_E_UTF8,
        _ => TRINE_E_FULL,
    }
}

/// Bytes of memory that turning sentences into calls takes, for `trine_ask_open`: all that is ever
/// taken.
///
/// @param config The configuration.
/// @param problem What is wrong with it, with the model or with the tools; may be NULL.
/// @return Bytes; 0 when there is no such asker.
///
/// Context: init-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_ask_sizeof(
    config: *const trine_ask_config,
    problem: *mut trine_model_problem,
) -> usize {
    // SAFETY: the contract of every function.
    let came = match unsafe { setup(config) } {
        Ok(setup) => Refusal { status: TRINE_OK, needed: setup.end, fault: Fault::None },
        Err(refusal) => refusal,
    };
    // SAFETY: as above.
    unsafe { tell(problem, &came) };
    came.needed
}

/// Opens what turns sentences into calls of the tools. A model that was made for other tools is
/// refused: `trine_model_error_text` says so.
///
/// @param memory `trine_ask_sizeof` bytes at least, aligned to `trine_model_alignof`. It belongs to
///               the asker until `trine_ask_close`.
/// @param size Bytes of the memory.
/// @param config Model and tools.
/// @param ask Where the handle goes, on success only.
/// @param problem What is wrong, and how many bytes are needed; may be NULL.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_VERSION, TRINE_E_UNSUPPORTED, TRINE_E_ARGUMENT when the
///         bytes are no tools, TRINE_E_ALIGNMENT, TRINE_E_NO_SPACE, or TRINE_E_MODEL when the image
///         is damaged, none for sentences, or for other tools.
///
/// Context: init-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_ask_open(
    memory: *mut c_void,
    size: usize,
    config: *const trine_ask_config,
    ask: *mut *mut trine_ask,
    problem: *mut trine_model_problem,
) -> trine_status {
    let opened = if ask.is_null() {
        Err(TRINE_E_NULL.into())
    } else {
        // SAFETY: the contract of every function.
        unsafe { open(memory, size, config) }
    };
    let came = match opened {
        Ok((place, needed)) => {
            // SAFETY: not NULL, and the caller's to be written.
            unsafe { ask.write(place.as_ptr().cast()) };
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
/// As [`trine_ask_open`].
#[expect(clippy::large_stack_arrays, reason = "what is built is what is kept")]
unsafe fn open(
    memory: *mut c_void,
    size: usize,
    config: *const trine_ask_config,
) -> Result<(NonNull<Object<Core>>, usize), Refusal> {
    // SAFETY: passed on.
    let setup = unsafe { setup(config) }?;
    let memory = owned::checked(memory, size, setup.end)?;
    let place = memory.cast::<Object<Core>>();
    let image_config = *setup.image.config();
    // SAFETY: the blocks lie behind the object, inside the memory and aligned as it is.
    let layers = unsafe { memory.add(size_of::<Object<Core>>()) }.cast::<Layer<'static>>();
    for layer in 0..image_config.layers {
        // SAFETY: there is room for as many.
        let layer = unsafe { layers.add(layer) };
        // SAFETY: it is the callee's.
        unsafe { layer.write(Layer::EMPTY) };
    }
    // SAFETY: just written, and nothing else is made of them.
    let layers = unsafe { core::slice::from_raw_parts_mut(layers.as_ptr(), image_config.layers) };
    // SAFETY: inside the memory.
    let text = unsafe { memory.add(setup.text) }.cast::<[u8; SENTENCE_MAX]>();
    // SAFETY: the callee's, and of bytes.
    unsafe { text.write_bytes(0, 1) };
    // SAFETY: inside the memory, and aligned.
    let sentence = unsafe { memory.add(setup.sentence) }.cast::<Sentence<'static>>();
    // SAFETY: the callee's.
    unsafe { sentence.write(Sentence::empty()) };
    // SAFETY: inside the memory.
    let arena = unsafe { memory.add(setup.arena) };
    let room = setup.end - setup.arena;
    // SAFETY: the callee's; bytes of zeros are bytes.
    unsafe { arena.write_bytes(0, room) };
    // SAFETY: just written, and nothing else is made of them.
    let arena = unsafe { core::slice::from_raw_parts_mut(arena.as_ptr(), room) };
    let model = Model::new(image_config, setup.image.weights(layers)?, Kernels::best())?;
    let options = options(&setup.image, setup.context);
    let core = Core {
        program: setup.program,
        vocabulary: setup.vocabulary,
        session: DecodeSession::new(&model, &options, arena)?,
        text,
        sentence,
        decoding: None,
        args: [0; ARGS],
    };
    // SAFETY: the memory is aligned, large enough and the callee's.
    unsafe { place.write(Object::new(ALIVE, core)) };
    Ok((place, setup.end))
}

/// Closes an asker: its memory, the image and the tools are the program's again.
///
/// @param ask The asker.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE or TRINE_E_BUSY.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_ask_close(ask: *mut trine_ask) -> trine_status {
    // SAFETY: the contract of every function.
    match unsafe { asker(ask) } {
        Ok(owned) => {
            owned.close();
            TRINE_OK
        }
        Err(status) => status,
    }
}

/// Begins with a sentence; one that was under way is given up. The sentence is copied.
///
/// @param ask The asker.
/// @param sentence UTF-8.
/// @param size Its bytes, at most `TRINE_ASK_SENTENCE_MAX`.
/// @return TRINE_PENDING, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE, TRINE_E_BUSY,
///         TRINE_E_ARGUMENT when it has no words, TRINE_E_UTF8, or TRINE_E_FULL when it is too
///         long: in bytes, in words (96), or in tokens. After an error no sentence is under way.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_ask_begin(
    ask: *mut trine_ask,
    sentence: *const c_char,
    size: usize,
) -> trine_status {
    // SAFETY: the contract of every function.
    let text = match unsafe { slices::slice(sentence.cast::<u8>(), size) } {
        Ok(text) => text,
        Err(status) => return status,
    };
    // SAFETY: as above.
    match unsafe { asker(ask) } {
        Ok(mut owned) => owned.core().begin(text).err().unwrap_or(TRINE_PENDING),
        Err(status) => status,
    }
}

/// Goes on with the sentence, so that a main loop does its other work in between.
///
/// @param ask The asker.
/// @param budget 0 goes on until there is an answer. Else it works on about so many rows of a
///               matrix and returns. The answer is the same.
/// @return TRINE_OK when there is an answer, TRINE_PENDING, TRINE_E_NULL, TRINE_E_ALIGNMENT,
///         TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_NOT_FOUND when no sentence is under way, or
///         TRINE_E_FULL when it is too long for the context. After an error none is.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_ask_step(ask: *mut trine_ask, budget: u32) -> trine_status {
    // SAFETY: the contract of every function.
    match unsafe { asker(ask) } {
        Ok(mut owned) => owned.core().step(budget),
        Err(status) => status,
    }
}

/// Says what the sentence came to. Nothing is called: the arguments are those of a call by the
/// wire.
///
/// @param ask The asker.
/// @param answer Where it goes; its `struct_size` is set.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_VERSION,
///         or TRINE_E_NOT_FOUND when there is no answer, or not yet.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_ask_result(
    ask: *mut trine_ask,
    answer: *mut trine_ask_answer,
) -> trine_status {
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { asker(ask) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    if answer.is_null() {
        return TRINE_E_NULL;
    }
    match owned.core().answer() {
        // SAFETY: as above.
        Ok(known) => unsafe { slices::write(answer, ANSWER_V1, &known) },
        Err(status) => status,
    }
}
