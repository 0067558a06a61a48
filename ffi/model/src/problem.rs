//! What was wrong, in numbers and in words.

use core::ffi::c_char;
use core::fmt::{self, Write as _};
use core::mem::{MaybeUninit, align_of, offset_of, size_of};

use crate::model::TRINE_MODEL_ALIGN;
use crate::slices;
use crate::status::{
    TRINE_E_ARGUMENT, TRINE_E_BUSY, TRINE_E_FAILED, TRINE_E_FULL, TRINE_E_MODEL, TRINE_E_NO_SPACE,
    trine_status,
};

/// What was wrong with a model, its memory or its file. Functions that take one write it, also when
/// all is well; `trine_model_error_text` makes a sentence of it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_model_problem {
    /// Bytes of memory that are needed; 0 when that is not known.
    pub bytes_needed: usize,
    /// Alignment that the memory needs.
    pub alignment_needed: usize,
    /// The library's own.
    pub details: [u64; 26],
}

/// What is wrong with a model.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// Nothing that the status does not say.
    None,
    /// The model.
    Model(trine_infer::Error),
    /// Its tokenizer.
    Token(trine_infer::token::Error),
    /// The table of a model for sentences, which may be for other tools.
    #[cfg(feature = "ask")]
    Table(trine_ask::TableError),
    /// The model is none for sentences.
    #[cfg(feature = "ask")]
    NotForSentences,
    /// A base model.
    #[cfg(feature = "base")]
    Base(trine_unseen::BaseError),
    /// A table of tools for a base model.
    #[cfg(feature = "base")]
    Compiled(trine_unseen::TableError),
    /// Tools that no table can be made of.
    #[cfg(feature = "base")]
    Compile(trine_unseen::CompileError),
    /// The tokenizer is none that is read.
    #[cfg(feature = "full")]
    Tokenizer,
    /// So many positions are asked for, and the model has so many.
    #[cfg(feature = "full")]
    Context(u32, u32),
    /// An image with a tokenizer that this library leaves out.
    #[cfg(not(feature = "full"))]
    NoBpe,
    /// A file that this library leaves out.
    #[cfg(not(feature = "full"))]
    NoGguf,
    /// What the program's reader answered at an offset.
    Read(i32, u64),
    /// What a file could not be opened for: a number of the operating system.
    System(i32),
    /// A sentence, and how many bytes of it there are.
    #[cfg(feature = "hosted")]
    Said([u8; SAID_MAX], u8),
}

/// Bytes of a sentence that a problem has room for.
#[cfg(feature = "hosted")]
const SAID_MAX: usize = 190;

/// A status, and what there is to say of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: trine_status,
    pub(crate) needed: usize,
    pub(crate) fault: Fault,
}

impl From<trine_status> for Refusal {
    fn from(status: trine_status) -> Self {
        Self { status, needed: 0, fault: Fault::None }
    }
}

impl From<trine_infer::Error> for Refusal {
    fn from(error: trine_infer::Error) -> Self {
        Self { status: status_of(&error), needed: 0, fault: Fault::Model(error) }
    }
}

impl From<trine_infer::token::Error> for Refusal {
    fn from(error: trine_infer::token::Error) -> Self {
        Self { status: TRINE_E_MODEL, needed: 0, fault: Fault::Token(error) }
    }
}

impl Refusal {
    pub(crate) const fn no_space(needed: usize) -> Self {
        Self { status: TRINE_E_NO_SPACE, needed, fault: Fault::None }
    }

    pub(crate) const fn model(fault: Fault) -> Self {
        Self { status: TRINE_E_MODEL, needed: 0, fault }
    }
}

/// The status of what the engine answers.
pub(crate) const fn status_of(error: &trine_infer::Error) -> trine_status {
    use trine_infer::Error;
    match error {
        Error::Memory(_) | Error::TooLarge => TRINE_E_NO_SPACE,
        Error::Token(_) | Error::Option(_) => TRINE_E_ARGUMENT,
        Error::Full => TRINE_E_FULL,
        Error::Busy => TRINE_E_BUSY,
        _ => TRINE_E_MODEL,
    }
}

/// A problem as the library sees it.
#[repr(C)]
struct Kept {
    bytes_needed: usize,
    alignment_needed: usize,
    /// [`WRITTEN`]: other bytes are not taken for a fault.
    written: u64,
    fault: MaybeUninit<Fault>,
}

const WRITTEN: u64 = 0x7472_696e_655f_6572;
const _: () = assert!(size_of::<Kept>() <= size_of::<trine_model_problem>());
const _: () = assert!(align_of::<Kept>() <= align_of::<trine_model_problem>());
const _: () = assert!(offset_of!(Kept, written) == offset_of!(trine_model_problem, details));

/// Writes what came of it, if the program wants to know, and answers the status.
///
/// # Safety
/// NULL, or a problem of the program, to be written.
pub(crate) unsafe fn tell(problem: *mut trine_model_problem, came: &Refusal) -> trine_status {
    if !problem.is_null() && problem.is_aligned() {
        let kept = Kept {
            bytes_needed: came.needed,
            alignment_needed: TRINE_MODEL_ALIGN,
            written: WRITTEN,
            fault: MaybeUninit::new(came.fault),
        };
        // SAFETY: the caller's to be written, and large enough.
        unsafe { problem.cast::<Kept>().write(kept) };
    }
    came.status
}

/// Writes that the operating system could not open or read a file, and answers TRINE_E_FAILED.
/// `number` is its own for the error.
///
/// # Safety
/// NULL, or a problem of the program, to be written.
pub unsafe fn tell_system(problem: *mut trine_model_problem, number: i32) -> trine_status {
    let came = Refusal { status: TRINE_E_FAILED, needed: 0, fault: Fault::System(number) };
    // SAFETY: passed on.
    unsafe { tell(problem, &came) }
}

/// Writes what the engine refuses, and answers the status for it.
///
/// # Safety
/// NULL, or a problem of the program, to be written.
pub unsafe fn tell_error(
    problem: *mut trine_model_problem,
    error: trine_infer::Error,
) -> trine_status {
    // SAFETY: passed on.
    unsafe { tell(problem, &error.into()) }
}

/// Writes a sentence, which is cut where it is longer than 190 bytes, and answers the status.
///
/// # Safety
/// NULL, or a problem of the program, to be written.
#[cfg(feature = "hosted")]
pub unsafe fn tell_text(
    problem: *mut trine_model_problem,
    status: trine_status,
    said: &str,
) -> trine_status {
    let mut room = [0; SAID_MAX];
    let mut cut = Cut { room: &mut room, used: 0 };
    // The error says only that the text was cut.
    _ = cut.write_str(said);
    // There is no more room than that.
    let used = cut.used as u8;
    let came = Refusal { status, needed: 0, fault: Fault::Said(room, used) };
    // SAFETY: passed on.
    unsafe { tell(problem, &came) }
}

/// The fault in a problem that the library wrote.
///
/// # Safety
/// NULL, or a problem that a function of the library wrote.
unsafe fn told(problem: *const trine_model_problem) -> (usize, Fault) {
    if problem.is_null() || !problem.is_aligned() {
        return (0, Fault::None);
    }
    // SAFETY: the caller's promise.
    let kept = unsafe { problem.cast::<Kept>().read() };
    if kept.written != WRITTEN {
        return (0, Fault::None);
    }
    // SAFETY: the library writes a fault there whenever it writes the number before.
    (kept.bytes_needed, unsafe { kept.fault.assume_init() })
}

/// One sentence on what went wrong, in English: the key or tensor of the model and what is wrong
/// with it, the bytes that are missing, or what the status means.
///
/// @param status What a function answered.
/// @param problem What the same function wrote; NULL when it takes none.
/// @param text Where the sentence goes, ended by a zero byte and cut where there is no more room.
/// @param size Bytes of room; 160 are enough for all but the longest names.
/// @return Bytes written, the zero byte not counted; TRINE_E_NULL, or TRINE_E_NO_SPACE when there
///         is no room at all.
///
/// Context: isr-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_model_error_text(
    status: trine_status,
    problem: *const trine_model_problem,
    text: *mut c_char,
    size: usize,
) -> i32 {
    if text.is_null() {
        return crate::status::TRINE_E_NULL;
    }
    // SAFETY: the caller's room.
    let room = match unsafe { slices::slice_mut(text.cast::<u8>(), size) } {
        Ok(room) => room,
        Err(status) => return status,
    };
    // SAFETY: the contract of every function.
    let (needed, fault) = unsafe { told(problem) };
    let Some((end, room)) = room.split_last_mut() else { return TRINE_E_NO_SPACE };
    *end = 0;
    let mut cut = Cut { room, used: 0 };
    // The error says only that the text was cut.
    _ = match fault {
        _ if status == TRINE_E_NO_SPACE && needed > 0 => {
            write!(cut, "the memory is too small: {needed} bytes are needed")
        }
        Fault::Model(error) if status < 0 => write!(cut, "{error}"),
        Fault::Token(error) if status < 0 => write!(cut, "tokenizer: {error}"),
        #[cfg(feature = "ask")]
        Fault::Table(error) if status < 0 => write!(cut, "{error}"),
        #[cfg(feature = "ask")]
        Fault::NotForSentences if status < 0 => {
            cut.write_str("the model was not made to turn sentences into calls")
        }
        #[cfg(feature = "base")]
        Fault::Base(error) if status < 0 => write!(cut, "{error}"),
        #[cfg(feature = "base")]
        Fault::Compiled(error) if status < 0 => write!(cut, "{error}"),
        #[cfg(feature = "base")]
        Fault::Compile(error) if status < 0 => write!(cut, "{error}"),
        #[cfg(feature = "full")]
        Fault::Tokenizer if status < 0 => {
            cut.write_str("tokenizer: only byte-level BPE (\"gpt2\") and \"byte\" are read")
        }
        #[cfg(feature = "full")]
        Fault::Context(asked, most) if status < 0 => write!(
            cut,
            "a context of {asked} tokens is asked for, and the model takes {most}: shorten the \
             prompt or the text"
        ),
        #[cfg(not(feature = "full"))]
        Fault::NoBpe if status < 0 => {
            cut.write_str("tokenizer: this library has only the one of bytes")
        }
        #[cfg(not(feature = "full"))]
        Fault::NoGguf if status < 0 => {
            cut.write_str("not a model image: make one with `trine model pack`")
        }
        Fault::Read(answer, at) if status < 0 => {
            // A file that goes into memory has no larger offset.
            let at = at as usize;
            write!(cut, "the reader answered {answer} at byte {at} of the file")
        }
        Fault::System(number) if status < 0 => {
            write!(cut, "the file cannot be read: error {number} of the operating system")
        }
        #[cfg(feature = "hosted")]
        Fault::Said(said, size) if status < 0 => {
            let said = said.get(..usize::from(size)).unwrap_or_default();
            cut.write_str(core::str::from_utf8(said).unwrap_or_default())
        }
        _ => cut.write_str(crate::status::text(status)),
    };
    let used = cut.used;
    if let Some(end) = cut.room.get_mut(used) {
        *end = 0;
    }
    i32::try_from(used).unwrap_or(i32::MAX)
}

/// Text that is cut where the room ends, between two characters.
struct Cut<'r> {
    room: &'r mut [u8],
    used: usize,
}

impl fmt::Write for Cut<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let left = self.room.get_mut(self.used..).unwrap_or_default();
        let mut whole = text.len().min(left.len());
        while !text.is_char_boundary(whole) {
            whole -= 1;
        }
        for (place, byte) in left.iter_mut().zip(text.as_bytes()).take(whole) {
            *place = *byte;
        }
        self.used += whole;
        if whole == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}
