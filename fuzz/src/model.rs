//! Models in GGUF files: configuration, weights, and two tokens that are chosen.
//!
//! The files are those of `tests/golden/bitnet`. The first byte of an input chooses one, and each
//! four behind it change a number of its list of keys or of tensors, or a byte. What opens must
//! decode, whatever its numbers are, and to the same bits in another packing and in small steps.

use std::iter::repeat_n;

use trine_infer::gguf::File;
use trine_infer::sample::likeliest;
use trine_infer::{
    Config, DecodeSession, KvKind, Layer, Model, Options, Step, Weights, arena_bytes,
};
use trine_ternary::parallel::Serial;
use trine_ternary::{Kernels, Packing};

macro_rules! golden {
    ($name:literal) => {
        include_bytes!(concat!("../../tests/golden/bitnet/", $name, ".gguf"))
    };
}

/// Ternary weights of each type.
const FILES: [&[u8]; 4] = [golden!("long"), golden!("plain"), golden!("tq1"), golden!("tq2")];
/// The function of the feed-forward network in some of them, and one of the same length.
const FUNCTIONS: [&[u8]; 2] = [b"relu2", b"swish"];
/// Numbers at which something changes.
const NUMBERS: [u32; 24] = [
    0,
    1,
    2,
    3,
    4,
    6,
    8,
    16,
    31,
    32,
    33,
    64,
    96,
    127,
    128,
    255,
    256,
    512,
    4096,
    1 << 16,
    1 << 30,
    0x7fc0_0000,
    0x7f80_0000,
    u32::MAX,
];
/// Blocks of a model that is run; its file has no room for more, but may name one twice.
const BLOCKS_MAX: usize = 8;
/// Positions of a session: two tokens of a prompt, two that are chosen.
const CONTEXT: usize = 4;

/// Opens a golden model after the changes, and decodes.
pub fn run(data: &[u8]) {
    let Some((which, changes)) = data.split_first() else { return };
    let sound = FILES[usize::from(*which) % FILES.len()];
    let mut bytes = sound.to_vec();
    let [from, to] = FUNCTIONS;
    let function = sound.windows(from.len()).position(|bytes| bytes == from);
    if let Some(at) = function.filter(|_| which & 4 != 0) {
        put(&mut bytes, at, to);
    }
    let (changes, _) = changes.as_chunks::<4>();
    let places = Places::of(&File::parse(sound).expect("a golden file"));
    changes.iter().for_each(|change| places.change(&mut bytes, *change));
    open(&bytes);
}

/// Where the values of keys and the entries of tensors are.
struct Places {
    values: Vec<usize>,
    entries: Vec<usize>,
    data: usize,
}

impl Places {
    fn of(file: &File<'_>) -> Self {
        let start = file.bytes().as_ptr().addr();
        let behind = |text: &str| text.as_ptr().addr() - start + text.len();
        let data = file.tensors().map(|tensor| tensor.data.as_ptr().addr() - start).min();
        Self {
            // The type of a value stands before it.
            values: file.keys().map(|(key, _)| behind(key) + 4).collect(),
            entries: file.tensors().map(|tensor| behind(tensor.name)).collect(),
            data: data.unwrap_or_default(),
        }
    }

    fn change(&self, bytes: &mut Vec<u8>, [what, low, high, value]: [u8; 4]) {
        let number = NUMBERS.get(usize::from(value)).copied().unwrap_or(value.into());
        let of = |all: &[usize]| all[usize::from(low) % all.len()];
        let entry = of(&self.entries);
        match what % 9 {
            0 | 1 => put(bytes, of(&self.values), &number.to_le_bytes()),
            2 => put(bytes, of(&self.values) - 4, &u32::from(value % 14).to_le_bytes()),
            // Behind the name: the axes, two sizes, the type, the offset.
            3 => put(bytes, entry, &u32::from(value % 6).to_le_bytes()),
            4 => put(bytes, entry + 4 + 8 * usize::from(high % 2), &number.to_le_bytes()),
            5 => put(bytes, entry + 20, &u32::from(value % 40).to_le_bytes()),
            6 => put(bytes, entry + 24, &(u32::from(high) << 5).to_le_bytes()),
            7 => {
                let at = usize::from(u16::from_le_bytes([low, high])) % self.data.max(1);
                put(bytes, at, &[value]);
            }
            _ => {
                let at = (usize::from(u16::from_le_bytes([low, high])) * bytes.len()) >> 16;
                if value == 0 { bytes.truncate(at) } else { put(bytes, at, &[value]) }
            }
        }
    }
}

fn put(bytes: &mut [u8], at: usize, new: &[u8]) {
    bytes.iter_mut().skip(at).zip(new).for_each(|(place, byte)| *place = *byte);
}

fn open(bytes: &[u8]) {
    let Ok(file) = File::parse(bytes) else { return };
    let Ok(config) = Config::from_gguf(&file) else { return };
    let mut layers = vec![Layer::EMPTY; config.layers];
    let Ok(weights) = Weights::from_gguf(&file, &config, &mut layers) else { return };
    if config.layers > BLOCKS_MAX {
        return;
    }
    let model = Model::new(config, weights, Kernels::best()).expect("its parts were checked");
    let logits = decode(&model, CONTEXT, usize::MAX);
    let Ok(room) = weights.repacked_bytes(Packing::PanelBase3) else { return };
    let (mut room, mut layers) = (vec![0; room], vec![Layer::EMPTY; config.layers]);
    let packed = weights.repack(Packing::PanelBase3, &mut room, &mut layers, &Serial);
    let packed = packed.expect("there is room");
    let model = Model::new(config, packed, Kernels::best()).expect("it is the same model");
    let other = decode(&model, 1, 3);
    let is_same = |(one, other): (&f32, &f32)| {
        one.to_bits() == other.to_bits() || one.is_nan() && other.is_nan()
    };
    assert!(logits.iter().zip(&other).all(is_same), "{logits:?}\n{other:?}");
}

/// The logits after a prompt and after each of two tokens that follow it.
fn decode(model: &Model<'_>, batch: usize, rows: usize) -> Vec<f32> {
    let config = model.config();
    let context = config.context.min(CONTEXT);
    let options =
        Options { context, batch: batch.min(context), kv: KvKind::I8, ..Options::new(config) };
    let bytes = arena_bytes(config, &options).expect("a small model");
    let mut memory = vec![0; bytes + 3];
    let mut session =
        DecodeSession::new(model, &options, &mut memory).expect("as many bytes as needed");
    let prompt = repeat_n(0, context.div_ceil(2));
    session.begin_prompt(prompt).expect("every vocabulary has a first token");
    let mut all = Vec::new();
    loop {
        while session.step(rows, &Serial) == Step::More {}
        let logits = session.logits().expect("the prompt was read");
        assert_eq!(logits.len(), config.vocab);
        all.extend_from_slice(logits);
        if session.tokens().len() == context {
            return all;
        }
        let token = likeliest(logits);
        session.begin(&[token]).expect("there is room for what was chosen");
    }
}
