//! A model read into memory, with its weights in any packing.

use std::path::PathBuf;

use trine_infer::gguf::{File, Kind, Value};
use trine_infer::weights::{Linear, Name, Role, Vector};
use trine_infer::{Config, DecodeSession, Layer, Model, Options, Weights, arena_bytes};
use trine_ternary::parallel::{Parallel, Serial};
use trine_ternary::{Kernels, Matrix, Packing, RowFormat, Rows, pack};

/// The models that there are.
pub(crate) const CASES: [&str; 7] = ["plain", "odd", "heads", "long", "tq2", "tq1", "silu"];

/// What is expected of a model.
pub(crate) struct Expected {
    pub(crate) tokens: Vec<u32>,
    pub(crate) positions: Vec<usize>,
    pub(crate) greedy: Vec<u32>,
    /// One row of logits for each position.
    pub(crate) logits: Vec<Vec<f32>>,
}

/// A file of the folder, for as long as the program runs.
pub(crate) fn file(name: &str) -> File<'static> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/bitnet");
    let bytes = std::fs::read(folder.join(name)).unwrap();
    File::parse(bytes.leak()).unwrap()
}

pub(crate) fn expected(case: &str) -> Expected {
    let file = file(&format!("{case}.expected.gguf"));
    let integers = |key: &str| -> Vec<u32> {
        let array = file.array(key, Kind::I32).unwrap().unwrap();
        let number = |value: Value<'_>| u32::try_from(value.unsigned().unwrap()).unwrap();
        array.iter().map(number).collect()
    };
    let logits = file.tensor("expected.logits").unwrap();
    let rows = Vector::new(logits.data).iter().collect::<Vec<f32>>();
    Expected {
        tokens: integers("expected.tokens"),
        positions: integers("expected.positions").iter().map(|at| *at as usize).collect(),
        greedy: integers("expected.greedy"),
        logits: rows.chunks_exact(logits.columns() as usize).map(<[f32]>::to_vec).collect(),
    }
}

/// The model of a case as its file has it; of the ones whose trits are bytes, which no model file
/// has, packed again.
pub(crate) fn model(case: &str, kernels: Kernels) -> Model<'static> {
    of_file(&file(&format!("{case}.gguf")), kernels)
}

fn of_file(file: &File<'static>, kernels: Kernels) -> Model<'static> {
    let config = Config::from_gguf(file).unwrap();
    if file.tensor("blk.0.attn_q.scale").is_some() {
        return repacked(file, config, Packing::Panel2Bit, kernels);
    }
    let layers = vec![Layer::EMPTY; config.layers].leak();
    let weights = Weights::from_gguf(file, &config, layers).unwrap();
    Model::new(config, weights, kernels).unwrap()
}

/// A model that says that it was trained for longer texts than it was.
pub(crate) fn with_context(case: &str, context: u32) -> Model<'static> {
    let mut bytes = file(&format!("{case}.gguf")).bytes().to_vec();
    let name = b"context_length\x04\0\0\0";
    let at = bytes.windows(name.len()).position(|window| window == name).unwrap() + name.len();
    bytes[at..at + 4].copy_from_slice(&context.to_le_bytes());
    of_file(&File::parse(bytes.leak()).unwrap(), Kernels::best())
}

/// A model whose trits are bytes, in another packing.
pub(crate) fn repacked(
    file: &File<'static>,
    config: Config,
    packing: Packing,
    kernels: Kernels,
) -> Model<'static> {
    let bytes = |name: Name| file.tensor(&name.to_string()).unwrap().data;
    let linear = |name: Name| {
        let tensor = file.tensor(&name.to_string()).unwrap();
        let (rows, columns) = (tensor.rows() as usize, tensor.columns() as usize);
        let trits: Vec<i8> = tensor.data.iter().map(|byte| byte.cast_signed()).collect();
        let mut packed = vec![0; packing.bytes(rows, columns).unwrap()];
        pack(packing, rows, columns, &trits, &mut packed).unwrap();
        let matrix = Matrix::new(packing, rows, columns, packed.leak()).unwrap();
        let scale = Vector::new(bytes(name.scale())).iter().next().unwrap();
        Linear { matrix, scale }
    };
    let layer = |at| Layer {
        attn_norm: Vector::new(bytes(Name::layer(at, Role::AttnNorm))),
        attn_sub_norm: Vector::new(bytes(Name::layer(at, Role::AttnSubNorm))),
        ffn_norm: Vector::new(bytes(Name::layer(at, Role::FfnNorm))),
        ffn_sub_norm: Vector::new(bytes(Name::layer(at, Role::FfnSubNorm))),
        q: linear(Name::layer(at, Role::AttnQ)),
        k: linear(Name::layer(at, Role::AttnK)),
        v: linear(Name::layer(at, Role::AttnV)),
        output: linear(Name::layer(at, Role::AttnOutput)),
        gate: linear(Name::layer(at, Role::FfnGate)),
        up: linear(Name::layer(at, Role::FfnUp)),
        down: linear(Name::layer(at, Role::FfnDown)),
    };
    let table = bytes(Name::model(Role::TokenEmbd));
    let embedding = Rows::new(RowFormat::F16, config.vocab, config.dim, table).unwrap();
    let layers: Vec<Layer<'_>> = (0..config.layers).map(layer).collect();
    let weights = Weights {
        embedding,
        output_norm: Vector::new(bytes(Name::model(Role::OutputNorm))),
        frequencies: None,
        head: embedding,
        layers: layers.leak(),
    };
    Model::new(config, weights, kernels).unwrap()
}

/// A session in memory of its own.
pub(crate) fn session(
    model: &Model<'static>,
    options: &Options,
) -> DecodeSession<'static, 'static> {
    // The block may start anywhere: three bytes more bring it to a multiple of four.
    let bytes = arena_bytes(model.config(), options).unwrap() + 3;
    DecodeSession::new(model, options, vec![0; bytes].leak()).unwrap()
}

/// The logits after each token, read one at a time.
pub(crate) fn logits_of_each(session: &mut DecodeSession<'_, '_>, tokens: &[u32]) -> Vec<Vec<f32>> {
    let read = |token: &u32| {
        session.read(&[*token], &Serial as &dyn Parallel).unwrap();
        session.logits().unwrap().to_vec()
    };
    tokens.iter().map(read).collect()
}
