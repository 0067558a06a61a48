//! A file read into memory by a function of the program.

use core::ffi::c_void;

use trine_infer::image::{HEADER_BYTES, Header, Image, MAGIC};

use crate::problem::{Fault, Refusal, tell, trine_model_problem};
use crate::slices;
use crate::status::{TRINE_E_ARGUMENT, TRINE_E_FAILED, TRINE_E_NULL, TRINE_OK, trine_status};

/// Most bytes that are asked of the reader at a time.
const PIECE: usize = 1 << 16;

/// What reads a file.
#[derive(Clone, Copy)]
struct ModelReader {
    read: unsafe extern "C" fn(*mut c_void, u64, *mut c_void, usize) -> i32,
    user_data: *mut c_void,
}

impl ModelReader {
    /// Fills `into` with what begins at `offset`.
    fn fill(self, into: &mut [u8], offset: usize) -> Result<(), Refusal> {
        let mut at = offset as u64;
        for piece in into.chunks_mut(PIECE) {
            let place = piece.as_mut_ptr().cast();
            // SAFETY: the program's function, which writes so many bytes of ours.
            let answer = unsafe { (self.read)(self.user_data, at, place, piece.len()) };
            if answer != 0 {
                let fault = Fault::Read(answer, at);
                return Err(Refusal { status: TRINE_E_FAILED, needed: 0, fault });
            }
            at += piece.len() as u64;
        }
        Ok(())
    }
}

/// Reads a model file into memory, for programs that cannot show it where it lies: from a card, an
/// external flash, or a file. All of it is copied, once, since weights are used in place: give
/// `into` and what was loaded to `trine_model_open`, and keep them as long as the model. Of an
/// image only its own length is read, and its checksum is compared.
///
/// @param read Writes `bytes` bytes of the file, from `offset` on, to `into`, and answers 0; any
///             other number breaks it off. It is asked for pieces of at most 65,536 bytes, in
///             rising order, and may wait; its arguments die when it returns.
/// @param user_data Passed to `read`.
/// @param size Bytes of the file. Of an image it may be 0: then its header says how many.
/// @param into Memory for the file, of any alignment; a multiple of 64 is the fastest.
/// @param room Bytes of it.
/// @param loaded Where the bytes of the model go, on success only.
/// @param problem What is wrong, and how many bytes are needed; may be NULL.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ARGUMENT when the size is 0 and the file no image,
///         TRINE_E_NO_SPACE, TRINE_E_FAILED when `read` broke it off, or TRINE_E_MODEL when an
///         image is cut off or damaged.
///
/// Context: init-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_model_load(
    read: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            offset: u64,
            into: *mut c_void,
            bytes: usize,
        ) -> i32,
    >,
    user_data: *mut c_void,
    size: u64,
    into: *mut c_void,
    room: usize,
    loaded: *mut usize,
    problem: *mut trine_model_problem,
) -> trine_status {
    let came = match read {
        Some(read) if !into.is_null() && !loaded.is_null() => {
            // SAFETY: the program's memory.
            let into = unsafe { slices::slice_mut(into.cast::<u8>(), room) };
            let reader = ModelReader { read, user_data };
            into.map_err(Refusal::from).and_then(|into| load(reader, size, into))
        }
        _ => Err(TRINE_E_NULL.into()),
    };
    let came = match came {
        Ok(bytes) => {
            // SAFETY: not NULL, and the caller's to be written.
            unsafe { loaded.write(bytes) };
            Refusal { status: TRINE_OK, needed: bytes, fault: Fault::None }
        }
        Err(refusal) => refusal,
    };
    // SAFETY: the contract of every function.
    unsafe { tell(problem, &came) }
}

fn load(reader: ModelReader, size: u64, into: &mut [u8]) -> Result<usize, Refusal> {
    let most = if size == 0 { u64::MAX } else { size };
    let large = trine_infer::Error::TooLarge;
    // The header of an image says how long it is.
    let first = usize::try_from(most).unwrap_or(usize::MAX).min(HEADER_BYTES);
    let head = into.get_mut(..first).ok_or(Refusal::no_space(first))?;
    reader.fill(head, 0)?;
    let is_image = head.starts_with(&MAGIC);
    let length = if is_image {
        let header = Header::parse(head).map_err(trine_infer::Error::Image)?;
        if header.length > most {
            return Err(trine_infer::Error::Image(trine_infer::image::Fault::Length).into());
        }
        header.length
    } else if size == 0 {
        return Err(TRINE_E_ARGUMENT.into());
    } else {
        size
    };
    let length = usize::try_from(length).map_err(|_| large)?;
    let whole = into.get_mut(..length).ok_or(Refusal::no_space(length))?;
    reader.fill(whole.get_mut(first..).unwrap_or_default(), first)?;
    if is_image {
        Image::parse(whole)?.check_crc()?;
    }
    Ok(length)
}
