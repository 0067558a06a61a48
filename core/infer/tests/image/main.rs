//! Model images: golden bytes, and everything that can be wrong with one.
#![cfg(feature = "gguf")]
#![expect(clippy::unwrap_used, clippy::large_stack_arrays, reason = "these are tests")]

use std::path::PathBuf;

use proptest::prelude::*;
use trine_bits::crc32;
use trine_infer::image::{
    ENTRY_BYTES, Entry, Fault, Format, HEADER_BYTES, Header, Image, Part, SUMMED_FROM,
    TokenizerKind,
};
use trine_infer::weights::{Name, Role};
use trine_infer::{DecodeSession, Error, KvKind, Layer, Model, Options, arena_bytes, gguf};
use trine_ternary::Kernels;
use trine_ternary::parallel::Serial;

fn golden(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden");
    std::fs::read(folder.join(name)).unwrap()
}

/// The image of the model `plain`, packed as `PanelBase3`.
fn image() -> Vec<u8> {
    golden("model/plain.trnm")
}

/// Reads everything that an image has.
fn open(bytes: &[u8]) -> Result<usize, Error> {
    let image = Image::parse(bytes)?;
    let mut layers = vec![Layer::EMPTY; image.config().layers];
    let weights = image.weights(&mut layers)?;
    let strings = image.vocabulary().map_or(0, |vocabulary| vocabulary.index_slots());
    Ok(weights.layers.len() + strings)
}

/// The logits after some tokens.
fn logits(model: &Model<'_>) -> Vec<f32> {
    let options = Options { context: 16, batch: 4, kv: KvKind::F16, tables: 0 };
    let mut memory = vec![0; arena_bytes(model.config(), &options).unwrap() + 3];
    let mut session = DecodeSession::new(model, &options, &mut memory).unwrap();
    session.read(&[1, 5, 90, 33, 2], &Serial).unwrap();
    session.logits().unwrap().to_vec()
}

#[test]
fn an_image_computes_what_its_file_does() {
    let bytes = golden("bitnet/plain.gguf");
    let file = gguf::File::parse(&bytes).unwrap();
    let config = trine_infer::Config::from_gguf(&file).unwrap();
    let mut layers = vec![Layer::EMPTY; config.layers];
    let weights = trine_infer::Weights::from_gguf(&file, &config, &mut layers).unwrap();
    let wanted = logits(&Model::new(config, weights, Kernels::best()).unwrap());

    let bytes = image();
    let image = Image::parse(&bytes).unwrap();
    image.check_crc().unwrap();
    assert_eq!(image.config(), &config);
    let mut layers = vec![Layer::EMPTY; config.layers];
    let weights = image.weights(&mut layers).unwrap();
    let found = logits(&Model::new(config, weights, Kernels::best()).unwrap());
    assert_eq!(found, wanted);
}

#[test]
fn the_first_bytes_are_those_of_the_specification() {
    let bytes = image();
    assert_eq!(bytes[..8], [0x89, 0x54, 0x52, 0x4e, 0x4d, 0x0d, 0x0a, 0x1a]);
    assert_eq!(bytes[8..16], [2, 0, 128, 0, 0, 0, 0, 0]);
    assert_eq!(bytes[16..24], (bytes.len() as u64).to_le_bytes());
    assert_eq!(bytes[24..28], crc32(&bytes[32..]).to_le_bytes());
    let words: Vec<u32> =
        bytes[64..92].chunks_exact(4).map(|b| u32::from_le_bytes(b.try_into().unwrap())).collect();
    assert_eq!(words, [128, 256, 2, 4, 2, 96, 128]);
    assert_eq!(bytes[92..96], 1e-5_f32.to_le_bytes());
    assert_eq!(bytes[96..104], [&500_000_f32.to_le_bytes()[..], &[1, 1, 1, 1]].concat());
    assert_eq!(bytes[116..120], 25_u32.to_le_bytes());
    // The first entry: token_embd in half precision, of no block, 96 rows of 128 columns.
    let entry = &bytes[128..160];
    assert_eq!(entry[..4], [1, 33, 0xff, 0xff]);
    assert_eq!(
        entry[4..16],
        [&96_u32.to_le_bytes()[..], &[128, 0, 0, 0], &[0, 0, 128, 63]].concat()
    );
    assert_eq!(entry[16..24], 960_u64.to_le_bytes());
    assert_eq!(entry[24..32], (96 * 128 * 2_u64).to_le_bytes());
    // The eighth: attn_q of block 0, in `PanelBase3`.
    assert_eq!(bytes[128 + 7 * 32..][..4], [20, 6, 0, 0]);
}

/// The image after a change.
fn changed(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = image();
    change(&mut bytes);
    bytes
}

fn put(at: usize, new: &[u8]) -> Vec<u8> {
    changed(|bytes| bytes[at..at + new.len()].copy_from_slice(new))
}

/// Where the entry of this number begins.
const fn entry(index: usize) -> usize {
    HEADER_BYTES + index * ENTRY_BYTES
}

#[test]
fn invalid_headers_are_refused() {
    let cases: [(Vec<u8>, Error); 14] = [
        (vec![], Error::Image(Fault::Length)),
        (image()[..127].to_vec(), Error::Image(Fault::Length)),
        (put(0, b"GGUF"), Error::Image(Fault::Magic)),
        (put(6, b"\n\n"), Error::Image(Fault::Magic)),
        (put(8, &[1, 0]), Error::Image(Fault::Version(1))),
        (put(10, &[64, 0]), Error::Image(Fault::Field(10))),
        (put(16, &u64::MAX.to_le_bytes()), Error::Image(Fault::Length)),
        (put(16, &130_u64.to_le_bytes()), Error::Image(Fault::Length)),
        (put(100, &[9]), Error::Image(Fault::Field(100))),
        (put(101, &[0]), Error::Image(Fault::Field(101))),
        (put(102, &[2]), Error::Image(Fault::Field(102))),
        (put(103, &[4]), Error::Image(Fault::Field(103))),
        (put(112, &[4]), Error::Image(Fault::Field(112))),
        (put(116, &[24]), Error::Image(Fault::Field(116))),
    ];
    for (bytes, wanted) in cases {
        assert_eq!(open(&bytes).unwrap_err(), wanted);
    }
    let zero = open(&put(64, &[0; 4])).unwrap_err();
    assert_eq!(zero.to_string(), "embedding_length: must not be zero");
    let layers = open(&put(72, &u32::MAX.to_le_bytes())).unwrap_err();
    assert_eq!(layers, Error::Image(Fault::Field(116)));
    let whole = open(&put(114, &[3, 0])).unwrap_err();
    assert_eq!(whole.to_string(), "trine.attention.whole: must be at most 2");
    let cut = changed(|bytes| bytes.truncate(bytes.len() - 1));
    assert_eq!(open(&cut).unwrap_err(), Error::Image(Fault::Length));
}

#[test]
fn a_header_says_how_many_blocks_have_prefix_attention() {
    assert_eq!(Image::parse(&image()).unwrap().config().prefix_layers, 0);
    let bytes = put(114, &[2, 0]);
    let header = *Image::parse(&bytes).unwrap().header();
    assert_eq!(header.config.prefix_layers, 2);
    assert_eq!(header.bytes(), bytes[..HEADER_BYTES]);
}

#[test]
fn parts_that_are_not_inside_or_not_in_order_name_themselves() {
    let q = Part::Tensor(Name::layer(0, Role::AttnQ));
    let at = entry(7);
    let offset = u64::from_le_bytes(image()[at + 16..at + 24].try_into().unwrap());
    for wrong in [0, offset + 1, offset - 64, 1 << 40, u64::MAX - 63] {
        let found = open(&put(at + 16, &wrong.to_le_bytes())).unwrap_err();
        assert_eq!(found, Error::Part(q), "{wrong}");
        assert!(found.to_string().starts_with("blk.0.attn_q.weight: "));
    }
    for wrong in [1 << 40, u64::MAX] {
        assert_eq!(open(&put(at + 24, &wrong.to_le_bytes())).unwrap_err(), Error::Part(q));
    }
    for wrong in [[21, 6, 0, 0], [20, 6, 1, 0], [20, 6, 0xff, 0xff], [20, 99, 0, 0]] {
        assert_eq!(open(&put(at, &wrong)).unwrap_err(), Error::Part(q), "{wrong:?}");
    }
}

#[test]
fn tensors_of_another_shape_or_format_name_themselves() {
    let at = entry(7);
    let cases = [
        (put(at + 4, &[127]), "blk.0.attn_q.weight: must have the dimensions [128, 128]"),
        (put(at + 8, &[0, 1]), "blk.0.attn_q.weight: must have the dimensions [128, 128]"),
        (put(at + 1, &[33]), "blk.0.attn_q.weight: is stored in a format that it cannot have"),
        (put(at + 12, &[0, 0, 192, 127]), "blk.0.attn_q.weight: has a scale that is not finite"),
        (put(entry(0) + 1, &[6]), "token_embd.weight: is stored in a format that it cannot have"),
        (put(entry(1) + 1, &[33]), "output_norm.weight: is stored in a format that it cannot have"),
    ];
    for (bytes, wanted) in cases {
        assert_eq!(open(&bytes).unwrap_err().to_string(), wanted);
    }
    for scale in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let found = open(&put(at + 12, &scale.to_le_bytes())).unwrap_err().to_string();
        assert_eq!(found, "blk.0.attn_q.weight: has a scale that is not finite", "{scale}");
    }
    let shorter = open(&put(at + 24, &[0; 8])).unwrap_err();
    assert!(matches!(shorter, Error::Packed(name, _) if name == Name::layer(0, Role::AttnQ)));
}

#[test]
fn damage_anywhere_behind_the_first_bytes_changes_the_checksum() {
    for at in [SUMMED_FROM, 63, 64, 200, 5000, image().len() - 1] {
        let bytes = changed(|bytes| bytes[at] ^= 0x10);
        if let Ok(image) = Image::parse(&bytes) {
            assert_eq!(image.check_crc(), Err(Error::Image(Fault::Crc)), "byte {at}");
        }
    }
    for sum in [0, u32::MAX] {
        let image = put(24, &sum.to_le_bytes());
        assert_eq!(Image::parse(&image).unwrap().check_crc(), Err(Error::Image(Fault::Crc)));
    }
    // What follows an image is none of its.
    let longer = changed(|bytes| bytes.extend([0xff; 100]));
    let image = Image::parse(&longer).unwrap();
    assert_eq!((image.bytes().len(), image.check_crc()), (longer.len() - 100, Ok(())));
}

#[test]
fn a_vocabulary_that_is_not_there_is_refused() {
    assert_eq!(Image::parse(&image()).unwrap().header().tokenizer, TokenizerKind::Byte);
    let bpe = changed(|bytes| {
        bytes[103] = 2;
        bytes[116] += 3;
    });
    let found = open(&bpe).unwrap_err();
    assert!(matches!(found, Error::Part(_)), "{found}");
}

proptest! {
    #[test]
    fn any_change_is_an_error_or_a_model_that_is_read_without_a_panic(
        changes in prop::collection::vec((0_usize..1000, any::<u8>()), 1..8),
    ) {
        let bytes = changed(|bytes| changes.iter().for_each(|(at, byte)| bytes[*at] = *byte));
        let _ = open(&bytes);
    }

    #[test]
    fn any_bytes_at_all_are_read_without_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let _ = open(&bytes);
        let _ = open(&[&image()[..128], &bytes].concat());
    }
}

/// The image with another tokenizer: a table of pieces behind everything else.
fn with_pieces(table: &[u8]) -> Vec<u8> {
    let mut bytes = image();
    let end = bytes.len().next_multiple_of(64);
    bytes.resize(end, 0);
    bytes.extend(table);
    // There is room for one more entry before the first part.
    let added = Entry {
        part: Part::Pieces,
        format: Format::Bytes,
        rows: table.len() as u32,
        columns: 1,
        scale: 1.0,
        offset: end as u64,
        length: table.len() as u64,
    };
    bytes[entry(25)..][..ENTRY_BYTES].copy_from_slice(&added.bytes());
    let length = bytes.len() as u64;
    bytes[16..24].copy_from_slice(&length.to_le_bytes());
    bytes[103] = 3;
    bytes[116] += 1;
    let crc = crc32(&bytes[SUMMED_FROM..]);
    bytes[24..28].copy_from_slice(&crc.to_le_bytes());
    bytes
}

#[test]
fn a_table_of_subword_tokens_follows_the_tensors() {
    let bytes = with_pieces(b"pieces");
    let image = Image::parse(&bytes).unwrap();
    image.check_crc().unwrap();
    assert_eq!(image.header().tokenizer, TokenizerKind::Pieces);
    assert_eq!(image.pieces(), Some(&b"pieces"[..]));
    assert!(image.vocabulary().is_none() && image.byte_tokenizer().is_none());
    assert_eq!(image.header().parts().last(), Some(Part::Pieces));
    assert_eq!(Header::parse(&image.header().bytes()), Ok(*image.header()));
    assert_eq!(Image::parse(&self::image()).unwrap().pieces(), None);
    let mut cut = bytes;
    cut.truncate(cut.len() - 1);
    assert!(Image::parse(&cut).is_err());
}
