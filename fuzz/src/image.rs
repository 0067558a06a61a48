//! Model images: any bytes, and a small sound image with some of its bytes changed.
//!
//! What opens is a model, and must be able to read a prompt of two tokens, or of one.

use trine_infer::image::{
    ALIGNMENT, ENTRY_BYTES, Entry, Format, HEADER_BYTES, Header, Image, Part,
};
use trine_infer::token::{Bpe, Encode};
use trine_infer::weights::Role;
use trine_infer::{DecodeSession, KvKind, Layer, Model, Options, Step, arena_bytes};
use trine_ternary::parallel::Serial;
use trine_ternary::{Kernels, Packing, RowFormat};

/// The most numbers in a matrix of a model that is run.
const SMALL: usize = 1 << 12;

/// Takes the bytes as an image, and as changes to one: an offset in two bytes and the byte for it.
pub fn run(data: &[u8]) {
    open(data);
    let (changes, _) = data.as_chunks::<3>();
    for tokenizer in [1, 2] {
        let mut bytes = sound(tokenizer);
        for [low, high, new] in changes {
            let at = usize::from(u16::from_le_bytes([*low, *high])) % bytes.len();
            bytes[at] = *new;
        }
        open(&bytes);
    }
}

fn open(bytes: &[u8]) {
    let Ok(image) = Image::parse(bytes) else { return };
    let _ = image.check_crc();
    let config = *image.config();
    let mut layers = vec![Layer::EMPTY; config.layers];
    let Ok(weights) = image.weights(&mut layers) else { return };
    text(&image);
    let model = Model::new(config, weights, Kernels::best()).expect("its parts were checked");
    let largest = config.dim.max(config.ffn).saturating_mul(config.dim.max(config.vocab));
    if largest > SMALL || config.layers > 8 {
        return;
    }
    let context = config.context.min(2);
    let options = Options { context, kv: KvKind::I8, ..Options::new(&config) };
    let bytes = arena_bytes(&config, &options).expect("a small model");
    let mut memory = vec![0; bytes + 3];
    let mut session =
        DecodeSession::new(&model, &options, &mut memory).expect("as many bytes as needed");
    let prompt = std::iter::repeat_n(0, context);
    session.begin_prompt(prompt).expect("every vocabulary has a first token");
    while session.step(usize::MAX, &Serial) == Step::More {}
    assert_eq!(session.logits().map(<[f32]>::len), Some(config.vocab));
}

fn text(image: &Image<'_>) {
    let Some(vocabulary) = image.vocabulary() else { return };
    let slots = vocabulary.index_slots();
    if slots > 1 << 16 {
        return;
    }
    let mut index = vec![0; slots];
    if let Ok(bpe) = Bpe::new(vocabulary, &mut index) {
        let (mut scratch, mut out) = ([0; 256], [0; 64]);
        let _ = bpe.encode("a b", Encode::default(), &mut scratch, &mut out);
    }
}

/// An image of one block whose numbers are all zero, with one of the two tokenizers.
fn sound(tokenizer: u8) -> Vec<u8> {
    let mut bytes = vec![0; HEADER_BYTES];
    bytes[..12].copy_from_slice(b"\x89TRNM\r\n\x1a\x02\0\x80\0");
    for (index, size) in [4_u32, 5, 1, 2, 1, 3, 2].into_iter().enumerate() {
        bytes[64 + 4 * index..][..4].copy_from_slice(&size.to_le_bytes());
    }
    bytes[92..96].copy_from_slice(&1e-5_f32.to_le_bytes());
    bytes[96..100].copy_from_slice(&10_000_f32.to_le_bytes());
    bytes[100..104].copy_from_slice(&[1, 1, 1, tokenizer]);
    bytes[116] = if tokenizer == 2 { 17 } else { 14 };
    let mut header = Header::parse(&bytes).expect("a sound header");
    bytes.resize(HEADER_BYTES + header.entries() * ENTRY_BYTES, 0);
    for (index, part) in header.parts().enumerate() {
        let (format, rows, columns) = shape(part, &header);
        let length = match format {
            Format::Trits(packing) => packing.bytes(rows, columns).expect("any size"),
            Format::Rows(format) => format.bytes(rows, columns).expect("any size"),
            Format::Bytes => 0,
        };
        let offset = bytes.len().next_multiple_of(ALIGNMENT);
        bytes.resize(offset + length, 0);
        let entry = Entry {
            part,
            format,
            rows: rows as u32,
            columns: columns as u32,
            scale: 1.0,
            offset: offset as u64,
            length: length as u64,
        };
        let place = HEADER_BYTES + index * ENTRY_BYTES;
        bytes[place..place + ENTRY_BYTES].copy_from_slice(&entry.bytes());
    }
    header.length = bytes.len() as u64;
    bytes[..HEADER_BYTES].copy_from_slice(&header.bytes());
    bytes
}

fn shape(part: Part, header: &Header) -> (Format, usize, usize) {
    let config = &header.config;
    let Part::Tensor(name) = part else { return (Format::Bytes, 0, 1) };
    let numbers = Format::Rows(RowFormat::F32);
    let trits = Format::Trits(Packing::Table5Trit);
    match name.role {
        Role::TokenEmbd | Role::Output => (numbers, config.vocab, config.dim),
        Role::AttnQ | Role::AttnOutput => (trits, config.dim, config.dim),
        Role::AttnK | Role::AttnV => (trits, config.kv_dim(), config.dim),
        Role::FfnGate | Role::FfnUp => (trits, config.ffn, config.dim),
        Role::FfnDown => (trits, config.dim, config.ffn),
        Role::FfnSubNorm => (numbers, 1, config.ffn),
        Role::RopeFrequencies => (numbers, 1, config.head_width() / 2),
        _ => (numbers, 1, config.dim),
    }
}
