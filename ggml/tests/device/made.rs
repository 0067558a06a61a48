//! Random models of several shapes.

use trine_ggml::{Activations, Device, Kept, Kind, Options};
use trine_infer::gguf::File;
use trine_ternary::{Packing, RowFormat};

use super::golden::model;
use super::making::Made;
use super::{Comparison, devices, difference, opened};

/// Shapes in which something differs.
static SHAPES: [(&str, Made); 5] = [
    ("small", Made::SMALL),
    (
        "rows of no whole block of 256",
        Made {
            width: 384,
            ffn: 896,
            heads: 3,
            kv_heads: 3,
            packing: Packing::I2S,
            head: RowFormat::F16,
            ..Made::SMALL
        },
    ),
    (
        "six heads a key",
        Made { width: 768, ffn: 1280, heads: 12, kv_heads: 2, head: RowFormat::Q6K, ..Made::SMALL },
    ),
    (
        "a head of bytes",
        Made { heads: 2, kv_heads: 1, blocks: 3, head: RowFormat::Q8_0, ..Made::SMALL },
    ),
    ("SiLU", Made { architecture: "bitnet", ..Made::SMALL }),
];

pub(crate) const PROMPT: [u32; 21] =
    [3, 14, 15, 92, 65, 35, 89, 79, 32, 38, 46, 26, 43, 38, 32, 79, 50, 28, 84, 19, 71];

fn compare(name: &str, made: &Made, device: Device, options: &Options, tokens: usize) {
    let model = model(&File::parse(made.file().leak()).unwrap());
    let what = format!("{name} on {}", device.name());
    Comparison::of(&model, device, options, &PROMPT, tokens).check(&what);
}

/// Without codes a graph has other operations: attention in one, and none for scales. A prompt in
/// one batch is what it is token by token, and near what it is with codes; blocks on the processor
/// have the graph with codes' attention.
#[test]
fn numbers_as_they_are_are_the_same_in_one_batch_and_one_by_one() {
    let of = |blocks: usize, layers: Option<usize>, name: &str| {
        let (name, made) = SHAPES.into_iter().find(|(own, _)| *own == name).unwrap();
        (name, Made { blocks, ..made }, layers)
    };
    let whole = Made { whole: 1, blocks: 3, ..Made::SMALL };
    for (name, made, layers) in [
        of(2, None, "six heads a key"),
        of(3, Some(2), "SiLU"),
        ("the first block sees the prompt whole", whole, None),
    ] {
        let model = model(&File::parse(made.file().leak()).unwrap());
        for device in devices().into_iter().filter(|device| device.kind() != Kind::Cpu) {
            let codes = Options { batch: 32, layers, ..Options::new(128) };
            let floats = Options { activations: Activations::Floats, ..codes };
            let [mut rounded, mut plain, mut single] =
                [&codes, &floats, &floats].map(|options| opened(&model, device, options));
            rounded.read_prompt(&PROMPT).unwrap();
            plain.read_prompt(&PROMPT).unwrap();
            match made.whole {
                0 => PROMPT.iter().for_each(|token| single.read(&[*token]).unwrap()),
                // One by one nothing would be seen that comes later.
                _ => single.read_prompt(&PROMPT).unwrap(),
            }
            let [rounded, plain, single] =
                [&rounded, &plain, &single].map(|engine| engine.logits().unwrap());
            let (apart, same) = (difference(plain, rounded), difference(single, plain));
            let name = format!("{name} on {}", device.name());
            println!("{name}: {apart:.1e} from codes, {same:.1e} one by one");
            assert!(apart < 0.06, "{name}: {apart:.1e}");
            // Where a device adds up products of a prompt in half precision, and those of a token
            // in single, they are as far apart as that rounds: a third of what codes do, or less.
            assert!(same < 2.5e-2, "{name}: {same:.1e}");
        }
    }
}

#[test]
fn tokens_are_ours_after_a_prompt_in_one_batch_and_in_several() {
    for (name, made) in SHAPES {
        for device in devices() {
            for batch in [32, 10] {
                let options = Options { batch, ..Options::new(128) };
                let tokens = if batch == 32 { 64 } else { 16 };
                compare(name, &made, device, &options, tokens);
            }
        }
    }
}

#[test]
fn tokens_are_ours_in_a_block_of_the_published_shape() {
    let made = Made {
        width: 2560,
        ffn: 6912,
        heads: 20,
        kv_heads: 5,
        blocks: 1,
        vocab: 1000,
        packing: Packing::I2S,
        head: RowFormat::F16,
        ..Made::SMALL
    };
    for device in devices() {
        let options = Options { batch: 16, ..Options::new(96) };
        compare("2B-4T", &made, device, &options, 24);
    }
}

#[test]
fn one_device_computes_all_of_it() {
    let model = model(&File::parse(Made::SMALL.file().leak()).unwrap());
    for device in devices() {
        let mut engine = opened(&model, device, &Options::new(64));
        for tokens in [&PROMPT[..], &PROMPT[..1]] {
            engine.read(tokens).unwrap();
            assert_eq!(engine.splits(), 1, "{}", device.name());
        }
    }
}

#[test]
fn blocks_that_find_no_room_stay_on_the_processor() {
    let made = Made { blocks: 3, ..Made::SMALL };
    let model = model(&File::parse(made.file().leak()).unwrap());
    for device in devices().into_iter().filter(|device| device.kind() != trine_ggml::Kind::Cpu) {
        let options = Options { layers: Some(1), ..Options::new(64) };
        let engine = opened(&model, device, &options);
        let blocks: Vec<usize> = engine.layout().places.iter().map(|place| place.blocks).collect();
        assert_eq!(blocks, [1, 2]);
        for kv in [Kept::F32, Kept::F16] {
            compare("split", &made, device, &Options { kv, ..options }, 24);
        }
    }
}
