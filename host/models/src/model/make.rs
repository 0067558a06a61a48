//! Random models.

use std::io::Write;

use trine_infer::gguf::Type;

use super::fill::{Tables, trit_scale};
use super::header::Header;
use super::random::Random;
use super::shape::{Shape, Text};
use super::vocabulary::{Vocabulary, Wanted};
use crate::{Error, Result};

/// What is written at once, about; whole blocks of any type.
const CHUNK_BYTES: usize = 1 << 20;
/// Least bytes of the chat template.
const TEMPLATE_BYTES: u64 = 64;
/// What words leave to the chat template, whose length is exact, as theirs is not.
const SPARE_BYTES: u64 = 600;
/// The chat template of the published model: its headers are plain text.
const TEMPLATE: &str = "{% for message in messages %}{{ message['role'] | capitalize + ': ' + \
    message['content'] | trim + '<|eot_id|>' }}{% endfor %}\
    {% if add_generation_prompt %}{{ 'Assistant: ' }}{% endif %}";

/// What stands before the data of a random model of this shape and seed.
///
/// Where [`Shape::file_bytes`] is given, the words of the vocabulary and the chat template are as
/// long as it takes.
///
/// # Errors
/// When the shape does not hold together.
pub fn plan(shape: &Shape, seed: u64) -> Result<Header> {
    shape.check()?;
    let Text::Bpe { merges, control } = shape.text else {
        return Ok(header(shape, None, ""));
    };
    let mut wanted = Wanted { tokens: shape.vocab, control, merges, bytes: None };
    let Some(file_bytes) = shape.file_bytes else {
        return Ok(header(shape, Some(&Vocabulary::new(wanted, seed)), TEMPLATE));
    };
    let room = |taken: &Header| file_bytes.saturating_sub(taken.data_bytes() + taken.bytes());
    // Numbers and lengths take what they take; the rest is for words.
    let empty = Vocabulary {
        tokens: vec![Vec::new(); shape.vocab],
        merges: vec![Vec::new(); merges],
        types: vec![1; shape.vocab],
        bos: 0,
        eos: 0,
    };
    let words = room(&header(shape, Some(&empty), TEMPLATE)).saturating_sub(SPARE_BYTES);
    wanted.bytes = usize::try_from(words).ok();
    let vocabulary = Vocabulary::new(wanted, seed);
    let template = room(&header(shape, Some(&vocabulary), ""));
    Ok(header(shape, Some(&vocabulary), &template_of(template.max(TEMPLATE_BYTES))))
}

/// The chat template, with a comment that makes it so many bytes long, or its beginning.
fn template_of(bytes: u64) -> String {
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    let (open, close) = ("{#", "#}");
    let least = TEMPLATE.len() + open.len() + close.len();
    match bytes.checked_sub(least) {
        Some(spaces) => format!("{TEMPLATE}{open}{}{close}", " ".repeat(spaces)),
        None => format!("{open}{}{close}", " ".repeat(bytes.saturating_sub(4))),
    }
}

/// The keys in the order of the published file, then the tensors.
fn header(shape: &Shape, vocabulary: Option<&Vocabulary>, template: &str) -> Header {
    let mut header = Header::new();
    let architecture = &shape.architecture;
    let key = |name: &str| format!("{architecture}.{name}");
    header.string("general.architecture", architecture);
    header.string("general.name", &shape.name);
    for (name, value) in [
        ("vocab_size", shape.vocab),
        ("context_length", shape.context),
        ("embedding_length", shape.width),
        ("block_count", shape.blocks),
        ("feed_forward_length", shape.ffn),
        ("rope.dimension_count", shape.head_width()),
        ("attention.head_count", shape.heads),
        ("attention.head_count_kv", shape.kv_heads),
    ] {
        header.u32(&key(name), value as u32);
    }
    header.bool("tokenizer.ggml.add_bos_token", true);
    header.f32(&key("attention.layer_norm_rms_epsilon"), 1e-5);
    header.f32(&key("rope.freq_base"), 500_000.0);
    header.u32("general.file_type", shape.weights.file_type());
    match vocabulary {
        Some(vocabulary) => text_keys(&mut header, vocabulary, template),
        None => {
            header.string("tokenizer.ggml.model", "byte");
            header.u32("tokenizer.ggml.bos_token_id", 256);
            header.u32("tokenizer.ggml.eos_token_id", 257);
        }
    }
    header.u32("general.quantization_version", 2);
    for (name, dims, kind) in shape.tensors() {
        header.tensor(&name, &dims, kind);
    }
    header
}

fn text_keys(header: &mut Header, vocabulary: &Vocabulary, template: &str) {
    header.string("tokenizer.ggml.model", "gpt2");
    header.strings("tokenizer.ggml.tokens", vocabulary.tokens.iter().map(Vec::as_slice));
    header.f32s("tokenizer.ggml.scores", &vec![0.0; vocabulary.tokens.len()]);
    header.i32s("tokenizer.ggml.token_type", &vocabulary.types);
    header.strings("tokenizer.ggml.merges", vocabulary.merges.iter().map(Vec::as_slice));
    header.u32("tokenizer.ggml.bos_token_id", vocabulary.bos);
    header.u32("tokenizer.ggml.eos_token_id", vocabulary.eos);
    header.u32("tokenizer.ggml.padding_token_id", vocabulary.eos);
    header.string("tokenizer.chat_template", template);
}

/// Writes a random model: the same bytes for the same shape and seed, everywhere. `progress` gets
/// how many bytes are written. Answers how many bytes that were.
///
/// Scales are such that the residual stream stays in bounds and logits differ from token to token.
///
/// # Errors
/// When the shape does not hold together, or the file cannot be written.
///
/// ```
/// use trine_models::model::{HeadFormat, Shape, Weights, make};
///
/// let shape = Shape::tiny(Weights::Tq2_0, HeadFormat::F16);
/// let file = |seed| -> trine_models::Result<Vec<u8>> {
///     let mut bytes = Vec::new();
///     make(&shape, seed, &mut bytes, |_| {})?;
///     Ok(bytes)
/// };
/// assert_eq!(file(7)?, file(7)?);
/// assert_ne!(file(7)?, file(8)?);
/// # Ok::<(), trine_models::Error>(())
/// ```
pub fn make(
    shape: &Shape,
    seed: u64,
    out: &mut impl Write,
    mut progress: impl FnMut(u64),
) -> Result<u64> {
    let failed = |source| Error::Stream { action: "write", stream: "the file", source };
    let header = plan(shape, seed)?.finish();
    let tables = Tables::new();
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut written = header.len() as u64;
    out.write_all(&header).map_err(failed)?;
    for (stream, (name, dims, kind)) in (1..).zip(shape.tensors()) {
        let mut random = Random::new(seed, stream);
        let columns = dims.first().copied().unwrap_or(1);
        let bytes = kind.bytes(dims.iter().product()).unwrap_or(0);
        let tail = if kind == Type::I2S { scale_of_i2_s(columns) } else { Vec::new() };
        let block = kind.bytes(kind.block()).unwrap_or(1) - tail.len() as u64;
        let mut left = bytes - tail.len() as u64;
        while left > 0 {
            let most = CHUNK_BYTES as u64 / block * block;
            let chunk = &mut buffer[..left.min(most) as usize];
            if name.ends_with("norm.weight") {
                Tables::fill_norm(&mut random, chunk);
            } else {
                tables.fill(kind, columns, &mut random, chunk);
            }
            out.write_all(chunk).map_err(failed)?;
            left -= chunk.len() as u64;
            written += chunk.len() as u64;
            progress(written);
        }
        let zeros = vec![0; Header::padding(bytes) as usize];
        out.write_all(&[tail.as_slice(), &zeros].concat()).map_err(failed)?;
        written += (tail.len() + zeros.len()) as u64;
    }
    out.flush().map_err(failed)?;
    progress(written);
    Ok(written)
}

/// The end of an `I2_S` tensor: its scale, as the converter writes it eight times over.
fn scale_of_i2_s(columns: u64) -> Vec<u8> {
    trit_scale(columns).to_le_bytes().repeat(8)
}

#[cfg(test)]
mod tests {
    use trine_infer::gguf::{File, Type};
    use trine_infer::token::{Bpe, Vocabulary};

    use super::{Shape, make, plan};
    use crate::model::{HeadFormat, Mapped, Text, Weights};

    fn made(shape: &Shape, seed: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut last = 0;
        let count = make(shape, seed, &mut bytes, |done| last = done).unwrap();
        assert_eq!((count, last), (bytes.len() as u64, bytes.len() as u64));
        bytes
    }

    #[test]
    fn tiny_models_of_all_types_are_read_back() {
        for weights in [Weights::I2S, Weights::Tq1_0, Weights::Tq2_0] {
            for head in [HeadFormat::F16, HeadFormat::F32, HeadFormat::Q6K, HeadFormat::Q8_0] {
                let shape = Shape::tiny(weights, head);
                let bytes = made(&shape, 1);
                let file = File::parse(&bytes).unwrap();
                assert_eq!(file.tensors().count(), shape.tensors().len());
                for ((name, dims, kind), tensor) in shape.tensors().iter().zip(file.tensors()) {
                    assert_eq!((tensor.name, tensor.kind), (&**name, *kind));
                    assert_eq!(tensor.dims[..dims.len()], dims[..]);
                }
                assert_eq!(made(&shape, 1), bytes, "the same seed");
                assert_ne!(made(&shape, 2), bytes, "another seed");
            }
        }
    }

    #[test]
    fn a_model_without_merges_has_bytes_for_tokens() {
        let shape = Shape { text: Text::Byte, ..Shape::tiny(Weights::I2S, HeadFormat::F16) };
        let bytes = made(&shape, 1);
        let file = File::parse(&bytes).unwrap();
        assert_eq!(file.string("tokenizer.ggml.model"), Ok(Some("byte")));
        assert_eq!(file.get("tokenizer.ggml.tokens"), None);
    }

    /// The header of `ggml-model-i2_s.gguf`, without its 1.2 GB of data.
    #[test]
    fn the_full_model_has_the_keys_tensors_and_size_of_the_published_file() {
        let shape = Shape::full();
        let header = plan(&shape, 1).unwrap();
        let begin = header.finish();
        assert_eq!(begin.len() as u64 + header.data_bytes(), 1_187_801_280);
        assert_eq!(begin.len(), 8_351_360);
        let path = std::env::temp_dir().join(format!("trine-full-{}.gguf", std::process::id()));
        std::fs::write(&path, &begin).unwrap();
        // A hole: the data takes no room anywhere.
        let sparse = std::fs::File::options().write(true).open(&path).unwrap();
        sparse.set_len(1_187_801_280).unwrap();
        let bytes = Mapped::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let file = File::parse(&bytes).unwrap();
        let keys: Vec<String> =
            file.keys().map(|(key, value)| format!("{key} {}", value.kind())).collect();
        let expected: Vec<&str> = include_str!("golden/keys.txt").lines().collect();
        assert_eq!(keys, expected);
        let count = |kind| file.tensors().filter(|tensor| tensor.kind == kind).count();
        assert_eq!([Type::I2S, Type::F32, Type::F16].map(count), [210, 121, 1]);
        let dims = |name| file.tensor(name).map(|tensor| tensor.dims);
        assert_eq!(dims("blk.29.ffn_down.weight"), Some([6912, 2560, 1, 1]));
        assert_eq!(dims("blk.0.attn_k.weight"), Some([2560, 640, 1, 1]));
        assert_eq!(dims("blk.7.ffn_sub_norm.weight"), Some([6912, 1, 1, 1]));
        let vocabulary = Vocabulary::from_gguf(&file).unwrap();
        let mut index = vec![0; vocabulary.index_slots()];
        let bpe = Bpe::new(vocabulary, &mut index).unwrap();
        assert_eq!(bpe.token("<|eot_id|>"), Some(128_009));
        assert!(bpe.is_end(128_001) && bpe.is_end(128_009));
    }
}
