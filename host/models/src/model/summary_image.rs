//! What an image for firmware holds.

use trine_ask::Vocabulary;
use trine_infer::Layer;
use trine_infer::config::Key;
use trine_infer::image::{ENTRY_BYTES, Entry, Format, HEADER_BYTES, Image, Part, TokenizerKind};
use trine_infer::weights::Role;
use trine_ternary::{Packing, RowFormat};

use super::command_model::{self, CommandModel};
use super::summary::{Refusal, Summary, Tokenizer};
use crate::Result;

/// Reads the header, the directory and the checksum of an image. It names no architecture and no
/// model.
pub(super) fn summary(bytes: &[u8]) -> Result<Summary> {
    let image = Image::parse(bytes)?;
    let mut summary = Summary {
        architecture: "image".to_owned(),
        file_bytes: image.bytes().len() as u64,
        numbers: numbers(&image),
        ..Summary::default()
    };
    count_parts(&image, &mut summary);
    summary.tokenizer = Some(tokenizer(&image));
    match image.pieces().map(Vocabulary::parse) {
        Some(Ok(table)) => summary.command_model = Some(CommandModel::of_table(&table, Vec::new())),
        Some(Err(error)) => summary.refusals.push(Refusal(error.to_string())),
        None => {}
    }
    let mut layers = vec![Layer::EMPTY; image.config().layers];
    if let Err(error) = image.weights(&mut layers) {
        summary.refusals.push(Refusal(error.to_string()));
    }
    if let Err(error) = image.check_crc() {
        summary.refusals.push(Refusal(error.to_string()));
    }
    Ok(summary)
}

fn numbers(image: &Image<'_>) -> Vec<(String, u64)> {
    let config = image.config();
    let all = [
        (Key::Layers, config.layers),
        (Key::Context, config.context),
        (Key::Dim, config.dim),
        (Key::Ffn, config.ffn),
        (Key::Heads, config.heads),
        (Key::KvHeads, config.kv_heads),
        (Key::Vocab, config.vocab),
        (Key::PrefixAttention, config.prefix_layers),
    ];
    let is_set = |(key, number): &(Key, usize)| *number > 0 || *key != Key::PrefixAttention;
    all.into_iter().filter(is_set).map(|(key, n)| (key.name().to_owned(), n as u64)).collect()
}

fn count_parts(image: &Image<'_>, summary: &mut Summary) {
    let header = image.header();
    let directory = image.bytes().get(HEADER_BYTES..).unwrap_or_default();
    let entries = directory.as_chunks::<ENTRY_BYTES>().0;
    for (part, entry) in header.parts().zip(entries) {
        let Part::Tensor(tensor) = part else { continue };
        let Some(entry) = Entry::parse(entry, part).filter(|entry| entry.length > 0) else {
            continue;
        };
        let elements = u64::from(entry.rows) * u64::from(entry.columns);
        let [tensors, all, bytes] = summary.types.entry(name(entry.format)).or_default();
        *tensors += 1;
        *all += elements;
        *bytes += entry.length;
        summary.tensor_bytes += entry.length;
        summary.parameters += elements;
        if !(header.untied && tensor.role == Role::TokenEmbd) {
            summary.token_bytes += entry.length;
        }
    }
}

/// The name of a format: a file's where a file can have it, else that of `docs/model.md`.
const fn name(format: Format) -> &'static str {
    match format {
        Format::Trits(Packing::I2S) => "I2_S",
        Format::Trits(Packing::I2SArm) => "I2_S for ARM",
        Format::Trits(Packing::Tq2_0) => "TQ2_0",
        Format::Trits(Packing::Tq1_0) => "TQ1_0",
        Format::Trits(Packing::Panel2Bit) => "2-bit panel",
        Format::Trits(Packing::PanelBase3) => "base-3 panel",
        Format::Trits(Packing::Table4Trit) => "4-trit table",
        Format::Trits(Packing::Table5Trit) => "5-trit table",
        Format::Trits(Packing::SmladPairs) => "SMLAD pairs",
        Format::Rows(RowFormat::F32) => "F32",
        Format::Rows(RowFormat::F16) => "F16",
        Format::Rows(RowFormat::Q8_0) => "Q8_0",
        Format::Rows(RowFormat::Q6K) => "Q6_K",
        _ => "other",
    }
}

fn tokenizer(image: &Image<'_>) -> Tokenizer {
    let header = image.header();
    let found = Tokenizer { bos: header.bos, eos: header.eos, ..Tokenizer::default() };
    match header.tokenizer {
        TokenizerKind::Byte => Tokenizer { model: "byte".into(), tokens: 256, ..found },
        TokenizerKind::Bpe => {
            let vocabulary = image.vocabulary();
            let count = |of: fn(&trine_infer::token::Vocabulary<'_>) -> u64| {
                vocabulary.as_ref().map_or(0, of)
            };
            Tokenizer {
                model: "gpt2".into(),
                tokens: count(|it| it.tokens.count.into()),
                merges: count(|it| it.merges.count.into()),
                index_bytes: count(|it| 4 * it.index_slots() as u64),
                ..found
            }
        }
        TokenizerKind::Pieces => Tokenizer {
            model: command_model::TOKENIZER.into(),
            tokens: image.config().vocab as u64,
            ..found
        },
    }
}
