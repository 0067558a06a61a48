//! Models written as GGUF files, which `trine-infer` reads: architecture `bitnet-b1.58`, matrices
//! in `I2_S`, the embedding in `Q8_0`.
//!
//! The format is specified at <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>; `I2_S`
//! is that of Microsoft's published model: n / 4 bytes of quantized activations, then 32 bytes of
//! which the first four are the scale.

use trine_ask::Vocabulary;
use trine_infer::gguf::{File, Kind};
use trine_ternary::{Error, Packing, pack};

use crate::shape::{Matrix, RMS_EPSILON, ROPE_BASE, Shape};
use crate::weights::{Q8_BLOCK, Rounded, q8_block};

const ALIGNMENT: usize = 32;
const TYPE_F32: u32 = 0;
const TYPE_Q8_0: u32 = 8;
const TYPE_I2_S: u32 = 36;

/// A value of the header.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// An integer.
    U32(u32),
    /// A number.
    F32(f32),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Texts.
    Texts(Vec<String>),
}

impl Value {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::U32(number) => {
                out.extend(4_u32.to_le_bytes());
                out.extend(number.to_le_bytes());
            }
            Self::F32(number) => {
                out.extend(6_u32.to_le_bytes());
                out.extend(number.to_le_bytes());
            }
            Self::Text(text) => {
                out.extend(8_u32.to_le_bytes());
                write_text(text, out);
            }
            Self::Bytes(bytes) => {
                out.extend([9_u32, 0].map(u32::to_le_bytes).as_flattened());
                out.extend((bytes.len() as u64).to_le_bytes());
                out.extend(bytes);
            }
            Self::Texts(texts) => {
                out.extend([9_u32, 8].map(u32::to_le_bytes).as_flattened());
                out.extend((texts.len() as u64).to_le_bytes());
                texts.iter().for_each(|text| write_text(text, out));
            }
        }
    }
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

/// A tensor that is to be written.
struct Tensor {
    name: String,
    /// Columns, then rows, if there is more than one.
    dims: Vec<usize>,
    kind: u32,
    data: Vec<u8>,
}

/// The names of the seven matrices of a block, in the order of [`crate::shape::Block::matrices`].
const MATRICES: [&str; 7] =
    ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"];

/// The bytes of a file with these weights. `extra` are keys beside those of the shape.
///
/// # Errors
/// When a matrix cannot be packed: its columns are no multiple of 128.
pub fn write(model: &Rounded, extra: &[(&str, Value)]) -> Result<Vec<u8>, Error> {
    let mut keys = shape_keys(&model.shape);
    keys.extend(extra.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    let tensors = tensors(model)?;
    let mut out = b"GGUF".to_vec();
    out.extend(3_u32.to_le_bytes());
    out.extend((tensors.len() as u64).to_le_bytes());
    out.extend((keys.len() as u64).to_le_bytes());
    for (key, value) in &keys {
        write_text(key, &mut out);
        value.write(&mut out);
    }
    let mut offset = 0_usize;
    for tensor in &tensors {
        write_text(&tensor.name, &mut out);
        out.extend((tensor.dims.len() as u32).to_le_bytes());
        tensor.dims.iter().for_each(|dim| out.extend((*dim as u64).to_le_bytes()));
        out.extend(tensor.kind.to_le_bytes());
        out.extend((offset as u64).to_le_bytes());
        offset += tensor.data.len().next_multiple_of(ALIGNMENT);
    }
    for tensor in &tensors {
        out.resize(out.len().next_multiple_of(ALIGNMENT), 0);
        out.extend(&tensor.data);
    }
    Ok(out)
}

fn shape_keys(shape: &Shape) -> Vec<(String, Value)> {
    let size = |value: usize| Value::U32(u32::try_from(value).unwrap_or(u32::MAX));
    let own = vec![
        ("vocab_size", size(shape.vocab)),
        ("context_length", size(shape.context)),
        ("embedding_length", size(shape.dim)),
        ("block_count", size(shape.layers)),
        ("feed_forward_length", size(shape.ffn)),
        ("rope.dimension_count", size(shape.width())),
        ("rope.freq_base", Value::F32(ROPE_BASE)),
        ("attention.head_count", size(shape.heads)),
        ("attention.head_count_kv", size(shape.kv_heads)),
        ("attention.layer_norm_rms_epsilon", Value::F32(RMS_EPSILON)),
        ("hidden_act", Value::Text("relu2".into())),
    ];
    let mut keys = vec![("general.architecture".to_owned(), Value::Text("bitnet-b1.58".into()))];
    keys.extend(own.into_iter().map(|(key, value)| (format!("bitnet-b1.58.{key}"), value)));
    if shape.whole > 0 {
        keys.push(("trine.attention.whole".to_owned(), size(shape.whole)));
    }
    keys
}

fn tensors(model: &Rounded) -> Result<Vec<Tensor>, Error> {
    let (plan, numbers) = (&model.plan, &model.numbers);
    let norm = |name: String, at: &std::ops::Range<usize>| Tensor {
        name,
        dims: vec![at.len()],
        kind: TYPE_F32,
        data: numbers[at.clone()].iter().flat_map(|x| x.to_le_bytes()).collect(),
    };
    let mut tensors = vec![embedding(&plan.embedding, numbers)];
    tensors.push(norm("output_norm.weight".into(), &plan.output_norm));
    for (index, block) in plan.blocks.iter().enumerate() {
        let name = |part: &str| format!("blk.{index}.{part}.weight");
        tensors.push(norm(name("attn_norm"), &block.attn_norm));
        tensors.push(norm(name("attn_sub_norm"), &block.attn_sub_norm));
        tensors.push(norm(name("ffn_norm"), &block.ffn_norm));
        tensors.push(norm(name("ffn_sub_norm"), &block.ffn_sub_norm));
        let scales = &model.scales[index];
        for ((part, matrix), scale) in MATRICES.iter().zip(&block.matrices).zip(scales) {
            tensors.push(ternary(name(part), matrix, *scale, numbers)?);
        }
    }
    Ok(tensors)
}

/// Where a model's table for sentences has the threshold (`docs/ask.md`).
const THRESHOLD_AT: usize = 20;

/// A model's file with another threshold of confidence.
///
/// # Errors
/// When it is no model for sentences, or the threshold is not 0 to 1.
pub fn with_threshold(file: &[u8], threshold: f32) -> crate::Result<Vec<u8>> {
    if !(0.0..=1.0).contains(&threshold) {
        return Err(crate::Error::Threshold { value: threshold });
    }
    let parsed = File::parse(file)?;
    let table = parsed.array("trine.ask", Kind::U8)?;
    let table = table.ok_or(crate::Error::NotACommandModel)?.bytes();
    Vocabulary::parse(table)?;
    let start = table.as_ptr().addr() - file.as_ptr().addr() + THRESHOLD_AT;
    let mut changed = file.to_vec();
    changed[start..start + 4].copy_from_slice(&threshold.to_le_bytes());
    Ok(changed)
}

fn embedding(matrix: &Matrix, numbers: &[f32]) -> Tensor {
    let mut data = Vec::new();
    for block in numbers[matrix.at.clone()].chunks_exact(Q8_BLOCK) {
        let (scale, codes) = q8_block(block);
        data.extend(scale.to_le_bytes());
        data.extend(codes.map(i8::cast_unsigned));
    }
    let dims = vec![matrix.columns, matrix.rows];
    Tensor { name: "token_embd.weight".into(), dims, kind: TYPE_Q8_0, data }
}

fn ternary(name: String, matrix: &Matrix, scale: f32, numbers: &[f32]) -> Result<Tensor, Error> {
    let (rows, columns) = (matrix.rows, matrix.columns);
    let trits: Vec<i8> = numbers[matrix.at.clone()].iter().map(|x| *x as i8).collect();
    let bytes = Packing::I2S.bytes(rows, columns).ok_or(Error::Overflow)?;
    let mut data = vec![0; bytes];
    pack(Packing::I2S, rows, columns, &trits, &mut data)?;
    data.extend([scale; 8].map(f32::to_le_bytes).as_flattened());
    Ok(Tensor { name, dims: vec![columns, rows], kind: TYPE_I2_S, data })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_threshold_changes_nothing_else() {
        let file = include_bytes!("../../models/board.gguf");
        let threshold = |file: &[u8]| {
            let parsed = File::parse(file).unwrap();
            let table = parsed.array("trine.ask", Kind::U8).unwrap().unwrap();
            Vocabulary::parse(table.bytes()).unwrap().threshold
        };
        let changed = with_threshold(file, 0.25).unwrap();
        assert_eq!(threshold(&changed).to_bits(), 0.25_f32.to_bits());
        let apart = changed.iter().zip(file).filter(|(a, b)| a != b).count();
        assert!(apart <= 4 && changed.len() == file.len());
        assert_eq!(with_threshold(&changed, threshold(file)).unwrap(), file);
        assert!(with_threshold(file, 1.5).unwrap_err().to_string().contains("0 to 1"));
        let other = include_bytes!("../../tests/golden/bitnet/plain.gguf");
        assert!(with_threshold(other, 0.5).unwrap_err().to_string().contains("trine.ask"));
    }
}
