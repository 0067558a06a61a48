//! What a device cannot do is said, with what to do about it.

use trine_ggml::{GgmlEngine, Kept, Kind, Options};
use trine_infer::KvKind;
use trine_infer::gguf::File;
use trine_ternary::parallel::Serial;

use super::golden::model;
use super::making::Made;
use super::{devices, opened};

#[test]
fn too_little_memory_is_said_before_any_is_taken() {
    let model = model(&File::parse(Made::SMALL.file().leak()).unwrap());
    for device in devices().into_iter().filter(|device| device.kind() != Kind::Cpu) {
        let short = Options { memory: Some(100_000), ..Options::new(64) };
        let open = |options: &Options| {
            let plan = |_: &_| panic!("no plan was made");
            GgmlEngine::open(&model, device, options, &Serial, plan).unwrap_err().to_string()
        };
        let said = open(&short);
        assert!(said.contains(&device.name()) && said.contains("0.1 MB"), "{said}");
        assert!(said.contains("--backend cpu"), "{said}");
        let said = open(&Options { layers: Some(2), ..short });
        assert!(said.contains("2 blocks"), "{said}");
    }
}

#[test]
fn tokens_that_are_invalid_or_do_not_fit_are_refused_and_change_nothing() {
    let model = model(&File::parse(Made::SMALL.file().leak()).unwrap());
    for device in devices() {
        let mut engine = opened(&model, device, &Options { batch: 17, ..Options::new(20) });
        for token in [1, 2, 3] {
            engine.read(&[token]).unwrap();
        }
        let before = engine.logits().unwrap().to_vec();
        assert!(engine.read(&[100]).unwrap_err().to_string().contains("vocabulary of 100"));
        let said = engine.read(&[1; 18]).unwrap_err().to_string();
        assert!(said.contains("18 tokens do not fit after 3 of 20"), "{said}");
        assert_eq!((engine.tokens().len(), engine.context()), (3, 20));
        assert_eq!(engine.logits().unwrap(), before);
        engine.read(&[1; 17]).unwrap();
        assert!(engine.read(&[1]).is_err());
    }
    assert!(Kept::try_from(KvKind::I8).unwrap_err().to_string().contains("f16"));
}
