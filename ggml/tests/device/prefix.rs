//! Models whose first blocks have prefix attention over a prompt.

use trine_ggml::{Kept, Kind, Options};
use trine_infer::gguf::File;

use super::golden::model;
use super::made::PROMPT;
use super::making::Made;
use super::{Comparison, devices, difference, opened, read_prompt, session, tokens};

#[test]
fn tokens_are_ours_with_any_number_of_prefix_blocks() {
    for device in devices() {
        for whole in 1..=3 {
            let made = Made { blocks: 3, whole, ..Made::SMALL };
            let model = model(&File::parse(made.file().leak()).unwrap());
            // In one pass, and in three, of which each goes through the blocks again and again.
            for batch in [32, 10] {
                let options = Options { batch, ..Options::new(128) };
                let what = format!("{whole} whole on {}", device.name());
                Comparison::of(&model, device, &options, &PROMPT, 24).check(&what);
            }
        }
    }
}

#[test]
fn prefix_attention_gives_another_text_than_causal_attention() {
    let model = model(&File::parse(Made { whole: 1, ..Made::SMALL }.file().leak()).unwrap());
    for device in devices() {
        // Other tests have one thread: two wait for each other in a loop, which takes seconds on a
        // processor that something else keeps busy.
        let mut engine = opened(&model, device, &Options { threads: 2, ..Options::new(64) });
        engine.read_prompt(&PROMPT).unwrap();
        let whole = engine.logits().unwrap().to_vec();
        // A part of it would have seen what is forgotten.
        let said = engine.truncate(20).unwrap_err().to_string();
        assert!(said.contains("all of it, or nothing"), "{said}");
        assert_eq!(engine.logits(), Some(&*whole));
        engine.read(&[7]).unwrap();
        assert!(engine.read_prompt(&PROMPT).unwrap_err().to_string().contains("comes first"));
        engine.truncate(21).unwrap();
        engine.truncate(0).unwrap();
        engine.read(&PROMPT).unwrap();
        assert!(difference(engine.logits().unwrap(), &whole) > 0.1, "{}", device.name());
        engine.truncate(20).unwrap();
    }
}

#[test]
fn blocks_on_the_processor_have_prefix_attention_too() {
    let made = Made { blocks: 3, whole: 2, ..Made::SMALL };
    let model = model(&File::parse(made.file().leak()).unwrap());
    for device in devices().into_iter().filter(|device| device.kind() != Kind::Cpu) {
        for batch in [32, 10] {
            let options = Options { layers: Some(2), batch, threads: 2, ..Options::new(64) };
            Comparison::of(&model, device, &options, &PROMPT, 16).check(&device.name());
        }
    }
}

/// A model of the repository, which was trained.
fn trained(name: &str) -> trine_infer::Model<'static> {
    let path = format!("models/{name}");
    model(&File::parse(std::fs::read(super::file(&path)).unwrap().leak()).unwrap())
}

#[test]
fn trained_models_say_what_they_say_on_our_engine() {
    for name in ["snips.gguf", "board.gguf"] {
        let model = trained(name);
        for device in devices() {
            let options = Options { kv: Kept::F32, ..Options::new(64) };
            let (mut ours, mut theirs) =
                (session(&model, &options), opened(&model, device, &options));
            let mut worst = 0.0_f32;
            for seed in 0..20 {
                ours.truncate(0).unwrap();
                theirs.truncate(0).unwrap();
                let prompt: Vec<u32> =
                    tokens(seed, model.config().vocab).take(PROMPT.len()).collect();
                read_prompt(&mut ours, &prompt);
                theirs.read_prompt(&prompt).unwrap();
                let apart = difference(theirs.logits().unwrap(), ours.logits().unwrap());
                worst = worst.max(apart);
            }
            println!("{name} on {}: {worst:.1e}", device.name());
            assert!(worst < 0.05, "{name} on {}: {worst:.1e}", device.name());
        }
    }
}
