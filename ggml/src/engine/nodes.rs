//! How large graphs become: ggml ends the process when one has more operations than it has room
//! for, so the bound has to hold for every layout and every kind of pass.

use trine_infer::gguf::File;
use trine_infer::{Config, Layer, Model, Weights};
use trine_ternary::parallel::Serial;
use trine_ternary::{Kernels, Packing, RowFormat};

use super::GgmlEngine;
use super::making::Made;
use super::options::{Activations, Options};
use super::pass::{NODES_OF_BLOCK, NODES_OF_HEAD};
use super::plan::{Home, Homes};
use super::tests::scheduler_of;
use super::trits::Layout;
use crate::backend::{Context, Device, Graph, Result, Type};

const MADE: Made = Made { vocab: 32, context: 64, ..Made::SMALL };
/// Rows that have to be padded in every layout, and heads that have keys of their own.
const ODD: Made =
    Made { width: 384, ffn: 896, heads: 3, kv_heads: 3, packing: Packing::I2S, ..MADE };

fn model(made: &Made) -> Model<'static> {
    let file = File::parse(made.file().leak()).unwrap();
    let config = Config::from_gguf(&file).unwrap();
    let layers = vec![Layer::EMPTY; config.layers].leak();
    let weights = Weights::from_gguf(&file, &config, layers).unwrap();
    Model::new(config, weights, Kernels::best()).unwrap()
}

/// A model on the processor as ggml uses it, with trits in a layout that may be another than the
/// one that it would choose.
fn opened(made: &Made, layout: Layout, activations: Activations) -> GgmlEngine<'static> {
    let device = Device::cpu().unwrap();
    let homes = Homes { places: vec![Home { device, layout, is_used: true }], on_processor: 0 };
    let options = Options { activations, threads: 1, ..Options::new(made.context) };
    GgmlEngine::open_at(&model(made), device, homes, options, &Serial, |_| {}).unwrap()
}

/// Operations and tensors of the graphs of a model: a prompt, one without logits, a token, and what
/// some models see whole.
fn sizes(made: &Made, layout: Layout, activations: Activations) -> [(usize, usize); 4] {
    let mut engine = opened(made, layout, activations);
    engine.read(&[1, 2, 3]).unwrap();
    let prompt = engine.size();
    engine.read_without_logits(&[1, 2, 3]).unwrap();
    let without = engine.size();
    engine.read(&[4]).unwrap();
    let token = engine.size();
    engine.truncate(0).unwrap();
    engine.read_prompt(&[5, 6]).unwrap();
    [prompt, without, token, engine.size()]
}

#[test]
fn no_pass_has_more_operations_than_there_is_room_for() {
    let layouts = [
        Layout::new(Type::Tq2_0, 0),
        Layout::new(Type::Tq2_0, 256),
        Layout::new(Type::Q2_0, 32),
        Layout::new(Type::F16, 0),
    ];
    let whole = Made { whole: 1, head: RowFormat::Q8_0, ..ODD };
    let (mut block, mut rest) = (0, 0);
    for activations in [Activations::Int8, Activations::Floats] {
        for layout in layouts {
            for made in [MADE, whole] {
                let of = |blocks| sizes(&Made { blocks, ..made }, layout, activations);
                let (one, two) = (of(1), of(2));
                let each = one.iter().zip(two).map(|((one, _), (two, _))| two - one);
                let each = each.max().unwrap();
                let own = one.iter().map(|(all, _)| all.saturating_sub(each)).max().unwrap();
                println!("{activations:?}, {}: {each} and {own}: {one:?}", layout.name());
                (block, rest) = (block.max(each), rest.max(own));
            }
        }
    }
    println!("{block} in a block, {rest} beside them");
    // Some more than are needed, and not so few more that a little is too much.
    assert!(block + 16 <= NODES_OF_BLOCK && NODES_OF_BLOCK < block + 64, "{block}");
    assert!(rest + 16 <= NODES_OF_HEAD, "{rest}");
}

#[test]
fn models_of_many_blocks_are_computed_with_a_thread_kept_free() {
    let made = Made { blocks: 40, ffn: 256, ..MADE };
    for layout in [Layout::new(Type::Q2_0, 32), Layout::new(Type::Tq2_0, 256)] {
        let mut engine = opened(&made, layout, Activations::Int8);
        engine.read(&[1, 2, 3]).unwrap();
        engine.read(&[4]).unwrap();
        assert!(engine.logits().unwrap().iter().all(|logit| logit.is_finite()));
    }
}

/// A number that so many operations change, one after the other, in a graph of four.
fn chain(operations: usize) -> Result<Graph> {
    let inputs = Context::new(1, 0)?;
    let mut x = inputs.tensor(Type::F32, [8])?;
    inputs.allocate(Device::cpu()?)?;
    let context = Context::new(8, 4)?;
    let graph = Graph::new(&context, 4)?;
    for _ in 0..operations {
        x = context.sqr(&x)?;
    }
    graph.add(&x).map(|()| graph)
}

#[test]
fn a_graph_without_room_is_an_error_and_not_the_end_of_the_process() {
    let said = chain(5).unwrap_err().to_string();
    assert!(said.contains("larger than was planned"), "{said}");
    // Four operations, and the number that they find.
    let take = |tensors| scheduler_of(Device::cpu().unwrap(), tensors).take(chain(4).unwrap());
    let said = take(4).unwrap_err().to_string();
    assert!(said.contains("larger than was planned"), "{said}");
    take(5).unwrap();
}
