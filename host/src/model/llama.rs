//! A model as llama.cpp opens it.
//!
//! llama.cpp has the architecture `bitnet`, whose tensors are ours, but neither `I2_S` nor packings
//! of our own. What is written here has the same trits in `TQ2_0`, so that both engines can be run
//! on one model. llama.cpp computes `SiLU` where BitNet b1.58 2B-4T has the square of `ReLU`: the
//! work is the same, the text is not.

use std::collections::HashMap;
use std::io::Write;

use half::f16;
use trine_infer::gguf::{File, Type, Value};
use trine_infer::weights::{Linear, Name, Role, repack_matrix};
use trine_infer::{Config, Layer, Weights};
use trine_ternary::Packing;
use trine_ternary::parallel::Parallel;

use super::header::Header;
use crate::{Error, Result};

const ARCHITECTURE: &str = "bitnet";
/// `general.file_type` of llama.cpp for `TQ2_0`.
const FILE_TYPE: u32 = 37;
/// Bytes of a block of `TQ2_0`, which ends with its scale.
const BLOCK: usize = 66;

/// Writes the model in a GGUF file as llama.cpp opens it: the architecture `bitnet`, trits in
/// `TQ2_0` with the scale of the tensor as a half float, all else as it is. Threads of `pool` share
/// the packing. `progress` gets how many of how many tensors are written.
///
/// # Errors
/// When the file is no model that this engine computes, its rows are no multiples of 256, or the
/// new one cannot be written.
pub fn write_for_llama(
    bytes: &[u8],
    out: &mut impl Write,
    pool: &dyn Parallel,
    mut progress: impl FnMut(u32, u32),
) -> Result<()> {
    let fail = |error: &dyn std::fmt::Display| Error::new(error.to_string());
    let file = File::parse(bytes).map_err(|error| fail(&error))?;
    let config = Config::from_gguf(&file).map_err(|error| fail(&error))?;
    let mut layers = vec![Layer::EMPTY; config.layers];
    let weights = Weights::from_gguf(&file, &config, &mut layers).map_err(|error| fail(&error))?;
    let mut header = Header::new();
    keys(&file, &mut header)?;
    let matrices = matrices(&weights);
    let mut kept = Vec::new();
    for tensor in file.tensors().filter(|tensor| !tensor.name.ends_with(".scale")) {
        let linear = matrices.get(tensor.name);
        let kind = if linear.is_some() { Type::Tq2_0 } else { tensor.kind };
        let axes = tensor.dims.get(..tensor.axes as usize).unwrap_or(&tensor.dims);
        header.tensor(tensor.name, axes, kind);
        kept.push((tensor, linear));
    }
    let written =
        |error: std::io::Error| Error::new(format!("the file cannot be written: {error}"));
    out.write_all(&header.finish()).map_err(written)?;
    let count = kept.len() as u32;
    for (done, (tensor, linear)) in (1..).zip(&kept) {
        let packed = match linear {
            Some(linear) => {
                let matrix = &linear.matrix;
                let size = Packing::Tq2_0.bytes(matrix.rows(), matrix.cols()).unwrap_or(0);
                let mut packed = vec![0; size];
                repack_matrix(matrix, Packing::Tq2_0, &mut packed, pool)
                    .map_err(|error| Error::new(format!("tensor {}: {error}", tensor.name)))?;
                set_scale(&mut packed, linear.scale);
                packed
            }
            None => tensor.data.to_vec(),
        };
        out.write_all(&packed).map_err(written)?;
        let zeros = vec![0; Header::padding(packed.len() as u64) as usize];
        out.write_all(&zeros).map_err(written)?;
        progress(done, count);
    }
    out.flush().map_err(written)
}

/// The ternary matrices by the names of their tensors.
fn matrices<'a>(weights: &Weights<'a>) -> HashMap<String, Linear<'a>> {
    let blocks = weights.layers.iter().enumerate();
    let named = blocks.flat_map(|(index, layer)| {
        let matrix = move |role| Some((Name::layer(index, role).to_string(), layer.matrix(role)?));
        Role::MATRICES.into_iter().filter_map(matrix)
    });
    named.collect()
}

/// The keys of a file under the names of the other architecture.
fn keys(file: &File<'_>, header: &mut Header) -> Result<()> {
    let fail = |error: trine_infer::gguf::Error| Error::new(error.to_string());
    let ours = file.string("general.architecture").map_err(fail)?.unwrap_or_default();
    let own = format!("{ours}.");
    for (key, value) in file.keys() {
        let renamed = key.strip_prefix(&own).map(|rest| format!("{ARCHITECTURE}.{rest}"));
        let name = renamed.as_deref().unwrap_or(key);
        match (name, value) {
            ("general.architecture", _) => header.string(name, ARCHITECTURE),
            ("general.file_type", _) => header.u32(name, FILE_TYPE),
            // The data is aligned as files are that say nothing.
            ("general.alignment", _) => {}
            // Tokens of bytes are a tokenizer of ours alone.
            ("tokenizer.ggml.model", Value::String("byte")) => header.string(name, "none"),
            _ => header.value(name, &value),
        }
    }
    Ok(())
}

/// Sets the scale of every block, which is 1 after packing.
fn set_scale(packed: &mut [u8], scale: f32) {
    let scale = f16::from_f32(scale).to_le_bytes();
    for block in packed.chunks_exact_mut(BLOCK) {
        if let Some(place) = block.last_chunk_mut() {
            *place = scale;
        }
    }
}

#[cfg(test)]
mod tests {
    use trine_ternary::parallel::Serial;

    use super::*;
    use crate::model::Weights as Trits;
    use crate::model::{Head, Shape, Text, make};

    /// Trits and scale of each matrix.
    fn trits(bytes: &[u8]) -> Vec<(String, Vec<i8>, f32)> {
        let file = File::parse(bytes).unwrap();
        let config = Config::from_gguf(&file).unwrap();
        let mut layers = vec![Layer::EMPTY; config.layers];
        let weights = Weights::from_gguf(&file, &config, &mut layers).unwrap();
        let read = |(name, linear): (String, Linear<'_>)| {
            let matrix = linear.matrix;
            let mut trits = vec![0; matrix.rows() * matrix.cols()];
            trine_ternary::unpack(&matrix, &mut trits).unwrap();
            (name, trits, linear.scale)
        };
        let mut all: Vec<_> = matrices(&weights).into_iter().map(read).collect();
        all.sort_by(|one, two| one.0.cmp(&two.0));
        all
    }

    #[test]
    fn the_same_trits_scales_and_rows_come_back_under_the_name_of_llama_cpp() {
        for kind in [Trits::I2S, Trits::Tq1_0] {
            let shape = Shape {
                width: 256,
                ffn: 512,
                heads: 4,
                kv_heads: 2,
                blocks: 2,
                ..Shape::tiny(kind, Head::Q6K)
            };
            let (mut from, mut to) = (Vec::new(), Vec::new());
            make(&shape, 7, &mut from, |_| {}).unwrap();
            let mut last = (0, 0);
            write_for_llama(&from, &mut to, &Serial, |done, all| last = (done, all)).unwrap();
            assert_eq!(last, (2 + 11 * 2, 2 + 11 * 2));
            let (before, after) = (File::parse(&from).unwrap(), File::parse(&to).unwrap());
            assert_eq!(after.string("general.architecture").unwrap(), Some("bitnet"));
            assert_eq!(after.u32("bitnet.feed_forward_length").unwrap(), Some(512));
            assert_eq!(after.get("tokenizer.ggml.tokens"), before.get("tokenizer.ggml.tokens"));
            assert_eq!(after.key_count(), before.key_count());
            for name in ["token_embd.weight", "output_norm.weight", "blk.1.ffn_sub_norm.weight"] {
                assert_eq!(after.tensor(name), before.tensor(name), "{name}");
            }
            let (before, after) = (trits(&from), trits(&to));
            assert_eq!(before.len(), 14);
            for (one, two) in before.iter().zip(&after) {
                assert_eq!((&one.0, &one.1), (&two.0, &two.1));
                assert!((one.2 / two.2 - 1.0).abs() < 5e-4, "{}: {} {}", one.0, one.2, two.2);
            }
        }
    }

    #[test]
    fn what_llama_cpp_has_not_is_refused_or_renamed() {
        let mut made = Vec::new();
        let shape = Shape { text: Text::Byte, ..Shape::tiny(Trits::Tq2_0, Head::F16) };
        make(&shape, 1, &mut made, |_| {}).unwrap();
        let mut written = Vec::new();
        write_for_llama(&made, &mut written, &Serial, |_, _| {}).unwrap();
        let file = File::parse(&written).unwrap();
        assert_eq!(file.string("tokenizer.ggml.model").unwrap(), Some("none"));
        let mut odd = Vec::new();
        make(&Shape::tiny(Trits::I2S, Head::F16), 1, &mut odd, |_| {}).unwrap();
        let refused = write_for_llama(&odd, &mut Vec::new(), &Serial, |_, _| {}).unwrap_err();
        assert!(refused.to_string().contains("blk.0."), "{refused}");
    }
}
