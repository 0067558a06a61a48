//! A small model writes some tokens, the likeliest each time.

use trine_infer::image::Image;
use trine_infer::sample::likeliest;
use trine_infer::weights::{LAYER_BYTES_32, Role};
use trine_infer::{DecodeSession, Error, Layer, Model, Options, Step, Weights, arena_bytes};
use trine_ternary::Kernels;
use trine_ternary::parallel::Serial;

use crate::{CHECKSUM, after, before, mixed};

/// What is read before, all of it together. The model that `cargo xtask test --leg chip-model`
/// packs has these tokens.
const PROMPT: &[u32] = &[1, 5, 90, 33, 2];
/// Tokens that are written.
const TOKENS: usize = 24;
/// Positions that there is memory for.
const CONTEXT: usize = 32;
/// Bytes of RAM that a session may take.
pub const MEMORY: usize = 64 << 10;
/// The most blocks that a model may have here.
const LAYERS: usize = 8;
/// Rows of a matrix that a step takes at most: between two steps a device serves calls.
const ROWS: usize = 256;

/// Where a text goes. Numbers go one by one: formatting them all in one text would be a
/// fifth of the flash.
pub trait TextSink {
    /// Some words.
    fn text(&mut self, text: &str);
    /// A number.
    fn number(&mut self, number: u32);
}

/// Reads the image, checks it, generates, and says each token and a checksum of all logits.
///
/// # Errors
/// When the image is damaged or its model does not fit `memory`.
pub fn generate(
    image: &[u8],
    memory: &mut [u8],
    kernels: Kernels,
    listener: &mut dyn TextSink,
) -> Result<(), Error> {
    let image = Image::parse(image)?;
    image.check_crc()?;
    let config = *image.config();
    let mut layers = [Layer::EMPTY; LAYERS];
    let layers = layers.get_mut(..config.layers).ok_or(Error::TooLarge)?;
    let model = Model::new(config, image.weights(layers)?, kernels)?;
    let batch = PROMPT.len();
    let options = Options { context: CONTEXT.min(config.context), batch, ..Options::new(&config) };
    let options = options.with_tables(model.weights());
    // What `trine size` says for so many positions, and not a byte more.
    let bytes = arena_bytes(&config, &options)?;
    let memory = memory.get_mut(..bytes).ok_or(Error::TooLarge)?;
    listener.text("arena ");
    listener.number(bytes as u32);
    listener.text("blocks ");
    listener.number((config.layers * LAYER_BYTES_32) as u32);
    listener.text("products ");
    listener.number(products(model.weights()) as u32);
    let mut session = DecodeSession::new(&model, &options, memory)?;
    let (mut written, mut hash) = ([0; TOKENS], CHECKSUM);
    before();
    read(&mut session, PROMPT)?;
    after();
    before();
    for place in &mut written {
        let logits = session.logits().unwrap_or_default();
        *place = likeliest(logits);
        hash = logits.iter().fold(hash, add);
        read(&mut session, &[*place])?;
    }
    after();
    listener.text("\ntokens ");
    written.into_iter().for_each(|token| listener.number(token));
    listener.text("\nlogits ");
    listener.number(hash);
    listener.text("\n");
    Ok(())
}

/// Products of a weight and an activation that one token takes.
fn products(weights: &Weights<'_>) -> usize {
    let matrices = weights.layers.iter().flat_map(|layer| {
        Role::MATRICES.iter().filter_map(|role| layer.matrix(*role)).map(|one| one.matrix)
    });
    let blocks: usize = matrices.map(|matrix| matrix.rows() * matrix.cols()).sum();
    blocks + weights.head.rows() * weights.head.cols()
}

/// Reads tokens that go together, a step at a time.
fn read(session: &mut DecodeSession<'_, '_>, tokens: &[u32]) -> Result<(), Error> {
    session.begin(tokens)?;
    while session.step(ROWS, &Serial) == Step::More {}
    Ok(())
}

fn add(hash: u32, logit: &f32) -> u32 {
    mixed(hash, logit.to_bits())
}
