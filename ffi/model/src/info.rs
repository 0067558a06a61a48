//! What a model is.

use core::ffi::{CStr, c_char};
use core::mem::{offset_of, size_of};

use trine_infer::config::Activation;
use trine_ternary::{Isa, Rows};

use crate::model::{ModelObject, trine_model};
use crate::slices;
use crate::status::trine_status;

/// Stands for no token.
pub const TRINE_MODEL_NONE: u32 = 0xffff_ffff;

/// What a model is. Texts end with a zero byte and live for ever.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_model_info {
    /// `sizeof(trine_model_info)`, set by the program.
    pub struct_size: u32,
    /// Blocks.
    pub layers: u32,
    /// Width of the residual stream.
    pub width: u32,
    /// Width inside the feed-forward network.
    pub ffn: u32,
    /// Query heads.
    pub heads: u32,
    /// Key and value heads.
    pub kv_heads: u32,
    /// Tokens, and so logits.
    pub vocabulary: u32,
    /// Tokens that it was trained for at a time.
    pub context: u32,
    /// The token that begins a text, or `TRINE_MODEL_NONE`.
    pub begin: u32,
    /// The first token at which a text ends, or `TRINE_MODEL_NONE`.
    pub end: u32,
    /// Most bytes that a token adds to a text, for `trine_model_detokenize`.
    pub piece_bytes_max: u32,
    /// 0.
    pub reserved: u32,
    /// Weights, of all tensors together.
    pub parameters: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// The family, as a GGUF file names it.
    pub architecture: *const c_char,
    /// The instruction set that multiplies.
    pub kernels: *const c_char,
}

/// Bytes of the first version.
const V1: usize = offset_of!(trine_model_info, kernels) + size_of::<*const c_char>();

/// Says what a model is.
///
/// @param model The model.
/// @param info Where it goes; its `struct_size` is set.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE or TRINE_E_VERSION.
///
/// Context: isr-safe, any; the model does not change.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_model_get_info(
    model: *const trine_model,
    info: *mut trine_model_info,
) -> trine_status {
    // SAFETY: the contract of every function.
    match unsafe { ModelObject::of(model) } {
        // SAFETY: as above.
        Ok(object) => unsafe { slices::write(info, V1, &known(object)) },
        Err(status) => status,
    }
}

fn known(object: &ModelObject) -> trine_model_info {
    let shape = object.model().config();
    let architecture = match shape.activation {
        Activation::Silu => c"bitnet",
        _ => c"bitnet-b1.58",
    };
    let piece = object.tokenizer().piece_bytes_max();
    // No size of a model that was opened is beyond 32 bits.
    trine_model_info {
        struct_size: size_of::<trine_model_info>() as u32,
        layers: shape.layers as u32,
        width: shape.dim as u32,
        ffn: shape.ffn as u32,
        heads: shape.heads as u32,
        kv_heads: shape.kv_heads as u32,
        vocabulary: shape.vocab as u32,
        context: shape.context as u32,
        begin: object.tokenizer().bos().unwrap_or(TRINE_MODEL_NONE),
        end: object.stops().first().copied().unwrap_or(TRINE_MODEL_NONE),
        piece_bytes_max: u32::try_from(piece).unwrap_or(u32::MAX),
        reserved: 0,
        parameters: parameters(object),
        bytes: object.bytes(),
        architecture: architecture.as_ptr(),
        kernels: kernels(object.model().kernels().isa()).as_ptr(),
    }
}

const fn kernels(isa: Isa) -> &'static CStr {
    match isa {
        Isa::Avx2 => c"avx2",
        Isa::AvxVnni => c"avxvnni",
        Isa::Avx512Vnni => c"avx512vnni",
        Isa::Avx512 => c"avx512",
        Isa::Amx => c"amx",
        Isa::Neon => c"neon",
        Isa::DotProd => c"dotprod",
        Isa::I8mm => c"i8mm",
        _ => c"scalar",
    }
}

fn parameters(object: &ModelObject) -> u64 {
    let (shape, weights) = (object.model().config(), object.model().weights());
    let area = |rows: usize, columns: usize| rows as u64 * columns as u64;
    let (width, ffn, kv) = (shape.dim, shape.ffn, shape.kv_dim());
    let tables = if is_same(&weights.head, &weights.embedding) { 1 } else { 2 };
    let matrices = 2 * area(width, width) + 2 * area(kv, width) + 3 * area(ffn, width);
    let block = matrices + 3 * width as u64 + ffn as u64;
    tables * area(shape.vocab, width) + width as u64 + shape.layers as u64 * block
}

/// Whether the head is the embedding.
fn is_same(head: &Rows<'_>, embedding: &Rows<'_>) -> bool {
    core::ptr::eq(head.bytes(), embedding.bytes())
}
