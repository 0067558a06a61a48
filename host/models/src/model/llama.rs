//! A model as llama.cpp opens it.
//!
//! llama.cpp has the architecture `bitnet`, whose tensors are ours, but neither `I2_S` nor packings
//! of our own. What is written here has the same trits in `TQ2_0`, or in `Q2_0` for devices that do
//! not multiply that, so that both engines can be run on one model. llama.cpp computes `SiLU` where
//! BitNet b1.58 2B-4T has the square of `ReLU`: the work is the same, the text is not.

use std::collections::HashMap;
use std::io::Write;

use half::f16;
use trine_infer::gguf::{File, Type, Value};
use trine_infer::weights::{Linear, Name, Role, repack_matrix};
use trine_infer::{Config, Layer, Weights};
use trine_ternary::parallel::Parallel;
use trine_ternary::{Packing, unpack};

use super::header::Header;
use crate::{Error, Result};

const ARCHITECTURE: &str = "bitnet";
/// Bytes of a block of `TQ2_0`, which ends with its scale.
const TQ2_0: usize = 66;

/// Writes the model in a GGUF file as llama.cpp opens it: the architecture `bitnet`, trits in
/// the type `trits`, which is `TQ2_0` or `Q2_0`, with the scale of the tensor as a half float, all
/// else as it is. Threads of `pool` share the packing. `progress` gets how many of how many tensors
/// are written.
///
/// # Errors
/// When the file is no model that this engine computes, its rows are no whole blocks of the type,
/// that is another one, or the new file cannot be written.
pub fn write_for_llama(
    bytes: &[u8],
    trits: Type,
    out: &mut impl Write,
    pool: &dyn Parallel,
    mut progress: impl FnMut(u32, u32),
) -> Result<()> {
    let file = File::parse(bytes)?;
    let config = Config::from_gguf(&file)?;
    let mut layers = vec![Layer::EMPTY; config.layers];
    let weights = Weights::from_gguf(&file, &config, &mut layers)?;
    let mut header = Header::new();
    keys(&file, file_type(trits)?, &mut header)?;
    let matrices = matrices(&weights);
    let mut kept = Vec::new();
    for tensor in file.tensors().filter(|tensor| !tensor.name.ends_with(".scale")) {
        let linear = matrices.get(tensor.name);
        let kind = if linear.is_some() { trits } else { tensor.kind };
        let axes = tensor.dims.get(..tensor.axes as usize).unwrap_or(&tensor.dims);
        header.tensor(tensor.name, axes, kind);
        kept.push((tensor, linear));
    }
    let written = |source| Error::Stream { action: "write", stream: "the file", source };
    out.write_all(&header.finish()).map_err(written)?;
    let count = kept.len() as u32;
    for (done, (tensor, linear)) in (1..).zip(&kept) {
        let packed = match linear {
            Some(linear) => {
                let packed = if trits == Type::Q2_0 { q2_0(linear) } else { tq2_0(linear, pool) };
                packed.map_err(|error| {
                    Error::from(error).at(format_args!("tensor {}", tensor.name))
                })?
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
fn keys(file: &File<'_>, file_type: u32, header: &mut Header) -> Result<()> {
    let ours = file.string("general.architecture")?.unwrap_or_default();
    let own = format!("{ours}.");
    for (key, value) in file.keys() {
        let renamed = key.strip_prefix(&own).map(|rest| format!("{ARCHITECTURE}.{rest}"));
        let name = renamed.as_deref().unwrap_or(key);
        match (name, value) {
            ("general.architecture", _) => header.string(name, ARCHITECTURE),
            ("general.file_type", _) => header.u32(name, file_type),
            // The data is aligned as files are that say nothing.
            ("general.alignment", _) => {}
            // Tokens of bytes are a tokenizer of ours alone.
            ("tokenizer.ggml.model", Value::String("byte")) => header.string(name, "none"),
            _ => header.value(name, &value),
        }
    }
    Ok(())
}

/// `general.file_type` of llama.cpp for a type of trits.
fn file_type(trits: Type) -> Result<u32> {
    match trits {
        Type::Tq2_0 => Ok(37),
        Type::Q2_0 => Ok(41),
        _ => Err(Error::LlamaType { name: trits.name() }),
    }
}

/// A matrix as a file has it.
type Packed = core::result::Result<Vec<u8>, trine_ternary::Error>;

/// A matrix in `TQ2_0`, with its scale in every block.
fn tq2_0(linear: &Linear<'_>, pool: &dyn Parallel) -> Packed {
    let Linear { matrix, scale } = linear;
    let mut packed = vec![0; Packing::Tq2_0.bytes(matrix.rows(), matrix.cols()).unwrap_or(0)];
    repack_matrix(matrix, Packing::Tq2_0, &mut packed, pool)?;
    let scale = f16::from_f32(*scale).to_le_bytes();
    for block in packed.chunks_exact_mut(TQ2_0) {
        if let Some(place) = block.last_chunk_mut() {
            *place = scale;
        }
    }
    Ok(packed)
}

/// A matrix in `Q2_0`: blocks of 64 with a scale and 16 bytes of four codes each, the first in the
/// lowest bits.
fn q2_0(linear: &Linear<'_>) -> Packed {
    let Linear { matrix, scale } = linear;
    let cols = matrix.cols();
    if cols % 64 != 0 {
        return Err(trine_ternary::Error::Columns { cols, multiple: 64 });
    }
    let mut trits = vec![0; matrix.rows() * cols];
    unpack(matrix, &mut trits)?;
    let scale = f16::from_f32(*scale).to_le_bytes();
    let mut packed = Vec::with_capacity(trits.len() / 64 * 18);
    for block in trits.chunks(64) {
        packed.extend(scale);
        packed.extend(block.chunks(4).map(|four| {
            let code = |trit: i8| (trit + 1).cast_unsigned();
            four.iter().rev().fold(0, |byte, trit| byte << 2 | code(*trit))
        }));
    }
    Ok(packed)
}

#[cfg(test)]
mod tests {
    use trine_ternary::parallel::Serial;

    use super::*;
    use crate::model::Weights as Trits;
    use crate::model::{HeadFormat, Shape, Text, make};

    /// A small one whose rows are whole blocks of every type.
    fn even(trits: Trits) -> Shape {
        let shape = Shape::tiny(trits, HeadFormat::Q6K);
        Shape { width: 256, ffn: 512, heads: 4, kv_heads: 2, blocks: 2, ..shape }
    }

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
            let (mut from, mut to) = (Vec::new(), Vec::new());
            make(&even(kind), 7, &mut from, |_| {}).unwrap();
            let mut last = (0, 0);
            write_for_llama(&from, Type::Tq2_0, &mut to, &Serial, |done, all| last = (done, all))
                .unwrap();
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

    /// What ggml makes of a block of `Q2_0`.
    fn numbers(block: &[u8]) -> impl Iterator<Item = f32> {
        let scale = f16::from_le_bytes([block[0], block[1]]).to_f32();
        let four = |byte: &u8| [0, 2, 4, 6].map(|bits| i32::from(*byte >> bits & 3) - 1);
        block[2..18].iter().flat_map(four).map(move |code| code as f32 * scale)
    }

    #[test]
    fn q2_0_has_the_same_trits_and_scales() {
        let (mut from, mut to) = (Vec::new(), Vec::new());
        make(&even(Trits::I2S), 7, &mut from, |_| {}).unwrap();
        write_for_llama(&from, Type::Q2_0, &mut to, &Serial, |_, _| {}).unwrap();
        let file = File::parse(&to).unwrap();
        assert_eq!(file.u32("general.file_type").unwrap(), Some(41));
        for (name, trits, scale) in trits(&from) {
            let found = file.tensor(&name).unwrap();
            assert_eq!((found.kind, found.data.len()), (Type::Q2_0, trits.len() / 64 * 18));
            let scale = f16::from_f32(scale).to_f32();
            let found = found.data.chunks_exact(18).flat_map(numbers);
            assert!(found.eq(trits.iter().map(|trit| f32::from(*trit) * scale)), "{name}");
        }
    }

    /// The greatest difference is that of activations, which it rounds by rows of 256 with the one
    /// type, and of 32 with the other.
    #[cfg(feature = "peer")]
    #[test]
    fn llama_cpp_opens_both_types_and_computes_about_the_same() {
        use trine_ggml::llama::{Model, Options};

        let mut from = Vec::new();
        let shape = Shape { text: Text::Byte, ..even(Trits::I2S) };
        make(&shape, 7, &mut from, |_| {}).unwrap();
        let [one, other] = [Type::Tq2_0, Type::Q2_0].map(|trits| {
            let name = format!("trine-{}-{}.gguf", std::process::id(), trits.name());
            let path = std::env::temp_dir().join(name);
            let mut file = std::fs::File::create(&path).unwrap();
            write_for_llama(&from, trits, &mut file, &Serial, |_, _| {}).unwrap();
            let options = Options { context: 32, batch: 8, threads: 1, mapped: true };
            let mut model = Model::open(&path, &options).unwrap();
            std::fs::remove_file(&path).unwrap();
            model.read(&[1, 2, 3, 4, 5]).unwrap();
            model.logits().unwrap().to_vec()
        });
        let most = one.iter().fold(0.0_f32, |most, logit| most.max(logit.abs()));
        let apart = one.iter().zip(&other).map(|(a, b)| (a - b).abs()).fold(0.0_f32, f32::max);
        println!("{apart:.1e} of {most:.1e}");
        assert!(most > 0.0 && most.is_finite() && apart < 0.1 * most, "{apart} of {most}");
    }

    #[test]
    fn what_llama_cpp_has_not_is_refused_or_renamed() {
        let mut made = Vec::new();
        let shape = Shape { text: Text::Byte, ..Shape::tiny(Trits::Tq2_0, HeadFormat::F16) };
        make(&shape, 1, &mut made, |_| {}).unwrap();
        let mut written = Vec::new();
        write_for_llama(&made, Type::Tq2_0, &mut written, &Serial, |_, _| {}).unwrap();
        let file = File::parse(&written).unwrap();
        assert_eq!(file.string("tokenizer.ggml.model").unwrap(), Some("none"));
        let mut odd = Vec::new();
        make(&Shape::tiny(Trits::I2S, HeadFormat::F16), 1, &mut odd, |_| {}).unwrap();
        for (trits, what) in [(Type::Tq2_0, "blk.0."), (Type::F16, "F16")] {
            let refused = write_for_llama(&odd, trits, &mut Vec::new(), &Serial, |_, _| {});
            let refused = refused.unwrap_err();
            assert!(refused.to_string().contains(what), "{refused}");
        }
    }
}
