//! A device is used after a smoke test: a prompt, and a token after it, through two blocks of the
//! model that is opened, beside our engine on the processor.
//!
//! The blocks have the model's own shape and weights; of the vocabulary the first tokens are
//! enough. All that a prompt goes through is in the first block, for of the last one nothing is
//! computed but the last token.

use trine_bits::Random;
use trine_infer::{Config, DecodeSession, KvKind, Layer, Model, Step, Weights, arena_bytes};
use trine_ternary::Rows;
use trine_ternary::parallel::Parallel;

use super::options::{Kept, Options};
use super::plan::Homes;
use super::session::GgmlEngine;
use crate::backend::{Device, Error, Kind, Result};

/// Tokens of the prompt: more than any kernel takes together of a batch of the usual size.
const PROMPT: usize = 65;
/// The batch from which on kernels take more tokens together, and a prompt for those.
const LARGE: (usize, usize) = (128, 193);
/// Tokens of the vocabulary.
const VOCAB: usize = 256;
/// How far logits may be apart, by the greatest one, where sums are added in another order: what
/// random models show is 0.04 at most, and with floats 0.06 (docs/gpu.md). A part left out of a
/// kernel of prompts has left 0.25 to 1.5.
const APART: f32 = 0.15;

impl Homes {
    /// The device alone, which takes all blocks.
    fn of_smoke_test(&self) -> Self {
        let mut homes = self.clone();
        homes.on_processor = 0;
        homes.places.iter_mut().skip(1).for_each(|home| home.is_used = false);
        homes
    }
}

/// Has a device compute a part of a model that the processor computes as well.
///
/// # Errors
/// When it comes to something else, or fails.
pub(super) fn smoke_test(
    model: &Model<'_>,
    device: Device,
    homes: &Homes,
    options: &Options,
    pool: &dyn Parallel,
) -> Result<()> {
    if device.kind() == Kind::Cpu {
        return Ok(());
    }
    let weights = model.weights();
    let (Some(first), Some(last)) = (weights.layers.first(), weights.layers.last()) else {
        return Ok(());
    };
    let layers = vec![*first, *last];
    let part = part(model, &layers)?;
    let config = part.config();
    let wanted = if options.batch > LARGE.0 { LARGE.1 } else { PROMPT };
    // A text of two positions has a prompt of one.
    let prompt = wanted.min(config.context.saturating_sub(1)).max(1);
    let context = (prompt + 1).min(config.context);
    let options = Options { context, batch: options.batch.min(context), ..*options };
    let mut there =
        GgmlEngine::open_at(&part, device, homes.of_smoke_test(), options, pool, |_| ())?;
    let mut memory = Vec::new();
    let mut here = session(&part, &options, &mut memory)?;
    let tokens = tokens(context, config.vocab);
    let (prompt, rest) = tokens.split_at(prompt);
    there.read_prompt(prompt)?;
    here.begin_prompt(prompt.iter().copied())?;
    while here.step(usize::MAX, pool) == Step::More {}
    compare(device, prompt.len(), there.logits(), here.logits())?;
    if !rest.is_empty() {
        there.read(rest)?;
        here.read(rest, pool)?;
        compare(device, context, there.logits(), here.logits())?;
    }
    Ok(())
}

/// The model with these blocks alone, and the first tokens of its vocabulary.
fn part<'p>(model: &Model<'p>, layers: &'p [Layer<'p>]) -> Result<Model<'p>> {
    let (mut config, weights): (Config, _) = (*model.config(), *model.weights());
    config.layers = layers.len();
    config.prefix_layers = config.prefix_layers.min(1);
    config.vocab = config.vocab.min(VOCAB);
    let rows = |of: Rows<'p>| {
        let bytes =
            of.format().bytes(config.vocab, of.cols()).and_then(|end| of.bytes().get(..end));
        Rows::new(of.format(), config.vocab, of.cols(), bytes.unwrap_or_default())
    };
    let weights = Weights {
        embedding: rows(weights.embedding)?,
        head: rows(weights.head)?,
        layers,
        ..weights
    };
    Ok(Model::new(config, weights, *model.kernels())?)
}

/// Our own engine, with keys and values as the device keeps them.
fn session<'m>(
    model: &'m Model<'m>,
    options: &Options,
    memory: &'m mut Vec<u8>,
) -> Result<DecodeSession<'m, 'm>> {
    let kv = match options.kv {
        Kept::F32 => KvKind::F32,
        Kept::F16 => KvKind::F16,
    };
    let own = trine_infer::Options {
        context: options.context,
        batch: options.batch,
        kv,
        ..trine_infer::Options::new(model.config())
    };
    let own = own.with_tables(model.weights());
    // The block may start anywhere.
    memory.resize(arena_bytes(model.config(), &own)? + 3, 0);
    Ok(DecodeSession::new(model, &own, memory)?)
}

/// Tokens that are the same in each run.
fn tokens(count: usize, vocab: usize) -> Vec<u32> {
    let mut random = Random::new(7);
    (0..count).map(|_| u32::try_from(random.below(vocab)).unwrap_or(0)).collect()
}

/// Our own backend has each bit of the engine's; others are near it.
fn compare(
    device: Device,
    tokens: usize,
    found: Option<&[f32]>,
    wanted: Option<&[f32]>,
) -> Result<()> {
    let (found, wanted) = (found.unwrap_or_default(), wanted.unwrap_or_default());
    let most = wanted.iter().fold(f32::MIN_POSITIVE, |most, x| most.max(x.abs()));
    // What is no number is as far away as can be.
    let far = |apart: f32| if apart.is_nan() { f32::INFINITY } else { apart };
    let apart = found.iter().zip(wanted).map(|(a, b)| far((a - b).abs()));
    let apart = apart.fold(0.0_f32, f32::max) / most;
    let others = found.iter().zip(wanted).filter(|(a, b)| a.to_bits() != b.to_bits()).count();
    let is_same = if device.is_ternary() { others == 0 } else { apart <= APART };
    if is_same && found.len() == wanted.len() && !wanted.is_empty() {
        return Ok(());
    }
    Err(Error::Inaccurate {
        device: device.name(),
        description: device.description(),
        tokens,
        others,
        logits: wanted.len(),
        apart,
    })
}
