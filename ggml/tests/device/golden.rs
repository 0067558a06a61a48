//! The files of `tests/golden/bitnet`, of which Hugging Face's logits are known.

use trine_ggml::{Activations, Kept, Options};
use trine_infer::gguf::{File, Kind, Value};
use trine_infer::sample::likeliest;
use trine_infer::weights::Vector;
use trine_infer::{Config, Layer, Model, Weights};
use trine_ternary::Kernels;

use super::{Comparison, devices, difference, opened};

/// Those whose trits are packed as model files have them.
const CASES: [&str; 2] = ["tq2", "tq1"];

fn file(name: &str) -> File<'static> {
    let path = format!("tests/golden/bitnet/{name}");
    let bytes = std::fs::read(super::file(&path)).unwrap();
    File::parse(bytes.leak()).unwrap()
}

pub(crate) fn model(file: &File<'static>) -> Model<'static> {
    let config = Config::from_gguf(file).unwrap();
    let layers = vec![Layer::EMPTY; config.layers].leak();
    let weights = Weights::from_gguf(file, &config, layers).unwrap();
    Model::new(config, weights, Kernels::best()).unwrap()
}

fn integers(file: &File<'static>, key: &str) -> Vec<u32> {
    let array = file.array(key, Kind::I32).unwrap().unwrap();
    let number = |value: Value<'_>| u32::try_from(value.unsigned().unwrap()).unwrap();
    array.iter().map(number).collect()
}

#[test]
fn logits_and_greedy_tokens_are_those_of_transformers() {
    for case in CASES {
        let model = model(&file(&format!("{case}.gguf")));
        let expected = file(&format!("{case}.expected.gguf"));
        let tokens = integers(&expected, "expected.tokens");
        let greedy = integers(&expected, "expected.greedy");
        let rows = expected.tensor("expected.logits").unwrap();
        let logits: Vec<f32> = Vector::new(rows.data).iter().collect();
        for device in devices() {
            let options = Options::new(model.config().context);
            let options = Options { kv: Kept::F32, batch: 16, ..options };
            let mut engine = opened(&model, device, &options);
            let mut worst = 0.0_f32;
            let positions = integers(&expected, "expected.positions");
            for (at, token) in tokens.iter().enumerate() {
                engine.read(&[*token]).unwrap();
                let row = positions.iter().position(|position| *position as usize == at);
                if let Some(wanted) =
                    row.and_then(|row| logits.chunks(model.config().vocab).nth(row))
                {
                    worst = worst.max(difference(engine.logits().unwrap(), wanted));
                }
            }
            println!("{case} on {}: {worst:.1e}", device.name());
            assert!(worst < 1e-3, "{case} on {}: {worst:.1e}", device.name());
            engine.truncate(0).unwrap();
            assert!(engine.logits().is_none());
            engine.read(&tokens).unwrap();
            let mut found = Vec::new();
            while found.len() < greedy.len() {
                found.push(likeliest(engine.logits().unwrap()));
                engine.read(&found[found.len() - 1..]).unwrap();
            }
            assert_eq!(found, greedy, "{case} on {}", device.name());
        }
    }
}

#[test]
fn half_precision_of_keys_and_values_is_ours_too() {
    let model = model(&file("tq2.gguf"));
    let prompt = integers(&file("tq2.expected.gguf"), "expected.tokens");
    for device in devices() {
        let options = Options::new(model.config().context);
        let count = model.config().context - prompt.len() - 1;
        Comparison::of(&model, device, &options, &prompt, count.min(24)).check(&device.name());
    }
}

/// Without rounding the logits are others, and near: the weights are the same.
#[test]
fn floats_come_near_quantized_activations() {
    let model = model(&file("tq2.gguf"));
    let tokens = integers(&file("tq2.expected.gguf"), "expected.tokens");
    for device in devices() {
        let codes = Options { kv: Kept::F32, batch: 16, ..Options::new(64) };
        let floats = Options { activations: Activations::Floats, ..codes };
        let [mut rounded, mut plain, mut single] =
            [&codes, &floats, &floats].map(|options| opened(&model, device, options));
        rounded.read(&tokens).unwrap();
        plain.read(&tokens).unwrap();
        tokens.iter().for_each(|token| single.read(&[*token]).unwrap());
        let [rounded, plain, single] =
            [&rounded, &plain, &single].map(|engine| engine.logits().unwrap());
        let (apart, same) = (difference(plain, rounded), difference(single, plain));
        println!("{}: {apart:.1e} from codes, {same:.1e} one by one", device.name());
        assert!(apart < 0.1, "{}: {apart:.1e}", device.name());
        // The processor, as ggml uses it, rounds whatever it multiplies to bytes by itself, here to
        // the very codes.
        assert!(
            device.kind() == trine_ggml::Kind::Cpu || apart > 1e-3,
            "{}: {apart:.1e}",
            device.name()
        );
        assert!(same < 1e-2, "{}: {same:.1e}", device.name());
    }
}
