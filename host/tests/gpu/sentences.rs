//! What trained models make of sentences on a device, beside our engine: with the same choices at
//! each step, and so the same call.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use trine_ask::{
    DecodeEngine, Decoding, Program, Sentence, SessionEngine, Vocabulary, compile, program_bytes,
};
use trine_ggml::{Device, Kept, Kind, Options};
use trine_infer::gguf::{File, Kind as Listed};
use trine_infer::{Config, DecodeSession, KvKind, Layer, Model, Weights, arena_bytes};
use trine_models::ask::ToolList;
use trine_ternary::Kernels;
use trine_ternary::parallel::Serial;

/// Sentences in the tests of each day, and where `cargo xtask bench greedy` asks for more.
const FEW: usize = 20;
const MANY: usize = 200;
/// The least length of a sentence: shorter ones may have fewer than nine tokens, and Mesa's
/// software compiles for minutes what multiplies two to eight.
const BYTES_LEAST: usize = 40;

/// A model on a device, as what answers sentences wants it.
struct OnDevice<'e, 'w> {
    engine: &'e mut trine_ggml::GgmlEngine<'w>,
    waiting: Vec<u32>,
    is_prompt: bool,
}

impl DecodeEngine for OnDevice<'_, '_> {
    type Error = trine_ggml::Error;

    fn begin_prompt(&mut self, tokens: &[u16]) -> Result<(), Self::Error> {
        self.engine.truncate(0)?;
        self.is_prompt = true;
        self.waiting = tokens.iter().map(|token| (*token).into()).collect();
        Ok(())
    }

    fn begin(&mut self, tokens: &[u16]) -> Result<usize, Self::Error> {
        self.is_prompt = false;
        let room = self.room() - self.engine.tokens().len();
        self.waiting = tokens.iter().take(room).map(|token| (*token).into()).collect();
        Ok(self.waiting.len())
    }

    fn step(&mut self, _: usize) -> Result<bool, Self::Error> {
        let waiting = std::mem::take(&mut self.waiting);
        if waiting.is_empty() {
            return Ok(false);
        }
        if self.is_prompt {
            self.engine.read_prompt(&waiting)?;
        } else {
            waiting.iter().try_for_each(|token| self.engine.read(&[*token]))?;
        }
        Ok(false)
    }

    fn logits(&mut self, tokens: &[u16], out: &mut [f32]) -> Result<(), Self::Error> {
        let logits = self.engine.logits().unwrap();
        out.iter_mut().zip(tokens).for_each(|(out, token)| *out = logits[usize::from(*token)]);
        Ok(())
    }

    fn room(&self) -> usize {
        self.engine.context()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// This number of sentences of these files, from all over them.
fn sentences(files: &[PathBuf], count: usize) -> Vec<String> {
    let lines: String = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let text = |line: &str| {
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        json["text"].as_str().unwrap().to_owned()
    };
    let all: Vec<String> =
        lines.lines().map(text).filter(|text| text.len() >= BYTES_LEAST).collect();
    (0..count).map(|at| all[at * all.len() / count].clone()).collect()
}

/// What a sentence came to: all that was read and chosen, and how sure that is.
fn asked<E: DecodeEngine<Error: std::fmt::Debug>>(
    engine: &mut E,
    (program, vocabulary): (Program<'_>, &Vocabulary<'_>),
    text: &str,
) -> (Vec<u16>, f32) {
    let sentence = Sentence::read(text.as_bytes(), &program, vocabulary).unwrap();
    let mut decoding = Decoding::new(program, vocabulary, &sentence);
    decoding.run(engine).unwrap();
    (decoding.tokens().to_vec(), decoding.confidence())
}

/// A model of `models/`, and its vocabulary.
fn opened(name: &str) -> (&'static Model<'static>, Vocabulary<'static>) {
    let bytes = std::fs::read(root().join(format!("models/{name}.gguf"))).unwrap();
    let file = File::parse(bytes.leak()).unwrap();
    let config = Config::from_gguf(&file).unwrap();
    let layers = vec![Layer::EMPTY; config.layers].leak();
    let weights = Weights::from_gguf(&file, &config, layers).unwrap();
    let model = Model::new(config, weights, Kernels::best()).unwrap();
    let table = file.array("trine.ask", Listed::U8).unwrap().unwrap();
    (Box::leak(Box::new(model)), Vocabulary::parse(table.bytes()).unwrap())
}

/// A session of our engine with keys and values of a kind.
fn session(model: &'static Model<'static>, kv: KvKind) -> DecodeSession<'static, 'static> {
    let config = model.config();
    let options = trine_infer::Options {
        batch: 32.min(config.context),
        kv,
        ..trine_infer::Options::new(config)
    };
    let bytes = arena_bytes(config, &options).unwrap() + 3;
    DecodeSession::new(model, &options, vec![0; bytes].leak()).unwrap()
}

/// Asks a model on each device and on our engine, and answers how many sentences of how many come
/// to the same choices on the device where that is least.
fn measure(name: &str, tools: &str, sentences: &[String]) -> usize {
    let (model, vocabulary) = opened(name);
    let list = ToolList::parse(&std::fs::read_to_string(root().join(tools)).unwrap()).unwrap();
    let count = vocabulary.tools;
    let mut memory = vec![0; program_bytes(&list, count).unwrap()];
    let program = compile(&list, count, &mut memory).unwrap();
    let both = (program, &vocabulary);
    let here = |kv| {
        let mut session = session(model, kv);
        let mut engine = SessionEngine { session: &mut session, pool: &Serial };
        sentences.iter().map(|text| asked(&mut engine, both, text)).collect::<Vec<_>>()
    };
    let (wanted, as_bytes) = (here(KvKind::F32), here(KvKind::I8));
    let total = sentences.len();
    let same = |found: &[(Vec<u16>, f32)]| {
        let same = found.iter().zip(&wanted).filter(|(found, wanted)| found.0 == wanted.0).count();
        let apart = found.iter().zip(&wanted).map(|(found, wanted)| (found.1 - wanted.1).abs());
        (same, apart.fold(0.0_f32, f32::max))
    };
    let row = |who: &str, (same, apart): (usize, f32)| {
        println!("| {name} | {who} | {same} of {total} | {apart:.1e} |");
    };
    println!(
        "| model | beside our engine | same choices | confidence apart |\n|---|---|---:|---:|"
    );
    row("our engine, keys and values in bytes", same(&as_bytes));
    let mut least = total;
    for device in Device::all() {
        let options = Options { kv: Kept::F32, threads: 1, ..Options::new(usize::MAX) };
        let engine = trine_ggml::GgmlEngine::open(model, device, &options, &Serial, |_| {});
        let mut engine = engine.unwrap();
        let mut engine = OnDevice { engine: &mut engine, waiting: Vec::new(), is_prompt: true };
        let found: Vec<_> = sentences.iter().map(|text| asked(&mut engine, both, text)).collect();
        row(&format!("{device:?}"), same(&found));
        least = least.min(same(&found).0);
    }
    least
}

/// Both models, each on its own kind of sentences.
fn both(count: usize) {
    assert!(Device::all().iter().any(|device| device.kind() != Kind::Cpu));
    let board = ["crowd", "family", "growers", "guests", "makers"]
        .map(|name| root().join(format!("train/board/validation/{name}.jsonl")));
    let board = sentences(&board, count);
    let least = measure("board", "firmware-example/board/tools.json", &board);
    assert!(least * 100 >= count * 90, "board: {least} of {count}");
    let Some(data) = std::env::var_os("TRINE_DATA").map(PathBuf::from) else {
        // The harness keeps what a passing test prints, but not what goes to the stream itself.
        let line = "skipped: sentences of SNIPS: set TRINE_DATA to a folder with snips/";
        let mut stream = std::io::stderr();
        writeln!(stream, "{line}").unwrap();
        return;
    };
    let snips = sentences(&[data.join("snips/dev.jsonl")], count);
    let least = measure("snips", "models/snips.tools.json", &snips);
    assert!(least * 100 >= count * 90, "snips: {least} of {count}");
}

#[test]
fn sentences_come_to_the_choices_that_our_engine_makes() {
    both(if std::env::var_os("TRINE_MANY").is_some() { MANY } else { FEW });
}
