//! What llama.cpp, which we are compared with, multiplies on a device.

use trine_infer::gguf;

use crate::backend::{Context, Device, Result, Type};

/// Columns of the matrix that is asked about, and the most tokens.
const COLUMNS: usize = 256;
const TOKENS: usize = 512;

/// The type in which trits are to be given to llama.cpp, so that it multiplies them on a device and
/// not on the processor: `TQ2_0`, or `Q2_0` where the device has that alone. Where it has neither
/// llama.cpp keeps the matrices on the processor, in `TQ2_0`.
///
/// # Errors
/// When the device does not open.
pub fn llama_type(device: Device) -> Result<gguf::Type> {
    for (kind, listed) in [(Type::Tq2_0, gguf::Type::Tq2_0), (Type::Q2_0, gguf::Type::Q2_0)] {
        if multiplies(device, kind, 1)? && multiplies(device, kind, TOKENS)? {
            return Ok(listed);
        }
    }
    Ok(gguf::Type::Tq2_0)
}

/// Whether a device multiplies matrices of a type with so many tokens.
fn multiplies(device: Device, kind: Type, tokens: usize) -> Result<bool> {
    let context = Context::new(3, 0)?;
    let matrix = context.tensor(kind, [COLUMNS, COLUMNS])?;
    let numbers = context.tensor(Type::F32, [COLUMNS, tokens])?;
    device.supports(&context.mul_mat_freely(&matrix, &numbers)?)
}
