//! The board's own sentences and templates fit its tools.
#![cfg(test)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use trine_ask::{Program, compile, program_bytes};
use trine_descriptor::Tool;
use trine_models::tools;
use trine_train::calibrate::Certainty;
use trine_train::example::{self, Example};
use trine_train::negatives::make_negative;
use trine_train::noise::add_noise;
use trine_train::pseudo_labels::guess;
use trine_train::random::Random;
use trine_train::run::Plan;
use trine_train::subwords;
use trine_train::template::Templates;
use trine_train::tokenise::{self, Items, Tokeniser};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What the board's tools compile to, and their table; both stay for good.
fn program() -> (Program<'static>, &'static [Tool<'static>]) {
    let text = std::fs::read_to_string(folder().join("../firmware-example/board/tools.json"));
    let tools = tools::parse(&text.unwrap()).unwrap().leak();
    let labels = tools::joined(tools).leak();
    let fields = tools::fields(tools, labels).leak();
    let table = &*tools::table(tools, fields).leak();
    let count = table.len() as u16;
    let memory = vec![0; program_bytes(table, count).unwrap()].leak();
    (compile(table, count, memory).unwrap(), table)
}

/// Reads sentences by pieces that are learnt from them; answers those whose call cannot be said.
fn unsayable(sentences: &[Example]) -> Vec<(String, String)> {
    let (program, table) = program();
    let mut items = Items::new();
    sentences.iter().for_each(|example| tokenise::count_items(&program, &example.text, &mut items));
    let pieces = subwords::learn(&items, 400, 5);
    let tokeniser = Tokeniser::new(table, program, pieces, 1);
    let read = |example: &Example| {
        let error = tokeniser.tokenise(example, None).err()?;
        Some((format!("{} {:?}", example.text, example.arguments), trine_models::chain(&error)))
    };
    sentences.iter().filter_map(read).collect()
}

fn templates(count: usize) -> Vec<Example> {
    let text = std::fs::read_to_string(folder().join("../firmware-example/board/tools.json"));
    let tools = tools::parse(&text.unwrap()).unwrap();
    let text = std::fs::read_to_string(folder().join("board/templates.txt")).unwrap();
    let templates = Templates::parse(&text, &tools).unwrap();
    let mut random = Random::new(1);
    (0..count).map(|_| templates.say(&mut random).unwrap()).collect()
}

/// Every `step`th sentence of a folder, without reading the others.
fn sample(of: &str, step: usize) -> Vec<Example> {
    let files = std::fs::read_dir(folder().join("board").join(of)).unwrap();
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    let texts = files.iter().map(|file| std::fs::read_to_string(file).unwrap());
    let lines: Vec<String> =
        texts.flat_map(|text| Vec::from_iter(text.lines().map(str::to_owned))).collect();
    let some: Vec<&str> = lines.iter().step_by(step).map(String::as_str).collect();
    example::parse(&some.join("\n")).unwrap()
}

/// Of the 19,899 sentences to train on every fourth is read. `TRINE_SENTENCES_STEP=1` reads all of
/// them: for a change of `train/board`.
fn step() -> usize {
    std::env::var("TRINE_SENTENCES_STEP").map_or(4, |step| step.parse().unwrap())
}

/// Sentences to fit on or to measure with whose pattern an earlier set has too. Of those to train
/// on every `step`th is read.
fn shared_patterns(step: usize) -> Vec<String> {
    let (program, _) = program();
    let (mut known, mut shared) = (BTreeMap::new(), Vec::new());
    for (of, step, least) in
        [("sentences", step, 19_000), ("fit", 1, 2_900), ("validation", 1, 3_100)]
    {
        let sentences = sample(of, step);
        assert!(sentences.len() * step >= least, "{of}: {} sentences", sentences.len());
        for example in &sentences {
            let text = format!("{of}: {}", example.text);
            let pattern = tokenise::pattern(&program, &example.text);
            if of == "sentences" {
                known.insert(pattern, text);
            } else if let Some(other) = known.insert(pattern, text) {
                shared.push(format!("{of}: {} ({other})", example.text));
            }
        }
    }
    shared
}

#[test]
fn nearly_every_written_sentence_leads_to_its_call() {
    let sentences = sample("sentences", step());
    let wrong = unsayable(&sentences);
    println!("{wrong:#?}");
    let share = 1_000 * wrong.len() / sentences.len();
    assert!(sentences.len() > 4_000 && share < 6, "{} of {}", wrong.len(), sentences.len());
}

/// All of those that are fitted on or measured with, next to every fourth of those that are trained
/// on.
#[test]
fn what_is_measured_with_is_worded_as_nothing_that_is_trained_or_fitted_on() {
    let shared = shared_patterns(step());
    assert!(shared.is_empty(), "{}:\n{}", shared.len(), shared.join("\n"));
}

#[test]
fn every_sentence_of_a_template_leads_to_its_call() {
    let sentences = templates(3_000);
    let wrong = unsayable(&sentences);
    assert!(wrong.len() < 15, "{} of {}: {wrong:#?}", wrong.len(), sentences.len());
    let mut tools: BTreeMap<String, usize> = BTreeMap::new();
    for example in &sentences {
        *tools.entry(example.tool.clone().unwrap_or_default()).or_default() += 1;
    }
    assert!(tools.len() == 11 && tools.values().all(|count| *count > 150), "{tools:?}");
}

#[test]
fn sentences_are_the_same_for_the_same_seed() {
    let changed = |seed: u64| -> Vec<String> {
        let sentences = templates(50);
        let mut random = Random::new(seed);
        let each = sentences.iter().zip(sentences.iter().rev()).map(|(example, other)| {
            let negatives = make_negative(example, other, &mut random);
            add_noise(&negatives.unwrap_or_else(|| example.clone()), &mut random).text
        });
        each.collect()
    };
    assert_eq!(changed(1), changed(1));
    assert_ne!(changed(1), changed(2));
}

#[test]
fn a_model_gives_its_subword_tokens_to_another() {
    let text = std::fs::read_to_string(folder().join("../firmware-example/board/tools.json"));
    let tools = tools::parse(&text.unwrap()).unwrap();
    let labels = tools::joined(&tools);
    let fields = tools::fields(&tools, &labels);
    let table = tools::table(&tools, &fields);
    let program = |count: u16| {
        let bytes = program_bytes(table.as_slice(), count).unwrap();
        compile(table.as_slice(), count, vec![0; bytes].leak()).unwrap()
    };
    let model = std::fs::read(folder().join("../models/board.gguf")).unwrap();
    let pieces = subwords::of_model(&model, &program(10)).unwrap();
    let own = tokenise::table(&program(10), &pieces, Certainty::NONE);
    let pieces_of_own = &own[trine_ask::TABLE_HEAD..];
    assert!(pieces.len() > 400 && model.windows(pieces_of_own.len()).any(|w| w == pieces_of_own));
    assert!(
        subwords::of_model(&model, &program(9))
            .is_err_and(|error| error.to_string().contains("other tools"))
    );
    assert!(subwords::of_model(b"GGUF", &program(10)).is_err());
}

#[test]
fn synthetic_sentences_are_labelled_by_models() {
    let read = |path: &str| std::fs::read(folder().join(path)).unwrap();
    let tools = String::from_utf8(read("../firmware-example/board/tools.json")).unwrap();
    let model = read("../models/board.gguf");
    let mut plan = Plan::new(&tools).unwrap();
    plan.add(example::load(&folder().join("board/sentences/near.jsonl")).unwrap(), "");
    plan.add(example::load(&folder().join("board/sentences/voice.jsonl")).unwrap(), "");
    plan.pieces_of = Some(model.clone());
    let mut made = 0;
    let found = guess(&plan, 60, &[model.clone(), model.clone()], |count| made = count).unwrap();
    // Two that are the same agree, so that none is left out.
    assert_eq!((made, found.len()), (60, 60));
    assert!(found.iter().any(|one| one.example.tool.is_some()), "{found:?}");
    assert!(found.iter().any(|one| one.example.tool.is_none()), "{found:?}");
    let again = guess(&plan, 60, &[model], |_| {}).unwrap();
    assert_eq!(found, again);
    assert!(guess(&plan, 60, &[], |_| {}).unwrap_err().to_string().contains("--models"));
}
