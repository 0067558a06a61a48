//! What is lost where keys and values are kept in fewer bytes, by models that were trained.

use std::path::{Path, PathBuf};

use trine_ask::{Decoding, Sentence, SessionEngine, compile, program_bytes};
use trine_infer::{DecodeSession, KvKind, Options, arena_bytes};
use trine_ternary::parallel::Serial;

use super::file::Reading;
use super::{Opened, ToolList};
use crate::model::Buffers;

/// Sentences in the tests of each day, and where `cargo xtask bench kv` asks for all.
const FEW: usize = 60;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Sentences of the files of a folder, from all over them.
fn sentences(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<PathBuf> = files.collect();
    files.sort();
    let lines: String = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let text = |line: &str| {
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        json["text"].as_str().unwrap().to_owned()
    };
    let all: Vec<String> = lines.lines().map(text).collect();
    let count = if std::env::var_os("TRINE_MANY").is_some() { all.len() } else { FEW };
    (0..count).map(|at| all[at * all.len() / count].clone()).collect()
}

/// What a model of the repository makes of sentences: all that is chosen, and how sure it is of the
/// call.
fn found((name, tools): (&str, &str), kv: KvKind, sentences: &[String]) -> Vec<(Vec<u16>, f32)> {
    let tools = ToolList::parse(&std::fs::read_to_string(root().join(tools)).unwrap()).unwrap();
    let file = std::fs::read(root().join(format!("models/{name}.gguf"))).unwrap();
    let mut buffers = Buffers::default();
    let opened = Opened::open(&file, &mut buffers).unwrap();
    let Reading::Own(vocabulary) = &opened.reading else { panic!("it chooses calls") };
    let mut memory = vec![0; program_bytes(&tools, vocabulary.tools).unwrap()];
    let program = compile(&tools, vocabulary.tools, &mut memory).unwrap();
    let config = opened.model.config();
    let options = Options { kv, batch: 32, ..Options::new(config) };
    let mut arena = vec![0; arena_bytes(config, &options).unwrap() + 3];
    let mut session = DecodeSession::new(&opened.model, &options, &mut arena).unwrap();
    let one = |text: &String| {
        let sentence = Sentence::read(text.as_bytes(), &program, vocabulary).unwrap();
        let mut decoding = Decoding::new(program, vocabulary, &sentence);
        let mut engine = SessionEngine { session: &mut session, pool: &Serial };
        decoding.run(&mut engine).unwrap();
        (decoding.tokens().to_vec(), decoding.confidence())
    };
    sentences.iter().map(one).collect()
}

#[test]
fn fewer_bytes_of_keys_and_values_leave_the_choices_of_trained_models() {
    println!("| model | keys and values | sentences | same | confidence apart, mean | at most |");
    println!("|---|---|---:|---:|---:|---:|");
    for (name, tools, folder) in [
        ("board", "firmware-example/board/tools.json", "board/validation"),
        ("snips", "models/snips.tools.json", "snips/sentences"),
    ] {
        let sentences = sentences(&root().join("train").join(folder));
        let wanted = found((name, tools), KvKind::F32, &sentences);
        for (kv, words) in [(KvKind::F16, "half precision"), (KvKind::I8, "int8")] {
            let found = found((name, tools), kv, &sentences);
            let both = || found.iter().zip(&wanted);
            let same = both().filter(|(found, wanted)| found.0 == wanted.0).count();
            let apart = || both().map(|(found, wanted)| (found.1 - wanted.1).abs());
            let (sum, most) = (apart().sum::<f32>(), apart().fold(0.0, f32::max));
            let (all, mean) = (sentences.len(), sum / sentences.len() as f32);
            println!("| {name} | {words} | {all} | {same} | {mean:.5} | {most:.3} |");
            assert!(same * 100 >= all * 98, "{name}, {words}: {same} of {all}");
            assert!(mean < 0.01, "{name}, {words}: {mean}");
        }
    }
}
