//! Our own backend has the engine's logits, each bit of them.

use trine_ggml::{Device, Kept, Options};
use trine_infer::gguf::File;
use trine_infer::sample::likeliest;
use trine_ternary::parallel::Serial;
use trine_ternary::{Packing, RowFormat};

use super::golden::model;
use super::making::Made;
use super::{opened, read_prompt, session, tokens};

/// The devices of our own backend: with the feature `fibers` there is one.
fn ours() -> Vec<Device> {
    let found: Vec<Device> = Device::all().into_iter().filter(|one| one.is_ternary()).collect();
    assert!(!cfg!(feature = "fibers") || !found.is_empty());
    found
}

/// Compares a prompt and a text after it.
fn compare(made: &Made, prompt: usize, kept: Kept, batch: usize) {
    let model = model(&File::parse(made.file().leak()).unwrap());
    let options = Options { kv: kept, batch, ..Options::new(made.context) };
    for device in ours() {
        let mut engine = opened(&model, device, &options);
        let mut own = session(&model, &options);
        let prompt: Vec<u32> = tokens(3, made.vocab).take(prompt).collect();
        engine.read_prompt(&prompt).unwrap();
        read_prompt(&mut own, &prompt);
        assert_eq!(engine.splits(), 1, "{made:?}");
        for token in tokens(1, made.vocab).take(6) {
            let (found, wanted) = (engine.logits().unwrap(), own.logits().unwrap());
            let bits = |logits: &[f32]| logits.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!(likeliest(found), likeliest(wanted), "{made:?}");
            assert_eq!(bits(found), bits(wanted), "{made:?}");
            engine.read(&[token]).unwrap();
            own.read(&[token], &Serial).unwrap();
        }
    }
}

#[test]
fn our_own_backend_has_each_bit_of_the_engines_logits() {
    for head in [RowFormat::F32, RowFormat::F16, RowFormat::Q8_0, RowFormat::Q6K] {
        compare(&Made { head, ..Made::SMALL }, 1, Kept::F16, 128);
    }
    compare(&Made { architecture: "bitnet", ..Made::SMALL }, 5, Kept::F32, 128);
    compare(&Made { packing: Packing::I2S, ..Made::SMALL }, 21, Kept::F16, 8);
    compare(&Made { whole: 1, ..Made::SMALL }, 20, Kept::F16, 16);
}
