//! What a model and a session are told when they are opened.

use core::ffi::c_void;
use core::mem::{offset_of, size_of};

use trine_infer::{KvKind, Options};

use crate::model::ModelObject;
#[cfg(feature = "full")]
use crate::problem::Fault;
use crate::problem::Refusal;
use crate::status::{
    TRINE_E_ARGUMENT, TRINE_E_NULL, TRINE_E_UNSUPPORTED, TRINE_E_VERSION, trine_status,
};
use crate::{slices, version::TRINE_MODEL_ABI_VERSION};

/// Reads every byte of an image once and compares its checksum; a GGUF file has none.
pub const TRINE_MODEL_CHECK: u32 = 1;

/// What a model is told. Set it to zero, then the first four members.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_model_config {
    /// `sizeof(trine_model_config)`.
    pub struct_size: u32,
    /// `TRINE_MODEL_ABI_VERSION`.
    pub abi_version: u32,
    /// The model where it lies: a GGUF file of version 3, or an image of `trine model pack`, in
    /// flash or in memory. It is read in place and must stay as it is until `trine_model_close`.
    /// Any address will do; one that is a multiple of 64 is the fastest.
    pub data: *const c_void,
    /// How many bytes. An image may be followed by others, so that this may be a whole partition.
    pub size: usize,
    /// 0 or `TRINE_MODEL_CHECK`.
    pub flags: u32,
    /// Must be 0.
    pub reserved: u32,
}

/// Keys and values in half precision.
pub const TRINE_MODEL_KV_F16: u32 = 0;
/// Keys and values in single precision: twice the memory.
pub const TRINE_MODEL_KV_F32: u32 = 1;
/// Keys and values as bytes: half the memory, and other results.
pub const TRINE_MODEL_KV_I8: u32 = 2;
/// Takes no memory for the tables that speed up matrices packed for microcontrollers.
pub const TRINE_MODEL_NO_TABLES: u32 = 1;

/// What a session is told. Zero is the default of every member but the first two.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_model_session_config {
    /// `sizeof(trine_model_session_config)`.
    pub struct_size: u32,
    /// `TRINE_MODEL_ABI_VERSION`.
    pub abi_version: u32,
    /// Tokens that a session can hold; 0 is as many as the model was trained for.
    pub context: u32,
    /// Tokens of a prompt that are computed together, at most `context`; 0 is 1. More take more
    /// memory and are faster: 128 on a desktop.
    pub batch: u32,
    /// `TRINE_MODEL_KV_...`.
    pub kv: u32,
    /// Tokens among which `trine_model_sample` can draw, 8 bytes each; 0 is 40.
    pub candidates: u32,
    /// 0 or `TRINE_MODEL_NO_TABLES`.
    pub flags: u32,
    /// Must be 0.
    pub reserved: u32,
}

/// Bytes of the first version of each.
const MODEL_V1: usize = offset_of!(trine_model_config, reserved) + size_of::<u32>();
const SESSION_V1: usize = offset_of!(trine_model_session_config, reserved) + size_of::<u32>();

/// Candidates of a session that says nothing of them: what `trine generate` draws from.
const CANDIDATES: usize = 40;

/// A configuration of a model that was read.
#[derive(Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) bytes: &'static [u8],
    pub(crate) is_checked: bool,
}

/// Reads a configuration of a model.
///
/// # Safety
/// NULL, or the program's structure; its data stay as they are until the model is closed.
pub(crate) unsafe fn read(config: *const trine_model_config) -> Result<Setup, trine_status> {
    // SAFETY: passed on; zeros are a configuration.
    let raw = unsafe { slices::read(config, MODEL_V1) }?;
    if raw.abi_version != TRINE_MODEL_ABI_VERSION {
        return Err(TRINE_E_VERSION);
    }
    if raw.flags & !TRINE_MODEL_CHECK != 0 || raw.reserved != 0 {
        return Err(TRINE_E_UNSUPPORTED);
    }
    if raw.data.is_null() {
        return Err(TRINE_E_NULL);
    }
    // SAFETY: the program's data.
    let bytes = unsafe { slices::slice(raw.data.cast::<u8>(), raw.size) }?;
    Ok(Setup { bytes, is_checked: raw.flags & TRINE_MODEL_CHECK != 0 })
}

/// A configuration of a session that was read.
#[derive(Clone, Copy)]
pub(crate) struct SessionSetup {
    pub(crate) options: Options,
    pub(crate) candidates: usize,
}

/// Reads a configuration of a session of this model.
///
/// # Safety
/// NULL, or the program's structure.
pub(crate) unsafe fn read_session(
    config: *const trine_model_session_config,
    model: &ModelObject,
) -> Result<SessionSetup, Refusal> {
    // SAFETY: passed on; zeros are a configuration.
    let raw = unsafe { slices::read(config, SESSION_V1) }?;
    if raw.abi_version != TRINE_MODEL_ABI_VERSION {
        return Err(TRINE_E_VERSION.into());
    }
    if raw.flags & !TRINE_MODEL_NO_TABLES != 0 || raw.reserved != 0 {
        return Err(TRINE_E_UNSUPPORTED.into());
    }
    let or = |value: u32, default: usize| if value == 0 { default } else { value as usize };
    let shape = model.model().config();
    let kv = match raw.kv {
        TRINE_MODEL_KV_F16 => KvKind::F16,
        TRINE_MODEL_KV_F32 => KvKind::F32,
        TRINE_MODEL_KV_I8 => KvKind::I8,
        _ => return Err(TRINE_E_ARGUMENT.into()),
    };
    let context = or(raw.context, shape.context);
    // A prompt longer than the model takes ends here, where programs make room for it.
    #[cfg(feature = "full")]
    if context > shape.context {
        let fault = Fault::Context(raw.context, shape.context as u32);
        return Err(Refusal { status: TRINE_E_ARGUMENT, needed: 0, fault });
    }
    let options = Options { context, batch: or(raw.batch, 1), kv, tables: 0 };
    let options = if raw.flags & TRINE_MODEL_NO_TABLES == 0 {
        options.with_tables(model.model().weights())
    } else {
        options
    };
    let candidates = or(raw.candidates, CANDIDATES).min(shape.vocab);
    Ok(SessionSetup { options, candidates })
}
